// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* From structures of the table to the kernel's messages. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "internal.h"

#define KNOWN_MATCH	((KPAC_MATCH_UNFILTERED << 1) - 1)
#define KNOWN_ENTRY	((KPAC_ENTRY_COUNTERS << 1) - 1)
#define KNOWN_WHICH	(KPAC_ENTRY_ID | KPAC_ENTRY_PRIORITY | KPAC_ENTRY_COMMENT)

static int too_new(struct kpac *handle)
{
	return kpac_fail(handle, -EINVAL,
			 "the program wants what this libkpac does not know");
}

static int too_long(struct kpac *handle)
{
	return kpac_fail(handle, -EMSGSIZE,
			 "the entry is too long for a message to the kernel");
}

/* Bytes of an address: only what is there can be sent. */
static int put_prefix(struct nl_msg *msg, const struct kpac_prefix *prefix,
		      int attr, int attr_len)
{
	unsigned int bytes = prefix->bytes;

	if (bytes > sizeof(prefix->address))
		bytes = sizeof(prefix->address);
	if (nla_put(msg, attr, (int)bytes, prefix->address))
		return -1;
	return prefix->len == bytes * 8 ? 0 :
	       nla_put_u8(msg, attr_len, (uint8_t)prefix->len);
}

/* One port is no range. */
static int put_ports(struct nl_msg *msg, const struct kpac_range *range,
		     int attr, int attr_max)
{
	return nla_put_u16(msg, attr, (uint16_t)range->first) ||
	       (range->last != range->first &&
		nla_put_u16(msg, attr_max, (uint16_t)range->last));
}

static int put_payload(struct nl_msg *msg, const struct kpac_payload *payload)
{
	struct nlattr *nest = kpac_nest(msg, KPAC_A_MATCH_PAYLOAD);
	unsigned int len = payload->len;

	if (len > sizeof(payload->value))
		len = sizeof(payload->value);
	return !nest || nla_put_u32(msg, KPAC_A_PAYLOAD_BASE, payload->base) ||
	       nla_put_u32(msg, KPAC_A_PAYLOAD_OFFSET, payload->offset) ||
	       nla_put(msg, KPAC_A_PAYLOAD_VALUE, (int)len, payload->value) ||
	       nla_put(msg, KPAC_A_PAYLOAD_MASK, (int)len, payload->mask) ||
	       nla_nest_end(msg, nest) < 0;
}

static int put_link(struct nl_msg *msg, const struct kpac_match *m)
{
	return (m->have & KPAC_MATCH_IFINDEX &&
		nla_put_u32(msg, KPAC_A_MATCH_IFINDEX, m->ifindex)) ||
	       (m->have & KPAC_MATCH_IFNAME &&
		nla_put_string(msg, KPAC_A_MATCH_IFNAME, m->ifname)) ||
	       (m->have & KPAC_MATCH_VLAN &&
		nla_put_u16(msg, KPAC_A_MATCH_VLAN, m->vlan)) ||
	       (m->have & KPAC_MATCH_ETHERTYPE &&
		nla_put_u16(msg, KPAC_A_MATCH_ETHERTYPE, m->ethertype));
}

static int put_network(struct nl_msg *msg, const struct kpac_match *m)
{
	return (m->have & KPAC_MATCH_PROTO &&
		nla_put_u8(msg, KPAC_A_MATCH_PROTO, m->proto)) ||
	       (m->have & KPAC_MATCH_SRC &&
		put_prefix(msg, &m->src, KPAC_A_MATCH_SRC,
			   KPAC_A_MATCH_SRC_LEN)) ||
	       (m->have & KPAC_MATCH_DST &&
		put_prefix(msg, &m->dst, KPAC_A_MATCH_DST,
			   KPAC_A_MATCH_DST_LEN)) ||
	       (m->have & KPAC_MATCH_DSCP &&
		nla_put_u8(msg, KPAC_A_MATCH_DSCP, m->dscp)) ||
	       (m->have & KPAC_MATCH_FRAGMENT &&
		nla_put_u32(msg, KPAC_A_MATCH_FRAGMENT, m->fragment)) ||
	       (m->have & KPAC_MATCH_LENGTH &&
		(nla_put_u32(msg, KPAC_A_MATCH_LENGTH, m->length.first) ||
		 (m->length.last != m->length.first &&
		  nla_put_u32(msg, KPAC_A_MATCH_LENGTH_MAX,
			      m->length.last))));
}

static int put_transport(struct nl_msg *msg, const struct kpac_match *m)
{
	return (m->have & KPAC_MATCH_SPORT &&
		put_ports(msg, &m->sport, KPAC_A_MATCH_SPORT,
			  KPAC_A_MATCH_SPORT_MAX)) ||
	       (m->have & KPAC_MATCH_DPORT &&
		put_ports(msg, &m->dport, KPAC_A_MATCH_DPORT,
			  KPAC_A_MATCH_DPORT_MAX)) ||
	       (m->have & KPAC_MATCH_ICMP_TYPE &&
		nla_put_u8(msg, KPAC_A_MATCH_ICMP_TYPE, m->icmp_type)) ||
	       (m->have & KPAC_MATCH_ICMP_CODE &&
		nla_put_u8(msg, KPAC_A_MATCH_ICMP_CODE, m->icmp_code)) ||
	       (m->have & KPAC_MATCH_TCP_FLAGS &&
		(nla_put_u8(msg, KPAC_A_MATCH_TCP_FLAGS, m->tcp_flags) ||
		 nla_put_u8(msg, KPAC_A_MATCH_TCP_FLAGS_MASK,
			    m->tcp_flags_mask)));
}

static int put_match(struct nl_msg *msg, const struct kpac_match *match)
{
	struct nlattr *nest = kpac_nest(msg, KPAC_A_ENTRY_MATCH);
	size_t i;

	if (!nest || put_link(msg, match) || put_network(msg, match) ||
	    put_transport(msg, match))
		return -1;
	for (i = 0; match->have & KPAC_MATCH_PAYLOAD && i < match->n_payload; i++)
		if (put_payload(msg, &match->payload[i]))
			return -1;
	if (match->have & KPAC_MATCH_UNFILTERED &&
	    nla_put_flag(msg, KPAC_A_MATCH_UNFILTERED))
		return -1;
	return nla_nest_end(msg, nest) < 0;
}

static int put_arg(struct nl_msg *msg, const struct kpac_arg *arg)
{
	struct nlattr *nest = kpac_nest(msg, KPAC_A_DO_ARG);
	unsigned int bytes = arg->address_len;

	if (bytes > sizeof(arg->address))
		bytes = sizeof(arg->address);
	return !nest || nla_put_string(msg, KPAC_A_ARG_NAME, arg->name) ||
	       (arg->have & KPAC_ARG_NUMBER &&
		kpac_put_uint(msg, KPAC_A_ARG_NUMBER, arg->number)) ||
	       (arg->have & KPAC_ARG_TEXT &&
		nla_put_string(msg, KPAC_A_ARG_TEXT, arg->text)) ||
	       (arg->have & KPAC_ARG_ADDRESS &&
		nla_put(msg, KPAC_A_ARG_ADDRESS, (int)bytes, arg->address)) ||
	       (arg->have & KPAC_ARG_PREFIX_LEN &&
		nla_put_u8(msg, KPAC_A_ARG_PREFIX_LEN,
			   (uint8_t)arg->prefix_len)) ||
	       nla_nest_end(msg, nest) < 0;
}

static int put_do(struct nl_msg *msg, const struct kpac_do *what)
{
	struct nlattr *nest = kpac_nest(msg, KPAC_A_ENTRY_DO);
	size_t i;

	if (!nest || nla_put_string(msg, KPAC_A_DO_HANDLER, what->handler))
		return -1;
	for (i = 0; i < what->n_args; i++)
		if (put_arg(msg, &what->args[i]))
			return -1;
	return nla_nest_end(msg, nest) < 0;
}

static bool entry_known(const struct kpac_entry *entry)
{
	return entry->size == sizeof(*entry) && !(entry->have & ~KNOWN_ENTRY) &&
	       (!entry->match || (entry->match->size == sizeof(*entry->match) &&
				  !(entry->match->have & ~KNOWN_MATCH)));
}

int kpac_put_entry(struct kpac *handle, struct nl_msg *msg,
		   const struct kpac_entry *entry)
{
	size_t i;

	if (!entry_known(entry))
		return too_new(handle);
	if ((entry->have & KPAC_ENTRY_PRIORITY &&
	     nla_put_u32(msg, KPAC_A_ENTRY_PRIORITY, entry->priority)) ||
	    (entry->have & KPAC_ENTRY_COMMENT &&
	     nla_put_string(msg, KPAC_A_ENTRY_COMMENT, entry->comment)) ||
	    (entry->have & KPAC_ENTRY_EXPIRES &&
	     kpac_put_uint(msg, KPAC_A_ENTRY_EXPIRES, entry->expires)) ||
	    (entry->match && put_match(msg, entry->match)))
		return too_long(handle);
	for (i = 0; i < entry->n_dos; i++)
		if (put_do(msg, &entry->dos[i]))
			return too_long(handle);
	return 0;
}

int kpac_put_which(struct kpac *handle, struct nl_msg *msg,
		   const struct kpac_entry_which *which)
{
	if (which->size != sizeof(*which) || which->have & ~KNOWN_WHICH)
		return too_new(handle);
	if ((which->have & KPAC_ENTRY_ID &&
	     nla_put_u32(msg, KPAC_A_ENTRY_ID, which->id)) ||
	    (which->have & KPAC_ENTRY_PRIORITY &&
	     nla_put_u32(msg, KPAC_A_ENTRY_PRIORITY, which->priority)) ||
	    (which->have & KPAC_ENTRY_COMMENT &&
	     nla_put_string(msg, KPAC_A_ENTRY_COMMENT, which->comment)))
		return too_long(handle);
	return 0;
}
