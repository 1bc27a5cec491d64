// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server's look into GPADLs of its client, as MDLs. kmcl takes back what is forgotten when the
 * channel closes; its MDL goes with it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "wdk.h"

/**
 * struct wdk_view - a GPADL in use
 * @node: in wdk_channel.views
 * @gpadl: its number
 * @mdl: the driver's; page numbers follow
 */
struct wdk_view {
	struct list_head node;
	u32 gpadl;
	MDL mdl;
};

static void view_fill(struct wdk_view *view, u32 flags, const struct kmcl_view *native)
{
	u32 i, pages = native->bytes / PAGE_SIZE;
	MDL *mdl = &view->mdl;

	MmInitializeMdl(mdl, NULL, native->bytes);
	mdl->MdlFlags = MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | WDK_MDL_RECEIVED;
	if (!(flags & VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY))
		mdl->MdlFlags |= MDL_WRITE_OPERATION;
	mdl->MappedSystemVa = native->address;
	for (i = 0; i < pages; i++)
		MmGetMdlPfnArray(mdl)[i] = page_to_pfn(native->pages[i]);
}

static MDL *view_add(struct wdk_channel *ch, u32 gpadl, u32 flags,
		     const struct kmcl_view *native)
{
	size_t pfns = native->bytes / PAGE_SIZE * sizeof(PFN_NUMBER);
	struct wdk_view *view = kvmalloc(sizeof(*view) + pfns, GFP_KERNEL);

	if (!view)
		return NULL;
	view->gpadl = gpadl;
	view_fill(view, flags, native);
	mutex_lock(&ch->views_lock);
	list_add(&view->node, &ch->views);
	mutex_unlock(&ch->views_lock);
	return &view->mdl;
}

/**
 * VmbChannelMapGpadl() - use memory that the client has shared
 * @Channel: a server's, between the begin of EvtChannelOpened and the end of EvtChannelClosed
 * @Flags: 0: to be written; VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY: to be read
 * @GpadlHandle: which; the client has told it in its own protocol
 * @Mdl: out: one MDL, whole pages, locked. MmGetSystemAddressForMdlSafe() gives their address,
 *	at any level
 *
 * The client cannot delete the GPADL before VmbChannelUnmapGpadl(). It can write to the memory at
 * any time: copy what is to be checked before it is used. A GPADL is mapped once at a time.
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the library's; valid until VmbChannelUnmapGpadl(). What is left when
 * EvtChannelClosed has returned is taken back, with a warning.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel;
 * STATUS_INVALID_PARAMETER_2 for an unknown flag; STATUS_INVALID_PARAMETER_4 without @Mdl;
 * STATUS_INVALID_DEVICE_REQUEST for a client; STATUS_DEVICE_NOT_CONNECTED if the channel is not
 * open; STATUS_NOT_FOUND if the client has no such GPADL; STATUS_DEVICE_BUSY if it is mapped;
 * STATUS_ACCESS_DENIED to write, if it was created read-only; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS VmbChannelMapGpadl(VMBCHANNEL Channel, UINT32 Flags, UINT32 GpadlHandle, PMDL *Mdl)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	struct kmcl_view native;
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (!ch->server)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (Flags & ~VMBUS_CHANNEL_GPADL_FLAGS)
		return STATUS_INVALID_PARAMETER_2;
	if (!Mdl)
		return STATUS_INVALID_PARAMETER_4;
	err = kmcl_gpadl_map(ch->native, GpadlHandle, Flags, &native);
	if (err)
		return wdk_status(err);
	*Mdl = view_add(ch, GpadlHandle, Flags, &native);
	if (*Mdl)
		return STATUS_SUCCESS;
	kmcl_gpadl_unmap(ch->native, GpadlHandle);
	return STATUS_INSUFFICIENT_RESOURCES;
}
EXPORT_SYMBOL_GPL(VmbChannelMapGpadl);

/* NULL if it is not mapped; else the caller's. */
static struct wdk_view *view_take(struct wdk_channel *ch, u32 gpadl)
{
	struct wdk_view *view, *found = NULL;

	mutex_lock(&ch->views_lock);
	list_for_each_entry(view, &ch->views, node) {
		if (view->gpadl == gpadl)
			found = view;
	}
	if (found)
		list_del(&found->node);
	mutex_unlock(&ch->views_lock);
	return found;
}

/**
 * VmbChannelUnmapGpadl() - the client's memory is used no more
 * @Channel: where it was mapped, up to the end of EvtChannelClosed
 * @GpadlHandle: the GPADL
 *
 * One that is not mapped does nothing, and the log says so.
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the MDL is no more, and its pages must not be touched: the client may free them.
 */
VOID VmbChannelUnmapGpadl(VMBCHANNEL Channel, UINT32 GpadlHandle)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	struct wdk_view *view;
	int err;

	if (WARN_ON_ONCE(!ch))
		return;
	view = view_take(ch, GpadlHandle);
	err = view ? kmcl_gpadl_unmap(ch->native, GpadlHandle) : -ENOENT;
	kvfree(view);
	if (err)
		pr_err("%s: GPADL %#x was not unmapped (%d)\n", kmcl_channel_get_name(ch->native),
		       GpadlHandle, err);
}
EXPORT_SYMBOL_GPL(VmbChannelUnmapGpadl);

/* EvtChannelClosed has returned, or the channel ends. */
void wdk_views_end(struct wdk_channel *ch)
{
	struct wdk_view *view, *next;

	mutex_lock(&ch->views_lock);
	list_for_each_entry_safe(view, next, &ch->views, node) {
		list_del(&view->node);
		kvfree(view);
	}
	mutex_unlock(&ch->views_lock);
}
