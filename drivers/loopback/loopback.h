/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rooms of kmcl_loopback share: a bus within this kernel.
 *
 * A server's offer and a client's search meet in a claim: the client's endpoint, as long as
 * it holds the offer. A client that opens it makes a connection: rings, and the server's
 * endpoint, until both ends have let go.
 */
#ifndef _KMCL_LOOPBACK_H
#define _KMCL_LOOPBACK_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "transport.h"

struct connection;

/**
 * struct end - one end's side of a connection
 * @ep: what the library sees
 * @peer: whom to signal; while @open
 * @write: where the next packet goes in @ep.out; serialised by the library, and kept while no
 *	channel has this end
 * @open: events may be delivered; written by the end's open and close, readers use RCU
 * @cpu: where they are
 * @signal: delivers one
 */
struct end {
	struct kmcl_endpoint ep;
	struct end *peer;
	u32 write;
	bool open;
	int cpu;
	struct work_struct signal;
};

/**
 * struct offer - what a server shows
 *
 * Birth: arm operation of a server. Users: the matching, claims, connections, each with a
 * reference. Death: disarm operation, which ends these first; the memory goes with the last.
 * The offer of a server that was saved is parked instead, until it is restored, another makes
 * the same offer, or the client goes.
 *
 * @server: the channel; none while it is parked
 * @desc: what clients see
 * @withdrawn: nobody may open it any more; under loopback_lock, as are:
 * @parked: its server was saved, and is gone
 * @node: in the list of offers, or of those that are parked
 * @claim: who holds it
 * @connection: of that claim, until the server has released its endpoint
 * @mmio, @mmio_bytes: memory-mapped space, once an end has asked
 */
struct offer {
	struct kref refs;
	struct kmcl_channel *server;
	struct kmcl_offer desc;
	bool withdrawn;
	bool parked;
	struct list_head node;
	struct claim *claim;
	struct connection *connection;
	void *mmio;
	size_t mmio_bytes;
};

/**
 * struct search - a client that looks for an offer
 *
 * From the arm to the disarm operation of a client.
 *
 * @client: the channel
 * @node: in the list of searches; under loopback_lock, as is:
 * @claim: what it has found
 */
struct search {
	struct kmcl_channel *client;
	struct list_head node;
	struct claim *claim;
};

/**
 * struct claim - an offer that a client holds
 *
 * Birth: a match. Users: the client's library from bind to release; the connection, with a
 * reference. Death: release operation, and the last reference.
 *
 * @end: the client's
 * @search, @offer: what has met
 * @connection: between the client's open and close; its own
 * @gpadls: of the client; under loopback_lock
 * @released: completed by the release operation
 */
struct claim {
	struct end end;
	struct kref refs;
	struct search *search;
	struct offer *offer;
	struct connection *connection;
	struct list_head gpadls;
	struct completion released;
};

/**
 * struct ring_memory - one direction
 * @header: the control page
 * @pages: it and the data
 * @count: of @pages
 * @map: @header, then the data twice
 */
struct ring_memory {
	struct kmcl_ring_header *header;
	struct page **pages;
	u32 count;
	void *map;
};

/**
 * struct connection - an open channel
 *
 * Birth: the client's open operation, which waits for the server's answer. Users: both
 * ends. Death: when the client has closed, and the server has released its endpoint.
 *
 * @server: the server's end
 * @claim, @offer: of the client; held
 * @to_server, @to_client: rings
 * @answered: the server has accepted or refused; @status: which
 * @left: the client is closing, or never got in; under loopback_lock, as are:
 * @gone: the server's endpoint is released
 * @parked: the server was saved: whoever takes it out of there drops its reference
 * @released: completed by the server's release operation
 */
struct connection {
	struct kref refs;
	struct end server;
	struct claim *claim;
	struct offer *offer;
	struct ring_memory to_server;
	struct ring_memory to_client;
	struct completion answered;
	int status;
	bool has_answer;
	bool left;
	bool gone;
	bool parked;
	struct completion released;
};

extern struct kmcl_transport loopback_transport;	/* main.c */
extern struct device *loopback_device;
extern struct workqueue_struct *loopback_wq;
extern struct mutex loopback_lock;

/* offer.c */
void *loopback_arm(struct kmcl_channel *channel);
void loopback_rearm(void *cookie);
void loopback_disarm(void *cookie);
void loopback_release(struct kmcl_endpoint *ep);
void loopback_match_sync(void);
void loopback_offer_put(struct offer *offer);
void loopback_offer_abandon(struct offer *offer);
void loopback_claim_put(struct claim *claim);

/* connection.c */
int loopback_open(struct kmcl_endpoint *ep, const struct kmcl_open *how);
void loopback_accept(struct kmcl_endpoint *ep);
void loopback_close(struct kmcl_endpoint *ep);
void loopback_end_init(struct end *end, const struct offer *offer);
void loopback_connection_released(struct connection *connection);
int loopback_connection_adopt(struct connection *connection, struct kmcl_channel *server);
void loopback_connection_revoke(struct connection *connection);
void loopback_connection_put(struct connection *connection);

/* ring.c */
int loopback_ring_create(struct ring_memory *ring, u32 bytes);
void loopback_ring_destroy(struct ring_memory *ring);
void loopback_ring_describe(const struct ring_memory *memory, struct kmcl_ring *ring);
int loopback_send(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		  const void *payload, u32 len);
int loopback_send_external(struct kmcl_endpoint *ep, u64 trans_id, struct kmcl_gpa_header *gpa,
			   u32 gpa_len, const void *payload, u32 len);
void loopback_set_pending(struct kmcl_endpoint *ep, u32 bytes);
void loopback_consumed(struct kmcl_endpoint *ep, u32 read_index);
void loopback_signal_work(struct work_struct *work);

/* memory.c */
int loopback_gpadl_create(struct kmcl_endpoint *ep, const struct kmcl_share *share, u32 *gpadl,
			  void **cookie);
int loopback_gpadl_delete(struct kmcl_endpoint *ep, void *cookie);
int loopback_gpadl_map(struct kmcl_endpoint *ep, u32 number, bool write, struct kmcl_view *view);
void loopback_gpadl_unmap(struct kmcl_endpoint *ep, u32 number);
struct page *loopback_page(struct kmcl_endpoint *ep, u64 pfn);
int loopback_mmio(struct kmcl_endpoint *ep, u64 *address, u64 *bytes);
void loopback_mmio_free(struct offer *offer);

static inline struct end *to_end(struct kmcl_endpoint *ep)
{
	return container_of(ep, struct end, ep);
}

static inline bool is_server(const struct kmcl_endpoint *ep)
{
	return kmcl_channel_server_offer(ep->channel);
}

static inline struct claim *to_claim(struct kmcl_endpoint *ep)
{
	return container_of(ep, struct claim, end.ep);
}

static inline struct connection *to_connection(struct kmcl_endpoint *ep)
{
	return container_of(ep, struct connection, server.ep);
}

#endif /* _KMCL_LOOPBACK_H */
