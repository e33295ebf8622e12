/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	uapi/kpac.yaml */
/* YNL-GEN uapi header */
/* To regenerate run: scripts/ynl.sh */

#ifndef _UAPI_LINUX_KPAC_H
#define _UAPI_LINUX_KPAC_H

#define KPAC_FAMILY_NAME	"kpac"
#define KPAC_FAMILY_VERSION	1

#define KPAC_MAX_PORTS		65535
#define KPAC_MAX_BATCH		256
#define KPAC_MIN_POOL		32
#define KPAC_MAX_POOL		16384
#define KPAC_MAX_COPYBREAK	1536

/**
 * enum kpac_door - Where packets leave the normal receive path.
 * @KPAC_DOOR_AUTO: The receive handler if it is free, else the ingress hook.
 * @KPAC_DOOR_RX_HANDLER: The device's receive handler.
 * @KPAC_DOOR_INGRESS: The device's netfilter ingress hook, behind all other
 *   hooks.
 */
enum kpac_door {
	KPAC_DOOR_AUTO,
	KPAC_DOOR_RX_HANDLER,
	KPAC_DOOR_INGRESS,

	/* private: */
	__KPAC_DOOR_MAX,
	KPAC_DOOR_MAX = (__KPAC_DOOR_MAX - 1)
};

/**
 * enum kpac_door_why - Why a port uses the door that it uses.
 * @KPAC_DOOR_WHY_REQUESTED: The user asked for this door.
 * @KPAC_DOOR_WHY_FREE: The door is auto and the receive handler was free.
 * @KPAC_DOOR_WHY_TAKEN: The door is auto and the receive handler was taken.
 */
enum kpac_door_why {
	KPAC_DOOR_WHY_REQUESTED,
	KPAC_DOOR_WHY_FREE,
	KPAC_DOOR_WHY_TAKEN,

	/* private: */
	__KPAC_DOOR_WHY_MAX,
	KPAC_DOOR_WHY_MAX = (__KPAC_DOOR_WHY_MAX - 1)
};

/**
 * enum kpac_pass_reason - Why a packet was left to the stack.
 * @KPAC_PASS_REASON_PORT_OFF: Forwarding is switched off on the port.
 * @KPAC_PASS_REASON_NOT_IP: The packet is neither IPv4 nor IPv6.
 * @KPAC_PASS_REASON_LINK_ADDRESS: The frame is not addressed to this device
 *   alone.
 * @KPAC_PASS_REASON_VLAN: The frame has a VLAN tag for which there is no
 *   device.
 * @KPAC_PASS_REASON_ENSLAVED: The device belongs to a bridge, bond or other
 *   master.
 * @KPAC_PASS_REASON_MALFORMED: A header is short, inconsistent or has a bad
 *   checksum.
 * @KPAC_PASS_REASON_OPTIONS: The packet has IPv4 options.
 * @KPAC_PASS_REASON_EXTENSION_HEADER: The packet has IPv6 extension headers.
 * @KPAC_PASS_REASON_FRAGMENT: The route depends on ports that a fragment does
 *   not have.
 * @KPAC_PASS_REASON_ADDRESS: An address is not one that is forwarded.
 * @KPAC_PASS_REASON_LOCAL: The packet is for this host.
 * @KPAC_PASS_REASON_NO_ROUTE: The kernel's routing refused the packet.
 * @KPAC_PASS_REASON_IP_FORWARD_OFF: The kernel's forwarding is switched off.
 * @KPAC_PASS_REASON_ROUTE_TYPE: The route needs more than plain forwarding.
 * @KPAC_PASS_REASON_SAME_DEVICE: The packet would leave by the device it came
 *   in by.
 * @KPAC_PASS_REASON_NEIGHBOUR: The next hop's link-layer address is not known.
 * @KPAC_PASS_REASON_TTL: The TTL or hop limit does not allow another hop.
 * @KPAC_PASS_REASON_MTU: The packet is larger than the route's MTU.
 * @KPAC_PASS_REASON_NETFILTER: Netfilter hooks are registered where the packet
 *   would go.
 * @KPAC_PASS_REASON_XFRM: IPsec policy applies.
 * @KPAC_PASS_REASON_PACKET_SOCKET: A packet socket is bound to the port.
 * @KPAC_PASS_REASON_METADATA: The packet carries state that only the stack
 *   understands.
 * @KPAC_PASS_REASON_NO_MEMORY: There was no memory to go on.
 */
enum kpac_pass_reason {
	KPAC_PASS_REASON_PORT_OFF,
	KPAC_PASS_REASON_NOT_IP,
	KPAC_PASS_REASON_LINK_ADDRESS,
	KPAC_PASS_REASON_VLAN,
	KPAC_PASS_REASON_ENSLAVED,
	KPAC_PASS_REASON_MALFORMED,
	KPAC_PASS_REASON_OPTIONS,
	KPAC_PASS_REASON_EXTENSION_HEADER,
	KPAC_PASS_REASON_FRAGMENT,
	KPAC_PASS_REASON_ADDRESS,
	KPAC_PASS_REASON_LOCAL,
	KPAC_PASS_REASON_NO_ROUTE,
	KPAC_PASS_REASON_IP_FORWARD_OFF,
	KPAC_PASS_REASON_ROUTE_TYPE,
	KPAC_PASS_REASON_SAME_DEVICE,
	KPAC_PASS_REASON_NEIGHBOUR,
	KPAC_PASS_REASON_TTL,
	KPAC_PASS_REASON_MTU,
	KPAC_PASS_REASON_NETFILTER,
	KPAC_PASS_REASON_XFRM,
	KPAC_PASS_REASON_PACKET_SOCKET,
	KPAC_PASS_REASON_METADATA,
	KPAC_PASS_REASON_NO_MEMORY,

	/* private: */
	__KPAC_PASS_REASON_MAX,
	KPAC_PASS_REASON_MAX = (__KPAC_PASS_REASON_MAX - 1)
};

enum {
	KPAC_A_PORT_IFINDEX = 1,
	KPAC_A_PORT_IFNAME,
	KPAC_A_PORT_DOOR,
	KPAC_A_PORT_DOOR_USED,
	KPAC_A_PORT_DOOR_WHY,
	KPAC_A_PORT_FORWARD,
	KPAC_A_PORT_MASTER,
	KPAC_A_PORT_TX_BATCH,
	KPAC_A_PORT_CLEAN_BATCH,
	KPAC_A_PORT_POOL,
	KPAC_A_PORT_COPYBREAK,

	__KPAC_A_PORT_MAX,
	KPAC_A_PORT_MAX = (__KPAC_A_PORT_MAX - 1)
};

enum {
	KPAC_A_PASS_REASON = 1,
	KPAC_A_PASS_PACKETS,
	KPAC_A_PASS_BYTES,

	__KPAC_A_PASS_MAX,
	KPAC_A_PASS_MAX = (__KPAC_A_PASS_MAX - 1)
};

enum {
	KPAC_A_TX_SIZE_LEAST = 1,
	KPAC_A_TX_SIZE_BATCHES,

	__KPAC_A_TX_SIZE_MAX,
	KPAC_A_TX_SIZE_MAX = (__KPAC_A_TX_SIZE_MAX - 1)
};

enum {
	KPAC_A_TX_PACKETS = 1,
	KPAC_A_TX_DOORBELLS,
	KPAC_A_TX_SHARED_PACKETS,
	KPAC_A_TX_REQUEUED_PACKETS,
	KPAC_A_TX_DROP_PACKETS,
	KPAC_A_TX_COPIED_PACKETS,
	KPAC_A_TX_SIZE,
	KPAC_A_TX_POOL_HITS,
	KPAC_A_TX_POOL_MISSES,
	KPAC_A_TX_POOL_RECLAIMS,
	KPAC_A_TX_POOL_SIZE,
	KPAC_A_TX_POOL_BYTES,
	KPAC_A_TX_POOL_HIGH,

	__KPAC_A_TX_MAX,
	KPAC_A_TX_MAX = (__KPAC_A_TX_MAX - 1)
};

enum {
	KPAC_A_STATS_IFINDEX = 1,
	KPAC_A_STATS_IFNAME,
	KPAC_A_STATS_PACKETS,
	KPAC_A_STATS_BYTES,
	KPAC_A_STATS_ACCELERATED_PACKETS,
	KPAC_A_STATS_ACCELERATED_BYTES,
	KPAC_A_STATS_HANDOVER_PACKETS,
	KPAC_A_STATS_DIRECT_PACKETS,
	KPAC_A_STATS_QUEUED_PACKETS,
	KPAC_A_STATS_DROP_PACKETS,
	KPAC_A_STATS_RESOLVE_PACKETS,
	KPAC_A_STATS_PASS,
	KPAC_A_STATS_TX,

	__KPAC_A_STATS_MAX,
	KPAC_A_STATS_MAX = (__KPAC_A_STATS_MAX - 1)
};

enum {
	KPAC_CMD_PORT_NEW = 1,
	KPAC_CMD_PORT_SET,
	KPAC_CMD_PORT_DEL,
	KPAC_CMD_PORT_GET,
	KPAC_CMD_PORT_NEW_NTF,
	KPAC_CMD_PORT_SET_NTF,
	KPAC_CMD_PORT_DEL_NTF,
	KPAC_CMD_STATS_GET,
	KPAC_CMD_STATS_RESET,

	__KPAC_CMD_MAX,
	KPAC_CMD_MAX = (__KPAC_CMD_MAX - 1)
};

#define KPAC_MCGRP_PORTS	"ports"

#endif /* _UAPI_LINUX_KPAC_H */
