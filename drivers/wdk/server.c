// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a server sets while its channel is disabled: all at PASSIVE_LEVEL; calling one again
 * replaces what it set. A client's channel gives STATUS_INVALID_DEVICE_REQUEST.
 */
#include "wdk.h"

#define VTL_MAX	15	/* the hypervisor numbers them in four bits */

static_assert(VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER == KMCL_SERVER_LOOPBACK_OFFER);
static_assert(VMBUS_SERVER_CHANNEL_INIT_FLAG_ENUMERATE_DEVICE_INTERFACE ==
	      KMCL_SERVER_ENUMERATE_DEVICE_INTERFACE);
static_assert(VMBUS_SERVER_CHANNEL_INIT_FLAG_OFFER_AS_PIPE == KMCL_SERVER_OFFER_AS_PIPE);
static_assert(VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL == KMCL_SERVER_FORCE_NEW_CHANNEL);
static_assert(VMBUS_SERVER_CHANNEL_INIT_FLAG_TLNPI_PROVIDER_OFFER ==
	      KMCL_SERVER_TLNPI_PROVIDER_OFFER);
static_assert(VMBUS_SERVER_CHANNEL_INIT_FLAGS == KMCL_SERVER_FLAGS);
static_assert(VMBUS_SERVER_CHANNEL_INIT_MAXIMUM_OFFER_DATA == KMCL_OFFER_DATA_MAX);

/* Is it a server's channel, and disabled. */
static NTSTATUS server_init_check(struct wdk_channel *ch)
{
	NTSTATUS status = wdk_server_check(ch);

	if (status != STATUS_SUCCESS)
		return status;
	/* Sets what is set already, to be told. */
	return wdk_init_status(ch, kmcl_channel_set_state_callbacks(ch->native,
								    &wdk_state_callbacks),
			       STATUS_INVALID_PARAMETER_1);
}

/**
 * VmbServerChannelInitSetFlags() - what kind of offer
 * @Channel: a server's, disabled
 * @Flags: VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER, without which it cannot be enabled;
 *	..._FORCE_NEW_CHANNEL: a restored channel does not go on with the client of the saved
 *	one; the others are told to clients and do nothing
 *
 * Without this call there are none.
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 for an unknown flag; STATUS_INVALID_DEVICE_REQUEST for a
 * client.
 */
NTSTATUS VmbServerChannelInitSetFlags(VMBCHANNEL Channel, UINT32 Flags)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	return wdk_init_status(ch, kmcl_channel_set_server_flags(ch->native, Flags),
			       STATUS_INVALID_PARAMETER_2);
}
EXPORT_SYMBOL_GPL(VmbServerChannelInitSetFlags);

/**
 * VmbServerChannelInitSetMmioMegabytes() - memory-mapped space for the client's device
 * @Channel: a server's, disabled
 * @MmioMegabytes: MiB that it needs
 * @MmioMegabytesOptional: MiB that it could use besides
 *
 * Both ends ask where it is by VmbChannelGetMmioSpace(). It is ordinary memory, in one piece.
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER if both are 0; STATUS_INVALID_DEVICE_REQUEST for a client.
 */
NTSTATUS VmbServerChannelInitSetMmioMegabytes(VMBCHANNEL Channel, UINT16 MmioMegabytes,
					      UINT16 MmioMegabytesOptional)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	return wdk_init_status(ch, kmcl_channel_set_mmio(ch->native, MmioMegabytes,
							 MmioMegabytesOptional),
			       STATUS_INVALID_PARAMETER);
}
EXPORT_SYMBOL_GPL(VmbServerChannelInitSetMmioMegabytes);

/**
 * VmbServerChannelInitSetTargetInterfaceId() - what clients ask for
 * @Channel: a server's, disabled
 * @InterfaceType: GUID of the protocol
 * @InterfaceInstance: GUID that tells this offer from others of the type
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2, STATUS_INVALID_PARAMETER_3 for a GUID that is all zero;
 * STATUS_INVALID_DEVICE_REQUEST for a client.
 */
NTSTATUS VmbServerChannelInitSetTargetInterfaceId(VMBCHANNEL Channel, GUID InterfaceType,
						  GUID InterfaceInstance)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	bool no_type = guid_is_null((const guid_t *)&InterfaceType);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	err = kmcl_channel_set_offer(ch->native, (const guid_t *)&InterfaceType,
				     (const guid_t *)&InterfaceInstance);
	if (!err)
		ch->instance = InterfaceInstance;
	return wdk_init_status(ch, err, no_type ? STATUS_INVALID_PARAMETER_2 :
						  STATUS_INVALID_PARAMETER_3);
}
EXPORT_SYMBOL_GPL(VmbServerChannelInitSetTargetInterfaceId);

/**
 * VmbServerChannelInitSetTargetVtl() - which trust level sees the offer
 * @Channel: a server's, disabled
 * @TargetVtl: 0
 *
 * Both ends of a loopback offer are in the level in which this kernel runs, and a kernel knows
 * no other: 0 stands for that one.
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2 for a level that no hypervisor has, over 15;
 * STATUS_NOT_SUPPORTED for the others; STATUS_INVALID_DEVICE_REQUEST for a client.
 */
NTSTATUS VmbServerChannelInitSetTargetVtl(VMBCHANNEL Channel, UINT8 TargetVtl)
{
	NTSTATUS status = server_init_check(wdk_channel(Channel));

	if (status != STATUS_SUCCESS)
		return status;
	if (TargetVtl > VTL_MAX)
		return STATUS_INVALID_PARAMETER_2;
	return TargetVtl ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(VmbServerChannelInitSetTargetVtl);

/**
 * VmbServerChannelInitSetVmbusHandle() - which virtual machine sees the offer
 * @Channel: a server's, disabled
 * @VmbusHandle: not looked at: there is nothing here that gives one
 *
 * A loopback offer is for this kernel. Leave the call out, or accept its status.
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_NOT_SUPPORTED; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_DEVICE_REQUEST for a client.
 */
NTSTATUS VmbServerChannelInitSetVmbusHandle(VMBCHANNEL Channel, HANDLE VmbusHandle)
{
	NTSTATUS status = server_init_check(wdk_channel(Channel));

	return status == STATUS_SUCCESS ? STATUS_NOT_SUPPORTED : status;
}
EXPORT_SYMBOL_GPL(VmbServerChannelInitSetVmbusHandle);

/**
 * VmbConvertVmbusHandleToKernelHandle() - a VMBus handle of a process, for the kernel
 * @VmbusHandle: not looked at
 * @KernelHandle: out: NULL
 *
 * No Linux process has such a handle: other virtual machines are offered nothing.
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_NOT_SUPPORTED; STATUS_INVALID_PARAMETER_2 without @KernelHandle.
 */
NTSTATUS VmbConvertVmbusHandleToKernelHandle(HANDLE VmbusHandle, PHANDLE KernelHandle)
{
	if (!KernelHandle)
		return STATUS_INVALID_PARAMETER_2;
	*KernelHandle = NULL;
	return STATUS_NOT_SUPPORTED;
}
EXPORT_SYMBOL_GPL(VmbConvertVmbusHandleToKernelHandle);
