/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transfer page packets that point into a mapped GPADL. Its area is cut into
 * slots; a packet in flight has one to itself, so that ranges of packets in
 * flight never overlap. Layouts are in <kmcl/hvhost.h>.
 */
#ifndef HVHOST_XFER_H
#define HVHOST_XFER_H

#include <stdbool.h>
#include <stdint.h>

struct channel;
struct gpadl;
struct packet;

#define XFER_WINDOW_MAX	255

/* What is wrong with the packets, on purpose. */
enum xfer_fault {
	XFER_GOOD,
	XFER_OUTSIDE,		/* a range ends, or lies, behind the GPADL */
	XFER_EMPTY,		/* a range of no bytes */
	XFER_COUNT,		/* more ranges than the header holds */
	XFER_SET,		/* another page set id */
	XFER_WRAP,		/* offset + length is past 32 bits */
};

struct xfer_job {
	const struct gpadl *gpadl;	/* mapped for as long as the job lives */
	uint32_t offset;
	uint32_t length;		/* HVHOST_GPADL_SEND_MIN at least */
	uint32_t seed;
	uint32_t count;			/* of packets */
	uint16_t set;
	enum xfer_fault fault;
	uint32_t window;		/* packets in flight, 1 to XFER_WINDOW_MAX */
};

/* Transaction ids: of all jobs of one channel, all its openings. */
struct xfer_ids {
	uint16_t opening;
	uint64_t seq;			/* of the next packet, since the opening */
	uint64_t forgotten;		/* below it nothing is outstanding any more */
};

struct xfer;

/* number tells jobs that run at the same time apart. NULL: no memory. */
struct xfer *xfer_new(const struct xfer_job *job, struct xfer_ids *ids, uint8_t number);
/* Packets in flight are forgotten: see xfer_forget(). */
void xfer_free(struct xfer *x);

/* Sends as many packets as the window and the ring allow; how many. */
uint32_t xfer_pump(struct xfer *x, struct channel *ch);
bool xfer_over(const struct xfer *x);
/* How many were completed wrongly. */
uint32_t xfer_wrong(const struct xfer *x);

enum xfer_answer {
	XFER_RIGHT,
	XFER_WRONG,
	XFER_NOT_MINE,		/* no packet in flight has that id */
};

/* A completion. The packet's memory is overwritten, then free for the next. */
enum xfer_answer xfer_completed(struct xfer *x, const struct packet *p);

/* The number of the job that an id belongs to, if one of this opening has it at all. */
uint8_t xfer_number(uint64_t id);
void xfer_ids_open(struct xfer_ids *ids);
/* A job ends with packets in flight. */
void xfer_forget(struct xfer_ids *ids);
/* Was a packet of that id sent and is it done with, as opposed to never sent? */
bool xfer_was_sent(const struct xfer_ids *ids, uint64_t id);

#endif
