// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to a channel that the host ends, and what a driver may not do in a callback.
 * The devices "gone" and "srcgone" are taken away a second after each opening, and come back; who
 * has opened one awaits that, so that the next finds it fresh.
 */
#include "host.h"

static PSENT SendSome(PBED Bed)
{
	PSENT sent = SentCreate(Bed);

	if (sent)
		EXPECT_STATUS(VmbPacketSend(sent->Packet, "some", 4, NULL, WAIT_FLAG),
			      STATUS_SUCCESS);
	return sent;
}

/* Suspend, closed, disabled: and it stays so until the driver enables it. */
static VOID rescind_closes_and_disables(VOID)
{
	PBED bed = BedUp(&EchoGone);

	REQUIRE(bed);
	AWAIT(&bed->Happened[BED_CLOSED]);
	/* It is disabled when closed has returned: this waits for that. */
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "ospuc");
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(bed->Channel, 16), STATUS_SUCCESS);
	BedForget(bed);
	REQUIRE(BedStart(bed));
	BedSync(bed);
	AWAIT(&bed->Happened[BED_CLOSED]);
}

static VOID EnablesAgain(PBED Bed)
{
	if (Bed->Called[BED_CLOSED] < 2)
		EXPECT_STATUS(VmbChannelEnable(Bed->Channel), STATUS_SUCCESS);
}

/* Whoever enables in closed waits for the next offer: three lives. */
static VOID closed_may_enable_again(VOID)
{
	PBED bed = BedCreate(&EchoGone);
	ULONG i;

	REQUIRE(bed);
	bed->On[BED_CLOSED] = EnablesAgain;
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	for (i = 0; i < 3; i++) {
		AWAIT(&bed->Happened[BED_CLOSED]);
		KeClearEvent(&bed->Happened[BED_CLOSED]);
	}
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "ospucospucospuc");
}

/* Larger and smaller than the default: each would be reason to set the channel up anew. */
static VOID ChangesQuota(PBED Bed)
{
	VmbChannelSetTransactionQuota(Bed->Channel, 300);
	VmbChannelSetTransactionQuota(Bed->Channel, 64);
}

static VOID ChangesQuotaAndEnables(PBED Bed)
{
	ChangesQuota(Bed);
	EnablesAgain(Bed);
}

/*
 * Right behind the enable, when the channel's worker has hardly begun, and again in every
 * callback: nothing is set up anew for it, which closed could not do.
 */
static VOID closed_may_enable_again_after_a_quota(VOID)
{
	PBED bed = BedCreate(&EchoGone);
	ULONG i;

	REQUIRE(bed);
	bed->On[BED_OPENED] = ChangesQuota;
	bed->On[BED_CLOSED] = EnablesAgain;
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	for (i = 0; i < 100; i++)
		ChangesQuota(bed);
	AWAIT(&bed->Happened[BED_CLOSED]);
	KeClearEvent(&bed->Happened[BED_CLOSED]);
	bed->On[BED_CLOSED] = ChangesQuotaAndEnables;
	AWAIT(&bed->Happened[BED_CLOSED]);
	KeClearEvent(&bed->Happened[BED_CLOSED]);
	AWAIT(&bed->Happened[BED_CLOSED]);
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "ospucospucospuc");
	/* An enable that can set it up anew does so now. */
	BedForget(bed);
	bed->On[BED_CLOSED] = NULL;
	REQUIRE(BedStart(bed));
	BedSync(bed);
	AWAIT(&bed->Happened[BED_CLOSED]);
}

/* A channel that is paused is only closed: it was suspended already. */
static VOID rescind_of_a_paused_channel_closes(VOID)
{
	PBED bed = BedCreate(&EchoGone);

	REQUIRE(bed);
	VmbChannelPause(bed->Channel);
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	AWAIT(&bed->Happened[BED_CLOSED]);
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "oc");
}

/* What the driver holds is awaited, and its answers harm nothing: the ring is gone. */
static VOID rescind_waits_for_received_packets(VOID)
{
	PBED bed = BedCreate(&SourceGone);

	REQUIRE(bed);
	bed->Hold = TRUE;
	VmbChannelSetTransactionQuota(bed->Channel, 8);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 8));
	AWAIT(&bed->Happened[BED_SUSPEND]);
	EXPECT(StaysAway(&bed->Happened[BED_CLOSED]));
	EXPECT(GotRight(&bed->Got[7], 7));
	BedAnswerAll(bed);
	AWAIT(&bed->Happened[BED_CLOSED]);
	EXPECT_EQ(bed->GotCount, 8);
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "ospuc");
}

static VOID SendsInClosed(PBED Bed)
{
	Bed->Case = SendSome(Bed);
	EXPECT_EQ(Bed->Ended, 0);
}

/* Sent in closed: it waits, and goes out when the channel is open again. */
static VOID packets_sent_in_closed_wait_for_the_next_open(VOID)
{
	PBED bed = BedCreate(&EchoGone);

	REQUIRE(bed);
	bed->On[BED_CLOSED] = SendsInClosed;
	REQUIRE(BedStart(bed));
	AWAIT(&bed->Happened[BED_CLOSED]);
	bed->On[BED_CLOSED] = NULL;
	REQUIRE(bed->Case);
	EXPECT(StaysAway(&((PSENT)bed->Case)->Done));
	KeClearEvent(&bed->Happened[BED_CLOSED]);
	REQUIRE_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	SentReturned(bed->Case, "some", 4);
	AWAIT(&bed->Happened[BED_CLOSED]);
}

static VOID MisusesCallback(PBED Bed)
{
	VmbChannelPause(Bed->Channel);
	VmbChannelStart(Bed->Channel);
	VmbChannelDisable(Bed->Channel);
	VmbChannelCleanup(Bed->Channel);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(Bed->Channel, 8),
		      STATUS_INVALID_PARAMETER_1);
}

/* They would wait for themselves: nothing happens, and the log says so. */
static VOID life_cycle_calls_in_a_callback_do_nothing(VOID)
{
	PBED bed = BedCreate(&Echo);

	REQUIRE(bed);
	bed->On[BED_OPENED] = MisusesCallback;
	bed->On[BED_POST_STARTED] = MisusesCallback;
	REQUIRE(BedStart(bed));
	EXPECT_ORDER(bed, "osp");
	BedSync(bed);
}

/* Ten times, each with all that a life has. */
static VOID life_repeats(VOID)
{
	PBED bed = BedCreate(&Echo);
	PSENT sent;
	ULONG i;

	REQUIRE(bed);
	for (i = 0; i < 10; i++) {
		BedForget(bed);
		REQUIRE(BedStart(bed));
		sent = SendSome(bed);
		REQUIRE(sent && SentReturned(sent, "some", 4));
		VmbChannelDisable(bed->Channel);
		EXPECT_ORDER(bed, "ospuc");
	}
}

static const TEST_CASE Cases[] = {
	CASE(rescind_closes_and_disables),
	CASE(closed_may_enable_again),
	CASE(closed_may_enable_again_after_a_quota),
	CASE(rescind_of_a_paused_channel_closes),
	CASE(rescind_waits_for_received_packets),
	CASE(packets_sent_in_closed_wait_for_the_next_open),
	CASE(life_cycle_calls_in_a_callback_do_nothing),
	CASE(life_repeats),
};

TEST_GROUP_DEFINE(state, Cases);
