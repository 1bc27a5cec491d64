// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending (design rule 3): what fits goes into the ring, what does not waits in
 * order, and the queue moves when the host says that it has made room. Packets
 * and the answers to received packets share the queue, because they share the
 * ring.
 *
 * An item leaves this room in one of two ways. A packet that asks for an answer
 * is armed in the table of transactions just before it is written, and from that
 * moment belongs to whoever takes its id. Everything else goes to tx.done, and
 * its owner is told outside the lock.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>

#include "control.h"
#include "incoming.h"
#include "parse.h"
#include "trace.h"
#include "tx.h"

static struct kmcl_packet *item_packet(struct kmcl_tx_item *item)
{
	return container_of(item, struct kmcl_packet, item);
}

void kmcl_tx_init(struct kmcl_channel *ch)
{
	spin_lock_init(&ch->tx.lock);
	INIT_LIST_HEAD(&ch->tx.queue);
	INIT_LIST_HEAD(&ch->tx.done);
}

static u32 item_ring_bytes(struct kmcl_tx_item *item)
{
	u32 header = KMCL_DESCRIPTOR_SIZE;

	if (item->type == KMCL_PKT_DATA_GPA_DIRECT)
		header = item_packet(item)->external.gpa_len;
	return kmcl_ring_bytes(header, item->length);
}

/* Both indices lie in memory that the host can write: read once, checked, used. */
static bool tx_fits(struct kmcl_channel *ch, u32 bytes)
{
	const struct kmcl_ring *ring = &ch->tx.ep->out;
	int room = kmcl_ring_room(ring->size, READ_ONCE(ring->header->read_index),
				  READ_ONCE(ring->header->write_index));

	lockdep_assert_held(&ch->tx.lock);
	if (room < 0) {
		ch->tx.open = false;
		kmcl_control_break(ch, "outbound ring indices out of range");
		return false;
	}
	return room > bytes;
}

static int tx_place(struct kmcl_channel *ch, struct kmcl_tx_item *item, const void *payload)
{
	struct kmcl_endpoint *ep = ch->tx.ep;
	const struct kmcl_transport *bus = ep->transport;
	struct kmcl_packet *pkt;
	u64 id = 0;

	if (item->type == KMCL_PKT_COMPLETION)
		return bus->send(ep, item->type, 0, item->trans_id, payload, item->length);
	pkt = item_packet(item);
	if (item->answer)
		id = kmcl_xact_arm(&ch->sent, pkt->slot);
	trace_kmcl_send(ch, item->type, id, item->length);
	if (item->type == KMCL_PKT_DATA_GPA_DIRECT)
		return bus->send_external(ep, id, pkt->external.gpa, pkt->external.gpa_len,
					  payload, item->length);
	return bus->send(ep, item->type, item->answer ? KMCL_PKT_FLAG_COMPLETION_REQUESTED : 0,
			 id, payload, item->length);
}

static void tx_count(struct kmcl_channel *ch, u16 type, u32 length)
{
	if (type == KMCL_PKT_COMPLETION) {
		kmcl_count_tx(ch, completions_sent);
		return;
	}
	kmcl_count_tx(ch, sent);
	kmcl_add_tx(ch, sent_bytes, length);
	if (type == KMCL_PKT_DATA_GPA_DIRECT)
		kmcl_count_tx(ch, sent_external);
}

/*
 * An armed packet may be completed, freed and sent again before the bus has
 * returned, so the item is not touched afterwards. It needs no help either: if
 * the bus refused it, closing the channel cancels it.
 */
static void tx_write(struct kmcl_channel *ch, struct kmcl_tx_item *item, const void *payload)
{
	bool answer = item->answer;
	u32 length = item->length;
	u16 type = item->type;
	int ret = tx_place(ch, item, payload);

	lockdep_assert_held(&ch->tx.lock);
	if (!ret)
		tx_count(ch, type, length);
	if (ret == -EAGAIN || ret == -EIO) {
		ch->tx.open = false;
		kmcl_control_break(ch, "outbound ring changed under a send");
	}
	if (!answer) {
		item->status = ret ? -ENODEV : 0;
		list_add_tail(&item->node, &ch->tx.done);
	}
}

static void tx_set_pending(struct kmcl_channel *ch, u32 bytes)
{
	if (!bytes && !ch->tx.pending)
		return;
	ch->tx.pending = bytes;
	ch->tx.ep->transport->set_pending(ch->tx.ep, bytes);
	/* The host sees the size before we look at its read index again. */
	virt_mb();
}

/* Publish what waits, then look again: the host may have made room in between. */
static bool tx_fits_or_wait(struct kmcl_channel *ch, u32 bytes)
{
	if (tx_fits(ch, bytes))
		return true;
	if (!ch->tx.open)
		return false;
	tx_set_pending(ch, bytes);
	return tx_fits(ch, bytes);
}

static void tx_drain(struct kmcl_channel *ch)
{
	struct kmcl_tx_item *item;

	lockdep_assert_held(&ch->tx.lock);
	while (ch->tx.open && !list_empty(&ch->tx.queue)) {
		item = list_first_entry(&ch->tx.queue, struct kmcl_tx_item, node);
		if (!tx_fits_or_wait(ch, item_ring_bytes(item)))
			return;
		list_del(&item->node);
		tx_write(ch, item, item->storage);
	}
	if (ch->tx.open)
		tx_set_pending(ch, 0);
}

static void item_done(struct kmcl_tx_item *item)
{
	if (item->type == KMCL_PKT_COMPLETION)
		kmcl_incoming_put(container_of(item, struct kmcl_incoming, item));
	else
		kmcl_packet_done(item_packet(item), item->status, NULL, 0);
}

/*
 * One caller at a time tells the owners of what is done: a routine that sends
 * again adds to the list that is being worked on, and recursion does not grow.
 */
static bool tx_begin_telling(struct kmcl_channel *ch)
{
	lockdep_assert_held(&ch->tx.lock);
	if (ch->tx.telling || list_empty(&ch->tx.done))
		return false;
	ch->tx.telling = true;
	return true;
}

/* For whom tx_begin_telling() was true, after the lock. */
static void tx_tell(struct kmcl_channel *ch)
{
	struct kmcl_tx_item *item;
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	while (!list_empty(&ch->tx.done)) {
		item = list_first_entry(&ch->tx.done, struct kmcl_tx_item, node);
		list_del(&item->node);
		spin_unlock_irqrestore(&ch->tx.lock, flags);
		item_done(item);
		spin_lock_irqsave(&ch->tx.lock, flags);
	}
	ch->tx.telling = false;
	/* Under the lock: who waits for the end of telling may free the channel. */
	if (!ch->tx.open)
		wake_up(&ch->wait);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

static void tx_enqueue(struct kmcl_channel *ch, struct kmcl_tx_item *item)
{
	list_add_tail(&item->node, &ch->tx.queue);
	if (ch->tx.open)
		kmcl_count_tx(ch, ring_full);
	trace_kmcl_queue(ch, item->type, item->length);
}

/**
 * kmcl_tx_submit() - send a packet or queue it
 * @pkt: busy, its item filled in
 * @payload: item.length bytes, copied before return
 *
 * Return: 0: the routine runs, or has run. -ENODEV: the channel takes no more;
 * the packet is still the caller's.
 */
int kmcl_tx_submit(struct kmcl_packet *pkt, const void *payload)
{
	struct kmcl_channel *ch = pkt->channel;
	struct kmcl_tx_item *item = &pkt->item;
	unsigned long flags;
	bool tell;

	spin_lock_irqsave(&ch->tx.lock, flags);
	if (ch->tx.refuse) {
		spin_unlock_irqrestore(&ch->tx.lock, flags);
		return -ENODEV;
	}
	if (ch->tx.open && list_empty(&ch->tx.queue) && tx_fits(ch, item_ring_bytes(item))) {
		tx_write(ch, item, payload);
	} else {
		memcpy(item->storage, payload, item->length);
		kmcl_count_tx(ch, queued);
		tx_enqueue(ch, item);
		tx_drain(ch);
	}
	tell = tx_begin_telling(ch);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	if (tell)
		tx_tell(ch);
	return 0;
}

/**
 * kmcl_tx_answer() - send the completion of a received packet
 * @ch: the channel
 * @item: the answer, payload in its storage; its context is put when it is sent
 *
 * With the channel closing or closed the answer goes nowhere.
 */
void kmcl_tx_answer(struct kmcl_channel *ch, struct kmcl_tx_item *item)
{
	unsigned long flags;
	bool tell;

	spin_lock_irqsave(&ch->tx.lock, flags);
	if (!ch->tx.open) {
		kmcl_count(ch, unsent_completions);
		list_add_tail(&item->node, &ch->tx.done);
	} else if (list_empty(&ch->tx.queue) && tx_fits(ch, item_ring_bytes(item))) {
		tx_write(ch, item, item->storage);
	} else {
		kmcl_count_tx(ch, queued_completions);
		tx_enqueue(ch, item);
		tx_drain(ch);
	}
	tell = tx_begin_telling(ch);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	if (tell)
		tx_tell(ch);
}

/* The host signalled: perhaps there is room. */
void kmcl_tx_event(struct kmcl_channel *ch)
{
	unsigned long flags;
	bool tell;

	/* An item queued after this look has published its size: tx_fits_or_wait(). */
	if (list_empty_careful(&ch->tx.queue))
		return;
	spin_lock_irqsave(&ch->tx.lock, flags);
	tx_drain(ch);
	tell = tx_begin_telling(ch);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	if (tell)
		tx_tell(ch);
}

/* The endpoint is open: external data may be mapped; packets still wait. */
void kmcl_tx_attach(struct kmcl_channel *ch, struct kmcl_endpoint *ep)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.ep = ep;
	ch->tx.pending = false;
	ch->tx.multirange = ep->multirange;
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	rcu_assign_pointer(ch->tx.dma, ep->dma);
}

/* The driver has accepted it: let the queue go. */
void kmcl_tx_open(struct kmcl_channel *ch)
{
	unsigned long flags;
	bool tell;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.open = true;
	tx_drain(ch);
	tell = tx_begin_telling(ch);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	if (tell)
		tx_tell(ch);
}

/*
 * Nobody is in the outbound ring when this returns, nor maps external data: the
 * transport may close.
 */
void kmcl_tx_close(struct kmcl_channel *ch)
{
	unsigned long flags;

	RCU_INIT_POINTER(ch->tx.dma, NULL);
	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.open = false;
	ch->tx.ep = NULL;
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	synchronize_rcu();
}

static bool tx_all_told(struct kmcl_channel *ch)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ret = !ch->tx.telling && list_empty(&ch->tx.done);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	return ret;
}

/*
 * What waits in the queue and what was never answered ends with -ENODEV. The
 * host is out of it by now, so external data may be unmapped. Packets that
 * routines send meanwhile wait for the next open.
 */
void kmcl_tx_cancel(struct kmcl_channel *ch)
{
	struct kmcl_packet *pkt;
	struct kmcl_tx_item *item;
	unsigned long flags;
	bool tell;
	u32 cursor = 0;

	while ((pkt = kmcl_xact_take_any(&ch->sent, &cursor))) {
		kmcl_count(ch, cancelled);
		kmcl_packet_done(pkt, -ENODEV, NULL, 0);
	}
	spin_lock_irqsave(&ch->tx.lock, flags);
	list_for_each_entry(item, &ch->tx.queue, node) {
		item->status = -ENODEV;
		if (item->type == KMCL_PKT_COMPLETION)
			kmcl_count(ch, unsent_completions);
		else
			kmcl_count(ch, cancelled);
	}
	list_splice_tail_init(&ch->tx.queue, &ch->tx.done);
	tell = tx_begin_telling(ch);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	if (tell)
		tx_tell(ch);
	wait_event(ch->wait, tx_all_told(ch));
}

void kmcl_tx_refuse(struct kmcl_channel *ch, bool refuse)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.refuse = refuse;
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

static int send_check(struct kmcl_packet *pkt, const void *buffer, u32 length, u32 flags)
{
	if (!pkt || (length && !buffer) || (flags & ~KMCL_SEND_FLAGS))
		return -EINVAL;
	return length > pkt->channel->config.max_packet ? -EMSGSIZE : 0;
}

static int send_begin(struct kmcl_packet *pkt, u16 type, u32 length, u32 flags)
{
	if (atomic_cmpxchg(&pkt->state, KMCL_PACKET_IDLE, KMCL_PACKET_BUSY) != KMCL_PACKET_IDLE)
		return -EBUSY;
	pkt->item.type = type;
	pkt->item.length = length;
	pkt->item.answer = flags & KMCL_SEND_COMPLETION;
	return 0;
}

static int send_end(struct kmcl_packet *pkt, int ret)
{
	if (ret)
		atomic_set_release(&pkt->state, KMCL_PACKET_IDLE);
	return ret;
}

/**
 * kmcl_packet_send() - send an in-band packet
 * @packet: not in flight
 * @buffer: payload; may be NULL when @length is 0
 * @length: of the payload in bytes, at most the channel's packet size
 * @flags: 0 or KMCL_SEND_COMPLETION
 *
 * The packet goes into the ring, or waits in order while the ring is full or the
 * channel is not open. Never allocates, never fails for want of ring space.
 * Packets sent by one caller arrive in order.
 *
 * Context: any. Without KMCL_SEND_COMPLETION the routine may run inside this
 * call, so the caller should hold no lock that the routine takes.
 * Ownership: with 0, @packet is kmcl's until its completion routine runs, which
 * happens exactly once and may happen before this returns. With an error it is
 * still the caller's and the routine does not run. @buffer is the caller's again
 * on return.
 *
 * Return: 0; -EINVAL for a NULL packet or buffer or an unknown flag; -EMSGSIZE
 * for a payload over the limit; -EBUSY if the packet is in flight; -ENODEV while
 * the channel is being disabled or cleaned up.
 */
int kmcl_packet_send(struct kmcl_packet *packet, const void *buffer, u32 length, u32 flags)
{
	int ret = send_check(packet, buffer, length, flags);

	if (ret)
		return ret;
	ret = send_begin(packet, KMCL_PKT_DATA_INBAND, length, flags);
	if (ret)
		return ret;
	return send_end(packet, kmcl_tx_submit(packet, buffer));
}
EXPORT_SYMBOL_GPL(kmcl_packet_send);

/*
 * Mapping and queueing in one RCU read section: once kmcl_tx_close() has waited
 * for it, a mapped packet is either queued, armed or given back unmapped, so
 * kmcl_tx_cancel() finds every mapping before the device goes.
 */
static int send_mapped(struct kmcl_packet *pkt, const void *buffer, struct scatterlist *sgl,
		       unsigned int nents, enum dma_data_direction direction)
{
	struct device *dma;
	int ret = -ENOTCONN;

	rcu_read_lock();
	dma = rcu_dereference(pkt->channel->tx.dma);
	if (dma)
		ret = kmcl_external_map(pkt, dma, sgl, nents, direction);
	if (!ret) {
		ret = kmcl_tx_submit(pkt, buffer);
		if (ret)
			kmcl_external_unmap(pkt);
	}
	rcu_read_unlock();
	return ret;
}

/**
 * kmcl_packet_send_sg() - send a packet with external data
 * @packet: not in flight
 * @buffer: in-band payload, as in kmcl_packet_send()
 * @length: of @buffer in bytes
 * @sgl: the external data; list and pages stay untouched by the caller until the
 *	completion routine runs
 * @nents: entries of @sgl, at least 1
 * @direction: DMA_TO_DEVICE if the host only reads, DMA_FROM_DEVICE if it only
 *	writes, or DMA_BIDIRECTIONAL
 * @flags: KMCL_SEND_COMPLETION, which is required: nothing else tells when the
 *	host has finished with the pages
 *
 * The data are mapped with the DMA API of the channel's device now, and unmapped
 * just before the completion routine runs. If the channel is closed while the
 * packet is out, that is after the host has let go of it.
 *
 * Context: any.
 * Ownership: as kmcl_packet_send(); the pages likewise.
 *
 * Return: as kmcl_packet_send(), and: -EINVAL for a NULL or empty list, an empty
 * entry, a bad direction, or without KMCL_SEND_COMPLETION; -E2BIG for more bytes
 * or ranges than kmcl_channel_set_max_external_data() allows; -EOPNOTSUPP if the
 * pieces do not join at page boundaries and this kernel's hv_vmbus can only send
 * one range; -ENOTCONN if the channel is not open; -ENOSPC if no mapping can be
 * had now (swiotlb full).
 */
int kmcl_packet_send_sg(struct kmcl_packet *packet, const void *buffer, u32 length,
			struct scatterlist *sgl, unsigned int nents,
			enum dma_data_direction direction, u32 flags)
{
	int ret = send_check(packet, buffer, length, flags);

	if (ret)
		return ret;
	if (!sgl || !nents || !(flags & KMCL_SEND_COMPLETION) || !valid_dma_direction(direction) ||
	    direction == DMA_NONE)
		return -EINVAL;
	ret = send_begin(packet, KMCL_PKT_DATA_GPA_DIRECT, length, flags);
	if (ret)
		return ret;
	return send_end(packet, send_mapped(packet, buffer, sgl, nents, direction));
}
EXPORT_SYMBOL_GPL(kmcl_packet_send_sg);
