// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl port: which devices kpac watches, and how. */
#include <errno.h>
#include <string.h>

#include "kpacctl.h"

static const char *const settings[] = { "door", "forward" };

void port_usage(FILE *to)
{
	fputs("Usage: kpacctl port add [ dev ] NAME [ door DOOR ] [ forward { on | off } ]\n"
	      "       kpacctl port set [ dev ] NAME [ door DOOR ] [ forward { on | off } ]\n"
	      "       kpacctl port del [ dev ] NAME\n"
	      "       kpacctl port show [ [ dev ] NAME ]\n"
	      "where  DOOR := { auto | rx-handler | ingress }\n",
	      to);
}

static int take_setting(const char *keyword, const char *value,
			struct kpac_port_config *config)
{
	static const char *const doors[] = { "auto", "rx-handler", "ingress" };
	static const char *const off_on[] = { "off", "on" };
	bool door = !strcmp(keyword, "door");
	unsigned int bit = door ? KPAC_PORT_DOOR : KPAC_PORT_FORWARD;
	int choice;
	int err;

	if (config->set & bit)
		return arg_twice(keyword, value);
	err = door ? pick(value, doors, ARRAY_SIZE(doors), &choice) :
		     pick(value, off_on, ARRAY_SIZE(off_on), &choice);
	if (err)
		return err;
	config->set |= bit;
	if (door)
		config->door = (enum kpac_door)kpac_door_from_name(doors[choice]);
	else
		config->forward = choice;
	return EXIT_OK;
}

static bool is_setting(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(word, settings[i]))
			return true;
	return false;
}

/*
 * A word is the device unless it is a keyword. Before the device is known only
 * a complete keyword is one: "f" may well be a device.
 */
static int take_config(int argc, char **argv, const char **dev,
		       struct kpac_port_config *config)
{
	int err = EXIT_OK;

	*dev = NULL;
	for (; argc > 0 && !err; argc--, argv++) {
		const char *keyword = "dev";
		int choice;

		if (strcmp(*argv, "dev")) {
			if (!*dev && !is_setting(*argv)) {
				err = take_dev(*argv, dev);
				continue;
			}
			if (pick(*argv, settings, ARRAY_SIZE(settings),
				 &choice))
				return EXIT_SYNTAX;
			keyword = settings[choice];
		}
		if (argc < 2)
			return no_value(keyword);
		argc--;
		argv++;
		err = is_setting(keyword) ?
		      take_setting(keyword, *argv, config) :
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
		fputs("Error: nothing to set: give \"door\" or \"forward\".\n",
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
