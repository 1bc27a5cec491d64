// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a client may rely on, whatever is below it. Each case runs over every transport that
 * is there: "loopback", where the suite's own server is the echo, and "hv_vmbus", where it is
 * hvhost's (Documentation/hvhost.md). All that it needs of the other end is an echo, which
 * here has three habits; tools/testbed/kunit.sh gives the guest the devices, and says which
 * transports a run must have seen.
 */
#include <linux/crc32.h>
#include <linux/module.h>
#include <linux/scatterlist.h>

#include <kmcl/hvhost.h>

#include "pair.c"

/**
 * enum habit - what the echo does
 * @ANSWERS: at once
 * @TURNS: when TURNED packets are there, the last first
 * @IS_MUTE: never; counts
 */
enum habit { ANSWERS, TURNS, IS_MUTE };

#define TURNED	8

/* tools/testbed/kunit.sh names them, too. The last number is the habit. */
#define ECHO_INSTANCE(habit)	\
	GUID_INIT(0x6b6d636c, 0x6563, 0x686f, 0x80, 0, 0, 0, 0, 0, 0, habit)

static const guid_t hvhost_echo = HVHOST_ECHO_TYPE(GUID_INIT);
static const guid_t hvhost_echoes[] = {
	[ANSWERS] = ECHO_INSTANCE(ANSWERS),
	[TURNS] = ECHO_INSTANCE(TURNS),
	[IS_MUTE] = ECHO_INSTANCE(IS_MUTE),
};

/**
 * struct transport - what a channel may run over
 * @name: of it
 * @is_there: it is loaded, and the echo is offered
 * @loopback: the suite is the other end
 */
struct transport {
	const char *name;
	bool is_there;
	bool loopback;
};

static struct transport transports[] = {
	{ .name = "loopback", .loopback = true },
	{ .name = "hv_vmbus" },
};

/* --- which transports are there -------------------------------------------------------- */

/* Servers are the loopback transport's alone. */
static bool finds_loopback(void)
{
	struct kmcl_channel *ch = kmcl_channel_alloc_server();
	int ret;

	if (IS_ERR(ch))
		return false;
	ret = kmcl_channel_set_offer(ch, &pair_type, &pair_instance) ?:
	      kmcl_channel_set_server_flags(ch, KMCL_SERVER_LOOPBACK_OFFER) ?:
	      kmcl_channel_enable(ch);
	if (!ret)
		kmcl_channel_disable(ch);
	kmcl_channel_cleanup(ch);
	return !ret;
}

static unsigned int armed(const struct kmcl_channel *ch)
{
	unsigned int i, count = 0;

	for (i = 0; i < KMCL_TRANSPORTS_MAX; i++)
		count += !!READ_ONCE(ch->armed[i]);
	return count;
}

/* Another transport than loopback takes the channel, and has the echo. */
static bool finds_echo(struct kmcl_channel *ch, bool loopback)
{
	if (kmcl_channel_set_target(ch, &hvhost_echo, &hvhost_echoes[ANSWERS]) ||
	    kmcl_channel_enable(ch) || armed(ch) == loopback)
		return false;
	return wait_event_timeout(ch->wait, kmcl_channel_get_state(ch) == KMCL_ACTIVE,
				  PAIR_PATIENCE);
}

static bool finds_hv_vmbus(bool loopback)
{
	struct kmcl_channel *ch = kmcl_channel_alloc();
	bool found;

	if (IS_ERR(ch))
		return false;
	found = finds_echo(ch, loopback);
	kmcl_channel_disable(ch);
	kmcl_channel_cleanup(ch);
	return found;
}

static int client_suite_init(struct kunit_suite *suite)
{
	transports[0].is_there = finds_loopback();
	transports[1].is_there = finds_hv_vmbus(transports[0].is_there);
	return 0;
}

static const void *transport_gen_params(const void *previous, char *desc)
{
	const struct transport *t = previous ? (const struct transport *)previous + 1 : transports;

	for (; t < transports + ARRAY_SIZE(transports); t++) {
		if (!t->is_there)
			continue;
		strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
		return t;
	}
	return NULL;
}

/* --- the echo at the other end of a loopback ------------------------------------------- */

static void answers_external(struct side *side, const struct got *got)
{
	const struct kmcl_received_data *data;
	__le32 answer[2];
	u32 i, crc = ~0;

	KUNIT_EXPECT_EQ(side->pair->test,
			kmcl_incoming_get_external(side->ch, got->handle, KMCL_EXTERNAL_MAP |
						   KMCL_EXTERNAL_READ_ONLY, &data), 0);
	for (i = 0; i < data->count; i++)
		crc = crc32_le(crc, kmcl_incoming_map(side->ch, got->handle, i),
			       data->ranges[i].length);
	answer[0] = cpu_to_le32(data->length);
	answer[1] = cpu_to_le32(~crc);
	kmcl_incoming_complete(side->ch, got->handle, answer, sizeof(answer));
}

static void answers(struct side *side, const struct got *got)
{
	if (got->flags & KMCL_RECEIVE_EXTERNAL)
		answers_external(side, got);
	else
		kmcl_incoming_complete(side->ch, got->handle, got->buffer, got->length);
}

/* What is kept is completed when the channel closes: see pair.c. */
static void is_mute(struct side *side, const struct got *got)
{
	side->hold = true;
	keep(side, got);
}

static void turns(struct side *side, const struct got *got)
{
	int i, n;

	is_mute(side, got);
	n = atomic_read(&side->nr_got);
	for (i = n; n % TURNED == 0 && i > n - TURNED; i--)
		got_answer(side, i - 1);
}

/* --- up --------------------------------------------------------------------------------- */

static struct pair *pair_of(struct kunit *test)
{
	return test->priv;
}

static bool over_loopback(const struct pair *pair)
{
	return ((const struct transport *)pair->test->param_value)->loopback;
}

/* The client's target; over loopback the echo is offered, too. */
static struct pair *echo_with(struct kunit *test, enum habit habit)
{
	static void (*const habits[])(struct side *side, const struct got *got) = {
		[ANSWERS] = answers, [TURNS] = turns, [IS_MUTE] = is_mute,
	};
	struct pair *pair = pair_of(test);

	if (over_loopback(pair)) {
		pair->server.on_packet = habits[habit];
		/* Ranges that are not in a row are mapped. */
		KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(pair->server.ch, true), 0);
		server_up(pair);
		return pair;
	}
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_target(pair->client.ch, &hvhost_echo,
						      &hvhost_echoes[habit]), 0);
	return pair;
}

static void opens(struct pair *pair)
{
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_ASSERT_TRUE(pair->test, reaches(&pair->client, KMCL_ACTIVE));
}

static struct pair *up_with(struct kunit *test, enum habit habit)
{
	struct pair *pair = echo_with(test, habit);

	opens(pair);
	return pair;
}

/* Sent, answered with what it held, once. */
static void check_echo(struct pair *pair, const u8 *payload, u32 length)
{
	struct kunit *test = pair->test;
	struct sent *sent = sent_new(&pair->client);
	u32 compared = min_t(u32, length, sizeof(sent->answer));

	KUNIT_ASSERT_EQ(test, sent_send(sent, payload, length), 0);
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_EQ(test, sent->length, round_up(length, 8));
	KUNIT_EXPECT_EQ(test, memcmp(sent->answer, payload, compared), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&sent->calls), 1);
}

/* A packet each, with its number in it. */
struct batch {
	atomic_t done;
	int count;
	int order[64];		/* which was done first, second, ... */
	struct sent *sent[64];
};

static void is_done(struct sent *sent)
{
	struct batch *batch = sent->own;
	u64 number;

	memcpy(&number, sent->answer, sizeof(number));
	batch->order[atomic_fetch_inc(&batch->done) % ARRAY_SIZE(batch->order)] = number;
}

static struct batch *batch_send(struct pair *pair, int count, u32 length)
{
	struct kunit *test = pair->test;
	struct batch *batch = kunit_kzalloc(test, sizeof(*batch), GFP_KERNEL);
	u8 *payload = kunit_kzalloc(test, length, GFP_KERNEL);
	u64 i;

	KUNIT_ASSERT_NOT_NULL(test, batch);
	KUNIT_ASSERT_NOT_NULL(test, payload);
	batch->count = count;
	for (i = 0; i < count; i++) {
		batch->sent[i] = sent_new(&pair->client);
		batch->sent[i]->own = batch;
		batch->sent[i]->on_done = is_done;
		memcpy(payload, &i, sizeof(i));
		KUNIT_ASSERT_EQ(test, sent_send(batch->sent[i], payload, length), 0);
	}
	return batch;
}

/* Each with its own answer, once. */
static void check_batch(struct pair *pair, struct batch *batch)
{
	struct kunit *test = pair->test;
	u64 i;

	for (i = 0; i < batch->count; i++) {
		KUNIT_ASSERT_TRUE(test, sent_done(batch->sent[i]));
		KUNIT_EXPECT_EQ(test, batch->sent[i]->status, 0);
		KUNIT_EXPECT_EQ(test, memcmp(batch->sent[i]->answer, &i, sizeof(i)), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&batch->sent[i]->calls), 1);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&batch->done), batch->count);
}

/* --- opening and closing ---------------------------------------------------------------- */

static void a_client_is_told_of_its_life_in_order(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);

	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "osp"));
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(pair->client.ch), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospuc"));
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_state(pair->client.ch), KMCL_DISABLED);
}

static void the_offer_is_the_one_that_was_asked_for(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	const struct kmcl_config *config = &pair->client.ch->config;
	struct kmcl_offer offer;
	guid_t instance;

	KUNIT_ASSERT_EQ(test, kmcl_channel_get_offer(pair->client.ch, &offer), 0);
	KUNIT_EXPECT_TRUE(test, guid_equal(&offer.type, &config->type));
	KUNIT_EXPECT_TRUE(test, guid_equal(&offer.instance, &config->instance));
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_instance(pair->client.ch, &instance), 0);
	KUNIT_EXPECT_TRUE(test, guid_equal(&instance, &config->instance));
}

static void a_channel_opens_as_often_as_it_is_enabled(struct kunit *test)
{
	struct pair *pair = echo_with(test, ANSWERS);
	int i;

	for (i = 0; i < 5; i++) {
		opens(pair);
		check_echo(pair, "round", 5);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	}
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospucospucospucospucospuc"));
}

static void a_pause_holds_answers_back_until_the_start(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	struct sent *sent = sent_new(&pair->client);

	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospu"));
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_state(pair->client.ch), KMCL_PAUSED);
	KUNIT_ASSERT_EQ(test, sent_send(sent, "paused", 6), 0);
	KUNIT_EXPECT_EQ(test, pair->client.ch->stats.tx.sent, 1ull);
	KUNIT_EXPECT_EQ(test, pair->client.ch->stats.rx.completions_received, 0ull);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospusp"));
}

/* Design rule 1. */
static void disabling_ends_packets_that_are_out(struct kunit *test)
{
	struct pair *pair = up_with(test, IS_MUTE);
	struct batch *batch = batch_send(pair, 16, 100);
	int i;

	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	for (i = 0; i < batch->count; i++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&batch->sent[i]->calls), 1);
		KUNIT_EXPECT_EQ(test, batch->sent[i]->status, -ENODEV);
		KUNIT_EXPECT_EQ(test, atomic_read(&batch->sent[i]->packet->state),
				(int)KMCL_PACKET_IDLE);
	}
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospuc"));
}

/* --- packets ----------------------------------------------------------------------------- */

static void a_packet_is_answered_with_what_it_held(struct kunit *test)
{
	static const u32 lengths[] = { 0, 1, 7, 8, 9, 63, 1000, PAIR_PACKET - 1, PAIR_PACKET };
	u8 *payload = kunit_kzalloc(test, PAIR_PACKET, GFP_KERNEL);
	struct pair *pair = up_with(test, ANSWERS);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, payload);
	for (i = 0; i < PAIR_PACKET; i++)
		payload[i] = i * 7 + 1;
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		check_echo(pair, payload, lengths[i]);
	KUNIT_EXPECT_EQ(test, sent_send(sent_new(&pair->client), payload, PAIR_PACKET + 1),
			-EMSGSIZE);
}

static void a_packet_that_asks_for_nothing_ends_in_the_ring(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	struct sent *sent = sent_new(&pair->client);

	KUNIT_ASSERT_EQ(test, kmcl_packet_send(sent->packet, "one way", 7, 0), 0);
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_EQ(test, sent->length, 0);
	check_echo(pair, "behind it", 9);
	KUNIT_EXPECT_EQ(test, atomic_read(&sent->calls), 1);
	KUNIT_EXPECT_EQ(test, pair->client.ch->stats.rx.completions_received, 1ull);
}

static void a_packet_that_is_sent_early_waits_for_the_opening(struct kunit *test)
{
	struct pair *pair = echo_with(test, ANSWERS);
	struct sent *sent = sent_new(&pair->client);

	KUNIT_ASSERT_EQ(test, sent_send(sent, "early", 5), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&sent->calls), 0);
	opens(pair);
	KUNIT_EXPECT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_EQ(test, memcmp(sent->answer, "early", 5), 0);
}

static void many_at_once_end_in_order(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	struct batch *batch = batch_send(pair, 64, 40);
	int i;

	check_batch(pair, batch);
	for (i = 0; i < batch->count; i++)
		KUNIT_EXPECT_EQ(test, batch->order[i], i);
}

static void answers_in_another_order_find_their_packets(struct kunit *test)
{
	struct pair *pair = up_with(test, TURNS);
	struct batch *batch = batch_send(pair, 2 * TURNED, 40);
	int i;

	check_batch(pair, batch);
	for (i = 0; i < batch->count; i++)
		KUNIT_EXPECT_EQ(test, batch->order[i], i ^ (TURNED - 1));
}

/*
 * A channel that is paused reads nothing, so the echo soon cannot answer any more, and reads
 * nothing either: each ring holds seven, a server PAIR_INCOMING besides, and hvhost one.
 */
static void a_full_ring_queues_and_drains_in_order(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	struct batch *batch;
	int i;

	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	batch = batch_send(pair, 64, PAIR_PACKET);
	KUNIT_EXPECT_GT(test, pair->client.ch->stats.tx.ring_full, 0ull);
	KUNIT_EXPECT_LE(test, pair->client.ch->stats.tx.sent, 14ull + PAIR_INCOMING);
	KUNIT_EXPECT_EQ(test, atomic_read(&batch->done), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->client.ch), 0);
	check_batch(pair, batch);
	for (i = 0; i < batch->count; i++)
		KUNIT_EXPECT_EQ(test, batch->order[i], i);
}

/* What waits in the queue ends with the channel, and was never sent. */
static void disabling_ends_packets_that_wait_for_room(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	struct batch *batch;
	int i;

	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	batch = batch_send(pair, 64, PAIR_PACKET);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	for (i = 0; i < batch->count; i++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&batch->sent[i]->calls), 1);
		KUNIT_EXPECT_EQ(test, batch->sent[i]->status, -ENODEV);
	}
}

#define AGAIN	100

static void goes_again(struct sent *sent)
{
	int *rounds = sent->own;

	if (!sent->status && ++*rounds < AGAIN)
		kmcl_packet_send(sent->packet, "again", 5, KMCL_SEND_COMPLETION);
	else
		sent->own = NULL;
}

static void a_packet_may_be_sent_again_from_its_routine(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	struct sent *sent = sent_new(&pair->client);
	int rounds = 0;

	sent->own = &rounds;
	sent->on_done = goes_again;
	KUNIT_ASSERT_EQ(test, sent_send(sent, "first", 5), 0);
	KUNIT_EXPECT_TRUE(test, pair_sees(pair, atomic_read_acquire(&sent->calls) == AGAIN));
	/* Nothing of it is out when the stack goes. */
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_EXPECT_EQ(test, rounds, AGAIN);
	KUNIT_EXPECT_EQ(test, atomic_read(&sent->calls), AGAIN);
}

/* It is no packet of kmcl_packet_alloc(): nothing frees it. */
static void a_packet_may_lie_in_memory_of_the_drivers(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	u32 bytes = kmcl_packet_size(pair->client.ch);
	struct sent *sent = kunit_kzalloc(test, sizeof(*sent), GFP_KERNEL);
	void *memory = kunit_kzalloc(test, bytes, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, sent);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	sent->side = &pair->client;
	KUNIT_ASSERT_EQ(test, kmcl_packet_init(pair->client.ch, memory, bytes, GFP_KERNEL,
					       &sent->packet), 0);
	kmcl_packet_set_pointer(sent->packet, sent);
	kmcl_packet_set_completion(sent->packet, sent_told);
	for (i = 1; i <= 3; i++) {
		KUNIT_ASSERT_EQ(test, sent_send(sent, "my own", 6), 0);
		KUNIT_ASSERT_TRUE(test, pair_sees(pair, atomic_read_acquire(&sent->calls) == i));
		KUNIT_EXPECT_EQ(test, sent->status, 0);
		KUNIT_EXPECT_EQ(test, memcmp(sent->answer, "my own", 6), 0);
	}
}

/* --- requests ---------------------------------------------------------------------------- */

static void a_request_brings_its_answer(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	u8 answer[24] = { 0 };
	struct kmcl_request request = {
		.buffer = "a question", .length = 10, .flags = KMCL_SEND_COMPLETION,
		.answer = answer, .answer_size = sizeof(answer), .timeout = KMCL_WAIT_FOREVER,
	};

	KUNIT_EXPECT_EQ(test, kmcl_channel_request(pair->client.ch, &request), 0);
	KUNIT_EXPECT_EQ(test, request.answer_length, 16);
	KUNIT_EXPECT_EQ(test, memcmp(answer, "a question", 10), 0);
	request.answer_size = 8;
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(pair->client.ch, &request), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, request.answer_length, 8);
}

static void a_request_ends_when_its_time_is_over(struct kunit *test)
{
	struct pair *pair = up_with(test, IS_MUTE);
	struct kmcl_request request = {
		.buffer = "a question", .length = 10, .flags = KMCL_SEND_COMPLETION,
		.timeout = ms_to_ktime(20),
	};
	ktime_t begin = ktime_get();

	KUNIT_EXPECT_EQ(test, kmcl_channel_request(pair->client.ch, &request), -ETIMEDOUT);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin), 20);
	KUNIT_EXPECT_EQ(test, atomic64_read(&pair->client.ch->stats.any.requests_left), 1);
}

/* It goes out, and is left to itself. */
static void a_request_without_time_does_not_wait_for_an_answer(struct kunit *test)
{
	struct pair *pair = up_with(test, IS_MUTE);
	struct kmcl_request request = {
		.buffer = "a question", .length = 10, .flags = KMCL_SEND_COMPLETION,
	};

	KUNIT_EXPECT_EQ(test, kmcl_channel_request(pair->client.ch, &request), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, pair->client.ch->stats.tx.sent, 1ull);
	request.flags = 0;
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(pair->client.ch, &request), 0);
	KUNIT_EXPECT_EQ(test, pair->client.ch->stats.tx.sent, 2ull);
}

static void a_request_without_time_needs_room(struct kunit *test)
{
	u8 *payload = kunit_kzalloc(test, PAIR_PACKET, GFP_KERNEL);
	struct pair *pair = up_with(test, ANSWERS);
	struct kmcl_request request = { .buffer = payload, .length = PAIR_PACKET };
	struct batch *batch;

	KUNIT_ASSERT_NOT_NULL(test, payload);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(pair->client.ch, &request), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	batch = batch_send(pair, 64, PAIR_PACKET);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(pair->client.ch, &request), -EAGAIN);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->client.ch), 0);
	check_batch(pair, batch);
	check_echo(pair, "there is room", 13);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(pair->client.ch, &request), 0);
}

/* --- memory ------------------------------------------------------------------------------ */

static void free_page_action(void *page)
{
	__free_pages(page, 2);
}

/* With contents that differ from byte to byte. */
static struct page *four_pages(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	u8 *at;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_page_action, page), 0);
	at = page_address(page);
	for (i = 0; i < 4 * PAGE_SIZE; i++)
		at[i] = i * 7 + i / 251;
	return page;
}

/* The echo of it: its length and CRC-32. */
static void check_external(struct pair *pair, const struct kmcl_external_data *data, u32 length,
			   u32 crc)
{
	struct kunit *test = pair->test;
	struct sent *sent = sent_new(&pair->client);
	__le32 answer[2];

	KUNIT_ASSERT_EQ(test, kmcl_packet_send_external(sent->packet, "data", 4, data,
							KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_EQ(test, sent->length, HVHOST_ECHO_GPA_COMPLETION);
	memcpy(answer, sent->answer, sizeof(answer));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer[0]), length);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer[1]), crc);
}

static void every_byte_of_a_buffer_is_seen(struct kunit *test)
{
	static const struct { u32 at, bytes; } parts[] = {
		{ 0, 1 }, { 4095, 1 }, { 4095, 2 }, { 100, 3996 }, { 0, 4096 }, { 1, 4096 },
		{ 7, 3 * PAGE_SIZE }, { 0, 4 * PAGE_SIZE },
	};
	struct pair *pair = up_with(test, ANSWERS);
	u8 *memory = page_address(four_pages(test));
	struct kmcl_external_data data;
	int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		data = kmcl_external_buffer(memory + parts[i].at, parts[i].bytes, DMA_TO_DEVICE);
		check_external(pair, &data, parts[i].bytes,
			       ~crc32_le(~0, memory + parts[i].at, parts[i].bytes));
	}
	KUNIT_EXPECT_EQ(test, pair->client.ch->stats.tx.sent_external,
			(u64)ARRAY_SIZE(parts));
}

/* Four pieces, no two in a row. */
static void every_byte_of_a_scatterlist_is_seen(struct kunit *test)
{
	static const struct { u32 offset, bytes; } parts[] = {
		{ 0x123, 1 }, { 77, PAGE_SIZE - 77 }, { 0, 1001 }, { 5, 4001 },
	};
	struct pair *pair = up_with(test, ANSWERS);
	struct page *page = four_pages(test);
	struct kmcl_external_data data;
	struct scatterlist sgl[4];
	u32 length = 0, crc = ~0;
	int i;

	sg_init_table(sgl, 4);
	for (i = 0; i < 4; i++) {
		struct page *piece = nth_page(page, 3 - i);

		sg_set_page(&sgl[i], piece, parts[i].bytes, parts[i].offset);
		crc = crc32_le(crc, page_address(piece) + parts[i].offset, parts[i].bytes);
		length += parts[i].bytes;
	}
	data = kmcl_external_sg(sgl, 4, DMA_TO_DEVICE);
	check_external(pair, &data, length, ~crc);
}

static void memory_is_shared_and_taken_back(struct kunit *test)
{
	struct pair *pair = up_with(test, ANSWERS);
	struct page *page = four_pages(test);
	struct page *pages[4];
	u32 one, other;
	int i;

	for (i = 0; i < 4; i++)
		pages[i] = nth_page(page, i);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_create(pair->client.ch, page_address(page), PAGE_SIZE, 0,
						&one), 0);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_create_pages(pair->client.ch, pages + 1, 0, 3 * PAGE_SIZE,
						      KMCL_GPADL_READ_ONLY, &other), 0);
	KUNIT_EXPECT_NE(test, one, other);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(pair->client.ch, one), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(pair->client.ch, one), -ENOENT);
	check_echo(pair, "meanwhile", 9);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(pair->client.ch, other), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&pair->client.ch->stats.any.gpadls_created), 2);
	KUNIT_EXPECT_EQ(test, atomic64_read(&pair->client.ch->stats.any.gpadls_deleted), 2);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(pair->client.ch, page_address(page), PAGE_SIZE, 0,
						&one), -ENOTCONN);
}

static struct kunit_case client_cases[] = {
	KUNIT_CASE_PARAM(a_client_is_told_of_its_life_in_order, transport_gen_params),
	KUNIT_CASE_PARAM(the_offer_is_the_one_that_was_asked_for, transport_gen_params),
	KUNIT_CASE_PARAM(a_channel_opens_as_often_as_it_is_enabled, transport_gen_params),
	KUNIT_CASE_PARAM(a_pause_holds_answers_back_until_the_start, transport_gen_params),
	KUNIT_CASE_PARAM(disabling_ends_packets_that_are_out, transport_gen_params),
	KUNIT_CASE_PARAM(a_packet_is_answered_with_what_it_held, transport_gen_params),
	KUNIT_CASE_PARAM(a_packet_that_asks_for_nothing_ends_in_the_ring, transport_gen_params),
	KUNIT_CASE_PARAM(a_packet_that_is_sent_early_waits_for_the_opening, transport_gen_params),
	KUNIT_CASE_PARAM(many_at_once_end_in_order, transport_gen_params),
	KUNIT_CASE_PARAM(answers_in_another_order_find_their_packets, transport_gen_params),
	KUNIT_CASE_PARAM(a_full_ring_queues_and_drains_in_order, transport_gen_params),
	KUNIT_CASE_PARAM(disabling_ends_packets_that_wait_for_room, transport_gen_params),
	KUNIT_CASE_PARAM(a_packet_may_be_sent_again_from_its_routine, transport_gen_params),
	KUNIT_CASE_PARAM(a_packet_may_lie_in_memory_of_the_drivers, transport_gen_params),
	KUNIT_CASE_PARAM(a_request_brings_its_answer, transport_gen_params),
	KUNIT_CASE_PARAM(a_request_ends_when_its_time_is_over, transport_gen_params),
	KUNIT_CASE_PARAM(a_request_without_time_does_not_wait_for_an_answer, transport_gen_params),
	KUNIT_CASE_PARAM(a_request_without_time_needs_room, transport_gen_params),
	KUNIT_CASE_PARAM(every_byte_of_a_buffer_is_seen, transport_gen_params),
	KUNIT_CASE_PARAM(every_byte_of_a_scatterlist_is_seen, transport_gen_params),
	KUNIT_CASE_PARAM(memory_is_shared_and_taken_back, transport_gen_params),
	{}
};

static struct kunit_suite client_suite = {
	.name = "kmcl_client",
	.suite_init = client_suite_init,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = client_cases,
};

kunit_test_suite(client_suite);

MODULE_DESCRIPTION("KUnit suite: a client over every transport");
MODULE_LICENSE("GPL");
