// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transports, and which of them are armed for a channel.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "control.h"

/* Registered transports; an armed one is pinned by its module's count. */
static struct kmcl_transport *transports[KMCL_TRANSPORTS_MAX];
static DEFINE_MUTEX(transports_lock);

/**
 * kmcl_transport_register() - a bus is there
 * @transport: all operations filled in
 *
 * Channels that are enabled from now on look there too.
 *
 * Context: thread.
 * Return: 0; -ENOSPC if there are KMCL_TRANSPORTS_MAX.
 */
int kmcl_transport_register(struct kmcl_transport *transport)
{
	int i, ret = -ENOSPC;

	mutex_lock(&transports_lock);
	for (i = 0; i < KMCL_TRANSPORTS_MAX; i++) {
		if (transports[i])
			continue;
		transport->index = i;
		transports[i] = transport;
		ret = 0;
		break;
	}
	mutex_unlock(&transports_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_transport_register);

/**
 * kmcl_transport_unregister() - a bus goes
 * @transport: registered; not armed by any channel, which its module count sees to
 *
 * Context: thread.
 */
void kmcl_transport_unregister(struct kmcl_transport *transport)
{
	mutex_lock(&transports_lock);
	transports[transport->index] = NULL;
	mutex_unlock(&transports_lock);
}
EXPORT_SYMBOL_GPL(kmcl_transport_unregister);

static int arm_one(struct kmcl_channel *ch, struct kmcl_transport *bus)
{
	void *cookie;

	if (ch->armed[bus->index])
		return 0;
	if (!try_module_get(bus->owner))
		return -ENODEV;
	cookie = bus->arm(ch);
	if (IS_ERR(cookie)) {
		module_put(bus->owner);
		return PTR_ERR(cookie);
	}
	WRITE_ONCE(ch->armed[bus->index], cookie);
	return 0;
}

/* Not a failure, if another transport works: this one is not for such a channel. */
static bool is_not_for(int err)
{
	return err == -ENODEV || err == -EOPNOTSUPP;
}

static int arm_all(struct kmcl_channel *ch)
{
	int i, ret, result = -ENODEV;

	lockdep_assert_held(&transports_lock);
	for (i = 0; i < KMCL_TRANSPORTS_MAX; i++) {
		if (!transports[i])
			continue;
		ret = arm_one(ch, transports[i]);
		if (ret && !is_not_for(ret))
			return ret;
		if (!ret || (result && ret != -ENODEV))
			result = ret;
	}
	return result;
}

/* One transport is enough, if no other fails. With an error some may be armed. */
int kmcl_endpoint_arm(struct kmcl_channel *ch)
{
	int ret;

	lockdep_assert_held(&ch->mutex);
	mutex_lock(&transports_lock);
	ret = arm_all(ch);
	mutex_unlock(&transports_lock);
	return ret;
}

/*
 * The channel can take an offer again. On its workqueue, which is flushed before
 * a transport is disarmed, so an armed one stays armed and registered meanwhile.
 */
void kmcl_endpoint_rearm(struct kmcl_channel *ch)
{
	void *cookie;
	int i;

	for (i = 0; i < KMCL_TRANSPORTS_MAX; i++) {
		cookie = READ_ONCE(ch->armed[i]);
		if (cookie)
			READ_ONCE(transports[i])->rearm(cookie);
	}
}

void kmcl_endpoint_disarm(struct kmcl_channel *ch)
{
	struct kmcl_transport *bus;
	void *cookie;
	int i;

	lockdep_assert_held(&ch->mutex);
	for (i = 0; i < KMCL_TRANSPORTS_MAX; i++) {
		cookie = ch->armed[i];
		if (!cookie)
			continue;
		bus = transports[i];
		WRITE_ONCE(ch->armed[i], NULL);
		flush_workqueue(ch->wq);
		bus->disarm(cookie);
		/* An offer that went by itself meanwhile is released before the module may go. */
		flush_workqueue(ch->wq);
		module_put(bus->owner);
	}
}
