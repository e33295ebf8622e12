// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * Names of the kernel's numbers, spelled as in uapi/kpac.yaml, and what they
 * mean to an operator. docs/pass-reasons.md explains each pass reason and
 * begins with the sentence found here.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

static const char *const door_names[] = {
	[KPAC_DOOR_AUTO] = "auto",
	[KPAC_DOOR_RX_HANDLER] = "rx-handler",
	[KPAC_DOOR_INGRESS] = "ingress",
};

static const char *const balance_mode_names[] = {
	[KPAC_BALANCE_MODE_NAT] = "nat",
	[KPAC_BALANCE_MODE_DSR] = "dsr",
};

static const char *const backend_state_names[] = {
	[KPAC_BACKEND_STATE_UP] = "up",
	[KPAC_BACKEND_STATE_DOWN] = "down",
	[KPAC_BACKEND_STATE_DRAIN] = "drain",
};

static const char *const backend_health_names[] = {
	[KPAC_BACKEND_HEALTH_UNKNOWN] = "unknown",
	[KPAC_BACKEND_HEALTH_UP] = "up",
	[KPAC_BACKEND_HEALTH_DOWN] = "down",
};

static const struct {
	const char *name;
	const char *meaning;
} door_whys[] = {
	[KPAC_DOOR_WHY_REQUESTED] = {
		"requested", "as requested",
	},
	[KPAC_DOOR_WHY_FREE] = {
		"free", "the receive handler was free",
	},
	[KPAC_DOOR_WHY_TAKEN] = {
		"taken", "the receive handler was taken",
	},
}, pass_reasons[] = {
	[KPAC_PASS_REASON_PORT_OFF] = {
		"port-off",
		"forwarding is switched off on the port",
	},
	[KPAC_PASS_REASON_NOT_IP] = {
		"not-ip",
		"neither IPv4 nor IPv6 (ARP, LLDP, ...); normal",
	},
	[KPAC_PASS_REASON_LINK_ADDRESS] = {
		"link-address",
		"broadcast, multicast or another host's MAC address; normal",
	},
	[KPAC_PASS_REASON_VLAN] = {
		"vlan",
		"a VLAN tag for which there is no VLAN device",
	},
	[KPAC_PASS_REASON_ENSLAVED] = {
		"enslaved",
		"the device belongs to a master; make the master the port",
	},
	[KPAC_PASS_REASON_MALFORMED] = {
		"malformed",
		"a bad header or checksum; the stack decides",
	},
	[KPAC_PASS_REASON_OPTIONS] = {
		"options",
		"IPv4 options; the stack handles them",
	},
	[KPAC_PASS_REASON_EXTENSION_HEADER] = {
		"extension-header",
		"IPv6 extension headers; the stack handles them",
	},
	[KPAC_PASS_REASON_FRAGMENT] = {
		"fragment",
		"a fragment, and the route depends on ports",
	},
	[KPAC_PASS_REASON_ADDRESS] = {
		"address",
		"an address that is not forwarded (multicast, link-local, ...)",
	},
	[KPAC_PASS_REASON_LOCAL] = {
		"local",
		"for this host; normal",
	},
	[KPAC_PASS_REASON_NO_ROUTE] = {
		"no-route",
		"the kernel's routing refused it (no route, rp_filter, ...)",
	},
	[KPAC_PASS_REASON_IP_FORWARD_OFF] = {
		"ip-forward-off",
		"the kernel's forwarding is off (sysctl net.ipv4.ip_forward, ...)",
	},
	[KPAC_PASS_REASON_ROUTE_TYPE] = {
		"route-type",
		"the route needs more than plain forwarding (tunnel, MPLS, ...)",
	},
	[KPAC_PASS_REASON_SAME_DEVICE] = {
		"same-device",
		"it would leave by the device it came in by",
	},
	[KPAC_PASS_REASON_NEIGHBOUR] = {
		"neighbour",
		"the next hop's MAC address is not known (yet)",
	},
	[KPAC_PASS_REASON_TTL] = {
		"ttl",
		"TTL or hop limit used up; the stack sends the ICMP error",
	},
	[KPAC_PASS_REASON_MTU] = {
		"mtu",
		"larger than the route's MTU; the stack fragments or refuses it",
	},
	[KPAC_PASS_REASON_NETFILTER] = {
		"netfilter",
		"netfilter hooks are on its way (nftables, iptables, conntrack)",
	},
	[KPAC_PASS_REASON_XFRM] = {
		"xfrm",
		"there is an IPsec policy in the network namespace",
	},
	[KPAC_PASS_REASON_PACKET_SOCKET] = {
		"packet-socket",
		"a packet socket is bound to the port",
	},
	[KPAC_PASS_REASON_METADATA] = {
		"metadata",
		"it carries state that only the stack understands",
	},
	[KPAC_PASS_REASON_NO_MEMORY] = {
		"no-memory",
		"there was no memory",
	},
	[KPAC_PASS_REASON_HANDLER] = {
		"handler",
		"an entry of the table says so (kpacctl handler stat)",
	},
};

/* A reason added to kpac.yaml needs its name and meaning above. */
_Static_assert(ARRAY_SIZE(door_names) == KPAC_DOOR_MAX + 1, "door");
_Static_assert(ARRAY_SIZE(door_whys) == KPAC_DOOR_WHY_MAX + 1, "door-why");
_Static_assert(ARRAY_SIZE(pass_reasons) == KPAC_PASS_REASON_MAX + 1,
	       "pass-reason");

static const char *const arg_types[] = {
	[KPAC_ARG_TYPE_FLAG] = "flag",
	[KPAC_ARG_TYPE_NUMBER] = "number",
	[KPAC_ARG_TYPE_SIZE] = "size",
	[KPAC_ARG_TYPE_RATE] = "rate",
	[KPAC_ARG_TYPE_TIME] = "time",
	[KPAC_ARG_TYPE_CHOICE] = "choice",
	[KPAC_ARG_TYPE_TEXT] = "text",
	[KPAC_ARG_TYPE_ADDRESS] = "address",
	[KPAC_ARG_TYPE_PREFIX] = "prefix",
	[KPAC_ARG_TYPE_LLADDR] = "lladdr",
	[KPAC_ARG_TYPE_DEV] = "dev",
};

static const char *const base_names[] = {
	[KPAC_BASE_L2] = "l2",
	[KPAC_BASE_L3] = "l3",
	[KPAC_BASE_L4] = "l4",
	[KPAC_BASE_PAYLOAD] = "payload",
};

static const char *const fragment_names[] = {
	[KPAC_FRAGMENT_NO] = "no",
	[KPAC_FRAGMENT_YES] = "yes",
	[KPAC_FRAGMENT_FIRST] = "first",
	[KPAC_FRAGMENT_LATER] = "later",
};

static const char *const state_names[] = {
	[KPAC_HEARTBEAT_STATE_UNKNOWN] = "unknown",
	[KPAC_HEARTBEAT_STATE_UP] = "up",
	[KPAC_HEARTBEAT_STATE_DOWN] = "down",
};

_Static_assert(ARRAY_SIZE(arg_types) == KPAC_ARG_TYPE_MAX + 1, "arg-type");
_Static_assert(ARRAY_SIZE(base_names) == KPAC_BASE_MAX + 1, "base");
_Static_assert(ARRAY_SIZE(fragment_names) == KPAC_FRAGMENT_MAX + 1, "fragment");
_Static_assert(ARRAY_SIZE(state_names) == KPAC_HEARTBEAT_STATE_MAX + 1, "state");

static int from_name(const char *const *names, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(name, names[i]))
			return (int)i;
	return -EINVAL;
}

/**
 * kpac_door_name() - the name of a door
 * @door: enum kpac_door
 *
 * Return: a constant string, "unknown" for a door of a newer module.
 */
const char *kpac_door_name(unsigned int door)
{
	return door < ARRAY_SIZE(door_names) ? door_names[door] : "unknown";
}

/**
 * kpac_door_from_name() - the door that has a name
 * @name: the name, complete
 *
 * Return: enum kpac_door, or -EINVAL if there is no such door.
 */
int kpac_door_from_name(const char *name)
{
	return from_name(door_names, ARRAY_SIZE(door_names), name);
}

/**
 * kpac_door_why_name() - a word for why a port uses its door
 * @why: enum kpac_door_why
 *
 * Return: a constant string, "unknown" for a cause of a newer module.
 */
const char *kpac_door_why_name(unsigned int why)
{
	return why < ARRAY_SIZE(door_whys) ? door_whys[why].name : "unknown";
}

/**
 * kpac_door_why_meaning() - why a port uses its door, for people
 * @why: enum kpac_door_why
 *
 * Return: a constant string that can follow "door ingress, ".
 */
const char *kpac_door_why_meaning(unsigned int why)
{
	return why < ARRAY_SIZE(door_whys) ? door_whys[why].meaning :
	       "for a reason that this version does not know";
}

/**
 * kpac_pass_reason_name() - the name of a pass reason
 * @reason: enum kpac_pass_reason
 *
 * Return: a constant string, "unknown" for a reason of a newer module.
 */
const char *kpac_pass_reason_name(unsigned int reason)
{
	return reason < ARRAY_SIZE(pass_reasons) ? pass_reasons[reason].name :
	       "unknown";
}

/**
 * kpac_pass_reason_meaning() - what a pass reason means, for people
 * @reason: enum kpac_pass_reason
 *
 * Return: a constant string of at most 66 characters.
 */
const char *kpac_pass_reason_meaning(unsigned int reason)
{
	return reason < ARRAY_SIZE(pass_reasons) ?
	       pass_reasons[reason].meaning :
	       "a reason that this version does not know";
}

/**
 * kpac_pass_reason_from_name() - the pass reason that has a name
 * @name: the name, complete
 *
 * Return: enum kpac_pass_reason, or -EINVAL if there is no such reason.
 */
int kpac_pass_reason_from_name(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pass_reasons); i++)
		if (!strcmp(name, pass_reasons[i].name))
			return (int)i;
	return -EINVAL;
}

/**
 * kpac_arg_type_name() - the name of a type of handlers' arguments
 * @type: enum kpac_arg_type
 *
 * Return: a constant string, "unknown" for a type of a newer module.
 */
const char *kpac_arg_type_name(unsigned int type)
{
	return type < ARRAY_SIZE(arg_types) ? arg_types[type] : "unknown";
}

/**
 * kpac_base_name() - the name of what an offset is relative to
 * @base: enum kpac_base
 *
 * Return: a constant string, "unknown" for a base of a newer module.
 */
const char *kpac_base_name(unsigned int base)
{
	return base < ARRAY_SIZE(base_names) ? base_names[base] : "unknown";
}

/**
 * kpac_base_from_name() - what an offset is relative to, by its name
 * @name: the name, complete
 *
 * Return: enum kpac_base, or -EINVAL if there is no such base.
 */
int kpac_base_from_name(const char *name)
{
	return from_name(base_names, ARRAY_SIZE(base_names), name);
}

/**
 * kpac_fragment_name() - the name of a kind of fragments
 * @fragment: enum kpac_fragment
 *
 * Return: a constant string, "unknown" for a kind of a newer module.
 */
const char *kpac_fragment_name(unsigned int fragment)
{
	return fragment < ARRAY_SIZE(fragment_names) ?
	       fragment_names[fragment] : "unknown";
}

/**
 * kpac_fragment_from_name() - the kind of fragments that has a name
 * @name: the name, complete
 *
 * Return: enum kpac_fragment, or -EINVAL if there is no such kind.
 */
int kpac_fragment_from_name(const char *name)
{
	return from_name(fragment_names, ARRAY_SIZE(fragment_names), name);
}

/**
 * kpac_heartbeat_state_name() - the name of what is known of a peer
 * @state: enum kpac_heartbeat_state
 *
 * Return: a constant string, "unknown" also for a state of a newer module.
 */
const char *kpac_heartbeat_state_name(unsigned int state)
{
	return state < ARRAY_SIZE(state_names) ? state_names[state] : "unknown";
}

/**
 * kpac_balance_mode_name() - the name of a way in which packets get to back ends
 * @mode: enum kpac_balance_mode
 *
 * Return: a constant string, "unknown" for a mode of a newer module.
 */
const char *kpac_balance_mode_name(unsigned int mode)
{
	return mode < ARRAY_SIZE(balance_mode_names) ?
	       balance_mode_names[mode] : "unknown";
}

/**
 * kpac_balance_mode_from_name() - the way in which packets get to back ends that
 * has a name
 * @name: the name, complete
 *
 * Return: enum kpac_balance_mode, or -EINVAL if there is no such mode.
 */
int kpac_balance_mode_from_name(const char *name)
{
	return from_name(balance_mode_names, ARRAY_SIZE(balance_mode_names),
			 name);
}

/**
 * kpac_backend_state_name() - the name of a state of back ends
 * @state: enum kpac_backend_state
 *
 * Return: a constant string, "unknown" for a state of a newer module.
 */
const char *kpac_backend_state_name(unsigned int state)
{
	return state < ARRAY_SIZE(backend_state_names) ?
	       backend_state_names[state] : "unknown";
}

/**
 * kpac_backend_state_from_name() - the state of back ends that has a name
 * @name: the name, complete
 *
 * Return: enum kpac_backend_state, or -EINVAL if there is no such state.
 */
int kpac_backend_state_from_name(const char *name)
{
	return from_name(backend_state_names, ARRAY_SIZE(backend_state_names),
			 name);
}

/**
 * kpac_backend_health_name() - the name of what is known of a back end
 * @health: enum kpac_backend_health
 *
 * Return: a constant string, "unknown" also for what a newer module knows.
 */
const char *kpac_backend_health_name(unsigned int health)
{
	return health < ARRAY_SIZE(backend_health_names) ?
	       backend_health_names[health] : "unknown";
}
