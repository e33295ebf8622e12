// SPDX-License-Identifier: GPL-2.0
/* The table: how it changes; see table.h. */

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "compat.h"
#include "netlink.h"
#include "table.h"

/* Entries that expire stop in time; this is how often those are deleted. */
#define KPAC_TABLE_TICK	(HZ / 2)

/* The last generation of any table. */
static atomic64_t kpac_gens = ATOMIC64_INIT(0);

/* Begin a change. */
static void kpac_table_begin(struct kpac_table *table)
{
	table->next_gen = atomic64_inc_return(&kpac_gens);
}

static struct kpac_masks *kpac_table_masks(const struct kpac_table *table)
{
	return rcu_dereference_protected(table->masks,
					 lockdep_is_held(&table->lock));
}

/* Have an entry live from the generation on in which it was born. */
static void kpac_table_keep(struct kpac_table *table, struct kpac_entry *entry)
{
	WRITE_ONCE(entry->dies, U64_MAX);
	if (!entry->mask->living++)
		table->n_masks++;
}

/* Have a living entry not live any more from a generation on. */
static void kpac_table_lose(struct kpac_table *table, struct kpac_entry *entry,
			    u64 gen)
{
	WRITE_ONCE(entry->dies, gen);
	if (!--entry->mask->living)
		table->n_masks--;
}

/* ---- masks ---- */

static struct kpac_mask *kpac_table_find_mask(struct kpac_table *table,
					      const struct kpac_pattern *pattern)
{
	struct kpac_mask *mask;

	list_for_each_entry(mask, &table->all_masks, list)
		if (kpac_mask_same(mask, pattern)) {
			/* the next entry has often the same */
			list_move(&mask->list, &table->all_masks);
			return mask;
		}
	return NULL;
}

static struct kpac_mask *kpac_table_mask(struct kpac_table *table,
					 const struct kpac_match *match,
					 struct netlink_ext_ack *extack)
{
	struct kpac_pattern pattern;
	struct kpac_mask *mask;

	kpac_match_compile(match, &pattern);
	mask = kpac_table_find_mask(table, &pattern);
	if (table->n_masks >= KPAC_MAX_MASKS && (!mask || !mask->living)) {
		NL_SET_ERR_MSG(extack, "the table has as many distinct masks as it may have: use the same prefix lengths and kinds of predicates more often");
		return ERR_PTR(-ENOSPC);
	}
	if (mask)
		return mask;
	if (table->n_all_masks >= 2 * KPAC_MAX_MASKS) {
		NL_SET_ERR_MSG(extack, "the table has twice as many distinct masks as it may have, with those of entries that were deleted and are still being listed: try again later");
		return ERR_PTR(-ENOSPC);
	}
	mask = kpac_mask_new(&pattern);
	if (!mask)
		return ERR_PTR(-ENOMEM);
	list_add(&mask->list, &table->all_masks);
	table->n_all_masks++;
	return mask;
}

static int kpac_masks_cmp(const void *a, const void *b)
{
	const struct kpac_ranked *x = a, *y = b;

	return x->best < y->best ? -1 : x->best > y->best;
}

/* What packets have follows from their protocols. */
static void kpac_asked_add(struct kpac_asked *asked, const struct kpac_mask *mask)
{
	u64 bits[KPAC_WORDS] = {};

	memcpy(bits, mask->bits, min(mask->words, KPAC_WORDS) * sizeof(*bits));
	asked->l4 |= bits[KPAC_WORD_L4];
	asked->link |= bits[KPAC_WORD_LINK];
	if (!(mask->need & KPAC_HAS_IPV6)) {
		asked->addr4 |= bits[KPAC_WORD_ADDR];
		return;
	}
	asked->addr6[0] |= bits[KPAC_WORD_ADDR];
	asked->addr6[1] |= bits[KPAC_WORD_ADDR1];
	asked->addr6[2] |= bits[KPAC_WORD_ADDR2];
	asked->addr6[3] |= bits[KPAC_WORD_ADDR3];
}

static void kpac_asked_end(struct kpac_asked *asked)
{
	const struct kpac_l4_word l4 = { .proto = 0xff };
	const struct kpac_link_word link = { .ethertype = htons(0xffff) };
	u64 word;

	memcpy(&word, &l4, sizeof(word));
	asked->l4 |= word;
	memcpy(&word, &link, sizeof(word));
	asked->link |= word;
	asked->at6 = asked->addr6[0] || asked->addr6[1] ? 0 : 2;
	asked->both6 = !asked->at6 && (asked->addr6[2] || asked->addr6[3]);
}

/* Have packets look under the masks as they are now. */
static int kpac_table_publish(struct kpac_table *table)
{
	struct kpac_masks *old = kpac_table_masks(table), *masks = NULL;
	struct kpac_mask *mask;
	unsigned int n = 0;

	list_for_each_entry(mask, &table->all_masks, list)
		n += !!mask->entries;
	if (n) {
		masks = kzalloc(struct_size(masks, by_best, n),
				GFP_KERNEL_ACCOUNT);
		if (!masks)
			return -ENOMEM;
		masks->n = n;
		n = 0;
		list_for_each_entry(mask, &table->all_masks, list) {
			if (!mask->entries)
				continue;
			masks->by_best[n].best = mask->best;
			masks->by_best[n++].mask = mask;
			kpac_asked_add(&masks->asked, mask);
		}
		kpac_asked_end(&masks->asked);
		sort(masks->by_best, n, sizeof(masks->by_best[0]),
		     kpac_masks_cmp, NULL);
	}
	rcu_assign_pointer(table->masks, masks);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

/* ---- entries come and go ---- */

static int kpac_table_add(struct kpac_table *table, struct kpac_entry *entry,
			  struct netlink_ext_ack *extack)
{
	struct kpac_mask *mask;
	int err;

	if (table->total >= KPAC_MAX_ENTRIES) {
		NL_SET_ERR_MSG(extack, "the table has as many entries as it may have, with those that were deleted and are still being listed: try again later");
		return -ENOSPC;
	}
	mask = kpac_table_mask(table, &entry->rule.match, extack);
	if (IS_ERR(mask))
		return PTR_ERR(mask);
	entry->mask = mask;
	entry->order = (u64)entry->rule.priority << KPAC_ORDER_BITS |
		       ++table->added;
	entry->born = table->next_gen;
	entry->dies = 0;
	err = xa_alloc_cyclic(&table->ids, &entry->id, entry,
			      XA_LIMIT(1, U32_MAX), &table->next_id,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	err = xa_insert(&table->orders, entry->order, entry,
			GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_id;
	err = kpac_mask_add(mask, entry);
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(extack, "1024 entries may differ in nothing but priority, port range, length and handlers: say more about the packets");
	if (err)
		goto err_order;
	kpac_table_keep(table, entry);
	table->total++;
	table->memory += kpac_entry_memory(entry);
	return 0;

err_order:
	xa_erase(&table->orders, entry->order);
err_id:
	xa_erase(&table->ids, entry->id);
	return err;
}

/* Take an entry out that is in no generation any more. */
static void kpac_table_remove(struct kpac_table *table,
			      struct kpac_entry *entry)
{
	kpac_mask_del(entry->mask, entry);
	xa_erase(&table->orders, entry->order);
	xa_erase(&table->ids, entry->id);
	list_del_init(&entry->expiring);
	table->total--;
	table->memory -= kpac_entry_memory(entry);
}

static bool kpac_which_all(const struct kpac_which *which)
{
	return !which->id && !which->has_priority && !which->comment;
}

static bool kpac_which_is(const struct kpac_which *which,
			  const struct kpac_entry *entry)
{
	if (!kpac_entry_lives(entry))
		return false;
	if (which->has_priority && entry->rule.priority != which->priority)
		return false;
	return !which->comment ||
	       (entry->rule.comment &&
		!strcmp(entry->rule.comment, which->comment));
}

/* The next entry that is meant, from the order @next on, or NULL. */
static struct kpac_entry *kpac_which_next(struct kpac_table *table,
					  const struct kpac_which *which,
					  unsigned long *next)
{
	struct kpac_entry *entry;

	if (which->id) {
		entry = *next ? NULL : xa_load(&table->ids, which->id);
		*next = U64_MAX;
		return entry && kpac_which_is(which, entry) ? entry : NULL;
	}
	if (which->has_priority && !*next)
		*next = (u64)which->priority << KPAC_ORDER_BITS;
	while ((entry = xa_find(&table->orders, next, ULONG_MAX, XA_PRESENT))) {
		*next = entry->order + 1;
		if (which->has_priority &&
		    entry->rule.priority > which->priority)
			return NULL;
		if (kpac_which_is(which, entry))
			return entry;
		cond_resched();
	}
	return NULL;
}

static int kpac_table_none(const struct kpac_which *which,
			   struct netlink_ext_ack *extack)
{
	if (which->id)
		NL_SET_ERR_MSG(extack, "the table has no entry with this number");
	else if (which->comment)
		NL_SET_ERR_MSG(extack, "the table has no entry with this comment");
	else
		NL_SET_ERR_MSG(extack, "the table has no entry with this priority");
	return -ENOENT;
}

/* ---- what has died is taken out ---- */

/* Whether nobody lists an entry's last generation. */
static bool kpac_table_reapable(const struct kpac_table *table,
				const struct kpac_entry *entry)
{
	const struct kpac_listing *l;

	list_for_each_entry(l, &table->listings, list)
		if (entry->dies > l->gen)
			return false;
	return true;
}

static void kpac_table_reap(struct work_struct *work)
{
	struct kpac_table *table = container_of(work, struct kpac_table,
						reaper);
	struct kpac_entry *entry, *tmp;
	struct kpac_mask *mask, *next;
	LIST_HEAD(entries);
	LIST_HEAD(masks);

	mutex_lock(&table->lock);
	list_for_each_entry_safe(entry, tmp, &table->dead, list) {
		if (kpac_table_reapable(table, entry))
			list_move_tail(&entry->list, &entries);
		cond_resched();
	}
	mutex_unlock(&table->lock);
	if (list_empty(&entries))
		return;
	/* until no packet sees their last generation */
	synchronize_rcu();
	mutex_lock(&table->lock);
	list_for_each_entry(entry, &entries, list) {
		kpac_table_remove(table, entry);
		cond_resched();
	}
	list_for_each_entry(mask, &table->all_masks, list) {
		kpac_mask_review(mask);
		cond_resched();
	}
	if (!kpac_table_publish(table)) {
		list_for_each_entry_safe(mask, next, &table->all_masks, list) {
			if (mask->entries)
				continue;
			list_move(&mask->list, &masks);
			table->n_all_masks--;
		}
	}
	mutex_unlock(&table->lock);
	/* and until no packet is on its way through them */
	synchronize_rcu();
	list_for_each_entry_safe(mask, next, &masks, list)
		kpac_mask_free(mask);
	list_for_each_entry_safe(entry, tmp, &entries, list) {
		kpac_entry_free(entry);
		cond_resched();
	}
}

static void kpac_table_wake_reaper(struct kpac_table *table)
{
	if (!list_empty(&table->dead))
		queue_work(kpac_compat_unbound_wq, &table->reaper);
}

/* ---- transactions ---- */

/**
 * kpac_transaction_init - begin a transaction without changes
 * @t: the transaction
 *
 * Context: any.
 */
void kpac_transaction_init(struct kpac_transaction *t)
{
	*t = (struct kpac_transaction) {};
	INIT_LIST_HEAD(&t->changes);
	INIT_LIST_HEAD(&t->born);
	INIT_LIST_HEAD(&t->dying);
}

static void kpac_change_free(struct kpac_change *change)
{
	if (change->entry)
		kpac_entry_free(change->entry);
	kfree(change->comment);
	kfree(change);
}

/**
 * kpac_transaction_free - forget what has not been done
 * @t: the transaction
 *
 * Context: process, may sleep.
 */
void kpac_transaction_free(struct kpac_transaction *t)
{
	struct kpac_change *change, *tmp;

	list_for_each_entry_safe(change, tmp, &t->changes, list) {
		kpac_change_free(change);
		cond_resched();
	}
	INIT_LIST_HEAD(&t->changes);
	t->n = 0;
}

static struct kpac_change *kpac_transaction_change(struct kpac_transaction *t,
						   u32 seq)
{
	struct kpac_change *change;

	change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
	if (!change)
		return NULL;
	change->seq = seq;
	list_add_tail(&change->list, &t->changes);
	t->n++;
	return change;
}

/**
 * kpac_transaction_add - have a transaction add an entry
 * @t: the transaction
 * @entry: the entry; the transaction has it, even if there is an error
 * @seq: what to call the change if it fails
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int kpac_transaction_add(struct kpac_transaction *t, struct kpac_entry *entry,
			 u32 seq)
{
	struct kpac_change *change = kpac_transaction_change(t, seq);

	if (!change) {
		kpac_entry_free(entry);
		return -ENOMEM;
	}
	change->entry = entry;
	return 0;
}

/**
 * kpac_transaction_del - have a transaction delete entries
 * @t: the transaction
 * @which: which ones
 * @seq: what to call the change if it fails
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int kpac_transaction_del(struct kpac_transaction *t,
			 const struct kpac_which *which, u32 seq)
{
	struct kpac_change *change = kpac_transaction_change(t, seq);

	if (!change)
		return -ENOMEM;
	change->which = *which;
	if (!which->comment)
		return 0;
	change->comment = kstrdup(which->comment, GFP_KERNEL_ACCOUNT);
	change->which.comment = change->comment;
	return change->comment ? 0 : -ENOMEM;
}

static int kpac_table_apply_del(struct kpac_table *table,
				const struct kpac_which *which,
				struct kpac_transaction *t,
				struct netlink_ext_ack *extack)
{
	struct kpac_entry *entry;
	unsigned long next = 0;
	u32 n = 0;

	while ((entry = kpac_which_next(table, which, &next))) {
		kpac_table_lose(table, entry, table->next_gen);
		list_move_tail(&entry->list, &t->dying);
		n++;
	}
	t->deleted += n;
	return n || kpac_which_all(which) ? 0 : kpac_table_none(which, extack);
}

/* Do a change; nobody sees it yet. */
static int kpac_table_apply(struct kpac_table *table,
			    struct kpac_change *change,
			    struct kpac_transaction *t,
			    struct netlink_ext_ack *extack)
{
	int err;

	if (!change->entry)
		return kpac_table_apply_del(table, &change->which, t, extack);
	err = kpac_table_add(table, change->entry, extack);
	if (err)
		return err;
	list_add_tail(&change->entry->list, &t->born);
	t->last = change->entry->id;
	change->entry = NULL;
	t->added++;
	return 0;
}

/* Undo what has been done: what was to be born never lives. */
static void kpac_table_undo(struct kpac_table *table,
			    struct kpac_transaction *t)
{
	struct kpac_entry *entry, *tmp;

	list_for_each_entry_safe(entry, tmp, &t->dying, list) {
		if (entry->born > table->gen) {
			list_move(&entry->list, &t->born);
			continue;
		}
		kpac_table_keep(table, entry);
		list_del_init(&entry->list);
	}
	list_for_each_entry(entry, &t->born, list)
		if (kpac_entry_lives(entry))
			kpac_table_lose(table, entry, 0);
		else
			WRITE_ONCE(entry->dies, 0);
	list_splice_init(&t->born, &table->dead);
	kpac_table_wake_reaper(table);
}

/* Have packets see what has been done. */
static void kpac_table_flip(struct kpac_table *table,
			    struct kpac_transaction *t)
{
	struct kpac_entry *entry, *tmp;

	/* after all that this generation has */
	smp_store_release(&table->gen, table->next_gen);
	table->live += t->added - t->deleted;
	list_for_each_entry_safe(entry, tmp, &t->born, list) {
		list_del_init(&entry->list);
		if (entry->rule.expires)
			list_add(&entry->expiring, &table->expiring);
	}
	list_for_each_entry(entry, &t->dying, list) {
		kpac_entry_retire(entry);
		cond_resched();
	}
	list_splice_tail_init(&t->dying, &table->dead);
	kpac_table_wake_reaper(table);
	if (!list_empty(&table->expiring))
		queue_delayed_work(kpac_compat_unbound_wq, &table->expirer,
				   KPAC_TABLE_TICK);
}

static int kpac_table_do(struct kpac_table *table, struct kpac_transaction *t,
			 struct netlink_ext_ack *extack)
{
	struct kpac_change *change;
	int err;

	if (t->has_gen && t->gen != table->gen) {
		NL_SET_ERR_MSG(extack, "the table has changed since that generation: look at it again");
		return -EAGAIN;
	}
	kpac_table_begin(table);
	list_for_each_entry(change, &t->changes, list) {
		err = kpac_table_apply(table, change, t, extack);
		if (err) {
			t->failed = change->seq;
			return err;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return t->added ? kpac_table_publish(table) : 0;
}

/* Whether changes could meet a bound only because of what has died. Masks and keys have
 * room for twice as much as may live; the former are fewer.
 */
static bool kpac_table_crowded(const struct kpac_table *table, u32 changes)
{
	u32 dead = table->total - table->live;

	return dead && (dead + changes > KPAC_MAX_MASKS ||
			table->total + changes > KPAC_MAX_ENTRIES);
}

/* Have what has died take no room, unless somebody still lists it. */
static void kpac_table_make_room(struct kpac_table *table, u32 changes)
{
	bool crowded;

	mutex_lock(&table->lock);
	crowded = kpac_table_crowded(table, changes);
	mutex_unlock(&table->lock);
	if (crowded)
		flush_work(&table->reaper);
}

/**
 * kpac_table_commit - do what a transaction has, or nothing
 * @table: the table
 * @t: the transaction; afterwards it has what was not done
 * @extack: for messages
 *
 * Context: process, may sleep; holds nothing that a handler's destroy needs.
 * Return: 0 or an error, with a message; &kpac_transaction.failed says what it
 * is about.
 */
int kpac_table_commit(struct kpac_table *table, struct kpac_transaction *t,
		      struct netlink_ext_ack *extack)
{
	int err;

	kpac_table_make_room(table, t->n);
	mutex_lock(&table->lock);
	err = kpac_table_do(table, t, extack);
	if (err)
		kpac_table_undo(table, t);
	else if (t->added || t->deleted)
		kpac_table_flip(table, t);
	mutex_unlock(&table->lock);
	if (err == -ENOMEM)
		NL_SET_ERR_MSG_WEAK(extack, "no memory for it");
	if (!err && (t->added || t->deleted))
		kpac_netlink_notify_table(table, t);
	return err;
}

/**
 * kpac_table_reset - have entries count from now on
 * @table: the table
 * @which: which entries
 * @extack: for messages
 *
 * Context: process, may sleep.
 * Return: 0 or an error, with a message.
 */
int kpac_table_reset(struct kpac_table *table, const struct kpac_which *which,
		     struct netlink_ext_ack *extack)
{
	struct kpac_entry *entry;
	unsigned long next = 0;
	bool any = false;

	mutex_lock(&table->lock);
	while ((entry = kpac_which_next(table, which, &next))) {
		kpac_entry_reset(entry);
		any = true;
	}
	mutex_unlock(&table->lock);
	return any || kpac_which_all(which) ? 0 :
	       kpac_table_none(which, extack);
}

/* Let entries die whose time has come. */
static void kpac_table_expire(struct work_struct *work)
{
	struct kpac_table *table = container_of(to_delayed_work(work),
						struct kpac_table, expirer);
	struct kpac_entry *entry, *tmp;
	struct kpac_transaction t;

	kpac_transaction_init(&t);
	mutex_lock(&table->lock);
	kpac_table_begin(table);
	list_for_each_entry_safe(entry, tmp, &table->expiring, expiring) {
		cond_resched();
		if (kpac_entry_lives(entry) &&
		    time_before64(get_jiffies_64(), entry->rule.expires))
			continue;
		list_del_init(&entry->expiring);
		if (!kpac_entry_lives(entry))
			continue;
		kpac_table_lose(table, entry, table->next_gen);
		list_move_tail(&entry->list, &t.dying);
		t.deleted++;
	}
	if (t.deleted)
		kpac_table_flip(table, &t);
	else if (!list_empty(&table->expiring))
		queue_delayed_work(kpac_compat_unbound_wq, &table->expirer,
				   KPAC_TABLE_TICK);
	mutex_unlock(&table->lock);
	if (t.deleted)
		kpac_netlink_notify_table(table, &t);
}

/**
 * kpac_table_memory - how much memory a table takes
 * @table: the table
 *
 * Context: process, under the table's lock.
 * Return: bytes, without what handlers have made.
 */
u64 kpac_table_memory(struct kpac_table *table)
{
	const struct kpac_mask *mask;
	u64 bytes = table->memory;

	list_for_each_entry(mask, &table->all_masks, list)
		bytes += kpac_mask_memory(mask);
	return bytes;
}

/* ---- listing ---- */

/**
 * kpac_table_find - find an entry by its number
 * @table: the table
 * @id: the number
 *
 * Context: process, under the table's lock.
 * Return: the entry, or NULL.
 */
const struct kpac_entry *kpac_table_find(struct kpac_table *table, u32 id)
{
	const struct kpac_entry *entry = xa_load(&table->ids, id);

	return entry && entry->born <= table->gen && kpac_entry_lives(entry) ?
	       entry : NULL;
}

/**
 * kpac_listing_begin - begin to list the entries as they are now
 * @table: the table
 * @l: the listing, for kpac_listing_end()
 *
 * Context: process, may sleep.
 */
void kpac_listing_begin(struct kpac_table *table, struct kpac_listing *l)
{
	mutex_lock(&table->lock);
	l->gen = table->gen;
	l->next = 0;
	list_add(&l->list, &table->listings);
	mutex_unlock(&table->lock);
}

/**
 * kpac_listing_next - the next entry of a listing
 * @table: the table
 * @l: the listing; &kpac_listing.next is to be set behind the entry when that
 *	has been listed
 *
 * Context: process, under the table's lock.
 * Return: the entry, or NULL if there are no more.
 */
const struct kpac_entry *kpac_listing_next(struct kpac_table *table,
					   struct kpac_listing *l)
{
	unsigned long next = l->next;
	struct kpac_entry *entry;

	while ((entry = xa_find(&table->orders, &next, ULONG_MAX,
				XA_PRESENT))) {
		if (entry->born <= l->gen && l->gen < entry->dies)
			return entry;
		next = entry->order + 1;
	}
	return NULL;
}

/**
 * kpac_listing_end - end a listing
 * @table: the table
 * @l: the listing
 *
 * Context: process, may sleep.
 */
void kpac_listing_end(struct kpac_table *table, struct kpac_listing *l)
{
	mutex_lock(&table->lock);
	list_del(&l->list);
	kpac_table_wake_reaper(table);
	mutex_unlock(&table->lock);
}

/* ---- life ---- */

/**
 * kpac_table_init - make an empty table
 * @table: the table
 * @net: the namespace
 *
 * Context: process.
 */
void kpac_table_init(struct kpac_table *table, struct net *net)
{
	mutex_init(&table->lock);
	table->gen = atomic64_inc_return(&kpac_gens);
	table->net = net;
	table->next_id = 1;
	INIT_LIST_HEAD(&table->all_masks);
	INIT_LIST_HEAD(&table->dead);
	INIT_LIST_HEAD(&table->listings);
	INIT_LIST_HEAD(&table->expiring);
	xa_init_flags(&table->ids, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	xa_init_flags(&table->orders, XA_FLAGS_ACCOUNT);
	INIT_WORK(&table->reaper, kpac_table_reap);
	INIT_DELAYED_WORK(&table->expirer, kpac_table_expire);
}

/**
 * kpac_table_exit - free a table
 * @table: the table; no packet comes, and nobody changes or lists it
 *
 * Context: process, may sleep.
 */
void kpac_table_exit(struct kpac_table *table)
{
	struct kpac_mask *mask, *next;
	struct kpac_entry *entry;
	unsigned long order;

	cancel_delayed_work_sync(&table->expirer);
	cancel_work_sync(&table->reaper);
	xa_for_each(&table->orders, order, entry) {
		kpac_table_remove(table, entry);
		kpac_entry_free(entry);
		cond_resched();
	}
	list_for_each_entry_safe(mask, next, &table->all_masks, list)
		kpac_mask_free(mask);
	kfree(rcu_dereference_protected(table->masks, true));
	xa_destroy(&table->orders);
	xa_destroy(&table->ids);
}
