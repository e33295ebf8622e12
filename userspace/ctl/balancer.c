// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl balancer: what the handler balance uses. */
#include <inttypes.h>
#include <string.h>

#include "balancer.h"
#include "flowmon.h"
#include "table.h"

void balancer_usage(FILE *to)
{
	fputs("Usage: kpacctl balancer show [ NAME ]\n"
	      "       kpacctl balancer add NAME mode { nat | dsr } [ max N ] [ timeout TIME ]\n"
	      "       kpacctl balancer set NAME timeout TIME\n"
	      "       kpacctl balancer del NAME\n"
	      "\"kpacctl backend add NAME addr ADDR\" gives it a back end, and\n"
	      "\"kpacctl handler add ... do balance name NAME\" packets.\n",
	      to);
}

/* The name of a balancer, which comes first. */
int take_balancer(int *argc, char ***argv, const char **name)
{
	if (!*argc)
		return arg_required("NAME");
	*name = **argv;
	if (!**name || strlen(*name) > KPAC_MAX_BALANCER)
		return arg_wrong(*name,
				 "the name of a balancer has 1 to %d bytes",
				 KPAC_MAX_BALANCER);
	--*argc;
	++*argv;
	return EXIT_OK;
}

/* One of some names that the library knows, and no abbreviation. */
static int take_mode(const char *word, struct kpac_balancer *balancer)
{
	static const char *const modes[] = { "nat", "dsr" };
	int choice = 0;
	int err = pick(word, modes, ARRAY_SIZE(modes), &choice);

	if (err)
		return err;
	balancer->have |= KPAC_BALANCER_MODE;
	balancer->mode = (unsigned int)kpac_balance_mode_from_name(modes[choice]);
	return EXIT_OK;
}

static int take_timeout(const char *word, struct kpac_balancer *balancer)
{
	if (!parse_time(word, false, &balancer->timeout) ||
	    balancer->timeout < 1000 || balancer->timeout > 604800000)
		return arg_wrong(word,
				 "\"timeout\" is a time such as 30s or 15m, from 1s to 7d");
	balancer->have |= KPAC_BALANCER_TIMEOUT;
	return EXIT_OK;
}

static int take_max(const char *word, struct kpac_balancer *balancer)
{
	balancer->have |= KPAC_BALANCER_CONNECTIONS;
	return take_number("max", word, "a number of connections", 1024,
			   4194304, &balancer->connections);
}

static int take_config(int argc, char **argv, struct kpac_balancer *balancer,
		       bool add)
{
	struct pair pairs[] = { { .key = "timeout" }, { .key = "mode" },
				{ .key = "max" } };
	const char *name;
	int err;

	*balancer = (struct kpac_balancer){ .size = sizeof(*balancer) };
	err = take_balancer(&argc, &argv, &name);
	if (err)
		return err;
	memcpy(balancer->name, name, strlen(name));
	err = take_pairs(argc, argv, pairs, add ? ARRAY_SIZE(pairs) : 1);
	if (!err && pairs[0].value)
		err = take_timeout(pairs[0].value, balancer);
	if (!err && pairs[1].value)
		err = take_mode(pairs[1].value, balancer);
	if (!err && pairs[2].value)
		err = take_max(pairs[2].value, balancer);
	if (!err && add && !pairs[1].value)
		err = arg_required("mode");
	if (!err && !add && !pairs[0].value)
		err = arg_required("timeout");
	return err;
}

static int balancer_add(struct ctl *ctl, int argc, char **argv)
{
	struct kpac_balancer balancer;
	int err;

	err = take_config(argc, argv, &balancer, true);
	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_balancer_add(ctl->kpac, &balancer))
		err = ctl_refused(ctl);
	return err;
}

static int balancer_set(struct ctl *ctl, int argc, char **argv)
{
	struct kpac_balancer balancer;
	int err;

	err = take_config(argc, argv, &balancer, false);
	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_balancer_set(ctl->kpac, &balancer))
		err = ctl_refused(ctl);
	return err;
}

static int balancer_del(struct ctl *ctl, int argc, char **argv)
{
	const char *name = NULL;
	int err;

	err = take_balancer(&argc, &argv, &name);
	if (!err && argc)
		err = arg_wrong(*argv, "nothing can follow the name");
	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_balancer_del(ctl->kpac, name))
		err = ctl_refused(ctl);
	return err;
}

/* What was done, by the names of JSON. */
#define COUNTS(balancer) {						\
	{ "cells", (balancer)->cells },					\
	{ "evicted", (balancer)->evicted },				\
	{ "moved", (balancer)->moved },					\
	{ "unavailable", (balancer)->unavailable },			\
	{ "unresolved", (balancer)->unresolved },			\
	{ "unchangeable", (balancer)->unchangeable },			\
	{ "fragments", (balancer)->fragments },				\
	{ "others", (balancer)->others },				\
	{ "unknown", (balancer)->unknown },				\
	{ "errors", (balancer)->errors },				\
}

struct count {
	const char *name;
	uint64_t value;
};

static void print_balancer(const struct ctl *ctl,
			   const struct kpac_balancer *balancer)
{
	const struct count counts[] = COUNTS(balancer);
	struct buf line = { 0 }, name = { 0 };
	size_t i;

	buf_word(&name, balancer->name);
	buf_add(&name, ":");
	print_colored(ctl, COLOR_NAME, name.data);
	buf_add(&line, " mode %s max %u timeout ",
		kpac_balance_mode_name(balancer->mode), balancer->connections);
	format_time(&line, balancer->timeout);
	printf("%s backends %u entries %u\n   ", line.data, balancer->backends,
	       balancer->entries);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		printf(" %s %" PRIu64, counts[i].name, counts[i].value);
	putchar('\n');
	buf_free(&line);
	buf_free(&name);
}

static json_t *json_balancer(const struct kpac_balancer *balancer)
{
	const struct count counts[] = COUNTS(balancer);
	json_t *object = json_object();
	size_t i;

	json_object_set_new(object, "name", json_text(balancer->name));
	json_object_set_new(object, "mode",
			    json_string(kpac_balance_mode_name(balancer->mode)));
	json_object_set_new(object, "max", json_integer(balancer->connections));
	json_object_set_new(object, "timeout", json_count(balancer->timeout));
	json_object_set_new(object, "backends", json_integer(balancer->backends));
	json_object_set_new(object, "entries", json_integer(balancer->entries));
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		json_object_set_new(object, counts[i].name,
				    json_count(counts[i].value));
	return object;
}

static int show_balancer(const struct kpac_balancer *balancer, void *arg)
{
	const struct ctl *ctl = arg;

	if (ctl->json)
		json_array_append_new(ctl->list, json_balancer(balancer));
	else
		print_balancer(ctl, balancer);
	return 0;
}

static int balancer_show(struct ctl *ctl, int argc, char **argv)
{
	const char *name = NULL;
	int err = EXIT_OK;

	if (argc)
		err = take_balancer(&argc, &argv, &name);
	if (!err && argc)
		err = arg_wrong(*argv, "nothing can follow the name");
	if (!err)
		err = ctl_connect(ctl);
	if (err)
		return err;
	list_begin(ctl);
	if (name ? kpac_balancer_get(ctl->kpac, name, show_balancer, ctl) :
		   kpac_balancer_dump(ctl->kpac, show_balancer, ctl))
		return ctl_refused(ctl);
	return list_end(ctl);
}

static const struct command commands[] = {
	{ "show", "list", balancer_show, balancer_usage },
	{ "add", NULL, balancer_add, balancer_usage },
	{ "set", NULL, balancer_set, balancer_usage },
	{ "del", "delete", balancer_del, balancer_usage },
	{ "help", NULL, NULL, balancer_usage },
};

int balancer_main(struct ctl *ctl, int argc, char **argv)
{
	return run_command(commands, ARRAY_SIZE(commands),
			   "kpacctl balancer help", ctl, argc, argv);
}
