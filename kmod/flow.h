/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flow table: what the kernel's routing decided for a flow, remembered per
 * CPU. A flow is all that the decision can depend on: the port, the addresses
 * and the DSCP; where the namespace's policy looks at them also the mark, the
 * protocol and the ports.
 *
 * The table holds no references. An entry names its path by a number that is
 * never given twice (see path.h), so that a path is taken back by letting go
 * of the number, and no CPU has to look into another's table.
 */
#ifndef _KPAC_FLOW_H
#define _KPAC_FLOW_H

#include <linux/cache.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/local_lock.h>	/* not complete by itself */
#include <uapi/linux/kpac.h>

/**
 * struct kpac_flow_key - a flow in 96 bits
 * @hi: IPv4: both addresses
 * @lo: IPv4: port and the first two bytes of the header without ECN, which
 *	are a version and length that leave bit 7 zero, if they are right, and
 *	the DSCP
 *
 * What does not fit into this (IPv6, a mark, L4 ports) is folded by a secret
 * hash into the 95 bits that are left when bit 7 of @lo is one: see
 * kpac_flow_fold(). That one flow is taken for another among the 2^17 of a
 * table is less likely than any fault of the machine, even if a sender, who
 * does not know the secret and does not see what he hits, wants it.
 *
 * Packed, because the compiler takes 16 bytes for one number, for which it
 * aligns the stack.
 */
struct kpac_flow_key {
	u64 hi;
	u32 lo;
} __packed __aligned(4);

struct kpac_flow {
	u64 hi;
	u32 lo;
	u32 ref;	/* 0: free */
};

#define KPAC_FLOW_WAYS	4

struct kpac_flow_bucket {
	struct kpac_flow way[KPAC_FLOW_WAYS];
} ____cacheline_aligned;

struct kpac_flow_table {
	local_lock_t bh_lock;
	struct kpac_flow_bucket *buckets;
	u32 victim;
};

struct kpac_flow_secret {
	u64 index[2];
	u64 nh[6];
	u64 mix[2];
};

extern struct kpac_flow_secret kpac_flow_secret __ro_after_init;
extern u32 kpac_flow_mask __ro_after_init;	/* of a bucket's offset */
extern u8 kpac_flow_shift __ro_after_init;	/* of a hash, to that */
DECLARE_PER_CPU(struct kpac_flow_table, kpac_flow_table);

/*
 * A reference is a path's number or, with the epoch 0 that no path has, a
 * reason to pass the flow's packets and the tick in which this is believed. A
 * pass that is out of date is slow, never wrong.
 */
#define KPAC_REF_INDEX_BITS	17
#define KPAC_REF_INDEX_MASK	(BIT(KPAC_REF_INDEX_BITS) - 1)
#define KPAC_REF_EPOCH_MAX	(BIT(32 - KPAC_REF_INDEX_BITS) - 1)
#define KPAC_REF_REASON_BITS	5
#define KPAC_REF_TICKS	BIT(KPAC_REF_INDEX_BITS - KPAC_REF_REASON_BITS)
static_assert(BIT(KPAC_REF_REASON_BITS) > KPAC_PASS_REASON_MAX);

/* The time in ticks, 1 to KPAC_REF_TICKS - 1: see kpac_flow_tick(). */
extern u32 kpac_flow_now;

static __always_inline bool kpac_ref_is_pass(u32 ref)
{
	return ref >> KPAC_REF_REASON_BITS == READ_ONCE(kpac_flow_now);
}

static __always_inline bool kpac_ref_is_path(u32 ref)
{
	return ref > KPAC_REF_INDEX_MASK;
}

static inline u32 kpac_ref_pass(enum kpac_pass_reason reason)
{
	return READ_ONCE(kpac_flow_now) << KPAC_REF_REASON_BITS | reason;
}

static __always_inline enum kpac_pass_reason kpac_ref_reason(u32 ref)
{
	return ref & (BIT(KPAC_REF_REASON_BITS) - 1);
}

/**
 * struct kpac_flow_sum - what a flow is folded into
 * @lo: sum of the lower halves of products
 * @hi: sum of the upper halves
 */
struct kpac_flow_sum {
	u64 lo;
	u64 hi;
};

/**
 * kpac_flow_add - fold two words of a flow
 * @sum: what there is of the flow so far, to begin with zero
 * @i: which words they are: 0, 2 or 4
 * @a: the first
 * @b: the second
 *
 * This is the NH of UMAC (RFC 4418) with words of 64 bits, but for the carry
 * between the halves of the sums: if flows differ, so do the sums, but for one
 * choice in 2^61 of the secret.
 *
 * Context: any.
 */
static __always_inline void kpac_flow_add(struct kpac_flow_sum *sum, int i,
					  u64 a, u64 b)
{
	const u64 *k = kpac_flow_secret.nh + i;
	u128 product = (u128)(a + k[0]) * (b + k[1]);

	sum->lo += (u64)product;
	sum->hi += (u64)(product >> 64);
	/* one after the other: all at once would take more registers */
	OPTIMIZER_HIDE_VAR(sum->lo);
	OPTIMIZER_HIDE_VAR(sum->hi);
}

/**
 * kpac_flow_fold - make a flow's key from what has been folded
 * @sum: all of the flow
 * @key: the result
 *
 * The 128 bits are made 95 by products with two more secrets, so that a sender
 * cannot choose flows whose sums differ in what is lost.
 *
 * Context: any.
 */
static __always_inline void kpac_flow_fold(const struct kpac_flow_sum *sum,
					   struct kpac_flow_key *key)
{
	key->hi = sum->lo + sum->hi * kpac_flow_secret.mix[0];
	key->lo = (u32)(sum->lo * kpac_flow_secret.mix[1] >> 32) | BIT(7);
}

/* Where an IPv4 flow may stand in the table. The secret keeps senders from
 * filling few buckets with many flows. A product carries upwards: the last
 * bytes of the addresses, which differ most, have to be the lowest, and only
 * the highest bits of the result depend on all of them.
 */
static __always_inline u64 kpac_flow_hash4(const struct kpac_flow_key *key)
{
	return be64_to_cpu((__force __be64)key->hi) *
	       kpac_flow_secret.index[0] +
	       key->lo * kpac_flow_secret.index[1];
}

/* Where any flow may stand: a folded key is a hash already. */
static inline u64 kpac_flow_hash(const struct kpac_flow_key *key)
{
	return key->lo & BIT(7) ? key->hi : kpac_flow_hash4(key);
}

/* A flow may stand in either of two buckets. */
static __always_inline u32 kpac_flow_first(u64 hash)
{
	return hash >> kpac_flow_shift & kpac_flow_mask;
}

static inline u32 kpac_flow_second(u64 hash)
{
	return ror64(hash, 32) * kpac_flow_secret.index[1] >> kpac_flow_shift &
	       kpac_flow_mask;
}

static __always_inline bool kpac_flow_is(const struct kpac_flow *f,
					 const struct kpac_flow_key *key)
{
	return f->hi == key->hi && f->lo == key->lo;
}

static __always_inline u32 kpac_flow_bucket_find(const struct kpac_flow_bucket *b,
						 const struct kpac_flow_key *key)
{
	/* no loop: the compiler makes less of it */
	static_assert(KPAC_FLOW_WAYS == 4);
	if (kpac_flow_is(&b->way[0], key))
		return READ_ONCE(b->way[0].ref);
	if (kpac_flow_is(&b->way[1], key))
		return READ_ONCE(b->way[1].ref);
	if (kpac_flow_is(&b->way[2], key))
		return READ_ONCE(b->way[2].ref);
	if (kpac_flow_is(&b->way[3], key))
		return READ_ONCE(b->way[3].ref);
	return 0;
}

static __always_inline u32 kpac_flow_find_in(const struct kpac_flow_key *key,
					     u32 offset)
{
	void *buckets;

	u32 ref;

	local_lock_nested_bh(&kpac_flow_table.bh_lock);
	buckets = this_cpu_read(kpac_flow_table.buckets);
	ref = kpac_flow_bucket_find(buckets + offset, key);
	local_unlock_nested_bh(&kpac_flow_table.bh_lock);
	return ref;
}

/**
 * kpac_flow_find_first - look a flow up where it stands most often
 * @key: the flow
 * @hash: its kpac_flow_hash()
 *
 * Context: softirq.
 * Return: what the flow refers to, 0 if it is not there.
 */
static __always_inline u32 kpac_flow_find_first(const struct kpac_flow_key *key,
						u64 hash)
{
	return kpac_flow_find_in(key, kpac_flow_first(hash));
}

/**
 * kpac_flow_find_second - look a flow up in the other place
 * @key: the flow
 * @hash: its kpac_flow_hash()
 *
 * Context: softirq.
 * Return: what the flow refers to, 0 if it is not there.
 */
static __always_inline u32 kpac_flow_find_second(const struct kpac_flow_key *key,
						 u64 hash)
{
	return kpac_flow_find_in(key, kpac_flow_second(hash));
}

void kpac_flow_store(const struct kpac_flow_key *key, u64 hash, u32 ref);
void kpac_flow_tick(void);
void kpac_flow_forget_all(void);
int kpac_flow_init(void);
void kpac_flow_exit(void);

#endif /* _KPAC_FLOW_H */
