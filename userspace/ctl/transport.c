// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Words of a predicate: a packet's transport header and payload. */
#define _GNU_SOURCE
#include <string.h>

#include "predicate.h"

static int take_ports(struct reader *r, const struct word *value,
		      struct kpac_range *range)
{
	uint64_t port;

	if (parse_range(value->text, UINT16_MAX, range))
		return in_order(r, value, range);
	if (!port_value(value->text, &port))
		return word_wrong(r->st, value,
				  "expected a port from 0 to 65535, two of them with \"-\" between, or the name of a service");
	range->first = range->last = (uint32_t)port;
	return EXIT_OK;
}

int take_sport(struct reader *r, const struct word *value)
{
	return take_ports(r, value, &r->draft->match.sport);
}

int take_dport(struct reader *r, const struct word *value)
{
	return take_ports(r, value, &r->draft->match.dport);
}

void format_sport(const struct kpac_match *m, struct buf *buf)
{
	format_range(buf, &m->sport);
}

void format_dport(const struct kpac_match *m, struct buf *buf)
{
	format_range(buf, &m->dport);
}

/* What a name means depends on what else is said: settle_icmp_type(). */
int take_icmp_type(struct reader *r, const struct word *value)
{
	const char *names[64];
	uint64_t number;
	size_t n;

	if (parse_uint(value->text, UINT8_MAX, &number)) {
		r->draft->match.icmp_type = (uint8_t)number;
		return EXIT_OK;
	}
	if (name_value(&icmp_names, value->text, &number) ||
	    name_value(&icmpv6_names, value->text, &number))
		return EXIT_OK;
	n = set_names(&icmp_names, names, 32);
	n += set_names(&icmpv6_names, names + n, 32);
	return word_unknown(r->st, value, "expected a number from 0 to 255,",
			    names, n);
}

int settle_icmp_type(const struct reader *r, const struct word *value)
{
	uint64_t v4 = 0, v6 = 0;
	bool has4, has6;
	bool is6 = false;

	if (parse_uint(value->text, UINT8_MAX, &v4))
		return EXIT_OK;
	has4 = name_value(&icmp_names, value->text, &v4);
	has6 = name_value(&icmpv6_names, value->text, &v6);
	if (!is_icmp(&r->draft->match, &is6)) {
		if (has4 && has6 && v4 != v6)
			return word_wrong(r->st, value,
					  "it is %u of icmp and %u of icmpv6; say \"proto icmp\" or \"proto icmpv6\", too",
					  (unsigned int)v4, (unsigned int)v6);
		is6 = has6;
	}
	if (is6 ? !has6 : !has4)
		return word_wrong(r->st, value, "%s has no such type",
				  is6 ? "icmpv6" : "icmp");
	r->draft->match.icmp_type = (uint8_t)(is6 ? v6 : v4);
	return EXIT_OK;
}

/* The name only where it is the same when it is read again. */
void format_icmp_type(const struct kpac_match *m, struct buf *buf)
{
	bool v6;

	if (is_icmp(m, &v6))
		format_named(buf, v6 ? &icmpv6_names : &icmp_names,
			     m->icmp_type);
	else
		buf_add(buf, "%u", m->icmp_type);
}

int take_icmp_code(struct reader *r, const struct word *value)
{
	uint64_t number;

	if (!parse_uint(value->text, UINT8_MAX, &number))
		return word_wrong(r->st, value,
				  "\"icmp-code\" is a number from 0 to 255");
	r->draft->match.icmp_code = (uint8_t)number;
	return EXIT_OK;
}

void format_icmp_code(const struct kpac_match *m, struct buf *buf)
{
	buf_add(buf, "%u", m->icmp_code);
}

/* Names with "," between them, a number, or "none". */
static bool parse_flags(const char *text, size_t len, uint8_t *flags)
{
	char list[48], *rest = list, *one;
	uint64_t number;

	if (!len || len >= sizeof(list))
		return false;
	memcpy(list, text, len);
	list[len] = '\0';
	*flags = 0;
	if (!strcmp(list, "none"))
		return true;
	while ((one = strsep(&rest, ","))) {
		if (!name_value(&tcp_flag_names, one, &number) &&
		    !parse_uint(one, UINT8_MAX, &number))
			return false;
		*flags |= (uint8_t)number;
	}
	return true;
}

int take_tcp_flags(struct reader *r, const struct word *value)
{
	struct kpac_match *m = &r->draft->match;
	const char *slash = strchr(value->text, '/');
	size_t len = slash ? (size_t)(slash - value->text) : strlen(value->text);

	if (!parse_flags(value->text, len, &m->tcp_flags) ||
	    (slash && !parse_flags(slash + 1, strlen(slash + 1),
				   &m->tcp_flags_mask)))
		return word_wrong(r->st, value,
				  "expected flags such as \"syn,ack\", or those that are set, \"/\" and those that count; there are fin, syn, rst, psh, ack, urg, ece, cwr and none");
	if (!slash)
		m->tcp_flags_mask = m->tcp_flags;
	if (m->tcp_flags & ~m->tcp_flags_mask)
		return word_wrong(r->st, value,
				  "flags before the \"/\" must be among those behind it");
	if (!m->tcp_flags_mask)
		return word_wrong(r->st, value, "no flag counts");
	return EXIT_OK;
}

static void format_flags(struct buf *buf, uint8_t flags)
{
	unsigned int bit;
	bool more = false;

	if (!flags)
		buf_add(buf, "none");
	for (bit = 1; bit < 0x100; bit <<= 1) {
		if (!(flags & bit))
			continue;
		buf_add(buf, "%s%s", more ? "," : "",
			value_name(&tcp_flag_names, bit));
		more = true;
	}
}

void format_tcp_flags(const struct kpac_match *m, struct buf *buf)
{
	format_flags(buf, m->tcp_flags);
	if (m->tcp_flags == m->tcp_flags_mask)
		return;
	buf_char(buf, '/');
	format_flags(buf, m->tcp_flags_mask);
}

/* BASE[+OFFSET], up to the colon. */
static bool parse_base(const char *text, size_t len, struct kpac_payload *p)
{
	char name[32];
	uint64_t offset = 0;
	char *plus;
	int base;

	if (len >= sizeof(name))
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	plus = strchr(name, '+');
	if (plus) {
		*plus = '\0';
		if (!parse_uint(plus + 1, KPAC_MAX_OFFSET, &offset))
			return false;
	}
	base = kpac_base_from_name(name);
	p->base = (unsigned int)base;
	p->offset = (unsigned int)offset;
	return base >= 0;
}

int take_payload(struct reader *r, const struct word *value)
{
	struct kpac_match *m = &r->draft->match;
	struct kpac_payload *p = &r->draft->payload[m->n_payload];
	const char *colon = strchr(value->text, ':');
	const char *slash = colon ? strchr(colon, '/') : NULL;
	size_t len = !colon ? 0 : slash ? (size_t)(slash - colon - 1) :
		     strlen(colon + 1);
	unsigned int n;

	if (m->n_payload == ARRAY_SIZE(r->draft->payload))
		return word_wrong(r->st, value,
				  "an entry compares at most %d bytes",
				  KPAC_MAX_PAYLOAD);
	if (!colon || !parse_base(value->text, (size_t)(colon - value->text), p))
		return word_wrong(r->st, value,
				  "expected l2, l3, l4 or payload, \"+\" and an offset up to %d, \":\" and bytes in hexadecimal, as in \"l4+8:deadbeef\"",
				  KPAC_MAX_OFFSET);
	if (!parse_hex(colon + 1, len, p->value, sizeof(p->value), &p->len))
		return word_wrong(r->st, value,
				  "the bytes are 1 to %d, with two hexadecimal digits each",
				  KPAC_MAX_PAYLOAD);
	memset(p->mask, 0xff, p->len);
	if (slash && (!parse_hex(slash + 1, strlen(slash + 1), p->mask,
				 sizeof(p->mask), &n) || n != p->len))
		return word_wrong(r->st, value,
				  "the mask has as many hexadecimal digits as the bytes");
	m->n_payload++;
	return EXIT_OK;
}

void format_payload(const struct kpac_payload *p, struct buf *buf)
{
	bool all = true;
	unsigned int i;

	buf_add(buf, "%s", kpac_base_name(p->base));
	if (p->offset)
		buf_add(buf, "+%u", p->offset);
	buf_char(buf, ':');
	for (i = 0; i < p->len; i++) {
		buf_add(buf, "%02x", p->value[i]);
		all = all && p->mask[i] == 0xff;
	}
	if (all)
		return;
	buf_char(buf, '/');
	for (i = 0; i < p->len; i++)
		buf_add(buf, "%02x", p->mask[i]);
}
