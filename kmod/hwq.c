// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware queues: how a batch of packets is given to the driver, by the one who
 * holds the relay. Behind a port, this is what the stack does when it sends around
 * an empty queueing discipline, for many packets at once; what the driver has no
 * room for goes into that. Behind a kpac qdisc there is a backlog.
 */

#include <net/pkt_sched.h>

#include "compat.h"
#include "hwq.h"
#include "trace.h"
#include "txq.h"

/* --- giving packets to the driver --- */

/**
 * kpac_hwq_drop - drop packets, and count them where others would
 * @hwq: the hardware queue by which they should have left
 * @chain: the packets, or NULL
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_hwq_drop(struct kpac_hwq *hwq, struct sk_buff *chain)
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

/* What was given to the driver: packets, and for a qdisc bytes and segments. */
struct kpac_sent {
	unsigned int packets;
	u64 bytes;
	u64 segs;
};

/* A packet that the pool does not share: what is done to others cannot be done to
 * one that it does, such as making room in it. The same one, still shared, if there
 * is no memory.
 */
static struct sk_buff *kpac_hwq_unshare(struct sk_buff *skb)
{
	struct sk_buff *clone;

	if (!skb_shared(skb))
		return skb;
	clone = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!clone))
		return skb;
	consume_skb(skb);
	return clone;
}

/* Let the taps see a packet. They make clones, too. */
static struct sk_buff *kpac_hwq_tap(struct kpac_hwq *hwq, struct sk_buff *skb)
{
	skb = kpac_hwq_unshare(skb);
	if (likely(!skb_shared(skb)))
		dev_queue_xmit_nit(skb, hwq->tx->dev);
	return skb;
}

/* Give packets to the driver as long as it takes them.
 * Return: the first that it does not take, and all behind it; or NULL.
 */
static struct sk_buff *kpac_hwq_transmit(struct kpac_hwq *hwq,
					 struct sk_buff *chain,
					 struct kpac_sent *sent)
{
	struct kpac_tx_stats *stats = &this_cpu_ptr(hwq->tx->cpu)->stats;
	unsigned int size = READ_ONCE(hwq->tx->config.batch);
	unsigned int n = 0, bells = 0;
	struct net_device *dev = hwq->tx->dev;
	struct Qdisc *sch = hwq->tx->sch;
	struct netdev_queue *nq = kpac_hwq_nq(hwq);
	bool taps = kpac_compat_taps(dev);

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
			skb = kpac_hwq_tap(hwq, skb);
		if (unlikely(!dev_xmit_complete(netdev_start_xmit(skb, dev, nq,
								  more)))) {
			skb->next = next;
			chain = skb;
			break;
		}
		chain = next;
		sent->packets++;
		sent->bytes += len;
		sent->segs += segs;
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
	if (sch && sent->packets)
		_bstats_update(this_cpu_ptr(sch->cpu_bstats), sent->bytes,
			       sent->segs);
	trace_kpac_flush(dev, hwq->index, sent->packets, bells, chain);
	return chain;
}

static struct sk_buff *kpac_hwq_send(struct kpac_hwq *hwq,
				     struct sk_buff *chain)
{
	struct kpac_sent sent = {};

	return kpac_hwq_transmit(hwq, chain, &sent);
}

/* --- behind a port: what cannot be sent goes through the queueing discipline --- */

/* Take the next packet out of a chain, for somebody else than the driver. NULL:
 * there is none.
 */
static struct sk_buff *kpac_hwq_next(struct kpac_hwq *hwq,
				     struct sk_buff **chain)
{
	while (*chain) {
		struct sk_buff *skb = *chain;

		*chain = skb->next;
		skb->next = NULL;
		skb = kpac_hwq_unshare(skb);
		if (likely(!skb_shared(skb))) {
			kpac_tx_count(&this_cpu_ptr(hwq->tx->cpu)->
				       stats.requeued, 1);
			return skb;
		}
		kpac_hwq_drop(hwq, skb);
	}
	return NULL;
}

/* Put packets into a queueing discipline, in whose context this is. What it does
 * not want is added to @to_free.
 * Return: those that were not put there, because it is being taken away.
 */
static struct sk_buff *kpac_hwq_put_into(struct kpac_hwq *hwq, struct Qdisc *q,
					 struct sk_buff *chain,
					 struct sk_buff **to_free)
{
	struct sk_buff *skb;

	while (likely(!test_bit(__QDISC_STATE_DEACTIVATED, &q->state)) &&
	       (skb = kpac_hwq_next(hwq, &chain))) {
		skb_set_queue_mapping(skb, hwq->index);
		q->enqueue(skb, q, to_free);
	}
	return chain;
}

static bool kpac_hwq_has_none(struct Qdisc *q)
{
	return skb_queue_empty_lockless(&q->gso_skb) &&
	       skb_queue_empty_lockless(&q->skb_bad_txq) && !q->ops->peek(q);
}

/* Whether a lockless queueing discipline that is said to have packets has none.
 * This is the one who runs it; who puts a packet there says so again.
 */
static noinline bool kpac_hwq_nothing_missed(struct Qdisc *q)
{
	if (!kpac_hwq_has_none(q))
		return false;
	clear_bit(__QDISC_STATE_MISSED, &q->state);
	clear_bit(__QDISC_STATE_DRAINING, &q->state);
	smp_mb__after_atomic();	/* before it is looked at again */
	if (kpac_hwq_has_none(q))
		return true;
	set_bit(__QDISC_STATE_MISSED, &q->state);
	return false;
}

/* Send packets around a queueing discipline, if it has none, and put those that
 * are left into it. That it has none is known only to the one who runs it: another
 * may have a packet in hand, and put it back. The queueing discipline is that of
 * the hardware queue: the stack would choose one by itself, and by another ring
 * they would overtake those that the driver has.
 * Return: those that could not be put there.
 */
static struct sk_buff *kpac_hwq_around_lockless(struct kpac_hwq *hwq,
						struct Qdisc *q,
						struct sk_buff *chain,
						struct sk_buff **to_free)
{
	bool mine = kpac_compat_qdisc_run_begin(q);

	if (likely(mine) && (likely(nolock_qdisc_is_empty(q)) ||
			     kpac_hwq_nothing_missed(q)))
		chain = kpac_hwq_send(hwq, chain);
	if (unlikely(chain)) {
		chain = kpac_hwq_put_into(hwq, q, chain, to_free);
		/* who asks whether it is empty is told so until it runs */
		set_bit(__QDISC_STATE_MISSED, &q->state);
		if (!mine)
			__netif_schedule(q);
	}
	if (likely(mine))
		kpac_compat_qdisc_run_end(q);
	return chain;
}

/* The same for others. The stack may have put packets there meanwhile, and left
 * them to this.
 */
static struct sk_buff *kpac_hwq_around_locked(struct kpac_hwq *hwq,
					      struct Qdisc *q,
					      struct sk_buff *chain,
					      struct sk_buff **to_free)
{
	bool mine;

	spin_lock(qdisc_lock(q));
	mine = likely(!qdisc_qlen(q)) &&
	       likely(!kpac_compat_qdisc_deferred(q)) &&
	       kpac_compat_qdisc_run_begin(q);
	if (likely(mine)) {
		spin_unlock(qdisc_lock(q));
		chain = kpac_hwq_send(hwq, chain);
		spin_lock(qdisc_lock(q));
	}
	if (unlikely(chain))
		chain = kpac_hwq_put_into(hwq, q, chain, to_free);
	if (unlikely(qdisc_qlen(q)))
		__netif_schedule(q);
	if (likely(mine))
		kpac_compat_qdisc_run_end(q);
	spin_unlock(qdisc_lock(q));
	return chain;
}

/* Let the stack send packets: somebody has set something up since they came. */
static void kpac_hwq_leave_to_stack(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	struct sk_buff *skb;

	while ((skb = kpac_hwq_next(hwq, &chain)))
		dev_queue_xmit(skb);
}

static void kpac_hwq_run_port(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	struct netdev_queue *nq = kpac_hwq_nq(hwq);
	struct Qdisc *q = rcu_dereference_bh(nq->qdisc);
	struct sk_buff *to_free = NULL;

	if (unlikely(!kpac_hwq_exists(hwq) || !kpac_txq_plain(q))) {
		kpac_hwq_leave_to_stack(hwq, chain);
		return;
	}
	if (!q->enqueue)
		chain = kpac_hwq_send(hwq, chain);
	else if (q->flags & TCQ_F_NOLOCK)
		chain = kpac_hwq_around_lockless(hwq, q, chain, &to_free);
	else
		chain = kpac_hwq_around_locked(hwq, q, chain, &to_free);
	if (unlikely(to_free))
		kfree_skb_list_reason(to_free, SKB_DROP_REASON_QDISC_DROP);
	kpac_hwq_drop(hwq, chain);
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

/* Send what waits, as far as there is room for it now. */
static void kpac_hwq_send_waiting(struct kpac_hwq *hwq)
{
	struct kpac_batch *backlog = &hwq->backlog;
	struct kpac_sent sent = {};

	backlog->head = kpac_hwq_transmit(hwq, backlog->head, &sent);
	backlog->len -= sent.packets;
	if (!backlog->len)
		atomic_dec(&hwq->tx->waiting);
	kpac_hwq_waits(hwq, -(int)sent.packets, -(int)sent.bytes);
}

/**
 * kpac_hwq_drop_waiting - drop all that waits behind a kpac qdisc
 * @hwq: the hardware queue; the caller holds its relay
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_hwq_drop_waiting(struct kpac_hwq *hwq)
{
	int packets = hwq->backlog.len;
	struct sk_buff *chain;

	if (!packets)
		return;
	chain = kpac_batch_take(&hwq->backlog);
	atomic_dec(&hwq->tx->waiting);
	kpac_hwq_waits(hwq, -packets, -(int)hwq->bytes);
	kpac_hwq_drop(hwq, chain);
}

static void kpac_hwq_run_sch(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	if (unlikely(hwq->backlog.len)) {
		kpac_hwq_keep(hwq, chain);
		if (!netif_xmit_frozen_or_stopped(kpac_hwq_nq(hwq)))
			kpac_hwq_send_waiting(hwq);
		return;
	}
	if (likely(chain))
		chain = kpac_hwq_send(hwq, chain);
	if (unlikely(chain))
		kpac_hwq_keep(hwq, chain);
}

/* --- either --- */

/**
 * kpac_hwq_run - send packets, and what waits before them
 * @hwq: the hardware queue; the caller holds its relay
 * @chain: the packets, or NULL: what waits behind a kpac qdisc is to be sent
 *
 * What the driver has no room for waits: behind a port in the device's queueing
 * discipline, else in the backlog. What there is no room for there is dropped.
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_hwq_run(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	if (unlikely(!kpac_hwq_open(hwq))) {
		if (hwq->tx->sch)
			kpac_hwq_drop_waiting(hwq);
		kpac_hwq_drop(hwq, chain);
	} else if (hwq->tx->sch) {
		kpac_hwq_run_sch(hwq, chain);
	} else if (chain) {
		kpac_hwq_run_port(hwq, chain);
	}
}
