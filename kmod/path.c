// SPDX-License-Identifier: GPL-2.0
/* Paths: asking the kernel's routing, and what is remembered of it; see path.h. */

#include <linux/if_arp.h>
#include <linux/rhashtable.h>
#include <linux/vmalloc.h>
#include <net/arp.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/lwtunnel.h>
#include <net/ndisc.h>
#include <net/route.h>

#include "compat.h"
#include "passdst.h"
#include "path.h"
#include "port.h"

#define KPAC_PATHS	BIT(KPAC_REF_INDEX_BITS)
#define KPAC_PATH_IDLE	30		/* sweeps until a path is let go */
#define KPAC_PATH_SWEEP	HZ		/* how often they are looked through */
#define KPAC_PATH_TRIES	64		/* indexes tried for a new path */
#define KPAC_PATH_NO_HH	U16_MAX		/* no cached header has this length */
#define KPAC_PATH_BATCH	256u		/* looked through under the lock */

struct kpac_path __rcu **kpac_path_table __ro_after_init;
struct kpac_path kpac_path_none;	/* stands in what is free of the table */
atomic_t kpac_path_devices __read_mostly;	/* changes of devices */

static struct kmem_cache *kpac_path_cache;
static struct rhashtable kpac_path_hash;
static LIST_HEAD(kpac_path_list);
static unsigned int kpac_path_count;
/* Protects the table, the list and its count, the cursor, and the hash. */
static DEFINE_SPINLOCK(kpac_path_lock);
static DEFINE_MUTEX(kpac_path_walking);
static u32 kpac_path_cursor;
static u32 kpac_path_epoch = 1;

static const struct rhashtable_params kpac_path_params = {
	.head_offset = offsetof(struct kpac_path, node),
	.key_offset = offsetof(struct kpac_path, key),
	.key_len = sizeof(struct kpac_path_key),
	.automatic_shrinking = true,
};

static void kpac_path_sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(kpac_path_sweeper, kpac_path_sweep);
static void kpac_path_renew(struct work_struct *work);
static DECLARE_WORK(kpac_path_renewer, kpac_path_renew);
static void kpac_path_kill_late(struct work_struct *work);
static DECLARE_WORK(kpac_path_killer, kpac_path_kill_late);

static void kpac_path_free(struct rcu_head *rcu)
{
	struct kpac_path *path = container_of(rcu, struct kpac_path, rcu);

	neigh_release(path->key.neigh);
	dst_release(path->key.dst);
	kmem_cache_free(kpac_path_cache, path);
}

/* Give a path an index that is free. Indexes are used in turn, so that a flow
 * meets the same number again only when the epochs have run out, before which
 * kpac_path_renew() makes all flows forget. Bounded: this runs in softirq.
 */
static bool kpac_path_number(struct kpac_path *path)
{
	int i;

	lockdep_assert_held(&kpac_path_lock);

	for (i = 0; i < KPAC_PATH_TRIES; i++) {
		u32 index = kpac_path_cursor, epoch = kpac_path_epoch;

		if (epoch > KPAC_REF_EPOCH_MAX)
			return false;
		if (++kpac_path_cursor == KPAC_PATHS) {
			kpac_path_cursor = 0;
			if (++kpac_path_epoch > KPAC_REF_EPOCH_MAX)
				schedule_work(&kpac_path_renewer);
		}
		if (rcu_access_pointer(kpac_path_table[index]) ==
		    &kpac_path_none) {
			path->ref = epoch << KPAC_REF_INDEX_BITS | index;
			return true;
		}
	}
	return false;
}

/* The epochs have run out: no flow may know a number when they start again. */
static void kpac_path_renew(struct work_struct *work)
{
	kpac_path_kill_late(work);
	/* Whoever looked a path up before it was taken back has stored it. */
	synchronize_net();
	kpac_flow_forget_all();
	synchronize_net();

	spin_lock_bh(&kpac_path_lock);
	kpac_path_epoch = 1;
	spin_unlock_bh(&kpac_path_lock);
}

/* Take a path back, with the lock held. */
static void kpac_path_unlink(struct kpac_path *path)
{
	lockdep_assert_held(&kpac_path_lock);

	list_del_init(&path->list);
	kpac_path_count--;
	rhashtable_remove_fast(&kpac_path_hash, &path->node, kpac_path_params);
	RCU_INIT_POINTER(kpac_path_table[path->ref & KPAC_REF_INDEX_MASK],
			 &kpac_path_none);
	call_rcu(&path->rcu, kpac_path_free);
}

/**
 * kpac_path_kill - take a path back
 * @path: the path; may have been taken back already
 *
 * No packet that comes after this will use the path. Its references are
 * dropped after a grace period.
 *
 * Context: softirq, under RCU.
 */
void kpac_path_kill(struct kpac_path *path)
{
	spin_lock_bh(&kpac_path_lock);
	if (!list_empty(&path->list))
		kpac_path_unlink(path);
	spin_unlock_bh(&kpac_path_lock);
}

/* Take back all paths that there are now and that @match says. The lock is let
 * go of now and then: there may be very many. A path that stays goes behind
 * those which have not been asked for, so only one can walk at a time.
 */
static void kpac_path_walk(bool (*match)(struct kpac_path *path,
					 const void *what),
			   const void *what)
{
	unsigned int left;

	mutex_lock(&kpac_path_walking);
	left = READ_ONCE(kpac_path_count);
	while (left) {
		unsigned int n = min(left, KPAC_PATH_BATCH);

		left -= n;
		spin_lock_bh(&kpac_path_lock);
		while (n-- && !list_empty(&kpac_path_list)) {
			struct kpac_path *path;

			path = list_first_entry(&kpac_path_list,
						struct kpac_path, list);
			if (match(path, what))
				kpac_path_unlink(path);
			else
				list_move_tail(&path->list, &kpac_path_list);
		}
		spin_unlock_bh(&kpac_path_lock);
		cond_resched();
	}
	mutex_unlock(&kpac_path_walking);
}

static bool kpac_path_of_port(struct kpac_path *path, const void *port)
{
	return path->key.port == port;
}

static bool kpac_path_of_dev(struct kpac_path *path, const void *dev)
{
	return path->dev == dev || path->peer == dev;
}

static bool kpac_path_of_any(struct kpac_path *path, const void *nothing)
{
	return true;
}

/**
 * kpac_path_kill_port - take back all paths of a port
 * @port: the port; no door of it may be open any more
 *
 * Context: process, may sleep.
 */
void kpac_path_kill_port(const struct kpac_port *port)
{
	kpac_path_walk(kpac_path_of_port, port);
}

/**
 * kpac_path_kill_net - take back all paths of a namespace
 * @net: the namespace; something has changed of which its routes bear no mark
 *
 * Packets that are being looked at just now may have been judged before the
 * change and make a path after this: they are seen to when they are through.
 *
 * Context: any but hard interrupt.
 */
void kpac_path_kill_net(const struct net *net)
{
	struct kpac_path *path, *next;

	spin_lock_bh(&kpac_path_lock);
	list_for_each_entry_safe(path, next, &kpac_path_list, list)
		if (net_eq(dev_net(path->dev), net))
			kpac_path_unlink(path);
	spin_unlock_bh(&kpac_path_lock);
	schedule_work(&kpac_path_killer);
}

static void kpac_path_kill_late(struct work_struct *work)
{
	synchronize_net();
	kpac_path_walk(kpac_path_of_any, NULL);
}

/**
 * kpac_path_kill_dev - take back all paths that leave by a device or its peer
 * @dev: the device, which has changed or must not be in any route any more
 *
 * Context: process, may sleep.
 */
void kpac_path_kill_dev(const struct net_device *dev)
{
	/* pairs with smp_rmb() in kpac_path_unlisted_begin() */
	smp_mb__before_atomic();
	atomic_inc(&kpac_path_devices);
	/* Whoever still found a route by the device has stored it after this. */
	synchronize_net();
	kpac_path_walk(kpac_path_of_dev, dev);
}

/* Only these are held: others would fill the neighbour table for nothing. */
static bool kpac_path_neigh_valid(const struct neighbour *neigh)
{
	return neigh && READ_ONCE(neigh->nud_state) & NUD_VALID;
}

/* Whether a path has been used lately; asked once a sweep. */
static bool kpac_path_busy(struct kpac_path *path)
{
	if (READ_ONCE(path->used)) {
		WRITE_ONCE(path->used, false);
		path->idle = 0;
	}
	return path->idle++ < KPAC_PATH_IDLE;
}

/* Whether a path is out of date or not used. Flows that would find the former
 * out by themselves may have ended.
 */
static bool kpac_path_done(struct kpac_path *path, const void *nothing)
{
	return !kpac_path_current(path) ||
	       !kpac_path_neigh_valid(path->key.neigh) ||
	       !kpac_path_busy(path);
}

static void kpac_path_sweep(struct work_struct *work)
{
	kpac_flow_tick();
	kpac_passdst_forget();
	kpac_path_walk(kpac_path_done, NULL);
	schedule_delayed_work(&kpac_path_sweeper, KPAC_PATH_SWEEP);
}

/**
 * kpac_path_out - fill in the way out of a path
 * @path: the path
 * @dev: the device that it leaves by
 * @mtu: the largest packet that goes that way
 *
 * That is the device and, if that is a veth, its peer, into whose receive path a
 * packet can as well be put. (netkit has peers, too, but asks a BPF program for
 * every packet.) What is said of the devices here holds as long as
 * kpac_path_kill_dev() is not called for them.
 *
 * Context: softirq, under RCU.
 */
void kpac_path_out(struct kpac_path *path, struct net_device *dev,
		   unsigned int mtu)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	struct net_device *peer;

	path->dev = dev;
	/* some devices want the route with the packet */
	path->tx = dev->priv_flags & IFF_XMIT_DST_RELEASE ? kpac_port_tx(dev) :
							    NULL;
	path->mtu = mtu;
	path->hh_len = dev->type == ARPHRD_ETHER ? ETH_HLEN :
						   KPAC_PATH_NO_HH;
	path->headroom = max_t(unsigned int, LL_RESERVED_SPACE(dev),
			       HH_DATA_MOD);
	if (!dev->rtnl_link_ops || strcmp(dev->rtnl_link_ops->kind, "veth") ||
	    dev->type != ARPHRD_ETHER ||
	    dev->pcpu_stat_type != NETDEV_PCPU_STAT_TSTATS)
		return;
	peer = ops->ndo_get_peer_dev(dev);
	/* veth gives up what is larger than that by a VLAN tag and more */
	if (!peer || !(dev->flags & peer->flags & IFF_UP) || mtu > peer->mtu)
		return;
	/* veth merges what no device has segmented */
	if (!(dev->features & NETIF_F_ALL_TSO) && peer->features & NETIF_F_GRO)
		return;
	path->peer = peer;
	path->peer_xnet = !net_eq(dev_net(dev), dev_net(peer));
}

static struct kpac_path *kpac_path_alloc(const struct kpac_path *like)
{
	struct kpac_path *path;

	path = kmem_cache_alloc(kpac_path_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!path)
		return NULL;
	*path = *like;
	INIT_LIST_HEAD(&path->list);
	if (!dst_hold_safe(path->key.dst))
		goto err_free;
	if (!refcount_inc_not_zero(&path->key.neigh->refcnt))
		goto err_dst;
	return path;

err_dst:
	dst_release(path->key.dst);
err_free:
	kmem_cache_free(kpac_path_cache, path);
	return NULL;
}

/* Have the neighbour cache its link-layer header, as neigh_resolve_output()
 * does with the first packet that it sends: it may never see one.
 */
static void kpac_path_cache_header(const struct kpac_path *path)
{
	struct neighbour *neigh = path->key.neigh;
	const struct header_ops *ops = neigh->dev->header_ops;

	if (path->hh_len == KPAC_PATH_NO_HH || READ_ONCE(neigh->hh.hh_len) ||
	    !ops || !ops->cache)
		return;
	write_lock_bh(&neigh->lock);
	if (!neigh->hh.hh_len && neigh->nud_state & NUD_VALID)
		ops->cache(neigh, &neigh->hh, neigh->tbl->protocol);
	write_unlock_bh(&neigh->lock);
}

/* Put a new path into table, list and hash, unless another CPU was faster. */
static int kpac_path_link(struct kpac_path *path)
{
	int err = -ENOSPC;

	spin_lock_bh(&kpac_path_lock);
	if (!kpac_path_number(path))
		goto out;
	err = rhashtable_lookup_insert_fast(&kpac_path_hash, &path->node,
					    kpac_path_params);
	if (err)
		goto out;
	list_add_tail(&path->list, &kpac_path_list);
	kpac_path_count++;
	rcu_assign_pointer(kpac_path_table[path->ref & KPAC_REF_INDEX_MASK],
			   path);
out:
	spin_unlock_bh(&kpac_path_lock);
	return err;
}

/* Find the path for what the kernel decided, or make it. */
static struct kpac_path *kpac_path_make(const struct kpac_path *like,
					enum kpac_pass_reason *reason)
{
	struct kpac_path *path, *other;

	path = rhashtable_lookup_fast(&kpac_path_hash, &like->key,
				      kpac_path_params);
	if (path) {
		if (path->cookie == like->cookie &&
		    path->rp_filter == like->rp_filter &&
		    path->mtu == like->mtu && path->peer == like->peer &&
		    path->tx == like->tx &&
		    path->fib6_gen == like->fib6_gen)
			return path;
		kpac_path_kill(path);
	}

	*reason = KPAC_PASS_REASON_NO_MEMORY;
	path = kpac_path_alloc(like);
	if (!path)
		return NULL;
	kpac_path_cache_header(path);
	if (!kpac_path_link(path))
		return path;
	/* no room, or another CPU was faster */
	other = rhashtable_lookup_fast(&kpac_path_hash, &like->key,
				       kpac_path_params);
	kpac_path_free(&path->rcu);
	return other;
}

/* What IPv4 and IPv6 routes have in common: whether plain forwarding is all
 * that the stack would do.
 */
static bool kpac_path_plain(const struct kpac_port *port,
			    const struct net_device *dev,
			    const struct dst_entry *dst,
			    enum kpac_pass_reason *reason)
{
	const struct net_device *out = dst_dev(dst);

	if (out == port->dev || out == dev) {
		*reason = KPAC_PASS_REASON_SAME_DEVICE;
		return false;
	}
	if (dst->lwtstate || dst->header_len || dst_xfrm(dst) ||
	    out->flags & IFF_LOOPBACK || netif_is_l3_master(out)) {
		*reason = KPAC_PASS_REASON_ROUTE_TYPE;
		return false;
	}
	return true;
}

static struct neighbour *kpac_path_neigh4(const struct rtable *rt,
					  struct net_device *out, __be32 daddr)
{
	if (rt->rt_gw_family == AF_INET)
		return __ipv4_neigh_lookup_noref(out,
						 (__force u32)rt->rt_gw4);
#if IS_ENABLED(CONFIG_IPV6)
	if (rt->rt_gw_family == AF_INET6)
		return __ipv6_neigh_lookup_noref(out, &rt->rt_gw6);
#endif
	return __ipv4_neigh_lookup_noref(out, (__force u32)daddr);
}

/* Fill in what an IPv4 route says; false: *reason says why not. */
static bool kpac_path_route4(struct kpac_path *path,
			     const struct kpac_port *port,
			     const struct sk_buff *skb,
			     const struct net_device *dev,
			     enum kpac_pass_reason *reason)
{
	struct dst_entry *dst = skb_dst(skb);
	const struct rtable *rt = dst_rtable(dst);

	if (rt->rt_type != RTN_UNICAST || dst->error) {
		*reason = rt->rt_type == RTN_LOCAL ? KPAC_PASS_REASON_LOCAL :
			  rt->rt_type == RTN_BROADCAST ||
			  rt->rt_type == RTN_MULTICAST ?
						KPAC_PASS_REASON_ADDRESS :
						KPAC_PASS_REASON_NO_ROUTE;
		kpac_passdst_add(port, skb, *reason);
		return false;
	}
	if (!kpac_path_plain(port, dev, dst, reason))
		return false;
	*reason = KPAC_PASS_REASON_ROUTE_TYPE;
	if (IPCB(skb)->flags & IPSKB_DOREDIRECT || rt->rt_pmtu ||
	    rt->rt_mtu_locked || !rt_is_input_route(rt))
		return false;
#ifdef CONFIG_IP_ROUTE_CLASSID
	if (dst->tclassid)
		return false;
#endif

	*reason = KPAC_PASS_REASON_NEIGHBOUR;
	kpac_path_out(path, dst_dev(dst), ip_dst_mtu_maybe_forward(dst, true));
	path->key.dst = dst;
	path->key.neigh = kpac_path_neigh4(rt, path->dev, ip_hdr(skb)->daddr);
	if (!kpac_path_neigh_valid(path->key.neigh))
		return false;
	/* The header cached with an IPv6 gateway says IPv6. */
	if (rt->rt_gw_family == AF_INET6)
		path->hh_len = KPAC_PATH_NO_HH;
	return true;
}

/**
 * kpac_path_resolve4 - ask the kernel which way an IPv4 packet goes
 * @port: the port it came in by
 * @skb: the packet, its IPv4 header valid and linear; is left as it was
 * @dev: the device that the stack would route it for: the port's or its VRF
 * @reason: set if it is not to be forwarded
 *
 * Context: softirq.
 * Return: the path, or NULL.
 */
struct kpac_path *kpac_path_resolve4(struct kpac_port *port,
				     struct sk_buff *skb,
				     struct net_device *dev,
				     enum kpac_pass_reason *reason)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	struct kpac_path like = { .key.port = port };
	struct kpac_path *path = NULL;
	int genid;

	kpac_stats_resolve(port->stats);
	*reason = KPAC_PASS_REASON_IP_FORWARD_OFF;
	if (!in_dev || !IN_DEV_FORWARD(in_dev))
		return NULL;
	*reason = KPAC_PASS_REASON_NO_ROUTE;
	/* Read first: if it changes meanwhile, the path is out of date. */
	like.rp_filter = kpac_path_rp_filter(dev_net(dev), in_dev);
	genid = rt_genid_ipv4(dev_net(dev));
	smp_rmb();	/* pairs with the atomic in rt_genid_bump_ipv4() */
	IPCB(skb)->flags = 0;
	if (!kpac_compat_route_input(skb, ip_hdr(skb), dev)) {
		if (ipv4_is_multicast(ip_hdr(skb)->daddr))
			*reason = KPAC_PASS_REASON_ADDRESS;
		return NULL;
	}
	/* A new route for what was found in the table before it changed. */
	if (skb_rtable(skb)->rt_genid != genid) {
		skb_dst_drop(skb);
		*reason = KPAC_PASS_REASON_NEIGHBOUR;
		return NULL;
	}
	if (kpac_path_route4(&like, port, skb, dev, reason))
		path = kpac_path_make(&like, reason);
	skb_dst_drop(skb);
	return path;
}

#if IS_ENABLED(CONFIG_IPV6)
/* The IPv6 counterpart of ip_route_input_noref() is not exported by all
 * kernels; the lookup below it is.
 */
static struct dst_entry *kpac_path_lookup6(struct net *net,
					   struct sk_buff *skb,
					   struct net_device *dev)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	struct flow_keys keys;
	struct flowi6 fl6 = {
		.flowi6_iif = dev->ifindex,
		.flowi6_mark = skb->mark,
		.flowi6_proto = hdr->nexthdr,
		.flowlabel = ip6_flowinfo(hdr),
		.saddr = hdr->saddr,
		.daddr = hdr->daddr,
	};

	fib6_rules_early_flow_dissect(net, skb, &fl6, &keys);
	return ip6_route_input_lookup(net, dev, &fl6, skb,
				      RT6_LOOKUP_F_HAS_SADDR |
				      RT6_LOOKUP_F_DST_NOREF);
}

/* Addresses of packets that a router sends on; ip6_rcv(), ip6_forward() and
 * the routing code turn the others away one after the other.
 */
static bool kpac_path_addresses6(const struct ipv6hdr *hdr)
{
	int s = ipv6_addr_type(&hdr->saddr), d = ipv6_addr_type(&hdr->daddr);
	const int no = IPV6_ADDR_MULTICAST | IPV6_ADDR_LOOPBACK |
		       IPV6_ADDR_LINKLOCAL;

	return s != IPV6_ADDR_ANY && d != IPV6_ADDR_ANY && !((s | d) & no);
}

static bool kpac_path_route6(struct kpac_path *path,
			     const struct kpac_port *port,
			     const struct sk_buff *skb,
			     const struct net_device *dev,
			     struct dst_entry *dst,
			     enum kpac_pass_reason *reason)
{
	const struct rt6_info *rt = dst_rt6_info(dst);
	const struct in6_addr *nexthop;
	unsigned int mtu;

	if (rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST) || dst->error ||
	    rt->rt6i_flags & RTF_REJECT) {
		*reason = rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST) ?
				KPAC_PASS_REASON_LOCAL :
				KPAC_PASS_REASON_NO_ROUTE;
		kpac_passdst_add(port, skb, *reason);
		return false;
	}
	if (!kpac_path_plain(port, dev, dst, reason))
		return false;
	*reason = KPAC_PASS_REASON_ROUTE_TYPE;
	/* what a PMTU exception says changes in place */
	if (rt->rt6i_flags & RTF_CACHE)
		return false;
	/* the device's own, as long as that is up and its MTU the same */
	if (!ip6_dst_idev(dst) ||
	    ip6_dst_idev(dst) != __in6_dev_get(dst_dev(dst)))
		return false;

	*reason = KPAC_PASS_REASON_NEIGHBOUR;
	/* its own if it has one: the device's is asked for every packet */
	mtu = dst_metric_raw(dst, RTAX_MTU) ?: dst_dev(dst)->mtu;
	kpac_path_out(path, dst_dev(dst), mtu);
	path->key.dst = dst;
	path->cookie = rt6_get_cookie(rt);
	path->pcpu6 = !rt->sernum &&
		      (rt->rt6i_flags & (RTF_PCPU | RTF_EXPIRES)) == RTF_PCPU;
	nexthop = rt6_nexthop(rt, &ipv6_hdr(skb)->daddr);
	path->key.neigh = __ipv6_neigh_lookup_noref(path->dev, nexthop);
	if (!kpac_path_neigh_valid(path->key.neigh))
		return false;
	return true;
}

/**
 * kpac_path_resolve6 - ask the kernel which way an IPv6 packet goes
 * @port: the port it came in by
 * @skb: the packet, its IPv6 header valid and linear
 * @dev: the device that the stack would route it for: the port's or its VRF
 * @reason: set if it is not to be forwarded
 *
 * Context: softirq.
 * Return: the path, or NULL.
 */
struct kpac_path *kpac_path_resolve6(struct kpac_port *port,
				     struct sk_buff *skb,
				     struct net_device *dev,
				     enum kpac_pass_reason *reason)
{
	struct kpac_path like = { .key.port = port };
	struct net *net = dev_net(dev);
	struct dst_entry *dst;

	kpac_stats_resolve(port->stats);
	*reason = KPAC_PASS_REASON_ADDRESS;
	if (!kpac_path_addresses6(ipv6_hdr(skb)))
		return NULL;
	/* Read first: if it changes meanwhile, the path is out of date. */
	like.fib6_gen = atomic_read_acquire(&port->kn->fib6_gen);
	dst = kpac_path_lookup6(net, skb, dev);
	if (!kpac_path_route6(&like, port, skb, dev, dst, reason))
		return NULL;
	return kpac_path_make(&like, reason);
}
#endif /* CONFIG_IPV6 */

/**
 * kpac_path_init - set up the table of paths
 *
 * Context: process, at module load.
 * Return: 0 or -ENOMEM.
 */
int __init kpac_path_init(void)
{
	int err = -ENOMEM;
	u32 i;

	kpac_path_table = vmalloc(array_size(KPAC_PATHS,
					     sizeof(*kpac_path_table)));
	if (!kpac_path_table)
		return err;
	for (i = 0; i < KPAC_PATHS; i++)
		RCU_INIT_POINTER(kpac_path_table[i], &kpac_path_none);
	kpac_path_cache = KMEM_CACHE(kpac_path, SLAB_HWCACHE_ALIGN);
	if (!kpac_path_cache)
		goto err_table;
	err = rhashtable_init(&kpac_path_hash, &kpac_path_params);
	if (err)
		goto err_cache;
	schedule_delayed_work(&kpac_path_sweeper, KPAC_PATH_SWEEP);
	return 0;

err_cache:
	kmem_cache_destroy(kpac_path_cache);
err_table:
	vfree(kpac_path_table);
	return err;
}

/**
 * kpac_path_exit - free the table of paths
 *
 * Context: process, when all ports have gone.
 */
void kpac_path_exit(void)
{
	cancel_delayed_work_sync(&kpac_path_sweeper);
	cancel_work_sync(&kpac_path_renewer);
	cancel_work_sync(&kpac_path_killer);
	rcu_barrier();	/* kpac_path_free() */
	WARN_ON_ONCE(!list_empty(&kpac_path_list));
	rhashtable_destroy(&kpac_path_hash);
	kmem_cache_destroy(kpac_path_cache);
	vfree(kpac_path_table);
}
