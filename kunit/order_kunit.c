// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of completing, and exactly once: a whole channel over a transport in
 * memory, whose other end is played by the test. A received packet's payload is
 * secured, the completion packet goes out only if it was asked for, then the
 * context is recycled, then whoever waited is woken. A sent packet's mappings are
 * down when its routine runs, and it runs once on every way a packet can end.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "channel.h"
#include "packet.h"
#include "parse.h"

#define RING_PAGES	1u
#define RING_BYTES	(RING_PAGES * KMCL_WIRE_PAGE_SIZE)
#define RESERVE		64u
#define MOST		64
#define RACERS		4

static const guid_t bed_type = GUID_INIT(0x6b6d636c, 0x6b75, 0x6e69,
					 0x74, 0x6f, 0x72, 0x64, 0x65, 0x72, 0x00, 0x01);

/**
 * struct bed_sent - what the other end found in the outbound ring
 * @trans_id: as on the wire
 * @type: as on the wire
 * @flags: as on the wire
 * @length: of the payload
 * @payload: its first bytes
 */
struct bed_sent {
	u64 trans_id;
	u16 type;
	u16 flags;
	u32 length;
	u8 payload[RESERVE];
};

/**
 * struct bed_got - what the driver was given
 * @handle: of the packet
 * @buffer: its private copy
 * @length: of @buffer
 */
struct bed_got {
	kmcl_handle_t handle;
	const void *buffer;
	u32 length;
};

/**
 * struct bed - a channel, its transport and both ends of it
 * @test: the case
 * @bus: the transport in memory
 * @ep: the one offer
 * @bound: @ep is bound to the channel
 * @released: @ep is ours again
 * @ch: the channel under test
 * @in: header of the inbound ring
 * @out: header of the outbound ring
 * @in_data: mapped twice in a row, as transports have to
 * @sent: what went out
 * @nr_sent: entries of @sent
 * @got: what came in
 * @nr_got: entries of @got
 * @on_send: looks at the channel at the moment of sending
 * @on_packet: the driver's way of receiving; NULL: keep it for later
 * @seen: what the hooks saw
 * @packets: to be freed at the end
 * @nr_packets: entries of @packets
 * @closed: times that the closed callback ran
 * @consumed: times that the read index was published
 */
struct bed {
	struct kunit *test;
	struct kmcl_transport bus;
	struct kmcl_endpoint ep;
	unsigned long bound;
	struct completion released;
	struct kmcl_channel *ch;
	struct kmcl_ring_header in;
	struct kmcl_ring_header out;
	u8 *in_data;
	struct bed_sent sent[MOST];
	atomic_t nr_sent;
	struct bed_got got[MOST];
	atomic_t nr_got;
	void (*on_send)(struct bed *bed, const void *payload);
	void (*on_packet)(struct bed *bed, const struct bed_got *got);
	struct {
		bool spare;
		bool waiter_back;
		int outstanding;
		int again;
		const void *payload;
		enum kmcl_state state;
	} seen;
	struct kmcl_packet *packets[4];
	int nr_packets;
	atomic_t closed;
	atomic_t consumed;
};

/* --- the transport ------------------------------------------------------- */

static struct bed *bed_of(struct kmcl_endpoint *ep)
{
	return container_of(ep, struct bed, ep);
}

static void offer(struct bed *bed)
{
	if (test_and_set_bit(0, &bed->bound))
		return;
	bed->ep.gone = false;
	bed->ep.failed = false;
	reinit_completion(&bed->released);
	if (!kmcl_channel_wants_offer(bed->ch, &bed_type, &bed->ep.instance) ||
	    kmcl_endpoint_bind(bed->ch, &bed->ep))
		clear_bit(0, &bed->bound);
}

static void *bed_arm(struct kmcl_channel *channel)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);

	offer(bed);
	return bed;
}

static void bed_rearm(void *cookie)
{
	offer(cookie);
}

static void bed_disarm(void *cookie)
{
	struct bed *bed = cookie;

	if (!test_bit(0, &bed->bound))
		return;
	kmcl_endpoint_gone(&bed->ep);
	wait_for_completion(&bed->released);
}

static void bed_release(struct kmcl_endpoint *ep)
{
	struct bed *bed = bed_of(ep);

	clear_bit(0, &bed->bound);
	complete(&bed->released);
}

static int bed_open(struct kmcl_endpoint *ep, const struct kmcl_open *how)
{
	struct bed *bed = bed_of(ep);

	memset(&bed->in, 0, sizeof(bed->in));
	memset(&bed->out, 0, sizeof(bed->out));
	ep->in = (struct kmcl_ring){ .header = &bed->in, .data = bed->in_data, .size = RING_BYTES };
	ep->out = (struct kmcl_ring){ .header = &bed->out, .size = RING_BYTES };
	return how->in_bytes == RING_BYTES && how->out_bytes == RING_BYTES ? 0 : -EINVAL;
}

static void bed_close(struct kmcl_endpoint *ep)
{
}

static void sent_one(struct bed *bed, u16 type, u16 flags, u64 trans_id, const void *payload,
		     u32 len, u32 header)
{
	int i = atomic_read(&bed->nr_sent);
	u32 next = bed->out.write_index + kmcl_ring_bytes(header, len);

	if (bed->on_send)
		bed->on_send(bed, payload);
	WRITE_ONCE(bed->out.write_index, next % RING_BYTES);
	if (i >= MOST)
		return;
	bed->sent[i] = (struct bed_sent){
		.trans_id = trans_id, .type = type, .flags = flags, .length = len,
	};
	if (len)
		memcpy(bed->sent[i].payload, payload, min_t(u32, len, RESERVE));
	atomic_inc_return_release(&bed->nr_sent);
}

static int bed_send(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		    const void *payload, u32 len)
{
	sent_one(bed_of(ep), type, flags, trans_id, payload, len, KMCL_DESCRIPTOR_SIZE);
	return 0;
}

static int bed_send_external(struct kmcl_endpoint *ep, u64 trans_id, struct kmcl_gpa_header *gpa,
			     u32 gpa_len, const void *payload, u32 len)
{
	sent_one(bed_of(ep), KMCL_PKT_DATA_GPA_DIRECT, KMCL_PKT_FLAG_COMPLETION_REQUESTED,
		 trans_id, payload, len, gpa_len);
	return 0;
}

static void bed_set_pending(struct kmcl_endpoint *ep, u32 bytes)
{
	WRITE_ONCE(bed_of(ep)->out.pending_send_size, bytes);
}

static void bed_consumed(struct kmcl_endpoint *ep, u32 read_index)
{
	WRITE_ONCE(bed_of(ep)->in.read_index, read_index);
	atomic_inc(&bed_of(ep)->consumed);
}

/* --- the other end ------------------------------------------------------- */

static void signal_guest(struct bed *bed)
{
	local_bh_disable();
	kmcl_endpoint_event(&bed->ep);
	local_bh_enable();
}

static void put_bytes(struct bed *bed, u32 at, const void *bytes, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++) {
		u32 place = (at + i) % RING_BYTES;

		bed->in_data[place] = ((const u8 *)bytes)[i];
		bed->in_data[place + RING_BYTES] = ((const u8 *)bytes)[i];
	}
}

static void host_writes(struct bed *bed, const struct kmcl_packet_descriptor *desc,
			const void *payload, u32 len)
{
	u32 at = bed->in.write_index;

	put_bytes(bed, at, desc, sizeof(*desc));
	put_bytes(bed, at + sizeof(*desc), payload, len);
	at = (at + desc->len8 * 8u + KMCL_TRAILER_SIZE) % RING_BYTES;
	smp_store_release(&bed->in.write_index, at);
}

static void host_puts(struct bed *bed, u16 type, u16 flags, u64 trans_id, const void *payload,
		      u32 len)
{
	const struct kmcl_packet_descriptor desc = {
		.type = type,
		.offset8 = KMCL_DESCRIPTOR_SIZE / 8,
		.len8 = (KMCL_DESCRIPTOR_SIZE + ALIGN(len, 8)) / 8,
		.flags = flags,
		.trans_id = trans_id,
	};

	host_writes(bed, &desc, payload, len);
}

static void host_sends(struct bed *bed, u64 trans_id, bool wants_completion)
{
	static const char payload[16] = "from the host";

	host_puts(bed, KMCL_PKT_DATA_INBAND,
		  wants_completion ? KMCL_PKT_FLAG_COMPLETION_REQUESTED : 0,
		  trans_id, payload, sizeof(payload));
	signal_guest(bed);
}

static void host_completes(struct bed *bed, u64 trans_id)
{
	static const char payload[8] = "answer";

	host_puts(bed, KMCL_PKT_COMPLETION, 0, trans_id, payload, sizeof(payload));
	signal_guest(bed);
}

/* A ring in which nothing more fits, until host_drains(). */
static void host_stops_reading(struct bed *bed)
{
	WRITE_ONCE(bed->out.read_index, (bed->out.write_index + 8) % RING_BYTES);
}

static void host_drains(struct bed *bed)
{
	WRITE_ONCE(bed->out.read_index, READ_ONCE(bed->out.write_index));
	signal_guest(bed);
}

/* --- the driver ---------------------------------------------------------- */

static void driver_gets(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
			u32 length, u32 flags)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);
	int i = atomic_read(&bed->nr_got);

	if (i >= MOST)
		return;
	bed->got[i] = (struct bed_got){ .handle = handle, .buffer = buffer, .length = length };
	atomic_inc_return_release(&bed->nr_got);
	if (bed->on_packet)
		bed->on_packet(bed, &bed->got[i]);
}

static void driver_sees_closed(struct kmcl_channel *channel)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);

	atomic_inc(&bed->closed);
}

static void completes_at_once(struct bed *bed, const struct bed_got *got)
{
	kmcl_incoming_complete(bed->ch, got->handle, "done", 4);
}

static int complete_it(struct bed *bed, int i)
{
	return kmcl_incoming_complete(bed->ch, bed->got[i].handle, "done", 4);
}

static int nr_sent(struct bed *bed)
{
	return atomic_read_acquire(&bed->nr_sent);
}

static int nr_got(struct bed *bed)
{
	return atomic_read_acquire(&bed->nr_got);
}

static bool is_idle(struct bed *bed)
{
	return !atomic_read(&bed->ch->outstanding);
}

static s64 nr_stale(struct bed *bed)
{
	return atomic64_read(&bed->ch->stats.any.rejected_handle);
}

#define wait_until(condition)					\
({								\
	unsigned long end_ = jiffies + 10 * HZ;			\
								\
	while (!(condition) && time_before(jiffies, end_))	\
		usleep_range(200, 400);				\
	!!(condition);						\
})

static bool is_in(struct bed *bed, enum kmcl_state state)
{
	return kmcl_channel_get_state(bed->ch) == state;
}

static void enable(struct bed *bed)
{
	KUNIT_ASSERT_EQ(bed->test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_ASSERT_TRUE(bed->test, wait_until(is_in(bed, KMCL_ACTIVE)));
	/* From here on packets are received in signal_guest(), not in a worker. */
	KUNIT_ASSERT_TRUE(bed->test, wait_until(!atomic_read(&bed->ch->rx.run)));
}

/* Enabled, with one packet of the host at the driver. */
static struct bed *with_packet(struct kunit *test, bool wants_completion)
{
	struct bed *bed = test->priv;

	enable(bed);
	host_sends(bed, 0x1234, wants_completion);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	return bed;
}

/* --- received packets: what goes out ------------------------------------- */

static void answers_a_packet_that_asks(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, bed->got[0].length, 16u);
	KUNIT_EXPECT_STREQ(test, (const char *)bed->got[0].buffer, "from the host");
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].type, KMCL_PKT_COMPLETION);
	KUNIT_EXPECT_EQ(test, bed->sent[0].flags, 0);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 0x1234ull);
	KUNIT_EXPECT_EQ(test, bed->sent[0].length, 4u);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "done", 4);
}

static void sends_nothing_for_a_packet_that_does_not_ask(struct kunit *test)
{
	struct bed *bed = with_packet(test, false);

	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

static void answers_from_inside_the_callback(struct kunit *test)
{
	struct bed *bed = test->priv;

	bed->on_packet = completes_at_once;
	enable(bed);
	host_sends(bed, 1, true);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 1ull);
	KUNIT_EXPECT_EQ(test, bed->sent[1].trans_id, 2ull);
}

static void answers_in_the_order_of_completing(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i;

	enable(bed);
	for (i = 0; i < 4; i++)
		host_sends(bed, i, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 4);
	for (i = 3; i >= 0; i--)
		KUNIT_EXPECT_EQ(test, complete_it(bed, i), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 4);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, bed->sent[i].trans_id, 3ull - i);
}

static void answers_a_refused_packet_with_nothing(struct kunit *test)
{
	const struct kmcl_packet_descriptor inside = {
		.type = KMCL_PKT_DATA_INBAND, .offset8 = 1, .len8 = 4,
		.flags = KMCL_PKT_FLAG_COMPLETION_REQUESTED, .trans_id = 7,
	};
	struct bed *bed = test->priv;

	enable(bed);
	host_writes(bed, &inside, "sixteen bytes...", 16);
	signal_guest(bed);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].trans_id, 7ull);
	KUNIT_EXPECT_EQ(test, bed->sent[0].length, 0u);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_offset, 1ull);
	host_sends(bed, 8, true);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
}

/* --- received packets: in which order ------------------------------------ */

static void looks_while_sending(struct bed *bed, const void *payload)
{
	struct kmcl_channel *ch = bed->ch;

	bed->seen.payload = payload;
	bed->seen.spare = !llist_empty(&ch->spare_incoming);
	bed->seen.outstanding = atomic_read(&ch->outstanding);
	bed->seen.state = kmcl_channel_get_state(ch);
	bed->seen.again = kmcl_incoming_complete(ch, bed->got[0].handle, NULL, 0);
}

static struct bed *with_one_context(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_incoming(bed->ch, 1, RESERVE), 0);
	return bed;
}

static void the_payload_is_secured_before_the_answer_goes_out(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	const struct bed_got *got = &bed->got[0];

	bed->on_send = looks_while_sending;
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, got->handle, got->buffer, 13), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_PTR_NE(test, bed->seen.payload, got->buffer);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "from the host", 13);
}

static void the_handle_is_dead_before_the_answer_goes_out(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	bed->on_send = looks_while_sending;
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.again, -ESTALE);
}

static void the_context_is_recycled_after_the_answer_went_out(struct kunit *test)
{
	struct bed *bed = with_one_context(test);

	with_packet(test, true);
	bed->on_send = looks_while_sending;
	KUNIT_EXPECT_TRUE(test, llist_empty(&bed->ch->spare_incoming));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_FALSE(test, bed->seen.spare);
	KUNIT_EXPECT_FALSE(test, llist_empty(&bed->ch->spare_incoming));
}

static void waiters_count_a_packet_until_its_answer_went_out(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	bed->on_send = looks_while_sending;
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, 1);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

static int pauser(void *data)
{
	struct bed *bed = data;

	kmcl_channel_pause(bed->ch);
	WRITE_ONCE(bed->seen.waiter_back, true);
	while (!kthread_should_stop())
		usleep_range(200, 400);
	return 0;
}

static void stop_running(void *task)
{
	kthread_stop(task);
}

static void run_thread(struct kunit *test, int (*body)(void *), void *data)
{
	struct task_struct *task = kthread_run(body, data, "kmcl_order");

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop_running, task), 0);
}

static void whoever_waits_is_woken_last(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	bed->on_send = looks_while_sending;
	run_thread(test, pauser, bed);
	KUNIT_ASSERT_TRUE(test, wait_until(is_in(bed, KMCL_SUSPENDING)));
	usleep_range(20000, 30000);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(bed->seen.waiter_back));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.state, KMCL_SUSPENDING);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(bed->seen.waiter_back)));
	KUNIT_EXPECT_TRUE(test, is_in(bed, KMCL_PAUSED));
}

static void the_next_packet_waits_for_a_context(struct kunit *test)
{
	struct bed *bed = with_one_context(test);

	with_packet(test, true);
	host_sends(bed, 2, true);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_TRUE(test, wait_until(nr_got(bed) == 2));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 2);
}

static void an_answer_waits_for_room_and_keeps_its_context(struct kunit *test)
{
	struct bed *bed = with_one_context(test);

	with_packet(test, true);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_TRUE(test, llist_empty(&bed->ch->spare_incoming));
	KUNIT_EXPECT_EQ(test, bed->out.pending_send_size, kmcl_ring_bytes(16, 4));
	host_drains(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "done", 4);
	KUNIT_EXPECT_FALSE(test, llist_empty(&bed->ch->spare_incoming));
	KUNIT_EXPECT_EQ(test, bed->out.pending_send_size, 0u);
}

/* --- received packets: exactly once -------------------------------------- */

static void completing_twice_is_stale_and_counted(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, nr_stale(bed), 1);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

static void an_old_handle_does_not_complete_the_next_packet(struct kunit *test)
{
	struct bed *bed = with_one_context(test);

	with_packet(test, true);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
}

static const s64 forgeries[] = {
	1ll << 32, -(1ll << 32), 1, -1, 1ll << 31, S64_MIN,
};

static void forgery_desc(const s64 *by, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lld off", *by);
}

KUNIT_ARRAY_PARAM(forgery, forgeries, forgery_desc);

static void a_forged_handle_is_stale_and_counted(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	const s64 *by = test->param_value;

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle + *by, NULL, 0),
			-ESTALE);
	KUNIT_EXPECT_EQ(test, nr_stale(bed), 1);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
}

static void handle_zero_is_stale(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, 0, NULL, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
}

static void a_handle_outlives_nothing(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	kmcl_handle_t handle = bed->got[0].handle;

	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, handle, NULL, 0), -ESTALE);
	enable(bed);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, handle, NULL, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 1), 0);
}

static void a_handle_does_not_outlive_a_new_configuration(struct kunit *test)
{
	struct bed *bed = with_one_context(test);
	kmcl_handle_t handle;

	with_packet(test, true);
	handle = bed->got[0].handle;
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_incoming(bed->ch, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, handle, NULL, 0), -ESTALE);
	enable(bed);
	host_sends(bed, 2, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 2);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, handle, NULL, 0), -ESTALE);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[1].handle, NULL, 0), 0);
}

struct race {
	struct bed *bed;
	atomic_t ready;
	atomic_t completed;
	atomic_t stale;
};

static int completer(void *data)
{
	struct race *race = data;
	int ret, i;

	atomic_inc(&race->ready);
	while (atomic_read(&race->ready) < RACERS)
		cpu_relax();
	for (i = 0; i < nr_got(race->bed); i++) {
		ret = complete_it(race->bed, i);
		if (!ret)
			atomic_inc(&race->completed);
		else if (ret == -ESTALE)
			atomic_inc(&race->stale);
	}
	while (!kthread_should_stop())
		usleep_range(200, 400);
	return 0;
}

static void one_of_many_completers_wins(struct kunit *test)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	struct bed *bed = test->priv;
	const int packets = 32;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->bed = bed;
	enable(bed);
	for (i = 0; i < packets; i++)
		host_sends(bed, i, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), packets);
	for (i = 0; i < RACERS; i++)
		run_thread(test, completer, race);
	KUNIT_EXPECT_TRUE(test, wait_until(atomic_read(&race->completed) +
					   atomic_read(&race->stale) == RACERS * packets));
	KUNIT_EXPECT_EQ(test, atomic_read(&race->completed), packets);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), packets);
	KUNIT_EXPECT_EQ(test, nr_stale(bed), (RACERS - 1) * packets);
	KUNIT_EXPECT_TRUE(test, is_idle(bed));
}

/* --- received packets: bad arguments ------------------------------------- */

static void a_payload_as_large_as_the_reserve_goes_out(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	u8 payload[RESERVE] = { 1, 2, 3 };

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle, payload,
						     RESERVE), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, payload, RESERVE);
}

static void a_payload_above_the_reserve_leaves_the_packet_outstanding(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);
	u8 payload[RESERVE + 1] = { 0 };

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle, payload,
						     RESERVE + 1), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_FALSE(test, is_idle(bed));
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

static void a_null_payload_leaves_the_packet_outstanding(struct kunit *test)
{
	struct bed *bed = with_packet(test, true);

	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(bed->ch, bed->got[0].handle, NULL, 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_incoming_complete(NULL, bed->got[0].handle, NULL, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, complete_it(bed, 0), 0);
}

/* --- sent packets -------------------------------------------------------- */

/**
 * struct told - what completion routines said of one packet
 * @packet: whose
 * @calls: how often
 * @status: last
 * @order: which number in the order of all
 * @mapped: external data were still mapped
 */
struct told {
	struct kmcl_packet *packet;
	int calls;
	int status;
	int order;
	bool mapped;
};

static atomic_t told_count;

static void tells(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	struct told *told = kmcl_packet_get_pointer(packet);

	told->status = status;
	told->mapped = packet->external.direction != DMA_NONE;
	told->order = atomic_inc_return(&told_count);
	/* Last: who awaits the call reads the rest. */
	smp_store_release(&told->calls, told->calls + 1);
}

/* kmcl_order_exit() frees the packet: by then none is in flight. */
static struct told *new_told(struct bed *bed)
{
	struct told *told = kunit_kzalloc(bed->test, sizeof(*told), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, told);
	told->packet = kmcl_packet_alloc(bed->ch, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(bed->test, told->packet);
	bed->packets[bed->nr_packets++] = told->packet;
	kmcl_packet_set_pointer(told->packet, told);
	kmcl_packet_set_completion(told->packet, tells);
	return told;
}

static void a_sent_packet_is_done_when_the_host_answers(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "hello", 5, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].flags, KMCL_PKT_FLAG_COMPLETION_REQUESTED);
	KUNIT_EXPECT_EQ(test, told->calls, 0);
	host_completes(bed, bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

static void an_answer_that_comes_twice_counts_once(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "hello", 5, KMCL_SEND_COMPLETION), 0);
	host_completes(bed, bed->sent[0].trans_id);
	host_completes(bed, bed->sent[0].trans_id);
	host_completes(bed, 0);
	host_completes(bed, U64_MAX);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_id, 3ull);
}

static void a_late_answer_does_not_end_the_next_transaction(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "one", 3, KMCL_SEND_COMPLETION), 0);
	host_completes(bed, bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "two", 3, KMCL_SEND_COMPLETION), 0);
	host_completes(bed, bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	host_completes(bed, bed->sent[1].trans_id);
	KUNIT_EXPECT_EQ(test, told->calls, 2);
}

static void a_packet_in_flight_cannot_be_sent_again(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "one", 3, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "two", 3, KMCL_SEND_COMPLETION),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

static void an_unanswered_packet_ends_when_the_channel_does(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "hello", 5, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, -ENODEV);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->closed), 1);
}

static void packets_that_wait_for_room_go_out_in_order(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told[3];
	u8 i;

	for (i = 0; i < ARRAY_SIZE(told); i++)
		told[i] = new_told(bed);
	enable(bed);
	host_stops_reading(bed);
	for (i = 0; i < ARRAY_SIZE(told); i++)
		KUNIT_EXPECT_EQ(test, kmcl_packet_send(told[i]->packet, &i, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, told[0]->calls, 0);
	host_drains(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 3);
	/* Whoever signals does not call the routines of others: a worker does. */
	KUNIT_ASSERT_TRUE(test, wait_until(smp_load_acquire(&told[2]->calls)));
	for (i = 0; i < ARRAY_SIZE(told); i++) {
		KUNIT_EXPECT_EQ(test, bed->sent[i].payload[0], i);
		KUNIT_EXPECT_EQ(test, told[i]->calls, 1);
		KUNIT_EXPECT_EQ(test, told[i]->status, 0);
	}
	KUNIT_EXPECT_LT(test, told[0]->order, told[1]->order);
	KUNIT_EXPECT_LT(test, told[1]->order, told[2]->order);
}

static void packets_that_wait_for_room_end_when_the_channel_does(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *asks = new_told(bed), *does_not = new_told(bed);

	enable(bed);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(asks->packet, "a", 1, KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(does_not->packet, "b", 1, 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, asks->calls, 1);
	KUNIT_EXPECT_EQ(test, asks->status, -ENODEV);
	KUNIT_EXPECT_EQ(test, does_not->calls, 1);
	KUNIT_EXPECT_EQ(test, does_not->status, -ENODEV);
}

static void send_external(struct bed *bed, struct told *told, struct scatterlist *sg)
{
	void *page = kunit_kzalloc(bed->test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, page);
	sg_init_one(sg, page, 100);
	KUNIT_ASSERT_EQ(bed->test, kmcl_packet_send_sg(told->packet, NULL, 0, sg, 1,
						       DMA_BIDIRECTIONAL,
						       KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(bed->test, told->packet->external.direction, DMA_BIDIRECTIONAL);
}

static struct told *with_external(struct bed *bed)
{
	KUNIT_ASSERT_EQ(bed->test, kmcl_channel_set_max_external_data(bed->ch, 256, 1), 0);
	return new_told(bed);
}

static void mappings_are_down_when_the_routine_runs(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = with_external(bed);
	struct scatterlist sg;

	enable(bed);
	send_external(bed, told, &sg);
	host_completes(bed, bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_FALSE(test, told->mapped);
}

static void mappings_are_down_when_a_packet_is_cancelled(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = with_external(bed);
	struct scatterlist sg;

	enable(bed);
	send_external(bed, told, &sg);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
	KUNIT_EXPECT_EQ(test, told->status, -ENODEV);
	KUNIT_EXPECT_FALSE(test, told->mapped);
}

/* --- the end of a channel ------------------------------------------------ */

static void broken_framing_closes_the_channel(struct kunit *test)
{
	const struct kmcl_packet_descriptor endless = {
		.type = KMCL_PKT_DATA_INBAND, .offset8 = 2, .len8 = U16_MAX,
	};
	struct bed *bed = test->priv;

	enable(bed);
	put_bytes(bed, 0, &endless, sizeof(endless));
	WRITE_ONCE(bed->in.write_index, 64);
	signal_guest(bed);
	KUNIT_EXPECT_TRUE(test, wait_until(is_in(bed, KMCL_DISABLED)));
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->closed), 1);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.broken_framing, 1ull);
	KUNIT_EXPECT_EQ(test, bed->in.read_index, 0u);
}

/* --- set-up -------------------------------------------------------------- */

static int make_channel(struct bed *bed)
{
	static const struct kmcl_state_callbacks callbacks = { .closed = driver_sees_closed };
	struct kmcl_channel *ch = kmcl_channel_alloc();

	if (IS_ERR(ch))
		return PTR_ERR(ch);
	bed->ch = ch;
	kmcl_channel_set_pointer(ch, bed);
	return kmcl_channel_set_target(ch, &bed_type, NULL) ?:
	       kmcl_channel_set_ring_pages(ch, RING_PAGES, RING_PAGES) ?:
	       kmcl_channel_set_max_packet_size(ch, 1024) ?:
	       kmcl_channel_set_incoming(ch, MOST, RESERVE) ?:
	       kmcl_channel_set_packet_callbacks(ch, driver_gets, NULL) ?:
	       kmcl_channel_set_state_callbacks(ch, &callbacks);
}

static int make_bus(struct bed *bed)
{
	struct device *dev = kunit_device_register(bed->test, "kmcl_order");

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dev->dma_mask = &dev->coherent_dma_mask;
	dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	bed->ep.dma = dev;
	bed->ep.multirange = true;
	bed->ep.transport = &bed->bus;
	bed->bus = (struct kmcl_transport){
		.name = "kunit",
		.owner = THIS_MODULE,
		.arm = bed_arm,
		.rearm = bed_rearm,
		.disarm = bed_disarm,
		.open = bed_open,
		.close = bed_close,
		.release = bed_release,
		.send = bed_send,
		.send_external = bed_send_external,
		.set_pending = bed_set_pending,
		.consumed = bed_consumed,
	};
	init_completion(&bed->released);
	return kmcl_transport_register(&bed->bus);
}

static int kmcl_order_init(struct kunit *test)
{
	struct bed *bed = kunit_kzalloc(test, sizeof(*bed), GFP_KERNEL);
	int ret;

	if (!bed)
		return -ENOMEM;
	bed->test = test;
	bed->in_data = kunit_kzalloc(test, 2 * RING_BYTES, GFP_KERNEL);
	if (!bed->in_data)
		return -ENOMEM;
	ret = make_bus(bed);
	if (ret)
		return ret;
	test->priv = bed;
	return make_channel(bed);
}

/* Also after a case that gave up in the middle: what it left is completed here. */
static void kmcl_order_exit(struct kunit *test)
{
	struct bed *bed = test->priv;
	int i;

	if (!bed)
		return;
	bed->on_packet = completes_at_once;
	bed->on_send = NULL;
	for (i = 0; bed->ch && i < nr_got(bed); i++)
		complete_it(bed, i);
	if (bed->ch) {
		kmcl_channel_disable(bed->ch);
		for (i = 0; i < bed->nr_packets; i++)
			kmcl_packet_free(bed->packets[i]);
		KUNIT_EXPECT_EQ(test, kmcl_channel_cleanup(bed->ch), 0);
	}
	kmcl_transport_unregister(&bed->bus);
}

static struct kunit_case kmcl_order_cases[] = {
	KUNIT_CASE(answers_a_packet_that_asks),
	KUNIT_CASE(sends_nothing_for_a_packet_that_does_not_ask),
	KUNIT_CASE(answers_from_inside_the_callback),
	KUNIT_CASE(answers_in_the_order_of_completing),
	KUNIT_CASE(answers_a_refused_packet_with_nothing),
	KUNIT_CASE(the_payload_is_secured_before_the_answer_goes_out),
	KUNIT_CASE(the_handle_is_dead_before_the_answer_goes_out),
	KUNIT_CASE(the_context_is_recycled_after_the_answer_went_out),
	KUNIT_CASE(waiters_count_a_packet_until_its_answer_went_out),
	KUNIT_CASE(whoever_waits_is_woken_last),
	KUNIT_CASE(the_next_packet_waits_for_a_context),
	KUNIT_CASE(an_answer_waits_for_room_and_keeps_its_context),
	KUNIT_CASE(completing_twice_is_stale_and_counted),
	KUNIT_CASE(an_old_handle_does_not_complete_the_next_packet),
	KUNIT_CASE_PARAM(a_forged_handle_is_stale_and_counted, forgery_gen_params),
	KUNIT_CASE(handle_zero_is_stale),
	KUNIT_CASE(a_handle_outlives_nothing),
	KUNIT_CASE(a_handle_does_not_outlive_a_new_configuration),
	KUNIT_CASE(one_of_many_completers_wins),
	KUNIT_CASE(a_payload_as_large_as_the_reserve_goes_out),
	KUNIT_CASE(a_payload_above_the_reserve_leaves_the_packet_outstanding),
	KUNIT_CASE(a_null_payload_leaves_the_packet_outstanding),
	KUNIT_CASE(a_sent_packet_is_done_when_the_host_answers),
	KUNIT_CASE(an_answer_that_comes_twice_counts_once),
	KUNIT_CASE(a_late_answer_does_not_end_the_next_transaction),
	KUNIT_CASE(a_packet_in_flight_cannot_be_sent_again),
	KUNIT_CASE(an_unanswered_packet_ends_when_the_channel_does),
	KUNIT_CASE(packets_that_wait_for_room_go_out_in_order),
	KUNIT_CASE(packets_that_wait_for_room_end_when_the_channel_does),
	KUNIT_CASE(mappings_are_down_when_the_routine_runs),
	KUNIT_CASE(mappings_are_down_when_a_packet_is_cancelled),
	KUNIT_CASE(broken_framing_closes_the_channel),
	{}
};

static struct kunit_suite kmcl_order_suite = {
	.name = "kmcl_order",
	.init = kmcl_order_init,
	.exit = kmcl_order_exit,
	.test_cases = kmcl_order_cases,
};
kunit_test_suite(kmcl_order_suite);

MODULE_DESCRIPTION("KUnit suite: the order of completing, and exactly once");
MODULE_LICENSE("GPL");
