// SPDX-License-Identifier: GPL-2.0
/*
 * Forwarding: does what ip_rcv(), ip_forward() and ip_output(), or their IPv6
 * counterparts, would do to a packet, where that is plain forwarding, and
 * leaves everything else to them.
 *
 * A packet is looked at in this order: hooks that all packets would meet; its
 * destination (passdst.h) and its flow (key.h), for it may be known that the
 * stack has to have it; what the port, the namespace or the packet's history
 * has against it (judge.h); its header, the path (path.h) and its marks, and
 * what forwarding asks of the packet (ipv4.c, ipv6.c). Only then is it touched,
 * and sent (xmit.h).
 */

#include "flow.h"
#include "forward.h"
#include "hooks.h"
#include "ipv4.h"
#include "ipv6.h"
#include "key.h"
#include "packet.h"
#include "passdst.h"
#include "port.h"
#include "skb.h"

/* Whether a packet's header is in one piece: skb_headlen() is enough for it. */
static __always_inline bool kpac_linear(const struct sk_buff *skb, int hlen)
{
	return (int)skb->len - hlen >= (int)skb->data_len;
}

/* A packet whose header is not in one piece: make it so, and begin again. */
static noinline enum kpac_outcome
kpac_forward_pull(struct kpac_port *port, struct sk_buff **pskb,
		  unsigned int len, bool may_handover)
{
	struct sk_buff *skb = *pskb;

	if (skb->len < len || skb_shared(skb) || !pskb_may_pull(skb, len))
		return kpac_pass_in_order(port, KPAC_PASS_REASON_MALFORMED,
					  skb);
	return kpac_forward(port, pskb, may_handover);
}

/* On its own, for the registers that a call takes. */
static noinline enum kpac_outcome
kpac_pass_filtered(const struct kpac_port *port, const struct sk_buff *skb)
{
	return kpac_pass_in_order(port, KPAC_PASS_REASON_NETFILTER, skb);
}

static __always_inline enum kpac_outcome
kpac_start4(struct kpac_port *port, struct sk_buff **pskb, bool may_handover)
{
	struct sk_buff *skb = *pskb;
	enum kpac_pass_reason reason;
	const struct iphdr *iph;
	struct kpac_flow_key key;
	u32 ref;

	if (kpac_hooks_before(port->net->nf.hooks_ipv4))
		return kpac_pass_filtered(port, skb);
	if (unlikely(!kpac_linear(skb, sizeof(*iph))))
		return kpac_forward_pull(port, pskb, sizeof(*iph),
					 may_handover);
	iph = ip_hdr(skb);
	if (kpac_passdst_has4(port, iph, &reason))
		return kpac_pass(port, reason, skb);
	kpac_key4(port, iph, &key);
	ref = kpac_flow_find_first(&key, kpac_flow_hash4(&key));
	if (likely(kpac_ref_is_path(ref)))
		return kpac_express4(port, pskb, ref, may_handover);
	if (kpac_ref_is_pass(ref))
		return kpac_pass(port, kpac_ref_reason(ref), skb);
	return kpac_forward4(port, pskb, ref, may_handover);
}

#if IS_ENABLED(CONFIG_IPV6)
static __always_inline enum kpac_outcome
kpac_look_up6(struct kpac_port *port, struct sk_buff **pskb, bool may_handover)
{
	struct kpac_flow_key key;
	u32 ref;

	kpac_key6(port, ipv6_hdr(*pskb), 0, &key);
	ref = kpac_flow_find_first(&key, key.hi);
	if (likely(kpac_ref_is_path(ref)))
		return kpac_express6(port, pskb, ref, may_handover);
	if (kpac_ref_is_pass(ref))
		return kpac_pass(port, kpac_ref_reason(ref), *pskb);
	return kpac_forward6(port, pskb, ref, may_handover);
}

/* On its own, for the registers that folding needs. */
static noinline enum kpac_outcome kpac_look_up6_rx(struct kpac_port *port,
						   struct sk_buff **pskb)
{
	return kpac_look_up6(port, pskb, true);
}

static __always_inline enum kpac_outcome
kpac_start6(struct kpac_port *port, struct sk_buff **pskb, bool may_handover)
{
	struct sk_buff *skb = *pskb;
	enum kpac_pass_reason reason;

	if (kpac_hooks_before(port->net->nf.hooks_ipv6))
		return kpac_pass_filtered(port, skb);
	if (unlikely(!kpac_linear(skb, sizeof(struct ipv6hdr))))
		return kpac_forward_pull(port, pskb, sizeof(struct ipv6hdr),
					 may_handover);
	if (kpac_passdst_has6(port, ipv6_hdr(skb), &reason))
		return kpac_pass(port, reason, skb);
	return may_handover ? kpac_look_up6_rx(port, pskb) :
			      kpac_look_up6(port, pskb, false);
}
#else
static enum kpac_outcome kpac_start6(struct kpac_port *port,
				     struct sk_buff **pskb, bool may_handover)
{
	return kpac_pass(port, KPAC_PASS_REASON_NOT_IP, *pskb);
}
#endif /* CONFIG_IPV6 */

static __always_inline enum kpac_outcome
kpac_start(struct kpac_port *port, struct sk_buff **pskb, bool may_handover)
{
	struct sk_buff *skb = *pskb;

	if (unlikely(skb->pkt_type != PACKET_HOST))
		return kpac_pass(port, KPAC_PASS_REASON_LINK_ADDRESS, skb);
	if (likely(skb->protocol == htons(ETH_P_IP)))
		return kpac_start4(port, pskb, may_handover);
	if (likely(skb->protocol == htons(ETH_P_IPV6)))
		return kpac_start6(port, pskb, may_handover);
	return kpac_pass(port, KPAC_PASS_REASON_NOT_IP, skb);
}

/**
 * kpac_forward - forward a packet, or leave it to the stack
 * @port: the port it came in by
 * @pskb: the packet, from the network header on; may be replaced
 * @may_handover: the caller can go on with the packet on another device
 *
 * Context: softirq, under RCU.
 * Return: %KPAC_PASS: *@pskb is the packet as it was; %KPAC_STOLEN: it is
 * gone; %KPAC_ANOTHER: *@pskb goes on as received by its device.
 */
enum kpac_outcome kpac_forward(struct kpac_port *port, struct sk_buff **pskb,
			       bool may_handover)
{
	return kpac_start(port, pskb, may_handover);
}

/**
 * kpac_forward_rx - a port's receive handler
 * @pskb: the packet
 *
 * It is here, and not with the door, to be one function with what most packets
 * need.
 *
 * Context: softirq, under RCU.
 * Return: what kpac_forward() returns.
 */
rx_handler_result_t kpac_forward_rx(struct sk_buff **pskb)
{
	struct kpac_port *port;

	port = rcu_dereference((*pskb)->dev->rx_handler_data);
	if (!kpac_table_empty(&port->kn->table))
		return (rx_handler_result_t)kpac_skb_receive(port, pskb, true);
	return (rx_handler_result_t)kpac_start(port, pskb, true);
}
