/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving and restoring, as the rest of the library sees it.
 */
#ifndef _KMCL_SAVE_H
#define _KMCL_SAVE_H

#include "packet.h"

/**
 * struct kmcl_save - a save that is under way
 *
 * Birth: kmcl_channel_save_begin(). Users: kmcl_channel_save_continue(). Death:
 * kmcl_channel_save_end(), or a disable. All under kmcl_channel.mutex; what it points to stays,
 * because kmcl_channel.saving keeps the channel where it is, and nothing is sent.
 *
 * @connection: the transport's name for it; 0: the channel is not open
 * @generation: of the table of transactions
 * @next: index of the next chunk
 * @packets, @answers: chunks of each
 * @count: of @items
 * @items: what was under way, in the order in which it was sent
 */
struct kmcl_save {
	u64 connection;
	u32 generation;
	u32 next;
	u32 packets;
	u32 answers;
	u32 count;
	struct kmcl_tx_item *items[];
};

/* save.c */
void kmcl_save_forget(struct kmcl_channel *ch);

/* restore.c */
void kmcl_restore_forget(struct kmcl_channel *ch);
void kmcl_restore_undo(struct kmcl_packet *pkt);

#endif /* _KMCL_SAVE_H */
