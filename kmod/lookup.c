// SPDX-License-Identifier: GPL-2.0
/* How a packet meets the entries of the table. */

#include "table.h"

/* Entries that are looked for at a time: most packets meet a few. */
#define KPAC_FOUND	16u

/**
 * struct kpac_found - the first entries that apply to a packet
 * @n: how many
 * @more: there are more
 * @bytes: bytes of the packet were asked for
 * @bound: entries that come later do not matter
 * @entry: the entries, in order
 */
struct kpac_found {
	unsigned int n;
	bool more;
	bool bytes;
	u64 bound;
	const struct kpac_entry *entry[KPAC_FOUND];
};

/**
 * enum kpac_look - which entries are wanted
 * @KPAC_LOOK_APPLY: those that apply to the packet
 * @KPAC_LOOK_KEY: those that have its key, whatever the rest of their predicates
 */
enum kpac_look {
	KPAC_LOOK_APPLY,
	KPAC_LOOK_KEY,
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
					   const struct kpac_entry *entry,
					   enum kpac_look look)
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
	if (entry->flags & KPAC_ENTRY_ENDS &&
	    (look == KPAC_LOOK_APPLY || !entry->rest))
		found->bound = entry->order;
	if (unlikely(found->n == KPAC_FOUND)) {
		/* what comes later is looked for when these are done */
		found->more = true;
		found->bound = min(found->bound,
				   found->entry[KPAC_FOUND - 1]->order);
	}
}

/* Whether an entry that has the packet's key is wanted. */
static __always_inline bool
kpac_lookup_wanted(const struct kpac_entry *entry, struct kpac_view *view,
		   u64 gen, u64 after, enum kpac_look look)
{
	return likely(entry->order >= after) &&
	       likely(kpac_entry_in(entry, gen)) &&
	       (look == KPAC_LOOK_KEY || kpac_entry_fits(entry, view));
}

/* Find the first entries from @after on. */
static __always_inline void
kpac_lookup(const struct kpac_masks *masks, struct kpac_view *view, u64 gen,
	    u64 after, enum kpac_look look, struct kpac_found *found)
{
	const struct kpac_ranked *ranked = masks->by_best;
	const struct kpac_ranked *end = ranked + masks->n;
	const struct kpac_entry *entry;
	u16 lacks = ~view->has;

	found->n = 0;
	found->more = false;
	found->bytes = false;
	found->bound = U64_MAX;
	for (; ranked < end && ranked->best <= found->bound; ranked++) {
		entry = kpac_lookup_mask(ranked->mask, view, lacks);
		if (look == KPAC_LOOK_KEY && ranked->mask->n_bytes)
			found->bytes = true;
		for (; entry && entry->order <= found->bound;
		     entry = rcu_dereference(entry->next))
			if (kpac_lookup_wanted(entry, view, gen, after, look))
				kpac_found_add(found, entry, look);
	}
}

/**
 * kpac_table_run - have the entries of a table decide about a packet
 * @table: the table of the packet's namespace
 * @view: the packet
 * @gen: the generation, of kpac_table_gen()
 * @after: the &kpac_entry.order from which on they do; 0: all
 *
 * If a handler has changed the packet, those that come later are the ones that
 * apply to it as it is then.
 *
 * Context: softirq, under RCU.
 * Return: what the entry that ended the packet's way decided;
 * %KPAC_VERDICT_NEXT: none did.
 */
enum kpac_verdict kpac_table_run(const struct kpac_table *table,
				 struct kpac_view *view, u64 gen, u64 after)
{
	const struct kpac_masks *masks = rcu_dereference(table->masks);
	struct kpac_found found __uninitialized;
	enum kpac_verdict verdict;
	unsigned int i;

	if (unlikely(!masks))
		return KPAC_VERDICT_NEXT;
	do {
		view->has &= ~KPAC_HAS_CHANGED;
		kpac_lookup(masks, view, gen, after, KPAC_LOOK_APPLY, &found);
		for (i = 0; i < found.n; i++) {
			verdict = kpac_entry_run(found.entry[i], view);
			if (verdict != KPAC_VERDICT_NEXT)
				return verdict;
			after = found.entry[i]->order + 1;
			if (unlikely(view->has & KPAC_HAS_CHANGED))
				break;
		}
	} while (unlikely(found.more) ||
		 unlikely(view->has & KPAC_HAS_CHANGED));
	return KPAC_VERDICT_NEXT;
}

/**
 * kpac_table_meets - find the entries whose keys packets with the same words have
 * @table: the table
 * @view: a packet with the words; it is plain
 * @gen: the generation, of kpac_table_gen()
 * @entry: the entries, in order, up to the first that ends the way of all packets
 * @max: how many there may be; at most 15
 *
 * Whether they apply to a packet depends on the rest of their predicates.
 *
 * Context: softirq, under RCU.
 * Return: how many there are; more than @max: too many, or the words do not say.
 */
unsigned int kpac_table_meets(const struct kpac_table *table,
			      struct kpac_view *view, u64 gen,
			      const struct kpac_entry **entry,
			      unsigned int max)
{
	const struct kpac_masks *masks = rcu_dereference(table->masks);
	struct kpac_found found __uninitialized;

	if (unlikely(!masks))
		return 0;
	kpac_lookup(masks, view, gen, 0, KPAC_LOOK_KEY, &found);
	/* some may have been found before the one that ends the way */
	while (found.n && found.entry[found.n - 1]->order > found.bound)
		found.n--;
	if (found.more || found.bytes || found.n > max)
		return max + 1;
	memcpy(entry, found.entry, found.n * sizeof(*entry));
	return found.n;
}
