/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMBus ring and packet layouts, as facts of the wire: numbers and structs, no
 * behaviour. Everything is little endian; the bus exists on little-endian
 * machines only. Sources: include/linux/hyperv.h (struct hv_ring_buffer, struct
 * vmpacket_descriptor, enum vmbus_packet_type) and the TLFS.
 */
#ifndef _KMCL_WIRE_H
#define _KMCL_WIRE_H

#include <linux/types.h>

#define KMCL_WIRE_PAGE_SIZE	4096u	/* HV_HYP_PAGE_SIZE, on every architecture */

/* One per direction, in the first page of the ring; the data follow it. */
struct kmcl_ring_header {
	u32 write_index;	/* written by the sender: next byte to write */
	u32 read_index;		/* written by the receiver: next byte to read */
	u32 interrupt_mask;	/* written by the receiver: no signals, please */
	u32 pending_send_size;	/* written by the sender: signal once more is free */
	u32 reserved[12];
	u32 feature_bits;	/* bit 0: pending_send_size is honoured */
} __packed;

enum kmcl_packet_type {
	KMCL_PKT_DATA_INBAND		= 0x6,
	KMCL_PKT_DATA_XFER_PAGES	= 0x7,
	KMCL_PKT_DATA_GPA_DIRECT	= 0x9,
	KMCL_PKT_CANCEL			= 0xa,
	KMCL_PKT_COMPLETION		= 0xb,
};

#define KMCL_PKT_FLAG_COMPLETION_REQUESTED	0x1

/* In front of every packet. An 8-byte trailer follows it, not counted in len8. */
struct kmcl_packet_descriptor {
	u16 type;
	u16 offset8;		/* of the payload, from here, in 8 bytes */
	u16 len8;		/* descriptor, type header, padded payload, in 8 bytes */
	u16 flags;
	u64 trans_id;		/* the completion carries it back */
} __packed;

#define KMCL_DESCRIPTOR_SIZE	16u
#define KMCL_TRAILER_SIZE	8u
#define KMCL_PACKET_MAX		(0xffffu * 8u)	/* what len8 can say */

/* One range of external data; the number of page frames follows from length and offset. */
struct kmcl_gpa_range {
	u32 length;
	u32 offset;		/* in the first page */
	u64 pfn[];
} __packed;

/* A GPA-direct packet up to its ranges. */
struct kmcl_gpa_header {
	struct kmcl_packet_descriptor desc;
	u32 reserved;
	u32 range_count;
} __packed;

#define KMCL_GPA_HEADER_SIZE	24u	/* descriptor included */
#define KMCL_GPA_RANGE_SIZE	8u	/* without its frame numbers */

/*
 * A transfer-page packet: 8 bytes behind the descriptor, the lower 16 bits the
 * page set and the upper 32 the number of ranges; then the ranges, 8 bytes each,
 * the lower 32 bits the length and the upper the offset in the page set; then
 * the payload (hyperv.h, struct vmtransfer_page_packet_header).
 */
#define KMCL_XFER_HEADER_SIZE	24u	/* descriptor included */
#define KMCL_XFER_RANGE_SIZE	8u

/* In front of each message of a pipe (hyperv.h, struct vmpipe_proto_header). */
struct kmcl_pipe_header {
	u32 type;
	u32 length;		/* of the message behind it, in bytes */
} __packed;

#define KMCL_PIPE_DATA		1u

#endif /* _KMCL_WIRE_H */
