/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The saved state of a server's channel, as bytes: whole chunks, one after the other, the
 * first about the channel, the last the end, and one for each packet and each answer that
 * was under way. Little endian. KMCL leaves the layout to the library (KMCL 7.4); this one
 * is kmcl's own. Pure: what is read may have lain anywhere, and is judged here.
 */
#ifndef _KMCL_SAVED_H
#define _KMCL_SAVED_H

#include <linux/types.h>
#include <linux/uuid.h>

#define KMCL_SAVED_MAGIC	0x734d4b4cu
#define KMCL_SAVED_VERSION	1u

enum kmcl_saved_type {
	KMCL_SAVED_CHANNEL = 1,
	KMCL_SAVED_PACKET,
	KMCL_SAVED_ANSWER,
	KMCL_SAVED_END,
};

/**
 * struct kmcl_saved_channel - what the packets belong to
 * @connection: the transport's name for it; 0: it was not open
 * @type, @instance: of the offer
 * @generation: the highest of the table of transactions: older ids are used up
 * @packets: chunks of packets
 * @answers: chunks of answers
 * @pipe: messages have headers
 */
struct kmcl_saved_channel {
	u64 connection;
	guid_t type;
	guid_t instance;
	u32 generation;
	u32 packets;
	u32 answers;
	bool pipe;
};

/**
 * struct kmcl_saved_packet - a sent packet that was not done
 * @id: that its answer will name; 0: it waited in the queue
 * @answer: ask for an answer when it is sent; always, if it has an @id
 * @payload, @length: of one in the queue, with the header of a pipe
 * @own, @own_length: the driver's
 */
struct kmcl_saved_packet {
	u64 id;
	bool answer;
	const void *payload;
	u32 length;
	const void *own;
	u32 own_length;
};

/**
 * struct kmcl_saved_answer - the completion of a received packet that waited in the queue
 * @trans_id: the other end's
 * @payload, @length: what it says
 */
struct kmcl_saved_answer {
	u64 trans_id;
	const void *payload;
	u32 length;
};

/**
 * struct kmcl_saved - one chunk
 * @type: which of the following
 * @index: 0 for the first chunk, then one more each
 */
struct kmcl_saved {
	enum kmcl_saved_type type;
	u32 index;
	union {
		struct kmcl_saved_channel channel;
		struct kmcl_saved_packet packet;
		struct kmcl_saved_answer answer;
	};
};

/**
 * struct kmcl_saved_order - what has been read so far
 * @next: index of the next chunk
 * @packets, @answers: still to come
 * @open: there is a connection, and so there may be ids of it
 * @ended: nothing follows
 */
struct kmcl_saved_order {
	u32 next;
	u32 packets;
	u32 answers;
	bool open;
	bool ended;
};

u32 kmcl_saved_bytes(const struct kmcl_saved *chunk);
void *kmcl_saved_own(void *buffer, const struct kmcl_saved *chunk);
void kmcl_saved_encode(void *buffer, const struct kmcl_saved *chunk);
int kmcl_saved_decode(const void *buffer, u32 size, struct kmcl_saved *chunk);
int kmcl_saved_follow(struct kmcl_saved_order *order, const struct kmcl_saved *chunk);

#endif /* _KMCL_SAVED_H */
