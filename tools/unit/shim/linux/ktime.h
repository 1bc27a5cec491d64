/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_KTIME_H
#define _SHIM_LINUX_KTIME_H

#include <linux/kernel.h>

typedef s64 ktime_t;

#define KTIME_MAX	S64_MAX

#endif /* _SHIM_LINUX_KTIME_H */
