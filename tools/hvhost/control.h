/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection between the guest's bus driver and us: versions, who gets our
 * messages, and where messages from the guest go.
 */
#ifndef HVHOST_CONTROL_H
#define HVHOST_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto_error.h"

struct json;
struct vm;

struct vm *control_vm(void);
/* Agreed on; 0 without contact. */
uint32_t control_version(void);
/* The guest asked for offers: new ones are sent as they come. */
bool control_takes_offers(void);
/* Sends a message to the vp that the guest named; it starts with a msg_header. */
void control_post(const void *message, size_t len);
/* relid 0: the bus as a whole. Counted at the channel where there is one. */
void control_error(enum proto_error why, uint32_t relid);
void control_stats(struct json *j);

#endif
