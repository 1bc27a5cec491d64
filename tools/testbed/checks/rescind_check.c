// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host takes a device away while somebody waits for it. Each case has a silent
 * device of its own, which goes two seconds after it was opened.
 */
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "aside.h"
#include "link.h"
#include "memory.h"
#include "shot.h"

static int ask(struct link *l, const struct kmcl_external_data *data, ktime_t timeout)
{
	struct kmcl_request r = {
		.buffer = "anybody?", .length = 8, .flags = KMCL_SEND_COMPLETION,
		.external = data, .timeout = timeout,
	};

	return kmcl_channel_request(l->channel, &r);
}

static void gone(struct link *l)
{
	struct check *c = l->check;

	CHECK_AWAIT(c, l->wait, atomic_read(&l->closed) == 1);
	link_await(l, KMCL_DISABLED);
	CHECK_EQ(c, link_count(l, "packets"), 0);
	CHECK_EQ(c, kmcl_channel_get_instance(l->channel, &(guid_t){}), -ENOTCONN);
}

static void while_a_thread_waits(struct check *c)
{
	static const struct link_setup setup = { .device = "gone-a" };
	struct link *l = link_up(c, &setup, NULL);

	if (!l)
		return;
	CHECK_EQ(c, ask(l, NULL, KMCL_WAIT_FOREVER), -ENODEV);
	CHECK_EQ(c, link_count(l, "sent"), 1);
	gone(l);
	link_down(l);
}

static void while_external_data_are_out(struct check *c)
{
	static const struct link_setup setup = {
		.device = "gone-b", .max_external = PAGE_SIZE, .ranges = 1,
	};
	struct link *l = link_up(c, &setup, NULL);
	void *slab = kmalloc(128, GFP_KERNEL);
	struct kmcl_external_data data = kmcl_external_buffer(slab, 128, DMA_BIDIRECTIONAL);

	if (l && CHECK(c, slab)) {
		CHECK_EQ(c, ask(l, &data, KMCL_WAIT_FOREVER), -ENODEV);
		CHECK_EQ(c, link_count(l, "sent_external"), 1);
		gone(l);
	}
	link_down(l);
	kfree(slab);
}

/* What post_started does, and what came of it. */
struct waiting {
	const struct kmcl_external_data *data;
	ktime_t timeout;
	int ret;
	struct completion entered;
};

static void wait_in_post_started(struct link *l)
{
	struct waiting *w = l->data;

	complete(&w->entered);
	w->ret = ask(l, w->data, w->timeout);
}

static void post_started_waits(struct check *c, const struct link_setup *setup,
			       struct waiting *w)
{
	struct link *l;

	init_completion(&w->entered);
	l = link_up(c, setup, w);
	if (!l)
		return;
	CHECK_EQ(c, w->ret, -ENODEV);
	CHECK_EQ(c, link_count(l, "sent"), 1);
	gone(l);
	link_down(l);
}

static void while_post_started_waits(struct check *c)
{
	static const struct link_setup setup = {
		.device = "gone-c", .post_started = wait_in_post_started,
	};
	struct waiting w = { .timeout = KMCL_WAIT_FOREVER };

	post_started_waits(c, &setup, &w);
}

/* Pages that kmcl does not hold: nothing of them may be left behind. */
static void while_post_started_waits_with_slab(struct check *c)
{
	static const struct link_setup setup = {
		.device = "gone-d", .post_started = wait_in_post_started,
		.max_external = PAGE_SIZE, .ranges = 1,
	};
	void *slab = kmalloc(128, GFP_KERNEL);
	struct kmcl_external_data data = kmcl_external_buffer(slab, 128, DMA_TO_DEVICE);
	struct waiting w = { .data = &data, .timeout = KMCL_WAIT_FOREVER };

	if (CHECK(c, slab))
		post_started_waits(c, &setup, &w);
	kfree(slab);
}

/* Pages that it does hold: they are let go of when the channel has closed. */
static void while_post_started_waits_with_pages(struct check *c)
{
	static const struct link_setup setup = {
		.device = "gone-e", .post_started = wait_in_post_started,
		.max_external = PAGE_SIZE, .ranges = 1,
	};
	struct kmcl_external_data data;
	struct waiting w = { .data = &data, .timeout = CHECK_PATIENCE };
	struct memory m;

	if (!memory_get(&m, c, 1))
		return;
	data = kmcl_external_pages(m.pages, 0, PAGE_SIZE, DMA_TO_DEVICE);
	post_started_waits(c, &setup, &w);
	CHECK(c, memory_unshared(&m));
	memory_put(&m);
}

/* Not the host but the driver ends it; the device is the silent one. */
static void disabled_in_post_started(struct check *c, struct waiting *w)
{
	static const struct link_setup setup = {
		.device = "silent", .post_started = wait_in_post_started,
		.max_external = PAGE_SIZE, .ranges = 1,
	};
	struct link *l = link_make(c, &setup, w);

	if (!l)
		return;
	init_completion(&w->entered);
	CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
	if (CHECK(c, wait_for_completion_timeout(&w->entered, CHECK_LIMIT)))
		CHECK_POLL(c, link_count(l, "sent") == 1);
	link_disable(l);
	CHECK_EQ(c, w->ret, -ENODEV);
	CHECK_EQ(c, atomic_read(&l->closed), 1);
	CHECK_EQ(c, atomic_read(&l->suspended), 1);
	link_down(l);
}

static void disabled_while_post_started_waits(struct check *c)
{
	struct waiting w = { .timeout = KMCL_WAIT_FOREVER };

	disabled_in_post_started(c, &w);
}

static void disabled_while_post_started_waits_with_slab(struct check *c)
{
	void *slab = kmalloc(128, GFP_KERNEL);
	struct kmcl_external_data data = kmcl_external_buffer(slab, 128, DMA_TO_DEVICE);
	struct waiting w = { .data = &data, .timeout = KMCL_WAIT_FOREVER };

	if (CHECK(c, slab))
		disabled_in_post_started(c, &w);
	kfree(slab);
}

static int ask_with_slab(void *arg)
{
	void *slab = kmalloc(128, GFP_KERNEL);
	struct kmcl_external_data data = kmcl_external_buffer(slab, 128, DMA_FROM_DEVICE);
	int ret = slab ? ask(arg, &data, KMCL_WAIT_FOREVER) : -ENOMEM;

	kfree(slab);
	return ret;
}

static void disabled_while_a_thread_waits_with_slab(struct check *c)
{
	static const struct link_setup setup = {
		.device = "silent", .max_external = PAGE_SIZE, .ranges = 1,
	};
	struct link *l = link_up(c, &setup, NULL);
	struct aside a;

	if (!l)
		return;
	aside_begin(&a, ask_with_slab, l);
	CHECK(c, aside_blocks(&a));
	CHECK_EQ(c, link_count(l, "sent_external"), 1);
	link_disable(l);
	CHECK_EQ(c, aside_end(&a), -ENODEV);
	link_down(l);
}

#define IN_FLIGHT	64

/* All that the host has not answered ends, once. */
static void with_packets_in_flight(struct check *c)
{
	static const struct link_setup setup = { .device = "gone-f" };
	struct link *l = link_up(c, &setup, NULL);
	struct shot *shots = l ? shots_new(l, IN_FLIGHT) : NULL;
	unsigned int i;

	for (i = 0; shots && i < IN_FLIGHT; i++)
		CHECK_EQ(c, shot_send(&shots[i], "gone", 5, KMCL_SEND_COMPLETION), 0);
	if (shots && shots_await(shots, IN_FLIGHT, -ENODEV)) {
		CHECK_EQ(c, link_count(l, "cancelled"), IN_FLIGHT);
		shots_free(shots, IN_FLIGHT);
		gone(l);
	}
	link_down(l);
}

static void take_next_offer(struct link *l)
{
	kmcl_channel_enable(l->channel);
}

/* Enabled in closed, it takes the device when it comes back. */
static void comes_back(struct check *c)
{
	static const struct link_setup setup = { .device = "back", .closed = take_next_offer };
	struct link *l = link_up(c, &setup, NULL);

	if (!l)
		return;
	CHECK(c, link_sync(l));
	CHECK_AWAIT(c, l->wait, atomic_read(&l->post_started) == 2);
	CHECK_EQ(c, atomic_read(&l->closed), 1);
	CHECK(c, link_sync(l));
	link_down(l);
}

static const struct check_case cases[] = {
	CHECK_CASE(while_a_thread_waits),
	CHECK_CASE(while_external_data_are_out),
	CHECK_CASE(while_post_started_waits),
	CHECK_CASE(while_post_started_waits_with_slab),
	CHECK_CASE(while_post_started_waits_with_pages),
	CHECK_CASE(disabled_while_post_started_waits),
	CHECK_CASE(disabled_while_post_started_waits_with_slab),
	CHECK_CASE(disabled_while_a_thread_waits_with_slab),
	CHECK_CASE(with_packets_in_flight),
	CHECK_CASE(comes_back),
	{ }
};

const struct check_group rescind_checks = { "rescind", cases };
