// SPDX-License-Identifier: GPL-2.0
/* Memos: how they are made; see memo.h. */

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "memo.h"

DEFINE_PER_CPU(struct kpac_memos, kpac_memos) = {
	.bh_lock = INIT_LOCAL_LOCK(bh_lock),
};

u64 kpac_memo_secret[2] __ro_after_init;

/* Note what is decided for all packets that have the memo's words, if that needs no
 * look at them.
 */
static void kpac_memo_decide(struct kpac_memo *memo)
{
	unsigned int i;

	memo->verdict = KPAC_VERDICT_NEXT;
	memo->plain = memo->n <= KPAC_MEMO_ENTRIES;
	for (i = 0; memo->plain && i < memo->n; i++) {
		const struct kpac_entry *entry = memo->entry[i];

		memo->plain = entry->flags & KPAC_ENTRY_PLAIN && !entry->rest;
		memo->verdict = entry->verdict;
		if (memo->verdict != KPAC_VERDICT_NEXT)
			memo->n = i + 1;
	}
}

static void kpac_memo_make(struct kpac_memo *memo,
			   const struct kpac_memo_key *key,
			   const struct kpac_table *table,
			   struct kpac_view *view)
{
	bool ip6 = view->has & KPAC_HAS_IPV6;
	int i;

	memo->stamp = key->stamp;
	for (i = 0; i < (ip6 ? KPAC_WORDS : KPAC_WORD_ADDR1); i++)
		memo->word[i] = view->word[i] & key->asked[i];
	/* the entries are of the stamp's generation, or of the next one */
	memo->n = kpac_table_meets(table, view, memo->entry,
				   KPAC_MEMO_ENTRIES);
	kpac_memo_decide(memo);
}

/* Find the memo for a packet, or make it. */
static const struct kpac_memo *kpac_memo_get(const struct kpac_table *table,
					     const struct kpac_memo_key *key,
					     struct kpac_view *view)
{
	bool ip6 = view->has & KPAC_HAS_IPV6;
	struct kpac_memo *memo = ip6 ? kpac_memo_slot6(key) :
				       kpac_memo_slot4(key);

	if (unlikely(!(ip6 ? kpac_memo_is6(memo, key) :
			     kpac_memo_is4(memo, key))))
		kpac_memo_make(memo, key, table, view);
	return memo;
}

/* The entries that a plain packet may meet, as its words are now.
 * Return: how many; more than %KPAC_MEMO_ENTRIES if that is not known.
 */
static unsigned int kpac_memo_entries(const struct kpac_table *table,
				      struct kpac_view *view,
				      const struct kpac_entry **entry)
{
	unsigned int addr = view->l3 + (view->has & KPAC_HAS_IPV6 ?
					offsetof(struct ipv6hdr, saddr) :
					offsetof(struct iphdr, saddr));
	const struct kpac_memo *memo;
	struct kpac_memo_key key;
	unsigned int i, n;

	if (!kpac_memo_key(table, view->word[KPAC_WORD_L4],
			   view->word[KPAC_WORD_LINK], view->data + addr, &key))
		return 0;
	kpac_memo_lock();
	memo = kpac_memo_get(table, &key, view);
	n = memo->n;
	/* handlers may send, and others use the memo for what is received then */
	for (i = 0; i < n && n <= KPAC_MEMO_ENTRIES; i++)
		entry[i] = memo->entry[i];
	kpac_memo_unlock();
	return n;
}

/* Whether entries from @after on may be missing, behind one that ends the way of
 * packets that meet it.
 */
static bool kpac_memo_short(const struct kpac_entry *const *entry,
			    unsigned int n, u64 after)
{
	return n && entry[n - 1]->order < after &&
	       entry[n - 1]->flags & KPAC_ENTRY_ENDS;
}

/**
 * kpac_memo_run - kpac_table_run() for plain packets
 * @table: the table of the packet's namespace
 * @view: the packet
 *
 * Context: softirq, under RCU.
 * Return: what kpac_table_run() returns.
 */
enum kpac_verdict kpac_memo_run(const struct kpac_table *table,
				struct kpac_view *view)
{
	const struct kpac_entry *entry[KPAC_MEMO_ENTRIES];
	enum kpac_verdict verdict = KPAC_VERDICT_NEXT;
	unsigned int i, n;
	u64 after = 0;

	do {
		view->has &= ~KPAC_HAS_CHANGED;
		n = kpac_memo_entries(table, view, entry);
		if (unlikely(n > KPAC_MEMO_ENTRIES) ||
		    unlikely(kpac_memo_short(entry, n, after)))
			return kpac_table_run(table, view, after);
		for (i = 0; i < n && verdict == KPAC_VERDICT_NEXT &&
		     likely(!(view->has & KPAC_HAS_CHANGED)); i++) {
			if (entry[i]->order < after ||
			    !kpac_entry_fits(entry[i], view))
				continue;
			after = entry[i]->order + 1;
			verdict = kpac_entry_run(entry[i], view);
		}
	} while (verdict == KPAC_VERDICT_NEXT &&
		 unlikely(view->has & KPAC_HAS_CHANGED));
	return verdict;
}

/**
 * kpac_memo_init - allocate the memos of all CPUs
 *
 * Context: process, at module load.
 * Return: 0 or -ENOMEM.
 */
int __init kpac_memo_init(void)
{
	int cpu;

	get_random_bytes(kpac_memo_secret, sizeof(kpac_memo_secret));
	for_each_possible_cpu(cpu) {
		struct kpac_memo *memo;

		memo = vzalloc_node(sizeof(*memo) << KPAC_MEMO_BITS,
				    cpu_to_node(cpu));
		if (!memo) {
			kpac_memo_exit();
			return -ENOMEM;
		}
		per_cpu(kpac_memos.memo, cpu) = memo;
	}
	return 0;
}

/**
 * kpac_memo_exit - free the memos
 *
 * Context: process, when no packet can use them any more.
 */
void kpac_memo_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		vfree(per_cpu(kpac_memos.memo, cpu));
}
