// SPDX-License-Identifier: GPL-2.0
/*
 * do ttl: drops packets whose TTL, or hop limit, is too low. An example of a handler
 * in a module of its own; README.md says how it is built and used.
 *
 *	kpacctl handler add proto tcp dport 179 do ttl min 255
 *
 * What has a TTL of 255 has met no router, so it comes from a neighbour (RFC 5082).
 */

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include <kpac/handler.h>

enum ttl_below {
	TTL_BELOW_DROP,
	TTL_BELOW_COUNT,
};

static const char * const ttl_belows[] = { "drop", "count", NULL };

/* One CPU's, in packets. */
struct ttl_stats {
	u64 enough;
	u64 below;
};

/* An entry's: what run() needs. */
struct ttl {
	u8 min;
	u8 below;
	struct ttl_stats __percpu *stats;
};

/* Nothing is known of a packet but what its view says. kpac_view_read() copies bytes
 * of it, wherever they are; it is kpac_view_pull() that makes them accessible, and
 * kpac_view_unshare() that makes them writable.
 */
static bool ttl_of(const struct kpac_view *view, u8 *ttl)
{
	unsigned int at = view->l3;

	if (view->has & KPAC_HAS_IPV4)
		at += offsetof(struct iphdr, ttl);
	else if (view->has & KPAC_HAS_IPV6)
		at += offsetof(struct ipv6hdr, hop_limit);
	else
		return false;
	return kpac_view_read(view, at, ttl, sizeof(*ttl), view->len);
}

/* For every packet that meets the entry. A packet that is to be segmented counts as
 * its segments.
 */
static enum kpac_verdict ttl_run(void *priv, struct kpac_view *view)
{
	const struct ttl *handler = priv;
	u8 ttl;

	if (!ttl_of(view, &ttl))
		return KPAC_VERDICT_NEXT;
	if (likely(ttl >= handler->min)) {
		this_cpu_add(handler->stats->enough, view->segs);
		return KPAC_VERDICT_NEXT;
	}
	this_cpu_add(handler->stats->below, view->segs);
	return handler->below == TTL_BELOW_DROP ? KPAC_VERDICT_DROP :
						  KPAC_VERDICT_NEXT;
}

/* No packet is on its way through ttl_run() any more. */
static void ttl_destroy(void *priv)
{
	struct ttl *handler = priv;

	free_percpu(handler->stats);
	kfree(handler);
}

/* The arguments fit ttl_args. Were there any that do not go with each other, this would
 * refuse them with KPAC_SET_ERR_ARG(). Memory counts for whoever makes the entry.
 */
static void *ttl_create(struct net *net, const struct kpac_arg *args,
			unsigned int n, struct netlink_ext_ack *extack)
{
	const struct kpac_arg *below = kpac_arg_find(args, n, "below");
	struct ttl *handler;

	handler = kzalloc(sizeof(*handler), GFP_KERNEL_ACCOUNT);
	if (!handler)
		return ERR_PTR(-ENOMEM);
	handler->min = kpac_arg_number(args, n, "min", 0);
	handler->below = below ? below->number : TTL_BELOW_DROP;
	handler->stats = alloc_percpu_gfp(struct ttl_stats, GFP_KERNEL_ACCOUNT);
	if (!handler->stats) {
		kfree(handler);
		return ERR_PTR(-ENOMEM);
	}
	return handler;
}

static void ttl_figures(void *priv, kpac_figure_fn tell, void *to)
{
	const struct ttl *handler = priv;
	u64 enough = 0, below = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		enough += READ_ONCE(per_cpu_ptr(handler->stats, cpu)->enough);
		below += READ_ONCE(per_cpu_ptr(handler->stats, cpu)->below);
	}
	tell(to, "enough", enough);
	tell(to, "below", below);
}

/* What "kpacctl handler types" shows, and what arguments are checked against. */
static const struct kpac_arg_spec ttl_args[] = {
	{
		.name = "min",
		.doc = "the lowest TTL or hop limit that is enough",
		.type = KPAC_ARG_TYPE_NUMBER,
		.required = true,
		.min = 1,
		.max = 255,
	},
	{
		.name = "below",
		.doc = "what becomes of packets that have less (drop)",
		.type = KPAC_ARG_TYPE_CHOICE,
		.choices = ttl_belows,
	},
	{}
};

static struct kpac_handler ttl_handler = {
	.name = "ttl",
	.doc = "Drops packets whose TTL or hop limit is too low",
	.owner = THIS_MODULE,
	.args = ttl_args,
	.run = ttl_run,
	.create = ttl_create,
	.destroy = ttl_destroy,
	.figures = ttl_figures,
};

static int __init ttl_init(void)
{
	return kpac_handler_register(&ttl_handler);
}

/* Entries hold the module, so there are none when it goes. */
static void __exit ttl_exit(void)
{
	kpac_handler_unregister(&ttl_handler);
}

module_init(ttl_init);
module_exit(ttl_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("kpac handler: drops packets whose TTL is too low");
MODULE_ALIAS_KPAC_HANDLER("ttl");
