/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing packets into a ring, for transports that do it themselves. The caller is the one
 * writer and has checked the room; data are mapped twice in a row, so each packet lies in
 * one piece. The writer's index is its own: the one in the ring is the other end's to change.
 */
#ifndef _KMCL_RING_H
#define _KMCL_RING_H

#include <linux/align.h>
#include <linux/string.h>
#include <asm/barrier.h>

#include "transport.h"

static inline u8 *kmcl_ring_at(const struct kmcl_ring *ring, u32 index)
{
	return (u8 *)ring->data + index;
}

/* With zeros up to a multiple of 8. */
static inline void ring_put_payload(u8 *at, const void *payload, u32 len)
{
	if (len % 8)
		*(u64 *)(at + len - len % 8) = 0;
	memcpy(at, payload, len);
}

/* Returns the bytes of the packet, without the trailer. */
static inline u32 kmcl_ring_put(u8 *packet, u16 type, u16 flags, u64 trans_id,
				const void *payload, u32 len)
{
	u32 bytes = KMCL_DESCRIPTOR_SIZE + ALIGN(len, 8);

	((u64 *)packet)[0] = type | (u64)(KMCL_DESCRIPTOR_SIZE / 8) << 16 |
			     (u64)(bytes / 8) << 32 | (u64)flags << 48;
	((u64 *)packet)[1] = trans_id;
	ring_put_payload(packet + KMCL_DESCRIPTOR_SIZE, payload, len);
	return bytes;
}

/* Likewise, a GPA-direct packet. */
static inline u32 kmcl_ring_put_external(u8 *packet, u64 trans_id, struct kmcl_gpa_header *gpa,
					 u32 gpa_len, const void *payload, u32 len)
{
	u32 bytes = gpa_len + ALIGN(len, 8);

	gpa->desc.type = KMCL_PKT_DATA_GPA_DIRECT;
	gpa->desc.offset8 = gpa_len / 8;
	gpa->desc.len8 = bytes / 8;
	gpa->desc.flags = KMCL_PKT_FLAG_COMPLETION_REQUESTED;
	gpa->desc.trans_id = trans_id;
	memcpy(packet, gpa, gpa_len);
	ring_put_payload(packet + gpa_len, payload, len);
	return bytes;
}

/* @packet is complete at @write; returns the next write index. */
static inline u32 kmcl_ring_publish(const struct kmcl_ring *ring, u32 write, u8 *packet,
				    u32 bytes)
{
	u32 next = write + bytes + KMCL_TRAILER_SIZE;

	*(u64 *)(packet + bytes) = (u64)write << 32;
	if (next >= ring->size)
		next -= ring->size;
	virt_store_release(&ring->header->write_index, next);
	return next;
}

/*
 * Has the reader to be signalled: it has read all that was there before @write, and has not
 * said that it looks by itself (TLFS; the rule of hv_ringbuffer_write()).
 */
static inline bool kmcl_ring_wants_signal(const struct kmcl_ring *ring, u32 write)
{
	/* Our write index before what the other end has written. */
	virt_mb();
	if (READ_ONCE(ring->header->interrupt_mask))
		return false;
	virt_rmb();
	return READ_ONCE(ring->header->read_index) == write;
}

#endif /* _KMCL_RING_H */
