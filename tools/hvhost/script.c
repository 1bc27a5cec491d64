// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot add and hot removal by the clock. An addition counts from the moment the
 * guest asked for offers; a removal from the moment the guest opened the channel,
 * a new offer from the moment the guest released the old one's relid.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "loop.h"
#include "option.h"
#include "script.h"
#include "vmbus.h"

struct addition {
	struct addition *next;
	struct device *dev;
	int64_t after;
	struct loop_timer *timer;
};

enum removal_state {
	REMOVAL_IDLE,		/* waits for an open */
	REMOVAL_DUE,		/* the timer will rescind */
	REMOVAL_WAITING,	/* rescinded, not released */
	REMOVAL_RETURNING,	/* the timer will offer again */
};

struct removal {
	struct removal *next;
	enum removal_state state;
	char instance[64];
	struct device *dev;
	int64_t after;
	int64_t reoffer;	/* negative: never */
	int64_t period;		/* after, for later rounds */
	uint64_t count;
	uint64_t done;
	struct loop_timer *timer;
};

static struct addition *additions;
static struct removal *removals;

/* A timer of 0 would be an idle one. */
static void arm(struct loop_timer *timer, int64_t ns)
{
	loop_timer_arm(timer, ns > 0 ? ns : 1, 0);
}

static bool refuse(const char *who, const char *text, const char *why)
{
	fprintf(stderr, "hvhost: %s %s: %s\n", who, text, why);
	return false;
}

/* Splits "SECONDS,rest"; NULL after a sentence. */
static const char *take_seconds(const char *who, const char *text, int64_t *ns)
{
	const char *rest = strchr(text, ',');
	char word[32];

	if (!rest || (size_t)(rest - text) >= sizeof(word))
		goto fail;
	memcpy(word, text, rest - text);
	word[rest - text] = 0;
	if (seconds_parse(word, ns) && *ns >= 0)
		return rest + 1;
fail:
	refuse(who, text, "starts not with seconds and a comma");
	return NULL;
}

bool vmbus_add_after_option(const char *text)
{
	struct addition *a = calloc(1, sizeof(*a));
	const char *rest;

	if (!a)
		return false;
	rest = take_seconds("--add-after", text, &a->after);
	a->dev = rest ? device_parse("--add-after", rest) : NULL;
	if (!a->dev) {
		free(a);
		return false;
	}
	a->dev->present = false;
	a->next = additions;
	additions = a;
	return true;
}

static bool removal_key(struct removal *r, const char *word, const char *text)
{
	static const char who[] = "--rescind-after";
	const char *value = strchr(word, '=');

	if (!value)
		return refuse(who, text, "after the instance come reoffer=, count= and period=");
	value++;
	if (!strncmp(word, "reoffer=", 8))
		return (seconds_parse(value, &r->reoffer) && r->reoffer >= 0) ||
		       refuse(who, text, "reoffer= takes seconds");
	if (!strncmp(word, "period=", 7))
		return (seconds_parse(value, &r->period) && r->period >= 0) ||
		       refuse(who, text, "period= takes seconds");
	if (!strncmp(word, "count=", 6))
		return (number_parse(value, &r->count) && r->count) ||
		       refuse(who, text, "count= takes a number from 1 up");
	return refuse(who, text, "known keys are reoffer, count and period");
}

static bool removal_parse(struct removal *r, char *words, const char *text)
{
	static const char who[] = "--rescind-after";
	const char *instance = strsep(&words, ",");
	char *word;

	if (!*instance || strlen(instance) >= sizeof(r->instance))
		return refuse(who, text, "names no device");
	strcpy(r->instance, instance);
	while ((word = strsep(&words, ",")))
		if (!removal_key(r, word, text))
			return false;
	if (r->reoffer < 0 && r->count > 1)
		return refuse(who, text, "count= above 1 needs reoffer=");
	if (r->period < 0)
		r->period = r->after;
	return true;
}

bool vmbus_rescind_after_option(const char *text)
{
	struct removal *r = calloc(1, sizeof(*r));
	const char *rest;
	char *words;
	bool good;

	if (!r)
		return false;
	r->reoffer = -1;
	r->period = -1;
	r->count = 1;
	rest = take_seconds("--rescind-after", text, &r->after);
	words = rest ? strdup(rest) : NULL;
	good = words && removal_parse(r, words, text);
	free(words);
	if (!good) {
		free(r);
		return false;
	}
	r->next = removals;
	removals = r;
	return true;
}

static void add_due(void *ctx)
{
	struct addition *a = ctx;

	device_plug(a->dev);
}

static void removal_due(void *ctx)
{
	struct removal *r = ctx;

	if (r->state == REMOVAL_RETURNING) {
		r->state = REMOVAL_IDLE;
		device_plug(r->dev);
		return;
	}
	r->done++;
	r->state = REMOVAL_WAITING;
	device_unplug(r->dev);
	if (r->dev->channel.state == CHANNEL_ABSENT)
		script_released(r->dev);	/* the guest had given it back already */
}

static struct removal *removal_of(const struct device *dev)
{
	struct removal *r;

	for (r = removals; r; r = r->next)
		if (r->dev == dev)
			return r;
	return NULL;
}

static bool removal_resolve(struct removal *r)
{
	struct device *dev = device_find(r->instance);

	if (!dev)
		return refuse("--rescind-after", r->instance, "no device has that instance");
	if (removal_of(dev))
		return refuse("--rescind-after", r->instance, "given twice for one device");
	r->dev = dev;
	return true;
}

bool script_check(void)
{
	struct removal *r;

	for (r = removals; r; r = r->next)
		if (!r->dev && !removal_resolve(r))
			return false;
	return true;
}

bool script_start(void)
{
	struct addition *a;
	struct removal *r;

	if (!script_check())
		return false;
	for (a = additions; a; a = a->next) {
		a->timer = loop_timer_new(add_due, a);
		if (!a->timer)
			return false;
	}
	for (r = removals; r; r = r->next) {
		r->timer = loop_timer_new(removal_due, r);
		if (!r->timer)
			return false;
	}
	return true;
}

void script_offers_delivered(void)
{
	struct addition *a;

	for (a = additions; a; a = a->next)
		if (!a->dev->present && !a->dev->offers)
			arm(a->timer, a->after);
}

void script_opened(struct device *dev)
{
	struct removal *r = removal_of(dev);

	if (!r || r->state != REMOVAL_IDLE || r->done >= r->count)
		return;
	r->state = REMOVAL_DUE;
	arm(r->timer, r->done ? r->period : r->after);
}

void script_released(struct device *dev)
{
	struct removal *r = removal_of(dev);

	if (!r || r->state != REMOVAL_WAITING || r->reoffer < 0)
		return;
	r->state = REMOVAL_RETURNING;
	arm(r->timer, r->reoffer);
}

void script_reset(void)
{
	struct addition *a;
	struct removal *r;

	for (a = additions; a; a = a->next)
		loop_timer_arm(a->timer, 0, 0);
	for (r = removals; r; r = r->next) {
		if (r->state != REMOVAL_DUE)
			continue;
		r->state = REMOVAL_IDLE;
		loop_timer_arm(r->timer, 0, 0);
	}
}
