// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads: see linux/kthread.h.
 */
#include <stdlib.h>

#include <linux/kthread.h>

static struct task_struct main_task;

__thread struct task_struct *shim_current = &main_task;

static void *enter(void *task)
{
	current = task;
	return (void *)(intptr_t)current->body(current->data);
}

struct task_struct *shim_kthread_run(int (*body)(void *data), void *data)
{
	struct task_struct *task = calloc(1, sizeof(*task));

	if (!task)
		return ERR_PTR(-ENOMEM);
	task->body = body;
	task->data = data;
	if (pthread_create(&task->thread, NULL, enter, task)) {
		free(task);
		return ERR_PTR(-EAGAIN);
	}
	return task;
}

int kthread_stop(struct task_struct *task)
{
	void *result;

	__atomic_store_n(&task->stop, true, __ATOMIC_RELEASE);
	pthread_join(task->thread, &result);
	free(task);
	return (int)(intptr_t)result;
}

bool kthread_should_stop(void)
{
	return __atomic_load_n(&current->stop, __ATOMIC_ACQUIRE);
}
