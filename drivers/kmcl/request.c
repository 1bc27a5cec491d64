// SPDX-License-Identifier: GPL-2.0-only
/*
 * Synchronous requests: a packet, sent and waited for (KMCL 4.6).
 *
 * Who waits may leave before the answer is there: time runs out, or the channel
 * dies while its workqueue, which would end the packet, waits here itself. The
 * packet then belongs to its routine, and whoever reports the transaction finds
 * nothing of the caller's: the answer went into the packet's storage, and pages
 * of external data are held by reference. Pages that cannot be held are taken
 * only without a limit of time; on the death of the channel they are unmapped
 * here, before the caller has them back.
 */
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>

#include "control.h"
#include "packet.h"
#include "trace.h"
#include "tx.h"

/* The routine of a request's packet. Its storage is free: the payload was sent. */
static void request_done(struct kmcl_packet *pkt, int status, const void *buffer, u32 length)
{
	struct kmcl_channel *ch = pkt->channel;

	pkt->status = status;
	pkt->answer_length = length;
	if (length)
		memcpy(pkt->item.storage, buffer, length);
	if (atomic_cmpxchg(&pkt->request, KMCL_REQUEST_WAITING, KMCL_REQUEST_DONE) ==
	    KMCL_REQUEST_WAITING) {
		/* The packet may be gone by now. */
		wake_up_all(&ch->wait);
		return;
	}
	if (!status)
		kmcl_count(ch, late_answers);
	kmcl_packet_free(pkt);
}

static bool is_done(const struct kmcl_packet *pkt)
{
	return atomic_read_acquire(&pkt->request) == KMCL_REQUEST_DONE;
}

/*
 * Will the channel never answer. Its workqueue ends every packet when it closes,
 * unless it waits for this very answer.
 */
static bool channel_dead(struct kmcl_channel *ch, bool keep_pages)
{
	bool control = current == READ_ONCE(ch->control_task), ret;

	spin_lock_irq(&ch->lock);
	ret = ch->broken || (ch->ep && ch->ep->gone) || (control && !keep_pages && !ch->enabled);
	spin_unlock_irq(&ch->lock);
	return ret;
}

struct deadline {
	ktime_t at;
	clockid_t clock;
	bool never;
};

static struct deadline deadline_of(const struct kmcl_request *req)
{
	struct deadline d = { .clock = CLOCK_MONOTONIC };

	d.never = req->timeout == KMCL_WAIT_FOREVER;
	if (req->absolute) {
		d.clock = CLOCK_REALTIME;
		d.at = req->timeout;
	} else if (!d.never) {
		d.at = ktime_add_safe(ktime_get(), req->timeout);
	}
	return d;
}

/* false when time ran out. */
static bool sleep_until(struct deadline *d)
{
	return schedule_hrtimeout_range_clock(d->never ? NULL : &d->at, 0, HRTIMER_MODE_ABS,
					      d->clock) != 0;
}

/* 0: done; -ETIMEDOUT; -ENODEV: the channel is dead. */
static int request_wait(struct kmcl_packet *pkt, const struct kmcl_request *req, bool keep_pages)
{
	struct kmcl_channel *ch = pkt->channel;
	struct deadline d = deadline_of(req);
	DEFINE_WAIT(wait);
	int ret = 0;

	for (;;) {
		prepare_to_wait(&ch->wait, &wait, TASK_UNINTERRUPTIBLE);
		if (is_done(pkt))
			break;
		ret = channel_dead(ch, keep_pages) ? -ENODEV : ret;
		if (ret || !req->timeout)
			break;
		if (!sleep_until(&d))
			ret = -ETIMEDOUT;
	}
	finish_wait(&ch->wait, &wait);
	if (is_done(pkt))
		return 0;
	return ret ? ret : -ETIMEDOUT;
}

/* Pages that nobody holds: the caller ends the transaction himself, or awaits who does. */
static void request_end(struct kmcl_packet *pkt, int why)
{
	struct kmcl_channel *ch = pkt->channel;

	if (kmcl_xact_take_slot(&ch->sent, pkt->slot)) {
		kmcl_external_unmap(pkt);
		pkt->status = why;
		atomic_set_release(&pkt->request, KMCL_REQUEST_DONE);
		return;
	}
	wait_event(ch->wait, is_done(pkt));
}

/* 0: the packet is the caller's, with its result; else why the caller has left it. */
static int request_finish(struct kmcl_packet *pkt, const struct kmcl_request *req,
			  bool keep_pages)
{
	int why = request_wait(pkt, req, keep_pages);

	if (!why)
		return 0;
	trace_kmcl_request_left(pkt->channel, why);
	kmcl_count(pkt->channel, requests_left);
	if (kmcl_tx_withdraw(pkt)) {
		kmcl_external_unmap(pkt);
		pkt->status = why;
		return 0;
	}
	if (keep_pages) {
		request_end(pkt, why);
		return 0;
	}
	return atomic_cmpxchg(&pkt->request, KMCL_REQUEST_WAITING, KMCL_REQUEST_DISOWNED) ==
	       KMCL_REQUEST_DONE ? 0 : why;
}

static int request_result(struct kmcl_packet *pkt, struct kmcl_request *req)
{
	u32 length = min(pkt->answer_length, req->answer_size);

	if (pkt->status)
		return pkt->status;
	if (!req->answer)
		return 0;
	memcpy(req->answer, pkt->item.storage, length);
	req->answer_length = length;
	return length < pkt->answer_length ? -ENOBUFS : 0;
}

static int request_send(struct kmcl_packet *pkt, const struct kmcl_request *req, bool hold)
{
	int ret = kmcl_send_check(pkt, req->buffer, req->length, req->flags);

	if (ret)
		return ret;
	if (!req->external)
		return kmcl_send(pkt, req->buffer, req->length, req->flags, !req->timeout);
	return kmcl_send_external(pkt, req->buffer, req->length, req->external, req->flags, hold,
				  !req->timeout);
}

/* The packet is the caller's, and nobody else's. */
static void request_free(struct kmcl_packet *pkt)
{
	atomic_set_release(&pkt->state, KMCL_PACKET_IDLE);
	kmcl_packet_free(pkt);
}

static int request_run(struct kmcl_channel *ch, struct kmcl_request *req)
{
	bool hold = req->timeout != KMCL_WAIT_FOREVER, keep_pages = req->external && !hold;
	gfp_t gfp = req->timeout ? GFP_KERNEL : GFP_ATOMIC;
	struct kmcl_packet *pkt = kmcl_packet_alloc(ch, gfp);
	int ret;

	if (!pkt)
		return -ENOMEM;
	kmcl_packet_set_completion(pkt, request_done);
	atomic_set(&pkt->request, KMCL_REQUEST_WAITING);
	pkt->answer_length = 0;
	ret = request_send(pkt, req, hold);
	if (ret) {
		kmcl_packet_free(pkt);
		return ret;
	}
	ret = request_finish(pkt, req, keep_pages);
	if (ret)
		return ret;
	ret = request_result(pkt, req);
	request_free(pkt);
	return ret;
}

static int request_check(struct kmcl_channel *ch, const struct kmcl_request *req)
{
	bool waits = req->timeout || (req->flags & KMCL_SEND_COMPLETION);

	if (req->timeout < 0 || (!req->answer && req->answer_size))
		return -EINVAL;
	if (!waits)
		return 0;
	might_sleep();
	/* Whoever delivers answers, or opens the channel, would wait for himself. */
	if (current == READ_ONCE(ch->rx.task))
		return -EDEADLK;
	if (current == READ_ONCE(ch->control_task) && READ_ONCE(ch->state) != KMCL_ACTIVE)
		return -EDEADLK;
	return 0;
}

/* Without an object where none is needed, so that nothing is allocated. */
static bool request_is_plain(const struct kmcl_channel *ch, const struct kmcl_request *req)
{
	return !req->timeout && !(req->flags & KMCL_SEND_COMPLETION) && !req->external &&
	       !ch->config.pipe;
}

static int request_try(struct kmcl_channel *ch, const struct kmcl_request *req)
{
	if ((req->length && !req->buffer) || (req->flags & ~KMCL_SEND_FLAGS))
		return -EINVAL;
	if (req->length > READ_ONCE(ch->config.max_packet))
		return -EMSGSIZE;
	return kmcl_tx_try(ch, req->buffer, req->length);
}

/**
 * kmcl_channel_request() - send a packet and wait until it is done
 * @channel: any state; a packet that cannot go out waits in the queue
 * @request: what to send, how long to wait, where the answer goes
 *
 * Without KMCL_SEND_COMPLETION the request is done when the packet is in the
 * ring, else when it has been answered. When time runs out, or the channel dies,
 * a packet that still waited in the queue is withdrawn; one that the host may
 * have seen is left to itself, its late answer dropped and counted
 * (late_answers), and nothing of the caller's is touched any more.
 *
 * External data with a limit of time must lie in pages that kmcl can hold by
 * reference until the host is out of them: from the page allocator or vmalloc(), not
 * kmalloc(). The host may go on writing to them after a timeout.
 *
 * Without KMCL_SEND_COMPLETION and with a timeout of 0 nothing is allocated and
 * nothing waits (but for pipes, where an object is allocated with GFP_ATOMIC).
 *
 * Context: thread; any with a timeout of 0 and without KMCL_SEND_COMPLETION.
 * In callbacks that may sleep, only post_started may wait.
 * Ownership: everything is the caller's again on return; the pages of external data as
 * said above.
 *
 * Return: 0: sent, or answered; -ETIMEDOUT: cancelled because time ran out;
 * -EAGAIN: with a timeout of 0: it does not fit now and was not queued;
 * -ENODEV: the channel was closed, is being disabled, or was rescinded; -ENOBUFS:
 * answered, but with more than @answer_size, which holds the beginning; -EBADMSG,
 * -EMSGSIZE: answered with nonsense or with more than the channel's packet size;
 * -EDEADLK in a callback other than post_started that may sleep; -ENOMEM; -EINVAL for
 * NULL, a negative timeout, a size without an answer, pages that cannot be held;
 * else as kmcl_packet_send() and kmcl_packet_send_external().
 */
int kmcl_channel_request(struct kmcl_channel *channel, struct kmcl_request *request)
{
	int ret;

	if (!channel || !request)
		return -EINVAL;
	request->answer_length = 0;
	ret = request_check(channel, request);
	if (ret)
		return ret;
	if (request_is_plain(channel, request))
		return request_try(channel, request);
	kmcl_count(channel, requests);
	return request_run(channel, request);
}
EXPORT_SYMBOL_GPL(kmcl_channel_request);
