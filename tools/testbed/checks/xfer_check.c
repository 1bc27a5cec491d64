// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transfer-page packets: received packets whose external data lie in a GPADL. The host
 * checks every completion; SEND comes back when it has them all.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "aside.h"
#include "host.h"
#include "memory.h"
#include "shot.h"

#define PAGES		16u
#define BYTES		(PAGES * PAGE_SIZE)
#define WINDOW		16u	/* that many packets are in flight, as hvhost's default */
#define PACKETS		320u

struct xfer_payload {
	__le64 seq;
	__le32 bytes;
	__le32 seed;
};
static_assert(sizeof(struct xfer_payload) == HVHOST_GPADL_XFER);

struct xfer_answer {
	__le64 seq;
	__le32 crc;
	__le32 zero;
};
static_assert(sizeof(struct xfer_answer) == HVHOST_GPADL_XFER_COMPLETION);

#define CONTEXT_MARK	0x636f6e74ul

/* The client context of a packet: its answer, until it is completed. */
struct xfer_context {
	unsigned long mark;
	bool fetched;
	struct xfer_answer answer;
};

/**
 * struct xfer - a GPADL and what comes out of it
 * @memory: its pages; the mapping here is another one than kmcl's
 * @number: of the GPADL
 * @received: packets, deferred deliveries not counted
 * @fetched: deliveries that asked for their external data
 * @released: calls of the release routine
 * @next: number of the packet that has to come next
 * @again: it has been deferred
 * @deferred: how many were
 * @keep: complete none before so many have come, the last first; 0: each at once
 * @kept: how many wait for that
 * @handles: theirs
 */
struct xfer {
	struct memory memory;
	u32 number;
	atomic_t received;
	atomic_t fetched;
	atomic_t released;
	u64 next;
	bool again;
	u32 deferred;
	u32 keep;
	u32 kept;
	kmcl_handle_t handles[WINDOW];
};

/* Each range has an address and pages, and they agree. */
static bool range_right(struct link *l, kmcl_handle_t handle, u32 i, const struct kmcl_range *r,
			struct span *span)
{
	struct xfer *x = l->data;
	u32 first = 0, last = (r->offset + r->length - 1) / PAGE_SIZE;

	span->at = kmcl_incoming_map(l->channel, handle, i);
	span->length = r->length;
	if (!CHECK(l->check, span->at && r->length && r->offset < PAGE_SIZE))
		return false;
	while (first < PAGES && x->memory.pages[first] != r->pages[0])
		first++;
	return CHECK(l->check, first + last < PAGES) &&
	       CHECK(l->check, x->memory.pages[first + last] == r->pages[last]) &&
	       CHECK(l->check, !memcmp(span->at, x->memory.address + first * PAGE_SIZE + r->offset,
				       r->length));
}

/* Checks a packet's ranges against its payload; puts the answer into its context. */
static void judge(struct link *l, kmcl_handle_t handle, const struct xfer_payload *p,
		  const struct kmcl_received_data *data, struct xfer_answer *answer)
{
	struct span spans[HVHOST_GPADL_RANGES];
	struct check *c = l->check;
	u32 i;

	memset(answer, 0, sizeof(*answer));
	if (!CHECK(c, data->count && data->count <= HVHOST_GPADL_RANGES))
		return;
	for (i = 0; i < data->count; i++) {
		if (!range_right(l, handle, i, &data->ranges[i], &spans[i]))
			return;
	}
	CHECK(c, !kmcl_incoming_map(l->channel, handle, data->count));
	CHECK_EQ(c, data->length, le32_to_cpu(p->bytes));
	if (CHECK_EQ(c, spans_length(spans, data->count), data->length))
		CHECK(c, spans_hold(spans, data->count, le32_to_cpu(p->seed), 0));
	answer->seq = p->seq;
	answer->crc = cpu_to_le32(spans_crc(spans, data->count));
}

static const struct kmcl_received_data *fetch(struct link *l, kmcl_handle_t handle,
					      struct xfer_context *context)
{
	const struct kmcl_received_data *data = NULL, *twice = NULL;
	struct xfer *x = l->data;

	CHECK_EQ(l->check, kmcl_incoming_get_external(l->channel, handle, KMCL_EXTERNAL_READ_ONLY,
						      &data), 0);
	CHECK_EQ(l->check, kmcl_incoming_get_external(l->channel, handle, 0, &twice), 0);
	CHECK(l->check, data == twice);
	context->fetched = true;
	atomic_inc(&x->fetched);
	return data;
}

/* External data go: once for each delivery that has asked for them. */
static void on_release(struct kmcl_channel *channel, void *context)
{
	struct link *l = link_of(channel);
	struct xfer_context *ctx = context;
	struct xfer *x = l->data;

	if (CHECK(l->check, ctx) && CHECK_EQ(l->check, ctx->mark, CONTEXT_MARK))
		CHECK(l->check, ctx->fetched);
	ctx->fetched = false;
	atomic_inc(&x->released);
}

/* The answer lies in the packet's own context: it is copied before that goes. */
static void settle(struct link *l, kmcl_handle_t handle)
{
	struct xfer_context *ctx = kmcl_incoming_get_context(l->channel, handle);

	if (CHECK(l->check, ctx))
		CHECK_EQ(l->check, kmcl_incoming_complete(l->channel, handle, &ctx->answer,
							  sizeof(ctx->answer)), 0);
}

static void settle_last_first(struct link *l)
{
	struct xfer *x = l->data;

	while (x->kept)
		settle(l, x->handles[--x->kept]);
}

/* The first that was kept; the next may come before this returns. */
static void settle_first(struct link *l)
{
	struct xfer *x = l->data;

	WRITE_ONCE(x->kept, 0);
	settle(l, x->handles[0]);
}

static struct xfer_context *accept(struct link *l, kmcl_handle_t handle, const void *buffer,
				   u32 length)
{
	struct xfer_context *ctx = kmcl_incoming_get_context(l->channel, handle);
	const struct xfer_payload *p = buffer;
	struct xfer *x = l->data;

	if (!CHECK(l->check, ctx) || !CHECK_EQ(l->check, length, sizeof(*p)))
		return NULL;
	ctx->mark = CONTEXT_MARK;
	ctx->fetched = false;
	judge(l, handle, p, fetch(l, handle, ctx), &ctx->answer);
	CHECK_EQ(l->check, le64_to_cpu(p->seq), x->next);
	x->next++;
	atomic_inc(&x->received);
	return ctx;
}

static void on_packet(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		      u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct xfer *x = l->data;

	CHECK_EQ(l->check, flags, KMCL_RECEIVE_EXTERNAL);
	accept(l, handle, buffer, length);
	if (!x->keep) {
		settle(l, handle);
	} else {
		x->handles[x->kept++] = handle;
		if (x->kept == x->keep)
			settle_last_first(l);
	}
	link_wake(l);
}

static const struct link_setup receiving = {
	.device = "gpadl", .type = LINK_GPADL, .packet = on_packet, .release = on_release,
	.context = sizeof(struct xfer_context), .max_external = BYTES,
	.ranges = HVHOST_GPADL_RANGES,
};

static void xfer_put(struct link *l, struct xfer *x)
{
	if (l && x->number)
		CHECK_EQ(l->check, kmcl_gpadl_delete(l->channel, x->number), 0);
	link_down(l);
	if (x && x->memory.pages)
		memory_put(&x->memory);
	kfree(x);
}

/* A GPADL that the host has mapped. */
static struct link *xfer_get(struct check *c, const struct link_setup *setup, struct xfer **at)
{
	struct xfer *x = kzalloc(sizeof(*x), GFP_KERNEL);
	struct link *l = NULL;

	*at = x;
	if (!CHECK(c, x))
		return NULL;
	if (memory_get(&x->memory, c, PAGES))
		l = host_up(c, setup, x);
	if (l && CHECK_EQ(c, kmcl_gpadl_create_pages(l->channel, x->memory.pages, 0, BYTES, 0,
						     &x->number), 0) &&
	    host_maps(l, x->number, BYTES))
		return l;
	xfer_put(l, x);
	*at = NULL;
	return NULL;
}

static void xfer_end(struct link *l, struct xfer *x)
{
	if (l)
		host_unmaps(l, x->number);
	xfer_put(l, x);
}

/* Has the host send packets out of all of it; @wrong of them are completed wrongly. */
static bool has_it_send(struct link *l, u32 count, u32 set, u32 wrong)
{
	struct xfer *x = l->data;
	const struct host_call call = {
		.op = HVHOST_GPADL_SEND, .gpadl = x->number, .length = BYTES, .seed = 11,
		.count = count, .arg = set,
	};
	struct host_reply reply;

	return host_does(l, &call, HVHOST_GPADL_OK, &reply) &&
	       CHECK_EQ(l->check, reply.value, wrong);
}

static void check_counts(struct link *l, u32 packets, u32 deliveries)
{
	struct xfer *x = l->data;
	struct check *c = l->check;

	CHECK_EQ(c, atomic_read(&x->received), packets);
	CHECK_EQ(c, atomic_read(&x->fetched), deliveries);
	CHECK_EQ(c, atomic_read(&x->released), deliveries);
	CHECK_EQ(c, link_count(l, "received_external"), packets);
	CHECK_EQ(c, link_count(l, "outstanding"), 0);
}

static void completed_at_once(struct check *c)
{
	struct xfer *x;
	struct link *l = xfer_get(c, &receiving, &x);

	if (l && has_it_send(l, PACKETS, 0, 0))
		check_counts(l, PACKETS, PACKETS);
	xfer_end(l, x);
}

/* The whole window is kept, then completed from the last to the first. */
static void completed_in_reverse(struct check *c)
{
	struct xfer *x;
	struct link *l = xfer_get(c, &receiving, &x);

	if (l) {
		x->keep = WINDOW;
		if (has_it_send(l, PACKETS, 0, 0))
			check_counts(l, PACKETS, PACKETS);
	}
	xfer_end(l, x);
}

static void in_thread_context(struct check *c)
{
	struct link_setup setup = receiving;
	struct xfer *x;
	struct link *l;

	setup.thread = true;
	l = xfer_get(c, &setup, &x);
	if (l && has_it_send(l, PACKETS, 0, 0))
		check_counts(l, PACKETS, PACKETS);
	xfer_end(l, x);
}

/*
 * Each third packet is deferred, half of those after it asked for its external data:
 * then they go, and are asked for anew when it comes again.
 */
static void defer_some(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		       u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct xfer *x = l->data;
	struct xfer_context *ctx;

	CHECK_EQ(l->check, flags,
		 KMCL_RECEIVE_EXTERNAL | (x->again ? KMCL_RECEIVE_DEFERRED : 0));
	if (x->next % 3 == 1 && !x->again) {
		x->again = true;
		x->deferred++;
		ctx = kmcl_incoming_get_context(channel, handle);
		ctx->mark = CONTEXT_MARK;
		if (x->next % 2)
			fetch(l, handle, ctx);
		CHECK_EQ(l->check, kmcl_incoming_defer(channel, handle), 0);
		CHECK(l->check, !kmcl_incoming_map(channel, handle, 0));
		return;
	}
	if (x->again)
		usleep_range(50, 100);
	x->again = false;
	accept(l, handle, buffer, length);
	settle(l, handle);
	link_wake(l);
}

static void some_deferred(struct check *c)
{
	struct link_setup setup = receiving;
	struct xfer *x;
	struct link *l;

	setup.packet = defer_some;
	l = xfer_get(c, &setup, &x);
	if (l && has_it_send(l, PACKETS, 0, 0)) {
		/* 1, 4, 7 and so on; those that are odd asked twice. */
		CHECK_EQ(c, x->deferred, (PACKETS + 1) / 3);
		check_counts(l, PACKETS, PACKETS + (x->deferred + 1) / 2);
		CHECK_EQ(c, link_count(l, "redelivered"), x->deferred);
	}
	xfer_end(l, x);
}

/* A driver that does not look: nothing to release, and the host finds it wrong. */
static void ignore(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		   u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct xfer *x = l->data;

	atomic_inc(&x->received);
	CHECK_EQ(l->check, kmcl_incoming_complete(channel, handle, NULL, 0), 0);
}

static void never_looked_at(struct check *c)
{
	struct link_setup setup = receiving;
	struct xfer *x;
	struct link *l;

	setup.packet = ignore;
	l = xfer_get(c, &setup, &x);
	if (l && has_it_send(l, 20, 0, 20))
		check_counts(l, 20, 0);
	xfer_end(l, x);
}

/* The answer is taken from the external data, which go before it is sent. */
static void answer_from_external(struct kmcl_channel *channel, kmcl_handle_t handle,
				 const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	const struct kmcl_received_data *data;
	struct xfer_context *ctx = accept(l, handle, buffer, length);
	struct xfer_answer *at = kmcl_incoming_map(channel, handle, 0);

	if (!ctx || kmcl_incoming_get_external(channel, handle, 0, &data) || !at)
		return;
	if (data->ranges[0].length < sizeof(*at)) {
		settle(l, handle);
		return;
	}
	memcpy(at, &ctx->answer, sizeof(*at));
	CHECK_EQ(l->check, kmcl_incoming_complete(channel, handle, at, sizeof(*at)), 0);
}

static void answer_lies_in_external_data(struct check *c)
{
	struct link_setup setup = receiving;
	struct xfer *x;
	struct link *l;

	setup.packet = answer_from_external;
	l = xfer_get(c, &setup, &x);
	if (l && has_it_send(l, PACKETS, 0, 0))
		check_counts(l, PACKETS, PACKETS);
	xfer_end(l, x);
}

/* A page set of our choice names the GPADL, then its number does not. */
static void page_set_of_our_own(struct check *c)
{
	struct xfer *x;
	struct link *l = xfer_get(c, &receiving, &x);

	if (l) {
		CHECK(c, has_it_send(l, 20, 0, 0));
		CHECK_EQ(c, kmcl_gpadl_set_page_set(l->channel, x->number, 0x1234), 0);
		CHECK(c, has_it_send(l, 20, 0x1234, 0));
		check_counts(l, 40, 40);
		/* Refused and answered with nothing, which the host finds wrong. */
		CHECK(c, has_it_send(l, 20, 0, 20));
		CHECK_EQ(c, link_count(l, "rejected_external"), 20);
		check_counts(l, 40, 40);
	}
	xfer_end(l, x);
}

/* Like on_packet(), where numbers have gaps. */
static void accept_any(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		       u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	const struct xfer_payload *p = buffer;
	struct xfer *x = l->data;

	if (length >= sizeof(*p))
		x->next = le64_to_cpu(p->seq);
	accept(l, handle, buffer, length);
	settle(l, handle);
}

/* Fewer bytes and ranges than some packets have. */
static void more_than_fits(struct check *c)
{
	struct link_setup setup = receiving;
	struct host_reply reply = { };
	struct host_call call = {
		.op = HVHOST_GPADL_SEND, .length = BYTES, .seed = 11, .count = 64,
	};
	struct xfer *x;
	struct link *l;

	setup.ranges = 2;
	setup.max_external = 1024;
	setup.packet = accept_any;
	l = xfer_get(c, &setup, &x);
	if (l) {
		call.gpadl = x->number;
		CHECK(c, host_does(l, &call, HVHOST_GPADL_OK, &reply));
		CHECK(c, link_count(l, "rejected_external") > 0);
		CHECK(c, link_count(l, "received_external") > 0);
		/* Exactly those that were refused were answered with nothing. */
		CHECK_EQ(c, link_count(l, "rejected_external"), reply.value);
		CHECK_EQ(c, link_count(l, "received_external") + reply.value, 64);
		CHECK_EQ(c, atomic_read(&x->released), atomic_read(&x->fetched));
	}
	xfer_end(l, x);
}

/* Packets that make no sense: refused, counted, answered; the channel lives. */
static void malformed(struct check *c, const char *device, const char *counter)
{
	struct link_setup setup = receiving;
	struct host_call call = { .op = HVHOST_GPADL_FILL, .length = BYTES, .seed = 1 };
	struct xfer *x;
	struct link *l;

	setup.device = device;
	l = xfer_get(c, &setup, &x);
	if (l && has_it_send(l, 50, 0, 0)) {
		CHECK_EQ(c, link_count(l, counter), 50);
		CHECK_EQ(c, link_count(l, "received"), 0);
		CHECK_EQ(c, link_count(l, "broken_framing"), 0);
		check_counts(l, 0, 0);
		call.gpadl = x->number;
		CHECK(c, host_does(l, &call, HVHOST_GPADL_OK, NULL));
		CHECK_EQ(c, kmcl_channel_get_state(l->channel), KMCL_ACTIVE);
	}
	xfer_end(l, x);
}

static void malformed_outside(struct check *c)
{
	malformed(c, "outside", "rejected_external");
}

static void malformed_empty(struct check *c)
{
	malformed(c, "empty", "rejected_external");
}

static void malformed_count(struct check *c)
{
	malformed(c, "count", "rejected_offset");
}

static void malformed_set(struct check *c)
{
	malformed(c, "set", "rejected_external");
}

static void malformed_wrap(struct check *c)
{
	malformed(c, "wrap", "rejected_external");
}

/* struct call_aside: something that waits for what a packet holds up */
struct call_aside {
	struct link *link;
	u32 number;
	u32 packets;
};

static int send_aside(void *arg)
{
	struct call_aside *a = arg;

	return has_it_send(a->link, a->packets, 0, 0) ? 0 : -EBADE;
}

static int delete_aside(void *arg)
{
	struct call_aside *a = arg;

	return kmcl_gpadl_delete(a->link->channel, a->number);
}

static int ask_aside(void *arg)
{
	static const struct host_call call = {
		.op = HVHOST_GPADL_NEGOTIATE, .arg = HVHOST_GPADL_VERSION,
	};
	struct call_aside *a = arg;

	return host_does(a->link, &call, HVHOST_GPADL_OK, NULL) ? 0 : -EBADE;
}

/* A packet that the driver has keeps its GPADL, whatever the host says. */
static void delete_waits_for_packets(struct check *c)
{
	struct xfer *x;
	struct link *l = xfer_get(c, &receiving, &x);
	struct aside sending, deleting;
	struct call_aside a;

	if (l) {
		a = (struct call_aside){ l, x->number, 1 };
		x->keep = 2;		/* so the one that comes is kept */
		aside_begin(&sending, send_aside, &a);
		CHECK_AWAIT(c, l->wait, READ_ONCE(x->kept) == 1);
		aside_begin(&deleting, delete_aside, &a);
		CHECK(c, aside_blocks(&deleting));
		CHECK(c, kmcl_incoming_map(l->channel, x->handles[0], 0));
		settle_first(l);
		CHECK_EQ(c, aside_end(&sending), 0);
		host_unmaps(l, x->number);
		CHECK_EQ(c, aside_end(&deleting), 0);
		check_counts(l, 1, 1);
		x->number = 0;
	}
	xfer_put(l, x);
}

/* With a quota of one, the answer to a request waits behind the next packet. */
static void answers_wait_behind_packets(struct check *c)
{
	struct xfer *x;
	struct link *l = xfer_get(c, &receiving, &x);
	struct aside sending, asking;
	struct call_aside a;

	if (l) {
		a = (struct call_aside){ l, x->number, 2 };
		x->keep = 3;
		CHECK_EQ(c, kmcl_channel_set_quota(l->channel, 1), 0);
		aside_begin(&sending, send_aside, &a);
		CHECK_AWAIT(c, l->wait, READ_ONCE(x->kept) == 1);
		aside_begin(&asking, ask_aside, &a);
		CHECK(c, aside_blocks(&asking));
		CHECK_EQ(c, READ_ONCE(x->kept), 1);
		CHECK_EQ(c, kmcl_channel_set_quota(l->channel, 4), 0);
		settle_first(l);
		CHECK_EQ(c, aside_end(&asking), 0);
		CHECK_AWAIT(c, l->wait, READ_ONCE(x->kept) == 1);
		settle_first(l);
		CHECK_EQ(c, aside_end(&sending), 0);
		check_counts(l, 2, 2);
	}
	xfer_end(l, x);
}

/* A deferred packet holds up the answers behind it, until its callback has returned. */
struct held_up {
	struct completion inside;
	struct completion go;
};

static struct held_up held_up;

static void stand_in_redelivery(struct kmcl_channel *channel, kmcl_handle_t handle,
				const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);

	if (!(flags & KMCL_RECEIVE_DEFERRED)) {
		CHECK_EQ(l->check, kmcl_incoming_defer(channel, handle), 0);
		return;
	}
	complete(&held_up.inside);
	CHECK(l->check, wait_for_completion_timeout(&held_up.go, CHECK_LIMIT));
	accept(l, handle, buffer, length);
	settle(l, handle);
}

static void answers_wait_behind_deferred(struct check *c)
{
	struct link_setup setup = receiving;
	struct aside sending, asking;
	struct call_aside a;
	struct xfer *x;
	struct link *l;

	init_completion(&held_up.inside);
	init_completion(&held_up.go);
	setup.packet = stand_in_redelivery;
	l = xfer_get(c, &setup, &x);
	if (l) {
		a = (struct call_aside){ l, x->number, 1 };
		aside_begin(&sending, send_aside, &a);
		CHECK(c, wait_for_completion_timeout(&held_up.inside, CHECK_LIMIT));
		aside_begin(&asking, ask_aside, &a);
		CHECK(c, aside_blocks(&asking));
		complete(&held_up.go);
		CHECK_EQ(c, aside_end(&asking), 0);
		CHECK_EQ(c, aside_end(&sending), 0);
		check_counts(l, 1, 1);
	}
	xfer_end(l, x);
}

/*
 * A packet that was deferred just when delivery ended: nobody completes it before the
 * next start, so its GPADL cannot be deleted.
 */
static void defer_when_stopped(struct kmcl_channel *channel, kmcl_handle_t handle,
			       const void *buffer, u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct xfer *x = l->data;

	if (!x->again) {
		x->again = true;
		complete(&held_up.inside);
		CHECK_POLL(l->check, !inside_receiving(channel));
		CHECK_EQ(l->check, kmcl_incoming_defer(channel, handle), 0);
		return;
	}
	CHECK_EQ(l->check, flags, KMCL_RECEIVE_EXTERNAL | KMCL_RECEIVE_DEFERRED);
	accept(l, handle, buffer, length);
	settle(l, handle);
}

static int last_deletion;

static void delete_in_closed(struct link *l)
{
	struct xfer *x = l->data;
	u32 number = x->handles[0];

	if (number)
		last_deletion = kmcl_gpadl_delete(l->channel, number);
}

/* A paused channel with such a packet; the host's SEND goes on in another thread. */
static struct link *deferred_and_paused(struct check *c, struct xfer **x, struct aside *sending,
					struct call_aside *a, int (*send)(void *arg))
{
	struct link_setup setup = receiving;
	struct link *l;

	init_completion(&held_up.inside);
	setup.packet = defer_when_stopped;
	setup.thread = true;
	setup.closed = delete_in_closed;
	l = xfer_get(c, &setup, x);
	if (!l)
		return NULL;
	*a = (struct call_aside){ l, (*x)->number, 1 };
	aside_begin(sending, send, a);
	CHECK(c, wait_for_completion_timeout(&held_up.inside, CHECK_LIMIT));
	CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);
	CHECK_EQ(c, kmcl_gpadl_delete(l->channel, a->number), -EBUSY);
	CHECK_EQ(c, link_count(l, "gpadls_deleted"), 0);
	return l;
}

static void delete_waits_for_the_next_start(struct check *c)
{
	struct aside sending;
	struct call_aside a;
	struct xfer *x;
	struct link *l = deferred_and_paused(c, &x, &sending, &a, send_aside);

	if (l) {
		CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
		CHECK_EQ(c, aside_end(&sending), 0);
		check_counts(l, 1, 1);
	}
	xfer_end(l, x);
}

static int send_and_lose(void *arg)
{
	const struct call_aside *a = arg;
	const __le32 question[] = {
		cpu_to_le32(HVHOST_GPADL_SEND), cpu_to_le32(a->number), 0, cpu_to_le32(BYTES),
		0, cpu_to_le32(a->packets), 0, 0,
	};

	return link_ask(a->link, question, sizeof(question), NULL, 0);
}

static void delete_when_closed_has_dropped_it(struct check *c)
{
	struct aside sending;
	struct call_aside a;
	struct xfer *x;
	struct link *l = deferred_and_paused(c, &x, &sending, &a, send_and_lose);

	last_deletion = 1;
	if (l) {
		x->handles[0] = x->number;
		x->number = 0;
		link_disable(l);
		CHECK_EQ(c, last_deletion, 0);
		CHECK_EQ(c, aside_end(&sending), -ENODEV);
		CHECK_EQ(c, link_count(l, "incoming_dropped"), 1);
		CHECK(c, memory_unshared(&x->memory));
	}
	xfer_put(l, x);
}

/* Deleting where packets are delivered would wait for itself. */
static int delete_in_packet;

static void try_to_delete(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
			  u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct xfer *x = l->data;

	delete_in_packet = kmcl_gpadl_delete(channel, x->number);
	accept(l, handle, buffer, length);
	settle(l, handle);
}

static void delete_in_process_packet(struct check *c)
{
	struct link_setup setup = receiving;
	struct xfer *x;
	struct link *l;

	delete_in_packet = 0;
	setup.packet = try_to_delete;
	setup.thread = true;
	l = xfer_get(c, &setup, &x);
	if (l && has_it_send(l, 1, 0, 0)) {
		CHECK_EQ(c, delete_in_packet, -EDEADLK);
		check_counts(l, 1, 1);
	}
	xfer_end(l, x);
}

/* Failing a packet gives its data back, and the GPADL can go when the channel has closed. */
static void fail(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		 u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct xfer *x = l->data;

	accept(l, handle, buffer, length);
	x->number = 0;			/* it goes with the channel */
	CHECK_EQ(l->check, kmcl_incoming_fail(channel, handle), 0);
	CHECK_EQ(l->check, atomic_read(&x->released), 1);
	link_wake(l);
}

static void failed_packet(struct check *c)
{
	struct link_setup setup = receiving;
	struct call_aside a;
	struct aside sending;
	struct xfer *x;
	struct link *l;

	last_deletion = 1;
	setup.packet = fail;
	setup.closed = delete_in_closed;
	l = xfer_get(c, &setup, &x);
	if (l) {
		a = (struct call_aside){ l, x->number, 4 };
		x->handles[0] = x->number;
		aside_begin(&sending, send_and_lose, &a);
		CHECK_AWAIT(c, l->wait, atomic_read(&x->released) == 1);
		CHECK(c, aside_blocks(&sending));	/* its answer is not delivered either */
		CHECK_EQ(c, atomic_read(&x->received), 1);
		link_disable(l);
		CHECK_EQ(c, aside_end(&sending), -ENODEV);
		CHECK_EQ(c, last_deletion, 0);
		CHECK(c, memory_unshared(&x->memory));
	}
	xfer_put(l, x);
}

static const struct check_case cases[] = {
	CHECK_CASE(completed_at_once),
	CHECK_CASE(completed_in_reverse),
	CHECK_CASE(in_thread_context),
	CHECK_CASE(some_deferred),
	CHECK_CASE(never_looked_at),
	CHECK_CASE(answer_lies_in_external_data),
	CHECK_CASE(page_set_of_our_own),
	CHECK_CASE(more_than_fits),
	CHECK_CASE(malformed_outside),
	CHECK_CASE(malformed_empty),
	CHECK_CASE(malformed_count),
	CHECK_CASE(malformed_set),
	CHECK_CASE(malformed_wrap),
	CHECK_CASE(delete_waits_for_packets),
	CHECK_CASE(answers_wait_behind_packets),
	CHECK_CASE(answers_wait_behind_deferred),
	CHECK_CASE(delete_waits_for_the_next_start),
	CHECK_CASE(delete_when_closed_has_dropped_it),
	CHECK_CASE(delete_in_process_packet),
	CHECK_CASE(failed_packet),
	{ }
};

const struct check_group xfer_checks = { "xfer", cases };
