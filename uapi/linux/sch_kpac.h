/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * The queueing discipline "kpac": a FIFO that gives packets to the driver in
 * batches.
 */
#ifndef _UAPI_LINUX_SCH_KPAC_H
#define _UAPI_LINUX_SCH_KPAC_H

#include <linux/types.h>

#define TC_KPAC_MAX_LIMIT	1000000
#define TC_KPAC_MAX_BATCH	256

/*
 * In TCA_OPTIONS, which is a nest. What is not given is left to the kernel: its
 * default when the discipline is made, what it was when that is changed.
 */
enum {
	TCA_KPAC_UNSPEC,
	TCA_KPAC_LIMIT,		/* u32, packets: 1 to TC_KPAC_MAX_LIMIT */
	TCA_KPAC_BATCH,		/* u32, packets: 1 to TC_KPAC_MAX_BATCH */

	__TCA_KPAC_MAX,
	TCA_KPAC_MAX = (__TCA_KPAC_MAX - 1)
};

/**
 * struct tc_kpac_xstats - what the queueing discipline did, in TCA_STATS_APP
 * @batches: batches given to the driver
 * @doorbells: how often the driver was told that there are packets
 * @shared: packets that another CPU was given to send, because it was sending
 *	by the same hardware queue
 * @requeued: packets for which the device had no room, and which stayed queued
 *
 * Grows at its end; user space takes what is there of what it knows.
 */
struct tc_kpac_xstats {
	__u64 batches;
	__u64 doorbells;
	__u64 shared;
	__u64 requeued;
};

#endif /* _UAPI_LINUX_SCH_KPAC_H */
