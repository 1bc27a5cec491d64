/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_MODULE_H
#define _SHIM_LINUX_MODULE_H

#define MODULE_DESCRIPTION(text)	_Static_assert(sizeof(text) > 1, "a description")
#define MODULE_LICENSE(text)		_Static_assert(sizeof(text) > 1, "a licence")

#endif /* _SHIM_LINUX_MODULE_H */
