// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad input to every function of a channel and a packet, and calls in the wrong
 * state: each gives its errno and changes nothing. The transport here never has
 * an offer, so an enabled channel waits.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/scatterlist.h>

#include <kmcl/kmcl.h>

#include "channel.h"
#include "transport.h"

static const guid_t a_type = GUID_INIT(0x6b6d636c, 0x6b75, 0x6e69,
				       0x74, 0x63, 0x68, 0x61, 0x6e, 0x00, 0x00, 0x01);

static void *idle_arm(struct kmcl_channel *channel)
{
	return channel;
}

static void idle_ignore(void *cookie)
{
}

static struct kmcl_transport idle_bus = {
	.name = "idle",
	.owner = THIS_MODULE,
	.arm = idle_arm,
	.rearm = idle_ignore,
	.disarm = idle_ignore,
};

static struct kmcl_channel *channel_of(struct kunit *test)
{
	return test->priv;
}

static int channel_init(struct kunit *test)
{
	int err = kmcl_transport_register(&idle_bus);

	if (err)
		return err;
	test->priv = kmcl_channel_alloc();
	return PTR_ERR_OR_ZERO(test->priv);
}

static void channel_exit(struct kunit *test)
{
	if (!IS_ERR_OR_NULL(test->priv)) {
		kmcl_channel_disable(test->priv);
		KUNIT_EXPECT_EQ(test, 0, kmcl_channel_cleanup(test->priv));
	}
	kmcl_transport_unregister(&idle_bus);
}

static void enable(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, kmcl_channel_set_target(channel_of(test), &a_type, NULL));
	KUNIT_ASSERT_EQ(test, 0, kmcl_channel_enable(channel_of(test)));
}

static void refuses_a_null_channel(struct kunit *test)
{
	static const struct kmcl_state_callbacks on = {};
	guid_t instance;

	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_cleanup(NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_name(NULL, "a"));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_target(NULL, &a_type, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_max_packet_size(NULL, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_max_external_data(NULL, 1, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_ring_pages(NULL, 1, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_incoming(NULL, 1, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_thread_context(NULL, true));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_packet_callbacks(NULL, NULL, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_state_callbacks(NULL, &on));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_get_instance(NULL, &instance));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_enable(NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_disable(NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_start(NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_pause(NULL));
	KUNIT_EXPECT_PTR_EQ(test, NULL, kmcl_channel_get_pointer(NULL));
}

static void refuses_a_null_channel_for_packets_and_memory(struct kunit *test)
{
	const struct kmcl_received_data *data;
	struct kmcl_request request = {};
	u64 address, bytes;
	u16 latency;

	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_client_context_size(NULL, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_pipe(NULL, true));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_external_release(NULL, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_quota(NULL, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_get_mmio(NULL, &address, &bytes));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_interrupt_latency(NULL, 1, &latency));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_request(NULL, &request));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_incoming_complete(NULL, 1, NULL, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_incoming_defer(NULL, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_incoming_fail(NULL, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_incoming_get_external(NULL, 1, 0, &data));
	KUNIT_EXPECT_PTR_EQ(test, NULL, kmcl_incoming_get_context(NULL, 1));
	KUNIT_EXPECT_PTR_EQ(test, NULL, kmcl_incoming_map(NULL, 1, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_gpadl_set_page_set(NULL, 1, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_gpadl_delete(NULL, 1));
	KUNIT_EXPECT_PTR_EQ(test, NULL, kmcl_packet_alloc(NULL, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0u, kmcl_packet_size(NULL));
}

/* Design rule 4: an object of another size than the channel's would be written behind its end. */
static void no_packet_is_made_while_its_size_is_set(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);

	KUNIT_ASSERT_EQ(test, atomic_cmpxchg(&ch->packets, 0, KMCL_PACKETS_NONE), 0);
	KUNIT_EXPECT_NULL(test, kmcl_packet_alloc(ch, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_read(&ch->packets), KMCL_PACKETS_NONE);
	atomic_set(&ch->packets, 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_packet_size(ch, 100), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&ch->packets), 0);
}

static void refuses_bad_names(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);
	const char *before = kmcl_channel_get_name(ch);

	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_name(ch, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_name(ch, ""));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_name(ch, "."));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_name(ch, "a/b"));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_name(ch, "a b"));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kmcl_channel_set_name(ch, "12345678901234567890123456789012"));
	KUNIT_EXPECT_STREQ(test, before, kmcl_channel_get_name(ch));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_name(ch, "1234567890123456789012345678901"));
	KUNIT_EXPECT_STREQ(test, "1234567890123456789012345678901", kmcl_channel_get_name(ch));
}

static void refuses_a_name_that_is_taken(struct kunit *test)
{
	struct kmcl_channel *other = kmcl_channel_alloc();

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_name(other, "taken"));
	KUNIT_EXPECT_EQ(test, -EEXIST, kmcl_channel_set_name(channel_of(test), "taken"));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_name(other, "taken"));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_cleanup(other));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_name(channel_of(test), "taken"));
}

static void keeps_its_limits(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);

	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_target(ch, NULL, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_target(ch, &guid_null, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_max_packet_size(ch, 0));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_max_packet_size(ch, 1));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_max_packet_size(ch, KMCL_PACKET_SIZE_MAX));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kmcl_channel_set_max_packet_size(ch, KMCL_PACKET_SIZE_MAX + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_max_external_data(ch, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_max_external_data(ch, 1, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kmcl_channel_set_max_external_data(ch, KMCL_EXTERNAL_DATA_MAX + 1, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_max_external_data(ch, 1, 4097));
	KUNIT_EXPECT_EQ(test, 0,
			kmcl_channel_set_max_external_data(ch, KMCL_EXTERNAL_DATA_MAX, 4096));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_ring_pages(ch, 0, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_ring_pages(ch, 1, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_ring_pages(ch, KMCL_RING_PAGES_MAX + 1, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_ring_pages(ch, 1, KMCL_RING_PAGES_MAX + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_incoming(ch, 0, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_incoming(ch, KMCL_INCOMING_MAX + 1, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kmcl_channel_set_incoming(ch, 1, KMCL_COMPLETION_RESERVE_MAX + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_state_callbacks(ch, NULL));
}

static void keeps_its_limits_of_receiving(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);

	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_client_context_size(ch, 0));
	KUNIT_EXPECT_EQ(test, 0,
			kmcl_channel_set_client_context_size(ch, KMCL_CLIENT_CONTEXT_MAX));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kmcl_channel_set_client_context_size(ch, KMCL_CLIENT_CONTEXT_MAX + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_set_quota(ch, 0));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_quota(ch, 1));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_quota(ch, KMCL_QUOTA_UNLIMITED));
}

static void a_batch_callback(struct kmcl_channel *channel, u32 packets)
{
}

static void refuses_a_batch_callback_alone(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kmcl_channel_set_packet_callbacks(channel_of(test), NULL,
							  a_batch_callback));
}

static void refuses_to_enable_without_a_target(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_enable(channel_of(test)));
	KUNIT_EXPECT_EQ(test, KMCL_DISABLED, kmcl_channel_get_state(channel_of(test)));
}

static void refuses_to_enable_what_does_not_fit_the_ring(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);
	u32 fits = 4096 - 16 - 8 - 8;	/* descriptor, trailer, one word stays free */

	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_target(ch, &a_type, NULL));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_ring_pages(ch, 1, 1));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_max_packet_size(ch, fits + 1));
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, kmcl_channel_enable(ch));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_max_packet_size(ch, fits));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_incoming(ch, 1, fits + 1));
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, kmcl_channel_enable(ch));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_incoming(ch, 1, fits));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_enable(ch));
}

/* 8 bytes of every message are its header. */
static void refuses_to_enable_a_pipe_whose_messages_do_not_fit_the_ring(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);
	u32 fits = 4096 - 16 - 8 - 8 - 8;

	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_target(ch, &a_type, NULL));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_ring_pages(ch, 1, 1));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_incoming(ch, 1, 0));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_pipe(ch, true));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_max_packet_size(ch, fits + 1));
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, kmcl_channel_enable(ch));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_max_packet_size(ch, fits));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_enable(ch));
}

static void refuses_to_be_configured_or_cleaned_up_while_enabled(struct kunit *test)
{
	static const struct kmcl_state_callbacks on = {};
	struct kmcl_channel *ch = channel_of(test);

	enable(test);
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_enable(ch));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_name(ch, "a"));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_target(ch, &a_type, NULL));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_max_packet_size(ch, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_max_external_data(ch, 1, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_ring_pages(ch, 1, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_incoming(ch, 1, 0));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_client_context_size(ch, 8));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_pipe(ch, true));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_external_release(ch, NULL));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_packet_callbacks(ch, NULL, NULL));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_state_callbacks(ch, &on));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_cleanup(ch));
}

static void takes_quota_and_context_of_delivery_in_any_state(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);

	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_thread_context(ch, true));
	enable(test);
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_thread_context(ch, false));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_quota(ch, 4));
}

static void refuses_other_sizes_while_packets_exist(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);
	struct kmcl_packet *packet = kmcl_packet_alloc(ch, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, packet);
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_max_packet_size(ch, 8));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_max_external_data(ch, 8, 1));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_set_pipe(ch, true));
	KUNIT_EXPECT_EQ(test, -EBUSY, kmcl_channel_cleanup(ch));
	kmcl_packet_free(packet);
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_set_max_packet_size(ch, 8));
}

static void has_no_instance_without_an_offer(struct kunit *test)
{
	guid_t instance = a_type;

	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_get_instance(channel_of(test), NULL));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, kmcl_channel_get_instance(channel_of(test), &instance));
	KUNIT_EXPECT_TRUE(test, guid_equal(&instance, &a_type));
}

static void comes_and_goes_without_an_offer(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);
	int i;

	for (i = 0; i < 3; i++) {
		enable(test);
		KUNIT_EXPECT_EQ(test, 0, kmcl_channel_pause(ch));
		KUNIT_EXPECT_EQ(test, 0, kmcl_channel_start(ch));
		KUNIT_EXPECT_EQ(test, 0, kmcl_channel_disable(ch));
		KUNIT_EXPECT_EQ(test, KMCL_DISABLED, kmcl_channel_get_state(ch));
	}
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_disable(ch));
}

static struct kmcl_packet *small_packet(struct kunit *test)
{
	struct kmcl_packet *packet;

	KUNIT_ASSERT_EQ(test, 0, kmcl_channel_set_max_packet_size(channel_of(test), 16));
	packet = kmcl_packet_alloc(channel_of(test), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, packet);
	return packet;
}

static void refuses_bad_sends(struct kunit *test)
{
	struct kmcl_packet *packet = small_packet(test);
	u8 byte = 0;

	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_packet_send(NULL, &byte, 1, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_packet_send(packet, NULL, 1, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_packet_send(packet, &byte, 1, 0x2));
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, kmcl_packet_send(packet, &byte, 17, 0));
	/* Refused, so it is still ours. */
	kmcl_packet_free(packet);
}

static int sends(struct kmcl_packet *packet, const struct kmcl_external_data *data, u32 flags)
{
	u8 byte = 0;

	return kmcl_packet_send_external(packet, &byte, 1, data, flags);
}

static void refuses_bad_sends_of_external_data(struct kunit *test)
{
	struct kmcl_packet *packet = small_packet(test);
	struct kmcl_external_data none, empty, nowhere, good;
	struct scatterlist sg;

	sg_init_one(&sg, packet, 1);
	none = kmcl_external_sg(NULL, 1, DMA_TO_DEVICE);
	empty = kmcl_external_sg(&sg, 0, DMA_TO_DEVICE);
	nowhere = kmcl_external_sg(&sg, 1, DMA_NONE);
	good = kmcl_external_sg(&sg, 1, DMA_TO_DEVICE);
	KUNIT_EXPECT_EQ(test, -EINVAL, sends(NULL, &good, KMCL_SEND_COMPLETION));
	KUNIT_EXPECT_EQ(test, -EINVAL, sends(packet, NULL, KMCL_SEND_COMPLETION));
	KUNIT_EXPECT_EQ(test, -EINVAL, sends(packet, &none, KMCL_SEND_COMPLETION));
	KUNIT_EXPECT_EQ(test, -EINVAL, sends(packet, &empty, KMCL_SEND_COMPLETION));
	KUNIT_EXPECT_EQ(test, -EINVAL, sends(packet, &nowhere, KMCL_SEND_COMPLETION));
	KUNIT_EXPECT_EQ(test, -EINVAL, sends(packet, &good, 0));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, sends(packet, &good, KMCL_SEND_COMPLETION));
	kmcl_packet_free(packet);
}

/* What is in the union is read as the form says, so each is tried alone. */
static void refuses_empty_descriptions_of_every_form(struct kunit *test)
{
	struct kmcl_packet *packet = small_packet(test);
	struct kmcl_external_data empty[] = {
		kmcl_external_sg(NULL, 1, DMA_TO_DEVICE),
		kmcl_external_bvec(NULL, 1, DMA_TO_DEVICE),
		kmcl_external_bvec((void *)packet, 0, DMA_TO_DEVICE),
		kmcl_external_pages(NULL, 0, 1, DMA_TO_DEVICE),
		kmcl_external_pages((void *)packet, 0, 0, DMA_TO_DEVICE),
		kmcl_external_pages((void *)packet, PAGE_SIZE, 1, DMA_TO_DEVICE),
		kmcl_external_pfns(NULL, 1, DMA_TO_DEVICE),
		kmcl_external_pfns((void *)packet, 0, DMA_TO_DEVICE),
		kmcl_external_buffer(NULL, 1, DMA_TO_DEVICE),
		kmcl_external_buffer(packet, 0, DMA_TO_DEVICE),
		{ .form = KMCL_EXTERNAL_PIECES, .direction = DMA_TO_DEVICE },
		{ .form = KMCL_EXTERNAL_PIECES + 1, .direction = DMA_TO_DEVICE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(empty); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL, sends(packet, &empty[i], KMCL_SEND_COMPLETION),
				    "number %u", i);
	kmcl_packet_free(packet);
}

/* Both ways: with a packet object (a timeout), and without (none). */
static const ktime_t timeouts[] = { 0, 1 };

static void timeout_desc(const ktime_t *timeout, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", *timeout ? "a timeout" : "no timeout");
}

KUNIT_ARRAY_PARAM(timeout, timeouts, timeout_desc);

static void refuses_bad_requests(struct kunit *test)
{
	const ktime_t *timeout = test->param_value;
	u8 bytes[17] = {};
	struct kmcl_request null = { .length = 1, .timeout = *timeout };
	struct kmcl_request flags = { .flags = 0x2, .timeout = *timeout };
	struct kmcl_request large = { .buffer = bytes, .length = 17, .timeout = *timeout };
	struct kmcl_request nowhere = { .answer_size = 1, .timeout = *timeout };

	KUNIT_ASSERT_EQ(test, 0, kmcl_channel_set_max_packet_size(channel_of(test), 16));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_request(channel_of(test), NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_request(channel_of(test), &null));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_request(channel_of(test), &flags));
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, kmcl_channel_request(channel_of(test), &large));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_request(channel_of(test), &nowhere));
	nowhere.timeout = -1;
	nowhere.answer_size = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_request(channel_of(test), &nowhere));
}

static void refuses_bad_gpadls(struct kunit *test)
{
	struct kmcl_channel *ch = channel_of(test);
	void *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	u32 gpadl = 7;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_gpadl_create(NULL, page, PAGE_SIZE, 0, &gpadl));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_gpadl_create(ch, NULL, PAGE_SIZE, 0, &gpadl));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_gpadl_create(ch, page, 0, 0, &gpadl));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_gpadl_create(ch, page, PAGE_SIZE, 2, &gpadl));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_gpadl_create(ch, page, PAGE_SIZE, 0, NULL));
	KUNIT_EXPECT_EQ(test, -E2BIG,
			kmcl_gpadl_create(ch, page, KMCL_GPADL_MAX + PAGE_SIZE, 0, &gpadl));
	KUNIT_EXPECT_EQ(test, -ENOENT, kmcl_gpadl_set_page_set(ch, 1, 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, kmcl_gpadl_delete(ch, 1));
	KUNIT_EXPECT_EQ(test, gpadl, 7u);
}

static void has_no_space_without_an_offer_and_no_latency_ever(struct kunit *test)
{
	u64 address = 7, bytes = 7;
	u16 latency = 7;

	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_get_mmio(channel_of(test), NULL, &bytes));
	KUNIT_EXPECT_EQ(test, -EINVAL, kmcl_channel_get_mmio(channel_of(test), &address, NULL));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, kmcl_channel_get_mmio(channel_of(test), &address, &bytes));
	KUNIT_EXPECT_EQ(test, address, 0ull);
	KUNIT_EXPECT_EQ(test, bytes, 0ull);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kmcl_channel_set_interrupt_latency(channel_of(test), 1, NULL));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			kmcl_channel_set_interrupt_latency(channel_of(test), 1, &latency));
	KUNIT_EXPECT_EQ(test, latency, 7);
}

static atomic_t ended;

static void count_end(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	if (status == -ENODEV)
		atomic_inc(&ended);
	kmcl_packet_free(packet);
}

static void ends_what_waits_when_disabled(struct kunit *test)
{
	struct kmcl_packet *packet;
	u8 byte = 0;
	int i;

	atomic_set(&ended, 0);
	enable(test);
	for (i = 0; i < 3; i++) {
		packet = kmcl_packet_alloc(channel_of(test), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, packet);
		kmcl_packet_set_completion(packet, count_end);
		KUNIT_EXPECT_EQ(test, 0, kmcl_packet_send(packet, &byte, 1, 0));
	}
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ended));
	KUNIT_EXPECT_EQ(test, 0, kmcl_channel_disable(channel_of(test)));
	KUNIT_EXPECT_EQ(test, 3, atomic_read(&ended));
}

static struct kunit_case channel_cases[] = {
	KUNIT_CASE(refuses_a_null_channel),
	KUNIT_CASE(refuses_a_null_channel_for_packets_and_memory),
	KUNIT_CASE(no_packet_is_made_while_its_size_is_set),
	KUNIT_CASE(refuses_bad_names),
	KUNIT_CASE(refuses_a_name_that_is_taken),
	KUNIT_CASE(keeps_its_limits),
	KUNIT_CASE(keeps_its_limits_of_receiving),
	KUNIT_CASE(refuses_a_batch_callback_alone),
	KUNIT_CASE(refuses_to_enable_without_a_target),
	KUNIT_CASE(refuses_to_enable_what_does_not_fit_the_ring),
	KUNIT_CASE(refuses_to_enable_a_pipe_whose_messages_do_not_fit_the_ring),
	KUNIT_CASE(refuses_to_be_configured_or_cleaned_up_while_enabled),
	KUNIT_CASE(takes_quota_and_context_of_delivery_in_any_state),
	KUNIT_CASE(refuses_other_sizes_while_packets_exist),
	KUNIT_CASE(has_no_instance_without_an_offer),
	KUNIT_CASE(comes_and_goes_without_an_offer),
	KUNIT_CASE(refuses_bad_sends),
	KUNIT_CASE(refuses_bad_sends_of_external_data),
	KUNIT_CASE(refuses_empty_descriptions_of_every_form),
	KUNIT_CASE_PARAM(refuses_bad_requests, timeout_gen_params),
	KUNIT_CASE(refuses_bad_gpadls),
	KUNIT_CASE(has_no_space_without_an_offer_and_no_latency_ever),
	KUNIT_CASE(ends_what_waits_when_disabled),
	{}
};

static struct kunit_suite channel_suite = {
	.name = "kmcl_channel",
	.init = channel_init,
	.exit = channel_exit,
	.test_cases = channel_cases,
};
kunit_test_suite(channel_suite);

MODULE_DESCRIPTION("KUnit suite kmcl_channel");
MODULE_LICENSE("GPL");
