/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judging what the host wrote into a ring. Pure: private copies and numbers in,
 * a verdict out; no ring, no channel, no allocation. Two kinds of wrong are told
 * apart (design rule 4): broken framing, after which nobody knows where the next
 * packet begins, and a well-framed packet whose contents are refused.
 */
#ifndef _KMCL_PARSE_H
#define _KMCL_PARSE_H

#include <linux/errno.h>

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

/**
 * struct kmcl_gpa - one range of a GPA-direct packet
 * @length: bytes, at least 1
 * @offset: of the first byte in the first page, less than a page
 * @pages: frame numbers that follow
 */
struct kmcl_gpa {
	u32 length;
	u32 offset;
	u32 pages;
};

int kmcl_parse_gpa(const struct kmcl_frame *frame, u64 word, u32 max_ranges, u32 *ranges);
int kmcl_parse_gpa_range(u64 word, u32 room, u32 left, struct kmcl_gpa *range);
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

/**
 * kmcl_ring_avail() - bytes that may be read
 * @size: of the ring's data, in bytes
 * @read: our own read index, trusted
 * @write: the host's write index, a private copy
 *
 * Return: the number of bytes, or -EPROTO if @write is no place in the ring or
 * not where a packet can end (hostile cases 21, 22).
 */
static inline int kmcl_ring_avail(u32 size, u32 read, u32 write)
{
	if (write >= size || write % 8)
		return -EPROTO;
	return write >= read ? write - read : size - read + write;
}

/**
 * kmcl_ring_room() - bytes that may be written
 * @size: of the ring's data, in bytes
 * @read: the host's read index, a private copy
 * @write: the write index, a private copy
 *
 * A packet fits if it is strictly smaller than the result: a full ring would
 * look like an empty one.
 *
 * Return: the number of bytes, or -EPROTO if an index is no place in the ring
 * where a packet can begin (hostile case 33).
 */
static inline int kmcl_ring_room(u32 size, u32 read, u32 write)
{
	if (read >= size || write >= size || read % 8 || write % 8)
		return -EPROTO;
	return write >= read ? size - (write - read) : read - write;
}

/**
 * kmcl_ring_next() - read index behind a packet
 * @size: of the ring's data, in bytes
 * @read: index of the packet
 * @frame: the packet, accepted by kmcl_parse_frame()
 *
 * Return: the index.
 */
static inline u32 kmcl_ring_next(u32 size, u32 read, const struct kmcl_frame *frame)
{
	u32 next = read + frame->len + KMCL_TRAILER_SIZE;

	return next >= size ? next - size : next;
}

/**
 * kmcl_parse_frame() - check where a packet ends
 * @desc: private copy of its descriptor
 * @avail: bytes that may be read from the descriptor on
 * @frame: filled in on success
 *
 * Return: 0, or -EPROTO if the packet is shorter than its descriptor or does not
 * end, trailer included, within @avail: the ring's framing is lost.
 */
static inline int kmcl_parse_frame(const struct kmcl_packet_descriptor *desc, u32 avail,
				   struct kmcl_frame *frame)
{
	u32 len = desc->len8 * 8u;

	if (len < KMCL_DESCRIPTOR_SIZE || avail < KMCL_TRAILER_SIZE ||
	    len > avail - KMCL_TRAILER_SIZE)
		return -EPROTO;
	frame->trans_id = desc->trans_id;
	frame->len = len;
	frame->offset = desc->offset8 * 8u;
	frame->type = desc->type;
	frame->flags = desc->flags;
	return 0;
}

/**
 * kmcl_parse_payload() - check where the payload lies
 * @frame: a well-framed packet
 * @max_payload: most bytes that the channel takes
 *
 * Return: 0; -EBADMSG if the payload begins inside the descriptor or behind the
 * packet; -EMSGSIZE if it is longer than @max_payload.
 */
static inline int kmcl_parse_payload(const struct kmcl_frame *frame, u32 max_payload)
{
	if (frame->offset < KMCL_DESCRIPTOR_SIZE || frame->offset > frame->len)
		return -EBADMSG;
	if (kmcl_frame_payload(frame) > max_payload)
		return -EMSGSIZE;
	return 0;
}

/**
 * kmcl_parse_type() - is this a packet that the endpoint takes
 * @frame: a well-framed packet
 * @server: which end it is
 *
 * In-band packets and completions are, and have no header beyond the
 * descriptor, so their payload must begin right behind it. Clients take transfer-page packets:
 * kmcl_parse_xfer() judges their header. Servers take GPA-direct packets: kmcl_parse_gpa().
 *
 * Return: 0; -EOPNOTSUPP for any other type; -EBADMSG if there is something
 * between descriptor and payload.
 */
static inline int kmcl_parse_type(const struct kmcl_frame *frame, bool server)
{
	switch (frame->type) {
	case KMCL_PKT_DATA_INBAND:
	case KMCL_PKT_COMPLETION:
		return frame->offset == KMCL_DESCRIPTOR_SIZE ? 0 : -EBADMSG;
	case KMCL_PKT_DATA_GPA_DIRECT:
		if (!server)
			return -EOPNOTSUPP;
		return frame->offset > KMCL_GPA_HEADER_SIZE ? 0 : -EBADMSG;
	case KMCL_PKT_DATA_XFER_PAGES:
		if (server)
			return -EOPNOTSUPP;
		return frame->offset > KMCL_XFER_HEADER_SIZE ? 0 : -EBADMSG;
	default:
		return -EOPNOTSUPP;
	}
}

#endif /* _KMCL_PARSE_H */
