/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A warning is counted: it fails the KUnit case in which it came, and a fuzz
 * target compares the count with what it has provoked. The kernel's "once" is the
 * log's; here each one counts.
 */
#ifndef _SHIM_LINUX_BUG_H
#define _SHIM_LINUX_BUG_H

#include <stdlib.h>

#include <linux/compiler.h>
#include <linux/types.h>

extern unsigned int shim_warnings;
extern bool shim_warn_silent;

void shim_warn(const char *file, int line, const char *what);

#define WARN_ON(condition) ({						\
	bool __warn = !!(condition);					\
	if (unlikely(__warn))						\
		shim_warn(__FILE__, __LINE__, #condition);		\
	unlikely(__warn);						\
})

#define WARN_ON_ONCE(condition)		WARN_ON(condition)
#define WARN(condition, ...)		WARN_ON(condition)
#define WARN_ONCE(condition, ...)	WARN_ON(condition)
#define BUG()				abort()
#define BUG_ON(condition)		do { if (condition) BUG(); } while (0)

#endif /* _SHIM_LINUX_BUG_H */
