// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/string.h>

#include "memory.h"
#include "sink.h"

struct source_packet {
	__le64 seq;
	__le32 length;
	__le32 seed;
	u8 data[];
};

static_assert(sizeof(struct source_packet) == HVHOST_SOURCE_HEADER);
static_assert(sizeof(struct sink_answer) == HVHOST_SOURCE_COMPLETION);

struct sink *sink_new(struct check *c)
{
	struct sink *s = kvzalloc(sizeof(*s), GFP_KERNEL);

	if (CHECK(c, s))
		spin_lock_init(&s->lock);
	return s;
}

void sink_restart(struct sink *s)
{
	s->next = 0;
	atomic_set(&s->received, 0);
}

static bool contents_right(const struct source_packet *p, u32 length)
{
	u32 said = le32_to_cpu(p->length);
	struct span data = { (void *)p->data, said - sizeof(*p) };

	if (said < sizeof(*p) || said > length || length - said >= 8)
		return false;
	return spans_hold(&data, 1, le32_to_cpu(p->seed), 0);
}

void sink_check(struct sink *s, struct link *l, const void *buffer, u32 length,
		struct sink_answer *answer)
{
	const struct source_packet *p = buffer;

	memset(answer, 0, sizeof(*answer));
	if (CHECK(l->check, length >= sizeof(*p)) && CHECK(l->check, contents_right(p, length)) &&
	    CHECK_EQ(l->check, le64_to_cpu(p->seq), s->next)) {
		answer->seq = p->seq;
		answer->crc = cpu_to_le32(memory_crc(p, le32_to_cpu(p->length)));
	}
	s->next++;
}

void sink_settle(struct link *l, kmcl_handle_t handle, const struct sink_answer *answer)
{
	CHECK_EQ(l->check, kmcl_incoming_complete(l->channel, handle, answer, sizeof(*answer)), 0);
}

void sink_owe(struct sink *s, kmcl_handle_t handle, const struct sink_answer *answer)
{
	struct sink_debt *debt;
	unsigned long flags;

	spin_lock_irqsave(&s->lock, flags);
	if (!WARN_ON_ONCE(s->owed == SINK_MOST)) {
		debt = &s->debts[(s->first + s->owed++) % SINK_MOST];
		debt->handle = handle;
		debt->answer = *answer;
	}
	spin_unlock_irqrestore(&s->lock, flags);
}

static bool take_first(struct sink *s, struct sink_debt *debt)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&s->lock, flags);
	ret = s->owed;
	if (ret) {
		*debt = s->debts[s->first];
		s->first = (s->first + 1) % SINK_MOST;
		s->owed--;
	}
	spin_unlock_irqrestore(&s->lock, flags);
	return ret;
}

unsigned int sink_pay(struct sink *s, struct link *l, unsigned int count)
{
	struct sink_debt debt;
	unsigned int n;

	for (n = 0; n < count && take_first(s, &debt); n++)
		sink_settle(l, debt.handle, &debt.answer);
	return n;
}

unsigned int sink_owes(struct sink *s)
{
	return READ_ONCE(s->owed);
}

static struct sink *received(struct link *l, const void *buffer, u32 length,
			     struct sink_answer *answer)
{
	struct sink *s = l->data;

	sink_check(s, l, buffer, length, answer);
	atomic_inc(&s->received);
	return s;
}

void sink_keep(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
	       u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct sink_answer answer;
	struct sink *s = received(l, buffer, length, &answer);

	sink_owe(s, handle, &answer);
	link_wake(l);
}

void sink_inline(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		 u32 length, u32 flags)
{
	struct link *l = link_of(channel);
	struct sink_answer answer;

	received(l, buffer, length, &answer);
	sink_settle(l, handle, &answer);
	link_wake(l);
}

int sink_opened(struct link *l)
{
	sink_restart(l->data);
	return 0;
}

void sink_pay_all(struct link *l)
{
	struct sink *s = l->data;

	sink_pay(s, l, SINK_MOST);
}
