/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Return traffic: what is remembered of a flow, to know what answers to it look
 * like. That is one word: a state, who began, and until when it holds.
 *
 * What is remembered follows the kernel's connection tracking where that makes a
 * difference to users, but for sequence numbers: the hosts look at them.
 */
#ifndef _KPAC_RETURNS_H
#define _KPAC_RETURNS_H

#include <linux/types.h>

/* What there is of a flow. */
enum kpac_returns_state {
	KPAC_RETURNS_NONE,
	KPAC_RETURNS_ASKED,	/* no TCP: one side has been heard */
	KPAC_RETURNS_ANSWERED,	/* no TCP: both sides have */
	KPAC_RETURNS_SYN,	/* TCP: a SYN was sent */
	KPAC_RETURNS_SYN_ACK,	/* it was answered */
	KPAC_RETURNS_OPEN,
	KPAC_RETURNS_FIN,	/* one side has closed */
	KPAC_RETURNS_CLOSED,
	KPAC_RETURNS_STATES
};

/* The word: a state, these bits, and the time in ticks until which it holds. */
#define KPAC_RETURNS_STATE	0x07ull
#define KPAC_RETURNS_BY_HIGH	0x08ull	/* the higher end began */
#define KPAC_RETURNS_FIN_LOW	0x10ull	/* the lower end has closed */
#define KPAC_RETURNS_FIN_HIGH	0x20ull	/* the higher end has */
#define KPAC_RETURNS_FINS	(KPAC_RETURNS_FIN_LOW | KPAC_RETURNS_FIN_HIGH)
#define KPAC_RETURNS_BITS	8

/* What kind of packet it is. */
enum kpac_returns_kind {
	KPAC_RETURNS_OTHER,	/* UDP and what else has no connections */
	KPAC_RETURNS_REQUEST,	/* an echo request */
	KPAC_RETURNS_REPLY,	/* an echo reply */
	KPAC_RETURNS_TCP_SYN,
	KPAC_RETURNS_TCP_SYN_ACK,
	KPAC_RETURNS_TCP_ACK,
	KPAC_RETURNS_TCP_FIN,
	KPAC_RETURNS_TCP_RST,
	KPAC_RETURNS_TCP_RST_ACK,
	KPAC_RETURNS_INVALID,
};

/**
 * struct kpac_returns_packet - a packet of a flow, to be given by value
 * @kind: what it is
 * @high: the higher of the flow's two ends has sent it
 * @now: when it comes, in ticks
 */
struct kpac_returns_packet {
	u8 kind;
	bool high;
	u64 now;
};

/* What TCP flags say; PSH, URG and those of ECN nothing. */
static inline enum kpac_returns_kind kpac_returns_tcp(u8 flags)
{
	switch (flags & 0x17) {
	case 0x02:
		return KPAC_RETURNS_TCP_SYN;
	case 0x12:
		return KPAC_RETURNS_TCP_SYN_ACK;
	case 0x10:
		return KPAC_RETURNS_TCP_ACK;
	case 0x11:
		return KPAC_RETURNS_TCP_FIN;
	case 0x04:
		return KPAC_RETURNS_TCP_RST;
	case 0x14:
		return KPAC_RETURNS_TCP_RST_ACK;
	default:
		return KPAC_RETURNS_INVALID;
	}
}

static inline enum kpac_returns_state kpac_returns_state(u64 word)
{
	return word & KPAC_RETURNS_STATE;
}

/* Nothing is remembered: it is too long ago. */
static inline bool kpac_returns_over(u64 word, u64 now)
{
	return word >> KPAC_RETURNS_BITS <= now;
}

/* Whether a packet comes from who did not begin. */
static inline bool kpac_returns_back(u64 word,
				     struct kpac_returns_packet p)
{
	return !(word & KPAC_RETURNS_BY_HIGH) == p.high;
}

/**
 * kpac_returns_begin - begin to remember a flow
 * @times: for how many ticks each state holds
 * @p: a packet of it
 * @loose: also a TCP connection of which the beginning was not seen
 *
 * Context: any.
 * Return: what to remember, or 0.
 */
static inline u64 kpac_returns_begin(const u32 *times,
				     struct kpac_returns_packet p,
				     bool loose)
{
	enum kpac_returns_state state = KPAC_RETURNS_NONE;
	u64 word;

	switch (p.kind) {
	case KPAC_RETURNS_OTHER:
	case KPAC_RETURNS_REQUEST:
		state = KPAC_RETURNS_ASKED;
		break;
	case KPAC_RETURNS_TCP_SYN:
		state = KPAC_RETURNS_SYN;
		break;
	case KPAC_RETURNS_TCP_SYN_ACK:
	case KPAC_RETURNS_TCP_ACK:
		if (loose)
			state = KPAC_RETURNS_OPEN;
		break;
	}
	if (!state)
		return 0;
	word = (p.now + times[state]) << KPAC_RETURNS_BITS | state;
	return p.high ? word | KPAC_RETURNS_BY_HIGH : word;
}

/* What a packet makes of a flow without connections.
 * Return: its state, or KPAC_RETURNS_NONE if it is no packet of it.
 */
static inline enum kpac_returns_state
kpac_returns_other(enum kpac_returns_state state, u8 kind, bool back)
{
	/* who asks again in the other direction has to be asked for that */
	if (kind > KPAC_RETURNS_REPLY ||
	    (kind == KPAC_RETURNS_REQUEST && back) ||
	    (kind == KPAC_RETURNS_REPLY && !back))
		return KPAC_RETURNS_NONE;
	return back ? KPAC_RETURNS_ANSWERED : state;
}

/* What an ACK makes of a connection. */
static inline enum kpac_returns_state
kpac_returns_ack(enum kpac_returns_state state, u64 word, bool back)
{
	/* From who began: an answer to SYN and ACK; or he does not believe in
	 * the RST, which need not have come from the other side. One that answers
	 * a SYN is of an older connection, of which its host has to be told
	 * (RFC 9293, 3.5.1).
	 */
	if (back || (state != KPAC_RETURNS_SYN_ACK &&
		     state != KPAC_RETURNS_CLOSED))
		return state;
	switch (word & KPAC_RETURNS_FINS) {
	case 0:
		return KPAC_RETURNS_OPEN;
	case KPAC_RETURNS_FINS:
		return KPAC_RETURNS_CLOSED;
	default:
		return KPAC_RETURNS_FIN;
	}
}

/* What a FIN makes of a connection. */
static inline enum kpac_returns_state
kpac_returns_fin(enum kpac_returns_state state, u64 *word, bool high, bool back)
{
	/* nothing that the other side could close yet */
	if (state == KPAC_RETURNS_SYN)
		return back ? KPAC_RETURNS_NONE : state;
	if (state == KPAC_RETURNS_CLOSED)
		return state;
	*word |= high ? KPAC_RETURNS_FIN_HIGH : KPAC_RETURNS_FIN_LOW;
	return (*word & KPAC_RETURNS_FINS) == KPAC_RETURNS_FINS ?
	       KPAC_RETURNS_CLOSED : KPAC_RETURNS_FIN;
}

/* What a packet makes of a connection.
 * Return: its state, or KPAC_RETURNS_NONE if the packet makes no sense in it.
 */
static inline enum kpac_returns_state
kpac_returns_connection(enum kpac_returns_state state, u64 *word, u8 kind,
			bool high, bool back)
{
	switch (kind) {
	case KPAC_RETURNS_TCP_SYN:
		/* sent again; a new one is for other entries to decide */
		return !back && state <= KPAC_RETURNS_SYN_ACK ?
		       state : KPAC_RETURNS_NONE;
	case KPAC_RETURNS_TCP_SYN_ACK:
		if (!back || state > KPAC_RETURNS_OPEN)
			return KPAC_RETURNS_NONE;
		return state == KPAC_RETURNS_SYN ? KPAC_RETURNS_SYN_ACK : state;
	case KPAC_RETURNS_TCP_ACK:
		return kpac_returns_ack(state, *word, back);
	case KPAC_RETURNS_TCP_FIN:
		return kpac_returns_fin(state, word, high, back);
	case KPAC_RETURNS_TCP_RST:
		/* a SYN is refused with RST and ACK (RFC 9293, 3.10.7.1) */
		if (back && state == KPAC_RETURNS_SYN)
			return KPAC_RETURNS_NONE;
		return KPAC_RETURNS_CLOSED;
	case KPAC_RETURNS_TCP_RST_ACK:
		return KPAC_RETURNS_CLOSED;
	default:
		return KPAC_RETURNS_NONE;
	}
}

/* Whether a packet belongs to a connection that both sides have closed: data and
 * FIN may have to be sent again, and be acknowledged. An RST is the end.
 */
static inline bool kpac_returns_closing(enum kpac_returns_state state, u64 word,
					u8 kind)
{
	return state == KPAC_RETURNS_CLOSED &&
	       (word & KPAC_RETURNS_FINS) == KPAC_RETURNS_FINS &&
	       (kind == KPAC_RETURNS_TCP_ACK || kind == KPAC_RETURNS_TCP_FIN);
}

/* Whether a state lasts for longer with a packet of it. */
static inline bool kpac_returns_lasts(enum kpac_returns_state state,
				      enum kpac_returns_state old, u8 kind)
{
	if (state != old)
		return true;
	/* what has nearly ended, or only just begun and is not begun again */
	return state != KPAC_RETURNS_CLOSED &&
	       (state != KPAC_RETURNS_SYN || kind == KPAC_RETURNS_TCP_SYN);
}

/* For how much longer a state must be able to hold before that is noted. */
static inline u32 kpac_returns_step(u32 time)
{
	return time / 16;
}

/**
 * kpac_returns_next - look at a packet of a flow that is remembered
 * @times: for how many ticks each state holds
 * @word: what is remembered, which is not over
 * @p: the packet
 *
 * Time is only noted from a certain amount on, so that most packets change
 * nothing.
 *
 * Context: any.
 * Return: what to remember now, or 0 if it is no packet of the flow.
 */
static inline u64 kpac_returns_next(const u32 *times, u64 word,
				    struct kpac_returns_packet p)
{
	const u64 flags = BIT_ULL(KPAC_RETURNS_BITS) - 1;
	enum kpac_returns_state old = kpac_returns_state(word), state;
	u64 now = word, until = word >> KPAC_RETURNS_BITS, longer;
	bool back = kpac_returns_back(word, p), closing;
	u32 time;

	if (old < KPAC_RETURNS_SYN)
		state = kpac_returns_other(old, p.kind, back);
	else
		state = kpac_returns_connection(old, &now, p.kind, p.high,
						back);
	if (!state)
		return 0;
	now = (now & flags & ~KPAC_RETURNS_STATE) | state;
	closing = kpac_returns_closing(state, now, p.kind);
	time = times[closing ? KPAC_RETURNS_FIN : state];
	longer = p.now + time;
	if ((closing || kpac_returns_lasts(state, old, p.kind)) &&
	    (now != (word & flags) || longer > until + kpac_returns_step(time)))
		until = longer;
	return until << KPAC_RETURNS_BITS | now;
}

/**
 * kpac_returns_same - whether a packet changes nothing
 * @times: for how many ticks each state holds
 * @word: what is remembered
 * @p: the packet
 *
 * Context: any.
 * Return: true if it is a packet of the flow, and kpac_returns_next() would
 * return @word; false if that has to be seen.
 */
static __always_inline bool kpac_returns_same(const u32 *times, u64 word,
					      struct kpac_returns_packet p)
{
	const enum kpac_returns_state state = kpac_returns_state(word);

	if (state != (p.kind == KPAC_RETURNS_OTHER ? KPAC_RETURNS_ANSWERED :
						     KPAC_RETURNS_OPEN) ||
	    (p.kind != KPAC_RETURNS_OTHER && p.kind != KPAC_RETURNS_TCP_ACK))
		return false;
	return p.now + times[state] <=
	       (word >> KPAC_RETURNS_BITS) + kpac_returns_step(times[state]);
}

#endif /* _KPAC_RETURNS_H */
