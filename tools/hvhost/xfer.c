// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making, sending and settling transfer page packets. A packet is made, and its
 * memory filled, when a slot is free; it goes out when the ring has space. Its id
 * is made of the opening, the job, the slot and the low half of its number.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <kmcl/hvhost.h>

#include "channel.h"
#include "gpadl.h"
#include "pattern.h"
#include "xfer.h"

struct range {
	uint32_t length;
	uint32_t offset;
};

struct header {			/* after the descriptor */
	uint16_t set;
	uint8_t owns;
	uint8_t zero;
	uint32_t ranges;
	struct range range[HVHOST_GPADL_RANGES];
};

struct payload {
	uint64_t seq;
	uint32_t bytes;
	uint32_t seed;
};

struct completion {
	uint64_t seq;
	uint32_t crc;
	uint32_t zero;
};

static_assert(sizeof(struct header) == 8 + 8 * HVHOST_GPADL_RANGES, "header");
static_assert(sizeof(struct payload) == HVHOST_GPADL_XFER, "payload");
static_assert(sizeof(struct completion) == HVHOST_GPADL_XFER_COMPLETION, "completion");

enum slot_state {
	SLOT_FREE,
	SLOT_MADE,		/* filled, waits for space in the ring */
	SLOT_SENT,
};

struct slot {
	enum slot_state state;
	uint64_t id;
	uint64_t seq;
	uint32_t seed;
	uint32_t bytes;
	uint32_t crc;
	uint32_t ranges;
	struct range range[HVHOST_GPADL_RANGES];
};

struct xfer {
	struct xfer_job job;
	struct xfer_ids *ids;
	uint8_t number;
	uint32_t slots;
	uint32_t slot_bytes;
	uint32_t made;
	uint32_t done;
	uint32_t wrong;
	uint64_t random;
	struct slot slot[];
};

struct xfer *xfer_new(const struct xfer_job *job, struct xfer_ids *ids, uint8_t number)
{
	uint32_t slots = job->length / HVHOST_GPADL_SEND_MIN;
	struct xfer *x;

	if (slots > job->window)
		slots = job->window;
	x = calloc(1, sizeof(*x) + slots * sizeof(x->slot[0]));
	if (!x)
		return NULL;
	x->job = *job;
	x->ids = ids;
	x->number = number;
	x->slots = slots;
	x->slot_bytes = job->length / slots;
	x->random = job->seed;
	return x;
}

void xfer_free(struct xfer *x)
{
	free(x);
}

bool xfer_over(const struct xfer *x)
{
	return x->done == x->job.count;
}

uint32_t xfer_wrong(const struct xfer *x)
{
	return x->wrong;
}

void xfer_ids_open(struct xfer_ids *ids)
{
	ids->opening++;
	ids->seq = 0;
	ids->forgotten = 0;
}

void xfer_forget(struct xfer_ids *ids)
{
	ids->forgotten = ids->seq;
}

static uint64_t make_id(const struct xfer *x, uint32_t slot)
{
	return (uint64_t)x->ids->opening << 48 | (uint64_t)x->number << 40 |
	       (uint64_t)(slot + 1) << 32 | (uint32_t)x->ids->seq;
}

uint8_t xfer_number(uint64_t id)
{
	return id >> 40;
}

bool xfer_was_sent(const struct xfer_ids *ids, uint64_t id)
{
	return id >> 48 == ids->opening && (id >> 32 & 0xff) && (uint32_t)id < ids->seq &&
	       (uint32_t)id >= ids->forgotten;
}

static uint32_t below(struct xfer *x, uint32_t limit)
{
	x->random = x->random * 6364136223846793005ull + 1442695040888963407ull;
	return (x->random >> 33) % limit;
}

/* Ranges of the slot's memory that do not overlap, upwards or downwards. */
static void choose_ranges(struct xfer *x, struct slot *s)
{
	const uint32_t start = x->job.offset + (uint32_t)(s - x->slot) * x->slot_bytes;
	const bool down = below(x, 2);
	uint32_t part, i, at;

	s->ranges = 1 + below(x, HVHOST_GPADL_RANGES);
	part = x->slot_bytes / s->ranges;
	s->bytes = 0;
	for (i = 0; i < s->ranges; i++) {
		at = down ? s->ranges - 1 - i : i;
		s->range[i].length = 1 + below(x, part);
		s->range[i].offset = start + at * part + below(x, part - s->range[i].length + 1);
		s->bytes += s->range[i].length;
	}
}

static void fill(const struct xfer *x, struct slot *s)
{
	struct pattern p = { .seed = s->seed };
	uint32_t i;

	for (i = 0; i < s->ranges; i++)
		gpadl_walk(x->job.gpadl, s->range[i].offset, s->range[i].length, pattern_fill, &p);
	s->crc = p.crc;
}

static void make(struct xfer *x, struct slot *s)
{
	choose_ranges(x, s);
	s->seed = x->job.seed + x->made++;
	fill(x, s);
	s->state = SLOT_MADE;
}

/* Two variants of most faults, by turns. */
static void spoil(const struct xfer *x, struct header *h)
{
	const uint32_t size = gpadl_bytes(x->job.gpadl);
	const bool odd = x->ids->seq & 1;
	struct range *last = &h->range[h->ranges - 1];

	switch (x->job.fault) {
	case XFER_GOOD:
		break;
	case XFER_OUTSIDE:
		last->offset = odd ? size : size - last->length + 1;
		break;
	case XFER_EMPTY:
		last->length = 0;
		break;
	case XFER_COUNT:
		h->ranges = odd ? UINT32_MAX : h->ranges + 1;
		break;
	case XFER_SET:
		h->set ^= 0x8000;
		break;
	case XFER_WRAP:
		last->offset = odd ? UINT32_MAX : UINT32_MAX - last->length + 1;
		break;
	}
}

static enum send_status send(struct xfer *x, struct channel *ch, struct slot *s)
{
	struct header h = { .set = x->job.set, .ranges = s->ranges };
	const struct payload data = { .seq = x->ids->seq, .bytes = s->bytes, .seed = s->seed };
	const struct packet p = {
		.type = PACKET_XFER_PAGES,
		.flags = PACKET_WANTS_COMPLETION,
		.trans_id = make_id(x, s - x->slot),
		.header = &h,
		.header_len = offsetof(struct header, range) + s->ranges * sizeof(h.range[0]),
		.payload = &data,
		.len = sizeof(data),
	};
	enum send_status status;

	memcpy(h.range, s->range, s->ranges * sizeof(h.range[0]));
	spoil(x, &h);
	status = channel_send(ch, &p);
	if (status != SEND_OK)
		return status;
	s->id = p.trans_id;
	s->seq = x->ids->seq++;
	s->state = SLOT_SENT;
	return SEND_OK;
}

uint32_t xfer_pump(struct xfer *x, struct channel *ch)
{
	uint32_t sent = 0;
	struct slot *s;

	for (s = x->slot; s < x->slot + x->slots; s++) {
		if (s->state == SLOT_FREE && x->made < x->job.count)
			make(x, s);
		if (s->state != SLOT_MADE)
			continue;
		if (send(x, ch, s) != SEND_OK)
			break;
		sent++;
	}
	return sent;
}

static struct slot *slot_of(struct xfer *x, uint64_t id)
{
	const uint32_t i = (uint32_t)(id >> 32 & 0xff) - 1;

	if (i >= x->slots || x->slot[i].state != SLOT_SENT || x->slot[i].id != id)
		return NULL;
	return &x->slot[i];
}

static bool answer_right(const struct xfer *x, const struct slot *s, const struct packet *p)
{
	const struct completion want = { .seq = s->seq, .crc = s->crc };

	if (x->job.fault != XFER_GOOD)
		return !p->len;
	return p->len == sizeof(want) && !memcmp(p->payload, &want, sizeof(want));
}

static void overwrite_piece(void *ctx, uint8_t *piece, uint32_t len)
{
	(void)ctx;
	memset(piece, HVHOST_GPADL_USED, len);
}

static void overwrite(const struct xfer *x, const struct slot *s)
{
	uint32_t i;

	for (i = 0; i < s->ranges; i++)
		gpadl_walk(x->job.gpadl, s->range[i].offset, s->range[i].length, overwrite_piece,
			   NULL);
}

enum xfer_answer xfer_completed(struct xfer *x, const struct packet *p)
{
	struct slot *s = slot_of(x, p->trans_id);
	bool right;

	if (!s)
		return XFER_NOT_MINE;
	right = answer_right(x, s, p);
	overwrite(x, s);
	s->state = SLOT_FREE;
	x->done++;
	x->wrong += !right;
	return right ? XFER_RIGHT : XFER_WRONG;
}
