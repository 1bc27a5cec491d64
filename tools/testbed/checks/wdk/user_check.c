// SPDX-License-Identifier: GPL-2.0-only
/*
 * MDLs of a process's memory: locked, mapped, sent. The case is in the process meanwhile.
 */
#include "host.h"

#define PAGES	8
#define BYTES	(PAGES * PAGE_SIZE)
#define BEGIN	100		/* what is described begins and ends inside a page */
#define LENGTH	(BYTES - 300)

/* Of the case that runs: the process's memory, and what it should hold. */
static struct {
	PUCHAR User;
	PUCHAR Same;
	PUCHAR Seen;
	PMDL Mdl;
} u;

static VOID Leave(PVOID Object)
{
	check_user_leave(Object, BYTES);
}

static VOID ReleaseMdl(PVOID Object)
{
	PMDL mdl = Object;

	if (mdl->MdlFlags & MDL_PAGES_LOCKED)
		MmUnlockPages(mdl);
	IoFreeMdl(mdl);
}

/* The process's memory is there as far as it is touched. */
static BOOLEAN Enter(VOID)
{
	RtlZeroMemory(&u, sizeof(u));
	u.Same = CaseAlloc(BYTES);
	u.Seen = CaseAlloc(BYTES);
	if (!u.Same || !u.Seen)
		return FALSE;
	u.User = check_user_enter(BYTES);
	if (!EXPECT(u.User) || !CaseOwn(Leave, u.User))
		return FALSE;
	u.Mdl = IoAllocateMdl(u.User + BEGIN, LENGTH, FALSE, FALSE, NULL);
	return EXPECT(u.Mdl) && CaseOwn(ReleaseMdl, u.Mdl);
}

/* The last page first, so that they do not follow each other. */
static BOOLEAN Fill(UINT32 Seed)
{
	LONG i;

	PatternFill(u.Same, BYTES, Seed);
	for (i = PAGES - 1; i >= 0; i--) {
		if (!EXPECT_EQ(check_user_write(u.User + i * PAGE_SIZE, u.Same + i * PAGE_SIZE,
						PAGE_SIZE), 0))
			return FALSE;
	}
	return TRUE;
}

/* The process has what it should. */
static BOOLEAN Holds(VOID)
{
	return EXPECT_EQ(check_user_read(u.Seen, u.User, BYTES), 0) &&
	       EXPECT(RtlEqualMemory(u.Seen, u.Same, BYTES));
}

static BOOLEAN Lock(LOCK_OPERATION Operation)
{
	MmProbeAndLockPages(u.Mdl, UserMode, Operation);
	return EXPECT(u.Mdl->MdlFlags & MDL_PAGES_LOCKED);
}

static VOID pages_of_a_process_are_locked(VOID)
{
	ULONG i;

	REQUIRE(Enter() && Fill(1));
	REQUIRE(Lock(IoModifyAccess));
	EXPECT(u.Mdl->MdlFlags & MDL_WRITE_OPERATION);
	EXPECT(!(u.Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA));
	for (i = 0; i < PAGES; i++)
		EXPECT(MmGetMdlPfnArray(u.Mdl)[i]);
	MmUnlockPages(u.Mdl);
	EXPECT_EQ(u.Mdl->MdlFlags, 0);
	/* Who asks makes no difference, the memory does. */
	MmProbeAndLockPages(u.Mdl, KernelMode, IoReadAccess);
	EXPECT_EQ(u.Mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION), MDL_PAGES_LOCKED);
	MmUnlockPages(u.Mdl);
	EXPECT(Holds());
}

/* What either of them writes the other sees. */
static VOID pages_of_a_process_are_mapped(VOID)
{
	PUCHAR mapped;
	KIRQL irql;

	REQUIRE(Enter() && Fill(2));
	REQUIRE(Lock(IoModifyAccess));
	mapped = MmGetSystemAddressForMdlSafe(u.Mdl, NormalPagePriority);
	REQUIRE(mapped);
	EXPECT(u.Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
	EXPECT_EQ(BYTE_OFFSET(mapped), BEGIN);
	EXPECT(RtlEqualMemory(mapped, u.Same + BEGIN, LENGTH));
	EXPECT(MmGetSystemAddressForMdlSafe(u.Mdl, NormalPagePriority) == mapped);
	REQUIRE(Fill(3));
	EXPECT(RtlEqualMemory(mapped, u.Same + BEGIN, LENGTH));
	RtlFillMemory(mapped, LENGTH, 0x5a);
	RtlFillMemory(u.Same + BEGIN, LENGTH, 0x5a);
	EXPECT(Holds());
	/* The end of it leaves them alone, at whatever level. */
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	MmUnmapLockedPages(mapped, u.Mdl);
	KeLowerIrql(irql);
	EXPECT(Holds());
	EXPECT(MmGetSystemAddressForMdlSafe(u.Mdl, NormalPagePriority));
	/* Unlocking ends the mapping too. */
	MmUnlockPages(u.Mdl);
	EXPECT_EQ(u.Mdl->MdlFlags, 0);
	EXPECT(!u.Mdl->MappedSystemVa);
	EXPECT(Holds());
}

/* Its pages have an address in the kernel: the first byte is there. */
static VOID one_page_needs_no_mapping(VOID)
{
	PUCHAR mapped;
	KIRQL irql;

	REQUIRE(Enter() && Fill(4));
	MmInitializeMdl(u.Mdl, u.User + PAGE_SIZE + 8, 16);
	REQUIRE(Lock(IoWriteAccess));
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	mapped = MmGetSystemAddressForMdlSafe(u.Mdl, NormalPagePriority);
	KeLowerIrql(irql);
	REQUIRE(mapped);
	EXPECT(RtlEqualMemory(mapped, u.Same + PAGE_SIZE + 8, 16));
	RtlFillMemory(mapped, 16, 0xa5);
	RtlFillMemory(u.Same + PAGE_SIZE + 8, 16, 0xa5);
	MmUnmapLockedPages(mapped, u.Mdl);
	EXPECT(!(u.Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA));
	EXPECT(Holds());
}

/*
 * What nobody has written to is one page of zeros, again and again: as scattered as can be.
 * Mapping takes PASSIVE_LEVEL, unmapping does not.
 */
static VOID scattered_pages_are_mapped_at_passive_level(VOID)
{
	PUCHAR mapped;
	KIRQL irql;

	REQUIRE(Enter());
	REQUIRE(Lock(IoReadAccess));
	EXPECT_EQ(MmGetMdlPfnArray(u.Mdl)[1], MmGetMdlPfnArray(u.Mdl)[0]);
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	mapped = MmGetSystemAddressForMdlSafe(u.Mdl, NormalPagePriority);
	KeLowerIrql(irql);
	EXPECT(!mapped);
	EXPECT(!(u.Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA));
	mapped = MmGetSystemAddressForMdlSafe(u.Mdl, MdlMappingNoWrite | NormalPagePriority);
	REQUIRE(mapped);
	EXPECT(RtlEqualMemory(mapped, u.Same, LENGTH));
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	MmUnmapLockedPages(mapped, u.Mdl);
	KeLowerIrql(irql);
	EXPECT(!u.Mdl->MappedSystemVa);
	EXPECT(MmGetSystemAddressForMdlSafe(u.Mdl, MdlMappingNoWrite));
}

/* All of it or nothing: no flag is set, and no page stays locked. */
static VOID memory_that_is_not_there_is_not_locked(VOID)
{
	REQUIRE(Enter() && Fill(5));
	REQUIRE_EQ(check_user_lose(u.User + 5 * PAGE_SIZE, PAGE_SIZE), 0);
	MmProbeAndLockPages(u.Mdl, UserMode, IoReadAccess);
	EXPECT_EQ(u.Mdl->MdlFlags, 0);
	MmProbeAndLockPages(u.Mdl, UserMode, IoModifyAccess);
	EXPECT_EQ(u.Mdl->MdlFlags, 0);
	EXPECT(!MmGetSystemAddressForMdlSafe(u.Mdl, NormalPagePriority));
	REQUIRE_EQ(check_user_lose(u.User, 5 * PAGE_SIZE), 0);
	MmProbeAndLockPages(u.Mdl, UserMode, IoReadAccess);
	EXPECT_EQ(u.Mdl->MdlFlags, 0);
}

/* The host reads and writes it where it is. */
static VOID pages_of_a_process_are_seen_by_the_host(VOID)
{
	PBED bed = BedCreate(&EchoInvert);
	PSENT sent;
	ULONG i;

	REQUIRE(bed && Enter() && Fill(6));
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(bed->Channel, BYTES, 1),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	sent = SentCreate(bed);
	REQUIRE(sent && Lock(IoModifyAccess));
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, NULL, 0, u.Mdl, WAIT_FLAG), STATUS_SUCCESS);
	SentRead(sent, LENGTH, Crc32(0, u.Same + BEGIN, LENGTH));
	for (i = BEGIN; i < BEGIN + LENGTH; i++)
		u.Same[i] = ~u.Same[i];
	EXPECT(Holds());
	VmbChannelDisable(bed->Channel);
	MmUnlockPages(u.Mdl);
	EXPECT_STATUS(VmbChannelEnable(bed->Channel), STATUS_SUCCESS);
	/* Not locked, not sent. */
	EXPECT_STATUS(VmbPacketSend(sent->Packet, NULL, 0, u.Mdl, WAIT_FLAG),
		      STATUS_INVALID_PARAMETER_4);
}

static const TEST_CASE Cases[] = {
	CASE(pages_of_a_process_are_locked),
	CASE(pages_of_a_process_are_mapped),
	CASE(one_page_needs_no_mapping),
	CASE(scattered_pages_are_mapped_at_passive_level),
	CASE(memory_that_is_not_there_is_not_locked),
	CASE(pages_of_a_process_are_seen_by_the_host),
};

TEST_GROUP_DEFINE(user, Cases);
