// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_incoming_defer(): a packet comes again where one may sleep, and nothing passes
 * it. The device "many" sends MANY, "right" ten.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "aside.h"
#include "link.h"
#include "sink.h"

#define MANY	200
#define FEW	10

/**
 * struct mix - a receiver that treats each packet in its own way
 * @sink: what came
 * @times: how often the packet at hand was deferred
 * @first: its handle when it came first
 * @deferred: calls of kmcl_incoming_defer() that were taken
 * @inside: in the callback
 * @link: its link
 * @work: completes what is owed
 */
struct mix {
	struct sink *sink;
	u32 times;
	kmcl_handle_t first;
	atomic_t deferred;
	atomic_t inside;
	struct link *link;
	struct work_struct work;
};

static void pay_later(struct work_struct *work)
{
	struct mix *m = container_of(work, struct mix, work);

	sink_pay(m->sink, m->link, SINK_MOST);
}

static bool may_sleep(void)
{
	return !in_interrupt() && !irqs_disabled();
}

/* Number 3n is never deferred, 3n + 1 once, 3n + 2 twice. */
static u32 times_wanted(const struct sink *s)
{
	return s->next % 3;
}

static void deliver(struct link *l, kmcl_handle_t handle, const void *buffer, u32 length)
{
	struct mix *m = l->data;
	struct sink_answer answer;
	bool later = m->sink->next % 2;

	sink_check(m->sink, l, buffer, length, &answer);
	if (later) {
		sink_owe(m->sink, handle, &answer);
		schedule_work(&m->work);
	} else {
		sink_settle(l, handle, &answer);
	}
	m->times = 0;
	atomic_inc(&m->sink->received);
	link_wake(l);
}

static void put_off(struct link *l, kmcl_handle_t handle)
{
	struct mix *m = l->data;

	m->times++;
	m->first = handle;
	if (CHECK_EQ(l->check, kmcl_incoming_defer(l->channel, handle), 0))
		atomic_inc(&m->deferred);
	/* It is not ours any more. */
	CHECK_EQ(l->check, kmcl_incoming_complete(l->channel, handle, NULL, 0), -ESTALE);
}

static void mixed(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		  u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct mix *m = l->data;

	CHECK_EQ(l->check, atomic_inc_return(&m->inside), 1);
	CHECK_EQ(l->check, flags, m->times ? KMCL_RECEIVE_DEFERRED : 0);
	if (m->times) {
		CHECK(l->check, may_sleep());
		CHECK(l->check, handle != m->first);
		usleep_range(50, 100);
	}
	atomic_dec(&m->inside);
	if (m->times < times_wanted(m->sink))
		put_off(l, handle);
	else
		deliver(l, handle, buffer, length);
}

static int mix_opened(struct link *l)
{
	struct mix *m = l->data;

	m->times = 0;
	sink_restart(m->sink);
	return 0;
}

static void mix_suspend(struct link *l)
{
	struct mix *m = l->data;

	flush_work(&m->work);
}

/* In order, whether at once, later, deferred once or twice, in softirq or thread. */
static void run_mixed(struct check *c, bool thread)
{
	struct link_setup setup = {
		.device = "many", .type = LINK_SOURCE, .packet = mixed, .opened = mix_opened,
		.suspend = mix_suspend, .max_packet = 1024, .thread = thread,
	};
	struct mix m = { .sink = sink_new(c) };

	if (!m.sink)
		return;
	INIT_WORK_ONSTACK(&m.work, pay_later);
	m.link = link_make(c, &setup, &m);
	if (m.link && link_open(m.link)) {
		CHECK_AWAIT(c, m.link->wait, atomic_read(&m.sink->received) == MANY);
		/* 66 full rounds of three, and numbers 198 and 199. */
		CHECK_EQ(c, atomic_read(&m.deferred), 66 * 3 + 1);
		CHECK_EQ(c, link_count(m.link, "incoming_deferred"), 66 * 3 + 1);
		CHECK_EQ(c, link_count(m.link, "redelivered"), 66 * 3 + 1);
		CHECK_POLL(c, link_count(m.link, "completions_sent") == MANY);
	}
	link_down(m.link);
	flush_work(&m.work);
	destroy_work_on_stack(&m.work);
	kvfree(m.sink);
}

static void order_from_softirq(struct check *c)
{
	run_mixed(c, false);
}

static void order_from_thread(struct check *c)
{
	run_mixed(c, true);
}

/* Paused and started all the time meanwhile. */
static void order_with_pauses(struct check *c)
{
	static const struct link_setup setup = {
		.device = "many", .type = LINK_SOURCE, .packet = mixed, .opened = mix_opened,
		.suspend = mix_suspend, .max_packet = 1024,
	};
	struct mix m = { .sink = sink_new(c) };
	unsigned long end = jiffies + CHECK_LIMIT;

	if (!m.sink)
		return;
	INIT_WORK_ONSTACK(&m.work, pay_later);
	m.link = link_make(c, &setup, &m);
	if (m.link && link_open(m.link)) {
		while (atomic_read(&m.sink->received) < MANY && time_before(jiffies, end)) {
			CHECK_EQ(c, kmcl_channel_pause(m.link->channel), 0);
			CHECK_EQ(c, link_count(m.link, "outstanding"), 0);
			CHECK_EQ(c, kmcl_channel_start(m.link->channel), 0);
			usleep_range(500, 1000);
		}
		CHECK_EQ(c, atomic_read(&m.sink->received), MANY);
		CHECK(c, atomic_read(&m.link->suspended) > 1);
		CHECK_EQ(c, link_count(m.link, "incoming_dropped"), 0);
	}
	link_down(m.link);
	flush_work(&m.work);
	destroy_work_on_stack(&m.work);
	kvfree(m.sink);
}

/* A packet that is deferred just when delivery ends, by who pauses the channel. */
struct standstill {
	struct sink *sink;
	struct completion inside;
	bool stood;
	u32 flags;
};

static void defer_when_stopped(struct kmcl_channel *channel, kmcl_handle_t handle,
			       const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct standstill *s = l->data;
	struct sink_answer answer;

	if (!s->stood) {
		s->stood = true;
		complete(&s->inside);
		CHECK_POLL(l->check, !inside_receiving(channel));
		CHECK_EQ(l->check, kmcl_incoming_defer(channel, handle), 0);
		return;
	}
	if (!atomic_read(&s->sink->received))
		s->flags = flags;
	sink_check(s->sink, l, buffer, length, &answer);
	sink_settle(l, handle, &answer);
	atomic_inc(&s->sink->received);
	link_wake(l);
}

static int standstill_opened(struct link *l)
{
	struct standstill *s = l->data;

	sink_restart(s->sink);
	return 0;
}

static struct link *stand_still(struct check *c, struct standstill *s)
{
	static const struct link_setup setup = {
		.device = "right", .type = LINK_SOURCE, .packet = defer_when_stopped,
		.opened = standstill_opened, .thread = true,
	};
	struct link *l;

	memset(s, 0, sizeof(*s));
	init_completion(&s->inside);
	s->sink = sink_new(c);
	l = s->sink ? link_up(c, &setup, s) : NULL;
	if (l && CHECK(c, wait_for_completion_timeout(&s->inside, CHECK_LIMIT))) {
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
		CHECK_EQ(c, link_count(l, "incoming_deferred"), 1);
		CHECK_EQ(c, link_count(l, "redelivered"), 0);
		CHECK_NEVER(c, l->wait, atomic_read(&s->sink->received));
	}
	return l;
}

static void pause_keeps_it(struct check *c)
{
	struct standstill s;
	struct link *l = stand_still(c, &s);

	if (l) {
		CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
		CHECK_AWAIT(c, l->wait, atomic_read(&s.sink->received) == FEW);
		CHECK_EQ(c, s.flags, KMCL_RECEIVE_DEFERRED);
		CHECK_EQ(c, link_count(l, "incoming_dropped"), 0);
	}
	link_down(l);
	kvfree(s.sink);
}

static void close_drops_it(struct check *c)
{
	struct standstill s;
	struct link *l = stand_still(c, &s);

	if (l) {
		link_disable(l);
		CHECK_EQ(c, link_count(l, "incoming_dropped"), 1);
		CHECK_EQ(c, atomic_read(&s.sink->received), 0);
		/* It left nothing behind for the next opening. */
		if (link_open(l))
			CHECK_AWAIT(c, l->wait, atomic_read(&s.sink->received) == FEW);
		CHECK_EQ(c, s.flags, 0);
	}
	link_down(l);
	kvfree(s.sink);
}

/*
 * The end of batches counts redelivered packets, too: MANY packets come, every third
 * is deferred once, so it is delivered twice.
 */
struct batches {
	struct sink *sink;
	u32 delivered;
	u32 batched;
	bool again;
};

static void defer_every_third(struct kmcl_channel *channel, kmcl_handle_t handle,
			      const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct batches *b = l->data;
	struct sink_answer answer;

	b->delivered++;
	if (b->sink->next % 3 == 0 && !b->again) {
		b->again = true;
		CHECK_EQ(l->check, kmcl_incoming_defer(channel, handle), 0);
		return;
	}
	b->again = false;
	sink_check(b->sink, l, buffer, length, &answer);
	sink_settle(l, handle, &answer);
	atomic_inc(&b->sink->received);
}

static void count_batch(struct kmcl_channel *channel, u32 packets)
{
	struct link *l = link_of(channel);
	struct batches *b = l->data;

	WRITE_ONCE(b->batched, b->batched + packets);
	CHECK_EQ(l->check, b->batched, b->delivered);
	link_wake(l);
}

static int batches_opened(struct link *l)
{
	struct batches *b = l->data;

	sink_restart(b->sink);
	return 0;
}

static void ends_of_batches(struct check *c)
{
	static const struct link_setup setup = {
		.device = "many", .type = LINK_SOURCE, .packet = defer_every_third,
		.batch = count_batch, .opened = batches_opened, .max_packet = 1024,
	};
	struct batches b = { .sink = sink_new(c) };
	struct link *l = b.sink ? link_up(c, &setup, &b) : NULL;

	if (l) {
		CHECK_AWAIT(c, l->wait, READ_ONCE(b.batched) == MANY + (MANY + 2) / 3);
		CHECK_EQ(c, atomic_read(&b.sink->received), MANY);
	}
	link_down(l);
	kvfree(b.sink);
}

static const struct check_case cases[] = {
	CHECK_CASE(order_from_softirq),
	CHECK_CASE(order_from_thread),
	CHECK_CASE(order_with_pauses),
	CHECK_CASE(pause_keeps_it),
	CHECK_CASE(close_drops_it),
	CHECK_CASE(ends_of_batches),
	{ }
};

const struct check_group defer_checks = { "defer", cases };
