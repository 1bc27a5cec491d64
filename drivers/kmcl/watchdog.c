// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watchdog: see watchdog.h. It changes nothing, it only says.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>

#include "watchdog.h"

#define WATCHDOG_PERIOD		(10 * HZ)

static void watchdog_work(struct work_struct *work)
{
	struct kmcl_channel *ch = container_of(to_delayed_work(work), struct kmcl_channel,
					       watchdog);

	pr_warn("%s: has waited %u s for %s\n", ch->name,
		jiffies_to_msecs(jiffies - ch->waits_since) / 1000, ch->waits_for);
	schedule_delayed_work(&ch->watchdog, WATCHDOG_PERIOD);
}

void kmcl_watchdog_init(struct kmcl_channel *ch)
{
	INIT_DELAYED_WORK(&ch->watchdog, watchdog_work);
}

/* On the channel's workqueue, around one wait. */
void kmcl_watchdog_begin(struct kmcl_channel *ch, const char *waits_for)
{
	ch->waits_since = jiffies;
	WRITE_ONCE(ch->waits_for, waits_for);
	schedule_delayed_work(&ch->watchdog, WATCHDOG_PERIOD);
}

void kmcl_watchdog_end(struct kmcl_channel *ch)
{
	cancel_delayed_work_sync(&ch->watchdog);
	WRITE_ONCE(ch->waits_for, NULL);
}
