// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each callback: when it is called, where, and what holds then. That state callbacks run at
 * PASSIVE_LEVEL, never two at a time, and that those of receiving never overlap, the bed checks
 * in every case.
 */
#include "host.h"

#define GPADLS_MAX	4200	/* more than hvhost takes of all channels together */

/* The case's, for hooks. */
static struct {
	PSENT Sent[4];
	LONG EndedThen;
	LONG GotThen;
} c;

static PSENT SendOne(PBED Bed, UINT32 Flags)
{
	PSENT sent = SentCreate(Bed);
	UINT64 payload = 0x1122334455667788;

	if (sent)
		EXPECT_STATUS(VmbPacketSend(sent->Packet, &payload, sizeof(payload), NULL, Flags),
			      STATUS_SUCCESS);
	return sent;
}

static VOID SendsInOpened(PBED Bed)
{
	EXPECT_ORDER(Bed, "o");
	c.Sent[0] = SendOne(Bed, WAIT_FLAG);
	c.Sent[1] = SendOne(Bed, 0);
	EXPECT(!c.Sent[1] || StaysAway(&c.Sent[1]->Done));
	c.EndedThen = Bed->Ended;
}

/* First of all; what is sent in it only waits. */
static VOID opened_comes_first(VOID)
{
	UINT64 payload = 0x1122334455667788;
	PBED bed = BedCreate(&Echo);

	REQUIRE(bed);
	bed->On[BED_OPENED] = SendsInOpened;
	REQUIRE(BedStart(bed));
	EXPECT_EQ(c.EndedThen, 0);
	REQUIRE(c.Sent[0] && c.Sent[1]);
	REQUIRE(SentReturned(c.Sent[0], &payload, sizeof(payload)));
	REQUIRE(SentAwait(c.Sent[1], STATUS_SUCCESS));
	EXPECT_EQ(bed->Called[BED_OPENED], 1);
}

/* Then the channel is disabled, nothing else is called, and it can be enabled again. */
static VOID opened_may_refuse(VOID)
{
	PBED bed = BedCreate(&Echo), next;

	REQUIRE(bed);
	bed->Refuse = STATUS_UNSUCCESSFUL;
	REQUIRE_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	AWAIT(&bed->Happened[BED_OPENED]);
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "o");
	next = BedUp(&Echo);
	REQUIRE(next);
	BedSync(next);
	VmbChannelDisable(next->Channel);
	bed->Refuse = STATUS_SUCCESS;
	BedForget(bed);
	REQUIRE(BedStart(bed));
	BedSync(bed);
}

static VOID CountsInStarted(PBED Bed)
{
	c.GotThen = Bed->GotCount;
	EXPECT(BedGetsNoMore(Bed));
}

/* Nothing has been delivered yet, though the host sends; again after every pause. */
static VOID started_comes_before_any_packet(VOID)
{
	PBED bed = BedCreate(&SourceEndless);
	LONG got;

	REQUIRE(bed);
	bed->On[BED_STARTED] = CountsInStarted;
	REQUIRE(BedStart(bed));
	EXPECT_EQ(c.GotThen, 0);
	EXPECT_ORDER(bed, "osp");
	REQUIRE(BedAwaitGot(bed, 20));
	VmbChannelPause(bed->Channel);
	got = bed->GotCount;
	/* Starting waits for no callback, and EvtChannelStarted has a wish of its own. */
	KeClearEvent(&bed->Happened[BED_POST_STARTED]);
	VmbChannelStart(bed->Channel);
	AWAIT(&bed->Happened[BED_POST_STARTED]);
	REQUIRE(BedAwaitGot(bed, got + 20));
	EXPECT_EQ(c.GotThen, got);
	EXPECT_EQ(bed->Called[BED_STARTED], 2);
}

static VOID RequestsInPostStarted(PBED Bed)
{
	BedSync(Bed);
}

/* It may wait for the host: delivery is on. */
static VOID post_started_may_wait_for_the_host(VOID)
{
	PBED bed = BedCreate(&Echo);

	REQUIRE(bed);
	bed->On[BED_POST_STARTED] = RequestsInPostStarted;
	REQUIRE(BedStart(bed));
	EXPECT_ORDER(bed, "osp");
	BedForget(bed);
	VmbChannelPause(bed->Channel);
	VmbChannelStart(bed->Channel);
	AWAIT(&bed->Happened[BED_POST_STARTED]);
	EXPECT_ORDER(bed, "usp");
}

static VOID CountsInSuspend(PBED Bed)
{
	c.GotThen = Bed->GotCount;
	EXPECT(BedGetsNoMore(Bed));
	BedAnswerAll(Bed);
}

/* None is delivered from here on; those that are outstanding are still the driver's. */
static VOID suspend_comes_when_delivery_has_ended(VOID)
{
	PBED bed = BedCreate(&SourceEndless);

	REQUIRE(bed);
	bed->Hold = TRUE;
	bed->On[BED_SUSPEND] = CountsInSuspend;
	VmbChannelSetTransactionQuota(bed->Channel, 5);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 5));
	VmbChannelPause(bed->Channel);
	EXPECT_EQ(c.GotThen, 5);
	EXPECT_EQ(bed->GotCount, 5);
	EXPECT_ORDER(bed, "ospu");
	bed->Hold = FALSE;
	VmbChannelStart(bed->Channel);
	REQUIRE(BedAwaitGot(bed, 20));
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(bed->GotCount, c.GotThen);
	EXPECT_ORDER(bed, "ospuspuc");
}

static VOID CountsInClosed(PBED Bed)
{
	c.EndedThen = Bed->Ended;
	c.GotThen = Bed->GotCount;
}

/* After every packet has ended; nothing comes after it. */
static VOID closed_comes_last(VOID)
{
	PBED bed = BedCreate(&EchoSilent);
	ULONG i;

	REQUIRE(bed);
	bed->On[BED_CLOSED] = CountsInClosed;
	REQUIRE(BedStart(bed));
	for (i = 0; i < ARRAYSIZE(c.Sent); i++) {
		c.Sent[i] = SendOne(bed, WAIT_FLAG);
		REQUIRE(c.Sent[i]);
	}
	EXPECT_EQ(bed->Ended, 0);
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(c.EndedThen, ARRAYSIZE(c.Sent));
	EXPECT_ORDER(bed, "ospuc");
	EXPECT_EQ(bed->Called[BED_CLOSED], 1);
}

/* As many GPADLs as the host takes: then it has none left for another channel's rings. */
static ULONG TakeAllGpadls(PBED Bed, PUCHAR Memory, PUINT32 Numbers)
{
	NTSTATUS status = STATUS_SUCCESS;
	ULONG count;

	for (count = 0; count < GPADLS_MAX; count++) {
		status = VmbChannelCreateGpadlFromBuffer(Bed->Channel, 0, Memory, PAGE_SIZE,
							 &Numbers[count]);
		if (status != STATUS_SUCCESS)
			break;
	}
	EXPECT_STATUS(status, STATUS_QUOTA_EXCEEDED);
	return count;
}

/* The offer is there, and opening it fails: that is told, and nothing else happens. */
static VOID pnp_failure_tells_that_opening_failed(VOID)
{
	PUINT32 numbers = CaseAlloc(GPADLS_MAX * sizeof(*numbers));
	PUCHAR memory = CaseAlloc(PAGE_SIZE);
	PBED holder = BedUp(&Gpadl), bed = BedCreate(&Echo);
	ULONG count, i;

	REQUIRE(holder && bed && numbers && memory);
	/* So few pages that one message describes them. */
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(bed->Channel, 4, 4),
		      STATUS_SUCCESS);
	count = TakeAllGpadls(holder, memory, numbers);
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	EXPECT(WaitFor(&bed->Happened[BED_PNP_FAILURE]));
	EXPECT_STATUS(bed->FailureStatus, STATUS_QUOTA_EXCEEDED);
	for (i = 0; i < count; i++)
		VmbChannelDeleteGpadl(holder->Channel, numbers[i]);
	/* It does not try again by itself. */
	EXPECT(StaysAway(&bed->Happened[BED_OPENED]));
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "f");
	BedForget(bed);
	REQUIRE(BedStart(bed));
	EXPECT_ORDER(bed, "osp");
	BedSync(bed);
}

static VOID ChecksPacket(PBED Bed, PGOT Got)
{
	EXPECT(GotRight(Got, Bed->GotCount));
	EXPECT_EQ(Got->Flags, 0);
	BedKeep(Bed, Got);
}

/* Once for each packet, in order, with its payload alone. */
static VOID process_packet_delivers_each_once_in_order(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	bed->OnPacket = ChecksPacket;
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 64));
	EXPECT(BedGetsNoMore(bed));
}

static VOID ChecksBatch(PBED Bed, UINT32 Packets)
{
	EXPECT(Packets > 0);
	/* All that were delivered by now, and no other. */
	EXPECT_EQ(Bed->BatchPackets, Bed->GotCount);
}

/* When a batch ends: it was told of every packet, of none twice. */
static VOID processing_complete_ends_each_batch(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	bed->OnBatch = ChecksBatch;
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 64));
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(bed->BatchPackets, 64);
	EXPECT(bed->Batches >= 1 && bed->Batches <= 64);
}

static VOID SaysStalled(PBED Bed, UINT32 Packets)
{
	UNREFERENCED_PARAMETER(Packets);
	if (Bed->BatchPackets == 4)
		KeSetEvent(Bed->Case, IO_NO_INCREMENT, FALSE);
}

/* Also where the driver's quota stops the queue: while packets wait. */
static VOID processing_complete_comes_when_the_quota_stalls(VOID)
{
	PKEVENT stalled = CaseAlloc(sizeof(*stalled));
	PBED bed = BedCreate(&Source);

	REQUIRE(bed && stalled);
	KeInitializeEvent(stalled, NotificationEvent, FALSE);
	bed->Case = stalled;
	bed->OnBatch = SaysStalled;
	bed->Hold = TRUE;
	VmbChannelSetTransactionQuota(bed->Channel, 4);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 4));
	AWAIT(stalled);
	EXPECT_EQ(bed->GotCount, 4);
	bed->Hold = FALSE;
	BedAnswerAll(bed);
	REQUIRE(BedAwaitGot(bed, 64));
}

/* Four arguments: the packet, how it ended, the payload of the answer. */
static VOID completion_routine_tells_the_end_once(VOID)
{
	UINT64 payload = 0x1122334455667788;
	PBED bed = BedUp(&Echo), silent = BedUp(&EchoSilent);
	PSENT answered, placed, lost;

	REQUIRE(bed && silent);
	answered = SendOne(bed, WAIT_FLAG);
	placed = SendOne(bed, 0);
	lost = SendOne(silent, WAIT_FLAG);
	REQUIRE(answered && placed && lost);
	REQUIRE(SentReturned(answered, &payload, sizeof(payload)));
	EXPECT(answered->HadBuffer);
	REQUIRE(SentAwait(placed, STATUS_SUCCESS));
	EXPECT(!placed->HadBuffer);
	EXPECT_EQ(placed->Length, 0);
	VmbChannelDisable(silent->Channel);
	REQUIRE(SentAwait(lost, STATUS_DEVICE_REMOVED));
	EXPECT(!lost->HadBuffer);
	EXPECT_EQ(lost->Length, 0);
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(answered->Calls, 1);
	EXPECT_EQ(placed->Calls, 1);
	EXPECT_EQ(lost->Calls, 1);
	EXPECT_EQ(answered->Irql, DISPATCH_LEVEL);
	EXPECT_EQ(placed->Irql, DISPATCH_LEVEL);
	EXPECT_EQ(lost->Irql, DISPATCH_LEVEL);
}

static const TEST_CASE Cases[] = {
	CASE(opened_comes_first),
	CASE(opened_may_refuse),
	CASE(started_comes_before_any_packet),
	CASE(post_started_may_wait_for_the_host),
	CASE(suspend_comes_when_delivery_has_ended),
	CASE(closed_comes_last),
	CASE(pnp_failure_tells_that_opening_failed),
	CASE(process_packet_delivers_each_once_in_order),
	CASE(processing_complete_ends_each_batch),
	CASE(processing_complete_comes_when_the_quota_stalls),
	CASE(completion_routine_tells_the_end_once),
};

TEST_GROUP_DEFINE(callback, Cases);
