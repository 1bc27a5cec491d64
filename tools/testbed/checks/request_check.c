// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_channel_request(), but for the end of its channel: rescind_check.c.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "aside.h"
#include "jam.h"
#include "link.h"
#include "memory.h"

#define SHORT_MS	50
#define UNTOUCHED	0xee

static const struct link_setup echo = { .device = "echo" };
static const struct link_setup silent = { .device = "silent" };
static const struct link_setup reader = {
	.device = "echo", .max_external = 4 * PAGE_SIZE, .ranges = 4,
};

/* It answers two packets when it has two: what times out is answered with the next one. */
static const struct link_setup late = {
	.device = "pair", .max_external = 4 * PAGE_SIZE, .ranges = 4,
};
static const struct link_setup narrow = { .device = "echo", .ring_pages = JAM_PAGES };

static void answered(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	u8 question[24], answer[32];
	struct kmcl_request r = {
		.buffer = question, .length = 13, .flags = KMCL_SEND_COMPLETION,
		.answer = answer, .answer_size = sizeof(answer), .timeout = KMCL_WAIT_FOREVER,
	};

	if (!l)
		return;
	memset(question, 0x5a, sizeof(question));
	memset(answer, UNTOUCHED, sizeof(answer));
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
	CHECK_EQ(c, r.answer_length, 16);	/* the wire pads */
	CHECK(c, !memcmp(answer, question, 13));
	CHECK(c, !memchr_inv(answer + 13, 0, 3));
	CHECK(c, !memchr_inv(answer + 16, UNTOUCHED, sizeof(answer) - 16));
	r.buffer = NULL;
	r.length = 0;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
	CHECK_EQ(c, r.answer_length, 0);
	CHECK_EQ(c, link_count(l, "requests"), 2);
	CHECK_EQ(c, link_count(l, "requests_left"), 0);
	link_down(l);
}

/* The largest payload there and back, and one byte more. */
static void largest(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	u32 size = KMCL_DEFAULT_PACKET_SIZE;
	u8 *question = kmalloc(size + 1, GFP_KERNEL), *answer = kzalloc(size, GFP_KERNEL);

	if (l && CHECK(c, question && answer)) {
		memset(question, 0x33, size + 1);
		CHECK_EQ(c, link_ask(l, question, size, answer, size), 0);
		CHECK(c, !memcmp(question, answer, size));
		CHECK_EQ(c, link_ask(l, question, size + 1, answer, size), -EMSGSIZE);
	}
	link_down(l);
	kfree(question);
	kfree(answer);
}

static void unanswered(struct check *c)
{
	struct kmcl_request r = { .buffer = "oneway", .length = 7, .timeout = KMCL_WAIT_FOREVER };
	struct link *l = link_up(c, &silent, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
	CHECK_EQ(c, link_count(l, "sent"), 1);
	CHECK_EQ(c, link_count(l, "requests"), 1);
	link_down(l);
}

/* Room is there, then it is not, then again. */
static void zero_timeout(struct check *c)
{
	struct link *l = link_up(c, &narrow, NULL);
	u8 *large = kzalloc(JAM_BYTES, GFP_KERNEL);
	struct kmcl_request r = { .buffer = large, .length = JAM_BYTES };
	struct jam j;

	if (l && CHECK(c, large)) {
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
		CHECK_EQ(c, link_count(l, "packets"), 0);
		CHECK(c, link_sync(l));
		if (jam_begin(&j, l, JAM_SENT)) {
			CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EAGAIN);
			r.length = 8;			/* for that there is room */
			CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
		}
		jam_end(&j);
		r.length = JAM_BYTES;
		CHECK(c, link_sync(l));
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
	}
	link_down(l);
	kfree(large);
}

static void zero_timeout_not_open(struct check *c)
{
	static const struct link_setup nobody = { .type = LINK_ECHO };
	struct kmcl_request r = { .buffer = "now", .length = 4 };
	struct link *l = link_make(c, &nobody, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EAGAIN);
	r.flags = KMCL_SEND_COMPLETION;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EAGAIN);
	CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EAGAIN);
	CHECK_EQ(c, link_count(l, "packets"), 0);
	link_down(l);
}

/* It goes out, and is left to itself. */
static void zero_timeout_answer(struct check *c)
{
	struct kmcl_request r = { .buffer = "now", .length = 4, .flags = KMCL_SEND_COMPLETION };
	struct link *l = link_up(c, &late, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
	CHECK_EQ(c, link_count(l, "requests_left"), 1);
	CHECK(c, link_sync(l));
	CHECK_EQ(c, link_count(l, "late_answers"), 1);
	CHECK_EQ(c, link_count(l, "packets"), 0);
	link_down(l);
}

static void timeout_relative(struct check *c)
{
	struct kmcl_request r = {
		.buffer = "hello", .length = 6, .flags = KMCL_SEND_COMPLETION,
		.timeout = ms_to_ktime(SHORT_MS),
	};
	struct link *l = link_up(c, &silent, NULL);
	ktime_t before;

	if (!l)
		return;
	before = ktime_get();
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
	CHECK(c, ktime_ms_delta(ktime_get(), before) >= SHORT_MS);
	CHECK_EQ(c, link_count(l, "requests_left"), 1);
	CHECK_EQ(c, link_count(l, "sent"), 1);
	link_down(l);
}

static void timeout_absolute(struct check *c)
{
	struct kmcl_request r = {
		.buffer = "hello", .length = 6, .flags = KMCL_SEND_COMPLETION, .absolute = true,
	};
	struct link *l = link_up(c, &silent, NULL);

	if (!l)
		return;
	r.timeout = ktime_add_ms(ktime_get_real(), SHORT_MS);
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
	CHECK(c, ktime_compare(ktime_get_real(), r.timeout) >= 0);
	r.timeout = 1;			/* long past */
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
	link_down(l);
}

static void absolute_answered(struct check *c)
{
	struct kmcl_request r = {
		.buffer = "hello", .length = 6, .flags = KMCL_SEND_COMPLETION, .absolute = true,
	};
	struct link *l = link_up(c, &echo, NULL);

	if (!l)
		return;
	r.timeout = ktime_add(ktime_get_real(), CHECK_PATIENCE);
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
	link_down(l);
}

/* Nothing of the caller's is touched, whenever the answer comes. */
static void late_answer(struct check *c)
{
	u8 answer[16];
	struct kmcl_request r = {
		.buffer = "hello", .length = 6, .flags = KMCL_SEND_COMPLETION,
		.answer = answer, .answer_size = sizeof(answer),
		.timeout = ms_to_ktime(SHORT_MS), .answer_length = 99,
	};
	struct link *l = link_up(c, &late, NULL);

	if (!l)
		return;
	memset(answer, UNTOUCHED, sizeof(answer));
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
	CHECK_EQ(c, r.answer_length, 0);
	CHECK_EQ(c, link_count(l, "late_answers"), 0);
	CHECK_EQ(c, link_count(l, "packets"), 1);
	CHECK(c, link_sync(l));
	CHECK(c, !memchr_inv(answer, UNTOUCHED, sizeof(answer)));
	CHECK_EQ(c, link_count(l, "late_answers"), 1);
	CHECK_EQ(c, link_count(l, "rejected_id"), 0);
	CHECK_EQ(c, link_count(l, "packets"), 0);
	link_down(l);
}

/* What still waits when time runs out never goes. */
static void withdrawn(struct check *c)
{
	struct kmcl_request r = {
		.buffer = "hello", .length = 6, .flags = KMCL_SEND_COMPLETION,
		.timeout = ms_to_ktime(SHORT_MS),
	};
	struct link *l = link_up(c, &narrow, NULL);
	struct jam j;

	if (!l)
		return;
	if (jam_begin(&j, l, JAM_SENT + 1)) {
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
		r.flags = 0;
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
		CHECK_EQ(c, link_count(l, "packets"), JAM_SENT + 1);
	}
	jam_end(&j);
	CHECK_EQ(c, link_count(l, "sent"), JAM_SENT + 1);
	CHECK_EQ(c, link_count(l, "requests_left"), 2);
	CHECK_EQ(c, link_count(l, "late_answers"), 0);
	link_down(l);
}

static void timeout_not_open(struct check *c)
{
	static const struct link_setup nobody = { .type = LINK_ECHO };
	struct kmcl_request r = {
		.buffer = "hello", .length = 6, .timeout = ms_to_ktime(SHORT_MS),
	};
	struct link *l = link_make(c, &nobody, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
	CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
	CHECK_EQ(c, link_count(l, "packets"), 0);
	link_down(l);
}

static int ask_forever(void *arg)
{
	struct link *l = arg;
	struct kmcl_request r = {
		.buffer = "forever", .length = 8, .flags = KMCL_SEND_COMPLETION,
		.timeout = KMCL_WAIT_FOREVER,
	};

	return kmcl_channel_request(l->channel, &r);
}

static void waits_for_the_open(struct check *c)
{
	struct link *l = link_make(c, &echo, NULL);
	struct aside a;

	if (!l)
		return;
	aside_begin(&a, ask_forever, l);
	CHECK(c, aside_blocks(&a));
	link_open(l);
	CHECK_EQ(c, aside_end(&a), 0);
	link_down(l);
}

static void answer_too_long_for_buffer(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	u8 answer[16];
	struct kmcl_request r = {
		.buffer = "0123456789abcdef", .length = 16, .flags = KMCL_SEND_COMPLETION,
		.answer = answer, .answer_size = 5, .timeout = KMCL_WAIT_FOREVER,
	};

	if (!l)
		return;
	memset(answer, UNTOUCHED, sizeof(answer));
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ENOBUFS);
	CHECK_EQ(c, r.answer_length, 5);
	CHECK(c, !memcmp(answer, "01234", 5));
	CHECK(c, !memchr_inv(answer + 5, UNTOUCHED, sizeof(answer) - 5));
	r.answer_size = 0;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ENOBUFS);
	r.answer = NULL;		/* nobody wants it */
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
	link_down(l);
}

/* The gpadl device answers nonsense with 16 bytes. */
static void answer_too_long_for_channel(struct check *c)
{
	static const struct link_setup tiny = {
		.device = "gpadl", .type = LINK_GPADL, .max_packet = 8,
	};
	struct link *l = link_up(c, &tiny, NULL);

	if (!l)
		return;
	CHECK_EQ(c, link_ask(l, "nonsense", 8, NULL, 0), -EMSGSIZE);
	CHECK_EQ(c, link_count(l, "rejected_size"), 1);
	CHECK_EQ(c, link_count(l, "packets"), 0);
	link_down(l);
}

static void disabled_meanwhile(struct check *c)
{
	struct link *l = link_up(c, &silent, NULL);
	struct aside a;

	if (!l)
		return;
	aside_begin(&a, ask_forever, l);
	CHECK(c, aside_blocks(&a));
	link_disable(l);
	CHECK_EQ(c, aside_end(&a), -ENODEV);
	link_down(l);
}

/* Many threads, answers in any order: each gets its own. */
#define CROWD		8
#define CROWD_ROUNDS	20

struct asker {
	struct link *link;
	u32 number;
};

static int ask_rounds(void *arg)
{
	struct asker *a = arg;
	u32 question[2], answer[2], i;
	int ret = 0;

	for (i = 0; i < CROWD_ROUNDS && !ret; i++) {
		question[0] = a->number;
		question[1] = i;
		ret = link_ask(a->link, question, sizeof(question), answer, sizeof(answer));
		if (!ret && memcmp(question, answer, sizeof(question)))
			ret = -EBADE;
	}
	return ret;
}

static void crowd(struct check *c)
{
	static const struct link_setup shuffled = { .device = "shuffle" };
	struct link *l = link_up(c, &shuffled, NULL);
	struct aside *a = kcalloc(CROWD, sizeof(*a), GFP_KERNEL);
	struct asker askers[CROWD];
	u32 i;

	if (l && CHECK(c, a)) {
		for (i = 0; i < CROWD; i++) {
			askers[i] = (struct asker){ l, i };
			aside_begin(&a[i], ask_rounds, &askers[i]);
		}
		for (i = 0; i < CROWD; i++)
			CHECK_EQ(c, aside_end(&a[i]), 0);
		CHECK_EQ(c, link_count(l, "requests"), CROWD * CROWD_ROUNDS);
	}
	link_down(l);
	kfree(a);
}

/* struct refusals: what callbacks got. */
struct refusals {
	int opened;
	int now;
	int started;
	int post_started;
	int suspend;
	int closed;
};

static int refusal_opened(struct link *l)
{
	struct kmcl_request r = { .buffer = "now", .length = 4 };
	struct refusals *f = l->data;

	f->opened = link_ask(l, "hello", 6, NULL, 0);
	f->now = kmcl_channel_request(l->channel, &r);
	return 0;
}

static void refusal_started(struct link *l)
{
	((struct refusals *)l->data)->started = link_ask(l, "hello", 6, NULL, 0);
}

static void refusal_post_started(struct link *l)
{
	((struct refusals *)l->data)->post_started = link_ask(l, "hello", 6, NULL, 0);
}

static void refusal_suspend(struct link *l)
{
	((struct refusals *)l->data)->suspend = link_ask(l, "hello", 6, NULL, 0);
}

static void refusal_closed(struct link *l)
{
	((struct refusals *)l->data)->closed = link_ask(l, "hello", 6, NULL, 0);
}

static void deadlock_in_state_callbacks(struct check *c)
{
	static const struct link_setup asking = {
		.device = "echo", .opened = refusal_opened, .started = refusal_started,
		.post_started = refusal_post_started, .suspend = refusal_suspend,
		.closed = refusal_closed,
	};
	struct refusals f = { .post_started = -1 };
	struct link *l = link_up(c, &asking, &f);

	if (!l)
		return;
	CHECK_EQ(c, f.opened, -EDEADLK);
	CHECK_EQ(c, f.now, -EAGAIN);
	CHECK_EQ(c, f.started, -EDEADLK);
	CHECK_EQ(c, f.post_started, 0);
	link_disable(l);
	CHECK_EQ(c, f.suspend, -EDEADLK);
	CHECK_EQ(c, f.closed, -EDEADLK);
	link_down(l);
}

struct inquiry {
	int waits;
	int now;
	bool asked;
};

/* A packet came, and its receiver asks the host something. */
static void ask_in_packet(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
			  u32 length, u32 flags)
{
	struct kmcl_request now = { .buffer = "now", .length = 4 };
	struct link *l = link_of(channel);
	struct inquiry *q = l->data;

	if (!q->asked) {
		q->waits = link_ask(l, "hello", 6, NULL, 0);
		q->now = kmcl_channel_request(channel, &now);
	}
	kmcl_incoming_complete(channel, handle, NULL, 0);
	WRITE_ONCE(q->asked, true);
	link_wake(l);
}

static void deadlock_in_process_packet(struct check *c)
{
	static const struct link_setup threaded = {
		.device = "few", .type = LINK_SOURCE, .thread = true, .packet = ask_in_packet,
	};
	struct inquiry q = { .waits = 1, .now = 1 };
	struct link *l = link_up(c, &threaded, &q);

	if (!l)
		return;
	CHECK_AWAIT(c, l->wait, READ_ONCE(q.asked));
	CHECK_EQ(c, q.waits, -EDEADLK);
	CHECK_EQ(c, q.now, 0);
	link_down(l);
}

/* Pages that may outlive the request have to be such that a reference holds them. */
static void external_in_slab(struct check *c)
{
	struct link *l = link_up(c, &reader, NULL);
	void *slab = kmalloc(PAGE_SIZE / 2, GFP_KERNEL);
	struct kmcl_external_data data = kmcl_external_buffer(slab, 512, DMA_TO_DEVICE);
	struct kmcl_request r = {
		.flags = KMCL_SEND_COMPLETION, .external = &data,
		.timeout = CHECK_PATIENCE,
	};

	if (l && CHECK(c, slab)) {
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
		CHECK_EQ(c, link_count(l, "sent"), 0);
		CHECK_EQ(c, link_count(l, "packets"), 0);
		r.timeout = KMCL_WAIT_FOREVER;
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
	}
	link_down(l);
	kfree(slab);
}

static void external_vmalloc(struct check *c)
{
	struct link *l = link_up(c, &reader, NULL);
	u8 *buffer = vmalloc(3 * PAGE_SIZE);
	struct kmcl_external_data data = kmcl_external_buffer(buffer + 5, 9000, DMA_TO_DEVICE);
	__le32 reply[2];
	struct kmcl_request r = {
		.flags = KMCL_SEND_COMPLETION, .external = &data, .answer = reply,
		.answer_size = sizeof(reply), .timeout = CHECK_PATIENCE,
	};

	if (l && CHECK(c, buffer)) {
		memset(buffer, 0x42, 3 * PAGE_SIZE);
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
		CHECK_EQ(c, le32_to_cpu(reply[0]), 9000);
		CHECK_EQ(c, le32_to_cpu(reply[1]), memory_crc(buffer + 5, 9000));
	}
	link_down(l);
	vfree(buffer);
}

/* After the timeout the host is still in the pages, so kmcl holds them until it answers. */
static void external_outlives(struct check *c)
{
	struct link *l = link_up(c, &late, NULL);
	struct kmcl_external_data data;
	struct kmcl_request r = {
		.flags = KMCL_SEND_COMPLETION, .external = &data,
		.timeout = ms_to_ktime(SHORT_MS),
	};
	struct memory m;

	if (!l)
		return;
	if (memory_get(&m, c, 2)) {
		data = kmcl_external_pages(m.pages, 100, PAGE_SIZE, DMA_TO_DEVICE);
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
		CHECK_EQ(c, page_count(m.pages[0]), 2);
		CHECK_EQ(c, page_count(m.pages[1]), 2);
		CHECK(c, link_sync(l));
		CHECK_EQ(c, link_count(l, "late_answers"), 1);
		CHECK(c, memory_unshared(&m));
		memory_put(&m);
	}
	link_down(l);
}

/* A reference to the first page does not hold the others of a block that is not compound. */
static void external_not_compound(struct check *c)
{
	struct page *block = alloc_pages(GFP_KERNEL, 1);
	struct link *l = link_up(c, &reader, NULL);
	struct kmcl_external_data data;
	struct kmcl_request r = {
		.flags = KMCL_SEND_COMPLETION, .external = &data, .timeout = CHECK_PATIENCE,
	};

	if (l && CHECK(c, block)) {
		data = kmcl_external_buffer(page_address(block), PAGE_SIZE + 1, DMA_TO_DEVICE);
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
		CHECK_EQ(c, link_count(l, "sent"), 0);
		r.timeout = KMCL_WAIT_FOREVER;
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), 0);
	}
	link_down(l);
	if (block)
		__free_pages(block, 1);
}

static void external_compound(struct check *c)
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
	struct link *l = link_up(c, &late, NULL);
	struct kmcl_external_data data;
	struct kmcl_request r = {
		.flags = KMCL_SEND_COMPLETION, .external = &data,
		.timeout = ms_to_ktime(SHORT_MS),
	};

	if (l && CHECK(c, block)) {
		data = kmcl_external_buffer(page_address(block), PAGE_SIZE + 1, DMA_TO_DEVICE);
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
		CHECK(c, page_count(block) > 1);
		CHECK(c, link_sync(l));
		CHECK_EQ(c, page_count(block), 1);
	}
	link_down(l);
	if (block)
		__free_pages(block, 1);
}

static void invalid(struct check *c)
{
	struct kmcl_request good = {
		.buffer = "hello", .length = 6, .timeout = KMCL_WAIT_FOREVER,
	}, r = good;
	struct link *l = link_up(c, &silent, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_request(NULL, &r), -EINVAL);
	CHECK_EQ(c, kmcl_channel_request(l->channel, NULL), -EINVAL);
	r.timeout = -1;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	r = good;
	r.answer_size = 8;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	r = good;
	r.buffer = NULL;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	r.timeout = 0;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	r = good;
	r.flags = ~KMCL_SEND_FLAGS;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	r.timeout = 0;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	r = good;
	r.length = KMCL_DEFAULT_PACKET_SIZE + 1;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EMSGSIZE);
	r.timeout = 0;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EMSGSIZE);
	CHECK_EQ(c, link_count(l, "sent"), 0);
	CHECK_EQ(c, link_count(l, "packets"), 0);
	link_down(l);
}

static void external_invalid(struct check *c)
{
	struct kmcl_external_data data = { .direction = DMA_TO_DEVICE };
	struct kmcl_request r = { .external = &data, .timeout = KMCL_WAIT_FOREVER };
	struct link *l = link_up(c, &reader, NULL);
	static u8 byte;

	if (!l)
		return;
	r.flags = KMCL_SEND_COMPLETION;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	data = kmcl_external_buffer(&byte, 1, DMA_TO_DEVICE);
	r.flags = 0;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	r.timeout = 0;
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -EINVAL);
	CHECK_EQ(c, link_count(l, "packets"), 0);
	link_down(l);
}

static const struct check_case cases[] = {
	CHECK_CASE(answered),
	CHECK_CASE(largest),
	CHECK_CASE(unanswered),
	CHECK_CASE(zero_timeout),
	CHECK_CASE(zero_timeout_not_open),
	CHECK_CASE(zero_timeout_answer),
	CHECK_CASE(timeout_relative),
	CHECK_CASE(timeout_absolute),
	CHECK_CASE(absolute_answered),
	CHECK_CASE(late_answer),
	CHECK_CASE(withdrawn),
	CHECK_CASE(timeout_not_open),
	CHECK_CASE(waits_for_the_open),
	CHECK_CASE(answer_too_long_for_buffer),
	CHECK_CASE(answer_too_long_for_channel),
	CHECK_CASE(disabled_meanwhile),
	CHECK_CASE(crowd),
	CHECK_CASE(deadlock_in_state_callbacks),
	CHECK_CASE(deadlock_in_process_packet),
	CHECK_CASE(external_in_slab),
	CHECK_CASE(external_vmalloc),
	CHECK_CASE(external_outlives),
	CHECK_CASE(external_not_compound),
	CHECK_CASE(external_compound),
	CHECK_CASE(invalid),
	CHECK_CASE(external_invalid),
	{ }
};

const struct check_group request_checks = { "request", cases };
