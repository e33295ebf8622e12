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
 *	are a version and length that leave bit 7 zero, and the DSCP
 *
 * What does not fit into this (IPv6, a mark, L4 ports) is folded by a secret
 * hash into the 95 bits that are left when bit 7 of @lo is one. For one flow
 * to be taken for another among the 2^17 of a table, a sender who does not
 * know the secret has to try in the order of 2^77 packets.
 */
struct kpac_flow_key {
	u64 hi;
	u32 lo;
};

/* The words that are folded: an even number of them. */
#define KPAC_FLOW_WORDS	6

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
	u64 nh[KPAC_FLOW_WORDS];
	u64 ml[KPAC_FLOW_WORDS];
};

extern struct kpac_flow_secret kpac_flow_secret __ro_after_init;
extern u32 kpac_flow_mask __ro_after_init;
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
 * kpac_flow_fold - make a flow's key from what does not fit into one
 * @w: the flow, %KPAC_FLOW_WORDS words
 * @key: the result
 *
 * Two universal hashes with independent secrets: 64 bits of NH, which is that
 * of UMAC (RFC 4418), over 64-bit words, and 31 bits of a multilinear one
 * (Lemire, Kaser: Strongly universal string hashing is fast, 2014).
 *
 * Context: softirq.
 */
static __always_inline void kpac_flow_fold(const u64 *w,
					   struct kpac_flow_key *key)
{
	const struct kpac_flow_secret *k = &kpac_flow_secret;
	u128 nh = 0;
	u64 ml = 0;
	int i;

#pragma GCC unroll 8
	for (i = 0; i < KPAC_FLOW_WORDS; i += 2)
		nh += (u128)(w[i] + k->nh[i]) *
		      (w[i + 1] + k->nh[i + 1]);
#pragma GCC unroll 8
	for (i = 0; i < KPAC_FLOW_WORDS; i++)
		ml += w[i] * k->ml[i];
	key->hi = (u64)nh ^ (u64)(nh >> 64);
	key->lo = (u32)(ml >> 32) | BIT(7);
}

/* Where a flow may stand in the table: a folded key is a hash already. The
 * secret keeps senders from filling few buckets with many flows. A product
 * carries upwards: the last bytes of the addresses, which differ most, have to
 * be the lowest.
 */
static __always_inline u64 kpac_flow_hash4(const struct kpac_flow_key *key)
{
	return be64_to_cpu((__force __be64)key->hi) *
	       kpac_flow_secret.index[0] +
	       key->lo * kpac_flow_secret.index[1];
}

static inline u64 kpac_flow_hash(const struct kpac_flow_key *key)
{
	return key->lo & BIT(7) ? key->hi : kpac_flow_hash4(key);
}

/* A flow may stand in either of two buckets. The upper bits of the hash depend
 * on all of the key.
 */
static __always_inline u32 kpac_flow_first(u64 hash)
{
	return hash >> 44 & kpac_flow_mask;
}

static __always_inline u32 kpac_flow_second(u64 hash)
{
	return hash >> 34 & kpac_flow_mask;
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
					     u32 bucket)
{
	u32 ref;

	local_lock_nested_bh(&kpac_flow_table.bh_lock);
	ref = kpac_flow_bucket_find(this_cpu_read(kpac_flow_table.buckets) +
				    bucket, key);
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
