// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending (design rule 3): what fits goes into the ring, what does not waits in
 * order, and the queue moves when the host says that it has made room. Packets
 * and the answers to received packets share the queue, because they share the
 * ring.
 *
 * A packet leaves this room in one of two ways. One that asks for an answer is
 * armed in the table of transactions just before it is written, and from that
 * moment belongs to whoever takes its id. One that does not goes to tx.done, and
 * its routine is called outside the lock.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>

#include "control.h"
#include "incoming.h"
#include "parse.h"
#include "rx.h"
#include "trace.h"
#include "tx.h"
#include "watchdog.h"

static void tx_work(struct work_struct *work);

static struct kmcl_incoming *item_incoming(struct kmcl_tx_item *item)
{
	return container_of(item, struct kmcl_incoming, item);
}

void kmcl_tx_init(struct kmcl_channel *ch)
{
	spin_lock_init(&ch->tx.lock);
	INIT_WORK(&ch->tx.work, tx_work);
	INIT_LIST_HEAD(&ch->tx.queue);
	INIT_LIST_HEAD(&ch->tx.done);
}

static u32 item_ring_bytes(struct kmcl_tx_item *item)
{
	u32 header = KMCL_DESCRIPTOR_SIZE;

	if (item->type == KMCL_PKT_DATA_GPA_DIRECT)
		header = kmcl_item_packet(item)->external.gpa_len;
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

/*
 * A packet in the driver's memory has a slot from here to the end of its
 * transaction; room was reserved, so there is one unless KMCL_XACT_MAX are in use.
 */
static noinline bool tx_pop_slot(struct kmcl_channel *ch, struct kmcl_packet *pkt)
{
	lockdep_assert_held(&ch->tx.lock);
	if (kmcl_xact_pop(&ch->sent, pkt, &pkt->slot))
		return true;
	WRITE_ONCE(ch->tx.starved, true);
	/* Whoever gives a slot back sees the mark, or we see the slot: packet_leave_slot(). */
	smp_mb();
	return kmcl_xact_pop(&ch->sent, pkt, &pkt->slot);
}

static bool tx_take_slot(struct kmcl_channel *ch, struct kmcl_tx_item *item)
{
	if (likely(item->type == KMCL_PKT_COMPLETION || !item->answer ||
		   !kmcl_item_packet(item)->guest))
		return true;
	return tx_pop_slot(ch, kmcl_item_packet(item));
}

/*
 * Nothing is read from a packet once it is armed: the answer may come, and the
 * driver may send it again.
 */
static int tx_place(struct kmcl_channel *ch, struct kmcl_tx_item *item, const void *payload)
{
	struct kmcl_packet *pkt = kmcl_item_packet(item);
	struct kmcl_gpa_header *gpa = NULL;
	struct kmcl_endpoint *ep = ch->tx.ep;
	u32 length = item->length, gpa_len = 0;
	u16 type = item->type, flags = 0;
	u64 id = 0;

	lockdep_assert_held(&ch->tx.lock);
	if (type == KMCL_PKT_DATA_GPA_DIRECT) {
		gpa = pkt->external.gpa;
		gpa_len = pkt->external.gpa_len;
	}
	if (item->answer) {
		flags = KMCL_PKT_FLAG_COMPLETION_REQUESTED;
		id = kmcl_xact_arm(&ch->sent, pkt->slot);
	}
	trace_kmcl_send(ch, type, id, length);
	if (gpa)
		return ep->transport->send_external(ep, id, gpa, gpa_len, payload, length);
	return ep->transport->send(ep, type, flags, id, payload, length);
}

static void tx_failed(struct kmcl_channel *ch, int err)
{
	lockdep_assert_held(&ch->tx.lock);
	if (err != -EAGAIN && err != -EIO)
		return;
	ch->tx.open = false;
	kmcl_control_break(ch, "outbound ring changed under a send");
}

/*
 * A packet that asks for an answer needs no help if the bus refused it: closing
 * the channel cancels it.
 */
static void tx_write_packet(struct kmcl_channel *ch, struct kmcl_tx_item *item,
			    const void *payload)
{
	bool external = item->type == KMCL_PKT_DATA_GPA_DIRECT;
	bool answer = item->answer;
	u32 length = item->length;
	int err = tx_place(ch, item, payload);

	tx_failed(ch, err);
	if (!err) {
		kmcl_count_tx(ch, sent);
		kmcl_add_tx(ch, sent_bytes, length);
		kmcl_add_tx(ch, sent_external, external);
	}
	if (!answer) {
		item->status = err ? -ENODEV : 0;
		list_add_tail(&item->node, &ch->tx.done);
	}
}

static void tx_write_answer(struct kmcl_channel *ch, struct kmcl_tx_item *item)
{
	struct kmcl_endpoint *ep = ch->tx.ep;
	int err;

	trace_kmcl_send(ch, item->type, item->trans_id, item->length);
	err = ep->transport->send(ep, item->type, 0, item->trans_id, item->storage, item->length);

	tx_failed(ch, err);
	if (!err)
		kmcl_count_tx(ch, completions_sent);
	kmcl_incoming_put(item_incoming(item));
}

static void tx_write(struct kmcl_channel *ch, struct kmcl_tx_item *item, const void *payload)
{
	if (item->type == KMCL_PKT_COMPLETION)
		tx_write_answer(ch, item);
	else
		tx_write_packet(ch, item, payload);
}

static void tx_set_pending(struct kmcl_channel *ch, u32 bytes)
{
	lockdep_assert_held(&ch->tx.lock);
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

static void tx_unqueue(struct kmcl_tx_item *item)
{
	list_del(&item->node);
	item->queued = false;
}

static void tx_drain(struct kmcl_channel *ch)
{
	struct kmcl_tx_item *item;

	lockdep_assert_held(&ch->tx.lock);
	while (ch->tx.open && !list_empty(&ch->tx.queue)) {
		item = list_first_entry(&ch->tx.queue, struct kmcl_tx_item, node);
		if (!tx_fits_or_wait(ch, item_ring_bytes(item)) || !tx_take_slot(ch, item))
			return;
		WRITE_ONCE(ch->tx.starved, false);
		tx_unqueue(item);
		tx_write(ch, item, item->storage);
	}
	if (ch->tx.open)
		tx_set_pending(ch, 0);
}

/*
 * Who calls the routines of tx.done. The caller of a send does so for its own
 * packet alone, and only if nobody is in a routine on its behalf already: it may
 * hold locks that other packets' routines take, and a routine that sends again
 * must not recurse. Everything else is the worker's.
 *
 * Under the lock. Returns true if the caller is to call tx_tell_own() after it.
 */
static bool tx_settle(struct kmcl_channel *ch, const struct kmcl_tx_item *own)
{
	lockdep_assert_held(&ch->tx.lock);
	if (list_empty(&ch->tx.done))
		return false;
	if (own && !ch->tx.telling && list_is_singular(&ch->tx.done) &&
	    list_first_entry(&ch->tx.done, struct kmcl_tx_item, node) == own) {
		INIT_LIST_HEAD(&ch->tx.done);
		ch->tx.telling++;
		return true;
	}
	queue_work(kmcl_tx_wq, &ch->tx.work);
	return false;
}

static void tx_told(struct kmcl_channel *ch)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.telling--;
	/* Under the lock: who waits for the end of telling may free the channel. */
	if (!ch->tx.open)
		wake_up(&ch->wait);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

static void tx_tell_own(struct kmcl_channel *ch, struct kmcl_tx_item *own)
{
	kmcl_packet_done(kmcl_item_packet(own), own->status, NULL, 0);
	tx_told(ch);
}

static struct kmcl_tx_item *tx_next_done(struct kmcl_channel *ch)
{
	struct kmcl_tx_item *item;
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	item = list_first_entry_or_null(&ch->tx.done, struct kmcl_tx_item, node);
	if (item) {
		list_del(&item->node);
		ch->tx.telling++;
	}
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	return item;
}

static void tx_work(struct work_struct *work)
{
	struct kmcl_channel *ch = container_of(work, struct kmcl_channel, tx.work);
	struct kmcl_tx_item *item;

	while ((item = tx_next_done(ch))) {
		kmcl_packet_done(kmcl_item_packet(item), item->status, NULL, 0);
		tx_told(ch);
		/* Routines that send again may keep it going for long. */
		cond_resched();
	}
}

static void tx_enqueue(struct kmcl_channel *ch, struct kmcl_tx_item *item)
{
	lockdep_assert_held(&ch->tx.lock);
	list_add_tail(&item->node, &ch->tx.queue);
	item->queued = true;
	if (ch->tx.open) {
		kmcl_count_tx(ch, ring_full);
		kmcl_watchdog_tx(ch);
	}
	trace_kmcl_queue(ch, item->type, item->length);
}

/* May @item go into the ring at once: nothing waits before it, and it fits. */
static bool tx_goes_now(struct kmcl_channel *ch, struct kmcl_tx_item *item)
{
	return ch->tx.open && list_empty(&ch->tx.queue) && tx_fits(ch, item_ring_bytes(item)) &&
	       tx_take_slot(ch, item);
}

static void tx_store(struct kmcl_channel *ch, struct kmcl_tx_item *item, const void *payload)
{
	/* The message of a pipe lies there already. */
	if (payload != item->storage)
		memcpy(item->storage, payload, item->length);
	kmcl_count_tx(ch, queued);
	tx_enqueue(ch, item);
	tx_drain(ch);
}

static int tx_submit_locked(struct kmcl_channel *ch, struct kmcl_tx_item *item,
			    const void *payload, bool now)
{
	lockdep_assert_held(&ch->tx.lock);
	if (ch->tx.refuse)
		return -ENODEV;
	if (tx_goes_now(ch, item)) {
		tx_write(ch, item, payload);
		return 0;
	}
	if (now)
		return -EAGAIN;
	tx_store(ch, item, payload);
	return 0;
}

/**
 * tx_submit() - send a packet or queue it
 * @pkt: busy, its item filled in
 * @payload: item.length bytes, copied before return
 * @now: do not queue it
 *
 * Return: 0: the routine runs, or has run. -ENODEV: the channel takes no more;
 * -EAGAIN: it does not fit @now. With an error the packet is still the caller's.
 */
static __always_inline int tx_submit(struct kmcl_packet *pkt, const void *payload, bool now)
{
	struct kmcl_channel *ch = pkt->channel;
	struct kmcl_tx_item *item = &pkt->item;
	unsigned long flags;
	bool tell = false;
	int ret;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ret = tx_submit_locked(ch, item, payload, now);
	if (!ret)
		tell = tx_settle(ch, item);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	if (tell)
		tx_tell_own(ch, item);
	return ret;
}

/**
 * kmcl_tx_try() - write an in-band packet that asks for nothing, without an object
 * @ch: the channel
 * @payload: at most the channel's packet size
 * @length: of @payload in bytes
 *
 * Context: any.
 * Return: 0; -EAGAIN: it does not fit now, something waits before it, or the
 * channel is not open; -ENODEV: the channel takes no more, or is gone.
 */
int kmcl_tx_try(struct kmcl_channel *ch, const void *payload, u32 length)
{
	struct kmcl_endpoint *ep;
	unsigned long flags;
	int ret = -EAGAIN;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ep = ch->tx.ep;
	if (ch->tx.refuse) {
		ret = -ENODEV;
	} else if (ch->tx.open && list_empty(&ch->tx.queue) &&
		   tx_fits(ch, kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, length))) {
		trace_kmcl_send(ch, KMCL_PKT_DATA_INBAND, 0, length);
		ret = ep->transport->send(ep, KMCL_PKT_DATA_INBAND, 0, 0, payload, length);
		tx_failed(ch, ret);
		ret = ret ? -ENODEV : 0;
		if (!ret) {
			kmcl_count_tx(ch, sent);
			kmcl_add_tx(ch, sent_bytes, length);
		}
	}
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	return ret;
}

/**
 * kmcl_tx_withdraw() - take a packet back that has not been placed
 * @pkt: sent by the caller, who alone frees it
 *
 * Return: true: it was still in the queue, its routine does not run, nothing of it is
 * mapped, it is the caller's, and idle but for its state. false: it has been placed.
 */
bool kmcl_tx_withdraw(struct kmcl_packet *pkt)
{
	struct kmcl_channel *ch = pkt->channel;
	unsigned long flags;
	bool queued;

	spin_lock_irqsave(&ch->tx.lock, flags);
	queued = pkt->item.queued;
	if (queued) {
		tx_unqueue(&pkt->item);
		/* Who closes the channel waits for the unmapping: kmcl_tx_cancel(). */
		ch->tx.telling++;
		/* What waited behind it may fit. */
		tx_drain(ch);
		tx_settle(ch, NULL);
	}
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	if (queued) {
		kmcl_external_unmap(pkt);
		tx_told(ch);
	}
	return queued;
}

/**
 * kmcl_tx_abandon() - end a transaction that the caller has begun
 * @pkt: placed, asks for an answer, keeps a slot
 *
 * Return: true: as kmcl_tx_withdraw(). false: somebody else ends it now.
 */
bool kmcl_tx_abandon(struct kmcl_packet *pkt)
{
	struct kmcl_channel *ch = pkt->channel;
	unsigned long flags;
	bool mine;

	spin_lock_irqsave(&ch->tx.lock, flags);
	mine = kmcl_xact_take_slot(&ch->sent, pkt->slot);
	if (mine)
		ch->tx.telling++;
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	if (mine) {
		kmcl_external_unmap(pkt);
		tx_told(ch);
	}
	return mine;
}

/* Whoever was placing something is through with it. */
void kmcl_tx_sync(struct kmcl_channel *ch)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

/* Does nothing wait to be sent. */
bool kmcl_tx_queue_empty(struct kmcl_channel *ch)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ret = list_empty(&ch->tx.queue);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	return ret;
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

	spin_lock_irqsave(&ch->tx.lock, flags);
	if (!ch->tx.open) {
		trace_kmcl_drop(ch, KMCL_DROPPED_ANSWER, item->trans_id);
		kmcl_count(ch, unsent_completions);
		kmcl_incoming_put(item_incoming(item));
	} else if (list_empty(&ch->tx.queue) && tx_fits(ch, item_ring_bytes(item))) {
		tx_write_answer(ch, item);
	} else {
		kmcl_count_tx(ch, queued_completions);
		tx_enqueue(ch, item);
		tx_drain(ch);
		tx_settle(ch, NULL);
	}
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

/* The host signalled: perhaps there is room. */
void kmcl_tx_event(struct kmcl_channel *ch)
{
	unsigned long flags;

	/* An item queued after this look has published its size: tx_fits_or_wait(). */
	if (list_empty_careful(&ch->tx.queue))
		return;
	spin_lock_irqsave(&ch->tx.lock, flags);
	tx_drain(ch);
	tx_settle(ch, NULL);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

/* The endpoint is open: external data may be mapped; packets still wait. */
void kmcl_tx_attach(struct kmcl_channel *ch, struct kmcl_endpoint *ep)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.ep = ep;
	/* Of a ring that another channel has used. */
	ch->tx.pending = READ_ONCE(ep->out.header->pending_send_size);
	ch->tx.multirange = ep->multirange;
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	rcu_assign_pointer(ch->tx.dma, ep->dma);
}

/* The driver has accepted it: let the queue go. */
void kmcl_tx_open(struct kmcl_channel *ch)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.open = true;
	tx_drain(ch);
	tx_settle(ch, NULL);
	if (!list_empty(&ch->tx.queue))
		kmcl_watchdog_tx(ch);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

/* What is sent waits: kmcl_tx_open() lets it go again. */
void kmcl_tx_freeze(struct kmcl_channel *ch)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.open = false;
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

/* A request is its caller's, who waits: it is no part of what outlives the channel. */
static bool item_is_savable(struct kmcl_tx_item *item)
{
	return item->type == KMCL_PKT_COMPLETION || !kmcl_packet_is_request(kmcl_item_packet(item));
}

/**
 * kmcl_tx_under_way() - what has been sent, and is not done
 * @ch: frozen; its receive loop is stopped
 * @items: out: packets that wait for their answer, then the queue in its order; the first
 *	@room of them
 * @room: in @items
 *
 * Requests are left out. Nobody but disable ends the others.
 *
 * Return: how many there are.
 */
u32 kmcl_tx_under_way(struct kmcl_channel *ch, struct kmcl_tx_item **items, u32 room)
{
	struct kmcl_tx_item *item;
	struct kmcl_packet *pkt;
	u32 cursor = 0, n = 0;
	unsigned long flags;
	u64 id;

	spin_lock_irqsave(&ch->tx.lock, flags);
	while ((pkt = kmcl_xact_armed(&ch->sent, &cursor, &id))) {
		if (item_is_savable(&pkt->item) && n++ < room)
			items[n - 1] = &pkt->item;
	}
	list_for_each_entry(item, &ch->tx.queue, node) {
		if (item_is_savable(item) && n++ < room)
			items[n - 1] = item;
	}
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	return n;
}

/* What waited in another channel's queue waits here now, behind all that does. */
void kmcl_tx_requeue(struct kmcl_channel *ch, struct kmcl_tx_item *item)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	kmcl_count_tx(ch, queued);
	tx_enqueue(ch, item);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
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
	kmcl_watchdog_tx_end(ch);
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

/* The item is on no list. */
static void tx_cancel_item(struct kmcl_channel *ch, struct kmcl_tx_item *item)
{
	lockdep_assert_held(&ch->tx.lock);
	item->queued = false;
	if (item->type == KMCL_PKT_COMPLETION) {
		trace_kmcl_drop(ch, KMCL_DROPPED_ANSWER, item->trans_id);
		kmcl_count(ch, unsent_completions);
		kmcl_incoming_put(item_incoming(item));
		return;
	}
	kmcl_count(ch, cancelled);
	item->status = -ENODEV;
	list_add_tail(&item->node, &ch->tx.done);
}

/*
 * What waits in the queue and what was never answered ends with -ENODEV. The
 * host is out of it by now, so external data may be unmapped. Packets that
 * routines send meanwhile wait for the next open.
 */
void kmcl_tx_cancel(struct kmcl_channel *ch)
{
	struct kmcl_tx_item *item, *next;
	struct kmcl_packet *pkt;
	unsigned long flags;
	u32 cursor = 0;
	LIST_HEAD(queue);

	/* The queue first: what routines send from now on is not in it. */
	spin_lock_irqsave(&ch->tx.lock, flags);
	list_splice_init(&ch->tx.queue, &queue);
	list_for_each_entry_safe(item, next, &queue, node)
		tx_cancel_item(ch, item);
	tx_settle(ch, NULL);
	spin_unlock_irqrestore(&ch->tx.lock, flags);
	while ((pkt = kmcl_xact_take_any(&ch->sent, &cursor))) {
		kmcl_count(ch, cancelled);
		kmcl_packet_done(pkt, -ENODEV, NULL, 0);
	}
	wait_event(ch->wait, tx_all_told(ch));
}

void kmcl_tx_refuse(struct kmcl_channel *ch, bool refuse)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	ch->tx.refuse = refuse;
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

static __always_inline int send_check(struct kmcl_packet *pkt, const void *buffer, u32 length,
				      u32 flags)
{
	if (!pkt || (length && !buffer) || (flags & ~KMCL_SEND_FLAGS) || !pkt->routine)
		return -EINVAL;
	/* One in the driver's memory may be older than the channel's configuration. */
	if (length > pkt->capacity || length > READ_ONCE(pkt->channel->config.max_packet))
		return -EMSGSIZE;
	return pkt->channel->config.pipe && (flags & KMCL_SEND_COMPLETION) ? -EOPNOTSUPP : 0;
}

/* A send, or a request, that is not taken. Returns @why. */
int kmcl_send_refused(struct kmcl_channel *ch, u32 length, int why)
{
	kmcl_count(ch, refused);
	trace_kmcl_send_refused(ch, length, why);
	return why;
}

/* The packet stays the driver's. */
static int send_refused(struct kmcl_packet *pkt, u32 length, int why)
{
	return pkt ? kmcl_send_refused(pkt->channel, length, why) : why;
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

/* A message of a pipe: header and payload in the packet's storage, its length in the item. */
const void *kmcl_pipe_message(struct kmcl_packet *pkt, const void *buffer, u32 length)
{
	struct kmcl_pipe_header *header = pkt->item.storage;

	header->type = KMCL_PIPE_DATA;
	header->length = length;
	memcpy(header + 1, buffer, length);
	pkt->item.length = sizeof(*header) + length;
	return header;
}

static __always_inline int send_inband(struct kmcl_packet *pkt, const void *buffer, u32 length,
				       u32 flags, bool now)
{
	int ret = send_begin(pkt, KMCL_PKT_DATA_INBAND, length, flags);

	if (ret)
		return ret;
	if (unlikely(pkt->channel->config.pipe))
		buffer = kmcl_pipe_message(pkt, buffer, length);
	ret = tx_submit(pkt, buffer, now);
	return likely(!ret) ? 0 : send_end(pkt, ret);
}

int kmcl_send_check(struct kmcl_packet *pkt, const void *buffer, u32 length, u32 flags)
{
	return send_check(pkt, buffer, length, flags);
}

/* Checked; otherwise as kmcl_packet_send(). @now: do not queue it, -EAGAIN. */
int kmcl_send(struct kmcl_packet *pkt, const void *buffer, u32 length, u32 flags, bool now)
{
	return send_inband(pkt, buffer, length, flags, now);
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
 * Context: any. Without KMCL_SEND_COMPLETION the packet's own routine may run
 * inside this call, so the caller should hold no lock that it takes. No other
 * packet's routine does.
 * Ownership: with 0, @packet is kmcl's until its completion routine runs, which
 * happens exactly once and may happen before this returns. With an error it is
 * still the caller's and the routine does not run. @buffer is the caller's again
 * on return.
 *
 * Return: 0; -EINVAL for a NULL packet or buffer, an unknown flag, or a packet of
 * kmcl_packet_init() without a completion routine; -EMSGSIZE for a payload over
 * the limit; -EBUSY if the packet is in flight; -EOPNOTSUPP with
 * KMCL_SEND_COMPLETION on a pipe; -ENODEV while the channel is being disabled or
 * cleaned up.
 */
int kmcl_packet_send(struct kmcl_packet *packet, const void *buffer, u32 length, u32 flags)
{
	int ret = send_check(packet, buffer, length, flags);

	if (likely(!ret))
		ret = send_inband(packet, buffer, length, flags, false);
	return likely(!ret) ? 0 : send_refused(packet, length, ret);
}
EXPORT_SYMBOL_GPL(kmcl_packet_send);

/*
 * Mapping and queueing in one RCU read section: once kmcl_tx_close() has waited
 * for it, a mapped packet is either queued, armed or given back unmapped, so
 * kmcl_tx_cancel() finds every mapping before the device goes.
 */
static int send_mapped(struct kmcl_packet *pkt, const void *buffer,
		       const struct kmcl_external_data *data, bool hold, bool now)
{
	struct device *dma;
	int ret = -ENOTCONN;

	rcu_read_lock();
	dma = rcu_dereference(pkt->channel->tx.dma);
	if (dma)
		ret = kmcl_external_map(pkt, dma, data, hold);
	if (!ret) {
		ret = tx_submit(pkt, buffer, now);
		if (ret)
			kmcl_external_unmap(pkt);
	}
	rcu_read_unlock();
	return ret;
}

/* As kmcl_send(); @hold: take references on the pages, for a sender who may leave. */
int kmcl_send_external(struct kmcl_packet *pkt, const void *buffer, u32 length,
		       const struct kmcl_external_data *data, u32 flags, bool hold, bool now)
{
	int ret = kmcl_external_valid(data);

	if (ret)
		return ret;
	if (pkt->channel->server)
		return -EOPNOTSUPP;
	if (!(flags & KMCL_SEND_COMPLETION))
		return -EINVAL;
	ret = send_begin(pkt, KMCL_PKT_DATA_GPA_DIRECT, length, flags);
	if (ret)
		return ret;
	return send_end(pkt, send_mapped(pkt, buffer, data, hold, now));
}

/**
 * kmcl_packet_send_external() - send a packet with external data
 * @packet: not in flight
 * @buffer: in-band payload, as in kmcl_packet_send()
 * @length: of @buffer in bytes
 * @data: the external data. The pages stay untouched by the caller until the
 *	completion routine runs; so does a scatterlist, which is used in place
 * @flags: KMCL_SEND_COMPLETION, which is required: nothing else tells when the
 *	host has finished with the pages
 *
 * The data are mapped with the DMA API of the channel's device now, and unmapped
 * just before the completion routine runs. If the channel is closed while the
 * packet is out, that is after the host has let go of it. Never allocates.
 *
 * Context: any.
 * Ownership: as kmcl_packet_send(); the pages likewise.
 *
 * Return: as kmcl_packet_send(), and: -EINVAL for a NULL or empty description, an
 * empty piece, a bad direction, a buffer that is no kernel memory or lies on the stack, or
 * without KMCL_SEND_COMPLETION; -E2BIG for more bytes
 * or ranges than kmcl_channel_set_max_external_data() allows, or a piece longer
 * than the DMA API can ever map (dma_max_mapping_size()); -EOPNOTSUPP if the
 * pieces do not join at page boundaries and this kernel's hv_vmbus can only send
 * one range, or on a server; -ENOTCONN if the channel is not open; -ENOSPC if no mapping can be
 * had now (swiotlb full).
 */
int kmcl_packet_send_external(struct kmcl_packet *packet, const void *buffer, u32 length,
			      const struct kmcl_external_data *data, u32 flags)
{
	int ret = kmcl_send_check(packet, buffer, length, flags);

	if (!ret)
		ret = kmcl_send_external(packet, buffer, length, data, flags, false, false);
	return likely(!ret) ? 0 : send_refused(packet, length, ret);
}
EXPORT_SYMBOL_GPL(kmcl_packet_send_external);
