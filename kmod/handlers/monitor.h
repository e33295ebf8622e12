/* SPDX-License-Identifier: GPL-2.0 */
/* A flow monitor from within; see flowmon.h. */
#ifndef _KPAC_MONITOR_H
#define _KPAC_MONITOR_H

#include <linux/mutex.h>

#include "../handler.h"
#include "cells.h"
#include "flowmon.h"

/* A flow in the words of its packets: see &kpac_view.word. */
struct kpac_flowmon_key {
	u64 l4;
	u64 addr[4];
	u64 link;
};

struct kpac_flowmon_flow {
	struct kpac_flowmon_key key;
	u64 packets;
	u64 bytes;
	u64 first;	/* in ticks */
	u64 last;
	u8 ip6;
	u8 tos;
	u8 tcp_flags;
};

/* One CPU's. */
struct kpac_flowmon_stats {
	u64 packets;
	u64 bytes;
};

/**
 * struct kpac_flowmon - a monitor
 * @list: with all others, by name
 * @cookie: the namespace, by a number that is never given again
 * @users: entries, and who looks at it
 * @entries: entries that the table has; without any it is not in the list
 * @cells: the flows
 * @max: the argument from which they were made
 * @stats: all that was counted
 * @offset: of CLOCK_MONOTONIC to ticks, in ns
 * @reset: serializes resets
 * @base: what was counted before the last one
 * @base_evicted: flows that had to go before it
 * @name: its name
 */
struct kpac_flowmon {
	struct list_head list;
	u64 cookie;
	unsigned int users;
	unsigned int entries;
	struct kpac_cells *cells;
	u64 max;
	struct kpac_flowmon_stats __percpu *stats;
	s64 offset;
	struct mutex reset;
	struct kpac_flowmon_stats base;
	u64 base_evicted;
	char name[KPAC_FLOWMON_NAME_SIZE];
};

struct kpac_flowmon *kpac_flowmon_create(const struct net *net,
					 const char *name,
					 const struct kpac_arg *max,
					 struct netlink_ext_ack *extack);

#endif /* _KPAC_MONITOR_H */
