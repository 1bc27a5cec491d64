/* SPDX-License-Identifier: GPL-2.0-only */
/* The C library's errno.h includes this file too, and expects no more of it. */
#ifndef _SHIM_LINUX_ERRNO_H
#define _SHIM_LINUX_ERRNO_H

#include <asm/errno.h>

#endif /* _SHIM_LINUX_ERRNO_H */
