/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wdk_hard: a Windows driver with two channels.
 *
 * transfer.c drives hvhost's gpadl device: it shares memory with the host, has it checked and
 * filled, and receives transfer pages in it. external.c sends memory in all the ways that
 * there are to hvhost's echo device. hard.c is the driver around both.
 */
#ifndef _WDK_HARD_HARD_H
#define _WDK_HARD_HARD_H

#include <ntddk.h>
#include <wdf.h>
#include <vmbuskernelmodeclientlibapi.h>

#define POOL_TAG	0x64726148	/* "Hard" */
#define AREAS		2
#define REQUEST_100NS	(20ll * 10000000)	/* limit of a synchronous request */

/* Figures of the last line. Requests are those of both channels that were answered. */
typedef struct _HARD_FIGURES {
	LONG64 Received;
	LONG64 Completed;
	LONG64 Mismatched;
	LONG64 Deferred;
	LONG64 Requests;
	LONG64 Failed;
} HARD_FIGURES;

/*
 * Memory that is shared as one GPADL, from Start on. Mdl: a chain over all of it, for the area
 * that is shared by MDL. Packet: in memory of ours, sends the request that makes the host send.
 * Rounds: how many such requests are left.
 */
typedef struct _HARD_AREA {
	struct _HARD_CONTEXT *Hard;
	PUCHAR Memory;
	ULONG Start;
	ULONG Bytes;
	PMDL Mdl;
	ULONG Gpadl;
	BOOLEAN Created;
	VMBPACKET Packet;
	LONG Rounds;
} HARD_AREA, *PHARD_AREA;

typedef struct _HARD_CONTEXT {
	KMCL_CLIENT_INTERFACE_V1 Kmcl;
	BOOLEAN Queried;
	PKEVENT Done;
	HANDLE DoneHandle;
	LONG Reported;
	LONG Unfinished;	/* of the two channels */
	HARD_FIGURES Figures;

	ULONG Count;
	ULONG Rounds;
	ULONG Pages;
	ULONG Quota;
	ULONG Defer;
	ULONG Echo;

	/* transfer.c */
	VMBCHANNEL Transfer;
	HARD_AREA Areas[AREAS];
	BOOLEAN Open;		/* from EvtChannelPostStarted to EvtChannelSuspend */
	LONG AreasLeft;
	LONG TransferFinished;
	WDFWORKITEM Exercise;
	WDFWORKITEM Completer;
	KSPIN_LOCK Lock;	/* Held */
	LIST_ENTRY Held;

	/* external.c */
	VMBCHANNEL External;
	WDFWORKITEM Sender;
	PUCHAR Memory;
	PMDL Chain;
	PMDL Partial;
	VMBPACKET Packet;
	KEVENT Answered;
	NTSTATUS Status;
	ULONG Answer[2];
	ULONG Left;
	BOOLEAN ExternalFinished;
} HARD_CONTEXT, *PHARD_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(HARD_CONTEXT, HardGetContext);

/* hard.c */
ULONG HardCrc32(ULONG Crc, const UCHAR *Data, ULONG Length);
VOID HardFinished(PHARD_CONTEXT Hard);
NTSTATUS HardWorkItemCreate(WDFDEVICE Device, PFN_WDF_WORKITEM Function, WDFWORKITEM *WorkItem);
VMBPACKET HardPacketCreate(PHARD_CONTEXT Hard, VMBCHANNEL Channel,
			   PFN_VMB_PACKET_COMPLETION_ROUTINE Routine, PVOID Pointer);

/* transfer.c */
NTSTATUS TransferCreate(PHARD_CONTEXT Hard, WDFDEVICE Device);
VOID TransferDelete(PHARD_CONTEXT Hard);

/* external.c */
NTSTATUS ExternalCreate(PHARD_CONTEXT Hard, WDFDEVICE Device);
VOID ExternalDelete(PHARD_CONTEXT Hard);

#endif /* _WDK_HARD_HARD_H */
