// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_bus: see bus.h. It belongs to no driver of the three and includes the bus's
 * header so that the others need not.
 */
#include <linux/err.h>
#include <linux/hyperv.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "bus.h"

struct bench_bus {
	struct hv_device *dev;
	struct vmbus_channel *channel;
};

static const struct hv_vmbus_device_id no_ids[] = {
	{ },
};

/* Binds nothing: a driver is how one comes to know the bus. */
static struct hv_driver finder = {
	.name = "bench_bus",
	.id_table = no_ids,
};

static int is_instance(struct device *device, const void *instance)
{
	return guid_equal(&device_to_hv_device(device)->dev_instance, instance);
}

/**
 * bench_bus_find() - the channel of a device
 * @instance: of the device
 *
 * Return: it, with a reference on the device; NULL if there is none, or no memory.
 */
struct bench_bus *bench_bus_find(const guid_t *instance)
{
	struct bench_bus *bus = kzalloc(sizeof(*bus), GFP_KERNEL);
	struct device *device;

	if (!bus)
		return NULL;
	device = bus_find_device(finder.driver.bus, NULL, instance, is_instance);
	if (!device) {
		kfree(bus);
		return NULL;
	}
	bus->dev = device_to_hv_device(device);
	bus->channel = bus->dev->channel;
	return bus;
}
EXPORT_SYMBOL_GPL(bench_bus_find);

void bench_bus_put(struct bench_bus *bus)
{
	if (!bus)
		return;
	put_device(&bus->dev->device);
	kfree(bus);
}
EXPORT_SYMBOL_GPL(bench_bus_put);

static void hush(struct hv_ring_buffer_info *ring, bool hush)
{
	WRITE_ONCE(ring->ring_buffer->interrupt_mask, hush);
	virt_mb();
}

/* The host reads: the guest need not signal. hvhost takes it back when it has read. */
void bench_bus_hush_host(struct bench_bus *bus, bool on)
{
	hush(&bus->channel->outbound, on);
}
EXPORT_SYMBOL_GPL(bench_bus_hush_host);

/* The guest reads: the host need not signal. The batched mode takes it back likewise. */
void bench_bus_hush_guest(struct bench_bus *bus, bool on)
{
	hush(&bus->channel->inbound, on);
}
EXPORT_SYMBOL_GPL(bench_bus_hush_guest);

bool bench_bus_guest_hushed(struct bench_bus *bus)
{
	return READ_ONCE(bus->channel->inbound.ring_buffer->interrupt_mask);
}
EXPORT_SYMBOL_GPL(bench_bus_guest_hushed);

/* Bytes in the ring from the host. */
u32 bench_bus_readable(struct bench_bus *bus)
{
	return hv_get_bytes_to_read(&bus->channel->inbound);
}
EXPORT_SYMBOL_GPL(bench_bus_readable);

/* Bytes in the ring to the host. */
u32 bench_bus_unread(struct bench_bus *bus)
{
	return hv_get_bytes_to_read(&bus->channel->outbound);
}
EXPORT_SYMBOL_GPL(bench_bus_unread);

void bench_bus_signal(struct bench_bus *bus)
{
	vmbus_setevent(bus->channel);
}
EXPORT_SYMBOL_GPL(bench_bus_signal);

/*
 * What follows an interrupt, without it: the mask that vmbus_chan_sched() sets in
 * batched mode, then the tasklet's function. Bottom halves are off.
 */
void bench_bus_event(struct bench_bus *bus)
{
	struct vmbus_channel *channel = bus->channel;

	if (channel->callback_mode == HV_CALL_BATCHED)
		hv_begin_read(&channel->inbound);
	channel->callback_event.func(channel->callback_event.data);
}
EXPORT_SYMBOL_GPL(bench_bus_event);

/* Hypercalls made for this channel. */
u64 bench_bus_signals(struct bench_bus *bus)
{
	return READ_ONCE(bus->channel->sig_events);
}
EXPORT_SYMBOL_GPL(bench_bus_signals);

/* Interrupts taken for this channel. */
u64 bench_bus_interrupts(struct bench_bus *bus)
{
	return READ_ONCE(bus->channel->interrupts);
}
EXPORT_SYMBOL_GPL(bench_bus_interrupts);

static int __init bench_bus_init(void)
{
	return vmbus_driver_register(&finder);
}

static void __exit bench_bus_exit(void)
{
	vmbus_driver_unregister(&finder);
}

module_init(bench_bus_init);
module_exit(bench_bus_exit);

MODULE_DESCRIPTION("kmcl benchmark: what is done to a channel behind its driver's back");
MODULE_LICENSE("GPL");
