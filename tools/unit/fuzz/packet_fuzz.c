// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring that the host has filled, walked as drivers/kmcl/rx.c does it: rx_batch(),
 * rx_packet(), rx_fill() and what they call, up to the driver's callback.
 *
 * A packet lies in memory of its own of exactly its length, and what is made of it
 * in memory of exactly the size that rx.c has for it, so that the address sanitizer
 * sees each byte that is read or written outside. Every verdict is compared with
 * expect.h.
 *
 * Input: the channel's configuration, the ring's size and indices, then bytes from
 * the read index on.
 */
#include <linux/kernel.h>

#include "check.h"
#include "expect.h"
#include "input.h"

#include "parse.c"

/**
 * struct walk - a channel, as far as a packet meets it
 * @max_packet: configuration
 * @max_external: likewise
 * @max_ranges: likewise
 * @pipe: likewise
 * @server: which end reads
 * @gpadl_bytes: of the one GPADL
 * @gpadl: its memory
 * @ranges: of the present packet
 * @pages: likewise, on a server: as many as kmcl_pages_max()
 * @buffer: for a payload
 * @size: of the ring
 * @read: index
 * @write: index, the host's
 * @ring: its data, twice in a row
 */
struct walk {
	u32 max_packet;
	u32 max_external;
	u32 max_ranges;
	bool pipe;
	bool server;
	u32 gpadl_bytes;
	u8 *gpadl;
	struct kmcl_xfer_range *ranges;
	u64 *pages;
	u8 *buffer;
	u32 size;
	u32 read;
	u32 write;
	u8 *ring;
};

#define PAGE		4096u
#define PAGE_SET	3

/* As rx_max_payload(). */
static u32 max_payload(const struct walk *w)
{
	return ALIGN(w->max_packet, 8) + (w->pipe ? sizeof(struct kmcl_pipe_header) : 0);
}

/* Memory that ends where it is said to end. */
static void *exactly(size_t bytes)
{
	void *memory = malloc(bytes);

	CHECK(memory);
	return memory;
}

static void setup(struct walk *w, struct input *in)
{
	w->max_packet = input_u16(in) % 1024;
	w->max_external = input_u32(in);
	w->max_ranges = input_u8(in) % 32;
	w->server = in->left && in->at[0] & 2;
	w->pipe = input_u8(in) & 1;
	w->gpadl_bytes = (1 + input_u8(in) % 4) * PAGE;
	w->size = 8 * (8 + input_u16(in) % 505);
	w->read = 8 * (input_u16(in) % (w->size / 8));
	w->write = input_u32(in);
	w->ring = exactly(2 * w->size);
	w->gpadl = exactly(w->gpadl_bytes);
	w->ranges = exactly(w->max_ranges * sizeof(*w->ranges));
	w->buffer = exactly(max_payload(w));
	if (!w->server)
		return;
	/* No more than a packet can name. */
	w->max_external %= 1u << 20;
	w->pages = exactly((w->max_external / PAGE + 2 * w->max_ranges) * sizeof(*w->pages));
}

static void teardown(struct walk *w)
{
	free(w->ring);
	free(w->gpadl);
	free(w->ranges);
	free(w->pages);
	free(w->buffer);
}

static void fill(struct walk *w, struct input *in)
{
	u32 there = w->size - w->read;

	input_bytes(in, w->ring + w->read, there);
	input_bytes(in, w->ring, w->read);
	memcpy(w->ring + w->size, w->ring, w->size);
}

static u64 word_at(const u8 *packet, u32 offset)
{
	return READ_ONCE(*(const u64 *)(packet + offset));
}

/* The driver looks at the first byte and the last. */
static void touch(const u8 *memory, u32 length)
{
	if (!length)
		return;
	READ_ONCE(memory[0]);
	READ_ONCE(memory[length - 1]);
}

static int walk_ranges(struct walk *w, const u8 *packet, u32 ranges)
{
	u32 i, left = w->max_external;
	u64 word;
	int bad;

	for (i = 0; i < ranges; i++) {
		word = word_at(packet, KMCL_XFER_HEADER_SIZE + i * KMCL_XFER_RANGE_SIZE);
		bad = kmcl_parse_range(word, w->gpadl_bytes, left, &w->ranges[i]);
		CHECK(bad == expect_range(word, w->gpadl_bytes, left));
		if (bad)
			return bad;
		CHECK(w->ranges[i].length == (u32)word && w->ranges[i].offset == word >> 32);
		touch(w->gpadl + w->ranges[i].offset, w->ranges[i].length);
		left -= w->ranges[i].length;
	}
	CHECK(left <= w->max_external);
	return 0;
}

static int walk_external(struct walk *w, const struct kmcl_frame *frame, const u8 *packet)
{
	u64 word = word_at(packet, KMCL_DESCRIPTOR_SIZE);
	struct kmcl_xfer xfer;
	int bad = kmcl_parse_xfer(frame, word, w->max_ranges, &xfer);

	CHECK(bad == expect_xfer(frame->offset, word, w->max_ranges));
	if (bad)
		return bad;
	CHECK(xfer.ranges == word >> 32 && xfer.page_set == (word & 0xffff));
	return xfer.page_set == PAGE_SET ? walk_ranges(w, packet, xfer.ranges) : -ENOENT;
}

/* As rx_gpa_range(): frame numbers go where there is room for what the limits allow. */
static int walk_gpa_range(struct walk *w, const struct kmcl_frame *frame, const u8 *packet,
			  u32 *at, u32 *left, u32 *pages)
{
	u32 i, room = frame->offset - *at;
	struct kmcl_gpa range;
	u64 word;
	int bad;

	if (room < KMCL_GPA_RANGE_SIZE)
		return -EBADMSG;
	word = word_at(packet, *at);
	bad = kmcl_parse_gpa_range(word, room - KMCL_GPA_RANGE_SIZE, *left, &range);
	CHECK(bad == expect_gpa_range(word, room - 8, *left));
	if (bad)
		return bad;
	CHECK(range.length == (u32)word && range.offset == word >> 32);
	CHECK(range.pages == expect_gpa_pages(word));
	*at += KMCL_GPA_RANGE_SIZE;
	for (i = 0; i < range.pages; i++, *at += sizeof(u64))
		w->pages[(*pages)++] = word_at(packet, *at);
	*left -= range.length;
	return 0;
}

static int walk_gpa(struct walk *w, const struct kmcl_frame *frame, const u8 *packet)
{
	u64 word = word_at(packet, KMCL_DESCRIPTOR_SIZE);
	u32 i, ranges, at = KMCL_GPA_HEADER_SIZE, left = w->max_external, pages = 0;
	int bad = kmcl_parse_gpa(frame, word, w->max_ranges, &ranges);

	CHECK(bad == expect_gpa(frame->offset, word, w->max_ranges));
	if (bad)
		return bad;
	CHECK(ranges == word >> 32);
	for (i = 0; i < ranges && !bad; i++)
		bad = walk_gpa_range(w, frame, packet, &at, &left, &pages);
	CHECK(at <= frame->offset);
	return bad;
}

static void walk_message(struct walk *w, u32 length)
{
	u32 payload = length;
	u64 word = 0;
	int bad;

	if (length >= sizeof(word))
		memcpy(&word, w->buffer, sizeof(word));
	bad = kmcl_parse_pipe(word, length, &length);
	CHECK(bad == expect_pipe(word, payload));
	if (bad)
		CHECK(length == payload);
	else if (length <= w->max_packet)
		touch(w->buffer + sizeof(struct kmcl_pipe_header), length);
}

/* What rx_fill() makes of a packet that was accepted so far. */
static void walk_data(struct walk *w, const struct kmcl_frame *frame, const u8 *packet)
{
	u32 length = kmcl_frame_payload(frame);

	if (w->pipe && frame->type != KMCL_PKT_DATA_INBAND)
		return;
	memcpy(w->buffer, packet + frame->offset, length);
	if (frame->type == KMCL_PKT_DATA_XFER_PAGES)
		walk_external(w, frame, packet);
	else if (frame->type == KMCL_PKT_DATA_GPA_DIRECT)
		walk_gpa(w, frame, packet);
	else if (w->pipe)
		walk_message(w, length);
	else
		touch(w->buffer, length);
}

static void walk_completion(struct walk *w, const struct kmcl_frame *frame, const u8 *packet,
			    int status)
{
	memcpy(w->buffer, packet + frame->offset, status ? 0 : kmcl_frame_payload(frame));
}

static void walk_packet(struct walk *w, const struct kmcl_packet_descriptor *desc,
			const struct kmcl_frame *frame, const u8 *packet)
{
	int bad = kmcl_parse_type(frame, w->server);

	CHECK(bad == expect_type(desc, w->server));
	if (!bad) {
		bad = kmcl_parse_payload(frame, max_payload(w));
		CHECK(bad == expect_payload(desc, max_payload(w)));
	}
	if (frame->type == KMCL_PKT_COMPLETION)
		walk_completion(w, frame, packet, bad);
	else if (!bad)
		walk_data(w, frame, packet);
}

static void check_frame(const struct kmcl_frame *frame, const struct kmcl_packet_descriptor *desc)
{
	CHECK(frame->len == 8u * desc->len8);
	CHECK(frame->offset == 8u * desc->offset8);
	CHECK(frame->type == desc->type && frame->flags == desc->flags);
	CHECK(frame->trans_id == desc->trans_id);
	CHECK(kmcl_frame_wants_completion(frame) == (desc->flags & 1));
}

static void walk_one(struct walk *w, const struct kmcl_packet_descriptor *desc,
		     const struct kmcl_frame *frame)
{
	u8 *packet = exactly(frame->len);

	memcpy(packet, w->ring + w->read, frame->len);
	walk_packet(w, desc, frame, packet);
	free(packet);
}

/* The ring ends where the packet does, or the framing is lost. */
static bool walk_step(struct walk *w)
{
	int avail = kmcl_ring_avail(w->size, w->read, w->write), bad;
	struct kmcl_packet_descriptor desc;
	struct kmcl_frame frame;
	u32 next;

	CHECK(avail == expect_avail(w->size, w->read, w->write));
	if (avail < 0)
		return false;
	memcpy(&desc, w->ring + w->read, sizeof(desc));
	bad = kmcl_parse_frame(&desc, avail, &frame);
	CHECK(bad == expect_frame(&desc, avail));
	if (bad)
		return false;
	check_frame(&frame, &desc);
	walk_one(w, &desc, &frame);
	next = kmcl_ring_next(w->size, w->read, &frame);
	CHECK(next == (w->read + frame.len + KMCL_TRAILER_SIZE) % w->size);
	w->read = next;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct walk w = { 0 };
	u32 steps = 0;

	setup(&w, &in);
	fill(&w, &in);
	while (w.read != w.write && walk_step(&w))
		CHECK(++steps <= w.size / (KMCL_DESCRIPTOR_SIZE + KMCL_TRAILER_SIZE));
	teardown(&w);
	return 0;
}
