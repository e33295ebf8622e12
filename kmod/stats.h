/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_STATS_H
#define _KPAC_STATS_H

#include <linux/u64_stats_sync.h>
#include <uapi/linux/kpac.h>

/**
 * enum kpac_exit - how a packet left that was not passed
 * @KPAC_EXIT_HANDOVER: into the receive path of the veth peer
 * @KPAC_EXIT_DIRECT: straight to the driver
 * @KPAC_EXIT_QUEUED: through dev_queue_xmit()
 * @KPAC_EXIT_DROP: not at all: dropped where the stack would have dropped, too
 * @KPAC_EXIT_HANDLER_DROP: not at all: a handler dropped it
 * @KPAC_EXIT_REPLY: as a reply of a handler's
 * @KPAC_EXIT_REDIRECT: by the device that a handler chose
 * @KPAC_EXIT_STOLEN: a handler has it
 */
enum kpac_exit {
	KPAC_EXIT_HANDOVER,
	KPAC_EXIT_DIRECT,
	KPAC_EXIT_QUEUED,
	KPAC_EXIT_DROP,
	KPAC_EXIT_HANDLER_DROP,
	KPAC_EXIT_REPLY,
	KPAC_EXIT_REDIRECT,
	KPAC_EXIT_STOLEN,
	KPAC_EXITS
};

#define KPAC_PASS_REASONS	(KPAC_PASS_REASON_MAX + 1)

/* One CPU's statistics of one port. Bytes are counted from the network header
 * on, as the packet came in.
 */
struct kpac_stats {
	struct kpac_stats_counter {
		u64_stats_t packets;
		u64_stats_t bytes;
	} pass[KPAC_PASS_REASONS], exit[KPAC_EXITS];
	u64_stats_t resolves;
	struct u64_stats_sync syncp;
};

/* The same, summed up over the CPUs. */
struct kpac_stats_sum {
	struct {
		u64 packets;
		u64 bytes;
	} pass[KPAC_PASS_REASONS], exit[KPAC_EXITS];
	u64 resolves;
};

static __always_inline void kpac_stats_pass(struct kpac_stats __percpu *stats,
					    enum kpac_pass_reason reason,
					    unsigned int bytes)
{
	struct kpac_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->pass[reason].packets);
	u64_stats_add(&s->pass[reason].bytes, bytes);
	u64_stats_update_end(&s->syncp);
}

static __always_inline void kpac_stats_exit(struct kpac_stats __percpu *stats,
					    enum kpac_exit how,
					    unsigned int bytes)
{
	struct kpac_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->exit[how].packets);
	u64_stats_add(&s->exit[how].bytes, bytes);
	u64_stats_update_end(&s->syncp);
}

static inline void kpac_stats_resolve(struct kpac_stats __percpu *stats)
{
	struct kpac_stats *s = this_cpu_ptr(stats);

	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->resolves);
	u64_stats_update_end(&s->syncp);
}

struct kpac_stats __percpu *kpac_stats_alloc(void);
void kpac_stats_sum(const struct kpac_stats __percpu *stats,
		    struct kpac_stats_sum *sum);
void kpac_stats_sub(struct kpac_stats_sum *sum,
		    const struct kpac_stats_sum *base);

#endif /* _KPAC_STATS_H */
