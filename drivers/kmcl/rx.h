/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The receive loop.
 */
#ifndef _KMCL_RX_H
#define _KMCL_RX_H

#include "channel.h"

int kmcl_rx_create(struct kmcl_channel *ch);
void kmcl_rx_destroy(struct kmcl_channel *ch);
void kmcl_rx_init(struct kmcl_channel *ch);
void kmcl_rx_open(struct kmcl_channel *ch);
void kmcl_rx_close(struct kmcl_channel *ch);
void kmcl_rx_start(struct kmcl_channel *ch);
void kmcl_rx_stop(struct kmcl_channel *ch);
void kmcl_rx_event(struct kmcl_channel *ch);
void kmcl_rx_restart(struct kmcl_channel *ch);
bool kmcl_rx_keeps(struct kmcl_channel *ch, const struct kmcl_gpadl *gpadl);

#endif /* _KMCL_RX_H */
