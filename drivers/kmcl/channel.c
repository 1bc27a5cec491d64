// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channel object: birth, names, death. See channel.h.
 */
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "config.h"
#include "control.h"
#include "gpadl.h"
#include "incoming.h"
#include "rx.h"
#include "save.h"
#include "tx.h"
#include "view.h"
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
	kmcl_config_defaults(&ch->config);
	kmcl_control_init(ch);
	kmcl_watchdog_init(ch);
	kmcl_packets_init(ch);
	kmcl_xact_init(&ch->received);
	init_llist_head(&ch->ending);
	INIT_WORK(&ch->end_work, kmcl_incoming_end_work);
	kmcl_tx_init(ch);
	kmcl_rx_init(ch);
	kmcl_gpadl_init(ch);
	kmcl_views_init(ch);
	channel_add(ch);
	return ch;
}
EXPORT_SYMBOL_GPL(kmcl_channel_alloc);

static int cleanup_locked(struct kmcl_channel *ch)
{
	if (!kmcl_channel_hold(ch))
		return -EBUSY;
	kmcl_tx_refuse(ch, true);
	kmcl_save_forget(ch);
	kmcl_endpoint_disarm(ch);
	kmcl_tx_cancel(ch);
	kmcl_restore_forget(ch);
	if (atomic_read_acquire(&ch->packets)) {
		kmcl_tx_refuse(ch, false);
		kmcl_channel_unhold(ch);
		return -EBUSY;
	}
	kmcl_channel_unconfigure(ch);
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
	flush_work(&channel->end_work);
	/* kmcl_incoming_complete() may still be on its last lines, and restart the loop there. */
	synchronize_rcu();
	flush_work(&channel->rx.work);
	kmcl_xact_destroy(&channel->sent);
	kmcl_xact_destroy(&channel->received);
	kfree(channel);
	return 0;
}
EXPORT_SYMBOL_GPL(kmcl_channel_cleanup);

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
	ret = kmcl_config_begin(channel);
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
	kmcl_config_end(channel);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_name);

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
		WRITE_ONCE(channel->head.pointer, pointer);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_pointer);

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
		*instance = channel->ep->offer.instance;
		ret = 0;
	}
	spin_unlock_irqrestore(&channel->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_get_instance);

/**
 * kmcl_channel_get_offer() - all that the offer says
 * @channel: any state
 * @offer: out; unchanged on error. From an untrusted host: bound what is used
 *
 * Context: thread or softirq.
 * Return: as kmcl_channel_get_instance().
 */
int kmcl_channel_get_offer(struct kmcl_channel *channel, struct kmcl_offer *offer)
{
	unsigned long flags;
	int ret = -ENOTCONN;

	if (!channel || !offer)
		return -EINVAL;
	spin_lock_irqsave(&channel->lock, flags);
	if (channel->ep) {
		*offer = channel->ep->offer;
		ret = 0;
	}
	spin_unlock_irqrestore(&channel->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_get_offer);

/**
 * kmcl_channel_get_mmio() - memory-mapped space of the device
 * @channel: between the begin of its opened and the end of its closed callback
 * @address: out: guest physical address of its first byte
 * @bytes: out: size
 *
 * As much as the offer asks for, from what the platform has set aside for devices
 * of the bus. The same at each call; taken back when the channel gives the device up,
 * after its closed callback.
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL; -ENOTCONN if the channel is not open; -ENOENT if
 * the offer asks for none; -ENXIO, -ENOMEM if there is no such space. On error both
 * outputs are 0.
 */
int kmcl_channel_get_mmio(struct kmcl_channel *channel, u64 *address, u64 *bytes)
{
	struct kmcl_endpoint *ep;
	int ret = -ENOTCONN;

	if (!channel || !address || !bytes)
		return -EINVAL;
	*address = 0;
	*bytes = 0;
	mutex_lock(&channel->bus_mutex);
	ep = channel->bus_ep;
	if (ep)
		ret = ep->transport->mmio(ep, address, bytes);
	mutex_unlock(&channel->bus_mutex);
	if (ret)
		*address = *bytes = 0;
	return ret || *bytes ? ret : -ENOENT;
}
EXPORT_SYMBOL_GPL(kmcl_channel_get_mmio);

/**
 * kmcl_channel_set_interrupt_latency() - delay signals to the host
 * @channel: any state
 * @latency: in units of 100 ns
 * @original: out: unchanged
 *
 * KMCL has it for the monitor page. hv_vmbus has no setter for what is there, and
 * the page is not a driver's to write, so it is always refused.
 *
 * Context: any.
 * Return: -EINVAL for NULL; else -EOPNOTSUPP.
 */
int kmcl_channel_set_interrupt_latency(struct kmcl_channel *channel, u16 latency, u16 *original)
{
	return channel && original ? -EOPNOTSUPP : -EINVAL;
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_interrupt_latency);

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
