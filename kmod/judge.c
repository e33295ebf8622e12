// SPDX-License-Identifier: GPL-2.0
/* Judging packets, where that is rarely needed; see judge.h. */

#include <net/sock.h>

#include "judge.h"

/**
 * kpac_history_obstacle - what a packet with a history has against kpac
 * @skb: the packet; if all that it has is a socket, that of a sender in
 *	another namespace of this host, it forgets it, as it would in ip_rcv()
 *
 * Context: softirq.
 * Return: the reason to pass it, or -1.
 */
int kpac_history_obstacle(struct sk_buff *skb)
{
	if (skb_vlan_tag_present(skb))
		return KPAC_PASS_REASON_VLAN;
	if (skb->sk && !skb_sk_is_prefetched(skb) && !skb_shared(skb))
		skb_orphan(skb);
	return kpac_history(skb, 0) ? KPAC_PASS_REASON_METADATA : -1;
}

/**
 * kpac_lasting - whether it is worth remembering that a flow is passed
 * @reason: why it is
 *
 * What depends on the single packet, or delays traffic until it changes, is
 * not.
 *
 * Context: any.
 * Return: true if it is.
 */
bool kpac_lasting(enum kpac_pass_reason reason)
{
	switch (reason) {
	case KPAC_PASS_REASON_PORT_OFF:
	case KPAC_PASS_REASON_ENSLAVED:
	case KPAC_PASS_REASON_ADDRESS:
	case KPAC_PASS_REASON_LOCAL:
	case KPAC_PASS_REASON_NO_ROUTE:
	case KPAC_PASS_REASON_IP_FORWARD_OFF:
	case KPAC_PASS_REASON_ROUTE_TYPE:
	case KPAC_PASS_REASON_SAME_DEVICE:
	case KPAC_PASS_REASON_NETFILTER:
	case KPAC_PASS_REASON_XFRM:
	case KPAC_PASS_REASON_PACKET_SOCKET:
		return true;
	default:
		return false;
	}
}
