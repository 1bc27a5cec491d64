// SPDX-License-Identifier: GPL-2.0-only
/*
 * A saved state, read as drivers/kmcl/restore.c does. Either the bytes are the input's, or
 * they are chunks as they are written, with a few bytes changed. What is taken for a chunk
 * is, written again, the same bytes.
 *
 * Input: a byte that says which; then either the bytes, or what the chunks hold.
 */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "check.h"
#include "input.h"

#include "saved.c"

#define STATE_MAX	65536u
#define CHUNKS_MAX	16u

/* An allocation of its own, so that every byte behind it is noticed. */
static void *copy_of(const void *bytes, u32 size)
{
	void *copy = kmalloc(size ? size : 1, GFP_KERNEL);

	CHECK(copy);
	memcpy(copy, bytes, size);
	return copy;
}

static void check_within(const void *at, u32 length, const u8 *chunk, u32 bytes)
{
	CHECK((const u8 *)at >= chunk && (const u8 *)at + length <= chunk + bytes);
}

static void check_chunk(const u8 *at, u32 bytes, const struct kmcl_saved *chunk)
{
	void *again;

	CHECK(bytes == kmcl_saved_bytes(chunk) && bytes % 8 == 0 && bytes >= 16);
	switch (chunk->type) {
	case KMCL_SAVED_PACKET:
		check_within(chunk->packet.payload, chunk->packet.length, at, bytes);
		check_within(chunk->packet.own, chunk->packet.own_length, at, bytes);
		CHECK(chunk->packet.length <= PAYLOAD_MAX);
		CHECK(chunk->packet.own_length <= KMCL_SAVE_OWN_MAX);
		CHECK(!chunk->packet.id || (u32)chunk->packet.id < KMCL_XACT_MAX);
		break;
	case KMCL_SAVED_ANSWER:
		check_within(chunk->answer.payload, chunk->answer.length, at, bytes);
		CHECK(chunk->answer.length <= KMCL_COMPLETION_RESERVE_MAX);
		break;
	case KMCL_SAVED_CHANNEL:
	case KMCL_SAVED_END:
		break;
	}
	again = kmalloc(bytes, GFP_KERNEL);
	CHECK(again);
	memset(again, 0xa5, bytes);
	kmcl_saved_encode(again, chunk);
	CHECK(!memcmp(again, at, bytes));
	kfree(again);
}

/* What has to be true of an order in which chunks were taken. */
struct seen {
	u32 chunks;
	u32 packets;
	u32 answers;
	u32 packets_said;
	u32 answers_said;
	u64 connection;
};

static void check_order(struct seen *seen, const struct kmcl_saved *chunk,
			const struct kmcl_saved_order *order)
{
	CHECK(chunk->index == seen->chunks);
	CHECK((chunk->type == KMCL_SAVED_CHANNEL) == !seen->chunks);
	seen->chunks++;
	if (chunk->type == KMCL_SAVED_CHANNEL) {
		seen->packets_said = chunk->channel.packets;
		seen->answers_said = chunk->channel.answers;
		seen->connection = chunk->channel.connection;
	}
	/* Nothing of a connection without one. */
	CHECK(seen->connection || chunk->type == KMCL_SAVED_CHANNEL ||
	      chunk->type == KMCL_SAVED_END || (chunk->type == KMCL_SAVED_PACKET && !chunk->packet.id));
	seen->packets += chunk->type == KMCL_SAVED_PACKET;
	seen->answers += chunk->type == KMCL_SAVED_ANSWER;
	CHECK(seen->packets <= seen->packets_said && seen->answers <= seen->answers_said);
	CHECK(order->ended == (chunk->type == KMCL_SAVED_END));
	if (order->ended)
		CHECK(seen->packets == seen->packets_said && seen->answers == seen->answers_said);
}

/* Returns chunks taken. */
static u32 read_state(const u8 *bytes, u32 size)
{
	struct kmcl_saved_order order = { 0 }, before;
	struct seen seen = { 0 };
	struct kmcl_saved chunk;
	u8 *state = copy_of(bytes, size);
	u32 at = 0;
	int taken;

	while (at < size) {
		taken = kmcl_saved_decode(state + at, size - at, &chunk);
		CHECK(taken == -EINVAL || taken == -EBADMSG || (taken > 0 && taken <= size - at));
		if (taken < 0)
			break;
		check_chunk(state + at, taken, &chunk);
		before = order;
		if (kmcl_saved_follow(&order, &chunk)) {
			CHECK(!memcmp(&before, &order, sizeof(order)));
			break;
		}
		CHECK(!before.ended);
		check_order(&seen, &chunk, &order);
		at += taken;
	}
	kfree(state);
	return seen.chunks;
}

static struct kmcl_saved make_chunk(struct input *in, u32 index, u32 type, const u8 *zeros)
{
	struct kmcl_saved chunk = { .type = type, .index = index };

	switch (chunk.type) {
	case KMCL_SAVED_CHANNEL:
		chunk.channel.connection = input_u64(in) | 1;
		input_bytes(in, &chunk.channel.type, 16);
		input_bytes(in, &chunk.channel.instance, 16);
		chunk.channel.generation = input_u32(in);
		chunk.channel.pipe = input_u8(in) & 1;
		break;
	case KMCL_SAVED_PACKET:
		chunk.packet.answer = input_u8(in) & 1;
		if (chunk.packet.answer && input_u8(in) & 1)
			chunk.packet.id = (1ull + input_u8(in)) << 32 | input_u16(in) % KMCL_XACT_MAX;
		chunk.packet.length = chunk.packet.id ? 0 : input_u8(in);
		chunk.packet.own_length = input_u8(in);
		chunk.packet.payload = zeros;
		chunk.packet.own = zeros;
		break;
	case KMCL_SAVED_ANSWER:
		chunk.answer.trans_id = input_u64(in);
		chunk.answer.length = input_u8(in);
		chunk.answer.payload = zeros;
		break;
	case KMCL_SAVED_END:
		break;
	}
	return chunk;
}

static u32 write_state(struct input *in, u8 *state, u32 count, const u8 *types)
{
	u8 some[256];
	struct kmcl_saved chunk;
	u32 i, n, bytes, size = 0;

	for (i = 0; i < sizeof(some); i++)
		some[i] = i * 7;
	for (i = 0; i < count; i++) {
		chunk = make_chunk(in, i, types[i], some);
		for (n = 0; !i && n < count; n++) {
			chunk.channel.packets += types[n] == KMCL_SAVED_PACKET;
			chunk.channel.answers += types[n] == KMCL_SAVED_ANSWER;
		}
		bytes = kmcl_saved_bytes(&chunk);
		memset(state + size, 0x5a, bytes);
		kmcl_saved_encode(state + size, &chunk);
		size += bytes;
	}
	return size;
}

static void written_state(struct input *in)
{
	u8 *state = kmalloc(STATE_MAX, GFP_KERNEL);
	u8 types[CHUNKS_MAX];
	u32 count = 2 + input_u8(in) % (CHUNKS_MAX - 2), size, i, changes;

	CHECK(state);
	for (i = 1; i < count - 1; i++)
		types[i] = input_u8(in) & 1 ? KMCL_SAVED_PACKET : KMCL_SAVED_ANSWER;
	types[0] = KMCL_SAVED_CHANNEL;
	types[count - 1] = KMCL_SAVED_END;
	size = write_state(in, state, count, types);
	CHECK(read_state(state, size) == count);
	for (changes = input_u8(in) % 4; changes; changes--) {
		i = input_u16(in) % size;
		state[i] ^= input_u8(in);
	}
	read_state(state, size - input_u8(in) % size);
	kfree(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	if (input_u8(&in) & 1)
		written_state(&in);
	else
		read_state(in.at, in.left);
	return 0;
}
