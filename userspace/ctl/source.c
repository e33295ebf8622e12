// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* What a batch is read from: a file of statements, or of JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* Where a statement is, so that it can be read again. */
struct mark {
	size_t at;
	unsigned long line;
};

struct source {
	const char *name;
	struct buf text;
	json_t *json;		/* an array, or NULL */
	const char *pos;
	unsigned long line;
	struct mark *marks;
	size_t n;
	size_t room;
};

static int cannot_read(const struct source *source)
{
	fprintf(stderr, "Error: cannot read \"%s\": %s.\n", source->name,
		strerror(errno));
	return EXIT_SYNTAX;
}

/* All of the file: statements are read again when the kernel refuses them. */
static int read_all(struct source *source)
{
	FILE *f = strcmp(source->name, "-") ? fopen(source->name, "r") : stdin;
	static char chunk[65536];
	size_t n;
	int err = EXIT_OK;

	if (!f)
		return cannot_read(source);
	buf_put(&source->text, "", 0);
	while ((n = fread(chunk, 1, sizeof(chunk), f)))
		buf_put(&source->text, chunk, n);
	if (ferror(f))
		err = cannot_read(source);
	if (f != stdin)
		fclose(f);
	return err;
}

static int parse_json(struct source *source)
{
	json_error_t error;

	source->json = json_loadb(source->text.data, source->text.len,
				  JSON_REJECT_DUPLICATES, &error);
	if (json_is_array(source->json))
		return EXIT_OK;
	if (source->json)
		fprintf(stderr, "%s:1: Error: expected an array of entries.\n",
			source->name);
	else
		fprintf(stderr, "%s:%d:%d: Error: %s.\n", source->name,
			error.line, error.column, error.text);
	return EXIT_SYNTAX;
}

int source_open(struct source **where, const char *name, bool json)
{
	struct source *source = calloc(1, sizeof(*source));
	int err;

	*where = source;
	if (!source)
		return EXIT_REFUSED;
	source->name = name;
	source->line = 1;
	err = read_all(source);
	source->pos = source->text.data;
	return !err && json ? parse_json(source) : err;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	json_decref(source->json);
	buf_free(&source->text);
	free(source->marks);
	free(source);
}

static int read_json(struct source *source, size_t n, struct statement *st)
{
	json_t *entry = json_array_get(source->json, n);

	st->n = 0;
	st->entry = n + 1;
	return entry ? json_statement(st, entry) : EXIT_OK;
}

/* The next statement; one without words is the end. */
int source_next(struct source *source, struct statement *st)
{
	struct mark *mark;
	int err;

	st->file = strcmp(source->name, "-") ? source->name : "stdin";
	st->begin = source->text.data;
	st->end = st->begin + source->text.len;
	source->marks = grow(source->marks, source->n, &source->room,
			     sizeof(*source->marks));
	mark = &source->marks[source->n++];
	mark->at = (size_t)(source->pos - source->text.data);
	mark->line = source->line;
	if (source->json)
		err = read_json(source, source->n - 1, st);
	else
		err = statement_read(st, &source->pos, &source->line);
	return err;
}

/* The statement that source_next() gave as number @n, from 0. */
int source_again(struct source *source, size_t n, struct statement *st)
{
	const struct mark *mark = &source->marks[n];
	unsigned long line = mark->line;
	const char *pos = source->text.data + mark->at;

	return source->json ? read_json(source, n, st) :
	       statement_read(st, &pos, &line);
}
