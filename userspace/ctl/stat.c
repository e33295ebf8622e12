// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl stat: what happened to the packets, and why some were passed. */
#include <string.h>

#include "kpacctl.h"

void stat_usage(FILE *to)
{
	fputs("Usage: kpacctl stat show [ [ dev ] NAME ]\n"
	      "       kpacctl stat reset [ [ dev ] NAME ]\n",
	      to);
}

static int show_stats(const struct kpac_stats *stats, void *arg)
{
	struct ctl *ctl = arg;

	if (ctl->json)
		json_array_append_new(ctl->list, json_stats(stats));
	else
		print_stats(ctl, stats);
	return 0;
}

static int stat_show(struct ctl *ctl, int argc, char **argv)
{
	const char *dev;
	int err;

	err = take_only_dev(argc, argv, &dev);
	if (!err)
		err = ctl_connect(ctl);
	if (err)
		return err;

	list_begin(ctl);
	if (dev)
		err = kpac_stats_get(ctl->kpac, kpac_dev_name(dev), show_stats,
				     ctl);
	else
		err = kpac_stats_dump(ctl->kpac, show_stats, ctl);
	return err ? ctl_refused(ctl) : list_end(ctl);
}

static int stat_reset(struct ctl *ctl, int argc, char **argv)
{
	const char *dev;
	int err;

	err = take_only_dev(argc, argv, &dev);
	if (!err)
		err = ctl_connect(ctl);
	if (err)
		return err;

	if (dev)
		err = kpac_stats_reset(ctl->kpac, kpac_dev_name(dev));
	else
		err = kpac_stats_reset_all(ctl->kpac);
	return err ? ctl_refused(ctl) : EXIT_OK;
}

static const struct command commands[] = {
	{ "show", "list", stat_show, stat_usage },
	{ "reset", NULL, stat_reset, stat_usage },
	{ "help", NULL, NULL, stat_usage },
};

int stat_main(struct ctl *ctl, int argc, char **argv)
{
	return run_command(commands, ARRAY_SIZE(commands), "kpacctl stat help",
			   ctl, argc, argv);
}
