// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Statistics: what happened to the packets of a port. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

static int fetch(struct kpac *handle, struct nl_msg *msg, kpac_stats_fn fn,
		 void *arg)
{
	struct kpac_replies replies = { 0 };
	const struct nlmsghdr *nlh;
	struct kpac_stats stats;
	int err;

	err = kpac_transact(handle, msg, &replies);
	if (err)
		goto out;
	kpac_for_each_reply(nlh, &replies) {
		err = kpac_parse_stats(nlh, &stats);
		if (err) {
			kpac_fail(handle, err,
				  "the kernel's statistics are malformed");
			break;
		}
		err = fn(&stats, arg);
		kpac_stats_fini(&stats);
		if (err)
			break;
	}
out:
	free(replies.data);
	return err;
}

static struct nl_msg *msg_about(struct kpac *handle, uint8_t cmd,
				struct kpac_dev dev, int *err)
{
	struct nl_msg *msg = kpac_msg_new(handle, cmd, 0);

	if (!msg) {
		*err = -ENOMEM;
		return NULL;
	}
	*err = kpac_msg_put_dev(handle, msg, dev, KPAC_A_STATS_IFINDEX,
				KPAC_A_STATS_IFNAME);
	if (!*err)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/**
 * kpac_stats_get() - ask for the statistics of one port
 * @handle: the handle
 * @dev: the port's device
 * @fn: called once with the statistics
 * @arg: passed to @fn
 *
 * They count since the port was made or kpac_stats_reset(). Each counter is
 * exact; one may be ahead of another by the packets of that very moment.
 *
 * Return: 0 or what @fn returned, or -ENODEV if there is no such device or
 * -ENOENT if it is no port, -EBADMSG if the answer made no sense, or another
 * negative errno.
 */
int kpac_stats_get(struct kpac *handle, struct kpac_dev dev, kpac_stats_fn fn,
		   void *arg)
{
	struct nl_msg *msg;
	int err;

	msg = msg_about(handle, KPAC_CMD_STATS_GET, dev, &err);
	return msg ? fetch(handle, msg, fn, arg) : err;
}

/**
 * kpac_stats_dump() - ask for the statistics of all ports of the namespace
 * @handle: the handle
 * @fn: called for each port
 * @arg: passed to @fn
 *
 * As for kpac_port_dump(), the list is complete before @fn is called.
 *
 * Return: 0 or what @fn returned, -EAGAIN if the ports changed too fast,
 * -EBADMSG if the answer made no sense, or another negative errno.
 */
int kpac_stats_dump(struct kpac *handle, kpac_stats_fn fn, void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_STATS_GET,
					  NLM_F_DUMP);

	return msg ? fetch(handle, msg, fn, arg) : -ENOMEM;
}

/**
 * kpac_stats_reset() - set the statistics of one port to zero
 * @handle: the handle
 * @dev: the port's device
 *
 * Return: 0, or -ENODEV if there is no such device or -ENOENT if it is no port,
 * -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int kpac_stats_reset(struct kpac *handle, struct kpac_dev dev)
{
	struct nl_msg *msg;
	int err;

	msg = msg_about(handle, KPAC_CMD_STATS_RESET, dev, &err);
	return msg ? kpac_transact(handle, msg, NULL) : err;
}

/**
 * kpac_stats_reset_all() - set the statistics of all ports to zero
 * @handle: the handle
 *
 * Return: 0, -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int kpac_stats_reset_all(struct kpac *handle)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_STATS_RESET, 0);

	return msg ? kpac_transact(handle, msg, NULL) : -ENOMEM;
}
