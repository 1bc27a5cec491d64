// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring arithmetic and packet parsing, at each limit and one step to either side.
 *
 * The code under test only computes and exports nothing, so it is compiled in:
 * the suite needs no other module.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "parse.c"

#define RING	4096u

/* --- where the host says it has written ---------------------------------- */

static void counts_bytes_between_the_indices(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, 64), 64);
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 1024, 1032), 8);
}

static void counts_bytes_across_the_wrap(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, RING - 8, 0), 8);
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, RING - 8, 16), 24);
}

static void finds_nothing_between_equal_indices(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, RING - 8, RING - 8), 0);
}

static void counts_a_full_ring(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 8, 0), (int)RING - 8);
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, RING - 8), (int)RING - 8);
}

static void accepts_write_index_before_ring_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, RING - 16, RING - 8), 8);
}

static void rejects_write_index_at_ring_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, RING), -EPROTO);
}

static void rejects_write_index_beyond_ring_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, RING + 8), -EPROTO);
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, U32_MAX & ~7u), -EPROTO);
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, BIT(31)), -EPROTO);
}

static const u32 misalignments[] = { 1, 2, 3, 4, 5, 6, 7 };

static void misalignment_desc(const u32 *by, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes off", *by);
}

KUNIT_ARRAY_PARAM(misalignment, misalignments, misalignment_desc);

static void rejects_unaligned_write_index(struct kunit *test)
{
	const u32 *by = test->param_value;

	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, *by), -EPROTO);
	KUNIT_EXPECT_EQ(test, kmcl_ring_avail(RING, 0, RING - 8 + *by), -EPROTO);
}

/* --- room for what we write ---------------------------------------------- */

static void an_empty_ring_is_all_room(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, 0, 0), (int)RING);
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, RING - 8, RING - 8), (int)RING);
}

static void a_full_ring_keeps_the_last_8_bytes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, 8, 0), 8);
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, 0, RING - 8), 8);
}

static void rejects_read_index_at_ring_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, RING - 8, 0), (int)RING - 8);
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, RING, 0), -EPROTO);
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, RING + 8, 0), -EPROTO);
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, U32_MAX & ~7u, 0), -EPROTO);
}

static void rejects_our_write_index_at_ring_end(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, 0, RING), -EPROTO);
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, 0, U32_MAX & ~7u), -EPROTO);
}

static void rejects_unaligned_indices(struct kunit *test)
{
	const u32 *by = test->param_value;

	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, *by, 0), -EPROTO);
	KUNIT_EXPECT_EQ(test, kmcl_ring_room(RING, 0, *by), -EPROTO);
}

/* Whatever the indices: what is not to be read is to be written. */
static void bytes_and_room_make_the_ring(struct kunit *test)
{
	u32 read, write;

	for (read = 0; read < 256; read += 8)
		for (write = 0; write < 256; write += 8)
			KUNIT_ASSERT_EQ(test, 256, kmcl_ring_room(256, read, write) +
					kmcl_ring_avail(256, read, write));
}

static void a_packet_takes_header_padded_payload_and_trailer(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kmcl_ring_bytes(16, 0), 24u);
	KUNIT_EXPECT_EQ(test, kmcl_ring_bytes(16, 1), 32u);
	KUNIT_EXPECT_EQ(test, kmcl_ring_bytes(16, 8), 32u);
	KUNIT_EXPECT_EQ(test, kmcl_ring_bytes(16, 9), 40u);
}

/* --- where a packet ends ------------------------------------------------- */

static int frame_of(u16 len8, u32 avail, struct kmcl_frame *frame)
{
	struct kmcl_packet_descriptor desc = {
		.type = KMCL_PKT_DATA_INBAND,
		.offset8 = KMCL_DESCRIPTOR_SIZE / 8,
		.len8 = len8,
	};

	return kmcl_parse_frame(&desc, avail, frame);
}

static int verdict(u16 len8, u32 avail)
{
	struct kmcl_frame frame;

	return frame_of(len8, avail, &frame);
}

static void takes_over_every_field_of_the_descriptor(struct kunit *test)
{
	struct kmcl_packet_descriptor desc = {
		.type = 0x1234,
		.offset8 = 3,
		.len8 = 5,
		.flags = 0xa5a5,
		.trans_id = 0x0123456789abcdefull,
	};
	struct kmcl_frame frame;

	KUNIT_ASSERT_EQ(test, kmcl_parse_frame(&desc, RING, &frame), 0);
	KUNIT_EXPECT_EQ(test, frame.type, 0x1234);
	KUNIT_EXPECT_EQ(test, frame.offset, 24u);
	KUNIT_EXPECT_EQ(test, frame.len, 40u);
	KUNIT_EXPECT_EQ(test, frame.flags, 0xa5a5);
	KUNIT_EXPECT_EQ(test, frame.trans_id, 0x0123456789abcdefull);
	KUNIT_EXPECT_EQ(test, kmcl_frame_payload(&frame), 16u);
}

static void accepts_length_of_a_bare_descriptor(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(2, RING), 0);
}

static void rejects_length_below_descriptor(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(1, RING), -EPROTO);
}

static void rejects_length_zero(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(0, RING), -EPROTO);
}

static void accepts_packet_that_ends_with_what_is_there(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(2, 16 + 8), 0);
	KUNIT_EXPECT_EQ(test, verdict(64, 512 + 8), 0);
}

static void rejects_packet_one_byte_longer_than_what_is_there(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(2, 16 + 7), -EPROTO);
	KUNIT_EXPECT_EQ(test, verdict(64, 512 + 7), -EPROTO);
}

static void rejects_packet_without_its_trailer(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(2, 16), -EPROTO);
}

static void rejects_packet_in_less_than_a_trailer(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(2, 0), -EPROTO);
	KUNIT_EXPECT_EQ(test, verdict(2, 7), -EPROTO);
	KUNIT_EXPECT_EQ(test, verdict(2, 8), -EPROTO);
}

static void accepts_the_longest_packet_if_it_is_there(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(U16_MAX, KMCL_PACKET_MAX + KMCL_TRAILER_SIZE), 0);
}

static void rejects_the_longest_packet_in_a_short_ring(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, verdict(U16_MAX, RING), -EPROTO);
	KUNIT_EXPECT_EQ(test, verdict(U16_MAX, KMCL_PACKET_MAX + KMCL_TRAILER_SIZE - 1), -EPROTO);
}

static void goes_on_behind_the_trailer(struct kunit *test)
{
	const struct kmcl_frame frame = { .len = 32 };

	KUNIT_EXPECT_EQ(test, kmcl_ring_next(RING, 0, &frame), 40u);
	KUNIT_EXPECT_EQ(test, kmcl_ring_next(RING, RING - 48, &frame), RING - 8);
}

static void goes_on_at_the_start_of_the_ring(struct kunit *test)
{
	const struct kmcl_frame frame = { .len = 32 };

	KUNIT_EXPECT_EQ(test, kmcl_ring_next(RING, RING - 40, &frame), 0u);
	KUNIT_EXPECT_EQ(test, kmcl_ring_next(RING, RING - 32, &frame), 8u);
}

/* Every length against every amount: what is accepted lies in what is there. */
static void accepts_no_packet_that_overlaps_unread_bytes(struct kunit *test)
{
	struct kmcl_frame frame;
	u32 avail;
	u16 len8;

	for (avail = 0; avail <= 128; avail++) {
		for (len8 = 0; len8 <= 20; len8++) {
			bool fits = len8 >= 2 && len8 * 8 + 8 <= avail;

			KUNIT_ASSERT_EQ_MSG(test, frame_of(len8, avail, &frame),
					    fits ? 0 : -EPROTO, "len8 %u, avail %u", len8, avail);
			if (fits)
				KUNIT_ASSERT_EQ(test, frame.len, len8 * 8u);
		}
	}
}

/* --- where the payload lies ---------------------------------------------- */

static int payload(u32 len, u32 offset, u32 max)
{
	const struct kmcl_frame frame = { .len = len, .offset = offset };

	return kmcl_parse_payload(&frame, max);
}

static void accepts_payload_right_behind_the_descriptor(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, payload(64, 16, RING), 0);
}

static void rejects_payload_inside_the_descriptor(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, payload(64, 8, RING), -EBADMSG);
	KUNIT_EXPECT_EQ(test, payload(64, 0, RING), -EBADMSG);
}

static void accepts_empty_payload_at_the_end_of_the_packet(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, payload(64, 64, 0), 0);
	KUNIT_EXPECT_EQ(test, payload(16, 16, 0), 0);
}

static void rejects_payload_behind_the_packet(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, payload(64, 72, RING), -EBADMSG);
	KUNIT_EXPECT_EQ(test, payload(16, U16_MAX * 8u, U32_MAX), -EBADMSG);
}

static void accepts_payload_of_the_largest_size(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, payload(64, 16, 48), 0);
	KUNIT_EXPECT_EQ(test, payload(KMCL_PACKET_MAX, 16, KMCL_PACKET_MAX - 16), 0);
}

static void rejects_payload_one_byte_above_the_largest_size(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, payload(64, 16, 47), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, payload(KMCL_PACKET_MAX, 16, KMCL_PACKET_MAX - 17), -EMSGSIZE);
}

/* --- what kind of packet it is ------------------------------------------- */

static const u16 types[] = {
	0x0, 0x1, 0x2, 0x3, 0x4, 0x5, KMCL_PKT_DATA_INBAND, KMCL_PKT_DATA_XFER_PAGES, 0x8,
	KMCL_PKT_DATA_GPA_DIRECT, KMCL_PKT_CANCEL, KMCL_PKT_COMPLETION, 0xc, 0xd, 0x106, 0x600,
	0x8006, U16_MAX,
};

static void type_desc(const u16 *type, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "type 0x%x", *type);
}

KUNIT_ARRAY_PARAM(type, types, type_desc);

/* Each with the header that would be right for it. */
static void takes_packets_of_three_types_only(struct kunit *test)
{
	const u16 *type = test->param_value;
	bool xfer = *type == KMCL_PKT_DATA_XFER_PAGES;
	const struct kmcl_frame frame = { .len = 64, .offset = xfer ? 32 : 16, .type = *type };
	bool known = xfer || *type == KMCL_PKT_DATA_INBAND || *type == KMCL_PKT_COMPLETION;

	KUNIT_EXPECT_EQ(test, kmcl_parse_type(&frame, false), known ? 0 : -EOPNOTSUPP);
}

static void a_server_takes_gpa_direct_packets_instead_of_transfer_pages(struct kunit *test)
{
	const u16 *type = test->param_value;
	bool gpa = *type == KMCL_PKT_DATA_GPA_DIRECT;
	const struct kmcl_frame frame = { .len = 64, .offset = gpa ? 40 : 16, .type = *type };
	bool known = gpa || *type == KMCL_PKT_DATA_INBAND || *type == KMCL_PKT_COMPLETION;

	KUNIT_EXPECT_EQ(test, kmcl_parse_type(&frame, true), known ? 0 : -EOPNOTSUPP);
}

static void rejects_a_gap_behind_the_descriptor(struct kunit *test)
{
	struct kmcl_frame frame = { .len = 64, .offset = 24, .type = KMCL_PKT_DATA_INBAND };

	KUNIT_EXPECT_EQ(test, kmcl_parse_type(&frame, false), -EBADMSG);
	frame.type = KMCL_PKT_COMPLETION;
	KUNIT_EXPECT_EQ(test, kmcl_parse_type(&frame, false), -EBADMSG);
}

static void wants_completion_only_if_the_flag_says_so(struct kunit *test)
{
	struct kmcl_frame frame = { .flags = KMCL_PKT_FLAG_COMPLETION_REQUESTED };

	KUNIT_EXPECT_TRUE(test, kmcl_frame_wants_completion(&frame));
	frame.flags = U16_MAX;
	KUNIT_EXPECT_TRUE(test, kmcl_frame_wants_completion(&frame));
	frame.flags = (u16)~KMCL_PKT_FLAG_COMPLETION_REQUESTED;
	KUNIT_EXPECT_FALSE(test, kmcl_frame_wants_completion(&frame));
}

/* --- GPA-direct packets ---------------------------------------------------- */

static int gpa_of(u32 offset, u32 ranges, u32 max)
{
	const struct kmcl_frame frame = {
		.type = KMCL_PKT_DATA_GPA_DIRECT, .offset = offset, .len = offset + 8,
	};
	u32 got = 0;
	int ret = kmcl_parse_gpa(&frame, (u64)ranges << 32 | 0xffffffff, max, &got);

	return ret ? ret : got == ranges ? 0 : -EIO;
}

static void rejects_gpa_ranges_that_cannot_lie_before_the_payload(struct kunit *test)
{
	struct kmcl_frame frame = { .len = 64, .type = KMCL_PKT_DATA_GPA_DIRECT, .offset = 24 };

	KUNIT_EXPECT_EQ(test, kmcl_parse_type(&frame, true), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpa_of(24 + 16, 0, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpa_of(24 + 8, 1, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpa_of(24 + 16, 1, 8), 0);
	KUNIT_EXPECT_EQ(test, gpa_of(24 + 16, 2, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpa_of(24 + 32, 2, 8), 0);
	KUNIT_EXPECT_EQ(test, gpa_of(24 + 16, BIT(28) + 1, U32_MAX), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpa_of(24 + 16, U32_MAX, U32_MAX), -EBADMSG);
}

static void takes_as_many_gpa_ranges_as_the_channel_and_no_more(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gpa_of(4096, 8, 8), 0);
	KUNIT_EXPECT_EQ(test, gpa_of(4096, 9, 8), -E2BIG);
	KUNIT_EXPECT_EQ(test, gpa_of(4096, 1, 0), -E2BIG);
}

static int gpa_range(u32 offset, u32 length, u32 numbers, u32 left)
{
	struct kmcl_gpa range;
	int ret = kmcl_parse_gpa_range((u64)offset << 32 | length, 8 * numbers, left, &range);

	if (ret)
		return ret;
	return range.offset == offset && range.length == length ? (int)range.pages : -EIO;
}

static void a_gpa_range_has_a_number_for_each_page_it_touches(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gpa_range(0, 1, 1, 4096), 1);
	KUNIT_EXPECT_EQ(test, gpa_range(0, 4096, 1, 4096), 1);
	KUNIT_EXPECT_EQ(test, gpa_range(1, 4096, 2, 4096), 2);
	KUNIT_EXPECT_EQ(test, gpa_range(1, 4096, 1, 4096), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpa_range(4095, 4098, 3, 8192), 3);
	KUNIT_EXPECT_EQ(test, gpa_range(4095, 4098, 2, 8192), -EBADMSG);
	KUNIT_EXPECT_EQ(test, gpa_range(0, 1, 0, 4096), -EBADMSG);
}

static void rejects_gpa_ranges_out_of_bounds(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gpa_range(0, 0, 8, 4096), -ERANGE);
	KUNIT_EXPECT_EQ(test, gpa_range(4095, 1, 8, 4096), 1);
	KUNIT_EXPECT_EQ(test, gpa_range(4096, 1, 8, 4096), -ERANGE);
	KUNIT_EXPECT_EQ(test, gpa_range(U32_MAX, 1, 8, 4096), -ERANGE);
	KUNIT_EXPECT_EQ(test, gpa_range(0, 4096, 8, 4096), 1);
	KUNIT_EXPECT_EQ(test, gpa_range(0, 4097, 8, 4096), -E2BIG);
	KUNIT_EXPECT_EQ(test, gpa_range(4095, U32_MAX, 8, U32_MAX), -EBADMSG);
}

/* --- transfer pages: how many ranges -------------------------------------- */

static void rejects_transfer_pages_without_room_for_a_range(struct kunit *test)
{
	struct kmcl_frame frame = { .len = 64, .type = KMCL_PKT_DATA_XFER_PAGES };

	for (frame.offset = 0; frame.offset < 32; frame.offset += 8)
		KUNIT_EXPECT_EQ(test, kmcl_parse_type(&frame, false), -EBADMSG);
	KUNIT_EXPECT_EQ(test, kmcl_parse_type(&frame, false), 0);
}

/* Header and ranges up to @offset, where the payload begins. */
static int xfer_of(u32 offset, u64 word, u32 max, struct kmcl_xfer *xfer)
{
	const struct kmcl_frame frame = {
		.type = KMCL_PKT_DATA_XFER_PAGES, .offset = offset, .len = offset + 8,
	};

	return kmcl_parse_xfer(&frame, word, max, xfer);
}

/* The header says @ranges, and there is room for @room. */
static int ranges(u32 said, u32 room, u32 max)
{
	struct kmcl_xfer xfer;

	return xfer_of(24 + 8 * room, (u64)said << 32 | 1, max, &xfer);
}

static void takes_over_page_set_and_number_of_ranges(struct kunit *test)
{
	struct kmcl_xfer xfer;

	KUNIT_ASSERT_EQ(test, xfer_of(24 + 3 * 8, 0x00000003ffffbeefull, 8, &xfer), 0);
	KUNIT_EXPECT_EQ(test, xfer.page_set, 0xbeef);
	KUNIT_EXPECT_EQ(test, xfer.ranges, 3u);
}

static void rejects_no_ranges(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ranges(0, 0, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ranges(0, 1, 8), -EBADMSG);
}

static void rejects_ranges_that_do_not_end_where_the_payload_begins(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ranges(1, 1, 8), 0);
	KUNIT_EXPECT_EQ(test, ranges(4, 4, 8), 0);
	KUNIT_EXPECT_EQ(test, ranges(4, 3, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ranges(4, 5, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ranges(1, 2, 8), -EBADMSG);
}

/* Eight times these is what is there, in 32 bits. */
static void rejects_ranges_whose_bytes_wrap(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ranges(BIT(29) + 1, 1, U32_MAX), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ranges(7 * BIT(29) + 4, 4, U32_MAX), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ranges(U32_MAX, 1, U32_MAX), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ranges(BIT(31), 1, U32_MAX), -EBADMSG);
}

static void takes_as_many_ranges_as_the_channel_and_no_more(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ranges(3, 3, 4), 0);
	KUNIT_EXPECT_EQ(test, ranges(4, 4, 4), 0);
	KUNIT_EXPECT_EQ(test, ranges(5, 5, 4), -E2BIG);
	KUNIT_EXPECT_EQ(test, ranges(1, 1, 0), -E2BIG);
	KUNIT_EXPECT_EQ(test, ranges(65000, 65000, 65000), 0);
	KUNIT_EXPECT_EQ(test, ranges(65000, 65000, 64999), -E2BIG);
}

static void a_rejected_header_gives_nothing(struct kunit *test)
{
	struct kmcl_xfer xfer = { .page_set = 7, .ranges = 7 };

	KUNIT_EXPECT_NE(test, xfer_of(32, 2ull << 32 | 1, 8, &xfer), 0);
	KUNIT_EXPECT_NE(test, xfer_of(40, 2ull << 32 | 1, 1, &xfer), 0);
	KUNIT_EXPECT_EQ(test, xfer.page_set, 7);
	KUNIT_EXPECT_EQ(test, xfer.ranges, 7u);
}

/* --- transfer pages: where a range lies ----------------------------------- */

static int range_at(u32 offset, u32 length, u32 bytes, u32 left)
{
	struct kmcl_xfer_range range;

	return kmcl_parse_range((u64)offset << 32 | length, bytes, left, &range);
}

static void takes_over_offset_and_length(struct kunit *test)
{
	struct kmcl_xfer_range range;

	KUNIT_ASSERT_EQ(test, kmcl_parse_range(0x0000123400000567ull, 8192, 8192, &range), 0);
	KUNIT_EXPECT_EQ(test, range.offset, 0x1234u);
	KUNIT_EXPECT_EQ(test, range.length, 0x567u);
}

static void rejects_an_empty_range(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, range_at(0, 1, 4096, 4096), 0);
	KUNIT_EXPECT_EQ(test, range_at(0, 0, 4096, 4096), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(4096, 0, 4096, 4096), -ERANGE);
}

static void takes_a_range_up_to_the_end_and_no_further(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, range_at(0, 4095, 4096, 8192), 0);
	KUNIT_EXPECT_EQ(test, range_at(0, 4096, 4096, 8192), 0);
	KUNIT_EXPECT_EQ(test, range_at(0, 4097, 4096, 8192), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(4000, 96, 4096, 8192), 0);
	KUNIT_EXPECT_EQ(test, range_at(4000, 97, 4096, 8192), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(4095, 1, 4096, 8192), 0);
	KUNIT_EXPECT_EQ(test, range_at(4095, 2, 4096, 8192), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(4096, 1, 4096, 8192), -ERANGE);
}

/* The sum of the two is small, in 32 bits. */
static void rejects_a_range_whose_end_wraps(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, range_at(U32_MAX, 2, 4096, 4096), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(U32_MAX, 1, 4096, 4096), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(2, U32_MAX, 4096, U32_MAX), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(U32_MAX, U32_MAX, 4096, U32_MAX), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(BIT(31), BIT(31), 4096, U32_MAX), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(U32_MAX - 4095, 4096, 4096, 4096), -ERANGE);
}

static void takes_the_largest_range_there_can_be(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, range_at(0, U32_MAX, U32_MAX, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, range_at(1, U32_MAX, U32_MAX, U32_MAX), -ERANGE);
	KUNIT_EXPECT_EQ(test, range_at(U32_MAX - 1, 1, U32_MAX, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, range_at(U32_MAX, 1, U32_MAX, U32_MAX), -ERANGE);
}

static void takes_no_more_bytes_than_are_left_to_the_packet(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, range_at(0, 100, 4096, 101), 0);
	KUNIT_EXPECT_EQ(test, range_at(0, 100, 4096, 100), 0);
	KUNIT_EXPECT_EQ(test, range_at(0, 100, 4096, 99), -E2BIG);
	KUNIT_EXPECT_EQ(test, range_at(0, 1, 4096, 0), -E2BIG);
	KUNIT_EXPECT_EQ(test, range_at(4000, 4096, 4096, 1), -ERANGE);
}

/* Every small range against every small GPADL. */
static void takes_no_range_with_a_byte_outside(struct kunit *test)
{
	u32 bytes, offset, length;

	for (bytes = 0; bytes < 12; bytes++)
		for (offset = 0; offset < 14; offset++)
			for (length = 0; length < 14; length++) {
				bool inside = length && offset + length <= bytes;

				KUNIT_ASSERT_EQ_MSG(test, range_at(offset, length, bytes, 64),
						    inside ? 0 : -ERANGE, "%u at %u in %u",
						    length, offset, bytes);
			}
}

/* --- messages of a pipe --------------------------------------------------- */

static int message(u32 type, u32 said, u32 payload, u32 *length)
{
	return kmcl_parse_pipe((u64)said << 32 | type, payload, length);
}

static void takes_the_length_of_a_message_from_its_header(struct kunit *test)
{
	u32 length;

	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 13, 24, &length), 0);
	KUNIT_EXPECT_EQ(test, length, 13u);
	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 0, 24, &length), 0);
	KUNIT_EXPECT_EQ(test, length, 0u);
}

static void takes_a_message_up_to_the_end_of_the_payload(struct kunit *test)
{
	u32 length = 0;

	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 15, 24, &length), 0);
	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 16, 24, &length), 0);
	KUNIT_EXPECT_EQ(test, length, 16u);
	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 17, 24, &length), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 24, 24, &length), -EBADMSG);
}

static void rejects_a_message_whose_end_wraps(struct kunit *test)
{
	u32 length;

	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, U32_MAX, 24, &length), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, U32_MAX - 7, 24, &length), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, U32_MAX, 8, &length), -EBADMSG);
}

static void rejects_a_message_without_a_whole_header(struct kunit *test)
{
	u32 length;

	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 0, 8, &length), 0);
	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 0, 7, &length), -EBADMSG);
	KUNIT_EXPECT_EQ(test, message(KMCL_PIPE_DATA, 0, 0, &length), -EBADMSG);
}

static void rejects_what_is_no_data_message(struct kunit *test)
{
	u32 length = 7;

	KUNIT_EXPECT_EQ(test, message(0, 4, 24, &length), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, message(2, 4, 24, &length), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, message(0x10001, 4, 24, &length), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, message(U32_MAX, 4, 24, &length), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, length, 7u);
}

static struct kunit_case kmcl_parse_cases[] = {
	KUNIT_CASE(counts_bytes_between_the_indices),
	KUNIT_CASE(counts_bytes_across_the_wrap),
	KUNIT_CASE(finds_nothing_between_equal_indices),
	KUNIT_CASE(counts_a_full_ring),
	KUNIT_CASE(accepts_write_index_before_ring_end),
	KUNIT_CASE(rejects_write_index_at_ring_end),
	KUNIT_CASE(rejects_write_index_beyond_ring_end),
	KUNIT_CASE_PARAM(rejects_unaligned_write_index, misalignment_gen_params),
	KUNIT_CASE(an_empty_ring_is_all_room),
	KUNIT_CASE(a_full_ring_keeps_the_last_8_bytes),
	KUNIT_CASE(rejects_read_index_at_ring_end),
	KUNIT_CASE(rejects_our_write_index_at_ring_end),
	KUNIT_CASE_PARAM(rejects_unaligned_indices, misalignment_gen_params),
	KUNIT_CASE(bytes_and_room_make_the_ring),
	KUNIT_CASE(a_packet_takes_header_padded_payload_and_trailer),
	KUNIT_CASE(takes_over_every_field_of_the_descriptor),
	KUNIT_CASE(accepts_length_of_a_bare_descriptor),
	KUNIT_CASE(rejects_length_below_descriptor),
	KUNIT_CASE(rejects_length_zero),
	KUNIT_CASE(accepts_packet_that_ends_with_what_is_there),
	KUNIT_CASE(rejects_packet_one_byte_longer_than_what_is_there),
	KUNIT_CASE(rejects_packet_without_its_trailer),
	KUNIT_CASE(rejects_packet_in_less_than_a_trailer),
	KUNIT_CASE(accepts_the_longest_packet_if_it_is_there),
	KUNIT_CASE(rejects_the_longest_packet_in_a_short_ring),
	KUNIT_CASE(goes_on_behind_the_trailer),
	KUNIT_CASE(goes_on_at_the_start_of_the_ring),
	KUNIT_CASE(accepts_no_packet_that_overlaps_unread_bytes),
	KUNIT_CASE(accepts_payload_right_behind_the_descriptor),
	KUNIT_CASE(rejects_payload_inside_the_descriptor),
	KUNIT_CASE(accepts_empty_payload_at_the_end_of_the_packet),
	KUNIT_CASE(rejects_payload_behind_the_packet),
	KUNIT_CASE(accepts_payload_of_the_largest_size),
	KUNIT_CASE(rejects_payload_one_byte_above_the_largest_size),
	KUNIT_CASE_PARAM(takes_packets_of_three_types_only, type_gen_params),
	KUNIT_CASE_PARAM(a_server_takes_gpa_direct_packets_instead_of_transfer_pages,
			 type_gen_params),
	KUNIT_CASE(rejects_a_gap_behind_the_descriptor),
	KUNIT_CASE(wants_completion_only_if_the_flag_says_so),
	KUNIT_CASE(rejects_gpa_ranges_that_cannot_lie_before_the_payload),
	KUNIT_CASE(takes_as_many_gpa_ranges_as_the_channel_and_no_more),
	KUNIT_CASE(a_gpa_range_has_a_number_for_each_page_it_touches),
	KUNIT_CASE(rejects_gpa_ranges_out_of_bounds),
	KUNIT_CASE(rejects_transfer_pages_without_room_for_a_range),
	KUNIT_CASE(takes_over_page_set_and_number_of_ranges),
	KUNIT_CASE(rejects_no_ranges),
	KUNIT_CASE(rejects_ranges_that_do_not_end_where_the_payload_begins),
	KUNIT_CASE(rejects_ranges_whose_bytes_wrap),
	KUNIT_CASE(takes_as_many_ranges_as_the_channel_and_no_more),
	KUNIT_CASE(a_rejected_header_gives_nothing),
	KUNIT_CASE(takes_over_offset_and_length),
	KUNIT_CASE(rejects_an_empty_range),
	KUNIT_CASE(takes_a_range_up_to_the_end_and_no_further),
	KUNIT_CASE(rejects_a_range_whose_end_wraps),
	KUNIT_CASE(takes_the_largest_range_there_can_be),
	KUNIT_CASE(takes_no_more_bytes_than_are_left_to_the_packet),
	KUNIT_CASE(takes_no_range_with_a_byte_outside),
	KUNIT_CASE(takes_the_length_of_a_message_from_its_header),
	KUNIT_CASE(takes_a_message_up_to_the_end_of_the_payload),
	KUNIT_CASE(rejects_a_message_whose_end_wraps),
	KUNIT_CASE(rejects_a_message_without_a_whole_header),
	KUNIT_CASE(rejects_what_is_no_data_message),
	{}
};

static struct kunit_suite kmcl_parse_suite = {
	.name = "kmcl_parse",
	.test_cases = kmcl_parse_cases,
};
kunit_test_suite(kmcl_parse_suite);

MODULE_DESCRIPTION("KUnit suite: what the host wrote into a ring");
MODULE_LICENSE("GPL");
