// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending, in its three forms and with each flag.
 */
#include "host.h"

#define PAGES	8
#define BYTES	(PAGES * PAGE_SIZE)

/* What most cases here need: a channel to a device, a packet, and memory with a pattern. */
static struct {
	PBED Bed;
	PSENT Sent;
	PUCHAR Memory;
	PMDL Mdl;
} s;

static BOOLEAN Begin(const TARGET *Target)
{
	s.Memory = CaseAlloc(BYTES);
	s.Mdl = s.Memory ? CaseMdl(s.Memory, BYTES) : NULL;
	s.Bed = s.Mdl ? BedCreate(Target) : NULL;
	if (!s.Bed)
		return FALSE;
	PatternFill(s.Memory, BYTES, 1);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(s.Bed->Channel, BYTES, 8),
		      STATUS_SUCCESS);
	if (!BedStart(s.Bed))
		return FALSE;
	s.Sent = SentCreate(s.Bed);
	return s.Sent != NULL;
}

/* The same packet once more. */
static VOID Again(VOID)
{
	s.Sent->Calls = 0;
	KeClearEvent(&s.Sent->Done);
}

/* The host has read these bytes of the memory. */
static VOID Read(UINT32 Offset, UINT32 Bytes)
{
	SentRead(s.Sent, Bytes, Crc32(0, s.Memory + Offset, Bytes));
	Again();
}

static NTSTATUS SendPlain(PVOID Buffer, UINT32 Bytes, UINT32 Flags)
{
	return VmbPacketSend(s.Sent->Packet, Buffer, Bytes, NULL, Flags);
}

static NTSTATUS SendMdl(PMDL Mdl, UINT32 Offset, UINT32 Bytes, UINT32 Flags)
{
	return VmbPacketSendWithExternalMdl(s.Sent->Packet, NULL, 0, Mdl, Offset, Bytes, Flags);
}

static NTSTATUS SendPfns(PPFN_NUMBER Pfns, UINT32 Count, UINT32 Flags)
{
	return VmbPacketSendWithExternalPfns(s.Sent->Packet, NULL, 0, Pfns, Count, Flags);
}

/* Every length of a payload up to some, and the largest; the buffer is free on return. */
static VOID send_carries_any_payload(VOID)
{
	static const UINT32 lengths[] = { 0, 1, 7, 8, 9, 15, 16, 63, 1000, 4095, 4096 };
	PUCHAR scratch = CaseAlloc(4096);
	ULONG i;

	REQUIRE(scratch && Begin(&Echo));
	s.Sent->Expected = s.Memory;
	for (i = 0; i < ARRAYSIZE(lengths); i++) {
		RtlCopyMemory(scratch, s.Memory, lengths[i]);
		REQUIRE_STATUS(SendPlain(lengths[i] ? scratch : NULL, lengths[i], WAIT_FLAG),
			       STATUS_SUCCESS);
		RtlFillMemory(scratch, 4096, 0xee);
		REQUIRE(SentAwait(s.Sent, STATUS_SUCCESS));
		EXPECT_EQ(s.Sent->Length, (lengths[i] + 7) & ~7u);
		EXPECT(!lengths[i] || s.Sent->Same);
		Again();
	}
}

static VOID send_refuses_wrong_arguments(VOID)
{
	REQUIRE(Begin(&EchoSilent));
	EXPECT_STATUS(VmbPacketSend(NULL, "x", 1, NULL, 0), STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(SendPlain(NULL, 1, 0), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(SendPlain(s.Memory, 4097, 0), STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(SendPlain(s.Memory, MAXULONG, 0), STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(SendPlain("x", 1, VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH),
		      STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(SendPlain("x", 1, 0x20), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(VmbPacketSend(s.Sent->Packet, "x", 1, s.Mdl, 0),
		      STATUS_INVALID_PARAMETER_5);
	s.Mdl->MdlFlags &= ~MDL_SOURCE_IS_NONPAGED_POOL;
	EXPECT_STATUS(VmbPacketSend(s.Sent->Packet, "x", 1, s.Mdl, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_4);
	/* None of these has begun anything. */
	EXPECT_EQ(s.Bed->Ended, 0);
	EXPECT_STATUS(SendPlain("x", 1, WAIT_FLAG), STATUS_SUCCESS);
	EXPECT_STATUS(SendPlain("x", 1, WAIT_FLAG), STATUS_INVALID_PARAMETER_1);
}

/* A queue: what is sent before opening goes out then, in order. */
static VOID send_queues_in_order(VOID)
{
	PBED bed = BedCreate(&Echo);
	PSENT sent[100];
	ULONG i;

	REQUIRE(bed);
	for (i = 0; i < ARRAYSIZE(sent); i++) {
		sent[i] = SentCreate(bed);
		REQUIRE(sent[i]);
		REQUIRE_STATUS(VmbPacketSend(sent[i]->Packet, &i, sizeof(i), NULL, WAIT_FLAG),
			       STATUS_SUCCESS);
	}
	EXPECT_EQ(bed->Ended, 0);
	REQUIRE(BedStart(bed));
	REQUIRE(BedAwaitEnded(bed, ARRAYSIZE(sent)));
	for (i = 0; i < ARRAYSIZE(sent); i++) {
		REQUIRE(SentReturned(sent[i], &i, sizeof(i)));
		REQUIRE_EQ(sent[i]->Turn, i + 1);
	}
}

/* More than the ring holds, to a host that answers late: all come back, in the host's order. */
static VOID send_waits_for_room(VOID)
{
	PBED bed = BedCreate(&EchoReverse);
	PUCHAR memory = CaseAlloc(4096);
	PSENT sent[64];
	ULONG i;

	REQUIRE(bed && memory);
	EXPECT_STATUS(VmbClientChannelInitSetRingBufferPageCount(bed->Channel, 2, 2),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	PatternFill(memory, 4096, 1);
	for (i = 0; i < ARRAYSIZE(sent); i++) {
		sent[i] = SentCreate(bed);
		REQUIRE(sent[i]);
		sent[i]->Expected = memory;
		REQUIRE_STATUS(VmbPacketSend(sent[i]->Packet, memory, 3000, NULL, WAIT_FLAG),
			       STATUS_SUCCESS);
	}
	REQUIRE(BedAwaitEnded(bed, ARRAYSIZE(sent)));
	for (i = 0; i < ARRAYSIZE(sent); i++)
		REQUIRE(SentReturned(sent[i], memory, 3000));
	/* The device gives four back in the reverse order. */
	EXPECT(sent[3]->Turn < sent[0]->Turn);
}

/* Whole chains go with the plain form. */
static VOID send_carries_a_chain_of_mdls(VOID)
{
	PMDL second;

	REQUIRE(Begin(&Echo));
	second = CaseMdl(s.Memory + 3 * PAGE_SIZE, 2 * PAGE_SIZE + 10);
	REQUIRE(second);
	s.Mdl = CaseMdl(s.Memory + 100, 3 * PAGE_SIZE - 100);
	REQUIRE(s.Mdl);
	s.Mdl->Next = second;
	REQUIRE_STATUS(VmbPacketSend(s.Sent->Packet, "chain", 5, s.Mdl, WAIT_FLAG),
		       STATUS_SUCCESS);
	Read(100, 5 * PAGE_SIZE - 90);
}

/* MDLs that do not join at page boundaries are several ranges, on every kernel. */
static VOID send_carries_scattered_mdls(VOID)
{
	UINT32 crc;
	PMDL second;

	REQUIRE(Begin(&Echo));
	s.Mdl = CaseMdl(s.Memory + 5, 100);
	second = CaseMdl(s.Memory + PAGE_SIZE + 50, 200);
	REQUIRE(s.Mdl && second);
	s.Mdl->Next = second;
	REQUIRE_STATUS(VmbPacketSend(s.Sent->Packet, NULL, 0, s.Mdl, WAIT_FLAG), STATUS_SUCCESS);
	crc = Crc32(Crc32(0, s.Memory + 5, 100), s.Memory + PAGE_SIZE + 50, 200);
	SentRead(s.Sent, 300, crc);
}

/* Any part of a chain; 0 bytes are the rest of it. */
static VOID external_mdl_sends_a_part(VOID)
{
	PMDL second;

	REQUIRE(Begin(&Echo));
	REQUIRE_STATUS(SendMdl(s.Mdl, 0, 0, WAIT_FLAG), STATUS_SUCCESS);
	Read(0, BYTES);
	REQUIRE_STATUS(SendMdl(s.Mdl, 5000, 0, WAIT_FLAG), STATUS_SUCCESS);
	Read(5000, BYTES - 5000);
	REQUIRE_STATUS(SendMdl(s.Mdl, 5000, 1, WAIT_FLAG), STATUS_SUCCESS);
	Read(5000, 1);
	REQUIRE_STATUS(SendMdl(s.Mdl, BYTES - 1, 1, WAIT_FLAG), STATUS_SUCCESS);
	Read(BYTES - 1, 1);
	/* The part goes over the border of two. */
	s.Mdl = CaseMdl(s.Memory, 2 * PAGE_SIZE);
	second = CaseMdl(s.Memory + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
	REQUIRE(s.Mdl && second);
	s.Mdl->Next = second;
	REQUIRE_STATUS(SendMdl(s.Mdl, PAGE_SIZE + 7, 2 * PAGE_SIZE, WAIT_FLAG), STATUS_SUCCESS);
	Read(PAGE_SIZE + 7, 2 * PAGE_SIZE);
	/* Or lies in the second alone. */
	REQUIRE_STATUS(SendMdl(s.Mdl, 2 * PAGE_SIZE + 9, 99, WAIT_FLAG), STATUS_SUCCESS);
	Read(2 * PAGE_SIZE + 9, 99);
}

static VOID external_mdl_refuses_wrong_arguments(VOID)
{
	VMBPACKET p;

	REQUIRE(Begin(&Echo));
	p = s.Sent->Packet;
	EXPECT_STATUS(VmbPacketSendWithExternalMdl(NULL, NULL, 0, s.Mdl, 0, 0, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbPacketSendWithExternalMdl(p, NULL, 1, s.Mdl, 0, 0, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbPacketSendWithExternalMdl(p, s.Memory, 4097, s.Mdl, 0, 0, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(SendMdl(NULL, 0, 0, WAIT_FLAG), STATUS_INVALID_PARAMETER_4);
	EXPECT_STATUS(SendMdl(s.Mdl, BYTES, 0, WAIT_FLAG), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(SendMdl(s.Mdl, MAXULONG, 0, WAIT_FLAG), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(SendMdl(s.Mdl, 0, BYTES + 1, WAIT_FLAG), STATUS_INVALID_PARAMETER_6);
	EXPECT_STATUS(SendMdl(s.Mdl, 1, BYTES, WAIT_FLAG), STATUS_INVALID_PARAMETER_6);
	EXPECT_STATUS(SendMdl(s.Mdl, BYTES - 1, MAXULONG, WAIT_FLAG), STATUS_INVALID_PARAMETER_6);
	EXPECT_STATUS(SendMdl(s.Mdl, 0, 0, 0), STATUS_INVALID_PARAMETER_7);
	EXPECT_STATUS(SendMdl(s.Mdl, 0, 0, WAIT_FLAG | 0x20), STATUS_INVALID_PARAMETER_7);
	EXPECT_EQ(s.Bed->Ended, 0);
}

/* Whole pages, in the order of the array. */
static VOID external_pfns_send_whole_pages(VOID)
{
	PFN_NUMBER pfns[PAGES];
	UINT32 crc = 0;
	ULONG i;

	REQUIRE(Begin(&Echo));
	RtlCopyMemory(pfns, MmGetMdlPfnArray(s.Mdl), sizeof(pfns));
	REQUIRE_STATUS(SendPfns(pfns, PAGES, WAIT_FLAG), STATUS_SUCCESS);
	Read(0, BYTES);
	REQUIRE_STATUS(SendPfns(pfns + 2, 3, WAIT_FLAG), STATUS_SUCCESS);
	Read(2 * PAGE_SIZE, 3 * PAGE_SIZE);
	for (i = 0; i < PAGES; i++) {
		pfns[i] = MmGetMdlPfnArray(s.Mdl)[PAGES - 1 - i];
		crc = Crc32(crc, s.Memory + (PAGES - 1 - i) * PAGE_SIZE, PAGE_SIZE);
	}
	REQUIRE_STATUS(SendPfns(pfns, PAGES, WAIT_FLAG), STATUS_SUCCESS);
	/* The array is the caller's again on return. */
	RtlZeroMemory(pfns, sizeof(pfns));
	SentRead(s.Sent, BYTES, crc);
}

static VOID external_pfns_refuse_wrong_arguments(VOID)
{
	PFN_NUMBER pfns[PAGES + 1];
	VMBPACKET p;

	REQUIRE(Begin(&Echo));
	RtlCopyMemory(pfns, MmGetMdlPfnArray(s.Mdl), PAGES * sizeof(pfns[0]));
	pfns[PAGES] = pfns[0];
	p = s.Sent->Packet;
	EXPECT_STATUS(VmbPacketSendWithExternalPfns(NULL, NULL, 0, pfns, 1, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(VmbPacketSendWithExternalPfns(p, NULL, 1, pfns, 1, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(VmbPacketSendWithExternalPfns(p, s.Memory, 4097, pfns, 1, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(SendPfns(NULL, 1, WAIT_FLAG), STATUS_INVALID_PARAMETER_4);
	EXPECT_STATUS(SendPfns(pfns, 0, WAIT_FLAG), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(SendPfns(pfns, PAGES + 1, WAIT_FLAG), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(SendPfns(pfns, 1, 0), STATUS_INVALID_PARAMETER_6);
	EXPECT_STATUS(SendPfns(pfns, 1, WAIT_FLAG | VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH),
		      STATUS_INVALID_PARAMETER_6);
	EXPECT_EQ(s.Bed->Ended, 0);
}

/* What the host writes is there when the routine runs, and nothing around it has changed. */
static VOID external_data_can_be_written_by_the_host(VOID)
{
	UINT32 i, wrong = 0;

	REQUIRE(Begin(&EchoInvert));
	REQUIRE_STATUS(SendMdl(s.Mdl, 1000, 5000, WAIT_FLAG), STATUS_SUCCESS);
	REQUIRE(SentAwait(s.Sent, STATUS_SUCCESS));
	for (i = 0; i < BYTES; i++)
		wrong += s.Memory[i] != (UCHAR)(HVHOST_PATTERN(1, i) ^
						(i >= 1000 && i < 6000 ? 0xff : 0));
	EXPECT_EQ(wrong, 0);
}

/* With it: done when answered, with the answer. Without: done when placed. */
static VOID flag_wait_for_completion_asks_for_an_answer(VOID)
{
	REQUIRE(Begin(&EchoSilent));
	REQUIRE_EQ(VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, 0x1);
	REQUIRE_STATUS(SendPlain("x", 1, 0), STATUS_SUCCESS);
	REQUIRE(SentAwait(s.Sent, STATUS_SUCCESS));
	EXPECT(!s.Sent->HadBuffer);
	Again();
	REQUIRE_STATUS(SendPlain("x", 1, 0x1), STATUS_SUCCESS);
	EXPECT(StaysAway(&s.Sent->Done));
	VmbChannelDisable(s.Bed->Channel);
	REQUIRE(SentAwait(s.Sent, STATUS_DEVICE_REMOVED));
	REQUIRE(Begin(&Echo));
	REQUIRE_STATUS(SendPlain("answer", 6, 0x1), STATUS_SUCCESS);
	SentReturned(s.Sent, "answer", 6);
}

/* Up to the end of the last page, of the first MDL alone; without the flag it is refused. */
static VOID flag_force_mdl_length_goes_beyond_the_mdl(VOID)
{
	const UINT32 forced = WAIT_FLAG | VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH;
	PMDL second;

	REQUIRE_EQ(VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH, 0x2);
	REQUIRE(Begin(&Echo));
	s.Mdl = CaseMdl(s.Memory + 100, 200);
	second = CaseMdl(s.Memory + 4 * PAGE_SIZE, PAGE_SIZE);
	REQUIRE(s.Mdl && second);
	EXPECT_STATUS(SendMdl(s.Mdl, 0, PAGE_SIZE - 100, WAIT_FLAG), STATUS_INVALID_PARAMETER_6);
	REQUIRE_STATUS(SendMdl(s.Mdl, 0, PAGE_SIZE - 100, forced), STATUS_SUCCESS);
	Read(100, PAGE_SIZE - 100);
	REQUIRE_STATUS(SendMdl(s.Mdl, 150, 500, forced), STATUS_SUCCESS);
	Read(250, 500);
	EXPECT_STATUS(SendMdl(s.Mdl, 0, PAGE_SIZE - 99, forced), STATUS_INVALID_PARAMETER_6);
	EXPECT_STATUS(SendMdl(s.Mdl, PAGE_SIZE - 100, 1, forced), STATUS_INVALID_PARAMETER_5);
	s.Mdl->Next = second;
	REQUIRE_STATUS(SendMdl(s.Mdl, 0, 201, forced), STATUS_SUCCESS);
	Read(100, 201);
	EXPECT_STATUS(SendMdl(s.Mdl, 0, PAGE_SIZE, forced), STATUS_INVALID_PARAMETER_6);
}

/* A length of 0 is all of the first MDL from the offset on, and nothing of the second. */
static VOID flag_force_mdl_length_without_length_is_one_mdl(VOID)
{
	const UINT32 forced = WAIT_FLAG | VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH;
	PMDL second;

	REQUIRE(Begin(&Echo));
	s.Mdl = CaseMdl(s.Memory + 100, 2 * PAGE_SIZE - 100);
	second = CaseMdl(s.Memory + 2 * PAGE_SIZE, PAGE_SIZE);
	REQUIRE(s.Mdl && second);
	s.Mdl->Next = second;
	REQUIRE_STATUS(SendMdl(s.Mdl, 0, 0, WAIT_FLAG), STATUS_SUCCESS);
	Read(100, 3 * PAGE_SIZE - 100);
	REQUIRE_STATUS(SendMdl(s.Mdl, 0, 0, forced), STATUS_SUCCESS);
	Read(100, 2 * PAGE_SIZE - 100);
	REQUIRE_STATUS(SendMdl(s.Mdl, 50, 0, forced), STATUS_SUCCESS);
	Read(150, 2 * PAGE_SIZE - 150);
	EXPECT_STATUS(SendMdl(s.Mdl, 2 * PAGE_SIZE - 100, 0, forced), STATUS_INVALID_PARAMETER_5);
}

/* Kernel memory is always there, so it changes nothing, and goes with every form. */
static VOID flag_paged_buffer_changes_nothing(VOID)
{
	const UINT32 paged = WAIT_FLAG | VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER;
	PUCHAR pageable = ExAllocatePoolWithTag(PagedPool, 4096, 0);

	REQUIRE_EQ(VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER, 0x4);
	REQUIRE(pageable && CaseOwn(ExFreePool, pageable) && Begin(&Echo));
	PatternFill(pageable, 4096, 9);
	s.Sent->Expected = pageable;
	REQUIRE_STATUS(SendPlain(pageable, 4096, paged), STATUS_SUCCESS);
	REQUIRE(SentReturned(s.Sent, pageable, 4096));
	s.Sent->Expected = NULL;
	Again();
	REQUIRE_STATUS(SendPlain(pageable, 8, VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER),
		       STATUS_SUCCESS);
	REQUIRE(SentAwait(s.Sent, STATUS_SUCCESS));
	Again();
	REQUIRE_STATUS(SendMdl(s.Mdl, 0, 0, paged), STATUS_SUCCESS);
	Read(0, BYTES);
	REQUIRE_STATUS(SendPfns(MmGetMdlPfnArray(s.Mdl), 1, paged), STATUS_SUCCESS);
	Read(0, PAGE_SIZE);
}

/* All that are known and no other: each form takes what it may. */
static VOID flags_mask_has_all_that_are_known(VOID)
{
	ULONG bit;

	REQUIRE_EQ(VMBUS_CHANNEL_FORMAT_FLAGS, 0x1f);
	REQUIRE(Begin(&Echo));
	for (bit = 5; bit < 32; bit++) {
		EXPECT_STATUS(SendPlain("x", 1, 1u << bit), STATUS_INVALID_PARAMETER_5);
		EXPECT_STATUS(SendMdl(s.Mdl, 0, 0, WAIT_FLAG | 1u << bit),
			      STATUS_INVALID_PARAMETER_7);
		EXPECT_STATUS(SendPfns(MmGetMdlPfnArray(s.Mdl), 1, WAIT_FLAG | 1u << bit),
			      STATUS_INVALID_PARAMETER_6);
	}
	REQUIRE_STATUS(SendMdl(s.Mdl, 0, 8, VMBUS_CHANNEL_FORMAT_FLAGS & ~0x10u), STATUS_SUCCESS);
	Read(0, 8);
	REQUIRE_STATUS(SendMdl(s.Mdl, 0, 8, VMBUS_CHANNEL_FORMAT_FLAGS & ~0x8u), STATUS_SUCCESS);
	Read(0, 8);
	/* In only and out only contradict each other. */
	EXPECT_STATUS(SendMdl(s.Mdl, 0, 8, VMBUS_CHANNEL_FORMAT_FLAGS),
		      STATUS_INVALID_PARAMETER_7);
}

static const TEST_CASE Cases[] = {
	CASE(send_carries_any_payload),
	CASE(send_refuses_wrong_arguments),
	CASE(send_queues_in_order),
	CASE(send_waits_for_room),
	CASE(send_carries_a_chain_of_mdls),
	CASE(send_carries_scattered_mdls),
	CASE(external_mdl_sends_a_part),
	CASE(external_mdl_refuses_wrong_arguments),
	CASE(external_pfns_send_whole_pages),
	CASE(external_pfns_refuse_wrong_arguments),
	CASE(external_data_can_be_written_by_the_host),
	CASE(flag_wait_for_completion_asks_for_an_answer),
	CASE(flag_force_mdl_length_goes_beyond_the_mdl),
	CASE(flag_force_mdl_length_without_length_is_one_mdl),
	CASE(flag_paged_buffer_changes_nothing),
	CASE(flags_mask_has_all_that_are_known),
};

TEST_GROUP_DEFINE(send, Cases);
