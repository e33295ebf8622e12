// SPDX-License-Identifier: GPL-2.0
/* Learned flows: making and sharing tables of them; see established.h. */

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "established.h"

/* How long flows that have been answered stay before those that have not, if
 * there is no room.
 */
#define KPAC_ESTABLISHED_PROBATION	(600 * HZ)

static DEFINE_MUTEX(kpac_established_lock);
static LIST_HEAD(kpac_established_all);

/* Whether an argument, if it is given, is what the namespace's flows have. */
static bool kpac_established_same(const struct kpac_arg *args, unsigned int n,
				  const char *name, u64 number,
				  struct netlink_ext_ack *extack)
{
	const struct kpac_arg *arg = kpac_arg_find(args, n, name);

	if (!arg || arg->number == number)
		return true;
	KPAC_SET_ERR_ARG(extack, arg,
			 "other entries of allow-established have another value: give the same or none, or delete them first");
	return false;
}

static void kpac_established_times(struct kpac_established_flows *flows)
{
	const u32 tcp = msecs_to_jiffies(flows->tcp);
	const u32 udp = msecs_to_jiffies(flows->udp);
	u32 *times = flows->times;

	times[KPAC_RETURNS_ASKED] = min_t(u32, udp, 30 * HZ);
	times[KPAC_RETURNS_ANSWERED] = udp;
	times[KPAC_RETURNS_SYN] = 60 * HZ;
	times[KPAC_RETURNS_SYN_ACK] = 60 * HZ;
	times[KPAC_RETURNS_OPEN] = tcp;
	times[KPAC_RETURNS_FIN] = min_t(u32, tcp, 120 * HZ);
	times[KPAC_RETURNS_CLOSED] = 10 * HZ;
}

static struct kpac_established_flows *
kpac_established_new(const struct net *net, const struct kpac_arg *args,
			   unsigned int n)
{
	struct kpac_established_flows *flows;

	flows = kzalloc(sizeof(*flows), GFP_KERNEL_ACCOUNT);
	if (!flows)
		return NULL;
	flows->cookie = net->net_cookie;
	flows->max = kpac_arg_number(args, n, "max", 262144);
	flows->tcp = kpac_arg_number(args, n, "timeout", 3600 * MSEC_PER_SEC);
	flows->udp = kpac_arg_number(args, n, "udp-timeout",
				     120 * MSEC_PER_SEC);
	kpac_established_times(flows);
	flows->cells = kpac_cells_new(flows->max, sizeof(u64),
				      KPAC_ESTABLISHED_PROBATION);
	if (!flows->cells) {
		kfree(flows);
		return NULL;
	}
	list_add(&flows->list, &kpac_established_all);
	return flows;
}

static struct kpac_established_flows *
kpac_established_of(const struct net *net)
{
	struct kpac_established_flows *flows;

	list_for_each_entry(flows, &kpac_established_all, list)
		if (flows->cookie == net->net_cookie)
			return flows;
	return NULL;
}

/**
 * kpac_established_get - a namespace's flows, for one more entry
 * @net: the namespace
 * @args: the arguments of the entry's handler
 * @n: how many
 * @extack: why it cannot be
 *
 * Context: process, may sleep.
 * Return: the flows, for kpac_established_put(), or an error.
 */
struct kpac_established_flows *
kpac_established_get(const struct net *net, const struct kpac_arg *args,
		     unsigned int n, struct netlink_ext_ack *extack)
{
	struct kpac_established_flows *flows;

	mutex_lock(&kpac_established_lock);
	flows = kpac_established_of(net);
	if (!flows) {
		flows = kpac_established_new(net, args, n);
	} else if (!kpac_established_same(args, n, "max", flows->max, extack) ||
		   !kpac_established_same(args, n, "timeout", flows->tcp,
					  extack) ||
		   !kpac_established_same(args, n, "udp-timeout", flows->udp,
					  extack)) {
		flows = ERR_PTR(-EBUSY);
		goto unlock;
	}
	if (flows) {
		flows->users++;
		flows->entries++;
	} else {
		NL_SET_ERR_MSG(extack, "not enough memory: try a smaller max");
		flows = ERR_PTR(-ENOMEM);
	}

unlock:
	mutex_unlock(&kpac_established_lock);
	return flows;
}

/**
 * kpac_established_retire - the table has one entry less that has the flows
 * @flows: the flows; if it has none any more, the next entry gets new ones
 *
 * Context: process, may sleep.
 */
void kpac_established_retire(struct kpac_established_flows *flows)
{
	mutex_lock(&kpac_established_lock);
	if (!--flows->entries)
		list_del(&flows->list);
	mutex_unlock(&kpac_established_lock);
}

/**
 * kpac_established_put - a namespace's flows have one entry less
 * @flows: the flows; no packet can meet them any more by this entry
 *
 * Context: process, may sleep.
 */
void kpac_established_put(struct kpac_established_flows *flows)
{
	mutex_lock(&kpac_established_lock);
	if (--flows->users)
		flows = NULL;
	mutex_unlock(&kpac_established_lock);
	if (!flows)
		return;
	kpac_cells_free(flows->cells);
	kfree(flows);
}
