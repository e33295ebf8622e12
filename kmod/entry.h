/* SPDX-License-Identifier: GPL-2.0 */
/* Entries: a predicate and what is done with the packets that fit it. */
#ifndef _KPAC_ENTRY_H
#define _KPAC_ENTRY_H

#include <linux/list.h>
#include <linux/u64_stats_sync.h>

#include "handler.h"
#include "match.h"

/* One CPU's count of the packets that an entry was for. */
struct kpac_entry_count {
	u64_stats_t packets;
	u64_stats_t bytes;
};

/* What all of them have counted. */
struct kpac_entry_stats {
	u64 packets;
	u64 bytes;
};

/**
 * struct kpac_do - a handler of an entry
 * @handler: which kind
 * @n_args: how many arguments
 * @args: what it was given, in order
 */
struct kpac_do {
	const struct kpac_handler *handler;
	unsigned int n_args;
	struct kpac_arg *args;
};

/* The part of a handler that packets meet. */
struct kpac_step {
	enum kpac_verdict (*run)(void *priv, struct kpac_view *view);
	void *priv;
};

/**
 * struct kpac_rule - an entry as it was asked for
 * @priority: its priority
 * @expires: in jiffies, when it ends; 0: never
 * @comment: its comment, or NULL
 * @match: its predicate
 * @n_do: how many handlers
 * @doing: the handlers, in order
 */
struct kpac_rule {
	u32 priority;
	u64 expires;
	char *comment;
	struct kpac_match match;
	unsigned int n_do;
	struct kpac_do *doing;
};

/* The entry ends the way of every packet that it applies to. */
#define KPAC_ENTRY_ENDS		BIT(0)
/* It has no step: &kpac_entry.verdict is what it decides. */
#define KPAC_ENTRY_PLAIN	BIT(1)

/**
 * struct kpac_entry - an entry of the table, as packets meet it
 * @next: the next with the same key
 * @order: where it comes: priority and, in the lower 48 bits, when it was added
 * @born: the first generation of the table that has it
 * @dies: the first generation that does not any more
 * @rest: what is left of the predicate, or NULL
 * @counts: of packets, per CPU
 * @key: what the mask's words have to be
 * @flags: %KPAC_ENTRY_* bits
 * @verdict: what it decides, if that is always the same
 * @steps: how many of @step
 * @retired: the table does not have it any more
 * @id: its number
 * @mask: its mask
 * @rule: what was asked for
 * @base: what had been counted at the last reset
 * @list: in a list of the table's
 * @expiring: in that of those that die by themselves
 * @step: what is done, in order
 */
struct kpac_entry {
	struct kpac_entry __rcu *next;
	u64 order;
	u64 born;
	u64 dies;
	struct kpac_rest *rest;
	struct kpac_entry_count __percpu *counts;
	u64 *key;
	u8 flags;
	u8 verdict;
	u8 steps;
	bool retired;
	u32 id;
	struct kpac_mask *mask;
	struct kpac_rule rule;
	struct kpac_entry_stats base;
	struct list_head list;
	struct list_head expiring;
	struct kpac_step step[] __counted_by(steps);
};

/* What takes the place of the last entry of a key. */
extern struct kpac_entry kpac_entry_gone;

#define KPAC_ORDER_BITS	48

/* Whether a generation of the table has an entry. */
static __always_inline bool kpac_entry_in(const struct kpac_entry *entry, u64 gen)
{
	return READ_ONCE(entry->born) <= gen && gen < READ_ONCE(entry->dies);
}

/* Whether the generation that is being made, too, will have it. Under the table's
 * lock.
 */
static inline bool kpac_entry_lives(const struct kpac_entry *entry)
{
	return entry->dies == U64_MAX;
}

/* Whether a packet that has an entry's key also fits the rest of its predicate. */
static __always_inline bool kpac_entry_fits(const struct kpac_entry *entry,
					    struct kpac_view *view)
{
	return likely(!entry->rest) || kpac_rest_fits(entry->rest, view);
}

static __always_inline void kpac_entry_count(const struct kpac_entry *entry,
					     unsigned long packets,
					     unsigned long bytes)
{
	struct kpac_entry_count *count = this_cpu_ptr(entry->counts);

	u64_stats_add(&count->packets, packets);
	u64_stats_add(&count->bytes, bytes);
}

/* Have an entry's handlers decide about a packet. */
static __always_inline enum kpac_verdict
kpac_entry_run(const struct kpac_entry *entry, struct kpac_view *view)
{
	enum kpac_verdict verdict = KPAC_VERDICT_NEXT;
	unsigned int i;

	kpac_entry_count(entry, view->segs, kpac_view_bytes(view));
	if (likely(entry->flags & KPAC_ENTRY_PLAIN))
		return entry->verdict;
	for (i = 0; i < entry->steps && verdict == KPAC_VERDICT_NEXT; i++)
		verdict = entry->step[i].run(entry->step[i].priv, view);
	return verdict;
}

struct kpac_entry *kpac_entry_new(struct net *net, struct kpac_rule *rule,
				  struct netlink_ext_ack *extack);
void kpac_entry_retire(struct kpac_entry *entry);
void kpac_entry_free(struct kpac_entry *entry);
void kpac_rule_free(struct kpac_rule *rule);
void kpac_entry_sum(const struct kpac_entry *entry,
		    struct kpac_entry_stats *sum);
void kpac_entry_reset(struct kpac_entry *entry);
size_t kpac_entry_memory(const struct kpac_entry *entry);

#endif /* _KPAC_ENTRY_H */
