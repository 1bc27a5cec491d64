// SPDX-License-Identifier: GPL-2.0-only
/*
 * External data of GPA-direct packets, on a server: the client's pages, held from the
 * moment the driver asks for them to the end of the packet, and mapped where they have no
 * address by themselves.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "incoming.h"
#include "trace.h"

static void unpin(struct kmcl_incoming *in, u32 count)
{
	while (count--)
		folio_put(page_folio(in->pages[count]));
}

/**
 * kmcl_pages_pin() - keep the pages of a packet
 * @in: of a GPA-direct packet, the driver's
 *
 * Return: 0, also when they are pinned already; -EFAULT if a page is free.
 */
int kmcl_pages_pin(struct kmcl_incoming *in)
{
	u32 i;

	if (in->pinned)
		return 0;
	for (i = 0; i < in->page_count; i++) {
		if (!folio_try_get(page_folio(in->pages[i]))) {
			unpin(in, i);
			return -EFAULT;
		}
	}
	in->pinned = true;
	kmcl_count(in->channel, pinned);
	return 0;
}

static u32 range_pages(const struct kmcl_range *range)
{
	return DIV_ROUND_UP(range->offset + range->length, PAGE_SIZE);
}

/* Do its pages lie one behind the other, where the kernel has them mapped. */
static bool is_linear(const struct kmcl_range *range)
{
	u32 i;

	for (i = 0; i < range_pages(range); i++) {
		if (PageHighMem(range->pages[i]) ||
		    page_to_pfn(range->pages[i]) != page_to_pfn(range->pages[0]) + i)
			return false;
	}
	return true;
}

bool kmcl_pages_linear(const struct kmcl_incoming *in)
{
	u32 i;

	for (i = 0; i < in->data.count; i++) {
		if (!is_linear(&in->data.ranges[i]))
			return false;
	}
	return true;
}

static void unmap(struct kmcl_incoming *in, u32 count)
{
	while (count--) {
		if (in->addresses[count])
			vunmap(in->addresses[count]);
	}
}

/**
 * kmcl_pages_map() - addresses for what has none
 * @in: pinned, not mapped
 * @read_only: the driver only reads
 *
 * Context: thread.
 * Return: 0 or -ENOMEM.
 */
int kmcl_pages_map(struct kmcl_incoming *in, bool read_only)
{
	pgprot_t protection = read_only ? PAGE_KERNEL_RO : PAGE_KERNEL;
	const struct kmcl_range *range;
	u32 i;

	for (i = 0; i < in->data.count; i++) {
		range = &in->data.ranges[i];
		in->addresses[i] = NULL;
		if (is_linear(range))
			continue;
		in->addresses[i] = vmap((struct page **)range->pages, range_pages(range), VM_MAP,
					protection);
		if (!in->addresses[i]) {
			unmap(in, i);
			return -ENOMEM;
		}
	}
	in->mapped = true;
	return 0;
}

/* NULL: not pinned, or not mapped though it has to be. */
void *kmcl_pages_address(const struct kmcl_incoming *in, u32 range)
{
	const struct kmcl_range *r = &in->data.ranges[range];

	if (!in->pinned)
		return NULL;
	if (in->mapped && in->addresses[range])
		return in->addresses[range] + r->offset;
	return is_linear(r) ? page_address(r->pages[0]) + r->offset : NULL;
}

/* Mappings first, then pins. Thread context if there are mappings. */
void kmcl_pages_release(struct kmcl_incoming *in)
{
	if (in->mapped)
		unmap(in, in->data.count);
	in->mapped = false;
	if (in->pinned) {
		unpin(in, in->page_count);
		kmcl_count(in->channel, unpinned);
	}
	in->pinned = false;
}
