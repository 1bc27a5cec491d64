// SPDX-License-Identifier: GPL-2.0-only
/*
 * A binary heap.
 */
#include <stdlib.h>

#include "answers.h"

bool answers_init(struct answers *all, unsigned int room)
{
	*all = (struct answers){ .room = room };
	all->heap = calloc(room, sizeof(*all->heap));
	return all->heap;
}

static bool before(const struct answer *a, const struct answer *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(struct answers *all, unsigned int i, unsigned int j)
{
	struct answer *a = all->heap[i];

	all->heap[i] = all->heap[j];
	all->heap[j] = a;
}

void answers_put(struct answers *all, struct answer *a)
{
	unsigned int i = all->count++;

	a->order = all->order++;
	all->heap[i] = a;
	for (; i && before(a, all->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(all, i, (i - 1) / 2);
}

struct answer *answers_first(const struct answers *all)
{
	return all->count ? all->heap[0] : NULL;
}

/* The earlier of two children; count if there is none. */
static unsigned int child(const struct answers *all, unsigned int i)
{
	unsigned int left = 2 * i + 1;

	if (left + 1 < all->count && before(all->heap[left + 1], all->heap[left]))
		return left + 1;
	return left < all->count ? left : all->count;
}

struct answer *answers_take(struct answers *all)
{
	struct answer *first = answers_first(all);
	unsigned int i = 0, next;

	if (!first)
		return NULL;
	all->heap[0] = all->heap[--all->count];
	while ((next = child(all, i)) < all->count && before(all->heap[next], all->heap[i])) {
		swap(all, i, next);
		i = next;
	}
	return first;
}
