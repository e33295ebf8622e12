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

/* Common nested types */
extern const struct nla_policy kpac_arg_nl_policy[KPAC_A_ARG_PREFIX_LEN + 1];
extern const struct nla_policy kpac_do_nl_policy[KPAC_A_DO_FIGURE + 1];
extern const struct nla_policy kpac_figure_nl_policy[KPAC_A_FIGURE_NUMBER + 1];
extern const struct nla_policy kpac_match_nl_policy[KPAC_A_MATCH_UNFILTERED + 1];
extern const struct nla_policy kpac_payload_nl_policy[KPAC_A_PAYLOAD_MASK + 1];

int kpac_nl_entry_get_start(struct netlink_callback *cb);
int kpac_nl_flowmon_get_start(struct netlink_callback *cb);
int kpac_nl_backend_get_start(struct netlink_callback *cb);
int kpac_nl_entry_get_done(struct netlink_callback *cb);
int kpac_nl_flowmon_get_done(struct netlink_callback *cb);
int kpac_nl_backend_get_done(struct netlink_callback *cb);

int kpac_nl_port_new_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_port_del_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kpac_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kpac_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_entry_new_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_entry_del_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_entry_flush_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_entry_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_entry_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kpac_nl_entry_reset_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_batch_begin_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_batch_commit_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_batch_abort_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_table_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_handler_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_handler_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int kpac_nl_flowmon_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int kpac_nl_flowmon_reset_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_balancer_new_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_balancer_set_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_balancer_del_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_balancer_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_balancer_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int kpac_nl_backend_new_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_backend_set_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_backend_del_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_backend_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int kpac_nl_heartbeat_new_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_heartbeat_del_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_heartbeat_get_doit(struct sk_buff *skb, struct genl_info *info);
int kpac_nl_heartbeat_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);

enum {
	KPAC_NLGRP_PORTS,
	KPAC_NLGRP_TABLE,
	KPAC_NLGRP_HEARTBEAT,
};

extern struct genl_family kpac_nl_family;

#endif /* _LINUX_KPAC_GEN_H */
