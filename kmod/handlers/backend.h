/* SPDX-License-Identifier: GPL-2.0 */
/* Back ends: the hosts that a balancer gives connections to. */
#ifndef _KPAC_BACKEND_H
#define _KPAC_BACKEND_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <uapi/linux/kpac.h>

#include "../health.h"
#include "affinity.h"
#include "hop.h"
#include "rewrite.h"

/* One CPU's. */
struct kpac_backend_stats {
	u64 packets;
	u64 bytes;
	u64 connections;
};

/**
 * struct kpac_backend - a back end
 * @who: its number and generation, as connections remember them
 * @state: what the administrator wants of it
 * @end: its address and port; port 0 is whatever packets are sent to
 * @health: what its heartbeat says, or NULL; outlives whoever may look
 * @stats: what it was given
 * @hop: how its link-layer address is found
 * @ip6: its address is IPv6
 * @weight: its part of new connections
 * @slots: its slots of the balancer's table
 * @list: with the balancer's others, by address and port
 */
struct kpac_backend {
	u64 who;
	u8 state;
	struct kpac_rewrite_end end;
	struct kpac_health __rcu *health;
	struct kpac_backend_stats __percpu *stats;
	struct kpac_hop hop;
	bool ip6;
	u32 weight;
	u32 slots;
	struct list_head list;
};

/**
 * struct kpac_backend_config - what is wanted of a back end
 * @addr: its address; of IPv4 in the first 4 bytes
 * @port: its port, or 0
 * @ip6: the address is IPv6
 * @has_weight: @weight counts
 * @has_state: @state counts
 * @weight: its part of new connections
 * @state: enum kpac_backend_state
 * @heartbeat: the name of its heartbeat; "": it has none; NULL: does not count
 */
struct kpac_backend_config {
	struct kpac_ends_addr addr;
	__be16 port;
	bool ip6;
	bool has_weight;
	bool has_state;
	u32 weight;
	u8 state;
	const char *heartbeat;
};

/**
 * kpac_backend_alive - whether a back end may have packets of what it has
 * @backend: the back end
 *
 * Context: softirq.
 * Return: false if it is down.
 */
static __always_inline bool
kpac_backend_alive(const struct kpac_backend *backend)
{
	const struct kpac_health *health = rcu_dereference(backend->health);

	return likely(READ_ONCE(backend->state) != KPAC_BACKEND_STATE_DOWN) &&
	       (!health || likely(!kpac_health_down(health)));
}

/* The same for a new connection. */
static inline bool kpac_backend_open(const struct kpac_backend *backend)
{
	return READ_ONCE(backend->state) == KPAC_BACKEND_STATE_UP &&
	       kpac_backend_alive(backend);
}

/* Count a packet of a back end. */
static __always_inline void kpac_backend_count(const struct kpac_backend *backend,
					       const struct kpac_view *view)
{
	this_cpu_add(backend->stats->packets, view->segs);
	this_cpu_add(backend->stats->bytes, kpac_view_bytes(view));
}

struct kpac_backend *kpac_backend_new(const struct kpac_backend_config *config,
				      u64 who);
int kpac_backend_watch(struct kpac_backend *backend, const struct net *net,
		       const char *heartbeat);
void kpac_backend_free(struct kpac_backend *backend);
u64 kpac_backend_hash(const struct kpac_backend *backend);
int kpac_backend_order(const struct kpac_backend *backend,
		       const struct kpac_backend_config *config);
void kpac_backend_sum(const struct kpac_backend *backend,
		      struct kpac_backend_stats *sum);

#endif /* _KPAC_BACKEND_H */
