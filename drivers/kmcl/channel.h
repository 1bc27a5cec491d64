/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The channel object. Fields are grouped by
 * who may touch them.
 */
#ifndef _KMCL_CHANNEL_H
#define _KMCL_CHANNEL_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <kmcl/server.h>

#include "saved.h"
#include "state.h"
#include "stats.h"
#include "transport.h"
#include "xact.h"

struct dentry;
struct kmcl_gpadl;
struct kmcl_incoming;
struct kmcl_save;

/* main.c: receive loops that left softirq; completion routines */
extern struct workqueue_struct *kmcl_rx_wq;
extern struct workqueue_struct *kmcl_tx_wq;

/* Most packets handled in one go before the receive path moves to a worker (rule 4). */
#define KMCL_RX_BUDGET	64u

/* kmcl_rx.current_handle: no handle, as its slot does not exist */
#define KMCL_RX_DEFERRED	0xffffffffull

/* kmcl_channel.packets: what they are made after is being set: none can be made */
#define KMCL_PACKETS_NONE	(-1)

/* kmcl_rx.run */
#define KMCL_RX_RUN	0x1	/* somebody is in the receive loop, or a worker will be */
#define KMCL_RX_AGAIN	0x2	/* look once more */

/**
 * struct kmcl_config - what the init functions set
 *
 * Written while the channel is KMCL_DISABLED, under kmcl_channel.mutex; read only
 * while it is not, or under the mutex.
 */
struct kmcl_config {
	guid_t type;
	guid_t instance;
	bool has_type;
	bool any_instance;
	bool pipe;
	u32 max_packet;
	u32 max_external;
	u32 max_ranges;
	u32 in_pages;
	u32 out_pages;
	u32 incoming;
	u32 reserve;
	u32 context;
	u32 server_flags;
	struct kmcl_offer offer;
	kmcl_external_release_t release;
	kmcl_process_packet_t process_packet;
	kmcl_processing_complete_t processing_complete;
	struct kmcl_state_callbacks on;
	kmcl_save_packet_t save;
	kmcl_restore_packet_t restore;
};

/**
 * struct kmcl_restore - what was restored since the last enable
 * @begun: something was
 * @failed: some of it only, and no more will be
 * @order: which chunks
 * @connection: that it belongs to; 0: to none
 * @index: of the packet whose callback runs
 * @packet: that the driver has taken for it
 *
 * Under kmcl_channel.mutex.
 */
struct kmcl_restore {
	bool begun;
	bool failed;
	struct kmcl_saved_order order;
	u64 connection;
	u32 index;
	struct kmcl_packet *packet;
};

/**
 * struct kmcl_tx - the sending side
 * @lock: all of this, and the outbound ring
 * @queue: items that wait for room or for the channel to open, in order
 * @done: items whose fate is decided but whose owner has not been told
 * @ep: the endpoint, from its opening to its closing
 * @multirange: external data may have several ranges; set with @dma
 * @dma: its device; external data may be mapped. Readers are in an RCU read
 *	section until their packet is queued or sent
 * @open: the outbound ring may be used
 * @refuse: the channel is being disabled or cleaned up: take no more
 * @starved: the first in the queue waits for a slot in the table of transactions
 * @pending: a pending send size is published
 * @telling: routines of packets from @done that run now
 * @work: calls those that no caller of a send may call
 * @progress: packets sent when the watchdog looked last
 * @watchdog: reports a queue that does not move
 */
struct kmcl_tx {
	spinlock_t lock;
	struct list_head queue;
	struct list_head done;
	struct kmcl_endpoint *ep;
	struct device __rcu *dma;
	bool multirange;
	bool open;
	bool refuse;
	bool starved;
	bool pending;
	unsigned int telling;
	struct work_struct work;
	u64 progress;
	struct delayed_work watchdog;
};

/**
 * struct kmcl_rx - the receiving side
 * @run: KMCL_RX_* bits; whoever sets KMCL_RX_RUN owns all below but @stalled
 * @enabled: packets may be delivered; written by the channel's workqueue
 * @stalled: no context was free; written by the loop, read by completers
 * @quota: most packets outstanding at the driver; written by anyone
 * @over_quota: stalled by it; set by the loop, cleared by completers alone
 * @thread: the driver wants thread context; written by anyone
 * @failed: the driver gave up over a packet; nothing is delivered until the next open
 * @read: our read index
 * @current_handle: the packet that is being delivered, or KMCL_RX_DEFERRED
 * @deferred: a context to be delivered again before all else, in thread context
 * @task: who runs the loop in thread context, to find callers that would wait
 *	for themselves
 * @scratch: copy of a completion's payload
 * @work: the loop in thread context
 */
struct kmcl_rx {
	atomic_t run;
	bool enabled;
	bool stalled;
	bool over_quota;
	bool thread;
	bool failed;
	u32 quota;
	u32 read;
	atomic64_t current_handle;
	struct kmcl_incoming *deferred;
	struct task_struct *task;
	void *scratch;
	struct work_struct work;
};

/**
 * struct kmcl_channel - one channel
 *
 * Birth: kmcl_channel_alloc(), disabled. Users: the driver; the channel's
 * workqueue @wq, which alone changes @state and runs the state callbacks; the
 * transport, between bind and release; the receive loop, between rx.enabled and
 * the wait for it in kmcl_rx_stop(). Death: kmcl_channel_cleanup(), which finds
 * it disabled: no transport is armed, so no endpoint is bound, so no event can
 * come; every packet and context is at rest; the workqueue is empty.
 *
 * @mutex: serialises the driver's calls that configure, enable and disable
 * @configured: resources exist for the present configuration; under @mutex
 * @packets: packet objects in existence, or KMCL_PACKETS_NONE
 * @save: what is being saved, or NULL
 * @restore: what was restored
 * @packet_task: who runs a callback of these, or NULL
 *
 * @lock: @state to @ep, @wq, and gone/failed of the endpoint
 * @state: written by @wq only
 * @enabled, @paused: what the driver wants
 * @disabling: a disable, an init function or cleanup is under way; enabling is
 *	refused
 * @broken: the host broke the framing of a ring
 * @saving: the state is to stay what it is: kmcl_channel_save_begin()
 * @saved: all is saved; starting takes that back
 * @ep: the offer that is bound, or NULL
 *
 * @wait: woken at each change of @state or of what is wanted, when the receive loop
 *	stops, when a request or the use of a GPADL ends, and when @outstanding falls to
 *	0 while somebody waits
 * @control_task: who runs a state callback, or NULL
 */
struct kmcl_channel {
	/* the driver's; first: kmcl_channel_get_pointer() */
	struct kmcl_channel_head head;

	bool server;			/* which end it is; set at birth */

	/* mutex */
	char name[KMCL_NAME_MAX + 1];
	struct list_head node;		/* under the list's lock in channel.c */
	struct dentry *debugfs;
	struct mutex mutex;
	struct kmcl_config config;
	bool configured;
	void *armed[KMCL_TRANSPORTS_MAX];
	atomic_t packets;
	struct kmcl_save *save;
	struct kmcl_restore restore;
	struct task_struct *packet_task;

	/* lock */
	spinlock_t lock;
	enum kmcl_state state;
	bool enabled;
	bool paused;
	bool disabling;
	bool broken;
	bool saving;
	bool saved;
	struct kmcl_endpoint *ep;

	/* channel's workqueue */
	struct workqueue_struct *wq;
	struct work_struct control;
	u32 suspensions;		/* under lock: how often it came to rest */
	struct task_struct *control_task;
	bool closed_early;		/* kmcl_control_close_early() has run */
	wait_queue_head_t wait;
	/* one exchange with the host at a time, besides packets: hv_vmbus wakes one waiter only */
	struct mutex bus_mutex;
	struct kmcl_endpoint *bus_ep;	/* bus_mutex; from opening to the end of closed */
	struct list_head gpadls;	/* gpadl_lock; readers use RCU */
	spinlock_t gpadl_lock;
	struct list_head views;		/* bus_mutex; of a server: the client's GPADLs in use */
	const char *waits_for;
	unsigned long waits_since;
	const char *callback;		/* waited for, outside of other waits; or NULL */
	unsigned long callback_since;
	struct delayed_work watchdog;

	/* packets: packet.c */
	struct llist_head spare_packets;
	spinlock_t spare_lock;		/* one taker at a time */
	struct kmcl_xact sent;

	/* received: incoming.c */
	struct kmcl_incoming **incoming;
	struct llist_head spare_incoming;
	struct kmcl_xact received;
	atomic_t outstanding;
	struct llist_head ending;	/* completed, to be ended by end_work */
	struct work_struct end_work;

	struct kmcl_rx rx ____cacheline_aligned_in_smp;
	struct kmcl_tx tx ____cacheline_aligned_in_smp;
	struct kmcl_stats stats ____cacheline_aligned_in_smp;
};

static_assert(offsetof(struct kmcl_channel, head) == 0);

#endif /* _KMCL_CHANNEL_H */
