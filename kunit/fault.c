// SPDX-License-Identifier: GPL-2.0-only
/*
 * See fault.h.
 */
#include <linux/debugfs.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "fault.h"

/**
 * struct faults - of the case that runs
 * @work: whose allocations count; NULL: none
 * @module: likewise
 * @left: until one fails; 0: none, or it has
 * @lock: @work, @module, @left
 * @nth: the one that fails in this round; 0: none has begun
 * @sweeps: ended before this one
 * @errors: in these
 * @begin: tracepoint
 * @end: tracepoint
 */
static struct faults {
	const struct work_struct *work;
	const struct module *module;
	u32 left;
	raw_spinlock_t lock;
	u32 nth;
	u32 sweeps;
	u32 errors;
	struct tracepoint *begin;
	struct tracepoint *end;
} faults = { .lock = __RAW_SPIN_LOCK_UNLOCKED(faults.lock) };

/**
 * struct fault_switch - of the kernel's fault injection; off while a case runs
 * @kind: of fault, a directory in debugfs
 * @name: a file in it
 * @bytes: of the variable
 * @at: that variable
 * @was: what it held
 */
static struct fault_switch {
	const char *kind;
	const char *name;
	u32 bytes;
	void *at;
	u8 was[sizeof(long)];
} switches[] = {
	/* Only atomic allocations fail. */
	{ "failslab", "ignore-gfp-wait", sizeof(bool) },
	{ "fail_page_alloc", "ignore-gfp-wait", sizeof(bool) },
	/* None of those that may come from any zone, as vmalloc()'s. */
	{ "fail_page_alloc", "ignore-gfp-highmem", sizeof(bool) },
	/* Only allocations of so many pages, as a power of two. */
	{ "fail_page_alloc", "min-order", sizeof(u32) },
	/* Each failure is told with a stack. */
	{ "failslab", "verbose", sizeof(long) },
	{ "fail_page_alloc", "verbose", sizeof(long) },
};

static void set_fail_nth(u32 n)
{
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, n);
#endif
}

static u32 get_fail_nth(void)
{
#ifdef CONFIG_FAULT_INJECTION
	return READ_ONCE(current->fail_nth);
#else
	return 0;
#endif
}

bool next_fault(bool failed, u32 errors, u32 least)
{
	if (!failed) {
		if (errors_of_sweep(errors) >= least || ++faults.sweeps == SWEEPS_MOST)
			return false;
		faults.errors = errors;
		faults.nth = 0;
	}
	return ++faults.nth < FAULTS_MOST;
}

u32 nth_fault(void)
{
	return faults.nth;
}

u32 errors_of_sweep(u32 errors)
{
	return errors - faults.errors;
}

void fail_own(u32 n)
{
	set_fail_nth(n);
}

bool own_failed(void)
{
	bool failed = !get_fail_nth();

	set_fail_nth(0);
	return failed;
}

/* @work may be gone by its end: nothing is read from it. */
static bool counts(const struct work_struct *work, work_func_t function)
{
	return work == faults.work ||
	       (faults.module && within_module((unsigned long)function, faults.module));
}

static void work_begins(void *data, struct work_struct *work)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&faults.lock, flags);
	if (counts(work, work->func))
		set_fail_nth(faults.left);
	raw_spin_unlock_irqrestore(&faults.lock, flags);
}

static void work_ends(void *data, struct work_struct *work, work_func_t function)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&faults.lock, flags);
	if (counts(work, function))
		faults.left = get_fail_nth();
	set_fail_nth(0);
	raw_spin_unlock_irqrestore(&faults.lock, flags);
}

static void fail_of(const struct work_struct *work, const struct module *module, u32 n)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&faults.lock, flags);
	faults.work = work;
	faults.module = module;
	faults.left = n;
	raw_spin_unlock_irqrestore(&faults.lock, flags);
}

void fail_of_work(const struct work_struct *work, u32 n)
{
	fail_of(work, NULL, n);
}

void fail_of_module(const struct module *module, u32 n)
{
	fail_of(NULL, module, n);
}

/* The works have ended. */
bool work_failed(void)
{
	unsigned long flags;
	bool failed;

	raw_spin_lock_irqsave(&faults.lock, flags);
	failed = !faults.left;
	raw_spin_unlock_irqrestore(&faults.lock, flags);
	fail_of(NULL, NULL, 0);
	return failed;
}

/* A variable that debugfs shows is what its inode points to. */
static void find_switch(struct fault_switch *which)
{
	struct dentry *dir = debugfs_lookup(which->kind, NULL), *file = NULL;

	which->at = NULL;
	if (dir)
		file = debugfs_lookup(which->name, dir);
	if (file)
		which->at = d_inode(file)->i_private;
	dput(file);
	dput(dir);
}

static bool find_switches(void)
{
	bool all = IS_ENABLED(CONFIG_FAILSLAB) && IS_ENABLED(CONFIG_FAIL_PAGE_ALLOC);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(switches); i++) {
		find_switch(&switches[i]);
		all &= !!switches[i].at;
	}
	return all;
}

static void switch_off(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(switches); i++) {
		memcpy(switches[i].was, switches[i].at, switches[i].bytes);
		memset(switches[i].at, 0, switches[i].bytes);
	}
}

static void switch_back(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(switches); i++)
		memcpy(switches[i].at, switches[i].was, switches[i].bytes);
}

static void find_work_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "workqueue_execute_start"))
		faults.begin = tp;
	if (!strcmp(tp->name, "workqueue_execute_end"))
		faults.end = tp;
}

static void faults_end(void *data)
{
	set_fail_nth(0);
	fail_of(NULL, NULL, 0);
	tracepoint_probe_unregister(faults.begin, work_begins, NULL);
	tracepoint_probe_unregister(faults.end, work_ends, NULL);
	tracepoint_synchronize_unregister();
	switch_back();
}

void faults_allowed(struct kunit *test)
{
	for_each_kernel_tracepoint(find_work_tracepoint, NULL);
	if (!find_switches() || !faults.begin || !faults.end)
		kunit_skip(test, "needs CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC with their switches, and tracepoints");
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(faults.begin, work_begins, NULL), 0);
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(faults.end, work_ends, NULL), 0);
	faults.nth = 0;
	faults.sweeps = 0;
	faults.errors = 0;
	switch_off();
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, faults_end, NULL), 0);
}
