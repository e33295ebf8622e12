// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl monitor: print changes as they happen. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "kpacctl.h"

static volatile sig_atomic_t stop;

void monitor_usage(FILE *to)
{
	fputs("Usage: kpacctl monitor\n", to);
}

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* A signal ends a wait with @unblocked, and cannot come between test and wait. */
void catch_signals(sigset_t *unblocked)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	stop = 0;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, unblocked);
	sigdelset(unblocked, SIGINT);
	sigdelset(unblocked, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Whether one has come. */
bool stopped(void)
{
	return stop;
}

static const char *event_name(const struct kpac_event *event)
{
	switch (event->type) {
	case KPAC_EVENT_PORT_NEW:
		return "port-new";
	case KPAC_EVENT_PORT_SET:
		return "port-set";
	case KPAC_EVENT_PORT_DEL:
		return "port-del";
	case KPAC_EVENT_GONE:
		return "gone";
	case KPAC_EVENT_TABLE:
		return "table-change";
	case KPAC_EVENT_PEER:
		return event->peer->state == KPAC_HEARTBEAT_STATE_UP ?
		       "heartbeat-up" : "heartbeat-down";
	}
	return "unknown";
}

static bool is_bad(const struct kpac_event *event)
{
	return event->type == KPAC_EVENT_PORT_DEL ||
	       (event->peer &&
		event->peer->state == KPAC_HEARTBEAT_STATE_DOWN);
}

static int print_event(const struct kpac_event *event, void *arg)
{
	struct ctl *ctl = arg;
	const char *name = event_name(event);

	if (ctl->json) {
		json_t *object = json_pack("{s:s}", "event", name);
		json_t *what = event->port ? json_port(ctl, event->port) :
			       event->table ? json_table(event->table, true) :
			       event->peer ? json_peer(event->peer) : NULL;

		json_object_update(object, what);
		json_decref(what);
		json_line(ctl, object);
		json_decref(object);
	} else {
		print_colored(ctl, is_bad(event) ? COLOR_BAD : COLOR_GOOD,
			      name);
		putchar(event->type == KPAC_EVENT_GONE ? '\n' : ' ');
		if (event->port)
			print_port(ctl, event->port);
		if (event->table)
			print_table(event->table, true);
		if (event->peer)
			print_peer(ctl, event->peer);
	}
	if (fflush(stdout))
		return -errno;
	return event->type == KPAC_EVENT_GONE ? -ENOENT : 0;
}

static int watch(struct ctl *ctl, const sigset_t *unblocked)
{
	struct pollfd pfd = {
		.fd = kpac_event_fd(ctl->kpac), .events = POLLIN,
	};
	int err;

	while (!stop) {
		if (ppoll(&pfd, 1, NULL, unblocked) < 0) {
			if (errno == EINTR)
				continue;
			perror("Error: cannot wait for events");
			return EXIT_REFUSED;
		}
		err = kpac_event_read(ctl->kpac, print_event, ctl);
		if (ferror(stdout))
			return EXIT_REFUSED;	/* main says why */
		if (err == -ENOENT) {
			fputs("Error: kpac: the module was unloaded.\n",
			      stderr);
			return EXIT_REFUSED;
		}
		if (err == -ENOBUFS)
			fputs("Warning: kpac: events were lost.\n", stderr);
		else if (err)
			return ctl_refused(ctl);
	}
	return EXIT_OK;
}

int monitor_main(struct ctl *ctl, int argc, char **argv)
{
	static const struct command help = { .name = "help" };
	sigset_t unblocked;
	int err;

	if (argc && find_command(&help, 1, *argv)) {
		monitor_usage(stdout);
		return EXIT_OK;
	}
	if (argc)
		return arg_wrong(*argv, "\"monitor\" has no arguments");

	catch_signals(&unblocked);
	err = ctl_connect(ctl);
	if (err)
		return err;
	if (kpac_event_subscribe(ctl->kpac))
		return ctl_refused(ctl);
	return watch(ctl, &unblocked);
}
