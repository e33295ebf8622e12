// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Ports: the net devices that kpac watches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* struct kpac_port_config as it was when the library was new. */
struct config_1 {
	size_t size;
	unsigned int set;
	enum kpac_door door;
	bool forward;
};

#define KNOWN_1		(KPAC_PORT_DOOR | KPAC_PORT_FORWARD)
#define KNOWN_NOW	(KNOWN_1 | KPAC_PORT_TX_BATCH | KPAC_PORT_CLEAN_BATCH | \
			 KPAC_PORT_POOL | KPAC_PORT_COPYBREAK)

/* Whether the program and we mean the same by what it wants. */
static bool config_known(const struct kpac_port_config *config)
{
	switch (config->size) {
	case sizeof(*config):
		return !(config->set & ~KNOWN_NOW);
	case sizeof(struct config_1):
		return !(config->set & ~KNOWN_1);
	}
	return false;
}

static int put_number(struct nl_msg *msg, const struct kpac_port_config *config,
		      unsigned int bit, int attr, unsigned int number)
{
	return config->set & bit ? nla_put_u32(msg, attr, number) : 0;
}

static int put_config(struct kpac *handle, struct nl_msg *msg,
		      const struct kpac_port_config *config)
{
	struct kpac_port_config full = { 0 };

	if (!config)
		return 0;
	if (!config_known(config))
		return kpac_fail(handle, -EINVAL,
				 "the program wants what this libkpac does not know");

	memcpy(&full, config, config->size);
	if (put_number(msg, &full, KPAC_PORT_DOOR, KPAC_A_PORT_DOOR,
		       full.door) ||
	    (full.set & KPAC_PORT_FORWARD &&
	     nla_put_u8(msg, KPAC_A_PORT_FORWARD, full.forward)) ||
	    put_number(msg, &full, KPAC_PORT_TX_BATCH, KPAC_A_PORT_TX_BATCH,
		       full.tx_batch) ||
	    put_number(msg, &full, KPAC_PORT_CLEAN_BATCH,
		       KPAC_A_PORT_CLEAN_BATCH, full.clean_batch) ||
	    put_number(msg, &full, KPAC_PORT_POOL, KPAC_A_PORT_POOL,
		       full.pool) ||
	    put_number(msg, &full, KPAC_PORT_COPYBREAK, KPAC_A_PORT_COPYBREAK,
		       full.copybreak))
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
 *	door auto, forwarding on, batches of 64 packets to send and of 32 buffers
 *	to take back, 512 buffers per CPU, no packets copied
 *
 * Return: 0, or -EEXIST if it is a port already, -ENODEV if there is no such
 * device, -EBUSY if the door asked for is taken, -EOPNOTSUPP if the device
 * cannot be a port, -ERANGE if a number is not in its range, -EPERM without
 * CAP_NET_ADMIN, -EINVAL, also if the module is older than @config, or another
 * negative errno; kpac_error() has what the kernel says.
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
 * -EBUSY if the door asked for is taken, -ERANGE if a number is not in its
 * range, -EPERM without CAP_NET_ADMIN, -EINVAL, also if the module is older than
 * @config, or another negative errno; nothing is changed then.
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
