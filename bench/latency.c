// SPDX-License-Identifier: GPL-2.0
/*
 * latency.c - how long ago was it that pktgen sent what arrives here?
 *
 *	latency DEVICE [BURST DELAY]
 *
 * Listens on DEVICE from when it prints "ready", and until its standard input
 * ends; sleeps in between, lest it take time from what is measured, so all that
 * arrives must fit into the socket's buffer. Then prints, in nanoseconds, the
 * time between pktgen's time stamp and the kernel's on arrival:
 *
 *	packets MEAN MEDIAN P99
 *
 * pktgen rounds its time stamp down to microseconds, half of one on average.
 * Told to leave DELAY nanoseconds between BURSTs of packets it first puts the time
 * into a packet and then waits; so that is taken from the first one only, and the
 * others are late by as much as they come later than they should have been sent:
 * the first two bursts at once, then one every DELAY.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <linux/if_packet.h>
#include <linux/udp.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0xbe9be955
#define BUFFER (512 * 1024 * 1024)
#define ROUNDING 500

/* What pktgen puts behind the UDP header. */
struct pktgen_hdr {
	uint32_t magic, seq, sec, usec;
} __attribute__((packed));

static int64_t *late, first;
static size_t n;
static long burst = 1, delay;

static int listen_on(const char *device)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int fd, yes = 1, size = BUFFER;

	to.sll_protocol = htons(ETH_P_ALL);
	to.sll_ifindex = if_nametoindex(device);
	if (!to.sll_ifindex)
		error(1, errno, "%s", device);
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)))
		error(1, errno, "cannot listen on %s", device);
	return fd;
}

static const struct pktgen_hdr *header(const void *packet, ssize_t len)
{
	const struct iphdr *ip = packet;
	size_t at = ip->version == 6 ? sizeof(struct ip6_hdr) : ip->ihl * 4;
	const struct pktgen_hdr *h;

	at += sizeof(struct udphdr);
	h = (const void *)((const char *)packet + at);
	if (len < (ssize_t)(at + sizeof(*h)) || ntohl(h->magic) != MAGIC)
		return NULL;
	return h;
}

static void note(const struct pktgen_hdr *h, const struct timespec *at)
{
	int64_t sent = (int64_t)ntohl(h->sec) * 1000000000 +
		       (int64_t)ntohl(h->usec) * 1000 + ROUNDING;

	if (!n)
		first = sent;
	if (delay && ntohl(h->seq) > burst)
		sent = first + ((ntohl(h->seq) - 1) / burst - 1) * delay;
	if (!(n & (n + 1)))
		late = realloc(late, 2 * (n + 1) * sizeof(*late));
	if (!late)
		error(1, errno, "no memory");
	late[n++] = at->tv_sec * (int64_t)1000000000 + at->tv_nsec - sent;
}

/* Reads one packet, returns whether there was one. */
static int read_one(int fd)
{
	char packet[128], control[256];
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	const struct pktgen_hdr *h;
	struct cmsghdr *c;
	ssize_t len;

	len = recvmsg(fd, &m, MSG_DONTWAIT);
	if (len < 0 && errno == EAGAIN)
		return 0;
	if (len < 0)
		error(1, errno, "recvmsg");
	h = header(packet, len);
	for (c = CMSG_FIRSTHDR(&m); h && c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			note(h, (void *)CMSG_DATA(c));
	return 1;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	double sum = 0;
	char c;
	int fd;

	if (argc != 2 && argc != 4)
		error(2, 0, "usage: latency DEVICE [BURST DELAY]");
	if (argc == 4) {
		burst = atol(argv[2]);
		delay = atol(argv[3]);
	}
	fd = listen_on(argv[1]);
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	while (read_one(fd))
		;
	if (!n)
		error(1, 0, "no packet of pktgen's arrived");
	qsort(late, n, sizeof(*late), compare);
	for (size_t i = 0; i < n; i++)
		sum += late[i];
	printf("%zu %.0f %jd %jd\n", n, sum / n, (intmax_t)late[n / 2],
	       (intmax_t)late[n - 1 - n / 100]);
	return 0;
}
