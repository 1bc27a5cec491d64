// SPDX-License-Identifier: GPL-2.0-only
/*
 * The framework's device: there is one, as if a root bus had found it. It goes into operation
 * when the driver is loaded and out of it when it is unloaded, with the callbacks in Windows'
 * order.
 */
#include "driver.h"

/**
 * enum device_stage - how far a device has come; each is undone on the way back
 * @DEVICE_ADDED: EvtDriverDeviceAdd has succeeded
 * @DEVICE_PREPARED: EvtDevicePrepareHardware was called; on Windows also its failure is
 *	followed by EvtDeviceReleaseHardware
 * @DEVICE_POWERED: EvtDeviceD0Entry has succeeded
 * @DEVICE_RUNNING: EvtDeviceSelfManagedIoInit has succeeded
 */
enum device_stage {
	DEVICE_ADDED,
	DEVICE_PREPARED,
	DEVICE_POWERED,
	DEVICE_RUNNING,
};

/**
 * struct wdk_wdf_device - what is behind a WDFDEVICE
 * @object: the framework's
 * @wdm: what WdfDeviceWdmGetDeviceObject() gives
 * @on: the driver's callbacks; set once
 * @stage: enum device_stage; written while the module is loaded or unloaded
 * @target: its WDFIOTARGET
 */
struct wdk_wdf_device {
	struct wdk_object object;
	DEVICE_OBJECT wdm;
	WDF_PNPPOWER_EVENT_CALLBACKS on;
	enum device_stage stage;
	struct wdk_object *target;
};

/**
 * struct WDFDEVICE_INIT - what EvtDriverDeviceAdd prepares
 * @driver: whose device it will be
 * @on: its callbacks
 * @device: set by WdfDeviceCreate()
 */
struct WDFDEVICE_INIT {
	struct wdk_object *driver;
	WDF_PNPPOWER_EVENT_CALLBACKS on;
	struct wdk_wdf_device *device;
};

/**
 * WdfDeviceInitSetPnpPowerEventCallbacks() - choose who is told of a device's life
 * @DeviceInit: of EvtDriverDeviceAdd
 * @PnpPowerEventCallbacks: copied; members may be NULL
 *
 * Context: PASSIVE_LEVEL; before WdfDeviceCreate().
 */
VOID WdfDeviceInitSetPnpPowerEventCallbacks(PWDFDEVICE_INIT DeviceInit,
					    PWDF_PNPPOWER_EVENT_CALLBACKS PnpPowerEventCallbacks)
{
	if (!WARN_ON_ONCE(PnpPowerEventCallbacks->Size != sizeof(*PnpPowerEventCallbacks)))
		DeviceInit->on = *PnpPowerEventCallbacks;
}
EXPORT_SYMBOL_GPL(WdfDeviceInitSetPnpPowerEventCallbacks);

/**
 * WdfDeviceCreate() - make the device
 * @DeviceInit: of EvtDriverDeviceAdd; set to NULL on success
 * @DeviceAttributes: context and callbacks of the device object, or NULL
 * @Device: out
 *
 * Context: PASSIVE_LEVEL; in EvtDriverDeviceAdd.
 * Ownership: the framework's.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER for NULL, or the second time;
 * STATUS_INFO_LENGTH_MISMATCH for attributes of another size; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS WdfDeviceCreate(PWDFDEVICE_INIT *DeviceInit, PWDF_OBJECT_ATTRIBUTES DeviceAttributes,
			 WDFDEVICE *Device)
{
	struct wdk_wdf_device *device;
	PWDFDEVICE_INIT init;
	NTSTATUS status;

	if (!DeviceInit || !*DeviceInit || !Device || (*DeviceInit)->device)
		return STATUS_INVALID_PARAMETER;
	init = *DeviceInit;
	status = wdk_object_create(sizeof(*device), WDK_OBJECT_DEVICE, init->driver,
				   DeviceAttributes, &device);
	if (!NT_SUCCESS(status))
		return status;
	status = wdk_object_create(sizeof(*device->target), WDK_OBJECT_IO_TARGET,
				   &device->object, NULL, &device->target);
	if (!NT_SUCCESS(status)) {
		wdk_object_end(&device->object);
		return status;
	}
	device->on = init->on;
	init->device = device;
	*DeviceInit = NULL;
	*Device = (WDFDEVICE)device;
	return STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(WdfDeviceCreate);

static NTSTATUS prepare(struct wdk_wdf_device *device)
{
	device->stage = DEVICE_PREPARED;
	return device->on.EvtDevicePrepareHardware ?
	       device->on.EvtDevicePrepareHardware((WDFDEVICE)device, NULL, NULL) :
	       STATUS_SUCCESS;
}

static NTSTATUS power_up(struct wdk_wdf_device *device)
{
	NTSTATUS status = STATUS_SUCCESS;

	if (device->on.EvtDeviceD0Entry)
		status = device->on.EvtDeviceD0Entry((WDFDEVICE)device, WdfPowerDeviceD3Final);
	if (NT_SUCCESS(status))
		device->stage = DEVICE_POWERED;
	return status;
}

static NTSTATUS run(struct wdk_wdf_device *device)
{
	NTSTATUS status = STATUS_SUCCESS;

	if (device->on.EvtDeviceSelfManagedIoInit)
		status = device->on.EvtDeviceSelfManagedIoInit((WDFDEVICE)device);
	if (NT_SUCCESS(status))
		device->stage = DEVICE_RUNNING;
	return status;
}

static NTSTATUS device_start(struct wdk_wdf_device *device)
{
	NTSTATUS status = prepare(device);

	if (NT_SUCCESS(status))
		status = power_up(device);
	if (NT_SUCCESS(status))
		status = run(device);
	return status;
}

/* What these return is not looked at: there is no way but down. */
static void power_down(struct wdk_wdf_device *device)
{
	if (device->stage == DEVICE_RUNNING && device->on.EvtDeviceSelfManagedIoSuspend)
		device->on.EvtDeviceSelfManagedIoSuspend((WDFDEVICE)device);
	if (device->stage >= DEVICE_POWERED && device->on.EvtDeviceD0Exit)
		device->on.EvtDeviceD0Exit((WDFDEVICE)device, WdfPowerDeviceD3Final);
	if (device->stage >= DEVICE_PREPARED && device->on.EvtDeviceReleaseHardware)
		device->on.EvtDeviceReleaseHardware((WDFDEVICE)device, NULL);
}

void wdk_device_remove(struct wdk_wdf_device *device)
{
	power_down(device);
	if (device->stage == DEVICE_RUNNING && device->on.EvtDeviceSelfManagedIoFlush)
		device->on.EvtDeviceSelfManagedIoFlush((WDFDEVICE)device);
	if (device->stage >= DEVICE_POWERED && device->on.EvtDeviceSelfManagedIoCleanup)
		device->on.EvtDeviceSelfManagedIoCleanup((WDFDEVICE)device);
	wdk_object_end(&device->object);
}

/* On error there is no device. A driver may succeed and create none. */
NTSTATUS wdk_device_add(struct wdk_object *driver, PFN_WDF_DRIVER_DEVICE_ADD add,
			struct wdk_wdf_device **device)
{
	struct WDFDEVICE_INIT init = { .driver = driver };
	NTSTATUS status = add((WDFDRIVER)driver, &init);

	if (NT_SUCCESS(status) && init.device)
		status = device_start(init.device);
	if (NT_SUCCESS(status))
		*device = init.device;
	else if (init.device)
		wdk_device_remove(init.device);
	return status;
}

/**
 * WdfDeviceGetDriver() - whose device is it
 * @Device: the device
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: the driver.
 */
WDFDRIVER WdfDeviceGetDriver(WDFDEVICE Device)
{
	struct wdk_wdf_device *device = wdk_object(Device, WDK_OBJECT_DEVICE);

	return device ? (WDFDRIVER)device->object.parent : NULL;
}
EXPORT_SYMBOL_GPL(WdfDeviceGetDriver);

/**
 * WdfDeviceWdmGetDeviceObject() - a device object for functions that want one
 * @Device: the device
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: the framework's; as long as the device.
 * Return: the device object, which is empty.
 */
PDEVICE_OBJECT WdfDeviceWdmGetDeviceObject(WDFDEVICE Device)
{
	struct wdk_wdf_device *device = wdk_object(Device, WDK_OBJECT_DEVICE);

	return device ? &device->wdm : NULL;
}
EXPORT_SYMBOL_GPL(WdfDeviceWdmGetDeviceObject);

/**
 * WdfDeviceGetIoTarget() - the driver below
 * @Device: the device
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: the framework's; as long as the device.
 * Return: the target, good for WdfIoTargetQueryForInterface().
 */
WDFIOTARGET WdfDeviceGetIoTarget(WDFDEVICE Device)
{
	struct wdk_wdf_device *device = wdk_object(Device, WDK_OBJECT_DEVICE);

	return device ? (WDFIOTARGET)device->target : NULL;
}
EXPORT_SYMBOL_GPL(WdfDeviceGetIoTarget);

/**
 * WdfFdoQueryForInterface() - get a table of functions
 * @Fdo: the device
 * @InterfaceType: KMCL_CLIENT_INTERFACE_TYPE or KMCL_SERVER_INTERFACE_TYPE
 * @Interface: out: memory for the table
 * @Size: of it in bytes: sizeof(KMCL_CLIENT_INTERFACE_V1), sizeof(KMCL_SERVER_INTERFACE_V1)
 * @Version: KMCL_CLIENT_INTERFACE_VERSION_V1, KMCL_SERVER_INTERFACE_VERSION_V1
 * @InterfaceSpecificData: not looked at
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the table is the caller's; kmcl_wdk stays loaded until its
 * InterfaceDereference() was called.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER for NULL, and for a size that is too
 * large; STATUS_NOT_SUPPORTED for another interface; STATUS_REVISION_MISMATCH for
 * another version; STATUS_BUFFER_TOO_SMALL.
 */
NTSTATUS WdfFdoQueryForInterface(WDFDEVICE Fdo, LPCGUID InterfaceType, PINTERFACE Interface,
				 USHORT Size, USHORT Version, PVOID InterfaceSpecificData)
{
	if (!wdk_object(Fdo, WDK_OBJECT_DEVICE))
		return STATUS_INVALID_PARAMETER;
	return wdk_query_interface(InterfaceType, Interface, Size, Version);
}
EXPORT_SYMBOL_GPL(WdfFdoQueryForInterface);

/**
 * WdfIoTargetQueryForInterface() - get a table of functions
 * @IoTarget: of WdfDeviceGetIoTarget()
 * @InterfaceType: as in WdfFdoQueryForInterface(), likewise all that follows
 * @Interface: out
 * @Size: of it in bytes
 * @Version: of it
 * @InterfaceSpecificData: not looked at
 *
 * Context, Ownership, Return: as WdfFdoQueryForInterface().
 */
NTSTATUS WdfIoTargetQueryForInterface(WDFIOTARGET IoTarget, LPCGUID InterfaceType,
				      PINTERFACE Interface, USHORT Size, USHORT Version,
				      PVOID InterfaceSpecificData)
{
	if (!wdk_object(IoTarget, WDK_OBJECT_IO_TARGET))
		return STATUS_INVALID_PARAMETER;
	return wdk_query_interface(InterfaceType, Interface, Size, Version);
}
EXPORT_SYMBOL_GPL(WdfIoTargetQueryForInterface);
