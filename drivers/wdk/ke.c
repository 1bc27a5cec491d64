// SPDX-License-Identifier: GPL-2.0-only
/*
 * Levels, spin locks, events, time. DISPATCH_LEVEL is what Linux calls softirq context:
 * bottom halves are off.
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/wait_bit.h>

#include "driver.h"

/* From 1601, where Windows begins to count, to 1970; units of 100 ns. */
#define EPOCH	116444736000000000ll

/**
 * KeGetCurrentIrql() - the present level
 *
 * DISPATCH_LEVEL wherever one may not sleep: bottom halves or interrupts disabled, in
 * softirq, or preemption disabled. That KSPIN_LOCK is held is always seen. Limits: a
 * spinlock of Linux's that somebody else holds is not, on kernels without
 * CONFIG_PREEMPT_COUNT; and on PREEMPT_RT, where holders of most locks may sleep, an RCU read
 * section is not either.
 *
 * Context: any.
 * Return: PASSIVE_LEVEL or DISPATCH_LEVEL.
 */
KIRQL KeGetCurrentIrql(void)
{
	return softirq_count() || in_atomic() || irqs_disabled() ? DISPATCH_LEVEL :
	       PASSIVE_LEVEL;
}
EXPORT_SYMBOL_GPL(KeGetCurrentIrql);

/**
 * KeRaiseIrql() - go to another level
 * @NewIrql: not lower than the present one; DISPATCH_LEVEL at most
 * @OldIrql: out: the present one, for KeLowerIrql()
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
	*OldIrql = KeGetCurrentIrql();
	WARN_ON_ONCE(NewIrql < *OldIrql || NewIrql > DISPATCH_LEVEL);
	if (NewIrql >= DISPATCH_LEVEL && *OldIrql < DISPATCH_LEVEL)
		local_bh_disable();
}
EXPORT_SYMBOL_GPL(KeRaiseIrql);

/**
 * KeLowerIrql() - undo KeRaiseIrql()
 * @NewIrql: what that has given
 *
 * Context: DISPATCH_LEVEL or lower. PASSIVE_LEVEL may have been left by KeRaiseIrql() only.
 */
VOID KeLowerIrql(KIRQL NewIrql)
{
	if (NewIrql < DISPATCH_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL)
		local_bh_enable();
}
EXPORT_SYMBOL_GPL(KeLowerIrql);

/**
 * WdkPagedCode() - PAGED_CODE(): warn where one may not sleep
 * @File: of the caller
 * @Line: of the caller
 *
 * Context: any.
 */
VOID WdkPagedCode(PCSTR File, ULONG Line)
{
	if (WARN_ON_ONCE(KeGetCurrentIrql() >= DISPATCH_LEVEL))
		pr_err("PAGED_CODE() at DISPATCH_LEVEL: %s:%u\n", File, Line);
	might_sleep();
}
EXPORT_SYMBOL_GPL(WdkPagedCode);

static spinlock_t *lock_of(PKSPIN_LOCK lock)
{
	static_assert(sizeof(spinlock_t) <= sizeof(KSPIN_LOCK));
	return (spinlock_t *)lock;
}

/*
 * The functions below leave with a lock taken or released. Some kernels annotate that for
 * sparse and some do not, so it is not shown to it at all.
 */
#ifdef __CHECKER__
#define take(lock)		((void)(lock))
#define take_bh(lock)		((void)(lock))
#define release(lock)		((void)(lock))
#define release_bh(lock)	((void)(lock))
#else
#define take(lock)		spin_lock(lock)
#define take_bh(lock)		spin_lock_bh(lock)
#define release(lock)		spin_unlock(lock)
#define release_bh(lock)	spin_unlock_bh(lock)
#endif

/**
 * WdkInitializeSpinLock() - KeInitializeSpinLock()
 * @SpinLock: nobody's yet
 * @Name: for lockdep
 * @Class: for lockdep, one for each place that initialises locks
 *
 * Context: any.
 */
VOID WdkInitializeSpinLock(PKSPIN_LOCK SpinLock, PCSTR Name, PWDK_LOCK_CLASS Class)
{
	static_assert(sizeof(struct lock_class_key) <= sizeof(WDK_LOCK_CLASS));
	spin_lock_init(lock_of(SpinLock));
	lockdep_set_class_and_name(lock_of(SpinLock), (struct lock_class_key *)Class, Name);
}
EXPORT_SYMBOL_GPL(WdkInitializeSpinLock);

/**
 * KeAcquireSpinLockRaiseToDpc() - take a lock; KeAcquireSpinLock() calls it
 * @SpinLock: initialised
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: the level until now, for KeReleaseSpinLock().
 */
KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
	KIRQL old = KeGetCurrentIrql();

	/* With interrupts off no bottom half runs, and none may be enabled again. */
	if (irqs_disabled())
		take(lock_of(SpinLock));
	else
		take_bh(lock_of(SpinLock));
	return old;
}
EXPORT_SYMBOL_GPL(KeAcquireSpinLockRaiseToDpc);

/**
 * KeReleaseSpinLock() - release a lock
 * @SpinLock: taken with KeAcquireSpinLock()
 * @NewIrql: what that has given
 *
 * Context: DISPATCH_LEVEL.
 */
VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
	if (irqs_disabled())
		release(lock_of(SpinLock));
	else
		release_bh(lock_of(SpinLock));
}
EXPORT_SYMBOL_GPL(KeReleaseSpinLock);

/**
 * KeAcquireSpinLockAtDpcLevel() - take a lock at DISPATCH_LEVEL
 * @SpinLock: initialised
 *
 * Context: DISPATCH_LEVEL.
 */
VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
	WARN_ON_ONCE(KeGetCurrentIrql() < DISPATCH_LEVEL);
	take(lock_of(SpinLock));
}
EXPORT_SYMBOL_GPL(KeAcquireSpinLockAtDpcLevel);

/**
 * KeReleaseSpinLockFromDpcLevel() - release a lock and stay at DISPATCH_LEVEL
 * @SpinLock: taken with KeAcquireSpinLockAtDpcLevel()
 *
 * Context: DISPATCH_LEVEL.
 */
VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
	release(lock_of(SpinLock));
}
EXPORT_SYMBOL_GPL(KeReleaseSpinLockFromDpcLevel);

/**
 * KeInitializeEvent() - make an event
 * @Event: memory for it, on a stack too
 * @Type: NotificationEvent: stays signalled, for all who wait; SynchronizationEvent: the
 *	first of them takes the signal
 * @State: TRUE: it begins signalled
 *
 * Context: any.
 */
VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
	Event->Type = Type;
	WRITE_ONCE(Event->SignalState, !!State);
}
EXPORT_SYMBOL_GPL(KeInitializeEvent);

/**
 * KeSetEvent() - signal an event
 * @Event: initialised
 * @Increment: of a priority; not looked at
 * @Wait: not looked at: the caller's next wait is a call of its own
 *
 * Once it is signalled its memory may go: who waits for an event on its stack may return.
 * So only its address is used afterwards, as a key.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: whether it was signalled before.
 */
LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
	LONG before = xchg(&Event->SignalState, 1);

	wake_up_var(&Event->SignalState);
	return before;
}
EXPORT_SYMBOL_GPL(KeSetEvent);

/**
 * KeResetEvent() - take the signal back
 * @Event: initialised
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: whether it was signalled before.
 */
LONG KeResetEvent(PRKEVENT Event)
{
	return xchg(&Event->SignalState, 0);
}
EXPORT_SYMBOL_GPL(KeResetEvent);

/**
 * KeClearEvent() - take the signal back
 * @Event: initialised
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID KeClearEvent(PRKEVENT Event)
{
	WRITE_ONCE(Event->SignalState, 0);
}
EXPORT_SYMBOL_GPL(KeClearEvent);

/**
 * KeReadStateEvent() - look at an event
 * @Event: initialised
 *
 * Context: any.
 * Return: whether it is signalled.
 */
LONG KeReadStateEvent(PRKEVENT Event)
{
	return READ_ONCE(Event->SignalState);
}
EXPORT_SYMBOL_GPL(KeReadStateEvent);

/* Is it signalled; takes the signal of a synchronization event. */
static bool event_take(PKEVENT event)
{
	if (event->Type == SynchronizationEvent)
		return cmpxchg(&event->SignalState, 1, 0) == 1;
	return smp_load_acquire(&event->SignalState);
}

/* Windows' two kinds of time as a point of the monotonic clock. */
static ktime_t deadline_of(const LARGE_INTEGER *timeout)
{
	s64 time = timeout->QuadPart, now = ktime_get_real_ns();

	if (time > 0)
		time = min(0ll, EPOCH + now / 100 - time);
	if (time < -(KTIME_MAX / 200))
		return KTIME_MAX;
	return ktime_add_ns(ktime_get(), -time * 100);
}

/* false: time ran out first. */
static bool event_wait(PKEVENT event, ktime_t deadline, unsigned int state)
{
	bool taken = false, late = false;

	___wait_var_event(&event->SignalState, (taken = event_take(event)) || late, state, 0, 0,
			  late = !schedule_hrtimeout_range(&deadline, 0, HRTIMER_MODE_ABS));
	return taken;
}

/**
 * KeWaitForSingleObject() - wait for an event
 * @Object: a KEVENT; nothing else can be waited for
 * @WaitReason: not looked at
 * @WaitMode: likewise
 * @Alertable: likewise: there are no alerts
 * @Timeout: NULL: no limit; negative: from now; positive: a point in time since 1601, as
 *	the clock is set now; both in units of 100 ns; 0: only look
 *
 * Context: PASSIVE_LEVEL; DISPATCH_LEVEL with a timeout of 0.
 * Return: STATUS_SUCCESS; STATUS_TIMEOUT, for which NT_SUCCESS() is true.
 */
NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
			       BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
	PKEVENT event = Object;
	bool taken;

	if (Timeout && !Timeout->QuadPart) {
		taken = event_take(event);
	} else {
		might_sleep();
		taken = event_wait(event, Timeout ? deadline_of(Timeout) : KTIME_MAX,
				   TASK_UNINTERRUPTIBLE);
	}
	return taken ? STATUS_SUCCESS : STATUS_TIMEOUT;
}
EXPORT_SYMBOL_GPL(KeWaitForSingleObject);

/**
 * KeDelayExecutionThread() - sleep
 * @WaitMode: not looked at
 * @Alertable: likewise
 * @Interval: negative: from now; else a point in time; as in KeWaitForSingleObject()
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS.
 */
NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
				PLARGE_INTEGER Interval)
{
	KEVENT never;

	KeInitializeEvent(&never, NotificationEvent, FALSE);
	event_wait(&never, deadline_of(Interval), TASK_UNINTERRUPTIBLE);
	return STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(KeDelayExecutionThread);

/**
 * KeQuerySystemTimePrecise() - the time of day
 * @CurrentTime: out: units of 100 ns since 1601, UTC
 *
 * Context: any.
 */
VOID KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
	CurrentTime->QuadPart = EPOCH + ktime_get_real_ns() / 100;
}
EXPORT_SYMBOL_GPL(KeQuerySystemTimePrecise);

/**
 * KeQuerySystemTime() - the time of day
 * @CurrentTime: out: as KeQuerySystemTimePrecise()
 *
 * Context: any.
 */
VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
	KeQuerySystemTimePrecise(CurrentTime);
}
EXPORT_SYMBOL_GPL(KeQuerySystemTime);

/**
 * KeQueryInterruptTime() - time since boot
 *
 * Context: any.
 * Return: units of 100 ns.
 */
ULONGLONG KeQueryInterruptTime(void)
{
	return ktime_get_ns() / 100;
}
EXPORT_SYMBOL_GPL(KeQueryInterruptTime);

/**
 * KeQueryPerformanceCounter() - the finest clock
 * @PerformanceFrequency: out: ticks in a second; may be NULL
 *
 * Context: any.
 * Return: ticks, which are nanoseconds here.
 */
LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
	if (PerformanceFrequency)
		PerformanceFrequency->QuadPart = NSEC_PER_SEC;
	return (LARGE_INTEGER){ .QuadPart = ktime_get_ns() };
}
EXPORT_SYMBOL_GPL(KeQueryPerformanceCounter);

/* For files that block: 0, or -ERESTARTSYS. */
int wdk_event_wait_interruptible(PKEVENT event)
{
	return wait_var_event_interruptible(&event->SignalState, event_take(event));
}
