// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipes in message mode: the device "pipe" gives messages back as messages.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "link.h"
#include "shot.h"

#define LARGEST		KMCL_DEFAULT_PACKET_SIZE

/* Messages come back in the order in which they were sent. */
struct mailbox {
	atomic_t received;
	u32 length;			/* of the last one */
	u8 *last;
};

static void receive(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		    u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct mailbox *box = l->data;

	if (CHECK(l->check, length <= LARGEST))
		memcpy(box->last, buffer, length);
	box->length = length;
	CHECK_EQ(l->check, flags, 0);
	CHECK_EQ(l->check, kmcl_incoming_complete(channel, handle, NULL, 0), 0);
	atomic_inc(&box->received);
	link_wake(l);
}

static const struct link_setup pipe = { .device = "pipe", .pipe = true, .packet = receive };

static bool mailbox_get(struct mailbox *box, struct check *c)
{
	memset(box, 0, sizeof(*box));
	box->last = kmalloc(LARGEST, GFP_KERNEL);
	return CHECK(c, box->last);
}

static void there_and_back(struct link *l, const u8 *message, u32 length)
{
	struct kmcl_request r = {
		.buffer = message, .length = length, .timeout = KMCL_WAIT_FOREVER,
	};
	struct mailbox *box = l->data;
	int before = atomic_read(&box->received);

	CHECK_EQ(l->check, kmcl_channel_request(l->channel, &r), 0);
	if (!CHECK_AWAIT(l->check, l->wait, atomic_read(&box->received) == before + 1))
		return;
	CHECK_EQ(l->check, box->length, length);
	CHECK(l->check, !memcmp(box->last, message, length));
}

/* Their lengths are exact, whatever the wire adds. */
static void every_length(struct check *c)
{
	static const u32 lengths[] = { 0, 1, 7, 8, 9, 15, 16, 100, 1001, LARGEST - 1, LARGEST };
	u8 *message = kmalloc(LARGEST, GFP_KERNEL);
	struct mailbox box;
	struct link *l = NULL;
	u32 i;

	if (mailbox_get(&box, c) && CHECK(c, message))
		l = link_up(c, &pipe, &box);
	for (i = 0; l && i < ARRAY_SIZE(lengths); i++) {
		memset(message, i + 1, LARGEST);
		there_and_back(l, message, lengths[i]);
	}
	if (l)
		CHECK_EQ(c, link_count(l, "received"), ARRAY_SIZE(lengths));
	link_down(l);
	kfree(box.last);
	kfree(message);
}

static void zero_timeout(struct check *c)
{
	struct kmcl_request r = { .buffer = "now", .length = 3 };
	struct mailbox box;
	struct link *l = mailbox_get(&box, c) ? link_up(c, &pipe, &box) : NULL;

	if (l) {
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
		CHECK_AWAIT(c, l->wait, atomic_read(&box.received) == 1);
		CHECK_EQ(c, box.length, 3);
	}
	link_down(l);
	kfree(box.last);
}

/* More than the rings hold; each is a number. */
#define MANY	500u

struct counter {
	atomic_t received;
};

static void count_up(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		     u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct counter *counter = l->data;
	u32 n = atomic_read(&counter->received);

	if (CHECK_EQ(l->check, length, 4 + n * 13 % 1000))
		CHECK_EQ(l->check, *(const u32 *)buffer, n);
	CHECK_EQ(l->check, kmcl_incoming_complete(channel, handle, NULL, 0), 0);
	atomic_inc(&counter->received);
	link_wake(l);
}

static void many_in_order(struct check *c)
{
	static const struct link_setup counting = {
		.device = "pipe", .pipe = true, .packet = count_up, .ring_pages = 4,
	};
	struct counter counter = { };
	struct link *l = link_up(c, &counting, &counter);
	struct shot *shots = l ? shots_new(l, MANY) : NULL;
	u8 *message = kzalloc(1024, GFP_KERNEL);
	u32 i;

	for (i = 0; shots && message && i < MANY; i++) {
		*(u32 *)message = i;
		CHECK_EQ(c, shot_send(&shots[i], message, 4 + i * 13 % 1000, 0), 0);
	}
	if (shots && CHECK(c, message)) {
		CHECK_AWAIT(c, l->wait, atomic_read(&counter.received) == MANY);
		if (shots_await(shots, MANY, 0))
			shots_free(shots, MANY);
	}
	link_down(l);
	kfree(message);
}

static void errors(struct check *c)
{
	static const struct link_setup external = {
		.device = "pipe", .pipe = true, .max_external = PAGE_SIZE, .ranges = 1,
	};
	static u8 message[LARGEST + 1];
	struct kmcl_external_data data = kmcl_external_buffer(message, 8, DMA_TO_DEVICE);
	struct link *l = link_up(c, &external, NULL);
	struct shot s;

	if (!l)
		return;
	if (shot_init(&s, l)) {
		CHECK_EQ(c, shot_send(&s, message, 8, KMCL_SEND_COMPLETION), -EOPNOTSUPP);
		CHECK_EQ(c, shot_send_external(&s, &data), -EOPNOTSUPP);
		CHECK_EQ(c, kmcl_packet_send_external(s.packet, message, 8, &data, 0), -EINVAL);
		CHECK_EQ(c, link_ask(l, message, 8, NULL, 0), -EOPNOTSUPP);
		CHECK_EQ(c, shot_send(&s, message, LARGEST + 1, 0), -EMSGSIZE);
		CHECK_EQ(c, link_count(l, "packets"), 1);
		shot_free(&s);
	}
	link_down(l);
}

/*
 * The other end sends something else: the source's numbers stand where the header
 * should. 1 happens to be an empty message, nothing else is one.
 */
static void no_messages(struct check *c)
{
	static const struct link_setup wrong = {
		.device = "few", .type = LINK_SOURCE, .pipe = true, .packet = receive,
	};
	struct mailbox box;
	struct link *l = mailbox_get(&box, c) ? link_up(c, &wrong, &box) : NULL;

	if (l) {
		CHECK_POLL(c, link_count(l, "rejected_type") == 9);
		CHECK_EQ(c, atomic_read(&box.received), 1);
		CHECK_EQ(c, box.length, 0);
		/* They were answered, all of them. */
		CHECK_POLL(c, link_count(l, "completions_sent") == 10);
	}
	link_down(l);
	kfree(box.last);
}

static const struct check_case cases[] = {
	CHECK_CASE(every_length),
	CHECK_CASE(zero_timeout),
	CHECK_CASE(many_in_order),
	CHECK_CASE(errors),
	CHECK_CASE(no_messages),
	{ }
};

const struct check_group pipe_checks = { "pipe", cases };
