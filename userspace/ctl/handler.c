// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl handler: which packets are given to which handlers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

void handler_usage(FILE *to)
{
	fputs("Usage: kpacctl handler add [ prio 0..65535 ] [ comment TEXT ] [ expires TIME ]\n"
	      "                           PREDICATE... do HANDLER [ ARGS ] [ do HANDLER [ ARGS ] ]...\n"
	      "       kpacctl handler show [ id N ]\n"
	      "       kpacctl handler del { id N | prio N | comment TEXT }\n"
	      "       kpacctl handler flush\n"
	      "       kpacctl handler stat\n"
	      "       kpacctl handler reset [ id N | prio N | comment TEXT ]\n"
	      "       kpacctl handler batch [ replace ] { FILE | - }\n"
	      "       kpacctl handler types\n"
	      "where  PREDICATE := { dev NAME | vlan 0..4095 | ethertype { NAME | 0xHEX } |\n"
	      "                      src PREFIX | dst PREFIX | proto { NAME | 0..255 } |\n"
	      "                      sport PORTS | dport PORTS | icmp-type { NAME | 0..255 } |\n"
	      "                      icmp-code 0..255 | tcp-flags FLAGS[/FLAGS] |\n"
	      "                      dscp { NAME | 0..63 } | fragment { no | yes | first | later } |\n"
	      "                      length N[-N] | payload BASE[+OFFSET]:HEX[/HEX] | unfiltered }\n"
	      "       PORTS := { NAME | 0..65535[-0..65535] }\n"
	      "       FLAGS := { none | { fin | syn | rst | psh | ack | urg | ece | cwr }[,...] }\n"
	      "       BASE := { l2 | l3 | l4 | payload }\n"
	      "       TIME := { Nms | Ns | Nm | Nh }\n"
	      "HANDLER and its ARGS are what \"kpacctl handler types\" lists.\n",
	      to);
}

/* The command line as a statement: @verb and what follows it. */
static void as_statement(struct statement *st, const char *verb, int argc,
			 char **argv)
{
	statement_begin(st);
	statement_add(st, verb, false);
	for (; argc > 0; argc--, argv++)
		statement_add(st, *argv, false);
	statement_end(st);
}

json_t *json_table(const struct kpac_table *table, bool change)
{
	json_t *object = json_pack("{s:o,s:I,s:I,s:o}",
		"generation", json_count(table->generation),
		"entries", (json_int_t)table->entries,
		"masks", (json_int_t)table->masks,
		"memory", json_count(table->memory));

	if (change) {
		json_object_set_new(object, "added",
				    json_integer(table->added));
		json_object_set_new(object, "deleted",
				    json_integer(table->deleted));
	}
	return object;
}

void print_table(const struct kpac_table *table, bool change)
{
	printf("generation %" PRIu64 " entries %u masks %u memory %" PRIu64,
	       table->generation, table->entries, table->masks, table->memory);
	if (change)
		printf(" added %u deleted %u", table->added, table->deleted);
	putchar('\n');
}

static int add_entry(struct ctl *ctl, struct reader *r)
{
	uint32_t id;
	int err = read_entry(r);

	if (!err && !ctl->kpac)
		err = ctl_connect(ctl);
	if (err)
		return err;
	if (kpac_entry_add(ctl->kpac, &r->draft->entry, &id))
		return statement_refused(r->st, kpac_error(ctl->kpac),
					 kpac_fault(ctl->kpac));
	if (ctl->json) {
		json_t *object = json_pack("{s:I}", "id", (json_int_t)id);

		json_line(ctl, object);
		json_decref(object);
	} else if (ctl->details) {
		printf("%u\n", id);
	}
	return EXIT_OK;
}

static int handler_add(struct ctl *ctl, int argc, char **argv)
{
	struct draft *draft = calloc(1, sizeof(*draft));
	struct statement st = { 0 };
	struct reader r = { .ctl = ctl, .st = &st, .next = 1, .draft = draft };
	int err;

	if (!draft)
		return EXIT_REFUSED;
	as_statement(&st, "add", argc, argv);
	err = add_entry(ctl, &r);
	statement_free(&st);
	draft_free(draft);
	free(draft);
	return err;
}

/* A command about the entries that its arguments say, or NULL for all. */
static int run_which(struct ctl *ctl, const char *verb, int argc, char **argv,
		     int (*fn)(struct kpac *kpac,
			       const struct kpac_entry_which *which))
{
	struct statement st = { 0 };
	struct reader r = { .ctl = ctl, .st = &st, .next = 1 };
	struct kpac_entry_which which;
	int err;

	as_statement(&st, verb, argc, argv);
	err = read_which(&r, &which);
	if (!err && !which.have && fn == kpac_entry_del)
		err = word_missing(&st, st.n,
				   "one of \"id\", \"prio\" and \"comment\" is required; \"flush\" deletes all entries");
	if (!err)
		err = ctl_connect(ctl);
	if (!err && fn(ctl->kpac, which.have ? &which : NULL))
		err = statement_refused(&st, kpac_error(ctl->kpac),
					kpac_fault(ctl->kpac));
	statement_free(&st);
	return err;
}

static int handler_del(struct ctl *ctl, int argc, char **argv)
{
	return run_which(ctl, "del", argc, argv, kpac_entry_del);
}

static int handler_reset(struct ctl *ctl, int argc, char **argv)
{
	return run_which(ctl, "reset", argc, argv, kpac_entry_reset);
}

static int no_arguments(const char *verb, int argc, char **argv)
{
	return argc ? arg_wrong(*argv, "\"%s\" has no arguments", verb) :
	       EXIT_OK;
}

static int handler_flush(struct ctl *ctl, int argc, char **argv)
{
	int err = no_arguments("flush", argc, argv);

	if (!err)
		err = ctl_connect(ctl);
	if (!err && kpac_entry_flush(ctl->kpac))
		err = ctl_refused(ctl);
	return err;
}

/* Where entries are listed. */
struct listing {
	struct ctl *ctl;
	bool begun;
};

/* Nothing is printed before the kernel has told all. */
static void begin_listing(struct listing *listing)
{
	if (!listing->begun && !listing->ctl->json)
		puts("# Entries act before netfilter's INPUT and FORWARD, unless \"unfiltered\".");
	listing->begun = true;
}

static int show_entry(const struct kpac_entry *entry, void *arg)
{
	struct listing *listing = arg;
	struct ctl *ctl = listing->ctl;

	begin_listing(listing);
	if (ctl->json)
		json_array_append_new(ctl->list, json_entry(ctl, entry));
	else
		print_entry(ctl, entry, ctl->stats);
	return 0;
}

/* The one entry that the arguments say, 0 for all. */
static int take_id(struct ctl *ctl, int argc, char **argv, uint32_t *id)
{
	struct statement st = { 0 };
	struct reader r = { .ctl = ctl, .st = &st, .next = 1 };
	struct kpac_entry_which which;
	int err;

	as_statement(&st, "show", argc, argv);
	err = read_which(&r, &which);
	if (!err && which.have & ~KPAC_ENTRY_ID)
		err = word_wrong(&st, &st.words[1], "expected \"id\"");
	*id = err ? 0 : which.id;
	statement_free(&st);
	return err;
}

static int handler_show(struct ctl *ctl, int argc, char **argv)
{
	struct listing listing = { .ctl = ctl };
	uint32_t id;
	int err;

	err = take_id(ctl, argc, argv, &id);
	if (!err)
		err = handlers_get(ctl);
	if (err)
		return err;
	list_begin(ctl);
	if (id ? kpac_entry_get(ctl->kpac, id, show_entry, &listing) :
		 kpac_entry_dump(ctl->kpac, show_entry, &listing))
		return ctl_refused(ctl);
	begin_listing(&listing);
	return list_end(ctl);
}

static int show_table(const struct kpac_table *table, void *arg)
{
	json_t **object = arg;

	if (*object) {
		json_object_set_new(*object, "table", json_table(table, false));
		return 0;
	}
	fputs("# table: ", stdout);
	print_table(table, false);
	return 0;
}

static int handler_stat(struct ctl *ctl, int argc, char **argv)
{
	struct listing listing = { .ctl = ctl, .begun = true };
	json_t *object = NULL;
	int err = no_arguments("stat", argc, argv);

	if (!err)
		err = handlers_get(ctl);
	if (err)
		return err;
	list_begin(ctl);
	if (ctl->json)
		object = json_object();
	ctl->stats = true;
	if (kpac_table_get(ctl->kpac, show_table, &object) ||
	    kpac_entry_dump(ctl->kpac, show_entry, &listing)) {
		err = ctl_refused(ctl);
	} else if (object) {
		json_object_set(object, "entries", ctl->list);
		json_line(ctl, object);
	}
	json_decref(object);
	return err;
}

static int handler_types(struct ctl *ctl, int argc, char **argv)
{
	json_t *list;
	int err = no_arguments("types", argc, argv);

	if (!err)
		err = handlers_get(ctl);
	if (err)
		return err;
	if (!ctl->json) {
		print_types(ctl);
		return EXIT_OK;
	}
	list = json_types(ctl);
	json_line(ctl, list);
	json_decref(list);
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "show", "list", handler_show, handler_usage },
	{ "add", NULL, handler_add, handler_usage },
	{ "delete", NULL, handler_del, handler_usage },
	{ "flush", NULL, handler_flush, handler_usage },
	{ "stat", "stats", handler_stat, handler_usage },
	{ "reset", NULL, handler_reset, handler_usage },
	{ "batch", NULL, handler_batch, handler_usage },
	{ "types", NULL, handler_types, handler_usage },
	{ "help", NULL, NULL, handler_usage },
};

int handler_main(struct ctl *ctl, int argc, char **argv)
{
	return run_command(commands, ARRAY_SIZE(commands),
			   "kpacctl handler help", ctl, argc, argv);
}
