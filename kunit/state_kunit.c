// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state machine as a function: each resting state under each wish, and
 * the transient ones, which answer nothing.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "state.c"

struct state_case {
	const char *name;
	enum kmcl_state state;
	struct kmcl_wants wants;
	enum kmcl_step step;
};

#define WANTS(e, p, o)	{ .enabled = e, .paused = p, .offered = o }

static const struct state_case cases[] = {
	{ "disabled rests", KMCL_DISABLED, WANTS(0, 0, 0), KMCL_STEP_REST },
	{ "disabled leaves an offer alone", KMCL_DISABLED, WANTS(0, 0, 1), KMCL_STEP_REST },
	{ "disabled is armed", KMCL_DISABLED, WANTS(1, 0, 0), KMCL_STEP_ARM },
	{ "disabled is armed paused", KMCL_DISABLED, WANTS(1, 1, 0), KMCL_STEP_ARM },
	{ "disabled is armed before it opens", KMCL_DISABLED, WANTS(1, 0, 1), KMCL_STEP_ARM },
	{ "enabled waits for an offer", KMCL_ENABLED, WANTS(1, 0, 0), KMCL_STEP_REST },
	{ "enabled opens", KMCL_ENABLED, WANTS(1, 0, 1), KMCL_STEP_OPEN },
	{ "enabled opens though paused", KMCL_ENABLED, WANTS(1, 1, 1), KMCL_STEP_OPEN },
	{ "enabled is disarmed", KMCL_ENABLED, WANTS(0, 0, 0), KMCL_STEP_DISARM },
	{ "enabled is disarmed despite an offer", KMCL_ENABLED, WANTS(0, 0, 1), KMCL_STEP_DISARM },
	{ "paused rests", KMCL_PAUSED, WANTS(1, 1, 1), KMCL_STEP_REST },
	{ "paused starts", KMCL_PAUSED, WANTS(1, 0, 1), KMCL_STEP_START },
	{ "paused closes when disabled", KMCL_PAUSED, WANTS(0, 1, 1), KMCL_STEP_CLOSE },
	{ "paused closes when the offer goes", KMCL_PAUSED, WANTS(1, 1, 0), KMCL_STEP_CLOSE },
	{ "paused does not start without an offer", KMCL_PAUSED, WANTS(1, 0, 0), KMCL_STEP_CLOSE },
	{ "active runs", KMCL_ACTIVE, WANTS(1, 0, 1), KMCL_STEP_REST },
	{ "active is paused", KMCL_ACTIVE, WANTS(1, 1, 1), KMCL_STEP_SUSPEND },
	{ "active suspends before it closes", KMCL_ACTIVE, WANTS(0, 0, 1), KMCL_STEP_SUSPEND },
	{ "active suspends when the offer goes", KMCL_ACTIVE, WANTS(1, 0, 0), KMCL_STEP_SUSPEND },
};

static void describe_case(const struct state_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(state_case, cases, describe_case);

static void takes_the_next_step(struct kunit *test)
{
	const struct state_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, c->step, kmcl_state_next(c->state, &c->wants));
}

/* For all wishes: bit 0 enabled, bit 1 paused, bit 2 offered. */
static struct kmcl_wants wants_of(unsigned int bits)
{
	return (struct kmcl_wants)WANTS(bits & 1, !!(bits & 2), !!(bits & 4));
}

static void does_nothing_while_a_step_is_taken(struct kunit *test)
{
	static const enum kmcl_state transient[] = {
		KMCL_OPENING, KMCL_STARTING, KMCL_SUSPENDING, KMCL_CLOSING,
	};
	struct kmcl_wants wants;
	unsigned int i, bits;

	for (i = 0; i < ARRAY_SIZE(transient); i++) {
		for (bits = 0; bits < 8; bits++) {
			wants = wants_of(bits);
			KUNIT_EXPECT_EQ(test, KMCL_STEP_REST,
					kmcl_state_next(transient[i], &wants));
		}
	}
}

static void every_step_has_its_state(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, KMCL_ENABLED, kmcl_step_state(KMCL_STEP_ARM));
	KUNIT_EXPECT_EQ(test, KMCL_DISABLED, kmcl_step_state(KMCL_STEP_DISARM));
	KUNIT_EXPECT_EQ(test, KMCL_OPENING, kmcl_step_state(KMCL_STEP_OPEN));
	KUNIT_EXPECT_EQ(test, KMCL_STARTING, kmcl_step_state(KMCL_STEP_START));
	KUNIT_EXPECT_EQ(test, KMCL_SUSPENDING, kmcl_step_state(KMCL_STEP_SUSPEND));
	KUNIT_EXPECT_EQ(test, KMCL_CLOSING, kmcl_step_state(KMCL_STEP_CLOSE));
}

static void every_state_has_its_name(struct kunit *test)
{
	static const char * const names[] = {
		[KMCL_DISABLED] = "disabled", [KMCL_ENABLED] = "enabled",
		[KMCL_OPENING] = "opening", [KMCL_PAUSED] = "paused",
		[KMCL_STARTING] = "starting", [KMCL_ACTIVE] = "active",
		[KMCL_SUSPENDING] = "suspending", [KMCL_CLOSING] = "closing",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_STREQ(test, names[i], kmcl_state_name(i));
	KUNIT_EXPECT_STREQ(test, "?", kmcl_state_name(ARRAY_SIZE(names)));
}

/* Where a step ends; the steps themselves are control.c's. */
static enum kmcl_state after(enum kmcl_step step)
{
	switch (step) {
	case KMCL_STEP_OPEN:
	case KMCL_STEP_SUSPEND:
		return KMCL_PAUSED;
	case KMCL_STEP_START:
		return KMCL_ACTIVE;
	case KMCL_STEP_CLOSE:
		return KMCL_DISABLED;
	default:
		return kmcl_step_state(step);
	}
}

/* From everywhere, under every constant wish: no wish keeps it busy for ever. */
static void comes_to_rest(struct kunit *test)
{
	static const enum kmcl_state resting[] = {
		KMCL_DISABLED, KMCL_ENABLED, KMCL_PAUSED, KMCL_ACTIVE,
	};
	unsigned int i, bits, steps;
	struct kmcl_wants wants;
	enum kmcl_state state;
	enum kmcl_step step;

	for (i = 0; i < ARRAY_SIZE(resting); i++) {
		for (bits = 0; bits < 8; bits++) {
			wants = wants_of(bits);
			state = resting[i];
			for (steps = 0; steps < 6; steps++) {
				step = kmcl_state_next(state, &wants);
				if (step == KMCL_STEP_REST)
					break;
				state = after(step);
			}
			KUNIT_EXPECT_LT(test, steps, 6);
			if (!wants.enabled)
				KUNIT_EXPECT_EQ(test, KMCL_DISABLED, state);
		}
	}
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE_PARAM(takes_the_next_step, state_case_gen_params),
	KUNIT_CASE(does_nothing_while_a_step_is_taken),
	KUNIT_CASE(every_step_has_its_state),
	KUNIT_CASE(every_state_has_its_name),
	KUNIT_CASE(comes_to_rest),
	{}
};

static struct kunit_suite state_suite = {
	.name = "kmcl_state",
	.test_cases = state_cases,
};
kunit_test_suite(state_suite);

MODULE_DESCRIPTION("KUnit suite kmcl_state");
MODULE_LICENSE("GPL");
