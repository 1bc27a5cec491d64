// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server is saved, and another goes on with its client: nothing is lost, nothing is
 * repeated, and the client notices nothing.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "pair.c"
#include "fault.c"

#define STATE_MAX	(1u << 20)
#define MARK		0x5aedu

/**
 * struct saving - what a case keeps
 * @state: what was saved
 * @bytes: of it
 * @own: bytes that the driver saves with each packet: the packet's number
 * @save_error: what the save callback fails with
 * @restore_error: what the restore callback fails with
 * @restored: packets
 * @sent: what they are now, the first PAIR_KEPT
 * @on_restore: instead of all that
 */
struct saving {
	u8 *state;
	u32 bytes;
	u32 own;
	int save_error;
	int restore_error;
	int restored;
	struct sent *sent[PAIR_KEPT];
	int (*on_restore)(struct side *side, const void *saved, u32 size);
};

static struct pair *pair_of(struct kunit *test)
{
	return test->priv;
}

static struct saving *saving_of(struct side *side)
{
	return side->pair->own;
}

/* Number and mark, then nothing. */
static int on_save(struct kmcl_channel *ch, struct kmcl_packet *packet, void *buffer, u32 size,
		   u32 *needed)
{
	struct saving *saving = saving_of(kmcl_channel_get_pointer(ch));
	struct sent *sent = kmcl_packet_get_pointer(packet);
	u32 words[2] = { MARK, (u32)(uintptr_t)sent->own };

	if (saving->save_error || !saving->own)
		return saving->save_error;
	*needed = saving->own;
	if (size < saving->own)
		return -ENOBUFS;
	memset(buffer, 0xee, size);
	memcpy(buffer, words, min_t(u32, sizeof(words), size));
	return 0;
}

static int take_up(struct side *side, const void *saved, u32 size, const void *own, u32 own_size)
{
	struct saving *saving = saving_of(side);
	struct sent *sent = sent_new(side);
	u32 words[2] = {};
	int ret = kmcl_packet_restore(sent->packet, saved, size);

	memcpy(words, own, min_t(u32, sizeof(words), own_size));
	if (own_size >= sizeof(words))
		KUNIT_EXPECT_EQ(side->pair->test, words[0], MARK);
	sent->own = (void *)(uintptr_t)words[1];
	if (saving->restored < PAIR_KEPT)
		saving->sent[saving->restored] = sent;
	saving->restored += !ret;
	return ret;
}

static int on_restore(struct kmcl_channel *ch, const void *saved, u32 size, const void *own,
		      u32 own_size)
{
	struct side *side = kmcl_channel_get_pointer(ch);
	struct saving *saving = saving_of(side);

	KUNIT_EXPECT_EQ(side->pair->test, own_size, saving->own);
	if (saving->restore_error)
		return saving->restore_error;
	if (saving->on_restore)
		return saving->on_restore(side, saved, size);
	return take_up(side, saved, size, own, own_size);
}

static int save_init(struct kunit *test)
{
	struct saving *saving = kunit_kzalloc(test, sizeof(*saving), GFP_KERNEL);
	int ret = pair_init(test);

	if (ret || !saving)
		return ret ?: -ENOMEM;
	saving->state = kunit_kzalloc(test, STATE_MAX, GFP_KERNEL);
	saving->own = 12;
	pair_of(test)->own = saving;
	return saving->state ? kmcl_channel_set_save_callbacks(pair_of(test)->server.ch, on_save,
							       on_restore) : -ENOMEM;
}

/* Disabled: nobody is told but the driver. */
static void server_ends(struct pair *pair)
{
	end(&pair->server);
	KUNIT_EXPECT_EQ(pair->test, kmcl_channel_cleanup(pair->server.ch), 0);
	memset(&pair->server, 0, sizeof(pair->server));
}

/* Another one, with the same offer. */
static void server_begins(struct pair *pair)
{
	struct side *side = &pair->server;

	KUNIT_ASSERT_EQ(pair->test, configure(pair, side, kmcl_channel_alloc_server()), 0);
	KUNIT_ASSERT_EQ(pair->test,
			kmcl_channel_set_offer(side->ch, &pair_type, &pair_instance), 0);
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_set_server_flags(side->ch,
								  KMCL_SERVER_LOOPBACK_OFFER), 0);
	KUNIT_ASSERT_EQ(pair->test,
			kmcl_channel_set_save_callbacks(side->ch, on_save, on_restore), 0);
}

/* Paused, begun, in one piece, ended. */
static u32 save_into(struct pair *pair, void *state, u32 size)
{
	struct kmcl_channel *ch = pair->server.ch;
	u32 filled, required;

	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_pause(ch), 0);
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_save_begin(ch), 0);
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_save_continue(ch, state, size, &filled,
							       &required), 0);
	KUNIT_EXPECT_EQ(pair->test, required, 0);
	kmcl_channel_save_end(ch);
	return filled;
}

static void save_all(struct pair *pair)
{
	struct saving *saving = pair->own;

	saving->bytes = save_into(pair, saving->state, STATE_MAX);
}

static int restore_all(struct pair *pair)
{
	struct saving *saving = pair->own;

	return kmcl_channel_restore(pair->server.ch, saving->state, saving->bytes);
}

static void server_up_again(struct pair *pair)
{
	server_up(pair);
	KUNIT_ASSERT_TRUE(pair->test, reaches(&pair->server, KMCL_ACTIVE));
}

/* All of it. */
static void server_moves(struct pair *pair)
{
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	KUNIT_ASSERT_EQ(pair->test, restore_all(pair), 0);
	server_up_again(pair);
}

static struct sent *server_sends(struct pair *pair, u32 number)
{
	struct sent *sent = sent_new(&pair->server);

	sent->own = (void *)(uintptr_t)number;
	KUNIT_ASSERT_EQ(pair->test, sent_send(sent, &number, sizeof(number)), 0);
	return sent;
}

static u64 count_of(struct side *side, const char *name)
{
	struct kmcl_stats *stats = &side->ch->stats;

	if (!strcmp(name, "restored"))
		return atomic64_read(&stats->any.packets_restored);
	if (!strcmp(name, "saved"))
		return atomic64_read(&stats->any.packets_saved);
	return READ_ONCE(stats->tx.queued);
}

/* --- what outlives the server --------------------------------------------------------- */

static void the_client_notices_nothing(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct sent *before, *after;

	pair_up(pair);
	before = sent_new(&pair->client);
	KUNIT_ASSERT_EQ(test, sent_send(before, "before", 6), 0);
	KUNIT_EXPECT_TRUE(test, sent_done(before));
	save_all(pair);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospuc"));
	server_ends(pair);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_state(pair->client.ch), KMCL_ACTIVE);
	after = sent_new(&pair->client);
	KUNIT_ASSERT_EQ(test, sent_send(after, "after", 5), 0);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up_again(pair);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "osp"));
	KUNIT_EXPECT_TRUE(test, sent_done(after));
	KUNIT_EXPECT_EQ(test, after->status, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->server.nr_got), 1);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "osp"));
}

/* The client answers with what it got: the number that the driver has saved for it. */
static void a_packet_finds_its_answer_after_the_restore(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct sent *old[5];
	int i;

	pair->client.hold = true;
	pair_up(pair);
	for (i = 0; i < 5; i++)
		old[i] = server_sends(pair, 100 + i);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 5));
	got_answer(&pair->client, 1);
	KUNIT_ASSERT_TRUE(test, sent_done(old[1]));
	save_all(pair);
	KUNIT_EXPECT_EQ(test, count_of(&pair->server, "saved"), 4);
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, old[i]->status, i == 1 ? 0 : -ENODEV);
	server_ends(pair);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	KUNIT_ASSERT_EQ(test, saving->restored, 4);
	KUNIT_EXPECT_EQ(test, count_of(&pair->server, "restored"), 4);
	server_up_again(pair);
	for (i = 4; i >= 0; i--)
		got_answer(&pair->client, i);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_TRUE(test, sent_done(saving->sent[i]));
		KUNIT_EXPECT_EQ(test, saving->sent[i]->status, 0);
		KUNIT_EXPECT_EQ(test, *(u32 *)saving->sent[i]->answer,
				(u32)(uintptr_t)saving->sent[i]->own);
		KUNIT_EXPECT_EQ(test, atomic_read(&saving->sent[i]->calls), 1);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->client.nr_got), 5);
}

/* Numbers, in order, once each. */
static void expects_next(struct side *side, const struct got *got)
{
	u32 number = *(u32 *)got->buffer;

	KUNIT_EXPECT_EQ(side->pair->test, number, atomic_read(&side->nr_got));
	kmcl_incoming_complete(side->ch, got->handle, got->buffer, got->length);
	atomic_inc_return_release(&side->nr_got);
	wake_up_all(&side->pair->events);
}

static u32 server_fills_the_ring(struct pair *pair)
{
	u64 before = count_of(&pair->server, "queued");
	u32 sent;

	for (sent = 0; count_of(&pair->server, "queued") < before + 7; sent++)
		server_sends(pair, sent);
	return sent;
}

static void the_queue_goes_out_after_the_restore(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	u32 sent;

	pair->client.on_packet = expects_next;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	sent = server_fills_the_ring(pair);
	server_moves(pair);
	KUNIT_EXPECT_EQ(test, saving->restored, sent);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, gets(&pair->client, sent));
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[0]));
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->client.nr_got), sent);
}

#define ASKED	6u

/* The client's ring is full: the server has answered, and that waits too. */
static void with_answers_in_the_queue(struct pair *pair, struct sent *asked[ASKED])
{
	u32 i;

	pair->client.on_packet = expects_next;
	pair_up(pair);
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_pause(pair->client.ch), 0);
	server_fills_the_ring(pair);
	for (i = 0; i < ASKED; i++) {
		asked[i] = sent_new(&pair->client);
		KUNIT_ASSERT_EQ(pair->test, sent_send(asked[i], &i, sizeof(i)), 0);
	}
	KUNIT_ASSERT_TRUE(pair->test, gets(&pair->server, ASKED));
}

/* By the server that was restored, which was not asked. */
static void expect_answers(struct pair *pair, struct sent *asked[ASKED])
{
	u32 i;

	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_start(pair->client.ch), 0);
	for (i = 0; i < ASKED; i++) {
		KUNIT_EXPECT_TRUE(pair->test, sent_done(asked[i]));
		KUNIT_EXPECT_EQ(pair->test, asked[i]->status, 0);
		KUNIT_EXPECT_EQ(pair->test, *(u32 *)asked[i]->answer, i);
	}
	KUNIT_EXPECT_EQ(pair->test, atomic_read(&pair->server.nr_got), 0);
}

static void answers_in_the_queue_go_out_after_the_restore(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct sent *asked[ASKED];

	with_answers_in_the_queue(pair, asked);
	server_moves(pair);
	expect_answers(pair, asked);
}

/* Each answer repeats a packet, which comes in whole words: 8 bytes. */
static void an_answer_above_the_reserve_is_not_restored(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct sent *asked[ASKED];
	struct kmcl_channel *ch;

	with_answers_in_the_queue(pair, asked);
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	ch = pair->server.ch;
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(ch, PAIR_INCOMING, 7), 0);
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, saving->restored, 0);
	KUNIT_EXPECT_FALSE(test, ch->restore.begun);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(ch, PAIR_INCOMING, 8), 0);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up_again(pair);
	expect_answers(pair, asked);
}

/* Sent while the channel was not open: for the next client. */
static void what_waits_for_a_client_waits_after_the_restore(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair->client.on_packet = expects_next;
	server_sends(pair, 0);
	server_up(pair);
	server_sends(pair, 1);
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up(pair);
	client_up(pair);
	KUNIT_EXPECT_TRUE(test, gets(&pair->client, 2));
}

/**
 * struct question - a request that another thread makes
 * @ch: on which
 * @result: of it
 * @over: it has returned
 * @work: makes it
 */
struct question {
	struct kmcl_channel *ch;
	int result;
	struct completion over;
	struct work_struct work;
};

static void question_work(struct work_struct *work)
{
	struct question *question = container_of(work, struct question, work);
	struct kmcl_request request = {
		.buffer = "why", .length = 3, .flags = KMCL_SEND_COMPLETION,
		.timeout = KMCL_WAIT_FOREVER,
	};

	question->result = kmcl_channel_request(question->ch, &request);
	complete(&question->over);
}

/* Who waits for it is told; the answer, when it comes, names nothing. */
static void a_request_is_not_saved(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct question *question = kunit_kzalloc(test, sizeof(*question), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, question);
	pair->client.hold = true;
	pair_up(pair);
	question->ch = pair->server.ch;
	init_completion(&question->over);
	INIT_WORK(&question->work, question_work);
	queue_work(system_unbound_wq, &question->work);
	KUNIT_EXPECT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	KUNIT_EXPECT_EQ(test, count_of(&pair->server, "saved"), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&question->over, PAIR_PATIENCE));
	flush_work(&question->work);
	KUNIT_EXPECT_EQ(test, question->result, -ENODEV);
	server_ends(pair);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	KUNIT_EXPECT_EQ(test, saving->restored, 0);
	server_up_again(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_EQ(test, sent_send(sent_new(&pair->client), "on", 2), 0);
	KUNIT_EXPECT_TRUE(test, gets(&pair->server, 1));
	KUNIT_EXPECT_EQ(test, READ_ONCE(pair->server.ch->stats.rx.rejected_id), 1);
}

/* --- parts ---------------------------------------------------------------------------- */

/* With exactly what is required each call writes one chunk, and all of them are the same. */
static void each_call_goes_on_where_the_last_one_stopped(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ch = pair->server.ch;
	struct saving *saving = pair->own;
	u32 filled, required, total = 0, calls = 0, need = 0;
	u8 *parts = kunit_kzalloc(test, STATE_MAX, GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, parts);
	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	server_sends(pair, 2);
	save_all(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_save_begin(ch), 0);
	do {
		if (need) {
			ret = kmcl_channel_save_continue(ch, parts + total, need - 1, &filled,
							 &required);
			KUNIT_EXPECT_EQ(test, ret, -ENOBUFS);
			KUNIT_EXPECT_EQ(test, filled, 0);
			KUNIT_EXPECT_EQ(test, required, need);
		}
		ret = kmcl_channel_save_continue(ch, parts + total, need, &filled, &need);
		KUNIT_EXPECT_EQ(test, filled % 8, 0);
		total += filled;
		calls++;
	} while (ret == -EOVERFLOW || ret == -ENOBUFS);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, calls, 5);
	KUNIT_EXPECT_EQ(test, total, saving->bytes);
	/* Each save has another name for the connection: 8 bytes, behind the first chunk's head. */
	KUNIT_EXPECT_NE(test, memcmp(parts + 16, saving->state + 16, 8), 0);
	memcpy(parts + 16, saving->state + 16, 8);
	KUNIT_EXPECT_MEMEQ(test, parts, saving->state, total);
	/* There is nothing after the end. */
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, parts, 8, &filled, &required), 0);
	KUNIT_EXPECT_EQ(test, filled, 0);
	kmcl_channel_save_end(ch);
}

/* Chunk by chunk: each begins with its size in the third word. */
static void a_state_may_be_restored_chunk_by_chunk(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	u32 at, bytes;
	int ret;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	server_sends(pair, 2);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 2));
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	for (at = 0; at < saving->bytes; at += bytes) {
		bytes = ((u32 *)(saving->state + at))[2];
		/* Not a whole one changes nothing. */
		ret = kmcl_channel_restore(pair->server.ch, saving->state + at, bytes - 1);
		KUNIT_EXPECT_EQ(test, ret, -EINVAL);
		ret = kmcl_channel_restore(pair->server.ch, saving->state + at, bytes);
		KUNIT_EXPECT_EQ(test, ret, at + bytes < saving->bytes ? -EAGAIN : 0);
		if (ret)
			KUNIT_EXPECT_EQ(test, kmcl_channel_enable(pair->server.ch), -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EINVAL);
	server_up_again(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[1]));
}

static void a_driver_may_save_nothing_of_its_own(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;

	saving->own = 0;
	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	server_moves(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[0]));
}

static void what_a_driver_saves_has_a_limit(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ch = pair->server.ch;
	struct saving *saving = pair->own;
	u32 filled, required;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	saving->own = KMCL_SAVE_OWN_MAX;
	save_all(pair);
	KUNIT_EXPECT_GT(test, saving->bytes, KMCL_SAVE_OWN_MAX);
	saving->own = KMCL_SAVE_OWN_MAX + 1;
	KUNIT_ASSERT_EQ(test, kmcl_channel_save_begin(ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, saving->state, STATE_MAX, &filled,
							 &required), -E2BIG);
	kmcl_channel_save_end(ch);
}

static void a_driver_may_fail_to_save(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ch = pair->server.ch;
	struct saving *saving = pair->own;
	u32 filled, required;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(ch), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_save_begin(ch), 0);
	saving->save_error = -EXDEV;
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, saving->state, STATE_MAX, &filled,
							 &required), -EXDEV);
	/* What would say that the caller is to go on says something else. */
	saving->save_error = -ENOBUFS;
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, saving->state, STATE_MAX, &filled,
							 &required), -EIO);
	saving->save_error = -EOVERFLOW;
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, saving->state, STATE_MAX, &filled,
							 &required), -EIO);
	kmcl_channel_save_end(ch);
	/* It was not complete: the channel goes on. */
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_ACTIVE));
	got_answer_all(&pair->client);
}

/* --- a save that comes to nothing ----------------------------------------------------- */

static void starting_calls_a_save_off(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	u32 sent;

	pair->client.on_packet = expects_next;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	sent = server_fills_the_ring(pair);
	save_all(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->client.ch), 0);
	KUNIT_ASSERT_TRUE(test, reaches(&pair->client, KMCL_ACTIVE));
	/* What the ring has room for again waits nevertheless. */
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, sent - 7));
	server_sends(pair, sent++);
	KUNIT_EXPECT_EQ(test, count_of(&pair->server, "queued"), 8);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, gets(&pair->client, sent));
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
}

static void a_save_that_is_not_complete_changes_nothing(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	u32 filled, required;

	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->server.ch), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_save_begin(pair->server.ch), 0);
	server_sends(pair, 0);
	KUNIT_EXPECT_EQ(test, count_of(&pair->server, "queued"), 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(pair->server.ch, saving->state, 80,
							 &filled, &required), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->client.nr_got), 0);
	kmcl_channel_save_end(pair->server.ch);
	KUNIT_EXPECT_TRUE(test, gets(&pair->client, 1));
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospuc"));
}

/* Until the save ends: start, and the closing that the client has begun. */
static void nothing_moves_during_a_save(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ch = pair->server.ch;

	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(ch), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_save_begin(ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_begin(ch), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_quota(ch, 5), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_pipe(ch, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(ch), 0);
	flush_workqueue(ch->wq);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_state(ch), KMCL_PAUSED);
	kmcl_channel_save_end(ch);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_ACTIVE));
}

static void a_disable_ends_a_save(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ch = pair->server.ch;
	u32 filled, required;
	u8 byte;

	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(ch), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_save_begin(ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, &byte, 1, &filled, &required),
			-EINVAL);
	kmcl_channel_save_end(ch);
}

static void a_client_that_goes_ends_what_was_saved(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	pair->client.on_suspend = NULL;
	got_answer_all(&pair->client);
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_ENABLED));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospuc"));
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(pair->server.ch), 0);
	client_up(pair);
}

/* --- who may not ---------------------------------------------------------------------- */

static void refuses_to_save(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ch = pair->server.ch, *client = pair->client.ch;
	u32 filled = 1, required = 1;
	u8 byte;

	KUNIT_EXPECT_EQ(test, kmcl_channel_save_begin(NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_begin(client), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(NULL, &byte, 1, &filled, &required),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, NULL, 1, &filled, &required),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, &byte, 1, NULL, &required), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, &byte, 1, &filled, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(ch, &byte, 1, &filled, &required),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, filled + required, 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_continue(client, &byte, 1, &filled, &required),
			-EOPNOTSUPP);
	kmcl_channel_save_end(NULL);
	kmcl_channel_save_end(client);
	kmcl_channel_save_end(ch);
	pair_up(pair);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_begin(ch), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_state(ch), KMCL_ACTIVE);
}

static void refuses_save_callbacks(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ch = pair->server.ch;

	KUNIT_EXPECT_EQ(test, kmcl_channel_set_save_callbacks(NULL, on_save, on_restore), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_save_callbacks(ch, NULL, on_restore), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_save_callbacks(ch, on_save, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_save_callbacks(pair->client.ch, on_save,
							      on_restore), -EOPNOTSUPP);
	server_up(pair);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_save_callbacks(ch, on_save, on_restore), -EBUSY);
}

static void refuses_to_restore(struct kunit *test)
{
	static const guid_t other = GUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct kmcl_channel *ch;
	u32 at, bytes, i;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EBUSY);
	server_ends(pair);
	server_begins(pair);
	ch = pair->server.ch;
	KUNIT_EXPECT_EQ(test, kmcl_channel_restore(NULL, saving->state, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_restore(ch, NULL, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_restore(ch, saving->state, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_restore(pair->client.ch, saving->state, 8), -EOPNOTSUPP);
	/* What each chunk begins with. */
	for (at = 0; at < saving->bytes; at += bytes) {
		bytes = ((u32 *)(saving->state + at))[2];
		for (i = 0; i < 16; i++) {
			saving->state[at + i] ^= 0x40;
			if (restore_all(pair) == 0)
				KUNIT_FAIL(test, "takes a state whose byte %u was changed", at + i);
			saving->state[at + i] ^= 0x40;
		}
	}
	KUNIT_EXPECT_FALSE(test, ch->restore.begun);
	KUNIT_EXPECT_EQ(test, saving->restored, 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_offer(ch, &pair_type, &other), 0);
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EINVAL);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_offer(ch, &pair_type, &pair_instance), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(ch, true), 0);
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EINVAL);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(ch, false), 0);
	KUNIT_EXPECT_EQ(test, restore_all(pair), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_pipe(ch, true), -EBUSY);
	server_up_again(pair);
	got_answer_all(&pair->client);
}

static void without_callbacks_packets_cannot_be_restored(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct side *side = &pair->server;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	server_ends(pair);
	KUNIT_ASSERT_EQ(test, configure(pair, side, kmcl_channel_alloc_server()), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_offer(side->ch, &pair_type, &pair_instance), 0);
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EOPNOTSUPP);
}

/* What the restore callback does wrong, in turn; each time the packet is its own again. */
static int restores_badly(struct side *side, const void *saved, u32 size)
{
	struct kunit *test = side->pair->test;
	struct sent *sent = sent_new(side), *second = sent_new(side);
	u8 *copy = kmemdup(saved, size, GFP_KERNEL);
	struct kmcl_request request = {
		.buffer = "x", .length = 1, .timeout = KMCL_WAIT_FOREVER,
	};

	KUNIT_EXPECT_EQ(test, kmcl_channel_restore(side->ch, saved, size), -EDEADLK);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_begin(side->ch), -EDEADLK);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(side->ch, &request), -EDEADLK);
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(side->ch), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(side->ch), -EDEADLK);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_pipe(side->ch, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_packet_restore(NULL, saved, size), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_packet_restore(sent->packet, NULL, size), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_packet_restore(sent->packet, saved, size - 8), -EBADMSG);
	if (copy) {
		copy[12] ^= 1;		/* another chunk's number */
		KUNIT_EXPECT_EQ(test, kmcl_packet_restore(sent->packet, copy, size), -EINVAL);
		copy[0] ^= 1;
		KUNIT_EXPECT_EQ(test, kmcl_packet_restore(sent->packet, copy, size), -EBADMSG);
	}
	kfree(copy);
	KUNIT_EXPECT_EQ(test, kmcl_packet_restore(sent->packet, saved, size), 0);
	KUNIT_EXPECT_EQ(test, kmcl_packet_restore(second->packet, saved, size), -EALREADY);
	KUNIT_EXPECT_EQ(test, sent_send(sent, "x", 1), -EBUSY);
	/* Freed, it is taken back, and another may have its place. */
	kmcl_packet_free(sent->packet);
	sent->packet = NULL;
	KUNIT_EXPECT_EQ(test, kmcl_packet_restore(second->packet, saved, size), 0);
	return -EXDEV;
}

static void a_restore_that_fails_can_be_tried_again(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct sent *sent;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	saving->on_restore = restores_badly;
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EXDEV);
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(pair->server.ch), -EINVAL);
	sent = list_first_entry(&pair->server.sent, struct sent, node);
	KUNIT_EXPECT_EQ(test, kmcl_packet_restore(sent->packet, saving->state, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	saving->on_restore = NULL;
	saving->restore_error = -EAGAIN;
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EIO);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	saving->restore_error = 0;
	KUNIT_ASSERT_EQ(test, kmcl_channel_save_begin(pair->server.ch), 0);
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EBUSY);
	kmcl_channel_save_end(pair->server.ch);
	KUNIT_EXPECT_EQ(test, restore_all(pair), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_begin(pair->server.ch), -EBUSY);
	KUNIT_EXPECT_EQ(test, saving->restored, 1);
	server_up_again(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[0]));
}

/**
 * struct spoiled - what the restore callback does to the chunk behind its own
 * @name: which bytes
 * @at: in it
 */
struct spoiled {
	const char *name;
	u32 at;
};

static const struct spoiled spoils[] = { { "magic", 0 }, { "type", 6 }, { "index", 12 } };

static void spoiled_desc(const struct spoiled *spoiled, char *desc)
{
	strscpy(desc, spoiled->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(spoiled, spoils, spoiled_desc);

static u8 *behind(struct saving *saving, const void *saved, u32 size)
{
	return saving->state + ((const u8 *)saved - saving->state) + size;
}

static int spoils_what_follows(struct side *side, const void *saved, u32 size)
{
	const struct spoiled *spoiled = side->pair->test->param_value;

	behind(saving_of(side), saved, size)[spoiled->at] ^= 0x40;
	return take_up(side, saved, size, "", 0);
}

/* All was well before the callback could get at it: what is done is what was judged. */
static void what_changes_after_it_was_judged_is_not_restored(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	u8 *good = kunit_kzalloc(test, STATE_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, good);
	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	server_sends(pair, 2);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 2));
	save_all(pair);
	memcpy(good, saving->state, saving->bytes);
	server_ends(pair);
	server_begins(pair);
	saving->on_restore = spoils_what_follows;
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EBADMSG);
	KUNIT_EXPECT_EQ(test, saving->restored, 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_ASSERT_TRUE(test, sent_done(saving->sent[0]));
	KUNIT_EXPECT_EQ(test, saving->sent[0]->status, -ENODEV);
	memcpy(saving->state, good, saving->bytes);
	saving->on_restore = NULL;
	saving->restored = 0;
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	KUNIT_EXPECT_EQ(test, saving->restored, 2);
	server_up_again(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[0]));
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[1]));
	KUNIT_EXPECT_EQ(test, *(u32 *)saving->sent[1]->answer, 2);
}

static int restores_nothing(struct side *side, const void *saved, u32 size)
{
	return 0;
}

/* The answer comes and names nothing. */
static void a_packet_may_be_forgotten(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct sent *sent;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	saving->on_restore = restores_nothing;
	server_moves(pair);
	sent = server_sends(pair, 2);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 2));
	got_answer(&pair->client, 0);
	got_answer(&pair->client, 1);
	KUNIT_EXPECT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, *(u32 *)sent->answer, 2);
	KUNIT_EXPECT_EQ(test, READ_ONCE(pair->server.ch->stats.rx.rejected_id), 1);
}

static int restores_in_own_memory(struct side *side, const void *saved, u32 size)
{
	struct kunit *test = side->pair->test;
	struct sent *sent = kzalloc(sizeof(*sent), GFP_KERNEL);
	struct saving *saving = saving_of(side);
	u32 bytes = kmcl_packet_size(side->ch);
	void *memory = kunit_kzalloc(test, bytes, GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, sent);
	sent->side = side;
	list_add(&sent->node, &side->sent);
	if (saving->restored < PAIR_KEPT)
		saving->sent[saving->restored] = sent;
	saving->restored++;
	ret = kmcl_packet_init(side->ch, memory, bytes, GFP_KERNEL, &sent->packet) ?:
	      kmcl_packet_restore(sent->packet, saved, size);
	kmcl_packet_set_pointer(sent->packet, sent);
	kmcl_packet_set_completion(sent->packet, sent_told);
	return ret;
}

/* One that waits for its answer, the others in the queue. */
static void packets_in_own_memory_are_restored(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct sent *sent, *next;
	u32 i, sent_in_all;

	pair->client.on_packet = expects_next;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	sent_in_all = server_fills_the_ring(pair);
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	/* This one holds the slot that the first restored packet needs. */
	sent_new(&pair->server);
	saving->on_restore = restores_in_own_memory;
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up_again(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, gets(&pair->client, sent_in_all));
	KUNIT_EXPECT_EQ(test, saving->restored, sent_in_all);
	for (i = 0; i < PAIR_KEPT; i++)
		KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[i]));
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	list_for_each_entry_safe(sent, next, &pair->server.sent, node) {
		if (sent->packet && sent->packet->guest)
			sent->packet = NULL;
	}
}

/* With the one that was taken for it before. */
static int restores_first(struct side *side, const void *saved, u32 size)
{
	struct sent *sent = list_first_entry(&side->sent, struct sent, node);
	int ret = kmcl_packet_restore(sent->packet, saved, size);

	if (!ret)
		saving_of(side)->sent[0] = sent;
	return ret;
}

static int restores_in_own_memory_in_vain(struct side *side, const void *saved, u32 size)
{
	KUNIT_EXPECT_EQ(side->pair->test, restores_in_own_memory(side, saved, size), 0);
	return -EXDEV;
}

/* It is the driver's, has no slot, and its routine is not called. */
static void own_memory_that_was_not_taken_up_serves_again(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct sent *sent;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 5);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	saving->on_restore = restores_in_own_memory_in_vain;
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EXDEV);
	sent = saving->sent[0];
	KUNIT_ASSERT_NOT_NULL(test, sent);
	KUNIT_EXPECT_EQ(test, sent->packet->slot, KMCL_XACT_MAX);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&sent->calls), 0);
	saving->on_restore = restores_first;
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up_again(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_EQ(test, *(u32 *)sent->answer, 5);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&sent->calls), 1);
	/* Not to be freed. */
	sent->packet = NULL;
}

/* --- the client is gone --------------------------------------------------------------- */

static void without_its_client_a_restored_server_is_offered_as_new(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	server_ends(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up(pair);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[0]));
	KUNIT_EXPECT_EQ(test, saving->sent[0]->status, -ENODEV);
	client_up(pair);
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->client.nr_got), 1);
}

static void a_new_channel_may_be_forced(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_server_flags(pair->server.ch,
							    KMCL_SERVER_LOOPBACK_OFFER |
							    KMCL_SERVER_FORCE_NEW_CHANNEL), 0);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up(pair);
	KUNIT_EXPECT_EQ(test, saving->sent[0]->status, -ENODEV);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospuc"));
	client_up(pair);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "osp"));
}

/* Nobody restores it, but somebody makes the same offer. */
static void an_offer_of_another_server_ends_the_saved_one(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair_up(pair);
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	server_up(pair);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	client_up(pair);
}

/* The state is of one connection, and the client has made another since, which waits as well. */
static void an_old_state_is_not_taken_for_a_new_connection(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	u8 *new_state = kunit_kzalloc(test, 1024, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, new_state);
	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->server.ch), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	client_up(pair);
	save_into(pair, new_state, 1024);
	server_ends(pair);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_state(pair->client.ch), KMCL_ACTIVE);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up(pair);
	KUNIT_EXPECT_EQ(test, saving->sent[0]->status, -ENODEV);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	client_up(pair);
}

/* Each save makes those before it stale: what they tell of has gone on since. */
static void an_older_state_of_a_connection_is_not_taken(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	u8 *newer = kunit_kzalloc(test, 1024, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, newer);
	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	save_into(pair, newer, 1024);
	server_ends(pair);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up(pair);
	KUNIT_EXPECT_EQ(test, saving->sent[0]->status, -ENODEV);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	client_up(pair);
}

/* Restored, and something else is in its place. */
static struct other *with_taken_server(struct pair *pair)
{
	struct kunit *test = pair->test;
	struct other *other;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 3);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	other = other_comes(&pair->server);
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(pair->server.ch), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_state(pair->server.ch), KMCL_DISABLED);
	return other;
}

/* What was restored waits with its client until the place is free. */
static void a_server_that_is_taken_may_be_taken_up_later(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct other *other = with_taken_server(pair);
	struct saving *saving = pair->own;

	other_goes(pair, other);
	KUNIT_EXPECT_EQ(test, atomic_read(&saving->sent[0]->calls), 0);
	server_up_again(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[0]));
	KUNIT_EXPECT_EQ(test, saving->sent[0]->status, 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "osp"));
}

static void a_client_may_leave_a_server_that_is_taken(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct other *other = with_taken_server(pair);
	struct saving *saving = pair->own;

	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	other_goes(pair, other);
	server_up(pair);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[0]));
	KUNIT_EXPECT_EQ(test, saving->sent[0]->status, -ENODEV);
	client_up(pair);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "osp"));
}

/* Taken up, and given up before it could be opened. */
static void a_restored_server_may_be_disabled_at_once(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	int i;

	pair->client.hold = true;
	for (i = 0; i < 20; i++) {
		server_up(pair);
		client_up(pair);
		server_sends(pair, i);
		save_all(pair);
		server_ends(pair);
		server_begins(pair);
		KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
		KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->server.ch), 0);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
		got_answer_all(&pair->client);
		KUNIT_ASSERT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	}
}

/* What was restored is for this client: whoever comes next sees none of it. */
static void a_client_may_go_while_it_is_taken_up(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	int i, got;

	pair->client.hold = true;
	for (i = 0; i < 20; i++) {
		server_up(pair);
		client_up(pair);
		KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
		server_fills_the_ring(pair);
		saving->restored = 0;
		save_all(pair);
		server_ends(pair);
		server_begins(pair);
		KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
		KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->server.ch), 0);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
		KUNIT_ASSERT_TRUE(test, reaches(&pair->server, KMCL_ENABLED));
		KUNIT_ASSERT_TRUE(test, sent_done(saving->sent[0]));
		KUNIT_EXPECT_EQ(test, saving->sent[0]->status, -ENODEV);
		got = atomic_read(&pair->client.nr_got);
		KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->server.ch), 0);
		client_up(pair);
		KUNIT_EXPECT_EQ(test, sent_send(sent_new(&pair->client), "new", 3), 0);
		KUNIT_EXPECT_TRUE(test, gets(&pair->server, 1));
		KUNIT_EXPECT_EQ(test, atomic_read(&pair->client.nr_got), got);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	}
}

static void pause_work(struct work_struct *work)
{
	struct question *question = container_of(work, struct question, work);

	question->result = kmcl_channel_pause(question->ch);
	complete(&question->over);
}

/* In thread context: the pause has begun, and waits for this callback. */
static void defers_into_a_pause(struct side *side, const struct got *got)
{
	int ms;

	if (got->flags & KMCL_RECEIVE_DEFERRED) {
		kmcl_incoming_complete(side->ch, got->handle, got->buffer, got->length);
		return;
	}
	happens(side, 'd');
	for (ms = 0; ms < 20000 && READ_ONCE(side->ch->rx.enabled); ms++)
		usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(side->pair->test, kmcl_incoming_defer(side->ch, got->handle), 0);
}

/* It is neither in the ring nor with the driver: it would be lost. */
static void a_deferred_packet_has_to_come_again_first(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct question *question = kunit_kzalloc(test, sizeof(*question), GFP_KERNEL);
	struct sent *sent;

	KUNIT_ASSERT_NOT_NULL(test, question);
	pair->server.on_packet = defers_into_a_pause;
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(pair->server.ch, true), 0);
	pair_up(pair);
	/* Packets may come before post_started has been called. */
	KUNIT_ASSERT_TRUE(test, order_is(&pair->server, "osp"));
	sent = sent_new(&pair->client);
	KUNIT_ASSERT_EQ(test, sent_send(sent, "later", 5), 0);
	KUNIT_ASSERT_TRUE(test, order_is(&pair->server, "ospd"));
	question->ch = pair->server.ch;
	init_completion(&question->over);
	INIT_WORK(&question->work, pause_work);
	queue_work(system_unbound_wq, &question->work);
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&question->over, PAIR_PATIENCE));
	flush_work(&question->work);
	KUNIT_ASSERT_EQ(test, question->result, 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_save_begin(pair->server.ch), -EBUSY);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, sent_done(sent));
	server_moves(pair);
}

/* --- pipes ---------------------------------------------------------------------------- */

static void messages_of_a_pipe_are_restored(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	struct kmcl_channel *ch;
	struct sent *sent;
	u32 n, length, *header;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(pair->server.ch, true), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(pair->client.ch, true), 0);
	pair->client.on_packet = expects_next;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	for (n = 0; count_of(&pair->server, "queued") < 3; n++) {
		sent = sent_new(&pair->server);
		KUNIT_ASSERT_EQ(test, kmcl_packet_send(sent->packet, &n, sizeof(n), 0), 0);
	}
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	ch = pair->server.ch;
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(ch, true), 0);
	/* The first packet's chunk follows the channel's; then its message: type and length. */
	header = (u32 *)(saving->state + ((u32 *)saving->state)[2] + 40);
	KUNIT_ASSERT_EQ(test, header[0], KMCL_PIPE_DATA);
	for (length = header[1] - 1; length <= header[1] + 1; length += 2) {
		swap(header[1], length);
		KUNIT_EXPECT_EQ(test, restore_all(pair), -EBADMSG);
		swap(header[1], length);
	}
	header[0]++;
	KUNIT_EXPECT_EQ(test, restore_all(pair), -EBADMSG);
	header[0]--;
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	KUNIT_EXPECT_EQ(test, saving->restored, 3);
	server_up_again(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, gets(&pair->client, n));
}

/* A restored channel that is never enabled. */
static void a_restored_channel_may_be_given_up(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;

	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	server_ends(pair);
	server_begins(pair);
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_EQ(test, saving->sent[0]->status, -ENODEV);
	/* The state is as good as before. */
	KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	server_up_again(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[1]));
	KUNIT_EXPECT_EQ(test, saving->sent[1]->status, 0);
}

/* --- allocations that fail ------------------------------------------------------------- */

static void a_save_begins_or_not(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ch = pair->server.ch;
	u32 n, refused = 0;
	bool failed = true;
	int ret;

	faults_allowed(test);
	pair->client.hold = true;
	pair_up(pair);
	server_sends(pair, 1);
	KUNIT_ASSERT_EQ(test, kmcl_channel_pause(ch), 0);
	for (n = 1; next_fault(failed, refused, 1); n++) {
		fail_own(nth_fault());
		ret = kmcl_channel_save_begin(ch);
		failed = own_failed();
		if (ret) {
			refused++;
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_ASSERT_EQ(test, kmcl_channel_save_begin(ch), 0);
		}
		kmcl_channel_save_end(ch);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1u);
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_ACTIVE));
}

/* The table has to grow for the packet's id. */
static void a_state_is_restored_or_not(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct saving *saving = pair->own;
	u32 n, refused = 0;
	bool failed = true;
	int ret;

	faults_allowed(test);
	pair->client.hold = true;
	pair_up(pair);
	for (n = 0; n < KMCL_XACT_CHUNK; n++)
		sent_new(&pair->server);
	server_sends(pair, 7);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	save_all(pair);
	saving->on_restore = restores_first;
	for (n = 1; next_fault(failed, refused, 1); n++) {
		server_ends(pair);
		server_begins(pair);
		sent_new(&pair->server);
		fail_own(nth_fault());
		ret = restore_all(pair);
		failed = own_failed();
		if (!ret)
			continue;
		refused++;
		KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
		KUNIT_ASSERT_EQ(test, restore_all(pair), 0);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1u);
	server_up_again(pair);
	got_answer_all(&pair->client);
	KUNIT_EXPECT_TRUE(test, sent_done(saving->sent[0]));
	KUNIT_EXPECT_EQ(test, *(u32 *)saving->sent[0]->answer, 7);
}

/* --- under load ----------------------------------------------------------------------- */

#define MOVES		25
#define AT_ONCE		24u
#define LOAD_MOST	400000u	/* numbers; 20000 were used up by a machine at rest */

/**
 * struct load - numbers that go both ways while the server moves
 * @seen: of each number of the server's, how often the client got it
 * @answered: of each, how often its answer came
 * @next: the server's next number
 * @moving: what is cancelled goes on elsewhere
 * @asked: the client's next number
 * @replies: to the client
 * @stop: no more
 * @out: packets of both that go on
 */
struct load {
	u8 seen[LOAD_MOST];
	u8 answered[LOAD_MOST];
	atomic_t next;
	bool moving;
	atomic_t asked;
	atomic_t replies;
	bool stop;
	atomic_t out;
};

static struct load *load;

static void load_server_next(struct sent *sent)
{
	u32 number = READ_ONCE(load->stop) ? U32_MAX : atomic_inc_return(&load->next) - 1;

	if (number >= ARRAY_SIZE(load->seen)) {
		atomic_dec(&load->out);
		wake_up_all(&sent->side->pair->events);
		return;
	}
	sent->own = (void *)(uintptr_t)number;
	if (sent_send(sent, &number, sizeof(number)))
		KUNIT_FAIL(sent->side->pair->test, "number %u is refused", number);
}

static void load_server_done(struct sent *sent)
{
	u32 number = (u32)(uintptr_t)sent->own;

	if (sent->status) {
		KUNIT_EXPECT_TRUE(sent->side->pair->test, READ_ONCE(load->moving));
		return;
	}
	KUNIT_EXPECT_EQ(sent->side->pair->test, *(u32 *)sent->answer, number);
	load->answered[number]++;
	load_server_next(sent);
}

static void load_client_next(struct sent *sent)
{
	u32 number = atomic_inc_return(&load->asked) - 1;

	if (READ_ONCE(load->stop)) {
		atomic_dec(&load->out);
		wake_up_all(&sent->side->pair->events);
		return;
	}
	sent->own = (void *)(uintptr_t)number;
	if (sent_send(sent, &number, sizeof(number)))
		KUNIT_FAIL(sent->side->pair->test, "question %u is refused", number);
}

static void load_client_done(struct sent *sent)
{
	KUNIT_EXPECT_EQ(sent->side->pair->test, sent->status, 0);
	KUNIT_EXPECT_EQ(sent->side->pair->test, *(u32 *)sent->answer, (u32)(uintptr_t)sent->own);
	atomic_inc(&load->replies);
	load_client_next(sent);
}

static void load_client_got(struct side *side, const struct got *got)
{
	u32 number = *(u32 *)got->buffer;

	load->seen[number]++;
	kmcl_incoming_complete(side->ch, got->handle, got->buffer, got->length);
}

static void load_begin(struct pair *pair, struct side *side, void (*next)(struct sent *sent),
		       void (*done)(struct sent *sent))
{
	struct sent *sent;
	u32 i;

	for (i = 0; i < AT_ONCE; i++) {
		sent = sent_new(side);
		sent->on_done = done;
		atomic_inc(&load->out);
		next(sent);
	}
}

static void load_move(struct pair *pair)
{
	struct saving *saving = pair->own;
	int i;

	saving->restored = 0;
	save_all(pair);
	WRITE_ONCE(load->moving, true);
	server_ends(pair);
	WRITE_ONCE(load->moving, false);
	server_begins(pair);
	KUNIT_ASSERT_EQ(pair->test, restore_all(pair), 0);
	KUNIT_ASSERT_LT_MSG(pair->test, atomic_read(&load->next), LOAD_MOST,
			    "the numbers are used up: it has ended before it could be moved");
	KUNIT_ASSERT_EQ(pair->test, saving->restored, AT_ONCE);
	/* Disabled: nothing ends before it is enabled. */
	for (i = 0; i < saving->restored; i++)
		saving->sent[i]->on_done = load_server_done;
	server_up_again(pair);
}

/* Each number is seen once and answered once, each question answered, wherever it was caught. */
static void a_server_moves_under_load(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	int i, before, numbers;

	load = kunit_kzalloc(test, sizeof(*load), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, load);
	pair->client.on_packet = load_client_got;
	pair_up(pair);
	load_begin(pair, &pair->server, load_server_next, load_server_done);
	load_begin(pair, &pair->client, load_client_next, load_client_done);
	for (i = 0; i < MOVES; i++) {
		before = atomic_read(&load->replies);
		KUNIT_ASSERT_TRUE(test, wait_event_timeout(pair->events,
							   atomic_read(&load->replies) > before + 50,
							   PAIR_PATIENCE));
		load_move(pair);
	}
	WRITE_ONCE(load->stop, true);
	KUNIT_EXPECT_TRUE(test, pair_sees(pair, !atomic_read(&load->out)));
	numbers = min_t(int, atomic_read(&load->next), ARRAY_SIZE(load->seen));
	KUNIT_EXPECT_GT(test, numbers, MOVES);
	for (i = 0; i < numbers; i++) {
		if (load->seen[i] != 1 || load->answered[i] != 1)
			KUNIT_FAIL(test, "number %d of %d: seen %u times, answered %u times", i,
				   numbers, load->seen[i], load->answered[i]);
	}
}

static struct kunit_case save_cases[] = {
	KUNIT_CASE(the_client_notices_nothing),
	KUNIT_CASE(a_packet_finds_its_answer_after_the_restore),
	KUNIT_CASE(the_queue_goes_out_after_the_restore),
	KUNIT_CASE(answers_in_the_queue_go_out_after_the_restore),
	KUNIT_CASE(an_answer_above_the_reserve_is_not_restored),
	KUNIT_CASE(what_waits_for_a_client_waits_after_the_restore),
	KUNIT_CASE(packets_in_own_memory_are_restored),
	KUNIT_CASE(own_memory_that_was_not_taken_up_serves_again),
	KUNIT_CASE(a_request_is_not_saved),
	KUNIT_CASE(each_call_goes_on_where_the_last_one_stopped),
	KUNIT_CASE(a_state_may_be_restored_chunk_by_chunk),
	KUNIT_CASE(a_driver_may_save_nothing_of_its_own),
	KUNIT_CASE(what_a_driver_saves_has_a_limit),
	KUNIT_CASE(a_driver_may_fail_to_save),
	KUNIT_CASE(starting_calls_a_save_off),
	KUNIT_CASE(a_save_that_is_not_complete_changes_nothing),
	KUNIT_CASE(nothing_moves_during_a_save),
	KUNIT_CASE(a_disable_ends_a_save),
	KUNIT_CASE(a_client_that_goes_ends_what_was_saved),
	KUNIT_CASE(refuses_to_save),
	KUNIT_CASE(refuses_save_callbacks),
	KUNIT_CASE(refuses_to_restore),
	KUNIT_CASE(without_callbacks_packets_cannot_be_restored),
	KUNIT_CASE(a_restore_that_fails_can_be_tried_again),
	KUNIT_CASE_PARAM(what_changes_after_it_was_judged_is_not_restored, spoiled_gen_params),
	KUNIT_CASE(a_packet_may_be_forgotten),
	KUNIT_CASE(without_its_client_a_restored_server_is_offered_as_new),
	KUNIT_CASE(a_new_channel_may_be_forced),
	KUNIT_CASE(an_offer_of_another_server_ends_the_saved_one),
	KUNIT_CASE(an_old_state_is_not_taken_for_a_new_connection),
	KUNIT_CASE(an_older_state_of_a_connection_is_not_taken),
	KUNIT_CASE(a_server_that_is_taken_may_be_taken_up_later),
	KUNIT_CASE(a_client_may_leave_a_server_that_is_taken),
	KUNIT_CASE(a_restored_server_may_be_disabled_at_once),
	KUNIT_CASE(a_client_may_go_while_it_is_taken_up),
	KUNIT_CASE(a_deferred_packet_has_to_come_again_first),
	KUNIT_CASE(messages_of_a_pipe_are_restored),
	KUNIT_CASE(a_restored_channel_may_be_given_up),
	KUNIT_CASE(a_save_begins_or_not),
	KUNIT_CASE(a_state_is_restored_or_not),
	KUNIT_CASE(a_server_moves_under_load),
	{}
};

static struct kunit_suite save_suite = {
	.name = "kmcl_save",
	.init = save_init,
	.exit = pair_exit,
	.test_cases = save_cases,
};
kunit_test_suite(save_suite);

MODULE_DESCRIPTION("KUnit suite: servers that are saved and restored");
MODULE_LICENSE("GPL");
