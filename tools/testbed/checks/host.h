/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking hvhost's gpadl device (kmcl/hvhost.h).
 */
#ifndef _CHECK_HOST_H
#define _CHECK_HOST_H

#include "link.h"

/* What is asked for; what an operation does not name stays 0. */
struct host_call {
	u32 op;
	u32 gpadl;
	u32 offset;
	u32 length;
	u32 seed;
	u32 count;
	u32 arg;
};

struct host_reply {
	u32 status;
	u32 value;
	u32 crc;
};

/* Asks, and waits for the reply; notes what goes wrong on the way. */
bool host_ask(struct link *l, const struct host_call *call, struct host_reply *reply);
/* The same, and it has to come to that status; value and crc into @reply if not NULL. */
bool host_does(struct link *l, const struct host_call *call, u32 status,
	       struct host_reply *reply);
/* A channel to a gpadl device that has agreed on the version; NULL and a note otherwise. */
struct link *host_up(struct check *c, const struct link_setup *setup, void *data);
bool host_maps(struct link *l, u32 gpadl, u32 bytes);
bool host_unmaps(struct link *l, u32 gpadl);

#endif /* _CHECK_HOST_H */
