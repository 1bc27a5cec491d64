/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The outbound ring and the queue in front of it.
 */
#ifndef _KMCL_TX_H
#define _KMCL_TX_H

#include "packet.h"

void kmcl_tx_init(struct kmcl_channel *ch);
void kmcl_tx_attach(struct kmcl_channel *ch, struct kmcl_endpoint *ep);
void kmcl_tx_open(struct kmcl_channel *ch);
void kmcl_tx_close(struct kmcl_channel *ch);
void kmcl_tx_cancel(struct kmcl_channel *ch);
void kmcl_tx_refuse(struct kmcl_channel *ch, bool refuse);
void kmcl_tx_event(struct kmcl_channel *ch);
int kmcl_tx_try(struct kmcl_channel *ch, const void *payload, u32 length);
bool kmcl_tx_withdraw(struct kmcl_packet *pkt);
bool kmcl_tx_abandon(struct kmcl_packet *pkt);
void kmcl_tx_sync(struct kmcl_channel *ch);
const void *kmcl_pipe_message(struct kmcl_packet *pkt, const void *buffer, u32 length);
bool kmcl_tx_queue_empty(struct kmcl_channel *ch);
int kmcl_send_refused(struct kmcl_channel *ch, u32 length, int why);
int kmcl_send_check(struct kmcl_packet *pkt, const void *buffer, u32 length, u32 flags);
int kmcl_send(struct kmcl_packet *pkt, const void *buffer, u32 length, u32 flags, bool now);
int kmcl_send_external(struct kmcl_packet *pkt, const void *buffer, u32 length,
		       const struct kmcl_external_data *data, u32 flags, bool hold, bool now);
void kmcl_tx_freeze(struct kmcl_channel *ch);
u32 kmcl_tx_under_way(struct kmcl_channel *ch, struct kmcl_tx_item **items, u32 room);
void kmcl_tx_requeue(struct kmcl_channel *ch, struct kmcl_tx_item *item);
void kmcl_tx_answer(struct kmcl_channel *ch, struct kmcl_tx_item *item);

#endif /* _KMCL_TX_H */
