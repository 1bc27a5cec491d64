/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel threads are threads of the process. */
#ifndef _SHIM_LINUX_KTHREAD_H
#define _SHIM_LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/sched.h>

struct task_struct *shim_kthread_run(int (*body)(void *data), void *data);
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);

#define kthread_run(body, data, name, ...)	shim_kthread_run(body, data)

#endif /* _SHIM_LINUX_KTHREAD_H */
