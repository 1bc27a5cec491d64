// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transaction table: an id names its object once, and nothing ever after.
 *
 * The code under test only computes and exports nothing, so it is compiled in:
 * the suite needs no other module.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "xact.c"

#define ROUNDS	100

static u64 id_of(u32 generation, u32 slot)
{
	return (u64)generation << 32 | slot;
}

/* An object with a slot: any address will do, each test uses those of its own array. */
static u32 slot_for(struct kunit *test, void *object)
{
	u32 slot = U32_MAX;

	KUNIT_ASSERT_EQ(test, kmcl_xact_add(test->priv, object, GFP_KERNEL, &slot), 0);
	return slot;
}

/* --- slots --------------------------------------------------------------- */

static void gives_every_object_a_slot_of_its_own(struct kunit *test)
{
	const u32 count = KMCL_XACT_CHUNK * 2 + 1;
	unsigned long *seen = kunit_kzalloc(test, BITS_TO_LONGS(KMCL_XACT_MAX) * sizeof(long),
					    GFP_KERNEL);
	u32 i, slot;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < count; i++) {
		slot = slot_for(test, test);
		KUNIT_ASSERT_LT(test, slot, KMCL_XACT_MAX);
		KUNIT_ASSERT_FALSE_MSG(test, __test_and_set_bit(slot, seen), "slot %u twice", slot);
	}
}

static void grows_by_a_chunk_when_the_last_slot_is_gone(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 i;

	KUNIT_EXPECT_EQ(test, table->size, 0u);
	for (i = 0; i < KMCL_XACT_CHUNK; i++)
		slot_for(test, test);
	KUNIT_EXPECT_EQ(test, table->size, KMCL_XACT_CHUNK);
	slot_for(test, test);
	KUNIT_EXPECT_EQ(test, table->size, 2 * KMCL_XACT_CHUNK);
}

static void uses_a_slot_again_before_it_grows(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 i, slot = 0;

	for (i = 0; i < KMCL_XACT_CHUNK; i++)
		slot = slot_for(test, test);
	kmcl_xact_remove(table, slot);
	KUNIT_EXPECT_EQ(test, slot_for(test, test), slot);
	KUNIT_EXPECT_EQ(test, table->size, KMCL_XACT_CHUNK);
}

static void refuses_one_object_above_the_largest_number(struct kunit *test)
{
	u32 i, slot = 0, refused = 0;

	for (i = 0; i < KMCL_XACT_MAX; i++)
		slot = slot_for(test, test);
	KUNIT_EXPECT_EQ(test, kmcl_xact_add(test->priv, test, GFP_KERNEL, &refused), -ENOSPC);
	kmcl_xact_remove(test->priv, slot);
	KUNIT_EXPECT_EQ(test, slot_for(test, test), slot);
	KUNIT_EXPECT_EQ(test, kmcl_xact_add(test->priv, test, GFP_KERNEL, &refused), -ENOSPC);
}

static void changes_nothing_when_memory_is_short(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 slot = 0;
	int ret;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = 1;
#endif
	ret = kmcl_xact_add(table, test, GFP_ATOMIC | __GFP_NOWARN, &slot);
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = 0;
#endif
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, table->size, 0u);
	slot_for(test, test);
}

/* --- ids ----------------------------------------------------------------- */

static void an_id_names_its_object(struct kunit *test)
{
	int a, b;
	u32 slot_a = slot_for(test, &a), slot_b = slot_for(test, &b);
	u64 id_a = kmcl_xact_arm(test->priv, slot_a), id_b = kmcl_xact_arm(test->priv, slot_b);

	KUNIT_EXPECT_NE(test, id_a, id_b);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(test->priv, id_b), (void *)&b);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(test->priv, id_a), (void *)&a);
}

static void an_id_is_never_zero(struct kunit *test)
{
	u32 slot = slot_for(test, test);
	int i;

	KUNIT_EXPECT_EQ(test, slot, 0u);
	for (i = 0; i < 3; i++) {
		u64 id = kmcl_xact_arm(test->priv, slot);

		KUNIT_EXPECT_NE(test, id, 0ull);
		kmcl_xact_take(test->priv, id);
	}
}

static void an_id_says_nothing_of_an_address(struct kunit *test)
{
	u32 slot = slot_for(test, test);
	u64 id = kmcl_xact_arm(test->priv, slot);

	KUNIT_EXPECT_EQ(test, lower_32_bits(id), slot);
	KUNIT_EXPECT_EQ(test, upper_32_bits(id), 1u);
}

static void takes_an_id_only_once(struct kunit *test)
{
	u32 slot = slot_for(test, test);
	u64 id = kmcl_xact_arm(test->priv, slot);

	KUNIT_EXPECT_NOT_NULL(test, kmcl_xact_take(test->priv, id));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id));
}

static void refuses_id_zero(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, 0));
	slot_for(test, test);
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, 0));
}

static void refuses_every_id_of_an_empty_table(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id_of(1, 0)));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, U64_MAX));
}

static const u32 foreign_slots[] = {
	KMCL_XACT_CHUNK - 1,	/* there, but nobody's */
	KMCL_XACT_CHUNK,	/* one behind the table */
	KMCL_XACT_MAX - 1,
	KMCL_XACT_MAX,
	BIT(31),
	U32_MAX,
};

static void foreign_slot_desc(const u32 *slot, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "slot %u", *slot);
}

KUNIT_ARRAY_PARAM(foreign_slot, foreign_slots, foreign_slot_desc);

static void refuses_slots_that_are_nobodys(struct kunit *test)
{
	const u32 *slot = test->param_value;

	kmcl_xact_arm(test->priv, slot_for(test, test));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id_of(0, *slot)));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id_of(1, *slot)));
}

static void refuses_a_slot_that_is_not_armed(struct kunit *test)
{
	u32 slot = slot_for(test, test);

	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id_of(0, slot)));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id_of(1, slot)));
}

static void refuses_the_generation_before(struct kunit *test)
{
	u32 slot = slot_for(test, test);
	u64 old = kmcl_xact_arm(test->priv, slot), id;

	kmcl_xact_take(test->priv, old);
	id = kmcl_xact_arm(test->priv, slot);
	KUNIT_EXPECT_EQ(test, id - old, 1ull << 32);
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, old));
	KUNIT_EXPECT_NOT_NULL(test, kmcl_xact_take(test->priv, id));
}

static void refuses_the_generation_after(struct kunit *test)
{
	u64 id = kmcl_xact_arm(test->priv, slot_for(test, test));

	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id + (1ull << 32)));
	KUNIT_EXPECT_NOT_NULL(test, kmcl_xact_take(test->priv, id));
}

static void an_old_id_does_not_name_the_next_owner(struct kunit *test)
{
	int first, second;
	u32 slot = slot_for(test, &first);
	u64 old = kmcl_xact_arm(test->priv, slot), id;

	kmcl_xact_take(test->priv, old);
	kmcl_xact_remove(test->priv, slot);
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, old));
	KUNIT_ASSERT_EQ(test, slot_for(test, &second), slot);
	id = kmcl_xact_arm(test->priv, slot);
	KUNIT_EXPECT_NE(test, id, old);
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, old));
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(test->priv, id), (void *)&second);
}

static void skips_generation_zero_when_it_wraps(struct kunit *test)
{
	u32 slot = slot_for(test, test);
	u64 last, id;

	xact_entry(test->priv, slot)->generation = U32_MAX - 1;
	last = kmcl_xact_arm(test->priv, slot);
	KUNIT_EXPECT_EQ(test, upper_32_bits(last), U32_MAX);
	kmcl_xact_take(test->priv, last);
	id = kmcl_xact_arm(test->priv, slot);
	KUNIT_EXPECT_EQ(test, upper_32_bits(id), 1u);
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, last));
	KUNIT_EXPECT_NOT_NULL(test, kmcl_xact_take(test->priv, id));
}

/* --- cancelling ---------------------------------------------------------- */

static void cancelling_finds_nothing_in_an_empty_table(struct kunit *test)
{
	u32 cursor = 0;

	KUNIT_EXPECT_NULL(test, kmcl_xact_take_any(test->priv, &cursor));
	slot_for(test, test);
	cursor = 0;
	KUNIT_EXPECT_NULL(test, kmcl_xact_take_any(test->priv, &cursor));
}

static void cancelling_takes_what_is_under_way_and_nothing_else(struct kunit *test)
{
	const u32 count = KMCL_XACT_CHUNK + 3;
	u8 *hits = kunit_kzalloc(test, count, GFP_KERNEL), *hit;
	u32 i, slot, cursor = 0;
	u64 id;

	KUNIT_ASSERT_NOT_NULL(test, hits);
	for (i = 0; i < count; i++) {
		slot = slot_for(test, &hits[i]);
		if (i % 3 == 0)
			continue;
		id = kmcl_xact_arm(test->priv, slot);
		if (i % 3 == 1)
			kmcl_xact_take(test->priv, id);
	}
	while ((hit = kmcl_xact_take_any(test->priv, &cursor)))
		++*hit;
	for (i = 0; i < count; i++)
		KUNIT_EXPECT_EQ_MSG(test, hits[i], i % 3 == 2, "object %u", i);
}

static void a_cancelled_id_is_spent(struct kunit *test)
{
	u64 id = kmcl_xact_arm(test->priv, slot_for(test, test));
	u32 cursor = 0;

	KUNIT_EXPECT_NOT_NULL(test, kmcl_xact_take_any(test->priv, &cursor));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id));
	cursor = 0;
	KUNIT_EXPECT_NULL(test, kmcl_xact_take_any(test->priv, &cursor));
}

static void cancelling_ends_although_objects_are_armed_again(struct kunit *test)
{
	u32 slots[3], cursor = 0, calls = 0, i;

	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		slots[i] = slot_for(test, &slots[i]);
		kmcl_xact_arm(test->priv, slots[i]);
	}
	for (;;) {
		u32 *slot = kmcl_xact_take_any(test->priv, &cursor);

		if (!slot)
			break;
		kmcl_xact_arm(test->priv, *slot);
		KUNIT_ASSERT_LE(test, ++calls, 3u);
	}
	KUNIT_EXPECT_EQ(test, calls, 3u);
	cursor = 0;
	while (kmcl_xact_take_any(test->priv, &cursor))
		;
}

/* --- looking without taking, taking without an id ------------------------ */

static void finding_names_the_object_and_takes_nothing(struct kunit *test)
{
	int a, b;
	u32 slot = slot_for(test, &a);
	u64 id_a = kmcl_xact_arm(test->priv, slot);
	u64 id_b = kmcl_xact_arm(test->priv, slot_for(test, &b));

	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_find(test->priv, id_a), (void *)&a);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_find(test->priv, id_b), (void *)&b);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_find(test->priv, id_a), (void *)&a);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(test->priv, id_a), (void *)&a);
}

static void finds_nothing_that_is_not_armed(struct kunit *test)
{
	u32 slot = slot_for(test, test);
	u64 old, id;

	KUNIT_EXPECT_NULL(test, kmcl_xact_find(test->priv, 0));
	KUNIT_EXPECT_NULL(test, kmcl_xact_find(test->priv, id_of(1, slot)));
	old = kmcl_xact_arm(test->priv, slot);
	KUNIT_EXPECT_NOT_NULL(test, kmcl_xact_take(test->priv, old));
	KUNIT_EXPECT_NULL(test, kmcl_xact_find(test->priv, old));
	id = kmcl_xact_arm(test->priv, slot);
	KUNIT_EXPECT_NULL(test, kmcl_xact_find(test->priv, old));
	KUNIT_EXPECT_NULL(test, kmcl_xact_find(test->priv, id + (1ull << 32)));
	KUNIT_EXPECT_NOT_NULL(test, kmcl_xact_take(test->priv, id));
}

static void finds_nothing_in_slots_that_are_nobodys(struct kunit *test)
{
	const u32 *slot = test->param_value;

	kmcl_xact_arm(test->priv, slot_for(test, test));
	KUNIT_EXPECT_NULL(test, kmcl_xact_find(test->priv, id_of(0, *slot)));
	KUNIT_EXPECT_NULL(test, kmcl_xact_find(test->priv, id_of(1, *slot)));
	KUNIT_EXPECT_FALSE(test, kmcl_xact_take_slot(test->priv, *slot));
}

static void takes_a_slot_only_once(struct kunit *test)
{
	u32 slot = slot_for(test, test);
	u64 id;

	KUNIT_EXPECT_FALSE(test, kmcl_xact_take_slot(test->priv, slot));
	id = kmcl_xact_arm(test->priv, slot);
	KUNIT_EXPECT_TRUE(test, kmcl_xact_take_slot(test->priv, slot));
	KUNIT_EXPECT_FALSE(test, kmcl_xact_take_slot(test->priv, slot));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id));
}

static void a_slot_whose_id_was_taken_is_not_taken_again(struct kunit *test)
{
	u32 slot = slot_for(test, test);

	kmcl_xact_take(test->priv, kmcl_xact_arm(test->priv, slot));
	KUNIT_EXPECT_FALSE(test, kmcl_xact_take_slot(test->priv, slot));
}

static void what_was_untaken_is_taken_once_more(struct kunit *test)
{
	u64 id = kmcl_xact_arm(test->priv, slot_for(test, test));

	KUNIT_EXPECT_NOT_NULL(test, kmcl_xact_take(test->priv, id));
	kmcl_xact_untake(test->priv, id);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_find(test->priv, id), (void *)test);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(test->priv, id), (void *)test);
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(test->priv, id));
}

/* --- slots for one transaction ------------------------------------------- */

static void popping_never_grows(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 slot = 7;

	KUNIT_EXPECT_FALSE(test, kmcl_xact_pop(table, test, &slot));
	KUNIT_EXPECT_EQ(test, table->size, 0u);
	KUNIT_EXPECT_EQ(test, slot, 7u);
}

static void pops_every_free_slot_once(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	unsigned long *seen = kunit_kzalloc(test, KMCL_XACT_CHUNK / 8, GFP_KERNEL);
	u32 i, slot;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	for (i = 0; i < KMCL_XACT_CHUNK; i++) {
		KUNIT_ASSERT_TRUE(test, kmcl_xact_pop(table, test, &slot));
		KUNIT_ASSERT_LT(test, slot, KMCL_XACT_CHUNK);
		KUNIT_ASSERT_FALSE(test, __test_and_set_bit(slot, seen));
	}
	KUNIT_EXPECT_FALSE(test, kmcl_xact_pop(table, test, &slot));
}

static void a_pushed_slot_is_popped_again_under_a_new_id(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	int first, second;
	u32 slot, again;
	u64 old, id;

	KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	KUNIT_ASSERT_TRUE(test, kmcl_xact_pop(table, &first, &slot));
	old = kmcl_xact_arm(table, slot);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(table, old), (void *)&first);
	kmcl_xact_push(table, slot);
	KUNIT_ASSERT_TRUE(test, kmcl_xact_pop(table, &second, &again));
	KUNIT_EXPECT_EQ(test, again, slot);
	id = kmcl_xact_arm(table, again);
	KUNIT_EXPECT_NULL(test, kmcl_xact_find(table, old));
	KUNIT_EXPECT_NULL(test, kmcl_xact_take(table, old));
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(table, id), (void *)&second);
}

static void a_pushed_slot_names_nobody(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 slot;

	KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	KUNIT_ASSERT_TRUE(test, kmcl_xact_pop(table, test, &slot));
	kmcl_xact_push(table, slot);
	KUNIT_EXPECT_NULL(test, xact_entry(table, slot)->object);
}

/* --- room that was reserved ---------------------------------------------- */

static u32 pops(struct kunit *test)
{
	u32 slot, count = 0;

	while (kmcl_xact_pop(test->priv, test, &slot))
		count++;
	return count;
}

static void adding_leaves_the_reserved_room_alone(struct kunit *test)
{
	u32 i;

	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(test->priv, GFP_KERNEL), 0);
	for (i = 0; i < KMCL_XACT_CHUNK; i++)
		slot_for(test, test);
	KUNIT_EXPECT_GE(test, pops(test), 3u);
}

static void reserving_makes_room_behind_what_was_added(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 i;

	for (i = 0; i < KMCL_XACT_CHUNK; i++)
		slot_for(test, test);
	KUNIT_EXPECT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, table->size, 2 * KMCL_XACT_CHUNK);
	KUNIT_EXPECT_GE(test, pops(test), 1u);
}

static void there_is_room_for_each_of_many_that_reserved(struct kunit *test)
{
	const u32 count = 2 * KMCL_XACT_CHUNK + 1;
	u32 i;

	for (i = 0; i < count; i++)
		KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(test->priv, GFP_KERNEL), 0);
	KUNIT_EXPECT_GE(test, pops(test), count);
}

static void what_was_removed_is_room_again(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 slots[KMCL_XACT_CHUNK], i;

	for (i = 0; i < KMCL_XACT_CHUNK; i++)
		slots[i] = slot_for(test, test);
	for (i = 0; i < KMCL_XACT_CHUNK; i++)
		kmcl_xact_remove(table, slots[i]);
	for (i = 0; i < KMCL_XACT_CHUNK; i++)
		KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, table->size, KMCL_XACT_CHUNK);
}

static void a_full_table_pops_nothing_until_something_is_given_back(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 i, slot = 0, popped;

	for (i = 0; i < KMCL_XACT_MAX; i++)
		slot = slot_for(test, test);
	KUNIT_EXPECT_FALSE(test, kmcl_xact_pop(table, test, &popped));
	kmcl_xact_remove(table, slot);
	KUNIT_EXPECT_TRUE(test, kmcl_xact_pop(table, test, &popped));
	KUNIT_EXPECT_EQ(test, popped, slot);
	KUNIT_EXPECT_FALSE(test, kmcl_xact_pop(table, test, &popped));
	KUNIT_EXPECT_EQ(test, kmcl_xact_add(table, test, GFP_KERNEL, &popped), -ENOSPC);
	KUNIT_EXPECT_EQ(test, table->size, KMCL_XACT_MAX);
}

/* Who keeps none needs one now and then; who comes too late is told. */
static void one_slot_is_left_to_those_who_keep_none(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 i, slot, last = 0;

	KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	for (i = 0; i < KMCL_XACT_MAX - 1; i++)
		last = slot_for(test, test);
	KUNIT_EXPECT_EQ(test, kmcl_xact_add(table, test, GFP_KERNEL, &slot), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, kmcl_xact_pop(table, test, &slot));
	KUNIT_EXPECT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	kmcl_xact_push(table, slot);
	KUNIT_EXPECT_EQ(test, kmcl_xact_add(table, test, GFP_KERNEL, &slot), -ENOSPC);
	kmcl_xact_remove(table, last);
	slot_for(test, test);
	KUNIT_EXPECT_EQ(test, kmcl_xact_add(table, test, GFP_KERNEL, &slot), -ENOSPC);
}

static void nothing_is_reserved_when_all_slots_are_kept(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 i, slot = 0;

	for (i = 0; i < KMCL_XACT_MAX; i++)
		slot = slot_for(test, test);
	KUNIT_EXPECT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), -ENOMEM);
	kmcl_xact_remove(table, slot);
	KUNIT_EXPECT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, kmcl_xact_add(table, test, GFP_KERNEL, &slot), -ENOSPC);
	KUNIT_EXPECT_EQ(test, pops(test), 1u);
}

/* Once it is full sized there is nothing more to count, so nothing to overflow. */
static void a_table_of_full_size_counts_no_reservations(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 i;

	for (i = 0; i < KMCL_XACT_MAX; i++)
		KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, table->size, KMCL_XACT_MAX);
	for (i = 0; i < 3 * KMCL_XACT_CHUNK; i++)
		KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	KUNIT_EXPECT_LE(test, table->reserved, KMCL_XACT_MAX);
	KUNIT_EXPECT_EQ(test, pops(test), KMCL_XACT_MAX);
}

static void reserving_changes_nothing_when_memory_is_short(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	int ret;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = 1;
#endif
	ret = kmcl_xact_reserve(table, GFP_ATOMIC | __GFP_NOWARN);
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = 0;
#endif
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, table->reserved, 0u);
	KUNIT_EXPECT_EQ(test, table->size, 0u);
}

/* --- races --------------------------------------------------------------- */

/**
 * struct race - threads that go for the same ids, side by side
 * @table: the table
 * @racers: threads
 * @round: the round that may be run
 * @arrived: at the start of a round, in all rounds together
 * @finished: likewise
 * @ids: what to take in this round, one after the other
 * @wins: how often each was handed out
 */
struct race {
	struct kmcl_xact *table;
	u32 racers;
	u32 round;
	atomic_t arrived;
	atomic_t finished;
	u64 ids[KMCL_XACT_CHUNK];
	atomic_t wins[KMCL_XACT_CHUNK];
};

/* All leave it within a few instructions, or they would not be racing. */
static void line_up(struct race *race, u32 round)
{
	u32 spins = 0;

	atomic_inc(&race->arrived);
	while ((u32)atomic_read(&race->arrived) < race->racers * round) {
		if (++spins % 4096)
			cpu_relax();
		else
			yield();
	}
}

static void run_round(struct race *race)
{
	u32 i;

	for (i = 0; i < KMCL_XACT_CHUNK; i++) {
		if (kmcl_xact_take(race->table, race->ids[i]))
			atomic_inc(&race->wins[i]);
	}
	atomic_inc(&race->finished);
}

static int racer(void *data)
{
	struct race *race = data;
	u32 round = 1;

	while (!kthread_should_stop()) {
		if (smp_load_acquire(&race->round) < round) {
			usleep_range(50, 100);
			continue;
		}
		line_up(race, round++);
		run_round(race);
	}
	return 0;
}

static void stop_racer(void *task)
{
	kthread_stop(task);
}

static void start_racers(struct kunit *test, int (*body)(void *), void *data, int count)
{
	struct task_struct *task;
	int i;

	for (i = 0; i < count; i++) {
		task = kthread_run(body, data, "kmcl_race/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop_racer, task), 0);
	}
}

static void one_of_many_takers_gets_the_object(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	u32 slots[KMCL_XACT_CHUNK], i, round;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->table = test->priv;
	race->racers = clamp(num_online_cpus(), 2u, 4u);
	for (i = 0; i < KMCL_XACT_CHUNK; i++)
		slots[i] = slot_for(test, test);
	start_racers(test, racer, race, race->racers);
	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < KMCL_XACT_CHUNK; i++) {
			race->ids[i] = kmcl_xact_arm(test->priv, slots[i]);
			atomic_set(&race->wins[i], 0);
		}
		smp_store_release(&race->round, round);
		while ((u32)atomic_read(&race->finished) < race->racers * round)
			usleep_range(50, 100);
		for (i = 0; i < KMCL_XACT_CHUNK; i++)
			KUNIT_ASSERT_EQ_MSG(test, atomic_read(&race->wins[i]), 1,
					    "round %u, id %u", round, i);
	}
}

/**
 * struct pops - threads that pop and push, side by side
 * @table: the table
 * @owners: how many hold each slot
 * @clashes: times that a slot had two owners
 * @rounds: pops of all threads
 */
struct pops {
	struct kmcl_xact *table;
	atomic_t owners[KMCL_XACT_CHUNK];
	atomic_t clashes;
	atomic_t rounds;
};

static int popper(void *data)
{
	struct pops *pops = data;
	u32 slot;
	u64 id;

	while (!kthread_should_stop()) {
		if (kmcl_xact_pop(pops->table, pops, &slot)) {
			if (atomic_inc_return(&pops->owners[slot]) != 1)
				atomic_inc(&pops->clashes);
			id = kmcl_xact_arm(pops->table, slot);
			if (kmcl_xact_take(pops->table, id) != pops)
				atomic_inc(&pops->clashes);
			atomic_dec(&pops->owners[slot]);
			kmcl_xact_push(pops->table, slot);
		}
		atomic_inc(&pops->rounds);
		cond_resched();
	}
	return 0;
}

static void no_slot_is_popped_by_two_at_a_time(struct kunit *test)
{
	struct pops *pops = kunit_kzalloc(test, sizeof(*pops), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pops);
	pops->table = test->priv;
	KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(pops->table, GFP_KERNEL), 0);
	start_racers(test, popper, pops, clamp(num_online_cpus(), 2u, 4u));
	while (atomic_read(&pops->rounds) < 50 * ROUNDS)
		usleep_range(50, 100);
	KUNIT_EXPECT_EQ(test, atomic_read(&pops->clashes), 0);
}

/* Asks for ids of slots that come into being meanwhile. */
static int prober(void *data)
{
	struct kmcl_xact *table = data;
	u32 slot = 0;

	while (!kthread_should_stop()) {
		if (kmcl_xact_take(table, id_of(U32_MAX, slot)))
			WARN_ONCE(1, "an id that nobody armed was taken");
		slot = (slot + 61) % (16 * KMCL_XACT_CHUNK);
		yield();
	}
	return 0;
}

static void grows_while_others_look_things_up(struct kunit *test)
{
	u32 i;

	start_racers(test, prober, test->priv, 2);
	for (i = 0; i < 16 * KMCL_XACT_CHUNK; i++) {
		u32 slot = slot_for(test, test);
		u64 id = kmcl_xact_arm(test->priv, slot);

		KUNIT_ASSERT_PTR_EQ(test, kmcl_xact_take(test->priv, id), (void *)test);
	}
}

/**
 * struct growers - threads that add objects, side by side
 * @table: the table
 * @begun: adds, also those that are not made any more
 * @added: adds that have succeeded
 * @ended: adds that are over
 */
struct growers {
	struct kmcl_xact *table;
	atomic_t begun;
	atomic_t added;
	atomic_t ended;
};

#define GROWN	(16 * KMCL_XACT_CHUNK)

static void add_one(struct growers *growers)
{
	u32 slot;

	if (!kmcl_xact_add(growers->table, growers, GFP_KERNEL, &slot))
		atomic_inc(&growers->added);
	atomic_inc(&growers->ended);
}

static int grower(void *data)
{
	struct growers *growers = data;

	while (!kthread_should_stop()) {
		if ((u32)atomic_inc_return(&growers->begun) > GROWN)
			usleep_range(50, 100);
		else
			add_one(growers);
	}
	return 0;
}

/* Each of those who find no room brings a chunk, and all but one are too late. */
static void grows_once_when_many_find_no_room(struct kunit *test)
{
	struct growers *growers = kunit_kzalloc(test, sizeof(*growers), GFP_KERNEL);
	struct kmcl_xact *table = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, growers);
	growers->table = table;
	start_racers(test, grower, growers, clamp(num_online_cpus(), 2u, 4u));
	while ((u32)atomic_read(&growers->ended) < GROWN)
		usleep_range(50, 100);
	KUNIT_EXPECT_EQ(test, (u32)atomic_read(&growers->added), GROWN);
	KUNIT_EXPECT_EQ(test, table->size, GROWN);
}

/* --- going on where another table has ended -------------------------------------------- */

static void names_what_is_under_way(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	int objects[3];
	u32 slot[3], cursor = 0, i;
	u64 ids[3], id;

	for (i = 0; i < 3; i++)
		slot[i] = slot_for(test, &objects[i]);
	ids[0] = kmcl_xact_arm(table, slot[0]);
	ids[2] = kmcl_xact_arm(table, slot[2]);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_armed(table, &cursor, &id), (void *)&objects[0]);
	KUNIT_EXPECT_EQ(test, id, ids[0]);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_armed(table, &cursor, &id), (void *)&objects[2]);
	KUNIT_EXPECT_EQ(test, id, ids[2]);
	KUNIT_EXPECT_NULL(test, kmcl_xact_armed(table, &cursor, &id));
	KUNIT_EXPECT_EQ(test, kmcl_xact_id(table, slot[0]), ids[0]);
	KUNIT_EXPECT_EQ(test, kmcl_xact_id(table, slot[1]), 0);
	KUNIT_EXPECT_EQ(test, kmcl_xact_id(table, KMCL_XACT_MAX), 0);
	/* Nothing of it was taken. */
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(table, ids[0]), (void *)&objects[0]);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(table, ids[2]), (void *)&objects[2]);
}

/* Those of slots that there are, and of such as come later. */
static void an_aged_table_gives_no_older_id(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 i, slot = slot_for(test, test);

	kmcl_xact_take(table, kmcl_xact_arm(table, slot));
	KUNIT_EXPECT_EQ(test, kmcl_xact_generation(table), 1);
	kmcl_xact_age(table, 1000);
	KUNIT_EXPECT_EQ(test, kmcl_xact_generation(table), 1000);
	for (i = 0; i < KMCL_XACT_CHUNK + 1; i++) {
		slot = slot_for(test, test);
		KUNIT_ASSERT_EQ(test, kmcl_xact_arm(table, slot), id_of(1001, slot));
		kmcl_xact_take_slot(table, slot);
	}
	/* Nobody becomes younger. */
	kmcl_xact_age(table, 5);
	KUNIT_EXPECT_EQ(test, kmcl_xact_generation(table), 1001);
}

static void an_adopted_id_names_its_object(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	u32 slot = slot_for(test, test), before = slot;
	u64 id = id_of(9, KMCL_XACT_CHUNK * 2 + 3);
	struct kmcl_xact_moved moved;

	KUNIT_ASSERT_EQ(test, kmcl_xact_extend(table, lower_32_bits(id), GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, table->size, 3 * KMCL_XACT_CHUNK);
	KUNIT_ASSERT_EQ(test, kmcl_xact_adopt(table, test, &slot, id, &moved), 0);
	KUNIT_EXPECT_NULL(test, moved.object);
	KUNIT_EXPECT_EQ(test, slot, lower_32_bits(id));
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(table, id), (void *)test);
	KUNIT_EXPECT_EQ(test, kmcl_xact_arm(table, slot), id_of(10, slot));
	kmcl_xact_take_slot(table, slot);
	/* Its old slot is free for the next, and the new one for nobody. */
	KUNIT_EXPECT_EQ(test, slot_for(test, test), before);
	KUNIT_EXPECT_NE(test, slot_for(test, test), slot);
	kmcl_xact_remove(table, slot);
}

/* In turn: the first of the free list, the last, and one between. */
static void an_adopted_slot_is_free_no_more(struct kunit *test)
{
	static const u32 wanted[] = { 1, KMCL_XACT_CHUNK - 1, 50 };
	struct kmcl_xact *table = test->priv;
	struct kmcl_xact_moved moved;
	unsigned long *seen = kunit_kzalloc(test, BITS_TO_LONGS(KMCL_XACT_CHUNK) * sizeof(long),
					    GFP_KERNEL);
	u32 i, slot;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_EQ(test, kmcl_xact_reserve(table, GFP_KERNEL), 0);
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		slot = KMCL_XACT_MAX;
		KUNIT_ASSERT_EQ(test, kmcl_xact_adopt(table, test, &slot, id_of(1, wanted[i]),
						      &moved), 0);
		KUNIT_EXPECT_EQ(test, slot, wanted[i]);
		KUNIT_EXPECT_FALSE(test, __test_and_set_bit(slot, seen));
	}
	for (i = ARRAY_SIZE(wanted); kmcl_xact_pop(table, test, &slot); i++)
		KUNIT_ASSERT_FALSE(test, __test_and_set_bit(slot, seen));
	KUNIT_EXPECT_EQ(test, i, KMCL_XACT_CHUNK);
}

static void who_is_in_an_adopted_slot_moves(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	int other, object;
	u32 others = slot_for(test, &other), slot = slot_for(test, &object), own = slot;
	u64 id = id_of(4, others);
	struct kmcl_xact_moved moved;

	KUNIT_ASSERT_EQ(test, kmcl_xact_adopt(table, &object, &slot, id, &moved), 0);
	KUNIT_EXPECT_PTR_EQ(test, moved.object, (void *)&other);
	KUNIT_EXPECT_EQ(test, moved.slot, own);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(table, id), (void *)&object);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(table, kmcl_xact_arm(table, own)),
			    (void *)&other);
	/* Its own slot moves nobody. */
	KUNIT_ASSERT_EQ(test, kmcl_xact_adopt(table, &object, &slot, id, &moved), 0);
	KUNIT_EXPECT_NULL(test, moved.object);
	kmcl_xact_take_slot(table, slot);
}

/* Who keeps no slot gives none to whom he displaces. */
static void who_moves_for_one_without_a_slot_gets_a_free_one(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	int other, object;
	u32 others = slot_for(test, &other), slot = KMCL_XACT_MAX, i;
	struct kmcl_xact_moved moved;

	KUNIT_ASSERT_EQ(test, kmcl_xact_adopt(table, &object, &slot, id_of(4, others), &moved), 0);
	KUNIT_EXPECT_PTR_EQ(test, moved.object, (void *)&other);
	KUNIT_EXPECT_NE(test, moved.slot, others);
	KUNIT_EXPECT_TRUE(test, kmcl_xact_take_slot(table, slot));
	kmcl_xact_push(table, slot);
	while (kmcl_xact_pop(table, test, &i))
		;
	slot = KMCL_XACT_MAX;
	KUNIT_EXPECT_EQ(test, kmcl_xact_adopt(table, &object, &slot, id_of(5, moved.slot), &moved),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, slot, KMCL_XACT_MAX);
}

static void an_id_under_way_is_not_adopted(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	int first, second;
	u32 one = slot_for(test, &first), two = slot_for(test, &second), before = two;
	struct kmcl_xact_moved moved;
	u64 id = id_of(3, one);

	KUNIT_ASSERT_EQ(test, kmcl_xact_adopt(table, &first, &one, id, &moved), 0);
	KUNIT_EXPECT_EQ(test, kmcl_xact_adopt(table, &second, &two, id, &moved), -EEXIST);
	KUNIT_EXPECT_EQ(test, kmcl_xact_adopt(table, &second, &two, id_of(8, one), &moved),
			-EEXIST);
	KUNIT_EXPECT_NULL(test, moved.object);
	KUNIT_EXPECT_EQ(test, two, before);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_xact_take(table, id), (void *)&first);
}

static void extending_changes_nothing_when_memory_is_short(struct kunit *test)
{
	struct kmcl_xact *table = test->priv;
	int ret;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = 1;
#endif
	ret = kmcl_xact_extend(table, KMCL_XACT_CHUNK, GFP_ATOMIC | __GFP_NOWARN);
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = 0;
#endif
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, kmcl_xact_extend(table, KMCL_XACT_CHUNK, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, table->size, 2 * KMCL_XACT_CHUNK);
	KUNIT_EXPECT_EQ(test, kmcl_xact_extend(table, KMCL_XACT_MAX - 1, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, table->size, KMCL_XACT_MAX);
}

static void destroy_table(void *table)
{
	kmcl_xact_destroy(table);
}

static int kmcl_xact_init_case(struct kunit *test)
{
	struct kmcl_xact *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);

	if (!table)
		return -ENOMEM;
	kmcl_xact_init(table);
	test->priv = table;
	return kunit_add_action_or_reset(test, destroy_table, table);
}

static struct kunit_case kmcl_xact_cases[] = {
	KUNIT_CASE(gives_every_object_a_slot_of_its_own),
	KUNIT_CASE(grows_by_a_chunk_when_the_last_slot_is_gone),
	KUNIT_CASE(uses_a_slot_again_before_it_grows),
	KUNIT_CASE(refuses_one_object_above_the_largest_number),
	KUNIT_CASE(changes_nothing_when_memory_is_short),
	KUNIT_CASE(an_id_names_its_object),
	KUNIT_CASE(an_id_is_never_zero),
	KUNIT_CASE(an_id_says_nothing_of_an_address),
	KUNIT_CASE(takes_an_id_only_once),
	KUNIT_CASE(refuses_id_zero),
	KUNIT_CASE(refuses_every_id_of_an_empty_table),
	KUNIT_CASE_PARAM(refuses_slots_that_are_nobodys, foreign_slot_gen_params),
	KUNIT_CASE(refuses_a_slot_that_is_not_armed),
	KUNIT_CASE(refuses_the_generation_before),
	KUNIT_CASE(refuses_the_generation_after),
	KUNIT_CASE(an_old_id_does_not_name_the_next_owner),
	KUNIT_CASE(skips_generation_zero_when_it_wraps),
	KUNIT_CASE(cancelling_finds_nothing_in_an_empty_table),
	KUNIT_CASE(cancelling_takes_what_is_under_way_and_nothing_else),
	KUNIT_CASE(a_cancelled_id_is_spent),
	KUNIT_CASE(cancelling_ends_although_objects_are_armed_again),
	KUNIT_CASE(finding_names_the_object_and_takes_nothing),
	KUNIT_CASE(finds_nothing_that_is_not_armed),
	KUNIT_CASE_PARAM(finds_nothing_in_slots_that_are_nobodys, foreign_slot_gen_params),
	KUNIT_CASE(takes_a_slot_only_once),
	KUNIT_CASE(a_slot_whose_id_was_taken_is_not_taken_again),
	KUNIT_CASE(what_was_untaken_is_taken_once_more),
	KUNIT_CASE(popping_never_grows),
	KUNIT_CASE(pops_every_free_slot_once),
	KUNIT_CASE(a_pushed_slot_is_popped_again_under_a_new_id),
	KUNIT_CASE(a_pushed_slot_names_nobody),
	KUNIT_CASE(adding_leaves_the_reserved_room_alone),
	KUNIT_CASE(reserving_makes_room_behind_what_was_added),
	KUNIT_CASE(there_is_room_for_each_of_many_that_reserved),
	KUNIT_CASE(what_was_removed_is_room_again),
	KUNIT_CASE(a_full_table_pops_nothing_until_something_is_given_back),
	KUNIT_CASE(one_slot_is_left_to_those_who_keep_none),
	KUNIT_CASE(nothing_is_reserved_when_all_slots_are_kept),
	KUNIT_CASE(a_table_of_full_size_counts_no_reservations),
	KUNIT_CASE(reserving_changes_nothing_when_memory_is_short),
	KUNIT_CASE(one_of_many_takers_gets_the_object),
	KUNIT_CASE(no_slot_is_popped_by_two_at_a_time),
	KUNIT_CASE(grows_while_others_look_things_up),
	KUNIT_CASE(grows_once_when_many_find_no_room),
	KUNIT_CASE(names_what_is_under_way),
	KUNIT_CASE(an_aged_table_gives_no_older_id),
	KUNIT_CASE(an_adopted_id_names_its_object),
	KUNIT_CASE(an_adopted_slot_is_free_no_more),
	KUNIT_CASE(who_is_in_an_adopted_slot_moves),
	KUNIT_CASE(who_moves_for_one_without_a_slot_gets_a_free_one),
	KUNIT_CASE(an_id_under_way_is_not_adopted),
	KUNIT_CASE(extending_changes_nothing_when_memory_is_short),
	{}
};

static struct kunit_suite kmcl_xact_suite = {
	.name = "kmcl_xact",
	.init = kmcl_xact_init_case,
	.test_cases = kmcl_xact_cases,
};
kunit_test_suite(kmcl_xact_suite);

MODULE_DESCRIPTION("KUnit suite: the transaction table");
MODULE_LICENSE("GPL");
