// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/kmcl/<channel>/: stats, one "name value" a line, and state.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "channel.h"

static struct dentry *kmcl_debugfs;

/*
 * Senders count under this lock what they have placed. A packet may be answered before
 * its sender comes to that: who has seen it end finds it counted as sent.
 */
static void read_tx(struct kmcl_channel *ch, struct kmcl_tx_stats *tx)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->tx.lock, flags);
	*tx = ch->stats.tx;
	spin_unlock_irqrestore(&ch->tx.lock, flags);
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct kmcl_channel *ch = m->private;
	struct kmcl_tx_stats tx;

	read_tx(ch, &tx);
#define SHOW_TX(name)	seq_printf(m, #name " %llu\n", tx.name);
#define SHOW_RX(name)	seq_printf(m, #name " %llu\n", READ_ONCE(ch->stats.rx.name));
#define SHOW_ANY(name)	seq_printf(m, #name " %lld\n", atomic64_read(&ch->stats.any.name));
	KMCL_TX_COUNTERS(SHOW_TX)
	KMCL_RX_COUNTERS(SHOW_RX)
	KMCL_ANY_COUNTERS(SHOW_ANY)
	seq_printf(m, "outstanding %d\n", atomic_read(&ch->outstanding));
	seq_printf(m, "packets %d\n", atomic_read(&ch->packets));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int state_show(struct seq_file *m, void *unused)
{
	struct kmcl_channel *ch = m->private;
	const char *waits_for = READ_ONCE(ch->waits_for);

	seq_puts(m, kmcl_state_name(READ_ONCE(ch->state)));
	if (waits_for)
		seq_printf(m, ", waits for %s", waits_for);
	seq_putc(m, '\n');
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

void kmcl_stats_add(struct kmcl_channel *ch)
{
	ch->debugfs = debugfs_create_dir(ch->name, kmcl_debugfs);
	debugfs_create_file("stats", 0400, ch->debugfs, ch, &stats_fops);
	debugfs_create_file("state", 0400, ch->debugfs, ch, &state_fops);
}

void kmcl_stats_remove(struct kmcl_channel *ch)
{
	debugfs_remove_recursive(ch->debugfs);
	ch->debugfs = NULL;
}

void kmcl_stats_init(void)
{
	kmcl_debugfs = debugfs_create_dir("kmcl", NULL);
}

void kmcl_stats_exit(void)
{
	debugfs_remove_recursive(kmcl_debugfs);
}
