// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that knows the library by its table alone: every member is called through it, and
 * does its work.
 */
#include "host.h"

#define BYTES	(4 * PAGE_SIZE)

typedef enum _MODE {
	ANSWER,
	DEFER,		/* the next one, then ANSWER */
	FAIL,
} MODE;

static struct {
	KMCL_CLIENT_INTERFACE_V1 Kmcl;
	VMBCHANNEL Channel;
	MODE Mode;
	LONG Deferred;
	LONG Ended;
	LONG Started;
	KEVENT Open;
	KEVENT Suspended;
	KEVENT Closed;
	KEVENT Done;
	KEVENT Failed;
} t;

static VOID OnPostStarted(VMBCHANNEL Channel)
{
	EXPECT(t.Kmcl.VmbChannelGetPointer(Channel) == &t);
	t.Started++;
	KeSetEvent(&t.Open, IO_NO_INCREMENT, FALSE);
}

static VOID OnSuspend(VMBCHANNEL Channel)
{
	UNREFERENCED_PARAMETER(Channel);
	KeSetEvent(&t.Suspended, IO_NO_INCREMENT, FALSE);
}

static VOID OnClosed(VMBCHANNEL Channel)
{
	UNREFERENCED_PARAMETER(Channel);
	KeSetEvent(&t.Closed, IO_NO_INCREMENT, FALSE);
}

/* A transfer page packet of the gpadl device. */
static VOID Answer(VMBPACKETCOMPLETION Packet, const GPADL_PAYLOAD *Payload)
{
	GPADL_COMPLETION completion = { .Sequence = Payload->Sequence };
	PMDL mdl = NULL;

	EXPECT_STATUS(t.Kmcl.VmbChannelPacketGetExternalData(Packet, 0, &mdl), STATUS_SUCCESS);
	for (; mdl; mdl = mdl->Next)
		completion.Crc = Crc32(completion.Crc,
				       MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority),
				       MmGetMdlByteCount(mdl));
	t.Kmcl.VmbChannelPacketComplete(Packet, &completion, sizeof(completion));
}

static VOID OnPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer,
		     UINT32 BufferLength, UINT32 Flags)
{
	UNREFERENCED_PARAMETER(Channel);
	EXPECT_EQ(BufferLength, sizeof(GPADL_PAYLOAD));
	EXPECT_EQ(Flags, VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA);
	switch (t.Mode) {
	case ANSWER:
		Answer(Packet, Buffer);
		break;
	case DEFER:
		t.Mode = ANSWER;
		t.Deferred++;
		t.Kmcl.VmbChannelPacketDeferToPassive(Packet);
		break;
	case FAIL:
		t.Kmcl.VmbChannelPacketFail(Packet);
		KeSetEvent(&t.Failed, IO_NO_INCREMENT, FALSE);
		break;
	}
}

static VOID OnSent(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
	ECHO_COMPLETION *expected = t.Kmcl.VmbPacketGetPointer(Packet);

	EXPECT_STATUS(Status, STATUS_SUCCESS);
	EXPECT(t.Kmcl.VmbPacketGetChannel(Packet) == t.Channel);
	EXPECT_EQ(BufferLength, sizeof(*expected));
	EXPECT(RtlEqualMemory(Buffer, expected, sizeof(*expected)));
	t.Ended++;
	KeSetEvent(&t.Done, IO_NO_INCREMENT, FALSE);
}

static VOID ReleaseTable(PVOID Object)
{
	KMCL_CLIENT_INTERFACE_V1 *kmcl = Object;

	kmcl->InterfaceDereference(kmcl->Context);
}

static BOOLEAN Begin(VOID)
{
	RtlZeroMemory(&t, sizeof(t));
	KeInitializeEvent(&t.Open, SynchronizationEvent, FALSE);
	KeInitializeEvent(&t.Suspended, SynchronizationEvent, FALSE);
	KeInitializeEvent(&t.Closed, SynchronizationEvent, FALSE);
	KeInitializeEvent(&t.Done, SynchronizationEvent, FALSE);
	KeInitializeEvent(&t.Failed, SynchronizationEvent, FALSE);
	return EXPECT_STATUS(WdfFdoQueryForInterface(CheckDevice, &KMCL_CLIENT_INTERFACE_TYPE,
						     (PINTERFACE)&t.Kmcl, sizeof(t.Kmcl), 1,
						     NULL), STATUS_SUCCESS) &&
	       CaseOwn(ReleaseTable, &t.Kmcl);
}

/* Every init function. Transfer pages come from the second target only. */
static VOID Configure(const TARGET *Target)
{
	DECLARE_CONST_UNICODE_STRING(name, L"by-pointer");
	VMB_CHANNEL_STATE_CHANGE_CALLBACKS on;
	GUID instance = TargetInstance(Target);
	VMBCHANNEL ch = t.Channel;

	VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&on);
	on.EvtChannelPostStarted = OnPostStarted;
	on.EvtChannelSuspend = OnSuspend;
	on.EvtChannelClosed = OnClosed;
	EXPECT_STATUS(t.Kmcl.VmbChannelInitSetFlags(ch, 0), STATUS_SUCCESS);
	EXPECT_STATUS(t.Kmcl.VmbChannelInitSetFriendlyName(ch, &name), STATUS_SUCCESS);
	EXPECT_STATUS(t.Kmcl.VmbChannelInitSetMaximumPacketSize(ch, 64), STATUS_SUCCESS);
	EXPECT_STATUS(t.Kmcl.VmbChannelInitSetMaximumExternalData(ch, BYTES, 4), STATUS_SUCCESS);
	EXPECT_STATUS(t.Kmcl.VmbChannelInitSetClientContextSize(ch, 64), STATUS_SUCCESS);
	EXPECT_STATUS(t.Kmcl.VmbChannelInitSetStateChangeCallbacks(ch, &on), STATUS_SUCCESS);
	EXPECT_STATUS(t.Kmcl.VmbChannelInitSetProcessPacketCallbacks(ch, OnPacket, NULL),
		      STATUS_SUCCESS);
	EXPECT_STATUS(t.Kmcl.VmbClientChannelInitSetRingBufferPageCount(ch, 4, 4), STATUS_SUCCESS);
	EXPECT_STATUS(t.Kmcl.VmbClientChannelInitSetTargetPnp(ch, Target->Type, &instance, NULL),
		      STATUS_SUCCESS);
	t.Kmcl.VmbChannelSetIncomingProcessingAtPassive(ch, TRUE);
	t.Kmcl.VmbChannelSetTransactionQuota(ch, 1);
	t.Kmcl.VmbChannelSetPointer(ch, &t);
	EXPECT(t.Kmcl.VmbChannelGetPointer(ch) == &t);
	EXPECT(check_channel_named("by-pointer") == 0);
}

static BOOLEAN Open(const TARGET *Target)
{
	GUID instance, expected = TargetInstance(Target);

	if (!EXPECT_STATUS(t.Kmcl.VmbChannelAllocate(CheckDeviceObject(), FALSE, &t.Channel),
			   STATUS_SUCCESS))
		return FALSE;
	Configure(Target);
	if (!EXPECT_STATUS(t.Kmcl.VmbChannelEnable(t.Channel), STATUS_SUCCESS) ||
	    !EXPECT(WaitFor(&t.Open)))
		return FALSE;
	t.Kmcl.VmbChannelGetInterfaceInstance(t.Channel, &instance);
	EXPECT(check_channel_named("by-pointer"));
	return EXPECT(IsEqualGUID(&instance, &expected));
}

static VOID Close(VOID)
{
	if (!t.Channel)
		return;
	t.Kmcl.VmbChannelDisable(t.Channel);
	EXPECT(KeReadStateEvent(&t.Closed));
	t.Kmcl.VmbChannelCleanup(t.Channel);
	t.Channel = NULL;
}

static BOOLEAN Gets(NTSTATUS Status)
{
	return EXPECT_STATUS(Status, STATUS_SUCCESS) && EXPECT(WaitFor(&t.Done));
}

/* Each form of sending, with a packet of the one kind and of the other. */
static VOID Send(VMBPACKET Packet, PUCHAR Memory, PMDL Mdl)
{
	ECHO_COMPLETION part = { 2 * PAGE_SIZE, Crc32(0, Memory + 100, 2 * PAGE_SIZE) };
	ECHO_COMPLETION page = { PAGE_SIZE, Crc32(0, Memory + PAGE_SIZE, PAGE_SIZE) };
	UINT32 plain[2] = { 7, 8 };
	LONG ended = t.Ended;

	t.Kmcl.VmbPacketSetCompletionRoutine(Packet, OnSent);
	t.Kmcl.VmbPacketSetPointer(Packet, plain);
	EXPECT(Gets(t.Kmcl.VmbPacketSend(Packet, plain, sizeof(plain), NULL, WAIT_FLAG)));
	t.Kmcl.VmbPacketSetPointer(Packet, &part);
	EXPECT(Gets(t.Kmcl.VmbPacketSendWithExternalMdl(Packet, NULL, 0, Mdl, 100,
							2 * PAGE_SIZE, WAIT_FLAG)));
	t.Kmcl.VmbPacketSetPointer(Packet, &page);
	EXPECT(Gets(t.Kmcl.VmbPacketSendWithExternalPfns(Packet, NULL, 0,
							 MmGetMdlPfnArray(Mdl) + 1, 1,
							 WAIT_FLAG)));
	EXPECT_EQ(t.Ended, ended + 3);
}

static VOID SendBoth(VOID)
{
	PUCHAR memory = CaseAlloc(BYTES);
	PMDL mdl = memory ? CaseMdl(memory, BYTES) : NULL;
	UINT32 bytes = t.Kmcl.VmbChannelSizeofPacket(t.Channel);
	VMBPACKET own = CaseAlloc(bytes), packet = t.Kmcl.VmbPacketAllocate(t.Channel);

	if (!EXPECT(mdl && own && packet))
		return;
	PatternFill(memory, BYTES, 5);
	Send(packet, memory, mdl);
	t.Kmcl.VmbPacketFree(packet);
	EXPECT_STATUS(t.Kmcl.VmbPacketInitialize(t.Channel, own, bytes - 1),
		      STATUS_INVALID_PARAMETER_3);
	if (EXPECT_STATUS(t.Kmcl.VmbPacketInitialize(t.Channel, own, bytes), STATUS_SUCCESS))
		Send(own, memory, mdl);
}

static VOID PauseAndStart(VOID)
{
	LONG before = t.Started;

	t.Kmcl.VmbChannelPause(t.Channel);
	EXPECT(WaitFor(&t.Suspended));
	t.Kmcl.VmbChannelStart(t.Channel);
	EXPECT(WaitFor(&t.Open));
	EXPECT_EQ(t.Started, before + 1);
}

static VOID sends_through_the_pointers(VOID)
{
	UINT64 address = 1, bytes = 1;
	UINT16 latency = 0x1234;

	REQUIRE(Begin());
	if (Open(&Echo)) {
		SendBoth();
		PauseAndStart();
		t.Kmcl.VmbChannelGetMmioSpace(t.Channel, &address, &bytes);
		EXPECT_EQ(address, 0);
		EXPECT_EQ(bytes, 0);
		EXPECT_STATUS(t.Kmcl.VmbChannelSetInterruptLatency(t.Channel, 5, &latency),
			      STATUS_NOT_SUPPORTED);
		EXPECT_EQ(latency, 0x1234);
	}
	Close();
}

static BOOLEAN Ask(const GPADL_REQUEST *Request, UINT32 Value)
{
	GPADL_REPLY reply = { .Status = ~0u };
	UINT32 size = sizeof(reply);

	return EXPECT_STATUS(t.Kmcl.VmbChannelSendSynchronousRequest(t.Channel, (PVOID)Request,
								     sizeof(*Request), NULL,
								     WAIT_FLAG, &reply, &size,
								     NULL), STATUS_SUCCESS) &&
	       EXPECT_EQ(reply.Status, HVHOST_GPADL_OK) && EXPECT_EQ(reply.Value, Value);
}

/* Transfer pages out of it: the first is deferred, all are answered rightly. */
static VOID Receive(UINT32 Number)
{
	GPADL_REQUEST negotiate = { HVHOST_GPADL_NEGOTIATE, .Argument = HVHOST_GPADL_VERSION };
	GPADL_REQUEST map = { HVHOST_GPADL_MAP, .Gpadl = Number };
	GPADL_REQUEST send = {
		HVHOST_GPADL_SEND, .Gpadl = Number, .Length = BYTES, .Seed = 3, .Count = 5,
	};
	GPADL_REQUEST unmap = { HVHOST_GPADL_UNMAP, .Gpadl = Number };

	t.Deferred = 0;
	t.Mode = DEFER;
	EXPECT(Ask(&negotiate, HVHOST_GPADL_VERSION));
	EXPECT(Ask(&map, BYTES));
	EXPECT(Ask(&send, 0));
	EXPECT_EQ(t.Deferred, 1);
	EXPECT(Ask(&unmap, 0));
	t.Kmcl.VmbChannelDeleteGpadl(t.Channel, Number);
}

/*
 * After this nothing is delivered any more: not even an answer, so the host has to let go of
 * the memory by itself.
 */
static VOID Fail(UINT32 Number)
{
	GPADL_REQUEST map = { HVHOST_GPADL_MAP, .Gpadl = Number, .Argument = 500 };
	GPADL_REQUEST send = {
		HVHOST_GPADL_SEND, .Gpadl = Number, .Length = BYTES, .Seed = 3, .Count = 1,
	};
	VMBPACKET packet = t.Kmcl.VmbPacketAllocate(t.Channel);

	t.Mode = FAIL;
	EXPECT(Ask(&map, BYTES));
	if (EXPECT(packet))
		EXPECT_STATUS(t.Kmcl.VmbPacketSend(packet, &send, sizeof(send), NULL, WAIT_FLAG),
			      STATUS_SUCCESS);
	EXPECT(WaitFor(&t.Failed));
}

static VOID receives_through_the_pointers(VOID)
{
	PUCHAR memory = CaseAlloc(BYTES);
	PMDL mdl = memory ? CaseMdl(memory, BYTES) : NULL;
	UINT32 number = 0;

	REQUIRE(mdl && Begin());
	if (Open(&Gpadl)) {
		if (EXPECT_STATUS(t.Kmcl.VmbChannelCreateGpadlFromBuffer(t.Channel, 0, memory,
									 BYTES, &number),
				  STATUS_SUCCESS))
			Receive(number);
		if (EXPECT_STATUS(t.Kmcl.VmbChannelCreateGpadlFromMdl(t.Channel, 0, mdl, 0, 0,
								      &number), STATUS_SUCCESS)) {
			Fail(number);
			t.Kmcl.VmbChannelDeleteGpadl(t.Channel, number);
		}
	}
	Close();
}

static const TEST_CASE Cases[] = {
	CASE(sends_through_the_pointers),
	CASE(receives_through_the_pointers),
};

TEST_GROUP_DEFINE(table, Cases);
