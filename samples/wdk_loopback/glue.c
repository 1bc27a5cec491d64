// SPDX-License-Identifier: GPL-2.0-only
#include <wdk/glue.h>

KMCL_WDK_DRIVER_ON("kmcl_loopback", "wdk_loopback", "Windows driver sample: both ends of a channel");
