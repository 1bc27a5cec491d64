// SPDX-License-Identifier: GPL-2.0-only
/*
 * See bed.h.
 */
#include "bed.h"
#include "host.h"

static const CHAR Letters[BED_EVENTS] = {
	[BED_OPENED] = 'o',
	[BED_STARTED] = 's',
	[BED_POST_STARTED] = 'p',
	[BED_SUSPEND] = 'u',
	[BED_CLOSED] = 'c',
	[BED_PNP_FAILURE] = 'f',
};

#define BEDS_MAX	64

static PBED Beds[BEDS_MAX];	/* of the case that runs */

/* State callbacks never overlap, so that they need no lock. */
static VOID Happens(VMBCHANNEL Channel, ULONG Event)
{
	PBED bed = VmbChannelGetPointer(Channel);

	if (KeGetCurrentIrql() != PASSIVE_LEVEL)
		bed->WrongIrql = TRUE;
	EXPECT_EQ(InterlockedIncrement(&bed->Inside) & 0xffff, 1);
	if (bed->OrderCount < BED_ORDER_MAX - 1)
		bed->Order[bed->OrderCount++] = Letters[Event];
	if (bed->On[Event])
		bed->On[Event](bed);
	InterlockedDecrement(&bed->Inside);
	InterlockedIncrement(&bed->Called[Event]);
	KeSetEvent(&bed->Happened[Event], IO_NO_INCREMENT, FALSE);
}

static NTSTATUS OnOpened(VMBCHANNEL Channel)
{
	PBED bed = VmbChannelGetPointer(Channel);

	Happens(Channel, BED_OPENED);
	return bed->Refuse;
}

static VOID OnStarted(VMBCHANNEL Channel)
{
	Happens(Channel, BED_STARTED);
}

static VOID OnPostStarted(VMBCHANNEL Channel)
{
	Happens(Channel, BED_POST_STARTED);
}

static VOID OnSuspend(VMBCHANNEL Channel)
{
	Happens(Channel, BED_SUSPEND);
}

static VOID OnClosed(VMBCHANNEL Channel)
{
	Happens(Channel, BED_CLOSED);
}

static VOID OnPnpFailure(VMBCHANNEL Channel, NTSTATUS FailureStatus)
{
	PBED bed = VmbChannelGetPointer(Channel);

	bed->FailureStatus = FailureStatus;
	Happens(Channel, BED_PNP_FAILURE);
}

/* The upper half of Inside counts callbacks of receiving, the lower one those of states. */
static VOID EnterReceive(PBED Bed)
{
	if (InterlockedAdd(&Bed->Inside, 0x10000) >> 16 != 1)
		InterlockedIncrement(&Bed->Overlap);
}

static VOID LeaveReceive(PBED Bed)
{
	InterlockedAdd(&Bed->Inside, -0x10000);
}

VOID BedKeep(PBED Bed, PGOT Got)
{
	LONG index = Bed->GotCount;

	Got->Held = TRUE;
	/* One that nobody would find again is not held. */
	if (!Bed->Hold || index >= BED_GOT_MAX)
		BedAnswer(Got);
	if (index < BED_GOT_MAX)
		Bed->Got[index] = *Got;
	if (InterlockedIncrement(&Bed->GotCount) == Bed->GotWanted)
		KeSetEvent(&Bed->GotEnough, IO_NO_INCREMENT, FALSE);
}

static VOID OnProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer,
			    UINT32 BufferLength, UINT32 Flags)
{
	PBED bed = VmbChannelGetPointer(Channel);
	GOT got = {
		.Packet = Packet, .Buffer = Buffer, .Length = BufferLength, .Flags = Flags,
		.Irql = KeGetCurrentIrql(),
	};

	EnterReceive(bed);
	if (bed->OnPacket)
		bed->OnPacket(bed, &got);
	else
		BedKeep(bed, &got);
	LeaveReceive(bed);
}

static VOID OnProcessingComplete(VMBCHANNEL Channel, UINT32 PacketsProcessed)
{
	PBED bed = VmbChannelGetPointer(Channel);

	EnterReceive(bed);
	bed->BatchIrql = KeGetCurrentIrql();
	InterlockedAdd(&bed->BatchPackets, PacketsProcessed);
	if (bed->OnBatch)
		bed->OnBatch(bed, PacketsProcessed);
	InterlockedIncrement(&bed->Batches);
	LeaveReceive(bed);
}

/* What the case has left outstanding. A handle that is dead by now does nothing. */
static VOID GiveBackAll(PBED Bed)
{
	LONG i;

	for (i = 0; i < Bed->GotCount && i < BED_GOT_MAX; i++) {
		if (Bed->Got[i].Held)
			VmbChannelPacketComplete(Bed->Got[i].Packet, NULL, 0);
	}
}

static VOID Quiet(PBED Bed)
{
	Bed->Hold = FALSE;
	Bed->OnPacket = NULL;
	Bed->OnBatch = NULL;
	RtlZeroMemory(Bed->On, sizeof(Bed->On));
	Bed->On[BED_SUSPEND] = GiveBackAll;
	GiveBackAll(Bed);
	VmbChannelDisable(Bed->Channel);
}

/* The case is over: before what it owns goes, nobody uses that any more. */
VOID BedQuietAll(VOID)
{
	ULONG i;

	for (i = 0; i < BEDS_MAX; i++) {
		if (Beds[i])
			Quiet(Beds[i]);
	}
}

static BOOLEAN Register(PBED Bed)
{
	ULONG i;

	for (i = 0; i < BEDS_MAX; i++) {
		if (!Beds[i]) {
			Beds[i] = Bed;
			return TRUE;
		}
	}
	return FALSE;
}

static VOID Unregister(PBED Bed)
{
	ULONG i;

	for (i = 0; i < BEDS_MAX; i++) {
		if (Beds[i] == Bed)
			Beds[i] = NULL;
	}
}

/* What holds in every case. */
static VOID ReleaseBed(PVOID Object)
{
	PBED bed = Object;

	Unregister(bed);
	VmbChannelDisable(bed->Channel);
	EXPECT(!bed->WrongIrql);
	EXPECT_EQ(bed->Overlap, 0);
	EXPECT_EQ(bed->Inside, 0);
	VmbChannelCleanup(bed->Channel);
	ExFreePool(bed);
}

static VOID InitializeEvents(PBED Bed)
{
	ULONG i;

	for (i = 0; i < BED_EVENTS; i++)
		KeInitializeEvent(&Bed->Happened[i], NotificationEvent, FALSE);
	KeInitializeEvent(&Bed->GotEnough, NotificationEvent, FALSE);
	KeInitializeEvent(&Bed->EndedEnough, NotificationEvent, FALSE);
}

GUID TargetInstance(const TARGET *Target)
{
	GUID instance = { 0xc4ec0000, 0x0000, 0x4000, { ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ' } };
	ULONG i;

	for (i = 0; Target->Name[i]; i++)
		instance.Data4[i] = Target->Name[i];
	return instance;
}

static VOID Offer(VMBCHANNEL Channel, const TARGET *Target)
{
	EXPECT_STATUS(VmbServerChannelInitSetTargetInterfaceId(Channel, *Target->Type,
							       TargetInstance(Target)),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbServerChannelInitSetFlags(
			Channel, VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER), STATUS_SUCCESS);
}

static VOID Search(VMBCHANNEL Channel, const TARGET *Target)
{
	GUID instance = TargetInstance(Target);

	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(Channel, Target->Type, &instance,
						       OnPnpFailure),
		      STATUS_SUCCESS);
}

static VOID Configure(PBED Bed)
{
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;

	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
	callbacks.EvtChannelOpened = OnOpened;
	callbacks.EvtChannelStarted = OnStarted;
	callbacks.EvtChannelPostStarted = OnPostStarted;
	callbacks.EvtChannelSuspend = OnSuspend;
	callbacks.EvtChannelClosed = OnClosed;
	VmbChannelSetPointer(Bed->Channel, Bed);
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(Bed->Channel, &callbacks),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelInitSetProcessPacketCallbacks(Bed->Channel, OnProcessPacket,
							      OnProcessingComplete),
		      STATUS_SUCCESS);
}

static PBED Create(BOOLEAN IsServer)
{
	PBED bed = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*bed), BED_TAG);

	if (!EXPECT(bed))
		return NULL;
	if (!EXPECT_STATUS(VmbChannelAllocate(CheckDeviceObject(), IsServer, &bed->Channel),
			   STATUS_SUCCESS)) {
		ExFreePool(bed);
		return NULL;
	}
	InitializeEvents(bed);
	Configure(bed);
	return CaseOwn(ReleaseBed, bed) && EXPECT(Register(bed)) ? bed : NULL;
}

PBED BedCreate(const TARGET *Target)
{
	PBED bed = Create(FALSE);

	if (bed)
		Search(bed->Channel, Target);
	return bed;
}

PBED BedServer(const TARGET *Target)
{
	PBED bed = Create(TRUE);

	if (bed)
		Offer(bed->Channel, Target);
	return bed;
}

BOOLEAN BedOffer(PBED Bed)
{
	if (!EXPECT_STATUS(VmbChannelEnable(Bed->Channel), STATUS_SUCCESS))
		return FALSE;
	VmbChannelStart(Bed->Channel);
	return TRUE;
}

BOOLEAN BedStart(PBED Bed)
{
	return EXPECT_STATUS(VmbChannelEnable(Bed->Channel), STATUS_SUCCESS) &&
	       EXPECT(WaitFor(&Bed->Happened[BED_POST_STARTED]));
}

PBED BedUp(const TARGET *Target)
{
	PBED bed = BedCreate(Target);

	return bed && BedStart(bed) ? bed : NULL;
}

VOID BedForget(PBED Bed)
{
	ULONG i;

	for (i = 0; i < BED_EVENTS; i++) {
		Bed->Called[i] = 0;
		KeClearEvent(&Bed->Happened[i]);
	}
	RtlZeroMemory(Bed->Order, sizeof(Bed->Order));
	Bed->OrderCount = 0;
	Bed->GotCount = 0;
	Bed->Ended = 0;
}

BOOLEAN BedOrderIs(PBED Bed, PCSTR Letters, PCSTR File, ULONG Line)
{
	ULONG i = 0;

	while (Letters[i] && Bed->Order[i] == Letters[i])
		i++;
	if (Bed->Order[i] != Letters[i])
		check_print("# called in the order \"%s\", should be \"%s\"\n", Bed->Order,
			    Letters);
	return CheckTrue(Bed->Order[i] == Letters[i], File, Line, "order of state callbacks");
}

/*
 * Who counts compares with what is wanted afterwards, so one of both sees the other; an event
 * of an earlier wish means nothing.
 */
static BOOLEAN AwaitCount(PLONG Count, PLONG Wanted, PKEVENT Enough, LONG Number)
{
	InterlockedExchange(Wanted, Number);
	while (InterlockedAdd(Count, 0) < Number) {
		if (!WaitFor(Enough))
			return FALSE;
		KeClearEvent(Enough);
	}
	return TRUE;
}

BOOLEAN BedAwaitGot(PBED Bed, LONG Count)
{
	return EXPECT(AwaitCount(&Bed->GotCount, &Bed->GotWanted, &Bed->GotEnough, Count));
}

BOOLEAN BedGetsNoMore(PBED Bed)
{
	KeClearEvent(&Bed->GotEnough);
	InterlockedExchange(&Bed->GotWanted, Bed->GotCount + 1);
	return StaysAway(&Bed->GotEnough);
}

BOOLEAN BedAwaitEnded(PBED Bed, LONG Count)
{
	return EXPECT(AwaitCount(&Bed->Ended, &Bed->EndedWanted, &Bed->EndedEnough, Count));
}

UINT64 GotSequence(const GOT *Got)
{
	UINT64 sequence = 0;

	if (Got->Length >= sizeof(sequence))
		RtlCopyMemory(&sequence, Got->Buffer, sizeof(sequence));
	return sequence;
}

BOOLEAN GotRight(const GOT *Got, UINT64 Sequence)
{
	SOURCE_HEADER header;
	UINT32 i, padded;

	if (Got->Length < sizeof(header))
		return FALSE;
	RtlCopyMemory(&header, Got->Buffer, sizeof(header));
	padded = (header.Length + 7) & ~7u;
	if (header.Sequence != Sequence || Got->Length != padded)
		return FALSE;
	for (i = header.Length; i < padded; i++) {
		if (Got->Buffer[i])
			return FALSE;
	}
	return PatternHolds(Got->Buffer + sizeof(header), header.Length - sizeof(header),
			    header.Seed);
}

VOID BedAnswer(PGOT Got)
{
	SOURCE_COMPLETION answer = { 0 };
	SOURCE_HEADER header;

	Got->Held = FALSE;
	if (Got->Length < sizeof(header)) {
		VmbChannelPacketComplete(Got->Packet, NULL, 0);
		return;
	}
	RtlCopyMemory(&header, Got->Buffer, sizeof(header));
	answer.Sequence = header.Sequence;
	answer.Crc = Crc32(0, Got->Buffer, min(header.Length, Got->Length));
	VmbChannelPacketComplete(Got->Packet, &answer, sizeof(answer));
}

VOID BedAnswerAll(PBED Bed)
{
	LONG i;

	for (i = 0; i < Bed->GotCount && i < BED_GOT_MAX; i++) {
		if (Bed->Got[i].Held)
			BedAnswer(&Bed->Got[i]);
	}
}

/* The wire pads to a multiple of 8, with zeros: up to 7 bytes may be behind what is expected. */
static BOOLEAN BeginsSo(const UCHAR *Buffer, UINT32 Length, const UCHAR *Expected)
{
	UINT32 i = RtlCompareMemory(Buffer, Expected, Length);

	if (Length - i >= 8)
		return FALSE;
	for (; i < Length; i++) {
		if (Buffer[i])
			return FALSE;
	}
	return TRUE;
}

static VOID OnSent(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
	PSENT sent = VmbPacketGetPointer(Packet);
	PBED bed = sent->Bed;
	LONG turn = InterlockedIncrement(&bed->Ended);

	EXPECT(sent->Packet == Packet);
	sent->Turn = turn;
	sent->Status = Status;
	sent->HadBuffer = !!Buffer;
	sent->Length = BufferLength;
	sent->Irql = KeGetCurrentIrql();
	if (Buffer)
		RtlCopyMemory(sent->Answer, Buffer, min(BufferLength, (UINT32)SENT_ANSWER));
	if (Buffer && sent->Expected)
		sent->Same = BeginsSo(Buffer, BufferLength, sent->Expected);
	if (sent->OnDone)
		sent->OnDone(sent, Buffer, BufferLength);
	InterlockedIncrement(&sent->Calls);
	KeSetEvent(&sent->Done, IO_NO_INCREMENT, FALSE);
	if (turn == bed->EndedWanted)
		KeSetEvent(&bed->EndedEnough, IO_NO_INCREMENT, FALSE);
}

/* Its channel is disabled by now: BedQuietAll(). */
static VOID ReleaseSent(PVOID Object)
{
	PSENT sent = Object;

	if (sent->Allocated)
		VmbPacketFree(sent->Packet);
	ExFreePool(sent);
}

PSENT SentOf(PBED Bed, VMBPACKET Packet)
{
	PSENT sent = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*sent), BED_TAG);

	if (!EXPECT(sent))
		return NULL;
	sent->Bed = Bed;
	sent->Packet = Packet;
	KeInitializeEvent(&sent->Done, NotificationEvent, FALSE);
	VmbPacketSetPointer(Packet, sent);
	VmbPacketSetCompletionRoutine(Packet, OnSent);
	return CaseOwn(ReleaseSent, sent) ? sent : NULL;
}

PSENT SentCreate(PBED Bed)
{
	VMBPACKET packet = VmbPacketAllocate(Bed->Channel);
	PSENT sent = EXPECT(packet) ? SentOf(Bed, packet) : NULL;

	if (sent)
		sent->Allocated = TRUE;
	else if (packet)
		VmbPacketFree(packet);
	return sent;
}

BOOLEAN SentAwait(PSENT Sent, NTSTATUS Status)
{
	return EXPECT(WaitFor(&Sent->Done)) && EXPECT_STATUS(Sent->Status, Status) &&
	       EXPECT_EQ(Sent->Calls, 1);
}

BOOLEAN SentReturned(PSENT Sent, const VOID *Bytes, UINT32 Length)
{
	UINT32 i;

	if (!SentAwait(Sent, STATUS_SUCCESS) || !EXPECT_EQ(Sent->Length, (Length + 7) & ~7u) ||
	    !EXPECT(Sent->Same || !Sent->Expected) ||
	    !EXPECT(RtlEqualMemory(Sent->Answer, Bytes, min(Length, (UINT32)SENT_ANSWER))))
		return FALSE;
	for (i = Length; i < Sent->Length && i < SENT_ANSWER; i++) {
		if (!EXPECT_EQ(Sent->Answer[i], 0))
			return FALSE;
	}
	return TRUE;
}

NTSTATUS BedRequest(PBED Bed, PVOID Buffer, UINT32 Length, PVOID Answer, PUINT32 AnswerSize)
{
	LARGE_INTEGER timeout = { .QuadPart = MILLISECONDS(-30000) };

	return VmbChannelSendSynchronousRequest(Bed->Channel, Buffer, Length, NULL, WAIT_FLAG,
						Answer, AnswerSize, &timeout);
}

BOOLEAN BedSync(PBED Bed)
{
	return EXPECT_STATUS(BedRequest(Bed, "sync", 5, NULL, NULL), STATUS_SUCCESS);
}
