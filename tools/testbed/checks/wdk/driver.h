/* SPDX-License-Identifier: GPL-2.0-only */
/* What the cases ask the driver for. */
#ifndef _WDK_CHECK_DRIVER_H
#define _WDK_CHECK_DRIVER_H

#include "harness.h"

#define DEVICE_CALLS	16
#define DEVICE_MAGIC	0x6b647763

DRIVER_INITIALIZE DriverEntry;

/*
 * What the framework has called so far: add, Prepare, D0 entry, Io init; then io suspend (s),
 * d0 exit, release (p), flush, cleanup, unload.
 */
extern CHAR DeviceOrder[DEVICE_CALLS + 1];

/* The device has the context that it was made with, and the context knows its device. */
BOOLEAN CheckDeviceContext(VOID);

#endif /* _WDK_CHECK_DRIVER_H */
