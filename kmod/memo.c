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
	enum kpac_verdict verdict = KPAC_VERDICT_NEXT;
	unsigned int i;

	memo->verdict = KPAC_VERDICT_STOLEN;
	if (memo->n > KPAC_MEMO_ENTRIES)
		return;
	for (i = 0; i < memo->n && verdict == KPAC_VERDICT_NEXT; i++) {
		const struct kpac_entry *entry = memo->entry[i];

		if (!(entry->flags & KPAC_ENTRY_PLAIN) || entry->rest)
			return;
		verdict = entry->verdict;
	}
	memo->n = i;
	memo->verdict = verdict == KPAC_VERDICT_FORWARD ? KPAC_VERDICT_NEXT :
							  verdict;
}

static void kpac_memo_make(struct kpac_memo *memo,
			   const struct kpac_memo_key *key,
			   const struct kpac_table *table,
			   struct kpac_view *view)
{
	int i;

	memo->gen = key->gen;
	memo->l4 = key->l4;
	memo->link = key->link;
	if (view->has & KPAC_HAS_IPV6)
		for (i = 0; i < ARRAY_SIZE(memo->addr); i++)
			memo->addr[i] = kpac_memo_addr6(key, 0, i);
	else
		memo->addr[0] = kpac_memo_addr4(key);
	memo->n = kpac_table_meets(table, view, key->gen, memo->entry,
				   KPAC_MEMO_ENTRIES);
	kpac_memo_decide(memo);
}

/* Which of a pair is written over: either, so that those of a cycle of too many find
 * some of them, and those that may stay come to have one each. (The numbers are those
 * of Press et al.: Numerical Recipes in C, 1992, 7.1.)
 */
static unsigned int kpac_memo_victim(void)
{
	struct kpac_memos *memos = this_cpu_ptr(&kpac_memos);

	static_assert(KPAC_MEMO_WAYS == 2);
	memos->victim = memos->victim * 1664525 + 1013904223;
	return memos->victim >> 31;
}

/* Find the memo for a packet, or make it. */
static const struct kpac_memo *kpac_memo_get(const struct kpac_table *table,
					     const struct kpac_memo_key *key,
					     struct kpac_view *view)
{
	enum kpac_memo_kind kind = view->has & KPAC_HAS_IPV6 ?
				   kpac_memo_kind6(key) : KPAC_MEMO_IP4;
	struct kpac_memo *memo;

	if (likely(kpac_memo_find(key, kind, &memo)))
		return memo;
	memo -= kpac_memo_victim();
	kpac_memo_make(memo, key, table, view);
	return memo;
}

/* The entries of a memo: handlers may send, and others use the memo for what is
 * received then.
 */
static __always_inline unsigned int
kpac_memo_copy(const struct kpac_memo *memo, const struct kpac_entry **entry)
{
	unsigned int i, n = memo->n;

	for (i = 0; i < n && n <= KPAC_MEMO_ENTRIES; i++)
		entry[i] = memo->entry[i];
	return n;
}

/* The entries of a generation that a plain packet may meet, as its words are now.
 * Return: how many; more than %KPAC_MEMO_ENTRIES if that is not known.
 */
static unsigned int kpac_memo_entries(const struct kpac_table *table,
				      struct kpac_view *view, u64 gen,
				      const struct kpac_entry **entry)
{
	unsigned int addr = view->l3 + (view->has & KPAC_HAS_IPV6 ?
					offsetof(struct ipv6hdr, saddr) :
					offsetof(struct iphdr, saddr));
	struct kpac_memo_key key;
	unsigned int n;

	if (!kpac_memo_begin(table, &key) || key.gen != gen)
		return KPAC_MEMO_UNKNOWN;
	kpac_memo_words(&key, view->word[KPAC_WORD_L4],
			view->word[KPAC_WORD_LINK], view->data + addr);
	kpac_memo_lock();
	n = kpac_memo_copy(kpac_memo_get(table, &key, view), entry);
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

/* Have @n entries decide, from @after on, which is set to what comes next. */
static __always_inline enum kpac_verdict
kpac_memo_steps(const struct kpac_entry *const *entry, unsigned int n,
		struct kpac_view *view, u64 *after)
{
	enum kpac_verdict verdict = KPAC_VERDICT_NEXT;
	unsigned int i;

	for (i = 0; i < n && verdict == KPAC_VERDICT_NEXT &&
	     likely(!(view->has & KPAC_HAS_CHANGED)); i++) {
		if (unlikely(entry[i]->order < *after) ||
		    unlikely(!kpac_entry_fits(entry[i], view)))
			continue;
		*after = entry[i]->order + 1;
		verdict = kpac_entry_run(entry[i], view);
	}
	return verdict;
}

/**
 * kpac_memo_run - kpac_table_run() for plain packets
 * @table: the table of the packet's namespace
 * @view: the packet
 * @memo: the memo for it, with the CPU's memos locked, which they are not any more
 *	then; or NULL: it is not known
 *
 * Context: softirq, under RCU.
 * Return: what kpac_table_run() returns.
 */
enum kpac_verdict kpac_memo_run(const struct kpac_table *table,
				struct kpac_view *view,
				const struct kpac_memo *memo)
{
	const struct kpac_entry *entry[KPAC_MEMO_ENTRIES] __uninitialized;
	enum kpac_verdict verdict;
	u64 gen, after = 0;
	unsigned int n;

	if (likely(memo)) {
		gen = memo->gen;
		n = kpac_memo_copy(memo, entry);
		kpac_memo_unlock();
	} else {
		gen = kpac_table_gen(table);
		n = kpac_memo_entries(table, view, gen, entry);
	}
	for (;;) {
		if (unlikely(n > KPAC_MEMO_ENTRIES) ||
		    unlikely(kpac_memo_short(entry, n, after)))
			return kpac_table_run(table, view, gen, after);
		verdict = kpac_memo_steps(entry, n, view, &after);
		if (verdict != KPAC_VERDICT_NEXT ||
		    likely(!(view->has & KPAC_HAS_CHANGED)))
			return verdict;
		view->has &= ~KPAC_HAS_CHANGED;
		n = kpac_memo_entries(table, view, gen, entry);
	}
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
	kpac_memo_secret[0] |= 1;
	kpac_memo_secret[1] |= 1;
	for_each_possible_cpu(cpu) {
		struct kpac_memo *memo;

		memo = vzalloc_node(sizeof(*memo) * KPAC_MEMO_WAYS << KPAC_MEMO_BITS,
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
