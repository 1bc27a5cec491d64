// SPDX-License-Identifier: GPL-2.0-only
#include <wdk/glue.h>

KMCL_WDK_DRIVER("wdk_hard", "Windows driver sample: GPADLs, transfer pages, external data");
