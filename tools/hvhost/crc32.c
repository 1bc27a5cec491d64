// SPDX-License-Identifier: GPL-2.0-only
/*
 * CRC-32, a byte at a time from a table made on first use.
 */
#include "crc32.h"

static uint32_t table[256];

static void make_table(void)
{
	uint32_t i, bit, v;

	for (i = 0; i < 256; i++) {
		v = i;
		for (bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? 0xedb88320u : 0);
		table[i] = v;
	}
}

uint32_t crc32_update(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *at = data;

	if (!table[1])
		make_table();
	crc = ~crc;
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *at++) & 0xff];
	return ~crc;
}
