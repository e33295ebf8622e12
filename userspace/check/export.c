// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* IPFIX messages, byte by byte, and kpacctl flowmon export. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../ctl/ipfix.h"
#include "../ctl/kpacctl.h"
#include "check.h"

static uint8_t sent[64][IPFIX_MOST];
static size_t sent_len[64], n_sent;
static int send_error;

static int keep_message(const void *message, size_t len, void *arg)
{
	(void)arg;
	if (send_error)
		return send_error;
	EXPECT(len <= IPFIX_MOST && n_sent < ARRAY_SIZE(sent));
	memcpy(sent[n_sent], message, len);
	sent_len[n_sent++] = len;
	return 0;
}

static const struct kpac_flow flow4 = {
	.have = KPAC_FLOW_VLAN | KPAC_FLOW_PORTS | KPAC_FLOW_TCP_FLAGS,
	.ifindex = 7, .vlan = 5, .proto = 6, .tcp_flags = 0x12, .tos = 0xb8,
	.addr_len = 4, .src = { 10, 1, 0, 2 }, .dst = { 10, 2, 0, 2 },
	.sport = 40000, .dport = 80, .packets = 10, .bytes = 6000000000,
	.first_seen = 1700000000123, .last_seen = 1700000001123,
};
static const struct kpac_flow flow6 = {
	.have = KPAC_FLOW_ICMP, .ifindex = 8, .proto = 58, .icmp_type = 128,
	.icmp_code = 1, .addr_len = 16, .src = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
	.dst = { 0x20, 1, 0xd, 0xb8, [15] = 2 }, .packets = 20, .bytes = 2080,
	.first_seen = 1700000000123, .last_seen = 1700000001123,
};

/* As RFC 7011 has it, sections 3.1 to 3.4. */
static const char whole[] =
	/* version, length, export time, sequence number, domain */
	"000a" "011c" "65540380" "0000002a" "00000102"
	/* template set; template 256 with 14 elements */
	"0002" "007c" "0100" "000e"
	"00080004" "000c0004" "00070002" "000b0002" "00200002" "00040001"
	"00050001" "00060002" "003a0002" "000a0004" "00020008" "00010008"
	"00980008" "00990008"
	/* template 257 */
	"0101" "000e"
	"001b0010" "001c0010" "00070002" "000b0002" "008b0002" "00040001"
	"00050001" "00060002" "003a0002" "000a0004" "00020008" "00010008"
	"00980008" "00990008"
	/* a data set of the first, with one record */
	"0100" "003c"
	"0a010002" "0a020002" "9c40" "0050" "0000" "06" "b8" "0012" "0005"
	"00000007" "000000000000000a" "0000000165a0bc00"
	"0000018bcfe5687b" "0000018bcfe56c63"
	/* of the second, with one */
	"0101" "0054"
	"20010db8000000000000000000000001" "20010db8000000000000000000000002"
	"0000" "0000" "8001" "3a" "00" "0000" "0000"
	"00000008" "0000000000000014" "0000000000000820"
	"0000018bcfe5687b" "0000018bcfe56c63";

static struct ipfix start(size_t most)
{
	n_sent = 0;
	send_error = 0;
	return (struct ipfix){ .send = keep_message, .domain = 0x102,
			       .sequence = 42, .time = 0x65540380,
			       .most = most };
}

static bool is_message(size_t i, const char *hex)
{
	char text[2 * IPFIX_MOST + 1] = "";
	size_t j;

	for (j = 0; j < sent_len[i]; j++)
		sprintf(text + 2 * j, "%02x", sent[i][j]);
	if (strcmp(text, hex))
		printf("# %s\n# %s\n", text, hex);
	return !strcmp(text, hex);
}

static void test_message(void)
{
	struct ipfix x = start(IPFIX_MOST);

	EXPECT(!ipfix_templates(&x) && !ipfix_flow(&x, &flow4) &&
	       !ipfix_flow(&x, &flow6) && !n_sent);
	EXPECT(!ipfix_flush(&x) && n_sent == 1 && x.sequence == 44);
	EXPECT(is_message(0, whole));
	EXPECT(!ipfix_flush(&x) && n_sent == 1);
}

static unsigned int number(const uint8_t *at)
{
	return (unsigned int)at[0] << 24 | (unsigned int)at[1] << 16 |
	       (unsigned int)at[2] << 8 | at[3];
}

/* Full messages, and sequence numbers that say how many records there were. */
static void test_limits(void)
{
	struct ipfix x = start(IPFIX_LEAST);
	unsigned int i, told = 0;

	ipfix_templates(&x);
	for (i = 0; i < 100; i++)
		EXPECT(!ipfix_flow(&x, i % 3 ? &flow4 : &flow6));
	EXPECT(!ipfix_flush(&x) && x.sequence == 142);
	for (i = 0; i < n_sent; i++) {
		unsigned int before = number(sent[i] + 8) - 42;

		EXPECT(sent_len[i] <= IPFIX_LEAST &&
		       sent_len[i] == (number(sent[i]) & 0xffff));
		EXPECT(i + 1 == n_sent || sent_len[i] > IPFIX_LEAST - 84);
		EXPECT(i ? before > told : !before);
		told = before;
	}
	/* What was not sent is not counted. */
	x = start(IPFIX_MOST);
	send_error = -ENETUNREACH;
	EXPECT(!ipfix_flow(&x, &flow4) && ipfix_flush(&x) == -ENETUNREACH);
	EXPECT(x.sequence == 42 && !x.len);
}

/* A collector of this process, and the command to export to it. */
static int collector(char *command, size_t size, const char *words)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(a);

	EXPECT(fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof(a)) &&
	       !getsockname(fd, (struct sockaddr *)&a, &len));
	snprintf(command, size, "flowmon export collector 127.0.0.1:%u%s",
		 ntohs(a.sin_port), words);
	return fd;
}

static size_t collect(int fd, uint8_t *message, size_t size)
{
	ssize_t len = recv(fd, message, size, MSG_DONTWAIT);

	return len > 0 ? (size_t)len : 0;
}

/* Counts more each time. */
static void answer_more(const struct nlmsghdr *request)
{
	answer_flows(request);
	more += 5;
}

static void test_export(void)
{
	uint8_t m[IPFIX_MOST + 1];
	char command[128];
	int fd;

	fake_reset(answer_flows);
	fd = collector(command, sizeof(command), " count 1 domain 258");
	EXPECT(says_here(command, 0, ""));
	EXPECT(collect(fd, m, sizeof(m)) == 16 + 124 + 60 + 84);
	EXPECT(!number(m + 8) && number(m + 12) == 258);
	EXPECT(!collect(fd, m, sizeof(m)));
	close(fd);

	/* The played ppoll() ends the wait by a signal: a last export. */
	fake_reset(answer_more);
	fd = collector(command, sizeof(command), " name x interval 1h");
	EXPECT(says_here(command, 0, ""));
	EXPECT(collect(fd, m, sizeof(m)) == 284 && !number(m + 8));
	/* Only what has counted more is there, with how much more. */
	EXPECT(collect(fd, m, sizeof(m)) == 200 && number(m + 8) == 2);
	EXPECT(number(m + 16 + 124 + 4 + 24 + 4) == 5 &&
	       number(m + 16 + 124 + 4 + 32 + 4) == 500);
	EXPECT(!collect(fd, m, sizeof(m)));
	close(fd);
	/* Counted less: it must have been forgotten. */
	more = 100;
	fd = collector(command, sizeof(command), "");
	fake_reset(answer_more);
	more = 0xfffffffb;
	EXPECT(says_here(command, 0, ""));
	EXPECT(collect(fd, m, sizeof(m)) == 284);
	close(fd);
	more = 0;

	/* Nobody listens, which is known of all messages but the first. */
	EXPECT(run_here(command) == 0 &&
	       (!*err_out || strstr(err_out, "Connection refused")));
	fake_reset(answer_no);
	refusal = (struct refusal){ .err = -ENOENT, .text = "there is none" };
	EXPECT(says_here(command, 2, "kpac: there is none"));
}

static void test_export_syntax(void)
{
	static const char *const addresses[] = {
		"", "nowhere", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:",
		"10.0.0.1:x", "[::1", "[::1]x", "[::1]:", ":4739", "10.0.0:1",
	};
	char command[128];
	size_t i;

	fake_reset(answer_flows);
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		snprintf(command, sizeof(command),
			 "flowmon export count 1 collector %s", addresses[i]);
		EXPECT(says(command, 1, "expected an address"));
	}
	EXPECT(says("flowmon export collector 127.0.0.1 count 1", 0, ""));
	EXPECT(says("flowmon export collector 127.0.0.1:9 count 1", 0, ""));
	EXPECT(says("flowmon export", 1, "\"collector\" is required"));
	EXPECT(says("flowmon export foo 1", 1, "expected \"name\", \"collector\""));
	EXPECT(says("flowmon export collector 127.0.0.1 interval 5", 1,
		    "from 100ms to 500h"));
	EXPECT(says("flowmon export collector 127.0.0.1 interval 99ms", 1,
		    "from 100ms to 500h"));
	EXPECT(says("flowmon export collector 127.0.0.1 count 0", 1,
		    "a number of exports from 1"));
	EXPECT(says("flowmon export collector 127.0.0.1 domain 4294967296", 1,
		    "from 0 to 4294967295"));
}

void check_export(void)
{
	subject("IPFIX, byte by byte", test_message);
	subject("IPFIX: sizes and sequence numbers", test_limits);
	subject("kpacctl flowmon export: what is sent", test_export);
	subject("kpacctl flowmon export: syntax", test_export_syntax);
}
