// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gpadl device: maps GPADLs that the guest names, checks and fills them, and
 * sends transfer pages out of them. While one is mapped its teardown is not
 * confirmed, so a guest that takes its memory back too early is found out.
 *
 * Packets and completions are of different sizes. The ring remembers only what
 * was refused last, so once it is full nothing is sent before it was tried again
 * in the order of gpadl_writable(): what is small could pass what is large, and
 * that would wait for ever.
 */
#include "dev_gpadl.h"

#include <string.h>

#include "device.h"
#include "gpadl.h"
#include "json.h"
#include "loop.h"

#define WINDOW	16

static const struct option_key keys[] = {
	{ "window", OPTION_NUMBER, offsetof(struct gpadl_state, window), WINDOW, 1,
	  XFER_WINDOW_MAX, NULL, "transfer page packets in flight, of one SEND (16)" },
	{ "bad-xfer", OPTION_CHOICE, offsetof(struct gpadl_state, fault), XFER_GOOD, 0, 0,
	  "off|outside|empty|count|set|wrap", "spoil transfer page packets (off)" },
	{ "refuse", OPTION_CHOICE, offsetof(struct gpadl_state, refuse), 0, 0, 0, "off|on",
	  "refuse GPADLs (off)" },
	{ "mute-gpadl", OPTION_CHOICE, offsetof(struct gpadl_state, mute), 0, 0, 0, "off|on",
	  "do not answer when GPADLs are made (off)" },
	{ 0 }
};

static const char *gpadl_check(const void *state)
{
	const struct gpadl_state *s = state;

	if (s->refuse && s->mute)
		return "refuse=on answers, mute-gpadl=on does not; it can only be one of them";
	if ((s->refuse || s->mute) && (s->fault != XFER_GOOD || s->window != WINDOW))
		return "window= and bad-xfer= need GPADLs, refuse=on and mute-gpadl=on give none";
	return NULL;
}

static enum send_status complete(struct channel *ch, const struct gpadl_completion *c)
{
	const struct packet p = {
		.type = PACKET_COMPLETION,
		.trans_id = c->id,
		.payload = &c->reply,
		.len = sizeof(c->reply),
	};

	return channel_send(ch, &p);
}

/* There is room: while one waits no request is read. */
static void answer(struct channel *ch, uint64_t id, const struct gpadl_reply *reply)
{
	struct gpadl_state *s = ch->dev->state;
	const struct gpadl_completion c = { id, *reply };

	if (!s->nr_waiting && !ch->waiting && complete(ch, &c) != SEND_FULL)
		return;
	s->waiting[s->nr_waiting++] = c;
	channel_stall(ch);
}

static void flush(struct channel *ch)
{
	struct gpadl_state *s = ch->dev->state;
	unsigned int sent = 0;

	while (sent < s->nr_waiting && complete(ch, &s->waiting[sent]) != SEND_FULL)
		sent++;
	s->nr_waiting -= sent;
	memmove(s->waiting, s->waiting + sent, s->nr_waiting * sizeof(s->waiting[0]));
	if (!s->nr_waiting)
		channel_resume(ch);
}

static void pump(struct channel *ch, struct mapping *m)
{
	struct gpadl_state *s = ch->dev->state;

	s->xfer_sent += xfer_pump(m->xfer, ch);
}

static void gpadl_writable(struct channel *ch)
{
	struct gpadl_state *s = ch->dev->state;
	struct mapping *m;

	flush(ch);
	if (s->nr_waiting)
		return;
	for_each_mapping(m, &s->maps) {
		if (m->xfer)
			pump(ch, m);
		if (ch->waiting)
			return;
	}
}

/* Hosts answer nothing whose id is 0. */
static void request(struct channel *ch, const struct packet *p)
{
	struct gpadl_reply reply = { 0 };
	struct mapping *m;

	if (!p->trans_id || !(p->flags & PACKET_WANTS_COMPLETION)) {
		channel_error(ch, PROTO_ERROR_request_unanswerable);
		return;
	}
	if (gpadl_perform(ch, p, &reply, &m)) {
		answer(ch, p->trans_id, &reply);
		return;
	}
	m->send_id = p->trans_id;
	if (!ch->waiting)
		pump(ch, m);
}

static void xfer_end(struct channel *ch, struct mapping *m, uint32_t status)
{
	const struct gpadl_reply reply = {
		.status = status,
		.value = status ? 0 : xfer_wrong(m->xfer),
	};

	xfer_free(m->xfer);
	m->xfer = NULL;
	answer(ch, m->send_id, &reply);
}

static void xfer_goes_on(struct channel *ch, struct mapping *m)
{
	if (xfer_over(m->xfer))
		xfer_end(ch, m, HVHOST_GPADL_OK);
	else if (!ch->waiting)
		pump(ch, m);
}

static void completion(struct channel *ch, const struct packet *p)
{
	struct gpadl_state *s = ch->dev->state;
	struct mapping *m = &s->maps.map[xfer_number(p->trans_id)];

	switch (m->xfer ? xfer_completed(m->xfer, p) : XFER_NOT_MINE) {
	case XFER_NOT_MINE:
		if (xfer_was_sent(&s->ids, p->trans_id))
			s->duplicate++;
		else
			s->unknown++;
		break;
	case XFER_WRONG:
		s->xfer_mismatched++;
		xfer_goes_on(ch, m);
		break;
	case XFER_RIGHT:
		s->xfer_completed++;
		xfer_goes_on(ch, m);
		break;
	}
}

static void gpadl_packet(struct channel *ch, const struct packet *p)
{
	switch (p->type) {
	case PACKET_INBAND:
		request(ch, p);
		break;
	case PACKET_COMPLETION:
		completion(ch, p);
		break;
	default:
		channel_error(ch, PROTO_ERROR_packet_type);
		break;
	}
}

void gpadl_rearm(struct gpadl_state *s)
{
	uint64_t due = mappings_due(&s->maps), now = loop_now();

	if (due == UINT64_MAX)
		loop_timer_arm(s->timer, 0, 0);
	else
		loop_timer_arm(s->timer, due > now ? due - now : 1, 0);
}

static void unmap_due(void *ctx)
{
	struct device *dev = ctx;
	struct gpadl_state *s = dev->state;
	const uint64_t now = loop_now();
	struct mapping *m;

	for_each_mapping(m, &s->maps) {
		if (!m->due || m->due > now)
			continue;
		if (m->xfer) {
			xfer_forget(&s->ids);
			xfer_end(&dev->channel, m, HVHOST_GPADL_NOT_MAPPED);
		}
		mapping_end(&s->maps, m);
	}
	gpadl_rearm(s);
}

static bool gpadl_start(struct device *dev)
{
	struct gpadl_state *s = dev->state;

	s->timer = loop_timer_new(unmap_due, dev);
	return s->timer;
}

static void gpadl_opened(struct channel *ch)
{
	struct gpadl_state *s = ch->dev->state;

	xfer_ids_open(&s->ids);
}

static void gpadl_closed(struct channel *ch)
{
	struct gpadl_state *s = ch->dev->state;
	struct mapping *m;

	for_each_mapping(m, &s->maps) {
		xfer_free(m->xfer);
		mapping_end(&s->maps, m);
	}
	gpadl_rearm(s);
	s->nr_waiting = 0;
	s->negotiated = false;
}

static enum gpadl_verdict gpadl_made(struct channel *ch)
{
	struct gpadl_state *s = ch->dev->state;

	s->refused += s->refuse;
	s->unanswered += s->mute;
	if (s->refuse)
		return GPADL_REFUSED;
	return s->mute ? GPADL_UNANSWERED : GPADL_ACCEPTED;
}

static void gpadl_stats(const struct device *dev, struct json *j)
{
	const struct gpadl_state *s = dev->state;

	json_number(j, "mapped", s->maps.mapped);
	json_number(j, "unmapped", s->maps.unmapped);
	json_number(j, "filled", s->filled);
	json_number(j, "checked", s->checked);
	json_number(j, "mismatched", s->mismatched);
	json_number(j, "xfer_sent", s->xfer_sent);
	json_number(j, "xfer_completed", s->xfer_completed);
	json_number(j, "xfer_mismatched", s->xfer_mismatched);
	json_number(j, "duplicate", s->duplicate);
	json_number(j, "unknown", s->unknown);
	json_number(j, "withheld_torndown", mappings_withheld(&s->maps));
	json_number(j, "refused", s->refused);
	json_number(j, "unanswered", s->unanswered);
}

const struct device_type gpadl_device = {
	.name = "gpadl",
	.help = "maps GPADLs, checks and fills them, sends transfer pages out of them",
	.guid = HVHOST_GPADL_TYPE(GUID_BYTES),
	.state_size = sizeof(struct gpadl_state),
	.keys = keys,
	.check = gpadl_check,
	.start = gpadl_start,
	.opened = gpadl_opened,
	.closed = gpadl_closed,
	.packet = gpadl_packet,
	.writable = gpadl_writable,
	.gpadl = gpadl_made,
	.stats = gpadl_stats,
};
