// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring arithmetic and packet parsing: see parse.h.
 */
#include <linux/errno.h>

#include "parse.h"

/**
 * kmcl_ring_avail() - bytes that may be read
 * @size: of the ring's data, in bytes
 * @read: our own read index, trusted
 * @write: the host's write index, a private copy
 *
 * Return: the number of bytes, or -EPROTO if @write is no place in the ring or
 * not where a packet can end (hostile cases 21, 22).
 */
int kmcl_ring_avail(u32 size, u32 read, u32 write)
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
int kmcl_ring_room(u32 size, u32 read, u32 write)
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
u32 kmcl_ring_next(u32 size, u32 read, const struct kmcl_frame *frame)
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
int kmcl_parse_frame(const struct kmcl_packet_descriptor *desc, u32 avail,
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
int kmcl_parse_payload(const struct kmcl_frame *frame, u32 max_payload)
{
	if (frame->offset < KMCL_DESCRIPTOR_SIZE || frame->offset > frame->len)
		return -EBADMSG;
	if (kmcl_frame_payload(frame) > max_payload)
		return -EMSGSIZE;
	return 0;
}

/**
 * kmcl_parse_type() - is this a packet that a client endpoint takes
 * @frame: a well-framed packet
 *
 * In-band packets and completions are, and have no header beyond the
 * descriptor, so their payload must begin right behind it. Transfer-page packets
 * are: kmcl_parse_xfer() judges their header.
 *
 * Return: 0; -EOPNOTSUPP for any other type; -EBADMSG if there is something
 * between descriptor and payload.
 */
int kmcl_parse_type(const struct kmcl_frame *frame)
{
	switch (frame->type) {
	case KMCL_PKT_DATA_INBAND:
	case KMCL_PKT_COMPLETION:
		return frame->offset == KMCL_DESCRIPTOR_SIZE ? 0 : -EBADMSG;
	case KMCL_PKT_DATA_XFER_PAGES:
		return frame->offset > KMCL_XFER_HEADER_SIZE ? 0 : -EBADMSG;
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * kmcl_parse_xfer() - check the header of a transfer-page packet
 * @frame: of that type, accepted by kmcl_parse_type() and kmcl_parse_payload()
 * @word: private copy of the 8 bytes behind the descriptor
 * @max_ranges: most ranges that the channel takes
 * @xfer: filled in on success
 *
 * Return: 0; -EBADMSG if there are no ranges, or header and ranges do not end where
 * the payload begins; -E2BIG for more than @max_ranges.
 */
int kmcl_parse_xfer(const struct kmcl_frame *frame, u64 word, u32 max_ranges,
		    struct kmcl_xfer *xfer)
{
	u32 ranges = word >> 32;

	if (!ranges || (frame->offset - KMCL_XFER_HEADER_SIZE) / KMCL_XFER_RANGE_SIZE != ranges)
		return -EBADMSG;
	if (ranges > max_ranges)
		return -E2BIG;
	xfer->page_set = (u16)word;
	xfer->ranges = ranges;
	return 0;
}

/**
 * kmcl_parse_range() - check one range of a transfer-page packet
 * @word: private copy of its 8 bytes
 * @bytes: of the GPADL
 * @left: most bytes that the packet may still have
 * @range: filled in on success
 *
 * Return: 0; -ERANGE for an empty range, or one that does not lie in the GPADL;
 * -E2BIG for more than @left.
 */
int kmcl_parse_range(u64 word, u32 bytes, u32 left, struct kmcl_xfer_range *range)
{
	u32 length = (u32)word, offset = word >> 32;

	if (!length || length > bytes || offset > bytes - length)
		return -ERANGE;
	if (length > left)
		return -E2BIG;
	range->length = length;
	range->offset = offset;
	return 0;
}

/**
 * kmcl_parse_pipe() - check the header of a message
 * @word: private copy of the first 8 bytes of the payload
 * @payload: its length
 * @length: of the message, filled in on success
 *
 * Return: 0; -EBADMSG if the header does not fit, or the message is longer than what
 * there is; -EOPNOTSUPP if it is no data.
 */
int kmcl_parse_pipe(u64 word, u32 payload, u32 *length)
{
	u32 bytes = word >> 32;

	if (payload < sizeof(struct kmcl_pipe_header))
		return -EBADMSG;
	if ((u32)word != KMCL_PIPE_DATA)
		return -EOPNOTSUPP;
	if (bytes > payload - sizeof(struct kmcl_pipe_header))
		return -EBADMSG;
	*length = bytes;
	return 0;
}
