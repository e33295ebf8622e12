// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* One request to the kernel, and its replies. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>

#include "internal.h"

/* How often a dump is begun anew when things come and go meanwhile. */
#define DUMP_TRIES 16

/* The largest message: what the kernel gives a socket room for at least. */
#define LARGEST (60 * 1024)

struct transaction {
	struct kpac *handle;
	struct nl_sock *sock;
	struct nl_msg *request;
	struct kpac_replies *replies;
	bool done;
	bool interrupted;
	int err;
};

static struct nl_msg *begin(struct kpac *handle, struct nl_msg *msg,
			    uint8_t cmd, int flags)
{
	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, handle->family,
			       0, flags, cmd, KPAC_FAMILY_VERSION))
		return msg;
	nlmsg_free(msg);
	kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	return NULL;
}

struct nl_msg *kpac_msg_new(struct kpac *handle, uint8_t cmd, int flags)
{
	return begin(handle, nlmsg_alloc(), cmd, flags);
}

/* The same for what may be long: an entry. */
struct nl_msg *kpac_msg_new_large(struct kpac *handle, uint8_t cmd, int flags)
{
	return begin(handle, nlmsg_alloc_size(LARGEST), cmd, flags);
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

static void refuse(struct transaction *t, int err, const void *tlvs, int len)
{
	t->err = err < 0 ? err : -EBADMSG;
	t->done = true;
	kpac_describe_ack(t->handle, t->err, tlvs, len, nlmsg_hdr(t->request));
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	const void *tlvs;
	int len;
	int err;

	(void)from;
	err = kpac_ack_error((struct nlmsghdr *)((char *)e - NLMSG_HDRLEN),
			     &tlvs, &len);
	refuse(arg, err, tlvs, len);
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
	int err;

	t->done = false;
	t->interrupted = false;
	if (t->replies)
		t->replies->len = 0;

	nlmsg_hdr(t->request)->nlmsg_seq = NL_AUTO_SEQ;
	err = nl_send_auto(t->sock, t->request);
	if (err < 0)
		return kpac_fail_nl(t->handle, err, "cannot send a request");

	while (!t->done) {
		err = nl_recvmsgs(t->sock, cb);
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
	return kpac_transact_by(handle, handle->sock, msg, replies);
}

/* The same by another socket than the handle's own. */
int kpac_transact_by(struct kpac *handle, struct nl_sock *sock,
		     struct nl_msg *msg, struct kpac_replies *replies)
{
	struct transaction t = {
		.handle = handle, .sock = sock, .request = msg,
		.replies = replies,
	};
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int tries = DUMP_TRIES;
	int err;

	handle->at_fault = false;
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
				"what is to be listed changes too fast; try again");
	nl_cb_put(cb);
	nlmsg_free(msg);
	return err;
}
