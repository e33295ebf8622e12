// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* The handlers that the kernel has, and the arguments that they take. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* What the kernel told, kept until the end. Asked for once, and if needed. */
struct handlers {
	struct kpac_handler *list;
	size_t n;
	size_t room;
};

static char *keep(const char *text)
{
	struct buf buf = { 0 };

	buf_put(&buf, text, strlen(text));
	return buf.data;
}

static void keep_spec(struct kpac_arg_spec *to, const struct kpac_arg_spec *spec)
{
	const char **choices = NULL;
	size_t room = 0;
	size_t i;

	*to = *spec;
	to->name = keep(spec->name);
	to->doc = keep(spec->doc);
	for (i = 0; i < spec->n_choices; i++) {
		choices = grow(choices, i, &room, sizeof(*choices));
		choices[i] = keep(spec->choices[i]);
	}
	to->choices = choices;
}

static int keep_handler(const struct kpac_handler *handler, void *arg)
{
	struct handlers *handlers = arg;
	struct kpac_arg_spec *specs = NULL;
	struct kpac_handler *to;
	size_t room = 0;
	size_t i;

	handlers->list = grow(handlers->list, handlers->n, &handlers->room,
			      sizeof(*handlers->list));
	to = &handlers->list[handlers->n++];
	*to = *handler;
	to->name = keep(handler->name);
	to->module = keep(handler->module);
	to->doc = keep(handler->doc);
	for (i = 0; i < handler->n_args; i++) {
		specs = grow(specs, i, &room, sizeof(*specs));
		keep_spec(&specs[i], &handler->args[i]);
	}
	to->args = specs;
	return 0;
}

int handlers_get(struct ctl *ctl)
{
	int err;

	if (ctl->handlers)
		return EXIT_OK;
	if (!ctl->kpac) {
		err = ctl_connect(ctl);
		if (err)
			return err;
	}
	ctl->handlers = calloc(1, sizeof(*ctl->handlers));
	if (!ctl->handlers || kpac_handler_dump(ctl->kpac, keep_handler,
						ctl->handlers))
		return ctl_refused(ctl);
	return EXIT_OK;
}

/* A handler that the kernel does not have yet, but may find in a module. */
void handler_load(struct ctl *ctl, const char *name)
{
	kpac_handler_get(ctl->kpac, name, keep_handler, ctl->handlers);
}

static void free_spec(const struct kpac_arg_spec *spec)
{
	size_t i;

	for (i = 0; i < spec->n_choices; i++)
		free((void *)spec->choices[i]);
	free((void *)spec->choices);
	free((void *)spec->name);
	free((void *)spec->doc);
}

void handlers_free(struct ctl *ctl)
{
	struct handlers *handlers = ctl->handlers;
	size_t i, j;

	for (i = 0; handlers && i < handlers->n; i++) {
		struct kpac_handler *handler = &handlers->list[i];

		for (j = 0; j < handler->n_args; j++)
			free_spec(&handler->args[j]);
		free((void *)handler->args);
		free((void *)handler->name);
		free((void *)handler->module);
		free((void *)handler->doc);
	}
	if (handlers)
		free(handlers->list);
	free(handlers);
	ctl->handlers = NULL;
}

const struct kpac_handler *find_handler(const struct ctl *ctl, const char *name)
{
	const struct handlers *handlers = ctl->handlers;
	size_t i;

	for (i = 0; handlers && i < handlers->n; i++)
		if (same_word(name, handlers->list[i].name))
			return &handlers->list[i];
	return NULL;
}

size_t handler_names(const struct ctl *ctl, const char **names, size_t n)
{
	size_t i;

	for (i = 0; i < ctl->handlers->n && i < n; i++)
		names[i] = ctl->handlers->list[i].name;
	return i;
}

const struct kpac_arg_spec *find_spec(const struct kpac_handler *handler,
				      const char *name)
{
	size_t i;

	for (i = 0; handler && i < handler->n_args; i++)
		if (same_word(name, handler->args[i].name))
			return &handler->args[i];
	return NULL;
}

static void safe(const char *text)
{
	put_safe(stdout, text, strlen(text));
}

/* A number in the unit that its argument is written with. */
void format_number(struct buf *buf, unsigned int type, uint64_t number)
{
	if (type == KPAC_ARG_TYPE_SIZE)
		format_size(buf, number);
	else if (type == KPAC_ARG_TYPE_RATE)
		format_rate(buf, number);
	else if (type == KPAC_ARG_TYPE_TIME)
		format_time(buf, number);
	else
		buf_add(buf, "%" PRIu64, number);
}

/* "1..1000", "1..", "..1000", or nothing. */
static void format_limits(struct buf *buf, const struct kpac_arg_spec *spec)
{
	if (!spec->have)
		return;
	buf_char(buf, ' ');
	if (spec->have & KPAC_ARG_SPEC_MIN)
		format_number(buf, spec->type, spec->min);
	buf_add(buf, "..");
	if (spec->have & KPAC_ARG_SPEC_MAX)
		format_number(buf, spec->type, spec->max);
}

static void print_spec(const struct kpac_arg_spec *spec)
{
	struct buf buf = { 0 };
	size_t i;

	buf_add(&buf, "%s", spec->name);
	if (spec->type == KPAC_ARG_TYPE_CHOICE) {
		buf_add(&buf, " {");
		for (i = 0; i < spec->n_choices; i++)
			buf_add(&buf, "%s %s", i ? " |" : "", spec->choices[i]);
		buf_add(&buf, " }");
	} else if (spec->type != KPAC_ARG_TYPE_FLAG) {
		buf_add(&buf, " %s", kpac_arg_type_name(spec->type));
	}
	format_limits(&buf, spec);
	if (spec->required)
		buf_add(&buf, ", required");
	if (spec->repeated)
		buf_add(&buf, ", repeated");
	fputs("    ", stdout);
	safe(buf.data);
	if (*spec->doc) {
		printf("%*s", buf.len < 34 ? (int)(36 - buf.len) : 2, "");
		safe(spec->doc);
	}
	putchar('\n');
	buf_free(&buf);
}

void print_types(struct ctl *ctl)
{
	size_t i, j;

	for (i = 0; i < ctl->handlers->n; i++) {
		const struct kpac_handler *handler = &ctl->handlers->list[i];

		print_colored(ctl, COLOR_HEAD, handler->name);
		if (*handler->module) {
			fputs(" (", stdout);
			safe(handler->module);
			putchar(')');
		}
		if (*handler->doc) {
			fputs(": ", stdout);
			safe(handler->doc);
		}
		putchar('\n');
		for (j = 0; j < handler->n_args; j++)
			print_spec(&handler->args[j]);
	}
}

static json_t *json_spec(const struct kpac_arg_spec *spec)
{
	json_t *object = json_object();
	json_t *choices;
	size_t i;

	json_object_set_new(object, "name", json_text(spec->name));
	json_object_set_new(object, "type",
			    json_string(kpac_arg_type_name(spec->type)));
	json_object_set_new(object, "required", json_boolean(spec->required));
	json_object_set_new(object, "repeated", json_boolean(spec->repeated));
	if (spec->have & KPAC_ARG_SPEC_MIN)
		json_object_set_new(object, "min", json_count(spec->min));
	if (spec->have & KPAC_ARG_SPEC_MAX)
		json_object_set_new(object, "max", json_count(spec->max));
	if (spec->n_choices) {
		choices = json_array();
		for (i = 0; i < spec->n_choices; i++)
			json_array_append_new(choices,
					      json_text(spec->choices[i]));
		json_object_set_new(object, "choices", choices);
	}
	json_object_set_new(object, "doc", json_text(spec->doc));
	return object;
}

json_t *json_types(const struct ctl *ctl)
{
	json_t *list = json_array();
	size_t i, j;

	for (i = 0; i < ctl->handlers->n; i++) {
		const struct kpac_handler *handler = &ctl->handlers->list[i];
		json_t *object = json_object();
		json_t *args = json_array();

		for (j = 0; j < handler->n_args; j++)
			json_array_append_new(args,
					      json_spec(&handler->args[j]));
		json_object_set_new(object, "name", json_text(handler->name));
		json_object_set_new(object, "module",
				    json_text(handler->module));
		json_object_set_new(object, "ends", json_boolean(handler->ends));
		json_object_set_new(object, "args", args);
		json_object_set_new(object, "doc", json_text(handler->doc));
		json_array_append_new(list, object);
	}
	return list;
}
