// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* The handle: its sockets, its network namespace, its last error. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define NETNS_DIR "/run/netns"

/* Keep a sentence for kpac_error(); returns @err so that callers can. */
int kpac_fail(struct kpac *handle, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(handle->error, sizeof(handle->error), fmt, ap);
	va_end(ap);
	return err;
}

/* The same for a failure of libnl's own, of which no errno is left. */
int kpac_fail_nl(struct kpac *handle, int nlerr, const char *what)
{
	int err;

	switch (abs(nlerr)) {
	case NLE_NOMEM:
		err = -ENOMEM;
		break;
	case NLE_PERM:
	case NLE_NOACCESS:
		err = -EPERM;
		break;
	case NLE_OBJ_NOTFOUND:
		err = -ENOENT;
		break;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
		err = -EPROTONOSUPPORT;
		break;
	case NLE_MSG_TRUNC:
	case NLE_MSG_TOOSHORT:
	case NLE_MSG_OVERFLOW:
	case NLE_SEQ_MISMATCH:
		err = -EBADMSG;
		break;
	default:
		err = -EIO;
	}
	return kpac_fail(handle, err, "%s: %s", what, nl_geterror(nlerr));
}

static int open_netns(struct kpac *handle, const char *name)
{
	char path[sizeof(NETNS_DIR) + NAME_MAX + 1];

	if (!*name || strchr(name, '/') || !strcmp(name, ".") ||
	    !strcmp(name, "..") || strlen(name) > NAME_MAX)
		return kpac_fail(handle, -EINVAL,
				 "\"%s\" is not a name of a network namespace",
				 name);

	snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
	handle->netns = open(path, O_RDONLY | O_CLOEXEC);
	if (handle->netns < 0)
		return kpac_fail(handle, -errno,
				 "cannot open network namespace \"%s\": %s",
				 name, strerror(errno));
	return 0;
}

struct connection {
	struct kpac *handle;
	struct nl_sock *sock;
	int err;
};

static void *connect_in_netns(void *arg)
{
	struct connection *c = arg;

	if (setns(c->handle->netns, CLONE_NEWNET)) {
		c->err = kpac_fail(c->handle, -errno,
				   "cannot enter the network namespace: %s%s",
				   strerror(errno), errno == EPERM ?
				   ": needs CAP_SYS_ADMIN" : "");
		return NULL;
	}
	c->err = genl_connect(c->sock);
	if (c->err)
		c->err = kpac_fail_nl(c->handle, c->err,
				      "cannot open a netlink socket");
	return NULL;
}

/*
 * Make @sock a generic netlink socket in the handle's network namespace. A
 * namespace is entered by a thread that ends with that, because there may be
 * no way back: from a user namespace's own network namespace to the one
 * outside, for instance.
 */
int kpac_connect(struct kpac *handle, struct nl_sock **sock)
{
	struct connection c = { .handle = handle };
	pthread_t thread;

	c.sock = nl_socket_alloc();
	if (!c.sock)
		return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));

	if (handle->netns < 0) {
		c.err = genl_connect(c.sock);
		if (c.err)
			c.err = kpac_fail_nl(handle, c.err,
					     "cannot open a netlink socket");
	} else {
		c.err = -pthread_create(&thread, NULL, connect_in_netns, &c);
		if (c.err)
			kpac_fail(handle, c.err, "cannot make a thread: %s",
				  strerror(-c.err));
		else
			pthread_join(thread, NULL);
	}
	if (c.err) {
		nl_socket_free(c.sock);
		return c.err;
	}
	nl_socket_enable_msg_peek(c.sock);
	*sock = c.sock;
	return 0;
}

/* Both only improve error messages; old kernels do without. */
void kpac_want_reasons(struct nl_sock *sock)
{
	const int one = 1;

	(void)setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK,
			 &one, sizeof(one));
	(void)setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_CAP_ACK,
			 &one, sizeof(one));
}

static int resolve_family(struct kpac *handle)
{
	int id = genl_ctrl_resolve(handle->sock, KPAC_FAMILY_NAME);

	if (id == -NLE_OBJ_NOTFOUND)
		return kpac_fail(handle, -ENOENT,
				 "netlink family not found: is the module loaded? (modprobe kpac)");
	if (id < 0)
		return kpac_fail_nl(handle, id, "cannot find the netlink family");
	handle->family = id;
	return 0;
}

/**
 * kpac_open() - connect to the kpac module
 * @handle: where to put the handle
 * @netns: name of the network namespace to work in, as made by
 *	``ip netns add``, or %NULL for that of the calling thread
 *
 * All requests on the handle are about that namespace. The calling thread stays
 * where it is.
 *
 * If this fails, there still is a handle (unless memory for it was lacking,
 * when it is %NULL), so that kpac_error() can say what happened. It must be
 * given to kpac_close() in any case.
 *
 * Return: 0, or -ENOENT if the module is not loaded or the namespace does not
 * exist, -EINVAL if @netns is not a name, -EPERM if the caller may not enter
 * the namespace (it needs CAP_SYS_ADMIN), -ENOMEM, or another negative errno.
 */
int kpac_open(struct kpac **handle, const char *netns)
{
	struct kpac *h;
	int err;

	h = *handle = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->netns = -1;

	if (netns) {
		err = open_netns(h, netns);
		if (err)
			return err;
	}
	err = kpac_connect(h, &h->sock);
	if (err)
		return err;

	kpac_want_reasons(h->sock);
	return resolve_family(h);
}

/**
 * kpac_close() - release a handle
 * @handle: the handle, or %NULL
 *
 * Everything that belongs to the handle is gone afterwards, the string that
 * kpac_error() returned included, and a batch that was begun and not committed.
 */
void kpac_close(struct kpac *handle)
{
	if (!handle)
		return;
	kpac_batch_free(handle);
	nl_socket_free(handle->events);
	nl_socket_free(handle->sock);
	if (handle->netns >= 0)
		close(handle->netns);
	free(handle);
}

/**
 * kpac_error() - what went wrong, for people
 * @handle: the handle on which a function failed, or the %NULL that
 *	kpac_open() left
 *
 * Where the kernel explained its refusal (extended acknowledgement), this is
 * the kernel's sentence. It has no full stop and no newline at its end.
 *
 * Return: a string that belongs to the handle and is valid until the next call
 * with it; empty if nothing has failed yet.
 */
const char *kpac_error(const struct kpac *handle)
{
	return handle ? handle->error : strerror(ENOMEM);
}

/**
 * kpac_ifname() - the name of a device in the handle's network namespace
 * @handle: the handle
 * @ifindex: interface index, e.g. the master of a &struct kpac_port
 * @name: where to put the name, IF_NAMESIZE bytes
 *
 * Return: 0, or -ENODEV if there is no such device. @name is then empty.
 */
int kpac_ifname(struct kpac *handle, unsigned int ifindex,
		char name[IF_NAMESIZE])
{
	struct ifreq ifr = { .ifr_ifindex = (int)ifindex };

	name[0] = '\0';
	/* Any socket of the namespace will do, and this one is at hand. */
	if (ioctl(nl_socket_get_fd(handle->sock), SIOCGIFNAME, &ifr))
		return kpac_fail(handle, -errno, "device %u: %s", ifindex,
				 strerror(errno));
	memcpy(name, ifr.ifr_name, IF_NAMESIZE);
	name[IF_NAMESIZE - 1] = '\0';
	return 0;
}

/**
 * kpac_ifindex() - the interface index of a device of the handle's namespace
 * @handle: the handle
 * @name: the name of the device
 * @ifindex: where to put the interface index
 *
 * Return: 0, or -ENODEV if there is no such device. @ifindex is then 0.
 */
int kpac_ifindex(struct kpac *handle, const char *name, unsigned int *ifindex)
{
	struct ifreq ifr = { 0 };
	size_t len = strlen(name);

	*ifindex = 0;
	if (len && len < IF_NAMESIZE) {
		memcpy(ifr.ifr_name, name, len);
		if (!ioctl(nl_socket_get_fd(handle->sock), SIOCGIFINDEX, &ifr)) {
			*ifindex = (unsigned int)ifr.ifr_ifindex;
			return 0;
		}
		if (errno != ENODEV)
			return kpac_fail(handle, -errno, "device \"%s\": %s", name,
					 strerror(errno));
	}
	return kpac_fail(handle, -ENODEV, "there is no device \"%s\"", name);
}
