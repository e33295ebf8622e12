/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packet view: what predicates and handlers see of a packet, whichever door
 * it came by. The door makes it, and does what the handlers decide.
 */
#ifndef _KPAC_VIEW_H
#define _KPAC_VIEW_H

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <uapi/linux/kpac.h>

struct kpac_path;
struct kpac_view;

/* What a packet has; a later fragment has no transport header. */
#define KPAC_HAS_IPV4		BIT(0)
#define KPAC_HAS_IPV6		BIT(1)
#define KPAC_HAS_L4		BIT(2)	/* @l4 is known */
#define KPAC_HAS_PORTS		BIT(3)	/* of TCP, UDP and their like */
#define KPAC_HAS_TCP		BIT(4)
#define KPAC_HAS_ICMP		BIT(5)	/* or ICMPv6 */
#define KPAC_HAS_PAYLOAD	BIT(6)	/* @payload is known */
#define KPAC_HAS_FRAGMENT	BIT(7)	/* the packet is a fragment */
#define KPAC_HAS_IP		BIT(8)	/* of either version */
#define KPAC_HAS_CHANGED	BIT(14)	/* a handler has changed its words */
#define KPAC_HAS_NEVER		BIT(15)	/* nothing has this */

/* How a packet's transport checksum stands. */
enum kpac_view_sum {
	KPAC_SUM_FULL,		/* as on the wire */
	KPAC_SUM_PARTIAL,	/* of the pseudo header alone */
	KPAC_SUM_NONE,		/* the packet has none, or it is not known where */
};

/* The words of a packet that predicates can ask for, in pairs. */
enum kpac_word {
	KPAC_WORD_L4,		/* struct kpac_l4_word */
	KPAC_WORD_ADDR,		/* IPv4: both addresses; IPv6: half of the source */
	KPAC_WORD_LINK,		/* struct kpac_link_word */
	KPAC_WORD_ADDR1,	/* IPv6: the other half of the source */
	KPAC_WORD_ADDR2,	/* IPv6: half of the destination */
	KPAC_WORD_ADDR3,	/* IPv6: the other half of it */
	KPAC_WORDS
};

/* Bits of &kpac_l4_word.fragment. */
#define KPAC_FRAG_ANY	BIT(0)
#define KPAC_FRAG_LATER	BIT(1)

/**
 * struct kpac_l4_word - what a word is made of
 * @proto: the protocol over IP
 * @tos: the TOS field or traffic class
 * @tcp_flags: the TCP flags
 * @fragment: %KPAC_FRAGMENT_* bits
 * @sport: the source port; of ICMP type and code
 * @dport: the destination port
 * @ports: both
 */
struct kpac_l4_word {
	u8 proto;
	u8 tos;
	u8 tcp_flags;
	u8 fragment;
	union {
		struct {
			__be16 sport;
			__be16 dport;
		};
		u32 ports;
	};
};

/**
 * struct kpac_link_word - what a word is made of
 * @ifindex: the port's device
 * @ethertype: the protocol over Ethernet, behind a VLAN tag
 * @vlan: the VLAN's number and %KPAC_VLAN_TAGGED, or 0
 */
struct kpac_link_word {
	u32 ifindex;
	__be16 ethertype;
	u16 vlan;
};

#define KPAC_VLAN_TAGGED	BIT(15)

/**
 * struct kpac_view_ops - what a door can do with a packet
 * @pull: have the first so many bytes of the packet in one piece and change
 *	&kpac_view.data and &kpac_view.headlen; false if that cannot be
 * @unshare: the same, and make them the packet's own, so that they can be
 *	written to
 * @copy: copy bytes out of the packet, from an offset on, which it has
 * @changed: bytes of the packet were changed from behind the checksums' backs,
 *	that is, but for checksums that were brought up to date
 * @untag: take the VLAN tag off the packet
 * @trim: make the packet end after so many bytes, which it has
 * @consume: take the packet, which has reached its end; the verdict is then
 *	%KPAC_VERDICT_STOLEN
 * @clone: make an sk_buff of the packet that has its first bytes, from the link
 *	layer on, for a device; NULL if there is no memory
 */
struct kpac_view_ops {
	bool (*pull)(struct kpac_view *view, unsigned int len);
	bool (*unshare)(struct kpac_view *view, unsigned int len);
	void (*copy)(const struct kpac_view *view, unsigned int offset,
		     void *to, unsigned int len);
	void (*changed)(struct kpac_view *view);
	void (*untag)(struct kpac_view *view);
	bool (*trim)(struct kpac_view *view, unsigned int len);
	void (*consume)(struct kpac_view *view);
	struct sk_buff *(*clone)(const struct kpac_view *view,
				 struct net_device *dev, unsigned int len);
};

/**
 * struct kpac_view - a packet as predicates and handlers see it
 * @word: what predicates ask for
 * @data: the packet's first byte, which is that of its link-layer header
 * @headlen: bytes from there in one piece
 * @len: bytes of all of it
 * @end: where the network header says that the packet ends, if that is known;
 *	what is behind is padding
 * @segs: how many packets it is on the wire
 * @has: what it has, %KPAC_HAS_* bits
 * @plain: it is a plain packet; see struct kpac_plain
 * @l3: where the network header is, in bytes from @data
 * @l4: where the transport header is, if it has one
 * @payload: where what follows is, if that is known
 * @sum: how its transport checksum stands
 * @mark: its mark; handlers may change it
 * @dev: the device that it came in by
 * @out: the device that %KPAC_VERDICT_REDIRECT sends it by
 * @out_peer: or rather has its peer receive it
 * @out_path: it is addressed to the next hop of this path, by @out, and its TTL has
 *	gone down
 * @packet: the door's
 * @ops: the door's
 *
 * It is made and used in softirq under RCU.
 */
struct kpac_view {
	u64 word[KPAC_WORDS];
	u8 *data;
	u32 headlen;
	u32 len;
	u32 end;
	u32 segs;
	u16 has;
	u16 l3;
	u16 l4;
	u16 payload;
	u8 sum;
	u32 mark;
	struct net_device *dev;
	struct net_device *out;
	const struct kpac_path *out_path;
	bool out_peer;
	bool plain;
	void *packet;
	const struct kpac_view_ops *ops;
};

/**
 * enum kpac_verdict - what a handler decides
 * @KPAC_VERDICT_NEXT: the next handler, or the next entry that matches, decides;
 *	if there is none, the packet is forwarded, or passed
 * @KPAC_VERDICT_DROP: the packet is dropped
 * @KPAC_VERDICT_PASS: the packet goes on in the stack
 * @KPAC_VERDICT_FORWARD: kpac forwards the packet, if that is plain forwarding
 * @KPAC_VERDICT_REPLY: the packet, which has been made a reply, leaves by the
 *	device that it came in by
 * @KPAC_VERDICT_REDIRECT: the packet leaves by &kpac_view.out as it is, or is
 *	received by its peer
 * @KPAC_VERDICT_STOLEN: the handler has the packet
 */
enum kpac_verdict {
	KPAC_VERDICT_NEXT,
	KPAC_VERDICT_DROP,
	KPAC_VERDICT_PASS,
	KPAC_VERDICT_FORWARD,
	KPAC_VERDICT_REPLY,
	KPAC_VERDICT_REDIRECT,
	KPAC_VERDICT_STOLEN,
};

static __always_inline struct kpac_l4_word *
kpac_view_l4_word(struct kpac_view *view)
{
	static_assert(sizeof(struct kpac_l4_word) == sizeof(u64));
	return (struct kpac_l4_word *)&view->word[KPAC_WORD_L4];
}

static __always_inline struct kpac_link_word *
kpac_view_link_word(struct kpac_view *view)
{
	static_assert(sizeof(struct kpac_link_word) == sizeof(u64));
	return (struct kpac_link_word *)&view->word[KPAC_WORD_LINK];
}

/**
 * kpac_view_bytes - the packet from the network header on, in bytes
 * @view: the packet
 *
 * Context: softirq.
 * Return: what statistics count.
 */
static __always_inline unsigned int kpac_view_bytes(const struct kpac_view *view)
{
	return view->len - view->l3;
}

/**
 * kpac_view_pull - have the beginning of a packet in one piece
 * @view: the packet
 * @len: how much, in bytes from &kpac_view.data
 *
 * Pointers into the packet have to be taken anew.
 *
 * Context: softirq.
 * Return: false if the packet is shorter, or there is no memory.
 */
static __always_inline bool kpac_view_pull(struct kpac_view *view,
					   unsigned int len)
{
	if (likely(len <= view->headlen))
		return true;
	return len <= view->len && view->ops->pull(view, len);
}

/**
 * kpac_view_unshare - make the beginning of a packet one's own to change
 * @view: the packet
 * @len: how much, in bytes from &kpac_view.data
 *
 * Pointers into the packet have to be taken anew.
 *
 * Context: softirq.
 * Return: false if the packet is shorter, or there is no memory.
 */
static __always_inline bool kpac_view_unshare(struct kpac_view *view,
					      unsigned int len)
{
	return len <= view->len && view->ops->unshare(view, len);
}

/**
 * struct kpac_plain - what is in a plain packet: TCP or UDP, no IP options or
 *	extension headers, no fragment, headers in one piece
 * @l4: as struct kpac_l4_word
 * @l4_len: bytes of the transport header
 * @len: bytes from the network header on, without padding
 */
struct kpac_plain {
	u64 l4;
	u32 l4_len;
	u32 len;
};

/**
 * kpac_plain_l4_len - how long a plain packet's transport header is
 * @hdr: the header
 * @proto: TCP, or otherwise UDP
 *
 * Context: softirq.
 * Return: bytes; of TCP it may be anything.
 */
static __always_inline u32 kpac_plain_l4_len(const u8 *hdr, u8 proto)
{
	return proto == IPPROTO_TCP ? (hdr[12] >> 4) * 4 :
				      sizeof(struct udphdr);
}

/* The transport header of what may be a plain packet: @headlen bytes from there
 * are in one piece.
 */
static __always_inline bool kpac_plain_l4(const u8 *hdr, u32 headlen, u8 proto,
					  u32 tos, struct kpac_plain *plain)
{
	/* as struct kpac_l4_word has it */
	plain->l4 = proto | (u64)tos << 8 |
		    (u64)get_unaligned((const u32 *)hdr) << 32;
	plain->l4_len = sizeof(struct udphdr);
	if (likely(proto == IPPROTO_UDP))
		return true;
	if (unlikely(proto != IPPROTO_TCP) ||
	    unlikely(headlen < sizeof(struct tcphdr)))
		return false;
	plain->l4 |= hdr[13] << 16;
	plain->l4_len = kpac_plain_l4_len(hdr, proto);
	return likely(plain->l4_len >= sizeof(struct tcphdr));
}

/**
 * kpac_plain4 - look at a packet that may be a plain one of IPv4
 * @l3: its network header
 * @headlen: bytes from there in one piece
 * @len: bytes from there
 * @plain: the result
 *
 * Context: softirq.
 * Return: whether it is; otherwise kpac_view_parse() has to find out.
 */
static __always_inline bool kpac_plain4(const void *l3, u32 headlen, u32 len,
					struct kpac_plain *plain)
{
	const struct iphdr *iph = l3;

	if (unlikely(headlen < sizeof(*iph) + sizeof(struct udphdr)) ||
	    unlikely(*(const u8 *)l3 != 0x45) ||
	    unlikely(iph->frag_off & htons(IP_MF | IP_OFFSET)) ||
	    unlikely(!kpac_plain_l4(l3 + sizeof(*iph), headlen - sizeof(*iph),
				    iph->protocol, iph->tos, plain)))
		return false;
	plain->len = ntohs(iph->tot_len);
	return likely(sizeof(*iph) + plain->l4_len <= plain->len) &&
	       likely(plain->len <= len);
}

/**
 * kpac_plain6 - look at a packet that may be a plain one of IPv6
 * @l3: its network header
 * @headlen: bytes from there in one piece
 * @len: bytes from there
 * @plain: the result
 *
 * Context: softirq.
 * Return: whether it is; otherwise kpac_view_parse() has to find out.
 */
static __always_inline bool kpac_plain6(const void *l3, u32 headlen, u32 len,
					struct kpac_plain *plain)
{
	const struct ipv6hdr *hdr = l3;
	/* what is before the flow label: the version and the traffic class; an
	 * sk_buff has bytes there, even if the packet does not
	 */
	u32 tos = (get_unaligned_be32(l3) >> 20) - 0x600, len6;

	if (unlikely(headlen < sizeof(*hdr) + sizeof(struct udphdr)) ||
	    unlikely(tos > U8_MAX) ||
	    unlikely(!kpac_plain_l4(l3 + sizeof(*hdr), headlen - sizeof(*hdr),
				    hdr->nexthdr, tos, plain)))
		return false;
	len6 = ntohs(hdr->payload_len);
	plain->len = sizeof(*hdr) + len6;
	return likely(plain->l4_len <= len6) && likely(plain->len <= len);
}

static __always_inline void kpac_view_addrs6(struct kpac_view *view,
					     const struct ipv6hdr *hdr)
{
	const u64 *addr = (const u64 *)&hdr->saddr;

	view->word[KPAC_WORD_ADDR] = get_unaligned(addr);
	view->word[KPAC_WORD_ADDR1] = get_unaligned(addr + 1);
	view->word[KPAC_WORD_ADDR2] = get_unaligned(addr + 2);
	view->word[KPAC_WORD_ADDR3] = get_unaligned(addr + 3);
}

/**
 * kpac_view_plain - fill in what a view says of a plain packet
 * @view: the view, in which the door's part is filled in
 * @plain: what is in the packet
 * @ip6: it is IPv6
 *
 * Context: softirq.
 */
static __always_inline void kpac_view_plain(struct kpac_view *view,
					    const struct kpac_plain *plain,
					    bool ip6)
{
	const void *l3 = view->data + view->l3;
	u16 has = KPAC_HAS_IP | KPAC_HAS_L4 | KPAC_HAS_PORTS | KPAC_HAS_PAYLOAD;

	view->word[KPAC_WORD_L4] = plain->l4;
	if (ip6) {
		kpac_view_addrs6(view, l3);
		has |= KPAC_HAS_IPV6;
		view->l4 = view->l3 + sizeof(struct ipv6hdr);
	} else {
		const struct iphdr *iph = l3;

		view->word[KPAC_WORD_ADDR] =
			get_unaligned((const u64 *)&iph->saddr);
		view->word[KPAC_WORD_ADDR1] = 0;
		has |= KPAC_HAS_IPV4;
		view->l4 = view->l3 + sizeof(*iph);
	}
	if ((u8)plain->l4 == IPPROTO_TCP)
		has |= KPAC_HAS_TCP;
	view->has = has;
	view->plain = true;
	view->end = view->l3 + plain->len;
	view->payload = view->l4 + plain->l4_len;
}

unsigned int kpac_view_parse(struct kpac_view *view, __be16 ethertype);
bool kpac_view_read(const struct kpac_view *view, unsigned int offset,
		    void *to, unsigned int len, unsigned int end);

#endif /* _KPAC_VIEW_H */
