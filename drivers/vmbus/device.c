// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers: which devices of the bus go to which channel. Each armed channel has a
 * driver of its own on the bus, named after it, with an empty table of ids. A
 * scan attaches devices that a channel wants and that no other driver holds;
 * it runs when a channel is armed, when it can take an offer again, and when the
 * bus gets a new device. What an administrator unbinds stays unbound.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>

#include <kmcl/kmcl.h>

#include "vmbus.h"

static LIST_HEAD(arms);
static DEFINE_MUTEX(arms_lock);

static void scan_work(struct work_struct *work);
static DECLARE_WORK(scan, scan_work);

static const struct hv_vmbus_device_id no_ids[] = {
	{ },
};

static struct vmbus_arm *arm_of(struct hv_device *dev)
{
	return container_of(dev->device.driver, struct vmbus_arm, driver.driver);
}

static int endpoint_probe(struct hv_device *dev, const struct hv_vmbus_device_id *id)
{
	struct vmbus_arm *arm = arm_of(dev);
	struct vmbus_endpoint *ve = kzalloc(sizeof(*ve), GFP_KERNEL);
	int ret;

	if (!ve)
		return -ENOMEM;
	ve->ep.transport = &vmbus_transport;
	ve->ep.dma = &dev->device;
	ve->ep.instance = dev->dev_instance;
	ve->ep.multirange = KMCL_MULTIRANGE;
	ve->dev = dev;
	init_completion(&ve->released);
	kref_init(&ve->refs);
	kref_get(&ve->refs);
	get_device(&dev->device);
	hv_set_drvdata(dev, ve);
	ret = kmcl_endpoint_bind(arm->channel, &ve->ep);
	if (!ret)
		return 0;
	hv_set_drvdata(dev, NULL);
	put_device(&dev->device);
	kfree(ve);
	return ret;
}

static void endpoint_free(struct kref *refs)
{
	kfree(container_of(refs, struct vmbus_endpoint, refs));
}

/*
 * Rescind: the bus's worker waits for nothing; the device lives on until the
 * channel has finished with it. Unbind: the caller waits for the channel's
 * teardown, because afterwards the device belongs to others.
 */
static KMCL_REMOVE_TYPE endpoint_remove(struct hv_device *dev)
{
	struct vmbus_endpoint *ve = hv_get_drvdata(dev);
	bool rescind = dev->channel->rescind;

	if (!rescind)
		arm_of(dev)->unbound = dev->dev_instance;
	kmcl_endpoint_gone(&ve->ep);
	if (!rescind)
		wait_for_completion(&ve->released);
	kref_put(&ve->refs, endpoint_free);
	KMCL_REMOVE_RETURN;
}

void vmbus_release(struct kmcl_endpoint *ep)
{
	struct vmbus_endpoint *ve = to_vmbus(ep);

	put_device(&ve->dev->device);
	complete(&ve->released);
	kref_put(&ve->refs, endpoint_free);
}

/* Attaching fails when somebody else was faster, or the device is going: both are fine. */
static int scan_device(struct device *device, void *data)
{
	struct hv_device *dev = device_to_hv_device(device);
	struct vmbus_arm *arm = data;
	int ret;

	if (READ_ONCE(device->driver) || guid_equal(&arm->unbound, &dev->dev_instance) ||
	    !kmcl_channel_wants_offer(arm->channel, &dev->dev_type, &dev->dev_instance))
		return 0;
	ret = device_driver_attach(&arm->driver.driver, device);
	if (ret)
		dev_dbg(device, "not attached: %d\n", ret);
	return 0;
}

static void scan_work(struct work_struct *work)
{
	struct vmbus_arm *arm;

	mutex_lock(&arms_lock);
	list_for_each_entry(arm, &arms, node)
		bus_for_each_dev(arm->driver.driver.bus, NULL, arm, scan_device);
	mutex_unlock(&arms_lock);
}

/* A device that came anew is no longer the one that an administrator unbound. */
static void forget_unbound(const struct hv_device *dev)
{
	struct vmbus_arm *arm;

	mutex_lock(&arms_lock);
	list_for_each_entry(arm, &arms, node) {
		if (guid_equal(&arm->unbound, &dev->dev_instance))
			arm->unbound = guid_null;
	}
	mutex_unlock(&arms_lock);
}

static int on_bus_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct device *device = data;

	if (event == BUS_NOTIFY_ADD_DEVICE) {
		forget_unbound(device_to_hv_device(device));
		queue_work(system_long_wq, &scan);
	}
	return NOTIFY_DONE;
}

static struct notifier_block bus_watch = {
	.notifier_call = on_bus_event,
};

/* The bus is watched while there is an armed channel; it is known from its driver. */
static int arm_list(struct vmbus_arm *arm)
{
	int ret = 0;

	mutex_lock(&arms_lock);
	if (list_empty(&arms))
		ret = bus_register_notifier(arm->driver.driver.bus, &bus_watch);
	if (!ret)
		list_add_tail(&arm->node, &arms);
	mutex_unlock(&arms_lock);
	return ret;
}

static void arm_unlist(struct vmbus_arm *arm)
{
	mutex_lock(&arms_lock);
	list_del(&arm->node);
	if (list_empty(&arms))
		bus_unregister_notifier(arm->driver.driver.bus, &bus_watch);
	mutex_unlock(&arms_lock);
}

void *vmbus_arm(struct kmcl_channel *channel)
{
	struct vmbus_arm *arm = kzalloc(sizeof(*arm), GFP_KERNEL);
	int ret;

	if (!arm)
		return ERR_PTR(-ENOMEM);
	arm->channel = channel;
	arm->driver.name = kmcl_channel_get_name(channel);
	arm->driver.id_table = no_ids;
	arm->driver.probe = endpoint_probe;
	arm->driver.remove = endpoint_remove;
	/* Probing only hands the device over, and must have happened when attaching returns. */
	arm->driver.driver.probe_type = PROBE_FORCE_SYNCHRONOUS;
	ret = vmbus_driver_register(&arm->driver);
	if (ret)
		goto err_free;
	ret = arm_list(arm);
	if (ret)
		goto err_unregister;
	queue_work(system_long_wq, &scan);
	return arm;

err_unregister:
	vmbus_driver_unregister(&arm->driver);
err_free:
	kfree(arm);
	return ERR_PTR(ret);
}

void vmbus_rearm(void *cookie)
{
	queue_work(system_long_wq, &scan);
}

void vmbus_disarm(void *cookie)
{
	struct vmbus_arm *arm = cookie;

	arm_unlist(arm);
	/* Unbinds, which waits for the channel to let go: endpoint_remove(). */
	vmbus_driver_unregister(&arm->driver);
	kfree(arm);
}

/* No channel is armed any more; the last scan may still be on its way. */
void vmbus_devices_exit(void)
{
	cancel_work_sync(&scan);
}
