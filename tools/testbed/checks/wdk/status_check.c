// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every status code: its value, and a function that gives it. What no function of the library
 * gives is tried the other way: a driver's opened callback returns it, and the channel is
 * refused, or opened if it is no failure. Documentation/coverage.md says why.
 */
#include "driver.h"
#include "host.h"

#define CODE(status, value)	REQUIRE_EQ((ULONG)(status), value)

/* Opened returns it. */
static VOID Returned(NTSTATUS Status)
{
	PBED bed = BedCreate(&Echo);

	REQUIRE(bed);
	bed->Refuse = Status;
	REQUIRE_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	if (NT_SUCCESS(Status)) {
		AWAIT(&bed->Happened[BED_POST_STARTED]);
		EXPECT_ORDER(bed, "osp");
		return;
	}
	AWAIT(&bed->Happened[BED_OPENED]);
	VmbChannelDisable(bed->Channel);
	EXPECT_ORDER(bed, "o");
}

#define REFUSES(name, status, value)							\
	static VOID name(VOID)								\
	{										\
		CODE(status, value);							\
		EXPECT(!NT_SUCCESS(status));						\
		Returned(status);							\
	}

#define ACCEPTS(name, status, value)							\
	static VOID name(VOID)								\
	{										\
		CODE(status, value);							\
		EXPECT(NT_SUCCESS(status));						\
		Returned(status);							\
	}

/* Nobody gives these. */
ACCEPTS(alerted_is_no_failure, STATUS_ALERTED, 0x00000101)
REFUSES(no_more_entries_is_a_failure, STATUS_NO_MORE_ENTRIES, 0x8000001a)
REFUSES(device_busy_is_a_failure, STATUS_DEVICE_BUSY, 0x80000011)
REFUSES(not_implemented_is_a_failure, STATUS_NOT_IMPLEMENTED, 0xc0000002)
REFUSES(access_violation_is_a_failure, STATUS_ACCESS_VIOLATION, 0xc0000005)
REFUSES(more_processing_required_is_a_failure, STATUS_MORE_PROCESSING_REQUIRED, 0xc0000016)
REFUSES(no_memory_is_a_failure, STATUS_NO_MEMORY, 0xc0000017)
REFUSES(object_type_mismatch_is_a_failure, STATUS_OBJECT_TYPE_MISMATCH, 0xc0000024)
REFUSES(object_name_invalid_is_a_failure, STATUS_OBJECT_NAME_INVALID, 0xc0000033)
REFUSES(object_name_collision_is_a_failure, STATUS_OBJECT_NAME_COLLISION, 0xc0000035)
REFUSES(integer_overflow_is_a_failure, STATUS_INTEGER_OVERFLOW, 0xc0000095)
REFUSES(device_not_ready_is_a_failure, STATUS_DEVICE_NOT_READY, 0xc00000a3)
REFUSES(io_timeout_is_a_failure, STATUS_IO_TIMEOUT, 0xc00000b5)
REFUSES(internal_error_is_a_failure, STATUS_INTERNAL_ERROR, 0xc00000e5)
REFUSES(invalid_parameter_8_is_a_failure, STATUS_INVALID_PARAMETER_8, 0xc00000f6)
REFUSES(invalid_parameter_9_is_a_failure, STATUS_INVALID_PARAMETER_9, 0xc00000f7)
REFUSES(invalid_parameter_10_is_a_failure, STATUS_INVALID_PARAMETER_10, 0xc00000f8)
REFUSES(invalid_parameter_11_is_a_failure, STATUS_INVALID_PARAMETER_11, 0xc00000f9)
REFUSES(invalid_parameter_12_is_a_failure, STATUS_INVALID_PARAMETER_12, 0xc00000fa)

static VOID success_is_zero(VOID)
{
	CODE(STATUS_SUCCESS, 0);
	EXPECT(NT_SUCCESS(STATUS_SUCCESS));
	EXPECT(!NT_INFORMATION(STATUS_SUCCESS) && !NT_ERROR(STATUS_SUCCESS));
	EXPECT_STATUS(check_status_of(0), STATUS_SUCCESS);
	Returned(STATUS_SUCCESS);
}

static VOID wait_0_is_a_wait_that_ended(VOID)
{
	LARGE_INTEGER now = { .QuadPart = 0 };
	KEVENT event;

	CODE(STATUS_WAIT_0, 0);
	KeInitializeEvent(&event, SynchronizationEvent, TRUE);
	EXPECT_STATUS(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &now),
		      STATUS_WAIT_0);
}

static VOID timeout_is_a_wait_that_did_not(VOID)
{
	LARGE_INTEGER soon = { .QuadPart = MILLISECONDS(-10) };
	KEVENT event;

	CODE(STATUS_TIMEOUT, 0x102);
	EXPECT(NT_SUCCESS(STATUS_TIMEOUT));
	KeInitializeEvent(&event, SynchronizationEvent, FALSE);
	EXPECT_STATUS(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &soon),
		      STATUS_TIMEOUT);
}

static NTSTATUS ExternalStatus;

static VOID KeepsStatus(PBED Bed, PGOT Got)
{
	PMDL mdl;

	ExternalStatus = VmbChannelPacketGetExternalData(Got->Packet, 0, &mdl);
	BedKeep(Bed, Got);
}

/* A guest's memory is always there: the first call knows the answer, one way or the other. */
static VOID pending_is_never_given(VOID)
{
	PBED bed = BedCreate(&Source);

	CODE(STATUS_PENDING, 0x103);
	EXPECT(NT_SUCCESS(STATUS_PENDING));
	REQUIRE(bed);
	ExternalStatus = STATUS_PENDING;
	bed->OnPacket = KeepsStatus;
	REQUIRE(BedStart(bed) && BedAwaitGot(bed, 64));
	EXPECT_STATUS(ExternalStatus, STATUS_NOT_FOUND);
	Returned(STATUS_PENDING);
}

static NTSTATUS Request(PBED Bed, UINT32 Flags, LONGLONG Timeout)
{
	LARGE_INTEGER timeout = { .QuadPart = Timeout };

	return VmbChannelSendSynchronousRequest(Bed->Channel, "x", 1, NULL, Flags, NULL, NULL,
						&timeout);
}

/* Nothing is placed before the channel is open, and with no time nothing is queued. */
static VOID buffer_overflow_is_no_room_now(VOID)
{
	PBED bed = BedCreate(&Echo);

	CODE(STATUS_BUFFER_OVERFLOW, 0x80000005);
	EXPECT(NT_WARNING(STATUS_BUFFER_OVERFLOW) && !NT_SUCCESS(STATUS_BUFFER_OVERFLOW));
	REQUIRE(bed);
	EXPECT_STATUS(Request(bed, 0, 0), STATUS_BUFFER_OVERFLOW);
}

/* What is not listed: only a host or a bus that nobody has met gives such an errno. */
static VOID unsuccessful_is_whatever_is_unknown(VOID)
{
	CODE(STATUS_UNSUCCESSFUL, 0xc0000001);
	EXPECT(NT_ERROR(STATUS_UNSUCCESSFUL));
	EXPECT_STATUS(check_status_of(-4095), STATUS_UNSUCCESSFUL);
	EXPECT_STATUS(check_status_of(1), STATUS_UNSUCCESSFUL);
	Returned(STATUS_UNSUCCESSFUL);
}

static VOID info_length_mismatch_is_another_structure(VOID)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDFKEY key = NULL;

	CODE(STATUS_INFO_LENGTH_MISMATCH, 0xc0000004);
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.Size++;
	EXPECT_STATUS(WdfDriverOpenParametersRegistryKey(CheckDriver, KEY_READ, &attributes,
							 &key), STATUS_INFO_LENGTH_MISMATCH);
	EXPECT(!key);
}

static VOID invalid_handle_is_none_that_is_open(VOID)
{
	CODE(STATUS_INVALID_HANDLE, 0xc0000008);
	EXPECT_STATUS(ZwClose((HANDLE)0x1234), STATUS_INVALID_HANDLE);
}

static VOID invalid_parameter_is_a_query_for_nothing(VOID)
{
	INTERFACE table;

	CODE(STATUS_INVALID_PARAMETER, 0xc000000d);
	EXPECT_STATUS(WdfFdoQueryForInterface(CheckDevice, NULL, &table, sizeof(table), 1, NULL),
		      STATUS_INVALID_PARAMETER);
}

static NTSTATUS Query(ACCESS_MASK Access, BOOLEAN Raise, PCWSTR Name)
{
	UNICODE_STRING name;
	ULONG value = 77;
	NTSTATUS status;
	WDFKEY key;
	KIRQL irql;

	RtlInitUnicodeString(&name, Name);
	status = WdfDriverOpenParametersRegistryKey(CheckDriver, Access, NULL, &key);
	if (!EXPECT_STATUS(status, STATUS_SUCCESS))
		return status;
	KeRaiseIrql(Raise ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
	status = WdfRegistryQueryULong(key, &name, &value);
	KeLowerIrql(irql);
	WdfRegistryClose(key);
	EXPECT_EQ(value, 77);
	return status;
}

static VOID invalid_device_request_is_the_wrong_level(VOID)
{
	CODE(STATUS_INVALID_DEVICE_REQUEST, 0xc0000010);
	EXPECT_STATUS(Query(KEY_READ, TRUE, L"Answer"), STATUS_INVALID_DEVICE_REQUEST);
}

static VOID access_denied_is_a_key_not_for_reading(VOID)
{
	CODE(STATUS_ACCESS_DENIED, 0xc0000022);
	EXPECT_STATUS(Query(0, FALSE, L"Answer"), STATUS_ACCESS_DENIED);
}

static VOID object_name_not_found_is_no_such_parameter(VOID)
{
	CODE(STATUS_OBJECT_NAME_NOT_FOUND, 0xc0000034);
	EXPECT_STATUS(Query(KEY_READ, FALSE, L"Nonsense"), STATUS_OBJECT_NAME_NOT_FOUND);
}

/* The beginning of the answer is there. */
static VOID buffer_too_small_is_a_longer_answer(VOID)
{
	UINT64 answer[2] = { 0, 7 };
	UINT32 size = sizeof(answer[0]);
	PBED bed = BedUp(&Echo);

	CODE(STATUS_BUFFER_TOO_SMALL, 0xc0000023);
	REQUIRE(bed);
	EXPECT_STATUS(BedRequest(bed, "more than eight", 15, answer, &size),
		      STATUS_BUFFER_TOO_SMALL);
	EXPECT_EQ(size, 8);
	EXPECT(RtlEqualMemory(answer, "more tha", 8));
	EXPECT_EQ(answer[1], 7);
}

static VOID quota_exceeded_is_a_gpadl_that_the_host_refuses(VOID)
{
	PUCHAR memory = CaseAlloc(PAGE_SIZE);
	PBED bed = BedUp(&GpadlRefuse);
	UINT32 number = 0;

	CODE(STATUS_QUOTA_EXCEEDED, 0xc0000044);
	REQUIRE(bed && memory);
	EXPECT_STATUS(VmbChannelCreateGpadlFromBuffer(bed->Channel, 0, memory, PAGE_SIZE,
						      &number), STATUS_QUOTA_EXCEEDED);
	EXPECT_EQ(number, 0);
}

static VOID revision_mismatch_is_another_version(VOID)
{
	KMCL_CLIENT_INTERFACE_V1 table;

	CODE(STATUS_REVISION_MISMATCH, 0xc0000059);
	EXPECT_STATUS(WdfFdoQueryForInterface(CheckDevice, &KMCL_CLIENT_INTERFACE_TYPE,
					      (PINTERFACE)&table, sizeof(table), 6, NULL),
		      STATUS_REVISION_MISMATCH);
}

static VOID device_not_connected_is_a_channel_not_open(VOID)
{
	PUCHAR memory = CaseAlloc(PAGE_SIZE);
	PMDL mdl = memory ? CaseMdl(memory, 8) : NULL;
	PBED bed = BedCreate(&Echo);
	UINT32 number;
	PSENT sent;

	CODE(STATUS_DEVICE_NOT_CONNECTED, 0xc000009d);
	REQUIRE(bed && mdl);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(bed->Channel, PAGE_SIZE, 1),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelCreateGpadlFromBuffer(bed->Channel, 0, memory, PAGE_SIZE,
						      &number), STATUS_DEVICE_NOT_CONNECTED);
	sent = SentCreate(bed);
	REQUIRE(sent);
	EXPECT_STATUS(VmbPacketSend(sent->Packet, NULL, 0, mdl, WAIT_FLAG),
		      STATUS_DEVICE_NOT_CONNECTED);
	EXPECT_EQ(sent->Calls, 0);
}

static VOID not_supported_is_what_linux_has_not(VOID)
{
	HANDLE none;

	CODE(STATUS_NOT_SUPPORTED, 0xc00000bb);
	EXPECT_STATUS(VmbConvertVmbusHandleToKernelHandle((HANDLE)4, &none),
		      STATUS_NOT_SUPPORTED);
}

static VOID invalid_parameter_1_is_no_channel_or_its_state(VOID)
{
	PBED bed = BedUp(&Echo);

	CODE(STATUS_INVALID_PARAMETER_1, 0xc00000ef);
	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelInitSetFlags(NULL, 0), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbChannelInitSetFlags(bed->Channel, 0), STATUS_INVALID_PARAMETER_1);
	EXPECT_EQ(check_errno_of(STATUS_INVALID_PARAMETER_1), -22);
}

static VOID invalid_parameter_2_is_the_second(VOID)
{
	VMBCHANNEL channel = CaseChannel();

	CODE(STATUS_INVALID_PARAMETER_2, 0xc00000f0);
	REQUIRE(channel);
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(channel, 0), STATUS_INVALID_PARAMETER_2);
}

static VOID invalid_parameter_3_is_the_third(VOID)
{
	VMBCHANNEL channel = CaseChannel();

	CODE(STATUS_INVALID_PARAMETER_3, 0xc00000f1);
	REQUIRE(channel);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(channel, 8, 0),
		      STATUS_INVALID_PARAMETER_3);
}

/* Of CreateGpadlFromMdl: its arguments from the fourth on. */
static VOID FromMdl(UINT32 Offset, UINT32 Length, BOOLEAN WithHandle, NTSTATUS Status)
{
	PUCHAR memory = CaseAlloc(2 * PAGE_SIZE);
	PMDL mdl = memory ? CaseMdl(memory, 2 * PAGE_SIZE) : NULL;
	PBED bed = BedUp(&Gpadl);
	UINT32 number = 0;

	REQUIRE(bed && mdl);
	EXPECT_STATUS(VmbChannelCreateGpadlFromMdl(bed->Channel, 0, mdl, Offset, Length,
						   WithHandle ? &number : NULL), Status);
	EXPECT_EQ(number, 0);
}

static VOID invalid_parameter_4_is_the_fourth(VOID)
{
	CODE(STATUS_INVALID_PARAMETER_4, 0xc00000f2);
	FromMdl(2 * PAGE_SIZE, 0, TRUE, STATUS_INVALID_PARAMETER_4);
}

static VOID invalid_parameter_5_is_the_fifth(VOID)
{
	CODE(STATUS_INVALID_PARAMETER_5, 0xc00000f3);
	FromMdl(PAGE_SIZE, 2 * PAGE_SIZE, TRUE, STATUS_INVALID_PARAMETER_5);
}

static VOID invalid_parameter_6_is_the_sixth(VOID)
{
	CODE(STATUS_INVALID_PARAMETER_6, 0xc00000f4);
	FromMdl(0, 0, FALSE, STATUS_INVALID_PARAMETER_6);
}

static VOID invalid_parameter_7_is_the_seventh(VOID)
{
	PBED bed = BedUp(&Echo);
	UINT64 answer = 0;
	UINT32 size = 7;

	CODE(STATUS_INVALID_PARAMETER_7, 0xc00000f5);
	REQUIRE(bed);
	EXPECT_STATUS(BedRequest(bed, "x", 1, &answer, &size), STATUS_INVALID_PARAMETER_7);
	EXPECT_EQ(answer, 0);
	EXPECT_EQ(size, 7);
}

static VOID cancelled_is_a_request_out_of_time(VOID)
{
	PBED bed = BedUp(&EchoSilent);

	CODE(STATUS_CANCELLED, 0xc0000120);
	REQUIRE(bed);
	EXPECT_STATUS(Request(bed, WAIT_FLAG, MILLISECONDS(-20)), STATUS_CANCELLED);
}

static VOID invalid_device_state_is_not_disabled(VOID)
{
	PBED bed = BedUp(&Echo);

	CODE(STATUS_INVALID_DEVICE_STATE, 0xc0000184);
	REQUIRE(bed);
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_INVALID_DEVICE_STATE);
}

/* The packet ends, and the channel lives. */
static VOID device_protocol_error_is_a_malformed_answer(VOID)
{
	PBED bed = BedUp(&EchoBad);
	PSENT sent = bed ? SentCreate(bed) : NULL;

	CODE(STATUS_DEVICE_PROTOCOL_ERROR, 0xc0000186);
	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, "x", 1, NULL, WAIT_FLAG), STATUS_SUCCESS);
	SentAwait(sent, STATUS_DEVICE_PROTOCOL_ERROR);
	EXPECT(!sent->HadBuffer);
	EXPECT_STATUS(BedRequest(bed, "x", 1, NULL, NULL), STATUS_DEVICE_PROTOCOL_ERROR);
	EXPECT_STATUS(check_status_of(-74), STATUS_DEVICE_PROTOCOL_ERROR);
	EXPECT_EQ(check_errno_of(STATUS_DEVICE_PROTOCOL_ERROR), -74);
	Returned(STATUS_DEVICE_PROTOCOL_ERROR);
}

static NTSTATUS RequestStatus;

static VOID RequestsThere(PBED Bed)
{
	RequestStatus = VmbChannelSendSynchronousRequest(Bed->Channel, "x", 1, NULL, WAIT_FLAG,
							 NULL, NULL, NULL);
}

static VOID RequestsInDelivery(PBED Bed, PGOT Got)
{
	if (!Bed->GotCount)
		RequestsThere(Bed);
	BedKeep(Bed, Got);
}

/* Who would wait for himself: in each callback that may sleep but PostStarted. */
static VOID possible_deadlock_is_a_request_in_a_callback(VOID)
{
	static const ULONG events[] = { BED_OPENED, BED_STARTED, BED_SUSPEND, BED_CLOSED };
	PBED bed = BedCreate(&Source);
	ULONG i;

	CODE(STATUS_POSSIBLE_DEADLOCK, 0xc0000194);
	REQUIRE(bed);
	for (i = 0; i < ARRAYSIZE(events); i++) {
		RequestStatus = STATUS_SUCCESS;
		RtlZeroMemory(bed->On, sizeof(bed->On));
		bed->On[events[i]] = RequestsThere;
		BedForget(bed);
		REQUIRE(BedStart(bed));
		VmbChannelDisable(bed->Channel);
		EXPECT_STATUS(RequestStatus, STATUS_POSSIBLE_DEADLOCK);
	}
	RtlZeroMemory(bed->On, sizeof(bed->On));
	RequestStatus = STATUS_SUCCESS;
	bed->OnPacket = RequestsInDelivery;
	VmbChannelSetIncomingProcessingAtPassive(bed->Channel, TRUE);
	BedForget(bed);
	REQUIRE(BedStart(bed) && BedAwaitGot(bed, 64));
	EXPECT_STATUS(RequestStatus, STATUS_POSSIBLE_DEADLOCK);
}

/* The largest packet and the ring; external data and context; the answer and the largest packet. */
static VOID invalid_buffer_size_is_what_does_not_fit(VOID)
{
	PBED small = BedCreate(&Echo), bed = BedCreate(&Gpadl);

	CODE(STATUS_INVALID_BUFFER_SIZE, 0xc0000206);
	REQUIRE(small && bed);
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(small->Channel, 1, 1),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(small->Channel), STATUS_INVALID_BUFFER_SIZE);
	small = BedCreate(&Echo);
	REQUIRE(small);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(small->Channel, PAGE_SIZE, 1),
		      STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelInitSetClientContextSize(small->Channel, 65536), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelEnable(small->Channel), STATUS_INVALID_BUFFER_SIZE);
	/* The device's answers have 16 bytes. */
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(bed->Channel, 8), STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(BedRequest(bed, "x", 1, NULL, NULL), STATUS_INVALID_BUFFER_SIZE);
}

static VOID not_found_is_a_packet_without_external_data(VOID)
{
	PBED bed = BedCreate(&Source);

	CODE(STATUS_NOT_FOUND, 0xc0000225);
	REQUIRE(bed);
	ExternalStatus = STATUS_SUCCESS;
	bed->OnPacket = KeepsStatus;
	REQUIRE(BedStart(bed) && BedAwaitGot(bed, 1));
	EXPECT_STATUS(ExternalStatus, STATUS_NOT_FOUND);
}

static VOID SendsInSuspend(PBED Bed)
{
	EXPECT_STATUS(VmbPacketSend(((PSENT)Bed->Case)->Packet, "x", 1, NULL, WAIT_FLAG),
		      STATUS_SUCCESS);
}

/* The host takes the device away: what is on its way then ends so. */
static VOID device_removed_is_a_channel_that_ends(VOID)
{
	PBED bed = BedCreate(&EchoGone);

	CODE(STATUS_DEVICE_REMOVED, 0xc00002b6);
	REQUIRE(bed);
	bed->Case = SentCreate(bed);
	REQUIRE(bed->Case);
	bed->On[BED_SUSPEND] = SendsInSuspend;
	REQUIRE(BedStart(bed));
	AWAIT(&bed->Happened[BED_CLOSED]);
	SentAwait(bed->Case, STATUS_DEVICE_REMOVED);
}

static VOID NeverRuns(WDFWORKITEM WorkItem)
{
	EXPECT(!WorkItem);
}

static VOID wdf_parent_not_specified_is_a_work_item_alone(VOID)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;
	WDFWORKITEM item = NULL;

	CODE(STATUS_WDF_PARENT_NOT_SPECIFIED, 0xc0200212);
	WDF_WORKITEM_CONFIG_INIT(&config, NeverRuns);
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	EXPECT_STATUS(WdfWorkItemCreate(&config, &attributes, &item),
		      STATUS_WDF_PARENT_NOT_SPECIFIED);
	EXPECT(!item);
}

/* The upper two bits are the severity; both that fail have the sign bit. */
static VOID severity_is_in_the_upper_bits(VOID)
{
	EXPECT(NT_SUCCESS(0x00000000) && NT_SUCCESS(0x3fffffff));
	EXPECT(NT_SUCCESS(0x40000000) && NT_SUCCESS(0x7fffffff));
	EXPECT(!NT_SUCCESS(0x80000000) && !NT_SUCCESS(0xffffffff));
	EXPECT(NT_INFORMATION(0x40000000) && !NT_INFORMATION(0x80000000));
	EXPECT(NT_WARNING(0x80000000) && !NT_WARNING(0xc0000000));
	EXPECT(NT_ERROR(0xc0000000) && !NT_ERROR(0xbfffffff));
	EXPECT_EQ(sizeof(NTSTATUS), 4);
	EXPECT_EQ(check_errno_of(STATUS_PENDING), 0);
	EXPECT_EQ(check_errno_of((NTSTATUS)0xcdefcdef), -5);
}

static const TEST_CASE Cases[] = {
	CASE(success_is_zero),
	CASE(wait_0_is_a_wait_that_ended),
	CASE(alerted_is_no_failure),
	CASE(timeout_is_a_wait_that_did_not),
	CASE(pending_is_never_given),
	CASE(buffer_overflow_is_no_room_now),
	CASE(no_more_entries_is_a_failure),
	CASE(device_busy_is_a_failure),
	CASE(unsuccessful_is_whatever_is_unknown),
	CASE(not_implemented_is_a_failure),
	CASE(info_length_mismatch_is_another_structure),
	CASE(access_violation_is_a_failure),
	CASE(invalid_handle_is_none_that_is_open),
	CASE(invalid_parameter_is_a_query_for_nothing),
	CASE(invalid_device_request_is_the_wrong_level),
	CASE(more_processing_required_is_a_failure),
	CASE(no_memory_is_a_failure),
	CASE(access_denied_is_a_key_not_for_reading),
	CASE(buffer_too_small_is_a_longer_answer),
	CASE(object_type_mismatch_is_a_failure),
	CASE(object_name_invalid_is_a_failure),
	CASE(object_name_not_found_is_no_such_parameter),
	CASE(object_name_collision_is_a_failure),
	CASE(quota_exceeded_is_a_gpadl_that_the_host_refuses),
	CASE(revision_mismatch_is_another_version),
	CASE(integer_overflow_is_a_failure),
	CASE(device_not_connected_is_a_channel_not_open),
	CASE(device_not_ready_is_a_failure),
	CASE(io_timeout_is_a_failure),
	CASE(not_supported_is_what_linux_has_not),
	CASE(internal_error_is_a_failure),
	CASE(invalid_parameter_1_is_no_channel_or_its_state),
	CASE(invalid_parameter_2_is_the_second),
	CASE(invalid_parameter_3_is_the_third),
	CASE(invalid_parameter_4_is_the_fourth),
	CASE(invalid_parameter_5_is_the_fifth),
	CASE(invalid_parameter_6_is_the_sixth),
	CASE(invalid_parameter_7_is_the_seventh),
	CASE(invalid_parameter_8_is_a_failure),
	CASE(invalid_parameter_9_is_a_failure),
	CASE(invalid_parameter_10_is_a_failure),
	CASE(invalid_parameter_11_is_a_failure),
	CASE(invalid_parameter_12_is_a_failure),
	CASE(cancelled_is_a_request_out_of_time),
	CASE(invalid_device_state_is_not_disabled),
	CASE(device_protocol_error_is_a_malformed_answer),
	CASE(possible_deadlock_is_a_request_in_a_callback),
	CASE(invalid_buffer_size_is_what_does_not_fit),
	CASE(not_found_is_a_packet_without_external_data),
	CASE(device_removed_is_a_channel_that_ends),
	CASE(wdf_parent_not_specified_is_a_work_item_alone),
	CASE(severity_is_in_the_upper_bits),
};

TEST_GROUP_DEFINE(status, Cases);
