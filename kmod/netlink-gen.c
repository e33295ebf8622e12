// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	uapi/kpac.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: scripts/ynl.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/kpac.h>

/* Integer value ranges */
static const struct netlink_range_validation kpac_a_port_ifindex_range = {
	.min	= 1ULL,
	.max	= S32_MAX,
};

static const struct netlink_range_validation kpac_a_stats_ifindex_range = {
	.min	= 1ULL,
	.max	= S32_MAX,
};

/* KPAC_CMD_PORT_NEW - do */
static const struct nla_policy kpac_port_new_nl_policy[KPAC_A_PORT_COPYBREAK + 1] = {
	[KPAC_A_PORT_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_port_ifindex_range),
	[KPAC_A_PORT_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[KPAC_A_PORT_DOOR] = NLA_POLICY_MAX(NLA_U32, 2),
	[KPAC_A_PORT_FORWARD] = NLA_POLICY_MAX(NLA_U8, 1),
	[KPAC_A_PORT_TX_BATCH] = { .type = NLA_U32, },
	[KPAC_A_PORT_CLEAN_BATCH] = { .type = NLA_U32, },
	[KPAC_A_PORT_POOL] = { .type = NLA_U32, },
	[KPAC_A_PORT_COPYBREAK] = { .type = NLA_U32, },
};

/* KPAC_CMD_PORT_SET - do */
static const struct nla_policy kpac_port_set_nl_policy[KPAC_A_PORT_COPYBREAK + 1] = {
	[KPAC_A_PORT_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_port_ifindex_range),
	[KPAC_A_PORT_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[KPAC_A_PORT_DOOR] = NLA_POLICY_MAX(NLA_U32, 2),
	[KPAC_A_PORT_FORWARD] = NLA_POLICY_MAX(NLA_U8, 1),
	[KPAC_A_PORT_TX_BATCH] = { .type = NLA_U32, },
	[KPAC_A_PORT_CLEAN_BATCH] = { .type = NLA_U32, },
	[KPAC_A_PORT_POOL] = { .type = NLA_U32, },
	[KPAC_A_PORT_COPYBREAK] = { .type = NLA_U32, },
};

/* KPAC_CMD_PORT_DEL - do */
static const struct nla_policy kpac_port_del_nl_policy[KPAC_A_PORT_IFNAME + 1] = {
	[KPAC_A_PORT_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_port_ifindex_range),
	[KPAC_A_PORT_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* KPAC_CMD_PORT_GET - do */
static const struct nla_policy kpac_port_get_nl_policy[KPAC_A_PORT_IFNAME + 1] = {
	[KPAC_A_PORT_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_port_ifindex_range),
	[KPAC_A_PORT_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* KPAC_CMD_STATS_GET - do */
static const struct nla_policy kpac_stats_get_nl_policy[KPAC_A_STATS_IFNAME + 1] = {
	[KPAC_A_STATS_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_stats_ifindex_range),
	[KPAC_A_STATS_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* KPAC_CMD_STATS_RESET - do */
static const struct nla_policy kpac_stats_reset_nl_policy[KPAC_A_STATS_IFNAME + 1] = {
	[KPAC_A_STATS_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_stats_ifindex_range),
	[KPAC_A_STATS_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* Ops table for kpac */
static const struct genl_split_ops kpac_nl_ops[] = {
	{
		.cmd		= KPAC_CMD_PORT_NEW,
		.doit		= kpac_nl_port_new_doit,
		.policy		= kpac_port_new_nl_policy,
		.maxattr	= KPAC_A_PORT_COPYBREAK,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_PORT_SET,
		.doit		= kpac_nl_port_set_doit,
		.policy		= kpac_port_set_nl_policy,
		.maxattr	= KPAC_A_PORT_COPYBREAK,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_PORT_DEL,
		.doit		= kpac_nl_port_del_doit,
		.policy		= kpac_port_del_nl_policy,
		.maxattr	= KPAC_A_PORT_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_PORT_GET,
		.doit		= kpac_nl_port_get_doit,
		.policy		= kpac_port_get_nl_policy,
		.maxattr	= KPAC_A_PORT_IFNAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_PORT_GET,
		.dumpit	= kpac_nl_port_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= KPAC_CMD_STATS_GET,
		.doit		= kpac_nl_stats_get_doit,
		.policy		= kpac_stats_get_nl_policy,
		.maxattr	= KPAC_A_STATS_IFNAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_STATS_GET,
		.dumpit	= kpac_nl_stats_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= KPAC_CMD_STATS_RESET,
		.doit		= kpac_nl_stats_reset_doit,
		.policy		= kpac_stats_reset_nl_policy,
		.maxattr	= KPAC_A_STATS_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group kpac_nl_mcgrps[] = {
	[KPAC_NLGRP_PORTS] = { "ports", },
};

struct genl_family kpac_nl_family __ro_after_init = {
	.name		= KPAC_FAMILY_NAME,
	.version	= KPAC_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= kpac_nl_ops,
	.n_split_ops	= ARRAY_SIZE(kpac_nl_ops),
	.mcgrps		= kpac_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(kpac_nl_mcgrps),
};
