/* SPDX-License-Identifier: GPL-2.0 */
/* Spinlocks for bench/relay.c; see skbuff.h. */
#ifndef _SHIM_LINUX_SPINLOCK_H
#define _SHIM_LINUX_SPINLOCK_H

#include <sched.h>

#include <linux/skbuff.h>

typedef struct {
	int val;
} spinlock_t;

/* As in the kernel, but that here the lock's owner may have lost its CPU. */
static inline void cpu_relax(void)
{
	static __thread unsigned int spins;

	__builtin_ia32_pause();
	if (!(++spins % 4096))
		sched_yield();
}

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->val = 0;
}

/* Looks before it writes, as the kernel's does: who fails does not take the
 * cache line away.
 */
static inline bool spin_trylock(spinlock_t *lock)
{
	int free = READ_ONCE(lock->val);

	return likely(!free) && likely(try_cmpxchg(&lock->val, &free, 1));
}

static inline void spin_lock(spinlock_t *lock)
{
	while (!spin_trylock(lock))
		cpu_relax();
}

static inline void spin_unlock(spinlock_t *lock)
{
	smp_store_release(&lock->val, 0);
}

#endif
