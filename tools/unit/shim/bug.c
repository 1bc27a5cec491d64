// SPDX-License-Identifier: GPL-2.0-only
/*
 * Warnings: see linux/bug.h.
 */
#include <stdio.h>

#include <linux/bug.h>

unsigned int shim_warnings;
bool shim_warn_silent;

void shim_warn(const char *file, int line, const char *what)
{
	__atomic_fetch_add(&shim_warnings, 1, __ATOMIC_RELAXED);
	if (!shim_warn_silent)
		fprintf(stderr, "# WARNING at %s:%d: %s\n", file, line, what);
}
