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
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <wdk/glue.h>

#include "glue.h"

#define ROOM	(256 * 1024)

#define PATTERN	64

static const char *const unasked[] = { "nobus", "scarce", "server", "save", "fault" };

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
static struct mm_struct *process;	/* insmod's, which lives on without it */

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

void *check_user_enter(unsigned long bytes)
{
	unsigned long address;

	kthread_use_mm(process);
	address = vm_mmap(NULL, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (!IS_ERR_VALUE(address))
		return (void *)address;
	kthread_unuse_mm(process);
	return NULL;
}

void check_user_leave(void *address, unsigned long bytes)
{
	vm_munmap((unsigned long)address, bytes);
	kthread_unuse_mm(process);
}

int check_user_write(void *to, const void *from, unsigned long bytes)
{
	return copy_to_user((void __user *)to, from, bytes) ? -EFAULT : 0;
}

int check_user_read(void *to, const void *from, unsigned long bytes)
{
	return copy_from_user(to, (const void __user *)from, bytes) ? -EFAULT : 0;
}

int check_user_lose(void *address, unsigned long bytes)
{
	return vm_munmap((unsigned long)address, bytes);
}

void *check_load(const char *name, check_entry *entry, const char *parameters, int *error)
{
	/* Nothing but its name is used: nobody opens the files of such a driver. */
	static struct module other = { .name = "wdk_check_other" };
	const struct wdk_glue glue = {
		.name = name, .module = &other, .entry = entry, .parameters = parameters,
	};
	struct wdk_driver *loaded = wdk_driver_load(&glue);

	*error = PTR_ERR_OR_ZERO(loaded);
	return *error ? NULL : loaded;
}

void check_unload(void *loaded)
{
	wdk_driver_unload(loaded);
}

void check_fail(unsigned int n)
{
#ifdef CONFIG_FAULT_INJECTION
	WRITE_ONCE(current->fail_nth, n);
#endif
}

unsigned int check_fail_left(void)
{
#ifdef CONFIG_FAULT_INJECTION
	return READ_ONCE(current->fail_nth);
#else
	return 0;
#endif
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

	process = get_task_mm(current);
	if (!process)
		return -ESRCH;
	driver = wdk_driver_load(&glue);
	if (IS_ERR(driver)) {
		mmput(process);
		return PTR_ERR(driver);
	}
	dir = debugfs_lookup(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0444, dir, NULL, &results_fops);
	return 0;
}

static void __exit wdk_check_exit(void)
{
	/* Removes the directory and what is in it. */
	wdk_driver_unload(driver);
	dput(dir);
	mmput(process);
}

module_init(wdk_check_init);
module_exit(wdk_check_exit);

MODULE_DESCRIPTION("tries every name of the Windows face over hv_vmbus");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kmcl_vmbus");
