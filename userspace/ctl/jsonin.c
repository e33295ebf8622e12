// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * Entries from JSON, such as "-j handler show" prints them: each becomes the
 * words that the command line would have.
 */
#include <inttypes.h>
#include <string.h>

#include "table.h"

static int key_wrong(const struct statement *st, const char *outer,
		     const char *key, const char *what)
{
	say_where(st);
	fputs("Error: key \"", stderr);
	if (outer)
		fprintf(stderr, "%s.", outer);
	put_safe(stderr, key, strlen(key));
	fprintf(stderr, "\" is wrong: %s.\n", what);
	return EXIT_SYNTAX;
}

/* Numbers are in the kernel's units. */
static int add_value(struct statement *st, const char *outer, const char *key,
		     const json_t *value)
{
	char number[24];

	if (json_is_string(value)) {
		if (strlen(json_string_value(value)) != json_string_length(value))
			return key_wrong(st, outer, key, "it has a zero byte");
		statement_add(st, json_string_value(value), false);
	} else if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		statement_add(st, number, true);
	} else {
		return key_wrong(st, outer, key,
				 "expected a string or a whole number");
	}
	return EXIT_OK;
}

/* A word and its value; true is a word without one. */
static int add_pair(struct statement *st, const char *outer, const char *key,
		    const json_t *value)
{
	if (json_is_false(value))
		return EXIT_OK;
	statement_add(st, key, false);
	return json_is_true(value) ? EXIT_OK : add_value(st, outer, key, value);
}

static int add_match(struct statement *st, json_t *match)
{
	const char *key;
	json_t *value, *one;
	int err = EXIT_OK;
	size_t i;

	if (!json_is_object(match))
		return key_wrong(st, NULL, "match", "expected an object");
	json_object_foreach(match, key, value) {
		/* Words of an entry that are no predicates have other keys. */
		if (!is_predicate(key) && is_entry_word(key))
			return key_wrong(st, "match", key,
					 "it does not belong there");
		if (json_is_array(value)) {
			json_array_foreach(value, i, one)
				if (!err)
					err = add_pair(st, "match", key, one);
		} else {
			err = add_pair(st, "match", key, value);
		}
		if (err)
			return err;
	}
	return err;
}

/* Arguments are in order, and there may be more than one of the same name. */
static int add_args(struct statement *st, json_t *args)
{
	const char *key;
	json_t *value, *one;
	int err = EXIT_OK;
	size_t i;

	if (json_is_object(args)) {
		json_object_foreach(args, key, value)
			if (!err)
				err = strcmp(key, "do") ?
				      add_pair(st, "do.args", key, value) :
				      key_wrong(st, "do.args", key,
						"it does not belong there");
		return err;
	}
	if (!json_is_array(args))
		return key_wrong(st, "do", "args",
				 "expected an array of objects");
	json_array_foreach(args, i, one) {
		if (!json_is_object(one))
			return key_wrong(st, "do", "args",
					 "expected an array of objects");
		err = add_args(st, one);
		if (err)
			return err;
	}
	return err;
}

static int add_do(struct statement *st, json_t *what)
{
	json_t *handler = json_object_get(what, "handler");
	json_t *args = json_object_get(what, "args");
	const char *key;
	json_t *value;
	int err;

	if (!json_is_string(handler))
		return key_wrong(st, "do", "handler",
				 "expected the name of a handler");
	json_object_foreach(what, key, value)
		if (strcmp(key, "handler") && strcmp(key, "args") &&
		    strcmp(key, "figures"))
			return key_wrong(st, "do", key,
				"expected \"handler\", \"args\" or \"figures\"");
	statement_add(st, "do", false);
	err = add_value(st, "do", "handler", handler);
	return err || !args ? err : add_args(st, args);
}

static int add_dos(struct statement *st, json_t *dos)
{
	int err = EXIT_OK;
	json_t *one;
	size_t i;

	if (!json_is_array(dos))
		return key_wrong(st, NULL, "do", "expected an array of objects");
	json_array_foreach(dos, i, one) {
		if (!json_is_object(one))
			return key_wrong(st, NULL, "do",
					 "expected an array of objects");
		err = add_do(st, one);
		if (err)
			return err;
	}
	return err;
}


/* What is known comes in the order of the command line. */
static int check_keys(const struct statement *st, json_t *entry)
{
	static const char *const names[] = {
		"priority", "comment", "expires", "match", "do", "id",
		"packets", "bytes",
	};
	struct buf what = { 0 };
	const char *key, *meant;
	json_t *value;
	size_t i;
	int err;

	json_object_foreach(entry, key, value) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (!strcmp(key, names[i]))
				break;
		if (i < ARRAY_SIZE(names))
			continue;
		buf_add(&what, "expected ");
		list_names(&what, names, ARRAY_SIZE(names));
		meant = nearest(key, names, ARRAY_SIZE(names));
		if (meant)
			buf_add(&what, "; did you mean \"%s\"?", meant);
		err = key_wrong(st, NULL, key, what.data);
		buf_free(&what);
		return err;
	}
	return EXIT_OK;
}

/* The words of @entry, which begin with "add". */
int json_statement(struct statement *st, json_t *entry)
{
	static const char *const options[] = { "priority", "comment", "expires" };
	json_t *match = json_object_get(entry, "match");
	json_t *dos = json_object_get(entry, "do");
	json_t *value;
	size_t i;
	int err;

	if (!json_is_object(entry))
		return key_wrong(st, NULL, "", "an entry is an object");
	err = check_keys(st, entry);
	statement_begin(st);
	statement_add(st, "add", false);
	for (i = 0; !err && i < ARRAY_SIZE(options); i++) {
		value = json_object_get(entry, options[i]);
		if (value)
			err = add_pair(st, NULL, options[i], value);
	}
	if (!err && match)
		err = add_match(st, match);
	if (!err && dos)
		err = add_dos(st, dos);
	statement_end(st);
	return err;
}
