// SPDX-License-Identifier: GPL-2.0-only
/*
 * What offers say about monitor pages and MMIO, and signals through the page.
 */
#include <string.h>

#include "counter.h"
#include "fake.h"
#include "peer.h"
#include "tap.h"
#include "vmbus.h"

#define LATENCY_NS	100000

enum { PLAIN, MONITORED, DEVICES };

static struct msg_offer offers[DEVICES];
static struct peer peers[DEVICES];
static struct peer_packet got;

static void connect(uint64_t page)
{
	const struct msg_header request = { .type = MSG_REQUEST_OFFERS };
	const struct msg_contact m = {
		.header.type = MSG_INITIATE_CONTACT,
		.version = VERSION_5_3,
		.sint = 2,
		.monitor_page = { 0, page },
	};
	unsigned int i;

	peer_send(&m, sizeof(m));
	peer_send(&request, 8);
	for (i = 0; i < DEVICES; i++)
		peer_reply(MSG_OFFER, &offers[i]);
}

static void set_bit(uint64_t page)
{
	const uint8_t id = offers[MONITORED].monitor_id;
	uint32_t *group = (uint32_t *)(fake_vm()->ram + page + 8 + 8 * (id / 32));

	*group |= 1u << id % 32;
}

/* Writes a packet and says so as the guest does. */
static void send(struct peer *p, uint64_t page, uint64_t id)
{
	const struct packet k = {
		.type = PACKET_INBAND,
		.flags = PACKET_WANTS_COMPLETION,
		.trans_id = id,
		.payload = "monitor.",
		.len = 8,
	};
	bool signal;

	peer_write(p, &k, &signal);
	set_bit(page);
}

static void test_offers(uint64_t page)
{
	connect(page);
	ok(!offers[PLAIN].monitor_allocated && !offers[PLAIN].mmio_megabytes &&
	   offers[PLAIN].flags == OFFER_ENUMERATE, "an offer without either");
	ok(offers[MONITORED].monitor_allocated == 1 && offers[MONITORED].monitor_id < 128 &&
	   offers[MONITORED].flags == (OFFER_ENUMERATE | OFFER_MONITORED), "one with a monitor id");
	ok(offers[MONITORED].mmio_megabytes == 12, "and a wish for MMIO");
	ok(offers[MONITORED].connection_id && offers[MONITORED].dedicated_interrupt,
	   "hypercalls are still possible");
	connect(0);
	ok(!offers[MONITORED].monitor_allocated, "no monitor for a guest without the page");
	connect(FAKE_RAM);
	ok(!offers[MONITORED].monitor_allocated, "nor with one outside RAM");
	connect(page + 8);
	ok(!offers[MONITORED].monitor_allocated, "nor with one that is no page");
}

static void test_signals(uint64_t page)
{
	struct peer *p = &peers[MONITORED];
	uint32_t *group = (uint32_t *)(fake_vm()->ram + page + 8);

	connect(page);
	peer_open(p, &offers[MONITORED], 2);
	send(p, page, 1);
	ok(!peer_read(p, &got), "a bit is not a signal yet");
	fake_advance(LATENCY_NS);
	ok(peer_read(p, &got) && got.trans_id == 1, "it is within 100 us");
	ok(!group[0] && counter(MONITORED, "monitor_signals_in") == 1 &&
	   counter(MONITORED, "signals_in") == 0, "the bit is taken, and counted");
	group[0] = 1u << 31;
	group[2] = ~0u;
	group[6] = 1;
	fake_advance(LATENCY_NS);
	ok(group[0] == 1u << 31 && group[2] == ~0u && group[6] == 1,
	   "bits of nobody are left alone");
	peer_send_inband(p, 2, "x", 1);
	ok(peer_read(p, &got) && counter(MONITORED, "signals_in") == 1,
	   "a signal by hypercall works, too");
	peer_close(p);
	set_bit(page);
	fake_advance(10 * LATENCY_NS);
	ok(counter(MONITORED, "monitor_signals_in") == 1, "closed: nobody looks");
	peer_open(p, &offers[MONITORED], 2);
	fake_advance(LATENCY_NS);
	ok(counter(MONITORED, "monitor_signals_in") == 2, "a bit from before does no harm");
	connect(0);
	set_bit(page);
	fake_advance(10 * LATENCY_NS);
	ok(counter(MONITORED, "monitor_signals_in") == 2, "after a new contact nobody looks");
}

static void test_options(void)
{
	unsigned int n;

	ok(!vmbus_device_option("echo,mmio-mb=65536"), "too much MMIO");
	ok(!vmbus_device_option("echo,monitor=yes"), "monitor is on or off");
	for (n = 0; n < 1000 && vmbus_device_option("echo,monitor=on"); n++)
		;
	ok(n == 127, "128 monitored devices, not one more");
}

int main(void)
{
	uint64_t page;

	fake_page();	/* the one at 0, which says that there is none */
	page = fake_page();
	vmbus_device_option("echo");
	vmbus_device_option("echo,monitor=on,mmio-mb=12");
	vmbus_start(fake_vm());
	test_offers(page);
	test_signals(page);
	test_options();
	return tap_done();
}
