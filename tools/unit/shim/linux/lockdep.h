/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_LOCKDEP_H
#define _SHIM_LINUX_LOCKDEP_H

#include <linux/bug.h>

#define lockdep_assert_held(lock)	WARN_ON(!shim_spin_held(lock))

#endif /* _SHIM_LINUX_LOCKDEP_H */
