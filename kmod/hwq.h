/* SPDX-License-Identifier: GPL-2.0 */
/* Hardware queues: giving packets to drivers, and what they have no room for. */
#ifndef _KPAC_HWQ_H
#define _KPAC_HWQ_H

#include <net/sch_generic.h>

#include "tx.h"

void kpac_hwq_run(struct kpac_hwq *hwq, struct sk_buff *chain);
void kpac_hwq_drop(struct kpac_hwq *hwq, struct sk_buff *chain);
void kpac_hwq_drop_waiting(struct kpac_hwq *hwq);

static inline struct netdev_queue *kpac_hwq_nq(const struct kpac_hwq *hwq)
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

/* Count packets that were sent with one doorbell. */
static __always_inline void kpac_hwq_rang(struct kpac_tx_stats *stats, unsigned int packets)
{
	int size = min(ilog2(packets), KPAC_TX_SIZES - 1);

	kpac_tx_count(&stats->packets, packets);
	kpac_tx_count(&stats->doorbells, 1);
	kpac_tx_count(&stats->size[size], 1);
}

#endif /* _KPAC_HWQ_H */
