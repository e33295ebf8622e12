// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* The words of the command line, and what is said about wrong ones. */
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "kpacctl.h"

static bool begins(const char *word, const char *name)
{
	return name && *word && !strncmp(word, name, strlen(word));
}

/*
 * The command that @word names or abbreviates. The first one of the table wins,
 * so "s" is "show" rather than "set".
 */
const struct command *find_command(const struct command *table, size_t n,
				   const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (begins(word, table[i].name) || begins(word, table[i].alias))
			return &table[i];
	return NULL;
}

/* Runs the command of an object that the first argument names: the first of the
 * table if there is none. Followed by "help", it only tells the usage. @help is
 * where to look if there is no such command.
 */
int run_command(const struct command *table, size_t n, const char *help,
		struct ctl *ctl, int argc, char **argv)
{
	const struct command *command;

	if (!argc)
		return table->run(ctl, 0, argv);
	command = find_command(table, n, *argv);
	if (!command)
		return command_unknown("command", *argv, help);
	if (!command->run || (argc > 1 && !strcmp(argv[1], "help"))) {
		command->usage(stdout);
		return EXIT_OK;
	}
	return command->run(ctl, argc - 1, argv + 1);
}

/* The one of @names that @word names or abbreviates, in @choice. */
int pick(const char *word, const char *const *names, size_t n, int *choice)
{
	char list[128] = "";
	size_t len = 0;
	int found = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcmp(word, names[i])) {
			*choice = (int)i;
			return EXIT_OK;
		}
		if (begins(word, names[i])) {
			*choice = (int)i;
			found++;
		}
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len,
					"%s\"%s\"", !i ? "" : i + 1 < n ? ", " :
					" or ", names[i]);
	}
	if (found == 1)
		return EXIT_OK;
	return arg_wrong(word, found ? "it may mean more than one of %s" :
			 "expected %s", list);
}

/*
 * A decimal number of @unit from @min to @max, in @value. What else @word is, a
 * sign or hexadecimal included, is answered with what may be there.
 */
int take_number(const char *keyword, const char *word, const char *unit,
		unsigned int min, unsigned int max, unsigned int *value)
{
	uint64_t number = 0;
	const char *c;

	for (c = word; isdigit((unsigned char)*c) && number <= max; c++)
		number = number * 10 + (uint64_t)(*c - '0');
	if (!*word || *c || number < min || number > max)
		return arg_wrong(word, "\"%s\" is %s from %u to %u%s", keyword,
				 unit, min, max, min ? "" : ", or \"off\"");
	*value = (unsigned int)number;
	return EXIT_OK;
}

int arg_wrong(const char *word, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "Error: argument \"%s\" is wrong: ", word);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs(".\n", stderr);
	return EXIT_SYNTAX;
}

int arg_required(const char *name)
{
	fprintf(stderr, "Error: argument \"%s\" is required.\n", name);
	return EXIT_SYNTAX;
}

int arg_twice(const char *name, const char *second)
{
	fprintf(stderr,
		"Error: duplicate \"%s\": \"%s\" is the second value.\n",
		name, second);
	return EXIT_SYNTAX;
}

int no_value(const char *name)
{
	fprintf(stderr,
		"Error: command line is not complete: \"%s\" needs a value.\n",
		name);
	return EXIT_SYNTAX;
}

int command_unknown(const char *what, const char *word, const char *help)
{
	fprintf(stderr, "Error: %s \"%s\" is unknown, try \"%s\".\n", what,
		word, help);
	return EXIT_SYNTAX;
}

/* A name that no device can have would only confuse the kernel's answer. */
static int check_dev(const char *name)
{
	const char *c;

	if (!*name)
		return arg_wrong(name, "a device name cannot be empty");
	if (strlen(name) >= IF_NAMESIZE)
		return arg_wrong(name,
				 "a device name has at most %d characters",
				 IF_NAMESIZE - 1);
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return arg_wrong(name, "not a device name");
	for (c = name; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			return arg_wrong(name,
				"a device name has no \"/\", \":\" or space");
	return EXIT_OK;
}

int take_dev(const char *word, const char **dev)
{
	if (*dev)
		return arg_twice("dev", word);
	*dev = word;
	return check_dev(word);
}

/* The arguments of a command that knows no other than "[dev] NAME". */
int take_only_dev(int argc, char **argv, const char **dev)
{
	int err = EXIT_OK;

	*dev = NULL;
	for (; argc > 0 && !err; argc--, argv++) {
		if (!strcmp(*argv, "dev")) {
			if (argc < 2)
				return no_value("dev");
			argc--;
			argv++;
			err = take_dev(*argv, dev);
		} else if (*dev) {
			err = arg_wrong(*argv, "nothing can follow the device");
		} else {
			err = take_dev(*argv, dev);
		}
	}
	return err;
}

static bool known(const struct pair *pairs, size_t n, const char *word,
		  size_t *which)
{
	const char *names[16];
	int choice;
	size_t i;

	for (i = 0; i < n; i++)
		names[i] = pairs[i].key;
	if (pick(word, names, n, &choice))
		return false;
	*which = (size_t)choice;
	return true;
}

/* Arguments that are a keyword with a value, each at most once. */
int take_pairs(int argc, char **argv, struct pair *pairs, size_t n)
{
	size_t i;

	for (; argc > 0; argc -= 2, argv += 2) {
		if (!known(pairs, n, *argv, &i))
			return EXIT_SYNTAX;
		if (argc < 2)
			return no_value(pairs[i].key);
		if (pairs[i].value)
			return arg_twice(pairs[i].key, argv[1]);
		pairs[i].value = argv[1];
	}
	return EXIT_OK;
}
