// SPDX-License-Identifier: GPL-2.0
/*
 * Who asks, and who answers in user space, as well as that can be done: for reply.sh.
 *
 *   reply ask KIND ADDRESS COUNT BURST    what COUNT requests cost, all in all
 *   reply time KIND ADDRESS COUNT US      when answers come, to one every US us
 *   reply answer KIND CALLS               answer at the port, until killed
 *   reply work MS                         what a process gets done in MS ms
 *   reply peers ADDRESS COUNT MS          make the kernel ask a peer so many times
 *
 * KIND: echo, heartbeat or icmp. CALLS: plain (a datagram per call) or many.
 *
 * "ask" does not wait for answers, which somebody may drop before it: it sends a
 * burst, and the next when no other process has anything to do, which a process
 * finds out that runs only then. Its own work is the same whoever answers.
 *
 * "time" takes the kernel's word for when a request left the device and when the
 * answer came in: how long it takes until it gets the CPU itself does not count.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/ip_icmp.h>

#include <kpac.h>
#include <linux/kpac_heartbeat.h>

#define PORT	7000
#define SIZE	64	/* of a request, behind the transport header */
#define MOST	64	/* requests in a burst */

static const char template[] = "ready";

/* A request: ICMP has its header in front. */
struct request {
	struct icmphdr icmp;
	struct kpac_heartbeat heartbeat;
	char rest[SIZE - sizeof(struct kpac_heartbeat)];
};

static int is_icmp;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void run_as(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &param))
		die("sched_setscheduler");
}

/* ---- requests ---- */

static int asker(const char *kind, const char *address)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
	};
	int s;

	is_icmp = !strcmp(kind, "icmp");
	s = is_icmp ? socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) :
		      socket(AF_INET, SOCK_DGRAM, 0);
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || s < 0 ||
	    connect(s, (struct sockaddr *)&to, sizeof(to)))
		die(address);
	return s;
}

static uint16_t icmp_sum(const void *data, size_t len)
{
	const uint16_t *word = data;
	uint32_t sum = 0;

	for (; len; len -= 2)
		sum += *word++;
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

static void make_request(struct request *r, uint32_t sequence)
{
	memset(r, 0, sizeof(*r));
	r->heartbeat.magic = htonl(KPAC_HEARTBEAT_MAGIC);
	r->heartbeat.version = KPAC_HEARTBEAT_VERSION;
	r->heartbeat.type = KPAC_HEARTBEAT_PROBE;
	r->heartbeat.sequence = htonl(sequence);
	if (!is_icmp)
		return;
	r->icmp.type = ICMP_ECHO;
	r->icmp.un.echo.sequence = htons((uint16_t)sequence);
	r->icmp.checksum = icmp_sum(r, sizeof(*r));
}

static struct iovec request_bytes(struct request *r)
{
	return is_icmp ? (struct iovec){ r, sizeof(*r) } :
			 (struct iovec){ &r->heartbeat, SIZE };
}

/* ---- ask ---- */

/* A process that runs when no other wants to, and says so. */
static int idler(void)
{
	int fd[2];

	if (pipe(fd))
		die("pipe");
	if (!fork()) {
		run_as(SCHED_IDLE, 0);
		close(fd[0]);
		while (write(fd[1], "", 1) == 1)
			;
		_exit(0);
	}
	close(fd[1]);
	return fd[0];
}

static void send_burst(int s, struct mmsghdr *msg, unsigned int n)
{
	unsigned int sent = 0;
	int done;

	while (sent < n) {
		done = sendmmsg(s, msg + sent, n - sent, 0);
		if (done < 0)
			die("sendmmsg");
		sent += (unsigned int)done;
	}
}

/* Wait until there is nothing to do: what the pipe has kept is from before. */
static void wait_idle(int fd)
{
	static char old[65536];

	if (read(fd, old, sizeof(old)) < 1)
		die("read");
}

static int ask(char **argv)
{
	unsigned int count = (unsigned int)atoi(argv[2]);
	unsigned int burst = (unsigned int)atoi(argv[3]), i;
	static struct request request[MOST];
	struct mmsghdr msg[MOST] = { 0 };
	struct iovec iov[MOST];
	int s = asker(argv[0], argv[1]), idle = idler();
	uint64_t start;

	for (i = 0; i < burst; i++) {
		make_request(&request[i], i);
		iov[i] = request_bytes(&request[i]);
		msg[i].msg_hdr.msg_iov = &iov[i];
		msg[i].msg_hdr.msg_iovlen = 1;
	}
	run_as(SCHED_FIFO, 50);
	wait_idle(idle);
	start = now();
	for (i = 0; i < count; i += burst) {
		send_burst(s, msg, burst);
		wait_idle(idle);
	}
	printf("%.1f\n", (double)(now() - start) / count);
	return 0;
}

/* ---- time ---- */

static uint64_t *sent_at, *took;
static unsigned int requests, answers;

static uint64_t stamp_of(struct msghdr *msg, uint32_t *id)
{
	struct scm_timestamping stamps;
	struct sock_extended_err err;
	struct cmsghdr *c;
	uint64_t stamp = 0;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPING) {
			memcpy(&stamps, CMSG_DATA(c), sizeof(stamps));
			stamp = (uint64_t)stamps.ts[0].tv_sec * 1000000000 +
				(uint64_t)stamps.ts[0].tv_nsec;
		} else if (c->cmsg_level == SOL_IP &&
			   c->cmsg_type == IP_RECVERR) {
			memcpy(&err, CMSG_DATA(c), sizeof(err));
			*id = err.ee_data;
		}
	}
	return stamp;
}

/* Read one message, or when a request was sent; false if there is none. */
static int read_one(int s, int flags)
{
	char data[512], control[512];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct kpac_heartbeat heartbeat;
	uint32_t id = UINT32_MAX;
	uint64_t stamp;
	ssize_t n = recvmsg(s, &msg, flags | MSG_DONTWAIT);

	if (n < 0)
		return 0;
	stamp = stamp_of(&msg, &id);
	if (flags & MSG_ERRQUEUE) {
		if (id < requests)
			sent_at[id] = stamp;
		return 1;
	}
	if (n < SIZE)
		return 1;
	memcpy(&heartbeat, data + n - SIZE, sizeof(heartbeat));
	id = ntohl(heartbeat.sequence);
	/* requests that a raw socket sees have the type of the answer's */
	if (id < requests && !took[id]) {
		took[id] = stamp;
		answers++;
	}
	return 1;
}

static void read_all(int s)
{
	while (read_one(s, MSG_ERRQUEUE))
		;
	while (read_one(s, 0))
		;
}

static int compare(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return one < other ? -1 : one > other;
}

static void pause_us(uint64_t us)
{
	struct timespec t = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static uint64_t percentile(const uint64_t *sorted, unsigned int n, double part)
{
	unsigned int i = (unsigned int)((double)n * part);

	return sorted[i < n ? i : n - 1];
}

/* Print how long answers took: half of them, 99 and 99.9 %, all; how many had none. */
static void print_times(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < requests; i++)
		if (took[i] && sent_at[i])
			took[n++] = took[i] - sent_at[i];
	if (!n) {
		fprintf(stderr, "no answers\n");
		exit(1);
	}
	qsort(took, n, sizeof(*took), compare);
	printf("%llu %llu %llu %llu %u\n",
	       (unsigned long long)percentile(took, n, 0.5),
	       (unsigned long long)percentile(took, n, 0.99),
	       (unsigned long long)percentile(took, n, 0.999),
	       (unsigned long long)took[n - 1], requests - n);
}

static int time_answers(char **argv)
{
	int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
		    SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
		    SOF_TIMESTAMPING_OPT_TSONLY;
	uint64_t us = (uint64_t)atoll(argv[3]);
	int s = asker(argv[0], argv[1]);
	struct request request;
	struct iovec iov;
	unsigned int i;

	requests = (unsigned int)atoi(argv[2]);
	sent_at = calloc(requests, sizeof(*sent_at));
	took = calloc(requests, sizeof(*took));
	if (!sent_at || !took ||
	    setsockopt(s, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)))
		die("SO_TIMESTAMPING");
	/* a worker of the kernel's has received packets stamped from then on */
	pause_us(100000);
	run_as(SCHED_FIFO, 50);
	srandom(1);
	for (i = 0; i < requests; i++) {
		make_request(&request, i);
		iov = request_bytes(&request);
		if (writev(s, &iov, 1) < 0)
			die("send");
		/* not in step with the tick */
		pause_us(us / 2 + (uint64_t)random() % us);
		read_all(s);
	}
	for (i = 0; i < 100 && answers < requests; i++) {
		pause_us(10000);
		read_all(s);
	}
	print_times();
	return 0;
}

/* ---- answer ---- */

static size_t make_answer(char *data, size_t len, int beats)
{
	struct kpac_heartbeat *heartbeat = (struct kpac_heartbeat *)data;
	size_t text = sizeof(template) - 1;

	if (!beats)
		return len;
	if (len < sizeof(*heartbeat) ||
	    heartbeat->magic != htonl(KPAC_HEARTBEAT_MAGIC) ||
	    heartbeat->version != KPAC_HEARTBEAT_VERSION ||
	    heartbeat->type != KPAC_HEARTBEAT_PROBE)
		return 0;
	if (text > len - sizeof(*heartbeat))
		text = len - sizeof(*heartbeat);
	heartbeat->type = KPAC_HEARTBEAT_ANSWER;
	heartbeat->text_len = htons((uint16_t)text);
	memcpy(heartbeat + 1, template, text);
	return len;
}

static void answer_plain(int s, int beats)
{
	struct sockaddr_in from;
	socklen_t len;
	char data[2048];
	ssize_t n;

	for (;;) {
		len = sizeof(from);
		n = recvfrom(s, data, sizeof(data), 0,
			     (struct sockaddr *)&from, &len);
		if (n > 0 && make_answer(data, (size_t)n, beats))
			sendto(s, data, (size_t)n, 0,
			       (struct sockaddr *)&from, len);
	}
}

static void answer_many(int s, int beats)
{
	static char data[MOST][2048];
	struct sockaddr_in from[MOST];
	struct mmsghdr msg[MOST];
	struct iovec iov[MOST];
	int i, n;

	for (;;) {
		for (i = 0; i < MOST; i++) {
			iov[i] = (struct iovec){ data[i], sizeof(data[i]) };
			msg[i].msg_hdr = (struct msghdr){
				.msg_name = &from[i],
				.msg_namelen = sizeof(from[i]),
				.msg_iov = &iov[i], .msg_iovlen = 1,
			};
		}
		n = recvmmsg(s, msg, MOST, MSG_WAITFORONE, NULL);
		for (i = 0; i < n; i++)
			iov[i].iov_len = make_answer(data[i], msg[i].msg_len,
						     beats);
		if (n > 0)
			sendmmsg(s, msg, (unsigned int)n, 0);
	}
}

static int answer(char **argv)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
	};
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	int beats = !strcmp(argv[0], "heartbeat");

	if (bind(s, (struct sockaddr *)&at, sizeof(at)))
		die("bind");
	if (!strcmp(argv[1], "plain"))
		answer_plain(s, beats);
	answer_many(s, beats);
	return 0;
}

/* ---- work, peers ---- */

static int work(char **argv)
{
	uint64_t end = now() + (uint64_t)atoll(argv[0]) * 1000000, n = 0;
	volatile unsigned int i;

	do {
		for (i = 0; i < 1000; i++)
			;
		n++;
	} while (now() < end);
	printf("%llu\n", (unsigned long long)n);
	return 0;
}

static int peers(char **argv)
{
	struct kpac_heartbeat_config config = {
		.size = sizeof(config), .addr_len = 4, .dport = PORT,
		.interval = (unsigned int)atoi(argv[2]),
	};
	int i, n = atoi(argv[1]);
	struct kpac *kpac;
	char name[16];

	if (inet_pton(AF_INET, argv[0], config.addr) != 1 ||
	    kpac_open(&kpac, NULL))
		die("kpac");
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		config.name = name;
		if (kpac_heartbeat_add(kpac, &config)) {
			fprintf(stderr, "%s\n", kpac_error(kpac));
			return 1;
		}
	}
	kpac_close(kpac);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "ask"))
		return ask(argv + 2);
	if (argc == 6 && !strcmp(argv[1], "time"))
		return time_answers(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "answer"))
		return answer(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "work"))
		return work(argv + 2);
	if (argc == 5 && !strcmp(argv[1], "peers"))
		return peers(argv + 2);
	fprintf(stderr, "usage: see reply.c\n");
	return 2;
}
