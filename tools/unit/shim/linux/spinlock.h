/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock that knows its owner: to take it twice, or to give back what one does not
 * have, ends the program.
 */
#ifndef _SHIM_LINUX_SPINLOCK_H
#define _SHIM_LINUX_SPINLOCK_H

#include <linux/lockdep.h>
#include <linux/types.h>

struct task_struct;

typedef struct {
	struct task_struct *owner;
} spinlock_t;

void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
bool shim_spin_held(const spinlock_t *lock);

#define spin_lock_irq(lock)			spin_lock(lock)
#define spin_unlock_irq(lock)			spin_unlock(lock)
#define spin_lock_irqsave(lock, flags)		((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags)	((void)(flags), spin_unlock(lock))

#endif /* _SHIM_LINUX_SPINLOCK_H */
