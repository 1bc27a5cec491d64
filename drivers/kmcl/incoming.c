// SPDX-License-Identifier: GPL-2.0-only
/*
 * Received packets, from delivery to completion. kmcl_incoming_complete() is the
 * function that the library exists for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "gpadl.h"
#include "incoming.h"
#include "rx.h"
#include "trace.h"
#include "tx.h"

static struct kmcl_incoming *incoming_alloc(struct kmcl_channel *ch)
{
	size_t head = ALIGN(sizeof(struct kmcl_incoming), 8);
	size_t reserve = ALIGN(ch->config.reserve, 8);
	size_t payload = kmcl_storage_size(&ch->config), context = ALIGN(ch->config.context, 8);
	size_t ranges = ch->config.max_ranges * sizeof(struct kmcl_range);
	size_t pages = ch->server ? kmcl_pages_max(&ch->config) * sizeof(struct page *) : 0;
	size_t addresses = ch->server ? ch->config.max_ranges * sizeof(void *) : 0;
	struct kmcl_incoming *in;

	in = kvzalloc(head + reserve + payload + context + ranges + pages + addresses, GFP_KERNEL);
	if (!in)
		return NULL;
	in->channel = ch;
	in->item.type = KMCL_PKT_COMPLETION;
	in->item.storage = (void *)in + head;
	in->buffer = in->item.storage + reserve;
	in->context = context ? in->buffer + payload : NULL;
	in->data.ranges = in->buffer + payload + context;
	in->pages = (void *)in->data.ranges + ranges;
	in->addresses = (void *)in->pages + pages;
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
		if (!node) {
			trace_kmcl_stall(ch, false, atomic_read(&ch->outstanding));
			return NULL;
		}
		WRITE_ONCE(ch->rx.stalled, false);
	}
	in = llist_entry(node, struct kmcl_incoming, spare);
	in->item.trans_id = frame->trans_id;
	in->item.length = 0;
	in->item.answer = kmcl_frame_wants_completion(frame);
	in->fetched = false;
	return in;
}

/**
 * kmcl_incoming_restore() - a context for an answer that has been given already
 * @ch: disabled and configured
 * @trans_id: whom it answers
 * @payload: of the answer
 * @length: of @payload, at most the reserve
 *
 * Return: the answer, to be queued; NULL if no context is left.
 */
struct kmcl_tx_item *kmcl_incoming_restore(struct kmcl_channel *ch, u64 trans_id,
					   const void *payload, u32 length)
{
	struct llist_node *node = llist_del_first(&ch->spare_incoming);
	struct kmcl_incoming *in;

	if (!node)
		return NULL;
	in = llist_entry(node, struct kmcl_incoming, spare);
	in->item.trans_id = trans_id;
	in->item.length = length;
	in->item.answer = false;
	in->fetched = false;
	memcpy(in->item.storage, payload, length);
	return &in->item;
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

/* What the driver made of external data. */
static void incoming_unfetch(struct kmcl_incoming *in)
{
	struct kmcl_channel *ch = in->channel;

	if (in->fetched && ch->config.release)
		ch->config.release(ch, in->context);
	in->fetched = false;
}

/* Mappings and buffers of external data, before anybody is answered (design rule 2). */
void kmcl_incoming_release(struct kmcl_incoming *in)
{
	if (likely(!in->data.count))
		return;
	incoming_unfetch(in);
	if (in->gpadl)
		kmcl_gpadl_put(in->channel, in->gpadl);
	else
		kmcl_pages_release(in);
	in->gpadl = NULL;
	in->data.count = 0;
}

/* The end of a packet that nobody completes: no answer. */
void kmcl_incoming_drop(struct kmcl_incoming *in)
{
	kmcl_incoming_release(in);
	in->item.answer = false;
	trace_kmcl_drop(in->channel, KMCL_DROPPED_PACKET, in->item.trans_id);
	kmcl_count(in->channel, incoming_dropped);
	kmcl_incoming_put(in);
}

/* The driver has completed all that it received. */
bool kmcl_incoming_idle(struct kmcl_channel *ch)
{
	return !atomic_read(&ch->outstanding);
}

/*
 * One packet less at the driver. A queue that the quota has stalled goes on here
 * and nowhere else (KMCL 5.6).
 */
static void incoming_leaves(struct kmcl_channel *ch)
{
	int left = atomic_dec_return(&ch->outstanding);

	/* Pairs with rx_over_quota(): one of us sees what the other wrote. */
	smp_mb__after_atomic();
	if (READ_ONCE(ch->rx.over_quota) && (u32)left < READ_ONCE(ch->rx.quota)) {
		WRITE_ONCE(ch->rx.over_quota, false);
		kmcl_rx_restart(ch);
	}
	if (!left && wq_has_sleeper(&ch->wait))
		wake_up_all(&ch->wait);
}

/* All that is left when the answer is ready. In the order of design rule 2. */
static void incoming_end(struct kmcl_incoming *in)
{
	struct kmcl_channel *ch = in->channel;

	kmcl_incoming_release(in);
	kmcl_incoming_finish(in);
	incoming_leaves(ch);
}

/* Packets with mappings of ours: taking these down may sleep. */
void kmcl_incoming_end_work(struct work_struct *work)
{
	struct kmcl_channel *ch = container_of(work, struct kmcl_channel, end_work);
	struct llist_node *list = llist_reverse_order(llist_del_all(&ch->ending));
	struct kmcl_incoming *in, *next;

	llist_for_each_entry_safe(in, next, list, spare) {
		kmcl_incoming_release(in);
		/* As in kmcl_incoming_complete(). */
		rcu_read_lock();
		incoming_end(in);
		rcu_read_unlock();
	}
}

static void incoming_end_somewhere(struct kmcl_incoming *in)
{
	if (likely(!in->mapped)) {
		incoming_end(in);
		return;
	}
	llist_add(&in->spare, &in->channel->ending);
	queue_work(kmcl_tx_wq, &in->channel->end_work);
}

static noinline void handle_rejected(struct kmcl_channel *ch, kmcl_handle_t handle)
{
	trace_kmcl_drop(ch, KMCL_DROPPED_HANDLE, handle);
	kmcl_count(ch, rejected_handle);
}

/* Whose handle is it; only one of all who end the same packet gets it. */
static struct kmcl_incoming *incoming_take(struct kmcl_channel *ch, kmcl_handle_t handle)
{
	struct kmcl_incoming *in = kmcl_xact_take(&ch->received, handle);

	if (!in)
		handle_rejected(ch, handle);
	return in;
}

static noinline int complete_refused(struct kmcl_channel *ch, u32 size, int why)
{
	if (ch) {
		kmcl_count(ch, refused);
		trace_kmcl_send_refused(ch, size, why);
	}
	return why;
}

static int complete_check(struct kmcl_channel *ch, const void *buffer, u32 size)
{
	if (!ch || (size && !buffer))
		return complete_refused(ch, size, -EINVAL);
	return size > ch->config.reserve ? complete_refused(ch, size, -EMSGSIZE) : 0;
}

static __always_inline int take_and_end(struct kmcl_channel *ch, kmcl_handle_t handle,
					const void *buffer, u32 size)
{
	struct kmcl_incoming *in = incoming_take(ch, handle);

	if (unlikely(!in))
		return -ESTALE;
	in->item.length = size;
	if (size)
		memcpy(in->item.storage, buffer, size);
	trace_kmcl_incoming_complete(ch, handle, in->item.answer, size);
	kmcl_count(ch, incoming_completed);
	incoming_end_somewhere(in);
	return 0;
}

/**
 * kmcl_incoming_complete() - the driver has finished with a received packet
 * @channel: where it was received
 * @handle: from the process_packet callback
 * @buffer: completion payload; may be NULL when @size is 0; may lie in the
 *	packet's own buffer, or in its external data
 * @size: of @buffer in bytes, at most the channel's completion reserve
 *
 * The heart of it, in this order: the payload is put into the context's reserve;
 * mappings and buffers of the packet are released; a completion packet is sent,
 * or queued, if the host asked for one; the context is recycled; whoever waited
 * for it is woken (design rule 2). Without a request for completion the payload
 * goes nowhere. So does the answer of a channel that has closed meanwhile.
 *
 * Packets may be completed in any order. One whose external data have a mapping of kmcl's
 * (KMCL_EXTERNAL_MAP) is taken through the same order by a worker, since unmapping may sleep.
 *
 * Context: any; from inside the process_packet callback or at any time later.
 * Never allocates.
 * Ownership: with 0, the packet's buffer, context and external data are gone and
 * the handle is dead.
 *
 * Return: 0; -EINVAL for a NULL channel or buffer; -EMSGSIZE if @size is over
 * the reserve (nothing has happened, the packet is still outstanding); -ESTALE if
 * @handle names no outstanding packet: completed before, or never given. That is
 * counted (rejected_handle) and harms nothing.
 */
int kmcl_incoming_complete(struct kmcl_channel *channel, kmcl_handle_t handle,
			   const void *buffer, u32 size)
{
	int ret = complete_check(channel, buffer, size);

	if (ret)
		return ret;
	/* Until the end: who waits for outstanding == 0 may free the channel after a grace period. */
	rcu_read_lock();
	ret = take_and_end(channel, handle, buffer, size);
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_incoming_complete);

/**
 * kmcl_incoming_complete_rcu() - kmcl_incoming_complete() in an RCU read section
 * @channel: where it was received
 * @handle: as there
 * @buffer: likewise
 * @size: likewise
 *
 * For a layer that finds the channel under rcu_read_lock() anyway.
 *
 * Context: rcu_read_lock() is held.
 * Ownership, Return: as kmcl_incoming_complete().
 */
int kmcl_incoming_complete_rcu(struct kmcl_channel *channel, kmcl_handle_t handle,
			       const void *buffer, u32 size)
{
	int ret = complete_check(channel, buffer, size);

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "kmcl_incoming_complete_rcu() outside RCU");
	return ret ? ret : take_and_end(channel, handle, buffer, size);
}
EXPORT_SYMBOL_GPL(kmcl_incoming_complete_rcu);

/**
 * kmcl_incoming_defer() - have a packet delivered again where one may sleep
 * @channel: where it was received
 * @handle: of the packet that is being delivered
 *
 * The packet is delivered again, with a new handle and KMCL_RECEIVE_DEFERRED, in
 * thread context and before all packets behind it, completions of sent ones
 * included. A pause in between delivers it after the next start; a close drops it
 * (incoming_dropped).
 *
 * Context: only inside the process_packet callback for this packet; return from it
 * afterwards.
 * Ownership: with 0, the handle is dead, and buffer and external data are not to
 * be touched until the packet comes again.
 *
 * Return: 0; -EINVAL for NULL; -ESTALE if @handle names no outstanding packet;
 * -EPERM if it is not the one that is being delivered.
 */
int kmcl_incoming_defer(struct kmcl_channel *channel, kmcl_handle_t handle)
{
	struct kmcl_incoming *in;
	int ret = -ESTALE;

	if (!channel)
		return -EINVAL;
	rcu_read_lock();
	/* Asked before it is taken: who completes it elsewhere must not find it missing. */
	if ((u64)atomic64_read(&channel->rx.current_handle) != handle) {
		ret = kmcl_xact_find(&channel->received, handle) ? -EPERM : -ESTALE;
		if (ret == -ESTALE)
			handle_rejected(channel, handle);
		goto out;
	}
	in = incoming_take(channel, handle);
	if (!in)
		goto out;
	/* The loop looks there when the callback has returned. */
	ret = -EPERM;
	if ((u64)atomic64_cmpxchg(&channel->rx.current_handle, handle, KMCL_RX_DEFERRED) !=
	    handle) {
		kmcl_xact_untake(&channel->received, handle);
		goto out;
	}
	incoming_unfetch(in);
	trace_kmcl_incoming_end(channel, handle, false);
	kmcl_count(channel, incoming_deferred);
	incoming_leaves(channel);
	ret = 0;
out:
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_incoming_defer);

/**
 * kmcl_incoming_fail() - give the channel up over a packet
 * @channel: where it was received
 * @handle: the packet, which is beyond understanding
 *
 * The packet is not answered, and nothing is delivered any more, completions of
 * sent packets included. The channel stays open until it is disabled or the host
 * closes it; then suspend and closed are called as ever.
 *
 * Context: any.
 * Ownership: with 0, the handle is dead.
 * Return: 0; -EINVAL for NULL; -ESTALE if @handle names no outstanding packet.
 */
int kmcl_incoming_fail(struct kmcl_channel *channel, kmcl_handle_t handle)
{
	struct kmcl_incoming *in;

	if (!channel)
		return -EINVAL;
	rcu_read_lock();
	in = incoming_take(channel, handle);
	if (in) {
		WRITE_ONCE(channel->rx.failed, true);
		if (wq_has_sleeper(&channel->wait))
			wake_up_all(&channel->wait);
		pr_warn_ratelimited("%s: the driver has failed a packet of the host: nothing is delivered until the channel is opened anew\n",
				    channel->name);
		trace_kmcl_incoming_end(channel, handle, true);
		kmcl_count(channel, incoming_failed);
		kmcl_count(channel, incoming_dropped);
		in->item.answer = false;
		incoming_end_somewhere(in);
	}
	rcu_read_unlock();
	return in ? 0 : -ESTALE;
}
EXPORT_SYMBOL_GPL(kmcl_incoming_fail);

/**
 * kmcl_incoming_get_context() - the driver's memory in a received packet
 * @channel: where it was received
 * @handle: outstanding
 *
 * Context: any.
 * Ownership: kmcl_channel_set_client_context_size() bytes, 8-byte aligned, the
 * driver's until the packet is completed. What is in it at first is undefined.
 * Return: the memory; NULL if there is none, for NULL, or if @handle names no
 * outstanding packet.
 */
void *kmcl_incoming_get_context(struct kmcl_channel *channel, kmcl_handle_t handle)
{
	struct kmcl_incoming *in;
	void *context = NULL;

	if (!channel)
		return NULL;
	rcu_read_lock();
	in = kmcl_xact_find(&channel->received, handle);
	if (in)
		context = in->context;
	rcu_read_unlock();
	return context;
}
EXPORT_SYMBOL_GPL(kmcl_incoming_get_context);

/* The driver owns the packet, so it stays. */
static int incoming_map(struct kmcl_incoming *in, kmcl_handle_t handle, u32 flags)
{
	struct kmcl_channel *ch = in->channel;
	int ret;

	if (in->gpadl || in->mapped || kmcl_pages_linear(in))
		return 0;
	if ((u64)atomic64_read(&ch->rx.current_handle) == handle &&
	    current != READ_ONCE(ch->rx.task)) {
		ret = kmcl_incoming_defer(ch, handle);
		return ret ? ret : -EINPROGRESS;
	}
	return kmcl_pages_map(in, flags & KMCL_EXTERNAL_READ_ONLY);
}

/**
 * kmcl_incoming_get_external() - external data of a received packet
 * @channel: where it was received
 * @handle: outstanding, delivered with KMCL_RECEIVE_EXTERNAL
 * @flags: KMCL_EXTERNAL_READ_ONLY: the driver only reads; KMCL_EXTERNAL_MAP: see to it
 *	that kmcl_incoming_map() has an address for every range
 * @data: out: ranges of pages; kmcl_incoming_map() gives their addresses
 *
 * Each call gives the same. The pages are the other end's to write as long as it
 * likes: copy what is to be checked before it is used.
 *
 * A client's are ranges of a GPADL, a server's are the pages of a GPA-direct packet, which are
 * pinned by the first call. Those of a range that do not lie one behind the other have no
 * address by themselves, and making one may sleep: inside a process_packet callback that
 * may not, KMCL_EXTERNAL_MAP then gives -EINPROGRESS, and the packet comes again in thread
 * context, as after kmcl_incoming_defer().
 *
 * Context: any; with KMCL_EXTERNAL_MAP, on a server: the process_packet callback, or thread.
 * Not twice at the same time for one packet, nor while it is being completed.
 * Ownership: kmcl's; valid until the packet is completed, deferred or failed.
 * Return: 0; -EINPROGRESS: return from the callback, the handle is dead; -EINVAL for NULL
 * or an unknown flag; -ENOENT if the packet has none; -ESTALE if @handle names no outstanding
 * packet; -EFAULT if a page is nobody's; -ENOMEM.
 */
int kmcl_incoming_get_external(struct kmcl_channel *channel, kmcl_handle_t handle, u32 flags,
			       const struct kmcl_received_data **data)
{
	struct kmcl_incoming *in;
	int ret = -ESTALE;

	if (!channel || !data || (flags & ~KMCL_EXTERNAL_FLAGS))
		return -EINVAL;
	rcu_read_lock();
	in = kmcl_xact_find(&channel->received, handle);
	if (in)
		ret = in->data.count ? 0 : -ENOENT;
	if (!ret && !in->gpadl)
		ret = kmcl_pages_pin(in);
	if (!ret) {
		in->fetched = true;
		*data = &in->data;
	}
	rcu_read_unlock();
	return ret || !(flags & KMCL_EXTERNAL_MAP) ? ret : incoming_map(in, handle, flags);
}
EXPORT_SYMBOL_GPL(kmcl_incoming_get_external);

/* A GPADL that the packet has just let go is there until the end of the RCU section. */
static void *range_address(const struct kmcl_incoming *in, u32 range)
{
	const struct kmcl_range *r = &in->data.ranges[range];
	struct kmcl_gpadl *gpadl = READ_ONCE(in->gpadl);

	if (!gpadl)
		return kmcl_pages_address(in, range);
	return gpadl->address + (r->pages - gpadl->pages) * PAGE_SIZE + r->offset;
}

/**
 * kmcl_incoming_map() - address of a range of external data
 * @channel: where it was received
 * @handle: outstanding
 * @range: index in kmcl_received_data.ranges
 *
 * Context: any. Ranges in a GPADL have a mapping as long as that exists; this
 * makes none. On a server kmcl_incoming_get_external() comes first.
 * Ownership: valid until the packet is completed, deferred or failed.
 * Return: the address of the range's first byte; NULL if there is no such range,
 * for NULL, if @handle names no outstanding packet, or for a range without an address
 * (KMCL_EXTERNAL_MAP).
 */
void *kmcl_incoming_map(struct kmcl_channel *channel, kmcl_handle_t handle, u32 range)
{
	struct kmcl_incoming *in;
	void *address = NULL;

	if (!channel)
		return NULL;
	rcu_read_lock();
	in = kmcl_xact_find(&channel->received, handle);
	if (in && range < READ_ONCE(in->data.count))
		address = range_address(in, range);
	/* Completed meanwhile: that was some other packet's, or nobody's. */
	if (!kmcl_xact_find(&channel->received, handle))
		address = NULL;
	rcu_read_unlock();
	return address;
}
EXPORT_SYMBOL_GPL(kmcl_incoming_map);

/**
 * kmcl_channel_set_quota() - bound what is outstanding at the driver
 * @channel: any state
 * @quota: most received packets that are delivered and not completed, at least 1;
 *	KMCL_QUOTA_UNLIMITED: as many as kmcl_channel_set_incoming() has contexts for
 *
 * With so many, nothing more is taken from the ring, completions of sent packets
 * behind the next packet included. It may be set below the present number. A
 * queue that is stalled goes on when a packet is completed, and not by this call,
 * even if the new quota would allow more (KMCL 5.6).
 *
 * Context: any.
 * Return: 0; -EINVAL for NULL or 0.
 */
int kmcl_channel_set_quota(struct kmcl_channel *channel, u32 quota)
{
	if (!channel || !quota)
		return -EINVAL;
	WRITE_ONCE(channel->rx.quota, quota);
	return 0;
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_quota);
