// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver around both ends; the work item in which the client works.
 */
#include <initguid.h>

#include "loopback.h"

DRIVER_INITIALIZE DriverEntry;

typedef struct _LOOPBACK_CONTEXT {
	LOOPBACK_SERVER Server;
	LOOPBACK_CLIENT Client;
	WDFWORKITEM Work;
	LONG Reported;
	PKEVENT Done;
	HANDLE DoneHandle;

	ULONG Count;
	ULONG Opens;
	ULONG WithClient;
} LOOPBACK_CONTEXT, *PLOOPBACK_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(LOOPBACK_CONTEXT, LoopbackGetContext);

ULONG LoopbackCrc(ULONG Crc, const UCHAR *Data, ULONG Length)
{
	ULONG i, bit;

	for (i = 0; i < Length; i++) {
		Crc ^= Data[i];
		for (bit = 0; bit < 8; bit++)
			Crc = Crc & 1 ? (Crc >> 1) ^ 0xedb88320 : Crc >> 1;
	}
	return Crc;
}

static VOID Report(PLOOPBACK_CONTEXT Loopback)
{
	LOOPBACK_FIGURES *f = &Loopback->Client.Figures;

	if (!Loopback->WithClient || InterlockedExchange(&Loopback->Reported, 1))
		return;
	DbgPrint("opens %lu echoed %lu external %lu pended %ld shared %lu wrong %lu\n",
		 f->Opens, f->Echoed, f->External, Loopback->Server.Pended, f->Shared, f->Wrong);
	KeSetEvent(Loopback->Done, IO_NO_INCREMENT, FALSE);
}

static VOID LoopbackEvtWork(WDFWORKITEM WorkItem)
{
	PLOOPBACK_CONTEXT loopback = LoopbackGetContext(WdfWorkItemGetParentObject(WorkItem));
	ULONG i;

	for (i = 0; i < loopback->Opens && !ClientStopping(&loopback->Client); i++)
		ClientRun(&loopback->Client, loopback->Count);
	Report(loopback);
}

static ULONG QueryParameter(WDFKEY Key, PCUNICODE_STRING Name, ULONG Default)
{
	ULONG value;

	return NT_SUCCESS(WdfRegistryQueryULong(Key, Name, &value)) ? value : Default;
}

static NTSTATUS ParametersRead(PLOOPBACK_CONTEXT Loopback, WDFDRIVER Driver)
{
	DECLARE_CONST_UNICODE_STRING(count, L"Count");
	DECLARE_CONST_UNICODE_STRING(opens, L"Opens");
	DECLARE_CONST_UNICODE_STRING(client, L"Client");
	NTSTATUS status;
	WDFKEY key;

	status = WdfDriverOpenParametersRegistryKey(Driver, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES,
						    &key);
	if (!NT_SUCCESS(status))
		return status;
	Loopback->Count = QueryParameter(key, &count, 100);
	Loopback->Opens = QueryParameter(key, &opens, 2);
	Loopback->WithClient = QueryParameter(key, &client, 1);
	WdfRegistryClose(key);
	return STATUS_SUCCESS;
}

static NTSTATUS EventCreate(PLOOPBACK_CONTEXT Loopback)
{
	UNICODE_STRING name;

	RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\wdk_loopback");
	Loopback->Done = IoCreateNotificationEvent(&name, &Loopback->DoneHandle);
	if (!Loopback->Done)
		return STATUS_INSUFFICIENT_RESOURCES;
	KeClearEvent(Loopback->Done);
	return STATUS_SUCCESS;
}

static NTSTATUS WorkItemCreate(PLOOPBACK_CONTEXT Loopback, WDFDEVICE Device)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;

	WDF_WORKITEM_CONFIG_INIT(&config, LoopbackEvtWork);
	config.AutomaticSerialization = FALSE;
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.ParentObject = Device;
	return WdfWorkItemCreate(&config, &attributes, &Loopback->Work);
}

static NTSTATUS LoopbackEvtPrepareHardware(WDFDEVICE Device, WDFCMRESLIST Raw,
					   WDFCMRESLIST Translated)
{
	PLOOPBACK_CONTEXT loopback = LoopbackGetContext(Device);
	NTSTATUS status;

	UNREFERENCED_PARAMETER(Raw);
	UNREFERENCED_PARAMETER(Translated);
	PAGED_CODE();
	status = ParametersRead(loopback, WdfDeviceGetDriver(Device));
	if (NT_SUCCESS(status))
		status = EventCreate(loopback);
	if (NT_SUCCESS(status))
		status = WorkItemCreate(loopback, Device);
	if (NT_SUCCESS(status))
		status = ServerCreate(&loopback->Server, Device);
	if (NT_SUCCESS(status) && loopback->WithClient)
		status = ClientCreate(&loopback->Client, Device);
	return status;
}

static NTSTATUS LoopbackEvtReleaseHardware(WDFDEVICE Device, WDFCMRESLIST Translated)
{
	PLOOPBACK_CONTEXT loopback = LoopbackGetContext(Device);

	UNREFERENCED_PARAMETER(Translated);
	ClientDelete(&loopback->Client);
	ServerDelete(&loopback->Server);
	if (loopback->Done)
		ZwClose(loopback->DoneHandle);
	return STATUS_SUCCESS;
}

static NTSTATUS LoopbackEvtD0Entry(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
	PLOOPBACK_CONTEXT loopback = LoopbackGetContext(Device);
	NTSTATUS status;

	UNREFERENCED_PARAMETER(PreviousState);
	status = ServerStart(&loopback->Server);
	if (NT_SUCCESS(status) && loopback->WithClient)
		WdfWorkItemEnqueue(loopback->Work);
	return status;
}

static NTSTATUS LoopbackEvtD0Exit(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
	PLOOPBACK_CONTEXT loopback = LoopbackGetContext(Device);

	UNREFERENCED_PARAMETER(TargetState);
	ClientStop(&loopback->Client);
	WdfWorkItemFlush(loopback->Work);
	ServerStop(&loopback->Server);
	Report(loopback);
	return STATUS_SUCCESS;
}

static NTSTATUS LoopbackEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
	WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
	WDF_OBJECT_ATTRIBUTES attributes;
	WDFDEVICE device;

	UNREFERENCED_PARAMETER(Driver);
	WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&callbacks);
	callbacks.EvtDevicePrepareHardware = LoopbackEvtPrepareHardware;
	callbacks.EvtDeviceReleaseHardware = LoopbackEvtReleaseHardware;
	callbacks.EvtDeviceD0Entry = LoopbackEvtD0Entry;
	callbacks.EvtDeviceD0Exit = LoopbackEvtD0Exit;
	WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &callbacks);
	WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, LOOPBACK_CONTEXT);
	return WdfDeviceCreate(&DeviceInit, &attributes, &device);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	WDF_DRIVER_CONFIG config;

	WDF_DRIVER_CONFIG_INIT(&config, LoopbackEvtDeviceAdd);
	return WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config,
			       WDF_NO_HANDLE);
}
