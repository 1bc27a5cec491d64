// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server is saved, with packets that wait for their answers and packets that wait in the queue,
 * and another goes on with its client.
 */
#include "host.h"

#define STATE_MAX	(1u << 20)
#define PACKETS		30	/* more than fit into a ring */
#define DELIVERED	2	/* the client holds so many, and takes no more */
#define PAYLOAD		4096
#define PARTS		(PACKETS + 8)
#define MARK		0x5aedu

typedef struct _OWN {
	UINT32 Mark;
	UINT32 Number;
} OWN;

static const GUID LoopType = {
	0x77646b63, 0x6c6f, 0x4f70, { 0x80, 0x00, 0x74, 0x79, 0x70, 0x65, 0x00, 0x02 },
};
static const TARGET Loop = { &LoopType, "saved" };
static const TARGET OtherLoop = { &LoopType, "other" };

/*
 * Of the case that runs. Own: bytes that the driver says it has for each packet. Late: what the
 * save callback fails with when it has room. Asked, Written: its calls. Failure: of the restore
 * callback. Again: it tries the last packet too. Restored, Numbers: what it got.
 */
static struct {
	PBED Server;
	PBED Client;
	BOOLEAN Hold;
	PSENT Sent[PACKETS];
	PUCHAR State;
	UINT32 Bytes;
	UINT32 Own;
	NTSTATUS Late;
	LONG Asked;
	LONG Written;
	NTSTATUS Inside;
	NTSTATUS Failure;
	NTSTATUS External;
	BOOLEAN Again;
	LONG Count;
	PSENT Restored[PACKETS];
	UINT32 Numbers[PACKETS];
	ULONG Parts[PARTS];
	ULONG PartCount;
} s;

static UINT32 NumberOf(PSENT Sent)
{
	UINT32 i = 0;

	while (i < PACKETS && s.Sent[i] != Sent)
		i++;
	return i;
}

static NTSTATUS SavesIt(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize,
			PUINT32 BytesNeeded)
{
	OWN own = { MARK, NumberOf(VmbPacketGetPointer(Packet)) };

	EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
	EXPECT(Channel == s.Server->Channel && VmbPacketGetChannel(Packet) == Channel);
	s.Inside = VmbChannelSaveBegin(Channel);
	*BytesNeeded = s.Own;
	if (!s.Own)
		return STATUS_SUCCESS;
	if (!SaveBufSize) {
		s.Asked++;
		return STATUS_BUFFER_TOO_SMALL;
	}
	EXPECT_EQ(SaveBufSize, s.Own);
	s.Written++;
	RtlCopyMemory(SaveBuf, &own, sizeof(own));
	return s.Late;
}

static NTSTATUS TakesUp(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize)
{
	VMBPACKET packet = VmbPacketAllocate(Channel);
	PSENT sent = EXPECT(packet) ? SentOf(s.Server, packet) : NULL;

	if (!sent)
		return STATUS_INSUFFICIENT_RESOURCES;
	sent->Allocated = TRUE;
	/* The one before is in flight already. */
	if (s.Again && s.Count)
		EXPECT_STATUS(VmbPacketRestore(s.Restored[s.Count - 1]->Packet, LibBuf, LibBufSize),
			      STATUS_INVALID_PARAMETER_1);
	s.Restored[s.Count++] = sent;
	return VmbPacketRestore(packet, LibBuf, LibBufSize);
}

static NTSTATUS RestoresIt(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf,
			   UINT32 SaveBufSize)
{
	OWN own = { 0 };

	EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
	EXPECT(Channel == s.Server->Channel);
	EXPECT_EQ(SaveBufSize, s.Own);
	if (s.Failure)
		return s.Failure;
	if (SaveBufSize >= sizeof(own))
		RtlCopyMemory(&own, SaveBuf, sizeof(own));
	EXPECT_EQ(own.Mark, s.Own ? MARK : 0);
	if (!EXPECT(s.Count < PACKETS))
		return STATUS_INTERNAL_ERROR;
	s.Numbers[s.Count] = own.Number;
	return TakesUp(Channel, LibBuf, LibBufSize);
}

/* Answers with the number in the packet, at once or when it is told to. */
static VOID ClientGets(PBED Bed, PGOT Got)
{
	Got->Held = s.Hold;
	if (!s.Hold)
		VmbChannelPacketComplete(Got->Packet, Got->Buffer, 8);
	Bed->Got[Bed->GotCount] = *Got;
	if (InterlockedIncrement(&Bed->GotCount) == Bed->GotWanted)
		KeSetEvent(&Bed->GotEnough, IO_NO_INCREMENT, FALSE);
}

static VOID ClientAnswers(VOID)
{
	LONG i;

	s.Hold = FALSE;
	for (i = 0; i < DELIVERED; i++) {
		s.Client->Got[i].Held = FALSE;
		VmbChannelPacketComplete(s.Client->Got[i].Packet, s.Client->Got[i].Buffer, 8);
	}
}

static VOID ServerEchoes(PBED Bed, PGOT Got)
{
	UNREFERENCED_PARAMETER(Bed);
	VmbChannelPacketComplete(Got->Packet, Got->Buffer, Got->Length);
}

static BOOLEAN ServerCreate(const TARGET *Target)
{
	s.Server = BedServer(Target);
	if (!s.Server)
		return FALSE;
	s.Server->OnPacket = ServerEchoes;
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(s.Server->Channel, PAGE_SIZE, 1),
		      STATUS_SUCCESS);
	return EXPECT_STATUS(VmbServerChannelInitSetSaveRestorePacketCallbacks(
				s.Server->Channel, SavesIt, RestoresIt), STATUS_SUCCESS);
}

static BOOLEAN Ends(VOID)
{
	RtlZeroMemory(&s, sizeof(s));
	s.Own = sizeof(OWN);
	s.State = CaseAlloc(STATE_MAX);
	if (!s.State || !ServerCreate(&Loop))
		return FALSE;
	s.Client = BedCreate(&Loop);
	if (!s.Client)
		return FALSE;
	s.Client->OnPacket = ClientGets;
	return EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(s.Client->Channel, PAGE_SIZE, 1),
			     STATUS_SUCCESS);
}

static BOOLEAN Up(VOID)
{
	return Ends() && BedOffer(s.Server) && BedStart(s.Client) &&
	       EXPECT(WaitFor(&s.Server->Happened[BED_POST_STARTED]));
}

static BOOLEAN ServerSends(UINT32 Number)
{
	PUCHAR payload = CaseAlloc(PAYLOAD);

	s.Sent[Number] = SentCreate(s.Server);
	if (!payload || !s.Sent[Number])
		return FALSE;
	RtlCopyMemory(payload, &Number, sizeof(Number));
	return EXPECT_STATUS(VmbPacketSend(s.Sent[Number]->Packet, payload, PAYLOAD, NULL,
					   WAIT_FLAG), STATUS_SUCCESS);
}

/* Two are at the client, some in the ring, the rest in the queue. */
static BOOLEAN Busy(VOID)
{
	UINT32 i;

	if (!Ends())
		return FALSE;
	s.Hold = TRUE;
	VmbChannelSetTransactionQuota(s.Client->Channel, DELIVERED);
	if (!BedOffer(s.Server) || !BedStart(s.Client) ||
	    !EXPECT(WaitFor(&s.Server->Happened[BED_POST_STARTED])))
		return FALSE;
	for (i = 0; i < PACKETS; i++) {
		if (!ServerSends(i))
			return FALSE;
	}
	return BedAwaitGot(s.Client, DELIVERED);
}

static NTSTATUS Continue(PVOID Buffer, ULONG Size, PULONG Filled, PULONG Required)
{
	return VmbChannelSaveContinue(s.Server->Channel, Buffer, Size, Filled, Required);
}

/* In one piece. */
static NTSTATUS Save(VOID)
{
	ULONG filled, required;
	NTSTATUS status;

	VmbChannelPause(s.Server->Channel);
	status = VmbChannelSaveBegin(s.Server->Channel);
	if (!EXPECT_STATUS(status, STATUS_SUCCESS))
		return status;
	status = Continue(s.State, STATE_MAX, &filled, &required);
	s.Bytes = filled;
	EXPECT_EQ(required, 0);
	VmbChannelSaveEnd(s.Server->Channel);
	return status;
}

/* With what each call requires: one chunk each. */
static BOOLEAN SaveParts(VOID)
{
	ULONG filled = 0, required = 0, need = 0;
	NTSTATUS status;

	VmbChannelPause(s.Server->Channel);
	if (!EXPECT_STATUS(VmbChannelSaveBegin(s.Server->Channel), STATUS_SUCCESS))
		return FALSE;
	do {
		if (need) {
			status = Continue(s.State + s.Bytes, need - 1, &filled, &required);
			EXPECT_STATUS(status, STATUS_BUFFER_TOO_SMALL);
			EXPECT_EQ(filled, 0);
			EXPECT_EQ(required, need);
		}
		status = Continue(s.State + s.Bytes, need, &filled, &required);
		need = required;
		s.Bytes += filled;
		if (filled && EXPECT(s.PartCount < PARTS))
			s.Parts[s.PartCount++] = filled;
	} while (status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL);
	VmbChannelSaveEnd(s.Server->Channel);
	return EXPECT_STATUS(status, STATUS_SUCCESS);
}

static NTSTATUS Restore(PVOID Buffer, ULONG Bytes)
{
	return VmbChannelRestoreFromBuffer(s.Server->Channel, Buffer, Bytes);
}

/* What was sent ends without having been answered, and another server is made. */
static BOOLEAN Leave(const TARGET *Target)
{
	LONG i;

	VmbChannelDisable(s.Server->Channel);
	EXPECT_ORDER(s.Server, "ospuc");
	for (i = 0; i < PACKETS && s.Sent[i]; i++)
		SentAwait(s.Sent[i], STATUS_DEVICE_REMOVED);
	return ServerCreate(Target);
}

static VOID GoesOn(VOID)
{
	UINT32 i, number;

	REQUIRE(BedOffer(s.Server));
	AWAIT(&s.Server->Happened[BED_POST_STARTED]);
	EXPECT_ORDER(s.Server, "osp");
	ClientAnswers();
	for (i = 0; i < PACKETS; i++) {
		EXPECT_EQ(s.Numbers[i], i);
		REQUIRE(SentAwait(s.Restored[i], STATUS_SUCCESS));
		RtlCopyMemory(&number, s.Restored[i]->Answer, sizeof(number));
		EXPECT_EQ(number, i);
	}
	EXPECT_EQ(s.Client->GotCount, PACKETS);
	EXPECT_ORDER(s.Client, "osp");
}

/* --- cases --- */

static VOID packet_restore_brings_each_packet_back(VOID)
{
	UINT64 nothing = 0;

	REQUIRE(Busy());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	EXPECT_STATUS(VmbPacketRestore(NULL, &nothing, 8), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbPacketRestore(s.Sent[0]->Packet, NULL, 8), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbPacketRestore(s.Sent[0]->Packet, &nothing, 8),
		      STATUS_INVALID_DEVICE_STATE);
	REQUIRE(Leave(&Loop));
	s.Again = TRUE;
	REQUIRE_STATUS(Restore(s.State, s.Bytes), STATUS_SUCCESS);
	REQUIRE_EQ(s.Count, PACKETS);
	GoesOn();
}

/* As enabling it would be. */
static VOID restore_refuses_a_server_that_cannot_be_enabled(VOID)
{
	UINT64 nothing = 0;
	PBED server = BedServer(&OtherLoop);

	REQUIRE(server);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(server->Channel, PAGE_SIZE, 1),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(server->Channel, 65536),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelRestoreFromBuffer(server->Channel, &nothing, sizeof(nothing)),
		      STATUS_INVALID_BUFFER_SIZE);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(server->Channel, 8), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelRestoreFromBuffer(server->Channel, &nothing, sizeof(nothing)),
		      STATUS_INVALID_PARAMETER_2);
}

static VOID callbacks_are_both_needed(VOID)
{
	VMBCHANNEL channel;

	REQUIRE(Ends());
	channel = s.Server->Channel;
	EXPECT_STATUS(VmbServerChannelInitSetSaveRestorePacketCallbacks(NULL, SavesIt, RestoresIt),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, NULL, RestoresIt),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SavesIt, NULL),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(VmbServerChannelInitSetSaveRestorePacketCallbacks(s.Client->Channel, SavesIt,
									RestoresIt),
		      STATUS_INVALID_DEVICE_REQUEST);
	REQUIRE(BedOffer(s.Server));
	EXPECT_STATUS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SavesIt,
									RestoresIt),
		      STATUS_INVALID_PARAMETER_1);
}

/* Packets are saved without callbacks, and cannot be restored. */
static VOID without_callbacks_nothing_is_restored(VOID)
{
	REQUIRE(Busy());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	VmbChannelDisable(s.Server->Channel);
	s.Server = BedServer(&Loop);
	REQUIRE(s.Server);
	EXPECT_STATUS(Restore(s.State, s.Bytes), STATUS_NOT_SUPPORTED);
}

static VOID begin_wants_a_channel_that_is_quiet(VOID)
{
	REQUIRE(Ends());
	EXPECT_STATUS(VmbChannelSaveBegin(NULL), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelSaveBegin(s.Client->Channel), STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbChannelSaveBegin(s.Server->Channel), STATUS_SUCCESS);
	VmbChannelSaveEnd(s.Server->Channel);
	REQUIRE(BedOffer(s.Server) && BedStart(s.Client));
	AWAIT(&s.Server->Happened[BED_POST_STARTED]);
	EXPECT(BedSync(s.Client));
	EXPECT_STATUS(VmbChannelSaveBegin(s.Server->Channel), STATUS_INVALID_DEVICE_STATE);
	VmbChannelPause(s.Server->Channel);
	REQUIRE_STATUS(VmbChannelSaveBegin(s.Server->Channel), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelSaveBegin(s.Server->Channel), STATUS_INVALID_DEVICE_STATE);
	VmbChannelSaveEnd(s.Server->Channel);
}

static VOID continue_fills_what_it_is_given(VOID)
{
	ULONG filled = 1, required = 1;
	PUCHAR whole = CaseAlloc(STATE_MAX);
	UINT32 bytes;

	REQUIRE(whole && Busy());
	EXPECT_STATUS(VmbChannelSaveContinue(NULL, whole, 8, &filled, &required),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(Continue(NULL, 8, &filled, &required), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(Continue(whole, 8, NULL, &required), STATUS_INVALID_PARAMETER_4);
	EXPECT_STATUS(Continue(whole, 8, &filled, NULL), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(VmbChannelSaveContinue(s.Client->Channel, whole, 8, &filled, &required),
		      STATUS_INVALID_DEVICE_REQUEST);
	/* None was begun. */
	EXPECT_STATUS(Continue(whole, 8, &filled, &required), STATUS_INVALID_DEVICE_STATE);
	EXPECT_EQ(filled, 0);
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	bytes = s.Bytes;
	RtlCopyMemory(whole, s.State, bytes);
	s.Bytes = 0;
	REQUIRE(SaveParts());
	EXPECT(s.PartCount >= PACKETS);
	EXPECT_EQ(s.Bytes, bytes);
	/* Behind the first header stand 8 bytes that each save chooses anew. */
	EXPECT(!RtlEqualMemory(whole + 16, s.State + 16, 8));
	EXPECT(RtlEqualMemory(whole, s.State, 16));
	EXPECT(RtlEqualMemory(whole + 24, s.State + 24, bytes - 24));
}

static BOOLEAN Echoes(VOID)
{
	UINT64 answer = 0;
	UINT32 size = sizeof(answer);

	return EXPECT_STATUS(BedRequest(s.Client, "eight by", 8, &answer, &size),
			     STATUS_SUCCESS) && EXPECT(RtlEqualMemory(&answer, "eight by", 8));
}

/* Not complete, or called off by a start: the channel is as it was. */
static VOID end_lets_the_channel_go_on(VOID)
{
	ULONG filled, required;

	REQUIRE(Up());
	VmbChannelPause(s.Server->Channel);
	REQUIRE_STATUS(VmbChannelSaveBegin(s.Server->Channel), STATUS_SUCCESS);
	EXPECT_STATUS(Continue(NULL, 0, &filled, &required), STATUS_BUFFER_TOO_SMALL);
	EXPECT(required);
	VmbChannelSaveEnd(s.Server->Channel);
	VmbChannelStart(s.Server->Channel);
	EXPECT(Echoes());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	VmbChannelStart(s.Server->Channel);
	EXPECT(Echoes());
	EXPECT_ORDER(s.Client, "osp");
}

static VOID restore_takes_whole_chunks(VOID)
{
	REQUIRE(Busy());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelRestoreFromBuffer(NULL, s.State, s.Bytes),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelRestoreFromBuffer(s.Client->Channel, s.State, s.Bytes),
		      STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(Restore(s.State, s.Bytes), STATUS_INVALID_DEVICE_STATE);
	REQUIRE(Leave(&OtherLoop));
	EXPECT_STATUS(Restore(s.State, s.Bytes), STATUS_INVALID_PARAMETER_2);
	REQUIRE(ServerCreate(&Loop));
	EXPECT_STATUS(Restore(NULL, s.Bytes), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(Restore(s.State, s.Bytes - 1), STATUS_INVALID_PARAMETER_2);
	s.State[0] ^= 1;
	EXPECT_STATUS(Restore(s.State, s.Bytes), STATUS_DEVICE_PROTOCOL_ERROR);
	s.State[0] ^= 1;
	EXPECT_EQ(s.Count, 0);
	/* None of that has changed anything. */
	REQUIRE_STATUS(Restore(s.State, s.Bytes), STATUS_SUCCESS);
	GoesOn();
}

static VOID more_processing_required_is_a_part_restored(VOID)
{
	PUCHAR at;
	ULONG i;

	REQUIRE_EQ((ULONG)STATUS_MORE_PROCESSING_REQUIRED, 0xc0000016);
	EXPECT(!NT_SUCCESS(STATUS_MORE_PROCESSING_REQUIRED));
	REQUIRE(Busy() && SaveParts() && Leave(&Loop));
	for (at = s.State, i = 0; i < s.PartCount; at += s.Parts[i++])
		REQUIRE_STATUS(Restore(at, s.Parts[i]), i + 1 < s.PartCount ?
			       STATUS_MORE_PROCESSING_REQUIRED : STATUS_SUCCESS);
	REQUIRE_EQ(s.Count, PACKETS);
	GoesOn();
}

/* Once without room, and once more with as much as it wants. */
static VOID save_packet_is_asked_twice(VOID)
{
	REQUIRE(Busy());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	EXPECT_EQ(s.Asked, PACKETS);
	EXPECT_EQ(s.Written, PACKETS);
	EXPECT_STATUS(s.Inside, STATUS_POSSIBLE_DEADLOCK);
	/* It may have nothing to say. */
	s.Own = 0;
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	EXPECT_EQ(s.Asked, PACKETS);
	/* What it fails with comes out, unless it would tell the caller to go on. */
	s.Own = sizeof(OWN);
	s.Late = STATUS_ACCESS_DENIED;
	EXPECT_STATUS(Save(), STATUS_ACCESS_DENIED);
	s.Late = STATUS_BUFFER_TOO_SMALL;
	EXPECT_STATUS(Save(), STATUS_UNSUCCESSFUL);
	s.Late = STATUS_BUFFER_OVERFLOW;
	EXPECT_STATUS(Save(), STATUS_UNSUCCESSFUL);
	s.Late = STATUS_SUCCESS;
	s.Own = 65537;
	EXPECT_STATUS(Save(), STATUS_INVALID_BUFFER_SIZE);
}

static VOID restore_packet_gets_what_was_saved(VOID)
{
	REQUIRE(Busy());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	REQUIRE(Leave(&Loop));
	s.Failure = STATUS_ACCESS_DENIED;
	EXPECT_STATUS(Restore(s.State, s.Bytes), STATUS_ACCESS_DENIED);
	VmbChannelDisable(s.Server->Channel);
	s.Failure = STATUS_DEVICE_NOT_READY;
	EXPECT_STATUS(Restore(s.State, s.Bytes), STATUS_UNSUCCESSFUL);
	VmbChannelDisable(s.Server->Channel);
	s.Failure = STATUS_SUCCESS;
	REQUIRE_STATUS(Restore(s.State, s.Bytes), STATUS_SUCCESS);
	GoesOn();
}

/* A driver that saves nothing of its own. */
static VOID packets_alone_are_restored_too(VOID)
{
	LONG i;

	REQUIRE(Busy());
	s.Own = 0;
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	REQUIRE(Leave(&Loop));
	REQUIRE_STATUS(Restore(s.State, s.Bytes), STATUS_SUCCESS);
	for (i = 0; i < s.Count; i++)
		s.Numbers[i] = i;
	GoesOn();
}

static VOID LooksIntoIt(PBED Bed, PGOT Got)
{
	PMDL mdl;

	UNREFERENCED_PARAMETER(Bed);
	s.External = VmbChannelPacketGetExternalData(Got->Packet, 0, &mdl);
	VmbChannelPacketComplete(Got->Packet, s.External == STATUS_SUCCESS ?
				 MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) : NULL,
				 s.External == STATUS_SUCCESS ? 8 : 0);
}

/* The channel has all that it was set up with. */
static VOID a_restored_channel_has_its_settings(VOID)
{
	PUCHAR memory = CaseAlloc(PAGE_SIZE);
	PMDL mdl = memory ? CaseMdl(memory, PAGE_SIZE) : NULL;
	PSENT sent;

	REQUIRE(mdl && Up());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	REQUIRE(Leave(&Loop));
	REQUIRE_STATUS(Restore(s.State, s.Bytes), STATUS_SUCCESS);
	s.Server->OnPacket = LooksIntoIt;
	REQUIRE(BedOffer(s.Server));
	RtlCopyMemory(memory, "external", 8);
	sent = SentCreate(s.Client);
	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, NULL, 0, mdl, WAIT_FLAG), STATUS_SUCCESS);
	EXPECT(SentReturned(sent, "external", 8));
	EXPECT_STATUS(s.External, STATUS_SUCCESS);
}

/* What was restored ends, and so does the client. */
static VOID flag_force_new_channel_abandons_the_client(VOID)
{
	LONG i;

	REQUIRE_EQ(VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL, 0x08);
	REQUIRE(Busy());
	EXPECT_EQ(check_offer_flags(s.Client->Channel), 0x100);
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	REQUIRE(Leave(&Loop));
	REQUIRE_STATUS(VmbServerChannelInitSetFlags(
			s.Server->Channel,
			VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER |
			VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL), STATUS_SUCCESS);
	REQUIRE_STATUS(Restore(s.State, s.Bytes), STATUS_SUCCESS);
	REQUIRE(BedOffer(s.Server));
	for (i = 0; i < PACKETS; i++)
		REQUIRE(SentAwait(s.Restored[i], STATUS_DEVICE_REMOVED));
	ClientAnswers();
	AWAIT(&s.Client->Happened[BED_CLOSED]);
}

/* Packet objects are left, so the channel stays, and the log says so; what was restored ends. */
static VOID cleanup_ends_what_was_restored(VOID)
{
	DECLARE_CONST_UNICODE_STRING(name, L"restored");
	LONG i;

	REQUIRE(Busy());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	REQUIRE(Leave(&Loop));
	EXPECT_STATUS(VmbChannelInitSetFriendlyName(s.Server->Channel, &name), STATUS_SUCCESS);
	REQUIRE_STATUS(Restore(s.State, s.Bytes), STATUS_SUCCESS);
	VmbChannelCleanup(s.Server->Channel);
	for (i = 0; i < PACKETS; i++)
		REQUIRE(SentAwait(s.Restored[i], STATUS_DEVICE_REMOVED));
	ClientAnswers();
}

/* Restored and never enabled: nothing is left to end before, and the log says nothing. */
static VOID cleanup_of_a_restored_channel_is_one_call(VOID)
{
	VMBCHANNEL channel = NULL;

	REQUIRE(Up());
	REQUIRE_STATUS(Save(), STATUS_SUCCESS);
	VmbChannelDisable(s.Server->Channel);
	REQUIRE_STATUS(VmbChannelAllocate(CheckDeviceObject(), TRUE, &channel), STATUS_SUCCESS);
	EXPECT_STATUS(VmbServerChannelInitSetTargetInterfaceId(channel, LoopType,
							       TargetInstance(&Loop)),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelRestoreFromBuffer(channel, s.State, s.Bytes), STATUS_SUCCESS);
	/* As what was restored was judged by it. */
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 64), STATUS_INVALID_PARAMETER_1);
	VmbChannelCleanup(channel);
}

static const TEST_CASE Cases[] = {
	CASE(packet_restore_brings_each_packet_back),
	CASE(restore_refuses_a_server_that_cannot_be_enabled),
	CASE(callbacks_are_both_needed),
	CASE(without_callbacks_nothing_is_restored),
	CASE(begin_wants_a_channel_that_is_quiet),
	CASE(continue_fills_what_it_is_given),
	CASE(end_lets_the_channel_go_on),
	CASE(restore_takes_whole_chunks),
	CASE(more_processing_required_is_a_part_restored),
	CASE(save_packet_is_asked_twice),
	CASE(restore_packet_gets_what_was_saved),
	CASE(packets_alone_are_restored_too),
	CASE(a_restored_channel_has_its_settings),
	CASE(flag_force_new_channel_abandons_the_client),
	CASE(cleanup_ends_what_was_restored),
	CASE(cleanup_of_a_restored_channel_is_one_call),
};

TEST_GROUP_DEFINE(save, Cases);
