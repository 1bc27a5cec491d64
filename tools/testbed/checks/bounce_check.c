// SPDX-License-Identifier: GPL-2.0-only
/*
 * External data where every mapping goes through a swiotlb of 1 MiB: what happens when
 * it is full. The guest is booted with swiotlb=512,force.
 */
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "link.h"
#include "memory.h"
#include "shot.h"

#define BYTES	(16 * PAGE_SIZE)
#define MOST	32u		/* packets of BYTES: twice the swiotlb */
#define ORDER	7		/* 512 KiB in one piece: more than swiotlb ever maps */

/* Answers when it has so many packets. */
#define HOLD	40u

static const struct link_setup holding = {
	.device = "forty", .max_external = BYTES, .ranges = 2,
};

static const struct link_setup silent = {
	.device = "silent", .max_external = BYTES, .ranges = 2,
};

/* Sends until there are no mappings; how many went. */
static u32 fill_up(struct shot *shots, const struct kmcl_external_data *data)
{
	struct check *c = shots->link->check;
	int ret = 0;
	u32 n;

	for (n = 0; n < MOST; n++) {
		ret = shot_send_external(&shots[n], data);
		if (ret)
			break;
	}
	CHECK_EQ(c, ret, -ENOSPC);
	CHECK(c, n > 0);
	CHECK_EQ(c, link_count(shots->link, "unmappable"), 1);
	return n;
}

/* The host has @waiting packets to answer: it gets as many as it still wants. */
static void let_go(struct link *l, u32 waiting)
{
	struct shot *more = shots_new(l, HOLD - waiting);
	u32 i;

	for (i = 0; more && i < HOLD - waiting; i++)
		CHECK_EQ(l->check, shot_send(&more[i], "more", 5, KMCL_SEND_COMPLETION), 0);
	if (more && shots_await(more, HOLD - waiting, 0))
		shots_free(more, HOLD - waiting);
}

/* The packet that found no room is the caller's; when the others have ended it goes. */
static void full_and_empty_again(struct check *c)
{
	struct link *l = link_up(c, &holding, NULL);
	struct shot *shots = l ? shots_new(l, MOST + 1) : NULL;
	u8 *buffer = vmalloc(BYTES);
	struct kmcl_external_data data = kmcl_external_buffer(buffer, BYTES, DMA_TO_DEVICE);
	struct kmcl_request r = {
		.flags = KMCL_SEND_COMPLETION, .external = &data, .timeout = KMCL_WAIT_FOREVER,
	};
	u32 n;

	if (shots && CHECK(c, buffer)) {
		n = fill_up(shots, &data);
		CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ENOSPC);
		CHECK_EQ(c, link_count(l, "unmappable"), 2);
		CHECK_EQ(c, link_count(l, "packets"), MOST + 1);
		CHECK(c, !shot_ended(&shots[n]));
		CHECK_EQ(c, shot_send(&shots[n], "in band", 8, 0), 0);
		shot_await(&shots[n], 0);
		let_go(l, n);
		shots_await(shots, n, 0);
		CHECK_EQ(c, shot_send_external(&shots[n], &data), 0);
		let_go(l, 1);
		shot_await(&shots[n], 0);
		CHECK_EQ(c, link_count(l, "unmappable"), 2);
	}
	shots_free(shots, MOST + 1);
	link_down(l);
	vfree(buffer);
}

/* A channel that closes gives back what its packets had mapped: each round finds as much. */
static void closing_gives_back(struct check *c)
{
	u8 *buffer = vmalloc(BYTES);
	struct kmcl_external_data data = kmcl_external_buffer(buffer, BYTES, DMA_TO_DEVICE);
	u32 round, first = 0, n;
	struct shot *shots;
	struct link *l;

	for (round = 0; round < 4 && CHECK(c, buffer); round++) {
		l = link_up(c, &silent, NULL);
		shots = l ? shots_new(l, MOST) : NULL;
		if (shots) {
			n = fill_up(shots, &data);
			first = first ?: n;
			CHECK_EQ(c, n, first);
			link_disable(l);
			shots_await(shots, n, -ENODEV);
		}
		shots_free(shots, MOST);
		link_down(l);
	}
	vfree(buffer);
}

/* So does one whose requests have timed out, when the answers come. */
static void late_answers_give_back(struct check *c)
{
	struct link *l = link_up(c, &holding, NULL);
	struct kmcl_external_data data;
	struct kmcl_request r = {
		.flags = KMCL_SEND_COMPLETION, .external = &data, .timeout = ms_to_ktime(1),
	};
	struct memory m;
	u32 i;

	if (l && memory_get(&m, c, 16)) {
		data = kmcl_external_pages(m.pages, 0, BYTES, DMA_TO_DEVICE);
		for (i = 0; i < 4; i++)
			CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
		CHECK(c, !memory_unshared(&m));
		CHECK_EQ(c, link_count(l, "late_answers"), 0);
		let_go(l, 4);
		CHECK_EQ(c, link_count(l, "late_answers"), 4);
		CHECK(c, memory_unshared(&m));
		memory_put(&m);
	}
	link_down(l);
}

/* What fails after it was mapped is unmapped: ranges, of which only mapping tells. */
static void refusals_give_back(struct check *c)
{
	struct link *l = link_up(c, &silent, NULL);
	struct kmcl_external_data data;
	struct scatterlist list[3];
	struct shot s;
	struct memory m;
	u32 i;

	if (!l)
		return;
	if (memory_get(&m, c, 3) && shot_init(&s, l)) {
		sg_init_table(list, 3);
		for (i = 0; i < 3; i++)
			sg_set_page(&list[i], m.pages[i], 100, 100);
		data = kmcl_external_sg(list, 3, DMA_TO_DEVICE);
		for (i = 0; i < 1000; i++) {
			if (!CHECK_EQ(c, shot_send_external(&s, &data), -E2BIG))
				break;
		}
		CHECK_EQ(c, link_count(l, "unmappable"), 0);
		shot_free(&s);
		memory_put(&m);
	}
	link_down(l);
}

static void piece_too_long(struct check *c)
{
	static const struct link_setup wide = {
		.device = "echo", .max_external = PAGE_SIZE << ORDER, .ranges = 1,
	};
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, ORDER);
	struct link *l = link_up(c, &wide, NULL);
	struct kmcl_external_data data;
	struct scatterlist list;
	struct shot s;

	if (l && CHECK(c, page) && shot_init(&s, l)) {
		sg_init_table(&list, 1);
		sg_set_page(&list, page, PAGE_SIZE << ORDER, 0);
		data = kmcl_external_sg(&list, 1, DMA_TO_DEVICE);
		CHECK_EQ(c, shot_send_external(&s, &data), -E2BIG);
		CHECK_EQ(c, link_count(l, "unmappable"), 0);
		/* The same bytes in pieces of a page do go. */
		data = kmcl_external_buffer(page_address(page), PAGE_SIZE << ORDER, DMA_TO_DEVICE);
		CHECK_EQ(c, shot_send_external(&s, &data), 0);
		shot_await(&s, 0);
		shot_free(&s);
	}
	link_down(l);
	if (page)
		__free_pages(page, ORDER);
}

static const struct check_case cases[] = {
	CHECK_CASE(full_and_empty_again),
	CHECK_CASE(closing_gives_back),
	CHECK_CASE(late_answers_give_back),
	CHECK_CASE(refusals_give_back),
	CHECK_CASE(piece_too_long),
	{ }
};

const struct check_group bounce_checks = { "bounce", cases };
