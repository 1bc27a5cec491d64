// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_wdk.ko: init and exit.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "driver.h"

/* Work items: they may sleep for long. */
struct workqueue_struct *wdk_wq;

static int __init kmcl_wdk_init(void)
{
	wdk_wq = alloc_workqueue("kmcl_wdk", WQ_UNBOUND, 0);
	return wdk_wq ? 0 : -ENOMEM;
}

static void __exit kmcl_wdk_exit(void)
{
	destroy_workqueue(wdk_wq);
}

module_init(kmcl_wdk_init);
module_exit(kmcl_wdk_exit);

MODULE_DESCRIPTION("The VMBus Kernel Mode Client Library as Windows drivers know it");
MODULE_LICENSE("GPL");
MODULE_VERSION(KMCL_VERSION);
