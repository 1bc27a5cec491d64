// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shutdown integration component: asks the guest once to power off or to
 * reboot. Guests read one packet for each interrupt here, so a request waits for
 * the answer to the one before.
 */
#include <kmcl/hvhost.h>

#include "device.h"
#include "ic.h"
#include "json.h"
#include "log.h"
#include "loop.h"

static const struct ic_version versions[] = { { 1, 0 }, { 3, 0 }, { 3, 1 }, { 3, 2 } };

#define VERSIONS	(sizeof(versions) / sizeof(versions[0]))

struct shutdown {
	struct ic ic;
	struct loop_timer *timer;
	int64_t after;		/* ns, negative: never */
	uint64_t reboot;
	uint64_t version;
	uint64_t requested;
	uint64_t acknowledged;
	uint64_t refused;
};

static const struct option_key keys[] = {
	{ "after", OPTION_SECONDS, offsetof(struct shutdown, after), -1, 0, 1000000000,
	  NULL, "from negotiation to the request (never)" },
	{ "flags", OPTION_CHOICE, offsetof(struct shutdown, reboot), 0, 0, 0,
	  "poweroff|reboot", "what to ask for (poweroff)" },
	{ "version", OPTION_CHOICE, offsetof(struct shutdown, version), VERSIONS - 1, 0, 0,
	  "1.0|3.0|3.1|3.2", "highest message version to offer" },
	{ 0 }
};

#define REQUEST_REBOOT	2

struct shutdown_body {
	uint32_t reason;
	uint32_t timeout;	/* seconds that the guest may take */
	uint32_t flags;
	char text[2048];
};

static_assert(sizeof(struct shutdown_body) == 2060, "shutdown");

static void request(void *ctx)
{
	struct device *dev = ctx;
	struct shutdown *s = dev->state;
	const struct shutdown_body body = {
		.timeout = 60,
		.flags = s->reboot ? REQUEST_REBOOT : 0,
	};

	if (s->requested || !ic_request(&s->ic, &dev->channel, &body, sizeof(body)))
		return;
	s->requested++;
	log_debug("shutdown: requested");
}

static bool shutdown_start(struct device *dev)
{
	struct shutdown *s = dev->state;

	s->ic.type = IC_SHUTDOWN;
	s->ic.versions = versions;
	s->ic.version_count = VERSIONS;
	s->timer = loop_timer_new(request, dev);
	return s->timer;
}

static void shutdown_opened(struct channel *ch)
{
	struct shutdown *s = ch->dev->state;

	ic_open(&s->ic, ch, s->version + 1);
}

static void shutdown_closed(struct channel *ch)
{
	struct shutdown *s = ch->dev->state;

	loop_timer_arm(s->timer, 0, 0);
	ic_close(&s->ic);
}

static void shutdown_packet(struct channel *ch, const struct packet *p)
{
	struct shutdown *s = ch->dev->state;
	struct ic_answer answer;

	switch (ic_receive(&s->ic, ch, p, &answer)) {
	case IC_NOTHING:
		break;
	case IC_NEGOTIATED:
		if (s->after >= 0 && !s->requested)
			loop_timer_arm(s->timer, s->after ? s->after : 1, 0);
		break;
	case IC_ANSWER:
		s->acknowledged += answer.status == 0;
		s->refused += answer.status != 0;
		break;
	}
}

static void shutdown_stats(const struct device *dev, struct json *j)
{
	const struct shutdown *s = dev->state;

	ic_stats(&s->ic, j);
	json_number(j, "requested", s->requested);
	json_number(j, "acknowledged", s->acknowledged);
	json_number(j, "refused", s->refused);
}

const struct device_type shutdown_device = {
	.name = "shutdown",
	.help = "integration component: asks the guest to power off or reboot",
	.guid = HVHOST_SHUTDOWN_TYPE(GUID_BYTES),
	.message_pipe = true,
	.state_size = sizeof(struct shutdown),
	.keys = keys,
	.start = shutdown_start,
	.opened = shutdown_opened,
	.closed = shutdown_closed,
	.packet = shutdown_packet,
	.stats = shutdown_stats,
};
