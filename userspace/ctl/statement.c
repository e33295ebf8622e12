// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * Statements: the words of a command, from a batch file, where they can be
 * quoted, or put together from the command line or JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/*
 * While the text still moves, a word has the distance from its beginning, kept
 * as a pointer.
 */
static const char *from_offset(size_t offset)
{
	return (const char *)(uintptr_t)offset;
}

static size_t to_offset(const char *kept)
{
	return (size_t)(uintptr_t)kept;
}

static struct word *new_word(struct statement *st)
{
	struct word *word;

	st->words = grow(st->words, st->n, &st->room, sizeof(*st->words));
	word = &st->words[st->n++];
	memset(word, 0, sizeof(*word));
	return word;
}

/* The character that an escape within quotes means; @pos is behind "\". */
static char escaped(const char **pos, const char *end)
{
	unsigned int value = 0;
	int n;

	if (**pos < '0' || **pos > '3')
		return *(*pos)++;
	for (n = 0; n < 3 && *pos < end && **pos >= '0' && **pos < '8'; n++)
		value = value * 8 + (unsigned int)(*(*pos)++ - '0');
	return (char)value;
}

/* What is between quotes, of which the first is at @pos. False: it never ends. */
static bool read_quoted(struct statement *st, const char **pos)
{
	char quote = *(*pos)++;

	while (*pos < st->end && **pos != quote) {
		char c = *(*pos)++;

		if (c == '\\' && quote == '"' && *pos < st->end)
			c = escaped(pos, st->end);
		if (!c)
			return false;
		buf_char(&st->text, c);
	}
	if (*pos == st->end)
		return false;
	++*pos;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* The word that begins at @pos. */
static int read_word(struct statement *st, const char **pos)
{
	struct word *word = new_word(st);
	size_t offset = st->text.len;
	const char *quote;
	bool good = true;

	word->at = *pos;
	while (good && *pos < st->end && !is_blank(**pos) && **pos != '\n') {
		quote = *pos;
		if (**pos == '"' || **pos == '\'') {
			good = read_quoted(st, pos);
		} else if (**pos == '\\' && st->end - *pos > 1) {
			if ((*pos)[1] == '\n')
				break;
			buf_char(&st->text, (*pos)[1]);
			*pos += 2;
		} else {
			good = **pos;
			buf_char(&st->text, *(*pos)++);
		}
	}
	word->len = (size_t)(*pos - word->at);
	buf_char(&st->text, '\0');
	word->text = from_offset(offset);
	if (good)
		return EXIT_OK;
	statement_end(st);
	word = &st->words[st->n - 1];
	word->at = quote;
	word->len = 1;
	word->text = *quote ? "\"" : "";
	return word_wrong(st, word, "%s", *quote ? "the quote does not end, or has "
			  "a zero byte in it" : "a text file has no zero bytes");
}

/* Blanks, continued lines and the comment before a word or a statement's end. */
static void skip(const struct statement *st, const char **pos,
		 unsigned long *line)
{
	for (;;) {
		while (*pos < st->end && is_blank(**pos))
			++*pos;
		if (st->end - *pos > 1 && **pos == '\\' && (*pos)[1] == '\n') {
			*pos += 2;
			++*line;
		} else if (*pos < st->end && **pos == '#') {
			while (*pos < st->end && **pos != '\n')
				++*pos;
		} else {
			return;
		}
	}
}

/*
 * The next statement of a file that has one from @pos, which is in @line: there
 * are no words when there is none. The exit status if it cannot be read.
 */
int statement_read(struct statement *st, const char **pos, unsigned long *line)
{
	int err = EXIT_OK;

	st->n = 0;
	st->text.len = 0;
	while (!err && *pos < st->end) {
		skip(st, pos, line);
		if (*pos == st->end)
			break;
		if (**pos == '\n') {
			++*pos;
			++*line;
			if (st->n)
				break;
			continue;
		}
		if (!st->n) {
			st->at = *pos;
			st->line = *line;
		}
		err = read_word(st, pos);
		if (!err && memchr(st->words[st->n - 1].at, '\n',
				   st->words[st->n - 1].len)) {
			const char *c = st->words[st->n - 1].at;

			for (; c < *pos; c++)
				*line += *c == '\n';
		}
	}
	if (!err)
		statement_end(st);
	return err;
}

/* Begin one that is put together. */
void statement_begin(struct statement *st)
{
	st->n = 0;
	st->text.len = 0;
	st->written.len = 0;
}

void statement_add(struct statement *st, const char *text, bool raw)
{
	struct word *word = new_word(st);
	size_t begin;

	if (st->n > 1)
		buf_char(&st->written, ' ');
	begin = st->written.len;
	buf_word(&st->written, text);
	word->raw = raw;
	word->at = from_offset(begin);
	word->len = st->written.len - begin;
	word->text = from_offset(st->text.len);
	buf_put(&st->text, text, strlen(text) + 1);
}

/* The text does not move any more: the words can point to it. */
void statement_end(struct statement *st)
{
	size_t i;

	if (!st->line)
		buf_put(&st->written, "", 0);
	buf_put(&st->text, "", 0);
	for (i = 0; i < st->n; i++) {
		struct word *word = &st->words[i];

		word->text = st->text.data + to_offset(word->text);
		if (!st->line)
			word->at = st->written.data + to_offset(word->at);
	}
	if (!st->line) {
		st->begin = st->at = st->written.data;
		st->end = st->begin + st->written.len;
	}
}

void statement_free(struct statement *st)
{
	buf_free(&st->text);
	buf_free(&st->written);
	free(st->words);
}
