// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Flows: libkpac, and kpacctl flowmon show and reset. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/internal.h"
#include "check.h"

/* How much more than at first the flows have counted. */
unsigned int more;

static void put_counters(struct nl_msg *msg, uint32_t packets, uint64_t bytes)
{
	nla_put_u32(msg, KPAC_A_FLOW_PACKETS, packets);
	nla_put_u64(msg, KPAC_A_FLOW_BYTES, bytes);
	nla_put_u64(msg, KPAC_A_FLOW_FIRST_SEEN, 1700000000123);
	nla_put_u64(msg, KPAC_A_FLOW_LAST_SEEN, 1700000001123);
	nla_put_u32(msg, KPAC_A_FLOW_AGE, 75999);
	nla_put_u32(msg, KPAC_A_FLOW_IDLE, 250);
	nla_put_u32(msg, KPAC_A_FLOW_STARTED, 5000);
}

/* TCP over IPv4 with a VLAN, by a device that has a name. */
static void put_flow4(struct nl_msg *msg)
{
	nla_put_string(msg, KPAC_A_FLOW_MONITOR, "default");
	nla_put_u32(msg, KPAC_A_FLOW_IFINDEX, 7);
	nla_put_string(msg, KPAC_A_FLOW_IFNAME, "r1");
	nla_put_u16(msg, KPAC_A_FLOW_VLAN, 5);
	nla_put_u8(msg, KPAC_A_FLOW_PROTO, 6);
	nla_put(msg, KPAC_A_FLOW_SRC, 4, "\x0a\x01\x00\x02");
	nla_put(msg, KPAC_A_FLOW_DST, 4, "\x0a\x02\x00\x02");
	nla_put_u16(msg, KPAC_A_FLOW_SPORT, 40000);
	nla_put_u16(msg, KPAC_A_FLOW_DPORT, 80);
	nla_put_u8(msg, KPAC_A_FLOW_TCP_FLAGS, 0x12);
	nla_put_u8(msg, KPAC_A_FLOW_TOS, 0xb8);
	put_counters(msg, 10 + more, 6000000000 + 100 * more);
}

/* ICMPv6 by a device that has gone. */
static void put_flow6(struct nl_msg *msg)
{
	nla_put_string(msg, KPAC_A_FLOW_MONITOR, "a b");
	nla_put_u32(msg, KPAC_A_FLOW_IFINDEX, 8);
	nla_put_u8(msg, KPAC_A_FLOW_PROTO, 58);
	nla_put(msg, KPAC_A_FLOW_SRC, 16,
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	nla_put(msg, KPAC_A_FLOW_DST, 16,
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2");
	nla_put_u8(msg, KPAC_A_FLOW_ICMP_TYPE, 128);
	nla_put_u8(msg, KPAC_A_FLOW_ICMP_CODE, 0);
	put_counters(msg, 20, 2080);
	nla_put_u32(msg, 200, 1);	/* of a newer module */
}

/* A module with one flow of each of two monitors. */
void answer_flows(const struct nlmsghdr *request)
{
	int i;

	if (genlmsg_hdr((struct nlmsghdr *)request)->cmd ==
	    KPAC_CMD_FLOWMON_RESET) {
		fake_ack(request, 0, NULL);
		return;
	}
	EXPECT((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP);
	for (i = 0; i < 2; i++) {
		struct nl_msg *msg = fake_msg(request, KPAC_CMD_FLOWMON_GET,
					      NLM_F_MULTI);

		if (i)
			put_flow6(msg);
		else
			put_flow4(msg);
		fake_send(msg, false);
	}
	fake_done(request, 0, NULL, 0);
}

/* The name of the monitor in the last request, or "". */
static const char *asked_for(void)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)fake.request;
	struct nlattr *nla = genlmsg_attrdata(genlmsg_hdr(nlh), 0);

	return genlmsg_attrlen(genlmsg_hdr(nlh), 0) > 0 &&
	       nla_type(nla) == KPAC_A_FLOW_MONITOR ? nla_data(nla) : "";
}

static int see_flow(const struct kpac_flow *f, void *arg)
{
	int *n = arg;

	if (!(*n)++) {
		EXPECT(f->have == (KPAC_FLOW_IFNAME | KPAC_FLOW_VLAN |
				   KPAC_FLOW_PORTS | KPAC_FLOW_TCP_FLAGS));
		EXPECT(!strcmp(f->monitor, "default") && f->ifindex == 7 &&
		       !strcmp(f->ifname, "r1") && f->vlan == 5);
		EXPECT(f->proto == 6 && f->addr_len == 4 &&
		       !memcmp(f->src, "\x0a\x01\x00\x02", 4) &&
		       !memcmp(f->dst, "\x0a\x02\x00\x02", 4));
		EXPECT(f->sport == 40000 && f->dport == 80 &&
		       f->tcp_flags == 0x12 && f->tos == 0xb8);
		EXPECT(f->packets == 10 && f->bytes == 6000000000);
		EXPECT(f->first_seen == 1700000000123 &&
		       f->last_seen == 1700000001123 && f->age == 75999 &&
		       f->idle == 250 && f->started == 5000);
		return 0;
	}
	EXPECT(f->have == KPAC_FLOW_ICMP && f->icmp_type == 128 &&
	       !f->icmp_code && f->addr_len == 16 && f->src[15] == 1 &&
	       f->dst[15] == 2);
	return -7;
}

static void test_flows(void)
{
	struct kpac *kpac = open_fake(answer_flows);
	int n = 0;

	EXPECT(kpac_flow_dump(kpac, NULL, see_flow, &n) == -7 && n == 2);
	EXPECT(!strcmp(asked_for(), ""));
	n = 0;
	EXPECT(kpac_flow_dump(kpac, "a b", see_flow, &n) == -7);
	EXPECT(!strcmp(asked_for(), "a b"));
	EXPECT(!kpac_flow_reset(kpac, NULL) && !*asked_for());
	EXPECT(!kpac_flow_reset(kpac, "1234567890123456789012345678901") &&
	       strlen(asked_for()) == 31);
	EXPECT(kpac_flow_reset(kpac, "12345678901234567890123456789012") ==
	       -EINVAL && strstr(kpac_error(kpac), "1 to 31 bytes"));
	EXPECT(kpac_flow_dump(kpac, "", see_flow, &n) == -EINVAL);
	refusal = (struct refusal){ .err = -ENOENT, .text = "there is none" };
	fake.answer = answer_no;
	EXPECT(kpac_flow_dump(kpac, "x", see_flow, &n) == -ENOENT &&
	       !strcmp(kpac_error(kpac), "there is none"));
	refusal = (struct refusal){ .err = -EOPNOTSUPP };
	EXPECT(kpac_flow_reset(kpac, "x") == -EOPNOTSUPP &&
	       strstr(kpac_error(kpac), "older"));
	fake.answer = answer_nothing;
	n = 0;
	EXPECT(!kpac_flow_dump(kpac, NULL, see_flow, &n) && !n);
	kpac_close(kpac);
}

/* The flow, without the attribute of a type, or with another length of it. */
static struct nl_msg *without(int type, int len)
{
	struct nl_msg *whole = fake_msg(NULL, KPAC_CMD_FLOWMON_GET, 0);
	struct nl_msg *msg = fake_msg(NULL, KPAC_CMD_FLOWMON_GET, 0);
	static const char zeros[64];
	struct nlattr *nla;
	int rest;

	put_flow4(whole);
	nla_for_each_attr(nla, genlmsg_attrdata(genlmsg_hdr(nlmsg_hdr(whole)), 0),
			  genlmsg_attrlen(genlmsg_hdr(nlmsg_hdr(whole)), 0), rest)
		if (nla_type(nla) != type)
			nla_put(msg, nla_type(nla), nla_len(nla), nla_data(nla));
		else if (len >= 0)
			nla_put(msg, type, len, zeros);
	nlmsg_free(whole);
	return msg;
}

static int parse_without(int type, int len, struct kpac_flow *flow)
{
	struct nl_msg *msg = without(type, len);
	int err = kpac_parse_flow(nlmsg_hdr(msg), flow);

	nlmsg_free(msg);
	return err;
}

static void test_malformed(void)
{
	static const int needed[] = {
		KPAC_A_FLOW_MONITOR, KPAC_A_FLOW_IFINDEX, KPAC_A_FLOW_PROTO,
		KPAC_A_FLOW_SRC, KPAC_A_FLOW_DST, KPAC_A_FLOW_PACKETS,
		KPAC_A_FLOW_BYTES, KPAC_A_FLOW_FIRST_SEEN,
		KPAC_A_FLOW_LAST_SEEN, KPAC_A_FLOW_AGE, KPAC_A_FLOW_IDLE,
		KPAC_A_FLOW_STARTED,
	};
	struct kpac_flow flow;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		EXPECT(parse_without(needed[i], -1, &flow) == -EBADMSG);
		EXPECT(parse_without(needed[i], 0, &flow) == -EBADMSG);
		EXPECT(parse_without(needed[i], 3, &flow) == -EBADMSG);
	}
	/* Each is as long as an address can be, but not as the other. */
	EXPECT(parse_without(KPAC_A_FLOW_SRC, 16, &flow) == -EBADMSG);
	EXPECT(parse_without(KPAC_A_FLOW_DST, 16, &flow) == -EBADMSG);
	EXPECT(parse_without(KPAC_A_FLOW_DST, 33, &flow) == -EBADMSG);
	EXPECT(!parse_without(KPAC_A_FLOW_DPORT, -1, &flow) &&
	       !(flow.have & KPAC_FLOW_PORTS));
	EXPECT(!parse_without(KPAC_A_FLOW_VLAN, 4, &flow) &&
	       !(flow.have & KPAC_FLOW_VLAN));
	EXPECT(!parse_without(KPAC_A_FLOW_TCP_FLAGS, 2, &flow) &&
	       !(flow.have & KPAC_FLOW_TCP_FLAGS));
	EXPECT(!parse_without(KPAC_A_FLOW_IFNAME, 20, &flow) &&
	       !(flow.have & KPAC_FLOW_IFNAME));
	EXPECT(!parse_without(0, -1, &flow) && flow.vlan == 5);
}

static void answer_malformed(const struct nlmsghdr *request)
{
	fake_send(fake_msg(request, KPAC_CMD_FLOWMON_GET, NLM_F_MULTI), false);
	fake_done(request, 0, NULL, 0);
}

static const char line4[] =
	"default: dev r1 vlan 5 src 10.1.0.2 dst 10.2.0.2 proto tcp sport 40000"
	" dport 80 tcp-flags syn,ack packets 10 bytes 6000000000 age 75s"
	" idle 250ms\n";
static const char line6[] =
	"\"a b\": dev if8 src 2001:db8::1 dst 2001:db8::2 proto icmpv6"
	" icmp-type echo-request icmp-code 0 packets 20 bytes 2080 age 75s"
	" idle 250ms\n";

static void test_show(void)
{
	char both[1024];

	fake_reset(answer_flows);
	snprintf(both, sizeof(both), "%s%s", line4, line6);
	EXPECT(says_here("flowmon", 0, both) && !strcmp(out, both));
	EXPECT(says_here("flowmon show name b", 0, both));
	EXPECT(!strcmp(asked_for(), "b"));
	EXPECT(says_here("f s top 1", 0, line4) && !strcmp(out, line4));
	EXPECT(says_here("flowmon show top 1 by packets", 0, line6) &&
	       !strcmp(out, line6));
	EXPECT(says_here("flowmon show by bytes top 5", 0, both));
	EXPECT(says_here("-j flowmon show top 1", 0,
		"[{\"monitor\":\"default\",\"ifindex\":7,\"dev\":\"r1\","
		"\"vlan\":5,\"src\":\"10.1.0.2\",\"dst\":\"10.2.0.2\","
		"\"proto\":\"tcp\",\"sport\":40000,\"dport\":80,"
		"\"tcp_flags\":\"syn,ack\",\"tos\":184,\"packets\":10,"
		"\"bytes\":6000000000,\"first_seen\":1700000000123,"
		"\"last_seen\":1700000001123,\"age\":75999,\"idle\":250}]\n"));
	EXPECT(says_here("flowmon reset", 0, "") && !*asked_for());
	EXPECT(says_here("flowmon reset name x", 0, "") &&
	       !strcmp(asked_for(), "x"));
	fake.answer = answer_nothing;
	EXPECT(says_here("flowmon show", 0, "") && !*out);
	EXPECT(says_here("-j flowmon show top 3", 0, "[]\n"));
	fake.answer = answer_malformed;
	EXPECT(says_here("flowmon show", 2, "description of a flow is malformed"));
	refusal = (struct refusal){ .err = -EPERM };
	fake.answer = answer_no;
	EXPECT(says_here("flowmon show", 2, "needs CAP_NET_ADMIN"));
}

static void test_syntax(void)
{
	fake_reset(answer_flows);
	EXPECT(says("flowmon help", 0, "kpacctl flowmon show"));
	EXPECT(says("flowmon foo", 1, "command \"foo\" is unknown"));
	EXPECT(says("flowmon show foo", 1,
		    "expected \"name\", \"top\" or \"by\""));
	EXPECT(says("flowmon show top", 1, "\"top\" needs a value"));
	EXPECT(says("flowmon show top 0", 1, "a number of flows from 1"));
	EXPECT(says("flowmon show by bytes", 1, "\"top\" is required"));
	EXPECT(says("flowmon show top 1 by flows", 1,
		    "expected \"bytes\" or \"packets\""));
	EXPECT(says("flowmon show top 1 top 2", 1, "duplicate \"top\""));
	EXPECT(says("flowmon show name 12345678901234567890123456789012", 1,
		    "1 to 31 bytes"));
	EXPECT(says("flowmon reset name ", 1, "1 to 31 bytes"));
	EXPECT(says("flowmon reset top 1", 1, "expected \"name\""));
}

void check_flowmon(void)
{
	subject("flows are asked for and read", test_flows);
	subject("flows, malformed", test_malformed);
	subject("kpacctl flowmon: what is shown", test_show);
	subject("kpacctl flowmon: syntax", test_syntax);
}
