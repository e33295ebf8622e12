/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Health: whether hosts answer. Heartbeats find out and say so under a name;
 * handlers that choose between hosts hold the name, and look for every packet.
 */
#ifndef _KPAC_HEALTH_H
#define _KPAC_HEALTH_H

#include <linux/types.h>
#include <net/net_namespace.h>

#define KPAC_HEALTH_NAME_SIZE	48	/* an address fits, too */

/**
 * enum kpac_health_state - what is known
 * @KPAC_HEALTH_UNKNOWN: nobody has found out yet, or does any more
 * @KPAC_HEALTH_UP: it answers
 * @KPAC_HEALTH_DOWN: it does not
 */
enum kpac_health_state {
	KPAC_HEALTH_UNKNOWN,
	KPAC_HEALTH_UP,
	KPAC_HEALTH_DOWN,
};

/**
 * struct kpac_health - the health of a host
 * @state: what is known
 * @users: who holds it
 * @cookie: the namespace's
 * @node: in the hash of all
 * @name: the name
 */
struct kpac_health {
	enum kpac_health_state state;
	unsigned int users;
	u64 cookie;
	struct hlist_node node;
	char name[KPAC_HEALTH_NAME_SIZE];
};

/**
 * kpac_health_down - whether a host is known not to answer
 * @health: its health
 *
 * Context: any, while it is held.
 * Return: whether it is.
 */
static __always_inline bool kpac_health_down(const struct kpac_health *health)
{
	return READ_ONCE(health->state) == KPAC_HEALTH_DOWN;
}

/**
 * kpac_health_set - say what is known of a host
 * @health: its health; one who finds out says it
 * @state: what is known
 *
 * Context: any, while it is held.
 */
static inline void kpac_health_set(struct kpac_health *health,
				   enum kpac_health_state state)
{
	WRITE_ONCE(health->state, state);
}

struct kpac_health *kpac_health_get(const struct net *net, const char *name);
void kpac_health_put(struct kpac_health *health);

#endif /* _KPAC_HEALTH_H */
