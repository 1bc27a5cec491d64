/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Monitored notification: instead of a hypercall the guest sets a channel's bit
 * in a page that we look at every 100 us, so that many signals cost it one look
 * of ours. The guest names the page when it makes contact.
 */
#ifndef HVHOST_MONITOR_H
#define HVHOST_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "proto_error.h"

struct channel;

#define MONITORS	128	/* bits in the page */
#define MONITOR_NONE	0xffu

/* Makes sure of the timer and sets *id, for good; false: none left, or no timer. */
bool monitor_take(uint8_t *id);
/* The page, 0 for none. It is not looked at before a channel is watched. */
enum proto_error monitor_page_set(uint64_t gpa);
/* Can the guest be told to use it? */
bool monitor_page_known(void);
/* While a channel is open: its monitor_id's bit counts as a signal. */
void monitor_watch(struct channel *ch);
void monitor_unwatch(struct channel *ch);

#endif
