// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * libkpac and kpacctl against a kernel that the test plays (fake.c): what they
 * send, what they make of replies good and bad, and what they say. Prints TAP
 * without a plan; check.sh goes on from there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ctl/kpacctl.h"
#include "../lib/internal.h"
#include "fake.h"

static int tests;
static int failures;
static bool sound;

/* One line of TAP per subject; what fails within it is named by a comment. */
#define EXPECT(what)							\
	do {								\
		if (!(what)) {						\
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #what); \
			sound = false;					\
		}							\
	} while (0)

static void subject(const char *name, void (*test)(void))
{
	sound = true;
	fake_reset(NULL);
	test();
	fake_reset(NULL);
	failures += !sound;
	printf("%sok %d %s\n", sound ? "" : "not ", ++tests, name);
	fflush(stdout);
}

static void put_port(struct nl_msg *msg, unsigned int ifindex, const char *name)
{
	nla_put_u32(msg, KPAC_A_PORT_IFINDEX, ifindex);
	nla_put_string(msg, KPAC_A_PORT_IFNAME, name);
	nla_put_u32(msg, KPAC_A_PORT_DOOR, KPAC_DOOR_AUTO);
	nla_put_u32(msg, KPAC_A_PORT_DOOR_USED, KPAC_DOOR_INGRESS);
	nla_put_u32(msg, KPAC_A_PORT_DOOR_WHY, KPAC_DOOR_WHY_TAKEN);
	nla_put_u8(msg, KPAC_A_PORT_FORWARD, 1);
}

static void put_pass(struct nl_msg *msg, unsigned int reason, uint32_t packets,
		     uint64_t bytes)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_STATS_PASS);

	nla_put_u32(msg, KPAC_A_PASS_REASON, reason);
	nla_put_u32(msg, KPAC_A_PASS_PACKETS, packets);
	nla_put_u64(msg, KPAC_A_PASS_BYTES, bytes);
	nla_nest_end(msg, nest);
}

static void put_stats(struct nl_msg *msg, unsigned int ifindex,
		      const char *name)
{
	nla_put_u32(msg, KPAC_A_STATS_IFINDEX, ifindex);
	nla_put_string(msg, KPAC_A_STATS_IFNAME, name);
	nla_put_u64(msg, KPAC_A_STATS_PACKETS, 5000000000);
	nla_put_u64(msg, KPAC_A_STATS_BYTES, 320000000000);
	nla_put_u64(msg, KPAC_A_STATS_ACCELERATED_PACKETS, 4999999990);
	nla_put_u64(msg, KPAC_A_STATS_ACCELERATED_BYTES, 319999999360);
	nla_put_u64(msg, KPAC_A_STATS_HANDOVER_PACKETS, 4999999000);
	nla_put_u32(msg, KPAC_A_STATS_DIRECT_PACKETS, 900);
	nla_put_u32(msg, KPAC_A_STATS_QUEUED_PACKETS, 90);
	nla_put_u32(msg, KPAC_A_STATS_DROP_PACKETS, 1);
	nla_put_u32(msg, KPAC_A_STATS_RESOLVE_PACKETS, 7);
	put_pass(msg, KPAC_PASS_REASON_TTL, 2, 128);
	put_pass(msg, KPAC_PASS_REASON_NOT_IP, 7, 322);
	nla_put_u32(msg, 200, 1);	/* of a newer module */
}

static void put_master(struct nl_msg *msg)
{
	nla_put_u32(msg, KPAC_A_PORT_MASTER, 4000000);
}

/* A module with two ports, a and b. */
static void answer_well(const struct nlmsghdr *request)
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	uint8_t cmd = genlmsg_hdr((struct nlmsghdr *)request)->cmd;
	struct nl_msg *msg;
	int i;

	if (cmd != KPAC_CMD_PORT_GET && cmd != KPAC_CMD_STATS_GET) {
		fake_ack(request, 0, NULL);
		return;
	}
	for (i = 0; i < (dump ? 2 : 1); i++) {
		msg = fake_msg(request, cmd, dump ? NLM_F_MULTI : 0);
		if (cmd == KPAC_CMD_PORT_GET)
			put_port(msg, 2 + i, i ? "b" : "a");
		else
			put_stats(msg, 2 + i, i ? "b" : "a");
		if (i && cmd == KPAC_CMD_PORT_GET)
			put_master(msg);
		fake_send(msg, false);
	}
	if (dump)
		fake_done(request, 0, NULL, 0);
	else
		fake_ack(request, 0, NULL);
}

static void answer_nothing(const struct nlmsghdr *request)
{
	if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		fake_done(request, 0, NULL, 0);
	else
		fake_ack(request, 0, NULL);
}

static struct kpac *open_fake(void (*answer)(const struct nlmsghdr *request))
{
	struct kpac *kpac;

	fake_reset(answer);
	if (kpac_open(&kpac, NULL)) {
		printf("Bail out! %s\n", kpac_error(kpac));
		exit(1);
	}
	return kpac;
}

static int count_port(const struct kpac_port *port, void *arg)
{
	EXPECT(port->ifindex && *port->ifname);
	++*(int *)arg;
	return 0;
}

static int count_stats(const struct kpac_stats *stats, void *arg)
{
	EXPECT(stats->ifindex && *stats->ifname);
	++*(int *)arg;
	return 0;
}

/* Names */

static void test_names(void)
{
	unsigned int i, j;

	for (i = 0; i <= KPAC_PASS_REASON_MAX; i++) {
		const char *name = kpac_pass_reason_name(i);

		EXPECT(kpac_pass_reason_from_name(name) == (int)i);
		EXPECT(strlen(kpac_pass_reason_meaning(i)) <= 66);
		for (j = 0; j < i; j++) {
			EXPECT(strcmp(name, kpac_pass_reason_name(j)));
			EXPECT(strcmp(kpac_pass_reason_meaning(i),
				      kpac_pass_reason_meaning(j)));
		}
	}
	EXPECT(!strcmp(kpac_pass_reason_name(i), "unknown"));
	EXPECT(!strcmp(kpac_pass_reason_name(~0u), "unknown"));
	EXPECT(*kpac_pass_reason_meaning(~0u));
	EXPECT(kpac_pass_reason_from_name("") == -EINVAL);
	EXPECT(kpac_pass_reason_from_name("unknown") == -EINVAL);

	for (i = 0; i <= KPAC_DOOR_MAX; i++)
		EXPECT(kpac_door_from_name(kpac_door_name(i)) == (int)i);
	EXPECT(!strcmp(kpac_door_name(~0u), "unknown"));
	EXPECT(kpac_door_from_name("rx") == -EINVAL);
	for (i = 0; i <= KPAC_DOOR_WHY_MAX + 1; i++)
		EXPECT(*kpac_door_why_name(i) && *kpac_door_why_meaning(i));
}

/* docs/pass-reasons.md: a section per reason, in order, with our sentence. */
static void test_docs(void)
{
	char line[512], text[256];
	unsigned int reason = 0;
	bool heading = false;
	FILE *f = fopen(DOCS "/pass-reasons.md", "r");

	EXPECT(f);
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (heading && *line) {
			snprintf(text, sizeof(text), "*%s*",
				 kpac_pass_reason_meaning(reason));
			EXPECT(!strcmp(line, text));
			heading = false;
			reason++;
		} else if (!strncmp(line, "## ", 3) &&
			   kpac_pass_reason_from_name(line + 3) >= 0) {
			EXPECT(!strcmp(line + 3, kpac_pass_reason_name(reason)));
			heading = true;
		}
	}
	fclose(f);
	EXPECT(reason == KPAC_PASS_REASON_MAX + 1);
}

/* Messages */

static void test_parse_port(void)
{
	struct nl_msg *msg = fake_msg(NULL, KPAC_CMD_PORT_GET, 0);
	struct kpac_port port;

	put_port(msg, 7, "eth0");
	put_master(msg);
	EXPECT(!kpac_parse_port(nlmsg_hdr(msg), &port));
	EXPECT(port.ifindex == 7 && !strcmp(port.ifname, "eth0"));
	EXPECT(port.have == (KPAC_PORT_DOOR | KPAC_PORT_DOOR_USED |
			     KPAC_PORT_DOOR_WHY | KPAC_PORT_FORWARD));
	EXPECT(port.door == KPAC_DOOR_AUTO &&
	       port.door_used == KPAC_DOOR_INGRESS &&
	       port.door_why == KPAC_DOOR_WHY_TAKEN);
	EXPECT(port.forward && port.master == 4000000);
	nlmsg_free(msg);

	msg = fake_msg(NULL, KPAC_CMD_PORT_GET, 0);
	nla_put_u32(msg, KPAC_A_PORT_IFINDEX, 7);
	EXPECT(kpac_parse_port(nlmsg_hdr(msg), &port) == -EBADMSG);
	nla_put_string(msg, KPAC_A_PORT_IFNAME, "sixteen.letters.");
	EXPECT(kpac_parse_port(nlmsg_hdr(msg), &port) == -EBADMSG);
	nlmsg_free(msg);

	/* A string need not end with a zero. */
	msg = fake_msg(NULL, KPAC_CMD_PORT_GET, 0);
	nla_put_u32(msg, KPAC_A_PORT_IFINDEX, 7);
	nla_put(msg, KPAC_A_PORT_IFNAME, 4, "eth0");
	nla_put_u16(msg, KPAC_A_PORT_DOOR, 1);	/* of the wrong size */
	EXPECT(!kpac_parse_port(nlmsg_hdr(msg), &port));
	EXPECT(!strcmp(port.ifname, "eth0") && !port.have);
	nlmsg_free(msg);
}

static void test_parse_stats(void)
{
	struct nl_msg *msg = fake_msg(NULL, KPAC_CMD_STATS_GET, 0);
	struct kpac_stats stats;

	put_stats(msg, 7, "eth0");
	EXPECT(!kpac_parse_stats(nlmsg_hdr(msg), &stats));
	EXPECT(stats.packets == 5000000000 && stats.direct_packets == 900);
	EXPECT(stats.n_pass == 2);
	EXPECT(stats.pass_packets == 9 && stats.pass_bytes == 450);
	EXPECT(stats.pass[0].reason == KPAC_PASS_REASON_NOT_IP);
	EXPECT(stats.pass[1].reason == KPAC_PASS_REASON_TTL &&
	       stats.pass[1].packets == 2 && stats.pass[1].bytes == 128);
	kpac_stats_fini(&stats);

	nla_put_u32(msg, KPAC_A_STATS_PASS, 3);	/* no nest */
	EXPECT(kpac_parse_stats(nlmsg_hdr(msg), &stats) == -EBADMSG);
	EXPECT(!stats.pass);
	nlmsg_free(msg);
}

/* Every prefix, and many with bytes changed; the sanitizers watch. */
static void parse_bad(struct nl_msg *msg)
{
	size_t len = nlmsg_hdr(msg)->nlmsg_len;
	struct kpac_stats stats;
	struct kpac_port port;
	size_t n, i;
	int round;

	for (round = 0; round < 20000; round++) {
		struct nlmsghdr *copy;

		n = (size_t)round <= len - sizeof(*copy) ?
		    sizeof(*copy) + (size_t)round : len;
		copy = malloc(n);
		memcpy(copy, nlmsg_hdr(msg), n);
		for (i = 0; (size_t)round > len && i < (size_t)round % 9; i++)
			((unsigned char *)copy)[sizeof(*copy) + (size_t)rand() %
				(n - sizeof(*copy))] = (unsigned char)rand();
		copy->nlmsg_len = (unsigned int)n;
		kpac_parse_port(copy, &port);
		if (!kpac_parse_stats(copy, &stats))
			kpac_stats_fini(&stats);
		free(copy);
	}
	nlmsg_free(msg);
}

static void test_parse_bad(void)
{
	struct nl_msg *msg = fake_msg(NULL, KPAC_CMD_PORT_GET, 0);

	srand(1);
	put_port(msg, 7, "eth0");
	put_master(msg);
	parse_bad(msg);
	msg = fake_msg(NULL, KPAC_CMD_STATS_GET, 0);
	put_stats(msg, 7, "eth0");
	parse_bad(msg);
}

/* The same through libnl and the whole library. */
static bool mangle_dump;

static void answer_mangled(const struct nlmsghdr *request)
{
	uint8_t cmd = genlmsg_hdr((struct nlmsghdr *)request)->cmd;
	struct nl_msg *msg = fake_msg(request, cmd, NLM_F_MULTI);
	struct nl_msg *tlvs = nlmsg_alloc();
	unsigned char buf[4096];
	size_t len;
	int i;

	nlmsg_put(tlvs, 0, 0, 0, 0, 0);
	nla_put_string(tlvs, NLMSGERR_ATTR_MSG, "no");
	nla_put_u32(tlvs, NLMSGERR_ATTR_OFFS, 20);
	if (mangle_dump)
		put_stats(msg, 3, "c");
	else
		put_port(msg, 3, "c");
	len = nlmsg_hdr(msg)->nlmsg_len;
	memcpy(buf, nlmsg_hdr(msg), len);
	for (i = 0; i < rand() % 6; i++)
		buf[rand() % (int)len] = (unsigned char)rand();
	fake_push(buf, len - (rand() % 4 ? 0 : (size_t)rand() % len), false, 0);
	nlmsg_free(msg);
	if (rand() % 2)
		fake_done(request, -EINVAL, tlvs, 0);
	else
		fake_ack(request, -EINVAL, tlvs);
}

static void test_mangled(void)
{
	struct kpac *kpac;
	int n = 0;
	int i;

	srand(2);
	for (i = 0; i < 4000; i++) {
		kpac = open_fake(answer_mangled);
		mangle_dump = i & 1;
		if (i & 1)
			EXPECT(kpac_stats_dump(kpac, count_stats, &n) < 0);
		else
			EXPECT(kpac_port_dump(kpac, count_port, &n) < 0);
		EXPECT(*kpac_error(kpac));
		kpac_close(kpac);
	}
	EXPECT(!n);
}

/* Requests */

static void test_requests(void)
{
	struct kpac_port_config config = {
		.size = sizeof(config), .set = KPAC_PORT_DOOR,
		.door = KPAC_DOOR_INGRESS,
	};
	struct kpac *kpac = open_fake(answer_well);
	struct nlmsghdr *nlh = (struct nlmsghdr *)fake.request;
	struct nlattr *tb[KPAC_A_PORT_MAX + 1];

	EXPECT(!kpac_port_add(kpac, kpac_dev_name("a"), &config));
	EXPECT(nlh->nlmsg_type == FAKE_FAMILY);
	EXPECT(genlmsg_hdr(nlh)->cmd == KPAC_CMD_PORT_NEW);
	EXPECT(genlmsg_hdr(nlh)->version == KPAC_FAMILY_VERSION);
	EXPECT(!genlmsg_parse(nlh, 0, tb, KPAC_A_PORT_MAX, NULL));
	EXPECT(tb[KPAC_A_PORT_IFNAME] && !tb[KPAC_A_PORT_IFINDEX] &&
	       !strcmp(nla_get_string(tb[KPAC_A_PORT_IFNAME]), "a"));
	EXPECT(tb[KPAC_A_PORT_DOOR] && !tb[KPAC_A_PORT_FORWARD] &&
	       nla_get_u32(tb[KPAC_A_PORT_DOOR]) == KPAC_DOOR_INGRESS);

	EXPECT(!kpac_port_del(kpac, kpac_dev_index(9)));
	EXPECT(genlmsg_hdr(nlh)->cmd == KPAC_CMD_PORT_DEL);
	EXPECT(!genlmsg_parse(nlh, 0, tb, KPAC_A_PORT_MAX, NULL));
	EXPECT(tb[KPAC_A_PORT_IFINDEX] && !tb[KPAC_A_PORT_IFNAME] &&
	       nla_get_u32(tb[KPAC_A_PORT_IFINDEX]) == 9);

	EXPECT(!kpac_stats_reset_all(kpac));
	EXPECT(genlmsg_hdr(nlh)->cmd == KPAC_CMD_STATS_RESET);
	EXPECT(!genlmsg_attrlen(genlmsg_hdr(nlh), 0));
	EXPECT(!kpac_stats_reset(kpac, kpac_dev_name("a")));
	EXPECT(genlmsg_attrlen(genlmsg_hdr(nlh), 0));

	/* What is wrong never gets to the kernel. */
	fake.requests = 0;
	EXPECT(kpac_port_add(kpac, kpac_dev_name(""), NULL) == -EINVAL);
	EXPECT(kpac_port_add(kpac, kpac_dev_name("sixteen.letters."), NULL) ==
	       -EINVAL);
	EXPECT(kpac_port_add(kpac, kpac_dev_index(0), NULL) == -EINVAL);
	config.size--;
	EXPECT(kpac_port_add(kpac, kpac_dev_name("a"), &config) == -EINVAL);
	config.size++;
	config.set = ~0u;
	EXPECT(kpac_port_add(kpac, kpac_dev_name("a"), &config) == -EINVAL);
	EXPECT(!fake.requests && *kpac_error(kpac));
	kpac_close(kpac);
}

static void test_open(void)
{
	struct kpac *kpac;

	fake_reset(NULL);
	fake.absent = true;
	EXPECT(kpac_open(&kpac, NULL) == -ENOENT);
	EXPECT(strstr(kpac_error(kpac), "modprobe kpac"));
	kpac_close(kpac);
	EXPECT(kpac_open(&kpac, "no-such-namespace") == -ENOENT);
	EXPECT(strstr(kpac_error(kpac), "\"no-such-namespace\""));
	kpac_close(kpac);
	EXPECT(kpac_open(&kpac, "../x") == -EINVAL);
	kpac_close(kpac);
	EXPECT(kpac_open(&kpac, "") == -EINVAL);
	kpac_close(kpac);
	kpac_close(NULL);
	EXPECT(*kpac_error(NULL));
}

/* Refusals */

static struct {
	int err;
	const char *text;
	int offset;	/* of the wrong attribute */
	int missing;	/* type of the missing attribute */
	bool policy;
	bool at_end;	/* of a dump */
} refusal;

static struct nl_msg *tlvs_of_refusal(void)
{
	struct nl_msg *tlvs = nlmsg_alloc();

	nlmsg_put(tlvs, 0, 0, 0, 0, 0);
	if (refusal.text)
		nla_put_string(tlvs, NLMSGERR_ATTR_MSG, refusal.text);
	if (refusal.offset)
		nla_put_u32(tlvs, NLMSGERR_ATTR_OFFS,
			    (uint32_t)refusal.offset);
	if (refusal.missing)
		nla_put_u32(tlvs, NLMSGERR_ATTR_MISS_TYPE,
			    (uint32_t)refusal.missing);
	if (refusal.policy) {
		struct nlattr *nest = nla_nest_start(tlvs, NLMSGERR_ATTR_POLICY);

		nla_put_u32(tlvs, NL_POLICY_TYPE_ATTR_TYPE, NL_ATTR_TYPE_U32);
		nla_nest_end(tlvs, nest);
	}
	return tlvs;
}

static void answer_no(const struct nlmsghdr *request)
{
	if (refusal.at_end)
		fake_done(request, refusal.err, tlvs_of_refusal(), 0);
	else
		fake_ack(request, refusal.err, tlvs_of_refusal());
}

static bool refused_with(const char *text)
{
	struct kpac *kpac = open_fake(answer_no);
	int n = 0;
	bool same;
	int err;

	err = refusal.at_end ? kpac_port_dump(kpac, count_port, &n) :
			       kpac_port_del(kpac, kpac_dev_name("a"));
	same = err == refusal.err && !strcmp(kpac_error(kpac), text);
	if (!same)
		printf("# %d \"%s\", not \"%s\"\n", err, kpac_error(kpac), text);
	kpac_close(kpac);
	memset(&refusal, 0, sizeof(refusal));
	return same;
}

static void test_refusals(void)
{
	refusal.err = -ENODEV;
	refusal.text = "there is no device \"a\"";
	EXPECT(refused_with("there is no device \"a\""));
	refusal.err = -EBUSY;
	refusal.text = "ends with a stop.";
	refusal.offset = 20;
	EXPECT(refused_with("ends with a stop"));
	refusal.err = -ERANGE;
	refusal.text = "integer out of range";
	refusal.offset = 20;
	refusal.policy = true;
	EXPECT(refused_with("integer out of range (attribute \"ifname\")"));
	refusal.err = -EINVAL;
	EXPECT(refused_with("Invalid argument"));
	refusal.err = -EINVAL;
	refusal.offset = 20;
	EXPECT(refused_with("Invalid argument (attribute \"ifname\")"));
	refusal.err = -EINVAL;
	refusal.offset = 21;
	EXPECT(refused_with("Invalid argument"));
	refusal.err = -EINVAL;
	refusal.missing = KPAC_A_PORT_IFNAME;
	EXPECT(refused_with("Invalid argument (attribute \"ifname\" is missing)"));
	refusal.err = -EINVAL;
	refusal.missing = 999;
	EXPECT(refused_with("Invalid argument"));
	refusal.err = -EPERM;
	EXPECT(refused_with("Operation not permitted: needs CAP_NET_ADMIN"));
	refusal.err = -EOPNOTSUPP;
	refusal.text = "not at the end";
	refusal.at_end = true;
	EXPECT(refused_with("not at the end"));
}

/* Dumps */

static int interruptions;

static void answer_interrupted(const struct nlmsghdr *request)
{
	struct nl_msg *msg;
	int flags = interruptions-- > 0 ? NLM_F_DUMP_INTR : 0;

	msg = fake_msg(request, KPAC_CMD_PORT_GET, NLM_F_MULTI | flags);
	put_port(msg, 2, "a");
	fake_send(msg, false);
	fake_done(request, 0, NULL, flags);
}

static int stop_at_once(const struct kpac_port *port, void *arg)
{
	(void)port;
	++*(int *)arg;
	return 77;
}

static int ask_again(const struct kpac_port *port, void *arg)
{
	int n = 0;

	EXPECT(!kpac_stats_get(arg, kpac_dev_index(port->ifindex), count_stats,
			       &n));
	EXPECT(n == 1);
	return 0;
}

static void test_dumps(void)
{
	struct kpac *kpac = open_fake(answer_well);
	int n = 0;

	EXPECT(!kpac_port_dump(kpac, count_port, &n) && n == 2);
	n = 0;
	EXPECT(!kpac_stats_dump(kpac, count_stats, &n) && n == 2);
	n = 0;
	EXPECT(kpac_port_dump(kpac, stop_at_once, &n) == 77 && n == 1);
	EXPECT(!kpac_port_dump(kpac, ask_again, kpac));
	kpac_close(kpac);

	kpac = open_fake(answer_nothing);
	n = 0;
	EXPECT(!kpac_port_dump(kpac, count_port, &n) && !n);
	kpac_close(kpac);

	kpac = open_fake(answer_interrupted);
	interruptions = 3;
	EXPECT(!kpac_port_dump(kpac, count_port, &n) && n == 1);
	EXPECT(fake.requests == 4);
	interruptions = 1000;
	EXPECT(kpac_port_dump(kpac, count_port, &n) == -EAGAIN && n == 1);
	kpac_close(kpac);
}

/* Events */

static int events[8];

static int count_event(const struct kpac_event *event, void *arg)
{
	(void)arg;
	events[event->type]++;
	EXPECT(!event->port == (event->type == KPAC_EVENT_GONE));
	return 0;
}

static void push_event(uint8_t cmd)
{
	struct nl_msg *msg = fake_msg(NULL, cmd, 0);

	put_port(msg, 5, "eve");
	fake_send(msg, true);
}

static void push_gone(const char *family)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_DELFAMILY, 2);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, family);
	fake_send(msg, true);
}

static void test_events(void)
{
	struct kpac *kpac = open_fake(answer_well);
	struct nl_msg *msg;

	EXPECT(kpac_event_fd(kpac) == -ENOTCONN);
	EXPECT(kpac_event_read(kpac, count_event, NULL) == -ENOTCONN);
	EXPECT(!kpac_event_subscribe(kpac));
	EXPECT(!kpac_event_subscribe(kpac));
	EXPECT(kpac_event_fd(kpac) == fake.event_fd);
	EXPECT(!kpac_event_read(kpac, count_event, NULL));

	push_event(KPAC_CMD_PORT_NEW_NTF);
	push_event(KPAC_CMD_PORT_SET_NTF);
	push_event(KPAC_CMD_PORT_DEL_NTF);
	push_event(250);	/* of a newer module */
	push_gone("nlctrl");
	push_gone("kpac");
	msg = fake_msg(NULL, KPAC_CMD_PORT_NEW_NTF, 0);
	put_port(msg, 5, "eve");
	fake_push(nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len, true, 4711);
	nlmsg_free(msg);	/* that one was not from the kernel */
	EXPECT(!kpac_event_read(kpac, count_event, NULL));
	EXPECT(events[KPAC_EVENT_PORT_NEW] == 1);
	EXPECT(events[KPAC_EVENT_PORT_SET] == 1);
	EXPECT(events[KPAC_EVENT_PORT_DEL] == 1);
	EXPECT(events[KPAC_EVENT_GONE] == 1);

	fake.overrun = true;
	EXPECT(kpac_event_read(kpac, count_event, NULL) == -ENOBUFS);
	push_event(KPAC_CMD_PORT_NEW_NTF);
	EXPECT(!kpac_event_read(kpac, count_event, NULL));
	EXPECT(events[KPAC_EVENT_PORT_NEW] == 2);

	fake_send(fake_msg(NULL, KPAC_CMD_PORT_NEW_NTF, 0), true);
	EXPECT(kpac_event_read(kpac, count_event, NULL) == -EBADMSG);
	kpac_close(kpac);
}

/* kpacctl */

static char out[65536], err_out[65536];

static void collect(FILE *f, char *to, size_t size)
{
	rewind(f);
	to[fread(to, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* Run kpacctl in a child; its exit status, and what it said in out, err_out. */
static int run(const char *command)
{
	FILE *o = tmpfile(), *e = tmpfile();
	char words[512];
	char *argv[32];
	int argc = 0;
	int status;
	char *word, *rest = words;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(fileno(o), 1);
		dup2(fileno(e), 2);
		fclose(o);
		fclose(e);
		snprintf(words, sizeof(words), "%s", command);
		/* Words are apart by one space; two in a row hold an empty one. */
		while (*words && (word = strsep(&rest, " ")))
			argv[argc++] = word;
		argv[argc] = NULL;
		status = kpacctl(argc, argv);
		fake_reset(NULL);
		exit(status);
	}
	waitpid(pid, &status, 0);
	collect(o, out, sizeof(out));
	collect(e, err_out, sizeof(err_out));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool says(const char *command, int status, const char *text)
{
	int got = run(command);
	bool good = got == status && strstr(status ? err_out : out, text) &&
		    (status ? !*out : !*err_out);

	if (!good)
		printf("# kpacctl %s: %d, not %d, \"%s\"\n# \"%s\" \"%s\"\n",
		       command, got, status, text, out, err_out);
	return good;
}

static void test_ctl_syntax(void)
{
	fake_reset(answer_well);
	EXPECT(says("", 1, "Usage: kpacctl"));
	EXPECT(says("help", 0, "Usage: kpacctl"));
	EXPECT(says("-h", 0, "Usage: kpacctl"));
	EXPECT(says("--help", 0, "Usage: kpacctl"));
	EXPECT(says("help port", 0, "kpacctl port add"));
	EXPECT(says("port help", 0, "kpacctl port add"));
	EXPECT(says("port add help", 0, "kpacctl port add"));
	EXPECT(says("stat h", 0, "kpacctl stat reset"));
	EXPECT(says("m h", 0, "kpacctl monitor"));
	EXPECT(says("-V", 0, "kpacctl " VERSION "\n"));
	EXPECT(says("-Version", 0, VERSION));
	EXPECT(says("foo", 1, "Error: object \"foo\" is unknown"));
	EXPECT(says("porta", 1, "Error: object \"porta\" is unknown"));
	EXPECT(says("port foo", 1, "Error: command \"foo\" is unknown"));
	EXPECT(says("stat foo", 1, "Error: command \"foo\" is unknown"));
	EXPECT(says("monitor foo", 1, "Error: argument \"foo\" is wrong"));
	EXPECT(says("-x port", 1, "Error: option \"-x\" is unknown"));
	EXPECT(says("-", 1, "Error: option \"-\" is unknown"));
	EXPECT(says("-json=1", 1, "Error: option \"-json=1\" is unknown"));
	EXPECT(says("-n", 1, "\"-n\" needs a value"));
	EXPECT(says("-n a/b port", 1, "Error: argument \"a/b\" is wrong"));
	EXPECT(says("-c=purple port", 1, "Error: argument \"purple\" is wrong"));

	EXPECT(says("port add", 1, "Error: argument \"dev\" is required"));
	EXPECT(says("port del", 1, "Error: argument \"dev\" is required"));
	EXPECT(says("port add dev", 1, "\"dev\" needs a value"));
	EXPECT(says("port add a door", 1, "\"door\" needs a value"));
	EXPECT(says("port add a foo", 1, "Error: argument \"foo\" is wrong: "
		    "expected \"door\" or \"forward\"."));
	EXPECT(says("port add a door foo", 1, "Error: argument \"foo\" is wrong: "
		    "expected \"auto\", \"rx-handler\" or \"ingress\"."));
	EXPECT(says("port add a forward o", 1, "Error: argument \"o\" is wrong: "
		    "it may mean more than one of \"off\" or \"on\"."));
	EXPECT(says("port add a door auto door ingress", 1,
		    "Error: duplicate \"door\": \"ingress\" is the second value."));
	EXPECT(says("port add a dev b", 1,
		    "Error: duplicate \"dev\": \"b\" is the second value."));
	EXPECT(says("port set a", 1, "Error: nothing to set"));
	EXPECT(says("port show a b", 1, "Error: argument \"b\" is wrong"));
	EXPECT(says("port s a forward off", 1,
		    "Error: argument \"forward\" is wrong"));
	EXPECT(says("stat reset a b", 1, "Error: argument \"b\" is wrong"));
}

static void test_ctl_names(void)
{
	fake_reset(answer_well);
	EXPECT(says("port add fifteen.letters", 0, ""));
	EXPECT(says("port add sixteen.letters.", 1,
		    "Error: argument \"sixteen.letters.\" is wrong: "
		    "a device name has at most 15 characters."));
	EXPECT(says("port add dev ", 1, "a device name cannot be empty"));
	EXPECT(says("port add a/b", 1, "Error: argument \"a/b\" is wrong"));
	EXPECT(says("port add a:b", 1, "Error: argument \"a:b\" is wrong"));
	EXPECT(says("port add a\tb", 1, "Error: argument \"a\tb\" is wrong"));
	EXPECT(says("port add ..", 1, "Error: argument \"..\" is wrong"));
	EXPECT(says("stat show a/b", 1, "Error: argument \"a/b\" is wrong"));
	EXPECT(says("port del dev dev", 0, ""));
	EXPECT(says("port add dev door door ingress", 0, ""));
}

static void test_ctl_abbreviations(void)
{
	fake_reset(answer_well);
	EXPECT(says("p s", 0, "2: a: door ingress"));
	EXPECT(says("p", 0, "2: a: door ingress"));
	EXPECT(says("port list", 0, "2: a: door ingress"));
	EXPECT(says("s", 0, "accelerated"));
	EXPECT(says("stats show", 0, "accelerated"));
	EXPECT(says("s r", 0, ""));
	EXPECT(says("p a a d i f on", 0, ""));
	EXPECT(says("p se a f off", 0, ""));
	EXPECT(says("p d a", 0, ""));
	EXPECT(says("p delete a", 0, ""));
	EXPECT(says("p a f", 0, ""));	/* a device called f */
}

static void test_ctl_text(void)
{
	fake_reset(answer_well);
	EXPECT(says("port", 0, "2: a: door ingress "
		    "(the receive handler was taken) forward on\n"));
	EXPECT(says("port", 0, "master if4000000\n"));
	EXPECT(says("-s port show a", 0, "99.9%"));
	EXPECT(says("stat", 0, "neither IPv4 nor IPv6 (ARP, LLDP, ...); normal"));
	EXPECT(says("stat", 0, "\n    hand-over "));
	EXPECT(says("stat", 0, " 99.9% "));
	EXPECT(!strchr(out, '\033'));
	EXPECT(says("-c=always port", 0, "\033[36ma\033[0m"));
	EXPECT(says("-c=never port", 0, "2: a:"));
	fake_reset(answer_nothing);
	EXPECT(says("port", 0, "") && !*out);
}

static json_t *json_of(const char *command)
{
	json_t *value;

	EXPECT(says(command, 0, ""));
	value = json_loads(out, 0, NULL);
	EXPECT(value);
	return value;
}

static bool text_is(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value && !strcmp(value, text);
}

static bool number_is(const json_t *object, const char *key, json_int_t number)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) && json_integer_value(value) == number;
}

static void test_ctl_json(void)
{
	json_t *list, *first, *pass;

	fake_reset(answer_well);
	list = json_of("-j port");
	EXPECT(json_array_size(list) == 2);
	first = json_array_get(list, 0);
	EXPECT(number_is(first, "ifindex", 2) && text_is(first, "ifname", "a"));
	EXPECT(text_is(first, "door", "auto") &&
	       text_is(first, "door_used", "ingress") &&
	       text_is(first, "door_why", "taken"));
	EXPECT(json_is_true(json_object_get(first, "forward")));
	EXPECT(!json_object_get(first, "master"));
	EXPECT(number_is(json_array_get(list, 1), "master_ifindex", 4000000));
	json_decref(list);

	list = json_of("-j -s port show dev a");
	first = json_array_get(list, 0);
	EXPECT(number_is(json_object_get(first, "stats"), "packets",
			 5000000000));
	json_decref(list);

	list = json_of("-json -pretty stat show a");
	EXPECT(strchr(out, '\n') != strrchr(out, '\n'));
	EXPECT(json_array_size(list) == 1);
	first = json_array_get(list, 0);
	EXPECT(number_is(first, "accelerated_packets", 4999999990));
	EXPECT(number_is(first, "pass_packets", 9));
	EXPECT(json_is_real(json_object_get(first, "accelerated_share")));
	pass = json_array_get(json_object_get(first, "pass"), 0);
	EXPECT(text_is(pass, "reason", "not-ip") &&
	       number_is(pass, "packets", 7) && number_is(pass, "bytes", 322) &&
	       text_is(pass, "meaning", kpac_pass_reason_meaning(
						KPAC_PASS_REASON_NOT_IP)));
	json_decref(list);

	fake_reset(answer_nothing);
	EXPECT(says("-j port", 0, "[]\n") && !strcmp(out, "[]\n"));
	EXPECT(says("-j stat", 0, "[]\n") && !strcmp(out, "[]\n"));
}

/* Names that a terminal would obey, or that are not UTF-8. */
static void answer_odd(const struct nlmsghdr *request)
{
	struct nl_msg *msg = fake_msg(request, KPAC_CMD_PORT_GET, NLM_F_MULTI);

	put_port(msg, 2, "a\033[2J");
	fake_send(msg, false);
	msg = fake_msg(request, KPAC_CMD_PORT_GET, NLM_F_MULTI);
	put_port(msg, 3, "b\xff");
	fake_send(msg, false);
	fake_done(request, 0, NULL, 0);
}

static void test_ctl_odd_names(void)
{
	json_t *list;

	fake_reset(answer_odd);
	EXPECT(says("port", 0, "2: a\\033[2J: door"));
	list = json_of("-j port");
	EXPECT(text_is(json_array_get(list, 0), "ifname", "a\033[2J"));
	EXPECT(text_is(json_array_get(list, 1), "ifname", "b\xc3\xbf"));
	json_decref(list);
}

static void test_ctl_refusals(void)
{
	fake_reset(answer_no);
	refusal.err = -EEXIST;
	refusal.text = "it is a port already";
	EXPECT(says("port add a", 2, "Error: kpac: it is a port already.\n"));
	EXPECT(says("port set a f on", 2, "it is a port already.\n"));
	EXPECT(says("port del a", 2, "it is a port already.\n"));
	EXPECT(says("port show a", 2, "it is a port already.\n"));
	EXPECT(says("-j stat show a", 2, "it is a port already.\n"));
	EXPECT(says("stat reset", 2, "it is a port already.\n"));
	refusal.err = -EPERM;
	refusal.text = NULL;
	EXPECT(says("port add a", 2, "Error: kpac: Operation not permitted: "
		    "needs CAP_NET_ADMIN.\n"));
	fake.absent = true;
	EXPECT(says("port", 2, "is the module loaded? (modprobe kpac).\n"));
	EXPECT(says("monitor", 2, "modprobe kpac"));
	EXPECT(says("-n no-such-ns port", 2, "Error: kpac: cannot open network "
		    "namespace \"no-such-ns\": No such file or directory.\n"));
	memset(&refusal, 0, sizeof(refusal));
}

static void test_ctl_monitor(void)
{
	fake_reset(answer_well);
	EXPECT(says("monitor", 0, "") && !*out);
	push_event(KPAC_CMD_PORT_NEW_NTF);
	push_event(KPAC_CMD_PORT_SET_NTF);
	push_event(KPAC_CMD_PORT_DEL_NTF);
	EXPECT(says("monitor", 0, "port-new 5: eve: door ingress"));
	EXPECT(says("monitor", 0, "\nport-set 5: eve: door ingress"));
	EXPECT(says("monitor", 0, "\nport-del 5: eve: door ingress"));
	EXPECT(says("-j monitor", 0,
		    "{\"event\":\"port-new\",\"ifindex\":5,\"ifname\":\"eve\","));
	fake.overrun = true;
	EXPECT(!run("monitor") && strstr(err_out, "events were lost") &&
	       strstr(out, "port-del"));
	fake.overrun = false;
	push_gone("kpac");
	EXPECT(run("monitor") == 2 && strstr(err_out, "module was unloaded") &&
	       strstr(out, "\ngone\n"));
}

int main(void)
{
	unsetenv("NO_COLOR");
	subject("names and meanings of doors and pass reasons", test_names);
	subject("docs/pass-reasons.md says the same", test_docs);
	subject("a port is read from a message", test_parse_port);
	subject("statistics are read from a message", test_parse_stats);
	subject("truncated and garbled messages", test_parse_bad);
	subject("truncated and garbled replies through the library",
		test_mangled);
	subject("requests have what they should", test_requests);
	subject("opening without module, without namespace", test_open);
	subject("the kernel's refusals become sentences", test_refusals);
	subject("dumps: empty, interrupted, nested", test_dumps);
	subject("events", test_events);
	subject("kpacctl: syntax errors", test_ctl_syntax);
	subject("kpacctl: device names", test_ctl_names);
	subject("kpacctl: abbreviations", test_ctl_abbreviations);
	subject("kpacctl: text", test_ctl_text);
	subject("kpacctl: JSON", test_ctl_json);
	subject("kpacctl: odd device names", test_ctl_odd_names);
	subject("kpacctl: refusals", test_ctl_refusals);
	subject("kpacctl: monitor", test_ctl_monitor);
	return failures != 0;
}
