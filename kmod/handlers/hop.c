// SPDX-License-Identifier: GPL-2.0
/* Hops: asking the kernel how a host is reached; see hop.h. */

#include <linux/if_arp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <net/arp.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/route.h>

#include "hop.h"

/**
 * kpac_hop_init - begin to know a host
 * @hop: the host
 * @addr: its address
 * @ip6: that is IPv6
 *
 * Context: any.
 */
void kpac_hop_init(struct kpac_hop *hop, const struct kpac_ends_addr *addr,
		   bool ip6)
{
	hop->addr = *addr;
	hop->ip6 = ip6;
	hop->tried = jiffies - 1;
	spin_lock_init(&hop->lock);
}

static struct rtable *kpac_hop_route4(const struct kpac_hop *hop,
				      struct net *net)
{
	struct flowi4 fl4 = { .daddr = (__force __be32)hop->addr.a };
	struct rtable *rt = ip_route_output_key(net, &fl4);

	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_type == RTN_UNICAST && !rt->rt_gw_family)
		return rt;
	ip_rt_put(rt);
	return NULL;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *kpac_hop_route6(const struct kpac_hop *hop,
					 struct net *net)
{
	const u32 not_on_link = RTF_GATEWAY | RTF_LOCAL | RTF_REJECT |
				RTF_ANYCAST;
	struct flowi6 fl6 = {};
	struct dst_entry *dst;

	memcpy(&fl6.daddr, &hop->addr, sizeof(fl6.daddr));
	dst = ip6_route_output(net, NULL, &fl6);
	if (!dst->error && !(dst_rt6_info(dst)->rt6i_flags & not_on_link))
		return dst;
	dst_release(dst);
	return NULL;
}
#else
static struct dst_entry *kpac_hop_route6(const struct kpac_hop *hop,
					 struct net *net)
{
	return NULL;
}
#endif

/* The host as the kernel's neighbour table has it, or is to have it, held. */
static struct neighbour *kpac_hop_neigh(const struct kpac_hop *hop,
					struct net_device *dev)
{
	struct neighbour *neigh;

#if IS_ENABLED(CONFIG_IPV6)
	if (hop->ip6)
		neigh = neigh_lookup(&nd_tbl, &hop->addr, dev) ?:
			neigh_create(&nd_tbl, &hop->addr, dev);
	else
#endif
		neigh = neigh_lookup(&arp_tbl, &hop->addr, dev) ?:
			neigh_create(&arp_tbl, &hop->addr, dev);
	return IS_ERR(neigh) ? NULL : neigh;
}

/* Find the route; it is held. */
static bool kpac_hop_route(const struct kpac_hop *hop, struct net *net,
			   struct kpac_path *path)
{
	struct rtable *rt;

	if (hop->ip6) {
		path->key.dst = kpac_hop_route6(hop, net);
		if (!path->key.dst)
			return false;
		path->cookie = rt6_get_cookie(dst_rt6_info(path->key.dst));
		return true;
	}
	rt = kpac_hop_route4(hop, net);
	if (!rt)
		return false;
	path->key.dst = &rt->dst;
	return true;
}

static bool kpac_hop_fill(const struct kpac_hop *hop, struct net *net,
			  struct kpac_path *path)
{
	struct net_device *dev;

	kpac_path_unlisted_begin(path);
	if (!kpac_hop_route(hop, net, path))
		return false;
	/* of a device that has just gone a route has another one */
	dev = dst_dev(path->key.dst);
	kpac_path_out(path, dev, READ_ONCE(dev->mtu));
	if (dev == blackhole_netdev || dev->type != ARPHRD_ETHER ||
	    !(dev->flags & IFF_UP))
		return false;
	path->key.neigh = kpac_hop_neigh(hop, dev);
	/* only these are held: others would fill the neighbour table */
	return path->key.neigh && !neigh_event_send(path->key.neigh, NULL);
}

static void kpac_hop_free(struct kpac_path *path)
{
	if (path->key.neigh)
		neigh_release(path->key.neigh);
	dst_release(path->key.dst);
	kfree(path);
}

static void kpac_hop_free_rcu(struct rcu_head *rcu)
{
	kpac_hop_free(container_of(rcu, struct kpac_path, rcu));
}

/* Let packets take another path, or NULL. */
static void kpac_hop_replace(struct kpac_hop *hop, struct kpac_path *path)
{
	struct kpac_path *old;

	spin_lock_bh(&hop->lock);
	old = rcu_replace_pointer(hop->path, path, lockdep_is_held(&hop->lock));
	spin_unlock_bh(&hop->lock);
	if (old)
		call_rcu(&old->rcu, kpac_hop_free_rcu);
}

/**
 * kpac_hop_forget - forget how a host is reached
 * @hop: the host
 * @dev: only if it is by this device; or NULL
 *
 * Context: process. Who waits for RCU callbacks has waited for what was held.
 */
void kpac_hop_forget(struct kpac_hop *hop, const struct net_device *dev)
{
	const struct kpac_path *path;
	bool is;

	rcu_read_lock();
	path = rcu_dereference(hop->path);
	is = path && (!dev || path->dev == dev);
	rcu_read_unlock();
	if (is)
		kpac_hop_replace(hop, NULL);
}

/**
 * kpac_hop_resolve - ask the kernel how a host is reached
 * @hop: the host
 * @net: the namespace
 *
 * If it does not know, it is asked once a tick at most.
 *
 * Context: softirq, or RCU with bottom halves disabled.
 * Return: as kpac_hop_path().
 */
const struct kpac_path *kpac_hop_resolve(struct kpac_hop *hop, struct net *net)
{
	struct kpac_path *path;
	u32 now = jiffies;

	if (READ_ONCE(hop->tried) == now)
		return NULL;
	path = kzalloc(sizeof(*path), GFP_ATOMIC | __GFP_NOWARN);
	if (!path || !kpac_hop_fill(hop, net, path)) {
		WRITE_ONCE(hop->tried, now);
		if (path)
			kpac_hop_free(path);
		return NULL;
	}
	kpac_hop_replace(hop, path);
	return path;
}

/**
 * kpac_hop_lost - a host does not answer any more
 * @hop: the host
 *
 * Context: softirq, or RCU with bottom halves disabled.
 * Return: NULL.
 */
const struct kpac_path *kpac_hop_lost(struct kpac_hop *hop)
{
	kpac_hop_replace(hop, NULL);
	return NULL;
}

/**
 * kpac_hop_link - address a frame to a host
 * @neigh: the neighbour that it is, with an address
 * @eth: the frame's header
 *
 * Context: softirq.
 */
void kpac_hop_link(const struct neighbour *neigh, struct ethhdr *eth)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&neigh->ha_lock);
		ether_addr_copy(eth->h_dest, neigh->ha);
	} while (read_seqretry(&neigh->ha_lock, seq));
	ether_addr_copy(eth->h_source, neigh->dev->dev_addr);
}
