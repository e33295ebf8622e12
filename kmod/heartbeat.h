/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heartbeats: the peers of a namespace that are asked, again and again, whether
 * they are there. Everything that happens between two changes by the user happens
 * in softirq: a timer sends the probes and counts those that nobody has answered,
 * answers are taken where they come in. What the CPUs do for user space does not
 * matter.
 *
 *   peer      one that is asked, and what is known of it
 *   probe     what it is sent
 *   listener  the UDP sockets where the answers come in
 */
#ifndef _KPAC_HEARTBEAT_H
#define _KPAC_HEARTBEAT_H

#include <linux/list.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <uapi/linux/kpac_heartbeat.h>

#include "peer.h"

/**
 * struct kpac_heartbeats - the heartbeats of a namespace
 * @peers: the peers by their numbers; changed under the lock of all namespaces
 * @listeners: where their answers come in; protected by it
 * @count: how many peers there are
 * @rate: how many probes they are sent in a second
 * @next: where to look for the next number
 * @changes: how often there have been other peers, for consistent dumps
 */
struct kpac_heartbeats {
	struct xarray peers;
	struct list_head listeners;
	unsigned int count;
	unsigned int rate;
	u32 next;
	unsigned int changes;
};

/**
 * struct kpac_heartbeat_from - where a packet comes from that may be an answer
 * @addr: the sender's address
 * @port: the sender's UDP port
 * @to: the UDP port that it is sent to
 * @ip6: the address is IPv6
 */
struct kpac_heartbeat_from {
	union nf_inet_addr addr;
	__be16 port;
	__be16 to;
	bool ip6;
};

bool kpac_heartbeat_answer(struct net *net,
			   const struct kpac_heartbeat_from *from,
			   const struct kpac_heartbeat *answer);
int kpac_heartbeat_add(struct net *net, const struct kpac_peer_config *config);
int kpac_heartbeat_del(struct net *net, const char *name);
int kpac_heartbeat_get(struct net *net, const char *name,
		       struct kpac_peer_info *info);
unsigned int kpac_heartbeat_changes(struct net *net);
bool kpac_heartbeat_next(struct net *net, unsigned long *at,
			 struct kpac_peer_info *info);
int kpac_heartbeat_init(void);
void kpac_heartbeat_stop(void);
void kpac_heartbeat_exit(void);

#endif /* _KPAC_HEARTBEAT_H */
