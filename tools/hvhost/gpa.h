/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of guest physical memory, as GPADLs and GPA direct packets carry them:
 * u32 byte count, u32 byte offset into the first page, then one u64 page frame
 * number for each page touched. What is parsed here lies in private memory.
 */
#ifndef HVHOST_GPA_H
#define HVHOST_GPA_H

#include <stddef.h>
#include <stdint.h>

#include "proto_error.h"

struct vm;

struct gpa_range {
	uint32_t count;
	uint32_t offset;
	uint32_t pages;
	const uint8_t *pfn;	/* pages little endian u64, maybe unaligned */
};

/* Takes one range off the front of *at and checks it; moves *at and *left. */
enum proto_error gpa_range_take(const uint8_t **at, size_t *left, struct gpa_range *range);

/* Checks n ranges, their memory too. Sets *used to their bytes. */
enum proto_error gpa_ranges_check(struct vm *vm, const uint8_t *at, size_t left, uint32_t n,
				  size_t *used);

/* Host address of a range's page, NULL if it is no guest RAM. */
uint8_t *gpa_range_page(struct vm *vm, const struct gpa_range *range, uint32_t page);

/*
 * Called on each piece in order, at most a page each and in one page; the pieces
 * are guest memory and may change as we look. Stops at a page that is no RAM.
 */
typedef void (*gpa_piece_fn)(void *ctx, uint8_t *piece, uint32_t len);

void gpa_range_walk(struct vm *vm, const struct gpa_range *range, gpa_piece_fn fn, void *ctx);
/* Of len bytes after the first skip; both together are not above range->count. */
void gpa_range_walk_part(struct vm *vm, const struct gpa_range *range, uint32_t skip,
			 uint32_t len, gpa_piece_fn fn, void *ctx);

#endif
