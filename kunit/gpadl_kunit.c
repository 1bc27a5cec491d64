// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory shared with the host, and the packets whose external data lie in it: what
 * may be shared and how it ends, what the host may point at and what it may not, and
 * that the driver hears of the end of such data once, before the host does.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "bed.c"

#define PAGES		4u
#define BYTES		(PAGES * PAGE_SIZE)
#define LIMIT_BYTES	(2 * PAGE_SIZE)
#define LIMIT_RANGES	3u

/* One range, as on the wire. */
#define RANGE(offset, length)	((u64)(offset) << 32 | (length))

/**
 * struct shared - a GPADL
 * @bed: the channel
 * @memory: what is shared, of vmalloc()
 * @number: its number
 */
struct shared {
	struct bed *bed;
	u8 *memory;
	u32 number;
};

static void free_vmalloc(void *memory)
{
	vfree(memory);
}

static u8 *new_memory(struct kunit *test, u32 bytes)
{
	u8 *memory = vzalloc(bytes);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_vmalloc, memory), 0);
	return memory;
}

static struct bed *with_limits(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, LIMIT_BYTES,
								 LIMIT_RANGES), 0);
	enable(bed);
	return bed;
}

static struct shared *share(struct bed *bed)
{
	struct shared *s = kunit_kzalloc(bed->test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, s);
	s->bed = bed;
	s->memory = new_memory(bed->test, BYTES);
	KUNIT_ASSERT_EQ(bed->test, kmcl_gpadl_create(bed->ch, s->memory, BYTES, 0, &s->number), 0);
	return s;
}

static struct shared *with_shared(struct kunit *test)
{
	return share(with_limits(test));
}

static int unshare(struct shared *s)
{
	return kmcl_gpadl_delete(s->bed->ch, s->number);
}

static int unshares(struct aside *aside)
{
	return unshare(aside->bed->own);
}

/* --- the life of one ------------------------------------------------------ */

static void a_gpadl_is_the_hosts_until_it_confirms(struct kunit *test)
{
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;

	KUNIT_EXPECT_EQ(test, s->number, 0x20001u);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_created), 1);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(s->memory)), 2);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 1);
	KUNIT_EXPECT_PTR_EQ(test, bed->gpadl.cookie, (void *)0x20001);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(s->memory)), 1);
	KUNIT_EXPECT_EQ(test, unshare(s), -ENOENT);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_deleted), 1);
}

static void shares_whole_pages_only(struct kunit *test)
{
	struct bed *bed = with_limits(test);
	u8 *at = new_memory(test, BYTES);
	struct page *pages[] = { vmalloc_to_page(at), vmalloc_to_page(at + PAGE_SIZE) };
	u32 n = 7, less = PAGE_SIZE - 1, more = PAGE_SIZE + 1;

	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, at + 8, PAGE_SIZE, 0, &n), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, at, less, 0, &n), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, at, more, 0, &n), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create_pages(bed->ch, pages, 8, PAGE_SIZE, 0, &n),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create_pages(bed->ch, pages, 0, less, 0, &n),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, n, 7u);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_created), 0);
}

static void shares_no_stack_and_nothing_that_is_no_memory(struct kunit *test)
{
	struct bed *bed = with_limits(test);
	void *stack = (void *)((unsigned long)&bed & PAGE_MASK);
	void *memory = new_memory(test, PAGE_SIZE);
	u32 n = 7;

	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, stack, PAGE_SIZE, 0, &n), -EINVAL);
	/* The page behind it is vmalloc()'s guard. */
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, memory, 2 * PAGE_SIZE, 0, &n), -EINVAL);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(memory)), 1);
	KUNIT_EXPECT_EQ(test, n, 7u);
}

static void what_the_host_refuses_is_not_shared(struct kunit *test)
{
	struct bed *bed = with_limits(test);
	u8 *memory = new_memory(test, BYTES);
	u32 n = 7;

	bed->gpadl.create = -EDQUOT;
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, memory, BYTES, 0, &n), -EDQUOT);
	KUNIT_EXPECT_EQ(test, n, 7u);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(memory)), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_created), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(bed->ch, 0x20001), -ENOENT);
}

/* Their order and offset are the driver's. */
static void scattered_pages_are_mapped_in_order(struct kunit *test)
{
	struct bed *bed = with_limits(test);
	u8 *memory = new_memory(test, BYTES);
	struct page *pages[3];
	u32 i, n;

	for (i = 0; i < 3; i++) {
		pages[i] = vmalloc_to_page(memory + (2 - i) * PAGE_SIZE);
		memory[(2 - i) * PAGE_SIZE] = i + 1;
	}
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_create_pages(bed->ch, pages, PAGE_SIZE, 2 * PAGE_SIZE, 0,
						      &n), 0);
	KUNIT_EXPECT_EQ(test, bed->gpadl.last->bytes, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, *(u8 *)bed->gpadl.last->address, 2);
	KUNIT_EXPECT_EQ(test, *((u8 *)bed->gpadl.last->address + PAGE_SIZE), 3);
	KUNIT_EXPECT_EQ(test, page_count(pages[0]), 1);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(bed->ch, n), 0);
	KUNIT_EXPECT_EQ(test, page_count(pages[1]), 1);
}

static void a_missing_page_is_refused(struct kunit *test)
{
	struct bed *bed = with_limits(test);
	u8 *memory = new_memory(test, BYTES);
	struct page *pages[] = { vmalloc_to_page(memory), NULL };
	u32 n;

	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create_pages(bed->ch, pages, 0, 2 * PAGE_SIZE, 0, &n),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, page_count(pages[0]), 1);
}

static void nothing_is_shared_while_the_channel_is_closed(struct kunit *test)
{
	struct bed *bed = test->priv;
	u8 *memory = new_memory(test, BYTES);
	u32 n;

	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, memory, BYTES, 0, &n), -ENOTCONN);
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, memory, BYTES, 0, &n), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(memory)), 1);
}

static int shares_and_unshares(struct bed *bed)
{
	u32 n;

	return kmcl_gpadl_create(bed->ch, bed->own, BYTES, 0, &n) ?:
	       kmcl_gpadl_delete(bed->ch, n);
}

static void memory_is_shared_from_opened_to_closed(struct kunit *test)
{
	struct bed *bed = test->priv;
	enum bed_moment moment;

	bed->own = new_memory(test, BYTES);
	for (moment = 0; moment < MOMENTS; moment++)
		bed->on[moment] = shares_and_unshares;
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	for (moment = 0; moment < MOMENTS; moment++)
		KUNIT_EXPECT_EQ_MSG(test, bed->said[moment], 0, "moment %d", moment);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_deleted), MOMENTS);
}

static int leaves_one_behind(struct bed *bed)
{
	u32 n;

	return kmcl_gpadl_create(bed->ch, bed->own, BYTES, 0, &n);
}

/* With a warning. */
static void what_the_driver_forgets_is_deleted_after_closed(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct page *page;

	bed->own = new_memory(test, BYTES);
	page = vmalloc_to_page(bed->own);
	bed->on[OPENED] = leaves_one_behind;
	bed->on[CLOSED] = leaves_one_behind;
	enable(bed);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->said[CLOSED], 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 2);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&bed->ch->gpadls));
}

static void what_a_driver_forgets_that_refuses_is_deleted(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->own = new_memory(test, BYTES);
	bed->on[OPENED] = leaves_one_behind;
	bed->refuse_open = -EIO;
	KUNIT_ASSERT_EQ(test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, atomic_read(&bed->gpadl.deleted)));
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_DISABLED));
	KUNIT_EXPECT_EQ(test, nr_calls(bed, CLOSED), 0);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(bed->own)), 1);
}

/* What the library never frees is freed here, or it would count as lost. */
static void free_lost(struct kmcl_gpadl *gpadl)
{
	u32 i;

	for (i = 0; gpadl->held && i < gpadl->bytes / PAGE_SIZE; i++)
		put_page(gpadl->pages[i]);
	kvfree(gpadl);
}

static void what_the_host_does_not_give_back_is_never_freed(struct kunit *test)
{
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;

	bed->gpadl.delete = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, unshare(s), -EIO);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_unconfirmed), 1);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(s->memory)), 2);
	KUNIT_EXPECT_EQ(test, unshare(s), -ENOENT);
	free_lost(bed->gpadl.last);
}

static void what_may_be_shared_after_a_failure_is_never_freed(struct kunit *test)
{
	struct bed *bed = with_limits(test);
	u8 *memory = new_memory(test, BYTES);
	u32 n = 7;

	bed->gpadl.create = -EUCLEAN;
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_create(bed->ch, memory, BYTES, 0, &n), -EIO);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_unconfirmed), 1);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(memory)), 2);
	free_lost(bed->gpadl.last);
}

/* --- what the host points at ---------------------------------------------- */

static const struct kmcl_received_data *data_of(struct bed *bed, int i)
{
	const struct kmcl_received_data *data = NULL;

	KUNIT_ASSERT_EQ(bed->test, kmcl_incoming_get_external(bed->ch, bed->got[i].handle, 0,
							      &data), 0);
	return data;
}

/* Ranges in this order; the second goes over a page boundary. */
static void the_driver_gets_the_ranges_that_the_host_means(struct kunit *test)
{
	const u64 ranges[] = { RANGE(100, 10), RANGE(PAGE_SIZE - 4, 8), RANGE(BYTES - 1, 1) };
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;
	const struct kmcl_received_data *data;

	host_transfers(bed, 5, (u16)s->number, ranges, 3);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->got[0].flags, KMCL_RECEIVE_EXTERNAL);
	KUNIT_EXPECT_EQ(test, bed->got[0].length, 16u);
	KUNIT_EXPECT_STREQ(test, (const char *)bed->got[0].buffer, "from the host");
	data = data_of(bed, 0);
	KUNIT_ASSERT_EQ(test, data->count, 3u);
	KUNIT_EXPECT_EQ(test, data->length, 19u);
	KUNIT_EXPECT_EQ(test, data->ranges[0].offset, 100u);
	KUNIT_EXPECT_EQ(test, data->ranges[1].offset, PAGE_SIZE - 4);
	KUNIT_EXPECT_EQ(test, data->ranges[1].length, 8u);
	KUNIT_EXPECT_PTR_EQ(test, data->ranges[1].pages[1], vmalloc_to_page(s->memory + PAGE_SIZE));
	KUNIT_EXPECT_PTR_EQ(test, data->ranges[2].pages[0],
			    vmalloc_to_page(s->memory + BYTES - 1));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 5ull);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

static void a_range_has_an_address(struct kunit *test)
{
	const u64 ranges[] = { RANGE(100, 10), RANGE(2 * PAGE_SIZE + 7, PAGE_SIZE) };
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;
	kmcl_handle_t handle;

	host_transfers(bed, 5, (u16)s->number, ranges, 2);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	handle = bed->got[0].handle;
	KUNIT_EXPECT_PTR_EQ(test, kmcl_incoming_map(bed->ch, handle, 0), (void *)s->memory + 100);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_incoming_map(bed->ch, handle, 1),
			    (void *)s->memory + 2 * PAGE_SIZE + 7);
	KUNIT_EXPECT_NULL(test, kmcl_incoming_map(bed->ch, handle, 2));
	KUNIT_EXPECT_NULL(test, kmcl_incoming_map(bed->ch, handle, U32_MAX));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_NULL(test, kmcl_incoming_map(bed->ch, handle, 0));
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

static void external_data_are_there_while_the_packet_is(struct kunit *test)
{
	const u64 range = RANGE(0, 8);
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;
	const struct kmcl_received_data *data = NULL;
	kmcl_handle_t handle;

	host_transfers(bed, 1, (u16)s->number, &range, 1);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	handle = bed->got[0].handle;
	KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(bed->ch, handle, 4, &data), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(bed->ch, handle, 0, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(bed->ch, bed->got[1].handle, 0, &data),
			-ENOENT);
	KUNIT_EXPECT_NULL(test, data);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(bed->ch, handle,
							 KMCL_EXTERNAL_READ_ONLY, &data), 0);
	KUNIT_EXPECT_EQ(test, bed->got[1].flags, 0u);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_get_external(bed->ch, handle, 0, &data), -ESTALE);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

/**
 * struct bad_ranges - what is refused
 * @name: for people
 * @count: of @range
 * @range: as on the wire
 */
struct bad_ranges {
	const char *name;
	u32 count;
	u64 range[4];
};

static const struct bad_ranges bad_ranges[] = {
	{ "empty", 1, { RANGE(0, 0) } },
	{ "a byte too long", 1, { RANGE(BYTES - 8, 9) } },
	{ "behind the end", 1, { RANGE(BYTES, 1) } },
	{ "offset wraps", 1, { RANGE(U32_MAX, 2) } },
	{ "length wraps", 1, { RANGE(8, U32_MAX) } },
	{ "the last is bad", 3, { RANGE(0, 8), RANGE(8, 8), RANGE(BYTES - 8, 9) } },
	{ "one too many", 4, { RANGE(0, 8), RANGE(8, 8), RANGE(16, 8), RANGE(24, 8) } },
	{ "a byte too many", 1, { RANGE(0, LIMIT_BYTES + 1) } },
	{ "too many together", 2, { RANGE(0, LIMIT_BYTES), RANGE(0, 1) } },
};

static void bad_desc(const struct bad_ranges *bad, char *desc)
{
	strscpy(desc, bad->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad, bad_ranges, bad_desc);

/* Answered with nothing, counted, and the next is delivered. */
static void expect_refused(struct shared *s, u64 trans_id)
{
	const u64 good = RANGE(0, LIMIT_BYTES);
	struct kunit *test = s->bed->test;
	struct bed *bed = s->bed;
	int got = nr_got(bed), sent = nr_sent(bed);

	KUNIT_ASSERT_GT(test, sent, 0);
	KUNIT_EXPECT_EQ(test, bed->sent[sent - 1].trans_id, trans_id);
	KUNIT_EXPECT_EQ(test, bed->sent[sent - 1].length, 0u);
	KUNIT_EXPECT_EQ(test, kref_read(&bed->gpadl.last->refs), 1u);
	host_transfers(bed, trans_id + 1, (u16)s->number, &good, 1);
	KUNIT_ASSERT_EQ(test, nr_got(bed), got + 1);
	KUNIT_EXPECT_EQ(test, data_of(bed, got)->length, LIMIT_BYTES);
	KUNIT_EXPECT_EQ(test, complete_it(bed, got), 0);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

static void bad_ranges_are_refused_and_the_channel_lives(struct kunit *test)
{
	const struct bad_ranges *bad = test->param_value;
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;

	host_transfers(bed, 5, (u16)s->number, bad->range, bad->count);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_external, 1ull);
	expect_refused(s, 5);
}

static void a_set_that_nobody_knows_is_refused_and_the_channel_lives(struct kunit *test)
{
	const u64 range = RANGE(0, 8);
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;

	host_transfers(bed, 5, (u16)(s->number + 1), &range, 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_external, 1ull);
	expect_refused(s, 5);
}

static void a_deleted_gpadl_is_meant_by_nobody(struct kunit *test)
{
	const u64 range = RANGE(0, 8);
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;

	KUNIT_EXPECT_EQ(test, unshare(s), 0);
	host_transfers(bed, 5, (u16)s->number, &range, 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_external, 1ull);
}

/* What header and descriptor say does not agree. */
static void a_header_that_lies_is_refused_and_the_channel_lives(struct kunit *test)
{
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;
	const u64 body[] = { 2ull << 32 | (u16)s->number, RANGE(0, 8), 0 };
	const struct kmcl_packet_descriptor desc = {
		.type = KMCL_PKT_DATA_XFER_PAGES, .offset8 = 4, .len8 = 5,
		.flags = KMCL_PKT_FLAG_COMPLETION_REQUESTED, .trans_id = 5,
	};

	host_writes(bed, &desc, body, sizeof(body));
	signal_guest(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_offset, 1ull);
	expect_refused(s, 5);
}

static void by_default_no_external_data_are_taken(struct kunit *test)
{
	const u64 range = RANGE(0, 1);
	struct bed *bed = test->priv;
	struct shared *s;

	enable(bed);
	s = share(bed);
	host_transfers(bed, 5, (u16)s->number, &range, 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

/* --- which GPADL is meant ------------------------------------------------- */

static void *address_for(struct bed *bed, u16 page_set)
{
	const u64 range = RANGE(0, 8);
	int got = nr_got(bed);
	void *address;

	host_transfers(bed, 9, page_set, &range, 1);
	if (nr_got(bed) == got)
		return NULL;
	address = kmcl_incoming_map(bed->ch, bed->got[got].handle, 0);
	complete_it(bed, got);
	return address;
}

static void a_set_that_was_named_goes_before_a_number(struct kunit *test)
{
	struct shared *one = with_shared(test), *two = share(one->bed);
	struct bed *bed = one->bed;

	KUNIT_EXPECT_PTR_EQ(test, address_for(bed, 1), (void *)one->memory);
	KUNIT_EXPECT_PTR_EQ(test, address_for(bed, 2), (void *)two->memory);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_set_page_set(bed->ch, two->number, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, address_for(bed, 1), (void *)two->memory);
	KUNIT_EXPECT_NULL(test, address_for(bed, 2));
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_set_page_set(bed->ch, one->number, 1), -EEXIST);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_set_page_set(bed->ch, two->number, 1), 0);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_set_page_set(bed->ch, one->number, 2), 0);
	KUNIT_EXPECT_PTR_EQ(test, address_for(bed, 2), (void *)one->memory);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_set_page_set(bed->ch, 1, 7), -ENOENT);
	KUNIT_EXPECT_EQ(test, unshare(one), 0);
	KUNIT_EXPECT_EQ(test, unshare(two), 0);
}

static void a_number_that_two_have_means_neither(struct kunit *test)
{
	struct shared *one = with_shared(test), *two, *three;
	struct bed *bed = one->bed;

	bed->gpadl.next = 0x30001;
	two = share(bed);
	KUNIT_EXPECT_NULL(test, address_for(bed, 1));
	bed->gpadl.next = 0x40009;
	three = share(bed);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_set_page_set(bed->ch, three->number, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, address_for(bed, 1), (void *)three->memory);
	KUNIT_EXPECT_EQ(test, unshare(three), 0);
	KUNIT_EXPECT_NULL(test, address_for(bed, 1));
	KUNIT_EXPECT_EQ(test, unshare(one), 0);
	KUNIT_EXPECT_PTR_EQ(test, address_for(bed, 1), (void *)two->memory);
	KUNIT_EXPECT_EQ(test, unshare(two), 0);
}

/* --- deleting waits ------------------------------------------------------- */

/* With one packet in it at the driver. */
static struct shared *with_transferred(struct kunit *test)
{
	const u64 range = RANGE(16, 8);
	struct shared *s = with_shared(test);

	host_transfers(s->bed, 5, (u16)s->number, &range, 1);
	KUNIT_ASSERT_EQ(test, nr_got(s->bed), 1);
	s->bed->own = s;
	return s;
}

/* Until it is in the middle: it has no number any more. */
static bool comes_to_delete(struct bed *bed)
{
	unsigned long end = jiffies + PATIENCE;

	while (!READ_ONCE(bed->gpadl.last->dying) && time_before(jiffies, end))
		schedule();
	return READ_ONCE(bed->gpadl.last->dying);
}

static void deleting_waits_for_the_packets_in_it(struct kunit *test)
{
	struct shared *s = with_transferred(test);
	struct bed *bed = s->bed;
	struct aside *deleter = begin_aside(bed, unshares);

	KUNIT_ASSERT_TRUE(test, comes_to_delete(bed));
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&deleter->done, HZ / 20), 0ul);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 0);
	KUNIT_EXPECT_NOT_NULL(test, kmcl_incoming_map(bed->ch, bed->got[0].handle, 0));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_ASSERT_TRUE(test, is_over(deleter));
	KUNIT_EXPECT_EQ(test, deleter->ret, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 1);
}

/* Its packets go on; no new one comes. */
static void a_gpadl_that_is_being_deleted_takes_no_packets(struct kunit *test)
{
	struct shared *s = with_transferred(test);
	const u64 range = RANGE(0, 8);
	struct bed *bed = s->bed;
	struct aside *deleter = begin_aside(bed, unshares);

	KUNIT_ASSERT_TRUE(test, comes_to_delete(bed));
	host_transfers(bed, 6, (u16)s->number, &range, 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_external, 1ull);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_TRUE(test, is_over(deleter));
	KUNIT_EXPECT_EQ(test, deleter->ret, 0);
}

static void unshares_on_packet(struct bed *bed, const struct bed_got *got)
{
	bed->seen.again = unshare(bed->own);
	kmcl_incoming_complete(bed->ch, got->handle, NULL, 0);
}

static void deleting_where_packets_are_delivered_is_a_deadlock(struct kunit *test)
{
	const u64 range = RANGE(16, 8);
	struct bed *bed = test->priv;
	struct shared *s;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_thread_context(bed->ch, true), 0);
	s = with_shared(test);
	bed->own = s;
	bed->on_packet = unshares_on_packet;
	host_transfers(bed, 5, (u16)s->number, &range, 1);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -EDEADLK);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

static int disables(struct aside *aside)
{
	return kmcl_channel_disable(aside->bed->ch);
}

/* Who deletes is in the middle when the channel closes: the channel waits for him. */
static void deleting_outlives_the_close(struct kunit *test)
{
	struct shared *s = with_transferred(test);
	struct bed *bed = s->bed;
	struct aside *deleter = begin_aside(bed, unshares), *disabler;

	KUNIT_ASSERT_TRUE(test, comes_to_delete(bed));
	disabler = begin_aside(bed, disables);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_calls(bed, SUSPENDED)));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_ASSERT_TRUE(test, is_over(disabler));
	KUNIT_ASSERT_TRUE(test, is_over(deleter));
	KUNIT_EXPECT_EQ(test, deleter->ret, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_unconfirmed), 0);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(s->memory)), 1);
}

static void no_last_one(struct kref *refs)
{
}

/* As long as somebody is in the memory of who deletes it, closed or not. */
static void the_close_waits_for_who_deletes_after_closed(struct kunit *test)
{
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;
	struct aside *deleter, *disabler;

	bed->own = s;
	kref_get(&bed->gpadl.last->refs);
	deleter = begin_aside(bed, unshares);
	KUNIT_ASSERT_TRUE(test, comes_to_delete(bed));
	disabler = begin_aside(bed, disables);
	KUNIT_EXPECT_TRUE(test, comes_true(bed, nr_calls(bed, CLOSED)));
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&disabler->done, HZ / 20), 0ul);
	KUNIT_EXPECT_TRUE(test, is_in(bed, KMCL_CLOSING));
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 0);
	kref_put(&bed->gpadl.last->refs, no_last_one);
	wake_up_all(&bed->ch->wait);
	KUNIT_EXPECT_TRUE(test, is_over(deleter));
	KUNIT_EXPECT_EQ(test, deleter->ret, 0);
	KUNIT_EXPECT_TRUE(test, is_over(disabler));
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 1);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(s->memory)), 1);
}

static void notes_deleted_at_close(struct bed *bed)
{
	bed->seen.outstanding = atomic_read(&bed->gpadl.deleted);
}

static int unshares_when_closed(struct bed *bed)
{
	return unshare(bed->own);
}

/* Where the host says nothing about them afterwards; the driver need not know. */
static void a_host_that_wants_it_is_asked_before_the_close(struct kunit *test)
{
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;

	bed->own = s;
	bed->ep.gpadls_first = true;
	bed->on_close = notes_deleted_at_close;
	bed->on[CLOSED] = unshares_when_closed;
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, 1);
	KUNIT_EXPECT_EQ(test, bed->said[CLOSED], 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 1);
	KUNIT_EXPECT_EQ(test, counted(bed, gpadls_deleted), 1);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(s->memory)), 1);
}

static void a_gpadl_is_deleted_in_closed_after_the_close(struct kunit *test)
{
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;

	bed->own = s;
	bed->on_close = notes_deleted_at_close;
	bed->on[CLOSED] = unshares_when_closed;
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, 0);
	KUNIT_EXPECT_EQ(test, bed->said[CLOSED], 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 1);
}

/* Defers, and has a pause begin before the packet comes again. */
static void defers_and_stops(struct bed *bed, const struct bed_got *got)
{
	if (got->flags & KMCL_RECEIVE_DEFERRED)
		return;
	kmcl_incoming_defer(bed->ch, got->handle);
	WRITE_ONCE(bed->ch->rx.enabled, false);
}

/* One is kept, deferred, while nothing is delivered. */
static struct shared *with_kept(struct kunit *test)
{
	const u64 range = RANGE(16, 8);
	struct shared *s = with_shared(test);
	struct bed *bed = s->bed;

	bed->own = s;
	bed->on_packet = defers_and_stops;
	host_transfers(bed, 5, (u16)s->number, &range, 1);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	return s;
}

static int unshares_when_suspended(struct bed *bed)
{
	return unshare(bed->own);
}

/* It would wait for itself: the packet comes after the next start, or goes with the close. */
static void deleting_around_a_deferred_packet_is_refused_while_suspended(struct kunit *test)
{
	struct shared *s = with_kept(test);
	struct bed *bed = s->bed;

	bed->on[SUSPENDED] = unshares_when_suspended;
	KUNIT_EXPECT_EQ(test, kmcl_channel_pause(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->said[SUSPENDED], -EBUSY);
	KUNIT_EXPECT_EQ(test, unshare(s), -EBUSY);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_ACTIVE));
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_incoming_map(bed->ch, bed->got[1].handle, 0),
			    (void *)s->memory + 16);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

static void a_deferred_packet_lets_go_of_it_when_the_channel_closes(struct kunit *test)
{
	struct shared *s = with_kept(test);
	struct bed *bed = s->bed;

	bed->on[CLOSED] = unshares_when_closed;
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->said[CLOSED], 0);
	KUNIT_EXPECT_EQ(test, counted(bed, incoming_dropped), 1);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(s->memory)), 1);
}

static int pauses(struct aside *aside)
{
	return kmcl_channel_pause(aside->bed->ch);
}

/* Who waits already is told when it has become hopeless. */
static void a_pause_ends_deleting_around_a_deferred_packet(struct kunit *test)
{
	const u64 range = RANGE(16, 8);
	struct shared *s = with_transferred(test);
	struct bed *bed = s->bed;
	struct aside *deleter, *pauser;

	bed->on_packet = defers_and_stops;
	host_transfers(bed, 6, (u16)s->number, &range, 1);
	settle(bed);		/* the worker has seen that it is stopped */
	WRITE_ONCE(bed->ch->rx.enabled, true);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	deleter = begin_aside(bed, unshares);
	KUNIT_ASSERT_TRUE(test, comes_to_delete(bed));
	pauser = begin_aside(bed, pauses);
	KUNIT_ASSERT_TRUE(test, comes_true(bed, nr_calls(bed, SUSPENDED)));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_ASSERT_TRUE(test, is_over(pauser));
	KUNIT_ASSERT_TRUE(test, is_over(deleter));
	KUNIT_EXPECT_EQ(test, deleter->ret, -EBUSY);
	KUNIT_EXPECT_EQ(test, kref_read(&bed->gpadl.last->refs), 2u);
	KUNIT_EXPECT_EQ(test, kmcl_channel_start(bed->ch), 0);
	KUNIT_ASSERT_TRUE(test, comes_to(bed, KMCL_ACTIVE));
	settle(bed);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 2), 0);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

/* The same, and nothing but the failing tells: other packets are still at the driver. */
static void a_failed_packet_ends_deleting_around_a_deferred_one(struct kunit *test)
{
	const u64 range = RANGE(16, 8);
	struct shared *s = with_transferred(test);
	struct bed *bed = s->bed;
	struct aside *deleter;

	host_sends(bed, 6, false);
	bed->on_packet = defers_and_stops;
	host_transfers(bed, 7, (u16)s->number, &range, 1);
	settle(bed);
	WRITE_ONCE(bed->ch->rx.enabled, true);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 3);
	deleter = begin_aside(bed, unshares);
	KUNIT_ASSERT_TRUE(test, comes_to_delete(bed));
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&deleter->done, HZ / 20), 0ul);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_fail(bed->ch, bed->got[1].handle), 0);
	KUNIT_EXPECT_TRUE(test, is_over(deleter));
	KUNIT_EXPECT_EQ(test, deleter->ret, -EBUSY);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->gpadl.deleted), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	bed->on[CLOSED] = unshares_when_closed;
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->said[CLOSED], 0);
	KUNIT_EXPECT_EQ(test, page_count(vmalloc_to_page(s->memory)), 1);
}

/* --- the driver hears of the end of the data ------------------------------ */

/**
 * struct released - what the release hook saw
 * @calls: how often it ran
 * @context: of the packet
 * @sent: answers that had gone out by then
 * @outstanding: packets at the driver then
 */
static struct released {
	int calls;
	void *context;
	int sent;
	int outstanding;
} released;

static void notes_release(struct kmcl_channel *channel, void *context)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);

	released.calls++;
	released.context = context;
	released.sent = nr_sent(bed);
	released.outstanding = atomic_read(&channel->outstanding);
}

static struct shared *with_release(struct kunit *test)
{
	struct bed *bed = test->priv;

	memset(&released, 0, sizeof(released));
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_external_release(bed->ch, notes_release), 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_client_context_size(bed->ch, 8), 0);
	return with_transferred(test);
}

static void the_driver_is_told_before_the_host(struct kunit *test)
{
	struct shared *s = with_release(test);
	struct bed *bed = s->bed;
	void *context = kmcl_incoming_get_context(bed->ch, bed->got[0].handle);

	data_of(bed, 0);
	data_of(bed, 0);
	KUNIT_EXPECT_EQ(test, released.calls, 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, released.calls, 1);
	KUNIT_EXPECT_EQ(test, released.sent, 0);
	KUNIT_EXPECT_EQ(test, released.outstanding, 1);
	KUNIT_EXPECT_PTR_EQ(test, released.context, context);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, released.calls, 1);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

static void the_driver_is_not_told_of_what_it_never_asked_for(struct kunit *test)
{
	struct shared *s = with_release(test);
	struct bed *bed = s->bed;

	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	host_sends(bed, 6, true);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
	KUNIT_EXPECT_EQ(test, released.calls, 0);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

/* A context serves one packet after the other; what one asked for is not the next one's. */
static void the_driver_is_told_of_each_packet_by_itself(struct kunit *test)
{
	const u64 range = RANGE(16, 8);
	struct bed *bed = test->priv;
	struct shared *s;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(bed->ch, 1, RESERVE), 0);
	s = with_release(test);
	data_of(bed, 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	host_transfers(bed, 6, (u16)s->number, &range, 1);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
	KUNIT_EXPECT_EQ(test, released.calls, 1);
	host_transfers(bed, 7, (u16)s->number, &range, 1);
	data_of(bed, 2);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 2), 0);
	KUNIT_EXPECT_EQ(test, released.calls, 2);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

static void the_driver_is_told_when_it_fails_a_packet(struct kunit *test)
{
	struct shared *s = with_release(test);
	struct bed *bed = s->bed;

	data_of(bed, 0);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_fail(bed->ch, bed->got[0].handle), 0);
	KUNIT_EXPECT_EQ(test, released.calls, 1);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, released.calls, 1);
}

static void asks_then_defers(struct bed *bed, const struct bed_got *got)
{
	const struct kmcl_received_data *data;

	if (got->flags & KMCL_RECEIVE_DEFERRED) {
		bed->seen.outstanding = released.calls;
		return;
	}
	kmcl_incoming_get_external(bed->ch, got->handle, 0, &data);
	kmcl_incoming_defer(bed->ch, got->handle);
}

static void the_driver_is_told_when_it_defers_and_again_if_it_asks_again(struct kunit *test)
{
	const u64 range = RANGE(16, 8);
	struct shared *s = with_release(test);
	struct bed *bed = s->bed;

	bed->on_packet = asks_then_defers;
	host_transfers(bed, 6, (u16)s->number, &range, 1);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 3);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, 1);
	KUNIT_EXPECT_EQ(test, bed->got[2].flags, KMCL_RECEIVE_EXTERNAL | KMCL_RECEIVE_DEFERRED);
	KUNIT_EXPECT_EQ(test, data_of(bed, 2)->ranges[0].offset, 16u);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 2), 0);
	KUNIT_EXPECT_EQ(test, released.calls, 2);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, released.calls, 2);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

/* The answer may be made of the data. */
static void an_answer_may_lie_in_the_external_data(struct kunit *test)
{
	struct shared *s = with_release(test);
	struct bed *bed = s->bed;
	u8 *at = kmcl_incoming_map(bed->ch, bed->got[0].handle, 0);

	KUNIT_ASSERT_NOT_NULL(test, at);
	memcpy(s->memory + 16, "outside", 8);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle, at, 8), 0);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "outside", 8);
	KUNIT_EXPECT_EQ(test, unshare(s), 0);
}

/* --- memory-mapped space -------------------------------------------------- */

static void the_space_of_the_device_is_what_the_transport_says(struct kunit *test)
{
	struct bed *bed = test->priv;
	u64 address = 7, bytes = 7;

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_mmio(bed->ch, &address, &bytes), -ENOENT);
	bed->mmio.address = 0xf8000000;
	bed->mmio.bytes = 0x1000;
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_mmio(bed->ch, &address, &bytes), 0);
	KUNIT_EXPECT_EQ(test, address, 0xf8000000ull);
	KUNIT_EXPECT_EQ(test, bytes, 0x1000ull);
	bed->mmio.ret = -ENXIO;
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_mmio(bed->ch, &address, &bytes), -ENXIO);
	KUNIT_EXPECT_EQ(test, address, 0ull);
	KUNIT_EXPECT_EQ(test, bytes, 0ull);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_get_mmio(bed->ch, &address, &bytes), -ENOTCONN);
}

static struct kunit_case kmcl_gpadl_cases[] = {
	KUNIT_CASE(a_gpadl_is_the_hosts_until_it_confirms),
	KUNIT_CASE(shares_whole_pages_only),
	KUNIT_CASE(shares_no_stack_and_nothing_that_is_no_memory),
	KUNIT_CASE(what_the_host_refuses_is_not_shared),
	KUNIT_CASE(scattered_pages_are_mapped_in_order),
	KUNIT_CASE(a_missing_page_is_refused),
	KUNIT_CASE(nothing_is_shared_while_the_channel_is_closed),
	KUNIT_CASE(memory_is_shared_from_opened_to_closed),
	KUNIT_CASE(what_the_driver_forgets_is_deleted_after_closed),
	KUNIT_CASE(what_a_driver_forgets_that_refuses_is_deleted),
	KUNIT_CASE(what_the_host_does_not_give_back_is_never_freed),
	KUNIT_CASE(what_may_be_shared_after_a_failure_is_never_freed),
	KUNIT_CASE(the_driver_gets_the_ranges_that_the_host_means),
	KUNIT_CASE(a_range_has_an_address),
	KUNIT_CASE(external_data_are_there_while_the_packet_is),
	KUNIT_CASE_PARAM(bad_ranges_are_refused_and_the_channel_lives, bad_gen_params),
	KUNIT_CASE(a_set_that_nobody_knows_is_refused_and_the_channel_lives),
	KUNIT_CASE(a_deleted_gpadl_is_meant_by_nobody),
	KUNIT_CASE(a_header_that_lies_is_refused_and_the_channel_lives),
	KUNIT_CASE(by_default_no_external_data_are_taken),
	KUNIT_CASE(a_set_that_was_named_goes_before_a_number),
	KUNIT_CASE(a_number_that_two_have_means_neither),
	KUNIT_CASE(deleting_waits_for_the_packets_in_it),
	KUNIT_CASE(a_gpadl_that_is_being_deleted_takes_no_packets),
	KUNIT_CASE(deleting_where_packets_are_delivered_is_a_deadlock),
	KUNIT_CASE(deleting_outlives_the_close),
	KUNIT_CASE(the_close_waits_for_who_deletes_after_closed),
	KUNIT_CASE(a_host_that_wants_it_is_asked_before_the_close),
	KUNIT_CASE(a_gpadl_is_deleted_in_closed_after_the_close),
	KUNIT_CASE(deleting_around_a_deferred_packet_is_refused_while_suspended),
	KUNIT_CASE(a_deferred_packet_lets_go_of_it_when_the_channel_closes),
	KUNIT_CASE(a_pause_ends_deleting_around_a_deferred_packet),
	KUNIT_CASE(a_failed_packet_ends_deleting_around_a_deferred_one),
	KUNIT_CASE(the_driver_is_told_before_the_host),
	KUNIT_CASE(the_driver_is_not_told_of_what_it_never_asked_for),
	KUNIT_CASE(the_driver_is_told_of_each_packet_by_itself),
	KUNIT_CASE(the_driver_is_told_when_it_fails_a_packet),
	KUNIT_CASE(the_driver_is_told_when_it_defers_and_again_if_it_asks_again),
	KUNIT_CASE(an_answer_may_lie_in_the_external_data),
	KUNIT_CASE(the_space_of_the_device_is_what_the_transport_says),
	{}
};

static struct kunit_suite kmcl_gpadl_suite = {
	.name = "kmcl_gpadl",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = kmcl_gpadl_cases,
};
kunit_test_suite(kmcl_gpadl_suite);

MODULE_DESCRIPTION("KUnit suite: memory shared with the host, and packets whose data lie in it");
MODULE_LICENSE("GPL");
