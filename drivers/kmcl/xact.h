/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The transaction table: names for things whose completion somebody else may
 * report, late, twice, or never. An id is a slot and a generation, never an
 * address; 0 is not an id. Used twice in each channel: ids on the wire name sent
 * packets, and handles given to the driver name received ones.
 *
 * Birth: kmcl_xact_add() gives an object a slot, which it keeps. Users: arm gives
 * the slot its next generation; whoever takes that id, out of all who try, gets
 * the object, once. Death: kmcl_xact_remove(), only for a slot that is not armed.
 *
 * An object that cannot keep a slot, because nobody says when it dies, reserves
 * room once, and gets a slot for each transaction: kmcl_xact_pop().
 */
#ifndef _KMCL_XACT_H
#define _KMCL_XACT_H

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define KMCL_XACT_CHUNK		128u
#define KMCL_XACT_CHUNKS	64u
#define KMCL_XACT_MAX		(KMCL_XACT_CHUNK * KMCL_XACT_CHUNKS)

/**
 * struct kmcl_xact_entry - one slot
 * @armed: the id that may be taken now; 0 = none. Written by atomics only
 * @object: who owns the slot; set by add, NULL in a free slot
 * @generation: of the last id; written by the owner of the slot
 * @next_free: free list, under the table's lock
 */
struct kmcl_xact_entry {
	atomic64_t armed;
	void *object;
	u32 generation;
	u32 next_free;
};

/**
 * struct kmcl_xact - the table
 * @lock: the free list and growing
 * @free: first free slot, or KMCL_XACT_MAX
 * @size: slots in existence; grows only, published after the chunk
 * @added: slots that objects keep, under @lock
 * @reserved: slots that kmcl_xact_pop() shall find, under @lock
 * @generation: with which new slots begin, under @lock
 * @chunks: slots, KMCL_XACT_CHUNK in each; a chunk lives as long as the table
 */
struct kmcl_xact {
	spinlock_t lock;
	u32 free;
	u32 size;
	u32 added;
	u32 reserved;
	u32 generation;
	struct kmcl_xact_entry *chunks[KMCL_XACT_CHUNKS];
};

/**
 * struct kmcl_xact_moved - an object that made room for another
 * @object: or NULL
 * @slot: its new one
 */
struct kmcl_xact_moved {
	void *object;
	u32 slot;
};

void kmcl_xact_init(struct kmcl_xact *table);
void kmcl_xact_destroy(struct kmcl_xact *table);
int kmcl_xact_add(struct kmcl_xact *table, void *object, gfp_t gfp, u32 *slot);
void kmcl_xact_remove(struct kmcl_xact *table, u32 slot);
int kmcl_xact_reserve(struct kmcl_xact *table, gfp_t gfp);
bool kmcl_xact_pop(struct kmcl_xact *table, void *object, u32 *slot);
void kmcl_xact_push(struct kmcl_xact *table, u32 slot);
void *kmcl_xact_find(struct kmcl_xact *table, u64 id);
bool kmcl_xact_take_slot(struct kmcl_xact *table, u32 slot);
void kmcl_xact_untake(struct kmcl_xact *table, u64 id);
void *kmcl_xact_take_any(struct kmcl_xact *table, u32 *cursor);

/* Of a table that goes on where another has ended: restore.c */
void *kmcl_xact_armed(struct kmcl_xact *table, u32 *cursor, u64 *id);
u64 kmcl_xact_id(struct kmcl_xact *table, u32 slot);
u32 kmcl_xact_generation(struct kmcl_xact *table);
void kmcl_xact_age(struct kmcl_xact *table, u32 generation);
int kmcl_xact_extend(struct kmcl_xact *table, u32 slot, gfp_t gfp);
int kmcl_xact_adopt(struct kmcl_xact *table, void *object, u32 *slot, u64 id,
		    struct kmcl_xact_moved *moved);

/* NULL unless the slot exists. The table may grow: pairs with the release in xact_publish(). */
static inline struct kmcl_xact_entry *xact_entry(struct kmcl_xact *table, u32 slot)
{
	if (slot >= smp_load_acquire(&table->size))
		return NULL;
	return &table->chunks[slot / KMCL_XACT_CHUNK][slot % KMCL_XACT_CHUNK];
}

/**
 * kmcl_xact_arm() - begin a transaction
 * @table: the table
 * @slot: of the caller's object, not armed
 *
 * From now on the id may be taken, even before this function has returned to
 * its caller.
 *
 * Return: the id, never 0.
 */
static inline u64 kmcl_xact_arm(struct kmcl_xact *table, u32 slot)
{
	struct kmcl_xact_entry *entry = xact_entry(table, slot);
	u64 id;

	if (!++entry->generation)
		entry->generation = 1;
	id = (u64)entry->generation << 32 | slot;
	WARN_ON_ONCE(atomic64_xchg(&entry->armed, id));
	return id;
}

/**
 * kmcl_xact_take() - end a transaction
 * @table: the table
 * @id: anything at all
 *
 * Return: the object if @id was armed, to exactly one of all callers; NULL
 * otherwise.
 */
static inline void *kmcl_xact_take(struct kmcl_xact *table, u64 id)
{
	struct kmcl_xact_entry *entry = xact_entry(table, lower_32_bits(id));

	if (!entry || !id || (u64)atomic64_cmpxchg(&entry->armed, id, 0) != id)
		return NULL;
	return entry->object;
}

#endif /* _KMCL_XACT_H */
