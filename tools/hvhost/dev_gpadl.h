/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gpadl device from the inside: its state, and what its requests and replies
 * look like. <kmcl/hvhost.h> describes them.
 */
#ifndef HVHOST_DEV_GPADL_H
#define HVHOST_DEV_GPADL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <kmcl/hvhost.h>

#include "mapping.h"
#include "xfer.h"

struct channel;
struct packet;

struct gpadl_request {
	uint32_t op;
	uint32_t gpadl;
	uint32_t offset;
	uint32_t length;
	uint32_t seed;
	uint32_t count;
	uint32_t arg;
	uint32_t zero;
};

struct gpadl_reply {
	uint32_t status;
	uint32_t value;
	uint32_t crc;
	uint32_t zero;
};

static_assert(sizeof(struct gpadl_request) == HVHOST_GPADL_REQUEST, "gpadl request");
static_assert(sizeof(struct gpadl_reply) == HVHOST_GPADL_COMPLETION, "gpadl reply");

struct gpadl_completion {
	uint64_t id;
	struct gpadl_reply reply;
};

struct gpadl_state {
	uint64_t window;
	uint64_t fault;			/* enum xfer_fault */
	uint64_t refuse;
	uint64_t mute;
	bool negotiated;
	struct mappings maps;
	struct xfer_ids ids;
	struct loop_timer *timer;	/* to unmap what is due */
	/* Not sent yet: one for each SEND, and one for the request at hand. */
	struct gpadl_completion waiting[MAPPINGS_MAX + 1];
	unsigned int nr_waiting;
	uint64_t filled;
	uint64_t checked;
	uint64_t mismatched;
	uint64_t xfer_sent;
	uint64_t xfer_completed;
	uint64_t xfer_mismatched;
	uint64_t duplicate;
	uint64_t unknown;
	uint64_t refused;
	uint64_t unanswered;
};

/*
 * gpadl_request.c: does what a packet asks for; reply is zeroed. False: it was a
 * SEND, *m has its xfer now, and the reply comes when that is over.
 */
bool gpadl_perform(struct channel *ch, const struct packet *p, struct gpadl_reply *reply,
		   struct mapping **m);
/* dev_gpadl.c: mappings came or went. */
void gpadl_rearm(struct gpadl_state *s);

#endif
