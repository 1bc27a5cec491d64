// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_wdk: the same driver once more, for Windows. It calls the library through the
 * interface that it queries, as Windows drivers do.
 *
 * Parameter of the driver's key: Device, which of the benchmark's devices.
 */
#include <ntddk.h>
#include <wdf.h>
#include <initguid.h>
#include <vmbuskernelmodeclientlibapi.h>

#include "hot.h"

DEFINE_GUID(ECHO_INTERFACE_TYPE,
	    0x97683cbb, 0xecf6, 0x4c20, 0xbb, 0x86, 0x35, 0xf8, 0xba, 0x0e, 0x67, 0xf4);
DEFINE_GUID(SOURCE_INTERFACE_TYPE,
	    0x16798a7e, 0x856a, 0x4dc7, 0xb9, 0x22, 0xe7, 0xfb, 0x65, 0xe7, 0xd7, 0x2d);

#define BENCH_GUID(a, b, c, d, ...)	{ a, b, c, { d, __VA_ARGS__ } }

#define OPEN_100NS	(-30 * 10000000ll)

DRIVER_INITIALIZE DriverEntry;

static KMCL_CLIENT_INTERFACE_V1 Kmcl;
static BOOLEAN Queried;
static VMBCHANNEL BenchChannel;
static KEVENT Opened;
static ULONG Device;

static inline int bench_send(struct bench_packet *p, unsigned int bytes, int answer)
{
	NTSTATUS status = Kmcl.VmbPacketSend(p->object, p->payload, bytes, NULL,
					     answer ? VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION
						    : 0);

	return !NT_SUCCESS(status);
}

static VOID BenchEvtAnswer(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
	bench_answered(Kmcl.VmbPacketGetPointer(Packet), !NT_SUCCESS(Status), Buffer,
		       BufferLength);
}

static VOID BenchEvtPlaced(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
	UNREFERENCED_PARAMETER(Packet);
	UNREFERENCED_PARAMETER(Status);
	UNREFERENCED_PARAMETER(Buffer);
	UNREFERENCED_PARAMETER(BufferLength);
	bench.placed++;
}

int bench_prepare(struct bench_packet *p, int answer)
{
	if (!p->object)
		p->object = Kmcl.VmbPacketAllocate(BenchChannel);
	if (!p->object)
		return -1;
	Kmcl.VmbPacketSetPointer(p->object, p);
	Kmcl.VmbPacketSetCompletionRoutine(p->object, answer ? BenchEvtAnswer : BenchEvtPlaced);
	return 0;
}

void bench_release(struct bench_packet *p)
{
	if (p->object)
		Kmcl.VmbPacketFree(p->object);
	p->object = NULL;
}

static VOID BenchEvtProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer,
				  UINT32 BufferLength, UINT32 Flags)
{
	struct bench_answer answer;

	UNREFERENCED_PARAMETER(Channel);
	UNREFERENCED_PARAMETER(Flags);
	bench_received(Buffer, BufferLength, &answer);
	Kmcl.VmbChannelPacketComplete(Packet, &answer, sizeof(answer));
}

static VOID BenchEvtPostStarted(VMBCHANNEL Channel)
{
	UNREFERENCED_PARAMETER(Channel);
	KeSetEvent(&Opened, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS TargetSet(VOID)
{
	GUID instance = BENCH_INSTANCE(BENCH_GUID, (UCHAR)Device);

	return Kmcl.VmbClientChannelInitSetTargetPnp(BenchChannel,
						     Device == BENCH_ECHO ? &ECHO_INTERFACE_TYPE :
						     &SOURCE_INTERFACE_TYPE, &instance, NULL);
}

static NTSTATUS ChannelConfigure(VOID)
{
	DECLARE_CONST_UNICODE_STRING(name, L"bench_wdk");
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
	NTSTATUS status;

	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
	callbacks.EvtChannelPostStarted = BenchEvtPostStarted;
	status = TargetSet();
	if (NT_SUCCESS(status))
		status = Kmcl.VmbChannelInitSetFriendlyName(BenchChannel, &name);
	if (NT_SUCCESS(status))
		status = Kmcl.VmbChannelInitSetMaximumPacketSize(BenchChannel, BENCH_BYTES_MAX);
	if (NT_SUCCESS(status))
		status = Kmcl.VmbClientChannelInitSetRingBufferPageCount(
			BenchChannel, BENCH_RING_PAGES, BENCH_RING_PAGES);
	if (NT_SUCCESS(status))
		status = Kmcl.VmbChannelInitSetProcessPacketCallbacks(BenchChannel,
								      BenchEvtProcessPacket, NULL);
	if (NT_SUCCESS(status))
		status = Kmcl.VmbChannelInitSetStateChangeCallbacks(BenchChannel, &callbacks);
	return status;
}

static NTSTATUS ParametersRead(WDFDRIVER Driver)
{
	DECLARE_CONST_UNICODE_STRING(name, L"Device");
	NTSTATUS status;
	WDFKEY key;

	status = WdfDriverOpenParametersRegistryKey(Driver, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES,
						    &key);
	if (!NT_SUCCESS(status))
		return status;
	if (!NT_SUCCESS(WdfRegistryQueryULong(key, &name, &Device)))
		Device = BENCH_ECHO;
	WdfRegistryClose(key);
	return STATUS_SUCCESS;
}

static NTSTATUS BenchEvtPrepareHardware(WDFDEVICE Dev, WDFCMRESLIST Raw, WDFCMRESLIST Translated)
{
	NTSTATUS status;

	UNREFERENCED_PARAMETER(Raw);
	UNREFERENCED_PARAMETER(Translated);
	KeInitializeEvent(&Opened, NotificationEvent, FALSE);
	status = ParametersRead(WdfDeviceGetDriver(Dev));
	if (!NT_SUCCESS(status))
		return status;
	status = WdfFdoQueryForInterface(Dev, &KMCL_CLIENT_INTERFACE_TYPE, (PINTERFACE)&Kmcl,
					 sizeof(Kmcl), KMCL_CLIENT_INTERFACE_VERSION_V1, NULL);
	if (!NT_SUCCESS(status))
		return status;
	Queried = TRUE;
	status = Kmcl.VmbChannelAllocate(WdfDeviceWdmGetDeviceObject(Dev), FALSE, &BenchChannel);
	return NT_SUCCESS(status) ? ChannelConfigure() : status;
}

static NTSTATUS BenchEvtReleaseHardware(WDFDEVICE Dev, WDFCMRESLIST Translated)
{
	UNREFERENCED_PARAMETER(Dev);
	UNREFERENCED_PARAMETER(Translated);
	if (BenchChannel)
		Kmcl.VmbChannelCleanup(BenchChannel);
	if (Queried)
		Kmcl.InterfaceDereference(Kmcl.Context);
	return STATUS_SUCCESS;
}

static NTSTATUS BenchEvtD0Entry(WDFDEVICE Dev, WDF_POWER_DEVICE_STATE PreviousState)
{
	LARGE_INTEGER timeout = { .QuadPart = OPEN_100NS };
	NTSTATUS status;

	UNREFERENCED_PARAMETER(Dev);
	UNREFERENCED_PARAMETER(PreviousState);
	status = Kmcl.VmbChannelEnable(BenchChannel);
	if (!NT_SUCCESS(status))
		return status;
	status = KeWaitForSingleObject(&Opened, Executive, KernelMode, FALSE, &timeout);
	if (status == STATUS_SUCCESS && !bench_start(Device))
		return STATUS_SUCCESS;
	Kmcl.VmbChannelDisable(BenchChannel);
	return STATUS_UNSUCCESSFUL;
}

static NTSTATUS BenchEvtD0Exit(WDFDEVICE Dev, WDF_POWER_DEVICE_STATE TargetState)
{
	UNREFERENCED_PARAMETER(Dev);
	UNREFERENCED_PARAMETER(TargetState);
	bench_stop();
	Kmcl.VmbChannelDisable(BenchChannel);
	return STATUS_SUCCESS;
}

static NTSTATUS BenchEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
	WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
	WDFDEVICE device;

	UNREFERENCED_PARAMETER(Driver);
	WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&callbacks);
	callbacks.EvtDevicePrepareHardware = BenchEvtPrepareHardware;
	callbacks.EvtDeviceReleaseHardware = BenchEvtReleaseHardware;
	callbacks.EvtDeviceD0Entry = BenchEvtD0Entry;
	callbacks.EvtDeviceD0Exit = BenchEvtD0Exit;
	WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &callbacks);
	return WdfDeviceCreate(&DeviceInit, WDF_NO_OBJECT_ATTRIBUTES, &device);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	WDF_DRIVER_CONFIG config;

	WDF_DRIVER_CONFIG_INIT(&config, BenchEvtDeviceAdd);
	return WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config,
			       WDF_NO_HANDLE);
}
