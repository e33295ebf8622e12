// SPDX-License-Identifier: GPL-2.0
/* Forwarding IPv4: what ip_rcv(), ip_forward() and ip_output() do. */

#include <linux/inetdevice.h>
#include <net/inet_ecn.h>
#include <net/ip.h>

#include "hooks.h"
#include "ipv4.h"
#include "judge.h"
#include "key.h"
#include "packet.h"
#include "xmit.h"

/* Whether the checksum of a header without options is right: it makes the sum
 * of all 16-bit words a multiple of 65535. So is what a carry out of 64 bits
 * stands for, less the one that is put back in its place.
 */
static __always_inline bool kpac_checksum4(const struct iphdr *iph)
{
	const u64 *p = (const u64 *)iph;
	u64 sum = get_unaligned(p), more = get_unaligned(p + 1);

	sum += more;
	sum += sum < more;
	more = (__force u32)iph->daddr;
	sum += more;
	sum += sum < more;
	return !(sum % 0xffff);
}

/* What ip_rcv() asks of a header that has no options. */
static __always_inline bool kpac_valid4(const struct sk_buff *skb,
					const struct iphdr *iph,
					unsigned int len)
{
	if (unlikely(len != skb->len) &&
	    (len < sizeof(*iph) || len > skb->len))
		return false;
	return likely(kpac_checksum4(iph));
}

/* Do to an IPv4 packet what the stack would, and send it. */
static __always_inline enum kpac_outcome
kpac_send4(struct kpac_port *port, struct sk_buff **pskb,
	   struct kpac_path *path, unsigned int len, bool may_handover)
{
	struct sk_buff *skb = *pskb;
	struct net *net = port->net;
	unsigned int bytes = skb->len;
	struct iphdr *iph = ip_hdr(skb);

	kpac_path_touch(path);
	__IP_UPD_PO_STATS(net, IPSTATS_MIB_IN, bytes);
	__IP_ADD_STATS(net, IPSTATS_MIB_NOECTPKTS + (iph->tos & INET_ECN_MASK),
		       max_t(u16, 1, skb_shinfo(skb)->gso_segs));

	skb = kpac_take(skb, path, sizeof(*iph), len);
	if (unlikely(!skb)) {
		__IP_INC_STATS(net, IPSTATS_MIB_INDISCARDS);
		return kpac_dropped(port, bytes);
	}
	if (unlikely(READ_ONCE(port->flags) & KPAC_PORT_VRF)) {
		skb = kpac_l3mdev(skb);
		if (!skb)
			return kpac_dropped(port, bytes);
	}

	iph = ip_hdr(skb);
	__IP_INC_STATS(net, IPSTATS_MIB_OUTFORWDATAGRAMS);
	ip_decrease_ttl(iph);
	__IP_UPD_PO_STATS(net, IPSTATS_MIB_OUT, len);

	*pskb = skb;
	return kpac_left(port, kpac_xmit(pskb, path, may_handover), len, pskb);
}

/* The path of an IPv4 packet whose flow by addresses and DSCP alone does not
 * lead to it: the flow is new, or its path has gone, or routing looks at more.
 * Or NULL and the reason to pass it.
 */
static noinline struct kpac_path *
kpac_find4(struct kpac_port *port, struct sk_buff *skb,
	   enum kpac_pass_reason *reason)
{
	const struct iphdr *iph = ip_hdr(skb);
	/* IPv4 routes for the device itself even if that is in a VRF */
	struct net_device *dev = port->dev;
	enum kpac_depth depth = kpac_depth4(dev_net(dev));
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	struct kpac_flow_key key;
	struct kpac_path *path;
	u32 ref = 0;
	bool once;

	if (skb_shared(skb)) {
		*reason = KPAC_PASS_REASON_METADATA;
		return NULL;
	}
	once = kpac_once(skb, depth) || (iph->protocol == IPPROTO_ICMP &&
					 kpac_icmp_error(skb, sizeof(*iph)));
	if (depth != KPAC_DEPTH_L3 && ip_is_fragment(iph)) {
		*reason = KPAC_PASS_REASON_FRAGMENT;
		return NULL;
	}
	if (depth != KPAC_DEPTH_L3 || skb->mark) {
		kpac_key4_long(port, skb, iph, depth != KPAC_DEPTH_L3, &key);
		ref = kpac_flow_find_first(&key, key.hi) ?:
		      kpac_flow_find_second(&key, key.hi);
	} else {
		kpac_key4(port, iph, &key);
	}
	if (kpac_ref_is_path(ref) && !once && kpac_path_get(ref, &path) &&
	    kpac_path_current4(path, dev_net(dev), in_dev))
		return path;

	path = kpac_path_resolve4(port, skb, dev, reason);
	if (path && !once)
		kpac_flow_store(&key, kpac_flow_hash(&key), path->ref);
	return path;
}

static noinline enum kpac_outcome
kpac_malformed4(const struct kpac_port *port, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->version == 4 && iph->ihl > 5)
		return kpac_pass_in_order(port, KPAC_PASS_REASON_OPTIONS, skb);
	return kpac_pass(port, KPAC_PASS_REASON_MALFORMED, skb);
}

/**
 * kpac_forward4 - forward an IPv4 packet, or leave it to the stack
 * @port: the port it came in by
 * @pskb: the packet, its header linear; may be replaced
 * @ref: what its flow by what is in its header refers to, 0 if that is not in
 *	its first place
 * @may_handover: the caller can go on with the packet on another device
 *
 * Context: softirq, under RCU.
 * Return: as kpac_forward().
 */
enum kpac_outcome kpac_forward4(struct kpac_port *port, struct sk_buff **pskb,
				u32 ref, bool may_handover)
{
	const struct in_device *in_dev = __in_dev_get_rcu(port->dev);
	const struct net *net = port->net;
	enum kpac_pass_reason reason;
	struct sk_buff *skb = *pskb;
	struct kpac_path *path;
	const struct iphdr *iph;
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
	if (unlikely(kpac_hooks_after(net->nf.hooks_ipv4)))
		return kpac_pass_flow(port, KPAC_PASS_REASON_NETFILTER, skb);

	iph = ip_hdr(skb);
	if (unlikely(*(const u8 *)iph != 0x45))
		return kpac_malformed4(port, skb);
	len = iph_totlen(skb, iph);
	if (unlikely(!kpac_valid4(skb, iph, len)))
		return kpac_malformed4(port, skb);

	if (unlikely(!kpac_ref_is_path(ref) || skb->mark ||
		     !kpac_path_get(ref, &path) ||
		     !kpac_path_current4(path, net, in_dev) ||
		     (iph->protocol == IPPROTO_ICMP &&
		      kpac_icmp_error(skb, sizeof(*iph))))) {
		path = kpac_find4(port, skb, &reason);
		if (!path)
			return kpac_pass_flow(port, reason, skb);
		iph = ip_hdr(skb);
	}

	if (unlikely(iph->ttl <= 1))
		return kpac_pass(port, KPAC_PASS_REASON_TTL, skb);
	if (unlikely(kpac_lro(skb)))
		return kpac_pass_in_order(port, KPAC_PASS_REASON_METADATA, skb);
	if (unlikely(!kpac_fits(skb, sizeof(*iph), len, path->mtu)))
		return kpac_pass_in_order(port, KPAC_PASS_REASON_MTU, skb);
	if (unlikely(!kpac_neigh_usable(path->key.neigh)))
		return kpac_pass_in_order(port, KPAC_PASS_REASON_NEIGHBOUR, skb);

	return kpac_send4(port, pskb, path, len, may_handover);
}

/* Do to a packet on the express lane what the stack would, and put the
 * link-layer header in front.
 */
static __always_inline void kpac_rewrite4(struct kpac_port *port,
					  struct sk_buff *skb,
					  struct kpac_path *path,
					  unsigned int len)
{
	struct ipstats_mib __percpu *mib = port->net->mib.ip_statistics;
	struct iphdr *iph = ip_hdr(skb);

	kpac_path_touch(path);
	__SNMP_UPD_PO_STATS64(mib, IPSTATS_MIB_IN, skb->len);
	kpac_unpad(skb, len);
	__SNMP_INC_STATS64(mib, IPSTATS_MIB_NOECTPKTS +
				(iph->tos & INET_ECN_MASK));
	__SNMP_INC_STATS64(mib, IPSTATS_MIB_OUTFORWDATAGRAMS);
	ip_decrease_ttl(iph);
	__SNMP_UPD_PO_STATS64(mib, IPSTATS_MIB_OUT, len);
	kpac_xmit_hh(skb, &path->key.neigh->hh);
}

/* The end of the express lane for packets that do not just go on. */
static noinline enum kpac_outcome
kpac_express4_end(struct kpac_port *port, struct sk_buff *skb,
		  struct kpac_path *path, unsigned int len,
		  enum kpac_way way)
{
	kpac_rewrite4(port, skb, path, len);
	kpac_stats_exit(port->stats, kpac_xmit_express(skb, path, way), len);
	return KPAC_STOLEN;
}

/**
 * kpac_express4 - the express lane for IPv4
 * @port: the port the packet came in by
 * @pskb: the packet, its header linear; may be replaced
 * @ref: the path's number that its flow refers to
 * @may_handover: the caller can go on with the packet on another device
 *
 * Does what kpac_forward4() would to the most common packet, which has nothing
 * special about it and can leave without a queue. Everything else is left to
 * that function, in the last call: so this needs next to no stack.
 *
 * Context: softirq, under RCU.
 * Return: as kpac_forward().
 */
enum kpac_outcome kpac_express4(struct kpac_port *port, struct sk_buff **pskb,
				u32 ref, bool may_handover)
{
	struct sk_buff *skb = *pskb;
	struct net *net = port->net;
	const struct iphdr *iph;
	struct kpac_path *path;
	enum kpac_way way;
	unsigned int len;

	if (kpac_unfit(port, net, skb) ||
	    kpac_hooks_after(net->nf.hooks_ipv4))
		goto careful;
	if (!kpac_path_get(ref, &path) ||
	    !kpac_path_current4(path, net, __in_dev_get_rcu(port->dev)))
		goto careful;
	iph = ip_hdr(skb);
	len = ntohs(iph->tot_len);
	if (!kpac_ordinary(skb, sizeof(*iph), len) ||
	    unlikely(len > path->mtu) || unlikely(iph->ttl <= 1) ||
	    unlikely(iph->protocol == IPPROTO_ICMP) ||
	    unlikely(!kpac_checksum4(iph)))
		goto careful;
	way = kpac_express_way(skb, path, may_handover);
	if (unlikely(way != KPAC_WAY_HANDOVER)) {
		if (way == KPAC_WAY_QUEUED)
			goto careful;
		return kpac_express4_end(port, skb, path, len, way);
	}

	kpac_rewrite4(port, skb, path, len);
	kpac_stats_exit(port->stats, KPAC_EXIT_HANDOVER, len);
	kpac_xmit_count(path, len);
	return kpac_xmit_handover(skb, path);

careful:
	return kpac_forward4(port, pskb, ref, may_handover);
}
