// SPDX-License-Identifier: GPL-2.0-only
#include <linux/string.h>

#include "channel.h"
#include "inside.h"

#define TX(which) \
	if (!strcmp(name, #which)) \
		return READ_ONCE(ch->stats.tx.which);
#define RX(which) \
	if (!strcmp(name, #which)) \
		return READ_ONCE(ch->stats.rx.which);
#define ANY(which) \
	if (!strcmp(name, #which)) \
		return atomic64_read(&ch->stats.any.which);

s64 inside_counter(const struct kmcl_channel *ch, const char *name)
{
	KMCL_TX_COUNTERS(TX)
	KMCL_RX_COUNTERS(RX)
	KMCL_ANY_COUNTERS(ANY)
	if (!strcmp(name, "outstanding"))
		return atomic_read(&ch->outstanding);
	if (!strcmp(name, "packets"))
		return atomic_read(&ch->packets);
	return -1;
}

bool inside_receiving(const struct kmcl_channel *ch)
{
	return READ_ONCE(ch->rx.enabled);
}
