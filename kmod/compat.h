/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that kpac is built for. No other file of
 * kpac knows a kernel version.
 */
#ifndef _KPAC_COMPAT_H
#define _KPAC_COMPAT_H

#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/dst.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/netdev_rx_queue.h>
#include <net/route.h>
#include <net/rps.h>
#include <net/sch_generic.h>
#include <net/udp.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "kpac needs Linux 6.12 or later"
#endif
#ifndef CONFIG_64BIT
#error "kpac needs a 64-bit kernel"
#endif

#ifdef CONFIG_CPU_BIG_ENDIAN
#error "kpac needs a little-endian kernel"
#endif

#ifdef CONFIG_PREEMPT_RT
#error "kpac relies on softirqs not being preempted: no PREEMPT_RT"
#endif

/* The workqueue whose workers stay on the CPU that work is queued on, and the one
 * whose workers run anywhere, have had other names since 6.17.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define kpac_compat_wq		system_wq
#define kpac_compat_unbound_wq	system_unbound_wq
#else
#define kpac_compat_wq		system_percpu_wq
#define kpac_compat_unbound_wq	system_dfl_wq
#endif

/* Packets have waited for a qdisc's lock in a list since 6.19, where its length
 * does not show them.
 */
static inline bool kpac_compat_qdisc_deferred(const struct Qdisc *q)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
	return false;
#else
	return !llist_empty(&q->defer_list);
#endif
}

/* What qdiscs go by: the length of a packet and, since 6.19, of how many it is. */
static __always_inline void kpac_compat_qdisc_len(struct sk_buff *skb)
{
	qdisc_skb_cb(skb)->pkt_len = skb->len;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	qdisc_skb_cb(skb)->pkt_segs = skb_is_gso(skb) ?
				      skb_shinfo(skb)->gso_segs : 1;
#endif
}

/* Running a qdisc, which takes a lock of some, and drops what they have kept for
 * that since 7.0: nothing, if they had no packet. Sparse cannot follow it.
 */
static inline bool kpac_compat_qdisc_run_begin(struct Qdisc *q)
{
#ifdef __CHECKER__
	return !qdisc_is_running(q);
#else
	return qdisc_run_begin(q);
#endif
}

static inline void kpac_compat_qdisc_run_end(struct Qdisc *q)
{
#ifndef __CHECKER__
	qdisc_run_end(q);
#endif
}

/* The routing functions have taken a dscp_t instead of a TOS since 6.13. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline bool kpac_compat_route_input(struct sk_buff *skb,
					   const struct iphdr *iph,
					   struct net_device *dev)
{
	return !ip_route_input_noref(skb, iph->daddr, iph->saddr, iph->tos,
				     dev);
}
#else
static inline bool kpac_compat_route_input(struct sk_buff *skb,
					   const struct iphdr *iph,
					   struct net_device *dev)
{
	return !ip_route_input_noref(skb, iph->daddr, iph->saddr,
				     inet_dsfield_to_dscp(iph->tos), dev);
}
#endif

/* Packet taps have been per network namespace since 6.16. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#include <net/hotdata.h>
static inline bool kpac_compat_taps(const struct net_device *dev)
{
	return !list_empty(&net_hotdata.ptype_all) ||
	       !list_empty(&dev->ptype_all);
}
#else
static inline bool kpac_compat_taps(const struct net_device *dev)
{
	return dev_nit_active_rcu(dev);
}
#endif

/* Whether a packet socket waits for one protocol of a device, behind the
 * receive handler. Those of all devices could not be seen before 6.16.
 */
static inline bool kpac_compat_packet_sockets(const struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	if (!list_empty(&dev_net(dev)->ptype_specific))
		return true;
#endif
	return !list_empty(&dev->ptype_specific);
}

/* Whether receive packet steering is set up for a queue. The queue's flow
 * table has been a tagged pointer since 7.1.
 */
#ifndef CONFIG_RPS
#define kpac_compat_rps_needed()	false
static inline bool kpac_compat_rps(const struct netdev_rx_queue *rxq)
{
	return false;
}
#else
#define kpac_compat_rps_needed()	static_branch_unlikely(&rps_needed)
static inline bool kpac_compat_rps(const struct netdev_rx_queue *rxq)
{
	if (rcu_access_pointer(rxq->rps_map))
		return true;
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
	return rcu_access_pointer(rxq->rps_flow_table);
#else
	return READ_ONCE(rxq->rps_flow_table);
#endif
}
#endif

/* What skb_scrub_packet() takes off a packet, but for what kpac_forward() has
 * made sure that the packet does not have (dst, conntrack, extensions), what
 * receiving the packet sets again, and the mark. Named here because it follows
 * the kernel's function.
 */
static __always_inline void kpac_compat_scrub(struct sk_buff *skb)
{
	skb->ignore_df = 0;
	nf_reset_trace(skb);
	ipvs_reset(skb);
#ifdef CONFIG_NET_SWITCHDEV
	skb->offload_fwd_mark = 0;
#endif
}

/* Looking for TCP sockets has not needed the hash table since 6.18. */
static inline struct sock *kpac_compat_tcp4(struct net *net, __be32 saddr,
					    __be16 sport, __be32 daddr,
					    u16 dport, int dif, int sdif)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return __inet_lookup_established(net, net->ipv4.tcp_death_row.hashinfo,
					 saddr, sport, daddr, dport, dif, sdif);
#else
	return __inet_lookup_established(net, saddr, sport, daddr, dport, dif,
					 sdif);
#endif
}

static inline struct sock *kpac_compat_tcp6(struct net *net,
					    const struct in6_addr *saddr,
					    __be16 sport,
					    const struct in6_addr *daddr,
					    u16 dport, int dif, int sdif)
{
#if !IS_ENABLED(CONFIG_IPV6)
	return NULL;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return __inet6_lookup_established(net, net->ipv4.tcp_death_row.hashinfo,
					  saddr, sport, daddr, dport, dif,
					  sdif);
#else
	return __inet6_lookup_established(net, saddr, sport, daddr, dport, dif,
					  sdif);
#endif
}

/* Nor that for UDP sockets since 7.1, without UDP-Lite. */
static inline struct sock *kpac_compat_udp4(struct net *net, __be32 saddr,
					    __be16 sport, __be32 daddr,
					    __be16 dport, int dif, int sdif)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
	return __udp4_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif,
				 net->ipv4.udp_table, NULL);
#else
	return __udp4_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif,
				 NULL);
#endif
}

static inline struct sock *kpac_compat_udp6(struct net *net,
					    const struct in6_addr *saddr,
					    __be16 sport,
					    const struct in6_addr *daddr,
					    __be16 dport, int dif, int sdif)
{
#if !IS_ENABLED(CONFIG_IPV6)
	return NULL;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
	return __udp6_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif,
				 net->ipv4.udp_table, NULL);
#else
	return __udp6_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif,
				 NULL);
#endif
}

/* Addresses of any size have had a type of their own since 6.19. */
static inline int kpac_compat_bind(struct socket *sock, void *addr, int len)
{
	return kernel_bind(sock, addr, len);
}

#endif /* _KPAC_COMPAT_H */
