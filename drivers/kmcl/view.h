/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Views: GPADLs of the client that a server has mapped.
 */
#ifndef _KMCL_VIEW_H
#define _KMCL_VIEW_H

#include "channel.h"

void kmcl_views_init(struct kmcl_channel *ch);
void kmcl_views_reap(struct kmcl_channel *ch);

#endif /* _KMCL_VIEW_H */
