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
 * @begin: tracepoint
 * @end: tracepoint
 * @ignores_sleepers: the kernel's switch: only atomic allocations fail
 * @verbose: the kernel's switch: each failure is told with a stack
 * @ignored, @was_verbose: what they were
 */
static struct faults {
	const struct work_struct *work;
	const struct module *module;
	u32 left;
	raw_spinlock_t lock;
	struct tracepoint *begin;
	struct tracepoint *end;
	bool *ignores_sleepers;
	unsigned long *verbose;
	bool ignored;
	unsigned long was_verbose;
} faults = { .lock = __RAW_SPIN_LOCK_UNLOCKED(faults.lock) };

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
static void *switch_of(const char *name)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL), *file = NULL;
	void *at = NULL;

	if (dir)
		file = debugfs_lookup(name, dir);
	if (file)
		at = d_inode(file)->i_private;
	dput(file);
	dput(dir);
	return at;
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
	*faults.ignores_sleepers = faults.ignored;
	*faults.verbose = faults.was_verbose;
}

void faults_allowed(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_FAILSLAB)) {
		faults.ignores_sleepers = switch_of("ignore-gfp-wait");
		faults.verbose = switch_of("verbose");
	}
	for_each_kernel_tracepoint(find_work_tracepoint, NULL);
	if (!faults.ignores_sleepers || !faults.verbose || !faults.begin || !faults.end)
		kunit_skip(test, "needs CONFIG_FAILSLAB with its switches, and tracepoints");
	faults.ignored = *faults.ignores_sleepers;
	faults.was_verbose = *faults.verbose;
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(faults.begin, work_begins, NULL), 0);
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(faults.end, work_ends, NULL), 0);
	*faults.ignores_sleepers = false;
	*faults.verbose = 0;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, faults_end, NULL), 0);
}
