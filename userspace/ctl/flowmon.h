/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* kpacctl flowmon: what its files share. */
#ifndef FLOWMON_H
#define FLOWMON_H

#include "kpacctl.h"

/* flowmon.c */
int check_monitor(const char *name);

/* export.c */
int flowmon_export(struct ctl *ctl, int argc, char **argv);

#endif /* FLOWMON_H */
