/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as kmod/relay.h needs, for bench/relay.c: the memory
 * accesses have the order that the kernel's have, and no more where the compiler
 * and ThreadSanitizer can see it.
 *
 * With -DSTRESS a thread may lose the CPU before any of them, which makes races
 * of two instructions likely.
 */
#ifndef _SHIM_LINUX_SKBUFF_H
#define _SHIM_LINUX_SKBUFF_H

#include <stdbool.h>
#include <stddef.h>

#undef __always_inline	/* glibc's */
#define __always_inline inline __attribute__((always_inline))
#define ____cacheline_aligned __attribute__((aligned(64)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define prefetchw(p) __builtin_prefetch(p, 1)

#ifdef STRESS
void shim_pause(void);
#else
static inline void shim_pause(void) { }
#endif

#define READ_ONCE(x) ({ shim_pause(); __atomic_load_n(&(x), __ATOMIC_RELAXED); })
#define WRITE_ONCE(x, v) \
	({ shim_pause(); __atomic_store_n(&(x), v, __ATOMIC_RELAXED); })
#define smp_load_acquire(p) \
	({ shim_pause(); __atomic_load_n(p, __ATOMIC_ACQUIRE); })
#define smp_store_release(p, v) \
	({ shim_pause(); __atomic_store_n(p, v, __ATOMIC_RELEASE); })
#define xchg(p, v) \
	({ shim_pause(); __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); })
#define try_cmpxchg(p, old, new)					\
	({								\
		shim_pause();						\
		__atomic_compare_exchange_n(p, old, new, false,		\
					    __ATOMIC_SEQ_CST,		\
					    __ATOMIC_RELAXED);		\
	})

/* ThreadSanitizer knows no fences. Nothing that it looks at depends on one: what
 * a missing one breaks is that waiting packets are seen.
 */
#ifdef __SANITIZE_THREAD__
#define smp_mb() shim_pause()
#else
#define smp_mb() ({ shim_pause(); __atomic_thread_fence(__ATOMIC_SEQ_CST); })
#endif

/* The list pointers are on one cache line and what drivers read is on another,
 * and it is as large as the kernel's.
 */
struct sk_buff {
	struct sk_buff *next;
	struct sk_buff *prev;
	unsigned long seq ____cacheline_aligned;
	unsigned int flow;
	bool busy;
} __attribute__((aligned(256)));

#endif
