// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receive loop. One runner at a time: rx.run says whether there is one and
 * whether it shall look once more. It runs in the softirq of the transport's
 * event until its budget is used up, then in a worker; in a worker from the start
 * for a channel with thread context. What the host wrote is read once: indices
 * into locals, the descriptor into a local copy, the payload into a context.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bottom_half.h>
#include <linux/slab.h>

#include "control.h"
#include "incoming.h"
#include "rx.h"
#include "trace.h"

static void rx_work(struct work_struct *work);

void kmcl_rx_init(struct kmcl_channel *ch)
{
	atomic_set(&ch->rx.run, 0);
	INIT_WORK(&ch->rx.work, rx_work);
}

int kmcl_rx_create(struct kmcl_channel *ch)
{
	ch->rx.scratch = kvmalloc(ALIGN(ch->config.max_packet, 8), GFP_KERNEL);
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
}

static void rx_break(struct kmcl_channel *ch, const char *why)
{
	kmcl_count_rx(ch, broken_framing);
	kmcl_control_break(ch, why);
}

static u32 rx_max_payload(const struct kmcl_channel *ch)
{
	return ALIGN(ch->config.max_packet, 8);
}

static void rx_count_refusal(struct kmcl_channel *ch, const struct kmcl_frame *frame, int why)
{
	if (why == -EMSGSIZE)
		kmcl_count_rx(ch, rejected_size);
	else if (why == -EBADMSG)
		kmcl_count_rx(ch, rejected_offset);
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

static bool rx_data(struct kmcl_channel *ch, const struct kmcl_frame *frame, const u8 *packet)
{
	struct kmcl_incoming *in = kmcl_incoming_get(ch, frame);
	kmcl_handle_t handle;

	if (!in)
		return false;
	in->length = kmcl_frame_payload(frame);
	memcpy(in->buffer, packet + frame->offset, in->length);
	kmcl_count_rx(ch, received);
	kmcl_add_rx(ch, received_bytes, in->length);
	atomic_inc(&ch->outstanding);
	handle = kmcl_xact_arm(&ch->received, in->slot);
	trace_kmcl_receive(ch, handle, frame->flags, in->length);
	ch->config.process_packet(ch, handle, in->buffer, in->length, 0);
	return true;
}

/* false: stalled. */
static bool rx_packet(struct kmcl_channel *ch, const struct kmcl_frame *frame,
		      const u8 *packet, u32 *delivered)
{
	int bad = kmcl_parse_type(frame);

	if (!bad)
		bad = kmcl_parse_payload(frame, rx_max_payload(ch));
	if (frame->type == KMCL_PKT_COMPLETION) {
		rx_completion(ch, frame, packet, bad);
		return true;
	}
	if (!bad && !ch->config.process_packet)
		bad = -EOPNOTSUPP;
	if (bad)
		return rx_refuse(ch, frame, bad);
	if (!rx_data(ch, frame, packet))
		return false;
	++*delivered;
	return true;
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

static bool rx_may_run(struct kmcl_channel *ch)
{
	return smp_load_acquire(&ch->rx.enabled) && !READ_ONCE(ch->broken);
}

enum rx_result {
	RX_EMPTY,	/* nothing more, or nothing may be done */
	RX_STALLED,	/* no context is free */
	RX_BUDGET,	/* there may be more */
};

/* Packets up to the host's write index, read once, within the budget. */
static enum rx_result rx_batch(struct kmcl_channel *ch, u32 *budget, u32 *delivered)
{
	const struct kmcl_ring *ring = &ch->ep->in;
	u32 write = READ_ONCE(ring->header->write_index);
	struct kmcl_packet_descriptor desc;
	struct kmcl_frame frame;
	const u8 *packet;
	int avail;

	/* Packets are read after the index that says that they are there. */
	virt_rmb();
	while (rx_may_run(ch)) {
		avail = kmcl_ring_avail(ring->size, ch->rx.read, write);
		if (!avail)
			return RX_EMPTY;
		if (!*budget)
			return RX_BUDGET;
		packet = ring->data + ch->rx.read;
		if (avail > 0)
			desc = rx_descriptor(packet);
		if (avail < 0 || kmcl_parse_frame(&desc, avail, &frame)) {
			rx_break(ch, "inbound ring lost its framing");
			return RX_EMPTY;
		}
		if (!rx_packet(ch, &frame, packet, delivered))
			return RX_STALLED;
		ch->rx.read = kmcl_ring_next(ring->size, ch->rx.read, &frame);
		--*budget;
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

/* As many batches as the budget covers. */
static enum rx_result rx_process(struct kmcl_channel *ch, u32 *budget)
{
	enum rx_result result = RX_EMPTY;
	u32 before, delivered;

	while (rx_may_run(ch)) {
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
	}
	return result;
}

/* Ends running; true if somebody asked for one more look, so that it must go on. */
static bool rx_go_on(struct kmcl_channel *ch)
{
	if (atomic_cmpxchg(&ch->rx.run, KMCL_RX_RUN, 0) != KMCL_RX_RUN)
		return true;
	/* rx.enabled was read before: pairs with kmcl_rx_stop(). */
	if (!READ_ONCE(ch->rx.enabled) && wq_has_sleeper(&ch->wait))
		wake_up(&ch->wait);
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
		if (rx_process(ch, &budget) == RX_BUDGET) {
			kmcl_count_rx(ch, budget_exhausted);
			queue_work(kmcl_rx_wq, &ch->rx.work);
			return;
		}
		if (READ_ONCE(ch->rx.stalled))
			kmcl_count_rx(ch, stalled);
	} while (rx_go_on(ch));
}

/* In a worker. Bottom halves are off, as in softirq, unless the driver wants to sleep. */
static void rx_work(struct work_struct *work)
{
	struct kmcl_channel *ch = container_of(work, struct kmcl_channel, rx.work);
	bool bh = !ch->config.thread;

	if (bh)
		local_bh_disable();
	else
		WRITE_ONCE(ch->rx.task, current);
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
	if (ch->config.thread)
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
	wait_event(ch->wait, !(atomic_read(&ch->rx.run) & KMCL_RX_RUN));
}
