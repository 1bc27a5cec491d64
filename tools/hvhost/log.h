/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What hvhost itself has to say goes to stderr, one line per call with a prefix,
 * from any thread; the guest's console never mixes with it.
 */
#ifndef HVHOST_LOG_H
#define HVHOST_LOG_H

#include <stdbool.h>

extern bool log_debug_enabled;	/* --debug */

/* The host's own trouble, and news that everybody wants. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The guest broke a rule. Counted; after LOG_GUEST_MAX lines it goes quiet. */
void log_guest(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Only with --debug. */
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define LOG_GUEST_MAX	200

#endif
