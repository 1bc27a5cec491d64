// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bed: see bed.h. Included as source by every suite that lies in it.
 */
#include <kunit/device.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "bed.h"

const guid_t bed_type = GUID_INIT(0x6b6d636c, 0x6b75, 0x6e69,
				  0x74, 0x6f, 0x72, 0x64, 0x65, 0x72, 0x00, 0x01);

/* --- the transport ------------------------------------------------------- */

static struct bed *bed_of(struct kmcl_endpoint *ep)
{
	return container_of(ep, struct bed, ep);
}

static void offer(struct bed *bed)
{
	if (READ_ONCE(bed->withdrawn) || test_and_set_bit(0, &bed->bound))
		return;
	bed->ep.gone = false;
	bed->ep.failed = false;
	bed->ep.rescinded = false;
	reinit_completion(&bed->released);
	if (!kmcl_channel_wants_offer(bed->ch, &bed_type, &bed->ep.offer.instance) ||
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
	wake_up_all(&bed->events);
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
	struct bed *bed = bed_of(ep);

	if (bed->on_close)
		bed->on_close(bed);
	atomic_inc_return_release(&bed->closings);
	wake_up_all(&bed->events);
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
	wake_up_all(&bed->events);
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
	struct bed *bed = bed_of(ep);

	bed->gpa_len = gpa_len;
	memcpy(bed->gpa, gpa, min(gpa_len, GPA_KEPT));
	sent_one(bed, KMCL_PKT_DATA_GPA_DIRECT, KMCL_PKT_FLAG_COMPLETION_REQUESTED,
		 trans_id, payload, len, gpa_len);
	return 0;
}

static int bed_gpadl_create(struct kmcl_endpoint *ep, const struct kmcl_share *share, u32 *gpadl,
			    void **cookie)
{
	struct bed *bed = bed_of(ep);

	*gpadl = bed->gpadl.next++;
	*cookie = (void *)(unsigned long)*gpadl;
	bed->gpadl.last = container_of(gpadl, struct kmcl_gpadl, number);
	return bed->gpadl.create;
}

static int bed_gpadl_delete(struct kmcl_endpoint *ep, void *cookie)
{
	struct bed *bed = bed_of(ep);

	bed->gpadl.cookie = cookie;
	atomic_inc_return_release(&bed->gpadl.deleted);
	wake_up_all(&bed->events);
	return bed->gpadl.delete;
}

static int bed_mmio(struct kmcl_endpoint *ep, u64 *address, u64 *bytes)
{
	struct bed *bed = bed_of(ep);

	*address = bed->mmio.address;
	*bytes = bed->mmio.bytes;
	return bed->mmio.ret;
}

static void bed_set_pending(struct kmcl_endpoint *ep, u32 bytes)
{
	struct bed *bed = bed_of(ep);

	WRITE_ONCE(bed->out.pending_send_size, bytes);
	wake_up_all(&bed->events);
}

static void bed_consumed(struct kmcl_endpoint *ep, u32 read_index)
{
	struct bed *bed = bed_of(ep);

	WRITE_ONCE(bed->in.read_index, read_index);
	atomic_inc(&bed->consumed);
	wake_up_all(&bed->events);
}

/* --- the host ------------------------------------------------------------ */

void signal_guest(struct bed *bed)
{
	local_bh_disable();
	kmcl_endpoint_event(&bed->ep);
	local_bh_enable();
}

void put_bytes(struct bed *bed, u32 at, const void *bytes, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++) {
		u32 place = (at + i) % RING_BYTES;

		bed->in_data[place] = ((const u8 *)bytes)[i];
		bed->in_data[place + RING_BYTES] = ((const u8 *)bytes)[i];
	}
}

void host_writes(struct bed *bed, const struct kmcl_packet_descriptor *desc, const void *payload,
		 u32 len)
{
	u32 at = bed->in.write_index;

	put_bytes(bed, at, desc, sizeof(*desc));
	put_bytes(bed, at + sizeof(*desc), payload, len);
	at = (at + desc->len8 * 8u + KMCL_TRAILER_SIZE) % RING_BYTES;
	/* The bytes before the index that says that they are there. */
	smp_store_release(&bed->in.write_index, at);
}

void host_puts(struct bed *bed, u16 type, u16 flags, u64 trans_id, const void *payload, u32 len)
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

#define GREETING	"from the host"
#define ID_AT		14u

static void greeting(char text[16], u64 trans_id)
{
	strscpy_pad(text, GREETING, 16);
	text[ID_AT] = (char)trans_id;
}

/* Not signalled: host_sends(). */
void host_sends_silently(struct bed *bed, u64 trans_id, bool wants_completion)
{
	char text[16];

	greeting(text, trans_id);
	host_puts(bed, KMCL_PKT_DATA_INBAND,
		  wants_completion ? KMCL_PKT_FLAG_COMPLETION_REQUESTED : 0,
		  trans_id, text, sizeof(text));
}

void host_sends(struct bed *bed, u64 trans_id, bool wants_completion)
{
	host_sends_silently(bed, trans_id, wants_completion);
	signal_guest(bed);
}

void host_answers(struct bed *bed, u64 trans_id, const void *payload, u32 len)
{
	host_puts(bed, KMCL_PKT_COMPLETION, 0, trans_id, payload, len);
	signal_guest(bed);
}

void host_completes(struct bed *bed, u64 trans_id)
{
	static const char payload[8] = "answer";

	host_answers(bed, trans_id, payload, sizeof(payload));
}

/* A transfer-page packet that asks for a completion; @ranges as on the wire. */
void host_transfers(struct bed *bed, u64 trans_id, u16 page_set, const u64 *ranges, u32 count)
{
	const struct kmcl_packet_descriptor desc = {
		.type = KMCL_PKT_DATA_XFER_PAGES,
		.offset8 = KMCL_XFER_HEADER_SIZE / 8 + count,
		.len8 = KMCL_XFER_HEADER_SIZE / 8 + count + 2,
		.flags = KMCL_PKT_FLAG_COMPLETION_REQUESTED,
		.trans_id = trans_id,
	};
	u64 body[1 + 16 + 2] = { (u64)count << 32 | page_set };

	if (WARN_ON_ONCE(count > 16))
		return;
	memcpy(body + 1, ranges, count * sizeof(u64));
	greeting((char *)(body + 1 + count), trans_id);
	host_writes(bed, &desc, body, (1 + count + 2) * sizeof(u64));
	signal_guest(bed);
}

/* A ring in which nothing more fits, until host_drains(). */
void host_stops_reading(struct bed *bed)
{
	WRITE_ONCE(bed->out.read_index, (bed->out.write_index + 8) % RING_BYTES);
}

/* A packet of @bytes with descriptor and trailer fits, and nothing else. */
void host_leaves_room(struct bed *bed, u32 bytes)
{
	WRITE_ONCE(bed->out.read_index, (bed->out.write_index + bytes + 8) % RING_BYTES);
}

void host_drains(struct bed *bed)
{
	WRITE_ONCE(bed->out.read_index, READ_ONCE(bed->out.write_index));
	signal_guest(bed);
}

void host_rescinds(struct bed *bed)
{
	WRITE_ONCE(bed->withdrawn, true);
	bed->ep.rescinded = true;
	kmcl_endpoint_gone(&bed->ep);
}

/* --- the driver ---------------------------------------------------------- */

static void driver_gets(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
			u32 length, u32 flags)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);
	int i = atomic_read(&bed->nr_got);

	if (i >= MOST) {
		kmcl_incoming_complete(channel, handle, NULL, 0);
		return;
	}
	bed->got[i] = (struct bed_got){
		.handle = handle, .buffer = buffer, .length = length, .flags = flags,
		.thread = in_task() && !in_softirq(),
		.id = length > ID_AT ? ((const u8 *)buffer)[ID_AT] : 0,
	};
	atomic_inc_return_release(&bed->nr_got);
	if (bed->on_packet)
		bed->on_packet(bed, &bed->got[i]);
	wake_up_all(&bed->events);
}

static void driver_ends_batch(struct kmcl_channel *channel, u32 packets)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);

	atomic_inc(&bed->batches);
}

static void driver_is_told(struct kmcl_channel *channel, enum bed_moment moment)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);

	if (bed->on[moment])
		bed->said[moment] = bed->on[moment](bed);
	atomic_inc_return_release(&bed->calls[moment]);
	wake_up_all(&bed->events);
}

static int driver_opened(struct kmcl_channel *channel)
{
	struct bed *bed = kmcl_channel_get_pointer(channel);

	driver_is_told(channel, OPENED);
	return bed->refuse_open;
}

static void driver_started(struct kmcl_channel *channel)
{
	driver_is_told(channel, STARTED);
}

static void driver_post_started(struct kmcl_channel *channel)
{
	driver_is_told(channel, POST_STARTED);
}

static void driver_suspended(struct kmcl_channel *channel)
{
	driver_is_told(channel, SUSPENDED);
}

static void driver_closed(struct kmcl_channel *channel)
{
	driver_is_told(channel, CLOSED);
}

void completes_at_once(struct bed *bed, const struct bed_got *got)
{
	kmcl_incoming_complete(bed->ch, got->handle, "done", 4);
}

int complete_it(struct bed *bed, int i)
{
	return kmcl_incoming_complete(bed->ch, bed->got[i].handle, "done", 4);
}

int nr_sent(struct bed *bed)
{
	return atomic_read_acquire(&bed->nr_sent);
}

int nr_got(struct bed *bed)
{
	return atomic_read_acquire(&bed->nr_got);
}

int nr_calls(struct bed *bed, enum bed_moment moment)
{
	return atomic_read_acquire(&bed->calls[moment]);
}

bool is_idle(struct bed *bed)
{
	return !atomic_read(&bed->ch->outstanding);
}

s64 nr_stale(struct bed *bed)
{
	return counted(bed, rejected_handle);
}

bool is_in(struct bed *bed, enum kmcl_state state)
{
	return kmcl_channel_get_state(bed->ch) == state;
}

bool comes_to(struct bed *bed, enum kmcl_state state)
{
	return wait_event_timeout(bed->ch->wait, is_in(bed, state), PATIENCE);
}

/* Workers queue themselves again while there is something to deliver. */
void settle(struct bed *bed)
{
	int tries = 100;

	do {
		flush_work(&bed->ch->rx.work);
		flush_work(&bed->ch->tx.work);
	} while (atomic_read(&bed->ch->rx.run) && --tries);
}

void enable(struct bed *bed)
{
	KUNIT_ASSERT_EQ(bed->test, kmcl_channel_enable(bed->ch), 0);
	KUNIT_ASSERT_TRUE(bed->test, comes_to(bed, KMCL_ACTIVE));
	/* From here on packets are received in signal_guest(), not in a worker. */
	settle(bed);
}

/* Enabled, with one packet of the host at the driver. */
struct bed *with_packet(struct kunit *test, bool wants_completion)
{
	struct bed *bed = test->priv;

	enable(bed);
	host_sends(bed, 0x1234, wants_completion);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	return bed;
}

/* --- sent packets -------------------------------------------------------- */

static atomic_t told_count;

void tells(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	struct told *told = kmcl_packet_get_pointer(packet);

	told->status = status;
	told->length = length;
	told->mapped = packet->external.direction != DMA_NONE;
	told->order = atomic_inc_return(&told_count);
	/* All the rest before the call counts. */
	smp_store_release(&told->calls, told->calls + 1);
	wake_up_all(&told->bed->events);
}

/* bed_exit() frees the packet: by then none is in flight. */
struct told *new_told(struct bed *bed)
{
	struct told *told = kunit_kzalloc(bed->test, sizeof(*told), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, told);
	KUNIT_ASSERT_LT(bed->test, bed->nr_packets, (int)ARRAY_SIZE(bed->packets));
	told->bed = bed;
	told->packet = kmcl_packet_alloc(bed->ch, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(bed->test, told->packet);
	bed->packets[bed->nr_packets++] = told->packet;
	kmcl_packet_set_pointer(told->packet, told);
	kmcl_packet_set_completion(told->packet, tells);
	return told;
}

/* --- other threads ------------------------------------------------------- */

static void aside_work(struct work_struct *work)
{
	struct aside *aside = container_of(work, struct aside, work);
	struct bed *bed = aside->bed;

	aside->ret = aside->body(aside);
	complete_all(&aside->done);
	wake_up_all(&bed->events);
}

struct aside *new_aside(struct bed *bed, int (*body)(struct aside *aside))
{
	struct aside *aside = kunit_kzalloc(bed->test, sizeof(*aside), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, aside);
	INIT_WORK(&aside->work, aside_work);
	init_completion(&aside->done);
	aside->bed = bed;
	aside->body = body;
	return aside;
}

void begin(struct aside *aside)
{
	struct bed *bed = aside->bed;

	KUNIT_ASSERT_LT(bed->test, bed->nr_asides, (int)ARRAY_SIZE(bed->asides));
	bed->asides[bed->nr_asides++] = aside;
	queue_work(system_unbound_wq, &aside->work);
}

struct aside *begin_aside(struct bed *bed, int (*body)(struct aside *aside))
{
	struct aside *aside = new_aside(bed, body);

	begin(aside);
	return aside;
}

/* Once more may be asked: it stays over. */
bool is_over(struct aside *aside)
{
	return wait_for_completion_timeout(&aside->done, PATIENCE);
}

/* --- set-up -------------------------------------------------------------- */

static int make_channel(struct bed *bed)
{
	static const struct kmcl_state_callbacks callbacks = {
		.opened = driver_opened,
		.started = driver_started,
		.post_started = driver_post_started,
		.suspend = driver_suspended,
		.closed = driver_closed,
	};
	struct kmcl_channel *ch = kmcl_channel_alloc();

	if (IS_ERR(ch))
		return PTR_ERR(ch);
	bed->ch = ch;
	kmcl_channel_set_pointer(ch, bed);
	return kmcl_channel_set_target(ch, &bed_type, NULL) ?:
	       kmcl_channel_set_ring_pages(ch, RING_PAGES, RING_PAGES) ?:
	       kmcl_channel_set_max_packet_size(ch, PACKET_SIZE) ?:
	       kmcl_channel_set_incoming(ch, MOST, RESERVE) ?:
	       kmcl_channel_set_packet_callbacks(ch, driver_gets, driver_ends_batch) ?:
	       kmcl_channel_set_state_callbacks(ch, &callbacks);
}

static const struct kmcl_transport bed_bus = {
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
	.gpadl_create = bed_gpadl_create,
	.gpadl_delete = bed_gpadl_delete,
	.mmio = bed_mmio,
	.set_pending = bed_set_pending,
	.consumed = bed_consumed,
};

static int make_bus(struct bed *bed)
{
	struct device *dev = kunit_device_register(bed->test, "kmcl_bed");

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dev->dma_mask = &dev->coherent_dma_mask;
	dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	dev->dma_parms = &bed->dma;
	dma_set_max_seg_size(dev, UINT_MAX);
	bed->ep.dma = dev;
	bed->ep.multirange = true;
	bed->ep.transport = &bed->bus;
	bed->bus = bed_bus;
	bed->gpadl.next = 0x20001;
	init_completion(&bed->released);
	init_waitqueue_head(&bed->events);
	return kmcl_transport_register(&bed->bus);
}

int bed_init(struct kunit *test)
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

static void unhook(struct bed *bed)
{
	bed->on_packet = completes_at_once;
	bed->on_send = NULL;
	bed->on_close = NULL;
	memset(bed->on, 0, sizeof(bed->on));
}

/* What nobody can complete any more would hold up the channel, and all cases behind this one. */
static void complete_all_received(struct bed *bed)
{
	int i;

	for (i = 0; i < nr_got(bed); i++)
		complete_it(bed, i);
	settle(bed);
	KUNIT_EXPECT_EQ(bed->test, atomic_read(&bed->ch->outstanding), 0);
	atomic_set(&bed->ch->outstanding, 0);
}

static void end_channel(struct bed *bed)
{
	int i;

	complete_all_received(bed);
	kmcl_channel_disable(bed->ch);
	for (i = 0; i < bed->nr_asides; i++)
		flush_work(&bed->asides[i]->work);
	for (i = 0; i < bed->nr_packets; i++)
		kmcl_packet_free(bed->packets[i]);
	KUNIT_EXPECT_EQ(bed->test, kmcl_channel_cleanup(bed->ch), 0);
}

/* Also after a case that gave up in the middle: what it left is completed here. */
void bed_exit(struct kunit *test)
{
	struct bed *bed = test->priv;

	if (!bed)
		return;
	unhook(bed);
	if (bed->ch)
		end_channel(bed);
	kmcl_transport_unregister(&bed->bus);
}
