/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Completion contexts: what kmcl knows of a received packet until the driver has
 * completed it.
 */
#ifndef _KMCL_INCOMING_H
#define _KMCL_INCOMING_H

#include "packet.h"
#include "parse.h"

/**
 * struct kmcl_incoming - one completion context
 *
 * Birth: with its channel's configuration, all of them at once, each with a
 * buffer for the largest payload and a reserve for the largest answer. Users:
 * the receive loop until delivery; then nobody but the caller who takes its
 * handle; then the send path while the answer waits for room. Death: with the
 * configuration, when all are at rest.
 *
 * @item: the answer; its storage is the reserve
 * @spare: while at rest
 * @channel, @slot: set once; the slot is in kmcl_channel.received
 * @buffer: private copy of the payload
 * @payload: what of it is delivered: all but the header of a pipe
 * @length: of @payload
 * @context: the driver's, kmcl_config.context bytes; NULL if it wants none
 * @gpadl: where external data lie, with a reference; NULL: there are none
 * @data: of them; its ranges are the context's own; its count is 0 if there are none
 * @fetched: the driver has asked for them, so it is told when they go
 * @pages, @page_count: of a GPA-direct packet's data; NULL on a client
 * @addresses: of its ranges, where @mapped
 * @pinned: its pages have references of ours
 * @mapped: there are mappings of ours, so the packet ends where one may sleep
 */
struct kmcl_incoming {
	struct kmcl_tx_item item;
	struct llist_node spare;
	struct kmcl_channel *channel;
	u32 slot;
	u32 length;
	void *buffer;
	void *payload;
	void *context;
	struct kmcl_gpadl *gpadl;
	struct kmcl_received_data data;
	bool fetched;
	struct page **pages;
	u32 page_count;
	void **addresses;
	bool pinned;
	bool mapped;
};

/* What tracepoint kmcl_drop is about. */
enum kmcl_dropped {
	KMCL_DROPPED_ANSWER,	/* id: the host's; the channel's end overtook it */
	KMCL_DROPPED_PACKET,	/* id: the host's; deferred when the channel closed */
	KMCL_DROPPED_HANDLE,	/* id: the handle; it names nothing */
};

int kmcl_incoming_create(struct kmcl_channel *ch);
void kmcl_incoming_destroy(struct kmcl_channel *ch);
struct kmcl_incoming *kmcl_incoming_get(struct kmcl_channel *ch, const struct kmcl_frame *frame);
struct kmcl_tx_item *kmcl_incoming_restore(struct kmcl_channel *ch, u64 trans_id,
					   const void *payload, u32 length);
void kmcl_incoming_put(struct kmcl_incoming *in);
void kmcl_incoming_finish(struct kmcl_incoming *in);
void kmcl_incoming_drop(struct kmcl_incoming *in);
void kmcl_incoming_release(struct kmcl_incoming *in);
bool kmcl_incoming_idle(struct kmcl_channel *ch);
void kmcl_incoming_end_work(struct work_struct *work);

/* pages.c: of GPA-direct packets */
int kmcl_pages_pin(struct kmcl_incoming *in);
bool kmcl_pages_linear(const struct kmcl_incoming *in);
int kmcl_pages_map(struct kmcl_incoming *in, bool read_only);
void *kmcl_pages_address(const struct kmcl_incoming *in, u32 range);
void kmcl_pages_release(struct kmcl_incoming *in);

/* What the ranges of one packet may touch. */
static inline u32 kmcl_pages_max(const struct kmcl_config *config)
{
	return config->max_external / KMCL_WIRE_PAGE_SIZE + 2 * config->max_ranges;
}

#endif /* _KMCL_INCOMING_H */
