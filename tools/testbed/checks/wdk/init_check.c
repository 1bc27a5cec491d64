// SPDX-License-Identifier: GPL-2.0-only
/*
 * The init functions: what each sets, what it refuses, and that the channel has to be disabled.
 */
#include "host.h"

static VOID flags_refuse_what_is_unknown(VOID)
{
	PBED bed = BedCreate(&Echo);
	ULONG bit;

	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelInitSetFlags(NULL, 0), STATUS_INVALID_PARAMETER_1);
	for (bit = 1; bit < 32; bit++)
		EXPECT_STATUS(VmbChannelInitSetFlags(bed->Channel, 1u << bit),
			      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelInitSetFlags(bed->Channel, VMBUS_CHANNEL_INIT_FLAG_IS_PIPE),
		      STATUS_SUCCESS);
	/* The last call counts: the device is no pipe. */
	EXPECT_STATUS(VmbChannelInitSetFlags(bed->Channel, 0), STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(VmbChannelInitSetFlags(bed->Channel, 0), STATUS_INVALID_PARAMETER_1);
	BedSync(bed);
}

/* Sends Bytes and gets them back, or is refused. */
static VOID Echoes(PBED Bed, PUCHAR Memory, UINT32 Bytes, NTSTATUS Status)
{
	PSENT sent = SentCreate(Bed);

	REQUIRE(sent);
	sent->Expected = Memory;
	EXPECT_STATUS(VmbPacketSend(sent->Packet, Memory, Bytes, NULL, WAIT_FLAG), Status);
	if (Status == STATUS_SUCCESS)
		SentReturned(sent, Memory, Bytes);
}

static VOID maximum_packet_size_bounds_payloads(VOID)
{
	PBED bed = BedCreate(&Echo);
	PUCHAR memory = CaseAlloc(20001);
	VMBCHANNEL ch;

	REQUIRE(bed && memory);
	ch = bed->Channel;
	PatternFill(memory, 20001, 1);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(NULL, 8), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(ch, 0), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(ch, 524201), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(ch, MAXULONG),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(ch, 524200), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(ch, 20000), STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(ch, 8), STATUS_INVALID_PARAMETER_1);
	Echoes(bed, memory, 20000, STATUS_SUCCESS);
	Echoes(bed, memory, 20001, STATUS_INVALID_PARAMETER_3);
}

/* While packet objects exist their size cannot change. */
static VOID maximum_packet_size_waits_for_packets(VOID)
{
	VMBCHANNEL channel = CaseChannel();
	VMBPACKET packet;

	REQUIRE(channel);
	packet = VmbPacketAllocate(channel);
	REQUIRE(packet);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 8), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(channel, 8, 1),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetFlags(channel, 1), STATUS_INVALID_PARAMETER_1);
	VmbPacketFree(packet);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 8), STATUS_SUCCESS);
}

static VOID SendsMdl(PBED Bed, PMDL Mdl, NTSTATUS Status)
{
	PSENT sent = SentCreate(Bed);

	REQUIRE(sent);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, NULL, 0, Mdl, WAIT_FLAG), Status);
	if (Status == STATUS_SUCCESS)
		SentRead(sent, MmGetMdlByteCount(Mdl),
			 Crc32(0, MmGetMdlVirtualAddress(Mdl), MmGetMdlByteCount(Mdl)));
}

static VOID maximum_external_data_bounds_them(VOID)
{
	PBED bed = BedCreate(&Echo);
	PUCHAR memory = CaseAlloc(PAGE_SIZE);
	VMBCHANNEL ch;

	REQUIRE(bed && memory);
	ch = bed->Channel;
	PatternFill(memory, PAGE_SIZE, 2);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(NULL, 8, 1),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(ch, 0, 1), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(ch, (8u << 20) + 1, 1),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(ch, 1000, 0),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(ch, 1000, MAXULONG),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(ch, 1000, 1), STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(ch, 1000, 1),
		      STATUS_INVALID_PARAMETER_1);
	SendsMdl(bed, CaseMdl(memory, 1000), STATUS_SUCCESS);
	SendsMdl(bed, CaseMdl(memory, 1001), STATUS_INVALID_PARAMETER_4);
}

/* For every packet that is outstanding, so many bytes of its own. */
static VOID client_context_size_makes_room(VOID)
{
	PBED bed = BedCreate(&Source);
	PUCHAR one, other;
	VMBCHANNEL ch;

	REQUIRE(bed);
	ch = bed->Channel;
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(NULL, 8), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(ch, 65537), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(ch, 65536), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(ch, 3000), STATUS_SUCCESS);
	bed->Hold = TRUE;
	VmbChannelSetTransactionQuota(ch, 2);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(ch, 8), STATUS_INVALID_PARAMETER_1);
	REQUIRE(BedAwaitGot(bed, 2));
	one = VmbChannelPacketGetClientContext(bed->Got[0].Packet);
	other = VmbChannelPacketGetClientContext(bed->Got[1].Packet);
	REQUIRE(one && other);
	EXPECT(one + 3000 <= other || other + 3000 <= one);
	PatternFill(one, 3000, 1);
	PatternFill(other, 3000, 2);
	EXPECT(PatternHolds(one, 3000, 1));
	EXPECT(GotRight(&bed->Got[0], 0));
	EXPECT(GotRight(&bed->Got[1], 1));
}

static LONG FirstCalls, SecondCalls;
static KEVENT SecondHappened;

static VOID First(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer,
		  UINT32 BufferLength, UINT32 Flags)
{
	UNREFERENCED_PARAMETER(Channel);
	UNREFERENCED_PARAMETER(Buffer);
	UNREFERENCED_PARAMETER(BufferLength);
	UNREFERENCED_PARAMETER(Flags);
	FirstCalls++;
	VmbChannelPacketComplete(Packet, NULL, 0);
}

static VOID Second(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer,
		   UINT32 BufferLength, UINT32 Flags)
{
	UNREFERENCED_PARAMETER(Channel);
	UNREFERENCED_PARAMETER(Buffer);
	UNREFERENCED_PARAMETER(BufferLength);
	UNREFERENCED_PARAMETER(Flags);
	SecondCalls++;
	VmbChannelPacketComplete(Packet, NULL, 0);
	KeSetEvent(&SecondHappened, IO_NO_INCREMENT, FALSE);
}

/* Without a callback for batches too. */
static VOID process_packet_callbacks_are_the_last_set(VOID)
{
	PBED bed = BedCreate(&SourceOneWay);
	VMBCHANNEL ch;

	REQUIRE(bed);
	ch = bed->Channel;
	FirstCalls = 0;
	SecondCalls = 0;
	KeInitializeEvent(&SecondHappened, NotificationEvent, FALSE);
	EXPECT_STATUS(VmbChannelInitSetProcessPacketCallbacks(NULL, First, NULL),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetProcessPacketCallbacks(ch, First, NULL), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelInitSetProcessPacketCallbacks(ch, Second, NULL), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelInitSetProcessPacketCallbacks(ch, NULL, NULL),
		      STATUS_INVALID_PARAMETER_2);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(VmbChannelInitSetProcessPacketCallbacks(ch, First, NULL),
		      STATUS_INVALID_PARAMETER_1);
	AWAIT(&SecondHappened);
	VmbChannelDisable(ch);
	EXPECT_EQ(FirstCalls, 0);
	EXPECT(SecondCalls > 0);
	EXPECT_EQ(bed->GotCount, 0);
	EXPECT_EQ(bed->Batches, 0);
}

static VOID state_change_callbacks_need_version_and_size(VOID)
{
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS on;
	PBED bed = BedCreate(&Echo);
	VMBCHANNEL ch;

	REQUIRE(bed);
	ch = bed->Channel;
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&on);
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(NULL, &on),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(ch, NULL),
		      STATUS_INVALID_PARAMETER_2);
	on.Version = 2;
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(ch, &on), STATUS_INVALID_PARAMETER_2);
	on.Version = VMB_CHANNEL_STATE_CHANGE_CALLBACKS_VERSION;
	on.Size += 8;
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(ch, &on), STATUS_INVALID_PARAMETER_2);
	/* What was refused has changed nothing. */
	REQUIRE(BedStart(bed));
	on.Size -= 8;
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(ch, &on), STATUS_INVALID_PARAMETER_1);
	VmbChannelDisable(ch);
	EXPECT_ORDER(bed, "ospuc");
	/* None at all: the channel lives without. */
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(ch, &on), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(ch), STATUS_SUCCESS);
	BedSync(bed);
	VmbChannelDisable(ch);
	EXPECT_ORDER(bed, "ospuc");
}

/* One that is told of opening alone. */
static VMBCHANNEL CopiedChannel;

static NTSTATUS CopiedOpened(VMBCHANNEL Channel)
{
	CopiedChannel = Channel;
	return STATUS_SUCCESS;
}

/* The structure is copied, and registers nothing by being initialised. */
static VOID state_change_callbacks_structure_is_copied(VOID)
{
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS *on = CaseAlloc(sizeof(*on));
	PBED bed = BedCreate(&Echo);

	REQUIRE(bed && on);
	REQUIRE_EQ(sizeof(*on), 0x30);
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(on);
	on->EvtChannelOpened = CopiedOpened;
	CopiedChannel = NULL;
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(bed->Channel, on), STATUS_SUCCESS);
	RtlFillMemory(on, sizeof(*on), 0xa5);
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	BedSync(bed);
	EXPECT(CopiedChannel == bed->Channel);
	EXPECT_ORDER(bed, "");
}

static VOID callbacks_init_makes_them_empty(VOID)
{
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS on;

	RtlFillMemory(&on, sizeof(on), 0xa5);
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&on);
	EXPECT_EQ(on.Version, 1);
	EXPECT_EQ(on.Size, 0x30);
	EXPECT(!on.EvtChannelOpened && !on.EvtChannelClosed && !on.EvtChannelSuspend &&
	       !on.EvtChannelStarted && !on.EvtChannelPostStarted);
}

static VOID callbacks_version_is_1(VOID)
{
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS on;
	VMBCHANNEL channel = CaseChannel();

	REQUIRE(channel);
	EXPECT_EQ(VMB_CHANNEL_STATE_CHANGE_CALLBACKS_VERSION, 1);
	RtlZeroMemory(&on, sizeof(on));
	on.Size = sizeof(on);
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(channel, &on),
		      STATUS_INVALID_PARAMETER_2);
	on.Version = 1;
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(channel, &on), STATUS_SUCCESS);
	on.Version = 5;
	EXPECT_STATUS(VmbChannelInitSetStateChangeCallbacks(channel, &on),
		      STATUS_INVALID_PARAMETER_2);
}

static NTSTATUS Name(VMBCHANNEL Channel, PCWSTR Text)
{
	UNICODE_STRING name;

	RtlInitUnicodeString(&name, Text);
	return VmbChannelInitSetFriendlyName(Channel, &name);
}

/* Seen in debugfs from enabling on; a second channel of that name gets a number. */
static VOID friendly_name_is_given_once(VOID)
{
	PBED bed = BedCreate(&Echo), other = BedCreate(&EchoSlow);
	UNICODE_STRING empty = { 0 };

	REQUIRE(bed && other);
	EXPECT_STATUS(Name(NULL, L"x"), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetFriendlyName(bed->Channel, NULL),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelInitSetFriendlyName(bed->Channel, &empty),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(Name(bed->Channel, L"wdk name"), STATUS_SUCCESS);
	EXPECT_STATUS(Name(bed->Channel, L"another"), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(Name(other->Channel, L"wdk name"), STATUS_SUCCESS);
	EXPECT(!check_channel_named("wdk_name"));
	REQUIRE(BedStart(bed) && BedStart(other));
	EXPECT(check_channel_named("wdk_name"));
	EXPECT(check_channel_named("wdk_name-2"));
	EXPECT(!check_channel_named("another"));
	EXPECT_STATUS(Name(bed->Channel, L"late"), STATUS_INVALID_PARAMETER_2);
}

/* Not terminated, as long as its count says; 31 characters are kept. */
static VOID friendly_name_is_counted_and_cut(VOID)
{
	UNICODE_STRING part = { 6, 6, (PWCH)L"abcdef" };
	PBED bed = BedCreate(&Echo), other = BedCreate(&EchoSlow);

	REQUIRE(bed && other);
	EXPECT_STATUS(VmbChannelInitSetFriendlyName(bed->Channel, &part), STATUS_SUCCESS);
	EXPECT_STATUS(Name(other->Channel, L".\x00e9/ 6789012345678901234567890123"),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed) && BedStart(other));
	EXPECT(check_channel_named("abc"));
	EXPECT(check_channel_named("____678901234567890123456789012"));
}

/* What is too small to take the largest packet is refused by enabling. */
static VOID EnablesWith(PBED Bed, UINT32 Incoming, UINT32 Outgoing, NTSTATUS Status)
{
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(Bed->Channel, Incoming, Outgoing),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(Bed->Channel), Status);
	VmbChannelDisable(Bed->Channel);
}

static VOID ring_pages_bound_what_fits(VOID)
{
	PBED bed = BedCreate(&SourceWide);
	VMBCHANNEL ch;

	REQUIRE(bed);
	ch = bed->Channel;
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(NULL, 4, 4),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(ch, 0, 4),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(ch, 512, 4),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(ch, 4, 0),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(ch, 4, 512),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(ch, 8000), STATUS_SUCCESS);
	EnablesWith(bed, 16, 1, STATUS_INVALID_BUFFER_SIZE);
	EnablesWith(bed, 1, 16, STATUS_SUCCESS);
	/* The host has packets of 8,000 bytes, and sends none where they do not fit. */
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(ch, 1, 16), STATUS_SUCCESS);
	BedForget(bed);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(ch, 4, 16),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT(BedGetsNoMore(bed));
	VmbChannelDisable(ch);
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(ch, 4, 4), STATUS_SUCCESS);
	BedForget(bed);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitGot(bed, 4));
	EXPECT_EQ(bed->Got[0].Length, 8000);
}

static VOID target_is_type_and_instance(VOID)
{
	GUID zero = { 0 }, nobody = TargetInstance(&Nobody), instance;
	GUID echo = TargetInstance(&Echo);
	PBED bed = BedCreate(&Nobody);
	VMBCHANNEL ch;

	REQUIRE(bed);
	ch = bed->Channel;
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(NULL, Echo.Type, NULL, NULL),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(ch, NULL, &nobody, NULL),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(ch, &zero, NULL, NULL),
		      STATUS_INVALID_PARAMETER_2);
	/* An instance that nobody offers; a type that has none of that instance. */
	EXPECT_STATUS(VmbChannelEnable(ch), STATUS_SUCCESS);
	EXPECT(StaysAway(&bed->Happened[BED_OPENED]));
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(ch, Echo.Type, &echo, NULL),
		      STATUS_INVALID_PARAMETER_1);
	VmbChannelDisable(ch);
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(ch, Source.Type, &echo, NULL),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(ch), STATUS_SUCCESS);
	EXPECT(StaysAway(&bed->Happened[BED_OPENED]));
	VmbChannelDisable(ch);
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(ch, Echo.Type, &echo, NULL),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	VmbChannelGetInterfaceInstance(ch, &instance);
	EXPECT(IsEqualGUID(&instance, &echo));
}

/* Two of a type, whichever; never the same. */
static VOID target_without_instance_is_any(VOID)
{
	PBED one = BedCreate(&Nobody), other = BedCreate(&Nobody);
	GUID first, second;

	REQUIRE(one && other);
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(one->Channel, Gpadl.Type, NULL, NULL),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(other->Channel, Gpadl.Type, NULL, NULL),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(one) && BedStart(other));
	VmbChannelGetInterfaceInstance(one->Channel, &first);
	VmbChannelGetInterfaceInstance(other->Channel, &second);
	EXPECT(!IsEqualGUID(&first, &second));
	EXPECT_EQ(first.Data1, 0xc4ec0000);
	EXPECT_EQ(second.Data1, 0xc4ec0000);
}

static const TEST_CASE Cases[] = {
	CASE(flags_refuse_what_is_unknown),
	CASE(maximum_packet_size_bounds_payloads),
	CASE(maximum_packet_size_waits_for_packets),
	CASE(maximum_external_data_bounds_them),
	CASE(client_context_size_makes_room),
	CASE(process_packet_callbacks_are_the_last_set),
	CASE(state_change_callbacks_need_version_and_size),
	CASE(state_change_callbacks_structure_is_copied),
	CASE(callbacks_init_makes_them_empty),
	CASE(callbacks_version_is_1),
	CASE(friendly_name_is_given_once),
	CASE(friendly_name_is_counted_and_cut),
	CASE(ring_pages_bound_what_fits),
	CASE(target_is_type_and_instance),
	CASE(target_without_instance_is_any),
};

TEST_GROUP_DEFINE(init, Cases);
