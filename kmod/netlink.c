// SPDX-License-Identifier: GPL-2.0
/* The generic-netlink family, as uapi/kpac.yaml describes it. */

#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"
#include "netlink.h"
#include "port.h"

static_assert((int)KPAC_A_PORT_IFINDEX == (int)KPAC_A_STATS_IFINDEX);
static_assert((int)KPAC_A_PORT_IFNAME == (int)KPAC_A_STATS_IFNAME);

/* The family is not there any more; protected by RTNL. */
static bool kpac_nl_gone;

/* The device that a request names, by index, name or both. */
static struct net_device *kpac_nl_dev(struct genl_info *info)
{
	struct nlattr *index = info->attrs[KPAC_A_PORT_IFINDEX];
	struct nlattr *name = info->attrs[KPAC_A_PORT_IFNAME];
	struct net *net = genl_info_net(info);
	struct net_device *dev;

	if (!index && !name) {
		GENL_SET_ERR_MSG(info, "which device? the request has neither ifindex nor ifname");
		return ERR_PTR(-EINVAL);
	}
	if (index)
		dev = __dev_get_by_index(net, nla_get_u32(index));
	else
		dev = __dev_get_by_name(net, nla_data(name));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(info->extack, index ?: name,
				    "there is no such device in this network namespace");
		return ERR_PTR(-ENODEV);
	}
	if (index && name && dev != __dev_get_by_name(net, nla_data(name))) {
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "ifindex and ifname are not of the same device");
		return ERR_PTR(-EINVAL);
	}
	return dev;
}

static struct kpac_port *kpac_nl_port(struct genl_info *info)
{
	struct net_device *dev = kpac_nl_dev(info);
	struct kpac_port *port;

	if (IS_ERR(dev))
		return ERR_CAST(dev);
	port = kpac_port_find(kpac_net(genl_info_net(info)), dev);
	if (port)
		return port;
	GENL_SET_ERR_MSG(info, "the device is not a port: make it one with port add");
	return ERR_PTR(-ENOENT);
}

static bool kpac_nl_number(struct genl_info *info, int attr, u32 *number)
{
	if (!info->attrs[attr])
		return false;
	*number = nla_get_u32(info->attrs[attr]);
	return true;
}

/* What a request wants of a port that is now, or by default, like @tx. */
static struct kpac_port_config
kpac_nl_port_config(struct genl_info *info, struct kpac_tx_config tx)
{
	bool has_tx = kpac_nl_number(info, KPAC_A_PORT_TX_BATCH, &tx.batch) |
		      kpac_nl_number(info, KPAC_A_PORT_CLEAN_BATCH, &tx.clean) |
		      kpac_nl_number(info, KPAC_A_PORT_POOL, &tx.pool) |
		      kpac_nl_number(info, KPAC_A_PORT_COPYBREAK,
				     &tx.copybreak);
	struct nlattr *forward = info->attrs[KPAC_A_PORT_FORWARD];
	struct nlattr *door = info->attrs[KPAC_A_PORT_DOOR];

	return (struct kpac_port_config) {
		.has_door = door,
		.door = door ? nla_get_u32(door) : 0,
		.has_forward = forward,
		.forward = forward && nla_get_u8(forward),
		.has_tx = has_tx,
		.tx = tx,
	};
}

static int kpac_nl_fill_port(struct sk_buff *msg, const struct kpac_port *port)
{
	const struct kpac_tx_config *tx = &port->tx->config;
	struct net_device *dev = port->dev;
	const struct net_device *master = netdev_master_upper_dev_get(dev);

	if (nla_put_u32(msg, KPAC_A_PORT_IFINDEX, dev->ifindex) ||
	    nla_put_string(msg, KPAC_A_PORT_IFNAME, dev->name) ||
	    nla_put_u32(msg, KPAC_A_PORT_DOOR, port->door) ||
	    nla_put_u32(msg, KPAC_A_PORT_DOOR_USED, port->door_used) ||
	    nla_put_u32(msg, KPAC_A_PORT_DOOR_WHY, port->door_why) ||
	    nla_put_u8(msg, KPAC_A_PORT_FORWARD,
		       !(port->flags & KPAC_PORT_OFF)) ||
	    (master && nla_put_u32(msg, KPAC_A_PORT_MASTER, master->ifindex)) ||
	    nla_put_u32(msg, KPAC_A_PORT_TX_BATCH, tx->batch) ||
	    nla_put_u32(msg, KPAC_A_PORT_CLEAN_BATCH, tx->clean) ||
	    nla_put_u32(msg, KPAC_A_PORT_POOL, tx->pool) ||
	    nla_put_u32(msg, KPAC_A_PORT_COPYBREAK, tx->copybreak))
		return -EMSGSIZE;
	return 0;
}

static int kpac_nl_fill_pass(struct sk_buff *msg, u32 reason, u64 packets,
			     u64 bytes)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_STATS_PASS);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(msg, KPAC_A_PASS_REASON, reason) ||
	    nla_put_uint(msg, KPAC_A_PASS_PACKETS, packets) ||
	    nla_put_uint(msg, KPAC_A_PASS_BYTES, bytes)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int kpac_nl_fill_size(struct sk_buff *msg, u32 least, u64 batches)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_TX_SIZE);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(msg, KPAC_A_TX_SIZE_LEAST, least) ||
	    nla_put_uint(msg, KPAC_A_TX_SIZE_BATCHES, batches)) {
		nla_nest_cancel(msg, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int kpac_nl_fill_tx(struct sk_buff *msg, const struct kpac_port *port)
{
	const u64 bytes = SKB_TRUESIZE(KPAC_POOL_BYTES);
	struct kpac_tx_sum s;
	struct nlattr *nest;
	int i;

	kpac_tx_sum(port->tx, &s);
	kpac_tx_sub(&s, &port->tx_base);
	nest = nla_nest_start(msg, KPAC_A_STATS_TX);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_uint(msg, KPAC_A_TX_PACKETS, s.tx.packets) ||
	    nla_put_uint(msg, KPAC_A_TX_DOORBELLS, s.tx.doorbells) ||
	    nla_put_uint(msg, KPAC_A_TX_SHARED_PACKETS, s.tx.shared) ||
	    nla_put_uint(msg, KPAC_A_TX_REQUEUED_PACKETS, s.tx.requeued) ||
	    nla_put_uint(msg, KPAC_A_TX_DROP_PACKETS, s.tx.dropped) ||
	    nla_put_uint(msg, KPAC_A_TX_COPIED_PACKETS, s.tx.copied) ||
	    nla_put_uint(msg, KPAC_A_TX_POOL_HITS, s.pool_hits) ||
	    nla_put_uint(msg, KPAC_A_TX_POOL_MISSES, s.pool_misses) ||
	    nla_put_uint(msg, KPAC_A_TX_POOL_RECLAIMS, s.pool_reclaims) ||
	    nla_put_uint(msg, KPAC_A_TX_POOL_SIZE, s.pool_size) ||
	    nla_put_uint(msg, KPAC_A_TX_POOL_BYTES, s.pool_size * bytes) ||
	    nla_put_uint(msg, KPAC_A_TX_POOL_HIGH, s.pool_high))
		goto err;
	for (i = 0; i < KPAC_TX_SIZES; i++)
		if (s.tx.size[i] && kpac_nl_fill_size(msg, BIT(i), s.tx.size[i]))
			goto err;
	nla_nest_end(msg, nest);
	return 0;

err:
	nla_nest_cancel(msg, nest);
	return -EMSGSIZE;
}

static int kpac_nl_fill_stats(struct sk_buff *msg, const struct kpac_port *port)
{
	u64 packets, bytes, accelerated = 0, accelerated_bytes = 0;
	struct kpac_stats_sum s;
	int i;

	kpac_stats_sum(port->stats, &s);
	kpac_stats_sub(&s, &port->base);
	for (i = 0; i < KPAC_EXIT_DROP; i++) {
		accelerated += s.exit[i].packets;
		accelerated_bytes += s.exit[i].bytes;
	}
	packets = accelerated;
	bytes = accelerated_bytes;
	for (i = KPAC_EXIT_DROP; i < KPAC_EXITS; i++) {
		packets += s.exit[i].packets;
		bytes += s.exit[i].bytes;
	}
	for (i = 0; i < KPAC_PASS_REASONS; i++) {
		packets += s.pass[i].packets;
		bytes += s.pass[i].bytes;
	}

	if (nla_put_u32(msg, KPAC_A_STATS_IFINDEX, port->dev->ifindex) ||
	    nla_put_string(msg, KPAC_A_STATS_IFNAME, port->dev->name) ||
	    nla_put_uint(msg, KPAC_A_STATS_PACKETS, packets) ||
	    nla_put_uint(msg, KPAC_A_STATS_BYTES, bytes) ||
	    nla_put_uint(msg, KPAC_A_STATS_ACCELERATED_PACKETS, accelerated) ||
	    nla_put_uint(msg, KPAC_A_STATS_ACCELERATED_BYTES,
			 accelerated_bytes) ||
	    nla_put_uint(msg, KPAC_A_STATS_HANDOVER_PACKETS,
			 s.exit[KPAC_EXIT_HANDOVER].packets) ||
	    nla_put_uint(msg, KPAC_A_STATS_DIRECT_PACKETS,
			 s.exit[KPAC_EXIT_DIRECT].packets) ||
	    nla_put_uint(msg, KPAC_A_STATS_QUEUED_PACKETS,
			 s.exit[KPAC_EXIT_QUEUED].packets) ||
	    nla_put_uint(msg, KPAC_A_STATS_DROP_PACKETS,
			 s.exit[KPAC_EXIT_DROP].packets) ||
	    nla_put_uint(msg, KPAC_A_STATS_RESOLVE_PACKETS, s.resolves) ||
	    nla_put_uint(msg, KPAC_A_STATS_HANDLER_DROP_PACKETS,
			 s.exit[KPAC_EXIT_HANDLER_DROP].packets) ||
	    nla_put_uint(msg, KPAC_A_STATS_REPLY_PACKETS,
			 s.exit[KPAC_EXIT_REPLY].packets) ||
	    nla_put_uint(msg, KPAC_A_STATS_REDIRECT_PACKETS,
			 s.exit[KPAC_EXIT_REDIRECT].packets) ||
	    nla_put_uint(msg, KPAC_A_STATS_STOLEN_PACKETS,
			 s.exit[KPAC_EXIT_STOLEN].packets))
		return -EMSGSIZE;
	for (i = 0; i < KPAC_PASS_REASONS; i++)
		if (s.pass[i].packets &&
		    kpac_nl_fill_pass(msg, i, s.pass[i].packets,
				      s.pass[i].bytes))
			return -EMSGSIZE;
	return kpac_nl_fill_tx(msg, port);
}

typedef int (*kpac_nl_fill_t)(struct sk_buff *msg,
			      const struct kpac_port *port);

/* Answer a request for one port. */
static int kpac_nl_get(struct genl_info *info, kpac_nl_fill_t fill)
{
	struct kpac_port *port;
	struct sk_buff *msg;
	void *hdr;
	int err;

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_iput(msg, info);
	if (!hdr) {
		err = -EMSGSIZE;
		goto err_msg;
	}

	rtnl_lock();
	port = kpac_nl_port(info);
	err = PTR_ERR_OR_ZERO(port);
	if (!err)
		err = fill(msg, port);
	rtnl_unlock();
	if (err)
		goto err_msg;

	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

err_msg:
	nlmsg_free(msg);
	return err;
}

/* Dump all ports of the namespace, in the order of their ifindex. */
static int kpac_nl_dump(struct sk_buff *msg, struct netlink_callback *cb,
			kpac_nl_fill_t fill)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct kpac_net *kn = kpac_net(genl_info_net(info));
	unsigned long ifindex;
	struct kpac_port *port;
	int err = 0;
	void *hdr;

	rtnl_lock();
	cb->seq = kn->changes;
	xa_for_each_start(&kn->ports, ifindex, port, cb->args[0]) {
		hdr = genlmsg_iput(msg, info);
		if (!hdr) {
			err = -EMSGSIZE;
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		err = fill(msg, port);
		if (err) {
			genlmsg_cancel(msg, hdr);
			break;
		}
		genlmsg_end(msg, hdr);
		cb->args[0] = ifindex + 1;
	}
	rtnl_unlock();
	return err == -EMSGSIZE && msg->len ? msg->len : err;
}

int kpac_nl_port_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_port_config config;
	struct net_device *dev;
	int err;

	config = kpac_nl_port_config(info, kpac_tx_defaults());

	rtnl_lock();
	dev = kpac_nl_dev(info);
	err = PTR_ERR_OR_ZERO(dev);
	if (!err)
		err = kpac_port_new(kpac_net(genl_info_net(info)), dev, &config,
				    info->extack);
	rtnl_unlock();
	return err;
}

static int kpac_nl_port_change(struct kpac_port *port, struct genl_info *info)
{
	struct kpac_port_config config;

	config = kpac_nl_port_config(info, port->tx->config);
	if (!config.has_door && !config.has_forward && !config.has_tx) {
		GENL_SET_ERR_MSG(info, "nothing to change: the request has neither door, forward nor any setting of the TX side");
		return -EINVAL;
	}
	return kpac_port_set(port, &config, info->extack);
}

int kpac_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_port *port;
	int err;

	rtnl_lock();
	port = kpac_nl_port(info);
	err = PTR_ERR_OR_ZERO(port);
	if (!err)
		err = kpac_nl_port_change(port, info);
	rtnl_unlock();
	return err;
}

int kpac_nl_port_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_port *port;
	int err;

	rtnl_lock();
	port = kpac_nl_port(info);
	err = PTR_ERR_OR_ZERO(port);
	if (!err)
		kpac_port_del(port);
	rtnl_unlock();
	return err;
}

int kpac_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return kpac_nl_get(info, kpac_nl_fill_port);
}

int kpac_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return kpac_nl_dump(skb, cb, kpac_nl_fill_port);
}

int kpac_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return kpac_nl_get(info, kpac_nl_fill_stats);
}

int kpac_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return kpac_nl_dump(skb, cb, kpac_nl_fill_stats);
}

int kpac_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_net *kn = kpac_net(genl_info_net(info));
	struct kpac_port *port;
	unsigned long ifindex;
	int err = 0;

	rtnl_lock();
	if (info->attrs[KPAC_A_STATS_IFINDEX] ||
	    info->attrs[KPAC_A_STATS_IFNAME]) {
		port = kpac_nl_port(info);
		err = PTR_ERR_OR_ZERO(port);
		if (!err)
			kpac_port_reset(port);
	} else {
		xa_for_each(&kn->ports, ifindex, port)
			kpac_port_reset(port);
	}
	rtnl_unlock();
	return err;
}

/**
 * kpac_netlink_notify - tell the listeners of a namespace about a port
 * @port: the port
 * @cmd: what has happened: KPAC_CMD_PORT_{NEW,SET,DEL}_NTF
 *
 * Context: RTNL. If there is no memory for it, the message is lost, of which
 * listeners are told.
 */
void kpac_netlink_notify(const struct kpac_port *port, u8 cmd)
{
	struct net *net = port->kn->net;
	struct sk_buff *msg;
	int err = -ENOBUFS;
	void *hdr;

	if (kpac_nl_gone ||
	    !genl_has_listeners(&kpac_nl_family, net, KPAC_NLGRP_PORTS))
		return;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		goto err;
	hdr = genlmsg_put(msg, 0, 0, &kpac_nl_family, 0, cmd);
	if (!hdr)
		goto err_msg;
	err = kpac_nl_fill_port(msg, port);
	if (err)
		goto err_msg;
	genlmsg_end(msg, hdr);
	genlmsg_multicast_netns(&kpac_nl_family, net, msg, 0, KPAC_NLGRP_PORTS,
				GFP_KERNEL);
	return;

err_msg:
	nlmsg_free(msg);
err:
	genl_set_err(&kpac_nl_family, net, 0, KPAC_NLGRP_PORTS, err);
}

/**
 * kpac_netlink_init - register the family
 *
 * Context: process, at module load, when all else is ready.
 * Return: 0 or an error.
 */
int __init kpac_netlink_init(void)
{
	int err;

	err = kpac_netlink_table_init();
	if (err)
		return err;
	err = genl_register_family(&kpac_nl_family);
	if (err)
		kpac_netlink_table_exit();
	return err;
}

/**
 * kpac_netlink_exit - unregister the family
 *
 * Context: process.
 */
void kpac_netlink_exit(void)
{
	rtnl_lock();
	kpac_nl_gone = true;
	rtnl_unlock();
	kpac_netlink_table_gone();
	kpac_netlink_heartbeat_gone();
	genl_unregister_family(&kpac_nl_family);
	kpac_netlink_table_exit();
}
