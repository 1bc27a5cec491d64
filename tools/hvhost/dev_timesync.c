// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timesync integration component: once a sync that sets the guest's clock,
 * then samples that it may use or not. The host's clock can be shifted, so that a
 * test sees the guest's follow.
 */
#include <time.h>

#include <kmcl/hvhost.h>

#include "control.h"
#include "device.h"
#include "ic.h"
#include "json.h"
#include "loop.h"
#include "vm.h"

static const struct ic_version versions[] = { { 1, 0 }, { 3, 0 }, { 4, 0 } };

#define VERSIONS	(sizeof(versions) / sizeof(versions[0]))

#define EPOCH_1601	116444736000000000ll	/* 1601 to 1970 in 100 ns */
#define FLAG_SYNC	1
#define FLAG_SAMPLE	2

struct timesync {
	struct ic ic;
	struct loop_timer *timer;
	uint64_t period_ms;
	uint64_t version;
	int64_t offset;		/* ns added to the host's clock */
	bool synced;		/* since the channel opened */
	uint64_t syncs;
	uint64_t samples;
	uint64_t answered;
	uint64_t failed;
};

static const struct option_key keys[] = {
	{ "period-ms", OPTION_NUMBER, offsetof(struct timesync, period_ms), 5000, 1, 3600000,
	  NULL, "between samples (5000)" },
	{ "offset", OPTION_SECONDS, offsetof(struct timesync, offset), 0, -1000000000, 1000000000,
	  NULL, "added to the host's clock (0)" },
	{ "version", OPTION_CHOICE, offsetof(struct timesync, version), VERSIONS - 1, 0, 0,
	  "1.0|3.0|4.0", "highest message version to offer" },
	{ 0 }
};

struct timesync_body {		/* from 4.0 */
	uint64_t host_time;
	uint64_t reference_time;
	uint8_t flags;
	uint8_t leap;
	uint8_t stratum;
	uint8_t reserved[5];
};

struct timesync_old_body {
	uint64_t host_time;
	uint64_t guest_time;
	uint64_t round_trip;
	uint8_t flags;
} __attribute__((packed));

static_assert(sizeof(struct timesync_body) == 24, "timesync");
static_assert(sizeof(struct timesync_old_body) == 25, "timesync before 4.0");

static uint64_t host_time(const struct timesync *t)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return EPOCH_1601 + now.tv_sec * 10000000ll + now.tv_nsec / 100 + t->offset / 100;
}

static bool send_old(struct timesync *t, struct channel *ch, uint8_t flags)
{
	const struct timesync_old_body body = {
		.host_time = host_time(t),
		.flags = flags,
	};

	return ic_request(&t->ic, ch, &body, sizeof(body));
}

static bool send_new(struct timesync *t, struct channel *ch, uint8_t flags)
{
	const struct timesync_body body = {
		.host_time = host_time(t),
		.reference_time = vm_reference_time(control_vm()),
		.flags = flags,
	};

	return ic_request(&t->ic, ch, &body, sizeof(body));
}

static void tick(void *ctx)
{
	struct device *dev = ctx;
	struct timesync *t = dev->state;
	uint8_t flags = t->synced ? FLAG_SAMPLE : FLAG_SYNC;
	bool sent;

	if (ic_version_below(&t->ic, 4))
		sent = send_old(t, &dev->channel, flags);
	else
		sent = send_new(t, &dev->channel, flags);
	if (!sent)
		return;
	t->syncs += !t->synced;
	t->samples += t->synced;
	t->synced = true;
}

static bool timesync_start(struct device *dev)
{
	struct timesync *t = dev->state;

	t->ic.type = IC_TIMESYNC;
	t->ic.versions = versions;
	t->ic.version_count = VERSIONS;
	t->timer = loop_timer_new(tick, dev);
	return t->timer;
}

static void timesync_opened(struct channel *ch)
{
	struct timesync *t = ch->dev->state;

	t->synced = false;
	ic_open(&t->ic, ch, t->version + 1);
}

static void timesync_closed(struct channel *ch)
{
	struct timesync *t = ch->dev->state;

	loop_timer_arm(t->timer, 0, 0);
	ic_close(&t->ic);
}

static void timesync_packet(struct channel *ch, const struct packet *p)
{
	struct timesync *t = ch->dev->state;
	struct ic_answer answer;

	switch (ic_receive(&t->ic, ch, p, &answer)) {
	case IC_NOTHING:
		break;
	case IC_NEGOTIATED:
		loop_timer_arm(t->timer, 1, t->period_ms * 1000000);
		break;
	case IC_ANSWER:
		t->answered++;
		t->failed += answer.status != 0;
		break;
	}
}

static void timesync_stats(const struct device *dev, struct json *j)
{
	const struct timesync *t = dev->state;

	ic_stats(&t->ic, j);
	json_number(j, "syncs", t->syncs);
	json_number(j, "samples", t->samples);
	json_number(j, "answered", t->answered);
	json_number(j, "failed", t->failed);
}

const struct device_type timesync_device = {
	.name = "timesync",
	.help = "integration component: the host's clock for the guest",
	.guid = HVHOST_TIMESYNC_TYPE(GUID_BYTES),
	.message_pipe = true,
	.state_size = sizeof(struct timesync),
	.keys = keys,
	.start = timesync_start,
	.opened = timesync_opened,
	.closed = timesync_closed,
	.packet = timesync_packet,
	.stats = timesync_stats,
};
