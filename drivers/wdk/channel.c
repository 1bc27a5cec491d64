// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: birth and death, life cycle, what a driver may ask of one at any time.
 *
 * A handle that is none gives STATUS_INVALID_PARAMETER_1 where there is a status; else
 * the call does nothing but warn, once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "wdk.h"

/* In free places: no handle has such an index. */
static struct wdk_channel nobody = { .spare = 1 };

#define NOBODY	((struct wdk_channel __rcu __force *)&nobody)

struct wdk_channel __rcu *wdk_channels[WDK_CHANNELS] = {
	[0 ... WDK_CHANNELS - 1] = NOBODY,
};

static DEFINE_MUTEX(channels_lock);	/* writers of the table */
static u32 last_index;

/*
 * Indices go round in 16 bits, so that a place of the table has another one each time it
 * is taken: a handle of a channel that is gone does not fit the next for a long time.
 */
static int table_add(struct wdk_channel *ch)
{
	int ret = -ENOMEM;
	u32 tries;

	mutex_lock(&channels_lock);
	for (tries = 0; ret && tries < WDK_CHANNELS; tries++) {
		last_index = (last_index + 1) & 0xffff;
		if (rcu_access_pointer(wdk_channels[last_index % WDK_CHANNELS]) != &nobody)
			continue;
		ch->spare = (u64)last_index << KMCL_HANDLE_SPARE_SHIFT;
		rcu_assign_pointer(wdk_channels[last_index % WDK_CHANNELS], ch);
		ret = 0;
	}
	mutex_unlock(&channels_lock);
	return ret;
}

static void table_put(struct wdk_channel *ch, struct wdk_channel *value)
{
	mutex_lock(&channels_lock);
	rcu_assign_pointer(wdk_channels[(ch->spare >> KMCL_HANDLE_SPARE_SHIFT) % WDK_CHANNELS],
			   value);
	mutex_unlock(&channels_lock);
}

/* kmcl's callbacks. A driver's that is NULL is skipped; an opened callback that is has agreed. */
static int on_opened(struct kmcl_channel *native)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);
	int err = ch->on.EvtChannelOpened ?
		  wdk_errno(ch->on.EvtChannelOpened(wdk_channel_handle(ch))) : 0;

	/* A server is still offered. */
	if (err && !ch->server)
		WRITE_ONCE(ch->enabled, false);
	return err;
}

static void on_started(struct kmcl_channel *native)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);

	if (ch->on.EvtChannelStarted)
		ch->on.EvtChannelStarted(wdk_channel_handle(ch));
}

static void on_post_started(struct kmcl_channel *native)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);

	if (ch->on.EvtChannelPostStarted)
		ch->on.EvtChannelPostStarted(wdk_channel_handle(ch));
}

static void on_suspend(struct kmcl_channel *native)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);

	if (ch->on.EvtChannelSuspend)
		ch->on.EvtChannelSuspend(wdk_channel_handle(ch));
}

static void on_closed(struct kmcl_channel *native)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);

	/* The callback may enable it again; a server needs not. */
	if (!ch->server)
		WRITE_ONCE(ch->enabled, false);
	if (ch->on.EvtChannelClosed)
		ch->on.EvtChannelClosed(wdk_channel_handle(ch));
	wdk_views_end(ch);
}

static void on_open_failed(struct kmcl_channel *native, int error)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);

	if (ch->pnp_failure)
		ch->pnp_failure(wdk_channel_handle(ch), wdk_status(error));
}

const struct kmcl_state_callbacks wdk_state_callbacks = {
	.opened = on_opened,
	.started = on_started,
	.post_started = on_post_started,
	.suspend = on_suspend,
	.closed = on_closed,
	.open_failed = on_open_failed,
};

static int channel_connect(struct wdk_channel *ch)
{
	int err = kmcl_channel_set_state_callbacks(ch->native, &wdk_state_callbacks);

	if (!err)
		err = kmcl_channel_set_external_release(ch->native, wdk_external_release);
	kmcl_channel_set_pointer(ch->native, ch);
	return err ? err : table_add(ch);
}

static struct wdk_channel *channel_create(bool server)
{
	struct wdk_channel *ch = kzalloc(sizeof(*ch), GFP_KERNEL);

	if (!ch)
		return NULL;
	ch->server = server;
	INIT_LIST_HEAD(&ch->views);
	mutex_init(&ch->views_lock);
	ch->native = server ? kmcl_channel_alloc_server() : kmcl_channel_alloc();
	if (IS_ERR(ch->native))
		goto err_native;
	if (channel_connect(ch))
		goto err_connect;
	ch->max_packet = KMCL_DEFAULT_PACKET_SIZE;
	ch->contexts = KMCL_DEFAULT_INCOMING;
	ch->changed = true;
	ch->magic = WDK_CHANNEL_MAGIC;
	return ch;

err_connect:
	kmcl_channel_cleanup(ch->native);
err_native:
	kfree(ch);
	return NULL;
}

/**
 * VmbChannelAllocate() - make a channel
 * @ParentDeviceObject: a device of the driver's; nothing is taken from it
 * @IsServer: TRUE: it is to be offered, to clients in this kernel; FALSE: it takes an offer
 * @Channel: out: disabled, without target and callbacks. Largest packet 4,096 bytes, no
 *	external data, no client context. A server begins paused: VmbChannelStart()
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the caller's, to be ended by VmbChannelCleanup().
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_3 without @Channel;
 * STATUS_INSUFFICIENT_RESOURCES, also with 1,024 channels in existence.
 */
NTSTATUS VmbChannelAllocate(PDEVICE_OBJECT ParentDeviceObject, BOOLEAN IsServer,
			    VMBCHANNEL *Channel)
{
	struct wdk_channel *ch;

	if (!Channel)
		return STATUS_INVALID_PARAMETER_3;
	ch = channel_create(IsServer);
	if (!ch)
		return STATUS_INSUFFICIENT_RESOURCES;
	*Channel = wdk_channel_handle(ch);
	return STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(VmbChannelAllocate);

/*
 * 0: the channel is disabled, so that no received packet is outstanding, and none comes. Else
 * it is what kmcl would refuse the end with, and nothing has happened but that a save or a
 * restore of a disabled channel is over.
 */
static int cleanup_check(struct wdk_channel *ch)
{
	int err = kmcl_channel_set_state_callbacks(ch->native, &wdk_state_callbacks);
	struct kmcl_packet *guard;

	if (err != -EBUSY)
		return err;
	/* Asked for the reason; with a packet object it does not succeed by chance. */
	guard = kmcl_packet_alloc(ch->native, GFP_KERNEL);
	if (guard)
		err = kmcl_channel_cleanup(ch->native);
	kmcl_packet_free(guard);
	return kmcl_channel_set_state_callbacks(ch->native, &wdk_state_callbacks) ? err : 0;
}

/*
 * Handles name it no longer when its native part goes. By then there are none, and never before:
 * what was completed meanwhile would be lost.
 */
static int cleanup(struct wdk_channel *ch)
{
	int err = cleanup_check(ch);

	if (err)
		return err;
	table_put(ch, &nobody);
	synchronize_rcu();
	err = kmcl_channel_cleanup(ch->native);
	if (err)
		table_put(ch, ch);
	return err;
}

/**
 * VmbChannelCleanup() - end a channel
 * @Channel: disabled; every packet object of VmbPacketAllocate() freed
 *
 * A channel that is neither stays, and the log says so. Packets of VmbPacketInitialize()
 * need nothing: their memory is the driver's.
 *
 * Context: PASSIVE_LEVEL; no callback of the channel.
 * Ownership: ends the caller's.
 */
VOID VmbChannelCleanup(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (WARN_ON_ONCE(!ch))
		return;
	err = cleanup(ch);
	if (err) {
		pr_err("%s: not cleaned up (%d): it is enabled, or packet objects are left\n",
		       kmcl_channel_get_name(ch->native), err);
		return;
	}
	ch->magic = 0;
	wdk_views_end(ch);
	kfree(ch);
}
EXPORT_SYMBOL_GPL(VmbChannelCleanup);

static NTSTATUS enable_status(int err)
{
	switch (err) {
	case -EINVAL:	/* no target */
	case -EBUSY:
		return STATUS_INVALID_DEVICE_STATE;
	case -ENODEV:
		return STATUS_NO_SUCH_DEVICE;
	default:
		return wdk_status(err);
	}
}

/* In EvtChannelClosed, or if it is not disabled, kmcl cannot be told anything: it knows enough. */
static int channel_enable(struct wdk_channel *ch)
{
	int err = ch->changed ? wdk_config_apply(ch) : 0;

	return err && err != -EBUSY ? err : kmcl_channel_enable(ch->native);
}

/**
 * VmbChannelEnable() - take a matching offer, or wait for one; a server: offer
 * @Channel: disabled
 *
 * Returns at once; callbacks may run before that. The channel is started unless
 * VmbChannelPause() came first. When the host takes its offer back the channel is
 * disabled after EvtChannelClosed; that callback may call this to wait for the next.
 *
 * There is no VMBus device under the parent on Linux, so a channel without
 * VmbClientChannelInitSetTargetPnp() has no target and cannot be enabled.
 *
 * A server is offered from now on, to one client after the other, without being enabled anew,
 * until VmbChannelDisable(). It is paused until VmbChannelStart().
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel;
 * STATUS_INVALID_DEVICE_STATE without a target, or a server's interface id, if the channel is
 * not disabled, or while a disable is under way; STATUS_INVALID_BUFFER_SIZE if the largest packet
 * does not fit into the ring, or client context and external data together take more than
 * 64 KiB; STATUS_NO_SUCH_DEVICE if there is no bus for it: this is no Hyper-V guest, or
 * kmcl_vmbus is not loaded; for a server, kmcl_loopback is not. Servers: STATUS_NOT_SUPPORTED
 * without VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER, or where only kmcl_vmbus is loaded;
 * STATUS_OBJECT_NAME_COLLISION if this instance is offered already.
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS VmbChannelEnable(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	bool before;
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	before = READ_ONCE(ch->enabled);
	WRITE_ONCE(ch->enabled, true);
	err = channel_enable(ch);
	if (err)
		WRITE_ONCE(ch->enabled, before);
	return enable_status(err);
}
EXPORT_SYMBOL_GPL(VmbChannelEnable);

/* No status to tell it with. */
static void life_cycle_result(struct wdk_channel *ch, const char *what, int err)
{
	if (err)
		pr_err_ratelimited("%s: %s was refused (%d): not in a callback of the channel\n",
				   kmcl_channel_get_name(ch->native), what, err);
}

/**
 * VmbChannelDisable() - close the channel and give the offer back
 * @Channel: in any state
 *
 * Returns when it is closed: every packet that was sent has had its completion routine,
 * every received one was completed, EvtChannelClosed has returned, and nothing of the
 * channel runs. In a callback of the channel it would wait for itself: refused, and logged.
 *
 * Context: PASSIVE_LEVEL.
 */
VOID VmbChannelDisable(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (WARN_ON_ONCE(!ch))
		return;
	err = kmcl_channel_disable(ch->native);
	if (!err)
		WRITE_ONCE(ch->enabled, false);
	life_cycle_result(ch, "disabling", err);
}
EXPORT_SYMBOL_GPL(VmbChannelDisable);

/**
 * VmbChannelStart() - leave the paused state
 * @Channel: in any state; while disabled it takes an earlier pause back
 *
 * Does not wait for EvtChannelStarted. Refused, and logged, in a callback of the channel.
 *
 * Context: PASSIVE_LEVEL.
 */
VOID VmbChannelStart(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (!WARN_ON_ONCE(!ch))
		life_cycle_result(ch, "starting", kmcl_channel_start(ch->native));
}
EXPORT_SYMBOL_GPL(VmbChannelStart);

/**
 * VmbChannelPause() - stop delivery
 * @Channel: in any state; while disabled, the next enable comes up paused
 *
 * Returns when EvtChannelSuspend has run and every received packet has been completed.
 * Completions of packets that were sent wait for the next start too. Refused, and logged,
 * in a callback of the channel.
 *
 * Context: PASSIVE_LEVEL.
 */
VOID VmbChannelPause(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (!WARN_ON_ONCE(!ch))
		life_cycle_result(ch, "pausing", kmcl_channel_pause(ch->native));
}
EXPORT_SYMBOL_GPL(VmbChannelPause);

/**
 * VmbChannelSetPointer() - remember something of the driver's
 * @Channel: in any state
 * @Pointer: never looked at
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID VmbChannelSetPointer(VMBCHANNEL Channel, PVOID Pointer)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (!WARN_ON_ONCE(!ch))
		WRITE_ONCE(ch->pointer, Pointer);
}
EXPORT_SYMBOL_GPL(VmbChannelSetPointer);

/**
 * VmbChannelGetPointer() - what VmbChannelSetPointer() was given
 * @Channel: in any state
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: the pointer; NULL before the first set, or for no channel.
 */
PVOID VmbChannelGetPointer(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	return likely(ch) ? READ_ONCE(ch->pointer) : NULL;
}
EXPORT_SYMBOL_GPL(VmbChannelGetPointer);

/**
 * VmbChannelGetInterfaceInstance() - which offer was taken, or is made
 * @Channel: in any state
 * @InterfaceInstance: out: its instance GUID; all zero while there is no offer. A server's is
 *	that of VmbServerChannelInitSetTargetInterfaceId()
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID VmbChannelGetInterfaceInstance(VMBCHANNEL Channel, LPGUID InterfaceInstance)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	guid_t instance = guid_null;

	static_assert(sizeof(guid_t) == sizeof(GUID));
	if (!WARN_ON_ONCE(!ch))
		kmcl_channel_get_instance(ch->native, &instance);
	if (ch && ch->server)
		memcpy(&instance, &ch->instance, sizeof(instance));
	memcpy(InterfaceInstance, &instance, sizeof(instance));
}
EXPORT_SYMBOL_GPL(VmbChannelGetInterfaceInstance);

/**
 * VmbChannelGetMmioSpace() - memory-mapped space of the device
 * @Channel: between the begin of EvtChannelOpened and the end of EvtChannelClosed
 * @MmioAddress: out: guest physical address of its first byte
 * @MmioSize: out: bytes; 0, as the address, if the offer asks for none, there is none to be
 *	had, or the channel is not open
 *
 * Context: PASSIVE_LEVEL.
 */
VOID VmbChannelGetMmioSpace(VMBCHANNEL Channel, UINT64 *MmioAddress, UINT64 *MmioSize)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	u64 address = 0, bytes = 0;

	if (!WARN_ON_ONCE(!ch))
		kmcl_channel_get_mmio(ch->native, &address, &bytes);
	*MmioAddress = address;
	*MmioSize = bytes;
}
EXPORT_SYMBOL_GPL(VmbChannelGetMmioSpace);

/**
 * VmbChannelSetInterruptLatency() - delay signals to the host
 * @Channel: in any state
 * @Latency: in units of 100 ns
 * @OriginalLatency: out: unchanged
 *
 * Linux's hv_vmbus has no setter for the monitor page.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: STATUS_NOT_SUPPORTED; STATUS_INVALID_PARAMETER_1 for no channel;
 * STATUS_INVALID_PARAMETER_3 without @OriginalLatency.
 */
NTSTATUS VmbChannelSetInterruptLatency(VMBCHANNEL Channel, UINT16 Latency,
				       PUINT16 OriginalLatency)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (!OriginalLatency)
		return STATUS_INVALID_PARAMETER_3;
	return wdk_status(kmcl_channel_set_interrupt_latency(ch->native, Latency,
							     OriginalLatency));
}
EXPORT_SYMBOL_GPL(VmbChannelSetInterruptLatency);

/**
 * VmbChannelSetIncomingProcessingAtPassive() - receive where one may sleep
 * @Channel: in any state; set it before enabling to have it from the first packet on
 * @RequirePassive: TRUE: both receive callbacks run at PASSIVE_LEVEL; FALSE: at
 *	DISPATCH_LEVEL or lower
 *
 * While the channel runs it holds from the next batch on. Completion routines of sent packets
 * run at DISPATCH_LEVEL either way.
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID VmbChannelSetIncomingProcessingAtPassive(VMBCHANNEL Channel, BOOLEAN RequirePassive)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (!WARN_ON_ONCE(!ch))
		kmcl_channel_set_thread_context(ch->native, RequirePassive);
}
EXPORT_SYMBOL_GPL(VmbChannelSetIncomingProcessingAtPassive);

/**
 * VmbChannelSetTransactionQuota() - bound what is outstanding at the driver
 * @Channel: in any state
 * @Quota: most packets delivered and not yet completed; 0 changes nothing
 *
 * A queue that the quota has stalled goes on when a packet is completed, never by this
 * call. However large the quota, no more than 128 packets are outstanding, unless a larger
 * one, up to 4,096, was set while the channel was disabled, before VmbChannelEnable(): then
 * that makes room for so many, but not when it is called in EvtChannelClosed.
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID VmbChannelSetTransactionQuota(VMBCHANNEL Channel, UINT32 Quota)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (WARN_ON_ONCE(!ch) || !Quota)
		return;
	if (!READ_ONCE(ch->enabled) && Quota != MAXULONG) {
		ch->contexts = clamp(Quota, KMCL_DEFAULT_INCOMING, KMCL_INCOMING_MAX);
		ch->changed = true;
	}
	kmcl_channel_set_quota(ch->native, Quota);
}
EXPORT_SYMBOL_GPL(VmbChannelSetTransactionQuota);
