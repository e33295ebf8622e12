// SPDX-License-Identifier: GPL-2.0
/* Predicates: what they become; see match.h. */

#include <linux/jiffies.h>
#include <linux/unaligned.h>

#include "hooks.h"
#include "match.h"

/* The bytes of a payload match that make one word: the first, the next, ... */
static unsigned int kpac_match_payload_words(const struct kpac_match_payload *p)
{
	return DIV_ROUND_UP(p->len, sizeof(u64));
}

/**
 * kpac_match_words - how many words a predicate's compared bytes make
 * @match: the predicate
 *
 * Context: any.
 * Return: how many, of which %KPAC_MAX_BYTES are possible.
 */
int kpac_match_words(const struct kpac_match *match)
{
	int words = 0, i;

	for (i = 0; i < match->n_payload; i++)
		words += kpac_match_payload_words(&match->payload[i]);
	return words;
}

static void kpac_match_set(struct kpac_pattern *p, enum kpac_word word,
			   size_t at, const void *key, const void *bits,
			   size_t len)
{
	memcpy((u8 *)&p->key[word] + at, key, len);
	memcpy((u8 *)&p->bits[word] + at, bits, len);
}

#define KPAC_MATCH_ALL(p, word, type, field, value)			\
	do {								\
		typeof(((type *)NULL)->field) all, key = (value);	\
									\
		memset(&all, 0xff, sizeof(all));			\
		kpac_match_set(p, word, offsetof(type, field), &key,	\
			       &all, sizeof(key));			\
	} while (0)

#define KPAC_MATCH_L4(p, field, value) \
	KPAC_MATCH_ALL(p, KPAC_WORD_L4, struct kpac_l4_word, field, value)
#define KPAC_MATCH_LINK(p, field, value) \
	KPAC_MATCH_ALL(p, KPAC_WORD_LINK, struct kpac_link_word, field, value)

/* Some bits of a byte. */
static void kpac_match_bits(struct kpac_pattern *p, size_t at, u8 key, u8 bits)
{
	key &= bits;
	kpac_match_set(p, KPAC_WORD_L4, at, &key, &bits, 1);
}

static void kpac_match_link(const struct kpac_match *m, struct kpac_pattern *p)
{
	if (kpac_match_has(m, KPAC_A_MATCH_IFINDEX))
		KPAC_MATCH_LINK(p, ifindex, m->ifindex);
	if (kpac_match_has(m, KPAC_A_MATCH_ETHERTYPE))
		KPAC_MATCH_LINK(p, ethertype, htons(m->ethertype));
	if (kpac_match_has(m, KPAC_A_MATCH_VLAN))
		KPAC_MATCH_LINK(p, vlan, m->vlan | KPAC_VLAN_TAGGED);
}

/* The words of an address: @first and @second for the halves of an IPv6 one. */
static void kpac_match_addr(const struct kpac_match_addr *a,
			    struct kpac_pattern *p, size_t at4,
			    enum kpac_word first, enum kpac_word second)
{
	u8 bits[16] = {};
	unsigned int i;

	if (!a->len)
		return;
	for (i = 0; i < a->prefix_len; i++)
		bits[i / 8] |= 0x80 >> i % 8;
	if (a->len == 4) {
		p->need |= KPAC_HAS_IP | KPAC_HAS_IPV4;
		kpac_match_set(p, KPAC_WORD_ADDR, at4, a->addr, bits, 4);
		return;
	}
	p->need |= KPAC_HAS_IP | KPAC_HAS_IPV6;
	kpac_match_set(p, first, 0, a->addr, bits, 8);
	kpac_match_set(p, second, 0, a->addr + 8, bits + 8, 8);
}

static void kpac_match_ip(const struct kpac_match *m, struct kpac_pattern *p)
{
	if (kpac_match_has(m, KPAC_A_MATCH_PROTO)) {
		p->need |= KPAC_HAS_IP;
		KPAC_MATCH_L4(p, proto, m->proto);
	}
	if (kpac_match_has(m, KPAC_A_MATCH_DSCP)) {
		p->need |= KPAC_HAS_IP;
		kpac_match_bits(p, offsetof(struct kpac_l4_word, tos),
				m->dscp << 2, 0xfc);
	}
	if (kpac_match_has(m, KPAC_A_MATCH_FRAGMENT)) {
		static const u8 fragment[][2] = {
			[KPAC_FRAGMENT_NO] = { 0, KPAC_FRAG_ANY },
			[KPAC_FRAGMENT_YES] = { KPAC_FRAG_ANY, KPAC_FRAG_ANY },
			[KPAC_FRAGMENT_FIRST] = {
				KPAC_FRAG_ANY, KPAC_FRAG_ANY | KPAC_FRAG_LATER,
			},
			[KPAC_FRAGMENT_LATER] = {
				KPAC_FRAG_LATER, KPAC_FRAG_LATER,
			},
		};

		p->need |= KPAC_HAS_IP;
		kpac_match_bits(p, offsetof(struct kpac_l4_word, fragment),
				fragment[m->fragment][0],
				fragment[m->fragment][1]);
	}
}

static void kpac_match_l4(const struct kpac_match *m, struct kpac_pattern *p)
{
	if (kpac_match_has(m, KPAC_A_MATCH_SPORT)) {
		p->need |= KPAC_HAS_PORTS;
		if (m->sport[0] == m->sport[1])
			KPAC_MATCH_L4(p, sport, htons(m->sport[0]));
	}
	if (kpac_match_has(m, KPAC_A_MATCH_DPORT)) {
		p->need |= KPAC_HAS_PORTS;
		if (m->dport[0] == m->dport[1])
			KPAC_MATCH_L4(p, dport, htons(m->dport[0]));
	}
	if (kpac_match_has(m, KPAC_A_MATCH_TCP_FLAGS)) {
		p->need |= KPAC_HAS_TCP;
		kpac_match_bits(p, offsetof(struct kpac_l4_word, tcp_flags),
				m->tcp_flags, m->tcp_flags_mask);
	}
	/* type and code are where ports have the source */
	if (kpac_match_has(m, KPAC_A_MATCH_ICMP_TYPE)) {
		p->need |= KPAC_HAS_ICMP;
		kpac_match_bits(p, offsetof(struct kpac_l4_word, sport),
				m->icmp_type, 0xff);
	}
	if (kpac_match_has(m, KPAC_A_MATCH_ICMP_CODE)) {
		p->need |= KPAC_HAS_ICMP;
		kpac_match_bits(p, offsetof(struct kpac_l4_word, sport) + 1,
				m->icmp_code, 0xff);
	}
}

static void kpac_match_payload(const struct kpac_match_payload *from,
			       struct kpac_pattern *p)
{
	unsigned int at, i;

	for (at = 0; at < from->len; at += sizeof(u64)) {
		unsigned int len = min(from->len - at, sizeof(u64));
		enum kpac_word word = KPAC_WORDS + p->n_bytes;

		p->bytes[p->n_bytes++] = (struct kpac_bytes) {
			.base = from->base,
			.len = len,
			.offset = from->offset + at,
		};
		kpac_match_set(p, word, 0, from->value + at, from->mask + at,
			       len);
	}
	for (i = 0; i < KPAC_MASK_WORDS; i++)
		p->key[i] &= p->bits[i];
	if (from->base == KPAC_BASE_L4)
		p->need |= KPAC_HAS_L4;
	else if (from->base == KPAC_BASE_PAYLOAD)
		p->need |= KPAC_HAS_PAYLOAD;
}

/**
 * kpac_match_compile - make a pattern of a predicate
 * @match: the predicate
 * @pattern: the pattern
 *
 * Context: any.
 */
void kpac_match_compile(const struct kpac_match *match,
			struct kpac_pattern *pattern)
{
	int i;

	memset(pattern, 0, sizeof(*pattern));
	kpac_match_link(match, pattern);
	kpac_match_addr(&match->src, pattern, 0, KPAC_WORD_ADDR,
			KPAC_WORD_ADDR1);
	kpac_match_addr(&match->dst, pattern, 4, KPAC_WORD_ADDR2,
			KPAC_WORD_ADDR3);
	kpac_match_ip(match, pattern);
	kpac_match_l4(match, pattern);
	for (i = 0; i < match->n_payload; i++)
		kpac_match_payload(&match->payload[i], pattern);
	pattern->words = 2;
	for (i = 2; i < KPAC_MASK_WORDS; i++)
		if (pattern->bits[i])
			pattern->words = round_up(i + 1, 2);
}

/**
 * kpac_match_rest - what is left of a predicate that is no pattern
 * @match: the predicate
 * @expires: when there is no match any more, in jiffies, or 0
 * @rest: what is left
 *
 * Context: any.
 * Return: whether anything is.
 */
bool kpac_match_rest(const struct kpac_match *match, u64 expires,
		     struct kpac_rest *rest)
{
	*rest = (struct kpac_rest) {
		.sport = { 0, U16_MAX },
		.dport = { 0, U16_MAX },
		.length = { 0, U32_MAX },
		.expires = expires,
		.unfiltered = kpac_match_has(match, KPAC_A_MATCH_UNFILTERED),
	};
	if (kpac_match_has(match, KPAC_A_MATCH_SPORT) &&
	    match->sport[0] != match->sport[1])
		memcpy(rest->sport, match->sport, sizeof(rest->sport));
	if (kpac_match_has(match, KPAC_A_MATCH_DPORT) &&
	    match->dport[0] != match->dport[1])
		memcpy(rest->dport, match->dport, sizeof(rest->dport));
	if (kpac_match_has(match, KPAC_A_MATCH_LENGTH))
		memcpy(rest->length, match->length, sizeof(rest->length));
	return rest->sport[0] || rest->sport[1] != U16_MAX ||
	       rest->dport[0] || rest->dport[1] != U16_MAX ||
	       rest->length[0] || rest->length[1] != U32_MAX ||
	       rest->expires || rest->unfiltered;
}

/* Whether a netfilter hook of the namespace would see the packet: as it comes,
 * is delivered or forwarded, or leaves.
 */
static bool kpac_rest_filtered(const struct kpac_view *view)
{
	const struct net *net = dev_net(view->dev);
	struct nf_hook_entries __rcu * const *hooks;

	if (netif_is_bridge_port(view->dev) && kpac_hooks_bridge(net))
		return true;

	if (view->has & KPAC_HAS_IPV4)
		hooks = net->nf.hooks_ipv4;
	else if (view->has & KPAC_HAS_IPV6)
		hooks = net->nf.hooks_ipv6;
	else
		return kpac_hooks_other(net);
	return kpac_hooks_before(hooks) || kpac_hooks_local(hooks) ||
	       kpac_hooks_after(hooks);
}

static bool kpac_rest_between(__be16 port, const u16 *range)
{
	return ntohs(port) >= range[0] && ntohs(port) <= range[1];
}

/**
 * kpac_rest_fits - whether a packet that fits a pattern also fits the rest
 * @rest: the rest
 * @view: the packet
 *
 * Context: softirq, under RCU.
 * Return: whether it does.
 */
bool kpac_rest_fits(const struct kpac_rest *rest, struct kpac_view *view)
{
	const struct kpac_l4_word *word = kpac_view_l4_word(view);
	unsigned int bytes = kpac_view_bytes(view);

	if (!kpac_rest_between(word->sport, rest->sport) ||
	    !kpac_rest_between(word->dport, rest->dport))
		return false;
	if (bytes < rest->length[0] || bytes > rest->length[1])
		return false;
	if (rest->expires && time_after_eq64(get_jiffies_64(), rest->expires))
		return false;
	return !rest->unfiltered || !kpac_rest_filtered(view);
}

/**
 * kpac_match_bytes - take the words out of a packet that are its own bytes
 * @bytes: where they are
 * @n: how many words
 * @view: the packet, which has the headers that @bytes are relative to
 * @word: the words
 *
 * Context: softirq.
 * Return: false: the packet is too short.
 */
bool kpac_match_bytes(const struct kpac_bytes *bytes, unsigned int n,
		      const struct kpac_view *view, u64 *word)
{
	const struct {
		u32 at;
		u32 end;
	} base[] = {
		[KPAC_BASE_L2] = { 0, view->len },
		[KPAC_BASE_L3] = { view->l3, view->len },
		/* padding is no part of these */
		[KPAC_BASE_L4] = { view->l4, view->end },
		[KPAC_BASE_PAYLOAD] = { view->payload, view->end },
	};
	unsigned int i;

	for (i = 0; i < n; i++) {
		word[i] = 0;
		if (!kpac_view_read(view,
				    base[bytes[i].base].at + bytes[i].offset,
				    &word[i], bytes[i].len,
				    base[bytes[i].base].end))
			return false;
	}
	word[n] = 0;
	return true;
}
