// SPDX-License-Identifier: GPL-2.0-only
/*
 * See pair.h.
 */
#include <linux/err.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "pair.h"

const guid_t pair_type = GUID_INIT(0x6b6d636c, 0x7061, 0x6972,
				   0x74, 0x79, 0x70, 0x65, 0x00, 0x00, 0x00, 0x01);
const guid_t pair_instance = GUID_INIT(0x6b6d636c, 0x7061, 0x6972,
				       0x69, 0x6e, 0x73, 0x74, 0x00, 0x00, 0x00, 0x01);

static void happens(struct side *side, char letter)
{
	int i = atomic_read(&side->calls);

	if (i < sizeof(side->order) - 1)
		side->order[i] = letter;
	atomic_inc_return_release(&side->calls);
	wake_up_all(&side->pair->events);
}

static int on_opened(struct kmcl_channel *ch)
{
	struct side *side = kmcl_channel_get_pointer(ch);

	happens(side, 'o');
	return side->refuse;
}

static void on_started(struct kmcl_channel *ch)
{
	happens(kmcl_channel_get_pointer(ch), 's');
}

static void on_post_started(struct kmcl_channel *ch)
{
	happens(kmcl_channel_get_pointer(ch), 'p');
}

static void on_suspend(struct kmcl_channel *ch)
{
	struct side *side = kmcl_channel_get_pointer(ch);

	happens(side, 'u');
	if (side->on_suspend)
		side->on_suspend(side);
	got_answer_all(side);
}

static void on_closed(struct kmcl_channel *ch)
{
	happens(kmcl_channel_get_pointer(ch), 'c');
}

static void on_open_failed(struct kmcl_channel *ch, int error)
{
	struct side *side = kmcl_channel_get_pointer(ch);

	side->failure = error;
	happens(side, 'f');
}

static void keep(struct side *side, const struct got *got)
{
	int i = atomic_read(&side->nr_got);

	side->bytes += got->length;
	if (i < PAIR_KEPT)
		side->got[i] = *got;
	if (i < PAIR_KEPT && !side->hold)
		side->got[i].handle = 0;
	atomic_inc_return_release(&side->nr_got);
	wake_up_all(&side->pair->events);
}

static void on_packet(struct kmcl_channel *ch, kmcl_handle_t handle, const void *buffer,
		      u32 length, u32 flags)
{
	struct side *side = kmcl_channel_get_pointer(ch);
	struct got got = {
		.handle = handle, .buffer = buffer, .length = length, .flags = flags,
		.thread = !in_softirq() && !irqs_disabled(),
	};

	if (side->on_packet) {
		side->on_packet(side, &got);
		return;
	}
	if (!side->hold)
		kmcl_incoming_complete(ch, handle, buffer, length);
	keep(side, &got);
}

void got_answer(struct side *side, int i)
{
	kmcl_handle_t handle = side->got[i].handle;

	side->got[i].handle = 0;
	if (handle)
		kmcl_incoming_complete(side->ch, handle, side->got[i].buffer,
				       side->got[i].length);
}

void got_answer_all(struct side *side)
{
	int i, n = min(atomic_read(&side->nr_got), PAIR_KEPT);

	for (i = 0; i < n; i++)
		got_answer(side, i);
}

static int configure(struct pair *pair, struct side *side, struct kmcl_channel *ch)
{
	static const struct kmcl_state_callbacks callbacks = {
		.opened = on_opened, .started = on_started, .post_started = on_post_started,
		.suspend = on_suspend, .closed = on_closed, .open_failed = on_open_failed,
	};

	if (IS_ERR(ch))
		return PTR_ERR(ch);
	side->pair = pair;
	side->ch = ch;
	INIT_LIST_HEAD(&side->sent);
	kmcl_channel_set_pointer(ch, side);
	return kmcl_channel_set_max_packet_size(ch, PAIR_PACKET) ?:
	       kmcl_channel_set_max_external_data(ch, PAIR_EXTERNAL, PAIR_RANGES) ?:
	       kmcl_channel_set_incoming(ch, PAIR_INCOMING, PAIR_RESERVE) ?:
	       kmcl_channel_set_packet_callbacks(ch, on_packet, NULL) ?:
	       kmcl_channel_set_state_callbacks(ch, &callbacks);
}

int pair_init(struct kunit *test)
{
	struct pair *pair = kunit_kzalloc(test, sizeof(*pair), GFP_KERNEL);

	if (!pair)
		return -ENOMEM;
	pair->test = test;
	test->priv = pair;
	init_waitqueue_head(&pair->events);
	return configure(pair, &pair->server, kmcl_channel_alloc_server()) ?:
	       configure(pair, &pair->client, kmcl_channel_alloc()) ?:
	       kmcl_channel_set_ring_pages(pair->client.ch, PAIR_RING_PAGES, PAIR_RING_PAGES) ?:
	       kmcl_channel_set_target(pair->client.ch, &pair_type, &pair_instance) ?:
	       kmcl_channel_set_offer(pair->server.ch, &pair_type, &pair_instance) ?:
	       kmcl_channel_set_server_flags(pair->server.ch, KMCL_SERVER_LOOPBACK_OFFER);
}

static void end(struct side *side)
{
	struct sent *sent, *next;

	if (!side->ch)
		return;
	side->on_packet = NULL;
	side->hold = false;
	got_answer_all(side);
	kmcl_channel_disable(side->ch);
	list_for_each_entry_safe(sent, next, &side->sent, node) {
		kmcl_packet_free(sent->packet);
		kfree(sent);
	}
}

void pair_exit(struct kunit *test)
{
	struct pair *pair = test->priv;

	if (!pair)
		return;
	end(&pair->client);
	end(&pair->server);
	if (pair->client.ch)
		KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(pair->client.ch), 0);
	if (pair->server.ch)
		KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(pair->server.ch), 0);
}

bool order_is(struct side *side, const char *order)
{
	if (!pair_sees(side->pair, atomic_read_acquire(&side->calls) >= (int)strlen(order)))
		kunit_info(side->pair->test, "a callback is missing\n");
	if (!strcmp(side->order, order))
		return true;
	kunit_info(side->pair->test, "called in the order \"%s\", should be \"%s\"\n",
		   side->order, order);
	return false;
}

/* The channel's own queue wakes its own waiters. */
bool reaches(struct side *side, enum kmcl_state state)
{
	return wait_event_timeout(side->ch->wait, kmcl_channel_get_state(side->ch) == state,
				  PAIR_PATIENCE);
}

bool gets(struct side *side, int packets)
{
	return pair_sees(side->pair, atomic_read_acquire(&side->nr_got) >= packets);
}

void server_up(struct pair *pair)
{
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_enable(pair->server.ch), 0);
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_start(pair->server.ch), 0);
}

void client_up(struct pair *pair)
{
	KUNIT_ASSERT_EQ(pair->test, kmcl_channel_enable(pair->client.ch), 0);
	KUNIT_ASSERT_TRUE(pair->test, reaches(&pair->client, KMCL_ACTIVE));
	KUNIT_ASSERT_TRUE(pair->test, reaches(&pair->server, KMCL_ACTIVE));
}

void pair_up(struct pair *pair)
{
	server_up(pair);
	client_up(pair);
}

static void sent_told(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	struct sent *sent = kmcl_packet_get_pointer(packet);

	sent->status = status;
	sent->length = length;
	if (buffer)
		memcpy(sent->answer, buffer, min_t(u32, length, sizeof(sent->answer)));
	if (sent->on_done)
		sent->on_done(sent);
	atomic_inc_return_release(&sent->calls);
	wake_up_all(&sent->side->pair->events);
}

struct sent *sent_new(struct side *side)
{
	struct kunit *test = side->pair->test;
	struct sent *sent = kzalloc(sizeof(*sent), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sent);
	sent->side = side;
	sent->packet = kmcl_packet_alloc(side->ch, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sent->packet);
	kmcl_packet_set_pointer(sent->packet, sent);
	kmcl_packet_set_completion(sent->packet, sent_told);
	list_add(&sent->node, &side->sent);
	return sent;
}

bool sent_done(struct sent *sent)
{
	return pair_sees(sent->side->pair, atomic_read_acquire(&sent->calls));
}

int sent_send(struct sent *sent, const void *payload, u32 length)
{
	return kmcl_packet_send(sent->packet, payload, length, KMCL_SEND_COMPLETION);
}

/* As if it had been rescinded meanwhile, which is no failure. */
static int other_open(struct kmcl_endpoint *ep, const struct kmcl_open *how)
{
	return -ENODEV;
}

static void other_release(struct kmcl_endpoint *ep)
{
	complete_all(&container_of(ep, struct other, ep)->released);
}

struct other *other_comes(struct side *side)
{
	struct kunit *test = side->pair->test;
	struct other *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, other);
	other->bus.name = "other";
	other->bus.open = other_open;
	other->bus.release = other_release;
	other->ep.transport = &other->bus;
	init_completion(&other->released);
	KUNIT_ASSERT_EQ(test, kmcl_endpoint_bind(side->ch, &other->ep), 0);
	return other;
}

void other_goes(struct pair *pair, struct other *other)
{
	kmcl_endpoint_gone(&other->ep);
	KUNIT_EXPECT_TRUE(pair->test,
			  wait_for_completion_timeout(&other->released, PAIR_PATIENCE));
}
