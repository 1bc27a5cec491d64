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

#include <linux/compiler.h>
#include <linux/dma-direction.h>
#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/uuid.h>

struct bio_vec;
struct kmcl_channel;
struct kmcl_packet;
struct page;
struct scatterlist;

/*
 * A received packet that has not been completed yet: slot and generation, never
 * an address. 0 is never a handle. Bits 16 to 31 are always 0: a layer above may
 * keep something of its own there, and must clear it before it hands one back.
 */
typedef u64 kmcl_handle_t;

#define KMCL_HANDLE_SPARE_SHIFT	16
#define KMCL_HANDLE_SPARE_MASK	(0xffffull << KMCL_HANDLE_SPARE_SHIFT)

/* Limits. Bytes where nothing else is said. */
#define KMCL_NAME_MAX			31u	/* characters of a channel's name */
#define KMCL_PACKET_SIZE_MAX		524200u	/* payload; len8 of a descriptor has 16 bits */
#define KMCL_RING_PAGES_MAX		511u	/* data pages per direction */
#define KMCL_EXTERNAL_DATA_MAX		(8u << 20)	/* of one packet */
#define KMCL_INCOMING_MAX		4096u	/* packets outstanding at the driver */
#define KMCL_COMPLETION_RESERVE_MAX	65536u	/* completion payload */
#define KMCL_CLIENT_CONTEXT_MAX	65536u	/* the driver's, in each received packet */
#define KMCL_GPADL_MAX		(8190u << 12)	/* bytes of one; range_buflen is 16 bits wide */
#define KMCL_QUOTA_UNLIMITED	0xffffffffu	/* default: as many as there are contexts */

#define KMCL_OFFER_DATA_MAX	120u	/* of the server's, in an offer (hyperv.h: MAX_USER_DEFINED_BYTES) */

/* Defaults of a new channel. */
#define KMCL_DEFAULT_PACKET_SIZE	4096u
#define KMCL_DEFAULT_RING_PAGES		16u
#define KMCL_DEFAULT_INCOMING		128u
#define KMCL_DEFAULT_COMPLETION_RESERVE	256u

/**
 * enum kmcl_state - states of a channel (KMCL 2.2)
 * @KMCL_DISABLED: at rest; the init functions work
 * @KMCL_ENABLED: client: armed, waits for a matching offer; server: offered, not open
 * @KMCL_OPENING: client: an offer was taken, the host is being asked to open it; server: a
 *	client opens it
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
 * struct kmcl_offer - what an offer says
 * @type: interface type GUID: the protocol
 * @instance: instance GUID: which one of it
 * @flags: KMCL_OFFER_*, as they go over the wire
 * @mmio_megabytes: memory-mapped space that the device needs, in MiB
 * @mmio_optional: what it could use besides; hv_vmbus does not tell: 0
 * @data: the server's; zeros behind what it has set
 */
struct kmcl_offer {
	guid_t type;
	guid_t instance;
	u16 flags;
	u16 mmio_megabytes;
	u16 mmio_optional;
	u8 data[KMCL_OFFER_DATA_MAX];
};

/* kmcl_offer.flags (hyperv.h: VMBUS_CHANNEL_*) */
#define KMCL_OFFER_ENUMERATE_DEVICE_INTERFACE	0x1u
#define KMCL_OFFER_NAMED_PIPE			0x10u
#define KMCL_OFFER_LOOPBACK			0x100u
#define KMCL_OFFER_TLNPI_PROVIDER		0x2000u

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
 *	May wait for the other end, by kmcl_channel_request(), which ends when the
 *	channel dies. Nothing else does: packets end, and the channel closes, only
 *	when this has returned.
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
 * @flags: KMCL_RECEIVE_*; ignore unknown bits
 *
 * Context: softirq, or a worker with bottom halves disabled; must not sleep.
 * Thread after kmcl_channel_set_thread_context() or kmcl_incoming_defer(). Never
 * concurrently with itself or with kmcl_processing_complete_t on one channel. No
 * lock is held.
 */
typedef void (*kmcl_process_packet_t)(struct kmcl_channel *channel, kmcl_handle_t handle,
				      const void *buffer, u32 length, u32 flags);

/* kmcl_process_packet_t: external data comes with it, see kmcl_incoming_get_external() */
#define KMCL_RECEIVE_EXTERNAL	0x1u
#define KMCL_RECEIVE_DEFERRED	0x2u	/* delivered again after kmcl_incoming_defer() */

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

/**
 * typedef kmcl_external_release_t - external data of a received packet go
 * @channel: where
 * @context: the packet's client context (kmcl_channel_set_client_context_size())
 *
 * Called for each delivery whose external data the driver has asked for, once,
 * when it completes, fails or defers the packet: before a completion is sent, so
 * that nothing that was made of the data is left when the host reads it.
 *
 * Context: that of the ending call; must not sleep.
 */
typedef void (*kmcl_external_release_t)(struct kmcl_channel *channel, void *context);

/* kmcl_packet_layer(): bytes for the layer above, in each packet object, 8-byte aligned. */
#define KMCL_PACKET_LAYER_SIZE	16u

/**
 * struct kmcl_channel_head - what a channel object begins with
 * @pointer: written by kmcl_channel_set_pointer()
 *
 * Here for the inline functions below alone; the rest of the object is kmcl's.
 */
struct kmcl_channel_head {
	void *pointer;
};

/**
 * struct kmcl_packet_head - what a packet object begins with
 * @pointer: written by kmcl_packet_set_pointer()
 * @layer: written by the layer above
 *
 * As struct kmcl_channel_head.
 */
struct kmcl_packet_head {
	void *pointer;
	u64 layer[KMCL_PACKET_LAYER_SIZE / sizeof(u64)];
};

/* kmcl_packet_send*(): ask the host for an answer; the packet is done when that arrives. */
#define KMCL_SEND_COMPLETION	0x1u
#define KMCL_SEND_FLAGS		0x1u

/**
 * enum kmcl_external_form - how a driver describes external data
 * @KMCL_EXTERNAL_SG: @sgl, @count entries; mapped in place, so list and pages
 *	stay untouched until the packet is done. In the other forms the description
 *	is copied, only the pages have to stay
 * @KMCL_EXTERNAL_BVEC: @bvec, @count entries, each any part of any pages
 * @KMCL_EXTERNAL_PAGES: @pages; @bytes from @offset on. Holds (@offset + @bytes
 *	+ PAGE_SIZE - 1) / PAGE_SIZE pages
 * @KMCL_EXTERNAL_PFNS: @pfns, @count page frame numbers of this machine, whole pages
 * @KMCL_EXTERNAL_BUFFER: @buffer, @bytes of kmalloc() or vmalloc() memory; not the stack
 * @KMCL_EXTERNAL_PIECES: @piece tells, piece by piece
 */
enum kmcl_external_form {
	KMCL_EXTERNAL_SG,
	KMCL_EXTERNAL_BVEC,
	KMCL_EXTERNAL_PAGES,
	KMCL_EXTERNAL_PFNS,
	KMCL_EXTERNAL_BUFFER,
	KMCL_EXTERNAL_PIECES,
};

/**
 * struct kmcl_piece - bytes that follow each other within one page
 * @page: which
 * @offset: of the first byte in it
 * @length: at least 1, at most to the end of the page
 */
struct kmcl_piece {
	struct page *page;
	u32 offset;
	u32 length;
};

/**
 * struct kmcl_external_data - external data of a packet that is sent
 * @form: which of the following are used
 * @direction: DMA_TO_DEVICE if the host only reads, DMA_FROM_DEVICE if it only
 *	writes, or DMA_BIDIRECTIONAL
 * @count: entries of @sgl, @bvec or @pfns; @piece: for its own use
 * @offset: of the first byte in the first page (pages); @piece: for its own use
 * @bytes: of data (pages, buffer); @piece: for its own use
 * @sgl, @bvec, @pages, @pfns, @buffer: by @form
 * @context: @piece: for its own use
 * @piece: piece number @index, asked for in order from 0; false: there are no
 *	more. May keep its place in @cursor, two words, zero at first. Context: that
 *	of the send; must not sleep
 *
 * Written by the driver; read during the call only. Make one with the functions
 * below.
 */
struct kmcl_external_data {
	enum kmcl_external_form form;
	enum dma_data_direction direction;
	u32 count;
	u32 offset;
	size_t bytes;
	union {
		struct scatterlist *sgl;
		const struct bio_vec *bvec;
		struct page *const *pages;
		const unsigned long *pfns;
		void *buffer;
		const void *context;
	};
	bool (*piece)(const struct kmcl_external_data *data, u32 index, unsigned long cursor[2],
		      struct kmcl_piece *piece);
};

static inline struct kmcl_external_data
kmcl_external_sg(struct scatterlist *sgl, u32 nents, enum dma_data_direction direction)
{
	return (struct kmcl_external_data){
		.form = KMCL_EXTERNAL_SG, .direction = direction, .count = nents, .sgl = sgl,
	};
}

static inline struct kmcl_external_data
kmcl_external_bvec(const struct bio_vec *bvec, u32 count, enum dma_data_direction direction)
{
	return (struct kmcl_external_data){
		.form = KMCL_EXTERNAL_BVEC, .direction = direction, .count = count, .bvec = bvec,
	};
}

static inline struct kmcl_external_data
kmcl_external_pages(struct page *const *pages, u32 offset, size_t bytes,
		    enum dma_data_direction direction)
{
	return (struct kmcl_external_data){
		.form = KMCL_EXTERNAL_PAGES, .direction = direction, .offset = offset,
		.bytes = bytes, .pages = pages,
	};
}

static inline struct kmcl_external_data
kmcl_external_pfns(const unsigned long *pfns, u32 count, enum dma_data_direction direction)
{
	return (struct kmcl_external_data){
		.form = KMCL_EXTERNAL_PFNS, .direction = direction, .count = count, .pfns = pfns,
	};
}

static inline struct kmcl_external_data
kmcl_external_buffer(void *buffer, size_t bytes, enum dma_data_direction direction)
{
	return (struct kmcl_external_data){
		.form = KMCL_EXTERNAL_BUFFER, .direction = direction, .bytes = bytes,
		.buffer = buffer,
	};
}

/* kmcl_request: no limit of time */
#define KMCL_WAIT_FOREVER	KTIME_MAX

/**
 * struct kmcl_request - a synchronous request: see kmcl_channel_request()
 * @buffer: payload; may be NULL when @length is 0
 * @length: of @buffer in bytes
 * @flags: 0 or KMCL_SEND_COMPLETION
 * @external: external data, or NULL
 * @answer: where the payload of the answer goes, or NULL
 * @answer_size: of @answer in bytes
 * @absolute: @timeout is a point of CLOCK_REALTIME; else it counts from now
 * @timeout: KMCL_WAIT_FOREVER; 0: send only if it fits into the ring now; else
 *	how long, or until when, to wait
 * @answer_length: out, with 0 and -ENOBUFS: bytes put into @answer
 *
 * The driver's; kmcl writes @answer_length and, during the call only, @answer.
 */
struct kmcl_request {
	const void *buffer;
	u32 length;
	u32 flags;
	const struct kmcl_external_data *external;
	void *answer;
	u32 answer_size;
	bool absolute;
	ktime_t timeout;
	u32 answer_length;
};

/**
 * struct kmcl_range - one range of a received packet's external data
 * @pages: the page of its first byte and those that follow
 * @offset: of the first byte in the first page
 * @length: in bytes, at least 1
 */
struct kmcl_range {
	struct page *const *pages;
	u32 offset;
	u32 length;
};

/**
 * struct kmcl_received_data - external data of a received packet
 * @length: of all ranges together, in bytes
 * @count: of ranges
 * @ranges: in the order in which the host gave them
 *
 * kmcl's; it may be read until the packet is completed.
 */
struct kmcl_received_data {
	u32 length;
	u32 count;
	struct kmcl_range *ranges;
};

/* kmcl_incoming_get_external() */
#define KMCL_EXTERNAL_READ_ONLY	0x1u	/* the driver only reads the data */
#define KMCL_EXTERNAL_MAP	0x2u	/* every range shall have an address */
#define KMCL_EXTERNAL_FLAGS	0x3u

/*
 * kmcl_gpadl_create*(). A host that does not confirm the end of a GPADL keeps it: then
 * kmcl_gpadl_delete() gives -EIO and the pages stay shared for ever. They must not be freed.
 */
#define KMCL_GPADL_READ_ONLY	0x1u	/* says that the host only reads; protects nothing */
#define KMCL_GPADL_FLAGS	0x1u

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
int kmcl_channel_set_client_context_size(struct kmcl_channel *channel, u32 bytes);
int kmcl_channel_set_pipe(struct kmcl_channel *channel, bool pipe);
int kmcl_channel_set_external_release(struct kmcl_channel *channel,
				      kmcl_external_release_t release);
int kmcl_channel_set_thread_context(struct kmcl_channel *channel, bool thread);
int kmcl_channel_set_packet_callbacks(struct kmcl_channel *channel,
				      kmcl_process_packet_t process_packet,
				      kmcl_processing_complete_t processing_complete);
int kmcl_channel_set_state_callbacks(struct kmcl_channel *channel,
				     const struct kmcl_state_callbacks *callbacks);
void kmcl_channel_set_pointer(struct kmcl_channel *channel, void *pointer);
/**
 * kmcl_channel_get_pointer() - what kmcl_channel_set_pointer() was given
 * @channel: any state
 *
 * Context: any.
 * Return: the pointer; NULL before the first set, or for a NULL channel.
 */
static inline void *kmcl_channel_get_pointer(const struct kmcl_channel *channel)
{
	return channel ? READ_ONCE(((const struct kmcl_channel_head *)channel)->pointer) : NULL;
}

const char *kmcl_channel_get_name(const struct kmcl_channel *channel);
int kmcl_channel_get_instance(struct kmcl_channel *channel, guid_t *instance);
int kmcl_channel_get_offer(struct kmcl_channel *channel, struct kmcl_offer *offer);
enum kmcl_state kmcl_channel_get_state(const struct kmcl_channel *channel);
int kmcl_channel_get_mmio(struct kmcl_channel *channel, u64 *address, u64 *bytes);
int kmcl_channel_set_interrupt_latency(struct kmcl_channel *channel, u16 latency,
				       u16 *original);

/* Life cycle: control.c */
int kmcl_channel_enable(struct kmcl_channel *channel);
int kmcl_channel_disable(struct kmcl_channel *channel);
int kmcl_channel_start(struct kmcl_channel *channel);
int kmcl_channel_pause(struct kmcl_channel *channel);

/* Packet objects: packet.c */
struct kmcl_packet *kmcl_packet_alloc(struct kmcl_channel *channel, gfp_t gfp);
void kmcl_packet_free(struct kmcl_packet *packet);
u32 kmcl_packet_size(struct kmcl_channel *channel);
int kmcl_packet_init(struct kmcl_channel *channel, void *memory, u32 bytes, gfp_t gfp,
		     struct kmcl_packet **packet);
void kmcl_packet_set_completion(struct kmcl_packet *packet, kmcl_completion_t routine);
void kmcl_packet_set_pointer(struct kmcl_packet *packet, void *pointer);
struct kmcl_channel *kmcl_packet_get_channel(const struct kmcl_packet *packet);
/**
 * kmcl_packet_get_pointer() - what kmcl_packet_set_pointer() was given
 * @packet: any packet object
 *
 * Context: any.
 * Return: the pointer; NULL before the first set, or for a NULL packet.
 */
static inline void *kmcl_packet_get_pointer(const struct kmcl_packet *packet)
{
	return packet ? ((const struct kmcl_packet_head *)packet)->pointer : NULL;
}

/**
 * kmcl_packet_layer() - room for a layer between kmcl and the driver
 * @packet: any packet object
 *
 * KMCL_PACKET_LAYER_SIZE bytes that kmcl never looks at; zero when the object is
 * made or allocated, kept over sends.
 *
 * Context: any.
 * Return: the room.
 */
static inline void *kmcl_packet_layer(struct kmcl_packet *packet)
{
	return ((struct kmcl_packet_head *)packet)->layer;
}


/* Sending: tx.c; waiting for the answer: request.c */
int kmcl_packet_send(struct kmcl_packet *packet, const void *buffer, u32 length, u32 flags);
int kmcl_packet_send_external(struct kmcl_packet *packet, const void *buffer, u32 length,
			      const struct kmcl_external_data *data, u32 flags);
int kmcl_channel_request(struct kmcl_channel *channel, struct kmcl_request *request);

/* Receiving: incoming.c */
int kmcl_incoming_complete(struct kmcl_channel *channel, kmcl_handle_t handle,
			   const void *buffer, u32 size);
int kmcl_incoming_complete_rcu(struct kmcl_channel *channel, kmcl_handle_t handle,
			       const void *buffer, u32 size);
int kmcl_incoming_defer(struct kmcl_channel *channel, kmcl_handle_t handle);
int kmcl_incoming_fail(struct kmcl_channel *channel, kmcl_handle_t handle);
void *kmcl_incoming_get_context(struct kmcl_channel *channel, kmcl_handle_t handle);
int kmcl_incoming_get_external(struct kmcl_channel *channel, kmcl_handle_t handle, u32 flags,
			       const struct kmcl_received_data **data);
void *kmcl_incoming_map(struct kmcl_channel *channel, kmcl_handle_t handle, u32 range);
int kmcl_channel_set_quota(struct kmcl_channel *channel, u32 quota);

/* Memory shared with the host: gpadl.c */
int kmcl_gpadl_create(struct kmcl_channel *channel, void *buffer, u32 bytes, u32 flags,
		      u32 *gpadl);
int kmcl_gpadl_create_pages(struct kmcl_channel *channel, struct page *const *pages, u32 offset,
			    u32 bytes, u32 flags, u32 *gpadl);
int kmcl_gpadl_set_page_set(struct kmcl_channel *channel, u32 gpadl, u16 page_set);
int kmcl_gpadl_delete(struct kmcl_channel *channel, u32 number);

#endif /* _KMCL_KMCL_H */
