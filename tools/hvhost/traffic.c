// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic of an open channel: reading packets in turns, checking what holds for
 * every device, handing them on, writing, and signalling. A device may break or
 * stall the channel from inside its callbacks, but closing comes only from
 * messages and timers, never from below.
 */
#include "channel.h"
#include "control.h"
#include "device.h"
#include "log.h"
#include "loop.h"
#include "synic.h"
#include "traffic.h"

#define TURN	256	/* packets before other channels have theirs */
#define SOON	1	/* nanosecond: in the next round of the loop */

static bool alive(const struct channel *ch)
{
	return ch->state == CHANNEL_OPEN && !ch->broken;
}

static void signal_guest(struct channel *ch)
{
	ch->counts.signals_out++;
	synic_signal_event(control_vm(), ch->target_vp, ch->relid);
}

static enum proto_error ring_error(enum ring_status s)
{
	switch (s) {
	case RING_BAD_INDEX:
		return PROTO_ERROR_ring_index;
	case RING_BAD_LENGTH:
		return PROTO_ERROR_ring_length;
	case RING_BAD_OFFSET:
		return PROTO_ERROR_ring_offset;
	case RING_OK:
	case RING_EMPTY:
	case RING_FULL:
	case RING_UNFIT:
		break;
	}
	return PROTO_OK;
}

static enum proto_error packet_check(const struct packet *p)
{
	switch (p->type) {
	case PACKET_INBAND:
	case PACKET_XFER_PAGES:
	case PACKET_GPA_DIRECT:
	case PACKET_COMPLETION:
		break;
	default:
		return PROTO_ERROR_packet_type;
	}
	if (p->flags & ~PACKET_WANTS_COMPLETION)
		return PROTO_ERROR_packet_flags;
	if ((p->type == PACKET_XFER_PAGES || p->type == PACKET_GPA_DIRECT) && p->header_len < 8)
		return PROTO_ERROR_packet_header;
	return PROTO_OK;
}

static void deliver(struct channel *ch, const struct packet *p)
{
	enum proto_error e = packet_check(p);

	if (e) {
		channel_break(ch, e);
		return;
	}
	ch->counts.packets_in++;
	ch->counts.bytes_in += p->len;
	ch->counts.completions_in += p->type == PACKET_COMPLETION;
	ch->dev->type->packet(ch, p);
}

/* Returns true if the turn ended with packets left that the device would take. */
static bool read_turn(struct channel *ch)
{
	struct packet p;
	enum ring_status s;
	unsigned int n;

	for (n = 0; n < TURN && alive(ch) && !ch->stalled; n++) {
		s = ring_read(&ch->in, &p);
		if (s == RING_EMPTY)
			return false;
		if (s == RING_OK)
			deliver(ch, &p);
		else
			channel_break(ch, ring_error(s));
	}
	return alive(ch) && !ch->stalled;
}

static void read_done(struct channel *ch)
{
	if (alive(ch) && ring_read_done(&ch->in))
		signal_guest(ch);
}

/*
 * The guest need not signal while we read, nor for a packet behind one that it cannot see
 * as read. So the last look comes after both: the read index is published and the mask
 * taken away. What it finds nobody signals.
 */
static bool masked_turn(struct channel *ch)
{
	bool more;

	ring_mask(&ch->in, true);
	more = read_turn(ch);
	read_done(ch);
	if (!alive(ch))
		return false;
	ring_mask(&ch->in, false);
	return more || (!ch->stalled && ring_has_more(&ch->in));
}

void traffic_continue(void *ctx)
{
	struct channel *ch = ctx;

	if (!alive(ch) || ch->stalled)
		return;
	if (masked_turn(ch) && !ch->stalled && masked_turn(ch))
		loop_timer_arm(ch->again, SOON, 0);
}

static void attend(struct channel *ch)
{
	if (!alive(ch))
		return;
	if (ch->waiting && ch->dev->type->writable)
		ch->dev->type->writable(ch);
	traffic_continue(ch);
}

void traffic_signalled(void *ctx)
{
	struct channel *ch = ctx;

	ch->counts.signals_in++;
	attend(ch);
}

void traffic_monitored(struct channel *ch)
{
	ch->counts.monitor_signals_in++;
	attend(ch);
}

void channel_stall(struct channel *ch)
{
	ch->stalled = true;
}

void channel_resume(struct channel *ch)
{
	if (!ch->stalled)
		return;
	ch->stalled = false;
	if (alive(ch))
		loop_timer_arm(ch->again, SOON, 0);
}

bool channel_fits(const struct channel *ch, uint32_t bytes)
{
	uint64_t whole = sizeof(struct packet_descriptor) + (((uint64_t)bytes + 7) & ~7ull);

	return whole <= PACKET_LEN_MAX && whole + PACKET_TRAILER < ch->out.size;
}

static enum send_status refused(struct channel *ch, enum ring_status s)
{
	if (s == RING_UNFIT)
		return SEND_UNFIT;
	if (s == RING_FULL) {
		ch->counts.ring_full += !ch->waiting;
		ch->waiting = true;
		return SEND_FULL;
	}
	channel_break(ch, ring_error(s));
	return SEND_GONE;
}

enum send_status channel_send(struct channel *ch, const struct packet *p)
{
	enum ring_status s;
	bool signal = false;

	if (!alive(ch))
		return SEND_GONE;
	s = ring_write(&ch->out, p, &signal);
	if (s != RING_OK)
		return refused(ch, s);
	ch->waiting = false;
	ch->counts.packets_out++;
	ch->counts.bytes_out += (p->len + 7u) & ~7u;
	ch->counts.completions_out += p->type == PACKET_COMPLETION;
	if (signal)
		signal_guest(ch);
	return SEND_OK;
}
