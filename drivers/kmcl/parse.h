/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judging what the host wrote into a ring. Pure: private copies and numbers in,
 * a verdict out; no ring, no channel, no allocation. Two kinds of wrong are told
 * apart (design rule 4): broken framing, after which nobody knows where the next
 * packet begins, and a well-framed packet whose contents are refused.
 */
#ifndef _KMCL_PARSE_H
#define _KMCL_PARSE_H

#include <kmcl/wire.h>

/**
 * struct kmcl_frame - one packet's descriptor, checked
 * @trans_id: as on the wire
 * @len: whole packet in bytes, trailer excluded
 * @offset: of the payload from the descriptor, as on the wire: not checked yet
 * @type: packet type, as on the wire
 * @flags: as on the wire
 */
struct kmcl_frame {
	u64 trans_id;
	u32 len;
	u32 offset;
	u16 type;
	u16 flags;
};

/**
 * struct kmcl_xfer - header of a transfer-page packet
 * @page_set: which GPADL
 * @ranges: how many follow, at least 1
 */
struct kmcl_xfer {
	u16 page_set;
	u32 ranges;
};

/**
 * struct kmcl_xfer_range - one range of it, within its GPADL
 * @offset: of the first byte
 * @length: at least 1
 */
struct kmcl_xfer_range {
	u32 offset;
	u32 length;
};

int kmcl_ring_avail(u32 size, u32 read, u32 write);
int kmcl_ring_room(u32 size, u32 read, u32 write);
u32 kmcl_ring_next(u32 size, u32 read, const struct kmcl_frame *frame);
int kmcl_parse_frame(const struct kmcl_packet_descriptor *desc, u32 avail,
		     struct kmcl_frame *frame);
int kmcl_parse_payload(const struct kmcl_frame *frame, u32 max_payload);
int kmcl_parse_type(const struct kmcl_frame *frame);
int kmcl_parse_xfer(const struct kmcl_frame *frame, u64 word, u32 max_ranges,
		    struct kmcl_xfer *xfer);
int kmcl_parse_range(u64 word, u32 bytes, u32 left, struct kmcl_xfer_range *range);
int kmcl_parse_pipe(u64 word, u32 payload, u32 *length);

static inline u32 kmcl_frame_payload(const struct kmcl_frame *frame)
{
	return frame->len - frame->offset;
}

static inline bool kmcl_frame_wants_completion(const struct kmcl_frame *frame)
{
	return frame->flags & KMCL_PKT_FLAG_COMPLETION_REQUESTED;
}

/* Ring bytes of a packet: header (descriptor included), payload padded, trailer. */
static inline u32 kmcl_ring_bytes(u32 header, u32 payload)
{
	return header + ((payload + 7u) & ~7u) + KMCL_TRAILER_SIZE;
}

#endif /* _KMCL_PARSE_H */
