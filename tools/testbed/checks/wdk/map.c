// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only kmcl_wdk's own sources tell: its translation of errno and NTSTATUS, for codes that
 * only a broken host provokes; and what is said natively of a Windows channel.
 */
#include "glue.h"

#define wdk_status	check_status_of
#define wdk_errno	check_errno_of

#include "status.c"

/* As on the wire; negative: the channel has no offer. */
int check_offer_flags(void *channel)
{
	struct wdk_channel *ch = wdk_channel(channel);
	struct kmcl_offer offer;
	int err = ch ? kmcl_channel_get_offer(ch->native, &offer) : -EINVAL;

	return err ? err : offer.flags;
}
