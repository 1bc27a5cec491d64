// SPDX-License-Identifier: GPL-2.0-only
#include <wdk/glue.h>

KMCL_WDK_DRIVER("bench_wdk", "kmcl benchmark: a Windows client of the Windows face");
