// SPDX-License-Identifier: GPL-2.0-only
/*
 * The heartbeat integration component: every period a request with a sequence
 * number, which the guest returns with one added.
 */
#include <string.h>

#include <kmcl/hvhost.h>

#include "device.h"
#include "ic.h"
#include "json.h"
#include "loop.h"

static const struct ic_version versions[] = { { 1, 0 }, { 3, 0 } };

#define VERSIONS	(sizeof(versions) / sizeof(versions[0]))

struct heartbeat {
	struct ic ic;
	struct loop_timer *timer;
	uint64_t period_ms;
	uint64_t version;	/* how many of versions, less one */
	uint64_t next;		/* sequence number to send */
	uint64_t expect;	/* in the answer that is due */
	uint64_t sent;
	uint64_t answered;
	uint64_t wrong_seq;
	bool last_seq_ok;
};

static const struct option_key keys[] = {
	{ "period-ms", OPTION_NUMBER, offsetof(struct heartbeat, period_ms), 2000, 1, 3600000,
	  NULL, "between heartbeats (2000)" },
	{ "version", OPTION_CHOICE, offsetof(struct heartbeat, version), VERSIONS - 1, 0, 0,
	  "1.0|3.0", "highest message version to offer" },
	{ 0 }
};

struct heartbeat_body {
	uint64_t seq;
	uint32_t reserved[8];
};

static void beat(void *ctx)
{
	struct device *dev = ctx;
	struct heartbeat *h = dev->state;
	const struct heartbeat_body body = { .seq = h->next };

	if (!ic_request(&h->ic, &dev->channel, &body, sizeof(body)))
		return;
	h->sent++;
	h->next++;
}

static bool heartbeat_start(struct device *dev)
{
	struct heartbeat *h = dev->state;

	h->ic.type = IC_HEARTBEAT;
	h->ic.versions = versions;
	h->ic.version_count = VERSIONS;
	h->timer = loop_timer_new(beat, dev);
	h->next = 1;
	return h->timer;
}

static void heartbeat_opened(struct channel *ch)
{
	struct heartbeat *h = ch->dev->state;

	h->expect = h->next + 1;
	ic_open(&h->ic, ch, h->version + 1);
}

static void heartbeat_closed(struct channel *ch)
{
	struct heartbeat *h = ch->dev->state;

	loop_timer_arm(h->timer, 0, 0);
	ic_close(&h->ic);
}

static void answered(struct heartbeat *h, const struct ic_answer *answer)
{
	uint64_t seq = 0;

	if (answer->len >= sizeof(seq))
		memcpy(&seq, answer->body, sizeof(seq));
	h->answered++;
	h->last_seq_ok = seq == h->expect;
	h->wrong_seq += !h->last_seq_ok;
	h->expect++;
}

static void heartbeat_packet(struct channel *ch, const struct packet *p)
{
	struct heartbeat *h = ch->dev->state;
	struct ic_answer answer;

	switch (ic_receive(&h->ic, ch, p, &answer)) {
	case IC_NOTHING:
		break;
	case IC_NEGOTIATED:
		loop_timer_arm(h->timer, 1, h->period_ms * 1000000);
		break;
	case IC_ANSWER:
		answered(h, &answer);
		break;
	}
}

static void heartbeat_stats(const struct device *dev, struct json *j)
{
	const struct heartbeat *h = dev->state;

	ic_stats(&h->ic, j);
	json_number(j, "sent", h->sent);
	json_number(j, "answered", h->answered);
	json_number(j, "wrong_seq", h->wrong_seq);
	json_bool(j, "last_seq_ok", h->last_seq_ok);
}

const struct device_type heartbeat_device = {
	.name = "heartbeat",
	.help = "integration component: is the guest alive?",
	.guid = HVHOST_HEARTBEAT_TYPE(GUID_BYTES),
	.message_pipe = true,
	.state_size = sizeof(struct heartbeat),
	.keys = keys,
	.start = heartbeat_start,
	.opened = heartbeat_opened,
	.closed = heartbeat_closed,
	.packet = heartbeat_packet,
	.stats = heartbeat_stats,
};
