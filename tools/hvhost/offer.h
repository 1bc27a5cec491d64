/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The offer message.
 */
#ifndef HVHOST_OFFER_H
#define HVHOST_OFFER_H

#include "proto.h"

struct channel;

void offer_fill(const struct channel *ch, struct msg_offer *m);
void offer_send(const struct channel *ch);

#endif
