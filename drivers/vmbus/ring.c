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

/*
 * Signals when the host has to be told: it has read all that was there before, and has not
 * said that it looks by itself (TLFS; the rule of hv_ringbuffer_write()).
 */
static void ring_signal(struct vmbus_channel *channel, u32 old_write)
{
	struct hv_ring_buffer *ring = channel->outbound.ring_buffer;

	/* The index that was written before what the host has written. */
	virt_mb();
	if (READ_ONCE(ring->interrupt_mask))
		return;
	virt_rmb();
	if (READ_ONCE(ring->read_index) != old_write)
		return;
	channel->intr_out_empty++;
	vmbus_setevent(channel);
}

/* @packet is complete at our write index, @bytes long without the trailer. */
static void ring_publish(struct vmbus_endpoint *ve, u8 *packet, u32 bytes)
{
	struct vmbus_channel *channel = ve->dev->channel;
	u32 write = ve->write, next = write + bytes + KMCL_TRAILER_SIZE;

	*(u64 *)(packet + bytes) = (u64)write << 32;
	if (next >= ve->ep.out.size)
		next -= ve->ep.out.size;
	ve->write = next;
	virt_store_release(&ve->ep.out.header->write_index, next);
	ring_signal(channel, write);
}

/* With zeros up to a multiple of 8. */
static void put_payload(u8 *at, const void *payload, u32 len)
{
	if (len % 8)
		*(u64 *)(at + len - len % 8) = 0;
	memcpy(at, payload, len);
}

/*
 * The outbound ring is written here and not by vmbus_sendpacket(): the library has one
 * writer at a time and has checked the room, and each packet lies in one piece, since the data
 * are mapped twice in a row. The write index is our own: the one in the ring is the host's
 * to change.
 */
int vmbus_ring_send(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		    const void *payload, u32 len)
{
	struct vmbus_endpoint *ve = to_vmbus(ep);
	u8 *packet = (u8 *)ep->out.data + ve->write;
	u32 bytes = KMCL_DESCRIPTOR_SIZE + ALIGN(len, 8);

	if (READ_ONCE(ve->dev->channel->rescind))
		return -ENODEV;
	((u64 *)packet)[0] = type | (u64)(KMCL_DESCRIPTOR_SIZE / 8) << 16 |
			     (u64)(bytes / 8) << 32 | (u64)flags << 48;
	((u64 *)packet)[1] = trans_id;
	put_payload(packet + KMCL_DESCRIPTOR_SIZE, payload, len);
	ring_publish(ve, packet, bytes);
	return 0;
}

int vmbus_ring_send_external(struct kmcl_endpoint *ep, u64 trans_id,
			     struct kmcl_gpa_header *gpa, u32 gpa_len,
			     const void *payload, u32 len)
{
	struct vmbus_endpoint *ve = to_vmbus(ep);
	u8 *packet = (u8 *)ep->out.data + ve->write;
	u32 bytes = gpa_len + ALIGN(len, 8);

	if (READ_ONCE(ve->dev->channel->rescind))
		return -ENODEV;
	gpa->desc.type = KMCL_PKT_DATA_GPA_DIRECT;
	gpa->desc.offset8 = gpa_len / 8;
	gpa->desc.len8 = bytes / 8;
	gpa->desc.flags = KMCL_PKT_FLAG_COMPLETION_REQUESTED;
	gpa->desc.trans_id = trans_id;
	memcpy(packet, gpa, gpa_len);
	put_payload(packet + gpa_len, payload, len);
	ring_publish(ve, packet, bytes);
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
