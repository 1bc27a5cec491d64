// SPDX-License-Identifier: GPL-2.0-only
#include <wdk/glue.h>

KMCL_WDK_DRIVER("wdk_echo", "Windows driver sample: echoes packets and checks the answers");
