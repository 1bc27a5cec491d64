/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A channel: what an offer names by relid. It belongs to a device for good and
 * gets a relid anew with every offer. The device is told when it opens and
 * closes, and is handed each packet; it sends with channel_send().
 */
#ifndef HVHOST_CHANNEL_H
#define HVHOST_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto.h"
#include "proto_error.h"
#include "ring.h"

struct device;
struct json;
struct loop_timer;

enum channel_state {
	CHANNEL_ABSENT,		/* no relid: the guest does not know it */
	CHANNEL_OFFERED,	/* the guest has the offer and may open it */
	CHANNEL_OPEN,		/* rings attached, unless broken */
	CHANNEL_RESCINDED,	/* ours no more; the relid is not free until released */
};

struct channel_counts {
	uint64_t packets_in, packets_out;
	uint64_t bytes_in, bytes_out;		/* payloads, padded to 8 */
	uint64_t completions_in, completions_out;
	uint64_t signals_in, signals_out;	/* in: by hypercall */
	uint64_t monitor_signals_in;
	uint64_t ring_full;
};

struct channel {
	struct device *dev;
	enum channel_state state;
	uint16_t sub_channel;
	uint32_t relid;
	uint32_t target_vp;
	uint32_t ring_gpadl;
	uint8_t monitor_id;		/* MONITOR_NONE, or the bit in the monitor page */
	struct ring in;
	struct ring out;
	enum proto_error broken;	/* why we stopped touching the rings */
	bool stalled;			/* the device wants no packets now */
	bool waiting;			/* a send found the ring full, none went since */
	struct loop_timer *again;	/* reading goes on after others had their turn */
	struct channel_counts counts;
	struct proto_errors errors;
};

/* False: no timer or no monitor id to be had. */
bool channel_init(struct channel *ch, struct device *dev, uint16_t sub_channel);
/* By relid, offered, open or rescinded; NULL if unknown. */
struct channel *channel_find(uint32_t relid);
uint32_t channel_connection(const struct channel *ch);

/* ABSENT: take a relid and send the offer. */
void channel_offer(struct channel *ch);
/* OFFERED or OPEN: touch nothing of the guest's any more, and say so. */
void channel_rescind(struct channel *ch);
/* Any state: the guest forgot everything. */
void channel_reset(struct channel *ch);

/* Messages from the guest. */
void channel_on_open(const void *message, size_t len);
void channel_on_close(const void *message, size_t len);
void channel_on_modify(const void *message, size_t len);
void channel_on_released(const void *message, size_t len);

/* What a device makes of a GPADL that came whole. */
enum gpadl_verdict {
	GPADL_ACCEPTED,
	GPADL_REFUSED,
	GPADL_UNANSWERED,	/* it exists, but the guest never hears of it */
};

enum gpadl_verdict channel_gpadl_made(uint32_t relid);
/* The guest tears down a GPADL: if the rings lie in it, they are gone. */
void channel_gpadl_gone(uint32_t relid, uint32_t id);

enum send_status {
	SEND_OK,
	SEND_FULL,	/* the device's writable() is called when there may be space */
	SEND_UNFIT,	/* can never be sent on this ring */
	SEND_GONE,	/* closed or broken */
};

enum send_status channel_send(struct channel *ch, const struct packet *p);
/* Would a packet with that many bytes after the descriptor fit an empty ring? */
bool channel_fits(const struct channel *ch, uint32_t bytes);

/*
 * A device that cannot take more packets now. The one at hand counts as taken.
 * After channel_resume() reading goes on by and by.
 */
void channel_stall(struct channel *ch);
void channel_resume(struct channel *ch);

/* A packet that the device did not like; the channel lives. */
void channel_error(struct channel *ch, enum proto_error why);
/* The guest lost the right to its rings: they are not touched until it opens anew. */
void channel_break(struct channel *ch, enum proto_error why);

void channel_stats(const struct channel *ch, struct json *j);

#endif
