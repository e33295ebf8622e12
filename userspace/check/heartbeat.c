// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Heartbeats: libkpac, and kpacctl heartbeat. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "../lib/internal.h"
#include "check.h"

static void put_rtt(struct nl_msg *msg)
{
	nla_put_u32(msg, KPAC_A_HEARTBEAT_RTT_LAST, 123456);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_RTT_MIN, 99900);
	nla_put_u64(msg, KPAC_A_HEARTBEAT_RTT_MAX, 5000000000);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_RTT_MEAN, 150000);
}

static void put_state(struct nl_msg *msg, unsigned int state, int in_row)
{
	nla_put_u32(msg, KPAC_A_HEARTBEAT_STATE, state);
	nla_put_u64(msg, KPAC_A_HEARTBEAT_CHANGED, 1700000000123);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_SINCE, 75999);
	nla_put_s32(msg, KPAC_A_HEARTBEAT_IN_ROW, in_row);
	nla_put_u64(msg, KPAC_A_HEARTBEAT_SENT, 6000000000);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_UNSENT, 1);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_RECEIVED, 20);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_MISSED, 3);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_LATE, 2);
}

/* IPv6 with all that a peer can have. */
static void put_peer6(struct nl_msg *msg, unsigned int state)
{
	nla_put_string(msg, KPAC_A_HEARTBEAT_NAME, "b 1");
	nla_put(msg, KPAC_A_HEARTBEAT_ADDR, 16,
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	nla_put_u16(msg, KPAC_A_HEARTBEAT_DPORT, 7000);
	nla_put(msg, KPAC_A_HEARTBEAT_SRC, 16,
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2");
	nla_put_u16(msg, KPAC_A_HEARTBEAT_SPORT, 40000);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_IFINDEX, 7);
	nla_put_string(msg, KPAC_A_HEARTBEAT_IFNAME, "r1");
	nla_put_u32(msg, KPAC_A_HEARTBEAT_INTERVAL, 100);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_MISSES, 4);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_HITS, 5);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_SIZE, 128);
	put_state(msg, state, -4);
	put_rtt(msg);
}

/* IPv4 with as little as there can be. */
static void put_peer4(struct nl_msg *msg)
{
	nla_put_string(msg, KPAC_A_HEARTBEAT_NAME, "10.1.0.2");
	nla_put(msg, KPAC_A_HEARTBEAT_ADDR, 4, "\x0a\x01\x00\x02");
	nla_put_u16(msg, KPAC_A_HEARTBEAT_DPORT, 7);
	nla_put_u16(msg, KPAC_A_HEARTBEAT_SPORT, 40001);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_INTERVAL, 1000);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_MISSES, 3);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_HITS, 2);
	nla_put_u32(msg, KPAC_A_HEARTBEAT_SIZE, 64);
	put_state(msg, KPAC_HEARTBEAT_STATE_UNKNOWN, 1);
	nla_put_u32(msg, 200, 1);	/* of a newer module */
}

void push_peer(unsigned int state)
{
	struct nl_msg *msg = fake_msg(NULL, KPAC_CMD_HEARTBEAT_CHANGE_NTF, 0);

	put_peer6(msg, state);
	fake_send(msg, true);
}

static void answer_peers(const struct nlmsghdr *request)
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct nl_msg *msg;

	if (genlmsg_hdr((struct nlmsghdr *)request)->cmd !=
	    KPAC_CMD_HEARTBEAT_GET) {
		fake_ack(request, 0, NULL);
		return;
	}
	msg = fake_msg(request, KPAC_CMD_HEARTBEAT_GET, dump ? NLM_F_MULTI : 0);
	put_peer6(msg, KPAC_HEARTBEAT_STATE_DOWN);
	fake_send(msg, false);
	if (!dump) {
		fake_ack(request, 0, NULL);
		return;
	}
	msg = fake_msg(request, KPAC_CMD_HEARTBEAT_GET, NLM_F_MULTI);
	put_peer4(msg);
	fake_send(msg, false);
	fake_done(request, 0, NULL, 0);
}

static int see_peer(const struct kpac_peer *p, void *arg)
{
	int *n = arg;

	if ((*n)++) {
		EXPECT(!p->have && !strcmp(p->name, "10.1.0.2"));
		EXPECT(p->addr_len == 4 &&
		       !memcmp(p->addr, "\x0a\x01\x00\x02", 4));
		EXPECT(p->state == KPAC_HEARTBEAT_STATE_UNKNOWN &&
		       p->in_row == 1);
		return 0;
	}
	EXPECT(p->have == (KPAC_PEER_SRC | KPAC_PEER_IFINDEX |
			   KPAC_PEER_IFNAME | KPAC_PEER_RTT_LAST |
			   KPAC_PEER_RTT_MEAN));
	EXPECT(!strcmp(p->name, "b 1") && p->addr_len == 16 &&
	       p->addr[15] == 1 && p->src[15] == 2);
	EXPECT(p->dport == 7000 && p->sport == 40000 && p->ifindex == 7 &&
	       !strcmp(p->ifname, "r1"));
	EXPECT(p->interval == 100 && p->misses == 4 && p->hits == 5 &&
	       p->probe_size == 128);
	EXPECT(p->state == KPAC_HEARTBEAT_STATE_DOWN && p->in_row == -4 &&
	       p->changed == 1700000000123 && p->since == 75999);
	EXPECT(p->sent == 6000000000 && p->unsent == 1 && p->received == 20 &&
	       p->missed == 3 && p->late == 2);
	EXPECT(p->rtt_last == 123456 && p->rtt_min == 99900 &&
	       p->rtt_max == 5000000000 && p->rtt_mean == 150000);
	return 0;
}

static void test_peers(void)
{
	struct kpac_heartbeat_config config = {
		.size = sizeof(config), .addr_len = 4, .dport = 1,
	};
	struct kpac *kpac = open_fake(answer_peers);
	int n = 0;

	EXPECT(!kpac_heartbeat_dump(kpac, see_peer, &n) && n == 2);
	n = 0;
	EXPECT(!kpac_heartbeat_get(kpac, "b 1", see_peer, &n) && n == 1);
	EXPECT(!kpac_heartbeat_add(kpac, &config));
	EXPECT(!kpac_heartbeat_del(kpac, "b 1"));
	n = fake.requests;
	config.addr_len = 5;
	EXPECT(kpac_heartbeat_add(kpac, &config) == -EINVAL);
	config.addr_len = 4;
	config.size++;
	EXPECT(kpac_heartbeat_add(kpac, &config) == -EINVAL);
	config.size--;
	config.name = "";
	EXPECT(kpac_heartbeat_add(kpac, &config) == -EINVAL);
	EXPECT(kpac_heartbeat_del(kpac, "") == -EINVAL);
	EXPECT(kpac_heartbeat_get(kpac,
		"123456789012345678901234567890123456789012345678", see_peer,
		NULL) == -EINVAL);
	EXPECT(fake.requests == n);
	kpac_close(kpac);
}

/* Parse the description of a peer in which one attribute is left out, or has
 * another length.
 */
static int parse_without(int attr, int len, struct kpac_peer *peer)
{
	struct nl_msg *whole = nlmsg_alloc(), *msg = nlmsg_alloc();
	struct nlattr *nla;
	int rest, err;

	genlmsg_put(whole, 0, 0, FAKE_FAMILY, 0, 0, KPAC_CMD_HEARTBEAT_GET, 1);
	genlmsg_put(msg, 0, 0, FAKE_FAMILY, 0, 0, KPAC_CMD_HEARTBEAT_GET, 1);
	put_peer6(whole, KPAC_HEARTBEAT_STATE_UP);
	nlmsg_for_each_attr(nla, nlmsg_hdr(whole), GENL_HDRLEN, rest) {
		if (nla_type(nla) != attr)
			nla_put(msg, nla_type(nla), nla_len(nla),
				nla_data(nla));
		else if (len >= 0)
			nla_put(msg, attr, len, nla_data(nla));
	}
	err = kpac_parse_peer(nlmsg_hdr(msg), peer);
	nlmsg_free(whole);
	nlmsg_free(msg);
	return err;
}

static void test_malformed(void)
{
	static const int needed[] = {
		KPAC_A_HEARTBEAT_NAME, KPAC_A_HEARTBEAT_ADDR,
		KPAC_A_HEARTBEAT_DPORT, KPAC_A_HEARTBEAT_SPORT,
		KPAC_A_HEARTBEAT_INTERVAL, KPAC_A_HEARTBEAT_MISSES,
		KPAC_A_HEARTBEAT_HITS, KPAC_A_HEARTBEAT_SIZE,
		KPAC_A_HEARTBEAT_STATE, KPAC_A_HEARTBEAT_CHANGED,
		KPAC_A_HEARTBEAT_SINCE, KPAC_A_HEARTBEAT_IN_ROW,
		KPAC_A_HEARTBEAT_SENT, KPAC_A_HEARTBEAT_UNSENT,
		KPAC_A_HEARTBEAT_RECEIVED, KPAC_A_HEARTBEAT_MISSED,
		KPAC_A_HEARTBEAT_LATE,
	};
	struct kpac_peer peer;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		EXPECT(parse_without(needed[i], -1, &peer) == -EBADMSG);
		EXPECT(parse_without(needed[i], 0, &peer) == -EBADMSG);
	}
	EXPECT(parse_without(KPAC_A_HEARTBEAT_SRC, 4, &peer) == -EBADMSG);
	EXPECT(!parse_without(KPAC_A_HEARTBEAT_SRC, -1, &peer) &&
	       !(peer.have & KPAC_PEER_SRC));
	EXPECT(!parse_without(KPAC_A_HEARTBEAT_RTT_MEAN, 3, &peer) &&
	       !(peer.have & KPAC_PEER_RTT_MEAN));
	EXPECT(!parse_without(0, -1, &peer) && peer.probe_size == 128);
}

static const char line6[] =
	"\"b 1\": down since 75s addr 2001:db8::1 dport 7000 src 2001:db8::2"
	" sport 40000 dev r1 interval 100ms misses 4 hits 5 size 128\n"
	"    in a row 4 missed, sent 6000000000 received 20 missed 3 late 2"
	" unsent 1, rtt last 123.4us min 99.9us mean 150.0us max 5000000.0us\n";
static const char line4[] =
	"10.1.0.2: unknown since 75s addr 10.1.0.2 dport 7 sport 40001"
	" interval 1s misses 3 hits 2 size 64\n"
	"    in a row 1 received, sent 6000000000 received 20 missed 3 late 2"
	" unsent 1\n";

static void answer_malformed(const struct nlmsghdr *request)
{
	fake_send(fake_msg(request, KPAC_CMD_HEARTBEAT_GET, NLM_F_MULTI), false);
	fake_done(request, 0, NULL, 0);
}

static void test_show(void)
{
	char both[1024];

	fake_reset(answer_peers);
	snprintf(both, sizeof(both), "%s%s", line6, line4);
	EXPECT(says_here("heartbeat", 0, both) && !strcmp(out, both));
	EXPECT(says_here("heartbeat show b", 0, line6) && !strcmp(out, line6));
	EXPECT(says_here("-j heartbeat show b", 0,
		"[{\"name\":\"b 1\",\"state\":\"down\","
		"\"changed\":1700000000123,\"since\":75999,"
		"\"addr\":\"2001:db8::1\",\"dport\":7000,"
		"\"src\":\"2001:db8::2\",\"sport\":40000,\"dev\":\"r1\","
		"\"interval\":100,\"misses\":4,\"hits\":5,\"size\":128,"
		"\"in_row\":-4,\"sent\":6000000000,\"unsent\":1,"
		"\"received\":20,\"missed\":3,\"late\":2,"
		"\"rtt_last\":123456,\"rtt_max\":5000000000,"
		"\"rtt_min\":99900,\"rtt_mean\":150000}]\n"));
	fake.answer = answer_nothing;
	EXPECT(says_here("-j heartbeat show", 0, "[]\n"));
	fake.answer = answer_malformed;
	EXPECT(says_here("heartbeat", 2,
			 "description of a heartbeat is malformed"));
}

static void test_events(void)
{
	fake_reset(answer_well);
	push_peer(KPAC_HEARTBEAT_STATE_UP);
	EXPECT(says("monitor", 0,
		    "heartbeat-up \"b 1\": up since 75s addr 2001:db8::1 "));
	push_peer(KPAC_HEARTBEAT_STATE_DOWN);
	EXPECT(says("-j monitor", 0,
		    "{\"event\":\"heartbeat-down\",\"name\":\"b 1\","));
}

/* What the last request has of an attribute, or NULL. */
static struct nlattr *asked_for(int attr)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)fake.request;

	return nlmsg_find_attr(nlh, GENL_HDRLEN, attr);
}

static void test_add(void)
{
	fake_reset(answer_peers);
	EXPECT(says_here("heartbeat add addr 10.1.0.2 dport 7", 0, ""));
	EXPECT(!asked_for(KPAC_A_HEARTBEAT_NAME) &&
	       !asked_for(KPAC_A_HEARTBEAT_SPORT) &&
	       !asked_for(KPAC_A_HEARTBEAT_INTERVAL));
	EXPECT(nla_get_u16(asked_for(KPAC_A_HEARTBEAT_DPORT)) == 7);
	EXPECT(says_here("heartbeat add dport 7000 addr 2001:db8::1 name x "
			 "src 2001:db8::2 sport 9 interval 1.5s misses 4 "
			 "hits 255 size 1400 dev lo", 0, ""));
	EXPECT(!strcmp(nla_data(asked_for(KPAC_A_HEARTBEAT_NAME)), "x"));
	EXPECT(nla_len(asked_for(KPAC_A_HEARTBEAT_ADDR)) == 16 &&
	       nla_len(asked_for(KPAC_A_HEARTBEAT_SRC)) == 16);
	EXPECT(nla_get_u32(asked_for(KPAC_A_HEARTBEAT_INTERVAL)) == 1500 &&
	       nla_get_u32(asked_for(KPAC_A_HEARTBEAT_MISSES)) == 4 &&
	       nla_get_u32(asked_for(KPAC_A_HEARTBEAT_HITS)) == 255 &&
	       nla_get_u32(asked_for(KPAC_A_HEARTBEAT_SIZE)) == 1400 &&
	       nla_get_u32(asked_for(KPAC_A_HEARTBEAT_IFINDEX)) == 1);
	EXPECT(says_here("heartbeat del x", 0, "") &&
	       !strcmp(nla_data(asked_for(KPAC_A_HEARTBEAT_NAME)), "x"));
}

static void test_syntax(void)
{
	fake_reset(answer_peers);
	EXPECT(says("heartbeat help", 0, "kpacctl heartbeat show"));
	EXPECT(says("heartbeat foo", 1, "command \"foo\" is unknown"));
	EXPECT(says("heartbeat del", 1, "\"NAME\" is required"));
	EXPECT(says("heartbeat del x y", 1, "nothing can follow the name"));
	EXPECT(says("heartbeat show x y", 1, "nothing can follow the name"));
	EXPECT(says("heartbeat add dport 7", 1, "\"addr\" is required"));
	EXPECT(says("heartbeat add addr 10.1.0.2", 1, "\"dport\" is required"));
	EXPECT(says("heartbeat add addr 10.1 dport 7", 1,
		    "expected an IPv4 or IPv6 address"));
	EXPECT(says("heartbeat add addr 10.1.0.2/32 dport 7", 1,
		    "expected an IPv4 or IPv6 address"));
	EXPECT(says("heartbeat add addr 10.1.0.2 dport 0", 1,
		    "a port from 1 to 65535"));
	EXPECT(says("heartbeat add addr 10.1.0.2 dport 7 src ::1", 1,
		    "not of the same kind"));
	EXPECT(says("heartbeat add addr 10.1.0.2 dport 7 interval 9ms", 1,
		    "a time from 10ms to 1h"));
	EXPECT(says("heartbeat add addr 10.1.0.2 dport 7 interval 100", 1,
		    "with its unit"));
	EXPECT(says("heartbeat add addr 10.1.0.2 dport 7 misses 256", 1,
		    "a number of probes from 1 to 255"));
	EXPECT(says("heartbeat add addr 10.1.0.2 dport 7 size 31", 1,
		    "a number of bytes from 32 to 1400"));
	EXPECT(says("heartbeat add addr 10.1.0.2 addr 10.1.0.3", 1,
		    "duplicate \"addr\""));
	EXPECT(says("heartbeat add addr 10.1.0.2 dport 7 name "
		    "123456789012345678901234567890123456789012345678", 1,
		    "1 to 47 bytes"));
	EXPECT(!fake.requests);
}

void check_heartbeat(void)
{
	subject("heartbeats are asked for and read", test_peers);
	subject("heartbeats, malformed", test_malformed);
	subject("kpacctl heartbeat: what is shown", test_show);
	subject("kpacctl heartbeat: what is added", test_add);
	subject("kpacctl heartbeat: syntax", test_syntax);
	subject("kpacctl monitor: heartbeats", test_events);
}
