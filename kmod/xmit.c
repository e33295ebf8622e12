// SPDX-License-Identifier: GPL-2.0
/* How packets leave, but for the shortest way; see xmit.h. */

#include <linux/if_arp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/pkt_sched.h>

#include "port.h"
#include "xmit.h"

static u16 kpac_xmit_pick_tx(struct net_device *dev, struct sk_buff *skb)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	u16 queue;

	if (likely(dev->real_num_tx_queues == 1))
		return 0;
	queue = ops->ndo_select_queue ? ops->ndo_select_queue(dev, skb, NULL) :
					netdev_pick_tx(dev, skb, NULL);
	return netdev_cap_txqueue(dev, queue);
}

static bool kpac_xmit_one(struct sk_buff *skb, struct net_device *dev,
			  u16 queue, bool more)
{
	struct netdev_queue *txq = netdev_get_tx_queue(dev, queue);

	skb_set_queue_mapping(skb, queue);
	if (likely(!netif_xmit_frozen_or_stopped(txq)) &&
	    likely(dev_xmit_complete(netdev_start_xmit(skb, dev, txq, more))))
		return true;
	dev_core_stats_tx_dropped_inc(dev);
	kfree_skb(skb);
	return false;
}

/**
 * kpac_xmit_stamp - give a packet a receive time stamp
 * @skb: the packet
 *
 * Context: softirq.
 * Return: %KPAC_ANOTHER.
 */
enum kpac_outcome kpac_xmit_stamp(struct sk_buff *skb)
{
	__net_timestamp(skb);
	return KPAC_ANOTHER;
}

/* Let the peer receive a packet later. */
static enum kpac_exit kpac_xmit_backlog(struct sk_buff *skb,
					const struct kpac_path *path)
{
	unsigned int len = skb->len;
	u16 queue = kpac_xmit_pick_tx(path->dev, skb);

	kpac_xmit_handover(skb, path);
	skb_set_queue_mapping(skb, queue);
	if (likely(__netif_rx(skb) == NET_RX_SUCCESS)) {
		kpac_xmit_count(path, len);
		return KPAC_EXIT_HANDOVER;
	}
	dev_core_stats_tx_dropped_inc(path->dev);
	return KPAC_EXIT_DROP;
}

/* What the stack leaves in a packet that it forwards, for whoever sends it. */
static __always_inline void kpac_xmit_mark(struct sk_buff *skb,
					   const struct net_device *dev)
{
	skb_clear_tstamp(skb);
	if (skb->protocol == htons(ETH_P_IP) &&
	    READ_ONCE(dev_net(dev)->ipv4.sysctl_ip_fwd_update_priority))
		skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
}

/* The same for whoever looks at the packet on the way. */
static void kpac_xmit_mark_cb(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP)) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		IPCB(skb)->iif = skb->skb_iif;
		IPCB(skb)->flags = IPSKB_FORWARDED;
	} else {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		IP6CB(skb)->iif = skb->skb_iif;
		IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
		IP6CB(skb)->flags = IP6SKB_FORWARDED;
	}
}

/* The TX queue that a packet takes. The driver may have a say in it. */
static struct kpac_txq *kpac_xmit_pick_txq(struct kpac_tx *tx,
					   struct sk_buff *skb)
{
	const struct net_device_ops *ops = tx->dev->netdev_ops;
	struct kpac_tx_cpu *cpu = this_cpu_ptr(tx->cpu);
	unsigned int queue = cpu->own;
	const struct Qdisc *q;

	if (unlikely(ops->ndo_select_queue))
		queue = netdev_cap_txqueue(tx->dev,
					   ops->ndo_select_queue(tx->dev, skb,
								 NULL)) %
			tx->hwqs;
	q = rcu_dereference_bh(netdev_get_tx_queue(tx->dev, queue)->qdisc);
	return unlikely(kpac_qdisc_ready(q)) ? kpac_qdisc_txq(q, queue) :
					       &cpu->txq[queue];
}

/* Copy a packet with its link-layer header into a buffer of kpac's own, so that
 * the driver that received it gets its own back at once.
 */
static noinline struct sk_buff *kpac_xmit_copy(struct sk_buff *skb, struct kpac_tx *tx)
{
	struct kpac_tx_cpu *cpu = this_cpu_ptr(tx->cpu);
	struct sk_buff *copy;

	/* other devices have no pool, and nothing is won */
	if (unlikely(!(tx->dev->priv_flags & IFF_TX_SKB_SHARING) ||
		     skb_is_nonlinear(skb) || skb_vlan_tag_present(skb) ||
		     skb->ip_summed == CHECKSUM_PARTIAL))
		return skb;
	copy = kpac_tx_buffer(tx, skb->len);
	if (unlikely(!copy))
		return skb;
	/* the network header stays as well aligned as it is in other buffers */
	copy->data -= ETH_HLEN;
	copy->tail -= ETH_HLEN;
	__skb_put_data(copy, skb->data, skb->len);
	skb_reset_mac_header(copy);
	skb_set_network_header(copy, ETH_HLEN);
	skb_set_transport_header(copy, skb_transport_offset(skb));
	copy->dev = skb->dev;
	copy->protocol = skb->protocol;
	copy->priority = skb->priority;
	copy->mark = skb->mark;
	copy->skb_iif = skb->skb_iif;
	__skb_set_hash(copy, skb->hash, skb->sw_hash, skb->l4_hash);
	napi_consume_skb(skb, 1);
	kpac_tx_count(&cpu->stats.copied, 1);
	return copy;
}

/* Put a packet with its link-layer header on a TX queue. */
static void kpac_xmit_txq(struct sk_buff *skb, const struct kpac_path *path)
{
	struct kpac_tx *tx = path->tx;

	if (unlikely(skb->len <= READ_ONCE(tx->config.copybreak) + ETH_HLEN) &&
	    path->hh_len == ETH_HLEN)
		skb = kpac_xmit_copy(skb, tx);
	kpac_compat_qdisc_len(skb);
	kpac_txq_add(kpac_xmit_pick_txq(tx, skb), skb);
}

/**
 * kpac_xmit_express - send a packet that needs no more work
 * @skb: the packet, from the network header on, without a mark, in one piece,
 *	its link-layer header in front; consumed
 * @path: the path
 * @way: its way: %KPAC_WAY_BACKLOG, %KPAC_WAY_DIRECT or %KPAC_WAY_TXQ
 *
 * Context: softirq.
 * Return: how the packet left.
 */
enum kpac_exit kpac_xmit_express(struct sk_buff *skb,
				 const struct kpac_path *path,
				 enum kpac_way way)
{
	struct net_device *dev = path->dev;

	if (way == KPAC_WAY_BACKLOG)
		return kpac_xmit_backlog(skb, path);
	skb->dev = dev;
	skb_set_transport_header(skb, skb->protocol == htons(ETH_P_IP) ?
				      sizeof(struct iphdr) :
				      sizeof(struct ipv6hdr));
	kpac_xmit_mark(skb, dev);
	__skb_push(skb, ETH_HLEN);
	skb_reset_mac_header(skb);
	if (likely(way == KPAC_WAY_TXQ)) {
		kpac_xmit_txq(skb, path);
		return KPAC_EXIT_DIRECT;
	}
	kpac_xmit_mark_cb(skb);
	kpac_txq_settle(dev);
	return kpac_xmit_one(skb, dev, kpac_xmit_pick_tx(dev, skb), false) ?
	       KPAC_EXIT_DIRECT : KPAC_EXIT_DROP;
}

/* What is sent in software if the device cannot: one packet can become several,
 * or none.
 */
static struct sk_buff *kpac_xmit_validate(struct sk_buff *skb,
					  struct net_device *dev)
{
	bool again = false;

	/* most packets are one piece */
	if (likely(!skb->data_len && skb->ip_summed != CHECKSUM_PARTIAL &&
		   !skb_is_gso(skb) && !skb_vlan_tag_present(skb)))
		return skb;
	return validate_xmit_skb_list(skb, dev, &again);
}

/* Send through dev_queue_xmit(), as the stack would. */
static enum kpac_exit kpac_xmit_queued(struct sk_buff *skb,
				       const struct kpac_path *path)
{
	kpac_xmit_mark(skb, path->dev);
	kpac_xmit_mark_cb(skb);
	/* Classifiers and tunnels look at the route. */
	skb_dst_set_noref(skb, path->key.dst);
	kpac_txq_settle(path->dev);
	dev_queue_xmit(skb);
	return KPAC_EXIT_QUEUED;
}

/* Give a packet with its link-layer header to the driver. */
static enum kpac_exit kpac_xmit_direct(struct sk_buff *skb,
				       const struct kpac_path *path)
{
	enum kpac_exit how = KPAC_EXIT_DIRECT;
	struct net_device *dev = path->dev;
	struct sk_buff *next;
	u16 queue;

	kpac_xmit_mark(skb, dev);
	kpac_xmit_mark_cb(skb);
	skb_reset_mac_header(skb);
	kpac_txq_settle(dev);
	/* as in the stack, before what it says in the control block is copied */
	queue = kpac_xmit_pick_tx(dev, skb);
	skb = kpac_xmit_validate(skb, dev);
	if (!skb)
		return KPAC_EXIT_DROP;
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		if (!kpac_xmit_one(skb, dev, queue, next))
			how = KPAC_EXIT_DROP;
	}
	return how;
}

/* Put a packet with its link-layer header on a TX queue, in as many pieces as
 * the device needs.
 */
static enum kpac_exit kpac_xmit_pieces(struct sk_buff *skb,
				       const struct kpac_path *path)
{
	struct sk_buff *next;

	kpac_xmit_mark(skb, path->dev);
	skb_reset_mac_header(skb);
	skb = kpac_xmit_validate(skb, path->dev);
	if (!skb)
		return KPAC_EXIT_DROP;
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		skb->prev = NULL;
		kpac_xmit_txq(skb, path);
	}
	return KPAC_EXIT_DIRECT;
}

/* Let the peer receive a packet with its link-layer header, later or at once.
 * In the latter case, if it becomes several, all but the last are received
 * here, and that goes on as *@pskb.
 */
static enum kpac_exit kpac_xmit_pair(struct sk_buff **pskb, struct sk_buff *skb,
				     const struct kpac_path *path,
				     enum kpac_way way)
{
	enum kpac_exit how = KPAC_EXIT_HANDOVER;
	struct sk_buff *next;

	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC))) {
		dev_core_stats_rx_dropped_inc(path->peer);
		dev_core_stats_tx_dropped_inc(path->dev);
		kfree_skb(skb);
		return KPAC_EXIT_DROP;
	}
	if (unlikely(skb->mark) && path->peer_xnet)
		skb->mark = 0;
	skb = kpac_xmit_validate(skb, path->dev);
	if (!skb)
		return KPAC_EXIT_DROP;
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		__skb_pull(skb, ETH_HLEN);
		if (way == KPAC_WAY_BACKLOG) {
			if (kpac_xmit_backlog(skb, path) == KPAC_EXIT_DROP)
				how = KPAC_EXIT_DROP;
			continue;
		}
		kpac_xmit_count(path, skb->len);
		kpac_xmit_handover(skb, path);
		if (next)
			netif_receive_skb(skb);
		else
			*pskb = skb;
	}
	return how;
}

/* Put the link-layer header in front of the packet; false: there is none. */
static bool kpac_xmit_header(struct sk_buff *skb, const struct kpac_path *path)
{
	struct net_device *dev = path->dev;
	unsigned char ha[MAX_ADDR_LEN];

	if (likely(kpac_xmit_has_hh(path))) {
		kpac_xmit_hh(skb, &path->key.neigh->hh);
		__skb_push(skb, ETH_HLEN);
		return true;
	}
	if (!dev->header_ops)
		return true;
	neigh_ha_snapshot(ha, path->key.neigh, dev);
	return dev_hard_header(skb, dev, ntohs(skb->protocol), ha, NULL,
			       skb->len) >= 0;
}

/**
 * kpac_xmit - send a packet on a path
 * @pskb: the packet, from the network header on; unshared, with headroom for
 *	the link-layer header; set to what goes on, as received by its device,
 *	or NULL
 * @path: the path
 * @may_handover: the caller can go on with the packet on another device
 *
 * Context: softirq.
 * Return: how the packet left.
 */
enum kpac_exit kpac_xmit(struct sk_buff **pskb, const struct kpac_path *path,
			 bool may_handover)
{
	struct sk_buff *skb = *pskb;
	enum kpac_way way;

	*pskb = NULL;
	skb->dev = path->dev;
	if (unlikely(!kpac_xmit_header(skb, path))) {
		kfree_skb(skb);
		return KPAC_EXIT_DROP;
	}
	way = kpac_xmit_way(path, may_handover);
	switch (way) {
	case KPAC_WAY_HANDOVER:
	case KPAC_WAY_BACKLOG:
		return kpac_xmit_pair(pskb, skb, path, way);
	case KPAC_WAY_DIRECT:
		return kpac_xmit_direct(skb, path);
	case KPAC_WAY_TXQ:
		return kpac_xmit_pieces(skb, path);
	default:
		return kpac_xmit_queued(skb, path);
	}
}

/* The way of frames that leave by a device as they are. */
static enum kpac_way kpac_xmit_frame_way(const struct kpac_path *path)
{
	return path->tx ? kpac_xmit_way_port(path) : KPAC_WAY_QUEUED;
}

/**
 * kpac_xmit_buffer - get a buffer for a frame that kpac itself sends
 * @dev: the device by which it will leave
 * @len: bytes that there must be room for
 * @tagged: it will have a VLAN tag, which the device may not know how to add
 *
 * Context: softirq.
 * Return: an empty buffer with the headroom that the device wants, for
 * kpac_xmit_frame(), or NULL.
 */
struct sk_buff *kpac_xmit_buffer(struct net_device *dev, unsigned int len,
				 bool tagged)
{
	const struct kpac_path path = { .dev = dev, .tx = kpac_port_tx(dev) };
	unsigned int headroom = LL_RESERVED_SPACE(dev) + VLAN_HLEN;
	struct sk_buff *skb;

	/* what the pool has, too, can neither be given to the stack nor changed */
	if (!tagged && kpac_xmit_frame_way(&path) == KPAC_WAY_TXQ)
		return kpac_tx_buffer(path.tx, len);
	skb = alloc_skb(headroom + len, GFP_ATOMIC | __GFP_NOWARN);
	if (likely(skb))
		skb_reserve(skb, headroom);
	return skb;
}

/* Make a frame that was received one to send by a device; false: it had to be
 * dropped, for the device is down or has no Ethernet, or the frame is too long.
 */
static bool kpac_xmit_begin_frame(struct sk_buff *skb, struct net_device *dev)
{
	skb_orphan(skb);
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb_ext_reset(skb);
	skb_forward_csum(skb);
	skb_set_queue_mapping(skb, 0);
	skb->dev = dev;
	if (likely(dev->type == ARPHRD_ETHER) &&
	    likely(is_skb_forwardable(dev, skb)))
		return true;
	dev_core_stats_tx_dropped_inc(dev);
	kfree_skb(skb);
	return false;
}

/* Send a frame through dev_queue_xmit(). */
static enum kpac_exit kpac_xmit_frame_queued(struct sk_buff *skb,
					     struct net_device *dev)
{
	/* it may have been meant for a TX queue when it was made */
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		return KPAC_EXIT_DROP;
	memset(skb->cb, 0, sizeof(skb->cb));
	skb_clear_tstamp(skb);
	kpac_txq_settle(dev);
	dev_queue_xmit(skb);
	return KPAC_EXIT_QUEUED;
}

/**
 * kpac_xmit_frame - send a frame as it is
 * @skb: the frame, from its link-layer header on; consumed
 * @dev: the device by which it leaves
 *
 * Context: softirq, under RCU.
 * Return: %KPAC_EXIT_DROP: the device is down or has no Ethernet, or the frame is
 * too long for it; else how it left.
 */
enum kpac_exit kpac_xmit_frame(struct sk_buff *skb, struct net_device *dev)
{
	const struct kpac_path path = {
		.dev = dev, .tx = kpac_port_tx(dev), .hh_len = ETH_HLEN,
	};

	if (unlikely(!kpac_xmit_begin_frame(skb, dev)))
		return KPAC_EXIT_DROP;
	if (kpac_xmit_frame_way(&path) == KPAC_WAY_TXQ)
		return kpac_xmit_pieces(skb, &path);
	return kpac_xmit_frame_queued(skb, dev);
}

/* Whoever the frame was for, and whoever else has forwarded it: it is for the next
 * hop now, who may be the one that receives it.
 */
static void kpac_xmit_readdressed(struct sk_buff *skb)
{
	skb->pkt_type = PACKET_HOST;
#ifdef CONFIG_NET_SWITCHDEV
	skb->offload_l3_fwd_mark = 0;
#endif
}

/**
 * kpac_xmit_hop - send a frame that has been addressed to the next hop
 * @pskb: the frame, unshared, from its Ethernet header on; set to what goes on, as
 *	received by its device, or NULL
 * @path: the path to it, by Ethernet
 * @may_handover: the caller can go on with the packet on another device
 *
 * It may take the ways of packets that are forwarded, because it has a TTL that has
 * gone down: it does not come back for ever.
 *
 * Context: softirq, under RCU.
 * Return: as kpac_xmit_frame().
 */
enum kpac_exit kpac_xmit_hop(struct sk_buff **pskb,
			     const struct kpac_path *path, bool may_handover)
{
	struct sk_buff *skb = *pskb;
	enum kpac_way way;

	*pskb = NULL;
	if (unlikely(!kpac_xmit_begin_frame(skb, path->dev)))
		return KPAC_EXIT_DROP;
	way = kpac_xmit_way(path, may_handover);
	switch (way) {
	case KPAC_WAY_HANDOVER:
	case KPAC_WAY_BACKLOG:
		kpac_xmit_readdressed(skb);
		return kpac_xmit_pair(pskb, skb, path, way);
	case KPAC_WAY_DIRECT:
		return kpac_xmit_direct(skb, path);
	case KPAC_WAY_TXQ:
		return kpac_xmit_pieces(skb, path);
	default:
		return kpac_xmit_frame_queued(skb, path->dev);
	}
}

/* The other end of a pair of devices, if it receives what is sent without anything
 * on the way that might object: see kpac_path_out() and kpac_xmit_may_skip().
 */
static struct net_device *kpac_xmit_find_peer(struct net_device *dev)
{
	struct net_device *peer;

	if (!dev->rtnl_link_ops || strcmp(dev->rtnl_link_ops->kind, "veth") ||
	    dev->type != ARPHRD_ETHER ||
	    dev->pcpu_stat_type != NETDEV_PCPU_STAT_TSTATS)
		return NULL;
	peer = dev->netdev_ops->ndo_get_peer_dev(dev);
	return peer && dev->flags & peer->flags & IFF_UP &&
	       kpac_xmit_may_skip(peer) ? peer : NULL;
}

/**
 * kpac_xmit_peer - have the other end of a pair of devices receive a frame
 * @skb: the frame, from its Ethernet header on; consumed
 * @dev: the device that would send it, and does if it is not one of a veth pair
 *
 * The frame waits in the receive queue, for it may come back: a packet that two
 * tables send to each other is a loop, but one that others interrupt.
 *
 * Context: softirq, under RCU.
 * Return: %KPAC_EXIT_DROP: the frame is too long for the peer, or its queue full;
 * else how it left.
 */
enum kpac_exit kpac_xmit_peer(struct sk_buff *skb, struct net_device *dev)
{
	struct kpac_path path = { .dev = dev };

	path.peer = kpac_xmit_find_peer(dev);
	if (unlikely(!path.peer))
		return kpac_xmit_frame(skb, dev);
	if (unlikely(!is_skb_forwardable(path.peer, skb)) ||
	    unlikely(skb_orphan_frags(skb, GFP_ATOMIC))) {
		dev_core_stats_tx_dropped_inc(dev);
		kfree_skb(skb);
		return KPAC_EXIT_DROP;
	}
	kpac_txq_settle(dev);
	skb_orphan(skb);
	skb_forward_csum(skb);
	skb_scrub_packet(skb, !net_eq(dev_net(dev), dev_net(path.peer)));
	__skb_pull(skb, ETH_HLEN);
	return kpac_xmit_backlog(skb, &path);
}
