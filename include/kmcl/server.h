/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kmcl: the server's end of a channel. What a driver that offers channels includes.
 *
 * Linux' hv_vmbus offers nothing to anybody, so a server's offer is for clients in this
 * kernel: a loopback offer (kmcl_loopback.ko). All of <kmcl/kmcl.h> holds for both ends; what
 * is said there of "the host" is for a server its client.
 *
 * What differs: a server begins paused and is let go by kmcl_channel_start(); after closed it
 * is offered again, without being enabled anew; it sends no external data and creates no
 * GPADLs, but gets the client's.
 */
#ifndef _KMCL_SERVER_H
#define _KMCL_SERVER_H

#include <kmcl/kmcl.h>

/* kmcl_channel_set_server_flags(); values are KMCL's, kmcl_offer.flags has the wire's */
#define KMCL_SERVER_LOOPBACK_OFFER		0x01u
#define KMCL_SERVER_ENUMERATE_DEVICE_INTERFACE	0x02u
#define KMCL_SERVER_OFFER_AS_PIPE		0x04u
#define KMCL_SERVER_FORCE_NEW_CHANNEL		0x08u
#define KMCL_SERVER_TLNPI_PROVIDER_OFFER	0x10u
#define KMCL_SERVER_FLAGS			0x1fu

/**
 * struct kmcl_view - a client's GPADL, mapped
 * @pages: in the client's order, whole
 * @bytes: of them
 * @address: of all of it in the kernel
 *
 * kmcl's; valid until kmcl_gpadl_unmap(). The client may write to the memory meanwhile.
 */
struct kmcl_view {
	struct page *const *pages;
	u32 bytes;
	void *address;
};

/* The offer: server.c */
struct kmcl_channel *kmcl_channel_alloc_server(void);
int kmcl_channel_set_offer(struct kmcl_channel *channel, const guid_t *type,
			   const guid_t *instance);
int kmcl_channel_set_server_flags(struct kmcl_channel *channel, u32 flags);
int kmcl_channel_set_offer_data(struct kmcl_channel *channel, const void *data, u32 bytes);
int kmcl_channel_set_mmio(struct kmcl_channel *channel, u16 megabytes, u16 optional);

/*
 * Save and restore: what a server's channel has under way outlives it. See
 * Documentation/loopback.md for the whole of it.
 */

/* Bytes that a driver may save with one packet. */
#define KMCL_SAVE_OWN_MAX	65536u

/**
 * typedef kmcl_save_packet_t - what has the driver to say about a packet under way
 * @channel: being saved
 * @packet: sent, and not done: waits in the queue, or for its answer
 * @buffer: where it goes; NULL when only @needed is asked for
 * @size: of @buffer in bytes; 0 at first
 * @needed: out: bytes that the driver needs, at most KMCL_SAVE_OWN_MAX; at the second call
 *	bytes that it has written
 *
 * Called with no room at first. A driver that has something sets @needed and fails, with any
 * errno; it is called again with that much room. One that has nothing returns 0.
 *
 * Context: thread, within kmcl_channel_save_continue(); @packet must not be sent or freed.
 * Return: 0, or a negative errno, which with no room and @needed above 0 asks for room, and
 * else is what kmcl_channel_save_continue() returns.
 */
typedef int (*kmcl_save_packet_t)(struct kmcl_channel *channel, struct kmcl_packet *packet,
				  void *buffer, u32 size, u32 *needed);

/**
 * typedef kmcl_restore_packet_t - a saved packet is to live again
 * @channel: being restored
 * @saved: for kmcl_packet_restore()
 * @saved_size: of @saved in bytes
 * @own: what kmcl_save_packet_t has written
 * @own_size: of @own in bytes
 *
 * The driver takes a packet object that is not in flight, calls kmcl_packet_restore() and sets
 * completion routine and pointer. A packet for which it does not do that is forgotten: its
 * answer, should it come, counts as one that names nothing.
 *
 * Context: thread, within kmcl_channel_restore(). Both buffers are valid during the call.
 * Return: 0, or a negative errno, which kmcl_channel_restore() returns (-EIO for -EAGAIN).
 */
typedef int (*kmcl_restore_packet_t)(struct kmcl_channel *channel, const void *saved,
				     u32 saved_size, const void *own, u32 own_size);

/* save.c */
int kmcl_channel_set_save_callbacks(struct kmcl_channel *channel, kmcl_save_packet_t save,
				    kmcl_restore_packet_t restore);
int kmcl_channel_save_begin(struct kmcl_channel *channel);
int kmcl_channel_save_continue(struct kmcl_channel *channel, void *buffer, u32 size,
			       u32 *filled, u32 *required);
void kmcl_channel_save_end(struct kmcl_channel *channel);

/* restore.c */
int kmcl_channel_restore(struct kmcl_channel *channel, const void *buffer, u32 size);
int kmcl_packet_restore(struct kmcl_packet *packet, const void *saved, u32 saved_size);

/* The client's memory: view.c */
int kmcl_gpadl_map(struct kmcl_channel *channel, u32 gpadl, u32 flags, struct kmcl_view *view);
int kmcl_gpadl_unmap(struct kmcl_channel *channel, u32 gpadl);

#endif /* _KMCL_SERVER_H */
