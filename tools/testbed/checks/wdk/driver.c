// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver. Its one device runs the cases in a work item, from when it has started.
 */
#include "driver.h"

PDRIVER_OBJECT CheckDriverObject;
WDFDRIVER CheckDriver;
WDFDEVICE CheckDevice;
CHAR DeviceOrder[DEVICE_CALLS + 1];

typedef struct _DEVICE_CONTEXT {
	ULONG Magic;
	PKEVENT Done;		/* whoever reads the file wait is released by it */
	HANDLE DoneHandle;
	WDFWORKITEM Work;
} DEVICE_CONTEXT, *PDEVICE_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DEVICE_CONTEXT, GetDeviceContext)

static EVT_WDF_DRIVER_DEVICE_ADD DeviceAdd;
static EVT_WDF_DRIVER_UNLOAD Unload;
static EVT_WDF_DEVICE_PREPARE_HARDWARE PrepareHardware;
static EVT_WDF_DEVICE_RELEASE_HARDWARE ReleaseHardware;
static EVT_WDF_DEVICE_D0_ENTRY D0Entry;
static EVT_WDF_DEVICE_D0_EXIT D0Exit;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_INIT IoInit;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_SUSPEND IoSuspend;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_FLUSH IoFlush;
static EVT_WDF_DEVICE_SELF_MANAGED_IO_CLEANUP IoCleanup;
static EVT_WDF_WORKITEM RunChecks;

PDEVICE_OBJECT CheckDeviceObject(VOID)
{
	return WdfDeviceWdmGetDeviceObject(CheckDevice);
}

/* The order in which the framework calls, one letter for each. */
static VOID Note(CHAR Letter)
{
	ULONG i = 0;

	while (DeviceOrder[i])
		i++;
	if (i < DEVICE_CALLS)
		DeviceOrder[i] = Letter;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	WDF_DRIVER_CONFIG config;

	CheckDriverObject = DriverObject;
	WDF_DRIVER_CONFIG_INIT(&config, DeviceAdd);
	config.EvtDriverUnload = Unload;
	return WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config,
			       &CheckDriver);
}

static NTSTATUS DeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
	WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
	WDF_OBJECT_ATTRIBUTES attributes;
	NTSTATUS status;

	UNREFERENCED_PARAMETER(Driver);
	Note('A');
	WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&callbacks);
	callbacks.EvtDevicePrepareHardware = PrepareHardware;
	callbacks.EvtDeviceReleaseHardware = ReleaseHardware;
	callbacks.EvtDeviceD0Entry = D0Entry;
	callbacks.EvtDeviceD0Exit = D0Exit;
	callbacks.EvtDeviceSelfManagedIoInit = IoInit;
	callbacks.EvtDeviceSelfManagedIoSuspend = IoSuspend;
	callbacks.EvtDeviceSelfManagedIoFlush = IoFlush;
	callbacks.EvtDeviceSelfManagedIoCleanup = IoCleanup;
	WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &callbacks);
	WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, DEVICE_CONTEXT);
	status = WdfDeviceCreate(&DeviceInit, &attributes, &CheckDevice);
	if (NT_SUCCESS(status))
		GetDeviceContext(CheckDevice)->Magic = DEVICE_MAGIC;
	return status;
}

static NTSTATUS PrepareHardware(WDFDEVICE Device, WDFCMRESLIST Raw, WDFCMRESLIST Translated)
{
	UNREFERENCED_PARAMETER(Device);
	UNREFERENCED_PARAMETER(Raw);
	UNREFERENCED_PARAMETER(Translated);
	Note('P');
	return STATUS_SUCCESS;
}

static NTSTATUS D0Entry(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
	UNREFERENCED_PARAMETER(Device);
	Note(PreviousState == WdfPowerDeviceD3Final ? 'D' : '?');
	return STATUS_SUCCESS;
}

static NTSTATUS StartWork(WDFDEVICE Device)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;
	NTSTATUS status;

	WDF_WORKITEM_CONFIG_INIT(&config, RunChecks);
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.ParentObject = Device;
	status = WdfWorkItemCreate(&config, &attributes, &GetDeviceContext(Device)->Work);
	if (NT_SUCCESS(status))
		WdfWorkItemEnqueue(GetDeviceContext(Device)->Work);
	return status;
}

static NTSTATUS IoInit(WDFDEVICE Device)
{
	DECLARE_CONST_UNICODE_STRING(name, L"\\BaseNamedObjects\\wdk_check");
	PDEVICE_CONTEXT context = GetDeviceContext(Device);

	Note('I');
	context->Done = IoCreateNotificationEvent((PUNICODE_STRING)&name, &context->DoneHandle);
	if (!context->Done)
		return STATUS_INSUFFICIENT_RESOURCES;
	KeClearEvent(context->Done);
	return StartWork(Device);
}

static VOID RunChecks(WDFWORKITEM WorkItem)
{
	PDEVICE_CONTEXT context = GetDeviceContext(WdfWorkItemGetParentObject(WorkItem));

	CheckRunAll();
	DbgPrint("all cases have run\n");
	KeSetEvent(context->Done, IO_NO_INCREMENT, FALSE);
}

BOOLEAN CheckDeviceContext(VOID)
{
	return GetDeviceContext(CheckDevice)->Magic == DEVICE_MAGIC &&
	       WdfObjectContextGetObject(GetDeviceContext(CheckDevice)) == CheckDevice;
}

static NTSTATUS IoSuspend(WDFDEVICE Device)
{
	WdfWorkItemFlush(GetDeviceContext(Device)->Work);
	Note('s');
	return STATUS_SUCCESS;
}

static NTSTATUS D0Exit(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
	UNREFERENCED_PARAMETER(Device);
	Note(TargetState == WdfPowerDeviceD3Final ? 'd' : '?');
	return STATUS_SUCCESS;
}

static NTSTATUS ReleaseHardware(WDFDEVICE Device, WDFCMRESLIST Translated)
{
	UNREFERENCED_PARAMETER(Device);
	UNREFERENCED_PARAMETER(Translated);
	Note('p');
	return STATUS_SUCCESS;
}

static VOID IoFlush(WDFDEVICE Device)
{
	UNREFERENCED_PARAMETER(Device);
	Note('f');
}

static VOID IoCleanup(WDFDEVICE Device)
{
	Note('c');
	ZwClose(GetDeviceContext(Device)->DoneHandle);
}

/* The test reads this line in the kernel's log. */
static VOID Unload(WDFDRIVER Driver)
{
	UNREFERENCED_PARAMETER(Driver);
	Note('u');
	DbgPrint("order of the device's life: %s\n", DeviceOrder);
}
