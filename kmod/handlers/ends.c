// SPDX-License-Identifier: GPL-2.0
/* The ends of flows, where ports are not all that tells them; see ends.h. */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "ends.h"

/* What a host quotes of the packet that an ICMP error is about starts here. */
#define KPAC_ENDS_QUOTE	sizeof(struct icmphdr)

/* How protocols tell an address's flows apart. */
enum kpac_ends_by {
	KPAC_ENDS_BY_PORTS,
	KPAC_ENDS_BY_ECHO,
	KPAC_ENDS_BY_NOTHING,
};

static enum kpac_ends_by kpac_ends_by(u8 proto, bool ip6)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return KPAC_ENDS_BY_PORTS;
	case IPPROTO_ICMP:
		return ip6 ? KPAC_ENDS_BY_NOTHING : KPAC_ENDS_BY_ECHO;
	case IPPROTO_ICMPV6:
		return ip6 ? KPAC_ENDS_BY_ECHO : KPAC_ENDS_BY_NOTHING;
	default:
		return KPAC_ENDS_BY_NOTHING;
	}
}

static bool kpac_ends_is_echo(u8 type, bool ip6)
{
	if (ip6)
		return type == ICMPV6_ECHO_REQUEST || type == ICMPV6_ECHO_REPLY;
	return type == ICMP_ECHO || type == ICMP_ECHOREPLY;
}

/**
 * kpac_ends_is_reply - whether an ICMP echo is a reply
 * @ends: an echo's ends
 *
 * Context: any.
 * Return: true if it is, false if it is a request.
 */
bool kpac_ends_is_reply(const struct kpac_ends *ends)
{
	return ends->kind == (ends->ip6 ? ICMPV6_ECHO_REPLY : ICMP_ECHOREPLY);
}

/* Read what tells flows apart from a packet's transport header.
 * Return: false if it is not there, or there is none.
 */
static bool kpac_ends_l4(const struct kpac_view *view, unsigned int at,
			 struct kpac_ends *ends)
{
	u8 hdr[8];

	ends->sport = 0;
	ends->dport = 0;
	ends->kind = 0;
	switch (kpac_ends_by(ends->proto, ends->ip6)) {
	case KPAC_ENDS_BY_PORTS:
		if (!kpac_view_read(view, at, hdr, 4, view->end))
			return false;
		memcpy(&ends->sport, hdr, sizeof(ends->sport));
		memcpy(&ends->dport, hdr + 2, sizeof(ends->dport));
		return true;
	case KPAC_ENDS_BY_ECHO:
		if (!kpac_view_read(view, at, hdr, sizeof(hdr), view->end) ||
		    !kpac_ends_is_echo(hdr[0], ends->ip6))
			return false;
		ends->kind = hdr[0];
		memcpy(&ends->sport, hdr + 4, sizeof(ends->sport));
		ends->dport = ends->sport;
		return true;
	default:
		return true;
	}
}

/**
 * kpac_ends_other - the ends of a packet that has no ports
 * @view: the packet
 * @ends: the result; @kind is the type of an ICMP echo, 0 of other protocols
 *
 * Context: softirq.
 * Return: false if it does not say of which flow it is, as a later fragment does
 * not, nor other ICMP.
 */
bool kpac_ends_other(const struct kpac_view *view, struct kpac_ends *ends)
{
	if (!(view->has & KPAC_HAS_IP) || !(view->has & KPAC_HAS_L4))
		return false;
	kpac_ends_addrs(view, view->has & KPAC_HAS_IPV6, ends);
	/* a header that is cut short is none */
	switch (kpac_ends_by(ends->proto, ends->ip6)) {
	case KPAC_ENDS_BY_PORTS:
		return false;
	case KPAC_ENDS_BY_ECHO:
		if (!(view->has & KPAC_HAS_ICMP))
			return false;
		break;
	default:
		break;
	}
	return kpac_ends_l4(view, view->l4, ends);
}

/**
 * kpac_ends_error - whether a packet is an ICMP error that hosts act on
 * @view: the packet
 *
 * Redirects are none: they are not about what a flow does, but about where
 * hosts send it.
 *
 * Context: softirq.
 * Return: true if it is.
 */
bool kpac_ends_error(const struct kpac_view *view)
{
	u8 type = *(const u8 *)&kpac_ends_l4_word(view)->sport;

	if (!(view->has & KPAC_HAS_ICMP))
		return false;
	if (view->has & KPAC_HAS_IPV6)
		return type >= ICMPV6_DEST_UNREACH && type <= ICMPV6_PARAMPROB;
	return type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETERPROB;
}

static bool kpac_ends_quoted4(const struct kpac_view *view, unsigned int at,
			      struct kpac_ends *ends)
{
	struct iphdr iph;

	if (!kpac_view_read(view, at, &iph, sizeof(iph), view->end) ||
	    iph.version != 4 || iph.ihl < 5 ||
	    iph.frag_off & htons(IP_OFFSET))
		return false;
	ends->proto = iph.protocol;
	ends->src.a = (__force u32)iph.saddr;
	ends->dst.a = (__force u32)iph.daddr;
	return kpac_ends_l4(view, at + iph.ihl * 4, ends);
}

static bool kpac_ends_quoted6(const struct kpac_view *view, unsigned int at,
			      struct kpac_ends *ends)
{
	struct frag_hdr frag;
	struct ipv6hdr hdr;

	if (!kpac_view_read(view, at, &hdr, sizeof(hdr), view->end) || hdr.version != 6)
		return false;
	at += sizeof(hdr);
	ends->proto = hdr.nexthdr;
	if (ends->proto == NEXTHDR_FRAGMENT) {
		if (!kpac_view_read(view, at, &frag, sizeof(frag), view->end) ||
		    frag.frag_off & htons(IP6_OFFSET))
			return false;
		at += sizeof(frag);
		ends->proto = frag.nexthdr;
	}
	memcpy(&ends->src, &hdr.saddr, sizeof(ends->src));
	memcpy(&ends->dst, &hdr.daddr, sizeof(ends->dst));
	return kpac_ends_l4(view, at, ends);
}

/**
 * kpac_ends_quoted - the ends of the packet that an ICMP error is about
 * @view: the error: see kpac_ends_error()
 * @ends: the result
 *
 * Who gets the error must have sent the packet. Extension headers other than a
 * fragment's are not looked behind.
 *
 * Context: softirq.
 * Return: false if that cannot be told.
 */
bool kpac_ends_quoted(const struct kpac_view *view, struct kpac_ends *ends)
{
	unsigned int at = view->l4 + KPAC_ENDS_QUOTE;
	struct kpac_ends error;

	kpac_ends_addrs(view, view->has & KPAC_HAS_IPV6, &error);
	*ends = (struct kpac_ends){ .ip6 = error.ip6 };
	if (ends->ip6 ? !kpac_ends_quoted6(view, at, ends) :
			!kpac_ends_quoted4(view, at, ends))
		return false;
	return ends->src.a == error.dst.a && ends->src.b == error.dst.b;
}
