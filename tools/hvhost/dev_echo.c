// SPDX-License-Identifier: GPL-2.0-only
/*
 * The echo device. A packet that wants a completion gets its own payload back;
 * one with external data (GPA direct) gets length and CRC-32 of that. Completions
 * can be held back, delayed and shuffled, so that guests meet full rings and
 * every order. What the ring does not take waits here, and then nothing more is
 * read: the guest sees its own ring fill up.
 */
#include <stdlib.h>
#include <string.h>

#include <kmcl/hvhost.h>

#include "control.h"
#include "crc32.h"
#include "device.h"
#include "gpa.h"
#include "json.h"
#include "loop.h"

#define HOLD_MAX	4096
#define WAITING_MAX	8192		/* completions kept, and their bytes */
#define WAITING_BYTES	(32u << 20)
#define MS		1000000ull

enum order { ORDER_FIFO, ORDER_REVERSE, ORDER_RANDOM };

struct completion {
	struct completion *next;
	uint64_t trans_id;
	uint64_t due;		/* loop_now() */
	uint32_t len;
	uint8_t payload[];
};

struct echo {
	uint64_t gpa_write;
	uint64_t hold;
	uint64_t idle_ms;
	uint64_t delay_ms;
	uint64_t order;
	struct completion *batch[HOLD_MAX];	/* not released yet */
	unsigned int batched;
	struct completion *ready, **ready_end;
	unsigned int waiting;			/* batched and ready */
	uint64_t waiting_bytes;
	bool full;				/* the ring did not take the first of ready */
	struct loop_timer *idle;
	struct loop_timer *delay;
	uint32_t random;
	uint64_t packets;
	uint64_t oneway;
	uint64_t gpa_packets;
	uint64_t gpa_bytes;
	uint64_t gpa_bad;
	uint64_t id_zero;
	uint64_t completed;
	uint64_t dropped;
	uint64_t most_waiting;
};

static const struct option_key keys[] = {
	{ "gpa-write", OPTION_CHOICE, offsetof(struct echo, gpa_write), 0, 0, 0, "off|on",
	  "XOR external data with 0xff after reading (off)" },
	{ "hold", OPTION_NUMBER, offsetof(struct echo, hold), 1, 1, HOLD_MAX, NULL,
	  "complete when that many wait (1)" },
	{ "idle-ms", OPTION_NUMBER, offsetof(struct echo, idle_ms), 20, 1, 60000, NULL,
	  "or when no packet came for so long (20)" },
	{ "delay-ms", OPTION_NUMBER, offsetof(struct echo, delay_ms), 0, 0, 60000, NULL,
	  "from then to completing (0)" },
	{ "order", OPTION_CHOICE, offsetof(struct echo, order), ORDER_FIFO, 0, 0,
	  "fifo|reverse|random", "within those held (fifo)" },
	{ 0 }
};

static enum send_status complete(struct channel *ch, uint64_t id, const void *payload, uint32_t len)
{
	struct echo *e = ch->dev->state;
	const struct packet p = {
		.type = PACKET_COMPLETION,
		.trans_id = id,
		.payload = payload,
		.len = len,
	};
	enum send_status s = channel_send(ch, &p);

	if (s == SEND_UNFIT && len) {
		channel_error(ch, PROTO_ERROR_completion_unfit);
		return complete(ch, id, NULL, 0);
	}
	e->completed += s == SEND_OK;
	return s;
}

static void update_stall(struct channel *ch)
{
	const struct echo *e = ch->dev->state;

	if (e->full || e->waiting >= WAITING_MAX || e->waiting_bytes >= WAITING_BYTES)
		channel_stall(ch);
	else
		channel_resume(ch);
}

static void ready_pop(struct echo *e)
{
	struct completion *c = e->ready;

	e->ready = c->next;
	if (!e->ready)
		e->ready_end = &e->ready;
	e->waiting--;
	e->waiting_bytes -= c->len;
	free(c);
}

/* Sends what is due and fits. */
static void flush(struct channel *ch)
{
	struct echo *e = ch->dev->state;
	const uint64_t now = loop_now();
	enum send_status s = SEND_OK;

	e->full = false;
	while (e->ready && e->ready->due <= now) {
		s = complete(ch, e->ready->trans_id, e->ready->payload, e->ready->len);
		if (s == SEND_FULL)
			break;
		ready_pop(e);
	}
	e->full = s == SEND_FULL;
	if (e->ready && !e->full)
		loop_timer_arm(e->delay, e->ready->due - now, 0);
	update_stall(ch);
}

static uint32_t next_random(struct echo *e)
{
	e->random ^= e->random << 13;
	e->random ^= e->random >> 17;
	e->random ^= e->random << 5;
	return e->random;
}

/* Takes one of the batch, by the order asked for. */
static struct completion *batch_take(struct echo *e, unsigned int taken)
{
	unsigned int at = taken, other;
	struct completion *c;

	if (e->order == ORDER_REVERSE)
		return e->batch[e->batched - 1 - taken];
	if (e->order == ORDER_RANDOM) {
		other = at + next_random(e) % (e->batched - at);
		c = e->batch[other];
		e->batch[other] = e->batch[at];
		e->batch[at] = c;
	}
	return e->batch[at];
}

static void release(struct channel *ch)
{
	struct echo *e = ch->dev->state;
	const uint64_t due = loop_now() + e->delay_ms * MS;
	struct completion *c;
	unsigned int i;

	for (i = 0; i < e->batched; i++) {
		c = batch_take(e, i);
		c->due = due;
		*e->ready_end = c;
		e->ready_end = &c->next;
	}
	e->batched = 0;
	loop_timer_arm(e->idle, 0, 0);
	flush(ch);
}

static void keep(struct channel *ch, uint64_t id, const void *payload, uint32_t len)
{
	struct echo *e = ch->dev->state;
	struct completion *c = malloc(sizeof(*c) + len);

	if (!c) {
		e->dropped++;
		return;
	}
	c->next = NULL;
	c->trans_id = id;
	c->len = len;
	if (len)
		memcpy(c->payload, payload, len);
	e->batch[e->batched++] = c;
	e->waiting++;
	e->waiting_bytes += len;
	if (e->waiting > e->most_waiting)
		e->most_waiting = e->waiting;
	if (e->batched >= e->hold) {
		release(ch);
		return;
	}
	loop_timer_arm(e->idle, e->idle_ms * MS, 0);
	update_stall(ch);
}

/* Hosts answer nothing whose id is 0. */
static void answer(struct channel *ch, const struct packet *p, const void *payload, uint32_t len)
{
	struct echo *e = ch->dev->state;

	if (!p->trans_id) {
		e->id_zero++;
		return;
	}
	if (e->hold == 1 && !e->delay_ms && !e->ready &&
	    complete(ch, p->trans_id, payload, len) != SEND_FULL)
		return;
	keep(ch, p->trans_id, payload, len);
}

static void crc_piece(void *ctx, uint8_t *piece, uint32_t len)
{
	uint32_t *crc = ctx;

	*crc = crc32_update(*crc, piece, len);
}

static void invert_piece(void *ctx, uint8_t *piece, uint32_t len)
{
	(void)ctx;
	while (len--)
		*piece++ ^= 0xff;
}

struct gpa_view {
	const uint8_t *ranges;
	size_t bytes;
	uint32_t count;
};

static enum proto_error view_external(const struct packet *p, struct gpa_view *v)
{
	struct gpa_direct_header h;
	size_t used;

	memcpy(&h, p->header, sizeof(h));
	v->ranges = (const uint8_t *)p->header + sizeof(h);
	v->bytes = p->header_len - sizeof(h);
	v->count = h.range_count;
	return gpa_ranges_check(control_vm(), v->ranges, v->bytes, v->count, &used);
}

static uint64_t walk_external(const struct gpa_view *v,
			      void (*fn)(void *ctx, uint8_t *piece, uint32_t len), void *ctx)
{
	const uint8_t *at = v->ranges;
	size_t left = v->bytes;
	uint64_t total = 0;
	struct gpa_range r;
	uint32_t i;

	for (i = 0; i < v->count && !gpa_range_take(&at, &left, &r); i++) {
		if (fn)
			gpa_range_walk(control_vm(), &r, fn, ctx);
		total += r.count;
	}
	return total;
}

/* All of it is read before any of it is written: ranges may overlap. */
static void external(struct channel *ch, const struct packet *p)
{
	struct echo *e = ch->dev->state;
	struct gpa_view view;
	enum proto_error why = view_external(p, &view);
	uint32_t reply[2] = { 0, 0 };
	uint64_t total = 0;

	e->packets++;
	e->gpa_packets++;
	if (!why) {
		total = walk_external(&view, NULL, NULL);
		why = total > UINT32_MAX ? PROTO_ERROR_gpa_overflow : PROTO_OK;
	}
	if (why) {
		e->gpa_bad++;
		channel_error(ch, why);
	} else {
		walk_external(&view, crc_piece, &reply[1]);
		if (e->gpa_write)
			walk_external(&view, invert_piece, NULL);
		reply[0] = total;
		e->gpa_bytes += total;
	}
	if (p->flags & PACKET_WANTS_COMPLETION)
		answer(ch, p, reply, why ? 0 : HVHOST_ECHO_GPA_COMPLETION);
}

static void echo_packet(struct channel *ch, const struct packet *p)
{
	struct echo *e = ch->dev->state;

	switch (p->type) {
	case PACKET_INBAND:
		e->packets++;
		if (p->flags & PACKET_WANTS_COMPLETION)
			answer(ch, p, p->payload, p->len);
		else
			e->oneway++;
		break;
	case PACKET_GPA_DIRECT:
		external(ch, p);
		break;
	case PACKET_COMPLETION:
		channel_error(ch, PROTO_ERROR_completion_unexpected);
		break;
	default:
		channel_error(ch, PROTO_ERROR_packet_type);
		break;
	}
}

static void idle_due(void *ctx)
{
	struct device *dev = ctx;

	release(&dev->channel);
}

static void delay_due(void *ctx)
{
	struct device *dev = ctx;

	flush(&dev->channel);
}

static bool echo_start(struct device *dev)
{
	struct echo *e = dev->state;

	e->ready_end = &e->ready;
	e->random = 1;
	e->idle = loop_timer_new(idle_due, dev);
	e->delay = loop_timer_new(delay_due, dev);
	return e->idle && e->delay;
}

static void echo_opened(struct channel *ch)
{
	(void)ch;
}

static void echo_closed(struct channel *ch)
{
	struct echo *e = ch->dev->state;

	loop_timer_arm(e->idle, 0, 0);
	loop_timer_arm(e->delay, 0, 0);
	e->dropped += e->waiting;
	while (e->batched)
		free(e->batch[--e->batched]);
	while (e->ready)
		ready_pop(e);
	e->waiting = 0;
	e->waiting_bytes = 0;
	e->full = false;
}

static void echo_stats(const struct device *dev, struct json *j)
{
	const struct echo *e = dev->state;

	json_number(j, "packets", e->packets);
	json_number(j, "oneway", e->oneway);
	json_number(j, "gpa_packets", e->gpa_packets);
	json_number(j, "gpa_bytes", e->gpa_bytes);
	json_number(j, "gpa_bad", e->gpa_bad);
	json_number(j, "id_zero", e->id_zero);
	json_number(j, "completed", e->completed);
	json_number(j, "waiting", e->waiting);
	json_number(j, "most_waiting", e->most_waiting);
	json_number(j, "dropped", e->dropped);
}

const struct device_type echo_device = {
	.name = "echo",
	.help = "gives back what it gets, or length and CRC-32 of external data",
	.guid = HVHOST_ECHO_TYPE(GUID_BYTES),
	.state_size = sizeof(struct echo),
	.keys = keys,
	.start = echo_start,
	.opened = echo_opened,
	.closed = echo_closed,
	.packet = echo_packet,
	.writable = flush,
	.stats = echo_stats,
};
