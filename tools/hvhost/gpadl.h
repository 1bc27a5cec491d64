/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GPADLs: lists of guest pages that a channel's guest shares with us under a
 * handle of its choice. One comes in a header message and as many bodies as it
 * takes, is checked when whole, and stays until torn down or until its channel's
 * relid is released. A device maps it for as long as it uses its memory: until
 * then a teardown is not confirmed.
 */
#ifndef HVHOST_GPADL_H
#define HVHOST_GPADL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gpa.h"

struct gpadl;

#define GPADL_MAX	4096	/* at one time, over all channels */

/* Messages from the guest; len covers the structure at least. */
void gpadl_on_header(const void *message, size_t len);
void gpadl_on_body(const void *message, size_t len);
void gpadl_on_teardown(const void *message, size_t len);

/* A whole one that is not being torn down, or NULL. */
struct gpadl *gpadl_find(uint32_t relid, uint32_t id);
uint16_t gpadl_range_count(const struct gpadl *g);
/*
 * For rings: the pages of a GPADL of one range that starts on a page boundary
 * and ends on one. Allocated; NULL if it is none such.
 */
uint8_t **gpadl_pages(const struct gpadl *g, uint32_t *pages);

/*
 * Mapping, for devices; any number of times. The last gpadl_unmap() confirms the
 * teardown that the guest asked for meanwhile, and the GPADL is gone.
 */
void gpadl_map(struct gpadl *g);
void gpadl_unmap(struct gpadl *g);
/* The guest waits for the last gpadl_unmap(). */
bool gpadl_awaited(const struct gpadl *g);
/* Of all ranges. */
uint32_t gpadl_bytes(const struct gpadl *g);
/* All ranges in order, as if they were one; offset + len is not above gpadl_bytes(). */
void gpadl_walk(const struct gpadl *g, uint32_t offset, uint32_t len, gpa_piece_fn fn, void *ctx);

/* Forgets those of one channel, begun ones included; none of them may be mapped. */
void gpadl_drop_channel(uint32_t relid);
unsigned int gpadl_count(void);

#endif
