// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving: what may be done with a packet of the host.
 */
#include "host.h"

#define BYTES	(4 * PAGE_SIZE)

/* Transfer pages: a channel to the gpadl device, memory that it has mapped. */
static struct {
	PBED Bed;
	PUCHAR Memory;
	UINT32 Number;
	LONG Packets;
	LONG Wrong;
	VOID (*On)(PGOT Got, PMDL Mdl);
} x;

/* CRC of all ranges, in order as if they were one. */
static UINT32 ChainCrc(PMDL Mdl)
{
	UINT32 crc = 0;

	for (; Mdl; Mdl = Mdl->Next)
		crc = Crc32(crc, MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority),
			    MmGetMdlByteCount(Mdl));
	return crc;
}

static UINT32 ChainBytes(PMDL Mdl)
{
	UINT32 bytes = 0;

	for (; Mdl; Mdl = Mdl->Next)
		bytes += MmGetMdlByteCount(Mdl);
	return bytes;
}

/* Answers rightly but for x.Wrong packets. */
static VOID AnswerXfer(PGOT Got, PMDL Mdl)
{
	GPADL_COMPLETION answer = { 0 };
	GPADL_PAYLOAD payload;

	RtlCopyMemory(&payload, Got->Buffer, sizeof(payload));
	answer.Sequence = payload.Sequence;
	answer.Crc = ChainCrc(Mdl);
	if (x.Wrong > 0) {
		x.Wrong--;
		answer.Crc++;
	}
	VmbChannelPacketComplete(Got->Packet, &answer, sizeof(answer));
}

static VOID OnXfer(PBED Bed, PGOT Got)
{
	PMDL mdl = NULL;

	UNREFERENCED_PARAMETER(Bed);
	EXPECT_EQ(Got->Length, sizeof(GPADL_PAYLOAD));
	EXPECT_EQ(Got->Flags, VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA);
	x.Packets++;
	EXPECT_STATUS(VmbChannelPacketGetExternalData(Got->Packet, 0, &mdl), STATUS_SUCCESS);
	if (x.On)
		x.On(Got, mdl);
	else
		AnswerXfer(Got, mdl);
}

static BOOLEAN XferBegin(VOID)
{
	RtlZeroMemory(&x, sizeof(x));
	x.Memory = CaseAlloc(BYTES);
	x.Bed = x.Memory ? BedCreate(&Gpadl) : NULL;
	if (!x.Bed)
		return FALSE;
	x.Bed->OnPacket = OnXfer;
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(x.Bed->Channel, BYTES, 4),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(x.Bed->Channel, 64), STATUS_SUCCESS);
	return BedStart(x.Bed) && GpadlNegotiate(x.Bed) &&
	       EXPECT_STATUS(VmbChannelCreateGpadlFromBuffer(x.Bed->Channel, 0, x.Memory, BYTES,
							     &x.Number), STATUS_SUCCESS) &&
	       GpadlMap(x.Bed, x.Number, 0, BYTES);
}

/* Has Count packets sent; the host finds Wrong answers to them. */
static BOOLEAN Xfer(UINT32 Count, UINT32 Wrong)
{
	GPADL_REQUEST request = {
		.Operation = HVHOST_GPADL_SEND, .Gpadl = x.Number, .Length = BYTES,
		.Seed = Count, .Count = Count,
	};
	LONG before = x.Packets;
	GPADL_REPLY reply;

	return GpadlAsk(x.Bed, &request, &reply) && EXPECT_EQ(reply.Value, Wrong) &&
	       EXPECT_EQ(x.Packets, before + (LONG)Count);
}

static VOID XferEnd(VOID)
{
	if (GpadlUnmap(x.Bed, x.Number))
		VmbChannelDeleteGpadl(x.Bed->Channel, x.Number);
}

/* The host looks at every byte of it, and says what it thinks. */
static VOID complete_sends_the_payload(VOID)
{
	REQUIRE(XferBegin());
	EXPECT(Xfer(50, 0));
	x.Wrong = 3;
	EXPECT(Xfer(50, 3));
	XferEnd();
}

static VOID CompletesTooLong(PGOT Got, PMDL Mdl)
{
	UNREFERENCED_PARAMETER(Mdl);
	VmbChannelPacketComplete(Got->Packet, x.Memory, 65);
}

static VOID CompletesWithNothing(PGOT Got, PMDL Mdl)
{
	UNREFERENCED_PARAMETER(Mdl);
	VmbChannelPacketComplete(Got->Packet, NULL, 0);
}

/* What cannot be sent is left out, and the packet ends all the same. */
static VOID complete_ends_the_packet_without_payload(VOID)
{
	REQUIRE(XferBegin());
	x.On = CompletesWithNothing;
	EXPECT(Xfer(5, 5));
	x.On = CompletesTooLong;
	EXPECT(Xfer(1, 1));
	x.On = NULL;
	EXPECT(Xfer(5, 0));
	XferEnd();
}

/* From anywhere, later, at any level, in any order. */
static VOID complete_may_come_later_in_any_order(VOID)
{
	PBED bed = BedCreate(&Source);
	KIRQL irql;
	LONG i;

	REQUIRE(bed);
	bed->Hold = TRUE;
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 16));
	for (i = 15; i >= 0; i--)
		EXPECT(GotRight(&bed->Got[i], i));
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	for (i = 15; i >= 0; i--)
		BedAnswer(&bed->Got[i]);
	KeLowerIrql(irql);
	/* It has at most 16 of them outstanding, so these come only for those. */
	REQUIRE(BedAwaitGot(bed, 32));
	bed->Hold = FALSE;
	BedAnswerAll(bed);
	REQUIRE(BedAwaitGot(bed, 64));
}

/* Twice, late, made up: the host's count of such answers stays 0. */
static VOID complete_ignores_handles_that_name_nothing(VOID)
{
	PBED bed = BedCreate(&Source);
	VMBPACKETCOMPLETION old;
	UINT64 junk = 0x1234;

	REQUIRE(bed);
	bed->Hold = TRUE;
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 16));
	old = bed->Got[0].Packet;
	BedAnswer(&bed->Got[0]);
	VmbChannelPacketComplete(old, &junk, sizeof(junk));
	VmbChannelPacketComplete(NULL, NULL, 0);
	VmbChannelPacketComplete((VMBPACKETCOMPLETION)1, &junk, sizeof(junk));
	VmbChannelPacketComplete((VMBPACKETCOMPLETION)~0ull, &junk, sizeof(junk));
	VmbChannelPacketComplete((VMBPACKETCOMPLETION)((UINT64)bed->Got[1].Packet ^ 1ull << 63),
				 &junk, sizeof(junk));
	EXPECT(GotRight(&bed->Got[1], 1));
	bed->Hold = FALSE;
	BedAnswerAll(bed);
	REQUIRE(BedAwaitGot(bed, 64));
	VmbChannelDisable(bed->Channel);
	VmbChannelPacketComplete(old, &junk, sizeof(junk));
	VmbChannelPacketComplete(bed->Got[15].Packet, &junk, sizeof(junk));
}

/* An end that is refused must not lose an answer, or the packet stays outstanding for ever. */
static VOID complete_works_while_cleanup_is_refused(VOID)
{
	PBED bed = BedUp(&SourceEndless);
	ULONG i;

	REQUIRE(bed);
	for (i = 0; i < 10; i++)
		VmbChannelCleanup(bed->Channel);
	/* Waits for all that are outstanding. */
	VmbChannelDisable(bed->Channel);
	BedForget(bed);
	/* Right behind the enable, whose worker has hardly begun, it is refused too. */
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	VmbChannelCleanup(bed->Channel);
	REQUIRE(BedAwaitGot(bed, 20));
	VmbChannelDisable(bed->Channel);
}

/* Every third packet is deferred, once, when it first comes. */
static VMBPACKETCOMPLETION DeferredHandle;
static LONG Deferrals;

static VOID DefersEveryThird(PBED Bed, PGOT Got)
{
	UINT64 sequence = GotSequence(Got);

	EXPECT(GotRight(Got, Bed->GotCount));
	if (DeferredHandle) {
		/* Again: before all others, where it may sleep, with another handle. */
		EXPECT_EQ(Got->Irql, PASSIVE_LEVEL);
		EXPECT(Got->Packet != DeferredHandle);
		VmbChannelPacketComplete(DeferredHandle, NULL, 0);
		DeferredHandle = NULL;
	} else if (sequence % 3 == 0) {
		DeferredHandle = Got->Packet;
		Deferrals++;
		VmbChannelPacketDeferToPassive(Got->Packet);
		return;
	}
	BedKeep(Bed, Got);
}

static VOID defer_to_passive_delivers_again(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	DeferredHandle = NULL;
	Deferrals = 0;
	bed->OnPacket = DefersEveryThird;
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 64));
	EXPECT_EQ(Deferrals, 22);
}

/* After the callback it is too late: nothing happens, and the packet is still the driver's. */
static VOID defer_to_passive_is_for_the_callback_only(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	bed->Hold = TRUE;
	VmbChannelSetTransactionQuota(bed->Channel, 1);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 1));
	VmbChannelPacketDeferToPassive(bed->Got[0].Packet);
	VmbChannelPacketDeferToPassive(NULL);
	EXPECT(BedGetsNoMore(bed));
	EXPECT(GotRight(&bed->Got[0], 0));
	bed->Hold = FALSE;
	BedAnswerAll(bed);
	REQUIRE(BedAwaitGot(bed, 64));
}

static VOID FailsTheFifth(PBED Bed, PGOT Got)
{
	if (GotSequence(Got) == 4 && Bed->Case) {
		Bed->Case = NULL;
		VmbChannelPacketFail(Got->Packet);
		KeSetEvent(&Bed->EndedEnough, IO_NO_INCREMENT, FALSE);
		return;
	}
	BedKeep(Bed, Got);
}

/* Nothing is delivered after it, until the channel is opened anew; it is not outstanding. */
static VOID fail_stops_delivery(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	bed->OnPacket = FailsTheFifth;
	bed->Case = bed;
	REQUIRE(BedStart(bed));
	AWAIT(&bed->EndedEnough);
	EXPECT(BedGetsNoMore(bed));
	EXPECT_EQ(bed->GotCount, 4);
	EXPECT_ORDER(bed, "osp");
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "ospuc");
	BedForget(bed);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 64));
}

/* Ranges of the GPADL: locked, with addresses in it, together what the payload says. */
static VOID ChecksChain(PGOT Got, PMDL Mdl)
{
	GPADL_PAYLOAD payload;
	PMDL again = NULL, mdl;
	PUCHAR address;

	RtlCopyMemory(&payload, Got->Buffer, sizeof(payload));
	EXPECT_EQ(ChainBytes(Mdl), payload.Bytes);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(Got->Packet, 0, &again), STATUS_SUCCESS);
	EXPECT(again == Mdl);
	for (mdl = Mdl; mdl; mdl = mdl->Next) {
		address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
		EXPECT(address >= x.Memory && address + MmGetMdlByteCount(mdl) <= x.Memory + BYTES);
		EXPECT_EQ(MmGetMdlByteOffset(mdl), BYTE_OFFSET(address));
		EXPECT(mdl->MdlFlags & MDL_PAGES_LOCKED);
		MmUnmapLockedPages(address, mdl);
		EXPECT(MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE,
						    NormalPagePriority) == address);
	}
	AnswerXfer(Got, Mdl);
}

static VOID get_external_data_gives_a_chain(VOID)
{
	REQUIRE(XferBegin());
	x.On = ChecksChain;
	EXPECT(Xfer(50, 0));
	XferEnd();
}

static VOID get_external_data_refuses_wrong_arguments(VOID)
{
	PBED bed = BedCreate(&Source);
	PMDL mdl = (PMDL)1;
	VMBPACKETCOMPLETION packet;

	REQUIRE(bed);
	bed->Hold = TRUE;
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 1));
	packet = bed->Got[0].Packet;
	EXPECT_STATUS(VmbChannelPacketGetExternalData(NULL, 0, &mdl), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(packet, 2, &mdl),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(packet, 0, NULL),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(packet, 0, &mdl), STATUS_NOT_FOUND);
	BedAnswer(&bed->Got[0]);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(packet, 0, &mdl),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT(mdl == (PMDL)1);
}

/* Each outstanding packet has its own bytes, until it is completed. */
static VOID client_context_is_the_packets_own(VOID)
{
	VMBPACKETCOMPLETION packet;
	PBED bed = BedCreate(&Source);
	PUCHAR context[8];
	ULONG i;

	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(bed->Channel, 100), STATUS_SUCCESS);
	bed->Hold = TRUE;
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, ARRAYSIZE(context)));
	for (i = 0; i < ARRAYSIZE(context); i++) {
		context[i] = VmbChannelPacketGetClientContext(bed->Got[i].Packet);
		REQUIRE(context[i]);
		EXPECT_EQ((ULONG_PTR)context[i] % 8, 0);
		PatternFill(context[i], 100, i);
	}
	for (i = 0; i < ARRAYSIZE(context); i++) {
		EXPECT(VmbChannelPacketGetClientContext(bed->Got[i].Packet) == context[i]);
		EXPECT(PatternHolds(context[i], 100, i));
		EXPECT(GotRight(&bed->Got[i], i));
	}
	packet = bed->Got[0].Packet;
	BedAnswer(&bed->Got[0]);
	EXPECT(!VmbChannelPacketGetClientContext(packet));
	EXPECT(!VmbChannelPacketGetClientContext(NULL));
}

static VOID ChecksContext(PGOT Got, PMDL Mdl)
{
	PUCHAR context = VmbChannelPacketGetClientContext(Got->Packet);

	EXPECT(context);
	PatternFill(context, 100, 7);
	EXPECT(ChainBytes(Mdl) > 0);
	AnswerXfer(Got, Mdl);
}

/* Without a size there is none; beside external data it is the driver's alone. */
static VOID client_context_does_not_meet_external_data(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	bed->Hold = TRUE;
	REQUIRE(BedStart(bed) && BedAwaitGot(bed, 1));
	EXPECT(!VmbChannelPacketGetClientContext(bed->Got[0].Packet));
	REQUIRE(XferBegin());
	XferEnd();
	VmbChannelDisable(x.Bed->Channel);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(x.Bed->Channel, 100), STATUS_SUCCESS);
	BedForget(x.Bed);
	x.On = ChecksContext;
	REQUIRE(BedStart(x.Bed) && GpadlNegotiate(x.Bed));
	REQUIRE_STATUS(VmbChannelCreateGpadlFromBuffer(x.Bed->Channel, 0, x.Memory, BYTES,
						       &x.Number), STATUS_SUCCESS);
	REQUIRE(GpadlMap(x.Bed, x.Number, 0, BYTES));
	EXPECT(Xfer(50, 0));
	XferEnd();
}

static LONG AtPassive, AtDispatch;

static VOID CountsLevels(PBED Bed, PGOT Got)
{
	if (Got->Irql == PASSIVE_LEVEL)
		AtPassive++;
	else if (Got->Irql == DISPATCH_LEVEL)
		AtDispatch++;
	BedKeep(Bed, Got);
}

/* TRUE: both callbacks; FALSE: back again. */
static VOID processing_at_passive_moves_both_callbacks(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	AtPassive = 0;
	AtDispatch = 0;
	bed->OnPacket = CountsLevels;
	VmbChannelSetIncomingProcessingAtPassive(bed->Channel, TRUE);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 64));
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(AtPassive, 64);
	EXPECT_EQ(bed->BatchIrql, PASSIVE_LEVEL);
	VmbChannelSetIncomingProcessingAtPassive(bed->Channel, FALSE);
	BedForget(bed);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 64));
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(AtDispatch, 64);
	EXPECT_EQ(bed->BatchIrql, DISPATCH_LEVEL);
}

/* No more are outstanding; a stall ends by completing, and not by raising the quota. */
static VOID quota_bounds_what_is_outstanding(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	bed->Hold = TRUE;
	VmbChannelSetTransactionQuota(bed->Channel, 3);
	VmbChannelSetTransactionQuota(bed->Channel, 0);	/* changes nothing */
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 3));
	EXPECT(BedGetsNoMore(bed));
	VmbChannelSetTransactionQuota(bed->Channel, 5);
	EXPECT(BedGetsNoMore(bed));
	BedAnswer(&bed->Got[1]);
	REQUIRE(BedAwaitGot(bed, 6));
	EXPECT(BedGetsNoMore(bed));
	/* Below what is outstanding: it has to sink under that first. */
	VmbChannelSetTransactionQuota(bed->Channel, 2);
	BedAnswer(&bed->Got[0]);
	BedAnswer(&bed->Got[2]);
	BedAnswer(&bed->Got[3]);
	EXPECT(BedGetsNoMore(bed));
	EXPECT_EQ(bed->GotCount, 6);
	BedAnswer(&bed->Got[4]);
	REQUIRE(BedAwaitGot(bed, 7));
}

/* Larger than 128 needs room, which is made when it is set before enabling. */
static VOID quota_above_the_default_makes_room(VOID)
{
	PBED bed = BedCreate(&SourceEndless);

	REQUIRE(bed);
	bed->Hold = TRUE;
	VmbChannelSetTransactionQuota(bed->Channel, 200);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 200));
	EXPECT(BedGetsNoMore(bed));
	EXPECT(GotRight(&bed->Got[199], 199));
	BedAnswerAll(bed);
}

static LONG WithFlag, WithoutFlag;

static VOID CountsFlag(PBED Bed, PGOT Got)
{
	if (Got->Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA)
		WithFlag++;
	else
		WithoutFlag++;
	BedKeep(Bed, Got);
}

/* Set for packets that have them, and for no other. */
static VOID flag_external_data_marks_those_that_have_them(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	REQUIRE_EQ(VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA, 0x1);
	WithFlag = 0;
	WithoutFlag = 0;
	bed->OnPacket = CountsFlag;
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 64));
	EXPECT_EQ(WithoutFlag, 64);
	EXPECT_EQ(WithFlag, 0);
	REQUIRE(XferBegin());	/* its callback expects the flag */
	EXPECT(Xfer(10, 0));
	XferEnd();
}

static UINT32 AllFlags;

static VOID CollectsFlags(PGOT Got, PMDL Mdl)
{
	AllFlags |= Got->Flags;
	AnswerXfer(Got, Mdl);
}

/* No packet has a flag outside the mask. */
static VOID process_packet_flags_are_all_in_the_mask(VOID)
{
	REQUIRE_EQ(VMBUS_CHANNEL_PROCESS_PACKET_FLAGS, 0x1);
	REQUIRE(XferBegin());
	AllFlags = 0;
	x.On = CollectsFlags;
	EXPECT(Xfer(10, 0));
	XferEnd();
	EXPECT_EQ(AllFlags, VMBUS_CHANNEL_PROCESS_PACKET_FLAGS);
}

static UINT32 WantedFlags;

static VOID GetsWithFlags(PBED Bed, PGOT Got)
{
	PMDL mdl = NULL, each;

	UNREFERENCED_PARAMETER(Bed);
	x.Packets++;
	EXPECT_STATUS(VmbChannelPacketGetExternalData(Got->Packet, WantedFlags, &mdl),
		      STATUS_SUCCESS);
	for (each = mdl; each; each = each->Next)
		EXPECT_EQ(!(each->MdlFlags & MDL_WRITE_OPERATION),
			  WantedFlags == VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY);
	AnswerXfer(Got, mdl);
}

/* The MDLs say whether they are for writing. */
static VOID flag_read_only_is_for_reading(VOID)
{
	REQUIRE_EQ(VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY, 0x1);
	REQUIRE(XferBegin());
	x.Bed->OnPacket = GetsWithFlags;
	WantedFlags = VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY;
	EXPECT(Xfer(10, 0));
	WantedFlags = 0;
	EXPECT(Xfer(10, 0));
	XferEnd();
}

static VOID TriesFlags(PGOT Got, PMDL Mdl)
{
	PMDL mdl = NULL;
	ULONG bit;

	for (bit = 1; bit < 32; bit++)
		EXPECT_STATUS(VmbChannelPacketGetExternalData(Got->Packet, 1u << bit, &mdl),
			      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(Got->Packet,
						      VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAGS,
						      &mdl), STATUS_SUCCESS);
	AnswerXfer(Got, Mdl);
}

static VOID external_data_flags_mask_has_all_that_are_known(VOID)
{
	REQUIRE_EQ(VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAGS, 0x1);
	REQUIRE(XferBegin());
	x.On = TriesFlags;
	EXPECT(Xfer(2, 0));
	XferEnd();
}

static const TEST_CASE Cases[] = {
	CASE(complete_sends_the_payload),
	CASE(complete_ends_the_packet_without_payload),
	CASE(complete_may_come_later_in_any_order),
	CASE(complete_ignores_handles_that_name_nothing),
	CASE(complete_works_while_cleanup_is_refused),
	CASE(defer_to_passive_delivers_again),
	CASE(defer_to_passive_is_for_the_callback_only),
	CASE(fail_stops_delivery),
	CASE(get_external_data_gives_a_chain),
	CASE(get_external_data_refuses_wrong_arguments),
	CASE(client_context_is_the_packets_own),
	CASE(client_context_does_not_meet_external_data),
	CASE(processing_at_passive_moves_both_callbacks),
	CASE(quota_bounds_what_is_outstanding),
	CASE(quota_above_the_default_makes_room),
	CASE(flag_external_data_marks_those_that_have_them),
	CASE(process_packet_flags_are_all_in_the_mask),
	CASE(flag_read_only_is_for_reading),
	CASE(external_data_flags_mask_has_all_that_are_known),
};

TEST_GROUP_DEFINE(receive, Cases);
