// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pause and start in every state, and what a paused channel does.
 */
#include <linux/completion.h>
#include <linux/slab.h>

#include "aside.h"
#include "link.h"
#include "shot.h"
#include "sink.h"

#define FEW	10

static const struct link_setup echo = { .device = "echo" };
static const struct link_setup nobody = { };

static int pause(void *arg)
{
	struct link *l = arg;

	return kmcl_channel_pause(l->channel);
}

static enum kmcl_state state(const struct link *l)
{
	return kmcl_channel_get_state(l->channel);
}

/* It comes up paused, and a start lets it go. */
static void while_disabled(struct check *c)
{
	struct link *l = link_make(c, &echo, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
	CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
	CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
	link_await(l, KMCL_PAUSED);
	CHECK_EQ(c, atomic_read(&l->opened), 1);
	CHECK_NEVER(c, l->wait, atomic_read(&l->started));
	CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
	CHECK_AWAIT(c, l->wait, atomic_read(&l->post_started) == 1);
	CHECK_EQ(c, state(l), KMCL_ACTIVE);
	CHECK(c, link_sync(l));
	link_down(l);
}

/* A start takes a pause back, and so does a disable. */
static void taken_back(struct check *c)
{
	struct link *l = link_make(c, &echo, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
	CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
	link_open(l);
	link_disable(l);
	CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
	link_disable(l);
	link_open(l);
	link_down(l);
}

static void while_enabled(struct check *c)
{
	struct link *l = link_make(c, &nobody, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
	link_await(l, KMCL_ENABLED);
	CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
	CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
	CHECK_EQ(c, state(l), KMCL_ENABLED);
	link_down(l);
}

/* A callback that stands still until it is let go. */
struct halt {
	struct completion inside;
	struct completion go;
	bool used;
};

static void halt_init(struct halt *h)
{
	init_completion(&h->inside);
	init_completion(&h->go);
	h->used = false;
}

static void stand(struct link *l)
{
	struct halt *h = l->data;

	if (h->used)
		return;
	h->used = true;
	complete(&h->inside);
	CHECK(l->check, wait_for_completion_timeout(&h->go, CHECK_LIMIT));
}

static int halt_in_opened(struct link *l)
{
	stand(l);
	return 0;
}

static bool halted(struct link *l, struct halt *h)
{
	return CHECK(l->check, wait_for_completion_timeout(&h->inside, CHECK_LIMIT));
}

static void while_opening(struct check *c)
{
	static const struct link_setup setup = { .device = "echo", .opened = halt_in_opened };
	struct halt h;
	struct link *l = link_make(c, &setup, &h);

	if (!l)
		return;
	halt_init(&h);
	CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
	if (halted(l, &h)) {
		CHECK_EQ(c, state(l), KMCL_OPENING);
		/* Nothing is delivered, so it has nothing to wait for. */
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
		complete(&h.go);
		link_await(l, KMCL_PAUSED);
		CHECK_NEVER(c, l->wait, atomic_read(&l->started));
		CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
		CHECK_AWAIT(c, l->wait, atomic_read(&l->post_started) == 1);
	}
	link_down(l);
}

/* It returns when the channel is paused again. */
static void blocks_until_suspended(struct check *c, const struct link_setup *setup,
				   enum kmcl_state in)
{
	struct aside a;
	struct halt h;
	struct link *l = link_make(c, setup, &h);

	if (!l)
		return;
	halt_init(&h);
	CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
	if (halted(l, &h)) {
		CHECK_EQ(c, state(l), in);
		aside_begin(&a, pause, l);
		CHECK(c, aside_blocks(&a));
		complete(&h.go);
		CHECK_EQ(c, aside_end(&a), 0);
		CHECK_EQ(c, state(l), KMCL_PAUSED);
		CHECK_EQ(c, atomic_read(&l->suspended), 1);
		CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
		CHECK_AWAIT(c, l->wait, atomic_read(&l->post_started) == 2);
	}
	link_down(l);
}

static void while_starting(struct check *c)
{
	static const struct link_setup setup = { .device = "echo", .started = stand };

	blocks_until_suspended(c, &setup, KMCL_STARTING);
}

static void while_post_started(struct check *c)
{
	static const struct link_setup setup = { .device = "echo", .post_started = stand };

	blocks_until_suspended(c, &setup, KMCL_ACTIVE);
}

static const struct link_setup keeping = {
	.device = "right", .type = LINK_SOURCE, .packet = sink_keep, .opened = sink_opened,
};

/* It waits for the last packet that the driver has. */
static void until_all_is_completed(struct check *c)
{
	struct sink *s = sink_new(c);
	struct link *l = s ? link_up(c, &keeping, s) : NULL;
	struct aside a;

	if (l) {
		CHECK_AWAIT(c, l->wait, sink_owes(s) == FEW);
		aside_begin(&a, pause, l);
		CHECK(c, aside_blocks(&a));
		CHECK_EQ(c, state(l), KMCL_SUSPENDING);
		CHECK_EQ(c, atomic_read(&l->suspended), 1);
		CHECK_EQ(c, sink_pay(s, l, FEW - 1), FEW - 1);
		CHECK(c, aside_blocks(&a));
		CHECK_EQ(c, sink_pay(s, l, 1), 1);
		CHECK_EQ(c, aside_end(&a), 0);
		CHECK_EQ(c, state(l), KMCL_PAUSED);
		/* Their answers go out all the same. */
		CHECK_POLL(c, link_count(l, "completions_sent") == FEW);
	}
	link_down(l);
	kvfree(s);
}

/* A second one waits with the first; a start meanwhile ends in another round. */
static void while_suspending(struct check *c)
{
	struct sink *s = sink_new(c);
	struct link *l = s ? link_up(c, &keeping, s) : NULL;
	struct aside first, second;

	if (l) {
		CHECK_AWAIT(c, l->wait, sink_owes(s) == FEW);
		aside_begin(&first, pause, l);
		CHECK(c, aside_blocks(&first));
		aside_begin(&second, pause, l);
		CHECK(c, aside_blocks(&second));
		CHECK_EQ(c, sink_pay(s, l, FEW), FEW);
		CHECK_EQ(c, aside_end(&first), 0);
		CHECK_EQ(c, aside_end(&second), 0);
		CHECK_EQ(c, atomic_read(&l->suspended), 1);
	}
	link_down(l);
	kvfree(s);
}

static int start(struct link *l)
{
	return kmcl_channel_start(l->channel);
}

static void started_while_suspending(struct check *c)
{
	static const struct link_setup setup = { .device = "echo", .suspend = stand };
	struct halt h;
	struct aside a;
	struct link *l = link_make(c, &setup, &h);

	if (!l)
		return;
	halt_init(&h);
	link_open(l);
	aside_begin(&a, pause, l);
	if (halted(l, &h)) {
		CHECK_EQ(c, state(l), KMCL_SUSPENDING);
		CHECK_EQ(c, start(l), 0);
		CHECK(c, aside_blocks(&a));
		complete(&h.go);
		CHECK_AWAIT(c, l->wait, atomic_read(&l->post_started) == 2);
	}
	/* It has rested, though the pauser may not have been awake to see it. */
	CHECK_EQ(c, aside_end(&a), 0);
	link_down(l);
}

static int disable(void *arg)
{
	struct link *l = arg;

	return kmcl_channel_disable(l->channel);
}

static void while_closing(struct check *c)
{
	static const struct link_setup setup = { .device = "echo", .closed = stand };
	struct halt h;
	struct aside a;
	struct link *l = link_make(c, &setup, &h);

	if (!l)
		return;
	halt_init(&h);
	link_open(l);
	aside_begin(&a, disable, l);
	if (halted(l, &h)) {
		CHECK_EQ(c, state(l), KMCL_CLOSING);
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
		CHECK_EQ(c, start(l), 0);
		complete(&h.go);
	}
	CHECK_EQ(c, aside_end(&a), 0);
	CHECK_EQ(c, state(l), KMCL_DISABLED);
	link_open(l);
	link_down(l);
}

static void while_paused(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	int i;

	if (!l)
		return;
	for (i = 1; i <= 5; i++) {
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
		CHECK_EQ(c, state(l), KMCL_PAUSED);
		CHECK_EQ(c, atomic_read(&l->suspended), i);
		CHECK_EQ(c, start(l), 0);
		CHECK_EQ(c, start(l), 0);
		CHECK_AWAIT(c, l->wait, atomic_read(&l->post_started) == i + 1);
		CHECK(c, link_sync(l));
	}
	CHECK_EQ(c, atomic_read(&l->opened), 1);
	link_down(l);
}

/* Packets go out, answers do not come in before the next start. */
static void sending_goes_on(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	struct shot *s = l ? shots_new(l, 2) : NULL;

	if (s) {
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
		CHECK_EQ(c, shot_send(&s[0], "there", 6, KMCL_SEND_COMPLETION), 0);
		CHECK_EQ(c, shot_send(&s[1], "oneway", 7, 0), 0);
		shot_await(&s[1], 0);
		CHECK_EQ(c, link_count(l, "sent"), 2);
		CHECK_NEVER(c, l->wait, shot_ended(&s[0]));
		CHECK_EQ(c, start(l), 0);
		shot_await(&s[0], 0);
		shots_free(s, 2);
	}
	link_down(l);
}

static void disabled_while_paused(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
	link_disable(l);
	CHECK_EQ(c, atomic_read(&l->suspended), 1);
	CHECK_EQ(c, atomic_read(&l->closed), 1);
	link_down(l);
}

/* What each state callback is refused. */
struct refusals {
	int pause;
	int start;
	int disable;
	int cleanup;
	int enable;
};

static void try_all(struct link *l, struct refusals *r)
{
	r->pause = kmcl_channel_pause(l->channel);
	r->start = kmcl_channel_start(l->channel);
	r->disable = kmcl_channel_disable(l->channel);
	r->cleanup = kmcl_channel_cleanup(l->channel);
	r->enable = kmcl_channel_enable(l->channel);
}

enum { IN_OPENED, IN_STARTED, IN_POST_STARTED, IN_SUSPEND, IN_CLOSED, PLACES };

static int try_in_opened(struct link *l)
{
	try_all(l, l->data + IN_OPENED * sizeof(struct refusals));
	return 0;
}

static void try_in_started(struct link *l)
{
	try_all(l, l->data + IN_STARTED * sizeof(struct refusals));
}

static void try_in_post_started(struct link *l)
{
	try_all(l, l->data + IN_POST_STARTED * sizeof(struct refusals));
}

static void try_in_suspend(struct link *l)
{
	try_all(l, l->data + IN_SUSPEND * sizeof(struct refusals));
}

static void try_in_closed(struct link *l)
{
	try_all(l, l->data + IN_CLOSED * sizeof(struct refusals));
}

static void in_callbacks(struct check *c)
{
	static const struct link_setup setup = {
		.device = "echo", .opened = try_in_opened, .started = try_in_started,
		.post_started = try_in_post_started, .suspend = try_in_suspend,
		.closed = try_in_closed,
	};
	struct refusals r[PLACES] = { };
	struct link *l = link_up(c, &setup, r);
	int i;

	if (!l)
		return;
	link_down(l);
	for (i = 0; i < PLACES; i++) {
		CHECK_EQ(c, r[i].pause, -EDEADLK);
		CHECK_EQ(c, r[i].start, -EDEADLK);
		CHECK_EQ(c, r[i].disable, -EDEADLK);
		CHECK_EQ(c, r[i].cleanup, -EDEADLK);
		CHECK_EQ(c, r[i].enable, -EBUSY);
	}
}

static void null_channel(struct check *c)
{
	CHECK_EQ(c, kmcl_channel_pause(NULL), -EINVAL);
	CHECK_EQ(c, kmcl_channel_start(NULL), -EINVAL);
	CHECK_EQ(c, kmcl_channel_enable(NULL), -EINVAL);
	CHECK_EQ(c, kmcl_channel_disable(NULL), -EINVAL);
	CHECK_EQ(c, kmcl_channel_cleanup(NULL), 0);
}

static const struct check_case cases[] = {
	CHECK_CASE(while_disabled),
	CHECK_CASE(taken_back),
	CHECK_CASE(while_enabled),
	CHECK_CASE(while_opening),
	CHECK_CASE(while_starting),
	CHECK_CASE(while_post_started),
	CHECK_CASE(until_all_is_completed),
	CHECK_CASE(while_suspending),
	CHECK_CASE(started_while_suspending),
	CHECK_CASE(while_closing),
	CHECK_CASE(while_paused),
	CHECK_CASE(sending_goes_on),
	CHECK_CASE(disabled_while_paused),
	CHECK_CASE(in_callbacks),
	CHECK_CASE(null_channel),
	{ }
};

const struct check_group pause_checks = { "pause", cases };
