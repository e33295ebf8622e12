/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memos: which entries packets with certain words meet, remembered per CPU, so that
 * not every packet has to be looked up under every mask. Only the bits that any
 * mask asks for count: of a table that asks for a server's address, all packets to
 * the server have one memo. (Pfaff et al.: The Design and Implementation of Open
 * vSwitch, NSDI 2015, calls such a cache one of megaflows.)
 *
 * A memo is for one generation of one table, of which no other has the number.
 * So nothing has to be taken back when the table changes, and the entries that it
 * names are there as long as packets meet that generation.
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
#include <linux/percpu.h>

#include "table.h"

#define KPAC_MEMO_BITS		11	/* 2048 pairs on each CPU, 512 KiB */
#define KPAC_MEMO_WAYS		2
#define KPAC_MEMO_ENTRIES	8

/* More entries than a memo has room for, or some that its words cannot say. */
#define KPAC_MEMO_UNKNOWN	(KPAC_MEMO_ENTRIES + 1)

/**
 * struct kpac_memo - which entries packets meet
 * @gen: the generation; 0: none
 * @l4: the packets' word %KPAC_WORD_L4, as far as any mask asks for it
 * @link: the same of %KPAC_WORD_LINK
 * @addr: the same of their addresses; of IPv4 one word
 * @n: how many of @entry, or %KPAC_MEMO_UNKNOWN
 * @verdict: what is decided, if all of them are %KPAC_ENTRY_PLAIN, and there is no rest
 *	to look at: %KPAC_VERDICT_NEXT, which is to forward the packet, %KPAC_VERDICT_DROP
 *	or %KPAC_VERDICT_PASS; otherwise %KPAC_VERDICT_STOLEN
 * @entry: the entries that may apply, in order: those whose masks and keys fit
 */
struct kpac_memo {
	u64 gen;
	u64 l4;
	u64 link;
	u64 addr[4];
	u8 n;
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
 * @gen: the table's generation
 * @asked: &kpac_masks.asked
 * @l4: the packet's word %KPAC_WORD_L4, as far as it is asked for
 * @link: the same of %KPAC_WORD_LINK
 * @addr: the packet's addresses
 */
struct kpac_memo_key {
	u64 gen;
	const struct kpac_asked *asked;
	u64 l4;
	u64 link;
	const u8 *addr;
};

/**
 * enum kpac_memo_kind - which addresses of a packet a memo is looked for by
 * @KPAC_MEMO_IP4: both of IPv4
 * @KPAC_MEMO_IP6_ONE: one of IPv6, for the table does not ask for the other
 * @KPAC_MEMO_IP6_BOTH: both of IPv6
 */
enum kpac_memo_kind {
	KPAC_MEMO_IP4,
	KPAC_MEMO_IP6_ONE,
	KPAC_MEMO_IP6_BOTH,
};

/**
 * kpac_memo_begin - begin to look for a memo
 * @table: the table
 * @key: the table's part of the key is filled in
 *
 * Context: softirq, under RCU.
 * Return: false if the table is empty.
 */
static __always_inline bool kpac_memo_begin(const struct kpac_table *table,
					    struct kpac_memo_key *key)
{
	const struct kpac_masks *masks;

	/* the masks are those of this generation, or have more */
	key->gen = kpac_table_gen(table);
	masks = rcu_dereference(table->masks);
	if (unlikely(!masks))
		return false;
	key->asked = &masks->asked;
	return true;
}

/**
 * kpac_memo_kind6 - which addresses memos for packets of IPv6 are looked for by
 * @key: a key that has the table's part
 *
 * Context: softirq, under RCU.
 * Return: %KPAC_MEMO_IP6_ONE or %KPAC_MEMO_IP6_BOTH.
 */
static __always_inline enum kpac_memo_kind
kpac_memo_kind6(const struct kpac_memo_key *key)
{
	return likely(!key->asked->both6) ? KPAC_MEMO_IP6_ONE :
					    KPAC_MEMO_IP6_BOTH;
}

/**
 * kpac_memo_words - say what a packet has
 * @key: a key that has the table's part
 * @l4: the packet's word %KPAC_WORD_L4
 * @link: its word %KPAC_WORD_LINK
 * @addr: its addresses, where they are
 *
 * Context: softirq, under RCU.
 */
static __always_inline void kpac_memo_words(struct kpac_memo_key *key, u64 l4,
					    u64 link, const void *addr)
{
	key->l4 = l4 & key->asked->l4;
	key->link = link & key->asked->link;
	key->addr = addr;
}

static __always_inline u64 kpac_memo_addr4(const struct kpac_memo_key *key)
{
	return get_unaligned((const u64 *)key->addr) & key->asked->addr4;
}

/* The word @i of IPv6 addresses, from the word @from on. */
static __always_inline u64 kpac_memo_addr6(const struct kpac_memo_key *key,
					   size_t from, unsigned int i)
{
	const u64 *addr = (const u64 *)key->addr + from;

	return get_unaligned(addr + i) & (key->asked->addr6 + from)[i];
}

/* Multiplication by odd numbers that nobody knows (Dietzfelbinger et al.: A Reliable
 * Randomized Algorithm for the Closest-Pair Problem, 1997), twice, for what packets
 * differ in may be the last bits or the first: packets that differ in little are not
 * to meet, but may, for a memo that has gone is made again.
 */
static __always_inline struct kpac_memo *kpac_memo_pair(u64 a, u64 b)
{
	u64 hash = a * kpac_memo_secret[0] + b;

	hash ^= hash >> 29;
	hash *= kpac_memo_secret[1];
	return this_cpu_read(kpac_memos.memo) +
	       (hash >> (64 - KPAC_MEMO_BITS)) * KPAC_MEMO_WAYS;
}

/* Where there may be a memo, or in the place behind it. */
static __always_inline struct kpac_memo *
kpac_memo_place(const struct kpac_memo_key *key, enum kpac_memo_kind kind)
{
	size_t at = key->asked->at6;
	u64 a, b;

	switch (kind) {
	case KPAC_MEMO_IP4:
		a = 0;
		b = kpac_memo_addr4(key);
		break;
	case KPAC_MEMO_IP6_ONE:
		a = kpac_memo_addr6(key, at, 0);
		b = kpac_memo_addr6(key, at, 1);
		break;
	case KPAC_MEMO_IP6_BOTH:
		a = kpac_memo_addr6(key, 0, 0) + kpac_memo_addr6(key, 0, 2);
		b = kpac_memo_addr6(key, 0, 1) +
		    rol64(kpac_memo_addr6(key, 0, 3), 32);
		break;
	}
	return kpac_memo_pair(key->l4 + key->link + a, b);
}

/* Whether it is what is looked for. What nothing asks for is the same in all memos. */
static __always_inline bool kpac_memo_is(const struct kpac_memo *memo,
					 const struct kpac_memo_key *key,
					 enum kpac_memo_kind kind)
{
	size_t at = key->asked->at6;

	if (memo->gen != key->gen || unlikely(memo->l4 != key->l4) ||
	    unlikely(memo->link != key->link))
		return false;
	switch (kind) {
	case KPAC_MEMO_IP4:
		return memo->addr[0] == kpac_memo_addr4(key);
	case KPAC_MEMO_IP6_ONE:
		return likely((memo->addr + at)[0] ==
			      kpac_memo_addr6(key, at, 0)) &&
		       likely((memo->addr + at)[1] ==
			      kpac_memo_addr6(key, at, 1));
	case KPAC_MEMO_IP6_BOTH:
		break;
	}
	return memo->addr[0] == kpac_memo_addr6(key, 0, 0) &&
	       memo->addr[1] == kpac_memo_addr6(key, 0, 1) &&
	       memo->addr[2] == kpac_memo_addr6(key, 0, 2) &&
	       memo->addr[3] == kpac_memo_addr6(key, 0, 3);
}

/**
 * kpac_memo_find - find what is remembered for plain packets
 * @key: their key
 * @kind: which addresses count
 * @memo: the memo, if there is one, until the lock is released; otherwise where
 *	there may be one, the second place of two
 *
 * Context: softirq, under RCU, with the CPU's memos locked.
 * Return: whether there is one.
 */
static __always_inline bool kpac_memo_find(const struct kpac_memo_key *key,
					   enum kpac_memo_kind kind,
					   struct kpac_memo **memo)
{
	*memo = kpac_memo_place(key, kind);
	return likely(kpac_memo_is(*memo, key, kind)) ||
	       likely(kpac_memo_is(++*memo, key, kind));
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
 * @memo: the memo, of which the verdict is known
 * @packets: how many packets it is on the wire
 * @bytes: its bytes
 *
 * Context: softirq, under RCU, with the CPU's memos locked.
 */
static __always_inline void kpac_memo_count(const struct kpac_memo *memo,
					    unsigned long packets,
					    unsigned long bytes)
{
	unsigned int i;

	if (likely(memo->n == 1)) {
		kpac_entry_count(memo->entry[0], packets, bytes);
		return;
	}
	for (i = 0; i < memo->n; i++)
		kpac_entry_count(memo->entry[i], packets, bytes);
}

enum kpac_verdict kpac_memo_run(const struct kpac_table *table,
				struct kpac_view *view,
				const struct kpac_memo *memo);
int kpac_memo_init(void);
void kpac_memo_exit(void);

#endif /* _KPAC_MEMO_H */
