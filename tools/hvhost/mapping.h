/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GPADLs that one device has mapped, each with what the device does with it.
 */
#ifndef HVHOST_MAPPING_H
#define HVHOST_MAPPING_H

#include <stdint.h>

struct gpadl;
struct xfer;

#define MAPPINGS_MAX	256

struct mapping {
	struct gpadl *gpadl;	/* NULL: free */
	uint32_t id;
	uint64_t due;		/* loop_now(), to be unmapped; 0: never */
	struct xfer *xfer;	/* a SEND under way, */
	uint64_t send_id;	/* and what to complete when it is over */
};

struct mappings {
	struct mapping map[MAPPINGS_MAX];
	uint64_t mapped;
	uint64_t unmapped;
	uint64_t withheld;	/* unmapped when the guest waited for it */
};

#define for_each_mapping(m, all) \
	for (m = (all)->map; m < (all)->map + MAPPINGS_MAX; m++) \
		if (m->gpadl)

/* By the GPADL's handle; NULL if it is not mapped. */
struct mapping *mapping_find(struct mappings *all, uint32_t id);
/* NULL: there are MAPPINGS_MAX of them. */
struct mapping *mapping_new(struct mappings *all, struct gpadl *g, uint32_t id);
/* Any xfer must be gone. Confirms the GPADL's teardown if the guest waits for that. */
void mapping_end(struct mappings *all, struct mapping *m);
/* When the first is due, UINT64_MAX if none will be. */
uint64_t mappings_due(struct mappings *all);
/* Teardowns not confirmed at once: those of the past, and those that wait now. */
uint64_t mappings_withheld(const struct mappings *all);

#endif
