// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring arithmetic and packet parsing: see parse.h.
 */
#include <linux/errno.h>

#include "parse.h"

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
 * kmcl_parse_gpa() - check the header of a GPA-direct packet
 * @frame: of that type, accepted by kmcl_parse_type() and kmcl_parse_payload()
 * @word: private copy of the 8 bytes behind the descriptor
 * @max_ranges: most ranges that the channel takes
 * @ranges: how many there are, filled in on success
 *
 * Return: 0; -EBADMSG if there are no ranges, or so many cannot lie before the payload;
 * -E2BIG for more than @max_ranges.
 */
int kmcl_parse_gpa(const struct kmcl_frame *frame, u64 word, u32 max_ranges, u32 *ranges)
{
	u32 count = word >> 32, room = frame->offset - KMCL_GPA_HEADER_SIZE;

	if (!count || count > room / (KMCL_GPA_RANGE_SIZE + sizeof(u64)))
		return -EBADMSG;
	if (count > max_ranges)
		return -E2BIG;
	*ranges = count;
	return 0;
}

/**
 * kmcl_parse_gpa_range() - check one range of a GPA-direct packet
 * @word: private copy of its length and offset
 * @room: bytes from behind @word to the payload
 * @left: most bytes of data that the packet may still have
 * @range: filled in on success
 *
 * Return: 0; -ERANGE for an empty range, or one that begins behind its first page; -E2BIG
 * for more than @left; -EBADMSG if its frame numbers do not lie before the payload.
 */
int kmcl_parse_gpa_range(u64 word, u32 room, u32 left, struct kmcl_gpa *range)
{
	u32 length = (u32)word, offset = word >> 32;

	if (!length || offset >= KMCL_WIRE_PAGE_SIZE)
		return -ERANGE;
	if (length > left)
		return -E2BIG;
	range->length = length;
	range->offset = offset;
	range->pages = ((u64)offset + length + KMCL_WIRE_PAGE_SIZE - 1) / KMCL_WIRE_PAGE_SIZE;
	return range->pages > room / sizeof(u64) ? -EBADMSG : 0;
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
