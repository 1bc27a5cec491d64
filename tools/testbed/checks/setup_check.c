// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names, offers, configuration: what a channel is told and what it tells.
 */
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "link.h"

#define MIB	(1ull << 20)

static const struct link_setup echo = { .device = "echo" };

static void names(struct check *c)
{
	static const char *const bad[] = {
		"", ".hidden", "a/b", "a b", "a\n", "12345678901234567890123456789012",
	};
	struct kmcl_channel *a = kmcl_channel_alloc(), *b = kmcl_channel_alloc();
	u32 i;

	if (!CHECK(c, !IS_ERR(a)) || !CHECK(c, !IS_ERR(b)))
		return;
	CHECK(c, strstarts(kmcl_channel_get_name(a), "channel"));
	CHECK(c, strcmp(kmcl_channel_get_name(a), kmcl_channel_get_name(b)));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(c, kmcl_channel_set_name(a, bad[i]), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_name(a, NULL), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_name(NULL, "a"), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_name(a, "1234567890-_.ABCabc789012345678"), 0);
	CHECK(c, !strcmp(kmcl_channel_get_name(a), "1234567890-_.ABCabc789012345678"));
	CHECK_EQ(c, kmcl_channel_set_name(a, "a-name"), 0);
	CHECK_EQ(c, kmcl_channel_set_name(a, "a-name"), 0);
	CHECK_EQ(c, kmcl_channel_set_name(b, "a-name"), -EEXIST);
	CHECK_EQ(c, kmcl_channel_set_name(b, kmcl_channel_get_name(a)), -EEXIST);
	CHECK_EQ(c, kmcl_channel_set_name(a, "another"), 0);
	CHECK_EQ(c, kmcl_channel_set_name(b, "a-name"), 0);
	CHECK(c, !kmcl_channel_get_name(NULL));
	CHECK_EQ(c, kmcl_channel_cleanup(a), 0);
	CHECK_EQ(c, kmcl_channel_cleanup(b), 0);
}

static void pointers_and_nulls(struct check *c)
{
	struct kmcl_channel *ch = kmcl_channel_alloc();

	if (!CHECK(c, !IS_ERR(ch)))
		return;
	CHECK(c, !kmcl_channel_get_pointer(ch));
	kmcl_channel_set_pointer(ch, c);
	CHECK(c, kmcl_channel_get_pointer(ch) == c);
	kmcl_channel_set_pointer(NULL, c);
	CHECK(c, !kmcl_channel_get_pointer(NULL));
	CHECK_EQ(c, kmcl_channel_get_state(ch), KMCL_DISABLED);
	CHECK_EQ(c, kmcl_channel_get_state(NULL), KMCL_DISABLED);
	CHECK_EQ(c, kmcl_channel_set_thread_context(NULL, true), -EINVAL);
	CHECK_EQ(c, kmcl_channel_cleanup(ch), 0);
}

static void instance(struct check *c)
{
	struct link *l = link_make(c, &echo, NULL);
	guid_t is = guid_null, wanted;

	if (!l)
		return;
	link_instance("echo", &wanted);
	CHECK_EQ(c, kmcl_channel_get_instance(l->channel, &is), -ENOTCONN);
	CHECK(c, guid_is_null(&is));
	CHECK_EQ(c, kmcl_channel_get_instance(NULL, &is), -EINVAL);
	CHECK_EQ(c, kmcl_channel_get_instance(l->channel, NULL), -EINVAL);
	if (link_open(l)) {
		CHECK_EQ(c, kmcl_channel_get_instance(l->channel, &is), 0);
		CHECK(c, guid_equal(&is, &wanted));
	}
	link_disable(l);
	CHECK_EQ(c, kmcl_channel_get_instance(l->channel, &is), -ENOTCONN);
	link_down(l);
}

/* Whichever instance is there; a second channel gets another one. */
static void any_instance(struct check *c)
{
	static const guid_t type = HVHOST_ECHO_TYPE(GUID_INIT);
	struct link *a = link_make(c, &echo, NULL), *b = link_make(c, &echo, NULL);
	guid_t first = guid_null, second = guid_null;

	if (a && b) {
		CHECK_EQ(c, kmcl_channel_set_target(a->channel, &type, NULL), 0);
		CHECK_EQ(c, kmcl_channel_set_target(b->channel, &type, NULL), 0);
		CHECK(c, link_open(a) && link_open(b));
		CHECK_EQ(c, kmcl_channel_get_instance(a->channel, &first), 0);
		CHECK_EQ(c, kmcl_channel_get_instance(b->channel, &second), 0);
		CHECK(c, !guid_equal(&first, &second));
	}
	link_down(a);
	link_down(b);
}

/* One that another channel holds is waited for, and taken when it is given back. */
static void taken_by_another(struct check *c)
{
	struct link *a = link_up(c, &echo, NULL), *b = link_make(c, &echo, NULL);

	if (a && b) {
		CHECK_EQ(c, kmcl_channel_enable(b->channel), 0);
		CHECK_NEVER(c, b->wait, atomic_read(&b->opened));
		CHECK_EQ(c, kmcl_channel_get_state(b->channel), KMCL_ENABLED);
		link_disable(a);
		link_disable(b);
		link_open(b);
	}
	link_down(a);
	link_down(b);
}

static int mmio_in_opened(struct link *l)
{
	u64 *at = l->data, bytes;

	CHECK_EQ(l->check, kmcl_channel_get_mmio(l->channel, at, &bytes), 0);
	return 0;
}

static void mmio_in_closed(struct link *l)
{
	u64 *at = l->data, bytes;

	CHECK_EQ(l->check, kmcl_channel_get_mmio(l->channel, at + 1, &bytes), 0);
}

/* Could somebody else have it. */
static bool is_free(u64 address, u64 bytes)
{
	if (!request_mem_region(address, bytes, "kmcl_check"))
		return false;
	release_mem_region(address, bytes);
	return true;
}

/* The same from the first callback to the last; as much as the offer says; ours alone. */
static void mmio(struct check *c)
{
	static const struct link_setup setup = {
		.device = "mmio", .opened = mmio_in_opened, .closed = mmio_in_closed,
	};
	u64 at[2] = { }, address, bytes = 0;
	struct link *l = link_make(c, &setup, at);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_get_mmio(l->channel, &address, &bytes), -ENOTCONN);
	if (link_open(l)) {
		CHECK_EQ(c, kmcl_channel_get_mmio(l->channel, &address, &bytes), 0);
		CHECK_EQ(c, bytes, 8 * MIB);
		CHECK(c, address && IS_ALIGNED(address, MIB));
		CHECK_EQ(c, at[0], address);
		CHECK(c, !is_free(address, bytes));
		CHECK_EQ(c, kmcl_channel_get_mmio(NULL, &address, &bytes), -EINVAL);
		CHECK_EQ(c, kmcl_channel_get_mmio(l->channel, NULL, &bytes), -EINVAL);
		CHECK_EQ(c, kmcl_channel_get_mmio(l->channel, &address, NULL), -EINVAL);
	}
	link_disable(l);
	CHECK_EQ(c, at[1], at[0]);
	CHECK(c, is_free(at[0], bytes));
	CHECK_EQ(c, kmcl_channel_get_mmio(l->channel, &address, &bytes), -ENOTCONN);
	CHECK(c, !address && !bytes);
	link_down(l);
}

/* The window has 64 MiB: eight times eight fit, if each is given back. */
static void mmio_comes_back(struct check *c)
{
	static const struct link_setup setup = { .device = "mmio" };
	struct link *l = link_make(c, &setup, NULL);
	u64 address, bytes;
	int i;

	for (i = 0; l && i < 10; i++) {
		if (!link_open(l))
			break;
		CHECK_EQ(c, kmcl_channel_get_mmio(l->channel, &address, &bytes), 0);
		link_disable(l);
	}
	link_down(l);
}

static void mmio_none_or_too_much(struct check *c)
{
	static const struct link_setup greedy = { .device = "greedy" };
	struct link *l = link_up(c, &echo, NULL);
	u64 address = 1, bytes = 1;

	if (l) {
		CHECK_EQ(c, kmcl_channel_get_mmio(l->channel, &address, &bytes), -ENOENT);
		CHECK(c, !address && !bytes);
	}
	link_down(l);
	l = link_up(c, &greedy, NULL);
	address = 1;
	bytes = 1;
	if (l) {
		CHECK_EQ(c, kmcl_channel_get_mmio(l->channel, &address, &bytes), -ENXIO);
		CHECK(c, !address && !bytes);
	}
	link_down(l);
}

static void interrupt_latency(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	u16 original = 7;

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_set_interrupt_latency(l->channel, 1000, &original), -EOPNOTSUPP);
	CHECK_EQ(c, original, 7);
	CHECK_EQ(c, kmcl_channel_set_interrupt_latency(NULL, 1000, &original), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_interrupt_latency(l->channel, 1000, NULL), -EINVAL);
	link_down(l);
}

/* Whatever is configured, a channel that is in use is not. */
static void refuse_all(struct check *c, struct kmcl_channel *ch, int why)
{
	static const struct kmcl_state_callbacks none = { };
	static const guid_t type = HVHOST_ECHO_TYPE(GUID_INIT);

	CHECK_EQ(c, kmcl_channel_set_name(ch, "free"), why);
	CHECK_EQ(c, kmcl_channel_set_target(ch, &type, NULL), why);
	CHECK_EQ(c, kmcl_channel_set_max_packet_size(ch, 8), why);
	CHECK_EQ(c, kmcl_channel_set_max_external_data(ch, 8, 1), why);
	CHECK_EQ(c, kmcl_channel_set_ring_pages(ch, 1, 1), why);
	CHECK_EQ(c, kmcl_channel_set_incoming(ch, 1, 1), why);
	CHECK_EQ(c, kmcl_channel_set_client_context_size(ch, 1), why);
	CHECK_EQ(c, kmcl_channel_set_pipe(ch, true), why);
	CHECK_EQ(c, kmcl_channel_set_external_release(ch, NULL), why);
	CHECK_EQ(c, kmcl_channel_set_packet_callbacks(ch, NULL, NULL), why);
	CHECK_EQ(c, kmcl_channel_set_state_callbacks(ch, &none), why);
}

static int configure_in_opened(struct link *l)
{
	refuse_all(l->check, l->channel, -EBUSY);
	return 0;
}

static void in_use(struct check *c)
{
	static const struct link_setup setup = { .device = "echo", .opened = configure_in_opened };
	struct link *l = link_up(c, &setup, NULL);

	refuse_all(c, NULL, -EINVAL);
	if (!l)
		return;
	refuse_all(c, l->channel, -EBUSY);
	CHECK_EQ(c, kmcl_channel_enable(l->channel), -EBUSY);
	CHECK_EQ(c, kmcl_channel_cleanup(l->channel), -EBUSY);
	CHECK(c, link_sync(l));
	link_down(l);
}

static void out_of_range(struct check *c)
{
	struct link *l = link_make(c, &echo, NULL);
	struct kmcl_channel *ch;

	if (!l)
		return;
	ch = l->channel;
	CHECK_EQ(c, kmcl_channel_set_target(ch, NULL, NULL), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_target(ch, &guid_null, NULL), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_max_packet_size(ch, 0), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_max_packet_size(ch, KMCL_PACKET_SIZE_MAX + 1), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_ring_pages(ch, 0, 1), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_ring_pages(ch, 1, 0), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_ring_pages(ch, KMCL_RING_PAGES_MAX + 1, 1), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_ring_pages(ch, 1, KMCL_RING_PAGES_MAX + 1), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_incoming(ch, 0, 0), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_incoming(ch, KMCL_INCOMING_MAX + 1, 0), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_incoming(ch, 1, KMCL_COMPLETION_RESERVE_MAX + 1), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_client_context_size(ch, KMCL_CLIENT_CONTEXT_MAX + 1), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_state_callbacks(ch, NULL), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_packet_callbacks(ch, NULL, (void *)c), -EINVAL);
	link_down(l);
}

/* The largest rings and the largest packet, there and back. */
static void largest(struct check *c)
{
	static const struct link_setup huge = {
		.device = "echo", .max_packet = KMCL_PACKET_SIZE_MAX,
		.ring_pages = KMCL_RING_PAGES_MAX,
	};
	struct link *l = link_up(c, &huge, NULL);
	u8 *out = kvmalloc(KMCL_PACKET_SIZE_MAX, GFP_KERNEL);
	u8 *in = kvmalloc(KMCL_PACKET_SIZE_MAX, GFP_KERNEL);

	if (l && CHECK(c, out && in)) {
		memset(out, 0x3c, KMCL_PACKET_SIZE_MAX);
		CHECK_EQ(c, link_ask(l, out, KMCL_PACKET_SIZE_MAX, in, KMCL_PACKET_SIZE_MAX), 0);
		CHECK(c, !memcmp(out, in, KMCL_PACKET_SIZE_MAX));
	}
	link_down(l);
	kvfree(out);
	kvfree(in);
}

static void enable_errors(struct check *c)
{
	struct kmcl_channel *ch = kmcl_channel_alloc();
	guid_t type = HVHOST_ECHO_TYPE(GUID_INIT);

	if (!CHECK(c, !IS_ERR(ch)))
		return;
	CHECK_EQ(c, kmcl_channel_enable(ch), -EINVAL);		/* no target */
	CHECK_EQ(c, kmcl_channel_set_target(ch, &type, NULL), 0);
	CHECK_EQ(c, kmcl_channel_set_ring_pages(ch, 1, 1), 0);
	CHECK_EQ(c, kmcl_channel_enable(ch), -EMSGSIZE);
	CHECK_EQ(c, kmcl_channel_set_max_packet_size(ch, 64), 0);
	CHECK_EQ(c, kmcl_channel_set_incoming(ch, 1, 4096), 0);
	CHECK_EQ(c, kmcl_channel_enable(ch), -EMSGSIZE);
	CHECK_EQ(c, kmcl_channel_set_incoming(ch, 1, 64), 0);
	/* kmcl_check_taken.ko, which the guest has loaded, has it on the bus. */
	CHECK_EQ(c, kmcl_channel_set_name(ch, "taken"), 0);
	CHECK_EQ(c, kmcl_channel_enable(ch), -EBUSY);
	CHECK_EQ(c, kmcl_channel_get_state(ch), KMCL_DISABLED);
	CHECK_EQ(c, kmcl_channel_set_name(ch, "nobody"), 0);
	type.b[0] ^= 1;
	CHECK_EQ(c, kmcl_channel_set_target(ch, &type, NULL), 0);
	CHECK_EQ(c, kmcl_channel_enable(ch), 0);
	CHECK_EQ(c, kmcl_channel_enable(ch), -EBUSY);
	CHECK_EQ(c, kmcl_channel_disable(ch), 0);
	CHECK_EQ(c, kmcl_channel_disable(ch), 0);
	CHECK_EQ(c, kmcl_channel_cleanup(ch), 0);
}

/* How often the opened callback still says no. */
static int refuse(struct link *l)
{
	int *left = l->data;

	return *left && (*left)-- ? -EPERM : 0;
}

/* Its opened callback says no: disabled, and closed is not called. */
static void opened_refuses(struct check *c)
{
	static const struct link_setup setup = { .device = "echo", .opened = refuse };
	int left = 1;
	struct link *l = link_make(c, &setup, &left);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
	CHECK_POLL(c, !READ_ONCE(left) && kmcl_channel_get_state(l->channel) == KMCL_DISABLED);
	CHECK_EQ(c, atomic_read(&l->closed), 0);
	CHECK_EQ(c, atomic_read(&l->started), 0);
	if (link_open(l))
		CHECK(c, link_sync(l));
	link_down(l);
}

#define ROUNDS	20

static void again_and_again(struct check *c)
{
	struct link *l = link_make(c, &echo, NULL);
	int i;

	for (i = 0; l && i < ROUNDS; i++) {
		if (!link_open(l) || !link_sync(l))
			break;
		link_disable(l);
	}
	if (l)
		CHECK_EQ(c, atomic_read(&l->closed), ROUNDS);
	link_down(l);
}

static const struct check_case cases[] = {
	CHECK_CASE(names),
	CHECK_CASE(pointers_and_nulls),
	CHECK_CASE(instance),
	CHECK_CASE(any_instance),
	CHECK_CASE(taken_by_another),
	CHECK_CASE(mmio),
	CHECK_CASE(mmio_comes_back),
	CHECK_CASE(mmio_none_or_too_much),
	CHECK_CASE(interrupt_latency),
	CHECK_CASE(in_use),
	CHECK_CASE(out_of_range),
	CHECK_CASE(largest),
	CHECK_CASE(enable_errors),
	CHECK_CASE(opened_refuses),
	CHECK_CASE(again_and_again),
	{ }
};

const struct check_group setup_checks = { "setup", cases };
