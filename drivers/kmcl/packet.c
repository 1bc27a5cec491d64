// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet objects: birth, reuse, death. See packet.h.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "packet.h"
#include "trace.h"

static void default_completion(struct kmcl_packet *pkt, int status, const void *buffer,
			       u32 length)
{
	kmcl_packet_free(pkt);
}

void kmcl_packet_init(struct kmcl_channel *ch)
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

static struct kmcl_packet *packet_create(struct kmcl_channel *ch, gfp_t gfp)
{
	size_t payload = ALIGN(ch->config.max_packet, 8);
	size_t gpa = kmcl_external_size(&ch->config);
	struct kmcl_packet *pkt;

	pkt = kvzalloc(ALIGN(sizeof(*pkt), 8) + payload + gpa, gfp);
	if (!pkt)
		return NULL;
	pkt->item.storage = (void *)pkt + ALIGN(sizeof(*pkt), 8);
	if (gpa)
		pkt->external.gpa = pkt->item.storage + payload;
	pkt->channel = ch;
	pkt->capacity = ch->config.max_packet;
	pkt->external.max_bytes = ch->config.max_external;
	pkt->external.max_ranges = ch->config.max_ranges;
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
 * Return: the object; NULL without memory, if @channel is NULL, or if
 * 8,192 objects exist.
 */
struct kmcl_packet *kmcl_packet_alloc(struct kmcl_channel *channel, gfp_t gfp)
{
	struct kmcl_packet *pkt;

	if (!channel)
		return NULL;
	/* Counted first: from here on the configuration stays. */
	atomic_inc(&channel->packets);
	pkt = packet_reuse(channel);
	if (!pkt)
		pkt = packet_create(channel, gfp);
	if (!pkt) {
		atomic_dec(&channel->packets);
		return NULL;
	}
	atomic_set(&pkt->state, KMCL_PACKET_IDLE);
	pkt->routine = default_completion;
	pkt->pointer = NULL;
	pkt->external.direction = DMA_NONE;
	return pkt;
}
EXPORT_SYMBOL_GPL(kmcl_packet_alloc);

/**
 * kmcl_packet_free() - give a packet object back
 * @packet: not in flight; NULL is ignored
 *
 * A packet in flight is kmcl's: freeing it is refused with a warning.
 *
 * Context: any.
 * Ownership: ends the caller's.
 */
void kmcl_packet_free(struct kmcl_packet *packet)
{
	struct kmcl_channel *ch;

	if (!packet)
		return;
	ch = packet->channel;
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
 * @routine: replaces the default one; NULL brings that back
 *
 * Context: any. Before sending.
 */
void kmcl_packet_set_completion(struct kmcl_packet *packet, kmcl_completion_t routine)
{
	if (!packet || WARN_ON_ONCE(atomic_read(&packet->state) != KMCL_PACKET_IDLE))
		return;
	packet->routine = routine ? routine : default_completion;
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
		packet->pointer = pointer;
}
EXPORT_SYMBOL_GPL(kmcl_packet_set_pointer);

/**
 * kmcl_packet_get_pointer() - what kmcl_packet_set_pointer() was given
 * @packet: any packet object
 *
 * Context: any.
 * Return: the pointer; NULL before the first set, or for a NULL packet.
 */
void *kmcl_packet_get_pointer(const struct kmcl_packet *packet)
{
	return packet ? packet->pointer : NULL;
}
EXPORT_SYMBOL_GPL(kmcl_packet_get_pointer);

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

/*
 * The end of every packet that was accepted, on whichever way it came here: by
 * then exactly one caller owns it. The routine may free it or send it again.
 * Bottom halves or interrupts are off, so that a driver's plain spin_lock() in a
 * routine is as good in a worker as it is in softirq.
 */
void kmcl_packet_done(struct kmcl_packet *pkt, int status, const void *buffer, u32 length)
{
	bool bh = !irqs_disabled();

	kmcl_external_unmap(pkt);
	trace_kmcl_packet_done(pkt, status, length);
	kmcl_count(pkt->channel, completed);
	atomic_set_release(&pkt->state, KMCL_PACKET_IDLE);
	if (bh)
		local_bh_disable();
	pkt->routine(pkt, status, buffer, length);
	if (bh)
		local_bh_enable();
}
