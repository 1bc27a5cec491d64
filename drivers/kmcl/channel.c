// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channel object: birth, configuration, death. See channel.h.
 */
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "control.h"
#include "incoming.h"
#include "rx.h"
#include "tx.h"
#include "watchdog.h"

/* All channels, for their names, which debugfs and the bus want to be unique. */
static LIST_HEAD(channels);
static DEFINE_MUTEX(channels_lock);
static unsigned int channels_born;

static bool name_taken(const char *name)
{
	struct kmcl_channel *ch;

	lockdep_assert_held(&channels_lock);
	list_for_each_entry(ch, &channels, node) {
		if (!strcmp(ch->name, name))
			return true;
	}
	return false;
}

static void config_defaults(struct kmcl_config *config)
{
	config->any_instance = true;
	config->max_packet = KMCL_DEFAULT_PACKET_SIZE;
	config->in_pages = KMCL_DEFAULT_RING_PAGES;
	config->out_pages = KMCL_DEFAULT_RING_PAGES;
	config->incoming = KMCL_DEFAULT_INCOMING;
	config->reserve = KMCL_DEFAULT_COMPLETION_RESERVE;
}

static void channel_add(struct kmcl_channel *ch)
{
	mutex_lock(&channels_lock);
	do {
		snprintf(ch->name, sizeof(ch->name), "channel%u", channels_born++);
	} while (name_taken(ch->name));
	list_add_tail(&ch->node, &channels);
	mutex_unlock(&channels_lock);
}

/**
 * kmcl_channel_alloc() - make a channel
 *
 * It is disabled, has the defaults of <kmcl/kmcl.h>, no target and no callbacks,
 * and is named channelN.
 *
 * Context: thread.
 * Ownership: the caller's, to be ended by kmcl_channel_cleanup().
 *
 * Return: the channel, or ERR_PTR(-ENOMEM).
 */
struct kmcl_channel *kmcl_channel_alloc(void)
{
	struct kmcl_channel *ch = kzalloc(sizeof(*ch), GFP_KERNEL);

	if (!ch)
		return ERR_PTR(-ENOMEM);
	mutex_init(&ch->mutex);
	config_defaults(&ch->config);
	kmcl_control_init(ch);
	kmcl_watchdog_init(ch);
	kmcl_packet_init(ch);
	kmcl_xact_init(&ch->received);
	kmcl_tx_init(ch);
	kmcl_rx_init(ch);
	channel_add(ch);
	return ch;
}
EXPORT_SYMBOL_GPL(kmcl_channel_alloc);

/* kmcl_control_kick() and others look at it under the lock. */
static struct workqueue_struct *exchange_wq(struct kmcl_channel *ch, struct workqueue_struct *wq)
{
	spin_lock_irq(&ch->lock);
	swap(ch->wq, wq);
	spin_unlock_irq(&ch->lock);
	return wq;
}

/* What the last enable made. Nobody else is in the channel. */
static void unconfigure(struct kmcl_channel *ch)
{
	lockdep_assert_held(&ch->mutex);
	if (!ch->configured)
		return;
	kmcl_stats_remove(ch);
	destroy_workqueue(exchange_wq(ch, NULL));
	/* Not cancelled: who claimed the loop for it has to give it back. */
	flush_work(&ch->rx.work);
	kmcl_rx_destroy(ch);
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
	wq = alloc_ordered_workqueue("kmcl/%s", 0, ch->name);
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
 * The channel is disabled and stays so until channel_unhold(): its closed callback,
 * which may be running, cannot enable it any more.
 */
static bool channel_hold(struct kmcl_channel *ch)
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

static void channel_unhold(struct kmcl_channel *ch)
{
	spin_lock_irq(&ch->lock);
	ch->disabling = false;
	spin_unlock_irq(&ch->lock);
}

static int cleanup_locked(struct kmcl_channel *ch)
{
	if (!channel_hold(ch))
		return -EBUSY;
	kmcl_tx_refuse(ch, true);
	kmcl_endpoint_disarm(ch);
	kmcl_tx_cancel(ch);
	if (atomic_read_acquire(&ch->packets)) {
		kmcl_tx_refuse(ch, false);
		channel_unhold(ch);
		return -EBUSY;
	}
	unconfigure(ch);
	return 0;
}

/**
 * kmcl_channel_cleanup() - end a channel
 * @channel: disabled; all its packet objects freed. NULL is ignored
 *
 * Packets that were sent to the disabled channel, and wait, end with -ENODEV.
 *
 * Context: thread; no callback of the channel.
 * Ownership: with 0 the channel is no more. With an error it is still a disabled
 * channel of the caller's; packets that waited have ended all the same.
 *
 * Return: 0; -EBUSY if it is not disabled or the driver holds packet objects;
 * -EDEADLK in a callback of this channel.
 */
int kmcl_channel_cleanup(struct kmcl_channel *channel)
{
	int ret;

	if (!channel)
		return 0;
	if (kmcl_channel_in_callback(channel))
		return -EDEADLK;
	mutex_lock(&channel->mutex);
	ret = cleanup_locked(channel);
	mutex_unlock(&channel->mutex);
	if (ret)
		return ret;
	mutex_lock(&channels_lock);
	list_del(&channel->node);
	mutex_unlock(&channels_lock);
	kmcl_packet_drop_spares(channel);
	/* It has told all, and may be on its last lines. */
	flush_work(&channel->tx.work);
	/* kmcl_incoming_complete() may still be on its last lines. */
	synchronize_rcu();
	kmcl_xact_destroy(&channel->sent);
	kmcl_xact_destroy(&channel->received);
	kfree(channel);
	return 0;
}
EXPORT_SYMBOL_GPL(kmcl_channel_cleanup);

/*
 * Every init function is config_begin(), assignments, config_end(): allowed while
 * the channel is disabled, and what an earlier enable has made is made anew.
 */
static int config_begin(struct kmcl_channel *ch)
{
	if (!ch)
		return -EINVAL;
	/* Before the mutex: kmcl_channel_disable() may hold it and wait for the callback. */
	if (kmcl_channel_in_callback(ch))
		return -EBUSY;
	mutex_lock(&ch->mutex);
	if (!channel_hold(ch)) {
		mutex_unlock(&ch->mutex);
		return -EBUSY;
	}
	kmcl_endpoint_disarm(ch);
	unconfigure(ch);
	return 0;
}

static int config_end(struct kmcl_channel *ch)
{
	channel_unhold(ch);
	mutex_unlock(&ch->mutex);
	return 0;
}

/* For what packet objects are made after. */
static int config_begin_packets(struct kmcl_channel *ch)
{
	int ret = config_begin(ch);

	if (ret)
		return ret;
	if (atomic_read_acquire(&ch->packets)) {
		config_end(ch);
		return -EBUSY;
	}
	kmcl_packet_drop_spares(ch);
	return 0;
}

static bool name_valid(const char *name)
{
	size_t i, len = name ? strnlen(name, KMCL_NAME_MAX + 1) : 0;

	if (!len || len > KMCL_NAME_MAX || name[0] == '.')
		return false;
	for (i = 0; i < len; i++) {
		if (!isalnum(name[i]) && !strchr("-_.", name[i]))
			return false;
	}
	return true;
}

/**
 * kmcl_channel_set_name() - name a channel
 * @channel: disabled
 * @name: 1 to KMCL_NAME_MAX letters, digits, '-', '_' and '.', not beginning with '.'
 *
 * The name stands in logs, in debugfs, and in /sys/bus/vmbus/drivers while the
 * channel is armed.
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL or a bad name; -EEXIST if another channel has it;
 * -EBUSY if the channel is not disabled.
 */
int kmcl_channel_set_name(struct kmcl_channel *channel, const char *name)
{
	int ret;

	if (!name_valid(name))
		return -EINVAL;
	ret = config_begin(channel);
	if (ret)
		return ret;
	mutex_lock(&channels_lock);
	if (!strcmp(channel->name, name))
		ret = 0;
	else if (name_taken(name))
		ret = -EEXIST;
	else
		strscpy(channel->name, name, sizeof(channel->name));
	mutex_unlock(&channels_lock);
	config_end(channel);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_name);

/**
 * kmcl_channel_set_target() - choose what to connect to
 * @channel: disabled
 * @type: interface type GUID: the protocol
 * @instance: one instance of it, or NULL for whichever is there first
 *
 * Context: thread.
 * Ownership: both GUIDs are copied.
 * Return: 0; -EINVAL for NULL or a null type; -EBUSY if the channel is not
 * disabled.
 */
int kmcl_channel_set_target(struct kmcl_channel *channel, const guid_t *type,
			    const guid_t *instance)
{
	int ret;

	if (!type || guid_is_null(type))
		return -EINVAL;
	ret = config_begin(channel);
	if (ret)
		return ret;
	channel->config.type = *type;
	channel->config.has_type = true;
	channel->config.any_instance = !instance;
	channel->config.instance = instance ? *instance : guid_null;
	return config_end(channel);
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
 * not disabled or has packet objects.
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
	return config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_max_packet_size);

/**
 * kmcl_channel_set_max_external_data() - bound external data of one packet
 * @channel: disabled, without packet objects
 * @bytes: 1 to KMCL_EXTERNAL_DATA_MAX
 * @ranges: 1 to 4,096: pieces that do not join at page boundaries
 *
 * Every packet object gets room for this. By default none can carry external
 * data.
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
	return config_end(channel);
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
 * not disabled.
 */
int kmcl_channel_set_ring_pages(struct kmcl_channel *channel, u32 incoming, u32 outgoing)
{
	int ret;

	if (!incoming || incoming > KMCL_RING_PAGES_MAX || !outgoing ||
	    outgoing > KMCL_RING_PAGES_MAX)
		return -EINVAL;
	ret = config_begin(channel);
	if (ret)
		return ret;
	channel->config.in_pages = incoming;
	channel->config.out_pages = outgoing;
	return config_end(channel);
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
	ret = config_begin(channel);
	if (ret)
		return ret;
	channel->config.incoming = packets;
	channel->config.reserve = reserve;
	return config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_incoming);

/**
 * kmcl_channel_set_thread_context() - receive where one may sleep
 * @channel: disabled
 * @thread: true: packets are delivered in thread context; false: in softirq, or
 *	in a worker with bottom halves disabled
 *
 * Completion routines of sent packets may not sleep either way.
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL; -EBUSY if the channel is not disabled.
 */
int kmcl_channel_set_thread_context(struct kmcl_channel *channel, bool thread)
{
	int ret = config_begin(channel);

	if (ret)
		return ret;
	channel->config.thread = thread;
	return config_end(channel);
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
	ret = config_begin(channel);
	if (ret)
		return ret;
	channel->config.process_packet = process_packet;
	channel->config.processing_complete = processing_complete;
	return config_end(channel);
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
	ret = config_begin(channel);
	if (ret)
		return ret;
	channel->config.on = *callbacks;
	return config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_state_callbacks);

/**
 * kmcl_channel_set_pointer() - remember something of the driver's
 * @channel: any state; NULL is ignored
 * @pointer: never looked at
 *
 * Context: any.
 */
void kmcl_channel_set_pointer(struct kmcl_channel *channel, void *pointer)
{
	if (channel)
		WRITE_ONCE(channel->pointer, pointer);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_pointer);

/**
 * kmcl_channel_get_pointer() - what kmcl_channel_set_pointer() was given
 * @channel: any state
 *
 * Context: any.
 * Return: the pointer; NULL before the first set, or for a NULL channel.
 */
void *kmcl_channel_get_pointer(const struct kmcl_channel *channel)
{
	return channel ? READ_ONCE(channel->pointer) : NULL;
}
EXPORT_SYMBOL_GPL(kmcl_channel_get_pointer);

/**
 * kmcl_channel_get_name() - for messages
 * @channel: any state
 *
 * Context: any.
 * Return: the name, which lives as long as the channel; NULL for a NULL channel.
 */
const char *kmcl_channel_get_name(const struct kmcl_channel *channel)
{
	return channel ? channel->name : NULL;
}
EXPORT_SYMBOL_GPL(kmcl_channel_get_name);

/**
 * kmcl_channel_get_instance() - which offer was taken
 * @channel: any state
 * @instance: out; unchanged on error
 *
 * Context: thread or softirq.
 * Return: 0; -EINVAL for NULL; -ENOTCONN if no offer is bound.
 */
int kmcl_channel_get_instance(struct kmcl_channel *channel, guid_t *instance)
{
	unsigned long flags;
	int ret = -ENOTCONN;

	if (!channel || !instance)
		return -EINVAL;
	spin_lock_irqsave(&channel->lock, flags);
	if (channel->ep) {
		*instance = channel->ep->instance;
		ret = 0;
	}
	spin_unlock_irqrestore(&channel->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_get_instance);

/**
 * kmcl_channel_get_state() - where the channel is now
 * @channel: any state
 *
 * It may have moved on by the time this returns.
 *
 * Context: any.
 * Return: the state; KMCL_DISABLED for a NULL channel.
 */
enum kmcl_state kmcl_channel_get_state(const struct kmcl_channel *channel)
{
	return channel ? READ_ONCE(channel->state) : KMCL_DISABLED;
}
EXPORT_SYMBOL_GPL(kmcl_channel_get_state);
