// SPDX-License-Identifier: GPL-2.0
/* Which flow a packet belongs to, where more than its header counts. */

#include <linux/icmp.h>
#include <linux/icmpv6.h>

#include "key.h"

/* The L4 ports, where the kernel's flow dissector would find them. */
static u32 kpac_l4_ports(const struct sk_buff *skb, u8 proto, int offset)
{
	__be32 ports, *p;
	int skip = proto_ports_offset(proto);

	if (skip < 0)
		return 0;
	p = skb_header_pointer(skb, offset + skip, sizeof(ports), &ports);
	return p ? (__force u32)*p : 0;
}

/**
 * kpac_key_port - set what a port adds to the keys of its flows
 * @port: the port; its number is set
 *
 * Context: any, before the port's door is opened.
 */
void kpac_key_port(struct kpac_port *port)
{
	port->key4 = (u32)port->id << 16;
	/* in the place of the payload length */
	port->key6 = (__force u64)cpu_to_be64((u64)port->id << 16);
	port->salt = port->id * kpac_flow_secret.index[1];
}

/**
 * kpac_icmp_error - whether an ICMP packet is an error
 * @skb: the packet
 * @offset: of the ICMP header from skb->data
 *
 * Multipath routes choose for an error what they would choose for the packet
 * that caused it.
 *
 * Context: softirq.
 * Return: true if it is, or if it cannot be told.
 */
bool kpac_icmp_error(const struct sk_buff *skb, int offset)
{
	u8 type, *p = skb_header_pointer(skb, offset, sizeof(type), &type);

	return !p || (*p != ICMP_ECHO && *p != ICMP_ECHOREPLY);
}

/**
 * kpac_icmpv6_error - whether an ICMPv6 packet is an error
 * @skb: the packet
 * @offset: of the ICMPv6 header from skb->data
 *
 * Context: softirq.
 * Return: true if it is, or if it cannot be told.
 */
bool kpac_icmpv6_error(const struct sk_buff *skb, int offset)
{
	u8 type, *p = skb_header_pointer(skb, offset, sizeof(type), &type);

	return !p || !(*p & ICMPV6_INFOMSG_MASK);
}

/**
 * kpac_once - whether routing sees something of a packet that no flow has
 * @skb: the packet
 * @depth: how much routing looks at
 *
 * It prefers a sender's or a NIC's hash to its own.
 *
 * Context: softirq.
 * Return: true if what it decides must not be remembered.
 */
bool kpac_once(const struct sk_buff *skb, enum kpac_depth depth)
{
	return depth == KPAC_DEPTH_FULL ||
	       (depth == KPAC_DEPTH_L4 && skb->l4_hash);
}

/**
 * kpac_key4_long - the flow of an IPv4 packet of which routing sees more
 * @port: the port it came in by
 * @skb: the packet
 * @iph: its header
 * @ports: routing looks at protocol and ports, not only at the mark
 * @key: the result
 *
 * Context: softirq.
 */
void kpac_key4_long(const struct kpac_port *port, const struct sk_buff *skb,
		    const struct iphdr *iph, bool ports,
		    struct kpac_flow_key *key)
{
	u64 head = (u64)port->id << 32 | (iph->tos & ~INET_ECN_MASK) << 16 |
		   iph->protocol << 8 | 4;
	u64 more = (u64)skb->mark << 32;
	struct kpac_flow_sum sum = {};

	if (ports)
		more |= kpac_l4_ports(skb, iph->protocol, sizeof(*iph));
	kpac_flow_add(&sum, 0, get_unaligned((u64 *)&iph->saddr), more);
	kpac_flow_add(&sum, 2, head, 0);
	kpac_flow_fold(&sum, key);
}

/**
 * kpac_key6_long - the flow of an IPv6 packet of which routing sees more
 * @port: the port it came in by
 * @skb: the packet
 * @hdr: its header
 * @ports: routing looks at the ports, not only at the mark
 * @key: the result
 *
 * Context: softirq.
 */
void kpac_key6_long(const struct kpac_port *port, const struct sk_buff *skb,
		    const struct ipv6hdr *hdr, bool ports,
		    struct kpac_flow_key *key)
{
	u64 more = (u64)skb->mark << 32;

	if (ports)
		more |= kpac_l4_ports(skb, hdr->nexthdr, sizeof(*hdr));
	kpac_key6(port, hdr, more, key);
}

/**
 * kpac_key - the flow of a packet by what is in its header
 * @port: the port it came in by
 * @skb: the packet, IPv4 or IPv6, its header linear
 * @key: the result
 *
 * Context: softirq.
 */
void kpac_key(const struct kpac_port *port, const struct sk_buff *skb,
	      struct kpac_flow_key *key)
{
	if (skb->protocol == htons(ETH_P_IP))
		kpac_key4(port, ip_hdr(skb), key);
	else
		kpac_key6(port, ipv6_hdr(skb), 0, key);
}

/**
 * kpac_second - what a packet's flow refers to, if it is not in its first place
 * @port: the port it came in by
 * @skb: the packet, IPv4 or IPv6, its header linear
 *
 * Context: softirq.
 * Return: the reference, 0 if the flow is not known.
 */
u32 kpac_second(const struct kpac_port *port, const struct sk_buff *skb)
{
	struct kpac_flow_key key;

	kpac_key(port, skb, &key);
	return kpac_flow_find_second(&key, kpac_flow_hash(&key));
}
