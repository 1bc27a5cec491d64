// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of completing, and exactly once: a whole channel over a transport in
 * memory, whose other end is played by the test. A received packet's payload is
 * secured, the completion packet goes out only if it was asked for, then the
 * context is recycled, then whoever waited is woken. A sent packet's mappings are
 * down when its routine runs, and it runs once on every way a packet can end.
 */
#include "bed.c"

#define RACERS		4

/* --- received packets: what goes out ------------------------------------- */

static void answers_a_packet_that_asks(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, bed->got[0].length, 16u);
	KUNIT_EXPECT_STREQ(test, (const char *)bed->got[0].buffer, "from the host");
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].type, KMCL_PKT_COMPLETION);
	KUNIT_EXPECT_EQ(test, bed->sent[0].flags, 0);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 0x1234ull);
	KUNIT_EXPECT_EQ(test, bed->sent[0].length, 4u);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "done", 4);
}

static void sends_nothing_for_a_packet_that_does_not_ask(struct kunit *test)
{
	struct bed *bed = with_packet(test, false);

	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

static void answers_from_inside_the_callback(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = completes_at_once;
	enable(bed);
	host_sends(bed, 1, true);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 1ull);
	KUNIT_EXPECT_EQ(test, bed->sent[1].trans_id, 2ull);
}

static void answers_in_the_order_of_completing(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i;

	enable(bed);
	for (i = 0; i < 4; i++)
		host_sends(bed, i, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 4);
	for (i = 3; i >= 0; i--)
		KUNIT_EXPECT_EQ(test, complete_it(bed, i), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 4);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, bed->sent[i].trans_id, 3ull - i);
}

static void answers_a_refused_packet_with_nothing(struct kunit *test)
{
	const struct kmcl_packet_descriptor inside = {
		.type = KMCL_PKT_DATA_INBAND, .offset8 = 1, .len8 = 4,
		.flags = KMCL_PKT_FLAG_COMPLETION_REQUESTED, .trans_id = 7,
	};
	struct bed *bed = test->priv;

	enable(bed);
	host_writes(bed, &inside, "sixteen bytes...", 16);
	signal_guest(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 7ull);
	KUNIT_EXPECT_EQ(test, bed->sent[0].length, 0u);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_offset, 1ull);
	host_sends(bed, 8, true);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
}

/* --- received packets: in which order ------------------------------------ */

static void looks_while_sending(struct bed *bed, const void *payload)
{
	struct kmcl_channel *ch = bed->ch;

	bed->seen.payload = payload;
	bed->seen.spare = !llist_empty(&ch->spare_incoming);
	bed->seen.outstanding = atomic_read(&ch->outstanding);
	bed->seen.state = kmcl_channel_get_state(ch);
	bed->seen.again = kmcl_incoming_complete(ch, bed->got[0].handle, NULL, 0);
}

static struct bed *with_one_context(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(bed->ch, 1, RESERVE), 0);
	return bed;
}

static void the_payload_is_secured_before_the_answer_goes_out(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	const struct bed_got *got = &bed->got[0];

	bed->on_send = looks_while_sending;
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, got->handle, got->buffer, 13), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_PTR_NE(test, bed->seen.payload, got->buffer);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "from the host", 13);
}

static void the_handle_is_dead_before_the_answer_goes_out(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	bed->on_send = looks_while_sending;
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -ESTALE);
}

static void the_context_is_recycled_after_the_answer_went_out(struct kunit *test)
{
	struct bed *bed = with_one_context(test);

	with_packet(test, true);
	bed->on_send = looks_while_sending;
	KUNIT_EXPECT_TRUE(test, llist_empty(&bed->ch->spare_incoming));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_FALSE(test, bed->seen.spare);
	KUNIT_EXPECT_FALSE(test, llist_empty(&bed->ch->spare_incoming));
}

static void waiters_count_a_packet_until_its_answer_went_out(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	bed->on_send = looks_while_sending;
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, 1);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

static int pauses(struct aside *aside)
{
	return kmcl_channel_pause(aside->bed->ch);
}

static void whoever_waits_is_woken_last(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	struct aside *pauser;

	bed->on_send = looks_while_sending;
	pauser = begin_aside(bed, pauses);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_SUSPENDING));
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_calls(bed, SUSPENDED)));
	KUNIT_EXPECT_FALSE(test, completion_done(&pauser->done));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.state, KMCL_SUSPENDING);
	KUNIT_EXPECT_TRUE(test, is_over(pauser));
	KUNIT_EXPECT_EQ(test, pauser->ret, 0);
	KUNIT_EXPECT_TRUE(test, is_in(bed, KMCL_PAUSED));
}

static void the_next_packet_waits_for_a_context(struct kunit *test)
{
	struct bed *bed = with_one_context(test);

	with_packet(test, true);
	host_sends(bed, 2, true);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 2);
}

static void an_answer_waits_for_room_and_keeps_its_context(struct kunit *test)
{
	struct bed *bed = with_one_context(test);

	with_packet(test, true);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_TRUE(test, llist_empty(&bed->ch->spare_incoming));
	KUNIT_EXPECT_EQ(test, bed->out.pending_send_size, kmcl_ring_bytes(16, 4));
	host_drains(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "done", 4);
	KUNIT_EXPECT_FALSE(test, llist_empty(&bed->ch->spare_incoming));
	KUNIT_EXPECT_EQ(test, bed->out.pending_send_size, 0u);
}

/* --- received packets: exactly once -------------------------------------- */

static void completing_twice_is_stale_and_counted(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, nr_stale(bed), 1);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

static void an_old_handle_does_not_complete_the_next_packet(struct kunit *test)
{
	struct bed *bed = with_one_context(test);

	with_packet(test, true);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
}

static const s64 forgeries[] = {
	1ll << 32, -(1ll << 32), 1, -1, 1ll << 31, S64_MIN,
};

static void forgery_desc(const s64 *by, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lld off", *by);
}

KUNIT_ARRAY_PARAM(forgery, forgeries, forgery_desc);

static void a_forged_handle_is_stale_and_counted(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	const s64 *by = test->param_value;

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle + *by, NULL, 0),
			-ESTALE);
	KUNIT_EXPECT_EQ(test, nr_stale(bed), 1);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
}

static void handle_zero_is_stale(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, 0, NULL, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
}

static void a_handle_outlives_nothing(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	kmcl_handle_t handle = bed->got[0].handle;

	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, handle, NULL, 0), -ESTALE);
	enable(bed);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, handle, NULL, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
}

static void a_handle_does_not_outlive_a_new_configuration(struct kunit *test)
{
	struct bed *bed = with_one_context(test);
	kmcl_handle_t handle;

	with_packet(test, true);
	handle = bed->got[0].handle;
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_incoming(bed->ch, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, handle, NULL, 0), -ESTALE);
	enable(bed);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, handle, NULL, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[1].handle, NULL, 0), 0);
}

static atomic_t racers_ready;
static atomic_t races_won;

static int completes_all(struct aside *aside)
{
	struct bed *bed = aside->bed;
	int i, ret, stale = 0;

	atomic_inc(&racers_ready);
	while (atomic_read(&racers_ready) < RACERS)
		cond_resched();		/* one CPU may have to do for all */
	for (i = 0; i < nr_got(bed); i++) {
		ret = complete_it(bed, i);
		if (!ret)
			atomic_inc(&races_won);
		stale += ret == -ESTALE;
	}
	return stale;
}

static void one_of_many_completers_wins(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct aside *racers[RACERS];
	const int packets = 32;
	int i, stale = 0;

	enable(bed);
	for (i = 0; i < packets; i++)
		host_sends(bed, i, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), packets);
	atomic_set(&racers_ready, 0);
	atomic_set(&races_won, 0);
	for (i = 0; i < RACERS; i++)
		racers[i] = begin_aside(bed, completes_all);
	for (i = 0; i < RACERS; i++) {
		KUNIT_ASSERT_TRUE(test, is_over(racers[i]));
		stale += racers[i]->ret;
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&races_won), packets);
	KUNIT_EXPECT_EQ(test, stale, (RACERS - 1) * packets);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), packets);
	KUNIT_EXPECT_EQ(test, nr_stale(bed), (RACERS - 1) * packets);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

/* --- received packets: bad arguments ------------------------------------- */

static void a_payload_as_large_as_the_reserve_goes_out(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	u8 payload[RESERVE] = { 1, 2, 3 };

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle, payload,
						     RESERVE), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, payload, RESERVE);
}

static void a_payload_above_the_reserve_leaves_the_packet_outstanding(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	u8 payload[RESERVE + 1] = { 0 };

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle, payload,
						     RESERVE + 1), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_FALSE(test, is_idle(bed));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

static void a_null_payload_leaves_the_packet_outstanding(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle, NULL, 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(NULL, bed->got[0].handle, NULL, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
}

/* The same refusals, the same end. */
static void in_an_rcu_section_it_is_completed_like_anywhere(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	kmcl_handle_t handle = bed->got[0].handle;
	u8 payload[RESERVE + 1] = { 1, 2, 3 };
	int large, null, early, ret, twice;

	rcu_read_lock();
	large = kmcl_incoming_complete_rcu(bed->ch, handle, payload, RESERVE + 1);
	null = kmcl_incoming_complete_rcu(bed->ch, handle, NULL, 1);
	early = nr_sent(bed);
	ret = kmcl_incoming_complete_rcu(bed->ch, handle, payload, RESERVE);
	twice = kmcl_incoming_complete_rcu(bed->ch, handle, payload, RESERVE);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, large, -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, null, -EINVAL);
	KUNIT_EXPECT_EQ(test, early, 0);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, twice, -ESTALE);
	KUNIT_EXPECT_EQ(test, nr_stale(bed), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, incoming_completed), 1);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 0x1234ull);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, payload, RESERVE);
}

/* --- sent packets -------------------------------------------------------- */

static void a_sent_packet_is_done_when_the_host_answers(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "hello", 5, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].flags, KMCL_PKT_FLAG_COMPLETION_REQUESTED);
	KUNIT_EXPECT_EQ(test, told->calls, 0);
	host_completes(bed, bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

static void sends_plain(struct bed *bed, u32 flags)
{
	struct kmcl_packet *packet = kmcl_packet_alloc(bed->ch, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, packet);
	/* That brings the default back. */
	kmcl_packet_set_completion(packet, tells);
	kmcl_packet_set_completion(packet, NULL);
	KUNIT_EXPECT_EQ(bed->test, kmcl_packet_send(packet, "hello", 5, flags), 0);
}

static int nr_packets(struct bed *bed)
{
	return atomic_read(&bed->ch->packets);
}

/* Placed, answered, cancelled. */
static void a_packet_without_a_routine_is_freed_when_it_is_done(struct kunit *test)
{
	struct bed *bed = test->priv;

	enable(bed);
	sends_plain(bed, 0);
	KUNIT_EXPECT_EQ(test, nr_packets(bed), 0);
	sends_plain(bed, KMCL_SEND_COMPLETION);
	KUNIT_EXPECT_EQ(test, nr_packets(bed), 1);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	host_completes(bed, bed->sent[1].trans_id);
	KUNIT_EXPECT_EQ(test, nr_packets(bed), 0);
	sends_plain(bed, KMCL_SEND_COMPLETION);
	host_stops_reading(bed);
	sends_plain(bed, 0);
	KUNIT_EXPECT_EQ(test, nr_packets(bed), 2);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, nr_packets(bed), 0);
	KUNIT_EXPECT_EQ(test, counted(bed, completed), 4);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, 8), 0);
}

static void an_answer_that_comes_twice_counts_once(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "hello", 5, KMCL_SEND_COMPLETION), 0);
	host_completes(bed, bed->sent[0].trans_id);
	host_completes(bed, bed->sent[0].trans_id);
	host_completes(bed, 0);
	host_completes(bed, U64_MAX);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_id, 3ull);
}

static void a_late_answer_does_not_end_the_next_transaction(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "one", 3, KMCL_SEND_COMPLETION), 0);
	host_completes(bed, bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "two", 3, KMCL_SEND_COMPLETION), 0);
	host_completes(bed, bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	host_completes(bed, bed->sent[1].trans_id);
	KUNIT_EXPECT_EQ(test, told->calls, 2);
}

static void a_packet_in_flight_cannot_be_sent_again(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "one", 3, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "two", 3, KMCL_SEND_COMPLETION),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

static void an_unanswered_packet_ends_when_the_channel_does(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "hello", 5, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, -ENODEV);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 1);
}

static void packets_that_wait_for_room_go_out_in_order(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told[3];
	u8 i;

	for (i = 0; i < ARRAY_SIZE(told); i++)
		told[i] = new_told(bed);
	enable(bed);
	host_stops_reading(bed);
	for (i = 0; i < ARRAY_SIZE(told); i++)
		KUNIT_EXPECT_EQ(test, kmcl_packet_send(told[i]->packet, &i, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, told[0]->calls, 0);
	host_drains(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 3);
	/* Whoever signals does not call the routines of others: a worker does. */
	settle(bed);
	for (i = 0; i < ARRAY_SIZE(told); i++) {
		KUNIT_EXPECT_EQ(test, bed->sent[i].payload[0], i);
		KUNIT_EXPECT_EQ(test, told[i]->calls, 1);
		KUNIT_EXPECT_EQ(test, told[i]->status, 0);
	}
	KUNIT_EXPECT_LT(test, told[0]->order, told[1]->order);
	KUNIT_EXPECT_LT(test, told[1]->order, told[2]->order);
}

/* The small one would fit. */
static void a_small_packet_does_not_overtake_a_large_one(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *large = new_told(bed), *small = new_told(bed);
	u8 payload[512] = { 'L' };

	enable(bed);
	host_leaves_room(bed, kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, 8));
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(large->packet, payload, sizeof(payload), 0), 0);
	KUNIT_EXPECT_EQ(test, bed->out.pending_send_size,
			kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, sizeof(payload)));
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(small->packet, "S", 1, 0), 0);
	signal_guest(bed);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	host_drains(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->sent[0].payload[0], 'L');
	KUNIT_EXPECT_EQ(test, bed->sent[1].payload[0], 'S');
}

static void an_answer_does_not_overtake_a_packet_that_waits(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	struct told *large = new_told(bed);
	u8 payload[512] = { 'L' };

	host_leaves_room(bed, kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, 8));
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(large->packet, payload, sizeof(payload), 0), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	host_drains(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->sent[0].payload[0], 'L');
	KUNIT_EXPECT_EQ(test, bed->sent[1].type, KMCL_PKT_COMPLETION);
}

static void packets_that_wait_for_room_end_when_the_channel_does(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *asks = new_told(bed), *does_not = new_told(bed);

	enable(bed);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(asks->packet, "a", 1, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(does_not->packet, "b", 1, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, asks->calls, 1);
	KUNIT_EXPECT_EQ(test, asks->status, -ENODEV);
	KUNIT_EXPECT_EQ(test, does_not->calls, 1);
	KUNIT_EXPECT_EQ(test, does_not->status, -ENODEV);
}

static void send_external(struct bed *bed, struct told *told, struct scatterlist *sg)
{
	void *page = kunit_kzalloc(bed->test, PAGE_SIZE, GFP_KERNEL);
	struct kmcl_external_data data = kmcl_external_sg(sg, 1, DMA_BIDIRECTIONAL);

	KUNIT_ASSERT_NOT_NULL(bed->test, page);
	sg_init_one(sg, page, 100);
	KUNIT_ASSERT_EQ(bed->test, kmcl_packet_send_external(told->packet, NULL, 0, &data,
							     KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(bed->test, told->packet->external.direction, DMA_BIDIRECTIONAL);
}

static struct told *with_external(struct bed *bed)
{
	KUNIT_ASSERT_EQ(bed->test, kmcl_channel_set_max_external_data(bed->ch, 256, 1), 0);
	return new_told(bed);
}

static void mappings_are_down_when_the_routine_runs(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = with_external(bed);
	struct scatterlist sg;

	enable(bed);
	send_external(bed, told, &sg);
	host_completes(bed, bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_FALSE(test, told->mapped);
}

static void mappings_are_down_when_a_packet_is_cancelled(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = with_external(bed);
	struct scatterlist sg;

	enable(bed);
	send_external(bed, told, &sg);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, -ENODEV);
	KUNIT_EXPECT_FALSE(test, told->mapped);
}

/* --- the end of a channel ------------------------------------------------ */

static void broken_framing_closes_the_channel(struct kunit *test)
{
	const struct kmcl_packet_descriptor endless = {
		.type = KMCL_PKT_DATA_INBAND, .offset8 = 2, .len8 = U16_MAX,
	};
	struct bed *bed = test->priv;

	enable(bed);
	put_bytes(bed, 0, &endless, sizeof(endless));
	WRITE_ONCE(bed->in.write_index, 64);
	signal_guest(bed);
	KUNIT_EXPECT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.broken_framing, 1ull);
	KUNIT_EXPECT_EQ(test, bed->in.read_index, 0u);
}

static const u32 bad_indices[] = { RING_BYTES, RING_BYTES + 8, RING_BYTES - 4, 1, U32_MAX };

static void index_desc(const u32 *index, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u of %u", *index, RING_BYTES);
}

KUNIT_ARRAY_PARAM(bad_index, bad_indices, index_desc);

static void a_read_index_that_cannot_be_closes_the_channel(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	/* The largest that can be. */
	WRITE_ONCE(bed->out.read_index, RING_BYTES - 8);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "fits", 4, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_ASSERT_EQ(test, told->calls, 1);
	WRITE_ONCE(bed->out.read_index, *(u32 *)test->param_value);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "hello", 5, KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 1);
	KUNIT_EXPECT_EQ(test, told->calls, 2);
	KUNIT_EXPECT_EQ(test, told->status, -ENODEV);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

/* The host takes its offer back and, while the driver is told, makes it again. */
static int waits_for_the_next_offer(struct bed *bed)
{
	int ret = kmcl_channel_enable(bed->ch);

	bed->seen.again = kmcl_channel_enable(bed->ch);
	WRITE_ONCE(bed->withdrawn, false);
	return ret;
}

static void closed_may_wait_for_the_next_offer(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on[CLOSED] = waits_for_the_next_offer;
	enable(bed);
	host_rescinds(bed);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_calls(bed, POST_STARTED) == 2));
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 1);
	KUNIT_EXPECT_EQ(test, bed->said[CLOSED], 0);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -EBUSY);
	bed->on[CLOSED] = NULL;
	settle(bed);
	host_sends(bed, 7, true);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
}

static int calls_so_far(struct bed *bed)
{
	struct told *told = bed->own;

	return told->calls;
}

static void closed_is_told_when_every_packet_has_ended(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	bed->own = told;
	bed->on[CLOSED] = calls_so_far;
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "hello", 5, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 1);
	KUNIT_EXPECT_EQ(test, bed->said[CLOSED], 1);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

static int may_not_sleep(struct bed *bed)
{
	return in_atomic() || irqs_disabled() ? -EDEADLK : 0;
}

static void state_callbacks_come_where_one_may_sleep(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i;

	for (i = 0; i < MOMENTS; i++)
		bed->on[i] = may_not_sleep;
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	for (i = 0; i < MOMENTS; i++) {
		KUNIT_EXPECT_EQ(test, nr_calls(bed, i), 1);
		KUNIT_EXPECT_EQ(test, bed->said[i], 0);
	}
}

static void routine_notes_context(struct kmcl_packet *packet, int status, const void *buffer,
				  u32 length)
{
	struct told *told = kmcl_packet_get_pointer(packet);

	told->bed->seen.again = in_softirq() ? 0 : -EPERM;
	tells(packet, status, buffer, length);
}

/* Whether it ends in softirq, in the caller of a send, or when the channel closes. */
static void routines_run_with_bottom_halves_off(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	kmcl_packet_set_completion(told->packet, routine_notes_context);
	enable(bed);
	bed->seen.again = 1;
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(told->packet, "a", 1, 0), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.again, 0);
	bed->seen.again = 1;
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(told->packet, "b", 1, KMCL_SEND_COMPLETION), 0);
	host_completes(bed, bed->sent[1].trans_id);
	KUNIT_EXPECT_EQ(test, bed->seen.again, 0);
	bed->seen.again = 1;
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(told->packet, "c", 1, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.again, 0);
	KUNIT_EXPECT_EQ(test, told->calls, 3);
}

static struct kunit_case kmcl_order_cases[] = {
	KUNIT_CASE(answers_a_packet_that_asks),
	KUNIT_CASE(sends_nothing_for_a_packet_that_does_not_ask),
	KUNIT_CASE(answers_from_inside_the_callback),
	KUNIT_CASE(answers_in_the_order_of_completing),
	KUNIT_CASE(answers_a_refused_packet_with_nothing),
	KUNIT_CASE(the_payload_is_secured_before_the_answer_goes_out),
	KUNIT_CASE(the_handle_is_dead_before_the_answer_goes_out),
	KUNIT_CASE(the_context_is_recycled_after_the_answer_went_out),
	KUNIT_CASE(waiters_count_a_packet_until_its_answer_went_out),
	KUNIT_CASE(whoever_waits_is_woken_last),
	KUNIT_CASE(the_next_packet_waits_for_a_context),
	KUNIT_CASE(an_answer_waits_for_room_and_keeps_its_context),
	KUNIT_CASE(completing_twice_is_stale_and_counted),
	KUNIT_CASE(an_old_handle_does_not_complete_the_next_packet),
	KUNIT_CASE_PARAM(a_forged_handle_is_stale_and_counted, forgery_gen_params),
	KUNIT_CASE(handle_zero_is_stale),
	KUNIT_CASE(a_handle_outlives_nothing),
	KUNIT_CASE(a_handle_does_not_outlive_a_new_configuration),
	KUNIT_CASE(one_of_many_completers_wins),
	KUNIT_CASE(a_payload_as_large_as_the_reserve_goes_out),
	KUNIT_CASE(a_payload_above_the_reserve_leaves_the_packet_outstanding),
	KUNIT_CASE(a_null_payload_leaves_the_packet_outstanding),
	KUNIT_CASE(in_an_rcu_section_it_is_completed_like_anywhere),
	KUNIT_CASE(a_sent_packet_is_done_when_the_host_answers),
	KUNIT_CASE(a_packet_without_a_routine_is_freed_when_it_is_done),
	KUNIT_CASE(an_answer_that_comes_twice_counts_once),
	KUNIT_CASE(a_late_answer_does_not_end_the_next_transaction),
	KUNIT_CASE(a_packet_in_flight_cannot_be_sent_again),
	KUNIT_CASE(an_unanswered_packet_ends_when_the_channel_does),
	KUNIT_CASE(packets_that_wait_for_room_go_out_in_order),
	KUNIT_CASE(a_small_packet_does_not_overtake_a_large_one),
	KUNIT_CASE(an_answer_does_not_overtake_a_packet_that_waits),
	KUNIT_CASE(packets_that_wait_for_room_end_when_the_channel_does),
	KUNIT_CASE(mappings_are_down_when_the_routine_runs),
	KUNIT_CASE(mappings_are_down_when_a_packet_is_cancelled),
	KUNIT_CASE(broken_framing_closes_the_channel),
	KUNIT_CASE_PARAM(a_read_index_that_cannot_be_closes_the_channel, bad_index_gen_params),
	KUNIT_CASE(closed_may_wait_for_the_next_offer),
	KUNIT_CASE(closed_is_told_when_every_packet_has_ended),
	KUNIT_CASE(state_callbacks_come_where_one_may_sleep),
	KUNIT_CASE(routines_run_with_bottom_halves_off),
	{}
};

static struct kunit_suite kmcl_order_suite = {
	.name = "kmcl_order",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = kmcl_order_cases,
};
kunit_test_suite(kmcl_order_suite);

MODULE_DESCRIPTION("KUnit suite: the order of completing, and exactly once");
MODULE_LICENSE("GPL");
