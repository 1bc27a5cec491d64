// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "link.h"

void link_wake(struct link *l)
{
	wake_up_all(&l->wait);
}

struct link *link_of(struct kmcl_channel *channel)
{
	return kmcl_channel_get_pointer(channel);
}

static void happened(struct link *l, atomic_t *what)
{
	atomic_inc(what);
	link_wake(l);
}

static int on_opened(struct kmcl_channel *channel)
{
	struct link *l = link_of(channel);
	int ret = l->setup.opened ? l->setup.opened(l) : 0;

	if (!ret)
		happened(l, &l->opened);
	return ret;
}

static void on_started(struct kmcl_channel *channel)
{
	struct link *l = link_of(channel);

	if (l->setup.started)
		l->setup.started(l);
	happened(l, &l->started);
}

static void on_post_started(struct kmcl_channel *channel)
{
	struct link *l = link_of(channel);

	if (l->setup.post_started)
		l->setup.post_started(l);
	happened(l, &l->post_started);
}

static void on_suspend(struct kmcl_channel *channel)
{
	struct link *l = link_of(channel);

	if (l->setup.suspend)
		l->setup.suspend(l);
	happened(l, &l->suspended);
}

static void on_closed(struct kmcl_channel *channel)
{
	struct link *l = link_of(channel);

	if (l->setup.closed)
		l->setup.closed(l);
	happened(l, &l->closed);
}

static void on_open_failed(struct kmcl_channel *channel, int error)
{
	check_note(link_of(channel)->check, __FILE__, __LINE__, "open failed: %d", error);
}

static const struct kmcl_state_callbacks state_callbacks = {
	.opened = on_opened,
	.started = on_started,
	.post_started = on_post_started,
	.suspend = on_suspend,
	.closed = on_closed,
	.open_failed = on_open_failed,
};

void link_instance(const char *device, guid_t *instance)
{
	char name[LINK_NAME_MAX + 1];

	*instance = GUID_INIT(0xc4ec0000, 0, 0x4000, 0, 0, 0, 0, 0, 0, 0, 0);
	scnprintf(name, sizeof(name), "%-8s", device);
	memcpy(instance->b + sizeof(instance->b) - LINK_NAME_MAX, name, LINK_NAME_MAX);
}

static int set_target(struct kmcl_channel *ch, const struct link_setup *s)
{
	static const guid_t nobody = GUID_INIT(0xc4ec0001, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
	static const guid_t type[] = {
		[LINK_ECHO] = HVHOST_ECHO_TYPE(GUID_INIT),
		[LINK_SOURCE] = HVHOST_SOURCE_TYPE(GUID_INIT),
		[LINK_GPADL] = HVHOST_GPADL_TYPE(GUID_INIT),
	};
	guid_t instance;

	if (!s->device)
		return kmcl_channel_set_target(ch, &nobody, NULL);
	link_instance(s->device, &instance);
	return kmcl_channel_set_target(ch, &type[s->type], &instance);
}

static int set_sizes(struct kmcl_channel *ch, const struct link_setup *s)
{
	int err = 0;

	if (s->max_packet)
		err = kmcl_channel_set_max_packet_size(ch, s->max_packet);
	if (!err && s->max_external)
		err = kmcl_channel_set_max_external_data(ch, s->max_external, s->ranges);
	if (!err && s->ring_pages)
		err = kmcl_channel_set_ring_pages(ch, s->ring_pages, s->ring_pages);
	if (!err && (s->incoming || s->reserve))
		err = kmcl_channel_set_incoming(ch, s->incoming ?: KMCL_DEFAULT_INCOMING,
						s->reserve);
	if (!err)
		err = kmcl_channel_set_client_context_size(ch, s->context);
	return err;
}

static int set_behaviour(struct kmcl_channel *ch, const struct link_setup *s)
{
	int err = kmcl_channel_set_pipe(ch, s->pipe);

	if (!err)
		err = kmcl_channel_set_thread_context(ch, s->thread);
	if (!err)
		err = kmcl_channel_set_packet_callbacks(ch, s->packet, s->batch);
	if (!err)
		err = kmcl_channel_set_external_release(ch, s->release);
	if (!err)
		err = kmcl_channel_set_state_callbacks(ch, &state_callbacks);
	return err;
}

static int configure(struct link *l)
{
	const struct link_setup *s = &l->setup;
	char name[KMCL_NAME_MAX + 1];
	static unsigned int born;
	int err;

	/* A number, for a case that failed may have left a channel behind. */
	scnprintf(name, sizeof(name), "check-%s-%u", s->device ?: "nobody", ++born);
	kmcl_channel_set_pointer(l->channel, l);
	err = kmcl_channel_set_name(l->channel, name);
	if (!err)
		err = set_target(l->channel, s);
	if (!err)
		err = set_sizes(l->channel, s);
	if (!err)
		err = set_behaviour(l->channel, s);
	return err;
}

struct link *link_make(struct check *c, const struct link_setup *setup, void *data)
{
	struct link *l = kzalloc(sizeof(*l), GFP_KERNEL);

	if (!CHECK(c, l))
		return NULL;
	l->check = c;
	l->setup = *setup;
	l->data = data;
	init_waitqueue_head(&l->wait);
	l->channel = kmcl_channel_alloc();
	if (!CHECK(c, !IS_ERR(l->channel))) {
		kfree(l);
		return NULL;
	}
	if (!CHECK_EQ(c, configure(l), 0)) {
		link_down(l);
		return NULL;
	}
	return l;
}

bool link_open(struct link *l)
{
	int before = atomic_read(&l->post_started);

	return CHECK_EQ(l->check, kmcl_channel_enable(l->channel), 0) &&
	       CHECK_AWAIT(l->check, l->wait, atomic_read(&l->post_started) > before);
}

struct link *link_up(struct check *c, const struct link_setup *setup, void *data)
{
	struct link *l = link_make(c, setup, data);

	if (!l || link_open(l))
		return l;
	link_down(l);
	return NULL;
}

bool link_await(struct link *l, enum kmcl_state state)
{
	return CHECK_POLL(l->check, kmcl_channel_get_state(l->channel) == state);
}

void link_disable(struct link *l)
{
	struct check *c = l->check;

	CHECK_EQ(c, kmcl_channel_disable(l->channel), 0);
	CHECK_EQ(c, kmcl_channel_get_state(l->channel), KMCL_DISABLED);
	CHECK_EQ(c, atomic_read(&l->closed), atomic_read(&l->opened));
	CHECK_EQ(c, atomic_read(&l->suspended), atomic_read(&l->started));
	CHECK_EQ(c, link_count(l, "outstanding"), 0);
}

/* A channel that cannot be ended is left to itself: with what it still points to. */
void link_down(struct link *l)
{
	if (!l)
		return;
	link_disable(l);
	if (CHECK_EQ(l->check, kmcl_channel_cleanup(l->channel), 0))
		kfree(l);
}

int link_ask(struct link *l, const void *buffer, u32 length, void *answer, u32 size)
{
	struct kmcl_request request = {
		.buffer = buffer,
		.length = length,
		.flags = KMCL_SEND_COMPLETION,
		.answer = answer,
		.answer_size = size,
		.timeout = CHECK_PATIENCE,
	};

	return kmcl_channel_request(l->channel, &request);
}

bool link_sync(struct link *l)
{
	return CHECK_EQ(l->check, link_ask(l, "sync", 5, NULL, 0), 0);
}
