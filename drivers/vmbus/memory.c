// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory besides the rings, by way of hv_vmbus: GPADLs, and the memory-mapped space
 * of a device. The callers see to it that a channel has one exchange at a time.
 */
#include <linux/ioport.h>
#include <linux/slab.h>

#include "vmbus.h"

#define MIB	(1ull << 20)

/* In a confidential VM a failure may leave pages decrypted: then they are not ours. */
int vmbus_gpadl_create(struct kmcl_endpoint *ep, const struct kmcl_share *share, u32 *gpadl,
		       void **cookie)
{
	struct vmbus_gpadl *g = kzalloc(sizeof(*g), GFP_KERNEL);
	int ret;

	if (!g)
		return -ENOMEM;
	ret = vmbus_establish_gpadl(to_vmbus(ep)->dev->channel, share->address,
				    share->bytes, g);
	if (ret) {
		ret = kmcl_gpadl_decrypted(g) ? -EUCLEAN : ret;
		kfree(g);
		return ret;
	}
	*gpadl = g->gpadl_handle;
	*cookie = g;
	return 0;
}

/*
 * hv_vmbus forgets the number only when the host has answered, or has rescinded
 * the channel, and its return value says less than that.
 */
int vmbus_gpadl_delete(struct kmcl_endpoint *ep, void *cookie)
{
	struct vmbus_channel *channel = to_vmbus(ep)->dev->channel;
	struct vmbus_gpadl *g = cookie;
	bool confirmed;

	vmbus_teardown_gpadl(channel, g);
	/* Once more if it had no memory to ask with. */
	if (g->gpadl_handle && !READ_ONCE(channel->rescind))
		vmbus_teardown_gpadl(channel, g);
	confirmed = (!g->gpadl_handle || READ_ONCE(channel->rescind)) && !kmcl_gpadl_decrypted(g);
	if (!confirmed)
		return -EIO;
	kfree(g);
	return 0;
}

int vmbus_mmio_get(struct kmcl_endpoint *ep, u64 *address, u64 *bytes)
{
	struct vmbus_endpoint *ve = to_vmbus(ep);
	u64 size = ve->dev->channel->offermsg.offer.mmio_megabytes * MIB;
	int ret;

	if (!size)
		return 0;
	if (!ve->mmio) {
		ret = vmbus_allocate_mmio(&ve->mmio, ve->dev, 0, -1, size, MIB, false);
		if (ret) {
			ve->mmio = NULL;
			return ret;
		}
	}
	*address = ve->mmio->start;
	*bytes = size;
	return 0;
}

void vmbus_mmio_put(struct vmbus_endpoint *ve)
{
	if (ve->mmio)
		vmbus_free_mmio(ve->mmio->start, resource_size(ve->mmio));
	ve->mmio = NULL;
}
