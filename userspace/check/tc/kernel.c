// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * Preloaded into tc(8), this is the kernel as far as queueing disciplines go:
 * prints what tc asks for, and answers with what KPAC_TC_REPLY says, so that
 * nothing of the machine's network is changed or needed. All else of tc's
 * netlink goes to the kernel.
 *
 * KPAC_TC_REPLY  how many counters TCA_STATS_APP is to have; "none" for neither
 *                that nor options
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sch_kpac.h>

static char reply[4096];	/* what tc has yet to read */
static size_t reply_len;

static struct nlmsghdr *begin(int type, int flags, uint32_t seq, uint32_t pid,
			      const void *data, size_t len)
{
	struct nlmsghdr *n = (struct nlmsghdr *)(reply + reply_len);

	n->nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	n->nlmsg_type = (uint16_t)type;
	n->nlmsg_flags = (uint16_t)flags;
	n->nlmsg_seq = seq;
	n->nlmsg_pid = pid;
	memcpy(NLMSG_DATA(n), data, len);
	return n;
}

static void end(const struct nlmsghdr *n)
{
	reply_len += NLMSG_ALIGN(n->nlmsg_len);
}

static struct rtattr *put(struct nlmsghdr *n, int type, const void *data,
			  size_t len)
{
	struct rtattr *attr = (struct rtattr *)((char *)n +
						NLMSG_ALIGN(n->nlmsg_len));

	attr->rta_type = (unsigned short)type;
	attr->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(attr), data, len);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + RTA_ALIGN(attr->rta_len);
	return attr;
}

static void put_end(const struct nlmsghdr *n, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((char *)n + n->nlmsg_len -
					 (char *)nest);
}

static void put_qdisc(struct nlmsghdr *n, size_t counters)
{
	const uint64_t values[8] = { 1, 5000000000, 3, 4, 5, 6, 7, 8 };
	const struct gnet_stats_basic basic = { .bytes = 6400, .packets = 100 };
	const struct gnet_stats_queue queue = { .qlen = 9 };
	const uint32_t limit = 1000, batch = 64, unknown = 1;
	struct rtattr *nest;

	nest = put(n, TCA_OPTIONS | NLA_F_NESTED, NULL, 0);
	put(n, TCA_KPAC_LIMIT, &limit, sizeof(limit));
	put(n, 100, &unknown, sizeof(unknown));
	put(n, TCA_KPAC_BATCH, &batch, sizeof(batch));
	put_end(n, nest);
	nest = put(n, TCA_STATS2, NULL, 0);
	put(n, TCA_STATS_BASIC, &basic, sizeof(basic));
	put(n, TCA_STATS_QUEUE, &queue, sizeof(queue));
	put(n, TCA_STATS_APP, values, counters * sizeof(values[0]));
	put_end(n, nest);
}

static void answer_dump(const struct nlmsghdr *request, uint32_t pid)
{
	const char *counters = getenv("KPAC_TC_REPLY");
	const struct tcmsg tcm = {
		.tcm_ifindex = 1, .tcm_parent = TC_H_ROOT, .tcm_info = 1,
		.tcm_handle = 0x80010000,
	};
	struct nlmsghdr *n;
	int err = 0;

	n = begin(RTM_NEWQDISC, NLM_F_MULTI, request->nlmsg_seq, pid, &tcm,
		  sizeof(tcm));
	put(n, TCA_KIND, "kpac", sizeof("kpac"));
	if (strcmp(counters, "none"))
		put_qdisc(n, strtoul(counters, NULL, 10));
	end(n);
	end(begin(NLMSG_DONE, NLM_F_MULTI, request->nlmsg_seq, pid, &err,
		  sizeof(err)));
}

static void print_options(const struct rtattr *nest)
{
	const struct rtattr *attr;
	uint32_t value;
	int rest = (int)RTA_PAYLOAD(nest);

	printf(" options%s", nest->rta_type & NLA_F_NESTED ? "" : " not nested");
	for (attr = RTA_DATA(nest); RTA_OK(attr, rest);
	     attr = RTA_NEXT(attr, rest)) {
		memcpy(&value, RTA_DATA(attr), sizeof(value));
		printf(" %u=%u", attr->rta_type, value);
	}
}

static void answer_change(const struct nlmsghdr *request, uint32_t pid)
{
	const struct nlmsgerr ack = { .msg = *request };
	const struct rtattr *attr = TCA_RTA(NLMSG_DATA(request));
	int rest = (int)TCA_PAYLOAD(request);

	printf("request");
	for (; RTA_OK(attr, rest); attr = RTA_NEXT(attr, rest)) {
		if (attr->rta_type == TCA_KIND)
			printf(" %s", (const char *)RTA_DATA(attr));
		if ((attr->rta_type & NLA_TYPE_MASK) == TCA_OPTIONS)
			print_options(attr);
	}
	printf("\n");
	end(begin(NLMSG_ERROR, 0, request->nlmsg_seq, pid, &ack, sizeof(ack)));
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	const struct nlmsghdr *request = m->msg_iov->iov_base;
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(self);

	if (request->nlmsg_type != RTM_NEWQDISC &&
	    request->nlmsg_type != RTM_GETQDISC)
		return syscall(SYS_sendmsg, fd, m, flags);
	getsockname(fd, (struct sockaddr *)&self, &len);
	if (request->nlmsg_type == RTM_GETQDISC)
		answer_dump(request, self.nl_pid);
	else
		answer_change(request, self.nl_pid);
	return (ssize_t)m->msg_iov->iov_len;
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	size_t len = reply_len;
	size_t n = len < m->msg_iov->iov_len ? len : m->msg_iov->iov_len;

	if (!len)
		return syscall(SYS_recvmsg, fd, m, flags);
	if (m->msg_name)
		memcpy(m->msg_name, &kernel, sizeof(kernel));
	m->msg_controllen = 0;
	m->msg_flags = n < len ? MSG_TRUNC : 0;
	if (n)
		memcpy(m->msg_iov->iov_base, reply, n);
	if (!(flags & MSG_PEEK))
		reply_len = 0;
	return (ssize_t)(flags & MSG_TRUNC ? len : n);
}
