/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between the library and a bus. A transport finds offers and gives
 * rings; the library does the rest. The library calls a transport through
 * struct kmcl_transport, a transport calls the library through the functions at
 * the end.
 */
#ifndef _KMCL_TRANSPORT_H
#define _KMCL_TRANSPORT_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include <kmcl/kmcl.h>
#include <kmcl/wire.h>

struct device;
struct kmcl_channel;
struct kmcl_endpoint;
struct kmcl_view;
struct module;
struct page;

#define KMCL_TRANSPORTS_MAX	4

/**
 * struct kmcl_ring - one direction, as the library reads it
 * @header: shared with the host
 * @data: @size bytes, mapped twice in a row, so that no packet is split
 * @size: bytes, a multiple of 8
 */
struct kmcl_ring {
	struct kmcl_ring_header *header;
	const u8 *data;
	u32 size;
};

/**
 * struct kmcl_open - what a transport needs to open a channel
 * @in_bytes: data bytes of the host-to-guest ring
 * @out_bytes: data bytes of the guest-to-host ring
 */
struct kmcl_open {
	u32 in_bytes;
	u32 out_bytes;
};

/**
 * struct kmcl_share - memory that becomes a GPADL
 * @address: of all of it in the kernel
 * @pages: the same, one by one
 * @bytes: whole pages
 * @read_only: the other end has no need to write
 */
struct kmcl_share {
	void *address;
	struct page *const *pages;
	u32 bytes;
	bool read_only;
};

/**
 * struct kmcl_transport - a bus
 * @name: for messages
 * @owner: pinned while a channel is armed
 * @index: in the library's table; written by kmcl_transport_register()
 * @arm: begin to match offers with @channel's target and to bind them, by
 *	kmcl_endpoint_bind(); for a server, make its offer, and bind an endpoint for each
 *	client that opens it, one at a time. A server that was restored, as
 *	kmcl_channel_connection() says, gets that connection's endpoint at once; -ESTALE if there
 *	is none. Thread. Returns a cookie or ERR_PTR.
 * @rearm: look again, soon, at offers that are there already. Any context.
 * @disarm: end it. Thread; when it has returned, nothing of this transport is
 *	bound to the channel.
 * @open: thread, channel's own workqueue; may wait for the host. Fills in
 *	@in, @out and @read of the endpoint. kmcl_endpoint_event() may come from here on.
 * @accept: server; the driver has not refused, so the client's open may succeed. Between
 *	@open and @close
 * @close: thread, likewise; when it has returned the host uses neither rings nor
 *	external data any more, and no event comes.
 * @release: the library has finished with an endpoint; it is the transport's.
 * @send: place a packet of @type with @len bytes of payload in the ring and
 *	signal if the ring demands it. Any context, serialised by the library, room
 *	checked by it. 0, or -ENODEV (rescinded: maybe seen by the host), -EAGAIN
 *	(the host took room back), -EIO (indices nonsense).
 * @send_external: the same for a GPA-direct packet; @gpa begins with space for
 *	struct kmcl_gpa_header, range_count and ranges filled in.
 * @gpadl_create: thread; share memory with the host, and wait until it has
 *	confirmed. Fills in its number and a cookie. 0 or an errno:
 *	nothing is shared. -EUCLEAN: it failed, and the pages may be shared.
 * @gpadl_delete: thread; end it and wait until the host has let go. 0: it has
 *	confirmed, or rescinded the channel. Else the pages stay shared.
 * @gpadl_map: server, thread: the client's memory behind a number. 0; -ENOENT, -EBUSY (is
 *	mapped), -EACCES (to be written, and read-only). NULL: no servers here.
 * @gpadl_unmap: server, thread: @view is used no more.
 * @page: server, any context: the page behind a frame number of a GPA-direct packet, or
 *	NULL if there is none.
 * @mmio: thread; the memory-mapped space that the offer asks for, the same at each
 *	call until release. 0 with 0 bytes if it asks for none.
 * @set_pending: publish the size of the packet that waits for room; 0 = none.
 * @consumed: publish our read index and signal if the host waits for room.
 */
struct kmcl_transport {
	const char *name;
	struct module *owner;
	int index;
	void *(*arm)(struct kmcl_channel *channel);
	void (*rearm)(void *cookie);
	void (*disarm)(void *cookie);
	int (*open)(struct kmcl_endpoint *ep, const struct kmcl_open *how);
	void (*accept)(struct kmcl_endpoint *ep);
	void (*close)(struct kmcl_endpoint *ep);
	void (*release)(struct kmcl_endpoint *ep);
	int (*send)(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		    const void *payload, u32 len);
	int (*send_external)(struct kmcl_endpoint *ep, u64 trans_id,
			     struct kmcl_gpa_header *gpa, u32 gpa_len,
			     const void *payload, u32 len);
	int (*gpadl_create)(struct kmcl_endpoint *ep, const struct kmcl_share *share, u32 *gpadl,
			    void **cookie);
	int (*gpadl_delete)(struct kmcl_endpoint *ep, void *cookie);
	int (*gpadl_map)(struct kmcl_endpoint *ep, u32 gpadl, bool write, struct kmcl_view *view);
	void (*gpadl_unmap)(struct kmcl_endpoint *ep, u32 gpadl);
	struct page *(*page)(struct kmcl_endpoint *ep, u64 pfn);
	int (*mmio)(struct kmcl_endpoint *ep, u64 *address, u64 *bytes);
	void (*set_pending)(struct kmcl_endpoint *ep, u32 bytes);
	void (*consumed)(struct kmcl_endpoint *ep, u32 read_index);
};

/**
 * struct kmcl_endpoint - an offer bound to a channel
 *
 * Birth: the transport allocates it, inside a struct of its own, and binds it.
 * Users: the channel's workqueue opens and closes it; send and receive paths use
 * it while the channel is open. Death: kmcl_endpoint_gone() by the transport,
 * then, when the channel has let go of it, @release.
 *
 * @transport: set before bind
 * @dma: device for the DMA API; set before bind
 * @offer: set before bind
 * @multirange: external data may have several ranges; set before bind
 * @channel: set by kmcl_endpoint_bind()
 * @in: set by @open
 * @out: set by @open
 * @read: where to begin to read; set by @open
 * @rescinded: it was the host that took the offer away, and has let go of all that it
 *	had of ours; set before kmcl_endpoint_gone()
 * @gpadls_first: the host answers nothing about GPADLs of a closed channel; set by @open
 * @connection: of a server: what a saved state calls it; 0: it cannot be saved. Set before bind,
 *	and anew by the library for each save
 * @adopted: of a server: bound to a channel that was restored, and not open yet. Set before bind
 * @saved: of a server: the client is not to be told when @close is called; @read is where another
 *	channel goes on. Set by the library
 * @gone: the offer is no more; under the channel's lock
 * @failed: do not open (again); under the channel's lock
 */
struct kmcl_endpoint {
	const struct kmcl_transport *transport;
	struct device *dma;
	struct kmcl_offer offer;
	bool multirange;
	struct kmcl_channel *channel;
	struct kmcl_ring in;
	struct kmcl_ring out;
	u32 read;
	bool rescinded;
	bool gpadls_first;
	u64 connection;
	bool adopted;
	bool saved;
	bool gone;
	bool failed;
};

int kmcl_transport_register(struct kmcl_transport *transport);
void kmcl_transport_unregister(struct kmcl_transport *transport);

int kmcl_endpoint_bind(struct kmcl_channel *channel, struct kmcl_endpoint *ep);
void kmcl_endpoint_gone(struct kmcl_endpoint *ep);
void kmcl_endpoint_event(struct kmcl_endpoint *ep);

/* NULL: it is no server; valid while it is armed. */
const struct kmcl_offer *kmcl_channel_server_offer(const struct kmcl_channel *channel);
u64 kmcl_channel_connection(const struct kmcl_channel *channel);
bool kmcl_channel_wants_offer(struct kmcl_channel *channel, const guid_t *type,
			      const guid_t *instance);

#endif /* _KMCL_TRANSPORT_H */
