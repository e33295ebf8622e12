// SPDX-License-Identifier: GPL-2.0
/* The netfilter hooks on a forwarded packet's way; see hooks.h. */

#include <linux/init.h>
#include <linux/mm.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_ipv4.h>
#include <net/net_namespace.h>

#include "hooks.h"

nf_hookfn *kpac_hooks_lsm __ro_after_init;

/* Of all hooks in the kernel, AppArmor's alone has this place and priority.
 * nftables and BPF, where users choose both, mark theirs; other modules are
 * told by their address.
 */
static bool kpac_hooks_is_lsm(const struct nf_hook_ops *ops)
{
	return ops->hook_ops_type == NF_HOOK_OP_UNDEFINED &&
	       ops->priority == NF_IP_PRI_SELINUX_FIRST &&
	       !is_vmalloc_or_module_addr(ops->hook);
}

/**
 * kpac_hooks_other - whether a packet that is not IP would meet a netfilter hook
 * @net: the namespace
 *
 * Context: softirq, under RCU.
 */
bool kpac_hooks_other(const struct net *net)
{
#ifdef CONFIG_NETFILTER_FAMILY_ARP
	return rcu_access_pointer(net->nf.hooks_arp[NF_ARP_IN]) ||
	       rcu_access_pointer(net->nf.hooks_arp[NF_ARP_FORWARD]);
#else
	return false;
#endif
}

/**
 * kpac_hooks_bridge - whether a packet that is bridged would meet a hook
 * @net: the namespace
 *
 * Context: softirq, under RCU.
 */
bool kpac_hooks_bridge(const struct net *net)
{
#ifdef CONFIG_NETFILTER_FAMILY_BRIDGE
	int i;

	for (i = 0; i < ARRAY_SIZE(net->nf.hooks_bridge); i++)
		if (rcu_access_pointer(net->nf.hooks_bridge[i]))
			return true;
#endif
	return false;
}

/**
 * kpac_hooks_init - find AppArmor's hook
 *
 * It is built into the kernel and registered in every namespace at boot, with
 * one function for IPv4 and IPv6.
 *
 * Context: process, at module load.
 */
void __init kpac_hooks_init(void)
{
	const struct nf_hook_entries *e;
	struct nf_hook_ops **ops;
	int i;

	rcu_read_lock();
	e = rcu_dereference(init_net.nf.hooks_ipv4[NF_INET_POST_ROUTING]);
	if (e) {
		ops = nf_hook_entries_get_hook_ops(e);
		for (i = 0; i < e->num_hook_entries; i++)
			if (kpac_hooks_is_lsm(ops[i]))
				kpac_hooks_lsm = ops[i]->hook;
	}
	rcu_read_unlock();
}
