// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions of a channel: its life cycle, and what may be asked of it at any time.
 */
#include "host.h"

#define MMIO_BYTES	(8ull << 20)	/* what the device "mmio" asks for */

/* Disabled: the init functions work, and it waits for nobody. */
static VOID allocate_makes_disabled_clients(VOID)
{
	VMBCHANNEL one = CaseChannel(), other = CaseChannel();
	GUID zero = { 0 }, instance = { 1 };

	REQUIRE(one && other);
	EXPECT(one != other);
	EXPECT(!VmbChannelGetPointer(one));
	VmbChannelGetInterfaceInstance(one, &instance);
	EXPECT(IsEqualGUID(&instance, &zero));
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(one, 16), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(one), STATUS_INVALID_DEVICE_STATE);
	EXPECT_STATUS(VmbChannelAllocate(CheckDeviceObject(), FALSE, NULL),
		      STATUS_INVALID_PARAMETER_3);
}

/* The defaults: packets of 4,096 bytes, no external data, no client context. */
static VOID allocate_gives_the_documented_defaults(VOID)
{
	PBED bed = BedUp(&Echo);
	PUCHAR memory = CaseAlloc(PAGE_SIZE + 1);
	PMDL mdl = memory ? CaseMdl(memory, 8) : NULL;
	PSENT sent = bed ? SentCreate(bed) : NULL;

	REQUIRE(sent && mdl);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, memory, 4097, NULL, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, memory, 8, mdl, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_4);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, memory, 4096, NULL, WAIT_FLAG),
		       STATUS_SUCCESS);
	REQUIRE(SentAwait(sent, STATUS_SUCCESS));
	EXPECT_EQ(sent->Length, 4096);
}

static VOID cleanup_refuses_what_is_in_use(VOID)
{
	PBED bed = BedUp(&Echo);
	VMBPACKET packet;

	REQUIRE(bed);
	VmbChannelCleanup(bed->Channel);
	REQUIRE(BedSync(bed));
	VmbChannelDisable(bed->Channel);
	packet = VmbPacketAllocate(bed->Channel);
	REQUIRE(packet);
	VmbChannelCleanup(bed->Channel);
	EXPECT(VmbChannelGetPointer(bed->Channel) == bed);
	VmbPacketFree(packet);
	BedForget(bed);
	REQUIRE(BedStart(bed));
	BedSync(bed);
}

static VOID enable_takes_the_offer_and_starts(VOID)
{
	PBED bed = BedCreate(&Echo);

	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelEnable(NULL), STATUS_INVALID_PARAMETER_1);
	REQUIRE_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_INVALID_DEVICE_STATE);
	AWAIT(&bed->Happened[BED_POST_STARTED]);
	EXPECT_ORDER(bed, "osp");
	BedSync(bed);
}

/* An offer that is not there yet is waited for; nothing is waited for in the call. */
static VOID enable_waits_for_an_offer(VOID)
{
	PBED holder = BedUp(&Echo), bed = BedCreate(&Echo);

	REQUIRE(holder && bed);
	REQUIRE_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	EXPECT(StaysAway(&bed->Happened[BED_OPENED]));
	/* It has never opened, so nothing is called. */
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "");
	VmbChannelDisable(holder->Channel);
	REQUIRE(BedStart(bed));
	BedSync(bed);
}

/* When it returns all is over, and the device is another's to take. */
static VOID disable_returns_when_all_is_over(VOID)
{
	PBED bed = BedUp(&EchoSilent), next = BedCreate(&EchoSilent);
	PSENT sent[8];
	ULONG i;

	REQUIRE(bed && next);
	for (i = 0; i < ARRAYSIZE(sent); i++) {
		sent[i] = SentCreate(bed);
		REQUIRE(sent[i]);
		REQUIRE_STATUS(VmbPacketSend(sent[i]->Packet, &i, sizeof(i), NULL, WAIT_FLAG),
			       STATUS_SUCCESS);
	}
	EXPECT_EQ(bed->Ended, 0);
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(bed->Ended, ARRAYSIZE(sent));
	EXPECT_EQ(bed->Called[BED_CLOSED], 1);
	EXPECT_ORDER(bed, "ospuc");
	for (i = 0; i < ARRAYSIZE(sent); i++)
		EXPECT_STATUS(sent[i]->Status, STATUS_DEVICE_REMOVED);
	VmbChannelDisable(bed->Channel);
	EXPECT_EQ(bed->Called[BED_CLOSED], 1);
	REQUIRE(BedStart(next));
}

typedef struct _PAUSER {
	PBED Bed;
	KEVENT Paused;
} PAUSER;

static VOID PauseIt(PVOID Context)
{
	PAUSER *pauser = Context;

	VmbChannelPause(pauser->Bed->Channel);
	KeSetEvent(&pauser->Paused, IO_NO_INCREMENT, FALSE);
}

/* Pause waits for the packets that the driver holds; nothing is delivered after it. */
static VOID pause_waits_for_received_packets(VOID)
{
	PAUSER *pauser = CaseAlloc(sizeof(*pauser));
	PBED bed = BedCreate(&Source);
	LONG got;

	REQUIRE(bed && pauser);
	pauser->Bed = bed;
	KeInitializeEvent(&pauser->Paused, NotificationEvent, FALSE);
	bed->Hold = TRUE;
	VmbChannelSetTransactionQuota(bed->Channel, 3);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 3));
	REQUIRE(CaseWork(PauseIt, pauser));
	AWAIT(&bed->Happened[BED_SUSPEND]);
	EXPECT(StaysAway(&pauser->Paused));
	BedAnswer(&bed->Got[0]);
	BedAnswer(&bed->Got[1]);
	EXPECT(StaysAway(&pauser->Paused));
	BedAnswer(&bed->Got[2]);
	AWAIT(&pauser->Paused);
	got = bed->GotCount;
	EXPECT_EQ(got, 3);
	EXPECT_ORDER(bed, "ospu");
	bed->Hold = FALSE;
	VmbChannelStart(bed->Channel);
	REQUIRE(BedAwaitGot(bed, got + 20));
}

/* Before enabling it arms: the channel is opened and not started. Start takes it back. */
static VOID pause_while_disabled_arms(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	VmbChannelPause(bed->Channel);
	REQUIRE_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	AWAIT(&bed->Happened[BED_OPENED]);
	EXPECT(StaysAway(&bed->Happened[BED_STARTED]));
	EXPECT_EQ(bed->GotCount, 0);
	EXPECT_ORDER(bed, "o");
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "oc");
	BedForget(bed);
	VmbChannelPause(bed->Channel);
	VmbChannelStart(bed->Channel);
	REQUIRE(BedStart(bed));
	EXPECT_ORDER(bed, "osp");
}

static VOID start_leaves_the_paused_state(VOID)
{
	PBED bed = BedCreate(&Source);

	REQUIRE(bed);
	VmbChannelPause(bed->Channel);
	REQUIRE_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	AWAIT(&bed->Happened[BED_OPENED]);
	VmbChannelStart(bed->Channel);
	AWAIT(&bed->Happened[BED_POST_STARTED]);
	EXPECT_ORDER(bed, "osp");
	REQUIRE(BedAwaitGot(bed, 20));
	VmbChannelPause(bed->Channel);
	KeClearEvent(&bed->Happened[BED_POST_STARTED]);
	VmbChannelStart(bed->Channel);
	AWAIT(&bed->Happened[BED_POST_STARTED]);
	EXPECT_ORDER(bed, "ospusp");
	/* It runs: nothing is left to start. */
	VmbChannelStart(bed->Channel);
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "ospuspuc");
}

/* At any level, in any state; the last one counts. */
static VOID set_pointer_replaces_what_was_set(VOID)
{
	VMBCHANNEL channel = CaseChannel();
	KIRQL irql;

	REQUIRE(channel);
	VmbChannelSetPointer(channel, &irql);
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	VmbChannelSetPointer(channel, channel);
	KeLowerIrql(irql);
	EXPECT(VmbChannelGetPointer(channel) == channel);
	VmbChannelSetPointer(channel, NULL);
	EXPECT(!VmbChannelGetPointer(channel));
}

/* Each channel has its own; it survives a life of the channel. */
static VOID get_pointer_gives_what_was_set(VOID)
{
	VMBCHANNEL other = CaseChannel();
	PBED bed = BedUp(&Echo);

	REQUIRE(other && bed);
	EXPECT(!VmbChannelGetPointer(other));
	EXPECT(!VmbChannelGetPointer(NULL));
	VmbChannelSetPointer(other, &bed->Case);
	EXPECT(VmbChannelGetPointer(bed->Channel) == bed);
	VmbChannelDisable(bed->Channel);
	EXPECT(VmbChannelGetPointer(bed->Channel) == bed);
	EXPECT(VmbChannelGetPointer(other) == &bed->Case);
}

/* Which of the devices of a type it got: known in the opened callback, unknown when closed. */
static GUID InstanceInOpened;

static VOID AskInstance(PBED Bed)
{
	VmbChannelGetInterfaceInstance(Bed->Channel, &InstanceInOpened);
}

static VOID interface_instance_is_that_of_the_offer(VOID)
{
	GUID zero = { 0 }, instance = { 1 }, expected = TargetInstance(&EchoSlow);
	PBED bed = BedCreate(&EchoSlow);

	REQUIRE(bed);
	bed->On[BED_OPENED] = AskInstance;
	VmbChannelGetInterfaceInstance(bed->Channel, &instance);
	EXPECT(IsEqualGUID(&instance, &zero));
	REQUIRE(BedStart(bed));
	EXPECT(IsEqualGUID(&InstanceInOpened, &expected));
	VmbChannelGetInterfaceInstance(bed->Channel, &instance);
	EXPECT(IsEqualGUID(&instance, &expected));
	VmbChannelDisable(bed->Channel);
	VmbChannelGetInterfaceInstance(bed->Channel, &instance);
	EXPECT(IsEqualGUID(&instance, &zero));
}

static VOID mmio_space_is_what_the_offer_asks_for(VOID)
{
	UINT64 address = 1, bytes = 1, again = 0;
	PBED bed = BedCreate(&EchoMmio);

	REQUIRE(bed);
	VmbChannelGetMmioSpace(bed->Channel, &address, &bytes);
	EXPECT_EQ(address, 0);
	EXPECT_EQ(bytes, 0);
	REQUIRE(BedStart(bed));
	VmbChannelGetMmioSpace(bed->Channel, &address, &bytes);
	EXPECT_EQ(bytes, MMIO_BYTES);
	EXPECT_EQ(address % (1ull << 20), 0);
	EXPECT(address >= 0xf8000000 && address + bytes <= 0xfc000000);
	VmbChannelGetMmioSpace(bed->Channel, &again, &bytes);
	EXPECT_EQ(again, address);
	VmbChannelDisable(bed->Channel);
	VmbChannelGetMmioSpace(bed->Channel, &address, &bytes);
	EXPECT_EQ(address, 0);
	EXPECT_EQ(bytes, 0);
}

static VOID mmio_space_is_zero_without_need(VOID)
{
	UINT64 address = 1, bytes = 1;
	PBED bed = BedUp(&Echo);

	REQUIRE(bed);
	VmbChannelGetMmioSpace(bed->Channel, &address, &bytes);
	EXPECT_EQ(address, 0);
	EXPECT_EQ(bytes, 0);
}

/* Even where the offer has a monitor, as that of "mmio". */
static VOID interrupt_latency_cannot_be_set(VOID)
{
	PBED bed = BedUp(&EchoMmio);
	UINT16 original = 0x1234;

	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelSetInterruptLatency(bed->Channel, 100, &original),
		      STATUS_NOT_SUPPORTED);
	EXPECT_EQ(original, 0x1234);
	EXPECT_STATUS(VmbChannelSetInterruptLatency(NULL, 100, &original),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelSetInterruptLatency(bed->Channel, 100, NULL),
		      STATUS_INVALID_PARAMETER_3);
}

/* Its offers are the host's: kmcl_loopback, which has a server's, is not loaded here. */
static VOID server_is_not_offered_by_the_hosts_bus(VOID)
{
	PBED server = BedServer(&Nobody);

	REQUIRE(server);
	EXPECT_STATUS(VmbChannelEnable(server->Channel), STATUS_NOT_SUPPORTED);
	EXPECT_ORDER(server, "");
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(server->Channel, 16), STATUS_SUCCESS);
}

static const TEST_CASE Cases[] = {
	CASE(allocate_makes_disabled_clients),
	CASE(allocate_gives_the_documented_defaults),
	CASE(cleanup_refuses_what_is_in_use),
	CASE(enable_takes_the_offer_and_starts),
	CASE(enable_waits_for_an_offer),
	CASE(disable_returns_when_all_is_over),
	CASE(pause_waits_for_received_packets),
	CASE(pause_while_disabled_arms),
	CASE(start_leaves_the_paused_state),
	CASE(set_pointer_replaces_what_was_set),
	CASE(get_pointer_gives_what_was_set),
	CASE(interface_instance_is_that_of_the_offer),
	CASE(mmio_space_is_what_the_offer_asks_for),
	CASE(mmio_space_is_zero_without_need),
	CASE(server_is_not_offered_by_the_hosts_bus),
	CASE(interrupt_latency_cannot_be_set),
};

TEST_GROUP_DEFINE(channel, Cases);
