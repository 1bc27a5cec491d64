// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests of another kind: without a bus, so before kmcl_vmbus is loaded; and with a little
 * memory through which all DMA has to go (swiotlb=...,force), as in a confidential VM, where
 * the direction of external data makes a difference.
 */
#include "host.h"

#define CHANNELS	1024
#define LARGE		(128u << 10)	/* what one packet takes of that memory */
#define MANY		64		/* of them are more than there is */

static VOID no_such_device_without_a_bus(VOID)
{
	PBED bed = BedCreate(&Echo);

	REQUIRE_EQ((ULONG)STATUS_NO_SUCH_DEVICE, 0xc000000e);
	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_NO_SUCH_DEVICE);
	EXPECT_ORDER(bed, "");
	/* It is disabled, as before. */
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(bed->Channel, 16), STATUS_SUCCESS);
}

static const TEST_CASE NoBusCases[] = {
	CASE(no_such_device_without_a_bus),
};

TEST_GROUP_DEFINE(nobus, NoBusCases);

/* One channel more than there may be; a place that was given back can be had again. */
static VOID cleanup_makes_room_for_another_channel(VOID)
{
	VMBCHANNEL *channels = CaseAlloc((CHANNELS + 1) * sizeof(*channels));
	NTSTATUS status = STATUS_SUCCESS;
	ULONG count = 0, i;

	REQUIRE(channels);
	while (status == STATUS_SUCCESS && count <= CHANNELS)
		status = VmbChannelAllocate(CheckDeviceObject(), FALSE, &channels[count++]);
	EXPECT_STATUS(status, STATUS_INSUFFICIENT_RESOURCES);
	EXPECT_EQ(--count, CHANNELS);
	VmbChannelCleanup(channels[500]);
	EXPECT_STATUS(VmbChannelAllocate(CheckDeviceObject(), FALSE, &channels[500]),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelAllocate(CheckDeviceObject(), FALSE, &channels[CHANNELS]),
		      STATUS_INSUFFICIENT_RESOURCES);
	for (i = 0; i < count; i++)
		VmbChannelCleanup(channels[i]);
}

/* A bed of its own for memory of 2 pages; no other may hold that device. */
static PBED UpForTwoPages(VOID)
{
	PBED bed = BedCreate(&EchoInvert);

	if (!bed)
		return NULL;
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(bed->Channel, 2 * PAGE_SIZE, 1),
		      STATUS_SUCCESS);
	return BedStart(bed) ? bed : NULL;
}

/* Sends memory with a pattern to a host that inverts it; it must then hold what Changes says. */
static VOID Sends(PBED Bed, UINT32 Flags, BOOLEAN Changes)
{
	PUCHAR memory = CaseAlloc(2 * PAGE_SIZE);
	PMDL mdl = memory ? CaseMdl(memory, 2 * PAGE_SIZE) : NULL;
	UINT32 crc, i, changed = 0;
	PSENT sent;

	REQUIRE(mdl);
	sent = SentCreate(Bed);
	REQUIRE(sent);
	PatternFill(memory, 2 * PAGE_SIZE, 1);
	crc = Crc32(0, memory, 2 * PAGE_SIZE);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, NULL, 0, mdl, WAIT_FLAG | Flags),
		       STATUS_SUCCESS);
	if (Flags & VMBUS_CHANNEL_FORMAT_FLAG_DATA_IN_ONLY)
		SentAwait(sent, STATUS_SUCCESS);
	else
		SentRead(sent, 2 * PAGE_SIZE, crc);
	for (i = 0; i < 2 * PAGE_SIZE; i++)
		changed += memory[i] == (UCHAR)~HVHOST_PATTERN(1, i);
	EXPECT_EQ(changed, Changes ? 2 * PAGE_SIZE : 0);
}

/* The host fills it: that comes back. */
static VOID flag_data_in_only_brings_back_what_the_host_wrote(VOID)
{
	PBED bed = UpForTwoPages();

	REQUIRE_EQ(VMBUS_CHANNEL_FORMAT_FLAG_DATA_IN_ONLY, 0x8);
	REQUIRE(bed);
	Sends(bed, VMBUS_CHANNEL_FORMAT_FLAG_DATA_IN_ONLY, TRUE);
	Sends(bed, 0, TRUE);
}

/* The host reads it: what it writes, though it should not, does not come back. */
static VOID flag_data_out_only_brings_nothing_back(VOID)
{
	PBED bed = UpForTwoPages();

	REQUIRE_EQ(VMBUS_CHANNEL_FORMAT_FLAG_DATA_OUT_ONLY, 0x10);
	REQUIRE(bed);
	Sends(bed, VMBUS_CHANNEL_FORMAT_FLAG_DATA_OUT_ONLY, FALSE);
	Sends(bed, 0, TRUE);
}

/* Nothing is left to map with: the packet stays the driver's; later there is again. */
static VOID insufficient_resources_is_a_mapping_not_to_be_had_now(VOID)
{
	PUCHAR memory = CaseAlloc(LARGE);
	PMDL mdl = memory ? CaseMdl(memory, LARGE) : NULL;
	NTSTATUS status = STATUS_SUCCESS;
	PBED bed = BedCreate(&EchoSilent);
	PSENT sent = NULL;
	ULONG count;

	REQUIRE_EQ((ULONG)STATUS_INSUFFICIENT_RESOURCES, 0xc000009a);
	REQUIRE(bed && mdl);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(bed->Channel, LARGE, 1),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	for (count = 0; status == STATUS_SUCCESS && count < MANY; count++) {
		sent = SentCreate(bed);
		REQUIRE(sent);
		status = VmbPacketSend(sent->Packet, NULL, 0, mdl, WAIT_FLAG);
	}
	EXPECT_STATUS(status, STATUS_INSUFFICIENT_RESOURCES);
	EXPECT(count > 1);
	EXPECT_EQ(sent->Calls, 0);
	VmbChannelDisable(bed->Channel);
	/* All that were sent have ended, this one has not begun. */
	EXPECT_EQ(bed->Ended, count - 1);
	EXPECT_EQ(sent->Calls, 0);
	BedForget(bed);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(VmbPacketSend(sent->Packet, NULL, 0, mdl, WAIT_FLAG), STATUS_SUCCESS);
	VmbChannelDisable(bed->Channel);
	SentAwait(sent, STATUS_DEVICE_REMOVED);
}

static const TEST_CASE ScarceCases[] = {
	CASE(flag_data_in_only_brings_back_what_the_host_wrote),
	CASE(flag_data_out_only_brings_nothing_back),
	CASE(insufficient_resources_is_a_mapping_not_to_be_had_now),
	CASE(cleanup_makes_room_for_another_channel),
};

TEST_GROUP_DEFINE(scarce, ScarceCases);
