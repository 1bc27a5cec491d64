// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_loopback.ko: the transport within this kernel. Init and exit.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "loopback.h"

DEFINE_MUTEX(loopback_lock);

/* Signals: high priority, since a packet waits behind each. */
struct workqueue_struct *loopback_wq;

/* For the DMA API. No bus is behind it, so it maps one to one, or through swiotlb. */
static struct platform_device *device;
struct device *loopback_device;

struct kmcl_transport loopback_transport = {
	.name		= "loopback",
	.owner		= THIS_MODULE,
	.arm		= loopback_arm,
	.rearm		= loopback_rearm,
	.disarm		= loopback_disarm,
	.open		= loopback_open,
	.accept		= loopback_accept,
	.close		= loopback_close,
	.release	= loopback_release,
	.send		= loopback_send,
	.send_external	= loopback_send_external,
	.gpadl_create	= loopback_gpadl_create,
	.gpadl_delete	= loopback_gpadl_delete,
	.gpadl_map	= loopback_gpadl_map,
	.gpadl_unmap	= loopback_gpadl_unmap,
	.page		= loopback_page,
	.mmio		= loopback_mmio,
	.set_pending	= loopback_set_pending,
	.consumed	= loopback_consumed,
};

static int make_device(void)
{
	int ret;

	device = platform_device_register_simple("kmcl_loopback", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	loopback_device = &device->dev;
	ret = dma_set_mask_and_coherent(loopback_device, DMA_BIT_MASK(64));
	if (ret) {
		platform_device_unregister(device);
		return ret;
	}
	/* A bounced page keeps its offset, which GPA ranges depend on. */
	dma_set_min_align_mask(loopback_device, KMCL_WIRE_PAGE_SIZE - 1);
	dma_set_max_seg_size(loopback_device, UINT_MAX);
	return 0;
}

static int __init kmcl_loopback_init(void)
{
	int ret;

	loopback_wq = alloc_workqueue("kmcl_loopback", WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	if (!loopback_wq)
		return -ENOMEM;
	ret = make_device();
	if (ret)
		goto err_wq;
	ret = kmcl_transport_register(&loopback_transport);
	if (ret)
		goto err_device;
	return 0;

err_device:
	platform_device_unregister(device);
err_wq:
	destroy_workqueue(loopback_wq);
	return ret;
}

static void __exit kmcl_loopback_exit(void)
{
	kmcl_transport_unregister(&loopback_transport);
	loopback_match_sync();
	platform_device_unregister(device);
	destroy_workqueue(loopback_wq);
}

module_init(kmcl_loopback_init);
module_exit(kmcl_loopback_exit);

MODULE_DESCRIPTION("KMCL's loopback offers: servers and clients in one kernel");
MODULE_LICENSE("GPL");
MODULE_VERSION(KMCL_VERSION);
