// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that sends what it likes: control messages half right, ring headers
 * and packets overwritten at random, while devices come and go. Nothing may
 * crash, and a contact must always make a new beginning. The argument is how many
 * steps to take; build with -fsanitize=address,undefined to see more.
 */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "fake.h"
#include "gpadl.h"
#include "ic.h"
#include "peer.h"
#include "ring.h"
#include "tap.h"
#include "vmbus.h"

#include <kmcl/hvhost.h>

#define DEVICES		10
#define FIRST_GPADL	6
#define PAGES		6

static struct msg_offer offers[DEVICES];
static struct peer peers[DEVICES];
static bool opened[DEVICES];
static uint64_t state = 88172645463325252ull;
static uint64_t monitor_page;
static uint64_t gpa[PAGES];	/* of GPADLs and external data */

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) % below;
}

static unsigned int start_over(void)
{
	const struct msg_header request = { .type = MSG_REQUEST_OFFERS };
	const struct msg_contact contact = {
		.header.type = MSG_INITIATE_CONTACT,
		.version = VERSION_5_3,
		.sint = 2,
		.monitor_page = { 0, rnd(4) ? monitor_page : state },
	};
	unsigned int n = 0;

	memset(opened, 0, sizeof(opened));
	peer_send(&contact, sizeof(contact));
	peer_send(&request, 8);
	while (n < DEVICES && peer_reply(MSG_OFFER, &offers[n]))
		n++;
	fake_drop_messages();
	return n;
}

/* Words that mean something more often than not. */
static uint32_t likely(void)
{
	switch (rnd(8)) {
	case 0:
		return state;
	case 1:
		return rnd(4);
	case 2:
		return peers[rnd(DEVICES)].gpadl;
	case 3:
		return 3000 + rnd(3);
	case 4:
		return 1u << 16 | 8 * (1 + rnd(40));
	default:
		return offers[rnd(DEVICES)].relid;
	}
}

static void send_message(void)
{
	uint32_t m[60];
	unsigned int i;

	for (i = 0; i < 60; i++)
		m[i] = likely();
	m[0] = rnd(27);
	if ((m[0] == MSG_INITIATE_CONTACT || m[0] == MSG_UNLOAD) && rnd(20))
		m[0] = MSG_GPADL_HEADER + rnd(2);
	peer_send(m, rnd(10) ? 240 : rnd(241));
	fake_drop_messages();
}

static void open_one(unsigned int d)
{
	if (opened[d])
		peer_close(&peers[d]);
	opened[d] = !peer_open(&peers[d], &offers[d], 2);
}

/* Completes a transfer page packet; the CRC is never right. */
static void complete(struct peer *p, const struct peer_packet *got)
{
	const uint64_t reply[2] = { got->payload[0], 0 };
	const struct packet k = {
		.type = PACKET_COMPLETION,
		.trans_id = rnd(20) ? got->trans_id : got->trans_id ^ 1ull << rnd(64),
		.payload = reply,
		.len = 8 * rnd(3),
	};

	peer_send_packet(p, &k);
}

/* Sends back what it got, as guests of integration components do; mostly right. */
static void answer(struct peer *p, struct peer_packet *got)
{
	static const struct ic_version chosen[2] = { { 3, 0 }, { 3, 0 } };
	const struct ic_negotiate n = { 1, 1, 0 };
	const struct packet k = {
		.type = PACKET_INBAND, .payload = got->payload, .len = got->len
	};

	if (got->type == PACKET_XFER_PAGES)
		complete(p, got);
	if (got->len < 48)
		return;
	got->payload[25] = IC_FLAG_TRANSACTION | IC_FLAG_RESPONSE;
	if (!got->payload[12]) {
		memcpy(got->payload + 28, &n, 8);
		memcpy(got->payload + 36, chosen, 8);
	}
	if (!rnd(20))
		got->payload[rnd(48)] = state;
	peer_send_packet(p, &k);
}

/* A packet whose descriptor, header and payload are whatever. */
static void send_packet(struct peer *p)
{
	static const uint16_t types[] = { 6, 6, 6, 7, 9, 9, 11, 11, 8, 0 };
	uint64_t words[40];
	struct packet k = {
		.type = types[rnd(10)],
		.flags = rnd(50) ? rnd(2) : rnd(65536),
		.trans_id = rnd(3) ? rnd(20) : state,
		.header = words,
		.header_len = rnd(2) ? 0 : 8 * rnd(20),
		.payload = words + 20,
		.len = rnd(161),
	};
	unsigned int i;

	for (i = 0; i < 40; i++)
		words[i] = rnd(6) ? gpa[rnd(PAGES)] / HV_PAGE : state;
	if (rnd(4))
		words[0] = 1ull << 32;
	if (rnd(4))
		words[1] = rnd(5 * HV_PAGE) | (uint64_t)rnd(4100) << 32;
	peer_send_packet(p, &k);
}

/* One GPADL more or less, of those that requests name. */
static void change_gpadl(unsigned int d)
{
	uint32_t id = 3000 + rnd(3);

	if (rnd(3))
		peer_gpadl(offers[d].relid, id, gpa, 1 + rnd(PAGES));
	else
		peer_teardown(offers[d].relid, id);
}

/* A request of the gpadl device; offsets and lengths are good half of the time. */
static void send_request(struct peer *p)
{
	const uint32_t r[8] = {
		1 + rnd(7), 3000 + rnd(3), rnd(2) ? rnd(PAGES * HV_PAGE) : state,
		rnd(2) ? rnd(2 * HV_PAGE) : state, rnd(4), rnd(20), rnd(4) ? rnd(100) : state,
		!rnd(50)
	};
	const uint32_t negotiate[8] = { HVHOST_GPADL_NEGOTIATE, 0, 0, 0, 0, 0, 1, 0 };

	peer_send_inband(p, 1 + rnd(1000), rnd(10) ? r : negotiate, rnd(50) ? 32 : 8 * rnd(5));
}

static void set_monitor_bits(void)
{
	uint32_t *group = (uint32_t *)(fake_vm()->ram + monitor_page + 8 + 8 * rnd(4));

	*group |= rnd(2) ? 1u << rnd(4) : state;
}

static void damage(struct peer *p)
{
	static const unsigned int words[] = { 0, 4, 8, 12, 64 };
	struct peer_ring *r = rnd(2) ? &p->in : &p->out;

	if (rnd(2))
		peer_set_word(r, words[rnd(5)], rnd(2) ? 8 * rnd(1025) : state);
	else
		r->page[rnd(2)][rnd(HV_PAGE)] = state;
}

static void read_some(struct peer *p)
{
	static struct peer_packet got;

	while (rnd(40) && peer_read(p, &got))
		answer(p, &got);
	if (rnd(4))
		peer_read_done(p);
}

static void step(void)
{
	unsigned int d = rnd(DEVICES), n;

	switch (rnd(20)) {
	case 0:
		send_message();
		break;
	case 1:
		if (!opened[d] || !rnd(20))
			open_one(d);
		break;
	case 2:
		fake_advance(rnd(100 * FAKE_MS));
		break;
	case 3:
		fake_signal(offers[d].connection_id);
		break;
	case 4:
		if (opened[d] && !rnd(40))
			damage(&peers[d]);
		break;
	case 5:
		if (!rnd(20))	/* it is gone until the next contact */
			peer_release(offers[d].relid);
		break;
	case 6:
		if (opened[d])
			read_some(&peers[d]);
		break;
	case 7:
		set_monitor_bits();
		break;
	case 8:
		change_gpadl(FIRST_GPADL + rnd(2));
		break;
	case 9:
	case 10:
		d = FIRST_GPADL + rnd(2);
		for (n = opened[d] ? rnd(8) : 0; n; n--)
			send_request(&peers[d]);
		break;
	case 11:
		d = FIRST_GPADL + rnd(2);
		if (opened[d] && !rnd(3))
			read_some(&peers[d]);
		break;
	default:
		/* Many such packets end a channel: leave gpadl some time. */
		if (opened[d] && (d / 2 != FIRST_GPADL / 2 || !rnd(20)))
			send_packet(&peers[d]);
		break;
	}
}

static void write_stats(void)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	vmbus_write_stats(f);
	fclose(f);
	ok(size > 1000, "statistics after all that: %u bytes", (unsigned int)size);
	free(text);
}

int main(int argc, char **argv)
{
	unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000, n, bad = 0;
	unsigned int i;

	vmbus_device_option("echo,gpa-write=on");
	vmbus_device_option("echo,hold=10,delay-ms=5,order=random");
	vmbus_device_option("source,count=0,max=3000");
	vmbus_device_option("heartbeat,period-ms=10");
	vmbus_device_option("timesync,period-ms=10");
	vmbus_device_option("shutdown,after=1");
	vmbus_device_option("gpadl,window=3,monitor=on");
	vmbus_device_option("gpadl,bad-xfer=wrap");
	vmbus_device_option("echo,pipe=on,delay-ms=0..30,monitor=on,"
			    "instance=00000000-0000-0000-0000-000000000001");
	vmbus_device_option("echo,reorder=5,gpa-write=on,delay-ms=1..3,"
			    "instance=00000000-0000-0000-0000-000000000002");
	vmbus_rescind_after_option("0.1,echo,reoffer=0.01,count=1000000");
	vmbus_rescind_after_option("0.2,source,reoffer=0.01,count=1000000");
	vmbus_start(fake_vm());
	do
		monitor_page = fake_page();
	while (!monitor_page);
	for (i = 0; i < PAGES; i++)
		gpa[i] = fake_page();
	for (n = 0; n < steps; n++) {
		if (n % 1000 == 0) {
			fake_advance(1000 * FAKE_MS);
			start_over();
			fake_advance(1000 * FAKE_MS);
			bad += start_over() != DEVICES || gpadl_count();
		}
		step();
	}
	ok(!bad, "%lu steps, and a contact always starts over", steps);
	write_stats();
	return tap_done();
}
