// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs: memory that the host may use until it is told to let go. hv_vmbus describes whole
 * pages, and nothing is rounded outwards: that would share a stranger's data.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "wdk.h"

static_assert(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY == KMCL_GPADL_READ_ONLY);

/* @memory, @bytes: the statuses for the arguments that say which memory, and how much. */
static NTSTATUS gpadl_status(int err, NTSTATUS memory, NTSTATUS bytes)
{
	switch (err) {
	case -EINVAL:
		return memory;
	case -E2BIG:
		return bytes;
	default:
		return wdk_status(err);
	}
}

static NTSTATUS gpadl_check(struct wdk_channel *ch, u32 flags, const void *memory)
{
	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (ch->server)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (flags & ~VMBUS_CHANNEL_GPADL_FLAGS)
		return STATUS_INVALID_PARAMETER_2;
	return memory ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_3;
}

/**
 * VmbChannelCreateGpadlFromBuffer() - share memory with the host
 * @Channel: between the begin of EvtChannelOpened and the end of EvtChannelClosed
 * @Flags: 0 or VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, which says that the host has no need to
 *	write and protects nothing
 * @Buffer: whole pages of pool memory, of a page or more
 * @ByteCount: of @Buffer, a multiple of the page size
 * @GpadlHandle: out: the host knows it by that
 *
 * Returns when the host has confirmed that it has the description.
 *
 * Context: PASSIVE_LEVEL; EvtChannelOpened and EvtChannelPostStarted too.
 * Ownership: the memory stays the caller's, and stays until VmbChannelDeleteGpadl() has
 * returned.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel;
 * STATUS_INVALID_PARAMETER_2 for an unknown flag; STATUS_INVALID_PARAMETER_3 for memory that
 * is NULL or not pool memory; STATUS_INVALID_PARAMETER_4 for 0 bytes or more than 32 MiB
 * less 8 KiB; STATUS_INVALID_PARAMETER_5 without @GpadlHandle; STATUS_NOT_SUPPORTED for what
 * is not whole pages; STATUS_INVALID_DEVICE_REQUEST for a server;
 * STATUS_DEVICE_NOT_CONNECTED if the channel is not open;
 * STATUS_QUOTA_EXCEEDED if the host refuses; STATUS_DEVICE_REMOVED if the host has taken
 * the channel back; STATUS_INSUFFICIENT_RESOURCES; STATUS_UNSUCCESSFUL if it failed and the
 * host may use the memory all the same: then it must not be freed.
 */
NTSTATUS VmbChannelCreateGpadlFromBuffer(VMBCHANNEL Channel, UINT32 Flags, PVOID Buffer,
					 UINT32 ByteCount, PUINT32 GpadlHandle)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	NTSTATUS status = gpadl_check(ch, Flags, Buffer);

	if (status != STATUS_SUCCESS)
		return status;
	if (!ByteCount)
		return STATUS_INVALID_PARAMETER_4;
	if (!GpadlHandle)
		return STATUS_INVALID_PARAMETER_5;
	return gpadl_status(kmcl_gpadl_create(ch->native, Buffer, ByteCount, Flags, GpadlHandle),
			    STATUS_INVALID_PARAMETER_3, STATUS_INVALID_PARAMETER_4);
}
EXPORT_SYMBOL_GPL(VmbChannelCreateGpadlFromBuffer);

/* Each begins and ends at a page boundary, but for the first begin and the last end. */
static bool chain_joins(const MDL *mdl)
{
	for (; mdl->Next; mdl = mdl->Next) {
		if (mdl->Next->ByteOffset || offset_in_page(mdl->ByteOffset + mdl->ByteCount))
			return false;
	}
	return true;
}

static u32 mdl_pages(const MDL *mdl)
{
	return ADDRESS_AND_SIZE_TO_SPAN_PAGES((ULONG_PTR)mdl->ByteOffset, mdl->ByteCount);
}

static u32 chain_pages(const MDL *mdl)
{
	u32 pages = 0;

	for (; mdl; mdl = mdl->Next)
		pages += mdl_pages(mdl);
	return pages;
}

static void chain_list(const MDL *mdl, struct page **pages)
{
	u32 i;

	for (; mdl; mdl = mdl->Next) {
		for (i = 0; i < mdl_pages(mdl); i++)
			*pages++ = pfn_to_page(MmGetMdlPfnArray(mdl)[i]);
	}
}

static int chain_share(struct wdk_channel *ch, const MDL *mdl, u32 offset, u32 bytes, u32 flags,
		       u32 *gpadl)
{
	struct page **pages = kvmalloc_array(chain_pages(mdl), sizeof(*pages), GFP_KERNEL);
	int err;

	if (!pages)
		return -ENOMEM;
	chain_list(mdl, pages);
	err = kmcl_gpadl_create_pages(ch->native, pages, mdl->ByteOffset + offset, bytes, flags,
				      gpadl);
	kvfree(pages);
	return err;
}

/**
 * VmbChannelCreateGpadlFromMdl() - share the memory of a chain of MDLs with the host
 * @Channel: as in VmbChannelCreateGpadlFromBuffer()
 * @Flags: likewise
 * @Mdl: built and locked; MDLs behind the first join at page boundaries
 * @StartOffsetWithinMdl: first byte of the chain's data to share, on a page boundary
 * @DataLengthWithinMdl: bytes to share, whole pages; 0: all from there on
 * @GpadlHandle: out: the host knows it by that
 *
 * Context, Ownership: as VmbChannelCreateGpadlFromBuffer(). The MDLs are the caller's again on
 * return; the pages stay locked.
 * Return: as VmbChannelCreateGpadlFromBuffer(), and STATUS_INVALID_PARAMETER_3 for MDLs that are
 * not built, STATUS_INVALID_PARAMETER_4 for an offset, STATUS_INVALID_PARAMETER_5 for a
 * length outside the chain, STATUS_INVALID_PARAMETER_6 without @GpadlHandle.
 */
NTSTATUS VmbChannelCreateGpadlFromMdl(VMBCHANNEL Channel, UINT32 Flags, PMDL Mdl,
				      UINT32 StartOffsetWithinMdl, UINT32 DataLengthWithinMdl,
				      PUINT32 GpadlHandle)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	NTSTATUS status = gpadl_check(ch, Flags, Mdl);
	u64 bytes;

	if (status != STATUS_SUCCESS)
		return status;
	if (!wdk_external_chain_valid(Mdl))
		return STATUS_INVALID_PARAMETER_3;
	bytes = wdk_mdl_chain_bytes(Mdl);
	if (StartOffsetWithinMdl >= bytes)
		return STATUS_INVALID_PARAMETER_4;
	bytes -= StartOffsetWithinMdl;
	if (DataLengthWithinMdl > bytes)
		return STATUS_INVALID_PARAMETER_5;
	if (!GpadlHandle)
		return STATUS_INVALID_PARAMETER_6;
	if (!chain_joins(Mdl))
		return STATUS_NOT_SUPPORTED;
	if (DataLengthWithinMdl)
		bytes = DataLengthWithinMdl;
	return gpadl_status(chain_share(ch, Mdl, StartOffsetWithinMdl, bytes, Flags, GpadlHandle),
			    STATUS_INVALID_PARAMETER_3, STATUS_INVALID_PARAMETER_5);
}
EXPORT_SYMBOL_GPL(VmbChannelCreateGpadlFromMdl);

/**
 * VmbChannelDeleteGpadl() - end the sharing
 * @Channel: where it was created
 * @GpadlHandle: the GPADL
 *
 * Waits until every received packet whose external data lie in it was completed, and until
 * the host confirms, which it does when it has unmapped it. That the host takes the channel
 * back counts as that. A driver deletes all in EvtChannelClosed at the latest.
 *
 * There is no status; the log says what has failed, with kmcl's errno. -EIO: the host has not
 * confirmed. -EBUSY: a packet that was deferred lies in the memory, and nothing is delivered
 * (suspended, paused, failed), so that only a start or a close ends it. -EDEADLK: in a receive
 * callback at PASSIVE_LEVEL. -ENOENT: there is no such GPADL.
 *
 * Context: PASSIVE_LEVEL; not in the receive callbacks.
 * Ownership: the memory is the caller's alone, unless the log tells of an error. After -EIO the
 * GPADL is gone, but the host may go on using the memory for ever: it must not be freed.
 * If it is freed all the same, pool memory of a page or more goes to nobody else, since the
 * library keeps its pages; less than a page does. After -EBUSY and -EDEADLK the GPADL is
 * alive, and the memory shared: it is to be deleted again.
 */
VOID VmbChannelDeleteGpadl(VMBCHANNEL Channel, UINT32 GpadlHandle)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (WARN_ON_ONCE(!ch))
		return;
	err = kmcl_gpadl_delete(ch->native, GpadlHandle);
	if (err)
		pr_err("%s: GPADL %#x was not deleted (%d)\n", kmcl_channel_get_name(ch->native),
		       GpadlHandle, err);
}
EXPORT_SYMBOL_GPL(VmbChannelDeleteGpadl);
