// SPDX-License-Identifier: GPL-2.0-only
/*
 * Synchronous requests: what comes back on every way they can end, that nobody waits
 * who would wait for himself, and that nothing of a caller's is touched once he
 * has left. Who waits does so aside; the test is the host.
 */
#include <linux/bvec.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "bed.c"

#define SOON	(20 * NSEC_PER_MSEC)
#define LATE	(10 * NSEC_PER_SEC)

/**
 * struct asker - who asks, and what is his
 * @aside: the thread
 * @payload: sent
 * @answer: for the answer
 */
struct asker {
	struct aside *aside;
	u8 payload[32];
	u8 answer[32];
};

static int asks(struct aside *aside)
{
	return kmcl_channel_request(aside->bed->ch, &aside->request);
}

/* Asks for an answer within @timeout; not begun yet. */
static struct asker *new_asker(struct bed *bed, ktime_t timeout)
{
	struct asker *asker = kunit_kzalloc(bed->test, sizeof(*asker), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, asker);
	strscpy(asker->payload, "question", sizeof(asker->payload));
	memset(asker->answer, BAD, sizeof(asker->answer));
	asker->aside = new_aside(bed, asks);
	asker->aside->request = (struct kmcl_request){
		.buffer = asker->payload,
		.length = 9,
		.flags = KMCL_SEND_COMPLETION,
		.answer = asker->answer,
		.answer_size = sizeof(asker->answer),
		.timeout = timeout,
	};
	return asker;
}

/* Began, and his packet is at the host. */
static struct asker *asked(struct bed *bed, ktime_t timeout)
{
	struct asker *asker = new_asker(bed, timeout);
	int sent = nr_sent(bed);

	begin(asker->aside);
	KUNIT_ASSERT_TRUE(bed->test, comes_true(bed, nr_sent(bed) == sent + 1));
	return asker;
}

static u64 id_of(struct bed *bed, int i)
{
	return bed->sent[i].trans_id;
}

static void expect_end(struct asker *asker, int ret, u32 length)
{
	struct kunit *test = asker->aside->bed->test;

	KUNIT_ASSERT_TRUE(test, is_over(asker->aside));
	KUNIT_EXPECT_EQ(test, asker->aside->ret, ret);
	KUNIT_EXPECT_EQ(test, asker->aside->request.answer_length, length);
}

/* None of them has been written to since they were given to the request. */
static void expect_untouched(struct kunit *test, const u8 *bytes, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		KUNIT_ASSERT_EQ_MSG(test, bytes[i], BAD, "byte %u", i);
}

/* All packet objects of requests are put aside again. */
static void expect_no_packets(struct bed *bed)
{
	KUNIT_EXPECT_EQ(bed->test, atomic_read(&bed->ch->packets), 0);
}

/* --- answered ------------------------------------------------------------- */

static void brings_the_answer(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker;

	enable(bed);
	asker = asked(bed, LATE);
	KUNIT_EXPECT_STREQ(test, (char *)bed->sent[0].payload, "question");
	KUNIT_EXPECT_EQ(test, bed->sent[0].flags, KMCL_PKT_FLAG_COMPLETION_REQUESTED);
	host_answers(bed, id_of(bed, 0), "the answer......", 16);
	expect_end(asker, 0, 16);
	KUNIT_EXPECT_MEMEQ(test, asker->answer, "the answer......", 16);
	expect_untouched(test, asker->answer + 16, 16);
	KUNIT_EXPECT_EQ(test, counted(bed, requests), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, requests_left), 0);
	expect_no_packets(bed);
}

static const u32 sizes[] = { 1, 15, 16, 17 };

static void size_desc(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u of 16 bytes", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_desc);

static void brings_of_a_large_answer_what_fits(struct kunit *test)
{
	u32 size = *(u32 *)test->param_value, fits = min(size, 16u);
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, LATE);

	enable(bed);
	asker->aside->request.answer_size = size;
	begin(asker->aside);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_sent(bed) == 1));
	host_answers(bed, id_of(bed, 0), "the answer......", 16);
	expect_end(asker, size < 16 ? -ENOBUFS : 0, fits);
	KUNIT_EXPECT_MEMEQ(test, asker->answer, "the answer......", fits);
	expect_untouched(test, asker->answer + fits, sizeof(asker->answer) - fits);
}

static void needs_no_room_for_an_answer(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, LATE);

	enable(bed);
	asker->aside->request.answer = NULL;
	asker->aside->request.answer_size = 0;
	begin(asker->aside);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_sent(bed) == 1));
	host_completes(bed, id_of(bed, 0));
	expect_end(asker, 0, 0);
}

static void an_answer_above_the_packet_size_is_an_error(struct kunit *test)
{
	struct bed *bed = test->priv;
	u8 *large = kunit_kzalloc(test, PACKET_SIZE + 8, GFP_KERNEL);
	struct asker *asker;

	KUNIT_ASSERT_NOT_NULL(test, large);
	enable(bed);
	asker = asked(bed, LATE);
	host_answers(bed, id_of(bed, 0), large, PACKET_SIZE + 8);
	expect_end(asker, -EMSGSIZE, 0);
	expect_untouched(test, asker->answer, sizeof(asker->answer));
	asker = asked(bed, LATE);
	host_answers(bed, id_of(bed, 1), large, PACKET_SIZE);
	expect_end(asker, -ENOBUFS, sizeof(asker->answer));
}

/* --- without an answer ---------------------------------------------------- */

static void is_done_when_placed_without_a_completion(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct kmcl_request request = { .buffer = "x", .length = 1, .timeout = LATE };

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].flags, 0);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 0ull);
	expect_no_packets(bed);
}

static void waits_for_room_without_a_completion(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, LATE);

	enable(bed);
	host_stops_reading(bed);
	asker->aside->request.flags = 0;
	begin(asker->aside);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, READ_ONCE(bed->out.pending_send_size)));
	KUNIT_EXPECT_FALSE(test, completion_done(&asker->aside->done));
	host_drains(bed);
	expect_end(asker, 0, 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

/* --- no time at all ------------------------------------------------------- */

static const u32 flag_sets[] = { 0, KMCL_SEND_COMPLETION };

static void flags_desc(const u32 *flags, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s completion", *flags ? "with" : "without");
}

KUNIT_ARRAY_PARAM(flags, flag_sets, flags_desc);

static struct kmcl_request at_once(struct kunit *test)
{
	const u32 *flags = test->param_value;

	return (struct kmcl_request){ .buffer = "now", .length = 3, .flags = flags ? *flags : 0 };
}

static void without_time_a_full_ring_is_an_error(struct kunit *test)
{
	struct kmcl_request request = at_once(test);
	struct bed *bed = test->priv;

	enable(bed);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, list_empty(&bed->ch->tx.queue));
	KUNIT_EXPECT_EQ(test, bed->out.pending_send_size, 0u);
	host_drains(bed);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	expect_no_packets(bed);
}

/* It would fit; but it would overtake. */
static void without_time_a_queue_is_an_error(struct kunit *test)
{
	struct kmcl_request request = at_once(test);
	struct bed *bed = test->priv;
	struct told *large = new_told(bed);
	u8 payload[512] = { 'L' };

	enable(bed);
	host_leaves_room(bed, kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, 8));
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(large->packet, payload, sizeof(payload), 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -EAGAIN);
	host_drains(bed);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

static void without_time_a_closed_channel_is_an_error(struct kunit *test)
{
	struct kmcl_request request = at_once(test);
	struct bed *bed = test->priv;

	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -EAGAIN);
	enable(bed);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
}

static void without_time_it_goes_out_if_it_fits(struct kunit *test)
{
	struct kmcl_request request = at_once(test);
	struct bed *bed = test->priv;

	enable(bed);
	host_leaves_room(bed, kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, 3));
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request),
			request.flags ? -ETIMEDOUT : 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "now", 3);
}

static void without_time_and_completion_nothing_is_allocated(struct kunit *test)
{
	struct kmcl_request request = at_once(test);
	struct bed *bed = test->priv;
	int ret = 0, left = 0;

	enable(bed);
	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = 1;
	ret = kmcl_channel_request(bed->ch, &request);
	left = current->fail_nth;
	current->fail_nth = 0;
#endif
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, left, 1);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

static int asks_at_once(struct bed *bed)
{
	struct kmcl_request request = at_once(bed->test);

	return kmcl_channel_request(bed->ch, &request);
}

static void a_channel_that_is_being_disabled_takes_none(struct kunit *test)
{
	struct bed *bed = test->priv;

	enable(bed);
	bed->on[SUSPENDED] = asks_at_once;
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->said[SUSPENDED], -ENODEV);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, counted(bed, refused), 1);
}

/* --- not taken ------------------------------------------------------------ */

/**
 * struct refusal - a request that is neither placed nor queued, with the channel disabled
 * @name: why
 * @request: it
 * @ret: what it is given back with
 */
struct refusal {
	const char *name;
	struct kmcl_request request;
	int ret;
};

static const struct refusal refusals[] = {
	{ "a flag that is unknown", { .buffer = "x", .length = 1, .flags = 1u << 31 }, -EINVAL },
	{ "a buffer that is NULL", { .length = 1 }, -EINVAL },
	{ "a time below 0", { .buffer = "x", .length = 1, .timeout = -1 }, -EINVAL },
	{ "a size without an answer", { .buffer = "x", .length = 1, .answer_size = 1 }, -EINVAL },
	{ "too long, without time", { .buffer = "x", .length = PACKET_SIZE + 1 }, -EMSGSIZE },
	{ "too long, with time", { .buffer = "x", .length = PACKET_SIZE + 1, .timeout = LATE },
	  -EMSGSIZE },
	{ "no time", { .buffer = "x", .length = 1 }, -EAGAIN },
	{ "no time for an answer", { .buffer = "x", .length = 1, .flags = KMCL_SEND_COMPLETION },
	  -EAGAIN },
};

static void refusal_desc(const struct refusal *refusal, char *desc)
{
	strscpy(desc, refusal->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refusal, refusals, refusal_desc);

static void what_is_not_taken_is_counted(struct kunit *test)
{
	const struct refusal *refusal = test->param_value;
	struct kmcl_request request = refusal->request;
	struct bed *bed = test->priv;

	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), refusal->ret);
	KUNIT_EXPECT_EQ(test, counted(bed, refused), 1);
	expect_no_packets(bed);
}

static void no_request_at_all_is_counted(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, counted(bed, refused), 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(NULL, NULL), -EINVAL);
}

/* Placed, or queued: what becomes of it then is no refusal. */
static void what_is_taken_is_not_counted_as_refused(struct kunit *test)
{
	struct kmcl_request request = { .buffer = "x", .length = 1 };
	struct bed *bed = test->priv;

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), 0);
	request.flags = KMCL_SEND_COMPLETION;
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -ETIMEDOUT);
	host_stops_reading(bed);
	request.timeout = SOON;
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, counted(bed, requests), 3);
	KUNIT_EXPECT_EQ(test, counted(bed, requests_left), 2);
	KUNIT_EXPECT_EQ(test, counted(bed, refused), 0);
}

/* --- time runs out -------------------------------------------------------- */

static void what_still_waits_is_withdrawn_when_time_runs_out(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, SOON);

	enable(bed);
	host_stops_reading(bed);
	begin(asker->aside);
	expect_end(asker, -ETIMEDOUT, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bed->ch->tx.queue));
	KUNIT_EXPECT_EQ(test, bed->out.pending_send_size, 0u);
	expect_no_packets(bed);
	host_drains(bed);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, counted(bed, requests_left), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, late_answers), 0);
}

static void what_waited_behind_the_withdrawn_goes_out_if_it_fits(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *large = new_asker(bed, SOON);
	struct told *small = new_told(bed);
	u8 *payload = kunit_kzalloc(test, 512, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, payload);
	enable(bed);
	large->aside->request.buffer = payload;
	large->aside->request.length = 512;
	host_leaves_room(bed, kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, 8));
	begin(large->aside);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, READ_ONCE(bed->out.pending_send_size)));
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(small->packet, "small", 5, 0), 0);
	expect_end(large, -ETIMEDOUT, 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "small", 5);
	settle(bed);
	KUNIT_EXPECT_EQ(test, small->calls, 1);
}

/* He has left; all that was his is his. */
static struct asker *left_in_time(struct bed *bed)
{
	struct asker *asker = asked(bed, SOON);

	expect_end(asker, -ETIMEDOUT, 0);
	memset(asker->payload, BAD, sizeof(asker->payload));
	memset(asker->answer, BAD, sizeof(asker->answer));
	return asker;
}

static void a_late_answer_touches_nothing_of_the_callers(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker;

	enable(bed);
	asker = left_in_time(bed);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->ch->packets), 1);
	host_answers(bed, id_of(bed, 0), "the answer......", 16);
	expect_untouched(test, asker->answer, sizeof(asker->answer));
	expect_untouched(test, asker->payload, sizeof(asker->payload));
	KUNIT_EXPECT_EQ(test, asker->aside->request.answer_length, 0u);
	KUNIT_EXPECT_EQ(test, counted(bed, late_answers), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, requests_left), 1);
	expect_no_packets(bed);
	KUNIT_EXPECT_FALSE(test, llist_empty(&bed->ch->spare_packets));
}

static void a_late_answer_is_not_the_next_ones(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *next;

	enable(bed);
	left_in_time(bed);
	next = asked(bed, LATE);
	KUNIT_EXPECT_NE(test, id_of(bed, 0), id_of(bed, 1));
	host_answers(bed, id_of(bed, 0), "the wrong answer", 16);
	KUNIT_EXPECT_FALSE(test, completion_done(&next->aside->done));
	host_answers(bed, id_of(bed, 1), "the right answer", 16);
	expect_end(next, 0, 16);
	KUNIT_EXPECT_MEMEQ(test, next->answer, "the right answer", 16);
	expect_no_packets(bed);
}

/* The packet that came back is a new one for whoever gets it. */
static void the_packet_of_a_late_answer_serves_again(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *next;

	enable(bed);
	left_in_time(bed);
	host_completes(bed, id_of(bed, 0));
	next = asked(bed, LATE);
	host_completes(bed, id_of(bed, 0));
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_id, 1ull);
	host_answers(bed, id_of(bed, 1), "the right answer", 16);
	expect_end(next, 0, 16);
	KUNIT_EXPECT_MEMEQ(test, next->answer, "the right answer", 16);
	KUNIT_EXPECT_EQ(test, counted(bed, late_answers), 1);
}

static void an_answer_that_never_comes_costs_nothing_after_the_close(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker;

	enable(bed);
	asker = left_in_time(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	expect_no_packets(bed);
	expect_untouched(test, asker->answer, sizeof(asker->answer));
	KUNIT_EXPECT_EQ(test, counted(bed, late_answers), 0);
}

static void a_point_in_the_past_has_passed(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, 1);

	enable(bed);
	asker->aside->request.absolute = true;
	host_stops_reading(bed);
	begin(asker->aside);
	expect_end(asker, -ETIMEDOUT, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&bed->ch->tx.queue));
	host_drains(bed);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
}

/* The clock of points is not the one of spans: that one began at boot. */
static void a_point_is_one_of_real_time(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, ktime_add_ns(ktime_get_real(), LATE));
	struct asker *other = new_asker(bed, ktime_add_ns(ktime_get(), LATE));

	if (ktime_get_real() < ktime_add_ns(ktime_get(), 2 * LATE))
		kunit_skip(test, "the clock of this machine begins with its boot");
	enable(bed);
	asker->aside->request.absolute = true;
	begin(asker->aside);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_sent(bed) == 1));
	other->aside->request.absolute = true;
	begin(other->aside);
	expect_end(other, -ETIMEDOUT, 0);
	KUNIT_EXPECT_FALSE(test, completion_done(&asker->aside->done));
	host_completes(bed, id_of(bed, 0));
	expect_end(asker, 0, 8);
}

/* --- the channel ends ----------------------------------------------------- */

static void waiting_for_an_answer_ends_with_the_channel(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker;

	enable(bed);
	asker = asked(bed, KMCL_WAIT_FOREVER);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	expect_end(asker, -ENODEV, 0);
	expect_untouched(test, asker->answer, sizeof(asker->answer));
	expect_no_packets(bed);
}

static void waiting_for_room_ends_with_the_channel(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, KMCL_WAIT_FOREVER);

	enable(bed);
	host_stops_reading(bed);
	begin(asker->aside);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, READ_ONCE(bed->out.pending_send_size)));
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	expect_end(asker, -ENODEV, 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	expect_no_packets(bed);
}

static void waiting_ends_when_the_host_takes_the_offer_back(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker;

	enable(bed);
	asker = asked(bed, KMCL_WAIT_FOREVER);
	host_rescinds(bed);
	expect_end(asker, -ENODEV, 0);
	KUNIT_EXPECT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	expect_no_packets(bed);
}

static void waiting_ends_when_the_host_breaks_the_ring(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker;

	enable(bed);
	asker = asked(bed, KMCL_WAIT_FOREVER);
	WRITE_ONCE(bed->in.write_index, RING_BYTES);
	signal_guest(bed);
	expect_end(asker, -ENODEV, 0);
	KUNIT_EXPECT_TRUE(test, comes_to(bed, KMCL_DISABLED));
}

static int disables(struct aside *aside)
{
	return kmcl_channel_disable(aside->bed->ch);
}

/* Who waits may be the very one who would complete what disabling waits for. */
static void waiting_ends_before_received_packets_are_awaited(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	struct asker *asker = asked(bed, KMCL_WAIT_FOREVER);
	struct aside *disabler = begin_aside(bed, disables);

	expect_end(asker, -ENODEV, 0);
	KUNIT_EXPECT_FALSE(test, completion_done(&disabler->done));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_TRUE(test, is_over(disabler));
	expect_no_packets(bed);
}

/* --- asking in a callback ------------------------------------------------- */

/* The request that the callbacks make, of a driver that does not know better. */
static int asks_in_callback(struct bed *bed)
{
	struct asker *asker = bed->own;

	return kmcl_channel_request(bed->ch, &asker->aside->request);
}

static void asked_in_state_callbacks_it_is_a_deadlock(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum bed_moment moment;

	bed->own = new_asker(bed, LATE);
	bed->on[OPENED] = asks_in_callback;
	bed->on[STARTED] = asks_in_callback;
	bed->on[SUSPENDED] = asks_in_callback;
	bed->on[CLOSED] = asks_in_callback;
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	for (moment = 0; moment < MOMENTS; moment++) {
		KUNIT_EXPECT_EQ(test, nr_calls(bed, moment), 1);
		if (moment != POST_STARTED)
			KUNIT_EXPECT_EQ_MSG(test, bed->said[moment], -EDEADLK, "moment %d", moment);
	}
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, counted(bed, refused), 4);
	expect_no_packets(bed);
}

/* Without a limit, or for an answer: either would wait. */
static void asked_in_state_callbacks_without_waiting_it_is_taken(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on[STARTED] = asks_at_once;
	enable(bed);
	KUNIT_EXPECT_EQ(test, bed->said[STARTED], 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

static void asks_on_packet(struct bed *bed, const struct bed_got *got)
{
	bed->seen.again = asks_in_callback(bed);
	kmcl_incoming_complete(bed->ch, got->handle, NULL, 0);
}

static void asked_in_process_packet_it_is_a_deadlock(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->own = new_asker(bed, LATE);
	bed->on_packet = asks_on_packet;
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(bed->ch, true), 0);
	enable(bed);
	host_sends(bed, 1, false);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_TRUE(test, bed->got[0].thread);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -EDEADLK);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
}

static void defers_then_asks(struct bed *bed, const struct bed_got *got)
{
	if (got->flags & KMCL_RECEIVE_DEFERRED)
		asks_on_packet(bed, got);
	else
		kmcl_incoming_defer(bed->ch, got->handle);
}

static void asked_over_a_deferred_packet_it_is_a_deadlock(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->own = new_asker(bed, LATE);
	bed->on_packet = defers_then_asks;
	enable(bed);
	host_sends(bed, 1, false);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -EDEADLK);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
}

/* --- post_started may wait ------------------------------------------------ */

/* Enabled as far as post_started, which waits for its answer. */
static struct asker *with_waiting_post_started(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, KMCL_WAIT_FOREVER);

	bed->own = asker;
	bed->on[POST_STARTED] = asks_in_callback;
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_sent(bed) == 1));
	KUNIT_ASSERT_TRUE(test, is_in(bed, KMCL_ACTIVE));
	settle(bed);
	return asker;
}

static void post_started_gets_its_answer(struct kunit *test)
{
	struct asker *asker = with_waiting_post_started(test);
	struct bed *bed = test->priv;

	host_answers(bed, id_of(bed, 0), "the answer......", 16);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_calls(bed, POST_STARTED) == 1));
	KUNIT_EXPECT_EQ(test, bed->said[POST_STARTED], 0);
	KUNIT_EXPECT_MEMEQ(test, asker->answer, "the answer......", 16);
}

static void expect_post_started_left(struct bed *bed, struct asker *asker)
{
	KUNIT_EXPECT_EQ(bed->test, nr_calls(bed, POST_STARTED), 1);
	KUNIT_EXPECT_EQ(bed->test, bed->said[POST_STARTED], -ENODEV);
	KUNIT_EXPECT_EQ(bed->test, nr_calls(bed, SUSPENDED), 1);
	KUNIT_EXPECT_EQ(bed->test, nr_calls(bed, CLOSED), 1);
	expect_untouched(bed->test, asker->answer, sizeof(asker->answer));
	expect_no_packets(bed);
}

static void post_started_leaves_when_the_host_takes_the_offer_back(struct kunit *test)
{
	struct asker *asker = with_waiting_post_started(test);
	struct bed *bed = test->priv;

	host_rescinds(bed);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	expect_post_started_left(bed, asker);
}

static void post_started_leaves_when_the_host_breaks_the_ring(struct kunit *test)
{
	struct asker *asker = with_waiting_post_started(test);
	struct bed *bed = test->priv;

	WRITE_ONCE(bed->in.write_index, RING_BYTES);
	signal_guest(bed);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	expect_post_started_left(bed, asker);
}

static void post_started_leaves_when_another_thread_disables(struct kunit *test)
{
	struct asker *asker = with_waiting_post_started(test);
	struct bed *bed = test->priv;
	struct aside *disabler = begin_aside(bed, disables);

	KUNIT_ASSERT_TRUE(test, is_over(disabler));
	KUNIT_EXPECT_EQ(test, disabler->ret, 0);
	expect_post_started_left(bed, asker);
}

static int pauses(struct aside *aside)
{
	return kmcl_channel_pause(aside->bed->ch);
}

/* Who wants a pause waits: the answer is still to come. */
static void post_started_gets_its_answer_before_a_pause(struct kunit *test)
{
	struct asker *asker = with_waiting_post_started(test);
	struct bed *bed = test->priv;
	struct aside *pauser = begin_aside(bed, pauses);

	KUNIT_ASSERT_TRUE(test, wait_event_timeout(bed->ch->wait, READ_ONCE(bed->ch->paused),
						   PATIENCE));
	host_answers(bed, id_of(bed, 0), "the answer......", 16);
	KUNIT_ASSERT_TRUE(test, is_over(pauser));
	KUNIT_EXPECT_EQ(test, bed->said[POST_STARTED], 0);
	KUNIT_EXPECT_MEMEQ(test, asker->answer, "the answer......", 16);
	KUNIT_EXPECT_TRUE(test, is_in(bed, KMCL_PAUSED));
}

/* --- what the watchdog says of a state callback --------------------------- */

/**
 * struct watched - what the channel waits for, as seen in its state callbacks
 * @asker: asks in post_started
 * @seen: at the beginning of each, in their order
 * @nr_seen: entries of @seen
 * @after: at the end of post_started
 * @armed: it would be reported, each time
 */
struct watched {
	struct asker *asker;
	const char *seen[MOMENTS];
	int nr_seen;
	const char *after;
	bool armed;
};

static const char *waits_for(struct bed *bed)
{
	struct watched *watched = bed->own;

	watched->armed = watched->armed && delayed_work_pending(&bed->ch->watchdog);
	return bed->ch->waits_for;
}

static int looks(struct bed *bed)
{
	struct watched *watched = bed->own;

	if (watched->nr_seen < MOMENTS)
		watched->seen[watched->nr_seen++] = waits_for(bed);
	return 0;
}

static int looks_and_asks(struct bed *bed)
{
	struct watched *watched = bed->own;
	int ret;

	looks(bed);
	ret = asks(watched->asker->aside);
	watched->after = waits_for(bed);
	return ret;
}

/* No event tells that somebody is about to sleep. */
static bool comes_to_wait_for(struct bed *bed, const char *what)
{
	const char *now = NULL;
	int ms;

	for (ms = 0; ms < 10000; ms++) {
		now = READ_ONCE(bed->ch->waits_for);
		if (now && !strcmp(now, what))
			return true;
		fsleep(1000);
	}
	return false;
}

static void the_watchdog_watches_state_callbacks(struct kunit *test)
{
	static const char * const expected[MOMENTS] = {
		[OPENED] = "the driver's opened callback to return",
		[STARTED] = "the driver's started callback to return",
		[POST_STARTED] = "the driver's post_started callback to return",
		[SUSPENDED] = "the driver's suspend callback to return",
		[CLOSED] = "the driver's closed callback to return",
	};
	struct bed *bed = test->priv;
	struct watched watched = { .asker = new_asker(bed, LATE), .armed = true };
	int i;

	bed->own = &watched;
	for (i = 0; i < MOMENTS; i++)
		bed->on[i] = i == POST_STARTED ? looks_and_asks : looks;
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_EXPECT_TRUE(test, comes_true(bed, nr_sent(bed) == 1));
	KUNIT_EXPECT_TRUE(test, comes_to_wait_for(bed, "the host to answer a request"));
	host_answers(bed, id_of(bed, 0), "the answer......", 16);
	KUNIT_EXPECT_TRUE(test, comes_true(bed, nr_calls(bed, POST_STARTED) == 1));
	flush_work(&bed->ch->control);
	KUNIT_EXPECT_NULL(test, bed->ch->waits_for);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&bed->ch->watchdog));
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_STREQ(test, watched.after, expected[POST_STARTED]);
	KUNIT_EXPECT_TRUE(test, watched.armed);
	for (i = 0; i < MOMENTS; i++)
		KUNIT_EXPECT_STREQ(test, watched.seen[i], expected[i]);
	flush_work(&bed->ch->control);
	KUNIT_EXPECT_NULL(test, bed->ch->waits_for);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&bed->ch->watchdog));
}

/* --- external data -------------------------------------------------------- */

/**
 * struct held - external data of a request
 * @pages: of the page allocator
 * @data: made of them
 */
struct held {
	struct page *pages[2];
	struct kmcl_external_data data;
};

static void free_held(void *data)
{
	struct held *held = data;

	__free_page(held->pages[0]);
	__free_page(held->pages[1]);
}

static struct held *with_held(struct kunit *test)
{
	struct held *held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);
	struct bed *bed = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, held);
	held->pages[0] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	held->pages[1] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_held, held), 0);
	held->data = kmcl_external_pages(held->pages, 8, 5000, DMA_FROM_DEVICE);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 8192, 2), 0);
	enable(bed);
	return held;
}

static void expect_references(struct kunit *test, struct held *held, int count)
{
	KUNIT_EXPECT_EQ(test, page_count(held->pages[0]), count);
	KUNIT_EXPECT_EQ(test, page_count(held->pages[1]), count);
}

static struct asker *asked_with(struct bed *bed, const struct kmcl_external_data *data,
				ktime_t timeout)
{
	struct asker *asker = new_asker(bed, timeout);
	int sent = nr_sent(bed);

	asker->aside->request.external = data;
	begin(asker->aside);
	KUNIT_ASSERT_TRUE(bed->test, comes_true(bed, nr_sent(bed) == sent + 1));
	return asker;
}

static void pages_are_held_until_the_answer(struct kunit *test)
{
	struct held *held = with_held(test);
	struct bed *bed = test->priv;
	struct asker *asker = asked_with(bed, &held->data, LATE);

	expect_references(test, held, 2);
	host_completes(bed, id_of(bed, 0));
	expect_end(asker, 0, 8);
	expect_references(test, held, 1);
}

/* Then who waits need not wait for the close. */
static void pages_are_held_without_a_limit_of_time_too(struct kunit *test)
{
	struct held *held = with_held(test);
	struct bed *bed = test->priv;
	struct asker *asker = asked_with(bed, &held->data, KMCL_WAIT_FOREVER);

	expect_references(test, held, 2);
	host_rescinds(bed);
	expect_end(asker, -ENODEV, 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	expect_references(test, held, 1);
}

static void pages_are_held_until_the_late_answer(struct kunit *test)
{
	struct held *held = with_held(test);
	struct bed *bed = test->priv;
	struct asker *asker = asked_with(bed, &held->data, SOON);

	expect_end(asker, -ETIMEDOUT, 0);
	expect_references(test, held, 2);
	host_completes(bed, id_of(bed, 0));
	expect_references(test, held, 1);
	KUNIT_EXPECT_EQ(test, counted(bed, late_answers), 1);
}

static void counts_references_at_close(struct bed *bed)
{
	struct held *held = bed->own;

	bed->seen.outstanding = page_count(held->pages[0]);
}

static void pages_are_held_until_the_close(struct kunit *test)
{
	struct held *held = with_held(test);
	struct bed *bed = test->priv;
	struct asker *asker = asked_with(bed, &held->data, SOON);

	bed->own = held;
	bed->on_close = counts_references_at_close;
	expect_end(asker, -ETIMEDOUT, 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, 2);
	expect_references(test, held, 1);
}

static void pages_of_a_withdrawn_packet_are_let_go(struct kunit *test)
{
	struct held *held = with_held(test);
	struct bed *bed = test->priv;
	struct asker *asker = new_asker(bed, SOON);

	asker->aside->request.external = &held->data;
	host_stops_reading(bed);
	begin(asker->aside);
	expect_end(asker, -ETIMEDOUT, 0);
	expect_references(test, held, 1);
	expect_no_packets(bed);
}

static void pages_of_a_send_that_fails_are_let_go(struct kunit *test)
{
	struct held *held = with_held(test);
	struct bed *bed = test->priv;
	struct kmcl_request request = { .flags = KMCL_SEND_COMPLETION, .external = &held->data };

	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -EAGAIN);
	expect_references(test, held, 1);
	expect_no_packets(bed);
}

/* A page may appear in more than one piece, and each piece counts. */
static void a_page_is_held_for_each_of_its_pieces(struct kunit *test)
{
	struct held *held = with_held(test);
	struct bed *bed = test->priv;
	struct scatterlist sg[2];
	struct kmcl_external_data data = kmcl_external_sg(sg, 2, DMA_TO_DEVICE);
	struct asker *asker;

	sg_init_table(sg, 2);
	sg_set_page(&sg[0], held->pages[0], 8, 0);
	sg_set_page(&sg[1], held->pages[0], 8, 64);
	asker = asked_with(bed, &data, LATE);
	KUNIT_EXPECT_GT(test, page_count(held->pages[0]), 1);
	memset(sg, BAD, sizeof(sg));
	host_completes(bed, id_of(bed, 0));
	expect_end(asker, 0, 8);
	expect_references(test, held, 1);
}

static const ktime_t limits[] = { 0, SOON, LATE };

static void limit_desc(const ktime_t *limit, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lld ns", *limit);
}

KUNIT_ARRAY_PARAM(limit, limits, limit_desc);

static void pages_that_cannot_be_held_are_refused_with_a_limit(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct kmcl_external_data data;
	struct kmcl_request request = {
		.flags = KMCL_SEND_COMPLETION, .external = &data,
		.timeout = *(ktime_t *)test->param_value,
	};
	void *slab = kunit_kzalloc(test, 64, GFP_KERNEL);

	with_held(test);
	KUNIT_ASSERT_NOT_NULL(test, slab);
	data = kmcl_external_buffer(slab, 64, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -EINVAL);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	expect_no_packets(bed);
}

/* Nobody counts who uses the second page of two. */
static void pages_inside_an_allocation_cannot_be_held(struct kunit *test)
{
	struct page *two = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 1);
	struct bed *bed = test->priv;
	struct kmcl_external_data data;
	struct kmcl_request request = {
		.flags = KMCL_SEND_COMPLETION, .external = &data, .timeout = SOON,
	};
	struct bio_vec bvec;

	with_held(test);
	bvec_set_page(&bvec, two, PAGE_SIZE + 1, 0);
	data = kmcl_external_bvec(&bvec, 1, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -EINVAL);
	KUNIT_EXPECT_EQ(test, page_count(two), 1);
	bvec_set_page(&bvec, two, PAGE_SIZE, 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, page_count(two), 2);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, page_count(two), 1);
	__free_pages(two, 1);
}

static struct asker *asked_with_slab(struct kunit *test, struct kmcl_external_data *data)
{
	void *slab = kunit_kzalloc(test, 64, GFP_KERNEL);

	with_held(test);
	KUNIT_ASSERT_NOT_NULL(test, slab);
	*data = kmcl_external_buffer(slab, 64, DMA_TO_DEVICE);
	return asked_with(test->priv, data, KMCL_WAIT_FOREVER);
}

static void pages_that_cannot_be_held_are_taken_without_a_limit(struct kunit *test)
{
	struct kmcl_external_data data;
	struct asker *asker = asked_with_slab(test, &data);
	struct bed *bed = test->priv;

	host_completes(bed, id_of(bed, 0));
	expect_end(asker, 0, 8);
	expect_no_packets(bed);
}

static void says_whether_the_asker_is_back(struct bed *bed)
{
	struct asker *asker = bed->own;

	bed->seen.waiter_back = wait_for_completion_timeout(&asker->aside->done, HZ / 10);
}

/* Whoever breaks a ring can still write to memory, until it has been told to let go. */
static void pages_that_cannot_be_held_stay_until_the_host_let_go(struct kunit *test)
{
	struct kmcl_external_data data;
	struct asker *asker = asked_with_slab(test, &data);
	struct bed *bed = test->priv;

	bed->own = asker;
	bed->on_close = says_whether_the_asker_is_back;
	WRITE_ONCE(bed->in.write_index, RING_BYTES);
	signal_guest(bed);
	expect_end(asker, -ENODEV, 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	KUNIT_EXPECT_FALSE(test, bed->seen.waiter_back);
}

/* The channel's own worker is busy here, so that nobody but the asker can end it. */
static int awaits_the_asker(struct bed *bed)
{
	struct asker *asker = bed->own;
	struct kmcl_packet *packet;

	if (!is_over(asker->aside))
		return -ETIMEDOUT;
	packet = llist_entry(bed->ch->spare_packets.first, struct kmcl_packet, spare);
	bed->seen.outstanding = packet->external.direction;
	bed->seen.again = atomic_read(&bed->closings);
	return 0;
}

/* With a rescind the host has let go of them, however long the driver's callbacks take. */
static void pages_that_cannot_be_held_are_free_once_it_is_rescinded(struct kunit *test)
{
	struct kmcl_external_data data;
	struct asker *asker = asked_with_slab(test, &data);
	struct bed *bed = test->priv;

	bed->own = asker;
	bed->on[SUSPENDED] = awaits_the_asker;
	bed->seen.outstanding = DMA_TO_DEVICE;
	host_rescinds(bed);
	expect_end(asker, -ENODEV, 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, bed->said[SUSPENDED], 0);
	KUNIT_EXPECT_EQ(test, bed->seen.again, 0);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, (int)DMA_NONE);
	KUNIT_EXPECT_EQ(test, counted(bed, requests_left), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, cancelled), 0);
	expect_no_packets(bed);
}

/**
 * struct early - a post_started callback that waits with pages nobody can hold
 * @asker: what it asks
 * @data: its pages
 * @told: of a packet that the suspend callback sends
 * @closings: times that the host had been told to let go when post_started was back
 * @ended: the packet had ended when closed was called
 */
struct early {
	struct asker *asker;
	struct kmcl_external_data data;
	struct told *told;
	int closings;
	int ended;
};

static int asks_early(struct bed *bed)
{
	struct early *early = bed->own;
	int ret = kmcl_channel_request(bed->ch, &early->asker->aside->request);

	early->closings = atomic_read(&bed->closings);
	return ret;
}

static int sends_late(struct bed *bed)
{
	struct early *early = bed->own;

	return kmcl_packet_send(early->told->packet, "late", 4, 0);
}

static int looks_for_its_end(struct bed *bed)
{
	struct early *early = bed->own;

	early->ended = early->told->calls;
	return 0;
}

static struct early *with_early(struct kunit *test)
{
	struct early *early = kunit_kzalloc(test, sizeof(*early), GFP_KERNEL);
	void *slab = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct bed *bed = test->priv;

	KUNIT_ASSERT_TRUE(test, early && slab);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 64, 1), 0);
	early->data = kmcl_external_buffer(slab, 64, DMA_TO_DEVICE);
	early->asker = new_asker(bed, KMCL_WAIT_FOREVER);
	early->asker->aside->request.external = &early->data;
	early->told = new_told(bed);
	bed->own = early;
	bed->on[POST_STARTED] = asks_early;
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_sent(bed) == 1));
	settle(bed);
	return early;
}

/* The host let go first; all callbacks came, and the host was told once. */
static void expect_closed_early(struct bed *bed, struct early *early)
{
	enum bed_moment moment;

	KUNIT_EXPECT_EQ(bed->test, bed->said[POST_STARTED], -ENODEV);
	KUNIT_EXPECT_EQ(bed->test, early->closings, 1);
	KUNIT_EXPECT_EQ(bed->test, atomic_read(&bed->closings), 1);
	for (moment = 0; moment < MOMENTS; moment++)
		KUNIT_EXPECT_EQ(bed->test, nr_calls(bed, moment), 1);
}

static void post_started_closes_when_it_cannot_leave_its_pages(struct kunit *test)
{
	struct early *early = with_early(test);
	struct bed *bed = test->priv;

	WRITE_ONCE(bed->in.write_index, RING_BYTES);
	signal_guest(bed);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	expect_closed_early(bed, early);
}

static void post_started_closes_for_who_disables(struct kunit *test)
{
	struct early *early = with_early(test);
	struct bed *bed = test->priv;
	struct aside *disabler = begin_aside(bed, disables);

	KUNIT_ASSERT_TRUE(test, is_over(disabler));
	expect_closed_early(bed, early);
	bed->on[POST_STARTED] = NULL;
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->closings), 2);
}

static void what_is_sent_after_an_early_close_ends_before_closed(struct kunit *test)
{
	struct early *early = with_early(test);
	struct bed *bed = test->priv;

	bed->on[SUSPENDED] = sends_late;
	bed->on[CLOSED] = looks_for_its_end;
	WRITE_ONCE(bed->in.write_index, RING_BYTES);
	signal_guest(bed);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, bed->said[SUSPENDED], 0);
	KUNIT_EXPECT_EQ(test, early->ended, 1);
	KUNIT_EXPECT_EQ(test, early->told->status, -ENODEV);
}

/* --- pipes ---------------------------------------------------------------- */

static void asks_from_a_routine(struct kmcl_packet *packet, int status, const void *buffer,
				u32 length)
{
	struct told *told = kmcl_packet_get_pointer(packet);

	told->status = asks_at_once(told->bed);
	told->calls++;
}

static struct told *with_asking_routine(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(bed->ch, true), 0);
	told = new_told(bed);
	kmcl_packet_set_completion(told->packet, asks_from_a_routine);
	enable(bed);
	return told;
}

/* Where routines run, one more has to wait for the worker; nobody may wait for that. */
static void on_a_pipe_it_is_sent_from_a_routine_without_time(struct kunit *test)
{
	struct told *told = with_asking_routine(test);
	struct bed *bed = test->priv;

	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "first", 5, 0), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 2);
	settle(bed);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->ch->packets), 1);
}

static void without_time_on_a_pipe_interrupts_stay_off(struct kunit *test)
{
	struct told *told = with_asking_routine(test);
	unsigned long flags;
	bool off;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "spinlocks sleep here, so nothing is sent with interrupts off");
	local_irq_save(flags);
	kmcl_packet_send(told->packet, "first", 5, 0);
	off = irqs_disabled();
	/* A splat for each case that is red would be one too many. */
	local_irq_disable();
	local_irq_restore(flags);
	KUNIT_EXPECT_TRUE(test, off);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, 0);
}

static struct kunit_case kmcl_request_cases[] = {
	KUNIT_CASE(brings_the_answer),
	KUNIT_CASE_PARAM(brings_of_a_large_answer_what_fits, size_gen_params),
	KUNIT_CASE(needs_no_room_for_an_answer),
	KUNIT_CASE(an_answer_above_the_packet_size_is_an_error),
	KUNIT_CASE(is_done_when_placed_without_a_completion),
	KUNIT_CASE(waits_for_room_without_a_completion),
	KUNIT_CASE_PARAM(without_time_a_full_ring_is_an_error, flags_gen_params),
	KUNIT_CASE_PARAM(without_time_a_queue_is_an_error, flags_gen_params),
	KUNIT_CASE_PARAM(without_time_a_closed_channel_is_an_error, flags_gen_params),
	KUNIT_CASE_PARAM(without_time_it_goes_out_if_it_fits, flags_gen_params),
	KUNIT_CASE(without_time_and_completion_nothing_is_allocated),
	KUNIT_CASE(a_channel_that_is_being_disabled_takes_none),
	KUNIT_CASE_PARAM(what_is_not_taken_is_counted, refusal_gen_params),
	KUNIT_CASE(no_request_at_all_is_counted),
	KUNIT_CASE(what_is_taken_is_not_counted_as_refused),
	KUNIT_CASE(what_still_waits_is_withdrawn_when_time_runs_out),
	KUNIT_CASE(what_waited_behind_the_withdrawn_goes_out_if_it_fits),
	KUNIT_CASE(a_late_answer_touches_nothing_of_the_callers),
	KUNIT_CASE(a_late_answer_is_not_the_next_ones),
	KUNIT_CASE(the_packet_of_a_late_answer_serves_again),
	KUNIT_CASE(an_answer_that_never_comes_costs_nothing_after_the_close),
	KUNIT_CASE(a_point_in_the_past_has_passed),
	KUNIT_CASE(a_point_is_one_of_real_time),
	KUNIT_CASE(waiting_for_an_answer_ends_with_the_channel),
	KUNIT_CASE(waiting_for_room_ends_with_the_channel),
	KUNIT_CASE(waiting_ends_when_the_host_takes_the_offer_back),
	KUNIT_CASE(waiting_ends_when_the_host_breaks_the_ring),
	KUNIT_CASE(waiting_ends_before_received_packets_are_awaited),
	KUNIT_CASE(asked_in_state_callbacks_it_is_a_deadlock),
	KUNIT_CASE(asked_in_state_callbacks_without_waiting_it_is_taken),
	KUNIT_CASE(asked_in_process_packet_it_is_a_deadlock),
	KUNIT_CASE(asked_over_a_deferred_packet_it_is_a_deadlock),
	KUNIT_CASE(post_started_gets_its_answer),
	KUNIT_CASE(post_started_leaves_when_the_host_takes_the_offer_back),
	KUNIT_CASE(post_started_leaves_when_the_host_breaks_the_ring),
	KUNIT_CASE(post_started_leaves_when_another_thread_disables),
	KUNIT_CASE(post_started_gets_its_answer_before_a_pause),
	KUNIT_CASE(the_watchdog_watches_state_callbacks),
	KUNIT_CASE(pages_are_held_until_the_answer),
	KUNIT_CASE(pages_are_held_without_a_limit_of_time_too),
	KUNIT_CASE(pages_are_held_until_the_late_answer),
	KUNIT_CASE(pages_are_held_until_the_close),
	KUNIT_CASE(pages_of_a_withdrawn_packet_are_let_go),
	KUNIT_CASE(pages_of_a_send_that_fails_are_let_go),
	KUNIT_CASE(a_page_is_held_for_each_of_its_pieces),
	KUNIT_CASE_PARAM(pages_that_cannot_be_held_are_refused_with_a_limit, limit_gen_params),
	KUNIT_CASE(pages_that_cannot_be_held_are_taken_without_a_limit),
	KUNIT_CASE(pages_inside_an_allocation_cannot_be_held),
	KUNIT_CASE(pages_that_cannot_be_held_stay_until_the_host_let_go),
	KUNIT_CASE(pages_that_cannot_be_held_are_free_once_it_is_rescinded),
	KUNIT_CASE(post_started_closes_when_it_cannot_leave_its_pages),
	KUNIT_CASE(post_started_closes_for_who_disables),
	KUNIT_CASE(what_is_sent_after_an_early_close_ends_before_closed),
	KUNIT_CASE(on_a_pipe_it_is_sent_from_a_routine_without_time),
	KUNIT_CASE(without_time_on_a_pipe_interrupts_stay_off),
	{}
};

static struct kunit_suite kmcl_request_suite = {
	.name = "kmcl_request",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = kmcl_request_cases,
};
kunit_test_suite(kmcl_request_suite);

MODULE_DESCRIPTION("KUnit suite: synchronous requests");
MODULE_LICENSE("GPL");
