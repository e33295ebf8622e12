/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
#ifndef KPACCTL_H
#define KPACCTL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <jansson.h>
#include <kpac.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Exit status, as that of iproute2. */
enum {
	EXIT_OK,
	EXIT_SYNTAX,	/* we do not understand the user */
	EXIT_REFUSED,	/* the kernel does not do it */
};

/* What the options say, and what the commands share. */
struct ctl {
	bool json;
	bool pretty;
	bool details;
	bool stats;
	bool color;
	const char *netns;
	struct kpac *kpac;
	json_t *list;		/* with -j: what is to be printed at the end */
	struct handlers *handlers;	/* that the kernel has, if asked */
};

struct command {
	const char *name;
	const char *alias;
	/* NULL: only tells the usage */
	int (*run)(struct ctl *ctl, int argc, char **argv);
	void (*usage)(FILE *to);
};

/* A keyword that is followed by a value. */
struct pair {
	const char *key;
	const char *value;	/* NULL: not said */
};

/* main.c */
int kpacctl(int argc, char **argv);
int ctl_connect(struct ctl *ctl);
int ctl_refused(const struct ctl *ctl);
int run_for_dev(struct ctl *ctl, int argc, char **argv,
		int (*fn)(struct ctl *ctl, const char *dev));
int run_list(struct ctl *ctl, int argc, char **argv,
	     int (*fn)(struct ctl *ctl, const char *dev));

/* args.c */
const struct command *find_command(const struct command *table, size_t n,
				   const char *word);
int run_command(const struct command *table, size_t n, const char *help,
		struct ctl *ctl, int argc, char **argv);
int pick(const char *word, const char *const *names, size_t n, int *choice);
int take_number(const char *keyword, const char *word, const char *unit,
		unsigned int min, unsigned int max, unsigned int *value);
int take_pairs(int argc, char **argv, struct pair *pairs, size_t n);
int take_dev(const char *word, const char **dev);
int take_only_dev(int argc, char **argv, const char **dev);
int arg_wrong(const char *word, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int arg_required(const char *name);
int arg_twice(const char *name, const char *second);
int no_value(const char *name);
int command_unknown(const char *what, const char *word, const char *help);

/* port.c, handler.c, stat.c, flowmon.c, heartbeat.c, balancer.c, ...: one per object */
int port_main(struct ctl *ctl, int argc, char **argv);
void port_usage(FILE *to);
int handler_main(struct ctl *ctl, int argc, char **argv);
void handler_usage(FILE *to);
int stat_main(struct ctl *ctl, int argc, char **argv);
void stat_usage(FILE *to);
int flowmon_main(struct ctl *ctl, int argc, char **argv);
void flowmon_usage(FILE *to);
int heartbeat_main(struct ctl *ctl, int argc, char **argv);
void heartbeat_usage(FILE *to);
int balancer_main(struct ctl *ctl, int argc, char **argv);
void balancer_usage(FILE *to);
int backend_main(struct ctl *ctl, int argc, char **argv);
void backend_usage(FILE *to);
int monitor_main(struct ctl *ctl, int argc, char **argv);
void monitor_usage(FILE *to);

/* monitor.c */
void catch_signals(sigset_t *unblocked);
bool stopped(void);

/* print.c */
enum color { COLOR_NAME, COLOR_GOOD, COLOR_BAD, COLOR_HEAD };

void list_begin(struct ctl *ctl);
int list_end(struct ctl *ctl);
void json_line(const struct ctl *ctl, json_t *object);
json_t *json_port(struct ctl *ctl, const struct kpac_port *port);
json_t *json_stats(const struct kpac_stats *stats);
void print_port(struct ctl *ctl, const struct kpac_port *port);
void print_stats(const struct ctl *ctl, const struct kpac_stats *stats);
void print_stats_short(const struct kpac_stats *stats);
json_t *json_count(uint64_t count);
double share(uint64_t part, uint64_t whole);
void print_count(const char *label, uint64_t count);
void print_share(uint64_t part, uint64_t whole);
void print_colored(const struct ctl *ctl, enum color color, const char *text);

/* heartbeat.c */
json_t *json_peer(const struct kpac_peer *peer);
void print_peer(const struct ctl *ctl, const struct kpac_peer *peer);

/* handler.c */
json_t *json_table(const struct kpac_table *table, bool change);
void print_table(const struct kpac_table *table, bool change);

/* types.c */
void handlers_free(struct ctl *ctl);

/* tx.c */
json_t *json_tx(const struct kpac_tx *tx);
void print_tx(const struct ctl *ctl, const struct kpac_tx *tx);

#endif /* KPACCTL_H */
