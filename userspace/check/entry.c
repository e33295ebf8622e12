// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* libkpac: entries, handlers and batches. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/internal.h"
#include "check.h"

static struct kpac_match match = {
	.size = sizeof(match),
	.have = KPAC_MATCH_PROTO | KPAC_MATCH_SRC | KPAC_MATCH_DPORT,
	.proto = 6, .src = { .address = { 10 }, .bytes = 4, .len = 8 },
	.dport = { 1, 2 },
};
static const struct kpac_arg args[] = {
	{ .name = "pps", .have = KPAC_ARG_NUMBER, .number = 5000000000 },
	{ .name = "flag" },
};
static const struct kpac_do dos[] = {
	{ .handler = "count" },
	{ .handler = "limit", .args = args, .n_args = 2 },
};
static const struct kpac_entry entry = {
	.size = sizeof(entry), .have = KPAC_ENTRY_PRIORITY, .priority = 7,
	.match = &match, .dos = dos, .n_dos = 2,
};

static int count_entry(const struct kpac_entry *e, void *arg)
{
	EXPECT(e->have & KPAC_ENTRY_ID && e->id);
	++*(int *)arg;
	return 0;
}

static int same_entry(const struct kpac_entry *e, void *arg)
{
	EXPECT(e->id == 1 && e->priority == 7 && !e->comment);
	EXPECT(e->packets == 6000000000 && e->bytes == 600);
	EXPECT(e->match && e->match->have == match.have);
	EXPECT(e->match && e->match->proto == 6 &&
	       !memcmp(&e->match->src, &match.src, sizeof(match.src)) &&
	       e->match->dport.first == 1 && e->match->dport.last == 2);
	EXPECT(e->n_dos == 2 && !strcmp(e->dos[0].handler, "count") &&
	       !e->dos[0].n_args && e->dos[1].n_args == 2);
	EXPECT(e->n_dos == 2 && e->dos[1].n_args == 2 &&
	       e->dos[1].args[0].number == 5000000000 &&
	       !strcmp(e->dos[1].args[1].name, "flag") &&
	       !e->dos[1].args[1].have);
	EXPECT(e->n_dos == 2 && e->dos[1].n_figures == 1 &&
	       e->dos[1].figures[0].number == 9);
	++*(int *)arg;
	return 0;
}

static int see_table(const struct kpac_table *table, void *arg)
{
	*(struct kpac_table *)arg = *table;
	return 0;
}

static int see_handler(const struct kpac_handler *handler, void *arg)
{
	const struct kpac_arg_spec *spec = handler->args;

	++*(int *)arg;
	if (strcmp(handler->name, "limit"))
		return 0;
	EXPECT(handler->n_args == 2 && !handler->ends &&
	       !strcmp(handler->module, "kpac"));
	EXPECT(!strcmp(spec->name, "pps") && spec->required && !spec->repeated &&
	       spec->type == KPAC_ARG_TYPE_NUMBER &&
	       spec->have == (KPAC_ARG_SPEC_MIN | KPAC_ARG_SPEC_MAX) &&
	       spec->min == 1 && spec->max == 1000000);
	EXPECT(spec[1].have == KPAC_ARG_SPEC_MIN && !spec[1].required);
	return 0;
}

static void test_entries(void)
{
	const struct kpac_entry_which which = {
		.size = sizeof(which), .have = KPAC_ENTRY_ID, .id = 1,
	};
	struct kpac_entry bad = entry;
	struct kpac_table table = { 0 };
	struct kpac *kpac = open_fake(answer_table);
	uint32_t id = 0;
	int n = 0;

	table_clear();
	EXPECT(!kpac_entry_add(kpac, &entry, &id) && id == 1);
	EXPECT(!kpac_entry_add(kpac, &entry, NULL));
	EXPECT(!kpac_entry_get(kpac, 1, same_entry, &n) && n == 1);
	EXPECT(!kpac_entry_dump(kpac, count_entry, &n) && n == 3);
	EXPECT(kpac_entry_get(kpac, 9, count_entry, &n) == -ENOENT);
	EXPECT(!kpac_table_get(kpac, see_table, &table) && table.entries == 2);
	EXPECT(!kpac_entry_reset(kpac, NULL) && !kpac_entry_reset(kpac, &which));
	EXPECT(!kpac_entry_del(kpac, &which));
	EXPECT(!kpac_entry_flush(kpac) && !table_size());
	n = 0;
	EXPECT(kpac_handler_get(kpac, "never", see_handler, &n) == -ENOENT);
	EXPECT(!kpac_handler_get(kpac, "late", see_handler, &n) && n == 1);
	EXPECT(!kpac_handler_dump(kpac, see_handler, &n) && n == 12);
	bad.size--;
	EXPECT(kpac_entry_add(kpac, &bad, &id) == -EINVAL && !kpac_fault(kpac));
	bad.size++;
	bad.have = ~0u;
	EXPECT(kpac_entry_add(kpac, &bad, &id) == -EINVAL);
	kpac_close(kpac);

	kpac = open_fake(answer_nothing);	/* and so no number */
	EXPECT(kpac_entry_add(kpac, &entry, &id) == -EBADMSG);
	EXPECT(kpac_table_get(kpac, see_table, &table) == -EBADMSG);
	kpac_close(kpac);
}

static void test_faults(void)
{
	struct kpac *kpac = open_fake(answer_table);
	const struct kpac_fault *fault;
	unsigned int ifindex;

	table_clear();
	fault_at = (struct fault_at){
		.operation = 0, .err = -EINVAL, .text = "no",
		.path = { KPAC_A_ENTRY_DO, KPAC_A_DO_ARG, KPAC_A_ARG_NAME },
		.index = { 1, 1 },
	};
	EXPECT(!kpac_fault(kpac));
	EXPECT(kpac_entry_add(kpac, &entry, NULL) == -EINVAL);
	fault = kpac_fault(kpac);
	EXPECT(fault && fault->depth == 3 && !fault->operation &&
	       fault->path[0].attr == KPAC_A_ENTRY_DO &&
	       fault->path[0].index == 1 &&
	       fault->path[1].attr == KPAC_A_DO_ARG && fault->path[1].index == 1 &&
	       fault->path[2].attr == KPAC_A_ARG_NAME && !fault->path[2].index);
	fault_at.text = NULL;
	EXPECT(kpac_entry_add(kpac, &entry, NULL) == -EINVAL);
	EXPECT(!strcmp(kpac_error(kpac), "Invalid argument (attribute \"name\")"));
	table_clear();
	EXPECT(!kpac_entry_add(kpac, &entry, NULL) && !kpac_fault(kpac));
	kpac_close(kpac);

	kpac = open_fake(answer_no);
	refusal.err = -EOPNOTSUPP;
	EXPECT(kpac_entry_add(kpac, &entry, NULL) == -EOPNOTSUPP);
	EXPECT(strstr(kpac_error(kpac), "older than this program"));
	refusal.err = -EINVAL;
	refusal.offset = 21;	/* where no attribute is */
	EXPECT(kpac_entry_add(kpac, &entry, NULL) == -EINVAL);
	EXPECT(kpac_fault(kpac) && !kpac_fault(kpac)->depth);
	refusal.offset = 1 << 30;
	EXPECT(kpac_entry_add(kpac, &entry, NULL) == -EINVAL);
	EXPECT(kpac_fault(kpac) && !kpac_fault(kpac)->depth);
	memset(&refusal, 0, sizeof(refusal));
	EXPECT(kpac_ifindex(kpac, "", &ifindex) == -ENODEV && !ifindex);
	EXPECT(kpac_ifindex(kpac, "sixteen.letters.", &ifindex) == -ENODEV);
	kpac_close(kpac);
}

static void begin_faulty(struct kpac *kpac, int operation, bool at_commit)
{
	table_clear();
	fault_at.operation = operation;
	fault_at.at_commit = at_commit;
	fault_at.err = -EINVAL;
	fault_at.text = "no";
	fault_at.path[0] = KPAC_A_ENTRY_PRIORITY;
	EXPECT(!kpac_batch_begin(kpac, NULL));
}

static void test_batch(void)
{
	struct kpac *kpac = open_fake(answer_table);
	struct kpac_table table = { 0 };
	uint64_t generation = 17;
	int i, sent, err = 0;

	table_clear();
	EXPECT(kpac_batch_commit(kpac, NULL, NULL) == -ENOTCONN);
	EXPECT(kpac_batch_abort(kpac) == -ENOTCONN);
	EXPECT(kpac_batch_add(kpac, &entry) == -ENOTCONN);
	EXPECT(!kpac_batch_begin(kpac, &generation));
	EXPECT(kpac_batch_begin(kpac, NULL) == -EBUSY);
	sent = fake.sent;
	for (i = 0; i < 3000; i++)
		EXPECT(!kpac_batch_add(kpac, &entry));
	EXPECT(fake.sent > sent && fake.sent < sent + 20);	/* many at once */
	EXPECT(!kpac_batch_commit(kpac, see_table, &table));
	EXPECT(table.entries == 3000 && table.added == 3000);
	EXPECT(table_size() == 3000);

	/* Nothing, and what is forgotten. */
	EXPECT(!kpac_batch_begin(kpac, NULL));
	EXPECT(!kpac_batch_commit(kpac, NULL, NULL) && !operations);
	EXPECT(!kpac_batch_begin(kpac, NULL));
	EXPECT(!kpac_batch_flush(kpac));
	EXPECT(!kpac_batch_abort(kpac) && table_size() == 3000);

	/* What is refused as it is queued, */
	begin_faulty(kpac, 1234, false);
	for (i = 0; i < 3000 && !err; i++)
		err = kpac_batch_add(kpac, &entry);
	EXPECT(err == -EINVAL && i > 1234 && i < 2400);
	EXPECT(kpac_fault(kpac) && kpac_fault(kpac)->operation == 1234 &&
	       kpac_fault(kpac)->depth == 1);
	EXPECT(kpac_batch_add(kpac, &entry) == -EINVAL);
	EXPECT(kpac_batch_commit(kpac, NULL, NULL) == -EINVAL);
	EXPECT(!strcmp(kpac_error(kpac), "no") && kpac_fault(kpac)->depth == 1);

	/* ... when the last are sent, */
	begin_faulty(kpac, 2, false);
	for (i = 0; i < 5; i++)
		EXPECT(!kpac_batch_add(kpac, &entry));
	EXPECT(kpac_batch_commit(kpac, NULL, NULL) == -EINVAL);
	EXPECT(kpac_fault(kpac)->operation == 2);

	/* ... and when all are done: by the cookie. */
	begin_faulty(kpac, 1999, true);
	for (i = 0; i < 3000; i++)
		EXPECT(!kpac_batch_add(kpac, &entry));
	EXPECT(kpac_batch_commit(kpac, NULL, NULL) == -EINVAL);
	EXPECT(kpac_fault(kpac)->operation == 1999 && !kpac_fault(kpac)->depth);
	EXPECT(!table_size());

	/* Answers that were lost. */
	table_clear();
	EXPECT(!kpac_batch_begin(kpac, NULL) && !kpac_batch_flush(kpac));
	fake.lost = true;
	EXPECT(kpac_batch_commit(kpac, NULL, NULL) == -ENOBUFS);
	begin_faulty(kpac, 0, false);
	fake.lost = true;
	EXPECT(!kpac_batch_flush(kpac));
	EXPECT(kpac_batch_commit(kpac, NULL, NULL) == -EINVAL);
	table_clear();
	EXPECT(!kpac_batch_begin(kpac, NULL));
	kpac_close(kpac);	/* with a batch that is open */
}

/* The kernel's generic refusals of the batch itself. */
static void test_batch_refused(void)
{
	struct kpac *kpac = open_fake(answer_no);

	refusal.err = -EPERM;
	EXPECT(kpac_batch_begin(kpac, NULL) == -EPERM);
	EXPECT(kpac_batch_abort(kpac) == -ENOTCONN);
	fake.answer = answer_table;
	EXPECT(!kpac_batch_begin(kpac, NULL) && !kpac_batch_flush(kpac));
	fake.answer = answer_no;
	refusal.err = -EAGAIN;
	refusal.text = "the table has changed";
	refusal.cookie = 7;	/* of no operation */
	/* The flush is refused, and before that nothing. */
	EXPECT(kpac_batch_commit(kpac, NULL, NULL) == -EAGAIN);
	EXPECT(kpac_fault(kpac)->operation == 0);
	fake.answer = answer_table;
	EXPECT(!kpac_batch_begin(kpac, NULL));
	fake.answer = answer_no;
	EXPECT(kpac_batch_commit(kpac, NULL, NULL) == -EAGAIN);
	EXPECT(kpac_fault(kpac)->operation == KPAC_FAULT_BATCH);
	EXPECT(!strcmp(kpac_error(kpac), "the table has changed"));
	memset(&refusal, 0, sizeof(refusal));
	kpac_close(kpac);
}

/* Messages as the module makes them, taken from what answers a request. */
static struct nlmsghdr *full_entry(void)
{
	struct kpac *kpac = open_fake(answer_table);
	struct kpac_payload payload = { .base = 1, .len = 2 };
	struct kpac_match most = match;
	struct kpac_entry full = entry;
	struct nlmsghdr *copy;

	most.have = (KPAC_MATCH_UNFILTERED << 1) - 1;
	most.dst = match.src;
	most.payload = &payload;
	most.n_payload = 1;
	strcpy(most.ifname, "eth0");
	full.match = &most;
	full.have |= KPAC_ENTRY_COMMENT | KPAC_ENTRY_EXPIRES;
	full.comment = "comment";
	table_clear();
	EXPECT(!kpac_entry_add(kpac, &full, NULL));
	copy = malloc(((struct nlmsghdr *)fake.request)->nlmsg_len + 8);
	memcpy(copy, fake.request, ((struct nlmsghdr *)fake.request)->nlmsg_len);
	kpac_close(kpac);
	return copy;
}

/* Every prefix, and many with bytes changed; the sanitizers watch. */
static void parse_bad(const struct nlmsghdr *nlh, int rounds)
{
	struct kpac_arena arena = { 0 };
	size_t len = nlh->nlmsg_len;
	struct kpac_handler handler;
	struct kpac_table table;
	struct kpac_entry e;
	uint32_t id;
	int round;

	for (round = 0; round < rounds; round++) {
		size_t n = (size_t)round <= len - sizeof(*nlh) ?
			   sizeof(*nlh) + (size_t)round : len;
		struct nlmsghdr *copy = malloc(n);
		int i;

		memcpy(copy, nlh, n);
		for (i = 0; (size_t)round > len && i < round % 9; i++)
			((unsigned char *)copy)[sizeof(*copy) + (size_t)rand() %
				(n - sizeof(*copy))] = (unsigned char)rand();
		copy->nlmsg_len = (unsigned int)n;
		kpac_arena_reset(&arena);
		kpac_parse_entry(copy, &arena, &e);
		kpac_parse_handler(copy, &arena, &handler);
		kpac_parse_table(copy, &table);
		kpac_parse_id(copy, &id);
		free(copy);
	}
	kpac_arena_fini(&arena);
}

static void test_parse_bad(void)
{
	struct nlmsghdr *nlh = full_entry();
	struct kpac_arena arena = { 0 };
	struct nlattr *nest, *spec;
	struct kpac_entry e;
	struct nl_msg *msg;

	srand(3);
	/* A number makes it what the kernel tells. */
	msg = fake_msg(NULL, KPAC_CMD_ENTRY_GET, 0);
	nla_put_u32(msg, KPAC_A_ENTRY_ID, 3);
	nlmsg_append(msg, genlmsg_attrdata(genlmsg_hdr(nlh), 0),
		     (size_t)genlmsg_attrlen(genlmsg_hdr(nlh), 0), 4);
	free(nlh);
	EXPECT(!kpac_parse_entry(nlmsg_hdr(msg), &arena, &e));
	EXPECT(e.match && e.match->have == (KPAC_MATCH_UNFILTERED << 1) - 1 &&
	       e.match->n_payload == 1 && !strcmp(e.match->ifname, "eth0"));
	EXPECT(e.comment && !strcmp(e.comment, "comment"));
	kpac_arena_fini(&arena);
	parse_bad(nlmsg_hdr(msg), 30000);
	nlmsg_free(msg);

	msg = fake_msg(NULL, KPAC_CMD_HANDLER_GET, 0);
	nla_put(msg, KPAC_A_HANDLER_NAME, 3, "abc");	/* no zero */
	nest = nla_nest_start(msg, KPAC_A_HANDLER_ARG_SPEC);
	nla_put_string(msg, KPAC_A_ARG_SPEC_NAME, "arg");
	nla_put_u32(msg, KPAC_A_ARG_SPEC_TYPE, KPAC_ARG_TYPE_CHOICE);
	nla_put_string(msg, KPAC_A_ARG_SPEC_CHOICE, "a");
	nla_put_string(msg, KPAC_A_ARG_SPEC_CHOICE, "b");
	nla_nest_end(msg, nest);
	parse_bad(nlmsg_hdr(msg), 10000);
	spec = nla_nest_start(msg, KPAC_A_HANDLER_ARG_SPEC);
	nla_put_string(msg, KPAC_A_ARG_SPEC_NAME, "no type");
	nla_nest_end(msg, spec);
	{
		struct kpac_handler handler;

		EXPECT(kpac_parse_handler(nlmsg_hdr(msg), &arena, &handler) ==
		       -EBADMSG);
	}
	kpac_arena_fini(&arena);
	nlmsg_free(msg);
}

/* Refusals of a batch that are no refusals, or of something else. */
static void answer_garbled(const struct nlmsghdr *request)
{
	unsigned char buf[512];
	struct nl_msg *tlvs;
	size_t i, len;

	if (genlmsg_hdr((struct nlmsghdr *)request)->cmd != KPAC_CMD_ENTRY_FLUSH) {
		answer_table(request);
		return;
	}
	memset(&refusal, 0, sizeof(refusal));
	refusal.text = "garbled";
	refusal.offset = 20;
	tlvs = tlvs_of_refusal();
	memset(&refusal, 0, sizeof(refusal));
	len = sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr);
	memset(buf, 0, sizeof(buf));
	((struct nlmsghdr *)buf)->nlmsg_len = (uint32_t)(len +
		nlmsg_hdr(tlvs)->nlmsg_len - NLMSG_HDRLEN);
	((struct nlmsghdr *)buf)->nlmsg_type = NLMSG_ERROR;
	((struct nlmsghdr *)buf)->nlmsg_flags = NLM_F_CAPPED | NLM_F_ACK_TLVS;
	((struct nlmsghdr *)buf)->nlmsg_seq = request->nlmsg_seq;
	((struct nlmsgerr *)(buf + sizeof(struct nlmsghdr)))->error = -EINVAL;
	memcpy(buf + len, nlmsg_data(nlmsg_hdr(tlvs)),
	       nlmsg_hdr(tlvs)->nlmsg_len - NLMSG_HDRLEN);
	len = ((struct nlmsghdr *)buf)->nlmsg_len;
	for (i = 0; i < (size_t)rand() % 6; i++)
		buf[(size_t)rand() % len] = (unsigned char)rand();
	fake_push(buf, len - (rand() % 4 ? 0 : (size_t)rand() % len), false, 0);
	nlmsg_free(tlvs);
}

static void test_batch_garbled(void)
{
	struct kpac *kpac;
	int i;

	srand(4);
	for (i = 0; i < 4000; i++) {
		kpac = open_fake(answer_garbled);
		EXPECT(!kpac_batch_begin(kpac, NULL) && !kpac_batch_flush(kpac));
		if (kpac_batch_commit(kpac, NULL, NULL))
			EXPECT(*kpac_error(kpac));
		kpac_close(kpac);
	}
	table_clear();
}

void check_entry(void)
{
	subject("entries are added, listed and deleted", test_entries);
	subject("a refusal leads to the attribute, through nests", test_faults);
	subject("batches: all or nothing, and which operation", test_batch);
	subject("batches that are refused as such", test_batch_refused);
	subject("truncated and garbled entries and handlers", test_parse_bad);
	subject("truncated and garbled refusals of a batch",
		test_batch_garbled);
}
