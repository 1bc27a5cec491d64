/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The synthetic interrupt controller from the host's side: messages and event
 * flags into the guest (TLFS chapter "Inter-Partition Communication"), and
 * connections, by which the guest signals us. Loop thread only.
 */
#ifndef HVHOST_SYNIC_H
#define HVHOST_SYNIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

struct vm;

#define VMBUS_SINT		2	/* the one that Linux uses */
#define VMBUS_MESSAGE_TYPE	1	/* HVMSG_TIMER_EXPIRED etc. are others */
#define HV_MESSAGE_PAYLOAD_MAX	240

/*
 * Queues a message of type 1 for vp's SINT 2. Messages to one vp arrive in the
 * order of the calls, one at a time, each when the guest has freed the slot.
 * payload is copied. Returns false (and logs) on a bad vp or length.
 */
bool synic_post_message(struct vm *vm, unsigned int vp, const void *payload, size_t len);

/*
 * Sets event flag `flag` (a relid, 0..2047) in vp's SIEFP page, slot SINT 2, and
 * raises the SINT if it was clear. Returns true if it raised it.
 */
bool synic_signal_event(struct vm *vm, unsigned int vp, unsigned int flag);

/*
 * From now on HvSignalEvent on conn_id (24 bits) calls fn(ctx) on the loop; calls
 * may be merged. Returns false if the id is taken.
 */
bool synic_connection_open(struct vm *vm, uint32_t conn_id, loop_fn fn, void *ctx);
void synic_connection_close(struct vm *vm, uint32_t conn_id);

/* Forget queued messages: the guest made contact anew or reset. */
void synic_flush_messages(struct vm *vm);

#endif
