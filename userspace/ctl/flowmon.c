// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl flowmon: the flows that were counted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "flowmon.h"
#include "table.h"

void flowmon_usage(FILE *to)
{
	fputs("Usage: kpacctl flowmon show [ name NAME ] [ top N [ by { packets | bytes } ] ]\n"
	      "       kpacctl flowmon reset [ name NAME ]\n"
	      "       kpacctl flowmon export [ name NAME ] collector ADDR[:PORT] [ interval TIME ]\n"
	      "                              [ count N ] [ domain N ]\n"
	      "\"kpacctl handler add ... do flowmon [ name NAME ]\" counts flows.\n",
	      to);
}

int check_monitor(const char *name)
{
	if (name && (!*name || strlen(name) > KPAC_MAX_MONITOR))
		return arg_wrong(name,
				 "the name of a flow monitor has 1 to %d bytes",
				 KPAC_MAX_MONITOR);
	return EXIT_OK;
}

/* Flows that were told, and how many there is room for. */
struct flows {
	struct kpac_flow *flow;
	size_t n;
	size_t room;
};

static int keep_flow(const struct kpac_flow *flow, void *arg)
{
	struct flows *flows = arg;

	flows->flow = grow(flows->flow, flows->n, &flows->room,
			   sizeof(*flows->flow));
	flows->flow[flows->n++] = *flow;
	return 0;
}

static void as_prefix(const uint8_t *address, unsigned int len,
		      struct kpac_prefix *prefix)
{
	memcpy(prefix->address, address, len);
	prefix->bytes = len;
	prefix->len = len * 8;
}

/* The predicates that its packets, and no others, match. */
static void as_match(const struct kpac_flow *flow, struct kpac_match *match)
{
	*match = (struct kpac_match){
		.size = sizeof(*match),
		.have = KPAC_MATCH_IFINDEX | KPAC_MATCH_PROTO |
			KPAC_MATCH_SRC | KPAC_MATCH_DST,
		.ifindex = flow->ifindex, .vlan = flow->vlan,
		.proto = flow->proto, .icmp_type = flow->icmp_type,
		.icmp_code = flow->icmp_code, .tcp_flags = flow->tcp_flags,
		.tcp_flags_mask = flow->tcp_flags,
		.sport = { flow->sport, flow->sport },
		.dport = { flow->dport, flow->dport },
	};
	if (flow->have & KPAC_FLOW_IFNAME) {
		memcpy(match->ifname, flow->ifname, sizeof(match->ifname));
		match->have |= KPAC_MATCH_IFNAME;
	}
	if (flow->have & KPAC_FLOW_VLAN)
		match->have |= KPAC_MATCH_VLAN;
	if (flow->have & KPAC_FLOW_PORTS)
		match->have |= KPAC_MATCH_SPORT | KPAC_MATCH_DPORT;
	if (flow->have & KPAC_FLOW_ICMP)
		match->have |= KPAC_MATCH_ICMP_TYPE | KPAC_MATCH_ICMP_CODE;
	if (flow->have & KPAC_FLOW_TCP_FLAGS)
		match->have |= KPAC_MATCH_TCP_FLAGS;
	as_prefix(flow->src, flow->addr_len, &match->src);
	as_prefix(flow->dst, flow->addr_len, &match->dst);
}

static void add_word(const char *name, const char *value, void *arg)
{
	buf_add(arg, " %s", name);
	if (value)
		buf_add(arg, " %s", value);
}

/* Nobody reads milliseconds of what is long ago. */
static void add_time(struct buf *line, const char *name, uint64_t ms)
{
	buf_add(line, " %s ", name);
	format_time(line, ms < 10000 ? ms : ms - ms % 1000);
}

static void print_flow(const struct ctl *ctl, const struct kpac_flow *flow)
{
	struct buf line = { 0 }, value = { 0 };
	struct kpac_match match;

	as_match(flow, &match);
	buf_word(&value, flow->monitor);
	buf_add(&value, ":");
	print_colored(ctl, COLOR_NAME, value.data);
	format_match(&match, &value, add_word, &line);
	buf_add(&line, " packets %" PRIu64 " bytes %" PRIu64, flow->packets,
		flow->bytes);
	add_time(&line, "age", flow->age);
	add_time(&line, "idle", flow->idle);
	put_safe(stdout, line.data, line.len);
	putchar('\n');
	buf_free(&line);
	buf_free(&value);
}

static json_t *json_flow(const struct kpac_flow *flow)
{
	json_t *object = json_object();
	struct buf value = { 0 };
	struct kpac_match match;

	json_object_set_new(object, "monitor", json_text(flow->monitor));
	json_object_set_new(object, "ifindex", json_integer(flow->ifindex));
	as_match(flow, &match);
	format_match(&match, &value, json_pair, object);
	buf_free(&value);
	json_object_set_new(object, "tos", json_integer(flow->tos));
	json_object_set_new(object, "packets", json_count(flow->packets));
	json_object_set_new(object, "bytes", json_count(flow->bytes));
	json_object_set_new(object, "first_seen", json_count(flow->first_seen));
	json_object_set_new(object, "last_seen", json_count(flow->last_seen));
	json_object_set_new(object, "age", json_count(flow->age));
	json_object_set_new(object, "idle", json_count(flow->idle));
	return object;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int more_packets(const void *a, const void *b)
{
	const struct kpac_flow *one = a, *other = b;
	int order = compare(one->packets, other->packets);

	return order ? order : compare(one->bytes, other->bytes);
}

static int more_bytes(const void *a, const void *b)
{
	const struct kpac_flow *one = a, *other = b;
	int order = compare(one->bytes, other->bytes);

	return order ? order : compare(one->packets, other->packets);
}

static int print_flows(struct ctl *ctl, const struct flows *flows, size_t n)
{
	size_t i;

	list_begin(ctl);
	for (i = 0; i < flows->n && i < n; i++) {
		if (ctl->json)
			json_array_append_new(ctl->list,
					      json_flow(&flows->flow[i]));
		else
			print_flow(ctl, &flows->flow[i]);
	}
	return list_end(ctl);
}

/* How many flows, and by what. */
static int take_top(const struct pair *top, const struct pair *by,
		    unsigned int *n, int *order)
{
	static const char *const orders[] = { "bytes", "packets" };

	if (by->value && !top->value)
		return arg_required("top");
	if (top->value && take_number("top", top->value, "a number of flows", 1,
				      UINT32_MAX, n))
		return EXIT_SYNTAX;
	return by->value ? pick(by->value, orders, ARRAY_SIZE(orders), order) :
	       EXIT_OK;
}

static int flowmon_show(struct ctl *ctl, int argc, char **argv)
{
	struct pair pairs[] = { { .key = "name" }, { .key = "top" },
				{ .key = "by" } };
	struct flows flows = { 0 };
	unsigned int n = UINT32_MAX;
	int order = 0;
	int err;

	err = take_pairs(argc, argv, pairs, ARRAY_SIZE(pairs));
	if (!err)
		err = check_monitor(pairs[0].value);
	if (!err)
		err = take_top(&pairs[1], &pairs[2], &n, &order);
	if (!err)
		err = ctl_connect(ctl);
	if (err)
		return err;
	if (kpac_flow_dump(ctl->kpac, pairs[0].value, keep_flow, &flows)) {
		err = ctl_refused(ctl);
	} else {
		if (pairs[1].value && flows.n)
			qsort(flows.flow, flows.n, sizeof(*flows.flow),
			      order ? more_packets : more_bytes);
		err = print_flows(ctl, &flows, n);
	}
	free(flows.flow);
	return err;
}

static int flowmon_reset(struct ctl *ctl, int argc, char **argv)
{
	struct pair name = { .key = "name" };
	int err;

	err = take_pairs(argc, argv, &name, 1);
	if (!err)
		err = check_monitor(name.value);
	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_flow_reset(ctl->kpac, name.value))
		err = ctl_refused(ctl);
	return err;
}

static const struct command commands[] = {
	{ "show", "list", flowmon_show, flowmon_usage },
	{ "reset", NULL, flowmon_reset, flowmon_usage },
	{ "export", NULL, flowmon_export, flowmon_usage },
	{ "help", NULL, NULL, flowmon_usage },
};

int flowmon_main(struct ctl *ctl, int argc, char **argv)
{
	return run_command(commands, ARRAY_SIZE(commands),
			   "kpacctl flowmon help", ctl, argc, argv);
}
