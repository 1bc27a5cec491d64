/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A channel to one of hvhost's devices, with all that a case wants to know of it.
 *
 * Devices are found by instance: its last eight bytes are the name that the test
 * gives to the device (check_device in tools/testbed/checks.sh).
 */
#ifndef _CHECK_LINK_H
#define _CHECK_LINK_H

#include <linux/atomic.h>
#include <linux/wait.h>

#include <kmcl/hvhost.h>
#include <kmcl/kmcl.h>

#include "check.h"
#include "inside.h"

#define LINK_NAME_MAX	8

enum link_type { LINK_ECHO, LINK_SOURCE, LINK_GPADL };

struct link;

/**
 * struct link_setup - how a channel is configured; 0 leaves kmcl's default
 * @device: its name; NULL: a type that nobody has
 * @type: of the device
 * @max_packet: payload
 * @max_external, @ranges: external data
 * @ring_pages: both ways
 * @incoming, @reserve: contexts, and their answers
 * @context: client context
 * @pipe, @thread: as the functions of that name
 * @packet, @batch, @release: packet callbacks
 * @opened, @started, @post_started, @suspend, @closed: called before the link counts it
 */
struct link_setup {
	const char *device;
	enum link_type type;
	u32 max_packet;
	u32 max_external;
	u32 ranges;
	u32 ring_pages;
	u32 incoming;
	u32 reserve;
	u32 context;
	bool pipe;
	bool thread;
	kmcl_process_packet_t packet;
	kmcl_processing_complete_t batch;
	kmcl_external_release_t release;
	int (*opened)(struct link *l);
	void (*started)(struct link *l);
	void (*post_started)(struct link *l);
	void (*suspend)(struct link *l);
	void (*closed)(struct link *l);
};

/**
 * struct link - a channel under test
 * @check: the case
 * @channel: its pointer leads back here
 * @setup: a copy of what was given
 * @data: the case's
 * @wait: woken by everything that happens
 * @opened, @started, @post_started, @suspended, @closed: how often; opened only when
 *	it was accepted
 * @ended: shots whose routine has run; also the order in which they did
 */
struct link {
	struct check *check;
	struct kmcl_channel *channel;
	struct link_setup setup;
	void *data;
	wait_queue_head_t wait;
	atomic_t opened;
	atomic_t started;
	atomic_t post_started;
	atomic_t suspended;
	atomic_t closed;
	atomic_t ended;
};

/* All of these note what goes wrong. Configured and disabled; NULL: it could not be made. */
struct link *link_make(struct check *c, const struct link_setup *setup, void *data);
/* Enables it and waits until it has started; false: it has not. */
bool link_open(struct link *l);
/* Both; NULL: nothing is left. */
struct link *link_up(struct check *c, const struct link_setup *setup, void *data);
/* Waits for a state that it will stay in. */
bool link_await(struct link *l, enum kmcl_state state);
/* Disables it; each opened has had its closed. */
void link_disable(struct link *l);
/* Disables it and frees it. NULL is ignored. */
void link_down(struct link *l);

void link_wake(struct link *l);
struct link *link_of(struct kmcl_channel *channel);
void link_instance(const char *device, guid_t *instance);

/* A request that waits for its answer, for CHECK_LIMIT at most. As kmcl_channel_request(). */
int link_ask(struct link *l, const void *buffer, u32 length, void *answer, u32 size);
/* Another answer has come, so all that the host had sent before it was seen. */
bool link_sync(struct link *l);

static inline s64 link_count(const struct link *l, const char *counter)
{
	return inside_counter(l->channel, counter);
}

#endif /* _CHECK_LINK_H */
