// SPDX-License-Identifier: GPL-2.0-only
/*
 * wdk_hard: the driver around the two channels, see hard.h.
 *
 * Parameters of the driver's key: Count transfer-page packets for each request that asks for
 * them; Rounds such requests for each of two GPADLs; Pages of each GPADL; Quota packets
 * outstanding; Defer: every how manyth is deferred; Echo rounds of external data, 0 if there is
 * no echo device. The event \BaseNamedObjects\wdk_hard is signalled when all is done.
 */
#include <initguid.h>

#include "hard.h"

DRIVER_INITIALIZE DriverEntry;

/* CRC-32 of zlib; the first time with MAXULONG, and the end result inverted. */
ULONG HardCrc32(ULONG Crc, const UCHAR *Data, ULONG Length)
{
	ULONG i, bit;

	for (i = 0; i < Length; i++) {
		Crc ^= Data[i];
		for (bit = 0; bit < 8; bit++)
			Crc = Crc & 1 ? (Crc >> 1) ^ 0xedb88320 : Crc >> 1;
	}
	return Crc;
}

static VOID Report(PHARD_CONTEXT Hard)
{
	HARD_FIGURES *f = &Hard->Figures;

	if (InterlockedExchange(&Hard->Reported, 1))
		return;
	DbgPrint("received %I64d completed %I64d mismatched %I64d deferred %I64d requests %I64d failed %I64d\n",
		 f->Received, f->Completed, f->Mismatched, f->Deferred, f->Requests, f->Failed);
	KeSetEvent(Hard->Done, IO_NO_INCREMENT, FALSE);
}

/* One of the channels has done all that it was to do. Once for each. */
VOID HardFinished(PHARD_CONTEXT Hard)
{
	if (!InterlockedDecrement(&Hard->Unfinished))
		Report(Hard);
}

NTSTATUS HardWorkItemCreate(WDFDEVICE Device, PFN_WDF_WORKITEM Function, WDFWORKITEM *WorkItem)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;

	WDF_WORKITEM_CONFIG_INIT(&config, Function);
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.ParentObject = Device;
	return WdfWorkItemCreate(&config, &attributes, WorkItem);
}

/* A packet object in memory of ours: freeing the memory is all that ends it. */
VMBPACKET HardPacketCreate(PHARD_CONTEXT Hard, VMBCHANNEL Channel,
			   PFN_VMB_PACKET_COMPLETION_ROUTINE Routine, PVOID Pointer)
{
	UINT32 bytes = Hard->Kmcl.VmbChannelSizeofPacket(Channel);
	VMBPACKET packet = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, POOL_TAG);

	if (!packet)
		return NULL;
	if (!NT_SUCCESS(Hard->Kmcl.VmbPacketInitialize(Channel, packet, bytes))) {
		ExFreePoolWithTag(packet, POOL_TAG);
		return NULL;
	}
	Hard->Kmcl.VmbPacketSetCompletionRoutine(packet, Routine);
	Hard->Kmcl.VmbPacketSetPointer(packet, Pointer);
	return packet;
}

static ULONG QueryParameter(WDFKEY Key, PCWSTR Name, ULONG Default)
{
	UNICODE_STRING name;
	ULONG value;

	RtlInitUnicodeString(&name, Name);
	return NT_SUCCESS(WdfRegistryQueryULong(Key, &name, &value)) ? value : Default;
}

static NTSTATUS ParametersRead(PHARD_CONTEXT Hard, WDFDRIVER Driver)
{
	NTSTATUS status;
	WDFKEY key;

	status = WdfDriverOpenParametersRegistryKey(Driver, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES,
						    &key);
	if (!NT_SUCCESS(status))
		return status;
	Hard->Count = QueryParameter(key, L"Count", 500);
	Hard->Rounds = QueryParameter(key, L"Rounds", 4);
	Hard->Pages = QueryParameter(key, L"Pages", 16);
	Hard->Quota = QueryParameter(key, L"Quota", 8);
	Hard->Defer = QueryParameter(key, L"Defer", 7);
	Hard->Echo = QueryParameter(key, L"Echo", 100);
	WdfRegistryClose(key);
	if (!Hard->Count || !Hard->Rounds || Hard->Pages < 2 || Hard->Pages > 1024 ||
	    !Hard->Quota || !Hard->Defer) {
		DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL,
			   "Count, Rounds, Quota and Defer must be 1 at least, Pages 2 to 1024\n");
		return STATUS_INVALID_PARAMETER;
	}
	return STATUS_SUCCESS;
}

static NTSTATUS EventCreate(PHARD_CONTEXT Hard)
{
	UNICODE_STRING name;

	RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\wdk_hard");
	Hard->Done = IoCreateNotificationEvent(&name, &Hard->DoneHandle);
	if (!Hard->Done)
		return STATUS_INSUFFICIENT_RESOURCES;
	KeClearEvent(Hard->Done);
	return STATUS_SUCCESS;
}

static NTSTATUS InterfaceQuery(PHARD_CONTEXT Hard, WDFDEVICE Device)
{
	NTSTATUS status;

	status = WdfFdoQueryForInterface(Device, &KMCL_CLIENT_INTERFACE_TYPE,
					 (PINTERFACE)&Hard->Kmcl, sizeof(Hard->Kmcl),
					 KMCL_CLIENT_INTERFACE_VERSION_V1, NULL);
	Hard->Queried = NT_SUCCESS(status);
	return status;
}

static NTSTATUS HardEvtPrepareHardware(WDFDEVICE Device, WDFCMRESLIST Raw, WDFCMRESLIST Translated)
{
	PHARD_CONTEXT hard = HardGetContext(Device);
	NTSTATUS status;

	UNREFERENCED_PARAMETER(Raw);
	UNREFERENCED_PARAMETER(Translated);
	PAGED_CODE();
	status = ParametersRead(hard, WdfDeviceGetDriver(Device));
	if (NT_SUCCESS(status))
		status = EventCreate(hard);
	if (NT_SUCCESS(status))
		status = InterfaceQuery(hard, Device);
	if (NT_SUCCESS(status))
		status = TransferCreate(hard, Device);
	if (NT_SUCCESS(status) && hard->Echo)
		status = ExternalCreate(hard, Device);
	hard->Unfinished = hard->Echo ? 2 : 1;
	return status;
}

static NTSTATUS HardEvtReleaseHardware(WDFDEVICE Device, WDFCMRESLIST Translated)
{
	PHARD_CONTEXT hard = HardGetContext(Device);

	UNREFERENCED_PARAMETER(Translated);
	ExternalDelete(hard);
	TransferDelete(hard);
	if (hard->Queried)
		hard->Kmcl.InterfaceDereference(hard->Kmcl.Context);
	if (hard->Done)
		ZwClose(hard->DoneHandle);
	return STATUS_SUCCESS;
}

static NTSTATUS HardEvtD0Entry(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
	PHARD_CONTEXT hard = HardGetContext(Device);
	NTSTATUS status;

	UNREFERENCED_PARAMETER(PreviousState);
	status = hard->Kmcl.VmbChannelEnable(hard->Transfer);
	if (!NT_SUCCESS(status) || !hard->Echo)
		return status;
	status = hard->Kmcl.VmbChannelEnable(hard->External);
	if (!NT_SUCCESS(status))
		hard->Kmcl.VmbChannelDisable(hard->Transfer);
	return status;
}

/* The work items end when the channels do, which end every packet. */
static NTSTATUS HardEvtD0Exit(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
	PHARD_CONTEXT hard = HardGetContext(Device);

	UNREFERENCED_PARAMETER(TargetState);
	hard->Kmcl.VmbChannelDisable(hard->Transfer);
	WdfWorkItemFlush(hard->Exercise);
	WdfWorkItemFlush(hard->Completer);
	if (hard->Echo) {
		hard->Kmcl.VmbChannelDisable(hard->External);
		WdfWorkItemFlush(hard->Sender);
	}
	Report(hard);
	return STATUS_SUCCESS;
}

static NTSTATUS HardEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
	WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
	WDF_OBJECT_ATTRIBUTES attributes;
	WDFDEVICE device;

	UNREFERENCED_PARAMETER(Driver);
	WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&callbacks);
	callbacks.EvtDevicePrepareHardware = HardEvtPrepareHardware;
	callbacks.EvtDeviceReleaseHardware = HardEvtReleaseHardware;
	callbacks.EvtDeviceD0Entry = HardEvtD0Entry;
	callbacks.EvtDeviceD0Exit = HardEvtD0Exit;
	WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &callbacks);
	WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, HARD_CONTEXT);
	return WdfDeviceCreate(&DeviceInit, &attributes, &device);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	WDF_DRIVER_CONFIG config;

	WDF_DRIVER_CONFIG_INIT(&config, HardEvtDeviceAdd);
	return WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config,
			       WDF_NO_HANDLE);
}
