/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_DELAY_H
#define _SHIM_LINUX_DELAY_H

#include <unistd.h>

#define usleep_range(least, most)	((void)(most), (void)usleep(least))
#define msleep(ms)			((void)usleep(1000 * (ms)))

#endif /* _SHIM_LINUX_DELAY_H */
