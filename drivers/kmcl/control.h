/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The channel's workqueue, and what may be asked of it.
 */
#ifndef _KMCL_CONTROL_H
#define _KMCL_CONTROL_H

#include "channel.h"

void kmcl_control_init(struct kmcl_channel *ch);
bool kmcl_channel_in_callback(const struct kmcl_channel *ch);
void kmcl_control_close_early(struct kmcl_channel *ch);
void kmcl_control_break(struct kmcl_channel *ch, const char *why);
int kmcl_control_hold(struct kmcl_channel *ch, u64 *connection);
void kmcl_control_release(struct kmcl_channel *ch, bool open, bool saved);

/* endpoint.c */
int kmcl_endpoint_arm(struct kmcl_channel *ch);
void kmcl_endpoint_rearm(struct kmcl_channel *ch);
void kmcl_endpoint_disarm(struct kmcl_channel *ch);

#endif /* _KMCL_CONTROL_H */
