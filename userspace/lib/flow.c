// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Flows that the handler flowmon has counted. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool get_small(const struct nlattr *nla, uint8_t *value)
{
	unsigned int number;

	if (!kpac_get_u8(nla, &number))
		return false;
	*value = (uint8_t)number;
	return true;
}

static bool get_short(const struct nlattr *nla, uint16_t *value)
{
	unsigned int number;

	if (!kpac_get_u16(nla, &number))
		return false;
	*value = (uint16_t)number;
	return true;
}

/* Both addresses are of one kind. */
static bool get_ends(struct nlattr **tb, struct kpac_flow *flow)
{
	const struct nlattr *src = tb[KPAC_A_FLOW_SRC];
	const struct nlattr *dst = tb[KPAC_A_FLOW_DST];

	if (!src || !dst || nla_len(src) != nla_len(dst) ||
	    (nla_len(src) != 4 && nla_len(src) != 16))
		return false;
	flow->addr_len = (unsigned int)nla_len(src);
	memcpy(flow->src, nla_data(src), flow->addr_len);
	memcpy(flow->dst, nla_data(dst), flow->addr_len);
	return true;
}

static void get_what_it_has(struct nlattr **tb, struct kpac_flow *flow)
{
	if (kpac_get_ifname(tb[KPAC_A_FLOW_IFNAME], flow->ifname))
		flow->have |= KPAC_FLOW_IFNAME;
	if (get_short(tb[KPAC_A_FLOW_VLAN], &flow->vlan))
		flow->have |= KPAC_FLOW_VLAN;
	if (get_short(tb[KPAC_A_FLOW_SPORT], &flow->sport) &&
	    get_short(tb[KPAC_A_FLOW_DPORT], &flow->dport))
		flow->have |= KPAC_FLOW_PORTS;
	if (get_small(tb[KPAC_A_FLOW_ICMP_TYPE], &flow->icmp_type) &&
	    get_small(tb[KPAC_A_FLOW_ICMP_CODE], &flow->icmp_code))
		flow->have |= KPAC_FLOW_ICMP;
	if (get_small(tb[KPAC_A_FLOW_TCP_FLAGS], &flow->tcp_flags))
		flow->have |= KPAC_FLOW_TCP_FLAGS;
	get_small(tb[KPAC_A_FLOW_TOS], &flow->tos);
}

int kpac_parse_flow(const struct nlmsghdr *nlh, struct kpac_flow *flow)
{
	struct nlattr *tb[KPAC_A_FLOW_MAX + 1];
	struct nlattr *first;
	int len;

	memset(flow, 0, sizeof(*flow));
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_FLOW_MAX, first, len, NULL) ||
	    !kpac_get_name(tb[KPAC_A_FLOW_MONITOR], flow->monitor,
			   sizeof(flow->monitor)) ||
	    !kpac_get_u32(tb[KPAC_A_FLOW_IFINDEX], &flow->ifindex) ||
	    !get_small(tb[KPAC_A_FLOW_PROTO], &flow->proto) ||
	    !get_ends(tb, flow) ||
	    !kpac_get_uint(tb[KPAC_A_FLOW_PACKETS], &flow->packets) ||
	    !kpac_get_uint(tb[KPAC_A_FLOW_BYTES], &flow->bytes) ||
	    !kpac_get_uint(tb[KPAC_A_FLOW_FIRST_SEEN], &flow->first_seen) ||
	    !kpac_get_uint(tb[KPAC_A_FLOW_LAST_SEEN], &flow->last_seen) ||
	    !kpac_get_uint(tb[KPAC_A_FLOW_AGE], &flow->age) ||
	    !kpac_get_uint(tb[KPAC_A_FLOW_IDLE], &flow->idle) ||
	    !kpac_get_uint(tb[KPAC_A_FLOW_STARTED], &flow->started))
		return -EBADMSG;
	get_what_it_has(tb, flow);
	return 0;
}

static int tell_flows(struct kpac *handle, const struct kpac_replies *replies,
		      kpac_flow_fn fn, void *arg)
{
	const struct nlmsghdr *nlh;
	struct kpac_flow flow;
	int err = 0;

	kpac_for_each_reply(nlh, replies) {
		err = kpac_parse_flow(nlh, &flow);
		if (err)
			return kpac_fail(handle, err,
					 "the kernel's description of a flow is malformed");
		err = fn(&flow, arg);
		if (err)
			break;
	}
	return err;
}

/* A request about @monitor, or NULL and what is wrong. */
static struct nl_msg *msg_about(struct kpac *handle, uint8_t cmd, int flags,
				const char *monitor, int *err)
{
	struct nl_msg *msg;

	if (monitor && (!*monitor || strlen(monitor) > KPAC_MAX_MONITOR)) {
		*err = kpac_fail(handle, -EINVAL,
				 "the name of a flow monitor has 1 to %d bytes",
				 KPAC_MAX_MONITOR);
		return NULL;
	}
	*err = -ENOMEM;
	msg = kpac_msg_new(handle, cmd, flags);
	if (!msg || !monitor ||
	    !nla_put_string(msg, KPAC_A_FLOW_MONITOR, monitor))
		return msg;
	nlmsg_free(msg);
	kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	return NULL;
}

/**
 * kpac_flow_dump() - ask for the flows that were counted
 * @handle: the handle
 * @monitor: the name of the monitor, or %NULL for all of the namespace
 * @fn: called for each flow
 * @arg: passed to @fn
 *
 * The list is complete before @fn is called. Flows may come and go while it is
 * made; one that stays is in it once.
 *
 * Return: 0 or what @fn returned, -ENOENT if there is no such monitor, -EPERM
 * without CAP_NET_ADMIN, -EBADMSG if the answer made no sense, -EOPNOTSUPP if
 * the module is too old to count flows, or another negative errno.
 */
int kpac_flow_dump(struct kpac *handle, const char *monitor, kpac_flow_fn fn,
		   void *arg)
{
	struct kpac_replies replies = { 0 };
	struct nl_msg *msg;
	int err;

	msg = msg_about(handle, KPAC_CMD_FLOWMON_GET, NLM_F_DUMP, monitor, &err);
	if (!msg)
		return err;
	err = kpac_transact(handle, msg, &replies);
	if (!err)
		err = tell_flows(handle, &replies, fn, arg);
	free(replies.data);
	return err;
}

/**
 * kpac_flow_reset() - forget the flows that were counted
 * @handle: the handle
 * @monitor: the name of the monitor, or %NULL for all of the namespace
 *
 * Return: 0, -ENOENT if there is no such monitor, -EPERM without CAP_NET_ADMIN,
 * or another negative errno.
 */
int kpac_flow_reset(struct kpac *handle, const char *monitor)
{
	struct nl_msg *msg;
	int err;

	msg = msg_about(handle, KPAC_CMD_FLOWMON_RESET, 0, monitor, &err);
	return msg ? kpac_transact(handle, msg, NULL) : err;
}
