// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Words of a predicate: where a packet came in, its link and network headers. */
#include <inttypes.h>
#include <string.h>

#include "predicate.h"

int take_in_dev(struct reader *r, const struct word *value)
{
	int err;

	err = !*value->text || strlen(value->text) >= IF_NAMESIZE ?
	      word_wrong(r->st, value, "a device name has 1 to %d characters",
			 IF_NAMESIZE - 1) : EXIT_OK;
	if (!err && !r->ctl->kpac)
		err = ctl_connect(r->ctl);
	if (!err && find_device(r->ctl, value->text, &r->draft->match.ifindex))
		err = word_wrong(r->st, value, "%s", kpac_error(r->ctl->kpac));
	return err;
}

void format_in_dev(const struct kpac_match *m, struct buf *buf)
{
	if (m->have & KPAC_MATCH_IFNAME)
		buf_add(buf, "%s", m->ifname);
	else
		buf_add(buf, "if%u", m->ifindex);
}

int take_vlan(struct reader *r, const struct word *value)
{
	uint64_t number;

	if (!parse_uint(value->text, 4095, &number))
		return word_wrong(r->st, value,
				  "\"vlan\" is a number from 0 to 4095");
	r->draft->match.vlan = (uint16_t)number;
	return EXIT_OK;
}

void format_vlan(const struct kpac_match *m, struct buf *buf)
{
	buf_add(buf, "%u", m->vlan);
}

/* A name or a number; with a wrong one all names are listed. */
int take_named(struct reader *r, const struct word *value,
		      const struct name_set *set, uint64_t max,
		      const char *expected, uint64_t *number)
{
	const char *names[32];

	if (name_value(set, value->text, number) ||
	    parse_uint(value->text, max, number))
		return EXIT_OK;
	return word_unknown(r->st, value, expected, names,
			    set_names(set, names, ARRAY_SIZE(names)));
}

void format_named(struct buf *buf, const struct name_set *set,
			 uint64_t value)
{
	const char *name = value_name(set, value);

	if (name)
		buf_add(buf, "%s", name);
	else
		buf_add(buf, "%" PRIu64, value);
}

int take_ethertype(struct reader *r, const struct word *value)
{
	uint64_t number;
	int err;

	err = take_named(r, value, &ethertype_names, UINT16_MAX,
			 "expected a number from 0x0600 to 0xffff,", &number);
	if (!err && number < 0x600)
		return word_wrong(r->st, value,
				  "an EtherType is from 0x0600 to 0xffff");
	if (!err)
		r->draft->match.ethertype = (uint16_t)number;
	return err;
}

void format_ethertype(const struct kpac_match *m, struct buf *buf)
{
	const char *name = value_name(&ethertype_names, m->ethertype);

	if (name)
		buf_add(buf, "%s", name);
	else
		buf_add(buf, "0x%04x", m->ethertype);
}

int take_proto(struct reader *r, const struct word *value)
{
	uint64_t number;
	int err = take_named(r, value, &proto_names, UINT8_MAX,
			     "expected a number from 0 to 255,", &number);

	if (!err)
		r->draft->match.proto = (uint8_t)number;
	return err;
}

void format_proto(const struct kpac_match *m, struct buf *buf)
{
	format_named(buf, &proto_names, m->proto);
}

/* Which of two was meant cannot be known: the network, or the address in it. */
int prefix_beyond(const struct reader *r, const struct word *value,
		  struct kpac_prefix *prefix)
{
	struct buf network = { 0 }, address = { 0 };
	int err;

	format_prefix(&address, prefix, false);
	mask_prefix(prefix);
	format_prefix(&network, prefix, true);
	err = word_wrong(r->st, value,
			 "it has bits beyond its length; did you mean \"%s\", or the address \"%s\"?",
			 network.data, address.data);
	buf_free(&network);
	buf_free(&address);
	return err;
}

static int take_prefix(struct reader *r, const struct word *value,
		       struct kpac_prefix *prefix)
{
	switch (parse_prefix(value->text, prefix)) {
	case PREFIX_GOOD:
		return EXIT_OK;
	case PREFIX_LEN:
		return word_wrong(r->st, value,
				  "a prefix length of %s is from 0 to %u",
				  prefix->bytes == 16 ? "IPv6" : "IPv4",
				  prefix->bytes * 8);
	case PREFIX_BEYOND:
		return prefix_beyond(r, value, prefix);
	default:
		return word_wrong(r->st, value,
				  "expected an IPv4 or IPv6 address, or one with \"/\" and a prefix length");
	}
}

int take_src(struct reader *r, const struct word *value)
{
	return take_prefix(r, value, &r->draft->match.src);
}

int take_dst(struct reader *r, const struct word *value)
{
	return take_prefix(r, value, &r->draft->match.dst);
}

void format_src(const struct kpac_match *m, struct buf *buf)
{
	format_prefix(buf, &m->src, m->src.len < m->src.bytes * 8);
}

void format_dst(const struct kpac_match *m, struct buf *buf)
{
	format_prefix(buf, &m->dst, m->dst.len < m->dst.bytes * 8);
}

int take_dscp(struct reader *r, const struct word *value)
{
	uint64_t number;
	int err = take_named(r, value, &dscp_names, 63,
			     "expected a number from 0 to 63,", &number);

	if (!err)
		r->draft->match.dscp = (uint8_t)number;
	return err;
}

void format_dscp(const struct kpac_match *m, struct buf *buf)
{
	format_named(buf, &dscp_names, m->dscp);
}

int take_fragment(struct reader *r, const struct word *value)
{
	static const char *const names[] = { "no", "yes", "first", "later" };
	int fragment = kpac_fragment_from_name(value->text);

	if (fragment < 0)
		return word_unknown(r->st, value, "expected", names,
				    ARRAY_SIZE(names));
	r->draft->match.fragment = (unsigned int)fragment;
	return EXIT_OK;
}

void format_fragment(const struct kpac_match *m, struct buf *buf)
{
	buf_add(buf, "%s", kpac_fragment_name(m->fragment));
}

int in_order(const struct reader *r, const struct word *value,
		    const struct kpac_range *range)
{
	if (range->first <= range->last)
		return EXIT_OK;
	return word_wrong(r->st, value,
			  "%u is more than %u; did you mean \"%u-%u\"?",
			  range->first, range->last, range->last, range->first);
}

void format_range(struct buf *buf, const struct kpac_range *range)
{
	buf_add(buf, "%u", range->first);
	if (range->last != range->first)
		buf_add(buf, "-%u", range->last);
}

int take_length(struct reader *r, const struct word *value)
{
	struct kpac_range *length = &r->draft->match.length;

	if (!parse_range(value->text, UINT32_MAX, length))
		return word_wrong(r->st, value,
				  "expected a number of bytes, or two with \"-\" between");
	return in_order(r, value, length);
}

void format_length(const struct kpac_match *m, struct buf *buf)
{
	format_range(buf, &m->length);
}
