// SPDX-License-Identifier: GPL-2.0
/*
 * sink.c - the least that a module can do to drop: nothing but to free what comes in.
 *
 *	ip netns exec R insmod kpac_sink.ko dev=DEV
 *
 * Every packet that DEV receives is freed by its receive handler, which looks at
 * nothing. When it is loaded it measures what freeing such a packet costs by itself
 * and prints it to the kernel log, in nanoseconds (instructions, in a VM that counts
 * them): "sink: free VALUE". What is left of a packet without that is its arrival,
 * which whoever drops it cannot avoid. See table.sh.
 */

#include <linux/etherdevice.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>

#define BURST	32	/* packets that are freed at a time */
#define ROUNDS	1000	/* bursts in a measurement */
#define SIZE	160	/* as large as pktgen's of 60 bytes, with what it adds */

static char *dev;
module_param(dev, charp, 0);
MODULE_PARM_DESC(dev, "device by which packets come in");

static struct net_device *sink_dev;
static struct sk_buff *sink_skbs[BURST];

static rx_handler_result_t sink_rx(struct sk_buff **pskb)
{
	kfree_skb(*pskb);
	return RX_HANDLER_CONSUMED;
}

/* Nanoseconds that freeing BURST packets takes, with bottom halves off as when they
 * have just come in.
 */
static u64 sink_burst(void)
{
	u64 ns = 0;
	int i, n;

	local_bh_disable();
	for (n = 0; n < BURST; n++) {
		sink_skbs[n] = netdev_alloc_skb(NULL, SIZE);
		if (!sink_skbs[n])
			break;
		skb_put_zero(sink_skbs[n], 60);
	}
	if (n == BURST)
		ns = ktime_get_ns();
	for (i = 0; i < n; i++)
		kfree_skb(sink_skbs[i]);
	if (n == BURST)
		ns = ktime_get_ns() - ns;
	local_bh_enable();
	return ns;
}

static void sink_measure(void)
{
	u64 ns = 0, tenths;
	int i;

	for (i = 0; i < ROUNDS; i++)
		sink_burst();
	for (i = 0; i < ROUNDS; i++) {
		ns += sink_burst();
		cond_resched();
	}
	tenths = div_u64(ns * 10, BURST * ROUNDS);
	pr_info("sink: free %llu.%llu\n", tenths / 10, tenths % 10);
}

static int __init sink_init(void)
{
	int err;

	if (!dev)
		return -EINVAL;
	sink_dev = dev_get_by_name(current->nsproxy->net_ns, dev);
	if (!sink_dev)
		return -ENODEV;
	sink_measure();
	rtnl_lock();
	err = netdev_rx_handler_register(sink_dev, sink_rx, NULL);
	rtnl_unlock();
	if (err)
		dev_put(sink_dev);
	return err;
}

static void __exit sink_exit(void)
{
	rtnl_lock();
	netdev_rx_handler_unregister(sink_dev);
	rtnl_unlock();
	dev_put(sink_dev);
}

module_init(sink_init);
module_exit(sink_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("drops without looking, for kpac's benchmarks");
