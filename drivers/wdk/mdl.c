// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory descriptor lists. Kernel memory has its address already, and Linux never pages it
 * out: locking and mapping it are marks in the MDL. Only user pages are pinned, and mapped if
 * they lie scattered.
 */
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "driver.h"

#define MDL_HAS_ADDRESS	(MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)

/* Its page numbers are there and stay right. */
bool wdk_mdl_ready(const MDL *mdl)
{
	return mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL);
}

u64 wdk_mdl_chain_bytes(const MDL *mdl)
{
	u64 bytes = 0;

	for (; mdl; mdl = mdl->Next)
		bytes += mdl->ByteCount;
	return bytes;
}

static u32 mdl_pages(const MDL *mdl)
{
	return ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->ByteOffset, mdl->ByteCount);
}

/**
 * IoAllocateMdl() - make an MDL
 * @VirtualAddress: of the buffer; not looked at
 * @Length: of the buffer in bytes
 * @SecondaryBuffer: without an IRP it means nothing
 * @ChargeQuota: there are no quotas
 * @Irp: NULL
 *
 * The page numbers are filled in by MmBuildMdlForNonPagedPool() or MmProbeAndLockPages().
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: the caller's, to be freed with IoFreeMdl().
 * Return: the MDL; NULL without memory, or with an IRP.
 */
PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
		   BOOLEAN ChargeQuota, PIRP Irp)
{
	PMDL mdl;

	if (WARN_ON_ONCE(Irp))
		return NULL;
	mdl = wdk_pool_alloc(MmSizeOfMdl(VirtualAddress, Length), wdk_gfp());
	if (mdl)
		MmInitializeMdl(mdl, VirtualAddress, Length);
	return mdl;
}
EXPORT_SYMBOL_GPL(IoAllocateMdl);

/**
 * IoFreeMdl() - free one MDL, not the chain
 * @Mdl: of IoAllocateMdl(), its pages unlocked; NULL is ignored
 *
 * The mapping of a partial one goes with it.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: ends the caller's.
 */
VOID IoFreeMdl(PMDL Mdl)
{
	if (!Mdl)
		return;
	MmPrepareMdlForReuse(Mdl);
	WARN_ON_ONCE(Mdl->MdlFlags & WDK_MDL_PINNED);
	wdk_pool_free(Mdl);
}
EXPORT_SYMBOL_GPL(IoFreeMdl);

static struct page *page_at(const void *address)
{
	return virt_addr_valid(address) ? virt_to_page(address) : vmalloc_to_page(address);
}

/* Page numbers of kernel memory; false if there is none at some place. */
static bool fill_kernel(PMDL mdl)
{
	struct page *page;
	u32 i;

	for (i = 0; i < mdl_pages(mdl); i++) {
		page = page_at(mdl->StartVa + i * PAGE_SIZE);
		if (!page)
			return false;
		MmGetMdlPfnArray(mdl)[i] = page_to_pfn(page);
	}
	return true;
}

/**
 * MmBuildMdlForNonPagedPool() - fill in the pages of pool memory
 * @MemoryDescriptorList: of a buffer in pool, or in a driver's own data; not on a stack
 *
 * For another buffer the MDL stays empty, with a warning.
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
	if (WARN_ON_ONCE(!fill_kernel(MemoryDescriptorList)))
		return;
	MemoryDescriptorList->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
	MemoryDescriptorList->MappedSystemVa = MmGetMdlVirtualAddress(MemoryDescriptorList);
}
EXPORT_SYMBOL_GPL(MmBuildMdlForNonPagedPool);

static bool is_user_address(const void *address)
{
	return (unsigned long)address < TASK_SIZE_MAX;
}

/* The array of page numbers serves as the array of pages meanwhile. */
static bool pin_user(PMDL mdl, bool write)
{
	struct page **pages = (struct page **)MmGetMdlPfnArray(mdl);
	int i, count = mdl_pages(mdl);
	int pinned = pin_user_pages_fast((unsigned long)mdl->StartVa, count,
					 write ? FOLL_WRITE : 0, pages);

	static_assert(sizeof(*pages) == sizeof(PFN_NUMBER));
	if (pinned != count) {
		if (pinned > 0)
			unpin_user_pages(pages, pinned);
		return false;
	}
	for (i = 0; i < count; i++)
		MmGetMdlPfnArray(mdl)[i] = page_to_pfn(pages[i]);
	mdl->MdlFlags |= WDK_MDL_PINNED;
	return true;
}

/**
 * MmProbeAndLockPages() - make sure that the pages are there, and stay
 * @MemoryDescriptorList: of a buffer of the kernel's, or of the present process
 * @AccessMode: UserMode: only the process's is allowed
 * @Operation: IoReadAccess: the pages will be read; else they will be written to
 *
 * There is no exception when it fails. MDL_PAGES_LOCKED in MdlFlags says afterwards
 * whether it has succeeded: test it where Windows would have caught the exception. An MDL
 * whose pages are not locked is refused by every send, so nothing else happens to a driver
 * that does not look.
 *
 * Context: PASSIVE_LEVEL for a buffer of the process; else DISPATCH_LEVEL or lower.
 */
VOID MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
			 LOCK_OPERATION Operation)
{
	bool user = is_user_address(MemoryDescriptorList->StartVa);
	bool write = Operation != IoReadAccess, locked = false;

	if (user && current->mm)
		locked = pin_user(MemoryDescriptorList, write);
	else if (!user && AccessMode == KernelMode)
		locked = fill_kernel(MemoryDescriptorList);
	if (locked)
		MemoryDescriptorList->MdlFlags |= MDL_PAGES_LOCKED;
	if (locked && write)
		MemoryDescriptorList->MdlFlags |= MDL_WRITE_OPERATION;
}
EXPORT_SYMBOL_GPL(MmProbeAndLockPages);

static void unpin_user(PMDL mdl)
{
	bool write = mdl->MdlFlags & MDL_WRITE_OPERATION;
	struct page *page;
	u32 i;

	for (i = 0; i < mdl_pages(mdl); i++) {
		page = pfn_to_page(MmGetMdlPfnArray(mdl)[i]);
		unpin_user_pages_dirty_lock(&page, 1, write);
	}
}

/**
 * MmUnlockPages() - undo MmProbeAndLockPages(), and a mapping
 * @MemoryDescriptorList: with MDL_PAGES_LOCKED; else a warning and nothing
 *
 * Context: DISPATCH_LEVEL or lower; PASSIVE_LEVEL for pages of a process that were locked to
 * be written to, because marking them as written may sleep on Linux.
 */
VOID MmUnlockPages(PMDL MemoryDescriptorList)
{
	if (WARN_ON_ONCE(!(MemoryDescriptorList->MdlFlags & MDL_PAGES_LOCKED)))
		return;
	if (MemoryDescriptorList->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
		MmUnmapLockedPages(MemoryDescriptorList->MappedSystemVa, MemoryDescriptorList);
	if (MemoryDescriptorList->MdlFlags & WDK_MDL_PINNED)
		unpin_user(MemoryDescriptorList);
	MemoryDescriptorList->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION |
					    WDK_MDL_PINNED);
}
EXPORT_SYMBOL_GPL(MmUnlockPages);

static bool pages_adjoin(PMDL mdl)
{
	const PFN_NUMBER *pfns = MmGetMdlPfnArray(mdl);
	u32 i;

	for (i = 1; i < mdl_pages(mdl); i++) {
		if (pfns[i] != pfns[0] + i)
			return false;
	}
	return !PageHighMem(pfn_to_page(pfns[0]));
}

/**
 * struct mapping - of scattered pages; its MDL's Process, which nobody else has a use for
 * @work: ends it
 * @address: of the first page
 * @count: of pages
 * @pages: with a reference on each: the process may be gone before the mapping
 */
struct mapping {
	struct work_struct work;
	void *address;
	u32 count;
	struct page *pages[];
};

static void put_pages(struct mapping *mapping)
{
	u32 i;

	for (i = 0; i < mapping->count; i++)
		put_page(mapping->pages[i]);
	kvfree(mapping);
}

static void end_mapping(struct work_struct *work)
{
	struct mapping *mapping = container_of(work, struct mapping, work);

	vunmap(mapping->address);
	put_pages(mapping);
}

/* vunmap() may sleep. */
static void unmap_pages(PMDL mdl)
{
	struct mapping *mapping = (struct mapping *)mdl->Process;

	mdl->Process = NULL;
	if (KeGetCurrentIrql() >= DISPATCH_LEVEL)
		queue_work(wdk_wq, &mapping->work);
	else
		end_mapping(&mapping->work);
}

static struct mapping *get_pages(PMDL mdl)
{
	u32 i, count = mdl_pages(mdl);
	struct mapping *mapping = kvmalloc(struct_size(mapping, pages, count), GFP_KERNEL);

	if (!mapping)
		return NULL;
	INIT_WORK(&mapping->work, end_mapping);
	mapping->count = count;
	for (i = 0; i < count; i++) {
		mapping->pages[i] = pfn_to_page(MmGetMdlPfnArray(mdl)[i]);
		get_page(mapping->pages[i]);
	}
	return mapping;
}

static void *map_pages(PMDL mdl, ULONG priority)
{
	struct mapping *mapping;

	if (KeGetCurrentIrql() >= DISPATCH_LEVEL)
		return NULL;
	mapping = get_pages(mdl);
	if (!mapping)
		return NULL;
	mapping->address = vmap(mapping->pages, mapping->count, VM_MAP,
				priority & MdlMappingNoWrite ? PAGE_KERNEL_RO : PAGE_KERNEL);
	if (!mapping->address) {
		put_pages(mapping);
		return NULL;
	}
	mdl->Process = (PEPROCESS)mapping;
	mdl->MdlFlags |= WDK_MDL_VMAP;
	return mapping->address;
}

/* Where its first page is in the kernel. */
static void *first_page(PMDL mdl, ULONG priority)
{
	if (mdl->StartVa && !is_user_address(mdl->StartVa))
		return mdl->StartVa;
	if (pages_adjoin(mdl))
		return page_address(pfn_to_page(MmGetMdlPfnArray(mdl)[0]));
	return map_pages(mdl, priority);
}

/**
 * MmMapLockedPagesSpecifyCache() - an address for locked pages
 * @MemoryDescriptorList: locked, partial, or external data of a received packet
 * @AccessMode: KernelMode
 * @CacheType: MmCached
 * @RequestedAddress: NULL
 * @BugCheckOnFailure: not looked at: a failure is reported
 * @Priority: with MdlMappingNoWrite a mapping made for this MDL is read-only; memory that
 *	has an address in the kernel keeps that, and stays as writable as it is
 *
 * Context: DISPATCH_LEVEL or lower. Scattered user pages can be mapped at PASSIVE_LEVEL only.
 * Ownership: to be undone with MmUnmapLockedPages().
 * Return: the address of the first byte; NULL for other arguments, for pages that
 * are not locked, or if no mapping can be had here.
 */
PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
				   MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
				   ULONG BugCheckOnFailure, ULONG Priority)
{
	PMDL mdl = MemoryDescriptorList;
	void *address;

	if (AccessMode != KernelMode || CacheType != MmCached || RequestedAddress)
		return NULL;
	if (mdl->MdlFlags & MDL_HAS_ADDRESS)
		return mdl->MappedSystemVa;
	if (!wdk_mdl_ready(mdl) || !mdl->ByteCount)
		return NULL;
	address = first_page(mdl, Priority);
	if (!address)
		return NULL;
	mdl->MappedSystemVa = address + mdl->ByteOffset;
	mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
	return mdl->MappedSystemVa;
}
EXPORT_SYMBOL_GPL(MmMapLockedPagesSpecifyCache);

/**
 * MmUnmapLockedPages() - undo a mapping
 * @BaseAddress: what the mapping function gave
 * @MemoryDescriptorList: its MDL
 *
 * External data of a received packet keep their address until the packet is completed.
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
	PMDL mdl = MemoryDescriptorList;

	if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || (mdl->MdlFlags & WDK_MDL_RECEIVED))
		return;
	if (mdl->MdlFlags & WDK_MDL_VMAP)
		unmap_pages(mdl);
	mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | WDK_MDL_VMAP);
	mdl->MappedSystemVa = NULL;
}
EXPORT_SYMBOL_GPL(MmUnmapLockedPages);

/**
 * MmGetSystemAddressForMdlSafe() - an address for an MDL, made if there is none yet
 * @Mdl: built, locked, partial, or external data of a received packet
 * @Priority: as in MmMapLockedPagesSpecifyCache()
 *
 * Context: as MmMapLockedPagesSpecifyCache().
 * Ownership: valid until the pages are unlocked, the MDL is freed, or the packet completed.
 * Return: the address of the first byte; NULL as MmMapLockedPagesSpecifyCache().
 */
PVOID MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG Priority)
{
	if (Mdl->MdlFlags & MDL_HAS_ADDRESS)
		return Mdl->MappedSystemVa;
	return MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, Priority);
}
EXPORT_SYMBOL_GPL(MmGetSystemAddressForMdlSafe);

/**
 * IoBuildPartialMdl() - describe a part of what another MDL describes
 * @SourceMdl: built or locked
 * @TargetMdl: with room for the pages of the part
 * @VirtualAddress: where the part begins: MmGetMdlVirtualAddress(@SourceMdl) and onwards
 * @Length: of the part in bytes; 0: the rest of the source
 *
 * The pages are the source's: it stays locked as long as the target is used. If the source
 * has an address, so has the target. A part that does not lie in the source leaves the
 * target empty, with a warning.
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
	SIZE_T skip = VirtualAddress - MmGetMdlVirtualAddress(SourceMdl);
	u32 first = (SourceMdl->ByteOffset + skip) >> PAGE_SHIFT;

	TargetMdl->MdlFlags = 0;
	TargetMdl->ByteCount = 0;
	if (WARN_ON_ONCE(!wdk_mdl_ready(SourceMdl) || skip > SourceMdl->ByteCount ||
			 Length > SourceMdl->ByteCount - skip))
		return;
	MmInitializeMdl(TargetMdl, VirtualAddress, Length ? Length : SourceMdl->ByteCount - skip);
	TargetMdl->MdlFlags = MDL_PARTIAL | (SourceMdl->MdlFlags & MDL_WRITE_OPERATION);
	memcpy(MmGetMdlPfnArray(TargetMdl), MmGetMdlPfnArray(SourceMdl) + first,
	       mdl_pages(TargetMdl) * sizeof(PFN_NUMBER));
	if (SourceMdl->MdlFlags & MDL_HAS_ADDRESS) {
		TargetMdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
		TargetMdl->MappedSystemVa = SourceMdl->MappedSystemVa + skip;
	}
}
EXPORT_SYMBOL_GPL(IoBuildPartialMdl);
