// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include "jam.h"

static bool send_all(struct jam *j, const void *payload)
{
	unsigned int i;

	for (i = 0; i < j->count; i++) {
		if (!CHECK_EQ(j->link->check,
			      shot_send(&j->shots[i], payload, JAM_BYTES, KMCL_SEND_COMPLETION), 0))
			return false;
	}
	return true;
}

bool jam_begin(struct jam *j, struct link *l, unsigned int count)
{
	s64 before = link_count(l, "sent");
	void *payload;
	bool ret;

	j->link = l;
	j->count = count;
	j->shots = shots_new(l, count);
	if (!j->shots || !CHECK_EQ(l->check, kmcl_channel_pause(l->channel), 0))
		return false;
	payload = kzalloc(JAM_BYTES, GFP_KERNEL);
	ret = CHECK(l->check, payload) && send_all(j, payload) &&
	      CHECK_POLL(l->check, link_count(l, "sent") == before + JAM_SENT);
	kfree(payload);
	return ret;
}

void jam_end(struct jam *j)
{
	struct check *c = j->link->check;
	unsigned int i;

	CHECK_EQ(c, kmcl_channel_start(j->link->channel), 0);
	if (j->shots && shots_await(j->shots, j->count, 0)) {
		for (i = 1; i < j->count; i++)
			CHECK(c, j->shots[i].order > j->shots[i - 1].order);
	}
	if (j->shots && shots_await(j->shots, j->count, 0))
		shots_free(j->shots, j->count);
}
