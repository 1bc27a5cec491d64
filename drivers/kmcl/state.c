// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state machine: see state.h. The numbers C1 to C17 are the transitions of a
 * client endpoint in the KMCL reference.
 */
#include "state.h"

/**
 * kmcl_state_next() - the next step
 * @state: where the channel is
 * @wants: where it should go
 *
 * Return: one step towards it; KMCL_STEP_REST when it is there or, in a
 * transient state, when a step is under way.
 */
enum kmcl_step kmcl_state_next(enum kmcl_state state, const struct kmcl_wants *wants)
{
	bool wanted = wants->enabled && wants->offered;

	switch (state) {
	case KMCL_DISABLED:
		return wants->enabled ? KMCL_STEP_ARM : KMCL_STEP_REST;		/* C4 */
	case KMCL_ENABLED:
		if (!wants->enabled)
			return KMCL_STEP_DISARM;				/* C14 */
		return wants->offered ? KMCL_STEP_OPEN : KMCL_STEP_REST;	/* C5, C6, C15 */
	case KMCL_PAUSED:
		if (!wanted)
			return KMCL_STEP_CLOSE;					/* C13 */
		return wants->paused ? KMCL_STEP_REST : KMCL_STEP_START;	/* C9 */
	case KMCL_ACTIVE:
		return wanted && !wants->paused ? KMCL_STEP_REST :
						  KMCL_STEP_SUSPEND;		/* C10 to C12 */
	case KMCL_OPENING:
	case KMCL_STARTING:
	case KMCL_SUSPENDING:
	case KMCL_CLOSING:
		return KMCL_STEP_REST;
	}
	return KMCL_STEP_REST;
}

/**
 * kmcl_step_state() - the state while a step is taken
 * @step: not KMCL_STEP_REST
 *
 * Return: the transient state, or the new one for a step that takes no time.
 */
enum kmcl_state kmcl_step_state(enum kmcl_step step)
{
	switch (step) {
	case KMCL_STEP_ARM:
		return KMCL_ENABLED;
	case KMCL_STEP_OPEN:
		return KMCL_OPENING;
	case KMCL_STEP_START:
		return KMCL_STARTING;
	case KMCL_STEP_SUSPEND:
		return KMCL_SUSPENDING;
	case KMCL_STEP_CLOSE:
		return KMCL_CLOSING;
	case KMCL_STEP_DISARM:
	case KMCL_STEP_REST:
		return KMCL_DISABLED;
	}
	return KMCL_DISABLED;
}

/**
 * kmcl_state_name() - for people
 * @state: the state
 *
 * Return: a lower-case word.
 */
const char *kmcl_state_name(enum kmcl_state state)
{
	switch (state) {
	case KMCL_DISABLED:	return "disabled";
	case KMCL_ENABLED:	return "enabled";
	case KMCL_OPENING:	return "opening";
	case KMCL_PAUSED:	return "paused";
	case KMCL_STARTING:	return "starting";
	case KMCL_ACTIVE:	return "active";
	case KMCL_SUSPENDING:	return "suspending";
	case KMCL_CLOSING:	return "closing";
	}
	return "?";
}
