// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walking the ranges of GPA direct packets.
 */
#include <string.h>

#include "control.h"
#include "crc32.h"
#include "external.h"
#include "gpa.h"
#include "packet.h"

static uint64_t count_bytes(const struct external *e)
{
	const uint8_t *at = e->ranges;
	size_t left = e->size;
	uint64_t bytes = 0;
	struct gpa_range r;
	uint32_t i;

	for (i = 0; i < e->count && !gpa_range_take(&at, &left, &r); i++)
		bytes += r.count;
	return bytes;
}

enum proto_error external_take(const struct packet *p, struct external *e)
{
	struct gpa_direct_header h;
	enum proto_error why;
	uint64_t bytes;
	size_t used;

	memcpy(&h, p->header, sizeof(h));
	e->ranges = (const uint8_t *)p->header + sizeof(h);
	e->size = p->header_len - sizeof(h);
	e->count = h.range_count;
	why = gpa_ranges_check(control_vm(), e->ranges, e->size, e->count, &used);
	if (why)
		return why;
	bytes = count_bytes(e);
	e->bytes = bytes;
	return bytes > UINT32_MAX ? PROTO_ERROR_gpa_overflow : PROTO_OK;
}

static void walk(const struct external *e, gpa_piece_fn fn, void *ctx)
{
	const uint8_t *at = e->ranges;
	size_t left = e->size;
	struct gpa_range r;
	uint32_t i;

	for (i = 0; i < e->count && !gpa_range_take(&at, &left, &r); i++)
		gpa_range_walk(control_vm(), &r, fn, ctx);
}

static void crc_piece(void *ctx, uint8_t *piece, uint32_t len)
{
	uint32_t *crc = ctx;

	*crc = crc32_update(*crc, piece, len);
}

uint32_t external_crc(const struct external *e)
{
	uint32_t crc = 0;

	walk(e, crc_piece, &crc);
	return crc;
}

static void invert_piece(void *ctx, uint8_t *piece, uint32_t len)
{
	(void)ctx;
	while (len--)
		*piece++ ^= 0xff;
}

void external_invert(const struct external *e)
{
	walk(e, invert_piece, NULL);
}
