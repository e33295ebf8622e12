// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl stat: what happened to the packets, and why some were passed. */
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

static int get_stats(struct ctl *ctl, const char *dev)
{
	return dev ? kpac_stats_get(ctl->kpac, kpac_dev_name(dev), show_stats,
				    ctl) :
		     kpac_stats_dump(ctl->kpac, show_stats, ctl);
}

static int stat_show(struct ctl *ctl, int argc, char **argv)
{
	return run_list(ctl, argc, argv, get_stats);
}

static int reset_stats(struct ctl *ctl, const char *dev)
{
	return dev ? kpac_stats_reset(ctl->kpac, kpac_dev_name(dev)) :
		     kpac_stats_reset_all(ctl->kpac);
}

static int stat_reset(struct ctl *ctl, int argc, char **argv)
{
	return run_for_dev(ctl, argc, argv, reset_stats);
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
