// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Balancers, which the handler balance uses. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define KNOWN (KPAC_BALANCER_MODE | KPAC_BALANCER_CONNECTIONS | \
	       KPAC_BALANCER_TIMEOUT)

int kpac_parse_balancer(const struct nlmsghdr *nlh,
			struct kpac_balancer *balancer)
{
	const struct {
		int attr;
		uint64_t *value;
	} counts[] = {
		{ KPAC_A_BALANCER_TIMEOUT, &balancer->timeout },
		{ KPAC_A_BALANCER_CELLS, &balancer->cells },
		{ KPAC_A_BALANCER_EVICTED, &balancer->evicted },
		{ KPAC_A_BALANCER_MOVED, &balancer->moved },
		{ KPAC_A_BALANCER_UNAVAILABLE, &balancer->unavailable },
		{ KPAC_A_BALANCER_UNRESOLVED, &balancer->unresolved },
		{ KPAC_A_BALANCER_UNCHANGEABLE, &balancer->unchangeable },
		{ KPAC_A_BALANCER_FRAGMENTS, &balancer->fragments },
		{ KPAC_A_BALANCER_OTHERS, &balancer->others },
		{ KPAC_A_BALANCER_UNKNOWN, &balancer->unknown },
		{ KPAC_A_BALANCER_ERRORS, &balancer->errors },
	};
	struct nlattr *tb[KPAC_A_BALANCER_MAX + 1];
	struct nlattr *first;
	size_t i;
	int len;

	memset(balancer, 0, sizeof(*balancer));
	balancer->size = sizeof(*balancer);
	balancer->have = KNOWN;
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_BALANCER_MAX, first, len, NULL) ||
	    !kpac_get_name(tb[KPAC_A_BALANCER_NAME], balancer->name,
			   sizeof(balancer->name)) ||
	    !kpac_get_u32(tb[KPAC_A_BALANCER_MODE], &balancer->mode) ||
	    !kpac_get_u32(tb[KPAC_A_BALANCER_CONNECTIONS],
			  &balancer->connections) ||
	    !kpac_get_u32(tb[KPAC_A_BALANCER_BACKENDS], &balancer->backends) ||
	    !kpac_get_u32(tb[KPAC_A_BALANCER_ENTRIES], &balancer->entries))
		return -EBADMSG;
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		if (!kpac_get_uint(tb[counts[i].attr], counts[i].value))
			return -EBADMSG;
	return 0;
}

static int tell_balancers(struct kpac *handle,
			  const struct kpac_replies *replies,
			  kpac_balancer_fn fn, void *arg)
{
	struct kpac_balancer balancer;
	const struct nlmsghdr *nlh;
	int err = 0;

	kpac_for_each_reply(nlh, replies) {
		err = kpac_parse_balancer(nlh, &balancer);
		if (err)
			return kpac_fail(handle, err,
					 "the kernel's description of a balancer is malformed");
		err = fn(&balancer, arg);
		if (err)
			break;
	}
	return err;
}

int kpac_check_balancer(struct kpac *handle, const char *name)
{
	size_t len = name ? strnlen(name, KPAC_MAX_BALANCER + 1) : 0;

	if (len && len <= KPAC_MAX_BALANCER)
		return 0;
	return kpac_fail(handle, -EINVAL,
			 "the name of a balancer has 1 to %d bytes",
			 KPAC_MAX_BALANCER);
}

/* A request about a balancer, or NULL and what is wrong. */
static struct nl_msg *msg_about(struct kpac *handle, uint8_t cmd,
				const char *name, int *err)
{
	struct nl_msg *msg;

	*err = kpac_check_balancer(handle, name);
	if (*err)
		return NULL;
	*err = -ENOMEM;
	msg = kpac_msg_new(handle, cmd, 0);
	if (!msg || !nla_put_string(msg, KPAC_A_BALANCER_NAME, name))
		return msg;
	nlmsg_free(msg);
	kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	return NULL;
}

static int put_config(struct nl_msg *msg, const struct kpac_balancer *balancer)
{
	if ((balancer->have & KPAC_BALANCER_MODE &&
	     nla_put_u32(msg, KPAC_A_BALANCER_MODE, balancer->mode)) ||
	    (balancer->have & KPAC_BALANCER_CONNECTIONS &&
	     nla_put_u32(msg, KPAC_A_BALANCER_CONNECTIONS,
			 balancer->connections)) ||
	    (balancer->have & KPAC_BALANCER_TIMEOUT &&
	     kpac_put_uint(msg, KPAC_A_BALANCER_TIMEOUT, balancer->timeout)))
		return -ENOMEM;
	return 0;
}

static int configure(struct kpac *handle, uint8_t cmd,
		     const struct kpac_balancer *balancer)
{
	struct nl_msg *msg;
	int err;

	if (balancer->size != sizeof(*balancer) || balancer->have & ~KNOWN)
		return kpac_fail(handle, -EINVAL,
				 "the program wants what this libkpac does not know");
	msg = msg_about(handle, cmd, balancer->name, &err);
	if (!msg)
		return err;
	if (!put_config(msg, balancer))
		return kpac_transact(handle, msg, NULL);
	nlmsg_free(msg);
	return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
}

/**
 * kpac_balancer_add() - make a balancer
 * @handle: the handle
 * @balancer: its name and mode, and how many connections it is to remember for
 * how long; what is not given is as the module sees fit
 *
 * Return: 0, -EEXIST if there is one of this name, -EPERM without CAP_NET_ADMIN,
 * or another negative errno.
 */
int kpac_balancer_add(struct kpac *handle, const struct kpac_balancer *balancer)
{
	return configure(handle, KPAC_CMD_BALANCER_NEW, balancer);
}

/**
 * kpac_balancer_set() - change a balancer
 * @handle: the handle
 * @balancer: its name, and its new timeout
 *
 * Return: 0, -ENOENT if there is none of this name, or another negative errno.
 */
int kpac_balancer_set(struct kpac *handle, const struct kpac_balancer *balancer)
{
	return configure(handle, KPAC_CMD_BALANCER_SET, balancer);
}

/**
 * kpac_balancer_del() - delete a balancer and its back ends
 * @handle: the handle
 * @name: its name
 *
 * Return: 0, -ENOENT if there is none of this name, -EBUSY if entries of the table
 * use it, or another negative errno.
 */
int kpac_balancer_del(struct kpac *handle, const char *name)
{
	struct nl_msg *msg;
	int err;

	msg = msg_about(handle, KPAC_CMD_BALANCER_DEL, name, &err);
	return msg ? kpac_transact(handle, msg, NULL) : err;
}

/* Ask, and tell what is answered. */
static int ask(struct kpac *handle, struct nl_msg *msg, kpac_balancer_fn fn,
	       void *arg)
{
	struct kpac_replies replies = { 0 };
	int err;

	err = kpac_transact(handle, msg, &replies);
	if (!err)
		err = tell_balancers(handle, &replies, fn, arg);
	free(replies.data);
	return err;
}

/**
 * kpac_balancer_get() - ask for a balancer
 * @handle: the handle
 * @name: its name
 * @fn: called for it
 * @arg: passed to @fn
 *
 * Return: 0 or what @fn returned, -ENOENT if there is none of this name, -EBADMSG
 * if the answer made no sense, or another negative errno.
 */
int kpac_balancer_get(struct kpac *handle, const char *name,
		      kpac_balancer_fn fn, void *arg)
{
	struct nl_msg *msg;
	int err;

	msg = msg_about(handle, KPAC_CMD_BALANCER_GET, name, &err);
	return msg ? ask(handle, msg, fn, arg) : err;
}

/**
 * kpac_balancer_dump() - ask for all balancers
 * @handle: the handle
 * @fn: called for each, by name
 * @arg: passed to @fn
 *
 * Return: 0 or what @fn returned, -EPERM without CAP_NET_ADMIN, -EBADMSG if the
 * answer made no sense, -EOPNOTSUPP if the module is too old to have balancers, or
 * another negative errno.
 */
int kpac_balancer_dump(struct kpac *handle, kpac_balancer_fn fn, void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_BALANCER_GET,
					  NLM_F_DUMP);

	return msg ? ask(handle, msg, fn, arg) : -ENOMEM;
}
