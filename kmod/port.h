/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A port: a net device whose packets kpac looks at. Ports are made, changed
 * and removed under RTNL; the doors see them under RCU.
 */
#ifndef _KPAC_PORT_H
#define _KPAC_PORT_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/xarray.h>
#include <uapi/linux/kpac.h>

#include "stats.h"
#include "table.h"
#include "tx.h"

struct kpac_net;
struct netlink_ext_ack;

#define KPAC_PORT_OFF		BIT(0)	/* forwarding is off */
#define KPAC_PORT_ENSLAVED	BIT(1)	/* a master takes the packets */
#define KPAC_PORT_VRF		BIT(2)	/* a VRF routes the packets */

/**
 * struct kpac_port - a port
 * @dev: the device; the port goes before the device does
 * @stats: statistics, per CPU
 * @kn: kpac in the port's network namespace
 * @net: that namespace; the port goes before the device moves to another
 * @id: number of the port among those of all namespaces, from 1
 * @key4: what it adds to the keys of its IPv4 flows
 * @key6: the same for IPv6
 * @link: its part of the words %KPAC_WORD_LINK of its packets
 * @salt: a number that is no other port's, and that senders do not know
 * @flags: %KPAC_PORT_* bits: what is special about the port
 * @l3dev: the device that the stack would route for: @dev or its VRF
 * @door: the door asked for
 * @door_used: the door in use
 * @door_why: why it is in use
 * @tx: how packets leave by the device
 * @hook: the ingress hook, if that is the door
 * @base: what had been counted at the last reset
 * @tx_base: the same of @tx
 * @list: in the list of all ports, under RTNL
 * @tracker: of the reference to @dev
 */
struct kpac_port {
	struct net_device *dev;
	struct kpac_stats __percpu *stats;
	struct kpac_net *kn;
	struct net *net;
	struct net_device *l3dev;
	u16 id;
	u16 flags;
	u32 key4;
	u64 key6;
	u64 link;
	u64 salt;
	u8 door;
	u8 door_used;
	u8 door_why;
	struct kpac_tx *tx;
	struct nf_hook_ops hook;
	struct kpac_stats_sum base;
	struct kpac_tx_sum tx_base;
	struct list_head list;
	netdevice_tracker tracker;
};

/**
 * struct kpac_net - kpac in a network namespace
 * @net: the namespace
 * @ports: its ports by ifindex; changed under RTNL
 * @changes: how often @ports has changed, for consistent dumps
 * @fib6_gen: goes up when IPv6 routes or rules change
 * @fib6_timer: lets it go up once more when the change is in force
 * @fib_nb: tells of the change
 * @nexthop_nb: tells of changes of nexthop objects
 * @table: its entries
 */
struct kpac_net {
	struct net *net;
	struct xarray ports;
	unsigned int changes;
	atomic_t fib6_gen;
	struct timer_list fib6_timer;
	struct notifier_block fib_nb;
	struct notifier_block nexthop_nb;
	struct kpac_table table;
};

/**
 * struct kpac_port_config - what the user wants of a port
 * @door: the door, if @has_door
 * @forward: whether to forward, if @has_forward
 * @has_tx: something is wanted of the TX side
 * @tx: what is wanted of it, all of it
 */
struct kpac_port_config {
	u8 door;
	bool forward;
	bool has_door;
	bool has_forward;
	bool has_tx;
	struct kpac_tx_config tx;
};

/**
 * kpac_port_fib6_changing - whether IPv6 routes may be changing just now
 * @kn: kpac in the namespace
 *
 * What the kernel decides now may be out of date at once, and must not be
 * remembered.
 *
 * Context: any.
 * Return: true from when a change is announced until it surely is in force.
 */
static inline bool kpac_port_fib6_changing(const struct kpac_net *kn)
{
	return timer_pending(&kn->fib6_timer);
}

static inline void kpac_port_flag(struct kpac_port *port, u16 flag, bool on)
{
	WRITE_ONCE(port->flags, on ? port->flags | flag : port->flags & ~flag);
}

struct kpac_net *kpac_net(const struct net *net);
struct kpac_port *kpac_port_find(struct kpac_net *kn,
				 const struct net_device *dev);
struct kpac_tx *kpac_port_tx(const struct net_device *dev);
int kpac_port_new(struct kpac_net *kn, struct net_device *dev,
		  const struct kpac_port_config *config,
		  struct netlink_ext_ack *extack);
int kpac_port_set(struct kpac_port *port,
		  const struct kpac_port_config *config,
		  struct netlink_ext_ack *extack);
void kpac_port_reset(struct kpac_port *port);
void kpac_port_del(struct kpac_port *port);
int kpac_port_init(void);
void kpac_port_exit(void);

#endif /* _KPAC_PORT_H */
