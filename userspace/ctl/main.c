// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl: options, objects, and the way to the module. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kpacctl.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

static int help_main(struct ctl *ctl, int argc, char **argv);
static void usage(FILE *to);

static const struct command objects[] = {
	{ "port", NULL, port_main, port_usage },
	{ "handler", NULL, handler_main, handler_usage },
	{ "stat", "stats", stat_main, stat_usage },
	{ "flowmon", NULL, flowmon_main, flowmon_usage },
	{ "heartbeat", NULL, heartbeat_main, heartbeat_usage },
	{ "balancer", NULL, balancer_main, balancer_usage },
	{ "backend", NULL, backend_main, backend_usage },
	{ "monitor", NULL, monitor_main, monitor_usage },
	{ "help", NULL, help_main, usage },
};

static void usage(FILE *to)
{
	fputs("Usage: kpacctl [ OPTIONS ] OBJECT { COMMAND | help }\n"
	      "where  OBJECT := { port | handler | stat | flowmon | heartbeat | balancer |\n"
	      "                   backend | monitor | help }\n"
	      "       OPTIONS := { -j[son] | -p[retty] | -d[etails] | -s[tatistics] |\n"
	      "                    -n[etns] NETNS | -c[olor][={auto|always|never}] |\n"
	      "                    -V[ersion] | -h[elp] }\n",
	      to);
}

static int help_main(struct ctl *ctl, int argc, char **argv)
{
	const struct command *object;

	(void)ctl;
	if (!argc) {
		usage(stdout);
		return EXIT_OK;
	}
	object = find_command(objects, ARRAY_SIZE(objects), *argv);
	if (!object)
		return command_unknown("object", *argv, "kpacctl help");
	object->usage(stdout);
	return EXIT_OK;
}

int ctl_connect(struct ctl *ctl)
{
	if (kpac_open(&ctl->kpac, ctl->netns))
		return ctl_refused(ctl);
	return EXIT_OK;
}

int ctl_refused(const struct ctl *ctl)
{
	fprintf(stderr, "Error: kpac: %s.\n", kpac_error(ctl->kpac));
	return EXIT_REFUSED;
}

/*
 * Runs @fn, which asks the kernel, for the device that is the only argument, or
 * with NULL for all of them if there is none.
 */
int run_for_dev(struct ctl *ctl, int argc, char **argv,
		int (*fn)(struct ctl *ctl, const char *dev))
{
	const char *dev;
	int err;

	err = take_only_dev(argc, argv, &dev);
	if (!err)
		err = ctl_connect(ctl);
	if (!err && fn(ctl, dev))
		err = ctl_refused(ctl);
	return err;
}

/* The same for an @fn that shows what it gets, or with -j adds it to a list. */
int run_list(struct ctl *ctl, int argc, char **argv,
	     int (*fn)(struct ctl *ctl, const char *dev))
{
	int err;

	list_begin(ctl);
	err = run_for_dev(ctl, argc, argv, fn);
	return err ? err : list_end(ctl);
}

static bool terminal_has_color(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}

static int take_color(struct ctl *ctl, const char *when)
{
	static const char *const whens[] = { "auto", "always", "never" };
	int choice = 0;
	int err = when ? pick(when, whens, ARRAY_SIZE(whens), &choice) : 0;

	ctl->color = choice == 1 || (choice == 0 && terminal_has_color());
	return err;
}

enum option {
	OPT_JSON, OPT_PRETTY, OPT_DETAILS, OPT_STATISTICS, OPT_STATS, OPT_NETNS,
	OPT_COLOR, OPT_VERSION, OPT_HELP,
};

static const char *const options[] = {
	[OPT_JSON] = "json",
	[OPT_PRETTY] = "pretty",
	[OPT_DETAILS] = "details",
	[OPT_STATISTICS] = "statistics",
	[OPT_STATS] = "stats",
	[OPT_NETNS] = "netns",
	[OPT_COLOR] = "color",
	[OPT_VERSION] = "Version",
	[OPT_HELP] = "help",
};

static int find_option(const char *word, size_t len)
{
	size_t i;

	for (i = 0; len && i < ARRAY_SIZE(options); i++)
		if (!strncmp(word, options[i], len) &&
		    len <= strlen(options[i]))
			return (int)i;
	return -1;
}

/*
 * Take the options off the front of the command line. -1: go on; otherwise
 * everything has been said and this is the exit status.
 */
static int take_options(struct ctl *ctl, int *argc, char ***argv)
{
	for (; *argc && (*argv)[0][0] == '-'; ++*argv, --*argc) {
		const char *word = **argv + 1;
		const char *value;
		int option;

		word += *word == '-';
		value = strchr(word, '=');
		option = find_option(word, value ? (size_t)(value - word) :
						   strlen(word));
		if (value && option != OPT_COLOR)
			option = -1;

		switch (option) {
		case OPT_JSON:
			ctl->json = true;
			break;
		case OPT_PRETTY:
			ctl->pretty = true;
			break;
		case OPT_DETAILS:
			ctl->details = true;
			break;
		case OPT_STATISTICS:
		case OPT_STATS:
			ctl->stats = true;
			break;
		case OPT_NETNS:
			if (*argc < 2)
				return no_value(**argv);
			++*argv;
			--*argc;
			ctl->netns = **argv;
			if (!*ctl->netns || strchr(ctl->netns, '/'))
				return arg_wrong(ctl->netns,
					"not a name of a network namespace");
			break;
		case OPT_COLOR:
			if (take_color(ctl, value ? value + 1 : NULL))
				return EXIT_SYNTAX;
			break;
		case OPT_VERSION:
			puts("kpacctl " VERSION);
			return EXIT_OK;
		case OPT_HELP:
			usage(stdout);
			return EXIT_OK;
		default:
			return command_unknown("option", **argv,
					       "kpacctl help");
		}
	}
	return -1;
}

/* What main() does; apart from it so that a test can do it, too. */
int kpacctl(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR");
	struct ctl ctl = {
		.color = !(no_color && *no_color) && terminal_has_color(),
	};
	const struct command *object;
	int status;

	status = take_options(&ctl, &argc, &argv);
	if (status < 0 && !argc) {
		usage(stderr);
		status = EXIT_SYNTAX;
	}
	if (status < 0) {
		object = find_command(objects, ARRAY_SIZE(objects), *argv);
		status = object ? object->run(&ctl, argc - 1, argv + 1) :
			 command_unknown("object", *argv, "kpacctl help");
	}
	handlers_free(&ctl);
	kpac_close(ctl.kpac);
	json_decref(ctl.list);

	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "Error: cannot write: %s.\n", strerror(errno));
		return EXIT_REFUSED;
	}
	return status;
}

#ifndef KPACCTL_NO_MAIN
int main(int argc, char **argv)
{
	return kpacctl(argc - !!argc, argv + !!argc);
}
#endif
