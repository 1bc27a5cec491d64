// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the gpadl device can be asked to do.
 */
#include <stddef.h>
#include <string.h>

#include "dev_gpadl.h"
#include "device.h"
#include "gpadl.h"
#include "loop.h"
#include "pattern.h"

#define MS	1000000ull

/* A request while it is carried out. */
struct call {
	struct channel *ch;
	struct gpadl_state *s;
	struct gpadl_request r;
	struct gpadl_reply *reply;
	struct mapping *m;
};

static uint32_t negotiate(struct call *c)
{
	c->reply->value = HVHOST_GPADL_VERSION;
	if (c->r.arg != HVHOST_GPADL_VERSION)
		return HVHOST_GPADL_VERSION_REFUSED;
	c->s->negotiated = true;
	return HVHOST_GPADL_OK;
}

static uint32_t map(struct call *c)
{
	struct gpadl *g = gpadl_find(c->ch->relid, c->r.gpadl);

	if (mapping_find(&c->s->maps, c->r.gpadl))
		return HVHOST_GPADL_NOT_MAPPED;
	if (!g)
		return HVHOST_GPADL_UNKNOWN;
	c->m = mapping_new(&c->s->maps, g, c->r.gpadl);
	if (!c->m)
		return HVHOST_GPADL_BUSY;
	if (c->r.arg)
		c->m->due = loop_now() + c->r.arg * MS;
	gpadl_rearm(c->s);
	c->reply->value = gpadl_bytes(g);
	return HVHOST_GPADL_OK;
}

/* For all that needs a mapping to itself. */
static uint32_t take_mapping(struct call *c)
{
	c->m = mapping_find(&c->s->maps, c->r.gpadl);
	if (c->m)
		return c->m->xfer ? HVHOST_GPADL_BUSY : HVHOST_GPADL_OK;
	return gpadl_find(c->ch->relid, c->r.gpadl) ? HVHOST_GPADL_NOT_MAPPED :
						      HVHOST_GPADL_UNKNOWN;
}

/* And a part of it. */
static uint32_t take_area(struct call *c)
{
	uint32_t status = take_mapping(c), size;

	if (status)
		return status;
	size = gpadl_bytes(c->m->gpadl);
	if (c->r.offset > size || c->r.length > size - c->r.offset)
		return HVHOST_GPADL_RANGE;
	return HVHOST_GPADL_OK;
}

static uint32_t unmap(struct call *c)
{
	uint32_t status = take_mapping(c);

	if (status)
		return status;
	mapping_end(&c->s->maps, c->m);
	gpadl_rearm(c->s);
	return HVHOST_GPADL_OK;
}

static uint32_t check(struct call *c)
{
	struct pattern p = { .seed = c->r.seed };
	uint32_t status = take_area(c);

	if (status)
		return status;
	gpadl_walk(c->m->gpadl, c->r.offset, c->r.length, pattern_check, &p);
	c->reply->crc = p.crc;
	c->reply->value = p.first_wrong;
	c->s->checked++;
	c->s->mismatched += p.wrong;
	return p.wrong ? HVHOST_GPADL_MISMATCH : HVHOST_GPADL_OK;
}

static uint32_t fill(struct call *c)
{
	struct pattern p = { .seed = c->r.seed };
	uint32_t status = take_area(c);

	if (status)
		return status;
	gpadl_walk(c->m->gpadl, c->r.offset, c->r.length, pattern_fill, &p);
	c->reply->crc = p.crc;
	c->s->filled++;
	return HVHOST_GPADL_OK;
}

static uint32_t send(struct call *c)
{
	const struct gpadl_request *r = &c->r;
	struct xfer_job job = {
		.offset = r->offset,
		.length = r->length,
		.seed = r->seed,
		.count = r->count,
		.set = r->arg ? r->arg : r->gpadl,
		.fault = c->s->fault,
		.window = c->s->window,
	};
	uint32_t status = take_area(c);

	if (status)
		return status;
	if (!r->count || r->arg > UINT16_MAX || r->length < HVHOST_GPADL_SEND_MIN)
		return HVHOST_GPADL_BAD;
	job.gpadl = c->m->gpadl;
	c->m->xfer = xfer_new(&job, &c->s->ids, c->m - c->s->maps.map);
	return c->m->xfer ? HVHOST_GPADL_OK : HVHOST_GPADL_BUSY;
}

static uint32_t (*const ops[])(struct call *c) = {
	[HVHOST_GPADL_NEGOTIATE] = negotiate,
	[HVHOST_GPADL_MAP] = map,
	[HVHOST_GPADL_UNMAP] = unmap,
	[HVHOST_GPADL_CHECK] = check,
	[HVHOST_GPADL_FILL] = fill,
	[HVHOST_GPADL_SEND] = send,
};

#define OPS	(sizeof(ops) / sizeof(ops[0]))

static bool valid(const struct call *c)
{
	if (c->r.op >= OPS || !ops[c->r.op] || c->r.zero)
		return false;
	return c->s->negotiated || c->r.op == HVHOST_GPADL_NEGOTIATE;
}

bool gpadl_perform(struct channel *ch, const struct packet *p, struct gpadl_reply *reply,
		   struct mapping **m)
{
	struct call c = { .ch = ch, .s = ch->dev->state, .reply = reply };

	if (p->len == sizeof(c.r))
		memcpy(&c.r, p->payload, sizeof(c.r));
	reply->status = valid(&c) ? ops[c.r.op](&c) : HVHOST_GPADL_BAD;
	*m = c.m;
	return reply->status || c.r.op != HVHOST_GPADL_SEND;
}
