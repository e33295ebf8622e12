/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys: which flow a packet belongs to, which is all of it that the kernel's
 * routing can look at.
 */
#ifndef _KPAC_KEY_H
#define _KPAC_KEY_H

#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "flow.h"
#include "port.h"

/* The first two bytes of an IPv4 header, the first one lowest, without ECN,
 * which routing ignores.
 */
#define KPAC_IP4_HEAD_MASK	(0xffff & ~(INET_ECN_MASK << 8))

/* How much of a packet routing looks at, beyond addresses and DSCP. */
enum kpac_depth {
	KPAC_DEPTH_L3,
	KPAC_DEPTH_L4,		/* protocol and ports */
	KPAC_DEPTH_FULL,	/* more than a flow says */
};

static __always_inline enum kpac_depth kpac_depth(u8 hash_policy,
						  unsigned int rules)
{
	if (likely(!hash_policy && !rules))
		return KPAC_DEPTH_L3;
	return hash_policy > 1 ? KPAC_DEPTH_FULL : KPAC_DEPTH_L4;
}

static __always_inline enum kpac_depth kpac_depth4(const struct net *net)
{
	unsigned int rules = 0;
	u8 policy = 0;

#ifdef CONFIG_IP_ROUTE_MULTIPATH
	policy = READ_ONCE(net->ipv4.sysctl_fib_multipath_hash_policy);
#endif
#ifdef CONFIG_IP_MULTIPLE_TABLES
	rules = net->ipv4.fib_rules_require_fldissect;
#endif
	return kpac_depth(policy, rules);
}

static __always_inline enum kpac_depth kpac_depth6(const struct net *net)
{
	unsigned int rules = 0;

#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	rules = net->ipv6.fib6_rules_require_fldissect;
#endif
	return kpac_depth(ip6_multipath_hash_policy(net), rules);
}

/* The flow of an IPv4 packet by its addresses and DSCP. */
static __always_inline void kpac_key4(const struct kpac_port *port,
				      const struct iphdr *iph,
				      struct kpac_flow_key *key)
{
	key->hi = get_unaligned((u64 *)&iph->saddr);
	key->lo = port->key4 |
		  (le16_to_cpup((const __le16 *)iph) & KPAC_IP4_HEAD_MASK);
}

/* The flow of an IPv6 packet by addresses, traffic class, flow label and
 * protocol; @more is what routing sees beyond that.
 */
static __always_inline void kpac_key6(const struct kpac_port *port,
				      const struct ipv6hdr *hdr, u64 more,
				      struct kpac_flow_key *key)
{
	/* all of the first word but ECN, payload length and hop limit */
	const __be64 mask = ~cpu_to_be64((u64)INET_ECN_MASK << 52 |
					 0xffff0000 | 0xff);
	__be64 first = get_unaligned((const __be64 *)hdr) & mask;
	const u64 *addr = (const u64 *)&hdr->saddr;
	struct kpac_flow_sum sum = {};

	kpac_flow_add(&sum, 0, get_unaligned(addr), get_unaligned(addr + 1));
	kpac_flow_add(&sum, 2, get_unaligned(addr + 2),
		      get_unaligned(addr + 3));
	kpac_flow_add(&sum, 4, (__force u64)first | port->key6, more);
	kpac_flow_fold(&sum, key);
}

void kpac_key_port(struct kpac_port *port);
bool kpac_icmp_error(const struct sk_buff *skb, int offset);
bool kpac_icmpv6_error(const struct sk_buff *skb, int offset);
bool kpac_once(const struct sk_buff *skb, enum kpac_depth depth);
void kpac_key4_long(const struct kpac_port *port, const struct sk_buff *skb,
		    const struct iphdr *iph, bool ports,
		    struct kpac_flow_key *key);
void kpac_key6_long(const struct kpac_port *port, const struct sk_buff *skb,
		    const struct ipv6hdr *hdr, bool ports,
		    struct kpac_flow_key *key);
void kpac_key(const struct kpac_port *port, const struct sk_buff *skb,
	      struct kpac_flow_key *key);
u32 kpac_second(const struct kpac_port *port, const struct sk_buff *skb);

#endif /* _KPAC_KEY_H */
