/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test Anything Protocol, the little that is needed: one line per check, the
 * plan at the end.
 */
#ifndef HVHOST_TEST_TAP_H
#define HVHOST_TEST_TAP_H

#include <stdbool.h>

#define ok(good, ...)	tap_ok(good, __FILE__, __LINE__, __VA_ARGS__)

/* Returns good. */
bool tap_ok(bool good, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Prints the plan; the exit status. */
int tap_done(void);

#endif
