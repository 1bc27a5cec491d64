// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving: how many packets a driver may hold, packets that come again, a driver
 * that gives up, where its callback runs, and the memory that it has in each packet.
 */
#include "bed.c"

/* --- quota ---------------------------------------------------------------- */

static void host_sends_many(struct bed *bed, int first, int count)
{
	int i;

	for (i = first; i < first + count; i++)
		host_sends(bed, i, true);
	settle(bed);
}

static struct bed *with_quota(struct kunit *test, u32 quota)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_quota(bed->ch, quota), 0);
	enable(bed);
	return bed;
}

/* The host's ids of what came, in order, as one number: 1, 2, 3 is 0x123. */
static u64 ids(struct bed *bed)
{
	u64 all = 0;
	int i;

	for (i = 0; i < nr_got(bed); i++)
		all = all << 4 | bed->got[i].id;
	return all;
}

static void stalls_at_the_quota_and_not_before(struct kunit *test)
{
	struct bed *bed = with_quota(test, 3);

	host_sends_many(bed, 1, 2);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.quota_stalled, 0ull);
	host_sends_many(bed, 3, 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 3);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.quota_stalled, 0ull);
	host_sends_many(bed, 4, 2);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 3);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.quota_stalled, 1ull);
}

static void each_completed_packet_lets_one_through(struct kunit *test)
{
	struct bed *bed = with_quota(test, 2);
	int i;

	host_sends_many(bed, 1, 5);
	for (i = 0; i < 5; i++) {
		KUNIT_ASSERT_EQ(test, nr_got(bed), min(i + 2, 5));
		KUNIT_EXPECT_EQ(test, complete_it(bed, i), 0);
		settle(bed);
	}
	KUNIT_EXPECT_EQ(test, ids(bed), 0x12345ull);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 5);
}

/* The ring is read up to there, so the host sees what it may write over. */
static void a_stalled_queue_leaves_the_rest_in_the_ring(struct kunit *test)
{
	struct bed *bed = with_quota(test, 1);

	host_sends_many(bed, 1, 3);
	KUNIT_EXPECT_EQ(test, bed->in.read_index, kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, 16));
	complete_it(bed, 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, bed->in.read_index, 2 * kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, 16));
}

/* Neither by the call, nor by the host's next signal. */
static void raising_the_quota_alone_restarts_nothing(struct kunit *test)
{
	struct bed *bed = with_quota(test, 2);

	host_sends_many(bed, 1, 4);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_quota(bed->ch, 10), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	host_sends_many(bed, 5, 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 5);
}

static void a_quota_below_what_is_outstanding_is_waited_for(struct kunit *test)
{
	struct bed *bed = with_quota(test, 4);
	int i;

	host_sends_many(bed, 1, 6);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 4);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_quota(bed->ch, 2), 0);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, complete_it(bed, i), 0);
		settle(bed);
		KUNIT_EXPECT_EQ(test, nr_got(bed), 4);
	}
	KUNIT_EXPECT_EQ(test, complete_it(bed, 2), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->ch->outstanding), 2);
}

static void a_quota_can_be_lowered_before_it_is_reached(struct kunit *test)
{
	struct bed *bed = with_quota(test, KMCL_QUOTA_UNLIMITED);

	host_sends_many(bed, 1, 2);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_quota(bed->ch, 1), 0);
	host_sends_many(bed, 3, 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	complete_it(bed, 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	complete_it(bed, 1);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 3);
}

static void own_completions_wait_behind_a_stalled_packet(struct kunit *test)
{
	struct bed *bed = with_quota(test, 1);
	struct told *told = new_told(bed);

	KUNIT_ASSERT_EQ(test, kmcl_packet_send(told->packet, "q", 1, KMCL_SEND_COMPLETION), 0);
	host_sends_many(bed, 1, 2);
	host_completes(bed, bed->sent[0].trans_id);
	settle(bed);
	KUNIT_EXPECT_EQ(test, told->calls, 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

/* The quota is looked at for packets that the driver shall get. */
static void own_completions_pass_while_the_quota_is_used_up(struct kunit *test)
{
	struct bed *bed = with_quota(test, 1);
	struct told *told = new_told(bed);

	KUNIT_ASSERT_EQ(test, kmcl_packet_send(told->packet, "q", 1, KMCL_SEND_COMPLETION), 0);
	host_sends_many(bed, 1, 1);
	host_completes(bed, bed->sent[0].trans_id);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

static void a_quota_above_the_contexts_is_bounded_by_them(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(bed->ch, 2, RESERVE), 0);
	with_quota(test, 3);
	host_sends_many(bed, 1, 3);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.quota_stalled, 0ull);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 3);
}

static int pauses(struct aside *aside)
{
	return kmcl_channel_pause(aside->bed->ch);
}

/* What lifts the stall comes when nothing may be delivered. */
static void a_stalled_queue_goes_on_after_a_pause(struct kunit *test)
{
	struct bed *bed = with_quota(test, 1);
	struct aside *pauser;

	host_sends_many(bed, 1, 2);
	pauser = begin_aside(bed, pauses);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_calls(bed, SUSPENDED)));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_ASSERT_TRUE(test, is_over(pauser));
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_ACTIVE));
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x12ull);
}

/* --- packets that come again ---------------------------------------------- */

static void defers(struct bed *bed, const struct bed_got *got)
{
	bed->seen.again = kmcl_incoming_defer(bed->ch, got->handle);
}

/* The first time; then the driver keeps it. */
static void defers_once(struct bed *bed, const struct bed_got *got)
{
	if (!(got->flags & KMCL_RECEIVE_DEFERRED))
		defers(bed, got);
}

static void defers_odd_ones(struct bed *bed, const struct bed_got *got)
{
	if (got->id & 1)
		defers_once(bed, got);
}

static struct bed *with_deferring(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = defers_once;
	enable(bed);
	return bed;
}

static void a_deferred_packet_comes_again_where_one_may_sleep(struct kunit *test)
{
	struct bed *bed = with_deferring(test);

	host_sends_many(bed, 5, 1);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->seen.again, 0);
	KUNIT_EXPECT_FALSE(test, bed->got[0].thread);
	KUNIT_EXPECT_EQ(test, bed->got[0].flags, 0u);
	KUNIT_EXPECT_TRUE(test, bed->got[1].thread);
	KUNIT_EXPECT_EQ(test, bed->got[1].flags, KMCL_RECEIVE_DEFERRED);
	KUNIT_EXPECT_EQ(test, counted(bed, incoming_deferred), 1);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.redelivered, 1ull);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.received, 1ull);
}

static void a_deferred_packet_has_the_same_bytes_and_a_new_handle(struct kunit *test)
{
	struct bed *bed = with_deferring(test);

	host_sends_many(bed, 5, 1);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->got[1].length, 16u);
	KUNIT_EXPECT_STREQ(test, (const char *)bed->got[1].buffer, "from the host");
	KUNIT_EXPECT_EQ(test, bed->got[1].id, 5);
	KUNIT_EXPECT_NE(test, bed->got[0].handle, bed->got[1].handle);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 5ull);
}

static void looks_at_the_old_handle(struct bed *bed, const struct bed_got *got)
{
	defers_once(bed, got);
	if (got->flags & KMCL_RECEIVE_DEFERRED)
		return;
	bed->seen.outstanding = atomic_read(&bed->ch->outstanding);
	bed->seen.again = kmcl_incoming_complete(bed->ch, got->handle, NULL, 0);
	bed->seen.spare = kmcl_incoming_defer(bed->ch, got->handle) == -ESTALE &&
			  kmcl_incoming_fail(bed->ch, got->handle) == -ESTALE;
}

static void the_old_handle_is_dead_as_soon_as_it_is_deferred(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = looks_at_the_old_handle;
	enable(bed);
	host_sends_many(bed, 1, 1);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, 0);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -ESTALE);
	KUNIT_EXPECT_TRUE(test, bed->seen.spare);
	KUNIT_EXPECT_EQ(test, nr_stale(bed), 3);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
}

/* All that is behind it lies in the ring when it comes. */
static void a_deferred_packet_comes_before_all_behind_it(struct kunit *test)
{
	struct bed *bed = with_deferring(test);
	int i;

	for (i = 1; i <= 3; i++)
		host_sends_silently(bed, i, true);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x112233ull);
}

static void order_is_kept_where_some_are_deferred(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i;

	bed->on_packet = defers_odd_ones;
	enable(bed);
	for (i = 2; i <= 7; i++)
		host_sends_silently(bed, i, true);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x233455677ull);
	for (i = 0; i < nr_got(bed); i++)
		KUNIT_EXPECT_EQ(test, bed->got[i].flags,
				i && bed->got[i].id == bed->got[i - 1].id ?
				KMCL_RECEIVE_DEFERRED : 0);
}

static void notes_calls_of_told(struct bed *bed, const struct bed_got *got)
{
	struct told *told = bed->own;

	defers_once(bed, got);
	if (got->flags & KMCL_RECEIVE_DEFERRED)
		bed->seen.outstanding = told->calls;
}

static void no_completion_overtakes_a_deferred_packet(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	bed->own = told;
	bed->seen.outstanding = -1;
	bed->on_packet = notes_calls_of_told;
	enable(bed);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(told->packet, "q", 1, KMCL_SEND_COMPLETION), 0);
	host_sends_silently(bed, 1, true);
	host_puts(bed, KMCL_PKT_COMPLETION, 0, bed->sent[0].trans_id, "answer..", 8);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

static void defers_twice(struct bed *bed, const struct bed_got *got)
{
	if (nr_got(bed) < 3)
		defers(bed, got);
}

static void a_packet_can_be_deferred_again(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = defers_twice;
	enable(bed);
	host_sends_silently(bed, 1, true);
	host_sends_silently(bed, 2, true);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x1112ull);
	KUNIT_EXPECT_TRUE(test, bed->got[1].thread);
	KUNIT_EXPECT_TRUE(test, bed->got[2].thread);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 2), 0);
}

static void a_packet_in_thread_context_can_be_deferred(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = defers_once;
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(bed->ch, true), 0);
	enable(bed);
	host_sends_silently(bed, 1, true);
	host_sends_silently(bed, 2, true);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x1122ull);
	KUNIT_EXPECT_EQ(test, bed->got[1].flags, KMCL_RECEIVE_DEFERRED);
}

static void defers_and_lowers_the_quota(struct bed *bed, const struct bed_got *got)
{
	if (got->id != 2)
		return;
	defers_once(bed, got);
	kmcl_channel_set_quota(bed->ch, 1);
}

/* To come again is to be delivered. */
static void a_deferred_packet_waits_for_the_quota(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = defers_and_lowers_the_quota;
	enable(bed);
	host_sends_many(bed, 1, 3);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x12ull);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x122ull);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 2), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x1223ull);
}

static void deferring_outside_the_callback_leaves_the_packet_alone(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, kmcl_incoming_defer(bed->ch, bed->got[0].handle), -EPERM);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->ch->outstanding), 1);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_defer(bed->ch, bed->got[0].handle), -ESTALE);
}

static void defers_the_one_before(struct bed *bed, const struct bed_got *got)
{
	if (got->id == 2)
		bed->seen.again = kmcl_incoming_defer(bed->ch, bed->got[0].handle);
}

static void deferring_another_packet_leaves_both_alone(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = defers_the_one_before;
	enable(bed);
	host_sends_many(bed, 1, 2);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -EPERM);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
}

static void completes_then_defers(struct bed *bed, const struct bed_got *got)
{
	completes_at_once(bed, got);
	defers(bed, got);
}

static void a_completed_packet_cannot_be_deferred(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = completes_then_defers;
	enable(bed);
	host_sends_many(bed, 1, 2);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -ESTALE);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 2);
}

/* Paused, with two packets in the ring. */
static struct bed *with_packet_between(struct kunit *test)
{
	struct bed *bed = with_deferring(test);

	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(bed->ch), 0);
	host_sends_silently(bed, 1, true);
	host_sends_silently(bed, 2, true);
	return bed;
}

/* Defers, and has a pause begin before the packet comes again. */
static void defers_and_stops(struct bed *bed, const struct bed_got *got)
{
	defers_once(bed, got);
	if (nr_got(bed) == 1)
		WRITE_ONCE(bed->ch->rx.enabled, false);
}

static void a_pause_keeps_a_deferred_packet_for_the_next_start(struct kunit *test)
{
	struct bed *bed = with_packet_between(test);

	bed->on_packet = defers_and_stops;
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_got(bed) == 1));
	KUNIT_EXPECT_EQ(test, kmcl_channel_pause(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_ACTIVE));
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x1122ull);
	KUNIT_EXPECT_EQ(test, bed->got[1].flags, KMCL_RECEIVE_DEFERRED);
	KUNIT_EXPECT_TRUE(test, bed->got[1].thread);
	KUNIT_EXPECT_EQ(test, counted(bed, incoming_dropped), 0);
}

static void a_close_drops_a_deferred_packet(struct kunit *test)
{
	struct bed *bed = with_packet_between(test);

	bed->on_packet = defers_and_stops;
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_got(bed) == 1));
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, incoming_dropped), 1);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	enable(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
}

/* With one context alone: a dropped packet gives it back. */
static void a_dropped_packet_gives_its_context_back(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(bed->ch, 1, RESERVE), 0);
	with_packet_between(test);
	bed->on_packet = defers_and_stops;
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_got(bed) == 1));
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	bed->on_packet = NULL;
	enable(bed);
	host_sends_many(bed, 3, 1);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x13ull);
}

/* --- a driver that gives up ----------------------------------------------- */

static void fails(struct bed *bed, const struct bed_got *got)
{
	if (got->id == 1)
		bed->seen.again = kmcl_incoming_fail(bed->ch, got->handle);
}

static struct bed *with_failed(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = fails;
	bed->seen.again = -1;
	enable(bed);
	host_sends_many(bed, 1, 1);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	KUNIT_ASSERT_EQ(test, bed->seen.again, 0);
	return bed;
}

static void after_a_failed_packet_nothing_is_delivered(struct kunit *test)
{
	struct bed *bed = with_failed(test);

	host_sends_many(bed, 2, 2);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, incoming_failed), 1);
	KUNIT_EXPECT_TRUE(test, is_in(bed, KMCL_ACTIVE));
	KUNIT_EXPECT_EQ(test, kmcl_channel_pause(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_ACTIVE));
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
}

static void a_failed_packet_is_not_answered_and_not_outstanding(struct kunit *test)
{
	struct bed *bed = with_failed(test);

	KUNIT_EXPECT_TRUE(test, is_idle(bed));
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_fail(bed->ch, bed->got[0].handle), -ESTALE);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
}

static void after_a_failed_packet_no_completion_is_delivered(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	with_failed(test);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(told->packet, "q", 1, KMCL_SEND_COMPLETION), 0);
	host_completes(bed, bed->sent[0].trans_id);
	settle(bed);
	KUNIT_EXPECT_EQ(test, told->calls, 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, -ENODEV);
}

static void the_rest_can_be_completed_after_a_failed_packet(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = fails;
	enable(bed);
	host_sends_many(bed, 2, 1);
	host_sends_many(bed, 1, 1);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 2ull);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

static void the_next_open_delivers_after_a_failed_packet(struct kunit *test)
{
	struct bed *bed = with_failed(test);

	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, SUSPENDED), 1);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 1);
	enable(bed);
	host_sends_many(bed, 2, 1);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x12ull);
}

static void a_packet_can_be_failed_later_and_from_anywhere(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, kmcl_incoming_fail(bed->ch, bed->got[0].handle), 0);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
	host_sends_many(bed, 2, 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_fail(bed->ch, 0), -ESTALE);
}

/* --- where the callback runs ---------------------------------------------- */

static void packets_come_where_one_may_not_sleep(struct kunit *test)
{
	struct bed *bed = test->priv;

	enable(bed);
	host_sends_many(bed, 1, 1);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_FALSE(test, bed->got[0].thread);
}

static void packets_come_where_one_may_sleep_if_asked_for(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(bed->ch, true), 0);
	enable(bed);
	host_sends_many(bed, 1, 3);
	KUNIT_ASSERT_EQ(test, ids(bed), 0x123ull);
	KUNIT_EXPECT_TRUE(test, bed->got[0].thread);
	KUNIT_EXPECT_TRUE(test, bed->got[2].thread);
}

static void thread_context_is_switched_while_the_channel_runs(struct kunit *test)
{
	struct bed *bed = test->priv;

	enable(bed);
	host_sends_many(bed, 1, 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_thread_context(bed->ch, true), 0);
	host_sends_many(bed, 2, 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_thread_context(bed->ch, false), 0);
	host_sends_many(bed, 3, 1);
	KUNIT_ASSERT_EQ(test, ids(bed), 0x123ull);
	KUNIT_EXPECT_FALSE(test, bed->got[0].thread);
	KUNIT_EXPECT_TRUE(test, bed->got[1].thread);
	KUNIT_EXPECT_FALSE(test, bed->got[2].thread);
}

static void asks_for_a_thread(struct bed *bed, const struct bed_got *got)
{
	if (got->id == 2) {
		kmcl_channel_set_thread_context(bed->ch, true);
		/* Of the batch that comes next, not of this one. */
		host_sends_silently(bed, 4, true);
	}
}

static void thread_context_holds_from_the_next_batch_on(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i;

	bed->on_packet = asks_for_a_thread;
	enable(bed);
	for (i = 1; i <= 3; i++)
		host_sends_silently(bed, i, true);
	signal_guest(bed);
	host_sends_many(bed, 5, 1);
	KUNIT_ASSERT_EQ(test, ids(bed), 0x12345ull);
	KUNIT_EXPECT_FALSE(test, bed->got[2].thread);
	KUNIT_EXPECT_TRUE(test, bed->got[3].thread);
	KUNIT_EXPECT_TRUE(test, bed->got[4].thread);
}

static void asks_for_no_thread(struct bed *bed, const struct bed_got *got)
{
	if (got->id == 1) {
		kmcl_channel_set_thread_context(bed->ch, false);
		host_sends_silently(bed, 2, true);
	}
}

static void the_next_batch_comes_where_one_may_not_sleep_again(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = asks_for_no_thread;
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(bed->ch, true), 0);
	enable(bed);
	host_sends_many(bed, 1, 1);
	KUNIT_ASSERT_EQ(test, ids(bed), 0x12ull);
	KUNIT_EXPECT_TRUE(test, bed->got[0].thread);
	KUNIT_EXPECT_FALSE(test, bed->got[1].thread);
}

static void the_end_of_each_batch_is_told(struct kunit *test)
{
	struct bed *bed = test->priv;

	enable(bed);
	host_sends_silently(bed, 1, false);
	host_sends_silently(bed, 2, false);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->batches), 1);
	host_completes(bed, 77);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->batches), 1);
	host_sends(bed, 3, false);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->batches), 2);
}

static void the_host_is_told_once_a_batch(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i, before;

	enable(bed);
	before = atomic_read(&bed->consumed);
	for (i = 1; i <= 3; i++)
		host_sends_silently(bed, i, false);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, ids(bed), 0x123ull);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->consumed), before + 1);
}

static void a_worker_goes_on_when_the_budget_is_used_up(struct kunit *test)
{
	struct bed *bed = test->priv;
	const u32 packets = KMCL_RX_BUDGET + 1;
	u32 i;

	bed->on_packet = completes_at_once;
	enable(bed);
	for (i = 0; i < packets; i++)
		host_sends_silently(bed, i, false);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.received, packets);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.budget_exhausted, 1ull);
}

/* --- the host ------------------------------------------------------------- */

/* While the first packet is at the driver: a shorter one, with other bytes. */
static void host_writes_over_it(struct bed *bed, const struct bed_got *got)
{
	const struct kmcl_packet_descriptor shorter = {
		.type = KMCL_PKT_DATA_INBAND,
		.offset8 = KMCL_DESCRIPTOR_SIZE / 8,
		.len8 = KMCL_DESCRIPTOR_SIZE / 8 + 1,
	};
	u8 other[16];

	if (got->id != 1)
		return;
	memset(other, BAD, sizeof(other));
	put_bytes(bed, 0, &shorter, sizeof(shorter));
	put_bytes(bed, sizeof(shorter), other, sizeof(other));
}

static void what_the_host_writes_over_later_changes_nothing(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = host_writes_over_it;
	enable(bed);
	host_sends_silently(bed, 1, false);
	host_sends_silently(bed, 2, false);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.broken_framing, 0ull);
	KUNIT_ASSERT_EQ(test, ids(bed), 0x12ull);
	KUNIT_EXPECT_EQ(test, bed->got[0].length, 16u);
	KUNIT_EXPECT_STREQ(test, (const char *)bed->got[0].buffer, "from the host");
	KUNIT_EXPECT_STREQ(test, (const char *)bed->got[1].buffer, "from the host");
}

static void nothing_is_delivered_while_paused(struct kunit *test)
{
	struct bed *bed = test->priv;

	enable(bed);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(bed->ch), 0);
	host_sends_many(bed, 1, 2);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_EXPECT_TRUE(test, comes_true(bed, nr_got(bed) == 2));
	KUNIT_EXPECT_EQ(test, ids(bed), 0x12ull);
}

/* --- the driver's memory -------------------------------------------------- */

#define CONTEXT		24u

static struct bed *with_contexts(struct kunit *test, u32 bytes)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_client_context_size(bed->ch, bytes), 0);
	enable(bed);
	return bed;
}

static void *context_of(struct bed *bed, int i)
{
	return kmcl_incoming_get_context(bed->ch, bed->got[i].handle);
}

/* Written to the last byte: nothing of the neighbours, of the payload or of the answer changes. */
static void each_packet_has_memory_of_its_own(struct kunit *test)
{
	struct bed *bed = with_contexts(test, CONTEXT);
	u8 pattern[CONTEXT];
	int i;

	host_sends_many(bed, 1, 4);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 4);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_NOT_NULL(test, context_of(bed, i));
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)context_of(bed, i), 8));
		memset(context_of(bed, i), i + 1, CONTEXT);
	}
	for (i = 0; i < 4; i++) {
		memset(pattern, i + 1, CONTEXT);
		KUNIT_EXPECT_MEMEQ(test, (u8 *)context_of(bed, i), pattern, CONTEXT);
		KUNIT_EXPECT_STREQ(test, (const char *)bed->got[i].buffer, "from the host");
		KUNIT_EXPECT_EQ(test, complete_it(bed, i), 0);
		KUNIT_EXPECT_MEMEQ(test, bed->sent[i].payload, "done", 4);
	}
}

static const u32 context_sizes[] = { 1, 7, 8, 9, KMCL_CLIENT_CONTEXT_MAX };

static void context_desc(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *size);
}

KUNIT_ARRAY_PARAM(context, context_sizes, context_desc);

/* Beside a payload of the largest size and a reserve that is used up. */
static void memory_of_any_size_is_aligned_and_apart(struct kunit *test)
{
	u32 size = *(u32 *)test->param_value;
	u8 *payload = kunit_kzalloc(test, PACKET_SIZE, GFP_KERNEL), answer[RESERVE] = { 3 };
	struct bed *bed = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, payload);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(bed->ch, 2, RESERVE), 0);
	memset(payload, 0x11, PACKET_SIZE);
	with_contexts(test, size);
	host_puts(bed, KMCL_PKT_DATA_INBAND, KMCL_PKT_FLAG_COMPLETION_REQUESTED, 1, payload,
		  PACKET_SIZE);
	signal_guest(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)context_of(bed, 0), 8));
	memset(context_of(bed, 0), 0x22, size);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)bed->got[0].buffer, payload, PACKET_SIZE);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle, answer, RESERVE),
			0);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, answer, RESERVE);
}

static void writes_and_defers(struct bed *bed, const struct bed_got *got)
{
	u8 *context = kmcl_incoming_get_context(bed->ch, got->handle);

	if (got->flags & KMCL_RECEIVE_DEFERRED)
		bed->seen.payload = context;
	else
		memset(context, 0x77, CONTEXT);
	defers_once(bed, got);
}

static void memory_stays_over_a_deferral(struct kunit *test)
{
	struct bed *bed = test->priv;
	u8 pattern[CONTEXT];

	bed->on_packet = writes_and_defers;
	with_contexts(test, CONTEXT);
	host_sends_many(bed, 1, 1);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_PTR_EQ(test, context_of(bed, 1), (void *)bed->seen.payload);
	KUNIT_EXPECT_NULL(test, context_of(bed, 0));
	memset(pattern, 0x77, CONTEXT);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)context_of(bed, 1), pattern, CONTEXT);
}

static void a_dead_handle_has_no_memory(struct kunit *test)
{
	struct bed *bed = with_contexts(test, CONTEXT);

	host_sends_many(bed, 1, 1);
	KUNIT_EXPECT_NULL(test, kmcl_incoming_get_context(bed->ch, 0));
	KUNIT_EXPECT_NULL(test, kmcl_incoming_get_context(bed->ch, bed->got[0].handle + 1));
	KUNIT_EXPECT_NOT_NULL(test, context_of(bed, 0));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_NULL(test, context_of(bed, 0));
}

static void there_is_no_memory_by_default(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_NULL(test, context_of(bed, 0));
}

static struct kunit_case kmcl_receive_cases[] = {
	KUNIT_CASE(stalls_at_the_quota_and_not_before),
	KUNIT_CASE(each_completed_packet_lets_one_through),
	KUNIT_CASE(a_stalled_queue_leaves_the_rest_in_the_ring),
	KUNIT_CASE(raising_the_quota_alone_restarts_nothing),
	KUNIT_CASE(a_quota_below_what_is_outstanding_is_waited_for),
	KUNIT_CASE(a_quota_can_be_lowered_before_it_is_reached),
	KUNIT_CASE(own_completions_wait_behind_a_stalled_packet),
	KUNIT_CASE(own_completions_pass_while_the_quota_is_used_up),
	KUNIT_CASE(a_quota_above_the_contexts_is_bounded_by_them),
	KUNIT_CASE(a_stalled_queue_goes_on_after_a_pause),
	KUNIT_CASE(a_deferred_packet_comes_again_where_one_may_sleep),
	KUNIT_CASE(a_deferred_packet_has_the_same_bytes_and_a_new_handle),
	KUNIT_CASE(the_old_handle_is_dead_as_soon_as_it_is_deferred),
	KUNIT_CASE(a_deferred_packet_comes_before_all_behind_it),
	KUNIT_CASE(order_is_kept_where_some_are_deferred),
	KUNIT_CASE(no_completion_overtakes_a_deferred_packet),
	KUNIT_CASE(a_packet_can_be_deferred_again),
	KUNIT_CASE(a_packet_in_thread_context_can_be_deferred),
	KUNIT_CASE(a_deferred_packet_waits_for_the_quota),
	KUNIT_CASE(deferring_outside_the_callback_leaves_the_packet_alone),
	KUNIT_CASE(deferring_another_packet_leaves_both_alone),
	KUNIT_CASE(a_completed_packet_cannot_be_deferred),
	KUNIT_CASE(a_pause_keeps_a_deferred_packet_for_the_next_start),
	KUNIT_CASE(a_close_drops_a_deferred_packet),
	KUNIT_CASE(a_dropped_packet_gives_its_context_back),
	KUNIT_CASE(after_a_failed_packet_nothing_is_delivered),
	KUNIT_CASE(a_failed_packet_is_not_answered_and_not_outstanding),
	KUNIT_CASE(after_a_failed_packet_no_completion_is_delivered),
	KUNIT_CASE(the_rest_can_be_completed_after_a_failed_packet),
	KUNIT_CASE(the_next_open_delivers_after_a_failed_packet),
	KUNIT_CASE(a_packet_can_be_failed_later_and_from_anywhere),
	KUNIT_CASE(packets_come_where_one_may_not_sleep),
	KUNIT_CASE(packets_come_where_one_may_sleep_if_asked_for),
	KUNIT_CASE(thread_context_is_switched_while_the_channel_runs),
	KUNIT_CASE(thread_context_holds_from_the_next_batch_on),
	KUNIT_CASE(the_next_batch_comes_where_one_may_not_sleep_again),
	KUNIT_CASE(the_end_of_each_batch_is_told),
	KUNIT_CASE(the_host_is_told_once_a_batch),
	KUNIT_CASE(a_worker_goes_on_when_the_budget_is_used_up),
	KUNIT_CASE(what_the_host_writes_over_later_changes_nothing),
	KUNIT_CASE(nothing_is_delivered_while_paused),
	KUNIT_CASE(each_packet_has_memory_of_its_own),
	KUNIT_CASE_PARAM(memory_of_any_size_is_aligned_and_apart, context_gen_params),
	KUNIT_CASE(memory_stays_over_a_deferral),
	KUNIT_CASE(a_dead_handle_has_no_memory),
	KUNIT_CASE(there_is_no_memory_by_default),
	{}
};

static struct kunit_suite kmcl_receive_suite = {
	.name = "kmcl_receive",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = kmcl_receive_cases,
};
kunit_test_suite(kmcl_receive_suite);

MODULE_DESCRIPTION("KUnit suite: quota, deferring, failing, contexts of received packets");
MODULE_LICENSE("GPL");
