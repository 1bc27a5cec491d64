// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting and printing results.
 */
#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

static unsigned int done, failed;

bool tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u - ", good ? "" : "not ", ++done);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!good) {
		printf("# %s:%d\n", file, line);
		failed++;
	}
	return good;
}

int tap_done(void)
{
	printf("1..%u\n", done);
	return failed ? 1 : 0;
}
