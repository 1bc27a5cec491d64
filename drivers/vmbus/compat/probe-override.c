// SPDX-License-Identifier: GPL-2.0-only
/* Compiles if driver_override is the driver core's, and not a member of struct hv_device. */
#include <linux/hyperv.h>

const char *probe(struct hv_device *dev)
{
	lockdep_assert_held(&dev->device.driver_override.lock);
	return dev->device.driver_override.name;
}
