// SPDX-License-Identifier: GPL-2.0
/*
 * routes.c - add a million routes, quickly.
 *
 *	routes 4|6 GATEWAY [COUNT]
 *
 * IPv4: the first 100 000 are /32 from 198.18.0.0 on, one for each destination
 * of the benchmark's traffic, the rest /24 from 16.0.0.0 on. IPv6: /64 from
 * 2001:db8:: on. Does what "ip -batch" does with one system call per thousand
 * routes instead of two for each: under emulation that is minutes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 1000
#define HOSTS 100000

static char buf[256 * 1024];

static void put_attr(struct nlmsghdr *n, int type, const void *data, int len)
{
	struct rtattr *a = (void *)((char *)n + NLMSG_ALIGN(n->nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + RTA_ALIGN(a->rta_len);
}

/* Writes the destination of route number @i, returns its prefix length. */
static int destination(int family, uint32_t i, uint32_t dst[4])
{
	memset(dst, 0, 16);
	if (family == AF_INET6) {
		dst[0] = htonl(0x20010db8);
		dst[1] = htonl(i);
		return 64;
	}
	if (i < HOSTS) {
		dst[0] = htonl(0xc6120000 + i);
		return 32;
	}
	dst[0] = htonl(0x10000000 + ((i - HOSTS) << 8));
	return 24;
}

static void put_route(struct nlmsghdr *n, int family, uint32_t i, const void *gw)
{
	int len = family == AF_INET ? 4 : 16;
	struct rtmsg *r = NLMSG_DATA(n);
	uint32_t dst[4];

	n->nlmsg_len = NLMSG_LENGTH(sizeof(*r));
	n->nlmsg_type = RTM_NEWROUTE;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	n->nlmsg_seq = i;
	memset(r, 0, sizeof(*r));
	r->rtm_family = family;
	r->rtm_table = RT_TABLE_MAIN;
	r->rtm_protocol = RTPROT_STATIC;
	r->rtm_scope = RT_SCOPE_UNIVERSE;
	r->rtm_type = RTN_UNICAST;
	r->rtm_dst_len = destination(family, i, dst);
	put_attr(n, RTA_DST, dst, len);
	put_attr(n, RTA_GATEWAY, gw, len);
}

/* The kernel answers errors only; the first one ends the program. */
static void check(int fd)
{
	struct {
		struct nlmsghdr n;
		struct nlmsgerr e;
	} r;

	if (recv(fd, &r, sizeof(r), MSG_DONTWAIT) >= (ssize_t)sizeof(r) &&
	    r.n.nlmsg_type == NLMSG_ERROR && r.e.error)
		error(1, -r.e.error, "route %u", r.n.nlmsg_seq);
}

int main(int argc, char **argv)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint32_t i, end, len, count = 1000000;
	int family, size = sizeof(buf), fd;
	unsigned char gw[16];

	if (argc > 3)
		count = atoi(argv[3]);
	family = argc > 2 && *argv[1] == '6' ? AF_INET6 : AF_INET;
	if (argc < 3 || inet_pton(family, argv[2], gw) != 1)
		error(2, 0, "usage: routes 4|6 GATEWAY [COUNT]");

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || connect(fd, (void *)&kernel, sizeof(kernel)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		error(1, errno, "netlink");

	for (i = 0; i < count; i = end) {
		end = count - i < BATCH ? count : i + BATCH;
		for (len = 0; i < end; i++) {
			struct nlmsghdr *n = (void *)(buf + len);

			put_route(n, family, i, gw);
			len += NLMSG_ALIGN(n->nlmsg_len);
		}
		if (send(fd, buf, len, 0) < 0)
			error(1, errno, "send");
		check(fd);
	}
	return 0;
}
