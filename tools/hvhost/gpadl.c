// SPDX-License-Identifier: GPL-2.0-only
/*
 * Assembling GPADLs from messages, checking and keeping them. Ranges are kept as
 * they came, in one private buffer, and walked with gpa.h. A body message names
 * no channel, so a handle under construction has to be the only one of its value
 * being built.
 */
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "control.h"
#include "gpa.h"
#include "gpadl.h"
#include "proto.h"
#include "proto_error.h"

struct gpadl {
	struct gpadl *next;
	uint32_t relid;
	uint32_t id;
	uint16_t range_count;
	uint32_t want;		/* bytes of ranges */
	uint32_t have;		/* want: it is whole */
	uint32_t bytes;		/* that the ranges cover; when whole */
	unsigned int maps;
	bool torn;		/* the guest asked for its teardown */
	uint8_t ranges[];
};

static struct gpadl *gpadls;
static unsigned int count;

unsigned int gpadl_count(void)
{
	return count;
}

uint16_t gpadl_range_count(const struct gpadl *g)
{
	return g->range_count;
}

static bool whole(const struct gpadl *g)
{
	return g->have == g->want;
}

/* Those being torn down, too: their handles are not free yet. */
static struct gpadl *find_whole(uint32_t relid, uint32_t id)
{
	struct gpadl *g;

	for (g = gpadls; g; g = g->next)
		if (g->relid == relid && g->id == id && whole(g))
			return g;
	return NULL;
}

struct gpadl *gpadl_find(uint32_t relid, uint32_t id)
{
	struct gpadl *g = find_whole(relid, id);

	return g && !g->torn ? g : NULL;
}

static struct gpadl *find_begun(uint32_t id)
{
	struct gpadl *g;

	for (g = gpadls; g; g = g->next)
		if (g->id == id && !whole(g))
			return g;
	return NULL;
}

static void drop(struct gpadl *g)
{
	struct gpadl **at = &gpadls;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	free(g);
	count--;
}

void gpadl_drop_channel(uint32_t relid)
{
	struct gpadl *g, *next;

	for (g = gpadls; g; g = next) {
		next = g->next;
		if (g->relid == relid)
			drop(g);
	}
}

static void reply_created(uint32_t relid, uint32_t id, uint32_t status)
{
	const struct msg_gpadl m = {
		.header.type = MSG_GPADL_CREATED,
		.relid = relid,
		.gpadl = id,
		.status = status,
	};

	control_post(&m, sizeof(m));
}

static void refuse(uint32_t relid, uint32_t id, enum proto_error why, uint32_t status)
{
	control_error(why, relid);
	reply_created(relid, id, status);
}

static enum proto_error check(const struct gpadl *g)
{
	enum proto_error e;
	size_t used;

	e = gpa_ranges_check(control_vm(), g->ranges, g->want, g->range_count, &used);
	if (e == PROTO_ERROR_gpa_memory)
		return PROTO_ERROR_gpadl_memory;
	return e || used != g->want ? PROTO_ERROR_gpadl_ranges : PROTO_OK;
}

/* There are at most 8190 PFNs in one GPADL, so 32 bits are enough. */
static uint32_t count_bytes(const struct gpadl *g)
{
	const uint8_t *at = g->ranges;
	size_t left = g->want;
	struct gpa_range r;
	uint32_t bytes = 0;

	while (left && !gpa_range_take(&at, &left, &r))
		bytes += r.count;
	return bytes;
}

static void finish(struct gpadl *g)
{
	enum proto_error e = check(g);

	if (e) {
		refuse(g->relid, g->id, e, STATUS_INVALID_PARAMETER);
		drop(g);
		return;
	}
	g->bytes = count_bytes(g);
	switch (channel_gpadl_made(g->relid)) {
	case GPADL_ACCEPTED:
		reply_created(g->relid, g->id, STATUS_OK);
		break;
	case GPADL_REFUSED:
		reply_created(g->relid, g->id, STATUS_NO_RESOURCES);
		drop(g);
		break;
	case GPADL_UNANSWERED:
		break;
	}
}

/* Takes up to what is missing: some guests always send whole messages. */
static void append(struct gpadl *g, const uint8_t *from, size_t len)
{
	if (len > g->want - g->have)
		len = g->want - g->have;
	memcpy(g->ranges + g->have, from, len);
	g->have += len;
	if (whole(g))
		finish(g);
}

static enum proto_error header_check(const struct msg_gpadl_header *m)
{
	/* Good for a rescinded channel too: the guest may not have heard of it yet. */
	if (!channel_find(m->relid))
		return PROTO_ERROR_relid_unknown;
	if (!m->range_count || m->range_bytes < m->range_count * 16u)
		return PROTO_ERROR_gpadl_header;
	if (find_whole(m->relid, m->gpadl) || find_begun(m->gpadl))
		return PROTO_ERROR_gpadl_id;
	return PROTO_OK;
}

static struct gpadl *gpadl_new(const struct msg_gpadl_header *m)
{
	struct gpadl *g;

	if (count >= GPADL_MAX)
		return NULL;
	g = calloc(1, sizeof(*g) + m->range_bytes);
	if (!g)
		return NULL;
	g->relid = m->relid;
	g->id = m->gpadl;
	g->range_count = m->range_count;
	g->want = m->range_bytes;
	g->next = gpadls;
	gpadls = g;
	count++;
	return g;
}

void gpadl_on_header(const void *message, size_t len)
{
	const struct msg_gpadl_header *m = message;
	enum proto_error e = header_check(m);
	struct gpadl *g;

	if (e) {
		refuse(m->relid, m->gpadl, e, STATUS_INVALID_PARAMETER);
		return;
	}
	g = gpadl_new(m);
	if (!g) {
		refuse(m->relid, m->gpadl, PROTO_ERROR_gpadl_limit, STATUS_NO_RESOURCES);
		return;
	}
	append(g, m->ranges, len - sizeof(*m));
}

void gpadl_on_body(const void *message, size_t len)
{
	const struct msg_gpadl_body *m = message;
	struct gpadl *g = find_begun(m->gpadl);

	if (g)
		append(g, m->ranges, len - sizeof(*m));
	else
		control_error(PROTO_ERROR_gpadl_body, 0);
}

static void confirm_teardown(struct gpadl *g)
{
	const struct msg_gpadl_torndown reply = {
		.header.type = MSG_GPADL_TORNDOWN,
		.gpadl = g->id,
	};

	drop(g);
	if (control_version())	/* else the guest that asked is gone */
		control_post(&reply, sizeof(reply));
}

void gpadl_on_teardown(const void *message, size_t len)
{
	const struct msg_gpadl *m = message;
	struct gpadl *g = gpadl_find(m->relid, m->gpadl);

	(void)len;
	if (!g) {
		control_error(PROTO_ERROR_gpadl_unknown, m->relid);
		return;
	}
	channel_gpadl_gone(m->relid, m->gpadl);
	g->torn = true;
	if (!g->maps)
		confirm_teardown(g);
}

void gpadl_map(struct gpadl *g)
{
	g->maps++;
}

void gpadl_unmap(struct gpadl *g)
{
	if (!--g->maps && g->torn)
		confirm_teardown(g);
}

bool gpadl_awaited(const struct gpadl *g)
{
	return g->torn;
}

uint32_t gpadl_bytes(const struct gpadl *g)
{
	return g->bytes;
}

void gpadl_walk(const struct gpadl *g, uint32_t offset, uint32_t len, gpa_piece_fn fn, void *ctx)
{
	const uint8_t *at = g->ranges;
	size_t left = g->want;
	struct gpa_range r;
	uint32_t n;

	while (len && !gpa_range_take(&at, &left, &r)) {
		if (offset >= r.count) {
			offset -= r.count;
			continue;
		}
		n = r.count - offset < len ? r.count - offset : len;
		gpa_range_walk_part(control_vm(), &r, offset, n, fn, ctx);
		len -= n;
		offset = 0;
	}
}

uint8_t **gpadl_pages(const struct gpadl *g, uint32_t *pages)
{
	const uint8_t *at = g->ranges;
	size_t left = g->want;
	struct gpa_range r;
	uint8_t **page;
	uint32_t i;

	if (g->range_count != 1 || gpa_range_take(&at, &left, &r))
		return NULL;
	if (r.offset || r.count % HV_PAGE)
		return NULL;
	page = malloc(r.pages * sizeof(*page));
	if (!page)
		return NULL;
	for (i = 0; i < r.pages; i++)
		page[i] = gpa_range_page(control_vm(), &r, i);
	*pages = r.pages;
	return page;
}
