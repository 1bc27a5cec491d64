// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers of the host's and ring arithmetic, each function by itself over all of
 * its arguments; and a ring that is written as drivers/kmcl/tx.c does and read in
 * turn, against a count of the bytes that are under way.
 *
 * Input: operations, a byte that says which and what it takes.
 */
#include <linux/kernel.h>

#include "check.h"
#include "expect.h"
#include "input.h"

#include "parse.c"

#define PACKETS		64u

/**
 * struct ring - one that carries packets
 * @size: of its data
 * @read: index
 * @write: index
 * @bytes: of each packet that is under way
 * @first: of these
 * @count: of these
 * @under_way: all their bytes
 */
struct ring {
	u32 size;
	u32 read;
	u32 write;
	u32 bytes[PACKETS];
	u32 first;
	u32 count;
	u64 under_way;
};

static void op_range(struct input *in)
{
	struct kmcl_xfer_range range = { 1, 2 };
	u32 bytes = input_u32(in), left = input_u32(in);
	u64 word = input_u64(in);
	int bad = kmcl_parse_range(word, bytes, left, &range);

	CHECK(bad == expect_range(word, bytes, left));
	if (bad) {
		CHECK(range.offset == 1 && range.length == 2);
		return;
	}
	CHECK(range.length == (u32)word && range.offset == word >> 32);
}

/* kmcl_parse_type() has seen to it that there is a header, and room for a range: not asked here. */
static void op_xfer(struct input *in)
{
	struct kmcl_frame frame = { .type = KMCL_PKT_DATA_XFER_PAGES };
	struct kmcl_xfer xfer = { 1, 2 };
	u32 max = input_u32(in), near;
	u64 word;
	u8 how;
	int bad;

	frame.offset = 8 * input_u16(in);
	how = input_u8(in);
	if (how & 1) {
		/* Near to what is right, the upper bits aside: times 8 these are nothing. */
		near = (frame.offset - 24) / 8 + input_u8(in) % 3 - 1;
		word = (u64)(near ^ (u32)(how >> 5) << 29) << 32;
	} else {
		word = input_u64(in);
	}
	if (frame.offset < KMCL_XFER_HEADER_SIZE)
		return;
	bad = kmcl_parse_xfer(&frame, word, max, &xfer);
	CHECK(bad == expect_xfer(frame.offset, word, max));
	if (bad) {
		CHECK(xfer.page_set == 1 && xfer.ranges == 2);
		return;
	}
	CHECK(xfer.page_set == (word & 0xffff) && xfer.ranges == word >> 32);
}

/* The header, and a range of it. */
static void op_gpa(struct input *in)
{
	struct kmcl_frame frame = { .type = KMCL_PKT_DATA_GPA_DIRECT };
	struct kmcl_gpa range = { 1, 2, 3 };
	u32 max = input_u32(in), room = input_u16(in), left = input_u32(in), ranges = 7;
	u64 word = input_u64(in);
	int bad;

	frame.offset = 8 * input_u16(in);
	if (frame.offset > KMCL_GPA_HEADER_SIZE) {
		bad = kmcl_parse_gpa(&frame, word, max, &ranges);
		CHECK(bad == expect_gpa(frame.offset, word, max));
		CHECK(ranges == (bad ? 7 : word >> 32));
	}
	/* Half of them with an offset that may be. */
	if (room & 1)
		word &= 0xfffffffffffull;
	bad = kmcl_parse_gpa_range(word, room, left, &range);
	CHECK(bad == expect_gpa_range(word, room, left));
	if (!bad)
		CHECK(range.length == (u32)word && range.offset == word >> 32 &&
		      range.pages == expect_gpa_pages(word));
}

static void op_pipe(struct input *in)
{
	u32 payload = input_u32(in), length = 3;
	u64 word = input_u64(in);
	int bad = kmcl_parse_pipe(word, payload, &length);

	CHECK(bad == expect_pipe(word, payload));
	CHECK(length == (bad ? 3 : word >> 32));
}

static void op_frame(struct input *in)
{
	struct kmcl_packet_descriptor desc;
	u32 avail = input_u32(in), max = input_u32(in);
	struct kmcl_frame frame;
	int bad;

	input_bytes(in, &desc, sizeof(desc));
	bad = kmcl_parse_frame(&desc, avail, &frame);
	CHECK(bad == expect_frame(&desc, avail));
	if (bad)
		return;
	CHECK(kmcl_parse_type(&frame, false) == expect_type(&desc, false));
	CHECK(kmcl_parse_type(&frame, true) == expect_type(&desc, true));
	CHECK(kmcl_parse_payload(&frame, max) == expect_payload(&desc, max));
}

/* Anything, or near to either end of the ring. */
static u32 index_near(struct input *in, u32 size)
{
	switch (input_u8(in) % 3) {
	case 0:
		return input_u32(in);
	case 1:
		return input_u8(in);
	default:
		return size + 8 - input_u8(in);
	}
}

/* For what we write both indices are the host's, for what we read one: see kmcl_ring_avail(). */
static void op_indices(struct input *in)
{
	u32 size = 8 * (1 + input_u32(in) % (511 * 512)), read = index_near(in, size);
	u32 write = index_near(in, size);
	int room = kmcl_ring_room(size, read, write), avail;

	CHECK(room == expect_room(size, read, write));
	if (read >= size || read % 8)
		return;
	avail = kmcl_ring_avail(size, read, write);
	CHECK(avail == expect_avail(size, read, write));
	CHECK((avail < 0) == (room < 0));
	CHECK(avail < 0 || (avail + room == size && avail % 8 == 0));
}

static void ring_new(struct ring *ring, struct input *in)
{
	u32 begin;

	memset(ring, 0, sizeof(*ring));
	ring->size = 8 * (8 + input_u16(in));
	begin = 8 * (input_u32(in) % (ring->size / 8));
	ring->read = ring->write = begin;
}

static void ring_check(const struct ring *ring)
{
	int room = kmcl_ring_room(ring->size, ring->read, ring->write);
	int avail = kmcl_ring_avail(ring->size, ring->read, ring->write);

	CHECK(ring->under_way < ring->size);
	CHECK(avail == ring->under_way && room == ring->size - avail);
}

/* As tx_fits() and what comes of it. */
static void op_send(struct ring *ring, struct input *in)
{
	u32 header = KMCL_DESCRIPTOR_SIZE + 8 * input_u8(in), payload = input_u16(in);
	u32 bytes = kmcl_ring_bytes(header, payload);

	CHECK(bytes % 8 == 0 && bytes >= header + payload + 8 && bytes < header + payload + 16);
	if (kmcl_ring_room(ring->size, ring->read, ring->write) <= bytes) {
		CHECK(ring->under_way + bytes >= ring->size);
		return;
	}
	if (ring->count == PACKETS)
		return;
	ring->bytes[(ring->first + ring->count++) % PACKETS] = bytes;
	ring->under_way += bytes;
	ring->write = (ring->write + bytes) % ring->size;
	ring_check(ring);
}

static void op_consume(struct ring *ring)
{
	struct kmcl_packet_descriptor desc = { 0 };
	struct kmcl_frame frame;
	u32 bytes;
	int avail = kmcl_ring_avail(ring->size, ring->read, ring->write);

	if (!ring->count) {
		CHECK(!avail);
		return;
	}
	bytes = ring->bytes[ring->first % PACKETS];
	desc.len8 = (bytes - KMCL_TRAILER_SIZE) / 8;
	CHECK(kmcl_parse_frame(&desc, avail, &frame) == 0);
	ring->read = kmcl_ring_next(ring->size, ring->read, &frame);
	ring->first++;
	ring->count--;
	ring->under_way -= bytes;
	ring_check(ring);
}

static void op(struct ring *ring, struct input *in)
{
	switch (input_u8(in) % 9) {
	case 0:
		op_range(in);
		break;
	case 1:
		op_xfer(in);
		break;
	case 2:
		op_pipe(in);
		break;
	case 3:
		op_frame(in);
		break;
	case 4:
		op_indices(in);
		break;
	case 5:
		op_consume(ring);
		break;
	case 8:
		op_gpa(in);
		break;
	default:
		op_send(ring, in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct ring ring;

	ring_new(&ring, &in);
	while (in.left)
		op(&ring, &in);
	return 0;
}
