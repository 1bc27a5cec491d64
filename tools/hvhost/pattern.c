// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling and checking. The CRC is that of a private copy: the guest may change
 * its memory while we work.
 */
#include <string.h>

#include <kmcl/hvhost.h>

#include "crc32.h"
#include "pattern.h"
#include "proto.h"

static void make(const struct pattern *p, uint8_t *to, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		to[i] = HVHOST_PATTERN(p->seed, p->at + i);
}

void pattern_fill(void *ctx, uint8_t *piece, uint32_t len)
{
	struct pattern *p = ctx;
	uint8_t copy[HV_PAGE];

	make(p, copy, len);
	memcpy(piece, copy, len);
	p->crc = crc32_update(p->crc, copy, len);
	p->at += len;
}

static void compare(struct pattern *p, const uint8_t *is, const uint8_t *should, uint32_t len)
{
	uint32_t i = 0;

	if (p->wrong || !memcmp(is, should, len))
		return;
	while (is[i] == should[i])
		i++;
	p->wrong = true;
	p->first_wrong = p->at + i;
}

void pattern_check(void *ctx, uint8_t *piece, uint32_t len)
{
	uint8_t copy[HV_PAGE], should[HV_PAGE];
	struct pattern *p = ctx;

	memcpy(copy, piece, len);
	make(p, should, len);
	compare(p, copy, should, len);
	p->crc = crc32_update(p->crc, copy, len);
	p->at += len;
}
