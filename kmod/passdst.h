/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Destinations that are passed to the stack, whoever sends to them: this host's
 * own addresses, and what has no route. A host that forwards has traffic of its
 * own, from many senders, or is asked for what it does not know: this finds it
 * before any flow is looked up.
 *
 * Each CPU remembers a few, for a second. What is passed wrongly is slower than
 * it could be, and no worse.
 */
#ifndef _KPAC_PASSDST_H
#define _KPAC_PASSDST_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>

#include "flow.h"
#include "port.h"

#define KPAC_PASSDSTS	64

/**
 * struct kpac_passdst - what a CPU remembers
 * @key: the destinations, each by a number that, for all that senders know, is
 *	no other's, nor its own by another port; 0: none
 * @reason: why they are passed
 */
struct kpac_passdst {
	u64 key[KPAC_PASSDSTS];
	u8 reason[KPAC_PASSDSTS];
};

DECLARE_PER_CPU(struct kpac_passdst, kpac_passdst);

static __always_inline u64 kpac_passdst_key4(const struct kpac_port *port,
					     const struct iphdr *iph)
{
	return (__force u32)iph->daddr + port->hash4;
}

static __always_inline u64 kpac_passdst_key6(const struct kpac_port *port,
					     const struct ipv6hdr *hdr)
{
	const u64 *addr = (const u64 *)&hdr->daddr;

	return get_unaligned(addr) * kpac_flow_secret.index[0] +
	       get_unaligned(addr + 1) + port->hash4;
}

/* Where it is remembered: a host's addresses often differ in the last byte. */
static __always_inline unsigned int kpac_passdst_place4(const struct iphdr *iph)
{
	return ((const u8 *)&iph->daddr)[3] % KPAC_PASSDSTS;
}

static __always_inline unsigned int
kpac_passdst_place6(const struct ipv6hdr *hdr)
{
	return hdr->daddr.s6_addr[15] % KPAC_PASSDSTS;
}

/**
 * kpac_passdst_has4 - whether an IPv4 packet's destination is one of these
 * @port: the port it came in by
 * @iph: its header
 * @reason: set if it is
 *
 * Context: softirq.
 */
static __always_inline bool kpac_passdst_has4(const struct kpac_port *port,
					      const struct iphdr *iph,
					      enum kpac_pass_reason *reason)
{
	unsigned int i = kpac_passdst_place4(iph);

	if (likely(raw_cpu_read(kpac_passdst.key[i]) !=
		   kpac_passdst_key4(port, iph)))
		return false;
	*reason = raw_cpu_read(kpac_passdst.reason[i]);
	return true;
}

/**
 * kpac_passdst_has6 - the same for IPv6
 * @port: the port it came in by
 * @hdr: its header
 * @reason: set if it is
 *
 * Context: softirq.
 */
static __always_inline bool kpac_passdst_has6(const struct kpac_port *port,
					      const struct ipv6hdr *hdr,
					      enum kpac_pass_reason *reason)
{
	unsigned int i = kpac_passdst_place6(hdr);

	if (likely(raw_cpu_read(kpac_passdst.key[i]) !=
		   kpac_passdst_key6(port, hdr)))
		return false;
	*reason = raw_cpu_read(kpac_passdst.reason[i]);
	return true;
}

void kpac_passdst_add(const struct kpac_port *port, const struct sk_buff *skb,
		      enum kpac_pass_reason reason);
void kpac_passdst_forget(void);

#endif /* _KPAC_PASSDST_H */
