// SPDX-License-Identifier: GPL-2.0
/* Pools: how they find what has come home, grow and shrink; see pool.h. */

#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/topology.h>
#include <uapi/linux/kpac.h>

#include "compat.h"
#include "pool.h"
#include "trace.h"

#define KPAC_POOL_FIRST	64u	/* buffers that a pool starts with */
#define KPAC_POOL_LATE	4u	/* buffers that may come home out of turn */
#define KPAC_POOL_IDLE	8u	/* ticks of little use until it shrinks */
#define KPAC_POOL_TICK	HZ

/* Memory that somebody has to answer for; nobody is to be killed for it. */
#define KPAC_POOL_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN)

/* Whether nobody but the pool has a buffer, nor a clone of it. */
static __always_inline bool kpac_pool_home(const struct sk_buff *skb)
{
	/* after whatever the driver did with it */
	if (atomic_read_acquire(&skb->users.refs) != 1)
		return false;
	return likely(!skb->cloned) ||
	       atomic_read_acquire(&skb_shinfo(skb)->dataref) == 1;
}

/* Bring the buffers that have come home to the front of some, if the first few
 * that are still out are not all there is: those behind them are out, too.
 */
static unsigned int kpac_pool_sort(struct sk_buff **ring, unsigned int n)
{
	unsigned int i, home = 0;

	for (i = 0; i < n && i - home < KPAC_POOL_LATE; i++) {
		if (!kpac_pool_home(ring[i]))
			continue;
		prefetchw(ring[i]);
		if (unlikely(i != home))
			swap(ring[i], ring[home]);
		home++;
	}
	return home;
}

/**
 * kpac_pool_reclaim - look which buffers have come home
 * @pool: this CPU's pool; none is known to be home
 *
 * Looks at no more than clean-batch buffers, and not beyond the first few that
 * are still out. These stay behind those that are taken now.
 *
 * Context: softirq, or bottom halves disabled.
 * Return: whether there are any.
 */
bool kpac_pool_reclaim(struct kpac_pool *pool)
{
	unsigned int n, home;

	if (pool->next == pool->size)
		pool->next = 0;
	n = min(READ_ONCE(pool->owner->clean), pool->size - pool->next);
	home = kpac_pool_sort(pool->ring + pool->next, n);
	/* at the end of the ring there may be nothing but a few that are out */
	if (unlikely(!home && n < KPAC_POOL_LATE && n < pool->size)) {
		pool->next = 0;
		n = min(READ_ONCE(pool->owner->clean), pool->size);
		home = kpac_pool_sort(pool->ring, n);
	}
	trace_kpac_reclaim(pool->cpu, n, home);
	WRITE_ONCE(pool->reclaims, pool->reclaims + 1);
	WRITE_ONCE(pool->found, pool->found + home);
	pool->until = pool->next + home;
	if (unlikely(!home))
		kpac_pool_miss(pool);
	return home;
}

/**
 * kpac_pool_miss - note that there was no buffer, and have the pool grow
 * @pool: this CPU's pool
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_pool_miss(struct kpac_pool *pool)
{
	unsigned int max = READ_ONCE(pool->owner->max);

	WRITE_ONCE(pool->misses, pool->misses + 1);
	if (pool->size > pool->high)
		WRITE_ONCE(pool->high, pool->size);
	if (pool->size < max && !pool->growing) {
		pool->growing = true;
		mod_delayed_work_on(pool->cpu, kpac_compat_wq, &pool->work, 0);
	}
}

static struct sk_buff *kpac_pool_buffer(const struct kpac_pool *pool)
{
	return __alloc_skb(KPAC_POOL_BYTES, KPAC_POOL_GFP, 0,
			   cpu_to_node(pool->cpu));
}

/* Whether this is the CPU whose pool it is: not, if that has gone offline. */
static bool kpac_pool_mine(const struct kpac_pool *pool)
{
	return raw_smp_processor_id() == pool->cpu;
}

/* Begin to look at a place anew; what is known to be home is found again. */
static void kpac_pool_restart(struct kpac_pool *pool, unsigned int next)
{
	WRITE_ONCE(pool->found, kpac_pool_taken(pool));
	WRITE_ONCE(pool->next, next);
	WRITE_ONCE(pool->until, next);
}

/* Put a ring in the place of the pool's that has new buffers, and then, from
 * the one that has been out for longest on, those of the pool.
 */
static bool kpac_pool_replace(struct kpac_pool *pool, struct sk_buff ***ring,
			      unsigned int added)
{
	unsigned int later;
	bool mine;

	local_bh_disable();
	mine = kpac_pool_mine(pool);
	if (mine) {
		later = pool->size - pool->next;
		memcpy(*ring + added, pool->ring + pool->next,
		       later * sizeof(**ring));
		memcpy(*ring + added + later, pool->ring,
		       pool->next * sizeof(**ring));
		swap(pool->ring, *ring);
		kpac_pool_restart(pool, 0);
		WRITE_ONCE(pool->size, pool->size + added);
	}
	local_bh_enable();
	return mine;
}

/* Add buffers; the worker alone makes a pool larger or smaller.
 * False: there was not enough memory.
 */
static bool kpac_pool_grow(struct kpac_pool *pool, unsigned int size)
{
	struct mem_cgroup *old = set_active_memcg(pool->owner->memcg);
	unsigned int want = size - pool->size, added = 0;
	struct sk_buff **ring;
	bool enough;

	ring = kvmalloc_node(array_size(size, sizeof(*ring)),
			     KPAC_POOL_GFP, cpu_to_node(pool->cpu));
	while (ring && added < want) {
		ring[added] = kpac_pool_buffer(pool);
		if (!ring[added])
			break;
		added++;
		cond_resched();
	}
	set_active_memcg(old);
	enough = added == want;
	if (ring && !kpac_pool_replace(pool, &ring, added))
		while (added)
			consume_skb(ring[--added]);
	kvfree(ring);
	trace_kpac_refill(pool->cpu, added, pool->size);
	return enough;
}

/* Let the pool's reference to the last buffers go. */
static void kpac_pool_cut(struct kpac_pool *pool, unsigned int size)
{
	while (pool->size > size) {
		WRITE_ONCE(pool->size, pool->size - 1);
		consume_skb(pool->ring[pool->size]);
	}
	kpac_pool_restart(pool, min(pool->next, pool->size));
}

/* How many buffers are out. */
static unsigned int kpac_pool_out(const struct kpac_pool *pool)
{
	unsigned int i, out = 0;

	for (i = 0; i < pool->size; i++)
		out += !kpac_pool_home(pool->ring[i]);
	return out;
}

/* Give buffers up that do not come home, so that others take their place. */
static void kpac_pool_give_up(struct kpac_pool *pool)
{
	unsigned int i, kept = 0;

	for (i = 0; i < pool->size; i++) {
		struct sk_buff *skb = pool->ring[i];

		if (kpac_pool_home(skb))
			pool->ring[kept++] = skb;
		else
			consume_skb(skb);
	}
	kpac_pool_restart(pool, 0);
	WRITE_ONCE(pool->size, kept);
}

/* How many buffers there should be, from how the last tick went. */
static unsigned int kpac_pool_wanted(struct kpac_pool *pool, unsigned int out)
{
	unsigned int max = READ_ONCE(pool->owner->max);
	u64 taken = kpac_pool_taken(pool);
	bool used = taken != pool->seen, missed = pool->misses != pool->missed;
	unsigned int wanted = pool->size;

	if (missed && !used && pool->size)
		kpac_pool_give_up(pool);
	if (missed)
		wanted = max(KPAC_POOL_FIRST, pool->size + pool->size / 2);
	if (missed || (used && out > pool->size / 2))
		pool->idle = 0;
	else if (++pool->idle >= KPAC_POOL_IDLE) {
		/* as many as were seen to be in use, and some */
		wanted = used ? max(KPAC_POOL_FIRST, pool->size / 2) : 0;
		pool->idle = 0;
	}
	pool->seen = taken;
	pool->missed = pool->misses;
	return min(wanted, max);
}

static void kpac_pool_tick(struct work_struct *work)
{
	struct kpac_pool *pool = container_of(to_delayed_work(work),
					      struct kpac_pool, work);
	unsigned int wanted = 0, out;
	bool mine, enough = true;

	local_bh_disable();
	mine = kpac_pool_mine(pool);
	pool->growing = false;
	if (mine) {
		out = kpac_pool_out(pool);
		if (out > pool->high)
			WRITE_ONCE(pool->high, out);
		wanted = kpac_pool_wanted(pool, out);
		if (wanted < pool->size)
			kpac_pool_cut(pool, wanted);
	}
	local_bh_enable();
	if (!mine)
		return;
	if (wanted > pool->size) {
		enough = kpac_pool_grow(pool, wanted);
		if (!kpac_pool_mine(pool))
			return;
	}
	if (!enough) {
		/* and is not asked for with every packet */
		WRITE_ONCE(pool->growing, true);
		mod_delayed_work_on(pool->cpu, kpac_compat_wq, &pool->work,
				    KPAC_POOL_TICK);
	} else if (pool->size) {
		/* unless it has been asked for sooner */
		queue_delayed_work_on(pool->cpu, kpac_compat_wq, &pool->work,
				      KPAC_POOL_TICK);
	}
}

/**
 * kpac_pool_init - make an empty pool
 * @pool: the pool
 * @cpu: whose it is
 * @headroom: bytes in front of a buffer's data
 * @owner: what it has in common with other CPUs' pools; may change any time
 *
 * Context: any.
 */
void kpac_pool_init(struct kpac_pool *pool, int cpu, unsigned int headroom,
		    const struct kpac_pool_owner *owner)
{
	pool->cpu = cpu;
	pool->headroom = headroom;
	pool->owner = owner;
	INIT_DELAYED_WORK(&pool->work, kpac_pool_tick);
}

/**
 * kpac_pool_resize - the limit has changed
 * @pool: the pool
 *
 * Context: process; the pool's CPU cannot go offline.
 */
void kpac_pool_resize(struct kpac_pool *pool)
{
	if (READ_ONCE(pool->size) > READ_ONCE(pool->owner->max))
		mod_delayed_work_on(pool->cpu, kpac_compat_wq, &pool->work, 0);
}

/**
 * kpac_pool_drain - let all buffers go
 * @pool: the pool; nobody takes buffers out of it
 *
 * Those that a driver still has are freed when it lets them go.
 *
 * Context: process; bottom halves are disabled for the time.
 */
void kpac_pool_drain(struct kpac_pool *pool)
{
	local_bh_disable();
	kpac_pool_cut(pool, 0);
	pool->growing = false;
	local_bh_enable();
}

/**
 * kpac_pool_exit - end a pool
 * @pool: the pool; nobody takes buffers out of it
 *
 * Context: process, may sleep.
 */
void kpac_pool_exit(struct kpac_pool *pool)
{
	cancel_delayed_work_sync(&pool->work);
	kpac_pool_drain(pool);
	kvfree(pool->ring);
}

/**
 * kpac_pool_limit - how many buffers a pool may be allowed
 *
 * Context: any.
 * Return: as many as a sixteenth of the memory holds, for every CPU; at least
 * %KPAC_MIN_POOL and at most %KPAC_MAX_POOL.
 */
unsigned int kpac_pool_limit(void)
{
	u64 bytes = (u64)totalram_pages() << PAGE_SHIFT;

	return clamp_t(u64, bytes / 16 / num_possible_cpus() /
			    SKB_TRUESIZE(KPAC_POOL_BYTES),
		       KPAC_MIN_POOL, KPAC_MAX_POOL);
}
