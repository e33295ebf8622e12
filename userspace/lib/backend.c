// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* The back ends of balancers. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define KNOWN (KPAC_BACKEND_WEIGHT | KPAC_BACKEND_STATE | \
	       KPAC_BACKEND_HEARTBEAT)

static bool get_address(const struct nlattr *nla, struct kpac_backend *backend)
{
	if (!nla || (nla_len(nla) != 4 && nla_len(nla) != 16))
		return false;
	backend->addr_len = (unsigned int)nla_len(nla);
	memcpy(backend->address, nla_data(nla), backend->addr_len);
	return true;
}

static bool get_port(const struct nlattr *nla, struct kpac_backend *backend)
{
	unsigned int port;

	if (!kpac_get_u16(nla, &port))
		return false;
	backend->port = (uint16_t)port;
	return true;
}

int kpac_parse_backend(const struct nlmsghdr *nlh, struct kpac_backend *backend)
{
	struct nlattr *tb[KPAC_A_BACKEND_MAX + 1];
	struct nlattr *first;
	int len;

	memset(backend, 0, sizeof(*backend));
	backend->size = sizeof(*backend);
	backend->have = KPAC_BACKEND_WEIGHT | KPAC_BACKEND_STATE;
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_BACKEND_MAX, first, len, NULL) ||
	    !kpac_get_name(tb[KPAC_A_BACKEND_BALANCER], backend->balancer,
			   sizeof(backend->balancer)) ||
	    !get_address(tb[KPAC_A_BACKEND_ADDRESS], backend) ||
	    !get_port(tb[KPAC_A_BACKEND_PORT], backend) ||
	    !kpac_get_u32(tb[KPAC_A_BACKEND_WEIGHT], &backend->weight) ||
	    !kpac_get_u32(tb[KPAC_A_BACKEND_STATE], &backend->state) ||
	    !kpac_get_u32(tb[KPAC_A_BACKEND_SLOTS], &backend->slots) ||
	    !kpac_get_uint(tb[KPAC_A_BACKEND_PACKETS], &backend->packets) ||
	    !kpac_get_uint(tb[KPAC_A_BACKEND_BYTES], &backend->bytes) ||
	    !kpac_get_uint(tb[KPAC_A_BACKEND_CONNECTIONS],
			   &backend->connections))
		return -EBADMSG;
	if (kpac_get_name(tb[KPAC_A_BACKEND_HEARTBEAT], backend->heartbeat,
			  sizeof(backend->heartbeat)) &&
	    kpac_get_u32(tb[KPAC_A_BACKEND_HEALTH], &backend->health))
		backend->have |= KPAC_BACKEND_HEARTBEAT;
	return 0;
}

static int tell_backends(struct kpac *handle, const struct kpac_replies *replies,
			 kpac_backend_fn fn, void *arg)
{
	struct kpac_backend backend;
	const struct nlmsghdr *nlh;
	int err = 0;

	kpac_for_each_reply(nlh, replies) {
		err = kpac_parse_backend(nlh, &backend);
		if (err)
			return kpac_fail(handle, err,
					 "the kernel's description of a back end is malformed");
		err = fn(&backend, arg);
		if (err)
			break;
	}
	return err;
}

static int check(struct kpac *handle, const struct kpac_backend *backend)
{
	if (backend->size != sizeof(*backend) || backend->have & ~KNOWN)
		return kpac_fail(handle, -EINVAL,
				 "the program wants what this libkpac does not know");
	if (backend->addr_len != 4 && backend->addr_len != 16)
		return kpac_fail(handle, -EINVAL,
				 "the address of a back end has 4 or 16 bytes");
	if (strnlen(backend->heartbeat, sizeof(backend->heartbeat)) ==
	    sizeof(backend->heartbeat))
		return kpac_fail(handle, -EINVAL,
				 "the name of a heartbeat has at most %d bytes",
				 KPAC_MAX_HEARTBEAT);
	return kpac_check_balancer(handle, backend->balancer);
}

static int put_id(struct nl_msg *msg, const struct kpac_backend *backend)
{
	if (nla_put_string(msg, KPAC_A_BACKEND_BALANCER, backend->balancer) ||
	    nla_put(msg, KPAC_A_BACKEND_ADDRESS, (int)backend->addr_len,
		    backend->address) ||
	    (backend->port &&
	     nla_put_u16(msg, KPAC_A_BACKEND_PORT, backend->port)))
		return -ENOMEM;
	return 0;
}

static int put_config(struct nl_msg *msg, const struct kpac_backend *backend)
{
	if ((backend->have & KPAC_BACKEND_WEIGHT &&
	     nla_put_u32(msg, KPAC_A_BACKEND_WEIGHT, backend->weight)) ||
	    (backend->have & KPAC_BACKEND_STATE &&
	     nla_put_u32(msg, KPAC_A_BACKEND_STATE, backend->state)) ||
	    (backend->have & KPAC_BACKEND_HEARTBEAT &&
	     nla_put_string(msg, KPAC_A_BACKEND_HEARTBEAT, backend->heartbeat)))
		return -ENOMEM;
	return 0;
}

static int request(struct kpac *handle, uint8_t cmd,
		   const struct kpac_backend *backend)
{
	struct nl_msg *msg;
	int err;

	err = check(handle, backend);
	if (err)
		return err;
	msg = kpac_msg_new(handle, cmd, 0);
	if (!msg)
		return -ENOMEM;
	err = put_id(msg, backend);
	if (!err && cmd != KPAC_CMD_BACKEND_DEL)
		err = put_config(msg, backend);
	if (!err)
		return kpac_transact(handle, msg, NULL);
	nlmsg_free(msg);
	return kpac_fail(handle, err, "%s", strerror(-err));
}

/**
 * kpac_backend_add() - give a balancer a back end
 * @handle: the handle
 * @backend: its balancer, address and port, and what else counts
 *
 * Return: 0, -ENOENT if there is no such balancer, -EINVAL if that cannot have such
 * a back end, -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int kpac_backend_add(struct kpac *handle, const struct kpac_backend *backend)
{
	return request(handle, KPAC_CMD_BACKEND_NEW, backend);
}

/**
 * kpac_backend_set() - change a back end
 * @handle: the handle
 * @backend: its balancer, address and port, and what is to be changed
 *
 * Return: 0, -ENOENT if there is no such back end, or another negative errno.
 */
int kpac_backend_set(struct kpac *handle, const struct kpac_backend *backend)
{
	return request(handle, KPAC_CMD_BACKEND_SET, backend);
}

/**
 * kpac_backend_del() - take a back end from a balancer
 * @handle: the handle
 * @backend: its balancer, address and port
 *
 * Return: 0, -ENOENT if there is no such back end, or another negative errno.
 */
int kpac_backend_del(struct kpac *handle, const struct kpac_backend *backend)
{
	return request(handle, KPAC_CMD_BACKEND_DEL, backend);
}

/**
 * kpac_backend_dump() - ask for back ends
 * @handle: the handle
 * @balancer: the name of the balancer, or %NULL for all of the namespace
 * @fn: called for each back end
 * @arg: passed to @fn
 *
 * Return: 0 or what @fn returned, -ENOENT if there is no such balancer, -EBADMSG if
 * the answer made no sense, or another negative errno.
 */
int kpac_backend_dump(struct kpac *handle, const char *balancer,
		      kpac_backend_fn fn, void *arg)
{
	struct kpac_replies replies = { 0 };
	struct nl_msg *msg;
	int err;

	err = balancer ? kpac_check_balancer(handle, balancer) : 0;
	if (err)
		return err;
	msg = kpac_msg_new(handle, KPAC_CMD_BACKEND_GET, NLM_F_DUMP);
	if (!msg)
		return -ENOMEM;
	if (balancer && nla_put_string(msg, KPAC_A_BACKEND_BALANCER, balancer)) {
		nlmsg_free(msg);
		return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	}
	err = kpac_transact(handle, msg, &replies);
	if (!err)
		err = tell_backends(handle, &replies, fn, arg);
	free(replies.data);
	return err;
}
