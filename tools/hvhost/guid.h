/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GUIDs as they lie in memory and on the wire: the first three fields little
 * endian, the rest bytes in order.
 */
#ifndef HVHOST_GUID_H
#define HVHOST_GUID_H

#include <stdbool.h>
#include <stdint.h>

struct guid {
	uint8_t b[16];
};

#define GUID_TEXT_LEN	37	/* 8-4-4-4-12 and the closing NUL */

/* For the eleven numbers that <kmcl/hvhost.h> passes. */
#define GUID_BYTES(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)			\
	{ { (a) & 0xff, (a) >> 8 & 0xff, (a) >> 16 & 0xff, (a) >> 24 & 0xff,	\
	    (b) & 0xff, (b) >> 8 & 0xff, (c) & 0xff, (c) >> 8 & 0xff,		\
	    d0, d1, d2, d3, d4, d5, d6, d7 } }

/* Takes 8-4-4-4-12 hex digits, with or without braces. */
bool guid_parse(const char *text, struct guid *g);
/* Writes GUID_TEXT_LEN bytes and returns text. */
const char *guid_format(const struct guid *g, char *text);
bool guid_equal(const struct guid *a, const struct guid *b);

#endif
