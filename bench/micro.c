// SPDX-License-Identifier: GPL-2.0
/*
 * micro.c - what the parts of the TX side cost, beside the kernel's own.
 *
 * A module that runs its measurements when it is loaded and prints them to the
 * kernel log, in nanoseconds per packet (instructions, in a VM that counts
 * them): "micro: NAME VALUE". It has kmod/pool.c and kmod/txq.c in it, as they are.
 * See micro.sh.
 */

#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/page_pool/helpers.h>

#include "../kmod/pool.h"
#include "../kmod/txq.h"

#define BURST	32	/* packets that are out at a time */
#define ROUNDS	4000	/* bursts in a measurement */
#define SIZE	64	/* bytes of a packet */

static struct sk_buff *micro_skbs[BURST];
static struct page_pool *micro_pages;
static struct kpac_tx *micro_tx;

/* --- buffers: take BURST, then let go of all --- */

static __always_inline struct sk_buff *micro_alloc_skb(void)
{
	return alloc_skb(NET_SKB_PAD + SIZE, GFP_ATOMIC);
}

static __always_inline struct sk_buff *micro_alloc_skb_2k(void)
{
	return alloc_skb(KPAC_POOL_BYTES, GFP_ATOMIC);
}

static __always_inline struct sk_buff *micro_netdev_alloc_skb(void)
{
	return netdev_alloc_skb(NULL, SIZE);
}

static __always_inline struct sk_buff *micro_napi_build_skb(void)
{
	const unsigned int size = SKB_DATA_ALIGN(NET_SKB_PAD + SIZE) +
				  SKB_DATA_ALIGN(sizeof(struct skb_shared_info));

	return napi_build_skb(napi_alloc_frag(size), size);
}

static __always_inline struct sk_buff *micro_page_pool(void)
{
	struct sk_buff *skb;
	unsigned int offset;
	struct page *page;

	page = page_pool_dev_alloc_frag(micro_pages, &offset, 2048);
	skb = napi_build_skb(page_address(page) + offset, 2048);
	skb_mark_for_recycle(skb);
	return skb;
}

static __always_inline struct sk_buff *micro_pool(void)
{
	return kpac_pool_get(&this_cpu_ptr(micro_tx->cpu)->pool);
}

static __always_inline void micro_free(struct sk_buff *skb)
{
	kfree_skb(skb);
}

static __always_inline void micro_napi_consume(struct sk_buff *skb)
{
	napi_consume_skb(skb, BURST);
}

static __always_inline void micro_burst(struct sk_buff *(*get)(void),
					void (*put)(struct sk_buff *))
{
	int i;

	for (i = 0; i < BURST; i++)
		micro_skbs[i] = get();
	for (i = 0; i < BURST; i++)
		put(micro_skbs[i]);
}

/* The median of nine measurements, lest an interrupt be in it. The clock is read
 * rarely: in user-mode Linux that takes as long as some buffers.
 */
#define micro_buffers(name, get, put) do {				\
	u64 t[9];							\
	int i, j;							\
									\
	for (i = 0; i < 9; i++) {					\
		local_bh_disable();					\
		t[i] = ktime_get_ns();					\
		for (j = 0; j < ROUNDS / 9; j++)			\
			micro_burst(get, put);				\
		t[i] = ktime_get_ns() - t[i];				\
		local_bh_enable();					\
		cond_resched();						\
	}								\
	micro_print(name, micro_median(t), BURST * (ROUNDS / 9));	\
} while (0)

static u64 micro_median(u64 *t)
{
	int i, j;

	for (i = 0; i < 9; i++)
		for (j = i + 1; j < 9; j++)
			if (t[j] < t[i])
				swap(t[i], t[j]);
	return t[4];
}

static void micro_print(const char *name, u64 ns, u64 packets)
{
	u64 tenths = div64_u64(ns * 10, packets);

	pr_info("micro: %s %llu.%llu\n", name, tenths / 10, tenths % 10);
}

/* --- TX queues --- */

static netdev_tx_t micro_xmit(struct sk_buff *skb, struct net_device *dev)
{
	consume_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops micro_ops = {
	.ndo_start_xmit = micro_xmit,
};

static void micro_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &micro_ops;
	eth_hw_addr_random(dev);
}

static void micro_txq(void)
{
	u64 add[9] = {}, flush[9] = {}, direct[9] = {}, t;
	struct netdev_queue *nq = netdev_get_tx_queue(micro_tx->dev, 0);
	struct kpac_txq *txq;
	int i, j, k;

	for (i = 0; i < 9; i++) {
		for (j = 0; j < ROUNDS / 9; j++) {
			local_bh_disable();
			kpac_txq_nq(micro_tx);
			txq = this_cpu_ptr(micro_tx->cpu)->txq;
			for (k = 0; k < BURST; k++) {
				micro_skbs[k] = kpac_tx_buffer(micro_tx, SIZE);
				__skb_put_zero(micro_skbs[k], SIZE);
				micro_skbs[k]->dev = micro_tx->dev;
			}
			t = ktime_get_ns();
			for (k = 0; k < BURST; k++)
				kpac_txq_add(txq, micro_skbs[k]);
			add[i] += ktime_get_ns() - t;
			t = ktime_get_ns();
			kpac_txq_flush(txq);
			flush[i] += ktime_get_ns() - t;
			local_bh_enable();
		}
		for (j = 0; j < ROUNDS / 9; j++) {
			local_bh_disable();
			for (k = 0; k < BURST; k++) {
				micro_skbs[k] = kpac_tx_buffer(micro_tx, SIZE);
				__skb_put_zero(micro_skbs[k], SIZE);
			}
			t = ktime_get_ns();
			for (k = 0; k < BURST; k++) {
				HARD_TX_LOCK(micro_tx->dev, nq,
					     smp_processor_id());
				netdev_start_xmit(micro_skbs[k], micro_tx->dev,
						  nq, false);
				HARD_TX_UNLOCK(micro_tx->dev, nq);
			}
			direct[i] += ktime_get_ns() - t;
			local_bh_enable();
		}
		cond_resched();
	}
	micro_print("txq-enqueue", micro_median(add), BURST * (ROUNDS / 9));
	micro_print("txq-flush", micro_median(flush), BURST * (ROUNDS / 9));
	micro_print("driver-one-by-one", micro_median(direct),
		    BURST * (ROUNDS / 9));
}

/* The pool must have grown before it is measured. */
static void micro_warm(void)
{
	int i, tries;

	for (tries = 0; tries < 100; tries++) {
		local_bh_disable();
		for (i = 0; i < BURST; i++)
			micro_skbs[i] = micro_pool();
		while (i)
			kfree_skb(micro_skbs[--i]);
		local_bh_enable();
		schedule_timeout_uninterruptible(1);
	}
}

static void micro_measure(void)
{
	micro_buffers("alloc_skb", micro_alloc_skb, micro_free);
	micro_buffers("alloc_skb-2k", micro_alloc_skb_2k, micro_free);
	micro_buffers("netdev_alloc_skb", micro_netdev_alloc_skb, micro_free);
	micro_buffers("napi_build_skb", micro_napi_build_skb,
		      micro_napi_consume);
	micro_buffers("page_pool", micro_page_pool, micro_napi_consume);
	micro_warm();
	micro_buffers("pool", micro_pool, micro_free);
	micro_buffers("pool-napi", micro_pool, micro_napi_consume);
	micro_txq();
}

static int __init micro_init(void)
{
	struct page_pool_params params = {
		.pool_size = 256,
		.nid = NUMA_NO_NODE,
	};
	struct net_device *dev;
	int err;

	err = kpac_tx_init();
	if (err)
		return err;
	dev = alloc_netdev(0, "micro%d", NET_NAME_ENUM, micro_setup);
	micro_pages = page_pool_create(&params);
	err = -ENOMEM;
	if (!dev || IS_ERR(micro_pages))
		goto out;
	err = register_netdev(dev);
	if (err)
		goto out;
	rtnl_lock();
	err = dev_open(dev, NULL);
	micro_tx = kpac_tx_new(dev, NULL, 0, 1);
	rtnl_unlock();
	if (!err && micro_tx)
		micro_measure();
	if (micro_tx)
		kpac_tx_free(micro_tx);
	unregister_netdev(dev);
	/* it has done all that it is for, and need not stay */
	err = -EAGAIN;
out:
	if (!IS_ERR_OR_NULL(micro_pages))
		page_pool_destroy(micro_pages);
	if (dev)
		free_netdev(dev);
	kpac_tx_exit();
	return err;
}

module_init(micro_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("measures the parts of kpac's TX side");
