// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of this machine, counted at the kernel's own tracepoints. Which of
 * them exist depends on the kernel; those that must are in needed.
 *
 * The probe takes the first argument of each, which is the caller, but for
 * mm_page_alloc, where it is the page.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "base.h"

static struct alloc_event {
	const char *name;
	bool needed;
	struct tracepoint *point;
	atomic64_t count;
} events[] = {
	{ .name = "kmalloc", .needed = true },
	{ .name = "kmalloc_node" },
	{ .name = "kmem_cache_alloc", .needed = true },
	{ .name = "kmem_cache_alloc_node" },
	{ .name = "mm_page_alloc", .needed = true },
};

static void *last;

static void on_alloc(void *data, void *first)
{
	struct alloc_event *event = data;

	WRITE_ONCE(last, first);
	atomic64_inc(&event->count);
}

/**
 * bench_allocations() - how many there have been
 *
 * Return: allocations on this machine since the module was loaded; pages that were
 * allocated for objects are counted beside these.
 */
u64 bench_allocations(void)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		sum += atomic64_read(&events[i].count);
	return sum;
}
EXPORT_SYMBOL_GPL(bench_allocations);

/* For a message about one that should not have been: print it with %pS. */
void *bench_last_allocation(void)
{
	return READ_ONCE(last);
}
EXPORT_SYMBOL_GPL(bench_last_allocation);

static void find(struct tracepoint *point, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (!strcmp(point->name, events[i].name))
			events[i].point = point;
}

void bench_alloc_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].point)
			tracepoint_probe_unregister(events[i].point, on_alloc, &events[i]);
	tracepoint_synchronize_unregister();
}

int bench_alloc_init(void)
{
	int i, ret = 0;

	for_each_kernel_tracepoint(find, NULL);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (events[i].point &&
		    tracepoint_probe_register(events[i].point, on_alloc, &events[i]))
			events[i].point = NULL;
	}
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].needed && !events[i].point)
			ret = -ENOENT;
	if (ret)
		bench_alloc_exit();
	return ret;
}

static u64 count_of(int (*allocate)(void))
{
	u64 before = bench_allocations();

	if (allocate())
		return 0;
	return bench_allocations() - before;
}

static int one_kmalloc(void)
{
	void *volatile memory = kmalloc(64, GFP_KERNEL);

	kfree(memory);
	return memory ? 0 : -ENOMEM;
}

static struct kmem_cache *cache;

static int one_object(void)
{
	void *volatile memory = kmem_cache_alloc(cache, GFP_KERNEL);

	if (!memory)
		return -ENOMEM;
	kmem_cache_free(cache, memory);
	return 0;
}

static int one_page(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	free_page(page);
	return page ? 0 : -ENOMEM;
}

/* That 0 means none: one of each is seen. The first object brings a page along. */
int bench_alloc_show(struct seq_file *m, void *unused)
{
	cache = kmem_cache_create("bench_object", 64, 0, SLAB_HWCACHE_ALIGN, NULL);
	if (!cache)
		return -ENOMEM;
	one_object();
	seq_printf(m, "kmalloc %llu\n", count_of(one_kmalloc));
	seq_printf(m, "object %llu\n", count_of(one_object));
	seq_printf(m, "page %llu\n", count_of(one_page));
	kmem_cache_destroy(cache);
	return 0;
}
