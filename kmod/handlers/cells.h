/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cells: what handlers remember of flows, senders or prefixes, in memory that
 * does not grow. A table has a fixed number of cells of one size, in sets of
 * four. A key may stand in any cell of one set; where there is no room, the cell
 * of the set that has not been used for longest is taken from its key.
 *
 * A key is folded by the secret of the flow table (kpac_flow_add(),
 * kpac_flow_fold() in flow.h), and is not compared in full: the fold is the
 * key. Two keys have the same fold for at most one in 2^61 of the secrets, so a
 * sender who does not know the secret, and does not see what he hits, has to
 * send a hundred million packets a second for some hundred years to be taken for
 * another once; nor can he aim at a set, to drive out those who are in it.
 *
 * New cells are on probation: until a key is met again, its cell counts as if it
 * had not been used for a while, so that a flood of keys, each of which is met
 * but once, is in its own way and not in that of others. (Qureshi, Jaleel, Patt,
 * Steely, Emer: Adaptive Insertion Policies for High Performance Caching, ISCA
 * 2007.)
 *
 * What CPUs see of each other:
 * - A cell is given to another key under its set's lock: the tag is cleared, the
 *   state written whole, then the new tag, in this order for all CPUs. So who
 *   finds a key's tag sees a state that was written for this key or later.
 * - Who reads without the lock may have the cell taken away at any time. If the
 *   tag is still there after the state has been read (kpac_cells_is()), what has
 *   been read is the key's.
 * - A state of one word may be changed by cmpxchg without the lock, from a value
 *   that was the key's: if the cell has been given away since, this fails, unless
 *   the other's value is the same one. Users put times into their values, so that
 *   they hardly ever are, and can bear it where they are.
 * - States of more words are read and written under the lock.
 * - When a cell was used is written without the lock, by whoever uses it, and may
 *   then be that of another key: which is driven out is only more or less right.
 *   It counts in ticks and in 32 bits, so a cell that is idle for months may look
 *   new for one time around.
 */
#ifndef _KPAC_CELLS_H
#define _KPAC_CELLS_H

#include <linux/cache.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>

#include "../flow.h"

#define KPAC_CELLS_WAYS	4

/* How many cells a table may have. */
#define KPAC_CELLS_MIN	1024
#define KPAC_CELLS_MAX	4194304

/* A key, folded: see struct kpac_flow_key. Given by value, it stays in registers,
 * of which each number has one for itself.
 */
struct kpac_cells_key {
	u64 hi;
	u64 lo;		/* 32 bits, not 0 */
};

struct kpac_cells_tag {
	u64 hi;
	u32 lo;		/* 0: the cell is free */
	u32 used;	/* when, in ticks */
};

/**
 * struct kpac_cells_set - the cells that a key may stand in
 * @tag: whose they are; a cache line
 * @lock: held while one is given to a key
 * @state: what is remembered
 */
struct kpac_cells_set {
	struct kpac_cells_tag tag[KPAC_CELLS_WAYS];
	spinlock_t lock;
	u64 state[];
};

/* What has happened to cells, on one CPU. */
struct kpac_cells_stats {
	u64 made;
	u64 freed;
	u64 evicted;
};

/**
 * struct kpac_cells - a table
 * @sets: its sets, @stride bytes each
 * @stride: whole cache lines
 * @shift: from a key to the number of its set
 * @size: bytes of a state
 * @probation: for how many ticks a new cell counts as unused
 * @count: how many cells there are
 * @stats: what has happened
 */
struct kpac_cells {
	void *sets;
	u32 stride;
	u8 shift;
	u32 size;
	u32 probation;
	u32 count;
	struct kpac_cells_stats __percpu *stats;
};

/**
 * kpac_cells_fold - make a key of what has been folded
 * @sum: all that the key says, by kpac_flow_add()
 *
 * Context: any.
 * Return: the key.
 */
static __always_inline struct kpac_cells_key
kpac_cells_fold(const struct kpac_flow_sum *sum)
{
	struct kpac_flow_key key;

	kpac_flow_fold(sum, &key);
	return (struct kpac_cells_key){ .hi = key.hi, .lo = key.lo };
}

/**
 * kpac_cells_set - the set that a key may stand in
 * @cells: the table
 * @key: the key, folded
 *
 * Context: any.
 * Return: the set.
 */
static __always_inline struct kpac_cells_set *
kpac_cells_set(const struct kpac_cells *cells, struct kpac_cells_key key)
{
	return cells->sets + (key.hi >> cells->shift) * cells->stride;
}

static __always_inline bool kpac_cells_tag_is(const struct kpac_cells_tag *tag,
					      struct kpac_cells_key key)
{
	/* @lo is written last, and what it is for before */
	return smp_load_acquire(&tag->lo) == key.lo &&
	       READ_ONCE(tag->hi) == key.hi;
}

/**
 * kpac_cells_way - look for a key
 * @set: its set
 * @key: the key
 *
 * Context: softirq, or the set is locked.
 * Return: in which cell of the set it stands, or -1.
 */
static __always_inline int kpac_cells_way(const struct kpac_cells_set *set,
					  struct kpac_cells_key key)
{
	/* no loop: the compiler makes less of it */
	static_assert(KPAC_CELLS_WAYS == 4);
	if (kpac_cells_tag_is(&set->tag[0], key))
		return 0;
	if (kpac_cells_tag_is(&set->tag[1], key))
		return 1;
	if (kpac_cells_tag_is(&set->tag[2], key))
		return 2;
	if (kpac_cells_tag_is(&set->tag[3], key))
		return 3;
	return -1;
}

/**
 * kpac_cells_is - whether what has been read of a state was a key's
 * @set: the key's set
 * @way: where it was found
 * @key: the key
 *
 * Context: softirq.
 * Return: false if the cell may have been another's by then.
 */
static __always_inline bool kpac_cells_is(const struct kpac_cells_set *set,
					  int way,
					  struct kpac_cells_key key)
{
	/* pairs with smp_wmb() in kpac_cells_place() */
	smp_rmb();
	return READ_ONCE(set->tag[way].lo) == key.lo &&
	       READ_ONCE(set->tag[way].hi) == key.hi;
}

/**
 * kpac_cells_state - a cell's state
 * @set: the set
 * @way: which cell of it
 * @size: the table's @size, at best a constant
 *
 * Context: any.
 * Return: where it is.
 */
static __always_inline void *kpac_cells_state(struct kpac_cells_set *set,
					      int way, unsigned int size)
{
	return (void *)set->state + way * size;
}

/**
 * kpac_cells_touch - note that a cell is used
 * @set: the set
 * @way: which cell of it
 *
 * That is written once a tick, so that CPUs that use a cell together do not
 * take it from each other.
 *
 * Context: softirq.
 */
static __always_inline void kpac_cells_touch(struct kpac_cells_set *set, int way)
{
	u32 now = jiffies;

	if (READ_ONCE(set->tag[way].used) != now)
		WRITE_ONCE(set->tag[way].used, now);
}

/* How many cells are used: about, while packets come. */
static inline u64 kpac_cells_used(const struct kpac_cells_stats *sum)
{
	u64 gone = sum->freed + sum->evicted;

	return sum->made > gone ? sum->made - gone : 0;
}

struct kpac_cells *kpac_cells_new(u64 count, unsigned int size,
				  unsigned int probation);
void kpac_cells_free(struct kpac_cells *cells);
void *kpac_cells_put(struct kpac_cells *cells, struct kpac_cells_set *set,
		     struct kpac_cells_key key, const void *state);
void kpac_cells_place(struct kpac_cells *cells, struct kpac_cells_set *set,
		      struct kpac_cells_key key, const void *state);
bool kpac_cells_read(const struct kpac_cells *cells, u32 i, void *state);
void kpac_cells_clear(struct kpac_cells *cells);
void kpac_cells_sum(const struct kpac_cells *cells,
		    struct kpac_cells_stats *sum);

#endif /* _KPAC_CELLS_H */
