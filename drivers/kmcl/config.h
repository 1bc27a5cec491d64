/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration of a channel. All but the first under kmcl_channel.mutex, which
 * kmcl_config_begin() takes and kmcl_config_end() gives back.
 */
#ifndef _KMCL_CONFIG_H
#define _KMCL_CONFIG_H

#include "channel.h"

void kmcl_config_defaults(struct kmcl_config *config);
int kmcl_config_begin(struct kmcl_channel *ch);
int kmcl_config_end(struct kmcl_channel *ch);
bool kmcl_channel_hold(struct kmcl_channel *ch);
void kmcl_channel_unhold(struct kmcl_channel *ch);
int kmcl_channel_configure(struct kmcl_channel *ch);
void kmcl_channel_unconfigure(struct kmcl_channel *ch);

#endif /* _KMCL_CONFIG_H */
