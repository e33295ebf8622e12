/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hops: hosts on a link of this one, to which frames are sent as they are. The
 * kernel's routes decide which device that is, and its neighbour table which
 * address; what they have said is remembered for as long as they say it.
 */
#ifndef _KPAC_HOP_H
#define _KPAC_HOP_H

#include <linux/etherdevice.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <net/arp.h>
#include <net/dst.h>
#include <net/ndisc.h>
#include <net/neighbour.h>

#include "ends.h"

/**
 * struct kpac_hop_way - how a host is reached
 * @dev: the device; it is there as long as the way is
 * @dst: the route to it
 * @cookie: for dst_check()
 * @rcu: to be freed
 */
struct kpac_hop_way {
	struct net_device *dev;
	struct dst_entry *dst;
	u32 cookie;
	struct rcu_head rcu;
};

/**
 * struct kpac_hop - a host
 * @way: how it is reached, if that is known
 * @addr: its address
 * @ip6: that is IPv6
 * @tried: when nobody knew, in ticks
 * @lock: held while @way is changed
 */
struct kpac_hop {
	struct kpac_hop_way __rcu *way;
	struct kpac_ends_addr addr;
	bool ip6;
	u32 tried;
	spinlock_t lock;
};

void kpac_hop_init(struct kpac_hop *hop, const struct kpac_ends_addr *addr,
		   bool ip6);
void kpac_hop_forget(struct kpac_hop *hop, const struct net_device *dev);
struct neighbour *kpac_hop_resolve(struct kpac_hop *hop, struct net *net);
void kpac_hop_link(const struct neighbour *neigh, struct ethhdr *eth);

/* The neighbour is the kernel's to keep or to forget: it is looked up. */
static __always_inline struct neighbour *
kpac_hop_known(const struct kpac_hop *hop, struct net_device *dev)
{
	if (likely(!hop->ip6))
		return __ipv4_neigh_lookup_noref(dev, (u32)hop->addr.a);
	return __ipv6_neigh_lookup_noref(dev, &hop->addr);
}

/**
 * kpac_hop_neigh - how a host is reached
 * @hop: the host
 * @net: the namespace
 *
 * Context: softirq, or RCU with bottom halves disabled.
 * Return: the neighbour that it is, with an address, by a device with Ethernet;
 * NULL if there is no such now.
 */
static __always_inline struct neighbour *kpac_hop_neigh(struct kpac_hop *hop,
							struct net *net)
{
	const struct kpac_hop_way *way = rcu_dereference(hop->way);
	struct neighbour *neigh;

	if (likely(way) && likely(dst_check(way->dst, way->cookie))) {
		neigh = kpac_hop_known(hop, way->dev);
		if (likely(neigh))
			return likely(!neigh_event_send(neigh, NULL)) ?
			       neigh : NULL;
	}
	return kpac_hop_resolve(hop, net);
}

#endif /* _KPAC_HOP_H */
