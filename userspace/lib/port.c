// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Ports: the net devices that kpac watches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int put_config(struct kpac *handle, struct nl_msg *msg,
		      const struct kpac_port_config *config)
{
	if (!config)
		return 0;
	if (config->size != sizeof(*config) ||
	    config->set & ~(KPAC_PORT_DOOR | KPAC_PORT_FORWARD))
		return kpac_fail(handle, -EINVAL,
				 "the program wants what this libkpac does not know");
	if ((config->set & KPAC_PORT_DOOR &&
	     nla_put_u32(msg, KPAC_A_PORT_DOOR, config->door)) ||
	    (config->set & KPAC_PORT_FORWARD &&
	     nla_put_u8(msg, KPAC_A_PORT_FORWARD, config->forward)))
		return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	return 0;
}

static int configure(struct kpac *handle, uint8_t cmd, struct kpac_dev dev,
		     const struct kpac_port_config *config)
{
	struct nl_msg *msg = kpac_msg_new(handle, cmd, 0);
	int err;

	if (!msg)
		return -ENOMEM;
	err = kpac_msg_put_dev(handle, msg, dev, KPAC_A_PORT_IFINDEX,
			       KPAC_A_PORT_IFNAME);
	if (!err)
		err = put_config(handle, msg, config);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return kpac_transact(handle, msg, NULL);
}

/**
 * kpac_port_add() - make a device a port
 * @handle: the handle
 * @dev: the device
 * @config: what the port is to be like, or %NULL for the kernel's defaults:
 *	door auto, forwarding on
 *
 * Return: 0, or -EEXIST if it is a port already, -ENODEV if there is no such
 * device, -EBUSY if the door asked for is taken, -EOPNOTSUPP if the device
 * cannot be a port, -EPERM without CAP_NET_ADMIN, -EINVAL, or another negative
 * errno; kpac_error() has what the kernel says.
 */
int kpac_port_add(struct kpac *handle, struct kpac_dev dev,
		  const struct kpac_port_config *config)
{
	return configure(handle, KPAC_CMD_PORT_NEW, dev, config);
}

/**
 * kpac_port_set() - change a port
 * @handle: the handle
 * @dev: the port's device
 * @config: what is to change
 *
 * Return: 0, or -ENODEV if there is no such device or -ENOENT if it is no port,
 * -EBUSY if the door asked for is taken, -EPERM without CAP_NET_ADMIN, -EINVAL,
 * or another negative errno; nothing is changed then.
 */
int kpac_port_set(struct kpac *handle, struct kpac_dev dev,
		  const struct kpac_port_config *config)
{
	return configure(handle, KPAC_CMD_PORT_SET, dev, config);
}

/**
 * kpac_port_del() - stop watching a device
 * @handle: the handle
 * @dev: the port's device
 *
 * Its packets take the normal way from then on; its statistics are gone.
 *
 * Return: 0, or -ENODEV if there is no such device or -ENOENT if it is no port,
 * -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int kpac_port_del(struct kpac *handle, struct kpac_dev dev)
{
	return configure(handle, KPAC_CMD_PORT_DEL, dev, NULL);
}

static int fetch(struct kpac *handle, struct nl_msg *msg, kpac_port_fn fn,
		 void *arg)
{
	struct kpac_replies replies = { 0 };
	const struct nlmsghdr *nlh;
	struct kpac_port port;
	int err;

	err = kpac_transact(handle, msg, &replies);
	if (err)
		goto out;
	kpac_for_each_reply(nlh, &replies) {
		err = kpac_parse_port(nlh, &port);
		if (err) {
			kpac_fail(handle, err,
				  "the kernel's description of a port is malformed");
			break;
		}
		err = fn(&port, arg);
		if (err)
			break;
	}
out:
	free(replies.data);
	return err;
}

/**
 * kpac_port_get() - ask for one port
 * @handle: the handle
 * @dev: the port's device
 * @fn: called once with the port
 * @arg: passed to @fn
 *
 * Return: 0 or what @fn returned, or -ENODEV if there is no such device or
 * -ENOENT if it is no port, -EBADMSG if the answer made no sense, or another
 * negative errno.
 */
int kpac_port_get(struct kpac *handle, struct kpac_dev dev, kpac_port_fn fn,
		  void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_PORT_GET, 0);
	int err;

	if (!msg)
		return -ENOMEM;
	err = kpac_msg_put_dev(handle, msg, dev, KPAC_A_PORT_IFINDEX,
			       KPAC_A_PORT_IFNAME);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return fetch(handle, msg, fn, arg);
}

/**
 * kpac_port_dump() - ask for all ports of the namespace
 * @handle: the handle
 * @fn: called for each port
 * @arg: passed to @fn
 *
 * The list is complete and consistent before @fn is called for the first time:
 * if ports come or go while the kernel lists them, it is asked again.
 *
 * Return: 0 or what @fn returned, -EAGAIN if the ports changed too fast,
 * -EBADMSG if the answer made no sense, or another negative errno.
 */
int kpac_port_dump(struct kpac *handle, kpac_port_fn fn, void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_PORT_GET,
					  NLM_F_DUMP);

	return msg ? fetch(handle, msg, fn, arg) : -ENOMEM;
}
