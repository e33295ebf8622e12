// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * The module's table, as the test plays it. It keeps the entries as they were
 * sent, and tells them with numbers, counters and figures added.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct fault_at fault_at = { .operation = -1 };
int operations;

/* A request that is kept: an entry, or an operation of a batch. */
struct kept {
	struct kept *next;
	uint32_t id;
	struct nlmsghdr nlh;
};

struct list {
	struct kept *first, **last;
	size_t n;
};

static struct list entries = { .last = &entries.first };
static struct list batch = { .last = &batch.first };
static bool in_batch;
static int queued;	/* operations of the batch, with those refused */
static uint32_t last_id, generation;

static void clear(struct list *list)
{
	while (list->first) {
		struct kept *next = list->first->next;

		free(list->first);
		list->first = next;
	}
	list->last = &list->first;
	list->n = 0;
}

static void keep(struct list *list, const struct nlmsghdr *nlh, uint32_t id)
{
	struct kept *kept = calloc(1, sizeof(*kept) + nlh->nlmsg_len);

	kept->id = id;
	memcpy(&kept->nlh, nlh, nlh->nlmsg_len);
	*list->last = kept;
	list->last = &kept->next;
	list->n++;
}

void table_clear(void)
{
	clear(&entries);
	clear(&batch);
	in_batch = false;
	last_id = generation = 0;
	memset(&fault_at, 0, sizeof(fault_at));
	fault_at.operation = -1;
}

size_t table_size(void)
{
	return entries.n;
}

static int cmd_of(const struct nlmsghdr *nlh)
{
	return genlmsg_hdr((struct nlmsghdr *)nlh)->cmd;
}

static struct nlattr *attrs(const struct nlmsghdr *nlh)
{
	return genlmsg_attrdata(genlmsg_hdr((struct nlmsghdr *)nlh), 0);
}

static int attrs_len(const struct nlmsghdr *nlh)
{
	return genlmsg_attrlen(genlmsg_hdr((struct nlmsghdr *)nlh), 0);
}

/* Arguments of all types, and handlers of which a test knows what they take. */
static void put_spec(struct nl_msg *msg, const char *name, unsigned int type,
		     bool required, int64_t min, int64_t max,
		     const char *const *choices)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_HANDLER_ARG_SPEC);

	nla_put_string(msg, KPAC_A_ARG_SPEC_NAME, name);
	nla_put_u32(msg, KPAC_A_ARG_SPEC_TYPE, type);
	if (required)
		nla_put_flag(msg, KPAC_A_ARG_SPEC_REQUIRED);
	if (type == KPAC_ARG_TYPE_TEXT)
		nla_put_flag(msg, KPAC_A_ARG_SPEC_REPEATED);
	if (min >= 0)
		nla_put_u32(msg, KPAC_A_ARG_SPEC_LEAST, (uint32_t)min);
	if (max >= 0)
		nla_put_u64(msg, KPAC_A_ARG_SPEC_MOST, (uint64_t)max);
	for (; choices && *choices; choices++)
		nla_put_string(msg, KPAC_A_ARG_SPEC_CHOICE, *choices);
	nla_put_string(msg, KPAC_A_ARG_SPEC_DOC, "what it means");
	nla_nest_end(msg, nest);
}

static void put_all_specs(struct nl_msg *msg)
{
	static const char *const choices[] = { "left", "right", "middle", NULL };

	put_spec(msg, "quiet", KPAC_ARG_TYPE_FLAG, false, -1, -1, NULL);
	put_spec(msg, "number", KPAC_ARG_TYPE_NUMBER, false, -1, -1, NULL);
	put_spec(msg, "size", KPAC_ARG_TYPE_SIZE, false, 1024, -1, NULL);
	put_spec(msg, "rate", KPAC_ARG_TYPE_RATE, false, -1, 125000000, NULL);
	put_spec(msg, "time", KPAC_ARG_TYPE_TIME, false, -1, -1, NULL);
	put_spec(msg, "choice", KPAC_ARG_TYPE_CHOICE, false, -1, -1, choices);
	put_spec(msg, "text", KPAC_ARG_TYPE_TEXT, false, -1, -1, NULL);
	put_spec(msg, "address", KPAC_ARG_TYPE_ADDRESS, false, -1, -1, NULL);
	put_spec(msg, "prefix", KPAC_ARG_TYPE_PREFIX, false, -1, -1, NULL);
	put_spec(msg, "lladdr", KPAC_ARG_TYPE_LLADDR, false, -1, -1, NULL);
	put_spec(msg, "dev", KPAC_ARG_TYPE_DEV, false, -1, -1, NULL);
	put_spec(msg, "novel", 99, false, -1, -1, NULL);
}

void put_handlers(const struct nlmsghdr *request)
{
	static const char *const names[] = {
		"drop", "pass", "count", "forward", "allow-established", "limit",
		"echo", "mirror", "redirect", "flowmon", "all",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct nl_msg *msg = fake_msg(request, KPAC_CMD_HANDLER_GET,
					      NLM_F_MULTI);

		nla_put_string(msg, KPAC_A_HANDLER_NAME, names[i]);
		nla_put_string(msg, KPAC_A_HANDLER_MODULE, "kpac");
		if (i < 2)
			nla_put_flag(msg, KPAC_A_HANDLER_ENDS);
		if (!strcmp(names[i], "limit")) {
			put_spec(msg, "pps", KPAC_ARG_TYPE_NUMBER, true, 1,
				 1000000, NULL);
			put_spec(msg, "burst", KPAC_ARG_TYPE_NUMBER, false, 1,
				 -1, NULL);
		} else if (!strcmp(names[i], "mirror")) {
			put_spec(msg, "dev", KPAC_ARG_TYPE_DEV, true, -1, -1,
				 NULL);
			put_spec(msg, "truncate", KPAC_ARG_TYPE_SIZE, false,
				 14, 65535, NULL);
		} else if (!strcmp(names[i], "redirect")) {
			put_spec(msg, "dev", KPAC_ARG_TYPE_DEV, true, -1, -1,
				 NULL);
		} else if (!strcmp(names[i], "all")) {
			put_all_specs(msg);
		}
		nla_put_string(msg, KPAC_A_HANDLER_DOC, "what it does");
		fake_send(msg, false);
	}
	fake_done(request, 0, NULL, 0);
}

/* Of those that are not loaded yet, there is one. */
static void answer_handler(const struct nlmsghdr *request)
{
	const struct nlattr *name = nla_find(attrs(request), attrs_len(request),
					     KPAC_A_HANDLER_NAME);
	struct nl_msg *msg;

	if (!name || strcmp(nla_get_string(name), "late")) {
		fake_ack(request, -ENOENT, NULL);
		return;
	}
	msg = fake_msg(request, KPAC_CMD_HANDLER_GET, 0);
	nla_put_string(msg, KPAC_A_HANDLER_NAME, "late");
	nla_put_string(msg, KPAC_A_HANDLER_MODULE, "kpac_late");
	nla_put_string(msg, KPAC_A_HANDLER_DOC, "what it does");
	put_spec(msg, "min", KPAC_ARG_TYPE_NUMBER, true, 1, 255, NULL);
	fake_send(msg, false);
	fake_ack(request, 0, NULL);
}

/* A handler as it was sent, with a figure. */
static void put_do(struct nl_msg *msg, const struct nlattr *what)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_ENTRY_DO);
	struct nlattr *figure;

	nlmsg_append(msg, nla_data(what), (size_t)nla_len(what), NLMSG_ALIGNTO);
	figure = nla_nest_start(msg, KPAC_A_DO_FIGURE);
	nla_put_string(msg, KPAC_A_FIGURE_NAME, "passed");
	nla_put_u32(msg, KPAC_A_FIGURE_NUMBER, 9);
	nla_nest_end(msg, figure);
	nla_nest_end(msg, nest);
}

static void tell(const struct nlmsghdr *request, const struct kept *kept,
		 int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(65536);
	struct nlattr *nla;
	bool prio = false;
	int rest;

	genlmsg_put(msg, request->nlmsg_pid, request->nlmsg_seq, FAKE_FAMILY, 0,
		    flags, KPAC_CMD_ENTRY_GET, 1);
	nla_put_u32(msg, KPAC_A_ENTRY_ID, kept->id);
	nla_for_each_attr(nla, attrs(&kept->nlh), attrs_len(&kept->nlh), rest) {
		prio = prio || nla_type(nla) == KPAC_A_ENTRY_PRIORITY;
		if (nla_type(nla) == KPAC_A_ENTRY_DO)
			put_do(msg, nla);
		else
			nla_put(msg, nla_type(nla), nla_len(nla), nla_data(nla));
	}
	if (!prio)
		nla_put_u32(msg, KPAC_A_ENTRY_PRIORITY, KPAC_DEFAULT_PRIORITY);
	nla_put_u64(msg, KPAC_A_ENTRY_PACKETS, 6000000000);
	nla_put_u32(msg, KPAC_A_ENTRY_BYTES, 600);
	fake_send(msg, false);
}

static void answer_get(const struct nlmsghdr *request)
{
	struct nlattr *id = nla_find(attrs(request), attrs_len(request),
				     KPAC_A_ENTRY_ID);
	bool found = false;
	struct kept *kept;

	for (kept = entries.first; kept; kept = kept->next) {
		if (id && nla_get_u32(id) != kept->id)
			continue;
		tell(request, kept, id ? 0 : NLM_F_MULTI);
		found = true;
	}
	if (!id)
		fake_done(request, 0, NULL, 0);
	else
		fake_ack(request, found ? 0 : -ENOENT, NULL);
}

static void answer_size(const struct nlmsghdr *request, uint32_t added)
{
	struct nl_msg *msg = fake_msg(request, KPAC_CMD_TABLE_GET, 0);

	nla_put_u32(msg, KPAC_A_TABLE_GENERATION, generation);
	nla_put_u32(msg, KPAC_A_TABLE_ENTRIES, (uint32_t)entries.n);
	nla_put_u32(msg, KPAC_A_TABLE_MASKS, 1);
	nla_put_u32(msg, KPAC_A_TABLE_MEMORY, (uint32_t)entries.n * 100);
	if (added)
		nla_put_u32(msg, KPAC_A_TABLE_ADDED, added);
	fake_send(msg, false);
	fake_ack(request, 0, NULL);
}

/* The attribute that fault_at.path leads to, from the request's beginning. */
static int fault_offset(const struct nlmsghdr *request)
{
	struct nlattr *nla = NULL;
	int len = attrs_len(request);
	struct nlattr *first = attrs(request);
	size_t i;

	for (i = 0; i < 4 && fault_at.path[i]; i++) {
		int before = fault_at.index[i];
		struct nlattr *each;
		int rest;

		nla = NULL;
		nla_for_each_attr(each, first, len, rest)
			if (!nla && nla_type(each) == fault_at.path[i] &&
			    !before--)
				nla = each;
		if (!nla)
			return 0;
		first = nla_data(nla);
		len = nla_len(nla);
	}
	return nla ? (int)((char *)nla - (char *)request) : 0;
}

/* Whether it refuses this. */
static bool refuse(const struct nlmsghdr *request, int operation, bool commit)
{
	if (fault_at.operation != operation || fault_at.at_commit != commit)
		return false;
	memset(&refusal, 0, sizeof(refusal));
	refusal.text = fault_at.text;
	refusal.offset = fault_offset(request);
	fake_ack(request, fault_at.err, tlvs_of_refusal());
	memset(&refusal, 0, sizeof(refusal));
	return true;
}

static void apply(const struct nlmsghdr *nlh)
{
	if (cmd_of(nlh) == KPAC_CMD_ENTRY_NEW)
		keep(&entries, nlh, ++last_id);
	else if (cmd_of(nlh) == KPAC_CMD_ENTRY_FLUSH)
		clear(&entries);
}

static void commit(const struct nlmsghdr *request)
{
	uint32_t before = (uint32_t)entries.n;
	struct kept *kept;
	int i = 0;

	in_batch = false;
	operations = (int)batch.n;
	for (kept = batch.first; kept; kept = kept->next, i++) {
		if (!fault_at.at_commit || fault_at.operation != i)
			continue;
		memset(&refusal, 0, sizeof(refusal));
		refusal.text = fault_at.text;
		refusal.cookie = kept->nlh.nlmsg_seq;
		fake_ack(request, fault_at.err, tlvs_of_refusal());
		memset(&refusal, 0, sizeof(refusal));
		clear(&batch);
		return;
	}
	for (kept = batch.first; kept; kept = kept->next)
		apply(&kept->nlh);
	clear(&batch);
	generation++;
	answer_size(request, (uint32_t)entries.n - before);
}

static void answer_change(const struct nlmsghdr *request)
{
	struct nl_msg *msg;

	if (in_batch) {
		EXPECT(!(request->nlmsg_flags & NLM_F_ACK));
		if (!refuse(request, queued++, false))
			keep(&batch, request, 0);
		return;
	}
	if (refuse(request, 0, false))
		return;
	apply(request);
	generation++;
	if (cmd_of(request) == KPAC_CMD_ENTRY_NEW) {
		msg = fake_msg(request, KPAC_CMD_ENTRY_NEW, 0);
		nla_put_u32(msg, KPAC_A_ENTRY_ID, last_id);
		fake_send(msg, false);
	}
	fake_ack(request, 0, NULL);
}

void answer_table(const struct nlmsghdr *request)
{
	switch (cmd_of(request)) {
	case KPAC_CMD_HANDLER_GET:
		if (request->nlmsg_flags & NLM_F_DUMP)
			put_handlers(request);
		else
			answer_handler(request);
		break;
	case KPAC_CMD_ENTRY_GET:
		answer_get(request);
		break;
	case KPAC_CMD_TABLE_GET:
		answer_size(request, 0);
		break;
	case KPAC_CMD_BATCH_BEGIN:
		clear(&batch);
		in_batch = true;
		queued = 0;
		fake_ack(request, 0, NULL);
		break;
	case KPAC_CMD_BATCH_COMMIT:
		EXPECT(in_batch && request->nlmsg_flags & NLM_F_ACK);
		commit(request);
		break;
	case KPAC_CMD_ENTRY_RESET:
		if (!refuse(request, 0, false))
			fake_ack(request, 0, NULL);
		break;
	default:
		answer_change(request);
	}
}
