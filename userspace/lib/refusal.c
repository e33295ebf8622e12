// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* What the kernel says when it refuses: a sentence, and of what it is about. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netlink.h>

#include "internal.h"

/* The attribute of a request that is at an offset, and what it may hold. */
struct place {
	const struct nlattr *nla;
	const struct kpac_attr_set *set;	/* that it belongs to */
};

/* Which of its type an attribute is among those beside it. */
static unsigned int index_of(struct nlattr *first, int len,
			     const struct nlattr *wanted)
{
	unsigned int n = 0;
	struct nlattr *nla;
	int rest;

	nla_for_each_attr(nla, first, len, rest) {
		if (nla == wanted)
			break;
		n += nla_type(nla) == nla_type(wanted);
	}
	return n;
}

/* The attribute that begins at @where or that it is in. */
static struct nlattr *attr_around(struct nlattr *first, int len,
				  const char *where)
{
	struct nlattr *nla;
	int rest;

	nla_for_each_attr(nla, first, len, rest)
		if (where >= (char *)nla && where < (char *)nla + nla->nla_len)
			return nla;
	return NULL;
}

/*
 * Walk to the attribute at @offset, into nests, and note the way in the fault.
 * False if none begins there.
 */
static bool walk(const struct nlmsghdr *request, uint32_t offset,
		 struct kpac_fault *fault, struct place *place)
{
	const char *where = (const char *)request + offset;
	const struct kpac_attr_set *set;
	struct nlattr *first, *nla;
	int len;

	fault->depth = 0;
	if (!kpac_attrs(request, &first, &len))
		return false;
	set = kpac_attr_set(((const struct genlmsghdr *)((const char *)request +
						   NLMSG_HDRLEN))->cmd);
	while (fault->depth < KPAC_FAULT_DEPTH) {
		nla = attr_around(first, len, where);
		if (!nla)
			break;
		fault->path[fault->depth].attr = (unsigned int)nla_type(nla);
		fault->path[fault->depth].index = index_of(first, len, nla);
		fault->depth++;
		if (where == (char *)nla) {
			place->nla = nla;
			place->set = set;
			return true;
		}
		set = kpac_attr_nest(set, nla_type(nla));
		if (!set)
			break;
		first = nla_data(nla);
		len = nla_len(nla);
	}
	fault->depth = 0;
	return false;
}

static bool get_offset(const struct nlattr *nla, uint32_t *offset)
{
	if (!nla || nla_len(nla) != sizeof(*offset))
		return false;
	*offset = nla_get_u32(nla);
	return true;
}

/* The name of the attribute that the kernel misses, or NULL. */
static const char *missing_name(const struct nlmsghdr *request,
				struct nlattr **tb, struct kpac_fault *fault)
{
	struct place nest = { 0 };
	uint32_t type, offset;

	if (!get_offset(tb[NLMSGERR_ATTR_MISS_TYPE], &type))
		return NULL;
	if (!tb[NLMSGERR_ATTR_MISS_NEST])
		return kpac_attr_name(kpac_attr_set(
			((const struct genlmsghdr *)((const char *)request +
						     NLMSG_HDRLEN))->cmd),
			(int)type);
	if (!get_offset(tb[NLMSGERR_ATTR_MISS_NEST], &offset) ||
	    !walk(request, offset, fault, &nest))
		return NULL;
	return kpac_attr_name(kpac_attr_nest(nest.set, nla_type(nest.nla)),
			      (int)type);
}

static int text_len(const struct nlattr *nla)
{
	const char *text = nla_data(nla);
	int len = (int)strnlen(text, (size_t)nla_len(nla));

	while (len && (text[len - 1] == '.' || text[len - 1] == '\n'))
		len--;
	return len;
}

static bool text_is(const struct nlattr *nla, const char *text)
{
	return text_len(nla) == (int)strlen(text) &&
	       !memcmp(nla_data(nla), text, strlen(text));
}

/* The first module's last attribute of a request. */
#define FIRST_PORT_MAX KPAC_A_PORT_MASTER

/*
 * Whether the kernel's generic checks refuse @wrong because the module is older
 * than we are: they say so, or nothing at all but where it is.
 */
static bool attr_unknown(int err, int cmd, struct nlattr **tb,
			 const struct nlattr *wrong)
{
	const struct nlattr *text = tb[NLMSGERR_ATTR_MSG];

	if (err != -EINVAL || tb[NLMSGERR_ATTR_POLICY])
		return false;
	if (text)
		return text_is(text, "Unknown attribute type") ||
		       text_is(text, "Unsupported attribute");
	return wrong && cmd < KPAC_CMD_STATS_GET &&
	       nla_type(wrong) > FIRST_PORT_MAX;
}

/* The same for a whole operation, of which generic netlink says nothing more. */
static bool cmd_unknown(int err, int cmd, struct nlattr **tb)
{
	return err == -EOPNOTSUPP && cmd > KPAC_CMD_STATS_RESET &&
	       !tb[NLMSGERR_ATTR_MSG];
}

/* What the kernel says, with what it does not name. */
static void say(struct kpac *handle, int err, const struct nlattr *msg,
		const char *missing, const char *wrong)
{
	int n = msg ? text_len(msg) : 0;
	const char *text = n ? nla_data(msg) : strerror(-err);

	if (!n)
		n = (int)strlen(text);
	if (missing)
		kpac_fail(handle, err, "%.*s (attribute \"%s\" is missing)",
			  n, text, missing);
	else if (wrong)
		kpac_fail(handle, err, "%.*s (attribute \"%s\")", n, text,
			  wrong);
	else if (err == -EPERM && !msg)
		kpac_fail(handle, err, "%.*s: needs CAP_NET_ADMIN", n, text);
	else
		kpac_fail(handle, err, "%.*s", n, text);
}

/*
 * Turn the kernel's refusal into a sentence: its own if it sent one, else the
 * errno; with the attribute where the kernel's generic checks complained, for
 * those do not name it.
 */
void kpac_describe_ack(struct kpac *handle, int err, const void *tlvs, int len,
		       const struct nlmsghdr *request)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1] = { NULL };
	int cmd = ((const struct genlmsghdr *)((const char *)request +
					       NLMSG_HDRLEN))->cmd;
	struct kpac_fault *fault = &handle->fault;
	const char *missing, *wrong = NULL;
	struct place where = { 0 };
	uint32_t offset;

	if (len > 0)
		nla_parse(tb, NLMSGERR_ATTR_MAX, (struct nlattr *)tlvs, len,
			  NULL);
	memset(fault, 0, sizeof(*fault));
	handle->at_fault = true;
	handle->cookie = 0;
	get_offset(tb[NLMSGERR_ATTR_COOKIE], &handle->cookie);

	missing = missing_name(request, tb, fault);
	if (get_offset(tb[NLMSGERR_ATTR_OFFS], &offset) &&
	    walk(request, offset, fault, &where))
		wrong = kpac_attr_name(where.set, nla_type(where.nla));

	if (cmd_unknown(err, cmd, tb)) {
		kpac_fail(handle, err,
			  "the module is older than this program and has no table of handlers");
	} else if (attr_unknown(err, cmd, tb, where.nla)) {
		kpac_fail(handle, err,
			  "the module is older than this program and does not know %s%s%s",
			  wrong ? "\"" : "", wrong ? wrong : "all of its options",
			  wrong ? "\"" : "");
	} else {
		if (tb[NLMSGERR_ATTR_MSG] && text_len(tb[NLMSGERR_ATTR_MSG]) &&
		    !tb[NLMSGERR_ATTR_POLICY])
			wrong = missing = NULL;
		say(handle, err, tb[NLMSGERR_ATTR_MSG], missing, wrong);
	}
}

/*
 * The error of an NLMSG_ERROR, which has to be long enough for one, 0 if it is
 * an acknowledgement, and the attributes that come with it.
 */
int kpac_ack_error(const struct nlmsghdr *nlh, const void **tlvs, int *len)
{
	const struct nlmsgerr *e = (const struct nlmsgerr *)(nlh + 1);
	size_t size = nlh->nlmsg_len - NLMSG_HDRLEN;
	size_t skip = NLMSG_ALIGN(sizeof(*e));

	/* The request comes between, unless NETLINK_CAP_ACK spared us that. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
	    e->msg.nlmsg_len > sizeof(e->msg))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len - sizeof(e->msg));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || skip > size)
		skip = size;
	*tlvs = (const char *)e + skip;
	*len = (int)(size - skip);
	return e->error;
}

/**
 * kpac_fault() - what of the last request the kernel did not like
 * @handle: the handle on which a function failed
 *
 * kpac_error() has the sentence; this says what it is about, so that a program
 * can point at it: which operation of a batch, and which attribute.
 *
 * Return: what is wrong, valid until the next call with the handle, or %NULL if
 * the kernel did not refuse anything.
 */
const struct kpac_fault *kpac_fault(const struct kpac *handle)
{
	return handle && handle->at_fault ? &handle->fault : NULL;
}
