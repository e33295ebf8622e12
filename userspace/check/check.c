// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * libkpac and, in ctl.c, kpacctl against a kernel that the test plays (fake.c,
 * module.c): what they send, what they make of replies good and bad, and what
 * they say. Prints TAP without a plan; check.sh goes on from there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/internal.h"
#include "check.h"

static int tests;
static int failures;
bool sound;

void subject(const char *name, void (*test)(void))
{
	sound = true;
	fake_reset(NULL);
	test();
	fake_reset(NULL);
	failures += !sound;
	printf("%sok %d %s\n", sound ? "" : "not ", ++tests, name);
	fflush(stdout);
}

struct kpac *open_fake(void (*answer)(const struct nlmsghdr *request))
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
	put_tuning(msg);
	EXPECT(!kpac_parse_port(nlmsg_hdr(msg), &port));
	EXPECT(port.have == (KPAC_PORT_DOOR | KPAC_PORT_DOOR_USED |
			     KPAC_PORT_DOOR_WHY | KPAC_PORT_FORWARD |
			     KPAC_PORT_TX_BATCH | KPAC_PORT_CLEAN_BATCH |
			     KPAC_PORT_POOL | KPAC_PORT_COPYBREAK));
	EXPECT(port.tx_batch == 64 && port.clean_batch == 32 &&
	       port.pool == 512 && port.copybreak == 256);
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
	EXPECT(stats.handler_drop_packets == 41 && stats.reply_packets == 42 &&
	       stats.redirect_packets == 43 && stats.stolen_packets == 44);
	EXPECT(stats.pass[0].reason == KPAC_PASS_REASON_NOT_IP);
	EXPECT(stats.pass[1].reason == KPAC_PASS_REASON_TTL &&
	       stats.pass[1].packets == 2 && stats.pass[1].bytes == 128);
	kpac_stats_fini(&stats);

	nla_put_u32(msg, KPAC_A_STATS_PASS, 3);	/* no nest */
	EXPECT(kpac_parse_stats(nlmsg_hdr(msg), &stats) == -EBADMSG);
	EXPECT(!stats.pass);
	nlmsg_free(msg);
}

static void test_parse_tx(void)
{
	struct nl_msg *msg = fake_msg(NULL, KPAC_CMD_STATS_GET, 0);
	struct kpac_stats stats;

	put_stats(msg, 7, "eth0");
	EXPECT(!kpac_parse_stats(nlmsg_hdr(msg), &stats));
	EXPECT(!stats.tx);	/* an older module */
	kpac_stats_fini(&stats);

	put_tx(msg);
	EXPECT(!kpac_parse_stats(nlmsg_hdr(msg), &stats));
	EXPECT(stats.tx);
	EXPECT(stats.tx->packets == 6000000000 &&
	       stats.tx->doorbells == 100000000);
	EXPECT(stats.tx->shared_packets == 11 &&
	       stats.tx->requeued_packets == 12 &&
	       stats.tx->drop_packets == 13 && stats.tx->copied_packets == 14);
	EXPECT(stats.tx->n_size == 3 && stats.tx->size[0].least == 1 &&
	       stats.tx->size[1].least == 32 && stats.tx->size[2].least == 256);
	EXPECT(stats.tx->size[0].batches == 50000000 &&
	       stats.tx->size[2].batches == 4);
	EXPECT(stats.tx->pool_hits == 9990 && stats.tx->pool_misses == 10 &&
	       stats.tx->pool_reclaims == 350 && stats.tx->pool_size == 640 &&
	       stats.tx->pool_bytes == 1638400 && stats.tx->pool_high == 300);
	kpac_stats_fini(&stats);
	nlmsg_free(msg);
}

/* Statistics whose "tx" has the attributes of @put and what is needed, or not. */
static int parse_tx_with(void (*put)(struct nl_msg *msg), bool needed)
{
	struct nl_msg *msg = fake_msg(NULL, KPAC_CMD_STATS_GET, 0);
	struct kpac_stats stats;
	struct nlattr *nest;
	int err;

	put_stats(msg, 7, "eth0");
	nest = nla_nest_start(msg, KPAC_A_STATS_TX);
	put(msg);
	if (needed) {
		nla_put_u32(msg, KPAC_A_TX_PACKETS, 2);
		nla_put_u32(msg, KPAC_A_TX_DOORBELLS, 1);
	}
	nla_nest_end(msg, nest);
	err = kpac_parse_stats(nlmsg_hdr(msg), &stats);
	EXPECT(err || (stats.tx->packets == 2 && stats.tx->doorbells == 1));
	kpac_stats_fini(&stats);
	nlmsg_free(msg);
	return err;
}

static void put_good_size(struct nl_msg *msg)
{
	put_tx_size(msg, 1, 1);
}

static void put_no_size(struct nl_msg *msg)
{
	put_tx_size(msg, 0, 1);
}

static void put_flat_size(struct nl_msg *msg)
{
	nla_put_u32(msg, KPAC_A_TX_SIZE, 3);
}

static void put_half_size(struct nl_msg *msg)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_TX_SIZE);

	nla_put_u32(msg, KPAC_A_TX_SIZE_LEAST, 1);
	nla_nest_end(msg, nest);
}

static void put_odd_hits(struct nl_msg *msg)
{
	nla_put_u16(msg, KPAC_A_TX_POOL_HITS, 3);
}

static void put_odd_packets(struct nl_msg *msg)
{
	nla_put_u16(msg, KPAC_A_TX_PACKETS, 3);
	nla_put_u32(msg, KPAC_A_TX_DOORBELLS, 1);
}

static void test_parse_tx_bad(void)
{
	EXPECT(!parse_tx_with(put_good_size, true));
	EXPECT(!parse_tx_with(put_odd_hits, true));	/* as if not there */
	EXPECT(parse_tx_with(put_good_size, false) == -EBADMSG);
	EXPECT(parse_tx_with(put_odd_packets, false) == -EBADMSG);
	EXPECT(parse_tx_with(put_no_size, true) == -EBADMSG);
	EXPECT(parse_tx_with(put_flat_size, true) == -EBADMSG);
	EXPECT(parse_tx_with(put_half_size, true) == -EBADMSG);
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
	put_tuning(msg);
	parse_bad(msg);
	msg = fake_msg(NULL, KPAC_CMD_STATS_GET, 0);
	put_stats(msg, 7, "eth0");
	put_tx(msg);
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
	if (mangle_dump) {
		put_stats(msg, 3, "c");
		put_tx(msg);
	} else {
		put_port(msg, 3, "c");
		put_tuning(msg);
	}
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

static bool has_u32(struct nlattr **tb, int attr, uint32_t value)
{
	return tb[attr] && nla_len(tb[attr]) == sizeof(value) &&
	       nla_get_u32(tb[attr]) == value;
}

static void test_tuning(void)
{
	struct kpac_port_config config = {
		.size = sizeof(config), .tx_batch = 1, .clean_batch = 2,
		.pool = 3, .copybreak = 4,
		.set = KPAC_PORT_TX_BATCH | KPAC_PORT_POOL,
	};
	struct kpac *kpac = open_fake(answer_well);
	struct nlmsghdr *nlh = (struct nlmsghdr *)fake.request;
	struct nlattr *tb[KPAC_A_PORT_MAX + 1];

	EXPECT(!kpac_port_set(kpac, kpac_dev_name("a"), &config));
	EXPECT(!genlmsg_parse(nlh, 0, tb, KPAC_A_PORT_MAX, NULL));
	EXPECT(has_u32(tb, KPAC_A_PORT_TX_BATCH, 1) &&
	       has_u32(tb, KPAC_A_PORT_POOL, 3));
	EXPECT(!tb[KPAC_A_PORT_CLEAN_BATCH] && !tb[KPAC_A_PORT_COPYBREAK] &&
	       !tb[KPAC_A_PORT_DOOR] && !tb[KPAC_A_PORT_FORWARD]);
	config.set = KPAC_PORT_CLEAN_BATCH | KPAC_PORT_COPYBREAK;
	EXPECT(!kpac_port_set(kpac, kpac_dev_name("a"), &config));
	EXPECT(!genlmsg_parse(nlh, 0, tb, KPAC_A_PORT_MAX, NULL));
	EXPECT(has_u32(tb, KPAC_A_PORT_CLEAN_BATCH, 2) &&
	       has_u32(tb, KPAC_A_PORT_COPYBREAK, 4));
	EXPECT(!tb[KPAC_A_PORT_TX_BATCH] && !tb[KPAC_A_PORT_POOL]);
	config.set = KPAC_PORT_DOOR_USED;	/* not the user's to set */
	EXPECT(kpac_port_set(kpac, kpac_dev_name("a"), &config) == -EINVAL);
	kpac_close(kpac);
}

/* A program that was built when struct kpac_port_config was this. */
static void test_old_program(void)
{
	struct {
		size_t size;
		unsigned int set;
		enum kpac_door door;
		bool forward;
	} *config = malloc(sizeof(*config));	/* not a byte more */
	struct kpac *kpac = open_fake(answer_well);
	struct nlattr *tb[KPAC_A_PORT_MAX + 1];
	const struct kpac_port_config *passed = (const void *)config;

	memset(config, 0xff, sizeof(*config));
	config->size = sizeof(*config);
	config->set = KPAC_PORT_DOOR | KPAC_PORT_FORWARD;
	config->door = KPAC_DOOR_INGRESS;
	config->forward = true;
	EXPECT(!kpac_port_add(kpac, kpac_dev_name("a"), passed));
	EXPECT(!genlmsg_parse((struct nlmsghdr *)fake.request, 0, tb,
			      KPAC_A_PORT_MAX, NULL));
	EXPECT(has_u32(tb, KPAC_A_PORT_DOOR, KPAC_DOOR_INGRESS) &&
	       tb[KPAC_A_PORT_FORWARD] && !tb[KPAC_A_PORT_TX_BATCH]);
	/* It cannot mean members that it does not have. */
	config->set |= KPAC_PORT_TX_BATCH;
	EXPECT(kpac_port_add(kpac, kpac_dev_name("a"), passed) == -EINVAL);
	config->set = 0;
	EXPECT(!kpac_port_add(kpac, kpac_dev_name("a"), passed));
	config->size = 0;
	EXPECT(kpac_port_add(kpac, kpac_dev_name("a"), passed) == -EINVAL);
	free(config);
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

static bool refused_with(const char *text)
{
	const struct kpac_port_config config = {
		.size = sizeof(config), .set = KPAC_PORT_TX_BATCH,
	};
	struct kpac *kpac = open_fake(answer_no);
	int n = 0;
	bool same;
	int err;

	err = refusal.at_end ? kpac_port_dump(kpac, count_port, &n) :
			       kpac_port_set(kpac, kpac_dev_name("a"), &config);
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
	refusal.err = -EINVAL;
	refusal.text = "Unknown attribute type";
	refusal.offset = 28;
	EXPECT(refused_with("the module is older than this program and does not know \"tx-batch\""));
	refusal.err = -EINVAL;
	refusal.offset = 28;
	EXPECT(refused_with("the module is older than this program and does not know \"tx-batch\""));
	refusal.err = -EINVAL;
	refusal.text = "Unknown attribute type";
	EXPECT(refused_with("the module is older than this program and does not know all of its options"));
	refusal.err = -EINVAL;
	refusal.text = "Unknown attribute type of thing";
	refusal.offset = 28;
	EXPECT(refused_with("Unknown attribute type of thing"));
	refusal.err = -ERANGE;
	refusal.offset = 28;
	EXPECT(refused_with("Numerical result out of range (attribute \"tx-batch\")"));
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
	EXPECT(!event->port == (event->type == KPAC_EVENT_GONE ||
				event->type == KPAC_EVENT_TABLE ||
				event->type == KPAC_EVENT_PEER));
	EXPECT(!event->table == (event->type != KPAC_EVENT_TABLE));
	EXPECT(!event->peer == (event->type != KPAC_EVENT_PEER));
	return 0;
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
	push_change();
	push_peer(KPAC_HEARTBEAT_STATE_DOWN);
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
	EXPECT(events[KPAC_EVENT_TABLE] == 1);
	EXPECT(events[KPAC_EVENT_PEER] == 1);

	fake.overrun = true;
	EXPECT(kpac_event_read(kpac, count_event, NULL) == -ENOBUFS);
	push_event(KPAC_CMD_PORT_NEW_NTF);
	EXPECT(!kpac_event_read(kpac, count_event, NULL));
	EXPECT(events[KPAC_EVENT_PORT_NEW] == 2);

	fake_send(fake_msg(NULL, KPAC_CMD_PORT_NEW_NTF, 0), true);
	EXPECT(kpac_event_read(kpac, count_event, NULL) == -EBADMSG);
	fake_send(fake_msg(NULL, KPAC_CMD_TABLE_CHANGE_NTF, 0), true);
	EXPECT(kpac_event_read(kpac, count_event, NULL) == -EBADMSG);
	kpac_close(kpac);

	/* A module without a table still has ports. */
	kpac = open_fake(answer_well);
	fake.older = true;
	EXPECT(!kpac_event_subscribe(kpac));
	kpac_close(kpac);
}

int main(void)
{
	unsetenv("NO_COLOR");
	subject("names and meanings of doors and pass reasons", test_names);
	subject("docs/pass-reasons.md says the same", test_docs);
	subject("a port is read from a message", test_parse_port);
	subject("statistics are read from a message", test_parse_stats);
	subject("what was sent is read from a message", test_parse_tx);
	subject("what was sent, malformed", test_parse_tx_bad);
	subject("truncated and garbled messages", test_parse_bad);
	subject("truncated and garbled replies through the library",
		test_mangled);
	subject("requests have what they should", test_requests);
	subject("requests have the numbers of the TX side", test_tuning);
	subject("a program built with an older header", test_old_program);
	subject("opening without module, without namespace", test_open);
	subject("the kernel's refusals become sentences", test_refusals);
	subject("dumps: empty, interrupted, nested", test_dumps);
	subject("events", test_events);
	check_entry();
	check_ctl();
	check_handler();
	check_batch();
	check_flowmon();
	check_balance();
	check_export();
	check_heartbeat();
	return failures != 0;
}
