// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* What a packet must be like: which words there are, and all of them together. */
#include <string.h>

#include "predicate.h"

struct predicate {
	const char *name;
	const char *alias;
	unsigned int bit;	/* KPAC_MATCH_* */
	uint8_t attr;		/* KPAC_A_MATCH_* */
	int (*take)(struct reader *r, const struct word *value);
	void (*format)(const struct kpac_match *match, struct buf *buf);
};

/*
 * In the order in which they are printed. A word that takes no value has nothing
 * that takes it, one of which there may be several no format of its own.
 */
static const struct predicate predicates[] = {
	{ "dev", NULL, KPAC_MATCH_IFINDEX, KPAC_A_MATCH_IFINDEX,
	  take_in_dev, format_in_dev },
	{ "vlan", "vlan-id", KPAC_MATCH_VLAN, KPAC_A_MATCH_VLAN,
	  take_vlan, format_vlan },
	{ "ethertype", "protocol", KPAC_MATCH_ETHERTYPE,
	  KPAC_A_MATCH_ETHERTYPE, take_ethertype, format_ethertype },
	{ "src", "src-ip", KPAC_MATCH_SRC, KPAC_A_MATCH_SRC,
	  take_src, format_src },
	{ "dst", "dst-ip", KPAC_MATCH_DST, KPAC_A_MATCH_DST,
	  take_dst, format_dst },
	{ "proto", "ip-proto", KPAC_MATCH_PROTO, KPAC_A_MATCH_PROTO,
	  take_proto, format_proto },
	{ "sport", "src-port", KPAC_MATCH_SPORT, KPAC_A_MATCH_SPORT,
	  take_sport, format_sport },
	{ "dport", "dst-port", KPAC_MATCH_DPORT, KPAC_A_MATCH_DPORT,
	  take_dport, format_dport },
	{ "icmp-type", "type", KPAC_MATCH_ICMP_TYPE, KPAC_A_MATCH_ICMP_TYPE,
	  take_icmp_type, format_icmp_type },
	{ "icmp-code", "code", KPAC_MATCH_ICMP_CODE, KPAC_A_MATCH_ICMP_CODE,
	  take_icmp_code, format_icmp_code },
	{ "tcp-flags", NULL, KPAC_MATCH_TCP_FLAGS, KPAC_A_MATCH_TCP_FLAGS,
	  take_tcp_flags, format_tcp_flags },
	{ "dscp", NULL, KPAC_MATCH_DSCP, KPAC_A_MATCH_DSCP,
	  take_dscp, format_dscp },
	{ "fragment", NULL, KPAC_MATCH_FRAGMENT, KPAC_A_MATCH_FRAGMENT,
	  take_fragment, format_fragment },
	{ "length", NULL, KPAC_MATCH_LENGTH, KPAC_A_MATCH_LENGTH,
	  take_length, format_length },
	{ "payload", NULL, KPAC_MATCH_PAYLOAD, KPAC_A_MATCH_PAYLOAD,
	  take_payload, NULL },
	{ "unfiltered", NULL, KPAC_MATCH_UNFILTERED, KPAC_A_MATCH_UNFILTERED,
	  NULL, NULL },
};

static const struct predicate *find_predicate(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(predicates); i++)
		if (same_word(name, predicates[i].name) ||
		    (predicates[i].alias &&
		     same_word(name, predicates[i].alias)))
			return &predicates[i];
	return NULL;
}

bool is_predicate(const char *name)
{
	return find_predicate(name);
}

size_t predicate_names(const char **names, size_t n)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(predicates) && i < n; i++)
		names[i] = predicates[i].name;
	return i;
}

/* Which of the nests of its type "payload" makes. */
static unsigned int sub_index(const struct predicate *p,
			      const struct kpac_match *match)
{
	return p->bit == KPAC_MATCH_PAYLOAD ? (unsigned int)match->n_payload : 0;
}

static int take_value(struct reader *r, const struct predicate *p,
		      const struct word *name)
{
	struct kpac_match *match = &r->draft->match;
	const struct word *value = reader_value(r, name);
	struct word *said;

	if (!value)
		return EXIT_SYNTAX;
	if (match->have & p->bit && p->bit != KPAC_MATCH_PAYLOAD)
		return word_twice(r->st, name, value);
	said = &r->st->words[value - r->st->words];
	said->place.attr = KPAC_A_ENTRY_MATCH;
	said->place.sub = p->attr;
	said->place.sub_index = sub_index(p, match);
	r->draft->said[__builtin_ctz(p->bit)] = value;
	match->have |= p->bit;
	return p->take(r, value);
}

/* The predicate that @name begins, if it is @known to be one. */
int read_predicate(struct reader *r, const struct word *name, bool *known)
{
	const struct predicate *p = find_predicate(name->text);
	struct word *said = &r->st->words[name - r->st->words];

	*known = p;
	if (!p)
		return EXIT_OK;
	said->place.attr = KPAC_A_ENTRY_MATCH;
	if (p->take)
		return take_value(r, p, name);
	if (r->draft->match.have & p->bit)
		return word_wrong(r->st, name, "it has been said already");
	said->place.sub = p->attr;
	r->draft->match.have |= p->bit;
	return EXIT_OK;
}

/* What can be found out only when all words are known. */
int check_predicates(struct reader *r)
{
	const struct word *type =
		r->draft->said[__builtin_ctz(KPAC_MATCH_ICMP_TYPE)];
	int err = check_clashes(r);

	if (!err && type)
		err = settle_icmp_type(r, type);
	return err;
}

/* Tell of each word with its value, NULL if it has none. */
void format_match(const struct kpac_match *match, struct buf *buf,
		  void (*tell)(const char *name, const char *value, void *arg),
		  void *arg)
{
	unsigned int have = match->have;
	size_t i, j;

	if (have & KPAC_MATCH_IFNAME)
		have |= KPAC_MATCH_IFINDEX;
	for (i = 0; i < ARRAY_SIZE(predicates); i++) {
		const struct predicate *p = &predicates[i];

		if (!(have & p->bit))
			continue;
		if (!p->take)
			tell(p->name, NULL, arg);
		for (j = 0; p->take && !p->format && j < match->n_payload; j++) {
			buf->len = 0;
			format_payload(&match->payload[j], buf);
			tell(p->name, buf->data, arg);
		}
		if (p->format) {
			buf->len = 0;
			p->format(match, buf);
			tell(p->name, buf->data, arg);
		}
	}
}
