/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_QDISC_H
#define _KPAC_QDISC_H

#include <net/sch_generic.h>

#include "txq.h"

/* What belongs to a kpac qdisc. */
struct kpac_qdisc {
	struct kpac_tx *tx;
};

int kpac_qdisc_enqueue(struct sk_buff *skb, struct Qdisc *sch,
		       struct sk_buff **to_free);
int kpac_qdisc_init(void);
void kpac_qdisc_exit(void);

/**
 * kpac_qdisc_txq - the TX queue of this CPU behind a kpac qdisc
 * @sch: a kpac qdisc
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
