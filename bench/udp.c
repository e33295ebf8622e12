// SPDX-License-Identifier: GPL-2.0
/*
 * udp.c - how long does a datagram take that a process sends now and then?
 *
 *	udp NAMESPACE ADDRESS COUNT MICROSECONDS
 *
 * Receives at ADDRESS here, and sends to it from NAMESPACE, COUNT times, with
 * MICROSECONDS in between. Prints, in nanoseconds,
 *
 *	packets CALL_MEAN CALL_P99 ARRIVAL_MEAN ARRIVAL_P99
 *
 * of what sendto() takes, and from before it until the peer's stack has the packet.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 9009
#define WARMUP 20

static int64_t ns(const struct timespec *t)
{
	return t->tv_sec * 1000000000ll + t->tv_nsec;
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ns(&t);
}

static int by_value(const void *a, const void *b)
{
	int64_t d = *(const int64_t *)a - *(const int64_t *)b;

	return d < 0 ? -1 : d > 0;
}

static void print(int64_t *values, size_t n)
{
	double sum = 0;
	size_t i;

	qsort(values, n, sizeof(*values), by_value);
	for (i = 0; i < n; i++)
		sum += values[i];
	printf(" %.0f %lld", sum / n, (long long)values[n * 99 / 100]);
}

static int udp_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		error(1, errno, "socket");
	return fd;
}

static int receiver(const struct sockaddr_in *at)
{
	struct timeval patience = { .tv_sec = 1 };
	int fd = udp_socket(), yes = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    bind(fd, (const struct sockaddr *)at, sizeof(*at)))
		error(1, errno, "cannot receive");
	return fd;
}

static void enter(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		error(1, errno, "%s", path);
	close(fd);
}

/* When the kernel has received a datagram; 0: it has not. */
static int64_t arrival(int fd)
{
	char data[64], control[256];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;

	if (recvmsg(fd, &msg, 0) < 0)
		return 0;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_type == SCM_TIMESTAMPNS)
			return ns((struct timespec *)CMSG_DATA(c));
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int64_t *call, *late, before, after, got;
	long i, count, gap, n = 0;
	char data[18] = "";
	int in, out;

	if (argc != 5 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1)
		error(2, 0, "usage: udp NAMESPACE ADDRESS COUNT MICROSECONDS");
	count = atol(argv[3]);
	gap = atol(argv[4]);
	call = calloc(count, sizeof(*call));
	late = calloc(count, sizeof(*late));
	if (!call || !late)
		error(1, errno, "calloc");
	in = receiver(&to);
	enter(argv[1]);
	out = udp_socket();
	/* until the kernel stamps what it receives */
	usleep(100000);

	for (i = -WARMUP; i < count; i++) {
		usleep(gap);
		before = now();
		if (sendto(out, data, sizeof(data), 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			error(1, errno, "sendto");
		after = now();
		got = arrival(in);
		if (i < 0 || !got)
			continue;
		call[n] = after - before;
		late[n++] = got - before;
	}
	printf("%ld", n);
	if (n) {
		print(call, n);
		print(late, n);
	}
	putchar('\n');
	return 0;
}
