// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving. Each function that takes a completion handle finds the channel in the table,
 * and keeps it from being cleaned up meanwhile. So a handle that is late, used twice or made up
 * harms nothing: the table knows no such channel, or kmcl no such packet. Only the latter is
 * counted: in the former case there is no channel to count it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "wdk.h"

static_assert(VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA == KMCL_RECEIVE_EXTERNAL);
static_assert(VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY == KMCL_EXTERNAL_READ_ONLY);

/**
 * struct wdk_received - external data of a received packet, as MDLs
 *
 * At the begin of the client context, if the channel has external data; behind it the chain,
 * and behind that what the driver has asked for.
 *
 * @handle: of the packet whose data the chain describes; of any other packet it is still
 *	that of an earlier one
 * @count: MDLs
 * @chain: the first
 */
struct wdk_received {
	kmcl_handle_t handle;
	u32 count;
	MDL chain[];
};

/* Bytes in front of the driver's context: ours, @ranges MDLs, and what pages they touch. */
u32 wdk_received_size(u32 bytes, u32 ranges)
{
	return ALIGN(sizeof(struct wdk_received) + ranges * sizeof(MDL) +
		     (bytes / PAGE_SIZE + 2 * ranges) * sizeof(PFN_NUMBER), 16);
}

void wdk_process_packet(struct kmcl_channel *native, kmcl_handle_t handle, const void *buffer,
			u32 length, u32 flags)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);

	ch->process_packet(wdk_channel_handle(ch), (VMBPACKETCOMPLETION)(handle | ch->spare),
			   (PVOID)buffer, length,
			   flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA);
}

void wdk_processing_complete(struct kmcl_channel *native, u32 packets)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);

	ch->processing_complete(wdk_channel_handle(ch), packets);
}

static MDL *next_in_memory(MDL *mdl)
{
	return (void *)mdl + mdl->Size;
}

/* The packet ends: whoever still has its MDLs can do nothing with them. */
void wdk_external_release(struct kmcl_channel *native, void *context)
{
	struct wdk_received *received = context;
	MDL *mdl = received->chain;
	u32 i;

	received->handle = 0;
	for (i = 0; i < received->count; i++, mdl = next_in_memory(mdl))
		mdl->MdlFlags = 0;
	received->count = 0;
}

/* What cannot be sent keeps nobody waiting: the packet is completed without. */
static noinline void complete_failed(VMBPACKETCOMPLETION packet, int err)
{
	struct wdk_completion c;

	if (err != -EMSGSIZE && err != -EINVAL)
		return;
	wdk_table_enter();
	if (wdk_completion(packet, &c)) {
		pr_err_ratelimited("%s: a completion payload is too long or missing (%d)\n",
				   kmcl_channel_get_name(c.ch->native), err);
		kmcl_incoming_complete_rcu(c.ch->native, c.handle, NULL, 0);
	}
	wdk_table_leave();
}

/**
 * VmbChannelPacketComplete() - the driver has finished with a received packet
 * @PacketCompletionContext: from EvtVmbChannelProcessPacket
 * @PacketCompletionBuffer: completion payload, copied; may be NULL when @BufSize is 0;
 *	may lie in the packet or in its external data
 * @BufSize: bytes, at most the largest packet, and 65,536. A longer payload cannot be sent:
 *	the packet is then completed without, and the log says so
 *
 * Takes down external data and buffers, answers the host if it asked for that, and makes
 * room for the next packet, in this order. Packets may be completed in any order, from
 * anywhere, also after EvtChannelSuspend. A handle that names no outstanding packet does
 * nothing. It is counted (rejected_handle) by the channel that it names, if there is one: a
 * handle of a channel that is no more, or one that was made up, may name none.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: buffer, client context and MDLs of the packet are gone, the handle is dead.
 */
VOID VmbChannelPacketComplete(VMBPACKETCOMPLETION PacketCompletionContext,
			      PVOID PacketCompletionBuffer, UINT32 BufSize)
{
	struct wdk_completion c;
	int err = 0;

	wdk_table_enter();
	if (wdk_completion(PacketCompletionContext, &c))
		err = kmcl_incoming_complete_rcu(c.ch->native, c.handle, PacketCompletionBuffer,
						 BufSize);
	wdk_table_leave();
	if (unlikely(err))
		complete_failed(PacketCompletionContext, err);
}
EXPORT_SYMBOL_GPL(VmbChannelPacketComplete);

/**
 * VmbChannelPacketDeferToPassive() - have a packet delivered again at PASSIVE_LEVEL
 * @PacketCompletionContext: of the packet that is being delivered
 *
 * The packet comes again, with another handle, before all that are behind it. A close in
 * between drops it.
 *
 * Context: only inside EvtVmbChannelProcessPacket for this packet; return from it afterwards.
 * Elsewhere nothing happens and the log says so.
 * Ownership: the handle is dead; buffer and MDLs are not to be touched.
 */
VOID VmbChannelPacketDeferToPassive(VMBPACKETCOMPLETION PacketCompletionContext)
{
	struct wdk_completion c;
	int err = 0;

	wdk_table_enter();
	if (wdk_completion(PacketCompletionContext, &c))
		err = kmcl_incoming_defer(c.ch->native, c.handle);
	if (err == -EPERM)
		pr_err_ratelimited("%s: a packet cannot be deferred after its callback\n",
				   kmcl_channel_get_name(c.ch->native));
	wdk_table_leave();
}
EXPORT_SYMBOL_GPL(VmbChannelPacketDeferToPassive);

/**
 * VmbChannelPacketFail() - give the channel up over a packet
 * @PacketCompletionContext: the packet, which is beyond understanding
 *
 * It is not answered and counts as outstanding no longer. Nothing is delivered any more,
 * completions of sent packets included, until the channel is closed, by
 * VmbChannelDisable() or by the host, and opened again.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: the handle is dead.
 */
VOID VmbChannelPacketFail(VMBPACKETCOMPLETION PacketCompletionContext)
{
	struct wdk_completion c;

	wdk_table_enter();
	if (wdk_completion(PacketCompletionContext, &c))
		kmcl_incoming_fail(c.ch->native, c.handle);
	wdk_table_leave();
}
EXPORT_SYMBOL_GPL(VmbChannelPacketFail);

static void mdl_of_range(MDL *mdl, const struct kmcl_range *range, void *address, u32 flags)
{
	u32 i, pages = DIV_ROUND_UP(range->offset + range->length, PAGE_SIZE);

	mdl->Next = NULL;
	mdl->Size = sizeof(*mdl) + pages * sizeof(PFN_NUMBER);
	mdl->MdlFlags = MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | WDK_MDL_RECEIVED;
	if (!(flags & VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY))
		mdl->MdlFlags |= MDL_WRITE_OPERATION;
	mdl->Process = NULL;
	mdl->MappedSystemVa = address;
	mdl->StartVa = NULL;
	mdl->ByteCount = range->length;
	mdl->ByteOffset = range->offset;
	for (i = 0; i < pages; i++)
		MmGetMdlPfnArray(mdl)[i] = page_to_pfn(range->pages[i]);
}

/* kmcl has checked length and number of the ranges against what the room was made for. */
static void received_build(struct wdk_channel *ch, struct wdk_received *received,
			   kmcl_handle_t handle, const struct kmcl_received_data *data, u32 flags)
{
	MDL *mdl = received->chain, *last = NULL;
	u32 i;

	for (i = 0; i < data->count; i++, mdl = next_in_memory(mdl)) {
		mdl_of_range(mdl, &data->ranges[i], kmcl_incoming_map(ch->native, handle, i),
			     flags);
		if (last)
			last->Next = mdl;
		last = mdl;
	}
	received->handle = handle;
	received->count = data->count;
}

/* @mdl: NULL: only to see that there are such data. */
static NTSTATUS received_get(struct wdk_channel *ch, kmcl_handle_t handle, u32 flags, PMDL *mdl)
{
	const struct kmcl_received_data *data;
	struct wdk_received *received;
	int err = kmcl_incoming_get_external(ch->native, handle, flags, &data);

	if (err)
		return err == -ESTALE ? STATUS_INVALID_PARAMETER_1 : wdk_status(err);
	if (!mdl)
		return STATUS_SUCCESS;
	received = kmcl_incoming_get_context(ch->native, handle);
	if (!received)
		return STATUS_INVALID_PARAMETER_1;
	if (received->handle != handle)
		received_build(ch, received, handle, data, flags);
	*mdl = received->chain;
	return STATUS_SUCCESS;
}

/*
 * Making an address sleeps, so it is not done in the table's read section: what keeps the channel
 * is that the packet is outstanding.
 */
static noinline NTSTATUS received_map(const struct wdk_completion *c, u32 flags, PMDL *mdl)
{
	return received_get(c->ch, c->handle, flags | KMCL_EXTERNAL_MAP, mdl);
}

/**
 * VmbChannelPacketGetExternalData() - external data of a received packet
 * @PacketCompletionContext: delivered with VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA
 * @Flags: 0 or VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY, which says that the
 *	driver only reads and protects nothing
 * @Mdl: out: a chain, one MDL for each range, locked; each call gives the same
 *
 * A client's are transfer pages: ranges of a GPADL, named by the lower 16 bits of its handle.
 * A server's are the memory that its client has sent, held from now on to the end of the packet.
 * The other end may write to them as long as it likes: copy what is to be checked before it is
 * used.
 *
 * Every MDL has an address: MmGetSystemAddressForMdlSafe() gives it at any level. On a server
 * it may have to be made, which sleeps: in a callback at DISPATCH_LEVEL the status is then
 * STATUS_PENDING, which is NT_SUCCESS(). Return from the callback; the packet comes again at
 * PASSIVE_LEVEL, with another handle, before all that are behind it, and this succeeds.
 *
 * Context: DISPATCH_LEVEL or lower; on a server, in EvtVmbChannelProcessPacket for this packet, or
 * PASSIVE_LEVEL. Not twice at the same time for one packet.
 * Ownership: the library's; valid until the packet is completed, deferred or failed.
 * Return: STATUS_SUCCESS; STATUS_PENDING: the handle is dead; never on a client;
 * STATUS_NOT_FOUND if the packet has none; STATUS_INVALID_PARAMETER_1 for a handle
 * that names no outstanding packet; STATUS_INVALID_PARAMETER_2 for an unknown flag;
 * STATUS_INVALID_PARAMETER_3 without @Mdl; on a server STATUS_ACCESS_VIOLATION if a page is
 * nobody's, and STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS VmbChannelPacketGetExternalData(VMBPACKETCOMPLETION PacketCompletionContext,
					 UINT32 Flags, PMDL *Mdl)
{
	NTSTATUS status = STATUS_INVALID_PARAMETER_1;
	struct wdk_completion c;
	bool server = false;

	if (Flags & ~VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAGS)
		return STATUS_INVALID_PARAMETER_2;
	if (!Mdl)
		return STATUS_INVALID_PARAMETER_3;
	wdk_table_enter();
	if (wdk_completion(PacketCompletionContext, &c)) {
		server = c.ch->server;
		status = received_get(c.ch, c.handle, Flags, server ? NULL : Mdl);
	}
	wdk_table_leave();
	if (likely(!server) || status != STATUS_SUCCESS)
		return status;
	return received_map(&c, Flags, Mdl);
}
EXPORT_SYMBOL_GPL(VmbChannelPacketGetExternalData);

/**
 * VmbChannelPacketGetClientContext() - the driver's memory in a received packet
 * @PacketCompletionContext: outstanding
 *
 * Of interface version 2; here by name only.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: the bytes of VmbChannelInitSetClientContextSize(), 8-byte aligned, the
 * driver's until the packet is completed. What is in it at first is undefined.
 * Return: the memory; NULL if there is none, or for a handle that names no outstanding
 * packet.
 */
PVOID VmbChannelPacketGetClientContext(VMBPACKETCOMPLETION PacketCompletionContext)
{
	struct wdk_completion c;
	void *context = NULL;

	wdk_table_enter();
	if (wdk_completion(PacketCompletionContext, &c) && c.ch->client_context)
		context = kmcl_incoming_get_context(c.ch->native, c.handle);
	if (context)
		context += c.ch->context_offset;
	wdk_table_leave();
	return context;
}
EXPORT_SYMBOL_GPL(VmbChannelPacketGetClientContext);
