// SPDX-License-Identifier: GPL-2.0
/* What this host's sockets expect; see sockets.h. */

#include <linux/in.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "../compat.h"
#include "sockets.h"

/* The device of a packet as sockets see it: the VRF, and the device in it. */
struct kpac_sockets_dev {
	struct net *net;
	int dif;
	int sdif;
};

static struct kpac_sockets_dev
kpac_sockets_dev(const struct net_device *dev)
{
	struct kpac_sockets_dev d = { .net = dev_net(dev), .dif = dev->ifindex };

	if (netif_is_l3_slave(dev)) {
		d.sdif = d.dif;
		d.dif = l3mdev_master_ifindex_rcu(dev);
	}
	return d;
}

static struct sock *kpac_sockets_tcp(const struct kpac_sockets_dev *d,
				     const struct kpac_ends *ends)
{
	u16 dport = ntohs(ends->dport);

	if (!ends->ip6)
		return kpac_compat_tcp4(d->net, (__force __be32)ends->src.a,
					ends->sport,
					(__force __be32)ends->dst.a, dport,
					d->dif, d->sdif);
	return kpac_compat_tcp6(d->net, (const struct in6_addr *)&ends->src,
				ends->sport, (const struct in6_addr *)&ends->dst,
				dport, d->dif, d->sdif);
}

/* Whether a TCP socket, or what is left of one, is for a packet. A SYN that finds
 * one which is left may begin a connection that somebody listens for.
 */
static bool kpac_sockets_tcp_expect(const struct kpac_sockets_dev *d,
				    const struct kpac_ends *ends, bool syn)
{
	struct sock *sk = kpac_sockets_tcp(d, ends);
	bool expected;

	if (!sk)
		return false;
	expected = !syn || READ_ONCE(sk->sk_state) != TCP_TIME_WAIT;
	sock_gen_put(sk);
	return expected;
}

static bool kpac_sockets_peer_is(const struct sock *sk,
				 const struct kpac_ends *ends)
{
	if (sk->sk_dport != ends->sport)
		return false;
	if (!ends->ip6)
		return sk->sk_daddr == (__force __be32)ends->src.a;
#if IS_ENABLED(CONFIG_IPV6)
	return ipv6_addr_equal(&sk->sk_v6_daddr,
			       (const struct in6_addr *)&ends->src);
#else
	return false;
#endif
}

/* Whether a UDP socket is connected to who has sent a packet. (A BPF program
 * may have chosen one that is not.)
 */
static bool kpac_sockets_udp_expect(const struct kpac_sockets_dev *d,
				    const struct kpac_ends *ends)
{
	struct sock *sk;

	if (!ends->ip6)
		sk = kpac_compat_udp4(d->net, (__force __be32)ends->src.a,
				      ends->sport,
				      (__force __be32)ends->dst.a,
				      ends->dport, d->dif, d->sdif);
	else
		sk = kpac_compat_udp6(d->net,
				      (const struct in6_addr *)&ends->src,
				      ends->sport,
				      (const struct in6_addr *)&ends->dst,
				      ends->dport, d->dif, d->sdif);
	/* without a reference: UDP sockets are freed by RCU */
	return sk && READ_ONCE(sk->sk_state) == TCP_ESTABLISHED &&
	       kpac_sockets_peer_is(sk, ends);
}

/**
 * kpac_sockets_expect - whether a socket of this host expects a packet
 * @dev: the device that it came in by
 * @ends: whom it is from and for
 * @syn: it is a TCP SYN without ACK
 *
 * Those are TCP sockets that are connected or just about to be, and UDP sockets
 * that are connected.
 *
 * Context: softirq, under RCU.
 * Return: true if there is one.
 */
bool kpac_sockets_expect(const struct net_device *dev,
			 const struct kpac_ends *ends, bool syn)
{
	const struct kpac_sockets_dev d = kpac_sockets_dev(dev);

	switch (ends->proto) {
	case IPPROTO_TCP:
		return kpac_sockets_tcp_expect(&d, ends, syn);
	case IPPROTO_UDP:
		return kpac_sockets_udp_expect(&d, ends);
	default:
		return false;
	}
}
