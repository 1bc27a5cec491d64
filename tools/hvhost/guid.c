// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading and writing GUIDs as text.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "guid.h"

/* Where each pair of hex digits of the text goes. */
static const uint8_t byte_order[16] = {
	3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool dash_before(unsigned int byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool guid_parse(const char *text, struct guid *g)
{
	bool braces = *text == '{';
	unsigned int i;
	int hi, lo;

	text += braces;
	for (i = 0; i < 16; i++) {
		if (dash_before(i) && *text++ != '-')
			return false;
		hi = hex_digit(text[0]);
		lo = hi < 0 ? -1 : hex_digit(text[1]);
		if (lo < 0)
			return false;
		g->b[byte_order[i]] = hi << 4 | lo;
		text += 2;
	}
	if (braces && *text++ != '}')
		return false;
	return !*text;
}

const char *guid_format(const struct guid *g, char *text)
{
	char *at = text;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		if (dash_before(i))
			*at++ = '-';
		at += sprintf(at, "%02x", g->b[byte_order[i]]);
	}
	return text;
}

bool guid_equal(const struct guid *a, const struct guid *b)
{
	return !memcmp(a, b, sizeof(*a));
}
