// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a channel: relids, offer, open, close, rescind and release. What
 * flows through an open one is in traffic.c.
 */
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "control.h"
#include "device.h"
#include "gpadl.h"
#include "json.h"
#include "log.h"
#include "loop.h"
#include "monitor.h"
#include "offer.h"
#include "synic.h"
#include "traffic.h"
#include "vm.h"

static struct channel *by_relid[RELID_MAX + 1];
static uint32_t last_relid;

struct channel *channel_find(uint32_t relid)
{
	return relid <= RELID_MAX ? by_relid[relid] : NULL;
}

uint32_t channel_connection(const struct channel *ch)
{
	return VMBUS_SINT << 12 | ch->relid;
}

bool channel_init(struct channel *ch, struct device *dev, uint16_t sub_channel)
{
	memset(ch, 0, sizeof(*ch));
	ch->dev = dev;
	ch->sub_channel = sub_channel;
	ch->monitor_id = MONITOR_NONE;
	ch->again = loop_timer_new(traffic_continue, ch);
	return ch->again && (!dev->monitor || monitor_take(&ch->monitor_id));
}

/* Goes round, so that a released relid rests as long as it can. */
static bool relid_take(struct channel *ch)
{
	unsigned int tries;

	for (tries = 0; tries < RELID_MAX; tries++) {
		last_relid = last_relid % RELID_MAX + 1;
		if (by_relid[last_relid])
			continue;
		by_relid[last_relid] = ch;
		ch->relid = last_relid;
		return true;
	}
	return false;
}

static void relid_free(struct channel *ch)
{
	gpadl_drop_channel(ch->relid);
	by_relid[ch->relid] = NULL;
	ch->relid = 0;
	ch->state = CHANNEL_ABSENT;
}

void channel_offer(struct channel *ch)
{
	if (ch->state != CHANNEL_ABSENT)
		return;
	if (!relid_take(ch)) {
		log_info("vmbus: no relid left, a device is not offered");
		return;
	}
	ch->state = CHANNEL_OFFERED;
	ch->dev->offers++;
	offer_send(ch);
}

/* OPEN to OFFERED; the device hears of it with the rings gone already. */
static void shut(struct channel *ch)
{
	synic_connection_close(control_vm(), channel_connection(ch));
	monitor_unwatch(ch);
	loop_timer_arm(ch->again, 0, 0);
	ring_detach(&ch->in);
	ring_detach(&ch->out);
	ch->state = CHANNEL_OFFERED;
	ch->stalled = false;
	ch->waiting = false;
	device_closed(ch);
}

void channel_rescind(struct channel *ch)
{
	const struct msg_relid m = {
		.header.type = MSG_RESCIND,
		.relid = ch->relid,
	};

	if (ch->state == CHANNEL_OPEN)
		shut(ch);
	if (ch->state != CHANNEL_OFFERED)
		return;
	ch->state = CHANNEL_RESCINDED;
	ch->dev->rescinds++;
	control_post(&m, sizeof(m));
}

void channel_reset(struct channel *ch)
{
	bool was_rescinded = ch->state == CHANNEL_RESCINDED;

	if (ch->state == CHANNEL_OPEN)
		shut(ch);
	if (ch->state != CHANNEL_ABSENT)
		relid_free(ch);
	if (was_rescinded)
		device_released(ch);
}

/* A guest releases what was rescinded, and an offer that it cannot use. */
void channel_on_released(const void *message, size_t len)
{
	const struct msg_relid *m = message;
	struct channel *ch = channel_find(m->relid);

	(void)len;
	if (!ch) {
		control_error(PROTO_ERROR_relid_unknown, m->relid);
		return;
	}
	if (ch->state == CHANNEL_OPEN) {
		control_error(PROTO_ERROR_channel_state, m->relid);
		return;
	}
	relid_free(ch);
	device_released(ch);
}

static bool attach_rings(struct channel *ch, uint8_t **page, uint32_t pages, uint32_t split)
{
	if (!ring_attach_inbound(&ch->in, page, split))
		return false;
	if (ring_attach_outbound(&ch->out, page + split, pages - split))
		return true;
	ring_detach(&ch->in);
	return false;
}

static enum proto_error open_rings(struct channel *ch, const struct msg_open *m)
{
	struct gpadl *g = gpadl_find(m->relid, m->gpadl);
	enum proto_error e = PROTO_OK;
	uint32_t pages = 0;
	uint8_t **page = g ? gpadl_pages(g, &pages) : NULL;

	if (!page)
		return PROTO_ERROR_open_gpadl;
	/* Each ring has a header page and one data page at least. */
	if (m->downstream_page < 2 || pages < 4 || m->downstream_page > pages - 2)
		e = PROTO_ERROR_open_offset;
	else if (!attach_rings(ch, page, pages, m->downstream_page))
		e = PROTO_ERROR_ring_index;
	free(page);
	return e;
}

static enum proto_error open_check(const struct channel *ch, const struct msg_open *m)
{
	if (!ch)
		return PROTO_ERROR_relid_unknown;
	if (ch->state != CHANNEL_OFFERED)
		return PROTO_ERROR_channel_state;
	if (m->target_vp >= vm_vcpus(control_vm()))
		return PROTO_ERROR_open_vp;
	return PROTO_OK;
}

static enum proto_error try_open(struct channel *ch, const struct msg_open *m)
{
	enum proto_error e = open_check(ch, m);

	if (!e)
		e = open_rings(ch, m);
	if (e)
		return e;
	ch->target_vp = m->target_vp;
	ch->broken = PROTO_OK;
	ch->state = CHANNEL_OPEN;
	ch->ring_gpadl = m->gpadl;
	synic_connection_open(control_vm(), channel_connection(ch), traffic_signalled, ch);
	monitor_watch(ch);
	return PROTO_OK;
}

void channel_on_open(const void *message, size_t len)
{
	const struct msg_open *m = message;
	struct channel *ch = channel_find(m->relid);
	bool rescinded = ch && ch->state == CHANNEL_RESCINDED;
	enum proto_error e = try_open(ch, m);
	const struct msg_open_result reply = {
		.header.type = MSG_OPEN_RESULT,
		.relid = m->relid,
		.open_id = m->open_id,
		.status = e ? STATUS_UNSUCCESSFUL : STATUS_OK,
	};

	(void)len;
	if (e && !rescinded)	/* the guest may not have heard of the rescind yet */
		control_error(e, m->relid);
	control_post(&reply, sizeof(reply));
	if (e)
		return;
	device_opened(ch);
	traffic_continue(ch);	/* data may wait already */
}

/* No reply. A guest closes what was rescinded, too. */
void channel_on_close(const void *message, size_t len)
{
	const struct msg_relid *m = message;
	struct channel *ch = channel_find(m->relid);

	(void)len;
	if (!ch)
		control_error(PROTO_ERROR_relid_unknown, m->relid);
	else if (ch->state == CHANNEL_OPEN)
		shut(ch);
	else if (ch->state != CHANNEL_RESCINDED)
		control_error(PROTO_ERROR_channel_state, m->relid);
}

static enum proto_error modify(struct channel *ch, const struct msg_modify *m)
{
	if (!ch)
		return PROTO_ERROR_relid_unknown;
	if (ch->state != CHANNEL_OPEN)
		return PROTO_ERROR_channel_state;
	if (m->target_vp >= vm_vcpus(control_vm()))
		return PROTO_ERROR_modify_vp;
	ch->target_vp = m->target_vp;
	return PROTO_OK;
}

void channel_on_modify(const void *message, size_t len)
{
	const struct msg_modify *m = message;
	struct channel *ch = channel_find(m->relid);
	enum proto_error e = modify(ch, m);
	const struct msg_modify_response reply = {
		.header.type = MSG_MODIFY_RESPONSE,
		.relid = m->relid,
		.status = e ? STATUS_UNSUCCESSFUL : STATUS_OK,
	};

	(void)len;
	if (e && !(ch && ch->state == CHANNEL_RESCINDED))
		control_error(e, m->relid);
	if (control_version() >= VERSION_5_3)
		control_post(&reply, sizeof(reply));
}

/* The rings' own GPADL is made before the channel is open, and has to be. */
enum gpadl_verdict channel_gpadl_made(uint32_t relid)
{
	struct channel *ch = channel_find(relid);

	if (!ch || ch->state != CHANNEL_OPEN || !ch->dev->type->gpadl)
		return GPADL_ACCEPTED;
	return ch->dev->type->gpadl(ch);
}

void channel_gpadl_gone(uint32_t relid, uint32_t id)
{
	struct channel *ch = channel_find(relid);

	if (ch && ch->state == CHANNEL_OPEN && ch->ring_gpadl == id)
		channel_break(ch, PROTO_ERROR_gpadl_in_use);
}

void channel_error(struct channel *ch, enum proto_error why)
{
	proto_error_count(&ch->errors, why, ch->relid);
}

/* A packet of it may be in the device's hands: what was allocated stays until it is shut. */
void channel_break(struct channel *ch, enum proto_error why)
{
	if (ch->state != CHANNEL_OPEN || ch->broken)
		return;
	ch->broken = why;
	channel_error(ch, why);
	loop_timer_arm(ch->again, 0, 0);
}

void channel_stats(const struct channel *ch, struct json *j)
{
	const struct channel_counts *c = &ch->counts;

	json_open(j, NULL);
	json_number(j, "sub_channel", ch->sub_channel);
	json_number(j, "relid", ch->relid);
	json_bool(j, "open", ch->state == CHANNEL_OPEN);
	json_string(j, "broken", ch->broken ? proto_error_name(ch->broken) : NULL);
	json_number(j, "packets_in", c->packets_in);
	json_number(j, "packets_out", c->packets_out);
	json_number(j, "bytes_in", c->bytes_in);
	json_number(j, "bytes_out", c->bytes_out);
	json_number(j, "completions_in", c->completions_in);
	json_number(j, "completions_out", c->completions_out);
	json_number(j, "signals_in", c->signals_in);
	json_number(j, "signals_out", c->signals_out);
	json_number(j, "monitor_signals_in", c->monitor_signals_in);
	json_number(j, "ring_full", c->ring_full);
	proto_error_stats(&ch->errors, j);
	json_close(j);
}
