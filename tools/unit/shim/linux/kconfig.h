/* SPDX-License-Identifier: GPL-2.0-only */
/* What is configured here: allocations can be made to fail, as by failslab. */
#ifndef _SHIM_LINUX_KCONFIG_H
#define _SHIM_LINUX_KCONFIG_H

#define CONFIG_FAULT_INJECTION	1
#define CONFIG_FAILSLAB		1

/* 1 for an option that is defined as 1, 0 for one that is not defined. */
#define __SHIM_ONE_1			0,
#define __shim_second(a, b, ...)	b
#define __shim_enabled(junk)		__shim_second(junk 1, 0, 0)
#define __shim_option(value)		__shim_enabled(__SHIM_ONE_##value)
#define IS_ENABLED(option)		__shim_option(option)

#endif /* _SHIM_LINUX_KCONFIG_H */
