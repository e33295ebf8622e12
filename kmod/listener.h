/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_LISTENER_H
#define _KPAC_LISTENER_H

#include <linux/list.h>
#include <net/net_namespace.h>

struct socket;

/**
 * struct kpac_listener - a UDP socket where answers of peers come in
 * @list: with the others of the namespace
 * @sock: the socket
 * @port: its port
 * @ip6: it is of IPv6
 * @any: nobody has asked for this port
 * @users: peers that have it
 */
struct kpac_listener {
	struct list_head list;
	struct socket *sock;
	__be16 port;
	bool ip6;
	bool any;
	unsigned int users;
};

struct kpac_listener *kpac_listener_get(struct net *net,
					struct list_head *listeners, bool ip6,
					__be16 port);
void kpac_listener_put(struct kpac_listener *listener);

#endif /* _KPAC_LISTENER_H */
