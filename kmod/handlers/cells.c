// SPDX-License-Identifier: GPL-2.0
/* Cells: making tables of them, and giving them to keys; see cells.h. */

#include <linux/bottom_half.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cells.h"

/* Who asks for more memory than there is gets an error, and nobody is killed. */
#define KPAC_CELLS_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* Sets that are worked on before others may have the CPU. */
#define KPAC_CELLS_AT_ONCE	256

static u32 kpac_cells_sets(const struct kpac_cells *cells)
{
	return cells->count / KPAC_CELLS_WAYS;
}

static struct kpac_cells_set *kpac_cells_nth(const struct kpac_cells *cells,
					     u32 i)
{
	return cells->sets + (size_t)i * cells->stride;
}

static void kpac_cells_init(struct kpac_cells *cells)
{
	u32 i;

	for (i = 0; i < kpac_cells_sets(cells); i++) {
		spin_lock_init(&kpac_cells_nth(cells, i)->lock);
		if (!(i % KPAC_CELLS_AT_ONCE))
			cond_resched();
	}
}

/**
 * kpac_cells_new - make a table
 * @count: how many cells; rounded up to a power of two
 * @size: bytes of a cell's state, a multiple of 8
 * @probation: for how many ticks a cell counts as unused until its key is met
 *	again, at most 2^31
 *
 * Context: process, may sleep.
 * Return: the table, or NULL if there is no memory.
 */
struct kpac_cells *kpac_cells_new(u64 count, unsigned int size,
				  unsigned int probation)
{
	struct kpac_cells *cells = kzalloc(sizeof(*cells), GFP_KERNEL_ACCOUNT);

	if (!cells)
		return NULL;
	count = clamp_t(u64, count, KPAC_CELLS_MIN, KPAC_CELLS_MAX);
	cells->count = roundup_pow_of_two(count);
	cells->size = size;
	cells->probation = probation;
	cells->stride = round_up(sizeof(struct kpac_cells_set) +
				 KPAC_CELLS_WAYS * size, SMP_CACHE_BYTES);
	/* the highest bits of a fold are the number of the set */
	cells->shift = 64 - ilog2(kpac_cells_sets(cells));
	cells->stats = alloc_percpu_gfp(struct kpac_cells_stats,
					GFP_KERNEL_ACCOUNT);
	/* large enough for whole pages, and so aligned */
	cells->sets = kvzalloc((size_t)kpac_cells_sets(cells) * cells->stride,
			       KPAC_CELLS_GFP);
	if (!cells->stats || !cells->sets) {
		kpac_cells_free(cells);
		return NULL;
	}
	kpac_cells_init(cells);
	return cells;
}

/**
 * kpac_cells_free - free a table
 * @cells: the table, or NULL; no packet can meet it any more
 *
 * Context: process, may sleep.
 */
void kpac_cells_free(struct kpac_cells *cells)
{
	if (!cells)
		return;
	kvfree(cells->sets);
	free_percpu(cells->stats);
	kfree(cells);
}

/* The cell of a set that is free, or has not been used for longest. */
static int kpac_cells_victim(const struct kpac_cells_set *set, u32 now)
{
	int way, victim = 0;
	u32 age, most = 0;

	for (way = 0; way < KPAC_CELLS_WAYS; way++) {
		if (!set->tag[way].lo)
			return way;
		age = now - READ_ONCE(set->tag[way].used);
		/* another CPU is a tick ahead */
		if (age > U32_MAX - HZ)
			age = 0;
		/* in a set of busy ones, not always the same */
		if (age > most || (age == most && way == (now & 3))) {
			most = age;
			victim = way;
		}
	}
	return victim;
}

/* Word by word: others may be reading it. */
static void kpac_cells_write(u64 *to, const u64 *from, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size / sizeof(u64); i++)
		WRITE_ONCE(to[i], from[i]);
}

/**
 * kpac_cells_place - give a cell to a key
 * @cells: the table
 * @set: the key's set, locked; the key does not stand in it
 * @key: the key
 * @state: the cell's state, words of 64 bits
 *
 * Context: softirq, or process with bottom halves disabled.
 */
void kpac_cells_place(struct kpac_cells *cells, struct kpac_cells_set *set,
		      struct kpac_cells_key key, const void *state)
{
	u32 now = jiffies;
	int way = kpac_cells_victim(set, now);
	struct kpac_cells_tag *tag = &set->tag[way];

	this_cpu_inc(cells->stats->made);
	if (tag->lo)
		this_cpu_inc(cells->stats->evicted);
	WRITE_ONCE(tag->lo, 0);
	/* pairs with smp_rmb() in kpac_cells_is() */
	smp_wmb();
	kpac_cells_write(kpac_cells_state(set, way, cells->size), state,
			 cells->size);
	WRITE_ONCE(tag->hi, key.hi);
	WRITE_ONCE(tag->used, now - cells->probation);
	/* pairs with smp_load_acquire() in kpac_cells_tag_is() */
	smp_store_release(&tag->lo, key.lo);
}

/**
 * kpac_cells_put - give a cell to a key, unless it has one
 * @cells: the table
 * @set: the key's set
 * @key: the key
 * @state: the cell's state, words of 64 bits
 *
 * Context: softirq.
 * Return: NULL, or the state that the key has: another CPU was faster.
 */
noinline void *kpac_cells_put(struct kpac_cells *cells,
			      struct kpac_cells_set *set,
			      struct kpac_cells_key key,
			      const void *state)
{
	void *found = NULL;
	int way;

	spin_lock(&set->lock);
	way = kpac_cells_way(set, key);
	if (way >= 0)
		found = kpac_cells_state(set, way, cells->size);
	else
		kpac_cells_place(cells, set, key, state);
	spin_unlock(&set->lock);
	return found;
}

/**
 * kpac_cells_read - read a cell
 * @cells: the table
 * @i: which cell, less than @count
 * @state: where the state goes
 *
 * Context: process.
 * Return: false if the cell is free.
 */
bool kpac_cells_read(const struct kpac_cells *cells, u32 i, void *state)
{
	struct kpac_cells_set *set = kpac_cells_nth(cells, i / KPAC_CELLS_WAYS);
	int way = i % KPAC_CELLS_WAYS;
	bool there;

	if (!READ_ONCE(set->tag[way].lo))
		return false;
	spin_lock_bh(&set->lock);
	there = set->tag[way].lo;
	if (there)
		memcpy(state, kpac_cells_state(set, way, cells->size),
		       cells->size);
	spin_unlock_bh(&set->lock);
	return there;
}

/* Free the cells of a set. */
static void kpac_cells_clear_set(struct kpac_cells *cells,
				 struct kpac_cells_set *set)
{
	int way;

	spin_lock_bh(&set->lock);
	for (way = 0; way < KPAC_CELLS_WAYS; way++) {
		if (!set->tag[way].lo)
			continue;
		WRITE_ONCE(set->tag[way].lo, 0);
		this_cpu_inc(cells->stats->freed);
	}
	spin_unlock_bh(&set->lock);
}

/**
 * kpac_cells_clear - free all cells of a table
 * @cells: the table; packets may meet it meanwhile
 *
 * Context: process, may sleep.
 */
void kpac_cells_clear(struct kpac_cells *cells)
{
	u32 i;

	for (i = 0; i < kpac_cells_sets(cells); i++) {
		kpac_cells_clear_set(cells, kpac_cells_nth(cells, i));
		if (!(i % KPAC_CELLS_AT_ONCE))
			cond_resched();
	}
}

/**
 * kpac_cells_sum - what has happened to the cells of a table
 * @cells: the table
 * @sum: the result
 *
 * Context: any.
 */
void kpac_cells_sum(const struct kpac_cells *cells, struct kpac_cells_stats *sum)
{
	int cpu;

	*sum = (struct kpac_cells_stats){};
	for_each_possible_cpu(cpu) {
		const struct kpac_cells_stats *s = per_cpu_ptr(cells->stats, cpu);

		sum->made += READ_ONCE(s->made);
		sum->freed += READ_ONCE(s->freed);
		sum->evicted += READ_ONCE(s->evicted);
	}
}
