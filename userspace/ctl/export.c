// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl flowmon export: tell a collector of flows, again and again. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "flowmon.h"
#include "ipfix.h"
#include "table.h"

#define DEFAULT_PORT		"4739"
#define DEFAULT_MONITOR		"default"
#define DEFAULT_INTERVAL	60000
#define LEAST_INTERVAL		100

/* When a flow was last seen is known to a few ticks. */
#define ABOUT_MS		20

/* A flow, and what of it the collector has been told. */
struct record {
	struct kpac_flow flow;
	uint64_t packets;
	uint64_t bytes;
};

struct records {
	struct record *record;
	size_t n;
	size_t room;
};

struct export {
	struct ctl *ctl;
	const char *monitor;
	uint64_t interval;
	unsigned int count;	/* 0: until a signal comes */
	int fd;
	int family;
	bool warned;		/* in this export */
	bool begun;		/* there has been an export */
	struct records old, now;
	size_t from, to;	/* those of @now that the message is about */
	struct ipfix x;
};

/* ---- what was counted since the last time ---- */

static uint64_t ports_of(const struct kpac_flow *f)
{
	return (uint64_t)f->ifindex << 32 | (uint64_t)f->sport << 16 | f->dport;
}

static uint64_t rest_of(const struct kpac_flow *f)
{
	return (uint64_t)f->addr_len << 48 | (uint64_t)f->vlan << 32 |
	       (f->have & KPAC_FLOW_VLAN ? 1 << 24 : 0) |
	       (uint64_t)f->proto << 16 | (uint64_t)f->icmp_type << 8 |
	       f->icmp_code;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Whether two flows are between the same ends, as an order. */
static int compare_ends(const void *a, const void *b)
{
	const struct kpac_flow *one = &((const struct record *)a)->flow;
	const struct kpac_flow *other = &((const struct record *)b)->flow;
	int order = memcmp(one->src, other->src, sizeof(one->src));

	if (!order)
		order = memcmp(one->dst, other->dst, sizeof(one->dst));
	if (!order)
		order = compare(ports_of(one), ports_of(other));
	return order ? order : compare(rest_of(one), rest_of(other));
}

/* Whether a flow had to go, or was forgotten, and has come again. */
static bool is_new(const struct kpac_flow *flow, const struct kpac_flow *old)
{
	uint64_t last = old->started + (old->last_seen - old->first_seen);

	return flow->packets < old->packets || flow->bytes < old->bytes ||
	       flow->started > last + ABOUT_MS;
}

static void remember_told(struct export *e)
{
	const struct record *old;
	size_t i;

	for (i = 0; i < e->now.n && e->old.n; i++) {
		struct record *record = &e->now.record[i];

		old = bsearch(record, e->old.record, e->old.n, sizeof(*old),
			      compare_ends);
		if (!old || is_new(&record->flow, &old->flow))
			continue;
		record->packets = old->packets;
		record->bytes = old->bytes;
	}
}

static int keep_record(const struct kpac_flow *flow, void *arg)
{
	struct records *records = arg;

	records->record = grow(records->record, records->n, &records->room,
			       sizeof(*records->record));
	records->record[records->n++] = (struct record){ .flow = *flow };
	return 0;
}

static int fetch(struct export *e)
{
	struct records old = e->old;
	int err;

	e->old = e->now;
	e->now = old;
	e->now.n = 0;
	err = kpac_flow_dump(e->ctl->kpac, e->monitor, keep_record, &e->now);
	/* Entries are exchanged, maybe: the monitor may come again. */
	if (err == -ENOENT && e->begun)
		err = 0;
	if (err)
		return ctl_refused(e->ctl);
	if (e->now.n)
		qsort(e->now.record, e->now.n, sizeof(*e->now.record),
		      compare_ends);
	remember_told(e);
	return EXIT_OK;
}

/* ---- the way to the collector ---- */

static void warn(struct export *e, int err)
{
	if (!e->warned)
		fprintf(stderr, "Warning: cannot send to the collector: %s.\n",
			strerror(err));
	e->warned = true;
}

static void told(struct export *e)
{
	for (; e->from < e->to; e->from++) {
		struct record *record = &e->now.record[e->from];

		record->packets = record->flow.packets;
		record->bytes = record->flow.bytes;
	}
}

static int send_message(const void *message, size_t len, void *arg)
{
	struct export *e = arg;
	ssize_t sent = send(e->fd, message, len, 0);

	/* This was about the message before: nobody listens. */
	if (sent < 0 && errno == ECONNREFUSED) {
		warn(e, errno);
		sent = send(e->fd, message, len, 0);
	}
	if (sent >= 0) {
		told(e);
		return 0;
	}
	/* Next time, then. */
	e->from = e->to;
	warn(e, errno);
	return -errno;
}

/* What a message may have so that no router has to cut it into pieces. */
static size_t most_bytes(const struct export *e)
{
	bool ip6 = e->family == AF_INET6;
	socklen_t len = sizeof(int);
	int mtu = 0;
	int headers = ip6 ? 48 : 28;

	getsockopt(e->fd, ip6 ? IPPROTO_IPV6 : IPPROTO_IP,
		   ip6 ? IPV6_MTU : IP_MTU, &mtu, &len);
	mtu -= headers;
	return mtu < IPFIX_LEAST ? IPFIX_LEAST :
	       mtu > IPFIX_MOST ? IPFIX_MOST : (size_t)mtu;
}

static int export_once(struct export *e)
{
	int err = fetch(e);
	size_t i;

	if (err)
		return err;
	e->begun = true;
	e->warned = false;
	e->from = e->to = 0;
	e->x.time = (uint32_t)time(NULL);
	e->x.most = most_bytes(e);
	/* By UDP, templates get lost as everything else. */
	ipfix_templates(&e->x);
	for (i = 0; i < e->now.n; i++) {
		const struct record *record = &e->now.record[i];
		struct kpac_flow flow = record->flow;

		flow.packets -= record->packets;
		flow.bytes -= record->bytes;
		if (flow.packets)
			ipfix_flow(&e->x, &flow);
		e->to = i + 1;
	}
	ipfix_flush(&e->x);
	return EXIT_OK;
}

/* Once more at the end, for what was counted since. */
static int export_often(struct export *e, const sigset_t *unblocked)
{
	struct timespec wait = {
		.tv_sec = (time_t)(e->interval / 1000),
		.tv_nsec = (long)(e->interval % 1000) * 1000000,
	};
	unsigned int n = 0;
	bool last = false;
	int err;

	while (!(err = export_once(e))) {
		if (last || ++n == e->count)
			break;
		ppoll(NULL, 0, &wait, unblocked);
		last = stopped();
	}
	return err;
}

/* ADDR, ADDR:PORT, [ADDR] or [ADDR]:PORT. */
static bool split_collector(char *word, char **address, char **port)
{
	char *colon = strrchr(word, ':');
	char *end;

	*address = word;
	*port = NULL;
	if (*word == '[') {
		end = strchr(word, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*address = word + 1;
		*port = end[1] ? end + 2 : NULL;
		*end = '\0';
	} else if (colon && strchr(word, ':') == colon) {
		*port = colon + 1;
		*colon = '\0';
	}
	return true;
}

/* Not 10.1, which getaddrinfo() would take for 10.0.0.1. */
static bool is_address(const char *text)
{
	struct in_addr address;

	return strchr(text, ':') || inet_pton(AF_INET, text, &address) == 1;
}

static int resolve(const char *word, struct addrinfo **found)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	char *copy = strdup(word);
	char *address, *port;
	uint64_t number = 1;
	bool good;

	good = copy && split_collector(copy, &address, &port) &&
	       is_address(address) &&
	       (!port || (parse_uint(port, UINT16_MAX, &number) && number)) &&
	       !getaddrinfo(address, port ? port : DEFAULT_PORT, &hints, found);
	free(copy);
	return good ? EXIT_OK :
	       arg_wrong(word,
			 "expected an address, with or without a port from 1 to 65535, as in 192.0.2.1:" DEFAULT_PORT " or [2001:db8::1]:" DEFAULT_PORT);
}

static int connect_to(struct export *e, const char *word)
{
	struct addrinfo *found;
	int err = resolve(word, &found);

	if (err)
		return err;
	e->family = found->ai_family;
	e->fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (e->fd < 0 || connect(e->fd, found->ai_addr, found->ai_addrlen)) {
		fprintf(stderr, "Error: no way to the collector \"%s\": %s.\n",
			word, strerror(errno));
		err = EXIT_REFUSED;
	}
	freeaddrinfo(found);
	return err;
}

/* ---- the command ---- */

enum { NAME, COLLECTOR, INTERVAL, COUNT, DOMAIN, N_WORDS };

static int take_export(struct export *e, const struct pair *pairs)
{
	const char *interval = pairs[INTERVAL].value;
	uint64_t domain = 0;
	int err;

	err = check_monitor(pairs[NAME].value);
	if (err)
		return err;
	if (!pairs[COLLECTOR].value)
		return arg_required("collector");
	if (interval && (!parse_time(interval, false, &e->interval) ||
			 e->interval < LEAST_INTERVAL ||
			 e->interval > INT32_MAX))
		return arg_wrong(interval,
				 "\"interval\" is a time from 100ms to 500h, such as 10s");
	if (pairs[COUNT].value &&
	    take_number("count", pairs[COUNT].value, "a number of exports", 1,
			UINT32_MAX, &e->count))
		return EXIT_SYNTAX;
	if (pairs[DOMAIN].value &&
	    !parse_uint(pairs[DOMAIN].value, UINT32_MAX, &domain))
		return arg_wrong(pairs[DOMAIN].value,
				 "\"domain\" is a number from 0 to %u",
				 UINT32_MAX);
	e->x.domain = (uint32_t)domain;
	if (pairs[NAME].value)
		e->monitor = pairs[NAME].value;
	return connect_to(e, pairs[COLLECTOR].value);
}

int flowmon_export(struct ctl *ctl, int argc, char **argv)
{
	struct pair pairs[N_WORDS] = {
		[NAME] = { .key = "name" }, [COLLECTOR] = { .key = "collector" },
		[INTERVAL] = { .key = "interval" }, [COUNT] = { .key = "count" },
		[DOMAIN] = { .key = "domain" },
	};
	struct export e = {
		.ctl = ctl, .monitor = DEFAULT_MONITOR,
		.interval = DEFAULT_INTERVAL, .fd = -1,
		.x = { .send = send_message },
	};
	sigset_t unblocked;
	int err;

	e.x.arg = &e;
	err = take_pairs(argc, argv, pairs, N_WORDS);
	if (!err)
		err = take_export(&e, pairs);
	if (!err)
		err = ctl_connect(ctl);
	if (!err) {
		catch_signals(&unblocked);
		err = export_often(&e, &unblocked);
	}
	if (e.fd >= 0)
		close(e.fd);
	free(e.old.record);
	free(e.now.record);
	return err;
}
