/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * key=value options of devices: tables of keys, checked values, and a sentence
 * for whoever got one wrong.
 */
#ifndef HVHOST_OPTION_H
#define HVHOST_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OPTION_WHY_LEN	256

enum option_kind {
	OPTION_NUMBER,		/* uint64_t within min..max */
	OPTION_SECONDS,		/* int64_t nanoseconds, from seconds with a fraction */
	OPTION_CHOICE,		/* uint64_t: which word of a list */
	OPTION_SPAN,		/* struct option_span: N..N, or one N for both */
};

struct option_span {
	uint64_t min;
	uint64_t max;
};

struct option_key {
	const char *key;	/* NULL ends a table */
	enum option_kind kind;
	size_t offset;		/* of the field, 8 bytes wide but for a span */
	int64_t preset;
	int64_t min, max;	/* seconds for OPTION_SECONDS */
	const char *choices;	/* "off|on" */
	const char *help;
};

/* keys may be NULL. */
void options_preset(const struct option_key *keys, void *base);
/* False: why is a sentence without its subject ("is not a number between 1 and 8"). */
bool option_set(const struct option_key *key, void *base, const char *value, char *why);
const struct option_key *option_find(const struct option_key *keys, const char *name);
void option_help(const struct option_key *key, FILE *out);

/* Decimal seconds, a fraction allowed; false if it is none or beyond ±10^9. */
bool seconds_parse(const char *text, int64_t *ns);
/* Decimal, all of the text. */
bool number_parse(const char *text, uint64_t *value);

#endif
