/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens to devices by the clock: --add-after and --rescind-after.
 */
#ifndef HVHOST_SCRIPT_H
#define HVHOST_SCRIPT_H

#include <stdbool.h>

struct device;

/* After all options: false after a sentence, for a device that is none. */
bool script_check(void);
/* False: that, or no timer to be had. */
bool script_start(void);
void script_offers_delivered(void);
void script_opened(struct device *dev);
void script_released(struct device *dev);
/* The guest forgot everything; running times for what it knew are off. */
void script_reset(void);

#endif
