// SPDX-License-Identifier: GPL-2.0-only
/*
 * wdk_echo: a Windows driver. It keeps a number of packets in flight to a device that
 * answers each with its own payload, and checks every answer; with the parameter External
 * each packet also carries memory that the device reads, and with GpaWrite also writes. It
 * does what the Linux sample kmcl_echo does.
 *
 * Parameters of the driver's key: Count packets to complete (0: for ever), Min and Max bytes of
 * payload, Depth packets in flight, External bytes of external data, GpaWrite 1 if the device
 * inverts them. The event \BaseNamedObjects\wdk_echo is signalled when Count is reached.
 *
 * A packet object moves between the driver and the library and has no other owner: Launch
 * sends it or parks it, its completion routine checks it and launches it again.
 */
#include <ntddk.h>
#include <wdf.h>
#include <initguid.h>
#include <vmbuskernelmodeclientlibapi.h>

#define SEQUENCE_SIZE	8u		/* the smallest payload */
#define DEPTH_MAX	4096u
#define PAYLOAD_MAX	524200u
#define EXTERNAL_MAX	(8u << 20)
#define MEMORY_MAX	(64u << 20)	/* of all packets together */
#define RETRY_100NS	(10 * 10000)	/* after memory for a mapping was short */
#define POOL_TAG	0x6f686345	/* "Echo" */

/* Completion payload for a packet with external data: length and CRC-32. */
#define ANSWER_SIZE	8u

/* The echo device of hvhost. */
DEFINE_GUID(ECHO_INTERFACE_TYPE,
	    0x97683cbb, 0xecf6, 0x4c20, 0xbb, 0x86, 0x35, 0xf8, 0xba, 0x0e, 0x67, 0xf4);

DRIVER_INITIALIZE DriverEntry;

/*
 * A packet object and what travels with it. Node: in Parked while it waits for a channel.
 * InFlight: 1 from launch to the first call of the completion routine. Open: value of Opens when
 * it was launched. Sequence: the first 8 bytes of its payload.
 */
typedef struct _ECHO_PACKET {
	LIST_ENTRY Node;
	struct _ECHO_CONTEXT *Echo;
	VMBPACKET Packet;
	LONG InFlight;
	ULONG Open;
	ULONG64 Sequence;
	ULONG Length;
	PUCHAR Payload;
	PUCHAR Memory;
	PUCHAR External;
	PMDL Mdl;
	ULONG Crc;
} ECHO_PACKET, *PECHO_PACKET;

/* Sent = Completed + Failed + in flight. First, Last: performance counter. */
typedef struct _ECHO_FIGURES {
	ULONG64 Sent;
	ULONG64 Completed;
	ULONG64 Failed;
	ULONG64 Mismatched;
	ULONG64 Duplicated;
	ULONG64 Bytes;
	LONGLONG First;
	LONGLONG Last;
} ECHO_FIGURES, *PECHO_FIGURES;

typedef struct _ECHO_CONTEXT {
	KMCL_CLIENT_INTERFACE_V1 Kmcl;
	BOOLEAN Queried;
	VMBCHANNEL Channel;
	WDFWORKITEM Retry;
	PECHO_PACKET Packets;
	PKEVENT Done;
	HANDLE DoneHandle;
	LONG Reported;

	ULONG Count;
	ULONG Min;
	ULONG Max;
	ULONG Depth;
	ULONG ExternalBytes;
	ULONG GpaWrite;

	KSPIN_LOCK Lock;	/* what follows */
	LIST_ENTRY Parked;
	ECHO_FIGURES Figures;
	ULONG64 NextSequence;
	ULONG Opens;		/* times that the channel was opened */
} ECHO_CONTEXT, *PECHO_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(ECHO_CONTEXT, EchoGetContext);

static ULONG CrcTable[256];

static VOID CrcInitialize(VOID)
{
	ULONG i, bit, crc;

	for (i = 0; i < 256; i++) {
		crc = i;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
		CrcTable[i] = crc;
	}
}

static ULONG Crc32(const UCHAR *Data, ULONG Length)
{
	ULONG crc = MAXULONG, i;

	for (i = 0; i < Length; i++)
		crc = CrcTable[(crc ^ Data[i]) & 0xff] ^ (crc >> 8);
	return ~crc;
}

/* The pattern: word i of packet Sequence; word 0 is Sequence itself. */
static ULONG64 Pattern(ULONG64 Sequence, ULONG64 i)
{
	return Sequence + i * 0x9e3779b97f4a7c15ull;
}

static VOID Fill(PUCHAR Data, ULONG Length, ULONG64 Sequence)
{
	ULONG64 word, i;

	for (i = 0; Length; i++) {
		ULONG bytes = min(Length, (ULONG)sizeof(word));

		word = Pattern(Sequence, i);
		RtlCopyMemory(Data, &word, bytes);
		Data += bytes;
		Length -= bytes;
	}
}

static BOOLEAN Filled(const UCHAR *Data, ULONG Length, ULONG64 Sequence, ULONG64 Flip)
{
	ULONG64 word, i;

	for (i = 0; Length; i++) {
		ULONG bytes = min(Length, (ULONG)sizeof(word));

		word = Pattern(Sequence, i) ^ Flip;
		if (!RtlEqualMemory(Data, &word, bytes))
			return FALSE;
		Data += bytes;
		Length -= bytes;
	}
	return TRUE;
}

static ULONG LengthOf(PECHO_CONTEXT Echo, ULONG64 Sequence)
{
	return Echo->Min + (ULONG)(Sequence * 7919) % (Echo->Max - Echo->Min + 1);
}

/* Under the lock: no more than Count packets are completed or on their way to be. */
static BOOLEAN Wanted(PECHO_CONTEXT Echo)
{
	return !Echo->Count || Echo->Figures.Sent - Echo->Figures.Failed < Echo->Count;
}

static BOOLEAN LaunchBegin(PECHO_PACKET Packet)
{
	PECHO_CONTEXT echo = Packet->Echo;
	BOOLEAN go;
	KIRQL irql;

	KeAcquireSpinLock(&echo->Lock, &irql);
	go = Wanted(echo);
	if (go) {
		Packet->Open = echo->Opens;
		Packet->Sequence = echo->NextSequence++;
		Packet->Length = LengthOf(echo, Packet->Sequence);
		InterlockedExchange(&Packet->InFlight, 1);
		echo->Figures.Sent++;
		echo->Figures.Bytes += Packet->Length;
		if (!echo->Figures.First)
			echo->Figures.First = KeQueryPerformanceCounter(NULL).QuadPart;
	} else {
		InsertTailList(&echo->Parked, &Packet->Node);
	}
	KeReleaseSpinLock(&echo->Lock, irql);
	return go;
}

/*
 * The library did not take it. Parked packets are launched when the channel opens; if it was
 * opened meanwhile, that may be over, so look again.
 */
static BOOLEAN LaunchUndo(PECHO_PACKET Packet)
{
	PECHO_CONTEXT echo = Packet->Echo;
	BOOLEAN again;
	KIRQL irql;

	KeAcquireSpinLock(&echo->Lock, &irql);
	InterlockedExchange(&Packet->InFlight, 0);
	echo->Figures.Sent--;
	echo->Figures.Bytes -= Packet->Length;
	again = Packet->Open != echo->Opens;
	if (!again)
		InsertTailList(&echo->Parked, &Packet->Node);
	KeReleaseSpinLock(&echo->Lock, irql);
	return again;
}

static NTSTATUS Transmit(PECHO_PACKET Packet)
{
	PECHO_CONTEXT echo = Packet->Echo;

	Fill(Packet->Payload, Packet->Length, Packet->Sequence);
	if (Packet->Mdl) {
		Fill(Packet->External, echo->ExternalBytes, Packet->Sequence);
		Packet->Crc = Crc32(Packet->External, echo->ExternalBytes);
	}
	return echo->Kmcl.VmbPacketSend(Packet->Packet, Packet->Payload, Packet->Length, Packet->Mdl,
					VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
}

static VOID Refused(PECHO_CONTEXT Echo, NTSTATUS Status)
{
	if (Status == STATUS_INSUFFICIENT_RESOURCES)
		WdfWorkItemEnqueue(Echo->Retry);
	else if (Status != STATUS_DEVICE_REMOVED && Status != STATUS_DEVICE_NOT_CONNECTED)
		DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL,
			   "a send was refused with %08lx\n", Status);
}

/* Any level. The packet is the caller's, and not when this has returned. */
static VOID Launch(PECHO_PACKET Packet)
{
	NTSTATUS status;

	do {
		if (!LaunchBegin(Packet))
			return;
		status = Transmit(Packet);
		if (!NT_SUCCESS(status))
			Refused(Packet->Echo, status);
	} while (!NT_SUCCESS(status) && LaunchUndo(Packet));
}

static PECHO_PACKET TakeParked(PECHO_CONTEXT Echo)
{
	PECHO_PACKET packet = NULL;
	KIRQL irql;

	KeAcquireSpinLock(&Echo->Lock, &irql);
	if (!IsListEmpty(&Echo->Parked))
		packet = CONTAINING_RECORD(RemoveHeadList(&Echo->Parked), ECHO_PACKET, Node);
	KeReleaseSpinLock(&Echo->Lock, irql);
	return packet;
}

/* As many as there are: what is parked again meanwhile is not taken twice. */
static VOID LaunchParked(PECHO_CONTEXT Echo)
{
	PECHO_PACKET packet;
	ULONG i;

	for (i = 0; i < Echo->Depth; i++) {
		packet = TakeParked(Echo);
		if (!packet)
			return;
		Launch(packet);
	}
}

static VOID EchoEvtRetry(WDFWORKITEM WorkItem)
{
	LARGE_INTEGER interval = { .QuadPart = -RETRY_100NS };

	KeDelayExecutionThread(KernelMode, FALSE, &interval);
	LaunchParked(EchoGetContext(WdfWorkItemGetParentObject(WorkItem)));
}

/* The wire pads to a multiple of 8, with zeros. */
static BOOLEAN PayloadReturned(PECHO_PACKET Packet, const UCHAR *Buffer, ULONG Length)
{
	ULONG i;

	if (Length < Packet->Length || Length > ((Packet->Length + 7) & ~7u))
		return FALSE;
	for (i = Packet->Length; i < Length; i++) {
		if (Buffer[i])
			return FALSE;
	}
	return RtlEqualMemory(Buffer, Packet->Payload, Packet->Length);
}

static BOOLEAN ExternalRight(PECHO_PACKET Packet, const ULONG *Answer, ULONG Length)
{
	PECHO_CONTEXT echo = Packet->Echo;

	return Length == ANSWER_SIZE && Answer[0] == echo->ExternalBytes &&
	       Answer[1] == Packet->Crc &&
	       Filled(Packet->External, echo->ExternalBytes, Packet->Sequence,
		      echo->GpaWrite ? ~0ull : 0);
}

static BOOLEAN AnswerRight(PECHO_PACKET Packet, PVOID Buffer, ULONG Length)
{
	return Packet->Mdl ? ExternalRight(Packet, Buffer, Length) :
	       PayloadReturned(Packet, Buffer, Length);
}

static VOID Report(PECHO_CONTEXT Echo)
{
	ECHO_FIGURES figures;
	LONGLONG elapsed;
	KIRQL irql;

	if (InterlockedExchange(&Echo->Reported, 1))
		return;
	KeAcquireSpinLock(&Echo->Lock, &irql);
	figures = Echo->Figures;
	KeReleaseSpinLock(&Echo->Lock, irql);
	elapsed = figures.Completed ? figures.Last - figures.First : 0;
	if (figures.Duplicated)
		DbgPrint("duplicated %I64u\n", figures.Duplicated);
	DbgPrint("sent %I64u completed %I64u failed %I64u mismatched %I64u bytes %I64u ns %I64d\n",
		 figures.Sent, figures.Completed, figures.Failed, figures.Mismatched,
		 figures.Bytes, elapsed);
	KeSetEvent(Echo->Done, IO_NO_INCREMENT, FALSE);
}

/* TRUE for the call that makes it complete. */
static BOOLEAN Account(PECHO_CONTEXT Echo, NTSTATUS Status, BOOLEAN Right)
{
	BOOLEAN last = FALSE;
	KIRQL irql;

	KeAcquireSpinLock(&Echo->Lock, &irql);
	if (Status == STATUS_DEVICE_REMOVED) {
		Echo->Figures.Failed++;
	} else {
		Echo->Figures.Completed++;
		Echo->Figures.Mismatched += !Right;
		Echo->Figures.Last = KeQueryPerformanceCounter(NULL).QuadPart;
		last = Echo->Figures.Completed == Echo->Count;
	}
	KeReleaseSpinLock(&Echo->Lock, irql);
	return last;
}

static VOID CountDuplicate(PECHO_CONTEXT Echo)
{
	KIRQL irql;

	KeAcquireSpinLock(&Echo->Lock, &irql);
	Echo->Figures.Duplicated++;
	KeReleaseSpinLock(&Echo->Lock, irql);
}

static VOID EchoEvtCompletion(VMBPACKET VmbPacket, NTSTATUS Status, PVOID Buffer,
			      UINT32 BufferLength)
{
	ECHO_PACKET *packet = VmbPacketGetPointer(VmbPacket);

	if (InterlockedCompareExchange(&packet->InFlight, 0, 1) != 1) {
		CountDuplicate(packet->Echo);
		return;
	}
	if (Account(packet->Echo, Status,
		    NT_SUCCESS(Status) && AnswerRight(packet, Buffer, BufferLength)))
		Report(packet->Echo);
	Launch(packet);
}

static VOID EchoEvtPostStarted(VMBCHANNEL Channel)
{
	PECHO_CONTEXT echo = VmbChannelGetPointer(Channel);
	KIRQL irql;

	KeAcquireSpinLock(&echo->Lock, &irql);
	echo->Opens++;
	KeReleaseSpinLock(&echo->Lock, irql);
	LaunchParked(echo);
}

/* Wait for the next offer. Refused when we are the ones who close. */
static VOID EchoEvtClosed(VMBCHANNEL Channel)
{
	PECHO_CONTEXT echo = VmbChannelGetPointer(Channel);
	NTSTATUS status = echo->Kmcl.VmbChannelEnable(Channel);

	UNREFERENCED_PARAMETER(status);
}

static VOID EchoEvtPnpFailure(VMBCHANNEL Channel, NTSTATUS FailureStatus)
{
	UNREFERENCED_PARAMETER(Channel);
	DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_WARNING_LEVEL,
		   "the device could not be opened: %08lx\n", FailureStatus);
}

/* An odd address for every other packet. */
static ULONG ExternalOffset(ULONG Index)
{
	return Index % 2 ? (Index * 97) % PAGE_SIZE : 0;
}

static NTSTATUS ExternalCreate(PECHO_CONTEXT Echo, PECHO_PACKET Packet, ULONG Index)
{
	ULONG offset = ExternalOffset(Index);

	if (!Echo->ExternalBytes)
		return STATUS_SUCCESS;
	Packet->Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, offset + Echo->ExternalBytes,
					 POOL_TAG);
	if (!Packet->Memory)
		return STATUS_INSUFFICIENT_RESOURCES;
	Packet->External = Packet->Memory + offset;
	Packet->Mdl = IoAllocateMdl(Packet->External, Echo->ExternalBytes, FALSE, FALSE, NULL);
	if (!Packet->Mdl)
		return STATUS_INSUFFICIENT_RESOURCES;
	MmBuildMdlForNonPagedPool(Packet->Mdl);
	return STATUS_SUCCESS;
}

static NTSTATUS PacketCreate(PECHO_CONTEXT Echo, PECHO_PACKET Packet, ULONG Index)
{
	Packet->Echo = Echo;
	Packet->Payload = ExAllocatePool2(POOL_FLAG_NON_PAGED, Echo->Max, POOL_TAG);
	Packet->Packet = Echo->Kmcl.VmbPacketAllocate(Echo->Channel);
	if (!Packet->Payload || !Packet->Packet)
		return STATUS_INSUFFICIENT_RESOURCES;
	Echo->Kmcl.VmbPacketSetCompletionRoutine(Packet->Packet, EchoEvtCompletion);
	Echo->Kmcl.VmbPacketSetPointer(Packet->Packet, Packet);
	InsertTailList(&Echo->Parked, &Packet->Node);
	return ExternalCreate(Echo, Packet, Index);
}

static VOID PacketDelete(PECHO_CONTEXT Echo, PECHO_PACKET Packet)
{
	if (Packet->Packet)
		Echo->Kmcl.VmbPacketFree(Packet->Packet);
	if (Packet->Mdl)
		IoFreeMdl(Packet->Mdl);
	if (Packet->Memory)
		ExFreePoolWithTag(Packet->Memory, POOL_TAG);
	if (Packet->Payload)
		ExFreePoolWithTag(Packet->Payload, POOL_TAG);
}

static NTSTATUS PacketsCreate(PECHO_CONTEXT Echo)
{
	NTSTATUS status = STATUS_SUCCESS;
	ULONG i;

	Echo->Packets = ExAllocatePool2(POOL_FLAG_NON_PAGED, Echo->Depth * sizeof(ECHO_PACKET),
					POOL_TAG);
	if (!Echo->Packets)
		return STATUS_INSUFFICIENT_RESOURCES;
	for (i = 0; i < Echo->Depth && NT_SUCCESS(status); i++)
		status = PacketCreate(Echo, &Echo->Packets[i], i);
	return status;
}

static VOID PacketsDelete(PECHO_CONTEXT Echo)
{
	ULONG i;

	if (!Echo->Packets)
		return;
	for (i = 0; i < Echo->Depth; i++)
		PacketDelete(Echo, &Echo->Packets[i]);
	ExFreePoolWithTag(Echo->Packets, POOL_TAG);
}

static ULONG QueryParameter(WDFKEY Key, PCUNICODE_STRING Name, ULONG Default)
{
	ULONG value;

	return NT_SUCCESS(WdfRegistryQueryULong(Key, Name, &value)) ? value : Default;
}

static NTSTATUS ParametersRead(PECHO_CONTEXT Echo, WDFDRIVER Driver)
{
	DECLARE_CONST_UNICODE_STRING(count, L"Count");
	DECLARE_CONST_UNICODE_STRING(minimum, L"Min");
	DECLARE_CONST_UNICODE_STRING(maximum, L"Max");
	DECLARE_CONST_UNICODE_STRING(depth, L"Depth");
	DECLARE_CONST_UNICODE_STRING(external, L"External");
	DECLARE_CONST_UNICODE_STRING(gpaWrite, L"GpaWrite");
	NTSTATUS status;
	WDFKEY key;

	status = WdfDriverOpenParametersRegistryKey(Driver, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES,
						    &key);
	if (!NT_SUCCESS(status))
		return status;
	Echo->Count = QueryParameter(key, &count, 10000);
	Echo->Min = QueryParameter(key, &minimum, 8);
	Echo->Max = QueryParameter(key, &maximum, 4096);
	Echo->Depth = QueryParameter(key, &depth, 16);
	Echo->ExternalBytes = QueryParameter(key, &external, 0);
	Echo->GpaWrite = QueryParameter(key, &gpaWrite, 0);
	WdfRegistryClose(key);
	return STATUS_SUCCESS;
}

static BOOLEAN InRange(PCSTR Name, ULONG Value, ULONG Low, ULONG High)
{
	if (Value >= Low && Value <= High)
		return TRUE;
	DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%s must be %lu to %lu, not %lu\n",
		   Name, Low, High, Value);
	return FALSE;
}

static NTSTATUS ParametersCheck(PECHO_CONTEXT Echo)
{
	if (!InRange("Depth", Echo->Depth, 1, DEPTH_MAX) ||
	    !InRange("External", Echo->ExternalBytes, 0, EXTERNAL_MAX) ||
	    !InRange("Max", Echo->Max, SEQUENCE_SIZE, PAYLOAD_MAX) ||
	    !InRange("Min", Echo->Min, SEQUENCE_SIZE, Echo->Max) ||
	    !InRange("Depth", Echo->Depth, 1, MEMORY_MAX / (Echo->Max + Echo->ExternalBytes)))
		return STATUS_INVALID_PARAMETER;
	return STATUS_SUCCESS;
}

static NTSTATUS ChannelConfigure(PECHO_CONTEXT Echo)
{
	DECLARE_CONST_UNICODE_STRING(name, L"wdk_echo");
	KMCL_CLIENT_INTERFACE_V1 *kmcl = &Echo->Kmcl;
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
	NTSTATUS status;

	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
	callbacks.EvtChannelPostStarted = EchoEvtPostStarted;
	callbacks.EvtChannelClosed = EchoEvtClosed;

	kmcl->VmbChannelSetPointer(Echo->Channel, Echo);
	status = kmcl->VmbClientChannelInitSetTargetPnp(Echo->Channel, &ECHO_INTERFACE_TYPE, NULL,
							EchoEvtPnpFailure);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetFriendlyName(Echo->Channel, &name);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetMaximumPacketSize(Echo->Channel, Echo->Max);
	if (NT_SUCCESS(status) && Echo->ExternalBytes)
		status = kmcl->VmbChannelInitSetMaximumExternalData(Echo->Channel,
								    Echo->ExternalBytes, 1);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetStateChangeCallbacks(Echo->Channel, &callbacks);
	return status;
}

static NTSTATUS ChannelCreate(PECHO_CONTEXT Echo, WDFDEVICE Device)
{
	NTSTATUS status;

	status = WdfFdoQueryForInterface(Device, &KMCL_CLIENT_INTERFACE_TYPE,
					 (PINTERFACE)&Echo->Kmcl, sizeof(Echo->Kmcl),
					 KMCL_CLIENT_INTERFACE_VERSION_V1, NULL);
	if (!NT_SUCCESS(status))
		return status;
	Echo->Queried = TRUE;
	status = Echo->Kmcl.VmbChannelAllocate(WdfDeviceWdmGetDeviceObject(Device), FALSE,
					       &Echo->Channel);
	return NT_SUCCESS(status) ? ChannelConfigure(Echo) : status;
}

static NTSTATUS WorkItemCreate(PECHO_CONTEXT Echo, WDFDEVICE Device)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;

	WDF_WORKITEM_CONFIG_INIT(&config, EchoEvtRetry);
	config.AutomaticSerialization = FALSE;
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.ParentObject = Device;
	return WdfWorkItemCreate(&config, &attributes, &Echo->Retry);
}

static NTSTATUS EventCreate(PECHO_CONTEXT Echo)
{
	UNICODE_STRING name;

	RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\wdk_echo");
	Echo->Done = IoCreateNotificationEvent(&name, &Echo->DoneHandle);
	if (!Echo->Done)
		return STATUS_INSUFFICIENT_RESOURCES;
	KeClearEvent(Echo->Done);
	return STATUS_SUCCESS;
}

static NTSTATUS EchoEvtPrepareHardware(WDFDEVICE Device, WDFCMRESLIST Raw, WDFCMRESLIST Translated)
{
	PECHO_CONTEXT echo = EchoGetContext(Device);
	NTSTATUS status;

	UNREFERENCED_PARAMETER(Raw);
	UNREFERENCED_PARAMETER(Translated);
	PAGED_CODE();
	status = ParametersRead(echo, WdfDeviceGetDriver(Device));
	if (NT_SUCCESS(status))
		status = ParametersCheck(echo);
	if (NT_SUCCESS(status))
		status = EventCreate(echo);
	if (NT_SUCCESS(status))
		status = WorkItemCreate(echo, Device);
	if (NT_SUCCESS(status))
		status = ChannelCreate(echo, Device);
	if (NT_SUCCESS(status))
		status = PacketsCreate(echo);
	return status;
}

static NTSTATUS EchoEvtReleaseHardware(WDFDEVICE Device, WDFCMRESLIST Translated)
{
	PECHO_CONTEXT echo = EchoGetContext(Device);

	UNREFERENCED_PARAMETER(Translated);
	PacketsDelete(echo);
	if (echo->Channel)
		echo->Kmcl.VmbChannelCleanup(echo->Channel);
	if (echo->Queried)
		echo->Kmcl.InterfaceDereference(echo->Kmcl.Context);
	if (echo->Done)
		ZwClose(echo->DoneHandle);
	return STATUS_SUCCESS;
}

static NTSTATUS EchoEvtD0Entry(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
	PECHO_CONTEXT echo = EchoGetContext(Device);

	UNREFERENCED_PARAMETER(PreviousState);
	return echo->Kmcl.VmbChannelEnable(echo->Channel);
}

/* What was cut short says how far it came. */
static NTSTATUS EchoEvtD0Exit(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
	PECHO_CONTEXT echo = EchoGetContext(Device);

	UNREFERENCED_PARAMETER(TargetState);
	echo->Kmcl.VmbChannelDisable(echo->Channel);
	WdfWorkItemFlush(echo->Retry);
	Report(echo);
	return STATUS_SUCCESS;
}

static NTSTATUS EchoEvtDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
	WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
	WDF_OBJECT_ATTRIBUTES attributes;
	PECHO_CONTEXT echo;
	WDFDEVICE device;
	NTSTATUS status;

	UNREFERENCED_PARAMETER(Driver);
	WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&callbacks);
	callbacks.EvtDevicePrepareHardware = EchoEvtPrepareHardware;
	callbacks.EvtDeviceReleaseHardware = EchoEvtReleaseHardware;
	callbacks.EvtDeviceD0Entry = EchoEvtD0Entry;
	callbacks.EvtDeviceD0Exit = EchoEvtD0Exit;
	WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &callbacks);

	WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, ECHO_CONTEXT);
	status = WdfDeviceCreate(&DeviceInit, &attributes, &device);
	if (!NT_SUCCESS(status))
		return status;
	echo = EchoGetContext(device);
	KeInitializeSpinLock(&echo->Lock);
	InitializeListHead(&echo->Parked);
	return STATUS_SUCCESS;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	WDF_DRIVER_CONFIG config;

	CrcInitialize();
	WDF_DRIVER_CONFIG_INIT(&config, EchoEvtDeviceAdd);
	return WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config,
			       WDF_NO_HANDLE);
}
