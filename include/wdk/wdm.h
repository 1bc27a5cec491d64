/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a Windows kernel driver takes from the system, as far as a KMCL client needs
 * it. What is not here is not there: a source that uses it does not compile. The
 * contract of each function stands above it in drivers/wdk.
 */
#ifndef _WDK_WDM_H
#define _WDK_WDM_H

#include <ntdef.h>

typedef struct _DEVICE_OBJECT DEVICE_OBJECT, *PDEVICE_OBJECT;
typedef struct _DRIVER_OBJECT DRIVER_OBJECT, *PDRIVER_OBJECT;
typedef struct _IRP *PIRP;
typedef struct _EPROCESS *PEPROCESS;

#ifndef DBG
#define DBG	1
#endif

#ifndef PAGE_SIZE
#define PAGE_SIZE	4096ul
#define PAGE_SHIFT	12
#endif

/* Down to the page's first byte; Linux's macro of this name rounds up. */
#ifndef PAGE_ALIGN
#define PAGE_ALIGN(va)	((PVOID)((ULONG_PTR)(va) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#endif
#define BYTE_OFFSET(va)		((ULONG)((ULONG_PTR)(va) & (PAGE_SIZE - 1)))
#define ROUND_TO_PAGES(size)	(((ULONG_PTR)(size) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))
#define BYTES_TO_PAGES(size)	((ULONG)(ROUND_TO_PAGES(size) >> PAGE_SHIFT))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, size)					\
	((ULONG)((BYTE_OFFSET(va) + (SIZE_T)(size) + PAGE_SIZE - 1) >> PAGE_SHIFT))

/* Levels. Device levels do not occur: kmcl calls a driver from softirq at most. */
#define PASSIVE_LEVEL	0
#define APC_LEVEL	1
#define DISPATCH_LEVEL	2

KIRQL KeGetCurrentIrql(VOID);
VOID KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql);
VOID KeLowerIrql(KIRQL NewIrql);

/* Warns where one may not sleep. */
VOID WdkPagedCode(PCSTR File, ULONG Line);
#define PAGED_CODE()	WdkPagedCode(__FILE__, __LINE__)

/* Memory. */
#ifndef _LINUX_STRING_H_
void *memcpy(void *to, const void *from, SIZE_T bytes);
void *memmove(void *to, const void *from, SIZE_T bytes);
void *memset(void *to, int value, SIZE_T bytes);
int memcmp(const void *a, const void *b, SIZE_T bytes);
#endif

#define RtlCopyMemory(to, from, bytes)	((void)memcpy((to), (from), (bytes)))
#define RtlMoveMemory(to, from, bytes)	((void)memmove((to), (from), (bytes)))
#define RtlFillMemory(to, bytes, value)	((void)memset((to), (value), (bytes)))
#define RtlZeroMemory(to, bytes)	((void)memset((to), 0, (bytes)))
#define RtlEqualMemory(a, b, bytes)	(!memcmp((a), (b), (bytes)))

SIZE_T RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length);

typedef enum _POOL_TYPE {
	NonPagedPool = 0,
	PagedPool = 1,
	NonPagedPoolCacheAligned = 4,
	PagedPoolCacheAligned = 5,
	NonPagedPoolNx = 512,
	NonPagedPoolNxCacheAligned = 516,
} POOL_TYPE;

typedef ULONG64 POOL_FLAGS;

#define POOL_FLAG_USE_QUOTA		0x1ull
#define POOL_FLAG_UNINITIALIZED		0x2ull
#define POOL_FLAG_SESSION		0x4ull
#define POOL_FLAG_CACHE_ALIGNED		0x8ull
#define POOL_FLAG_RAISE_ON_FAILURE	0x20ull	/* refused: see __try in ntdef.h */
#define POOL_FLAG_NON_PAGED		0x40ull
#define POOL_FLAG_NON_PAGED_EXECUTE	0x80ull	/* the memory is not executable */
#define POOL_FLAG_PAGED			0x100ull

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag);
PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag);
VOID ExFreePoolWithTag(PVOID P, ULONG Tag);
VOID ExFreePool(PVOID P);

FORCEINLINE PVOID ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
	return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

FORCEINLINE PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
	return ExAllocatePool2(PoolType & PagedPool ? POOL_FLAG_PAGED : POOL_FLAG_NON_PAGED,
			       NumberOfBytes, Tag);
}

/* Strings. */
VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString);
BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
			      BOOLEAN CaseInSensitive);

/* Debug output: one line in the kernel's log for each line of the text. */
#define DPFLTR_IHVDRIVER_ID	77
#define DPFLTR_ERROR_LEVEL	0
#define DPFLTR_WARNING_LEVEL	1
#define DPFLTR_TRACE_LEVEL	2
#define DPFLTR_INFO_LEVEL	3

ULONG WdkPrint(PCSTR Driver, ULONG Level, PCSTR Format, ...);
#define DbgPrint(...)							\
	WdkPrint(KBUILD_MODNAME, DPFLTR_INFO_LEVEL, __VA_ARGS__)
#define DbgPrintEx(component, level, ...)				\
	((void)(component), WdkPrint(KBUILD_MODNAME, level, __VA_ARGS__))

VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message);

#if DBG
#define KdPrint(arguments)	DbgPrint arguments
#define KdPrintEx(arguments)	DbgPrintEx arguments
#define ASSERTMSG(text, e)								\
	((void)((e) || (RtlAssert((PVOID)#e, (PVOID)__FILE__, __LINE__, (PSTR)(text)), 0)))
#else
#define KdPrint(arguments)	((void)0)
#define KdPrintEx(arguments)	((void)0)
#define ASSERTMSG(text, e)	((void)0)
#endif
#ifndef ASSERT
#define ASSERT(e)		ASSERTMSG(NULL, e)
#endif
#define NT_ASSERT(e)		ASSERTMSG(NULL, e)
#define NT_ASSERTMSG(text, e)	ASSERTMSG(text, e)
#define NT_VERIFY(e)									\
	((e) ? TRUE : (RtlAssert((PVOID)#e, (PVOID)__FILE__, __LINE__, NULL), FALSE))

/* Interlocked operations: full barriers. The result is the new value... */
FORCEINLINE LONG InterlockedIncrement(LONG volatile *Addend)
{
	return __sync_add_and_fetch(Addend, 1);
}

FORCEINLINE LONG InterlockedDecrement(LONG volatile *Addend)
{
	return __sync_sub_and_fetch(Addend, 1);
}

FORCEINLINE LONG64 InterlockedIncrement64(LONG64 volatile *Addend)
{
	return __sync_add_and_fetch(Addend, 1);
}

FORCEINLINE LONG64 InterlockedDecrement64(LONG64 volatile *Addend)
{
	return __sync_sub_and_fetch(Addend, 1);
}

FORCEINLINE LONG InterlockedAdd(LONG volatile *Addend, LONG Value)
{
	return __sync_add_and_fetch(Addend, Value);
}

FORCEINLINE LONG64 InterlockedAdd64(LONG64 volatile *Addend, LONG64 Value)
{
	return __sync_add_and_fetch(Addend, Value);
}

/* ...and of these, the old one. */
FORCEINLINE LONG InterlockedExchangeAdd(LONG volatile *Addend, LONG Value)
{
	return __sync_fetch_and_add(Addend, Value);
}

FORCEINLINE LONG64 InterlockedExchangeAdd64(LONG64 volatile *Addend, LONG64 Value)
{
	return __sync_fetch_and_add(Addend, Value);
}

FORCEINLINE LONG InterlockedExchange(LONG volatile *Target, LONG Value)
{
	return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG64 InterlockedExchange64(LONG64 volatile *Target, LONG64 Value)
{
	return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

FORCEINLINE PVOID InterlockedExchangePointer(PVOID volatile *Target, PVOID Value)
{
	return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

FORCEINLINE LONG InterlockedCompareExchange(LONG volatile *Destination, LONG ExChange,
					    LONG Comperand)
{
	return __sync_val_compare_and_swap(Destination, Comperand, ExChange);
}

FORCEINLINE LONG64 InterlockedCompareExchange64(LONG64 volatile *Destination, LONG64 ExChange,
						LONG64 Comperand)
{
	return __sync_val_compare_and_swap(Destination, Comperand, ExChange);
}

FORCEINLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *Destination, PVOID ExChange,
						    PVOID Comperand)
{
	return __sync_val_compare_and_swap(Destination, Comperand, ExChange);
}

FORCEINLINE LONG InterlockedOr(LONG volatile *Destination, LONG Value)
{
	return __sync_fetch_and_or(Destination, Value);
}

FORCEINLINE LONG64 InterlockedOr64(LONG64 volatile *Destination, LONG64 Value)
{
	return __sync_fetch_and_or(Destination, Value);
}

FORCEINLINE LONG InterlockedAnd(LONG volatile *Destination, LONG Value)
{
	return __sync_fetch_and_and(Destination, Value);
}

FORCEINLINE LONG64 InterlockedAnd64(LONG64 volatile *Destination, LONG64 Value)
{
	return __sync_fetch_and_and(Destination, Value);
}

#define KeMemoryBarrier()	__sync_synchronize()
#define MemoryBarrier()		__sync_synchronize()

/*
 * Spin locks: Linux's own, so lockdep knows them, each by the place where it was
 * initialised. A driver sees neither size nor content.
 */
#if defined(CONFIG_DEBUG_SPINLOCK) || defined(CONFIG_DEBUG_LOCK_ALLOC) || defined(CONFIG_PREEMPT_RT)
#define WDK_SPIN_LOCK_WORDS	20
#else
#define WDK_SPIN_LOCK_WORDS	1
#endif

typedef struct _KSPIN_LOCK {
	ULONG_PTR Room[WDK_SPIN_LOCK_WORDS];
} KSPIN_LOCK, *PKSPIN_LOCK;

typedef struct _WDK_LOCK_CLASS {
	ULONG_PTR Room[4];
} WDK_LOCK_CLASS, *PWDK_LOCK_CLASS;

VOID WdkInitializeSpinLock(PKSPIN_LOCK SpinLock, PCSTR Name, PWDK_LOCK_CLASS Class);
KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock);
VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);
VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);

#define KeInitializeSpinLock(lock) do {							\
	static WDK_LOCK_CLASS wdk_class;						\
											\
	WdkInitializeSpinLock((lock), #lock, &wdk_class);				\
} while (0)
#define KeAcquireSpinLock(lock, old)	((void)(*(old) = KeAcquireSpinLockRaiseToDpc(lock)))

/* Events. */
typedef enum _EVENT_TYPE {
	NotificationEvent,
	SynchronizationEvent,
} EVENT_TYPE;

typedef struct _KEVENT {
	EVENT_TYPE Type;
	LONG SignalState;
} KEVENT, *PKEVENT, *PRKEVENT;

typedef enum _KWAIT_REASON {
	Executive,
	FreePage,
	PageIn,
	PoolAllocation,
	DelayExecution,
	Suspended,
	UserRequest,
} KWAIT_REASON;

enum {
	KernelMode,
	UserMode,
};

#define IO_NO_INCREMENT	0

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State);
LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait);
LONG KeResetEvent(PRKEVENT Event);
VOID KeClearEvent(PRKEVENT Event);
LONG KeReadStateEvent(PRKEVENT Event);
NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
			       BOOLEAN Alertable, PLARGE_INTEGER Timeout);
NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
				PLARGE_INTEGER Interval);

PKEVENT IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle);
NTSTATUS ZwClose(HANDLE Handle);

/* Time. 100 ns, since 1601 or since boot; the performance counter counts ns. */
VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime);
VOID KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime);
ULONGLONG KeQueryInterruptTime(VOID);
LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency);

/*
 * Memory descriptor lists. A chain through Next; behind each the numbers of its
 * pages, which are pages of this machine.
 */
typedef struct _MDL {
	struct _MDL *Next;
	CSHORT Size;
	CSHORT MdlFlags;
	PEPROCESS Process;
	PVOID MappedSystemVa;
	PVOID StartVa;
	ULONG ByteCount;
	ULONG ByteOffset;
} MDL, *PMDL;

C_ASSERT(FIELD_OFFSET(MDL, Next) == 0x00);
C_ASSERT(FIELD_OFFSET(MDL, Size) == 0x08);
C_ASSERT(FIELD_OFFSET(MDL, MdlFlags) == 0x0a);
C_ASSERT(FIELD_OFFSET(MDL, Process) == 0x10);
C_ASSERT(FIELD_OFFSET(MDL, MappedSystemVa) == 0x18);
C_ASSERT(FIELD_OFFSET(MDL, StartVa) == 0x20);
C_ASSERT(FIELD_OFFSET(MDL, ByteCount) == 0x28);
C_ASSERT(FIELD_OFFSET(MDL, ByteOffset) == 0x2c);
C_ASSERT(sizeof(MDL) == 0x30);

#define MDL_MAPPED_TO_SYSTEM_VA		0x0001
#define MDL_PAGES_LOCKED		0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL	0x0004
#define MDL_PARTIAL			0x0010
#define MDL_WRITE_OPERATION		0x0080

typedef enum _LOCK_OPERATION {
	IoReadAccess,
	IoWriteAccess,
	IoModifyAccess,
} LOCK_OPERATION;

typedef enum _MEMORY_CACHING_TYPE {
	MmNonCached = 0,
	MmCached = 1,
	MmWriteCombined = 2,
} MEMORY_CACHING_TYPE;

typedef enum _MM_PAGE_PRIORITY {
	LowPagePriority = 0,
	NormalPagePriority = 16,
	HighPagePriority = 32,
} MM_PAGE_PRIORITY;

#define MdlMappingNoWrite	0x80000000u
#define MdlMappingNoExecute	0x40000000u	/* no mapping is executable */

PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
		   BOOLEAN ChargeQuota, PIRP Irp);
VOID IoFreeMdl(PMDL Mdl);
VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length);
VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList);
VOID MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
			 LOCK_OPERATION Operation);
VOID MmUnlockPages(PMDL MemoryDescriptorList);
PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
				   MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
				   ULONG BugCheckOnFailure, ULONG Priority);
VOID MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList);
PVOID MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG Priority);

#define MmGetMdlByteCount(mdl)		((mdl)->ByteCount)
#define MmGetMdlByteOffset(mdl)		((mdl)->ByteOffset)
#define MmGetMdlVirtualAddress(mdl)	((PVOID)((PCHAR)(mdl)->StartVa + (mdl)->ByteOffset))
#define MmGetMdlPfnArray(mdl)		((PPFN_NUMBER)((mdl) + 1))

FORCEINLINE SIZE_T MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
	return sizeof(MDL) + ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length) * sizeof(PFN_NUMBER);
}

/* In @Mdl's memory, which has MmSizeOfMdl(BaseVa, Length) bytes. */
FORCEINLINE VOID MmInitializeMdl(PMDL Mdl, PVOID BaseVa, SIZE_T Length)
{
	Mdl->Next = NULL;
	Mdl->Size = (CSHORT)MmSizeOfMdl(BaseVa, Length);
	Mdl->MdlFlags = 0;
	Mdl->Process = NULL;
	Mdl->MappedSystemVa = NULL;
	Mdl->StartVa = (PCHAR)BaseVa - BYTE_OFFSET(BaseVa);
	Mdl->ByteCount = (ULONG)Length;
	Mdl->ByteOffset = BYTE_OFFSET(BaseVa);
}

FORCEINLINE VOID MmPrepareMdlForReuse(PMDL Mdl)
{
	if ((Mdl->MdlFlags & MDL_PARTIAL) && (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA))
		MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
}

/* Drivers and devices. */
typedef NTSTATUS DRIVER_INITIALIZE(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);
typedef DRIVER_INITIALIZE *PDRIVER_INITIALIZE;
typedef VOID DRIVER_UNLOAD(PDRIVER_OBJECT DriverObject);
typedef DRIVER_UNLOAD *PDRIVER_UNLOAD;

/* DriverObject to DriverName are set when DriverEntry runs; it sets DriverUnload. */
struct _DRIVER_OBJECT {
	PDEVICE_OBJECT DeviceObject;
	UNICODE_STRING DriverName;
	PDRIVER_UNLOAD DriverUnload;
};

struct _DEVICE_OBJECT {
	PDRIVER_OBJECT DriverObject;
	PDEVICE_OBJECT NextDevice;
	PVOID DeviceExtension;
	ULONG Flags;
	ULONG Characteristics;
	ULONG DeviceType;
};

#define FILE_DEVICE_UNKNOWN	0x22
#define FILE_DEVICE_SECURE_OPEN	0x100
#define DO_DEVICE_INITIALIZING	0x80

NTSTATUS IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
			PUNICODE_STRING DeviceName, ULONG DeviceType, ULONG DeviceCharacteristics,
			BOOLEAN Exclusive, PDEVICE_OBJECT *DeviceObject);
VOID IoDeleteDevice(PDEVICE_OBJECT DeviceObject);

/* What every queried interface begins with. */
typedef VOID INTERFACE_REFERENCE(PVOID Context);
typedef INTERFACE_REFERENCE *PINTERFACE_REFERENCE;
typedef VOID INTERFACE_DEREFERENCE(PVOID Context);
typedef INTERFACE_DEREFERENCE *PINTERFACE_DEREFERENCE;

typedef struct _INTERFACE {
	USHORT Size;
	USHORT Version;
	PVOID Context;
	PINTERFACE_REFERENCE InterfaceReference;
	PINTERFACE_DEREFERENCE InterfaceDereference;
} INTERFACE, *PINTERFACE;

C_ASSERT(sizeof(INTERFACE) == 0x20);

/* Access to registry keys. */
#define KEY_QUERY_VALUE		0x00001
#define KEY_READ		0x20019
#define KEY_ALL_ACCESS		0xf003f

#endif /* _WDK_WDM_H */
