// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * Contradictions that can be seen in an entry by itself: no packet could be
 * like that. What follows from something else is the kernel's to find out.
 */
#include <netinet/in.h>

#include "table.h"

#define PORTS	(KPAC_MATCH_SPORT | KPAC_MATCH_DPORT)
#define ICMP	(KPAC_MATCH_ICMP_TYPE | KPAC_MATCH_ICMP_CODE)
#define SEGMENT	(PORTS | ICMP | KPAC_MATCH_TCP_FLAGS)
#define PACKET	(SEGMENT | KPAC_MATCH_PROTO | KPAC_MATCH_SRC | \
		 KPAC_MATCH_DST | KPAC_MATCH_DSCP | KPAC_MATCH_FRAGMENT)

#define TYPE_IP		0x0800
#define TYPE_IP6	0x86dd
#define TYPE_VLAN	0x8100
#define TYPE_VLAN_AD	0x88a8

static const struct word *said(const struct reader *r, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(r->draft->said); i++)
		if (bits >> i & 1 && r->draft->match.have >> i & 1)
			return r->draft->said[i];
	return NULL;
}

/* The keyword before a value. */
static const char *keyword(const struct word *value)
{
	return value[-1].text;
}

/* Of two words that do not go together, the later one is wrong. */
static int clash(const struct reader *r, const struct word *a,
		 const struct word *b, const char *why)
{
	const struct word *later = a > b ? a : b;
	const struct word *sooner = a > b ? b : a;

	return word_wrong(r->st, later,
			  "\"%s %s\" and \"%s %s\" cannot be together: %s",
			  keyword(sooner), sooner->text, keyword(later),
			  later->text, why);
}

/* Whether it is known to be IPv4 or IPv6, and which. */
bool match_family(const struct kpac_match *match, bool *v6)
{
	if (match->have & KPAC_MATCH_SRC)
		*v6 = match->src.bytes == 16;
	else if (match->have & KPAC_MATCH_DST)
		*v6 = match->dst.bytes == 16;
	else if (match->have & KPAC_MATCH_ETHERTYPE &&
		 (match->ethertype == TYPE_IP || match->ethertype == TYPE_IP6))
		*v6 = match->ethertype == TYPE_IP6;
	else
		return false;
	return true;
}

/* Whether it is known to be ICMP or ICMPv6, and which. */
bool is_icmp(const struct kpac_match *match, bool *v6)
{
	if (!(match->have & KPAC_MATCH_PROTO))
		return match_family(match, v6);
	*v6 = match->proto == IPPROTO_ICMPV6;
	return *v6 || match->proto == IPPROTO_ICMP;
}

static int check_families(const struct reader *r)
{
	const struct kpac_match *m = &r->draft->match;
	const struct word *src = said(r, KPAC_MATCH_SRC);
	const struct word *dst = said(r, KPAC_MATCH_DST);
	const struct word *type = said(r, KPAC_MATCH_ETHERTYPE);
	const struct word *address = src ? src : dst;
	bool v6;

	if (src && dst && m->src.bytes != m->dst.bytes)
		return clash(r, src, dst, "one address is IPv4, the other IPv6");
	if (!type)
		return EXIT_OK;
	if (address && match_family(m, &v6) &&
	    m->ethertype == (v6 ? TYPE_IP : TYPE_IP6))
		return clash(r, type, address, v6 ? "the address is IPv6" :
			     "the address is IPv4");
	if (m->ethertype != TYPE_IP && m->ethertype != TYPE_IP6 &&
	    m->ethertype != TYPE_VLAN && m->ethertype != TYPE_VLAN_AD &&
	    said(r, PACKET))
		return clash(r, type, said(r, PACKET),
			     "only IPv4 and IPv6 packets have that");
	return EXIT_OK;
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_SCTP || proto == IPPROTO_UDPLITE ||
	       proto == IPPROTO_DCCP;
}

static int check_proto(const struct reader *r)
{
	const struct kpac_match *m = &r->draft->match;
	const struct word *proto = said(r, KPAC_MATCH_PROTO);
	const struct word *family = said(r, KPAC_MATCH_SRC | KPAC_MATCH_DST);
	bool v6;

	if (!proto)
		return EXIT_OK;
	if (!family)
		family = said(r, KPAC_MATCH_ETHERTYPE);
	if (said(r, PORTS) && !has_ports(m->proto))
		return clash(r, proto, said(r, PORTS),
			     "tcp, udp, udplite, sctp and dccp have ports");
	if (said(r, ICMP) && m->proto != IPPROTO_ICMP &&
	    m->proto != IPPROTO_ICMPV6)
		return clash(r, proto, said(r, ICMP),
			     "icmp and icmpv6 have types and codes");
	if (said(r, KPAC_MATCH_TCP_FLAGS) && m->proto != IPPROTO_TCP)
		return clash(r, proto, said(r, KPAC_MATCH_TCP_FLAGS),
			     "only tcp has them");
	if (!match_family(m, &v6))
		return EXIT_OK;
	if (m->proto == (v6 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return clash(r, proto, family, v6 ? "icmp is IPv4's" :
			     "icmpv6 is IPv6's");
	return EXIT_OK;
}

int check_clashes(const struct reader *r)
{
	const struct kpac_match *m = &r->draft->match;
	int err = check_families(r);

	if (!err)
		err = check_proto(r);
	if (err)
		return err;
	if (said(r, ICMP) && said(r, PORTS))
		return clash(r, said(r, ICMP), said(r, PORTS),
			     "icmp and icmpv6 have no ports");
	if (said(r, ICMP) && said(r, KPAC_MATCH_TCP_FLAGS))
		return clash(r, said(r, ICMP), said(r, KPAC_MATCH_TCP_FLAGS),
			     "only tcp has flags");
	if (m->have & KPAC_MATCH_FRAGMENT &&
	    m->fragment == KPAC_FRAGMENT_LATER && said(r, SEGMENT))
		return clash(r, said(r, KPAC_MATCH_FRAGMENT), said(r, SEGMENT),
			     "later fragments have no transport header");
	return EXIT_OK;
}
