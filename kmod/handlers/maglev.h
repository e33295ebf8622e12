/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Maglev: which member has which slot of a table. Members share the slots by
 * their weights; if one comes or goes, few slots of the others change hands; and
 * whoever has the same members makes the same table, so that several balancers
 * agree, and one that starts anew agrees with itself. (Eisenbud, Yi, Contavalli,
 * Smith, Kononov, Mann-Hielscher, Cilingiroglu, Cheyney, Shang, Hosein: Maglev: A
 * Fast and Reliable Software Network Load Balancer, NSDI 2016, section 3.4.)
 *
 * For the same reason no hash here has a secret. Who can send can find out which
 * flows meet a member, and send it more than its part: that is no more than he
 * could without a balancer.
 *
 * The table always has the same size, for with another all flows would change
 * hands. It is the prime of the paper, with which the parts of 655 members of the
 * same weight differ by no more than one in a hundred.
 */
#ifndef _KPAC_MAGLEV_H
#define _KPAC_MAGLEV_H

#include <linux/types.h>
#include <uapi/linux/kpac.h>

#define KPAC_MAGLEV_SLOTS	KPAC_BALANCE_SLOTS
#define KPAC_MAGLEV_NOBODY	0xffff

/**
 * struct kpac_maglev_member - who is to have slots
 * @hash: of what others call it, too
 * @weight: its part, relative to that of others
 * @name: what its slots are to hold
 * @slots: how many it has got
 * @at: the next one that it wants
 * @skip: how far it goes on if that is taken
 * @credit: what it is owed of its next turn
 */
struct kpac_maglev_member {
	u64 hash;
	u32 weight;
	u16 name;
	u32 slots;
	u32 at;
	u32 skip;
	u32 credit;
};

/**
 * kpac_maglev_mix - go on with a hash
 * @hash: of what comes before
 * @word: what comes now
 *
 * Context: any.
 * Return: the hash of both, of which all bits depend on all bits.
 */
static inline u64 kpac_maglev_mix(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93ull;
	return hash ^ hash >> 32;
}

/**
 * kpac_maglev_slot - which slot a hash stands for
 * @hash: the hash
 *
 * Context: any.
 * Return: the slot.
 */
static inline u32 kpac_maglev_slot(u64 hash)
{
	return (hash >> 32) * KPAC_MAGLEV_SLOTS >> 32;
}

void kpac_maglev_fill(u16 *slot, struct kpac_maglev_member *member,
		      unsigned int n);

#endif /* _KPAC_MAGLEV_H */
