// SPDX-License-Identifier: GPL-2.0
/* What is done with packets of either family, where that is rarely needed. */

#include <net/l3mdev.h>

#include "judge.h"
#include "key.h"
#include "packet.h"

/* Whether the stack may send a packet that is passed to where others of its flow
 * were sent before.
 */
static bool kpac_may_follow(enum kpac_pass_reason reason)
{
	switch (reason) {
	case KPAC_PASS_REASON_ADDRESS:
	case KPAC_PASS_REASON_LOCAL:
	case KPAC_PASS_REASON_NO_ROUTE:
		return false;
	default:
		return true;
	}
}

/**
 * kpac_pass_flow - pass a packet, and its flow for a while
 * @port: the port it came in by
 * @reason: why
 * @skb: the packet
 *
 * The next packets of the flow are passed without looking further.
 *
 * Context: softirq.
 * Return: %KPAC_PASS.
 */
enum kpac_outcome
kpac_pass_flow(const struct kpac_port *port, enum kpac_pass_reason reason,
	       const struct sk_buff *skb)
{
	struct kpac_flow_key key;

	if (kpac_may_follow(reason))
		kpac_txq_settle(NULL);
	if (kpac_lasting(reason)) {
		kpac_key(port, skb, &key);
		/* no IPv4 header: would be taken for a folded key */
		if (skb->protocol == htons(ETH_P_IP) && key.lo & BIT(7))
			return kpac_pass(port, reason, skb);
		kpac_flow_store(&key, kpac_flow_hash(&key),
				kpac_ref_pass(reason));
	}
	return kpac_pass(port, reason, skb);
}

/**
 * kpac_l3mdev - let a packet be seen in its VRF
 * @skb: the packet
 *
 * It counts there, and passes the VRF's taps and hooks.
 *
 * Context: softirq.
 * Return: the packet, or NULL if a hook took it.
 */
struct sk_buff *kpac_l3mdev(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IPV6)) {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		return l3mdev_ip6_rcv(skb);
	}
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	return l3mdev_ip_rcv(skb);
}
