// SPDX-License-Identifier: GPL-2.0-only
#include <linux/crc32.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <kmcl/hvhost.h>

#include "memory.h"

/*
 * The page allocator likes to give neighbours: of three pages in a row the one in
 * the middle is given back, and the others are used last one first.
 */
static bool pages_get(struct memory *m)
{
	struct page *unused;
	unsigned int i;

	for (i = m->count; i--;) {
		m->pages[i] = alloc_page(GFP_KERNEL);
		unused = alloc_page(GFP_KERNEL);
		if (unused)
			__free_page(unused);
		if (!m->pages[i] || !unused)
			return false;
	}
	return true;
}

bool memory_get(struct memory *m, struct check *c, unsigned int pages)
{
	m->count = pages;
	m->address = NULL;
	m->pages = kvcalloc(pages, sizeof(*m->pages), GFP_KERNEL);
	if (m->pages && pages_get(m))
		m->address = vmap(m->pages, pages, VM_MAP, PAGE_KERNEL);
	if (CHECK(c, m->address)) {
		memset(m->address, MEMORY_GUARD, pages * PAGE_SIZE);
		return true;
	}
	memory_put(m);
	return false;
}

void memory_put(struct memory *m)
{
	unsigned int i;

	vunmap(m->address);
	for (i = 0; m->pages && i < m->count; i++) {
		if (m->pages[i])
			__free_page(m->pages[i]);
	}
	kvfree(m->pages);
	m->pages = NULL;
	m->address = NULL;
}

bool memory_unshared(const struct memory *m)
{
	unsigned int i;

	for (i = 0; i < m->count; i++) {
		if (page_count(m->pages[i]) != 1)
			return false;
	}
	return true;
}

void spans_fill(const struct span *spans, unsigned int count, u32 seed)
{
	u32 n = 0, i;
	u8 *at;

	for (; count--; spans++) {
		at = spans->at;
		for (i = 0; i < spans->length; i++, n++)
			at[i] = HVHOST_PATTERN(seed, n);
	}
}

bool spans_hold(const struct span *spans, unsigned int count, u32 seed, u8 flip)
{
	u32 n = 0, i;
	const u8 *at;

	for (; count--; spans++) {
		at = spans->at;
		for (i = 0; i < spans->length; i++, n++) {
			if (at[i] != (u8)(HVHOST_PATTERN(seed, n) ^ flip))
				return false;
		}
	}
	return true;
}

u32 spans_crc(const struct span *spans, unsigned int count)
{
	u32 crc = ~0;

	for (; count--; spans++)
		crc = crc32_le(crc, spans->at, spans->length);
	return ~crc;
}

u32 spans_length(const struct span *spans, unsigned int count)
{
	u32 length = 0;

	while (count--)
		length += spans++->length;
	return length;
}

u32 memory_crc(const void *data, u32 length)
{
	return ~crc32_le(~0, data, length);
}
