// SPDX-License-Identifier: GPL-2.0-only
/*
 * Synchronous requests: a packet, sent and waited for (KMCL 4.6).
 *
 * Who waits may leave before the answer is there: time runs out, or the channel
 * dies. The packet then belongs to its routine, and whoever reports the transaction
 * finds nothing of the caller's: the answer goes into the packet's storage, and
 * pages of external data are held by reference.
 *
 * Pages that cannot be held are taken only without a limit of time, and nobody
 * leaves them to a host that may still write: the caller waits for the end of the
 * packet, which the channel's closing brings. On the channel's own workqueue, in
 * post_started, closing would wait for him, so there he closes it himself.
 */
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>

#include "control.h"
#include "packet.h"
#include "trace.h"
#include "tx.h"
#include "watchdog.h"

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

/* Does a caller wait for it, or has left it: nobody else knows it. */
bool kmcl_packet_is_request(const struct kmcl_packet *pkt)
{
	return pkt->routine == request_done;
}

static bool is_done(const struct kmcl_packet *pkt)
{
	return atomic_read_acquire(&pkt->request) == KMCL_REQUEST_DONE;
}

/* Will there be no answer: the host or the driver is about to close the channel. */
static bool channel_dead(struct kmcl_channel *ch)
{
	bool control = current == READ_ONCE(ch->control_task), ret;

	spin_lock_irq(&ch->lock);
	ret = ch->broken || (ch->ep && ch->ep->gone) || (control && !ch->enabled) ||
	      (ch->disabling && ch->state != KMCL_DISABLED);
	spin_unlock_irq(&ch->lock);
	return ret;
}

/* The same for pages that nobody holds: is the host out of them, or can we bring that about. */
static bool channel_let_go(struct kmcl_channel *ch)
{
	bool ret;

	if (current == READ_ONCE(ch->control_task))
		return channel_dead(ch);
	spin_lock_irq(&ch->lock);
	ret = ch->ep && ch->ep->gone && ch->ep->rescinded;
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

static int request_sleep(struct kmcl_packet *pkt, const struct kmcl_request *req, bool keep_pages)
{
	struct kmcl_channel *ch = pkt->channel;
	struct deadline d = deadline_of(req);
	DEFINE_WAIT(wait);
	int ret = 0;

	for (;;) {
		prepare_to_wait(&ch->wait, &wait, TASK_UNINTERRUPTIBLE);
		if (is_done(pkt))
			break;
		if (keep_pages ? channel_let_go(ch) : channel_dead(ch))
			ret = -ENODEV;
		if (ret || !req->timeout)
			break;
		if (!sleep_until(&d))
			ret = -ETIMEDOUT;
	}
	finish_wait(&ch->wait, &wait);
	return ret ? ret : -ETIMEDOUT;
}

/* 0: done; -ETIMEDOUT; -ENODEV: the channel is dead. */
static int request_wait(struct kmcl_packet *pkt, const struct kmcl_request *req, bool keep_pages)
{
	int ret;

	kmcl_watchdog_begin_call(pkt->channel, "the host to answer a request");
	ret = request_sleep(pkt, req, keep_pages);
	kmcl_watchdog_end_call(pkt->channel);
	return is_done(pkt) ? 0 : ret;
}

/* Pages that nobody holds: the caller ends the transaction himself, or awaits who does. */
static void request_end(struct kmcl_packet *pkt, int why)
{
	struct kmcl_channel *ch = pkt->channel;

	if (current == READ_ONCE(ch->control_task)) {
		kmcl_control_close_early(ch);
	} else if (kmcl_tx_abandon(pkt)) {
		pkt->status = why;
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

/* Pages are held where that can be; where not, only without a limit of time. */
static int request_begin(struct kmcl_packet *pkt, const struct kmcl_request *req,
			 bool *keep_pages)
{
	int ret = request_send(pkt, req, true);

	*keep_pages = false;
	if (ret != -EINVAL || !req->external || req->timeout != KMCL_WAIT_FOREVER)
		return ret;
	*keep_pages = true;
	return request_send(pkt, req, false);
}

/* Neither placed nor queued: counted as a send that is refused. */
static int request_refused(struct kmcl_channel *ch, const struct kmcl_request *req, int why)
{
	return kmcl_send_refused(ch, req->length, why);
}

static int request_run(struct kmcl_channel *ch, struct kmcl_request *req)
{
	struct kmcl_packet *pkt = kmcl_packet_alloc(ch, GFP_KERNEL);
	bool keep_pages;
	int ret;

	if (!pkt)
		return request_refused(ch, req, -ENOMEM);
	kmcl_packet_set_completion(pkt, request_done);
	atomic_set(&pkt->request, KMCL_REQUEST_WAITING);
	pkt->answer_length = 0;
	ret = request_begin(pkt, req, &keep_pages);
	if (ret) {
		kmcl_packet_free(pkt);
		return request_refused(ch, req, ret);
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
	if (current == READ_ONCE(ch->rx.task) || current == READ_ONCE(ch->packet_task))
		return -EDEADLK;
	if (current == READ_ONCE(ch->control_task) && READ_ONCE(ch->state) != KMCL_ACTIVE)
		return -EDEADLK;
	return 0;
}

/* What needs no object, since nothing of it is left when this returns. */
static bool request_is_plain(const struct kmcl_request *req)
{
	return !req->timeout && !(req->flags & KMCL_SEND_COMPLETION) && !req->external;
}

/* The header of a pipe and the payload have to lie in one piece: an object has room for that. */
static int request_try_pipe(struct kmcl_channel *ch, const struct kmcl_request *req)
{
	struct kmcl_packet *pkt = kmcl_packet_alloc(ch, GFP_ATOMIC);
	const void *message;
	int ret;

	if (!pkt)
		return -ENOMEM;
	message = kmcl_pipe_message(pkt, req->buffer, req->length);
	ret = kmcl_tx_try(ch, message, pkt->item.length);
	kmcl_packet_free(pkt);
	return ret;
}

static int request_try_checked(struct kmcl_channel *ch, const struct kmcl_request *req)
{
	if ((req->length && !req->buffer) || (req->flags & ~KMCL_SEND_FLAGS))
		return -EINVAL;
	if (req->length > READ_ONCE(ch->config.max_packet))
		return -EMSGSIZE;
	if (ch->config.pipe)
		return request_try_pipe(ch, req);
	return kmcl_tx_try(ch, req->buffer, req->length);
}

static int request_try(struct kmcl_channel *ch, const struct kmcl_request *req)
{
	int ret = request_try_checked(ch, req);

	return likely(!ret) ? 0 : request_refused(ch, req, ret);
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
 * reference until the host is out of them: single pages or compound ones of the page
 * allocator, or vmalloc(), not kmalloc(). The host may go on writing to them after a
 * timeout. Without a limit of time any pages are taken; for such as cannot be held a dying
 * channel is waited for until the host is out of them. Then do not keep a received packet
 * meanwhile: the channel's closing waits for that.
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

	if (!channel)
		return -EINVAL;
	if (!request)
		return kmcl_send_refused(channel, 0, -EINVAL);
	request->answer_length = 0;
	ret = request_check(channel, request);
	if (ret)
		return request_refused(channel, request, ret);
	kmcl_count(channel, requests);
	return request_is_plain(request) ? request_try(channel, request) :
					   request_run(channel, request);
}
EXPORT_SYMBOL_GPL(kmcl_channel_request);
