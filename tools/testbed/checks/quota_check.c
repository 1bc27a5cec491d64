// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many packets the driver has at a time, in which context it gets them, and the
 * end of a batch. The device "many" sends MANY, "right" ten.
 */
#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "link.h"
#include "shot.h"
#include "sink.h"

#define MANY	200
#define FEW	10

static const struct link_setup keeping = {
	.device = "many", .type = LINK_SOURCE, .packet = sink_keep, .opened = sink_opened,
	.suspend = sink_pay_all, .max_packet = 1024,
};

static struct link *link_with_quota(struct check *c, const struct link_setup *setup,
				    struct sink **s, u32 quota)
{
	struct link *l;

	*s = sink_new(c);
	l = *s ? link_make(c, setup, *s) : NULL;
	if (!l)
		return NULL;
	CHECK_EQ(c, kmcl_channel_set_quota(l->channel, quota), 0);
	if (link_open(l))
		return l;
	link_down(l);
	return NULL;
}

static void ended(struct link *l, struct sink *s)
{
	link_down(l);
	kvfree(s);
}

/* Completes one after the other until the source has no more. */
static void pay_until_the_end(struct link *l, struct sink *s)
{
	u32 paid = atomic_read(&s->received) - sink_owes(s);

	while (paid < MANY && CHECK_AWAIT(l->check, l->wait, sink_owes(s)))
		paid += sink_pay(s, l, 1);
	CHECK_EQ(l->check, atomic_read(&s->received), MANY);
}

/* What stalled goes on when a packet is completed; not because the quota grew. */
static void stalls_and_goes_on(struct check *c)
{
	struct sink *s;
	struct link *l = link_with_quota(c, &keeping, &s, 4);

	if (l) {
		CHECK_AWAIT(c, l->wait, sink_owes(s) == 4);
		CHECK_NEVER(c, l->wait, sink_owes(s) != 4);
		CHECK_EQ(c, link_count(l, "outstanding"), 4);
		CHECK(c, link_count(l, "quota_stalled") > 0);
		CHECK_EQ(c, kmcl_channel_set_quota(l->channel, 8), 0);
		CHECK_NEVER(c, l->wait, sink_owes(s) != 4);
		CHECK_EQ(c, sink_pay(s, l, 1), 1);
		CHECK_AWAIT(c, l->wait, sink_owes(s) == 8);
		CHECK_NEVER(c, l->wait, sink_owes(s) != 8);
		pay_until_the_end(l, s);
	}
	ended(l, s);
}

static void below_what_is_out(struct check *c)
{
	struct sink *s;
	struct link *l = link_with_quota(c, &keeping, &s, 8);

	if (l) {
		CHECK_AWAIT(c, l->wait, sink_owes(s) == 8);
		CHECK_EQ(c, kmcl_channel_set_quota(l->channel, 4), 0);
		CHECK_EQ(c, sink_pay(s, l, 4), 4);
		CHECK_NEVER(c, l->wait, sink_owes(s) != 4);
		CHECK_EQ(c, sink_pay(s, l, 1), 1);
		CHECK_AWAIT(c, l->wait, sink_owes(s) == 4);
		CHECK_EQ(c, atomic_read(&s->received), 9);
		pay_until_the_end(l, s);
	}
	ended(l, s);
}

static void one_at_a_time(struct check *c)
{
	struct sink *s;
	struct link *l = link_with_quota(c, &keeping, &s, 1);
	u32 i;

	for (i = 0; l && i < MANY; i++) {
		if (!CHECK_AWAIT(c, l->wait, sink_owes(s)))
			break;
		CHECK_EQ(c, link_count(l, "outstanding"), 1);
		sink_pay(s, l, 1);
	}
	if (l)
		CHECK_EQ(c, atomic_read(&s->received), MANY);
	ended(l, s);
}

/* Without a quota there are still no more than contexts. */
static void as_many_as_contexts(struct check *c)
{
	static const struct link_setup three = {
		.device = "many", .type = LINK_SOURCE, .packet = sink_keep, .opened = sink_opened,
		.suspend = sink_pay_all, .max_packet = 1024, .incoming = 3, .reserve = 16,
	};
	struct sink *s;
	struct link *l = link_with_quota(c, &three, &s, KMCL_QUOTA_UNLIMITED);

	if (l) {
		CHECK_AWAIT(c, l->wait, sink_owes(s) == 3);
		CHECK_NEVER(c, l->wait, sink_owes(s) != 3);
		CHECK(c, link_count(l, "stalled") > 0);
		CHECK_EQ(c, link_count(l, "quota_stalled"), 0);
		pay_until_the_end(l, s);
	}
	ended(l, s);
}

static void none_is_no_quota(struct check *c)
{
	struct link *l = link_make(c, &keeping, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_set_quota(l->channel, 0), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_quota(NULL, 1), -EINVAL);
	link_down(l);
}

/* A stalled channel can be paused, and goes on after it. */
static void paused_in_a_stall(struct check *c)
{
	struct sink *s;
	struct link *l = link_with_quota(c, &keeping, &s, 2);

	if (l) {
		CHECK_AWAIT(c, l->wait, sink_owes(s) == 2);
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);	/* suspend pays */
		CHECK_EQ(c, atomic_read(&s->received), 2);
		CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
		pay_until_the_end(l, s);
	}
	ended(l, s);
}

/* How packets come: in what context, one at a time, and in batches. */
struct context {
	struct sink *sink;
	bool thread;		/* wanted */
	bool sleep;
	atomic_t inside;
	u32 since;		/* packets since the last end of a batch */
	u32 batched;
};

static bool may_sleep(void)
{
	return !in_interrupt() && !irqs_disabled();
}

static void enter(struct link *l)
{
	struct context *x = l->data;

	CHECK_EQ(l->check, may_sleep(), x->thread);
	CHECK_EQ(l->check, atomic_inc_return(&x->inside), 1);
	if (x->sleep)
		usleep_range(100, 200);
}

static void leave(struct link *l)
{
	struct context *x = l->data;

	atomic_dec(&x->inside);
	link_wake(l);
}

static void packet_in_context(struct kmcl_channel *channel, kmcl_handle_t handle,
			      const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct context *x = l->data;
	struct sink_answer answer;

	enter(l);
	CHECK_EQ(l->check, flags, 0);
	sink_check(x->sink, l, buffer, length, &answer);
	sink_settle(l, handle, &answer);
	x->since++;
	atomic_inc(&x->sink->received);
	leave(l);
}

/* Tells how many packets came since the last time. */
static void batch_in_context(struct kmcl_channel *channel, u32 packets)
{
	struct link *l = link_of(channel);
	struct context *x = l->data;

	enter(l);
	CHECK(l->check, packets > 0);
	CHECK_EQ(l->check, packets, x->since);
	x->since = 0;
	WRITE_ONCE(x->batched, x->batched + packets);
	leave(l);
}

static int context_opened(struct link *l)
{
	struct context *x = l->data;

	sink_restart(x->sink);
	return 0;
}

static void run_in_context(struct check *c, bool thread)
{
	struct link_setup setup = {
		.device = "many", .type = LINK_SOURCE, .packet = packet_in_context,
		.batch = batch_in_context, .opened = context_opened, .max_packet = 1024,
		.thread = thread,
	};
	struct context x = { .sink = sink_new(c), .thread = thread, .sleep = thread };
	struct link *l = x.sink ? link_up(c, &setup, &x) : NULL;

	if (l) {
		CHECK_AWAIT(c, l->wait, READ_ONCE(x.batched) == MANY);
		CHECK_EQ(c, atomic_read(&x.sink->received), MANY);
		CHECK_EQ(c, x.since, 0);
		CHECK(c, link_count(l, "batches") > 0);
	}
	ended(l, x.sink);
}

static void softirq_context(struct check *c)
{
	run_in_context(c, false);
}

static void thread_context(struct check *c)
{
	run_in_context(c, true);
}

/* Switched to and fro while it runs: order is kept, and where it may sleep it does. */
static void switch_now_and_then(struct kmcl_channel *channel, kmcl_handle_t handle,
				const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct context *x = l->data;
	struct sink_answer answer;
	int n;

	CHECK_EQ(l->check, atomic_inc_return(&x->inside), 1);
	sink_check(x->sink, l, buffer, length, &answer);
	if (may_sleep()) {
		usleep_range(100, 200);
		x->since++;
	}
	sink_settle(l, handle, &answer);
	n = atomic_inc_return(&x->sink->received);
	if (n % 10 == 0)
		kmcl_channel_set_thread_context(channel, n / 10 % 2);
	leave(l);
}

static void context_switched(struct check *c)
{
	static const struct link_setup setup = {
		.device = "many", .type = LINK_SOURCE, .packet = switch_now_and_then,
		.opened = context_opened, .max_packet = 1024,
	};
	struct context x = { .sink = sink_new(c) };
	struct link *l = x.sink ? link_up(c, &setup, &x) : NULL;

	if (l)
		CHECK_AWAIT(c, l->wait, atomic_read(&x.sink->received) == MANY);
	ended(l, x.sink);
}

/* What would wait for the caller itself. */
struct refusals {
	int pause;
	int start;
	int disable;
	int cleanup;
	int enable;
	int configure;
	int delete;
	bool asked;
};

static void refuse_in_packet(struct kmcl_channel *channel, kmcl_handle_t handle,
			     const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct refusals *r = l->data;

	if (!r->asked) {
		r->pause = kmcl_channel_pause(channel);
		r->start = kmcl_channel_start(channel);
		r->disable = kmcl_channel_disable(channel);
		r->cleanup = kmcl_channel_cleanup(channel);
		r->enable = kmcl_channel_enable(channel);
		r->configure = kmcl_channel_set_ring_pages(channel, 1, 1);
		r->delete = kmcl_gpadl_delete(channel, 1);
	}
	kmcl_incoming_complete(channel, handle, NULL, 0);
	WRITE_ONCE(r->asked, true);
	link_wake(l);
}

static void deadlocks_are_refused(struct check *c)
{
	static const struct link_setup setup = {
		.device = "few", .type = LINK_SOURCE, .packet = refuse_in_packet, .thread = true,
	};
	struct refusals r = { };
	struct link *l = link_up(c, &setup, &r);

	if (!l)
		return;
	CHECK_AWAIT(c, l->wait, READ_ONCE(r.asked));
	CHECK_EQ(c, r.pause, -EDEADLK);
	CHECK_EQ(c, r.start, -EDEADLK);
	CHECK_EQ(c, r.disable, -EDEADLK);
	CHECK_EQ(c, r.cleanup, -EDEADLK);
	CHECK_EQ(c, r.enable, -EBUSY);
	CHECK_EQ(c, r.configure, -EBUSY);
	CHECK_EQ(c, r.delete, -EDEADLK);
	link_down(l);
}

/* The driver gives up over the fifth packet. */
#define FAILS_AT	5

static void fail_the_fifth(struct kmcl_channel *channel, kmcl_handle_t handle,
			   const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct sink *s = l->data;
	struct sink_answer answer;

	sink_check(s, l, buffer, length, &answer);
	if (atomic_inc_return(&s->received) == FAILS_AT && !link_count(l, "closed"))
		CHECK_EQ(l->check, kmcl_incoming_fail(channel, handle), 0);
	else
		sink_settle(l, handle, &answer);
	link_wake(l);
}

/* Nothing more comes; sending goes on; disable and enable make it anew. */
static void fail_in_packet(struct check *c)
{
	static const struct link_setup setup = {
		.device = "many", .type = LINK_SOURCE, .packet = fail_the_fifth,
		.opened = sink_opened, .max_packet = 1024,
	};
	struct sink *s = sink_new(c);
	struct link *l = s ? link_up(c, &setup, s) : NULL;

	if (l) {
		CHECK_AWAIT(c, l->wait, atomic_read(&s->received) == FAILS_AT);
		CHECK_NEVER(c, l->wait, atomic_read(&s->received) > FAILS_AT);
		CHECK_EQ(c, link_count(l, "incoming_failed"), 1);
		CHECK_EQ(c, link_count(l, "outstanding"), 0);
		CHECK_EQ(c, kmcl_channel_get_state(l->channel), KMCL_ACTIVE);
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
		CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
		CHECK_NEVER(c, l->wait, atomic_read(&s->received) > FAILS_AT);
		link_disable(l);
		if (link_open(l))
			CHECK_AWAIT(c, l->wait, atomic_read(&s->received) == MANY);
		CHECK_EQ(c, link_count(l, "incoming_failed"), 1);
	}
	ended(l, s);
}

/* From outside a callback; the other packets that the driver has are completed as ever. */
static void fail_from_outside(struct check *c)
{
	struct sink *s;
	struct link *l = link_with_quota(c, &keeping, &s, 4);
	int received;

	if (l) {
		CHECK_AWAIT(c, l->wait, sink_owes(s) == 4);
		CHECK_EQ(c, kmcl_incoming_fail(l->channel, s->debts[0].handle), 0);
		CHECK_EQ(c, kmcl_incoming_complete(l->channel, s->debts[0].handle, NULL, 0),
			 -ESTALE);
		received = atomic_read(&s->received);
		s->first++;
		s->owed--;
		CHECK_EQ(c, sink_pay(s, l, 3), 3);
		CHECK_NEVER(c, l->wait, atomic_read(&s->received) != received);
		CHECK_EQ(c, link_count(l, "outstanding"), 0);
		CHECK_EQ(c, link_count(l, "completions_sent"), 3);
		CHECK_EQ(c, link_count(l, "incoming_failed"), 1);
	}
	ended(l, s);
}

static const struct check_case cases[] = {
	CHECK_CASE(stalls_and_goes_on),
	CHECK_CASE(below_what_is_out),
	CHECK_CASE(one_at_a_time),
	CHECK_CASE(as_many_as_contexts),
	CHECK_CASE(none_is_no_quota),
	CHECK_CASE(paused_in_a_stall),
	CHECK_CASE(softirq_context),
	CHECK_CASE(thread_context),
	CHECK_CASE(context_switched),
	CHECK_CASE(deadlocks_are_refused),
	CHECK_CASE(fail_in_packet),
	CHECK_CASE(fail_from_outside),
	{ }
};

const struct check_group quota_checks = { "quota", cases };
