// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening, closing, and the rings, by way of hv_vmbus. Its packet iterator is not
 * used: it repairs bad lengths silently and then loses its place. The library
 * reads the inbound ring itself; here its read index is handed back.
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

/* hv_ringbuffer_write() tests for equality: other flags would be no flag to it. */
int vmbus_ring_send(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		    const void *payload, u32 len)
{
	BUILD_BUG_ON(KMCL_PKT_FLAG_COMPLETION_REQUESTED !=
		     VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED);
	return vmbus_sendpacket(to_vmbus(ep)->dev->channel, (void *)payload, len, trans_id, type,
				flags);
}

int vmbus_ring_send_external(struct kmcl_endpoint *ep, u64 trans_id,
			     struct kmcl_gpa_header *gpa, u32 gpa_len,
			     const void *payload, u32 len)
{
	struct vmbus_packet_mpb_array *desc = (void *)gpa;

	BUILD_BUG_ON(offsetof(struct vmbus_packet_mpb_array, rangecount) !=
		     offsetof(struct kmcl_gpa_header, range_count));
	BUILD_BUG_ON(offsetof(struct vmbus_packet_mpb_array, range) !=
		     sizeof(struct kmcl_gpa_header));
	return vmbus_sendpacket_mpb_desc(to_vmbus(ep)->dev->channel, desc, gpa_len,
					 (void *)payload, len, trans_id);
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
