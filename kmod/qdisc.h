/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_QDISC_H
#define _KPAC_QDISC_H

#include <net/sch_generic.h>

#include "txq.h"

/**
 * struct kpac_qdisc - what belongs to a kpac qdisc
 * @tx: its TX queues
 * @bstats: per-CPU statistics for one that the stack has taken them from
 * @qstats: the same
 */
struct kpac_qdisc {
	struct kpac_tx *tx;
	struct gnet_stats_basic_sync __percpu *bstats;
	struct gnet_stats_queue __percpu *qstats;
};

int kpac_qdisc_enqueue(struct sk_buff *skb, struct Qdisc *sch,
		       struct sk_buff **to_free);
int kpac_qdisc_init(void);
void kpac_qdisc_exit(void);

/* Whether a qdisc is kpac's, and lockless, as it is from its first packet on. */
static __always_inline bool kpac_qdisc_ready(const struct Qdisc *q)
{
	return q->enqueue == kpac_qdisc_enqueue && q->flags & TCQ_F_NOLOCK;
}

/**
 * kpac_qdisc_txq - the TX queue of this CPU behind a kpac qdisc
 * @sch: a kpac qdisc; kpac_qdisc_ready()
 * @queue: which of the device's queues
 *
 * Context: softirq, or bottom halves disabled.
 * Return: the TX queue.
 */
static inline struct kpac_txq *kpac_qdisc_txq(const struct Qdisc *sch,
					      unsigned int queue)
{
	const struct kpac_qdisc *priv = (const void *)sch->privdata;
	struct kpac_tx *tx = priv->tx;
	unsigned int i = queue - tx->first;

	return &this_cpu_ptr(tx->cpu)->txq[likely(i < tx->hwqs) ? i : 0];
}

#endif /* _KPAC_QDISC_H */
