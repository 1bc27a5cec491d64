// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers that are loaded and unloaded by the case: those that fail on the way, and those
 * without the framework or without a device.
 */
#include "harness.h"

#define LONGEST	64	/* characters of a service's name */

/* Linux's numbers for what the drivers fail with. */
#define EINVAL		22
#define EACCES		13

/*
 * Of the case that runs: what is called fails where Fails names its letter. Order: Entry; Add, and
 * then the device's Prepare, D0 entry, Io init, and d0 exit, release (p), cleanup (c); of the
 * objects, x: the device's destroy, y: the driver's; unload.
 */
static struct {
	CHAR Fails;
	CHAR Order[16];
	ULONG Count;
	PDEVICE_OBJECT Device;
} d;

static NTSTATUS Called(CHAR Letter)
{
	if (d.Count < sizeof(d.Order) - 1)
		d.Order[d.Count++] = Letter;
	return Letter == d.Fails ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

static VOID Begin(CHAR Fails)
{
	RtlZeroMemory(&d, sizeof(d));
	d.Fails = Fails;
}

static VOID OrderIs(PCSTR Order)
{
	ULONG i = 0;

	while (Order[i] && d.Order[i] == Order[i])
		i++;
	if (!EXPECT(d.Order[i] == Order[i]))
		check_print("# called in the order \"%s\", should be \"%s\"\n", d.Order, Order);
}

static VOID Unloads(PDRIVER_OBJECT DriverObject)
{
	EXPECT(DriverObject->DeviceObject == d.Device);
	Called('u');
	IoDeleteDevice(d.Device);
}

static NTSTATUS PlainEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	DECLARE_CONST_UNICODE_STRING(path, L"\\Registry\\Machine\\System\\CurrentControlSet"
				     L"\\Services\\plain");
	NTSTATUS status = Called('E');

	if (!NT_SUCCESS(status))
		return status;
	EXPECT(RtlEqualUnicodeString(RegistryPath, &path, FALSE));
	DriverObject->DriverUnload = Unloads;
	return IoCreateDevice(DriverObject, 8, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &d.Device);
}

/* Such a driver has its entry and its unload routine, and nothing is called in between. */
static VOID driver_without_the_framework_is_loaded(VOID)
{
	PVOID driver;
	int error;

	Begin(0);
	driver = check_load("plain", PlainEntry, NULL, &error);
	REQUIRE(driver);
	OrderIs("E");
	check_unload(driver);
	OrderIs("Eu");
}

static NTSTATUS BareEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	UNREFERENCED_PARAMETER(DriverObject);
	UNREFERENCED_PARAMETER(RegistryPath);
	return Called('E');
}

/* One without an unload routine too. */
static VOID driver_entry_that_fails_ends_the_load(VOID)
{
	PVOID driver;
	int error;

	Begin('E');
	EXPECT(!check_load("plain", PlainEntry, NULL, &error));
	EXPECT_EQ(error, -EACCES);
	OrderIs("E");
	Begin(0);
	driver = check_load("bare", BareEntry, "Answer=42", &error);
	REQUIRE(driver);
	check_unload(driver);
	OrderIs("E");
}

/* Then no code of the driver's runs. */
static VOID name_and_parameters_are_checked(VOID)
{
	CHAR name[LONGEST + 2] = { 0 };
	PVOID driver;
	int error;

	Begin(0);
	RtlFillMemory(name, LONGEST + 1, 'n');
	EXPECT(!check_load("", BareEntry, NULL, &error));
	EXPECT_EQ(error, -EINVAL);
	EXPECT(!check_load(name, BareEntry, NULL, &error));
	EXPECT_EQ(error, -EINVAL);
	EXPECT(!check_load("bare", BareEntry, "Answer", &error));
	EXPECT_EQ(error, -EINVAL);
	OrderIs("");
	name[LONGEST] = 0;
	driver = check_load(name, BareEntry, NULL, &error);
	REQUIRE(driver);
	check_unload(driver);
}

static NTSTATUS Prepares(WDFDEVICE Device, WDFCMRESLIST Raw, WDFCMRESLIST Translated)
{
	UNREFERENCED_PARAMETER(Device);
	UNREFERENCED_PARAMETER(Raw);
	UNREFERENCED_PARAMETER(Translated);
	return Called('P');
}

static NTSTATUS Releases(WDFDEVICE Device, WDFCMRESLIST Translated)
{
	UNREFERENCED_PARAMETER(Device);
	UNREFERENCED_PARAMETER(Translated);
	return Called('p');
}

static NTSTATUS PowersUp(WDFDEVICE Device, WDF_POWER_DEVICE_STATE PreviousState)
{
	UNREFERENCED_PARAMETER(Device);
	UNREFERENCED_PARAMETER(PreviousState);
	return Called('D');
}

static NTSTATUS PowersDown(WDFDEVICE Device, WDF_POWER_DEVICE_STATE TargetState)
{
	UNREFERENCED_PARAMETER(Device);
	UNREFERENCED_PARAMETER(TargetState);
	return Called('d');
}

static NTSTATUS BeginsIo(WDFDEVICE Device)
{
	UNREFERENCED_PARAMETER(Device);
	return Called('I');
}

static VOID CleansUp(WDFDEVICE Device)
{
	UNREFERENCED_PARAMETER(Device);
	Called('c');
}

static VOID DeviceGoes(WDFOBJECT Object)
{
	UNREFERENCED_PARAMETER(Object);
	Called('x');
}

static VOID DriverGoes(WDFOBJECT Object)
{
	UNREFERENCED_PARAMETER(Object);
	Called('y');
}

static VOID DriverUnloads(WDFDRIVER Driver)
{
	UNREFERENCED_PARAMETER(Driver);
	Called('u');
}

/* A: fails when it has the device; a: before. n: has none, and does not mind. */
static NTSTATUS AddsDevice(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
	WDF_PNPPOWER_EVENT_CALLBACKS on;
	WDF_OBJECT_ATTRIBUTES attributes;
	NTSTATUS status = Called('A');
	WDFDEVICE device;

	UNREFERENCED_PARAMETER(Driver);
	if (d.Fails == 'n' || d.Fails == 'a')
		return d.Fails == 'a' ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
	WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&on);
	on.EvtDevicePrepareHardware = Prepares;
	on.EvtDeviceReleaseHardware = Releases;
	on.EvtDeviceD0Entry = PowersUp;
	on.EvtDeviceD0Exit = PowersDown;
	on.EvtDeviceSelfManagedIoInit = BeginsIo;
	on.EvtDeviceSelfManagedIoCleanup = CleansUp;
	WdfDeviceInitSetPnpPowerEventCallbacks(DeviceInit, &on);
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.EvtDestroyCallback = DeviceGoes;
	EXPECT_STATUS(WdfDeviceCreate(&DeviceInit, &attributes, &device), STATUS_SUCCESS);
	return status;
}

static NTSTATUS Create(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath, ULONG Flags)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_DRIVER_CONFIG config;

	WDF_DRIVER_CONFIG_INIT(&config, AddsDevice);
	config.EvtDriverUnload = DriverUnloads;
	config.DriverInitFlags = Flags;
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.EvtDestroyCallback = DriverGoes;
	EXPECT_STATUS(WdfDriverCreate(DriverObject, RegistryPath, &attributes, &config, NULL),
		      STATUS_SUCCESS);
	return Called('E');
}

static NTSTATUS FrameworkEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	return Create(DriverObject, RegistryPath, 0);
}

static NTSTATUS NonPnpEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	return Create(DriverObject, RegistryPath, WdfDriverInitNonPnpDriver);
}

/* Each step that was taken is undone, and no other. */
static VOID device_that_does_not_start_ends_the_load(VOID)
{
	static const struct {
		CHAR Fails;
		PCSTR Order;
	} ways[] = {
		{ 'E', "Ey" }, { 'a', "EAuy" }, { 'A', "EAxuy" }, { 'P', "EAPpxuy" },
		{ 'D', "EAPDpxuy" }, { 'I', "EAPDIdpcxuy" },
	};
	ULONG i;
	int error;

	for (i = 0; i < ARRAYSIZE(ways); i++) {
		Begin(ways[i].Fails);
		EXPECT(!check_load("framework", FrameworkEntry, NULL, &error));
		EXPECT_EQ(error, -EACCES);
		OrderIs(ways[i].Order);
	}
}

static VOID driver_may_have_no_device(VOID)
{
	PVOID driver;
	int error;

	Begin('n');
	driver = check_load("framework", FrameworkEntry, NULL, &error);
	REQUIRE(driver);
	check_unload(driver);
	OrderIs("EAuy");
	Begin(0);
	driver = check_load("nonpnp", NonPnpEntry, NULL, &error);
	REQUIRE(driver);
	check_unload(driver);
	OrderIs("Euy");
}

static const TEST_CASE Cases[] = {
	CASE(driver_without_the_framework_is_loaded),
	CASE(driver_entry_that_fails_ends_the_load),
	CASE(name_and_parameters_are_checked),
	CASE(device_that_does_not_start_ends_the_load),
	CASE(driver_may_have_no_device),
};

TEST_GROUP_DEFINE(load, Cases);
