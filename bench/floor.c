// SPDX-License-Identifier: GPL-2.0
/*
 * floor.c - the least that a module can do to forward: nothing but to receive a
 * packet and to send it.
 *
 *	ip netns exec R insmod kpac_floor.ko from=DEV to=DEV mac=ADDRESS
 *
 * All that comes in by the one device leaves by the other, to that address, given to
 * its driver at the end of the softirq round with one lock and one doorbell. Nobody
 * is asked about anything, nothing is counted, no header is looked at: what a
 * router needs besides is its own; this is the drivers' and the stack's receive path.
 * For one CPU, and devices with one queue.
 */

#include <linux/etherdevice.h>
#include <linux/hex.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>

static char *from, *to, *mac;
module_param(from, charp, 0);
MODULE_PARM_DESC(from, "device by which packets come in");
module_param(to, charp, 0);
MODULE_PARM_DESC(to, "device by which they leave");
module_param(mac, charp, 0);
MODULE_PARM_DESC(mac, "link-layer address to which they are sent");

static struct net_device *floor_in, *floor_out, *floor_dummy;
static struct napi_struct floor_napi;
static struct sk_buff_head floor_queue;
static u8 floor_mac[ETH_ALEN];

static rx_handler_result_t floor_rx(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;

	__skb_push(skb, ETH_HLEN);
	ether_addr_copy(skb->data, floor_mac);
	skb->dev = floor_out;
	skb_set_queue_mapping(skb, 0);
	__skb_queue_tail(&floor_queue, skb);
	if (floor_queue.qlen == 1)
		napi_schedule(&floor_napi);
	return RX_HANDLER_CONSUMED;
}

static int floor_poll(struct napi_struct *napi, int budget)
{
	struct netdev_queue *nq = netdev_get_tx_queue(floor_out, 0);
	struct sk_buff *skb;

	HARD_TX_LOCK(floor_out, nq, smp_processor_id());
	while ((skb = __skb_dequeue(&floor_queue)))
		if (netif_xmit_frozen_or_stopped(nq) ||
		    !dev_xmit_complete(netdev_start_xmit(skb, floor_out, nq,
							 floor_queue.qlen)))
			kfree_skb(skb);
	HARD_TX_UNLOCK(floor_out, nq);
	napi_complete_done(napi, 0);
	return 0;
}

static int __init floor_init(void)
{
	struct net *net = current->nsproxy->net_ns;
	int err = -ENODEV;

	if (!from || !to || !mac || !mac_pton(mac, floor_mac))
		return -EINVAL;
	floor_dummy = alloc_netdev_dummy(0);
	if (!floor_dummy)
		return -ENOMEM;
	__skb_queue_head_init(&floor_queue);
	netif_napi_add(floor_dummy, &floor_napi, floor_poll);
	napi_enable(&floor_napi);
	floor_in = dev_get_by_name(net, from);
	floor_out = dev_get_by_name(net, to);
	if (floor_in && floor_out) {
		rtnl_lock();
		err = netdev_rx_handler_register(floor_in, floor_rx, NULL);
		rtnl_unlock();
	}
	if (!err)
		return 0;
	dev_put(floor_in);
	dev_put(floor_out);
	napi_disable(&floor_napi);
	free_netdev(floor_dummy);
	return err;
}

static void __exit floor_exit(void)
{
	rtnl_lock();
	netdev_rx_handler_unregister(floor_in);
	rtnl_unlock();
	napi_disable(&floor_napi);
	__skb_queue_purge(&floor_queue);
	dev_put(floor_in);
	dev_put(floor_out);
	netif_napi_del(&floor_napi);
	free_netdev(floor_dummy);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("forwards without looking, for kpac's benchmarks");
