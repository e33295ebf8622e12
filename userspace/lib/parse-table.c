// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * From the kernel's messages about the table to structures. As in parse.c,
 * nothing in a message is believed. What is nested lives in an arena, which the
 * caller resets when it is done with the structure.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "internal.h"

static void get_small(const struct nlattr *nla, uint8_t *value,
		      unsigned int *have, unsigned int bit)
{
	unsigned int number;

	if (!kpac_get_u8(nla, &number))
		return;
	*value = (uint8_t)number;
	*have |= bit;
}

static void get_short(const struct nlattr *nla, uint16_t *value,
		      unsigned int *have, unsigned int bit)
{
	unsigned int number;

	if (!kpac_get_u16(nla, &number))
		return;
	*value = (uint16_t)number;
	*have |= bit;
}

static void get_range(const struct nlattr *first, const struct nlattr *last,
		      bool (*get)(const struct nlattr *nla, unsigned int *value),
		      struct kpac_range *range, unsigned int *have,
		      unsigned int bit)
{
	if (!get(first, &range->first))
		return;
	if (!get(last, &range->last))
		range->last = range->first;
	*have |= bit;
}

/* An address that is neither IPv4 nor IPv6 makes the message malformed. */
static int get_prefix(const struct nlattr *nla, const struct nlattr *nla_len8,
		      struct kpac_prefix *prefix, unsigned int *have,
		      unsigned int bit)
{
	if (!nla)
		return 0;
	if (nla_len(nla) != 4 && nla_len(nla) != 16)
		return -EBADMSG;
	prefix->bytes = (unsigned int)nla_len(nla);
	memcpy(prefix->address, nla_data(nla), prefix->bytes);
	if (!kpac_get_u8(nla_len8, &prefix->len))
		prefix->len = prefix->bytes * 8;
	if (prefix->len > prefix->bytes * 8)
		return -EBADMSG;
	*have |= bit;
	return 0;
}

static int parse_payload(struct nlattr *nest, struct kpac_payload *payload)
{
	struct nlattr *tb[KPAC_A_PAYLOAD_MAX + 1];
	const struct nlattr *value, *mask;
	int len;

	if (nla_parse(tb, KPAC_A_PAYLOAD_MAX, nla_data(nest), nla_len(nest),
		      NULL))
		return -EBADMSG;
	value = tb[KPAC_A_PAYLOAD_VALUE];
	mask = tb[KPAC_A_PAYLOAD_MASK];
	len = value ? nla_len(value) : 0;
	if (!kpac_get_u32(tb[KPAC_A_PAYLOAD_BASE], &payload->base) ||
	    len < 1 || len > KPAC_MAX_PAYLOAD || (mask && nla_len(mask) != len))
		return -EBADMSG;
	kpac_get_u32(tb[KPAC_A_PAYLOAD_OFFSET], &payload->offset);
	payload->len = (unsigned int)len;
	memcpy(payload->value, nla_data(value), payload->len);
	if (mask)
		memcpy(payload->mask, nla_data(mask), payload->len);
	else
		memset(payload->mask, 0xff, payload->len);
	return 0;
}

/* Room for all nests of a type, of which there may be none. */
static int get_room(struct kpac_arena *arena, struct nlattr *nest, int type,
		    size_t size, void **room, size_t *n)
{
	*n = kpac_count_attrs(nla_data(nest), nla_len(nest), type);
	*room = *n ? kpac_arena_get(arena, *n * size) : NULL;
	return *n && !*room ? -ENOMEM : 0;
}

static int parse_payloads(struct nlattr *nest, struct kpac_arena *arena,
			  struct kpac_match *match)
{
	struct kpac_payload *payload;
	struct nlattr *nla;
	void *room;
	int rest;

	if (get_room(arena, nest, KPAC_A_MATCH_PAYLOAD, sizeof(*payload), &room,
		     &match->n_payload))
		return -ENOMEM;
	match->payload = payload = room;
	if (payload)
		match->have |= KPAC_MATCH_PAYLOAD;
	nla_for_each_nested(nla, nest, rest)
		if (nla_type(nla) == KPAC_A_MATCH_PAYLOAD &&
		    parse_payload(nla, payload++))
			return -EBADMSG;
	return 0;
}

static int parse_link(struct nlattr **tb, struct kpac_match *m)
{
	if (kpac_get_u32(tb[KPAC_A_MATCH_IFINDEX], &m->ifindex))
		m->have |= KPAC_MATCH_IFINDEX;
	if (kpac_get_ifname(tb[KPAC_A_MATCH_IFNAME], m->ifname))
		m->have |= KPAC_MATCH_IFNAME;
	get_short(tb[KPAC_A_MATCH_VLAN], &m->vlan, &m->have, KPAC_MATCH_VLAN);
	get_short(tb[KPAC_A_MATCH_ETHERTYPE], &m->ethertype, &m->have,
		  KPAC_MATCH_ETHERTYPE);
	return 0;
}

static int parse_network(struct nlattr **tb, struct kpac_match *m)
{
	get_small(tb[KPAC_A_MATCH_PROTO], &m->proto, &m->have,
		  KPAC_MATCH_PROTO);
	get_small(tb[KPAC_A_MATCH_DSCP], &m->dscp, &m->have, KPAC_MATCH_DSCP);
	if (kpac_get_u32(tb[KPAC_A_MATCH_FRAGMENT], &m->fragment))
		m->have |= KPAC_MATCH_FRAGMENT;
	get_range(tb[KPAC_A_MATCH_LENGTH], tb[KPAC_A_MATCH_LENGTH_MAX],
		  kpac_get_u32, &m->length, &m->have, KPAC_MATCH_LENGTH);
	if (get_prefix(tb[KPAC_A_MATCH_SRC], tb[KPAC_A_MATCH_SRC_LEN], &m->src,
		       &m->have, KPAC_MATCH_SRC))
		return -EBADMSG;
	return get_prefix(tb[KPAC_A_MATCH_DST], tb[KPAC_A_MATCH_DST_LEN],
			  &m->dst, &m->have, KPAC_MATCH_DST);
}

static void parse_transport(struct nlattr **tb, struct kpac_match *m)
{
	get_range(tb[KPAC_A_MATCH_SPORT], tb[KPAC_A_MATCH_SPORT_MAX],
		  kpac_get_u16, &m->sport, &m->have, KPAC_MATCH_SPORT);
	get_range(tb[KPAC_A_MATCH_DPORT], tb[KPAC_A_MATCH_DPORT_MAX],
		  kpac_get_u16, &m->dport, &m->have, KPAC_MATCH_DPORT);
	get_small(tb[KPAC_A_MATCH_ICMP_TYPE], &m->icmp_type, &m->have,
		  KPAC_MATCH_ICMP_TYPE);
	get_small(tb[KPAC_A_MATCH_ICMP_CODE], &m->icmp_code, &m->have,
		  KPAC_MATCH_ICMP_CODE);
	get_small(tb[KPAC_A_MATCH_TCP_FLAGS], &m->tcp_flags, &m->have,
		  KPAC_MATCH_TCP_FLAGS);
	m->tcp_flags_mask = m->tcp_flags;
	get_small(tb[KPAC_A_MATCH_TCP_FLAGS_MASK], &m->tcp_flags_mask,
		  &m->have, 0);
}

static int parse_match(struct nlattr *nest, struct kpac_arena *arena,
		       const struct kpac_match **where)
{
	struct kpac_match *match = kpac_arena_get(arena, sizeof(*match));
	struct nlattr *tb[KPAC_A_MATCH_MAX + 1];
	int err;

	if (!match)
		return -ENOMEM;
	match->size = sizeof(*match);
	*where = match;
	if (nla_parse(tb, KPAC_A_MATCH_MAX, nla_data(nest), nla_len(nest),
		      NULL))
		return -EBADMSG;
	err = parse_link(tb, match);
	if (!err)
		err = parse_network(tb, match);
	if (err)
		return err;
	parse_transport(tb, match);
	if (tb[KPAC_A_MATCH_UNFILTERED])
		match->have |= KPAC_MATCH_UNFILTERED;
	return parse_payloads(nest, arena, match);
}

static int parse_arg(struct nlattr *nest, struct kpac_arena *arena,
		     struct kpac_arg *arg)
{
	struct nlattr *tb[KPAC_A_ARG_MAX + 1];
	const struct nlattr *address;

	if (nla_parse(tb, KPAC_A_ARG_MAX, nla_data(nest), nla_len(nest),
		      NULL) || !tb[KPAC_A_ARG_NAME])
		return -EBADMSG;
	if (!kpac_get_text(arena, tb[KPAC_A_ARG_NAME], &arg->name))
		return -ENOMEM;
	if (kpac_get_uint(tb[KPAC_A_ARG_NUMBER], &arg->number))
		arg->have |= KPAC_ARG_NUMBER;
	if (tb[KPAC_A_ARG_TEXT]) {
		if (!kpac_get_text(arena, tb[KPAC_A_ARG_TEXT], &arg->text))
			return -ENOMEM;
		arg->have |= KPAC_ARG_TEXT;
	}
	address = tb[KPAC_A_ARG_ADDRESS];
	if (address) {
		if (nla_len(address) > (int)sizeof(arg->address))
			return -EBADMSG;
		arg->address_len = (unsigned int)nla_len(address);
		memcpy(arg->address, nla_data(address), arg->address_len);
		arg->have |= KPAC_ARG_ADDRESS;
	}
	if (kpac_get_u8(tb[KPAC_A_ARG_PREFIX_LEN], &arg->prefix_len))
		arg->have |= KPAC_ARG_PREFIX_LEN;
	return 0;
}

static int parse_figure(struct nlattr *nest, struct kpac_arena *arena,
			struct kpac_figure *figure)
{
	struct nlattr *tb[KPAC_A_FIGURE_MAX + 1];

	if (nla_parse(tb, KPAC_A_FIGURE_MAX, nla_data(nest), nla_len(nest),
		      NULL) ||
	    !tb[KPAC_A_FIGURE_NAME] ||
	    !kpac_get_uint(tb[KPAC_A_FIGURE_NUMBER], &figure->number))
		return -EBADMSG;
	return kpac_get_text(arena, tb[KPAC_A_FIGURE_NAME], &figure->name) ?
	       0 : -ENOMEM;
}

static int parse_do(struct nlattr *nest, struct kpac_arena *arena,
		    struct kpac_do *what)
{
	struct nlattr *tb[KPAC_A_DO_MAX + 1];
	struct kpac_figure *figure;
	struct kpac_arg *arg;
	struct nlattr *nla;
	void *room;
	int err = 0;
	int rest;

	if (nla_parse(tb, KPAC_A_DO_MAX, nla_data(nest), nla_len(nest), NULL) ||
	    !tb[KPAC_A_DO_HANDLER])
		return -EBADMSG;
	if (!kpac_get_text(arena, tb[KPAC_A_DO_HANDLER], &what->handler) ||
	    get_room(arena, nest, KPAC_A_DO_ARG, sizeof(*arg), &room,
		     &what->n_args))
		return -ENOMEM;
	what->args = arg = room;
	if (get_room(arena, nest, KPAC_A_DO_FIGURE, sizeof(*figure), &room,
		     &what->n_figures))
		return -ENOMEM;
	what->figures = figure = room;

	nla_for_each_nested(nla, nest, rest) {
		if (nla_type(nla) == KPAC_A_DO_ARG)
			err = parse_arg(nla, arena, arg++);
		else if (nla_type(nla) == KPAC_A_DO_FIGURE)
			err = parse_figure(nla, arena, figure++);
		if (err)
			break;
	}
	return err;
}

static int parse_dos(struct nlattr *first, int len, struct kpac_arena *arena,
		     struct kpac_entry *entry)
{
	struct kpac_do *what;
	struct nlattr *nla;
	int err = 0;
	int rest;

	entry->n_dos = kpac_count_attrs(first, len, KPAC_A_ENTRY_DO);
	if (!entry->n_dos)
		return 0;
	what = kpac_arena_get(arena, entry->n_dos * sizeof(*what));
	if (!what)
		return -ENOMEM;
	entry->dos = what;
	nla_for_each_attr(nla, first, len, rest) {
		if (nla_type(nla) == KPAC_A_ENTRY_DO)
			err = parse_do(nla, arena, what++);
		if (err)
			break;
	}
	return err;
}

int kpac_parse_entry(const struct nlmsghdr *nlh, struct kpac_arena *arena,
		     struct kpac_entry *entry)
{
	struct nlattr *tb[KPAC_A_ENTRY_MAX + 1];
	struct nlattr *first;
	int err = 0;
	int len;

	memset(entry, 0, sizeof(*entry));
	entry->size = sizeof(*entry);
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_ENTRY_MAX, first, len, NULL) ||
	    !kpac_get_u32(tb[KPAC_A_ENTRY_ID], &entry->id))
		return -EBADMSG;
	entry->have |= KPAC_ENTRY_ID;
	if (kpac_get_u32(tb[KPAC_A_ENTRY_PRIORITY], &entry->priority))
		entry->have |= KPAC_ENTRY_PRIORITY;
	if (kpac_get_uint(tb[KPAC_A_ENTRY_EXPIRES], &entry->expires))
		entry->have |= KPAC_ENTRY_EXPIRES;
	if (kpac_get_uint(tb[KPAC_A_ENTRY_PACKETS], &entry->packets) &&
	    kpac_get_uint(tb[KPAC_A_ENTRY_BYTES], &entry->bytes))
		entry->have |= KPAC_ENTRY_COUNTERS;
	if (tb[KPAC_A_ENTRY_COMMENT]) {
		if (!kpac_get_text(arena, tb[KPAC_A_ENTRY_COMMENT],
				   &entry->comment))
			return -ENOMEM;
		entry->have |= KPAC_ENTRY_COMMENT;
	}
	if (tb[KPAC_A_ENTRY_MATCH])
		err = parse_match(tb[KPAC_A_ENTRY_MATCH], arena, &entry->match);
	return err ? err : parse_dos(first, len, arena, entry);
}

/* What answers the addition of an entry. */
int kpac_parse_id(const struct nlmsghdr *nlh, uint32_t *id)
{
	struct nlattr *tb[KPAC_A_ENTRY_MAX + 1];
	struct nlattr *first;
	int len;

	return !kpac_attrs(nlh, &first, &len) ||
	       nla_parse(tb, KPAC_A_ENTRY_MAX, first, len, NULL) ||
	       !kpac_get_u32(tb[KPAC_A_ENTRY_ID], id) ? -EBADMSG : 0;
}

int kpac_parse_table(const struct nlmsghdr *nlh, struct kpac_table *table)
{
	struct nlattr *tb[KPAC_A_TABLE_MAX + 1];
	struct nlattr *first;
	int len;

	memset(table, 0, sizeof(*table));
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_TABLE_MAX, first, len, NULL) ||
	    !kpac_get_uint(tb[KPAC_A_TABLE_GENERATION], &table->generation) ||
	    !kpac_get_u32(tb[KPAC_A_TABLE_ENTRIES], &table->entries))
		return -EBADMSG;
	kpac_get_u32(tb[KPAC_A_TABLE_MASKS], &table->masks);
	kpac_get_uint(tb[KPAC_A_TABLE_MEMORY], &table->memory);
	kpac_get_u32(tb[KPAC_A_TABLE_ADDED], &table->added);
	kpac_get_u32(tb[KPAC_A_TABLE_DELETED], &table->deleted);
	return 0;
}

static int parse_choices(struct nlattr *nest, struct kpac_arena *arena,
			 struct kpac_arg_spec *spec)
{
	const char **choice;
	struct nlattr *nla;
	void *room;
	int rest;

	if (get_room(arena, nest, KPAC_A_ARG_SPEC_CHOICE, sizeof(*choice),
		     &room, &spec->n_choices))
		return -ENOMEM;
	choice = room;
	spec->choices = choice;
	nla_for_each_nested(nla, nest, rest)
		if (nla_type(nla) == KPAC_A_ARG_SPEC_CHOICE &&
		    !kpac_get_text(arena, nla, choice++))
			return -ENOMEM;
	return 0;
}

static int parse_spec(struct nlattr *nest, struct kpac_arena *arena,
		      struct kpac_arg_spec *spec)
{
	struct nlattr *tb[KPAC_A_ARG_SPEC_DOC + 1];

	spec->doc = "";
	if (nla_parse(tb, KPAC_A_ARG_SPEC_DOC, nla_data(nest), nla_len(nest),
		      NULL) ||
	    !tb[KPAC_A_ARG_SPEC_NAME] ||
	    !kpac_get_u32(tb[KPAC_A_ARG_SPEC_TYPE], &spec->type))
		return -EBADMSG;
	if (!kpac_get_text(arena, tb[KPAC_A_ARG_SPEC_NAME], &spec->name) ||
	    (tb[KPAC_A_ARG_SPEC_DOC] &&
	     !kpac_get_text(arena, tb[KPAC_A_ARG_SPEC_DOC], &spec->doc)))
		return -ENOMEM;
	spec->required = tb[KPAC_A_ARG_SPEC_REQUIRED];
	spec->repeated = tb[KPAC_A_ARG_SPEC_REPEATED];
	if (kpac_get_uint(tb[KPAC_A_ARG_SPEC_LEAST], &spec->min))
		spec->have |= KPAC_ARG_SPEC_MIN;
	if (kpac_get_uint(tb[KPAC_A_ARG_SPEC_MOST], &spec->max))
		spec->have |= KPAC_ARG_SPEC_MAX;
	return parse_choices(nest, arena, spec);
}

static int parse_specs(struct nlattr *first, int len, struct kpac_arena *arena,
		       struct kpac_handler *handler)
{
	struct kpac_arg_spec *spec;
	struct nlattr *nla;
	int err = 0;
	int rest;

	handler->n_args = kpac_count_attrs(first, len, KPAC_A_HANDLER_ARG_SPEC);
	if (!handler->n_args)
		return 0;
	spec = kpac_arena_get(arena, handler->n_args * sizeof(*spec));
	if (!spec)
		return -ENOMEM;
	handler->args = spec;
	nla_for_each_attr(nla, first, len, rest) {
		if (nla_type(nla) == KPAC_A_HANDLER_ARG_SPEC)
			err = parse_spec(nla, arena, spec++);
		if (err)
			break;
	}
	return err;
}

int kpac_parse_handler(const struct nlmsghdr *nlh, struct kpac_arena *arena,
		       struct kpac_handler *handler)
{
	struct nlattr *tb[KPAC_A_HANDLER_MAX + 1];
	struct nlattr *first;
	int len;

	memset(handler, 0, sizeof(*handler));
	handler->module = handler->doc = "";
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_HANDLER_MAX, first, len, NULL) ||
	    !tb[KPAC_A_HANDLER_NAME])
		return -EBADMSG;
	if (!kpac_get_text(arena, tb[KPAC_A_HANDLER_NAME], &handler->name) ||
	    (tb[KPAC_A_HANDLER_MODULE] &&
	     !kpac_get_text(arena, tb[KPAC_A_HANDLER_MODULE],
			    &handler->module)) ||
	    (tb[KPAC_A_HANDLER_DOC] &&
	     !kpac_get_text(arena, tb[KPAC_A_HANDLER_DOC], &handler->doc)))
		return -ENOMEM;
	handler->ends = tb[KPAC_A_HANDLER_ENDS];
	return parse_specs(first, len, arena, handler);
}
