// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting the guest's protocol errors, by reason.
 */
#include "json.h"
#include "log.h"
#include "proto_error.h"

#define PROTO_ERROR_NAME(name)	#name,

static const char *const names[PROTO_ERROR_MAX] = {
	"none",
	PROTO_ERRORS(PROTO_ERROR_NAME)
};

const char *proto_error_name(enum proto_error why)
{
	return names[why];
}

void proto_error_count(struct proto_errors *e, enum proto_error why, unsigned int who)
{
	e->count[why]++;
	if (who)
		log_guest("vmbus: channel %u: %s", who, names[why]);
	else
		log_guest("vmbus: %s", names[why]);
}

void proto_error_stats(const struct proto_errors *e, struct json *j)
{
	unsigned int i;

	json_open(j, "protocol_errors");
	for (i = 1; i < PROTO_ERROR_MAX; i++)
		if (e->count[i])
			json_number(j, names[i], e->count[i]);
	json_close(j);
}
