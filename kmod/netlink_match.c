// SPDX-License-Identifier: GPL-2.0
/* Predicates in netlink messages. */

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/slab.h>

#include "netlink-gen.h"
#include "rule.h"

static_assert(KPAC_A_MATCH_MAX < 32);

/* The parsing of one predicate. */
struct kpac_match_parse {
	struct net *net;
	struct nlattr *tb[KPAC_A_MATCH_MAX + 1];
	struct kpac_match *match;
	struct netlink_ext_ack *extack;
};

/* Refuse an attribute. */
#define KPAC_MATCH_WRONG(p, attr, msg)					\
({									\
	NL_SET_ERR_MSG_ATTR((p)->extack, (p)->tb[attr], msg);		\
	-EINVAL;							\
})

static int kpac_match_parse_dev(struct kpac_match_parse *p)
{
	struct nlattr *index = p->tb[KPAC_A_MATCH_IFINDEX];
	struct nlattr *name = p->tb[KPAC_A_MATCH_IFNAME];
	const struct net_device *dev = NULL;
	struct kpac_match *m = p->match;

	if (!index && !name)
		return 0;
	if (index)
		m->ifindex = nla_get_u32(index);
	if (name) {
		rcu_read_lock();
		dev = dev_get_by_name_rcu(p->net, nla_data(name));
		if (dev && index && m->ifindex != dev->ifindex)
			dev = NULL;
		if (dev)
			m->ifindex = dev->ifindex;
		rcu_read_unlock();
		if (!dev)
			return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_IFNAME,
						"there is no such device in this network namespace");
	}
	m->given |= BIT(KPAC_A_MATCH_IFINDEX);
	return 0;
}

static bool kpac_match_beyond(const struct kpac_match_addr *a)
{
	unsigned int i;

	for (i = a->prefix_len; i < a->len * 8u; i++)
		if (a->addr[i / 8] & 0x80 >> i % 8)
			return true;
	return false;
}

static int kpac_match_parse_addr(struct kpac_match_parse *p, int attr,
				 int attr_len, struct kpac_match_addr *a)
{
	struct nlattr *addr = p->tb[attr], *len = p->tb[attr_len];

	if (!addr)
		return len ? KPAC_MATCH_WRONG(p, attr_len,
					      "a prefix length without an address") : 0;
	if (nla_len(addr) != 4 && nla_len(addr) != 16)
		return KPAC_MATCH_WRONG(p, attr,
					"an address has 4 or 16 bytes");
	a->len = nla_len(addr);
	memcpy(a->addr, nla_data(addr), a->len);
	a->prefix_len = len ? nla_get_u8(len) : a->len * 8;
	if (a->prefix_len > a->len * 8)
		return KPAC_MATCH_WRONG(p, attr_len,
					"the prefix is longer than the address");
	if (kpac_match_beyond(a))
		return KPAC_MATCH_WRONG(p, attr,
					"the address has bits beyond its prefix length");
	p->match->given |= BIT(attr);
	return 0;
}

static int kpac_match_parse_addrs(struct kpac_match_parse *p)
{
	struct kpac_match *m = p->match;
	int err;

	err = kpac_match_parse_addr(p, KPAC_A_MATCH_SRC, KPAC_A_MATCH_SRC_LEN,
				    &m->src);
	if (!err)
		err = kpac_match_parse_addr(p, KPAC_A_MATCH_DST,
					    KPAC_A_MATCH_DST_LEN, &m->dst);
	if (!err && m->src.len && m->dst.len && m->src.len != m->dst.len)
		err = KPAC_MATCH_WRONG(p, KPAC_A_MATCH_DST,
				       "one address is IPv4, the other IPv6: no packet has both");
	return err;
}

/* A value or range of 16 bits. */
static int kpac_match_parse_range(struct kpac_match_parse *p, int attr,
				  int attr_max, u16 range[2])
{
	struct nlattr *min = p->tb[attr], *max = p->tb[attr_max];

	if (!min)
		return max ? KPAC_MATCH_WRONG(p, attr_max,
					      "the end of a range without its beginning") : 0;
	range[0] = nla_get_u16(min);
	range[1] = max ? nla_get_u16(max) : range[0];
	if (range[0] > range[1])
		return KPAC_MATCH_WRONG(p, attr_max,
					"the range ends before it begins");
	p->match->given |= BIT(attr);
	return 0;
}

static bool kpac_match_has_ports(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP;
}

static int kpac_match_parse_ports(struct kpac_match_parse *p)
{
	struct kpac_match *m = p->match;
	int attr;
	int err;

	err = kpac_match_parse_range(p, KPAC_A_MATCH_SPORT,
				     KPAC_A_MATCH_SPORT_MAX, m->sport);
	if (!err)
		err = kpac_match_parse_range(p, KPAC_A_MATCH_DPORT,
					     KPAC_A_MATCH_DPORT_MAX, m->dport);
	if (err || !kpac_match_has(m, KPAC_A_MATCH_PROTO) ||
	    kpac_match_has_ports(m->proto))
		return err;
	attr = p->tb[KPAC_A_MATCH_DPORT] ? KPAC_A_MATCH_DPORT :
					   KPAC_A_MATCH_SPORT;
	if (p->tb[attr])
		return KPAC_MATCH_WRONG(p, attr,
					"the protocol has no ports that kpac knows");
	return 0;
}

static int kpac_match_parse_icmp(struct kpac_match_parse *p)
{
	struct nlattr *type = p->tb[KPAC_A_MATCH_ICMP_TYPE];
	struct nlattr *code = p->tb[KPAC_A_MATCH_ICMP_CODE];
	int attr = type ? KPAC_A_MATCH_ICMP_TYPE : KPAC_A_MATCH_ICMP_CODE;
	struct kpac_match *m = p->match;

	if (!type && !code)
		return 0;
	if (!kpac_match_has(m, KPAC_A_MATCH_PROTO) ||
	    (m->proto != IPPROTO_ICMP && m->proto != IPPROTO_ICMPV6))
		return KPAC_MATCH_WRONG(p, attr,
					"type and code need proto icmp or icmpv6, where they mean different things");
	if (type) {
		m->icmp_type = nla_get_u8(type);
		m->given |= BIT(KPAC_A_MATCH_ICMP_TYPE);
	}
	if (code) {
		m->icmp_code = nla_get_u8(code);
		m->given |= BIT(KPAC_A_MATCH_ICMP_CODE);
	}
	return 0;
}

static int kpac_match_parse_tcp(struct kpac_match_parse *p)
{
	struct nlattr *flags = p->tb[KPAC_A_MATCH_TCP_FLAGS];
	struct nlattr *mask = p->tb[KPAC_A_MATCH_TCP_FLAGS_MASK];
	struct kpac_match *m = p->match;

	if (!flags)
		return mask ? KPAC_MATCH_WRONG(p, KPAC_A_MATCH_TCP_FLAGS_MASK,
					       "a mask of TCP flags without the flags") : 0;
	m->tcp_flags = nla_get_u8(flags);
	m->tcp_flags_mask = mask ? nla_get_u8(mask) : m->tcp_flags;
	if (m->tcp_flags & ~m->tcp_flags_mask)
		return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_TCP_FLAGS,
					"a TCP flag has to be set that does not count");
	if (kpac_match_has(m, KPAC_A_MATCH_PROTO) && m->proto != IPPROTO_TCP)
		return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_TCP_FLAGS,
					"only TCP has TCP flags");
	m->given |= BIT(KPAC_A_MATCH_TCP_FLAGS);
	return 0;
}

static int kpac_match_parse_length(struct kpac_match_parse *p)
{
	struct nlattr *min = p->tb[KPAC_A_MATCH_LENGTH];
	struct nlattr *max = p->tb[KPAC_A_MATCH_LENGTH_MAX];
	struct kpac_match *m = p->match;

	if (!min)
		return max ? KPAC_MATCH_WRONG(p, KPAC_A_MATCH_LENGTH_MAX,
					      "the end of a range without its beginning") : 0;
	m->length[0] = nla_get_u32(min);
	m->length[1] = max ? nla_get_u32(max) : m->length[0];
	if (m->length[0] > m->length[1])
		return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_LENGTH_MAX,
					"the range ends before it begins");
	m->given |= BIT(KPAC_A_MATCH_LENGTH);
	return 0;
}

/* What is one number each. */
static int kpac_match_parse_numbers(struct kpac_match_parse *p)
{
	struct kpac_match *m = p->match;

	if (p->tb[KPAC_A_MATCH_VLAN]) {
		m->vlan = nla_get_u16(p->tb[KPAC_A_MATCH_VLAN]);
		m->given |= BIT(KPAC_A_MATCH_VLAN);
	}
	if (p->tb[KPAC_A_MATCH_ETHERTYPE]) {
		m->ethertype = nla_get_u16(p->tb[KPAC_A_MATCH_ETHERTYPE]);
		if (m->ethertype < ETH_P_802_3_MIN)
			return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_ETHERTYPE,
						"an EtherType is 0x600 or more");
		m->given |= BIT(KPAC_A_MATCH_ETHERTYPE);
	}
	if (p->tb[KPAC_A_MATCH_PROTO]) {
		m->proto = nla_get_u8(p->tb[KPAC_A_MATCH_PROTO]);
		m->given |= BIT(KPAC_A_MATCH_PROTO);
	}
	if (p->tb[KPAC_A_MATCH_DSCP]) {
		m->dscp = nla_get_u8(p->tb[KPAC_A_MATCH_DSCP]);
		m->given |= BIT(KPAC_A_MATCH_DSCP);
	}
	if (p->tb[KPAC_A_MATCH_FRAGMENT]) {
		m->fragment = nla_get_u32(p->tb[KPAC_A_MATCH_FRAGMENT]);
		m->given |= BIT(KPAC_A_MATCH_FRAGMENT);
	}
	if (p->tb[KPAC_A_MATCH_UNFILTERED])
		m->given |= BIT(KPAC_A_MATCH_UNFILTERED);
	return 0;
}

/* Whether the predicate asks for something of IP, and of which version: 0, 4, 6,
 * or 1: either.
 */
static int kpac_match_ip_version(const struct kpac_match *m)
{
	const u32 ip = BIT(KPAC_A_MATCH_PROTO) | BIT(KPAC_A_MATCH_DSCP) |
		       BIT(KPAC_A_MATCH_FRAGMENT) | BIT(KPAC_A_MATCH_SPORT) |
		       BIT(KPAC_A_MATCH_DPORT) | BIT(KPAC_A_MATCH_TCP_FLAGS);
	unsigned int len = m->src.len ?: m->dst.len;

	if (len)
		return len == 4 ? 4 : 6;
	if (kpac_match_has(m, KPAC_A_MATCH_ICMP_TYPE) ||
	    kpac_match_has(m, KPAC_A_MATCH_ICMP_CODE))
		return m->proto == IPPROTO_ICMP ? 4 : 6;
	return !!(m->given & ip);
}

static int kpac_match_check_version(struct kpac_match_parse *p)
{
	struct kpac_match *m = p->match;
	int version = kpac_match_ip_version(m);

	if (kpac_match_has(m, KPAC_A_MATCH_ICMP_TYPE) &&
	    version != (m->proto == IPPROTO_ICMP ? 4 : 6))
		return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_PROTO,
					"ICMP is IPv4's and ICMPv6 is IPv6's: the addresses are of the other");
	if (!version || !kpac_match_has(m, KPAC_A_MATCH_ETHERTYPE))
		return 0;
	if (m->ethertype == ETH_P_IP && version != 6)
		return 0;
	if (m->ethertype == ETH_P_IPV6 && version != 4)
		return 0;
	return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_ETHERTYPE,
				"no packet of this EtherType has what else is asked for");
}

/* Whether the transport header is there that ports, flags or types are in. */
static int kpac_match_check_fragment(struct kpac_match_parse *p)
{
	const u32 l4 = BIT(KPAC_A_MATCH_SPORT) | BIT(KPAC_A_MATCH_DPORT) |
		       BIT(KPAC_A_MATCH_TCP_FLAGS) |
		       BIT(KPAC_A_MATCH_ICMP_TYPE) |
		       BIT(KPAC_A_MATCH_ICMP_CODE);

	if (kpac_match_has(p->match, KPAC_A_MATCH_FRAGMENT) &&
	    p->match->fragment == KPAC_FRAGMENT_LATER && p->match->given & l4)
		return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_FRAGMENT,
					"later fragments have no transport header, which the rest asks for");
	return 0;
}

static int kpac_match_parse_bytes(struct nlattr **tb,
				  struct kpac_match_payload *to,
				  struct netlink_ext_ack *extack)
{
	struct nlattr *value = tb[KPAC_A_PAYLOAD_VALUE];
	struct nlattr *mask = tb[KPAC_A_PAYLOAD_MASK];
	unsigned int i;

	if (!nla_len(value) || nla_len(value) > KPAC_MAX_PAYLOAD) {
		NL_SET_ERR_MSG_ATTR(extack, value,
				    "1 to 32 bytes can be compared");
		return -EINVAL;
	}
	to->len = nla_len(value);
	memcpy(to->value, nla_data(value), to->len);
	if (!mask) {
		memset(to->mask, 0xff, to->len);
		return 0;
	}
	if (nla_len(mask) != to->len) {
		NL_SET_ERR_MSG_ATTR(extack, mask,
				    "the mask has not as many bytes as the value");
		return -EINVAL;
	}
	memcpy(to->mask, nla_data(mask), to->len);
	for (i = 0; i < to->len; i++)
		if (to->value[i] & ~to->mask[i]) {
			NL_SET_ERR_MSG_ATTR(extack, value,
					    "a bit has to be set that does not count");
			return -EINVAL;
		}
	return 0;
}

static int kpac_match_parse_payload(struct nlattr *nest,
				    struct kpac_match_payload *to,
				    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[KPAC_A_PAYLOAD_MAX + 1];
	u32 offset;
	int err;

	err = nla_parse_nested(tb, KPAC_A_PAYLOAD_MASK, nest,
			       kpac_payload_nl_policy, extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, KPAC_A_PAYLOAD_BASE) ||
	    NL_REQ_ATTR_CHECK(extack, nest, tb, KPAC_A_PAYLOAD_VALUE))
		return -EINVAL;
	to->base = nla_get_u32(tb[KPAC_A_PAYLOAD_BASE]);
	offset = tb[KPAC_A_PAYLOAD_OFFSET] ?
		 nla_get_u32(tb[KPAC_A_PAYLOAD_OFFSET]) : 0;
	err = kpac_match_parse_bytes(tb, to, extack);
	if (err)
		return err;
	if (offset > KPAC_MAX_OFFSET - to->len) {
		NL_SET_ERR_MSG_ATTR(extack, tb[KPAC_A_PAYLOAD_OFFSET],
				    "no packet is that long");
		return -ERANGE;
	}
	to->offset = offset;
	return 0;
}

static int kpac_match_parse_payloads(struct kpac_match_parse *p,
				     struct nlattr *match)
{
	struct kpac_match *m = p->match;
	struct nlattr *nest;
	unsigned int n = 0;
	int rest, err;

	nla_for_each_nested_type(nest, KPAC_A_MATCH_PAYLOAD, match, rest)
		n++;
	if (!n)
		return 0;
	if (n > KPAC_MAX_BYTES)
		return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_PAYLOAD,
					"an entry can compare bytes in four places");
	m->payload = kcalloc(n, sizeof(*m->payload), GFP_KERNEL_ACCOUNT);
	if (!m->payload)
		return -ENOMEM;
	nla_for_each_nested_type(nest, KPAC_A_MATCH_PAYLOAD, match, rest) {
		err = kpac_match_parse_payload(nest, &m->payload[m->n_payload],
					       p->extack);
		if (err)
			return err;
		m->n_payload++;
	}
	m->given |= BIT(KPAC_A_MATCH_PAYLOAD);
	if (kpac_match_words(m) > KPAC_MAX_BYTES)
		return KPAC_MATCH_WRONG(p, KPAC_A_MATCH_PAYLOAD,
					"an entry can compare 32 bytes, in four words of up to 8");
	return 0;
}

/**
 * kpac_match_parse - take a predicate out of a message
 * @net: the namespace
 * @nest: the attribute that it is in, or NULL: any packet
 * @match: the predicate; on an error as well &kpac_match.payload is to be freed
 * @extack: for messages
 *
 * Context: process, may sleep.
 * Return: 0 or an error, with a message that points at what is wrong.
 */
int kpac_match_parse(struct net *net, struct nlattr *nest,
		     struct kpac_match *match, struct netlink_ext_ack *extack)
{
	struct kpac_match_parse p = {
		.net = net, .match = match, .extack = extack,
	};
	int err;

	*match = (struct kpac_match) {};
	if (!nest)
		return 0;
	err = nla_parse_nested(p.tb, KPAC_A_MATCH_UNFILTERED, nest,
			       kpac_match_nl_policy, extack);
	err = err ?: kpac_match_parse_numbers(&p);
	err = err ?: kpac_match_parse_dev(&p);
	err = err ?: kpac_match_parse_addrs(&p);
	err = err ?: kpac_match_parse_ports(&p);
	err = err ?: kpac_match_parse_icmp(&p);
	err = err ?: kpac_match_parse_tcp(&p);
	err = err ?: kpac_match_parse_length(&p);
	err = err ?: kpac_match_parse_payloads(&p, nest);
	err = err ?: kpac_match_check_version(&p);
	return err ?: kpac_match_check_fragment(&p);
}

/* ---- and back ---- */

static int kpac_match_fill_dev(struct sk_buff *msg, const struct kpac_match *m,
			       struct net *net)
{
	const struct net_device *dev;
	int err = 0;

	if (!kpac_match_has(m, KPAC_A_MATCH_IFINDEX))
		return 0;
	if (nla_put_u32(msg, KPAC_A_MATCH_IFINDEX, m->ifindex))
		return -EMSGSIZE;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, m->ifindex);
	if (dev)
		err = nla_put_string(msg, KPAC_A_MATCH_IFNAME, dev->name);
	rcu_read_unlock();
	return err;
}

static int kpac_match_fill_addr(struct sk_buff *msg, int attr, int attr_len,
				const struct kpac_match_addr *a)
{
	if (!a->len)
		return 0;
	return nla_put(msg, attr, a->len, a->addr) ?:
	       nla_put_u8(msg, attr_len, a->prefix_len);
}

static int kpac_match_fill_range(struct sk_buff *msg,
				 const struct kpac_match *m, int attr,
				 int attr_max, const u16 range[2])
{
	if (!kpac_match_has(m, attr))
		return 0;
	return nla_put_u16(msg, attr, range[0]) ?:
	       nla_put_u16(msg, attr_max, range[1]);
}

static int kpac_match_fill_numbers(struct sk_buff *msg,
				   const struct kpac_match *m)
{
	const struct {
		int attr;
		u8 value;
	} bytes[] = {
		{ KPAC_A_MATCH_PROTO, m->proto },
		{ KPAC_A_MATCH_ICMP_TYPE, m->icmp_type },
		{ KPAC_A_MATCH_ICMP_CODE, m->icmp_code },
		{ KPAC_A_MATCH_TCP_FLAGS, m->tcp_flags },
		{ KPAC_A_MATCH_DSCP, m->dscp },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++)
		if (kpac_match_has(m, bytes[i].attr) &&
		    nla_put_u8(msg, bytes[i].attr, bytes[i].value))
			return -EMSGSIZE;
	if ((kpac_match_has(m, KPAC_A_MATCH_TCP_FLAGS) &&
	     nla_put_u8(msg, KPAC_A_MATCH_TCP_FLAGS_MASK,
			m->tcp_flags_mask)) ||
	    (kpac_match_has(m, KPAC_A_MATCH_VLAN) &&
	     nla_put_u16(msg, KPAC_A_MATCH_VLAN, m->vlan)) ||
	    (kpac_match_has(m, KPAC_A_MATCH_ETHERTYPE) &&
	     nla_put_u16(msg, KPAC_A_MATCH_ETHERTYPE, m->ethertype)) ||
	    (kpac_match_has(m, KPAC_A_MATCH_FRAGMENT) &&
	     nla_put_u32(msg, KPAC_A_MATCH_FRAGMENT, m->fragment)) ||
	    (kpac_match_has(m, KPAC_A_MATCH_LENGTH) &&
	     (nla_put_u32(msg, KPAC_A_MATCH_LENGTH, m->length[0]) ||
	      nla_put_u32(msg, KPAC_A_MATCH_LENGTH_MAX, m->length[1]))) ||
	    (kpac_match_has(m, KPAC_A_MATCH_UNFILTERED) &&
	     nla_put_flag(msg, KPAC_A_MATCH_UNFILTERED)))
		return -EMSGSIZE;
	return 0;
}

static int kpac_match_fill_payload(struct sk_buff *msg,
				   const struct kpac_match_payload *from)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_MATCH_PAYLOAD);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(msg, KPAC_A_PAYLOAD_BASE, from->base) ||
	    nla_put_u32(msg, KPAC_A_PAYLOAD_OFFSET, from->offset) ||
	    nla_put(msg, KPAC_A_PAYLOAD_VALUE, from->len, from->value) ||
	    nla_put(msg, KPAC_A_PAYLOAD_MASK, from->len, from->mask))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * kpac_match_fill - put a predicate into a message
 * @msg: the message; on an error it has a part of it
 * @match: the predicate
 * @net: the namespace
 *
 * Context: process.
 * Return: 0 or -EMSGSIZE.
 */
int kpac_match_fill(struct sk_buff *msg, const struct kpac_match *match,
		    struct net *net)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_ENTRY_MATCH);
	int i;

	if (!nest)
		return -EMSGSIZE;
	if (kpac_match_fill_dev(msg, match, net) ||
	    kpac_match_fill_addr(msg, KPAC_A_MATCH_SRC, KPAC_A_MATCH_SRC_LEN,
				 &match->src) ||
	    kpac_match_fill_addr(msg, KPAC_A_MATCH_DST, KPAC_A_MATCH_DST_LEN,
				 &match->dst) ||
	    kpac_match_fill_range(msg, match, KPAC_A_MATCH_SPORT,
				  KPAC_A_MATCH_SPORT_MAX, match->sport) ||
	    kpac_match_fill_range(msg, match, KPAC_A_MATCH_DPORT,
				  KPAC_A_MATCH_DPORT_MAX, match->dport) ||
	    kpac_match_fill_numbers(msg, match))
		return -EMSGSIZE;
	for (i = 0; i < match->n_payload; i++)
		if (kpac_match_fill_payload(msg, &match->payload[i]))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}
