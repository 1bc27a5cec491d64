// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_check: runs the cases that groups= and cases= select and tells in debugfs,
 * in kmcl_check/: `results`, KTAP as far as it has come, and `wait`, the same, but
 * reading it blocks until all cases have ended, or one has taken too long. Then the
 * plan is not fulfilled.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/glob.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "check.h"

#define RESULTS		(256u << 10)
#define PATTERN		64

static char *groups = "*";
module_param(groups, charp, 0444);
MODULE_PARM_DESC(groups, "groups to run: shell patterns, separated by commas (default: all)");

static char *cases = "*";
module_param(cases, charp, 0444);
MODULE_PARM_DESC(cases, "cases to run, likewise");

static unsigned int limit = 2 * CHECK_SECONDS;
module_param(limit, uint, 0444);
MODULE_PARM_DESC(limit, "seconds that one case may take before wait gives up");

static const struct check_group *const all[] = {
	&alone_checks,
	&setup_checks,
	&pause_checks,
	&packet_checks,
	&queue_checks,
	&request_checks,
	&rescind_checks,
	&external_checks,
	&bounce_checks,
	&pipe_checks,
	&errors_checks,
	&quota_checks,
	&defer_checks,
	&gpadl_checks,
	&xfer_checks,
};

static struct {
	struct check now;		/* the case that runs */
	unsigned long began;		/* jiffies */
	unsigned int number;
	struct completion over;
	struct work_struct work;
	struct dentry *dir;

	struct mutex lock;		/* what follows */
	char *text;
	size_t used;
} run;

void check_note(struct check *c, const char *file, int line, const char *format, ...)
{
	size_t left, room;
	unsigned long flags;
	va_list args;
	char *at;

	spin_lock_irqsave(&c->lock, flags);
	c->failed = true;
	left = sizeof(c->notes) - c->used;
	at = c->notes + c->used;
	room = scnprintf(at, left, "# %s:%d: ", kbasename(file), line);
	va_start(args, format);
	room += vscnprintf(at + room, left - room, format, args);
	va_end(args);
	room += scnprintf(at + room, left - room, "\n");
	c->used += room;
	spin_unlock_irqrestore(&c->lock, flags);
}

bool check_true(struct check *c, const char *file, int line, const char *what, bool truth)
{
	if (!truth)
		check_note(c, file, line, "false: %s", what);
	return truth;
}

bool check_equal(struct check *c, const char *file, int line, const char *what, long long is,
		 long long wanted)
{
	if (is != wanted)
		check_note(c, file, line, "%s is %lld, should be %lld", what, is, wanted);
	return is == wanted;
}

static __printf(1, 2) void tell(const char *format, ...)
{
	va_list args;

	mutex_lock(&run.lock);
	va_start(args, format);
	run.used += vscnprintf(run.text + run.used, RESULTS - run.used, format, args);
	va_end(args);
	mutex_unlock(&run.lock);
}

static bool matches(const char *patterns, const char *name)
{
	char pattern[PATTERN];
	const char *end;

	for (;; patterns = end + 1) {
		end = strchrnul(patterns, ',');
		scnprintf(pattern, sizeof(pattern), "%.*s", (int)(end - patterns), patterns);
		if (glob_match(pattern, name))
			return true;
		if (!*end)
			return false;
	}
}

/* In order; returns how many. */
static unsigned int for_each_selected(void (*fn)(const struct check_group *group,
						  const struct check_case *one))
{
	const struct check_case *one;
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (one = all[i]->cases; one->name && matches(groups, all[i]->name); one++) {
			if (!matches(cases, one->name))
				continue;
			n++;
			if (fn)
				fn(all[i], one);
		}
	}
	return n;
}

static void run_one(const struct check_group *group, const struct check_case *one)
{
	struct check *c = &run.now;

	c->group = group->name;
	c->name = one->name;
	c->failed = false;
	c->used = 0;
	c->notes[0] = 0;
	WRITE_ONCE(run.began, jiffies);
	pr_info("%s.%s\n", group->name, one->name);
	one->run(c);
	tell("%s%s %u - %s.%s\n", c->notes, c->failed ? "not ok" : "ok", ++run.number,
	     group->name, one->name);
}

static void run_all(struct work_struct *work)
{
	tell("KTAP version 1\n1..%u\n", for_each_selected(NULL));
	for_each_selected(run_one);
	complete_all(&run.over);
}

static int results_show(struct seq_file *m, void *unused)
{
	mutex_lock(&run.lock);
	seq_write(m, run.text, run.used);
	mutex_unlock(&run.lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static bool too_long(void)
{
	return time_after(jiffies, READ_ONCE(run.began) + limit * HZ);
}

static int wait_show(struct seq_file *m, void *unused)
{
	long left;

	do {
		left = wait_for_completion_interruptible_timeout(&run.over, HZ);
		if (left < 0)
			return left;
	} while (!left && !too_long());
	results_show(m, unused);
	if (!left)
		seq_printf(m, "%s# %s.%s has not ended after %u s\n", run.now.notes, run.now.group,
			   run.now.name, limit);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(wait);

static int __init kmcl_check_init(void)
{
	run.text = kvmalloc(RESULTS, GFP_KERNEL);
	if (!run.text)
		return -ENOMEM;
	mutex_init(&run.lock);
	spin_lock_init(&run.now.lock);
	init_completion(&run.over);
	INIT_WORK(&run.work, run_all);
	run.began = jiffies;
	run.dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0444, run.dir, NULL, &results_fops);
	debugfs_create_file("wait", 0444, run.dir, NULL, &wait_fops);
	queue_work(system_long_wq, &run.work);
	return 0;
}

static void __exit kmcl_check_exit(void)
{
	flush_work(&run.work);
	debugfs_remove_recursive(run.dir);
	kvfree(run.text);
}

module_init(kmcl_check_init);
module_exit(kmcl_check_exit);

MODULE_DESCRIPTION("Tests of kmcl's native interface over a real bus");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kmcl_vmbus");
