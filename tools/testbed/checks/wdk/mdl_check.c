// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory descriptor lists, and the pool that they describe.
 */
#include "host.h"

#ifndef __CHECKER__	/* sparse warns, and has no option against it */
#define TAG	'kdwc'
#else
#define TAG	0x6b647763
#endif

/* Header and room for page numbers, and nothing else of the buffer's. */
static VOID allocate_describes_the_buffer(VOID)
{
	PUCHAR memory = CaseAlloc(4 * PAGE_SIZE);
	PMDL mdl;

	REQUIRE(memory);
	mdl = IoAllocateMdl(memory + 100, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
	REQUIRE(mdl);
	EXPECT(!mdl->Next);
	EXPECT_EQ(mdl->MdlFlags, 0);
	EXPECT_EQ(MmGetMdlByteCount(mdl), 2 * PAGE_SIZE);
	EXPECT_EQ(MmGetMdlByteOffset(mdl), 100);
	EXPECT(MmGetMdlVirtualAddress(mdl) == memory + 100);
	EXPECT_EQ(mdl->Size, sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
	EXPECT((PUCHAR)MmGetMdlPfnArray(mdl) == (PUCHAR)mdl + sizeof(MDL));
	IoFreeMdl(mdl);
	IoFreeMdl(NULL);
}

/* As many page numbers as the buffer touches. */
static VOID size_counts_the_pages_touched(VOID)
{
	PUCHAR base = (PUCHAR)(16 * PAGE_SIZE);

	EXPECT_EQ(sizeof(MDL), 0x30);
	EXPECT_EQ(MmSizeOfMdl(base, PAGE_SIZE), 0x30 + 8);
	EXPECT_EQ(MmSizeOfMdl(base, PAGE_SIZE + 1), 0x30 + 16);
	EXPECT_EQ(MmSizeOfMdl(base + PAGE_SIZE - 1, 2), 0x30 + 16);
	EXPECT_EQ(MmSizeOfMdl(base + 1, PAGE_SIZE), 0x30 + 16);
	EXPECT_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(base + 4095, 1), 1);
	EXPECT_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(base + 4095, 4098), 3);
	EXPECT_EQ(BYTES_TO_PAGES(4097), 2);
	EXPECT_EQ(ROUND_TO_PAGES(1), 4096);
	EXPECT_EQ(BYTE_OFFSET(base + 4097), 1);
	EXPECT(PAGE_ALIGN(base + 4097) == base + 4096);
}

/* In memory of the caller's, whatever was there. */
static VOID initialize_makes_one_in_place(VOID)
{
	PUCHAR memory = CaseAlloc(2 * PAGE_SIZE);
	PMDL mdl = CaseAlloc(MmSizeOfMdl(NULL, 3 * PAGE_SIZE));

	REQUIRE(memory && mdl);
	RtlFillMemory(mdl, sizeof(*mdl), 0xa5);
	MmInitializeMdl(mdl, memory + 8, PAGE_SIZE);
	EXPECT(!mdl->Next && !mdl->Process && !mdl->MappedSystemVa);
	EXPECT_EQ(mdl->MdlFlags, 0);
	EXPECT(MmGetMdlVirtualAddress(mdl) == memory + 8);
	EXPECT_EQ(MmGetMdlByteCount(mdl), PAGE_SIZE);
	MmBuildMdlForNonPagedPool(mdl);
	EXPECT(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == memory + 8);
}

/* Pool memory, a driver's own data: what its address is, is its address mapped. */
static VOID build_finds_the_pages(VOID)
{
	static UCHAR data[64];
	PUCHAR memory = CaseAlloc(3 * PAGE_SIZE);
	PMDL mdl, part;

	REQUIRE(memory);
	mdl = CaseMdl(memory, 3 * PAGE_SIZE);
	part = CaseMdl(memory + PAGE_SIZE + 5, 10);
	REQUIRE(mdl && part);
	EXPECT(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
	EXPECT(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == memory);
	EXPECT_EQ(MmGetMdlPfnArray(part)[0], MmGetMdlPfnArray(mdl)[1]);
	EXPECT(MmGetMdlPfnArray(mdl)[0] != MmGetMdlPfnArray(mdl)[1]);
	part = CaseMdl(data, sizeof(data));
	REQUIRE(part);
	EXPECT(MmGetSystemAddressForMdlSafe(part, HighPagePriority) == data);
	EXPECT(MmGetMdlPfnArray(part)[0]);
}

/* What the pages are is what the host sees there: of a chain, in its order. */
static VOID chain_is_seen_by_the_host(VOID)
{
	PUCHAR memory = CaseAlloc(4 * PAGE_SIZE);
	PBED bed = BedCreate(&Echo);
	PMDL mdl[3];
	PSENT sent;
	ULONG i;

	REQUIRE(bed && memory);
	PatternFill(memory, 4 * PAGE_SIZE, 3);
	for (i = 0; i < 3; i++) {
		mdl[i] = CaseMdl(memory + (3 - i) * PAGE_SIZE, PAGE_SIZE);
		REQUIRE(mdl[i]);
	}
	mdl[0]->Next = mdl[1];
	mdl[1]->Next = mdl[2];
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(bed->Channel, 3 * PAGE_SIZE, 3),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	sent = SentCreate(bed);
	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, NULL, 0, mdl[0], WAIT_FLAG), STATUS_SUCCESS);
	SentRead(sent, 3 * PAGE_SIZE,
		 Crc32(Crc32(Crc32(0, memory + 3 * PAGE_SIZE, PAGE_SIZE),
			     memory + 2 * PAGE_SIZE, PAGE_SIZE), memory + PAGE_SIZE, PAGE_SIZE));
}

/* Kernel memory: it is a mark, and MmUnlockPages takes it away. */
static VOID lock_marks_kernel_pages(VOID)
{
	PUCHAR memory = CaseAlloc(2 * PAGE_SIZE);
	PMDL mdl = memory ? IoAllocateMdl(memory + 7, PAGE_SIZE, FALSE, FALSE, NULL) : NULL;

	REQUIRE(mdl);
	EXPECT(!MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
	MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
	EXPECT_EQ(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION), MDL_PAGES_LOCKED);
	EXPECT(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == memory + 7);
	EXPECT(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
	MmUnlockPages(mdl);
	EXPECT_EQ(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0);
	MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
	EXPECT(mdl->MdlFlags & MDL_WRITE_OPERATION);
	MmUnlockPages(mdl);
	/* There is no process here, and kernel memory is not one's. */
	MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
	EXPECT_EQ(mdl->MdlFlags, 0);
	IoFreeMdl(mdl);
	mdl = IoAllocateMdl((PVOID)PAGE_SIZE, 8, FALSE, FALSE, NULL);
	REQUIRE(mdl);
	MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
	EXPECT_EQ(mdl->MdlFlags, 0);
	IoFreeMdl(mdl);
}

static PVOID Map(PMDL Mdl)
{
	return MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE,
					    NormalPagePriority);
}

static VOID map_gives_the_address_of_the_first_byte(VOID)
{
	PUCHAR memory = CaseAlloc(2 * PAGE_SIZE);
	PMDL mdl = memory ? IoAllocateMdl(memory + 7, PAGE_SIZE, FALSE, FALSE, NULL) : NULL;

	REQUIRE(mdl);
	EXPECT(!Map(mdl));	/* not locked */
	MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
	EXPECT(!MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, 0));
	EXPECT(!MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmNonCached, NULL, FALSE, 0));
	EXPECT(!MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, memory, FALSE, 0));
	EXPECT(Map(mdl) == memory + 7);
	EXPECT(Map(mdl) == memory + 7);
	MmUnmapLockedPages(memory + 7, mdl);
	EXPECT(!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA));
	EXPECT(MmGetSystemAddressForMdlSafe(mdl, MdlMappingNoWrite | NormalPagePriority) ==
	       memory + 7);
	MmUnlockPages(mdl);
	EXPECT(!Map(mdl));
	IoFreeMdl(mdl);
}

/* Some of the pages of another; 0 bytes are the rest; its address is the part of the other's. */
static VOID partial_describes_a_part(VOID)
{
	PUCHAR memory = CaseAlloc(4 * PAGE_SIZE);
	PMDL source, part;

	REQUIRE(memory);
	source = CaseMdl(memory + 100, 3 * PAGE_SIZE);
	part = IoAllocateMdl(memory + 100, 3 * PAGE_SIZE, FALSE, FALSE, NULL);
	REQUIRE(source && part);
	IoBuildPartialMdl(source, part, memory + PAGE_SIZE + 9, PAGE_SIZE);
	EXPECT(part->MdlFlags & MDL_PARTIAL);
	EXPECT_EQ(MmGetMdlByteCount(part), PAGE_SIZE);
	EXPECT_EQ(MmGetMdlByteOffset(part), 9);
	EXPECT_EQ(MmGetMdlPfnArray(part)[0], MmGetMdlPfnArray(source)[1]);
	EXPECT_EQ(MmGetMdlPfnArray(part)[1], MmGetMdlPfnArray(source)[2]);
	EXPECT(MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == memory + PAGE_SIZE + 9);
	MmPrepareMdlForReuse(part);
	EXPECT(!(part->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA));
	IoBuildPartialMdl(source, part, memory + 200, 0);
	EXPECT_EQ(MmGetMdlByteCount(part), 3 * PAGE_SIZE - 100);
	EXPECT_EQ(MmGetMdlPfnArray(part)[0], MmGetMdlPfnArray(source)[0]);
	IoFreeMdl(part);
}

/* And is as good as another for sending. */
static VOID partial_is_sent_like_another(VOID)
{
	PUCHAR memory = CaseAlloc(4 * PAGE_SIZE);
	PBED bed = BedCreate(&Echo);
	PMDL source, part;
	PSENT sent;

	REQUIRE(bed && memory);
	PatternFill(memory, 4 * PAGE_SIZE, 4);
	source = CaseMdl(memory, 4 * PAGE_SIZE);
	part = CaseMdl(memory, 4 * PAGE_SIZE);
	REQUIRE(source && part);
	IoBuildPartialMdl(source, part, memory + 1000, 9000);
	EXPECT_STATUS(VmbChannelInitSetMaximumExternalData(bed->Channel, 4 * PAGE_SIZE, 1),
		      STATUS_SUCCESS);
	REQUIRE(BedStart(bed));
	sent = SentCreate(bed);
	REQUIRE(sent);
	REQUIRE_STATUS(VmbPacketSend(sent->Packet, NULL, 0, part, WAIT_FLAG), STATUS_SUCCESS);
	SentRead(sent, 9000, Crc32(0, memory + 1000, 9000));
	EXPECT_STATUS(VmbPacketSendWithExternalPfns(sent->Packet, NULL, 0,
						    MmGetMdlPfnArray(part), 1, WAIT_FLAG),
		      STATUS_SUCCESS);
	sent->Calls = 0;
	KeClearEvent(&sent->Done);
	BedSync(bed);
}

/* 16 bytes, from a page on a page. */
static VOID pool_is_aligned(VOID)
{
	static const SIZE_T sizes[] = { 1, 8, 16, 24, 65, 96, 97, 129, 192, 500, 2049, 4095 };
	PUCHAR memory, more;
	ULONG i;

	for (i = 0; i < ARRAYSIZE(sizes); i++) {
		memory = ExAllocatePoolWithTag(NonPagedPoolNx, sizes[i], TAG);
		more = ExAllocatePoolUninitialized(NonPagedPool, sizes[i], TAG);
		REQUIRE(memory && more);
		EXPECT_EQ((ULONG_PTR)memory % 16, 0);
		EXPECT_EQ((ULONG_PTR)more % 16, 0);
		RtlFillMemory(memory, sizes[i], 0xee);
		RtlFillMemory(more, sizes[i], 0xee);
		ExFreePoolWithTag(memory, TAG);
		ExFreePool(more);
	}
	for (i = 0; i < 8; i++) {
		memory = ExAllocatePoolWithTag(PagedPool, 4096 + i * 5000, TAG);
		REQUIRE(memory);
		EXPECT_EQ((ULONG_PTR)memory % PAGE_SIZE, 0);
		RtlFillMemory(memory, 4096 + i * 5000, 0xee);
		ExFreePool(memory);
	}
	ExFreePool(NULL);
}

/* Zero unless it is asked to be left; at DISPATCH_LEVEL as well. */
static VOID pool2_is_zero(VOID)
{
	static const SIZE_T sizes[] = { 24, 4000, 4096, 12288 };
	PUCHAR memory, zero;
	ULONG i, j, wrong = 0;
	KIRQL irql;

	for (i = 0; i < ARRAYSIZE(sizes); i++) {
		memory = ExAllocatePoolWithTag(NonPagedPoolNx, sizes[i], TAG);
		REQUIRE(memory);
		RtlFillMemory(memory, sizes[i], 0xee);
		ExFreePool(memory);
		KeRaiseIrql(i % 2 ? DISPATCH_LEVEL : PASSIVE_LEVEL, &irql);
		memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizes[i], TAG);
		zero = ExAllocatePoolZero(NonPagedPoolNx, sizes[i], TAG);
		KeLowerIrql(irql);
		REQUIRE(memory && zero);
		for (j = 0; j < sizes[i]; j++)
			wrong += memory[j] || zero[j];
		ExFreePool(memory);
		ExFreePool(zero);
	}
	EXPECT_EQ(wrong, 0);
	EXPECT(!ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 8, TAG));
	memory = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, 8, TAG);
	EXPECT(memory);
	ExFreePool(memory);
}

static const TEST_CASE Cases[] = {
	CASE(allocate_describes_the_buffer),
	CASE(size_counts_the_pages_touched),
	CASE(initialize_makes_one_in_place),
	CASE(build_finds_the_pages),
	CASE(chain_is_seen_by_the_host),
	CASE(lock_marks_kernel_pages),
	CASE(map_gives_the_address_of_the_first_byte),
	CASE(partial_describes_a_part),
	CASE(partial_is_sent_like_another),
	CASE(pool_is_aligned),
	CASE(pool2_is_zero),
};

TEST_GROUP_DEFINE(mdl, Cases);
