// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receive loop. One runner at a time: rx.run says whether there is one and
 * whether it shall look once more. It runs in the softirq of the transport's
 * event until its budget is used up, then in a worker; in a worker from the start
 * for a channel with thread context. What the host wrote is read once: indices
 * into locals, the descriptor into a local copy, the payload into a context.
 *
 * Order is kept by stopping: a packet that was deferred, or for which there is no
 * context or no quota, holds up all that is behind it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bottom_half.h>
#include <linux/slab.h>

#include "control.h"
#include "gpadl.h"
#include "incoming.h"
#include "rx.h"
#include "trace.h"

static void rx_work(struct work_struct *work);

void kmcl_rx_init(struct kmcl_channel *ch)
{
	atomic_set(&ch->rx.run, 0);
	atomic64_set(&ch->rx.current_handle, 0);
	ch->rx.quota = KMCL_QUOTA_UNLIMITED;
	INIT_WORK(&ch->rx.work, rx_work);
}

int kmcl_rx_create(struct kmcl_channel *ch)
{
	ch->rx.scratch = kvmalloc(kmcl_storage_size(&ch->config), GFP_KERNEL);
	return ch->rx.scratch ? 0 : -ENOMEM;
}

void kmcl_rx_destroy(struct kmcl_channel *ch)
{
	kvfree(ch->rx.scratch);
	ch->rx.scratch = NULL;
}

/* The ring is new. */
void kmcl_rx_open(struct kmcl_channel *ch)
{
	ch->rx.read = 0;
	ch->rx.stalled = false;
	ch->rx.over_quota = false;
	ch->rx.failed = false;
}

/* The channel has closed; nobody is in the loop. */
void kmcl_rx_close(struct kmcl_channel *ch)
{
	struct kmcl_incoming *in = ch->rx.deferred;

	ch->rx.deferred = NULL;
	if (in)
		kmcl_incoming_drop(in);
}

static bool rx_may_run(struct kmcl_channel *ch)
{
	return smp_load_acquire(&ch->rx.enabled) && !READ_ONCE(ch->broken) &&
	       !READ_ONCE(ch->rx.failed);
}

/*
 * Is a packet into @gpadl kept at the front of the queue, and nobody in the loop to deliver it: then only
 * a start or a close of the channel ends that.
 */
bool kmcl_rx_keeps(struct kmcl_channel *ch, const struct kmcl_gpadl *gpadl)
{
	const struct kmcl_incoming *in = READ_ONCE(ch->rx.deferred);

	return in && in->gpadl == gpadl && !rx_may_run(ch) &&
	       !(atomic_read(&ch->rx.run) & KMCL_RX_RUN);
}

static void rx_break(struct kmcl_channel *ch, const char *why)
{
	kmcl_count_rx(ch, broken_framing);
	kmcl_control_break(ch, why);
}

static u32 rx_max_payload(const struct kmcl_channel *ch)
{
	return ALIGN(ch->config.max_packet, 8) + kmcl_pipe_overhead(&ch->config);
}

static void rx_count_refusal(struct kmcl_channel *ch, const struct kmcl_frame *frame, int why)
{
	if (why == -EMSGSIZE)
		kmcl_count_rx(ch, rejected_size);
	else if (why == -EBADMSG)
		kmcl_count_rx(ch, rejected_offset);
	else if (why == -ENOENT || why == -ERANGE || why == -E2BIG || why == -EFAULT)
		kmcl_count_rx(ch, rejected_external);
	else
		kmcl_count_rx(ch, rejected_type);
	trace_kmcl_refuse(ch, frame->type, frame->trans_id, why);
	pr_warn_ratelimited("%s: refused a packet of the host: type %u, %u bytes, payload at %u (%d)\n",
			    ch->name, frame->type, frame->len, frame->offset, why);
}

/* false: no context to answer with; the packet stays in the ring. */
static bool rx_refuse(struct kmcl_channel *ch, const struct kmcl_frame *frame, int why)
{
	struct kmcl_incoming *in;

	if (kmcl_frame_wants_completion(frame)) {
		in = kmcl_incoming_get(ch, frame);
		if (!in)
			return false;
		kmcl_incoming_finish(in);
	}
	rx_count_refusal(ch, frame, why);
	return true;
}

/* The answer to a packet of ours. Whatever is wrong with it, the transaction ends here. */
static void rx_completion(struct kmcl_channel *ch, const struct kmcl_frame *frame,
			  const u8 *packet, int status)
{
	struct kmcl_packet *pkt = kmcl_xact_take(&ch->sent, frame->trans_id);
	u32 length = status ? 0 : kmcl_frame_payload(frame);

	if (!pkt) {
		kmcl_count_rx(ch, rejected_id);
		trace_kmcl_refuse(ch, frame->type, frame->trans_id, -ENOENT);
		return;
	}
	kmcl_count_rx(ch, completions_received);
	if (status)
		rx_count_refusal(ch, frame, status);
	memcpy(ch->rx.scratch, packet + frame->offset, length);
	kmcl_packet_done(pkt, status, length ? ch->rx.scratch : NULL, length);
}

static u64 rx_word(const u8 *packet, u32 offset)
{
	return READ_ONCE(*(const u64 *)(packet + offset));
}

/* Each word of the header is read once, into a register. */
static int rx_ranges(struct kmcl_channel *ch, struct kmcl_incoming *in,
		     const struct kmcl_gpadl *gpadl, const u8 *packet, u32 ranges)
{
	u32 i, left = ch->config.max_external;
	struct kmcl_xfer_range range;
	int bad;

	for (i = 0; i < ranges; i++) {
		bad = kmcl_parse_range(rx_word(packet, KMCL_XFER_HEADER_SIZE +
						       i * KMCL_XFER_RANGE_SIZE),
				       gpadl->bytes, left, &range);
		if (bad)
			return bad;
		left -= range.length;
		in->data.ranges[i].pages = gpadl->pages + range.offset / PAGE_SIZE;
		in->data.ranges[i].offset = range.offset % PAGE_SIZE;
		in->data.ranges[i].length = range.length;
	}
	in->data.count = ranges;
	in->data.length = ch->config.max_external - left;
	return 0;
}

/* A range of a GPA-direct packet and its frame numbers, from @at on, which is moved behind them. */
static int rx_gpa_range(struct kmcl_channel *ch, struct kmcl_incoming *in,
			const struct kmcl_frame *frame, const u8 *packet, u32 *at,
			struct kmcl_gpa *range)
{
	struct kmcl_endpoint *ep = ch->ep;
	u32 i, room = frame->offset - *at, left = ch->config.max_external - in->data.length;
	struct page *page;
	int bad;

	if (room < KMCL_GPA_RANGE_SIZE)
		return -EBADMSG;
	bad = kmcl_parse_gpa_range(rx_word(packet, *at), room - KMCL_GPA_RANGE_SIZE, left, range);
	if (bad)
		return bad;
	*at += KMCL_GPA_RANGE_SIZE;
	for (i = 0; i < range->pages; i++, *at += sizeof(u64)) {
		page = ep->transport->page(ep, rx_word(packet, *at));
		if (!page)
			return -EFAULT;
		in->pages[in->page_count++] = page;
	}
	return 0;
}

static int rx_gpa_ranges(struct kmcl_channel *ch, struct kmcl_incoming *in,
			 const struct kmcl_frame *frame, const u8 *packet, u32 ranges)
{
	u32 i, at = KMCL_GPA_HEADER_SIZE;
	struct kmcl_gpa range;
	int bad;

	for (i = 0; i < ranges; i++) {
		in->data.ranges[i].pages = in->pages + in->page_count;
		bad = rx_gpa_range(ch, in, frame, packet, &at, &range);
		if (bad)
			return bad;
		in->data.ranges[i].offset = range.offset;
		in->data.ranges[i].length = range.length;
		in->data.length += range.length;
	}
	return at == frame->offset ? 0 : -EBADMSG;
}

/* Frame numbers become pages here; the driver's asking pins them. */
static int rx_gpa(struct kmcl_channel *ch, struct kmcl_incoming *in,
		  const struct kmcl_frame *frame, const u8 *packet)
{
	u32 ranges;
	int bad = kmcl_parse_gpa(frame, rx_word(packet, KMCL_DESCRIPTOR_SIZE),
				 ch->config.max_ranges, &ranges);

	if (bad)
		return bad;
	in->page_count = 0;
	in->data.length = 0;
	bad = rx_gpa_ranges(ch, in, frame, packet, ranges);
	if (bad)
		return bad;
	in->data.count = ranges;
	kmcl_count_rx(ch, received_external);
	return 0;
}

static int rx_external(struct kmcl_channel *ch, struct kmcl_incoming *in,
		       const struct kmcl_frame *frame, const u8 *packet)
{
	u64 word = rx_word(packet, KMCL_DESCRIPTOR_SIZE);
	struct kmcl_gpadl *gpadl;
	struct kmcl_xfer xfer;
	int bad = kmcl_parse_xfer(frame, word, ch->config.max_ranges, &xfer);

	if (bad)
		return bad;
	gpadl = kmcl_gpadl_of_set(ch, xfer.page_set);
	if (!gpadl)
		return -ENOENT;
	bad = rx_ranges(ch, in, gpadl, packet, xfer.ranges);
	if (bad) {
		kmcl_gpadl_put(ch, gpadl);
		return bad;
	}
	in->gpadl = gpadl;
	kmcl_count_rx(ch, received_external);
	return 0;
}

/* The header of a pipe's message is judged in the private copy. */
static int rx_message(struct kmcl_incoming *in)
{
	u64 word = 0;
	int bad;

	if (in->length >= sizeof(word))
		memcpy(&word, in->buffer, sizeof(word));
	in->payload = in->buffer + sizeof(struct kmcl_pipe_header);
	bad = kmcl_parse_pipe(word, in->length, &in->length);
	if (bad)
		return bad;
	return in->length > in->channel->config.max_packet ? -EMSGSIZE : 0;
}

/* What is delivered: payload and external data. */
static int rx_fill(struct kmcl_channel *ch, struct kmcl_incoming *in,
		   const struct kmcl_frame *frame, const u8 *packet)
{
	if (ch->config.pipe && frame->type != KMCL_PKT_DATA_INBAND)
		return -EOPNOTSUPP;
	in->length = kmcl_frame_payload(frame);
	in->payload = in->buffer;
	memcpy(in->buffer, packet + frame->offset, in->length);
	if (frame->type == KMCL_PKT_DATA_XFER_PAGES)
		return rx_external(ch, in, frame, packet);
	if (frame->type == KMCL_PKT_DATA_GPA_DIRECT)
		return rx_gpa(ch, in, frame, packet);
	return ch->config.pipe ? rx_message(in) : 0;
}

enum rx_result {
	RX_ON,		/* next packet */
	RX_EMPTY,	/* nothing more, or nothing may be done */
	RX_STALLED,	/* no context is free, or the quota is used up */
	RX_MOVE,	/* go on in a worker */
};

/* The driver's again. It may be completed, and the context reused, before the callback returns. */
static enum rx_result rx_deliver(struct kmcl_channel *ch, struct kmcl_incoming *in, u32 flags)
{
	kmcl_handle_t handle;

	if (in->data.count)
		flags |= KMCL_RECEIVE_EXTERNAL;
	atomic_inc(&ch->outstanding);
	handle = kmcl_xact_arm(&ch->received, in->slot);
	atomic64_set(&ch->rx.current_handle, handle);
	trace_kmcl_receive(ch, handle, flags, in->length);
	ch->config.process_packet(ch, handle, in->payload, in->length, flags);
	if (likely(atomic64_xchg(&ch->rx.current_handle, 0) == handle))
		return RX_ON;
	ch->rx.deferred = in;
	return RX_MOVE;
}

/* A packet that is refused after all: its context answers. */
static enum rx_result rx_refuse_filled(struct kmcl_channel *ch, struct kmcl_incoming *in,
				       const struct kmcl_frame *frame, int why)
{
	rx_count_refusal(ch, frame, why);
	kmcl_incoming_finish(in);
	return RX_ON;
}

/*
 * KMCL 5.6: the test is made for each packet that the driver shall get; who
 * completes one lifts the stall, nobody else.
 */
static bool rx_over_quota(struct kmcl_channel *ch)
{
	int outstanding = atomic_read(&ch->outstanding);

	if (likely((u32)outstanding < READ_ONCE(ch->rx.quota)))
		return false;
	WRITE_ONCE(ch->rx.over_quota, true);
	/* Pairs with incoming_leaves(). */
	smp_mb();
	outstanding = atomic_read(&ch->outstanding);
	if ((u32)outstanding >= READ_ONCE(ch->rx.quota)) {
		kmcl_count_rx(ch, quota_stalled);
		trace_kmcl_stall(ch, true, outstanding);
		return true;
	}
	WRITE_ONCE(ch->rx.over_quota, false);
	return false;
}

static enum rx_result rx_data(struct kmcl_channel *ch, const struct kmcl_frame *frame,
			      const u8 *packet, u32 *delivered)
{
	struct kmcl_incoming *in;
	int bad;

	if (rx_over_quota(ch))
		return RX_STALLED;
	in = kmcl_incoming_get(ch, frame);
	if (!in)
		return RX_STALLED;
	bad = rx_fill(ch, in, frame, packet);
	if (unlikely(bad))
		return rx_refuse_filled(ch, in, frame, bad);
	kmcl_count_rx(ch, received);
	kmcl_add_rx(ch, received_bytes, in->length);
	++*delivered;
	return rx_deliver(ch, in, 0);
}

static enum rx_result rx_packet(struct kmcl_channel *ch, const struct kmcl_frame *frame,
				const u8 *packet, u32 *delivered)
{
	int bad = kmcl_parse_type(frame, ch->server);

	if (!bad)
		bad = kmcl_parse_payload(frame, rx_max_payload(ch));
	if (frame->type == KMCL_PKT_COMPLETION) {
		rx_completion(ch, frame, packet, bad);
		return RX_ON;
	}
	if (!bad && !ch->config.process_packet)
		bad = -EOPNOTSUPP;
	if (bad)
		return rx_refuse(ch, frame, bad) ? RX_ON : RX_STALLED;
	return rx_data(ch, frame, packet, delivered);
}

/* The one read of a descriptor in shared memory. */
static struct kmcl_packet_descriptor rx_descriptor(const u8 *packet)
{
	union {
		u64 word[2];
		struct kmcl_packet_descriptor desc;
	} copy = {
		.word = {
			READ_ONCE(((const u64 *)packet)[0]),
			READ_ONCE(((const u64 *)packet)[1]),
		},
	};

	return copy.desc;
}

/* Packets up to the host's write index, read once, within the budget. */
static enum rx_result rx_batch(struct kmcl_channel *ch, u32 *budget, u32 *delivered)
{
	const struct kmcl_ring *ring = &ch->ep->in;
	u32 write = READ_ONCE(ring->header->write_index);
	struct kmcl_packet_descriptor desc;
	struct kmcl_frame frame;
	enum rx_result result;
	const u8 *packet;
	int avail;

	/* Packets are read after the index that says that they are there. */
	virt_rmb();
	while (ch->rx.read != write && rx_may_run(ch)) {
		avail = kmcl_ring_avail(ring->size, ch->rx.read, write);
		if (!*budget) {
			kmcl_count_rx(ch, budget_exhausted);
			return RX_MOVE;
		}
		packet = ring->data + ch->rx.read;
		if (avail > 0)
			desc = rx_descriptor(packet);
		if (avail < 0 || kmcl_parse_frame(&desc, avail, &frame)) {
			rx_break(ch, "inbound ring lost its framing");
			return RX_EMPTY;
		}
		result = rx_packet(ch, &frame, packet, delivered);
		if (result == RX_STALLED)
			return result;
		ch->rx.read = kmcl_ring_next(ring->size, ch->rx.read, &frame);
		--*budget;
		if (result != RX_ON)
			return result;
	}
	return RX_EMPTY;
}

static void rx_end_batch(struct kmcl_channel *ch, u32 delivered)
{
	struct kmcl_endpoint *ep = ch->ep;

	if (!READ_ONCE(ch->broken))
		ep->transport->consumed(ep, ch->rx.read);
	kmcl_count_rx(ch, batches);
	if (delivered && ch->config.processing_complete)
		ch->config.processing_complete(ch, delivered);
}

/*
 * Must a worker begin anew: for a deferred packet, or because the driver has changed its
 * mind about sleeping.
 */
static bool rx_must_move(struct kmcl_channel *ch)
{
	return ch->rx.deferred ||
	       READ_ONCE(ch->rx.thread) != (READ_ONCE(ch->rx.task) == current);
}

/* As many batches as the budget covers. */
static enum rx_result rx_process(struct kmcl_channel *ch, u32 *budget)
{
	enum rx_result result = RX_EMPTY;
	u32 before, delivered;

	while (rx_may_run(ch)) {
		if (READ_ONCE(ch->rx.over_quota))
			return RX_STALLED;
		if (rx_must_move(ch))
			return RX_MOVE;
		before = *budget;
		delivered = 0;
		result = rx_batch(ch, budget, &delivered);
		if (before != *budget)
			rx_end_batch(ch, delivered);
		/*
		 * Go round again after a batch: the host does not signal for what
		 * it writes while it still sees unread packets.
		 */
		if (result != RX_EMPTY || before == *budget)
			break;
		/* Our read index before its write index: consumed() wrote it. */
		virt_mb();
		if (READ_ONCE(ch->ep->in.header->write_index) == ch->rx.read)
			break;
	}
	return result;
}

/* Ends running; true if somebody asked for one more look, so that it must go on. */
static bool rx_go_on(struct kmcl_channel *ch)
{
	if (atomic_cmpxchg(&ch->rx.run, KMCL_RX_RUN, 0) != KMCL_RX_RUN)
		return true;
	/* rx.enabled was read before: pairs with kmcl_rx_stop(). */
	if (!rx_may_run(ch) && wq_has_sleeper(&ch->wait))
		wake_up_all(&ch->wait);
	return false;
}

/* The caller owns KMCL_RX_RUN and gives it up, here or to the worker. */
static void rx_run(struct kmcl_channel *ch)
{
	u32 budget = KMCL_RX_BUDGET;

	do {
		atomic_andnot(KMCL_RX_AGAIN, &ch->rx.run);
		/* What was signalled before AGAIN was cleared is seen now. */
		smp_mb__after_atomic();
		if (rx_process(ch, &budget) == RX_MOVE) {
			trace_kmcl_move(ch, !!ch->rx.deferred);
			queue_work(kmcl_rx_wq, &ch->rx.work);
			return;
		}
		if (READ_ONCE(ch->rx.stalled))
			kmcl_count_rx(ch, stalled);
	} while (rx_go_on(ch));
}

/* A batch of one, where the driver may sleep. It may defer it once more. */
static void rx_redeliver(struct kmcl_channel *ch)
{
	struct kmcl_incoming *in;

	/* Only then is what the present opening has deferred seen: kmcl_rx_start(). */
	if (!rx_may_run(ch))
		return;
	in = ch->rx.deferred;
	if (!in || rx_over_quota(ch))
		return;
	ch->rx.deferred = NULL;
	kmcl_count_rx(ch, redelivered);
	rx_deliver(ch, in, KMCL_RECEIVE_DEFERRED);
	if (ch->config.processing_complete)
		ch->config.processing_complete(ch, 1);
}

/* In a worker. Bottom halves are off, as in softirq, unless the driver wants to sleep. */
static void rx_work(struct work_struct *work)
{
	struct kmcl_channel *ch = container_of(work, struct kmcl_channel, rx.work);
	bool bh = !READ_ONCE(ch->rx.thread);

	WRITE_ONCE(ch->rx.task, current);
	rx_redeliver(ch);
	if (bh) {
		WRITE_ONCE(ch->rx.task, NULL);
		local_bh_disable();
	}
	rx_run(ch);
	if (bh)
		local_bh_enable();
	else
		WRITE_ONCE(ch->rx.task, NULL);
}

/* True for the one caller that has to see to it that the loop runs. */
static bool rx_claim(struct kmcl_channel *ch)
{
	return !(atomic_fetch_or(KMCL_RX_RUN | KMCL_RX_AGAIN, &ch->rx.run) & KMCL_RX_RUN);
}

/* The transport's event. Softirq. */
void kmcl_rx_event(struct kmcl_channel *ch)
{
	if (!READ_ONCE(ch->rx.enabled) || !rx_claim(ch))
		return;
	if (READ_ONCE(ch->rx.thread))
		queue_work(kmcl_rx_wq, &ch->rx.work);
	else
		rx_run(ch);
}

/* Look at the ring from a worker. Any context: the caller may hold the driver's locks. */
void kmcl_rx_restart(struct kmcl_channel *ch)
{
	WRITE_ONCE(ch->rx.stalled, false);
	if (READ_ONCE(ch->rx.enabled) && rx_claim(ch))
		queue_work(kmcl_rx_wq, &ch->rx.work);
}

/* From now on packets are delivered, beginning with those that came early. */
void kmcl_rx_start(struct kmcl_channel *ch)
{
	/* Whoever sees it sees the ring that was opened: kmcl_rx_event(). */
	smp_store_release(&ch->rx.enabled, true);
	kmcl_rx_restart(ch);
}

/* When this returns no callback of the receive path runs, nor will one. */
void kmcl_rx_stop(struct kmcl_channel *ch)
{
	WRITE_ONCE(ch->rx.enabled, false);
	/* Pairs with the full barrier of rx_claim(): a runner that we miss sees false. */
	smp_mb();
	/* Who deletes a GPADL waits for this too: kmcl_rx_keeps(). */
	wake_up_all(&ch->wait);
	wait_event(ch->wait, !(atomic_read(&ch->rx.run) & KMCL_RX_RUN));
}
