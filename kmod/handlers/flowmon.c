// SPDX-License-Identifier: GPL-2.0
/*
 * do flowmon: counts packets and bytes of flows.
 *
 * A flow is counted under the lock of its set of cells. With the lock, all of
 * it costs one atomic operation; without, packets and bytes would each cost one,
 * and what is counted while a cell is given to another flow would be counted
 * there. A flow comes in by one CPU as a rule, and there are many more sets than
 * CPUs, so that hardly anybody waits. Tables per CPU would cost as many times the
 * memory, or remember so many times less.
 *
 * Time is counted in ticks, which are to be had for a load.
 */

#include <linux/jiffies.h>
#include <linux/percpu.h>

#include "handlers.h"
#include "monitor.h"

/* The bits of a packet's word that say of which flow it is. */
static __always_inline u64 kpac_flowmon_l4(const struct kpac_view *view)
{
	const struct kpac_l4_word mask = {
		.proto = 0xff,
		.sport = htons(0xffff),
		.dport = htons(0xffff),
	};
	u64 bits;

	memcpy(&bits, &mask, sizeof(bits));
	return view->word[KPAC_WORD_L4] & bits;
}

static __always_inline struct kpac_cells_key
kpac_flowmon_key(const struct kpac_view *view)
{
	u64 l4 = kpac_flowmon_l4(view), link = view->word[KPAC_WORD_LINK];
	const u64 *word = view->word;
	struct kpac_flow_sum sum = {};

	kpac_flow_add(&sum, 4, l4, link);
	if (likely(view->has & KPAC_HAS_IPV4)) {
		kpac_flow_add(&sum, 0, word[KPAC_WORD_ADDR], 4);
	} else {
		kpac_flow_add(&sum, 0, word[KPAC_WORD_ADDR],
			      word[KPAC_WORD_ADDR1]);
		kpac_flow_add(&sum, 2, word[KPAC_WORD_ADDR2],
			      word[KPAC_WORD_ADDR3]);
	}
	return kpac_cells_fold(&sum);
}

/* The first packet of a flow, or the first since it had to go. The set is
 * locked.
 */
static noinline void kpac_flowmon_first(struct kpac_flowmon *mon,
					struct kpac_cells_set *set,
					struct kpac_cells_key key,
					const struct kpac_view *view)
{
	const struct kpac_l4_word *l4 = (const void *)&view->word[KPAC_WORD_L4];
	struct kpac_flowmon_flow flow = {
		.key.l4 = kpac_flowmon_l4(view),
		.key.addr[0] = view->word[KPAC_WORD_ADDR],
		.key.link = view->word[KPAC_WORD_LINK],
		.packets = view->segs,
		.bytes = kpac_view_bytes(view),
		.first = jiffies,
		.last = jiffies,
		.tos = l4->tos,
		.tcp_flags = l4->tcp_flags,
	};

	if (view->has & KPAC_HAS_IPV6) {
		flow.ip6 = true;
		flow.key.addr[1] = view->word[KPAC_WORD_ADDR1];
		flow.key.addr[2] = view->word[KPAC_WORD_ADDR2];
		flow.key.addr[3] = view->word[KPAC_WORD_ADDR3];
	}
	kpac_cells_place(mon->cells, set, key, &flow);
}

static enum kpac_verdict kpac_flowmon_run(void *priv, struct kpac_view *view)
{
	struct kpac_flowmon *mon = priv;
	struct kpac_flowmon_flow *flow;
	struct kpac_cells_set *set;
	struct kpac_cells_key key;
	int way;

	if (unlikely(!(view->has & KPAC_HAS_IP)))
		return KPAC_VERDICT_NEXT;
	key = kpac_flowmon_key(view);
	set = kpac_cells_set(mon->cells, key);
	spin_lock(&set->lock);
	way = kpac_cells_way(set, key);
	if (likely(way >= 0)) {
		flow = kpac_cells_state(set, way, sizeof(*flow));
		flow->packets += view->segs;
		flow->bytes += kpac_view_bytes(view);
		flow->last = jiffies;
		flow->tcp_flags |= kpac_view_l4_word(view)->tcp_flags;
		kpac_cells_touch(set, way);
	} else {
		kpac_flowmon_first(mon, set, key, view);
	}
	spin_unlock(&set->lock);
	this_cpu_add(mon->stats->packets, view->segs);
	this_cpu_add(mon->stats->bytes, kpac_view_bytes(view));
	return KPAC_VERDICT_NEXT;
}

static void *kpac_flowmon_make(struct net *net, const struct kpac_arg *args,
			       unsigned int n, struct netlink_ext_ack *extack)
{
	const struct kpac_arg *name = kpac_arg_find(args, n, "name");

	if (name && (!*name->text ||
		     strlen(name->text) >= KPAC_FLOWMON_NAME_SIZE)) {
		KPAC_SET_ERR_ARG(extack, name,
				 "a monitor's name has 1 to 31 bytes");
		return ERR_PTR(-EINVAL);
	}
	return kpac_flowmon_create(net, name ? name->text : "default",
				   kpac_arg_find(args, n, "max"), extack);
}

static void kpac_flowmon_end(void *priv)
{
	kpac_flowmon_retire(priv);
}

static void kpac_flowmon_destroy(void *priv)
{
	kpac_flowmon_put(priv);
}

static void kpac_flowmon_figures(void *priv, kpac_figure_fn tell, void *to)
{
	struct kpac_flowmon_sum sum;

	kpac_flowmon_sum(priv, &sum);
	tell(to, "flows", sum.flows);
	tell(to, "evicted", sum.evicted);
}

static const struct kpac_arg_spec kpac_flowmon_args[] = {
	{
		.name = "name",
		.doc = "the monitor; entries may have one together (default)",
		.type = KPAC_ARG_TYPE_TEXT,
	},
	{
		.name = "max",
		.doc = "flows that it counts, 112 bytes each (65536)",
		.type = KPAC_ARG_TYPE_NUMBER,
		.min = KPAC_CELLS_MIN,
		.max = KPAC_CELLS_MAX,
	},
	{}
};

struct kpac_handler kpac_handler_flowmon = {
	.name = "flowmon",
	.doc = "Counts packets and bytes of flows",
	.owner = THIS_MODULE,
	.args = kpac_flowmon_args,
	.run = kpac_flowmon_run,
	.create = kpac_flowmon_make,
	.retire = kpac_flowmon_end,
	.destroy = kpac_flowmon_destroy,
	.figures = kpac_flowmon_figures,
};
