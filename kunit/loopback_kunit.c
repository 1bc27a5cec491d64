// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers and clients over loopback offers: both ends of a channel in one kernel.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page_ref.h>
#include <linux/scatterlist.h>
#include <linux/vmalloc.h>

#include "pair.c"

static struct pair *pair_of(struct kunit *test)
{
	return test->priv;
}

/* --- offers -------------------------------------------------------------------------- */

/* S1 to S6, C4, C5. */
static void a_client_opens_what_is_offered(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair_up(pair);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "osp"));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "osp"));
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospuc"));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospuc"));
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_ENABLED));
}

static void a_client_waits_until_it_is_offered(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_ENABLED));
	server_up(pair);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_ACTIVE));
}

/* S9, S10: the server is offered again and need not be enabled. */
static void a_server_is_offered_again_when_its_client_has_closed(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	int i;

	server_up(pair);
	for (i = 0; i < 5; i++) {
		client_up(pair);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	}
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospucospucospucospucospuc"));
}

/* S11, C12: the client is disabled by that. */
static void disabling_the_server_takes_the_offer_away(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair_up(pair);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospuc"));
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospuc"));
	server_up(pair);
	client_up(pair);
}

/* S12: an offer that nobody has opened, C15: and a client that waits. */
static void an_offer_that_was_never_opened_goes_quietly(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	server_up(pair);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_STREQ(test, pair->server.order, "");
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_EXPECT_STREQ(test, pair->client.order, "");
}

/* S5: opened alone; S6: the rest. */
static void a_server_begins_paused(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct sent *sent = sent_new(&pair->client);

	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->server.ch), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_ASSERT_TRUE(test, reaches(&pair->client, KMCL_ACTIVE));
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_PAUSED));
	KUNIT_EXPECT_EQ(test, sent_send(sent, "early", 5), 0);
	KUNIT_EXPECT_STREQ(test, pair->server.order, "o");
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->server.nr_got), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "osp"));
}

/* ... and again after a disable. */
static void a_disabled_server_is_paused_again(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	server_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->server.ch), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_ACTIVE));
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_PAUSED));
	KUNIT_EXPECT_STREQ(test, pair->server.order, "o");
}

/* S7: offered, not open; the client's open fails. */
static void opened_may_refuse_a_client(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair->server.refuse = -EACCES;
	server_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "f"));
	KUNIT_EXPECT_EQ(test, pair->client.failure, -ECONNREFUSED);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_ENABLED));
	KUNIT_EXPECT_STREQ(test, pair->server.order, "o");
	pair->server.refuse = 0;
	KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	client_up(pair);
}

static void a_client_with_rings_too_small_is_refused(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_packet_size(pair->server.ch, 3 * PAGE_SIZE), 0);
	server_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "f"));
	KUNIT_EXPECT_STREQ(test, pair->server.order, "");
}

static void the_same_offer_is_made_once(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *other = kmcl_channel_alloc_server();

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer(other, &pair_type, &pair_instance), 0);
	server_up(pair);
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(other), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_server_flags(other, KMCL_SERVER_LOOPBACK_OFFER), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(other), -EEXIST);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer(other, &pair_type, &pair_type), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(other), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(other), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(other), 0);
}

static void the_offer_says_what_the_server_has_set(struct kunit *test)
{
	static const u32 flags = KMCL_SERVER_LOOPBACK_OFFER | KMCL_SERVER_OFFER_AS_PIPE |
				 KMCL_SERVER_ENUMERATE_DEVICE_INTERFACE |
				 KMCL_SERVER_TLNPI_PROVIDER_OFFER;
	struct pair *pair = pair_of(test);
	struct kmcl_offer offer;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_server_flags(pair->server.ch, flags), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_offer_data(pair->server.ch, "data", 4), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_mmio(pair->server.ch, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_offer(pair->client.ch, &offer), -ENOTCONN);
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_get_offer(pair->client.ch, &offer), 0);
	KUNIT_EXPECT_TRUE(test, guid_equal(&offer.type, &pair_type));
	KUNIT_EXPECT_TRUE(test, guid_equal(&offer.instance, &pair_instance));
	KUNIT_EXPECT_EQ(test, offer.flags, 0x2111);
	KUNIT_EXPECT_EQ(test, offer.mmio_megabytes, 1);
	KUNIT_EXPECT_EQ(test, offer.mmio_optional, 1);
	KUNIT_EXPECT_EQ(test, memcmp(offer.data, "data", 5), 0);
	KUNIT_EXPECT_EQ(test, offer.data[KMCL_OFFER_DATA_MAX - 1], 0);
}

/* KMCL Q13, and the limits of the rest. */
static void bad_settings_of_an_offer_are_refused(struct kunit *test)
{
	struct kmcl_channel *ch = pair_of(test)->server.ch;
	u8 data[KMCL_OFFER_DATA_MAX + 1] = { 0 };

	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer(ch, NULL, &pair_type), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer(ch, &pair_type, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer(ch, &guid_null, &pair_type), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer(ch, &pair_type, &guid_null), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer(NULL, &pair_type, &pair_type), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_server_flags(ch, KMCL_SERVER_FLAGS), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_server_flags(ch, KMCL_SERVER_FLAGS + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_server_flags(NULL, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer_data(ch, data, KMCL_OFFER_DATA_MAX), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer_data(ch, data, KMCL_OFFER_DATA_MAX + 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer_data(ch, NULL, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer_data(ch, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_mmio(ch, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_mmio(ch, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_mmio(ch, 1, 0), 0);
}

/* Each function knows for which end it is. */
static void the_wrong_end_is_refused(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_channel *client = pair->client.ch, *server = pair->server.ch;
	struct sent *sent = sent_new(&pair->server);
	u8 *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct kmcl_external_data data = kmcl_external_buffer(page, 8, DMA_TO_DEVICE);
	struct kmcl_view view;
	u32 gpadl;

	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer(client, &pair_type, &pair_type), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_server_flags(client, 0), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_offer_data(client, NULL, 0), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_mmio(client, 1, 0), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(client, 1, 0, &view), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_target(server, &pair_type, NULL), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_ring_pages(server, 1, 1), -EOPNOTSUPP);
	pair_up(pair);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(server, page, PAGE_SIZE, 0, &gpadl), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send_external(sent->packet, NULL, 0, &data,
							KMCL_SEND_COMPLETION), -EOPNOTSUPP);
}

/* --- packets ------------------------------------------------------------------------- */

static void check_round_trip(struct side *from, struct side *to)
{
	struct kunit *test = from->pair->test;
	struct sent *sent = sent_new(from);

	KUNIT_ASSERT_EQ(test, sent_send(sent, "a packet", 8), 0);
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_EQ(test, sent->length, 8);
	KUNIT_EXPECT_EQ(test, memcmp(sent->answer, "a packet", 8), 0);
	KUNIT_EXPECT_TRUE(test, gets(to, 1));
	KUNIT_EXPECT_EQ(test, to->got[0].length, 8);
	KUNIT_EXPECT_EQ(test, atomic_read(&sent->calls), 1);
}

static void packets_go_both_ways(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair_up(pair);
	check_round_trip(&pair->client, &pair->server);
	check_round_trip(&pair->server, &pair->client);
}

static void requests_go_both_ways(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct side *sides[] = { &pair->client, &pair->server };
	int i;

	pair_up(pair);
	for (i = 0; i < 2; i++) {
		u8 answer[8] = { 0 };
		struct kmcl_request request = {
			.buffer = "question", .length = 8, .flags = KMCL_SEND_COMPLETION,
			.answer = answer, .answer_size = 8, .timeout = KMCL_WAIT_FOREVER,
		};

		KUNIT_EXPECT_EQ(test, kmcl_channel_request(sides[i]->ch, &request), 0);
		KUNIT_EXPECT_EQ(test, memcmp(answer, "question", 8), 0);
	}
}

struct flood {
	struct sent *sent[2 * PAIR_INCOMING];
	u64 numbers[2 * PAIR_INCOMING];
};

/* More than the rings hold and the other end takes; all arrive, in order, once. */
static void check_flood(struct side *from, struct side *to)
{
	struct kunit *test = from->pair->test;
	struct flood *flood = kunit_kzalloc(test, sizeof(*flood), GFP_KERNEL);
	u8 *payload = kunit_kzalloc(test, PAIR_PACKET, GFP_KERNEL);
	int i, n = ARRAY_SIZE(flood->sent);

	KUNIT_ASSERT_NOT_NULL(test, flood);
	to->hold = true;
	for (i = 0; i < n; i++) {
		flood->sent[i] = sent_new(from);
		*(u64 *)payload = i;
		KUNIT_ASSERT_EQ(test, sent_send(flood->sent[i], payload, PAIR_PACKET - 8 * (i % 3)),
				0);
	}
	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_TRUE(test, gets(to, i + 1));
		KUNIT_EXPECT_EQ(test, *(const u64 *)to->got[i].buffer, (u64)i);
		got_answer(to, i);
	}
	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_TRUE(test, sent_done(flood->sent[i]));
		KUNIT_EXPECT_EQ(test, flood->sent[i]->status, 0);
		KUNIT_EXPECT_EQ(test, *(u64 *)flood->sent[i]->answer, (u64)i);
	}
	to->hold = false;
	atomic_set(&to->nr_got, 0);
}

static void a_full_ring_queues_both_ways(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair_up(pair);
	check_flood(&pair->client, &pair->server);
	check_flood(&pair->server, &pair->client);
	KUNIT_EXPECT_GT(test, pair->client.ch->stats.tx.ring_full, 0ull);
	KUNIT_EXPECT_GT(test, pair->server.ch->stats.tx.ring_full, 0ull);
}

/* S8, S6: pause waits for what the server holds; the client's packets wait meanwhile. */
static void a_server_is_paused_and_started_again(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct sent *before = sent_new(&pair->client), *meanwhile = sent_new(&pair->client);

	pair->server.hold = true;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, sent_send(before, "before", 6), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->server, 1));
	/* The suspend callback answers. */
	KUNIT_EXPECT_EQ(test, kmcl_channel_pause(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospu"));
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_state(pair->server.ch), KMCL_PAUSED);
	KUNIT_EXPECT_TRUE(test, sent_done(before));
	KUNIT_ASSERT_EQ(test, sent_send(meanwhile, "meanwhile", 9), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->server.nr_got), 1);
	pair->server.hold = false;
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, sent_done(meanwhile));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospusp"));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "osp"));
}

/* The second waits, and gets the offer when the first has given it back. */
static void two_clients_have_an_offer_in_turn(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct side *second = kunit_kzalloc(test, sizeof(*second), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_ASSERT_EQ(test, configure(pair, second, kmcl_channel_alloc()), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_target(second->ch, &pair_type, NULL), 0);
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(second->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(second, KMCL_ACTIVE));
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospucosp"));
	KUNIT_EXPECT_TRUE(test, order_is(second, "osp"));
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
	end(second);
	KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(second->ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_ACTIVE));
}

static void messages_of_a_pipe_keep_their_length(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct sent *sent;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(pair->server.ch, true), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(pair->client.ch, true), 0);
	pair_up(pair);
	sent = sent_new(&pair->client);
	KUNIT_EXPECT_EQ(test, sent_send(sent, "x", 1), -EOPNOTSUPP);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(sent->packet, "three", 3, 0), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->server, 1));
	KUNIT_EXPECT_EQ(test, pair->server.got[0].length, 3);
	sent = sent_new(&pair->server);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send(sent->packet, "eleven char", 11, 0), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	KUNIT_EXPECT_EQ(test, pair->client.got[0].length, 11);
}

/* What the server completes when it is suspended still reaches the client; nothing comes back. */
static void packets_in_flight_end_when_the_server_goes(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct sent *of_client = sent_new(&pair->client), *of_server = sent_new(&pair->server);

	pair->server.hold = true;
	pair->client.hold = true;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, sent_send(of_client, "c", 1), 0);
	KUNIT_ASSERT_EQ(test, sent_send(of_server, "s", 1), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->server, 1));
	KUNIT_ASSERT_TRUE(test, gets(&pair->client, 1));
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	KUNIT_EXPECT_TRUE(test, sent_done(of_server));
	KUNIT_EXPECT_EQ(test, of_server->status, -ENODEV);
	KUNIT_EXPECT_TRUE(test, sent_done(of_client));
	KUNIT_EXPECT_EQ(test, of_client->status, 0);
}

/* One offer at a time: whose place is taken is not opened, and may come again. */
static void a_client_of_a_server_that_is_taken_is_refused(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct other *other;

	server_up(pair);
	other = other_comes(&pair->server);
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "f"));
	KUNIT_EXPECT_EQ(test, pair->client.failure, -EBUSY);
	KUNIT_EXPECT_EQ(test, atomic_read(&pair->server.calls), 0);
	other_goes(pair, other);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	client_up(pair);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "fosp"));
	check_round_trip(&pair->client, &pair->server);
}

/* Design rule 4, at the server's end: its client is the untrusted one. */
static void a_client_that_breaks_the_framing_loses_its_channel(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_ring_header *header;

	pair_up(pair);
	header = pair->client.ch->ep->out.header;
	WRITE_ONCE(header->write_index, 12);
	kmcl_endpoint_event(pair->server.ch->ep);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->server, "ospuc"));
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, pair->server.ch->stats.rx.broken_framing, 1ull);
	client_up(pair);
}

/* --- external data ------------------------------------------------------------------- */

#define PATTERN(i)	((u8)((i) * 7 + (i) / 251))

static void fill(void *at, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		((u8 *)at)[i] = PATTERN(i);
}

static bool holds(const void *at, size_t bytes, size_t from)
{
	size_t i;

	for (i = 0; i < bytes; i++) {
		if (((const u8 *)at)[i] != PATTERN(from + i))
			return false;
	}
	return true;
}

/* What the server knows of the data of its packet 0, and what the pages were like. */
struct seen {
	struct page *page;
	const struct kmcl_received_data *data;
	int get;
	int refs;		/* of @page, when the client's routine runs */
	unsigned long address;	/* of a mapping of ours */
	bool mapped;		/* it was there then */
};

static void free_page_action(void *page)
{
	__free_pages(page, 2);
}

static struct page *four_pages(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, 2);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_page_action, page), 0);
	return page;
}

static void look_at_page(struct sent *sent)
{
	struct seen *seen = sent->own;

	seen->refs = page_ref_count(seen->page);
	seen->mapped = seen->address && vmalloc_to_page((void *)seen->address);
}

/* Design rule 2: pinned when asked for, let go before the completion is sent. */
static void pins_last_from_the_asking_to_the_completion(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct seen seen = { .page = page };
	struct sent *sent = sent_new(&pair->client);
	struct kmcl_external_data data;
	int before = page_ref_count(page);
	kmcl_handle_t handle;
	u8 *at;

	fill(page_address(page), 4 * PAGE_SIZE);
	data = kmcl_external_buffer(page_address(page) + 100, 3 * PAGE_SIZE, DMA_BIDIRECTIONAL);
	sent->own = &seen;
	sent->on_done = look_at_page;
	pair->server.hold = true;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send_external(sent->packet, "see", 3, &data,
							KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->server, 1));
	KUNIT_EXPECT_EQ(test, pair->server.got[0].flags, KMCL_RECEIVE_EXTERNAL);
	handle = pair->server.got[0].handle;
	KUNIT_EXPECT_NULL(test, kmcl_incoming_map(pair->server.ch, handle, 0));
	KUNIT_EXPECT_EQ(test, page_ref_count(page), before);
	KUNIT_ASSERT_EQ(test, kmcl_incoming_get_external(pair->server.ch, handle, 0, &seen.data), 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), before + 4);
	KUNIT_EXPECT_EQ(test, seen.data->count, 1u);
	KUNIT_EXPECT_EQ(test, seen.data->length, 3 * PAGE_SIZE);
	at = kmcl_incoming_map(pair->server.ch, handle, 0);
	KUNIT_ASSERT_NOT_NULL(test, at);
	KUNIT_EXPECT_TRUE(test, holds(at, 3 * PAGE_SIZE, 100));
	KUNIT_ASSERT_EQ(test, kmcl_incoming_get_external(pair->server.ch, handle,
							 KMCL_EXTERNAL_MAP, &seen.data), 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), before + 4);
	at[0] = 1;
	got_answer(&pair->server, 0);
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, seen.refs, before);
	KUNIT_EXPECT_EQ(test, ((u8 *)page_address(page))[100], 1);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(pair->server.ch, handle, 0, &seen.data),
			-ESTALE);
	KUNIT_EXPECT_EQ(test, atomic64_read(&pair->server.ch->stats.any.pinned), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&pair->server.ch->stats.any.unpinned), 1);
}

static void what_nobody_asks_for_is_not_pinned(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct kmcl_external_data data = kmcl_external_buffer(page_address(page), 10,
							      DMA_TO_DEVICE);
	struct sent *sent = sent_new(&pair->client);

	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send_external(sent->packet, NULL, 0, &data,
							KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, atomic64_read(&pair->server.ch->stats.any.pinned), 0);
}

/* In the reverse order, so that they do not lie one behind the other. */
static void scattered(struct page *page, struct scatterlist *sgl)
{
	int i;

	sg_init_table(sgl, 4);
	for (i = 0; i < 4; i++)
		sg_set_page(&sgl[i], nth_page(page, 3 - i), PAGE_SIZE, 0);
}

static void asks_for_addresses(struct side *side, const struct got *got)
{
	struct pair *pair = side->pair;
	struct seen *seen = pair->own;

	seen->get = kmcl_incoming_get_external(side->ch, got->handle, KMCL_EXTERNAL_MAP,
					       &seen->data);
	if (!seen->get) {
		seen->address = (unsigned long)kmcl_incoming_map(side->ch, got->handle, 0);
		seen->mapped = !!vmalloc_to_page((void *)seen->address);
	}
	keep(side, got);
}

/* STATUS_PENDING: an address takes a sleep, so the packet comes again where one may. */
static void scattered_pages_come_again_in_thread_context(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct seen seen = { .page = page };
	struct sent *sent = sent_new(&pair->client);
	struct kmcl_external_data data;
	struct scatterlist sgl[4];
	int i, before = page_ref_count(page);

	for (i = 0; i < 4; i++)
		memset(page_address(nth_page(page, 3 - i)), 'a' + i, PAGE_SIZE);
	scattered(page, sgl);
	data = kmcl_external_sg(sgl, 4, DMA_BIDIRECTIONAL);
	pair->own = &seen;
	sent->own = &seen;
	sent->on_done = look_at_page;
	pair->server.hold = true;
	pair->server.on_packet = asks_for_addresses;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send_external(sent->packet, "see", 3, &data,
							KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->server, 2));
	KUNIT_EXPECT_FALSE(test, pair->server.got[0].thread);
	KUNIT_EXPECT_TRUE(test, pair->server.got[1].thread);
	KUNIT_EXPECT_EQ(test, pair->server.got[1].flags,
			KMCL_RECEIVE_EXTERNAL | KMCL_RECEIVE_DEFERRED);
	KUNIT_EXPECT_EQ(test, seen.get, 0);
	KUNIT_EXPECT_TRUE(test, seen.mapped);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, ((u8 *)seen.address)[i * PAGE_SIZE + 5], 'a' + i);
	*(u8 *)(seen.address + PAGE_SIZE) = 'Z';
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(pair->server.ch, pair->server.got[0].handle,
						     NULL, 0), -ESTALE);
	pair->server.got[0].handle = 0;
	/* Even where one may not sleep. */
	local_bh_disable();
	got_answer(&pair->server, 1);
	local_bh_enable();
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_FALSE(test, seen.mapped);
	KUNIT_EXPECT_EQ(test, seen.refs, before);
	KUNIT_EXPECT_EQ(test, *(u8 *)page_address(nth_page(page, 2)), 'Z');
}

/* ... where it is at once, if the channel asks for thread context. */
static void scattered_pages_are_mapped_at_once_in_thread_context(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct seen seen = { .page = page };
	struct sent *sent = sent_new(&pair->client);
	struct kmcl_external_data data;
	struct scatterlist sgl[4];

	scattered(page, sgl);
	data = kmcl_external_sg(sgl, 4, DMA_BIDIRECTIONAL);
	pair->own = &seen;
	pair->server.hold = true;
	pair->server.on_packet = asks_for_addresses;
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(pair->server.ch, true), 0);
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send_external(sent->packet, NULL, 0, &data,
							KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->server, 1));
	KUNIT_EXPECT_EQ(test, seen.get, 0);
	KUNIT_EXPECT_TRUE(test, seen.mapped);
	got_answer(&pair->server, 0);
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
}

/* A disable waits for packets whose mappings are still being taken down. */
static void a_failed_packet_loses_its_mappings_too(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct seen seen = { .page = page };
	struct sent *sent = sent_new(&pair->client);
	struct kmcl_external_data data;
	int before = page_ref_count(page);
	struct scatterlist sgl[4];

	scattered(page, sgl);
	data = kmcl_external_sg(sgl, 4, DMA_BIDIRECTIONAL);
	pair->own = &seen;
	pair->server.hold = true;
	pair->server.on_packet = asks_for_addresses;
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(pair->server.ch, true), 0);
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send_external(sent->packet, NULL, 0, &data,
							KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->server, 1));
	KUNIT_EXPECT_EQ(test, kmcl_incoming_fail(pair->server.ch, pair->server.got[0].handle), 0);
	pair->server.got[0].handle = 0;
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), before);
	KUNIT_EXPECT_NULL(test, vmalloc_to_page((void *)seen.address));
	KUNIT_EXPECT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, -ENODEV);
}

static void free_single(void *page)
{
	__free_page(page);
}

static struct page *single_page(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_single, page), 0);
	return page;
}

/* Those of a client that frees what it has sent: nobody's, so they have no references. */
static void pages_that_are_free_are_not_pinned(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *pages[2] = { single_page(test), single_page(test) };
	struct kmcl_external_data sent_data = kmcl_external_pages(pages, 0, 2 * PAGE_SIZE,
								  DMA_TO_DEVICE);
	struct sent *sent = sent_new(&pair->client);
	const struct kmcl_received_data *data;
	kmcl_handle_t handle;

	pair->server.hold = true;
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_packet_send_external(sent->packet, NULL, 0, &sent_data,
							KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_TRUE(test, gets(&pair->server, 1));
	handle = pair->server.got[0].handle;
	KUNIT_ASSERT_TRUE(test, page_ref_freeze(pages[1], 1));
	KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(pair->server.ch, handle, 0, &data),
			-EFAULT);
	KUNIT_EXPECT_EQ(test, page_ref_count(pages[0]), 1);
	KUNIT_EXPECT_EQ(test, page_ref_count(pages[1]), 0);
	page_ref_unfreeze(pages[1], 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&pair->server.ch->stats.any.pinned), 0);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(pair->server.ch, handle, 0, &data), 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(pages[0]), 2);
	KUNIT_EXPECT_EQ(test, page_ref_count(pages[1]), 2);
	got_answer(&pair->server, 0);
	KUNIT_ASSERT_TRUE(test, sent_done(sent));
	KUNIT_EXPECT_EQ(test, sent->status, 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(pages[1]), 1);
}

/* Frame numbers of the client that name no memory: the packet is refused, the channel lives. */
static void pages_that_do_not_exist_are_refused(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct kmcl_endpoint *ep;
	struct {
		struct kmcl_gpa_header header;
		u32 length;
		u32 offset;
		u64 pfn;
	} gpa = { .header.range_count = 1, .length = 8, .pfn = 1ull << 50 };

	pair_up(pair);
	ep = pair->client.ch->ep;
	KUNIT_EXPECT_EQ(test, ep->transport->send_external(ep, 0x77, &gpa.header, sizeof(gpa),
							   NULL, 0), 0);
	check_round_trip(&pair->client, &pair->server);
	KUNIT_EXPECT_EQ(test, pair->server.ch->stats.rx.rejected_external, 1ull);
}

/* --- memory -------------------------------------------------------------------------- */

static void a_server_maps_what_its_client_shares(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct kmcl_view view = { 0 };
	u32 gpadl;

	pair_up(pair);
	fill(page_address(page), 2 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_create(pair->client.ch, page_address(page), 2 * PAGE_SIZE,
						0, &gpadl), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl + 1, 0, &view), -ENOENT);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, 2, &view), -EINVAL);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, 0, &view), 0);
	KUNIT_EXPECT_EQ(test, view.bytes, 2 * PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, view.pages[1], nth_page(page, 1));
	KUNIT_EXPECT_TRUE(test, holds(view.address, 2 * PAGE_SIZE, 0));
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, 0, &view), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_unmap(pair->server.ch, gpadl), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_unmap(pair->server.ch, gpadl), -ENOENT);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, 0, &view), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_unmap(pair->server.ch, gpadl), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(pair->client.ch, gpadl), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, 0, &view), -ENOENT);
}

static void read_only_memory_is_mapped_read_only(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct kmcl_view view;
	u32 gpadl;

	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_create(pair->client.ch, page_address(page), PAGE_SIZE,
						KMCL_GPADL_READ_ONLY, &gpadl), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, 0, &view), -EACCES);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, KMCL_GPADL_READ_ONLY, &view),
			0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_unmap(pair->server.ch, gpadl), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(pair->client.ch, gpadl), 0);
}

struct deletion {
	struct work_struct work;
	struct pair *pair;
	u32 gpadl;
	int ret;
	atomic_t done;
};

static void delete_it(struct work_struct *work)
{
	struct deletion *d = container_of(work, struct deletion, work);

	d->ret = kmcl_gpadl_delete(d->pair->client.ch, d->gpadl);
	atomic_inc_return_release(&d->done);
	wake_up_all(&d->pair->events);
}

static void deleting_waits_for_the_server(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct deletion *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct kmcl_view view;

	pair_up(pair);
	d->pair = pair;
	INIT_WORK(&d->work, delete_it);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_create(pair->client.ch, page_address(page), PAGE_SIZE, 0,
						&d->gpadl), 0);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_map(pair->server.ch, d->gpadl, 0, &view), 0);
	queue_work(system_unbound_wq, &d->work);
	/* It must not end: so there is nothing to wait for but time. */
	KUNIT_EXPECT_FALSE(test, !!wait_event_timeout(pair->events, atomic_read(&d->done), HZ / 5));
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_unmap(pair->server.ch, d->gpadl), 0);
	KUNIT_EXPECT_TRUE(test, pair_sees(pair, atomic_read_acquire(&d->done)));
	KUNIT_EXPECT_EQ(test, d->ret, 0);
	flush_work(&d->work);
}

static void a_forgotten_mapping_ends_with_the_channel(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = four_pages(test);
	struct kmcl_view view;
	u32 gpadl;

	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_create(pair->client.ch, page_address(page), PAGE_SIZE, 0,
						&gpadl), 0);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, 0, &view), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, reaches(&pair->server, KMCL_ENABLED));
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_map(pair->server.ch, gpadl, 0, &view), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, atomic64_read(&pair->server.ch->stats.any.gpadls_unmapped), 1);
}

static void both_ends_have_the_same_mmio_space(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	u64 at[2] = { 0 }, bytes[2] = { 0 };
	u8 *memory;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_mmio(pair->server.ch, 1, 1), 0);
	pair_up(pair);
	KUNIT_ASSERT_EQ(test, kmcl_channel_get_mmio(pair->client.ch, &at[0], &bytes[0]), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_get_mmio(pair->server.ch, &at[1], &bytes[1]), 0);
	KUNIT_EXPECT_EQ(test, at[0], at[1]);
	KUNIT_EXPECT_EQ(test, bytes[0], bytes[1]);
	KUNIT_EXPECT_GE(test, bytes[0], 1ull << 20);
	memory = memremap(at[0], bytes[0], MEMREMAP_WB);
	KUNIT_ASSERT_NOT_NULL(test, memory);
	memory[bytes[0] - 1] = 1;
	memunmap(memory);
}

/* More than one allocation ever gives. */
#define TOO_LARGE	1024

struct space {
	const char *name;
	u16 needed;
	u16 optional;
	int ret;
	u64 bytes;
};

static const struct space spaces[] = {
	{ "what is needed, without the rest", 1, TOO_LARGE, 0, 1 << 20 },
	{ "nothing is needed", 0, TOO_LARGE, -ENOENT, 0 },
	{ "too much is needed", TOO_LARGE, 0, -ENOMEM, 0 },
	{ "too much is needed, and more", TOO_LARGE, 1, -ENOMEM, 0 },
};

static void space_desc(const struct space *space, char *desc)
{
	strscpy(desc, space->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(space, spaces, space_desc);

static void mmio_space_is_as_large_as_can_be_had(struct kunit *test)
{
	const struct space *space = test->param_value;
	struct pair *pair = pair_of(test);
	struct kmcl_channel *ends[] = { pair->client.ch, pair->server.ch };
	u64 at[2], bytes[2];
	int i;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_mmio(pair->server.ch, space->needed,
						    space->optional), 0);
	pair_up(pair);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, kmcl_channel_get_mmio(ends[i], &at[i], &bytes[i]),
				space->ret);
		KUNIT_EXPECT_EQ(test, bytes[i], space->bytes);
	}
	KUNIT_EXPECT_EQ(test, at[0], at[1]);
	KUNIT_EXPECT_EQ(test, !at[0], !space->bytes);
}

/* --- states ---------------------------------------------------------------------------- */

struct start {
	struct work_struct work;
	struct kmcl_channel *ch;
	int ret;
};

static void start_it(struct work_struct *work)
{
	struct start *start = container_of(work, struct start, work);

	start->ret = kmcl_channel_start(start->ch);
}

/* Another thread starts the channel while it suspends. */
static void is_started_meanwhile(struct side *side)
{
	struct start start = { .ch = side->ch };

	side->on_suspend = NULL;
	INIT_WORK_ONSTACK(&start.work, start_it);
	queue_work(system_unbound_wq, &start.work);
	flush_work(&start.work);
	destroy_work_on_stack(&start.work);
	KUNIT_EXPECT_EQ(side->pair->test, start.ret, 0);
}

/* It has rested, however shortly, so whoever waited for that may go on. */
static void a_start_that_overtakes_a_pause_does_not_hold_it_up(struct kunit *test)
{
	struct pair *pair = pair_of(test);

	pair_up(pair);
	pair->client.on_suspend = is_started_meanwhile;
	KUNIT_EXPECT_EQ(test, kmcl_channel_pause(pair->client.ch), 0);
	KUNIT_EXPECT_TRUE(test, order_is(&pair->client, "ospusp"));
	KUNIT_EXPECT_TRUE(test, reaches(&pair->client, KMCL_ACTIVE));
}

/* --- either end goes, at any moment ---------------------------------------------------- */

#define ROUNDS	40

static void sends_again(struct sent *sent)
{
	if (!sent->status)
		kmcl_packet_send(sent->packet, "again", 5, KMCL_SEND_COMPLETION);
}

/* Design rules 1 and 5, with traffic in both directions. */
static void either_end_may_go_under_load(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct sent *sent[8];
	int round, i;

	for (i = 0; i < 8; i++) {
		sent[i] = sent_new(i % 2 ? &pair->server : &pair->client);
		sent[i]->on_done = sends_again;
	}
	for (round = 0; round < ROUNDS; round++) {
		pair_up(pair);
		for (i = 0; i < 8; i++) {
			atomic_set(&sent[i]->calls, 0);
			KUNIT_ASSERT_EQ(test, sent_send(sent[i], "first", 5), 0);
		}
		KUNIT_ASSERT_TRUE(test, sent_done(sent[round % 8]));
		kmcl_channel_disable(round % 3 ? pair->client.ch : pair->server.ch);
		kmcl_channel_disable(round % 3 ? pair->server.ch : pair->client.ch);
		for (i = 0; i < 8; i++)
			KUNIT_EXPECT_EQ(test, atomic_read(&sent[i]->packet->state),
					(int)KMCL_PACKET_IDLE);
		KUNIT_EXPECT_EQ(test, atomic_read(&pair->server.ch->outstanding), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&pair->client.ch->outstanding), 0);
	}
}

static struct kunit_case loopback_cases[] = {
	KUNIT_CASE(a_client_opens_what_is_offered),
	KUNIT_CASE(a_client_waits_until_it_is_offered),
	KUNIT_CASE(a_server_is_offered_again_when_its_client_has_closed),
	KUNIT_CASE(disabling_the_server_takes_the_offer_away),
	KUNIT_CASE(an_offer_that_was_never_opened_goes_quietly),
	KUNIT_CASE(a_server_begins_paused),
	KUNIT_CASE(a_disabled_server_is_paused_again),
	KUNIT_CASE(opened_may_refuse_a_client),
	KUNIT_CASE(a_client_with_rings_too_small_is_refused),
	KUNIT_CASE(the_same_offer_is_made_once),
	KUNIT_CASE(the_offer_says_what_the_server_has_set),
	KUNIT_CASE(bad_settings_of_an_offer_are_refused),
	KUNIT_CASE(the_wrong_end_is_refused),
	KUNIT_CASE(packets_go_both_ways),
	KUNIT_CASE(requests_go_both_ways),
	KUNIT_CASE(a_full_ring_queues_both_ways),
	KUNIT_CASE(a_server_is_paused_and_started_again),
	KUNIT_CASE(two_clients_have_an_offer_in_turn),
	KUNIT_CASE(messages_of_a_pipe_keep_their_length),
	KUNIT_CASE(packets_in_flight_end_when_the_server_goes),
	KUNIT_CASE(a_client_of_a_server_that_is_taken_is_refused),
	KUNIT_CASE(a_client_that_breaks_the_framing_loses_its_channel),
	KUNIT_CASE(pins_last_from_the_asking_to_the_completion),
	KUNIT_CASE(what_nobody_asks_for_is_not_pinned),
	KUNIT_CASE(scattered_pages_come_again_in_thread_context),
	KUNIT_CASE(scattered_pages_are_mapped_at_once_in_thread_context),
	KUNIT_CASE(a_failed_packet_loses_its_mappings_too),
	KUNIT_CASE(pages_that_are_free_are_not_pinned),
	KUNIT_CASE(pages_that_do_not_exist_are_refused),
	KUNIT_CASE(a_server_maps_what_its_client_shares),
	KUNIT_CASE(read_only_memory_is_mapped_read_only),
	KUNIT_CASE(deleting_waits_for_the_server),
	KUNIT_CASE(a_forgotten_mapping_ends_with_the_channel),
	KUNIT_CASE(both_ends_have_the_same_mmio_space),
	KUNIT_CASE_PARAM(mmio_space_is_as_large_as_can_be_had, space_gen_params),
	KUNIT_CASE(a_start_that_overtakes_a_pause_does_not_hold_it_up),
	KUNIT_CASE_SLOW(either_end_may_go_under_load),
	{}
};

static struct kunit_suite loopback_suite = {
	.name = "kmcl_loopback",
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = loopback_cases,
};

kunit_test_suite(loopback_suite);

MODULE_DESCRIPTION("KUnit suite: servers and clients over loopback offers");
MODULE_LICENSE("GPL");
