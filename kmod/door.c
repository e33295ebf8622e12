// SPDX-License-Identifier: GPL-2.0
/*
 * The skb door: where packets leave the normal receive path. That is the
 * device's receive handler or, where another has it, the netfilter ingress
 * hook, behind all hooks that the administrator has set up there.
 */

#include <linux/if_macvlan.h>
#include <linux/netdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>

#include "door.h"
#include "flow.h"
#include "forward.h"
#include "port.h"
#include "skb.h"

static unsigned int kpac_door_ingress(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	struct kpac_port *port = priv;
	enum kpac_outcome outcome;

	outcome = kpac_table_empty(&port->kn->table) ?
		  kpac_forward(port, &skb, false) :
		  kpac_skb_receive(port, &skb, false);
	return outcome == KPAC_PASS ? NF_ACCEPT : NF_STOLEN;
}

static int kpac_door_open_ingress(struct kpac_port *port,
				  struct netlink_ext_ack *extack)
{
	int err = -EOPNOTSUPP;

#ifdef CONFIG_NETFILTER_INGRESS
	port->hook = (struct nf_hook_ops) {
		.hook = kpac_door_ingress,
		.dev = port->dev,
		.priv = port,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		.priority = INT_MAX,
	};
	err = nf_register_net_hook(dev_net(port->dev), &port->hook);
#endif
	if (err)
		NL_SET_ERR_MSG(extack, "the ingress hook cannot be registered: it needs a kernel with NETFILTER_INGRESS");
	else
		port->door_used = KPAC_DOOR_INGRESS;
	return err;
}

static int kpac_door_open_rx(struct kpac_port *port,
			     struct netlink_ext_ack *extack)
{
	int err = netdev_rx_handler_register(port->dev, kpac_forward_rx, port);

	if (err)
		NL_SET_ERR_MSG(extack, "the receive handler is taken by a bridge, bond, macvlan or the like: use door ingress or auto");
	else
		port->door_used = KPAC_DOOR_RX_HANDLER;
	return err;
}

/* A macvlan parent keeps the packets to its own address, unless a macvlan
 * takes all of them or chooses them by source.
 */
static bool kpac_door_macvlan_keeps(struct net_device *dev)
{
	struct net_device *upper;
	struct list_head *iter;
	bool keeps = true;

	rcu_read_lock();
	netdev_for_each_upper_dev_rcu(dev, upper, iter) {
		const struct macvlan_dev *vlan;

		if (!netif_is_macvlan(upper))
			continue;
		vlan = netdev_priv(upper);
		if (vlan->mode == MACVLAN_MODE_PASSTHRU ||
		    vlan->mode == MACVLAN_MODE_SOURCE)
			keeps = false;
	}
	rcu_read_unlock();
	return keeps;
}

/* Whether the packets go to another device, whose the routing decision is. */
static bool kpac_door_enslaved(const struct kpac_port *port)
{
	struct net_device *dev = port->dev;

	if (netdev_master_upper_dev_get(dev) && !netif_is_l3_slave(dev))
		return true;
	if (port->door_used == KPAC_DOOR_RX_HANDLER ||
	    !netdev_is_rx_handler_busy(dev))
		return false;
	return !netif_is_macvlan_port(dev) || !kpac_door_macvlan_keeps(dev);
}

/* Note what the device's master means for its packets. A device that leaves a
 * VRF has lost its master before it is told that it is no slave any more.
 */
static void kpac_door_note_master(struct kpac_port *port)
{
	struct net_device *dev = port->dev;
	struct net_device *master = netdev_master_upper_dev_get(dev);
	bool vrf = master && netif_is_l3_slave(dev);

	kpac_port_flag(port, KPAC_PORT_ENSLAVED, kpac_door_enslaved(port));
	kpac_port_flag(port, KPAC_PORT_VRF, vrf);
	WRITE_ONCE(port->l3dev, vrf ? master : dev);
}

/**
 * kpac_door_open - let a port's packets come
 * @port: the port; @port->door says which door is wanted
 * @extack: for messages
 *
 * Context: RTNL.
 * Return: 0 or an error, with a message.
 */
int kpac_door_open(struct kpac_port *port, struct netlink_ext_ack *extack)
{
	int err;

	port->door_why = KPAC_DOOR_WHY_REQUESTED;
	switch (port->door) {
	case KPAC_DOOR_RX_HANDLER:
		err = kpac_door_open_rx(port, extack);
		break;
	case KPAC_DOOR_INGRESS:
		err = kpac_door_open_ingress(port, extack);
		break;
	default:
		port->door_why = KPAC_DOOR_WHY_FREE;
		err = kpac_door_open_rx(port, NULL);
		if (err == -EBUSY || err == -EINVAL) {
			port->door_why = KPAC_DOOR_WHY_TAKEN;
			err = kpac_door_open_ingress(port, extack);
		}
	}
	if (!err)
		kpac_door_note_master(port);
	return err;
}

/**
 * kpac_door_close - let no more of a port's packets come
 * @port: the port
 *
 * Context: RTNL; may sleep until the last packet has gone through.
 */
void kpac_door_close(struct kpac_port *port)
{
	bool off = port->flags & KPAC_PORT_OFF;

	/* those that have come leave before those that come by another way */
	kpac_port_flag(port, KPAC_PORT_OFF, true);
	synchronize_net();
	if (port->door_used == KPAC_DOOR_RX_HANDLER) {
		netdev_rx_handler_unregister(port->dev);
	} else {
		nf_unregister_net_hook(dev_net(port->dev), &port->hook);
		synchronize_net();
	}
	kpac_port_flag(port, KPAC_PORT_OFF, off);
	kpac_flow_tick();
}

/**
 * kpac_door_review - think again after the device got or lost a master
 * @port: the port
 *
 * Context: RTNL.
 * Return: whether the door should be closed and opened again, because a
 * better one has become free.
 */
bool kpac_door_review(struct kpac_port *port)
{
	kpac_door_note_master(port);
	return port->door == KPAC_DOOR_AUTO &&
	       port->door_used == KPAC_DOOR_INGRESS &&
	       !netdev_is_rx_handler_busy(port->dev);
}
