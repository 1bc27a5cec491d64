// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet objects.
 */
#include "host.h"

#define MANY	8192	/* most objects of a channel */

static ULONG AllocateUpTo(VMBCHANNEL Channel, VMBPACKET *Packets, ULONG Most)
{
	ULONG count;

	for (count = 0; count < Most; count++) {
		Packets[count] = VmbPacketAllocate(Channel);
		if (!Packets[count])
			break;
	}
	return count;
}

/* At any level; up to 8,192 of a channel. */
static VOID allocate_gives_objects_up_to_a_limit(VOID)
{
	VMBPACKET *packets = CaseAlloc((MANY + 1) * sizeof(*packets));
	VMBCHANNEL channel = CaseChannel();
	ULONG count, i;
	KIRQL irql;

	REQUIRE(packets && channel);
	EXPECT(!VmbPacketAllocate(NULL));
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 8), STATUS_SUCCESS);
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	packets[0] = VmbPacketAllocate(channel);
	KeLowerIrql(irql);
	REQUIRE(packets[0]);
	count = 1 + AllocateUpTo(channel, packets + 1, MANY);
	EXPECT_EQ(count, MANY);
	EXPECT(packets[0] != packets[1]);
	for (i = 0; i < count; i++)
		VmbPacketFree(packets[i]);
}

/* The default routine: it frees the object, whatever came of the packet. */
static VOID allocated_objects_free_themselves(VOID)
{
	PBED bed = BedUp(&Echo);
	VMBPACKET packet;
	ULONG i;

	REQUIRE(bed);
	for (i = 0; i < 10; i++) {
		packet = VmbPacketAllocate(bed->Channel);
		REQUIRE(packet);
		EXPECT_STATUS(VmbPacketSend(packet, &i, sizeof(i), NULL, i % 2 ? WAIT_FLAG : 0),
			      STATUS_SUCCESS);
	}
	/* Were one left, the packet size could not be set. */
	BedSync(bed);
	VmbChannelDisable(bed->Channel);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(bed->Channel, 8), STATUS_SUCCESS);
}

/* NULL is ignored; what is freed can be had again. */
static VOID free_makes_room_for_another(VOID)
{
	VMBPACKET *packets = CaseAlloc((MANY + 1) * sizeof(*packets));
	VMBCHANNEL channel = CaseChannel();
	ULONG i;

	REQUIRE(packets && channel);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 8), STATUS_SUCCESS);
	VmbPacketFree(NULL);
	REQUIRE_EQ(AllocateUpTo(channel, packets, MANY), MANY);
	EXPECT(!VmbPacketAllocate(channel));
	VmbPacketFree(packets[100]);
	packets[100] = VmbPacketAllocate(channel);
	EXPECT(packets[100]);
	EXPECT(!VmbPacketAllocate(channel));
	for (i = 0; i < MANY; i++)
		VmbPacketFree(packets[i]);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 16), STATUS_SUCCESS);
}

/* Payload and external data are part of it, both as large as they may be. */
static VOID sizeof_packet_follows_the_maxima(VOID)
{
	VMBCHANNEL channel = CaseChannel();
	UINT32 small, large, external;

	REQUIRE(channel);
	EXPECT_EQ(VmbChannelSizeofPacket(NULL), 0);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 8), STATUS_SUCCESS);
	small = VmbChannelSizeofPacket(channel);
	EXPECT(small > 8 + sizeof(PVOID));
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 10008), STATUS_SUCCESS);
	large = VmbChannelSizeofPacket(channel);
	EXPECT_EQ(large - small, 10000);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(channel, 1 << 20, 4), STATUS_SUCCESS);
	external = VmbChannelSizeofPacket(channel);
	EXPECT(external > large + 256 * sizeof(PFN_NUMBER));
}

/* In the caller's memory, and in no byte behind it. */
static VOID initialize_makes_objects_in_own_memory(VOID)
{
	PBED bed = BedCreate(&Echo);
	UINT32 bytes;
	PUCHAR memory;
	PSENT sent;

	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(bed->Channel, 40), STATUS_SUCCESS);
	bytes = VmbChannelSizeofPacket(bed->Channel);
	memory = CaseAlloc(bytes + 64);
	REQUIRE(memory && BedStart(bed));
	PatternFill(memory, bytes + 64, 1);
	EXPECT_STATUS(VmbPacketInitialize(NULL, (VMBPACKET)memory, bytes),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbPacketInitialize(bed->Channel, NULL, bytes), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbPacketInitialize(bed->Channel, (VMBPACKET)(memory + 4), bytes),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbPacketInitialize(bed->Channel, (VMBPACKET)memory, bytes - 1),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT(PatternHolds(memory, bytes + 64, 1));
	REQUIRE_STATUS(VmbPacketInitialize(bed->Channel, (VMBPACKET)memory, bytes),
		       STATUS_SUCCESS);
	/* It has no routine yet. */
	EXPECT_STATUS(VmbPacketSend((VMBPACKET)memory, "own", 3, NULL, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_1);
	sent = SentOf(bed, (VMBPACKET)memory);
	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, "forty bytes: as many as are allowed here",
				     40, NULL, WAIT_FLAG), STATUS_SUCCESS);
	SentReturned(sent, "forty bytes: as many as are allowed here", 40);
	VmbChannelDisable(bed->Channel);
	EXPECT(PatternHoldsAt(memory, bytes, 1));
	EXPECT(PatternHoldsAt(memory, bytes + 63, 1));
}

/* The one that runs is the last set; NULL brings the default back. */
static VOID completion_routine_can_be_replaced(VOID)
{
	PBED bed = BedUp(&Echo);
	PSENT sent;

	REQUIRE(bed);
	sent = SentCreate(bed);
	REQUIRE(sent);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, "one", 3, NULL, WAIT_FLAG), STATUS_SUCCESS);
	REQUIRE(SentReturned(sent, "one", 3));
	/* It is the driver's: it can go again, and can be left to the default routine. */
	sent->Calls = 0;
	KeClearEvent(&sent->Done);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, "two", 3, NULL, WAIT_FLAG), STATUS_SUCCESS);
	REQUIRE(SentReturned(sent, "two", 3));
	sent->Calls = 0;
	VmbPacketSetCompletionRoutine(sent->Packet, NULL);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, "three", 5, NULL, WAIT_FLAG), STATUS_SUCCESS);
	sent->Allocated = FALSE;
	BedSync(bed);
	EXPECT_EQ(sent->Calls, 0);
	VmbChannelDisable(bed->Channel);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(bed->Channel, 8), STATUS_SUCCESS);
}

static VOID SendsAgain(PSENT Sent, PVOID Buffer, UINT32 Length)
{
	UNREFERENCED_PARAMETER(Buffer);
	UNREFERENCED_PARAMETER(Length);
	if (Sent->Calls < 9 && Sent->Status == STATUS_SUCCESS)
		EXPECT_STATUS(VmbPacketSend(Sent->Packet, "again", 5, NULL, WAIT_FLAG),
			      STATUS_SUCCESS);
}

/* In its routine a packet may be sent again: ten times. */
static VOID completion_routine_may_send_again(VOID)
{
	PBED bed = BedUp(&Echo);
	PSENT sent = bed ? SentCreate(bed) : NULL;

	REQUIRE(sent);
	sent->OnDone = SendsAgain;
	EXPECT_STATUS(VmbPacketSend(sent->Packet, "first", 5, NULL, WAIT_FLAG), STATUS_SUCCESS);
	REQUIRE(BedAwaitEnded(bed, 10));
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(sent->Calls, 10);
	EXPECT_EQ(bed->Ended, 10);
}

static VOID set_pointer_is_of_the_object(VOID)
{
	VMBCHANNEL channel = CaseChannel();
	VMBPACKET one, other;

	REQUIRE(channel);
	one = VmbPacketAllocate(channel);
	other = VmbPacketAllocate(channel);
	REQUIRE(one && other);
	VmbPacketSetPointer(one, &one);
	VmbPacketSetPointer(other, &other);
	EXPECT(VmbPacketGetPointer(one) == &one);
	VmbPacketSetPointer(one, NULL);
	EXPECT(!VmbPacketGetPointer(one));
	EXPECT(VmbPacketGetPointer(other) == &other);
	VmbPacketFree(one);
	VmbPacketFree(other);
}

/* NULL before the first set; kept while it is sent. */
static VOID get_pointer_survives_sending(VOID)
{
	PBED bed = BedUp(&Echo);
	VMBPACKET fresh;
	PSENT sent;

	REQUIRE(bed);
	EXPECT(!VmbPacketGetPointer(NULL));
	fresh = VmbPacketAllocate(bed->Channel);
	REQUIRE(fresh);
	EXPECT(!VmbPacketGetPointer(fresh));
	VmbPacketFree(fresh);
	sent = SentCreate(bed);
	REQUIRE(sent);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, "one", 3, NULL, WAIT_FLAG), STATUS_SUCCESS);
	REQUIRE(SentReturned(sent, "one", 3));
	EXPECT(VmbPacketGetPointer(sent->Packet) == sent);
}

/* Whose it is, for objects of either kind. */
static VOID get_channel_tells_whose_it_is(VOID)
{
	VMBCHANNEL one = CaseChannel(), other = CaseChannel();
	VMBPACKET first, second, own;

	REQUIRE(one && other);
	own = CaseAlloc(VmbChannelSizeofPacket(one));
	first = VmbPacketAllocate(one);
	second = VmbPacketAllocate(other);
	REQUIRE(own && first && second);
	EXPECT(!VmbPacketGetChannel(NULL));
	EXPECT(VmbPacketGetChannel(first) == one);
	EXPECT(VmbPacketGetChannel(second) == other);
	EXPECT_STATUS(VmbPacketInitialize(other, own, VmbChannelSizeofPacket(other)),
		      STATUS_SUCCESS);
	EXPECT(VmbPacketGetChannel(own) == other);
	VmbPacketFree(first);
	VmbPacketFree(second);
}

static const TEST_CASE Cases[] = {
	CASE(allocate_gives_objects_up_to_a_limit),
	CASE(allocated_objects_free_themselves),
	CASE(free_makes_room_for_another),
	CASE(sizeof_packet_follows_the_maxima),
	CASE(initialize_makes_objects_in_own_memory),
	CASE(completion_routine_can_be_replaced),
	CASE(completion_routine_may_send_again),
	CASE(set_pointer_is_of_the_object),
	CASE(get_pointer_survives_sending),
	CASE(get_channel_tells_whose_it_is),
};

TEST_GROUP_DEFINE(packet, Cases);
