// SPDX-License-Identifier: GPL-2.0
/* Per-CPU statistics of a port, and their sums. */

#include <linux/percpu.h>

#include "stats.h"

/**
 * kpac_stats_alloc - allocate a port's statistics
 *
 * Context: process, may sleep.
 * Return: the statistics, all zero, or NULL; to be freed by free_percpu().
 */
struct kpac_stats __percpu *kpac_stats_alloc(void)
{
	struct kpac_stats __percpu *stats;
	int cpu;

	stats = alloc_percpu_gfp(struct kpac_stats, GFP_KERNEL_ACCOUNT);
	if (!stats)
		return NULL;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(stats, cpu)->syncp);
	return stats;
}

/* The sum has the counters of one CPU in the same order, as plain numbers. */
static_assert(offsetof(struct kpac_stats, syncp) ==
	      sizeof(struct kpac_stats_sum));
#define KPAC_STATS_COUNTERS	(sizeof(struct kpac_stats_sum) / sizeof(u64))

/**
 * kpac_stats_sum - sum up a port's statistics over all CPUs
 * @stats: the statistics
 * @sum: the result
 *
 * Context: any; @stats may be updated meanwhile.
 */
void kpac_stats_sum(const struct kpac_stats __percpu *stats,
		    struct kpac_stats_sum *sum)
{
	u64 snap[KPAC_STATS_COUNTERS];
	unsigned int start, i;
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct kpac_stats *s = per_cpu_ptr(stats, cpu);
		const u64_stats_t *counters = &s->pass[0].packets;

		do {
			start = u64_stats_fetch_begin(&s->syncp);
			for (i = 0; i < KPAC_STATS_COUNTERS; i++)
				snap[i] = u64_stats_read(&counters[i]);
		} while (u64_stats_fetch_retry(&s->syncp, start));

		for (i = 0; i < KPAC_STATS_COUNTERS; i++)
			((u64 *)sum)[i] += snap[i];
	}
}

/**
 * kpac_stats_sub - take what was counted before off a sum
 * @sum: the sum
 * @base: an earlier sum of the same port
 *
 * Context: any.
 */
void kpac_stats_sub(struct kpac_stats_sum *sum,
		    const struct kpac_stats_sum *base)
{
	unsigned int i;

	for (i = 0; i < KPAC_STATS_COUNTERS; i++)
		((u64 *)sum)[i] -= ((const u64 *)base)[i];
}
