/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What flows through an open channel; callbacks for the loop, ctx is the channel.
 */
#ifndef HVHOST_TRAFFIC_H
#define HVHOST_TRAFFIC_H

struct channel;

/* The guest signalled: packets, or space for ours. */
void traffic_signalled(void *ctx);
/* The same through the monitor page. */
void traffic_monitored(struct channel *ch);
/* Read on. */
void traffic_continue(void *ctx);

#endif
