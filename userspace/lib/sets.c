// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* The attributes of requests, named as in uapi/kpac.yaml, and their nests. */
#include "internal.h"

static const struct kpac_attr_set port_set = {
	.names = {
		[KPAC_A_PORT_IFINDEX] = "ifindex",
		[KPAC_A_PORT_IFNAME] = "ifname",
		[KPAC_A_PORT_DOOR] = "door",
		[KPAC_A_PORT_DOOR_USED] = "door-used",
		[KPAC_A_PORT_DOOR_WHY] = "door-why",
		[KPAC_A_PORT_FORWARD] = "forward",
		[KPAC_A_PORT_MASTER] = "master",
		[KPAC_A_PORT_TX_BATCH] = "tx-batch",
		[KPAC_A_PORT_CLEAN_BATCH] = "clean-batch",
		[KPAC_A_PORT_POOL] = "pool",
		[KPAC_A_PORT_COPYBREAK] = "copybreak",
	},
};

/* Requests about statistics carry nothing but the device. */
static const struct kpac_attr_set stats_set = {
	.names = {
		[KPAC_A_STATS_IFINDEX] = "ifindex",
		[KPAC_A_STATS_IFNAME] = "ifname",
	},
};

static const struct kpac_attr_set payload_set = {
	.names = {
		[KPAC_A_PAYLOAD_BASE] = "base",
		[KPAC_A_PAYLOAD_OFFSET] = "offset",
		[KPAC_A_PAYLOAD_VALUE] = "value",
		[KPAC_A_PAYLOAD_MASK] = "mask",
	},
};

static const struct kpac_attr_set match_set = {
	.names = {
		[KPAC_A_MATCH_IFINDEX] = "ifindex",
		[KPAC_A_MATCH_IFNAME] = "ifname",
		[KPAC_A_MATCH_VLAN] = "vlan",
		[KPAC_A_MATCH_ETHERTYPE] = "ethertype",
		[KPAC_A_MATCH_PROTO] = "proto",
		[KPAC_A_MATCH_SRC] = "src",
		[KPAC_A_MATCH_SRC_LEN] = "src-len",
		[KPAC_A_MATCH_DST] = "dst",
		[KPAC_A_MATCH_DST_LEN] = "dst-len",
		[KPAC_A_MATCH_SPORT] = "sport",
		[KPAC_A_MATCH_SPORT_MAX] = "sport-max",
		[KPAC_A_MATCH_DPORT] = "dport",
		[KPAC_A_MATCH_DPORT_MAX] = "dport-max",
		[KPAC_A_MATCH_ICMP_TYPE] = "icmp-type",
		[KPAC_A_MATCH_ICMP_CODE] = "icmp-code",
		[KPAC_A_MATCH_TCP_FLAGS] = "tcp-flags",
		[KPAC_A_MATCH_TCP_FLAGS_MASK] = "tcp-flags-mask",
		[KPAC_A_MATCH_DSCP] = "dscp",
		[KPAC_A_MATCH_FRAGMENT] = "fragment",
		[KPAC_A_MATCH_LENGTH] = "length",
		[KPAC_A_MATCH_LENGTH_MAX] = "length-max",
		[KPAC_A_MATCH_PAYLOAD] = "payload",
		[KPAC_A_MATCH_UNFILTERED] = "unfiltered",
	},
	.nests = { [KPAC_A_MATCH_PAYLOAD] = &payload_set },
};

static const struct kpac_attr_set arg_set = {
	.names = {
		[KPAC_A_ARG_NAME] = "name",
		[KPAC_A_ARG_NUMBER] = "number",
		[KPAC_A_ARG_TEXT] = "text",
		[KPAC_A_ARG_ADDRESS] = "address",
		[KPAC_A_ARG_PREFIX_LEN] = "prefix-len",
	},
};

static const struct kpac_attr_set do_set = {
	.names = {
		[KPAC_A_DO_HANDLER] = "handler",
		[KPAC_A_DO_ARG] = "arg",
		[KPAC_A_DO_FIGURE] = "figure",
	},
	.nests = { [KPAC_A_DO_ARG] = &arg_set },
};

static const struct kpac_attr_set entry_set = {
	.names = {
		[KPAC_A_ENTRY_ID] = "id",
		[KPAC_A_ENTRY_PRIORITY] = "priority",
		[KPAC_A_ENTRY_COMMENT] = "comment",
		[KPAC_A_ENTRY_MATCH] = "match",
		[KPAC_A_ENTRY_DO] = "do",
		[KPAC_A_ENTRY_EXPIRES] = "expires",
		[KPAC_A_ENTRY_PACKETS] = "packets",
		[KPAC_A_ENTRY_BYTES] = "bytes",
	},
	.nests = {
		[KPAC_A_ENTRY_MATCH] = &match_set,
		[KPAC_A_ENTRY_DO] = &do_set,
	},
};

static const struct kpac_attr_set table_set = {
	.names = {
		[KPAC_A_TABLE_GENERATION] = "generation",
	},
};

/* Requests about flows carry nothing but the monitor. */
static const struct kpac_attr_set flow_set = {
	.names = {
		[KPAC_A_FLOW_MONITOR] = "monitor",
	},
};

static const struct kpac_attr_set heartbeat_set = {
	.names = {
		[KPAC_A_HEARTBEAT_NAME] = "name",
		[KPAC_A_HEARTBEAT_ADDR] = "addr",
		[KPAC_A_HEARTBEAT_DPORT] = "dport",
		[KPAC_A_HEARTBEAT_SRC] = "src",
		[KPAC_A_HEARTBEAT_SPORT] = "sport",
		[KPAC_A_HEARTBEAT_IFINDEX] = "ifindex",
		[KPAC_A_HEARTBEAT_INTERVAL] = "interval",
		[KPAC_A_HEARTBEAT_MISSES] = "misses",
		[KPAC_A_HEARTBEAT_HITS] = "hits",
		[KPAC_A_HEARTBEAT_SIZE] = "size",
	},
};

static const struct kpac_attr_set balancer_set = {
	.names = {
		[KPAC_A_BALANCER_NAME] = "name",
		[KPAC_A_BALANCER_MODE] = "mode",
		[KPAC_A_BALANCER_CONNECTIONS] = "connections",
		[KPAC_A_BALANCER_TIMEOUT] = "timeout",
	},
};

static const struct kpac_attr_set backend_set = {
	.names = {
		[KPAC_A_BACKEND_BALANCER] = "balancer",
		[KPAC_A_BACKEND_ADDRESS] = "address",
		[KPAC_A_BACKEND_PORT] = "port",
		[KPAC_A_BACKEND_WEIGHT] = "weight",
		[KPAC_A_BACKEND_STATE] = "state",
		[KPAC_A_BACKEND_HEARTBEAT] = "heartbeat",
	},
};

#define FITS(max) \
	_Static_assert((max) < ARRAY_SIZE(((struct kpac_attr_set *)0)->names), \
		       #max)

FITS(KPAC_A_PORT_MAX);
FITS(KPAC_A_MATCH_MAX);
FITS(KPAC_A_ENTRY_MAX);

/* What a request of an operation has, or NULL. */
const struct kpac_attr_set *kpac_attr_set(int cmd)
{
	switch (cmd) {
	case KPAC_CMD_PORT_NEW:
	case KPAC_CMD_PORT_SET:
	case KPAC_CMD_PORT_DEL:
	case KPAC_CMD_PORT_GET:
		return &port_set;
	case KPAC_CMD_STATS_GET:
	case KPAC_CMD_STATS_RESET:
		return &stats_set;
	case KPAC_CMD_ENTRY_NEW:
	case KPAC_CMD_ENTRY_DEL:
	case KPAC_CMD_ENTRY_FLUSH:
	case KPAC_CMD_ENTRY_GET:
	case KPAC_CMD_ENTRY_RESET:
		return &entry_set;
	case KPAC_CMD_BATCH_BEGIN:
		return &table_set;
	case KPAC_CMD_FLOWMON_GET:
	case KPAC_CMD_FLOWMON_RESET:
		return &flow_set;
	case KPAC_CMD_HEARTBEAT_NEW:
	case KPAC_CMD_HEARTBEAT_DEL:
	case KPAC_CMD_HEARTBEAT_GET:
		return &heartbeat_set;
	case KPAC_CMD_BALANCER_NEW:
	case KPAC_CMD_BALANCER_SET:
	case KPAC_CMD_BALANCER_DEL:
	case KPAC_CMD_BALANCER_GET:
		return &balancer_set;
	case KPAC_CMD_BACKEND_NEW:
	case KPAC_CMD_BACKEND_SET:
	case KPAC_CMD_BACKEND_DEL:
	case KPAC_CMD_BACKEND_GET:
		return &backend_set;
	default:
		return NULL;
	}
}

static bool in_set(const struct kpac_attr_set *set, int attr)
{
	return set && attr >= 0 && (size_t)attr < ARRAY_SIZE(set->names);
}

/* The name of an attribute, or NULL. */
const char *kpac_attr_name(const struct kpac_attr_set *set, int attr)
{
	return in_set(set, attr) ? set->names[attr] : NULL;
}

/* What an attribute holds if it is a nest, or NULL. */
const struct kpac_attr_set *kpac_attr_nest(const struct kpac_attr_set *set,
					   int attr)
{
	return in_set(set, attr) ? set->nests[attr] : NULL;
}
