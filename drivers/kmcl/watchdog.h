/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only timers (design rule 3): they report what a channel waits for.
 */
#ifndef _KMCL_WATCHDOG_H
#define _KMCL_WATCHDOG_H

#include "channel.h"

void kmcl_watchdog_init(struct kmcl_channel *ch);
void kmcl_watchdog_begin(struct kmcl_channel *ch, const char *waits_for);
void kmcl_watchdog_end(struct kmcl_channel *ch);
void kmcl_watchdog_callback(struct kmcl_channel *ch, const char *waits_for);
void kmcl_watchdog_begin_call(struct kmcl_channel *ch, const char *waits_for);
void kmcl_watchdog_end_call(struct kmcl_channel *ch);
void kmcl_watchdog_tx(struct kmcl_channel *ch);
void kmcl_watchdog_tx_end(struct kmcl_channel *ch);

#endif /* _KMCL_WATCHDOG_H */
