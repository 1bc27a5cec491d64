// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channel to the gpadl device. Two areas of memory are shared, one by its buffer and one
 * by a chain of MDLs. The host checks what we write and writes what we check, and then sends
 * transfer-page packets: data in the area, to be answered with their checksum. Some of these
 * are deferred, some are kept and completed by a work item, the last one first.
 */
#include "hard.h"

#include <initguid.h>

DEFINE_GUID(GPADL_INTERFACE_TYPE,
	    0xfae20227, 0x5ec4, 0x441d, 0xbd, 0x90, 0xfa, 0xaf, 0xe4, 0xa5, 0xce, 0x37);

/* What the device speaks; fields are little endian. */
enum {
	OP_NEGOTIATE = 1,
	OP_MAP,
	OP_UNMAP,
	OP_CHECK,
	OP_FILL,
	OP_SEND,
};

#define DEVICE_VERSION	1
#define RANGES_MAX	4	/* of a transfer-page packet */

typedef struct _DEVICE_REQUEST {
	ULONG Op;
	ULONG Gpadl;
	ULONG Offset;
	ULONG Length;
	ULONG Seed;
	ULONG Count;
	ULONG Argument;
	ULONG Zero;
} DEVICE_REQUEST;

C_ASSERT(sizeof(DEVICE_REQUEST) == 32);

typedef struct _DEVICE_REPLY {
	ULONG Status;	/* 0: done */
	ULONG Value;
	ULONG Crc;
	ULONG Zero;
} DEVICE_REPLY;

C_ASSERT(sizeof(DEVICE_REPLY) == 16);

/* Payload of a transfer-page packet, and of its completion. */
typedef struct _TRANSFER {
	ULONG64 Sequence;
	ULONG Bytes;
	ULONG Seed;
} TRANSFER;

typedef struct _TRANSFER_ANSWER {
	ULONG64 Sequence;
	ULONG Crc;
	ULONG Zero;
} TRANSFER_ANSWER;

C_ASSERT(sizeof(TRANSFER) == 16 && sizeof(TRANSFER_ANSWER) == 16);

/* Our part of a received packet, while it is kept. */
typedef struct _HELD_PACKET {
	LIST_ENTRY Node;
	VMBPACKETCOMPLETION Packet;
	TRANSFER *Transfer;
} HELD_PACKET, *PHELD_PACKET;

static UCHAR Pattern(ULONG Seed, ULONG i)
{
	return (UCHAR)(Seed + i * 7 + (i >> 8));
}

static VOID Fill(PUCHAR Data, ULONG Length, ULONG Seed)
{
	ULONG i;

	for (i = 0; i < Length; i++)
		Data[i] = Pattern(Seed, i);
}

static BOOLEAN Filled(const UCHAR *Data, ULONG First, ULONG Length, ULONG Seed)
{
	ULONG i;

	for (i = 0; i < Length; i++) {
		if (Data[i] != Pattern(Seed, First + i))
			return FALSE;
	}
	return TRUE;
}

static VOID Mismatch(PHARD_CONTEXT Hard, PCSTR What)
{
	InterlockedIncrement64(&Hard->Figures.Mismatched);
	DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "%s is wrong\n", What);
}

/*
 * TRUE if the device has done it. A channel that goes away is no failure; one that is away gets
 * nothing, because what waits for the next open would come before the negotiation.
 */
static BOOLEAN Ask(PHARD_CONTEXT Hard, DEVICE_REQUEST *Request, DEVICE_REPLY *Reply)
{
	LARGE_INTEGER timeout = { .QuadPart = -REQUEST_100NS };
	UINT32 bytes = sizeof(*Reply);
	NTSTATUS status;

	if (!Hard->Open)
		return FALSE;
	status = Hard->Kmcl.VmbChannelSendSynchronousRequest(
		Hard->Transfer, Request, sizeof(*Request), NULL,
		VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, Reply, &bytes, &timeout);
	if (status == STATUS_DEVICE_REMOVED)
		return FALSE;
	InterlockedIncrement64(&Hard->Figures.Requests);
	if (status == STATUS_SUCCESS && bytes == sizeof(*Reply) && !Reply->Status)
		return TRUE;
	InterlockedIncrement64(&Hard->Figures.Failed);
	DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL,
		   "request %lu failed: %08lx, device status %lu\n", Request->Op, status,
		   NT_SUCCESS(status) ? Reply->Status : 0);
	return FALSE;
}

static BOOLEAN Negotiate(PHARD_CONTEXT Hard)
{
	DEVICE_REQUEST request = { .Op = OP_NEGOTIATE, .Argument = DEVICE_VERSION };
	DEVICE_REPLY reply;

	return Ask(Hard, &request, &reply) && reply.Value == DEVICE_VERSION;
}

static BOOLEAN Map(PHARD_CONTEXT Hard, PHARD_AREA Area)
{
	DEVICE_REQUEST request = { .Op = OP_MAP, .Gpadl = Area->Gpadl };
	DEVICE_REPLY reply;

	if (!Ask(Hard, &request, &reply))
		return FALSE;
	if (reply.Value != Area->Bytes)
		Mismatch(Hard, "the size of a GPADL");
	return TRUE;
}

static VOID Unmap(PHARD_CONTEXT Hard, PHARD_AREA Area)
{
	DEVICE_REQUEST request = { .Op = OP_UNMAP, .Gpadl = Area->Gpadl };
	DEVICE_REPLY reply;

	Ask(Hard, &request, &reply);
}

static ULONG AreaCrc(PHARD_AREA Area)
{
	return ~HardCrc32(MAXULONG, Area->Memory + Area->Start, Area->Bytes);
}

/* We write, the host checks. */
static VOID CheckByHost(PHARD_CONTEXT Hard, PHARD_AREA Area, ULONG Seed)
{
	DEVICE_REQUEST request = {
		.Op = OP_CHECK, .Gpadl = Area->Gpadl, .Length = Area->Bytes, .Seed = Seed,
	};
	DEVICE_REPLY reply;

	Fill(Area->Memory + Area->Start, Area->Bytes, Seed);
	if (Ask(Hard, &request, &reply) && reply.Crc != AreaCrc(Area))
		Mismatch(Hard, "what the host has read");
}

/* The host writes, we check. */
static VOID FillByHost(PHARD_CONTEXT Hard, PHARD_AREA Area, ULONG Seed)
{
	DEVICE_REQUEST request = {
		.Op = OP_FILL, .Gpadl = Area->Gpadl, .Length = Area->Bytes, .Seed = Seed,
	};
	DEVICE_REPLY reply;

	if (Ask(Hard, &request, &reply) &&
	    (reply.Crc != AreaCrc(Area) ||
	     !Filled(Area->Memory + Area->Start, 0, Area->Bytes, Seed)))
		Mismatch(Hard, "what the host has written");
}

static VOID AreaFinished(PHARD_AREA Area)
{
	if (!InterlockedDecrement(&Area->Hard->AreasLeft))
		WdfWorkItemEnqueue(Area->Hard->Exercise);
}

/* The host will send Count packets, and answer when all of them were completed. */
static VOID RequestPackets(PHARD_AREA Area)
{
	PHARD_CONTEXT hard = Area->Hard;
	DEVICE_REQUEST request = {
		.Op = OP_SEND, .Gpadl = Area->Gpadl, .Length = Area->Bytes,
		.Seed = 0x40 + Area->Rounds, .Count = hard->Count,
	};
	NTSTATUS status;

	if (!hard->Open)
		return;		/* once more when it is open again */
	status = hard->Kmcl.VmbPacketSend(Area->Packet, &request, sizeof(request), NULL,
					  VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
	if (NT_SUCCESS(status) || status == STATUS_DEVICE_REMOVED)
		return;
	InterlockedIncrement64(&hard->Figures.Failed);
	AreaFinished(Area);
}

static VOID TransferEvtSent(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
	PHARD_AREA area = VmbPacketGetPointer(Packet);
	PHARD_CONTEXT hard = area->Hard;
	const DEVICE_REPLY *reply = Buffer;

	if (Status == STATUS_DEVICE_REMOVED)
		return;		/* likewise */
	InterlockedIncrement64(&hard->Figures.Requests);
	if (!NT_SUCCESS(Status) || BufferLength != sizeof(*reply) || reply->Status ||
	    reply->Value)
		InterlockedIncrement64(&hard->Figures.Failed);
	if (InterlockedDecrement(&area->Rounds))
		RequestPackets(area);
	else
		AreaFinished(area);
}

static VOID Finish(PHARD_CONTEXT Hard)
{
	ULONG i;

	for (i = 0; i < AREAS; i++)
		Unmap(Hard, &Hard->Areas[i]);
	if (!InterlockedExchange(&Hard->TransferFinished, 1))
		HardFinished(Hard);
}

/* At PASSIVE_LEVEL: after an open, and when all packets were received. */
static VOID TransferEvtExercise(WDFWORKITEM WorkItem)
{
	PHARD_CONTEXT hard = HardGetContext(WdfWorkItemGetParentObject(WorkItem));
	PHARD_AREA area;
	ULONG i;

	PAGED_CODE();
	if (!hard->AreasLeft) {
		Finish(hard);
		return;
	}
	for (i = 0; i < AREAS; i++) {
		area = &hard->Areas[i];
		CheckByHost(hard, area, 1 + i);
		FillByHost(hard, area, 100 + i);
	}
	for (i = 0; i < AREAS; i++) {
		if (hard->Areas[i].Rounds > 0)
			RequestPackets(&hard->Areas[i]);
	}
}

/* Checks the data, one MDL after the other, and answers. */
static VOID Complete(PHARD_CONTEXT Hard, VMBPACKETCOMPLETION Packet, const TRANSFER *Transfer)
{
	TRANSFER_ANSWER answer = { .Sequence = Transfer->Sequence };
	ULONG crc = MAXULONG, bytes = 0;
	BOOLEAN right;
	PUCHAR data;
	PMDL mdl;

	right = Hard->Kmcl.VmbChannelPacketGetExternalData(
		Packet, VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY, &mdl) == STATUS_SUCCESS;
	for (; right && mdl; mdl = mdl->Next) {
		data = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);
		right = data && Filled(data, bytes, MmGetMdlByteCount(mdl), Transfer->Seed);
		if (data)
			crc = HardCrc32(crc, data, MmGetMdlByteCount(mdl));
		bytes += MmGetMdlByteCount(mdl);
	}
	if (!right || bytes != Transfer->Bytes)
		Mismatch(Hard, "a transfer page");
	answer.Crc = ~crc;
	InterlockedIncrement64(&Hard->Figures.Completed);
	Hard->Kmcl.VmbChannelPacketComplete(Packet, &answer, sizeof(answer));
}

static VOID Hold(PHARD_CONTEXT Hard, VMBPACKETCOMPLETION Packet, TRANSFER *Transfer)
{
	PHELD_PACKET held = VmbChannelPacketGetClientContext(Packet);
	KIRQL irql;

	held->Packet = Packet;
	held->Transfer = Transfer;
	KeAcquireSpinLock(&Hard->Lock, &irql);
	InsertHeadList(&Hard->Held, &held->Node);
	KeReleaseSpinLock(&Hard->Lock, irql);
}

static VOID TransferEvtProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer,
				     UINT32 BufferLength, UINT32 Flags)
{
	PHARD_CONTEXT hard = VmbChannelGetPointer(Channel);
	TRANSFER *transfer = Buffer;

	if (BufferLength < sizeof(*transfer) ||
	    !(Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA)) {
		Mismatch(hard, "a packet");
		hard->Kmcl.VmbChannelPacketComplete(Packet, NULL, 0);
		return;
	}
	/* It comes again at PASSIVE_LEVEL, and then stays. */
	if (transfer->Sequence % hard->Defer == 0 && KeGetCurrentIrql() == DISPATCH_LEVEL) {
		InterlockedIncrement64(&hard->Figures.Deferred);
		hard->Kmcl.VmbChannelPacketDeferToPassive(Packet);
		return;
	}
	InterlockedIncrement64(&hard->Figures.Received);
	if (transfer->Sequence % 3)
		Hold(hard, Packet, transfer);
	else
		Complete(hard, Packet, transfer);
}

/* What was kept goes at the end of a batch; the quota ends one too. */
static VOID TransferEvtProcessingComplete(VMBCHANNEL Channel, UINT32 PacketsProcessed)
{
	PHARD_CONTEXT hard = VmbChannelGetPointer(Channel);

	UNREFERENCED_PARAMETER(PacketsProcessed);
	WdfWorkItemEnqueue(hard->Completer);
}

static PHELD_PACKET TakeHeld(PHARD_CONTEXT Hard)
{
	PHELD_PACKET held = NULL;
	KIRQL irql;

	KeAcquireSpinLock(&Hard->Lock, &irql);
	if (!IsListEmpty(&Hard->Held))
		held = CONTAINING_RECORD(RemoveHeadList(&Hard->Held), HELD_PACKET, Node);
	KeReleaseSpinLock(&Hard->Lock, irql);
	return held;
}

static VOID TransferEvtCompleter(WDFWORKITEM WorkItem)
{
	PHARD_CONTEXT hard = HardGetContext(WdfWorkItemGetParentObject(WorkItem));
	PHELD_PACKET held;

	while ((held = TakeHeld(hard)))
		Complete(hard, held->Packet, held->Transfer);
}

static NTSTATUS AreaShare(PHARD_AREA Area)
{
	PHARD_CONTEXT hard = Area->Hard;
	NTSTATUS status;

	if (Area->Mdl)
		status = hard->Kmcl.VmbChannelCreateGpadlFromMdl(hard->Transfer, 0, Area->Mdl,
								 Area->Start, 0, &Area->Gpadl);
	else
		status = hard->Kmcl.VmbChannelCreateGpadlFromBuffer(hard->Transfer, 0,
								    Area->Memory, Area->Bytes,
								    &Area->Gpadl);
	Area->Created = NT_SUCCESS(status);
	return status;
}

static VOID AreasUnshare(PHARD_CONTEXT Hard)
{
	ULONG i;

	for (i = 0; i < AREAS; i++) {
		if (Hard->Areas[i].Created)
			Hard->Kmcl.VmbChannelDeleteGpadl(Hard->Transfer, Hard->Areas[i].Gpadl);
		Hard->Areas[i].Created = FALSE;
	}
}

static NTSTATUS TransferEvtOpened(VMBCHANNEL Channel)
{
	PHARD_CONTEXT hard = VmbChannelGetPointer(Channel);
	NTSTATUS status = STATUS_SUCCESS;
	ULONG i;

	PAGED_CODE();
	for (i = 0; i < AREAS && NT_SUCCESS(status); i++)
		status = AreaShare(&hard->Areas[i]);
	if (!NT_SUCCESS(status)) {
		DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL,
			   "memory could not be shared: %08lx\n", status);
		AreasUnshare(hard);
	}
	return status;
}

static VOID TransferEvtPostStarted(VMBCHANNEL Channel)
{
	PHARD_CONTEXT hard = VmbChannelGetPointer(Channel);

	PAGED_CODE();
	hard->Open = TRUE;
	if (Negotiate(hard) && Map(hard, &hard->Areas[0]) && Map(hard, &hard->Areas[1]))
		WdfWorkItemEnqueue(hard->Exercise);
}

/* Whoever is kept is completed now. */
static VOID TransferEvtSuspend(VMBCHANNEL Channel)
{
	PHARD_CONTEXT hard = VmbChannelGetPointer(Channel);

	hard->Open = FALSE;
	WdfWorkItemEnqueue(hard->Completer);
}

/* Wait for the next offer. Refused when we are the ones who close. */
static VOID TransferEvtClosed(VMBCHANNEL Channel)
{
	PHARD_CONTEXT hard = VmbChannelGetPointer(Channel);
	NTSTATUS status;

	PAGED_CODE();
	AreasUnshare(hard);
	status = hard->Kmcl.VmbChannelEnable(Channel);
	UNREFERENCED_PARAMETER(status);
}

static VOID TransferEvtPnpFailure(VMBCHANNEL Channel, NTSTATUS FailureStatus)
{
	UNREFERENCED_PARAMETER(Channel);
	DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_WARNING_LEVEL,
		   "the gpadl device could not be opened: %08lx\n", FailureStatus);
}

static NTSTATUS ChannelLimits(PHARD_CONTEXT Hard)
{
	KMCL_CLIENT_INTERFACE_V1 *kmcl = &Hard->Kmcl;
	NTSTATUS status;

	status = kmcl->VmbChannelInitSetMaximumPacketSize(Hard->Transfer, sizeof(DEVICE_REQUEST));
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetMaximumExternalData(
			Hard->Transfer, Hard->Pages * PAGE_SIZE, RANGES_MAX);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetClientContextSize(Hard->Transfer,
								  sizeof(HELD_PACKET));
	if (NT_SUCCESS(status))
		status = kmcl->VmbClientChannelInitSetRingBufferPageCount(Hard->Transfer, 8, 8);
	if (NT_SUCCESS(status))
		kmcl->VmbChannelSetTransactionQuota(Hard->Transfer, Hard->Quota);
	return status;
}

static NTSTATUS ChannelCallbacks(PHARD_CONTEXT Hard)
{
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
	NTSTATUS status;

	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
	callbacks.EvtChannelOpened = TransferEvtOpened;
	callbacks.EvtChannelPostStarted = TransferEvtPostStarted;
	callbacks.EvtChannelSuspend = TransferEvtSuspend;
	callbacks.EvtChannelClosed = TransferEvtClosed;
	status = Hard->Kmcl.VmbChannelInitSetStateChangeCallbacks(Hard->Transfer, &callbacks);
	if (!NT_SUCCESS(status))
		return status;
	return Hard->Kmcl.VmbChannelInitSetProcessPacketCallbacks(Hard->Transfer,
								  TransferEvtProcessPacket,
								  TransferEvtProcessingComplete);
}

static NTSTATUS ChannelCreate(PHARD_CONTEXT Hard, WDFDEVICE Device)
{
	DECLARE_CONST_UNICODE_STRING(name, L"wdk_hard transfer");
	KMCL_CLIENT_INTERFACE_V1 *kmcl = &Hard->Kmcl;
	NTSTATUS status;

	status = kmcl->VmbChannelAllocate(WdfDeviceWdmGetDeviceObject(Device), FALSE,
					  &Hard->Transfer);
	if (!NT_SUCCESS(status))
		return status;
	kmcl->VmbChannelSetPointer(Hard->Transfer, Hard);
	status = kmcl->VmbClientChannelInitSetTargetPnp(Hard->Transfer, &GPADL_INTERFACE_TYPE, NULL,
							TransferEvtPnpFailure);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetFriendlyName(Hard->Transfer, &name);
	if (NT_SUCCESS(status))
		status = ChannelLimits(Hard);
	if (NT_SUCCESS(status))
		status = ChannelCallbacks(Hard);
	return status;
}

/* Two MDLs that meet in the middle of the area. */
static PMDL ChainCreate(PUCHAR Memory, ULONG Bytes)
{
	ULONG half = (ULONG)ROUND_TO_PAGES(Bytes / 2);
	PMDL first = IoAllocateMdl(Memory, half, FALSE, FALSE, NULL);

	if (!first)
		return NULL;
	MmBuildMdlForNonPagedPool(first);
	first->Next = IoAllocateMdl(Memory + half, Bytes - half, FALSE, FALSE, NULL);
	if (!first->Next) {
		IoFreeMdl(first);
		return NULL;
	}
	MmBuildMdlForNonPagedPool(first->Next);
	return first;
}

/* The second area is shared by MDL, without its first page. */
static NTSTATUS AreaCreate(PHARD_CONTEXT Hard, ULONG Index)
{
	PHARD_AREA area = &Hard->Areas[Index];
	ULONG bytes = Hard->Pages * PAGE_SIZE;

	area->Hard = Hard;
	area->Rounds = Hard->Rounds;
	area->Start = Index ? PAGE_SIZE : 0;
	area->Bytes = bytes - area->Start;
	area->Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, POOL_TAG);
	if (!area->Memory)
		return STATUS_INSUFFICIENT_RESOURCES;
	if (Index) {
		area->Mdl = ChainCreate(area->Memory, bytes);
		if (!area->Mdl)
			return STATUS_INSUFFICIENT_RESOURCES;
	}
	area->Packet = HardPacketCreate(Hard, Hard->Transfer, TransferEvtSent, area);
	return area->Packet ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID AreaDelete(PHARD_AREA Area)
{
	if (Area->Packet)
		ExFreePoolWithTag(Area->Packet, POOL_TAG);
	if (Area->Mdl) {
		IoFreeMdl(Area->Mdl->Next);
		IoFreeMdl(Area->Mdl);
	}
	if (Area->Memory)
		ExFreePoolWithTag(Area->Memory, POOL_TAG);
}

NTSTATUS TransferCreate(PHARD_CONTEXT Hard, WDFDEVICE Device)
{
	NTSTATUS status;
	ULONG i;

	KeInitializeSpinLock(&Hard->Lock);
	InitializeListHead(&Hard->Held);
	Hard->AreasLeft = AREAS;
	status = HardWorkItemCreate(Device, TransferEvtExercise, &Hard->Exercise);
	if (NT_SUCCESS(status))
		status = HardWorkItemCreate(Device, TransferEvtCompleter, &Hard->Completer);
	if (NT_SUCCESS(status))
		status = ChannelCreate(Hard, Device);
	for (i = 0; i < AREAS && NT_SUCCESS(status); i++)
		status = AreaCreate(Hard, i);
	return status;
}

VOID TransferDelete(PHARD_CONTEXT Hard)
{
	ULONG i;

	for (i = 0; i < AREAS; i++)
		AreaDelete(&Hard->Areas[i]);
	if (Hard->Transfer)
		Hard->Kmcl.VmbChannelCleanup(Hard->Transfer);
}
