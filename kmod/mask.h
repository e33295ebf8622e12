/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Masks: which bits of packets the predicates ask for. Predicates that ask for the
 * same bits share a mask, which has a hash of its own; a packet is looked up once
 * per mask (Srinivasan, Suri, Varghese: Packet Classification using Tuple Space
 * Search, 1999).
 *
 * The hash is open addressing with linear probing, and keyed, so that senders
 * cannot choose packets, nor users predicates, that meet in one place. What has
 * the same key is a list, in the order in which it applies. Readers are under RCU;
 * the table's lock serialises the rest.
 */
#ifndef _KPAC_MASK_H
#define _KPAC_MASK_H

#include <linux/list.h>
#include <linux/rcupdate.h>

#include "match.h"

struct kpac_entry;

/**
 * struct kpac_slot - a place in a mask's hash
 * @hash: of the key
 * @first: the first entry that has the key; NULL: there never was one;
 *	&kpac_entry_gone: there is none any more
 */
struct kpac_slot {
	u64 hash;
	struct kpac_entry __rcu *first;
};

/**
 * struct kpac_slots - a mask's hash
 * @shift: how far a hash has to be shifted to give an index
 * @mask: of an index
 * @used: slots that are not free: they have, or had, entries
 * @rcu: frees it
 * @slot: the slots, a power of two
 */
struct kpac_slots {
	u8 shift;
	u32 mask;
	u32 used;
	struct rcu_head rcu;
	struct kpac_slot slot[];
};

/**
 * struct kpac_mask - a mask
 * @need: what packets must have, %KPAC_HAS_* bits; with %KPAC_HAS_NEVER, if
 *	the mask has more than the first two words, which most do not
 * @words: how many words count, an even number, at least 2
 * @n_bytes: how many of @bytes
 * @bits: which bits of the words count
 * @slots: the hash
 * @bytes: where the words from %KPAC_WORDS on are
 * @entries: how many entries there are
 * @living: how many of them the table will have
 * @keys: how many different keys they have
 * @best: no entry comes earlier than this; see &kpac_entry.order
 * @list: in the list of the table's masks
 * @rcu: frees it
 */
struct kpac_mask {
	u16 need;
	u8 words;
	u8 n_bytes;
	u64 bits[KPAC_MASK_WORDS];
	struct kpac_slots __rcu *slots;
	struct kpac_bytes bytes[KPAC_MAX_BYTES];
	u32 entries;
	u32 living;
	u32 keys;
	u64 best;
	struct list_head list;
	struct rcu_head rcu;
};

extern u64 kpac_mask_secret[KPAC_MASK_WORDS + 1] __ro_after_init;

/* Both halves of a product as one. */
static __always_inline u64 kpac_mask_fold(u64 a, u64 b)
{
	u128 product = (u128)a * b;

	return (u64)product ^ (u64)(product >> 64);
}

/* A hash of the words under the mask: NH as in kpac_flow_add(), and one more
 * product, so that keys which differ by little are not neighbours.
 */
static __always_inline u64 kpac_mask_hash(const struct kpac_mask *mask,
					  const u64 *word, unsigned int words)
{
	const u64 *secret = kpac_mask_secret;
	unsigned int i = 0;
	u64 hash = 0;

	do {
		hash += kpac_mask_fold((word[i] & mask->bits[i]) + secret[i],
				       (word[i + 1] & mask->bits[i + 1]) +
				       secret[i + 1]);
		i += 2;
	} while (i < words);
	return kpac_mask_fold(hash, secret[KPAC_MASK_WORDS]);
}

/* Whether the words under the mask are a key. */
static __always_inline bool kpac_mask_is(const struct kpac_mask *mask,
					 const u64 *word, unsigned int words,
					 const u64 *key)
{
	unsigned int i = 0;

	do {
		if (((word[i] & mask->bits[i]) ^ key[i]) |
		    ((word[i + 1] & mask->bits[i + 1]) ^ key[i + 1]))
			return false;
		i += 2;
	} while (i < words);
	return true;
}

struct kpac_mask *kpac_mask_new(const struct kpac_pattern *pattern);
void kpac_mask_free(struct kpac_mask *mask);
bool kpac_mask_same(const struct kpac_mask *mask,
		    const struct kpac_pattern *pattern);
int kpac_mask_add(struct kpac_mask *mask, struct kpac_entry *entry);
void kpac_mask_del(struct kpac_mask *mask, struct kpac_entry *entry);
void kpac_mask_review(struct kpac_mask *mask);
size_t kpac_mask_memory(const struct kpac_mask *mask);
void kpac_mask_init(void);

#endif /* _KPAC_MASK_H */
