// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Balancers and back ends: libkpac, and kpacctl balancer and backend. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "../lib/internal.h"
#include "check.h"

static void put_balancer(struct nl_msg *msg)
{
	nla_put_string(msg, KPAC_A_BALANCER_NAME, "web");
	nla_put_u32(msg, KPAC_A_BALANCER_MODE, KPAC_BALANCE_MODE_DSR);
	nla_put_u32(msg, KPAC_A_BALANCER_CONNECTIONS, 65536);
	nla_put_u32(msg, KPAC_A_BALANCER_TIMEOUT, 900000);
	nla_put_u32(msg, KPAC_A_BALANCER_BACKENDS, 2);
	nla_put_u32(msg, KPAC_A_BALANCER_ENTRIES, 1);
	nla_put_u32(msg, KPAC_A_BALANCER_CELLS, 10);
	nla_put_u32(msg, KPAC_A_BALANCER_EVICTED, 11);
	nla_put_u32(msg, KPAC_A_BALANCER_MOVED, 12);
	nla_put_u32(msg, KPAC_A_BALANCER_UNAVAILABLE, 13);
	nla_put_u32(msg, KPAC_A_BALANCER_UNRESOLVED, 14);
	nla_put_u32(msg, KPAC_A_BALANCER_UNCHANGEABLE, 15);
	nla_put_u32(msg, KPAC_A_BALANCER_FRAGMENTS, 16);
	nla_put_u32(msg, KPAC_A_BALANCER_OTHERS, 17);
	nla_put_u32(msg, KPAC_A_BALANCER_UNKNOWN, 18);
	nla_put_u64(msg, KPAC_A_BALANCER_ERRORS, 6000000000);
	nla_put_u32(msg, 200, 1);	/* of a newer module */
}

/* With all that there can be. */
static void put_backend4(struct nl_msg *msg)
{
	nla_put_string(msg, KPAC_A_BACKEND_BALANCER, "web");
	nla_put(msg, KPAC_A_BACKEND_ADDRESS, 4, "\x0a\x02\x00\x02");
	nla_put_u16(msg, KPAC_A_BACKEND_PORT, 8080);
	nla_put_u32(msg, KPAC_A_BACKEND_WEIGHT, 3);
	nla_put_u32(msg, KPAC_A_BACKEND_STATE, KPAC_BACKEND_STATE_DRAIN);
	nla_put_string(msg, KPAC_A_BACKEND_HEARTBEAT, "b 1");
	nla_put_u32(msg, KPAC_A_BACKEND_HEALTH, KPAC_BACKEND_HEALTH_DOWN);
	nla_put_u32(msg, KPAC_A_BACKEND_SLOTS, 49153);
	nla_put_u32(msg, KPAC_A_BACKEND_PACKETS, 100);
	nla_put_u64(msg, KPAC_A_BACKEND_BYTES, 6000000000);
	nla_put_u32(msg, KPAC_A_BACKEND_CONNECTIONS, 7);
}

/* With what there must be. */
static void put_backend6(struct nl_msg *msg)
{
	nla_put_string(msg, KPAC_A_BACKEND_BALANCER, "web");
	nla_put(msg, KPAC_A_BACKEND_ADDRESS, 16,
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	nla_put_u16(msg, KPAC_A_BACKEND_PORT, 0);
	nla_put_u32(msg, KPAC_A_BACKEND_WEIGHT, 1);
	nla_put_u32(msg, KPAC_A_BACKEND_STATE, KPAC_BACKEND_STATE_UP);
	nla_put_u32(msg, KPAC_A_BACKEND_SLOTS, 16384);
	nla_put_u32(msg, KPAC_A_BACKEND_PACKETS, 0);
	nla_put_u32(msg, KPAC_A_BACKEND_BYTES, 0);
	nla_put_u32(msg, KPAC_A_BACKEND_CONNECTIONS, 0);
}

static uint8_t command(const struct nlmsghdr *request)
{
	return genlmsg_hdr((struct nlmsghdr *)request)->cmd;
}

static void answer_one(const struct nlmsghdr *request,
		       void (*put)(struct nl_msg *msg))
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct nl_msg *msg = fake_msg(request, command(request),
				      dump ? NLM_F_MULTI : 0);

	put(msg);
	fake_send(msg, false);
}

/* A module with a balancer and two back ends. */
static void answer_balance(const struct nlmsghdr *request)
{
	switch (command(request)) {
	case KPAC_CMD_BALANCER_GET:
		answer_one(request, put_balancer);
		break;
	case KPAC_CMD_BACKEND_GET:
		answer_one(request, put_backend4);
		answer_one(request, put_backend6);
		break;
	}
	if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		fake_done(request, 0, NULL, 0);
	else
		fake_ack(request, 0, NULL);
}

/* An attribute of the last request, or NULL. */
static const struct nlattr *asked(int type)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)fake.request;

	return nla_find(genlmsg_attrdata(genlmsg_hdr(nlh), 0),
			genlmsg_attrlen(genlmsg_hdr(nlh), 0), type);
}

static bool asked_cmd(uint8_t cmd)
{
	return command((struct nlmsghdr *)fake.request) == cmd;
}

static bool asked_u32(int type, uint32_t value)
{
	const struct nlattr *nla = asked(type);

	return nla && nla_len(nla) == 4 && nla_get_u32(nla) == value;
}

static bool asked_text(int type, const char *text)
{
	const struct nlattr *nla = asked(type);

	return nla && !strcmp(nla_data(nla), text);
}

static int see_balancer(const struct kpac_balancer *b, void *arg)
{
	(void)arg;
	EXPECT(b->size == sizeof(*b) && !strcmp(b->name, "web") &&
	       b->mode == KPAC_BALANCE_MODE_DSR && b->connections == 65536 &&
	       b->timeout == 900000 && b->backends == 2 && b->entries == 1);
	EXPECT(b->cells == 10 && b->evicted == 11 && b->moved == 12 &&
	       b->unavailable == 13 && b->unresolved == 14 &&
	       b->unchangeable == 15 && b->fragments == 16 &&
	       b->others == 17 && b->unknown == 18 &&
	       b->errors == 6000000000);
	return -7;
}

static int see_backend(const struct kpac_backend *b, void *arg)
{
	int *n = arg;

	if ((*n)++) {
		EXPECT(b->have == (KPAC_BACKEND_WEIGHT | KPAC_BACKEND_STATE) &&
		       b->addr_len == 16 && b->address[15] == 1 && !b->port);
		return -7;
	}
	EXPECT(b->have & KPAC_BACKEND_HEARTBEAT && b->addr_len == 4 &&
	       !memcmp(b->address, "\x0a\x02\x00\x02", 4) && b->port == 8080 &&
	       b->weight == 3 && b->state == KPAC_BACKEND_STATE_DRAIN &&
	       !strcmp(b->heartbeat, "b 1") &&
	       b->health == KPAC_BACKEND_HEALTH_DOWN && b->slots == 49153 &&
	       b->packets == 100 && b->bytes == 6000000000 &&
	       b->connections == 7);
	return 0;
}

static void test_library(void)
{
	struct kpac *kpac = open_fake(answer_balance);
	struct kpac_balancer balancer = {
		.size = sizeof(balancer), .name = "web",
		.have = KPAC_BALANCER_MODE | KPAC_BALANCER_TIMEOUT,
		.mode = KPAC_BALANCE_MODE_DSR, .timeout = 5000,
	};
	struct kpac_backend backend = {
		.size = sizeof(backend), .balancer = "web", .addr_len = 4,
		.have = KPAC_BACKEND_HEARTBEAT,
	};
	int n = 0;

	EXPECT(kpac_balancer_dump(kpac, see_balancer, NULL) == -7);
	EXPECT(kpac_balancer_get(kpac, "web", see_balancer, NULL) == -7);
	EXPECT(asked_text(KPAC_A_BALANCER_NAME, "web"));
	EXPECT(kpac_backend_dump(kpac, "web", see_backend, &n) == -7 && n == 2);
	EXPECT(asked_text(KPAC_A_BACKEND_BALANCER, "web"));
	n = 0;
	EXPECT(kpac_backend_dump(kpac, NULL, see_backend, &n) == -7 &&
	       !asked(KPAC_A_BACKEND_BALANCER));
	EXPECT(!kpac_balancer_add(kpac, &balancer) &&
	       asked_cmd(KPAC_CMD_BALANCER_NEW) &&
	       asked_u32(KPAC_A_BALANCER_MODE, KPAC_BALANCE_MODE_DSR) &&
	       asked_u32(KPAC_A_BALANCER_TIMEOUT, 5000) &&
	       !asked(KPAC_A_BALANCER_CONNECTIONS));
	EXPECT(!kpac_backend_add(kpac, &backend) &&
	       asked_text(KPAC_A_BACKEND_HEARTBEAT, "") &&
	       !asked(KPAC_A_BACKEND_PORT) && !asked(KPAC_A_BACKEND_WEIGHT));
	EXPECT(!kpac_backend_del(kpac, &backend) &&
	       !asked(KPAC_A_BACKEND_HEARTBEAT));
	balancer.size--;
	EXPECT(kpac_balancer_set(kpac, &balancer) == -EINVAL);
	backend.addr_len = 6;
	EXPECT(kpac_backend_set(kpac, &backend) == -EINVAL &&
	       strstr(kpac_error(kpac), "4 or 16"));
	EXPECT(kpac_balancer_del(kpac, "") == -EINVAL &&
	       kpac_balancer_del(kpac, "12345678901234567890123456789012") ==
	       -EINVAL && kpac_backend_dump(kpac, "", see_backend, &n) == -EINVAL);
	refusal = (struct refusal){ .err = -EBUSY, .text = "entries use it" };
	fake.answer = answer_no;
	EXPECT(kpac_balancer_del(kpac, "web") == -EBUSY &&
	       !strcmp(kpac_error(kpac), "entries use it"));
	kpac_close(kpac);
	EXPECT(!strcmp(kpac_balance_mode_name(9), "unknown") &&
	       !strcmp(kpac_backend_state_name(9), "unknown") &&
	       !strcmp(kpac_backend_health_name(9), "unknown") &&
	       kpac_backend_state_from_name("drained") == -EINVAL &&
	       kpac_balance_mode_from_name("dsr") == KPAC_BALANCE_MODE_DSR);
}

/* The message, without the attribute of a type, or with another length of it. */
static struct nl_msg *without(void (*put)(struct nl_msg *msg), int type, int len)
{
	struct nl_msg *whole = fake_msg(NULL, 1, 0);
	struct nl_msg *msg = fake_msg(NULL, 1, 0);
	static const char zeros[64];
	struct nlattr *nla;
	int rest;

	put(whole);
	nla_for_each_attr(nla, genlmsg_attrdata(genlmsg_hdr(nlmsg_hdr(whole)), 0),
			  genlmsg_attrlen(genlmsg_hdr(nlmsg_hdr(whole)), 0), rest)
		if (nla_type(nla) != type)
			nla_put(msg, nla_type(nla), nla_len(nla), nla_data(nla));
		else if (len >= 0)
			nla_put(msg, type, len, zeros);
	nlmsg_free(whole);
	return msg;
}

static int parse_balancer(int type, int len)
{
	struct nl_msg *msg = without(put_balancer, type, len);
	struct kpac_balancer balancer;
	int err = kpac_parse_balancer(nlmsg_hdr(msg), &balancer);

	nlmsg_free(msg);
	return err;
}

static int parse_backend(int type, int len, struct kpac_backend *backend)
{
	struct nl_msg *msg = without(put_backend4, type, len);
	int err = kpac_parse_backend(nlmsg_hdr(msg), backend);

	nlmsg_free(msg);
	return err;
}

static void test_malformed(void)
{
	static const int may_lack[] = {
		KPAC_A_BACKEND_HEARTBEAT, KPAC_A_BACKEND_HEALTH,
	};
	struct kpac_backend backend;
	size_t i;
	int type;

	for (type = KPAC_A_BALANCER_NAME; type <= KPAC_A_BALANCER_MAX; type++) {
		EXPECT(parse_balancer(type, -1) == -EBADMSG);
		EXPECT(parse_balancer(type, 3) == -EBADMSG);
	}
	for (type = KPAC_A_BACKEND_BALANCER; type <= KPAC_A_BACKEND_MAX; type++) {
		if (type == may_lack[0] || type == may_lack[1])
			continue;
		EXPECT(parse_backend(type, -1, &backend) == -EBADMSG);
		EXPECT(parse_backend(type, 3, &backend) == -EBADMSG);
		EXPECT(parse_backend(type, 64, &backend) == -EBADMSG);
	}
	for (i = 0; i < ARRAY_SIZE(may_lack); i++)
		EXPECT(!parse_backend(may_lack[i], -1, &backend) &&
		       !(backend.have & KPAC_BACKEND_HEARTBEAT));
	EXPECT(!parse_balancer(0, -1) && !parse_backend(0, -1, &backend));
}

static void answer_malformed(const struct nlmsghdr *request)
{
	fake_send(fake_msg(request, command(request), NLM_F_MULTI), false);
	fake_done(request, 0, NULL, 0);
}

static const char balancers[] =
	"web: mode dsr max 65536 timeout 15m backends 2 entries 1\n"
	"    cells 10 evicted 11 moved 12 unavailable 13 unresolved 14"
	" unchangeable 15 fragments 16 others 17 unknown 18 errors 6000000000\n";
static const char backends[] =
	"web: addr 10.2.0.2 port 8080 weight 3 state drain heartbeat \"b 1\""
	" health down share 75.0% connections 7 packets 100 bytes 6000000000\n"
	"web: addr 2001:db8::1 weight 1 state up share 25.0% connections 0"
	" packets 0 bytes 0\n";

static void test_show(void)
{
	fake_reset(answer_balance);
	EXPECT(says_here("balancer", 0, balancers) && !strcmp(out, balancers));
	EXPECT(says_here("balancer show web", 0, balancers));
	EXPECT(asked_text(KPAC_A_BALANCER_NAME, "web"));
	EXPECT(says_here("-j balancer show", 0,
		"[{\"name\":\"web\",\"mode\":\"dsr\",\"max\":65536,"
		"\"timeout\":900000,\"backends\":2,\"entries\":1,\"cells\":10,"
		"\"evicted\":11,\"moved\":12,\"unavailable\":13,"
		"\"unresolved\":14,\"unchangeable\":15,\"fragments\":16,"
		"\"others\":17,\"unknown\":18,\"errors\":6000000000}]\n"));
	EXPECT(says_here("backend", 0, backends) && !strcmp(out, backends));
	EXPECT(says_here("-j backend show web", 0,
		"[{\"balancer\":\"web\",\"addr\":\"10.2.0.2\",\"port\":8080,"
		"\"weight\":3,\"state\":\"drain\",\"heartbeat\":\"b 1\","
		"\"health\":\"down\",\"slots\":49153,\"share\":0.750004,"
		"\"connections\":7,\"packets\":100,\"bytes\":6000000000},"
		"{\"balancer\":\"web\",\"addr\":\"2001:db8::1\",\"weight\":1,"
		"\"state\":\"up\",\"slots\":16384,\"share\":0.249996,"
		"\"connections\":0,\"packets\":0,\"bytes\":0}]\n"));
	fake.answer = answer_nothing;
	EXPECT(says_here("backend show", 0, "") && !*out);
	EXPECT(says_here("-j balancer show", 0, "[]\n"));
	fake.answer = answer_malformed;
	EXPECT(says_here("balancer show", 2, "of a balancer is malformed"));
	EXPECT(says_here("backend show", 2, "of a back end is malformed"));
}

static void test_change(void)
{
	fake_reset(answer_balance);
	EXPECT(says_here("balancer add web mode nat max 2000 timeout 90s", 0,
			 ""));
	EXPECT(asked_cmd(KPAC_CMD_BALANCER_NEW) &&
	       asked_u32(KPAC_A_BALANCER_MODE, KPAC_BALANCE_MODE_NAT) &&
	       asked_u32(KPAC_A_BALANCER_CONNECTIONS, 2000) &&
	       asked_u32(KPAC_A_BALANCER_TIMEOUT, 90000));
	EXPECT(says_here("balancer set web timeout 2m", 0, "") &&
	       asked_cmd(KPAC_CMD_BALANCER_SET) &&
	       asked_u32(KPAC_A_BALANCER_TIMEOUT, 120000));
	EXPECT(says_here("balancer del web", 0, "") &&
	       asked_cmd(KPAC_CMD_BALANCER_DEL));
	EXPECT(says_here("backend add web addr 10.2.0.2 port 8080 weight 0 state drain heartbeat b1",
			 0, ""));
	EXPECT(asked_cmd(KPAC_CMD_BACKEND_NEW) &&
	       asked_u32(KPAC_A_BACKEND_WEIGHT, 0) &&
	       asked_u32(KPAC_A_BACKEND_STATE, KPAC_BACKEND_STATE_DRAIN) &&
	       asked_text(KPAC_A_BACKEND_HEARTBEAT, "b1") &&
	       nla_get_u16(asked(KPAC_A_BACKEND_PORT)) == 8080);
	EXPECT(says_here("backend set web addr fd02::2 heartbeat none", 0, "") &&
	       asked_cmd(KPAC_CMD_BACKEND_SET) &&
	       nla_len(asked(KPAC_A_BACKEND_ADDRESS)) == 16 &&
	       asked_text(KPAC_A_BACKEND_HEARTBEAT, ""));
	EXPECT(says_here("backend del web addr 10.2.0.2 port 80", 0, "") &&
	       asked_cmd(KPAC_CMD_BACKEND_DEL));
}

static void test_syntax(void)
{
	fake_reset(answer_balance);
	EXPECT(says("balancer help", 0, "kpacctl balancer show"));
	EXPECT(says("backend help", 0, "kpacctl backend show"));
	EXPECT(says("balancer add", 1, "\"NAME\" is required"));
	EXPECT(says("balancer add web", 1, "\"mode\" is required"));
	EXPECT(says("balancer add web mode tun", 1, "expected \"nat\" or \"dsr\""));
	EXPECT(says("balancer add web mode nat max 1000", 1, "from 1024"));
	EXPECT(says("balancer add web mode nat timeout 500ms", 1, "from 1s to 7d"));
	EXPECT(says("balancer add web mode nat timeout 8d", 1, "from 1s to 7d"));
	EXPECT(says("balancer add 12345678901234567890123456789012 mode nat", 1,
		    "1 to 31 bytes"));
	EXPECT(says("balancer set web", 1, "\"timeout\" is required"));
	EXPECT(says("balancer set web mode dsr", 1, "expected \"timeout\""));
	EXPECT(says("balancer del web now", 1, "nothing can follow"));
	EXPECT(says("balancer show web now", 1, "nothing can follow"));
	EXPECT(says("backend add web", 1, "\"addr\" is required"));
	EXPECT(says("backend add web addr", 1, "\"addr\" needs a value"));
	EXPECT(says("backend add web addr 10.2.0", 1, "an IPv4 or IPv6 address"));
	EXPECT(says("backend add web addr 10.2.0.0/16", 1,
		    "an IPv4 or IPv6 address"));
	EXPECT(says("backend add web addr 10.2.0.2 port 0", 1, "from 1 to 65535"));
	EXPECT(says("backend add web addr 10.2.0.2 port 65536", 1,
		    "from 1 to 65535"));
	EXPECT(says("backend add web addr 10.2.0.2 weight 1001", 1,
		    "from 0 to 1000"));
	EXPECT(says("backend add web addr 10.2.0.2 state of", 1,
		    "expected \"up\", \"down\" or \"drain\""));
	EXPECT(says("backend add web addr 10.2.0.2 state d", 1,
		    "more than one of"));
	EXPECT(says("backend del web addr 10.2.0.2 weight 1", 1,
		    "expected \"addr\" or \"port\""));
	EXPECT(says("backend add web addr 10.2.0.2 addr 10.2.0.3", 1,
		    "duplicate \"addr\""));
}

void check_balance(void)
{
	subject("balancers are asked for, made and changed", test_library);
	subject("balancers and back ends, malformed", test_malformed);
	subject("kpacctl balancer, backend: what is shown", test_show);
	subject("kpacctl balancer, backend: what is asked for", test_change);
	subject("kpacctl balancer, backend: syntax", test_syntax);
}
