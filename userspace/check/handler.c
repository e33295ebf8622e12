// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl handler: entries on the command line, both ways, and wrong ones. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../ctl/kpacctl.h"
#include "check.h"

/* What is said, and how it is printed; NULL: the same. */
static const struct {
	const char *said, *printed;
} words[] = {
	{ .said = "dev lo" }, { .said = "vlan 0" }, { .said = "vlan 4095" },
	{ "vlan_id 7", "vlan 7" }, { "vlan-id 0x10", "vlan 16" },
	{ .said = "ethertype arp" }, { "ethertype 0x0800", "ethertype ip" },
	{ "ethertype ipv4", "ethertype ip" }, { .said = "ethertype ip6" },
	{ "ethertype ipv6", "ethertype ip6" }, { "ethertype 802.1q",
	  "ethertype vlan" }, { "protocol mpls", "ethertype mpls" },
	{ .said = "ethertype pppoe" }, { .said = "ethertype 0x9999" },
	{ .said = "src 10.0.0.0/8" }, { .said = "src 10.1.2.3" },
	{ "src 10.1.2.3/32", "src 10.1.2.3" }, { .said = "src 0.0.0.0/0" },
	{ "src_ip 192.0.2.128/25", "src 192.0.2.128/25" },
	{ .said = "dst 2001:db8::/32" }, { .said = "dst ::/0" },
	{ "dst_ip 2001:DB8:0::1/128", "dst 2001:db8::1" },
	{ .said = "src 2001:db8::/127 dst 2001:db8::8" },
	{ .said = "proto tcp" }, { "proto 6", "proto tcp" }, { .said = "proto sctp" },
	{ .said = "proto icmpv6" }, { "ip_proto esp", "proto esp" },
	{ .said = "proto gre" }, { .said = "proto igmp" }, { .said = "proto 255" },
	{ .said = "sport 0" }, { .said = "sport 65535" }, { .said = "sport 1-2" },
	{ .said = "dport 1000-2000" }, { "src_port 7", "sport 7" },
	{ "dst_port 7-7", "dport 7" },
	{ .said = "proto udp dport 53" }, { .said = "sport 0-65535 dport 1" },
	{ .said = "icmp-type 8" }, { .said = "proto icmp icmp-type echo-request" },
	{ "proto icmp type 8 code 0",
	  "proto icmp icmp-type echo-request icmp-code 0" },
	{ "icmp-type echo-request proto icmpv6",
	  "proto icmpv6 icmp-type echo-request" },
	{ "icmp-type nd-neighbor-solicit", "icmp-type 135" },
	{ "icmp-type router-advertisement", "icmp-type 9" },
	{ "icmp-type echo-reply src ::1", "src ::1 icmp-type echo-reply" },
	{ .said = "icmp-code 3" },
	{ .said = "tcp-flags syn/syn,ack" }, { .said = "tcp-flags syn" },
	{ "tcp_flags 0x02/0x12", "tcp-flags syn/syn,ack" },
	{ .said = "tcp-flags none/fin,syn,rst" },
	{ "tcp-flags 0/255", "tcp-flags none/fin,syn,rst,psh,ack,urg,ece,cwr" },
	{ "tcp-flags ack,syn", "tcp-flags syn,ack" },
	{ "proto tcp tcp-flags syn/syn", "proto tcp tcp-flags syn" },
	{ .said = "dscp ef" }, { .said = "dscp cs0" }, { "dscp 46", "dscp ef" },
	{ .said = "dscp af43" }, { "dscp 0x3f", "dscp 63" }, { .said = "dscp 3" },
	{ .said = "fragment no" }, { .said = "fragment yes" }, { .said = "fragment first" },
	{ .said = "fragment later" }, { .said = "length 64" }, { .said = "length 64-1500" },
	{ .said = "length 0-4294967295" },
	{ .said = "payload l4+8:deadbeef" }, { .said = "payload l2:00" },
	{ "payload l4+8:DEADBEEF/ffffffff", "payload l4+8:deadbeef" },
	{ .said = "payload l3+65535:0102/f00f" }, { .said = "payload payload:41 payload l3:45/f0" },
	{ .said = "unfiltered" }, { "unfiltered dev lo", "dev lo unfiltered" },
};

static const char *const arguments[] = {
	"quiet", "number 1000", "size 64k", "size 1M", "size 1500", "rate 10mbit",
	"rate 1gbit", "rate 800kbit", "rate 8bit", "time 100ms", "time 5s",
	"time 2m", "time 1h", "choice left", "text plain", "text \"two words\"",
	"text one text two", "address 192.0.2.1", "address ::1",
	"prefix 10.0.0.0/8", "prefix 2001:db8::1/128", "lladdr 02:00:00:00:00:0f",
	"dev lo", "quiet number 1 size 1k dev lo",
};

static const char *line_of_show(void)
{
	static char line[4096];
	const char *add = strstr(out, ": add ");

	snprintf(line, sizeof(line), "%s", add ? add + 2 : "");
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* What the batch file @text leads to, which is JSON if it begins as that does. */
static int batch_of(const char *text)
{
	char name[] = "/tmp/kpac-check-XXXXXX";
	FILE *f = fdopen(mkstemp(name), "w");
	char command[80];
	int status;

	fputs(text, f);
	fclose(f);
	snprintf(command, sizeof(command), "%shandler batch replace %s",
		 *text == '[' ? "-j " : "", name);
	status = run_here(command);
	unlink(name);
	return status;
}

static bool both_ways(const char *said, const char *printed)
{
	static char text[sizeof(out)];
	char first[4096];
	bool good;

	table_clear();
	snprintf(text, sizeof(text), "add %s\n", said);
	if (batch_of(text) || table_size() != 1 ||
	    !says_here("handler show", 0, "\n1: add prio 32768 ")) {
		printf("# \"%s\": %s\n", text, err_out);
		return false;
	}
	snprintf(first, sizeof(first), "%s", line_of_show());
	snprintf(text, sizeof(text), "add prio 32768 %s", printed);
	good = !strcmp(first, text);
	if (!good)
		printf("# \"%s\" became \"%s\"\n", said, first);
	/* What is printed is the same when it is read, with its number. */
	snprintf(text, sizeof(text), "%s", out);
	if (batch_of(text) || !says_here("handler show", 0, first))
		return false;
	/* And so is JSON. */
	if (!says_here("-j handler show", 0, "[{\"id\":"))
		return false;
	snprintf(text, sizeof(text), "%s", out);
	if (batch_of(text) || !says_here("handler show", 0, first)) {
		printf("# \"%s\": %s\n", text, err_out);
		return false;
	}
	return good;
}

static void test_words(void)
{
	char said[256], printed[256];
	size_t i;

	fake_reset(answer_table);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		snprintf(said, sizeof(said), "%s do drop", words[i].said);
		snprintf(printed, sizeof(printed), "%s do drop",
			 words[i].printed ? words[i].printed : words[i].said);
		EXPECT(both_ways(said, printed));
	}
	for (i = 0; i < ARRAY_SIZE(arguments); i++) {
		snprintf(said, sizeof(said), "proto tcp do all %s do drop",
			 arguments[i]);
		EXPECT(both_ways(said, said));
	}
	EXPECT(both_ways("do late min 7", "do late min 7"));
	EXPECT(both_ways("do all rate 100kbps size 1.5kb time 1.5s number 2k",
			 "do all rate 800kbit size 1536 time 1500ms number 2000"));
	EXPECT(both_ways("comment \"a \\\"b\\\" \\\\ c\" expires 90s do pass",
			 "comment \"a \\\"b\\\" \\\\ c\" expires 90s do pass"));
	EXPECT(both_ways("comment 'x # y' do pass", "comment \"x # y\" do pass"));
	EXPECT(both_ways("comment \"\\033[2J\" do pass",
			 "comment \"\\033[2J\" do pass"));
	EXPECT(both_ways("comment \"\" do pass", "comment \"\" do pass"));
	table_clear();
}

/* Where @word is for the last time; an empty one is behind the last. */
static const char *last_of(const char *text, const char *word)
{
	const char *found = text + strlen(text);
	const char *at;

	if (!*word)
		return found;
	for (at = text; (at = strstr(at, word)); at++)
		found = at;
	return found;
}

/* That a message says this, with the line and carets under the word. */
static bool wrong(const char *words_said, const char *what, const char *word)
{
	char command[512], carets[512];
	const char *at, *line;
	bool good;

	snprintf(command, sizeof(command), "handler %s", words_said);
	if (!says_here(command, EXIT_SYNTAX, what))
		return false;
	at = last_of(words_said, word);
	snprintf(carets, sizeof(carets), "\n  %s\n  %*s", words_said,
		 (int)(at - words_said), "");
	line = strstr(err_out, carets);
	good = line && strspn(line + strlen(carets), "^") ==
	       (*word ? strlen(word) : 1);
	if (!good)
		printf("# \"%s\", not \"%s\" at \"%s\"\n", err_out, carets, word);
	return good;
}

static void test_wrong_words(void)
{
	fake_reset(answer_table);
	EXPECT(wrong("add proto udp dprot 7 do drop", "did you mean \"dport\"?\n",
		     "dprot"));
	EXPECT(wrong("add frob 7 do drop", "argument \"frob\" is wrong: expected "
		     "\"dev\", \"vlan\"", "frob"));
	EXPECT(wrong("add dev no-such-dev0 do drop",
		     "there is no device \"no-such-dev0\".", "no-such-dev0"));
	EXPECT(wrong("add vlan 4096 do drop", "from 0 to 4095", "4096"));
	EXPECT(wrong("add ethertype ipv5 do drop", "did you mean \"ip", "ipv5"));
	EXPECT(wrong("add ethertype 5 do drop", "from 0x0600 to 0xffff", "5"));
	EXPECT(wrong("add src 10.0.0.1/8 do drop", "did you mean \"10.0.0.0/8\", "
		     "or the address \"10.0.0.1\"?", "10.0.0.1/8"));
	EXPECT(wrong("add dst 2001:db8::1/32 do drop",
		     "did you mean \"2001:db8::/32\"", "2001:db8::1/32"));
	EXPECT(wrong("add src 10.0.0.0/33 do drop", "from 0 to 32",
		     "10.0.0.0/33"));
	EXPECT(wrong("add src 10.0.0/8 do drop", "expected an IPv4", "10.0.0/8"));
	EXPECT(wrong("add src ::/129 do drop", "IPv6 is from 0 to 128", "::/129"));
	EXPECT(wrong("add proto upd do drop", "did you mean \"udp\"?", "upd"));
	EXPECT(wrong("add proto 256 do drop", "from 0 to 255", "256"));
	EXPECT(wrong("add dport 65536 do drop", "expected a port", "65536"));
	EXPECT(wrong("add dport 9-8 do drop", "did you mean \"8-9\"?", "9-8"));
	EXPECT(wrong("add icmp-type echo do drop", "did you mean \"echo-re",
		     "echo"));
	EXPECT(wrong("add icmp-type echo-request do drop",
		     "it is 8 of icmp and 128 of icmpv6", "echo-request"));
	EXPECT(wrong("add proto icmp icmp-type packet-too-big do drop",
		     "icmp has no such type", "packet-too-big"));
	EXPECT(wrong("add tcp-flags sny do drop", "expected flags", "sny"));
	EXPECT(wrong("add tcp-flags syn/ack do drop", "must be among", "syn/ack"));
	EXPECT(wrong("add dscp af44 do drop", "did you mean \"af4", "af44"));
	EXPECT(wrong("add fragment frist do drop", "did you mean \"first\"?",
		     "frist"));
	EXPECT(wrong("add length 9-1 do drop", "did you mean \"1-9\"?", "9-1"));
	EXPECT(wrong("add payload l5:00 do drop", "expected l2, l3", "l5:00"));
	EXPECT(wrong("add payload l4:0 do drop", "two hexadecimal", "l4:0"));
	EXPECT(wrong("add payload l4:00/0000 do drop", "the mask has",
		     "l4:00/0000"));
	EXPECT(wrong("add payload l4+65536:00 do drop", "up to 65535",
		     "l4+65536:00"));
	EXPECT(wrong("add prio 65536 do drop", "from 0 to 65535", "65536"));
	EXPECT(wrong("add expires 5 do drop", "a time such as", "5"));
	EXPECT(wrong("add dport 5 dport 6 do drop", "duplicate \"dport\"", "6"));
	EXPECT(wrong("add prio 5 prio 6 do drop", "duplicate \"prio\"", "6"));
	EXPECT(wrong("add unfiltered unfiltered", "said already",
		     "unfiltered"));
	EXPECT(wrong("add proto udp", "argument \"do\" is required", ""));
	EXPECT(wrong("add do drop dport", "\"drop\" has no such argument", "dport"));
	EXPECT(wrong("add dport", "\"dport\" needs a value", "dport"));
	EXPECT(wrong("del", "one of \"id\", \"prio\" and \"comment\"", ""));
	EXPECT(wrong("del id 0", "from 1 to 4294967295", "0"));
	EXPECT(wrong("del di 7", "did you mean \"id\"?", "di"));
	EXPECT(wrong("del id 7 prio 8", "nothing can follow", "prio"));
	EXPECT(wrong("reset nr 7", "expected \"id\", \"prio\" or \"comment\"", "nr"));
}

static void test_clashes(void)
{
	fake_reset(answer_table);
	EXPECT(wrong("add src 10.0.0.0/8 dst ::1 do drop", "one address is IPv4",
		     "::1"));
	EXPECT(wrong("add sport 5 proto icmp do drop", "tcp, udp, udplite, sctp",
		     "icmp"));
	EXPECT(wrong("add proto esp dport 5 do drop", "have ports", "5"));
	EXPECT(wrong("add proto udp tcp-flags syn do drop", "only tcp", "syn"));
	EXPECT(wrong("add proto udp icmp-type 8 do drop", "have types", "8"));
	EXPECT(wrong("add icmp-code 8 dport 77 do drop", "have no ports", "77"));
	EXPECT(wrong("add icmp-code 8 tcp-flags syn do drop", "flags", "syn"));
	EXPECT(wrong("add ethertype arp proto tcp do drop", "only IPv4 and IPv6",
		     "tcp"));
	EXPECT(wrong("add ethertype ip dst ::1 do drop", "address is IPv6", "::1"));
	EXPECT(wrong("add proto icmp dst ::1 do drop", "icmp is IPv4's", "::1"));
	EXPECT(wrong("add dst 10.0.0.1 proto icmpv6 do drop", "icmpv6 is IPv6's",
		     "icmpv6"));
	EXPECT(wrong("add fragment later dport 77 do drop", "no transport header",
		     "77"));
}

static void test_wrong_arguments(void)
{
	fake_reset(answer_table);
	EXPECT(wrong("add do drpo", "did you mean \"drop\"?", "drpo"));
	EXPECT(wrong("add do frob", "\"drop\", \"pass\", \"count\", \"forward\"",
		     "frob"));
	EXPECT(wrong("add do", "\"do\" needs a value", "do"));
	EXPECT(wrong("add do limit", "argument \"pps\" of \"limit\" is required",
		     ""));
	EXPECT(wrong("add do limit pps", "\"pps\" needs a value", "pps"));
	EXPECT(wrong("add do limit ppps 5", "did you mean \"pps\"?", "ppps"));
	EXPECT(wrong("add do limit pps 0", "\"pps\" is from 1 to 1000000", "0"));
	EXPECT(wrong("add do limit pps 2m", "\"pps\" is from 1 to 1000000", "2m"));
	EXPECT(wrong("add do limit pps 5x", "a number such as", "5x"));
	EXPECT(wrong("add do limit pps 5 pps 6", "duplicate \"pps\"", "6"));
	EXPECT(wrong("add do limit pps 5 src 7", "comes before \"do\"", "src"));
	EXPECT(wrong("add do drop hard", "\"drop\" has no arguments", "hard"));
	EXPECT(wrong("add do mirror dev nosuch0", "there is no device", "nosuch0"));
	EXPECT(wrong("add do mirror dev lo truncate 1M",
		     "\"truncate\" is from 14 to 65535", "1M"));
	EXPECT(wrong("add do all size 1000", "\"size\" is at least 1k", "1000"));
	EXPECT(wrong("add do all rate 2gbit", "\"rate\" is at most 1gbit", "2gbit"));
	EXPECT(wrong("add do all rate fast", "such as 10mbit", "fast"));
	EXPECT(wrong("add do all time 77", "such as 100ms", "77"));
	EXPECT(wrong("add do all choice letf", "did you mean \"left\"?", "letf"));
	EXPECT(wrong("add do all address 10.0.0.0/8", "an IPv4 or IPv6 address",
		     "10.0.0.0/8"));
	EXPECT(wrong("add do all prefix 10.0.0.1/8", "did you mean \"10.0.0.0/8\"",
		     "10.0.0.1/8"));
	EXPECT(wrong("add do all lladdr 02:00:00:00:00", "an Ethernet address",
		     "02:00:00:00:00"));
	EXPECT(wrong("add do all quiet quiet", "said already", "quiet"));
	EXPECT(wrong("add do all novel 5", "newer than this program", "5"));
}

/* A refusal of the kernel's, and the words that it points at. */
static bool refused_at(const char *words_said, const char *pointed, int a, int b,
		       int c, int ia, int ib)
{
	char command[512], carets[512];
	const char *at = last_of(words_said, pointed);
	size_t n;

	table_clear();
	fault_at = (struct fault_at){
		.operation = 0, .path = { a, b, c }, .index = { ia, ib },
		.err = -EINVAL, .text = "this cannot be",
	};
	snprintf(command, sizeof(command), "handler %s", words_said);
	n = (size_t)snprintf(carets, sizeof(carets),
			     "Error: kpac: this cannot be.\n  %s\n  %*s",
			     words_said, (int)(at - words_said), "");
	memset(carets + n, '^', strlen(pointed));
	strcpy(carets + n + strlen(pointed), "\n");
	return says_here(command, EXIT_REFUSED, carets);
}

#define MATCH	KPAC_A_ENTRY_MATCH
#define DO	KPAC_A_ENTRY_DO
#define ARG	KPAC_A_DO_ARG

static void test_pointing(void)
{
	static const char line[] =
		"add prio 7 comment foo proto tcp src 10.0.0.0/8 dport 1-2 payload l2:00 payload l3:00 unfiltered do limit burst 8 pps 1000 do mirror dev lo";

	fake_reset(answer_table);
	EXPECT(refused_at(line, "7", KPAC_A_ENTRY_PRIORITY, 0, 0, 0, 0));
	EXPECT(refused_at(line, "foo", KPAC_A_ENTRY_COMMENT, 0, 0, 0, 0));
	EXPECT(refused_at(line, "tcp", MATCH, KPAC_A_MATCH_PROTO, 0, 0, 0));
	EXPECT(refused_at(line, "10.0.0.0/8", MATCH, KPAC_A_MATCH_SRC, 0, 0, 0));
	EXPECT(refused_at(line, "10.0.0.0/8", MATCH, KPAC_A_MATCH_SRC_LEN, 0,
			  0, 0));
	EXPECT(refused_at(line, "1-2", MATCH, KPAC_A_MATCH_DPORT_MAX, 0, 0, 0));
	EXPECT(refused_at(line, "l2:00", MATCH, KPAC_A_MATCH_PAYLOAD, 0, 0, 0));
	EXPECT(refused_at(line, "l3:00", MATCH, KPAC_A_MATCH_PAYLOAD,
			  KPAC_A_PAYLOAD_VALUE, 0, 1));
	EXPECT(refused_at(line, "unfiltered", MATCH, KPAC_A_MATCH_UNFILTERED, 0,
			  0, 0));
	EXPECT(refused_at(line, "proto tcp src 10.0.0.0/8 dport 1-2 payload l2:00 payload l3:00 unfiltered",
			  MATCH, 0, 0, 0, 0));
	EXPECT(refused_at(line, "limit", DO, KPAC_A_DO_HANDLER, 0, 0, 0));
	EXPECT(refused_at(line, "mirror", DO, KPAC_A_DO_HANDLER, 0, 1, 0));
	EXPECT(refused_at(line, "pps 1000", DO, ARG, 0, 0, 1));
	EXPECT(refused_at(line, "pps", DO, ARG, KPAC_A_ARG_NAME, 0, 1));
	EXPECT(refused_at(line, "1000", DO, ARG, KPAC_A_ARG_NUMBER, 0, 1));
	EXPECT(refused_at(line, "lo", DO, ARG, KPAC_A_ARG_NUMBER, 1, 0));
	EXPECT(refused_at("del id 77", "77", KPAC_A_ENTRY_ID, 0, 0, 0, 0));
	EXPECT(refused_at("reset comment bar", "bar", KPAC_A_ENTRY_COMMENT, 0, 0,
			  0, 0));
	table_clear();
}

static void test_show(void)
{
	fake_reset(answer_table);
	table_clear();
	EXPECT(says_here("handler", 0, "# Entries act before netfilter's INPUT "
			 "and FORWARD, unless \"unfiltered\".\n"));
	EXPECT(says_here("handler add prio 5 proto udp do limit pps 10", 0, "") &&
	       !*out);
	EXPECT(says_here("-d handler add do drop", 0, "2\n"));
	EXPECT(says_here("-j handler add expires 5s do drop", 0, "{\"id\":3}\n"));
	EXPECT(says_here("handler show", 0,
			 "\n1: add prio 5 proto udp do limit pps 10\n"
			 "2: add prio 32768 do drop\n3: add prio 32768 expires 5s"));
	EXPECT(says_here("-s handler show id 1", 0,
			 "pps 10\n    # packets 6000000000 bytes 600\n"
			 "    # limit: passed 9\n"));
	EXPECT(says_here("handler stat", 0, "# table: generation 3 entries 3 masks 1 "
			 "memory 300\n1: add prio 5"));
	EXPECT(says_here("-j handler stat", 0, "{\"table\":{\"generation\":3,"));
	EXPECT(strstr(out, "\"entries\":[{\"id\":1,\"priority\":5,"));
	EXPECT(says_here("-j handler show id 1", 0,
		"[{\"id\":1,\"priority\":5,\"match\":{\"proto\":\"udp\"},"
		"\"do\":[{\"handler\":\"limit\",\"args\":[{\"pps\":10}],"
		"\"figures\":{\"passed\":9}}],\"packets\":6000000000,"
		"\"bytes\":600}]\n"));
	EXPECT(says_here("handler show id 9", 2, "No such file"));
	EXPECT(says_here("handler show prio 9", 1, "expected \"id\""));
	EXPECT(says_here("handler reset", 0, ""));
	EXPECT(says_here("handler reset id 1", 0, ""));
	EXPECT(says_here("handler del prio 5", 0, ""));
	EXPECT(says_here("handler flush", 0, "") && !table_size());
	EXPECT(says_here("handler flush all", 1, "\"flush\" has no arguments"));
	EXPECT(says_here("handler types", 0, "limit (kpac): what it does\n    pps "
			 "number 1..1000000, required"));
	EXPECT(strstr(out, "choice { left | right | middle }"));
	EXPECT(says_here("-j handler types", 0, "{\"name\":\"drop\",\"module\":"
			 "\"kpac\",\"ends\":true,\"args\":[],\"doc\":"));
	EXPECT(says_here("handler help", 0, "kpacctl handler add"));
	table_clear();
}

void check_handler(void)
{
	subject("kpacctl handler: every word, both ways", test_words);
	subject("kpacctl handler: wrong words", test_wrong_words);
	subject("kpacctl handler: contradictions", test_clashes);
	subject("kpacctl handler: wrong arguments", test_wrong_arguments);
	subject("kpacctl handler: the kernel's refusals point at words",
		test_pointing);
	subject("kpacctl handler: what is shown", test_show);
}
