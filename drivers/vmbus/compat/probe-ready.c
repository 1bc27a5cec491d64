// SPDX-License-Identifier: GPL-2.0-only
/* Compiles if the driver core says whether device_add() is through with a device. */
#include <linux/hyperv.h>

bool probe(struct hv_device *dev)
{
	return dev_ready_to_probe(&dev->device);
}
