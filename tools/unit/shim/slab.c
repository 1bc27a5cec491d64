// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory: see linux/slab.h.
 */
#include <limits.h>
#include <stdlib.h>

#include <linux/bug.h>
#include <linux/sched.h>
#include <linux/slab.h>

static bool fails_now(void)
{
	return current->fail_nth && !--current->fail_nth;
}

/*
 * Whoever may sleep lets another thread come between. What is larger than the kernel
 * gives to anybody, kvmalloc() warns of: a caller has to check first.
 */
void *shim_alloc(size_t count, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (!(gfp & GFP_ATOMIC))
		sched_yield();
	if (fails_now() || __builtin_mul_overflow(count, size, &bytes))
		return NULL;
	if (bytes > INT_MAX) {
		WARN_ON(!(gfp & __GFP_NOWARN));
		return NULL;
	}
	return gfp & __GFP_ZERO ? calloc(1, bytes) : malloc(bytes);
}

void kfree(const void *memory)
{
	free((void *)memory);
}
