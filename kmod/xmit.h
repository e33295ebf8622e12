/* SPDX-License-Identifier: GPL-2.0 */
/* How packets leave. */
#ifndef _KPAC_XMIT_H
#define _KPAC_XMIT_H

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <net/neighbour.h>
#include <net/sch_generic.h>

#include "compat.h"
#include "forward.h"
#include "path.h"
#include "qdisc.h"
#include "stats.h"
#include "txq.h"

/**
 * enum kpac_way - the ways out, from the one that is always right to the shortest
 * @KPAC_WAY_QUEUED: through dev_queue_xmit(), as in the stack
 * @KPAC_WAY_TXQ: by a TX queue of kpac's; the output device is a port
 * @KPAC_WAY_DIRECT: to the driver; the output device is a software device
 *	without a queue
 * @KPAC_WAY_BACKLOG: the output device is one of a pair; the packet is received
 *	by the other end, where taps, tc, netfilter and whatever else is set up
 *	there all still see it
 * @KPAC_WAY_HANDOVER: the same, but at once: the caller goes on with the packet
 */
enum kpac_way {
	KPAC_WAY_QUEUED,
	KPAC_WAY_TXQ,
	KPAC_WAY_DIRECT,
	KPAC_WAY_BACKLOG,
	KPAC_WAY_HANDOVER,
};

enum kpac_exit kpac_xmit_express(struct sk_buff *skb,
				 const struct kpac_path *path,
				 enum kpac_way way);
enum kpac_outcome kpac_xmit_stamp(struct sk_buff *skb);
enum kpac_exit kpac_xmit(struct sk_buff **pskb, const struct kpac_path *path,
			 bool may_handover);
struct sk_buff *kpac_xmit_buffer(struct net_device *dev, unsigned int len,
				 bool tagged);
enum kpac_exit kpac_xmit_frame(struct sk_buff *skb, struct net_device *dev);
enum kpac_exit kpac_xmit_hop(struct sk_buff **pskb,
			     const struct kpac_path *path, bool may_handover);
enum kpac_exit kpac_xmit_peer(struct sk_buff *skb, struct net_device *dev);

/* Put the link-layer header in front of the packet, as the neighbour has it
 * now. There is headroom for it.
 */
static __always_inline void kpac_xmit_hh(struct sk_buff *skb,
					 const struct hh_cache *hh)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&hh->hh_lock);
		memcpy(skb->data - HH_DATA_MOD, hh->hh_data, HH_DATA_MOD);
	} while (read_seqretry(&hh->hh_lock, seq));
}

/* Whether the neighbour has a header for kpac_xmit_hh(). */
static __always_inline bool kpac_xmit_has_hh(const struct kpac_path *path)
{
	return READ_ONCE(path->key.neigh->hh.hh_len) == path->hh_len;
}

/* The egress filters of a device, as a number: 0 if there are none. */
static __always_inline unsigned long
kpac_xmit_filters(const struct net_device *dev)
{
	unsigned long looks = 0;

#ifdef CONFIG_NET_XGRESS
	looks |= (unsigned long)rcu_access_pointer(dev->tcx_egress);
#endif
#ifdef CONFIG_NETFILTER_EGRESS
	looks |= (unsigned long)rcu_access_pointer(dev->nf_hooks_egress);
#endif
	return looks;
}

/* Whether nothing on the way out has to see the packet: no tap, no egress
 * filter, no queueing discipline (every queue of a multi-queue device could
 * have another).
 */
static __always_inline bool kpac_xmit_nobody_looks(const struct net_device *dev)
{
	const struct Qdisc *q = rcu_dereference_bh(dev->qdisc);

	return !((unsigned long)q->enqueue | (q->flags & TCQ_F_MQROOT) |
		 kpac_xmit_filters(dev)) && !kpac_compat_taps(dev);
}

/* Whether packets may skip the pair of devices: all that sending through it
 * would do beyond what kpac_xmit_handover() does must be idle.
 */
static __always_inline bool kpac_xmit_may_skip(const struct net_device *peer)
{
	return likely(!((unsigned long)peer->xdp_state[XDP_MODE_DRV].prog |
			(unsigned long)peer->xdp_state[XDP_MODE_DRV].link));
}

/* Whether received packets are spread over CPUs, which the receive queue does. */
static __always_inline bool kpac_xmit_steered(const struct net_device *peer)
{
	return kpac_compat_rps_needed() &&
	       (peer->real_num_rx_queues != 1 ||
		kpac_compat_rps(&peer->_rx[0]));
}

/* Software devices that take packets on any CPU without a lock, and want
 * nothing of the route.
 */
static __always_inline bool kpac_xmit_may_direct(const struct net_device *dev)
{
	return dev->lltx && dev->priv_flags & IFF_XMIT_DST_RELEASE &&
	       dev->flags & IFF_UP;
}

/* The way of packets that leave by a port: by its TX queues, if its queueing
 * discipline is the one that every device has, or kpac's own. Taps are served
 * there.
 */
static __always_inline enum kpac_way
kpac_xmit_way_port(const struct kpac_path *path)
{
	const struct net_device *dev = path->dev;
	const struct Qdisc *q;

	/* traffic classes have hardware queues of their own */
	if (unlikely(kpac_xmit_filters(dev) | dev->num_tc))
		return KPAC_WAY_QUEUED;
	q = rcu_dereference_bh(kpac_txq_nq(path->tx)->qdisc);
	if (likely(q->enqueue))
		return likely(kpac_txq_plain(q)) ||
		       kpac_qdisc_ready(q) ? KPAC_WAY_TXQ : KPAC_WAY_QUEUED;
	if (!dev->lltx)
		return KPAC_WAY_TXQ;
	return kpac_xmit_may_direct(dev) && !kpac_compat_taps(dev) ?
	       KPAC_WAY_DIRECT : KPAC_WAY_QUEUED;
}

/**
 * kpac_xmit_way - which way packets of a path leave
 * @path: the path
 * @may_handover: the caller can go on with a packet on another device
 *
 * This does not depend on the packet: one that took another way would be
 * overtaken.
 *
 * Context: softirq.
 * Return: the way.
 */
static __always_inline enum kpac_way kpac_xmit_way(const struct kpac_path *path,
						   bool may_handover)
{
	const struct net_device *peer = path->peer;

	if (unlikely(!peer) && path->tx)
		return kpac_xmit_way_port(path);
	if (unlikely(!kpac_xmit_nobody_looks(path->dev)))
		return path->tx ? kpac_xmit_way_port(path) : KPAC_WAY_QUEUED;
	if (likely(peer) && kpac_xmit_may_skip(peer))
		return likely(may_handover) && !kpac_xmit_steered(peer) ?
		       KPAC_WAY_HANDOVER : KPAC_WAY_BACKLOG;
	return kpac_xmit_may_direct(path->dev) ? KPAC_WAY_DIRECT :
						 KPAC_WAY_QUEUED;
}

/* Count a packet that the peer receives: its receive counters are the device's
 * transmit counters. @len is from the network header on.
 */
static __always_inline void kpac_xmit_count(const struct kpac_path *path,
					    unsigned int len)
{
	dev_sw_netstats_tx_add(path->dev, 1, len + ETH_HLEN);
}

/**
 * kpac_xmit_handover - make a packet one that the peer has just received
 * @skb: the packet, from the network header on, its link-layer header in front
 * @path: the path
 *
 * Context: softirq.
 * Return: %KPAC_ANOTHER: it goes on so, unless the caller has it wait.
 */
static __always_inline enum kpac_outcome
kpac_xmit_handover(struct sk_buff *skb, const struct kpac_path *path)
{
	struct net_device *peer = path->peer;

	kpac_compat_scrub(skb);
	skb->priority = 0;
	skb_set_queue_mapping(skb, 0);
	skb_set_mac_header(skb, -ETH_HLEN);
	skb->mac_len = ETH_HLEN;
	skb->dev = peer;
	if (unlikely(!ether_addr_equal_64bits(eth_hdr(skb)->h_dest,
					      peer->dev_addr)))
		eth_skb_pkt_type(skb, peer);
	/* If received packets are stamped, the peer's are. */
	return likely(!skb->tstamp) ? KPAC_ANOTHER : kpac_xmit_stamp(skb);
}

#endif /* _KPAC_XMIT_H */
