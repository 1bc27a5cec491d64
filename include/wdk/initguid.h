/* SPDX-License-Identifier: GPL-2.0-only */
/* From here on DEFINE_GUID() defines; without this file it only declares. */
#ifndef INITGUID
#define INITGUID
#endif

#include <guiddef.h>
