/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's end of a channel's two rings. A ring is a header page and data
 * pages, scattered over guest RAM. We read the inbound one (guest to host) and
 * write the outbound one; our own index is kept here and never read back. The
 * other side's index is read once per step and checked; a packet is copied into
 * private memory before anything in it is believed.
 *
 * Each function says whether the guest has to be signalled now, by the rules
 * that both ends share: a writer signals when the ring was empty before its
 * packet and the reader has not masked interrupts; a reader signals when its
 * reading made the free space step past the writer's pending send size.
 */
#ifndef HVHOST_RING_H
#define HVHOST_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

struct ring {
	uint8_t **page;		/* [0] is the header, NULL when not attached */
	uint32_t size;		/* bytes of data */
	uint32_t index;		/* ours */
	uint32_t published;	/* inbound: the read index that the guest sees */
	uint32_t pending;	/* outbound: the pending send size that it sees */
	uint8_t *packet;	/* inbound: the packet being looked at */
};

enum ring_status {
	RING_OK,
	RING_EMPTY,
	RING_FULL,		/* wait for a signal, pending send size is set */
	RING_UNFIT,		/* would not fit in an empty ring */
	RING_BAD_INDEX,		/* from here on: the guest broke the ring */
	RING_BAD_LENGTH,
	RING_BAD_OFFSET,
};

/* Offsets in the header page. */
#define RING_WRITE_INDEX	0
#define RING_READ_INDEX		4
#define RING_INTERRUPT_MASK	8
#define RING_PENDING_SEND	12
#define RING_FEATURES		64
#define RING_FEATURE_PENDING	1

/*
 * page[0..pages-1] is copied; at least a header and one data page. Takes up the
 * indices as the guest left them; false if they are no good.
 */
bool ring_attach_inbound(struct ring *r, uint8_t *const *page, uint32_t pages);
bool ring_attach_outbound(struct ring *r, uint8_t *const *page, uint32_t pages);
void ring_detach(struct ring *r);

/* Takes one packet off the inbound ring. */
enum ring_status ring_read(struct ring *r, struct packet *p);
/* Gives what was read back to the guest. True: signal it. */
bool ring_read_done(struct ring *r);
/* Is there something behind what was read: also a bad index. */
bool ring_has_more(const struct ring *r);
/* While masked the guest does not signal packets. After unmasking, look again. */
void ring_mask(struct ring *r, bool masked);

/* Writes p; *signal then says whether to signal. */
enum ring_status ring_write(struct ring *r, const struct packet *p, bool *signal);

#endif
