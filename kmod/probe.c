// SPDX-License-Identifier: GPL-2.0
/*
 * Probes: how they are made and leave. The kernel's routing says which way that is,
 * and is asked again only when it has something else to say. If the device is a
 * port, and nothing on the way out would look at a packet of this host, it goes
 * there in a buffer from the port's pool; otherwise it goes as any packet of this
 * host does.
 */

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/ndisc.h>
#include <net/route.h>
#include <net/udp.h>

#include "compat.h"
#include "hooks.h"
#include "judge.h"
#include "packet.h"
#include "peer.h"
#include "probe.h"
#include "xmit.h"

/**
 * kpac_probe_forget - forget how the last probe went
 * @peer: the peer
 *
 * Context: its timer, or process when that is stopped.
 */
void kpac_probe_forget(struct kpac_peer *peer)
{
	dst_release(peer->route.dst);
	peer->route.dst = NULL;
}

/* ---- routes ---- */

static struct dst_entry *kpac_probe_route4(struct kpac_peer *peer)
{
	const struct kpac_peer_config *config = &peer->config;
	struct flowi4 fl4 = {
		.daddr = config->addr.ip,
		.saddr = config->src.ip,
		.flowi4_oif = config->ifindex,
		.flowi4_proto = IPPROTO_UDP,
		.fl4_dport = config->dport,
		.fl4_sport = config->sport,
	};
	struct rtable *rt = ip_route_output_key(peer->net, &fl4);

	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return NULL;
	}
	peer->route.src.ip = fl4.saddr;
	return &rt->dst;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *kpac_probe_route6(struct kpac_peer *peer)
{
	const struct kpac_peer_config *config = &peer->config;
	struct flowi6 fl6 = {
		.daddr = config->addr.in6,
		.saddr = config->src.in6,
		.flowi6_oif = config->ifindex,
		.flowi6_proto = IPPROTO_UDP,
		.fl6_dport = config->dport,
		.fl6_sport = config->sport,
	};
	struct dst_entry *dst;

	/* as the route of IPv4 does */
	if (!ipv6_addr_any(&config->src.in6) &&
	    !ipv6_chk_addr(peer->net, &config->src.in6, NULL, 0))
		return NULL;
	dst = ip6_dst_lookup_flow(peer->net, NULL, &fl6, NULL);
	if (IS_ERR(dst))
		return NULL;
	peer->route.src.in6 = fl6.saddr;
	peer->route.cookie = rt6_get_cookie(dst_rt6_info(dst));
	return dst;
}
#else
static struct dst_entry *kpac_probe_route6(struct kpac_peer *peer)
{
	return NULL;
}
#endif

/* The route of a peer, which keeps it. */
static struct dst_entry *kpac_probe_route(struct kpac_peer *peer)
{
	struct kpac_peer_route *route = &peer->route;

	if (likely(route->dst) && likely(dst_check(route->dst, route->cookie)))
		return route->dst;
	kpac_probe_forget(peer);
	route->dst = peer->config.ip6 ? kpac_probe_route6(peer) :
					kpac_probe_route4(peer);
	return route->dst;
}

static struct neighbour *kpac_probe_neigh(const struct kpac_peer *peer,
					  struct net_device *out)
{
	const union nf_inet_addr *addr = &peer->config.addr;
	const struct dst_entry *dst = peer->route.dst;
	const struct rtable *rt = dst_rtable(dst);

#if IS_ENABLED(CONFIG_IPV6)
	if (peer->config.ip6)
		return __ipv6_neigh_lookup_noref(out,
				rt6_nexthop(dst_rt6_info(dst), &addr->in6));
#endif
	/* the header kept with an IPv6 gateway says IPv6 */
	if (rt->rt_gw_family == AF_INET6)
		return NULL;
	return __ipv4_neigh_lookup_noref(out, (__force u32)
			(rt->rt_gw_family ? rt->rt_gw4 : addr->ip));
}

/* Whether the stack would do no more to a probe than to send it. */
static bool kpac_probe_plain(const struct kpac_peer *peer,
			     const struct net_device *out, unsigned int len)
{
	const struct dst_entry *dst = peer->route.dst;
	const struct netns_nf *nf = &peer->net->nf;

	return kpac_port_tx(out) && out->type == ARPHRD_ETHER &&
	       !netif_is_l3_slave(out) && !dst->lwtstate && !dst->header_len &&
	       !dst_xfrm(dst) && !dst->error && len <= dst_mtu(dst) &&
	       !kpac_xfrm(peer->net) &&
	       !kpac_hooks_out(peer->config.ip6 ? nf->hooks_ipv6 :
						  nf->hooks_ipv4);
}

/* The neighbour whose link-layer header a probe can be given, or NULL. */
static struct neighbour *kpac_probe_express(const struct kpac_peer *peer,
					    struct net_device *out,
					    unsigned int len)
{
	struct neighbour *neigh;

	if (!kpac_probe_plain(peer, out, len))
		return NULL;
	neigh = kpac_probe_neigh(peer, out);
	return neigh && kpac_neigh_usable(neigh) &&
	       READ_ONCE(neigh->hh.hh_len) == ETH_HLEN ? neigh : NULL;
}

/* ---- packets ---- */

static unsigned int kpac_probe_ip_len(const struct kpac_peer *peer)
{
	return peer->config.ip6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

static unsigned int kpac_probe_len(const struct kpac_peer *peer)
{
	return kpac_probe_ip_len(peer) + sizeof(struct udphdr) +
	       peer->config.size;
}

static void kpac_probe_ip4(const struct kpac_peer *peer, struct sk_buff *skb)
{
	struct iphdr *iph = ip_hdr(skb);

	*iph = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tot_len = htons(skb->len),
		.frag_off = htons(IP_DF),
		.ttl = ip4_dst_hoplimit(peer->route.dst),
		.protocol = IPPROTO_UDP,
		.saddr = peer->route.src.ip,
		.daddr = peer->config.addr.ip,
	};
	ip_send_check(iph);
	skb->protocol = htons(ETH_P_IP);
}

#if IS_ENABLED(CONFIG_IPV6)
static void kpac_probe_ip6(const struct kpac_peer *peer, struct sk_buff *skb)
{
	struct ipv6hdr *hdr = ipv6_hdr(skb);

	ip6_flow_hdr(hdr, 0, 0);
	hdr->payload_len = htons(skb->len - sizeof(*hdr));
	hdr->nexthdr = IPPROTO_UDP;
	hdr->hop_limit = ip6_dst_hoplimit(peer->route.dst);
	hdr->saddr = peer->route.src.in6;
	hdr->daddr = peer->config.addr.in6;
	skb->protocol = htons(ETH_P_IPV6);
}
#else
static void kpac_probe_ip6(const struct kpac_peer *peer, struct sk_buff *skb)
{
}
#endif

static __sum16 kpac_probe_sum(const struct kpac_peer *peer,
			      const struct udphdr *udp, unsigned int len)
{
	const union nf_inet_addr *src = &peer->route.src;
	const union nf_inet_addr *dst = &peer->config.addr;
	__wsum sum = csum_partial(udp, len, 0);
	__sum16 check;

	check = peer->config.ip6 ?
		csum_ipv6_magic(&src->in6, &dst->in6, len, IPPROTO_UDP, sum) :
		csum_tcpudp_magic(src->ip, dst->ip, len, IPPROTO_UDP, sum);
	return check ?: CSUM_MANGLED_0;
}

/* Write a probe into a buffer, from the network header on. */
static void kpac_probe_write(const struct kpac_peer *peer, struct sk_buff *skb,
			     const struct kpac_heartbeat *heartbeat)
{
	unsigned int size = peer->config.size, len = sizeof(struct udphdr) + size;
	unsigned int ip_len = kpac_probe_ip_len(peer);
	struct udphdr *udp;
	u8 *payload;

	skb_reset_network_header(skb);
	skb_set_transport_header(skb, ip_len);
	udp = skb_put(skb, ip_len + len) + ip_len;
	*udp = (struct udphdr){
		.source = peer->config.sport,
		.dest = peer->config.dport,
		.len = htons(len),
	};
	payload = (u8 *)(udp + 1);
	memcpy(payload, heartbeat, sizeof(*heartbeat));
	if (size > sizeof(*heartbeat))
		memset(payload + sizeof(*heartbeat), 0,
		       size - sizeof(*heartbeat));
	udp->check = kpac_probe_sum(peer, udp, len);
	if (peer->config.ip6)
		kpac_probe_ip6(peer, skb);
	else
		kpac_probe_ip4(peer, skb);
}

/* ---- ways out ---- */

static bool kpac_probe_send_slow(const struct kpac_peer *peer,
				 const struct net_device *out,
				 const struct kpac_heartbeat *heartbeat)
{
	struct dst_entry *dst = peer->route.dst;
	unsigned int headroom = LL_RESERVED_SPACE(out) + dst->header_len;
	struct sk_buff *skb;
	int err;

	skb = alloc_skb(headroom + kpac_probe_len(peer),
			GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return false;
	skb_reserve(skb, headroom);
	kpac_probe_write(peer, skb, heartbeat);
	dst_hold(dst);
	skb_dst_set(skb, dst);
	err = peer->config.ip6 ? ip6_local_out(peer->net, NULL, skb) :
				 ip_local_out(peer->net, NULL, skb);
	return !net_xmit_eval(err);
}

static void kpac_probe_count(const struct kpac_peer *peer,
			     const struct net_device *out, unsigned int len)
{
	struct net *net = peer->net;

	if (!peer->config.ip6) {
		IP_INC_STATS(net, IPSTATS_MIB_OUTREQUESTS);
		IP_UPD_PO_STATS(net, IPSTATS_MIB_OUT, len);
		return;
	}
#if IS_ENABLED(CONFIG_IPV6)
	IP6_UPD_PO_STATS(net, __in6_dev_get(out), IPSTATS_MIB_OUT, len);
#endif
}

static bool kpac_probe_send_express(const struct kpac_peer *peer,
				    struct net_device *out,
				    const struct neighbour *neigh,
				    const struct kpac_heartbeat *heartbeat)
{
	unsigned int len = kpac_probe_len(peer);
	struct sk_buff *skb = kpac_xmit_buffer(out, len, false);

	if (!skb)
		return false;
	kpac_probe_write(peer, skb, heartbeat);
	kpac_probe_count(peer, out, len);
	kpac_xmit_hh(skb, &neigh->hh);
	__skb_push(skb, ETH_HLEN);
	skb_reset_mac_header(skb);
	return kpac_xmit_frame(skb, out) != KPAC_EXIT_DROP;
}

/**
 * kpac_probe_send - send a probe
 * @peer: to whom
 * @heartbeat: what it begins with
 *
 * Context: softirq, in the peer's timer.
 * Return: false if there is no way, or it was dropped on this host.
 */
bool kpac_probe_send(struct kpac_peer *peer,
		     const struct kpac_heartbeat *heartbeat)
{
	const struct netns_mib *mibs = &peer->net->mib;
	struct udp_mib __percpu *mib = peer->config.ip6 ? mibs->udp_stats_in6 :
							  mibs->udp_statistics;
	struct neighbour *neigh;
	struct net_device *out;
	struct dst_entry *dst;
	bool sent = false;

	rcu_read_lock();
	dst = kpac_probe_route(peer);
	if (dst) {
		out = dst_dev(dst);
		neigh = kpac_probe_express(peer, out, kpac_probe_len(peer));
		sent = neigh ? kpac_probe_send_express(peer, out, neigh,
						       heartbeat) :
			       kpac_probe_send_slow(peer, out, heartbeat);
	}
	rcu_read_unlock();
	if (sent)
		SNMP_INC_STATS(mib, UDP_MIB_OUTDATAGRAMS);
	return sent;
}
