// SPDX-License-Identifier: GPL-2.0
/* do redirect: packets leave by another device */

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "handlers.h"

/**
 * struct kpac_redirect - where an entry sends packets
 * @ifindex: the device
 * @peer: into the receive path of its peer
 * @has_lladdr: to @lladdr, and from the device's address
 * @lladdr: an Ethernet address
 */
struct kpac_redirect {
	int ifindex;
	bool peer;
	bool has_lladdr;
	u8 lladdr[ETH_ALEN];
};

static bool kpac_redirect_address(const struct kpac_redirect *redirect,
				  struct kpac_view *view,
				  const struct net_device *dev)
{
	struct ethhdr *eth;

	if (!kpac_view_unshare(view, ETH_HLEN))
		return false;
	eth = (struct ethhdr *)view->data;
	ether_addr_copy(eth->h_dest, redirect->lladdr);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	return true;
}

static enum kpac_verdict kpac_redirect_run(void *priv, struct kpac_view *view)
{
	const struct kpac_redirect *redirect = priv;
	struct net_device *dev;

	dev = dev_get_by_index_rcu(dev_net(view->dev), redirect->ifindex);
	/* nowhere to go, and not meant for here */
	if (unlikely(!dev))
		return KPAC_VERDICT_DROP;
	if (redirect->has_lladdr && !kpac_redirect_address(redirect, view, dev))
		return KPAC_VERDICT_DROP;
	view->out = dev;
	view->out_peer = redirect->peer;
	return KPAC_VERDICT_REDIRECT;
}

static bool kpac_redirect_has_peer(struct net *net, int ifindex)
{
	const struct net_device *dev;
	bool has;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, ifindex);
	has = dev && dev->netdev_ops->ndo_get_peer_dev;
	rcu_read_unlock();
	return has;
}

static void *kpac_redirect_create(struct net *net, const struct kpac_arg *args,
				  unsigned int n,
				  struct netlink_ext_ack *extack)
{
	const struct kpac_arg *lladdr = kpac_arg_find(args, n, "lladdr");
	const struct kpac_arg *peer = kpac_arg_find(args, n, "peer");
	struct kpac_redirect *redirect;
	int ifindex = kpac_arg_number(args, n, "dev", 0);
	int err;

	if (peer && !kpac_redirect_has_peer(net, ifindex)) {
		KPAC_SET_ERR_ARG(extack, peer, "the device has no peer: it is not one of a pair");
		return ERR_PTR(-EOPNOTSUPP);
	}
	if (lladdr && is_zero_ether_addr(lladdr->addr)) {
		KPAC_SET_ERR_ARG(extack, lladdr, "no device has the address zero");
		return ERR_PTR(-EINVAL);
	}
	err = kpac_arg_ethernet(net, args, n, extack);
	if (err)
		return ERR_PTR(err);
	redirect = kzalloc(sizeof(*redirect), GFP_KERNEL_ACCOUNT);
	if (!redirect)
		return ERR_PTR(-ENOMEM);
	redirect->ifindex = ifindex;
	redirect->peer = peer;
	redirect->has_lladdr = lladdr;
	if (lladdr)
		ether_addr_copy(redirect->lladdr, lladdr->addr);
	return redirect;
}

static void kpac_redirect_destroy(void *priv)
{
	kfree(priv);
}

static const struct kpac_arg_spec kpac_redirect_args[] = {
	{
		.name = "dev",
		.doc = "the device by which packets leave",
		.type = KPAC_ARG_TYPE_DEV,
		.required = true,
	}, {
		.name = "peer",
		.doc = "the device is a veth: its peer receives them, without sending",
		.type = KPAC_ARG_TYPE_FLAG,
	}, {
		.name = "lladdr",
		.doc = "their new destination address; the device's is their new source",
		.type = KPAC_ARG_TYPE_LLADDR,
	},
	{}
};

struct kpac_handler kpac_handler_redirect = {
	.name = "redirect",
	.doc = "Sends packets by another device as they are; drops them if it is gone",
	.owner = THIS_MODULE,
	.args = kpac_redirect_args,
	.ends = true,
	.run = kpac_redirect_run,
	.create = kpac_redirect_create,
	.destroy = kpac_redirect_destroy,
};
