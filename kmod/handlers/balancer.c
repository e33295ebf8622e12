// SPDX-License-Identifier: GPL-2.0
/* Balancers: making and changing them; see balancer.h. */

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <net/netns/generic.h>

#include "balancer.h"

/* For how long connections that have been met but once count as forgotten if there
 * is no room: a flood of them is in its own way.
 */
#define KPAC_BALANCER_PROBATION	(60 * HZ)

/* The words of a cell: with NAT there is an address besides. */
#define KPAC_BALANCER_DSR_SIZE	sizeof(u64)
#define KPAC_BALANCER_NAT_SIZE	(3 * sizeof(u64))

/**
 * struct kpac_balancers - those of a namespace
 * @lock: held while they or their back ends are looked at or changed; within RTNL
 * @list: all, by name
 * @n: how many
 */
struct kpac_balancers {
	struct mutex lock;
	struct list_head list;
	unsigned int n;
};

static unsigned int kpac_balancers_id __read_mostly;

static struct kpac_balancers *kpac_balancers(const struct net *net)
{
	return net_generic(net, kpac_balancers_id);
}

static struct kpac_balancer *
kpac_balancers_find(const struct kpac_balancers *all, const char *name)
{
	struct kpac_balancer *balancer;

	list_for_each_entry(balancer, &all->list, list)
		if (!strcmp(balancer->name, name))
			return balancer;
	return NULL;
}

static void kpac_balancers_insert(struct kpac_balancers *all,
				  struct kpac_balancer *balancer)
{
	struct kpac_balancer *other;

	list_for_each_entry(other, &all->list, list)
		if (strcmp(other->name, balancer->name) > 0)
			break;
	list_add_tail(&balancer->list, &other->list);
	all->n++;
}

/* ---- the table ---- */

/* Those who share it, on all hosts in the same order. */
static unsigned int kpac_balancer_members(const struct kpac_balancer *balancer,
					  struct kpac_maglev_member *member)
{
	const struct kpac_backend *backend;
	unsigned int n = 0;

	list_for_each_entry(backend, &balancer->backends, list)
		if (backend->weight)
			member[n++] = (struct kpac_maglev_member) {
				.hash = kpac_backend_hash(backend),
				.weight = backend->weight,
				.name = kpac_affinity_number(backend->who),
			};
	return n;
}

static void kpac_balancer_note_slots(struct kpac_balancer *balancer,
				     const struct kpac_maglev_member *member)
{
	struct kpac_backend *backend;

	list_for_each_entry(backend, &balancer->backends, list)
		WRITE_ONCE(backend->slots,
			   backend->weight ? member++->slots : 0);
}

/* Share the slots anew. */
static int kpac_balancer_fill(struct kpac_balancer *balancer)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);
	struct kpac_balancer_slots *slots, *old;
	struct kpac_maglev_member *member;
	unsigned int n;

	slots = kvmalloc(sizeof(*slots), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	member = kvcalloc(max(balancer->n, 1u), sizeof(*member),
			  GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!slots || !member) {
		kvfree(slots);
		kvfree(member);
		return -ENOMEM;
	}
	n = kpac_balancer_members(balancer, member);
	kpac_maglev_fill(slots->slot, member, n);
	kpac_balancer_note_slots(balancer, member);
	kvfree(member);
	old = rcu_replace_pointer(balancer->slots, slots,
				  lockdep_is_held(&all->lock));
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/* ---- balancers ---- */

static void kpac_balancer_free(struct kpac_balancer *balancer)
{
	struct kpac_backend *backend, *next;

	list_for_each_entry_safe(backend, next, &balancer->backends, list)
		kpac_backend_free(backend);
	kvfree(rcu_dereference_protected(balancer->slots, true));
	kpac_cells_free(balancer->cells);
	free_percpu(balancer->stats);
	kvfree(balancer);
}

static void kpac_balancer_time(struct kpac_balancer *balancer, u64 ms)
{
	u32 ticks = msecs_to_jiffies(ms);

	balancer->timeout_ms = ms;
	WRITE_ONCE(balancer->timeout, ticks);
	WRITE_ONCE(balancer->fresh, ticks - kpac_affinity_step(ticks));
}

static struct kpac_balancer *
kpac_balancer_make(struct net *net, const struct kpac_balancer_config *config)
{
	struct kpac_balancer *balancer;
	bool nat = config->mode == KPAC_BALANCE_MODE_NAT;

	balancer = kvzalloc(sizeof(*balancer), GFP_KERNEL_ACCOUNT);
	if (!balancer)
		return NULL;
	INIT_LIST_HEAD(&balancer->list);
	INIT_LIST_HEAD(&balancer->backends);
	strscpy(balancer->name, config->name, sizeof(balancer->name));
	balancer->net = net;
	balancer->nat = nat;
	balancer->max = config->max;
	balancer->users = 1;
	kpac_balancer_time(balancer, config->timeout);
	balancer->stats = alloc_percpu_gfp(struct kpac_balancer_stats,
					   GFP_KERNEL_ACCOUNT);
	/* each way has its own */
	balancer->cells = kpac_cells_new(nat ? config->max * 2ull : config->max,
					 nat ? KPAC_BALANCER_NAT_SIZE :
					       KPAC_BALANCER_DSR_SIZE,
					 KPAC_BALANCER_PROBATION);
	if (balancer->stats && balancer->cells)
		return balancer;
	kpac_balancer_free(balancer);
	return NULL;
}

/**
 * kpac_balancer_new - make a balancer
 * @net: the namespace
 * @config: what is wanted
 * @extack: why it cannot be
 *
 * Context: process, may sleep.
 * Return: 0 or an error.
 */
int kpac_balancer_new(struct net *net,
		      const struct kpac_balancer_config *config,
		      struct netlink_ext_ack *extack)
{
	struct kpac_balancers *all = kpac_balancers(net);
	struct kpac_balancer *balancer;
	int err = 0;

	balancer = kpac_balancer_make(net, config);
	if (!balancer) {
		NL_SET_ERR_MSG(extack, "not enough memory: try a smaller max");
		return -ENOMEM;
	}
	mutex_lock(&all->lock);
	if (kpac_balancers_find(all, config->name)) {
		NL_SET_ERR_MSG(extack, "there is a balancer of this name: change it with balancer set, or delete it first");
		err = -EEXIST;
	} else if (all->n == KPAC_MAX_BALANCERS) {
		NL_SET_ERR_MSG(extack, "a namespace may have 1024 balancers");
		err = -ENOSPC;
	} else {
		kpac_balancers_insert(all, balancer);
	}
	mutex_unlock(&all->lock);
	if (err)
		kpac_balancer_free(balancer);
	return err;
}

static void kpac_balancer_drop(struct kpac_balancer *balancer)
{
	if (!--balancer->users)
		kpac_balancer_free(balancer);
}

static void kpac_balancers_remove(struct kpac_balancers *all,
				  struct kpac_balancer *balancer)
{
	struct kpac_backend *backend;

	list_del_init(&balancer->list);
	all->n--;
	/* no packet meets it; somebody who lists it may keep it for long */
	list_for_each_entry(backend, &balancer->backends, list)
		kpac_hop_forget(&backend->hop, NULL);
	kpac_balancer_drop(balancer);
}

/**
 * kpac_balancer_del - delete a balancer
 * @balancer: the balancer, which the caller holds and still has to let go
 * @extack: why it cannot be
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY: entries use it; -ENOENT: somebody else was faster.
 */
int kpac_balancer_del(struct kpac_balancer *balancer,
		      struct netlink_ext_ack *extack)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);
	int err = 0;

	mutex_lock(&all->lock);
	if (balancer->entries) {
		NL_SET_ERR_MSG_FMT(extack, "%u entries use the balancer: delete them first (kpacctl handler show)",
				   balancer->entries);
		err = -EBUSY;
	} else if (list_empty(&balancer->list)) {
		err = -ENOENT;
	} else {
		kpac_balancers_remove(all, balancer);
	}
	mutex_unlock(&all->lock);
	return err;
}

/**
 * kpac_balancer_set_timeout - change for how long connections are remembered
 * @balancer: the balancer
 * @timeout: in ms
 *
 * It is for packets that come from now on.
 *
 * Context: process, may sleep.
 */
void kpac_balancer_set_timeout(struct kpac_balancer *balancer, u64 timeout)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);

	mutex_lock(&all->lock);
	kpac_balancer_time(balancer, timeout);
	mutex_unlock(&all->lock);
}

/**
 * kpac_balancer_get - find a balancer, and hold it
 * @net: the namespace
 * @name: its name
 *
 * Context: process, may sleep.
 * Return: the balancer, for kpac_balancer_put(), or NULL.
 */
struct kpac_balancer *kpac_balancer_get(struct net *net, const char *name)
{
	struct kpac_balancers *all = kpac_balancers(net);
	struct kpac_balancer *balancer;

	mutex_lock(&all->lock);
	balancer = kpac_balancers_find(all, name);
	if (balancer)
		balancer->users++;
	mutex_unlock(&all->lock);
	return balancer;
}

/**
 * kpac_balancer_next - find a namespace's balancers one by one, and hold each
 * @net: the namespace
 * @after: the name of the one before; "": there is none
 *
 * Context: process, may sleep.
 * Return: the next by name, for kpac_balancer_put(), or NULL.
 */
struct kpac_balancer *kpac_balancer_next(struct net *net, const char *after)
{
	struct kpac_balancers *all = kpac_balancers(net);
	struct kpac_balancer *balancer, *next = NULL;

	mutex_lock(&all->lock);
	list_for_each_entry(balancer, &all->list, list) {
		if (strcmp(balancer->name, after) <= 0)
			continue;
		next = balancer;
		next->users++;
		break;
	}
	mutex_unlock(&all->lock);
	return next;
}

/**
 * kpac_balancer_put - let a balancer go
 * @balancer: the balancer
 *
 * Context: process, may sleep.
 */
void kpac_balancer_put(struct kpac_balancer *balancer)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);

	mutex_lock(&all->lock);
	kpac_balancer_drop(balancer);
	mutex_unlock(&all->lock);
}

/**
 * kpac_balancer_use - find a balancer for an entry, and hold it
 * @net: the namespace
 * @name: its name
 *
 * Context: process, may sleep.
 * Return: the balancer, for kpac_balancer_unuse(), or NULL.
 */
struct kpac_balancer *kpac_balancer_use(struct net *net, const char *name)
{
	struct kpac_balancers *all = kpac_balancers(net);
	struct kpac_balancer *balancer;

	mutex_lock(&all->lock);
	balancer = kpac_balancers_find(all, name);
	if (balancer) {
		balancer->users++;
		balancer->entries++;
	}
	mutex_unlock(&all->lock);
	return balancer;
}

/**
 * kpac_balancer_unuse - let a balancer go that an entry has used
 * @balancer: the balancer
 *
 * Context: process, may sleep.
 */
void kpac_balancer_unuse(struct kpac_balancer *balancer)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);

	mutex_lock(&all->lock);
	balancer->entries--;
	kpac_balancer_drop(balancer);
	mutex_unlock(&all->lock);
}

static void kpac_balancer_total(const struct kpac_balancer *balancer,
				struct kpac_balancer_stats *total)
{
	const unsigned int n = sizeof(*total) / sizeof(u64);
	unsigned int i;
	int cpu;

	*total = (struct kpac_balancer_stats){};
	for_each_possible_cpu(cpu) {
		const u64 *from = (u64 *)per_cpu_ptr(balancer->stats, cpu);

		for (i = 0; i < n; i++)
			((u64 *)total)[i] += READ_ONCE(from[i]);
	}
}

/**
 * kpac_balancer_sum - sum a balancer up
 * @balancer: the balancer
 * @sum: the result
 *
 * Context: process, may sleep.
 */
void kpac_balancer_sum(const struct kpac_balancer *balancer,
		       struct kpac_balancer_sum *sum)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);
	struct kpac_cells_stats cells;

	mutex_lock(&all->lock);
	sum->backends = balancer->n;
	sum->entries = balancer->entries;
	sum->timeout = balancer->timeout_ms;
	mutex_unlock(&all->lock);
	kpac_cells_sum(balancer->cells, &cells);
	sum->cells = kpac_cells_used(&cells);
	sum->evicted = cells.evicted;
	kpac_balancer_total(balancer, &sum->stats);
}

/* ---- their back ends ---- */

static struct kpac_backend *
kpac_balancer_find(const struct kpac_balancer *balancer,
		   const struct kpac_backend_config *config)
{
	struct kpac_backend *backend;

	if (balancer->n && balancer->ip6 != config->ip6)
		return NULL;
	list_for_each_entry(backend, &balancer->backends, list)
		if (!kpac_backend_order(backend, config))
			return backend;
	return NULL;
}

static void kpac_balancer_insert(struct kpac_balancer *balancer,
				 struct kpac_backend *backend,
				 const struct kpac_backend_config *config)
{
	struct kpac_backend *other;

	list_for_each_entry(other, &balancer->backends, list)
		if (kpac_backend_order(other, config) > 0)
			break;
	list_add_tail(&backend->list, &other->list);
	balancer->n++;
}

static bool kpac_balancer_fits(const struct kpac_balancer *balancer,
			       const struct kpac_backend_config *config,
			       struct netlink_ext_ack *extack)
{
	if (!balancer->nat && config->port)
		NL_SET_ERR_MSG(extack, "a balancer with mode dsr does not change ports: leave port out");
	else if (balancer->n && balancer->ip6 != config->ip6)
		NL_SET_ERR_MSG_FMT(extack, "the balancer's back ends have IPv%d addresses: make another balancer for others",
				   balancer->ip6 ? 6 : 4);
	else if (kpac_balancer_find(balancer, config))
		NL_SET_ERR_MSG(extack, "the balancer has this back end: change it with backend set");
	else if (balancer->n == KPAC_MAX_BACKENDS)
		NL_SET_ERR_MSG(extack, "a balancer may have 1024 back ends");
	else
		return true;
	return false;
}

static unsigned int kpac_balancer_number(const struct kpac_balancer *balancer)
{
	unsigned int i = 0;

	while (rcu_access_pointer(balancer->backend[i]))
		i++;
	return i;
}

static int kpac_balancer_add_locked(struct kpac_balancer *balancer,
				    const struct kpac_backend_config *config)
{
	unsigned int i = kpac_balancer_number(balancer);
	struct kpac_backend *backend;
	int err = -ENOMEM;

	backend = kpac_backend_new(config, kpac_affinity_who(i,
						++balancer->generation));
	if (!backend)
		return err;
	if (config->heartbeat)
		err = kpac_backend_watch(backend, balancer->net,
					 config->heartbeat);
	else
		err = 0;
	if (err)
		goto free;
	WRITE_ONCE(balancer->ip6, config->ip6);
	kpac_balancer_insert(balancer, backend, config);
	/* who has a slot must be there */
	rcu_assign_pointer(balancer->backend[i], backend);
	err = kpac_balancer_fill(balancer);
	if (!err)
		return 0;
	RCU_INIT_POINTER(balancer->backend[i], NULL);
	list_del(&backend->list);
	balancer->n--;
	synchronize_rcu();

free:
	kpac_backend_free(backend);
	return err;
}

/**
 * kpac_balancer_add - give a balancer a back end
 * @balancer: the balancer
 * @config: what is wanted of the back end
 * @extack: why it cannot be
 *
 * Context: process, may sleep.
 * Return: 0 or an error.
 */
int kpac_balancer_add(struct kpac_balancer *balancer,
		      const struct kpac_backend_config *config,
		      struct netlink_ext_ack *extack)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);
	int err = -EINVAL;

	mutex_lock(&all->lock);
	if (kpac_balancer_fits(balancer, config, extack))
		err = kpac_balancer_add_locked(balancer, config);
	mutex_unlock(&all->lock);
	return err;
}

static int kpac_balancer_change(struct kpac_balancer *balancer,
				struct kpac_backend *backend,
				const struct kpac_backend_config *config)
{
	u32 weight = backend->weight;
	int err = 0;

	if (config->has_weight && config->weight != weight) {
		backend->weight = config->weight;
		err = kpac_balancer_fill(balancer);
	}
	if (!err && config->heartbeat)
		err = kpac_backend_watch(backend, balancer->net,
					 config->heartbeat);
	if (err) {
		/* what was there before is there again with the next change */
		backend->weight = weight;
		return err;
	}
	if (config->has_state)
		WRITE_ONCE(backend->state, config->state);
	return 0;
}

/**
 * kpac_balancer_set - change a back end
 * @balancer: the balancer that has it
 * @config: which, and what is wanted
 * @extack: why it cannot be
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT: it does not have it; or -ENOMEM.
 */
int kpac_balancer_set(struct kpac_balancer *balancer,
		      const struct kpac_backend_config *config,
		      struct netlink_ext_ack *extack)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);
	struct kpac_backend *backend;
	int err = -ENOENT;

	mutex_lock(&all->lock);
	backend = kpac_balancer_find(balancer, config);
	if (backend)
		err = kpac_balancer_change(balancer, backend, config);
	mutex_unlock(&all->lock);
	return err;
}

static int kpac_balancer_remove_locked(struct kpac_balancer *balancer,
				       struct kpac_backend *backend)
{
	unsigned int i = kpac_affinity_number(backend->who);
	struct list_head *before = backend->list.prev;
	int err;

	list_del(&backend->list);
	balancer->n--;
	err = kpac_balancer_fill(balancer);
	if (err) {
		list_add(&backend->list, before);
		balancer->n++;
		return err;
	}
	RCU_INIT_POINTER(balancer->backend[i], NULL);
	synchronize_rcu();
	kpac_backend_free(backend);
	return 0;
}

/**
 * kpac_balancer_remove - take a back end from a balancer
 * @balancer: the balancer
 * @config: which
 *
 * Its connections get others.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT: the balancer does not have it; or -ENOMEM.
 */
int kpac_balancer_remove(struct kpac_balancer *balancer,
			 const struct kpac_backend_config *config)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);
	struct kpac_backend *backend;
	int err = -ENOENT;

	mutex_lock(&all->lock);
	backend = kpac_balancer_find(balancer, config);
	if (backend)
		err = kpac_balancer_remove_locked(balancer, backend);
	mutex_unlock(&all->lock);
	return err;
}

/**
 * kpac_balancer_for_each - do something for all back ends of a balancer
 * @balancer: the balancer
 * @at: where to begin, first 0; set to where it has ended: at a back end for
 *	which @fn has failed, or behind the last
 * @fn: what; until it returns an error
 * @arg: for @fn
 *
 * Context: process, may sleep.
 * Return: 0, or what @fn has returned.
 */
int kpac_balancer_for_each(struct kpac_balancer *balancer, u32 *at,
			   kpac_backend_fn fn, void *arg)
{
	struct kpac_balancers *all = kpac_balancers(balancer->net);
	const struct kpac_backend *backend;
	int err = 0;

	mutex_lock(&all->lock);
	for (; *at < KPAC_MAX_BACKENDS; ++*at) {
		backend = rcu_dereference_protected(balancer->backend[*at],
						    lockdep_is_held(&all->lock));
		if (backend)
			err = fn(backend, arg);
		if (err)
			break;
	}
	mutex_unlock(&all->lock);
	return err;
}

/* ---- namespaces and devices ---- */

/* A device goes, or leaves the namespace: nobody may hold it. Who still found a
 * route by it has stored that already: the kernel has waited since it closed it.
 */
static int kpac_balancer_netdev(struct notifier_block *nb, unsigned long event,
				void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct kpac_balancers *all = kpac_balancers(dev_net(dev));
	struct kpac_balancer *balancer;
	struct kpac_backend *backend;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&all->lock);
	list_for_each_entry(balancer, &all->list, list)
		list_for_each_entry(backend, &balancer->backends, list)
			kpac_hop_forget(&backend->hop, dev);
	mutex_unlock(&all->lock);
	return NOTIFY_DONE;
}

static struct notifier_block kpac_balancer_netdev_nb = {
	.notifier_call = kpac_balancer_netdev,
};

static int __net_init kpac_balancers_init(struct net *net)
{
	struct kpac_balancers *all = kpac_balancers(net);

	mutex_init(&all->lock);
	INIT_LIST_HEAD(&all->list);
	return 0;
}

static void __net_exit kpac_balancers_exit(struct net *net)
{
	struct kpac_balancers *all = kpac_balancers(net);
	struct kpac_balancer *balancer, *next;

	mutex_lock(&all->lock);
	list_for_each_entry_safe(balancer, next, &all->list, list)
		kpac_balancers_remove(all, balancer);
	mutex_unlock(&all->lock);
}

static struct pernet_operations kpac_balancers_ops = {
	.init = kpac_balancers_init,
	.exit = kpac_balancers_exit,
	.id = &kpac_balancers_id,
	.size = sizeof(struct kpac_balancers),
};

/**
 * kpac_balancer_init - be ready for balancers
 *
 * Context: process, at module load, before there are entries.
 * Return: 0 or an error.
 */
int __init kpac_balancer_init(void)
{
	int err;

	err = register_pernet_subsys(&kpac_balancers_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&kpac_balancer_netdev_nb);
	if (err)
		unregister_pernet_subsys(&kpac_balancers_ops);
	return err;
}

/**
 * kpac_balancer_exit - free all balancers
 *
 * Context: process, when there are no entries any more.
 */
void kpac_balancer_exit(void)
{
	/* This tells the notifier that every device goes. */
	unregister_netdevice_notifier(&kpac_balancer_netdev_nb);
	unregister_pernet_subsys(&kpac_balancers_ops);
	/* what back ends held is let go by callbacks */
	rcu_barrier();
}
