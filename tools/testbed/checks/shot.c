// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/string.h>

#include "shot.h"

static void on_completion(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	struct shot *s = kmcl_packet_get_pointer(packet);
	struct link *l = s->link;

	s->status = status;
	s->length = length;
	if (length)
		memcpy(s->answer, buffer, min_t(u32, length, SHOT_ANSWER));
	if (s->done)
		s->done(s);
	s->order = atomic_inc_return(&l->ended);
	/* The shot may be reused, but not freed, as soon as somebody sees this. */
	atomic_inc(&s->calls);
	link_wake(l);
}

void shot_init_packet(struct shot *s, struct link *l, struct kmcl_packet *packet)
{
	memset(s, 0, sizeof(*s));
	s->link = l;
	s->packet = packet;
	kmcl_packet_set_completion(packet, on_completion);
	kmcl_packet_set_pointer(packet, s);
}

bool shot_init(struct shot *s, struct link *l)
{
	struct kmcl_packet *packet = kmcl_packet_alloc(l->channel, GFP_KERNEL);

	s->packet = NULL;
	if (!CHECK(l->check, packet))
		return false;
	shot_init_packet(s, l, packet);
	return true;
}

void shot_free(struct shot *s)
{
	kmcl_packet_free(s->packet);
}

int shot_send(struct shot *s, const void *buffer, u32 length, u32 flags)
{
	atomic_set(&s->calls, 0);
	return kmcl_packet_send(s->packet, buffer, length, flags);
}

int shot_send_external(struct shot *s, const struct kmcl_external_data *data)
{
	atomic_set(&s->calls, 0);
	return kmcl_packet_send_external(s->packet, "external", 8, data, KMCL_SEND_COMPLETION);
}

bool shot_await(struct shot *s, int status)
{
	struct check *c = s->link->check;

	return CHECK_AWAIT(c, s->link->wait, shot_ended(s)) && CHECK_EQ(c, s->status, status) &&
	       CHECK_EQ(c, atomic_read(&s->calls), 1);
}

struct shot *shots_new(struct link *l, unsigned int count)
{
	struct shot *shots = kvcalloc(count, sizeof(*shots), GFP_KERNEL);
	unsigned int i;

	for (i = 0; shots && i < count; i++) {
		if (shot_init(&shots[i], l))
			continue;
		shots_free(shots, i);
		return NULL;
	}
	CHECK(l->check, shots);
	return shots;
}

void shots_free(struct shot *shots, unsigned int count)
{
	while (shots && count)
		shot_free(&shots[--count]);
	kvfree(shots);
}

bool shots_await(struct shot *shots, unsigned int count, int status)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!shot_await(&shots[i], status))
			return false;
	}
	return true;
}
