// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers: both ends of each channel are here, and kmcl_loopback between them. No host.
 */
#include "host.h"

#define PAGES	4
#define BYTES	(PAGES * PAGE_SIZE)
#define MIB	(1ull << 20)

static const GUID LoopType = {
	0x77646b63, 0x6c6f, 0x4f70, { 0x80, 0x00, 0x74, 0x79, 0x70, 0x65, 0x00, 0x01 },
};
static const TARGET Loop = { &LoopType, "loop" };
static const TARGET OtherLoop = { &LoopType, "otherlp" };

/* Of the case that runs. Irql, Status: of each delivery with external data. */
static struct {
	PBED Server;
	PBED Client;
	PUCHAR Memory;
	UINT32 Gpadl;
	UINT32 Flags;
	LONG Deliveries;
	LONG Pended;
	KIRQL Irql;
	NTSTATUS Status;
	VMBPACKETCOMPLETION Before;
	BOOLEAN SameHandle;
	BOOLEAN Writable;
	KEVENT Done;
} l;

static VOID EchoIt(PBED Bed, PGOT Got)
{
	VmbChannelPacketComplete(Got->Packet, Got->Buffer, Got->Length);
	if (InterlockedIncrement(&Bed->GotCount) == Bed->GotWanted)
		KeSetEvent(&Bed->GotEnough, IO_NO_INCREMENT, FALSE);
}

/* Both ends, neither enabled; each takes external data. */
static BOOLEAN Ends(VOID)
{
	RtlZeroMemory(&l, sizeof(l));
	KeInitializeEvent(&l.Done, NotificationEvent, FALSE);
	l.Memory = CaseAlloc(BYTES);
	l.Server = l.Memory ? BedServer(&Loop) : NULL;
	l.Client = l.Server ? BedCreate(&Loop) : NULL;
	if (!l.Client)
		return FALSE;
	l.Server->OnPacket = EchoIt;
	l.Client->OnPacket = EchoIt;
	return EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(l.Server->Channel, BYTES, 4),
			     STATUS_SUCCESS) &&
	       EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(l.Client->Channel, BYTES, 4),
			     STATUS_SUCCESS);
}

static BOOLEAN Open(VOID)
{
	return BedOffer(l.Server) && BedStart(l.Client) &&
	       EXPECT(WaitFor(&l.Server->Happened[BED_POST_STARTED]));
}

static BOOLEAN Up(VOID)
{
	return Ends() && Open();
}

static BOOLEAN Echoes(PBED Bed)
{
	UCHAR answer[8];
	UINT32 size = sizeof(answer);

	return EXPECT_STATUS(BedRequest(Bed, "eight by", 8, answer, &size), STATUS_SUCCESS) &&
	       EXPECT_EQ(size, 8) && EXPECT(RtlEqualMemory(answer, "eight by", 8));
}

/* --- the life of a server --- */

static VOID begins_paused_and_start_lets_it_go(VOID)
{
	PSENT sent;

	REQUIRE(Ends());
	REQUIRE_STATUS(VmbChannelEnable(l.Server->Channel), STATUS_SUCCESS);
	REQUIRE(BedStart(l.Client));
	EXPECT_ORDER(l.Server, "o");
	sent = SentCreate(l.Client);
	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, "hello", 5, NULL, WAIT_FLAG), STATUS_SUCCESS);
	EXPECT(BedGetsNoMore(l.Server));
	VmbChannelStart(l.Server->Channel);
	REQUIRE(SentReturned(sent, "hello", 5));
	AWAIT(&l.Server->Happened[BED_POST_STARTED]);
	EXPECT_ORDER(l.Server, "osp");
	EXPECT_EQ(l.Server->GotCount, 1);
}

static VOID both_ends_send_and_answer(VOID)
{
	REQUIRE(Up());
	EXPECT(Echoes(l.Client));
	EXPECT(Echoes(l.Server));
	EXPECT_EQ(l.Server->GotCount, 1);
	EXPECT_EQ(l.Client->GotCount, 1);
}

/* Without being enabled anew. */
static VOID is_offered_again_after_closed(VOID)
{
	REQUIRE(Up());
	VmbChannelDisable(l.Client->Channel);
	AWAIT(&l.Server->Happened[BED_CLOSED]);
	EXPECT_ORDER(l.Server, "ospuc");
	EXPECT_STATUS(VmbChannelEnable(l.Server->Channel), STATUS_INVALID_DEVICE_STATE);
	EXPECT_STATUS(VmbServerChannelInitSetFlags(l.Server->Channel, 0),
		      STATUS_INVALID_PARAMETER_1);
	BedForget(l.Server);
	BedForget(l.Client);
	REQUIRE(BedStart(l.Client));
	AWAIT(&l.Server->Happened[BED_POST_STARTED]);
	EXPECT_ORDER(l.Server, "osp");
	EXPECT(Echoes(l.Client));
}

static VOID disable_takes_the_offer_back(VOID)
{
	REQUIRE(Up());
	VmbChannelDisable(l.Server->Channel);
	EXPECT_ORDER(l.Server, "ospuc");
	AWAIT(&l.Client->Happened[BED_CLOSED]);
	EXPECT_ORDER(l.Client, "ospuc");
	/* And it may be made another time: paused, until it is started. */
	BedForget(l.Server);
	BedForget(l.Client);
	VmbChannelDisable(l.Client->Channel);
	REQUIRE_STATUS(VmbChannelEnable(l.Server->Channel), STATUS_SUCCESS);
	REQUIRE(BedStart(l.Client));
	EXPECT_ORDER(l.Server, "o");
	VmbChannelStart(l.Server->Channel);
	AWAIT(&l.Server->Happened[BED_POST_STARTED]);
	EXPECT(Echoes(l.Client));
}

/* Its opened callback says no: the client is told, and the server stays. */
static VOID connection_refused_is_a_server_that_says_no(VOID)
{
	REQUIRE_EQ((ULONG)STATUS_CONNECTION_REFUSED, 0xc0000236);
	REQUIRE(Ends());
	l.Server->Refuse = STATUS_ACCESS_DENIED;
	REQUIRE(BedOffer(l.Server));
	REQUIRE_STATUS(VmbChannelEnable(l.Client->Channel), STATUS_SUCCESS);
	AWAIT(&l.Client->Happened[BED_PNP_FAILURE]);
	EXPECT_STATUS(l.Client->FailureStatus, STATUS_CONNECTION_REFUSED);
	EXPECT_ORDER(l.Server, "o");
	VmbChannelDisable(l.Client->Channel);
	l.Server->Refuse = STATUS_SUCCESS;
	BedForget(l.Server);
	REQUIRE(BedStart(l.Client));
	EXPECT(Echoes(l.Client));
}

/* --- the offer --- */

static VOID target_interface_id_is_what_clients_find(VOID)
{
	GUID instance = TargetInstance(&OtherLoop), zero = { 0 }, found;
	PBED other;

	REQUIRE(Ends());
	EXPECT_STATUS(VmbServerChannelInitSetTargetInterfaceId(NULL, LoopType, instance),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbServerChannelInitSetTargetInterfaceId(l.Server->Channel, zero, instance),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbServerChannelInitSetTargetInterfaceId(l.Server->Channel, LoopType, zero),
		      STATUS_INVALID_PARAMETER_3);
	/* The last one counts. */
	REQUIRE_STATUS(VmbServerChannelInitSetTargetInterfaceId(l.Server->Channel, LoopType,
								instance), STATUS_SUCCESS);
	VmbChannelGetInterfaceInstance(l.Server->Channel, &found);
	EXPECT(IsEqualGUID(&found, &instance));
	REQUIRE(BedOffer(l.Server));
	REQUIRE_STATUS(VmbChannelEnable(l.Client->Channel), STATUS_SUCCESS);
	other = BedCreate(&OtherLoop);
	REQUIRE(other && BedStart(other));
	VmbChannelGetInterfaceInstance(other->Channel, &found);
	EXPECT(IsEqualGUID(&found, &instance));
	EXPECT(StaysAway(&l.Client->Happened[BED_OPENED]));
}

static VOID a_server_without_interface_id_is_not_offered(VOID)
{
	VMBCHANNEL channel = NULL;

	REQUIRE_STATUS(VmbChannelAllocate(CheckDeviceObject(), TRUE, &channel), STATUS_SUCCESS);
	EXPECT_STATUS(VmbServerChannelInitSetFlags(
			channel, VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(channel), STATUS_INVALID_DEVICE_STATE);
	VmbChannelCleanup(channel);
}

static VOID object_name_collision_is_an_offer_made_twice(VOID)
{
	PBED second;

	REQUIRE(Ends());
	REQUIRE(BedOffer(l.Server));
	second = BedServer(&Loop);
	REQUIRE(second);
	EXPECT_STATUS(VmbChannelEnable(second->Channel), STATUS_OBJECT_NAME_COLLISION);
	VmbChannelDisable(l.Server->Channel);
	EXPECT_STATUS(VmbChannelEnable(second->Channel), STATUS_SUCCESS);
}

static VOID flags_refuse_what_is_unknown(VOID)
{
	REQUIRE(Ends());
	EXPECT_STATUS(VmbServerChannelInitSetFlags(NULL, 1), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbServerChannelInitSetFlags(l.Server->Channel, 0x20),
		      STATUS_INVALID_PARAMETER_2);
	/* What was refused has changed nothing. */
	REQUIRE(Open());
	EXPECT_STATUS(VmbServerChannelInitSetFlags(l.Server->Channel, 1),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT(Echoes(l.Client));
}

static VOID flags_mask_has_all_that_are_known(VOID)
{
	ULONG bit;

	REQUIRE_EQ(VMBUS_SERVER_CHANNEL_INIT_FLAGS, 0x1f);
	REQUIRE(Ends());
	EXPECT_STATUS(VmbServerChannelInitSetFlags(l.Server->Channel,
						   VMBUS_SERVER_CHANNEL_INIT_FLAGS),
		      STATUS_SUCCESS);
	for (bit = 0; bit < 32; bit++)
		EXPECT_STATUS(VmbServerChannelInitSetFlags(l.Server->Channel, 1u << bit),
			      VMBUS_SERVER_CHANNEL_INIT_FLAGS & 1u << bit ?
			      STATUS_SUCCESS : STATUS_INVALID_PARAMETER_2);
}

static VOID flag_loopback_offer_is_needed(VOID)
{
	REQUIRE_EQ(VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER, 0x01);
	REQUIRE(Ends());
	EXPECT_STATUS(VmbServerChannelInitSetFlags(l.Server->Channel, 0x1e), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(l.Server->Channel), STATUS_NOT_SUPPORTED);
	EXPECT_STATUS(VmbServerChannelInitSetFlags(l.Server->Channel, 0x01), STATUS_SUCCESS);
	REQUIRE(Open());
	EXPECT_EQ(check_offer_flags(l.Client->Channel), 0x100);
}

/* The client is told with the bits of the wire. */
static VOID Tells(UINT32 Flag, LONG Wire)
{
	REQUIRE(Ends());
	REQUIRE_STATUS(VmbServerChannelInitSetFlags(
			l.Server->Channel,
			VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER | Flag), STATUS_SUCCESS);
	REQUIRE(Open());
	EXPECT_EQ(check_offer_flags(l.Client->Channel), 0x100 | Wire);
	EXPECT(Echoes(l.Client));
}

#define TELLS(name, flag, value, wire)							\
	static VOID name(VOID)								\
	{										\
		REQUIRE_EQ(flag, value);						\
		Tells(flag, wire);							\
	}

TELLS(flag_enumerate_device_interface_is_told,
      VMBUS_SERVER_CHANNEL_INIT_FLAG_ENUMERATE_DEVICE_INTERFACE, 0x02, 0x1)
TELLS(flag_offer_as_pipe_is_told, VMBUS_SERVER_CHANNEL_INIT_FLAG_OFFER_AS_PIPE, 0x04, 0x10)
TELLS(flag_tlnpi_provider_offer_is_told,
      VMBUS_SERVER_CHANNEL_INIT_FLAG_TLNPI_PROVIDER_OFFER, 0x10, 0x2000)

static VOID mmio_megabytes_are_what_both_ends_get(VOID)
{
	UINT64 server, client, bytes;

	REQUIRE(Ends());
	EXPECT_STATUS(VmbServerChannelInitSetMmioMegabytes(NULL, 1, 0),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbServerChannelInitSetMmioMegabytes(l.Server->Channel, 0, 0),
		      STATUS_INVALID_PARAMETER);
	EXPECT_STATUS(VmbServerChannelInitSetMmioMegabytes(l.Server->Channel, 0, 1),
		      STATUS_SUCCESS);
	REQUIRE_STATUS(VmbServerChannelInitSetMmioMegabytes(l.Server->Channel, 1, 0),
		       STATUS_SUCCESS);
	REQUIRE(Open());
	VmbChannelGetMmioSpace(l.Server->Channel, &server, &bytes);
	EXPECT_EQ(bytes, MIB);
	VmbChannelGetMmioSpace(l.Client->Channel, &client, &bytes);
	EXPECT_EQ(bytes, MIB);
	EXPECT(server);
	EXPECT_EQ(server, client);
}

static VOID target_vtl_is_0(VOID)
{
	REQUIRE(Ends());
	EXPECT_STATUS(VmbServerChannelInitSetTargetVtl(NULL, 0), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbServerChannelInitSetTargetVtl(l.Server->Channel, 0), STATUS_SUCCESS);
	EXPECT_STATUS(VmbServerChannelInitSetTargetVtl(l.Server->Channel, 1),
		      STATUS_NOT_SUPPORTED);
	EXPECT_STATUS(VmbServerChannelInitSetTargetVtl(l.Server->Channel, 15),
		      STATUS_NOT_SUPPORTED);
	EXPECT_STATUS(VmbServerChannelInitSetTargetVtl(l.Server->Channel, 16),
		      STATUS_INVALID_PARAMETER_2);
	REQUIRE(Open());
	EXPECT_STATUS(VmbServerChannelInitSetTargetVtl(l.Server->Channel, 0),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT(Echoes(l.Client));
}

static VOID vmbus_handle_is_not_supported(VOID)
{
	REQUIRE(Ends());
	EXPECT_STATUS(VmbServerChannelInitSetVmbusHandle(NULL, (HANDLE)4),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbServerChannelInitSetVmbusHandle(l.Server->Channel, (HANDLE)4),
		      STATUS_NOT_SUPPORTED);
	REQUIRE(Open());
	EXPECT_STATUS(VmbServerChannelInitSetVmbusHandle(l.Server->Channel, (HANDLE)4),
		      STATUS_INVALID_PARAMETER_1);
}

static VOID convert_vmbus_handle_gives_none(VOID)
{
	HANDLE handle = (HANDLE)4;

	EXPECT_STATUS(VmbConvertVmbusHandleToKernelHandle((HANDLE)4, &handle),
		      STATUS_NOT_SUPPORTED);
	EXPECT(!handle);
	EXPECT_STATUS(VmbConvertVmbusHandleToKernelHandle((HANDLE)4, NULL),
		      STATUS_INVALID_PARAMETER_2);
}

/* --- what is the other end's --- */

static VOID a_server_refuses_what_is_a_clients(VOID)
{
	GUID instance = TargetInstance(&Loop);
	PMDL mdl = NULL;
	UINT32 number = 0;
	PSENT sent;

	REQUIRE(Ends());
	mdl = CaseMdl(l.Memory, PAGE_SIZE);
	REQUIRE(mdl);
	EXPECT_STATUS(VmbClientChannelInitSetTargetPnp(l.Server->Channel, &LoopType, &instance,
						       NULL), STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(l.Server->Channel, 4, 4),
		      STATUS_INVALID_DEVICE_REQUEST);
	REQUIRE(Open());
	sent = SentCreate(l.Server);
	REQUIRE(sent);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, NULL, 0, mdl, WAIT_FLAG),
		      STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbPacketSendWithExternalPfns(sent->Packet, NULL, 0, MmGetMdlPfnArray(mdl),
						    1, WAIT_FLAG), STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbChannelSendSynchronousRequest(l.Server->Channel, NULL, 0, mdl, WAIT_FLAG,
						       NULL, NULL, NULL),
		      STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbChannelCreateGpadlFromBuffer(l.Server->Channel, 0, l.Memory, PAGE_SIZE,
						      &number), STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbChannelCreateGpadlFromMdl(l.Server->Channel, 0, mdl, 0, 0, &number),
		      STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_EQ(number, 0);
	EXPECT_EQ(sent->Calls, 0);
}

static VOID a_client_refuses_what_is_a_servers(VOID)
{
	GUID instance = TargetInstance(&Loop);
	VMBCHANNEL client;
	PMDL mdl = NULL;

	REQUIRE(Ends());
	client = l.Client->Channel;
	EXPECT_STATUS(VmbServerChannelInitSetFlags(client, 1), STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbServerChannelInitSetMmioMegabytes(client, 1, 0),
		      STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbServerChannelInitSetTargetInterfaceId(client, LoopType, instance),
		      STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbServerChannelInitSetTargetVtl(client, 0), STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbServerChannelInitSetVmbusHandle(client, (HANDLE)4),
		      STATUS_INVALID_DEVICE_REQUEST);
	EXPECT_STATUS(VmbChannelMapGpadl(client, 0, 1, &mdl), STATUS_INVALID_DEVICE_REQUEST);
	EXPECT(!mdl);
}

/* --- external data of the client --- */

/* Reads and answers as an echo device; tells how it was delivered. */
static VOID ReadsIt(PBED Bed, PGOT Got)
{
	ECHO_COMPLETION answer = { 0 };
	PMDL mdl = NULL;

	InterlockedIncrement(&l.Deliveries);
	l.SameHandle = l.Before == Got->Packet;
	l.Before = Got->Packet;
	l.Irql = Got->Irql;
	EXPECT_EQ(Got->Flags, VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA);
	l.Status = VmbChannelPacketGetExternalData(Got->Packet, l.Flags, &mdl);
	if (l.Status == STATUS_PENDING) {
		InterlockedIncrement(&l.Pended);
		EXPECT(!mdl);
		return;
	}
	for (; mdl; mdl = mdl->Next) {
		l.Writable = !!(mdl->MdlFlags & MDL_WRITE_OPERATION);
		EXPECT(mdl->MdlFlags & MDL_PAGES_LOCKED);
		answer.Length += MmGetMdlByteCount(mdl);
		answer.Crc = Crc32(answer.Crc,
				   MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority),
				   MmGetMdlByteCount(mdl));
	}
	VmbChannelPacketComplete(Got->Packet, &answer, sizeof(answer));
	UNREFERENCED_PARAMETER(Bed);
}

static BOOLEAN Begin(VOID)
{
	if (!Ends())
		return FALSE;
	l.Server->OnPacket = ReadsIt;
	PatternFill(l.Memory, BYTES, 9);
	return TRUE;
}

/* Mdl is sent, and the server has seen it. */
static VOID Reads(PMDL Mdl, UINT32 Bytes, UINT32 Crc)
{
	PSENT sent = SentCreate(l.Client);

	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, "in band", 7, Mdl, WAIT_FLAG), STATUS_SUCCESS);
	EXPECT(SentRead(sent, Bytes, Crc));
	EXPECT(PatternHolds(l.Memory, BYTES, 9));
}

/* Within a page: their address is there, at any level. */
static VOID external_data_are_the_clients_memory(VOID)
{
	PMDL mdl;

	REQUIRE(Begin());
	mdl = CaseMdl(l.Memory + 100, PAGE_SIZE - 300);
	REQUIRE(mdl && Open());
	Reads(mdl, PAGE_SIZE - 300, Crc32(0, l.Memory + 100, PAGE_SIZE - 300));
	EXPECT_EQ(l.Irql, DISPATCH_LEVEL);
	EXPECT_STATUS(l.Status, STATUS_SUCCESS);
	EXPECT_EQ(l.Deliveries, 1);
	EXPECT(l.Writable);
	l.Flags = VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY;
	Reads(mdl, PAGE_SIZE - 300, Crc32(0, l.Memory + 100, PAGE_SIZE - 300));
	EXPECT(!l.Writable);
}

static UINT32 CrcOf(PMDL Mdl)
{
	UINT32 crc = 0;

	for (; Mdl; Mdl = Mdl->Next)
		crc = Crc32(crc, MmGetMdlVirtualAddress(Mdl), MmGetMdlByteCount(Mdl));
	return crc;
}

static VOID pending_is_a_success_and_the_packet_comes_again(VOID)
{
	PMDL mdl;

	REQUIRE_EQ((ULONG)STATUS_PENDING, 0x103);
	EXPECT(NT_SUCCESS(STATUS_PENDING));
	REQUIRE(Begin());
	mdl = CaseScattered(l.Memory, BYTES);
	REQUIRE(mdl && Open());
	Reads(mdl, BYTES, CrcOf(mdl));
	EXPECT_EQ(l.Pended, 1);
	EXPECT_EQ(l.Deliveries, 2);
	EXPECT_EQ(l.Irql, PASSIVE_LEVEL);
	EXPECT(!l.SameHandle);
	EXPECT_STATUS(l.Status, STATUS_SUCCESS);
}

static VOID at_passive_level_nothing_pends(VOID)
{
	PMDL mdl;

	REQUIRE(Begin());
	mdl = CaseScattered(l.Memory, BYTES);
	VmbChannelSetIncomingProcessingAtPassive(l.Server->Channel, TRUE);
	REQUIRE(mdl && Open());
	Reads(mdl, BYTES, CrcOf(mdl));
	EXPECT_EQ(l.Pended, 0);
	EXPECT_EQ(l.Deliveries, 1);
}

/* Kept, and asked for from elsewhere; each call gives the same; gone when it is completed. */
static VOID external_data_end_with_the_packet(VOID)
{
	PMDL mdl, one = NULL, other = NULL;
	PSENT sent;

	REQUIRE(Begin());
	l.Server->OnPacket = NULL;
	l.Server->Hold = TRUE;
	mdl = CaseScattered(l.Memory, BYTES);
	REQUIRE(mdl && Open());
	sent = SentCreate(l.Client);
	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, NULL, 0, mdl, WAIT_FLAG), STATUS_SUCCESS);
	REQUIRE(BedAwaitGot(l.Server, 1));
	EXPECT_STATUS(VmbChannelPacketGetExternalData(l.Server->Got[0].Packet, 2, &one),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(l.Server->Got[0].Packet, 0, &one),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(l.Server->Got[0].Packet, 0, &other),
		      STATUS_SUCCESS);
	REQUIRE(one && one == other);
	EXPECT_EQ(MmGetMdlByteCount(one), BYTES);
	EXPECT_EQ(MmGetMdlPfnArray(one)[0], MmGetMdlPfnArray(mdl)[0]);
	((PUCHAR)MmGetSystemAddressForMdlSafe(one, NormalPagePriority))[5] = 0x77;
	l.Server->Got[0].Held = FALSE;
	VmbChannelPacketComplete(l.Server->Got[0].Packet, NULL, 0);
	REQUIRE(SentAwait(sent, STATUS_SUCCESS));
	EXPECT_EQ(((PUCHAR)MmGetMdlVirtualAddress(mdl))[5], 0x77);
	EXPECT_STATUS(VmbChannelPacketGetExternalData(l.Server->Got[0].Packet, 0, &one),
		      STATUS_INVALID_PARAMETER_1);
}

static VOID not_found_is_a_packet_without_them(VOID)
{
	PMDL mdl = NULL;
	PSENT sent;

	REQUIRE(Ends());
	l.Server->OnPacket = NULL;
	l.Server->Hold = TRUE;
	REQUIRE(Open());
	sent = SentCreate(l.Client);
	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, "x", 1, NULL, WAIT_FLAG), STATUS_SUCCESS);
	REQUIRE(BedAwaitGot(l.Server, 1));
	EXPECT_STATUS(VmbChannelPacketGetExternalData(l.Server->Got[0].Packet, 0, &mdl),
		      STATUS_NOT_FOUND);
}

/* --- GPADLs of the client --- */

static BOOLEAN Share(UINT32 Flags)
{
	PatternFill(l.Memory, BYTES, 3);
	return EXPECT_STATUS(VmbChannelCreateGpadlFromBuffer(l.Client->Channel, Flags, l.Memory,
							     BYTES, &l.Gpadl), STATUS_SUCCESS);
}

static NTSTATUS Map(UINT32 Flags, PMDL *Mdl)
{
	return VmbChannelMapGpadl(l.Server->Channel, Flags, l.Gpadl, Mdl);
}

static VOID map_gpadl_gives_the_clients_memory(VOID)
{
	PMDL mdl = NULL;
	PUCHAR data;

	REQUIRE(Up() && Share(0));
	EXPECT_STATUS(VmbChannelMapGpadl(NULL, 0, l.Gpadl, &mdl), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(Map(2, &mdl), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(Map(0, NULL), STATUS_INVALID_PARAMETER_4);
	EXPECT_STATUS(VmbChannelMapGpadl(l.Server->Channel, 0, l.Gpadl + 1000, &mdl),
		      STATUS_NOT_FOUND);
	EXPECT(!mdl);
	REQUIRE_STATUS(Map(0, &mdl), STATUS_SUCCESS);
	EXPECT_EQ(MmGetMdlByteCount(mdl), BYTES);
	EXPECT_EQ(MmGetMdlByteOffset(mdl), 0);
	EXPECT(!mdl->Next);
	EXPECT(mdl->MdlFlags & MDL_PAGES_LOCKED);
	EXPECT(mdl->MdlFlags & MDL_WRITE_OPERATION);
	data = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
	REQUIRE(data);
	EXPECT(PatternHolds(data, BYTES, 3));
	PatternFill(data, BYTES, 4);
	EXPECT(PatternHolds(l.Memory, BYTES, 4));
	VmbChannelUnmapGpadl(l.Server->Channel, l.Gpadl);
	VmbChannelDeleteGpadl(l.Client->Channel, l.Gpadl);
}

static VOID device_busy_is_a_gpadl_in_use(VOID)
{
	PMDL mdl, other = NULL;

	REQUIRE_EQ((ULONG)STATUS_DEVICE_BUSY, 0x80000011);
	EXPECT(!NT_SUCCESS(STATUS_DEVICE_BUSY));
	REQUIRE(Up() && Share(0));
	REQUIRE_STATUS(Map(0, &mdl), STATUS_SUCCESS);
	EXPECT_STATUS(Map(0, &other), STATUS_DEVICE_BUSY);
	EXPECT(!other);
	VmbChannelUnmapGpadl(l.Server->Channel, l.Gpadl);
	EXPECT_STATUS(Map(0, &mdl), STATUS_SUCCESS);
	VmbChannelUnmapGpadl(l.Server->Channel, l.Gpadl);
	VmbChannelDeleteGpadl(l.Client->Channel, l.Gpadl);
}

static VOID read_only_gpadls_are_mapped_for_reading(VOID)
{
	PMDL mdl = NULL;

	REQUIRE(Up() && Share(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY));
	EXPECT_STATUS(Map(0, &mdl), STATUS_ACCESS_DENIED);
	EXPECT(!mdl);
	REQUIRE_STATUS(Map(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, &mdl), STATUS_SUCCESS);
	EXPECT(!(mdl->MdlFlags & MDL_WRITE_OPERATION));
	EXPECT(PatternHolds(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), BYTES, 3));
	VmbChannelUnmapGpadl(l.Server->Channel, l.Gpadl);
	VmbChannelDeleteGpadl(l.Client->Channel, l.Gpadl);
}

static VOID DeleteIt(PVOID Context)
{
	UNREFERENCED_PARAMETER(Context);
	VmbChannelDeleteGpadl(l.Client->Channel, l.Gpadl);
	KeSetEvent(&l.Done, IO_NO_INCREMENT, FALSE);
}

/* The second one is of nothing: it is logged. */
static VOID unmap_gpadl_lets_the_client_delete(VOID)
{
	PMDL mdl;

	REQUIRE(Up() && Share(0));
	REQUIRE_STATUS(Map(0, &mdl), STATUS_SUCCESS);
	REQUIRE(CaseWork(DeleteIt, NULL));
	EXPECT(StaysAway(&l.Done));
	EXPECT(PatternHolds(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), BYTES, 3));
	VmbChannelUnmapGpadl(l.Server->Channel, l.Gpadl);
	AWAIT(&l.Done);
	VmbChannelUnmapGpadl(l.Server->Channel, l.Gpadl);
	EXPECT_STATUS(Map(0, &mdl), STATUS_NOT_FOUND);
}

static VOID a_gpadl_is_mapped_while_the_channel_is_open(VOID)
{
	PMDL mdl = NULL;

	REQUIRE(Ends());
	EXPECT_STATUS(Map(0, &mdl), STATUS_DEVICE_NOT_CONNECTED);
	REQUIRE(BedOffer(l.Server));
	EXPECT_STATUS(Map(0, &mdl), STATUS_DEVICE_NOT_CONNECTED);
	EXPECT(!mdl);
}

static VOID Deletes(PBED Bed)
{
	VmbChannelDeleteGpadl(Bed->Channel, l.Gpadl);
}

/* The server forgets it: the client gets it back all the same, and the next one works. */
static VOID a_forgotten_view_is_taken_back(VOID)
{
	PMDL mdl;

	REQUIRE(Up() && Share(0));
	REQUIRE_STATUS(Map(0, &mdl), STATUS_SUCCESS);
	l.Client->On[BED_CLOSED] = Deletes;
	VmbChannelDisable(l.Client->Channel);
	l.Client->On[BED_CLOSED] = NULL;
	EXPECT(KeReadStateEvent(&l.Server->Happened[BED_CLOSED]));
	BedForget(l.Server);
	BedForget(l.Client);
	REQUIRE(BedStart(l.Client) && Share(0));
	REQUIRE_STATUS(Map(0, &mdl), STATUS_SUCCESS);
	EXPECT(PatternHolds(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), BYTES, 3));
	VmbChannelUnmapGpadl(l.Server->Channel, l.Gpadl);
	VmbChannelDeleteGpadl(l.Client->Channel, l.Gpadl);
}

static const TEST_CASE Cases[] = {
	CASE(begins_paused_and_start_lets_it_go),
	CASE(both_ends_send_and_answer),
	CASE(is_offered_again_after_closed),
	CASE(disable_takes_the_offer_back),
	CASE(connection_refused_is_a_server_that_says_no),
	CASE(target_interface_id_is_what_clients_find),
	CASE(a_server_without_interface_id_is_not_offered),
	CASE(object_name_collision_is_an_offer_made_twice),
	CASE(flags_refuse_what_is_unknown),
	CASE(flags_mask_has_all_that_are_known),
	CASE(flag_loopback_offer_is_needed),
	CASE(flag_enumerate_device_interface_is_told),
	CASE(flag_offer_as_pipe_is_told),
	CASE(flag_tlnpi_provider_offer_is_told),
	CASE(mmio_megabytes_are_what_both_ends_get),
	CASE(target_vtl_is_0),
	CASE(vmbus_handle_is_not_supported),
	CASE(convert_vmbus_handle_gives_none),
	CASE(a_server_refuses_what_is_a_clients),
	CASE(a_client_refuses_what_is_a_servers),
	CASE(external_data_are_the_clients_memory),
	CASE(pending_is_a_success_and_the_packet_comes_again),
	CASE(at_passive_level_nothing_pends),
	CASE(external_data_end_with_the_packet),
	CASE(not_found_is_a_packet_without_them),
	CASE(map_gpadl_gives_the_clients_memory),
	CASE(device_busy_is_a_gpadl_in_use),
	CASE(read_only_gpadls_are_mapped_for_reading),
	CASE(unmap_gpadl_lets_the_client_delete),
	CASE(a_gpadl_is_mapped_while_the_channel_is_open),
	CASE(a_forgotten_view_is_taken_back),
};

TEST_GROUP_DEFINE(server, Cases);
