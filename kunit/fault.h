/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail, one after the other: of the calling task, or of works that run on
 * behalf of the case. A suite includes fault.c as source, as with bed.c.
 *
 * The kernel counts allocations of a task (current->fail_nth). A work has a worker's, so there
 * it is set when a work of the kind begins, and what is left of it is carried on to the next:
 * the tracepoints of the workqueues say when.
 *
 * Not every allocation is one of the caller's: checkers of the kernel take memory in between,
 * and most of what the kernel does on the way goes on without. So a case asks of each n: a clean
 * error, or all is as ever; and in the end, whether there were as many errors as the library has
 * allocations:
 *
 *	for (n = 1; next_fault(failed, errors, LEAST); n++) {
 *		fail_own(nth_fault());
 *		...
 *		failed = own_failed();
 *	}
 *	EXPECT_FALSE(failed);
 *	EXPECT_GE(errors_of_sweep(errors), LEAST);
 *
 * Something that others take once, a slab or a page of the stack depot, is there in the next round,
 * where all behind it is one nearer, and one of the library's is passed over. So a sweep with too
 * few errors is made again, from the first allocation on.
 */
#ifndef _KMCL_FAULT_H
#define _KMCL_FAULT_H

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#define FAULTS_MOST	400u	/* then something allocates without end */
#define SWEEPS_MOST	3u

/* Before all else in a case; skips it where the kernel cannot. Ends with the case. */
void faults_allowed(struct kunit *test);

/*
 * Begins the next round; false: that was all. @failed: an allocation, in the round that ends.
 * @errors: until now, and how many a sweep has at @least.
 */
bool next_fault(bool failed, u32 errors, u32 least);

/* Which allocation fails in this round. */
u32 nth_fault(void);

/* Those of the last sweep. */
u32 errors_of_sweep(u32 errors);

/* The @n-th allocation of this task from now on fails; did it? */
void fail_own(u32 n);
bool own_failed(void);

/* The same, of one work, or of all works whose functions are @module's. */
void fail_of_work(const struct work_struct *work, u32 n);
void fail_of_module(const struct module *module, u32 n);
bool work_failed(void);

#endif /* _KMCL_FAULT_H */
