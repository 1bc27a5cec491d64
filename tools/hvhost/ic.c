// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building requests of integration components and taking their answers apart.
 */
#include <stdio.h>
#include <string.h>

#include "channel.h"
#include "ic.h"
#include "json.h"
#include "log.h"

static const struct ic_version frames[] = { { 1, 0 }, { 3, 0 } };

#define FRAMES	(sizeof(frames) / sizeof(frames[0]))

static bool send_message(struct ic *ic, struct channel *ch, enum ic_type type, const void *body,
			 uint32_t len)
{
	uint8_t buf[sizeof(struct ic_header) + IC_BODY_MAX];
	const struct ic_header h = {
		.pipe_flags = IC_PIPE_DATA,
		.pipe_size = sizeof(h) - offsetof(struct ic_header, frame) + len,
		.frame = ic->frame,
		.type = type,
		.message = ic->message,
		.size = len,
		.trans_id = ++ic->trans_id,
		.flags = IC_FLAG_TRANSACTION | IC_FLAG_REQUEST,
	};
	const struct packet p = {
		.type = PACKET_INBAND,
		.trans_id = ++ic->packet_id,
		.payload = buf,
		.len = sizeof(h) + len,
	};

	if (len > IC_BODY_MAX)
		return false;
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), body, len);
	return channel_send(ch, &p) == SEND_OK;
}

void ic_open(struct ic *ic, struct channel *ch, unsigned int offered)
{
	uint8_t body[sizeof(struct ic_negotiate) + 8 * sizeof(struct ic_version)];
	const struct ic_negotiate n = {
		.frame_count = FRAMES,
		.message_count = offered,
	};
	uint8_t *at = body;

	memcpy(at, &n, sizeof(n));
	at += sizeof(n);
	memcpy(at, frames, sizeof(frames));
	at += sizeof(frames);
	memcpy(at, ic->versions, offered * sizeof(*ic->versions));
	at += offered * sizeof(*ic->versions);
	ic->frame = frames[0];
	ic->message = ic->versions[0];
	ic->trans_id = 0;
	ic->state = IC_ASKED;
	if (!send_message(ic, ch, IC_NEGOTIATE, body, at - body))
		log_info("vmbus: no space to negotiate an integration component");
}

void ic_close(struct ic *ic)
{
	ic->state = IC_CLOSED;
}

bool ic_request(struct ic *ic, struct channel *ch, const void *body, uint32_t len)
{
	return ic->state == IC_READY && send_message(ic, ch, ic->type, body, len);
}

bool ic_version_below(const struct ic *ic, uint16_t major)
{
	return ic->message.major < major;
}

static bool version_among(const struct ic_version *list, unsigned int n, struct ic_version v)
{
	while (n--)
		if (list[n].major == v.major && list[n].minor == v.minor)
			return true;
	return false;
}

/* The guest answers with one version of each kind, or with counts of 0. */
static enum ic_event negotiated(struct ic *ic, struct channel *ch, const struct ic_answer *answer)
{
	struct ic_version chosen[2];
	struct ic_negotiate n;

	if (answer->len < sizeof(n) + sizeof(chosen)) {
		channel_error(ch, PROTO_ERROR_ic_framing);
		return IC_NOTHING;
	}
	memcpy(&n, answer->body, sizeof(n));
	memcpy(chosen, answer->body + sizeof(n), sizeof(chosen));
	if (n.frame_count != 1 || n.message_count != 1 ||
	    !version_among(frames, FRAMES, chosen[0]) ||
	    !version_among(ic->versions, ic->version_count, chosen[1])) {
		ic->state = IC_REFUSED;
		return IC_NOTHING;
	}
	ic->frame = chosen[0];
	ic->message = chosen[1];
	ic->agreed = chosen[1];
	ic->negotiations++;
	ic->state = IC_READY;
	return IC_NEGOTIATED;
}

/* The guest sends the packet back, so that its lengths are the padded ones. */
static bool framing_valid(const struct packet *p, struct ic_header *h)
{
	const uint32_t inner = sizeof(*h) - offsetof(struct ic_header, frame);

	if (p->type != PACKET_INBAND || p->len < sizeof(*h))
		return false;
	memcpy(h, p->payload, sizeof(*h));
	return h->pipe_flags == IC_PIPE_DATA && h->pipe_size >= inner &&
	       h->pipe_size <= p->len - offsetof(struct ic_header, frame) &&
	       h->size <= h->pipe_size - inner;
}

static bool expected(const struct ic *ic, const struct ic_header *h)
{
	if (!(h->flags & IC_FLAG_RESPONSE))
		return false;
	if (h->type == IC_NEGOTIATE)
		return ic->state == IC_ASKED;
	return h->type == ic->type && ic->state == IC_READY;
}

enum ic_event ic_receive(struct ic *ic, struct channel *ch, const struct packet *p,
			 struct ic_answer *answer)
{
	struct ic_header h;

	if (!framing_valid(p, &h)) {
		channel_break(ch, PROTO_ERROR_ic_framing);
		return IC_NOTHING;
	}
	if (!expected(ic, &h)) {
		channel_error(ch, PROTO_ERROR_ic_unexpected);
		return IC_NOTHING;
	}
	answer->status = h.status;
	answer->body = (const uint8_t *)p->payload + sizeof(h);
	answer->len = h.size;
	return h.type == IC_NEGOTIATE ? negotiated(ic, ch, answer) : IC_ANSWER;
}

void ic_stats(const struct ic *ic, struct json *j)
{
	char text[16];

	snprintf(text, sizeof(text), "%u.%u", ic->agreed.major, ic->agreed.minor);
	json_number(j, "negotiations", ic->negotiations);
	json_string(j, "version", ic->negotiations ? text : NULL);
}
