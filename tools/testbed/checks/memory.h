/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for the host to read and write: scattered pages, and contents that can be
 * checked.
 */
#ifndef _CHECK_MEMORY_H
#define _CHECK_MEMORY_H

#include <linux/types.h>

#include "check.h"

struct page;

#define MEMORY_GUARD	0xa5	/* what lies around data */

/* Bytes that are a part of data. */
struct span {
	void *at;
	u32 length;
};

/**
 * struct memory - pages of the page allocator, none behind the other, with a mapping
 * @count: of @pages
 * @address: of all of them, in order
 */
struct memory {
	unsigned int count;
	struct page **pages;
	u8 *address;
};

/* False and a note: none to be had. Filled with MEMORY_GUARD. */
bool memory_get(struct memory *m, struct check *c, unsigned int pages);
void memory_put(struct memory *m);
/* Is every page the owner's alone again. */
bool memory_unshared(const struct memory *m);

/* Byte i of all spans together is the pattern of @seed. */
void spans_fill(const struct span *spans, unsigned int count, u32 seed);
/* Is it still, each byte XORed with @flip. */
bool spans_hold(const struct span *spans, unsigned int count, u32 seed, u8 flip);
u32 spans_crc(const struct span *spans, unsigned int count);
u32 spans_length(const struct span *spans, unsigned int count);

/* CRC-32 as hvhost has it. */
u32 memory_crc(const void *data, u32 length);

#endif /* _CHECK_MEMORY_H */
