/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_BITS_H
#define _SHIM_LINUX_BITS_H

#include <linux/types.h>

#define BITS_PER_LONG		(8 * (int)sizeof(long))
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define BIT(n)			(1ul << (n))

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *bits)
{
	unsigned long mask = BIT(nr % BITS_PER_LONG), *word = bits + nr / BITS_PER_LONG;
	bool was = *word & mask;

	*word |= mask;
	return was;
}

#endif /* _SHIM_LINUX_BITS_H */
