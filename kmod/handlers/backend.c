// SPDX-License-Identifier: GPL-2.0
/* Back ends: making and freeing them; see backend.h. */

#include <linux/percpu.h>
#include <linux/slab.h>

#include "backend.h"
#include "maglev.h"

/**
 * kpac_backend_new - make a back end
 * @config: what is wanted of it; its heartbeat is for kpac_backend_watch()
 * @who: its number and generation
 *
 * Context: process, may sleep.
 * Return: the back end, for kpac_backend_free(), or NULL if there is no memory.
 */
struct kpac_backend *kpac_backend_new(const struct kpac_backend_config *config,
				      u64 who)
{
	struct kpac_backend *backend = kzalloc(sizeof(*backend),
					       GFP_KERNEL_ACCOUNT);

	if (!backend)
		return NULL;
	backend->stats = alloc_percpu_gfp(struct kpac_backend_stats,
					  GFP_KERNEL_ACCOUNT);
	if (!backend->stats) {
		kfree(backend);
		return NULL;
	}
	backend->who = who;
	backend->ip6 = config->ip6;
	backend->end.addr = config->addr;
	backend->end.port = config->port;
	backend->weight = config->has_weight ? config->weight : 1;
	backend->state = config->has_state ? config->state :
					     KPAC_BACKEND_STATE_UP;
	INIT_LIST_HEAD(&backend->list);
	kpac_hop_init(&backend->hop, &config->addr, config->ip6);
	return backend;
}

/**
 * kpac_backend_watch - have another heartbeat say whether a back end answers
 * @backend: the back end
 * @net: the namespace
 * @heartbeat: its name, or "" for none
 *
 * Context: process, may sleep; calls for a back end are serialized.
 * Return: 0 or -ENOMEM.
 */
int kpac_backend_watch(struct kpac_backend *backend, const struct net *net,
		       const char *heartbeat)
{
	struct kpac_health *health = NULL, *old;

	if (*heartbeat) {
		health = kpac_health_get(net, heartbeat);
		if (!health)
			return -ENOMEM;
	}
	old = rcu_replace_pointer(backend->health, health, true);
	if (old) {
		synchronize_rcu();
		kpac_health_put(old);
	}
	return 0;
}

/**
 * kpac_backend_free - free a back end
 * @backend: the back end, which no packet can meet any more
 *
 * Context: process, may sleep.
 */
void kpac_backend_free(struct kpac_backend *backend)
{
	struct kpac_health *health = rcu_dereference_protected(backend->health,
							       true);

	kpac_hop_forget(&backend->hop, NULL);
	if (health)
		kpac_health_put(health);
	free_percpu(backend->stats);
	kfree(backend);
}

/**
 * kpac_backend_hash - what a back end's slots depend on
 * @backend: the back end
 *
 * Context: any.
 * Return: the same for the same address and port on all hosts.
 */
u64 kpac_backend_hash(const struct kpac_backend *backend)
{
	u64 hash = kpac_maglev_mix(backend->ip6, backend->end.addr.a);

	hash = kpac_maglev_mix(hash, backend->end.addr.b);
	return kpac_maglev_mix(hash, (__force u16)backend->end.port);
}

static int kpac_backend_compare(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

/**
 * kpac_backend_order - compare a back end with another, or with itself
 * @backend: the back end
 * @config: the other's address and port
 *
 * Context: any.
 * Return: 0 if it is the same, less if it comes before, more if it comes after;
 * the same on all hosts.
 */
int kpac_backend_order(const struct kpac_backend *backend,
		       const struct kpac_backend_config *config)
{
	return kpac_backend_compare(be64_to_cpu((__force __be64)backend->end.addr.a),
				    be64_to_cpu((__force __be64)config->addr.a)) ?:
	       kpac_backend_compare(be64_to_cpu((__force __be64)backend->end.addr.b),
				    be64_to_cpu((__force __be64)config->addr.b)) ?:
	       kpac_backend_compare(ntohs(backend->end.port),
				    ntohs(config->port));
}

/**
 * kpac_backend_sum - what a back end was given
 * @backend: the back end
 * @sum: the sum over all CPUs
 *
 * Context: any.
 */
void kpac_backend_sum(const struct kpac_backend *backend,
		      struct kpac_backend_stats *sum)
{
	int cpu;

	*sum = (struct kpac_backend_stats){};
	for_each_possible_cpu(cpu) {
		const struct kpac_backend_stats *s;

		s = per_cpu_ptr(backend->stats, cpu);
		sum->packets += READ_ONCE(s->packets);
		sum->bytes += READ_ONCE(s->bytes);
		sum->connections += READ_ONCE(s->connections);
	}
}
