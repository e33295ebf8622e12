// SPDX-License-Identifier: GPL-2.0
/* Destinations that are passed to the stack; see passdst.h. */

#include <net/addrconf.h>
#include <net/inet_dscp.h>
#include <net/ip_fib.h>
#include <net/net_namespace.h>
#include <net/route.h>

#include "passdst.h"

DEFINE_PER_CPU(struct kpac_passdst, kpac_passdst);

/* Whether the route that an IPv4 packet has got is that of its destination, and
 * not, by a rule, that of something else about it.
 */
static bool kpac_passdst_alone4(const struct kpac_port *port,
				const struct iphdr *iph,
				enum kpac_pass_reason reason)
{
	if (reason != KPAC_PASS_REASON_LOCAL && iph->tos & INET_DSCP_MASK)
		return false;
#ifdef CONFIG_IP_MULTIPLE_TABLES
	if (port->net->ipv4.fib_has_custom_rules)
		return reason == KPAC_PASS_REASON_LOCAL &&
		       inet_addr_type_dev_table(port->net, port->l3dev,
						iph->daddr) == RTN_LOCAL;
#endif
	return true;
}

/* The same for IPv6. */
static bool kpac_passdst_alone6(const struct kpac_port *port,
				const struct ipv6hdr *hdr,
				enum kpac_pass_reason reason)
{
	bool rules = false;

#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	rules |= port->net->ipv6.fib6_has_custom_rules;
#endif
#ifdef CONFIG_IPV6_SUBTREES
	rules |= port->net->ipv6.fib6_routes_require_src;
#endif
	if (!rules)
		return true;
#if IS_ENABLED(CONFIG_IPV6)
	return reason == KPAC_PASS_REASON_LOCAL &&
	       ipv6_chk_addr(port->net, &hdr->daddr, port->l3dev, 0);
#else
	return false;
#endif
}

/**
 * kpac_passdst_add - remember that a packet's destination is passed
 * @port: the port it came in by
 * @skb: the packet, IPv4 or IPv6, its header linear
 * @reason: why it is passed: what its route says
 *
 * Remembers nothing if that need not be because of the destination alone. (That
 * there may be other routes for another DSCP is accepted.)
 *
 * Context: softirq.
 */
void kpac_passdst_add(const struct kpac_port *port, const struct sk_buff *skb,
		      enum kpac_pass_reason reason)
{
	struct kpac_passdst *all = this_cpu_ptr(&kpac_passdst);
	unsigned int i;

	if (skb->protocol == htons(ETH_P_IP)) {
		const struct iphdr *iph = ip_hdr(skb);

		if (!kpac_passdst_alone4(port, iph, reason))
			return;
		i = kpac_passdst_place4(port, iph);
		all->reason4[i] = reason;
		all->ip4[i] = kpac_passdst_ip4(port, iph);
	} else {
		const struct ipv6hdr *hdr = ipv6_hdr(skb);

		if (!kpac_passdst_alone6(port, hdr, reason))
			return;
		i = kpac_passdst_place6(port, hdr);
		all->reason6[i] = reason;
		all->ip6_hi[i] = kpac_passdst_ip6_hi(hdr);
		all->ip6_lo[i] = kpac_passdst_ip6_lo(port, hdr);
	}
}

/**
 * kpac_passdst_forget - forget all destinations
 *
 * Context: process. A CPU that is just adding one may keep it until the next
 * time.
 */
void kpac_passdst_forget(void)
{
	int cpu, i;

	for_each_possible_cpu(cpu) {
		struct kpac_passdst *all = per_cpu_ptr(&kpac_passdst, cpu);

		for (i = 0; i < KPAC_PASSDSTS; i++) {
			WRITE_ONCE(all->ip4[i], 0);
			WRITE_ONCE(all->ip6_lo[i], 0);
		}
	}
}
