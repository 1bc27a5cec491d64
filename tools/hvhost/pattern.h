/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes that tests fill guest memory with, and the CRC-32 of them: callbacks
 * for gpadl_walk(), which carry on from one piece to the next.
 */
#ifndef HVHOST_PATTERN_H
#define HVHOST_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

struct pattern {
	uint32_t seed;
	uint32_t at;		/* of the next byte */
	uint32_t crc;
	bool wrong;
	uint32_t first_wrong;
};

/* ctx is a struct pattern whose seed was set and whose rest is 0. */
void pattern_fill(void *ctx, uint8_t *piece, uint32_t len);
void pattern_check(void *ctx, uint8_t *piece, uint32_t len);

#endif
