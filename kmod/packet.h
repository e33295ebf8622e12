/* SPDX-License-Identifier: GPL-2.0 */
/* What is asked of packets of either family, and done with them. */
#ifndef _KPAC_PACKET_H
#define _KPAC_PACKET_H

#include <net/gso.h>
#include <net/neighbour.h>

#include "forward.h"
#include "path.h"
#include "port.h"
#include "xmit.h"

enum kpac_outcome kpac_pass_flow(const struct kpac_port *port,
				 enum kpac_pass_reason reason,
				 const struct sk_buff *skb);
struct sk_buff *kpac_l3mdev(struct sk_buff *skb);

/* Leave a packet to the stack. */
static __always_inline enum kpac_outcome
kpac_pass(const struct kpac_port *port, enum kpac_pass_reason reason,
	  const struct sk_buff *skb)
{
	kpac_stats_pass(port->stats, reason, skb->len);
	return KPAC_PASS;
}

/* The same, if packets of its flow may be on TX queues, which it must not
 * overtake: what decides has changed, or is in the packet.
 */
static __always_inline enum kpac_outcome
kpac_pass_in_order(const struct kpac_port *port, enum kpac_pass_reason reason,
		   const struct sk_buff *skb)
{
	kpac_txq_settle(NULL);
	return kpac_pass(port, reason, skb);
}

/* The next hop has been heard of lately, or needs not be. */
static __always_inline bool kpac_neigh_fresh(const struct neighbour *neigh)
{
	return READ_ONCE(neigh->nud_state) & NUD_CONNECTED;
}

/* The next hop can be sent to; if it has not been heard of for a while the
 * neighbour code is told, as the stack would.
 */
static __always_inline bool kpac_neigh_usable(struct neighbour *neigh)
{
	u8 state = READ_ONCE(neigh->nud_state);

	if (likely(state & NUD_CONNECTED))
		return true;
	return state & NUD_VALID && !neigh_event_send(neigh, NULL);
}

/* Large receive offload merged packets beyond repair; the stack warns of it. */
static __always_inline bool kpac_lro(const struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);

	return unlikely(shinfo->gso_size) && !shinfo->gso_type;
}

static __always_inline bool kpac_fits(struct sk_buff *skb, unsigned int hlen,
				      unsigned int len, unsigned int mtu)
{
	if (likely(len <= mtu))
		return true;
	if (!skb_is_gso(skb))
		return false;
	/* the transport header may be that of an inner packet */
	skb_set_transport_header(skb, hlen);
	return skb_gso_validate_network_len(skb, mtu);
}

/* What is left to ask of a packet that is not kpac_unfit(), if it is to need no
 * work beyond its header, of @hlen bytes: it is nobody else's, in one piece, has
 * all that the header says it is long, and room for an Ethernet header of any
 * neighbour.
 */
static __always_inline bool kpac_ordinary(const struct sk_buff *skb,
					  unsigned int hlen, unsigned int len)
{
	if (unlikely(len - hlen > skb->len - hlen) || unlikely(skb->data_len))
		return false;
	if (unlikely(refcount_read(&skb->users) != 1))
		return false;
	if (unlikely(skb_shinfo(skb)->gso_size))
		return false;
	return skb_headroom(skb) >= HH_DATA_MOD;
}

/* Take off what Ethernet has put behind a short packet, kpac_ordinary() and without
 * a checksum of all of it.
 */
static __always_inline void kpac_unpad(struct sk_buff *skb, unsigned int len)
{
	if (unlikely(skb->len != len))
		__skb_trim(skb, len);
}

/* The way of a packet on the express lane: the queue, for which it has to leave
 * the lane, if the next hop or the headroom needs a closer look.
 */
static __always_inline enum kpac_way
kpac_express_way(const struct sk_buff *skb, const struct kpac_path *path,
		 bool may_handover)
{
	enum kpac_way way;

	if (unlikely(!kpac_neigh_fresh(path->key.neigh)) ||
	    unlikely(!kpac_xmit_has_hh(path)))
		return KPAC_WAY_QUEUED;
	way = kpac_xmit_way(path, may_handover);
	if (way <= KPAC_WAY_DIRECT && skb_headroom(skb) < path->headroom)
		return KPAC_WAY_QUEUED;
	return way;
}

/* Make the packet kpac's own: unshared, its header writable, with room for the
 * output device's header, without padding. NULL: it had to be dropped.
 */
static __always_inline struct sk_buff *
kpac_take(struct sk_buff *skb, const struct kpac_path *path, unsigned int hlen,
	  unsigned int len)
{
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		return NULL;
	if (unlikely(skb->len != len && pskb_trim_rcsum(skb, len)) ||
	    unlikely(skb_cow(skb, path->headroom))) {
		kfree_skb(skb);
		return NULL;
	}
	skb_set_transport_header(skb, hlen);
	skb_forward_csum(skb);
	return skb;
}

/* Count how a packet left, of which *@pskb is what goes on, if anything. */
static __always_inline enum kpac_outcome
kpac_left(const struct kpac_port *port, enum kpac_exit how, unsigned int bytes,
	  struct sk_buff * const *pskb)
{
	kpac_stats_exit(port->stats, how, bytes);
	return *pskb ? KPAC_ANOTHER : KPAC_STOLEN;
}

/* Count a packet that has been dropped. */
static inline enum kpac_outcome kpac_dropped(const struct kpac_port *port,
					     unsigned int bytes)
{
	kpac_stats_exit(port->stats, KPAC_EXIT_DROP, bytes);
	return KPAC_STOLEN;
}

#endif /* _KPAC_PACKET_H */
