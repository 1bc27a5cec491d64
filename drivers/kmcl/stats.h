/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of a channel, shown in debugfs. Names are past participles: what was
 * done to how many. Each counter has one writer at a time: the send path under
 * tx.lock, the receive path inside its loop, atomics where neither holds.
 */
#ifndef _KMCL_STATS_H
#define _KMCL_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>

struct kmcl_channel;

/* Under tx.lock. */
#define KMCL_TX_COUNTERS(X)		\
	X(sent)				\
	X(sent_bytes)			\
	X(sent_external)		\
	X(queued)			\
	X(queued_completions)		\
	X(ring_full)			\
	X(completions_sent)

/* By the owner of the receive loop. */
#define KMCL_RX_COUNTERS(X)		\
	X(received)			\
	X(received_external)		\
	X(received_bytes)		\
	X(completions_received)		\
	X(batches)			\
	X(stalled)			\
	X(quota_stalled)		\
	X(redelivered)			\
	X(budget_exhausted)		\
	X(rejected_id)			\
	X(rejected_type)		\
	X(rejected_offset)		\
	X(rejected_size)		\
	X(rejected_external)		\
	X(broken_framing)

/* From anywhere. */
#define KMCL_ANY_COUNTERS(X)		\
	X(refused)			\
	X(unmappable)			\
	X(completed)			\
	X(cancelled)			\
	X(incoming_completed)		\
	X(incoming_deferred)		\
	X(incoming_failed)		\
	X(incoming_dropped)		\
	X(rejected_handle)		\
	X(unsent_completions)		\
	X(requests)			\
	X(requests_left)		\
	X(late_answers)			\
	X(gpadls_created)		\
	X(gpadls_deleted)		\
	X(gpadls_unconfirmed)		\
	X(gpadls_refused)		\
	X(gpadls_mapped)		\
	X(gpadls_unmapped)		\
	X(pinned)			\
	X(unpinned)			\
	X(packets_saved)		\
	X(packets_restored)		\
	X(opened)			\
	X(closed)			\
	X(open_failed)

#define KMCL_STATS_U64(name)		u64 name;
#define KMCL_STATS_ATOMIC(name)		atomic64_t name;

struct kmcl_tx_stats {
	KMCL_TX_COUNTERS(KMCL_STATS_U64)
};

struct kmcl_stats {
	struct kmcl_tx_stats tx;
	struct {
		KMCL_RX_COUNTERS(KMCL_STATS_U64)
	} rx ____cacheline_aligned_in_smp;
	struct {
		KMCL_ANY_COUNTERS(KMCL_STATS_ATOMIC)
	} any ____cacheline_aligned_in_smp;
};

#define kmcl_count_tx(ch, name)		WRITE_ONCE((ch)->stats.tx.name, (ch)->stats.tx.name + 1)
#define kmcl_add_tx(ch, name, n)	WRITE_ONCE((ch)->stats.tx.name, (ch)->stats.tx.name + (n))
#define kmcl_count_rx(ch, name)		WRITE_ONCE((ch)->stats.rx.name, (ch)->stats.rx.name + 1)
#define kmcl_add_rx(ch, name, n)	WRITE_ONCE((ch)->stats.rx.name, (ch)->stats.rx.name + (n))
#define kmcl_count(ch, name)		atomic64_inc(&(ch)->stats.any.name)

void kmcl_stats_init(void);
void kmcl_stats_exit(void);
void kmcl_stats_add(struct kmcl_channel *ch);
void kmcl_stats_remove(struct kmcl_channel *ch);

#endif /* _KMCL_STATS_H */
