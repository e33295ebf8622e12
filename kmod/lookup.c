// SPDX-License-Identifier: GPL-2.0
/* How a packet meets the entries of the table. */

#include "table.h"

/* Entries that are looked for at a time: most packets meet a few. */
#define KPAC_FOUND	16u

/**
 * struct kpac_found - the first entries that apply to a packet
 * @n: how many
 * @more: there are more
 * @bound: entries that come later do not matter
 * @entry: the entries, in order
 */
struct kpac_found {
	unsigned int n;
	bool more;
	u64 bound;
	const struct kpac_entry *entry[KPAC_FOUND];
};

/* The first entry that has the words as its key, or NULL. */
static __always_inline const struct kpac_entry *
kpac_lookup_mask(const struct kpac_mask *mask, const u64 *word)
{
	const struct kpac_slots *slots = rcu_dereference(mask->slots);
	u64 hash = kpac_mask_hash(mask, word);
	const struct kpac_entry *first;
	const struct kpac_slot *slot;
	u32 i;

	for (i = hash >> slots->shift;; i++) {
		slot = &slots->slot[i & slots->mask];
		first = rcu_dereference(slot->first);
		if (!first)
			return NULL;
		if (READ_ONCE(slot->hash) == hash &&
		    likely(first != &kpac_entry_gone) &&
		    likely(kpac_mask_is(mask, word, first->key)))
			return first;
	}
}

/* Put an entry where it belongs among those that were found. */
static __always_inline void kpac_found_add(struct kpac_found *found,
					   const struct kpac_entry *entry)
{
	unsigned int i = found->n;

	if (unlikely(i == KPAC_FOUND)) {
		found->more = true;
		if (entry->order > found->entry[--i]->order)
			return;
	} else {
		found->n++;
	}
	for (; unlikely(i && found->entry[i - 1]->order > entry->order); i--)
		found->entry[i] = found->entry[i - 1];
	found->entry[i] = entry;
	if (entry->flags & KPAC_ENTRY_ENDS)
		found->bound = entry->order;
	else if (unlikely(found->n == KPAC_FOUND))
		found->bound = found->entry[KPAC_FOUND - 1]->order;
}

static __always_inline void
kpac_lookup_list(const struct kpac_entry *entry, struct kpac_view *view,
		 u64 gen, u64 after, struct kpac_found *found)
{
	for (; entry && entry->order <= found->bound;
	     entry = rcu_dereference(entry->next))
		if (likely(entry->order >= after) &&
		    likely(kpac_entry_applies(entry, view, gen)))
			kpac_found_add(found, entry);
}

/* A mask that asks for bytes of the packet. */
static noinline const struct kpac_entry *
kpac_lookup_bytes(const struct kpac_mask *mask, const struct kpac_view *view)
{
	u64 word[KPAC_MASK_WORDS + 1];

	memcpy(word, view->word, sizeof(view->word));
	if (!kpac_match_bytes(mask->bytes, mask->n_bytes, view,
			      word + KPAC_WORDS))
		return NULL;
	return kpac_lookup_mask(mask, word);
}

/* Find the first entries that apply, from @after on. */
static __always_inline void
kpac_lookup(const struct kpac_masks *masks, struct kpac_view *view, u64 gen,
	    u64 after, struct kpac_found *found)
{
	const struct kpac_entry *first;
	const struct kpac_mask *mask;
	unsigned int i;

	found->n = 0;
	found->more = false;
	found->bound = U64_MAX;
	for (i = 0; i < masks->n; i++) {
		if (masks->by_best[i].best > found->bound)
			break;
		mask = masks->by_best[i].mask;
		if (mask->need & ~view->has)
			continue;
		first = likely(!mask->n_bytes) ?
			kpac_lookup_mask(mask, view->word) :
			kpac_lookup_bytes(mask, view);
		kpac_lookup_list(first, view, gen, after, found);
	}
}

/**
 * kpac_table_run - have the entries of a table decide about a packet
 * @table: the table of the packet's namespace
 * @view: the packet
 *
 * Context: softirq, under RCU.
 * Return: what the entry that ended the packet's way decided;
 * %KPAC_VERDICT_NEXT: none did.
 */
enum kpac_verdict kpac_table_run(const struct kpac_table *table,
				 struct kpac_view *view)
{
	/* before anything that this generation has */
	u64 gen = smp_load_acquire(&table->gen);
	const struct kpac_masks *masks = rcu_dereference(table->masks);
	enum kpac_verdict verdict;
	struct kpac_found found;
	unsigned int i;
	u64 after = 0;

	if (unlikely(!masks))
		return KPAC_VERDICT_NEXT;
	do {
		kpac_lookup(masks, view, gen, after, &found);
		for (i = 0; i < found.n; i++) {
			verdict = kpac_entry_run(found.entry[i], view);
			if (verdict != KPAC_VERDICT_NEXT)
				return verdict;
			after = found.entry[i]->order + 1;
		}
	} while (unlikely(found.more));
	return KPAC_VERDICT_NEXT;
}
