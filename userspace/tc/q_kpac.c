// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* What tc(8) loads to speak of the queueing discipline "kpac". */
#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include <linux/sch_kpac.h>

#include "tc.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What a message may grow to: tc's own disciplines count on as much. */
#define MAX_LEN 1024

static const struct option {
	const char *name;
	int attr;
	uint32_t max;
} options[] = {
	{ "limit", TCA_KPAC_LIMIT, TC_KPAC_MAX_LIMIT },
	{ "batch", TCA_KPAC_BATCH, TC_KPAC_MAX_BATCH },
};

static const struct {
	const char *name;
	size_t where;
} counters[] = {
	{ "batches", offsetof(struct tc_kpac_xstats, batches) },
	{ "doorbells", offsetof(struct tc_kpac_xstats, doorbells) },
	{ "shared", offsetof(struct tc_kpac_xstats, shared) },
	{ "requeued", offsetof(struct tc_kpac_xstats, requeued) },
};

static void explain(void)
{
	fprintf(stderr, "Usage: ... kpac [ limit PACKETS ] [ batch PACKETS ]\n"
		"  limit  packets that may be queued, 1 to %d (1000)\n"
		"  batch  packets that are sent at once, 1 to %d (64)\n",
		TC_KPAC_MAX_LIMIT, TC_KPAC_MAX_BATCH);
}

/*
 * A decimal number of packets from 1 to @option->max. As tc prints it: there may
 * be a "p" behind it.
 */
static bool take_packets(const struct option *option, const char *word,
			 uint32_t *packets)
{
	uint64_t number = 0;
	const char *c;

	for (c = word; isdigit((unsigned char)*c) && number <= option->max; c++)
		number = number * 10 + (uint64_t)(*c - '0');
	if (c == word || number < 1 || number > option->max ||
	    (*c && strcmp(c, "p"))) {
		fprintf(stderr,
			"Error: argument \"%s\" is wrong: \"%s\" is a number of packets from 1 to %" PRIu32 ".\n",
			word, option->name, option->max);
		return false;
	}
	*packets = (uint32_t)number;
	return true;
}

/* The option that a word names, complete; if there is none, the user is told. */
static const struct option *find_option(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(word, options[i].name))
			return &options[i];
	if (strcmp(word, "help"))
		fprintf(stderr,
			"Error: argument \"%s\" is wrong: expected \"limit\" or \"batch\".\n",
			word);
	explain();
	return NULL;
}

static bool take_option(int argc, char **argv,
			uint32_t packets[ARRAY_SIZE(options)])
{
	const struct option *option = find_option(*argv);

	if (!option)
		return false;
	if (argc < 2) {
		fprintf(stderr,
			"Error: command line is not complete: \"%s\" needs a value.\n",
			option->name);
		return false;
	}
	if (packets[option - options]) {
		fprintf(stderr,
			"Error: duplicate \"%s\": \"%s\" is the second value.\n",
			option->name, argv[1]);
		return false;
	}
	return take_packets(option, argv[1], &packets[option - options]);
}

static int kpac_parse_opt(struct qdisc_util *qu, int argc, char **argv,
			  struct nlmsghdr *n, const char *dev)
{
	uint32_t packets[ARRAY_SIZE(options)] = { 0 };
	struct rtattr *nest;
	size_t i;

	(void)qu;
	(void)dev;
	if (!argc)
		return 0;
	for (; argc > 0; argc -= 2, argv += 2)
		if (!take_option(argc, argv, packets))
			return -1;

	nest = addattr_nest(n, MAX_LEN, TCA_OPTIONS | NLA_F_NESTED);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (packets[i])
			addattr_l(n, MAX_LEN, options[i].attr, &packets[i],
				  sizeof(packets[i]));
	addattr_nest_end(n, nest);
	return 0;
}

static void print_option(FILE *f, const struct option *option,
			 const struct rtattr *attr)
{
	uint32_t packets;

	if (RTA_PAYLOAD(attr) < sizeof(packets))
		return;
	memcpy(&packets, RTA_DATA(attr), sizeof(packets));
	if (is_json_context())
		jsonw_u64_field(get_json_writer(), option->name, packets);
	else
		fprintf(f, "%s %" PRIu32 "p ", option->name, packets);
}

static int kpac_print_opt(struct qdisc_util *qu, FILE *f, struct rtattr *opt)
{
	const struct rtattr *attr;
	size_t i;
	int rest;

	(void)qu;
	if (!opt)
		return 0;
	rest = (int)RTA_PAYLOAD(opt);
	for (attr = RTA_DATA(opt); RTA_OK(attr, rest);
	     attr = RTA_NEXT(attr, rest))
		for (i = 0; i < ARRAY_SIZE(options); i++)
			if ((attr->rta_type & NLA_TYPE_MASK) == options[i].attr)
				print_option(f, &options[i], attr);
	return 0;
}

/* The kernel may have fewer counters than we know, or more. */
static int kpac_print_xstats(struct qdisc_util *qu, FILE *f,
			     struct rtattr *xstats)
{
	const char *before = "  ";
	uint64_t value;
	size_t i;

	(void)qu;
	if (!xstats)
		return 0;
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		if (RTA_PAYLOAD(xstats) < counters[i].where + sizeof(value))
			break;
		memcpy(&value, (char *)RTA_DATA(xstats) + counters[i].where,
		       sizeof(value));
		if (is_json_context())
			jsonw_u64_field(get_json_writer(), counters[i].name,
					value);
		else
			fprintf(f, "%s%s %" PRIu64, before, counters[i].name,
				value);
		before = " ";
	}
	return 0;
}

/* tc finds it by its name. */
extern struct qdisc_util kpac_qdisc_util;

struct qdisc_util kpac_qdisc_util = {
	.id = "kpac",
	.parse_qopt = kpac_parse_opt,
	.print_qopt = kpac_print_opt,
	.print_xstats = kpac_print_xstats,
};
