// SPDX-License-Identifier: GPL-2.0
/* Rewriting what most packets are not; see rewrite.h. */

#include <linux/icmp.h>
#include <linux/ipv6.h>
#include <net/ipv6.h>

#include "rewrite.h"

/* Where a packet that an ICMP error is about has its checksum, from its transport
 * header on.
 */
#define KPAC_REWRITE_TCP_SUM	offsetof(struct tcphdr, check)
#define KPAC_REWRITE_UDP_SUM	offsetof(struct udphdr, check)

/**
 * struct kpac_rewrite_quote - a packet that an ICMP error is about
 * @l3: where its network header is
 * @l4: where its transport header is
 * @sum: where its checksum is; 0: that is not there
 * @proto: the protocol over IP
 */
struct kpac_rewrite_quote {
	unsigned int l3;
	unsigned int l4;
	unsigned int sum;
	u8 proto;
};

static __wsum kpac_rewrite_diff6(const struct in6_addr *from,
				 const struct in6_addr *to)
{
	__wsum sum = 0;
	int i;

	for (i = 0; i < 4; i++)
		sum = csum_add(sum,
			       kpac_rewrite_diff((__force u32)from->s6_addr32[i],
						 (__force u32)to->s6_addr32[i]));
	return sum;
}

/* Write an address into an IPv4 header.
 * Return: what that adds to the sum of the pseudo header.
 */
static __wsum kpac_rewrite_header4(struct iphdr *iph,
				   enum kpac_rewrite_side side,
				   const struct kpac_ends_addr *to)
{
	__be32 *addr = side == KPAC_REWRITE_SRC ? &iph->saddr : &iph->daddr;
	__be32 new = (__force __be32)to->a;
	__wsum diff = kpac_rewrite_diff((__force u32)*addr, (__force u32)new);

	csum_replace_by_diff(&iph->check, diff);
	*addr = new;
	return diff;
}

static __wsum kpac_rewrite_header6(struct ipv6hdr *hdr,
				   enum kpac_rewrite_side side,
				   const struct kpac_ends_addr *to)
{
	struct in6_addr *addr = side == KPAC_REWRITE_SRC ? &hdr->saddr :
							   &hdr->daddr;
	struct in6_addr new;
	__wsum diff;

	memcpy(&new, to, sizeof(new));
	diff = kpac_rewrite_diff6(addr, &new);
	*addr = new;
	return diff;
}

static __wsum kpac_rewrite_header(struct kpac_view *view, unsigned int at,
				  enum kpac_rewrite_side side,
				  const struct kpac_ends_addr *to)
{
	void *hdr = view->data + at;

	return view->has & KPAC_HAS_IPV6 ? kpac_rewrite_header6(hdr, side, to) :
					   kpac_rewrite_header4(hdr, side, to);
}

/* The words of the packet's addresses. */
static void kpac_rewrite_words(struct kpac_view *view,
			       enum kpac_rewrite_side side,
			       const struct kpac_ends_addr *to)
{
	u64 *word = view->word;

	if (!(view->has & KPAC_HAS_IPV6)) {
		((u32 *)&word[KPAC_WORD_ADDR])[side] = to->a;
	} else if (side == KPAC_REWRITE_SRC) {
		word[KPAC_WORD_ADDR] = to->a;
		word[KPAC_WORD_ADDR1] = to->b;
	} else {
		word[KPAC_WORD_ADDR2] = to->a;
		word[KPAC_WORD_ADDR3] = to->b;
	}
}

static __be16 *kpac_rewrite_port(struct kpac_view *view,
				 enum kpac_rewrite_side side)
{
	struct kpac_l4_word *word = kpac_view_l4_word(view);

	return side == KPAC_REWRITE_SRC ? &word->sport : &word->dport;
}

/**
 * kpac_rewrite6 - give an IPv6 packet another sender or receiver
 * @view: the packet, which has all of a transport header with ports
 * @side: which
 * @to: the other one
 *
 * Context: softirq.
 * Return: false if that cannot be; the packet is as it was.
 */
bool kpac_rewrite6(struct kpac_view *view, enum kpac_rewrite_side side,
		   const struct kpac_rewrite_end *to)
{
	__be16 *known = kpac_rewrite_port(view, side), *port;
	u8 proto = kpac_view_l4_word(view)->proto;
	unsigned int sum = KPAC_REWRITE_TCP_SUM;
	__wsum addr, all;
	u8 *l4;

	if (proto == IPPROTO_UDP)
		sum = KPAC_REWRITE_UDP_SUM;
	else if (proto != IPPROTO_TCP)
		return kpac_rewrite_addr(view, side, to);
	if (unlikely(!kpac_view_unshare(view, view->l4 + sum + sizeof(__sum16))))
		return false;
	l4 = view->data + view->l4;
	port = (__be16 *)l4 + side;
	addr = kpac_rewrite_header(view, view->l3, side, &to->addr);
	all = csum_add(addr, kpac_rewrite_diff((__force u16)*port,
					       (__force u16)to->port));
	kpac_rewrite_sum(view, (__sum16 *)(l4 + sum), addr, all,
			 proto == IPPROTO_UDP);
	*port = to->port;
	*known = to->port;
	kpac_rewrite_words(view, side, &to->addr);
	kpac_rewrite_done(view);
	return true;
}

/**
 * kpac_rewrite_addr - give a packet without pseudo header another sender or
 * receiver
 * @view: the packet, of SCTP, of which the checksum is not of the address, but of
 *	all of the packet
 * @side: which
 * @to: the other one; it has to have the same port
 *
 * Context: softirq.
 * Return: false if that cannot be; the packet is as it was.
 */
bool kpac_rewrite_addr(struct kpac_view *view, enum kpac_rewrite_side side,
		       const struct kpac_rewrite_end *to)
{
	if (kpac_view_l4_word(view)->proto != IPPROTO_SCTP ||
	    *kpac_rewrite_port(view, side) != to->port ||
	    !kpac_view_unshare(view, view->l4))
		return false;
	kpac_rewrite_header(view, view->l3, side, &to->addr);
	kpac_rewrite_words(view, side, &to->addr);
	kpac_rewrite_done(view);
	return true;
}

/* Find a packet that an ICMP error is about. */
static bool kpac_rewrite_find4(const struct kpac_view *view,
			       struct kpac_rewrite_quote *quote)
{
	struct iphdr iph;

	if (!kpac_view_read(view, quote->l3, &iph, sizeof(iph), view->end) ||
	    iph.ihl < 5)
		return false;
	quote->proto = iph.protocol;
	quote->l4 = quote->l3 + iph.ihl * 4;
	return true;
}

static bool kpac_rewrite_find6(const struct kpac_view *view,
			       struct kpac_rewrite_quote *quote)
{
	struct frag_hdr frag;
	struct ipv6hdr hdr;

	if (!kpac_view_read(view, quote->l3, &hdr, sizeof(hdr), view->end))
		return false;
	quote->proto = hdr.nexthdr;
	quote->l4 = quote->l3 + sizeof(hdr);
	if (quote->proto != NEXTHDR_FRAGMENT)
		return true;
	if (!kpac_view_read(view, quote->l4, &frag, sizeof(frag), view->end))
		return false;
	quote->proto = frag.nexthdr;
	quote->l4 += sizeof(frag);
	return true;
}

static bool kpac_rewrite_find(const struct kpac_view *view,
			      struct kpac_rewrite_quote *quote)
{
	unsigned int sum;

	quote->l3 = view->l4 + sizeof(struct icmphdr);
	if (view->has & KPAC_HAS_IPV6 ? !kpac_rewrite_find6(view, quote) :
					!kpac_rewrite_find4(view, quote))
		return false;
	quote->sum = 0;
	if (quote->proto != IPPROTO_TCP && quote->proto != IPPROTO_UDP)
		return true;
	sum = quote->l4 + (quote->proto == IPPROTO_TCP ? KPAC_REWRITE_TCP_SUM :
							 KPAC_REWRITE_UDP_SUM);
	/* few hosts quote that much of TCP over IPv4 */
	if (sum + sizeof(__sum16) <= view->end)
		quote->sum = sum;
	return true;
}

/* Change the quoted packet, which is unshared.
 * Return: what that adds to the sum of the error.
 */
static __wsum kpac_rewrite_quoted(struct kpac_view *view,
				  const struct kpac_rewrite_quote *quote,
				  enum kpac_rewrite_side side,
				  const struct kpac_rewrite_end *to)
{
	__be16 *port = (__be16 *)(view->data + quote->l4) + side;
	__sum16 *check = (__sum16 *)(view->data + quote->sum), old;
	__wsum diff, addr;

	addr = kpac_rewrite_header(view, quote->l3, side, &to->addr);
	diff = kpac_rewrite_diff((__force u16)*port, (__force u16)to->port);
	*port = to->port;
	/* of IPv4, the header has the same sum as before */
	if (quote->sum && (quote->proto == IPPROTO_TCP || *check)) {
		old = *check;
		csum_replace_by_diff(check, csum_add(addr, diff));
		diff = csum_add(diff, kpac_rewrite_diff((__force u16)old,
							(__force u16)*check));
	}
	return view->has & KPAC_HAS_IPV6 ? csum_add(diff, addr) : diff;
}

/* Whether who sends an error, or gets it, is an end of the packet that it is about. */
static bool kpac_rewrite_from_end(const struct kpac_view *view,
				  const struct kpac_rewrite_quote *quote,
				  enum kpac_rewrite_side side)
{
	const void *outer = view->data + view->l3;
	const void *inner = view->data + quote->l3;

	if (view->has & KPAC_HAS_IPV6) {
		const struct ipv6hdr *a = outer, *b = inner;

		return side == KPAC_REWRITE_SRC ?
		       ipv6_addr_equal(&a->daddr, &b->saddr) :
		       ipv6_addr_equal(&a->saddr, &b->daddr);
	} else {
		const struct iphdr *a = outer, *b = inner;

		return side == KPAC_REWRITE_SRC ? a->daddr == b->saddr :
						  a->saddr == b->daddr;
	}
}

/**
 * kpac_rewrite_error - change an ICMP error as the packet was that it is about
 * @view: the error, of which kpac_ends_quoted() has found the ends
 * @side: which end of the quoted packet is to be another
 * @to: the other one; also in the error's own header, unless that is from a
 *	router on the way
 *
 * Context: softirq.
 * Return: false if that cannot be; the packet is as it was.
 */
bool kpac_rewrite_error(struct kpac_view *view, enum kpac_rewrite_side side,
			const struct kpac_rewrite_end *to)
{
	enum kpac_rewrite_side outer = side == KPAC_REWRITE_SRC ?
				       KPAC_REWRITE_DST : KPAC_REWRITE_SRC;
	struct kpac_rewrite_quote quote;
	__wsum addr = 0, diff;
	struct icmphdr *icmp;
	bool from_end;

	if (!kpac_rewrite_find(view, &quote) ||
	    !kpac_view_unshare(view, quote.sum ? quote.sum + sizeof(__sum16) :
				     quote.l4 + 2 * sizeof(__be16)))
		return false;
	icmp = (struct icmphdr *)(view->data + view->l4);
	from_end = kpac_rewrite_from_end(view, &quote, side);
	diff = kpac_rewrite_quoted(view, &quote, side, to);
	if (from_end) {
		addr = kpac_rewrite_header(view, view->l3, outer, &to->addr);
		kpac_rewrite_words(view, outer, &to->addr);
	}
	/* ICMP has no pseudo header */
	if (!(view->has & KPAC_HAS_IPV6))
		addr = 0;
	kpac_rewrite_sum(view, &icmp->checksum, addr, csum_add(diff, addr),
			 false);
	kpac_rewrite_done(view);
	return true;
}
