// SPDX-License-Identifier: GPL-2.0-only
/*
 * External data of packets that are sent: chains of MDLs, walked piece by piece while kmcl
 * maps them.
 */
#include "wdk.h"

#define DIRECTIONS									\
	(VMBUS_CHANNEL_FORMAT_FLAG_DATA_IN_ONLY | VMBUS_CHANNEL_FORMAT_FLAG_DATA_OUT_ONLY)

/* External data need an answer, and have one direction or both. */
bool wdk_external_flags_valid(u32 flags, u32 allowed)
{
	return !(flags & ~allowed) && (flags & DIRECTIONS) != DIRECTIONS &&
	       (flags & VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
}

enum dma_data_direction wdk_external_direction(u32 flags)
{
	if (flags & VMBUS_CHANNEL_FORMAT_FLAG_DATA_OUT_ONLY)
		return DMA_TO_DEVICE;
	if (flags & VMBUS_CHANNEL_FORMAT_FLAG_DATA_IN_ONLY)
		return DMA_FROM_DEVICE;
	return DMA_BIDIRECTIONAL;
}

/* Where a walk along a chain of MDLs is; kept in the two words of kmcl_external_data.piece(). */
struct mdl_walk {
	const MDL *mdl;
	u32 at;		/* bytes into it */
	u32 given;	/* bytes of the data so far */
};

static_assert(sizeof(struct mdl_walk) == 2 * sizeof(unsigned long));

/* Past the MDLs that lie before the first byte, and those that are empty. */
static void mdl_walk_settle(struct mdl_walk *walk, bool forced)
{
	while (!forced && walk->mdl && walk->at >= walk->mdl->ByteCount) {
		walk->at -= walk->mdl->ByteCount;
		walk->mdl = walk->mdl->Next;
	}
}

/* The next piece: to the end of the page, of the MDL, or of the data. */
static bool mdl_piece(const struct kmcl_external_data *data, u32 index, unsigned long cursor[2],
		      struct kmcl_piece *piece)
{
	bool forced = data->count;
	struct mdl_walk walk;
	const PFN_NUMBER *pfns;
	u32 place, left;

	memcpy(&walk, cursor, sizeof(walk));
	if (!index)
		walk = (struct mdl_walk){ .mdl = data->context, .at = data->offset };
	mdl_walk_settle(&walk, forced);
	left = data->bytes - walk.given;
	if (!walk.mdl || !left)
		return false;
	pfns = MmGetMdlPfnArray(walk.mdl);
	place = walk.mdl->ByteOffset + walk.at;
	piece->page = pfn_to_page(pfns[place >> PAGE_SHIFT]);
	piece->offset = offset_in_page(place);
	piece->length = min_t(u32, left, PAGE_SIZE - piece->offset);
	if (!forced)
		piece->length = min(piece->length, walk.mdl->ByteCount - walk.at);
	walk.at += piece->length;
	walk.given += piece->length;
	memcpy(cursor, &walk, sizeof(walk));
	return true;
}

/* @forced: one MDL, and up to the end of its last page. */
struct kmcl_external_data wdk_external_chain(const MDL *mdl, u32 offset, u32 bytes, bool forced,
					     u32 flags)
{
	return (struct kmcl_external_data){
		.form = KMCL_EXTERNAL_PIECES, .direction = wdk_external_direction(flags), .count = forced,
		.offset = offset, .bytes = bytes, .context = mdl, .piece = mdl_piece,
	};
}

/* An -EOPNOTSUPP: a server sends none at all, a client not everything. */
NTSTATUS wdk_external_refused(const struct wdk_channel *ch, const void *data)
{
	return data && ch->server ? STATUS_INVALID_DEVICE_REQUEST : STATUS_NOT_SUPPORTED;
}

/* Every MDL of a chain is built, and together they have bytes that kmcl can count. */
bool wdk_external_chain_valid(const MDL *mdl)
{
	u64 bytes = wdk_mdl_chain_bytes(mdl);

	for (; mdl; mdl = mdl->Next) {
		if (!wdk_mdl_ready(mdl))
			return false;
	}
	return bytes && bytes <= U32_MAX;
}
