// SPDX-License-Identifier: GPL-2.0-only
/*
 * Received packets, from delivery to completion. kmcl_incoming_complete() is the
 * function that the library exists for.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "incoming.h"
#include "rx.h"
#include "trace.h"
#include "tx.h"

static struct kmcl_incoming *incoming_alloc(struct kmcl_channel *ch)
{
	size_t head = ALIGN(sizeof(struct kmcl_incoming), 8);
	size_t reserve = ALIGN(ch->config.reserve, 8);
	struct kmcl_incoming *in;

	in = kvzalloc(head + reserve + ALIGN(ch->config.max_packet, 8), GFP_KERNEL);
	if (!in)
		return NULL;
	in->channel = ch;
	in->item.type = KMCL_PKT_COMPLETION;
	in->item.storage = (void *)in + head;
	in->buffer = in->item.storage + reserve;
	if (kmcl_xact_add(&ch->received, in, GFP_KERNEL, &in->slot)) {
		kvfree(in);
		return NULL;
	}
	return in;
}

/* The slot's generation stays, so that an old handle never names a new context. */
static void incoming_free(struct kmcl_incoming *in)
{
	if (!in)
		return;
	kmcl_xact_remove(&in->channel->received, in->slot);
	kvfree(in);
}

/* Contexts as configured. On -ENOMEM what there is stays for kmcl_incoming_destroy(). */
int kmcl_incoming_create(struct kmcl_channel *ch)
{
	u32 i;

	init_llist_head(&ch->spare_incoming);
	atomic_set(&ch->outstanding, 0);
	ch->incoming = kvcalloc(ch->config.incoming, sizeof(*ch->incoming), GFP_KERNEL);
	if (!ch->incoming)
		return -ENOMEM;
	for (i = 0; i < ch->config.incoming; i++) {
		ch->incoming[i] = incoming_alloc(ch);
		if (!ch->incoming[i])
			return -ENOMEM;
		llist_add(&ch->incoming[i]->spare, &ch->spare_incoming);
	}
	return 0;
}

void kmcl_incoming_destroy(struct kmcl_channel *ch)
{
	u32 i;

	for (i = 0; ch->incoming && i < ch->config.incoming; i++)
		incoming_free(ch->incoming[i]);
	kvfree(ch->incoming);
	ch->incoming = NULL;
}

/**
 * kmcl_incoming_get() - a context for a packet
 * @ch: the channel; the caller owns its receive loop, so there is one taker
 * @frame: the packet
 *
 * Return: the context, or NULL if the driver holds them all. rx.stalled is set
 * then, and putting one restarts the loop.
 */
struct kmcl_incoming *kmcl_incoming_get(struct kmcl_channel *ch, const struct kmcl_frame *frame)
{
	struct llist_node *node = llist_del_first(&ch->spare_incoming);
	struct kmcl_incoming *in;

	if (!node) {
		WRITE_ONCE(ch->rx.stalled, true);
		/* Pairs with kmcl_incoming_put(): one of us sees what the other wrote. */
		smp_mb();
		node = llist_del_first(&ch->spare_incoming);
		if (!node)
			return NULL;
		WRITE_ONCE(ch->rx.stalled, false);
	}
	in = llist_entry(node, struct kmcl_incoming, spare);
	in->item.trans_id = frame->trans_id;
	in->item.length = 0;
	in->item.answer = kmcl_frame_wants_completion(frame);
	return in;
}

/* A context comes to rest: its answer is sent, or there was none. */
void kmcl_incoming_put(struct kmcl_incoming *in)
{
	struct kmcl_channel *ch = in->channel;

	llist_add(&in->spare, &ch->spare_incoming);
	/* Pairs with kmcl_incoming_get(). */
	smp_mb();
	if (READ_ONCE(ch->rx.stalled))
		kmcl_rx_restart(ch);
}

/*
 * The end of a received packet: whoever asked is answered, once. A packet that was
 * not delivered is answered with nothing (KMCL Q39).
 */
void kmcl_incoming_finish(struct kmcl_incoming *in)
{
	bool wanted = in->item.answer;

	in->item.answer = false;
	if (wanted)
		kmcl_tx_answer(in->channel, &in->item);
	else
		kmcl_incoming_put(in);
}

/* The driver has completed all that it received. */
bool kmcl_incoming_idle(struct kmcl_channel *ch)
{
	return !atomic_read(&ch->outstanding);
}

/**
 * kmcl_incoming_complete() - the driver has finished with a received packet
 * @channel: where it was received
 * @handle: from the process_packet callback
 * @buffer: completion payload; may be NULL when @size is 0; may lie in the
 *	packet's own buffer
 * @size: of @buffer in bytes, at most the channel's completion reserve
 *
 * The heart of it, in this order: the payload is put into the context's reserve;
 * mappings and buffers of the packet are released; a completion packet is sent,
 * or queued, if the host asked for one; the context is recycled; whoever waited
 * for it is woken (design rule 2). Without a request for completion the payload
 * goes nowhere. So does the answer of a channel that has closed meanwhile.
 *
 * Packets may be completed in any order.
 *
 * Context: any; from inside the process_packet callback or at any time later.
 * Never allocates.
 * Ownership: with 0, the packet's buffer is gone and the handle is dead.
 *
 * Return: 0; -EINVAL for a NULL channel or buffer; -EMSGSIZE if @size is over
 * the reserve (nothing has happened, the packet is still outstanding); -ESTALE if
 * @handle names no outstanding packet: completed before, or never given. That is
 * counted (rejected_handle) and harms nothing.
 */
int kmcl_incoming_complete(struct kmcl_channel *channel, kmcl_handle_t handle,
			   const void *buffer, u32 size)
{
	struct kmcl_incoming *in;

	if (!channel || (size && !buffer))
		return -EINVAL;
	if (size > channel->config.reserve)
		return -EMSGSIZE;
	/* Until the end: who waits for outstanding == 0 may free the channel after a grace period. */
	rcu_read_lock();
	in = kmcl_xact_take(&channel->received, handle);
	if (!in) {
		kmcl_count(channel, rejected_handle);
		rcu_read_unlock();
		return -ESTALE;
	}
	in->item.length = size;
	if (size)
		memcpy(in->item.storage, buffer, size);
	trace_kmcl_incoming_complete(channel, handle, in->item.answer, size);
	kmcl_count(channel, incoming_completed);
	kmcl_incoming_finish(in);
	if (atomic_dec_and_test(&channel->outstanding) && wq_has_sleeper(&channel->wait))
		wake_up(&channel->wait);
	rcu_read_unlock();
	return 0;
}
EXPORT_SYMBOL_GPL(kmcl_incoming_complete);
