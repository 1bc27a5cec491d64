/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A call in another thread: to see that it blocks, and what lets it go.
 */
#ifndef _CHECK_ASIDE_H
#define _CHECK_ASIDE_H

#include <linux/completion.h>
#include <linux/workqueue.h>

/**
 * struct aside - one call
 * @fn, @arg: what is called
 * @ret: what came back, once @done
 * @entered: it is about to be called
 */
struct aside {
	int (*fn)(void *arg);
	void *arg;
	int ret;
	struct completion entered;
	struct completion done;
	struct work_struct work;
};

/* Returns when it is about to be called. */
void aside_begin(struct aside *a, int (*fn)(void *arg), void *arg);
/* Is it still not back, after a while. */
bool aside_blocks(struct aside *a);
/* Waits for it, with no limit: it may use the caller's stack. */
int aside_end(struct aside *a);

#endif /* _CHECK_ASIDE_H */
