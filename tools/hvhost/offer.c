// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making offers. A channel always has its own interrupt (event flag relid) and
 * connection. Where the guest named a monitor page, the offer may tell it to
 * signal through that.
 */
#include <string.h>

#include "channel.h"
#include "control.h"
#include "device.h"
#include "monitor.h"
#include "offer.h"

void offer_fill(const struct channel *ch, struct msg_offer *m)
{
	const struct device *dev = ch->dev;

	memset(m, 0, sizeof(*m));
	m->header.type = MSG_OFFER;
	m->type = dev->guid;
	m->instance = dev->instance;
	m->flags = OFFER_ENUMERATE;
	m->mmio_megabytes = dev->mmio_mb;
	if (dev->message_pipe) {
		m->flags |= OFFER_PIPE;
		m->pipe_mode = PIPE_MODE_MESSAGE;
	}
	if (ch->monitor_id != MONITOR_NONE && monitor_page_known()) {
		m->flags |= OFFER_MONITORED;
		m->monitor_id = ch->monitor_id;
		m->monitor_allocated = 1;
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
