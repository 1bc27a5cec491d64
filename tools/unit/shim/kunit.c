// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a case calls: see kunit/test.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <kunit/test.h>
#include <linux/slab.h>

#include "kunit.h"

struct kunit_action {
	struct kunit_action *next;
	kunit_action_t *action;
	void *context;
};

jmp_buf kunit_case_end;

void kunit_abort(struct kunit *test)
{
	(void)test;
	longjmp(kunit_case_end, 1);
}

void kunit_skip(struct kunit *test, const char *why, ...)
{
	va_list ap;

	va_start(ap, why);
	vsnprintf(test->why, sizeof(test->why), why, ap);
	va_end(ap);
	if (test->status == KUNIT_SUCCESS)
		test->status = KUNIT_SKIPPED;
	kunit_abort(test);
}

void kunit_failed(struct kunit *test, bool stop, const char *file, int line,
		  const char *expected, const char *fmt, ...)
{
	va_list ap;

	printf("    # %s: %s FAILED at %s:%d\n    # expected: %s\n    # ", test->name,
	       stop ? "ASSERTION" : "EXPECTATION", file, line, expected);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	test->status = KUNIT_FAILURE;
	if (stop)
		kunit_abort(test);
}

int kunit_add_action(struct kunit *test, kunit_action_t *action, void *context)
{
	struct kunit_action *add = malloc(sizeof(*add));

	if (!add)
		return -ENOMEM;
	*add = (struct kunit_action){ test->actions, action, context };
	test->actions = add;
	return 0;
}

int kunit_add_action_or_reset(struct kunit *test, kunit_action_t *action, void *context)
{
	int ret = kunit_add_action(test, action, context);

	if (ret)
		action(context);
	return ret;
}

/* The last that was added is the first that is done. */
void kunit_end(struct kunit *test)
{
	struct kunit_action *action;

	while ((action = test->actions)) {
		test->actions = action->next;
		action->action(action->context);
		free(action);
	}
}

static void free_memory(void *memory)
{
	kfree(memory);
}

void *kunit_alloc(struct kunit *test, size_t count, size_t size, gfp_t gfp)
{
	void *memory = shim_alloc(count, size, gfp);

	if (memory && kunit_add_action_or_reset(test, free_memory, memory))
		return NULL;
	return memory;
}
