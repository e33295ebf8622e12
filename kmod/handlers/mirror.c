// SPDX-License-Identifier: GPL-2.0
/* do mirror: sends a copy of packets by another device */

#include <linux/if_ether.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "../xmit.h"
#include "handlers.h"

/* What became of the copies, on one CPU. */
struct kpac_mirror_stats {
	u64 mirrored;
	u64 lost;
};

/**
 * struct kpac_mirror - what an entry mirrors
 * @ifindex: the device
 * @len: bytes of each packet
 * @stats: what became of the copies, per CPU
 */
struct kpac_mirror {
	int ifindex;
	u32 len;
	struct kpac_mirror_stats __percpu *stats;
};

static enum kpac_verdict kpac_mirror_run(void *priv, struct kpac_view *view)
{
	const struct kpac_mirror *mirror = priv;
	struct kpac_mirror_stats *stats = this_cpu_ptr(mirror->stats);
	struct sk_buff *copy = NULL;
	struct net_device *dev;

	dev = dev_get_by_index_rcu(dev_net(view->dev), mirror->ifindex);
	if (likely(dev))
		copy = view->ops->clone(view, dev, mirror->len);
	if (likely(copy) && likely(kpac_xmit_frame(copy, dev) != KPAC_EXIT_DROP))
		WRITE_ONCE(stats->mirrored, stats->mirrored + 1);
	else
		WRITE_ONCE(stats->lost, stats->lost + 1);
	return KPAC_VERDICT_NEXT;
}

static void *kpac_mirror_create(struct net *net, const struct kpac_arg *args,
				unsigned int n, struct netlink_ext_ack *extack)
{
	struct kpac_mirror *mirror;
	int err;

	err = kpac_arg_ethernet(net, args, n, extack);
	if (err)
		return ERR_PTR(err);
	mirror = kzalloc(sizeof(*mirror), GFP_KERNEL_ACCOUNT);
	if (!mirror)
		return ERR_PTR(-ENOMEM);
	mirror->stats = alloc_percpu_gfp(struct kpac_mirror_stats,
					 GFP_KERNEL_ACCOUNT);
	if (!mirror->stats) {
		kfree(mirror);
		return ERR_PTR(-ENOMEM);
	}
	mirror->ifindex = kpac_arg_number(args, n, "dev", 0);
	mirror->len = kpac_arg_number(args, n, "truncate", U32_MAX);
	return mirror;
}

static void kpac_mirror_destroy(void *priv)
{
	struct kpac_mirror *mirror = priv;

	free_percpu(mirror->stats);
	kfree(mirror);
}

static void kpac_mirror_figures(void *priv, kpac_figure_fn tell, void *to)
{
	const struct kpac_mirror *mirror = priv;
	u64 mirrored = 0, lost = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct kpac_mirror_stats *stats =
			per_cpu_ptr(mirror->stats, cpu);

		mirrored += READ_ONCE(stats->mirrored);
		lost += READ_ONCE(stats->lost);
	}
	tell(to, "mirrored", mirrored);
	tell(to, "lost", lost);
}

static const struct kpac_arg_spec kpac_mirror_args[] = {
	{
		.name = "dev",
		.doc = "the device that sends the copies",
		.type = KPAC_ARG_TYPE_DEV,
		.required = true,
	}, {
		.name = "truncate",
		.doc = "bytes of each packet, from the link layer on",
		.type = KPAC_ARG_TYPE_SIZE,
		.min = ETH_HLEN,
		.max = 65535,
	},
	{}
};

struct kpac_handler kpac_handler_mirror = {
	.name = "mirror",
	.doc = "Sends a copy of packets by another device; they go on",
	.owner = THIS_MODULE,
	.args = kpac_mirror_args,
	.run = kpac_mirror_run,
	.create = kpac_mirror_create,
	.destroy = kpac_mirror_destroy,
	.figures = kpac_mirror_figures,
};
