// SPDX-License-Identifier: GPL-2.0
/* Destinations that are passed to the stack; see passdst.h. */

#include <net/net_namespace.h>

#include "passdst.h"

DEFINE_PER_CPU(struct kpac_passdst, kpac_passdst);

/* Whether routes are chosen by the destination alone. */
static bool kpac_passdst_alone(const struct net *net, __be16 protocol)
{
	if (protocol == htons(ETH_P_IP)) {
#ifdef CONFIG_IP_MULTIPLE_TABLES
		if (net->ipv4.fib_has_custom_rules)
			return false;
#endif
		return true;
	}
#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	if (net->ipv6.fib6_has_custom_rules)
		return false;
#endif
#ifdef CONFIG_IPV6_SUBTREES
	if (net->ipv6.fib6_routes_require_src)
		return false;
#endif
	return true;
}

/**
 * kpac_passdst_add - remember that a packet's destination is passed
 * @port: the port it came in by
 * @skb: the packet, IPv4 or IPv6, its header linear
 * @reason: why it is passed: what its route says
 *
 * Remembers nothing if that need not be because of the destination alone.
 *
 * Context: softirq.
 */
void kpac_passdst_add(const struct kpac_port *port, const struct sk_buff *skb,
		      enum kpac_pass_reason reason)
{
	unsigned int i;
	u64 key;

	if (reason != KPAC_PASS_REASON_LOCAL &&
	    !kpac_passdst_alone(port->net, skb->protocol))
		return;
	if (skb->protocol == htons(ETH_P_IP)) {
		i = kpac_passdst_place4(ip_hdr(skb));
		key = kpac_passdst_key4(port, ip_hdr(skb));
	} else {
		i = kpac_passdst_place6(ipv6_hdr(skb));
		key = kpac_passdst_key6(port, ipv6_hdr(skb));
	}
	this_cpu_write(kpac_passdst.reason[i], reason);
	this_cpu_write(kpac_passdst.key[i], key);
}

/**
 * kpac_passdst_forget - forget all destinations
 *
 * Context: process. A CPU that is just adding one may keep it.
 */
void kpac_passdst_forget(void)
{
	int cpu, i;

	for_each_possible_cpu(cpu)
		for (i = 0; i < KPAC_PASSDSTS; i++)
			WRITE_ONCE(per_cpu(kpac_passdst, cpu).key[i], 0);
}
