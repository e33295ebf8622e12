// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * Batches: many changes of the table, all of them or none.
 *
 * A batch has a socket of its own, for the kernel keeps it with the socket:
 * other requests with the handle do not become a part of it, and closing the
 * socket forgets it. Operations are collected and sent together, without
 * waiting for an acknowledgement. The kernel works on a message before it
 * returns from sending it, so whatever it refuses is in the socket's queue by
 * then. The sequence numbers of the operations are consecutive.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

/* What is sent at once: the kernel gives the socket room for a bit more. */
#define CHUNK (60 * 1024)
/* The kernel's refusals are far shorter; a longer message is no refusal. */
#define REFUSAL 16384

struct kpac_batch {
	struct nl_sock *sock;
	uint32_t first;		/* sequence number of the first operation */
	uint32_t n;		/* operations */
	int err;		/* what it has failed with */
	struct nl_msg *msg;	/* the operation in the making, used again */
	size_t len;		/* what is to be sent */
	char data[CHUNK];
};

static bool of_batch(const struct kpac_batch *batch, uint32_t seq)
{
	return seq - batch->first < batch->n;
}

void kpac_batch_free(struct kpac *handle)
{
	if (!handle->batch)
		return;
	nl_socket_free(handle->batch->sock);
	nlmsg_free(handle->batch->msg);
	free(handle->batch);
	handle->batch = NULL;
}

static int not_begun(struct kpac *handle)
{
	return kpac_fail(handle, -ENOTCONN, "no batch has been begun");
}

static int begin_request(struct kpac *handle, const uint64_t *generation)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_BATCH_BEGIN, 0);

	if (!msg)
		return -ENOMEM;
	if (generation &&
	    kpac_put_uint(msg, KPAC_A_TABLE_GENERATION, *generation)) {
		nlmsg_free(msg);
		return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	}
	return kpac_transact_by(handle, handle->batch->sock, msg, NULL);
}

/**
 * kpac_batch_begin() - begin a batch
 * @handle: the handle
 * @generation: the table's generation that the batch is made for, or %NULL for
 *	whatever it is: if the table has changed since, the batch fails
 *
 * What is queued from now on is done by kpac_batch_commit(), all of it or
 * nothing. Other requests with the handle do not belong to the batch.
 *
 * Return: 0, -EBUSY if a batch has been begun with this handle, -EPERM without
 * CAP_NET_ADMIN, or another negative errno; nothing is begun then.
 */
int kpac_batch_begin(struct kpac *handle, const uint64_t *generation)
{
	struct kpac_batch *batch;
	int err;

	if (handle->batch)
		return kpac_fail(handle, -EBUSY, "a batch has been begun already");
	batch = calloc(1, sizeof(*batch));
	if (!batch)
		return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	err = kpac_connect(handle, &batch->sock);
	if (err) {
		free(batch);
		return err;
	}
	kpac_want_reasons(batch->sock);
	handle->batch = batch;
	err = begin_request(handle, generation);
	if (err)
		kpac_batch_free(handle);
	else
		batch->first = nl_socket_use_seq(batch->sock) + 1;
	return err;
}

/* The message of an operation, if it is among those that have just been sent. */
static const struct nlmsghdr *find_sent(const struct kpac_batch *batch,
					uint32_t seq)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)batch->data;
	size_t left = batch->len;

	while (left >= sizeof(*nlh) && nlh->nlmsg_seq != seq) {
		left -= NLMSG_ALIGN(nlh->nlmsg_len);
		nlh = (const struct nlmsghdr *)((const char *)nlh +
						NLMSG_ALIGN(nlh->nlmsg_len));
	}
	return left >= sizeof(*nlh) ? nlh : NULL;
}

static void refused(struct kpac *handle, const struct nlmsghdr *reply)
{
	struct kpac_batch *batch = handle->batch;
	const struct nlmsghdr *request;
	const void *tlvs;
	int len;
	int err;

	request = find_sent(batch, reply->nlmsg_seq);
	if (!request || !of_batch(batch, reply->nlmsg_seq))
		return;
	err = kpac_ack_error(reply, &tlvs, &len);
	if (!err)
		return;
	batch->err = err < 0 ? err : -EBADMSG;
	kpac_describe_ack(handle, batch->err, tlvs, len, request);
	handle->fault.operation = reply->nlmsg_seq - batch->first;
}

/* The first refusal among @len bytes that the kernel has sent, if there is one. */
static void look(struct kpac *handle, const char *data, size_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)data;

	while (!handle->batch->err && len >= sizeof(*nlh) &&
	       nlh->nlmsg_len >= sizeof(*nlh) && nlh->nlmsg_len <= len) {
		size_t size = NLMSG_ALIGN(nlh->nlmsg_len);

		if (nlh->nlmsg_type == NLMSG_ERROR &&
		    nlh->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr)))
			refused(handle, nlh);
		len = size < len ? len - size : 0;
		nlh = (const struct nlmsghdr *)((const char *)nlh + size);
	}
}

/* Read what the kernel has answered until now, and do not wait for more. */
static int drain(struct kpac *handle)
{
	struct kpac_batch *batch = handle->batch;
	union {
		struct nlmsghdr nlh;
		char data[REFUSAL];
	} buf;
	struct iovec iov = { &buf, sizeof(buf) };
	struct sockaddr_nl from;
	bool lost = false;

	while (!batch->err) {
		struct msghdr m = {
			.msg_name = &from, .msg_namelen = sizeof(from),
			.msg_iov = &iov, .msg_iovlen = 1,
		};
		ssize_t n = recvmsg(nl_socket_get_fd(batch->sock), &m,
				    MSG_DONTWAIT);

		if (n > 0 && !from.nl_pid && !(m.msg_flags & MSG_TRUNC))
			look(handle, buf.data, (size_t)n);
		else if (n < 0 && errno == ENOBUFS && !lost)
			lost = true;	/* the first ones are still there */
		else if (n < 0 && errno != EINTR)
			break;
	}
	if (!batch->err && lost)
		batch->err = kpac_fail(handle, -ENOBUFS,
				       "the kernel's answers were lost");
	return batch->err;
}

static int send_chunk(struct kpac *handle)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct kpac_batch *batch = handle->batch;
	struct iovec iov = { batch->data, batch->len };
	const struct msghdr m = {
		.msg_name = &kernel, .msg_namelen = sizeof(kernel),
		.msg_iov = &iov, .msg_iovlen = 1,
	};
	ssize_t n;

	if (!batch->len)
		return batch->err;
	do {
		n = sendmsg(nl_socket_get_fd(batch->sock), &m, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		batch->err = kpac_fail(handle, -errno,
				       "cannot send the batch: %s",
				       strerror(errno));
	else
		drain(handle);
	batch->len = 0;
	return batch->err;
}

/* Whether something can be queued. */
static int check(struct kpac *handle)
{
	if (!handle->batch)
		return not_begun(handle);
	if (!handle->batch->err)
		handle->at_fault = false;
	return handle->batch->err;
}

/* An empty operation. Making room anew for each would take most of the time. */
static struct nl_msg *operation(struct kpac *handle, uint8_t cmd)
{
	struct kpac_batch *batch = handle->batch;

	if (!batch->msg) {
		batch->msg = kpac_msg_new_large(handle, cmd, 0);
		return batch->msg;
	}
	nlmsg_hdr(batch->msg)->nlmsg_len = NLMSG_HDRLEN;
	genlmsg_put(batch->msg, NL_AUTO_PORT, NL_AUTO_SEQ, handle->family, 0, 0,
		    cmd, KPAC_FAMILY_VERSION);
	return batch->msg;
}

static int queue(struct kpac *handle)
{
	struct kpac_batch *batch = handle->batch;
	struct nlmsghdr *nlh = nlmsg_hdr(batch->msg);
	size_t size = NLMSG_ALIGN(nlh->nlmsg_len);
	int err = 0;

	if (batch->len + size > CHUNK)
		err = send_chunk(handle);
	if (err)
		return err;
	if (size > CHUNK)
		return kpac_fail(handle, -EMSGSIZE,
				 "the entry is too long for a message to the kernel");
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = batch->first + batch->n++;
	nlh->nlmsg_pid = nl_socket_get_local_port(batch->sock);
	memcpy(batch->data + batch->len, nlh, nlh->nlmsg_len);
	memset(batch->data + batch->len + nlh->nlmsg_len, 0,
	       size - nlh->nlmsg_len);
	batch->len += size;
	return 0;
}

/**
 * kpac_batch_add() - add an entry, with the batch
 * @handle: the handle
 * @entry: the entry; not needed any more when this returns
 *
 * What the kernel refuses may turn out later, when another operation is queued
 * or with kpac_batch_commit(): kpac_fault() says which operation it was, counting
 * from 0. The batch has failed then, whatever follows.
 *
 * Return: 0, -ENOTCONN if no batch has been begun, or what kpac_entry_add()
 * would for this or an earlier operation.
 */
int kpac_batch_add(struct kpac *handle, const struct kpac_entry *entry)
{
	struct nl_msg *msg;
	int err = check(handle);

	if (err)
		return err;
	msg = operation(handle, KPAC_CMD_ENTRY_NEW);
	if (!msg)
		return -ENOMEM;
	err = kpac_put_entry(handle, msg, entry);
	return err ? err : queue(handle);
}

/**
 * kpac_batch_del() - delete entries, with the batch
 * @handle: the handle
 * @which: those that have this number, priority or comment by then
 *
 * Return: as kpac_batch_add().
 */
int kpac_batch_del(struct kpac *handle, const struct kpac_entry_which *which)
{
	struct nl_msg *msg;
	int err = check(handle);

	if (err)
		return err;
	msg = operation(handle, KPAC_CMD_ENTRY_DEL);
	if (!msg)
		return -ENOMEM;
	err = kpac_put_which(handle, msg, which);
	return err ? err : queue(handle);
}

/**
 * kpac_batch_flush() - delete all entries, with the batch
 * @handle: the handle
 *
 * Return: as kpac_batch_add().
 */
int kpac_batch_flush(struct kpac *handle)
{
	int err = check(handle);

	if (err)
		return err;
	return operation(handle, KPAC_CMD_ENTRY_FLUSH) ? queue(handle) : -ENOMEM;
}

static int commit(struct kpac *handle, struct kpac_replies *replies)
{
	struct kpac_batch *batch = handle->batch;
	struct nl_msg *msg;
	int err = send_chunk(handle);

	if (err)
		return err;
	/* libnl's own numbers have to go on behind those of the operations. */
	while (of_batch(batch, nl_socket_use_seq(batch->sock)))
		;
	msg = kpac_msg_new(handle, KPAC_CMD_BATCH_COMMIT, 0);
	if (!msg)
		return -ENOMEM;
	err = kpac_transact_by(handle, batch->sock, msg, replies);
	if (err && handle->at_fault) {
		handle->fault.operation = handle->cookie &&
					  of_batch(batch, handle->cookie) ?
					  handle->cookie - batch->first :
					  KPAC_FAULT_BATCH;
		handle->fault.depth = 0;	/* that was the commit's */
	}
	return err;
}

/**
 * kpac_batch_commit() - do what the batch is, all of it or nothing
 * @handle: the handle
 * @fn: called once with how large the table is now, and what was added and
 *	deleted; or %NULL
 * @arg: passed to @fn
 *
 * The batch has ended when this returns, in any case.
 *
 * Return: 0 or what @fn returned, -ENOTCONN if no batch has been begun, -EAGAIN
 * if the table is not of the generation that the batch was made for, or what
 * kpac_batch_add() would; then nothing has been done, kpac_error() has what the
 * kernel says, and kpac_fault() of which operation.
 */
int kpac_batch_commit(struct kpac *handle, kpac_table_fn fn, void *arg)
{
	struct kpac_replies replies = { 0 };
	int err;

	if (!handle->batch)
		return not_begun(handle);
	err = commit(handle, &replies);
	kpac_batch_free(handle);
	if (!err && fn)
		err = kpac_tell_table(handle, &replies, fn, arg);
	free(replies.data);
	return err;
}

/**
 * kpac_batch_abort() - forget the batch
 * @handle: the handle
 *
 * What kpac_error() and kpac_fault() say is left as it is.
 *
 * Return: 0, or -ENOTCONN if no batch has been begun.
 */
int kpac_batch_abort(struct kpac *handle)
{
	if (!handle->batch)
		return not_begun(handle);
	/* The kernel forgets it with the socket. */
	kpac_batch_free(handle);
	return 0;
}
