/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GPADLs: memory of the guest that the host may use for as long as it likes.
 */
#ifndef _KMCL_GPADL_H
#define _KMCL_GPADL_H

#include <linux/kref.h>
#include <linux/rcupdate.h>

#include "channel.h"

/**
 * struct kmcl_gpadl - one GPADL
 *
 * Birth: kmcl_gpadl_create*(), once the host has confirmed it. Users: received
 * packets whose external data lie in it, each with a reference; the driver by
 * its number. Death: kmcl_gpadl_delete(), which waits for those packets and for
 * the host; or, with the channel, kmcl_gpadl_reap(). What the host does not give
 * back lives for ever.
 *
 * @node: in kmcl_channel.gpadls, under gpadl_lock; readers use RCU
 * @rcu: frees it
 * @refs: one of the list, one of each received packet
 * @number: the host knows it by that
 * @has_set, @page_set: transfer-page packets name it by that; under gpadl_lock
 * @bytes: whole pages
 * @read_only: the driver says that the host has no need to write
 * @address: of all of it in the kernel
 * @mapped: @address is a mapping of ours
 * @held: @pages have references of ours
 * @dying: somebody deletes it: no name means it any more; under gpadl_lock
 * @ended: the host has been asked already, because it had to be before the close; under
 *	bus_mutex
 * @end_status: what it said
 * @cookie: the transport's
 * @pages: @bytes / PAGE_SIZE of them
 */
struct kmcl_gpadl {
	struct list_head node;
	struct rcu_head rcu;
	struct kref refs;
	u32 number;
	bool has_set;
	u16 page_set;
	u32 bytes;
	bool read_only;
	void *address;
	bool mapped;
	bool held;
	bool dying;
	bool ended;
	int end_status;
	void *cookie;
	struct page *pages[];
};

void kmcl_gpadl_init(struct kmcl_channel *ch);
struct kmcl_gpadl *kmcl_gpadl_of_set(struct kmcl_channel *ch, u16 page_set);
void kmcl_gpadl_put(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl);
void kmcl_gpadl_reap(struct kmcl_channel *ch);
void kmcl_gpadl_end_all(struct kmcl_channel *ch);
bool kmcl_gpadl_none(struct kmcl_channel *ch);

#endif /* _KMCL_GPADL_H */
