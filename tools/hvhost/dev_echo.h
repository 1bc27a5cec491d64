/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The echo device from the inside: dev_echo.c takes packets, echo_hold.c holds
 * the answers back, as the options say, and sends them.
 */
#ifndef HVHOST_DEV_ECHO_H
#define HVHOST_DEV_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "answers.h"
#include "external.h"
#include "option.h"

struct channel;
struct device;
struct loop_timer;

#define ECHO_HOLD_MAX	4096

enum echo_order { ECHO_FIFO, ECHO_REVERSE, ECHO_RANDOM };

struct echo {
	uint64_t gpa_write;
	uint64_t hold;
	uint64_t idle_ms;
	struct option_span delay_ms;
	uint64_t order;				/* enum echo_order */
	uint64_t reorder;
	uint64_t silent;
	uint64_t bad_answer;
	uint64_t pipe;
	struct answer *batch[ECHO_HOLD_MAX];	/* not released yet */
	unsigned int batched;
	struct answers ready;
	uint64_t waiting_bytes;			/* of batch and ready */
	bool full;				/* the ring did not take the first of ready */
	struct loop_timer *idle;
	struct loop_timer *delay;
	uint32_t random;
	uint64_t packets;
	uint64_t oneway;
	uint64_t gpa_packets;
	uint64_t gpa_bytes;
	uint64_t gpa_bad;
	uint64_t pipe_bad;
	uint64_t id_zero;
	uint64_t completed;
	uint64_t dropped;
	uint64_t most_waiting;
};

/* Timers and room; false: none to be had. */
bool echo_hold_start(struct device *dev);
/* Sends what is due and fits. */
void echo_flush(struct channel *ch);
/* Forgets all, and counts it. */
void echo_drop(struct echo *e);
unsigned int echo_waiting(const struct echo *e);

/* Now or later; payload is copied. */
void echo_answer(struct channel *ch, uint16_t type, uint64_t id, const void *payload,
		 uint32_t len);
/* Goes through the external data when the answer is due; the ranges are copied. */
void echo_answer_external(struct channel *ch, uint64_t id, const struct external *x);
/* At once, without an answer. */
void echo_go_through(struct echo *e, const struct external *x, uint32_t reply[2]);

#endif
