/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_UUID_H
#define _SHIM_LINUX_UUID_H

#include <linux/string.h>
#include <linux/types.h>

typedef struct {
	u8 b[16];
} guid_t;

static inline bool guid_equal(const guid_t *a, const guid_t *b)
{
	return !memcmp(a, b, sizeof(*a));
}

#endif /* _SHIM_LINUX_UUID_H */
