// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic: no packet of the guest's stays behind unread that the guest does not signal. The
 * guest writes at the worst moments: the code under test is included as source, with calls
 * in between.
 */
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#include "../ring.h"

static bool hooked_read_done(struct ring *r);
static void hooked_mask(struct ring *r, bool masked);

#define ring_read_done	hooked_read_done
#define ring_mask	hooked_mask
#include "../traffic.c"
#undef ring_read_done
#undef ring_mask

#define PAGES		3

static uint8_t *page[PAGES];
static struct ring guest;
static struct device device;
static struct channel channel;
static unsigned int written, delivered, timers, breaks;
static bool signalled;			/* by the guest, since the host looked last */

/* Where the guest may write: in each of the first turns, around what tells it of reading. */
enum moment { BEFORE_DONE, AFTER_DONE, BEFORE_UNMASK, MOMENTS };

#define TURNS		3
#define PLACES		(TURNS * MOMENTS)

static unsigned int places;		/* a bit for each where it does */
static unsigned int turns;		/* so far */

struct vm *control_vm(void)
{
	return NULL;
}

bool synic_signal_event(struct vm *vm, unsigned int vp, unsigned int flag)
{
	(void)vm;
	(void)vp;
	(void)flag;
	return true;
}

void loop_timer_arm(struct loop_timer *t, uint64_t ns, uint64_t period_ns)
{
	(void)t;
	(void)period_ns;
	timers += ns != 0;
}

void channel_break(struct channel *ch, enum proto_error why)
{
	(void)ch;
	(void)why;
	breaks++;
}

static void take(struct channel *ch, const struct packet *p)
{
	(void)ch;
	(void)p;
	delivered++;
}

static const struct device_type type = { .name = "test", .packet = take };

static void guest_writes(void)
{
	const struct packet p = { .type = PACKET_INBAND, .payload = "12345678", .len = 8 };
	bool signal;

	if (ring_write(&guest, &p, &signal) != RING_OK)
		abort();
	signalled |= signal;
	written++;
}

static void at(enum moment moment)
{
	const unsigned int place = turns * MOMENTS + moment;

	if (turns < TURNS && (places & 1u << place))
		guest_writes();
}

static bool hooked_read_done(struct ring *r)
{
	bool signal;

	at(BEFORE_DONE);
	signal = ring_read_done(r);
	at(AFTER_DONE);
	return signal;
}

static void hooked_mask(struct ring *r, bool masked)
{
	if (!masked)
		at(BEFORE_UNMASK);
	ring_mask(r, masked);
	turns += !masked;
}

static void setup(void)
{
	unsigned int i;

	ring_detach(&channel.in);
	ring_detach(&guest);
	memset(&channel, 0, sizeof(channel));
	for (i = 0; i < PAGES; i++) {
		if (!page[i])
			page[i] = aligned_alloc(HV_PAGE, HV_PAGE);
		memset(page[i], 0, HV_PAGE);
	}
	if (!ring_attach_inbound(&channel.in, page, PAGES) ||
	    !ring_attach_outbound(&guest, page, PAGES))
		abort();
	device.type = &type;
	channel.dev = &device;
	channel.state = CHANNEL_OPEN;
	written = delivered = timers = breaks = turns = 0;
	signalled = false;
}

/* As the loop does, until nobody asks for the host. */
static void run(void)
{
	do {
		signalled = false;
		timers = 0;
		traffic_continue(&channel);
	} while (signalled || timers);
}

/* One packet is there, and was signalled; others come at those places. */
static bool all_are_read(void)
{
	setup();
	guest_writes();
	run();
	return !breaks && delivered == written;
}

int main(void)
{
	unsigned int bad = 0, worst = 0;

	for (places = 0; places < 1u << PLACES; places++) {
		if (all_are_read())
			continue;
		bad++;
		worst = places;
	}
	ok(!bad, "no packet stays behind: %u of %u ways, as places %#x", bad, 1u << PLACES, worst);
	return tap_done();
}
