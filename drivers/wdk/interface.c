// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of functions. Who queries one holds the module until he dereferences it.
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

/* Both tables begin so. */
#define HEAD(type, version)								\
	.Size = sizeof(type),								\
	.Version = version,								\
	.Context = &references,								\
	.InterfaceReference = reference,						\
	.InterfaceDereference = dereference

#define CLIENT_METHODS									\
	.VmbChannelAllocate = VmbChannelAllocate,					\
	.VmbChannelCleanup = VmbChannelCleanup,						\
	.VmbChannelCreateGpadlFromBuffer = VmbChannelCreateGpadlFromBuffer,		\
	.VmbChannelCreateGpadlFromMdl = VmbChannelCreateGpadlFromMdl,			\
	.VmbChannelDeleteGpadl = VmbChannelDeleteGpadl,					\
	.VmbChannelDisable = VmbChannelDisable,						\
	.VmbChannelEnable = VmbChannelEnable,						\
	.VmbChannelGetInterfaceInstance = VmbChannelGetInterfaceInstance,		\
	.VmbChannelGetMmioSpace = VmbChannelGetMmioSpace,				\
	.VmbChannelGetPointer = VmbChannelGetPointer,					\
	.VmbChannelInitSetClientContextSize = VmbChannelInitSetClientContextSize,	\
	.VmbChannelInitSetFlags = VmbChannelInitSetFlags,				\
	.VmbChannelInitSetFriendlyName = VmbChannelInitSetFriendlyName,			\
	.VmbChannelInitSetMaximumExternalData = VmbChannelInitSetMaximumExternalData,	\
	.VmbChannelInitSetMaximumPacketSize = VmbChannelInitSetMaximumPacketSize,	\
	.VmbChannelInitSetProcessPacketCallbacks =					\
		VmbChannelInitSetProcessPacketCallbacks,				\
	.VmbChannelInitSetStateChangeCallbacks = VmbChannelInitSetStateChangeCallbacks,	\
	.VmbChannelPacketComplete = VmbChannelPacketComplete,				\
	.VmbChannelPacketDeferToPassive = VmbChannelPacketDeferToPassive,		\
	.VmbChannelPacketFail = VmbChannelPacketFail,					\
	.VmbChannelPacketGetExternalData = VmbChannelPacketGetExternalData,		\
	.VmbChannelPause = VmbChannelPause,						\
	.VmbChannelSendSynchronousRequest = VmbChannelSendSynchronousRequest,		\
	.VmbChannelSetIncomingProcessingAtPassive = VmbChannelSetIncomingProcessingAtPassive,	\
	.VmbChannelSetInterruptLatency = VmbChannelSetInterruptLatency,			\
	.VmbChannelSetPointer = VmbChannelSetPointer,					\
	.VmbChannelSetTransactionQuota = VmbChannelSetTransactionQuota,			\
	.VmbChannelSizeofPacket = VmbChannelSizeofPacket,				\
	.VmbChannelStart = VmbChannelStart,						\
	.VmbClientChannelInitSetRingBufferPageCount =					\
		VmbClientChannelInitSetRingBufferPageCount,				\
	.VmbClientChannelInitSetTargetPnp = VmbClientChannelInitSetTargetPnp,		\
	.VmbPacketAllocate = VmbPacketAllocate,						\
	.VmbPacketFree = VmbPacketFree,							\
	.VmbPacketGetChannel = VmbPacketGetChannel,					\
	.VmbPacketGetPointer = VmbPacketGetPointer,					\
	.VmbPacketInitialize = VmbPacketInitialize,					\
	.VmbPacketSend = VmbPacketSend,							\
	.VmbPacketSendWithExternalMdl = VmbPacketSendWithExternalMdl,			\
	.VmbPacketSendWithExternalPfns = VmbPacketSendWithExternalPfns,			\
	.VmbPacketSetCompletionRoutine = VmbPacketSetCompletionRoutine,			\
	.VmbPacketSetPointer = VmbPacketSetPointer

static const KMCL_CLIENT_INTERFACE_V1 client_v1 = {
	HEAD(KMCL_CLIENT_INTERFACE_V1, KMCL_CLIENT_INTERFACE_VERSION_V1),
	CLIENT_METHODS,
};

static const KMCL_SERVER_INTERFACE_V1 server_v1 = {
	HEAD(KMCL_SERVER_INTERFACE_V1, KMCL_SERVER_INTERFACE_VERSION_V1),
	CLIENT_METHODS,
	.VmbChannelMapGpadl = VmbChannelMapGpadl,
	.VmbChannelRestoreFromBuffer = VmbChannelRestoreFromBuffer,
	.VmbChannelSaveBegin = VmbChannelSaveBegin,
	.VmbChannelSaveContinue = VmbChannelSaveContinue,
	.VmbChannelSaveEnd = VmbChannelSaveEnd,
	.VmbChannelUnmapGpadl = VmbChannelUnmapGpadl,
	.VmbConvertVmbusHandleToKernelHandle = VmbConvertVmbusHandleToKernelHandle,
	.VmbPacketRestore = VmbPacketRestore,
	.VmbServerChannelInitSetFlags = VmbServerChannelInitSetFlags,
	.VmbServerChannelInitSetMmioMegabytes = VmbServerChannelInitSetMmioMegabytes,
	.VmbServerChannelInitSetSaveRestorePacketCallbacks =
		VmbServerChannelInitSetSaveRestorePacketCallbacks,
	.VmbServerChannelInitSetTargetInterfaceId = VmbServerChannelInitSetTargetInterfaceId,
	.VmbServerChannelInitSetTargetVtl = VmbServerChannelInitSetTargetVtl,
	.VmbServerChannelInitSetVmbusHandle = VmbServerChannelInitSetVmbusHandle,
};

static const struct {
	LPCGUID type;
	const void *table;
	USHORT size;
	USHORT version;
} tables[] = {
	{ &KMCL_CLIENT_INTERFACE_TYPE, &client_v1, sizeof(client_v1),
	  KMCL_CLIENT_INTERFACE_VERSION_V1 },
	{ &KMCL_SERVER_INTERFACE_TYPE, &server_v1, sizeof(server_v1),
	  KMCL_SERVER_INTERFACE_VERSION_V1 },
};

/*
 * The order of the questions: is the table known, then its version, then does it fit. A size
 * that is too large is refused too: it belongs to another version, and what lies behind the
 * first one's end would be left undefined.
 */
static NTSTATUS table_get(u32 i, PINTERFACE interface, USHORT size, USHORT version)
{
	if (version != tables[i].version)
		return STATUS_REVISION_MISMATCH;
	if (size < tables[i].size)
		return STATUS_BUFFER_TOO_SMALL;
	if (size > tables[i].size)
		return STATUS_INVALID_PARAMETER;
	memcpy(interface, tables[i].table, size);
	reference(interface->Context);
	return STATUS_SUCCESS;
}

NTSTATUS wdk_query_interface(LPCGUID type, PINTERFACE interface, USHORT size, USHORT version)
{
	u32 i;

	if (!type || !interface)
		return STATUS_INVALID_PARAMETER;
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		if (IsEqualGUID(type, tables[i].type))
			return table_get(i, interface, size, version);
	}
	return STATUS_NOT_SUPPORTED;
}
