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

/* Something waits for room in the ring: has any been made since the last look? */
static void watchdog_tx_work(struct work_struct *work)
{
	struct kmcl_channel *ch = container_of(to_delayed_work(work), struct kmcl_channel,
					       tx.watchdog);
	u64 sent = READ_ONCE(ch->stats.tx.sent) + READ_ONCE(ch->stats.tx.completions_sent);

	if (list_empty_careful(&ch->tx.queue) || !READ_ONCE(ch->tx.open))
		return;
	if (sent == ch->tx.progress)
		pr_warn("%s: has waited %u s for %s\n", ch->name, WATCHDOG_PERIOD / HZ,
			READ_ONCE(ch->tx.starved) ? "one of 8192 transactions to end" :
						    "the host to read the ring");
	ch->tx.progress = sent;
	schedule_delayed_work(&ch->tx.watchdog, WATCHDOG_PERIOD);
}

void kmcl_watchdog_init(struct kmcl_channel *ch)
{
	INIT_DELAYED_WORK(&ch->watchdog, watchdog_work);
	INIT_DELAYED_WORK(&ch->tx.watchdog, watchdog_tx_work);
}

/* The ring is full. Any context; cheap when it is running already. */
void kmcl_watchdog_tx(struct kmcl_channel *ch)
{
	if (!delayed_work_pending(&ch->tx.watchdog))
		schedule_delayed_work(&ch->tx.watchdog, WATCHDOG_PERIOD);
}

void kmcl_watchdog_tx_end(struct kmcl_channel *ch)
{
	cancel_delayed_work_sync(&ch->tx.watchdog);
}

/* NULL: for nothing. The work never runs while what it reads is changed. */
static void watch(struct kmcl_channel *ch, const char *waits_for, unsigned long since)
{
	cancel_delayed_work_sync(&ch->watchdog);
	ch->waits_since = since;
	WRITE_ONCE(ch->waits_for, waits_for);
	if (waits_for)
		schedule_delayed_work(&ch->watchdog, WATCHDOG_PERIOD);
}

/*
 * On the channel's workqueue, around one wait. Waits do not nest but in a state callback,
 * which is what is waited for again when they end.
 */
void kmcl_watchdog_begin(struct kmcl_channel *ch, const char *waits_for)
{
	watch(ch, waits_for, jiffies);
}

void kmcl_watchdog_end(struct kmcl_channel *ch)
{
	watch(ch, ch->callback, ch->callback_since);
}

/* On the channel's workqueue, before a state callback; NULL: after it. */
void kmcl_watchdog_callback(struct kmcl_channel *ch, const char *waits_for)
{
	ch->callback = waits_for;
	ch->callback_since = jiffies;
	watch(ch, ch->callback, ch->callback_since);
}

/* In calls that may be made from a state callback: there the channel's workqueue waits. */
void kmcl_watchdog_begin_call(struct kmcl_channel *ch, const char *waits_for)
{
	if (current == READ_ONCE(ch->control_task))
		kmcl_watchdog_begin(ch, waits_for);
}

void kmcl_watchdog_end_call(struct kmcl_channel *ch)
{
	if (current == READ_ONCE(ch->control_task))
		kmcl_watchdog_end(ch);
}
