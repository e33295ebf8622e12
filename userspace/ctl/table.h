/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * kpacctl handler: from words to entries of the table and back. An entry is
 * written with the same words on the command line, in batch files and in JSON:
 * all of them become a struct statement, which the same code reads.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdarg.h>

#include "kpacctl.h"

/* Text that grows. Its end is always followed by a zero. */
struct buf {
	char *data;
	size_t len;
	size_t room;
};

/* Which attribute of the request a word made, see struct kpac_fault. */
struct place {
	uint8_t attr;		/* of the entry; 0: none */
	uint8_t sub;		/* of what that holds; 0: none or several */
	uint8_t leaf;		/* of what that holds; 0: none or several */
	unsigned int index;
	unsigned int sub_index;
};

struct word {
	const char *text;	/* without quotes */
	const char *at;		/* where it is, with them */
	size_t len;
	struct place place;
	bool raw;		/* a number in the unit that the kernel uses */
};

/* A command as words, and what to say of where it is from. */
struct statement {
	const char *file;	/* NULL: the command line */
	unsigned long line;	/* of the file, where it begins; 0: no lines */
	unsigned long entry;	/* of a JSON array, from 1; 0: no JSON */
	const char *at;		/* where it begins */
	const char *begin, *end;	/* of all that can be shown */
	struct word *words;
	size_t n;
	size_t room;
	struct buf text;	/* of the words */
	struct buf written;	/* if it is not from a file */
};

/* An entry in the making. */
struct draft {
	struct kpac_entry entry;
	struct kpac_match match;
	struct kpac_do dos[KPAC_MAX_DO];
	size_t first_arg[KPAC_MAX_DO];
	struct kpac_arg *args;
	size_t n_args;
	size_t room;
	struct kpac_payload payload[KPAC_MAX_PAYLOAD];
	const struct word *said[32];	/* per bit of match.have: its value */
	const struct word *said_entry[8];	/* per bit of entry.have */
};

struct reader {
	struct ctl *ctl;
	struct statement *st;
	size_t next;
	struct draft *draft;
};

/* buf.c */
void buf_put(struct buf *buf, const char *data, size_t len);
void buf_add(struct buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_char(struct buf *buf, char c);
void buf_word(struct buf *buf, const char *text);
void buf_free(struct buf *buf);
size_t printable(const char *text, size_t len);
void put_safe(FILE *to, const char *text, size_t len);
json_t *json_text(const char *text);
void *grow(void *array, size_t n, size_t *room, size_t size);

/* statement.c */
int statement_read(struct statement *st, const char **pos, unsigned long *line);
void statement_begin(struct statement *st);
void statement_add(struct statement *st, const char *text, bool raw);
void statement_end(struct statement *st);
void statement_free(struct statement *st);

/* complain.c: each tells what is wrong and returns the exit status */
int word_wrong(const struct statement *st, const struct word *word,
	       const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int word_unknown(const struct statement *st, const struct word *word,
		 const char *what, const char *const *names, size_t n);
int word_twice(const struct statement *st, const struct word *name,
	       const struct word *second);
int word_no_value(const struct statement *st, const struct word *word);
int word_missing(const struct statement *st, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int statement_refused(const struct statement *st, const char *text,
		      const struct kpac_fault *fault);
void say_where(const struct statement *st);
const char *nearest(const char *word, const char *const *names, size_t n);
void list_names(struct buf *buf, const char *const *names, size_t n);

/* entry.c */
const struct word *reader_next(struct reader *r);
const struct word *reader_value(struct reader *r, const struct word *name);
int read_entry(struct reader *r);
int read_which(struct reader *r, struct kpac_entry_which *which);
void draft_free(struct draft *draft);
bool same_word(const char *word, const char *name);
bool is_entry_word(const char *word);

/* predicate.c */
int read_predicate(struct reader *r, const struct word *name, bool *known);
int check_predicates(struct reader *r);
bool is_predicate(const char *name);
size_t predicate_names(const char **names, size_t n);
void format_match(const struct kpac_match *match, struct buf *buf,
		  void (*tell)(const char *name, const char *value, void *arg),
		  void *arg);

/* network.c */
int prefix_beyond(const struct reader *r, const struct word *value,
		  struct kpac_prefix *prefix);

/* clash.c */
int check_clashes(const struct reader *r);
bool match_family(const struct kpac_match *match, bool *v6);
bool is_icmp(const struct kpac_match *match, bool *v6);

/* do.c */
int read_do(struct reader *r, const struct word *name);
void format_arg(struct ctl *ctl, const struct kpac_do *what,
		const struct kpac_arg *arg, struct buf *buf);
bool arg_is_flag(const struct kpac_arg *arg);

/* types.c */
int handlers_get(struct ctl *ctl);
void handler_load(struct ctl *ctl, const char *name);
const struct kpac_handler *find_handler(const struct ctl *ctl, const char *name);
const struct kpac_arg_spec *find_spec(const struct kpac_handler *handler,
				      const char *name);
size_t handler_names(const struct ctl *ctl, const char **names, size_t n);
void format_number(struct buf *buf, unsigned int type, uint64_t number);
void print_types(struct ctl *ctl);
json_t *json_types(const struct ctl *ctl);

/* device.c */
int find_device(struct ctl *ctl, const char *name, unsigned int *ifindex);

/* values.c */
enum prefix_fault { PREFIX_GOOD, PREFIX_BAD, PREFIX_LEN, PREFIX_BEYOND };

bool parse_uint(const char *text, uint64_t max, uint64_t *value);
bool parse_number(const char *text, bool raw, uint64_t *value);
bool parse_size(const char *text, bool raw, uint64_t *value);
bool parse_rate(const char *text, bool raw, uint64_t *value);
bool parse_time(const char *text, bool raw, uint64_t *value);
bool parse_range(const char *text, uint64_t max, struct kpac_range *range);
enum prefix_fault parse_prefix(const char *text, struct kpac_prefix *prefix);
bool parse_lladdr(const char *text, uint8_t *address);
bool parse_hex(const char *text, size_t len, uint8_t *bytes, size_t max,
	       unsigned int *n);
void mask_prefix(struct kpac_prefix *prefix);
void format_prefix(struct buf *buf, const struct kpac_prefix *prefix, bool len);
void format_rate(struct buf *buf, uint64_t rate);
void format_size(struct buf *buf, uint64_t size);
void format_time(struct buf *buf, uint64_t ms);

/* protocols.c */
struct name_set;
extern const struct name_set ethertype_names, proto_names, dscp_names,
	icmp_names, icmpv6_names, tcp_flag_names;

bool name_value(const struct name_set *set, const char *name, uint64_t *value);
const char *value_name(const struct name_set *set, uint64_t value);
size_t set_names(const struct name_set *set, const char **names, size_t n);
bool port_value(const char *name, uint64_t *value);

/* show.c */
void print_entry(struct ctl *ctl, const struct kpac_entry *entry, bool counters);
void json_pair(const char *name, const char *value, void *object);
json_t *json_entry(struct ctl *ctl, const struct kpac_entry *entry);

/* source.c */
struct source;
int source_open(struct source **source, const char *name, bool json);
int source_next(struct source *source, struct statement *st);
int source_again(struct source *source, size_t n, struct statement *st);
void source_close(struct source *source);

/* jsonin.c */
int json_statement(struct statement *st, json_t *entry);

/* batch.c */
int handler_batch(struct ctl *ctl, int argc, char **argv);

#endif /* TABLE_H */
