// SPDX-License-Identifier: GPL-2.0
/* The flow table; see flow.h. */

#include <linux/log2.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/vmalloc.h>

#include "flow.h"

static unsigned int flow_table_kbytes = 2048;
module_param(flow_table_kbytes, uint, 0444);
MODULE_PARM_DESC(flow_table_kbytes,
		 "Size of each CPU's flow table in KiB, 64 to 65536 (default 2048: 131072 flows)");

struct kpac_flow_secret kpac_flow_secret __ro_after_init;
u32 kpac_flow_mask __ro_after_init;
u8 kpac_flow_shift __ro_after_init;
u32 kpac_flow_now __read_mostly = 1;
DEFINE_PER_CPU(struct kpac_flow_table, kpac_flow_table) = {
	.bh_lock = INIT_LOCAL_LOCK(bh_lock),
};

/* The bucket at an offset that one of these gave. */
static struct kpac_flow_bucket *
kpac_flow_bucket(const struct kpac_flow_table *t, u32 offset)
{
	return (void *)t->buckets + offset;
}

/* The way of a bucket that holds the key or is free, or NULL. */
static struct kpac_flow *kpac_flow_room(struct kpac_flow_bucket *b,
					const struct kpac_flow_key *key)
{
	struct kpac_flow *room = NULL;
	int i;

	for (i = 0; i < KPAC_FLOW_WAYS; i++) {
		struct kpac_flow *f = &b->way[i];

		if (kpac_flow_is(f, key))
			return f;
		if (!room && !READ_ONCE(f->ref))
			room = f;
	}
	return room;
}

/**
 * kpac_flow_store - remember a flow in this CPU's table
 * @key: the flow; if the table has it already, it is changed
 * @hash: its kpac_flow_hash()
 * @ref: what it refers to, not 0
 *
 * A flow may stand in either of two buckets, which lets the table fill up
 * almost entirely before anything is driven out (Azar, Broder, Karlin, Upfal:
 * Balanced Allocations, 1994). What is driven out then is chosen in turn, so
 * that a cycle of too many flows still finds some of them.
 *
 * Context: softirq.
 */
void kpac_flow_store(const struct kpac_flow_key *key, u64 hash, u32 ref)
{
	struct kpac_flow_bucket *first, *second;
	struct kpac_flow_table *t;
	struct kpac_flow *f;

	local_lock_nested_bh(&kpac_flow_table.bh_lock);
	t = this_cpu_ptr(&kpac_flow_table);
	first = kpac_flow_bucket(t, kpac_flow_first(hash));
	second = kpac_flow_bucket(t, kpac_flow_second(hash));

	f = kpac_flow_room(first, key);
	if (!f || !kpac_flow_is(f, key)) {
		struct kpac_flow *other = kpac_flow_room(second, key);

		if (other && (!f || kpac_flow_is(other, key)))
			f = other;
	}
	if (!f) {
		u32 v = t->victim++ % (2 * KPAC_FLOW_WAYS);

		f = v < KPAC_FLOW_WAYS ? &first->way[v] :
					 &second->way[v - KPAC_FLOW_WAYS];
	}

	/* kpac_flow_forget_all() may clear the reference at any time; that it
	 * is written last makes whatever it leaves a whole entry.
	 */
	WRITE_ONCE(f->ref, 0);
	f->hi = key->hi;
	f->lo = key->lo;
	WRITE_ONCE(f->ref, ref);
	local_unlock_nested_bh(&kpac_flow_table.bh_lock);
}

/**
 * kpac_flow_tick - forget which flows are passed
 *
 * Called once a second, and when the kernel may have changed its mind.
 *
 * Context: any. Calls at the same time may count as one.
 */
void kpac_flow_tick(void)
{
	u32 next = READ_ONCE(kpac_flow_now) + 1;

	WRITE_ONCE(kpac_flow_now, next < KPAC_REF_TICKS ? next : 1);
}

/**
 * kpac_flow_forget_all - let every CPU forget all that it refers to
 *
 * Context: process, may sleep. Flows may be stored meanwhile; what was stored
 * before the call is forgotten.
 */
void kpac_flow_forget_all(void)
{
	int cpu, way;
	u32 i;

	for_each_possible_cpu(cpu) {
		struct kpac_flow_bucket *b = per_cpu(kpac_flow_table.buckets,
						     cpu);

		for (i = 0; i <= kpac_flow_mask / sizeof(*b); i++) {
			for (way = 0; way < KPAC_FLOW_WAYS; way++)
				WRITE_ONCE(b[i].way[way].ref, 0);
			if (!(i % 1024))
				cond_resched();
		}
	}
}

/**
 * kpac_flow_init - allocate the flow tables of all CPUs
 *
 * Context: process, at module load.
 * Return: 0, -EINVAL if the size is out of range, or -ENOMEM.
 */
int __init kpac_flow_init(void)
{
	unsigned long buckets;
	int cpu;

	if (flow_table_kbytes < 64 || flow_table_kbytes > 65536) {
		pr_err("flow_table_kbytes=%u is out of range: 64 to 65536\n",
		       flow_table_kbytes);
		return -EINVAL;
	}
	buckets = rounddown_pow_of_two(flow_table_kbytes * 1024UL /
				       sizeof(struct kpac_flow_bucket));
	kpac_flow_mask = (buckets - 1) * sizeof(struct kpac_flow_bucket);
	/* the highest bits of a hash are the number of the bucket */
	kpac_flow_shift = 64 - ilog2(buckets * sizeof(struct kpac_flow_bucket));
	get_random_bytes(&kpac_flow_secret, sizeof(kpac_flow_secret));
	/* an odd factor loses nothing */
	kpac_flow_secret.index[0] |= 1;
	kpac_flow_secret.index[1] |= 1;
	kpac_flow_secret.mix[0] |= 1;
	kpac_flow_secret.mix[1] |= 1;

	for_each_possible_cpu(cpu) {
		struct kpac_flow_bucket *b;

		b = vzalloc_node(buckets * sizeof(*b), cpu_to_node(cpu));
		if (!b) {
			kpac_flow_exit();
			return -ENOMEM;
		}
		per_cpu(kpac_flow_table.buckets, cpu) = b;
	}
	return 0;
}

/**
 * kpac_flow_exit - free the flow tables
 *
 * Context: process, when no packet can use them any more.
 */
void kpac_flow_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		vfree(per_cpu(kpac_flow_table.buckets, cpu));
		per_cpu(kpac_flow_table.buckets, cpu) = NULL;
	}
}
