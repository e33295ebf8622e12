// SPDX-License-Identifier: GPL-2.0
/* Ports: their life, and what happens to them when their devices change. */

#include <linux/if_arp.h>
#include <linux/delay.h>
#include <linux/idr.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/fib_notifier.h>
#include <net/net_namespace.h>
#include <net/netevent.h>
#include <net/netns/generic.h>
#include <net/nexthop.h>

#include "door.h"
#include "flow.h"
#include "key.h"
#include "netlink.h"
#include "path.h"
#include "port.h"

static unsigned int kpac_net_id __ro_after_init;
static DEFINE_IDA(kpac_port_ids);
static LIST_HEAD(kpac_port_list);	/* of all namespaces, under RTNL */

static void kpac_port_review(struct work_struct *work);
static DECLARE_WORK(kpac_port_reviewer, kpac_port_review);

/**
 * kpac_net - kpac in a network namespace
 * @net: the namespace
 *
 * Context: any.
 * Return: its kpac; lives as long as the namespace and the module do.
 */
struct kpac_net *kpac_net(const struct net *net)
{
	return net_generic(net, kpac_net_id);
}

/**
 * kpac_port_find - the port of a device
 * @kn: kpac in the device's namespace
 * @dev: the device
 *
 * Context: RTNL.
 * Return: the port, or NULL if the device is none.
 */
struct kpac_port *kpac_port_find(struct kpac_net *kn,
				 const struct net_device *dev)
{
	ASSERT_RTNL();
	return xa_load(&kn->ports, dev->ifindex);
}

/**
 * kpac_port_tx - how packets leave by a device
 * @dev: the device
 *
 * Context: softirq, under RCU; the result stays until the end of the section,
 * and longer for those whom kpac_path_kill_dev() takes it from.
 * Return: its TX queues, or NULL if the device is no port.
 */
struct kpac_tx *kpac_port_tx(const struct net_device *dev)
{
	const struct kpac_port *port;

	port = xa_load(&kpac_net(dev_net(dev))->ports, dev->ifindex);
	return port ? port->tx : NULL;
}

static int kpac_port_check(struct kpac_net *kn, const struct net_device *dev,
			   struct netlink_ext_ack *extack)
{
	if (kpac_port_find(kn, dev)) {
		NL_SET_ERR_MSG(extack, "the device is a port already: change it with port set");
		return -EEXIST;
	}
	if (dev->flags & IFF_LOOPBACK) {
		NL_SET_ERR_MSG(extack, "a loopback device cannot be a port: nothing is forwarded from it");
		return -EOPNOTSUPP;
	}
	if (dev->type != ARPHRD_ETHER || dev->addr_len != ETH_ALEN) {
		NL_SET_ERR_MSG(extack, "only an Ethernet device can be a port");
		return -EOPNOTSUPP;
	}
	if (dev->reg_state != NETREG_REGISTERED) {
		NL_SET_ERR_MSG(extack, "the device is being removed");
		return -ENODEV;
	}
	return 0;
}

static void kpac_port_free(struct kpac_port *port)
{
	if (port->tx)
		kpac_tx_free(port->tx);
	netdev_put(port->dev, &port->tracker);
	ida_free(&kpac_port_ids, port->id);
	free_percpu(port->stats);
	kfree(port);
}

static struct kpac_port *kpac_port_alloc(struct kpac_net *kn,
					 struct net_device *dev)
{
	struct kpac_port *port;
	int id;

	port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);
	if (!port)
		return NULL;
	id = ida_alloc_range(&kpac_port_ids, 1, KPAC_MAX_PORTS,
			     GFP_KERNEL_ACCOUNT);
	if (id < 0)
		goto err_port;
	port->stats = kpac_stats_alloc();
	if (!port->stats)
		goto err_id;
	port->tx = kpac_tx_new(dev, NULL, 0,
			       min(dev->num_tx_queues, KPAC_TX_HWQS));
	if (!port->tx)
		goto err_stats;
	port->id = id;
	kpac_key_port(port);
	port->kn = kn;
	port->net = kn->net;
	port->dev = dev;
	port->link = dev->ifindex;
	port->l3dev = dev;
	netdev_hold(dev, &port->tracker, GFP_KERNEL);
	return port;

err_stats:
	free_percpu(port->stats);
err_id:
	ida_free(&kpac_port_ids, id);
err_port:
	kfree(port);
	return NULL;
}

/**
 * kpac_port_new - make a device a port
 * @kn: kpac in the device's namespace
 * @dev: the device
 * @config: what is wanted of it; door auto and forwarding on if not said
 * @extack: for messages
 *
 * Context: RTNL.
 * Return: 0, -EEXIST, -EOPNOTSUPP, -EBUSY or -ENOMEM, with a message.
 */
int kpac_port_new(struct kpac_net *kn, struct net_device *dev,
		  const struct kpac_port_config *config,
		  struct netlink_ext_ack *extack)
{
	struct kpac_port *port;
	int err;

	err = kpac_port_check(kn, dev, extack);
	if (!err)
		err = kpac_tx_check(&config->tx, extack);
	if (err)
		return err;
	port = kpac_port_alloc(kn, dev);
	if (!port) {
		NL_SET_ERR_MSG(extack, "no memory for another port, or there are 65535 of them");
		return -ENOMEM;
	}
	port->door = config->has_door ? config->door : KPAC_DOOR_AUTO;
	kpac_port_flag(port, KPAC_PORT_OFF,
		       config->has_forward && !config->forward);
	kpac_tx_set(port->tx, &config->tx);

	err = xa_insert(&kn->ports, dev->ifindex, port, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_port;
	err = kpac_door_open(port, extack);
	if (err)
		goto err_xa;
	list_add(&port->list, &kpac_port_list);
	kn->changes++;
	/* what leaves by the device has TX queues now */
	kpac_path_kill_dev(dev);
	kpac_netlink_notify(port, KPAC_CMD_PORT_NEW_NTF);
	return 0;

err_xa:
	xa_erase(&kn->ports, dev->ifindex);
	/* other ports' packets may have found it */
	kpac_path_kill_dev(dev);
err_port:
	kpac_port_free(port);
	return err;
}

/* Close the door and open the one that is wanted now; if that cannot be, the
 * old one again.
 */
static int kpac_port_move(struct kpac_port *port, u8 door,
			  struct netlink_ext_ack *extack)
{
	u8 old = port->door_used;
	u8 asked = port->door;
	int err;

	kpac_door_close(port);
	port->door = door;
	err = kpac_door_open(port, extack);
	if (!err)
		return 0;
	port->door = old;
	if (WARN_ON_ONCE(kpac_door_open(port, NULL)))
		return err;
	port->door = asked;
	return err;
}

/**
 * kpac_port_set - change a port
 * @port: the port
 * @config: what is to be changed
 * @extack: for messages
 *
 * Context: RTNL.
 * Return: 0 or an error, with a message; then nothing has changed.
 */
int kpac_port_set(struct kpac_port *port,
		  const struct kpac_port_config *config,
		  struct netlink_ext_ack *extack)
{
	int err;

	err = kpac_tx_check(&config->tx, extack);
	if (err)
		return err;
	if (config->has_door && config->door != port->door) {
		err = kpac_port_move(port, config->door, extack);
		if (err)
			return err;
	}
	if (config->has_forward)
		kpac_port_flag(port, KPAC_PORT_OFF, !config->forward);
	/* what has had to be passed may be forwarded now */
	kpac_flow_tick();
	kpac_tx_set(port->tx, &config->tx);
	port->kn->changes++;
	kpac_netlink_notify(port, KPAC_CMD_PORT_SET_NTF);
	return 0;
}

/**
 * kpac_port_reset - count from now on
 * @port: the port
 *
 * Context: RTNL.
 */
void kpac_port_reset(struct kpac_port *port)
{
	kpac_stats_sum(port->stats, &port->base);
	kpac_tx_sum(port->tx, &port->tx_base);
}

/**
 * kpac_port_del - make a port an ordinary device again
 * @port: the port; freed
 *
 * Context: RTNL; may sleep until the last packet has gone through.
 */
void kpac_port_del(struct kpac_port *port)
{
	kpac_netlink_notify(port, KPAC_CMD_PORT_DEL_NTF);
	xa_erase(&port->kn->ports, port->dev->ifindex);
	kpac_door_close(port);
	kpac_path_kill_port(port);
	/* what leaves by the device has no TX queues any more */
	kpac_path_kill_dev(port->dev);
	list_del(&port->list);
	port->kn->changes++;
	kpac_port_free(port);
}

/* Devices have got or lost masters. Some tell of it before they take or give
 * up the receive handler, some after: so look when all is done.
 */
static void kpac_port_review(struct work_struct *work)
{
	struct kpac_port *port;

	rtnl_lock();
	list_for_each_entry(port, &kpac_port_list, list)
		if (kpac_door_review(port) &&
		    !kpac_port_move(port, port->door, NULL))
			kpac_netlink_notify(port, KPAC_CMD_PORT_SET_NTF);
	rtnl_unlock();
}

/* Something has changed that may be part of a decision but is not marked. */
static void kpac_port_changed(struct net_device *dev)
{
	if (ida_is_empty(&kpac_port_ids))
		return;
	atomic_inc(&kpac_net(dev_net(dev))->fib6_gen);
	kpac_path_kill_dev(dev);
}

static int kpac_port_netdev_event(struct notifier_block *nb,
				  unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct kpac_port *port = kpac_port_find(kpac_net(dev_net(dev)), dev);

	switch (event) {
	case NETDEV_UNREGISTER:
		if (port)
			kpac_port_del(port);
		fallthrough;
	case NETDEV_REGISTER:
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
	case NETDEV_CHANGEMTU:
	case NETDEV_FEAT_CHANGE:
		kpac_port_changed(dev);
		break;
	case NETDEV_CHANGENAME:
		if (port)
			kpac_netlink_notify(port, KPAC_CMD_PORT_SET_NTF);
		break;
	case NETDEV_CHANGEUPPER:
		if (!port)
			break;
		kpac_door_review(port);
		schedule_work(&kpac_port_reviewer);
		kpac_netlink_notify(port, KPAC_CMD_PORT_SET_NTF);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block kpac_port_netdev_nb = {
	.notifier_call = kpac_port_netdev_event,
};

/* A change of one IPv6 table can take a flow away from a route of another one,
 * which ip6_dst_check() does not see. The notification comes just before the
 * change is in force, under the table's lock: nothing is remembered until it
 * surely is. And what had to be passed may be forwarded now.
 */
static int kpac_port_fib_event(struct notifier_block *nb, unsigned long event,
			       void *ptr)
{
	struct kpac_net *kn = container_of(nb, struct kpac_net, fib_nb);
	const struct fib_notifier_info *info = ptr;

	kpac_flow_tick();
	if (info->family == AF_INET6) {
		atomic_inc(&kn->fib6_gen);
		mod_timer(&kn->fib6_timer, jiffies + 2);
	}
	return NOTIFY_DONE;
}

static void kpac_port_fib6_settled(struct timer_list *timer)
{
	struct kpac_net *kn = container_of(timer, struct kpac_net, fib6_timer);

	atomic_inc(&kn->fib6_gen);
}

/* Nor is what a nexthop object refers to. */
static int kpac_port_nexthop_event(struct notifier_block *nb,
				   unsigned long event, void *ptr)
{
	struct kpac_net *kn = container_of(nb, struct kpac_net, nexthop_nb);

	kpac_path_kill_net(kn->net);
	return NOTIFY_DONE;
}

/* How multipath routes choose is no part of a route. */
static int kpac_port_netevent(struct notifier_block *nb, unsigned long event,
			      void *ptr)
{
	if (event == NETEVENT_IPV4_MPATH_HASH_UPDATE ||
	    event == NETEVENT_IPV6_MPATH_HASH_UPDATE)
		kpac_path_kill_net(ptr);
	return NOTIFY_DONE;
}

static struct notifier_block kpac_port_netevent_nb = {
	.notifier_call = kpac_port_netevent,
};

static int __net_init kpac_net_init(struct net *net)
{
	struct kpac_net *kn = kpac_net(net);
	int tries = 0;
	int err;

	kn->net = net;
	xa_init(&kn->ports);
	kpac_table_init(&kn->table, net);
	timer_setup(&kn->fib6_timer, kpac_port_fib6_settled, 0);
	kn->fib_nb.notifier_call = kpac_port_fib_event;
	/* Registering reads all routes, and fails if they change too often. */
	do {
		err = register_fib_notifier(net, &kn->fib_nb, NULL, NULL);
	} while (err == -EBUSY && ++tries < 100 && !msleep_interruptible(10));
	if (err)
		goto err_timer;
	kn->nexthop_nb.notifier_call = kpac_port_nexthop_event;
	err = register_nexthop_notifier(net, &kn->nexthop_nb, NULL);
	if (err)
		goto err_fib;
	return 0;

err_fib:
	unregister_fib_notifier(net, &kn->fib_nb);
err_timer:
	timer_shutdown_sync(&kn->fib6_timer);
	kpac_table_exit(&kn->table);
	return err;
}

static void __net_exit kpac_net_exit(struct net *net)
{
	struct kpac_net *kn = kpac_net(net);

	unregister_nexthop_notifier(net, &kn->nexthop_nb);
	unregister_fib_notifier(net, &kn->fib_nb);
	timer_shutdown_sync(&kn->fib6_timer);
	WARN_ON_ONCE(!xa_empty(&kn->ports));
	kpac_table_exit(&kn->table);
	xa_destroy(&kn->ports);
}

/* A subsystem, not a device: it ends after the namespace's devices. */
static struct pernet_operations kpac_net_ops = {
	.init = kpac_net_init,
	.exit = kpac_net_exit,
	.id = &kpac_net_id,
	.size = sizeof(struct kpac_net),
};

/**
 * kpac_port_init - be ready for ports
 *
 * Context: process, at module load.
 * Return: 0 or an error.
 */
int __init kpac_port_init(void)
{
	int err;

	err = register_pernet_subsys(&kpac_net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&kpac_port_netdev_nb);
	if (err)
		goto err_pernet;
	err = register_netevent_notifier(&kpac_port_netevent_nb);
	if (err)
		goto err_netdev;
	return 0;

err_netdev:
	unregister_netdevice_notifier(&kpac_port_netdev_nb);
err_pernet:
	unregister_pernet_subsys(&kpac_net_ops);
	return err;
}

/**
 * kpac_port_exit - remove all ports
 *
 * Context: process, when no new ones can be made any more.
 */
void kpac_port_exit(void)
{
	unregister_netevent_notifier(&kpac_port_netevent_nb);
	/* This tells the notifier that every device goes. */
	unregister_netdevice_notifier(&kpac_port_netdev_nb);
	unregister_pernet_subsys(&kpac_net_ops);
	cancel_work_sync(&kpac_port_reviewer);
	ida_destroy(&kpac_port_ids);
}
