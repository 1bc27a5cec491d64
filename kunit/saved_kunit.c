// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chunks of a saved state: what is written can be read, and nothing else can.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "saved.c"

#define ROOM	512u

static const guid_t a_type = { .b = { 1, 2, 3 } }, an_instance = { .b = { 4, 5, 6 } };

static struct kmcl_saved a_channel(void)
{
	return (struct kmcl_saved){
		.type = KMCL_SAVED_CHANNEL,
		.channel = {
			.connection = 0x1122334455667788, .type = a_type, .instance = an_instance,
			.generation = 77, .packets = 2, .answers = 1, .pipe = true,
		},
	};
}

static struct kmcl_saved a_packet(u32 index, u64 id, u32 length, u32 own_length)
{
	static const char payload[] = "payload payload payload", own[] = "own own own own own";

	return (struct kmcl_saved){
		.type = KMCL_SAVED_PACKET, .index = index,
		.packet = {
			.id = id, .answer = id, .payload = payload, .length = length,
			.own = own, .own_length = own_length,
		},
	};
}

static struct kmcl_saved an_answer(u32 index, u32 length)
{
	return (struct kmcl_saved){
		.type = KMCL_SAVED_ANSWER, .index = index,
		.answer = { .trans_id = 0xabc, .payload = "answer answer answer", .length = length },
	};
}

static struct kmcl_saved an_end(u32 index)
{
	return (struct kmcl_saved){ .type = KMCL_SAVED_END, .index = index };
}

/* Into exactly as many bytes as it has, so that reading behind them is noticed. */
static u8 *encoded(struct kunit *test, const struct kmcl_saved *chunk)
{
	u8 *buffer = kunit_kmalloc(test, kmcl_saved_bytes(chunk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	memset(buffer, 0xff, kmcl_saved_bytes(chunk));
	kmcl_saved_encode(buffer, chunk);
	return buffer;
}

static int decoded(struct kunit *test, const struct kmcl_saved *chunk, struct kmcl_saved *out)
{
	return kmcl_saved_decode(encoded(test, chunk), kmcl_saved_bytes(chunk), out);
}

static void a_channel_is_read_as_written(struct kunit *test)
{
	struct kmcl_saved in = a_channel(), out;

	KUNIT_ASSERT_EQ(test, decoded(test, &in, &out), (int)kmcl_saved_bytes(&in));
	KUNIT_EXPECT_EQ(test, out.type, KMCL_SAVED_CHANNEL);
	KUNIT_EXPECT_EQ(test, out.channel.connection, in.channel.connection);
	KUNIT_EXPECT_TRUE(test, guid_equal(&out.channel.type, &a_type));
	KUNIT_EXPECT_TRUE(test, guid_equal(&out.channel.instance, &an_instance));
	KUNIT_EXPECT_EQ(test, out.channel.generation, 77);
	KUNIT_EXPECT_EQ(test, out.channel.packets, 2);
	KUNIT_EXPECT_EQ(test, out.channel.answers, 1);
	KUNIT_EXPECT_TRUE(test, out.channel.pipe);
}

static const struct {
	u32 length;
	u32 own;
} lengths[] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 7, 9 }, { 8, 8 }, { 9, 7 }, { 16, 17 } };

static void a_queued_packet_is_read_as_written(struct kunit *test)
{
	struct kmcl_saved in, out;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		in = a_packet(3, 0, lengths[i].length, lengths[i].own);
		KUNIT_ASSERT_EQ(test, decoded(test, &in, &out), (int)kmcl_saved_bytes(&in));
		KUNIT_EXPECT_EQ(test, out.index, 3);
		KUNIT_EXPECT_EQ(test, out.packet.id, 0);
		KUNIT_EXPECT_FALSE(test, out.packet.answer);
		KUNIT_ASSERT_EQ(test, out.packet.length, lengths[i].length);
		KUNIT_ASSERT_EQ(test, out.packet.own_length, lengths[i].own);
		KUNIT_EXPECT_EQ(test, memcmp(out.packet.payload, in.packet.payload,
					     lengths[i].length), 0);
		KUNIT_EXPECT_EQ(test, memcmp(out.packet.own, in.packet.own, lengths[i].own), 0);
	}
}

static void a_placed_packet_is_read_as_written(struct kunit *test)
{
	struct kmcl_saved in = a_packet(1, 5ull << 32 | 6, 0, 4), out;

	KUNIT_ASSERT_EQ(test, decoded(test, &in, &out), (int)kmcl_saved_bytes(&in));
	KUNIT_EXPECT_EQ(test, out.packet.id, 5ull << 32 | 6);
	KUNIT_EXPECT_TRUE(test, out.packet.answer);
}

static void an_answer_is_read_as_written(struct kunit *test)
{
	struct kmcl_saved in = an_answer(2, 5), out;

	KUNIT_ASSERT_EQ(test, decoded(test, &in, &out), (int)kmcl_saved_bytes(&in));
	KUNIT_EXPECT_EQ(test, out.answer.trans_id, 0xabc);
	KUNIT_ASSERT_EQ(test, out.answer.length, 5);
	KUNIT_EXPECT_EQ(test, memcmp(out.answer.payload, "answe", 5), 0);
}

static void the_drivers_bytes_may_be_there_already(struct kunit *test)
{
	struct kmcl_saved chunk = a_packet(1, 0, 5, 11), out;
	u8 *buffer = encoded(test, &chunk);

	memset(kmcl_saved_own(buffer, &chunk), 0x77, 16);
	chunk.packet.own = NULL;
	kmcl_saved_encode(buffer, &chunk);
	KUNIT_ASSERT_GT(test, kmcl_saved_decode(buffer, kmcl_saved_bytes(&chunk), &out), 0);
	KUNIT_EXPECT_EQ(test, ((const u8 *)out.packet.own)[10], 0x77);
}

/* One byte less than there has to be. */
static void what_is_not_there_in_whole_is_not_read(struct kunit *test)
{
	struct kmcl_saved in = a_packet(1, 0, 5, 6), out;
	u8 *buffer = encoded(test, &in);
	u32 size;

	for (size = 0; size < kmcl_saved_bytes(&in); size++)
		KUNIT_EXPECT_EQ(test, kmcl_saved_decode(buffer, size, &out), -EINVAL);
}

static void what_follows_a_chunk_is_left_alone(struct kunit *test)
{
	struct kmcl_saved in = an_end(9), out;
	u8 buffer[32];

	memset(buffer, 0xff, sizeof(buffer));
	kmcl_saved_encode(buffer, &in);
	KUNIT_EXPECT_EQ(test, kmcl_saved_decode(buffer, sizeof(buffer), &out), 16);
	KUNIT_EXPECT_EQ(test, buffer[16], 0xff);
}

/* A word of a packet's chunk, and what it may not be. */
static const struct {
	u32 at;
	u32 value;
} wrong_packets[] = {
	{ 0, 0 },				/* magic */
	{ 4, 2 | KMCL_SAVED_PACKET << 16 },	/* version */
	{ 4, 1 },				/* type */
	{ 4, 1 | 5 << 16 },
	{ 4, 1 | KMCL_SAVED_CHANNEL << 16 },
	{ 4, 1 | KMCL_SAVED_END << 16 },
	{ 8, 0 },				/* bytes */
	{ 8, 15 },
	{ 8, 48 },
	{ 8, 0xfffffff8 },
	{ 16, KMCL_XACT_MAX - 1 },		/* id without generation */
	{ 24, 9 },				/* lengths that do not fit the whole */
	{ 24, 0xffffffff },
	{ 28, 9 },
	{ 28, 0xfffffff9 },
	{ 32, 2 },				/* flags */
	{ 36, 1 },				/* reserved */
	{ 44, 0x100 },				/* behind the payload */
	{ 52, 0x100 },				/* behind the driver's */
};

static void nothing_else_is_a_packet(struct kunit *test)
{
	struct kmcl_saved in = a_packet(1, 0, 4, 4), out;
	u8 *buffer;
	int i;

	KUNIT_ASSERT_EQ(test, kmcl_saved_bytes(&in), 56);
	for (i = 0; i < ARRAY_SIZE(wrong_packets); i++) {
		buffer = encoded(test, &in);
		memcpy(buffer + wrong_packets[i].at, &wrong_packets[i].value, 4);
		KUNIT_EXPECT_EQ_MSG(test, kmcl_saved_decode(buffer, 56, &out), -EBADMSG,
				    "word at %u", wrong_packets[i].at);
	}
}

static void ids_have_limits(struct kunit *test)
{
	struct kmcl_saved in = a_packet(1, 1ull << 32 | (KMCL_XACT_MAX - 1), 0, 0), out;

	KUNIT_EXPECT_GT(test, decoded(test, &in, &out), 0);
	in.packet.id++;
	KUNIT_EXPECT_EQ(test, decoded(test, &in, &out), -EBADMSG);
	/* Sent already: there is nothing to send, and it asked for an answer. */
	in = a_packet(1, 1ull << 32, 1, 0);
	KUNIT_EXPECT_EQ(test, decoded(test, &in, &out), -EBADMSG);
	in = a_packet(1, 1ull << 32, 0, 0);
	in.packet.answer = false;
	KUNIT_EXPECT_EQ(test, decoded(test, &in, &out), -EBADMSG);
}

static void lengths_have_limits(struct kunit *test)
{
	static const struct {
		u32 length, own, answer;
		bool right;
	} limits[] = {
		{ PAYLOAD_MAX, 0, 0, true },
		{ PAYLOAD_MAX + 1, 0, 0, false },
		{ 0, KMCL_SAVE_OWN_MAX, 0, true },
		{ 0, KMCL_SAVE_OWN_MAX + 1, 0, false },
		{ 0, 0, KMCL_COMPLETION_RESERVE_MAX, true },
		{ 0, 0, KMCL_COMPLETION_RESERVE_MAX + 1, false },
	};
	u8 *zeros = kunit_kzalloc(test, PAYLOAD_MAX + 8, GFP_KERNEL);
	struct kmcl_saved in, out;
	int i, ret;

	KUNIT_ASSERT_NOT_NULL(test, zeros);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		in = limits[i].answer ? an_answer(1, limits[i].answer) :
					a_packet(1, 0, limits[i].length, limits[i].own);
		if (limits[i].answer)
			in.answer.payload = zeros;
		else
			in.packet.payload = in.packet.own = zeros;
		ret = decoded(test, &in, &out);
		KUNIT_EXPECT_EQ(test, ret, limits[i].right ? (int)kmcl_saved_bytes(&in) : -EBADMSG);
	}
}

static void other_chunks_are_as_strict(struct kunit *test)
{
	struct kmcl_saved in = a_channel(), out;
	u8 *buffer = encoded(test, &in);
	u32 bytes = kmcl_saved_bytes(&in);

	buffer[bytes - 4] |= 2;		/* a flag that there is not */
	KUNIT_EXPECT_EQ(test, kmcl_saved_decode(buffer, bytes, &out), -EBADMSG);
	buffer = encoded(test, &in);
	buffer[8] -= 8;
	KUNIT_EXPECT_EQ(test, kmcl_saved_decode(buffer, bytes, &out), -EBADMSG);
	in = an_answer(1, 3);
	buffer = encoded(test, &in);
	buffer[28] = 1;			/* reserved */
	KUNIT_EXPECT_EQ(test, kmcl_saved_decode(buffer, 40, &out), -EBADMSG);
	buffer = encoded(test, &in);
	buffer[36] = 1;			/* behind the payload */
	KUNIT_EXPECT_EQ(test, kmcl_saved_decode(buffer, 40, &out), -EBADMSG);
	buffer = encoded(test, &in);
	buffer[8] = 24;
	KUNIT_EXPECT_EQ(test, kmcl_saved_decode(buffer, 40, &out), -EBADMSG);
}

/* The right order, and each step of it in place of each other. */
static void chunks_come_in_their_order_alone(struct kunit *test)
{
	const struct kmcl_saved chunks[] = {
		a_channel(), a_packet(1, 0, 1, 1), an_answer(2, 1), a_packet(3, 0, 1, 1), an_end(4),
	};
	struct kmcl_saved_order order = {}, before;
	int i, other;

	for (i = 0; i < ARRAY_SIZE(chunks); i++) {
		for (other = 0; other < ARRAY_SIZE(chunks); other++) {
			if (other == i)
				continue;
			before = order;
			KUNIT_EXPECT_EQ(test, kmcl_saved_follow(&order, &chunks[other]), -EBADMSG);
			KUNIT_EXPECT_EQ(test, memcmp(&before, &order, sizeof(order)), 0);
		}
		KUNIT_ASSERT_EQ(test, kmcl_saved_follow(&order, &chunks[i]), 0);
	}
	KUNIT_EXPECT_TRUE(test, order.ended);
	KUNIT_EXPECT_EQ(test, kmcl_saved_follow(&order, &chunks[4]), -EBADMSG);
}

static void there_are_as_many_as_the_first_chunk_says(struct kunit *test)
{
	const struct kmcl_saved channel = a_channel(), answer = an_answer(1, 1);
	const struct kmcl_saved second = an_answer(2, 1), end = an_end(2);
	struct kmcl_saved_order order = {};

	KUNIT_ASSERT_EQ(test, kmcl_saved_follow(&order, &channel), 0);
	KUNIT_ASSERT_EQ(test, kmcl_saved_follow(&order, &answer), 0);
	KUNIT_EXPECT_EQ(test, kmcl_saved_follow(&order, &second), -EBADMSG);
	KUNIT_EXPECT_EQ(test, kmcl_saved_follow(&order, &end), -EBADMSG);
}

/* To nobody's id, nobody's question. */
static void without_a_connection_there_is_nothing_of_one(struct kunit *test)
{
	struct kmcl_saved channel = a_channel(), placed = a_packet(1, 1ull << 32, 0, 0), out;
	const struct kmcl_saved queued = a_packet(1, 0, 3, 0);
	struct kmcl_saved_order order = {};

	channel.channel.connection = 0;
	KUNIT_EXPECT_EQ(test, decoded(test, &channel, &out), -EBADMSG);
	channel.channel.answers = 0;
	KUNIT_EXPECT_GT(test, decoded(test, &channel, &out), 0);
	KUNIT_ASSERT_EQ(test, kmcl_saved_follow(&order, &channel), 0);
	KUNIT_EXPECT_EQ(test, kmcl_saved_follow(&order, &placed), -EBADMSG);
	KUNIT_EXPECT_EQ(test, kmcl_saved_follow(&order, &queued), 0);
}

static struct kunit_case saved_cases[] = {
	KUNIT_CASE(a_channel_is_read_as_written),
	KUNIT_CASE(a_queued_packet_is_read_as_written),
	KUNIT_CASE(a_placed_packet_is_read_as_written),
	KUNIT_CASE(an_answer_is_read_as_written),
	KUNIT_CASE(the_drivers_bytes_may_be_there_already),
	KUNIT_CASE(what_is_not_there_in_whole_is_not_read),
	KUNIT_CASE(what_follows_a_chunk_is_left_alone),
	KUNIT_CASE(nothing_else_is_a_packet),
	KUNIT_CASE(ids_have_limits),
	KUNIT_CASE(lengths_have_limits),
	KUNIT_CASE(other_chunks_are_as_strict),
	KUNIT_CASE(chunks_come_in_their_order_alone),
	KUNIT_CASE(there_are_as_many_as_the_first_chunk_says),
	KUNIT_CASE(without_a_connection_there_is_nothing_of_one),
	{}
};

static struct kunit_suite saved_suite = {
	.name = "kmcl_saved",
	.test_cases = saved_cases,
};

kunit_test_suite(saved_suite);

MODULE_DESCRIPTION("KUnit suite: the bytes of a saved state");
MODULE_LICENSE("GPL");
