/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GPADLs: lists of guest pages that a channel's guest shares with us under a
 * handle of its choice. One comes in a header message and as many bodies as it
 * takes, is checked when whole, and stays until torn down or until its channel's
 * relid is released.
 */
#ifndef HVHOST_GPADL_H
#define HVHOST_GPADL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gpadl;

#define GPADL_MAX	4096	/* at one time, over all channels */

/* Messages from the guest; len covers the structure at least. */
void gpadl_on_header(const void *message, size_t len);
void gpadl_on_body(const void *message, size_t len);
void gpadl_on_teardown(const void *message, size_t len);

/* A whole one, or NULL. */
struct gpadl *gpadl_find(uint32_t relid, uint32_t id);
uint16_t gpadl_range_count(const struct gpadl *g);
/*
 * For rings: the pages of a GPADL of one range that starts on a page boundary
 * and ends on one. Allocated; NULL if it is none such.
 */
uint8_t **gpadl_pages(const struct gpadl *g, uint32_t *pages);
/* Forgets those of one channel, begun ones included. */
void gpadl_drop_channel(uint32_t relid);
unsigned int gpadl_count(void);

#endif
