/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* kpacctl flowmon: what its files share. */
#ifndef FLOWMON_H
#define FLOWMON_H

#include "kpacctl.h"

/* A keyword that is followed by a value. */
struct pair {
	const char *key;
	const char *value;	/* NULL: not said */
};

/* Flows that were told, and how many there is room for. */
struct flows {
	struct kpac_flow *flow;
	size_t n;
	size_t room;
};

/* flowmon.c */
int take_pairs(int argc, char **argv, struct pair *pairs, size_t n);
int check_monitor(const char *name);
int keep_flow(const struct kpac_flow *flow, void *arg);

#endif /* FLOWMON_H */
