// SPDX-License-Identifier: GPL-2.0-only
/*
 * Levels, locks, events, time.
 */
#include "bed.h"

static VOID levels_have_their_values(VOID)
{
	EXPECT_EQ(PASSIVE_LEVEL, 0);
	EXPECT_EQ(APC_LEVEL, 1);
	EXPECT_EQ(DISPATCH_LEVEL, 2);
	EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
	PAGED_CODE();
}

static VOID irql_is_raised_and_lowered(VOID)
{
	KIRQL first = 9, second = 9, third = 9;

	KeRaiseIrql(APC_LEVEL, &first);
	EXPECT_EQ(first, PASSIVE_LEVEL);
	KeRaiseIrql(DISPATCH_LEVEL, &second);
	EXPECT(second <= APC_LEVEL);
	EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
	KeRaiseIrql(DISPATCH_LEVEL, &third);
	EXPECT_EQ(third, DISPATCH_LEVEL);
	KeLowerIrql(third);
	EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
	KeLowerIrql(second);
	EXPECT(KeGetCurrentIrql() <= APC_LEVEL);
	KeLowerIrql(first);
	EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static KSPIN_LOCK Lock;
static LONG Guarded;
static KEVENT Counted;

static VOID CountsGuarded(PVOID Context)
{
	KIRQL irql;
	ULONG i;

	UNREFERENCED_PARAMETER(Context);
	for (i = 0; i < 20000; i++) {
		KeAcquireSpinLock(&Lock, &irql);
		*(volatile LONG *)&Guarded = *(volatile LONG *)&Guarded + 1;
		KeReleaseSpinLock(&Lock, irql);
	}
	KeSetEvent(&Counted, IO_NO_INCREMENT, FALSE);
}

/* Two at once lose nothing. */
static VOID spin_lock_excludes_the_other(VOID)
{
	KIRQL irql;
	ULONG i;

	KeInitializeSpinLock(&Lock);
	KeInitializeEvent(&Counted, NotificationEvent, FALSE);
	Guarded = 0;
	REQUIRE(CaseWork(CountsGuarded, NULL));
	for (i = 0; i < 20000; i++) {
		KeRaiseIrql(DISPATCH_LEVEL, &irql);
		KeAcquireSpinLockAtDpcLevel(&Lock);
		*(volatile LONG *)&Guarded = *(volatile LONG *)&Guarded + 1;
		KeReleaseSpinLockFromDpcLevel(&Lock);
		KeLowerIrql(irql);
	}
	AWAIT(&Counted);
	EXPECT_EQ(Guarded, 40000);
}

static VOID spin_lock_raises_to_dispatch(VOID)
{
	KIRQL irql = 9;

	KeInitializeSpinLock(&Lock);
	KeAcquireSpinLock(&Lock, &irql);
	EXPECT_EQ(irql, PASSIVE_LEVEL);
	EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
	KeReleaseSpinLock(&Lock, irql);
	EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static NTSTATUS Wait(PKEVENT Event, LONGLONG Timeout)
{
	LARGE_INTEGER timeout = { .QuadPart = Timeout };

	return KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, &timeout);
}

/* It stays signalled for all, until it is cleared. */
static VOID notification_event_stays_signalled(VOID)
{
	KEVENT event;

	KeInitializeEvent(&event, NotificationEvent, FALSE);
	EXPECT_EQ(KeReadStateEvent(&event), 0);
	EXPECT_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
	EXPECT_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 1);
	EXPECT_STATUS(Wait(&event, 0), STATUS_SUCCESS);
	EXPECT_STATUS(Wait(&event, 0), STATUS_SUCCESS);
	EXPECT_EQ(KeReadStateEvent(&event), 1);
	EXPECT_EQ(KeResetEvent(&event), 1);
	EXPECT_EQ(KeResetEvent(&event), 0);
	EXPECT_STATUS(Wait(&event, 0), STATUS_TIMEOUT);
	KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
	KeClearEvent(&event);
	EXPECT_STATUS(Wait(&event, 0), STATUS_TIMEOUT);
}

/* The first who waits takes the signal. */
static VOID synchronization_event_releases_one(VOID)
{
	KEVENT event;

	KeInitializeEvent(&event, SynchronizationEvent, TRUE);
	EXPECT_EQ(KeReadStateEvent(&event), 1);
	EXPECT_STATUS(Wait(&event, 0), STATUS_SUCCESS);
	EXPECT_STATUS(Wait(&event, 0), STATUS_TIMEOUT);
	KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
	EXPECT_STATUS(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL),
		      STATUS_SUCCESS);
	EXPECT_EQ(KeReadStateEvent(&event), 0);
}

typedef struct _PAIR {
	KEVENT Ready;
	KEVENT Go;
	KEVENT Over;
} PAIR;

static VOID SetsGo(PVOID Context)
{
	PAIR *pair = Context;

	EXPECT_STATUS(KeWaitForSingleObject(&pair->Ready, Executive, KernelMode, FALSE, NULL),
		      STATUS_SUCCESS);
	KeSetEvent(&pair->Go, IO_NO_INCREMENT, FALSE);
	EXPECT_STATUS(KeWaitForSingleObject(&pair->Over, Executive, KernelMode, FALSE, NULL),
		      STATUS_SUCCESS);
}

static VOID SetsGoLater(PVOID Context)
{
	LARGE_INTEGER interval = { .QuadPart = MILLISECONDS(-20) };
	PAIR *pair = Context;

	KeDelayExecutionThread(KernelMode, FALSE, &interval);
	KeSetEvent(&pair->Go, IO_NO_INCREMENT, FALSE);
	KeSetEvent(&pair->Over, IO_NO_INCREMENT, FALSE);
}

/* Who sleeps is woken, with a limit of time and without. */
static VOID wait_is_ended_by_another_thread(VOID)
{
	PAIR *pair = CaseAlloc(sizeof(*pair));

	REQUIRE(pair);
	KeInitializeEvent(&pair->Ready, SynchronizationEvent, FALSE);
	KeInitializeEvent(&pair->Go, SynchronizationEvent, FALSE);
	KeInitializeEvent(&pair->Over, NotificationEvent, FALSE);
	REQUIRE(CaseWork(SetsGo, pair));
	KeSetEvent(&pair->Ready, IO_NO_INCREMENT, FALSE);
	EXPECT_STATUS(Wait(&pair->Go, MILLISECONDS(-30000)), STATUS_SUCCESS);
	KeSetEvent(&pair->Over, IO_NO_INCREMENT, FALSE);
}

/* What does not fit into the kernel's clock is as good as no limit. */
static VOID wait_that_is_longer_than_any_clock_ends_by_its_event(VOID)
{
	PAIR *pair = CaseAlloc(sizeof(*pair));
	static const LONGLONG ends[] = { -MAXLONGLONG - 1, MAXLONGLONG };
	ULONG i;

	REQUIRE(pair);
	for (i = 0; i < ARRAYSIZE(ends); i++) {
		KeInitializeEvent(&pair->Ready, SynchronizationEvent, FALSE);
		KeInitializeEvent(&pair->Go, SynchronizationEvent, FALSE);
		KeInitializeEvent(&pair->Over, NotificationEvent, FALSE);
		REQUIRE(CaseWork(SetsGoLater, pair));
		EXPECT_STATUS(Wait(&pair->Go, ends[i]), STATUS_SUCCESS);
		EXPECT_STATUS(Wait(&pair->Over, MILLISECONDS(-30000)), STATUS_SUCCESS);
	}
}

/* Not before its time: of either clock; one that is over already does not sleep. */
static VOID wait_times_out_when_its_time_has_come(VOID)
{
	LARGE_INTEGER when;
	ULONGLONG before;
	KEVENT event;

	KeInitializeEvent(&event, NotificationEvent, FALSE);
	before = KeQueryInterruptTime();
	EXPECT_STATUS(Wait(&event, MILLISECONDS(-50)), STATUS_TIMEOUT);
	EXPECT(KeQueryInterruptTime() - before >= MILLISECONDS(50));
	before = KeQueryInterruptTime();
	KeQuerySystemTime(&when);
	EXPECT_STATUS(Wait(&event, when.QuadPart + MILLISECONDS(50)), STATUS_TIMEOUT);
	EXPECT(KeQueryInterruptTime() - before >= MILLISECONDS(45));
	EXPECT_STATUS(Wait(&event, 1), STATUS_TIMEOUT);
	EXPECT_STATUS(Wait(&event, -1), STATUS_TIMEOUT);
}

static VOID wait_with_zero_timeout_only_looks(VOID)
{
	NTSTATUS status, other;
	KEVENT event;
	KIRQL irql;

	KeInitializeEvent(&event, SynchronizationEvent, FALSE);
	KeRaiseIrql(DISPATCH_LEVEL, &irql);
	status = Wait(&event, 0);
	KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
	other = Wait(&event, 0);
	KeLowerIrql(irql);
	EXPECT_STATUS(status, STATUS_TIMEOUT);
	EXPECT_STATUS(other, STATUS_SUCCESS);
}

static VOID delay_sleeps_at_least_so_long(VOID)
{
	LARGE_INTEGER interval = { .QuadPart = MILLISECONDS(-30) };
	ULONGLONG before = KeQueryInterruptTime();

	EXPECT_STATUS(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
	EXPECT(KeQueryInterruptTime() - before >= MILLISECONDS(30));
}

/* 100 ns since 1601; since boot; and the finest that there is. */
static VOID clocks_go_forward_in_their_units(VOID)
{
	LARGE_INTEGER one, other, precise, frequency, interval = { .QuadPart = MILLISECONDS(-20) };
	LARGE_INTEGER first = KeQueryPerformanceCounter(&frequency);
	ULONGLONG since = KeQueryInterruptTime();

	KeQuerySystemTime(&one);
	KeQuerySystemTimePrecise(&precise);
	EXPECT(precise.QuadPart - one.QuadPart < MILLISECONDS(1000));
	/* 2020 to 2200. */
	EXPECT(one.QuadPart > 132223104000000000ll && one.QuadPart < 189000000000000000ll);
	KeDelayExecutionThread(KernelMode, FALSE, &interval);
	KeQuerySystemTime(&other);
	EXPECT(other.QuadPart - one.QuadPart >= MILLISECONDS(15));
	EXPECT(KeQueryInterruptTime() - since >= MILLISECONDS(20));
	EXPECT(frequency.QuadPart > 0);
	EXPECT((KeQueryPerformanceCounter(NULL).QuadPart - first.QuadPart) * 50 >=
	       frequency.QuadPart);
}

static VOID interlocked_operations_return_what_they_should(VOID)
{
	LONG value = 5;
	LONG64 wide = 1ll << 40;
	PVOID pointer = &value;

	EXPECT_EQ(InterlockedIncrement(&value), 6);
	EXPECT_EQ(InterlockedDecrement(&value), 5);
	EXPECT_EQ(InterlockedAdd(&value, 10), 15);
	EXPECT_EQ(InterlockedExchangeAdd(&value, 1), 15);
	EXPECT_EQ(InterlockedExchange(&value, 0xf0), 16);
	EXPECT_EQ(InterlockedOr(&value, 0x0f), 0xf0);
	EXPECT_EQ(InterlockedAnd(&value, 0x3c), 0xff);
	EXPECT_EQ(InterlockedCompareExchange(&value, 7, 1), 0x3c);
	EXPECT_EQ(InterlockedCompareExchange(&value, 7, 0x3c), 0x3c);
	EXPECT_EQ(value, 7);
	EXPECT_EQ(InterlockedIncrement64(&wide), (1ll << 40) + 1);
	EXPECT_EQ(InterlockedDecrement64(&wide), 1ll << 40);
	EXPECT_EQ(InterlockedAdd64(&wide, 2), (1ll << 40) + 2);
	EXPECT_EQ(InterlockedExchangeAdd64(&wide, -2), (1ll << 40) + 2);
	EXPECT_EQ(InterlockedOr64(&wide, 1), 1ll << 40);
	EXPECT_EQ(InterlockedAnd64(&wide, 1), (1ll << 40) + 1);
	EXPECT_EQ(InterlockedExchange64(&wide, 9), 1);
	EXPECT_EQ(InterlockedCompareExchange64(&wide, 3, 9), 9);
	EXPECT_EQ(wide, 3);
	EXPECT(InterlockedExchangePointer(&pointer, &wide) == &value);
	EXPECT(InterlockedCompareExchangePointer(&pointer, NULL, &value) == &wide);
	EXPECT(InterlockedCompareExchangePointer(&pointer, NULL, &wide) == &wide);
	EXPECT(!pointer);
}

/* Each handle of a name is the same event; it lives as long as one is open. */
static VOID named_event_is_shared_by_its_name(VOID)
{
	UNICODE_STRING name, same, empty = { 0 };
	HANDLE one = NULL, other = NULL;
	PKEVENT event, again;

	RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\wdk_check_case");
	RtlInitUnicodeString(&same, L"\\basenamedobjects\\WDK_CHECK_CASE");
	EXPECT(!IoCreateNotificationEvent(&empty, &one));
	event = IoCreateNotificationEvent(&name, &one);
	again = IoCreateNotificationEvent(&same, &other);
	REQUIRE(event && again);
	EXPECT(event == again);
	EXPECT_EQ(KeReadStateEvent(event), 1);
	KeClearEvent(event);
	EXPECT_STATUS(ZwClose(one), STATUS_SUCCESS);
	EXPECT_EQ(KeReadStateEvent(again), 0);
	EXPECT_STATUS(ZwClose(other), STATUS_SUCCESS);
	EXPECT_STATUS(ZwClose(other), STATUS_INVALID_HANDLE);
	event = IoCreateNotificationEvent(&name, &one);
	REQUIRE(event);
	EXPECT_EQ(KeReadStateEvent(event), 1);
	ZwClose(one);
}

static const TEST_CASE Cases[] = {
	CASE(levels_have_their_values),
	CASE(irql_is_raised_and_lowered),
	CASE(spin_lock_excludes_the_other),
	CASE(spin_lock_raises_to_dispatch),
	CASE(notification_event_stays_signalled),
	CASE(synchronization_event_releases_one),
	CASE(wait_is_ended_by_another_thread),
	CASE(wait_that_is_longer_than_any_clock_ends_by_its_event),
	CASE(wait_times_out_when_its_time_has_come),
	CASE(wait_with_zero_timeout_only_looks),
	CASE(delay_sleeps_at_least_so_long),
	CASE(clocks_go_forward_in_their_units),
	CASE(interlocked_operations_return_what_they_should),
	CASE(named_event_is_shared_by_its_name),
};

TEST_GROUP_DEFINE(ke, Cases);
