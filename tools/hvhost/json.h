/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A writer of JSON: commas and nesting, nothing else. key is NULL in a list and
 * at the top. Strings are our own names and GUIDs and need no escaping.
 */
#ifndef HVHOST_JSON_H
#define HVHOST_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	unsigned int depth;
	bool more;	/* something stands before at this level */
};

void json_open(struct json *j, const char *key);
void json_close(struct json *j);
void json_list_open(struct json *j, const char *key);
void json_list_close(struct json *j);
void json_number(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
/* value NULL: null */
void json_string(struct json *j, const char *key, const char *value);

#endif
