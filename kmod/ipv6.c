// SPDX-License-Identifier: GPL-2.0
/* Forwarding IPv6: what ip6_rcv(), ip6_forward() and ip6_output() do. */

#include <net/addrconf.h>
#include <net/inet_ecn.h>
#include <net/ipv6.h>

#include "hooks.h"
#include "ipv6.h"
#include "judge.h"
#include "key.h"
#include "packet.h"
#include "xmit.h"

/* What ip6_rcv() asks of a header that has no extensions. */
static __always_inline bool kpac_valid6(const struct sk_buff *skb,
					const struct ipv6hdr *hdr,
					unsigned int len)
{
	return hdr->version == 6 && len <= skb->len;
}

static __always_inline unsigned int kpac_len6(const struct sk_buff *skb,
					      const struct ipv6hdr *hdr)
{
	return ipv6_payload_len(skb, hdr) + sizeof(*hdr);
}

/* Headers behind which a router must look, or which change what the kernel's
 * flow dissector sees.
 */
static __always_inline bool kpac_extension6(u8 nexthdr)
{
	if (likely(nexthdr == NEXTHDR_TCP || nexthdr == NEXTHDR_UDP))
		return false;
	switch (nexthdr) {
	case NEXTHDR_HOP:
	case NEXTHDR_ROUTING:
	case NEXTHDR_FRAGMENT:
	case NEXTHDR_AUTH:
	case NEXTHDR_NONE:
	case NEXTHDR_DEST:
	case NEXTHDR_MOBILITY:
		return true;
	default:
		return false;
	}
}

/* What of IPv6's settings lets a packet be forwarded. */
static __always_inline bool kpac_forwarding6(const struct net *net,
					     const struct inet6_dev *idev)
{
	const struct ipv6_devconf *all = net->ipv6.devconf_all;

	return likely(idev) && likely(READ_ONCE(all->forwarding)) &&
	       likely(!(READ_ONCE(all->proxy_ndp) |
			READ_ONCE(idev->cnf.disable_ipv6)));
}

static __always_inline unsigned int kpac_mtu6(const struct kpac_path *path,
					      const struct inet6_dev *out)
{
	return min_t(u32, path->mtu, READ_ONCE(out->cnf.mtu6));
}

/* Do to an IPv6 packet what the stack would, and send it. */
static __always_inline enum kpac_outcome
kpac_send6(struct kpac_port *port, struct sk_buff **pskb,
	   struct kpac_path *path, unsigned int len, bool may_handover)
{
	struct inet6_dev *in = __in6_dev_get(port->dev);
	struct inet6_dev *out = ip6_dst_idev(path->key.dst);
	struct net *net = port->net;
	struct sk_buff *skb = *pskb;
	unsigned int bytes = skb->len;
	struct ipv6hdr *hdr = ipv6_hdr(skb);

	kpac_path_touch(path);
	__IP6_UPD_PO_STATS(net, in, IPSTATS_MIB_IN, bytes);
	__IP6_ADD_STATS(net, in, IPSTATS_MIB_NOECTPKTS +
				 (ipv6_get_dsfield(hdr) & INET_ECN_MASK),
			max_t(u16, 1, skb_shinfo(skb)->gso_segs));

	skb = kpac_take(skb, path, sizeof(*hdr), len);
	if (unlikely(!skb)) {
		__IP6_INC_STATS(net, in, IPSTATS_MIB_INDISCARDS);
		return kpac_dropped(port, bytes);
	}
	if (unlikely(READ_ONCE(port->flags) & KPAC_PORT_VRF)) {
		skb = kpac_l3mdev(skb);
		if (!skb)
			return kpac_dropped(port, bytes);
	}

	__IP6_INC_STATS(net, out, IPSTATS_MIB_OUTFORWDATAGRAMS);
	ipv6_hdr(skb)->hop_limit--;
	__IP6_UPD_PO_STATS(net, out, IPSTATS_MIB_OUT, len);

	*pskb = skb;
	return kpac_left(port, kpac_xmit(pskb, path, may_handover), len, pskb);
}

/* The path of an IPv6 packet whose flow by what is in its header does not lead
 * to it; see kpac_find4().
 */
static noinline struct kpac_path *
kpac_find6(struct kpac_port *port, struct sk_buff *skb,
	   enum kpac_pass_reason *reason)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	struct net_device *dev = READ_ONCE(port->l3dev);
	enum kpac_depth depth = kpac_depth6(dev_net(dev));
	struct kpac_flow_key key;
	struct kpac_path *path;
	u32 ref = 0;
	bool once;

	if (skb_shared(skb)) {
		*reason = KPAC_PASS_REASON_METADATA;
		return NULL;
	}
	once = kpac_once(skb, depth) ||
	       (hdr->nexthdr == NEXTHDR_ICMP &&
		kpac_icmpv6_error(skb, sizeof(*hdr)));
	if (depth != KPAC_DEPTH_L3 || skb->mark) {
		kpac_key6_long(port, skb, hdr, depth != KPAC_DEPTH_L3, &key);
		ref = kpac_flow_find_first(&key, key.hi) ?:
		      kpac_flow_find_second(&key, key.hi);
	} else {
		kpac_key6(port, hdr, 0, &key);
	}
	if (kpac_ref_is_path(ref) && !once && kpac_path_get(ref, &path) &&
	    kpac_path_current6(path, port->kn))
		return path;

	path = kpac_path_resolve6(port, skb, dev, reason);
	if (path && !once && !kpac_port_fib6_changing(port->kn))
		kpac_flow_store(&key, key.hi, path->ref);
	return path;
}

/**
 * kpac_forward6 - forward an IPv6 packet, or leave it to the stack
 * @port: the port it came in by
 * @pskb: the packet, its header linear; may be replaced
 * @ref: what its flow by what is in its header refers to, 0 if that is not in
 *	its first place
 * @may_handover: the caller can go on with the packet on another device
 *
 * Context: softirq, under RCU.
 * Return: as kpac_forward().
 */
enum kpac_outcome kpac_forward6(struct kpac_port *port, struct sk_buff **pskb,
				u32 ref, bool may_handover)
{
	const struct net *net = port->net;
	enum kpac_pass_reason reason;
	const struct inet6_dev *out;
	struct sk_buff *skb = *pskb;
	const struct ipv6hdr *hdr;
	struct kpac_path *path;
	unsigned int len;
	int obstacle;

	if (unlikely(!ref)) {
		ref = kpac_second(port, skb);
		if (kpac_ref_is_pass(ref))
			return kpac_pass(port, kpac_ref_reason(ref), skb);
	}
	obstacle = kpac_obstacle(port, net, skb);
	if (unlikely(obstacle >= 0))
		return kpac_pass_flow(port, obstacle, skb);
	if (unlikely(kpac_hooks_after(net->nf.hooks_ipv6)))
		return kpac_pass_flow(port, KPAC_PASS_REASON_NETFILTER, skb);
	if (unlikely(!kpac_forwarding6(net, __in6_dev_get(port->dev))))
		return kpac_pass_flow(port, KPAC_PASS_REASON_IP_FORWARD_OFF,
				      skb);

	hdr = ipv6_hdr(skb);
	len = kpac_len6(skb, hdr);
	if (unlikely(!kpac_valid6(skb, hdr, len)))
		return kpac_pass(port, KPAC_PASS_REASON_MALFORMED, skb);
	if (unlikely(kpac_extension6(hdr->nexthdr)))
		return kpac_pass_in_order(port,
					  KPAC_PASS_REASON_EXTENSION_HEADER,
					  skb);

	if (unlikely(!kpac_ref_is_path(ref) || skb->mark ||
		     !kpac_path_get(ref, &path) ||
		     !kpac_path_current6(path, port->kn) ||
		     (hdr->nexthdr == NEXTHDR_ICMP &&
		      kpac_icmpv6_error(skb, sizeof(*hdr))))) {
		path = kpac_find6(port, skb, &reason);
		if (!path)
			return kpac_pass_flow(port, reason, skb);
		hdr = ipv6_hdr(skb);
	}

	if (unlikely(hdr->hop_limit <= 1))
		return kpac_pass(port, KPAC_PASS_REASON_TTL, skb);
	if (unlikely(kpac_lro(skb)))
		return kpac_pass_in_order(port, KPAC_PASS_REASON_METADATA, skb);
	out = ip6_dst_idev(path->key.dst);
	if (unlikely(READ_ONCE(out->cnf.disable_ipv6)))
		return kpac_pass_in_order(port, KPAC_PASS_REASON_IP_FORWARD_OFF,
					  skb);
	if (unlikely(!kpac_fits(skb, sizeof(*hdr), len,
				kpac_mtu6(path, out))))
		return kpac_pass_in_order(port, KPAC_PASS_REASON_MTU, skb);
	if (unlikely(!kpac_neigh_usable(path->key.neigh)))
		return kpac_pass_in_order(port, KPAC_PASS_REASON_NEIGHBOUR, skb);

	return kpac_send6(port, pskb, path, len, may_handover);
}

/* Do to a packet on the express lane what the stack would, and put the
 * link-layer header in front.
 */
static __always_inline void kpac_rewrite6(struct kpac_port *port,
					  struct sk_buff *skb,
					  struct kpac_path *path,
					  struct inet6_dev *in,
					  unsigned int len)
{
	struct inet6_dev *out = ip6_dst_idev(path->key.dst);
	struct ipstats_mib __percpu *mib = port->net->mib.ipv6_statistics;
	struct ipstats_mib __percpu *in_mib = in->stats.ipv6;
	struct ipstats_mib __percpu *out_mib = out->stats.ipv6;
	struct ipv6hdr *hdr = ipv6_hdr(skb);
	u8 ecn = ipv6_get_dsfield(hdr) & INET_ECN_MASK;

	kpac_path_touch(path);
	__SNMP_UPD_PO_STATS64(mib, IPSTATS_MIB_IN, skb->len);
	__SNMP_UPD_PO_STATS64(in_mib, IPSTATS_MIB_IN, skb->len);
	kpac_unpad(skb, len);
	__SNMP_INC_STATS64(mib, IPSTATS_MIB_NOECTPKTS + ecn);
	__SNMP_INC_STATS64(in_mib, IPSTATS_MIB_NOECTPKTS + ecn);
	__SNMP_INC_STATS64(mib, IPSTATS_MIB_OUTFORWDATAGRAMS);
	__SNMP_INC_STATS64(out_mib, IPSTATS_MIB_OUTFORWDATAGRAMS);
	hdr->hop_limit--;
	__SNMP_UPD_PO_STATS64(mib, IPSTATS_MIB_OUT, len);
	__SNMP_UPD_PO_STATS64(out_mib, IPSTATS_MIB_OUT, len);
	kpac_xmit_hh(skb, &path->key.neigh->hh);
}

/* The end of the express lane for packets that do not just go on. */
static noinline enum kpac_outcome
kpac_express6_end(struct kpac_port *port, struct sk_buff *skb,
		  struct kpac_path *path, struct inet6_dev *in,
		  unsigned int len, enum kpac_way way)
{
	kpac_rewrite6(port, skb, path, in, len);
	kpac_stats_exit(port->stats, kpac_xmit_express(skb, path, way), len);
	return KPAC_STOLEN;
}

/**
 * kpac_express6 - the express lane for IPv6
 * @port: the port the packet came in by
 * @pskb: the packet, its header linear; may be replaced
 * @ref: the path's number that its flow refers to
 * @may_handover: the caller can go on with the packet on another device
 *
 * Does what kpac_forward6() would to the most common packet; see
 * kpac_express4(). That there is a flow says that version and next header have
 * been looked at.
 *
 * Context: softirq, under RCU.
 * Return: as kpac_forward().
 */
enum kpac_outcome kpac_express6(struct kpac_port *port, struct sk_buff **pskb,
				u32 ref, bool may_handover)
{
	struct sk_buff *skb = *pskb;
	struct net *net = port->net;
	const struct inet6_dev *out;
	const struct ipv6hdr *hdr;
	struct kpac_path *path;
	struct inet6_dev *in;
	enum kpac_way way;
	unsigned int len;

	if (kpac_unfit(port, net, skb) ||
	    kpac_hooks_after(net->nf.hooks_ipv6))
		goto careful;
	in = __in6_dev_get(port->dev);
	if (!kpac_forwarding6(net, in))
		goto careful;
	if (!kpac_path_get(ref, &path) || !path->pcpu6 ||
	    !kpac_path_current6(path, port->kn))
		goto careful;
	out = ip6_dst_idev(path->key.dst);
	if (unlikely(READ_ONCE(out->cnf.disable_ipv6)))
		goto careful;
	hdr = ipv6_hdr(skb);
	len = ntohs(hdr->payload_len) + sizeof(*hdr);
	if (!kpac_ordinary(skb, sizeof(*hdr), len) ||
	    unlikely(len > path->mtu) ||
	    unlikely(len > READ_ONCE(out->cnf.mtu6)) ||
	    unlikely(hdr->hop_limit <= 1) ||
	    unlikely(hdr->nexthdr == NEXTHDR_ICMP))
		goto careful;
	way = kpac_express_way(skb, path, may_handover);
	if (unlikely(way != KPAC_WAY_HANDOVER)) {
		if (way == KPAC_WAY_QUEUED)
			goto careful;
		return kpac_express6_end(port, skb, path, in, len, way);
	}

	kpac_rewrite6(port, skb, path, in, len);
	kpac_stats_exit(port->stats, KPAC_EXIT_HANDOVER, len);
	kpac_xmit_count(path, len);
	return kpac_xmit_handover(skb, path);

careful:
	return kpac_forward6(port, pskb, ref, may_handover);
}
