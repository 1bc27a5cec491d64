// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fails, fails cleanly: each allocation made for a call, and each call of the transport,
 * fails in turn. Each time the driver gets the error that is documented, nothing has changed,
 * nothing is lost (kmemleak looks at the end of every run), and the next try works. And a host
 * that does not answer holds up nobody who has not asked it.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "bed.c"
#include "fault.c"

#define CONTEXTS	3u

/* --- allocations: channels and packets ------------------------------------ */

static void a_channel_is_born_or_not(struct kunit *test)
{
	u32 n, refused = 0;
	struct kmcl_channel *ch;
	bool failed = true;

	faults_allowed(test);
	for (n = 1; next_fault(failed, refused, 1); n++) {
		fail_own(nth_fault());
		ch = kmcl_channel_alloc();
		failed = own_failed();
		if (IS_ERR(ch)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(ch), -ENOMEM);
			refused++;
			continue;
		}
		KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(ch), 0);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1u);
}

/* A channel whose table of transactions is empty, so that it has to grow. */
static struct kmcl_channel *new_channel(struct kunit *test)
{
	struct kmcl_channel *ch = kmcl_channel_alloc();

	KUNIT_ASSERT_FALSE(test, IS_ERR(ch));
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_packet_size(ch, PACKET_SIZE), 0);
	return ch;
}

static void a_packet_is_made_or_not(struct kunit *test)
{
	struct kmcl_packet *packet;
	struct kmcl_channel *ch;
	u32 n, refused = 0;
	bool failed = true;

	faults_allowed(test);
	for (n = 1; next_fault(failed, refused, 2); n++) {
		ch = new_channel(test);
		fail_own(nth_fault());
		packet = kmcl_packet_alloc(ch, GFP_KERNEL);
		failed = own_failed();
		if (!packet) {
			refused++;
			/* It is not counted: sizes may still be set. */
			KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_packet_size(ch, PACKET_SIZE), 0);
			packet = kmcl_packet_alloc(ch, GFP_KERNEL);
		}
		KUNIT_EXPECT_NOT_NULL(test, packet);
		kmcl_packet_free(packet);
		KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(ch), 0);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	/* the object, the table */
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 2u);
}

static void a_packet_in_memory_of_the_drivers_is_made_or_not(struct kunit *test)
{
	struct kmcl_packet *packet;
	struct kmcl_channel *ch;
	u32 n, size, refused = 0;
	bool failed = true;
	void *memory;
	int ret;

	faults_allowed(test);
	for (n = 1; next_fault(failed, refused, 1); n++) {
		ch = new_channel(test);
		size = kmcl_packet_size(ch);
		memory = kmalloc(size, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, memory);
		fail_own(nth_fault());
		ret = kmcl_packet_init(ch, memory, size, GFP_KERNEL, &packet);
		failed = own_failed();
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			refused++;
			ret = kmcl_packet_init(ch, memory, size, GFP_KERNEL, &packet);
		}
		KUNIT_EXPECT_EQ(test, ret, 0);
		KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(ch), 0);
		kfree(memory);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1u);
}

static void a_channel_is_enabled_or_not(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 n, refused = 0;
	bool failed = true;
	int ret;

	faults_allowed(test);
	for (n = 1; next_fault(failed, refused, 1 + CONTEXTS + 1 + 1); n++) {
		/* All resources are made anew. */
		KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(bed->ch, CONTEXTS, RESERVE), 0);
		fail_own(nth_fault());
		ret = kmcl_channel_enable(bed->ch);
		failed = own_failed();
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_EXPECT_TRUE(test, is_in(bed, KMCL_DISABLED));
			refused++;
			KUNIT_ASSERT_EQ(test, kmcl_channel_enable(bed->ch), 0);
		}
		KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_ACTIVE));
		settle(bed);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	/* List and contexts, scratch, workqueue; the table of contexts only once. */
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1 + CONTEXTS + 1 + 1);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, OPENED), n - 1);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), n - 1);
}

static void *arm_idles(struct kmcl_channel *channel)
{
	return channel;
}

static void idles(void *cookie)
{
}

/* Each time the table of contexts has to grow. No offer comes. */
static void a_new_channel_is_enabled_or_not(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct kmcl_channel *ch;
	u32 n, refused = 0;
	bool failed = true;
	int ret;

	faults_allowed(test);
	bed->bus.arm = arm_idles;
	bed->bus.rearm = idles;
	bed->bus.disarm = idles;
	for (n = 1; next_fault(failed, refused, 5); n++) {
		ch = new_channel(test);
		KUNIT_EXPECT_EQ(test, kmcl_channel_set_target(ch, &bed_type, NULL), 0);
		KUNIT_EXPECT_EQ(test, kmcl_channel_set_incoming(ch, 1, RESERVE), 0);
		fail_own(nth_fault());
		ret = kmcl_channel_enable(ch);
		failed = own_failed();
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			refused++;
			KUNIT_EXPECT_EQ(test, kmcl_channel_enable(ch), 0);
		}
		KUNIT_EXPECT_EQ(test, kmcl_channel_disable(ch), 0);
		KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(ch), 0);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	/* list, context, table, scratch, workqueue */
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 5u);
}

static void a_request_is_made_or_not(struct kunit *test)
{
	struct kmcl_request request = {
		.buffer = "ask", .length = 3, .timeout = ms_to_ktime(1000),
	};
	struct bed *bed = test->priv;
	u32 n, refused = 0;
	bool failed = true;
	int ret;

	faults_allowed(test);
	enable(bed);
	for (n = 1; next_fault(failed, refused, 1); n++) {
		fail_own(nth_fault());
		ret = kmcl_channel_request(bed->ch, &request);
		failed = own_failed();
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			refused++;
			KUNIT_EXPECT_EQ(test, counted(bed, refused), refused);
			KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), 0);
		}
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), 1u);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), n - 1);
}

/* --- allocations: memory that is shared ------------------------------------ */

static void free_page_of(void *page)
{
	__free_page(page);
}

static struct page *new_page(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_page_of, page), 0);
	return page;
}

static int shares(struct kmcl_channel *ch, struct page **pages, bool scattered, u32 *number)
{
	return scattered ? kmcl_gpadl_create_pages(ch, pages, 0, 2 * PAGE_SIZE, 0, number) :
			   kmcl_gpadl_create(ch, page_address(pages[0]), PAGE_SIZE, 0, number);
}

static void memory_is_shared_or_not(struct kunit *test, bool scattered, u32 least)
{
	struct page *pages[2] = { new_page(test), new_page(test) };
	struct bed *bed = test->priv;
	u32 n, number, refused = 0;
	bool failed = true;
	int ret;

	faults_allowed(test);
	enable(bed);
	for (n = 1; next_fault(failed, refused, least); n++) {
		fail_own(nth_fault());
		ret = shares(bed->ch, pages, scattered, &number);
		failed = own_failed();
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_EXPECT_EQ(test, counted(bed, gpadls_refused), ++refused);
			KUNIT_EXPECT_EQ(test, page_ref_count(pages[0]), 1);
			KUNIT_EXPECT_EQ(test, page_ref_count(pages[1]), 1);
			KUNIT_ASSERT_EQ(test, shares(bed->ch, pages, scattered, &number), 0);
		}
		KUNIT_EXPECT_EQ(test, page_ref_count(pages[0]), 2);
		KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(bed->ch, number), 0);
		KUNIT_EXPECT_EQ(test, page_ref_count(pages[0]), 1);
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, errors_of_sweep(refused), least);
}

static void a_buffer_is_shared_or_not(struct kunit *test)
{
	memory_is_shared_or_not(test, false, 1);
}

/* These are mapped one behind the other. */
static void scattered_pages_are_shared_or_not(struct kunit *test)
{
	memory_is_shared_or_not(test, true, 2);
}

/* --- allocations: where there are none ------------------------------------- */

#define SENDERS		4u

/* Placed, placed with external data, queued, a request that does not wait, an answer. */
static void sends_in_every_way(struct bed *bed, struct told **told, struct page *page)
{
	struct kmcl_external_data data = kmcl_external_pages(&page, 0, 100, DMA_TO_DEVICE);
	struct kmcl_request request = { .buffer = "r", .length = 1 };
	int got = nr_got(bed), i;

	host_sends(bed, 7, true);
	KUNIT_ASSERT_EQ(bed->test, nr_got(bed), got + 1);
	fail_own(1);
	kmcl_packet_send(told[0]->packet, "a", 1, 0);
	kmcl_packet_send(told[1]->packet, "b", 1, KMCL_SEND_COMPLETION);
	kmcl_packet_send_external(told[2]->packet, "c", 1, &data, KMCL_SEND_COMPLETION);
	host_stops_reading(bed);
	kmcl_packet_send(told[3]->packet, "d", 1, 0);
	kmcl_channel_request(bed->ch, &request);
	complete_it(bed, got);
	KUNIT_EXPECT_FALSE(bed->test, own_failed());
	host_drains(bed);
	settle(bed);
	for (i = 0; i < nr_sent(bed); i++) {
		if (bed->sent[i].flags & KMCL_PKT_FLAG_COMPLETION_REQUESTED)
			host_completes(bed, bed->sent[i].trans_id);
	}
}

static void sending_and_completing_allocate_nothing(struct kunit *test)
{
	struct page *page = new_page(test);
	struct told *told[SENDERS];
	struct bed *bed = test->priv;
	u32 i, round;

	faults_allowed(test);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, PAGE_SIZE, 1), 0);
	for (i = 0; i < SENDERS; i++)
		told[i] = new_told(bed);
	enable(bed);
	for (round = 1; round <= 3; round++) {
		sends_in_every_way(bed, told, page);
		for (i = 0; i < SENDERS; i++) {
			KUNIT_EXPECT_EQ(test, told[i]->calls, round);
			KUNIT_EXPECT_EQ(test, told[i]->status, 0);
		}
		KUNIT_EXPECT_EQ(test, nr_sent(bed), round * (SENDERS + 1));
	}
}

/* Ending has no error to give: what it takes is there, or it does without. */
static void all_ends_without_memory(struct kunit *test)
{
	struct page *page = new_page(test);
	struct bed *bed = test->priv;
	struct told *told;
	u32 n, number;
	int ret;

	faults_allowed(test);
	told = new_told(bed);
	for (n = 1; n <= 8; n++) {
		enable(bed);
		KUNIT_ASSERT_EQ(test, shares(bed->ch, &page, false, &number), 0);
		KUNIT_ASSERT_EQ(test, kmcl_packet_send(told->packet, "a", 1,
						       KMCL_SEND_COMPLETION), 0);
		fail_own(n);
		ret = kmcl_gpadl_delete(bed->ch, number);
		own_failed();
		KUNIT_EXPECT_EQ(test, ret, 0);
		KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
		fail_of_work(&bed->ch->control, n);
		fail_own(n);
		ret = kmcl_channel_disable(bed->ch);
		own_failed();
		work_failed();
		KUNIT_EXPECT_EQ(test, ret, 0);
		KUNIT_EXPECT_EQ(test, told->calls, n);
		KUNIT_EXPECT_EQ(test, told->status, -ENODEV);
		KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), n);
	}
}

/* --- the transport --------------------------------------------------------- */

/**
 * struct broken - what the transport does wrong, and what the driver was told
 * @error: of the calls that fail
 * @nth: of sends from now on
 * @rescinds: the host takes the offer back meanwhile
 * @entered: the open has begun
 * @go: the host answers it
 * @failures: open_failed was called
 * @failure: with what
 */
static struct broken {
	int error;
	int nth;
	bool rescinds;
	bool entered;
	struct completion go;
	atomic_t failures;
	int failure;
} broken;

#define ERRNO(code)	{ .name = #code, .error = -code }

struct error {
	const char *name;
	int error;
};

static void error_desc(const struct error *e, char *desc)
{
	strscpy(desc, e->name, KUNIT_PARAM_DESC_SIZE);
}

static int error_of(struct kunit *test)
{
	const struct error *e = test->param_value;

	return e->error;
}

static struct bed *with_broken(struct kunit *test)
{
	memset(&broken, 0, sizeof(broken));
	init_completion(&broken.go);
	if (test->param_value)
		broken.error = error_of(test);
	return test->priv;
}

static void *arm_fails(struct kmcl_channel *channel)
{
	return ERR_PTR(broken.error);
}

static const struct error arm_errors[] = { ERRNO(ENOMEM), ERRNO(EBUSY), ERRNO(EEXIST) };
KUNIT_ARRAY_PARAM(arm_error, arm_errors, error_desc);

static void what_cannot_be_armed_is_not_enabled(struct kunit *test)
{
	struct bed *bed = with_broken(test);

	bed->bus.arm = arm_fails;
	KUNIT_EXPECT_EQ(test, kmcl_channel_enable(bed->ch), broken.error);
	KUNIT_EXPECT_TRUE(test, is_in(bed, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_incoming(bed->ch, CONTEXTS, RESERVE), 0);
	bed->bus.arm = bed_arm;
	enable(bed);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, OPENED), 1);
}

static struct kmcl_transport another_bus = {
	.name = "another",
	.owner = THIS_MODULE,
	.arm = arm_fails,
};

static const struct error not_for_errors[] = { ERRNO(ENODEV), ERRNO(EOPNOTSUPP) };
KUNIT_ARRAY_PARAM(not_for_error, not_for_errors, error_desc);

static void enabled_beside_another(struct bed *bed)
{
	KUNIT_EXPECT_EQ(bed->test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_EXPECT_TRUE(bed->test, comes_to(bed, KMCL_ACTIVE));
	settle(bed);
	KUNIT_EXPECT_EQ(bed->test, kmcl_channel_disable(bed->ch), 0);
}

/* Whichever is asked first: a free place in the table is taken from the front. */
static void what_one_bus_is_not_for_another_enables(struct kunit *test)
{
	struct bed *bed = with_broken(test);

	KUNIT_ASSERT_EQ(test, kmcl_transport_register(&another_bus), 0);
	enabled_beside_another(bed);
	kmcl_transport_unregister(&another_bus);
	kmcl_transport_unregister(&bed->bus);
	KUNIT_EXPECT_EQ(test, kmcl_transport_register(&another_bus), 0);
	KUNIT_EXPECT_EQ(test, kmcl_transport_register(&bed->bus), 0);
	KUNIT_EXPECT_LT(test, another_bus.index, bed->bus.index);
	enabled_beside_another(bed);
	kmcl_transport_unregister(&another_bus);
}

static void driver_hears_of_failure(struct kmcl_channel *channel, int error)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);

	broken.failure = error;
	atomic_inc_return_release(&broken.failures);
	wake_up_all(&bed->events);
}

static void listens_for_failures(struct bed *bed)
{
	static const struct kmcl_state_callbacks callbacks = {
		.opened = driver_opened,
		.closed = driver_closed,
		.open_failed = driver_hears_of_failure,
	};

	KUNIT_ASSERT_EQ(bed->test, kmcl_channel_set_state_callbacks(bed->ch, &callbacks), 0);
}

static int open_fails(struct kmcl_endpoint *ep, const struct kmcl_open *how)
{
	if (broken.rescinds)
		host_rescinds(bed_of(ep));
	return broken.error;
}

static const struct error open_errors[] = {
	ERRNO(ENOMEM), ERRNO(EINVAL), ERRNO(EIO), ERRNO(ETIMEDOUT), ERRNO(ECONNREFUSED),
};
KUNIT_ARRAY_PARAM(open_error, open_errors, error_desc);

static void what_cannot_be_opened_is_told_once(struct kunit *test)
{
	struct bed *bed = with_broken(test);

	listens_for_failures(bed);
	bed->bus.open = open_fails;
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, atomic_read_acquire(&broken.failures)));
	KUNIT_EXPECT_EQ(test, broken.failure, broken.error);
	KUNIT_EXPECT_TRUE(test, comes_to(bed, KMCL_ENABLED));
	KUNIT_EXPECT_EQ(test, counted(bed, open_failed), 1);
	bed->bus.open = bed_open;
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, OPENED), 0);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->closings), 0);
	enable(bed);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, OPENED), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&broken.failures), 1);
}

/* The same offer may come again. */
static void a_rescind_while_opening_is_no_failure(struct kunit *test)
{
	struct bed *bed = with_broken(test);

	broken.error = -ENODEV;
	broken.rescinds = true;
	listens_for_failures(bed);
	bed->bus.open = open_fails;
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, !test_bit(0, &bed->bound)));
	flush_workqueue(bed->ch->wq);
	KUNIT_EXPECT_TRUE(test, is_in(bed, KMCL_ENABLED));
	KUNIT_EXPECT_EQ(test, atomic_read(&broken.failures), 0);
	bed->bus.open = bed_open;
	WRITE_ONCE(bed->withdrawn, false);
	offer(bed);
	KUNIT_EXPECT_TRUE(test, comes_to(bed, KMCL_ACTIVE));
	KUNIT_EXPECT_EQ(test, nr_calls(bed, OPENED), 1);
}

static bool this_one_fails(void)
{
	return broken.nth && !--broken.nth;
}

static int send_fails(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		      const void *payload, u32 len)
{
	return this_one_fails() ? broken.error :
				  bed_send(ep, type, flags, trans_id, payload, len);
}

static int send_external_fails(struct kmcl_endpoint *ep, u64 trans_id,
			       struct kmcl_gpa_header *gpa, u32 gpa_len, const void *payload,
			       u32 len)
{
	return this_one_fails() ? broken.error :
				  bed_send_external(ep, trans_id, gpa, gpa_len, payload, len);
}

static const struct error send_errors[] = { ERRNO(EAGAIN), ERRNO(EIO), ERRNO(ENODEV) };
KUNIT_ARRAY_PARAM(send_error, send_errors, error_desc);

/* One without a wish, one that asks, one with external data, an answer: the @nth fails. */
static void sends_with_a_failure(struct bed *bed, struct told **told, struct page *page, int nth)
{
	struct kmcl_external_data data = kmcl_external_pages(&page, 0, 100, DMA_TO_DEVICE);
	int got = nr_got(bed);

	host_sends(bed, 7, true);
	KUNIT_ASSERT_EQ(bed->test, nr_got(bed), got + 1);
	broken.nth = nth;
	KUNIT_EXPECT_EQ(bed->test, kmcl_packet_send(told[0]->packet, "a", 1, 0), 0);
	KUNIT_EXPECT_EQ(bed->test, kmcl_packet_send(told[1]->packet, "b", 1,
						    KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(bed->test, complete_it(bed, got), 0);
	/* By now the channel may have closed. */
	if (kmcl_packet_send_external(told[2]->packet, "c", 1, &data, KMCL_SEND_COMPLETION))
		tells(told[2]->packet, -ENODEV, NULL, 0);
	broken.nth = 0;
}

/* The bus loses a packet, and that ends the channel, or it says that there is none any more. */
static void what_the_bus_does_not_send_ends_once(struct kunit *test)
{
	struct bed *bed = with_broken(test);
	struct page *page = new_page(test);
	struct told *told[3];
	int nth, i;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, PAGE_SIZE, 1), 0);
	for (i = 0; i < ARRAY_SIZE(told); i++)
		told[i] = new_told(bed);
	bed->bus.send = send_fails;
	bed->bus.send_external = send_external_fails;
	for (nth = 1; nth <= 4; nth++) {
		WRITE_ONCE(bed->withdrawn, false);
		enable(bed);
		sends_with_a_failure(bed, told, page, nth);
		if (broken.error == -ENODEV)
			host_rescinds(bed);
		KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
		KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), nth);
		settle(bed);
		for (i = 0; i < ARRAY_SIZE(told); i++)
			KUNIT_EXPECT_EQ(test, told[i]->calls, nth);
		KUNIT_EXPECT_EQ(test, told[0]->status, nth == 1 ? -ENODEV : 0);
		KUNIT_EXPECT_EQ(test, told[1]->status, -ENODEV);
		KUNIT_EXPECT_EQ(test, told[2]->status, -ENODEV);
		KUNIT_EXPECT_FALSE(test, told[2]->mapped);
		KUNIT_ASSERT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	}
	WRITE_ONCE(bed->withdrawn, false);
	enable(bed);
	i = nr_sent(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told[1]->packet, "b", 1, KMCL_SEND_COMPLETION), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), i + 1);
	host_completes(bed, bed->sent[i].trans_id);
	KUNIT_EXPECT_EQ(test, told[1]->status, 0);
}

static const struct error gpadl_errors[] = {
	ERRNO(EDQUOT), ERRNO(ENODEV), ERRNO(ENOMEM), ERRNO(EIO), ERRNO(ETIMEDOUT),
};
KUNIT_ARRAY_PARAM(gpadl_error, gpadl_errors, error_desc);

static void what_the_bus_does_not_share_is_the_drivers(struct kunit *test)
{
	struct page *pages[2] = { new_page(test), new_page(test) };
	struct bed *bed = with_broken(test);
	int scattered;
	u32 number;

	enable(bed);
	for (scattered = 0; scattered < 2; scattered++) {
		bed->gpadl.create = broken.error;
		KUNIT_EXPECT_EQ(test, shares(bed->ch, pages, scattered, &number), broken.error);
		KUNIT_EXPECT_EQ(test, counted(bed, gpadls_refused), scattered + 1);
		KUNIT_EXPECT_EQ(test, page_ref_count(pages[0]), 1);
		bed->gpadl.create = 0;
		KUNIT_ASSERT_EQ(test, shares(bed->ch, pages, scattered, &number), 0);
		KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(bed->ch, number), 0);
		KUNIT_EXPECT_EQ(test, page_ref_count(pages[0]), 1);
	}
}

static const struct error mmio_errors[] = { ERRNO(ENXIO), ERRNO(ENOMEM) };
KUNIT_ARRAY_PARAM(mmio_error, mmio_errors, error_desc);

static void space_that_is_not_there_is_asked_for_again(struct kunit *test)
{
	struct bed *bed = with_broken(test);
	u64 address = 1, bytes = 1;

	bed->mmio.address = 0xf8000000;
	bed->mmio.bytes = PAGE_SIZE;
	bed->mmio.ret = broken.error;
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_mmio(bed->ch, &address, &bytes), broken.error);
	KUNIT_EXPECT_EQ(test, address, 0ull);
	KUNIT_EXPECT_EQ(test, bytes, 0ull);
	bed->mmio.ret = 0;
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_mmio(bed->ch, &address, &bytes), 0);
	KUNIT_EXPECT_EQ(test, address, 0xf8000000ull);
	KUNIT_EXPECT_EQ(test, bytes, PAGE_SIZE);
}

/* --- who waits ------------------------------------------------------------- */

static int open_waits(struct kmcl_endpoint *ep, const struct kmcl_open *how)
{
	struct bed *bed = bed_of(ep);

	WRITE_ONCE(broken.entered, true);
	wake_up_all(&bed->events);
	wait_for_completion(&broken.go);
	return bed_open(ep, how);
}

static int enables(struct aside *aside)
{
	return kmcl_channel_enable(aside->bed->ch);
}

static void enabling_does_not_wait_for_the_host(struct kunit *test)
{
	struct bed *bed = with_broken(test);
	struct aside *enabler;
	bool back;

	bed->bus.open = open_waits;
	enabler = begin_aside(bed, enables);
	KUNIT_EXPECT_TRUE(test, comes_true(bed, READ_ONCE(broken.entered)));
	back = is_over(enabler);
	KUNIT_EXPECT_TRUE(test, back);
	KUNIT_EXPECT_EQ(test, nr_calls(bed, OPENED), 0);
	complete_all(&broken.go);
	KUNIT_EXPECT_TRUE(test, is_over(enabler));
	KUNIT_EXPECT_EQ(test, enabler->ret, 0);
	KUNIT_EXPECT_TRUE(test, comes_to(bed, KMCL_ACTIVE));
	settle(bed);
}

static int rescinds(struct aside *aside)
{
	host_rescinds(aside->bed);
	return 0;
}

/* Neither for the driver, who holds a packet, nor for the close that it holds up. */
static void a_rescind_waits_for_nothing(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	struct aside *bus = begin_aside(bed, rescinds);

	KUNIT_EXPECT_TRUE(test, comes_true(bed, nr_calls(bed, SUSPENDED)));
	KUNIT_EXPECT_TRUE(test, is_over(bus));
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_TRUE(test, is_over(bus));
	KUNIT_EXPECT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 1);
}

static struct kunit_case kmcl_fault_cases[] = {
	KUNIT_CASE(a_channel_is_born_or_not),
	KUNIT_CASE(a_packet_is_made_or_not),
	KUNIT_CASE(a_packet_in_memory_of_the_drivers_is_made_or_not),
	KUNIT_CASE_SLOW(a_channel_is_enabled_or_not),
	KUNIT_CASE(a_new_channel_is_enabled_or_not),
	KUNIT_CASE(a_request_is_made_or_not),
	KUNIT_CASE(a_buffer_is_shared_or_not),
	KUNIT_CASE(scattered_pages_are_shared_or_not),
	KUNIT_CASE(sending_and_completing_allocate_nothing),
	KUNIT_CASE(all_ends_without_memory),
	KUNIT_CASE_PARAM(what_cannot_be_armed_is_not_enabled, arm_error_gen_params),
	KUNIT_CASE_PARAM(what_one_bus_is_not_for_another_enables, not_for_error_gen_params),
	KUNIT_CASE_PARAM(what_cannot_be_opened_is_told_once, open_error_gen_params),
	KUNIT_CASE(a_rescind_while_opening_is_no_failure),
	KUNIT_CASE_PARAM(what_the_bus_does_not_send_ends_once, send_error_gen_params),
	KUNIT_CASE_PARAM(what_the_bus_does_not_share_is_the_drivers, gpadl_error_gen_params),
	KUNIT_CASE_PARAM(space_that_is_not_there_is_asked_for_again, mmio_error_gen_params),
	KUNIT_CASE(enabling_does_not_wait_for_the_host),
	KUNIT_CASE(a_rescind_waits_for_nothing),
	{}
};

static struct kunit_suite kmcl_fault_suite = {
	.name = "kmcl_fault",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = kmcl_fault_cases,
};
kunit_test_suite(kmcl_fault_suite);

MODULE_DESCRIPTION("KUnit suite: what fails, fails cleanly");
MODULE_LICENSE("GPL");
