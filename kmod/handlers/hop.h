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
#include <net/neighbour.h>

#include "../path.h"
#include "ends.h"

/**
 * struct kpac_hop - a host
 * @path: how it is reached, if that is known; in no list
 * @addr: its address
 * @ip6: that is IPv6
 * @tried: when nobody knew, in ticks
 * @lock: held while @path is changed
 */
struct kpac_hop {
	struct kpac_path __rcu *path;
	struct kpac_ends_addr addr;
	bool ip6;
	u32 tried;
	spinlock_t lock;
};

void kpac_hop_init(struct kpac_hop *hop, const struct kpac_ends_addr *addr,
		   bool ip6);
void kpac_hop_forget(struct kpac_hop *hop, const struct net_device *dev);
const struct kpac_path *kpac_hop_resolve(struct kpac_hop *hop, struct net *net);
const struct kpac_path *kpac_hop_lost(struct kpac_hop *hop);
void kpac_hop_link(const struct neighbour *neigh, struct ethhdr *eth);

/**
 * kpac_hop_path - how a host is reached
 * @hop: the host
 * @net: the namespace
 *
 * Context: softirq, or RCU with bottom halves disabled.
 * Return: the path, by a device with Ethernet, to a neighbour with an address; NULL
 * if there is no such now.
 */
static __always_inline const struct kpac_path *
kpac_hop_path(struct kpac_hop *hop, struct net *net)
{
	const struct kpac_path *path = rcu_dereference(hop->path);

	if (unlikely(!path) || unlikely(!kpac_path_unlisted_current(path)))
		return kpac_hop_resolve(hop, net);
	if (unlikely(neigh_event_send(path->key.neigh, NULL)))
		return kpac_hop_lost(hop);
	return path;
}

#endif /* _KPAC_HOP_H */
