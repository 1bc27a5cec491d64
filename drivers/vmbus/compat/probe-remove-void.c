// SPDX-License-Identifier: GPL-2.0-only
/* Compiles if hv_driver.remove returns void. */
#include <linux/hyperv.h>

static void remove(struct hv_device *dev)
{
}

struct hv_driver probe = { .remove = remove };
