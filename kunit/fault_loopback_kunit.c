// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail under a loopback offer: in the calls of either end, on the client's
 * workqueue while it opens, and where offers and clients are matched. Each time one end hears
 * of it, the other is none the worse, and the next try works.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "pair.c"
#include "fault.c"

static struct pair *pair_of(struct kunit *test)
{
	return test->priv;
}

static void forget_calls(struct side *side)
{
	memset(side->order, 0, sizeof(side->order));
	atomic_set_release(&side->calls, 0);
}

static void forget(struct pair *pair)
{
	forget_calls(&pair->client);
	forget_calls(&pair->server);
	pair->client.failure = 0;
}


/* A packet from one end to the other and back. */
static void check_works(struct pair *pair)
{
	struct sent *sent = sent_new(&pair->client);

	KUNIT_ASSERT_TRUE(pair->test, reaches(&pair->client, KMCL_ACTIVE));
	KUNIT_ASSERT_TRUE(pair->test, reaches(&pair->server, KMCL_ACTIVE));
	KUNIT_ASSERT_EQ(pair->test, sent_send(sent, "ping", 4), 0);
	KUNIT_ASSERT_TRUE(pair->test, sent_done(sent));
	KUNIT_EXPECT_EQ(pair->test, sent->status, 0);
	KUNIT_EXPECT_MEMEQ(pair->test, sent->answer, "ping", 4);
}

/* The client goes, and the server is offered again. */
static void client_goes(struct pair *pair)
{
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_disable(pair->client.ch), 0);
	KUNIT_ASSERT_TRUE(pair->test, reaches(&pair->server, KMCL_ENABLED));
}

static void enabled_or_not(struct pair *pair, struct side *side, u32 *refused, bool *failed)
{
	int ret;

	fail_own(nth_fault());
	ret = kmcl_channel_enable(side->ch);
	*failed = own_failed();
	if (!ret)
		return;
	++*refused;
	KUNIT_EXPECT_EQ(pair->test, ret, -ENOMEM);
	KUNIT_EXPECT_EQ(pair->test, kmcl_channel_get_state(side->ch), KMCL_DISABLED);
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_enable(side->ch), 0);
}

static void a_server_is_offered_or_not(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	u32 n, refused = 0;
	bool failed = true;

	faults_allowed(test);
	for (n = 1; next_fault(failed, refused, 6); n++) {
		enabled_or_not(pair, &pair->server, &refused, &failed);
		KUNIT_ASSERT_EQ(test, kmcl_channel_start(pair->server.ch), 0);
		KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
		check_works(pair);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->server.ch), 0);
		/* All is made anew. */
		KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(pair->server.ch, 2, 64), 0);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 6u);
}

/* What it has besides its offer is made once. */
static void a_client_searches_or_not(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	u32 n, refused = 0;
	bool failed = true;

	faults_allowed(test);
	server_up(pair);
	client_up(pair);
	client_goes(pair);
	for (n = 1; next_fault(failed, refused, 1); n++) {
		enabled_or_not(pair, &pair->client, &refused, &failed);
		check_works(pair);
		client_goes(pair);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1u);
}

/* Connection and rings. The server never hears of a client that could not. */
static void a_client_opens_or_is_told(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	u32 n, refused = 0;
	bool failed = true;

	faults_allowed(test);
	server_up(pair);
	for (n = 1; next_fault(failed, refused, 1 + 2 * (3 + 1 + PAIR_RING_PAGES)); n++) {
		forget(pair);
		fail_of_work(&pair->client.ch->control, nth_fault());
		KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
		KUNIT_ASSERT_TRUE(test, pair_sees(pair, atomic_read_acquire(&pair->client.calls)));
		if (pair->client.order[0] == 'f') {
			refused++;
			KUNIT_EXPECT_EQ(test, pair->client.failure, -ENOMEM);
			KUNIT_ASSERT_EQ(test, kmcl_channel_disable(pair->client.ch), 0);
			failed = work_failed();
			KUNIT_EXPECT_STREQ(test, pair->client.order, "f");
			KUNIT_EXPECT_STREQ(test, pair->server.order, "");
			KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
			check_works(pair);
		} else {
			check_works(pair);
			flush_work(&pair->client.ch->control);
			failed = work_failed();
		}
		client_goes(pair);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	/* A connection; of each ring list and pages, its double map, and that map's area. */
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1 + 2 * (3 + 1 + PAIR_RING_PAGES));
}

/* Nobody asks again but the matching itself: a client must not wait for an offer that is there. */
static void a_client_finds_its_offer_in_the_end(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	const struct module *loopback;
	u32 n, failures = 0;
	bool failed = true;

	faults_allowed(test);
	server_up(pair);
	client_up(pair);
	loopback = pair->client.ch->ep->transport->owner;
	if (!loopback)
		kunit_skip(test, "needs kmcl_loopback as a module");
	client_goes(pair);
	for (n = 1; next_fault(failed, failures, 1); n++) {
		fail_of_module(loopback, nth_fault());
		KUNIT_ASSERT_EQ(test, kmcl_channel_enable(pair->client.ch), 0);
		if (!reaches(&pair->client, KMCL_ACTIVE)) {
			KUNIT_FAIL(test, "allocation %u: it waits for what is there", n);
			work_failed();
			return;
		}
		failed = work_failed();
		failures += failed;
		check_works(pair);
		client_goes(pair);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(failures), 1u);
}

static void free_two_pages(void *page)
{
	__free_pages(page, 1);
}

static struct page *two_pages(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_two_pages, page), 0);
	return page;
}

static void memory_is_shared_and_seen_or_not(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = two_pages(test);
	u32 n, number, shares = 0, views = 0;
	int ret, before = page_ref_count(page);
	bool failed = true, not_seen;
	struct kmcl_view view;

	faults_allowed(test);
	pair_up(pair);
	for (n = 1; next_fault(failed, shares, 2); n++) {
		fail_own(nth_fault());
		ret = kmcl_gpadl_create(pair->client.ch, page_address(page), PAGE_SIZE, 0, &number);
		failed = own_failed();
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_EXPECT_EQ(test, page_ref_count(page), before);
			shares++;
			KUNIT_ASSERT_EQ(test, kmcl_gpadl_create(pair->client.ch, page_address(page),
								PAGE_SIZE, 0, &number), 0);
		}
		fail_own(nth_fault());
		ret = kmcl_gpadl_map(pair->server.ch, number, 0, &view);
		not_seen = own_failed();
		if (ret) {
			KUNIT_EXPECT_TRUE(test, not_seen);
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			views++;
			KUNIT_ASSERT_EQ(test, kmcl_gpadl_map(pair->server.ch, number, 0, &view), 0);
		}
		KUNIT_EXPECT_PTR_EQ(test, view.pages[0], page);
		KUNIT_EXPECT_EQ(test, kmcl_gpadl_unmap(pair->server.ch, number), 0);
		KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(pair->client.ch, number), 0);
		KUNIT_EXPECT_EQ(test, page_ref_count(page), before);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	/* kmcl's, the transport's */
	KUNIT_EXPECT_GE(test, errors_of_sweep(shares), 2u);
	KUNIT_EXPECT_GE(test, views, 1u);
}

/* The server's callback, which kept it, has returned: only then may another ask for its data. */
static bool is_kept(struct side *side, int packets)
{
	int ms;

	if (!gets(side, packets))
		return false;
	for (ms = 0; ms < 20000 && atomic64_read(&side->ch->rx.current_handle); ms++)
		usleep_range(1000, 2000);
	return !atomic64_read(&side->ch->rx.current_handle);
}

/* The pages of one range in the wrong order: to have an address they must be mapped. */
static void data_get_an_address_or_not(struct kunit *test)
{
	struct pair *pair = pair_of(test);
	struct page *page = two_pages(test);
	struct page *pages[] = { nth_page(page, 1), page };
	struct kmcl_external_data data = kmcl_external_pages(pages, 0, 2 * PAGE_SIZE,
							     DMA_BIDIRECTIONAL);
	const struct kmcl_received_data *received;
	struct sent *sent = sent_new(&pair->client);
	int ret, before = page_ref_count(page);
	u32 n, refused = 0;
	bool failed = true;
	struct got *got;

	faults_allowed(test);
	pair->server.hold = true;
	pair_up(pair);
	for (n = 1; n < PAIR_KEPT && next_fault(failed, refused, 1); n++) {
		KUNIT_ASSERT_EQ(test, kmcl_packet_send_external(sent->packet, NULL, 0, &data,
								KMCL_SEND_COMPLETION), 0);
		KUNIT_ASSERT_TRUE(test, is_kept(&pair->server, n));
		got = &pair->server.got[n - 1];
		fail_own(nth_fault());
		ret = kmcl_incoming_get_external(pair->server.ch, got->handle, KMCL_EXTERNAL_MAP,
						 &received);
		failed = own_failed();
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_EXPECT_NULL(test, kmcl_incoming_map(pair->server.ch, got->handle, 0));
			refused++;
			KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(pair->server.ch,
									 got->handle,
									 KMCL_EXTERNAL_MAP,
									 &received), 0);
		}
		KUNIT_EXPECT_NOT_NULL(test, kmcl_incoming_map(pair->server.ch, got->handle, 0));
		KUNIT_EXPECT_EQ(test, page_ref_count(page), before + 2);
		got_answer(&pair->server, n - 1);
		KUNIT_ASSERT_TRUE(test, pair_sees(pair, atomic_read_acquire(&sent->calls) >= n));
		KUNIT_EXPECT_EQ(test, page_ref_count(page), before);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1u);
}

static struct kunit_case fault_loopback_cases[] = {
	KUNIT_CASE_SLOW(a_server_is_offered_or_not),
	KUNIT_CASE(a_client_searches_or_not),
	KUNIT_CASE_SLOW(a_client_opens_or_is_told),
	KUNIT_CASE(a_client_finds_its_offer_in_the_end),
	KUNIT_CASE(memory_is_shared_and_seen_or_not),
	KUNIT_CASE(data_get_an_address_or_not),
	{}
};

static struct kunit_suite fault_loopback_suite = {
	.name = "kmcl_fault_loopback",
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = fault_loopback_cases,
};
kunit_test_suite(fault_loopback_suite);

MODULE_DESCRIPTION("KUnit suite: allocations that fail under a loopback offer");
MODULE_LICENSE("GPL");
