/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TX queues: what kpac sends by a device is put on a queue of the CPU's own,
 * without lock or atomic operation, and given to the driver at the end of the
 * softirq round, or when there is a batch: the driver's lock is taken once, and
 * its doorbell rung once, for all of it.
 *
 *   txq, one per CPU and hardware queue --- relay ---> hwq ---> driver
 *
 * Each CPU has a hardware queue of its own where there are as many; else CPUs
 * share one by a relay (relay.h): whoever sends already sends what the others
 * bring, in the order in which it came.
 *
 * Two things have such queues: a port (port.h), for what kpac forwards, and the
 * kpac qdisc (qdisc.c), for what the stack sends. Behind a port there is a queueing
 * discipline: while that has packets, kpac's go through it as well. So what a
 * driver has no room for waits there, is bounded there, and is dropped and counted
 * there, and nothing overtakes it. The kpac qdisc is such a discipline itself, and
 * keeps what has to wait.
 */
#ifndef _KPAC_TX_H
#define _KPAC_TX_H

#include <linux/netdevice.h>

#include "pool.h"
#include "relay.h"

struct netlink_ext_ack;

#define KPAC_TX_HWQS	256u	/* hardware queues that a device can send by */
#define KPAC_TX_SIZES	9	/* batches of 1, 2-3, 4-7, ... 256 and more */

/**
 * struct kpac_tx_config - what the user wants of the TX side of a port
 * @batch: packets that are sent at once, 1 to %KPAC_MAX_BATCH
 * @clean: buffers that are examined at once, 1 to %KPAC_MAX_BATCH
 * @pool: buffers that a CPU's pool may grow to, %KPAC_MIN_POOL to
 *	kpac_pool_limit(); a device that wants no shared packets has none
 * @copybreak: forwarded packets up to this size, in bytes from the network header
 *	on, are copied, up to %KPAC_MAX_COPYBREAK
 */
struct kpac_tx_config {
	u32 batch;
	u32 clean;
	u32 pool;
	u32 copybreak;
};

/* One CPU's statistics of what was sent by a device. */
struct kpac_tx_stats {
	u64 packets;
	u64 doorbells;
	u64 shared;
	u64 requeued;
	u64 dropped;
	u64 copied;
	u64 size[KPAC_TX_SIZES];
};

static __always_inline void kpac_tx_count(u64 *counter, u64 n)
{
	WRITE_ONCE(*counter, *counter + n);
}

/* The same of all CPUs, with that of the pools. */
struct kpac_tx_sum {
	struct kpac_tx_stats tx;
	u64 pool_hits;
	u64 pool_misses;
	u64 pool_reclaims;
	u64 pool_size;
	u64 pool_high;
};

/**
 * struct kpac_hwq - a hardware queue, as all CPUs share it
 * @relay: who sends, and what waits for them; who holds it may change what
 *	follows, but for what never changes
 * @tx: what it belongs to
 * @index: its number among the device's queues
 * @turns: how often packets that were taken have been sent
 * @backlog: what the driver had no room for (kpac qdisc)
 * @bytes: how much that is
 * @waiting: how many packets that are, for those who do not hold the relay
 */
struct kpac_hwq {
	struct kpac_relay relay;
	struct kpac_tx *tx;
	unsigned int turns;
	u16 index;
	struct kpac_batch backlog;
	unsigned int bytes;
	unsigned int waiting;
} ____cacheline_aligned_in_smp;

/**
 * struct kpac_txq - a TX queue: what one CPU is about to send by a hardware queue
 * @pending: the packets
 * @hwq: the hardware queue
 * @node: in the list of what the CPU has to flush at the end of the round
 * @lone: softirq rounds in a row, up to some, that brought a single packet
 * @round: the last one in which such a packet was sent at once
 * @sending: a packet is being sent; the driver may send others by the same device
 * @given: packets that others have been given to send, and may not have sent
 * @turns: &kpac_hwq.turns then
 */
struct kpac_txq {
	struct kpac_batch pending;
	struct kpac_hwq *hwq;
	struct list_head node;
	u8 lone;
	bool sending;
	unsigned int round;
	unsigned int given;
	unsigned int turns;
};

/**
 * struct kpac_tx_cpu - one CPU's part of what belongs to a device
 * @stats: statistics
 * @pool: buffers for what kpac itself sends
 * @own: the hardware queue that is this CPU's
 * @of: of how many
 * @txq: the TX queues, one for each of the &kpac_tx.hwqs
 */
struct kpac_tx_cpu {
	struct kpac_tx_stats stats;
	struct kpac_pool pool;
	u16 own;
	u16 of;
	struct kpac_txq txq[];
};

/**
 * struct kpac_tx - how a device sends
 * @dev: the device; whoever has this holds it
 * @sch: the kpac qdisc that it belongs to, or NULL
 * @cpu: what each CPU has of it
 * @config: what the user wants
 * @limit: packets that may wait in each backlog
 * @waiting: how many of @hwq have a backlog
 * @pool: what the pools have in common
 * @first: the number of the first of @hwq among the device's queues
 * @hwqs: how many there are
 * @list: in the list of all of them
 * @hwq: the hardware queues
 */
struct kpac_tx {
	struct net_device *dev;
	struct Qdisc *sch;
	struct kpac_tx_cpu __percpu *cpu;
	struct kpac_tx_config config;
	unsigned int limit;
	atomic_t waiting;
	struct kpac_pool_owner pool;
	u16 first;
	u16 hwqs;
	struct list_head list;
	struct kpac_hwq hwq[] __counted_by(hwqs);
};

struct kpac_tx *kpac_tx_new(struct net_device *dev, struct Qdisc *sch,
			    unsigned int first, unsigned int hwqs);
void kpac_tx_free(struct kpac_tx *tx);
struct kpac_tx_config kpac_tx_defaults(void);
int kpac_tx_check(const struct kpac_tx_config *config,
		  struct netlink_ext_ack *extack);
void kpac_tx_set(struct kpac_tx *tx, const struct kpac_tx_config *config);
struct sk_buff *kpac_tx_buffer(struct kpac_tx *tx, unsigned int len);
void kpac_tx_sum(const struct kpac_tx *tx, struct kpac_tx_sum *sum);
void kpac_tx_sub(struct kpac_tx_sum *sum, const struct kpac_tx_sum *base);
int kpac_tx_init(void);
void kpac_tx_exit(void);

#endif /* _KPAC_TX_H */
