// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of mapped GPADLs.
 */
#include <stddef.h>
#include <string.h>

#include "gpadl.h"
#include "mapping.h"

struct mapping *mapping_find(struct mappings *all, uint32_t id)
{
	struct mapping *m;

	for_each_mapping(m, all)
		if (m->id == id)
			return m;
	return NULL;
}

struct mapping *mapping_new(struct mappings *all, struct gpadl *g, uint32_t id)
{
	struct mapping *m = all->map;

	while (m->gpadl)
		if (++m == all->map + MAPPINGS_MAX)
			return NULL;
	gpadl_map(g);
	m->gpadl = g;
	m->id = id;
	all->mapped++;
	return m;
}

void mapping_end(struct mappings *all, struct mapping *m)
{
	all->withheld += gpadl_awaited(m->gpadl);
	all->unmapped++;
	gpadl_unmap(m->gpadl);
	memset(m, 0, sizeof(*m));
}

uint64_t mappings_due(struct mappings *all)
{
	uint64_t first = UINT64_MAX;
	const struct mapping *m;

	for_each_mapping(m, all)
		if (m->due && m->due < first)
			first = m->due;
	return first;
}

uint64_t mappings_withheld(const struct mappings *all)
{
	uint64_t n = all->withheld;
	const struct mapping *m;

	for_each_mapping(m, all)
		n += gpadl_awaited(m->gpadl);
	return n;
}
