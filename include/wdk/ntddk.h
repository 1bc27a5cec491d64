/* SPDX-License-Identifier: GPL-2.0-only */
/* Windows keeps more here; all that there is stands in <wdm.h>. */
#ifndef _WDK_NTDDK_H
#define _WDK_NTDDK_H

#include <wdm.h>

#endif /* _WDK_NTDDK_H */
