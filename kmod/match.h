/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Predicates: what a packet must look like for an entry. A predicate becomes a
 * pattern, that is, bits of a packet's words and what they have to be, which can
 * be found by a hash; and what is left, which has to be looked at one by one.
 */
#ifndef _KPAC_MATCH_H
#define _KPAC_MATCH_H

#include "view.h"

#define KPAC_MAX_BYTES	4	/* words of packet bytes that may be compared */
#define KPAC_MASK_WORDS	(KPAC_WORDS + KPAC_MAX_BYTES)

/**
 * struct kpac_match_addr - an address prefix
 * @addr: the address, without bits beyond the prefix
 * @len: its bytes, 4 or 16; 0: any address
 * @prefix_len: bits of it that count
 */
struct kpac_match_addr {
	u8 addr[16];
	u8 len;
	u8 prefix_len;
};

/**
 * struct kpac_match_payload - bytes that a packet must have
 * @base: what @offset is from
 * @len: how many, 1 to %KPAC_MAX_PAYLOAD
 * @offset: where
 * @value: what they must be
 * @mask: which bits of them count
 */
struct kpac_match_payload {
	enum kpac_base base;
	u8 len;
	u16 offset;
	u8 value[KPAC_MAX_PAYLOAD];
	u8 mask[KPAC_MAX_PAYLOAD];
};

/**
 * struct kpac_match - a predicate, as it was asked for
 * @given: which attributes were given: BIT(KPAC_A_MATCH_...)
 * @ifindex: the port's device
 * @length: bytes from the network header on, from and to
 * @vlan: number of the VLAN
 * @ethertype: protocol over Ethernet
 * @sport: source port, from and to
 * @dport: destination port, from and to
 * @proto: protocol over IP
 * @icmp_type: type of an ICMP message
 * @icmp_code: code of an ICMP message
 * @tcp_flags: TCP flags that have to be set
 * @tcp_flags_mask: those that count
 * @dscp: DSCP
 * @fragment: which fragments
 * @src: source address
 * @dst: destination address
 * @n_payload: how many of @payload
 * @payload: bytes of the packet
 */
struct kpac_match {
	u32 given;
	u32 ifindex;
	u32 length[2];
	u16 vlan;
	u16 ethertype;
	u16 sport[2];
	u16 dport[2];
	u8 proto;
	u8 icmp_type;
	u8 icmp_code;
	u8 tcp_flags;
	u8 tcp_flags_mask;
	u8 dscp;
	u8 fragment;
	u8 n_payload;
	struct kpac_match_addr src;
	struct kpac_match_addr dst;
	struct kpac_match_payload *payload;
};

static inline bool kpac_match_has(const struct kpac_match *match, int attr)
{
	return match->given & BIT(attr);
}

/* Bytes of a packet that are compared as one word. */
struct kpac_bytes {
	u8 base;
	u8 len;
	u16 offset;
};

/**
 * struct kpac_pattern - what a predicate becomes
 * @need: what a packet must have, %KPAC_HAS_* bits
 * @words: how many words count, an even number, at least 2
 * @n_bytes: how many of @bytes
 * @bytes: the words from %KPAC_WORDS on
 * @bits: which bits of the words count
 * @key: what they have to be
 */
struct kpac_pattern {
	u16 need;
	u8 words;
	u8 n_bytes;
	struct kpac_bytes bytes[KPAC_MAX_BYTES];
	u64 bits[KPAC_MASK_WORDS];
	u64 key[KPAC_MASK_WORDS];
};

/**
 * struct kpac_rest - what is left of a predicate
 * @sport: source port, from and to
 * @dport: destination port, from and to
 * @length: bytes from the network header on, from and to
 * @expires: in jiffies, when there is no match any more; 0: never
 * @unfiltered: no netfilter hook would see the packet
 */
struct kpac_rest {
	u16 sport[2];
	u16 dport[2];
	u32 length[2];
	u64 expires;
	bool unfiltered;
};

int kpac_match_words(const struct kpac_match *match);
void kpac_match_compile(const struct kpac_match *match,
			struct kpac_pattern *pattern);
bool kpac_match_rest(const struct kpac_match *match, u64 expires,
		     struct kpac_rest *rest);
bool kpac_rest_fits(const struct kpac_rest *rest, struct kpac_view *view);
bool kpac_match_bytes(const struct kpac_bytes *bytes, unsigned int n,
		      const struct kpac_view *view, u64 *word);

#endif /* _KPAC_MATCH_H */
