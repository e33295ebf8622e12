// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kpac.h>

#include "fake.h"

struct datagram {
	struct datagram *next;
	bool event;
	unsigned int pid;
	size_t len;
	char data[];
};

struct fake fake = { .event_fd = -1 };
static struct datagram *queue, **queue_end = &queue;

void fake_reset(void (*answer)(const struct nlmsghdr *request))
{
	while (queue) {
		struct datagram *next = queue->next;

		free(queue);
		queue = next;
	}
	queue_end = &queue;
	memset(&fake, 0, sizeof(fake));
	fake.event_fd = -1;
	fake.answer = answer;
}

void fake_push(const void *data, size_t len, bool event, unsigned int pid)
{
	struct datagram *d = calloc(1, sizeof(*d) + len);

	d->event = event;
	d->pid = pid;
	d->len = len;
	memcpy(d->data, data, len);
	*queue_end = d;
	queue_end = &d->next;
}

void fake_send(struct nl_msg *msg, bool event)
{
	fake_push(nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len, event, 0);
	nlmsg_free(msg);
}

struct nl_msg *fake_msg(const struct nlmsghdr *request, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, request ? request->nlmsg_pid : 0,
		    request ? request->nlmsg_seq : 0, FAKE_FAMILY, 0, flags,
		    cmd, KPAC_FAMILY_VERSION);
	return msg;
}

static void append_tlvs(struct nl_msg *msg, struct nl_msg *tlvs)
{
	if (!tlvs)
		return;
	nlmsg_append(msg, nlmsg_data(nlmsg_hdr(tlvs)),
		     (size_t)nlmsg_datalen(nlmsg_hdr(tlvs)), NLMSG_ALIGNTO);
	nlmsg_free(tlvs);
}

/* NLMSG_ERROR as NETLINK_CAP_ACK makes it: without the request's payload. */
void fake_ack(const struct nlmsghdr *request, int err, struct nl_msg *tlvs)
{
	struct nlmsgerr e = { .error = err, .msg = *request };
	struct nl_msg *msg = nlmsg_alloc();

	nlmsg_put(msg, request->nlmsg_pid, request->nlmsg_seq, NLMSG_ERROR, 0,
		  NLM_F_CAPPED | (tlvs ? NLM_F_ACK_TLVS : 0));
	nlmsg_append(msg, &e, sizeof(e), NLMSG_ALIGNTO);
	append_tlvs(msg, tlvs);
	fake_send(msg, false);
}

void fake_done(const struct nlmsghdr *request, int err, struct nl_msg *tlvs,
	       int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	nlmsg_put(msg, request->nlmsg_pid, request->nlmsg_seq, NLMSG_DONE, 0,
		  NLM_F_MULTI | flags | (tlvs ? NLM_F_ACK_TLVS : 0));
	nlmsg_append(msg, &err, sizeof(err), NLMSG_ALIGNTO);
	append_tlvs(msg, tlvs);
	fake_send(msg, false);
}

static void put_group(struct nl_msg *msg, int n, const char *name)
{
	struct nlattr *group = nla_nest_start(msg, n);

	nla_put_u32(msg, CTRL_ATTR_MCAST_GRP_ID, FAKE_GROUP + (unsigned int)n);
	nla_put_string(msg, CTRL_ATTR_MCAST_GRP_NAME, name);
	nla_nest_end(msg, group);
}

static void answer_controller(const struct nlmsghdr *request)
{
	struct nlattr *groups;
	struct nl_msg *msg;

	if (fake.absent) {
		fake_ack(request, -ENOENT, NULL);
		return;
	}
	msg = nlmsg_alloc();
	genlmsg_put(msg, request->nlmsg_pid, request->nlmsg_seq, GENL_ID_CTRL,
		    0, 0, CTRL_CMD_NEWFAMILY, 2);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, KPAC_FAMILY_NAME);
	nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY);
	nla_put_u32(msg, CTRL_ATTR_VERSION, 1);
	groups = nla_nest_start(msg, CTRL_ATTR_MCAST_GROUPS);
	put_group(msg, 1, KPAC_MCGRP_PORTS);
	if (!fake.older)
		put_group(msg, 2, KPAC_MCGRP_TABLE);
	nla_nest_end(msg, groups);
	fake_send(msg, false);
	fake_ack(request, 0, NULL);
}

static void receive(const struct nlmsghdr *request)
{
	size_t len = request->nlmsg_len;

	if (request->nlmsg_type == GENL_ID_CTRL) {
		answer_controller(request);
		return;
	}
	memcpy(fake.request, request,
	       len < sizeof(fake.request) ? len : sizeof(fake.request));
	fake.requests++;
	if (fake.answer)
		fake.answer(request);
}

/* As the kernel, go on with the next message whatever became of the last. */
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	const struct nlmsghdr *nlh = m->msg_iov->iov_base;
	size_t left = m->msg_iov->iov_len;

	(void)fd;
	(void)flags;
	fake.sent++;
	while (left >= sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) &&
	       nlh->nlmsg_len <= left) {
		size_t size = NLMSG_ALIGN(nlh->nlmsg_len);

		receive(nlh);
		left = size < left ? left - size : 0;
		nlh = (const struct nlmsghdr *)((const char *)nlh + size);
	}
	return (ssize_t)m->msg_iov->iov_len;
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	struct datagram **where = &queue;
	struct datagram *d;
	size_t len, n;

	if (fake.lost && fd != fake.event_fd && flags & MSG_DONTWAIT) {
		fake.lost = false;
		errno = ENOBUFS;
		return -1;
	}
	if (fd == fake.event_fd && fake.overrun) {
		fake.overrun = false;
		errno = ENOBUFS;
		return -1;
	}
	while (*where && (*where)->event != (fd == fake.event_fd))
		where = &(*where)->next;
	d = *where;
	if (!d) {
		errno = EAGAIN;
		return -1;
	}
	from.nl_pid = d->pid;
	memcpy(m->msg_name, &from, sizeof(from));
	m->msg_namelen = sizeof(from);
	m->msg_controllen = 0;
	len = d->len;
	n = len < m->msg_iov->iov_len ? len : m->msg_iov->iov_len;
	memcpy(m->msg_iov->iov_base, d->data, n);
	m->msg_flags = n < len ? MSG_TRUNC : 0;
	if (!(flags & MSG_PEEK)) {
		*where = d->next;
		if (queue_end == &d->next)
			queue_end = where;
		free(d);
	}
	return (ssize_t)(flags & MSG_TRUNC ? len : n);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_NETLINK && name == NETLINK_ADD_MEMBERSHIP) {
		fake.event_fd = fd;
		return 0;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* Events first; when there are no more, the user presses ^C. */
int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
	  const sigset_t *mask)
{
	struct datagram *d;

	for (d = queue; d; d = d->next)
		if (d->event)
			return 1;
	if (fake.overrun)
		return 1;
	raise(SIGINT);
	return (int)syscall(SYS_ppoll, fds, n, timeout, mask, _NSIG / 8);
}
