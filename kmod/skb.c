// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that came by the skb door, and a table to look at: makes the packet
 * view, and does what the table decides.
 */

#include <linux/if_vlan.h>
#include <linux/skbuff.h>

#include "packet.h"
#include "skb.h"
#include "view.h"
#include "xmit.h"

/* ---- the view of an sk_buff ---- */

/* An sk_buff begins with the network header, its view with the link layer's. */
static void kpac_skb_set_data(struct kpac_view *view, struct sk_buff *skb)
{
	view->data = skb->data - view->l3;
	view->headlen = skb_headlen(skb) + view->l3;
}

static bool kpac_skb_pull(struct kpac_view *view, unsigned int len)
{
	struct sk_buff *skb = view->packet;

	if (len > view->l3 && !pskb_may_pull(skb, len - view->l3))
		return false;
	kpac_skb_set_data(view, skb);
	return true;
}

static bool kpac_skb_unshare(struct kpac_view *view, unsigned int len)
{
	struct sk_buff *skb = view->packet;

	if (skb_ensure_writable(skb, len > view->l3 ? len - view->l3 : 0))
		return false;
	kpac_skb_set_data(view, skb);
	return true;
}

static void kpac_skb_copy(const struct kpac_view *view, unsigned int offset,
			  void *to, unsigned int len)
{
	const struct sk_buff *skb = view->packet;

	skb_copy_bits(skb, (int)offset - view->l3, to, len);
}

static void kpac_skb_changed(struct kpac_view *view)
{
	struct sk_buff *skb = view->packet;

	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

static bool kpac_skb_trim(struct kpac_view *view, unsigned int len)
{
	struct sk_buff *skb = view->packet;

	if (len < view->l3 || pskb_trim_rcsum(skb, len - view->l3))
		return false;
	view->len = len;
	kpac_skb_set_data(view, skb);
	return true;
}

/* Part of a packet is copied, all of it shares its data. */
static struct sk_buff *kpac_skb_clone(const struct kpac_view *view,
				      struct net_device *dev, unsigned int len)
{
	struct sk_buff *skb = view->packet, *clone;

	if (len >= view->len) {
		clone = skb_clone(skb, GFP_ATOMIC);
		if (likely(clone))
			__skb_push(clone, view->l3);
		return clone;
	}
	clone = kpac_xmit_buffer(dev, len);
	if (unlikely(!clone))
		return NULL;
	skb_copy_bits(skb, -(int)view->l3, __skb_put(clone, len), len);
	skb_reset_mac_header(clone);
	skb_set_network_header(clone, view->l3);
	clone->protocol = skb->protocol;
	clone->mark = skb->mark;
	clone->skb_iif = skb->skb_iif;
	if (skb_vlan_tag_present(skb))
		__vlan_hwaccel_copy_tag(clone, skb);
	return clone;
}

static const struct kpac_view_ops kpac_skb_ops = {
	.pull = kpac_skb_pull,
	.unshare = kpac_skb_unshare,
	.copy = kpac_skb_copy,
	.changed = kpac_skb_changed,
	.trim = kpac_skb_trim,
	.clone = kpac_skb_clone,
};

static __always_inline u64 kpac_skb_link(const struct kpac_port *port,
					 const struct sk_buff *skb)
{
	u16 vlan = 0;

	if (unlikely(skb_vlan_tag_present(skb)))
		vlan = skb_vlan_tag_get_id(skb) | KPAC_VLAN_TAGGED;
	/* as struct kpac_link_word has it */
	return (u32)port->dev->ifindex | (u64)(__force u16)skb->protocol << 32 |
	       (u64)vlan << 48;
}

static __always_inline void kpac_skb_view(const struct kpac_port *port,
					  struct sk_buff *skb,
					  struct kpac_view *view)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	unsigned int need;

	view->l3 = skb->data - skb_mac_header(skb);
	kpac_skb_set_data(view, skb);
	view->len = skb->len + view->l3;
	view->segs = 1;
	if (unlikely(shinfo->gso_size))
		view->segs = max_t(u32, shinfo->gso_segs, 1);
	view->sum = skb->ip_summed == CHECKSUM_PARTIAL ? KPAC_SUM_PARTIAL :
							 KPAC_SUM_FULL;
	view->mark = skb->mark;
	view->dev = port->dev;
	view->packet = skb;
	view->ops = &kpac_skb_ops;
	view->word[KPAC_WORD_ADDR] = 0;
	view->word[KPAC_WORD_ADDR1] = 0;
	view->word[KPAC_WORD_LINK] = kpac_skb_link(port, skb);
	if (likely(kpac_view_parse_plain(view, skb->protocol)))
		return;
	do {
		need = kpac_view_parse(view, skb->protocol);
	} while (unlikely(need) && kpac_view_pull(view, need));
}

/* ---- what is decided ---- */

static enum kpac_outcome kpac_skb_drop(struct kpac_port *port,
				       struct sk_buff *skb)
{
	kpac_stats_exit(port->stats, KPAC_EXIT_HANDLER_DROP, skb->len);
	kfree_skb_reason(skb, SKB_DROP_REASON_NETFILTER_DROP);
	return KPAC_STOLEN;
}

/* Send a packet by a device as it is. */
static enum kpac_outcome kpac_skb_send(struct kpac_port *port,
				       struct sk_buff *skb,
				       struct net_device *dev, unsigned int l3,
				       enum kpac_exit how)
{
	unsigned int bytes = skb->len;

	__skb_push(skb, l3);
	skb_reset_mac_header(skb);
	if (kpac_xmit_frame(skb, dev) == KPAC_EXIT_DROP)
		how = KPAC_EXIT_DROP;
	kpac_stats_exit(port->stats, how, bytes);
	return KPAC_STOLEN;
}

/* Have the peer of a device receive a packet. */
static enum kpac_outcome kpac_skb_send_peer(struct kpac_port *port,
					    struct sk_buff *skb,
					    struct net_device *dev,
					    bool may_handover)
{
	unsigned int bytes = skb->len;
	enum kpac_outcome outcome;

	outcome = kpac_xmit_peer(skb, dev, may_handover);
	kpac_stats_exit(port->stats, outcome == KPAC_PASS ? KPAC_EXIT_DROP :
						 KPAC_EXIT_REDIRECT, bytes);
	return outcome == KPAC_PASS ? KPAC_STOLEN : outcome;
}

static enum kpac_outcome kpac_skb_do(struct kpac_port *port,
				     struct sk_buff **pskb,
				     struct kpac_view *view,
				     enum kpac_verdict verdict,
				     bool may_handover)
{
	struct sk_buff *skb = *pskb;

	switch (verdict) {
	case KPAC_VERDICT_DROP:
		return kpac_skb_drop(port, skb);
	case KPAC_VERDICT_REPLY:
		return kpac_skb_send(port, skb, view->dev, view->l3,
				     KPAC_EXIT_REPLY);
	case KPAC_VERDICT_REDIRECT:
		if (view->out_peer && view->l3 == ETH_HLEN)
			return kpac_skb_send_peer(port, skb, view->out,
						  may_handover);
		return kpac_skb_send(port, skb, view->out, view->l3,
				     KPAC_EXIT_REDIRECT);
	case KPAC_VERDICT_STOLEN:
		kpac_stats_exit(port->stats, KPAC_EXIT_STOLEN,
				kpac_view_bytes(view));
		return KPAC_STOLEN;
	case KPAC_VERDICT_PASS:
		if (unlikely(view->mark != skb->mark))
			skb->mark = view->mark;
		return kpac_pass_in_order(port, KPAC_PASS_REASON_HANDLER, skb);
	default:
		if (unlikely(view->mark != skb->mark))
			skb->mark = view->mark;
		return kpac_forward(port, pskb, may_handover);
	}
}

/* The door cannot go on with another sk_buff than its own, and somebody else has
 * that, too: the table gets a clone, and what is passed is the door's.
 */
static noinline enum kpac_outcome kpac_skb_shared(struct kpac_port *port,
						  struct sk_buff *skb)
{
	struct sk_buff *clone = skb_clone(skb, GFP_ATOMIC);
	enum kpac_outcome outcome;

	if (unlikely(!clone)) {
		/* not around those who might have dropped it */
		kpac_stats_exit(port->stats, KPAC_EXIT_DROP, skb->len);
		kfree_skb(skb);
		return KPAC_STOLEN;
	}
	outcome = kpac_skb_receive(port, &clone, false);
	consume_skb(outcome == KPAC_PASS ? clone : skb);
	return outcome;
}

/**
 * kpac_skb_receive - have the table decide about a packet, and do it
 * @port: the port it came in by
 * @pskb: the packet, from the network header on; may be replaced, if
 *	@may_handover
 * @may_handover: the caller can go on with another packet, on another device
 *
 * Context: softirq, under RCU.
 * Return: what kpac_forward() returns, which decides where the table does not.
 */
__no_stack_protector enum kpac_outcome
kpac_skb_receive(struct kpac_port *port, struct sk_buff **pskb,
		 bool may_handover)
{
	struct sk_buff *skb = *pskb;
	struct kpac_view view __uninitialized;
	enum kpac_verdict verdict;

	if (unlikely(skb_shared(skb))) {
		if (!may_handover)
			return kpac_skb_shared(port, skb);
		skb = skb_share_check(skb, GFP_ATOMIC);
		if (unlikely(!skb)) {
			kpac_stats_exit(port->stats, KPAC_EXIT_DROP, 0);
			return KPAC_STOLEN;
		}
		*pskb = skb;
	}
	kpac_skb_view(port, skb, &view);
	verdict = kpac_table_run(&port->kn->table, &view);
	return kpac_skb_do(port, pskb, &view, verdict, may_handover);
}
