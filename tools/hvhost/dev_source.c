// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source device: sends numbered packets of known contents and checks each
 * completion. Outstanding packets live in a table of slots; the id on the wire
 * names the slot, the packet and the opening of the channel, so that a completion
 * that comes twice, late or from nowhere is told apart.
 */
#include <stdlib.h>
#include <string.h>

#include <kmcl/hvhost.h>

#include "crc32.h"
#include "device.h"
#include "json.h"
#include "log.h"
#include "loop.h"

#define DEPTH_MAX	65535
#define PAYLOAD_MAX	(PACKET_LEN_MAX - 16)
#define TURN		256	/* packets before the loop goes round */
#define NS		1000000000ull
#define NO_SLOT		UINT32_MAX

struct slot {
	uint64_t id;		/* 0: free */
	uint64_t seq;
	uint32_t crc;
	uint32_t older, newer;	/* outstanding, in the order sent; free: newer is the next free */
};

struct source {
	uint64_t count;
	uint64_t min, max;
	uint64_t seed;
	uint64_t completion;
	uint64_t rate;
	uint64_t depth;
	uint64_t fifo;
	int64_t start_ms;
	struct slot *slots;
	uint32_t free;
	uint32_t oldest, newest;
	uint32_t outstanding;
	uint8_t *payload;
	struct loop_timer *timer;
	uint64_t random;
	uint16_t opening;
	uint64_t started;	/* loop_now(), 0: not yet */
	uint64_t seq;		/* to send next, since the channel opened */
	bool refused;		/* the ring is too small for max */
	uint64_t open_completed;
	uint64_t sent;
	uint64_t sent_bytes;
	uint64_t completed;
	uint64_t duplicate;
	uint64_t unknown;
	uint64_t mismatched;
	uint64_t out_of_order;
	uint64_t abandoned;
	uint64_t most_outstanding;
};

static const struct option_key keys[] = {
	{ "count", OPTION_NUMBER, offsetof(struct source, count), 1000, 0, UINT32_MAX, NULL,
	  "packets to send at each opening, 0: no end (1000)" },
	{ "min", OPTION_NUMBER, offsetof(struct source, min), HVHOST_SOURCE_HEADER,
	  HVHOST_SOURCE_HEADER, PAYLOAD_MAX, NULL, "least payload bytes (16)" },
	{ "max", OPTION_NUMBER, offsetof(struct source, max), 1024, HVHOST_SOURCE_HEADER,
	  PAYLOAD_MAX, NULL, "most payload bytes (1024)" },
	{ "seed", OPTION_NUMBER, offsetof(struct source, seed), 1, 1, UINT32_MAX, NULL,
	  "of sizes and contents (1)" },
	{ "completion", OPTION_CHOICE, offsetof(struct source, completion), 1, 0, 0, "off|on",
	  "ask for completions (on)" },
	{ "rate", OPTION_NUMBER, offsetof(struct source, rate), 0, 0, 1000000, NULL,
	  "packets a second, 0: as the ring allows (0)" },
	{ "depth", OPTION_NUMBER, offsetof(struct source, depth), 64, 1, DEPTH_MAX, NULL,
	  "most packets uncompleted (64)" },
	{ "order", OPTION_CHOICE, offsetof(struct source, fifo), 0, 0, 0, "any|fifo",
	  "of completions; fifo: any other is an error (any)" },
	{ "start-ms", OPTION_NUMBER, offsetof(struct source, start_ms), 0, 0, 3600000, NULL,
	  "from opening to the first packet (0)" },
	{ 0 }
};

static const char *source_check(const void *state)
{
	const struct source *s = state;

	return s->min > s->max ? "min= is above max=" : NULL;
}

static uint32_t next_random(struct source *s)
{
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return s->random >> 33;
}

static void slots_reset(struct source *s)
{
	uint32_t i;

	for (i = 0; i < s->depth; i++) {
		s->slots[i].id = 0;
		s->slots[i].newer = i + 1 < s->depth ? i + 1 : NO_SLOT;
	}
	s->free = 0;
	s->oldest = NO_SLOT;
	s->newest = NO_SLOT;
	s->outstanding = 0;
}

static uint64_t make_id(const struct source *s, uint32_t slot)
{
	return (uint64_t)s->opening << 48 | (uint64_t)(slot + 1) << 32 | (uint32_t)s->seq;
}

static void slot_take(struct source *s, uint32_t crc)
{
	uint32_t i = s->free;
	struct slot *slot = &s->slots[i];

	s->free = slot->newer;
	slot->id = make_id(s, i);
	slot->seq = s->seq;
	slot->crc = crc;
	slot->newer = NO_SLOT;
	slot->older = s->newest;
	if (s->newest == NO_SLOT)
		s->oldest = i;
	else
		s->slots[s->newest].newer = i;
	s->newest = i;
	if (++s->outstanding > s->most_outstanding)
		s->most_outstanding = s->outstanding;
}

static void slot_give(struct source *s, uint32_t i)
{
	struct slot *slot = &s->slots[i];

	if (slot->older == NO_SLOT)
		s->oldest = slot->newer;
	else
		s->slots[slot->older].newer = slot->newer;
	if (slot->newer == NO_SLOT)
		s->newest = slot->older;
	else
		s->slots[slot->newer].older = slot->older;
	slot->id = 0;
	slot->newer = s->free;
	s->free = i;
	s->outstanding--;
}

static uint32_t payload_make(struct source *s)
{
	uint32_t len = s->min + next_random(s) % (s->max - s->min + 1), seed = next_random(s), i;
	uint8_t *data = s->payload + HVHOST_SOURCE_HEADER;

	memcpy(s->payload, &s->seq, 8);
	memcpy(s->payload + 8, &len, 4);
	memcpy(s->payload + 12, &seed, 4);
	for (i = 0; i < len - HVHOST_SOURCE_HEADER; i++)
		data[i] = HVHOST_PATTERN(seed, i);
	return len;
}

static enum send_status send_one(struct channel *ch)
{
	struct source *s = ch->dev->state;
	const uint64_t random = s->random;
	const uint32_t len = payload_make(s);
	const struct packet p = {
		.type = PACKET_INBAND,
		.flags = s->completion ? PACKET_WANTS_COMPLETION : 0,
		.trans_id = s->completion ? make_id(s, s->free) : 0,
		.payload = s->payload,
		.len = len,
	};
	enum send_status status = channel_send(ch, &p);

	if (status != SEND_OK) {
		s->random = random;	/* the same packet next time */
		return status;
	}
	if (s->completion)
		slot_take(s, crc32_update(0, s->payload, len));
	s->seq++;
	s->sent++;
	s->sent_bytes += len;
	return SEND_OK;
}

/* How many the rate allows by now. */
static uint64_t allowed(const struct source *s)
{
	if (!s->rate)
		return UINT64_MAX;
	return (unsigned __int128)(loop_now() - s->started) * s->rate / NS + 1;
}

static bool may_send(const struct source *s)
{
	if (s->count && s->seq >= s->count)
		return false;
	return !s->completion || s->outstanding < s->depth;
}

static void pump(struct channel *ch)
{
	struct source *s = ch->dev->state;
	uint64_t limit = allowed(s);
	unsigned int turn = TURN;

	if (!s->started || s->refused)
		return;
	while (may_send(s) && s->seq < limit) {
		if (!turn--) {
			loop_timer_arm(s->timer, 1, 0);
			return;
		}
		if (send_one(ch) != SEND_OK)
			return;	/* a signal will tell */
	}
	if (may_send(s))
		loop_timer_arm(s->timer, NS / s->rate, 0);
}

static void source_due(void *ctx)
{
	struct device *dev = ctx;
	struct source *s = dev->state;

	if (!s->started)
		s->started = loop_now();
	pump(&dev->channel);
}

static bool source_start(struct device *dev)
{
	struct source *s = dev->state;

	s->slots = calloc(s->depth, sizeof(*s->slots));
	s->payload = malloc(s->max);
	s->timer = loop_timer_new(source_due, dev);
	return s->slots && s->payload && s->timer;
}

static void source_opened(struct channel *ch)
{
	struct source *s = ch->dev->state;

	slots_reset(s);
	s->opening++;
	s->seq = 0;
	s->open_completed = 0;
	s->random = s->seed;
	s->started = 0;
	s->refused = !channel_fits(ch, s->max);
	if (s->refused)
		log_info("source: max=%u does not fit the guest's ring", (unsigned int)s->max);
	loop_timer_arm(s->timer, s->start_ms ? s->start_ms * 1000000 : 1, 0);
}

static void source_closed(struct channel *ch)
{
	struct source *s = ch->dev->state;

	loop_timer_arm(s->timer, 0, 0);
	s->abandoned += s->outstanding;
	s->outstanding = 0;
	s->started = 0;
}

/* NO_SLOT after counting, for a completion of nothing outstanding. */
static uint32_t slot_of(struct source *s, uint64_t id)
{
	uint32_t i = (uint32_t)(id >> 32 & 0xffff) - 1;

	if (i < s->depth && s->slots[i].id == id)
		return i;
	if (id >> 48 == s->opening && i < s->depth && (uint32_t)id < s->seq)
		s->duplicate++;
	else
		s->unknown++;
	return NO_SLOT;
}

static bool completion_right(const struct slot *slot, const struct packet *p)
{
	uint8_t want[HVHOST_SOURCE_COMPLETION] = { 0 };

	memcpy(want, &slot->seq, 8);
	memcpy(want + 8, &slot->crc, 4);
	return p->len == sizeof(want) && !memcmp(p->payload, want, sizeof(want));
}

static void source_packet(struct channel *ch, const struct packet *p)
{
	struct source *s = ch->dev->state;
	uint32_t i;

	if (p->type != PACKET_COMPLETION) {
		channel_error(ch, PROTO_ERROR_packet_type);
		return;
	}
	i = slot_of(s, p->trans_id);
	if (i == NO_SLOT)
		return;
	s->out_of_order += s->fifo && i != s->oldest;
	if (completion_right(&s->slots[i], p)) {
		s->completed++;
		s->open_completed++;
	} else {
		s->mismatched++;
	}
	slot_give(s, i);
	pump(ch);
}

static void source_stats(const struct device *dev, struct json *j)
{
	const struct source *s = dev->state;

	json_number(j, "sent", s->sent);
	json_number(j, "sent_bytes", s->sent_bytes);
	json_number(j, "completed", s->completed);
	json_number(j, "duplicate", s->duplicate);
	json_number(j, "unknown", s->unknown);
	json_number(j, "mismatched", s->mismatched);
	json_number(j, "out_of_order", s->out_of_order);
	json_number(j, "outstanding", s->outstanding);
	json_number(j, "abandoned", s->abandoned);
	json_number(j, "most_outstanding", s->most_outstanding);
	json_number(j, "open_sent", s->seq);
	json_number(j, "open_completed", s->open_completed);
	json_bool(j, "refused", s->refused);
}

const struct device_type source_device = {
	.name = "source",
	.help = "sends packets and checks their completions",
	.guid = HVHOST_SOURCE_TYPE(GUID_BYTES),
	.state_size = sizeof(struct source),
	.keys = keys,
	.check = source_check,
	.start = source_start,
	.opened = source_opened,
	.closed = source_closed,
	.packet = source_packet,
	.writable = pump,
	.stats = source_stats,
};
