// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that came by the skb door, and a table to look at: makes the packet
 * view, and does what the table decides.
 */

#include <linux/if_vlan.h>
#include <linux/skbuff.h>

#include "memo.h"
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

/* The stack has taken it out of the frame. */
static void kpac_skb_untag(struct kpac_view *view)
{
	__vlan_hwaccel_clear_tag(view->packet);
	kpac_view_link_word(view)->vlan = 0;
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

static void kpac_skb_consume(struct kpac_view *view)
{
	consume_skb(view->packet);
}

/* Part of a packet is copied, all of it shares its data. */
static struct sk_buff *kpac_skb_clone(const struct kpac_view *view,
				      struct net_device *dev, unsigned int len)
{
	struct sk_buff *skb = view->packet, *clone;

	if (len >= view->len) {
		clone = skb_clone(skb, GFP_ATOMIC);
		if (unlikely(!clone))
			return NULL;
		__skb_push(clone, view->l3);
		clone->mark = view->mark;
		return clone;
	}
	clone = kpac_xmit_buffer(dev, len, skb_vlan_tag_present(skb));
	if (unlikely(!clone))
		return NULL;
	skb_copy_bits(skb, -(int)view->l3, __skb_put(clone, len), len);
	skb_reset_mac_header(clone);
	skb_set_network_header(clone, view->l3);
	clone->protocol = skb->protocol;
	clone->mark = view->mark;
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
	.untag = kpac_skb_untag,
	.trim = kpac_skb_trim,
	.consume = kpac_skb_consume,
	.clone = kpac_skb_clone,
};

static __always_inline u64 kpac_skb_link(const struct kpac_port *port,
					 const struct sk_buff *skb,
					 __be16 protocol)
{
	/* as struct kpac_link_word has it */
	u64 link = port->link | (u64)(__force u16)protocol << 32;

	if (unlikely(skb_vlan_tag_present(skb)))
		link |= (u64)(skb_vlan_tag_get_id(skb) | KPAC_VLAN_TAGGED) << 48;
	return link;
}

/* How many packets one that is to be segmented will be. Who lives in a virtual
 * machine does not say, or need not tell the truth.
 */
static noinline unsigned int kpac_skb_segs(const struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);

	if (shinfo->gso_segs && !(shinfo->gso_type & SKB_GSO_DODGY))
		return shinfo->gso_segs;
	return DIV_ROUND_UP(skb->len, shinfo->gso_size);
}

/* How the checksum of the transport header stands, if the device, or whoever comes
 * next, is to finish one: it may be that of a packet inside.
 */
static enum kpac_view_sum kpac_skb_sum(const struct kpac_view *view,
				       const struct sk_buff *skb)
{
	return view->has & KPAC_HAS_L4 &&
	       skb_checksum_start_offset(skb) + view->l3 == view->l4 ?
	       KPAC_SUM_PARTIAL : KPAC_SUM_FULL;
}

/* What the door knows of a packet, whatever is in it. */
static __always_inline void kpac_skb_begin(const struct kpac_port *port,
					   struct sk_buff *skb,
					   struct kpac_view *view)
{
	view->l3 = skb->data - skb_mac_header(skb);
	kpac_skb_set_data(view, skb);
	view->len = skb->len + view->l3;
	view->segs = likely(!skb_is_gso(skb)) ? 1 : kpac_skb_segs(skb);
	view->mark = skb->mark;
	view->dev = port->dev;
	view->out_peer = false;
	view->out_path = NULL;
	view->packet = skb;
	view->ops = &kpac_skb_ops;
	view->word[KPAC_WORD_LINK] = kpac_skb_link(port, skb, skb->protocol);
}

static __always_inline void kpac_skb_end(const struct sk_buff *skb,
					 struct kpac_view *view)
{
	view->sum = skb->ip_summed == CHECKSUM_PARTIAL ?
		    kpac_skb_sum(view, skb) : KPAC_SUM_FULL;
}

static void kpac_skb_view(const struct kpac_port *port, struct sk_buff *skb,
			  struct kpac_view *view)
{
	unsigned int need;

	kpac_skb_begin(port, skb, view);
	do {
		need = kpac_view_parse(view, skb->protocol);
	} while (unlikely(need) && kpac_view_pull(view, need));
	kpac_skb_end(skb, view);
}

/* ---- what is decided ---- */

static enum kpac_outcome kpac_skb_drop(struct kpac_port *port,
				       struct sk_buff *skb)
{
	kpac_stats_exit(port->stats, KPAC_EXIT_HANDLER_DROP, skb->len);
	kfree_skb_reason(skb, SKB_DROP_REASON_NETFILTER_DROP);
	return KPAC_STOLEN;
}

/* Send a packet by a device as it is, or have its peer receive it. */
static enum kpac_outcome kpac_skb_send(struct kpac_port *port,
				       struct sk_buff *skb,
				       struct net_device *dev, bool peer,
				       unsigned int l3, enum kpac_exit how)
{
	unsigned int bytes = skb->len;
	enum kpac_exit left;

	__skb_push(skb, l3);
	skb_reset_mac_header(skb);
	left = peer && l3 == ETH_HLEN ? kpac_xmit_peer(skb, dev) :
					kpac_xmit_frame(skb, dev);
	if (left == KPAC_EXIT_DROP)
		how = KPAC_EXIT_DROP;
	kpac_stats_exit(port->stats, how, bytes);
	return KPAC_STOLEN;
}

/* Send a packet to the next hop by a device. */
static enum kpac_outcome kpac_skb_send_hop(struct kpac_port *port,
					   struct sk_buff **pskb,
					   const struct kpac_view *view,
					   bool may_handover)
{
	unsigned int bytes = (*pskb)->len;
	enum kpac_exit left;

	__skb_push(*pskb, view->l3);
	skb_reset_mac_header(*pskb);
	/* those of this port would still be given what goes on */
	if (unlikely(kpac_compat_packet_sockets(port->dev)))
		may_handover = false;
	left = kpac_xmit_hop(pskb, view->out_path, may_handover);
	kpac_stats_exit(port->stats, left == KPAC_EXIT_DROP ?
			left : KPAC_EXIT_REDIRECT, bytes);
	return *pskb ? KPAC_ANOTHER : KPAC_STOLEN;
}

static enum kpac_outcome kpac_skb_do(struct kpac_port *port,
				     struct sk_buff **pskb,
				     struct kpac_view *view,
				     enum kpac_verdict verdict,
				     bool may_handover)
{
	struct sk_buff *skb = *pskb;

	if (unlikely(verdict == KPAC_VERDICT_STOLEN)) {
		kpac_stats_exit(port->stats, KPAC_EXIT_STOLEN,
				kpac_view_bytes(view));
		return KPAC_STOLEN;
	}
	if (unlikely(view->mark != skb->mark))
		skb->mark = view->mark;
	switch (verdict) {
	case KPAC_VERDICT_DROP:
		return kpac_skb_drop(port, skb);
	case KPAC_VERDICT_REPLY:
		return kpac_skb_send(port, skb, view->dev, false, view->l3,
				     KPAC_EXIT_REPLY);
	case KPAC_VERDICT_REDIRECT:
		if (view->out_path)
			return kpac_skb_send_hop(port, pskb, view,
						 may_handover);
		return kpac_skb_send(port, skb, view->out, view->out_peer,
				     view->l3, KPAC_EXIT_REDIRECT);
	case KPAC_VERDICT_PASS:
		return kpac_pass_in_order(port, KPAC_PASS_REASON_HANDLER, skb);
	default:
		return kpac_forward(port, pskb, may_handover);
	}
}

/* The door cannot go on with another sk_buff than its own, and somebody else has
 * that, too: the table gets a clone, and what is passed is the door's.
 */
static enum kpac_outcome kpac_skb_clone_receive(struct kpac_port *port,
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
	if (outcome == KPAC_PASS)
		skb->mark = clone->mark;
	consume_skb(outcome == KPAC_PASS ? clone : skb);
	return outcome;
}

static noinline enum kpac_outcome kpac_skb_shared(struct kpac_port *port,
						  struct sk_buff **pskb,
						  bool may_handover)
{
	struct sk_buff *skb = *pskb;

	if (!may_handover)
		return kpac_skb_clone_receive(port, skb);
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb)) {
		kpac_stats_exit(port->stats, KPAC_EXIT_DROP, 0);
		return KPAC_STOLEN;
	}
	*pskb = skb;
	return kpac_skb_receive(port, pskb, may_handover);
}

/* Have the table decide about a packet that has to be looked at, and do it. */
static noinline __no_stack_protector enum kpac_outcome
kpac_skb_view_receive(struct kpac_port *port, struct sk_buff **pskb,
		      bool may_handover)
{
	const struct kpac_table *table = &port->kn->table;
	struct kpac_view view __uninitialized;
	enum kpac_verdict verdict;

	kpac_skb_view(port, *pskb, &view);
	verdict = likely(view.plain) ? kpac_memo_run(table, &view, NULL) :
				       kpac_table_run(table, &view,
						      kpac_table_gen(table), 0);
	return kpac_skb_do(port, pskb, &view, verdict, may_handover);
}

/* The same for a packet that is plain, and of which there is a memo. The CPU's memos
 * are locked.
 */
static noinline __no_stack_protector enum kpac_outcome
kpac_skb_memo_receive(struct kpac_port *port, struct sk_buff **pskb,
		      bool may_handover, const struct kpac_memo *memo, u64 l4,
		      u32 len)
{
	bool ip6 = (*pskb)->protocol == htons(ETH_P_IPV6);
	const u8 *hdr = (*pskb)->data + (ip6 ? sizeof(struct ipv6hdr) :
					       sizeof(struct iphdr));
	const struct kpac_plain plain = {
		.l4 = l4, .l4_len = kpac_plain_l4_len(hdr, l4), .len = len,
	};
	struct kpac_view view __uninitialized;
	enum kpac_verdict verdict;

	kpac_skb_begin(port, *pskb, &view);
	kpac_view_plain(&view, &plain, ip6);
	kpac_skb_end(*pskb, &view);
	verdict = kpac_memo_run(&port->kn->table, &view, memo);
	return kpac_skb_do(port, pskb, &view, verdict, may_handover);
}

/* What a memo says that needs no look at the packet, which is counted. The CPU's memos
 * are locked.
 */
static __always_inline void kpac_skb_count(const struct kpac_memo *memo,
					   const struct sk_buff *skb)
{
	unsigned long segs = likely(!skb_is_gso(skb)) ? 1 : kpac_skb_segs(skb);

	kpac_memo_count(memo, segs, skb->len);
	kpac_memo_unlock();
}

/* Drop or pass a packet, as its memo says. */
static __always_inline enum kpac_outcome
kpac_skb_end_here(struct kpac_port *port, struct sk_buff *skb,
		  const struct kpac_memo *memo)
{
	enum kpac_verdict verdict = READ_ONCE(memo->verdict);

	kpac_skb_count(memo, skb);
	if (likely(verdict == KPAC_VERDICT_DROP))
		return kpac_skb_drop(port, skb);
	return kpac_pass_in_order(port, KPAC_PASS_REASON_HANDLER, skb);
}

/* A packet of IPv4 or IPv6, of which a memo may say what is decided. */
static __always_inline enum kpac_outcome
kpac_skb_receive_ip(struct kpac_port *port, struct sk_buff **pskb,
		    bool may_handover, struct kpac_memo_key key,
		    enum kpac_memo_kind kind)
{
	bool ip6 = kind != KPAC_MEMO_IP4;
	const struct sk_buff *skb = *pskb;
	const void *l3 = skb->data;
	struct kpac_plain plain;
	struct kpac_memo *memo;

	if (unlikely(ip6 ? !kpac_plain6(l3, skb_headlen(skb), skb->len, &plain) :
			   !kpac_plain4(l3, skb_headlen(skb), skb->len, &plain)))
		return kpac_skb_view_receive(port, pskb, may_handover);
	kpac_memo_words(&key, plain.l4,
			kpac_skb_link(port, skb, htons(ip6 ? ETH_P_IPV6 :
							     ETH_P_IP)),
			l3 + (ip6 ? offsetof(struct ipv6hdr, saddr) :
				    offsetof(struct iphdr, saddr)));
	kpac_memo_lock();
	if (unlikely(!kpac_memo_find(&key, kind, &memo))) {
		kpac_memo_unlock();
		return kpac_skb_view_receive(port, pskb, may_handover);
	}
	if (likely(memo->verdict == KPAC_VERDICT_NEXT)) {
		kpac_skb_count(memo, skb);
		return kpac_forward(port, pskb, may_handover);
	}
	/* read again, for whom it is in a register for costs the others one */
	if (READ_ONCE(memo->verdict) == KPAC_VERDICT_STOLEN)
		return kpac_skb_memo_receive(port, pskb, may_handover, memo,
					     plain.l4, plain.len);
	return kpac_skb_end_here(port, *pskb, memo);
}

/* Functions of their own have registers of their own. */
static noinline enum kpac_outcome
kpac_skb_receive4(struct kpac_port *port, struct sk_buff **pskb,
		  bool may_handover, u64 gen, const struct kpac_asked *asked)
{
	const struct kpac_memo_key key = { .gen = gen, .asked = asked };

	return kpac_skb_receive_ip(port, pskb, may_handover, key,
				   KPAC_MEMO_IP4);
}

static noinline enum kpac_outcome
kpac_skb_receive6_one(struct kpac_port *port, struct sk_buff **pskb,
		      bool may_handover, u64 gen,
		      const struct kpac_asked *asked)
{
	const struct kpac_memo_key key = { .gen = gen, .asked = asked };

	return kpac_skb_receive_ip(port, pskb, may_handover, key,
				   KPAC_MEMO_IP6_ONE);
}

static noinline enum kpac_outcome
kpac_skb_receive6_both(struct kpac_port *port, struct sk_buff **pskb,
		       bool may_handover, u64 gen,
		       const struct kpac_asked *asked)
{
	const struct kpac_memo_key key = { .gen = gen, .asked = asked };

	return kpac_skb_receive_ip(port, pskb, may_handover, key,
				   KPAC_MEMO_IP6_BOTH);
}

/* A packet for the table. */
static __always_inline enum kpac_outcome
kpac_skb_decide(struct kpac_port *port, struct sk_buff **pskb,
		bool may_handover)
{
	struct kpac_memo_key key __uninitialized;
	struct sk_buff *skb = *pskb;

	if (unlikely(skb_shared(skb)))
		return kpac_skb_shared(port, pskb, may_handover);
	if (unlikely(!kpac_memo_begin(&port->kn->table, &key)))
		return kpac_forward(port, pskb, may_handover);
	if (likely(skb->protocol == htons(ETH_P_IP)))
		return kpac_skb_receive4(port, pskb, may_handover, key.gen,
					 key.asked);
	if (unlikely(skb->protocol != htons(ETH_P_IPV6)))
		return kpac_skb_view_receive(port, pskb, may_handover);
	if (likely(kpac_memo_kind6(&key) == KPAC_MEMO_IP6_ONE))
		return kpac_skb_receive6_one(port, pskb, may_handover,
					     key.gen, key.asked);
	return kpac_skb_receive6_both(port, pskb, may_handover, key.gen,
				      key.asked);
}

/* What others send to others is theirs, unless the port is a bridge's. */
static noinline enum kpac_outcome
kpac_skb_not_to_host(struct kpac_port *port, struct sk_buff **pskb,
		     bool may_handover)
{
	if ((*pskb)->pkt_type == PACKET_OTHERHOST &&
	    !(READ_ONCE(port->flags) & KPAC_PORT_ENSLAVED))
		return kpac_forward(port, pskb, may_handover);
	return kpac_skb_decide(port, pskb, may_handover);
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
enum kpac_outcome kpac_skb_receive(struct kpac_port *port,
				   struct sk_buff **pskb, bool may_handover)
{
	if (unlikely((*pskb)->pkt_type != PACKET_HOST))
		return kpac_skb_not_to_host(port, pskb, may_handover);
	return kpac_skb_decide(port, pskb, may_handover);
}
