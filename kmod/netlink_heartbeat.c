// SPDX-License-Identifier: GPL-2.0
/* The netlink side of heartbeats. */

#include <linux/netdevice.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "heartbeat.h"
#include "netlink-gen.h"
#include "netlink.h"

#define KPAC_NL_INTERVAL	1000	/* if nobody says */
#define KPAC_NL_MISSES		3
#define KPAC_NL_HITS		2
#define KPAC_NL_SIZE		64
/* Room for what is told of a peer: when many go down, listeners have to keep it. */
#define KPAC_NL_HEARTBEAT_SIZE	512

static_assert(sizeof_field(struct kpac_health, name) ==
	      KPAC_MAX_HEARTBEAT_NAME + 1);
static_assert(sizeof(struct kpac_heartbeat) == KPAC_MIN_PROBE_SIZE);
static_assert((int)KPAC_HEARTBEAT_STATE_UNKNOWN == (int)KPAC_HEALTH_UNKNOWN);
static_assert((int)KPAC_HEARTBEAT_STATE_UP == (int)KPAC_HEALTH_UP);
static_assert((int)KPAC_HEARTBEAT_STATE_DOWN == (int)KPAC_HEALTH_DOWN);

/* The family is not there any more; seen by all a grace period later. */
static bool kpac_nl_heartbeat_gone;

/* ---- what is told ---- */

static u64 kpac_nl_ms_since(u64 then)
{
	s64 ago = ktime_get_ns() - then;

	return ago > 0 ? div_u64(ago, NSEC_PER_MSEC) : 0;
}

static int kpac_nl_addr_len(const struct kpac_peer_config *config)
{
	return config->ip6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

static int kpac_nl_fill_src(struct sk_buff *msg,
			    const struct kpac_peer_config *config)
{
	const union nf_inet_addr any = {};

	if (nf_inet_addr_cmp(&config->src, &any))
		return 0;
	return nla_put(msg, KPAC_A_HEARTBEAT_SRC, kpac_nl_addr_len(config),
		       &config->src);
}

static int kpac_nl_fill_dev(struct sk_buff *msg, struct net *net, int ifindex)
{
	struct net_device *dev;
	char name[IFNAMSIZ] = "";

	if (!ifindex)
		return 0;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, ifindex);
	/* it may be renamed meanwhile */
	if (dev)
		strscpy(name, dev->name, sizeof(name));
	rcu_read_unlock();
	if (nla_put_u32(msg, KPAC_A_HEARTBEAT_IFINDEX, ifindex) ||
	    (*name && nla_put_string(msg, KPAC_A_HEARTBEAT_IFNAME, name)))
		return -EMSGSIZE;
	return 0;
}

static int kpac_nl_fill_config(struct sk_buff *msg, struct net *net,
			       const struct kpac_peer_config *config)
{
	if (nla_put_string(msg, KPAC_A_HEARTBEAT_NAME, config->name) ||
	    nla_put(msg, KPAC_A_HEARTBEAT_ADDR, kpac_nl_addr_len(config),
		    &config->addr) ||
	    nla_put_u16(msg, KPAC_A_HEARTBEAT_DPORT, ntohs(config->dport)) ||
	    kpac_nl_fill_src(msg, config) ||
	    nla_put_u16(msg, KPAC_A_HEARTBEAT_SPORT, ntohs(config->sport)) ||
	    kpac_nl_fill_dev(msg, net, config->ifindex) ||
	    nla_put_u32(msg, KPAC_A_HEARTBEAT_INTERVAL, config->interval) ||
	    nla_put_u32(msg, KPAC_A_HEARTBEAT_MISSES, config->misses) ||
	    nla_put_u32(msg, KPAC_A_HEARTBEAT_HITS, config->hits) ||
	    nla_put_u32(msg, KPAC_A_HEARTBEAT_SIZE, config->size))
		return -EMSGSIZE;
	return 0;
}

static int kpac_nl_fill_rtt(struct sk_buff *msg,
			    const struct kpac_peer_stats *stats)
{
	if ((stats->received || stats->late) &&
	    (nla_put_uint(msg, KPAC_A_HEARTBEAT_RTT_LAST, stats->rtt_last) ||
	     nla_put_uint(msg, KPAC_A_HEARTBEAT_RTT_MAX, stats->rtt_max)))
		return -EMSGSIZE;
	if (stats->received &&
	    (nla_put_uint(msg, KPAC_A_HEARTBEAT_RTT_MIN, stats->rtt_min) ||
	     nla_put_uint(msg, KPAC_A_HEARTBEAT_RTT_MEAN,
			  div64_u64(stats->rtt_sum, stats->received))))
		return -EMSGSIZE;
	return 0;
}

static int kpac_nl_fill_state(struct sk_buff *msg,
			      const struct kpac_peer_state *state)
{
	const struct kpac_peer_stats *stats = &state->stats;
	ktime_t changed = ktime_mono_to_real(ns_to_ktime(state->changed));

	if (nla_put_u32(msg, KPAC_A_HEARTBEAT_STATE, state->health) ||
	    nla_put_uint(msg, KPAC_A_HEARTBEAT_CHANGED, ktime_to_ms(changed)) ||
	    nla_put_uint(msg, KPAC_A_HEARTBEAT_SINCE,
			 kpac_nl_ms_since(state->changed)) ||
	    nla_put_s32(msg, KPAC_A_HEARTBEAT_IN_ROW, state->in_row) ||
	    nla_put_uint(msg, KPAC_A_HEARTBEAT_SENT, stats->sent) ||
	    nla_put_uint(msg, KPAC_A_HEARTBEAT_UNSENT, stats->unsent) ||
	    nla_put_uint(msg, KPAC_A_HEARTBEAT_RECEIVED, stats->received) ||
	    nla_put_uint(msg, KPAC_A_HEARTBEAT_MISSED, stats->missed) ||
	    nla_put_uint(msg, KPAC_A_HEARTBEAT_LATE, stats->late))
		return -EMSGSIZE;
	return kpac_nl_fill_rtt(msg, stats);
}

/* @hdr is the message's, or NULL. */
static int kpac_nl_fill_heartbeat(struct sk_buff *msg, void *hdr,
				  struct net *net,
				  const struct kpac_peer_info *info)
{
	if (!hdr)
		return -EMSGSIZE;
	if (kpac_nl_fill_config(msg, net, &info->config) ||
	    kpac_nl_fill_state(msg, &info->state)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

static void kpac_nl_send_heartbeat(struct net *net,
				   const struct kpac_peer_info *info)
{
	struct sk_buff *msg = genlmsg_new(KPAC_NL_HEARTBEAT_SIZE,
					  GFP_ATOMIC | __GFP_NOWARN);
	void *hdr;

	if (!msg)
		goto err;
	hdr = genlmsg_put(msg, 0, 0, &kpac_nl_family, 0,
			  KPAC_CMD_HEARTBEAT_CHANGE_NTF);
	if (kpac_nl_fill_heartbeat(msg, hdr, net, info)) {
		nlmsg_free(msg);
		goto err;
	}
	genlmsg_multicast_netns(&kpac_nl_family, net, msg, 0,
				KPAC_NLGRP_HEARTBEAT, GFP_ATOMIC);
	return;

err:
	genl_set_err(&kpac_nl_family, net, 0, KPAC_NLGRP_HEARTBEAT, -ENOBUFS);
}

/**
 * kpac_netlink_notify_heartbeat - tell the listeners of a namespace about a peer
 * @net: the namespace
 * @info: what is known of the peer
 *
 * Context: softirq. If there is no memory for it, the message is lost, of which
 * listeners are told.
 */
void kpac_netlink_notify_heartbeat(struct net *net,
				   const struct kpac_peer_info *info)
{
	rcu_read_lock();
	if (!READ_ONCE(kpac_nl_heartbeat_gone) &&
	    genl_has_listeners(&kpac_nl_family, net, KPAC_NLGRP_HEARTBEAT))
		kpac_nl_send_heartbeat(net, info);
	rcu_read_unlock();
}

/**
 * kpac_netlink_heartbeat_gone - tell nobody about peers any more
 *
 * Context: process, before the family goes.
 */
void kpac_netlink_heartbeat_gone(void)
{
	WRITE_ONCE(kpac_nl_heartbeat_gone, true);
	synchronize_net();
}

/* ---- what is asked for ---- */

static int kpac_nl_refuse(struct genl_info *info, int attr, int err,
			  const char *why)
{
	struct netlink_ext_ack *extack = info->extack;

	/* not by NL_SET_ERR_MSG_ATTR(), which wants a literal */
	if (extack) {
		extack->_msg = why;
		extack->bad_attr = info->attrs[attr];
	}
	return err;
}

static bool kpac_nl_unicast4(__be32 addr)
{
	return !ipv4_is_multicast(addr) && !ipv4_is_lbcast(addr) &&
	       !ipv4_is_zeronet(addr);
}

static bool kpac_nl_unicast6(const struct in6_addr *addr)
{
	return ipv6_addr_type(addr) & IPV6_ADDR_UNICAST &&
	       !ipv6_addr_v4mapped(addr);
}

static bool kpac_nl_unicast(const union nf_inet_addr *addr, bool ip6)
{
	return ip6 ? kpac_nl_unicast6(&addr->in6) : kpac_nl_unicast4(addr->ip);
}

/* Read an address, of whichever family. */
static int kpac_nl_addr(struct genl_info *info, int attr,
			union nf_inet_addr *addr, bool *ip6)
{
	const struct nlattr *nla = info->attrs[attr];

	*ip6 = nla_len(nla) == sizeof(struct in6_addr);
	if (!*ip6 && nla_len(nla) != sizeof(struct in_addr))
		return kpac_nl_refuse(info, attr, -EINVAL,
				      "an address has 4 or 16 bytes");
	memcpy(addr, nla_data(nla), nla_len(nla));
	if (!kpac_nl_unicast(addr, *ip6))
		return kpac_nl_refuse(info, attr, -EINVAL,
				      "not the address of one host");
	return 0;
}

static int kpac_nl_addrs(struct genl_info *info,
			 struct kpac_peer_config *config)
{
	bool ip6;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, KPAC_A_HEARTBEAT_ADDR) ||
	    GENL_REQ_ATTR_CHECK(info, KPAC_A_HEARTBEAT_DPORT))
		return -EINVAL;
	err = kpac_nl_addr(info, KPAC_A_HEARTBEAT_ADDR, &config->addr,
			   &config->ip6);
	if (err || !info->attrs[KPAC_A_HEARTBEAT_SRC])
		return err;
	err = kpac_nl_addr(info, KPAC_A_HEARTBEAT_SRC, &config->src, &ip6);
	if (!err && ip6 != config->ip6)
		err = kpac_nl_refuse(info, KPAC_A_HEARTBEAT_SRC, -EINVAL,
				     "one address is IPv4, the other IPv6");
	return err;
}

static int kpac_nl_device(struct genl_info *info,
			  struct kpac_peer_config *config)
{
	const struct nlattr *nla = info->attrs[KPAC_A_HEARTBEAT_IFINDEX];
	bool there;

	if (!nla) {
		if (config->ip6 && ipv6_addr_type(&config->addr.in6) &
		    IPV6_ADDR_LINKLOCAL)
			return kpac_nl_refuse(info, KPAC_A_HEARTBEAT_ADDR,
					      -EINVAL,
					      "a link-local address needs the device as well");
		return 0;
	}
	config->ifindex = nla_get_u32(nla);
	rcu_read_lock();
	there = dev_get_by_index_rcu(genl_info_net(info), config->ifindex);
	rcu_read_unlock();
	return there ? 0 :
	       kpac_nl_refuse(info, KPAC_A_HEARTBEAT_IFINDEX, -ENODEV,
			      "there is no such device in this network namespace");
}

static int kpac_nl_name(struct genl_info *info, struct kpac_peer_config *config)
{
	const struct nlattr *nla = info->attrs[KPAC_A_HEARTBEAT_NAME];

	if (!nla) {
		snprintf(config->name, sizeof(config->name),
			 config->ip6 ? "%pI6c" : "%pI4", &config->addr);
		return 0;
	}
	nla_strscpy(config->name, nla, sizeof(config->name));
	return *config->name ? 0 :
	       kpac_nl_refuse(info, KPAC_A_HEARTBEAT_NAME, -EINVAL,
			      "a name has at least one byte");
}

static u32 kpac_nl_u32(struct genl_info *info, int attr, u32 otherwise)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : otherwise;
}

static int kpac_nl_config(struct genl_info *info,
			  struct kpac_peer_config *config)
{
	const struct nlattr *sport = info->attrs[KPAC_A_HEARTBEAT_SPORT];
	int err;

	err = kpac_nl_addrs(info, config) ?: kpac_nl_device(info, config) ?:
	      kpac_nl_name(info, config);
	if (err)
		return err;
	config->dport = htons(nla_get_u16(info->attrs[KPAC_A_HEARTBEAT_DPORT]));
	config->sport = sport ? htons(nla_get_u16(sport)) : 0;
	config->interval = kpac_nl_u32(info, KPAC_A_HEARTBEAT_INTERVAL,
				       KPAC_NL_INTERVAL);
	config->misses = kpac_nl_u32(info, KPAC_A_HEARTBEAT_MISSES,
				     KPAC_NL_MISSES);
	config->hits = kpac_nl_u32(info, KPAC_A_HEARTBEAT_HITS, KPAC_NL_HITS);
	config->size = kpac_nl_u32(info, KPAC_A_HEARTBEAT_SIZE, KPAC_NL_SIZE);
	return 0;
}

int kpac_nl_heartbeat_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_peer_config config = {};
	int err;

	err = kpac_nl_config(info, &config);
	if (err)
		return err;
	err = kpac_heartbeat_add(genl_info_net(info), &config);
	switch (err) {
	case -EEXIST:
		return kpac_nl_refuse(info, info->attrs[KPAC_A_HEARTBEAT_NAME] ?
				      KPAC_A_HEARTBEAT_NAME :
				      KPAC_A_HEARTBEAT_ADDR, err,
				      "there is a heartbeat of this name: delete it first, or give another name");
	case -EADDRINUSE:
		return kpac_nl_refuse(info, KPAC_A_HEARTBEAT_SPORT, err,
				      "another socket has this port: give another, or none");
	case -EDQUOT:
		return kpac_nl_refuse(info, KPAC_A_HEARTBEAT_INTERVAL, err,
				      "peers would be sent more probes in a second than they may be: choose longer intervals");
	case -ENOSPC:
		GENL_SET_ERR_MSG(info, "there are as many heartbeats in this network namespace as there may be");
		return err;
	}
	return err;
}

static int kpac_nl_no_heartbeat(struct genl_info *info)
{
	return kpac_nl_refuse(info, KPAC_A_HEARTBEAT_NAME, -ENOENT,
			      "there is no heartbeat of this name");
}

int kpac_nl_heartbeat_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	if (GENL_REQ_ATTR_CHECK(info, KPAC_A_HEARTBEAT_NAME))
		return -EINVAL;
	err = kpac_heartbeat_del(genl_info_net(info),
				 nla_data(info->attrs[KPAC_A_HEARTBEAT_NAME]));
	return err == -ENOENT ? kpac_nl_no_heartbeat(info) : err;
}

int kpac_nl_heartbeat_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_peer_info peer;
	struct sk_buff *msg;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, KPAC_A_HEARTBEAT_NAME))
		return -EINVAL;
	if (kpac_heartbeat_get(genl_info_net(info),
			       nla_data(info->attrs[KPAC_A_HEARTBEAT_NAME]),
			       &peer))
		return kpac_nl_no_heartbeat(info);
	msg = genlmsg_new(KPAC_NL_HEARTBEAT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = kpac_nl_fill_heartbeat(msg, genlmsg_iput(msg, info),
				     genl_info_net(info), &peer);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

int kpac_nl_heartbeat_get_dumpit(struct sk_buff *msg,
				 struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct net *net = genl_info_net(info);
	struct kpac_peer_info peer;
	void *hdr;

	cb->seq = kpac_heartbeat_changes(net);
	while (kpac_heartbeat_next(net, (unsigned long *)&cb->args[0], &peer)) {
		hdr = genlmsg_iput(msg, info);
		if (hdr)
			genl_dump_check_consistent(cb, hdr);
		if (kpac_nl_fill_heartbeat(msg, hdr, net, &peer))
			return msg->len ?: -EMSGSIZE;
		cb->args[0]++;
	}
	/* the end is told of what has changed since */
	cb->seq = kpac_heartbeat_changes(net);
	return 0;
}
