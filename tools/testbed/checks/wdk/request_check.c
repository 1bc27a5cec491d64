// SPDX-License-Identifier: GPL-2.0-only
/*
 * Synchronous requests.
 */
#include "host.h"

static LARGE_INTEGER In(LONGLONG Milliseconds)
{
	return (LARGE_INTEGER){ .QuadPart = -MILLISECONDS(Milliseconds) };
}

/* Until when, on the clock. */
static LARGE_INTEGER At(LONGLONG Milliseconds)
{
	LARGE_INTEGER time;

	KeQuerySystemTime(&time);
	time.QuadPart += MILLISECONDS(Milliseconds);
	return time;
}

static NTSTATUS Request(PBED Bed, UINT32 Flags, PLARGE_INTEGER Timeout)
{
	return VmbChannelSendSynchronousRequest(Bed->Channel, "request", 7, NULL, Flags, NULL,
						NULL, Timeout);
}

static NTSTATUS RequestMdl(PBED Bed, PMDL Mdl, PVOID Answer, PUINT32 Size, PLARGE_INTEGER Timeout)
{
	return VmbChannelSendSynchronousRequest(Bed->Channel, NULL, 0, Mdl, WAIT_FLAG, Answer,
						Size, Timeout);
}

static VOID synchronous_request_waits_for_the_answer(VOID)
{
	PBED bed = BedUp(&EchoSlow);
	CHAR answer[32] = "";
	UINT32 size = sizeof(answer);
	ULONGLONG before = KeQueryInterruptTime();

	REQUIRE(bed);
	REQUIRE_STATUS(VmbChannelSendSynchronousRequest(bed->Channel, "thirteen byte", 13, NULL,
							WAIT_FLAG, answer, &size, NULL),
		       STATUS_SUCCESS);
	/* The device lets 300 ms pass. */
	EXPECT(KeQueryInterruptTime() - before >= MILLISECONDS(300));
	EXPECT_EQ(size, 16);
	EXPECT(RtlEqualMemory(answer, "thirteen byte\0\0\0", 16));
	/* Whoever does not want the answer gets none. */
	EXPECT_STATUS(BedRequest(bed, "x", 1, NULL, NULL), STATUS_SUCCESS);
	EXPECT_STATUS(BedRequest(bed, NULL, 0, NULL, NULL), STATUS_SUCCESS);
}

/* Without asking for an answer it is done when placed. */
static VOID request_without_answer_is_done_when_placed(VOID)
{
	LARGE_INTEGER timeout = In(30000);
	PBED bed = BedUp(&EchoSilent);
	UINT32 size = 16;
	UINT64 answer[2] = { 7, 7 };

	REQUIRE(bed);
	EXPECT_STATUS(Request(bed, 0, NULL), STATUS_SUCCESS);
	EXPECT_STATUS(Request(bed, 0, &timeout), STATUS_SUCCESS);
	EXPECT_STATUS(VmbChannelSendSynchronousRequest(bed->Channel, "x", 1, NULL, 0, answer,
						       &size, NULL), STATUS_SUCCESS);
	EXPECT_EQ(size, 0);
	EXPECT_EQ(answer[0], 7);
}

static VOID request_with_zero_timeout_does_not_queue(VOID)
{
	LARGE_INTEGER now = { .QuadPart = 0 };
	PBED bed = BedCreate(&EchoSilent);
	NTSTATUS status;
	KIRQL irql;

	REQUIRE(bed);
	EXPECT_STATUS(Request(bed, 0, &now), STATUS_BUFFER_OVERFLOW);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(Request(bed, 0, &now), STATUS_SUCCESS);
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	status = Request(bed, 0, &now);
	KeLowerIrql(irql);
	EXPECT_STATUS(status, STATUS_SUCCESS);
	/* It goes out, and nobody waits for the answer. */
	EXPECT_STATUS(Request(bed, WAIT_FLAG, &now), STATUS_CANCELLED);
}

/* Never before its time, by the one kind of clock and by the other. */
static VOID request_ends_when_its_time_is_over(VOID)
{
	LARGE_INTEGER timeout;
	PBED bed = BedUp(&EchoSilent);
	ULONGLONG before;

	REQUIRE(bed);
	before = KeQueryInterruptTime();
	timeout = In(200);
	EXPECT_STATUS(Request(bed, WAIT_FLAG, &timeout), STATUS_CANCELLED);
	EXPECT(KeQueryInterruptTime() - before >= MILLISECONDS(200));
	before = KeQueryInterruptTime();
	timeout = At(200);
	EXPECT_STATUS(Request(bed, WAIT_FLAG, &timeout), STATUS_CANCELLED);
	EXPECT(KeQueryInterruptTime() - before >= MILLISECONDS(190));
	timeout.QuadPart = 1;
	EXPECT_STATUS(Request(bed, WAIT_FLAG, &timeout), STATUS_CANCELLED);
}

/* What does not fit into the kernel's clock is as good as no limit. */
static VOID request_may_wait_longer_than_any_clock(VOID)
{
	LARGE_INTEGER timeout;
	PBED bed = BedUp(&EchoSlow);

	REQUIRE(bed);
	timeout.QuadPart = -MAXLONGLONG - 1;
	EXPECT_STATUS(Request(bed, WAIT_FLAG, &timeout), STATUS_SUCCESS);
	timeout.QuadPart = MAXLONGLONG;
	EXPECT_STATUS(Request(bed, WAIT_FLAG, &timeout), STATUS_SUCCESS);
}

/* One that still waits to be placed is taken back: the host never sees it. */
static VOID request_in_the_queue_is_withdrawn(VOID)
{
	LARGE_INTEGER timeout = In(50);
	PBED bed = BedCreate(&Echo);

	REQUIRE(bed);
	EXPECT_STATUS(Request(bed, WAIT_FLAG, &timeout), STATUS_CANCELLED);
	EXPECT_STATUS(Request(bed, 0, &timeout), STATUS_CANCELLED);
	/* Nothing of it is left: the size of packets can be set. */
	EXPECT_STATUS(VmbChannelInitSetMaximumPacketSize(bed->Channel, 64), STATUS_SUCCESS);
}

/* The answer of one that was given up does not become that of the next. */
static VOID late_answer_is_dropped(VOID)
{
	LARGE_INTEGER timeout = In(50);
	PBED bed = BedUp(&EchoSlow);
	UINT64 answer = 0, payload;
	UINT32 size;

	REQUIRE(bed);
	for (payload = 1; payload <= 3; payload++) {
		size = sizeof(answer);
		EXPECT_STATUS(VmbChannelSendSynchronousRequest(bed->Channel, &payload,
							       sizeof(payload), NULL, WAIT_FLAG,
							       &answer, &size, &timeout),
			      STATUS_CANCELLED);
		EXPECT_EQ(answer, 0);
	}
	payload = 4;
	size = sizeof(answer);
	EXPECT_STATUS(BedRequest(bed, &payload, sizeof(payload), &answer, &size), STATUS_SUCCESS);
	EXPECT_EQ(answer, 4);
}

static VOID request_answer_size_is_a_multiple_of_8(VOID)
{
	PBED bed = BedUp(&Echo);
	UINT64 answer[2] = { 0 };
	UINT32 size;

	REQUIRE(bed);
	for (size = 1; size < 16; size++) {
		if (size != 8)
			EXPECT_STATUS(BedRequest(bed, "x", 1, answer, &size),
				      STATUS_INVALID_PARAMETER_7);
	}
	EXPECT_STATUS(BedRequest(bed, "x", 1, answer, NULL), STATUS_INVALID_PARAMETER_7);
	size = 8;
	EXPECT_STATUS(BedRequest(bed, "x", 1, NULL, &size), STATUS_INVALID_PARAMETER_7);
	EXPECT_EQ(size, 8);
	EXPECT_STATUS(BedRequest(bed, "x", 1, answer, &size), STATUS_SUCCESS);
	EXPECT_EQ(size, 8);
	EXPECT_EQ(answer[0], 'x');
}

static VOID request_refuses_wrong_arguments(VOID)
{
	PBED bed = BedCreate(&Echo);
	PUCHAR memory = CaseAlloc(4104);
	PMDL mdl = memory ? CaseMdl(memory, 8) : NULL;

	REQUIRE(bed && mdl);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(bed->Channel, 4096, 1),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	EXPECT_STATUS(VmbChannelSendSynchronousRequest(NULL, "x", 1, NULL, 0, NULL, NULL, NULL),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(BedRequest(bed, NULL, 1, NULL, NULL), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(BedRequest(bed, memory, 4097, NULL, NULL), STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(Request(bed, 0x20, NULL), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(Request(bed, VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH, NULL),
		      STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(VmbChannelSendSynchronousRequest(bed->Channel, "x", 1, mdl, 0, NULL, NULL,
						       NULL), STATUS_INVALID_PARAMETER_5);
	/* External data do not make up for a buffer. */
	EXPECT_STATUS(VmbChannelSendSynchronousRequest(bed->Channel, NULL, 1, mdl, WAIT_FLAG,
						       NULL, NULL, NULL),
		      STATUS_INVALID_PARAMETER_2);
	mdl->MdlFlags = 0;
	EXPECT_STATUS(RequestMdl(bed, mdl, NULL, NULL, NULL), STATUS_INVALID_PARAMETER_4);
}

/* With a limit of time the pages must be such that the library can keep them. */
static VOID request_carries_external_data(VOID)
{
	PBED bed = BedCreate(&Echo);
	PUCHAR pages = CaseAlloc(2 * PAGE_SIZE), little = CaseAlloc(64);
	ECHO_COMPLETION answer = { 0 };
	UINT32 size = sizeof(answer);
	LARGE_INTEGER timeout = In(30000);

	REQUIRE(bed && pages && little);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(bed->Channel, 2 * PAGE_SIZE, 1),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	PatternFill(pages, 2 * PAGE_SIZE, 1);
	PatternFill(little, 64, 2);
	EXPECT_STATUS(RequestMdl(bed, CaseMdl(pages, 2 * PAGE_SIZE), &answer, &size, &timeout),
		      STATUS_SUCCESS);
	EXPECT_EQ(answer.Length, 2 * PAGE_SIZE);
	EXPECT_EQ(answer.Crc, Crc32(0, pages, 2 * PAGE_SIZE));
	EXPECT_STATUS(RequestMdl(bed, CaseMdl(little, 64), &answer, &size, NULL), STATUS_SUCCESS);
	EXPECT_EQ(answer.Length, 64);
	EXPECT_EQ(answer.Crc, Crc32(0, little, 64));
	EXPECT_STATUS(RequestMdl(bed, CaseMdl(little, 64), &answer, &size, &timeout),
		      STATUS_INVALID_PARAMETER_4);
}

typedef struct _WAITER {
	PBED Bed;
	NTSTATUS Status;
	KEVENT Over;
} WAITER;

static VOID WaitsForNoAnswer(PVOID Context)
{
	WAITER *waiter = Context;

	waiter->Status = Request(waiter->Bed, WAIT_FLAG, NULL);
	KeSetEvent(&waiter->Over, IO_NO_INCREMENT, FALSE);
}

/* Who waits without limit is released when the channel ends. */
static VOID request_ends_with_its_channel(VOID)
{
	WAITER *waiter = CaseAlloc(sizeof(*waiter));
	PBED bed = BedUp(&EchoSilent);

	REQUIRE(bed && waiter);
	waiter->Bed = bed;
	KeInitializeEvent(&waiter->Over, NotificationEvent, FALSE);
	REQUIRE(CaseWork(WaitsForNoAnswer, waiter));
	EXPECT(StaysAway(&waiter->Over));
	VmbChannelDisable(bed->Channel);
	AWAIT(&waiter->Over);
	EXPECT_STATUS(waiter->Status, STATUS_DEVICE_REMOVED);
}

static const TEST_CASE Cases[] = {
	CASE(synchronous_request_waits_for_the_answer),
	CASE(request_without_answer_is_done_when_placed),
	CASE(request_with_zero_timeout_does_not_queue),
	CASE(request_ends_when_its_time_is_over),
	CASE(request_may_wait_longer_than_any_clock),
	CASE(request_in_the_queue_is_withdrawn),
	CASE(late_answer_is_dropped),
	CASE(request_answer_size_is_a_multiple_of_8),
	CASE(request_refuses_wrong_arguments),
	CASE(request_carries_external_data),
	CASE(request_ends_with_its_channel),
};

TEST_GROUP_DEFINE(request, Cases);
