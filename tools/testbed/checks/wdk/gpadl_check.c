// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is shared with the host.
 */
#include "host.h"

#define PAGES	16
#define BYTES	(PAGES * PAGE_SIZE)

static struct {
	PBED Bed;
	PUCHAR Memory;
	UINT32 Number;
	KEVENT Deleted;
} g;

static BOOLEAN Begin(VOID)
{
	g.Memory = CaseAlloc(BYTES);
	g.Bed = g.Memory ? BedUp(&Gpadl) : NULL;
	g.Number = 0;
	return g.Bed && GpadlNegotiate(g.Bed);
}

static NTSTATUS FromBuffer(UINT32 Flags, PVOID Buffer, UINT32 Bytes)
{
	return VmbChannelCreateGpadlFromBuffer(g.Bed->Channel, Flags, Buffer, Bytes, &g.Number);
}

static NTSTATUS FromMdl(UINT32 Flags, PMDL Mdl, UINT32 Offset, UINT32 Bytes)
{
	return VmbChannelCreateGpadlFromMdl(g.Bed->Channel, Flags, Mdl, Offset, Bytes, &g.Number);
}

/* Both see what the other writes, and the host has so many bytes, of these pages. */
static VOID IsShared(PUCHAR Begin, UINT32 Bytes)
{
	if (!GpadlMap(g.Bed, g.Number, 0, Bytes))
		return;
	EXPECT(GpadlFill(g.Bed, g.Number, 0, Bytes, 1));
	EXPECT(PatternHolds(Begin, Bytes, 1));
	PatternFill(Begin, Bytes, 2);
	EXPECT(GpadlCheck(g.Bed, g.Number, 0, Bytes, 2));
	EXPECT(GpadlFill(g.Bed, g.Number, Bytes - 9, 9, 3));
	EXPECT(PatternHolds(Begin + Bytes - 9, 9, 3));
	EXPECT(GpadlUnmap(g.Bed, g.Number));
}

static VOID Delete(VOID)
{
	VmbChannelDeleteGpadl(g.Bed->Channel, g.Number);
}

static VOID from_buffer_shares_memory(VOID)
{
	REQUIRE(Begin());
	REQUIRE_STATUS(FromBuffer(0, g.Memory, BYTES), STATUS_SUCCESS);
	EXPECT(g.Number);
	IsShared(g.Memory, BYTES);
	Delete();
	/* A part of the memory, and the host gets no byte around it. */
	PatternFill(g.Memory, BYTES, 5);
	REQUIRE_STATUS(FromBuffer(0, g.Memory + PAGE_SIZE, 2 * PAGE_SIZE), STATUS_SUCCESS);
	IsShared(g.Memory + PAGE_SIZE, 2 * PAGE_SIZE);
	Delete();
	EXPECT(PatternHolds(g.Memory, PAGE_SIZE, 5));
	EXPECT(PatternHoldsAt(g.Memory, 3 * PAGE_SIZE, 5));
}

static VOID from_buffer_refuses_wrong_arguments(VOID)
{
	VMBCHANNEL ch;

	REQUIRE(Begin());
	ch = g.Bed->Channel;
	EXPECT_STATUS(VmbChannelCreateGpadlFromBuffer(NULL, 0, g.Memory, BYTES, &g.Number),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(FromBuffer(2, g.Memory, BYTES), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(FromBuffer(0, NULL, BYTES), STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(FromBuffer(0, g.Memory, 0), STATUS_INVALID_PARAMETER_4);
	EXPECT_STATUS(FromBuffer(0, g.Memory, 8191u << 12), STATUS_INVALID_PARAMETER_4);
	EXPECT_STATUS(VmbChannelCreateGpadlFromBuffer(ch, 0, g.Memory, BYTES, NULL),
		      STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(FromBuffer(0, g.Memory + 1, PAGE_SIZE), STATUS_NOT_SUPPORTED);
	EXPECT_STATUS(FromBuffer(0, g.Memory, PAGE_SIZE - 1), STATUS_NOT_SUPPORTED);
	EXPECT_STATUS(FromBuffer(0, (PVOID)(ULONG_PTR)PAGE_SIZE, PAGE_SIZE),
		      STATUS_INVALID_PARAMETER_3);
	EXPECT_EQ(g.Number, 0);
	VmbChannelDisable(ch);
	EXPECT_STATUS(FromBuffer(0, g.Memory, BYTES), STATUS_DEVICE_NOT_CONNECTED);
}

/* The pages of a chain, in its order; a part of them by offset and length. */
static VOID from_mdl_shares_pages_of_a_chain(VOID)
{
	PMDL first, second;

	REQUIRE(Begin());
	first = CaseMdl(g.Memory, 3 * PAGE_SIZE);
	second = CaseMdl(g.Memory + 3 * PAGE_SIZE, 5 * PAGE_SIZE);
	REQUIRE(first && second);
	first->Next = second;
	REQUIRE_STATUS(FromMdl(0, first, 0, 0), STATUS_SUCCESS);
	IsShared(g.Memory, 8 * PAGE_SIZE);
	Delete();
	PatternFill(g.Memory, BYTES, 5);
	REQUIRE_STATUS(FromMdl(0, first, 2 * PAGE_SIZE, 3 * PAGE_SIZE), STATUS_SUCCESS);
	IsShared(g.Memory + 2 * PAGE_SIZE, 3 * PAGE_SIZE);
	Delete();
	EXPECT(PatternHolds(g.Memory, 2 * PAGE_SIZE, 5));
	EXPECT(PatternHoldsAt(g.Memory, 5 * PAGE_SIZE, 5));
	/* From an offset inside the first MDL's page on: it has to be a page's begin. */
	first = CaseMdl(g.Memory + 100, 3 * PAGE_SIZE - 100);
	REQUIRE(first);
	REQUIRE_STATUS(FromMdl(0, first, PAGE_SIZE - 100, 0), STATUS_SUCCESS);
	IsShared(g.Memory + PAGE_SIZE, 2 * PAGE_SIZE);
	Delete();
}

static VOID from_mdl_shares_them_in_any_order(VOID)
{
	PMDL first, second;

	REQUIRE(Begin());
	first = CaseMdl(g.Memory + 8 * PAGE_SIZE, PAGE_SIZE);
	second = CaseMdl(g.Memory + 2 * PAGE_SIZE, PAGE_SIZE);
	REQUIRE(first && second);
	first->Next = second;
	REQUIRE_STATUS(FromMdl(0, first, 0, 0), STATUS_SUCCESS);
	REQUIRE(GpadlMap(g.Bed, g.Number, 0, 2 * PAGE_SIZE));
	PatternFill(g.Memory + 8 * PAGE_SIZE, PAGE_SIZE, 1);
	PatternFill(g.Memory + 2 * PAGE_SIZE, PAGE_SIZE, 2);
	EXPECT(GpadlCheck(g.Bed, g.Number, 0, PAGE_SIZE, 1));
	EXPECT(GpadlCheck(g.Bed, g.Number, PAGE_SIZE, PAGE_SIZE, 2));
	EXPECT(GpadlUnmap(g.Bed, g.Number));
	Delete();
}

static VOID from_mdl_refuses_wrong_arguments(VOID)
{
	PMDL mdl, other, gap;

	REQUIRE(Begin());
	mdl = CaseMdl(g.Memory, 2 * PAGE_SIZE);
	other = CaseMdl(g.Memory, PAGE_SIZE);
	gap = CaseMdl(g.Memory + 2 * PAGE_SIZE + 8, PAGE_SIZE - 8);
	REQUIRE(mdl && other && gap);
	EXPECT_STATUS(VmbChannelCreateGpadlFromMdl(NULL, 0, mdl, 0, 0, &g.Number),
		      STATUS_INVALID_PARAMETER_1);
	EXPECT_STATUS(FromMdl(2, mdl, 0, 0), STATUS_INVALID_PARAMETER_2);
	EXPECT_STATUS(FromMdl(0, NULL, 0, 0), STATUS_INVALID_PARAMETER_3);
	EXPECT_STATUS(FromMdl(0, mdl, 2 * PAGE_SIZE, 0), STATUS_INVALID_PARAMETER_4);
	EXPECT_STATUS(FromMdl(0, mdl, 0, 3 * PAGE_SIZE), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(FromMdl(0, mdl, PAGE_SIZE, 2 * PAGE_SIZE), STATUS_INVALID_PARAMETER_5);
	EXPECT_STATUS(VmbChannelCreateGpadlFromMdl(g.Bed->Channel, 0, mdl, 0, 0, NULL),
		      STATUS_INVALID_PARAMETER_6);
	EXPECT_STATUS(FromMdl(0, mdl, 8, PAGE_SIZE), STATUS_NOT_SUPPORTED);
	EXPECT_STATUS(FromMdl(0, mdl, 0, 100), STATUS_NOT_SUPPORTED);
	mdl->Next = gap;
	EXPECT_STATUS(FromMdl(0, mdl, 0, 0), STATUS_NOT_SUPPORTED);
	other->MdlFlags = 0;
	EXPECT_STATUS(FromMdl(0, other, 0, 0), STATUS_INVALID_PARAMETER_3);
	EXPECT_EQ(g.Number, 0);
}

static VOID DeletesIt(PVOID Context)
{
	UNREFERENCED_PARAMETER(Context);
	Delete();
	KeSetEvent(&g.Deleted, IO_NO_INCREMENT, FALSE);
}

/* The host lets go when it likes; until then it uses the memory. */
static VOID delete_waits_until_the_host_has_unmapped(VOID)
{
	REQUIRE(Begin());
	KeInitializeEvent(&g.Deleted, NotificationEvent, FALSE);
	REQUIRE_STATUS(FromBuffer(0, g.Memory, BYTES), STATUS_SUCCESS);
	REQUIRE(GpadlMap(g.Bed, g.Number, 0, BYTES));
	REQUIRE(CaseWork(DeletesIt, NULL));
	EXPECT(StaysAway(&g.Deleted));
	EXPECT(GpadlFill(g.Bed, g.Number, 0, BYTES, 7));
	EXPECT(PatternHolds(g.Memory, BYTES, 7));
	EXPECT(!KeReadStateEvent(&g.Deleted));
	EXPECT(GpadlUnmap(g.Bed, g.Number));
	AWAIT(&g.Deleted);
}

/* The host knows it no longer; a second time there is nothing to delete, and the log says so. */
static VOID delete_ends_the_sharing(VOID)
{
	GPADL_REQUEST map = { .Operation = HVHOST_GPADL_MAP };

	REQUIRE(Begin());
	REQUIRE_STATUS(FromBuffer(0, g.Memory, BYTES), STATUS_SUCCESS);
	map.Gpadl = g.Number;
	Delete();
	EXPECT(GpadlAnswers(g.Bed, &map, HVHOST_GPADL_UNKNOWN));
	Delete();
	REQUIRE_STATUS(FromBuffer(0, g.Memory, BYTES), STATUS_SUCCESS);
	EXPECT(g.Number != map.Gpadl);
	Delete();
}

static UCHAR *InCallbacks;

static VOID CreatesInOpened(PBED Bed)
{
	EXPECT_STATUS(VmbChannelCreateGpadlFromBuffer(Bed->Channel, 0, InCallbacks, BYTES,
						      &g.Number), STATUS_SUCCESS);
}

static VOID DeletesInClosed(PBED Bed)
{
	VmbChannelDeleteGpadl(Bed->Channel, g.Number);
}

/* Where KMCL's drivers make and delete them. */
static VOID create_in_opened_and_delete_in_closed(VOID)
{
	InCallbacks = CaseAlloc(BYTES);
	g.Bed = BedCreate(&Gpadl);
	REQUIRE(g.Bed && InCallbacks);
	g.Bed->On[BED_OPENED] = CreatesInOpened;
	g.Bed->On[BED_CLOSED] = DeletesInClosed;
	REQUIRE(BedStart(g.Bed) && GpadlNegotiate(g.Bed));
	IsShared(InCallbacks, BYTES);
	VmbChannelDisable(g.Bed->Channel);
	EXPECT_ORDER(g.Bed, "ospuc");
}

/* What the driver has forgotten is deleted when closed has returned, with a warning. */
static VOID forgotten_ones_are_deleted(VOID)
{
	GPADL_REQUEST map = { .Operation = HVHOST_GPADL_MAP };

	REQUIRE(Begin());
	REQUIRE_STATUS(FromBuffer(0, g.Memory, BYTES), STATUS_SUCCESS);
	map.Gpadl = g.Number;
	VmbChannelDisable(g.Bed->Channel);
	BedForget(g.Bed);
	REQUIRE(BedStart(g.Bed) && GpadlNegotiate(g.Bed));
	EXPECT(GpadlAnswers(g.Bed, &map, HVHOST_GPADL_UNKNOWN));
}

/* It says that the host only reads, and protects nothing. */
static VOID flag_read_only_protects_nothing(VOID)
{
	PMDL mdl;

	REQUIRE_EQ(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, 0x1);
	REQUIRE(Begin());
	mdl = CaseMdl(g.Memory, BYTES);
	REQUIRE(mdl);
	REQUIRE_STATUS(FromBuffer(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, g.Memory, BYTES),
		       STATUS_SUCCESS);
	IsShared(g.Memory, BYTES);
	Delete();
	REQUIRE_STATUS(FromMdl(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, mdl, 0, 0), STATUS_SUCCESS);
	IsShared(g.Memory, BYTES);
	Delete();
}

static VOID flags_mask_has_all_that_are_known(VOID)
{
	ULONG bit;
	PMDL mdl;

	REQUIRE_EQ(VMBUS_CHANNEL_GPADL_FLAGS, 0x1);
	REQUIRE(Begin());
	mdl = CaseMdl(g.Memory, BYTES);
	REQUIRE(mdl);
	for (bit = 1; bit < 32; bit++) {
		EXPECT_STATUS(FromBuffer(1u << bit, g.Memory, BYTES), STATUS_INVALID_PARAMETER_2);
		EXPECT_STATUS(FromMdl(1u << bit, mdl, 0, 0), STATUS_INVALID_PARAMETER_2);
	}
	REQUIRE_STATUS(FromBuffer(VMBUS_CHANNEL_GPADL_FLAGS, g.Memory, BYTES), STATUS_SUCCESS);
	Delete();
}

static const TEST_CASE Cases[] = {
	CASE(from_buffer_shares_memory),
	CASE(from_buffer_refuses_wrong_arguments),
	CASE(from_mdl_shares_pages_of_a_chain),
	CASE(from_mdl_shares_them_in_any_order),
	CASE(from_mdl_refuses_wrong_arguments),
	CASE(delete_waits_until_the_host_has_unmapped),
	CASE(delete_ends_the_sharing),
	CASE(create_in_opened_and_delete_in_closed),
	CASE(forgotten_ones_are_deleted),
	CASE(flag_read_only_protects_nothing),
	CASE(flags_mask_has_all_that_are_known),
};

TEST_GROUP_DEFINE(gpadl, Cases);
