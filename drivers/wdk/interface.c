// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of functions. Who queries it holds the module until he dereferences it.
 */
#include "wdk.h"

/* For drivers that do not define them themselves: <initguid.h>. */
#undef DEFINE_GUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)			\
	const GUID name = { l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } };		\
	EXPORT_SYMBOL_GPL(name)

DEFINE_GUID(KMCL_CLIENT_INTERFACE_TYPE,
	    0x4aecb860, 0xe161, 0x42bb, 0xa5, 0xca, 0x77, 0xf3, 0xa9, 0x64, 0x59, 0x05);
DEFINE_GUID(KMCL_SERVER_INTERFACE_TYPE,
	    0x83b21474, 0xc5b9, 0x4f65, 0xb5, 0xe7, 0x72, 0x0c, 0x69, 0x2b, 0xd3, 0x71);

static atomic_t references = ATOMIC_INIT(0);

static VOID reference(PVOID context)
{
	atomic_inc(&references);
	__module_get(THIS_MODULE);
}

static VOID dereference(PVOID context)
{
	if (!WARN_ON_ONCE(atomic_dec_if_positive(&references) < 0))
		module_put(THIS_MODULE);
}

static const KMCL_CLIENT_INTERFACE_V1 client_v1 = {
	.Size = sizeof(KMCL_CLIENT_INTERFACE_V1),
	.Version = KMCL_CLIENT_INTERFACE_VERSION_V1,
	.Context = &references,
	.InterfaceReference = reference,
	.InterfaceDereference = dereference,
	.VmbChannelAllocate = VmbChannelAllocate,
	.VmbChannelCleanup = VmbChannelCleanup,
	.VmbChannelCreateGpadlFromBuffer = VmbChannelCreateGpadlFromBuffer,
	.VmbChannelCreateGpadlFromMdl = VmbChannelCreateGpadlFromMdl,
	.VmbChannelDeleteGpadl = VmbChannelDeleteGpadl,
	.VmbChannelDisable = VmbChannelDisable,
	.VmbChannelEnable = VmbChannelEnable,
	.VmbChannelGetInterfaceInstance = VmbChannelGetInterfaceInstance,
	.VmbChannelGetMmioSpace = VmbChannelGetMmioSpace,
	.VmbChannelGetPointer = VmbChannelGetPointer,
	.VmbChannelInitSetClientContextSize = VmbChannelInitSetClientContextSize,
	.VmbChannelInitSetFlags = VmbChannelInitSetFlags,
	.VmbChannelInitSetFriendlyName = VmbChannelInitSetFriendlyName,
	.VmbChannelInitSetMaximumExternalData = VmbChannelInitSetMaximumExternalData,
	.VmbChannelInitSetMaximumPacketSize = VmbChannelInitSetMaximumPacketSize,
	.VmbChannelInitSetProcessPacketCallbacks = VmbChannelInitSetProcessPacketCallbacks,
	.VmbChannelInitSetStateChangeCallbacks = VmbChannelInitSetStateChangeCallbacks,
	.VmbChannelPacketComplete = VmbChannelPacketComplete,
	.VmbChannelPacketDeferToPassive = VmbChannelPacketDeferToPassive,
	.VmbChannelPacketFail = VmbChannelPacketFail,
	.VmbChannelPacketGetExternalData = VmbChannelPacketGetExternalData,
	.VmbChannelPause = VmbChannelPause,
	.VmbChannelSendSynchronousRequest = VmbChannelSendSynchronousRequest,
	.VmbChannelSetIncomingProcessingAtPassive = VmbChannelSetIncomingProcessingAtPassive,
	.VmbChannelSetInterruptLatency = VmbChannelSetInterruptLatency,
	.VmbChannelSetPointer = VmbChannelSetPointer,
	.VmbChannelSetTransactionQuota = VmbChannelSetTransactionQuota,
	.VmbChannelSizeofPacket = VmbChannelSizeofPacket,
	.VmbChannelStart = VmbChannelStart,
	.VmbClientChannelInitSetRingBufferPageCount = VmbClientChannelInitSetRingBufferPageCount,
	.VmbClientChannelInitSetTargetPnp = VmbClientChannelInitSetTargetPnp,
	.VmbPacketAllocate = VmbPacketAllocate,
	.VmbPacketFree = VmbPacketFree,
	.VmbPacketGetChannel = VmbPacketGetChannel,
	.VmbPacketGetPointer = VmbPacketGetPointer,
	.VmbPacketInitialize = VmbPacketInitialize,
	.VmbPacketSend = VmbPacketSend,
	.VmbPacketSendWithExternalMdl = VmbPacketSendWithExternalMdl,
	.VmbPacketSendWithExternalPfns = VmbPacketSendWithExternalPfns,
	.VmbPacketSetCompletionRoutine = VmbPacketSetCompletionRoutine,
	.VmbPacketSetPointer = VmbPacketSetPointer,
};

/*
 * The order of the questions: is the table known, then its version, then does it fit. A size
 * that is too large is refused too: it belongs to another version, and what lies behind the
 * first one's end would be left undefined.
 */
NTSTATUS wdk_query_interface(LPCGUID type, PINTERFACE interface, USHORT size, USHORT version)
{
	if (!type || !interface)
		return STATUS_INVALID_PARAMETER;
	if (!IsEqualGUID(type, &KMCL_CLIENT_INTERFACE_TYPE))
		return STATUS_NOT_SUPPORTED;
	if (version != KMCL_CLIENT_INTERFACE_VERSION_V1)
		return STATUS_REVISION_MISMATCH;
	if (size < sizeof(client_v1))
		return STATUS_BUFFER_TOO_SMALL;
	if (size > sizeof(client_v1))
		return STATUS_INVALID_PARAMETER;
	memcpy(interface, &client_v1, sizeof(client_v1));
	reference(interface->Context);
	return STATUS_SUCCESS;
}
