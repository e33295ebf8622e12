// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl: how it understands its command line, and what it says. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ctl/kpacctl.h"
#include "check.h"

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
		    "expected \"door\", \"forward\", \"tx-batch\", "
		    "\"clean-batch\", \"pool\" or \"copybreak\"."));
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

/* A number that cannot be is answered with what may be there. */
static bool range(const char *setting, const char *word, const char *allowed)
{
	char command[128], text[256];

	snprintf(command, sizeof(command), "port set a %s %s", setting, word);
	snprintf(text, sizeof(text),
		 "Error: argument \"%s\" is wrong: \"%s\" is %s.\n", word,
		 setting, allowed);
	return says(command, 1, text);
}

static void test_ctl_numbers(void)
{
	static const char *const never[] = {
		"-1", "+1", "0x10", "1k", "64.0", "many", "", "1e2", "4294967297",
		"18446744073709551617", "99999999999999999999999999",
	};
	static const struct {
		const char *setting, *allowed;
	} settings[] = {
		{ "tx-batch", "a number of packets from 1 to 256" },
		{ "clean-batch", "a number of buffers from 1 to 256" },
		{ "pool", "a number of buffers per CPU from 32 to 16384" },
		{ "copybreak",
		  "a number of bytes from 0 to 1536, or \"off\"" },
	};
	size_t i, j;

	fake_reset(answer_well);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		for (j = 0; j < ARRAY_SIZE(never); j++)
			EXPECT(range(settings[i].setting, never[j],
				     settings[i].allowed));
	}
	EXPECT(range("tx-batch", "0", settings[0].allowed));
	EXPECT(range("tx-batch", "257", settings[0].allowed));
	EXPECT(range("tx-batch", "off", settings[0].allowed));
	EXPECT(range("clean-batch", "0", settings[1].allowed));
	EXPECT(range("pool", "31", settings[2].allowed));
	EXPECT(range("pool", "16385", settings[2].allowed));
	EXPECT(range("copybreak", "1537", settings[3].allowed));
	EXPECT(range("copybreak", "offf", settings[3].allowed));

	EXPECT(says("port set a tx-batch 1 clean-batch 256 pool 32 copybreak 0",
		    0, ""));
	EXPECT(says("port set a tx-batch 256 pool 16384 copybreak 1536", 0, ""));
	EXPECT(says("port add a copybreak off", 0, ""));
	EXPECT(says("port set a tx-batch", 1, "\"tx-batch\" needs a value"));
	EXPECT(says("port set a pool 64 pool 65", 1,
		    "Error: duplicate \"pool\": \"65\" is the second value."));
}

/* The request that a command leads to. The command runs here, not in a child. */
static uint32_t requested(const char *command, int attr)
{
	char words[128];
	char *argv[32];
	struct nlattr *tb[KPAC_A_PORT_MAX + 1];

	fake_reset(answer_well);
	snprintf(words, sizeof(words), "%s", command);
	EXPECT(!kpacctl(split(words, argv), argv));
	EXPECT(!genlmsg_parse((struct nlmsghdr *)fake.request, 0, tb,
			      KPAC_A_PORT_MAX, NULL));
	EXPECT(tb[attr]);
	return tb[attr] ? nla_get_u32(tb[attr]) : ~0u;
}

static void test_ctl_tuning_request(void)
{
	EXPECT(requested("port set a tx-batch 17", KPAC_A_PORT_TX_BATCH) == 17);
	EXPECT(requested("port set a clean 018", KPAC_A_PORT_CLEAN_BATCH) == 18);
	EXPECT(requested("port set a p 1024", KPAC_A_PORT_POOL) == 1024);
	EXPECT(requested("port set a copybreak 200", KPAC_A_PORT_COPYBREAK) == 200);
	EXPECT(requested("port set a copy off", KPAC_A_PORT_COPYBREAK) == 0);
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
	EXPECT(says("p se a t 1 cl 2 p 33 co o", 0, ""));
	EXPECT(says("p se a c 2", 1, "it may mean more than one of"));
	EXPECT(says("p a pool pool 64", 1, "Error: argument \"pool\" is wrong"));
	EXPECT(says("p a dev pool pool 64", 0, ""));
	EXPECT(says("p a p", 0, ""));	/* a device called p */
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
	EXPECT(says("stat", 0, "\n  dropped by handlers              41     0.0%\n"
		    "  replied                          42     0.0%\n"
		    "  redirected                       43     0.0%\n"
		    "  stolen                           44     0.0%\n"));
	EXPECT(says("stat", 0, " 99.9% "));
	EXPECT(!strchr(out, '\033'));
	EXPECT(says("-c=always port", 0, "\033[36ma\033[0m"));
	EXPECT(says("-c=never port", 0, "2: a:"));
	fake_reset(answer_nothing);
	EXPECT(says("port", 0, "") && !*out);
}

#define TUNING "    tx-batch 64 clean-batch 32 pool 512 copybreak 256\n"

static void test_ctl_tuning_text(void)
{
	fake_reset(answer_well);
	EXPECT(says("port", 0, "2: a:") && !strstr(out, "tx-batch"));
	EXPECT(says("-d port", 0, "forward on\n" TUNING "3: b: "));
	EXPECT(says("-details -s port show a", 0, TUNING "           packets"));
	EXPECT(says("-de port", 0, "master if4000000\n" TUNING));
	push_event(KPAC_CMD_PORT_SET_NTF);
	EXPECT(says("-d monitor", 0,
		    "port-set 5: eve: door ingress (the receive handler was "
		    "taken) forward on\n" TUNING));
	EXPECT(says("-j monitor", 0, "\"tx_batch\":64,\"clean_batch\":32,"
		    "\"pool\":512,\"copybreak\":256"));
	fake_reset(answer_older);
	EXPECT(says("-d port", 0, "forward on\n"));
	EXPECT(!strstr(out, "tx-batch") && strchr(out, '\n')[1] == '\0');
	EXPECT(says("-j port", 0, "") && !strstr(out, "tx_batch"));
}

static void answer_tx(const struct nlmsghdr *request, uint32_t packets,
		      uint32_t doorbells, unsigned int least)
{
	struct nl_msg *msg = fake_msg(request, KPAC_CMD_STATS_GET, NLM_F_MULTI);
	struct nlattr *nest;

	put_stats(msg, 2, "a");
	nest = nla_nest_start(msg, KPAC_A_STATS_TX);
	nla_put_u32(msg, KPAC_A_TX_PACKETS, packets);
	nla_put_u32(msg, KPAC_A_TX_DOORBELLS, doorbells);
	if (least)
		put_tx_size(msg, least, 7);
	nla_nest_end(msg, nest);
	fake_send(msg, false);
	fake_done(request, 0, NULL, 0);
}

static void answer_idle(const struct nlmsghdr *request)
{
	answer_tx(request, 0, 0, 0);
}

/*
 * Of two counters, one was read before and one behind a packet; a batch's size
 * is of a newer module.
 */
static void answer_ahead(const struct nlmsghdr *request)
{
	answer_tx(request, 4, 5, 0x80000000);
}

static void test_ctl_tx_text(void)
{
	fake_reset(answer_well);
	EXPECT(says("stat show a", 0,
		    "  TX queues                   packets   share\n"));
	EXPECT(strstr(out, "\n    sent                   6000000000   100.0%  "
		      "given to the driver\n"));
	EXPECT(strstr(out, "\n      doorbells             100000000     1.6%"));
	EXPECT(strstr(out, "\n      doorbells saved      5900000000    98.3%"));
	EXPECT(strstr(out, "\n    by other CPUs                  11     0.0%"));
	EXPECT(strstr(out, "\n    requeued                       12 "));
	EXPECT(strstr(out, "\n    dropped                        13 "));
	EXPECT(strstr(out, "\n    copied                         14 "));
	EXPECT(strstr(out, "\n    1                        50000000    50.0%\n"
		      "    32-63                    49999996    49.9%\n"
		      "    256                             4     0.0%\n"));
	EXPECT(strstr(out, "\n    hits                         9990    99.9%"));
	EXPECT(strstr(out, "\n    misses                         10     0.1%"));
	EXPECT(strstr(out, "\n    reclaims                      350 "));
	EXPECT(strstr(out, "\n    size                          640 "
		      "         on all CPUs now, 1638400 bytes\n"));
	EXPECT(strstr(out, "\n    high-water mark               300 "));
	EXPECT(!strchr(out, '\033'));

	fake_reset(answer_older);
	EXPECT(says("stat", 0, "routing asked") && !strstr(out, "TX queues"));
	fake_reset(answer_idle);
	EXPECT(says("stat", 0, "routing asked") && !strstr(out, "TX queues") &&
	       !strstr(out, "pool"));
	fake_reset(answer_ahead);
	EXPECT(says("stat", 0, "TX queues") && !strstr(out, "buffer pool"));
	EXPECT(strstr(out, "\n      doorbells saved               0     0.0%"));
	EXPECT(strstr(out, "\n    2147483648-4294967295 "));
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
	EXPECT(number_is(first, "handler_drop_packets", 41) &&
	       number_is(first, "reply_packets", 42) &&
	       number_is(first, "redirect_packets", 43) &&
	       number_is(first, "stolen_packets", 44));
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

static void test_ctl_tx_json(void)
{
	static const struct {
		const char *key;
		json_int_t value;
	} counts[] = {
		{ "packets", 6000000000 }, { "doorbells", 100000000 },
		{ "doorbells_saved", 5900000000 }, { "shared_packets", 11 },
		{ "requeued_packets", 12 }, { "drop_packets", 13 },
		{ "copied_packets", 14 }, { "pool_hits", 9990 },
		{ "pool_misses", 10 }, { "pool_reclaims", 350 },
		{ "pool_size", 640 }, { "pool_bytes", 1638400 },
		{ "pool_high", 300 },
	};
	json_t *list, *tx, *size;
	size_t i;

	fake_reset(answer_well);
	list = json_of("-j stat show a");
	tx = json_object_get(json_array_get(list, 0), "tx");
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		EXPECT(number_is(tx, counts[i].key, counts[i].value));
	EXPECT(json_is_real(json_object_get(tx, "doorbells_saved_share")));
	EXPECT(json_is_real(json_object_get(tx, "pool_hit_share")));
	EXPECT(json_array_size(json_object_get(tx, "sizes")) == 3);
	size = json_array_get(json_object_get(tx, "sizes"), 1);
	EXPECT(number_is(size, "least", 32) && number_is(size, "most", 63) &&
	       number_is(size, "batches", 49999996));
	size = json_array_get(json_object_get(tx, "sizes"), 2);
	EXPECT(number_is(size, "least", 256) && number_is(size, "most", 256));
	json_decref(list);

	list = json_of("-j port show a");
	EXPECT(number_is(json_array_get(list, 0), "tx_batch", 64) &&
	       number_is(json_array_get(list, 0), "clean_batch", 32) &&
	       number_is(json_array_get(list, 0), "pool", 512) &&
	       number_is(json_array_get(list, 0), "copybreak", 256));
	json_decref(list);

	fake_reset(answer_idle);
	list = json_of("-j stat");
	tx = json_object_get(json_array_get(list, 0), "tx");
	EXPECT(number_is(tx, "packets", 0) && number_is(tx, "pool_high", 0));
	json_decref(list);
	fake_reset(answer_older);
	EXPECT(says("-j stat", 0, "") && !strstr(out, "\"tx\""));
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
	refusal.err = -EINVAL;
	refusal.text = "Unknown attribute type";
	refusal.offset = 28;
	EXPECT(says("port set a copybreak 64", 2, "Error: kpac: the module is "
		    "older than this program and does not know \"copybreak\".\n"));
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
	push_change();
	EXPECT(says("monitor", 0, "\ntable-change generation 17 entries 5 masks 2 "
		    "memory 5000000000 added 3 deleted 1\n"));
	EXPECT(says("-j monitor", 0, "{\"event\":\"table-change\",\"generation\":17,"
		    "\"entries\":5,\"masks\":2,\"memory\":5000000000,"
		    "\"added\":3,\"deleted\":1}\n"));
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

void check_ctl(void)
{
	subject("kpacctl: syntax errors", test_ctl_syntax);
	subject("kpacctl: device names", test_ctl_names);
	subject("kpacctl: numbers", test_ctl_numbers);
	subject("kpacctl: numbers get to the kernel", test_ctl_tuning_request);
	subject("kpacctl: abbreviations", test_ctl_abbreviations);
	subject("kpacctl: text", test_ctl_text);
	subject("kpacctl: text of the TX side's tuning", test_ctl_tuning_text);
	subject("kpacctl: text of what was sent", test_ctl_tx_text);
	subject("kpacctl: JSON", test_ctl_json);
	subject("kpacctl: JSON of the TX side", test_ctl_tx_json);
	subject("kpacctl: odd device names", test_ctl_odd_names);
	subject("kpacctl: refusals", test_ctl_refusals);
	subject("kpacctl: monitor", test_ctl_monitor);
}
