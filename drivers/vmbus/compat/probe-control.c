// SPDX-License-Identifier: GPL-2.0-only
/* Compiles, or no other probe says anything. */
#include <linux/hyperv.h>

void *probe = vmbus_open;
