// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_vmbus.ko: the real transport, hv_vmbus. Init and exit.
 */
#include <linux/module.h>

#include "vmbus.h"

struct kmcl_transport vmbus_transport = {
	.name		= "vmbus",
	.owner		= THIS_MODULE,
	.arm		= vmbus_arm,
	.rearm		= vmbus_rearm,
	.disarm		= vmbus_disarm,
	.open		= vmbus_ring_open,
	.close		= vmbus_ring_close,
	.release	= vmbus_release,
	.send		= vmbus_ring_send,
	.send_external	= vmbus_ring_send_external,
	.gpadl_create	= vmbus_gpadl_create,
	.gpadl_delete	= vmbus_gpadl_delete,
	.mmio		= vmbus_mmio_get,
	.set_pending	= vmbus_ring_set_pending,
	.consumed	= vmbus_ring_consumed,
};

static int __init kmcl_vmbus_init(void)
{
	return kmcl_transport_register(&vmbus_transport);
}

static void __exit kmcl_vmbus_exit(void)
{
	kmcl_transport_unregister(&vmbus_transport);
}

module_init(kmcl_vmbus_init);
module_exit(kmcl_vmbus_exit);

MODULE_DESCRIPTION("KMCL over the kernel's hv_vmbus");
MODULE_LICENSE("GPL");
MODULE_VERSION(KMCL_VERSION);
