/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Options and statistics of the kpac queueing discipline. */
#ifndef _UAPI_LINUX_SCH_KPAC_H
#define _UAPI_LINUX_SCH_KPAC_H

#include <linux/types.h>

#define TCA_KPAC_MAX_LIMIT	1000000
#define TCA_KPAC_MAX_BATCH	256

/**
 * enum - options (TCA_OPTIONS) of the kpac queueing discipline
 * @TCA_KPAC_LIMIT: u32, packets that may wait for each of the device's queues,
 *	1 to %TCA_KPAC_MAX_LIMIT
 * @TCA_KPAC_BATCH: u32, packets that are sent at once, 1 to %TCA_KPAC_MAX_BATCH
 */
enum {
	TCA_KPAC_UNSPEC,
	TCA_KPAC_LIMIT,
	TCA_KPAC_BATCH,
	__TCA_KPAC_MAX
};

#define TCA_KPAC_MAX (__TCA_KPAC_MAX - 1)

/**
 * struct tc_kpac_xstats - extended statistics; later versions may be longer
 * @batches: how often packets were given to the driver
 * @doorbells: how often the driver was told that there are packets
 * @shared: packets that another CPU was given to send
 * @requeued: packets that had to wait for room in the device
 */
struct tc_kpac_xstats {
	__u64 batches;
	__u64 doorbells;
	__u64 shared;
	__u64 requeued;
};

#endif /* _UAPI_LINUX_SCH_KPAC_H */
