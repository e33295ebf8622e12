// SPDX-License-Identifier: GPL-2.0
/*
 * do allow-established: lets answers in, without connection tracking.
 *
 * With learn, an entry remembers the flows of the packets that it meets, and goes
 * on. Without, it has packets forwarded that answer them, or belong to them, or
 * are ICMP errors about them. What is remembered is one table per namespace,
 * made by the first entry and freed with the last. As the kernel's connection
 * tracking by default, it knows nothing of devices.
 *
 * With sockets, it leaves packets to the stack that a socket of this host waits
 * for: what hosts send themselves, kpac does not see, and cannot learn.
 */

#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "cells.h"
#include "ends.h"
#include "established.h"
#include "handlers.h"
#include "returns.h"
#include "sockets.h"

/* One CPU's. */
struct kpac_established_stats {
	u64 learned;
	u64 accepted;
	u64 unknown;
};

/* An entry. */
struct kpac_established {
	struct kpac_established_flows *flows;	/* NULL with sockets */
	bool learn;
	bool loose;
	struct kpac_established_stats __percpu *stats;
};

static enum kpac_verdict kpac_established_no(const struct kpac_established *e)
{
	if (!e->learn)
		this_cpu_inc(e->stats->unknown);
	return KPAC_VERDICT_NEXT;
}

static enum kpac_verdict kpac_established_yes(const struct kpac_established *e)
{
	if (e->learn)
		return KPAC_VERDICT_NEXT;
	this_cpu_inc(e->stats->accepted);
	return KPAC_VERDICT_FORWARD;
}

/* A packet of a flow that is not remembered. */
static noinline enum kpac_verdict
kpac_established_first(const struct kpac_established *e,
		       struct kpac_cells_set *set, struct kpac_cells_key key,
		       struct kpac_returns_packet p)
{
	struct kpac_established_flows *flows = e->flows;
	u64 word = 0;

	if (e->learn)
		word = kpac_returns_begin(flows->times, p, e->loose);
	if (word && !kpac_cells_put(flows->cells, set, key, &word))
		this_cpu_inc(e->stats->learned);
	return kpac_established_no(e);
}

/* A packet that is not of the flow that was remembered, but may be of one that
 * comes after it.
 */
static noinline enum kpac_verdict
kpac_established_again(const struct kpac_established *e, u64 *word, u64 old,
		       struct kpac_returns_packet p)
{
	u64 new = 0;

	if (e->learn && (kpac_returns_over(old, p.now) ||
			 kpac_returns_state(old) >= KPAC_RETURNS_FIN))
		new = kpac_returns_begin(e->flows->times, p, e->loose);
	if (new && try_cmpxchg64(word, &old, new))
		this_cpu_inc(e->stats->learned);
	return kpac_established_no(e);
}

/* Only what has been answered, and goes on, is to stay. */
static __always_inline bool kpac_established_stays(u64 word)
{
	const u64 stays = BIT(KPAC_RETURNS_ANSWERED) |
			  BIT(KPAC_RETURNS_SYN_ACK) | BIT(KPAC_RETURNS_OPEN) |
			  BIT(KPAC_RETURNS_FIN);

	return stays & BIT(kpac_returns_state(word));
}

/* A packet that may change what is remembered. */
static noinline enum kpac_verdict
kpac_established_change(const struct kpac_established *e,
			struct kpac_cells_set *set, int way,
			struct kpac_cells_key key,
			struct kpac_returns_packet p)
{
	u64 *word = kpac_cells_state(set, way, sizeof(*word));
	u64 old = READ_ONCE(*word), new;

	do {
		if (!kpac_cells_is(set, way, key))
			return kpac_established_first(e, set, key, p);
		if (kpac_returns_over(old, p.now))
			return kpac_established_again(e, word, old, p);
		new = kpac_returns_next(e->flows->times, old, p);
		if (!new)
			return kpac_established_again(e, word, old, p);
		/* where nothing is learned who began may be pretended */
		if (!e->learn && !kpac_returns_back(old, p))
			new = old;
	} while (new != old && !try_cmpxchg64(word, &old, new));
	if (kpac_established_stays(new))
		kpac_cells_touch(set, way);
	return kpac_established_yes(e);
}

static __always_inline enum kpac_verdict
kpac_established_find(const struct kpac_established *e,
		      const struct kpac_ends *ends, u8 kind)
{
	struct kpac_returns_packet p = { .kind = kind, .now = jiffies };
	const struct kpac_established_flows *flows = e->flows;
	struct kpac_cells_set *set;
	struct kpac_cells_key key;
	u64 word;
	int way;

	key = kpac_ends_key(ends, &p.high);
	set = kpac_cells_set(flows->cells, key);
	way = kpac_cells_way(set, key);
	if (unlikely(way < 0))
		return kpac_established_first(e, set, key, p);
	word = READ_ONCE(*(u64 *)kpac_cells_state(set, way, sizeof(word)));
	if (unlikely(!kpac_returns_same(flows->times, word, p)) ||
	    unlikely(!kpac_cells_is(set, way, key)))
		return kpac_established_change(e, set, way, key, p);
	kpac_cells_touch(set, way);
	return kpac_established_yes(e);
}

/* An ICMP error: nothing that is remembered changes by it. */
static enum kpac_verdict
kpac_established_error(const struct kpac_established *e,
		       const struct kpac_view *view)
{
	struct kpac_cells_set *set;
	struct kpac_cells_key key;
	struct kpac_ends ends;
	bool high;
	u64 word;
	int way;

	if (e->learn || !kpac_ends_quoted(view, &ends))
		return kpac_established_no(e);
	key = kpac_ends_key(&ends, &high);
	set = kpac_cells_set(e->flows->cells, key);
	way = kpac_cells_way(set, key);
	if (way < 0)
		return kpac_established_no(e);
	word = READ_ONCE(*(u64 *)kpac_cells_state(set, way, sizeof(word)));
	if (!kpac_cells_is(set, way, key) || kpac_returns_over(word, jiffies))
		return kpac_established_no(e);
	return kpac_established_yes(e);
}

/* What has no ports, or has not all that it should have. */
static noinline enum kpac_verdict
kpac_established_other(const struct kpac_established *e,
		       const struct kpac_view *view)
{
	u8 kind = KPAC_RETURNS_OTHER;
	struct kpac_ends ends;

	if (kpac_ends_error(view))
		return kpac_established_error(e, view);
	if (!kpac_ends_other(view, &ends))
		return kpac_established_no(e);
	if (view->has & KPAC_HAS_ICMP)
		kind = kpac_ends_is_reply(&ends) ? KPAC_RETURNS_REPLY :
						   KPAC_RETURNS_REQUEST;
	return kpac_established_find(e, &ends, kind);
}

/* What kind of packet one that has ports is. TCP of which the flags are not there,
 * as in a first fragment that is too short, is of no use (RFC 1858).
 */
static __always_inline u8 kpac_established_kind(const struct kpac_view *view)
{
	const struct kpac_l4_word *l4 = kpac_ends_l4_word(view);

	if (view->has & KPAC_HAS_TCP)
		return kpac_returns_tcp(l4->tcp_flags);
	if (unlikely(l4->proto == IPPROTO_TCP))
		return KPAC_RETURNS_INVALID;
	return KPAC_RETURNS_OTHER;
}

/* What sockets of this host wait for is the stack's. */
static noinline enum kpac_verdict
kpac_established_sockets(const struct kpac_established *e,
			 const struct kpac_view *view)
{
	u8 kind = KPAC_RETURNS_OTHER;
	struct kpac_ends ends;

	if (view->has & KPAC_HAS_PORTS) {
		kpac_ends_ports(view, view->has & KPAC_HAS_IPV6, &ends);
		kind = kpac_established_kind(view);
	} else if (kpac_ends_error(view) && kpac_ends_quoted(view, &ends)) {
		kpac_ends_swap(&ends);
	} else {
		return kpac_established_no(e);
	}
	if (kind == KPAC_RETURNS_INVALID)
		return kpac_established_no(e);
	if (!kpac_sockets_expect(view->dev, &ends,
				 kind == KPAC_RETURNS_TCP_SYN))
		return kpac_established_no(e);
	this_cpu_inc(e->stats->accepted);
	return KPAC_VERDICT_PASS;
}

static __always_inline enum kpac_verdict
kpac_established_ports(const struct kpac_established *e,
		       const struct kpac_view *view, bool ip6)
{
	u8 kind = kpac_established_kind(view);
	struct kpac_ends ends;

	if (unlikely(kind == KPAC_RETURNS_INVALID))
		return kpac_established_no(e);
	kpac_ends_ports(view, ip6, &ends);
	return kpac_established_find(e, &ends, kind);
}

/* On its own, for the registers that folding needs. */
static noinline enum kpac_verdict
kpac_established_ports6(const struct kpac_established *e,
			const struct kpac_view *view)
{
	return kpac_established_ports(e, view, true);
}

static enum kpac_verdict kpac_established_run(void *priv, struct kpac_view *view)
{
	const struct kpac_established *e = priv;

	if (unlikely(!e->flows))
		return kpac_established_sockets(e, view);
	if (unlikely(!(view->has & KPAC_HAS_PORTS)))
		return kpac_established_other(e, view);
	if (view->has & KPAC_HAS_IPV6)
		return kpac_established_ports6(e, view);
	return kpac_established_ports(e, view, false);
}

/* Find arguments that do not go with the others. */
static int kpac_established_check(const struct kpac_arg *args, unsigned int n,
				  struct netlink_ext_ack *extack)
{
	const struct kpac_arg *sockets = kpac_arg_find(args, n, "sockets");
	const struct kpac_arg *loose = kpac_arg_find(args, n, "loose");

	if (sockets && n > 1) {
		KPAC_SET_ERR_ARG(extack, sockets,
				 "sockets goes with no other argument: use two handlers for both");
		return -EINVAL;
	}
	if (loose && !kpac_arg_find(args, n, "learn")) {
		KPAC_SET_ERR_ARG(extack, loose, "loose needs learn");
		return -EINVAL;
	}
	return 0;
}

static void kpac_established_end(void *priv)
{
	struct kpac_established *e = priv;

	if (e->flows)
		kpac_established_retire(e->flows);
}

static void kpac_established_destroy(void *priv)
{
	struct kpac_established *e = priv;

	if (e->flows)
		kpac_established_put(e->flows);
	free_percpu(e->stats);
	kfree(e);
}

static void *kpac_established_create(struct net *net,
				     const struct kpac_arg *args,
				     unsigned int n,
				     struct netlink_ext_ack *extack)
{
	struct kpac_established_flows *flows;
	struct kpac_established *e;
	int err;

	err = kpac_established_check(args, n, extack);
	if (err)
		return ERR_PTR(err);
	err = -ENOMEM;
	e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return ERR_PTR(err);
	e->learn = kpac_arg_find(args, n, "learn");
	e->loose = kpac_arg_find(args, n, "loose");
	e->stats = alloc_percpu_gfp(struct kpac_established_stats,
				    GFP_KERNEL_ACCOUNT);
	if (!e->stats)
		goto err;
	if (kpac_arg_find(args, n, "sockets"))
		return e;
	flows = kpac_established_get(net, args, n, extack);
	if (!IS_ERR(flows)) {
		e->flows = flows;
		return e;
	}
	err = PTR_ERR(flows);

err:
	kpac_established_destroy(e);
	return ERR_PTR(err);
}

static void kpac_established_figures(void *priv, kpac_figure_fn tell, void *to)
{
	struct kpac_established_stats sum = {};
	const struct kpac_established *e = priv;
	struct kpac_cells_stats cells;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct kpac_established_stats *s;

		s = per_cpu_ptr(e->stats, cpu);
		sum.learned += READ_ONCE(s->learned);
		sum.accepted += READ_ONCE(s->accepted);
		sum.unknown += READ_ONCE(s->unknown);
	}
	if (e->learn) {
		tell(to, "learned", sum.learned);
	} else {
		tell(to, "accepted", sum.accepted);
		tell(to, "unknown", sum.unknown);
	}
	if (!e->flows)
		return;
	kpac_cells_sum(e->flows->cells, &cells);
	tell(to, "evicted", cells.evicted);
}

static const struct kpac_arg_spec kpac_established_args[] = {
	{
		.name = "learn",
		.doc = "remember the flows of packets, and go on",
		.type = KPAC_ARG_TYPE_FLAG,
	},
	{
		.name = "loose",
		.doc = "also TCP connections that have begun before, with learn",
		.type = KPAC_ARG_TYPE_FLAG,
	},
	{
		.name = "sockets",
		.doc = "leave to the stack what connected TCP and UDP sockets of this host wait for",
		.type = KPAC_ARG_TYPE_FLAG,
	},
	{
		.name = "max",
		.doc = "flows that the namespace remembers, 32 bytes each (262144)",
		.type = KPAC_ARG_TYPE_NUMBER,
		.min = KPAC_CELLS_MIN,
		.max = KPAC_CELLS_MAX,
	},
	{
		.name = "timeout",
		.doc = "how long a silent TCP connection is remembered (1 h)",
		.type = KPAC_ARG_TYPE_TIME,
		.min = MSEC_PER_SEC,
		.max = 7 * 24 * 3600 * MSEC_PER_SEC,
	},
	{
		.name = "udp-timeout",
		.doc = "how long other flows are that were answered (120 s), others at most 30 s",
		.type = KPAC_ARG_TYPE_TIME,
		.min = MSEC_PER_SEC,
		.max = 7 * 24 * 3600 * MSEC_PER_SEC,
	},
	{}
};

struct kpac_handler kpac_handler_allow_established = {
	.name = "allow-established",
	.doc = "Lets answers to known flows in",
	.owner = THIS_MODULE,
	.args = kpac_established_args,
	.run = kpac_established_run,
	.create = kpac_established_create,
	.retire = kpac_established_end,
	.destroy = kpac_established_destroy,
	.figures = kpac_established_figures,
};
