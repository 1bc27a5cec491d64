/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Integration components: the framing that heartbeat, timesync, shutdown and
 * their like share. Packets are in-band; the payload is a pipe header, an IC
 * header and a body. We ask, the guest answers with the same message changed.
 * The first question is always which versions to speak.
 */
#ifndef HVHOST_IC_H
#define HVHOST_IC_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;
struct json;
struct packet;

enum ic_type {
	IC_NEGOTIATE = 0,
	IC_HEARTBEAT = 1,
	IC_SHUTDOWN = 3,
	IC_TIMESYNC = 4,
};

#define IC_FLAG_TRANSACTION	1
#define IC_FLAG_REQUEST		2
#define IC_FLAG_RESPONSE	4

#define IC_PIPE_DATA		1	/* ic_header.pipe_flags */
#define IC_BODY_MAX		4000	/* guests read into a page */

struct ic_version {
	uint16_t major;
	uint16_t minor;
};

struct ic_header {
	uint32_t pipe_flags;
	uint32_t pipe_size;	/* of all that follows */
	struct ic_version frame;
	uint16_t type;
	struct ic_version message;
	uint16_t size;		/* of the body */
	uint32_t status;
	uint8_t trans_id;
	uint8_t flags;
	uint8_t reserved[2];
} __attribute__((packed));

struct ic_negotiate {
	uint16_t frame_count;
	uint16_t message_count;
	uint32_t reserved;
	struct ic_version version[];	/* frames, then messages */
};

static_assert(sizeof(struct ic_header) == 28, "ic header");
static_assert(offsetof(struct ic_header, frame) == 8, "ic header.frame");
static_assert(offsetof(struct ic_header, type) == 12, "ic header.type");
static_assert(offsetof(struct ic_header, size) == 18, "ic header.size");
static_assert(offsetof(struct ic_header, status) == 20, "ic header.status");
static_assert(offsetof(struct ic_header, flags) == 25, "ic header.flags");
static_assert(offsetof(struct ic_negotiate, version) == 8, "ic negotiate");

enum ic_state {
	IC_CLOSED,
	IC_ASKED,	/* the guest has our versions */
	IC_READY,
	IC_REFUSED,	/* it knows none of them */
};

struct ic {
	enum ic_type type;
	const struct ic_version *versions;	/* lowest first */
	unsigned int version_count;
	enum ic_state state;
	struct ic_version frame;
	struct ic_version message;
	struct ic_version agreed;	/* the last time */
	uint64_t negotiations;		/* that ended well */
	uint8_t trans_id;
	uint64_t packet_id;
};

enum ic_event {
	IC_NOTHING,	/* ignored, and counted if it was wrong */
	IC_NEGOTIATED,	/* READY now */
	IC_ANSWER,	/* body and status of a request of ours */
};

struct ic_answer {
	uint32_t status;
	const uint8_t *body;
	uint32_t len;
};

/*
 * Sends the negotiation with the first `offered` of the versions; the channel
 * was just opened.
 */
void ic_open(struct ic *ic, struct channel *ch, unsigned int offered);
void ic_close(struct ic *ic);
enum ic_event ic_receive(struct ic *ic, struct channel *ch, const struct packet *p,
			 struct ic_answer *answer);
/* Sends a request; false if the ring has no space or the channel is gone. */
bool ic_request(struct ic *ic, struct channel *ch, const void *body, uint32_t len);
bool ic_version_below(const struct ic *ic, uint16_t major);
/* "negotiations", and "version": agreed on last, or null. */
void ic_stats(const struct ic *ic, struct json *j);

#endif
