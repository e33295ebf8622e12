/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* kpacctl balancer and kpacctl backend: what their files share. */
#ifndef BALANCER_H
#define BALANCER_H

/* balancer.c */
int take_balancer(int *argc, char ***argv, const char **name);

#endif /* BALANCER_H */
