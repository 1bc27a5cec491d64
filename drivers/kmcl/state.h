/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state machine of a client channel as a function: from a state at rest and
 * what is wanted of it to the next step. Pure. control.c carries the steps out.
 */
#ifndef _KMCL_STATE_H
#define _KMCL_STATE_H

#include <kmcl/kmcl.h>

/**
 * struct kmcl_wants - what the world wants of a channel
 * @enabled: the driver wants it enabled
 * @paused: the driver wants it paused
 * @offered: an offer is bound, usable and not gone
 */
struct kmcl_wants {
	bool enabled;
	bool paused;
	bool offered;
};

enum kmcl_step {
	KMCL_STEP_REST,		/* nothing to do */
	KMCL_STEP_ARM,		/* DISABLED to ENABLED */
	KMCL_STEP_DISARM,	/* ENABLED to DISABLED */
	KMCL_STEP_OPEN,		/* ENABLED, OPENING, to PAUSED */
	KMCL_STEP_START,	/* PAUSED, STARTING, to ACTIVE */
	KMCL_STEP_SUSPEND,	/* ACTIVE, SUSPENDING, to PAUSED */
	KMCL_STEP_CLOSE,	/* PAUSED, CLOSING, to DISABLED */
};

enum kmcl_step kmcl_state_next(enum kmcl_state state, const struct kmcl_wants *wants);
enum kmcl_state kmcl_step_state(enum kmcl_step step);
const char *kmcl_state_name(enum kmcl_state state);

#endif /* _KMCL_STATE_H */
