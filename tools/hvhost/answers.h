/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers that are held back, the first due first; those due at the same time in
 * the order they were put in.
 */
#ifndef HVHOST_ANSWERS_H
#define HVHOST_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "external.h"

struct answer {
	uint64_t due;		/* loop_now() */
	uint64_t order;		/* set by answers_put() */
	uint64_t trans_id;
	uint16_t type;		/* of the packet to send */
	struct external external; /* to be gone through when it is due; bytes 0: none */
	uint32_t len;		/* of the payload */
	uint32_t size;		/* of data: the payload, or ranges that become one */
	uint8_t data[];
};

struct answers {
	struct answer **heap;
	unsigned int count;
	unsigned int room;
	uint64_t order;
};

/* False: no memory. */
bool answers_init(struct answers *all, unsigned int room);
/* There has to be room. */
void answers_put(struct answers *all, struct answer *a);
/* NULL: there are none. */
struct answer *answers_first(const struct answers *all);
struct answer *answers_take(struct answers *all);

#endif
