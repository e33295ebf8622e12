/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool: buffers (skbs with their data) for what kpac itself sends by a port,
 * of one CPU. That CPU alone touches it, with bottom halves disabled, so
 * there is no lock and no atomic operation in it.
 *
 * The pool never gives up its own reference to a buffer. Who takes one gets
 * another, and the driver's free drops that: where the pool finds itself to be
 * the only one, the buffer has come home. Nothing is allocated or freed, and
 * nothing has to tell the pool. A driver lets go of packets in the order in
 * which it got them, or nearly: so the buffers stand in a ring, are taken in
 * turn, and the pool looks, some at a time, from the one that has been out for
 * longest. Whatever CPU lets go of a buffer, it is home at once.
 *
 * When a pool has no buffer, the packet is allocated as any other, and a worker
 * on the pool's CPU has it grow. It shrinks when it has not been used for a
 * while. Buffers that are out when the pool goes are freed by who has them.
 */
#ifndef _KPAC_POOL_H
#define _KPAC_POOL_H

#include <linux/skbuff.h>
#include <linux/workqueue.h>

struct mem_cgroup;

/**
 * struct kpac_pool_owner - what the pools of all CPUs for a port have in common
 * @max: buffers that a pool may grow to; 0: there are no pools
 * @clean: buffers that are examined at once
 * @memcg: the memory cgroup that is charged, or NULL
 */
struct kpac_pool_owner {
	unsigned int max;
	unsigned int clean;
	struct mem_cgroup *memcg;
};

/**
 * struct kpac_pool - a pool
 * @ring: the buffers
 * @next: the one that has been out for longest, or is home for longest
 * @until: those from @next up to this are known to be home
 * @size: how many buffers there are
 * @headroom: bytes in front of a buffer's data
 * @cpu: whose it is
 * @growing: the worker has been told that there are not enough
 * @owner: what it has in common with other CPUs' pools
 * @found: buffers that were found to be home, ever
 * @misses: how often there was no buffer
 * @unfit: how often none would have done: too small, or the device wants no shared
 * @reclaims: how often it was looked for buffers that have come home
 * @high: the most buffers that were out at a time, as far as has been seen
 * @seen: how many had been taken when the worker last looked
 * @missed: @misses when the worker last looked
 * @idle: how often in a row the worker saw fewer than half of the buffers used
 * @work: the worker
 */
struct kpac_pool {
	struct sk_buff **ring;
	unsigned int next;
	unsigned int until;
	unsigned int size;
	unsigned int headroom;
	int cpu;
	bool growing;
	const struct kpac_pool_owner *owner;
	u64 found;
	u64 misses;
	u64 unfit;
	u64 reclaims;
	u64 high;
	u64 seen;
	u64 missed;
	unsigned int idle;
	struct delayed_work work;
};

/* What of a buffer's memory is for the packet and what is in front of it. */
#define KPAC_POOL_BYTES	SKB_WITH_OVERHEAD(2048)

/* How many buffers have been taken, ever; about, for other CPUs. */
static inline u64 kpac_pool_taken(const struct kpac_pool *pool)
{
	int home = READ_ONCE(pool->until) - READ_ONCE(pool->next);

	return READ_ONCE(pool->found) - max(home, 0);
}

bool kpac_pool_reclaim(struct kpac_pool *pool);
void kpac_pool_miss(struct kpac_pool *pool);
void kpac_pool_init(struct kpac_pool *pool, int cpu,
		    unsigned int headroom,
		    const struct kpac_pool_owner *owner);
void kpac_pool_resize(struct kpac_pool *pool);
void kpac_pool_drain(struct kpac_pool *pool);
void kpac_pool_exit(struct kpac_pool *pool);
unsigned int kpac_pool_limit(void);

/* Clear a part of a buffer's head by stores, which takes a third of the time that
 * memset() does, where compilers make of that a call or a string instruction.
 */
static __always_inline void kpac_pool_clear(struct sk_buff *skb, size_t from,
					    size_t to)
{
	size_t at;

#pragma GCC unroll 32
	for (at = from; at + sizeof(u64) <= to; at += sizeof(u64))
		WRITE_ONCE(*(u64 *)((char *)skb + at), 0);
	if (at < to)
		WRITE_ONCE(*(u32 *)((char *)skb + at), 0);
}

/* Make a buffer as good as new, but for its control block, which belongs to
 * whoever has the buffer. Where its data is, and how large, stays. Nothing
 * hangs on it: what is sent out of a pool has neither socket, route, conntrack
 * nor extension, and is one piece: what says so lies behind the data, which is in
 * the same few cache sets for all buffers, and is not touched.
 */
static __always_inline void kpac_pool_renew(struct sk_buff *skb,
					    unsigned int headroom)
{
	static_assert(offsetof(struct sk_buff, cb) % sizeof(u64) == 0);
	static_assert(offsetofend(struct sk_buff, cb) % sizeof(u64) == 0);
	static_assert(offsetof(struct sk_buff, protocol) % sizeof(u32) == 0);

	kpac_pool_clear(skb, 0, offsetof(struct sk_buff, cb));
	kpac_pool_clear(skb, offsetofend(struct sk_buff, cb),
			offsetof(struct sk_buff, protocol));
	skb->protocol = 0;
	skb->transport_header = (typeof(skb->transport_header))~0U;
	skb->network_header = 0;
	skb->mac_header = (typeof(skb->mac_header))~0U;
	skb->data = skb->head + headroom;
	skb_reset_tail_pointer(skb);
	refcount_set(&skb->users, 2);
}

/**
 * kpac_pool_get - take a buffer out of a pool
 * @pool: this CPU's pool
 *
 * The buffer is empty, with the headroom that the port wants, and shared with
 * the pool; who takes it drops one reference to it in the end, and must not
 * attach anything to it that has to be released.
 *
 * Context: softirq, or bottom halves disabled.
 * Return: the buffer, or NULL if there is none.
 */
static __always_inline struct sk_buff *kpac_pool_get(struct kpac_pool *pool)
{
	struct sk_buff *skb;

	if (unlikely(pool->next == pool->until) && !kpac_pool_reclaim(pool))
		return NULL;
	skb = pool->ring[pool->next++];
	kpac_pool_renew(skb, pool->headroom);
	return skb;
}

#endif /* _KPAC_POOL_H */
