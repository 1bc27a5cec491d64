// SPDX-License-Identifier: GPL-2.0-only
/*
 * The framework: the driver that runs these is one of its. Context types are declared with
 * a semicolon and without.
 */
#include "driver.h"

typedef struct _ITEM_CONTEXT {
	KEVENT Ran;
	LONG Runs;
	LONG *Ended;
} ITEM_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(ITEM_CONTEXT, GetItemContext);

typedef struct _OTHER_CONTEXT {
	ULONG Unused;
} OTHER_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE(OTHER_CONTEXT)

/* Add, prepare, power, self managed I/O: that is when the cases are started. */
static VOID device_starts_in_order(VOID)
{
	EXPECT(RtlEqualMemory(DeviceOrder, "APDI", 5));
	EXPECT(CheckDeviceContext());
	EXPECT(WdfDeviceGetDriver(CheckDevice) == CheckDriver);
	EXPECT(WdfDeviceWdmGetDeviceObject(CheckDevice));
	EXPECT(WdfDeviceGetIoTarget(CheckDevice));
	EXPECT(!WdfObjectGet_OTHER_CONTEXT(CheckDevice));
}

static VOID ItemRuns(WDFWORKITEM Item)
{
	EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
	EXPECT(WdfWorkItemGetParentObject(Item) == CheckDevice);
	InterlockedIncrement(&GetItemContext(Item)->Runs);
	KeSetEvent(&GetItemContext(Item)->Ran, IO_NO_INCREMENT, FALSE);
}

static VOID ItemIsCleanedUp(WDFOBJECT Object)
{
	InterlockedIncrement(GetItemContext(Object)->Ended);
}

static VOID ItemIsDestroyed(WDFOBJECT Object)
{
	InterlockedAdd(GetItemContext(Object)->Ended, 0x100);
}

static LONG Ended;

/* Counts: of cleanup in its low byte, of destroy in the next. */
static WDFWORKITEM CreateItemBelow(WDFOBJECT Parent, PFN_WDF_WORKITEM Routine, LONG *Counts)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;
	WDFWORKITEM item = NULL;

	WDF_WORKITEM_CONFIG_INIT(&config, Routine);
	WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, ITEM_CONTEXT);
	attributes.ParentObject = Parent;
	attributes.EvtCleanupCallback = ItemIsCleanedUp;
	attributes.EvtDestroyCallback = ItemIsDestroyed;
	if (!EXPECT_STATUS(WdfWorkItemCreate(&config, &attributes, &item), STATUS_SUCCESS))
		return NULL;
	EXPECT_EQ(GetItemContext(item)->Runs, 0);
	*Counts = 0;
	GetItemContext(item)->Ended = Counts;
	KeInitializeEvent(&GetItemContext(item)->Ran, SynchronizationEvent, FALSE);
	return item;
}

static WDFWORKITEM CreateItem(PFN_WDF_WORKITEM Routine)
{
	return CreateItemBelow(CheckDevice, Routine, &Ended);
}

/* Enqueued at any level, runs at PASSIVE_LEVEL; ends with its callbacks. */
static VOID work_item_runs_at_passive_level(VOID)
{
	WDFWORKITEM item = CreateItem(ItemRuns);
	KIRQL irql;

	REQUIRE(item);
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	WdfWorkItemEnqueue(item);
	KeLowerIrql(irql);
	EXPECT(WaitFor(&GetItemContext(item)->Ran));
	WdfWorkItemEnqueue(item);
	WdfWorkItemFlush(item);
	EXPECT_EQ(GetItemContext(item)->Runs, 2);
	EXPECT(WdfObjectContextGetObject(GetItemContext(item)) == item);
	EXPECT_EQ(Ended, 0);
	WdfObjectDelete(item);
	EXPECT_EQ(Ended, 0x101);
}

static KEVENT Deleted;

static VOID DeletesItself(WDFWORKITEM Item)
{
	WdfObjectDelete(Item);
	/* It lives until this returns. */
	EXPECT_EQ(Ended, 0);
	EXPECT_EQ(GetItemContext(Item)->Runs, 0);
	KeSetEvent(&Deleted, IO_NO_INCREMENT, FALSE);
}

static VOID work_item_may_delete_itself(VOID)
{
	WDFWORKITEM item = CreateItem(DeletesItself), after;

	REQUIRE(item);
	KeInitializeEvent(&Deleted, NotificationEvent, FALSE);
	WdfWorkItemEnqueue(item);
	AWAIT(&Deleted);
	/* Another one through the queue, so that the first has returned for sure. */
	after = CreateItem(ItemRuns);
	REQUIRE(after);
	WdfWorkItemEnqueue(after);
	WdfWorkItemFlush(after);
	WdfObjectDelete(after);
}

/* An item below another, which is deleted by one thread while the item's own callback runs. */
static struct {
	WDFWORKITEM Parent;
	LONG ParentEnded;
	LONG ItemEnded;
	LONG Runs;
	KEVENT Inside;		/* the callback is */
	KEVENT Go;		/* it may go on */
	KEVENT Over;		/* the parent was deleted */
} w;

static VOID DeletesParent(PVOID Unused)
{
	UNREFERENCED_PARAMETER(Unused);
	WdfObjectDelete(w.Parent);
	/* When it returns nothing of the driver's is called any more. */
	EXPECT_EQ(w.ItemEnded, 0x101);
	EXPECT_EQ(w.ParentEnded, 0x101);
	KeSetEvent(&w.Over, IO_NO_INCREMENT, FALSE);
}

static BOOLEAN BeginBelow(PFN_WDF_WORKITEM Routine)
{
	WDFWORKITEM item;

	RtlZeroMemory(&w, sizeof(w));
	KeInitializeEvent(&w.Inside, NotificationEvent, FALSE);
	KeInitializeEvent(&w.Go, NotificationEvent, FALSE);
	KeInitializeEvent(&w.Over, NotificationEvent, FALSE);
	w.Parent = CreateItemBelow(CheckDevice, ItemRuns, &w.ParentEnded);
	item = w.Parent ? CreateItemBelow(w.Parent, Routine, &w.ItemEnded) : NULL;
	if (!item)
		return FALSE;
	WdfWorkItemEnqueue(item);
	return TRUE;
}

/* The parent waits for the callback, and for that alone. */
static VOID EndBelow(VOID)
{
	AWAIT(&w.Inside);
	REQUIRE(CaseWork(DeletesParent, NULL));
	EXPECT(StaysAway(&w.Over));
	EXPECT_EQ(w.ItemEnded, 0);
	EXPECT_EQ(w.ParentEnded, 0);
	KeSetEvent(&w.Go, IO_NO_INCREMENT, FALSE);
	AWAIT(&w.Over);
	EXPECT_EQ(w.Runs, 1);
}

static VOID DeletesItselfLate(WDFWORKITEM Item)
{
	InterlockedIncrement(&w.Runs);
	KeSetEvent(&w.Inside, IO_NO_INCREMENT, FALSE);
	EXPECT(WaitFor(&w.Go));
	WdfObjectDelete(Item);
	WdfObjectDelete(Item);
	EXPECT_EQ(w.ItemEnded, 0);
	EXPECT(WdfWorkItemGetParentObject(Item) == w.Parent);
}

/* Who deletes the parent has begun with the item: he ends it. */
static VOID work_item_may_delete_itself_when_its_parent_goes(VOID)
{
	REQUIRE(BeginBelow(DeletesItselfLate));
	EndBelow();
}

static VOID DeletesItselfFirst(WDFWORKITEM Item)
{
	InterlockedIncrement(&w.Runs);
	/* Neither of them has it run again. */
	WdfWorkItemEnqueue(Item);
	WdfObjectDelete(Item);
	WdfWorkItemEnqueue(Item);
	KeSetEvent(&w.Inside, IO_NO_INCREMENT, FALSE);
	EXPECT(WaitFor(&w.Go));
	EXPECT_EQ(w.ItemEnded, 0);
}

/* The item ends itself: who deletes the parent waits for that. */
static VOID parent_waits_for_a_work_item_that_deletes_itself(VOID)
{
	REQUIRE(BeginBelow(DeletesItselfFirst));
	EndBelow();
}

static VOID EnqueuesItself(WDFWORKITEM Item)
{
	InterlockedIncrement(&w.Runs);
	WdfWorkItemEnqueue(Item);
	KeSetEvent(&w.Inside, IO_NO_INCREMENT, FALSE);
}

/* One that enqueues itself each time ends when it is deleted. */
static VOID deleted_work_item_does_not_run_again(VOID)
{
	LONG runs;

	REQUIRE(BeginBelow(EnqueuesItself));
	AWAIT(&w.Inside);
	DeletesParent(NULL);
	runs = w.Runs;
	EXPECT(StaysAway(&w.Go));
	EXPECT_EQ(w.Runs, runs);
}

static VOID CreatesChild(WDFWORKITEM Item)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;
	WDFWORKITEM child = NULL;

	InterlockedIncrement(&w.Runs);
	KeSetEvent(&w.Inside, IO_NO_INCREMENT, FALSE);
	EXPECT(WaitFor(&w.Go));
	WDF_WORKITEM_CONFIG_INIT(&config, ItemRuns);
	WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
	attributes.ParentObject = Item;
	EXPECT_STATUS(WdfWorkItemCreate(&config, &attributes, &child),
		      STATUS_INVALID_DEVICE_STATE);
	EXPECT(!child);
}

static VOID object_that_is_deleted_gets_no_child(VOID)
{
	REQUIRE(BeginBelow(CreatesChild));
	EndBelow();
}

static ULONG Parameter(PCWSTR Name, ULONG Default)
{
	UNICODE_STRING name;
	ULONG value = Default;
	WDFKEY key;

	RtlInitUnicodeString(&name, Name);
	if (!EXPECT_STATUS(WdfDriverOpenParametersRegistryKey(CheckDriver, KEY_READ, NULL, &key),
			   STATUS_SUCCESS))
		return Default;
	WdfRegistryQueryULong(key, &name, &value);
	WdfRegistryClose(key);
	return value;
}

/* parameters="Answer=42,Question=0x10" was given when the module was loaded. */
static VOID parameters_are_read_from_the_key(VOID)
{
	EXPECT_EQ(Parameter(L"Answer", 0), 42);
	EXPECT_EQ(Parameter(L"QUESTION", 0), 16);
	EXPECT_EQ(Parameter(L"Answe", 7), 7);
}

/* Zeroed extension, and in the driver's list until it is deleted. */
static VOID device_object_has_its_extension(VOID)
{
	DRIVER_OBJECT driver = { 0 };
	PDEVICE_OBJECT one = NULL, other = NULL;
	PUCHAR extension;

	REQUIRE_STATUS(IoCreateDevice(&driver, 100, NULL, FILE_DEVICE_UNKNOWN,
				      FILE_DEVICE_SECURE_OPEN, FALSE, &one), STATUS_SUCCESS);
	REQUIRE_STATUS(IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &other),
		       STATUS_SUCCESS);
	extension = one->DeviceExtension;
	REQUIRE(extension);
	EXPECT(!extension[0] && !extension[99] && !other->DeviceExtension);
	EXPECT(driver.DeviceObject == other && other->NextDevice == one && !one->NextDevice);
	EXPECT(one->DriverObject == &driver);
	EXPECT_EQ(one->DeviceType, FILE_DEVICE_UNKNOWN);
	EXPECT_EQ(one->Characteristics, FILE_DEVICE_SECURE_OPEN);
	EXPECT_EQ(one->Flags, DO_DEVICE_INITIALIZING);
	IoDeleteDevice(one);
	EXPECT(driver.DeviceObject == other && !other->NextDevice);
	IoDeleteDevice(other);
	EXPECT(!driver.DeviceObject);
}

static const TEST_CASE Cases[] = {
	CASE(device_starts_in_order),
	CASE(work_item_runs_at_passive_level),
	CASE(work_item_may_delete_itself),
	CASE(work_item_may_delete_itself_when_its_parent_goes),
	CASE(parent_waits_for_a_work_item_that_deletes_itself),
	CASE(deleted_work_item_does_not_run_again),
	CASE(object_that_is_deleted_gets_no_child),
	CASE(parameters_are_read_from_the_key),
	CASE(device_object_has_its_extension),
};

TEST_GROUP_DEFINE(wdf, Cases);
