// SPDX-License-Identifier: GPL-2.0-only
/*
 * The init functions. All are for a disabled channel, at PASSIVE_LEVEL; calling one again
 * replaces what it set.
 */
#include "wdk.h"

#define NAME_TRIES	9999u
#define RING_PAGE	4096u	/* of a ring and of GPA ranges, whatever the machine's is */

/* Of each init function. @other: what an -EINVAL means there. */
NTSTATUS wdk_init_status(struct wdk_channel *ch, int err, NTSTATUS other)
{
	switch (err) {
	case 0:
		ch->changed = true;
		return STATUS_SUCCESS;
	case -EBUSY:
		return STATUS_INVALID_PARAMETER_1;
	case -EINVAL:
		return other;
	case -EOPNOTSUPP:	/* the other end's */
		return STATUS_INVALID_DEVICE_REQUEST;
	default:
		return wdk_status(err);
	}
}

/**
 * VmbChannelInitSetFlags() - choose the kind of channel
 * @Channel: disabled, without packet objects
 * @Flags: 0 or VMBUS_CHANNEL_INIT_FLAG_IS_PIPE: each packet is a message of a pipe,
 *	without completion and external data
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 for an unknown flag.
 */
NTSTATUS VmbChannelInitSetFlags(VMBCHANNEL Channel, UINT32 Flags)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	bool pipe = Flags & VMBUS_CHANNEL_INIT_FLAG_IS_PIPE;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (Flags & ~VMBUS_CHANNEL_INIT_FLAGS)
		return STATUS_INVALID_PARAMETER_2;
	return wdk_init_status(ch, kmcl_channel_set_pipe(ch->native, pipe),
			       STATUS_INVALID_PARAMETER_1);
}
EXPORT_SYMBOL_GPL(VmbChannelInitSetFlags);

/**
 * VmbChannelInitSetMaximumPacketSize() - bound payloads, both ways
 * @Channel: disabled, without packet objects
 * @PacketSize: bytes, 1 to 524,200. Completion payloads may have as many, but at
 *	most 65,536
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 for a size out of range.
 */
NTSTATUS VmbChannelInitSetMaximumPacketSize(VMBCHANNEL Channel, UINT32 PacketSize)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	err = kmcl_channel_set_max_packet_size(ch->native, PacketSize);
	if (!err)
		ch->max_packet = PacketSize;
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_2);
}
EXPORT_SYMBOL_GPL(VmbChannelInitSetMaximumPacketSize);

/**
 * VmbChannelInitSetMaximumExternalData() - bound external data of one packet
 * @Channel: disabled, without packet objects
 * @DataSize: bytes, 1 to 8 MiB, both ways
 * @ChainLength: MDLs in an incoming chain, and pieces of an outgoing one that do not join
 *	at page boundaries; at least 1. The descriptions of an incoming packet have to fit into
 *	64 KiB: 48 bytes for each MDL and 8 for each page that it can touch
 *
 * Without this call packets have no external data.
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 for a size out of range; STATUS_INVALID_PARAMETER_3
 * for a length that is 0 or too large.
 */
NTSTATUS VmbChannelInitSetMaximumExternalData(VMBCHANNEL Channel, UINT32 DataSize,
					      UINT32 ChainLength)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (!DataSize || DataSize > KMCL_EXTERNAL_DATA_MAX)
		return STATUS_INVALID_PARAMETER_2;
	/* First alone: the size of so many may not fit into the number that is compared. */
	if (!ChainLength || ChainLength > KMCL_CLIENT_CONTEXT_MAX ||
	    wdk_received_size(DataSize, ChainLength) > KMCL_CLIENT_CONTEXT_MAX)
		return STATUS_INVALID_PARAMETER_3;
	err = kmcl_channel_set_max_external_data(ch->native, DataSize, ChainLength);
	if (!err) {
		ch->max_external = DataSize;
		ch->max_ranges = ChainLength;
	}
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_3);
}
EXPORT_SYMBOL_GPL(VmbChannelInitSetMaximumExternalData);

/**
 * VmbChannelInitSetClientContextSize() - room for the driver in received packets
 * @Channel: disabled
 * @ContextSize: bytes in each, found with VmbChannelPacketGetClientContext(); with what
 *	external data need (VmbChannelInitSetMaximumExternalData()) at most 64 KiB
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 for a size that no packet has room for.
 */
NTSTATUS VmbChannelInitSetClientContextSize(VMBCHANNEL Channel, UINT32 ContextSize)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	/* What is ours in it is added when the channel is enabled. */
	err = kmcl_channel_set_client_context_size(ch->native, ContextSize);
	if (!err)
		ch->client_context = ContextSize;
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_2);
}
EXPORT_SYMBOL_GPL(VmbChannelInitSetClientContextSize);

/**
 * VmbChannelInitSetProcessPacketCallbacks() - choose who receives
 * @Channel: disabled
 * @ProcessPacketCallback: called for every packet. Without one, packets of the host are
 *	refused
 * @ProcessingCompleteCallback: called at the end of a batch of them, or NULL
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 without @ProcessPacketCallback.
 */
NTSTATUS VmbChannelInitSetProcessPacketCallbacks(
	VMBCHANNEL Channel, PFN_VMB_CHANNEL_PROCESS_PACKET ProcessPacketCallback,
	PFN_VMB_CHANNEL_PROCESSING_COMPLETE ProcessingCompleteCallback)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (!ProcessPacketCallback)
		return STATUS_INVALID_PARAMETER_2;
	err = kmcl_channel_set_packet_callbacks(ch->native, wdk_process_packet,
						ProcessingCompleteCallback ?
						wdk_processing_complete : NULL);
	if (!err) {
		ch->process_packet = ProcessPacketCallback;
		ch->processing_complete = ProcessingCompleteCallback;
	}
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_1);
}
EXPORT_SYMBOL_GPL(VmbChannelInitSetProcessPacketCallbacks);

/**
 * VmbChannelInitSetStateChangeCallbacks() - choose who is told of state changes
 * @Channel: disabled
 * @StateChangeCallbacks: copied; members may be NULL
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 for NULL, or another version or size.
 */
NTSTATUS VmbChannelInitSetStateChangeCallbacks(
	VMBCHANNEL Channel, PVMB_CHANNEL_STATE_CHANGE_CALLBACKS StateChangeCallbacks)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (!StateChangeCallbacks ||
	    StateChangeCallbacks->Version != VMB_CHANNEL_STATE_CHANGE_CALLBACKS_VERSION ||
	    StateChangeCallbacks->Size != sizeof(*StateChangeCallbacks))
		return STATUS_INVALID_PARAMETER_2;
	err = kmcl_channel_set_state_callbacks(ch->native, &wdk_state_callbacks);
	if (!err)
		ch->on = *StateChangeCallbacks;
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_1);
}
EXPORT_SYMBOL_GPL(VmbChannelInitSetStateChangeCallbacks);

/* kmcl has ASCII names without blanks, which do not begin with a dot. */
static void name_translate(PCUNICODE_STRING from, char name[KMCL_NAME_MAX + 1])
{
	size_t i;

	wdk_utf16_to_ascii(from, name, KMCL_NAME_MAX + 1);
	for (i = 0; name[i]; i++) {
		if (!isalnum(name[i]) && !strchr("-_.", name[i]))
			name[i] = '_';
	}
	if (name[0] == '.')
		name[0] = '_';
}

/* Names are unique in kmcl: the second one is name-2. */
static int name_set(struct kmcl_channel *native, const char *name)
{
	char numbered[KMCL_NAME_MAX + 1], suffix[8];
	int err = kmcl_channel_set_name(native, name), length;
	u32 i;

	for (i = 2; err == -EEXIST && i < NAME_TRIES; i++) {
		length = scnprintf(suffix, sizeof(suffix), "-%u", i);
		scnprintf(numbered, sizeof(numbered), "%.*s%s", (int)KMCL_NAME_MAX - length, name,
			  suffix);
		err = kmcl_channel_set_name(native, numbered);
	}
	return err;
}

/**
 * VmbChannelInitSetFriendlyName() - name a channel
 * @Channel: disabled
 * @Name: UTF-16, at least one character; the name in logs, debugfs and sysfs. Characters
 *	other than letters, digits, '-', '_' and '.' become '_', 31 are kept, and a name
 *	that another channel has gets a number
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 if it has been named before, and for a string that is
 * NULL or empty; STATUS_OBJECT_NAME_COLLISION with 9,999 channels of that name.
 */
NTSTATUS VmbChannelInitSetFriendlyName(VMBCHANNEL Channel, PCUNICODE_STRING Name)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	char name[KMCL_NAME_MAX + 1];
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (ch->named || !Name || !Name->Buffer || Name->Length < sizeof(WCHAR))
		return STATUS_INVALID_PARAMETER_2;
	name_translate(Name, name);
	err = name_set(ch->native, name);
	ch->named = !err;
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_2);
}
EXPORT_SYMBOL_GPL(VmbChannelInitSetFriendlyName);

/**
 * VmbClientChannelInitSetRingBufferPageCount() - size the rings
 * @Channel: disabled
 * @IncomingPageCount: pages of 4 KiB for data, host to guest, 1 to 511
 * @OutgoingPageCount: guest to host, likewise
 *
 * Each ring has one more page for its header. Without this call the rings are large
 * enough for two of the largest packets, and have 16 pages at least.
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2, STATUS_INVALID_PARAMETER_3 for a number out of range;
 * STATUS_INVALID_DEVICE_REQUEST for a server, whose client brings the rings.
 */
NTSTATUS VmbClientChannelInitSetRingBufferPageCount(VMBCHANNEL Channel, UINT32 IncomingPageCount,
						    UINT32 OutgoingPageCount)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (!IncomingPageCount || IncomingPageCount > KMCL_RING_PAGES_MAX)
		return STATUS_INVALID_PARAMETER_2;
	err = kmcl_channel_set_ring_pages(ch->native, IncomingPageCount, OutgoingPageCount);
	if (!err)
		ch->rings_set = true;
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_3);
}
EXPORT_SYMBOL_GPL(VmbClientChannelInitSetRingBufferPageCount);

/**
 * VmbClientChannelInitSetTargetPnp() - choose what to connect to
 * @Channel: disabled
 * @InterfaceType: GUID of the protocol
 * @InterfaceInstance: GUID of one instance of it, or NULL for whichever is there first
 * @PnpFailureCallback: called when an offer was found but could not be opened, or NULL.
 *	The channel then waits until the host takes that offer away
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: both GUIDs are copied.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 for a type that is NULL or all zero;
 * STATUS_INVALID_DEVICE_REQUEST for a server.
 */
NTSTATUS VmbClientChannelInitSetTargetPnp(VMBCHANNEL Channel, LPCGUID InterfaceType,
					  LPCGUID InterfaceInstance,
					  PFN_VMB_CHANNEL_PNP_FAILURE PnpFailureCallback)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	/* Both kinds of GUID have the same bytes. */
	err = kmcl_channel_set_target(ch->native, (const guid_t *)InterfaceType,
				      (const guid_t *)InterfaceInstance);
	if (!err)
		ch->pnp_failure = PnpFailureCallback;
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_2);
}
EXPORT_SYMBOL_GPL(VmbClientChannelInitSetTargetPnp);

/* Two of the largest packets: payload, header, and what describes external data. */
static u32 ring_pages(const struct wdk_channel *ch)
{
	u32 describing = ch->max_external ?
			 8 * (ch->max_external / RING_PAGE + 3 * ch->max_ranges) : 0;
	u32 pages = DIV_ROUND_UP(2 * (ch->max_packet + describing + 64), RING_PAGE);

	return clamp(pages, KMCL_DEFAULT_RING_PAGES, KMCL_RING_PAGES_MAX);
}

/* The chain of MDLs of external data lies in front of the driver's context. */
static int apply_context(struct wdk_channel *ch)
{
	u32 ours = ch->max_external ?
		   wdk_received_size(ch->max_external, ch->max_ranges) : 0;
	int err = kmcl_channel_set_client_context_size(ch->native, ours + ch->client_context);

	if (!err)
		ch->context_offset = ours;
	return err == -EINVAL ? -EMSGSIZE : err;
}

/* Tells kmcl what follows from several of the settings together. 0 or an errno of kmcl's. */
int wdk_config_apply(struct wdk_channel *ch)
{
	u32 reserve = min(ch->max_packet, KMCL_COMPLETION_RESERVE_MAX);
	u32 pages = ring_pages(ch);
	int err = kmcl_channel_set_incoming(ch->native, ch->contexts, reserve);

	if (!err)
		err = apply_context(ch);
	if (!err && !ch->rings_set && !ch->server)
		err = kmcl_channel_set_ring_pages(ch->native, pages, pages);
	if (!err)
		ch->changed = false;
	return err;
}
