// SPDX-License-Identifier: GPL-2.0-only
/*
 * Received packets: what the functions for them refuse, and packets that are refused
 * themselves. The device "few" sends ten.
 */
#include <linux/string.h>
#include <linux/slab.h>

#include "link.h"
#include "sink.h"

#define FEW	10

static const struct link_setup keeping = {
	.device = "few", .type = LINK_SOURCE, .packet = sink_keep, .opened = sink_opened,
	.suspend = sink_pay_all,
};

/* A link that has all of them, uncompleted. */
static struct link *few(struct check *c, const struct link_setup *setup, struct sink **sink)
{
	struct link *l;

	*sink = sink_new(c);
	l = *sink ? link_up(c, setup, *sink) : NULL;
	if (l)
		CHECK_AWAIT(c, l->wait, sink_owes(*sink) == FEW);
	return l;
}

static void ended(struct link *l, struct sink *s)
{
	link_down(l);
	kvfree(s);
}

static void completing(struct check *c)
{
	u8 large[KMCL_DEFAULT_COMPLETION_RESERVE + 1];
	struct kmcl_channel *ch;
	struct sink_debt *d;
	struct sink *s;
	struct link *l = few(c, &keeping, &s);

	if (l) {
		ch = l->channel;
		d = &s->debts[0];
		CHECK_EQ(c, kmcl_incoming_complete(NULL, d->handle, NULL, 0), -EINVAL);
		CHECK_EQ(c, kmcl_incoming_complete(ch, d->handle, NULL, 1), -EINVAL);
		CHECK_EQ(c, kmcl_incoming_complete(ch, d->handle, large, sizeof(large)), -EMSGSIZE);
		CHECK_EQ(c, link_count(l, "outstanding"), FEW);
		CHECK_EQ(c, link_count(l, "rejected_handle"), 0);
		CHECK_EQ(c, sink_pay(s, l, 1), 1);
		CHECK_EQ(c, kmcl_incoming_complete(ch, d->handle, NULL, 0), -ESTALE);
		CHECK_EQ(c, kmcl_incoming_complete(ch, 0, NULL, 0), -ESTALE);
		CHECK_EQ(c, kmcl_incoming_complete(ch, ~0ull, NULL, 0), -ESTALE);
		/* The right slot, another generation; no such slot. */
		CHECK_EQ(c, kmcl_incoming_complete(ch, s->debts[1].handle + (1ull << 32), NULL, 0),
			 -ESTALE);
		CHECK_EQ(c, kmcl_incoming_complete(ch, s->debts[1].handle + 4096, NULL, 0),
			 -ESTALE);
		CHECK_EQ(c, link_count(l, "rejected_handle"), 5);
		CHECK_EQ(c, link_count(l, "outstanding"), FEW - 1);
		CHECK(c, !(d->handle & KMCL_HANDLE_SPARE_MASK));
	}
	ended(l, s);
}

static void defer_and_fail(struct check *c)
{
	struct kmcl_channel *ch;
	kmcl_handle_t handle;
	struct sink *s;
	struct link *l = few(c, &keeping, &s);

	if (l) {
		ch = l->channel;
		handle = s->debts[0].handle;
		CHECK_EQ(c, kmcl_incoming_defer(NULL, handle), -EINVAL);
		CHECK_EQ(c, kmcl_incoming_defer(ch, 0), -ESTALE);
		/* It is not being delivered. */
		CHECK_EQ(c, kmcl_incoming_defer(ch, handle), -EPERM);
		CHECK_EQ(c, kmcl_incoming_fail(NULL, handle), -EINVAL);
		CHECK_EQ(c, kmcl_incoming_fail(ch, 0), -ESTALE);
		CHECK_EQ(c, link_count(l, "outstanding"), FEW);
		/* That did it no harm. */
		CHECK_EQ(c, sink_pay(s, l, FEW), FEW);
		CHECK_EQ(c, kmcl_incoming_defer(ch, handle), -ESTALE);
		CHECK_EQ(c, kmcl_incoming_fail(ch, handle), -ESTALE);
		CHECK_EQ(c, link_count(l, "incoming_failed"), 0);
	}
	ended(l, s);
}

/* Each packet has its own, and it stays. */
static void contexts(struct check *c)
{
	static const struct link_setup with_context = {
		.device = "few", .type = LINK_SOURCE, .packet = sink_keep, .opened = sink_opened,
		.suspend = sink_pay_all, .context = 44,
	};
	struct sink *s;
	struct link *l = few(c, &with_context, &s);
	void *at;
	u32 i;

	for (i = 0; l && i < FEW; i++) {
		at = kmcl_incoming_get_context(l->channel, s->debts[i].handle);
		if (CHECK(c, at && IS_ALIGNED((unsigned long)at, 8)))
			memset(at, i, 44);
	}
	for (i = 0; l && i < FEW; i++) {
		at = kmcl_incoming_get_context(l->channel, s->debts[i].handle);
		CHECK(c, at && !memchr_inv(at, i, 44));
	}
	if (l) {
		CHECK_EQ(c, sink_pay(s, l, 1), 1);
		CHECK(c, !kmcl_incoming_get_context(l->channel, s->debts[0].handle));
		CHECK(c, !kmcl_incoming_get_context(l->channel, 0));
		CHECK(c, !kmcl_incoming_get_context(NULL, s->debts[1].handle));
	}
	ended(l, s);
}

static void no_context(struct check *c)
{
	struct sink *s;
	struct link *l = few(c, &keeping, &s);

	if (l)
		CHECK(c, !kmcl_incoming_get_context(l->channel, s->debts[0].handle));
	ended(l, s);
}

static void no_external_data(struct check *c)
{
	const struct kmcl_received_data *data;
	struct kmcl_channel *ch;
	kmcl_handle_t handle;
	struct sink *s;
	struct link *l = few(c, &keeping, &s);

	if (l) {
		ch = l->channel;
		handle = s->debts[0].handle;
		CHECK_EQ(c, kmcl_incoming_get_external(ch, handle, 0, &data), -ENOENT);
		CHECK_EQ(c, kmcl_incoming_get_external(ch, handle, 4, &data), -EINVAL);
		CHECK_EQ(c, kmcl_incoming_get_external(ch, handle, 0, NULL), -EINVAL);
		CHECK_EQ(c, kmcl_incoming_get_external(NULL, handle, 0, &data), -EINVAL);
		CHECK_EQ(c, kmcl_incoming_get_external(ch, 0, 0, &data), -ESTALE);
		CHECK(c, !kmcl_incoming_map(ch, handle, 0));
		CHECK(c, !kmcl_incoming_map(ch, 0, 0));
		CHECK(c, !kmcl_incoming_map(NULL, handle, 0));
	}
	ended(l, s);
}

/* A handle of an earlier opening names nothing in the next one. */
static void handles_of_another_life(struct check *c)
{
	kmcl_handle_t old[FEW];
	struct sink *s;
	struct link *l = few(c, &keeping, &s);
	u32 i;

	for (i = 0; l && i < FEW; i++)
		old[i] = s->debts[i].handle;
	if (l) {
		link_disable(l);
		s->first = 0;
		if (link_open(l) && CHECK_AWAIT(c, l->wait, sink_owes(s) == FEW)) {
			for (i = 0; i < FEW; i++)
				CHECK_EQ(c, kmcl_incoming_complete(l->channel, old[i], NULL, 0),
					 -ESTALE);
			CHECK_EQ(c, link_count(l, "outstanding"), FEW);
		}
	}
	ended(l, s);
}

/* The answer may lie in the packet that it ends. */
static void answer_from_the_buffer(struct kmcl_channel *channel, kmcl_handle_t handle,
				   const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct sink *s = l->data;
	struct sink_answer answer;

	sink_check(s, l, buffer, length, &answer);
	memcpy((void *)buffer, &answer, sizeof(answer));
	sink_settle(l, handle, buffer);
	atomic_inc(&s->received);
	link_wake(l);
}

static void answer_lies_in_the_packet(struct check *c)
{
	static const struct link_setup overwriting = {
		.device = "right", .type = LINK_SOURCE, .packet = answer_from_the_buffer,
		.opened = sink_opened,
	};
	struct sink *s = sink_new(c);
	struct link *l = s ? link_up(c, &overwriting, s) : NULL;

	if (l) {
		CHECK_AWAIT(c, l->wait, atomic_read(&s->received) == FEW);
		CHECK_EQ(c, link_count(l, "completions_sent"), FEW);
	}
	ended(l, s);
}

/* Nobody receives: refused and answered, all of them. */
static void without_a_receiver(struct check *c)
{
	static const struct link_setup deaf = { .device = "few", .type = LINK_SOURCE };
	struct link *l = link_up(c, &deaf, NULL);

	if (!l)
		return;
	CHECK_POLL(c, link_count(l, "rejected_type") == FEW);
	CHECK_POLL(c, link_count(l, "completions_sent") == FEW);
	CHECK_EQ(c, link_count(l, "received"), 0);
	link_down(l);
}

/* So are packets that are too large for the channel; the others come. */
static void too_large(struct check *c)
{
	static const struct link_setup small = {
		.device = "growing", .type = LINK_SOURCE, .packet = sink_keep, .max_packet = 200,
		.opened = sink_opened, .suspend = sink_pay_all,
	};
	struct sink *s = sink_new(c);
	struct link *l = s ? link_up(c, &small, s) : NULL;

	/* All of its packets have 201 bytes, which is 208 on the wire. */
	if (l) {
		CHECK_POLL(c, link_count(l, "rejected_size") == FEW);
		CHECK_POLL(c, link_count(l, "completions_sent") == FEW);
		CHECK_EQ(c, link_count(l, "received"), 0);
		link_disable(l);
		CHECK_EQ(c, kmcl_channel_set_max_packet_size(l->channel, 201), 0);
		if (link_open(l))
			CHECK_AWAIT(c, l->wait, sink_owes(s) == FEW);
	}
	ended(l, s);
}

static const struct check_case cases[] = {
	CHECK_CASE(completing),
	CHECK_CASE(defer_and_fail),
	CHECK_CASE(contexts),
	CHECK_CASE(no_context),
	CHECK_CASE(no_external_data),
	CHECK_CASE(handles_of_another_life),
	CHECK_CASE(answer_lies_in_the_packet),
	CHECK_CASE(without_a_receiver),
	CHECK_CASE(too_large),
	{ }
};

const struct check_group errors_checks = { "errors", cases };
