/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memos: which entries packets with certain words meet, remembered per CPU, so that
 * not every packet has to be looked up under every mask. Only the bits that any
 * mask asks for count: of a table that asks for a server's address, all packets to
 * the server have one memo. (Pfaff et al.: The Design and Implementation of Open
 * vSwitch, NSDI 2015, calls such a cache one of megaflows.)
 *
 * A memo is for one generation of one table: it has its stamp, which no other has.
 * So nothing has to be taken back when the table changes, and the entries that it
 * names are there as long as the table has that stamp.
 *
 * Memos are for plain packets (kpac_plain4(), kpac_plain6()): their words say all
 * that masks ask for, but for bytes of the packet. They are used and written in
 * softirq, by their CPU.
 */
#ifndef _KPAC_MEMO_H
#define _KPAC_MEMO_H

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/local_lock.h>
#include <linux/math64.h>
#include <linux/percpu.h>

#include "table.h"

#define KPAC_MEMO_BITS		11	/* 2048 pairs on each CPU, 512 KiB */
#define KPAC_MEMO_WAYS		2
#define KPAC_MEMO_ENTRIES	8

/* More entries than a memo has room for, or some that its words cannot say. */
#define KPAC_MEMO_UNKNOWN	(KPAC_MEMO_ENTRIES + 1)

/**
 * struct kpac_memo - which entries packets meet
 * @stamp: &kpac_table.stamp; 0: none
 * @word: the packets' words, as far as any mask asks for them
 * @n: how many of @entry, or %KPAC_MEMO_UNKNOWN
 * @plain: all of them are %KPAC_ENTRY_PLAIN, and there is no rest to look at
 * @verdict: what is decided, if @plain
 * @entry: the entries that may apply, in order: those whose masks and keys fit
 */
struct kpac_memo {
	u64 stamp;
	u64 word[KPAC_WORDS];
	u8 n;
	bool plain;
	u8 verdict;
	const struct kpac_entry *entry[KPAC_MEMO_ENTRIES];
} ____cacheline_aligned;

/**
 * struct kpac_memos - a CPU's memos
 * @bh_lock: as long as one is looked at, or made
 * @memo: the memos, in pairs; packets with certain words may have either of one
 * @victim: a number that is another one whenever a memo is made
 */
struct kpac_memos {
	local_lock_t bh_lock;
	struct kpac_memo *memo;
	u32 victim;
};

DECLARE_PER_CPU(struct kpac_memos, kpac_memos);
extern u64 kpac_memo_secret[2] __ro_after_init;

/**
 * struct kpac_memo_key - what a memo is looked for by
 * @stamp: the table's
 * @asked: &kpac_masks.asked
 * @l4: the packet's word %KPAC_WORD_L4, as far as it is asked for
 * @link: the same of %KPAC_WORD_LINK
 * @addr: the packet's addresses
 */
struct kpac_memo_key {
	u64 stamp;
	const u64 *asked;
	u64 l4;
	u64 link;
	const u8 *addr;
};

/**
 * kpac_memo_key - make a key
 * @table: the table
 * @l4: the packet's word %KPAC_WORD_L4
 * @link: its word %KPAC_WORD_LINK
 * @addr: its addresses, where they are
 * @key: the result
 *
 * Context: softirq, under RCU.
 * Return: false if the table is empty.
 */
static __always_inline bool kpac_memo_key(const struct kpac_table *table,
					  u64 l4, u64 link, const void *addr,
					  struct kpac_memo_key *key)
{
	const struct kpac_masks *masks;

	/* the masks are those of this generation, or have more */
	key->stamp = smp_load_acquire(&table->stamp);
	masks = rcu_dereference(table->masks);
	if (unlikely(!masks))
		return false;
	key->asked = masks->asked;
	key->l4 = l4 & masks->asked[KPAC_WORD_L4];
	key->link = link & masks->asked[KPAC_WORD_LINK];
	key->addr = addr;
	return true;
}

static __always_inline u64 kpac_memo_addr(const struct kpac_memo_key *key,
					  unsigned int i, enum kpac_word word)
{
	return get_unaligned((const u64 *)key->addr + i) & key->asked[word];
}

/* One step of NH as in kpac_flow_add(): packets that differ in little are not to
 * meet, but may, for a memo that has gone is made again. Two products of the same
 * numbers, for the compiler keeps the halves of one in memory.
 */
static __always_inline struct kpac_memo *kpac_memo_pair(u64 a, u64 b)
{
	u64 x = a + kpac_memo_secret[0], y = b + kpac_memo_secret[1];
	u64 hash = mul_u64_u64_shr(x, y, 64) ^ (x * y);

	return this_cpu_read(kpac_memos.memo) +
	       (hash >> (64 - KPAC_MEMO_BITS)) * KPAC_MEMO_WAYS;
}

static __always_inline struct kpac_memo *
kpac_memo_pair4(const struct kpac_memo_key *key)
{
	return kpac_memo_pair(key->l4 + key->link,
			      kpac_memo_addr(key, 0, KPAC_WORD_ADDR));
}

static __always_inline struct kpac_memo *
kpac_memo_pair6(const struct kpac_memo_key *key)
{
	return kpac_memo_pair(key->l4 + key->link +
			      kpac_memo_addr(key, 0, KPAC_WORD_ADDR) +
			      kpac_memo_addr(key, 2, KPAC_WORD_ADDR2),
			      kpac_memo_addr(key, 1, KPAC_WORD_ADDR1) +
			      rol64(kpac_memo_addr(key, 3, KPAC_WORD_ADDR3), 32));
}

static __always_inline bool kpac_memo_is4(const struct kpac_memo *memo,
					  const struct kpac_memo_key *key)
{
	return memo->stamp == key->stamp &&
	       memo->word[KPAC_WORD_L4] == key->l4 &&
	       memo->word[KPAC_WORD_ADDR] ==
			kpac_memo_addr(key, 0, KPAC_WORD_ADDR) &&
	       memo->word[KPAC_WORD_LINK] == key->link;
}

static __always_inline bool kpac_memo_is6(const struct kpac_memo *memo,
					  const struct kpac_memo_key *key)
{
	return kpac_memo_is4(memo, key) &&
	       memo->word[KPAC_WORD_ADDR1] ==
			kpac_memo_addr(key, 1, KPAC_WORD_ADDR1) &&
	       memo->word[KPAC_WORD_ADDR2] ==
			kpac_memo_addr(key, 2, KPAC_WORD_ADDR2) &&
	       memo->word[KPAC_WORD_ADDR3] ==
			kpac_memo_addr(key, 3, KPAC_WORD_ADDR3);
}

/**
 * kpac_memo_find4 - find what is remembered for plain packets of IPv4
 * @key: their key
 *
 * Context: softirq, under RCU, with the CPU's memos locked.
 * Return: the memo, until the lock is released, or NULL.
 */
static __always_inline const struct kpac_memo *
kpac_memo_find4(const struct kpac_memo_key *key)
{
	const struct kpac_memo *memo = kpac_memo_pair4(key);

	if (likely(kpac_memo_is4(memo, key)))
		return memo;
	return likely(kpac_memo_is4(memo + 1, key)) ? memo + 1 : NULL;
}

/**
 * kpac_memo_find6 - find what is remembered for plain packets of IPv6
 * @key: their key
 *
 * Context: softirq, under RCU, with the CPU's memos locked.
 * Return: the memo, until the lock is released, or NULL.
 */
static __always_inline const struct kpac_memo *
kpac_memo_find6(const struct kpac_memo_key *key)
{
	const struct kpac_memo *memo = kpac_memo_pair6(key);

	if (likely(kpac_memo_is6(memo, key)))
		return memo;
	return likely(kpac_memo_is6(memo + 1, key)) ? memo + 1 : NULL;
}

/**
 * kpac_memo_lock - lock the CPU's memos
 *
 * Nobody may send or have something received before they are let go.
 *
 * Context: softirq.
 */
static __always_inline void kpac_memo_lock(void)
{
	local_lock_nested_bh(&kpac_memos.bh_lock);
}

/**
 * kpac_memo_unlock - let them go
 *
 * Context: softirq.
 */
static __always_inline void kpac_memo_unlock(void)
{
	local_unlock_nested_bh(&kpac_memos.bh_lock);
}

/**
 * kpac_memo_count - count a packet for the entries of a memo
 * @memo: the memo, which is &kpac_memo.plain
 * @packets: how many packets it is on the wire
 * @bytes: its bytes
 *
 * Context: softirq, under RCU, with the CPU's memos locked.
 */
static __always_inline void kpac_memo_count(const struct kpac_memo *memo,
					    unsigned int packets,
					    unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < memo->n; i++)
		kpac_entry_count(memo->entry[i], packets, bytes);
}

enum kpac_verdict kpac_memo_run(const struct kpac_table *table,
				struct kpac_view *view,
				const struct kpac_memo *memo);
int kpac_memo_init(void);
void kpac_memo_exit(void);

#endif /* _KPAC_MEMO_H */
