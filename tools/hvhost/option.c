// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parsing option values and describing what is allowed.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

#define NS_PER_SECOND	1000000000ll

bool seconds_parse(const char *text, int64_t *ns)
{
	double seconds;
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '-' && *text != '.')
		return false;
	seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= -1e9 && seconds <= 1e9))
		return false;
	*ns = (int64_t)(seconds * NS_PER_SECOND);
	return true;
}

bool number_parse(const char *text, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !*end && !errno;
}

static void put(const struct option_key *key, void *base, int64_t value)
{
	memcpy((char *)base + key->offset, &value, sizeof(value));
}

static void put_span(const struct option_key *key, void *base, uint64_t min, uint64_t max)
{
	const struct option_span span = { min, max };

	memcpy((char *)base + key->offset, &span, sizeof(span));
}

void options_preset(const struct option_key *keys, void *base)
{
	for (; keys && keys->key; keys++) {
		if (keys->kind == OPTION_SPAN)
			put_span(keys, base, keys->preset, keys->preset);
		else
			put(keys, base, keys->preset);
	}
}

static bool number_within(const struct option_key *key, const char *value, uint64_t *n)
{
	return number_parse(value, n) && *n >= (uint64_t)key->min && *n <= (uint64_t)key->max;
}

static bool set_number(const struct option_key *key, void *base, const char *value, char *why)
{
	uint64_t n;

	if (number_within(key, value, &n)) {
		put(key, base, n);
		return true;
	}
	snprintf(why, OPTION_WHY_LEN, "is not a number from %" PRId64 " to %" PRId64, key->min,
		 key->max);
	return false;
}

static bool set_seconds(const struct option_key *key, void *base, const char *value, char *why)
{
	int64_t ns;

	if (seconds_parse(value, &ns) && ns >= key->min * NS_PER_SECOND &&
	    ns <= key->max * NS_PER_SECOND) {
		put(key, base, ns);
		return true;
	}
	snprintf(why, OPTION_WHY_LEN, "is not seconds from %" PRId64 " to %" PRId64, key->min,
		 key->max);
	return false;
}

static bool set_choice(const struct option_key *key, void *base, const char *value, char *why)
{
	const size_t len = strlen(value);
	const char *at = key->choices;
	int64_t index = 0;

	for (; at; index++) {
		if (!strncmp(at, value, len) && (at[len] == '|' || !at[len])) {
			put(key, base, index);
			return true;
		}
		at = strchr(at, '|');
		at += !!at;
	}
	snprintf(why, OPTION_WHY_LEN, "is none of %s", key->choices);
	return false;
}

static bool set_span(const struct option_key *key, void *base, const char *value, char *why)
{
	const char *dots = strstr(value, "..");
	const char *second = dots ? dots + 2 : value;
	char first[24];
	uint64_t min, max;

	snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - value) : (int)strlen(value),
		 value);
	if (number_within(key, first, &min) && number_within(key, second, &max) && min <= max) {
		put_span(key, base, min, max);
		return true;
	}
	snprintf(why, OPTION_WHY_LEN, "is neither N nor N..N, upwards, from %" PRId64 " to %" PRId64,
		 key->min, key->max);
	return false;
}

bool option_set(const struct option_key *key, void *base, const char *value, char *why)
{
	switch (key->kind) {
	case OPTION_NUMBER:
		return set_number(key, base, value, why);
	case OPTION_SECONDS:
		return set_seconds(key, base, value, why);
	case OPTION_CHOICE:
		return set_choice(key, base, value, why);
	case OPTION_SPAN:
		return set_span(key, base, value, why);
	}
	return false;
}

const struct option_key *option_find(const struct option_key *keys, const char *name)
{
	for (; keys && keys->key; keys++)
		if (!strcmp(keys->key, name))
			return keys;
	return NULL;
}

void option_help(const struct option_key *key, FILE *out)
{
	static const char *const form[] = {
		[OPTION_NUMBER] = "N",
		[OPTION_SECONDS] = "SECONDS",
		[OPTION_CHOICE] = "",
		[OPTION_SPAN] = "N|N..N",
	};

	fprintf(out, "%s=%s", key->key, key->choices ? key->choices : form[key->kind]);
}
