// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flags of a channel; and a number whose value is all that there is.
 */
#include "host.h"

static VOID GetsMessage(PBED Bed, PGOT Got)
{
	EXPECT_EQ(Got->Length, 5);
	EXPECT(RtlEqualMemory(Got->Buffer, "hello", 5));
	EXPECT_EQ(Got->Flags, 0);
	VmbChannelPacketComplete(Got->Packet, NULL, 0);
	InterlockedIncrement(&Bed->GotCount);
	KeSetEvent(&Bed->GotEnough, IO_NO_INCREMENT, FALSE);
}

/* The device gives messages back as messages, with their exact length; there are no answers. */
static VOID is_pipe_sends_and_receives_messages(VOID)
{
	PBED bed = BedCreate(&EchoPipe);
	PSENT sent;

	REQUIRE_EQ(VMBUS_CHANNEL_INIT_FLAG_IS_PIPE, 0x1);
	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelInitSetFlags(bed->Channel, VMBUS_CHANNEL_INIT_FLAG_IS_PIPE),
		      STATUS_SUCCESS);
	bed->OnPacket = GetsMessage;
	REQUIRE(BedStart(bed));
	sent = SentCreate(bed);
	REQUIRE(sent);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, "hello", 5, NULL, WAIT_FLAG),
		      STATUS_NOT_SUPPORTED);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, "hello", 5, NULL, 0), STATUS_SUCCESS);
	REQUIRE(SentAwait(sent, STATUS_SUCCESS));
	AWAIT(&bed->GotEnough);
	EXPECT_EQ(bed->GotCount, 1);
}

/* One bit is known. */
static VOID channel_flags_mask_has_all_that_are_known(VOID)
{
	VMBCHANNEL channel = CaseChannel();
	ULONG bit;

	REQUIRE_EQ(VMBUS_CHANNEL_INIT_FLAGS, 0x1);
	REQUIRE(channel);
	EXPECT_STATUS(VmbChannelInitSetFlags(channel, VMBUS_CHANNEL_INIT_FLAGS), STATUS_SUCCESS);
	for (bit = 0; bit < 32; bit++)
		EXPECT_STATUS(VmbChannelInitSetFlags(channel, 1u << bit),
			      VMBUS_CHANNEL_INIT_FLAGS & 1u << bit ? STATUS_SUCCESS :
								    STATUS_INVALID_PARAMETER_2);
}

/* No function of KMCL's sets such data. */
static VOID server_maximum_offer_data_is_120(VOID)
{
	EXPECT_EQ(VMBUS_SERVER_CHANNEL_INIT_MAXIMUM_OFFER_DATA, 120);
}

static const TEST_CASE Cases[] = {
	CASE(is_pipe_sends_and_receives_messages),
	CASE(channel_flags_mask_has_all_that_are_known),
	CASE(server_maximum_offer_data_is_120),
};

TEST_GROUP_DEFINE(constant, Cases);
