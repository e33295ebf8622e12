/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Affinity: what is remembered of a connection that was balanced. That is one
 * word: which back end has it, whether it is closing, and until when that holds.
 * The way back remembers the port that the client knows instead of the back end's
 * generation, which its address tells.
 */
#ifndef _KPAC_AFFINITY_H
#define _KPAC_AFFINITY_H

#include <linux/jiffies.h>
#include <linux/types.h>

/* The word: these bits, the back end's number, its generation or a port, and the
 * time in ticks until which it holds.
 */
#define KPAC_AFFINITY_CLOSING	BIT_ULL(0)	/* FIN or RST was seen */
#define KPAC_AFFINITY_NUMBER	GENMASK_ULL(15, 4)
#define KPAC_AFFINITY_EXTRA	GENMASK_ULL(31, 16)
#define KPAC_AFFINITY_WHO	(KPAC_AFFINITY_NUMBER | KPAC_AFFINITY_EXTRA)

/* For how long a connection is remembered that closes. */
#define KPAC_AFFINITY_CLOSE	(120 * HZ)

/* What kind of packet it is. */
enum kpac_affinity_kind {
	KPAC_AFFINITY_OTHER,
	KPAC_AFFINITY_SYN,	/* a connection begins */
	KPAC_AFFINITY_END,	/* FIN or RST */
};

/* Who is meant: a back end and its generation, or a port. */
static inline u64 kpac_affinity_who(u16 number, u16 extra)
{
	return (u64)number << 4 | (u64)extra << 16;
}

static __always_inline unsigned int kpac_affinity_number(u64 word)
{
	return (u32)(word & KPAC_AFFINITY_NUMBER) >> 4;
}

static __always_inline u16 kpac_affinity_extra(u64 word)
{
	return (u32)word >> 16;
}

/* What TCP flags say. */
static inline enum kpac_affinity_kind kpac_affinity_kind(u8 flags)
{
	if (flags & 0x05)
		return KPAC_AFFINITY_END;
	return (flags & 0x12) == 0x02 ? KPAC_AFFINITY_SYN : KPAC_AFFINITY_OTHER;
}

/* For how many ticks a word holds, less than 1 if no more. */
static __always_inline s32 kpac_affinity_left(u64 word, u32 now)
{
	return (u32)(word >> 32) - now;
}

/* For how much longer a word must be able to hold before that is noted. */
static inline u32 kpac_affinity_step(u32 timeout)
{
	return timeout / 16;
}

/* Begin to remember. */
static inline u64 kpac_affinity_begin(u64 who, u32 timeout, u32 now)
{
	return (u64)(now + timeout) << 32 | who;
}

/**
 * kpac_affinity_next - look at a packet of a connection that is remembered
 * @word: what is remembered
 * @kind: what the packet is
 * @timeout: for how many ticks a connection is remembered, less than 2^31
 * @now: when it comes, in ticks
 *
 * A connection that is closing and goes on is remembered for as long as it goes
 * on, for FIN and RST may be pretended.
 *
 * Context: any.
 * Return: what to remember now; the same if that is as good.
 */
static inline u64 kpac_affinity_next(u64 word, enum kpac_affinity_kind kind,
				     u32 timeout, u32 now)
{
	u64 closing = word & KPAC_AFFINITY_CLOSING;
	s32 left = kpac_affinity_left(word, now);
	u32 time;

	if (kind != KPAC_AFFINITY_OTHER)
		closing = kind == KPAC_AFFINITY_END ? KPAC_AFFINITY_CLOSING : 0;
	time = closing ? min_t(u32, timeout, KPAC_AFFINITY_CLOSE) : timeout;
	if (closing == (word & KPAC_AFFINITY_CLOSING) &&
	    left > (s32)(time - kpac_affinity_step(time)))
		return word;
	return (u64)(now + time) << 32 | (word & KPAC_AFFINITY_WHO) | closing;
}

/**
 * kpac_affinity_same - whether a packet changes nothing
 * @word: what is remembered
 * @flags: the packet's TCP flags, or 0
 * @fresh: for how many ticks a word must hold for this
 * @now: when it comes, in ticks
 *
 * Context: any.
 * Return: false if that has to be seen.
 */
static __always_inline bool kpac_affinity_same(u64 word, u8 flags, s32 fresh,
					       u32 now)
{
	/* FIN, SYN and RST */
	return kpac_affinity_left(word, now) > fresh &&
	       !((word & KPAC_AFFINITY_CLOSING) | (flags & 0x07));
}

#endif /* _KPAC_AFFINITY_H */
