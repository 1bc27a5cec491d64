// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both ends of a ring as the host implements them: format, limits, wrapping,
 * signalling, and what a guest may get wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "ring.h"
#include "tap.h"

#define PAGES_MAX	140

static uint8_t *page[PAGES_MAX];
static struct ring in, out;

static uint32_t *word(unsigned int offset)
{
	return (uint32_t *)(page[0] + offset);
}

/* Both ends on the same pages. */
static void setup(unsigned int pages)
{
	unsigned int i;

	ring_detach(&in);
	ring_detach(&out);
	for (i = 0; i < pages; i++) {
		if (!page[i])
			page[i] = aligned_alloc(HV_PAGE, HV_PAGE);
		memset(page[i], 0, HV_PAGE);
	}
	if (!ring_attach_inbound(&in, page, pages) || !ring_attach_outbound(&out, page, pages))
		abort();
}

static enum ring_status write_len(uint32_t len, bool *signal)
{
	static uint8_t payload[600000];
	const struct packet p = {
		.type = PACKET_INBAND,
		.trans_id = len,
		.payload = payload,
		.len = len,
	};

	memset(payload, (uint8_t)(len * 7), len);
	return ring_write(&out, &p, signal);
}

static void test_format(void)
{
	static const uint8_t want[] = {
		9, 0, 3, 0, 4, 0, 1, 0, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
		'h', 'e', 'a', 'd', 'h', 'e', 'a', 'd', 'x', 'y', 'z', 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0
	};
	const struct packet p = {
		.type = PACKET_GPA_DIRECT,
		.flags = PACKET_WANTS_COMPLETION,
		.trans_id = 0x0123456789abcdefull,
		.header = "headhead",
		.header_len = 8,
		.payload = "xyz",
		.len = 3,
	};
	struct packet q;
	bool signal;

	setup(2);
	memset(page[1], 0xff, HV_PAGE);
	ok(ring_write(&out, &p, &signal) == RING_OK, "a packet is written");
	ok(!memcmp(page[1], want, sizeof(want)), "descriptor, header, payload, padding, trailer");
	ok(*word(RING_WRITE_INDEX) == 40, "write index counts the trailer");
	ok(*word(RING_FEATURES) == RING_FEATURE_PENDING, "the writer has set its feature bit");
	ok(ring_read(&in, &q) == RING_OK && q.type == p.type && q.flags == p.flags &&
	   q.trans_id == p.trans_id, "it is read again");
	ok(q.header_len == 8 && !memcmp(q.header, "headhead", 8), "with its header");
	ok(q.len == 8 && !memcmp(q.payload, "xyz\0\0\0\0\0", 8), "and its payload");
	ok(*word(RING_READ_INDEX) == 0, "nothing is given back yet");
	ring_read_done(&in);
	ok(*word(RING_READ_INDEX) == 40, "then it is");
	write_len(8, &signal);
	ok(!memcmp(page[1] + 40 + 24, "\0\0\0\0\x28\0\0\0", 8), "trailer holds the start");
}

/* Sizes that walk through every offset of the ring and across its end. */
static void test_wrap(void)
{
	unsigned int n, bad = 0;
	struct packet p;
	bool signal;

	setup(3);
	for (n = 0; n < 20000; n++) {
		uint32_t len = n * 13 % 3000, i;

		bad += write_len(len, &signal) != RING_OK;
		bad += ring_read(&in, &p) != RING_OK;
		ring_read_done(&in);
		bad += p.trans_id != len || p.len != ((len + 7) & ~7u);
		for (i = 0; i < len; i++)
			bad += ((const uint8_t *)p.payload)[i] != (uint8_t)(len * 7);
	}
	ok(!bad, "20000 packets of many sizes go round two scattered pages");
	ok(ring_read(&in, &p) == RING_EMPTY, "and the ring is empty");
}

static void test_capacity(void)
{
	uint32_t most = HV_PAGE - PACKET_TRAILER - 8 - 16;	/* 8: one byte stays free */
	struct packet p;
	bool signal;

	setup(2);
	ok(write_len(most + 1, &signal) == RING_UNFIT, "a byte more than an empty ring takes");
	ok(*word(RING_PENDING_SEND) == 0, "asks for no signal");
	ok(write_len(most, &signal) == RING_OK, "the largest packet fits");
	ok(write_len(0, &signal) == RING_FULL, "then the smallest does not");
	ok(*word(RING_PENDING_SEND) == 24, "pending send size is the whole packet");
	ok(ring_read(&in, &p) == RING_OK && p.len == most, "the largest is read");
	ring_read_done(&in);
	ok(write_len(0, &signal) == RING_OK, "then the smallest fits");
	ok(*word(RING_PENDING_SEND) == 0, "and no signal is wanted any more");

	setup(PAGES_MAX);
	ok(write_len(PACKET_LEN_MAX - 16 + 1, &signal) == RING_UNFIT, "len8 has 16 bits");
	ok(write_len(PACKET_LEN_MAX - 16, &signal) == RING_OK, "the longest packet of all");
	ok(ring_read(&in, &p) == RING_OK && p.len == PACKET_LEN_MAX - 16, "is read whole");
}

/* A descriptor by hand, with so many bytes of the ring said to be filled. */
static enum ring_status read_raw(uint16_t offset8, uint16_t len8, uint32_t filled)
{
	const struct packet_descriptor d = { PACKET_INBAND, offset8, len8, 0, 1 };
	struct packet p;

	setup(2);
	memcpy(page[1], &d, sizeof(d));
	*word(RING_WRITE_INDEX) = filled;
	return ring_read(&in, &p);
}

static void test_framing(void)
{
	ok(read_raw(2, 2, 0) == RING_EMPTY, "nothing is empty");
	ok(read_raw(2, 2, 8) == RING_BAD_LENGTH, "8 bytes are no packet");
	ok(read_raw(2, 2, 16) == RING_BAD_LENGTH, "16 bytes lack the trailer");
	ok(read_raw(2, 2, 24) == RING_OK, "24 bytes are the smallest");
	ok(read_raw(2, 0, 24) == RING_BAD_LENGTH, "length 0");
	ok(read_raw(2, 1, 24) == RING_BAD_LENGTH, "length 8");
	ok(read_raw(2, 3, 24) == RING_BAD_LENGTH, "length past the data by 8");
	ok(read_raw(2, 3, 32) == RING_OK, "length as the data");
	ok(read_raw(2, 0xffff, 4088) == RING_BAD_LENGTH, "the largest length in a small ring");
	ok(read_raw(0, 2, 24) == RING_BAD_OFFSET, "offset 0");
	ok(read_raw(1, 2, 24) == RING_BAD_OFFSET, "offset 8");
	ok(read_raw(3, 3, 32) == RING_OK, "offset as the length: no payload");
	ok(read_raw(4, 3, 32) == RING_BAD_OFFSET, "offset past the length");
}

static void test_indices(void)
{
	bool signal;

	ok(read_raw(2, 510, 4088) == RING_OK, "write index 8 before the end");
	ok(read_raw(2, 2, 4096) == RING_BAD_INDEX, "write index at the end");
	ok(read_raw(2, 2, 25) == RING_BAD_INDEX, "write index not a multiple of 8");
	ok(read_raw(2, 2, ~0u) == RING_BAD_INDEX, "write index far out");
	setup(2);
	*word(RING_READ_INDEX) = 4088;
	ok(write_len(8, &signal) == RING_OK, "read index 8 before the end");
	*word(RING_READ_INDEX) = 4096;
	ok(write_len(8, &signal) == RING_BAD_INDEX, "read index at the end");
	*word(RING_READ_INDEX) = 4;
	ok(write_len(8, &signal) == RING_BAD_INDEX, "read index not a multiple of 8");
}

static void test_attach(void)
{
	static const struct { uint32_t index; bool good; } cases[] = {
		{ 0, true }, { 4088, true }, { 4096, false }, { 7, false },
	};
	struct ring r;
	unsigned int i;

	setup(2);
	for (i = 0; i < 4; i++) {
		*word(RING_READ_INDEX) = cases[i].index;
		*word(RING_WRITE_INDEX) = cases[i].index;
		ok(ring_attach_inbound(&r, page, 2) == cases[i].good, "inbound, read index %u",
		   cases[i].index);
		ring_detach(&r);
		ok(ring_attach_outbound(&r, page, 2) == cases[i].good, "outbound, write index %u",
		   cases[i].index);
		ring_detach(&r);
	}
	ok(!ring_attach_inbound(&r, page, 1), "a header page alone is no ring");
}

static void test_write_signal(void)
{
	struct packet p;
	bool signal;

	setup(2);
	write_len(8, &signal);
	ok(signal, "the first packet in an empty ring signals");
	write_len(8, &signal);
	ok(!signal, "the second does not");
	ring_read(&in, &p);
	ring_read_done(&in);
	write_len(8, &signal);
	ok(!signal, "nor with one left to read");
	ring_read(&in, &p);
	ring_read(&in, &p);
	ring_read_done(&in);
	ring_mask(&in, true);
	write_len(8, &signal);
	ok(!signal, "not while masked");
	ring_read(&in, &p);
	ring_read_done(&in);
	ring_mask(&in, false);
	write_len(8, &signal);
	ok(signal, "again when empty and unmasked");
}

/* 10 packets of 32 bytes in the ring, pending as given; does reading n signal? */
static bool read_signals(unsigned int n, uint32_t pending)
{
	struct packet p;
	bool signal;
	unsigned int i;

	setup(2);
	for (i = 0; i < 10; i++)
		write_len(8, &signal);
	*word(RING_PENDING_SEND) = pending;
	for (i = 0; i < n; i++)
		ring_read(&in, &p);
	return ring_read_done(&in);
}

static void test_read_signal(void)
{
	const uint32_t before = HV_PAGE - 320, after = before + 64;

	ok(!read_signals(2, 0), "no pending size, no signal");
	ok(!read_signals(2, before - 8), "there was space before");
	ok(read_signals(2, before), "just not enough before, enough after");
	ok(read_signals(2, after - 8), "just enough after");
	ok(!read_signals(2, after), "not more than pending after");
	ok(!read_signals(0, before), "nothing was read");
	setup(2);
	*word(RING_FEATURES) = 0;
	ok(!ring_read_done(&in), "the writer lacks the feature");
}

/* What the reader copies is what the writer gets to check, once. */
static void test_private_copy(void)
{
	struct packet p;
	bool signal;

	setup(2);
	write_len(64, &signal);
	ring_read(&in, &p);
	memset(page[1], 0xee, HV_PAGE);
	ok(((const uint8_t *)p.payload)[5] == (uint8_t)(64 * 7), "payload is a private copy");
}

int main(void)
{
	test_format();
	test_wrap();
	test_capacity();
	test_framing();
	test_indices();
	test_attach();
	test_write_signal();
	test_read_signal();
	test_private_copy();
	return tap_done();
}
