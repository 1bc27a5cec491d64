// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl.ko without a transport. The guest runs this before it loads kmcl_vmbus.
 */
#include "link.h"
#include "shot.h"

static void without_a_bus(struct check *c)
{
	static const struct link_setup echo = { .device = "echo" };
	struct kmcl_request r = { .buffer = "hello", .length = 6, .timeout = ms_to_ktime(50) };
	struct link *l = link_make(c, &echo, NULL);

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_enable(l->channel), -ENODEV);
	CHECK_EQ(c, kmcl_channel_get_state(l->channel), KMCL_DISABLED);
	CHECK_EQ(c, kmcl_channel_request(l->channel, &r), -ETIMEDOUT);
	CHECK_EQ(c, kmcl_channel_disable(l->channel), 0);
	link_down(l);
}

static const struct check_case cases[] = {
	CHECK_CASE(without_a_bus),
	{ }
};

const struct check_group alone_checks = { "alone", cases };
