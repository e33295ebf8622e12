/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	uapi/kpac.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: scripts/ynl.sh */

#ifndef _LINUX_KPAC_GEN_H
#define _LINUX_KPAC_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/kpac.h>

int kpac_nl_port_new_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_port_del_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kpac_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kpac_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	KPAC_NLGRP_PORTS,
};

extern struct genl_family kpac_nl_family;

#endif /* _LINUX_KPAC_GEN_H */
