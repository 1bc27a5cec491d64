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

#define DEVICES		6

static struct msg_offer offers[DEVICES];
static struct peer peers[DEVICES];
static bool opened[DEVICES];
static uint64_t state = 88172645463325252ull;

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
	unsigned int n = 0;

	memset(opened, 0, sizeof(opened));
	if (!peer_contact(VERSION_5_3, 0))
		return 0;
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
		return 3000 + rnd(8);
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
	opened[d] = !peer_open(&peers[d], &offers[d], 2);
}

/* Sends back what it got, as guests of integration components do; mostly right. */
static void answer(struct peer *p, struct peer_packet *got)
{
	static const struct ic_version chosen[2] = { { 3, 0 }, { 3, 0 } };
	const struct ic_negotiate n = { 1, 1, 0 };
	const struct packet k = {
		.type = PACKET_INBAND, .payload = got->payload, .len = got->len
	};

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
		words[i] = rnd(3) ? rnd(4) << 12 | (uint64_t)rnd(4100) << 32 : state;
	if (rnd(2))
		words[0] = (uint64_t)rnd(3) << 32;
	peer_send_packet(p, &k);
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

static void step(void)
{
	unsigned int d = rnd(DEVICES);
	static struct peer_packet got;

	switch (rnd(16)) {
	case 0:
		send_message();
		break;
	case 1:
		open_one(d);
		break;
	case 2:
		fake_advance(rnd(100 * FAKE_MS));
		break;
	case 3:
		fake_signal(offers[d].connection_id);
		break;
	case 4:
		if (opened[d] && !rnd(8))
			damage(&peers[d]);
		break;
	case 5:
		peer_release(offers[d].relid);
		break;
	case 6:
		if (opened[d])
			while (rnd(8) && peer_read(&peers[d], &got))
				answer(&peers[d], &got);
		break;
	default:
		if (opened[d])
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

	vmbus_device_option("echo,gpa-write=on");
	vmbus_device_option("echo,hold=10,delay-ms=5,order=random");
	vmbus_device_option("source,count=0,max=3000");
	vmbus_device_option("heartbeat,period-ms=10");
	vmbus_device_option("timesync,period-ms=10");
	vmbus_device_option("shutdown,after=1");
	vmbus_rescind_after_option("0.1,echo,reoffer=0.01,count=1000000");
	vmbus_rescind_after_option("0.2,source,reoffer=0.01,count=1000000");
	vmbus_start(fake_vm());
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
