// SPDX-License-Identifier: GPL-2.0
/*
 * Where answers of peers come in: UDP sockets, behind whatever decides about
 * packets to this host. Nobody reads from them; packets are looked at when they
 * arrive, and go no further.
 */

#include <linux/err.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "compat.h"
#include "heartbeat.h"
#include "listener.h"

static int kpac_listener_receive(struct sock *sk, struct sk_buff *skb)
{
	const struct udphdr *udp = udp_hdr(skb);
	struct kpac_heartbeat_from from = {
		.port = udp->source,
		.to = udp->dest,
		.ip6 = sk->sk_family == AF_INET6,
	};
	const struct kpac_heartbeat *answer;
	struct kpac_heartbeat copy;

	if (from.ip6)
		from.addr.in6 = ipv6_hdr(skb)->saddr;
	else
		from.addr.ip = ip_hdr(skb)->saddr;
	answer = skb_header_pointer(skb, sizeof(*udp), sizeof(copy), &copy);
	if (answer)
		kpac_heartbeat_answer(sock_net(sk), &from, answer);
	consume_skb(skb);
	return 0;
}

static int kpac_listener_bind(struct socket *sock, bool ip6, __be16 port)
{
	struct sockaddr_in6 addr6 = {
		.sin6_family = AF_INET6,
		.sin6_port = port,
	};
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = port };

	if (!ip6)
		return kpac_compat_bind(sock, &addr, sizeof(addr));
	return ip6_sock_set_v6only(sock->sk) ?:
	       kpac_compat_bind(sock, &addr6, sizeof(addr6));
}

static struct socket *kpac_listener_open(struct net *net, bool ip6, __be16 port)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(net, ip6 ? AF_INET6 : AF_INET, SOCK_DGRAM,
			       IPPROTO_UDP, &sock);
	if (err)
		return ERR_PTR(err);
	err = kpac_listener_bind(sock, ip6, port);
	if (err) {
		sock_release(sock);
		return ERR_PTR(err);
	}
	udp_sk(sock->sk)->encap_rcv = kpac_listener_receive;
	/* others look at that first */
	smp_store_release(&udp_sk(sock->sk)->encap_type, 1);
	udp_tunnel_encap_enable(sock->sk);
	return sock;
}

static struct kpac_listener *kpac_listener_new(struct net *net, bool ip6,
					       __be16 port)
{
	struct kpac_listener *l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	struct socket *sock;

	if (!l)
		return ERR_PTR(-ENOMEM);
	sock = kpac_listener_open(net, ip6, port);
	if (IS_ERR(sock)) {
		kfree(l);
		return ERR_CAST(sock);
	}
	l->sock = sock;
	l->port = inet_sk(sock->sk)->inet_sport;
	l->ip6 = ip6;
	l->any = !port;
	return l;
}

/**
 * kpac_listener_get - have answers come in at a port
 * @net: the namespace
 * @listeners: its listeners
 * @ip6: they come by IPv6
 * @port: the port, or 0 for one that is free
 *
 * Context: process, may sleep, under the lock of @listeners.
 * Return: what listens, for kpac_listener_put(), or an error: -EADDRINUSE, if
 * the port is somebody else's.
 */
struct kpac_listener *kpac_listener_get(struct net *net,
					struct list_head *listeners, bool ip6,
					__be16 port)
{
	struct kpac_listener *l;

	list_for_each_entry(l, listeners, list) {
		if (l->ip6 != ip6 || (port ? l->port != port : !l->any))
			continue;
		l->users++;
		return l;
	}
	l = kpac_listener_new(net, ip6, port);
	if (IS_ERR(l))
		return l;
	l->users = 1;
	list_add(&l->list, listeners);
	return l;
}

/**
 * kpac_listener_put - let it go
 * @listener: what listens; no packet is looked at any more when the last one has
 *	let it go
 *
 * Context: process, may sleep, under the lock of its list.
 */
void kpac_listener_put(struct kpac_listener *listener)
{
	if (--listener->users)
		return;
	list_del(&listener->list);
	sock_release(listener->sock);
	synchronize_net();
	kfree(listener);
}
