// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a channel. Everything that changes the state happens on the
 * channel's own ordered workqueue: control_work() compares what is with what is
 * wanted and takes one step after the other. Drivers and transports only say what
 * they want or what has happened, and kick. So state callbacks never overlap, a
 * host that does not answer holds up its own channel alone, and rescind, disable,
 * pause and start may come in any order at any moment (design rules 5, 7).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/random.h>
#include <linux/sched.h>

#include <kmcl/server.h>

#include "config.h"
#include "control.h"
#include "gpadl.h"
#include "incoming.h"
#include "parse.h"
#include "rx.h"
#include "save.h"
#include "trace.h"
#include "tx.h"
#include "view.h"
#include "watchdog.h"

static void set_state_locked(struct kmcl_channel *ch, enum kmcl_state state)
{
	lockdep_assert_held(&ch->lock);
	trace_kmcl_state(ch, ch->state, state);
	WRITE_ONCE(ch->state, state);
	wake_up_all(&ch->wait);
}

static void set_state(struct kmcl_channel *ch, enum kmcl_state state)
{
	spin_lock_irq(&ch->lock);
	set_state_locked(ch, state);
	spin_unlock_irq(&ch->lock);
}

/* -ENODEV: rescinded meanwhile, which is no failure (KMCL C15); remove follows. */
static void on_open_failed(struct kmcl_channel *ch, int error)
{
	spin_lock_irq(&ch->lock);
	ch->ep->failed = true;
	spin_unlock_irq(&ch->lock);
	if (error == -ENODEV) {
		set_state(ch, KMCL_ENABLED);
		return;
	}
	kmcl_count(ch, open_failed);
	pr_warn_ratelimited("%s: the host's offer could not be opened (%d)\n",
			    ch->name, error);
	if (ch->config.on.open_failed) {
		kmcl_watchdog_callback(ch, "the driver's open_failed callback to return");
		ch->config.on.open_failed(ch, error);
		kmcl_watchdog_callback(ch, NULL);
	}
	set_state(ch, KMCL_ENABLED);
}

/* Whose other end is not to be told, because another channel will go on with it. */
static void note_saved(struct kmcl_channel *ch)
{
	struct kmcl_endpoint *ep = ch->ep;

	spin_lock_irq(&ch->lock);
	ep->saved = ch->saved && !ep->gone && !ch->broken;
	if (ep->saved)
		ep->read = ch->rx.read;
	ch->saved = false;
	spin_unlock_irq(&ch->lock);
}

/* The host lets go first, then packets end: whoever gets one back may reuse its external data. */
static void close_endpoint(struct kmcl_channel *ch)
{
	if (ch->closed_early) {
		ch->closed_early = false;
		/* What was sent since then. */
		kmcl_tx_cancel(ch);
		return;
	}
	kmcl_tx_close(ch);
	note_saved(ch);
	kmcl_watchdog_begin(ch, "the host to let go of the rings");
	mutex_lock(&ch->bus_mutex);
	if (ch->ep->gpadls_first)
		kmcl_gpadl_end_all(ch);
	ch->ep->transport->close(ch->ep);
	mutex_unlock(&ch->bus_mutex);
	kmcl_watchdog_end(ch);
	kmcl_rx_close(ch);
	kmcl_tx_cancel(ch);
}

/**
 * kmcl_control_close_early() - close before the driver has been told
 * @ch: in its post_started callback, which waits for the end of a packet
 *
 * The channel is to be closed anyway, and whoever would do it is the caller. Suspend
 * and closed are called when post_started has returned.
 */
void kmcl_control_close_early(struct kmcl_channel *ch)
{
	if (WARN_ON_ONCE(current != READ_ONCE(ch->control_task)) || ch->closed_early)
		return;
	kmcl_rx_stop(ch);
	close_endpoint(ch);
	ch->closed_early = true;
}

/* From the endpoint's opening to the end of closed the driver may share memory. */
static void begin_bus(struct kmcl_channel *ch, struct kmcl_endpoint *ep)
{
	mutex_lock(&ch->bus_mutex);
	ch->bus_ep = ep;
	mutex_unlock(&ch->bus_mutex);
}

/* Whoever adds a GPADL does so under bus_mutex, and finds no endpoint any more. */
static void end_bus(struct kmcl_channel *ch)
{
	mutex_lock(&ch->bus_mutex);
	while (!kmcl_gpadl_none(ch)) {
		mutex_unlock(&ch->bus_mutex);
		kmcl_gpadl_reap(ch);
		mutex_lock(&ch->bus_mutex);
	}
	kmcl_views_reap(ch);
	ch->bus_ep = NULL;
	mutex_unlock(&ch->bus_mutex);
}

/* A client is disabled then, a server still offered (KMCL C12, S9). */
static enum kmcl_state state_closed(struct kmcl_channel *ch)
{
	return ch->server ? KMCL_ENABLED : KMCL_DISABLED;
}

/*
 * The opened callback has refused, or a server's client has brought rings that are too small:
 * back, without closed (KMCL C7, S7).
 */
static void refuse_open(struct kmcl_channel *ch)
{
	spin_lock_irq(&ch->lock);
	ch->enabled &= ch->server;
	ch->ep->failed = true;
	spin_unlock_irq(&ch->lock);
	close_endpoint(ch);
	end_bus(ch);
	set_state(ch, state_closed(ch));
}

/* Ring bytes of the largest packet, or of the largest answer, that may go out. */
static u32 largest_out(const struct kmcl_channel *ch)
{
	const struct kmcl_config *config = &ch->config;
	u32 external = ch->server ? 0 : kmcl_external_size(config);
	u32 packet = kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE + external,
				     config->max_packet + kmcl_pipe_overhead(config));
	u32 answer = kmcl_ring_bytes(KMCL_DESCRIPTOR_SIZE, config->reserve);

	return max(packet, answer);
}

static int call_opened(struct kmcl_channel *ch)
{
	int ret;

	if (!ch->config.on.opened)
		return 0;
	kmcl_watchdog_callback(ch, "the driver's opened callback to return");
	ret = ch->config.on.opened(ch);
	kmcl_watchdog_callback(ch, NULL);
	return ret;
}

/* May the channel be used as it was opened. */
static bool open_accepted(struct kmcl_channel *ch)
{
	if (ch->server && largest_out(ch) >= ch->ep->out.size) {
		pr_warn_ratelimited("%s: refused a client whose rings cannot hold the largest packet\n",
				    ch->name);
		return false;
	}
	return !call_opened(ch);
}

/* Any callback but opened and open_failed; NULL: the driver has none. */
static void call_driver(struct kmcl_channel *ch, void (*callback)(struct kmcl_channel *ch),
			const char *waits_for)
{
	if (!callback)
		return;
	kmcl_watchdog_callback(ch, waits_for);
	callback(ch);
	kmcl_watchdog_callback(ch, NULL);
}

static void step_open(struct kmcl_channel *ch)
{
	struct kmcl_open how = {
		.in_bytes = ch->config.in_pages * KMCL_WIRE_PAGE_SIZE,
		.out_bytes = ch->config.out_pages * KMCL_WIRE_PAGE_SIZE,
	};
	struct kmcl_endpoint *ep = ch->ep;
	int ret;

	ep->adopted = false;
	kmcl_rx_open(ch);
	kmcl_watchdog_begin(ch, "the host to open the channel");
	ret = ep->transport->open(ep, &how);
	kmcl_watchdog_end(ch);
	if (ret) {
		on_open_failed(ch, ret);
		return;
	}
	ch->rx.read = ep->read;
	begin_bus(ch, ep);
	kmcl_tx_attach(ch, ep);
	if (!open_accepted(ch)) {
		refuse_open(ch);
		return;
	}
	if (ch->server)
		ep->transport->accept(ep);
	kmcl_count(ch, opened);
	kmcl_tx_open(ch);
	set_state(ch, KMCL_PAUSED);
}

/* It is started after all: what was saved is of no use any more. */
static void call_save_off(struct kmcl_channel *ch)
{
	bool saved;

	spin_lock_irq(&ch->lock);
	saved = ch->saved;
	ch->saved = false;
	spin_unlock_irq(&ch->lock);
	if (saved)
		kmcl_tx_open(ch);
}

static void step_start(struct kmcl_channel *ch)
{
	call_save_off(ch);
	call_driver(ch, ch->config.on.started, "the driver's started callback to return");
	kmcl_rx_start(ch);
	set_state(ch, KMCL_ACTIVE);
	call_driver(ch, ch->config.on.post_started,
		    "the driver's post_started callback to return");
}

static void step_suspend(struct kmcl_channel *ch)
{
	kmcl_watchdog_begin(ch, "the driver's packet callbacks to return");
	kmcl_rx_stop(ch);
	kmcl_watchdog_end(ch);
	call_driver(ch, ch->config.on.suspend, "the driver's suspend callback to return");
	kmcl_watchdog_begin(ch, "the driver to complete received packets");
	wait_event(ch->wait, kmcl_incoming_idle(ch));
	kmcl_watchdog_end(ch);
	spin_lock_irq(&ch->lock);
	ch->suspensions++;
	set_state_locked(ch, KMCL_PAUSED);
	spin_unlock_irq(&ch->lock);
}

static void step_close(struct kmcl_channel *ch)
{
	close_endpoint(ch);
	spin_lock_irq(&ch->lock);
	if (ch->ep->gone || ch->broken)
		ch->enabled &= ch->server;			/* KMCL C12, S9 */
	ch->ep->failed |= ch->broken;
	ch->broken = false;
	spin_unlock_irq(&ch->lock);
	kmcl_count(ch, closed);
	call_driver(ch, ch->config.on.closed, "the driver's closed callback to return");
	end_bus(ch);
	set_state(ch, state_closed(ch));
}

/*
 * Decides and, in the same critical section, says so: pause and disable, which
 * look at the state after they have said what they want, never see one that is
 * about to be left.
 */
static enum kmcl_step next_step(struct kmcl_channel *ch)
{
	struct kmcl_wants wants;
	enum kmcl_step step;

	spin_lock_irq(&ch->lock);
	wants.enabled = ch->enabled;
	wants.paused = ch->paused;
	wants.offered = ch->ep && !ch->ep->gone && !ch->ep->failed && !ch->broken;
	step = ch->saving ? KMCL_STEP_REST : kmcl_state_next(ch->state, &wants);
	if (step == KMCL_STEP_ARM && ch->ep)
		ch->ep->failed = false;
	if (step != KMCL_STEP_REST)
		set_state_locked(ch, kmcl_step_state(step));
	spin_unlock_irq(&ch->lock);
	return step;
}

/* An offer that is gone is given back as soon as the channel is out of it. */
static void settle_endpoint(struct kmcl_channel *ch)
{
	struct kmcl_endpoint *ep = NULL;

	spin_lock_irq(&ch->lock);
	if (ch->ep && ch->ep->gone && (ch->state == KMCL_DISABLED || ch->state == KMCL_ENABLED)) {
		ep = ch->ep;
		ch->ep = NULL;
	}
	spin_unlock_irq(&ch->lock);
	if (!ep)
		return;
	/* What was restored was for this client, and for nobody who comes after it. */
	if (ep->adopted)
		kmcl_tx_cancel(ch);
	ep->transport->release(ep);
	kmcl_endpoint_rearm(ch);
}

static bool take_step(struct kmcl_channel *ch)
{
	switch (next_step(ch)) {
	case KMCL_STEP_REST:
		return false;
	case KMCL_STEP_ARM:
		kmcl_endpoint_rearm(ch);
		return true;
	case KMCL_STEP_DISARM:
		return true;
	case KMCL_STEP_OPEN:
		step_open(ch);
		return true;
	case KMCL_STEP_START:
		step_start(ch);
		return true;
	case KMCL_STEP_SUSPEND:
		step_suspend(ch);
		return true;
	case KMCL_STEP_CLOSE:
		step_close(ch);
		return true;
	}
	return false;
}

static void control_work(struct work_struct *work)
{
	struct kmcl_channel *ch = container_of(work, struct kmcl_channel, control);

	WRITE_ONCE(ch->control_task, current);
	do {
		settle_endpoint(ch);
	} while (take_step(ch));
	WRITE_ONCE(ch->control_task, NULL);
}

void kmcl_control_init(struct kmcl_channel *ch)
{
	spin_lock_init(&ch->lock);
	init_waitqueue_head(&ch->wait);
	INIT_WORK(&ch->control, control_work);
}

static void kick_locked(struct kmcl_channel *ch)
{
	lockdep_assert_held(&ch->lock);
	if (ch->wq)
		queue_work(ch->wq, &ch->control);
	/* A request may wait in post_started, where it keeps that work from running. */
	if (wq_has_sleeper(&ch->wait))
		wake_up_all(&ch->wait);
}

/**
 * kmcl_control_break() - the host has broken a ring
 * @ch: the channel
 * @why: for the log
 *
 * The channel ends: suspend, closed, disabled. Context: any.
 */
void kmcl_control_break(struct kmcl_channel *ch, const char *why)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->lock, flags);
	if (!ch->broken)
		pr_err_ratelimited("%s: %s; closes the channel\n", ch->name, why);
	ch->broken = true;
	kick_locked(ch);
	spin_unlock_irqrestore(&ch->lock, flags);
}

/* May it be saved as it is: nothing is about to happen to it. */
static int savable(struct kmcl_channel *ch)
{
	lockdep_assert_held(&ch->lock);
	if (ch->saving || ch->restore.begun)
		return -EBUSY;
	switch (ch->state) {
	case KMCL_DISABLED:
	case KMCL_ENABLED:
		return ch->ep && !ch->ep->failed ? -EBUSY : 0;
	case KMCL_PAUSED:
		break;
	case KMCL_OPENING:
	case KMCL_STARTING:
	case KMCL_ACTIVE:
	case KMCL_SUSPENDING:
	case KMCL_CLOSING:
		return -EBUSY;
	}
	if (ch->ep->gone || ch->broken)
		return -ENODEV;
	if (READ_ONCE(ch->rx.failed))
		return -EIO;
	if (!ch->ep->connection)
		return -EOPNOTSUPP;
	/* A deferred packet is in neither the ring nor the driver's hands. */
	return ch->paused && ch->enabled && !READ_ONCE(ch->rx.deferred) ? 0 : -EBUSY;
}

/**
 * kmcl_control_hold() - the state stays what it is, so that it can be saved
 * @ch: mutex held
 * @connection: out: kmcl_endpoint.connection; 0 if the channel is not open
 *
 * The connection gets another name, so that what was saved of it before is of no use.
 *
 * Return: 0; as kmcl_channel_save_begin().
 */
int kmcl_control_hold(struct kmcl_channel *ch, u64 *connection)
{
	u64 name = get_random_u64() | 1;
	int ret;

	lockdep_assert_held(&ch->mutex);
	*connection = 0;
	spin_lock_irq(&ch->lock);
	ret = savable(ch);
	if (!ret) {
		ch->saving = true;
		ch->saved = false;
	}
	if (!ret && ch->state == KMCL_PAUSED) {
		ch->ep->connection = name;
		*connection = name;
	}
	spin_unlock_irq(&ch->lock);
	return ret;
}

/**
 * kmcl_control_release() - it need not any longer
 * @ch: held; mutex held
 * @open: it is open
 * @saved: all of it is saved: nothing is sent until it is started
 */
void kmcl_control_release(struct kmcl_channel *ch, bool open, bool saved)
{
	lockdep_assert_held(&ch->mutex);
	if (open && !saved)
		kmcl_tx_open(ch);
	spin_lock_irq(&ch->lock);
	ch->saving = false;
	ch->saved = open && saved;
	kick_locked(ch);
	spin_unlock_irq(&ch->lock);
}

/**
 * kmcl_endpoint_bind() - an offer for a channel
 * @channel: armed with this transport
 * @ep: transport, dma, instance and multirange filled in
 *
 * Context: thread or softirq.
 * Return: 0; -EBUSY if the channel has an offer.
 */
int kmcl_endpoint_bind(struct kmcl_channel *channel, struct kmcl_endpoint *ep)
{
	int ret = -EBUSY;

	spin_lock_irq(&channel->lock);
	if (!channel->ep) {
		ep->channel = channel;
		channel->ep = ep;
		kick_locked(channel);
		ret = 0;
	}
	spin_unlock_irq(&channel->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_endpoint_bind);

/**
 * kmcl_endpoint_gone() - the offer was rescinded, or is being unbound
 * @ep: bound
 *
 * Waits for nothing. The endpoint is the transport's again when the release
 * operation is called, which may be before this returns.
 *
 * Context: thread or softirq.
 */
void kmcl_endpoint_gone(struct kmcl_endpoint *ep)
{
	struct kmcl_channel *ch = ep->channel;

	spin_lock_irq(&ch->lock);
	ep->gone = true;
	kick_locked(ch);
	spin_unlock_irq(&ch->lock);
}
EXPORT_SYMBOL_GPL(kmcl_endpoint_gone);

/**
 * kmcl_endpoint_event() - the host has signalled
 * @ep: between the open and close operations
 *
 * Context: softirq; not concurrently with itself for one endpoint is not required.
 */
void kmcl_endpoint_event(struct kmcl_endpoint *ep)
{
	kmcl_tx_event(ep->channel);
	kmcl_rx_event(ep->channel);
}
EXPORT_SYMBOL_GPL(kmcl_endpoint_event);

/**
 * kmcl_channel_wants_offer() - would this offer be taken
 * @channel: armed
 * @type: interface type of the offer
 * @instance: its instance
 *
 * Context: any.
 * Return: true if the channel is enabled, has no offer yet, and asks for this.
 */
bool kmcl_channel_wants_offer(struct kmcl_channel *channel, const guid_t *type,
			      const guid_t *instance)
{
	const struct kmcl_config *config = &channel->config;
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&channel->lock, flags);
	ret = channel->enabled && !channel->server && !channel->ep && guid_equal(type, &config->type) &&
	      (config->any_instance || guid_equal(instance, &config->instance));
	spin_unlock_irqrestore(&channel->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_wants_offer);

/* Would the caller wait for itself: in a callback of this channel that may sleep. */
bool kmcl_channel_in_callback(const struct kmcl_channel *ch)
{
	return current == READ_ONCE(ch->control_task) || current == READ_ONCE(ch->rx.task) ||
	       current == READ_ONCE(ch->packet_task);
}

static int enable_again(struct kmcl_channel *ch)
{
	int ret = 0;

	spin_lock_irq(&ch->lock);
	if (ch->enabled || ch->disabling || current == READ_ONCE(ch->packet_task))
		ret = -EBUSY;
	else
		ch->enabled = true;
	spin_unlock_irq(&ch->lock);
	return ret;
}

static int enable_check(struct kmcl_channel *ch)
{
	const struct kmcl_config *config = &ch->config;
	u32 largest = largest_out(ch);

	if (ch->enabled || ch->state != KMCL_DISABLED || ch->save)
		return -EBUSY;
	if (!config->has_type || 
	    (ch->restore.begun && (!ch->restore.order.ended || ch->restore.failed)))
		return -EINVAL;
	if (ch->server && !(config->server_flags & KMCL_SERVER_LOOPBACK_OFFER))
		return -EOPNOTSUPP;
	if (largest - KMCL_TRAILER_SIZE > KMCL_PACKET_MAX ||
	    (!ch->server && largest >= config->out_pages * KMCL_WIRE_PAGE_SIZE))
		return -EMSGSIZE;
	return 0;
}

static void want_enabled(struct kmcl_channel *ch, bool enabled)
{
	spin_lock_irq(&ch->lock);
	ch->enabled = enabled;
	kick_locked(ch);
	spin_unlock_irq(&ch->lock);
}

static bool abandons_saved(struct kmcl_channel *ch)
{
	return ch->restore.connection && ch->config.server_flags & KMCL_SERVER_FORCE_NEW_CHANNEL;
}

/* What was restored goes on with its connection, or ends here. */
static int arm_restored(struct kmcl_channel *ch)
{
	int ret = abandons_saved(ch) ? -ESTALE : kmcl_endpoint_arm(ch);

	if (ret == -ESTALE) {
		kmcl_tx_cancel(ch);
		kmcl_restore_forget(ch);
		ret = kmcl_endpoint_arm(ch);
	}
	if (!ret)
		kmcl_restore_forget(ch);
	return ret;
}

static int enable_locked(struct kmcl_channel *ch)
{
	int ret = enable_check(ch);

	lockdep_assert_held(&ch->mutex);
	if (ret)
		return ret;
	ret = kmcl_channel_configure(ch);
	if (ret)
		return ret;
	want_enabled(ch, true);
	ret = arm_restored(ch);
	if (!ret)
		return 0;
	want_enabled(ch, false);
	wait_event(ch->wait, READ_ONCE(ch->state) == KMCL_DISABLED);
	kmcl_endpoint_disarm(ch);
	return ret;
}

/**
 * kmcl_channel_enable() - take a matching offer, or wait for one; a server: offer
 * @channel: disabled
 *
 * Returns at once; the host is asked on the channel's workqueue, and callbacks
 * may run before this returns. The channel is started unless
 * kmcl_channel_pause() came first. A device that another driver holds is not
 * taken. When the host rescinds the offer the channel goes to KMCL_DISABLED; its
 * closed callback may call this to wait for the next.
 *
 * Context: thread; also the closed callback.
 * Return: 0; -EINVAL for NULL, without a target, or after a restore that has failed or is not
 * complete; -EBUSY if the channel is not
 * disabled, a disable or a save is under way, or the bus has another driver of this name;
 * -EMSGSIZE if the largest packet or completion payload does not fit the outgoing
 * ring; -ENOMEM; -ENODEV if no transport is loaded (kmcl_vmbus, kmcl_loopback)
 * or this is no Hyper-V guest; of a server: -EOPNOTSUPP if its offer is not for this
 * kernel (KMCL_SERVER_LOOPBACK_OFFER) or no transport that is loaded can make one, -EEXIST if
 * the same type and instance are offered already.
 */
int kmcl_channel_enable(struct kmcl_channel *channel)
{
	int ret;

	if (!channel)
		return -EINVAL;
	if (kmcl_channel_in_callback(channel))
		return enable_again(channel);
	mutex_lock(&channel->mutex);
	ret = enable_locked(channel);
	mutex_unlock(&channel->mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_enable);

static void want_disabled(struct kmcl_channel *ch, bool disabling)
{
	spin_lock_irq(&ch->lock);
	ch->disabling = disabling;
	ch->enabled = false;
	ch->paused = ch->server;
	kick_locked(ch);
	spin_unlock_irq(&ch->lock);
}

/**
 * kmcl_channel_disable() - close the channel and give the offer back
 * @channel: in any state
 *
 * Returns when that is done: every packet has had its completion routine, every
 * received packet was completed, closed has been called, no callback runs or will
 * run, and the device is free for others. Waits for the driver to complete what
 * it has received, and for the host. While it runs, sending gives -ENODEV.
 *
 * Context: thread.
 * Return: 0, also for a channel that is disabled; -EINVAL for NULL; -EDEADLK in
 * a callback of this channel.
 */
int kmcl_channel_disable(struct kmcl_channel *channel)
{
	if (!channel)
		return -EINVAL;
	if (kmcl_channel_in_callback(channel))
		return -EDEADLK;
	mutex_lock(&channel->mutex);
	kmcl_tx_refuse(channel, true);
	kmcl_save_forget(channel);
	want_disabled(channel, true);
	wait_event(channel->wait, READ_ONCE(channel->state) == KMCL_DISABLED);
	kmcl_endpoint_disarm(channel);
	kmcl_tx_cancel(channel);
	kmcl_restore_forget(channel);
	want_disabled(channel, false);
	kmcl_tx_refuse(channel, false);
	mutex_unlock(&channel->mutex);
	return 0;
}
EXPORT_SYMBOL_GPL(kmcl_channel_disable);

static void want_paused(struct kmcl_channel *ch, bool paused)
{
	spin_lock_irq(&ch->lock);
	ch->paused = paused;
	kick_locked(ch);
	spin_unlock_irq(&ch->lock);
}

/**
 * kmcl_channel_start() - leave the paused state
 * @channel: any state; while disabled it takes an earlier pause back
 *
 * Does not wait for the started callback (KMCL Q6).
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL; -EDEADLK in a callback of this channel.
 */
int kmcl_channel_start(struct kmcl_channel *channel)
{
	if (!channel)
		return -EINVAL;
	if (kmcl_channel_in_callback(channel))
		return -EDEADLK;
	want_paused(channel, false);
	return 0;
}
EXPORT_SYMBOL_GPL(kmcl_channel_start);

static bool delivering(struct kmcl_channel *ch)
{
	switch (READ_ONCE(ch->state)) {
	case KMCL_STARTING:
	case KMCL_ACTIVE:
	case KMCL_SUSPENDING:
		return true;
	case KMCL_DISABLED:
	case KMCL_ENABLED:
	case KMCL_OPENING:
	case KMCL_PAUSED:
	case KMCL_CLOSING:
		return false;
	}
	return false;
}

/*
 * 0: it rests, or has rested since @before; -ECANCELED: a start took the pause back before
 * that began; -EAGAIN: neither yet.
 */
static int pause_result(struct kmcl_channel *ch, u32 before)
{
	int ret = -EAGAIN;

	spin_lock_irq(&ch->lock);
	if (!delivering(ch) || ch->suspensions != before)
		ret = 0;
	else if (!ch->paused && ch->state != KMCL_SUSPENDING)
		ret = -ECANCELED;
	spin_unlock_irq(&ch->lock);
	return ret;
}

/**
 * kmcl_channel_pause() - stop delivery
 * @channel: any state; while disabled, the next enable comes up paused
 *
 * Returns when suspend has run and every received packet has been completed.
 * Sending goes on. Completions of sent packets are not delivered before the next
 * start: they come in order with everything else.
 *
 * Context: thread.
 * Return: 0; -EINVAL for NULL; -EDEADLK in a callback of this channel; -ECANCELED if another
 * thread started it before suspend was called.
 */
int kmcl_channel_pause(struct kmcl_channel *channel)
{
	u32 before;
	int ret;

	if (!channel)
		return -EINVAL;
	if (kmcl_channel_in_callback(channel))
		return -EDEADLK;
	spin_lock_irq(&channel->lock);
	before = channel->suspensions;
	channel->paused = true;
	kick_locked(channel);
	spin_unlock_irq(&channel->lock);
	wait_event(channel->wait, (ret = pause_result(channel, before)) != -EAGAIN);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_channel_pause);
