// SPDX-License-Identifier: GPL-2.0-only
/*
 * What waits for room in the ring, and in which order it goes.
 */
#include <linux/slab.h>

#include "aside.h"
#include "jam.h"
#include "link.h"

static const struct link_setup narrow = { .device = "echo", .ring_pages = JAM_PAGES };

/*
 * A large packet waits; small ones would fit, but do not pass it, whether they are
 * packets or requests, with or without a wish for an answer.
 */
static void try_to_pass(struct jam *j, struct shot *answered, struct shot *oneway)
{
	struct kmcl_request now = { .buffer = "now", .length = 4 };
	struct link *l = j->link;
	struct check *c = l->check;
	s64 sent = link_count(l, "sent");

	CHECK_EQ(c, shot_send(answered, "small", 6, KMCL_SEND_COMPLETION), 0);
	CHECK_EQ(c, shot_send(oneway, "small", 6, 0), 0);
	CHECK_EQ(c, kmcl_channel_request(l->channel, &now), -EAGAIN);
	CHECK_NEVER(c, l->wait, atomic_read(&l->ended));
	CHECK_EQ(c, link_count(l, "sent"), sent);
	CHECK(c, link_count(l, "ring_full") > 0);
}

static void small_never_passes_large(struct check *c)
{
	struct link *l = link_up(c, &narrow, NULL);
	struct shot *s = l ? shots_new(l, 2) : NULL;
	struct jam j;
	bool full;

	if (s) {
		full = jam_begin(&j, l, JAM_SENT + 3);
		if (full)
			try_to_pass(&j, &s[0], &s[1]);
		jam_end(&j);
		if (full && shots_await(s, 2, 0))
			CHECK(c, s[0].order > j.count);
		shots_free(s, 2);
	}
	link_down(l);
}

static int ask_large(void *arg)
{
	struct kmcl_request r = { .length = JAM_BYTES, .timeout = ms_to_ktime(2000) };
	struct link *l = arg;
	int ret;

	r.buffer = kzalloc(JAM_BYTES, GFP_KERNEL);
	ret = r.buffer ? kmcl_channel_request(l->channel, &r) : -ENOMEM;
	kfree(r.buffer);
	return ret;
}

/* A small packet waits behind a large one; when that is taken back, it goes. */
static void withdrawal_lets_the_rest_go(struct check *c)
{
	struct link *l = link_up(c, &narrow, NULL);
	struct shot *s = l ? shots_new(l, 1) : NULL;
	struct aside a;
	struct jam j;

	if (s) {
		if (jam_begin(&j, l, JAM_SENT)) {
			aside_begin(&a, ask_large, l);
			CHECK_POLL(c, link_count(l, "queued") > 0 && link_count(l, "packets") > 12);
			CHECK_EQ(c, shot_send(s, "small", 6, 0), 0);
			CHECK(c, !shot_ended(s));
			CHECK_EQ(c, aside_end(&a), -ETIMEDOUT);
			shot_await(s, 0);
		}
		jam_end(&j);
		shots_free(s, 1);
	}
	link_down(l);
}

/*
 * Sizes of all kinds, many more than fit at a time: answered in the order in which they were
 * sent, whether they had to wait or the host was fast enough.
 */
#define MIXED	200u

static void mixed_sizes_in_order(struct check *c)
{
	struct link *l = link_up(c, &narrow, NULL);
	struct shot *shots = l ? shots_new(l, MIXED) : NULL;
	u8 *payload = kzalloc(KMCL_DEFAULT_PACKET_SIZE, GFP_KERNEL);
	u32 i;

	if (shots && CHECK(c, payload)) {
		for (i = 0; i < MIXED; i++)
			CHECK_EQ(c, shot_send(&shots[i], payload, 1 + i * 977 % 4096,
					      KMCL_SEND_COMPLETION), 0);
		if (shots_await(shots, MIXED, 0)) {
			for (i = 0; i < MIXED; i++)
				CHECK_EQ(c, shots[i].order, i + 1);
			shots_free(shots, MIXED);
		}
	}
	kfree(payload);
	link_down(l);
}

/* What was sent before the channel opened goes first. */
static void before_the_open(struct check *c)
{
	struct link *l = link_make(c, &narrow, NULL);
	struct shot *shots = l ? shots_new(l, 20) : NULL;
	u32 i;

	for (i = 0; shots && i < 20; i++) {
		CHECK_EQ(c, shot_send(&shots[i], &i, sizeof(i), KMCL_SEND_COMPLETION), 0);
		/* From the open on the host may be faster than this loop. */
		CHECK(c, i > 9 || !shot_ended(&shots[i]));
		if (i == 9)
			CHECK(c, link_open(l));
	}
	if (shots && shots_await(shots, 20, 0)) {
		for (i = 0; i < 20; i++)
			CHECK_EQ(c, *(u32 *)shots[i].answer, i);
		shots_free(shots, 20);
	}
	link_down(l);
}

/* What waits ends with the channel: with -ENODEV, in order. */
static void disabled_in_a_jam(struct check *c)
{
	struct link *l = link_up(c, &narrow, NULL);
	struct jam j = { };

	if (!l)
		return;
	if (jam_begin(&j, l, JAM_SENT + 5)) {
		link_disable(l);
		shots_await(j.shots, j.count, -ENODEV);
		CHECK_EQ(c, link_count(l, "cancelled"), j.count);
		CHECK_EQ(c, shot_send(&j.shots[0], "later", 6, 0), 0);
		/* It waits for the next opening. */
		CHECK_NEVER(c, l->wait, shot_ended(&j.shots[0]));
		CHECK(c, link_open(l));
		shot_await(&j.shots[0], 0);
	}
	shots_free(j.shots, j.count);
	link_down(l);
}

/* What was sent to a channel that is then ended instead of enabled. */
static void cleanup_ends_what_waits(struct check *c)
{
	struct link *l = link_make(c, &narrow, NULL);
	struct shot s;

	if (!l)
		return;
	if (shot_init(&s, l)) {
		CHECK_EQ(c, shot_send(&s, "never", 6, KMCL_SEND_COMPLETION), 0);
		CHECK_EQ(c, kmcl_channel_cleanup(l->channel), -EBUSY);	/* the object exists */
		shot_await(&s, -ENODEV);
		shot_free(&s);
	}
	link_down(l);
}

static const struct check_case cases[] = {
	CHECK_CASE(small_never_passes_large),
	CHECK_CASE(withdrawal_lets_the_rest_go),
	CHECK_CASE(mixed_sizes_in_order),
	CHECK_CASE(before_the_open),
	CHECK_CASE(disabled_in_a_jam),
	CHECK_CASE(cleanup_ends_what_waits),
	{ }
};

const struct check_group queue_checks = { "queue", cases };
