// SPDX-License-Identifier: GPL-2.0
/*
 * do limit: packets or bytes per second, of the entry, or of each sender,
 * receiver or flow.
 *
 * A flood that is over the limit writes nothing, and so is no traffic between
 * the CPUs that see it.
 */

#include <linux/inetdevice.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>

#include "cells.h"
#include "gcra.h"
#include "handlers.h"

enum kpac_limit_per {
	KPAC_LIMIT_PER_ENTRY,
	KPAC_LIMIT_PER_SRC,
	KPAC_LIMIT_PER_DST,
	KPAC_LIMIT_PER_FLOW,
};

enum kpac_limit_over {
	KPAC_LIMIT_OVER_DROP,
	KPAC_LIMIT_OVER_MARK,
	KPAC_LIMIT_OVER_PASS,
};

static const char * const kpac_limit_pers[] = {
	"entry", "src", "dst", "flow", NULL
};

static const char * const kpac_limit_overs[] = {
	"drop", "mark", "pass", NULL
};

/* One CPU's, in packets. */
struct kpac_limit_stats {
	u64 within;
	u64 over;
};

/**
 * struct kpac_limit - an entry's limit
 * @gcra: rate and burst
 * @bytes: they are of bytes, not of packets
 * @over: what becomes of packets that are over
 * @mark: their mark, if they get one
 * @cells: the arrival times of senders, receivers or flows, or NULL
 * @l4: what of the words of a packet says which one it is: of its protocol and
 *	ports
 * @ip4: of its IPv4 addresses
 * @ip6: of its IPv6 addresses
 * @stats: what was done
 * @tat: the entry's arrival time, also for packets that have no addresses
 */
struct kpac_limit {
	struct kpac_gcra gcra;
	bool bytes;
	u8 over;
	u32 mark;
	struct kpac_cells *cells;
	u64 l4;
	u64 ip4;
	u64 ip6[4];
	struct kpac_limit_stats __percpu *stats;
	u64 tat ____cacheline_aligned_in_smp;
};

/* When a packet comes: this clock is the same on all CPUs. It is read once, first:
 * if another CPU is faster with a later packet, the arrival time may be ahead by
 * a little more, which changes nothing.
 */
static __always_inline u64 kpac_limit_now(const struct kpac_limit *limit)
{
	return kpac_gcra_time(&limit->gcra, ktime_get_mono_fast_ns());
}

static __always_inline struct kpac_cells_key
kpac_limit_key(const struct kpac_limit *limit, const struct kpac_view *view)
{
	u64 l4 = view->word[KPAC_WORD_L4] & limit->l4;
	const u64 *word = view->word;
	struct kpac_flow_sum sum = {};

	if (likely(view->has & KPAC_HAS_IPV4)) {
		kpac_flow_add(&sum, 0, word[KPAC_WORD_ADDR] & limit->ip4, l4);
	} else {
		kpac_flow_add(&sum, 0, word[KPAC_WORD_ADDR] & limit->ip6[0],
			      word[KPAC_WORD_ADDR1] & limit->ip6[1]);
		kpac_flow_add(&sum, 2, word[KPAC_WORD_ADDR2] & limit->ip6[2],
			      word[KPAC_WORD_ADDR3] & limit->ip6[3]);
		kpac_flow_add(&sum, 4, l4, 6);
	}
	return kpac_cells_fold(&sum);
}

/* Charge a packet to an arrival time.
 * Return: false if that is over the limit.
 */
static __always_inline bool kpac_limit_take(const struct kpac_limit *limit,
					    u64 *tat, u64 now, u64 cost)
{
	u64 old = READ_ONCE(*tat), next;

	do {
		if (!kpac_gcra_next(&limit->gcra, old, now, cost, &next))
			return false;
	} while (unlikely(!try_cmpxchg64(tat, &old, next)));
	return true;
}

/* Charge a packet to a sender, receiver or flow that is not known yet. If another
 * CPU has been faster, and its cell is given away again at once, this packet is
 * charged to somebody else.
 */
static noinline bool kpac_limit_first(const struct kpac_limit *limit,
				      struct kpac_cells_set *set,
				      struct kpac_cells_key key, u64 now,
				      u64 cost)
{
	u64 tat = now + cost, *other;

	other = kpac_cells_put(limit->cells, set, key, &tat);
	return !other || kpac_limit_take(limit, other, now, cost);
}

static __always_inline bool kpac_limit_cell(const struct kpac_limit *limit,
					    const struct kpac_view *view,
					    u64 now, u64 cost)
{
	struct kpac_cells_set *set;
	struct kpac_cells_key key;
	u64 *tat, old, next;
	int way;

	key = kpac_limit_key(limit, view);
	set = kpac_cells_set(limit->cells, key);
	way = kpac_cells_way(set, key);
	if (unlikely(way < 0))
		return kpac_limit_first(limit, set, key, now, cost);
	kpac_cells_touch(set, way);
	tat = kpac_cells_state(set, way, sizeof(*tat));
	old = READ_ONCE(*tat);
	do {
		if (unlikely(!kpac_cells_is(set, way, key)))
			return kpac_limit_first(limit, set, key, now, cost);
		if (!kpac_gcra_next(&limit->gcra, old, now, cost, &next))
			return false;
	} while (unlikely(!try_cmpxchg64(tat, &old, next)));
	return true;
}

static __always_inline enum kpac_verdict
kpac_limit_over(const struct kpac_limit *limit, struct kpac_view *view)
{
	this_cpu_add(limit->stats->over, view->segs);
	if (likely(limit->over == KPAC_LIMIT_OVER_DROP))
		return KPAC_VERDICT_DROP;
	if (limit->over == KPAC_LIMIT_OVER_PASS)
		return KPAC_VERDICT_PASS;
	view->mark = limit->mark;
	return KPAC_VERDICT_NEXT;
}

static enum kpac_verdict kpac_limit_run(void *priv, struct kpac_view *view)
{
	struct kpac_limit *limit = priv;
	u64 now = kpac_limit_now(limit), cost;
	bool within;

	if (limit->bytes)
		cost = kpac_view_bytes(view);
	else
		cost = (u64)view->segs << KPAC_GCRA_PACKET_BITS;
	if (limit->cells && likely(view->has & KPAC_HAS_IP))
		within = kpac_limit_cell(limit, view, now, cost);
	else
		within = kpac_limit_take(limit, &limit->tat, now, cost);
	if (!within)
		return kpac_limit_over(limit, view);
	this_cpu_add(limit->stats->within, view->segs);
	return KPAC_VERDICT_NEXT;
}

/* Which bits of a packet's words say whose limit it counts for. */
static void kpac_limit_mask(struct kpac_limit *limit, enum kpac_limit_per per,
			    unsigned int prefix4, unsigned int prefix6)
{
	const struct kpac_l4_word l4 = {
		.proto = 0xff,
		.sport = htons(0xffff),
		.dport = htons(0xffff),
	};
	static const struct in6_addr all = { { { [0 ... 15] = 0xff } } };
	struct in6_addr ip6[2] = {};
	__be32 ip4[2] = {};

	if (per != KPAC_LIMIT_PER_DST) {
		ip4[0] = inet_make_mask(prefix4);
		ipv6_addr_prefix(&ip6[0], &all, prefix6);
	}
	if (per != KPAC_LIMIT_PER_SRC) {
		ip4[1] = inet_make_mask(prefix4);
		ipv6_addr_prefix(&ip6[1], &all, prefix6);
	}
	if (per == KPAC_LIMIT_PER_FLOW)
		memcpy(&limit->l4, &l4, sizeof(limit->l4));
	memcpy(&limit->ip4, ip4, sizeof(limit->ip4));
	memcpy(limit->ip6, ip6, sizeof(limit->ip6));
}

/* Find arguments that do not go with the others. */
static int kpac_limit_check(const struct kpac_arg *args, unsigned int n,
			    struct netlink_ext_ack *extack)
{
	u64 per = kpac_arg_number(args, n, "per", KPAC_LIMIT_PER_ENTRY);
	bool prefixes = per == KPAC_LIMIT_PER_SRC || per == KPAC_LIMIT_PER_DST;
	const struct kpac_arg *pps = kpac_arg_find(args, n, "pps"), *arg;
	const struct kpac_arg *rate = kpac_arg_find(args, n, "rate");
	u64 over = kpac_arg_number(args, n, "over", KPAC_LIMIT_OVER_DROP);

	if (!pps && !rate) {
		NL_SET_ERR_MSG(extack, "limit needs pps (packets per second) or rate (bytes per second)");
		return -EINVAL;
	}
	if (pps && rate) {
		KPAC_SET_ERR_ARG(extack, rate,
				 "pps and rate exclude each other: use two handlers for both");
		return -EINVAL;
	}
	arg = kpac_arg_find(args, n, "prefix4") ?:
	      kpac_arg_find(args, n, "prefix6");
	if (arg && !prefixes) {
		KPAC_SET_ERR_ARG(extack, arg,
				 "prefix4 and prefix6 need per src or per dst");
		return -EINVAL;
	}
	arg = kpac_arg_find(args, n, "max");
	if (arg && per == KPAC_LIMIT_PER_ENTRY) {
		KPAC_SET_ERR_ARG(extack, arg,
				 "max needs per src, per dst or per flow");
		return -EINVAL;
	}
	arg = kpac_arg_find(args, n, "mark");
	if (arg && over != KPAC_LIMIT_OVER_MARK) {
		KPAC_SET_ERR_ARG(extack, arg, "mark needs over mark");
		return -EINVAL;
	}
	if (!arg && over == KPAC_LIMIT_OVER_MARK) {
		KPAC_SET_ERR_ARG(extack, kpac_arg_find(args, n, "over"),
				 "over mark needs mark");
		return -EINVAL;
	}
	return 0;
}

/* Unless it is given, the burst is what a tenth of a second brings, but no less
 * than one packet.
 */
static void kpac_limit_rate(struct kpac_limit *limit,
			    const struct kpac_arg *args, unsigned int n)
{
	u64 rate = kpac_arg_number(args, n, "rate", 0), burst;
	unsigned int bits = 0;

	limit->bytes = rate;
	if (limit->bytes) {
		burst = max_t(u64, rate / 10, ETH_FRAME_LEN);
	} else {
		rate = kpac_arg_number(args, n, "pps", 1);
		burst = max_t(u64, rate / 10, 1);
		bits = KPAC_GCRA_PACKET_BITS;
	}
	burst = kpac_arg_number(args, n, "burst", burst);
	kpac_gcra_init(&limit->gcra, rate << bits, burst << bits);
	limit->tat = kpac_limit_now(limit);
}

/* How many ticks it takes until a bucket is full again: one that is not is to be
 * forgotten later than those who have come but once.
 */
static unsigned int kpac_limit_refill(const struct kpac_limit *limit)
{
	u64 ns = mul_u64_u64_div_u64(limit->gcra.depth,
				     1ull << limit->gcra.shift,
				     limit->gcra.mult);

	return clamp_t(u64, nsecs_to_jiffies64(ns), HZ, 1u << 31);
}

static void kpac_limit_destroy(void *priv)
{
	struct kpac_limit *limit = priv;

	kpac_cells_free(limit->cells);
	free_percpu(limit->stats);
	kfree(limit);
}

static void *kpac_limit_create(struct net *net, const struct kpac_arg *args,
			       unsigned int n, struct netlink_ext_ack *extack)
{
	struct kpac_limit *limit;
	u64 per, max;
	int err;

	err = kpac_limit_check(args, n, extack);
	if (err)
		return ERR_PTR(err);
	limit = kzalloc(sizeof(*limit), GFP_KERNEL_ACCOUNT);
	if (!limit)
		return ERR_PTR(-ENOMEM);
	limit->over = kpac_arg_number(args, n, "over", KPAC_LIMIT_OVER_DROP);
	limit->mark = kpac_arg_number(args, n, "mark", 0);
	kpac_limit_rate(limit, args, n);
	limit->stats = alloc_percpu_gfp(struct kpac_limit_stats,
					GFP_KERNEL_ACCOUNT);
	if (!limit->stats)
		goto no_memory;
	per = kpac_arg_number(args, n, "per", KPAC_LIMIT_PER_ENTRY);
	if (per == KPAC_LIMIT_PER_ENTRY)
		return limit;
	if (per == KPAC_LIMIT_PER_FLOW)
		kpac_limit_mask(limit, per, 32, 128);
	else
		kpac_limit_mask(limit, per,
				kpac_arg_number(args, n, "prefix4", 32),
				kpac_arg_number(args, n, "prefix6", 64));
	max = kpac_arg_number(args, n, "max", 65536);
	limit->cells = kpac_cells_new(max, sizeof(u64),
				      kpac_limit_refill(limit));
	if (limit->cells)
		return limit;

no_memory:
	NL_SET_ERR_MSG(extack, "not enough memory: try a smaller max");
	kpac_limit_destroy(limit);
	return ERR_PTR(-ENOMEM);
}

static void kpac_limit_figures(void *priv, kpac_figure_fn tell, void *to)
{
	const struct kpac_limit *limit = priv;
	struct kpac_cells_stats cells;
	u64 within = 0, over = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		within += READ_ONCE(per_cpu_ptr(limit->stats, cpu)->within);
		over += READ_ONCE(per_cpu_ptr(limit->stats, cpu)->over);
	}
	tell(to, "within", within);
	tell(to, "over", over);
	if (!limit->cells)
		return;
	kpac_cells_sum(limit->cells, &cells);
	tell(to, "evicted", cells.evicted);
}

static const struct kpac_arg_spec kpac_limit_args[] = {
	{
		.name = "pps",
		.doc = "packets per second; a packet that is to be segmented counts as its segments",
		.type = KPAC_ARG_TYPE_NUMBER,
		.min = 1,
		.max = 1000000000,
	},
	{
		.name = "rate",
		.doc = "bytes per second, from the network header on",
		.type = KPAC_ARG_TYPE_RATE,
		.min = 1,
		.max = 1ull << 40,
	},
	{
		.name = "burst",
		.doc = "packets, or bytes with rate, that may come at once (what 0.1 s brings)",
		.type = KPAC_ARG_TYPE_NUMBER,
		.min = 1,
		.max = 1ull << 32,
	},
	{
		.name = "per",
		.doc = "what each has the limit for itself (entry)",
		.type = KPAC_ARG_TYPE_CHOICE,
		.choices = kpac_limit_pers,
	},
	{
		.name = "prefix4",
		.doc = "bits of IPv4 addresses that tell senders or receivers apart (32)",
		.type = KPAC_ARG_TYPE_NUMBER,
		.min = 1,
		.max = 32,
	},
	{
		.name = "prefix6",
		.doc = "bits of IPv6 addresses that tell senders or receivers apart (64)",
		.type = KPAC_ARG_TYPE_NUMBER,
		.min = 1,
		.max = 128,
	},
	{
		.name = "max",
		.doc = "senders, receivers or flows that are remembered, 32 bytes each (65536)",
		.type = KPAC_ARG_TYPE_NUMBER,
		.min = KPAC_CELLS_MIN,
		.max = KPAC_CELLS_MAX,
	},
	{
		.name = "over",
		.doc = "what becomes of packets that are over the limit (drop)",
		.type = KPAC_ARG_TYPE_CHOICE,
		.choices = kpac_limit_overs,
	},
	{
		.name = "mark",
		.doc = "their mark, with over mark",
		.type = KPAC_ARG_TYPE_NUMBER,
		.max = U32_MAX,
	},
	{}
};

struct kpac_handler kpac_handler_limit = {
	.name = "limit",
	.doc = "Limits packets or bytes per second",
	.owner = THIS_MODULE,
	.args = kpac_limit_args,
	.run = kpac_limit_run,
	.create = kpac_limit_create,
	.destroy = kpac_limit_destroy,
	.figures = kpac_limit_figures,
};
