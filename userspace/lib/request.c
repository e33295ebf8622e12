// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* One request to the kernel, its replies, and what it says when it refuses. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>

#include "internal.h"

/* How often a dump is begun anew when ports come and go meanwhile. */
#define DUMP_TRIES 16

struct transaction {
	struct kpac *handle;
	struct nl_msg *request;
	struct kpac_replies *replies;
	bool done;
	bool interrupted;
	int err;
};

struct nl_msg *kpac_msg_new(struct kpac *handle, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, handle->family,
			       0, flags, cmd, KPAC_FAMILY_VERSION))
		return msg;
	nlmsg_free(msg);
	kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	return NULL;
}

int kpac_msg_put_dev(struct kpac *handle, struct nl_msg *msg,
		     struct kpac_dev dev, int attr_index, int attr_name)
{
	if (!dev.ifindex && !dev.ifname)
		return kpac_fail(handle, -EINVAL, "no device given");
	if (dev.ifname && (!*dev.ifname || strlen(dev.ifname) >= IF_NAMESIZE))
		return kpac_fail(handle, -EINVAL,
				 "a device name has 1 to %d characters",
				 IF_NAMESIZE - 1);
	if ((dev.ifindex && nla_put_u32(msg, attr_index, dev.ifindex)) ||
	    (dev.ifname && nla_put_string(msg, attr_name, dev.ifname)))
		return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	return 0;
}

static const struct nlattr *attr_at(struct nl_msg *request, uint32_t offset)
{
	struct nlmsghdr *nlh = nlmsg_hdr(request);
	struct genlmsghdr *genl = genlmsg_hdr(nlh);
	struct nlattr *nla;
	int rest;

	nla_for_each_attr(nla, genlmsg_attrdata(genl, 0),
			  genlmsg_attrlen(genl, 0), rest)
		if ((uint32_t)((char *)nla - (char *)nlh) == offset)
			return nla;
	return NULL;
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
static bool attr_unknown(int err, struct nlattr **tb,
			 const struct nlattr *wrong)
{
	const struct nlattr *text = tb[NLMSGERR_ATTR_MSG];

	if (err != -EINVAL || tb[NLMSGERR_ATTR_POLICY])
		return false;
	if (text)
		return text_is(text, "Unknown attribute type") ||
		       text_is(text, "Unsupported attribute");
	return wrong && nla_type(wrong) > FIRST_PORT_MAX;
}

/*
 * Turn the kernel's refusal into a sentence: its own if it sent one, else the
 * errno; with the attribute where the kernel's generic checks complained, for
 * those do not name it.
 */
void kpac_describe_ack(struct kpac *handle, int err, const void *tlvs, int len,
		       struct nl_msg *request)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1] = { NULL };
	int cmd = request ? genlmsg_hdr(nlmsg_hdr(request))->cmd : 0;
	const struct nlattr *where = NULL;
	const char *missing = NULL;
	const char *wrong = NULL;
	const char *text;
	int n;

	if (len > 0)
		nla_parse(tb, NLMSGERR_ATTR_MAX, (struct nlattr *)tlvs, len,
			  NULL);

	if (request && tb[NLMSGERR_ATTR_OFFS] &&
	    nla_len(tb[NLMSGERR_ATTR_OFFS]) == sizeof(uint32_t))
		where = attr_at(request, nla_get_u32(tb[NLMSGERR_ATTR_OFFS]));
	if (where)
		wrong = kpac_attr_name(cmd, nla_type(where));
	if (request && tb[NLMSGERR_ATTR_MISS_TYPE] &&
	    !tb[NLMSGERR_ATTR_MISS_NEST] &&
	    nla_len(tb[NLMSGERR_ATTR_MISS_TYPE]) == sizeof(uint32_t))
		missing = kpac_attr_name(cmd,
				(int)nla_get_u32(tb[NLMSGERR_ATTR_MISS_TYPE]));

	if (attr_unknown(err, tb, where)) {
		kpac_fail(handle, err,
			  "the module is older than this program and does not know %s%s%s",
			  wrong ? "\"" : "", wrong ? wrong : "all of its options",
			  wrong ? "\"" : "");
		return;
	}

	n = tb[NLMSGERR_ATTR_MSG] ? text_len(tb[NLMSGERR_ATTR_MSG]) : 0;
	if (n) {
		text = nla_data(tb[NLMSGERR_ATTR_MSG]);
		if (!tb[NLMSGERR_ATTR_POLICY])
			wrong = missing = NULL;
	} else {
		text = strerror(-err);
		n = (int)strlen(text);
	}

	if (missing)
		kpac_fail(handle, err, "%.*s (attribute \"%s\" is missing)",
			  n, text, missing);
	else if (wrong)
		kpac_fail(handle, err, "%.*s (attribute \"%s\")", n, text,
			  wrong);
	else if (err == -EPERM && !tb[NLMSGERR_ATTR_MSG])
		kpac_fail(handle, err, "%.*s: needs CAP_NET_ADMIN", n, text);
	else
		kpac_fail(handle, err, "%.*s", n, text);
}

static void refuse(struct transaction *t, int err, const void *tlvs, int len)
{
	t->err = err < 0 ? err : -EBADMSG;
	t->done = true;
	kpac_describe_ack(t->handle, t->err, tlvs, len, t->request);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	size_t tlvs = NLMSG_ALIGN(sizeof(*e));

	(void)from;
	/* The request comes between, unless NETLINK_CAP_ACK spared us that. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
	    e->msg.nlmsg_len > sizeof(e->msg))
		tlvs += NLMSG_ALIGN(e->msg.nlmsg_len - sizeof(e->msg));

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    tlvs > (size_t)nlmsg_datalen(nlh))
		tlvs = (size_t)nlmsg_datalen(nlh);
	refuse(arg, e->error, (char *)e + tlvs,
	       nlmsg_datalen(nlh) - (int)tlvs);
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct transaction *t = arg;

	(void)msg;
	t->done = true;
	return NL_STOP;
}

/* The end of a dump may bring an error, and why. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct transaction *t = arg;
	int err = 0;

	if (nlmsg_datalen(nlh) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(nlh), sizeof(err));
	if (err < 0)
		refuse(t, err, (char *)nlmsg_data(nlh) + NLMSG_ALIGN(sizeof(err)),
		       nlh->nlmsg_flags & NLM_F_ACK_TLVS ?
		       nlmsg_datalen(nlh) - (int)NLMSG_ALIGN(sizeof(err)) : 0);
	t->done = true;
	return NL_STOP;
}

/* What is left of a request that went wrong half-way is not ours any more. */
static int on_sequence(struct nl_msg *msg, void *arg)
{
	struct transaction *t = arg;

	return nlmsg_hdr(msg)->nlmsg_seq == nlmsg_hdr(t->request)->nlmsg_seq ?
	       NL_OK : NL_SKIP;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct transaction *t = arg;

	(void)msg;
	t->interrupted = true;
	return NL_OK;
}

static int on_reply(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);
	size_t len = NLMSG_ALIGN(nlh->nlmsg_len);
	struct transaction *t = arg;
	struct kpac_replies *r = t->replies;

	if (!r || nlmsg_get_src(msg)->nl_pid ||
	    nlh->nlmsg_type != t->handle->family)
		return NL_SKIP;

	if (r->len + len > r->size) {
		size_t size = (r->size + len) * 2;
		char *data = realloc(r->data, size);

		if (!data)
			return -NLE_NOMEM;
		r->data = data;
		r->size = size;
	}
	memset(r->data + r->len + nlh->nlmsg_len, 0, len - nlh->nlmsg_len);
	memcpy(r->data + r->len, nlh, nlh->nlmsg_len);
	r->len += len;
	return NL_OK;
}

static int exchange(struct transaction *t, struct nl_cb *cb)
{
	struct nl_sock *sock = t->handle->sock;
	int err;

	t->done = false;
	t->interrupted = false;
	if (t->replies)
		t->replies->len = 0;

	nlmsg_hdr(t->request)->nlmsg_seq = NL_AUTO_SEQ;
	err = nl_send_auto(sock, t->request);
	if (err < 0)
		return kpac_fail_nl(t->handle, err, "cannot send a request");

	while (!t->done) {
		err = nl_recvmsgs(sock, cb);
		if (err < 0 && !t->done)
			return kpac_fail_nl(t->handle, err,
					    "cannot receive the reply");
	}
	return t->err;
}

/*
 * Send @msg, which is freed in any case, and wait until the kernel has done
 * it. The replies, if wanted, must be freed by the caller in any case.
 */
int kpac_transact(struct kpac *handle, struct nl_msg *msg,
		  struct kpac_replies *replies)
{
	struct transaction t = {
		.handle = handle, .request = msg, .replies = replies,
	};
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int tries = DUMP_TRIES;
	int err;

	if (!cb) {
		nlmsg_free(msg);
		return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	}
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &t);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence, &t);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &t);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &t);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, &t);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_reply, &t);

	do {
		err = exchange(&t, cb);
	} while (!err && t.interrupted && --tries);

	if (!err && t.interrupted)
		err = kpac_fail(handle, -EAGAIN,
				"the ports change too fast to be listed; try again");
	nl_cb_put(cb);
	nlmsg_free(msg);
	return err;
}
