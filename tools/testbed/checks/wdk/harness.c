// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the cases and reports: see harness.h.
 */
#include "bed.h"

#define TEXTS		8	/* failures of one case that are told */
#define OWNED_MAX	2048
#define PATIENCE	MILLISECONDS(-30000)
#define SUSPICION	MILLISECONDS(-100)
#define POOL_TAG	0x6b647763

static const TEST_GROUP *const Groups[] = {
	&group_nobus,
	&group_interface,
	&group_table,
	&group_channel,
	&group_init,
	&group_callback,
	&group_state,
	&group_packet,
	&group_send,
	&group_request,
	&group_receive,
	&group_gpadl,
	&group_constant,
	&group_status,
	&group_ke,
	&group_mdl,
	&group_user,
	&group_rtl,
	&group_print,
	&group_wdf,
	&group_load,
	&group_scarce,
	&group_server,
	&group_save,
	&group_fault,
};

typedef struct _OWNED {
	CASE_RELEASE *Release;
	PVOID Object;
} OWNED;

typedef struct _WORK {
	CASE_WORK *Routine;
	PVOID Context;
} WORK;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(WORK, GetWork);

static LONG Failures;		/* of the case that runs */
static OWNED Owned[OWNED_MAX];
static ULONG OwnedCount;

static PCSTR BaseName(PCSTR Path)
{
	PCSTR name = Path;

	for (; *Path; Path++) {
		if (*Path == '/')
			name = Path + 1;
	}
	return name;
}

/* Is there room to tell of this failure too. */
static BOOLEAN Failed(VOID)
{
	return InterlockedIncrement(&Failures) <= TEXTS;
}

BOOLEAN CheckTrue(BOOLEAN Holds, PCSTR File, ULONG Line, PCSTR Text)
{
	if (!Holds && Failed())
		check_print("# %s:%u: false: %s\n", BaseName(File), Line, Text);
	return Holds;
}

BOOLEAN CheckEqual(LONGLONG Actual, LONGLONG Expected, PCSTR File, ULONG Line, PCSTR Text)
{
	BOOLEAN holds = Actual == Expected;

	if (!holds && Failed())
		check_print("# %s:%u: %s is %lld (%#llx), should be %lld (%#llx)\n",
			    BaseName(File), Line, Text, Actual, Actual, Expected, Expected);
	return holds;
}

BOOLEAN CheckStatus(NTSTATUS Actual, NTSTATUS Expected, PCSTR File, ULONG Line, PCSTR Text)
{
	BOOLEAN holds = Actual == Expected;

	if (!holds && Failed())
		check_print("# %s:%u: %s is 0x%08x, should be 0x%08x\n", BaseName(File), Line,
			    Text, Actual, Expected);
	return holds;
}

BOOLEAN WaitFor(PKEVENT Event)
{
	LARGE_INTEGER timeout = { .QuadPart = PATIENCE };

	return KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &timeout) ==
	       STATUS_SUCCESS;
}

BOOLEAN StaysAway(PKEVENT Event)
{
	LARGE_INTEGER timeout = { .QuadPart = SUSPICION };

	return KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &timeout) ==
	       STATUS_TIMEOUT;
}

/* At once if there is no room. */
BOOLEAN CaseOwn(CASE_RELEASE *Release, PVOID Object)
{
	if (!Object)
		return FALSE;
	if (!EXPECT(OwnedCount < OWNED_MAX)) {
		Release(Object);
		return FALSE;
	}
	Owned[OwnedCount].Release = Release;
	Owned[OwnedCount++].Object = Object;
	return TRUE;
}

/* FALSE if the case does not own it. */
BOOLEAN CaseDisown(PVOID Object)
{
	ULONG i;

	for (i = OwnedCount; i--;) {
		if (Owned[i].Object != Object)
			continue;
		OwnedCount--;
		RtlMoveMemory(&Owned[i], &Owned[i + 1], (OwnedCount - i) * sizeof(Owned[0]));
		return TRUE;
	}
	return FALSE;
}

static VOID ReleaseAll(VOID)
{
	BedQuietAll();
	while (OwnedCount) {
		OwnedCount--;
		Owned[OwnedCount].Release(Owned[OwnedCount].Object);
	}
}

static VOID ReleasePool(PVOID Object)
{
	ExFreePool(Object);
}

PVOID CaseAlloc(SIZE_T Bytes)
{
	PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, Bytes, POOL_TAG);

	EXPECT(memory);
	return CaseOwn(ReleasePool, memory) ? memory : NULL;
}

static VOID ReleaseMdl(PVOID Object)
{
	IoFreeMdl(Object);
}

PMDL CaseMdl(PVOID Address, ULONG Bytes)
{
	PMDL mdl = IoAllocateMdl(Address, Bytes, FALSE, FALSE, NULL);

	if (!EXPECT(mdl))
		return NULL;
	MmBuildMdlForNonPagedPool(mdl);
	return CaseOwn(ReleaseMdl, mdl) ? mdl : NULL;
}

static BOOLEAN Follows(PMDL First, PMDL Second)
{
	ULONG pages = MmGetMdlByteCount(First) / PAGE_SIZE;

	return MmGetMdlPfnArray(First)[pages - 1] + 1 == MmGetMdlPfnArray(Second)[0];
}

/* The second half first, unless the allocator has just put them so: then they are in order. */
PMDL CaseScattered(PVOID Address, ULONG Bytes)
{
	ULONG half = Bytes / 2;
	PMDL first = CaseMdl((PUCHAR)Address + half, half), second = CaseMdl(Address, half);

	if (!first || !second)
		return NULL;
	if (Follows(first, second)) {
		second->Next = first;
		return second;
	}
	first->Next = second;
	return first;
}

static VOID ReleaseChannel(PVOID Object)
{
	VmbChannelDisable(Object);
	VmbChannelCleanup(Object);
}

VMBCHANNEL CaseChannel(VOID)
{
	VMBCHANNEL channel = NULL;

	EXPECT_STATUS(VmbChannelAllocate(CheckDeviceObject(), FALSE, &channel), STATUS_SUCCESS);
	return CaseOwn(ReleaseChannel, channel) ? channel : NULL;
}

static VOID RunWork(WDFWORKITEM Item)
{
	WORK *work = GetWork(Item);

	work->Routine(work->Context);
}

static VOID ReleaseWork(PVOID Object)
{
	WdfWorkItemFlush(Object);
	WdfObjectDelete(Object);
}

BOOLEAN CaseWork(CASE_WORK *Routine, PVOID Context)
{
	WDF_OBJECT_ATTRIBUTES attributes;
	WDF_WORKITEM_CONFIG config;
	WDFWORKITEM item = NULL;

	WDF_WORKITEM_CONFIG_INIT(&config, RunWork);
	WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, WORK);
	attributes.ParentObject = CheckDevice;
	EXPECT_STATUS(WdfWorkItemCreate(&config, &attributes, &item), STATUS_SUCCESS);
	if (!CaseOwn(ReleaseWork, item))
		return FALSE;
	GetWork(item)->Routine = Routine;
	GetWork(item)->Context = Context;
	WdfWorkItemEnqueue(item);
	return TRUE;
}

static ULONG CountSelected(VOID)
{
	ULONG count = 0, i, j;

	for (i = 0; i < ARRAYSIZE(Groups); i++) {
		for (j = 0; j < Groups[i]->Count; j++)
			count += check_selected(Groups[i]->Name, Groups[i]->Cases[j].Name);
	}
	return count;
}

static VOID RunCase(const TEST_GROUP *Group, const TEST_CASE *Case, ULONG Number)
{
	InterlockedExchange(&Failures, 0);
	check_begins(Group->Name, Case->Name);
	Case->Run();
	ReleaseAll();
	check_print("%s %u - %s.%s\n", Failures ? "not ok" : "ok", Number, Group->Name,
		    Case->Name);
}

VOID CheckRunAll(VOID)
{
	ULONG number = 0, i, j;

	check_print("KTAP version 1\n1..%u\n", CountSelected());
	for (i = 0; i < ARRAYSIZE(Groups); i++) {
		for (j = 0; j < Groups[i]->Count; j++) {
			if (check_selected(Groups[i]->Name, Groups[i]->Cases[j].Name))
				RunCase(Groups[i], &Groups[i]->Cases[j], ++number);
		}
	}
}
