// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl port: which devices kpac watches, and how. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "kpacctl.h"

/*
 * What can be set. Numbers have a unit and a range, and are found in struct
 * kpac_port_config; if 0 is one of them, "off" means it.
 */
static const struct setting {
	const char *name;
	unsigned int bit;
	const char *unit;
	unsigned int min;
	unsigned int max;
	size_t where;
} settings[] = {
	{ .name = "door", .bit = KPAC_PORT_DOOR },
	{ .name = "forward", .bit = KPAC_PORT_FORWARD },
	{
		"tx-batch", KPAC_PORT_TX_BATCH, "a number of packets",
		1, KPAC_MAX_BATCH, offsetof(struct kpac_port_config, tx_batch),
	}, {
		"clean-batch", KPAC_PORT_CLEAN_BATCH, "a number of buffers",
		1, KPAC_MAX_BATCH,
		offsetof(struct kpac_port_config, clean_batch),
	}, {
		"pool", KPAC_PORT_POOL, "a number of buffers per CPU",
		KPAC_MIN_POOL, KPAC_MAX_POOL,
		offsetof(struct kpac_port_config, pool),
	}, {
		"copybreak", KPAC_PORT_COPYBREAK, "a number of bytes",
		0, KPAC_MAX_COPYBREAK,
		offsetof(struct kpac_port_config, copybreak),
	},
};

void port_usage(FILE *to)
{
	fprintf(to,
		"Usage: kpacctl port add [ dev ] NAME [ SETTINGS ]\n"
		"       kpacctl port set [ dev ] NAME SETTINGS\n"
		"       kpacctl port del [ dev ] NAME\n"
		"       kpacctl port show [ [ dev ] NAME ]\n"
		"where  SETTINGS := [ door DOOR ] [ forward { on | off } ]\n"
		"                   [ tx-batch 1..%d ] [ clean-batch 1..%d ]\n"
		"                   [ pool %d..%d ] [ copybreak { 1..%d | off } ]\n"
		"       DOOR := { auto | rx-handler | ingress }\n",
		KPAC_MAX_BATCH, KPAC_MAX_BATCH, KPAC_MIN_POOL, KPAC_MAX_POOL,
		KPAC_MAX_COPYBREAK);
}

static int take_door(const char *word, struct kpac_port_config *config)
{
	static const char *const doors[] = { "auto", "rx-handler", "ingress" };
	int choice;
	int err;

	err = pick(word, doors, ARRAY_SIZE(doors), &choice);
	if (!err)
		config->door = (enum kpac_door)kpac_door_from_name(doors[choice]);
	return err;
}

static int take_forward(const char *word, struct kpac_port_config *config)
{
	static const char *const off_on[] = { "off", "on" };
	int choice;
	int err;

	err = pick(word, off_on, ARRAY_SIZE(off_on), &choice);
	if (!err)
		config->forward = choice;
	return err;
}

static int take_setting(const struct setting *setting, const char *word,
			struct kpac_port_config *config)
{
	if (config->set & setting->bit)
		return arg_twice(setting->name, word);
	config->set |= setting->bit;

	switch (setting->bit) {
	case KPAC_PORT_DOOR:
		return take_door(word, config);
	case KPAC_PORT_FORWARD:
		return take_forward(word, config);
	}
	if (!setting->min && *word && !strncmp("off", word, strlen(word)))
		word = "0";
	return take_number(setting->name, word, setting->unit, setting->min,
			   setting->max,
			   (unsigned int *)((char *)config + setting->where));
}

static const struct setting *find_setting(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(word, settings[i].name))
			return &settings[i];
	return NULL;
}

/* The same for an abbreviation; if there is none, the user is told. */
static const struct setting *pick_setting(const char *word)
{
	const char *names[ARRAY_SIZE(settings)];
	int choice;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		names[i] = settings[i].name;
	return pick(word, names, ARRAY_SIZE(names), &choice) ? NULL :
	       &settings[choice];
}

/*
 * A word is the device unless it is a keyword. Before the device is known only
 * a complete keyword is one: "f" may well be a device.
 */
static int take_config(int argc, char **argv, const char **dev,
		       struct kpac_port_config *config)
{
	const struct setting *setting;
	int err = EXIT_OK;

	*dev = NULL;
	for (; argc > 0 && !err; argc--, argv++) {
		bool is_dev = !strcmp(*argv, "dev");

		setting = is_dev ? NULL : *dev ? pick_setting(*argv) :
			  find_setting(*argv);
		if (*dev && !is_dev && !setting)
			return EXIT_SYNTAX;
		if (is_dev || setting) {
			if (argc < 2)
				return no_value(is_dev ? "dev" : setting->name);
			argc--;
			argv++;
		}
		err = setting ? take_setting(setting, *argv, config) :
				take_dev(*argv, dev);
	}
	if (!err && !*dev)
		return arg_required("dev");
	return err;
}

static int port_add(struct ctl *ctl, int argc, char **argv)
{
	struct kpac_port_config config = { .size = sizeof(config) };
	const char *dev;
	int err;

	err = take_config(argc, argv, &dev, &config);
	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_port_add(ctl->kpac, kpac_dev_name(dev), &config))
		err = ctl_refused(ctl);
	return err;
}

static int port_set(struct ctl *ctl, int argc, char **argv)
{
	struct kpac_port_config config = { .size = sizeof(config) };
	const char *dev;
	int err;

	err = take_config(argc, argv, &dev, &config);
	if (!err && !config.set) {
		fputs("Error: nothing to set, try \"kpacctl port help\".\n",
		      stderr);
		return EXIT_SYNTAX;
	}
	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_port_set(ctl->kpac, kpac_dev_name(dev), &config))
		err = ctl_refused(ctl);
	return err;
}

static int port_del(struct ctl *ctl, int argc, char **argv)
{
	const char *dev;
	int err;

	err = take_only_dev(argc, argv, &dev);
	if (!err && !dev)
		err = arg_required("dev");
	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_port_del(ctl->kpac, kpac_dev_name(dev)))
		err = ctl_refused(ctl);
	return err;
}

static int attach_stats(const struct kpac_stats *stats, void *arg)
{
	json_object_set_new(arg, "stats", json_stats(stats));
	return 0;
}

static int show_stats(const struct kpac_stats *stats, void *arg)
{
	(void)arg;
	print_stats_short(stats);
	return 0;
}

static int show_port(const struct kpac_port *port, void *arg)
{
	struct ctl *ctl = arg;
	json_t *object = NULL;
	int err = 0;

	if (ctl->json) {
		object = json_port(ctl, port);
		json_array_append_new(ctl->list, object);
	} else {
		print_port(ctl, port);
	}
	if (ctl->stats)
		err = kpac_stats_get(ctl->kpac, kpac_dev_index(port->ifindex),
				     ctl->json ? attach_stats : show_stats,
				     object);

	/* A port that has gone meanwhile has no statistics any more. */
	return err == -ENODEV || err == -ENOENT ? 0 : err;
}

static int get_ports(struct ctl *ctl, const char *dev)
{
	return dev ? kpac_port_get(ctl->kpac, kpac_dev_name(dev), show_port,
				   ctl) :
		     kpac_port_dump(ctl->kpac, show_port, ctl);
}

static int port_show(struct ctl *ctl, int argc, char **argv)
{
	return run_list(ctl, argc, argv, get_ports);
}

static const struct command commands[] = {
	{ "show", "list", port_show, port_usage },
	{ "add", NULL, port_add, port_usage },
	{ "set", NULL, port_set, port_usage },
	{ "delete", NULL, port_del, port_usage },
	{ "help", NULL, NULL, port_usage },
};

int port_main(struct ctl *ctl, int argc, char **argv)
{
	return run_command(commands, ARRAY_SIZE(commands), "kpacctl port help",
			   ctl, argc, argv);
}
