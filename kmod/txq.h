/* SPDX-License-Identifier: GPL-2.0 */
/* TX queues: putting packets on them, and flushing them; see tx.h. */
#ifndef _KPAC_TXQ_H
#define _KPAC_TXQ_H

#include <linux/unaligned.h>
#include <net/sch_generic.h>

#include "trace.h"
#include "tx.h"

bool kpac_txq_send(struct kpac_txq *txq, struct sk_buff *skb);
void kpac_txq_flush(struct kpac_txq *txq);
void kpac_txq_begin(struct kpac_txq *txq);
void kpac_txq_schedule(struct kpac_txq *txq);
void kpac_txq_flush_dev(const struct net_device *dev);
void kpac_txq_choose(struct kpac_tx *tx, struct kpac_tx_cpu *cpu);
void kpac_txq_forget(const struct kpac_tx *tx);
void kpac_txq_push_all(struct kpac_tx *tx);
void kpac_txq_reset(struct kpac_tx *tx);
int kpac_txq_init(void);
void kpac_txq_exit(void);

/* Whether this CPU may have packets of ports that are not sent yet. */
DECLARE_PER_CPU(bool, kpac_txq_unsent);

/* Whether this comes from a driver that is being given a packet: a tunnel, say,
 * that leads to itself. There must be an end to that.
 */
static __always_inline bool kpac_txq_nested(const struct kpac_txq *txq)
{
	return txq->sending;
}

/* Put a packet on a TX queue; the caller has it flushed. */
static __always_inline void kpac_txq_put(struct kpac_txq *txq,
					 struct sk_buff *skb)
{
	kpac_batch_add(&txq->pending, skb);
	trace_kpac_enqueue(skb, txq->hwq->tx->dev, txq->hwq->index,
			   txq->pending.len);
}

/**
 * kpac_txq_add - put a packet on a TX queue
 * @txq: a queue of this CPU
 * @skb: the packet, with its link-layer header, ready for the driver; consumed
 *
 * It is sent at the end of the softirq round, or at once if that makes a batch, or
 * if the last rounds brought no more than one.
 *
 * Context: softirq.
 */
static __always_inline void kpac_txq_add(struct kpac_txq *txq,
					 struct sk_buff *skb)
{
	const struct kpac_tx *tx = txq->hwq->tx;

	kpac_txq_put(txq, skb);
	if (unlikely(txq->pending.len >= READ_ONCE(tx->config.batch)))
		kpac_txq_flush(txq);
	else if (unlikely(txq->pending.len == 1))
		kpac_txq_begin(txq);
}

/**
 * kpac_txq_settle - send what this CPU has put on TX queues behind ports
 * @dev: by this device; NULL: by any
 *
 * For packets that are about to leave by another way, and could overtake those.
 *
 * Context: softirq.
 */
static __always_inline void kpac_txq_settle(const struct net_device *dev)
{
	if (unlikely(this_cpu_read(kpac_txq_unsent)))
		kpac_txq_flush_dev(dev);
}

/**
 * kpac_txq_push - send what waits for room in a device, if there is any now
 * @tx: how the device sends
 *
 * Context: softirq, or bottom halves disabled.
 */
static __always_inline void kpac_txq_push(struct kpac_tx *tx)
{
	if (unlikely(atomic_read(&tx->waiting)))
		kpac_txq_push_all(tx);
}

/**
 * kpac_txq_nq - the hardware queue that is this CPU's own
 * @tx: how the device sends
 *
 * Context: softirq, or bottom halves disabled.
 * Return: the queue.
 */
static __always_inline struct netdev_queue *kpac_txq_nq(struct kpac_tx *tx)
{
	struct kpac_tx_cpu *cpu = this_cpu_ptr(tx->cpu);

	if (unlikely(cpu->of != READ_ONCE(tx->dev->real_num_tx_queues)))
		kpac_txq_choose(tx, cpu);
	return netdev_get_tx_queue(tx->dev, cpu->own);
}

static __always_inline bool kpac_txq_is_fq_codel(const struct Qdisc_ops *ops)
{
	static const char name[] __aligned(8) = "fq_codel";

	/* in place: this is asked for every packet */
	return get_unaligned((const u64 *)ops->id) == *(const u64 *)name &&
	       !ops->id[sizeof(u64)];
}

/* Whether a queueing discipline does no more than queue, as the kernel sets it
 * up for every device, and nobody has put it there: then kpac can send around
 * it, while it is empty.
 */
static __always_inline bool kpac_txq_plain(const struct Qdisc *q)
{
	return !q->handle && (q->ops == &pfifo_fast_ops || !q->enqueue ||
			      kpac_txq_is_fq_codel(q->ops));
}

#endif /* _KPAC_TXQ_H */
