// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl heartbeat: peers that the kernel sends probes to. */
#include <inttypes.h>
#include <string.h>

#include "table.h"

void heartbeat_usage(FILE *to)
{
	fputs("Usage: kpacctl heartbeat show [ NAME ]\n"
	      "       kpacctl heartbeat add [ name NAME ] addr ADDR dport PORT [ SETTINGS ]\n"
	      "       kpacctl heartbeat del NAME\n"
	      "where  SETTINGS := [ interval TIME ] [ misses N ] [ hits N ] [ size BYTES ]\n"
	      "                   [ src ADDR ] [ sport PORT ] [ dev NAME ]\n"
	      "\"kpacctl handler add ... do heartbeat\" answers such probes.\n",
	      to);
}

static int check_name(const char *name)
{
	if (!*name || strlen(name) > KPAC_MAX_HEARTBEAT_NAME)
		return arg_wrong(name,
				 "the name of a heartbeat has 1 to %d bytes",
				 KPAC_MAX_HEARTBEAT_NAME);
	return EXIT_OK;
}

/* ---- add ---- */

enum { NAME, ADDR, DPORT, INTERVAL, MISSES, HITS, SIZE, SRC, SPORT, DEV, KEYS };

static int take_addr(const char *word, uint8_t *address, unsigned int *len)
{
	struct kpac_prefix prefix;

	if (strchr(word, '/') || parse_prefix(word, &prefix) != PREFIX_GOOD)
		return arg_wrong(word, "expected an IPv4 or IPv6 address");
	memcpy(address, prefix.address, prefix.bytes);
	*len = prefix.bytes;
	return EXIT_OK;
}

static int take_src(const char *word, struct kpac_heartbeat_config *config)
{
	unsigned int len = 0;
	int err;

	err = take_addr(word, config->src, &len);
	if (!err && len != config->addr_len)
		err = arg_wrong(word, "it is not of the same kind as \"addr\"");
	config->has_src = true;
	return err;
}

static int take_port(const char *key, const char *word, uint16_t *port)
{
	uint64_t number;

	if (!port_value(word, &number) &&
	    !parse_uint(word, UINT16_MAX, &number))
		number = 0;
	if (!number)
		return arg_wrong(word, "\"%s\" is a port from 1 to 65535", key);
	*port = (uint16_t)number;
	return EXIT_OK;
}

static int take_interval(const char *word, unsigned int *interval)
{
	uint64_t ms;

	if (!parse_time(word, false, &ms) || ms < KPAC_MIN_PROBE_INTERVAL ||
	    ms > KPAC_MAX_PROBE_INTERVAL)
		return arg_wrong(word,
				 "\"interval\" is a time from 10ms to 1h, with its unit");
	*interval = (unsigned int)ms;
	return EXIT_OK;
}

static int take_numbers(const struct pair *pairs,
			struct kpac_heartbeat_config *config)
{
	const char *misses = pairs[MISSES].value, *hits = pairs[HITS].value;
	const char *size = pairs[SIZE].value;
	int err = EXIT_OK;

	if (misses)
		err = take_number("misses", misses, "a number of probes", 1,
				  KPAC_MAX_PROBE_ROW, &config->misses);
	if (!err && hits)
		err = take_number("hits", hits, "a number of probes", 1,
				  KPAC_MAX_PROBE_ROW, &config->hits);
	if (!err && size)
		err = take_number("size", size, "a number of bytes",
				  KPAC_MIN_PROBE_SIZE, KPAC_MAX_PROBE_SIZE,
				  &config->probe_size);
	if (!err && pairs[INTERVAL].value)
		err = take_interval(pairs[INTERVAL].value, &config->interval);
	return err;
}

static int take_ends(const struct pair *pairs,
		     struct kpac_heartbeat_config *config)
{
	int err;

	if (!pairs[ADDR].value)
		return arg_required("addr");
	if (!pairs[DPORT].value)
		return arg_required("dport");
	err = take_addr(pairs[ADDR].value, config->addr, &config->addr_len);
	if (!err)
		err = take_port("dport", pairs[DPORT].value, &config->dport);
	if (!err && pairs[SRC].value)
		err = take_src(pairs[SRC].value, config);
	if (!err && pairs[SPORT].value)
		err = take_port("sport", pairs[SPORT].value, &config->sport);
	return err;
}

static int take_sender(struct ctl *ctl, const char *dev,
		       struct kpac_heartbeat_config *config)
{
	const char *only = NULL;
	int err;

	if (!dev)
		return EXIT_OK;
	err = take_dev(dev, &only);
	if (!err && find_device(ctl, dev, &config->ifindex))
		err = ctl_refused(ctl);
	return err;
}

static int heartbeat_add(struct ctl *ctl, int argc, char **argv)
{
	struct pair pairs[KEYS] = {
		[NAME] = { .key = "name" }, [ADDR] = { .key = "addr" },
		[DPORT] = { .key = "dport" },
		[INTERVAL] = { .key = "interval" },
		[MISSES] = { .key = "misses" }, [HITS] = { .key = "hits" },
		[SIZE] = { .key = "size" }, [SRC] = { .key = "src" },
		[SPORT] = { .key = "sport" }, [DEV] = { .key = "dev" },
	};
	struct kpac_heartbeat_config config = { .size = sizeof(config) };
	int err;

	err = take_pairs(argc, argv, pairs, ARRAY_SIZE(pairs));
	if (!err && pairs[NAME].value)
		err = check_name(pairs[NAME].value);
	if (!err)
		err = take_ends(pairs, &config);
	if (!err)
		err = take_numbers(pairs, &config);
	if (!err)
		err = ctl_connect(ctl);
	if (!err)
		err = take_sender(ctl, pairs[DEV].value, &config);
	if (err)
		return err;
	config.name = pairs[NAME].value;
	return kpac_heartbeat_add(ctl->kpac, &config) ? ctl_refused(ctl) :
							EXIT_OK;
}

/* ---- del ---- */

static int heartbeat_del(struct ctl *ctl, int argc, char **argv)
{
	int err;

	if (!argc)
		return arg_required("NAME");
	if (argc > 1)
		return arg_wrong(argv[1], "nothing can follow the name");
	err = check_name(*argv);
	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_heartbeat_del(ctl->kpac, *argv))
		err = ctl_refused(ctl);
	return err;
}

/* ---- show ---- */

static void add_addr(struct buf *buf, const struct kpac_peer *peer,
		     const uint8_t *address)
{
	struct kpac_prefix prefix = {
		.bytes = peer->addr_len, .len = peer->addr_len * 8,
	};

	memcpy(prefix.address, address, peer->addr_len);
	format_prefix(buf, &prefix, false);
}

static void add_dev(struct buf *buf, const struct kpac_peer *peer)
{
	if (peer->have & KPAC_PEER_IFNAME)
		buf_add(buf, "%s", peer->ifname);
	else
		buf_add(buf, "if%u", peer->ifindex);
}

static void add_config(struct buf *line, const struct kpac_peer *peer)
{
	buf_add(line, " addr ");
	add_addr(line, peer, peer->addr);
	buf_add(line, " dport %u", peer->dport);
	if (peer->have & KPAC_PEER_SRC) {
		buf_add(line, " src ");
		add_addr(line, peer, peer->src);
	}
	buf_add(line, " sport %u", peer->sport);
	if (peer->have & KPAC_PEER_IFINDEX) {
		buf_add(line, " dev ");
		add_dev(line, peer);
	}
	buf_add(line, " interval ");
	format_time(line, peer->interval);
	buf_add(line, " misses %u hits %u size %u", peer->misses, peer->hits,
		peer->probe_size);
}

static void add_us(struct buf *line, const char *name, uint64_t ns)
{
	buf_add(line, " %s %" PRIu64 ".%" PRIu64 "us", name, ns / 1000,
		ns % 1000 / 100);
}

static void add_stats(struct buf *line, const struct kpac_peer *peer)
{
	buf_add(line, "    in a row %u %s, sent %" PRIu64 " received %" PRIu64
		" missed %" PRIu64 " late %" PRIu64 " unsent %" PRIu64,
		peer->in_row < 0 ? 0u - (unsigned int)peer->in_row :
				   (unsigned int)peer->in_row,
		peer->in_row < 0 ? "missed" : "received", peer->sent,
		peer->received, peer->missed, peer->late, peer->unsent);
	if (!(peer->have & KPAC_PEER_RTT_LAST))
		return;
	buf_add(line, ", rtt");
	add_us(line, "last", peer->rtt_last);
	if (peer->have & KPAC_PEER_RTT_MEAN) {
		add_us(line, "min", peer->rtt_min);
		add_us(line, "mean", peer->rtt_mean);
	}
	add_us(line, "max", peer->rtt_max);
}

/* Nobody reads milliseconds of what is long ago. */
static void add_since(struct buf *line, uint64_t ms)
{
	buf_add(line, " since ");
	format_time(line, ms < 10000 ? ms : ms - ms % 1000);
}

static enum color state_color(const struct kpac_peer *peer)
{
	switch (peer->state) {
	case KPAC_HEARTBEAT_STATE_UP:
		return COLOR_GOOD;
	case KPAC_HEARTBEAT_STATE_DOWN:
		return COLOR_BAD;
	default:
		return COLOR_HEAD;
	}
}

static void print_line(struct buf *line)
{
	put_safe(stdout, line->data, line->len);
	putchar('\n');
	buf_free(line);
}

void print_peer(const struct ctl *ctl, const struct kpac_peer *peer)
{
	struct buf line = { 0 }, stats = { 0 }, name = { 0 };

	buf_word(&name, peer->name);
	buf_add(&name, ":");
	print_colored(ctl, COLOR_NAME, name.data);
	putchar(' ');
	print_colored(ctl, state_color(peer),
		      kpac_heartbeat_state_name(peer->state));
	add_since(&line, peer->since);
	add_config(&line, peer);
	print_line(&line);
	add_stats(&stats, peer);
	print_line(&stats);
	buf_free(&name);
}

static void json_words(json_t *object, const char *key,
		       void (*add)(struct buf *buf, const struct kpac_peer *p),
		       const struct kpac_peer *peer)
{
	struct buf buf = { 0 };

	add(&buf, peer);
	json_object_set_new(object, key, json_text(buf.data));
	buf_free(&buf);
}

static void add_peer_addr(struct buf *buf, const struct kpac_peer *peer)
{
	add_addr(buf, peer, peer->addr);
}

static void add_peer_src(struct buf *buf, const struct kpac_peer *peer)
{
	add_addr(buf, peer, peer->src);
}

static void json_config(json_t *object, const struct kpac_peer *peer)
{
	json_words(object, "addr", add_peer_addr, peer);
	json_object_set_new(object, "dport", json_integer(peer->dport));
	if (peer->have & KPAC_PEER_SRC)
		json_words(object, "src", add_peer_src, peer);
	json_object_set_new(object, "sport", json_integer(peer->sport));
	if (peer->have & KPAC_PEER_IFINDEX)
		json_words(object, "dev", add_dev, peer);
	json_object_set_new(object, "interval", json_integer(peer->interval));
	json_object_set_new(object, "misses", json_integer(peer->misses));
	json_object_set_new(object, "hits", json_integer(peer->hits));
	json_object_set_new(object, "size", json_integer(peer->probe_size));
}

static void json_rtt(json_t *object, const struct kpac_peer *peer)
{
	if (peer->have & KPAC_PEER_RTT_LAST) {
		json_object_set_new(object, "rtt_last",
				    json_count(peer->rtt_last));
		json_object_set_new(object, "rtt_max",
				    json_count(peer->rtt_max));
	}
	if (peer->have & KPAC_PEER_RTT_MEAN) {
		json_object_set_new(object, "rtt_min",
				    json_count(peer->rtt_min));
		json_object_set_new(object, "rtt_mean",
				    json_count(peer->rtt_mean));
	}
}

json_t *json_peer(const struct kpac_peer *peer)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", json_text(peer->name));
	json_object_set_new(object, "state", json_string(
			    kpac_heartbeat_state_name(peer->state)));
	json_object_set_new(object, "changed", json_count(peer->changed));
	json_object_set_new(object, "since", json_count(peer->since));
	json_config(object, peer);
	json_object_set_new(object, "in_row", json_integer(peer->in_row));
	json_object_set_new(object, "sent", json_count(peer->sent));
	json_object_set_new(object, "unsent", json_count(peer->unsent));
	json_object_set_new(object, "received", json_count(peer->received));
	json_object_set_new(object, "missed", json_count(peer->missed));
	json_object_set_new(object, "late", json_count(peer->late));
	json_rtt(object, peer);
	return object;
}

static int show_peer(const struct kpac_peer *peer, void *arg)
{
	struct ctl *ctl = arg;

	if (ctl->json)
		json_array_append_new(ctl->list, json_peer(peer));
	else
		print_peer(ctl, peer);
	return 0;
}

static int heartbeat_show(struct ctl *ctl, int argc, char **argv)
{
	int err = argc ? check_name(*argv) : EXIT_OK;

	if (argc > 1)
		return arg_wrong(argv[1], "nothing can follow the name");
	if (!err)
		err = ctl_connect(ctl);
	if (err)
		return err;
	list_begin(ctl);
	err = argc ? kpac_heartbeat_get(ctl->kpac, *argv, show_peer, ctl) :
		     kpac_heartbeat_dump(ctl->kpac, show_peer, ctl);
	return err ? ctl_refused(ctl) : list_end(ctl);
}

static const struct command commands[] = {
	{ "show", "list", heartbeat_show, heartbeat_usage },
	{ "add", NULL, heartbeat_add, heartbeat_usage },
	{ "del", "delete", heartbeat_del, heartbeat_usage },
	{ "help", NULL, NULL, heartbeat_usage },
};

int heartbeat_main(struct ctl *ctl, int argc, char **argv)
{
	return run_command(commands, ARRAY_SIZE(commands),
			   "kpacctl heartbeat help", ctl, argc, argv);
}
