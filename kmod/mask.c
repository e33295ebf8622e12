// SPDX-License-Identifier: GPL-2.0
/* Masks: how entries come into their hashes and out again; see mask.h. */

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "entry.h"
#include "mask.h"

#define KPAC_MASK_SLOTS	8u	/* at first */

/* Entries that may have the same key: a packet may meet all of them. */
#define KPAC_MASK_SAME	1024u

u64 kpac_mask_secret[KPAC_MASK_WORDS + 1] __ro_after_init;

static struct kpac_slots *kpac_slots_alloc(u32 n)
{
	struct kpac_slots *slots;

	slots = kvzalloc(struct_size(slots, slot, n), GFP_KERNEL_ACCOUNT);
	if (!slots)
		return NULL;
	slots->mask = n - 1;
	slots->shift = 64 - ilog2(n);
	return slots;
}

/* The table's lock is held. */
static struct kpac_slots *kpac_mask_slots(const struct kpac_mask *mask)
{
	return rcu_dereference_protected(mask->slots, true);
}

static struct kpac_entry *kpac_slot_first(const struct kpac_slot *slot)
{
	return rcu_dereference_protected(slot->first, true);
}

/* Whether a slot has entries. */
static bool kpac_slot_used(const struct kpac_slot *slot)
{
	const struct kpac_entry *first = kpac_slot_first(slot);

	return first && first != &kpac_entry_gone;
}

static struct kpac_entry *kpac_entry_next(const struct kpac_entry *entry)
{
	return rcu_dereference_protected(entry->next, true);
}

/**
 * kpac_mask_new - make a mask without entries
 * @pattern: which bits it asks for
 *
 * Context: process, may sleep.
 * Return: the mask, for kpac_mask_free(), or NULL.
 */
struct kpac_mask *kpac_mask_new(const struct kpac_pattern *pattern)
{
	struct kpac_mask *mask = kzalloc(sizeof(*mask), GFP_KERNEL_ACCOUNT);
	struct kpac_slots *slots = kpac_slots_alloc(KPAC_MASK_SLOTS);

	if (!mask || !slots) {
		kvfree(slots);
		kfree(mask);
		return NULL;
	}
	mask->need = pattern->need;
	if (pattern->words > 2)
		mask->need |= KPAC_HAS_NEVER;
	mask->words = pattern->words;
	mask->n_bytes = pattern->n_bytes;
	memcpy(mask->bytes, pattern->bytes, sizeof(mask->bytes));
	memcpy(mask->bits, pattern->bits, sizeof(mask->bits));
	mask->best = U64_MAX;
	RCU_INIT_POINTER(mask->slots, slots);
	return mask;
}

/**
 * kpac_mask_free - free a mask without entries, when no reader can have it
 * @mask: the mask
 *
 * Context: any.
 */
void kpac_mask_free(struct kpac_mask *mask)
{
	kvfree_rcu(kpac_mask_slots(mask), rcu);
	kfree_rcu(mask, rcu);
}

/**
 * kpac_mask_same - whether a predicate has this mask
 * @mask: the mask
 * @pattern: the predicate's pattern
 *
 * Context: any.
 * Return: whether it does.
 */
bool kpac_mask_same(const struct kpac_mask *mask,
		    const struct kpac_pattern *pattern)
{
	return (mask->need & ~KPAC_HAS_NEVER) == pattern->need &&
	       mask->words == pattern->words &&
	       mask->n_bytes == pattern->n_bytes &&
	       !memcmp(mask->bytes, pattern->bytes, sizeof(mask->bytes)) &&
	       !memcmp(mask->bits, pattern->bits, sizeof(mask->bits));
}

/* The slot of a key, or the one that it would take. */
static struct kpac_slot *kpac_slots_find(const struct kpac_mask *mask,
					 struct kpac_slots *slots, u64 hash,
					 const u64 *key)
{
	struct kpac_slot *slot, *gone = NULL;
	u32 i;

	for (i = hash >> slots->shift;; i++) {
		slot = &slots->slot[i & slots->mask];
		if (!kpac_slot_first(slot))
			return gone ?: slot;
		if (!kpac_slot_used(slot))
			gone = gone ?: slot;
		else if (slot->hash == hash &&
			 kpac_mask_is(mask, key, mask->words,
				      kpac_slot_first(slot)->key))
			return slot;
	}
}

/* Move all to a hash that has room for what there is, and more, without what is
 * gone.
 */
static int kpac_mask_resize(struct kpac_mask *mask)
{
	struct kpac_slots *old = kpac_mask_slots(mask), *slots;
	u32 n = roundup_pow_of_two(max(mask->keys * 4, KPAC_MASK_SLOTS));
	u32 i, at;

	slots = kpac_slots_alloc(n);
	if (!slots)
		return -ENOMEM;
	for (i = 0; i <= old->mask; i++) {
		const struct kpac_slot *slot = &old->slot[i];

		if (!kpac_slot_used(slot))
			continue;
		at = slot->hash >> slots->shift;
		while (kpac_slot_used(&slots->slot[at & slots->mask]))
			at++;
		slots->slot[at & slots->mask].hash = slot->hash;
		RCU_INIT_POINTER(slots->slot[at & slots->mask].first,
				 kpac_slot_first(slot));
		slots->used++;
	}
	rcu_assign_pointer(mask->slots, slots);
	kvfree_rcu(old, rcu);
	return 0;
}

/* Put an entry into the list of those that have its key, unless it is full: there is
 * room for what dies besides.
 */
static int kpac_slot_add(struct kpac_slot *slot, struct kpac_entry *entry)
{
	struct kpac_entry __rcu **at = &slot->first, **place = NULL;
	struct kpac_entry *next;
	unsigned int n = 0, living = 0;

	for (; (next = rcu_dereference_protected(*at, true)); at = &next->next) {
		if (!place && next->order > entry->order)
			place = at;
		living += kpac_entry_lives(next);
		if (living == KPAC_MASK_SAME || ++n == 2 * KPAC_MASK_SAME)
			return -ENOSPC;
	}
	place = place ?: at;
	RCU_INIT_POINTER(entry->next, rcu_dereference_protected(*place, true));
	rcu_assign_pointer(*place, entry);
	return 0;
}

/**
 * kpac_mask_add - add an entry
 * @mask: its mask
 * @entry: the entry, with its key and order; no reader uses it yet
 *
 * Context: process, under the table's lock.
 * Return: 0, -ENOMEM or -ENOSPC: too many have the same key.
 */
int kpac_mask_add(struct kpac_mask *mask, struct kpac_entry *entry)
{
	u64 hash = kpac_mask_hash(mask, entry->key, mask->words);
	struct kpac_slots *slots = kpac_mask_slots(mask);
	struct kpac_slot *slot;

	/* so few of them are used that packets find the end at once */
	if (slots->used >= (slots->mask + 1) / 8 * 3) {
		if (kpac_mask_resize(mask))
			return -ENOMEM;
		slots = kpac_mask_slots(mask);
	}
	slot = kpac_slots_find(mask, slots, hash, entry->key);
	if (kpac_slot_used(slot)) {
		int err = kpac_slot_add(slot, entry);

		if (err)
			return err;
	} else {
		if (!kpac_slot_first(slot))
			slots->used++;
		mask->keys++;
		RCU_INIT_POINTER(entry->next, NULL);
		WRITE_ONCE(slot->hash, hash);
		rcu_assign_pointer(slot->first, entry);
	}
	mask->entries++;
	if (entry->order < mask->best)
		mask->best = entry->order;
	return 0;
}

/**
 * kpac_mask_del - take an entry out
 * @mask: its mask
 * @entry: the entry; readers that see it still go on behind it
 *
 * &kpac_mask.best is as it was: see kpac_mask_review().
 *
 * Context: process, under the table's lock.
 */
void kpac_mask_del(struct kpac_mask *mask, struct kpac_entry *entry)
{
	u64 hash = kpac_mask_hash(mask, entry->key, mask->words);
	struct kpac_slot *slot = kpac_slots_find(mask, kpac_mask_slots(mask),
						 hash, entry->key);
	struct kpac_entry __rcu **at = &slot->first;
	struct kpac_entry *next = kpac_entry_next(entry);

	if (kpac_slot_first(slot) == entry && !next) {
		/* those that look for another key have to go on here */
		rcu_assign_pointer(slot->first, &kpac_entry_gone);
		mask->keys--;
	} else {
		while (rcu_dereference_protected(*at, true) != entry)
			at = &rcu_dereference_protected(*at, true)->next;
		rcu_assign_pointer(*at, next);
	}
	mask->entries--;
}

/**
 * kpac_mask_review - find out which entry comes first
 * @mask: the mask
 *
 * Context: process, under the table's lock.
 */
void kpac_mask_review(struct kpac_mask *mask)
{
	const struct kpac_slots *slots = kpac_mask_slots(mask);
	u32 i;

	mask->best = U64_MAX;
	for (i = 0; i <= slots->mask; i++)
		if (kpac_slot_used(&slots->slot[i]))
			mask->best = min(mask->best,
					 kpac_slot_first(&slots->slot[i])->order);
}

/**
 * kpac_mask_memory - how much memory a mask takes
 * @mask: the mask
 *
 * Context: process, under the table's lock.
 * Return: bytes, without the entries'.
 */
size_t kpac_mask_memory(const struct kpac_mask *mask)
{
	const struct kpac_slots *slots = kpac_mask_slots(mask);

	return sizeof(*mask) + struct_size(slots, slot, slots->mask + 1);
}

/**
 * kpac_mask_init - choose the secret
 *
 * Context: process, at module load.
 */
void __init kpac_mask_init(void)
{
	get_random_bytes(kpac_mask_secret, sizeof(kpac_mask_secret));
	kpac_mask_secret[KPAC_MASK_WORDS] |= 1;
}
