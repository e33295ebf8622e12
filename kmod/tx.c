// SPDX-License-Identifier: GPL-2.0
/* How devices send: settings, buffers, statistics, life; see tx.h. */

#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/memcontrol.h>
#include <uapi/linux/kpac.h>

#include "tx.h"
#include "txq.h"

#define KPAC_TX_LIMIT	1000u	/* packets that wait, unless the user says more */

static int kpac_tx_cpuhp;
static LIST_HEAD(kpac_tx_list);
static DEFINE_MUTEX(kpac_tx_mutex);	/* protects the list */

static void kpac_tx_init_cpu(struct kpac_tx *tx, int cpu, unsigned int headroom)
{
	struct kpac_tx_cpu *c = per_cpu_ptr(tx->cpu, cpu);
	unsigned int i;

	kpac_pool_init(&c->pool, cpu, headroom, &tx->pool);
	for (i = 0; i < tx->hwqs; i++) {
		c->txq[i].hwq = &tx->hwq[i];
		INIT_LIST_HEAD(&c->txq[i].node);
	}
}

/**
 * kpac_tx_new - make TX queues for a device
 * @dev: the device; to be held as long as they live
 * @sch: the kpac qdisc that they are for, or NULL: for a port
 * @first: the first of the device's queues that they are for
 * @hwqs: for how many of the device's queues they are; no more than
 *	%KPAC_TX_HWQS
 *
 * Context: process, may sleep.
 * Return: the TX queues, or NULL if there is no memory for them.
 */
struct kpac_tx *kpac_tx_new(struct net_device *dev, struct Qdisc *sch,
			    unsigned int first, unsigned int hwqs)
{
	struct kpac_tx_config defaults = kpac_tx_defaults();
	unsigned int headroom, i;
	struct kpac_tx *tx;
	int cpu;

	tx = kvzalloc(struct_size(tx, hwq, hwqs), GFP_KERNEL_ACCOUNT);
	if (!tx)
		return NULL;
	tx->hwqs = hwqs;
	tx->first = first;
	tx->cpu = __alloc_percpu_gfp(struct_size_t(struct kpac_tx_cpu, txq,
						   hwqs),
				     __alignof__(struct kpac_tx_cpu),
				     GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!tx->cpu) {
		kvfree(tx);
		return NULL;
	}
	tx->dev = dev;
	tx->sch = sch;
	tx->limit = KPAC_TX_LIMIT;
	headroom = ALIGN(max_t(unsigned int, LL_RESERVED_SPACE(dev),
			       NET_SKB_PAD), HH_DATA_MOD);
	tx->pool.memcg = get_mem_cgroup_from_mm(current->mm);
	for (i = 0; i < hwqs; i++) {
		kpac_relay_init(&tx->hwq[i].relay);
		tx->hwq[i].tx = tx;
		tx->hwq[i].index = first + i;
	}
	for_each_possible_cpu(cpu)
		kpac_tx_init_cpu(tx, cpu, headroom);
	kpac_tx_set(tx, &defaults);
	mutex_lock(&kpac_tx_mutex);
	list_add(&tx->list, &kpac_tx_list);
	mutex_unlock(&kpac_tx_mutex);
	return tx;
}

/* Whether a CPU is still about to send something. */
static bool kpac_tx_busy(const struct kpac_tx *tx)
{
	unsigned int i;
	int cpu;

	for (i = 0; i < tx->hwqs; i++)
		if (kpac_relay_waiting(&tx->hwq[i].relay))
			return true;
	for_each_possible_cpu(cpu)
		for (i = 0; i < tx->hwqs; i++)
			if (!list_empty_careful(&per_cpu_ptr(tx->cpu, cpu)->
						 txq[i].node))
				return true;
	return false;
}

/**
 * kpac_tx_free - end a device's TX queues
 * @tx: the TX queues; nobody can find them any more, but may have before
 *
 * What is on them is sent. This does not wait for the driver: buffers that it
 * has are freed when it lets them go.
 *
 * Context: process, may sleep.
 */
void kpac_tx_free(struct kpac_tx *tx)
{
	int cpu;

	synchronize_net();
	do {
		while (kpac_tx_busy(tx))
			usleep_range(100, 1000);
		/* A queue is not in the list any more while it is flushed. */
		synchronize_net();
	} while (kpac_tx_busy(tx));
	if (!tx->sch) {
		kpac_txq_forget(tx);
		synchronize_net();
	}

	mutex_lock(&kpac_tx_mutex);
	list_del(&tx->list);
	mutex_unlock(&kpac_tx_mutex);
	local_bh_disable();
	kpac_txq_reset(tx);
	local_bh_enable();
	for_each_possible_cpu(cpu)
		kpac_pool_exit(&per_cpu_ptr(tx->cpu, cpu)->pool);
	mem_cgroup_put(tx->pool.memcg);
	free_percpu(tx->cpu);
	kvfree(tx);
}

/**
 * kpac_tx_defaults - what the TX side is like if the user wants nothing of it
 *
 * Context: any.
 * Return: the settings.
 */
struct kpac_tx_config kpac_tx_defaults(void)
{
	return (struct kpac_tx_config) {
		.batch = 64,
		.clean = 32,
		.pool = min(512u, kpac_pool_limit()),
		.copybreak = 0,
	};
}

/**
 * kpac_tx_check - whether the TX side can be set up as the user wants
 * @config: what the user wants
 * @extack: for messages
 *
 * Context: any.
 * Return: 0, or -ERANGE with a message that names what is allowed.
 */
int kpac_tx_check(const struct kpac_tx_config *config,
		  struct netlink_ext_ack *extack)
{
	unsigned int limit = kpac_pool_limit();

	if (config->batch - 1 >= KPAC_MAX_BATCH)
		NL_SET_ERR_MSG_FMT(extack, "tx-batch must be from 1 to %u packets",
				   KPAC_MAX_BATCH);
	else if (config->clean - 1 >= KPAC_MAX_BATCH)
		NL_SET_ERR_MSG_FMT(extack, "clean-batch must be from 1 to %u buffers",
				   KPAC_MAX_BATCH);
	else if (config->pool < KPAC_MIN_POOL || config->pool > limit)
		NL_SET_ERR_MSG_FMT(extack, "pool must be from %u to %u buffers per CPU, which take a sixteenth of the memory",
				   KPAC_MIN_POOL, limit);
	else if (config->copybreak > KPAC_MAX_COPYBREAK)
		NL_SET_ERR_MSG_FMT(extack, "copybreak must be from 0 to %u bytes",
				   KPAC_MAX_COPYBREAK);
	else
		return 0;
	return -ERANGE;
}

/**
 * kpac_tx_set - set the TX side up as the user wants
 * @tx: the TX queues
 * @config: what the user wants; has been checked
 *
 * Context: process, RTNL.
 */
void kpac_tx_set(struct kpac_tx *tx, const struct kpac_tx_config *config)
{
	int cpu;

	WRITE_ONCE(tx->config.batch, config->batch);
	WRITE_ONCE(tx->config.clean, config->clean);
	WRITE_ONCE(tx->config.pool, config->pool);
	WRITE_ONCE(tx->config.copybreak, config->copybreak);
	WRITE_ONCE(tx->pool.clean, config->clean);
	/* Others may write to what they are given, or keep it. */
	if (tx->sch || !(tx->dev->priv_flags & IFF_TX_SKB_SHARING))
		return;
	WRITE_ONCE(tx->pool.max, config->pool);
	cpus_read_lock();
	for_each_online_cpu(cpu)
		kpac_pool_resize(&per_cpu_ptr(tx->cpu, cpu)->pool);
	cpus_read_unlock();
}

/**
 * kpac_tx_buffer - get a buffer for a packet that kpac itself sends
 * @tx: how the device sends by which it will leave
 * @len: bytes that there must be room for
 *
 * It comes from the CPU's pool if the device is one that takes shared packets
 * and there is one. Nothing that has to be released may be attached to it.
 *
 * Context: softirq, or bottom halves disabled.
 * Return: an empty buffer with the headroom that the device wants, or NULL.
 */
struct sk_buff *kpac_tx_buffer(struct kpac_tx *tx, unsigned int len)
{
	struct kpac_pool *pool = &this_cpu_ptr(tx->cpu)->pool;
	unsigned int headroom = LL_RESERVED_SPACE(tx->dev);
	struct sk_buff *skb;

	/* the device may want more headroom than it did when the pool was made */
	if (likely(tx->dev->priv_flags & IFF_TX_SKB_SHARING) &&
	    likely(headroom <= pool->headroom) &&
	    likely(len + pool->headroom <= KPAC_POOL_BYTES)) {
		skb = kpac_pool_get(pool);
		if (likely(skb))
			return skb;
	} else {
		WRITE_ONCE(pool->unfit, pool->unfit + 1);
	}
	headroom = max(headroom, pool->headroom);
	skb = alloc_skb(headroom + len, GFP_ATOMIC | __GFP_NOWARN);
	if (likely(skb))
		skb_reserve(skb, headroom);
	return skb;
}

/**
 * kpac_tx_sum - sum up statistics over all CPUs
 * @tx: the TX queues
 * @sum: the result
 *
 * Context: any.
 */
void kpac_tx_sum(const struct kpac_tx *tx, struct kpac_tx_sum *sum)
{
	const unsigned int counters = sizeof(sum->tx) / sizeof(u64);
	unsigned int i;
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct kpac_tx_cpu *c = per_cpu_ptr(tx->cpu, cpu);
		const u64 *from = (const u64 *)&c->stats;

		for (i = 0; i < counters; i++)
			((u64 *)&sum->tx)[i] += READ_ONCE(from[i]);
		sum->pool_hits += kpac_pool_taken(&c->pool);
		sum->pool_misses += READ_ONCE(c->pool.misses) +
				    READ_ONCE(c->pool.unfit);
		sum->pool_reclaims += READ_ONCE(c->pool.reclaims);
		sum->pool_size += READ_ONCE(c->pool.size);
		sum->pool_high = max(sum->pool_high, READ_ONCE(c->pool.high));
	}
}

/**
 * kpac_tx_sub - take what was counted before off a sum
 * @sum: the sum
 * @base: what was counted before
 *
 * What is no counter (size and high-water mark of the pools) stays.
 *
 * Context: any.
 */
void kpac_tx_sub(struct kpac_tx_sum *sum, const struct kpac_tx_sum *base)
{
	const unsigned int counters = sizeof(sum->tx) / sizeof(u64);
	unsigned int i;

	for (i = 0; i < counters; i++)
		((u64 *)&sum->tx)[i] -= ((const u64 *)&base->tx)[i];
	sum->pool_hits -= base->pool_hits;
	sum->pool_misses -= base->pool_misses;
	sum->pool_reclaims -= base->pool_reclaims;
}

/* What a CPU had to send moves to another with its NAPI instances. */
static int kpac_tx_cpu_dead(unsigned int cpu)
{
	struct kpac_tx *tx;

	mutex_lock(&kpac_tx_mutex);
	list_for_each_entry(tx, &kpac_tx_list, list)
		kpac_pool_drain(&per_cpu_ptr(tx->cpu, cpu)->pool);
	mutex_unlock(&kpac_tx_mutex);
	return 0;
}

/**
 * kpac_tx_init - be ready for devices to send
 *
 * Context: process, at module load.
 * Return: 0 or an error.
 */
int __init kpac_tx_init(void)
{
	int err;

	err = kpac_txq_init();
	if (err)
		return err;
	kpac_tx_cpuhp = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						  "net/kpac:dead", NULL,
						  kpac_tx_cpu_dead);
	if (kpac_tx_cpuhp < 0) {
		kpac_txq_exit();
		return kpac_tx_cpuhp;
	}
	return 0;
}

/**
 * kpac_tx_exit - end what kpac_tx_init() began
 *
 * Context: process, when no device sends by kpac any more.
 */
void kpac_tx_exit(void)
{
	cpuhp_remove_state_nocalls(kpac_tx_cpuhp);
	kpac_txq_exit();
}
