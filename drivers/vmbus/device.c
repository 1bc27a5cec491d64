// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers: which devices of the bus go to which channel. Each armed channel has a
 * driver of its own on the bus, named after it, with an empty table of ids, and a
 * scan, which attaches a device that the channel wants and that no other driver
 * holds. It runs when the channel is armed, when it can take an offer again, and
 * when the bus gets a new device. What an administrator unbinds stays unbound.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <kmcl/kmcl.h>

#include "vmbus.h"

/*
 * device_add() announces a device a little before it may be bound, and nothing
 * announces that: until then the scan comes back.
 */
#define SCAN_RETRY	msecs_to_jiffies(5)
#define SCAN_RETRIES	400

/* Armed channels, and what each has unbound. Taken in the bus's notifier: a leaf, no sleeping. */
static LIST_HEAD(arms);
static DEFINE_SPINLOCK(arms_lock);

/* The notifier is registered while there are arms. Never taken in the notifier. */
static DEFINE_MUTEX(watch_lock);
static unsigned int watchers;

/**
 * struct unbound - an instance that was unbound though the host still offers it
 * @node: in vmbus_arm.unbound, under arms_lock
 * @instance: which
 */
struct unbound {
	struct list_head node;
	guid_t instance;
};

static const struct hv_vmbus_device_id no_ids[] = {
	{ },
};

static struct vmbus_arm *arm_of(struct hv_device *dev)
{
	return container_of(dev->device.driver, struct vmbus_arm, driver.driver);
}

static void remember_unbound(struct vmbus_arm *arm, const guid_t *instance)
{
	struct unbound *entry = kmalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return;
	entry->instance = *instance;
	spin_lock(&arms_lock);
	list_add(&entry->node, &arm->unbound);
	spin_unlock(&arms_lock);
}

static void forget_unbound(struct vmbus_arm *arm, const guid_t *instance)
{
	struct unbound *entry, *next;

	lockdep_assert_held(&arms_lock);
	list_for_each_entry_safe(entry, next, &arm->unbound, node) {
		if (instance && !guid_equal(&entry->instance, instance))
			continue;
		list_del(&entry->node);
		kfree(entry);
	}
}

static bool is_unbound(struct vmbus_arm *arm, const guid_t *instance)
{
	struct unbound *entry;
	bool found = false;

	spin_lock(&arms_lock);
	list_for_each_entry(entry, &arm->unbound, node)
		found |= guid_equal(&entry->instance, instance);
	spin_unlock(&arms_lock);
	return found;
}

static void offer_describe(struct kmcl_offer *offer, struct hv_device *dev)
{
	const struct vmbus_channel_offer *theirs = &dev->channel->offermsg.offer;

	BUILD_BUG_ON(sizeof(theirs->u.std.user_def) != sizeof(offer->data));
	offer->type = dev->dev_type;
	offer->instance = dev->dev_instance;
	offer->flags = theirs->chn_flags;
	offer->mmio_megabytes = theirs->mmio_megabytes;
	memcpy(offer->data, theirs->u.std.user_def, sizeof(offer->data));
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
	offer_describe(&ve->ep.offer, dev);
	ve->ep.multirange = true;
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
 * For an unbind: the device belongs to others afterwards, so the caller waits for
 * the channel's teardown. A rescind ends the wait, since the bus's worker then
 * needs the device's lock, which we hold; nothing wakes us for it but the clock.
 */
static void wait_released(struct vmbus_endpoint *ve)
{
	while (!READ_ONCE(ve->dev->channel->rescind)) {
		if (wait_for_completion_timeout(&ve->released, HZ / 10))
			return;
	}
}

/*
 * Rescind: the bus's worker waits for nothing; the device lives on until the
 * channel has finished with it.
 */
static KMCL_REMOVE_TYPE endpoint_remove(struct hv_device *dev)
{
	struct vmbus_endpoint *ve = hv_get_drvdata(dev);

	ve->ep.rescinded = READ_ONCE(dev->channel->rescind);
	if (!ve->ep.rescinded)
		remember_unbound(arm_of(dev), &dev->dev_instance);
	kmcl_endpoint_gone(&ve->ep);
	wait_released(ve);
	kref_put(&ve->refs, endpoint_free);
	KMCL_REMOVE_RETURN;
}

void vmbus_release(struct kmcl_endpoint *ep)
{
	struct vmbus_endpoint *ve = to_vmbus(ep);

	vmbus_mmio_put(ve);
	put_device(&ve->dev->device);
	complete(&ve->released);
	kref_put(&ve->refs, endpoint_free);
}

/* A device whose driver_override names somebody else is not ours. */
static bool override_allows(struct hv_device *dev, struct vmbus_arm *arm)
{
	bool ret;

	device_lock(&dev->device);
	ret = kmcl_override_allows(dev, &arm->driver);
	device_unlock(&dev->device);
	return ret;
}

static int scan_device(struct device *device, void *data)
{
	struct hv_device *dev = device_to_hv_device(device);
	struct vmbus_arm *arm = data;
	int ret;

	if (READ_ONCE(device->driver) ||
	    !kmcl_channel_wants_offer(arm->channel, &dev->dev_type, &dev->dev_instance) ||
	    is_unbound(arm, &dev->dev_instance) || !override_allows(dev, arm))
		return 0;
	if (!kmcl_ready_to_probe(dev)) {
		arm->again = true;
		return 0;
	}
	/* It fails if somebody else was faster, or the device is going: both are fine. */
	ret = device_driver_attach(&arm->driver.driver, device);
	if (ret)
		dev_dbg(device, "not attached: %d\n", ret);
	return 0;
}

static void scan_work(struct work_struct *work)
{
	struct vmbus_arm *arm = container_of(to_delayed_work(work), struct vmbus_arm, scan);

	arm->again = false;
	bus_for_each_dev(arm->driver.driver.bus, NULL, arm, scan_device);
	if (arm->again && atomic_dec_if_positive(&arm->retries) >= 0)
		queue_delayed_work(system_long_wq, &arm->scan, SCAN_RETRY);
}

static void scan_soon(struct vmbus_arm *arm)
{
	atomic_set(&arm->retries, SCAN_RETRIES);
	mod_delayed_work(system_long_wq, &arm->scan, 0);
}

/* A device that comes anew is no longer the one that was unbound. */
static int on_bus_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct hv_device *dev = device_to_hv_device((struct device *)data);
	struct vmbus_arm *arm;

	if (event != BUS_NOTIFY_ADD_DEVICE)
		return NOTIFY_DONE;
	spin_lock(&arms_lock);
	list_for_each_entry(arm, &arms, node) {
		forget_unbound(arm, &dev->dev_instance);
		scan_soon(arm);
	}
	spin_unlock(&arms_lock);
	return NOTIFY_DONE;
}

static struct notifier_block bus_watch = {
	.notifier_call = on_bus_event,
};

/* The bus is known from any driver registered on it. */
static int watch_begin(struct vmbus_arm *arm)
{
	int ret = 0;

	mutex_lock(&watch_lock);
	if (!watchers)
		ret = bus_register_notifier(arm->driver.driver.bus, &bus_watch);
	if (!ret)
		watchers++;
	mutex_unlock(&watch_lock);
	return ret;
}

static void watch_end(struct vmbus_arm *arm)
{
	mutex_lock(&watch_lock);
	if (!--watchers)
		bus_unregister_notifier(arm->driver.driver.bus, &bus_watch);
	mutex_unlock(&watch_lock);
}

static struct vmbus_arm *arm_alloc(struct kmcl_channel *channel)
{
	struct vmbus_arm *arm = kzalloc(sizeof(*arm), GFP_KERNEL);

	if (!arm)
		return NULL;
	arm->channel = channel;
	INIT_LIST_HEAD(&arm->unbound);
	INIT_DELAYED_WORK(&arm->scan, scan_work);
	arm->driver.name = kmcl_channel_get_name(channel);
	arm->driver.id_table = no_ids;
	arm->driver.probe = endpoint_probe;
	arm->driver.remove = endpoint_remove;
	/* Probing only hands the device over, and must have happened when attaching returns. */
	arm->driver.driver.probe_type = PROBE_FORCE_SYNCHRONOUS;
	return arm;
}

void *vmbus_arm(struct kmcl_channel *channel)
{
	struct vmbus_arm *arm;
	int ret;

	/* The bus has offers to us only. */
	if (kmcl_channel_server_offer(channel))
		return ERR_PTR(-EOPNOTSUPP);
	arm = arm_alloc(channel);
	if (!arm)
		return ERR_PTR(-ENOMEM);
	ret = vmbus_driver_register(&arm->driver);
	if (ret)
		goto err_free;
	ret = watch_begin(arm);
	if (ret)
		goto err_unregister;
	spin_lock(&arms_lock);
	list_add_tail(&arm->node, &arms);
	spin_unlock(&arms_lock);
	scan_soon(arm);
	return arm;

err_unregister:
	vmbus_driver_unregister(&arm->driver);
err_free:
	kfree(arm);
	return ERR_PTR(ret);
}

void vmbus_rearm(void *cookie)
{
	scan_soon(cookie);
}

void vmbus_disarm(void *cookie)
{
	struct vmbus_arm *arm = cookie;

	spin_lock(&arms_lock);
	list_del(&arm->node);
	spin_unlock(&arms_lock);
	watch_end(arm);
	cancel_delayed_work_sync(&arm->scan);
	/* Unbinds, which waits for the channel to let go: endpoint_remove(). */
	vmbus_driver_unregister(&arm->driver);
	spin_lock(&arms_lock);
	forget_unbound(arm, NULL);
	spin_unlock(&arms_lock);
	kfree(arm);
}
