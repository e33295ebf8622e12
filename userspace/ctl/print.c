// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* What kpacctl prints, as text and as JSON. */
#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kpacctl.h"

void print_colored(const struct ctl *ctl, enum color color, const char *text)
{
	static const char *const codes[] = {
		[COLOR_NAME] = "\033[36m",
		[COLOR_GOOD] = "\033[32m",
		[COLOR_BAD] = "\033[31m",
		[COLOR_HEAD] = "\033[1m",
	};

	if (ctl->color)
		printf("%s%s\033[0m", codes[color], text);
	else
		fputs(text, stdout);
}

/* A device's name may hold anything; a terminal must not be made to obey it. */
static void print_name(const struct ctl *ctl, const char *name)
{
	char safe[IF_NAMESIZE * 4 + 1];
	char *out = safe;

	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (iscntrl(c) || c == 0x7f)
			out += sprintf(out, "\\%03o", c);
		else
			*out++ = *name;
	}
	*out = '\0';
	print_colored(ctl, COLOR_NAME, safe);
}

/* The same for JSON, which holds UTF-8 only: other bytes become U+00XX. */
static json_t *json_name(const char *name)
{
	char text[IF_NAMESIZE * 2 + 1];
	json_t *value = json_string(name);
	char *out = text;

	if (value)
		return value;
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c < 0x80) {
			*out++ = *name;
		} else {
			*out++ = (char)(0xc0 | c >> 6);
			*out++ = (char)(0x80 | (c & 0x3f));
		}
	}
	*out = '\0';
	return json_string(text);
}

json_t *json_count(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}

double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* Tenths of a percent, rounded down: 100.0 means all of them. */
void print_share(uint64_t part, uint64_t whole)
{
	unsigned int tenths = part >= whole ? 1000 :
			      (unsigned int)(share(part, whole) * 1000);

	if (!whole)
		printf("%8s", "-");
	else
		printf("%6u.%u%%", tenths / 10, tenths % 10);
}

void list_begin(struct ctl *ctl)
{
	if (ctl->json)
		ctl->list = json_array();
}

static void dump_json(const struct ctl *ctl, const json_t *value)
{
	json_dumpf(value, stdout, JSON_REAL_PRECISION(6) |
		   (ctl->pretty ? JSON_INDENT(4) : JSON_COMPACT));
	putchar('\n');
}

int list_end(struct ctl *ctl)
{
	if (ctl->json)
		dump_json(ctl, ctl->list);
	return EXIT_OK;
}

void json_line(const struct ctl *ctl, json_t *object)
{
	dump_json(ctl, object);
}

/* The master's name, or its number where it has just gone. */
static void master_name(struct ctl *ctl, unsigned int ifindex,
			char name[IF_NAMESIZE])
{
	if (!ctl->kpac || kpac_ifname(ctl->kpac, ifindex, name))
		snprintf(name, IF_NAMESIZE, "if%u", ifindex);
}

/* The numbers that a port can be given. */
static const struct {
	const char *name;
	const char *key;
	unsigned int bit;
	size_t where;
} tunings[] = {
	{
		"tx-batch", "tx_batch", KPAC_PORT_TX_BATCH,
		offsetof(struct kpac_port, tx_batch),
	}, {
		"clean-batch", "clean_batch", KPAC_PORT_CLEAN_BATCH,
		offsetof(struct kpac_port, clean_batch),
	}, {
		"pool", "pool", KPAC_PORT_POOL,
		offsetof(struct kpac_port, pool),
	}, {
		"copybreak", "copybreak", KPAC_PORT_COPYBREAK,
		offsetof(struct kpac_port, copybreak),
	},
};

static unsigned int tuning(const struct kpac_port *port, size_t i)
{
	return *(const unsigned int *)((const char *)port + tunings[i].where);
}

static void json_tuning(json_t *object, const struct kpac_port *port)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tunings); i++)
		if (port->have & tunings[i].bit)
			json_object_set_new(object, tunings[i].key,
					    json_integer(tuning(port, i)));
}

/* A line of its own; an older module does not tell and gets none. */
static void print_tuning(const struct kpac_port *port)
{
	const char *before = "    ";
	bool any = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tunings); i++) {
		if (!(port->have & tunings[i].bit))
			continue;
		printf("%s%s ", before, tunings[i].name);
		if (tuning(port, i))
			printf("%u", tuning(port, i));
		else
			fputs("off", stdout);
		before = " ";
		any = true;
	}
	if (any)
		putchar('\n');
}

json_t *json_port(struct ctl *ctl, const struct kpac_port *port)
{
	json_t *object = json_object();
	char master[IF_NAMESIZE];

	json_object_set_new(object, "ifindex", json_integer(port->ifindex));
	json_object_set_new(object, "ifname", json_name(port->ifname));
	if (port->have & KPAC_PORT_DOOR)
		json_object_set_new(object, "door",
				    json_string(kpac_door_name(port->door)));
	if (port->have & KPAC_PORT_DOOR_USED)
		json_object_set_new(object, "door_used",
			json_string(kpac_door_name(port->door_used)));
	if (port->have & KPAC_PORT_DOOR_WHY)
		json_object_set_new(object, "door_why",
			json_string(kpac_door_why_name(port->door_why)));
	if (port->have & KPAC_PORT_FORWARD)
		json_object_set_new(object, "forward",
				    json_boolean(port->forward));
	json_tuning(object, port);
	if (port->master) {
		master_name(ctl, port->master, master);
		json_object_set_new(object, "master", json_name(master));
		json_object_set_new(object, "master_ifindex",
				    json_integer(port->master));
	}
	return object;
}

void print_port(struct ctl *ctl, const struct kpac_port *port)
{
	char master[IF_NAMESIZE];

	printf("%u: ", port->ifindex);
	print_name(ctl, port->ifname);
	putchar(':');
	if (port->have & KPAC_PORT_DOOR_USED) {
		printf(" door ");
		print_colored(ctl, COLOR_HEAD, kpac_door_name(port->door_used));
	}
	if (port->have & KPAC_PORT_DOOR_WHY)
		printf(" (%s)", kpac_door_why_meaning(port->door_why));
	if (port->have & KPAC_PORT_FORWARD) {
		printf(" forward ");
		print_colored(ctl, port->forward ? COLOR_GOOD : COLOR_BAD,
			      port->forward ? "on" : "off");
	}
	if (port->master) {
		master_name(ctl, port->master, master);
		printf(" master ");
		print_name(ctl, master);
	}
	putchar('\n');
	if (ctl->details)
		print_tuning(port);
}

static json_t *json_pass(const struct kpac_pass *pass)
{
	return json_pack("{s:s,s:o,s:o,s:s}",
			 "reason", kpac_pass_reason_name(pass->reason),
			 "packets", json_count(pass->packets),
			 "bytes", json_count(pass->bytes),
			 "meaning", kpac_pass_reason_meaning(pass->reason));
}

json_t *json_stats(const struct kpac_stats *stats)
{
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{ "packets", stats->packets },
		{ "bytes", stats->bytes },
		{ "accelerated_packets", stats->accelerated_packets },
		{ "accelerated_bytes", stats->accelerated_bytes },
		{ "handover_packets", stats->handover_packets },
		{ "direct_packets", stats->direct_packets },
		{ "queued_packets", stats->queued_packets },
		{ "pass_packets", stats->pass_packets },
		{ "pass_bytes", stats->pass_bytes },
		{ "drop_packets", stats->drop_packets },
		{ "resolve_packets", stats->resolve_packets },
		{ "handler_drop_packets", stats->handler_drop_packets },
		{ "reply_packets", stats->reply_packets },
		{ "redirect_packets", stats->redirect_packets },
		{ "stolen_packets", stats->stolen_packets },
	};
	json_t *object = json_object();
	json_t *passes = json_array();
	size_t i;

	json_object_set_new(object, "ifindex", json_integer(stats->ifindex));
	json_object_set_new(object, "ifname", json_name(stats->ifname));
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		json_object_set_new(object, counts[i].key,
				    json_count(counts[i].value));
	json_object_set_new(object, "accelerated_share",
			    json_real(share(stats->accelerated_packets,
					    stats->packets)));
	for (i = 0; i < stats->n_pass; i++)
		json_array_append_new(passes, json_pass(&stats->pass[i]));
	json_object_set_new(object, "pass", passes);
	if (stats->tx)
		json_object_set_new(object, "tx", json_tx(stats->tx));
	return object;
}

void print_count(const char *label, uint64_t count)
{
	printf("  %-20s %14" PRIu64, label, count);
}

static void print_row(const char *label, const struct kpac_stats *stats,
		      uint64_t packets)
{
	print_count(label, packets);
	print_share(packets, stats->packets);
}

/* Nothing where no handler did anything: most have none. */
static void print_handled(const struct kpac_stats *stats)
{
	const struct {
		const char *label;
		uint64_t packets;
	} rows[] = {
		{ "dropped by handlers", stats->handler_drop_packets },
		{ "replied", stats->reply_packets },
		{ "redirected", stats->redirect_packets },
		{ "stolen", stats->stolen_packets },
	};
	size_t i;

	if (!(stats->handler_drop_packets | stats->reply_packets |
	      stats->redirect_packets | stats->stolen_packets))
		return;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		print_row(rows[i].label, stats, rows[i].packets);
		putchar('\n');
	}
}

void print_stats(const struct ctl *ctl, const struct kpac_stats *stats)
{
	char label[32];
	size_t i;

	printf("%u: ", stats->ifindex);
	print_name(ctl, stats->ifname);
	putchar('\n');
	if (ctl->color)
		fputs("\033[1m", stdout);
	printf("  %-20s %14s%8s %16s", "", "packets", "share", "bytes");
	puts(ctl->color ? "\033[0m" : "");

	print_row("received", stats, stats->packets);
	printf(" %16" PRIu64 "\n", stats->bytes);
	print_row("accelerated", stats, stats->accelerated_packets);
	printf(" %16" PRIu64 "\n", stats->accelerated_bytes);
	print_row("  hand-over", stats, stats->handover_packets);
	putchar('\n');
	print_row("  direct", stats, stats->direct_packets);
	putchar('\n');
	print_row("  queued", stats, stats->queued_packets);
	putchar('\n');
	print_row("passed", stats, stats->pass_packets);
	printf(" %16" PRIu64 "\n", stats->pass_bytes);
	for (i = 0; i < stats->n_pass; i++) {
		const struct kpac_pass *pass = &stats->pass[i];

		snprintf(label, sizeof(label), "  %s",
			 kpac_pass_reason_name(pass->reason));
		print_row(label, stats, pass->packets);
		printf(" %16" PRIu64 "  %s\n", pass->bytes,
		       kpac_pass_reason_meaning(pass->reason));
	}
	print_row("dropped", stats, stats->drop_packets);
	putchar('\n');
	print_handled(stats);
	print_row("routing asked", stats, stats->resolve_packets);
	putchar('\n');
	if (stats->tx)
		print_tx(ctl, stats->tx);
}

void print_stats_short(const struct kpac_stats *stats)
{
	printf("    %14s %16s %14s%8s %14s %10s\n", "packets", "bytes",
	       "accelerated", "share", "passed", "dropped");
	printf("    %14" PRIu64 " %16" PRIu64 " %14" PRIu64, stats->packets,
	       stats->bytes, stats->accelerated_packets);
	print_share(stats->accelerated_packets, stats->packets);
	printf(" %14" PRIu64 " %10" PRIu64 "\n", stats->pass_packets,
	       stats->drop_packets);
}
