// SPDX-License-Identifier: GPL-2.0
/* Flow monitors: which there are, and what they have counted; see flowmon.h. */

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "monitor.h"

/* How many flows a monitor has if nobody says. */
#define KPAC_FLOWMON_MAX	65536

static DEFINE_MUTEX(kpac_flowmon_lock);
static LIST_HEAD(kpac_flowmon_all);	/* by name */

static struct kpac_flowmon *kpac_flowmon_find(u64 cookie, const char *name)
{
	struct kpac_flowmon *mon;

	list_for_each_entry(mon, &kpac_flowmon_all, list)
		if (mon->cookie == cookie && !strcmp(mon->name, name))
			return mon;
	return NULL;
}

static void kpac_flowmon_free(struct kpac_flowmon *mon)
{
	kpac_cells_free(mon->cells);
	free_percpu(mon->stats);
	kfree(mon);
}

static void kpac_flowmon_add(struct kpac_flowmon *mon)
{
	struct kpac_flowmon *other;

	list_for_each_entry(other, &kpac_flowmon_all, list)
		if (strcmp(other->name, mon->name) > 0)
			break;
	list_add_tail(&mon->list, &other->list);
}

static struct kpac_flowmon *kpac_flowmon_new(u64 cookie, const char *name,
					     u64 max)
{
	struct kpac_flowmon *mon = kzalloc(sizeof(*mon), GFP_KERNEL_ACCOUNT);

	if (!mon)
		return NULL;
	mon->cookie = cookie;
	mon->max = max;
	mutex_init(&mon->reset);
	strscpy(mon->name, name, sizeof(mon->name));
	mon->stats = alloc_percpu_gfp(struct kpac_flowmon_stats,
				      GFP_KERNEL_ACCOUNT);
	mon->cells = kpac_cells_new(max, sizeof(struct kpac_flowmon_flow), HZ);
	if (mon->stats && mon->cells) {
		kpac_flowmon_add(mon);
		return mon;
	}
	kpac_flowmon_free(mon);
	return NULL;
}

/**
 * kpac_flowmon_create - find a monitor or make it, and hold it
 * @net: the namespace
 * @name: the monitor's name
 * @max: how many flows it is to have, or NULL
 * @extack: why it cannot be
 *
 * Context: process, may sleep.
 * Return: the monitor, for kpac_flowmon_put(), or an error.
 */
struct kpac_flowmon *kpac_flowmon_create(const struct net *net,
					 const char *name,
					 const struct kpac_arg *max,
					 struct netlink_ext_ack *extack)
{
	struct kpac_flowmon *mon;

	mutex_lock(&kpac_flowmon_lock);
	mon = kpac_flowmon_find(net->net_cookie, name);
	if (!mon) {
		mon = kpac_flowmon_new(net->net_cookie, name,
				       max ? max->number : KPAC_FLOWMON_MAX);
		if (!mon)
			NL_SET_ERR_MSG(extack, "not enough memory: try a smaller max");
	} else if (max && max->number != mon->max) {
		KPAC_SET_ERR_ARG(extack, max,
				 "the monitor of this name has another max: give the same or none, or another name");
		mon = ERR_PTR(-EBUSY);
		goto unlock;
	}
	if (mon) {
		mon->users++;
		mon->entries++;
	} else {
		mon = ERR_PTR(-ENOMEM);
	}

unlock:
	mutex_unlock(&kpac_flowmon_lock);
	return mon;
}

/**
 * kpac_flowmon_get - find a monitor, and hold it
 * @net: the namespace
 * @name: the monitor's name
 *
 * Context: process, may sleep.
 * Return: the monitor, for kpac_flowmon_put(), or NULL.
 */
struct kpac_flowmon *kpac_flowmon_get(const struct net *net, const char *name)
{
	struct kpac_flowmon *mon;

	mutex_lock(&kpac_flowmon_lock);
	mon = kpac_flowmon_find(net->net_cookie, name);
	if (mon)
		mon->users++;
	mutex_unlock(&kpac_flowmon_lock);
	return mon;
}

/**
 * kpac_flowmon_next - find a namespace's monitors one by one, and hold each
 * @net: the namespace
 * @after: the name of the one before; NULL: there is none
 *
 * Context: process, may sleep.
 * Return: the next by name, for kpac_flowmon_put(), or NULL.
 */
struct kpac_flowmon *kpac_flowmon_next(const struct net *net, const char *after)
{
	struct kpac_flowmon *mon, *next = NULL;

	mutex_lock(&kpac_flowmon_lock);
	list_for_each_entry(mon, &kpac_flowmon_all, list) {
		if (mon->cookie != net->net_cookie ||
		    (after && strcmp(mon->name, after) <= 0))
			continue;
		next = mon;
		next->users++;
		break;
	}
	mutex_unlock(&kpac_flowmon_lock);
	return next;
}

/**
 * kpac_flowmon_retire - a monitor is in one entry less
 * @mon: the monitor; if it is in none any more, its name is free
 *
 * Context: process, may sleep.
 */
void kpac_flowmon_retire(struct kpac_flowmon *mon)
{
	mutex_lock(&kpac_flowmon_lock);
	if (!--mon->entries)
		list_del(&mon->list);
	mutex_unlock(&kpac_flowmon_lock);
}

/**
 * kpac_flowmon_put - let a monitor go
 * @mon: the monitor; it is freed if nobody holds it any more
 *
 * Context: process, may sleep.
 */
void kpac_flowmon_put(struct kpac_flowmon *mon)
{
	mutex_lock(&kpac_flowmon_lock);
	if (--mon->users)
		mon = NULL;
	mutex_unlock(&kpac_flowmon_lock);
	if (mon)
		kpac_flowmon_free(mon);
}

/**
 * kpac_flowmon_name - what a monitor is called
 * @mon: the monitor
 *
 * Context: any.
 * Return: its name.
 */
const char *kpac_flowmon_name(const struct kpac_flowmon *mon)
{
	return mon->name;
}

static void kpac_flowmon_record_key(const struct kpac_flowmon_flow *flow,
				    struct kpac_flowmon_record *r)
{
	struct kpac_link_word link;
	struct kpac_l4_word l4;

	memcpy(&link, &flow->key.link, sizeof(link));
	memcpy(&l4, &flow->key.l4, sizeof(l4));
	r->ip6 = flow->ip6;
	if (r->ip6) {
		memcpy(&r->src, &flow->key.addr[0], sizeof(r->src));
		memcpy(&r->dst, &flow->key.addr[2], sizeof(r->dst));
	} else {
		memcpy(&r->src, &flow->key.addr[0], 4);
		memcpy(&r->dst, (const u8 *)&flow->key.addr[0] + 4, 4);
	}
	r->proto = l4.proto;
	if (l4.proto == (r->ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
		r->icmp_type = ((const u8 *)&l4.sport)[0];
		r->icmp_code = ((const u8 *)&l4.sport)[1];
	} else {
		r->sport = l4.sport;
		r->dport = l4.dport;
	}
	r->ifindex = link.ifindex;
	r->tagged = link.vlan & KPAC_VLAN_TAGGED;
	r->vlan = link.vlan & ~KPAC_VLAN_TAGGED;
}

/* How far CLOCK_MONOTONIC is ahead of ticks, in ns: always the same, so that a
 * flow always has the same times, unless ticks have been lost.
 */
static s64 kpac_flowmon_offset(struct kpac_flowmon *mon)
{
	s64 offset = ktime_get_ns() - (u64)jiffies * TICK_NSEC;
	s64 known = READ_ONCE(mon->offset);

	if (abs(offset - known) <= 2 * TICK_NSEC)
		return known;
	WRITE_ONCE(mon->offset, offset);
	return offset;
}

static void kpac_flowmon_record(struct kpac_flowmon *mon,
				const struct kpac_flowmon_flow *flow,
				struct kpac_flowmon_record *r)
{
	s64 offset = kpac_flowmon_offset(mon);

	*r = (struct kpac_flowmon_record){
		.tos = flow->tos,
		.tcp_flags = flow->tcp_flags,
		.packets = flow->packets,
		.bytes = flow->bytes,
		.first = flow->first * TICK_NSEC + offset,
		.last = flow->last * TICK_NSEC + offset,
	};
	r->first_real = ktime_to_ns(ktime_mono_to_real(ns_to_ktime(r->first)));
	r->last_real = ktime_to_ns(ktime_mono_to_real(ns_to_ktime(r->last)));
	kpac_flowmon_record_key(flow, r);
}

/**
 * kpac_flowmon_for_each - do something for all flows of a monitor
 * @mon: the monitor
 * @at: where to begin, first 0; set to where it has ended: at a flow for which
 *	@fn has failed, or behind the last
 * @fn: what; until it returns an error; may sleep
 * @arg: for @fn
 *
 * Flows may come and go meanwhile; one that stays is met once. Each record is
 * right in itself.
 *
 * Context: process, may sleep.
 * Return: 0, or what @fn has returned.
 */
int kpac_flowmon_for_each(struct kpac_flowmon *mon, u32 *at,
			  kpac_flowmon_fn fn, void *arg)
{
	struct kpac_flowmon_record record;
	struct kpac_flowmon_flow flow;
	int err;

	for (; *at < mon->cells->count; ++*at) {
		if (!(*at % 1024))
			cond_resched();
		if (!kpac_cells_read(mon->cells, *at, &flow))
			continue;
		kpac_flowmon_record(mon, &flow, &record);
		err = fn(&record, arg);
		if (err)
			return err;
	}
	return 0;
}

static void kpac_flowmon_total(const struct kpac_flowmon *mon,
			       struct kpac_flowmon_stats *total)
{
	int cpu;

	*total = (struct kpac_flowmon_stats){};
	for_each_possible_cpu(cpu) {
		const struct kpac_flowmon_stats *s = per_cpu_ptr(mon->stats,
								 cpu);

		total->packets += READ_ONCE(s->packets);
		total->bytes += READ_ONCE(s->bytes);
	}
}

/**
 * kpac_flowmon_reset - forget all flows of a monitor, and what was counted
 * @mon: the monitor
 *
 * Packets that come meanwhile may count before or after it.
 *
 * Context: process, may sleep.
 */
void kpac_flowmon_reset(struct kpac_flowmon *mon)
{
	struct kpac_cells_stats cells;

	mutex_lock(&mon->reset);
	kpac_cells_clear(mon->cells);
	kpac_flowmon_total(mon, &mon->base);
	kpac_cells_sum(mon->cells, &cells);
	mon->base_evicted = cells.evicted;
	mutex_unlock(&mon->reset);
}

/**
 * kpac_flowmon_sum - sum a monitor up
 * @mon: the monitor
 * @sum: the result
 *
 * Context: process, may sleep.
 */
void kpac_flowmon_sum(struct kpac_flowmon *mon, struct kpac_flowmon_sum *sum)
{
	struct kpac_flowmon_stats total;
	struct kpac_cells_stats cells;

	mutex_lock(&mon->reset);
	kpac_cells_sum(mon->cells, &cells);
	kpac_flowmon_total(mon, &total);
	sum->flows = kpac_cells_used(&cells);
	sum->evicted = cells.evicted - mon->base_evicted;
	sum->max = mon->cells->count;
	sum->packets = total.packets - mon->base.packets;
	sum->bytes = total.bytes - mon->base.bytes;
	mutex_unlock(&mon->reset);
}
