// SPDX-License-Identifier: GPL-2.0
/* do echo: answers ICMP, ICMPv6 and UDP echo requests in place */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "handlers.h"

/* Services that answer whoever asks have low ports. Two that answer each other
 * would never end.
 */
#define KPAC_ECHO_LOW_PORTS	512

/* Whether a request is one that has one sender, and one receiver: us. */
static bool kpac_echo_unicast4(const struct iphdr *iph)
{
	return !ipv4_is_multicast(iph->daddr) && !ipv4_is_lbcast(iph->daddr) &&
	       !ipv4_is_multicast(iph->saddr) && !ipv4_is_lbcast(iph->saddr) &&
	       !ipv4_is_zeronet(iph->saddr) && !ipv4_is_loopback(iph->saddr);
}

static bool kpac_echo_unicast6(const struct ipv6hdr *hdr)
{
	const int unicast = IPV6_ADDR_UNICAST;

	return ipv6_addr_type(&hdr->saddr) & unicast &&
	       !ipv6_addr_loopback(&hdr->saddr) &&
	       !ipv6_addr_v4mapped(&hdr->saddr) &&
	       ipv6_addr_type(&hdr->daddr) & unicast;
}

static u8 kpac_echo_ttl(const struct kpac_view *view)
{
	const void *l3 = view->data + view->l3;

	return view->has & KPAC_HAS_IPV4 ?
	       ((const struct iphdr *)l3)->ttl :
	       ((const struct ipv6hdr *)l3)->hop_limit;
}

/* Whether there is a request behind an IP header without options. */
static bool kpac_echo_asks(struct kpac_view *view)
{
	const struct kpac_l4_word *word = kpac_view_l4_word(view);
	const u8 *l4 = view->data + view->l4;

	switch (word->proto) {
	case IPPROTO_UDP:
		return view->has & KPAC_HAS_PORTS &&
		       ntohs(word->sport) >= KPAC_ECHO_LOW_PORTS &&
		       kpac_echo_ttl(view) > 1;
	case IPPROTO_ICMP:
		return l4[0] == ICMP_ECHO && !l4[1];
	case IPPROTO_ICMPV6:
		return l4[0] == ICMPV6_ECHO_REQUEST && !l4[1];
	default:
		return false;
	}
}

static bool kpac_echo_fits(struct kpac_view *view)
{
	const u16 need = KPAC_HAS_IP | KPAC_HAS_L4 | KPAC_HAS_PAYLOAD;
	const struct ethhdr *eth = (const struct ethhdr *)view->data;
	const void *l3 = view->data + view->l3;

	/* a bridge's port has packets that are for others */
	if (view->l3 != ETH_HLEN || view->segs != 1 ||
	    !ether_addr_equal(eth->h_dest, view->dev->dev_addr))
		return false;
	if ((view->has & (need | KPAC_HAS_FRAGMENT)) != need)
		return false;
	if (view->has & KPAC_HAS_IPV4)
		return view->l4 == view->l3 + sizeof(struct iphdr) &&
		       !ip_fast_csum(l3, 5) && kpac_echo_unicast4(l3) &&
		       kpac_echo_asks(view);
	return view->l4 == view->l3 + sizeof(struct ipv6hdr) &&
	       kpac_echo_unicast6(l3) && kpac_echo_asks(view);
}

static void kpac_echo_link(struct ethhdr *eth)
{
	u8 addr[ETH_ALEN];

	ether_addr_copy(addr, eth->h_dest);
	ether_addr_copy(eth->h_dest, eth->h_source);
	ether_addr_copy(eth->h_source, addr);
}

/* How far the reply to a request may go. What answers a datagram may be answered
 * itself, but not for ever.
 */
static u8 kpac_echo_hops(struct kpac_view *view, u8 request, u8 otherwise)
{
	return kpac_view_l4_word(view)->proto == IPPROTO_UDP ?
	       min_t(u8, request - 1, otherwise) : otherwise;
}

static void kpac_echo_ip(struct kpac_view *view)
{
	const struct net *net = dev_net(view->dev);
	struct ipv6hdr *hdr = (void *)(view->data + view->l3);
	struct iphdr *iph = (void *)hdr;
	__be16 *ttl = (__be16 *)&iph->ttl, old = *ttl;

	if (view->has & KPAC_HAS_IPV4) {
		swap(iph->saddr, iph->daddr);
		iph->ttl = kpac_echo_hops(view, iph->ttl,
					  READ_ONCE(net->ipv4.sysctl_ip_default_ttl));
		csum_replace2(&iph->check, old, *ttl);
		return;
	}
	swap(hdr->saddr, hdr->daddr);
	hdr->hop_limit = kpac_echo_hops(view, hdr->hop_limit,
					IPV6_DEFAULT_HOPLIMIT);
}

/* The checksum stays right if words change places, or is brought up to date. */
static void kpac_echo_l4(struct kpac_view *view)
{
	struct icmphdr *icmp = (void *)(view->data + view->l4);
	struct udphdr *udp = (void *)icmp;
	__be16 *type = (__be16 *)icmp, old = *type;

	switch (kpac_view_l4_word(view)->proto) {
	case IPPROTO_UDP:
		swap(udp->source, udp->dest);
		return;
	case IPPROTO_ICMP:
		icmp->type = ICMP_ECHOREPLY;
		break;
	default:
		icmp->type = ICMPV6_ECHO_REPLY;
	}
	if (view->sum == KPAC_SUM_FULL)
		csum_replace2(&icmp->checksum, old, *type);
}

static enum kpac_verdict kpac_echo_run(void *priv, struct kpac_view *view)
{
	/* the header of ICMP is as long as UDP's */
	if (unlikely(!kpac_echo_fits(view)) ||
	    unlikely(!kpac_view_unshare(view, view->l4 + sizeof(struct udphdr))))
		return KPAC_VERDICT_NEXT;
	kpac_echo_link((struct ethhdr *)view->data);
	kpac_echo_ip(view);
	kpac_echo_l4(view);
	view->ops->changed(view);
	return KPAC_VERDICT_REPLY;
}

struct kpac_handler kpac_handler_echo = {
	.name = "echo",
	.doc = "Answers ICMP, ICMPv6 and UDP echo requests; other packets go on",
	.owner = THIS_MODULE,
	.run = kpac_echo_run,
};
