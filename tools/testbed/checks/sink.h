/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of the source device: checked when they come, completed when the case says.
 */
#ifndef _CHECK_SINK_H
#define _CHECK_SINK_H

#include <linux/spinlock.h>

#include "link.h"

#define SINK_MOST	512u

struct sink_answer {
	__le64 seq;
	__le32 crc;
	__le32 zero;
};

struct sink_debt {
	kmcl_handle_t handle;
	struct sink_answer answer;
};

/**
 * struct sink - what was received on a link
 * @received: packets, rightly or wrongly
 * @next: number of the packet that has to come next
 * @lock: what follows
 * @first, @owed: of @debts, a circle: first come, first in
 */
struct sink {
	atomic_t received;
	u64 next;
	spinlock_t lock;
	unsigned int first;
	unsigned int owed;
	struct sink_debt debts[SINK_MOST];
};

struct sink *sink_new(struct check *c);
/* The channel was opened: the source begins anew. */
void sink_restart(struct sink *s);

/* Notes what is wrong with a packet, and prepares its answer. */
void sink_check(struct sink *s, struct link *l, const void *buffer, u32 length,
		struct sink_answer *answer);
/* The packet is complete, now. */
void sink_settle(struct link *l, kmcl_handle_t handle, const struct sink_answer *answer);
/* It will be. */
void sink_owe(struct sink *s, kmcl_handle_t handle, const struct sink_answer *answer);
/* The first @count of those; how many there were. */
unsigned int sink_pay(struct sink *s, struct link *l, unsigned int count);
unsigned int sink_owes(struct sink *s);

/* Callbacks for a link whose data is a sink: keep everything; pay all. */
void sink_keep(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
	       u32 length, u32 flags);
/* Complete at once. */
void sink_inline(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		 u32 length, u32 flags);
int sink_opened(struct link *l);
void sink_pay_all(struct link *l);

#endif /* _CHECK_SINK_H */
