// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl handler batch: many commands, all of them or none. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* The kernel refuses an operation, and nobody has said so yet. */
#define REFUSED_QUEUED (EXIT_REFUSED + 1)

struct batch {
	struct ctl *ctl;
	struct source *source;
	struct statement st;
	struct draft draft;
	bool replace;
};

/* "12:", which "handler show" begins its lines with. */
static bool is_label(const char *word)
{
	const char *c = word;

	while (isdigit((unsigned char)*c))
		c++;
	return c > word && c[0] == ':' && !c[1];
}

/* The command of a statement, behind what may come before it. */
static const struct word *verb(struct reader *r)
{
	if (is_label(r->st->words[r->next].text))
		r->next++;
	if (r->next < r->st->n &&
	    !strcmp(r->st->words[r->next].text, "handler"))
		r->next++;
	return reader_next(r);
}

static int queued(int err)
{
	return err ? REFUSED_QUEUED : EXIT_OK;
}

static int add(struct batch *b, struct reader *r, bool only_read)
{
	int err = read_entry(r);

	if (err || only_read)
		return err;
	return queued(kpac_batch_add(b->ctl->kpac, &b->draft.entry));
}

static int del(struct batch *b, struct reader *r, bool only_read)
{
	struct kpac_entry_which which;
	int err = read_which(r, &which);

	if (!err && !which.have)
		err = word_missing(r->st, r->st->n,
				   "one of \"id\", \"prio\" and \"comment\" is required");
	if (err || only_read)
		return err;
	return queued(kpac_batch_del(b->ctl->kpac, &which));
}

static int flush(struct batch *b, struct reader *r, bool only_read)
{
	if (r->next < r->st->n)
		return word_wrong(r->st, reader_next(r),
				  "\"flush\" has no arguments");
	return only_read ? EXIT_OK : queued(kpac_batch_flush(b->ctl->kpac));
}

/*
 * What the words of b->st say, done with the batch, or @only_read so that they
 * know what they have made. REFUSED_QUEUED may be about an earlier one.
 */
static int run_statement(struct batch *b, bool only_read)
{
	static const char *const names[] = { "add", "del", "flush" };
	struct reader r = { .ctl = b->ctl, .st = &b->st, .draft = &b->draft };
	const struct word *word = verb(&r);

	if (!word)
		return word_missing(&b->st, b->st.n,
				    "expected \"add\", \"del\" or \"flush\"");
	if (!strcmp(word->text, "add"))
		return add(b, &r, only_read);
	if (!strcmp(word->text, "del") || !strcmp(word->text, "delete"))
		return del(b, &r, only_read);
	if (!strcmp(word->text, "flush"))
		return flush(b, &r, only_read);
	return word_unknown(&b->st, word, "expected", names, ARRAY_SIZE(names));
}

/*
 * Of which statement the kernel's refusal is, and of which word in it: reading
 * it again tells, but may ask for a device, which must not change what is said.
 */
static int refused(struct batch *b)
{
	const struct kpac_fault *where = kpac_fault(b->ctl->kpac);
	struct kpac_fault fault;
	char text[512];

	/* Without the kernel: too long, for instance. */
	if (!where && b->st.n)
		return statement_refused(&b->st, kpac_error(b->ctl->kpac), NULL);
	if (!where || where->operation == KPAC_FAULT_BATCH ||
	    where->operation < b->replace)
		return ctl_refused(b->ctl);
	fault = *where;
	snprintf(text, sizeof(text), "%s", kpac_error(b->ctl->kpac));
	if (source_again(b->source, fault.operation - b->replace, &b->st) ||
	    !b->st.n || run_statement(b, true))
		return EXIT_REFUSED;
	return statement_refused(&b->st, text, &fault);
}

static int queue_all(struct batch *b)
{
	int err = EXIT_OK;

	if (b->replace && kpac_batch_flush(b->ctl->kpac))
		return REFUSED_QUEUED;
	do {
		err = source_next(b->source, &b->st);
		if (!err && b->st.n)
			err = run_statement(b, false);
	} while (!err && b->st.n);
	return err;
}

static int show_result(const struct kpac_table *table, void *arg)
{
	const struct ctl *ctl = arg;

	if (ctl->json && ctl->stats) {
		json_t *object = json_table(table, true);

		json_line(ctl, object);
		json_decref(object);
	} else if (ctl->stats) {
		print_table(table, true);
	}
	return 0;
}

static int transact(struct batch *b)
{
	struct kpac *kpac = b->ctl->kpac;
	int err;

	if (kpac_batch_begin(kpac, NULL))
		return ctl_refused(b->ctl);
	err = queue_all(b);
	if (!err && kpac_batch_commit(kpac, show_result, b->ctl))
		err = REFUSED_QUEUED;
	if (err == REFUSED_QUEUED)
		err = refused(b);
	kpac_batch_abort(kpac);
	return err;
}

int handler_batch(struct ctl *ctl, int argc, char **argv)
{
	struct batch *b;
	int err;

	b = calloc(1, sizeof(*b));
	if (!b)
		return EXIT_REFUSED;
	b->ctl = ctl;
	if (argc > 1 && !strcmp(*argv, "replace")) {
		b->replace = true;
		argc--;
		argv++;
	}
	if (!argc)
		err = arg_required("FILE");
	else if (argc > 1)
		err = arg_wrong(argv[1], "nothing can follow the file");
	else
		err = source_open(&b->source, *argv, ctl->json);
	if (!err)
		err = ctl_connect(ctl);
	if (!err)
		err = transact(b);
	source_close(b->source);
	statement_free(&b->st);
	draft_free(&b->draft);
	free(b);
	return err;
}
