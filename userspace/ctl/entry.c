// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* From the words of a statement to an entry, or to which entries are meant. */
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* Words beside the predicates that come before "do". */
static const char *const options[] = { "prio", "comment", "expires", "do" };

/* The next word, or NULL at the end. */
const struct word *reader_next(struct reader *r)
{
	return r->next < r->st->n ? &r->st->words[r->next++] : NULL;
}

/* The value of @name, or NULL and the user is told. */
const struct word *reader_value(struct reader *r, const struct word *name)
{
	const struct word *value = reader_next(r);

	if (!value)
		word_no_value(r->st, name);
	return value;
}

/* Whether @word is @name; "_" is as good as "-". */
bool same_word(const char *word, const char *name)
{
	for (; *word && *name; word++, name++)
		if (*word != *name && !(*word == '_' && *name == '-'))
			return false;
	return *word == *name;
}

static bool is_option(const char *word, const char *name)
{
	return same_word(word, name) ||
	       (!strcmp(name, "prio") && (same_word(word, "priority") ||
					  same_word(word, "pref")));
}

bool is_entry_word(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (is_option(word, options[i]))
			return true;
	return is_predicate(word);
}

static int take_number_word(const struct statement *st, const struct word *value,
			    const char *name, uint64_t min, uint64_t max,
			    uint32_t *number)
{
	uint64_t big;

	if (!parse_uint(value->text, max, &big) || big < min)
		return word_wrong(st, value,
				  "\"%s\" is a number from %u to %u", name,
				  (unsigned int)min, (unsigned int)max);
	*number = (uint32_t)big;
	return EXIT_OK;
}

static int take_comment(const struct statement *st, const struct word *value,
			const char **comment)
{
	if (strlen(value->text) > KPAC_MAX_COMMENT)
		return word_wrong(st, value, "a comment has at most %d bytes",
				  KPAC_MAX_COMMENT);
	*comment = value->text;
	return EXIT_OK;
}

static int take_expires(const struct reader *r, const struct word *value)
{
	struct kpac_entry *entry = &r->draft->entry;

	if (!parse_time(value->text, value->raw, &entry->expires) ||
	    !entry->expires)
		return word_wrong(r->st, value,
				  "\"expires\" is a time such as 100ms, 30s, 5m or 1h");
	return EXIT_OK;
}

static int read_option(struct reader *r, const struct word *name,
		       unsigned int bit, uint8_t attr)
{
	const struct word *value = reader_value(r, name);
	struct kpac_entry *entry = &r->draft->entry;

	if (!value)
		return EXIT_SYNTAX;
	if (entry->have & bit)
		return word_twice(r->st, name, value);
	entry->have |= bit;
	r->st->words[value - r->st->words].place.attr = attr;

	switch (bit) {
	case KPAC_ENTRY_PRIORITY:
		return take_number_word(r->st, value, "prio", 0,
					KPAC_MAX_PRIORITY, &entry->priority);
	case KPAC_ENTRY_COMMENT:
		return take_comment(r->st, value, &entry->comment);
	default:
		return take_expires(r, value);
	}
}

static int read_word(struct reader *r, const struct word *name)
{
	const char *names[32];
	bool known;
	size_t n;
	int err;

	if (is_option(name->text, "do")) {
		/* All predicates are known: before the kernel is asked. */
		err = r->draft->entry.n_dos ? EXIT_OK : check_predicates(r);
		return err ? err : read_do(r, name);
	}
	if (is_option(name->text, "prio"))
		return read_option(r, name, KPAC_ENTRY_PRIORITY,
				   KPAC_A_ENTRY_PRIORITY);
	if (is_option(name->text, "comment"))
		return read_option(r, name, KPAC_ENTRY_COMMENT,
				   KPAC_A_ENTRY_COMMENT);
	if (is_option(name->text, "expires"))
		return read_option(r, name, KPAC_ENTRY_EXPIRES,
				   KPAC_A_ENTRY_EXPIRES);
	err = read_predicate(r, name, &known);
	if (known)
		return err;
	n = predicate_names(names, ARRAY_SIZE(names) - ARRAY_SIZE(options));
	memcpy(names + n, options, sizeof(options));
	return word_unknown(r->st, name, "expected", names,
			    n + ARRAY_SIZE(options));
}

static void begin_draft(struct draft *d)
{
	memset(&d->entry, 0, sizeof(d->entry));
	memset(&d->match, 0, sizeof(d->match));
	memset(d->dos, 0, sizeof(d->dos));
	memset(d->said, 0, sizeof(d->said));
	memset(d->said_entry, 0, sizeof(d->said_entry));
	d->entry.size = sizeof(d->entry);
	d->entry.match = &d->match;
	d->entry.dos = d->dos;
	d->match.size = sizeof(d->match);
	d->match.payload = d->payload;
	d->n_args = 0;
}

/* The entry that the words say from r->next on, in r->draft. */
int read_entry(struct reader *r)
{
	struct draft *draft = r->draft;
	const struct word *word;
	int err = EXIT_OK;
	size_t i;

	begin_draft(draft);
	while (!err && (word = reader_next(r)))
		err = read_word(r, word);
	if (!err && !draft->entry.n_dos)
		err = check_predicates(r);
	if (!err && !draft->entry.n_dos)
		err = word_missing(r->st, r->st->n,
				   "argument \"do\" is required: what is to be done with such packets");
	for (i = 0; i < draft->entry.n_dos; i++)
		draft->dos[i].args = draft->args + draft->first_arg[i];
	return err;
}

void draft_free(struct draft *draft)
{
	free(draft->args);
}

/* Which entries the words mean from r->next on; none, if there are no words. */
int read_which(struct reader *r, struct kpac_entry_which *which)
{
	static const char *const names[] = { "id", "prio", "comment" };
	const struct word *name = reader_next(r);
	const struct word *value;
	size_t i = 0;

	memset(which, 0, sizeof(*which));
	which->size = sizeof(*which);
	if (!name)
		return EXIT_OK;
	while (i < ARRAY_SIZE(names) && !is_option(name->text, names[i]))
		i++;
	if (i == ARRAY_SIZE(names))
		return word_unknown(r->st, name, "expected", names, i);
	value = reader_value(r, name);
	if (!value)
		return EXIT_SYNTAX;
	if (r->next < r->st->n)
		return word_wrong(r->st, reader_next(r),
				  "nothing can follow: one of id, prio and comment says which entries");
	which->have = 1u << i;
	r->st->words[value - r->st->words].place.attr =
		(uint8_t)(KPAC_A_ENTRY_ID + i);
	if (!i)
		return take_number_word(r->st, value, "id", 1, UINT32_MAX,
					&which->id);
	return i == 1 ? take_number_word(r->st, value, "prio", 0,
					 KPAC_MAX_PRIORITY, &which->priority) :
			take_comment(r->st, value, &which->comment);
}
