// SPDX-License-Identifier: GPL-2.0
/* The netlink side of flow monitors: listing flows, and forgetting them. */

#include <linux/math64.h>
#include <linux/netdevice.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>

#include "handlers/flowmon.h"
#include "netlink-gen.h"

/* Where a listing is. It holds the monitor that it is in. */
struct kpac_nl_flows {
	struct kpac_flowmon *mon;
	u32 at;
	bool all;
};

/* Where a record goes. */
struct kpac_nl_flow_fill {
	struct sk_buff *msg;
	const struct genl_info *info;
	const char *monitor;
};

static u64 kpac_nl_ms(u64 ns)
{
	return div_u64(ns, NSEC_PER_MSEC);
}

static u64 kpac_nl_ms_ago(u64 then)
{
	s64 ago = ktime_get_ns() - then;

	return ago > 0 ? kpac_nl_ms(ago) : 0;
}

static int kpac_nl_fill_ifname(struct sk_buff *msg, struct net *net, u32 ifindex)
{
	struct net_device *dev;
	char name[IFNAMSIZ] = "";

	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, ifindex);
	/* it may be renamed meanwhile */
	if (dev)
		strscpy(name, dev->name, sizeof(name));
	rcu_read_unlock();
	return *name ? nla_put_string(msg, KPAC_A_FLOW_IFNAME, name) : 0;
}

static int kpac_nl_fill_ends(struct sk_buff *msg,
			     const struct kpac_flowmon_record *r)
{
	int len = r->ip6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);

	if (nla_put_u8(msg, KPAC_A_FLOW_PROTO, r->proto) ||
	    nla_put(msg, KPAC_A_FLOW_SRC, len, &r->src) ||
	    nla_put(msg, KPAC_A_FLOW_DST, len, &r->dst))
		return -EMSGSIZE;
	return 0;
}

static int kpac_nl_fill_l4(struct sk_buff *msg,
			   const struct kpac_flowmon_record *r)
{
	switch (r->proto) {
	case IPPROTO_TCP:
		if (nla_put_u8(msg, KPAC_A_FLOW_TCP_FLAGS, r->tcp_flags))
			return -EMSGSIZE;
		fallthrough;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return nla_put_u16(msg, KPAC_A_FLOW_SPORT, ntohs(r->sport)) ?:
		       nla_put_u16(msg, KPAC_A_FLOW_DPORT, ntohs(r->dport));
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (r->ip6 != (r->proto == IPPROTO_ICMPV6))
			return 0;
		return nla_put_u8(msg, KPAC_A_FLOW_ICMP_TYPE, r->icmp_type) ?:
		       nla_put_u8(msg, KPAC_A_FLOW_ICMP_CODE, r->icmp_code);
	}
	return 0;
}

static int kpac_nl_fill_times(struct sk_buff *msg,
			      const struct kpac_flowmon_record *r)
{
	if (nla_put_uint(msg, KPAC_A_FLOW_FIRST_SEEN,
			 kpac_nl_ms(r->first_real)) ||
	    nla_put_uint(msg, KPAC_A_FLOW_LAST_SEEN,
			 kpac_nl_ms(r->last_real)) ||
	    nla_put_uint(msg, KPAC_A_FLOW_AGE, kpac_nl_ms_ago(r->first)) ||
	    nla_put_uint(msg, KPAC_A_FLOW_IDLE, kpac_nl_ms_ago(r->last)) ||
	    nla_put_uint(msg, KPAC_A_FLOW_STARTED, kpac_nl_ms(r->first)))
		return -EMSGSIZE;
	return 0;
}

static int kpac_nl_fill_record(struct sk_buff *msg, struct net *net,
			       const struct kpac_flowmon_record *r)
{
	if (nla_put_u32(msg, KPAC_A_FLOW_IFINDEX, r->ifindex) ||
	    kpac_nl_fill_ifname(msg, net, r->ifindex) ||
	    (r->tagged && nla_put_u16(msg, KPAC_A_FLOW_VLAN, r->vlan)) ||
	    kpac_nl_fill_ends(msg, r) || kpac_nl_fill_l4(msg, r) ||
	    nla_put_u8(msg, KPAC_A_FLOW_TOS, r->tos) ||
	    nla_put_uint(msg, KPAC_A_FLOW_PACKETS, r->packets) ||
	    nla_put_uint(msg, KPAC_A_FLOW_BYTES, r->bytes))
		return -EMSGSIZE;
	return kpac_nl_fill_times(msg, r);
}

static int kpac_nl_fill_flow(const struct kpac_flowmon_record *r, void *arg)
{
	struct kpac_nl_flow_fill *f = arg;
	void *hdr = genlmsg_iput(f->msg, f->info);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(f->msg, KPAC_A_FLOW_MONITOR, f->monitor) ||
	    kpac_nl_fill_record(f->msg, genl_info_net(f->info), r)) {
		genlmsg_cancel(f->msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(f->msg, hdr);
	return 0;
}

/* The monitor that a request names. */
static struct kpac_flowmon *kpac_nl_flowmon(const struct genl_info *info)
{
	const struct nlattr *name = info->attrs[KPAC_A_FLOW_MONITOR];
	struct kpac_flowmon *mon;

	mon = kpac_flowmon_get(genl_info_net(info), nla_data(name));
	if (mon)
		return mon;
	NL_SET_ERR_MSG_ATTR(info->extack, name,
			    "there is no flow monitor of this name: an entry that does \"flowmon\" makes one");
	return ERR_PTR(-ENOENT);
}

static struct kpac_nl_flows *kpac_nl_flows(struct netlink_callback *cb)
{
	static_assert(sizeof(struct kpac_nl_flows) <= sizeof(cb->ctx));
	return (struct kpac_nl_flows *)cb->ctx;
}

int kpac_nl_flowmon_get_start(struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct kpac_nl_flows *flows = kpac_nl_flows(cb);
	struct kpac_flowmon *mon;

	flows->all = !info->attrs[KPAC_A_FLOW_MONITOR];
	mon = flows->all ? kpac_flowmon_next(genl_info_net(info), NULL) :
			   kpac_nl_flowmon(info);
	if (IS_ERR(mon))
		return PTR_ERR(mon);
	flows->mon = mon;
	flows->at = 0;
	return 0;
}

int kpac_nl_flowmon_get_done(struct netlink_callback *cb)
{
	struct kpac_nl_flows *flows = kpac_nl_flows(cb);

	if (flows->mon)
		kpac_flowmon_put(flows->mon);
	return 0;
}

/* On to the next monitor, if that is wanted and there is one. */
static void kpac_nl_flows_next(struct kpac_nl_flows *flows, struct net *net)
{
	struct kpac_flowmon *mon = flows->mon;

	flows->mon = NULL;
	if (flows->all)
		flows->mon = kpac_flowmon_next(net, kpac_flowmon_name(mon));
	flows->at = 0;
	kpac_flowmon_put(mon);
}

int kpac_nl_flowmon_get_dumpit(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct kpac_nl_flow_fill f = { .msg = msg, .info = genl_info_dump(cb) };
	struct kpac_nl_flows *flows = kpac_nl_flows(cb);
	int err = 0;

	while (flows->mon) {
		f.monitor = kpac_flowmon_name(flows->mon);
		err = kpac_flowmon_for_each(flows->mon, &flows->at,
					    kpac_nl_fill_flow, &f);
		if (err)
			break;
		kpac_nl_flows_next(flows, genl_info_net(f.info));
	}
	return err == -EMSGSIZE && msg->len ? msg->len : err;
}

static void kpac_nl_reset_all(const struct net *net)
{
	struct kpac_flowmon *mon, *next;

	for (mon = kpac_flowmon_next(net, NULL); mon; mon = next) {
		kpac_flowmon_reset(mon);
		next = kpac_flowmon_next(net, kpac_flowmon_name(mon));
		kpac_flowmon_put(mon);
	}
}

int kpac_nl_flowmon_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_flowmon *mon;

	if (!info->attrs[KPAC_A_FLOW_MONITOR]) {
		kpac_nl_reset_all(genl_info_net(info));
		return 0;
	}
	mon = kpac_nl_flowmon(info);
	if (IS_ERR(mon))
		return PTR_ERR(mon);
	kpac_flowmon_reset(mon);
	kpac_flowmon_put(mon);
	return 0;
}
