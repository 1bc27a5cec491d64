/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences of hv_vmbus between kernels, behind words that Kbuild.probe sets.
 */
#ifndef _KMCL_VMBUS_COMPAT_H
#define _KMCL_VMBUS_COMPAT_H

#include <linux/hyperv.h>

#ifndef KMCL_PROBES_WORK
#error "the probes in drivers/vmbus/compat do not compile at all: see Kbuild.probe"
#endif

#ifdef KMCL_REMOVE_RETURNS_VOID
#define KMCL_REMOVE_TYPE	void
#define KMCL_REMOVE_RETURN	return
#else
#define KMCL_REMOVE_TYPE	int
#define KMCL_REMOVE_RETURN	return 0
#endif

/*
 * May a driver be attached yet. Without the core's word for it attaching is tried;
 * with it, trying too early would leak the core's note of why it failed.
 */
static inline bool kmcl_ready_to_probe(const struct hv_device *dev)
{
#ifdef KMCL_HAVE_READY_TO_PROBE
	return dev_ready_to_probe(&dev->device);
#else
	return true;
#endif
}

/* May the host still read the pages of a confidential VM. */
static inline bool kmcl_gpadl_decrypted(const struct vmbus_gpadl *gpadl)
{
#ifdef KMCL_HAVE_DECRYPTED
	return gpadl->decrypted;
#else
	return false;
#endif
}

/*
 * Is there no driver_override, or does it name @driver. Under the device's lock,
 * which protects the string where it is the bus's.
 */
#ifdef KMCL_HAVE_CORE_OVERRIDE
static inline bool kmcl_override_allows(struct hv_device *dev, struct hv_driver *driver)
{
	struct device *device = &dev->device;
	bool ret;

	spin_lock(&device->driver_override.lock);
	ret = !device->driver_override.name ||
	      !strcmp(device->driver_override.name, driver->name);
	spin_unlock(&device->driver_override.lock);
	return ret;
}
#else
static inline bool kmcl_override_allows(struct hv_device *dev, struct hv_driver *driver)
{
	return !dev->driver_override || !strcmp(dev->driver_override, driver->name);
}
#endif

#endif /* _KMCL_VMBUS_COMPAT_H */
