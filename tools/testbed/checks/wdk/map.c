// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only kmcl_wdk's own sources tell: its translation of errno and NTSTATUS, for codes that
 * only a broken host provokes; and what is said natively of a Windows channel.
 */
#include "../../../../drivers/wdk/driver.h"

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

/* No other line comes meanwhile: nobody else prints. */
const char *check_printed(struct _DRIVER_OBJECT *object, unsigned int back)
{
	struct wdk_driver *driver = wdk_driver_of(object);

	return driver->lines > back ?
	       driver->log[(driver->lines - 1 - back) % WDK_LOG_LINES] : "";
}
