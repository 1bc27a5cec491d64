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
 * allocations.
 */
#ifndef _KMCL_FAULT_H
#define _KMCL_FAULT_H

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#define FAULTS_MOST	400u	/* then something allocates without end */

/* Before all else in a case; skips it where the kernel cannot. Ends with the case. */
void faults_allowed(struct kunit *test);

/* The @n-th allocation of this task from now on fails; did it? */
void fail_own(u32 n);
bool own_failed(void);

/* The same, of one work, or of all works whose functions are @module's. */
void fail_of_work(const struct work_struct *work, u32 n);
void fail_of_module(const struct module *module, u32 n);
bool work_failed(void);

#endif /* _KMCL_FAULT_H */
