// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: a client opens, the server accepts or refuses, either closes.
 *
 * Each end is opened and closed on its channel's own workqueue. The client waits there for
 * the server, never the other way round. Nobody calls into an end that has been released:
 * connection.left and connection.gone say so, under loopback_lock.
 */
#include <linux/cpumask.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "loopback.h"

/* Ends take the CPUs of this machine in turn. */
static int next_cpu(void)
{
	static atomic_t last = ATOMIC_INIT(-1);
	int cpu = cpumask_next(atomic_read(&last), cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first(cpu_online_mask);
	atomic_set(&last, cpu);
	return cpu;
}

void loopback_end_init(struct end *end, const struct offer *offer)
{
	end->ep.transport = &loopback_transport;
	end->ep.dma = loopback_device;
	end->ep.offer = offer->desc;
	end->ep.multirange = true;
	end->cpu = next_cpu();
	INIT_WORK(&end->signal, loopback_signal_work);
}

/* From here on the other end may signal it. */
static void end_open(struct end *end, struct end *peer, const struct ring_memory *in,
		     const struct ring_memory *out)
{
	loopback_ring_describe(in, &end->ep.in);
	loopback_ring_describe(out, &end->ep.out);
	end->peer = peer;
	smp_store_release(&end->open, true);
}

/* No event comes when this has returned. */
static void end_close(struct end *end)
{
	WRITE_ONCE(end->open, false);
	/* Whoever has seen it open has queued its signal. */
	synchronize_rcu();
	cancel_work_sync(&end->signal);
}

static void connection_free(struct kref *refs)
{
	struct connection *connection = container_of(refs, struct connection, refs);

	loopback_ring_destroy(&connection->to_server);
	loopback_ring_destroy(&connection->to_client);
	loopback_claim_put(connection->claim);
	loopback_offer_put(connection->offer);
	kfree(connection);
}

void loopback_connection_put(struct connection *connection)
{
	kref_put(&connection->refs, connection_free);
}

static struct connection *connection_create(struct claim *claim, const struct kmcl_open *how)
{
	struct connection *connection = kzalloc(sizeof(*connection), GFP_KERNEL);

	if (!connection)
		return NULL;
	kref_init(&connection->refs);
	kref_get(&claim->refs);
	kref_get(&claim->offer->refs);
	connection->claim = claim;
	connection->offer = claim->offer;
	init_completion(&connection->answered);
	init_completion(&connection->released);
	loopback_end_init(&connection->server, claim->offer);
	connection->server.ep.connection = get_random_u64() | 1;
	if (!loopback_ring_create(&connection->to_server, how->out_bytes) &&
	    !loopback_ring_create(&connection->to_client, how->in_bytes))
		return connection;
	loopback_connection_put(connection);
	return NULL;
}

/* Once; whoever comes later changes nothing. */
static void answer(struct connection *connection, int status)
{
	lockdep_assert_held(&loopback_lock);
	if (connection->has_answer)
		return;
	connection->has_answer = true;
	connection->status = status;
	complete(&connection->answered);
}

static void connection_answer(struct connection *connection, int status)
{
	mutex_lock(&loopback_lock);
	answer(connection, status);
	mutex_unlock(&loopback_lock);
}

/* The server gets an endpoint, with a reference that its release drops. */
static int connection_announce(struct connection *connection)
{
	struct offer *offer = connection->offer;
	int ret = -ENODEV;

	mutex_lock(&loopback_lock);
	if (!offer->withdrawn && !offer->connection) {
		kref_get(&connection->refs);
		offer->connection = connection;
		ret = kmcl_endpoint_bind(offer->server, &connection->server.ep);
		if (ret) {
			offer->connection = NULL;
			loopback_connection_put(connection);
		}
	}
	mutex_unlock(&loopback_lock);
	return ret;
}

/* Nobody will go on with it. */
static void connection_unpark(struct connection *connection)
{
	lockdep_assert_held(&loopback_lock);
	if (!connection->parked)
		return;
	connection->parked = false;
	/* Else its release is still to come. */
	if (connection->gone) {
		connection->offer->connection = NULL;
		loopback_connection_put(connection);
	}
}

/* The client has nothing to do with it any more; the server has let go when this returns. */
static void connection_leave(struct connection *connection)
{
	mutex_lock(&loopback_lock);
	connection->left = true;
	if (!connection->gone)
		kmcl_endpoint_gone(&connection->server.ep);
	connection_unpark(connection);
	if (connection->offer->parked)
		loopback_offer_abandon(connection->offer);
	mutex_unlock(&loopback_lock);
	wait_for_completion(&connection->released);
}

static int client_open(struct claim *claim, const struct kmcl_open *how)
{
	struct connection *connection = connection_create(claim, how);
	int ret;

	if (!connection)
		return -ENOMEM;
	claim->end.ep.read = 0;
	claim->end.write = 0;
	end_open(&claim->end, &connection->server, &connection->to_client,
		 &connection->to_server);
	ret = connection_announce(connection);
	if (ret)
		goto err_end;
	wait_for_completion(&connection->answered);
	ret = connection->status;
	if (ret)
		goto err_leave;
	claim->connection = connection;
	return 0;

err_leave:
	connection_leave(connection);
err_end:
	end_close(&claim->end);
	loopback_connection_put(connection);
	return ret;
}

static int server_open(struct connection *connection)
{
	end_open(&connection->server, &connection->claim->end, &connection->to_server,
		 &connection->to_client);
	return 0;
}

int loopback_open(struct kmcl_endpoint *ep, const struct kmcl_open *how)
{
	return is_server(ep) ? server_open(to_connection(ep)) : client_open(to_claim(ep), how);
}

void loopback_accept(struct kmcl_endpoint *ep)
{
	connection_answer(to_connection(ep), 0);
}

static void client_close(struct claim *claim)
{
	struct connection *connection = claim->connection;

	end_close(&claim->end);
	claim->connection = NULL;
	connection_leave(connection);
	loopback_connection_put(connection);
}

/*
 * A client that was accepted sees a rescind; one that was not sees its open fail; one whose
 * server was saved sees nothing.
 */
static void server_close(struct connection *connection)
{
	struct kmcl_endpoint *client = &connection->claim->end.ep;
	bool open;

	end_close(&connection->server);
	mutex_lock(&loopback_lock);
	answer(connection, -ECONNREFUSED);
	open = !connection->left && !connection->status;
	connection->parked = open && connection->server.ep.saved;
	if (open && !connection->parked) {
		client->rescinded = true;
		kmcl_endpoint_gone(client);
	}
	kmcl_endpoint_gone(&connection->server.ep);
	mutex_unlock(&loopback_lock);
}

void loopback_close(struct kmcl_endpoint *ep)
{
	if (is_server(ep))
		server_close(to_connection(ep));
	else
		client_close(to_claim(ep));
}

/* The server's library has let go. What is parked keeps the reference. */
void loopback_connection_released(struct connection *connection)
{
	bool parked;

	mutex_lock(&loopback_lock);
	answer(connection, -ECONNREFUSED);
	connection->gone = true;
	parked = connection->parked;
	if (!parked && connection->offer->connection == connection)
		connection->offer->connection = NULL;
	/* The client may wait for it, and whoever takes the offer away. */
	complete_all(&connection->released);
	mutex_unlock(&loopback_lock);
	if (!parked)
		loopback_connection_put(connection);
}

/**
 * loopback_connection_adopt() - another channel is its server now
 * @connection: parked, and so released
 * @server: that channel
 *
 * Return: 0 or -EBUSY.
 */
int loopback_connection_adopt(struct connection *connection, struct kmcl_channel *server)
{
	struct kmcl_endpoint *ep = &connection->server.ep;
	int ret;

	lockdep_assert_held(&loopback_lock);
	connection->parked = false;
	connection->gone = false;
	reinit_completion(&connection->released);
	ep->saved = false;
	ep->gone = false;
	ep->failed = false;
	ep->adopted = true;
	ret = kmcl_endpoint_bind(server, ep);
	if (ret) {
		connection->parked = true;
		connection->gone = true;
		complete_all(&connection->released);
	}
	return ret;
}

/* The offer goes: the server's endpoint too, and whoever waits to be accepted is refused. */
void loopback_connection_revoke(struct connection *connection)
{
	mutex_lock(&loopback_lock);
	answer(connection, -ENODEV);
	if (!connection->gone)
		kmcl_endpoint_gone(&connection->server.ep);
	mutex_unlock(&loopback_lock);
	wait_for_completion(&connection->released);
}
