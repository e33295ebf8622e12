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

/* flowmon.c */
int take_pairs(int argc, char **argv, struct pair *pairs, size_t n);
int check_monitor(const char *name);

/* export.c */
int flowmon_export(struct ctl *ctl, int argc, char **argv);

#endif /* FLOWMON_H */
