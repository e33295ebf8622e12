/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A path: what the kernel's routing and neighbour code decided for packets of
 * a port: the route (dst) and the next hop (neighbour). The kernel's own marks
 * say for every packet whether the decision still stands; when a device on the
 * way goes up or down or changes its MTU, its paths are taken back.
 *
 * Paths are shared by all CPUs and all flows that have the same port, route
 * and next hop. Each has a number, made of its index in the table and of an
 * epoch that goes up when the indexes have all been used, so that flows which
 * still name a path that has gone, or whose index now belongs to another, find
 * nothing.
 */
#ifndef _KPAC_PATH_H
#define _KPAC_PATH_H

#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/rhashtable-types.h>
#include <net/dst.h>
#include <net/ip6_fib.h>
#include <net/neighbour.h>
#include <net/net_namespace.h>
#include <net/route.h>

#include "flow.h"
#include "port.h"

struct kpac_path_key {
	const struct kpac_port *port;
	struct dst_entry *dst;
	struct neighbour *neigh;
};

/**
 * struct kpac_path - a path
 * @ref: the number
 * @cookie: for dst_check()
 * @key: port, route and next hop; references to the latter two are held
 * @dev: the device it leaves by; @key.neigh holds it
 * @peer: if @dev is one of a pair that packets can be handed through, its peer;
 *	both are up, the peer takes packets as large as @mtu, and does not merge
 *	them
 * @tx: if @dev is a port, its TX queues
 * @peer_xnet: @peer is in another network namespace than @dev
 * @mtu: the largest packet that is forwarded
 * @rp_filter: the port's rp_filter setting when the kernel decided (IPv4)
 * @fib6_gen: kpac_net::fib6_gen when the kernel decided (IPv6)
 * @devices: kpac_path_devices when it was begun; of one that is in no list
 * @pcpu6: the route is one of a FIB node's own, with no end to its life (IPv6)
 * @hh_len: length of the neighbour's cached link-layer header, if it can be
 *	used: %ETH_HLEN, or one that none has
 * @headroom: what the output device wants in front of the network header
 * @used: used since the last sweep
 * @idle: sweeps since it was used
 * @node: in the hash of all paths
 * @list: in the list of all paths
 * @rcu: for freeing
 */
struct kpac_path {
	u32 ref;
	u32 cookie;
	struct kpac_path_key key;
	struct net_device *dev;
	struct net_device *peer;
	struct kpac_tx *tx;
	bool peer_xnet;
	bool pcpu6;
	bool used;
	u8 idle;
	u16 hh_len;
	u16 headroom;
	u32 mtu;
	int rp_filter;
	unsigned int fib6_gen;
	int devices;
	struct rhash_head node;
	struct list_head list;
	struct rcu_head rcu;
};

extern struct kpac_path __rcu **kpac_path_table __ro_after_init;
extern struct kpac_path kpac_path_none;
extern atomic_t kpac_path_devices;

/**
 * kpac_path_get - the path that a flow refers to
 * @ref: the flow's reference, not a pass
 * @path: set to the path, or to one that must not be used
 *
 * Context: softirq; the path is there until the end of the RCU section.
 * Return: true, or false if the path has gone.
 */
static __always_inline bool kpac_path_get(u32 ref, struct kpac_path **path)
{
	*path = rcu_dereference(kpac_path_table[ref & KPAC_REF_INDEX_MASK]);
	return likely((*path)->ref == ref);
}

/**
 * kpac_path_touch - note that a path is in use
 * @path: the path
 *
 * Context: softirq.
 */
static __always_inline void kpac_path_touch(struct kpac_path *path)
{
	if (unlikely(!READ_ONCE(path->used)))
		WRITE_ONCE(path->used, true);
}

/* Whether the kernel would still decide for this route and next hop. */
static inline bool kpac_path_current(const struct kpac_path *path)
{
	return dst_check(path->key.dst, path->cookie) &&
	       !READ_ONCE(path->key.neigh->dead);
}

/**
 * kpac_path_unlisted_begin - begin a path that will be in no list
 * @path: the path
 *
 * Nobody can take it back: whoever uses it asks kpac_path_unlisted_current(). What
 * is asked of devices from now on may change, but not unnoticed.
 *
 * Context: any, under RCU.
 */
static inline void kpac_path_unlisted_begin(struct kpac_path *path)
{
	path->devices = atomic_read(&kpac_path_devices);
	smp_rmb();	/* pairs with the atomic in kpac_path_kill_dev() */
}

/**
 * kpac_path_unlisted_current - whether a path that is in no list still holds
 * @path: the path, since kpac_path_unlisted_begin()
 *
 * Context: softirq, under RCU.
 * Return: false if any device has changed, or the kernel would decide anew.
 */
static inline bool kpac_path_unlisted_current(const struct kpac_path *path)
{
	return path->devices == atomic_read(&kpac_path_devices) &&
	       kpac_path_current(path);
}

/* IN_DEV_RPFILTER(), with the namespace at hand. */
static __always_inline int kpac_path_rp_filter(const struct net *net,
					       const struct in_device *in_dev)
{
	return max(IPV4_DEVCONF_ALL_RO(net, RP_FILTER),
		   IN_DEV_CONF_GET(in_dev, RP_FILTER));
}

/**
 * kpac_path_current4 - whether an IPv4 path is what the kernel would decide
 * @path: the path
 * @net: the namespace
 * @in_dev: of the device that the stack would route for, or NULL
 *
 * What dst_check() asks of an IPv4 route is asked in place, because it is
 * asked for every packet.
 *
 * Context: softirq.
 * Return: true if it is.
 */
static __always_inline bool kpac_path_current4(const struct kpac_path *path,
					       const struct net *net,
					       const struct in_device *in_dev)
{
	const struct dst_entry *dst = path->key.dst;

	if (unlikely(dst_rtable(dst)->rt_genid != rt_genid_ipv4(net)))
		return false;
	if (unlikely(READ_ONCE(dst->obsolete) != DST_OBSOLETE_FORCE_CHK))
		return false;
	if (unlikely(!in_dev || !IN_DEV_CONF_GET(in_dev, FORWARDING)))
		return false;
	if (unlikely(path->rp_filter != kpac_path_rp_filter(net, in_dev)))
		return false;
	return !READ_ONCE(path->key.neigh->dead);
}

/**
 * kpac_path_current6 - whether an IPv6 path is what the kernel would decide
 * @path: the path
 * @kn: kpac in the namespace
 *
 * What dst_check() asks of an IPv6 route is asked in place, because it is
 * asked for every packet; of what is not a route of a FIB node's own, it is
 * asked by the function.
 *
 * Context: softirq.
 * Return: true if it is.
 */
static __always_inline bool kpac_path_current6(const struct kpac_path *path,
					       const struct kpac_net *kn)
{
	const struct rt6_info *rt = dst_rt6_info(path->key.dst);
	const struct fib6_node *fn;
	struct fib6_info *from;

	if (unlikely(path->fib6_gen !=
		     (unsigned int)atomic_read(&kn->fib6_gen)))
		return false;
	if (unlikely(!path->pcpu6))
		return kpac_path_current(path);
	from = rcu_dereference(rt->from);
	if (unlikely(!from))
		return false;
	fn = rcu_dereference(from->fib6_node);
	if (unlikely(!fn || (u32)READ_ONCE(fn->fn_sernum) != path->cookie))
		return false;
	if (unlikely(fib6_check_expired(from)))
		return false;
	if (unlikely(READ_ONCE(rt->dst.obsolete) != DST_OBSOLETE_FORCE_CHK))
		return false;
	return !READ_ONCE(path->key.neigh->dead);
}

struct kpac_path *kpac_path_resolve4(struct kpac_port *port,
				     struct sk_buff *skb,
				     struct net_device *dev,
				     enum kpac_pass_reason *reason);
struct kpac_path *kpac_path_resolve6(struct kpac_port *port,
				     struct sk_buff *skb,
				     struct net_device *dev,
				     enum kpac_pass_reason *reason);
void kpac_path_out(struct kpac_path *path, struct net_device *dev,
		   unsigned int mtu);
void kpac_path_kill(struct kpac_path *path);
void kpac_path_kill_port(const struct kpac_port *port);
void kpac_path_kill_dev(const struct net_device *dev);
void kpac_path_kill_net(const struct net *net);
int kpac_path_init(void);
void kpac_path_exit(void);

#endif /* _KPAC_PATH_H */
