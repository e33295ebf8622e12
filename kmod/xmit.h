/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How packets leave. There are three ways, from the shortest to the one that
 * is always right:
 * - hand-over: the output device is one of a pair; the packet goes on in the
 *   receive path of the other end, where taps, tc, netfilter and whatever else
 *   is set up there all still see it;
 * - direct: the output device is a software device without a queue;
 * - queued: everything else, through dev_queue_xmit() as in the stack.
 */
#ifndef _KPAC_XMIT_H
#define _KPAC_XMIT_H

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <net/neighbour.h>
#include <net/sch_generic.h>

#include "compat.h"
#include "path.h"
#include "stats.h"

enum kpac_exit kpac_xmit_handover_long(struct sk_buff **pskb,
				       const struct kpac_path *path);
enum kpac_exit kpac_xmit_direct(struct sk_buff *skb,
				const struct kpac_path *path);
enum kpac_exit kpac_xmit_queued(struct sk_buff *skb,
				const struct kpac_path *path);
bool kpac_xmit_header_long(struct sk_buff *skb, const struct kpac_path *path);
bool kpac_xmit_steered(const struct net_device *peer);

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
	__skb_push(skb, ETH_HLEN);
}

static __always_inline bool kpac_xmit_header(struct sk_buff *skb,
					     const struct kpac_path *path)
{
	const struct hh_cache *hh = &path->key.neigh->hh;

	if (unlikely(READ_ONCE(hh->hh_len) != path->hh_len))
		return kpac_xmit_header_long(skb, path);
	kpac_xmit_hh(skb, hh);
	return true;
}

/* Whether nothing on the way out has to see the packet: no tap, no egress
 * filter, no queueing discipline (every queue of a multi-queue device could
 * have another).
 */
static __always_inline bool kpac_xmit_nobody_looks(const struct net_device *dev)
{
	const struct Qdisc *q = rcu_dereference_bh(dev->qdisc);
	unsigned long looks = (unsigned long)q->enqueue |
			      (q->flags & TCQ_F_MQROOT);

#ifdef CONFIG_NET_XGRESS
	looks |= (unsigned long)rcu_access_pointer(dev->tcx_egress);
#endif
#ifdef CONFIG_NETFILTER_EGRESS
	looks |= (unsigned long)rcu_access_pointer(dev->nf_hooks_egress);
#endif
	return !looks && !kpac_compat_taps(dev);
}

/* Whether the driver takes the packet as it is, without software segmentation,
 * checksumming or copying together: most packets are one piece.
 */
static __always_inline bool kpac_xmit_simple(const struct sk_buff *skb)
{
	return !skb->data_len && skb->ip_summed != CHECKSUM_PARTIAL &&
	       !skb_is_gso(skb);
}

/* Whether packets may skip the pair of devices: all that sending through it
 * would do beyond what kpac_xmit_handover() does must be idle. This does not
 * depend on the packet: one that took another way would be overtaken.
 */
static __always_inline bool kpac_xmit_may_handover(const struct kpac_path *path)
{
	const struct net_device *peer = path->peer;

	if (unlikely((unsigned long)peer->xdp_state[XDP_MODE_DRV].prog |
		     (unsigned long)peer->xdp_state[XDP_MODE_DRV].link))
		return false;
	if (kpac_compat_rps_needed() && kpac_xmit_steered(peer))
		return false;
	return true;
}

/* Go on as if the peer had just received the packet. */
static __always_inline void kpac_xmit_handover(struct sk_buff *skb,
					       const struct kpac_path *path)
{
	struct net_device *dev = path->dev, *peer = path->peer;

	/* The peer's receive counters are the device's transmit counters. */
	dev_sw_netstats_tx_add(dev, 1, skb->len);
	kpac_compat_scrub(skb, path->peer_xnet);
	/* If received packets are stamped, the peer's are. */
	if (unlikely(skb->tstamp))
		__net_timestamp(skb);
	skb->priority = 0;
	skb_set_queue_mapping(skb, 0);
	skb_reset_mac_header(skb);
	skb->mac_len = ETH_HLEN;
	__skb_pull(skb, ETH_HLEN);
	skb->dev = peer;
	if (unlikely(!ether_addr_equal_64bits(eth_hdr(skb)->h_dest,
					      peer->dev_addr)))
		eth_skb_pkt_type(skb, peer);
}

/* Whether a packet that is in one piece can be handed over with the
 * neighbour's cached header.
 */
static __always_inline bool kpac_xmit_may_express(const struct kpac_path *path)
{
	const struct neighbour *neigh = path->key.neigh;
	const struct net_device *peer = path->peer;

	if (unlikely(!(READ_ONCE(neigh->nud_state) & NUD_CONNECTED)))
		return false;
	if (unlikely(READ_ONCE(neigh->hh.hh_len) != path->hh_len))
		return false;
	if (unlikely(!peer) || kpac_compat_rps_needed())
		return false;
	if (unlikely((unsigned long)peer->xdp_state[XDP_MODE_DRV].prog |
		     (unsigned long)peer->xdp_state[XDP_MODE_DRV].link))
		return false;
	return kpac_xmit_nobody_looks(path->dev);
}

/* Hand such a packet over. */
static __always_inline void kpac_xmit_express(struct sk_buff *skb,
					      const struct kpac_path *path)
{
	kpac_xmit_hh(skb, &path->key.neigh->hh);
	kpac_xmit_handover(skb, path);
}

/**
 * kpac_xmit - send a packet on a path
 * @pskb: the packet, from the network header on; unshared, with headroom for
 *	the link-layer header; consumed unless it is handed over, then it may
 *	have been replaced
 * @path: the path
 * @may_handover: the caller can go on with the packet on another device
 *
 * Context: softirq.
 * Return: how the packet left. If that is %KPAC_EXIT_HANDOVER the caller has
 * to go on with *@pskb as received by its device.
 */
static __always_inline enum kpac_exit kpac_xmit(struct sk_buff **pskb,
						const struct kpac_path *path,
						bool may_handover)
{
	struct sk_buff *skb = *pskb;

	skb->dev = path->dev;
	if (unlikely(!kpac_xmit_header(skb, path))) {
		kfree_skb(skb);
		return KPAC_EXIT_DROP;
	}
	if (unlikely(!kpac_xmit_nobody_looks(path->dev)))
		return kpac_xmit_queued(skb, path);
	if (unlikely(!path->peer) || !may_handover ||
	    unlikely(!kpac_xmit_may_handover(path)))
		return kpac_xmit_direct(skb, path);
	if (unlikely(!kpac_xmit_simple(skb)))
		return kpac_xmit_handover_long(pskb, path);
	kpac_xmit_handover(skb, path);
	return KPAC_EXIT_HANDOVER;
}

#endif /* _KPAC_XMIT_H */
