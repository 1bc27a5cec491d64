// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a channel: driver and host change what they want at any moment, and
 * steps are taken as drivers/kmcl/control.c takes them, their transient states and
 * failures included.
 *
 * Input: a byte per event.
 */
#include <linux/kernel.h>

#include "check.h"
#include "input.h"

#include "state.c"

/* From anywhere, under a constant wish: there are no longer ways. */
#define LONGEST_WAY	3u

/**
 * struct life - a channel, and what its driver was told
 * @state: of the channel
 * @step: that is being taken
 * @enabled: wish
 * @paused: wish
 * @bound: there is an offer
 * @gone: and it was taken away
 * @failed: and it could not be opened
 * @broken: the host has broken a ring
 * @opened: the driver was told so, and not yet that it is closed
 * @started: likewise, and not yet to suspend
 */
struct life {
	enum kmcl_state state;
	enum kmcl_step step;
	bool enabled;
	bool paused;
	bool bound;
	bool gone;
	bool failed;
	bool broken;
	bool opened;
	bool started;
};

static struct kmcl_wants wants_of(const struct life *l)
{
	return (struct kmcl_wants){
		.enabled = l->enabled,
		.paused = l->paused,
		.offered = l->bound && !l->gone && !l->failed && !l->broken,
	};
}

static bool is_transient(enum kmcl_state state)
{
	return state == KMCL_OPENING || state == KMCL_STARTING || state == KMCL_SUSPENDING ||
	       state == KMCL_CLOSING;
}

/* A step begins where it may, and for a reason. */
static void check_step(const struct life *l, enum kmcl_step step, const struct kmcl_wants *wants)
{
	bool usable = wants->enabled && wants->offered;

	switch (step) {
	case KMCL_STEP_REST:
		return;
	case KMCL_STEP_ARM:
		CHECK(l->state == KMCL_DISABLED && wants->enabled);
		CHECK(kmcl_step_state(step) == KMCL_ENABLED);
		return;
	case KMCL_STEP_DISARM:
		CHECK(l->state == KMCL_ENABLED && !wants->enabled);
		CHECK(kmcl_step_state(step) == KMCL_DISABLED);
		return;
	case KMCL_STEP_OPEN:
		CHECK(l->state == KMCL_ENABLED && usable && !l->opened);
		CHECK(kmcl_step_state(step) == KMCL_OPENING);
		return;
	case KMCL_STEP_START:
		CHECK(l->state == KMCL_PAUSED && usable && !wants->paused);
		CHECK(l->opened && !l->started);
		CHECK(kmcl_step_state(step) == KMCL_STARTING);
		return;
	case KMCL_STEP_SUSPEND:
		CHECK(l->state == KMCL_ACTIVE && (!usable || wants->paused));
		CHECK(l->opened && l->started);
		CHECK(kmcl_step_state(step) == KMCL_SUSPENDING);
		return;
	case KMCL_STEP_CLOSE:
		CHECK(l->state == KMCL_PAUSED && !usable);
		CHECK(l->opened && !l->started);
		CHECK(kmcl_step_state(step) == KMCL_CLOSING);
		return;
	}
	CHECK(!"a step that there is");
}

/* Where a channel rests, it is as near to the wish as it can be. */
static void check_rest(const struct life *l, const struct kmcl_wants *wants)
{
	if (!wants->enabled)
		CHECK(l->state == KMCL_DISABLED);
	else if (!wants->offered)
		CHECK(l->state == KMCL_ENABLED);
	else
		CHECK(l->state == (wants->paused ? KMCL_PAUSED : KMCL_ACTIVE));
}

/* As next_step(). */
static void begin(struct life *l)
{
	struct kmcl_wants wants = wants_of(l);
	enum kmcl_step step = kmcl_state_next(l->state, &wants);

	if (is_transient(l->state)) {
		CHECK(step == KMCL_STEP_REST);
		return;
	}
	check_step(l, step, &wants);
	if (step == KMCL_STEP_REST) {
		check_rest(l, &wants);
		return;
	}
	if (step == KMCL_STEP_ARM)
		l->failed = false;
	l->state = kmcl_step_state(step);
	l->step = step;
}

/* As step_open(): it may fail, and the driver may refuse. */
static void end_open(struct life *l, bool fails, bool refuses)
{
	if (fails) {
		l->failed = true;
		l->state = KMCL_ENABLED;
	} else if (refuses) {
		l->enabled = false;
		l->state = KMCL_DISABLED;
	} else {
		l->opened = true;
		l->state = KMCL_PAUSED;
	}
}

/* As step_close(). */
static void end_close(struct life *l)
{
	if (l->gone || l->broken)
		l->enabled = false;
	l->broken = false;
	l->opened = false;
	l->state = KMCL_DISABLED;
}

static void end(struct life *l, bool fails, bool refuses)
{
	switch (l->state) {
	case KMCL_OPENING:
		end_open(l, fails, refuses);
		break;
	case KMCL_STARTING:
		l->started = true;
		l->state = KMCL_ACTIVE;
		break;
	case KMCL_SUSPENDING:
		l->started = false;
		l->state = KMCL_PAUSED;
		break;
	case KMCL_CLOSING:
		end_close(l);
		break;
	default:
		break;
	}
}

/* As settle_endpoint(). */
static void settle(struct life *l)
{
	if (l->gone && (l->state == KMCL_DISABLED || l->state == KMCL_ENABLED))
		l->bound = l->gone = l->failed = false;
}

static void check_life(const struct life *l)
{
	bool open = l->state == KMCL_PAUSED || l->state == KMCL_STARTING ||
		    l->state == KMCL_ACTIVE || l->state == KMCL_SUSPENDING ||
		    l->state == KMCL_CLOSING;

	CHECK(l->opened == open);
	CHECK(l->started == (l->state == KMCL_ACTIVE || l->state == KMCL_SUSPENDING));
	CHECK(strcmp(kmcl_state_name(l->state), "?"));
}

/* Nobody wants anything new. */
static void come_to_rest(struct life *l)
{
	struct kmcl_wants wants;
	u32 steps = 0;

	end(l, false, false);
	for (;;) {
		settle(l);
		wants = wants_of(l);
		if (kmcl_state_next(l->state, &wants) == KMCL_STEP_REST)
			break;
		begin(l);
		end(l, false, false);
		check_life(l);
		CHECK(++steps <= LONGEST_WAY);
	}
	check_rest(l, &wants);
}

static void bind_offer(struct life *l)
{
	if (l->bound)
		return;
	l->bound = true;
	l->gone = l->failed = false;
}

static void event(struct life *l, u8 what)
{
	switch (what % 16) {
	case 0:
		l->enabled = true;
		break;
	case 1:
		l->enabled = false;
		break;
	case 2:
		l->paused = true;
		break;
	case 3:
		l->paused = false;
		break;
	case 4:
		bind_offer(l);
		break;
	case 5:
		l->gone = l->bound;
		break;
	case 6:
		l->broken = l->opened;
		break;
	case 7:
		end(l, true, false);
		break;
	case 8:
		end(l, false, true);
		break;
	case 9:
		come_to_rest(l);
		break;
	case 10:
	case 11:
	case 12:
		end(l, false, false);
		break;
	default:
		settle(l);
		begin(l);
		break;
	}
}

/* Numbers that are no states: nothing is done, and they have no name. */
static void check_strangers(u32 number)
{
	const struct kmcl_wants all = { true, false, true };

	if (number <= KMCL_CLOSING)
		return;
	CHECK(kmcl_state_next((enum kmcl_state)number, &all) == KMCL_STEP_REST);
	CHECK(!strcmp(kmcl_state_name((enum kmcl_state)number), "?"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct life l = { .state = KMCL_DISABLED };

	check_strangers(input_u8(&in));
	while (in.left) {
		event(&l, input_u8(&in));
		check_life(&l);
	}
	come_to_rest(&l);
	return 0;
}
