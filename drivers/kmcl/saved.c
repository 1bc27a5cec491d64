// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chunks of a saved state: see saved.h.
 */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <kmcl/server.h>
#include <kmcl/wire.h>

#include "saved.h"
#include "xact.h"

/* What a chunk begins with. */
struct head {
	__le32 magic;
	__le16 version;
	__le16 type;
	__le32 bytes;		/* of the chunk, a multiple of 8 */
	__le32 index;
} __packed;

struct channel_chunk {
	struct head head;
	__le64 connection;
	guid_t type;
	guid_t instance;
	__le32 generation;
	__le32 packets;
	__le32 answers;
	__le32 flags;
} __packed;

#define CHANNEL_PIPE	0x1u

/* Payload and the driver's bytes follow, each filled up with zeros to 8. */
struct packet_chunk {
	struct head head;
	__le64 id;
	__le32 length;
	__le32 own_length;
	__le32 flags;
	__le32 reserved;
} __packed;

#define PACKET_ANSWER	0x1u

/* The payload follows, filled up likewise. */
struct answer_chunk {
	struct head head;
	__le64 trans_id;
	__le32 length;
	__le32 reserved;
} __packed;

#define PADDED(bytes)	ALIGN(bytes, 8u)

#define PAYLOAD_MAX	(KMCL_PACKET_SIZE_MAX + (u32)sizeof(struct kmcl_pipe_header))

/**
 * kmcl_saved_bytes() - how long a chunk is
 * @chunk: all lengths filled in
 *
 * Return: bytes, a multiple of 8.
 */
u32 kmcl_saved_bytes(const struct kmcl_saved *chunk)
{
	switch (chunk->type) {
	case KMCL_SAVED_CHANNEL:
		return sizeof(struct channel_chunk);
	case KMCL_SAVED_PACKET:
		return sizeof(struct packet_chunk) + PADDED(chunk->packet.length) +
		       PADDED(chunk->packet.own_length);
	case KMCL_SAVED_ANSWER:
		return sizeof(struct answer_chunk) + PADDED(chunk->answer.length);
	case KMCL_SAVED_END:
		return sizeof(struct head);
	}
	return 0;
}

/**
 * kmcl_saved_own() - where the driver's bytes go
 * @buffer: of the chunk
 * @chunk: a packet's
 *
 * Return: a place that kmcl_saved_encode() leaves alone.
 */
void *kmcl_saved_own(void *buffer, const struct kmcl_saved *chunk)
{
	return buffer + sizeof(struct packet_chunk) + PADDED(chunk->packet.length);
}

static void encode_head(void *buffer, const struct kmcl_saved *chunk)
{
	const struct head head = {
		.magic = cpu_to_le32(KMCL_SAVED_MAGIC),
		.version = cpu_to_le16(KMCL_SAVED_VERSION),
		.type = cpu_to_le16(chunk->type),
		.bytes = cpu_to_le32(kmcl_saved_bytes(chunk)),
		.index = cpu_to_le32(chunk->index),
	};

	memcpy(buffer, &head, sizeof(head));
}

static void encode_channel(void *buffer, const struct kmcl_saved_channel *channel)
{
	const struct channel_chunk chunk = {
		.connection = cpu_to_le64(channel->connection),
		.type = channel->type,
		.instance = channel->instance,
		.generation = cpu_to_le32(channel->generation),
		.packets = cpu_to_le32(channel->packets),
		.answers = cpu_to_le32(channel->answers),
		.flags = cpu_to_le32(channel->pipe ? CHANNEL_PIPE : 0),
	};

	memcpy(buffer, &chunk, sizeof(chunk));
}

/* NULL: they are there already. */
static void encode_bytes(void *to, const void *bytes, u32 length)
{
	if (bytes && length)
		memcpy(to, bytes, length);
	memset(to + length, 0, PADDED(length) - length);
}

static void encode_packet(void *buffer, const struct kmcl_saved_packet *packet)
{
	const struct packet_chunk chunk = {
		.id = cpu_to_le64(packet->id),
		.length = cpu_to_le32(packet->length),
		.own_length = cpu_to_le32(packet->own_length),
		.flags = cpu_to_le32(packet->answer ? PACKET_ANSWER : 0),
	};
	void *payload = buffer + sizeof(chunk);

	memcpy(buffer, &chunk, sizeof(chunk));
	encode_bytes(payload, packet->payload, packet->length);
	encode_bytes(payload + PADDED(packet->length), packet->own, packet->own_length);
}

static void encode_answer(void *buffer, const struct kmcl_saved_answer *answer)
{
	const struct answer_chunk chunk = {
		.trans_id = cpu_to_le64(answer->trans_id),
		.length = cpu_to_le32(answer->length),
	};

	memcpy(buffer, &chunk, sizeof(chunk));
	encode_bytes(buffer + sizeof(chunk), answer->payload, answer->length);
}

/**
 * kmcl_saved_encode() - write a chunk
 * @buffer: kmcl_saved_bytes() long
 * @chunk: what to write; with no pointer to them the bytes of payload or driver are there
 */
void kmcl_saved_encode(void *buffer, const struct kmcl_saved *chunk)
{
	switch (chunk->type) {
	case KMCL_SAVED_CHANNEL:
		encode_channel(buffer, &chunk->channel);
		break;
	case KMCL_SAVED_PACKET:
		encode_packet(buffer, &chunk->packet);
		break;
	case KMCL_SAVED_ANSWER:
		encode_answer(buffer, &chunk->answer);
		break;
	case KMCL_SAVED_END:
		break;
	}
	encode_head(buffer, chunk);
}

/* The only form that this version writes. */
static bool is_zero(const void *bytes, u32 length)
{
	const u8 *at = bytes;

	while (length--) {
		if (*at++)
			return false;
	}
	return true;
}

static bool padded_right(const void *bytes, u32 length)
{
	return is_zero(bytes + length, PADDED(length) - length);
}

static int decode_channel(const void *buffer, u32 bytes, struct kmcl_saved_channel *channel)
{
	struct channel_chunk chunk;

	if (bytes != sizeof(chunk))
		return -EBADMSG;
	memcpy(&chunk, buffer, sizeof(chunk));
	channel->connection = le64_to_cpu(chunk.connection);
	channel->type = chunk.type;
	channel->instance = chunk.instance;
	channel->generation = le32_to_cpu(chunk.generation);
	channel->packets = le32_to_cpu(chunk.packets);
	channel->answers = le32_to_cpu(chunk.answers);
	channel->pipe = le32_to_cpu(chunk.flags) & CHANNEL_PIPE;
	if (le32_to_cpu(chunk.flags) & ~CHANNEL_PIPE)
		return -EBADMSG;
	/* To whom, if it was not open. */
	return channel->answers && !channel->connection ? -EBADMSG : 0;
}

/* An id that this library may have given, and nothing to send any more, or none. */
static bool id_fits(const struct kmcl_saved_packet *packet)
{
	if (!packet->id)
		return true;
	return lower_32_bits(packet->id) < KMCL_XACT_MAX && upper_32_bits(packet->id) &&
	       packet->answer && !packet->length;
}

static int decode_packet(const void *buffer, u32 bytes, struct kmcl_saved_packet *packet)
{
	struct packet_chunk chunk;
	u32 flags;

	if (bytes < sizeof(chunk))
		return -EBADMSG;
	memcpy(&chunk, buffer, sizeof(chunk));
	flags = le32_to_cpu(chunk.flags);
	packet->id = le64_to_cpu(chunk.id);
	packet->length = le32_to_cpu(chunk.length);
	packet->own_length = le32_to_cpu(chunk.own_length);
	packet->answer = flags & PACKET_ANSWER;
	if (flags & ~PACKET_ANSWER || chunk.reserved || !id_fits(packet) ||
	    packet->length > PAYLOAD_MAX || packet->own_length > KMCL_SAVE_OWN_MAX ||
	    bytes != sizeof(chunk) + PADDED(packet->length) + PADDED(packet->own_length))
		return -EBADMSG;
	packet->payload = buffer + sizeof(chunk);
	packet->own = packet->payload + PADDED(packet->length);
	return padded_right(packet->payload, packet->length) &&
	       padded_right(packet->own, packet->own_length) ? 0 : -EBADMSG;
}

static int decode_answer(const void *buffer, u32 bytes, struct kmcl_saved_answer *answer)
{
	struct answer_chunk chunk;

	if (bytes < sizeof(chunk))
		return -EBADMSG;
	memcpy(&chunk, buffer, sizeof(chunk));
	answer->trans_id = le64_to_cpu(chunk.trans_id);
	answer->length = le32_to_cpu(chunk.length);
	if (chunk.reserved || answer->length > KMCL_COMPLETION_RESERVE_MAX ||
	    bytes != sizeof(chunk) + PADDED(answer->length))
		return -EBADMSG;
	answer->payload = buffer + sizeof(chunk);
	return padded_right(answer->payload, answer->length) ? 0 : -EBADMSG;
}

static int decode_body(const void *buffer, u32 bytes, struct kmcl_saved *chunk)
{
	switch (chunk->type) {
	case KMCL_SAVED_CHANNEL:
		return decode_channel(buffer, bytes, &chunk->channel);
	case KMCL_SAVED_PACKET:
		return decode_packet(buffer, bytes, &chunk->packet);
	case KMCL_SAVED_ANSWER:
		return decode_answer(buffer, bytes, &chunk->answer);
	case KMCL_SAVED_END:
		return bytes == sizeof(struct head) ? 0 : -EBADMSG;
	}
	return -EBADMSG;
}

/**
 * kmcl_saved_decode() - read a chunk
 * @buffer: where it begins
 * @size: bytes there; more may follow it
 * @chunk: out; points into @buffer
 *
 * Return: bytes of the chunk; -EINVAL if it is not there in whole; -EBADMSG if it is none.
 */
int kmcl_saved_decode(const void *buffer, u32 size, struct kmcl_saved *chunk)
{
	struct head head;
	u32 bytes;
	int ret;

	if (size < sizeof(head))
		return -EINVAL;
	memcpy(&head, buffer, sizeof(head));
	bytes = le32_to_cpu(head.bytes);
	if (le32_to_cpu(head.magic) != KMCL_SAVED_MAGIC ||
	    le16_to_cpu(head.version) != KMCL_SAVED_VERSION || bytes % 8 || bytes < sizeof(head) ||
	    bytes > S32_MAX)
		return -EBADMSG;
	if (bytes > size)
		return -EINVAL;
	chunk->type = le16_to_cpu(head.type);
	chunk->index = le32_to_cpu(head.index);
	ret = decode_body(buffer, bytes, chunk);
	return ret ? ret : bytes;
}

static bool takes_one(u32 *left)
{
	if (!*left)
		return false;
	--*left;
	return true;
}

/**
 * kmcl_saved_follow() - may this chunk come next
 * @order: zero at first; unchanged on error
 * @chunk: read
 *
 * Return: 0 or -EBADMSG.
 */
int kmcl_saved_follow(struct kmcl_saved_order *order, const struct kmcl_saved *chunk)
{
	bool right = false;

	if (order->ended || chunk->index != order->next ||
	    (chunk->type == KMCL_SAVED_CHANNEL) != !order->next)
		return -EBADMSG;
	switch (chunk->type) {
	case KMCL_SAVED_CHANNEL:
		order->packets = chunk->channel.packets;
		order->answers = chunk->channel.answers;
		order->open = chunk->channel.connection;
		right = true;
		break;
	case KMCL_SAVED_PACKET:
		right = (order->open || !chunk->packet.id) && takes_one(&order->packets);
		break;
	case KMCL_SAVED_ANSWER:
		right = takes_one(&order->answers);
		break;
	case KMCL_SAVED_END:
		right = !order->packets && !order->answers;
		order->ended = right;
		break;
	}
	if (!right)
		return -EBADMSG;
	order->next++;
	return 0;
}
