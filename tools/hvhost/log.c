// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines to stderr. Each is put together first and written with one call, so that
 * lines of several threads, and of a console on the same terminal, stay whole.
 */
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

bool log_debug_enabled;

static atomic_uint guest_lines;

__attribute__((format(printf, 2, 0)))
static void put_line(const char *prefix, const char *fmt, va_list ap)
{
	char line[512];
	int len, more;

	len = snprintf(line, sizeof(line), "hvhost: %s", prefix);
	more = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	if (more < 0)
		return;
	len += more;
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;		/* nobody left to tell */
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("", fmt, ap);
	va_end(ap);
}

static void log_guest_quiet(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("guest: ", fmt, ap);
	va_end(ap);
}

void log_guest(const char *fmt, ...)
{
	unsigned int n = atomic_fetch_add(&guest_lines, 1);
	va_list ap;

	if (n > LOG_GUEST_MAX && !log_debug_enabled)
		return;
	if (n == LOG_GUEST_MAX && !log_debug_enabled) {
		log_guest_quiet("misbehaves too often, no more is logged (--debug shows all)");
		return;
	}
	va_start(ap, fmt);
	put_line("guest: ", fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!log_debug_enabled)
		return;
	va_start(ap, fmt);
	put_line("debug: ", fmt, ap);
	va_end(ap);
}
