/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Judging: what the port, the namespace or a packet's history has against
 * forwarding the packet, whatever is in it.
 */
#ifndef _KPAC_JUDGE_H
#define _KPAC_JUDGE_H

#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/xfrm.h>

#include "compat.h"
#include "port.h"

int kpac_history_obstacle(struct sk_buff *skb);
bool kpac_lasting(enum kpac_pass_reason reason);

/* Not zero: IPsec policy applies to forwarded packets of the namespace. */
static __always_inline u64 kpac_xfrm(const struct net *net)
{
#ifdef CONFIG_XFRM
	const struct netns_xfrm *x = &net->xfrm;

	/* both at once: out and fwd are neighbours */
	static_assert(XFRM_POLICY_FWD - XFRM_POLICY_OUT == 1);
	static_assert(sizeof(x->policy_count[0]) == sizeof(u32));
	const u32 accept = XFRM_USERPOLICY_ACCEPT << 8 | XFRM_USERPOLICY_ACCEPT;
	const u8 *defaults = &x->policy_default[XFRM_POLICY_OUT];
	const void *counts = &x->policy_count[XFRM_POLICY_OUT];

	return get_unaligned((const u64 *)counts) |
	       (get_unaligned((const u16 *)defaults) ^ accept);
#else
	return 0;
#endif
}

/* The bits of a packet that say most about it, as one word. */
static __always_inline u64 kpac_bits(const struct sk_buff *skb)
{
	return get_unaligned((const u64 *)skb->__cloned_offset);
}

/* Those of them that belong to its history. */
static __always_inline u64 kpac_bits_history(void)
{
	const struct sk_buff skb = {
#ifdef CONFIG_SKB_EXTENSIONS
		.active_extensions = U8_MAX,
#endif
#ifdef CONFIG_NET_SWITCHDEV
		.offload_l3_fwd_mark = 1,
#endif
	};
	const unsigned int n = IS_ENABLED(CONFIG_SKB_EXTENSIONS) * 8 +
			       IS_ENABLED(CONFIG_NET_SWITCHDEV);

	BUILD_BUG_ON(__builtin_popcountll(kpac_bits(&skb)) != n);
	return kpac_bits(&skb);
}

/* Those that a packet has which needs work beyond its header. */
static __always_inline u64 kpac_bits_work(void)
{
	/* set in CHECKSUM_PARTIAL, too */
	const struct sk_buff skb = { .cloned = 1, .ip_summed = CHECKSUM_COMPLETE };

	BUILD_BUG_ON(__builtin_popcountll(kpac_bits(&skb)) != 2);
	return kpac_bits(&skb);
}

/* Not zero: the packet may have a history that the stack takes into account,
 * or has one of the bits @more.
 */
static __always_inline u64 kpac_history(const struct sk_buff *skb, u64 more)
{
	u64 history = skb->_skb_refdst | skb->vlan_all | (unsigned long)skb->sk;

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	history |= skb->_nfct;
#endif
#ifdef CONFIG_NETWORK_SECMARK
	history |= skb->secmark;
#endif
	return history | (kpac_bits(skb) & (kpac_bits_history() | more));
}

/* There may be something against the packet that asks for a closer look, or it
 * needs work beyond its header.
 */
static __always_inline bool kpac_unfit(const struct kpac_port *port,
				       const struct net *net,
				       const struct sk_buff *skb)
{
	if (unlikely(READ_ONCE(port->flags)))
		return true;
	if (unlikely(kpac_compat_packet_sockets(port->dev)))
		return true;
	return unlikely(kpac_xfrm(net)) ||
	       unlikely(kpac_history(skb, kpac_bits_work()) | skb->mark);
}

/* What the port, the namespace or the packet has against kpac, whatever is in
 * the packet; or -1.
 */
static __always_inline int kpac_obstacle(const struct kpac_port *port,
					 const struct net *net,
					 struct sk_buff *skb)
{
	u16 flags = READ_ONCE(port->flags);

	if (unlikely(flags & KPAC_PORT_OFF))
		return KPAC_PASS_REASON_PORT_OFF;
	if (unlikely(flags & KPAC_PORT_ENSLAVED))
		return KPAC_PASS_REASON_ENSLAVED;
	if (unlikely(kpac_compat_packet_sockets(port->dev)))
		return KPAC_PASS_REASON_PACKET_SOCKET;
	if (unlikely(kpac_xfrm(net)))
		return KPAC_PASS_REASON_XFRM;
	if (unlikely(kpac_history(skb, 0)))
		return kpac_history_obstacle(skb);
	return -1;
}

#endif /* _KPAC_JUDGE_H */
