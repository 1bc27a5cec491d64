// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet objects: birth, reuse, death. See packet.h.
 */
#include <linux/bottom_half.h>
#include <linux/export.h>
#include <linux/preempt.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "packet.h"
#include "save.h"
#include "trace.h"
#include "tx.h"

static void default_completion(struct kmcl_packet *pkt, int status, const void *buffer,
			       u32 length)
{
	kmcl_packet_free(pkt);
}

void kmcl_packets_init(struct kmcl_channel *ch)
{
	init_llist_head(&ch->spare_packets);
	spin_lock_init(&ch->spare_lock);
	atomic_set(&ch->packets, 0);
	kmcl_xact_init(&ch->sent);
}

static struct kmcl_packet *packet_reuse(struct kmcl_channel *ch)
{
	struct llist_node *node;
	unsigned long flags;

	if (llist_empty(&ch->spare_packets))
		return NULL;
	spin_lock_irqsave(&ch->spare_lock, flags);
	node = llist_del_first(&ch->spare_packets);
	spin_unlock_irqrestore(&ch->spare_lock, flags);
	return node ? llist_entry(node, struct kmcl_packet, spare) : NULL;
}

/* A packet object, its payload with the header of a pipe, GPA ranges, a scatterlist. */
static size_t packet_bytes(const struct kmcl_config *config)
{
	return ALIGN(sizeof(struct kmcl_packet), 8) + kmcl_storage_size(config) +
	       kmcl_external_size(config) +
	       kmcl_external_entries(config) * sizeof(struct scatterlist);
}

/* @memory is zeroed, packet_bytes(@config) long. */
static struct kmcl_packet *packet_build(struct kmcl_channel *ch, const struct kmcl_config *config,
					void *memory)
{
	u32 gpa = kmcl_external_size(config);
	struct kmcl_packet *pkt = memory;

	pkt->item.storage = memory + ALIGN(sizeof(*pkt), 8);
	if (gpa) {
		pkt->external.gpa = pkt->item.storage + kmcl_storage_size(config);
		pkt->external.own = (void *)pkt->external.gpa + gpa;
	}
	pkt->channel = ch;
	pkt->capacity = config->max_packet;
	pkt->external.max_bytes = config->max_external;
	pkt->external.max_ranges = config->max_ranges;
	pkt->external.max_entries = kmcl_external_entries(config);
	pkt->external.direction = DMA_NONE;
	if (pkt->external.max_entries)
		sg_init_table(pkt->external.own, pkt->external.max_entries);
	return pkt;
}

static struct kmcl_packet *packet_create(struct kmcl_channel *ch, gfp_t gfp)
{
	/* One look, so that size and contents agree whatever the driver does meanwhile. */
	const struct kmcl_config config = ch->config;
	void *memory = kvzalloc(packet_bytes(&config), gfp);
	struct kmcl_packet *pkt;

	if (!memory)
		return NULL;
	pkt = packet_build(ch, &config, memory);
	if (kmcl_xact_add(&ch->sent, pkt, gfp, &pkt->slot)) {
		kvfree(pkt);
		return NULL;
	}
	return pkt;
}

static void packet_destroy(struct kmcl_packet *pkt)
{
	kmcl_xact_remove(&pkt->channel->sent, pkt->slot);
	kvfree(pkt);
}

void kmcl_packet_drop_spares(struct kmcl_channel *ch)
{
	struct kmcl_packet *pkt;

	while ((pkt = packet_reuse(ch)))
		packet_destroy(pkt);
}

/**
 * kmcl_packet_alloc() - get a packet object
 * @channel: to send on
 * @gfp: for memory, when no freed object is at hand
 *
 * The object holds what sending needs, so that sending never allocates. Its
 * completion routine is the default one, which frees it. While objects exist,
 * kmcl_channel_set_max_packet_size() and kmcl_channel_set_max_external_data()
 * are refused.
 *
 * Context: as @gfp allows; any with GFP_ATOMIC.
 * Ownership: the caller's. To be freed with kmcl_packet_free() unless it is sent
 * with the default completion routine.
 *
 * Return: the object; NULL without memory, if @channel is NULL, while another thread is in
 * one of those two, or if 8,192 objects exist, 8,191 where kmcl_packet_init() was used.
 */
struct kmcl_packet *kmcl_packet_alloc(struct kmcl_channel *channel, gfp_t gfp)
{
	struct kmcl_packet *pkt;

	if (!channel)
		return NULL;
	/* Counted first: from here on the configuration stays. */
	if (!atomic_inc_unless_negative(&channel->packets))
		return NULL;
	pkt = packet_reuse(channel);
	if (!pkt)
		pkt = packet_create(channel, gfp);
	if (!pkt) {
		atomic_dec(&channel->packets);
		return NULL;
	}
	atomic_set(&pkt->state, KMCL_PACKET_IDLE);
	pkt->routine = default_completion;
	memset(&pkt->head, 0, sizeof(pkt->head));
	return pkt;
}
EXPORT_SYMBOL_GPL(kmcl_packet_alloc);

/**
 * kmcl_packet_size() - memory for kmcl_packet_init()
 * @channel: configured: packet size and external data are part of it
 *
 * Context: thread; a state callback of the channel as well.
 * Return: bytes; 0 for a NULL channel.
 */
u32 kmcl_packet_size(struct kmcl_channel *channel)
{
	return channel ? packet_bytes(&channel->config) : 0;
}
EXPORT_SYMBOL_GPL(kmcl_packet_size);

/**
 * kmcl_packet_init() - make a packet object in memory of the driver's
 * @channel: configured, to send on
 * @memory: 8-byte aligned, kernel memory that cannot fault; not in use as a packet object
 *	in flight
 * @bytes: of @memory, at least kmcl_packet_size()
 * @gfp: for the table of transactions to grow
 * @packet: out: the object, which is @memory itself
 *
 * It has no completion routine; sending it without one is refused. It is never
 * freed with kmcl_packet_free(): when it is not in flight the memory may be reused at once.
 * With more than 8,192 packets in flight those of this kind wait in the channel's
 * queue.
 *
 * Context: as @gfp allows.
 * Ownership: @memory stays the caller's; while the packet is in flight it is kmcl's.
 * Return: 0; -EINVAL for NULL, memory that is not aligned or too small; -ENOMEM.
 */
int kmcl_packet_init(struct kmcl_channel *channel, void *memory, u32 bytes, gfp_t gfp,
		     struct kmcl_packet **packet)
{
	struct kmcl_config config;
	struct kmcl_packet *pkt;

	if (!channel || !memory || !packet || !IS_ALIGNED((unsigned long)memory, 8))
		return -EINVAL;
	config = channel->config;
	if (bytes < packet_bytes(&config))
		return -EINVAL;
	if (kmcl_xact_reserve(&channel->sent, gfp))
		return -ENOMEM;
	memset(memory, 0, packet_bytes(&config));
	pkt = packet_build(channel, &config, memory);
	pkt->guest = true;
	pkt->slot = KMCL_XACT_MAX;
	*packet = pkt;
	return 0;
}
EXPORT_SYMBOL_GPL(kmcl_packet_init);

/**
 * kmcl_packet_free() - give a packet object back
 * @packet: not in flight; NULL is ignored
 *
 * A packet in flight is kmcl's, and one of kmcl_packet_init() the driver's:
 * freeing such is refused with a warning.
 *
 * Context: any.
 * Ownership: ends the caller's.
 */
void kmcl_packet_free(struct kmcl_packet *packet)
{
	struct kmcl_channel *ch;

	if (!packet || WARN_ON_ONCE(packet->guest))
		return;
	ch = packet->channel;
	if (unlikely(atomic_read(&packet->state) == KMCL_PACKET_RESTORED))
		kmcl_restore_undo(packet);
	if (WARN_ON_ONCE(atomic_cmpxchg(&packet->state, KMCL_PACKET_IDLE,
					KMCL_PACKET_BUSY) != KMCL_PACKET_IDLE))
		return;
	llist_add(&packet->spare, &ch->spare_packets);
	/* Last: cleanup may go on when this is 0. */
	atomic_dec_return_release(&ch->packets);
}
EXPORT_SYMBOL_GPL(kmcl_packet_free);

/**
 * kmcl_packet_set_completion() - choose who is told when the packet is done
 * @packet: not in flight (else a warning, and nothing changes); NULL is ignored
 * @routine: replaces the default one; NULL brings that back. A packet of
 *	kmcl_packet_init() has no default
 *
 * Context: any. Before sending.
 */
void kmcl_packet_set_completion(struct kmcl_packet *packet, kmcl_completion_t routine)
{
	if (!packet || WARN_ON_ONCE(atomic_read(&packet->state) == KMCL_PACKET_BUSY))
		return;
	if (!routine && !packet->guest)
		routine = default_completion;
	packet->routine = routine;
}
EXPORT_SYMBOL_GPL(kmcl_packet_set_completion);

/**
 * kmcl_packet_set_pointer() - remember something of the driver's
 * @packet: any packet object; NULL is ignored
 * @pointer: never looked at; survives sending
 *
 * Context: any.
 */
void kmcl_packet_set_pointer(struct kmcl_packet *packet, void *pointer)
{
	if (packet)
		packet->head.pointer = pointer;
}
EXPORT_SYMBOL_GPL(kmcl_packet_set_pointer);

/**
 * kmcl_packet_get_channel() - whose packet is it
 * @packet: any packet object
 *
 * Context: any.
 * Return: the channel it was allocated for; NULL for a NULL packet.
 */
struct kmcl_channel *kmcl_packet_get_channel(const struct kmcl_packet *packet)
{
	return packet ? packet->channel : NULL;
}
EXPORT_SYMBOL_GPL(kmcl_packet_get_channel);

/* Before its routine runs, which may free the memory. */
static void packet_leave_slot(struct kmcl_packet *pkt)
{
	struct kmcl_channel *ch = pkt->channel;

	/* Whoever places it may still read it: a host may answer what it has not seen yet. */
	kmcl_tx_sync(ch);
	if (pkt->slot == KMCL_XACT_MAX)
		return;
	kmcl_xact_push(&ch->sent, pkt->slot);
	pkt->slot = KMCL_XACT_MAX;
	/* Pairs with the look at the table after the mark: tx_take_slot(). */
	smp_mb();
	if (READ_ONCE(ch->tx.starved))
		kmcl_tx_event(ch);
}

/*
 * The end of every packet that was accepted, on whichever way it came here: by
 * then exactly one caller owns it. The routine may free it or send it again.
 * Bottom halves or interrupts are off, so that a driver's plain spin_lock() in a
 * routine is as good in a worker as it is in softirq.
 */
void kmcl_packet_done(struct kmcl_packet *pkt, int status, const void *buffer, u32 length)
{
	bool bh = !in_softirq() && !irqs_disabled();

	if (unlikely(pkt->external.direction != DMA_NONE))
		kmcl_external_unmap(pkt);
	trace_kmcl_packet_done(pkt, status, length);
	if (unlikely(pkt->guest))
		packet_leave_slot(pkt);
	kmcl_count(pkt->channel, completed);
	atomic_set_release(&pkt->state, KMCL_PACKET_IDLE);
	if (bh)
		local_bh_disable();
	pkt->routine(pkt, status, buffer, length);
	if (bh)
		local_bh_enable();
}
