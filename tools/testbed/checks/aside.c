// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched/task_stack.h>

#include "aside.h"
#include "check.h"

static void aside_work(struct work_struct *work)
{
	struct aside *a = container_of(work, struct aside, work);

	complete(&a->entered);
	a->ret = a->fn(a->arg);
	complete_all(&a->done);
}

void aside_begin(struct aside *a, int (*fn)(void *arg), void *arg)
{
	a->fn = fn;
	a->arg = arg;
	init_completion(&a->entered);
	init_completion(&a->done);
	/* Debug objects want to know. */
	if (object_is_on_stack(a))
		INIT_WORK_ONSTACK(&a->work, aside_work);
	else
		INIT_WORK(&a->work, aside_work);
	queue_work(system_unbound_wq, &a->work);
	wait_for_completion(&a->entered);
}

bool aside_blocks(struct aside *a)
{
	return !wait_for_completion_timeout(&a->done, CHECK_QUIET);
}

int aside_end(struct aside *a)
{
	wait_for_completion(&a->done);
	flush_work(&a->work);
	if (object_is_on_stack(a))
		destroy_work_on_stack(&a->work);
	return a->ret;
}
