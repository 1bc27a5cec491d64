/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_SCHED_H
#define _SHIM_LINUX_SCHED_H

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <linux/types.h>

/**
 * struct task_struct - a thread
 * @thread: as the C library knows it
 * @body: what it does
 * @data: with this
 * @stop: kthread_stop() has been called
 * @fail_nth: which of its allocations from now on fails; 0: none
 */
struct task_struct {
	pthread_t thread;
	int (*body)(void *data);
	void *data;
	bool stop;
	unsigned int fail_nth;
};

extern __thread struct task_struct *shim_current;

#define current			shim_current
#define yield()			sched_yield()
#define cond_resched()		sched_yield()
#define cpu_relax()		__builtin_ia32_pause()
#define num_online_cpus()	((unsigned int)sysconf(_SC_NPROCESSORS_ONLN))

#endif /* _SHIM_LINUX_SCHED_H */
