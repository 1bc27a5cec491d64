// SPDX-License-Identifier: GPL-2.0-only
/*
 * The echo device. A packet that wants a completion gets its own payload back;
 * one with external data (GPA direct) gets length and CRC-32 of that. As a pipe
 * it gives messages back as messages. Answers can be held back, delayed and
 * shuffled, so that guests meet full rings and every order; external data is not
 * touched before its answer is due.
 */
#include <assert.h>
#include <string.h>

#include <kmcl/hvhost.h>

#include "dev_echo.h"
#include "device.h"
#include "json.h"

struct pipe_header {
	uint32_t type;
	uint32_t length;
};

static_assert(sizeof(struct pipe_header) == HVHOST_PIPE_HEADER, "pipe header");

static const struct option_key keys[] = {
	{ "gpa-write", OPTION_CHOICE, offsetof(struct echo, gpa_write), 0, 0, 0, "off|on",
	  "XOR external data with 0xff after reading (off)" },
	{ "hold", OPTION_NUMBER, offsetof(struct echo, hold), 1, 1, ECHO_HOLD_MAX, NULL,
	  "answer when that many wait (1)" },
	{ "idle-ms", OPTION_NUMBER, offsetof(struct echo, idle_ms), 20, 1, 60000, NULL,
	  "or when no packet came for so long (20)" },
	{ "delay-ms", OPTION_SPAN, offsetof(struct echo, delay_ms), 0, 0, 60000, NULL,
	  "from then to answering, each packet its own (0)" },
	{ "order", OPTION_CHOICE, offsetof(struct echo, order), ECHO_FIFO, 0, 0,
	  "fifo|reverse|random", "within those held (fifo)" },
	{ "reorder", OPTION_NUMBER, offsetof(struct echo, reorder), 0, 2, ECHO_HOLD_MAX, NULL,
	  "hold=N and order=reverse in one" },
	{ "silent", OPTION_CHOICE, offsetof(struct echo, silent), 0, 0, 0, "off|on",
	  "count and never answer (off)" },
	{ "bad-answer", OPTION_CHOICE, offsetof(struct echo, bad_answer), 0, 0, 0, "off|gap",
	  "gap: completions with 8 bytes between descriptor and payload (off)" },
	{ "pipe", OPTION_CHOICE, offsetof(struct echo, pipe), 0, 0, 0, "off|on",
	  "be a pipe in message mode (off)" },
	{ 0 }
};

static const char *echo_check(const void *state)
{
	const struct echo *e = state;
	const bool held = e->hold > 1 || e->order != ECHO_FIFO;

	if (e->reorder && held)
		return "reorder=N is hold=N,order=reverse; give one or the other";
	if (e->silent && (held || e->reorder || e->delay_ms.max || e->gpa_write))
		return "silent=on answers nothing: hold=, order=, reorder=, delay-ms= and gpa-write= "
		       "go with answers";
	return NULL;
}

/* Hosts answer nothing whose id is 0. */
static bool wants_completion(struct echo *e, const struct packet *p)
{
	if (!(p->flags & PACKET_WANTS_COMPLETION))
		return false;
	e->id_zero += !p->trans_id;
	return p->trans_id && !e->silent;
}

static void refuse_external(struct channel *ch, const struct packet *p, enum proto_error why)
{
	struct echo *e = ch->dev->state;

	e->gpa_bad++;
	channel_error(ch, why);
	if (wants_completion(e, p))
		echo_answer(ch, PACKET_COMPLETION, p->trans_id, NULL, 0);
}

static void echo_external(struct channel *ch, const struct packet *p)
{
	struct echo *e = ch->dev->state;
	uint32_t reply[2];
	struct external x;
	enum proto_error why = external_take(p, &x);

	e->packets++;
	e->gpa_packets++;
	if (why) {
		refuse_external(ch, p, why);
		return;
	}
	if (e->silent)
		return;
	if (wants_completion(e, p))
		echo_answer_external(ch, p->trans_id, &x);
	else
		echo_go_through(e, &x, reply);
}

static void echo_inband(struct channel *ch, const struct packet *p)
{
	struct echo *e = ch->dev->state;

	e->packets++;
	e->oneway += !(p->flags & PACKET_WANTS_COMPLETION);
	if (wants_completion(e, p))
		echo_answer(ch, PACKET_COMPLETION, p->trans_id, p->payload, p->len);
}

static bool message_valid(const struct packet *p, struct pipe_header *h)
{
	if ((p->flags & PACKET_WANTS_COMPLETION) || p->len < sizeof(*h))
		return false;
	memcpy(h, p->payload, sizeof(*h));
	/* The wire adds up to 7 bytes. */
	return h->type == HVHOST_PIPE_DATA && h->length <= p->len - sizeof(*h) &&
	       p->len - sizeof(*h) - h->length < 8;
}

static void echo_message(struct channel *ch, const struct packet *p)
{
	struct echo *e = ch->dev->state;
	struct pipe_header h;

	e->packets++;
	if (!message_valid(p, &h)) {
		e->pipe_bad++;
		channel_error(ch, PROTO_ERROR_pipe_framing);
		if (wants_completion(e, p))
			echo_answer(ch, PACKET_COMPLETION, p->trans_id, NULL, 0);
		return;
	}
	if (!e->silent)
		echo_answer(ch, PACKET_INBAND, p->trans_id, p->payload, sizeof(h) + h.length);
}

static void echo_packet(struct channel *ch, const struct packet *p)
{
	const struct echo *e = ch->dev->state;

	switch (p->type) {
	case PACKET_INBAND:
		if (e->pipe)
			echo_message(ch, p);
		else
			echo_inband(ch, p);
		break;
	case PACKET_GPA_DIRECT:
		echo_external(ch, p);
		break;
	case PACKET_COMPLETION:
		channel_error(ch, PROTO_ERROR_completion_unexpected);
		break;
	default:
		channel_error(ch, PROTO_ERROR_packet_type);
		break;
	}
}

static bool echo_start(struct device *dev)
{
	struct echo *e = dev->state;

	dev->message_pipe = e->pipe;
	if (e->reorder) {
		e->hold = e->reorder;
		e->order = ECHO_REVERSE;
	}
	return echo_hold_start(dev);
}

static void echo_opened(struct channel *ch)
{
	(void)ch;
}

static void echo_closed(struct channel *ch)
{
	echo_drop(ch->dev->state);
}

static void echo_stats(const struct device *dev, struct json *j)
{
	const struct echo *e = dev->state;

	json_number(j, "packets", e->packets);
	json_number(j, "oneway", e->oneway);
	json_number(j, "gpa_packets", e->gpa_packets);
	json_number(j, "gpa_bytes", e->gpa_bytes);
	json_number(j, "gpa_bad", e->gpa_bad);
	json_number(j, "pipe_bad", e->pipe_bad);
	json_number(j, "id_zero", e->id_zero);
	json_number(j, "completed", e->completed);
	json_number(j, "waiting", echo_waiting(e));
	json_number(j, "most_waiting", e->most_waiting);
	json_number(j, "dropped", e->dropped);
}

const struct device_type echo_device = {
	.name = "echo",
	.help = "gives back what it gets, or length and CRC-32 of external data",
	.guid = HVHOST_ECHO_TYPE(GUID_BYTES),
	.state_size = sizeof(struct echo),
	.keys = keys,
	.check = echo_check,
	.start = echo_start,
	.opened = echo_opened,
	.closed = echo_closed,
	.packet = echo_packet,
	.writable = echo_flush,
	.stats = echo_stats,
};
