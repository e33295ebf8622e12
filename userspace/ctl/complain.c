// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* What is said about wrong words, and pointing at them. */
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* Columns that what put_safe() writes takes: a character has but one. */
static size_t columns(const char *text, size_t len)
{
	size_t n = 0;

	while (len) {
		size_t bytes = printable(text, len);

		n += bytes || *text == '\t' ? 1 : 4;	/* \033 */
		bytes += !bytes;
		text += bytes;
		len -= bytes;
	}
	return n;
}

static void repeat(char c, size_t n)
{
	while (n--)
		fputc(c, stderr);
}

/* The line that has @at, and carets under @len bytes from there on. */
static void point(const struct statement *st, const char *at, size_t len)
{
	const char *first = at, *last = at;

	while (first > st->begin && first[-1] != '\n')
		first--;
	while (last < st->end && *last != '\n')
		last++;
	if (len > (size_t)(last - at))
		len = (size_t)(last - at);
	fputs("  ", stderr);
	put_safe(stderr, first, (size_t)(last - first));
	fputs("\n  ", stderr);
	repeat(' ', columns(first, (size_t)(at - first)));
	len = columns(at, len);
	repeat('^', len ? len : 1);
	fputc('\n', stderr);
}

static void say_line(const struct statement *st, const char *at)
{
	unsigned long line = st->line;
	const char *c;

	if (!st->file)
		return;
	put_safe(stderr, st->file, strlen(st->file));
	for (c = st->at; st->line && c < at; c++)
		line += *c == '\n';
	if (st->entry)
		fprintf(stderr, ": entry %lu: ", st->entry);
	else
		fprintf(stderr, ":%lu: ", line);
}

/* What a message about a statement begins with. */
void say_where(const struct statement *st)
{
	say_line(st, st->at);
}

/* A message has a full stop unless it ends with a question. */
static void say(const char *fmt, va_list ap)
{
	struct buf buf = { 0 };
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	buf.room = (size_t)n + 1;
	buf.data = malloc(buf.room);
	if (buf.data) {
		vsnprintf(buf.data, buf.room, fmt, again);
		put_safe(stderr, buf.data, (size_t)n);
		fputs(n && buf.data[n - 1] == '?' ? "\n" : ".\n", stderr);
	}
	va_end(again);
	buf_free(&buf);
}

int word_wrong(const struct statement *st, const struct word *word,
	       const char *fmt, ...)
{
	va_list ap;

	say_line(st, word->at);
	fputs("Error: argument \"", stderr);
	put_safe(stderr, word->text, strlen(word->text));
	fputs("\" is wrong: ", stderr);
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	point(st, word->at, word->len);
	return EXIT_SYNTAX;
}

int word_twice(const struct statement *st, const struct word *name,
	       const struct word *second)
{
	say_line(st, second->at);
	fprintf(stderr, "Error: duplicate \"%s\": \"", name->text);
	put_safe(stderr, second->text, strlen(second->text));
	fputs("\" is the second value.\n", stderr);
	point(st, second->at, second->len);
	return EXIT_SYNTAX;
}

int word_no_value(const struct statement *st, const struct word *word)
{
	say_line(st, word->at);
	fprintf(stderr,
		"Error: command line is not complete: \"%s\" needs a value.\n",
		word->text);
	point(st, word->at, word->len);
	return EXIT_SYNTAX;
}

/* Something is not there; points to where it might be, behind @n words. */
int word_missing(const struct statement *st, size_t n, const char *fmt, ...)
{
	const struct word *last = n ? &st->words[n - 1] : NULL;
	va_list ap;

	say_line(st, last ? last->at : st->at);
	fputs("Error: ", stderr);
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	if (last)
		point(st, last->at + last->len, 0);
	return EXIT_SYNTAX;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to insert, delete, replace or exchange with their neighbour. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][32], la = strlen(a), lb = strlen(b);
	size_t i, j;

	if (la >= ARRAY_SIZE(rows[0]) || lb >= ARRAY_SIZE(rows[0]))
		return ARRAY_SIZE(rows[0]);
	for (j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (i = 1; i <= la; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3];
		const size_t *second = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= lb; j++) {
			row[j] = least(least(row[j - 1], above[j]) + 1,
				       above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], second[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

/* The name that was probably meant, or NULL. */
const char *nearest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word);
	size_t best = len > 5 ? 3 : len > 2 ? 2 : 1;
	const char *found = NULL;
	size_t i, d;

	/* One that begins like it is as near as one with a wrong letter. */
	for (i = 0; i < n; i++) {
		d = distance(word, names[i]);
		if (len > 1 && !strncmp(word, names[i], len))
			d = least(d, 2);
		if (d < best || (d == best && !found && d < len)) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

void list_names(struct buf *buf, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_add(buf, "%s\"%s\"", !i ? "" : i + 1 < n ? ", " : " or ",
			names[i]);
}

/* Tells what might have been there, and what was probably meant. */
int word_unknown(const struct statement *st, const struct word *word,
		 const char *what, const char *const *names, size_t n)
{
	const char *meant = nearest(word->text, names, n);
	struct buf list = { 0 };
	int err;

	list_names(&list, names, n);
	if (meant)
		err = word_wrong(st, word, "%s %s; did you mean \"%s\"?", what,
				 list.data, meant);
	else
		err = word_wrong(st, word, "%s %s", what,
				 list.len ? list.data : "nothing");
	buf_free(&list);
	return err;
}

/* Attributes that come from one word. */
static unsigned int main_attr(unsigned int attr)
{
	switch (attr) {
	case KPAC_A_MATCH_IFNAME:
		return KPAC_A_MATCH_IFINDEX;
	case KPAC_A_MATCH_SRC_LEN:
	case KPAC_A_MATCH_DST_LEN:
	case KPAC_A_MATCH_SPORT_MAX:
	case KPAC_A_MATCH_DPORT_MAX:
	case KPAC_A_MATCH_TCP_FLAGS_MASK:
	case KPAC_A_MATCH_LENGTH_MAX:
		return attr - 1;
	}
	return attr;
}

/* How well a word fits what the kernel did not like; 0: not at all. */
static int fits(const struct place *place, const struct kpac_fault *fault)
{
	unsigned int sub;

	if (!fault->depth || place->attr != fault->path[0].attr ||
	    place->index != fault->path[0].index)
		return 0;
	if (fault->depth < 2 || !place->sub)
		return 1;
	sub = fault->path[1].attr;
	if (place->attr == KPAC_A_ENTRY_MATCH)
		sub = main_attr(sub);
	if (place->sub != sub || place->sub_index != fault->path[1].index)
		return 1;
	if (fault->depth < 3 || place->attr == KPAC_A_ENTRY_MATCH)
		return 2;
	return (place->leaf == KPAC_A_ARG_NAME) ==
	       (fault->path[2].attr == KPAC_A_ARG_NAME) ? 3 : 2;
}

/* Point at the words that made what the kernel did not like. */
static void point_fault(const struct statement *st,
			const struct kpac_fault *fault)
{
	const struct word *first = NULL, *last = NULL;
	int best = 1;
	size_t i;

	for (i = 0; i < st->n; i++) {
		int fit = fits(&st->words[i].place, fault);

		if (fit < best)
			continue;
		if (fit > best || !first)
			first = &st->words[i];
		best = fit;
		last = &st->words[i];
	}
	if (first)
		point(st, first->at, (size_t)(last->at - first->at) + last->len);
	else if (st->n && st->file)
		point(st, st->at, (size_t)(st->words[st->n - 1].at - st->at) +
		      st->words[st->n - 1].len);
}

/* The kernel's refusal, as ctl_refused(), and which word it is about. */
int statement_refused(const struct statement *st, const char *text,
		      const struct kpac_fault *fault)
{
	say_where(st);
	fputs("Error: kpac: ", stderr);
	put_safe(stderr, text, strlen(text));
	fputs(".\n", stderr);
	if (fault)
		point_fault(st, fault);
	return EXIT_REFUSED;
}
