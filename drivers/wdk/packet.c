// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet objects. A VMBPACKET is kmcl's packet object; what the driver has set lies in
 * the room that kmcl leaves for a layer above.
 */
#include "wdk.h"

static noinline void on_failure(struct kmcl_packet *native, int status, const void *buffer,
				u32 length)
{
	struct wdk_packet *p = kmcl_packet_layer(native);

	p->routine((VMBPACKET)native, wdk_status(status), (PVOID)buffer, length);
}

/* kmcl's routine of every packet that has one of the driver's. */
static void on_completion(struct kmcl_packet *native, int status, const void *buffer, u32 length)
{
	struct wdk_packet *p = kmcl_packet_layer(native);

	if (likely(!status))
		p->routine((VMBPACKET)native, STATUS_SUCCESS, (PVOID)buffer, length);
	else
		on_failure(native, status, buffer, length);
}

/**
 * VmbPacketAllocate() - get a packet object
 * @Channel: to send on
 *
 * The object holds what sending needs, so that sending never allocates. Its completion
 * routine is the default one, which frees it. While such objects exist, the largest packet,
 * external data and the kind of channel cannot be set.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: the caller's. To be freed with VmbPacketFree() unless it is sent with the
 * default completion routine.
 * Return: the object; NULL without memory, for no channel, or if 8,192 objects exist.
 */
VMBPACKET VmbPacketAllocate(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	struct kmcl_packet *native;
	struct wdk_packet *p;

	if (!ch)
		return NULL;
	native = kmcl_packet_alloc(ch->native, wdk_gfp());
	if (!native)
		return NULL;
	p = kmcl_packet_layer(native);
	p->channel = ch;
	return (VMBPACKET)native;
}
EXPORT_SYMBOL_GPL(VmbPacketAllocate);

/**
 * VmbPacketFree() - give a packet object back
 * @VmbPacket: of VmbPacketAllocate(), not in flight; NULL is ignored
 *
 * One in flight, or of VmbPacketInitialize(), is refused with a warning.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: ends the caller's.
 */
VOID VmbPacketFree(VMBPACKET VmbPacket)
{
	kmcl_packet_free(wdk_packet_native(VmbPacket));
}
EXPORT_SYMBOL_GPL(VmbPacketFree);

/**
 * VmbChannelSizeofPacket() - memory for VmbPacketInitialize()
 * @Channel: with its largest packet and external data set: they are part of it
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: bytes; 0 for no channel.
 */
UINT32 VmbChannelSizeofPacket(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	return ch ? kmcl_packet_size(ch->native) : 0;
}
EXPORT_SYMBOL_GPL(VmbChannelSizeofPacket);

/**
 * VmbPacketInitialize() - make a packet object in memory of the driver's
 * @Channel: to send on
 * @VmbPacket: the memory: nonpaged, 8-byte aligned, no packet object in flight
 * @ByteCount: of it, at least VmbChannelSizeofPacket()
 *
 * The object has no completion routine; sending it without one is refused. It is not for
 * VmbPacketFree(): while it is not in flight its memory may be reused at once.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: the memory stays the caller's.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel;
 * STATUS_INVALID_PARAMETER_2 for memory that is NULL or not aligned;
 * STATUS_INVALID_PARAMETER_3 for too little of it; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS VmbPacketInitialize(VMBCHANNEL Channel, VMBPACKET VmbPacket, UINT32 ByteCount)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	struct kmcl_packet *native;
	struct wdk_packet *p;
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (!VmbPacket || !IS_ALIGNED((unsigned long)VmbPacket, 8))
		return STATUS_INVALID_PARAMETER_2;
	err = kmcl_packet_init(ch->native, VmbPacket, ByteCount, wdk_gfp(), &native);
	if (err)
		return err == -EINVAL ? STATUS_INVALID_PARAMETER_3 : wdk_status(err);
	p = kmcl_packet_layer(native);
	p->channel = ch;
	return STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(VmbPacketInitialize);

/**
 * VmbPacketSetCompletionRoutine() - choose who is told when the packet is done
 * @PacketObject: not in flight
 * @CompletionRoutine: replaces the one that it has. NULL brings the default back, or none,
 *	for an object of VmbPacketInitialize()
 *
 * The routine runs exactly once for each send that succeeded, at DISPATCH_LEVEL. Its
 * status: STATUS_SUCCESS: placed in the ring, or answered if an answer was asked for;
 * STATUS_DEVICE_REMOVED: the channel was closed first; STATUS_INVALID_BUFFER_SIZE: answered
 * with more than the largest packet; STATUS_DEVICE_PROTOCOL_ERROR: answered with
 * nonsense. In it the packet may be freed or sent again.
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID VmbPacketSetCompletionRoutine(VMBPACKET PacketObject,
				   PFN_VMB_PACKET_COMPLETION_ROUTINE CompletionRoutine)
{
	struct wdk_packet *p;

	if (WARN_ON_ONCE(!PacketObject))
		return;
	p = kmcl_packet_layer(wdk_packet_native(PacketObject));
	p->routine = CompletionRoutine;
	kmcl_packet_set_completion(wdk_packet_native(PacketObject),
				   CompletionRoutine ? on_completion : NULL);
}
EXPORT_SYMBOL_GPL(VmbPacketSetCompletionRoutine);

/**
 * VmbPacketSetPointer() - remember something of the driver's
 * @PacketObject: any packet object
 * @Pointer: never looked at; survives sending
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID VmbPacketSetPointer(VMBPACKET PacketObject, PVOID Pointer)
{
	kmcl_packet_set_pointer(wdk_packet_native(PacketObject), Pointer);
}
EXPORT_SYMBOL_GPL(VmbPacketSetPointer);

/**
 * VmbPacketGetPointer() - what VmbPacketSetPointer() was given
 * @PacketObject: any packet object
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: the pointer; NULL before the first set, or for a NULL packet.
 */
PVOID VmbPacketGetPointer(VMBPACKET PacketObject)
{
	return kmcl_packet_get_pointer(wdk_packet_native(PacketObject));
}
EXPORT_SYMBOL_GPL(VmbPacketGetPointer);

/**
 * VmbPacketGetChannel() - whose packet is it
 * @PacketObject: any packet object
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: the channel; NULL for a NULL packet.
 */
VMBCHANNEL VmbPacketGetChannel(VMBPACKET PacketObject)
{
	struct wdk_packet *p;

	if (!PacketObject)
		return NULL;
	p = kmcl_packet_layer(wdk_packet_native(PacketObject));
	return wdk_channel_handle(p->channel);
}
EXPORT_SYMBOL_GPL(VmbPacketGetChannel);
