// SPDX-License-Identifier: GPL-2.0-only
/*
 * Saving what a server's channel has under way (KMCL 7.4): packets that wait in the queue,
 * packets that wait for their answer, and answers that wait in the queue. The channel rests
 * meanwhile. When all is saved and the channel is disabled, its client is not told: the
 * transport keeps the connection for the channel that the state is restored to.
 */
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <kmcl/server.h>

#include "config.h"
#include "control.h"
#include "save.h"
#include "saved.h"
#include "trace.h"
#include "tx.h"

/**
 * kmcl_channel_set_save_callbacks() - who saves and restores what belongs to packets
 * @channel: a server's, disabled
 * @save: called for each packet that is saved
 * @restore: called for each packet that is restored
 *
 * Without them packets are saved with nothing of the driver's, and cannot be restored.
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL; -EBUSY if the channel is not disabled, or has been restored;
 * -EOPNOTSUPP on a client.
 */
int kmcl_channel_set_save_callbacks(struct kmcl_channel *channel, kmcl_save_packet_t save,
				    kmcl_restore_packet_t restore)
{
	int ret;

	if (!channel || !save || !restore)
		return -EINVAL;
	if (!channel->server)
		return -EOPNOTSUPP;
	ret = kmcl_config_begin(channel);
	if (ret)
		return ret;
	channel->config.save = save;
	channel->config.restore = restore;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_save_callbacks);

static void save_count(struct kmcl_save *save)
{
	u32 i;

	for (i = 0; i < save->count; i++) {
		if (save->items[i]->type == KMCL_PKT_COMPLETION)
			save->answers++;
		else
			save->packets++;
	}
}

/* What is sent from now on is not in it. */
static struct kmcl_save *save_create(struct kmcl_channel *ch, u64 connection)
{
	u32 count = kmcl_tx_under_way(ch, NULL, 0);
	struct kmcl_save *save = kvzalloc(struct_size(save, items, count), GFP_KERNEL);

	if (!save)
		return NULL;
	/* Requests, which are not saved, may have left meanwhile, and packets been added. */
	save->count = min(count, kmcl_tx_under_way(ch, save->items, count));
	save->connection = connection;
	save->generation = kmcl_xact_generation(&ch->sent);
	save_count(save);
	return save;
}

static int save_begin_locked(struct kmcl_channel *ch)
{
	u64 connection;
	int ret = kmcl_control_hold(ch, &connection);

	lockdep_assert_held(&ch->mutex);
	if (ret)
		return ret;
	kmcl_tx_freeze(ch);
	ch->save = save_create(ch, connection);
	if (ch->save)
		return 0;
	kmcl_control_release(ch, connection, false);
	return -ENOMEM;
}

/**
 * kmcl_channel_save_begin() - begin to save
 * @channel: a server's, not open or paused
 *
 * Until kmcl_channel_save_end() the channel stays as it is: nothing goes out, a start waits,
 * and so does the channel's closing when its client goes. What is sent meanwhile waits in the
 * queue and is not in the saved state. Synchronous requests are not either: who waits for
 * one is told -ENODEV when the channel is disabled. What was saved of this connection before is
 * of no use from now on, whatever comes of this.
 *
 * Context: thread; no callback of the channel.
 * Return: 0; -EINVAL for NULL; -EBUSY if the channel is open and not paused, is being opened or
 * saved, was restored and not enabled, or has deferred a packet that has not come again (start it,
 * and pause again); -EDEADLK in a callback of this channel; -EIO after kmcl_incoming_fail();
 * -ENODEV if the client is about to close; -ENOMEM; -EOPNOTSUPP on a client, or if the transport
 * keeps no connections.
 */
int kmcl_channel_save_begin(struct kmcl_channel *channel)
{
	int ret;

	if (!channel)
		return -EINVAL;
	if (!channel->server)
		return -EOPNOTSUPP;
	if (kmcl_channel_in_callback(channel))
		return -EDEADLK;
	mutex_lock(&channel->mutex);
	ret = save_begin_locked(channel);
	mutex_unlock(&channel->mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_save_begin);

/* The driver is asked within its channel's mutex: what needs that must not be called. */
static int ask_driver(struct kmcl_channel *ch, struct kmcl_packet *pkt, void *buffer, u32 size,
		      u32 *needed)
{
	int ret;

	WRITE_ONCE(ch->packet_task, current);
	ret = ch->config.save(ch, pkt, buffer, size, needed);
	WRITE_ONCE(ch->packet_task, NULL);
	/* These would say that the caller is to go on. */
	return ret == -ENOBUFS || ret == -EOVERFLOW ? -EIO : ret;
}

/* How much has it to say. */
static int own_size(struct kmcl_channel *ch, struct kmcl_packet *pkt, u32 *size)
{
	u32 needed = 0;
	int ret;

	*size = 0;
	if (!ch->config.save)
		return 0;
	ret = ask_driver(ch, pkt, NULL, 0, &needed);
	if (!ret || !needed)
		return ret;
	if (needed > KMCL_SAVE_OWN_MAX)
		return -E2BIG;
	*size = needed;
	return 0;
}

static int own_write(struct kmcl_channel *ch, struct kmcl_packet *pkt, void *buffer,
		     struct kmcl_saved *chunk)
{
	u32 room = chunk->packet.own_length;
	int ret;

	if (!room)
		return 0;
	ret = ask_driver(ch, pkt, kmcl_saved_own(buffer, chunk), room, &chunk->packet.own_length);
	if (!ret && chunk->packet.own_length > room)
		ret = -EINVAL;
	return ret;
}

static void describe_packet(struct kmcl_channel *ch, struct kmcl_packet *pkt,
			    struct kmcl_saved_packet *saved)
{
	saved->answer = pkt->item.answer;
	if (!pkt->item.queued) {
		saved->id = kmcl_xact_id(&ch->sent, pkt->slot);
		return;
	}
	saved->payload = pkt->item.storage;
	saved->length = pkt->item.length;
}

static void describe_answer(const struct kmcl_tx_item *item, struct kmcl_saved_answer *saved)
{
	saved->trans_id = item->trans_id;
	saved->payload = item->storage;
	saved->length = item->length;
}

static void describe_channel(struct kmcl_channel *ch, struct kmcl_saved_channel *saved)
{
	saved->connection = ch->save->connection;
	saved->type = ch->config.offer.type;
	saved->instance = ch->config.offer.instance;
	saved->generation = ch->save->generation;
	saved->packets = ch->save->packets;
	saved->answers = ch->save->answers;
	saved->pipe = ch->config.pipe;
}

/* Everything but what the driver has to say. */
static struct kmcl_tx_item *describe(struct kmcl_channel *ch, struct kmcl_saved *chunk)
{
	struct kmcl_save *save = ch->save;
	struct kmcl_tx_item *item;

	memset(chunk, 0, sizeof(*chunk));
	chunk->index = save->next;
	if (!save->next) {
		chunk->type = KMCL_SAVED_CHANNEL;
		describe_channel(ch, &chunk->channel);
		return NULL;
	}
	if (save->next > save->count) {
		chunk->type = KMCL_SAVED_END;
		return NULL;
	}
	item = save->items[save->next - 1];
	if (item->type == KMCL_PKT_COMPLETION) {
		chunk->type = KMCL_SAVED_ANSWER;
		describe_answer(item, &chunk->answer);
	} else {
		chunk->type = KMCL_SAVED_PACKET;
		describe_packet(ch, kmcl_item_packet(item), &chunk->packet);
	}
	return item;
}

/* -ENOBUFS: @bytes are needed. */
static int save_chunk(struct kmcl_channel *ch, void *buffer, u32 room, u32 *bytes)
{
	struct kmcl_saved chunk;
	struct kmcl_tx_item *item = describe(ch, &chunk);
	bool packet = chunk.type == KMCL_SAVED_PACKET;
	int ret = packet ? own_size(ch, kmcl_item_packet(item), &chunk.packet.own_length) : 0;

	if (ret)
		return ret;
	*bytes = kmcl_saved_bytes(&chunk);
	if (*bytes > room)
		return -ENOBUFS;
	if (packet)
		ret = own_write(ch, kmcl_item_packet(item), buffer, &chunk);
	if (ret)
		return ret;
	kmcl_saved_encode(buffer, &chunk);
	*bytes = kmcl_saved_bytes(&chunk);
	trace_kmcl_save(ch, chunk.type, chunk.index, *bytes);
	if (packet)
		kmcl_count(ch, packets_saved);
	return 0;
}

/* Behind the last chunk there is nothing more. */
static bool save_complete(const struct kmcl_save *save)
{
	return save->next == save->count + 2;
}

static int save_chunks(struct kmcl_channel *ch, void *buffer, u32 size, u32 *filled,
		       u32 *required)
{
	u32 bytes = 0;
	int ret;

	lockdep_assert_held(&ch->mutex);
	if (!ch->save)
		return -EINVAL;
	while (!save_complete(ch->save)) {
		ret = save_chunk(ch, buffer + *filled, size - *filled, &bytes);
		if (ret == -ENOBUFS) {
			*required = bytes;
			return *filled ? -EOVERFLOW : -ENOBUFS;
		}
		if (ret)
			return ret;
		*filled += bytes;
		ch->save->next++;
	}
	return 0;
}

/**
 * kmcl_channel_save_continue() - write what fits
 * @channel: between kmcl_channel_save_begin() and kmcl_channel_save_end()
 * @buffer: where it goes; may be NULL when @size is 0
 * @size: of @buffer in bytes
 * @filled: out: bytes written, whole chunks, also with an error
 * @required: out: with -EOVERFLOW and -ENOBUFS: bytes of the next chunk; else 0
 *
 * Goes on where the last call has stopped. What it writes is to be kept as it is; the parts
 * of all calls, in order, are what kmcl_channel_restore() takes. What the driver writes for a
 * packet is as well aligned as @buffer is, up to 8 bytes.
 *
 * Context: thread; no callback of the channel. Calls kmcl_save_packet_t.
 * Return: 0: all is saved; -EOVERFLOW: there is more, call again; -ENOBUFS: not one chunk
 * fits, call again with @required bytes; -EINVAL for NULL, or if no save was begun; -EDEADLK
 * in a callback of this channel; -EIO if a callback failed with -EOVERFLOW or -ENOBUFS without
 * asking for room; -E2BIG if the driver asks for more than KMCL_SAVE_OWN_MAX,
 * -EINVAL if it says that it has written more than there was room for; else what it returned;
 * -EOPNOTSUPP on a client.
 */
int kmcl_channel_save_continue(struct kmcl_channel *channel, void *buffer, u32 size,
			       u32 *filled, u32 *required)
{
	int ret;

	if (!channel || !filled || !required || (size && !buffer))
		return -EINVAL;
	*filled = 0;
	*required = 0;
	if (!channel->server)
		return -EOPNOTSUPP;
	if (kmcl_channel_in_callback(channel))
		return -EDEADLK;
	mutex_lock(&channel->mutex);
	ret = save_chunks(channel, buffer, size, filled, required);
	mutex_unlock(&channel->mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_save_continue);

void kmcl_save_forget(struct kmcl_channel *ch)
{
	struct kmcl_save *save = ch->save;

	lockdep_assert_held(&ch->mutex);
	if (!save)
		return;
	ch->save = NULL;
	kmcl_control_release(ch, save->connection, save_complete(save));
	kvfree(save);
}

/**
 * kmcl_channel_save_end() - end a save, whatever came of it
 * @channel: after kmcl_channel_save_begin(); NULL, a client's, or one that is not being saved
 *	is ignored, as is the call in a callback of the channel
 *
 * If all was saved, the channel keeps still until it is started, which calls the save off,
 * or disabled: then its packets end with -ENODEV, and closed is called, as always, but the client
 * is told nothing. It is to be cleaned up, and another channel to be restored, with the same
 * offer. If not all was saved the channel goes on.
 *
 * Context: thread.
 */
void kmcl_channel_save_end(struct kmcl_channel *channel)
{
	if (!channel || !channel->server || kmcl_channel_in_callback(channel))
		return;
	mutex_lock(&channel->mutex);
	kmcl_save_forget(channel);
	mutex_unlock(&channel->mutex);
}
EXPORT_SYMBOL_GPL(kmcl_channel_save_end);
