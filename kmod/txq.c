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
DEFINE_PER_CPU(bool, kpac_txq_unsent);
static struct net_device *kpac_flusher_dev;

static struct netdev_queue *kpac_hwq_nq(const struct kpac_hwq *hwq)
{
	return netdev_get_tx_queue(hwq->tx->dev, hwq->index);
}

/* Whether the device has not been set to fewer queues, which waits for those
 * who have asked.
 */
static __always_inline bool kpac_hwq_exists(const struct kpac_hwq *hwq)
{
	return hwq->index < READ_ONCE(hwq->tx->dev->real_num_tx_queues);
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

/* Send packets around a queueing discipline, if it has none. That is known only to
 * the one who runs it: another may have a packet in hand, and put it back.
 * Return: those that were not sent, or NULL.
 */
static struct sk_buff *kpac_hwq_around_lockless(struct kpac_hwq *hwq,
						struct Qdisc *q,
						struct sk_buff *chain)
{
	if (!nolock_qdisc_is_empty(q) || !kpac_compat_qdisc_run_begin(q))
		return chain;
	if (likely(nolock_qdisc_is_empty(q)))
		chain = kpac_hwq_send(hwq, chain);
	kpac_compat_qdisc_run_end(q);
	return chain;
}

/* The same. Others may have put packets there meanwhile, and left them to this. */
static struct sk_buff *kpac_hwq_around_locked(struct kpac_hwq *hwq,
					      struct Qdisc *q,
					      struct sk_buff *chain)
{
	if (kpac_compat_qdisc_deferred(q))
		return chain;
	spin_lock(qdisc_lock(q));
	if (likely(!qdisc_qlen(q)) && kpac_compat_qdisc_run_begin(q)) {
		spin_unlock(qdisc_lock(q));
		chain = kpac_hwq_send(hwq, chain);
		spin_lock(qdisc_lock(q));
		if (unlikely(qdisc_qlen(q)))
			__netif_schedule(q);
		kpac_compat_qdisc_run_end(q);
	}
	spin_unlock(qdisc_lock(q));
	return chain;
}

/* Put packets into a queueing discipline, in whose context this is. What it does
 * not want is added to @to_free.
 * Return: those that were not put there, because it is being taken away.
 */
static struct sk_buff *kpac_hwq_put_into(struct kpac_hwq *hwq, struct Qdisc *q,
					 struct sk_buff *chain,
					 struct sk_buff **to_free)
{
	struct kpac_tx_stats *stats = &this_cpu_ptr(hwq->tx->cpu)->stats;

	while (chain && likely(!test_bit(__QDISC_STATE_DEACTIVATED,
					 &q->state))) {
		struct sk_buff *skb = chain;

		chain = skb->next;
		skb->next = NULL;
		skb = kpac_hwq_unshare(skb);
		if (unlikely(skb_shared(skb))) {
			kpac_hwq_drop(hwq, skb);
			continue;
		}
		skb_set_queue_mapping(skb, hwq->index);
		kpac_tx_count(&stats->requeued, 1);
		q->enqueue(skb, q, to_free);
	}
	return chain;
}

/* Put packets into the queueing discipline of their hardware queue. The stack
 * would choose a queue by itself, and by another ring they would overtake those
 * that the driver has.
 */
static void kpac_hwq_spill(struct kpac_hwq *hwq, struct Qdisc *q,
			   struct sk_buff *chain)
{
	struct sk_buff *to_free = NULL;

	if (q->flags & TCQ_F_NOLOCK) {
		chain = kpac_hwq_put_into(hwq, q, chain, &to_free);
		/* who asks whether it is empty is told so until it runs */
		set_bit(__QDISC_STATE_MISSED, &q->state);
	} else {
		spin_lock(qdisc_lock(q));
		chain = kpac_hwq_put_into(hwq, q, chain, &to_free);
		spin_unlock(qdisc_lock(q));
	}
	__netif_schedule(q);
	if (unlikely(to_free))
		kfree_skb_list_reason(to_free, SKB_DROP_REASON_QDISC_DROP);
	kpac_hwq_drop(hwq, chain);
}

/* Let the stack send packets: somebody has set something up since they came. */
static void kpac_hwq_leave_to_stack(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	struct kpac_tx_stats *stats = &this_cpu_ptr(hwq->tx->cpu)->stats;

	while (chain) {
		struct sk_buff *skb = chain;

		chain = skb->next;
		skb->next = NULL;
		skb = kpac_hwq_unshare(skb);
		if (unlikely(skb_shared(skb))) {
			kpac_hwq_drop(hwq, skb);
			continue;
		}
		kpac_tx_count(&stats->requeued, 1);
		dev_queue_xmit(skb);
	}
}

static void kpac_hwq_run_port(struct kpac_hwq *hwq, struct sk_buff *chain)
{
	struct netdev_queue *nq = kpac_hwq_nq(hwq);
	struct Qdisc *q = rcu_dereference_bh(nq->qdisc);

	if (unlikely(!kpac_hwq_exists(hwq) || !kpac_txq_plain(q))) {
		kpac_hwq_leave_to_stack(hwq, chain);
		return;
	}
	if (!q->enqueue) {
		kpac_hwq_drop(hwq, kpac_hwq_send(hwq, chain));
		return;
	}
	chain = q->flags & TCQ_F_NOLOCK ?
		kpac_hwq_around_lockless(hwq, q, chain) :
		kpac_hwq_around_locked(hwq, q, chain);
	if (unlikely(chain))
		kpac_hwq_spill(hwq, q, chain);
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

/* Drop all that waits. */
static void kpac_hwq_drop_waiting(struct kpac_hwq *hwq)
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

/* --- sharing a hardware queue --- */

/* Whether packets can leave by a device: not, when it is closed, or when its kpac
 * qdisc has been taken away from it. Both wait for those who have asked.
 */
static __always_inline bool kpac_hwq_open(const struct kpac_hwq *hwq)
{
	const struct Qdisc *sch = hwq->tx->sch;

	return likely(netif_running(hwq->tx->dev)) &&
	       (!sch || likely(!test_bit(__QDISC_STATE_DEACTIVATED,
					 &sch->state) && kpac_hwq_exists(hwq)));
}

static void kpac_hwq_run(struct kpac_hwq *hwq, struct sk_buff *chain)
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

/* Who made room for what waits may have come before it did wait. A qdisc that
 * is being taken away is not in its place any more, and must not be scheduled:
 * who takes it away waits for those who still have seen it there.
 */
static noinline void kpac_hwq_look_again(struct kpac_hwq *hwq)
{
	struct netdev_queue *nq = kpac_hwq_nq(hwq);

	if (rcu_access_pointer(nq->qdisc) == hwq->tx->sch &&
	    !netif_xmit_frozen_or_stopped(nq))
		__netif_schedule(hwq->tx->sch);
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
		WRITE_ONCE(hwq->taken, hwq->taken + 1);
		kpac_hwq_run(hwq, chain);
		if (unlikely(++turns == KPAC_TX_TURNS)) {
			left = kpac_relay_leave(relay);
			break;
		}
		chain = kpac_relay_next(relay);
	} while (unlikely(chain));

	if (unlikely(READ_ONCE(hwq->waiting)))
		kpac_hwq_look_again(hwq);
	return !left;
}

/* Whether who holds the relay cannot keep up with what this CPU brings. */
static bool kpac_txq_floods(const struct kpac_txq *txq)
{
	return txq->given >= READ_ONCE(txq->hwq->tx->limit) &&
	       txq->taken == READ_ONCE(txq->hwq->taken);
}

/* Send what is on a TX queue, or let the one who is sending send it. False: as
 * above.
 */
static bool kpac_txq_submit(struct kpac_txq *txq)
{
	struct kpac_hwq *hwq = txq->hwq;
	unsigned int len = txq->pending.len, taken;
	struct sk_buff *chain;

	if (unlikely(kpac_txq_floods(txq))) {
		kpac_hwq_drop(hwq, kpac_batch_take(&txq->pending));
		return true;
	}
	if (likely(kpac_relay_enter(&hwq->relay, &txq->pending, &chain)))
		return kpac_hwq_go_on(hwq, chain);
	taken = READ_ONCE(hwq->taken);
	if (txq->taken != taken) {
		txq->taken = taken;
		txq->given = 0;
	}
	txq->given += len;
	kpac_tx_count(&this_cpu_ptr(hwq->tx->cpu)->stats.shared, len);
	return true;
}

/* Whether nothing is before a packet that is to be sent by a hardware queue. */
static __always_inline bool kpac_hwq_idle(const struct kpac_hwq *hwq)
{
	/* Who held the relay has said what waits before it left. */
	return !smp_load_acquire(&hwq->relay.state) && !READ_ONCE(hwq->waiting);
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
 * Context: bottom halves disabled; not from within itself: see
 * kpac_txq_nested().
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
	    unlikely(!kpac_hwq_open(hwq)) || unlikely(kpac_compat_taps(dev)))
		return false;
	if (!dev->lltx && unlikely(!try_cmpxchg(&hwq->relay.state, &idle,
						KPAC_RELAY_HELD)))
		return false;
	if (!dev->lltx && unlikely(hwq->waiting)) {
		/* somebody has had to keep packets since this was asked */
		skb->next = NULL;
		if (!kpac_hwq_go_on(hwq, skb))
			kpac_txq_schedule(txq);
		return true;
	}
	txq->sending = true;
	sent = kpac_hwq_transmit_one(hwq, skb);
	txq->sending = false;
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
	if (!kpac_txq_submit(txq))
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
	this_cpu_write(kpac_txq_unsent, true);
	napi_schedule(&flusher->napi);
}

static void kpac_flusher_flush(struct list_head *txqs)
{
	while (!list_empty(txqs)) {
		struct kpac_txq *txq = list_first_entry(txqs, struct kpac_txq,
							node);

		list_del_init(&txq->node);
		kpac_txq_flush(txq);
	}
}

/**
 * kpac_txq_flush_dev - send what is on this CPU's TX queues
 * @dev: by this device; NULL: by any
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_flush_dev(const struct net_device *dev)
{
	struct kpac_flusher *flusher = this_cpu_ptr(&kpac_flushers);
	struct kpac_txq *txq, *next;
	LIST_HEAD(txqs);

	list_for_each_entry_safe(txq, next, &flusher->txqs, node)
		if (!dev || txq->hwq->tx->dev == dev)
			list_move_tail(&txq->node, &txqs);
	this_cpu_write(kpac_txq_unsent, !list_empty(&flusher->txqs));
	kpac_flusher_flush(&txqs);
}

/* This CPU's own, or that of one which went offline. */
static int kpac_flusher_poll(struct napi_struct *napi, int budget)
{
	struct kpac_flusher *flusher = container_of(napi, struct kpac_flusher,
						    napi);
	const struct list_head *own = this_cpu_ptr(&kpac_flushers.txqs);
	LIST_HEAD(txqs);

	if (!budget)
		return 0;
	list_splice_init(&flusher->txqs, &txqs);
	this_cpu_write(kpac_txq_unsent, !list_empty(own));
	kpac_flusher_flush(&txqs);
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
 * kpac_txq_push_all - as kpac_txq_push(), when something waits
 * @tx: how the device sends
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_push_all(struct kpac_tx *tx)
{
	unsigned int i;

	for (i = 0; i < tx->hwqs; i++) {
		struct kpac_txq *txq = &this_cpu_ptr(tx->cpu)->txq[i];

		if (READ_ONCE(txq->hwq->waiting) && !kpac_txq_submit(txq))
			kpac_txq_schedule(txq);
	}
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

		/* who is sending drops it all: the qdisc is deactivated */
		if (!kpac_relay_enter(&hwq->relay, &none, &chain))
			continue;
		do {
			kpac_hwq_drop_waiting(hwq);
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
