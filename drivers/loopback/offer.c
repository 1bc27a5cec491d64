// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers and searches, and how they meet.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "loopback.h"

/* All under loopback_lock. */
static LIST_HEAD(offers);
static LIST_HEAD(parked);
static LIST_HEAD(searches);

static void match_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(match, match_work);

static void match_soon(void)
{
	mod_delayed_work(system_unbound_wq, &match, 0);
}

/* There was no memory for a claim, and nobody else asks again. */
static void match_later(void)
{
	queue_delayed_work(system_unbound_wq, &match, HZ / 10);
}

void loopback_match_sync(void)
{
	flush_delayed_work(&match);
}

static void offer_free(struct kref *refs)
{
	struct offer *offer = container_of(refs, struct offer, refs);

	loopback_mmio_free(offer);
	kfree(offer);
}

void loopback_offer_put(struct offer *offer)
{
	kref_put(&offer->refs, offer_free);
}

static void claim_free(struct kref *refs)
{
	struct claim *claim = container_of(refs, struct claim, refs);

	loopback_offer_put(claim->offer);
	kfree(claim);
}

void loopback_claim_put(struct claim *claim)
{
	kref_put(&claim->refs, claim_free);
}

static struct claim *claim_alloc(struct search *search, struct offer *offer)
{
	struct claim *claim = kzalloc(sizeof(*claim), GFP_KERNEL);

	if (!claim)
		return NULL;
	kref_init(&claim->refs);
	kref_get(&offer->refs);
	claim->search = search;
	claim->offer = offer;
	INIT_LIST_HEAD(&claim->gpadls);
	init_completion(&claim->released);
	loopback_end_init(&claim->end, offer);
	return claim;
}

static void claim_offer(struct search *search, struct offer *offer)
{
	struct claim *claim = claim_alloc(search, offer);

	lockdep_assert_held(&loopback_lock);
	if (!claim) {
		match_later();
		return;
	}
	search->claim = claim;
	offer->claim = claim;
	/* It fails if a device of another bus was faster. */
	if (kmcl_endpoint_bind(search->client, &claim->end.ep)) {
		search->claim = NULL;
		offer->claim = NULL;
		loopback_claim_put(claim);
	}
}

static void match_search(struct search *search)
{
	struct offer *offer;

	lockdep_assert_held(&loopback_lock);
	list_for_each_entry(offer, &offers, node) {
		if (search->claim)
			return;
		if (!offer->claim && kmcl_channel_wants_offer(search->client, &offer->desc.type,
							      &offer->desc.instance))
			claim_offer(search, offer);
	}
}

static void match_work(struct work_struct *work)
{
	struct search *search;

	mutex_lock(&loopback_lock);
	list_for_each_entry(search, &searches, node)
		match_search(search);
	mutex_unlock(&loopback_lock);
}

static struct offer *offer_find(struct list_head *list, const struct kmcl_offer *desc)
{
	struct offer *offer;

	lockdep_assert_held(&loopback_lock);
	list_for_each_entry(offer, list, node) {
		if (guid_equal(&offer->desc.type, &desc->type) &&
		    guid_equal(&offer->desc.instance, &desc->instance))
			return offer;
	}
	return NULL;
}

static void client_rescind(struct offer *offer)
{
	lockdep_assert_held(&loopback_lock);
	if (!offer->claim)
		return;
	offer->claim->end.ep.rescinded = true;
	kmcl_endpoint_gone(&offer->claim->end.ep);
}

/* A parked offer that nobody will go on with. Its client is told, if it does not know. */
void loopback_offer_abandon(struct offer *offer)
{
	struct connection *connection = offer->connection;

	lockdep_assert_held(&loopback_lock);
	list_del(&offer->node);
	offer->parked = false;
	client_rescind(offer);
	if (connection) {
		connection->parked = false;
		offer->connection = NULL;
		loopback_connection_put(connection);
	}
	loopback_offer_put(offer);
}

static int offer_show(struct offer *offer)
{
	struct offer *before;

	lockdep_assert_held(&loopback_lock);
	if (offer_find(&offers, &offer->desc))
		return -EEXIST;
	before = offer_find(&parked, &offer->desc);
	if (before)
		loopback_offer_abandon(before);
	list_add_tail(&offer->node, &offers);
	return 0;
}

static void *offer_make(struct kmcl_channel *server, const struct kmcl_offer *desc)
{
	struct offer *offer = kzalloc(sizeof(*offer), GFP_KERNEL);
	int ret;

	if (!offer)
		return ERR_PTR(-ENOMEM);
	kref_init(&offer->refs);
	offer->server = server;
	offer->desc = *desc;
	mutex_lock(&loopback_lock);
	ret = offer_show(offer);
	mutex_unlock(&loopback_lock);
	if (ret) {
		loopback_offer_put(offer);
		return ERR_PTR(ret);
	}
	match_soon();
	return offer;
}

static struct offer *offer_take_up(struct kmcl_channel *server, const struct kmcl_offer *desc,
				   u64 connection)
{
	struct offer *offer;
	int ret;

	lockdep_assert_held(&loopback_lock);
	if (offer_find(&offers, desc))
		return ERR_PTR(-EEXIST);
	offer = offer_find(&parked, desc);
	if (!offer || offer->connection->server.ep.connection != connection)
		return ERR_PTR(-ESTALE);
	ret = loopback_connection_adopt(offer->connection, server);
	if (ret)
		return ERR_PTR(ret);
	offer->desc = *desc;
	offer->server = server;
	offer->withdrawn = false;
	offer->parked = false;
	list_move_tail(&offer->node, &offers);
	return offer;
}

/* Of a server that was saved: with the client that it had. */
static void *offer_restore(struct kmcl_channel *server, const struct kmcl_offer *desc,
			   u64 connection)
{
	struct offer *offer;

	mutex_lock(&loopback_lock);
	offer = offer_take_up(server, desc, connection);
	mutex_unlock(&loopback_lock);
	return offer;
}

static void *search_begin(struct kmcl_channel *client)
{
	struct search *search = kzalloc(sizeof(*search), GFP_KERNEL);

	if (!search)
		return ERR_PTR(-ENOMEM);
	search->client = client;
	mutex_lock(&loopback_lock);
	list_add_tail(&search->node, &searches);
	mutex_unlock(&loopback_lock);
	match_soon();
	return search;
}

/* What the cookie is, the list tells that it is in. */
static bool is_offer(const void *cookie)
{
	struct offer *offer;
	bool found = false;

	mutex_lock(&loopback_lock);
	list_for_each_entry(offer, &offers, node)
		found |= offer == cookie;
	mutex_unlock(&loopback_lock);
	return found;
}

void *loopback_arm(struct kmcl_channel *channel)
{
	const struct kmcl_offer *desc = kmcl_channel_server_offer(channel);
	u64 connection;

	if (!desc)
		return search_begin(channel);
	connection = kmcl_channel_connection(channel);
	return connection ? offer_restore(channel, desc, connection) : offer_make(channel, desc);
}

void loopback_rearm(void *cookie)
{
	match_soon();
}

/* Its server was saved: it waits for the next, as long as the client does. */
static bool offer_park(struct offer *offer)
{
	lockdep_assert_held(&loopback_lock);
	if (!offer->connection || !offer->connection->parked)
		return false;
	offer->server = NULL;
	offer->parked = true;
	list_move_tail(&offer->node, &parked);
	return true;
}

/* The client is told that it was rescinded; a connection ends. */
static void offer_withdraw(struct offer *offer)
{
	struct connection *connection;

	mutex_lock(&loopback_lock);
	offer->withdrawn = true;
	if (offer_park(offer)) {
		mutex_unlock(&loopback_lock);
		return;
	}
	list_del(&offer->node);
	client_rescind(offer);
	connection = offer->connection;
	if (connection)
		kref_get(&connection->refs);
	mutex_unlock(&loopback_lock);
	if (connection) {
		loopback_connection_revoke(connection);
		loopback_connection_put(connection);
	}
	loopback_offer_put(offer);
}

static void search_end(struct search *search)
{
	struct claim *claim;

	mutex_lock(&loopback_lock);
	list_del(&search->node);
	claim = search->claim;
	if (claim) {
		kref_get(&claim->refs);
		kmcl_endpoint_gone(&claim->end.ep);
	}
	mutex_unlock(&loopback_lock);
	if (claim) {
		wait_for_completion(&claim->released);
		loopback_claim_put(claim);
	}
	kfree(search);
}

void loopback_disarm(void *cookie)
{
	if (is_offer(cookie))
		offer_withdraw(cookie);
	else
		search_end(cookie);
}

static void claim_release(struct claim *claim)
{
	mutex_lock(&loopback_lock);
	claim->search->claim = NULL;
	claim->offer->claim = NULL;
	mutex_unlock(&loopback_lock);
	complete(&claim->released);
	loopback_claim_put(claim);
	match_soon();
}

void loopback_release(struct kmcl_endpoint *ep)
{
	if (is_server(ep))
		loopback_connection_released(to_connection(ep));
	else
		claim_release(to_claim(ep));
}
