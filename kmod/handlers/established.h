/* SPDX-License-Identifier: GPL-2.0 */
/* What the entries of a namespace that do allow-established have learned. */
#ifndef _KPAC_ESTABLISHED_H
#define _KPAC_ESTABLISHED_H

#include <linux/list.h>

#include "../handler.h"
#include "cells.h"
#include "returns.h"

/**
 * struct kpac_established_flows - what a namespace's entries have learned
 * @list: with those of other namespaces
 * @cookie: the namespace, by a number that is never given again
 * @users: how many entries there are
 * @entries: those that the table has; without any it is not in the list
 * @cells: the flows
 * @max: the argument from which they were made
 * @tcp: so was this, in milliseconds
 * @udp: and this
 * @times: how long each state holds, in ticks
 */
struct kpac_established_flows {
	struct list_head list;
	u64 cookie;
	unsigned int users;
	unsigned int entries;
	struct kpac_cells *cells;
	u64 max;
	u64 tcp;
	u64 udp;
	u32 times[KPAC_RETURNS_STATES];
};

struct kpac_established_flows *
kpac_established_get(const struct net *net, const struct kpac_arg *args,
		     unsigned int n, struct netlink_ext_ack *extack);
void kpac_established_retire(struct kpac_established_flows *flows);
void kpac_established_put(struct kpac_established_flows *flows);

#endif /* _KPAC_ESTABLISHED_H */
