// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channel to the echo device, which answers external data with their length and CRC-32.
 * A work item sends the same memory again and again: as a chain of MDLs with a synchronous
 * request, and with one packet in memory of ours as a part of the chain, as more than an MDL
 * counts, as a partial MDL and as page numbers.
 */
#include "hard.h"

#include <initguid.h>

DEFINE_GUID(ECHO_INTERFACE_TYPE,
	    0x97683cbb, 0xecf6, 0x4c20, 0xbb, 0x86, 0x35, 0xf8, 0xba, 0x0e, 0x67, 0xf4);

/* The chain: from FIRST in the memory on, in two MDLs that meet at SECOND. */
#define MEMORY_PAGES	4u
#define FIRST		100u
#define SECOND		(2 * (ULONG)PAGE_SIZE)
#define CHAIN_BYTES	(SECOND - FIRST + (ULONG)PAGE_SIZE + 500)

static const UCHAR Message[8] = "memory";

static VOID Judge(PHARD_CONTEXT Hard, NTSTATUS Status, const ULONG *Answer, const UCHAR *Data,
		  ULONG Bytes)
{
	InterlockedIncrement64(&Hard->Figures.Requests);
	if (!NT_SUCCESS(Status)) {
		InterlockedIncrement64(&Hard->Figures.Failed);
		DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL,
			   "external data were refused: %08lx\n", Status);
		return;
	}
	if (Answer[0] != Bytes || Answer[1] != ~HardCrc32(MAXULONG, Data, Bytes))
		InterlockedIncrement64(&Hard->Figures.Mismatched);
}

static VOID ExternalEvtSent(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
	PHARD_CONTEXT hard = VmbPacketGetPointer(Packet);

	hard->Status = Status;
	RtlZeroMemory(hard->Answer, sizeof(hard->Answer));
	if (BufferLength == sizeof(hard->Answer))
		RtlCopyMemory(hard->Answer, Buffer, sizeof(hard->Answer));
	KeSetEvent(&hard->Answered, IO_NO_INCREMENT, FALSE);
}

/* What the send gave, and if that was good, its answer. FALSE: the channel is gone. */
static BOOLEAN Await(PHARD_CONTEXT Hard, NTSTATUS Status, ULONG Offset, ULONG Bytes)
{
	if (NT_SUCCESS(Status)) {
		KeWaitForSingleObject(&Hard->Answered, Executive, KernelMode, FALSE, NULL);
		Status = Hard->Status;
	}
	if (Status == STATUS_DEVICE_REMOVED || Status == STATUS_DEVICE_NOT_CONNECTED)
		return FALSE;
	Judge(Hard, Status, Hard->Answer, Hard->Memory + Offset, Bytes);
	return TRUE;
}

static BOOLEAN SendChain(PHARD_CONTEXT Hard)
{
	LARGE_INTEGER timeout = { .QuadPart = -REQUEST_100NS };
	UINT32 bytes = sizeof(Hard->Answer);
	NTSTATUS status;

	status = Hard->Kmcl.VmbChannelSendSynchronousRequest(
		Hard->External, (PVOID)Message, sizeof(Message), Hard->Chain,
		VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, Hard->Answer, &bytes, &timeout);
	if (status == STATUS_DEVICE_REMOVED || status == STATUS_DEVICE_NOT_CONNECTED)
		return FALSE;
	Judge(Hard, status, Hard->Answer, Hard->Memory + FIRST, CHAIN_BYTES);
	return TRUE;
}

static BOOLEAN SendMdl(PHARD_CONTEXT Hard, PMDL Mdl, ULONG Offset, ULONG Bytes, ULONG Flags,
		       ULONG Where)
{
	NTSTATUS status;

	status = Hard->Kmcl.VmbPacketSendWithExternalMdl(
		Hard->Packet, (PVOID)Message, sizeof(Message), Mdl, Offset, Bytes,
		Flags | VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
	return Await(Hard, status, Where, Bytes);
}

/* Across the place where the two MDLs meet. */
static BOOLEAN SendPart(PHARD_CONTEXT Hard)
{
	ULONG bytes = SECOND - 900 + 600;

	return SendMdl(Hard, Hard->Chain, 900 - FIRST, bytes, 0, 900);
}

/* From the second MDL's 500 bytes behind a page to the end of the page that they lie in. */
static BOOLEAN SendForced(PHARD_CONTEXT Hard)
{
	return SendMdl(Hard, Hard->Chain->Next, 0, 2 * PAGE_SIZE,
		       VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH |
		       VMBUS_CHANNEL_FORMAT_FLAG_DATA_OUT_ONLY, SECOND);
}

static BOOLEAN SendPartial(PHARD_CONTEXT Hard)
{
	PUCHAR at = (PUCHAR)MmGetMdlVirtualAddress(Hard->Chain) + 1000;
	NTSTATUS status;
	BOOLEAN there;

	IoBuildPartialMdl(Hard->Chain, Hard->Partial, at, 3000);
	status = Hard->Kmcl.VmbPacketSend(Hard->Packet, (PVOID)Message, sizeof(Message),
					  Hard->Partial,
					  VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
	there = Await(Hard, status, FIRST + 1000, 3000);
	MmPrepareMdlForReuse(Hard->Partial);
	return there;
}

static BOOLEAN SendPfns(PHARD_CONTEXT Hard)
{
	NTSTATUS status;

	status = Hard->Kmcl.VmbPacketSendWithExternalPfns(
		Hard->Packet, (PVOID)Message, sizeof(Message), MmGetMdlPfnArray(Hard->Chain), 2,
		VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
	return Await(Hard, status, 0, 2 * PAGE_SIZE);
}

static VOID ExternalEvtSend(WDFWORKITEM WorkItem)
{
	PHARD_CONTEXT hard = HardGetContext(WdfWorkItemGetParentObject(WorkItem));
	ULONG i;

	PAGED_CODE();
	for (; hard->Left; hard->Left--) {
		for (i = 0; i < MEMORY_PAGES * PAGE_SIZE; i++)
			hard->Memory[i] = (UCHAR)(i * 13 + hard->Left + (i >> 7));
		if (!SendChain(hard) || !SendPart(hard) || !SendForced(hard) ||
		    !SendPartial(hard) || !SendPfns(hard))
			return;		/* goes on when the channel is open again */
	}
	if (!hard->ExternalFinished)
		HardFinished(hard);
	hard->ExternalFinished = TRUE;
}

static VOID ExternalEvtPostStarted(VMBCHANNEL Channel)
{
	PHARD_CONTEXT hard = VmbChannelGetPointer(Channel);

	WdfWorkItemEnqueue(hard->Sender);
}

/* Wait for the next offer. Refused when we are the ones who close. */
static VOID ExternalEvtClosed(VMBCHANNEL Channel)
{
	PHARD_CONTEXT hard = VmbChannelGetPointer(Channel);
	NTSTATUS status = hard->Kmcl.VmbChannelEnable(Channel);

	UNREFERENCED_PARAMETER(status);
}

static NTSTATUS ChannelConfigure(PHARD_CONTEXT Hard)
{
	DECLARE_CONST_UNICODE_STRING(name, L"wdk_hard external");
	KMCL_CLIENT_INTERFACE_V1 *kmcl = &Hard->Kmcl;
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
	NTSTATUS status;

	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
	callbacks.EvtChannelPostStarted = ExternalEvtPostStarted;
	callbacks.EvtChannelClosed = ExternalEvtClosed;
	status = kmcl->VmbClientChannelInitSetTargetPnp(Hard->External, &ECHO_INTERFACE_TYPE, NULL,
							NULL);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetFriendlyName(Hard->External, &name);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetMaximumPacketSize(Hard->External, 64);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetMaximumExternalData(Hard->External,
								    MEMORY_PAGES * PAGE_SIZE, 2);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetStateChangeCallbacks(Hard->External, &callbacks);
	return status;
}

static NTSTATUS ChannelCreate(PHARD_CONTEXT Hard, WDFDEVICE Device)
{
	NTSTATUS status;

	status = Hard->Kmcl.VmbChannelAllocate(WdfDeviceWdmGetDeviceObject(Device), FALSE,
					       &Hard->External);
	if (!NT_SUCCESS(status))
		return status;
	Hard->Kmcl.VmbChannelSetPointer(Hard->External, Hard);
	status = ChannelConfigure(Hard);
	if (!NT_SUCCESS(status))
		return status;
	Hard->Packet = HardPacketCreate(Hard, Hard->External, ExternalEvtSent, Hard);
	return Hard->Packet ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS MdlsCreate(PHARD_CONTEXT Hard)
{
	Hard->Chain = IoAllocateMdl(Hard->Memory + FIRST, SECOND - FIRST, FALSE, FALSE, NULL);
	Hard->Partial = IoAllocateMdl(Hard->Memory + FIRST, SECOND - FIRST, FALSE, FALSE, NULL);
	if (!Hard->Chain || !Hard->Partial)
		return STATUS_INSUFFICIENT_RESOURCES;
	Hard->Chain->Next = IoAllocateMdl(Hard->Memory + SECOND, PAGE_SIZE + 500, FALSE, FALSE,
					  NULL);
	if (!Hard->Chain->Next)
		return STATUS_INSUFFICIENT_RESOURCES;
	MmBuildMdlForNonPagedPool(Hard->Chain);
	MmProbeAndLockPages(Hard->Chain->Next, KernelMode, IoModifyAccess);
	return Hard->Chain->Next->MdlFlags & MDL_PAGES_LOCKED ? STATUS_SUCCESS :
	       STATUS_ACCESS_VIOLATION;
}

NTSTATUS ExternalCreate(PHARD_CONTEXT Hard, WDFDEVICE Device)
{
	NTSTATUS status;

	KeInitializeEvent(&Hard->Answered, SynchronizationEvent, FALSE);
	Hard->Left = Hard->Echo;
	Hard->Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, MEMORY_PAGES * PAGE_SIZE, POOL_TAG);
	if (!Hard->Memory)
		return STATUS_INSUFFICIENT_RESOURCES;
	status = MdlsCreate(Hard);
	if (NT_SUCCESS(status))
		status = HardWorkItemCreate(Device, ExternalEvtSend, &Hard->Sender);
	return NT_SUCCESS(status) ? ChannelCreate(Hard, Device) : status;
}

static VOID ChainDelete(PMDL Chain)
{
	if (Chain->Next && (Chain->Next->MdlFlags & MDL_PAGES_LOCKED))
		MmUnlockPages(Chain->Next);
	if (Chain->Next)
		IoFreeMdl(Chain->Next);
	IoFreeMdl(Chain);
}

VOID ExternalDelete(PHARD_CONTEXT Hard)
{
	if (Hard->Packet)
		ExFreePoolWithTag(Hard->Packet, POOL_TAG);
	if (Hard->External)
		Hard->Kmcl.VmbChannelCleanup(Hard->External);
	if (Hard->Partial)
		IoFreeMdl(Hard->Partial);
	if (Hard->Chain)
		ChainDelete(Hard->Chain);
	if (Hard->Memory)
		ExFreePoolWithTag(Hard->Memory, POOL_TAG);
}
