// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pool memory. Less than a page is kmalloc()'s; a page and more are whole pages with a
 * reference count of their own, so that kmcl can keep what the host has not let go of.
 */
#include <linux/log2.h>
#include <linux/vmalloc.h>

#include "wdk.h"

/* Caches whose objects need not be aligned to 16 when slab debugging is on. */
static size_t avoid_odd_caches(size_t bytes)
{
	if (bytes > 64 && bytes <= 96)
		return 97;
	if (bytes > 128 && bytes <= 192)
		return 193;
	return max_t(size_t, bytes, 16);
}

static void *alloc_whole_pages(size_t bytes, gfp_t gfp)
{
	struct page *page;

	if (bytes > PAGE_SIZE && gfpflags_allow_blocking(gfp))
		return __vmalloc(bytes, gfp);
	page = alloc_pages(gfp | __GFP_COMP | __GFP_NOWARN, get_order(bytes));
	return page ? page_address(page) : NULL;
}

/* 16-byte aligned; page aligned from a page on. */
void *wdk_pool_alloc(size_t bytes, gfp_t gfp)
{
	return bytes < PAGE_SIZE ? kmalloc(avoid_odd_caches(bytes), gfp) :
	       alloc_whole_pages(bytes, gfp);
}

void wdk_pool_free(const void *memory)
{
	struct page *page;

	if (!memory)
		return;
	if (is_vmalloc_addr(memory)) {
		vfree(memory);
		return;
	}
	page = virt_to_head_page(memory);
	if (PageSlab(page))
		kfree(memory);
	else
		__free_pages(page, compound_order(page));
}

/**
 * ExAllocatePoolWithTag() - get memory
 * @PoolType: nonpaged or paged; all kernel memory is nonpaged here, and none is executable
 * @NumberOfBytes: how much
 * @Tag: not kept
 *
 * Context: DISPATCH_LEVEL or lower. There, what is larger than a page is hard to get.
 * Ownership: the caller's, to be freed with ExFreePoolWithTag() or ExFreePool().
 * Return: memory with undefined content, aligned to 16 bytes, from a page on to pages; NULL
 * if there is none.
 */
PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
	return wdk_pool_alloc(NumberOfBytes, wdk_gfp());
}
EXPORT_SYMBOL_GPL(ExAllocatePoolWithTag);

/**
 * ExAllocatePool2() - get memory that is zero
 * @Flags: POOL_FLAG_*; POOL_FLAG_UNINITIALIZED: content undefined
 * @NumberOfBytes: how much
 * @Tag: not kept
 *
 * Context, Ownership: as ExAllocatePoolWithTag().
 * Return: as ExAllocatePoolWithTag(); always NULL with POOL_FLAG_RAISE_ON_FAILURE, which
 * promises an exception that there is not.
 */
PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
	gfp_t gfp = wdk_gfp();

	if (Flags & POOL_FLAG_RAISE_ON_FAILURE)
		return NULL;
	if (!(Flags & POOL_FLAG_UNINITIALIZED))
		gfp |= __GFP_ZERO;
	return wdk_pool_alloc(NumberOfBytes, gfp);
}
EXPORT_SYMBOL_GPL(ExAllocatePool2);

/**
 * ExFreePoolWithTag() - give memory back
 * @P: of ExAllocatePoolWithTag() or ExAllocatePool2(); NULL is ignored
 * @Tag: not looked at
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: ends the caller's.
 */
VOID ExFreePoolWithTag(PVOID P, ULONG Tag)
{
	wdk_pool_free(P);
}
EXPORT_SYMBOL_GPL(ExFreePoolWithTag);

/**
 * ExFreePool() - give memory back
 * @P: as in ExFreePoolWithTag()
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: ends the caller's.
 */
VOID ExFreePool(PVOID P)
{
	wdk_pool_free(P);
}
EXPORT_SYMBOL_GPL(ExFreePool);
