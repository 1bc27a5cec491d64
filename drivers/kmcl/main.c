// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl.ko: init and exit.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "rx.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Bound: a loop goes on where the interrupt came. The first is not for memory reclaim:
 * drivers that asked for thread context may wait there for any work of theirs.
 */
struct workqueue_struct *kmcl_rx_wq;
struct workqueue_struct *kmcl_tx_wq;

static int __init kmcl_init(void)
{
	kmcl_rx_wq = alloc_workqueue("kmcl_rx", WQ_HIGHPRI, 0);
	if (!kmcl_rx_wq)
		return -ENOMEM;
	kmcl_tx_wq = alloc_workqueue("kmcl_tx", WQ_MEM_RECLAIM | WQ_HIGHPRI, 0);
	if (!kmcl_tx_wq)
		goto err_rx;
	kmcl_stats_init();
	return 0;

err_rx:
	destroy_workqueue(kmcl_rx_wq);
	return -ENOMEM;
}

static void __exit kmcl_exit(void)
{
	kmcl_stats_exit();
	destroy_workqueue(kmcl_tx_wq);
	destroy_workqueue(kmcl_rx_wq);
}

module_init(kmcl_init);
module_exit(kmcl_exit);

MODULE_DESCRIPTION("VMBus Kernel Mode Client Library");
MODULE_LICENSE("GPL");
MODULE_VERSION(KMCL_VERSION);
