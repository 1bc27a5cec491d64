// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restoring what save.c has saved, to another channel. The bytes may have lain anywhere: all
 * that is in a part is judged before anything of it is done.
 */
#include <linux/export.h>
#include <linux/sched.h>

#include <kmcl/server.h>

#include "config.h"
#include "control.h"
#include "incoming.h"
#include "parse.h"
#include "save.h"
#include "saved.h"
#include "trace.h"
#include "tx.h"

/* Of this channel, as it is set up now. */
static int check_channel(struct kmcl_channel *ch, const struct kmcl_saved_channel *saved)
{
	const struct kmcl_config *config = &ch->config;

	if (!guid_equal(&saved->type, &config->offer.type) ||
	    !guid_equal(&saved->instance, &config->offer.instance) || saved->pipe != config->pipe)
		return -EINVAL;
	if (saved->packets && !config->restore)
		return -EOPNOTSUPP;
	return saved->answers > config->incoming ? -ENOSPC : 0;
}

/* Messages of a pipe have a header, and are not answered. */
static bool is_message(const struct kmcl_saved_packet *saved)
{
	u32 length;
	u64 word;

	if (saved->id || saved->answer || saved->length < sizeof(word))
		return false;
	memcpy(&word, saved->payload, sizeof(word));
	return !kmcl_parse_pipe(word, saved->length, &length) &&
	       length == saved->length - sizeof(struct kmcl_pipe_header);
}

static int check_chunk(struct kmcl_channel *ch, const struct kmcl_saved *chunk)
{
	if (chunk->type == KMCL_SAVED_CHANNEL)
		return check_channel(ch, &chunk->channel);
	if (chunk->type == KMCL_SAVED_PACKET && ch->config.pipe && !is_message(&chunk->packet))
		return -EBADMSG;
	if (chunk->type == KMCL_SAVED_ANSWER && chunk->answer.length > ch->config.reserve)
		return -EMSGSIZE;
	return 0;
}

/* The whole part, before anything of it is done. */
static int check_part(struct kmcl_channel *ch, const void *buffer, u32 size)
{
	struct kmcl_saved_order order = ch->restore.order;
	struct kmcl_saved chunk;
	int ret, bytes;

	for (; size; buffer += bytes, size -= bytes) {
		bytes = kmcl_saved_decode(buffer, size, &chunk);
		if (bytes < 0)
			return bytes;
		ret = kmcl_saved_follow(&order, &chunk);
		if (!ret)
			ret = check_chunk(ch, &chunk);
		if (ret)
			return ret;
	}
	return 0;
}

/* The packet that the driver has taken up is under way again. */
static void restore_commit(struct kmcl_channel *ch, struct kmcl_packet *pkt)
{
	bool queued = !kmcl_xact_id(&ch->sent, pkt->slot);

	kmcl_count(ch, packets_restored);
	atomic_set_release(&pkt->state, KMCL_PACKET_BUSY);
	if (queued)
		kmcl_tx_requeue(ch, &pkt->item);
}

/* The driver's again, as if nothing had been. */
void kmcl_restore_undo(struct kmcl_packet *pkt)
{
	struct kmcl_channel *ch = pkt->channel;

	if (kmcl_xact_take_slot(&ch->sent, pkt->slot) && pkt->guest) {
		kmcl_xact_push(&ch->sent, pkt->slot);
		pkt->slot = KMCL_XACT_MAX;
	}
	ch->restore.packet = NULL;
	atomic_set_release(&pkt->state, KMCL_PACKET_IDLE);
}

static int restore_packet(struct kmcl_channel *ch, const void *buffer,
			  const struct kmcl_saved *chunk)
{
	const struct kmcl_saved_packet *saved = &chunk->packet;
	struct kmcl_packet *pkt;
	int ret;

	ch->restore.index = chunk->index;
	WRITE_ONCE(ch->packet_task, current);
	ret = ch->config.restore(ch, buffer, kmcl_saved_bytes(chunk), saved->own,
				 saved->own_length);
	WRITE_ONCE(ch->packet_task, NULL);
	ch->restore.index = 0;
	pkt = ch->restore.packet;
	/* That would say that all is well so far. */
	if (ret == -EAGAIN)
		ret = -EIO;
	if (!pkt)
		return ret;
	if (!ret && !pkt->routine)
		ret = -EINVAL;
	if (ret)
		kmcl_restore_undo(pkt);
	else
		restore_commit(ch, pkt);
	ch->restore.packet = NULL;
	return ret;
}

static int restore_answer(struct kmcl_channel *ch, const struct kmcl_saved_answer *saved)
{
	int ret = kmcl_channel_configure(ch);
	struct kmcl_tx_item *item;

	if (ret)
		return ret;
	item = kmcl_incoming_restore(ch, saved->trans_id, saved->payload, saved->length);
	if (!item)
		return -ENOSPC;
	kmcl_tx_requeue(ch, item);
	return 0;
}

static int restore_chunk(struct kmcl_channel *ch, const void *buffer,
			 const struct kmcl_saved *chunk)
{
	trace_kmcl_restore(ch, chunk->type, chunk->index, kmcl_saved_bytes(chunk));
	switch (chunk->type) {
	case KMCL_SAVED_CHANNEL:
		ch->restore.connection = chunk->channel.connection;
		kmcl_xact_age(&ch->sent, chunk->channel.generation);
		return 0;
	case KMCL_SAVED_PACKET:
		return restore_packet(ch, buffer, chunk);
	case KMCL_SAVED_ANSWER:
		return restore_answer(ch, &chunk->answer);
	case KMCL_SAVED_END:
		return 0;
	}
	return -EBADMSG;
}

/*
 * The driver's callback may change what it was given: each chunk is judged again, so that
 * what is done is what was judged.
 */
static int restore_part(struct kmcl_channel *ch, const void *buffer, u32 size)
{
	struct kmcl_saved chunk;
	int ret, bytes;

	for (; size; buffer += bytes, size -= bytes) {
		bytes = kmcl_saved_decode(buffer, size, &chunk);
		if (bytes < 0)
			return bytes;
		ret = kmcl_saved_follow(&ch->restore.order, &chunk);
		if (!ret)
			ret = check_chunk(ch, &chunk);
		if (!ret)
			ret = restore_chunk(ch, buffer, &chunk);
		if (ret)
			return ret;
	}
	return 0;
}

static int restore_locked(struct kmcl_channel *ch, const void *buffer, u32 size)
{
	int ret;

	lockdep_assert_held(&ch->mutex);
	if (ch->save)
		return -EBUSY;
	if (ch->restore.failed || ch->restore.order.ended)
		return -EINVAL;
	if (!ch->config.has_type)
		return -EINVAL;
	if (!ch->restore.begun && !kmcl_tx_queue_empty(ch))
		return -EBUSY;
	ret = check_part(ch, buffer, size);
	if (ret)
		return ret;
	ch->restore.begun = true;
	ret = restore_part(ch, buffer, size);
	ch->restore.failed = ret;
	if (ret)
		return ret;
	return ch->restore.order.ended ? 0 : -EAGAIN;
}

/**
 * kmcl_channel_restore() - take up what another channel had under way
 * @channel: a server's, set up as the one that was saved, disabled, on which nothing has been
 *	sent
 * @buffer: what kmcl_channel_save_continue() has written, one call's or several
 * @size: of @buffer in bytes; whole chunks
 *
 * Then the channel is enabled. If the client is still there, it goes on with it, and finds
 * opened and, when it was started, started called as for a new one. If the client is gone, or
 * KMCL_SERVER_FORCE_NEW_CHANNEL is set, the packets end with -ENODEV inside kmcl_channel_enable(),
 * or when the client's going is noticed, and with them what the driver has sent since; the channel
 * is offered as new.
 *
 * Until it is enabled, init functions give -EBUSY. kmcl_channel_disable() and
 * kmcl_channel_cleanup() end what was restored with -ENODEV.
 *
 * Context: thread; no callback of the channel. Calls kmcl_restore_packet_t.
 * Return: 0: all is restored; -EAGAIN: this part is, call again with the next; -EINVAL for
 * NULL, for what is no whole chunks, or belongs to a channel with another offer, or after a
 * restore that failed or is complete, or for a packet of kmcl_packet_init() without a
 * completion routine; -EBADMSG for anything that was never written; -EBUSY if the channel is
 * not disabled, is being saved, or something waits in its queue; -EMSGSIZE for an answer over
 * the reserve and -ENOSPC for more answers than kmcl_channel_set_incoming() allows; -EOPNOTSUPP
 * on a client, or for packets without kmcl_channel_set_save_callbacks(); -EDEADLK in a callback
 * of this channel; -ENOMEM; else what the driver's callback returned, -EIO for its -EAGAIN. An
 * error that is found before anything of @buffer is restored changes nothing; after another one,
 * disable the channel.
 */
int kmcl_channel_restore(struct kmcl_channel *channel, const void *buffer, u32 size)
{
	int ret = -EBUSY;

	if (!channel || !buffer || !size)
		return -EINVAL;
	if (!channel->server)
		return -EOPNOTSUPP;
	if (kmcl_channel_in_callback(channel))
		return -EDEADLK;
	mutex_lock(&channel->mutex);
	if (kmcl_channel_hold(channel)) {
		ret = restore_locked(channel, buffer, size);
		kmcl_channel_unhold(channel);
	}
	mutex_unlock(&channel->mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_restore);

/* Its answer finds it under the id that it was sent with. */
static int adopt_id(struct kmcl_packet *pkt, u64 id)
{
	struct kmcl_channel *ch = pkt->channel;
	struct kmcl_xact_moved moved;
	int ret = kmcl_xact_extend(&ch->sent, lower_32_bits(id), GFP_KERNEL);

	if (!ret)
		ret = kmcl_xact_adopt(&ch->sent, pkt, &pkt->slot, id, &moved);
	/* At rest, like everything else that has a slot here. */
	if (!ret && moved.object)
		((struct kmcl_packet *)moved.object)->slot = moved.slot;
	return ret;
}

static int fill_packet(struct kmcl_packet *pkt, const struct kmcl_saved_packet *saved)
{
	const struct kmcl_config *config = &pkt->channel->config;
	u32 header = kmcl_pipe_overhead(config);

	if (saved->length > min(pkt->capacity, config->max_packet) + header)
		return -EMSGSIZE;
	pkt->item.type = KMCL_PKT_DATA_INBAND;
	pkt->item.answer = saved->answer;
	pkt->item.length = saved->length;
	memcpy(pkt->item.storage, saved->payload, saved->length);
	return saved->id ? adopt_id(pkt, saved->id) : 0;
}

/* The chunk that the driver was given, or a copy of it. */
static int check_given(struct kmcl_channel *ch, const void *buffer, u32 size,
		       struct kmcl_saved *chunk)
{
	int bytes = kmcl_saved_decode(buffer, size, chunk);

	if (bytes < 0)
		return -EBADMSG;
	return bytes == size && chunk->type == KMCL_SAVED_PACKET &&
	       chunk->index == ch->restore.index ? 0 : -EINVAL;
}

/**
 * kmcl_packet_restore() - let an object be the packet that was saved
 * @packet: of the channel that is being restored; not in flight
 * @saved: what kmcl_restore_packet_t was given
 * @saved_size: of @saved in bytes
 *
 * From then on until the callback returns, completion routine and pointer may be set, and the
 * object may be freed, which takes it back. When the callback returns 0 it is in flight: its
 * routine will be called exactly once. If the callback fails it is the driver's, and idle.
 *
 * Context: within kmcl_restore_packet_t, once.
 * Ownership: kmcl's when the callback returns 0.
 * Return: 0; -EINVAL for NULL, for something else than was given, or elsewhere; -EBADMSG for
 * what is no packet; -EALREADY for a second one; -EBUSY if @packet is in flight; -EMSGSIZE if
 * its payload is longer than the channel's packet size; -EEXIST if another packet has its id;
 * -ENOSPC, -ENOMEM.
 */
int kmcl_packet_restore(struct kmcl_packet *packet, const void *saved, u32 saved_size)
{
	struct kmcl_channel *ch;
	struct kmcl_saved chunk;
	int ret;

	if (!packet || !saved)
		return -EINVAL;
	ch = packet->channel;
	if (READ_ONCE(ch->packet_task) != current || !ch->restore.index)
		return -EINVAL;
	if (ch->restore.packet)
		return -EALREADY;
	ret = check_given(ch, saved, saved_size, &chunk);
	if (ret)
		return ret;
	if (atomic_cmpxchg(&packet->state, KMCL_PACKET_IDLE, KMCL_PACKET_RESTORED) !=
	    KMCL_PACKET_IDLE)
		return -EBUSY;
	ret = fill_packet(packet, &chunk.packet);
	if (ret)
		atomic_set_release(&packet->state, KMCL_PACKET_IDLE);
	else
		ch->restore.packet = packet;
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_packet_restore);

/* It is enabled, or given up. */
void kmcl_restore_forget(struct kmcl_channel *ch)
{
	lockdep_assert_held(&ch->mutex);
	memset(&ch->restore, 0, sizeof(ch->restore));
}

/**
 * kmcl_channel_connection() - what a restored channel shall go on with
 * @channel: being armed
 *
 * Return: kmcl_endpoint.connection of the one that was saved; 0: with nothing.
 */
u64 kmcl_channel_connection(const struct kmcl_channel *channel)
{
	lockdep_assert_held(&channel->mutex);
	return channel->restore.connection;
}
EXPORT_SYMBOL_GPL(kmcl_channel_connection);
