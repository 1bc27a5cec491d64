/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What flows through an open channel; callbacks for the loop, ctx is the channel.
 */
#ifndef HVHOST_TRAFFIC_H
#define HVHOST_TRAFFIC_H

/* The guest signalled: packets, or space for ours. */
void traffic_signalled(void *ctx);
/* Read on. */
void traffic_continue(void *ctx);

#endif
