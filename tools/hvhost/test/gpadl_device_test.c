// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gpadl device: its requests, when it confirms teardowns, and its transfer
 * page packets, right and wrong.
 */
#include <stdlib.h>
#include <string.h>

#include <kmcl/hvhost.h>

#include "counter.h"
#include "crc32.h"
#include "fake.h"
#include "gpadl.h"
#include "peer.h"
#include "ring.h"
#include "tap.h"
#include "vmbus.h"

enum { GOOD, OUTSIDE, EMPTY, COUNT, SET, WRAP, REFUSE, MUTE, DEVICES };

static const char *const options[DEVICES] = {
	[GOOD] = "gpadl,window=4",
	[OUTSIDE] = "gpadl,bad-xfer=outside",
	[EMPTY] = "gpadl,bad-xfer=empty",
	[COUNT] = "gpadl,bad-xfer=count",
	[SET] = "gpadl,bad-xfer=set",
	[WRAP] = "gpadl,bad-xfer=wrap",
	[REFUSE] = "gpadl,refuse=on",
	[MUTE] = "gpadl,mute-gpadl=on",
};

#define PAGES	5
#define SIZE	(PAGES * HV_PAGE)
#define ID	0xe1e10

static struct msg_offer offers[DEVICES];
static struct peer peers[DEVICES];
static struct peer_packet got;
static uint64_t gpa[PAGES];
static uint64_t last_id;

struct reply {
	uint32_t status, value, crc, zero;
};

static struct reply reply;

static void connect(void)
{
	const struct msg_header request = { .type = MSG_REQUEST_OFFERS };
	unsigned int i;

	peer_contact(VERSION_5_3, 0);
	peer_send(&request, 8);
	for (i = 0; i < DEVICES; i++)
		peer_reply(MSG_OFFER, &offers[i]);
}

static uint8_t *byte_at(uint32_t offset)
{
	return fake_vm()->ram + gpa[offset / HV_PAGE] + offset % HV_PAGE;
}

struct call {
	uint32_t op, gpadl, offset, length, seed, count, arg, zero;
};

static void post(struct peer *p, struct call c)
{
	peer_send_inband(p, ++last_id, &c, sizeof(c));
}

/* The reply to the last request, if it is the next packet. */
static bool replied(struct peer *p)
{
	if (!peer_read(p, &got) || got.type != PACKET_COMPLETION || got.trans_id != last_id ||
	    got.len != sizeof(reply))
		return false;
	memcpy(&reply, got.payload, sizeof(reply));
	return !reply.zero;
}

/* The status, or ~0 without a reply. */
static uint32_t call(struct peer *p, struct call c)
{
	post(p, c);
	return replied(p) ? reply.status : ~0u;
}

static uint32_t simple(struct peer *p, uint32_t op, uint32_t gpadl, uint32_t arg)
{
	return call(p, (struct call){ .op = op, .gpadl = gpadl, .arg = arg });
}

static uint32_t area(struct peer *p, uint32_t op, uint32_t offset, uint32_t length, uint32_t seed)
{
	return call(p, (struct call){ .op = op, .gpadl = ID, .offset = offset, .length = length,
				      .seed = seed });
}

/* Opened and negotiated, with GPADL ID mapped. */
static struct peer *begin(unsigned int device, unsigned int data_pages)
{
	struct peer *p = &peers[device];

	peer_open(p, &offers[device], data_pages);
	peer_gpadl(offers[device].relid, ID, gpa, PAGES);
	simple(p, HVHOST_GPADL_NEGOTIATE, 0, HVHOST_GPADL_VERSION);
	simple(p, HVHOST_GPADL_MAP, ID, 0);
	peer_read_done(p);
	return p;
}

static void end(struct peer *p)
{
	peer_close(p);
	peer_teardown(p->offer.relid, ID);
}

static void test_negotiate(void)
{
	struct peer *p = &peers[GOOD];

	peer_open(p, &offers[GOOD], 4);
	ok(!peer_gpadl(offers[GOOD].relid, ID, gpa, PAGES), "a GPADL");
	ok(simple(p, HVHOST_GPADL_MAP, ID, 0) == HVHOST_GPADL_BAD, "nothing goes before versions");
	ok(simple(p, HVHOST_GPADL_NEGOTIATE, 0, 2) == HVHOST_GPADL_VERSION_REFUSED &&
	   reply.value == 1, "version 2 is refused, 1 is offered");
	ok(simple(p, HVHOST_GPADL_MAP, ID, 0) == HVHOST_GPADL_BAD, "still nothing");
	ok(!simple(p, HVHOST_GPADL_NEGOTIATE, 0, 1) && reply.value == 1, "version 1");
	ok(!simple(p, HVHOST_GPADL_MAP, ID, 0) && reply.value == SIZE, "mapped, with its size");
	end(p);
	peer_open(p, &offers[GOOD], 4);
	ok(simple(p, HVHOST_GPADL_MAP, ID, 0) == HVHOST_GPADL_BAD, "each opening starts over");
	peer_close(p);
}

static void test_requests(void)
{
	struct call c = { .op = HVHOST_GPADL_MAP, .gpadl = ID };
	const struct packet unanswered = {
		.type = PACKET_INBAND, .trans_id = 9, .payload = &c, .len = sizeof(c)
	};
	struct peer *p = begin(GOOD, 4);

	ok(simple(p, HVHOST_GPADL_MAP, ID, 0) == HVHOST_GPADL_NOT_MAPPED, "not mapped twice");
	ok(simple(p, HVHOST_GPADL_MAP, ID + 1, 0) == HVHOST_GPADL_UNKNOWN, "no such GPADL");
	ok(simple(p, HVHOST_GPADL_UNMAP, ID + 1, 0) == HVHOST_GPADL_UNKNOWN, "nor to unmap");
	ok(simple(p, 0, ID, 0) == 1 && simple(p, 7, ID, 0) == 1 && simple(p, ~0u, ID, 0) == 1,
	   "no such operation");
	c.zero = 1;
	ok(call(p, c) == HVHOST_GPADL_BAD, "a zero that is none");
	peer_send_inband(p, ++last_id, &c, 24);
	ok(replied(p) && reply.status == HVHOST_GPADL_BAD, "a request too short");
	peer_send_inband(p, ++last_id, got.payload, 40);
	ok(replied(p) && reply.status == HVHOST_GPADL_BAD, "one too long");
	peer_send_packet(p, &unanswered);
	peer_send_inband(p, 0, &c, sizeof(c));
	ok(!peer_read(p, &got) && counter(GOOD, "request_unanswerable") == 2,
	   "requests without a completion, or with id 0");
	ok(!simple(p, HVHOST_GPADL_UNMAP, ID, 0), "unmapped");
	ok(simple(p, HVHOST_GPADL_UNMAP, ID, 0) == HVHOST_GPADL_NOT_MAPPED, "not twice");
	ok(area(p, HVHOST_GPADL_CHECK, 0, 8, 0) == HVHOST_GPADL_NOT_MAPPED &&
	   area(p, HVHOST_GPADL_FILL, 0, 8, 0) == HVHOST_GPADL_NOT_MAPPED &&
	   area(p, HVHOST_GPADL_SEND, 0, 64, 0) == HVHOST_GPADL_NOT_MAPPED,
	   "nothing to be done with it");
	end(p);
}

static void test_memory(void)
{
	struct peer *p = begin(GOOD, 4);
	uint8_t copy[9000];
	uint32_t i, bad = 0;

	memset(byte_at(0), 0x55, HV_PAGE);
	*byte_at(9100) = 0x55;
	ok(!area(p, HVHOST_GPADL_FILL, 100, 9000, 77), "filled");
	for (i = 0; i < 9000; i++) {
		copy[i] = *byte_at(100 + i);
		bad += copy[i] != HVHOST_PATTERN(77, i);
	}
	ok(!bad && reply.crc == crc32_update(0, copy, 9000), "with the pattern, and its CRC");
	ok(*byte_at(99) == 0x55 && *byte_at(9100) == 0x55, "and nothing else");
	ok(!area(p, HVHOST_GPADL_CHECK, 100, 9000, 77) && !reply.value &&
	   reply.crc == crc32_update(0, copy, 9000), "checked");
	*byte_at(5100) ^= 1;
	*byte_at(5200) ^= 1;
	ok(area(p, HVHOST_GPADL_CHECK, 100, 9000, 77) == HVHOST_GPADL_MISMATCH &&
	   reply.value == 5000, "the first wrong byte is named");
	ok(counter(GOOD, "checked") == 2 && counter(GOOD, "mismatched") == 1 &&
	   counter(GOOD, "filled") == 1, "counted");
	ok(area(p, HVHOST_GPADL_FILL, SIZE - 8, 9, 0) == HVHOST_GPADL_RANGE &&
	   area(p, HVHOST_GPADL_FILL, SIZE + 1, 0, 0) == HVHOST_GPADL_RANGE &&
	   area(p, HVHOST_GPADL_FILL, 8, ~0u, 0) == HVHOST_GPADL_RANGE &&
	   area(p, HVHOST_GPADL_FILL, ~0u, 8, 0) == HVHOST_GPADL_RANGE, "out of bounds");
	ok(!area(p, HVHOST_GPADL_FILL, SIZE, 0, 0) && !area(p, HVHOST_GPADL_FILL, 0, SIZE, 3),
	   "nothing at the end, and all of it");
	end(p);
}

/* Three ranges of odd lengths in pages of the GPADL. */
static void test_ranges(void)
{
	const uint64_t raw[] = {
		4000ull << 32 | 300, gpa[0] / HV_PAGE, gpa[1] / HV_PAGE,
		7ull << 32 | 1, gpa[2] / HV_PAGE,
		0ull << 32 | 5000, gpa[3] / HV_PAGE, gpa[4] / HV_PAGE,
	};
	struct peer *p = begin(GOOD, 4);
	const uint32_t id = 77;

	ok(!peer_gpadl_raw(p->offer.relid, id, raw, sizeof(raw), 3), "a GPADL of three ranges");
	ok(!simple(p, HVHOST_GPADL_MAP, id, 0) && reply.value == 5301, "is mapped");
	memset(byte_at(2 * HV_PAGE), 0, 16);
	ok(!call(p, (struct call){ HVHOST_GPADL_FILL, id, 0, 5301, 9, 0, 0, 0 }) &&
	   *byte_at(4000) == HVHOST_PATTERN(9, 0) && *byte_at(4299) == HVHOST_PATTERN(9, 299) &&
	   *byte_at(2 * HV_PAGE + 7) == HVHOST_PATTERN(9, 300) &&
	   *byte_at(2 * HV_PAGE + 8) == 0 && *byte_at(2 * HV_PAGE + 6) == 0 &&
	   *byte_at(3 * HV_PAGE) == HVHOST_PATTERN(9, 301) &&
	   *byte_at(3 * HV_PAGE + 4999) == HVHOST_PATTERN(9, 5300), "and filled as if it were one");
	ok(!call(p, (struct call){ HVHOST_GPADL_CHECK, id, 0, 5301, 9, 0, 0, 0 }), "and checked");
	simple(p, HVHOST_GPADL_UNMAP, id, 0);
	ok(peer_teardown(p->offer.relid, id), "and torn down");
	end(p);
}

static bool torn_down(uint32_t id)
{
	struct msg_gpadl_torndown m;

	return peer_reply(MSG_GPADL_TORNDOWN, &m) == 12 && m.gpadl == id;
}

static void test_teardown(void)
{
	struct peer *p = begin(GOOD, 4);
	const uint32_t relid = p->offer.relid;
	uint64_t before = counter(GOOD, "withheld_torndown");

	ok(!peer_teardown(relid, ID), "a mapped GPADL's teardown is not confirmed");
	ok(counter(GOOD, "withheld_torndown") == before + 1, "and counted at once");
	ok(!peer_teardown(relid, ID), "asking again does not help");
	ok(peer_gpadl(relid, ID, gpa, 1), "its handle is not free");
	ok(!area(p, HVHOST_GPADL_FILL, 0, SIZE, 1) && !area(p, HVHOST_GPADL_CHECK, 0, SIZE, 1),
	   "the device goes on using it");
	ok(!simple(p, HVHOST_GPADL_UNMAP, ID, 0) && torn_down(ID), "confirmed when unmapped");
	ok(counter(GOOD, "withheld_torndown") == before + 1, "not counted twice");
	ok(simple(p, HVHOST_GPADL_MAP, ID, 0) == HVHOST_GPADL_UNKNOWN, "it is gone");

	peer_gpadl(relid, ID, gpa, PAGES);
	simple(p, HVHOST_GPADL_MAP, ID, 50);
	ok(!peer_teardown(relid, ID), "mapped for 50 ms");
	ok(simple(p, HVHOST_GPADL_MAP, ID, 0) == HVHOST_GPADL_NOT_MAPPED, "mapped it is");
	fake_advance(50 * FAKE_MS - 1);
	ok(!torn_down(ID), "not confirmed before");
	fake_advance(1);
	ok(torn_down(ID), "but then");

	peer_gpadl(relid, ID, gpa, PAGES);
	simple(p, HVHOST_GPADL_MAP, ID, 50);
	fake_advance(50 * FAKE_MS);
	ok(area(p, HVHOST_GPADL_FILL, 0, 8, 0) == HVHOST_GPADL_NOT_MAPPED &&
	   peer_teardown(relid, ID), "unmapped by itself, torn down after");
	end(p);
}

static void test_end_of_channel(void)
{
	struct peer *p = begin(GOOD, 4);
	const uint32_t close[3] = { MSG_CLOSE, 0, p->offer.relid };
	uint64_t unmapped = counter(GOOD, "unmapped");

	peer_teardown(p->offer.relid, ID);
	peer_send(close, 12);
	ok(torn_down(ID), "closing confirms what was withheld");
	ok(counter(GOOD, "unmapped") == unmapped + 1, "and unmaps");
	p = begin(GOOD, 4);
	peer_close(p);
	ok(peer_teardown(p->offer.relid, ID), "teardown after closing");
	p = begin(GOOD, 4);
	peer_teardown(p->offer.relid, ID);
	connect();
	ok(!torn_down(ID) && !gpadl_count(), "a new contact ends it without a word");
}

/* As a guest sees a transfer page packet. */
struct xfer {
	uint64_t id, seq;
	uint16_t set;
	uint32_t ranges, bytes, seed, crc;
	struct { uint32_t length, offset; } range[16];
};

static bool read_xfer(struct peer *p, struct xfer *x)
{
	if (!peer_read(p, &got) || got.type != PACKET_XFER_PAGES || got.flags != 1 || got.len != 16)
		return false;
	x->id = got.trans_id;
	memcpy(&x->set, got.header, 2);
	memcpy(&x->ranges, got.header + 4, 4);
	memcpy(x->range, got.header + 8, sizeof(x->range));
	memcpy(&x->seq, got.payload, 8);
	memcpy(&x->bytes, got.payload + 8, 4);
	memcpy(&x->seed, got.payload + 12, 4);
	return true;
}

/* Sets the CRC. False: ranges or pattern are not as they should be. */
static bool xfer_right(struct xfer *x, uint32_t start, uint32_t stop)
{
	uint32_t i, n, bytes = 0, bad = 0;
	uint8_t b;

	x->crc = 0;
	if (!x->ranges || x->ranges > HVHOST_GPADL_RANGES || got.header_len != 8 + 8 * x->ranges)
		return false;
	for (i = 0; i < x->ranges; i++) {
		if (x->range[i].offset < start || !x->range[i].length ||
		    x->range[i].offset + x->range[i].length > stop)
			return false;
		for (n = 0; n < x->range[i].length; n++) {
			b = *byte_at(x->range[i].offset + n);
			bad += b != HVHOST_PATTERN(x->seed, bytes);
			x->crc = crc32_update(x->crc, &b, 1);
			bytes++;
		}
	}
	return !bad && bytes == x->bytes;
}

static void answer(struct peer *p, uint64_t id, uint64_t seq, uint32_t crc, uint32_t len)
{
	const struct { uint64_t seq; uint32_t crc, zero; } a = { seq, crc, 0 };
	const struct packet k = {
		.type = PACKET_COMPLETION, .trans_id = id, .payload = &a, .len = len
	};

	peer_send_packet(p, &k);
}

static bool overlap(const struct xfer *a, const struct xfer *b)
{
	uint32_t i, j;

	for (i = 0; i < a->ranges; i++)
		for (j = 0; j < b->ranges; j++)
			if (a->range[i].offset < b->range[j].offset + b->range[j].length &&
			    b->range[j].offset < a->range[i].offset + a->range[i].length)
				return true;
	return false;
}

static void send(struct peer *p, uint32_t offset, uint32_t length, uint32_t count, uint32_t arg)
{
	post(p, (struct call){ HVHOST_GPADL_SEND, ID, offset, length, 5, count, arg, 0 });
}

static void test_send(void)
{
	struct peer *p = begin(GOOD, 4);
	struct xfer x[5];
	unsigned int i, j, right = 0, apart = 0, used = 0;

	send(p, 1000, 8000, 6, 0);
	for (i = 0; i < 4 && read_xfer(p, &x[i]); i++) {
		right += xfer_right(&x[i], 1000, 9000) && x[i].seq == i;
		for (j = 0; j < i; j++)
			apart += !overlap(&x[i], &x[j]);
	}
	ok(i == 4 && right == 4 && !peer_read(p, &got), "as many packets as the window");
	ok(apart == 6, "their ranges do not overlap");
	ok(x[0].set == (ID & 0xffff), "the page set id by default");
	ok(area(p, HVHOST_GPADL_FILL, 0, 8, 0) == HVHOST_GPADL_BUSY &&
	   area(p, HVHOST_GPADL_CHECK, 0, 8, 0) == HVHOST_GPADL_BUSY &&
	   simple(p, HVHOST_GPADL_UNMAP, ID, 0) == HVHOST_GPADL_BUSY, "SEND is under way");
	answer(p, x[2].id, x[2].seq, x[2].crc, 16);
	ok(read_xfer(p, &x[4]) && xfer_right(&x[4], 1000, 9000) && x[4].seq == 4 &&
	   !overlap(&x[4], &x[0]) && !overlap(&x[4], &x[1]) && !overlap(&x[4], &x[3]),
	   "one more for one answered, in its place");
	answer(p, x[2].id, x[2].seq, x[2].crc, 16);
	answer(p, x[4].id, x[4].seq, x[4].crc, 16);
	ok(read_xfer(p, &x[4]) && xfer_right(&x[4], 1000, 9000), "the last");
	answer(p, 0, 0, 0, 16);
	answer(p, ~0ull, 0, 0, 16);
	answer(p, x[0].id + 100, x[0].seq, x[0].crc, 16);
	ok(counter(GOOD, "duplicate") == 1 && counter(GOOD, "unknown") == 3,
	   "an answer too many, and three to nothing");
	answer(p, x[0].id, x[0].seq, x[0].crc, 16);
	for (i = 0; i < x[0].ranges; i++)
		for (j = 0; j < x[0].range[i].length; j++)
			used += *byte_at(x[0].range[i].offset + j) == HVHOST_GPADL_USED;
	ok(used == x[0].bytes, "what was answered is overwritten");
	answer(p, x[1].id, x[1].seq, x[1].crc + 1, 16);
	answer(p, x[3].id, x[3].seq + 1, x[3].crc, 16);
	ok(!peer_read(p, &got), "not over before the last answer");
	last_id -= 3;	/* the requests that were busy */
	answer(p, x[4].id, x[4].seq, x[4].crc, 0);
	ok(replied(p) && !reply.status && reply.value == 3, "over, three answers were wrong");
	ok(counter(GOOD, "xfer_sent") == 6 && counter(GOOD, "xfer_completed") == 3 &&
	   counter(GOOD, "xfer_mismatched") == 3, "all counted");
	end(p);
}

static void test_send_bounds(void)
{
	struct peer *p = begin(GOOD, 4);
	struct xfer x;

	ok(call(p, (struct call){ HVHOST_GPADL_SEND, ID, 0, 63, 0, 1, 0, 0 }) == HVHOST_GPADL_BAD &&
	   call(p, (struct call){ HVHOST_GPADL_SEND, ID, 0, 64, 0, 0, 0, 0 }) == HVHOST_GPADL_BAD &&
	   call(p, (struct call){ HVHOST_GPADL_SEND, ID, 0, 64, 0, 1, 65536, 0 }) ==
	   HVHOST_GPADL_BAD, "too short, none, no page set id");
	ok(call(p, (struct call){ HVHOST_GPADL_SEND, ID, SIZE - 63, 64, 0, 1, 0, 0 }) ==
	   HVHOST_GPADL_RANGE, "out of bounds");
	send(p, SIZE - 64, 64, 1, 0xffff);
	ok(read_xfer(p, &x) && xfer_right(&x, SIZE - 64, SIZE) && x.set == 0xffff,
	   "the smallest area, and a page set id");
	answer(p, x.id, x.seq, x.crc, 16);
	ok(replied(p) && !reply.status && !reply.value, "is sent");
	end(p);
}

/* Many packets, answered in any order. */
static void test_send_many(void)
{
	struct peer *p = begin(GOOD, 4);
	uint64_t sent = counter(GOOD, "xfer_sent"), done = 0;
	unsigned int n = 0, i, right = 0, wide = 0;
	struct xfer x[4];

	send(p, 0, SIZE, 5000, 0);
	srand(1);
	while (done < 5000) {
		while (n < 4 && read_xfer(p, &x[n])) {
			right += xfer_right(&x[n], 0, SIZE);
			wide += x[n].ranges > 1;
			n++;
		}
		if (!n)
			break;
		peer_read_done(p);
		i = rand() % n;
		answer(p, x[i].id, x[i].seq, x[i].crc, 16);
		x[i] = x[--n];
		done++;
	}
	ok(done == 5000 && right == 5000 && counter(GOOD, "xfer_sent") == sent + 5000,
	   "5000 packets");
	ok(wide > 2500 && wide < 5000, "most have several ranges: %u", wide);
	ok(replied(p) && !reply.status && !reply.value, "all answered rightly");
	end(p);
}

static void test_send_unmapped(void)
{
	struct peer *p = begin(GOOD, 4);
	uint64_t unknown = counter(GOOD, "unknown");
	uint32_t id = ID + 1;
	struct xfer x;

	peer_gpadl(p->offer.relid, id, gpa, PAGES);
	simple(p, HVHOST_GPADL_MAP, id, 30);
	post(p, (struct call){ HVHOST_GPADL_SEND, id, 0, 64, 5, 100, 0, 0 });
	ok(read_xfer(p, &x) && xfer_right(&x, 0, 64), "SEND out of what is mapped for 30 ms");
	ok(!peer_teardown(p->offer.relid, id), "its teardown waits");
	fake_advance(30 * FAKE_MS);
	ok(replied(p) && reply.status == HVHOST_GPADL_NOT_MAPPED, "SEND ends with the mapping");
	ok(torn_down(id), "the teardown is confirmed");
	*byte_at(x.range[0].offset) = 1;
	answer(p, x.id, x.seq, x.crc, 16);
	ok(counter(GOOD, "unknown") == unknown + 1 && *byte_at(x.range[0].offset) == 1,
	   "its packet is forgotten, its memory left alone");
	end(p);
}

/* 56 bytes are left in the ring: too few for a packet, enough for a reply. */
static void test_send_passed(void)
{
	const struct call map = { .op = HVHOST_GPADL_MAP, .gpadl = ID };
	unsigned int n, replies = 0, packets = 0;
	struct peer *p = begin(GOOD, 1);

	for (n = 0; n < 101; n++)
		post(p, map);
	send(p, 0, SIZE, 1, 0);
	post(p, map);
	for (n = 0; n < 3; n++) {
		while (peer_read(p, &got)) {
			replies += got.type == PACKET_COMPLETION;
			packets += got.type == PACKET_XFER_PAGES;
		}
		peer_read_done(p);
		fake_advance(FAKE_MS);
	}
	ok(packets == 1 && replies == 102, "a packet is not forgotten over a small reply");
	end(p);
}

/* A ring of a page that is not read, and more of everything than it holds. */
static void test_send_full(void)
{
	struct peer *p = begin(GOOD, 1);
	unsigned int n = 0, replies = 0, packets = 0, round;
	const uint64_t full = counter(GOOD, "ring_full");
	struct xfer x;

	send(p, 0, SIZE, 200, 0);
	while (n < 140) {
		n++;
		post(p, (struct call){ HVHOST_GPADL_MAP, ID, 0, 0, 0, 0, 0, 0 });
	}
	ok(counter(GOOD, "ring_full") == full + 1, "the ring is full");
	for (round = 0; round < 1000 && packets < 200; round++) {
		while (peer_read(p, &got)) {
			if (got.type == PACKET_COMPLETION) {
				replies++;
				continue;
			}
			packets++;
			memcpy(&x.seq, got.payload, 8);
			answer(p, got.trans_id, x.seq, 0, 16);
		}
		peer_read_done(p);
		fake_advance(FAKE_MS);
	}
	while (peer_read(p, &got))
		replies++;
	ok(packets == 200 && replies == n + 1, "all packets and replies come: %u, %u", packets,
	   replies);
	end(p);
}

static void test_faults(void)
{
	static const char *const names[] = { "", "outside", "empty", "count", "set", "wrap" };
	unsigned int d, i, wrong, n;
	struct xfer x;
	uint64_t last;
	struct peer *p;

	for (d = OUTSIDE; d <= WRAP; d++) {
		p = begin(d, 4);
		send(p, 100, 16 * 500, 16, 0);
		wrong = 0;
		for (n = 0; n < 16 && read_xfer(p, &x); n++) {
			i = (got.header_len - 8) / 8 - 1;
			last = (uint64_t)x.range[i].offset + x.range[i].length;
			wrong += (d == OUTSIDE && last > SIZE && last <= SIZE + 500) ||
				 (d == EMPTY && !x.range[i].length) ||
				 (d == COUNT && x.ranges > i + 1) ||
				 (d == SET && x.set != (ID & 0xffff)) ||
				 (d == WRAP && last > UINT32_MAX && (uint32_t)last < SIZE);
			answer(p, x.id, x.seq, 0, n < 3 ? 16 : 0);
		}
		ok(n == 16 && wrong == 16, "bad-xfer=%s: %u packets are bad", names[d], wrong);
		ok(replied(p) && !reply.status && reply.value == 3, "SEND is completed");
		ok(counter(d, "xfer_completed") == 13 && counter(d, "xfer_mismatched") == 3,
		   "answers with a payload are wrong");
		end(p);
	}
}

static void test_refuse(void)
{
	struct peer *p = &peers[REFUSE];
	struct msg_gpadl created;
	uint64_t one[] = { HV_PAGE, 1 };

	ok(!peer_open(p, &offers[REFUSE], 1), "refuse=on: the rings' GPADL is not refused");
	ok(peer_gpadl(offers[REFUSE].relid, ID, gpa, PAGES) + 1 > 1, "any other is");
	ok(counter(REFUSE, "refused") == 1, "and counted");
	simple(p, HVHOST_GPADL_NEGOTIATE, 0, 1);
	ok(simple(p, HVHOST_GPADL_MAP, ID, 0) == HVHOST_GPADL_UNKNOWN, "it does not exist");
	peer_close(p);
	ok(!peer_gpadl(offers[REFUSE].relid, ID, gpa, PAGES), "closed: not refused");
	peer_teardown(offers[REFUSE].relid, ID);

	p = &peers[MUTE];
	ok(!peer_open(p, &offers[MUTE], 1), "mute-gpadl=on: the rings' GPADL is answered");
	ok(peer_gpadl_raw(offers[MUTE].relid, ID, one, 16, 1) == ~0u &&
	   !peer_reply(MSG_GPADL_CREATED, &created), "any other is not");
	ok(counter(MUTE, "unanswered") == 1, "but counted");
	ok(peer_teardown(offers[MUTE].relid, ID), "and can be torn down");
	peer_close(p);
}

/* As many as there may be at one time. */
static void test_many_maps(void)
{
	struct peer *p = begin(GOOD, 4);
	uint64_t one[] = { HV_PAGE, gpa[0] / HV_PAGE };
	unsigned int n, mapped = 0;

	for (n = 1; n <= 256; n++) {
		peer_gpadl_raw(p->offer.relid, ID + n, one, 16, 1);
		mapped += !simple(p, HVHOST_GPADL_MAP, ID + n, n);
	}
	ok(mapped == 255 && reply.status == HVHOST_GPADL_BUSY, "256 at one time");
	fake_advance(10 * FAKE_MS);
	ok(!simple(p, HVHOST_GPADL_MAP, ID + 256, 0), "more when some are over");
	peer_close(p);
	ok(counter(GOOD, "mapped") == counter(GOOD, "unmapped"), "none is left");
	gpadl_drop_channel(p->offer.relid);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		vmbus_device_option(options[i]);
	vmbus_start(fake_vm());
	for (i = 0; i < PAGES; i++)
		gpa[i] = fake_page();
	connect();
	test_negotiate();
	test_requests();
	test_memory();
	test_ranges();
	test_teardown();
	test_end_of_channel();
	test_send();
	test_send_bounds();
	test_send_many();
	test_send_unmapped();
	test_send_passed();
	test_send_full();
	test_faults();
	test_refuse();
	test_many_maps();
	return tap_done();
}
