/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting allocations, noting instructions, and the proof that a clock tick is one
 * of them. bench_base.ko.
 */
#ifndef _BENCH_BASE_H
#define _BENCH_BASE_H

#include <linux/types.h>

struct seq_file;

u64 bench_allocations(void);
void *bench_last_allocation(void);

void bench_trace_reset(void);
void bench_trace_begin(void);
void bench_trace_end(void);

/* Within bench_base. */

int bench_alloc_init(void);
void bench_alloc_exit(void);
int bench_alloc_show(struct seq_file *m, void *unused);
int bench_trace_init(void);
void bench_trace_exit(void);
int bench_trace_show(struct seq_file *m, void *unused);
int bench_calibration_show(struct seq_file *m, void *unused);

#endif /* _BENCH_BASE_H */
