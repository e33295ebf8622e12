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
 * @clean: buffers that are looked at at once
 * @headroom: bytes in front of the data
 * @memcg: the memory cgroup that is charged, or NULL
 */
struct kpac_pool_owner {
	unsigned int max;
	unsigned int clean;
	unsigned int headroom;
	struct mem_cgroup *memcg;
};

/**
 * struct kpac_pool - a pool
 * @ring: the buffers
 * @next: the one that has been out for longest, or is home for longest
 * @ready: how many from @next on are known to be home
 * @size: how many buffers there are
 * @cpu: whose it is
 * @growing: the worker has been told that there are not enough
 * @owner: what it has in common with other CPUs' pools
 * @found: buffers that were found to be home, ever; those that have been taken
 *	are that less @ready
 * @misses: how often there was no buffer
 * @reclaims: how often it was looked for buffers that have come home
 * @high: the most buffers that were out at a time, as far as has been seen
 * @seen: @found less @ready when the worker last looked
 * @missed: @misses when the worker last looked
 * @idle: how often in a row the worker saw fewer than half of the buffers used
 * @work: the worker
 */
struct kpac_pool {
	struct sk_buff **ring;
	unsigned int next;
	unsigned int ready;
	unsigned int size;
	int cpu;
	bool growing;
	const struct kpac_pool_owner *owner;
	u64 found;
	u64 misses;
	u64 reclaims;
	u64 high;
	u64 seen;
	u64 missed;
	unsigned int idle;
	struct delayed_work work;
};

/* What of a buffer's memory is for the packet and what is in front of it. */
#define KPAC_POOL_BYTES	SKB_WITH_OVERHEAD(2048)

bool kpac_pool_reclaim(struct kpac_pool *pool);
void kpac_pool_miss(struct kpac_pool *pool);
void kpac_pool_init(struct kpac_pool *pool, int cpu,
		    const struct kpac_pool_owner *owner);
void kpac_pool_resize(struct kpac_pool *pool);
void kpac_pool_drain(struct kpac_pool *pool);
void kpac_pool_exit(struct kpac_pool *pool);
unsigned int kpac_pool_limit(void);

/* Make a buffer as good as new. What lies behind its head stays: where its data
 * is, and how large. Nothing hangs on it: what is sent out of a pool has neither
 * socket, route, conntrack nor extension.
 */
static __always_inline void kpac_pool_renew(struct sk_buff *skb,
					    unsigned int headroom)
{
	memset(skb, 0, offsetof(struct sk_buff, tail));
	refcount_set(&skb->users, 2);
	skb->data = skb->head + headroom;
	skb_reset_tail_pointer(skb);
	skb->mac_header = (typeof(skb->mac_header))~0U;
	skb->transport_header = (typeof(skb->transport_header))~0U;
	*(u64 *)skb_shinfo(skb) = 0;
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

	if (unlikely(!pool->ready) && !kpac_pool_reclaim(pool))
		return NULL;
	pool->ready--;
	skb = pool->ring[pool->next];
	if (unlikely(++pool->next == pool->size))
		pool->next = 0;
	prefetchw(pool->ring[pool->next]);
	kpac_pool_renew(skb, pool->owner->headroom);
	return skb;
}

#endif /* _KPAC_POOL_H */
