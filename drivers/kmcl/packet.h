/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packet objects, and the item that everything which goes into the outbound ring
 * begins with.
 */
#ifndef _KMCL_PACKET_H
#define _KMCL_PACKET_H

#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/llist.h>

#include "channel.h"

/**
 * struct kmcl_tx_item - what can wait for room in the ring
 * @node: in tx.queue or tx.done
 * @trans_id: KMCL_PKT_COMPLETION: the host's
 * @storage: where the payload lies while the item waits
 * @length: of the payload, with the header of a pipe
 * @type: enum kmcl_packet_type
 * @answer: ask for a completion
 * @queued: on tx.queue
 * @status: for its owner, once on tx.done
 *
 * Of an armed packet nothing may be read any more: see tx_place().
 */
struct kmcl_tx_item {
	struct list_head node;
	u64 trans_id;
	void *storage;
	u32 length;
	u16 type;
	bool answer;
	bool queued;
	int status;
};

/**
 * struct kmcl_external - the external data of a packet
 * @gpa: GPA-direct header and ranges; NULL if the channel has no external data
 * @max_bytes, @max_ranges: what @gpa has room for; set once
 * @gpa_len: bytes in use, a multiple of 8
 * @own: room for a scatterlist of ours, @max_entries; for what is given in other forms
 * @dma: device it is mapped for
 * @sgl, @nents: what is mapped: the driver's list or @own
 * @held: the pages have references of ours
 * @direction: of the mapping; DMA_NONE = nothing is mapped
 */
struct kmcl_external {
	struct kmcl_gpa_header *gpa;
	u32 max_bytes;
	u32 max_ranges;
	u32 gpa_len;
	struct scatterlist *own;
	u32 max_entries;
	struct device *dma;
	struct scatterlist *sgl;
	unsigned int nents;
	bool held;
	enum dma_data_direction direction;
};

/* kmcl_packet.request: who ends a synchronous request */
enum kmcl_request_state {
	KMCL_REQUEST_WAITING,	/* the caller waits, the routine has not run */
	KMCL_REQUEST_DONE,	/* the routine has run; the packet is the caller's */
	KMCL_REQUEST_DISOWNED,	/* the caller has left; the packet is the routine's */
};

enum kmcl_packet_state {
	KMCL_PACKET_IDLE,	/* the driver's */
	KMCL_PACKET_RESTORED,	/* the driver's, in its restore callback, which makes it busy */
	KMCL_PACKET_BUSY,	/* between send and completion routine: kmcl's */
};

/**
 * struct kmcl_packet - a packet object
 *
 * Birth: kmcl_packet_alloc(), with everything that sending needs: storage for a
 * waiting payload, room for the ranges of external data, a slot in the table of
 * transactions. Users: the driver while idle; the send path and whoever takes
 * its transaction while busy. Death: kmcl_packet_free() puts it aside for the
 * next allocation; kmcl_channel_cleanup() frees what was put aside.
 *
 * One in the driver's own memory is born by kmcl_packet_init() and dies without a
 * word, so nothing of kmcl's may point to it while it is idle: it has a slot only
 * from placing to taking.
 *
 * @head: the driver's, and of the layer above
 * @item: tx.lock, while busy
 * @spare: while put aside
 * @channel: set once
 * @slot: in kmcl_channel.sent. Set once; @guest: KMCL_XACT_MAX = none, under tx.lock
 *	while busy
 * @guest: in the driver's memory; set once
 * @capacity: bytes of payload there is storage for; set once
 * @state: enum kmcl_packet_state, by cmpxchg: who sends first, wins
 * @routine: the driver's
 * @request: enum kmcl_request_state
 * @status, @answer_length: of a request, for its caller
 * @external: the sender, then whoever ends the transaction
 */
struct kmcl_packet {
	struct kmcl_packet_head head;		/* first: kmcl_packet_get_pointer() */
	struct kmcl_tx_item item;
	struct llist_node spare;
	struct kmcl_channel *channel;
	u32 slot;
	u32 capacity;
	bool guest;
	atomic_t state;
	kmcl_completion_t routine;
	atomic_t request;
	int status;
	u32 answer_length;
	struct kmcl_external external;
};

static_assert(offsetof(struct kmcl_packet, head) == 0);

void kmcl_packets_init(struct kmcl_channel *ch);
void kmcl_packet_drop_spares(struct kmcl_channel *ch);
void kmcl_packet_done(struct kmcl_packet *pkt, int status, const void *buffer, u32 length);

/* request.c */
bool kmcl_packet_is_request(const struct kmcl_packet *pkt);

/* extdata.c */
u32 kmcl_external_size(const struct kmcl_config *config);
u32 kmcl_external_entries(const struct kmcl_config *config);
int kmcl_external_valid(const struct kmcl_external_data *data);
int kmcl_external_map(struct kmcl_packet *pkt, struct device *dma,
		      const struct kmcl_external_data *data, bool hold);
void kmcl_external_unmap(struct kmcl_packet *pkt);
struct page *kmcl_address_page(const void *at);
bool kmcl_page_holdable(struct page *page);

/* The packet that waits in the queue, or is written, as this; not for a completion. */
static inline struct kmcl_packet *kmcl_item_packet(struct kmcl_tx_item *item)
{
	return container_of(item, struct kmcl_packet, item);
}

static inline u32 kmcl_pipe_overhead(const struct kmcl_config *config)
{
	return config->pipe ? sizeof(struct kmcl_pipe_header) : 0;
}

/* Bytes for a waiting payload, the header of a pipe included. */
static inline u32 kmcl_storage_size(const struct kmcl_config *config)
{
	return ALIGN(config->max_packet, 8) + sizeof(struct kmcl_pipe_header);
}

#endif /* _KMCL_PACKET_H */
