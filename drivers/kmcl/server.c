// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server's end: what a channel offers.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/string.h>

#include <kmcl/server.h>

#include "config.h"
#include "control.h"

/**
 * kmcl_channel_alloc_server() - make a channel that is offered
 *
 * As kmcl_channel_alloc(). It begins paused: a client that opens it is accepted, but nothing
 * is delivered before kmcl_channel_start().
 *
 * Context: thread.
 * Ownership: the caller's, to be ended by kmcl_channel_cleanup().
 * Return: the channel, or ERR_PTR(-ENOMEM).
 */
struct kmcl_channel *kmcl_channel_alloc_server(void)
{
	struct kmcl_channel *ch = kmcl_channel_alloc();

	if (!IS_ERR(ch)) {
		ch->server = true;
		ch->paused = true;
	}
	return ch;
}
EXPORT_SYMBOL_GPL(kmcl_channel_alloc_server);

/* Between kmcl_config_begin() and kmcl_config_end() if it gives 0. */
static int server_begin(struct kmcl_channel *ch)
{
	if (ch && !ch->server)
		return -EOPNOTSUPP;
	return kmcl_config_begin(ch);
}

/**
 * kmcl_channel_set_offer() - what clients ask for
 * @channel: a server's, disabled
 * @type: interface type GUID: the protocol
 * @instance: instance GUID: which of several of this type
 *
 * Context: thread.
 * Ownership: both GUIDs are copied.
 * Return: 0; -EINVAL for NULL or a null GUID; -EBUSY if the channel is not disabled;
 * -EOPNOTSUPP on a client.
 */
int kmcl_channel_set_offer(struct kmcl_channel *channel, const guid_t *type,
			   const guid_t *instance)
{
	int ret;

	if (!type || guid_is_null(type) || !instance || guid_is_null(instance))
		return -EINVAL;
	ret = server_begin(channel);
	if (ret)
		return ret;
	channel->config.offer.type = *type;
	channel->config.offer.instance = *instance;
	channel->config.has_type = true;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_offer);

/* From KMCL's values to those of the wire (KMCL 7.1). */
static u16 offer_flags(u32 flags)
{
	u16 wire = 0;

	if (flags & KMCL_SERVER_LOOPBACK_OFFER)
		wire |= KMCL_OFFER_LOOPBACK;
	if (flags & KMCL_SERVER_ENUMERATE_DEVICE_INTERFACE)
		wire |= KMCL_OFFER_ENUMERATE_DEVICE_INTERFACE;
	if (flags & KMCL_SERVER_OFFER_AS_PIPE)
		wire |= KMCL_OFFER_NAMED_PIPE;
	if (flags & KMCL_SERVER_TLNPI_PROVIDER_OFFER)
		wire |= KMCL_OFFER_TLNPI_PROVIDER;
	return wire;
}

/**
 * kmcl_channel_set_server_flags() - what kind of offer
 * @channel: a server's, disabled
 * @flags: KMCL_SERVER_*: _LOOPBACK_OFFER: to this kernel, without which enabling gives
 *	-EOPNOTSUPP, since nothing else can be offered on Linux; _FORCE_NEW_CHANNEL: a
 *	restored channel does not go on with the client of the saved one; the others are
 *	told to clients (kmcl_offer.flags) and do nothing
 *
 * _OFFER_AS_PIPE tells clients that messages are those of a pipe; each end still chooses that
 * for itself by kmcl_channel_set_pipe().
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL or an unknown flag; -EBUSY if the channel is not disabled;
 * -EOPNOTSUPP on a client.
 */
int kmcl_channel_set_server_flags(struct kmcl_channel *channel, u32 flags)
{
	int ret;

	if (flags & ~KMCL_SERVER_FLAGS)
		return -EINVAL;
	ret = server_begin(channel);
	if (ret)
		return ret;
	channel->config.server_flags = flags;
	channel->config.offer.flags = offer_flags(flags);
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_server_flags);

/**
 * kmcl_channel_set_offer_data() - bytes of the driver's in the offer
 * @channel: a server's, disabled
 * @data: may be NULL when @bytes is 0
 * @bytes: at most KMCL_OFFER_DATA_MAX
 *
 * The client reads them in kmcl_offer.data, filled up with zeros.
 *
 * Context: thread.
 * Ownership: @data is copied.
 * Return: 0; -EINVAL for NULL or too many; -EBUSY if the channel is not disabled; -EOPNOTSUPP
 * on a client.
 */
int kmcl_channel_set_offer_data(struct kmcl_channel *channel, const void *data, u32 bytes)
{
	int ret;

	if ((bytes && !data) || bytes > KMCL_OFFER_DATA_MAX)
		return -EINVAL;
	ret = server_begin(channel);
	if (ret)
		return ret;
	memset(channel->config.offer.data, 0, KMCL_OFFER_DATA_MAX);
	if (bytes)
		memcpy(channel->config.offer.data, data, bytes);
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_offer_data);

/**
 * kmcl_channel_set_mmio() - memory-mapped space for the client's device
 * @channel: a server's, disabled
 * @megabytes: MiB that it needs
 * @optional: MiB that it could use besides
 *
 * Both ends ask where it is by kmcl_channel_get_mmio(). In a loopback offer it is ordinary
 * memory, physically contiguous: memremap(), not ioremap(). What of @optional is not to be had is
 * left out.
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL, or if both are 0 (KMCL Q13); -EBUSY if the channel is not
 * disabled; -EOPNOTSUPP on a client.
 */
int kmcl_channel_set_mmio(struct kmcl_channel *channel, u16 megabytes, u16 optional)
{
	int ret;

	if (!megabytes && !optional)
		return -EINVAL;
	ret = server_begin(channel);
	if (ret)
		return ret;
	channel->config.offer.mmio_megabytes = megabytes;
	channel->config.offer.mmio_optional = optional;
	return kmcl_config_end(channel);
}
EXPORT_SYMBOL_GPL(kmcl_channel_set_mmio);

const struct kmcl_offer *kmcl_channel_server_offer(const struct kmcl_channel *channel)
{
	return channel->server ? &channel->config.offer : NULL;
}
EXPORT_SYMBOL_GPL(kmcl_channel_server_offer);
