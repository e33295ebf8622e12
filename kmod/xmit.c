// SPDX-License-Identifier: GPL-2.0
/* How packets leave, but for the shortest way; see xmit.h. */

#include <net/ip.h>
#include <net/ipv6.h>
#include <net/pkt_sched.h>

#include "xmit.h"

/**
 * kpac_xmit_header_long - make a link-layer header that is not cached
 * @skb: the packet
 * @path: the path
 *
 * Context: softirq.
 * Return: false if there is none.
 */
bool kpac_xmit_header_long(struct sk_buff *skb, const struct kpac_path *path)
{
	struct net_device *dev = path->dev;
	unsigned char ha[MAX_ADDR_LEN];

	if (!dev->header_ops)
		return true;
	neigh_ha_snapshot(ha, path->key.neigh, dev);
	return dev_hard_header(skb, dev, ntohs(skb->protocol), ha, NULL,
			       skb->len) >= 0;
}

/**
 * kpac_xmit_steered - whether a device's packets are spread over CPUs
 * @peer: the device that would receive the packet
 *
 * Context: softirq.
 * Return: true if receive packet steering is set up for it.
 */
bool kpac_xmit_steered(const struct net_device *peer)
{
	unsigned int i;

	for (i = 0; i < peer->real_num_rx_queues; i++)
		if (kpac_compat_rps(&peer->_rx[i]))
			return true;
	return false;
}

/* Software devices that take packets on any CPU without a lock, and want
 * nothing of the route.
 */
static bool kpac_xmit_may_direct(const struct net_device *dev)
{
	return dev->lltx && dev->priv_flags & IFF_XMIT_DST_RELEASE &&
	       dev->flags & IFF_UP;
}

static u16 kpac_xmit_pick_tx(struct net_device *dev, struct sk_buff *skb)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	u16 queue;

	if (dev->real_num_tx_queues == 1)
		return 0;
	queue = ops->ndo_select_queue ? ops->ndo_select_queue(dev, skb, NULL) :
					netdev_pick_tx(dev, skb, NULL);
	return netdev_cap_txqueue(dev, queue);
}

static bool kpac_xmit_one(struct sk_buff *skb, struct net_device *dev,
			  struct netdev_queue *txq, bool more)
{
	if (likely(!netif_xmit_frozen_or_stopped(txq)) &&
	    dev_xmit_complete(netdev_start_xmit(skb, dev, txq, more)))
		return true;
	dev_core_stats_tx_dropped_inc(dev);
	kfree_skb(skb);
	return false;
}

/**
 * kpac_xmit_handover_long - hand over a packet that may need work
 * @pskb: the packet with its link-layer header; consumed or replaced
 * @path: the path; it has a peer, and no tap, filter or queue is in the way
 *
 * Does what the device is not able to in software, as sending would. If the
 * packet becomes several, all but the last are received here.
 *
 * Context: softirq.
 * Return: %KPAC_EXIT_HANDOVER, or %KPAC_EXIT_DROP.
 */
enum kpac_exit kpac_xmit_handover_long(struct sk_buff **pskb,
				       const struct kpac_path *path)
{
	struct sk_buff *skb = *pskb, *next;
	bool again = false;

	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC))) {
		kfree_skb(skb);
		return KPAC_EXIT_DROP;
	}
	skb = validate_xmit_skb_list(skb, path->dev, &again);
	if (!skb)
		return KPAC_EXIT_DROP;
	for (;; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		kpac_xmit_handover(skb, path);
		skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
		if (!next)
			break;
		netif_receive_skb(skb);
	}
	*pskb = skb;
	return KPAC_EXIT_HANDOVER;
}

/* What the stack leaves in a packet that it forwards: the control block, the
 * priority, no time stamp.
 */
static void kpac_xmit_mark(struct sk_buff *skb, const struct net *net)
{
	skb_clear_tstamp(skb);
	if (skb->protocol == htons(ETH_P_IP)) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		IPCB(skb)->iif = skb->skb_iif;
		IPCB(skb)->flags = IPSKB_FORWARDED;
		if (READ_ONCE(net->ipv4.sysctl_ip_fwd_update_priority))
			skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	} else {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		IP6CB(skb)->iif = skb->skb_iif;
		IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
		IP6CB(skb)->flags = IP6SKB_FORWARDED;
	}
}

/**
 * kpac_xmit_queued - send a packet as the stack would
 * @skb: the packet with its link-layer header; consumed
 * @path: the path
 *
 * Context: softirq.
 * Return: %KPAC_EXIT_QUEUED.
 */
enum kpac_exit kpac_xmit_queued(struct sk_buff *skb,
				const struct kpac_path *path)
{
	kpac_xmit_mark(skb, dev_net(path->dev));
	/* Classifiers and tunnels look at the route. */
	skb_dst_set_noref(skb, path->key.dst);
	dev_queue_xmit(skb);
	return KPAC_EXIT_QUEUED;
}

/**
 * kpac_xmit_direct - give a packet to the driver, if that may be
 * @skb: the packet with its link-layer header; consumed
 * @path: the path; no tap, filter or queue is in the way
 *
 * Context: softirq.
 * Return: how the packet left.
 */
enum kpac_exit kpac_xmit_direct(struct sk_buff *skb,
				const struct kpac_path *path)
{
	enum kpac_exit how = KPAC_EXIT_DIRECT;
	struct net_device *dev = path->dev;
	struct netdev_queue *txq;
	struct sk_buff *next;
	bool again = false;
	u16 queue;

	if (unlikely(!kpac_xmit_may_direct(dev)))
		return kpac_xmit_queued(skb, path);
	kpac_xmit_mark(skb, dev_net(dev));
	skb_reset_mac_header(skb);
	if (unlikely(!kpac_xmit_simple(skb))) {
		/* one packet can become several, or none */
		skb = validate_xmit_skb_list(skb, dev, &again);
		if (!skb)
			return KPAC_EXIT_DROP;
	}
	queue = kpac_xmit_pick_tx(dev, skb);
	txq = netdev_get_tx_queue(dev, queue);
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		skb_set_queue_mapping(skb, queue);
		if (!kpac_xmit_one(skb, dev, txq, next))
			how = KPAC_EXIT_DROP;
	}
	return how;
}
