// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON on a stdio stream, indented for people.
 */
#include <inttypes.h>

#include "json.h"

static void begin(struct json *j, const char *key)
{
	if (j->more)
		fputc(',', j->out);
	if (j->depth)
		fprintf(j->out, "\n%*s", (int)j->depth * 2, "");
	if (key)
		fprintf(j->out, "\"%s\": ", key);
	j->more = true;
}

static void nest(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	fputc(bracket, j->out);
	j->depth++;
	j->more = false;
}

static void unnest(struct json *j, char bracket)
{
	j->depth--;
	if (j->more)
		fprintf(j->out, "\n%*s", (int)j->depth * 2, "");
	fputc(bracket, j->out);
	j->more = true;
}

void json_open(struct json *j, const char *key)
{
	nest(j, key, '{');
}

void json_close(struct json *j)
{
	unnest(j, '}');
}

void json_list_open(struct json *j, const char *key)
{
	nest(j, key, '[');
}

void json_list_close(struct json *j)
{
	unnest(j, ']');
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_string(struct json *j, const char *key, const char *value)
{
	begin(j, key);
	if (value)
		fprintf(j->out, "\"%s\"", value);
	else
		fputs("null", j->out);
}
