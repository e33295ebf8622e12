// SPDX-License-Identifier: GPL-2.0
/* The netfilter hooks on a forwarded packet's way; see hooks.h. */

#include <linux/init.h>
#include <linux/mm.h>
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
