// SPDX-License-Identifier: GPL-2.0-only
/*
 * The framework's driver object.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "driver.h"

/**
 * struct wdk_wdf_driver - what is behind a WDFDRIVER
 * @object: the framework's
 * @driver: whose it is
 * @config: the driver's; set once
 * @device: the one that was added, or NULL
 */
struct wdk_wdf_driver {
	struct wdk_object object;
	struct wdk_driver *driver;
	WDF_DRIVER_CONFIG config;
	struct wdk_wdf_device *device;
};

const char *wdk_wdf_parameters(struct wdk_object *driver)
{
	return container_of(driver, struct wdk_wdf_driver, object)->driver->glue.parameters;
}

/**
 * WdfDriverCreate() - use the framework
 * @DriverObject: of DriverEntry
 * @RegistryPath: of DriverEntry; not looked at
 * @DriverAttributes: context and callbacks of the driver object, or NULL
 * @DriverConfig: EvtDriverDeviceAdd is called once after DriverEntry, unless there is none
 *	or WdfDriverInitNonPnpDriver is set; EvtDriverUnload when the module is unloaded
 * @Driver: out; may be NULL
 *
 * Context: PASSIVE_LEVEL; in DriverEntry.
 * Ownership: the framework's. If DriverEntry fails it is deleted, and EvtDriverUnload not
 * called.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER without @DriverConfig;
 * STATUS_INFO_LENGTH_MISMATCH for a structure of another size; STATUS_INVALID_DEVICE_STATE the
 * second time; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS WdfDriverCreate(PDRIVER_OBJECT DriverObject, PCUNICODE_STRING RegistryPath,
			 PWDF_OBJECT_ATTRIBUTES DriverAttributes, PWDF_DRIVER_CONFIG DriverConfig,
			 WDFDRIVER *Driver)
{
	struct wdk_driver *driver = wdk_driver_of(DriverObject);
	struct wdk_wdf_driver *wdf;
	NTSTATUS status;

	if (!DriverConfig)
		return STATUS_INVALID_PARAMETER;
	if (DriverConfig->Size != sizeof(*DriverConfig))
		return STATUS_INFO_LENGTH_MISMATCH;
	if (driver->wdf)
		return STATUS_INVALID_DEVICE_STATE;
	status = wdk_object_create(sizeof(*wdf), WDK_OBJECT_DRIVER, NULL, DriverAttributes, &wdf);
	if (!NT_SUCCESS(status))
		return status;
	wdf->driver = driver;
	wdf->config = *DriverConfig;
	driver->wdf = wdf;
	if (Driver)
		*Driver = (WDFDRIVER)wdf;
	return STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(WdfDriverCreate);

/* DriverEntry has succeeded. On error the driver is abandoned. */
int wdk_wdf_start(struct wdk_wdf_driver *wdf)
{
	NTSTATUS status;

	if (!wdf->config.EvtDriverDeviceAdd ||
	    (wdf->config.DriverInitFlags & WdfDriverInitNonPnpDriver))
		return 0;
	status = wdk_device_add(&wdf->object, wdf->config.EvtDriverDeviceAdd, &wdf->device);
	if (NT_SUCCESS(status))
		return 0;
	pr_err("%s: its device did not start: %#x\n", wdf->driver->glue.name, status);
	wdk_wdf_unload(wdf);
	return wdk_errno(status);
}

/* DriverEntry has failed. */
void wdk_wdf_abandon(struct wdk_wdf_driver *wdf)
{
	if (wdf)
		wdk_object_end(&wdf->object);
}

void wdk_wdf_unload(struct wdk_wdf_driver *wdf)
{
	if (wdf->device)
		wdk_device_remove(wdf->device);
	if (wdf->config.EvtDriverUnload)
		wdf->config.EvtDriverUnload((WDFDRIVER)wdf);
	wdk_object_end(&wdf->object);
}
