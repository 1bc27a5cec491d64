/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rooms of kmcl_wdk share. Here Linux's headers come first and Windows' after
 * them; no other file of this directory mixes them.
 */
#ifndef _DRIVERS_WDK_WDK_H
#define _DRIVERS_WDK_WDK_H

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include <kmcl/server.h>

#include <vmbuskernelmodeclientlibapi.h>
#include <wdf.h>

/* status.c */
NTSTATUS wdk_status(int error);
int wdk_errno(NTSTATUS status);

/*
 * A completion handle is kmcl's with the channel's index in the bits that kmcl leaves
 * free: never a pointer, so one that is late, used twice or made up names nothing.
 * The lower bits of an index are its place in the table of channels.
 */
#define WDK_CHANNELS	1024u

static_assert(KMCL_HANDLE_SPARE_MASK == 0xffff0000ull && KMCL_HANDLE_SPARE_SHIFT == 16);
static_assert(!(WDK_CHANNELS & (WDK_CHANNELS - 1)) && WDK_CHANNELS <= 0x10000);

#define WDK_CHANNEL_MAGIC	0x4c434d4bu

/**
 * struct wdk_channel - what is behind a VMBCHANNEL
 *
 * Birth: VmbChannelAllocate(). Users: the driver; kmcl's callbacks, which find it by
 * the native channel's pointer; whoever holds a completion handle, by the table.
 * Death: VmbChannelCleanup(), when native and table have let go of it.
 *
 * @native: kmcl's channel; set once
 * @server: it is one; set once
 * @spare: the index as completion handles carry it; set once
 * @magic: WDK_CHANNEL_MAGIC
 * @process_packet, @processing_complete: the driver's; set while disabled
 * @pointer: the driver's
 * @context_offset: where the driver's client context begins; set while disabled
 * @on, @pnp_failure: the driver's; set while disabled
 * @max_packet, @max_external, @max_ranges, @client_context, @contexts: for what an
 *	enable has to tell kmcl; bytes and numbers, set while disabled
 * @instance: of a server's offer; set while disabled
 * @save_packet, @restore_packet: of a server, the driver's; set while disabled
 * @views: of a server, GPADLs that the driver has mapped; under @views_lock
 * @rings_set: the driver has sized the rings
 * @named: it has a name
 * @changed: something was set since the last enable
 * @enabled: from the beginning of an enable that succeeds to that of EvtChannelClosed, or to
 *	where EvtChannelOpened refuses; of a server, to the end of a disable. kmcl's state
 *	follows later
 */
struct wdk_channel {
	struct kmcl_channel *native;
	bool server;
	u64 spare;
	u32 magic;
	PFN_VMB_CHANNEL_PROCESS_PACKET process_packet;
	PFN_VMB_CHANNEL_PROCESSING_COMPLETE processing_complete;
	PVOID pointer;
	u32 context_offset;

	VMB_CHANNEL_STATE_CHANGE_CALLBACKS on;
	PFN_VMB_CHANNEL_PNP_FAILURE pnp_failure;
	u32 max_packet;
	u32 max_external;
	u32 max_ranges;
	u32 client_context;
	u32 contexts;
	GUID instance;
	PFN_VMB_CHANNEL_SAVE_PACKET save_packet;
	PFN_VMB_CHANNEL_RESTORE_PACKET restore_packet;
	struct list_head views;
	struct mutex views_lock;
	bool rings_set;
	bool named;
	bool changed;
	bool enabled;
};

/* channel.c: from VmbChannelAllocate() to VmbChannelCleanup() */
extern struct wdk_channel __rcu *wdk_channels[WDK_CHANNELS];
extern const struct kmcl_state_callbacks wdk_state_callbacks;

/* NULL for a handle that is none. */
static inline struct wdk_channel *wdk_channel(VMBCHANNEL handle)
{
	struct wdk_channel *ch = (struct wdk_channel *)handle;

	return likely(ch && ch->magic == WDK_CHANNEL_MAGIC) ? ch : NULL;
}

/* Of functions that only a server's channel has. */
static inline NTSTATUS wdk_server_check(const struct wdk_channel *ch)
{
	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	return ch->server ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST;
}

static inline VMBCHANNEL wdk_channel_handle(struct wdk_channel *ch)
{
	return (VMBCHANNEL)ch;
}

/*
 * Around each look into the table of channels. The plain flavour: kmcl takes sleeping locks
 * inside on PREEMPT_RT, so preemption has to stay on.
 */
#define wdk_table_enter()		rcu_read_lock()
#define wdk_table_leave()		rcu_read_unlock()
#define wdk_table_dereference(p)	rcu_dereference(p)

/**
 * struct wdk_completion - a completion handle taken apart
 * @ch: whose packet it is
 * @handle: kmcl's
 */
struct wdk_completion {
	struct wdk_channel *ch;
	kmcl_handle_t handle;
};

/*
 * false if it is of no channel: free places of the table hold one that nothing fits. Between
 * wdk_table_enter() and wdk_table_leave().
 */
static inline bool wdk_completion(VMBPACKETCOMPLETION packet, struct wdk_completion *c)
{
	u64 bits = (u64)packet, spare = bits & KMCL_HANDLE_SPARE_MASK;
	u32 place = (u32)bits >> KMCL_HANDLE_SPARE_SHIFT;

	c->ch = wdk_table_dereference(wdk_channels[place % WDK_CHANNELS]);
	c->handle = bits ^ spare;
	return likely(c->ch->spare == spare);
}

/**
 * struct wdk_packet - ours in a packet object: kmcl_packet_layer()
 * @routine: the driver's; NULL: kmcl's default, or none
 * @channel: whose packet it is
 */
struct wdk_packet {
	PFN_VMB_PACKET_COMPLETION_ROUTINE routine;
	struct wdk_channel *channel;
};

static_assert(sizeof(struct wdk_packet) <= KMCL_PACKET_LAYER_SIZE);

static inline struct kmcl_packet *wdk_packet_native(VMBPACKET packet)
{
	return (struct kmcl_packet *)packet;
}

/* Memory as the present level allows. */
static inline gfp_t wdk_gfp(void)
{
	return KeGetCurrentIrql() < DISPATCH_LEVEL ? GFP_KERNEL : GFP_ATOMIC;
}

/* config.c */
NTSTATUS wdk_init_status(struct wdk_channel *ch, int err, NTSTATUS other);
int wdk_config_apply(struct wdk_channel *ch);

/* view.c */
void wdk_views_end(struct wdk_channel *ch);

/* external.c; flags of every send but that of a part of a chain */
#define WDK_SEND_FLAGS									\
	(VMBUS_CHANNEL_FORMAT_FLAGS & ~VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH)

bool wdk_external_flags_valid(u32 flags, u32 allowed);
bool wdk_external_chain_valid(const MDL *mdl);
NTSTATUS wdk_external_refused(const struct wdk_channel *ch, const void *data);
enum dma_data_direction wdk_external_direction(u32 flags);
struct kmcl_external_data wdk_external_chain(const MDL *mdl, u32 offset, u32 bytes, bool forced,
					     u32 flags);

/* receive.c */
void wdk_process_packet(struct kmcl_channel *native, kmcl_handle_t handle, const void *buffer,
			u32 length, u32 flags);
void wdk_processing_complete(struct kmcl_channel *native, u32 packets);
void wdk_external_release(struct kmcl_channel *native, void *context);
u32 wdk_received_size(u32 bytes, u32 ranges);

/* mdl.c */
#define WDK_MDL_VMAP		0x1000	/* the mapping was made for this MDL */
#define WDK_MDL_PINNED		0x2000	/* user pages, with a pin on each */
#define WDK_MDL_RECEIVED	0x4000	/* external data, kmcl's */

bool wdk_mdl_ready(const MDL *mdl);
u64 wdk_mdl_chain_bytes(const MDL *mdl);

/* pool.c */
void *wdk_pool_alloc(size_t bytes, gfp_t gfp);
void wdk_pool_free(const void *memory);

/* interface.c */
NTSTATUS wdk_query_interface(LPCGUID type, PINTERFACE interface, USHORT size, USHORT version);

/* string.c */
void wdk_utf16_to_ascii(PCUNICODE_STRING from, char *to, size_t size);

#endif /* _DRIVERS_WDK_WDK_H */
