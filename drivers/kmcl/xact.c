// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transaction table: see xact.h.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "xact.h"

void kmcl_xact_init(struct kmcl_xact *table)
{
	memset(table, 0, sizeof(*table));
	spin_lock_init(&table->lock);
	table->free = KMCL_XACT_MAX;
}

void kmcl_xact_destroy(struct kmcl_xact *table)
{
	unsigned int i;

	for (i = 0; i < KMCL_XACT_CHUNKS; i++)
		kfree(table->chunks[i]);
}

static void xact_publish(struct kmcl_xact *table, struct kmcl_xact_entry *chunk)
{
	u32 first = table->size, i;

	lockdep_assert_held(&table->lock);
	for (i = 0; i < KMCL_XACT_CHUNK; i++) {
		chunk[i].next_free = i + 1 < KMCL_XACT_CHUNK ? first + i + 1 : table->free;
		chunk[i].generation = table->generation;
	}
	table->chunks[first / KMCL_XACT_CHUNK] = chunk;
	table->free = first;
	/* A reader that sees the new size sees the chunk: xact_entry(). */
	smp_store_release(&table->size, first + KMCL_XACT_CHUNK);
}

/* Is there less room than @slots, or than what is kept and reserved, and can the table grow. */
static bool xact_short_locked(struct kmcl_xact *table, u32 slots)
{
	lockdep_assert_held(&table->lock);
	return table->size < min(max(table->added + table->reserved, slots), KMCL_XACT_MAX);
}

static bool xact_short(struct kmcl_xact *table, u32 slots)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&table->lock, flags);
	ret = xact_short_locked(table, slots);
	spin_unlock_irqrestore(&table->lock, flags);
	return ret;
}

static int xact_grow(struct kmcl_xact *table, u32 slots, gfp_t gfp)
{
	struct kmcl_xact_entry *chunk = kcalloc(KMCL_XACT_CHUNK, sizeof(*chunk), gfp);
	unsigned long flags;

	if (!chunk)
		return -ENOMEM;
	spin_lock_irqsave(&table->lock, flags);
	if (xact_short_locked(table, slots)) {
		xact_publish(table, chunk);
		chunk = NULL;
	}
	spin_unlock_irqrestore(&table->lock, flags);
	kfree(chunk);
	return 0;
}

/* One slot is left to those who keep none, once there are such: else they might wait for ever. */
static bool xact_admit(struct kmcl_xact *table)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&table->lock, flags);
	ret = table->added + !!table->reserved < KMCL_XACT_MAX;
	table->added += ret;
	spin_unlock_irqrestore(&table->lock, flags);
	return ret;
}

static void xact_dismiss(struct kmcl_xact *table)
{
	unsigned long flags;

	spin_lock_irqsave(&table->lock, flags);
	table->added--;
	spin_unlock_irqrestore(&table->lock, flags);
}

static void xact_dismiss_reserved(struct kmcl_xact *table)
{
	unsigned long flags;

	spin_lock_irqsave(&table->lock, flags);
	table->reserved--;
	spin_unlock_irqrestore(&table->lock, flags);
}

/* At full size there is nothing to count: it grows no more. */
static bool xact_admit_reserved(struct kmcl_xact *table)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&table->lock, flags);
	ret = table->reserved || table->added < KMCL_XACT_MAX;
	if (ret && table->reserved < KMCL_XACT_MAX)
		table->reserved++;
	spin_unlock_irqrestore(&table->lock, flags);
	return ret;
}

/* Room for all that is kept and reserved, and for @slots in any case. */
static int xact_ensure(struct kmcl_xact *table, u32 slots, gfp_t gfp)
{
	int ret = 0;

	while (!ret && xact_short(table, slots))
		ret = xact_grow(table, slots, gfp);
	return ret;
}

static struct kmcl_xact_entry *xact_pop_locked(struct kmcl_xact *table, u32 *slot)
{
	struct kmcl_xact_entry *entry = xact_entry(table, table->free);

	lockdep_assert_held(&table->lock);
	if (!entry)
		return NULL;
	*slot = table->free;
	table->free = entry->next_free;
	return entry;
}

static void xact_push_locked(struct kmcl_xact *table, u32 slot)
{
	struct kmcl_xact_entry *entry = xact_entry(table, slot);

	lockdep_assert_held(&table->lock);
	entry->object = NULL;
	entry->next_free = table->free;
	table->free = slot;
}

/**
 * kmcl_xact_pop() - a slot for one transaction
 * @table: the table
 * @object: not NULL
 * @slot: out
 *
 * Context: any.
 * Return: true; false if none is free.
 */
bool kmcl_xact_pop(struct kmcl_xact *table, void *object, u32 *slot)
{
	struct kmcl_xact_entry *entry;
	unsigned long flags;

	spin_lock_irqsave(&table->lock, flags);
	entry = xact_pop_locked(table, slot);
	if (entry)
		entry->object = object;
	spin_unlock_irqrestore(&table->lock, flags);
	return entry;
}

/**
 * kmcl_xact_push() - give a slot back that kmcl_xact_pop() gave
 * @table: the table
 * @slot: not armed
 *
 * The generation stays, so that ids of the old owner never name the next one.
 *
 * Context: any.
 */
void kmcl_xact_push(struct kmcl_xact *table, u32 slot)
{
	struct kmcl_xact_entry *entry = xact_entry(table, slot);
	unsigned long flags;

	if (WARN_ON_ONCE(!entry || atomic64_read(&entry->armed)))
		return;
	spin_lock_irqsave(&table->lock, flags);
	xact_push_locked(table, slot);
	spin_unlock_irqrestore(&table->lock, flags);
}

/**
 * kmcl_xact_add() - give an object a slot
 * @table: the table
 * @object: not NULL
 * @gfp: for the table to grow
 * @slot: out
 *
 * Context: as @gfp allows.
 * Return: 0; -ENOMEM; -ENOSPC if all KMCL_XACT_MAX slots are in use.
 */
int kmcl_xact_add(struct kmcl_xact *table, void *object, gfp_t gfp, u32 *slot)
{
	int ret;

	if (!xact_admit(table))
		return -ENOSPC;
	ret = xact_ensure(table, 0, gfp);
	if (!ret && !kmcl_xact_pop(table, object, slot))
		ret = -ENOSPC;
	if (ret)
		xact_dismiss(table);
	return ret;
}

/**
 * kmcl_xact_remove() - give a slot back that kmcl_xact_add() gave
 * @table: the table
 * @slot: not armed
 */
void kmcl_xact_remove(struct kmcl_xact *table, u32 slot)
{
	kmcl_xact_push(table, slot);
	xact_dismiss(table);
}

/**
 * kmcl_xact_reserve() - room for one more object that keeps no slot
 * @table: the table
 * @gfp: for the table to grow
 *
 * There is no way back: the table keeps the room. At KMCL_XACT_MAX it grows no
 * more, and kmcl_xact_pop() may find nothing for a while.
 *
 * Context: as @gfp allows.
 * Return: 0; -ENOMEM, also if others keep all KMCL_XACT_MAX slots.
 */
int kmcl_xact_reserve(struct kmcl_xact *table, gfp_t gfp)
{
	int ret;

	if (!xact_admit_reserved(table))
		return -ENOMEM;
	ret = xact_ensure(table, 0, gfp);
	if (ret)
		xact_dismiss_reserved(table);
	return ret;
}

/**
 * kmcl_xact_find() - whose id is it
 * @table: the table
 * @id: anything at all
 *
 * Somebody else may take it meanwhile.
 *
 * Return: the object if @id is armed, or NULL.
 */
void *kmcl_xact_find(struct kmcl_xact *table, u64 id)
{
	struct kmcl_xact_entry *entry = xact_entry(table, lower_32_bits(id));

	if (!entry || !id || (u64)atomic64_read(&entry->armed) != id)
		return NULL;
	return entry->object;
}

/**
 * kmcl_xact_take_slot() - end a transaction that the caller began
 * @table: the table
 * @slot: of the caller's object
 *
 * Return: true to exactly one of all takers.
 */
bool kmcl_xact_take_slot(struct kmcl_xact *table, u32 slot)
{
	struct kmcl_xact_entry *entry = xact_entry(table, slot);

	return entry && atomic64_xchg(&entry->armed, 0);
}

/**
 * kmcl_xact_untake() - take the taking back
 * @table: the table
 * @id: taken by the caller, who has done nothing with the object
 */
void kmcl_xact_untake(struct kmcl_xact *table, u64 id)
{
	WARN_ON_ONCE(atomic64_xchg(&xact_entry(table, lower_32_bits(id))->armed, id));
}

/**
 * kmcl_xact_take_any() - end whatever is under way
 * @table: the table
 * @cursor: where to go on; 0 at first
 *
 * For cancelling: each call takes one armed id. One pass over the slots, so that
 * objects armed again meanwhile do not keep it going.
 *
 * Return: an object, or NULL at the end.
 */
void *kmcl_xact_take_any(struct kmcl_xact *table, u32 *cursor)
{
	struct kmcl_xact_entry *entry;

	while ((entry = xact_entry(table, *cursor))) {
		++*cursor;
		if (atomic64_xchg(&entry->armed, 0))
			return entry->object;
	}
	return NULL;
}

/**
 * kmcl_xact_armed() - what is under way
 * @table: the table
 * @cursor: where to go on; 0 at first
 * @id: out
 *
 * As kmcl_xact_take_any(), but takes nothing. The caller sees to it that nobody ends what it
 * is given.
 *
 * Return: an object, or NULL at the end.
 */
void *kmcl_xact_armed(struct kmcl_xact *table, u32 *cursor, u64 *id)
{
	struct kmcl_xact_entry *entry;

	while ((entry = xact_entry(table, *cursor))) {
		++*cursor;
		*id = atomic64_read(&entry->armed);
		if (*id)
			return entry->object;
	}
	return NULL;
}

/**
 * kmcl_xact_id() - under which id is it under way
 * @table: the table
 * @slot: of the caller's object, or KMCL_XACT_MAX
 *
 * Return: the id, or 0.
 */
u64 kmcl_xact_id(struct kmcl_xact *table, u32 slot)
{
	struct kmcl_xact_entry *entry = xact_entry(table, slot);

	return entry ? atomic64_read(&entry->armed) : 0;
}

/**
 * kmcl_xact_generation() - how old a table is
 * @table: in which nothing is armed meanwhile
 *
 * Return: the highest generation of all ids so far.
 */
u32 kmcl_xact_generation(struct kmcl_xact *table)
{
	struct kmcl_xact_entry *entry;
	u32 slot, highest = table->generation;

	for (slot = 0; (entry = xact_entry(table, slot)); slot++)
		highest = max(highest, entry->generation);
	return highest;
}

/**
 * kmcl_xact_age() - give no id that another table may have given
 * @table: in which nothing is armed
 * @generation: of the other, from kmcl_xact_generation()
 */
void kmcl_xact_age(struct kmcl_xact *table, u32 generation)
{
	struct kmcl_xact_entry *entry;
	unsigned long flags;
	u32 slot;

	spin_lock_irqsave(&table->lock, flags);
	table->generation = max(table->generation, generation);
	for (slot = 0; (entry = xact_entry(table, slot)); slot++)
		entry->generation = max(entry->generation, generation);
	spin_unlock_irqrestore(&table->lock, flags);
}

/**
 * kmcl_xact_extend() - let a slot exist
 * @table: the table
 * @slot: less than KMCL_XACT_MAX
 * @gfp: for the table to grow
 *
 * Context: as @gfp allows.
 * Return: 0 or -ENOMEM.
 */
int kmcl_xact_extend(struct kmcl_xact *table, u32 slot, gfp_t gfp)
{
	return xact_ensure(table, slot + 1, gfp);
}

static void xact_unfree(struct kmcl_xact *table, u32 slot)
{
	u32 *next = &table->free;

	lockdep_assert_held(&table->lock);
	while (*next != slot)
		next = &xact_entry(table, *next)->next_free;
	*next = xact_entry(table, slot)->next_free;
}

/*
 * @entry, of @slot, shall be free for an object that has @own, or KMCL_XACT_MAX. Who is in
 * it gets that, or another one.
 */
static int xact_vacate(struct kmcl_xact *table, struct kmcl_xact_entry *entry, u32 slot, u32 own,
		       struct kmcl_xact_moved *moved)
{
	struct kmcl_xact_entry *other = xact_entry(table, own);

	lockdep_assert_held(&table->lock);
	if (!entry->object) {
		xact_unfree(table, slot);
		if (other)
			xact_push_locked(table, own);
		return 0;
	}
	if (!other)
		other = xact_pop_locked(table, &own);
	if (!other)
		return -ENOSPC;
	moved->object = entry->object;
	moved->slot = own;
	other->object = entry->object;
	return 0;
}

static int xact_adopt_locked(struct kmcl_xact *table, void *object, u32 *slot, u64 id,
			     struct kmcl_xact_moved *moved)
{
	struct kmcl_xact_entry *entry = xact_entry(table, lower_32_bits(id));
	int ret = 0;

	if (atomic64_read(&entry->armed))
		return -EEXIST;
	if (entry->object != object)
		ret = xact_vacate(table, entry, lower_32_bits(id), *slot, moved);
	if (ret)
		return ret;
	entry->object = object;
	entry->generation = upper_32_bits(id);
	atomic64_set(&entry->armed, id);
	*slot = lower_32_bits(id);
	return 0;
}

/**
 * kmcl_xact_adopt() - go on with a transaction that another table has begun
 * @table: the table
 * @object: with a slot that is not armed, or room reserved
 * @slot: in: of @object, or KMCL_XACT_MAX; out: of @id
 * @id: armed from now on; its slot exists: kmcl_xact_extend()
 * @moved: out: who was in that slot, and has another one now; or NULL
 *
 * The caller sees to it that no other object's slot is used meanwhile.
 *
 * Return: 0; -EEXIST if @id's slot is armed; -ENOSPC if all are in use. On error nothing has
 * changed.
 */
int kmcl_xact_adopt(struct kmcl_xact *table, void *object, u32 *slot, u64 id,
		    struct kmcl_xact_moved *moved)
{
	unsigned long flags;
	int ret;

	moved->object = NULL;
	spin_lock_irqsave(&table->lock, flags);
	ret = xact_adopt_locked(table, object, slot, id, moved);
	spin_unlock_irqrestore(&table->lock, flags);
	return ret;
}
