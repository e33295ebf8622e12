// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * What an entry does: its handlers and their arguments, of which nothing is
 * known here but what the kernel says.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "table.h"

/* The argument that is read. */
struct argument {
	struct reader *r;
	const struct kpac_handler *handler;
	const struct kpac_arg_spec *spec;
	const struct word *value;
	struct kpac_arg *arg;
};

/* What a value of a type looks like. */
static const char *const expected[] = {
	[KPAC_ARG_TYPE_NUMBER] = "a number such as 100 or 10k",
	[KPAC_ARG_TYPE_SIZE] = "a size such as 1500, 64k or 1M",
	[KPAC_ARG_TYPE_RATE] = "a rate such as 10mbit, 1gbit or 100kbps",
	[KPAC_ARG_TYPE_TIME] = "a time such as 100ms, 5s, 2m or 1h",
	[KPAC_ARG_TYPE_TEXT] = "text",
	[KPAC_ARG_TYPE_ADDRESS] = "an IPv4 or IPv6 address",
	[KPAC_ARG_TYPE_PREFIX] = "an IPv4 or IPv6 address and a prefix length",
	[KPAC_ARG_TYPE_LLADDR] = "an Ethernet address such as 02:00:00:00:00:07",
};

static int not_expected(const struct argument *a)
{
	return word_wrong(a->r->st, a->value, "\"%s\" is %s", a->spec->name,
			  expected[a->spec->type]);
}

static int out_of_range(const struct argument *a)
{
	const struct kpac_arg_spec *spec = a->spec;
	struct buf buf = { 0 };
	int err;

	if (spec->have & KPAC_ARG_SPEC_MIN) {
		buf_add(&buf, spec->have & KPAC_ARG_SPEC_MAX ? " from " :
			" at least ");
		format_number(&buf, spec->type, spec->min);
	}
	if (spec->have & KPAC_ARG_SPEC_MAX) {
		buf_add(&buf, spec->have & KPAC_ARG_SPEC_MIN ? " to " :
			" at most ");
		format_number(&buf, spec->type, spec->max);
	}
	err = word_wrong(a->r->st, a->value, "\"%s\" is%s", spec->name,
			 buf.data);
	buf_free(&buf);
	return err;
}

static int take_number_arg(const struct argument *a)
{
	bool (*parse)(const char *text, bool raw, uint64_t *value) =
		a->spec->type == KPAC_ARG_TYPE_SIZE ? parse_size :
		a->spec->type == KPAC_ARG_TYPE_RATE ? parse_rate :
		a->spec->type == KPAC_ARG_TYPE_TIME ? parse_time : parse_number;

	a->arg->have = KPAC_ARG_NUMBER;
	if (!parse(a->value->text, a->value->raw, &a->arg->number))
		return not_expected(a);
	if ((a->spec->have & KPAC_ARG_SPEC_MIN &&
	     a->arg->number < a->spec->min) ||
	    (a->spec->have & KPAC_ARG_SPEC_MAX && a->arg->number > a->spec->max))
		return out_of_range(a);
	return EXIT_OK;
}

static int take_text(const struct argument *a)
{
	size_t i;

	a->arg->have = KPAC_ARG_TEXT;
	a->arg->text = a->value->text;
	if (strlen(a->value->text) > KPAC_MAX_TEXT)
		return word_wrong(a->r->st, a->value,
				  "\"%s\" has at most %d bytes", a->spec->name,
				  KPAC_MAX_TEXT);
	if (a->spec->type == KPAC_ARG_TYPE_TEXT)
		return EXIT_OK;
	for (i = 0; i < a->spec->n_choices; i++)
		if (!strcmp(a->value->text, a->spec->choices[i]))
			return EXIT_OK;
	return word_unknown(a->r->st, a->value, "expected", a->spec->choices,
			    a->spec->n_choices);
}

static int take_address(const struct argument *a)
{
	struct kpac_prefix prefix;
	enum prefix_fault fault = parse_prefix(a->value->text, &prefix);
	bool slash = strchr(a->value->text, '/');

	if (a->spec->type == KPAC_ARG_TYPE_ADDRESS && slash)
		return not_expected(a);
	if (fault == PREFIX_BEYOND)
		return prefix_beyond(a->r, a->value, &prefix);
	if (fault)
		return not_expected(a);
	a->arg->have = KPAC_ARG_ADDRESS;
	a->arg->address_len = prefix.bytes;
	memcpy(a->arg->address, prefix.address, prefix.bytes);
	if (a->spec->type == KPAC_ARG_TYPE_PREFIX) {
		a->arg->have |= KPAC_ARG_PREFIX_LEN;
		a->arg->prefix_len = prefix.len;
	}
	return EXIT_OK;
}

static int take_lladdr(const struct argument *a)
{
	a->arg->have = KPAC_ARG_ADDRESS;
	a->arg->address_len = 6;
	return parse_lladdr(a->value->text, a->arg->address) ? EXIT_OK :
	       not_expected(a);
}

static int take_device(const struct argument *a)
{
	unsigned int ifindex;

	if (find_device(a->r->ctl, a->value->text, &ifindex))
		return word_wrong(a->r->st, a->value, "%s",
				  kpac_error(a->r->ctl->kpac));
	a->arg->have = KPAC_ARG_NUMBER;
	a->arg->number = ifindex;
	return EXIT_OK;
}

static int take_argument(const struct argument *a)
{
	switch (a->spec->type) {
	case KPAC_ARG_TYPE_NUMBER:
	case KPAC_ARG_TYPE_SIZE:
	case KPAC_ARG_TYPE_RATE:
	case KPAC_ARG_TYPE_TIME:
		return take_number_arg(a);
	case KPAC_ARG_TYPE_CHOICE:
	case KPAC_ARG_TYPE_TEXT:
		return take_text(a);
	case KPAC_ARG_TYPE_ADDRESS:
	case KPAC_ARG_TYPE_PREFIX:
		return take_address(a);
	case KPAC_ARG_TYPE_LLADDR:
		return take_lladdr(a);
	case KPAC_ARG_TYPE_DEV:
		return take_device(a);
	}
	return word_wrong(a->r->st, a->value,
			  "the module is newer than this program, which does not know such an argument");
}

static void set_place(const struct reader *r, const struct word *word,
		      uint8_t sub, size_t sub_index, uint8_t leaf)
{
	r->st->words[word - r->st->words].place = (struct place){
		.attr = KPAC_A_ENTRY_DO,
		.index = (unsigned int)r->draft->entry.n_dos - 1,
		.sub = sub, .sub_index = (unsigned int)sub_index, .leaf = leaf,
	};
}

/* What the handler does not have; many then go on with a predicate. */
static int argument_unknown(const struct reader *r,
			    const struct kpac_handler *handler,
			    const struct word *name)
{
	const char *names[KPAC_MAX_ARGS + 1];
	struct buf what = { 0 };
	size_t n = 0;
	int err;

	while (n < handler->n_args && n < KPAC_MAX_ARGS) {
		names[n] = handler->args[n].name;
		n++;
	}
	names[n++] = "do";
	if (is_entry_word(name->text)) {
		err = word_wrong(r->st, name,
				 "\"%s\" has no such argument; what a packet must be like comes before \"do\"",
				 handler->name);
	} else {
		buf_add(&what, handler->n_args ? "an argument of \"%s\" is" :
			"\"%s\" has no arguments; expected", handler->name);
		if (handler->n_args)
			n--;
		err = word_unknown(r->st, name, what.data, names, n);
		buf_free(&what);
	}
	return err;
}

static struct kpac_arg *new_arg(struct draft *draft)
{
	struct kpac_arg *arg;

	draft->args = grow(draft->args, draft->n_args, &draft->room,
			   sizeof(*draft->args));
	arg = &draft->args[draft->n_args++];
	memset(arg, 0, sizeof(*arg));
	return arg;
}

static size_t count_args(const struct draft *draft)
{
	return draft->n_args - draft->first_arg[draft->entry.n_dos - 1];
}

static bool given(const struct draft *draft, const char *name)
{
	size_t i;

	for (i = draft->first_arg[draft->entry.n_dos - 1]; i < draft->n_args; i++)
		if (!strcmp(draft->args[i].name, name))
			return true;
	return false;
}

static int read_argument(struct reader *r, const struct kpac_handler *handler,
			 const struct word *name)
{
	struct argument a = { .r = r, .handler = handler };
	size_t index = count_args(r->draft);

	a.spec = find_spec(handler, name->text);
	if (!a.spec)
		return argument_unknown(r, handler, name);
	set_place(r, name, KPAC_A_DO_ARG, index, KPAC_A_ARG_NAME);
	if (a.spec->type != KPAC_ARG_TYPE_FLAG) {
		a.value = reader_value(r, name);
		if (!a.value)
			return EXIT_SYNTAX;
		set_place(r, a.value, KPAC_A_DO_ARG, index, KPAC_A_ARG_NUMBER);
	}
	if (index == KPAC_MAX_ARGS)
		return word_wrong(r->st, name,
				  "a handler has at most %d arguments",
				  KPAC_MAX_ARGS);
	if (!a.spec->repeated && given(r->draft, a.spec->name))
		return a.value ? word_twice(r->st, name, a.value) :
		       word_wrong(r->st, name, "it has been said already");
	a.arg = new_arg(r->draft);
	a.arg->name = a.spec->name;
	return a.value ? take_argument(&a) : EXIT_OK;
}

static int check_required(const struct reader *r,
			  const struct kpac_handler *handler)
{
	size_t i;

	for (i = 0; i < handler->n_args; i++)
		if (handler->args[i].required &&
		    !given(r->draft, handler->args[i].name))
			return word_missing(r->st, r->next,
				"argument \"%s\" of \"%s\" is required",
				handler->args[i].name, handler->name);
	return EXIT_OK;
}

static int handler_unknown(const struct reader *r, const struct word *name)
{
	const char *names[128];

	return word_unknown(r->st, name, "there is no such handler, but",
			    names, handler_names(r->ctl, names,
						 ARRAY_SIZE(names)));
}

static int read_arguments(struct reader *r, const struct kpac_handler *handler)
{
	int err = EXIT_OK;

	while (!err && r->next < r->st->n &&
	       strcmp(r->st->words[r->next].text, "do"))
		err = read_argument(r, handler, reader_next(r));
	return err ? err : check_required(r, handler);
}

/* A handler and its arguments, behind the word "do". */
int read_do(struct reader *r, const struct word *name)
{
	const struct word *word = reader_value(r, name);
	const struct kpac_handler *handler;
	struct draft *draft = r->draft;
	int err;

	if (!word)
		return EXIT_SYNTAX;
	if (draft->entry.n_dos == KPAC_MAX_DO)
		return word_wrong(r->st, word, "an entry has at most %d handlers",
				  KPAC_MAX_DO);
	err = handlers_get(r->ctl);
	if (err)
		return err;
	handler = find_handler(r->ctl, word->text);
	if (!handler) {
		handler_load(r->ctl, word->text);
		handler = find_handler(r->ctl, word->text);
	}
	if (!handler)
		return handler_unknown(r, word);
	draft->first_arg[draft->entry.n_dos] = draft->n_args;
	draft->dos[draft->entry.n_dos++].handler = handler->name;
	set_place(r, word, KPAC_A_DO_HANDLER, 0, 0);
	err = read_arguments(r, handler);
	draft->dos[draft->entry.n_dos - 1].n_args = count_args(draft);
	return err;
}

bool arg_is_flag(const struct kpac_arg *arg)
{
	return !arg->have;
}

static void format_address(struct buf *buf, const struct kpac_arg *arg)
{
	struct kpac_prefix prefix = {
		.bytes = arg->address_len, .len = arg->prefix_len,
	};
	const uint8_t *a = arg->address;

	if (arg->address_len == 6) {
		buf_add(buf, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2],
			a[3], a[4], a[5]);
	} else if (arg->address_len == 4 || arg->address_len == 16) {
		memcpy(prefix.address, a, prefix.bytes);
		format_prefix(buf, &prefix, arg->have & KPAC_ARG_PREFIX_LEN);
	} else {
		buf_char(buf, '?');
	}
}

/* The value of an argument as it is written. */
void format_arg(struct ctl *ctl, const struct kpac_do *what,
		const struct kpac_arg *arg, struct buf *buf)
{
	const struct kpac_arg_spec *spec =
		find_spec(find_handler(ctl, what->handler), arg->name);
	unsigned int type = spec ? spec->type : KPAC_ARG_TYPE_NUMBER;
	char name[IF_NAMESIZE];

	if (arg->have & KPAC_ARG_ADDRESS) {
		format_address(buf, arg);
	} else if (arg->have & KPAC_ARG_TEXT) {
		buf_add(buf, "%s", arg->text);
	} else if (type == KPAC_ARG_TYPE_DEV) {
		if (kpac_ifname(ctl->kpac, (unsigned int)arg->number, name))
			buf_add(buf, "if%" PRIu64, arg->number);
		else
			buf_add(buf, "%s", name);
	} else {
		format_number(buf, type, arg->number);
	}
}
