/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A token bucket without tokens: the generic cell rate algorithm, in its form of
 * virtual scheduling (ITU-T I.371, annex A; ATM Forum Traffic Management 4.0,
 * 4.4.2). All that it remembers is the theoretical arrival time: until when the
 * rate has been used up. So a bucket is one word, which CPUs can share by
 * cmpxchg, and nothing has to run while it fills.
 *
 * Time is counted in what the rate brings, in units of 1/1024 packet or of a
 * byte, not in ns: the cost of a packet is a whole number then, and no rounding
 * adds up, whatever the rate is. The rate itself is off by less than one in 2^32.
 *
 * Times wrap around, and may: what is ahead by more than it can be is past.
 */
#ifndef _KPAC_GCRA_H
#define _KPAC_GCRA_H

#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * struct kpac_gcra - a rate and a burst
 * @mult: units per ns, times 2^@shift
 * @depth: units that a bucket holds
 * @past: an arrival time that is ahead by more than this is long over
 * @shift: see @mult
 */
struct kpac_gcra {
	u64 mult;
	u64 depth;
	u64 past;
	u8 shift;
};

#define KPAC_GCRA_PACKET_BITS	10

/* No packet costs as much: 2^22 packets, or 4 GiB. */
#define KPAC_GCRA_COST_MAX	(1ull << 32)

/**
 * kpac_gcra_init - set a rate and a burst
 * @g: the result
 * @rate: units per second, 1 to 2^60
 * @depth: units that may come at once, 1 to 2^60
 *
 * Context: any.
 */
static inline void kpac_gcra_init(struct kpac_gcra *g, u64 rate, u64 depth)
{
	const u64 second = 1000000000;

	/* as much as leaves @mult below 2^63 */
	g->shift = 63;
	while (rate >> (63 - g->shift) >= second)
		g->shift--;
	g->mult = mul_u64_u64_div_u64(rate, 1ull << g->shift, second);
	g->depth = depth;
	/* and what other CPUs do in a second, while one has read the clock */
	g->past = depth + rate + KPAC_GCRA_COST_MAX;
}

/**
 * kpac_gcra_time - the time in units
 * @g: the rate
 * @ns: the time in ns
 *
 * Context: any.
 * Return: the time, modulo 2^64.
 */
static __always_inline u64 kpac_gcra_time(const struct kpac_gcra *g, u64 ns)
{
	/* @shift is less than 64, which the compiler does not know */
	return (u128)ns * g->mult >> (g->shift & 63);
}

/**
 * kpac_gcra_next - let a packet through, or not
 * @g: rate and burst
 * @tat: the theoretical arrival time
 * @now: the time
 * @cost: what the packet takes
 * @next: set to the theoretical arrival time after it
 *
 * A packet that is larger than the bucket needs a full one, and takes from what
 * comes later; it could never pass otherwise.
 *
 * Context: any.
 * Return: false if that is too much: nothing changes.
 */
static __always_inline bool kpac_gcra_next(const struct kpac_gcra *g, u64 tat,
					   u64 now, u64 cost, u64 *next)
{
	u64 ahead = tat - now;

	if (ahead > g->past)
		ahead = 0;
	if (ahead + min(cost, g->depth) > g->depth)
		return false;
	*next = now + ahead + cost;
	return true;
}

#endif /* _KPAC_GCRA_H */
