// SPDX-License-Identifier: GPL-2.0-only
#include "host.h"

bool host_ask(struct link *l, const struct host_call *call, struct host_reply *reply)
{
	const __le32 question[] = {
		cpu_to_le32(call->op), cpu_to_le32(call->gpadl), cpu_to_le32(call->offset),
		cpu_to_le32(call->length), cpu_to_le32(call->seed), cpu_to_le32(call->count),
		cpu_to_le32(call->arg), 0,
	};
	__le32 answer[HVHOST_GPADL_COMPLETION / sizeof(__le32)] = { };

	BUILD_BUG_ON(sizeof(question) != HVHOST_GPADL_REQUEST);
	if (!CHECK_EQ(l->check, link_ask(l, question, sizeof(question), answer, sizeof(answer)),
		      0))
		return false;
	reply->status = le32_to_cpu(answer[0]);
	reply->value = le32_to_cpu(answer[1]);
	reply->crc = le32_to_cpu(answer[2]);
	return true;
}

bool host_does(struct link *l, const struct host_call *call, u32 status,
	       struct host_reply *reply)
{
	struct host_reply r;

	if (!host_ask(l, call, &r))
		return false;
	if (reply)
		*reply = r;
	if (r.status == status)
		return true;
	check_note(l->check, __FILE__, __LINE__, "host: operation %u: status %u, should be %u",
		   call->op, r.status, status);
	return false;
}

struct link *host_up(struct check *c, const struct link_setup *setup, void *data)
{
	const struct host_call call = {
		.op = HVHOST_GPADL_NEGOTIATE, .arg = HVHOST_GPADL_VERSION,
	};
	struct link *l = link_up(c, setup, data);

	if (!l || host_does(l, &call, HVHOST_GPADL_OK, NULL))
		return l;
	link_down(l);
	return NULL;
}

bool host_maps(struct link *l, u32 gpadl, u32 bytes)
{
	const struct host_call call = { .op = HVHOST_GPADL_MAP, .gpadl = gpadl };
	struct host_reply reply;

	return host_does(l, &call, HVHOST_GPADL_OK, &reply) &&
	       CHECK_EQ(l->check, reply.value, bytes);
}

bool host_unmaps(struct link *l, u32 gpadl)
{
	const struct host_call call = { .op = HVHOST_GPADL_UNMAP, .gpadl = gpadl };

	return host_does(l, &call, HVHOST_GPADL_OK, NULL);
}
