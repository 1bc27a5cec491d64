// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs: memory that the host maps, reads and writes.
 */
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "aside.h"
#include "host.h"
#include "memory.h"

#define PAGES	5u
#define BYTES	(PAGES * PAGE_SIZE)

static const struct link_setup gpadl = { .device = "gpadl", .type = LINK_GPADL };
/* Of which the test counts how often it held a teardown back. */
static const struct link_setup slow = { .device = "slow", .type = LINK_GPADL };

/* The host writes a pattern, we another; each finds what the other wrote. */
static void both_ways(struct link *l, u32 number, void *address, u32 offset, u32 length)
{
	struct span span = { address + offset, length };
	struct host_call call = {
		.op = HVHOST_GPADL_FILL, .gpadl = number, .offset = offset, .length = length,
		.seed = offset + 3,
	};
	struct check *c = l->check;
	struct host_reply reply;

	if (host_does(l, &call, HVHOST_GPADL_OK, &reply)) {
		CHECK(c, spans_hold(&span, 1, call.seed, 0));
		CHECK_EQ(c, reply.crc, spans_crc(&span, 1));
	}
	call.op = HVHOST_GPADL_CHECK;
	call.seed += 5;
	host_does(l, &call, HVHOST_GPADL_MISMATCH, &reply);
	CHECK_EQ(c, reply.value, 0);
	spans_fill(&span, 1, call.seed);
	if (host_does(l, &call, HVHOST_GPADL_OK, &reply))
		CHECK_EQ(c, reply.crc, spans_crc(&span, 1));
}

static void use(struct link *l, u32 number, void *address, u32 bytes)
{
	if (!host_maps(l, number, bytes))
		return;
	both_ways(l, number, address, 0, bytes);
	both_ways(l, number, address, 0, 1);
	both_ways(l, number, address, bytes - 1, 1);
	both_ways(l, number, address, PAGE_SIZE - 1, bytes > PAGE_SIZE ? 2 : 1);
	host_unmaps(l, number);
}

static void delete(struct link *l, u32 number)
{
	CHECK_EQ(l->check, kmcl_gpadl_delete(l->channel, number), 0);
	CHECK_EQ(l->check, kmcl_gpadl_delete(l->channel, number), -ENOENT);
}

static void create_use_delete(struct link *l, void *buffer, u32 bytes, u32 flags)
{
	u32 number = 0;

	if (!CHECK(l->check, buffer) ||
	    !CHECK_EQ(l->check, kmcl_gpadl_create(l->channel, buffer, bytes, flags, &number), 0))
		return;
	CHECK(l->check, number);
	use(l, number, buffer, bytes);
	delete(l, number);
}

static void buffer_vmalloc(struct check *c)
{
	struct link *l = host_up(c, &gpadl, NULL);
	void *buffer = vmalloc(BYTES);

	if (l) {
		create_use_delete(l, buffer, BYTES, 0);
		create_use_delete(l, buffer + PAGE_SIZE, PAGE_SIZE, KMCL_GPADL_READ_ONLY);
		CHECK_EQ(c, link_count(l, "gpadls_created"), 2);
		CHECK_EQ(c, link_count(l, "gpadls_deleted"), 2);
		CHECK_EQ(c, link_count(l, "gpadls_unconfirmed"), 0);
	}
	link_down(l);
	vfree(buffer);
}

static void buffer_kmalloc(struct check *c)
{
	void *page = kmalloc(PAGE_SIZE, GFP_KERNEL), *large = kmalloc(4 * PAGE_SIZE, GFP_KERNEL);
	struct link *l = host_up(c, &gpadl, NULL);

	if (l) {
		create_use_delete(l, page, PAGE_SIZE, 0);
		create_use_delete(l, large, 4 * PAGE_SIZE, 0);
	}
	link_down(l);
	kfree(page);
	kfree(large);
}

static void buffer_of_the_page_allocator(struct check *c)
{
	void *buffer = (void *)__get_free_pages(GFP_KERNEL, 3);
	struct link *l = host_up(c, &gpadl, NULL);

	if (l)
		create_use_delete(l, buffer, 8 * PAGE_SIZE, 0);
	link_down(l);
	free_pages((unsigned long)buffer, 3);
}

static void scattered_pages(struct check *c)
{
	struct link *l = host_up(c, &gpadl, NULL);
	struct memory m;
	u32 number;

	if (l && memory_get(&m, c, PAGES)) {
		if (CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 0, BYTES, 0, &number),
			     0)) {
			use(l, number, m.address, BYTES);
			delete(l, number);
		}
		/* The first two are left out. */
		if (CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 2 * PAGE_SIZE,
							BYTES - 2 * PAGE_SIZE, 0, &number), 0)) {
			use(l, number, m.address + 2 * PAGE_SIZE, BYTES - 2 * PAGE_SIZE);
			delete(l, number);
		}
		CHECK(c, memory_unshared(&m));
		memory_put(&m);
	}
	link_down(l);
}

/* References keep the pages while the host may be in them. */
static void pages_are_held(struct check *c)
{
	struct link *l = host_up(c, &gpadl, NULL);
	struct memory m;
	u32 number, i;

	if (l && memory_get(&m, c, PAGES)) {
		if (CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 0, BYTES, 0, &number),
			     0)) {
			for (i = 0; i < PAGES; i++)
				CHECK_EQ(c, page_count(m.pages[i]), 2);
			delete(l, number);
		}
		CHECK(c, memory_unshared(&m));
		memory_put(&m);
	}
	link_down(l);
}

static void not_whole_pages(struct check *c)
{
	struct link *l = link_up(c, &gpadl, NULL);
	void *buffer = vmalloc(BYTES);
	struct memory m;
	u32 number;

	if (l && CHECK(c, buffer) && memory_get(&m, c, 2)) {
		CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer + 8, PAGE_SIZE, 0, &number),
			 -EOPNOTSUPP);
		CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, PAGE_SIZE + 8, 0, &number),
			 -EOPNOTSUPP);
		CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, 8, 0, &number), -EOPNOTSUPP);
		CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 8, PAGE_SIZE, 0, &number),
			 -EOPNOTSUPP);
		CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 0, 8, 0, &number),
			 -EOPNOTSUPP);
		CHECK_EQ(c, link_count(l, "gpadls_created"), 0);
		memory_put(&m);
	}
	link_down(l);
	vfree(buffer);
}

static void invalid(struct check *c)
{
	struct link *l = link_up(c, &gpadl, NULL);
	struct page *hole[2] = { };
	void *buffer = vmalloc(BYTES);
	struct kmcl_channel *ch;
	u32 number;

	if (l && CHECK(c, buffer)) {
		ch = l->channel;
		hole[0] = vmalloc_to_page(buffer);
		CHECK_EQ(c, kmcl_gpadl_create(NULL, buffer, PAGE_SIZE, 0, &number), -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_create(ch, NULL, PAGE_SIZE, 0, &number), -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_create(ch, buffer, 0, 0, &number), -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_create(ch, buffer, PAGE_SIZE, 2, &number), -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_create(ch, buffer, PAGE_SIZE, 0, NULL), -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_create(ch, task_stack_page(current), PAGE_SIZE, 0, &number),
			 -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_create(ch, (void *)PAGE_SIZE, PAGE_SIZE, 0, &number),
			 -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_create_pages(ch, hole, 0, 2 * PAGE_SIZE, 0, &number),
			 -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_create_pages(ch, NULL, 0, PAGE_SIZE, 0, &number), -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_delete(NULL, 1), -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_delete(ch, 0), -ENOENT);
		CHECK_EQ(c, kmcl_gpadl_delete(ch, 12345), -ENOENT);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(NULL, 1, 1), -EINVAL);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(ch, 12345, 1), -ENOENT);
		CHECK_EQ(c, link_count(l, "gpadls_created"), 0);
	}
	link_down(l);
	vfree(buffer);
}

static void page_sets(struct check *c)
{
	struct link *l = host_up(c, &gpadl, NULL);
	void *buffer = vmalloc(BYTES);
	u32 a, b;

	if (l && CHECK(c, buffer) &&
	    CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, PAGE_SIZE, 0, &a), 0) &&
	    CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer + PAGE_SIZE, PAGE_SIZE, 0, &b), 0)) {
		CHECK(c, a != b);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, a, 7), 0);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, a, 7), 0);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, b, 7), -EEXIST);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, b, 8), 0);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, a, 9), 0);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, b, 7), 0);
		delete(l, a);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, a, 9), -ENOENT);
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, b, 9), 0);
		delete(l, b);
	}
	link_down(l);
	vfree(buffer);
}

/* Hundreds of messages to describe it. */
static void largest(struct check *c)
{
	struct link *l = host_up(c, &gpadl, NULL);
	void *buffer = vmalloc(KMCL_GPADL_MAX + PAGE_SIZE);
	u32 number;

	if (l && CHECK(c, buffer)) {
		CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, KMCL_GPADL_MAX + PAGE_SIZE, 0,
					      &number), -E2BIG);
		if (CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, KMCL_GPADL_MAX, 0, &number),
			     0)) {
			if (host_maps(l, number, KMCL_GPADL_MAX)) {
				both_ways(l, number, buffer, 0, 100);
				both_ways(l, number, buffer, KMCL_GPADL_MAX - 9000, 9000);
				both_ways(l, number, buffer, KMCL_GPADL_MAX / 2 - 1, 5000);
				host_unmaps(l, number);
			}
			delete(l, number);
		}
	}
	link_down(l);
	vfree(buffer);
}

#define MANY	64u

static void many(struct check *c)
{
	struct link *l = host_up(c, &gpadl, NULL);
	u32 numbers[MANY], n = 0, i;
	struct memory m;

	if (l && memory_get(&m, c, MANY)) {
		for (; n < MANY; n++) {
			if (!CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, &m.pages[n], 0,
								 PAGE_SIZE, 0, &numbers[n]), 0))
				break;
		}
		for (i = 0; i < n; i++) {
			if (host_maps(l, numbers[i], PAGE_SIZE))
				both_ways(l, numbers[i], m.address + i * PAGE_SIZE, 0, PAGE_SIZE);
		}
		for (i = 0; i < n; i++) {
			host_unmaps(l, numbers[i]);
			delete(l, numbers[i]);
		}
		CHECK(c, memory_unshared(&m));
		memory_put(&m);
	}
	link_down(l);
}

/* struct deletion: kmcl_gpadl_delete() in another thread */
struct deletion {
	struct link *link;
	u32 number;
};

static int delete_it(void *arg)
{
	struct deletion *d = arg;

	return kmcl_gpadl_delete(d->link->channel, d->number);
}

/*
 * As long as the host has it mapped the deletion does not return, and the memory is the
 * host's to write. hvhost counts it (withheld_torndown) if it held the teardown back.
 */
static void delete_waits_for_the_host(struct check *c)
{
	struct link *l = host_up(c, &slow, NULL);
	struct host_call call = { .op = HVHOST_GPADL_FILL, .length = BYTES, .seed = 9 };
	void *buffer = vmalloc(BYTES);
	struct span span = { buffer, BYTES };
	struct deletion d = { .link = l };
	struct aside a;

	if (l && CHECK(c, buffer) &&
	    CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, BYTES, 0, &d.number), 0) &&
	    host_maps(l, d.number, BYTES)) {
		call.gpadl = d.number;
		aside_begin(&a, delete_it, &d);
		CHECK(c, aside_blocks(&a));
		CHECK_EQ(c, kmcl_gpadl_delete(l->channel, d.number), -ENOENT);
		if (host_does(l, &call, HVHOST_GPADL_OK, NULL))
			CHECK(c, spans_hold(&span, 1, 9, 0));
		CHECK(c, aside_blocks(&a));
		host_unmaps(l, d.number);
		CHECK_EQ(c, aside_end(&a), 0);
		host_does(l, &call, HVHOST_GPADL_UNKNOWN, NULL);
	}
	link_down(l);
	vfree(buffer);
}

/* The device lets go by itself, after a while. */
static void delete_waits_until_the_host_is_out(struct check *c)
{
	struct link *l = host_up(c, &slow, NULL);
	struct host_call map = { .op = HVHOST_GPADL_MAP, .arg = 2000 };
	struct host_call fill = { .op = HVHOST_GPADL_FILL, .length = BYTES };
	void *buffer = vmalloc(BYTES);

	if (l && CHECK(c, buffer) &&
	    CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, BYTES, 0, &map.gpadl), 0)) {
		fill.gpadl = map.gpadl;
		if (host_does(l, &map, HVHOST_GPADL_OK, NULL)) {
			delete(l, map.gpadl);
			host_does(l, &fill, HVHOST_GPADL_UNKNOWN, NULL);
		}
	}
	link_down(l);
	vfree(buffer);
}

static void refused_by_the_host(struct check *c)
{
	static const struct link_setup refusing = { .device = "refuse", .type = LINK_GPADL };
	struct link *l = host_up(c, &refusing, NULL);
	struct memory m;
	u32 number, i;

	if (l && memory_get(&m, c, PAGES)) {
		for (i = 0; i < 3; i++)
			CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 0, BYTES, 0,
							    &number), -EDQUOT);
		CHECK(c, memory_unshared(&m));
		CHECK_EQ(c, link_count(l, "gpadls_created"), 0);
		memory_put(&m);
	}
	link_down(l);
}

/* It never answers, until it is taken away. */
static void host_is_mute(struct check *c)
{
	static const struct link_setup mute = { .device = "mute", .type = LINK_GPADL };
	struct link *l = link_up(c, &mute, NULL);
	struct memory m;
	u32 number;

	if (l && memory_get(&m, c, PAGES)) {
		CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 0, BYTES, 0, &number),
			 -ENODEV);
		CHECK_AWAIT(c, l->wait, atomic_read(&l->closed) == 1);
		link_await(l, KMCL_DISABLED);
		CHECK(c, memory_unshared(&m));
		memory_put(&m);
	}
	link_down(l);
}

/* A rescind while the host has it mapped: then it is the guest's again. */
static void delete_after_a_rescind(struct check *c)
{
	static const struct link_setup leaving = { .device = "leaving", .type = LINK_GPADL };
	struct link *l = host_up(c, &leaving, NULL);
	struct deletion d = { .link = l };
	struct memory m;

	if (l && memory_get(&m, c, PAGES)) {
		if (CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 0, BYTES, 0,
							&d.number), 0) &&
		    host_maps(l, d.number, BYTES))
			CHECK_EQ(c, kmcl_gpadl_delete(l->channel, d.number), 0);
		CHECK_AWAIT(c, l->wait, atomic_read(&l->closed) == 1);
		link_await(l, KMCL_DISABLED);
		CHECK_EQ(c, link_count(l, "gpadls_unconfirmed"), 0);
		CHECK(c, memory_unshared(&m));
		memory_put(&m);
	}
	link_down(l);
}

static void not_open(struct check *c)
{
	struct link *l = link_make(c, &gpadl, NULL);
	void *buffer = vmalloc(BYTES);
	u32 number;

	if (l && CHECK(c, buffer)) {
		CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, BYTES, 0, &number), -ENOTCONN);
		link_open(l);
		link_disable(l);
		CHECK_EQ(c, kmcl_gpadl_create(l->channel, buffer, BYTES, 0, &number), -ENOTCONN);
		CHECK_EQ(c, kmcl_gpadl_delete(l->channel, 1), -ENOENT);
	}
	link_down(l);
	vfree(buffer);
}

/* Made in opened, ended in closed: the whole life of the channel. */
struct lifelong {
	void *buffer;
	u32 number;
	int created;
	int deleted;
};

static int create_in_opened(struct link *l)
{
	struct lifelong *x = l->data;

	x->created = kmcl_gpadl_create(l->channel, x->buffer, BYTES, 0, &x->number);
	return 0;
}

static void delete_in_closed(struct link *l)
{
	struct lifelong *x = l->data;

	x->deleted = kmcl_gpadl_delete(l->channel, x->number);
}

static void in_state_callbacks(struct check *c)
{
	static const struct link_setup setup = {
		.device = "gpadl", .type = LINK_GPADL, .opened = create_in_opened,
		.closed = delete_in_closed,
	};
	struct lifelong x = { .buffer = vmalloc(BYTES), .created = 1, .deleted = 1 };
	struct link *l = CHECK(c, x.buffer) ? host_up(c, &setup, &x) : NULL;

	if (l) {
		if (CHECK_EQ(c, x.created, 0))
			use(l, x.number, x.buffer, BYTES);
		link_disable(l);
		CHECK_EQ(c, x.deleted, 0);
	}
	link_down(l);
	vfree(x.buffer);
}

/* What a driver forgets is deleted when closed has returned, with a warning. */
static void forgotten(struct check *c)
{
	struct link *l = host_up(c, &gpadl, NULL);
	struct memory m;
	u32 a, b;

	if (l && memory_get(&m, c, PAGES)) {
		CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages, 0, PAGE_SIZE, 0, &a), 0);
		CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, m.pages + 1, 0, PAGE_SIZE, 0, &b),
			 0);
		link_disable(l);
		CHECK_EQ(c, link_count(l, "gpadls_deleted"), 2);
		CHECK_EQ(c, kmcl_gpadl_delete(l->channel, a), -ENOENT);
		CHECK(c, memory_unshared(&m));
		memory_put(&m);
	}
	link_down(l);
}

static const struct check_case cases[] = {
	CHECK_CASE(buffer_vmalloc),
	CHECK_CASE(buffer_kmalloc),
	CHECK_CASE(buffer_of_the_page_allocator),
	CHECK_CASE(scattered_pages),
	CHECK_CASE(pages_are_held),
	CHECK_CASE(not_whole_pages),
	CHECK_CASE(invalid),
	CHECK_CASE(page_sets),
	CHECK_CASE(largest),
	CHECK_CASE(many),
	CHECK_CASE(delete_waits_for_the_host),
	CHECK_CASE(delete_waits_until_the_host_is_out),
	CHECK_CASE(refused_by_the_host),
	CHECK_CASE(host_is_mute),
	CHECK_CASE(delete_after_a_rescind),
	CHECK_CASE(not_open),
	CHECK_CASE(in_state_callbacks),
	CHECK_CASE(forgotten),
	{ }
};

const struct check_group gpadl_checks = { "gpadl", cases };
