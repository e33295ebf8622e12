// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Running kpacctl, and what it said. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ctl/kpacctl.h"
#include "check.h"

char out[1 << 16], err_out[1 << 16];

static void collect(FILE *f, char *to, size_t size)
{
	rewind(f);
	to[fread(to, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* Words are apart by one space; two in a row hold an empty one. */
int split(char *words, char **argv)
{
	char *rest = words;
	int argc = 0;

	while (rest && *words)
		argv[argc++] = strsep(&rest, " ");
	argv[argc] = NULL;
	return argc;
}

/* Run kpacctl in a child; its exit status, and what it said in out, err_out. */
int run(const char *command)
{
	FILE *o = tmpfile(), *e = tmpfile();
	char words[512];
	char *argv[32];
	int status;
	pid_t pid;
	int argc;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(fileno(o), 1);
		dup2(fileno(e), 2);
		fclose(o);
		fclose(e);
		snprintf(words, sizeof(words), "%s", command);
		argc = split(words, argv);
		status = kpacctl(argc, argv);
		fake_reset(NULL);
		exit(status);
	}
	waitpid(pid, &status, 0);
	collect(o, out, sizeof(out));
	collect(e, err_out, sizeof(err_out));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool says(const char *command, int status, const char *text)
{
	int got = run(command);
	bool good = got == status && strstr(status ? err_out : out, text) &&
		    (status ? !*out : !*err_out);

	if (!good)
		printf("# kpacctl %s: %d, not %d, \"%s\"\n# \"%s\" \"%s\"\n",
		       command, got, status, text, out, err_out);
	return good;
}

/* The same without a child, so that what the played module keeps is kept. */
int run_here(const char *command)
{
	FILE *o = tmpfile(), *e = tmpfile();
	int old_out = dup(1), old_err = dup(2);
	char words[1024];
	char *argv[128];
	int status;

	snprintf(words, sizeof(words), "%s", command);
	fflush(stdout);
	dup2(fileno(o), 1);
	dup2(fileno(e), 2);
	status = kpacctl(split(words, argv), argv);
	fflush(stdout);
	dup2(old_out, 1);
	dup2(old_err, 2);
	close(old_out);
	close(old_err);
	collect(o, out, sizeof(out));
	collect(e, err_out, sizeof(err_out));
	return status;
}

bool says_here(const char *command, int status, const char *text)
{
	int got = run_here(command);
	bool good;

	good = got == status && strstr(status ? err_out : out, text) &&
	       (status ? !*out : !*err_out);
	if (!good)
		printf("# kpacctl %s: %d, not %d, \"%s\"\n# \"%s\" \"%s\"\n",
		       command, got, status, text, out, err_out);
	return good;
}
