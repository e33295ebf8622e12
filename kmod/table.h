/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of a network namespace: entries in the order in which they apply. A
 * packet meets those that its bits fit, until one of them ends its way.
 *
 * What changes the table is a transaction. It makes a new generation: entries say
 * in which they are born and die, and a packet sees the one generation that was
 * the last when it came. So it meets the table as it was or as it is, and no
 * mixture. What has died is taken out when no packet and no list of entries can
 * see it any more.
 */
#ifndef _KPAC_TABLE_H
#define _KPAC_TABLE_H

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "entry.h"
#include "mask.h"

/* A mask, and the order of the first of its entries. */
struct kpac_ranked {
	u64 best;
	const struct kpac_mask *mask;
};

/**
 * struct kpac_asked - which bits of packets' words masks ask for
 * @l4: of %KPAC_WORD_L4; always the protocol
 * @link: of %KPAC_WORD_LINK; always the protocol
 * @addr4: of both addresses, of IPv4
 * @addr6: of the source and the destination, of IPv6, each in two words
 * @at6: the first of @addr6 that matters: that of the source or the destination
 * @both6: not only one address does
 */
struct kpac_asked {
	u64 l4;
	u64 link;
	u64 addr4;
	u64 addr6[4];
	u8 at6;
	bool both6;
};

/**
 * struct kpac_masks - a table's masks
 * @asked: which bits of a packet's words any of them asks for
 * @rcu: frees it
 * @n: how many masks
 * @by_best: the masks, the one with the first entry first: a packet is looked up
 *	under none beyond the one whose first entry comes after what ends the
 *	packet's way
 */
struct kpac_masks {
	struct kpac_asked asked;
	struct rcu_head rcu;
	unsigned int n;
	struct kpac_ranked by_best[] __counted_by(n);
};

/**
 * struct kpac_table - a table
 * @masks: its masks; NULL: no entries
 * @gen: the generation, which is none of another table's, ever
 * @next_gen: that of the change that is being made
 * @lock: serialises changes
 * @net: the namespace
 * @all_masks: its masks, with those of entries that have died
 * @n_all_masks: how many
 * @n_masks: how many of them have entries that live
 * @live: how many entries the generation has
 * @total: how many there are, with those that have died
 * @added: how many have ever been added
 * @memory: bytes that entries take
 * @next_id: where to look for a free number
 * @ids: entries by their numbers
 * @orders: entries by their order
 * @dead: entries that have died
 * @listings: those who list entries of a generation
 * @expiring: entries that die by themselves
 * @reaper: takes dead entries out
 * @expirer: has entries die in time
 */
struct kpac_table {
	struct kpac_masks __rcu *masks;
	u64 gen;
	u64 next_gen;
	struct mutex lock;
	struct net *net;
	struct list_head all_masks;
	unsigned int n_all_masks;
	unsigned int n_masks;
	u32 live;
	u32 total;
	u64 added;
	u64 memory;
	u32 next_id;
	struct xarray ids;
	struct xarray orders;
	struct list_head dead;
	struct list_head listings;
	struct list_head expiring;
	struct work_struct reaper;
	struct delayed_work expirer;
};

/**
 * struct kpac_which - which entries are meant
 * @id: the one with this number, if not 0
 * @has_priority: those of @priority
 * @priority: a priority
 * @comment: those with this comment, if not NULL
 *
 * If nothing is said, all of them.
 */
struct kpac_which {
	u32 id;
	bool has_priority;
	u32 priority;
	const char *comment;
};

/**
 * struct kpac_change - a change of the table
 * @list: in the transaction
 * @entry: an entry to add, or NULL
 * @which: else entries to delete, of which there must be one, unless all are
 *	meant
 * @comment: &kpac_which.comment
 * @seq: what to call the change if it fails
 */
struct kpac_change {
	struct list_head list;
	struct kpac_entry *entry;
	struct kpac_which which;
	char *comment;
	u32 seq;
};

/**
 * struct kpac_transaction - changes to be done together
 * @changes: the changes, in order
 * @n: how many
 * @has_gen: the table must be as it was in @gen
 * @gen: a generation
 * @added: how many entries were added
 * @deleted: how many were deleted
 * @last: the number of the last one that was added
 * @failed: &kpac_change.seq of the one that failed; 0: none
 * @born: entries added, while it is done
 * @dying: entries deleted, while it is done
 */
struct kpac_transaction {
	struct list_head changes;
	u32 n;
	bool has_gen;
	u64 gen;
	u32 added;
	u32 deleted;
	u32 last;
	u32 failed;
	struct list_head born;
	struct list_head dying;
};

/**
 * struct kpac_listing - somebody lists the entries of a generation
 * @list: in the table's list of them
 * @gen: the generation
 * @next: the order of the next entry
 */
struct kpac_listing {
	struct list_head list;
	u64 gen;
	u64 next;
};

/**
 * kpac_table_gen - the generation that a packet meets
 * @table: the table
 *
 * Context: softirq, under RCU; what the generation has stays until that ends.
 * Return: the generation.
 */
static __always_inline u64 kpac_table_gen(const struct kpac_table *table)
{
	/* before anything that this generation has */
	return smp_load_acquire(&table->gen);
}

enum kpac_verdict kpac_table_run(const struct kpac_table *table,
				 struct kpac_view *view, u64 gen, u64 after);
unsigned int kpac_table_meets(const struct kpac_table *table,
			      struct kpac_view *view, u64 gen,
			      const struct kpac_entry **entry,
			      unsigned int max);

/* Whether packets need not look at a table. */
static __always_inline bool kpac_table_empty(const struct kpac_table *table)
{
	return likely(!rcu_access_pointer(table->masks));
}

void kpac_transaction_init(struct kpac_transaction *t);
void kpac_transaction_free(struct kpac_transaction *t);
int kpac_transaction_add(struct kpac_transaction *t, struct kpac_entry *entry,
			 u32 seq);
int kpac_transaction_del(struct kpac_transaction *t,
			 const struct kpac_which *which, u32 seq);
int kpac_table_commit(struct kpac_table *table, struct kpac_transaction *t,
		      struct netlink_ext_ack *extack);
int kpac_table_reset(struct kpac_table *table, const struct kpac_which *which,
		     struct netlink_ext_ack *extack);
u64 kpac_table_memory(struct kpac_table *table);

void kpac_listing_begin(struct kpac_table *table, struct kpac_listing *l);
const struct kpac_entry *kpac_listing_next(struct kpac_table *table,
					   struct kpac_listing *l);
void kpac_listing_end(struct kpac_table *table, struct kpac_listing *l);
const struct kpac_entry *kpac_table_find(struct kpac_table *table, u32 id);

void kpac_table_init(struct kpac_table *table, struct net *net);
void kpac_table_exit(struct kpac_table *table);

#endif /* _KPAC_TABLE_H */
