/* SPDX-License-Identifier: GPL-2.0 */
/* The two ends of a flow, between which a packet, or one quoted in it, went. */
#ifndef _KPAC_ENDS_H
#define _KPAC_ENDS_H

#include <linux/minmax.h>
#include <linux/string.h>

#include "../view.h"
#include "cells.h"

/* An address as it is in memory; of IPv4 the first word is its 32 bits, and the
 * other one 0.
 */
struct kpac_ends_addr {
	u64 a;
	u64 b;
};

/**
 * struct kpac_ends - sender and receiver
 * @src: the sender's address
 * @dst: the receiver's
 * @sport: the sender's port; of an ICMP echo its identifier
 * @dport: the receiver's; of an ICMP echo the same
 * @proto: the protocol over IP
 * @ip6: the addresses are IPv6
 * @kind: an ICMP message's type; 0 of others
 */
struct kpac_ends {
	struct kpac_ends_addr src;
	struct kpac_ends_addr dst;
	__be16 sport;
	__be16 dport;
	u8 proto;
	bool ip6;
	u8 kind;
};

/* As kpac_view_l4_word(), to read. */
static __always_inline const struct kpac_l4_word *
kpac_ends_l4_word(const struct kpac_view *view)
{
	return (const struct kpac_l4_word *)&view->word[KPAC_WORD_L4];
}

static __always_inline void kpac_ends_addrs4(const struct kpac_view *view,
					     struct kpac_ends *ends)
{
	const u64 *word = &view->word[KPAC_WORD_ADDR];
	u32 src, dst;

	memcpy(&src, word, sizeof(src));
	memcpy(&dst, (const u8 *)word + sizeof(src), sizeof(dst));
	*ends = (struct kpac_ends){ .src.a = src, .dst.a = dst };
}

static __always_inline void kpac_ends_addrs6(const struct kpac_view *view,
					     struct kpac_ends *ends)
{
	*ends = (struct kpac_ends){
		.src.a = view->word[KPAC_WORD_ADDR],
		.src.b = view->word[KPAC_WORD_ADDR1],
		.dst.a = view->word[KPAC_WORD_ADDR2],
		.dst.b = view->word[KPAC_WORD_ADDR3],
		.ip6 = true,
	};
}

/**
 * kpac_ends_addrs - the addresses of a packet's ends
 * @view: the packet, IPv4 or IPv6
 * @ip6: it is IPv6
 * @ends: the result, without ports
 *
 * Context: softirq.
 */
static __always_inline void kpac_ends_addrs(const struct kpac_view *view,
					    bool ip6, struct kpac_ends *ends)
{
	if (ip6)
		kpac_ends_addrs6(view, ends);
	else
		kpac_ends_addrs4(view, ends);
	ends->proto = kpac_ends_l4_word(view)->proto;
}

/**
 * kpac_ends_ports - the ends of a packet that has ports
 * @view: the packet, with %KPAC_HAS_PORTS
 * @ip6: it is IPv6
 * @ends: the result
 *
 * Context: softirq.
 */
static __always_inline void kpac_ends_ports(const struct kpac_view *view,
					    bool ip6, struct kpac_ends *ends)
{
	kpac_ends_addrs(view, ip6, ends);
	ends->sport = kpac_ends_l4_word(view)->sport;
	ends->dport = kpac_ends_l4_word(view)->dport;
}

/* Of IPv4: ends are numbers. */
static __always_inline struct kpac_cells_key
kpac_ends_key4(const struct kpac_ends *ends, bool *high)
{
	u64 src = ends->src.a << 16 | (__force u16)ends->sport;
	u64 dst = ends->dst.a << 16 | (__force u16)ends->dport;
	struct kpac_flow_sum sum = {};

	*high = src > dst;
	kpac_flow_add(&sum, 0, min(src, dst),
		      max(src, dst) | (u64)ends->proto << 48);
	return kpac_cells_fold(&sum);
}

static __always_inline bool kpac_ends_high6(const struct kpac_ends *ends)
{
	if (ends->src.b != ends->dst.b)
		return ends->src.b > ends->dst.b;
	if (ends->src.a != ends->dst.a)
		return ends->src.a > ends->dst.a;
	return (__force u16)ends->sport > (__force u16)ends->dport;
}

static __always_inline struct kpac_cells_key
kpac_ends_key6(const struct kpac_ends *ends, bool *high)
{
	struct kpac_ends_addr src = ends->src, dst = ends->dst;
	u32 sport = (__force u16)ends->sport;
	u32 dport = (__force u16)ends->dport;
	struct kpac_flow_sum sum = {};

	*high = kpac_ends_high6(ends);
	if (*high) {
		swap(src.a, dst.a);
		swap(src.b, dst.b);
		swap(sport, dport);
	}
	kpac_flow_add(&sum, 0, src.a, src.b);
	kpac_flow_add(&sum, 2, dst.a, dst.b);
	kpac_flow_add(&sum, 4, sport << 16 | dport, ends->proto);
	return kpac_cells_fold(&sum);
}

/**
 * kpac_ends_key - the key of both directions of a flow
 * @ends: its ends
 * @high: set to whether the sender is the end that is the higher one
 *
 * Context: softirq.
 * Return: the key.
 */
static __always_inline struct kpac_cells_key
kpac_ends_key(const struct kpac_ends *ends, bool *high)
{
	return likely(!ends->ip6) ? kpac_ends_key4(ends, high) :
				    kpac_ends_key6(ends, high);
}

/* The ends of what comes back. */
static inline void kpac_ends_swap(struct kpac_ends *ends)
{
	swap(ends->src, ends->dst);
	swap(ends->sport, ends->dport);
}

bool kpac_ends_is_reply(const struct kpac_ends *ends);
bool kpac_ends_other(const struct kpac_view *view, struct kpac_ends *ends);
bool kpac_ends_quoted(const struct kpac_view *view, struct kpac_ends *ends);
bool kpac_ends_error(const struct kpac_view *view);

#endif /* _KPAC_ENDS_H */
