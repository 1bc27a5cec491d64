// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet objects: kmcl's own and those in the driver's memory.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "link.h"
#include "shot.h"

#define SMALL		8u
#define OBJECTS		8192u		/* most that exist, or are in flight */

static const struct link_setup echo = { .device = "echo" };
static const struct link_setup silent = {
	.device = "silent", .max_packet = SMALL, .ring_pages = 128,
};

/* Memory for packets in the caller's memory, one behind the other. */
struct room {
	void *memory;
	u32 stride;
};

static bool room_get(struct room *r, struct link *l, u32 count)
{
	r->stride = ALIGN(kmcl_packet_size(l->channel), 8);
	r->memory = kvmalloc_array(count, r->stride, GFP_KERNEL);
	return CHECK(l->check, r->memory);
}

static struct kmcl_packet *room_packet(struct room *r, struct link *l, u32 index)
{
	struct kmcl_packet *packet = NULL;

	CHECK_EQ(l->check, kmcl_packet_init(l->channel, r->memory + (size_t)index * r->stride,
					    r->stride, GFP_KERNEL, &packet), 0);
	return packet;
}

static void properties(struct check *c)
{
	struct link *l = link_make(c, &echo, NULL);
	struct kmcl_packet *p;
	u64 *layer;

	if (!l)
		return;
	p = kmcl_packet_alloc(l->channel, GFP_KERNEL);
	if (CHECK(c, p)) {
		layer = kmcl_packet_layer(p);
		CHECK(c, kmcl_packet_get_channel(p) == l->channel);
		CHECK(c, !kmcl_packet_get_pointer(p));
		CHECK(c, !memchr_inv(layer, 0, KMCL_PACKET_LAYER_SIZE));
		memset(layer, 0x77, KMCL_PACKET_LAYER_SIZE);
		kmcl_packet_set_pointer(p, c);
		CHECK(c, kmcl_packet_get_pointer(p) == c);
		kmcl_packet_free(p);
		p = kmcl_packet_alloc(l->channel, GFP_KERNEL);
		CHECK(c, !kmcl_packet_get_pointer(p));
		CHECK(c, !memchr_inv(kmcl_packet_layer(p), 0, KMCL_PACKET_LAYER_SIZE));
	}
	CHECK_EQ(c, link_count(l, "packets"), 1);
	CHECK_EQ(c, kmcl_channel_cleanup(l->channel), -EBUSY);
	CHECK_EQ(c, kmcl_channel_set_max_packet_size(l->channel, 8), -EBUSY);
	CHECK_EQ(c, kmcl_channel_set_max_external_data(l->channel, 8, 1), -EBUSY);
	CHECK_EQ(c, kmcl_channel_set_pipe(l->channel, true), -EBUSY);
	kmcl_packet_free(p);
	CHECK_EQ(c, kmcl_channel_set_max_packet_size(l->channel, 8), 0);
	kmcl_packet_free(NULL);
	CHECK(c, !kmcl_packet_alloc(NULL, GFP_KERNEL));
	CHECK(c, !kmcl_packet_get_pointer(NULL) && !kmcl_packet_get_channel(NULL));
	link_down(l);
}

/* What the layer above put there stays over a send. */
static void layer_stays(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	struct shot s;

	if (!l)
		return;
	if (shot_init(&s, l)) {
		memset(kmcl_packet_layer(s.packet), 0x77, KMCL_PACKET_LAYER_SIZE);
		CHECK_EQ(c, shot_send(&s, "layer", 6, KMCL_SEND_COMPLETION), 0);
		if (shot_await(&s, 0))
			CHECK(c, !memchr_inv(kmcl_packet_layer(s.packet), 0x77,
					     KMCL_PACKET_LAYER_SIZE));
		shot_free(&s);
	}
	link_down(l);
}

static void allocated_without_routine(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	struct kmcl_packet *p;
	unsigned int i;

	if (!l)
		return;
	/* The default routine frees it. */
	for (i = 0; i < 10; i++) {
		p = kmcl_packet_alloc(l->channel, GFP_ATOMIC);
		if (CHECK(c, p))
			CHECK_EQ(c, kmcl_packet_send(p, "default", 8,
						     i % 2 ? KMCL_SEND_COMPLETION : 0), 0);
	}
	CHECK(c, link_sync(l));
	CHECK_POLL(c, link_count(l, "packets") == 0);
	link_down(l);
}

static void errors(struct check *c)
{
	static const struct link_setup quiet = { .device = "silent" };
	struct link *l = link_up(c, &quiet, NULL);
	static u8 large[KMCL_DEFAULT_PACKET_SIZE + 1];
	struct shot s;

	if (!l)
		return;
	if (shot_init(&s, l)) {
		CHECK_EQ(c, kmcl_packet_send(NULL, large, 1, 0), -EINVAL);
		CHECK_EQ(c, shot_send(&s, NULL, 1, 0), -EINVAL);
		CHECK_EQ(c, shot_send(&s, large, 1, 0x2), -EINVAL);
		CHECK_EQ(c, shot_send(&s, large, sizeof(large), 0), -EMSGSIZE);
		CHECK_EQ(c, shot_send(&s, large, 8, KMCL_SEND_COMPLETION), 0);
		CHECK_EQ(c, shot_send(&s, large, 8, KMCL_SEND_COMPLETION), -EBUSY);
		CHECK_EQ(c, shot_send(&s, large, 8, 0), -EBUSY);
		CHECK(c, !shot_ended(&s));
		CHECK_EQ(c, link_count(l, "sent"), 1);
		link_disable(l);
		shot_await(&s, -ENODEV);
		shot_free(&s);
	}
	link_down(l);
}

static void in_caller_memory(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	struct room room = { };
	struct kmcl_packet *p;
	struct shot s;
	u32 i;

	if (l && room_get(&room, l, 1)) {
		p = room_packet(&room, l, 0);
		CHECK(c, (void *)p == room.memory);
		CHECK(c, kmcl_packet_get_channel(p) == l->channel);
		/* It has no routine of its own. */
		CHECK_EQ(c, kmcl_packet_send(p, "guest", 6, KMCL_SEND_COMPLETION), -EINVAL);
		kmcl_packet_set_completion(p, NULL);
		CHECK_EQ(c, kmcl_packet_send(p, "guest", 6, KMCL_SEND_COMPLETION), -EINVAL);
		shot_init_packet(&s, l, p);
		for (i = 0; i < 10; i++) {
			CHECK_EQ(c, shot_send(&s, "guest", 6, i % 3 ? KMCL_SEND_COMPLETION : 0), 0);
			if (!shot_await(&s, 0))
				break;
			CHECK(c, !(i % 3) || !memcmp(s.answer, "guest", 6));
		}
		CHECK_EQ(c, link_count(l, "packets"), 0);
		/* Idle, it is memory again. */
		memset(room.memory, 0xff, room.stride);
		shot_init_packet(&s, l, room_packet(&room, l, 0));
		CHECK_EQ(c, shot_send(&s, "again", 6, KMCL_SEND_COMPLETION), 0);
		shot_await(&s, 0);
		memset(room.memory, 0xff, room.stride);
	}
	link_down(l);
	kvfree(room.memory);
}

static void free_in_routine(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	struct link *l = kmcl_packet_get_pointer(packet);

	CHECK_EQ(l->check, status, 0);
	memset(packet, 0xff, kmcl_packet_size(l->channel));
	kfree(packet);
	atomic_inc(&l->ended);
	link_wake(l);
}

static void freed_in_routine(struct check *c)
{
	struct link *l = link_up(c, &echo, NULL);
	struct kmcl_packet *p;
	void *memory;
	u32 i, bytes;

	if (!l)
		return;
	bytes = kmcl_packet_size(l->channel);
	for (i = 0; i < 20; i++) {
		memory = kmalloc(bytes, GFP_KERNEL);
		if (!CHECK(c, memory))
			break;
		CHECK_EQ(c, kmcl_packet_init(l->channel, memory, bytes, GFP_KERNEL, &p), 0);
		kmcl_packet_set_completion(p, free_in_routine);
		kmcl_packet_set_pointer(p, l);
		CHECK_EQ(c, kmcl_packet_send(p, "once", 5, i % 2 ? KMCL_SEND_COMPLETION : 0), 0);
	}
	CHECK_AWAIT(c, l->wait, atomic_read(&l->ended) == i);
	link_down(l);
}

static void init_errors(struct check *c)
{
	struct link *l = link_make(c, &echo, NULL);
	struct kmcl_packet *p;
	struct room r = { };
	u32 bytes;

	if (l && room_get(&r, l, 2)) {
		bytes = kmcl_packet_size(l->channel);
		CHECK(c, bytes > KMCL_DEFAULT_PACKET_SIZE);
		CHECK_EQ(c, kmcl_packet_size(NULL), 0);
		CHECK_EQ(c, kmcl_packet_init(NULL, r.memory, bytes, GFP_KERNEL, &p), -EINVAL);
		CHECK_EQ(c, kmcl_packet_init(l->channel, NULL, bytes, GFP_KERNEL, &p), -EINVAL);
		CHECK_EQ(c, kmcl_packet_init(l->channel, r.memory, bytes, GFP_KERNEL, NULL),
			 -EINVAL);
		CHECK_EQ(c, kmcl_packet_init(l->channel, r.memory, bytes - 1, GFP_KERNEL, &p),
			 -EINVAL);
		CHECK_EQ(c, kmcl_packet_init(l->channel, r.memory + 4, bytes, GFP_KERNEL, &p),
			 -EINVAL);
		/* External data need room. */
		CHECK_EQ(c, kmcl_channel_set_max_external_data(l->channel, PAGE_SIZE, 1), 0);
		CHECK(c, kmcl_packet_size(l->channel) > bytes);
		CHECK_EQ(c, kmcl_packet_init(l->channel, r.memory, bytes, GFP_KERNEL, &p),
			 -EINVAL);
	}
	link_down(l);
	kvfree(r.memory);
}

/* What was made for a smaller size carries no more, whatever the channel may do now. */
static void older_than_the_configuration(struct check *c)
{
	static const struct link_setup small = { .device = "echo", .max_packet = SMALL };
	struct link *l = link_make(c, &small, NULL);
	struct room r = { };
	struct shot s;

	if (l && room_get(&r, l, 1)) {
		shot_init_packet(&s, l, room_packet(&r, l, 0));
		CHECK_EQ(c, kmcl_channel_set_max_packet_size(l->channel, 2 * SMALL), 0);
		if (link_open(l)) {
			CHECK_EQ(c, shot_send(&s, "0123456789abcdef", 16, KMCL_SEND_COMPLETION),
				 -EMSGSIZE);
			CHECK_EQ(c, shot_send(&s, "01234567", 8, KMCL_SEND_COMPLETION), 0);
			shot_await(&s, 0);
		}
	}
	link_down(l);
	kvfree(r.memory);
}

/* Nor more external data than the channel allows now, though it has room for them. */
static void older_and_larger(struct check *c)
{
	static const struct link_setup wide = {
		.device = "echo", .max_external = 2 * PAGE_SIZE, .ranges = 1,
	};
	static u8 bytes[PAGE_SIZE + 1];
	struct kmcl_external_data data = kmcl_external_buffer(bytes, sizeof(bytes), DMA_TO_DEVICE);
	struct link *l = link_make(c, &wide, NULL);
	struct room r = { };
	struct shot s;

	if (l && room_get(&r, l, 1)) {
		shot_init_packet(&s, l, room_packet(&r, l, 0));
		CHECK_EQ(c, kmcl_channel_set_max_external_data(l->channel, PAGE_SIZE, 1), 0);
		if (link_open(l)) {
			CHECK_EQ(c, shot_send_external(&s, &data), -E2BIG);
			data.bytes = PAGE_SIZE;
			CHECK_EQ(c, shot_send_external(&s, &data), 0);
			shot_await(&s, 0);
		}
	}
	link_down(l);
	kvfree(r.memory);
}

static void most_objects(struct check *c)
{
	static const struct link_setup small = { .device = "echo", .max_packet = SMALL };
	struct kmcl_packet **all = kvcalloc(OBJECTS, sizeof(*all), GFP_KERNEL);
	struct link *l = link_make(c, &small, NULL);
	u32 n = 0;

	while (l && all && n < OBJECTS) {
		all[n] = kmcl_packet_alloc(l->channel, GFP_KERNEL);
		if (!all[n])
			break;
		n++;
	}
	CHECK_EQ(c, n, OBJECTS);
	if (l)
		CHECK(c, !kmcl_packet_alloc(l->channel, GFP_KERNEL));
	if (l && n) {
		kmcl_packet_free(all[--n]);
		all[n] = kmcl_packet_alloc(l->channel, GFP_KERNEL);
		CHECK(c, all[n++]);
	}
	while (n)
		kmcl_packet_free(all[--n]);
	link_down(l);
	kvfree(all);
}

/*
 * Those in the caller's memory know no such limit: what finds no slot waits, and
 * all end when the channel does.
 */
#define EXTRA	10u

static void more_than_slots(struct check *c)
{
	struct shot *shots = kvcalloc(OBJECTS + EXTRA, sizeof(*shots), GFP_KERNEL);
	struct link *l = link_up(c, &silent, NULL);
	struct room r = { };
	u32 i;

	if (l && CHECK(c, shots) && room_get(&r, l, OBJECTS + EXTRA)) {
		for (i = 0; i < OBJECTS + EXTRA; i++) {
			shot_init_packet(&shots[i], l, room_packet(&r, l, i));
			if (!CHECK_EQ(c, shot_send(&shots[i], "slot", 4, KMCL_SEND_COMPLETION), 0))
				break;
		}
		CHECK_POLL(c, link_count(l, "sent") == OBJECTS);
		CHECK_NEVER(c, l->wait, atomic_read(&l->ended));
		CHECK_EQ(c, link_count(l, "sent"), OBJECTS);
		link_disable(l);
		CHECK_EQ(c, atomic_read(&l->ended), OBJECTS + EXTRA);
		shots_await(shots, OBJECTS + EXTRA, -ENODEV);
	}
	link_down(l);
	kvfree(r.memory);
	kvfree(shots);
}

/* The same with a host that answers: whoever waits for a slot gets one. */
static void slots_come_back(struct check *c)
{
	static const struct link_setup wide = {
		.device = "echo", .max_packet = SMALL, .ring_pages = 128,
	};
	struct shot *shots = kvcalloc(OBJECTS + EXTRA, sizeof(*shots), GFP_KERNEL);
	struct link *l = link_up(c, &wide, NULL);
	struct room r = { };
	u32 i;

	if (l && CHECK(c, shots) && room_get(&r, l, OBJECTS + EXTRA)) {
		CHECK_EQ(c, kmcl_channel_pause(l->channel), 0);	/* no slot is given back yet */
		for (i = 0; i < OBJECTS + EXTRA; i++) {
			shot_init_packet(&shots[i], l, room_packet(&r, l, i));
			CHECK_EQ(c, shot_send(&shots[i], "slot", 4, KMCL_SEND_COMPLETION), 0);
		}
		CHECK_POLL(c, link_count(l, "sent") == OBJECTS);
		CHECK_EQ(c, kmcl_channel_start(l->channel), 0);
		shots_await(shots, OBJECTS + EXTRA, 0);
		CHECK_EQ(c, link_count(l, "sent"), OBJECTS + EXTRA);
	}
	link_down(l);
	kvfree(r.memory);
	kvfree(shots);
}

/* Sent again from inside its own routine. */
#define ROUNDS	50

static void again(struct shot *s)
{
	struct link *l = s->link;
	unsigned int *round = l->data;

	if (s->status || ++*round >= ROUNDS) {
		kmcl_packet_free(s->packet);
		return;
	}
	CHECK_EQ(l->check, kmcl_packet_send(s->packet, round, sizeof(*round),
					    *round % 2 ? KMCL_SEND_COMPLETION : 0), 0);
}

static void sent_again_in_routine(struct check *c)
{
	unsigned int round = 0;
	struct link *l = link_up(c, &echo, &round);
	struct shot s;

	if (!l)
		return;
	if (shot_init(&s, l)) {
		s.done = again;
		CHECK_EQ(c, shot_send(&s, "first", 6, KMCL_SEND_COMPLETION), 0);
		CHECK_AWAIT(c, l->wait, atomic_read(&s.calls) == ROUNDS);
		CHECK_EQ(c, round, ROUNDS);
		CHECK_EQ(c, s.status, 0);
		CHECK_EQ(c, link_count(l, "packets"), 0);
	}
	link_down(l);
}

static const struct check_case cases[] = {
	CHECK_CASE(properties),
	CHECK_CASE(layer_stays),
	CHECK_CASE(allocated_without_routine),
	CHECK_CASE(errors),
	CHECK_CASE(in_caller_memory),
	CHECK_CASE(freed_in_routine),
	CHECK_CASE(init_errors),
	CHECK_CASE(older_than_the_configuration),
	CHECK_CASE(older_and_larger),
	CHECK_CASE(most_objects),
	CHECK_CASE(more_than_slots),
	CHECK_CASE(slots_come_back),
	CHECK_CASE(sent_again_in_routine),
	{ }
};

const struct check_group packet_checks = { "packet", cases };
