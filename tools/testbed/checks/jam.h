/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A channel whose outbound ring is full and stays so: it is paused, so the answers
 * of an echo fill its inbound ring, and the host, which cannot place another, reads
 * nothing more.
 *
 * The rings are of JAM_PAGES: five packets of JAM_BYTES fit into each, with room for
 * small ones behind them, and the host has one in its hands: eleven are sent.
 */
#ifndef _CHECK_JAM_H
#define _CHECK_JAM_H

#include "shot.h"

#define JAM_PAGES	4u
#define JAM_BYTES	3000u
#define JAM_SENT	11u		/* what goes out */
#define JAM_MOST	32u

struct jam {
	struct link *link;
	struct shot *shots;
	unsigned int count;
};

/* Of a link with JAM_PAGES on a plain echo; sends @count, of which JAM_SENT go out. */
bool jam_begin(struct jam *j, struct link *l, unsigned int count);
/* Starts it: all end in order. Also after a jam_begin() that failed. */
void jam_end(struct jam *j);

#endif /* _CHECK_JAM_H */
