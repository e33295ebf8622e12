// SPDX-License-Identifier: GPL-2.0
/* Packet views: what a packet has, and where. */

#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "view.h"

/* IPv6 extension headers that are looked behind; with more, nobody knows what
 * a packet is.
 */
#define KPAC_VIEW_EXTHDRS	8

/* The lengths of transport headers, of which ports or type and code are the
 * first bytes; 0: not known.
 */
static __always_inline unsigned int kpac_view_l4_len(u8 proto, u16 has)
{
	switch (proto) {
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return sizeof(struct udphdr);
	case IPPROTO_TCP:
		return sizeof(struct tcphdr);
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return sizeof(struct sctphdr);
	/* each with the other version of IP is nothing that hosts understand */
	case IPPROTO_ICMP:
		return has & KPAC_HAS_IPV4 ? sizeof(struct icmphdr) : 0;
	case IPPROTO_ICMPV6:
		return has & KPAC_HAS_IPV6 ? sizeof(struct icmphdr) : 0;
	default:
		return 0;
	}
}

/* Look at the transport header at @at of a packet that ends at @end. What there
 * is of it counts: a first fragment may be so short that its flags are in the
 * second.
 */
static __always_inline unsigned int
kpac_view_parse_l4(struct kpac_view *view, unsigned int at, unsigned int end)
{
	struct kpac_l4_word *word = kpac_view_l4_word(view);
	unsigned int len = kpac_view_l4_len(word->proto, view->has);
	const u8 *hdr = view->data + at;
	bool whole;

	if (unlikely(at > end))
		return 0;
	view->end = end;
	view->l4 = at;
	view->has |= KPAC_HAS_L4;
	if (unlikely(!len))
		return 0;
	whole = at + len <= end;
	if (unlikely(!whole))
		len = end - at;
	if (unlikely(at + len > view->headlen))
		return at + len;
	if (unlikely(len < 4))
		return 0;
	if (word->proto == IPPROTO_ICMP || word->proto == IPPROTO_ICMPV6) {
		word->sport = get_unaligned((const __be16 *)hdr);
		view->has |= KPAC_HAS_ICMP;
	} else {
		word->ports = get_unaligned((const u32 *)hdr);
		view->has |= KPAC_HAS_PORTS;
	}
	if (unlikely(!whole))
		return 0;
	if (word->proto == IPPROTO_TCP) {
		word->tcp_flags = hdr[13];
		view->has |= KPAC_HAS_TCP;
		len = (hdr[12] >> 4) * 4;
		whole = len >= sizeof(struct tcphdr) && at + len <= end;
	}
	/* those of DCCP have no fixed length */
	if (likely(whole && word->proto != IPPROTO_DCCP)) {
		view->payload = at + len;
		view->has |= KPAC_HAS_PAYLOAD;
	}
	return 0;
}

static unsigned int kpac_view_parse4(struct kpac_view *view)
{
	struct kpac_l4_word *word = kpac_view_l4_word(view);
	unsigned int end = view->l3 + sizeof(struct iphdr), len;
	const struct iphdr *iph;

	if (unlikely(end > view->headlen))
		return end <= view->len ? end : 0;
	iph = (const struct iphdr *)(view->data + view->l3);
	if (unlikely(iph->version != 4 || iph->ihl < 5))
		return 0;
	word->proto = iph->protocol;
	word->tos = iph->tos;
	view->word[KPAC_WORD_ADDR] = get_unaligned((const u64 *)&iph->saddr);
	view->has |= KPAC_HAS_IP | KPAC_HAS_IPV4;
	if (unlikely(ip_is_fragment(iph))) {
		view->has |= KPAC_HAS_FRAGMENT;
		word->fragment = KPAC_FRAG_ANY;
		if (iph->frag_off & htons(IP_OFFSET)) {
			word->fragment |= KPAC_FRAG_LATER;
			return 0;
		}
	}
	/* what is behind is padding; packets of more than 64 KiB say 0 */
	len = ntohs(iph->tot_len);
	end = likely(len) ? view->l3 + len : view->len;
	if (unlikely(end > view->len))
		return 0;
	return kpac_view_parse_l4(view, view->l3 + iph->ihl * 4, end);
}

/* Go behind the extension header at *@at, of which *@next says what it is.
 * Return: how much of the packet is needed for that, 0 when all is known.
 */
static unsigned int kpac_view_exthdr(struct kpac_view *view, unsigned int end,
				     unsigned int *at, u8 *next)
{
	struct kpac_l4_word *word = kpac_view_l4_word(view);
	const u8 *hdr = view->data + *at;
	const struct frag_hdr *fh;

	if (*at + 8 > view->headlen)
		return *at + 8;
	if (*next == NEXTHDR_FRAGMENT) {
		fh = (const struct frag_hdr *)hdr;
		*next = fh->nexthdr;
		*at += sizeof(*fh);
		/* one that is all of it is none (RFC 6946) */
		if (!(fh->frag_off & htons(IP6_OFFSET | IP6_MF)))
			return 0;
		view->has |= KPAC_HAS_FRAGMENT;
		word->fragment = KPAC_FRAG_ANY;
		if (fh->frag_off & htons(IP6_OFFSET))
			word->fragment |= KPAC_FRAG_LATER;
		return 0;
	}
	*at += *next == NEXTHDR_AUTH ? (hdr[1] + 2) * 4 : (hdr[1] + 1) * 8;
	*next = hdr[0];
	return 0;
}

static bool kpac_view_is_exthdr(u8 next)
{
	return next == NEXTHDR_HOP || next == NEXTHDR_ROUTING ||
	       next == NEXTHDR_DEST || next == NEXTHDR_FRAGMENT ||
	       next == NEXTHDR_AUTH;
}

static unsigned int kpac_view_parse6(struct kpac_view *view)
{
	unsigned int at = view->l3 + sizeof(struct ipv6hdr), end, need, len;
	struct kpac_l4_word *word = kpac_view_l4_word(view);
	const struct ipv6hdr *hdr;
	int i;
	u8 next;

	if (unlikely(at > view->headlen))
		return at <= view->len ? at : 0;
	hdr = (const struct ipv6hdr *)(view->data + view->l3);
	if (unlikely(hdr->version != 6))
		return 0;
	kpac_view_addrs6(view, hdr);
	word->tos = ipv6_get_dsfield(hdr);
	view->has |= KPAC_HAS_IP | KPAC_HAS_IPV6;
	next = hdr->nexthdr;
	/* what is behind is padding; packets of more than 64 KiB say 0 */
	len = ntohs(hdr->payload_len);
	end = likely(len) ? at + len : view->len;
	if (unlikely(end > view->len)) {
		word->proto = next;
		return 0;
	}
	for (i = 0; unlikely(kpac_view_is_exthdr(next)); i++) {
		if (i == KPAC_VIEW_EXTHDRS || at + 8 > end) {
			word->proto = next;
			return 0;
		}
		need = kpac_view_exthdr(view, end, &at, &next);
		if (need)
			return need;
		if (word->fragment & KPAC_FRAG_LATER) {
			word->proto = next;
			return 0;
		}
	}
	word->proto = next;
	if (unlikely(at > end))
		return 0;
	return kpac_view_parse_l4(view, at, end);
}

/* The same for what most packets are. */
static __always_inline bool kpac_view_parse_plain(struct kpac_view *view,
						  __be16 ethertype)
{
	const void *l3 = view->data + view->l3;
	u32 headlen = view->headlen - view->l3, len = view->len - view->l3;
	struct kpac_plain plain;

	if (likely(ethertype == htons(ETH_P_IP)) &&
	    likely(kpac_plain4(l3, headlen, len, &plain))) {
		kpac_view_plain(view, &plain, false);
		return true;
	}
	if (ethertype != htons(ETH_P_IPV6) ||
	    unlikely(!kpac_plain6(l3, headlen, len, &plain)))
		return false;
	kpac_view_plain(view, &plain, true);
	return true;
}

/**
 * kpac_view_parse - find out what a packet has
 * @view: the packet; the door has filled in all but @word, @has, @plain, @end,
 *	@l4 and @payload; may be done again
 * @ethertype: the protocol over Ethernet, behind a VLAN tag
 *
 * A header that is cut short or contradicts itself is not there, nor is what is
 * behind it. Nothing beyond the end that the network header says is looked at.
 *
 * Context: softirq.
 * Return: 0, or how many bytes of the packet must be in one piece for it.
 */
unsigned int kpac_view_parse(struct kpac_view *view, __be16 ethertype)
{
	if (likely(kpac_view_parse_plain(view, ethertype)))
		return 0;
	view->plain = false;
	view->word[KPAC_WORD_L4] = 0;
	view->word[KPAC_WORD_ADDR] = 0;
	view->word[KPAC_WORD_ADDR1] = 0;
	view->has = 0;
	if (ethertype == htons(ETH_P_IP))
		return kpac_view_parse4(view);
	if (ethertype == htons(ETH_P_IPV6))
		return kpac_view_parse6(view);
	return 0;
}

/**
 * kpac_view_read - read bytes of a packet, wherever they are
 * @view: the packet
 * @offset: where they are, from &kpac_view.data on
 * @to: where they go
 * @len: how many
 * @end: where the packet ends, at most &kpac_view.len
 *
 * Context: softirq.
 * Return: false if the packet does not have them.
 */
bool kpac_view_read(const struct kpac_view *view, unsigned int offset,
		    void *to, unsigned int len, unsigned int end)
{
	if (offset > end || len > end - offset)
		return false;
	if (likely(offset + len <= view->headlen))
		memcpy(to, view->data + offset, len);
	else
		view->ops->copy(view, offset, to, len);
	return true;
}
EXPORT_SYMBOL_GPL(kpac_view_read);
