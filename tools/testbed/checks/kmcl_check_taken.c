// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that has a name on the bus and takes no device: the case setup.enable_errors
 * wants that name.
 */
#include <linux/hyperv.h>
#include <linux/module.h>

static const struct hv_vmbus_device_id no_ids[] = {
	{ },
};

static struct hv_driver taken = {
	.name = "taken",
	.id_table = no_ids,
};

static int __init taken_init(void)
{
	return vmbus_driver_register(&taken);
}

static void __exit taken_exit(void)
{
	vmbus_driver_unregister(&taken);
}

module_init(taken_init);
module_exit(taken_exit);

MODULE_DESCRIPTION("has a name on the bus");
MODULE_LICENSE("GPL");
