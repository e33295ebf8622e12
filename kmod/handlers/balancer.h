/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Balancers: which back ends there are, who has which slot, and which connections
 * are remembered. They live by themselves; entries use them by their name.
 */
#ifndef _KPAC_BALANCER_H
#define _KPAC_BALANCER_H

#include <linux/netlink.h>
#include <net/net_namespace.h>

#include "backend.h"
#include "cells.h"
#include "maglev.h"

/* Of the name of a balancer, with the NUL. */
#define KPAC_BALANCER_NAME_SIZE	(KPAC_MAX_BALANCER + 1)

/* A table that packets meet. */
struct kpac_balancer_slots {
	struct rcu_head rcu;
	u16 slot[KPAC_MAGLEV_SLOTS];
};

/* What was done, on one CPU: see the attributes of the same names. */
struct kpac_balancer_stats {
	u64 moved;
	u64 unavailable;
	u64 unresolved;
	u64 unchangeable;
	u64 fragments;
	u64 others;
	u64 unknown;
	u64 errors;
};

/**
 * struct kpac_balancer - a balancer
 * @cells: the connections; with NAT each for both ways
 * @stats: what was done
 * @slots: the table, or NULL if there is no back end
 * @timeout: for how many ticks a silent connection is remembered
 * @fresh: for how many of them it must be, for a packet to change nothing
 * @ip6: what packets are balanced, if there is a back end
 * @nat: by NAT
 * @backend: the back ends by number
 * @list: with the namespace's others, by name
 * @backends: the back ends by address and port
 * @n: how many
 * @users: who holds it; @list counts as one
 * @entries: how many of them are entries
 * @generation: how many back ends there have been
 * @max: what @cells were made for
 * @timeout_ms: what @timeout was made from
 * @net: the namespace
 * @name: its name
 */
struct kpac_balancer {
	struct kpac_cells *cells;
	struct kpac_balancer_stats __percpu *stats;
	struct kpac_balancer_slots __rcu *slots;
	u32 timeout;
	s32 fresh;
	bool ip6;
	bool nat;
	struct kpac_backend __rcu *backend[KPAC_MAX_BACKENDS];
	struct list_head list;
	struct list_head backends;
	unsigned int n;
	unsigned int users;
	unsigned int entries;
	u16 generation;
	u32 max;
	u64 timeout_ms;
	struct net *net;
	char name[KPAC_BALANCER_NAME_SIZE];
};

/**
 * struct kpac_balancer_config - what is wanted of a balancer
 * @name: its name
 * @mode: enum kpac_balance_mode
 * @max: connections to remember
 * @timeout: for how long a silent one is, in ms
 */
struct kpac_balancer_config {
	const char *name;
	u32 mode;
	u32 max;
	u64 timeout;
};

/**
 * struct kpac_balancer_sum - all of a balancer
 * @backends: how many back ends
 * @entries: how many entries use it
 * @cells: memory that is used of @max
 * @evicted: connections that had to be forgotten
 * @timeout: in ms
 * @stats: what was done
 */
struct kpac_balancer_sum {
	u32 backends;
	u32 entries;
	u64 cells;
	u64 evicted;
	u64 timeout;
	struct kpac_balancer_stats stats;
};

typedef int (*kpac_backend_fn)(const struct kpac_backend *backend, void *arg);

int kpac_balancer_new(struct net *net,
		      const struct kpac_balancer_config *config,
		      struct netlink_ext_ack *extack);
int kpac_balancer_del(struct kpac_balancer *balancer,
		      struct netlink_ext_ack *extack);
void kpac_balancer_set_timeout(struct kpac_balancer *balancer, u64 timeout);
struct kpac_balancer *kpac_balancer_get(struct net *net, const char *name);
struct kpac_balancer *kpac_balancer_next(struct net *net, const char *after);
void kpac_balancer_put(struct kpac_balancer *balancer);
struct kpac_balancer *kpac_balancer_use(struct net *net, const char *name);
void kpac_balancer_unuse(struct kpac_balancer *balancer);
void kpac_balancer_sum(const struct kpac_balancer *balancer,
		       struct kpac_balancer_sum *sum);
int kpac_balancer_add(struct kpac_balancer *balancer,
		      const struct kpac_backend_config *config,
		      struct netlink_ext_ack *extack);
int kpac_balancer_set(struct kpac_balancer *balancer,
		      const struct kpac_backend_config *config,
		      struct netlink_ext_ack *extack);
int kpac_balancer_remove(struct kpac_balancer *balancer,
			 const struct kpac_backend_config *config);
int kpac_balancer_for_each(struct kpac_balancer *balancer, u32 *at,
			   kpac_backend_fn fn, void *arg);
int kpac_balancer_init(void);
void kpac_balancer_exit(void);

#endif /* _KPAC_BALANCER_H */
