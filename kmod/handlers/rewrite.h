/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rewriting: giving a packet another sender or receiver, with its checksums, and
 * the words of its view, so that what comes later meets it as it is then.
 */
#ifndef _KPAC_REWRITE_H
#define _KPAC_REWRITE_H

#include <linux/sctp.h>
#include <net/checksum.h>

#include "ends.h"

/* Which end of a packet. */
enum kpac_rewrite_side {
	KPAC_REWRITE_SRC,
	KPAC_REWRITE_DST,
};

/* What it is to be. */
struct kpac_rewrite_end {
	struct kpac_ends_addr addr;
	__be16 port;
};

bool kpac_rewrite6(struct kpac_view *view, enum kpac_rewrite_side side,
		   const struct kpac_rewrite_end *to);
bool kpac_rewrite_addr(struct kpac_view *view, enum kpac_rewrite_side side,
			const struct kpac_rewrite_end *to);
bool kpac_rewrite_error(struct kpac_view *view, enum kpac_rewrite_side side,
			const struct kpac_rewrite_end *to);

/* Those who come later look again. */
static __always_inline void kpac_rewrite_done(struct kpac_view *view)
{
	view->has |= KPAC_HAS_CHANGED;
	view->ops->changed(view);
}

/* What is added to a sum if a number takes the place of another. */
static __always_inline __wsum kpac_rewrite_diff(u32 from, u32 to)
{
	return csum_add((__force __wsum)~from, (__force __wsum)to);
}

/**
 * kpac_rewrite_sum - bring the checksum of TCP or UDP up to date
 * @view: the packet
 * @check: the checksum
 * @addr: what has been added to the addresses' sum
 * @all: the same with that of the rest
 * @udp: it is UDP's, which may be none
 *
 * Context: softirq.
 */
static __always_inline void kpac_rewrite_sum(const struct kpac_view *view,
					     __sum16 *check, __wsum addr,
					     __wsum all, bool udp)
{
	if (udp && !*check)
		return;
	if (unlikely(view->sum != KPAC_SUM_FULL)) {
		/* what will be completed has the addresses alone */
		if (view->sum == KPAC_SUM_PARTIAL)
			*check = ~csum_fold(csum_add(addr,
						     csum_unfold(*check)));
		return;
	}
	csum_replace_by_diff(check, all);
	if (udp && !*check)
		*check = CSUM_MANGLED_0;
}

/**
 * kpac_rewrite4 - give an IPv4 packet another sender or receiver
 * @view: the packet, which has all of a transport header with ports
 * @side: which
 * @to: the other one
 *
 * Context: softirq.
 * Return: false if that cannot be; the packet is as it was.
 */
static __always_inline bool kpac_rewrite4(struct kpac_view *view,
					  enum kpac_rewrite_side side,
					  const struct kpac_rewrite_end *to)
{
	struct kpac_l4_word *word = kpac_view_l4_word(view);
	__be32 *known = (__be32 *)&view->word[KPAC_WORD_ADDR] + side;
	__be16 *port = side == KPAC_REWRITE_SRC ? &word->sport : &word->dport;
	unsigned int len = sizeof(struct udphdr);
	__be32 new = (__force __be32)to->addr.a;
	struct iphdr *iph;
	struct tcphdr *tcp;
	__wsum addr, all;

	if (likely(word->proto == IPPROTO_TCP))
		len = sizeof(struct tcphdr);
	else if (unlikely(word->proto != IPPROTO_UDP))
		return kpac_rewrite_addr(view, side, to);
	if (unlikely(!kpac_view_unshare(view, view->l4 + len)))
		return false;
	iph = (struct iphdr *)(view->data + view->l3);
	tcp = (struct tcphdr *)(view->data + view->l4);
	addr = kpac_rewrite_diff((__force u32)*known, (__force u32)new);
	all = csum_add(addr, kpac_rewrite_diff((__force u16)*port,
					       (__force u16)to->port));
	csum_replace_by_diff(&iph->check, addr);
	if (likely(word->proto == IPPROTO_TCP))
		kpac_rewrite_sum(view, &tcp->check, addr, all, false);
	else
		kpac_rewrite_sum(view, &((struct udphdr *)tcp)->check, addr,
				 all, true);
	put_unaligned(new, side == KPAC_REWRITE_SRC ? &iph->saddr :
						      &iph->daddr);
	put_unaligned(to->port, side == KPAC_REWRITE_SRC ? &tcp->source :
							   &tcp->dest);
	*known = new;
	*port = to->port;
	kpac_rewrite_done(view);
	return true;
}

#endif /* _KPAC_REWRITE_H */
