// SPDX-License-Identifier: GPL-2.0
/*
 * senders.c - CPUs that send by one device at the same time.
 *
 *	echo DEVICE SENDERS > /sys/module/kpac_senders/parameters/run
 *	cat /sys/module/kpac_senders/parameters/run
 *
 * A module. The first command has that many CPUs, from 0 on, send packets of 60
 * bytes by dev_queue_xmit(), all by queue 0, as fast as they can, each preparing
 * its packets by work of its own. The second prints packets per second: the median
 * of some rounds, and what one in ten of them exceeds. A round is a millisecond. Where
 * others use the host's CPUs as well, some rounds have these for themselves, and
 * others cannot but make a round slower: so the faster ones are those that tell, if
 * there are any (without a queue, two senders must be nearly twice as fast as one).
 * pktgen's rounds are too long for that. The module has a device of its own, sink0,
 * with one queue and a driver that has to be locked, unlike that of dummy devices.
 * See senders.sh.
 */

#include <linux/completion.h>
#include <linux/etherdevice.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>

#define SENDERS	8		/* at most */
#define ROUNDS	100
#define ROUND	NSEC_PER_MSEC
#define SIZE	60

static unsigned int work;
module_param(work, uint, 0644);
MODULE_PARM_DESC(work, "turns of a loop of four instructions that prepare a packet");

struct sender {
	struct completion done;
	unsigned long sent;
	u64 begin;
	u64 end;
} ____cacheline_aligned_in_smp;

static struct sender senders[SENDERS];
static struct net_device *sender_dev;
static unsigned int sender_count;
static atomic_t sender_ready;
static bool sender_stop;
static unsigned long result_median;
static unsigned long result_best;
static struct net_device *sink;

static void sender_send(void)
{
	struct sk_buff *skb = alloc_skb(128, GFP_ATOMIC);
	unsigned int i;

	if (!skb)
		return;
	for (i = 0; i < READ_ONCE(work); i++)
		barrier();
	skb_reserve(skb, 32);
	skb_put_zero(skb, SIZE);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb->protocol = htons(ETH_P_IP);
	skb->dev = sender_dev;
	dev_queue_xmit(skb);
}

static int sender_main(void *arg)
{
	struct sender *me = arg;
	u64 t;

	atomic_dec(&sender_ready);
	while (atomic_read(&sender_ready))
		cpu_relax();
	me->begin = ktime_get_ns();
	do {
		sender_send();
		me->sent++;
		t = ktime_get_ns();
		if (t - me->begin >= ROUND)
			WRITE_ONCE(sender_stop, true);
	} while (!READ_ONCE(sender_stop));
	me->end = t;
	complete(&me->done);
	return 0;
}

/* One round: packets per second. */
static unsigned long sender_round(void)
{
	u64 begin = U64_MAX, end = 0;
	struct task_struct *tasks[SENDERS];
	unsigned long sent = 0;
	unsigned int i;

	sender_stop = false;
	atomic_set(&sender_ready, sender_count);
	for (i = 0; i < sender_count; i++) {
		senders[i] = (struct sender) {};
		init_completion(&senders[i].done);
		tasks[i] = kthread_create_on_cpu(sender_main, &senders[i], i,
						 "sender/%u");
		if (IS_ERR(tasks[i]))
			break;
	}
	if (i < sender_count) {
		while (i--)
			kthread_stop(tasks[i]);
		return 0;
	}
	while (i--)
		wake_up_process(tasks[i]);
	for (i = 0; i < sender_count; i++) {
		wait_for_completion(&senders[i].done);
		sent += senders[i].sent;
		begin = min(begin, senders[i].begin);
		end = max(end, senders[i].end);
	}
	return div64_u64(sent * NSEC_PER_SEC, end - begin);
}

static void sender_measure(void)
{
	static unsigned long rate[ROUNDS];
	unsigned long r;
	int i, j;

	for (i = 0; i < ROUNDS; i++) {
		r = sender_round();
		for (j = i; j && rate[j - 1] > r; j--)
			rate[j] = rate[j - 1];
		rate[j] = r;
		cond_resched();
	}
	result_median = rate[ROUNDS / 2];
	result_best = rate[ROUNDS - ROUNDS / 10];
}

static int sender_set(const char *value, const struct kernel_param *kp)
{
	char name[IFNAMSIZ];
	unsigned int n;

	if (sscanf(value, "%15s %u", name, &n) != 2 || n < 1 || n > SENDERS ||
	    n > num_online_cpus())
		return -EINVAL;
	sender_dev = dev_get_by_name(&init_net, name);
	if (!sender_dev)
		return -ENODEV;
	sender_count = n;
	sender_measure();
	dev_put(sender_dev);
	return 0;
}

static int sender_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%lu %lu\n", result_median, result_best);
}

static const struct kernel_param_ops sender_ops = {
	.set = sender_set,
	.get = sender_get,
};
module_param_cb(run, &sender_ops, NULL, 0600);

static netdev_tx_t sink_xmit(struct sk_buff *skb, struct net_device *dev)
{
	consume_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops sink_ops = {
	.ndo_start_xmit = sink_xmit,
};

static void sink_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &sink_ops;
	eth_hw_addr_random(dev);
}

static int __init senders_init(void)
{
	int err;

	sink = alloc_netdev(0, "sink%d", NET_NAME_ENUM, sink_setup);
	if (!sink)
		return -ENOMEM;
	err = register_netdev(sink);
	if (err)
		free_netdev(sink);
	return err;
}

static void __exit senders_exit(void)
{
	unregister_netdev(sink);
	free_netdev(sink);
}

module_init(senders_init);
module_exit(senders_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("CPUs that send at the same time, to be measured");
