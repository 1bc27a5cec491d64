// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail. A case does the same thing again and again: the first allocation of its
 * own thread fails, then the second, until there are no more. Each time it sees the status that
 * is documented and nothing that was begun, or no difference. Needs a kernel that makes
 * allocations fail; the guest has told it which.
 */
#include "host.h"

#define TRIES_MAX	400	/* then something allocates without end */
#define SWEEPS_MAX	3
#define ENOMEM		12	/* Linux's number */
#define BYTES		(2 * PAGE_SIZE)

static const GUID LoopType = {
	0x77646b63, 0x6c6f, 0x4f70, { 0x80, 0x00, 0x66, 0x61, 0x75, 0x6c, 0x74, 0x01 },
};
static const TARGET Loop = { &LoopType, "fault" };

/*
 * What is tried: TRUE if it was done, and then it is undone. Arm() is called where allocations
 * begin to count, Settle() where they end.
 */
typedef BOOLEAN TRY(VOID);

static ULONG Nth;
static BOOLEAN HasFailed;

static VOID Arm(VOID)
{
	check_fail(Nth);
}

static VOID Settle(VOID)
{
	HasFailed = !check_fail_left();
	check_fail(0);
}

/* Each allocation fails in its turn. How many of the tries come to nothing. */
static ULONG Sweep(TRY *Try)
{
	ULONG refused = 0;
	BOOLEAN done;

	for (Nth = 1; Nth < TRIES_MAX; Nth++) {
		done = Try();
		refused += !done;
		if (!HasFailed)
			break;
	}
	EXPECT(Nth < TRIES_MAX);
	EXPECT(done);
	return refused;
}

/*
 * At least so many. What others take once, a slab say, is there in the next try, and all behind
 * it is one nearer: then one is passed over, and all begins anew.
 */
static VOID FailsCleanly(TRY *Try, ULONG Least)
{
	ULONG sweeps, refused = 0;

	for (sweeps = 0; sweeps < SWEEPS_MAX && refused < Least; sweeps++)
		refused = Sweep(Try);
	if (!EXPECT(refused >= Least))
		check_print("# refused: %u, should be %u at least\n", refused, Least);
}

/* Done, or documented as without memory. */
static BOOLEAN Done(NTSTATUS Status)
{
	if (Status != STATUS_SUCCESS)
		EXPECT_STATUS(Status, STATUS_INSUFFICIENT_RESOURCES);
	return Status == STATUS_SUCCESS;
}

static BOOLEAN Allocates(BOOLEAN IsServer)
{
	VMBCHANNEL channel = NULL;
	NTSTATUS status;

	Arm();
	status = VmbChannelAllocate(CheckDeviceObject(), IsServer, &channel);
	Settle();
	EXPECT_EQ(!!channel, status == STATUS_SUCCESS);
	if (channel)
		VmbChannelCleanup(channel);
	return Done(status);
}

static BOOLEAN AllocatesClient(VOID)
{
	return Allocates(FALSE);
}

static BOOLEAN AllocatesServer(VOID)
{
	return Allocates(TRUE);
}

static VOID channels_fail_cleanly(VOID)
{
	FailsCleanly(AllocatesClient, 2);
	FailsCleanly(AllocatesServer, 2);
}

static BOOLEAN AllocatesMdl(VOID)
{
	static UCHAR data[8];
	PMDL mdl;

	Arm();
	mdl = IoAllocateMdl(data, sizeof(data), FALSE, FALSE, NULL);
	Settle();
	IoFreeMdl(mdl);
	return !!mdl;
}

static BOOLEAN AllocatesPool(VOID)
{
	PVOID memory;

	Arm();
	memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, BED_TAG);
	Settle();
	ExFreePool(memory);
	return !!memory;
}

static BOOLEAN OpensEvent(VOID)
{
	DECLARE_CONST_UNICODE_STRING(name, L"\\BaseNamedObjects\\wdk_check_fault");
	HANDLE handle = NULL;
	PKEVENT event;

	Arm();
	event = IoCreateNotificationEvent((PUNICODE_STRING)&name, &handle);
	Settle();
	EXPECT_EQ(!!handle, !!event);
	if (event)
		ZwClose(handle);
	return !!event;
}

static BOOLEAN OpensKey(VOID)
{
	WDFKEY key = NULL;
	NTSTATUS status;

	Arm();
	status = WdfDriverOpenParametersRegistryKey(CheckDriver, KEY_READ, NULL, &key);
	Settle();
	if (status == STATUS_SUCCESS)
		WdfRegistryClose(key);
	return Done(status);
}

static VOID objects_of_the_kernel_fail_cleanly(VOID)
{
	FailsCleanly(AllocatesMdl, 1);
	FailsCleanly(AllocatesPool, 1);
	FailsCleanly(OpensEvent, 1);
	FailsCleanly(OpensKey, 1);
}

typedef struct _FAULT_CONTEXT {
	LONG Runs;
} FAULT_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(FAULT_CONTEXT, GetFaultContext)

static VOID Runs(WDFWORKITEM Item)
{
	InterlockedIncrement(&GetFaultContext(Item)->Runs);
}

/* Object and context are two allocations. */
static BOOLEAN CreatesWorkItem(VOID)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;
	WDFWORKITEM item = NULL;
	NTSTATUS status;

	WDF_WORKITEM_CONFIG_INIT(&config, Runs);
	WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, FAULT_CONTEXT);
	attributes.ParentObject = CheckDevice;
	Arm();
	status = WdfWorkItemCreate(&config, &attributes, &item);
	Settle();
	if (!Done(status))
		return FALSE;
	WdfWorkItemEnqueue(item);
	WdfWorkItemFlush(item);
	EXPECT_EQ(GetFaultContext(item)->Runs, 1);
	WdfObjectDelete(item);
	return TRUE;
}

static VOID work_items_fail_cleanly(VOID)
{
	FailsCleanly(CreatesWorkItem, 2);
}

static LONG Devices, Drivers;

static VOID DeviceGoes(WDFOBJECT Object)
{
	UNREFERENCED_PARAMETER(Object);
	Devices--;
}

static VOID DriverGoes(WDFOBJECT Object)
{
	UNREFERENCED_PARAMETER(Object);
	Drivers--;
}

static NTSTATUS AddsDevice(WDFDRIVER Driver, PWDFDEVICE_INIT DeviceInit)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDFDEVICE device;

	UNREFERENCED_PARAMETER(Driver);
	WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, FAULT_CONTEXT);
	attributes.EvtDestroyCallback = DeviceGoes;
	/* One that is given up because its target cannot be had is told, too. */
	Devices++;
	return WdfDeviceCreate(&DeviceInit, &attributes, &device);
}

static NTSTATUS Entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_DRIVER_CONFIG config;
	NTSTATUS status;

	WDF_DRIVER_CONFIG_INIT(&config, AddsDevice);
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.EvtDestroyCallback = DriverGoes;
	status = WdfDriverCreate(DriverObject, RegistryPath, &attributes, &config, NULL);
	Drivers += status == STATUS_SUCCESS;
	return status;
}

/* A driver with a device. That has its object, its context and its target. */
static BOOLEAN Loads(VOID)
{
	PVOID driver;
	int error;

	Devices = 0;
	Drivers = 0;
	Arm();
	driver = check_load("fault", Entry, NULL, &error);
	Settle();
	if (driver)
		check_unload(driver);
	else
		EXPECT_EQ(error, -ENOMEM);
	/* Nothing is left, and nothing ended twice: a device may not have come to be. */
	EXPECT_EQ(Drivers, 0);
	EXPECT(Devices == 0 || (!driver && Devices == 1));
	return !!driver;
}

static VOID drivers_fail_cleanly(VOID)
{
	FailsCleanly(Loads, 5);
}

/* --- a process's memory --- */

static PUCHAR User;
static PMDL UserMdl;

static VOID Leave(PVOID Object)
{
	check_user_leave(Object, BYTES);
}

static VOID ReleaseMdl(PVOID Object)
{
	IoFreeMdl(Object);
}

static BOOLEAN LocksAndMaps(VOID)
{
	PVOID mapped;

	Arm();
	MmProbeAndLockPages(UserMdl, UserMode, IoReadAccess);
	mapped = MmGetSystemAddressForMdlSafe(UserMdl, MdlMappingNoWrite | NormalPagePriority);
	Settle();
	EXPECT(!mapped || (UserMdl->MdlFlags & MDL_PAGES_LOCKED));
	EXPECT(!mapped || RtlCompareMemory(mapped, (PVOID)"\0\0\0\0\0\0\0", 8) == 8);
	if (UserMdl->MdlFlags & MDL_PAGES_LOCKED)
		MmUnlockPages(UserMdl);
	EXPECT_EQ(UserMdl->MdlFlags, 0);
	return !!mapped;
}

static VOID mappings_fail_cleanly(VOID)
{
	User = check_user_enter(BYTES);
	REQUIRE(User);
	REQUIRE(CaseOwn(Leave, User));
	UserMdl = IoAllocateMdl(User, BYTES, FALSE, FALSE, NULL);
	REQUIRE(UserMdl);
	REQUIRE(CaseOwn(ReleaseMdl, UserMdl));
	FailsCleanly(LocksAndMaps, 2);
}

/* --- GPADLs, over kmcl_loopback --- */

static PBED Server, Client;
static PMDL Shared;
static UINT32 Handle;

static BOOLEAN Shares(VOID)
{
	NTSTATUS status;

	Arm();
	status = VmbChannelCreateGpadlFromMdl(Client->Channel, 0, Shared, 0, 0, &Handle);
	Settle();
	if (status == STATUS_SUCCESS)
		VmbChannelDeleteGpadl(Client->Channel, Handle);
	return Done(status);
}

static BOOLEAN Maps(VOID)
{
	PMDL mdl = NULL;
	NTSTATUS status;

	Arm();
	status = VmbChannelMapGpadl(Server->Channel, 0, Handle, &mdl);
	Settle();
	EXPECT_EQ(!!mdl, status == STATUS_SUCCESS);
	if (mdl)
		VmbChannelUnmapGpadl(Server->Channel, Handle);
	return Done(status);
}

static VOID gpadls_fail_cleanly(VOID)
{
	PUCHAR memory = CaseAlloc(BYTES);

	Shared = memory ? CaseScattered(memory, BYTES) : NULL;
	Server = Shared ? BedServer(&Loop) : NULL;
	Client = Server ? BedCreate(&Loop) : NULL;
	REQUIRE(Client && BedOffer(Server) && BedStart(Client));
	FailsCleanly(Shares, 2);
	REQUIRE_STATUS(VmbChannelCreateGpadlFromMdl(Client->Channel, 0, Shared, 0, 0, &Handle),
		       STATUS_SUCCESS);
	FailsCleanly(Maps, 2);
	VmbChannelDeleteGpadl(Client->Channel, Handle);
}

static const TEST_CASE Cases[] = {
	CASE(channels_fail_cleanly),
	CASE(objects_of_the_kernel_fail_cleanly),
	CASE(work_items_fail_cleanly),
	CASE(drivers_fail_cleanly),
	CASE(mappings_fail_cleanly),
	CASE(gpadls_fail_cleanly),
};

TEST_GROUP_DEFINE(fault, Cases);
