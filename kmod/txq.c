// SPDX-License-Identifier: GPL-2.0
/* TX queues: how they are flushed, and their life; see txq.h. */

#include <linux/cpuhotplug.h>
#include <linux/delay.h>
#include <linux/memcontrol.h>
#include <net/pkt_sched.h>
#include <uapi/linux/kpac.h>

#include "compat.h"
#include "txq.h"

#define KPAC_TX_LIMIT	1000u	/* packets that wait, unless the user says more */
#define KPAC_TX_TURNS	8	/* times in a row one CPU sends what others bring */

/* What a CPU flushes at the end of a softirq round, by a NAPI instance. */
struct kpac_flusher {
	struct napi_struct napi;
	struct list_head txqs;
};

static DEFINE_PER_CPU(struct kpac_flusher, kpac_flushers);
static struct net_device *kpac_flusher_dev;
static int kpac_tx_cpuhp;
static LIST_HEAD(kpac_tx_list);
static DEFINE_MUTEX(kpac_tx_mutex);	/* protects the list */

static struct netdev_queue *kpac_hwq_nq(const struct kpac_hwq *hwq)
{
	return netdev_get_tx_queue(hwq->tx->dev, hwq->index);
}

/* --- giving packets to the driver --- */

static void kpac_hwq_drop(struct kpac_hwq *hwq, struct kpac_batch *batch)
{
	struct kpac_tx_stats *stats = &this_cpu_ptr(hwq->tx->cpu)->stats;

	if (!batch->len)
		return;
	kpac_tx_count(&stats->dropped, batch->len);
	if (hwq->tx->sch)
		this_cpu_add(hwq->tx->sch->cpu_qstats->drops, batch->len);
	while (batch->len) {
		if (!hwq->tx->sch)
			dev_core_stats_tx_dropped_inc(hwq->tx->dev);
		kfree_skb(kpac_batch_pop(batch));
	}
}

/* Count packets that were sent with one doorbell. */
static void kpac_hwq_rang(struct kpac_tx_stats *stats, unsigned int packets)
{
	int size = min(ilog2(packets), KPAC_TX_SIZES - 1);

	kpac_tx_count(&stats->packets, packets);
	kpac_tx_count(&stats->doorbells, 1);
	kpac_tx_count(&stats->size[size], 1);
}

static void kpac_hwq_sent(struct kpac_hwq *hwq, u64 bytes, u64 packets)
{
	struct Qdisc *sch = hwq->tx->sch;

	if (sch && packets)
		_bstats_update(this_cpu_ptr(sch->cpu_bstats), bytes, packets);
}

/* Give packets to the driver as long as it takes them; the first that it does
 * not take, and all behind it, stay in the batch.
 */
static void kpac_hwq_transmit(struct kpac_hwq *hwq, struct kpac_batch *batch)
{
	struct kpac_tx_stats *stats = &this_cpu_ptr(hwq->tx->cpu)->stats;
	unsigned int size = READ_ONCE(hwq->tx->config.batch);
	unsigned int n = 0, had = batch->len, bells = 0;
	struct net_device *dev = hwq->tx->dev;
	struct netdev_queue *nq = kpac_hwq_nq(hwq);
	bool taps = kpac_compat_taps(dev);
	u64 bytes = 0, packets = 0;

	HARD_TX_LOCK(dev, nq, smp_processor_id());
	while (batch->len && likely(!netif_xmit_frozen_or_stopped(nq))) {
		struct sk_buff *skb = batch->head, *next = skb->next;
		bool more = batch->len > 1 && n + 1 < size;
		unsigned int len = qdisc_pkt_len(skb);
		unsigned int segs = skb_is_gso(skb) ?
				    skb_shinfo(skb)->gso_segs : 1;

		skb->next = NULL;
		skb_set_queue_mapping(skb, hwq->index);
		if (unlikely(taps))
			dev_queue_xmit_nit(skb, dev);
		if (unlikely(!dev_xmit_complete(netdev_start_xmit(skb, dev, nq,
								  more)))) {
			skb->next = next;
			break;
		}
		batch->head = next;
		batch->len--;
		bytes += len;
		packets += segs;
		n++;
		if (!more) {
			kpac_hwq_rang(stats, n);
			bells++;
			n = 0;
		}
	}
	HARD_TX_UNLOCK(dev, nq);

	/* The driver rings its doorbell when it stops the queue. */
	if (n) {
		kpac_hwq_rang(stats, n);
		bells++;
	}
	kpac_hwq_sent(hwq, bytes, packets);
	trace_kpac_flush(dev, hwq->index, had - batch->len, batch->len, bells);
}

/* --- behind a port: what cannot be sent goes through the queueing discipline --- */

static bool kpac_qdisc_quiet(const struct netdev_queue *nq)
{
	struct Qdisc *q = rcu_dereference_bh(nq->qdisc);

	return kpac_txq_plain(q) && qdisc_is_empty(q) && !qdisc_is_running(q);
}

/* Whether nothing is before the packets in a queueing discipline. Which of
 * them those took that went through it is for the stack to say.
 */
static bool kpac_hwq_free(const struct kpac_hwq *hwq)
{
	const struct net_device *dev = hwq->tx->dev;
	unsigned int i;

	if (likely(!hwq->through))
		return kpac_qdisc_quiet(kpac_hwq_nq(hwq));
	for (i = 0; i < dev->real_num_tx_queues; i++)
		if (!kpac_qdisc_quiet(netdev_get_tx_queue(dev, i)))
			return false;
	return true;
}

static void kpac_hwq_run_port(struct kpac_hwq *hwq, struct kpac_batch *batch)
{
	const struct Qdisc *q = rcu_dereference_bh(kpac_hwq_nq(hwq)->qdisc);

	if (!batch->len)
		return;
	hwq->through = !kpac_hwq_free(hwq);
	if (likely(!hwq->through))
		kpac_hwq_transmit(hwq, batch);
	if (likely(!batch->len))
		return;
	if (!q->enqueue) {
		kpac_hwq_drop(hwq, batch);
		return;
	}
	hwq->through = true;
	kpac_tx_count(&this_cpu_ptr(hwq->tx->cpu)->stats.requeued, batch->len);
	while (batch->len)
		dev_queue_xmit(kpac_batch_pop(batch));
}

/* --- behind the kpac qdisc: it waits here --- */

/* Note how many packets and bytes more, or fewer, wait. */
static void kpac_hwq_waits(struct kpac_hwq *hwq, int packets, int bytes)
{
	struct gnet_stats_queue __percpu *qstats = hwq->tx->sch->cpu_qstats;

	this_cpu_add(qstats->qlen, packets);
	this_cpu_add(qstats->backlog, bytes);
	hwq->bytes += bytes;
	WRITE_ONCE(hwq->waiting, hwq->backlog.len);
}

/* Put packets behind those that wait, as far as there is room for them. */
static void kpac_hwq_keep(struct kpac_hwq *hwq, struct kpac_batch *batch)
{
	unsigned int limit = READ_ONCE(hwq->tx->limit);
	struct kpac_batch kept = {};
	int bytes = 0;

	while (batch->len && hwq->backlog.len + kept.len < limit) {
		struct sk_buff *skb = kpac_batch_pop(batch);

		bytes += qdisc_pkt_len(skb);
		kpac_batch_add(&kept, skb);
	}
	kpac_hwq_drop(hwq, batch);
	if (!kept.len)
		return;
	if (!hwq->backlog.len)
		atomic_inc(&hwq->tx->waiting);
	kpac_batch_join(&hwq->backlog, &kept);
	this_cpu_add(hwq->tx->sch->cpu_qstats->requeues, kept.len);
	kpac_tx_count(&this_cpu_ptr(hwq->tx->cpu)->stats.requeued, kept.len);
	kpac_hwq_waits(hwq, kept.len, bytes);
}

static void kpac_hwq_run_sch(struct kpac_hwq *hwq, struct kpac_batch *batch)
{
	struct kpac_batch all = hwq->backlog;

	if (unlikely(all.len)) {
		if (netif_xmit_frozen_or_stopped(kpac_hwq_nq(hwq))) {
			kpac_hwq_keep(hwq, batch);
			return;
		}
		kpac_batch_take(&hwq->backlog);
		atomic_dec(&hwq->tx->waiting);
		kpac_hwq_waits(hwq, -(int)all.len, -(int)hwq->bytes);
		kpac_batch_join(&all, batch);
		*batch = all;
	}
	if (likely(batch->len))
		kpac_hwq_transmit(hwq, batch);
	if (unlikely(batch->len))
		kpac_hwq_keep(hwq, batch);
}

/* --- sharing a hardware queue --- */

/* Send what the others have brought, and then what the caller has. */
static void kpac_hwq_run(struct kpac_hwq *hwq, struct kpac_batch *own)
{
	struct kpac_batch batch = {};

	kpac_relay_take(&hwq->relay, &batch);
	kpac_batch_join(&batch, own);
	own->len = 0;
	/* The device is being closed: the driver must not be called any more. */
	if (unlikely(!netif_running(hwq->tx->dev)))
		kpac_hwq_drop(hwq, &batch);
	else if (hwq->tx->sch)
		kpac_hwq_run_sch(hwq, &batch);
	else
		kpac_hwq_run_port(hwq, &batch);
}

/* Who made room for what waits may have looked before it did. */
static void kpac_hwq_look_again(struct kpac_hwq *hwq)
{
	if (unlikely(READ_ONCE(hwq->waiting)) &&
	    !netif_xmit_frozen_or_stopped(kpac_hwq_nq(hwq)))
		__netif_schedule(hwq->tx->sch);
}

/* Send packets, or let the one who is sending send them. False: there are more,
 * but it is for others to go on.
 */
static bool kpac_hwq_submit(struct kpac_hwq *hwq, struct kpac_batch *own)
{
	struct kpac_relay *relay = &hwq->relay;
	int turns = 0;

	if (!spin_trylock(&relay->lock)) {
		if (own->len) {
			kpac_tx_count(&this_cpu_ptr(hwq->tx->cpu)->stats.shared,
				      own->len);
			kpac_relay_give(relay, own);
			own->len = 0;
		}
		if (!spin_trylock(&relay->lock))
			return true;
	}
	do {
		kpac_hwq_run(hwq, own);
		spin_unlock(&relay->lock);
		/* before looking whether something was given meanwhile */
		smp_mb();
		kpac_hwq_look_again(hwq);
		if (likely(!kpac_relay_waiting(relay)))
			return true;
		if (++turns == KPAC_TX_TURNS)
			return false;
	} while (spin_trylock(&relay->lock));
	return true;
}

/**
 * kpac_txq_flush - send what is on a TX queue
 * @txq: a queue of this CPU, or of one that is offline
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_flush(struct kpac_txq *txq)
{
	struct kpac_batch batch = kpac_batch_take(&txq->pending);

	if (!batch.len && !kpac_relay_waiting(&txq->hwq->relay))
		return;
	if (!kpac_hwq_submit(txq->hwq, &batch))
		kpac_txq_schedule(txq);
}

/**
 * kpac_txq_schedule - have a TX queue flushed at the end of the softirq round
 * @txq: a queue of this CPU
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_schedule(struct kpac_txq *txq)
{
	struct kpac_flusher *flusher = this_cpu_ptr(&kpac_flushers);

	if (list_empty(&txq->node))
		list_add_tail(&txq->node, &flusher->txqs);
	napi_schedule(&flusher->napi);
}

static int kpac_flusher_poll(struct napi_struct *napi, int budget)
{
	struct kpac_flusher *flusher = container_of(napi, struct kpac_flusher,
						    napi);
	LIST_HEAD(txqs);

	if (!budget)
		return 0;
	list_splice_init(&flusher->txqs, &txqs);
	while (!list_empty(&txqs)) {
		struct kpac_txq *txq = list_first_entry(&txqs, struct kpac_txq,
							node);

		list_del_init(&txq->node);
		kpac_txq_flush(txq);
	}
	if (!list_empty(&flusher->txqs))
		return budget;
	napi_complete_done(napi, 0);
	return 0;
}

/**
 * kpac_tx_choose - choose this CPU's own hardware queue
 * @tx: how the device sends
 * @cpu: this CPU's part of it
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_tx_choose(struct kpac_tx *tx, struct kpac_tx_cpu *cpu)
{
	unsigned int queues = READ_ONCE(tx->dev->real_num_tx_queues);

	/* what is sent by another queue must not overtake */
	if (cpu->of)
		kpac_txq_flush(&cpu->txq[cpu->own]);
	cpu->of = queues;
	cpu->own = smp_processor_id() % clamp(queues, 1, tx->hwqs);
}

/**
 * kpac_tx_push - send what waits for room in a device, if there is any now
 * @tx: how the device sends
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_tx_push(struct kpac_tx *tx)
{
	struct kpac_batch none = {};
	unsigned int i;

	if (likely(!atomic_read(&tx->waiting)))
		return;
	for (i = 0; i < tx->hwqs; i++)
		if (READ_ONCE(tx->hwq[i].waiting) &&
		    !kpac_hwq_submit(&tx->hwq[i], &none))
			kpac_txq_schedule(&this_cpu_ptr(tx->cpu)->txq[i]);
}

/**
 * kpac_tx_reset - drop what waits for room in a device
 * @tx: how the device sends
 *
 * Context: bottom halves disabled.
 */
void kpac_tx_reset(struct kpac_tx *tx)
{
	unsigned int i;

	for (i = 0; i < tx->hwqs; i++) {
		struct kpac_hwq *hwq = &tx->hwq[i];
		struct kpac_batch batch;

		spin_lock(&hwq->relay.lock);
		batch = kpac_batch_take(&hwq->backlog);
		if (batch.len) {
			atomic_dec(&tx->waiting);
			kpac_hwq_waits(hwq, -(int)batch.len, -(int)hwq->bytes);
		}
		spin_unlock(&hwq->relay.lock);
		kpac_hwq_drop(hwq, &batch);
	}
}

/* --- life --- */

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
 * @hwqs: for how many of the device's queues they are
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
				     GFP_KERNEL_ACCOUNT);
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

	mutex_lock(&kpac_tx_mutex);
	list_del(&tx->list);
	mutex_unlock(&kpac_tx_mutex);
	local_bh_disable();
	kpac_tx_reset(tx);
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
	struct sk_buff *skb;

	if (likely(tx->dev->priv_flags & IFF_TX_SKB_SHARING) &&
	    likely(len <= KPAC_POOL_BYTES - pool->headroom)) {
		skb = kpac_pool_get(pool);
		if (likely(skb))
			return skb;
	} else {
		kpac_pool_miss(pool);
	}
	skb = alloc_skb(pool->headroom + len, GFP_ATOMIC | __GFP_NOWARN);
	if (likely(skb))
		skb_reserve(skb, pool->headroom);
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
		sum->pool_misses += READ_ONCE(c->pool.misses);
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

/* What a CPU had to send was moved to another with its NAPI instances. */
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
 * kpac_tx_init - be ready for TX queues
 *
 * Context: process, at module load.
 * Return: 0 or an error.
 */
int __init kpac_tx_init(void)
{
	int cpu;

	kpac_flusher_dev = alloc_netdev_dummy(0);
	if (!kpac_flusher_dev)
		return -ENOMEM;
	kpac_tx_cpuhp = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						  "net/kpac:dead", NULL,
						  kpac_tx_cpu_dead);
	if (kpac_tx_cpuhp < 0) {
		free_netdev(kpac_flusher_dev);
		return kpac_tx_cpuhp;
	}
	for_each_possible_cpu(cpu) {
		struct kpac_flusher *flusher = per_cpu_ptr(&kpac_flushers, cpu);

		INIT_LIST_HEAD(&flusher->txqs);
		netif_napi_add(kpac_flusher_dev, &flusher->napi,
			       kpac_flusher_poll);
		napi_enable(&flusher->napi);
	}
	return 0;
}

/**
 * kpac_tx_exit - end what kpac_tx_init() began
 *
 * Context: process, when there are no TX queues any more.
 */
void kpac_tx_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct kpac_flusher *flusher = per_cpu_ptr(&kpac_flushers, cpu);

		napi_disable(&flusher->napi);
		netif_napi_del(&flusher->napi);
	}
	cpuhp_remove_state_nocalls(kpac_tx_cpuhp);
	free_netdev(kpac_flusher_dev);
}
