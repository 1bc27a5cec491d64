/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The external data of GPA direct packets: the ranges behind the header, checked
 * and gone through. They lie in private memory; what they name is the guest's.
 */
#ifndef HVHOST_EXTERNAL_H
#define HVHOST_EXTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "proto_error.h"

struct packet;

struct external {
	const void *ranges;
	size_t size;		/* of ranges, in memory */
	uint32_t count;
	uint32_t bytes;		/* of data */
};

enum proto_error external_take(const struct packet *p, struct external *e);
/* CRC-32 of all data. */
uint32_t external_crc(const struct external *e);
/* XOR of every byte with 0xff. */
void external_invert(const struct external *e);

#endif
