// SPDX-License-Identifier: GPL-2.0
/* Hops: asking the kernel how a host is reached; see hop.h. */

#include <linux/if_arp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <net/ip6_route.h>
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

static struct neighbour *kpac_hop_create(const struct kpac_hop *hop,
					 struct net_device *dev)
{
	struct neighbour *neigh;

#if IS_ENABLED(CONFIG_IPV6)
	if (hop->ip6)
		neigh = __neigh_create(&nd_tbl, &hop->addr, dev, false);
	else
#endif
		neigh = __neigh_create(&arp_tbl, &hop->addr, dev, false);
	return IS_ERR(neigh) ? NULL : neigh;
}

static bool kpac_hop_fill(const struct kpac_hop *hop, struct net *net,
			  struct kpac_hop_way *way)
{
	if (hop->ip6) {
		way->dst = kpac_hop_route6(hop, net);
		if (!way->dst)
			return false;
		way->cookie = rt6_get_cookie(dst_rt6_info(way->dst));
	} else {
		struct rtable *rt = kpac_hop_route4(hop, net);

		if (!rt)
			return false;
		way->dst = &rt->dst;
	}
	/* of a device that has just gone a route has another one */
	way->dev = dst_dev(way->dst);
	return way->dev != blackhole_netdev &&
	       way->dev->type == ARPHRD_ETHER && way->dev->flags & IFF_UP;
}

static void kpac_hop_free(struct kpac_hop_way *way)
{
	dst_release(way->dst);
	kfree(way);
}

static void kpac_hop_free_rcu(struct rcu_head *rcu)
{
	kpac_hop_free(container_of(rcu, struct kpac_hop_way, rcu));
}

/* Let packets take another way, or NULL. */
static void kpac_hop_replace(struct kpac_hop *hop, struct kpac_hop_way *way)
{
	struct kpac_hop_way *old;

	spin_lock_bh(&hop->lock);
	old = rcu_replace_pointer(hop->way, way, lockdep_is_held(&hop->lock));
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
	const struct kpac_hop_way *way;
	bool is;

	rcu_read_lock();
	way = rcu_dereference(hop->way);
	is = way && (!dev || way->dev == dev);
	rcu_read_unlock();
	if (is)
		kpac_hop_replace(hop, NULL);
}

/* The way, if it is still what the kernel says. */
static const struct kpac_hop_way *kpac_hop_current(const struct kpac_hop *hop)
{
	const struct kpac_hop_way *way = rcu_dereference(hop->way);

	return way && dst_check(way->dst, way->cookie) ? way : NULL;
}

/* Ask the kernel for the way, unless it did not know in this tick. */
static const struct kpac_hop_way *kpac_hop_ask(struct kpac_hop *hop,
					       struct net *net)
{
	struct kpac_hop_way *way;
	u32 now = jiffies;

	if (READ_ONCE(hop->tried) == now)
		return NULL;
	way = kzalloc(sizeof(*way), GFP_ATOMIC | __GFP_NOWARN);
	if (way && kpac_hop_fill(hop, net, way)) {
		kpac_hop_replace(hop, way);
		return way;
	}
	WRITE_ONCE(hop->tried, now);
	if (way)
		kpac_hop_free(way);
	return NULL;
}

/**
 * kpac_hop_resolve - ask the kernel how a host is reached
 * @hop: the host
 * @net: the namespace
 *
 * If it does not know, it is asked once a tick at most.
 *
 * Context: softirq, or RCU with bottom halves disabled.
 * Return: as kpac_hop_neigh().
 */
struct neighbour *kpac_hop_resolve(struct kpac_hop *hop, struct net *net)
{
	const struct kpac_hop_way *way = kpac_hop_current(hop);
	struct neighbour *neigh;

	way = way ?: kpac_hop_ask(hop, net);
	if (!way)
		return NULL;
	neigh = kpac_hop_known(hop, way->dev) ?:
		kpac_hop_create(hop, way->dev);
	return neigh && !neigh_event_send(neigh, NULL) ? neigh : NULL;
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
