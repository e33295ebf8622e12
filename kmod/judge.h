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
static __always_inline unsigned int kpac_xfrm(const struct net *net)
{
#ifdef CONFIG_XFRM
	const struct netns_xfrm *x = &net->xfrm;

	/* both at once: out and fwd are neighbours */
	static_assert(XFRM_POLICY_FWD - XFRM_POLICY_OUT == 1);
	const u16 accept = XFRM_USERPOLICY_ACCEPT << 8 | XFRM_USERPOLICY_ACCEPT;
	const u8 *defaults = &x->policy_default[XFRM_POLICY_OUT];

	return READ_ONCE(x->policy_count[XFRM_POLICY_FWD]) |
	       READ_ONCE(x->policy_count[XFRM_POLICY_OUT]) |
	       (get_unaligned((const u16 *)defaults) ^ accept);
#else
	return 0;
#endif
}

/* Not zero: the packet may have a history that the stack takes into account. */
static __always_inline unsigned long kpac_history(const struct sk_buff *skb)
{
	unsigned long history = skb->_skb_refdst | skb->vlan_all |
				(unsigned long)skb->sk;

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	history |= skb->_nfct;
#endif
#ifdef CONFIG_NETWORK_SECMARK
	history |= skb->secmark;
#endif
#ifdef CONFIG_SKB_EXTENSIONS
	history |= skb->active_extensions;
#endif
#ifdef CONFIG_NET_SWITCHDEV
	history |= skb->offload_l3_fwd_mark;
#endif
	return history;
}

/* There may be something against the packet that asks for a closer look. */
static __always_inline bool kpac_unfit(const struct kpac_port *port,
				       const struct net *net,
				       const struct sk_buff *skb)
{
	if (unlikely(READ_ONCE(port->flags)))
		return true;
	if (unlikely(kpac_compat_packet_sockets(port->dev)))
		return true;
	return unlikely(kpac_xfrm(net)) || unlikely(kpac_history(skb) | skb->mark);
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
	if (unlikely(kpac_history(skb)))
		return kpac_history_obstacle(skb);
	return -1;
}

#endif /* _KPAC_JUDGE_H */
