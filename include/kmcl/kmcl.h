/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kmcl: the VMBus Kernel Mode Client Library for Linux. What a driver includes.
 *
 * A channel is one connection to a service of the Hyper-V host, named by an
 * interface type GUID. A packet object carries one outgoing packet. A received
 * packet is known by a handle until the driver completes it.
 *
 * Contexts. "Thread" means that the function may sleep. "Any" means anything up
 * to softirq, interrupts disabled included, but no hard interrupt and no NMI; on
 * PREEMPT_RT only where a spinlock_t may be taken. Each function below says which it needs
 * and each callback which it gets.
 */
#ifndef _KMCL_KMCL_H
#define _KMCL_KMCL_H

#include <linux/dma-direction.h>
#include <linux/types.h>
#include <linux/uuid.h>

struct kmcl_channel;
struct kmcl_packet;
struct scatterlist;

/*
 * A received packet that has not been completed yet: slot and generation, never
 * an address. 0 is never a handle.
 */
typedef u64 kmcl_handle_t;

/* Limits. Bytes where nothing else is said. */
#define KMCL_NAME_MAX			31u	/* characters of a channel's name */
#define KMCL_PACKET_SIZE_MAX		524200u	/* payload; len8 of a descriptor has 16 bits */
#define KMCL_RING_PAGES_MAX		511u	/* data pages per direction */
#define KMCL_EXTERNAL_DATA_MAX		(8u << 20)	/* of one packet */
#define KMCL_INCOMING_MAX		4096u	/* packets outstanding at the driver */
#define KMCL_COMPLETION_RESERVE_MAX	65536u	/* completion payload */

/* Defaults of a new channel. */
#define KMCL_DEFAULT_PACKET_SIZE	4096u
#define KMCL_DEFAULT_RING_PAGES		16u
#define KMCL_DEFAULT_INCOMING		128u
#define KMCL_DEFAULT_COMPLETION_RESERVE	256u

/**
 * enum kmcl_state - states of a client channel (KMCL 2.2)
 * @KMCL_DISABLED: at rest; the init functions work
 * @KMCL_ENABLED: armed, waits for a matching offer
 * @KMCL_OPENING: an offer was taken, the host is being asked to open it
 * @KMCL_PAUSED: open; packets go out, none is delivered
 * @KMCL_STARTING: the started callback runs
 * @KMCL_ACTIVE: open and delivering
 * @KMCL_SUSPENDING: the suspend callback runs, or outstanding packets are awaited
 * @KMCL_CLOSING: the channel is being closed; ends with the closed callback
 */
enum kmcl_state {
	KMCL_DISABLED,
	KMCL_ENABLED,
	KMCL_OPENING,
	KMCL_PAUSED,
	KMCL_STARTING,
	KMCL_ACTIVE,
	KMCL_SUSPENDING,
	KMCL_CLOSING,
};

/**
 * struct kmcl_state_callbacks - what a driver is told of its channel's life
 *
 * Each is optional. They run in thread context, one at a time, on the channel's
 * own workqueue. Enabling is allowed in @closed and takes effect when that has
 * returned. Start, pause, disable and cleanup are not allowed in any (-EDEADLK).
 *
 * @opened: the host has opened the channel. Packets sent here are queued until
 *	it has returned. A negative errno refuses: the channel is closed and
 *	disabled, and @closed is not called.
 * @started: the channel is open and not paused; nothing has been delivered yet.
 *	Must not wait for anything from the other end.
 * @post_started: delivery is on, so @process_packet may run at the same time.
 *	May wait for the other end.
 * @suspend: a running channel was paused, disabled, or closed by the host. No
 *	packet is being delivered, and none is until the next @started. The driver
 *	must see to it that every outstanding packet is completed.
 * @closed: the channel is closed. All its packets have had their completion
 *	routine. Nothing else is called until it is enabled again.
 * @open_failed: an offer was taken, but opening it failed with this errno. The
 *	channel keeps it and does nothing until the host takes it away; then it waits
 *	for another. To try the same one again, disable and enable.
 */
struct kmcl_state_callbacks {
	int (*opened)(struct kmcl_channel *channel);
	void (*started)(struct kmcl_channel *channel);
	void (*post_started)(struct kmcl_channel *channel);
	void (*suspend)(struct kmcl_channel *channel);
	void (*closed)(struct kmcl_channel *channel);
	void (*open_failed)(struct kmcl_channel *channel, int error);
};

/**
 * typedef kmcl_process_packet_t - a packet arrived
 * @channel: where
 * @handle: for kmcl_incoming_complete(), which the driver owes, now or later
 * @buffer: private copy of the payload, valid until the packet is completed
 * @length: of @buffer in bytes; the wire pads to a multiple of 8
 * @flags: none defined yet; ignore unknown bits
 *
 * Context: softirq, or a worker with bottom halves disabled; must not sleep.
 * Thread after kmcl_channel_set_thread_context(). Never concurrently with
 * itself or with kmcl_processing_complete_t on one channel. No lock is held.
 */
typedef void (*kmcl_process_packet_t)(struct kmcl_channel *channel, kmcl_handle_t handle,
				      const void *buffer, u32 length, u32 flags);

/**
 * typedef kmcl_processing_complete_t - a batch of deliveries has ended
 * @channel: where
 * @packets: delivered in this batch, at least 1
 *
 * Context: as kmcl_process_packet_t.
 */
typedef void (*kmcl_processing_complete_t)(struct kmcl_channel *channel, u32 packets);

/**
 * typedef kmcl_completion_t - a sent packet is done
 * @packet: the driver's again: it may be freed or sent from inside the routine
 * @status: 0: placed in the ring, or answered if an answer was asked for.
 *	-ENODEV: the channel was closed first; the host may or may not have seen
 *	the packet. -EMSGSIZE, -EBADMSG: answered, but the answer was longer than
 *	the channel's packet size, or malformed.
 * @buffer: payload of the answer, or NULL; valid during the call only
 * @length: of @buffer in bytes; the wire pads to a multiple of 8
 *
 * Context: any; must not sleep. Bottom halves or interrupts are disabled. May
 * run before the send has returned. No lock of kmcl is held.
 */
typedef void (*kmcl_completion_t)(struct kmcl_packet *packet, int status,
				  const void *buffer, u32 length);

/* kmcl_packet_send*(): ask the host for an answer; the packet is done when that arrives. */
#define KMCL_SEND_COMPLETION	0x1u
#define KMCL_SEND_FLAGS		0x1u

/*
 * Errors are negative errnos; kmcl_channel_alloc() gives them as ERR_PTR(), and
 * kmcl_packet_alloc() gives NULL. The contract of each function stands above it in
 * drivers/kmcl.
 */

/* Channels: channel.c; those that set what is used at the next enable: config.c */
struct kmcl_channel *kmcl_channel_alloc(void);
int kmcl_channel_cleanup(struct kmcl_channel *channel);
int kmcl_channel_set_name(struct kmcl_channel *channel, const char *name);
int kmcl_channel_set_target(struct kmcl_channel *channel, const guid_t *type,
			    const guid_t *instance);
int kmcl_channel_set_max_packet_size(struct kmcl_channel *channel, u32 bytes);
int kmcl_channel_set_max_external_data(struct kmcl_channel *channel, u32 bytes, u32 ranges);
int kmcl_channel_set_ring_pages(struct kmcl_channel *channel, u32 incoming, u32 outgoing);
int kmcl_channel_set_incoming(struct kmcl_channel *channel, u32 packets, u32 reserve);
int kmcl_channel_set_thread_context(struct kmcl_channel *channel, bool thread);
int kmcl_channel_set_packet_callbacks(struct kmcl_channel *channel,
				      kmcl_process_packet_t process_packet,
				      kmcl_processing_complete_t processing_complete);
int kmcl_channel_set_state_callbacks(struct kmcl_channel *channel,
				     const struct kmcl_state_callbacks *callbacks);
void kmcl_channel_set_pointer(struct kmcl_channel *channel, void *pointer);
void *kmcl_channel_get_pointer(const struct kmcl_channel *channel);
const char *kmcl_channel_get_name(const struct kmcl_channel *channel);
int kmcl_channel_get_instance(struct kmcl_channel *channel, guid_t *instance);
enum kmcl_state kmcl_channel_get_state(const struct kmcl_channel *channel);

/* Life cycle: control.c */
int kmcl_channel_enable(struct kmcl_channel *channel);
int kmcl_channel_disable(struct kmcl_channel *channel);
int kmcl_channel_start(struct kmcl_channel *channel);
int kmcl_channel_pause(struct kmcl_channel *channel);

/* Packet objects: packet.c */
struct kmcl_packet *kmcl_packet_alloc(struct kmcl_channel *channel, gfp_t gfp);
void kmcl_packet_free(struct kmcl_packet *packet);
void kmcl_packet_set_completion(struct kmcl_packet *packet, kmcl_completion_t routine);
void kmcl_packet_set_pointer(struct kmcl_packet *packet, void *pointer);
void *kmcl_packet_get_pointer(const struct kmcl_packet *packet);
struct kmcl_channel *kmcl_packet_get_channel(const struct kmcl_packet *packet);

/* Sending: tx.c, extdata.c */
int kmcl_packet_send(struct kmcl_packet *packet, const void *buffer, u32 length, u32 flags);
int kmcl_packet_send_sg(struct kmcl_packet *packet, const void *buffer, u32 length,
			struct scatterlist *sgl, unsigned int nents,
			enum dma_data_direction direction, u32 flags);

/* Receiving: incoming.c */
int kmcl_incoming_complete(struct kmcl_channel *channel, kmcl_handle_t handle,
			   const void *buffer, u32 size);

#endif /* _KMCL_KMCL_H */
