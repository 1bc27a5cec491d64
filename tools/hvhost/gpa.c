// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checking and walking ranges of guest physical memory.
 */
#include <string.h>

#include "gpa.h"
#include "proto.h"
#include "vm.h"

#define RANGE_HEAD	8
#define PFN_LIMIT	(1ull << 52)

static uint32_t get_u32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

enum proto_error gpa_range_take(const uint8_t **at, size_t *left, struct gpa_range *range)
{
	uint64_t end;

	if (*left < RANGE_HEAD)
		return PROTO_ERROR_gpa_short;
	range->count = get_u32(*at);
	range->offset = get_u32(*at + 4);
	end = (uint64_t)range->offset + range->count;
	if (!range->count)
		return PROTO_ERROR_gpa_empty;
	if (range->offset >= HV_PAGE)
		return PROTO_ERROR_gpa_offset;
	if (end > UINT32_MAX)
		return PROTO_ERROR_gpa_overflow;
	range->pages = (end + HV_PAGE - 1) / HV_PAGE;
	range->pfn = *at + RANGE_HEAD;
	if (range->pages > (*left - RANGE_HEAD) / sizeof(uint64_t))
		return PROTO_ERROR_gpa_short;
	*at += RANGE_HEAD + range->pages * sizeof(uint64_t);
	*left -= RANGE_HEAD + range->pages * sizeof(uint64_t);
	return PROTO_OK;
}

uint8_t *gpa_range_page(struct vm *vm, const struct gpa_range *range, uint32_t page)
{
	uint64_t pfn;

	memcpy(&pfn, range->pfn + page * sizeof(pfn), sizeof(pfn));
	return pfn < PFN_LIMIT ? vm_ram(vm, pfn * HV_PAGE, HV_PAGE) : NULL;
}

static enum proto_error range_memory_check(struct vm *vm, const struct gpa_range *range)
{
	uint32_t i;

	for (i = 0; i < range->pages; i++)
		if (!gpa_range_page(vm, range, i))
			return PROTO_ERROR_gpa_memory;
	return PROTO_OK;
}

enum proto_error gpa_ranges_check(struct vm *vm, const uint8_t *at, size_t left, uint32_t n,
				  size_t *used)
{
	const size_t all = left;
	enum proto_error e;
	struct gpa_range r;

	if (!n)
		return PROTO_ERROR_gpa_range_count;
	while (n--) {
		e = gpa_range_take(&at, &left, &r);
		if (!e)
			e = range_memory_check(vm, &r);
		if (e)
			return e;
	}
	*used = all - left;
	return PROTO_OK;
}

void gpa_range_walk_part(struct vm *vm, const struct gpa_range *range, uint32_t skip,
			 uint32_t len, gpa_piece_fn fn, void *ctx)
{
	uint64_t at = (uint64_t)range->offset + skip;
	uint8_t *page;
	uint32_t n;

	for (; len; len -= n, at += n) {
		page = gpa_range_page(vm, range, at / HV_PAGE);
		if (!page)
			return;
		n = HV_PAGE - at % HV_PAGE;
		if (n > len)
			n = len;
		fn(ctx, page + at % HV_PAGE, n);
	}
}

void gpa_range_walk(struct vm *vm, const struct gpa_range *range, gpa_piece_fn fn, void *ctx)
{
	gpa_range_walk_part(vm, range, 0, range->count, fn, ctx);
}
