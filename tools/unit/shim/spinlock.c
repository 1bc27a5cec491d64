// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks: see linux/spinlock.h.
 */
#include <linux/bug.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

void spin_lock_init(spinlock_t *lock)
{
	lock->owner = NULL;
}

void spin_lock(spinlock_t *lock)
{
	struct task_struct *free = NULL;

	BUG_ON(shim_spin_held(lock));
	while (!__atomic_compare_exchange_n(&lock->owner, &free, current, false,
					    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		free = NULL;
		sched_yield();
	}
}

void spin_unlock(spinlock_t *lock)
{
	BUG_ON(!shim_spin_held(lock));
	__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELEASE);
}

bool shim_spin_held(const spinlock_t *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == current;
}
