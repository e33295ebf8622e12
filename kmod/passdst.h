/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Destinations that are passed to the stack, whoever sends to them: this host's
 * own addresses, its networks' broadcast addresses, and what has no route. A host that forwards has traffic of its
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
 * @ip4: IPv4 destinations, each plus the port's salt; 0: none
 * @ip6_lo: lower halves of IPv6 destinations, plus the salt
 * @ip6_hi: their upper halves
 * @reason4: why the IPv4 destinations are passed
 * @reason6: the same for IPv6
 */
struct kpac_passdst {
	u64 ip4[KPAC_PASSDSTS];
	u64 ip6_lo[KPAC_PASSDSTS];
	u64 ip6_hi[KPAC_PASSDSTS];
	u8 reason4[KPAC_PASSDSTS];
	u8 reason6[KPAC_PASSDSTS];
};

DECLARE_PER_CPU(struct kpac_passdst, kpac_passdst);

/* Where a destination is remembered, by its last byte, in which the addresses
 * of a host often differ, while many ports may have the same.
 */
static __always_inline unsigned int
kpac_passdst_place(const struct kpac_port *port, u8 byte)
{
	return (byte + (u8)port->salt) % KPAC_PASSDSTS;
}

static __always_inline unsigned int
kpac_passdst_place4(const struct kpac_port *port, const struct iphdr *iph)
{
	return kpac_passdst_place(port, ((const u8 *)&iph->daddr)[3]);
}

static __always_inline unsigned int
kpac_passdst_place6(const struct kpac_port *port, const struct ipv6hdr *hdr)
{
	return kpac_passdst_place(port, hdr->daddr.s6_addr[15]);
}

static __always_inline u64 kpac_passdst_ip4(const struct kpac_port *port,
					    const struct iphdr *iph)
{
	return (__force u32)iph->daddr + port->salt;
}

static __always_inline u64 kpac_passdst_ip6_lo(const struct kpac_port *port,
					       const struct ipv6hdr *hdr)
{
	return get_unaligned((const u64 *)&hdr->daddr + 1) + port->salt;
}

static __always_inline u64 kpac_passdst_ip6_hi(const struct ipv6hdr *hdr)
{
	return get_unaligned((const u64 *)&hdr->daddr);
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
	unsigned int i = kpac_passdst_place4(port, iph);

	if (likely(raw_cpu_read(kpac_passdst.ip4[i]) !=
		   kpac_passdst_ip4(port, iph)))
		return false;
	*reason = raw_cpu_read(kpac_passdst.reason4[i]);
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
	unsigned int i = kpac_passdst_place6(port, hdr);

	if (likely(raw_cpu_read(kpac_passdst.ip6_lo[i]) !=
		   kpac_passdst_ip6_lo(port, hdr)))
		return false;
	if (raw_cpu_read(kpac_passdst.ip6_hi[i]) != kpac_passdst_ip6_hi(hdr))
		return false;
	*reason = raw_cpu_read(kpac_passdst.reason6[i]);
	return true;
}

void kpac_passdst_add(const struct kpac_port *port, const struct sk_buff *skb,
		      enum kpac_pass_reason reason);
void kpac_passdst_forget(void);

#endif /* _KPAC_PASSDST_H */
