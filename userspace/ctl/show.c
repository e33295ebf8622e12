// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Entries as text that "handler batch" takes again, and as JSON that it takes. */
#include <inttypes.h>
#include <string.h>

#include "table.h"

static void add_pair(const char *name, const char *value, void *arg)
{
	struct buf *line = arg;

	buf_add(line, " %s", name);
	if (!value)
		return;
	buf_char(line, ' ');
	buf_word(line, value);
}

static void add_do(struct ctl *ctl, const struct kpac_do *what,
		   struct buf *line, struct buf *value)
{
	size_t i;

	add_pair("do", what->handler, line);
	for (i = 0; i < what->n_args; i++) {
		value->len = 0;
		if (!arg_is_flag(&what->args[i]))
			format_arg(ctl, what, &what->args[i], value);
		add_pair(what->args[i].name,
			 arg_is_flag(&what->args[i]) ? NULL : value->data, line);
	}
}

/* The device by its name, also where the kernel tells but its number. */
static void name_device(struct ctl *ctl, struct kpac_match *match)
{
	if (match->have & KPAC_MATCH_IFINDEX &&
	    !(match->have & KPAC_MATCH_IFNAME) &&
	    !kpac_ifname(ctl->kpac, match->ifindex, match->ifname))
		match->have |= KPAC_MATCH_IFNAME;
}

static void tell_match(struct ctl *ctl, const struct kpac_entry *entry,
		       void (*tell)(const char *name, const char *value,
				    void *arg), void *arg)
{
	struct kpac_match match;
	struct buf value = { 0 };

	if (!entry->match)
		return;
	match = *entry->match;
	name_device(ctl, &match);
	format_match(&match, &value, tell, arg);
	buf_free(&value);
}

/* "add" and all that it says. */
static void add_entry(struct ctl *ctl, const struct kpac_entry *entry,
		      struct buf *line)
{
	struct buf value = { 0 };
	size_t i;

	buf_add(line, "add");
	if (entry->have & KPAC_ENTRY_PRIORITY)
		buf_add(line, " prio %u", entry->priority);
	if (entry->have & KPAC_ENTRY_COMMENT)
		add_pair("comment", entry->comment, line);
	if (entry->have & KPAC_ENTRY_EXPIRES) {
		/* That it is about to go does not make it stay. */
		format_time(&value, entry->expires ? entry->expires : 1);
		add_pair("expires", value.data, line);
	}
	tell_match(ctl, entry, add_pair, line);
	for (i = 0; i < entry->n_dos; i++)
		add_do(ctl, &entry->dos[i], line, &value);
	buf_free(&value);
}

static void print_figures(const struct kpac_do *what)
{
	size_t i;

	if (!what->n_figures)
		return;
	fputs("    # ", stdout);
	put_safe(stdout, what->handler, strlen(what->handler));
	putchar(':');
	for (i = 0; i < what->n_figures; i++) {
		putchar(' ');
		put_safe(stdout, what->figures[i].name,
			 strlen(what->figures[i].name));
		printf(" %" PRIu64, what->figures[i].number);
	}
	putchar('\n');
}

/* A line, which begins with the entry's number; with counters, more of them. */
void print_entry(struct ctl *ctl, const struct kpac_entry *entry, bool counters)
{
	struct buf line = { 0 };
	char id[16];
	size_t i;

	add_entry(ctl, entry, &line);
	snprintf(id, sizeof(id), "%u:", entry->id);
	print_colored(ctl, COLOR_NAME, id);
	putchar(' ');
	put_safe(stdout, line.data, line.len);
	putchar('\n');
	buf_free(&line);
	if (!counters)
		return;
	if (entry->have & KPAC_ENTRY_COUNTERS)
		printf("    # packets %" PRIu64 " bytes %" PRIu64 "\n",
		       entry->packets, entry->bytes);
	for (i = 0; i < entry->n_dos; i++)
		print_figures(&entry->dos[i]);
}

/* A number if it is nothing else, so that jq(1) can compare it. */
static json_t *json_value(const char *value)
{
	uint64_t number;

	if (*value && strspn(value, "0123456789") == strlen(value) &&
	    (value[0] != '0' || !value[1]) &&
	    parse_uint(value, INT64_MAX, &number))
		return json_integer((json_int_t)number);
	return json_text(value);
}

/* Keys have "_", as all of kpacctl's. */
void json_pair(const char *name, const char *value, void *arg)
{
	json_t *object = arg;
	json_t *list;
	char key[32];
	size_t i;

	for (i = 0; name[i] && i < sizeof(key) - 1; i++)
		key[i] = (char)(name[i] == '-' ? '_' : name[i]);
	key[i] = '\0';
	if (!value) {
		json_object_set_new(object, key, json_true());
	} else if (!strcmp(name, "payload")) {
		list = json_object_get(object, key);
		if (!list) {
			list = json_array();
			json_object_set_new(object, key, list);
		}
		json_array_append_new(list, json_text(value));
	} else {
		json_object_set_new(object, key, json_value(value));
	}
}

static json_t *json_arg(struct ctl *ctl, const struct kpac_do *what,
			const struct kpac_arg *arg)
{
	const struct kpac_arg_spec *spec =
		find_spec(find_handler(ctl, what->handler), arg->name);
	json_t *object = json_object();
	struct buf value = { 0 };
	json_t *json;

	if (arg_is_flag(arg)) {
		json = json_true();
	} else if (arg->have == KPAC_ARG_NUMBER &&
		   !(spec && spec->type == KPAC_ARG_TYPE_DEV)) {
		json = json_count(arg->number);
	} else {
		format_arg(ctl, what, arg, &value);
		json = json_text(value.data);
		buf_free(&value);
	}
	json_object_set_new(object, arg->name, json);
	return object;
}

static json_t *json_do(struct ctl *ctl, const struct kpac_do *what)
{
	json_t *object = json_object();
	json_t *figures = json_object();
	json_t *args = json_array();
	size_t i;

	for (i = 0; i < what->n_args; i++)
		json_array_append_new(args, json_arg(ctl, what, &what->args[i]));
	for (i = 0; i < what->n_figures; i++)
		json_object_set_new(figures, what->figures[i].name,
				    json_count(what->figures[i].number));
	json_object_set_new(object, "handler", json_text(what->handler));
	json_object_set_new(object, "args", args);
	json_object_set_new(object, "figures", figures);
	return object;
}

json_t *json_entry(struct ctl *ctl, const struct kpac_entry *entry)
{
	json_t *object = json_object();
	json_t *match = json_object();
	json_t *dos = json_array();
	size_t i;

	json_object_set_new(object, "id", json_integer(entry->id));
	if (entry->have & KPAC_ENTRY_PRIORITY)
		json_object_set_new(object, "priority",
				    json_integer(entry->priority));
	if (entry->have & KPAC_ENTRY_COMMENT)
		json_object_set_new(object, "comment", json_text(entry->comment));
	if (entry->have & KPAC_ENTRY_EXPIRES)
		json_object_set_new(object, "expires", json_count(
			entry->expires ? entry->expires : 1));
	tell_match(ctl, entry, json_pair, match);
	for (i = 0; i < entry->n_dos; i++)
		json_array_append_new(dos, json_do(ctl, &entry->dos[i]));
	json_object_set_new(object, "match", match);
	json_object_set_new(object, "do", dos);
	if (entry->have & KPAC_ENTRY_COUNTERS) {
		json_object_set_new(object, "packets",
				    json_count(entry->packets));
		json_object_set_new(object, "bytes", json_count(entry->bytes));
	}
	return object;
}
