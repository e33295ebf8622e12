/* SPDX-License-Identifier: GPL-2.0 */
/* The netfilter hooks on a packet's way. */
#ifndef _KPAC_HOOKS_H
#define _KPAC_HOOKS_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>

extern nf_hookfn *kpac_hooks_lsm __ro_after_init;

/**
 * kpac_hooks_before - whether a forwarded packet would meet a netfilter hook
 *	before it leaves
 * @hooks: the namespace's hooks of one family
 *
 * Context: softirq, under RCU.
 */
static __always_inline bool
kpac_hooks_before(struct nf_hook_entries __rcu * const *hooks)
{
	/* either way of reading them at the moment of a change is right */
	return data_race((__force unsigned long)hooks[NF_INET_PRE_ROUTING] |
			 (__force unsigned long)hooks[NF_INET_FORWARD]);
}

/**
 * kpac_hooks_after - whether a forwarded packet would meet a netfilter hook
 *	as it leaves
 * @hooks: the namespace's hooks of one family
 *
 * Not counted is the one that AppArmor has in every namespace: it looks at
 * packets that have both a security mark and a socket. kpac_history() sees to
 * it that no packet with a mark is forwarded.
 *
 * Context: softirq, under RCU.
 */
static __always_inline bool
kpac_hooks_after(struct nf_hook_entries __rcu * const *hooks)
{
	const struct nf_hook_entries *post;

	post = rcu_dereference(hooks[NF_INET_POST_ROUTING]);
	return post && (post->num_hook_entries != 1 ||
			post->hooks[0].hook != kpac_hooks_lsm);
}

/**
 * kpac_hooks_local - whether a packet to this host would meet a netfilter hook
 *	that others would not
 * @hooks: the namespace's hooks of one family
 *
 * Context: softirq, under RCU.
 */
static inline bool kpac_hooks_local(struct nf_hook_entries __rcu * const *hooks)
{
	return rcu_access_pointer(hooks[NF_INET_LOCAL_IN]);
}

/**
 * kpac_hooks_out - whether a packet of this host, without a socket, would meet a
 *	netfilter hook before it leaves
 * @hooks: the namespace's hooks of one family
 *
 * Context: softirq, under RCU.
 */
static inline bool kpac_hooks_out(struct nf_hook_entries __rcu * const *hooks)
{
	return rcu_access_pointer(hooks[NF_INET_LOCAL_OUT]) ||
	       kpac_hooks_after(hooks);
}

bool kpac_hooks_other(const struct net *net);
bool kpac_hooks_bridge(const struct net *net);
void kpac_hooks_init(void);

#endif /* _KPAC_HOOKS_H */
