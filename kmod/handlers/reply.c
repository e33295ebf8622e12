// SPDX-License-Identifier: GPL-2.0
/* Making a request a reply, in place; see reply.h. */

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "reply.h"

/* Whether a request is one that has one sender, and one receiver: us. */
static bool kpac_reply_unicast4(const struct iphdr *iph)
{
	return !ipv4_is_multicast(iph->daddr) && !ipv4_is_lbcast(iph->daddr) &&
	       !ipv4_is_multicast(iph->saddr) && !ipv4_is_lbcast(iph->saddr) &&
	       !ipv4_is_zeronet(iph->saddr) && !ipv4_is_loopback(iph->saddr);
}

static bool kpac_reply_unicast6(const struct ipv6hdr *hdr)
{
	const int unicast = IPV6_ADDR_UNICAST;

	return ipv6_addr_type(&hdr->saddr) & unicast &&
	       !ipv6_addr_loopback(&hdr->saddr) &&
	       !ipv6_addr_v4mapped(&hdr->saddr) &&
	       ipv6_addr_type(&hdr->daddr) & unicast;
}

/**
 * kpac_reply_fits - whether a packet can be made a reply where it is
 * @view: the packet
 *
 * It is one packet over IP, without IP options or extension headers, no fragment,
 * of one sender, to this host alone, and what is behind its transport header is
 * known to be there.
 *
 * Context: softirq.
 * Return: whether it can.
 */
bool kpac_reply_fits(const struct kpac_view *view)
{
	const u16 need = KPAC_HAS_IP | KPAC_HAS_L4 | KPAC_HAS_PAYLOAD;
	const struct ethhdr *eth = (const struct ethhdr *)view->data;
	const void *l3 = view->data + view->l3;

	/* a bridge's port has packets that are for others */
	if (view->l3 != ETH_HLEN || view->segs != 1 ||
	    !ether_addr_equal(eth->h_dest, view->dev->dev_addr) ||
	    !is_valid_ether_addr(eth->h_source))
		return false;
	if ((view->has & (need | KPAC_HAS_FRAGMENT)) != need)
		return false;
	if (view->has & KPAC_HAS_IPV4)
		return view->l4 == view->l3 + sizeof(struct iphdr) &&
		       !ip_fast_csum(l3, 5) && kpac_reply_unicast4(l3);
	return view->l4 == view->l3 + sizeof(struct ipv6hdr) &&
	       kpac_reply_unicast6(l3);
}

/**
 * kpac_reply_hops - how many hops a packet may still go
 * @view: the packet, over IP
 *
 * Context: softirq.
 * Return: its TTL or hop limit.
 */
u8 kpac_reply_hops(const struct kpac_view *view)
{
	const void *l3 = view->data + view->l3;

	return view->has & KPAC_HAS_IPV4 ?
	       ((const struct iphdr *)l3)->ttl :
	       ((const struct ipv6hdr *)l3)->hop_limit;
}

/**
 * kpac_reply_far - how many hops packets of this host may go
 * @view: a packet, over IP
 *
 * Context: softirq.
 * Return: the TTL or hop limit of its family.
 */
u8 kpac_reply_far(const struct kpac_view *view)
{
	const struct net *net = dev_net(view->dev);

	return view->has & KPAC_HAS_IPV4 ?
	       READ_ONCE(net->ipv4.sysctl_ip_default_ttl) :
	       IPV6_DEFAULT_HOPLIMIT;
}

static void kpac_reply_link(struct ethhdr *eth)
{
	u8 addr[ETH_ALEN];

	ether_addr_copy(addr, eth->h_dest);
	ether_addr_copy(eth->h_dest, eth->h_source);
	ether_addr_copy(eth->h_source, addr);
}

static void kpac_reply_ip(struct kpac_view *view, u8 hops)
{
	struct ipv6hdr *hdr = (void *)(view->data + view->l3);
	struct iphdr *iph = (void *)hdr;
	__be16 *ttl = (__be16 *)&iph->ttl, old = *ttl;

	if (view->has & KPAC_HAS_IPV4) {
		swap(iph->saddr, iph->daddr);
		iph->ttl = hops;
		csum_replace2(&iph->check, old, *ttl);
		return;
	}
	swap(hdr->saddr, hdr->daddr);
	hdr->hop_limit = hops;
}

/**
 * kpac_reply_turn - send a packet back where it came from
 * @view: a packet for which kpac_reply_fits(), which can be written to up to its
 *	transport header
 * @hops: the TTL or hop limit that it gets
 *
 * Checksums of the transport stay right, for addresses only change places. Who
 * calls it turns ports.
 *
 * Context: softirq.
 */
void kpac_reply_turn(struct kpac_view *view, u8 hops)
{
	kpac_reply_link((struct ethhdr *)view->data);
	kpac_reply_ip(view, hops);
}
