// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration: the init functions, and the resources that an enable makes of what
 * they set.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>

#include "config.h"
#include "control.h"
#include "incoming.h"
#include "rx.h"
#include "tx.h"

void kmcl_config_defaults(struct kmcl_config *config)
{
	config->any_instance = true;
	config->max_packet = KMCL_DEFAULT_PACKET_SIZE;
	config->in_pages = KMCL_DEFAULT_RING_PAGES;
	config->out_pages = KMCL_DEFAULT_RING_PAGES;
	config->incoming = KMCL_DEFAULT_INCOMING;
	config->reserve = KMCL_DEFAULT_COMPLETION_RESERVE;
}

/* Who kicks looks at it under the lock. */
static struct workqueue_struct *exchange_wq(struct kmcl_channel *ch, struct workqueue_struct *wq)
{
	spin_lock_irq(&ch->lock);
	swap(ch->wq, wq);
	spin_unlock_irq(&ch->lock);
	return wq;
}

/* What the last enable made. Nobody else is in the channel. */
void kmcl_channel_unconfigure(struct kmcl_channel *ch)
{
	lockdep_assert_held(&ch->mutex);
	if (!ch->configured)
		return;
	kmcl_stats_remove(ch);
	destroy_workqueue(exchange_wq(ch, NULL));
	/* Not cancelled: who claimed the loop for it has to give it back. */
	flush_work(&ch->rx.work);
	kmcl_rx_destroy(ch);
	/* Who asks after a dead handle may still look. */
	synchronize_rcu();
	kmcl_incoming_destroy(ch);
	ch->configured = false;
}

/**
 * kmcl_channel_configure() - resources for the present configuration
 * @ch: disabled; mutex held
 *
 * Return: 0 or -ENOMEM.
 */
int kmcl_channel_configure(struct kmcl_channel *ch)
{
	struct workqueue_struct *wq;

	lockdep_assert_held(&ch->mutex);
	if (ch->configured)
		return 0;
	if (kmcl_incoming_create(ch))
		goto err_incoming;
	if (kmcl_rx_create(ch))
		goto err_incoming;
	/* Not for memory reclaim: callbacks run on it, and may wait for any work of the driver's. */
	wq = alloc_ordered_workqueue("kmcl/%.26s", 0, ch->name);
	if (!wq)
		goto err_rx;
	exchange_wq(ch, wq);
	kmcl_stats_add(ch);
	ch->configured = true;
	return 0;

err_rx:
	kmcl_rx_destroy(ch);
err_incoming:
	kmcl_incoming_destroy(ch);
	return -ENOMEM;
}

/*
 * The channel is disabled and stays so until kmcl_channel_unhold(): its closed callback,
 * which may be running, cannot enable it any more.
 */
bool kmcl_channel_hold(struct kmcl_channel *ch)
{
	bool held;

	lockdep_assert_held(&ch->mutex);
	spin_lock_irq(&ch->lock);
	held = !ch->enabled && ch->state == KMCL_DISABLED;
	if (held)
		ch->disabling = true;
	spin_unlock_irq(&ch->lock);
	return held;
}

void kmcl_channel_unhold(struct kmcl_channel *ch)
{
	spin_lock_irq(&ch->lock);
	ch->disabling = false;
	spin_unlock_irq(&ch->lock);
}

/*
 * Every init function is kmcl_config_begin(), assignments, kmcl_config_end(): allowed while
 * the channel is disabled, and what an earlier enable has made is made anew.
 */
int kmcl_config_begin(struct kmcl_channel *ch)
{
	if (!ch)
		return -EINVAL;
	/* Before the mutex: kmcl_channel_disable() may hold it and wait for the callback. */
	if (kmcl_channel_in_callback(ch))
		return -EBUSY;
	mutex_lock(&ch->mutex);
	if (!kmcl_channel_hold(ch)) {
		mutex_unlock(&ch->mutex);
		return -EBUSY;
	}
	/* Both were judged by what is set. */
	if (ch->save || ch->restore.begun) {
		kmcl_config_end(ch);
		return -EBUSY;
	}
	kmcl_endpoint_disarm(ch);
	kmcl_channel_unconfigure(ch);
	return 0;
}

int kmcl_config_end(struct kmcl_channel *ch)
{
	kmcl_channel_unhold(ch);
	mutex_unlock(&ch->mutex);
	return 0;
}

/* For what only a client sets. */
static int config_begin_client(struct kmcl_channel *ch)
{
	return ch && ch->server ? -EOPNOTSUPP : kmcl_config_begin(ch);
}

static int config_end_packets(struct kmcl_channel *ch)
{
	/* Whoever counts a packet from now on sees what was set. */
	atomic_set_release(&ch->packets, 0);
	return kmcl_config_end(ch);
}

/* For what packet objects are made after: there are none, and none is made until the end. */
static int config_begin_packets(struct kmcl_channel *ch)
{
	int ret = kmcl_config_begin(ch);

	if (ret)
		return ret;
	if (atomic_cmpxchg(&ch->packets, 0, KMCL_PACKETS_NONE) != 0) {
		kmcl_config_end(ch);
		return -EBUSY;
	}
	if (!kmcl_tx_queue_empty(ch)) {
		config_end_packets(ch);
		return -EBUSY;
	}
	kmcl_packet_drop_spares(ch);
	return 0;
}

/**
 * kmcl_channel_set_target() - choose what to connect to
 * @channel: disabled
 * @type: interface type GUID: the protocol
 * @instance: one instance of it, or NULL for whichever is there first
 *
 * Context: thread.
 * Ownership: both GUIDs are copied.
 * Return: 0; -EINVAL for NULL or a null type; -EBUSY if the channel is not
 * disabled; -EOPNOTSUPP on a server.
 */
int kmcl_channel_set_target(struct kmcl_channel *channel, const guid_t *type,
			    const guid_t *instance)
{
	int ret;

	if (!type || guid_is_null(type))
		return -EINVAL;
	ret = config_begin_client(channel);
	if (ret)
		return ret;
	channel->config.type = *type;
	channel->config.has_type = true;
	channel->config.any_instance = !instance;
	channel->config.instance = instance ? *instance : guid_null;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_target);

/**
 * kmcl_channel_set_max_packet_size() - bound payloads, both ways
 * @channel: disabled, without packet objects
 * @bytes: 1 to KMCL_PACKET_SIZE_MAX
 *
 * Sending more is refused. A received packet with more is refused and counted
 * (rejected_size).
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL or a size out of range; -EBUSY if the channel is
 * not disabled, has packet objects, or something waits in its queue.
 */
int kmcl_channel_set_max_packet_size(struct kmcl_channel *channel, u32 bytes)
{
	int ret;

	if (!bytes || bytes > KMCL_PACKET_SIZE_MAX)
		return -EINVAL;
	ret = config_begin_packets(channel);
	if (ret)
		return ret;
	channel->config.max_packet = bytes;
	return config_end_packets(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_max_packet_size);

/**
 * kmcl_channel_set_max_external_data() - bound external data of one packet, both ways
 * @channel: disabled, without packet objects
 * @bytes: 1 to KMCL_EXTERNAL_DATA_MAX
 * @ranges: 1 to 4,096: out: pieces that do not join at page boundaries; in: ranges
 *
 * Every packet object and every context of a received packet gets room for this. By default
 * none can carry external data. A received packet with more is refused
 * (rejected_external).
 *
 * Context: thread.
 * Return: as kmcl_channel_set_max_packet_size().
 */
int kmcl_channel_set_max_external_data(struct kmcl_channel *channel, u32 bytes, u32 ranges)
{
	int ret;

	if (!bytes || bytes > KMCL_EXTERNAL_DATA_MAX || !ranges || ranges > 4096)
		return -EINVAL;
	ret = config_begin_packets(channel);
	if (ret)
		return ret;
	channel->config.max_external = bytes;
	channel->config.max_ranges = ranges;
	return config_end_packets(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_max_external_data);

/**
 * kmcl_channel_set_ring_pages() - size the rings
 * @channel: disabled
 * @incoming: data pages of 4 KiB, host to guest, 1 to KMCL_RING_PAGES_MAX
 * @outgoing: data pages of 4 KiB, guest to host, likewise
 *
 * Each ring has one more page for its header. Rounded up to the machine's page
 * size. Both rings come from one contiguous allocation.
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL or a number out of range; -EBUSY if the channel is
 * not disabled; -EOPNOTSUPP on a server, whose client brings the rings.
 */
int kmcl_channel_set_ring_pages(struct kmcl_channel *channel, u32 incoming, u32 outgoing)
{
	int ret;

	if (!incoming || incoming > KMCL_RING_PAGES_MAX || !outgoing ||
	    outgoing > KMCL_RING_PAGES_MAX)
		return -EINVAL;
	ret = config_begin_client(channel);
	if (ret)
		return ret;
	channel->config.in_pages = incoming;
	channel->config.out_pages = outgoing;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_ring_pages);

/**
 * kmcl_channel_set_incoming() - size what receiving needs
 * @channel: disabled
 * @packets: 1 to KMCL_INCOMING_MAX: most packets outstanding at the driver; with
 *	so many, the next stays in the ring until one is completed
 * @reserve: 0 to KMCL_COMPLETION_RESERVE_MAX: bytes of the largest completion
 *	payload
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL or a number out of range; -EBUSY if the channel is
 * not disabled.
 */
int kmcl_channel_set_incoming(struct kmcl_channel *channel, u32 packets, u32 reserve)
{
	int ret;

	if (!packets || packets > KMCL_INCOMING_MAX || reserve > KMCL_COMPLETION_RESERVE_MAX)
		return -EINVAL;
	ret = kmcl_config_begin(channel);
	if (ret)
		return ret;
	channel->config.incoming = packets;
	channel->config.reserve = reserve;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_incoming);

/**
 * kmcl_channel_set_client_context_size() - room for the driver in received packets
 * @channel: disabled
 * @bytes: 0 to KMCL_CLIENT_CONTEXT_MAX, in each packet: kmcl_incoming_get_context()
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL or a size out of range; -EBUSY if the channel is
 * not disabled.
 */
int kmcl_channel_set_client_context_size(struct kmcl_channel *channel, u32 bytes)
{
	int ret;

	if (bytes > KMCL_CLIENT_CONTEXT_MAX)
		return -EINVAL;
	ret = kmcl_config_begin(channel);
	if (ret)
		return ret;
	channel->config.context = bytes;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_client_context_size);

/**
 * kmcl_channel_set_pipe() - send and receive messages of a pipe
 * @channel: disabled, without packet objects
 * @pipe: true: each packet is a message, with a header in front that the driver
 *	does not see. There are no completions then, and no external data out
 *
 * For offers that are pipes in message mode. The length of a received message is
 * exact. A packet that is no data message is refused (rejected_type), and
 * answered with nothing if it asks for a completion.
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL; -EBUSY if the channel is not disabled, has packet
 * objects, or something waits in its queue.
 */
int kmcl_channel_set_pipe(struct kmcl_channel *channel, bool pipe)
{
	int ret = config_begin_packets(channel);

	if (ret)
		return ret;
	channel->config.pipe = pipe;
	return config_end_packets(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_pipe);

/**
 * kmcl_channel_set_external_release() - be told when received external data go
 * @channel: disabled
 * @release: see kmcl_external_release_t; NULL: nobody
 *
 * Context: thread.
 * Return: 0; -EINVAL for a NULL channel; -EBUSY if the channel is not disabled.
 */
int kmcl_channel_set_external_release(struct kmcl_channel *channel,
				      kmcl_external_release_t release)
{
	int ret = kmcl_config_begin(channel);

	if (ret)
		return ret;
	channel->config.release = release;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_external_release);

/**
 * kmcl_channel_set_thread_context() - receive where one may sleep
 * @channel: any state; to hold from the first packet on, before it is enabled
 * @thread: true: packets are delivered in thread context; false: in softirq, or
 *	in a worker with bottom halves disabled
 *
 * While the channel runs it holds from the next batch on. Completion routines of
 * sent packets may not sleep either way.
 *
 * Context: any.
 * Return: 0; -EINVAL for NULL.
 */
int kmcl_channel_set_thread_context(struct kmcl_channel *channel, bool thread)
{
	if (!channel)
		return -EINVAL;
	WRITE_ONCE(channel->rx.thread, thread);
	return 0;
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_thread_context);

/**
 * kmcl_channel_set_packet_callbacks() - choose who receives
 * @channel: disabled
 * @process_packet: called for every packet; NULL: packets of the host are
 *	refused, and answered with nothing if they ask for a completion
 * @processing_complete: called at the end of a batch, or NULL
 *
 * Context: thread.
 * Return: 0; -EINVAL for a NULL channel, or @processing_complete alone; -EBUSY if
 * the channel is not disabled.
 */
int kmcl_channel_set_packet_callbacks(struct kmcl_channel *channel,
				      kmcl_process_packet_t process_packet,
				      kmcl_processing_complete_t processing_complete)
{
	int ret;

	if (!process_packet && processing_complete)
		return -EINVAL;
	ret = kmcl_config_begin(channel);
	if (ret)
		return ret;
	channel->config.process_packet = process_packet;
	channel->config.processing_complete = processing_complete;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_packet_callbacks);

/**
 * kmcl_channel_set_state_callbacks() - choose who is told of state changes
 * @channel: disabled
 * @callbacks: copied; members may be NULL
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL; -EBUSY if the channel is not disabled.
 */
int kmcl_channel_set_state_callbacks(struct kmcl_channel *channel,
				     const struct kmcl_state_callbacks *callbacks)
{
	int ret;

	if (!callbacks)
		return -EINVAL;
	ret = kmcl_config_begin(channel);
	if (ret)
		return ret;
	channel->config.on = *callbacks;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_state_callbacks);
