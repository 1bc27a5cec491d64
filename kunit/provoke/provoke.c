// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does, on purpose and once, what a checker of the kernel must notice:
 * insmod provoke.ko what=kasan. The kernel lives on.
 */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "kasan, ubsan, lockdep, atomic-sleep, debug-objects, kmemleak or kcsan");

/* One byte behind what was allocated */
static int kasan(void)
{
	u8 *bytes = kmalloc(40, GFP_KERNEL);
	u8 byte;

	if (!bytes)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(bytes);
	byte = READ_ONCE(bytes[40]);
	kfree(bytes);
	pr_debug("read %u\n", byte);
	return 0;
}

static int ubsan(void)
{
	int by = 64;
	u32 one = 1;

	OPTIMIZER_HIDE_VAR(by);
	WRITE_ONCE(one, one << by);
	return 0;
}

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void take(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(inner);
	mutex_unlock(outer);
}

static int lockdep(void)
{
	take(&first, &second);
	take(&second, &first);
	return 0;
}

static int atomic_sleep(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
	return 0;
}

static void never(struct timer_list *timer)
{
}

/* Freed with its timer running, which the checker then stops */
static int debug_objects(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return -ENOMEM;
	timer_setup(timer, never, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
	return 0;
}

/* Several, as an old pointer may lie about somewhere */
static int kmemleak(void)
{
	void *lost;
	int i;

	for (i = 0; i < 8; i++) {
		lost = kmalloc(40, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(lost);
	}
	return 0;
}

static unsigned long shared;

static int counts(void *unused)
{
	while (!kthread_should_stop()) {
		int i;

		for (i = 0; i < 10000; i++) {
			shared++;
			barrier();
		}
		cond_resched();
	}
	return 0;
}

static int kcsan(void)
{
	struct task_struct *one, *other;

	one = kthread_run(counts, NULL, "provoke-one");
	if (IS_ERR(one))
		return PTR_ERR(one);
	other = kthread_run(counts, NULL, "provoke-other");
	msleep(3000);
	kthread_stop(one);
	if (IS_ERR(other))
		return PTR_ERR(other);
	kthread_stop(other);
	return 0;
}

static const struct {
	const char *name;
	int (*body)(void);
} provocations[] = {
	{ "kasan", kasan },
	{ "ubsan", ubsan },
	{ "lockdep", lockdep },
	{ "atomic-sleep", atomic_sleep },
	{ "debug-objects", debug_objects },
	{ "kmemleak", kmemleak },
	{ "kcsan", kcsan },
};

static int __init provoke_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(provocations); i++)
		if (!strcmp(what, provocations[i].name))
			return provocations[i].body();
	return -EINVAL;
}
module_init(provoke_init);

static void __exit provoke_exit(void)
{
}
module_exit(provoke_exit);

MODULE_DESCRIPTION("What the checkers of a kernel have to notice");
MODULE_LICENSE("GPL");
