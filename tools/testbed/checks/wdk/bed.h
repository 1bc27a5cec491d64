/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A channel to one of hvhost's devices, with a record of all that happens on it; packets whose
 * completion routine remembers; received packets that wait for the case.
 *
 * Devices are found by instance: its last eight bytes are the name that the test gives to
 * the device.
 */
#ifndef _WDK_CHECK_BED_H
#define _WDK_CHECK_BED_H

#include "harness.h"

#define BED_GOT_MAX	512
#define BED_ORDER_MAX	32
#define SENT_ANSWER	64

typedef struct _TARGET {
	const GUID *Type;
	CHAR Name[9];
} TARGET;

/* See guest.sh beside this file. */
extern const TARGET Echo, EchoInvert, EchoSilent, EchoSlow, EchoReverse, EchoPipe, EchoMmio;
extern const TARGET EchoBad, EchoGone, Source, SourceOneWay, SourceEndless, SourceWide, SourceGone;
extern const TARGET Gpadl, GpadlRefuse, Nobody;

GUID TargetInstance(const TARGET *Target);

/* What the state callbacks are, and the letter of each in Order. */
enum {
	BED_OPENED,		/* o */
	BED_STARTED,		/* s */
	BED_POST_STARTED,	/* p */
	BED_SUSPEND,		/* u */
	BED_CLOSED,		/* c */
	BED_PNP_FAILURE,	/* f */
	BED_EVENTS,
};

/*
 * A received packet. Packet, Buffer: dead when it was completed. Irql: of its delivery. Held:
 * it is outstanding, as far as BedAnswer() knows.
 */
typedef struct _GOT {
	VMBPACKETCOMPLETION Packet;
	PUCHAR Buffer;
	UINT32 Length;
	UINT32 Flags;
	KIRQL Irql;
	BOOLEAN Held;
} GOT, *PGOT;

typedef struct _BED BED, *PBED;

typedef VOID BED_STATE(PBED Bed);
typedef VOID BED_PACKET(PBED Bed, PGOT Got);
typedef VOID BED_BATCH(PBED Bed, UINT32 Packets);

/*
 * Called[], Happened[]: how often each state callback was called, and that it was.
 * Order: in which. Refuse: what the opened callback returns. FailureStatus: of PnpFailure.
 * On*: the case's, called first; what they use is static or of CaseAlloc(), not on a stack.
 * Without OnPacket every packet is kept in Got[] and, unless Hold, completed at once.
 * Overlap: callbacks of receiving that were in each other's way.
 */
struct _BED {
	VMBCHANNEL Channel;
	PVOID Case;

	LONG Called[BED_EVENTS];
	KEVENT Happened[BED_EVENTS];
	CHAR Order[BED_ORDER_MAX];
	LONG OrderCount;
	BOOLEAN WrongIrql;
	NTSTATUS Refuse;
	NTSTATUS FailureStatus;
	BED_STATE *On[BED_EVENTS];

	BED_PACKET *OnPacket;
	BED_BATCH *OnBatch;
	BOOLEAN Hold;
	GOT Got[BED_GOT_MAX];
	LONG GotCount;
	LONG GotWanted;
	KEVENT GotEnough;
	LONG Inside;
	LONG Overlap;
	LONG Batches;
	LONG BatchPackets;
	KIRQL BatchIrql;

	LONG Ended;		/* packets whose completion routine has run */
	LONG EndedWanted;
	KEVENT EndedEnough;
};

/* Disabled; its target and its callbacks are set. NULL has failed the case. */
PBED BedCreate(const TARGET *Target);
/* Enables it, and waits until it has started. */
BOOLEAN BedStart(PBED Bed);
/* Both. */
PBED BedUp(const TARGET *Target);
/* The other end, in this kernel: offers what others look for as Target; disabled. */
PBED BedServer(const TARGET *Target);
/* Enables it and lets it go: clients may come. */
BOOLEAN BedOffer(PBED Bed);
/* What was called, received and ended so far. */
VOID BedForget(PBED Bed);
/* For harness.c: all of the case, before it releases what is the case's. */
VOID BedQuietAll(VOID);

/* Which state callbacks were called, by their letters. */
BOOLEAN BedOrderIs(PBED Bed, PCSTR Letters, PCSTR File, ULONG Line);

#define EXPECT_ORDER(bed, letters)	BedOrderIs(bed, letters, __FILE__, __LINE__)

/* Counts of Got[] and of ended packets are waited for. */
BOOLEAN BedAwaitGot(PBED Bed, LONG Count);
BOOLEAN BedAwaitEnded(PBED Bed, LONG Count);
/* For 100 ms. */
BOOLEAN BedGetsNoMore(PBED Bed);

/* What is done without OnPacket. */
VOID BedKeep(PBED Bed, PGOT Got);
/* As a source expects it: number and CRC. All: that are held. */
VOID BedAnswer(PGOT Got);
VOID BedAnswerAll(PBED Bed);
UINT64 GotSequence(const GOT *Got);
/* Payload and number are what a source has sent as its packet Sequence. */
BOOLEAN GotRight(const GOT *Got, UINT64 Sequence);

/*
 * A packet that was sent, and what its completion routine was told. Allocated: to be freed
 * with the case. Turn: among all of the bed, from 1. Answer: the first bytes of it. Expected:
 * if set by the case, what the answer is compared with; Same: it begins so. OnDone: the
 * case's, called by the routine before it says that it has run.
 */
typedef struct _SENT {
	PBED Bed;
	VMBPACKET Packet;
	BOOLEAN Allocated;
	LONG Calls;
	LONG Turn;
	NTSTATUS Status;
	BOOLEAN HadBuffer;
	UINT32 Length;
	UCHAR Answer[SENT_ANSWER];
	const VOID *Expected;
	BOOLEAN Same;
	KIRQL Irql;
	KEVENT Done;
	VOID (*OnDone)(struct _SENT *Sent, PVOID Buffer, UINT32 Length);
} SENT, *PSENT;

/* With an object of VmbPacketAllocate(), or one that is there. NULL has failed the case. */
PSENT SentCreate(PBED Bed);
PSENT SentOf(PBED Bed, VMBPACKET Packet);
/* Its routine runs, once, with that status. */
BOOLEAN SentAwait(PSENT Sent, NTSTATUS Status);
/* It has run with success and these bytes, which the wire pads with zeros. */
BOOLEAN SentReturned(PSENT Sent, const VOID *Bytes, UINT32 Length);

/* A request with an answer, without limit but for a case that hangs. */
NTSTATUS BedRequest(PBED Bed, PVOID Buffer, UINT32 Length, PVOID Answer, PUINT32 AnswerSize);
/* The host has answered: what it sent before that was seen. */
BOOLEAN BedSync(PBED Bed);

#define WAIT_FLAG	VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION

#endif /* _WDK_CHECK_BED_H */
