// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holding answers of the echo device back. A batch is collected, released in the
 * order asked for, and then each answer is sent when its own delay is over. What
 * the ring does not take waits, and then nothing more is read.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <kmcl/hvhost.h>

#include "dev_echo.h"
#include "device.h"
#include "loop.h"

#define WAITING_MAX	8192		/* answers kept, and their bytes */
#define WAITING_BYTES	(32u << 20)
#define MS		1000000ull

static_assert(HVHOST_ECHO_GPA_COMPLETION == 2 * sizeof(uint32_t), "echo reply");

static enum send_status send(struct channel *ch, uint16_t type, uint64_t id, const void *payload,
			     uint32_t len)
{
	static const uint64_t gap;
	struct echo *e = ch->dev->state;
	const bool bad = e->bad_answer && type == PACKET_COMPLETION;
	const struct packet p = {
		.type = type,
		.trans_id = id,
		.header = bad ? &gap : NULL,
		.header_len = bad ? sizeof(gap) : 0,
		.payload = payload,
		.len = len,
	};
	enum send_status s = channel_send(ch, &p);

	if (s == SEND_UNFIT && len) {
		channel_error(ch, PROTO_ERROR_completion_unfit);
		if (type == PACKET_COMPLETION)
			return send(ch, type, id, NULL, 0);
	}
	e->completed += s == SEND_OK;
	return s;
}

unsigned int echo_waiting(const struct echo *e)
{
	return e->batched + e->ready.count;
}

static void update_stall(struct channel *ch)
{
	const struct echo *e = ch->dev->state;

	if (e->full || echo_waiting(e) >= WAITING_MAX || e->waiting_bytes >= WAITING_BYTES)
		channel_stall(ch);
	else
		channel_resume(ch);
}

/* All of it is read before any of it is written: ranges may overlap. */
void echo_go_through(struct echo *e, const struct external *x, uint32_t reply[2])
{
	e->gpa_bytes += x->bytes;
	reply[0] = x->bytes;
	reply[1] = external_crc(x);
	if (e->gpa_write)
		external_invert(x);
}

/* The ranges in its data give way to the payload. */
static void settle(struct echo *e, struct answer *a)
{
	uint32_t reply[2];

	echo_go_through(e, &a->external, reply);
	a->external.bytes = 0;
	memcpy(a->data, reply, sizeof(reply));
	a->len = sizeof(reply);
}

static enum send_status send_first(struct channel *ch)
{
	struct echo *e = ch->dev->state;
	struct answer *a = answers_first(&e->ready);
	enum send_status s;

	if (a->external.bytes)
		settle(e, a);
	s = send(ch, a->type, a->trans_id, a->data, a->len);
	if (s == SEND_FULL)
		return s;
	answers_take(&e->ready);
	e->waiting_bytes -= a->size;
	free(a);
	return s;
}

void echo_flush(struct channel *ch)
{
	struct echo *e = ch->dev->state;
	const uint64_t now = loop_now();
	const struct answer *a;

	e->full = false;
	while ((a = answers_first(&e->ready)) && a->due <= now && !e->full)
		e->full = send_first(ch) == SEND_FULL;
	if (a && !e->full)
		loop_timer_arm(e->delay, a->due - now, 0);
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
static struct answer *batch_take(struct echo *e, unsigned int taken)
{
	unsigned int at = taken, other;
	struct answer *a;

	if (e->order == ECHO_REVERSE)
		return e->batch[e->batched - 1 - taken];
	if (e->order == ECHO_RANDOM) {
		other = at + next_random(e) % (e->batched - at);
		a = e->batch[other];
		e->batch[other] = e->batch[at];
		e->batch[at] = a;
	}
	return e->batch[at];
}

static uint64_t next_delay(struct echo *e)
{
	const uint64_t span = (e->delay_ms.max - e->delay_ms.min) * MS;

	if (!span)
		return e->delay_ms.min * MS;
	return e->delay_ms.min * MS + (((uint64_t)next_random(e) * (span + 1)) >> 32);
}

static void release(struct channel *ch)
{
	struct echo *e = ch->dev->state;
	const uint64_t now = loop_now();
	struct answer *a;
	unsigned int i;

	for (i = 0; i < e->batched; i++) {
		a = batch_take(e, i);
		a->due = now + next_delay(e);
		answers_put(&e->ready, a);
	}
	e->batched = 0;
	loop_timer_arm(e->idle, 0, 0);
	echo_flush(ch);
}

static void keep(struct channel *ch, struct answer *a)
{
	struct echo *e = ch->dev->state;

	e->batch[e->batched++] = a;
	e->waiting_bytes += a->size;
	if (echo_waiting(e) > e->most_waiting)
		e->most_waiting = echo_waiting(e);
	if (e->batched >= e->hold) {
		release(ch);
		return;
	}
	loop_timer_arm(e->idle, e->idle_ms * MS, 0);
	update_stall(ch);
}

/* With a copy of data. NULL, and counted, if there is no memory. */
static struct answer *answer_new(struct echo *e, uint64_t id, const void *data, uint32_t size)
{
	struct answer *a = calloc(1, sizeof(*a) + size);

	if (!a) {
		e->dropped++;
		return NULL;
	}
	a->trans_id = id;
	a->type = PACKET_COMPLETION;
	a->size = size;
	a->len = size;
	if (size)
		memcpy(a->data, data, size);
	return a;
}

static bool late(const struct echo *e)
{
	return e->hold > 1 || e->delay_ms.max;
}

void echo_answer(struct channel *ch, uint16_t type, uint64_t id, const void *payload,
		 uint32_t len)
{
	struct echo *e = ch->dev->state;
	struct answer *a;

	if (!late(e) && !e->ready.count && send(ch, type, id, payload, len) != SEND_FULL)
		return;
	a = answer_new(e, id, payload, len);
	if (!a)
		return;
	a->type = type;
	keep(ch, a);
}

void echo_answer_external(struct channel *ch, uint64_t id, const struct external *x)
{
	struct echo *e = ch->dev->state;
	uint32_t reply[2];
	struct answer *a;

	if (!late(e)) {
		echo_go_through(e, x, reply);
		echo_answer(ch, PACKET_COMPLETION, id, reply, sizeof(reply));
		return;
	}
	a = answer_new(e, id, x->ranges, x->size);
	if (!a)
		return;
	a->external = *x;
	a->external.ranges = a->data;
	keep(ch, a);
}

static void idle_due(void *ctx)
{
	struct device *dev = ctx;

	release(&dev->channel);
}

static void delay_due(void *ctx)
{
	struct device *dev = ctx;

	echo_flush(&dev->channel);
}

bool echo_hold_start(struct device *dev)
{
	struct echo *e = dev->state;

	e->random = 1;
	e->idle = loop_timer_new(idle_due, dev);
	e->delay = loop_timer_new(delay_due, dev);
	return e->idle && e->delay && answers_init(&e->ready, WAITING_MAX);
}

void echo_drop(struct echo *e)
{
	loop_timer_arm(e->idle, 0, 0);
	loop_timer_arm(e->delay, 0, 0);
	e->dropped += echo_waiting(e);
	while (e->batched)
		free(e->batch[--e->batched]);
	while (e->ready.count)
		free(answers_take(&e->ready));
	e->waiting_bytes = 0;
	e->full = false;
}
