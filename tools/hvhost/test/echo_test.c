// SPDX-License-Identifier: GPL-2.0-only
/*
 * The echo device when it does not answer at once, and as a pipe.
 */
#include <stdlib.h>
#include <string.h>

#include <kmcl/hvhost.h>

#include "answers.h"
#include "counter.h"
#include "crc32.h"
#include "fake.h"
#include "peer.h"
#include "tap.h"
#include "vmbus.h"

enum { DELAYER, SPREADER, REORDERER, SILENT, PIPE, DEVICES };

static const char *const options[DEVICES] = {
	[DELAYER] = "echo,delay-ms=10,gpa-write=on",
	[SPREADER] = "echo,delay-ms=5..50",
	[REORDERER] = "echo,reorder=4",
	[SILENT] = "echo,silent=on",
	[PIPE] = "echo,pipe=on,delay-ms=1",
};

static struct msg_offer offers[DEVICES];
static struct peer peers[DEVICES];
static struct peer_packet got;

static bool completed(struct peer *p, uint64_t id)
{
	return peer_read(p, &got) && got.type == PACKET_COMPLETION && got.trans_id == id;
}

static void test_heap(void)
{
	static struct answer a[500];
	struct answer *one, *before = NULL;
	struct answers all;
	unsigned int i, right = 0;

	answers_init(&all, 500);
	ok(!answers_first(&all) && !answers_take(&all), "no answers at first");
	for (i = 0; i < 500; i++) {
		a[i].due = i * 7919 % 101;
		answers_put(&all, &a[i]);
	}
	for (i = 0; i < 500; i++) {
		one = answers_take(&all);
		right += !before || one->due > before->due ||
			 (one->due == before->due && one->order > before->order);
		before = one;
	}
	ok(right == 500 && !all.count, "500 come by when they are due, then as put in");
	free(all.heap);
}

struct external_packet {
	struct gpa_direct_header head;
	uint64_t range[2];
};

static void send_external(struct peer *p, uint64_t id, uint64_t page)
{
	const struct external_packet e = { { 0, 1 }, { 100ull << 32 | 200, page } };
	const struct packet k = {
		.type = PACKET_GPA_DIRECT,
		.flags = PACKET_WANTS_COMPLETION,
		.trans_id = id,
		.header = &e,
		.header_len = sizeof(e),
	};

	peer_send_packet(p, &k);
}

static void test_late_external(void)
{
	struct peer *p = &peers[DELAYER];
	uint64_t gpa = fake_page();
	uint8_t *data = fake_vm()->ram + gpa + 100;
	uint32_t reply[2];

	ok(!peer_open(p, &offers[DELAYER], 4), "an echo with a delay");
	memset(data, 1, 200);
	send_external(p, 1, gpa / HV_PAGE);
	ok(data[0] == 1 && !peer_read(p, &got), "external data is not touched at once");
	memset(data, 2, 200);
	fake_advance(10 * FAKE_MS - 1);
	ok(data[0] == 2 && !peer_read(p, &got), "nor before the answer is due");
	fake_advance(1);
	ok(completed(p, 1) && got.len == 8, "then it is answered");
	memcpy(reply, got.payload, 8);
	memset(data - 100, 2, 100);
	ok(reply[0] == 200 && reply[1] != crc32_update(0, data, 200) && data[0] == 0xfd &&
	   data[199] == 0xfd && data[200] == 0, "and written, all of it");
	memset(data, 2, 200);
	ok(reply[1] == crc32_update(0, data, 200), "the CRC is of what was there then");
	send_external(p, 2, gpa / HV_PAGE);
	peer_close(p);
	fake_advance(20 * FAKE_MS);
	ok(data[0] == 2 && counter(DELAYER, "dropped") == 1, "nothing is written after closing");
	ok(counter(DELAYER, "gpa_bytes") == 200, "bytes count when they are read");
}

static void test_late_full(void)
{
	struct peer *p = &peers[DELAYER];
	uint64_t gpa = fake_page();
	uint8_t *data = fake_vm()->ram + gpa + 100;
	unsigned int i, n = 0, seen = 0;

	peer_open(p, &offers[DELAYER], 1);
	for (i = 0; i < 4; i++) {
		while (n < 500 && peer_send_inband(p, n + 1, &gpa, 8))
			n++;
		fake_advance(10 * FAKE_MS);
	}
	ok(n > 100 && counter(DELAYER, "ring_full") == 1, "%u answers do not fit the ring", n);
	send_external(p, 1000, gpa / HV_PAGE);
	for (i = 0; i < 100; i++) {
		while (peer_read(p, &got))
			seen++;
		peer_read_done(p);
		fake_advance(10 * FAKE_MS);
	}
	ok(seen >= n, "all come as it is read: %u", seen);
	send_external(p, 1001, gpa / HV_PAGE);
	fake_advance(10 * FAKE_MS);
	ok(completed(p, 1001), "and external data after that");
	ok(data[0] == 0 || data[0] == 0xff, "each time inverted once");
	peer_close(p);
}

static void test_spread(void)
{
	struct peer *p = &peers[SPREADER];
	unsigned int i, early = 0, all = 0, behind = 0;
	uint64_t last = 0;

	peer_open(p, &offers[SPREADER], 4);
	for (i = 0; i < 100; i++)
		peer_send_inband(p, i + 1, &i, 4);
	fake_advance(5 * FAKE_MS - 1);
	ok(!peer_read(p, &got), "no answer before the least delay");
	for (i = 0; i < 46; i++) {
		early += i == 22 ? all : 0;
		while (peer_read(p, &got)) {
			all++;
			behind += got.trans_id < last;
			last = got.trans_id;
		}
		fake_advance(FAKE_MS);
	}
	ok(all == 100, "all 100 within the greatest: %u", all);
	ok(early > 25 && early < 75, "spread over the time: %u in the first half", early);
	ok(behind > 25, "out of order: %u", behind);
	peer_close(p);
}

static void test_reorder(void)
{
	struct peer *p = &peers[REORDERER];
	unsigned int i;

	peer_open(p, &offers[REORDERER], 4);
	for (i = 1; i < 4; i++)
		peer_send_inband(p, i, &i, 4);
	ok(!peer_read(p, &got), "three of four wait");
	peer_send_inband(p, 4, &i, 4);
	ok(completed(p, 4) && completed(p, 3) && completed(p, 2) && completed(p, 1),
	   "four come, the last first");
	peer_send_inband(p, 5, &i, 4);
	peer_send_inband(p, 6, &i, 4);
	fake_advance(20 * FAKE_MS - 1);
	ok(!peer_read(p, &got), "two wait");
	fake_advance(1);
	ok(completed(p, 6) && completed(p, 5), "until 20 ms of silence");
	peer_close(p);
}

static void test_silent(void)
{
	struct peer *p = &peers[SILENT];
	uint64_t gpa = fake_page();
	unsigned int i;

	peer_open(p, &offers[SILENT], 1);
	for (i = 0; i < 1000; i++)
		peer_send_inband(p, i + 1, &i, 4);
	send_external(p, 2000, gpa / HV_PAGE);
	send_external(p, 2001, FAKE_RAM / HV_PAGE);
	fake_advance(1000 * FAKE_MS);
	ok(!peer_read(p, &got) && counter(SILENT, "packets") == 1002 &&
	   counter(SILENT, "gpa_bad") == 1, "silent: all are read and counted, none answered");
	peer_close(p);
	ok(!counter(SILENT, "dropped"), "none was kept");
}

static void send_message(struct peer *p, uint16_t flags, uint32_t type, uint32_t length,
			 uint32_t bytes)
{
	uint8_t message[64] = { 0 };
	const struct packet k = {
		.type = PACKET_INBAND,
		.flags = flags,
		.trans_id = 5,
		.payload = message,
		.len = HVHOST_PIPE_HEADER + bytes,
	};

	memcpy(message, &type, 4);
	memcpy(message + 4, &length, 4);
	memset(message + 8, 'm', bytes);
	peer_send_packet(p, &k);
	fake_advance(FAKE_MS);
}

static void test_pipe(void)
{
	struct peer *p = &peers[PIPE];
	uint32_t head[2];

	ok((offers[PIPE].flags & OFFER_PIPE) && offers[PIPE].pipe_mode == PIPE_MODE_MESSAGE,
	   "offered as a pipe in message mode");
	ok(!(offers[SILENT].flags & OFFER_PIPE), "the others are none");
	peer_open(p, &offers[PIPE], 4);
	send_message(p, 0, HVHOST_PIPE_DATA, 21, 21);
	ok(peer_read(p, &got) && got.type == PACKET_INBAND && !got.flags && got.len == 32,
	   "a message comes back in-band");
	memcpy(head, got.payload, 8);
	ok(head[0] == HVHOST_PIPE_DATA && head[1] == 21 && got.payload[28] == 'm' &&
	   !got.payload[29], "with its header, its length, and zeroes behind it");
	send_message(p, 0, HVHOST_PIPE_DATA, 0, 0);
	ok(peer_read(p, &got) && got.len == 8, "an empty one, too");
	send_message(p, 0, HVHOST_PIPE_DATA, 9, 8);
	send_message(p, 0, HVHOST_PIPE_DATA, 8, 16);
	send_message(p, 0, HVHOST_PIPE_DATA, 0xffffffff, 8);
	send_message(p, 0, 2, 8, 8);
	ok(!peer_read(p, &got) && counter(PIPE, "pipe_bad") == 4 &&
	   counter(PIPE, "pipe_framing") == 4, "four bad ones do not, and are counted");
	send_message(p, PACKET_WANTS_COMPLETION, HVHOST_PIPE_DATA, 8, 8);
	ok(peer_read(p, &got) && got.type == PACKET_COMPLETION && !got.len &&
	   counter(PIPE, "pipe_bad") == 5, "one that wants a completion gets only that");
	send_message(p, 0, HVHOST_PIPE_DATA, 8, 8);
	ok(peer_read(p, &got) && got.type == PACKET_INBAND, "the channel lives");
	peer_close(p);
}

int main(void)
{
	const struct msg_header request = { .type = MSG_REQUEST_OFFERS };
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		vmbus_device_option(options[i]);
	vmbus_start(fake_vm());
	peer_contact(VERSION_5_3, 0);
	peer_send(&request, 8);
	for (i = 0; i < DEVICES; i++)
		peer_reply(MSG_OFFER, &offers[i]);
	test_heap();
	test_late_external();
	test_late_full();
	test_spread();
	test_reorder();
	test_silent();
	test_pipe();
	return tap_done();
}
