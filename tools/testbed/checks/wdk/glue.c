// SPDX-License-Identifier: GPL-2.0-only
/*
 * wdk_check as a module. As KMCL_WDK_DRIVER() of <wdk/glue.h>, and a file with results in the
 * same directory of debugfs.
 *
 * groups= and cases= are as kmcl_check's. By default all groups run but those that have to be asked
 * for, because they need a guest of their own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/glob.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <wdk/glue.h>

#include "glue.h"

#define ROOM	(256 * 1024)

#define PATTERN	64

static const char *const unasked[] = { "nobus", "scarce", "server", "save" };

static char *parameters;
module_param(parameters, charp, 0444);
MODULE_PARM_DESC(parameters, "Name=number,... for the driver's registry key");

static char *groups;
module_param(groups, charp, 0444);
MODULE_PARM_DESC(groups, "groups to run: shell patterns, separated by commas (default: most)");

static char *cases = "*";
module_param(cases, charp, 0444);
MODULE_PARM_DESC(cases, "cases to run, likewise (default: all)");

static struct wdk_driver *driver;
static struct dentry *dir;

static char text[ROOM];
static size_t used;		/* under text_lock, as is text */
static DEFINE_SPINLOCK(text_lock);

/* Appends to the results; what does not fit is lost, and with it the plan does not hold. */
void check_print(const char *format, ...)
{
	unsigned long flags;
	va_list args;

	va_start(args, format);
	spin_lock_irqsave(&text_lock, flags);
	used += vscnprintf(text + used, ROOM - used, format, args);
	spin_unlock_irqrestore(&text_lock, flags);
	va_end(args);
}

/* A guest that hangs shows where in its log. */
void check_begins(const char *group, const char *name)
{
	pr_info("%s.%s\n", group, name);
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

static bool group_selected(const char *group)
{
	if (groups)
		return matches(groups, group);
	return match_string(unasked, ARRAY_SIZE(unasked), group) < 0;
}

int check_selected(const char *group, const char *name)
{
	return group_selected(group) && matches(cases, name);
}

/* Does kmcl show a channel of this name: it does from the first enable on. */
int check_channel_named(const char *name)
{
	struct dentry *kmcl = debugfs_lookup("kmcl", NULL), *found;

	found = kmcl ? debugfs_lookup(name, kmcl) : NULL;
	dput(found);
	dput(kmcl);
	return !!found;
}

static int results_show(struct seq_file *m, void *unused)
{
	size_t length;

	/* What is there does not change any more. */
	spin_lock_irq(&text_lock);
	length = used;
	spin_unlock_irq(&text_lock);
	seq_write(m, text, length);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static int __init wdk_check_init(void)
{
	const struct wdk_glue glue = {
		.name = "wdk_check", .module = THIS_MODULE, .entry = DriverEntry,
		.parameters = parameters,
	};

	driver = wdk_driver_load(&glue);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	dir = debugfs_lookup(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0444, dir, NULL, &results_fops);
	return 0;
}

static void __exit wdk_check_exit(void)
{
	/* Removes the directory and what is in it. */
	wdk_driver_unload(driver);
	dput(dir);
}

module_init(wdk_check_init);
module_exit(wdk_check_exit);

MODULE_DESCRIPTION("tries every name of the Windows face over hv_vmbus");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kmcl_vmbus");
