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
kpac_lookup_words(const struct kpac_mask *mask, const u64 *word,
		  unsigned int words)
{
	const struct kpac_slots *slots = rcu_dereference(mask->slots);
	u64 hash = kpac_mask_hash(mask, word, words);
	u32 i = hash >> slots->shift;
	const struct kpac_entry *first;
	const struct kpac_slot *slot;

	for (slot = &slots->slot[i];; slot = &slots->slot[++i & slots->mask]) {
		first = rcu_dereference(slot->first);
		if (likely(!first))
			return NULL;
		if (READ_ONCE(slot->hash) == hash &&
		    likely(first != &kpac_entry_gone) &&
		    likely(kpac_mask_is(mask, word, words, first->key)))
			return first;
	}
}

/* A mask of more than two words, some of which may be bytes of the packet. */
static noinline const struct kpac_entry *
kpac_lookup_long(const struct kpac_mask *mask, const struct kpac_view *view)
{
	u64 word[KPAC_MASK_WORDS + 1] __uninitialized;

	if (likely(!mask->n_bytes))
		return kpac_lookup_words(mask, view->word, mask->words);
	memcpy(word, view->word, sizeof(view->word));
	if (!kpac_match_bytes(mask->bytes, mask->n_bytes, view,
			      word + KPAC_WORDS))
		return NULL;
	return kpac_lookup_words(mask, word, mask->words);
}

/* The same under a mask, for a packet that lacks something. */
static __always_inline const struct kpac_entry *
kpac_lookup_mask(const struct kpac_mask *mask, const struct kpac_view *view,
		 u16 lacks)
{
	u16 missing = mask->need & lacks;

	if (likely(!missing))
		return kpac_lookup_words(mask, view->word, 2);
	return missing == KPAC_HAS_NEVER ? kpac_lookup_long(mask, view) : NULL;
}

/* Put an entry where it belongs among those that were found. */
static __always_inline void kpac_found_add(struct kpac_found *found,
					   const struct kpac_entry *entry)
{
	unsigned int i = found->n;

	if (unlikely(i == KPAC_FOUND)) {
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
	if (unlikely(found->n == KPAC_FOUND)) {
		/* what comes later is looked for when these are done */
		found->more = true;
		found->bound = min(found->bound,
				   found->entry[KPAC_FOUND - 1]->order);
	}
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

/* Find the first entries that apply, from @after on. */
static __always_inline void
kpac_lookup(const struct kpac_masks *masks, struct kpac_view *view, u64 gen,
	    u64 after, struct kpac_found *found)
{
	const struct kpac_entry *first;
	u16 lacks = ~view->has;
	unsigned int i;

	found->n = 0;
	found->more = false;
	found->bound = U64_MAX;
	for (i = 0; i < masks->n; i++) {
		if (masks->by_best[i].best > found->bound)
			break;
		first = kpac_lookup_mask(masks->by_best[i].mask, view, lacks);
		kpac_lookup_list(first, view, gen, after, found);
	}
}

/* Have the entries from @after on decide. */
static noinline enum kpac_verdict
kpac_lookup_rest(const struct kpac_masks *masks, struct kpac_view *view,
		 u64 gen, u64 after)
{
	struct kpac_found found __uninitialized;
	enum kpac_verdict verdict;
	unsigned int i;

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

/* The first entry of a list that applies, if it comes before @best. */
static __always_inline const struct kpac_entry *
kpac_lookup_better(const struct kpac_entry *entry,
		   const struct kpac_entry *best, struct kpac_view *view,
		   u64 gen)
{
	for (; entry; entry = rcu_dereference(entry->next)) {
		if (best && entry->order > best->order)
			return best;
		if (likely(kpac_entry_applies(entry, view, gen)))
			return entry;
	}
	return best;
}

/**
 * kpac_table_run - have the entries of a table decide about a packet
 * @table: the table of the packet's namespace
 * @view: the packet
 *
 * Most packets meet none, or one that ends their way: this looks for the first.
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
	const struct kpac_entry *first, *best = NULL;
	const struct kpac_ranked *ranked, *end;
	enum kpac_verdict verdict;
	unsigned int lists = 0;
	u16 lacks = ~view->has;
	u64 bound = U64_MAX;

	if (unlikely(!masks))
		return KPAC_VERDICT_NEXT;
	end = masks->by_best + masks->n;
	for (ranked = masks->by_best; ranked < end; ranked++) {
		if (ranked->best > bound)
			break;
		first = kpac_lookup_mask(ranked->mask, view, lacks);
		if (likely(!first))
			continue;
		lists++;
		best = kpac_lookup_better(first, best, view, gen);
		if (best)
			bound = best->order;
	}
	if (!best)
		return KPAC_VERDICT_NEXT;
	verdict = kpac_entry_run(best, view);
	/* whether there may be others */
	if (verdict != KPAC_VERDICT_NEXT ||
	    (ranked == end && lists == 1 && !rcu_access_pointer(best->next)))
		return verdict;
	return kpac_lookup_rest(masks, view, gen, best->order + 1);
}
