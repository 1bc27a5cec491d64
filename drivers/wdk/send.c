// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending. The flag that asks for a completion has the same value on both sides.
 */
#include "wdk.h"

static_assert(VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION == KMCL_SEND_COMPLETION);

/*
 * What a send is refused with. The first three arguments have the same places everywhere;
 * @data is for the one that says how much external data there are.
 */
static noinline NTSTATUS send_status(int err, const void *buffer, u32 length, NTSTATUS data)
{
	switch (err) {
	case -EINVAL:
		return length && !buffer ? STATUS_INVALID_PARAMETER_2 :
		       STATUS_INVALID_PARAMETER_1;
	case -EBUSY:	/* in flight */
		return STATUS_INVALID_PARAMETER_1;
	case -EMSGSIZE:
		return STATUS_INVALID_PARAMETER_3;
	case -E2BIG:
		return data;
	default:
		return wdk_status(err);
	}
}

static NTSTATUS send_data(VMBPACKET packet, const void *buffer, u32 length,
			  const struct kmcl_external_data *data, u32 flags, NTSTATUS too_much)
{
	struct kmcl_packet *native = wdk_packet_native(packet);
	int err = kmcl_packet_send_external(native, buffer, length, data,
					    flags & KMCL_SEND_COMPLETION);
	struct wdk_packet *p;

	if (likely(!err))
		return STATUS_SUCCESS;
	if (err != -EOPNOTSUPP)
		return send_status(err, buffer, length, too_much);
	p = kmcl_packet_layer(native);
	return wdk_external_refused(p->channel, data);
}

static NTSTATUS send_chain(VMBPACKET packet, const void *buffer, u32 length,
				    const MDL *mdl, u32 flags)
{
	struct kmcl_external_data data;

	if (!wdk_external_flags_valid(flags, WDK_SEND_FLAGS))
		return STATUS_INVALID_PARAMETER_5;
	if (!wdk_external_chain_valid(mdl))
		return STATUS_INVALID_PARAMETER_4;
	data = wdk_external_chain(mdl, 0, wdk_mdl_chain_bytes(mdl), false, flags);
	return send_data(packet, buffer, length, &data, flags, STATUS_INVALID_PARAMETER_4);
}

/* What VmbPacketSend() need not know to be short: external data, and what kmcl will refuse. */
static noinline NTSTATUS send_other(VMBPACKET packet, const void *buffer, u32 length,
				    const MDL *mdl, u32 flags)
{
	if (mdl)
		return send_chain(packet, buffer, length, mdl, flags);
	if (flags & ~WDK_SEND_FLAGS)
		return STATUS_INVALID_PARAMETER_5;
	return send_status(kmcl_packet_send(wdk_packet_native(packet), buffer, length,
					    flags & KMCL_SEND_COMPLETION),
			   buffer, length, 0);
}

/**
 * VmbPacketSend() - send a packet
 * @PacketObject: not in flight
 * @Buffer: payload, copied; may be NULL when @BufferLength is 0
 * @BufferLength: bytes, at most the largest packet
 * @ExternalDataMdl: external data: a chain of MDLs that are built and locked; NULL: none
 * @Flags: VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION asks for an answer, and has to be
 *	set with external data; _DATA_IN_ONLY or _DATA_OUT_ONLY; _PAGED_BUFFER is
 *	allowed and changes nothing: kernel memory is always there
 *
 * The packet goes into the ring, or waits in order while the ring is full or the channel not
 * open; with external data the channel has to be open.
 *
 * Context: DISPATCH_LEVEL or lower. Without asking for an answer the packet's own routine
 * may run inside this call.
 * Ownership: with STATUS_SUCCESS the packet and the pages of external data are the
 * library's until the completion routine runs, which may be before this returns. Else they
 * stay the caller's and the routine does not run.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for NULL, a packet in flight, or one
 * of VmbPacketInitialize() without a routine; STATUS_INVALID_PARAMETER_2 without @Buffer;
 * STATUS_INVALID_PARAMETER_3 for a payload over the limit; STATUS_INVALID_PARAMETER_4 for
 * external data over their limits, empty, or not locked; STATUS_INVALID_PARAMETER_5 for
 * wrong flags; STATUS_NOT_SUPPORTED for an answer on a pipe; STATUS_INVALID_DEVICE_REQUEST for a
 * server's external data; STATUS_DEVICE_NOT_CONNECTED with external data while the channel is
 * not open; STATUS_INSUFFICIENT_RESOURCES if they cannot be mapped now; STATUS_DEVICE_REMOVED
 * while the channel is being disabled.
 */
NTSTATUS VmbPacketSend(VMBPACKET PacketObject, PVOID Buffer, UINT32 BufferLength,
		       PMDL ExternalDataMdl, UINT32 Flags)
{
	int err;

	if (unlikely(ExternalDataMdl || (Flags & ~WDK_SEND_FLAGS) || (BufferLength && !Buffer)))
		return send_other(PacketObject, Buffer, BufferLength, ExternalDataMdl, Flags);
	err = kmcl_packet_send(wdk_packet_native(PacketObject), Buffer, BufferLength,
			       Flags & KMCL_SEND_COMPLETION);
	return likely(!err) ? STATUS_SUCCESS : send_status(err, NULL, 0, 0);
}
EXPORT_SYMBOL_GPL(VmbPacketSend);

/* To the end of its last page. */
static u32 mdl_room(const MDL *mdl)
{
	return ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->ByteOffset, mdl->ByteCount) *
	       PAGE_SIZE - mdl->ByteOffset;
}

/**
 * VmbPacketSendWithExternalMdl() - send a packet with a part of a chain of MDLs
 * @PacketObject: as in VmbPacketSend()
 * @Buffer: likewise
 * @BufferLength: likewise
 * @ExternalDataMdl: likewise, not NULL
 * @MdlOffset: first byte of the chain's data to send
 * @MdlLength: bytes to send; 0: all from there on
 * @Flags: as in VmbPacketSend(), WAIT_FOR_COMPLETION has to be set; and
 *	_FORCE_MDL_LENGTH: only the first MDL is used, of which 0 bytes are all from the
 *	offset on; another @MdlLength holds even where it goes beyond the MDL's own count,
 *	but not beyond the end of its last page
 *
 * Context, Ownership: as VmbPacketSend().
 * Return: as VmbPacketSend(), and STATUS_INVALID_PARAMETER_5 for an offset,
 * STATUS_INVALID_PARAMETER_6 for a length outside the chain, or, with the flag, the last
 * page (with 0 bytes: the first MDL's own count); STATUS_INVALID_PARAMETER_7 for wrong flags.
 */
NTSTATUS VmbPacketSendWithExternalMdl(VMBPACKET PacketObject, PVOID Buffer, UINT32 BufferLength,
				      PMDL ExternalDataMdl, UINT32 MdlOffset, UINT32 MdlLength,
				      UINT32 Flags)
{
	bool forced = Flags & VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH;
	struct kmcl_external_data data;
	u64 room;

	if (!wdk_external_flags_valid(Flags, VMBUS_CHANNEL_FORMAT_FLAGS))
		return STATUS_INVALID_PARAMETER_7;
	if (!ExternalDataMdl || !wdk_external_chain_valid(ExternalDataMdl))
		return STATUS_INVALID_PARAMETER_4;
	if (forced)
		room = MdlLength ? mdl_room(ExternalDataMdl) : ExternalDataMdl->ByteCount;
	else
		room = wdk_mdl_chain_bytes(ExternalDataMdl);
	if (MdlOffset >= room)
		return STATUS_INVALID_PARAMETER_5;
	if (MdlLength > room - MdlOffset)
		return STATUS_INVALID_PARAMETER_6;
	data = wdk_external_chain(ExternalDataMdl, MdlOffset, MdlLength ? MdlLength : room - MdlOffset,
			forced, Flags);
	return send_data(PacketObject, Buffer, BufferLength, &data, Flags,
			 STATUS_INVALID_PARAMETER_4);
}
EXPORT_SYMBOL_GPL(VmbPacketSendWithExternalMdl);

/**
 * VmbPacketSendWithExternalPfns() - send a packet with whole pages
 * @PacketObject: as in VmbPacketSend()
 * @Buffer: likewise
 * @BufferLength: likewise
 * @ExternalDataPfns: page numbers, of this machine's pages, which are locked
 * @PfnLength: how many
 * @Flags: as in VmbPacketSend(), WAIT_FOR_COMPLETION has to be set
 *
 * Context, Ownership: as VmbPacketSend(); the array is read during the call only.
 * Return: as VmbPacketSend(), and STATUS_INVALID_PARAMETER_4 without an array,
 * STATUS_INVALID_PARAMETER_5 for none or too many pages, STATUS_INVALID_PARAMETER_6 for
 * wrong flags.
 */
NTSTATUS VmbPacketSendWithExternalPfns(VMBPACKET PacketObject, PVOID Buffer, UINT32 BufferLength,
				       PPFN_NUMBER ExternalDataPfns, UINT32 PfnLength,
				       UINT32 Flags)
{
	struct kmcl_external_data data;

	if (!wdk_external_flags_valid(Flags, WDK_SEND_FLAGS))
		return STATUS_INVALID_PARAMETER_6;
	if (!ExternalDataPfns)
		return STATUS_INVALID_PARAMETER_4;
	if (!PfnLength)
		return STATUS_INVALID_PARAMETER_5;
	data = kmcl_external_pfns(ExternalDataPfns, PfnLength, wdk_external_direction(Flags));
	return send_data(PacketObject, Buffer, BufferLength, &data, Flags,
			 STATUS_INVALID_PARAMETER_5);
}
EXPORT_SYMBOL_GPL(VmbPacketSendWithExternalPfns);
