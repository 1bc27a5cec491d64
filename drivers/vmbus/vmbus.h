/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rooms of kmcl_vmbus share.
 */
#ifndef _KMCL_VMBUS_H
#define _KMCL_VMBUS_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "compat/compat.h"
#include "transport.h"

/**
 * struct vmbus_arm - a channel that looks for offers
 *
 * Birth: arm operation. Users: its own scan; the bus's notifier, while it is
 * listed; the bus, as long as @driver is registered. Death: disarm operation,
 * which ends them in this order.
 *
 * @driver: matches nothing by itself, so the bus never offers it a device that
 *	it would have to decline; the scan attaches what the channel wants, and
 *	driver_override what the administrator wants
 * @channel: set once
 * @node: under arms_lock
 * @unbound: struct unbound: not to be attached again by the scan; under arms_lock
 * @scan: one at a time, by nature of a work
 * @again: the scan's
 * @retries: of the scan, until somebody asks for one anew
 */
struct vmbus_arm {
	struct hv_driver driver;
	struct kmcl_channel *channel;
	struct list_head node;
	struct list_head unbound;
	struct delayed_work scan;
	bool again;
	atomic_t retries;
};

/**
 * struct vmbus_endpoint - a device bound to a channel
 *
 * Birth: probe. Users: the library's, from bind to release. Death: release
 * operation. It holds the device until then, which keeps the vmbus_channel and
 * its relid alive behind remove().
 *
 * @ep: what the library sees
 * @dev: held
 * @write: where the next packet goes in the outbound ring; serialised by the library
 * @mmio: memory-mapped space, once asked for; under the channel's bus_mutex
 * @released: completed by the release operation
 * @refs: one of the library's, one of remove()'s
 */
struct vmbus_endpoint {
	struct kmcl_endpoint ep;
	struct hv_device *dev;
	u32 write;
	struct resource *mmio;
	struct completion released;
	struct kref refs;
};

/* device.c */
void *vmbus_arm(struct kmcl_channel *channel);
void vmbus_rearm(void *cookie);
void vmbus_disarm(void *cookie);
void vmbus_release(struct kmcl_endpoint *ep);

/* ring.c */
int vmbus_ring_open(struct kmcl_endpoint *ep, const struct kmcl_open *how);
void vmbus_ring_close(struct kmcl_endpoint *ep);
int vmbus_ring_send(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		    const void *payload, u32 len);
int vmbus_ring_send_external(struct kmcl_endpoint *ep, u64 trans_id,
			     struct kmcl_gpa_header *gpa, u32 gpa_len,
			     const void *payload, u32 len);
void vmbus_ring_set_pending(struct kmcl_endpoint *ep, u32 bytes);
void vmbus_ring_consumed(struct kmcl_endpoint *ep, u32 read_index);

/* memory.c */
int vmbus_gpadl_create(struct kmcl_endpoint *ep, const struct kmcl_share *share, u32 *gpadl,
		       void **cookie);
int vmbus_gpadl_delete(struct kmcl_endpoint *ep, void *cookie);
int vmbus_mmio_get(struct kmcl_endpoint *ep, u64 *address, u64 *bytes);
void vmbus_mmio_put(struct vmbus_endpoint *ve);

extern struct kmcl_transport vmbus_transport;	/* main.c */

static inline struct vmbus_endpoint *to_vmbus(struct kmcl_endpoint *ep)
{
	return container_of(ep, struct vmbus_endpoint, ep);
}

#endif /* _KMCL_VMBUS_H */
