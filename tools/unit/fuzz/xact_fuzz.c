// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transaction table against a model that knows, of each slot, who owns it and
 * which id may be taken. Ids that were taken, never given, or belong to nobody are
 * tried all the time: none may take or find anything.
 *
 * Input: operations, a byte that says which and a number for it.
 */
#include <linux/kernel.h>
#include <linux/sched.h>

#include "check.h"
#include "input.h"

#include "xact.c"

#define SPENT		32u
#define CALLS_MAX	1024u
#define LOOKED_AT	256u

enum owner {
	FREE,
	KEPT,		/* by kmcl_xact_add() */
	POPPED,		/* by kmcl_xact_pop() */
};

/**
 * struct slot - what the model knows of one
 * @owner: whose it is
 * @generation: of its last id
 * @armed: the id that may be taken, or 0
 * @object: its owner's
 */
struct slot {
	enum owner owner;
	u32 generation;
	u64 armed;
	void *object;
};

/**
 * struct model - what the table should know
 * @table: the table
 * @slots: that there are
 * @size: how many
 * @added: of them kept
 * @reserved: room, for the popped
 * @used: slots that are not free
 * @objects: so far, to give each an address of its own
 * @calls: that may still be made; there is an end, so that no input takes too long
 * @may_fill: the table, up to the brim, once. That takes long, so few inputs may
 * @spent: ids that were armed once, the last of them
 * @spent_count: all there were
 * @short_of_memory: the next allocation fails
 * @warnings: that were provoked
 */
struct model {
	struct kmcl_xact table;
	struct slot slots[KMCL_XACT_MAX];
	u32 size;
	u32 added;
	u32 reserved;
	u32 used;
	u64 objects;
	u32 calls;
	bool may_fill;
	u64 spent[SPENT];
	u32 spent_count;
	bool short_of_memory;
	unsigned int warnings;
};

static struct model model;

static void *new_object(struct model *m)
{
	return (void *)(uintptr_t)(8 * ++m->objects);
}

/* Is there an end to the work that one input gives. */
static bool may_call(struct model *m)
{
	return m->calls && --m->calls;
}

/* Near @from, the first slot of that owner that is armed, or is not; -1: none. */
static int slot_like(const struct model *m, u32 from, enum owner owner, bool armed)
{
	u32 i, slot;

	for (i = 0; i < min(m->size, LOOKED_AT); i++) {
		slot = (from + i) % m->size;
		if (m->slots[slot].owner == owner && !!m->slots[slot].armed == armed)
			return slot;
	}
	return -1;
}

static int owned_slot(const struct model *m, u32 from, bool armed)
{
	enum owner owner = from & 1 ? KEPT : POPPED;
	int slot = slot_like(m, from, owner, armed);

	return slot >= 0 ? slot : slot_like(m, from, owner == KEPT ? POPPED : KEPT, armed);
}

static void check_counts(const struct model *m)
{
	const struct kmcl_xact *table = &m->table;

	CHECK(table->size == m->size);
	CHECK(table->added == m->added && table->reserved == m->reserved);
	CHECK(m->size >= min(m->added + m->reserved, KMCL_XACT_MAX));
	CHECK(shim_warnings == m->warnings);
}

static void check_slot(struct model *m, u32 slot)
{
	struct kmcl_xact_entry *entry = xact_entry(&m->table, slot);

	CHECK(entry);
	CHECK(entry->object == m->slots[slot].object);
	CHECK((u64)atomic64_read(&entry->armed) == m->slots[slot].armed);
	CHECK(entry->generation == m->slots[slot].generation);
}

static void own(struct model *m, u32 slot, enum owner owner, void *object)
{
	CHECK(slot < m->size && m->slots[slot].owner == FREE && !m->slots[slot].armed);
	m->slots[slot].owner = owner;
	m->slots[slot].object = object;
	m->used++;
	check_slot(m, slot);
}

static void disown(struct model *m, u32 slot)
{
	m->slots[slot].owner = FREE;
	m->slots[slot].object = NULL;
	m->used--;
	check_slot(m, slot);
}

/* The room that is wanted: 0, or -ENOMEM. A new chunk is all zero. */
static int grow(struct model *m)
{
	u32 wanted = min(m->added + m->reserved, KMCL_XACT_MAX);

	if (m->size >= wanted)
		return 0;
	if (m->short_of_memory)
		return -ENOMEM;
	CHECK(m->size + KMCL_XACT_CHUNK >= wanted);
	memset(&m->slots[m->size], 0, KMCL_XACT_CHUNK * sizeof(m->slots[0]));
	m->size += KMCL_XACT_CHUNK;
	return 0;
}

static int add_expected(struct model *m)
{
	int ret;

	if (m->added + !!m->reserved >= KMCL_XACT_MAX)
		return -ENOSPC;
	m->added++;
	ret = grow(m);
	if (!ret && m->used == m->size)
		ret = -ENOSPC;
	if (ret)
		m->added--;
	return ret;
}

static void add(struct model *m)
{
	void *object = new_object(m);
	u32 slot = U32_MAX;
	int ret = add_expected(m);

	current->fail_nth = m->short_of_memory;
	CHECK(kmcl_xact_add(&m->table, object, GFP_KERNEL, &slot) == ret);
	current->fail_nth = 0;
	if (!ret)
		own(m, slot, KEPT, object);
}

static int reserve_expected(struct model *m)
{
	bool counted = m->reserved < KMCL_XACT_MAX;
	int ret;

	if (!m->reserved && m->added >= KMCL_XACT_MAX)
		return -ENOMEM;
	m->reserved += counted;
	ret = grow(m);
	if (ret)
		m->reserved -= counted;
	return ret;
}

static void reserve(struct model *m)
{
	int ret = reserve_expected(m);

	current->fail_nth = m->short_of_memory;
	CHECK(kmcl_xact_reserve(&m->table, GFP_KERNEL) == ret);
	current->fail_nth = 0;
}

static void pop(struct model *m)
{
	void *object = new_object(m);
	u32 slot = U32_MAX;
	bool found = kmcl_xact_pop(&m->table, object, &slot);

	CHECK(found == (m->used < m->size));
	CHECK(found || slot == U32_MAX);
	if (found)
		own(m, slot, POPPED, object);
}

static void give_back(struct model *m, int slot)
{
	if (slot < 0)
		return;
	if (m->slots[slot].owner == KEPT) {
		kmcl_xact_remove(&m->table, slot);
		m->added--;
	} else {
		kmcl_xact_push(&m->table, slot);
	}
	disown(m, slot);
}

/* Whoever gives back what is armed is told off, and nothing happens. */
static void give_back_armed(struct model *m, int slot)
{
	if (slot < 0)
		return;
	shim_warn_silent = true;
	kmcl_xact_push(&m->table, slot);
	shim_warn_silent = false;
	m->warnings++;
	check_slot(m, slot);
}

static void arm(struct model *m, int slot)
{
	u32 generation;
	u64 id;

	if (slot < 0)
		return;
	generation = m->slots[slot].generation + 1;
	generation += !generation;
	id = kmcl_xact_arm(&m->table, slot);
	CHECK(id == ((u64)generation << 32 | (u32)slot));
	m->slots[slot].generation = generation;
	m->slots[slot].armed = id;
	check_slot(m, slot);
}

static void spend(struct model *m, u32 slot)
{
	m->spent[m->spent_count++ % SPENT] = m->slots[slot].armed;
	m->slots[slot].armed = 0;
	check_slot(m, slot);
}

/* Anything at all: the object exactly if the id is armed, and then once. */
static void try_id(struct model *m, u64 id)
{
	u32 slot = (u32)id;
	void *object = NULL;

	if (id && slot < m->size && m->slots[slot].armed == id)
		object = m->slots[slot].object;
	CHECK(kmcl_xact_find(&m->table, id) == object);
	CHECK(kmcl_xact_take(&m->table, id) == object);
	if (object)
		spend(m, slot);
	CHECK(!kmcl_xact_find(&m->table, id));
	CHECK(!kmcl_xact_take(&m->table, id));
}

static void take(struct model *m, int slot)
{
	if (slot >= 0)
		try_id(m, m->slots[slot].armed);
}

/* What a host may make of an id that it has seen. */
static u64 forged(const struct model *m, struct input *in, u32 n)
{
	u64 near = m->size ? m->slots[n % m->size].armed : 0;

	switch (input_u8(in) % 8) {
	case 0:
		return m->spent[n % SPENT];
	case 1:
		return near + (1ull << 32);
	case 2:
		return near - (1ull << 32);
	case 3:
		return near + 1;
	case 4:
		return near ^ 1ull << n % 64;
	case 5:
		return (u64)input_u8(in) << 32 | n;
	case 6:
		return (u64)input_u32(in) << 32 | (m->size + n % 4);
	default:
		return input_u64(in);
	}
}

static void untake(struct model *m, int slot)
{
	u64 id;

	if (slot < 0)
		return;
	id = m->slots[slot].armed;
	CHECK(kmcl_xact_take(&m->table, id) == m->slots[slot].object);
	CHECK(!kmcl_xact_find(&m->table, id));
	kmcl_xact_untake(&m->table, id);
	check_slot(m, slot);
}

static void take_slot(struct model *m, u32 slot)
{
	bool armed = slot < m->size && m->slots[slot].armed;

	CHECK(kmcl_xact_take_slot(&m->table, slot) == armed);
	if (armed)
		spend(m, slot);
	CHECK(!kmcl_xact_take_slot(&m->table, slot));
}

/* One pass in the order of the slots; who is armed again behind the cursor waits. */
static void cancel(struct model *m, u32 cursor, bool arms_again)
{
	u32 slot = cursor;
	void *object;

	do {
		object = kmcl_xact_take_any(&m->table, &cursor);
		while (slot < m->size && !m->slots[slot].armed)
			slot++;
		CHECK(object == (slot < m->size ? m->slots[slot].object : NULL));
		if (!object)
			return;
		CHECK(cursor == slot + 1);
		spend(m, slot);
		if (arms_again)
			arm(m, slot);
		slot++;
	} while (may_call(m));
}

/* As after four thousand million transactions. */
static void age(struct model *m, int slot, u32 short_of)
{
	if (slot < 0)
		return;
	m->slots[slot].generation = U32_MAX - short_of;
	xact_entry(&m->table, slot)->generation = U32_MAX - short_of;
}

/* Over the end of a chunk, or up to the end of the table. */
static void many(struct model *m, void (*call)(struct model *m), u32 n)
{
	if (n < 0xff00 || !m->may_fill) {
		n %= KMCL_XACT_CHUNK + 2;
	} else {
		n = KMCL_XACT_MAX - n % 4;
		m->calls += n;
		m->may_fill = false;
	}
	while (n-- && may_call(m))
		call(m);
}

static void op(struct model *m, struct input *in)
{
	u8 what = input_u8(in);
	u32 n = input_u16(in);

	m->short_of_memory = what & 0x80;
	switch (what % 16) {
	case 0:
		add(m);
		break;
	case 1:
		many(m, add, n);
		break;
	case 2:
		reserve(m);
		break;
	case 3:
		many(m, reserve, n);
		break;
	case 4:
		pop(m);
		break;
	case 5:
		many(m, pop, n);
		break;
	case 6:
		give_back(m, owned_slot(m, n, false));
		break;
	case 7:
		give_back_armed(m, owned_slot(m, n, true));
		break;
	case 8:
	case 9:
		arm(m, owned_slot(m, n, false));
		break;
	case 10:
		take(m, owned_slot(m, n, true));
		break;
	case 11:
		try_id(m, forged(m, in, n));
		break;
	case 12:
		untake(m, owned_slot(m, n, true));
		break;
	case 13:
		take_slot(m, n);
		break;
	case 14:
		cancel(m, n % 256, n & 256);
		break;
	case 15:
		age(m, owned_slot(m, n / 4, false), n % 4);
		break;
	}
	check_counts(m);
}

static void begin(struct model *m, size_t size)
{
	memset(m->spent, 0, sizeof(m->spent));
	m->size = m->added = m->reserved = m->used = 0;
	m->objects = m->spent_count = 0;
	m->calls = CALLS_MAX;
	m->may_fill = size % 8 == 0;
	m->warnings = shim_warnings;
	kmcl_xact_init(&m->table);
}

/* Every slot is somebody's or free, and the free ones are there to be had. */
static void end(struct model *m)
{
	u32 slot;

	for (slot = 0; slot < m->size; slot++)
		check_slot(m, slot);
	do {
		pop(m);
	} while (m->used < m->size);
	pop(m);
	CHECK(m->used == m->size);
	check_counts(m);
	kmcl_xact_destroy(&m->table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	begin(&model, size);
	while (in.left && may_call(&model))
		op(&model, &in);
	end(&model);
	return 0;
}
