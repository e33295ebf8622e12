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

static const struct netlink_range_validation kpac_a_match_ifindex_range = {
	.min	= 1ULL,
	.max	= S32_MAX,
};

static const struct netlink_range_validation kpac_a_balancer_connections_range = {
	.min	= 1024ULL,
	.max	= 4194304ULL,
};

static const struct netlink_range_validation kpac_a_balancer_timeout_range = {
	.min	= 1000ULL,
	.max	= 604800000ULL,
};

static const struct netlink_range_validation kpac_a_heartbeat_ifindex_range = {
	.min	= 1ULL,
	.max	= S32_MAX,
};

static const struct netlink_range_validation kpac_a_heartbeat_interval_range = {
	.min	= KPAC_MIN_PROBE_INTERVAL,
	.max	= KPAC_MAX_PROBE_INTERVAL,
};

/* Common nested types */
const struct nla_policy kpac_arg_nl_policy[KPAC_A_ARG_PREFIX_LEN + 1] = {
	[KPAC_A_ARG_NAME] = { .type = NLA_NUL_STRING, .len = 31, },
	[KPAC_A_ARG_NUMBER] = { .type = NLA_UINT, },
	[KPAC_A_ARG_TEXT] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_TEXT, },
	[KPAC_A_ARG_ADDRESS] = { .type = NLA_BINARY, },
	[KPAC_A_ARG_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
};

const struct nla_policy kpac_do_nl_policy[KPAC_A_DO_FIGURE + 1] = {
	[KPAC_A_DO_HANDLER] = { .type = NLA_NUL_STRING, .len = 31, },
	[KPAC_A_DO_ARG] = NLA_POLICY_NESTED(kpac_arg_nl_policy),
	[KPAC_A_DO_FIGURE] = NLA_POLICY_NESTED(kpac_figure_nl_policy),
};

const struct nla_policy kpac_figure_nl_policy[KPAC_A_FIGURE_NUMBER + 1] = {
	[KPAC_A_FIGURE_NAME] = { .type = NLA_NUL_STRING, },
	[KPAC_A_FIGURE_NUMBER] = { .type = NLA_UINT, },
};

const struct nla_policy kpac_match_nl_policy[KPAC_A_MATCH_UNFILTERED + 1] = {
	[KPAC_A_MATCH_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_match_ifindex_range),
	[KPAC_A_MATCH_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[KPAC_A_MATCH_VLAN] = NLA_POLICY_MAX(NLA_U16, 4095),
	[KPAC_A_MATCH_ETHERTYPE] = { .type = NLA_U16, },
	[KPAC_A_MATCH_PROTO] = { .type = NLA_U8, },
	[KPAC_A_MATCH_SRC] = { .type = NLA_BINARY, },
	[KPAC_A_MATCH_SRC_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[KPAC_A_MATCH_DST] = { .type = NLA_BINARY, },
	[KPAC_A_MATCH_DST_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[KPAC_A_MATCH_SPORT] = { .type = NLA_U16, },
	[KPAC_A_MATCH_SPORT_MAX] = { .type = NLA_U16, },
	[KPAC_A_MATCH_DPORT] = { .type = NLA_U16, },
	[KPAC_A_MATCH_DPORT_MAX] = { .type = NLA_U16, },
	[KPAC_A_MATCH_ICMP_TYPE] = { .type = NLA_U8, },
	[KPAC_A_MATCH_ICMP_CODE] = { .type = NLA_U8, },
	[KPAC_A_MATCH_TCP_FLAGS] = { .type = NLA_U8, },
	[KPAC_A_MATCH_TCP_FLAGS_MASK] = { .type = NLA_U8, },
	[KPAC_A_MATCH_DSCP] = NLA_POLICY_MAX(NLA_U8, 63),
	[KPAC_A_MATCH_FRAGMENT] = NLA_POLICY_MAX(NLA_U32, 3),
	[KPAC_A_MATCH_LENGTH] = { .type = NLA_U32, },
	[KPAC_A_MATCH_LENGTH_MAX] = { .type = NLA_U32, },
	[KPAC_A_MATCH_PAYLOAD] = NLA_POLICY_NESTED(kpac_payload_nl_policy),
	[KPAC_A_MATCH_UNFILTERED] = { .type = NLA_FLAG, },
};

const struct nla_policy kpac_payload_nl_policy[KPAC_A_PAYLOAD_MASK + 1] = {
	[KPAC_A_PAYLOAD_BASE] = NLA_POLICY_MAX(NLA_U32, 3),
	[KPAC_A_PAYLOAD_OFFSET] = { .type = NLA_U32, },
	[KPAC_A_PAYLOAD_VALUE] = { .type = NLA_BINARY, },
	[KPAC_A_PAYLOAD_MASK] = { .type = NLA_BINARY, },
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

/* KPAC_CMD_ENTRY_NEW - do */
static const struct nla_policy kpac_entry_new_nl_policy[KPAC_A_ENTRY_EXPIRES + 1] = {
	[KPAC_A_ENTRY_PRIORITY] = { .type = NLA_U32, },
	[KPAC_A_ENTRY_COMMENT] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_COMMENT, },
	[KPAC_A_ENTRY_MATCH] = NLA_POLICY_NESTED(kpac_match_nl_policy),
	[KPAC_A_ENTRY_DO] = NLA_POLICY_NESTED(kpac_do_nl_policy),
	[KPAC_A_ENTRY_EXPIRES] = { .type = NLA_UINT, },
};

/* KPAC_CMD_ENTRY_DEL - do */
static const struct nla_policy kpac_entry_del_nl_policy[KPAC_A_ENTRY_COMMENT + 1] = {
	[KPAC_A_ENTRY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KPAC_A_ENTRY_PRIORITY] = { .type = NLA_U32, },
	[KPAC_A_ENTRY_COMMENT] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_COMMENT, },
};

/* KPAC_CMD_ENTRY_GET - do */
static const struct nla_policy kpac_entry_get_nl_policy[KPAC_A_ENTRY_ID + 1] = {
	[KPAC_A_ENTRY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* KPAC_CMD_ENTRY_RESET - do */
static const struct nla_policy kpac_entry_reset_nl_policy[KPAC_A_ENTRY_COMMENT + 1] = {
	[KPAC_A_ENTRY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[KPAC_A_ENTRY_PRIORITY] = { .type = NLA_U32, },
	[KPAC_A_ENTRY_COMMENT] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_COMMENT, },
};

/* KPAC_CMD_BATCH_BEGIN - do */
static const struct nla_policy kpac_batch_begin_nl_policy[KPAC_A_TABLE_GENERATION + 1] = {
	[KPAC_A_TABLE_GENERATION] = { .type = NLA_UINT, },
};

/* KPAC_CMD_HANDLER_GET - do */
static const struct nla_policy kpac_handler_get_nl_policy[KPAC_A_HANDLER_NAME + 1] = {
	[KPAC_A_HANDLER_NAME] = { .type = NLA_NUL_STRING, .len = 31, },
};

/* KPAC_CMD_FLOWMON_GET - dump */
static const struct nla_policy kpac_flowmon_get_nl_policy[KPAC_A_FLOW_MONITOR + 1] = {
	[KPAC_A_FLOW_MONITOR] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_MONITOR, },
};

/* KPAC_CMD_FLOWMON_RESET - do */
static const struct nla_policy kpac_flowmon_reset_nl_policy[KPAC_A_FLOW_MONITOR + 1] = {
	[KPAC_A_FLOW_MONITOR] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_MONITOR, },
};

/* KPAC_CMD_BALANCER_NEW - do */
static const struct nla_policy kpac_balancer_new_nl_policy[KPAC_A_BALANCER_TIMEOUT + 1] = {
	[KPAC_A_BALANCER_NAME] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_BALANCER, },
	[KPAC_A_BALANCER_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[KPAC_A_BALANCER_CONNECTIONS] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_balancer_connections_range),
	[KPAC_A_BALANCER_TIMEOUT] = NLA_POLICY_FULL_RANGE(NLA_UINT, &kpac_a_balancer_timeout_range),
};

/* KPAC_CMD_BALANCER_SET - do */
static const struct nla_policy kpac_balancer_set_nl_policy[KPAC_A_BALANCER_TIMEOUT + 1] = {
	[KPAC_A_BALANCER_NAME] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_BALANCER, },
	[KPAC_A_BALANCER_TIMEOUT] = NLA_POLICY_FULL_RANGE(NLA_UINT, &kpac_a_balancer_timeout_range),
};

/* KPAC_CMD_BALANCER_DEL - do */
static const struct nla_policy kpac_balancer_del_nl_policy[KPAC_A_BALANCER_NAME + 1] = {
	[KPAC_A_BALANCER_NAME] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_BALANCER, },
};

/* KPAC_CMD_BALANCER_GET - do */
static const struct nla_policy kpac_balancer_get_nl_policy[KPAC_A_BALANCER_NAME + 1] = {
	[KPAC_A_BALANCER_NAME] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_BALANCER, },
};

/* KPAC_CMD_BACKEND_NEW - do */
static const struct nla_policy kpac_backend_new_nl_policy[KPAC_A_BACKEND_HEARTBEAT + 1] = {
	[KPAC_A_BACKEND_BALANCER] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_BALANCER, },
	[KPAC_A_BACKEND_ADDRESS] = { .type = NLA_BINARY, },
	[KPAC_A_BACKEND_PORT] = { .type = NLA_U16, },
	[KPAC_A_BACKEND_WEIGHT] = NLA_POLICY_MAX(NLA_U32, KPAC_MAX_WEIGHT),
	[KPAC_A_BACKEND_STATE] = NLA_POLICY_MAX(NLA_U32, 2),
	[KPAC_A_BACKEND_HEARTBEAT] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_HEARTBEAT, },
};

/* KPAC_CMD_BACKEND_SET - do */
static const struct nla_policy kpac_backend_set_nl_policy[KPAC_A_BACKEND_HEARTBEAT + 1] = {
	[KPAC_A_BACKEND_BALANCER] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_BALANCER, },
	[KPAC_A_BACKEND_ADDRESS] = { .type = NLA_BINARY, },
	[KPAC_A_BACKEND_PORT] = { .type = NLA_U16, },
	[KPAC_A_BACKEND_WEIGHT] = NLA_POLICY_MAX(NLA_U32, KPAC_MAX_WEIGHT),
	[KPAC_A_BACKEND_STATE] = NLA_POLICY_MAX(NLA_U32, 2),
	[KPAC_A_BACKEND_HEARTBEAT] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_HEARTBEAT, },
};

/* KPAC_CMD_BACKEND_DEL - do */
static const struct nla_policy kpac_backend_del_nl_policy[KPAC_A_BACKEND_PORT + 1] = {
	[KPAC_A_BACKEND_BALANCER] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_BALANCER, },
	[KPAC_A_BACKEND_ADDRESS] = { .type = NLA_BINARY, },
	[KPAC_A_BACKEND_PORT] = { .type = NLA_U16, },
};

/* KPAC_CMD_BACKEND_GET - dump */
static const struct nla_policy kpac_backend_get_nl_policy[KPAC_A_BACKEND_BALANCER + 1] = {
	[KPAC_A_BACKEND_BALANCER] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_BALANCER, },
};

/* KPAC_CMD_HEARTBEAT_NEW - do */
static const struct nla_policy kpac_heartbeat_new_nl_policy[KPAC_A_HEARTBEAT_SIZE + 1] = {
	[KPAC_A_HEARTBEAT_NAME] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_HEARTBEAT_NAME, },
	[KPAC_A_HEARTBEAT_ADDR] = { .type = NLA_BINARY, },
	[KPAC_A_HEARTBEAT_DPORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KPAC_A_HEARTBEAT_SRC] = { .type = NLA_BINARY, },
	[KPAC_A_HEARTBEAT_SPORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KPAC_A_HEARTBEAT_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_heartbeat_ifindex_range),
	[KPAC_A_HEARTBEAT_INTERVAL] = NLA_POLICY_FULL_RANGE(NLA_U32, &kpac_a_heartbeat_interval_range),
	[KPAC_A_HEARTBEAT_MISSES] = NLA_POLICY_RANGE(NLA_U32, 1, KPAC_MAX_PROBE_ROW),
	[KPAC_A_HEARTBEAT_HITS] = NLA_POLICY_RANGE(NLA_U32, 1, KPAC_MAX_PROBE_ROW),
	[KPAC_A_HEARTBEAT_SIZE] = NLA_POLICY_RANGE(NLA_U32, KPAC_MIN_PROBE_SIZE, KPAC_MAX_PROBE_SIZE),
};

/* KPAC_CMD_HEARTBEAT_DEL - do */
static const struct nla_policy kpac_heartbeat_del_nl_policy[KPAC_A_HEARTBEAT_NAME + 1] = {
	[KPAC_A_HEARTBEAT_NAME] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_HEARTBEAT_NAME, },
};

/* KPAC_CMD_HEARTBEAT_GET - do */
static const struct nla_policy kpac_heartbeat_get_nl_policy[KPAC_A_HEARTBEAT_NAME + 1] = {
	[KPAC_A_HEARTBEAT_NAME] = { .type = NLA_NUL_STRING, .len = KPAC_MAX_HEARTBEAT_NAME, },
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
	{
		.cmd		= KPAC_CMD_ENTRY_NEW,
		.doit		= kpac_nl_entry_new_doit,
		.policy		= kpac_entry_new_nl_policy,
		.maxattr	= KPAC_A_ENTRY_EXPIRES,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_ENTRY_DEL,
		.doit		= kpac_nl_entry_del_doit,
		.policy		= kpac_entry_del_nl_policy,
		.maxattr	= KPAC_A_ENTRY_COMMENT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_ENTRY_FLUSH,
		.doit	= kpac_nl_entry_flush_doit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_ENTRY_GET,
		.doit		= kpac_nl_entry_get_doit,
		.policy		= kpac_entry_get_nl_policy,
		.maxattr	= KPAC_A_ENTRY_ID,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_ENTRY_GET,
		.start	= kpac_nl_entry_get_start,
		.dumpit	= kpac_nl_entry_get_dumpit,
		.done	= kpac_nl_entry_get_done,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= KPAC_CMD_ENTRY_RESET,
		.doit		= kpac_nl_entry_reset_doit,
		.policy		= kpac_entry_reset_nl_policy,
		.maxattr	= KPAC_A_ENTRY_COMMENT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_BATCH_BEGIN,
		.doit		= kpac_nl_batch_begin_doit,
		.policy		= kpac_batch_begin_nl_policy,
		.maxattr	= KPAC_A_TABLE_GENERATION,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_BATCH_COMMIT,
		.doit	= kpac_nl_batch_commit_doit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_BATCH_ABORT,
		.doit	= kpac_nl_batch_abort_doit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_TABLE_GET,
		.doit	= kpac_nl_table_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_HANDLER_GET,
		.doit		= kpac_nl_handler_get_doit,
		.policy		= kpac_handler_get_nl_policy,
		.maxattr	= KPAC_A_HANDLER_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_HANDLER_GET,
		.dumpit	= kpac_nl_handler_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= KPAC_CMD_FLOWMON_GET,
		.start		= kpac_nl_flowmon_get_start,
		.dumpit		= kpac_nl_flowmon_get_dumpit,
		.done		= kpac_nl_flowmon_get_done,
		.policy		= kpac_flowmon_get_nl_policy,
		.maxattr	= KPAC_A_FLOW_MONITOR,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= KPAC_CMD_FLOWMON_RESET,
		.doit		= kpac_nl_flowmon_reset_doit,
		.policy		= kpac_flowmon_reset_nl_policy,
		.maxattr	= KPAC_A_FLOW_MONITOR,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_BALANCER_NEW,
		.doit		= kpac_nl_balancer_new_doit,
		.policy		= kpac_balancer_new_nl_policy,
		.maxattr	= KPAC_A_BALANCER_TIMEOUT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_BALANCER_SET,
		.doit		= kpac_nl_balancer_set_doit,
		.policy		= kpac_balancer_set_nl_policy,
		.maxattr	= KPAC_A_BALANCER_TIMEOUT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_BALANCER_DEL,
		.doit		= kpac_nl_balancer_del_doit,
		.policy		= kpac_balancer_del_nl_policy,
		.maxattr	= KPAC_A_BALANCER_NAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_BALANCER_GET,
		.doit		= kpac_nl_balancer_get_doit,
		.policy		= kpac_balancer_get_nl_policy,
		.maxattr	= KPAC_A_BALANCER_NAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_BALANCER_GET,
		.dumpit	= kpac_nl_balancer_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= KPAC_CMD_BACKEND_NEW,
		.doit		= kpac_nl_backend_new_doit,
		.policy		= kpac_backend_new_nl_policy,
		.maxattr	= KPAC_A_BACKEND_HEARTBEAT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_BACKEND_SET,
		.doit		= kpac_nl_backend_set_doit,
		.policy		= kpac_backend_set_nl_policy,
		.maxattr	= KPAC_A_BACKEND_HEARTBEAT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_BACKEND_DEL,
		.doit		= kpac_nl_backend_del_doit,
		.policy		= kpac_backend_del_nl_policy,
		.maxattr	= KPAC_A_BACKEND_PORT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_BACKEND_GET,
		.start		= kpac_nl_backend_get_start,
		.dumpit		= kpac_nl_backend_get_dumpit,
		.done		= kpac_nl_backend_get_done,
		.policy		= kpac_backend_get_nl_policy,
		.maxattr	= KPAC_A_BACKEND_BALANCER,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= KPAC_CMD_HEARTBEAT_NEW,
		.doit		= kpac_nl_heartbeat_new_doit,
		.policy		= kpac_heartbeat_new_nl_policy,
		.maxattr	= KPAC_A_HEARTBEAT_SIZE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_HEARTBEAT_DEL,
		.doit		= kpac_nl_heartbeat_del_doit,
		.policy		= kpac_heartbeat_del_nl_policy,
		.maxattr	= KPAC_A_HEARTBEAT_NAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= KPAC_CMD_HEARTBEAT_GET,
		.doit		= kpac_nl_heartbeat_get_doit,
		.policy		= kpac_heartbeat_get_nl_policy,
		.maxattr	= KPAC_A_HEARTBEAT_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= KPAC_CMD_HEARTBEAT_GET,
		.dumpit	= kpac_nl_heartbeat_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group kpac_nl_mcgrps[] = {
	[KPAC_NLGRP_PORTS] = { "ports", },
	[KPAC_NLGRP_TABLE] = { "table", },
	[KPAC_NLGRP_HEARTBEAT] = { "heartbeat", },
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
