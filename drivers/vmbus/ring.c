// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening, closing, and the rings, by way of hv_vmbus. Its packet iterator is not
 * used: it repairs bad lengths silently and then loses its place. The library
 * reads the inbound ring itself; here its read index is handed back, and the outbound
 * ring is written.
 *
 * HV_CALL_DIRECT: the batched mode reschedules its tasklet for ever when a host
 * leaves 8 stray bytes readable (vmbus_on_event()).
 */
#include <linux/dma-mapping.h>

#include "ring.h"
#include "vmbus.h"

static void on_channel_callback(void *context)
{
	struct vmbus_endpoint *ve = context;

	kmcl_endpoint_event(&ve->ep);
}

static void ring_describe(struct kmcl_ring *ring, struct hv_ring_buffer_info *info)
{
	BUILD_BUG_ON(offsetof(struct hv_ring_buffer, pending_send_sz) !=
		     offsetof(struct kmcl_ring_header, pending_send_size));
	BUILD_BUG_ON(offsetof(struct hv_ring_buffer, feature_bits) !=
		     offsetof(struct kmcl_ring_header, feature_bits));
	ring->header = (struct kmcl_ring_header *)info->ring_buffer;
	ring->data = info->ring_buffer->buffer;
	ring->size = info->ring_datasize;
}

/* Data bytes and a header page, in whole pages of this machine. */
static u32 ring_size(u32 data)
{
	return PAGE_ALIGN(data) + PAGE_SIZE;
}

/*
 * The driver that had the device before may have left its hooks on the channel:
 * ids would be its own, and its code may be gone. The table was freed at its
 * close without being cleared, and would be freed again at ours.
 */
static void channel_take_over(struct vmbus_channel *channel)
{
	channel->next_request_id_callback = NULL;
	channel->request_addr_callback = NULL;
	channel->rqstor_size = 0;
	memset(&channel->requestor, 0, sizeof(channel->requestor));
	channel->max_pkt_size = 0;
	set_channel_read_mode(channel, HV_CALL_DIRECT);
}

/* Also after a failed open, which leaves our callback on the channel. */
static void channel_hand_back(struct vmbus_channel *channel)
{
	vmbus_close(channel);
	set_channel_read_mode(channel, HV_CALL_BATCHED);
}

int vmbus_ring_open(struct kmcl_endpoint *ep, const struct kmcl_open *how)
{
	struct vmbus_endpoint *ve = to_vmbus(ep);
	struct vmbus_channel *channel = ve->dev->channel;
	int ret;

	/* A bounced page keeps its offset, which GPA ranges depend on. */
	dma_set_min_align_mask(ep->dma, HV_HYP_PAGE_SIZE - 1);
	dma_set_max_seg_size(ep->dma, UINT_MAX);
	channel_take_over(channel);
	ret = vmbus_open(channel, ring_size(how->out_bytes), ring_size(how->in_bytes), NULL, 0,
			 on_channel_callback, ve);
	if (ret) {
		channel_hand_back(channel);
		return ret;
	}
	ring_describe(&ep->in, &channel->inbound);
	ring_describe(&ep->out, &channel->outbound);
	ep->read = 0;
	ve->write = 0;
	/* Hosts before Windows 10 ignore what concerns a closed channel; netvsc knows it too. */
	ep->gpadls_first = vmbus_proto_version < VERSION_WIN10;
	return 0;
}

/*
 * Waits for the host to confirm that it has unmapped the rings, unless it has
 * rescinded the offer. hv_vmbus holds its channel mutex for as long.
 */
void vmbus_ring_close(struct kmcl_endpoint *ep)
{
	channel_hand_back(to_vmbus(ep)->dev->channel);
}

/* @packet is complete at our write index, @bytes long without the trailer. */
static void ring_publish(struct vmbus_endpoint *ve, u8 *packet, u32 bytes)
{
	struct vmbus_channel *channel = ve->dev->channel;
	u32 write = ve->write;

	ve->write = kmcl_ring_publish(&ve->ep.out, write, packet, bytes);
	if (kmcl_ring_wants_signal(&ve->ep.out, write)) {
		channel->intr_out_empty++;
		vmbus_setevent(channel);
	}
}

/* The outbound ring is written here and not by vmbus_sendpacket(): see ring.h. */
int vmbus_ring_send(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		    const void *payload, u32 len)
{
	struct vmbus_endpoint *ve = to_vmbus(ep);
	u8 *packet = kmcl_ring_at(&ep->out, ve->write);

	if (READ_ONCE(ve->dev->channel->rescind))
		return -ENODEV;
	ring_publish(ve, packet, kmcl_ring_put(packet, type, flags, trans_id, payload, len));
	return 0;
}

int vmbus_ring_send_external(struct kmcl_endpoint *ep, u64 trans_id,
			     struct kmcl_gpa_header *gpa, u32 gpa_len,
			     const void *payload, u32 len)
{
	struct vmbus_endpoint *ve = to_vmbus(ep);
	u8 *packet = kmcl_ring_at(&ep->out, ve->write);

	if (READ_ONCE(ve->dev->channel->rescind))
		return -ENODEV;
	ring_publish(ve, packet,
		     kmcl_ring_put_external(packet, trans_id, gpa, gpa_len, payload, len));
	return 0;
}

void vmbus_ring_set_pending(struct kmcl_endpoint *ep, u32 bytes)
{
	set_channel_pending_send_size(to_vmbus(ep)->dev->channel, bytes);
}

void vmbus_ring_consumed(struct kmcl_endpoint *ep, u32 read_index)
{
	struct vmbus_channel *channel = to_vmbus(ep)->dev->channel;

	channel->inbound.priv_read_index = read_index;
	hv_pkt_iter_close(channel);
}
