/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices: what a type of device has to provide, and the list of those asked for
 * on the command line. A new type is one file with a struct device_type, and one
 * line in the table of device.c.
 */
#ifndef HVHOST_DEVICE_H
#define HVHOST_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "channel.h"
#include "guid.h"
#include "option.h"

struct json;
struct loop_timer;

struct device_type {
	const char *name;
	const char *help;
	struct guid guid;
	bool message_pipe;			/* offered as a pipe in message mode */
	size_t state_size;			/* of dev->state, zeroed */
	const struct option_key *keys;		/* fields of state; may be NULL */
	/* Keys that contradict each other: a sentence, or NULL. May be NULL. */
	const char *(*check)(const void *state);
	/* Once, before the guest runs: make timers. False: no memory. May be NULL. */
	bool (*start)(struct device *dev);
	/* The guest opened the channel; sending is allowed. */
	void (*opened)(struct channel *ch);
	/* Closed, rescinded or reset: nothing can be sent. Timers must be idle after it. */
	void (*closed)(struct channel *ch);
	/* One packet, valid during the call. */
	void (*packet)(struct channel *ch, const struct packet *p);
	/* After SEND_FULL: there may be space. May be NULL. */
	void (*writable)(struct channel *ch);
	/* A GPADL came whole while the channel is open. May be NULL: all are accepted. */
	enum gpadl_verdict (*gpadl)(struct channel *ch);
	/* Members of "counters". */
	void (*stats)(const struct device *dev, struct json *j);
};

struct device {
	struct device *next;
	const struct device_type *type;
	struct guid guid;
	struct guid instance;
	bool present;		/* plugged in: part of what the guest is offered */
	bool message_pipe;	/* the type's, unless start() says otherwise */
	uint64_t mmio_mb;
	uint64_t monitor;
	void *state;
	struct channel channel;
	uint64_t offers;
	uint64_t opens;
	uint64_t rescinds;
};

/*
 * TYPE[,key=value...]; who is the option's name for complaints. NULL after
 * printing a sentence.
 */
struct device *device_parse(const char *who, const char *text);
/* By instance GUID, or by type name: the first of that type. */
struct device *device_find(const char *text);

void device_plug(struct device *dev);
void device_unplug(struct device *dev);

/* From channels. */
void device_opened(struct channel *ch);
void device_closed(struct channel *ch);
void device_released(struct channel *ch);

bool devices_start(void);
void devices_offer(void);
void devices_reset(void);
void devices_stats(struct json *j);

#endif
