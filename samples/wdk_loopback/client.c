// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client's end. What it has to say of a server on the host would be the same.
 */
#include "loopback.h"

#define PACKET_MAX	4096
#define HALF		(2 * PAGE_SIZE)
#define BYTES		(2 * HALF)
#define PATIENCE_100NS	(30ll * 10000000)

static VOID ClientEvtPostStarted(VMBCHANNEL Channel)
{
	PLOOPBACK_CLIENT client = VmbChannelGetPointer(Channel);

	KeSetEvent(&client->Started, IO_NO_INCREMENT, FALSE);
}

static VOID Fill(PUCHAR Data, ULONG Length, ULONG Seed)
{
	ULONG i;

	for (i = 0; i < Length; i++)
		Data[i] = (UCHAR)(Seed * 31 + i * 7 + (i >> 8));
}

static BOOLEAN Filled(const UCHAR *Data, ULONG Length, ULONG Seed, UCHAR Flip)
{
	ULONG i;

	for (i = 0; i < Length; i++) {
		if (Data[i] != ((UCHAR)(Seed * 31 + i * 7 + (i >> 8)) ^ Flip))
			return FALSE;
	}
	return TRUE;
}

static VOID Note(PLOOPBACK_CLIENT Client, PULONG Figure, BOOLEAN Right)
{
	++*Figure;
	if (!Right)
		Client->Figures.Wrong++;
}

static NTSTATUS Ask(PLOOPBACK_CLIENT Client, PVOID Buffer, UINT32 Length, PMDL Mdl, PVOID Answer,
		    PUINT32 AnswerSize)
{
	return Client->Kmcl.VmbChannelSendSynchronousRequest(
		Client->Channel, Buffer, Length, Mdl,
		VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, Answer, AnswerSize, NULL);
}

/* The wire pads to a multiple of 8. */
static BOOLEAN Echo(PLOOPBACK_CLIENT Client, ULONG Number)
{
	UCHAR payload[128], answer[128];
	UINT32 length = 1 + Number % sizeof(payload), size = sizeof(answer);

	Fill(payload, length, Number);
	return NT_SUCCESS(Ask(Client, payload, length, NULL, answer, &size)) &&
	       size == ((length + 7) & ~7u) && RtlEqualMemory(answer, payload, length);
}

static BOOLEAN AnswerRight(const LOOPBACK_ANSWER *Answer, UINT32 Size, ULONG Crc)
{
	return Size == sizeof(*Answer) && Answer->Length == BYTES && Answer->Crc == ~Crc;
}

/* Its pages do not follow each other in physical memory, so the server has to map them. */
static BOOLEAN External(PLOOPBACK_CLIENT Client, ULONG Number)
{
	LOOPBACK_ANSWER answer;
	UINT32 size = sizeof(answer);
	ULONG crc;

	Fill(Client->Memory, BYTES, Number);
	crc = LoopbackCrc(MAXULONG, MmGetMdlVirtualAddress(Client->First), HALF);
	crc = LoopbackCrc(crc, MmGetMdlVirtualAddress(Client->Second), HALF);
	return NT_SUCCESS(Ask(Client, NULL, 0, Client->First, &answer, &size)) &&
	       AnswerRight(&answer, size, crc) && Filled(Client->Memory, BYTES, Number, 0);
}

static BOOLEAN ShareAsk(PLOOPBACK_CLIENT Client, UINT32 Gpadl, ULONG Number)
{
	LOOPBACK_SHARE_REQUEST request = { .Magic = LOOPBACK_SHARE, .Gpadl = Gpadl };
	ULONG crc = LoopbackCrc(MAXULONG, Client->Memory, BYTES);
	LOOPBACK_ANSWER answer;
	UINT32 size = sizeof(answer);

	return NT_SUCCESS(Ask(Client, &request, sizeof(request), NULL, &answer, &size)) &&
	       AnswerRight(&answer, size, crc) && Filled(Client->Memory, BYTES, Number, 0xff);
}

static BOOLEAN Share(PLOOPBACK_CLIENT Client, ULONG Number)
{
	UINT32 gpadl;
	BOOLEAN right;

	Fill(Client->Memory, BYTES, Number);
	if (!NT_SUCCESS(Client->Kmcl.VmbChannelCreateGpadlFromBuffer(
			Client->Channel, 0, Client->Memory, BYTES, &gpadl)))
		return FALSE;
	right = ShareAsk(Client, gpadl, Number);
	Client->Kmcl.VmbChannelDeleteGpadl(Client->Channel, gpadl);
	return right;
}

static BOOLEAN Opened(PLOOPBACK_CLIENT Client)
{
	LARGE_INTEGER timeout = { .QuadPart = -PATIENCE_100NS };

	return NT_SUCCESS(Client->Kmcl.VmbChannelEnable(Client->Channel)) &&
	       KeWaitForSingleObject(&Client->Started, Executive, KernelMode, FALSE,
				     &timeout) == STATUS_SUCCESS;
}

BOOLEAN ClientStopping(PLOOPBACK_CLIENT Client)
{
	return InterlockedAdd(&Client->Stopping, 0) != 0;
}

/* PASSIVE_LEVEL, and no callback: opens the channel, uses it, closes it. */
VOID ClientRun(PLOOPBACK_CLIENT Client, ULONG Count)
{
	LOOPBACK_FIGURES *figures = &Client->Figures;
	BOOLEAN opened = Opened(Client);
	ULONG i;

	Note(Client, &figures->Opens, opened);
	for (i = 0; opened && i < Count && !ClientStopping(Client); i++) {
		Note(Client, &figures->Echoed, Echo(Client, i));
		Note(Client, &figures->External, External(Client, i));
		Note(Client, &figures->Shared, Share(Client, i));
	}
	Client->Kmcl.VmbChannelDisable(Client->Channel);
}

static BOOLEAN Follows(PMDL First, PMDL Second)
{
	return MmGetMdlPfnArray(First)[HALF / PAGE_SIZE - 1] + 1 == MmGetMdlPfnArray(Second)[0];
}

/*
 * Two MDLs over one block of memory, the second half first, unless just that would be one piece
 * of physical memory.
 */
static VOID Chain(PLOOPBACK_CLIENT Client)
{
	PMDL mdl = Client->First;

	if (Follows(Client->First, Client->Second)) {
		Client->First = Client->Second;
		Client->Second = mdl;
	}
	Client->First->Next = Client->Second;
}

static NTSTATUS MemoryCreate(PLOOPBACK_CLIENT Client)
{
	Client->Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, BYTES, POOL_TAG);
	if (!Client->Memory)
		return STATUS_INSUFFICIENT_RESOURCES;
	Client->First = IoAllocateMdl(Client->Memory + HALF, HALF, FALSE, FALSE, NULL);
	Client->Second = IoAllocateMdl(Client->Memory, HALF, FALSE, FALSE, NULL);
	if (!Client->First || !Client->Second)
		return STATUS_INSUFFICIENT_RESOURCES;
	MmBuildMdlForNonPagedPool(Client->First);
	MmBuildMdlForNonPagedPool(Client->Second);
	Chain(Client);
	return STATUS_SUCCESS;
}

static NTSTATUS ChannelConfigure(PLOOPBACK_CLIENT Client)
{
	DECLARE_CONST_UNICODE_STRING(name, L"wdk_loopback_client");
	KMCL_CLIENT_INTERFACE_V1 *kmcl = &Client->Kmcl;
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
	NTSTATUS status;

	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
	callbacks.EvtChannelPostStarted = ClientEvtPostStarted;

	kmcl->VmbChannelSetPointer(Client->Channel, Client);
	status = kmcl->VmbClientChannelInitSetTargetPnp(Client->Channel, &ECHO_INTERFACE_TYPE,
							&LOOPBACK_INSTANCE, NULL);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetFriendlyName(Client->Channel, &name);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetMaximumPacketSize(Client->Channel, PACKET_MAX);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetMaximumExternalData(Client->Channel, BYTES, 2);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetStateChangeCallbacks(Client->Channel, &callbacks);
	return status;
}

NTSTATUS ClientCreate(PLOOPBACK_CLIENT Client, WDFDEVICE Device)
{
	NTSTATUS status;

	KeInitializeEvent(&Client->Started, SynchronizationEvent, FALSE);
	status = WdfFdoQueryForInterface(Device, &KMCL_CLIENT_INTERFACE_TYPE,
					 (PINTERFACE)&Client->Kmcl, sizeof(Client->Kmcl),
					 KMCL_CLIENT_INTERFACE_VERSION_V1, NULL);
	if (!NT_SUCCESS(status))
		return status;
	Client->Queried = TRUE;
	status = Client->Kmcl.VmbChannelAllocate(WdfDeviceWdmGetDeviceObject(Device), FALSE,
						 &Client->Channel);
	if (NT_SUCCESS(status))
		status = ChannelConfigure(Client);
	return NT_SUCCESS(status) ? MemoryCreate(Client) : status;
}

/* ClientRun() returns soon: the server answers every packet. */
VOID ClientStop(PLOOPBACK_CLIENT Client)
{
	InterlockedExchange(&Client->Stopping, 1);
}

VOID ClientDelete(PLOOPBACK_CLIENT Client)
{
	if (Client->First)
		IoFreeMdl(Client->First);
	if (Client->Second)
		IoFreeMdl(Client->Second);
	if (Client->Memory)
		ExFreePoolWithTag(Client->Memory, POOL_TAG);
	if (Client->Channel)
		Client->Kmcl.VmbChannelCleanup(Client->Channel);
	if (Client->Queried)
		Client->Kmcl.InterfaceDereference(Client->Kmcl.Context);
}
