// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making offers. A channel always has its own interrupt (event flag relid) and
 * connection; monitor pages are not used.
 */
#include <string.h>

#include "channel.h"
#include "control.h"
#include "device.h"
#include "offer.h"

void offer_fill(const struct channel *ch, struct msg_offer *m)
{
	const struct device *dev = ch->dev;

	memset(m, 0, sizeof(*m));
	m->header.type = MSG_OFFER;
	m->type = dev->guid;
	m->instance = dev->instance;
	m->flags = OFFER_ENUMERATE;
	if (dev->type->message_pipe) {
		m->flags |= OFFER_PIPE;
		m->pipe_mode = PIPE_MODE_MESSAGE;
	}
	m->sub_channel = ch->sub_channel;
	m->relid = ch->relid;
	m->dedicated_interrupt = 1;
	m->connection_id = channel_connection(ch);
}

void offer_send(const struct channel *ch)
{
	struct msg_offer m;

	offer_fill(ch, &m);
	control_post(&m, sizeof(m));
}
