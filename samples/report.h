/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a sample tells what it did: one line in the log at the end, and in debugfs,
 * in a directory named after the module:
 *
 *   result  the line, with the figures of now
 *   stats   the figures, one "key value" a line
 *   wait    the line; reading it blocks until the sample is done
 *
 * An open file pins the module, so no reader is left when it goes.
 */
#ifndef _SAMPLES_REPORT_H
#define _SAMPLES_REPORT_H

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/seq_file.h>

#define REPORT_LINE	192

struct report {
	void (*line)(char *line, size_t size);
	void (*stats)(struct seq_file *m);
	struct completion done;
	struct dentry *dir;
};

static int report_result_show(struct seq_file *m, void *unused)
{
	struct report *report = m->private;
	char line[REPORT_LINE];

	report->line(line, sizeof(line));
	seq_printf(m, KBUILD_MODNAME ": %s\n", line);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(report_result);

static int report_stats_show(struct seq_file *m, void *unused)
{
	struct report *report = m->private;

	report->stats(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(report_stats);

static int report_wait_show(struct seq_file *m, void *unused)
{
	struct report *report = m->private;
	int err = wait_for_completion_interruptible(&report->done);

	return err ? err : report_result_show(m, unused);
}
DEFINE_SHOW_ATTRIBUTE(report_wait);

static inline void report_init(struct report *report, void (*line)(char *line, size_t size),
			       void (*stats)(struct seq_file *m))
{
	report->line = line;
	report->stats = stats;
	init_completion(&report->done);
}

static inline void report_open(struct report *report)
{
	report->dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("result", 0444, report->dir, report, &report_result_fops);
	debugfs_create_file("stats", 0444, report->dir, report, &report_stats_fops);
	debugfs_create_file("wait", 0444, report->dir, report, &report_wait_fops);
}

/* Once. Any context. */
static inline void report_done(struct report *report)
{
	char line[REPORT_LINE];

	report->line(line, sizeof(line));
	pr_info("%s\n", line);
	complete_all(&report->done);
}

/* What was cut short says how far it came. */
static inline void report_close(struct report *report)
{
	debugfs_remove_recursive(report->dir);
	if (!completion_done(&report->done))
		report_done(report);
}

#endif /* _SAMPLES_REPORT_H */
