/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets in a ring: a descriptor, for some types a header of their own, the
 * payload, padding to 8 bytes and a trailer that the length leaves out.
 */
#ifndef HVHOST_PACKET_H
#define HVHOST_PACKET_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_INBAND		6
#define PACKET_XFER_PAGES	7
#define PACKET_GPA_DIRECT	9
#define PACKET_COMPLETION	11

#define PACKET_WANTS_COMPLETION	1	/* the only flag there is */

#define PACKET_TRAILER		8
#define PACKET_LEN_MAX		(0xffffu * 8)	/* len8 has 16 bits */

struct packet_descriptor {
	uint16_t type;
	uint16_t offset8;
	uint16_t len8;
	uint16_t flags;
	uint64_t trans_id;
};

static_assert(sizeof(struct packet_descriptor) == 16, "descriptor");
static_assert(offsetof(struct packet_descriptor, trans_id) == 8, "descriptor.trans_id");

/* GPA direct: after the descriptor; ranges follow (see gpa.h). */
struct gpa_direct_header {
	uint32_t reserved;
	uint32_t range_count;
};

static_assert(sizeof(struct gpa_direct_header) == 8, "gpa direct");

/*
 * One packet, in or out. In: points into the host's private copy, valid until
 * the next read; length is what the wire says, padding included.
 */
struct packet {
	uint16_t type;
	uint16_t flags;
	uint64_t trans_id;
	const void *header;	/* between descriptor and payload */
	uint32_t header_len;	/* a multiple of 8 */
	const void *payload;
	uint32_t len;
};

#endif
