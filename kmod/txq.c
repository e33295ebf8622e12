// SPDX-License-Identifier: GPL-2.0
/* TX queues: how they are flushed; see txq.h. */

#include <linux/kernel_stat.h>
#include <net/pkt_sched.h>

#include "compat.h"
#include "hwq.h"
#include "tx.h"
#include "txq.h"

#define KPAC_TX_TURNS	8	/* times in a row one CPU sends what others bring */
#define KPAC_TX_GIVEN	4	/* hardware queues that others send by for a CPU */
#define KPAC_TX_LONE	8	/* rounds of one packet until no more are expected */

/* Packets of a port that a CPU has given another to send: by which hardware queue,
 * and how often that had sent then.
 */
struct kpac_given {
	struct kpac_hwq *hwq;
	unsigned int turns;
};

/* What a CPU flushes at the end of a softirq round, by a NAPI instance; and what it
 * has given others.
 */
struct kpac_flusher {
	struct napi_struct napi;
	struct list_head txqs;
	unsigned int holds;	/* relays */
	bool gave;
	struct kpac_given given[KPAC_TX_GIVEN];
};

static DEFINE_PER_CPU(struct kpac_flusher, kpac_flushers);
DEFINE_PER_CPU(bool, kpac_txq_unsent);
static struct net_device *kpac_flusher_dev;

/* --- sharing a hardware queue --- */

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

	__this_cpu_inc(kpac_flushers.holds);
	do {
		kpac_hwq_run(hwq, chain);
		/* before the next are taken, which is a full barrier */
		WRITE_ONCE(hwq->turns, hwq->turns + 1);
		if (unlikely(++turns == KPAC_TX_TURNS)) {
			left = kpac_relay_leave(relay);
			break;
		}
		chain = kpac_relay_next(relay);
	} while (unlikely(chain));
	__this_cpu_dec(kpac_flushers.holds);

	if (unlikely(READ_ONCE(hwq->waiting)))
		kpac_hwq_look_again(hwq);
	return !left;
}

/* Whether who holds the relay cannot keep up with what this CPU brings. */
static bool kpac_txq_floods(const struct kpac_txq *txq)
{
	return txq->given >= READ_ONCE(txq->hwq->tx->limit) &&
	       txq->turns == READ_ONCE(txq->hwq->turns);
}

/* This CPU's TX queue to a hardware queue. */
static struct kpac_txq *kpac_hwq_txq(const struct kpac_hwq *hwq)
{
	const struct kpac_tx *tx = hwq->tx;

	return &this_cpu_ptr(tx->cpu)->txq[hwq - tx->hwq];
}

/* Whether what was given has been sent: nobody sends, or who does has ended two
 * turns since. The first may have been with what was taken before.
 */
static bool kpac_hwq_has_sent(const struct kpac_hwq *hwq, unsigned int turns)
{
	/* what follows is sent behind what the other has sent */
	return !smp_load_acquire(&hwq->relay.state) ||
	       /* the same */
	       smp_load_acquire(&hwq->turns) - turns >= 2;
}

/* Wait until it has been, as one waits for a lock: who sends does nothing else.
 * (Nobody comes here from a driver that sends; one that receives there, which none
 * should, does not wait for itself.)
 */
static void kpac_hwq_await(struct kpac_hwq *hwq, unsigned int turns)
{
	struct kpac_batch none = {};
	struct sk_buff *chain;

	while (!kpac_hwq_has_sent(hwq, turns) &&
	       !__this_cpu_read(kpac_flushers.holds)) {
		if (kpac_relay_enter(&hwq->relay, &none, &chain)) {
			/* who sent has left it to others */
			if (!kpac_hwq_go_on(hwq, chain))
				kpac_txq_schedule(kpac_hwq_txq(hwq));
			return;
		}
		cpu_relax();
	}
}

/* Wait for what this CPU has given others to send by a device, NULL: by any; or
 * forget what they have sent.
 */
static void kpac_flusher_settle(struct kpac_flusher *flusher,
				const struct net_device *dev, bool wait)
{
	bool gave = false;
	int i;

	for (i = 0; i < KPAC_TX_GIVEN; i++) {
		struct kpac_given *given = &flusher->given[i];
		/* may be taken away any time, but lives on: kpac_txq_forget() */
		struct kpac_hwq *hwq = READ_ONCE(given->hwq);

		if (!hwq)
			continue;
		if (wait && (!dev || hwq->tx->dev == dev))
			kpac_hwq_await(hwq, given->turns);
		else if (!kpac_hwq_has_sent(hwq, given->turns)) {
			gave = true;
			continue;
		}
		WRITE_ONCE(given->hwq, NULL);
	}
	flusher->gave = gave;
}

/* Remember that packets of a port were given to another CPU: what is left to the
 * stack has to wait for them. (Behind a kpac qdisc, the stack's are behind them.)
 */
static void kpac_hwq_note_given(struct kpac_hwq *hwq, unsigned int turns)
{
	struct kpac_flusher *flusher = this_cpu_ptr(&kpac_flushers);
	struct kpac_given *given, *free = NULL;
	int i;

	for (i = 0; i < KPAC_TX_GIVEN; i++) {
		given = &flusher->given[i];
		if (READ_ONCE(given->hwq) == hwq)
			break;
		if (!READ_ONCE(given->hwq))
			free = given;
	}
	if (i == KPAC_TX_GIVEN) {
		given = free ?: &flusher->given[0];
		if (unlikely(!free))
			kpac_flusher_settle(flusher, NULL, true);
		WRITE_ONCE(given->hwq, hwq);
	}
	given->turns = turns;
	flusher->gave = true;
	this_cpu_write(kpac_txq_unsent, true);
}

/* Send what is on a TX queue, or let the one who is sending send it. False: as
 * above.
 */
static bool kpac_txq_submit(struct kpac_txq *txq)
{
	struct kpac_hwq *hwq = txq->hwq;
	unsigned int len = txq->pending.len, turns;
	struct sk_buff *chain;

	if (unlikely(kpac_txq_floods(txq))) {
		kpac_hwq_drop(hwq, kpac_batch_take(&txq->pending));
		return true;
	}
	if (likely(kpac_relay_enter(&hwq->relay, &txq->pending, &chain)))
		return kpac_hwq_go_on(hwq, chain);
	if (!len)
		return true;
	turns = READ_ONCE(hwq->turns);
	if (txq->turns != turns) {
		txq->turns = turns;
		txq->given = 0;
	}
	txq->given += len;
	if (!hwq->tx->sch)
		kpac_hwq_note_given(hwq, turns);
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
	if (!txq->hwq->tx->sch)
		this_cpu_write(kpac_txq_unsent, true);
	napi_schedule(&flusher->napi);
}

/**
 * kpac_txq_begin - a batch has begun: send it now, or at the end of the round
 * @txq: a queue of this CPU, with one packet
 *
 * The end of the round costs as much as a packet or two save that share it. So
 * when rounds keep bringing one packet, it is sent at once, until one brings
 * another.
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_begin(struct kpac_txq *txq)
{
	unsigned int round = __this_cpu_read(kstat.softirqs[NET_RX_SOFTIRQ]);

	if (txq->lone == KPAC_TX_LONE) {
		if (likely(txq->round != round)) {
			txq->round = round;
			kpac_txq_flush(txq);
			return;
		}
		txq->lone = 0;
	}
	kpac_txq_schedule(txq);
}

static void kpac_flusher_flush(struct list_head *txqs)
{
	while (!list_empty(txqs)) {
		struct kpac_txq *txq = list_first_entry(txqs, struct kpac_txq,
							node);

		list_del_init(&txq->node);
		if (txq->pending.len != 1)
			txq->lone = 0;
		else if (txq->lone < KPAC_TX_LONE)
			txq->lone++;
		kpac_txq_flush(txq);
	}
}

/* Note whether this CPU may have something of ports that is not sent. */
static void kpac_flusher_note(const struct kpac_flusher *flusher)
{
	this_cpu_write(kpac_txq_unsent,
		       flusher->gave || !list_empty(&flusher->txqs));
}

/**
 * kpac_txq_flush_dev - send what is on this CPU's TX queues behind ports
 * @dev: by this device; NULL: by any
 *
 * What another CPU has been given to send is sent, too, when this returns.
 * (Behind a kpac qdisc, what the stack sends does not overtake kpac's packets.)
 *
 * Context: softirq, or bottom halves disabled.
 */
void kpac_txq_flush_dev(const struct net_device *dev)
{
	struct kpac_flusher *flusher = this_cpu_ptr(&kpac_flushers);
	struct kpac_txq *txq, *next;
	LIST_HEAD(txqs);

	list_for_each_entry_safe(txq, next, &flusher->txqs, node)
		if (!txq->hwq->tx->sch && (!dev || txq->hwq->tx->dev == dev))
			list_move_tail(&txq->node, &txqs);
	kpac_flusher_flush(&txqs);
	if (flusher->gave)
		kpac_flusher_settle(flusher, dev, true);
	kpac_flusher_note(flusher);
}

/**
 * kpac_txq_forget - wait no more for what CPUs have given to others to send
 * @tx: TX queues of a port, to which nothing is added any more
 *
 * Context: RTNL; who did wait does so until the end of an RCU section.
 */
void kpac_txq_forget(const struct kpac_tx *tx)
{
	int cpu, i;

	for_each_possible_cpu(cpu) {
		struct kpac_flusher *flusher = per_cpu_ptr(&kpac_flushers, cpu);

		for (i = 0; i < KPAC_TX_GIVEN; i++) {
			struct kpac_hwq **slot = &flusher->given[i].hwq;
			struct kpac_hwq *hwq = READ_ONCE(*slot);

			if (hwq && hwq->tx == tx)
				cmpxchg(slot, hwq, NULL);
		}
	}
}

/* This CPU's own, or that of one which went offline. */
static int kpac_flusher_poll(struct napi_struct *napi, int budget)
{
	struct kpac_flusher *flusher = container_of(napi, struct kpac_flusher,
						    napi);
	struct kpac_flusher *own = this_cpu_ptr(&kpac_flushers);
	LIST_HEAD(txqs);

	if (!budget)
		return 0;
	list_splice_init(&flusher->txqs, &txqs);
	kpac_flusher_flush(&txqs);
	if (own->gave)
		kpac_flusher_settle(own, NULL, false);
	kpac_flusher_note(own);
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
		kpac_txq_flush_dev(tx->dev);
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
