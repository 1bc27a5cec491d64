/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only look inside kmcl: counters, which debugfs gives to people but not to
 * modules, and what no function of the interface tells.
 */
#ifndef _CHECK_INSIDE_H
#define _CHECK_INSIDE_H

#include <linux/types.h>

struct kmcl_channel;

/* By its name in debugfs; -1 if there is none. */
s64 inside_counter(const struct kmcl_channel *ch, const char *name);
/* May packets be delivered. */
bool inside_receiving(const struct kmcl_channel *ch);

#endif /* _CHECK_INSIDE_H */
