// SPDX-License-Identifier: GPL-2.0
/* TX queues: how they are flushed; see txq.h. */

#include <net/pkt_sched.h>

#include "compat.h"
#include "trace.h"
#include "tx.h"
#include "txq.h"

#define KPAC_TX_TURNS	8	/* times in a row one CPU sends what others bring */

/* What a CPU flushes at the end of a softirq round, by a NAPI instance. */
struct kpac_flusher {
	struct napi_struct napi;
	struct list_head txqs;
};

static DEFINE_PER_CPU(struct kpac_flusher, kpac_flushers);
static struct net_device *kpac_flusher_dev;

static struct netdev_queue *kpac_hwq_nq(const struct kpac_hwq *hwq)
{
	return netdev_get_tx_queue(hwq->tx->dev, hwq->index);
}

/* --- giving packets to the driver --- */

static void kpac_hwq_drop(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	struct kpac_tx_stats *stats = &this_cpu_ptr(hwq->tx->cpu)->stats;
	struct Qdisc *sch = hwq->tx->sch;

	while (chain) {
		struct sk_buff *skb = chain;

		chain = skb->next;
		skb->next = NULL;
		kpac_tx_count(&stats->dropped, 1);
		if (sch)
			qdisc_qstats_cpu_drop(sch);
		else
			dev_core_stats_tx_dropped_inc(hwq->tx->dev);
		kfree_skb(skb);
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

/* Give packets to the driver as long as it takes them.
 * Return: the first that it does not take, and all behind it; or NULL.
 */
static struct sk_buff *kpac_hwq_transmit(struct kpac_hwq *hwq,
					 struct sk_buff *chain)
{
	struct kpac_tx_stats *stats = &this_cpu_ptr(hwq->tx->cpu)->stats;
	unsigned int size = READ_ONCE(hwq->tx->config.batch);
	unsigned int n = 0, sent = 0, bells = 0;
	struct net_device *dev = hwq->tx->dev;
	struct Qdisc *sch = hwq->tx->sch;
	struct netdev_queue *nq = kpac_hwq_nq(hwq);
	bool taps = kpac_compat_taps(dev);
	u64 bytes = 0, packets = 0;

	HARD_TX_LOCK(dev, nq, smp_processor_id());
	while (chain && likely(!netif_xmit_frozen_or_stopped(nq))) {
		struct sk_buff *skb = chain, *next = skb->next;
		bool more = next && n + 1 < size;
		unsigned int len = 0, segs = 0;

		if (sch) {
			len = qdisc_pkt_len(skb);
			segs = skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1;
		}
		skb->next = NULL;
		skb_set_queue_mapping(skb, hwq->index);
		if (unlikely(taps))
			dev_queue_xmit_nit(skb, dev);
		if (unlikely(!dev_xmit_complete(netdev_start_xmit(skb, dev, nq,
								  more)))) {
			skb->next = next;
			break;
		}
		chain = next;
		bytes += len;
		packets += segs;
		n++;
		if (!more) {
			kpac_hwq_rang(stats, n);
			bells++;
			sent += n;
			n = 0;
		}
	}
	HARD_TX_UNLOCK(dev, nq);

	/* The driver rings its doorbell when it stops the queue. */
	if (n) {
		kpac_hwq_rang(stats, n);
		bells++;
		sent += n;
	}
	if (sch && sent)
		_bstats_update(this_cpu_ptr(sch->cpu_bstats), bytes, packets);
	trace_kpac_flush(dev, hwq->index, sent, bells, chain);
	return chain;
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

static void kpac_hwq_run_port(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	const struct Qdisc *q = rcu_dereference_bh(kpac_hwq_nq(hwq)->qdisc);

	hwq->through = !kpac_hwq_free(hwq);
	if (likely(!hwq->through))
		chain = kpac_hwq_transmit(hwq, chain);
	if (likely(!chain))
		return;
	if (!q->enqueue) {
		kpac_hwq_drop(hwq, chain);
		return;
	}
	hwq->through = true;
	while (chain) {
		struct sk_buff *skb = chain;

		chain = skb->next;
		skb->next = NULL;
		kpac_tx_count(&this_cpu_ptr(hwq->tx->cpu)->stats.requeued, 1);
		dev_queue_xmit(skb);
	}
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
static void kpac_hwq_keep(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	unsigned int limit = READ_ONCE(hwq->tx->limit);
	int packets = 0, bytes = 0;

	if (!hwq->backlog.len)
		atomic_inc(&hwq->tx->waiting);
	while (chain && hwq->backlog.len < limit) {
		struct sk_buff *skb = chain;

		chain = skb->next;
		packets++;
		bytes += qdisc_pkt_len(skb);
		kpac_batch_add(&hwq->backlog, skb);
	}
	this_cpu_add(hwq->tx->sch->cpu_qstats->requeues, packets);
	kpac_tx_count(&this_cpu_ptr(hwq->tx->cpu)->stats.requeued, packets);
	kpac_hwq_waits(hwq, packets, bytes);
	kpac_hwq_drop(hwq, chain);
}

/* Take all that waits. */
static struct sk_buff *kpac_hwq_unkeep(struct kpac_hwq *hwq)
{
	int packets = hwq->backlog.len;
	struct sk_buff *chain;

	if (!packets)
		return NULL;
	chain = kpac_batch_take(&hwq->backlog);
	atomic_dec(&hwq->tx->waiting);
	kpac_hwq_waits(hwq, -packets, -(int)hwq->bytes);
	return chain;
}

static void kpac_hwq_run_sch(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	if (unlikely(hwq->backlog.len)) {
		struct sk_buff *tail = hwq->backlog.tail;

		if (netif_xmit_frozen_or_stopped(kpac_hwq_nq(hwq))) {
			kpac_hwq_keep(hwq, chain);
			return;
		}
		tail->next = chain;
		chain = kpac_hwq_unkeep(hwq);
	}
	if (likely(chain))
		chain = kpac_hwq_transmit(hwq, chain);
	if (unlikely(chain))
		kpac_hwq_keep(hwq, chain);
}

/* --- sharing a hardware queue --- */

static void kpac_hwq_run(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	/* When the device is closed, the driver must not be called any more. */
	if (unlikely(!netif_running(hwq->tx->dev)))
		kpac_hwq_drop(hwq, chain);
	else if (hwq->tx->sch)
		kpac_hwq_run_sch(hwq, chain);
	else if (chain)
		kpac_hwq_run_port(hwq, chain);
}

/* Send packets, and what others bring meanwhile, by a hardware queue whose relay
 * this CPU holds. False: there are more, and somebody has to be found to send
 * them.
 */
static bool kpac_hwq_go_on(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	struct kpac_relay *relay = &hwq->relay;
	bool left = false;
	int turns = 0;

	do {
		kpac_hwq_run(hwq, chain);
		if (unlikely(++turns == KPAC_TX_TURNS)) {
			left = kpac_relay_leave(relay);
			break;
		}
		chain = kpac_relay_next(relay);
	} while (unlikely(chain));

	/* Who made room for what waits may have come before it did wait. */
	if (unlikely(READ_ONCE(hwq->waiting)) &&
	    !netif_xmit_frozen_or_stopped(kpac_hwq_nq(hwq)))
		__netif_schedule(hwq->tx->sch);
	return !left;
}

/* Send packets, or let the one who is sending send them. False: as above. */
static bool kpac_hwq_submit(struct kpac_hwq *hwq, struct kpac_batch *own)
{
	unsigned int len = own->len;
	struct sk_buff *chain;

	if (kpac_relay_enter(&hwq->relay, own, &chain))
		return kpac_hwq_go_on(hwq, chain);
	kpac_tx_count(&this_cpu_ptr(hwq->tx->cpu)->stats.shared, len);
	return true;
}
/* Whether nothing is before a packet that is to be sent by a hardware queue. */
static __always_inline bool kpac_hwq_idle(const struct kpac_hwq *hwq)
{
	return !(READ_ONCE(hwq->relay.state) | READ_ONCE(hwq->waiting));
}

static __always_inline bool kpac_hwq_transmit_one(struct kpac_hwq *hwq,
						  struct sk_buff *skb)
{
	struct net_device *dev = hwq->tx->dev;
	struct netdev_queue *nq = kpac_hwq_nq(hwq);
	bool sent = false;

	HARD_TX_LOCK(dev, nq, smp_processor_id());
	if (likely(!netif_xmit_frozen_or_stopped(nq)))
		sent = dev_xmit_complete(netdev_start_xmit(skb, dev, nq,
							   false));
	HARD_TX_UNLOCK(dev, nq);
	return sent;
}

/**
 * kpac_txq_send - send a packet at once, if nothing is before it
 * @txq: a queue of this CPU, behind a kpac qdisc
 * @skb: the packet, ready for the driver; consumed if it is sent
 *
 * This is kpac_txq_put() and kpac_txq_flush() for what most often is sent: one
 * packet. A device whose driver needs no lock needs none of the relay either:
 * what is sent is sent before anybody can send what comes after it.
 *
 * Context: bottom halves disabled.
 * Return: whether it was sent.
 */
bool kpac_txq_send(struct kpac_txq *txq, struct sk_buff *skb)
{
	struct kpac_hwq *hwq = txq->hwq;
	struct kpac_tx *tx = hwq->tx;
	unsigned int len = qdisc_pkt_len(skb);
	unsigned int segs = skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs : 1;
	struct net_device *dev = tx->dev;
	unsigned long idle = 0;
	struct sk_buff *chain;
	bool sent;

	if (unlikely(txq->pending.len) || unlikely(!kpac_hwq_idle(hwq)) ||
	    unlikely(!netif_running(dev)) || unlikely(kpac_compat_taps(dev)))
		return false;
	if (!dev->lltx && unlikely(!try_cmpxchg(&hwq->relay.state, &idle,
						KPAC_RELAY_HELD)))
		return false;
	sent = kpac_hwq_transmit_one(hwq, skb);
	if (likely(sent)) {
		kpac_hwq_rang(&this_cpu_ptr(tx->cpu)->stats, 1);
		_bstats_update(this_cpu_ptr(tx->sch->cpu_bstats), len, segs);
	}
	if (!dev->lltx) {
		chain = kpac_relay_next(&hwq->relay);
		if (unlikely(chain) && !kpac_hwq_go_on(hwq, chain))
			kpac_txq_schedule(txq);
	}
	return sent;
}

/**
 * kpac_txq_flush - send what is on a TX queue
 * @txq: a queue of this CPU, or of one that is offline
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_flush(struct kpac_txq *txq)
{
	if (!txq->pending.len && !kpac_relay_waiting(&txq->hwq->relay))
		return;
	if (!kpac_hwq_submit(txq->hwq, &txq->pending))
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
 * kpac_txq_choose - choose this CPU's own hardware queue
 * @tx: how the device sends
 * @cpu: this CPU's part of it
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_choose(struct kpac_tx *tx, struct kpac_tx_cpu *cpu)
{
	unsigned int queues = READ_ONCE(tx->dev->real_num_tx_queues);

	/* what is sent by another queue must not overtake */
	if (cpu->of)
		kpac_txq_flush(&cpu->txq[cpu->own]);
	cpu->of = queues;
	cpu->own = smp_processor_id() % clamp(queues, 1, tx->hwqs);
}

/**
 * kpac_txq_push - send what waits for room in a device, if there is any now
 * @tx: how the device sends
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_push(struct kpac_tx *tx)
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
 * kpac_txq_reset - drop what waits for room in a device
 * @tx: how the device sends
 *
 * Context: bottom halves disabled.
 */
void kpac_txq_reset(struct kpac_tx *tx)
{
	struct kpac_batch none = {};
	struct sk_buff *chain;
	unsigned int i;

	if (!atomic_read(&tx->waiting))
		return;
	for (i = 0; i < tx->hwqs; i++) {
		struct kpac_hwq *hwq = &tx->hwq[i];

		/* who is sending sees that the device is closed */
		if (!kpac_relay_enter(&hwq->relay, &none, &chain))
			continue;
		do {
			kpac_hwq_drop(hwq, kpac_hwq_unkeep(hwq));
			kpac_hwq_drop(hwq, chain);
			chain = kpac_relay_next(&hwq->relay);
		} while (chain);
	}
}

/**
 * kpac_txq_init - be ready to flush
 *
 * Context: process, at module load.
 * Return: 0 or an error.
 */
int __init kpac_txq_init(void)
{
	int cpu;

	kpac_flusher_dev = alloc_netdev_dummy(0);
	if (!kpac_flusher_dev)
		return -ENOMEM;
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
 * kpac_txq_exit - end what kpac_txq_init() began
 *
 * Context: process, when there are no TX queues any more.
 */
void kpac_txq_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct kpac_flusher *flusher = per_cpu_ptr(&kpac_flushers, cpu);

		napi_disable(&flusher->napi);
		netif_napi_del(&flusher->napi);
	}
	free_netdev(kpac_flusher_dev);
}
