/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What parse.c and parse.h should say, in the words of the wire and in numbers so
 * wide that nothing wraps.
 */
#ifndef _FUZZ_EXPECT_H
#define _FUZZ_EXPECT_H

#include <linux/errno.h>

#include <kmcl/wire.h>

static inline int expect_avail(u64 size, u64 read, u64 write)
{
	if (write >= size || write % 8)
		return -EPROTO;
	return (size + write - read) % size;
}

static inline int expect_room(u64 size, u64 read, u64 write)
{
	if (read >= size || write >= size || read % 8 || write % 8)
		return -EPROTO;
	return size - (size + write - read) % size;
}

static inline int expect_frame(const struct kmcl_packet_descriptor *desc, u64 avail)
{
	u64 bytes = 8ull * desc->len8;

	return bytes >= 16 && bytes + 8 <= avail ? 0 : -EPROTO;
}

static inline int expect_type(const struct kmcl_packet_descriptor *desc, bool server)
{
	if (desc->type == 6 || desc->type == 11)
		return desc->offset8 == 2 ? 0 : -EBADMSG;
	if (desc->type == (server ? 9 : 7))
		return desc->offset8 >= 4 ? 0 : -EBADMSG;
	return -EOPNOTSUPP;
}

static inline int expect_payload(const struct kmcl_packet_descriptor *desc, u64 max)
{
	if (desc->offset8 < 2 || desc->offset8 > desc->len8)
		return -EBADMSG;
	return 8ull * (desc->len8 - desc->offset8) > max ? -EMSGSIZE : 0;
}

/* @offset: of the payload, in bytes; room for a range, or more. */
static inline int expect_xfer(u64 offset, u64 word, u64 max_ranges)
{
	u64 ranges = word >> 32;

	if (!ranges || offset != 24 + 8 * ranges)
		return -EBADMSG;
	return ranges > max_ranges ? -E2BIG : 0;
}

static inline int expect_range(u64 word, u64 bytes, u64 left)
{
	u64 length = word & 0xffffffffull, offset = word >> 32;

	if (!length || offset + length > bytes)
		return -ERANGE;
	return length > left ? -E2BIG : 0;
}

/* @offset: as above. Of each range at least one frame number is there. */
static inline int expect_gpa(u64 offset, u64 word, u64 max_ranges)
{
	u64 ranges = word >> 32;

	if (!ranges || 24 + 16 * ranges > offset)
		return -EBADMSG;
	return ranges > max_ranges ? -E2BIG : 0;
}

static inline u64 expect_gpa_pages(u64 word)
{
	return ((word & 0xffffffffull) + (word >> 32) + 4095) / 4096;
}

static inline int expect_gpa_range(u64 word, u64 room, u64 left)
{
	u64 length = word & 0xffffffffull;

	if (!length || word >> 32 > 4095)
		return -ERANGE;
	if (length > left)
		return -E2BIG;
	return 8 * expect_gpa_pages(word) > room ? -EBADMSG : 0;
}

static inline int expect_pipe(u64 word, u64 payload)
{
	if (payload < 8)
		return -EBADMSG;
	if ((word & 0xffffffffull) != 1)
		return -EOPNOTSUPP;
	return 8 + (word >> 32) > payload ? -EBADMSG : 0;
}

#endif /* _FUZZ_EXPECT_H */
