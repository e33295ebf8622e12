// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Events: what the kernel announces on its multicast groups. */
#include <errno.h>
#include <string.h>

#include "internal.h"

struct reader {
	struct kpac *handle;
	kpac_event_fn fn;
	void *arg;
	int result;
};

static int join(struct kpac *handle, struct nl_sock *sock, const char *name)
{
	int group = genl_ctrl_resolve_grp(handle->sock, KPAC_FAMILY_NAME, name);

	return group < 0 ? group : nl_socket_add_membership(sock, group);
}

/**
 * kpac_event_subscribe() - begin to listen to changes in the namespace
 * @handle: the handle
 *
 * Events are kept by the kernel from the moment this returns. Subscribing
 * twice does no harm.
 *
 * Return: 0, or -ENOENT if the module is gone, -ENOMEM, or another negative
 * errno.
 */
int kpac_event_subscribe(struct kpac *handle)
{
	struct nl_sock *sock;
	int err;

	if (handle->events)
		return 0;
	err = kpac_connect(handle, &sock);
	if (err)
		return err;
	/* More room for bursts of events, if the system allows it. */
	(void)nl_socket_set_buffer_size(sock, 1 << 20, 0);

	/* The controller tells when the family goes, i.e. the module. */
	err = nl_socket_add_membership(sock, GENL_ID_CTRL);
	if (err)
		goto fail;
	err = join(handle, sock, KPAC_MCGRP_PORTS);
	if (err)
		goto fail;
	/* An older module has no table or no heartbeats, and so no group for it. */
	err = join(handle, sock, KPAC_MCGRP_TABLE);
	if (err && err != -NLE_OBJ_NOTFOUND)
		goto fail;
	err = join(handle, sock, KPAC_MCGRP_HEARTBEAT);
	if (err && err != -NLE_OBJ_NOTFOUND)
		goto fail;
	err = nl_socket_set_nonblocking(sock);
	if (err)
		goto fail;
	handle->events = sock;
	return 0;
fail:
	nl_socket_free(sock);
	return kpac_fail_nl(handle, err, "cannot subscribe to events");
}

/**
 * kpac_event_fd() - the file descriptor to wait on for events
 * @handle: the handle
 *
 * It becomes readable when kpac_event_read() has something to read. It belongs
 * to the handle: do nothing with it but poll(2) and its relatives.
 *
 * Return: the file descriptor, or -ENOTCONN before kpac_event_subscribe().
 */
int kpac_event_fd(const struct kpac *handle)
{
	return handle->events ? nl_socket_get_fd(handle->events) : -ENOTCONN;
}

static bool family_gone(struct nlmsghdr *nlh)
{
	static const char name[] = KPAC_FAMILY_NAME;
	struct nlattr *tb[CTRL_ATTR_MAX + 1];

	return genlmsg_hdr(nlh)->cmd == CTRL_CMD_DELFAMILY &&
	       !genlmsg_parse(nlh, 0, tb, CTRL_ATTR_MAX, NULL) &&
	       tb[CTRL_ATTR_FAMILY_NAME] &&
	       nla_len(tb[CTRL_ATTR_FAMILY_NAME]) == sizeof(name) &&
	       !memcmp(nla_data(tb[CTRL_ATTR_FAMILY_NAME]), name, sizeof(name));
}

/* Events are no replies: they have no sequence. */
static int on_sequence(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

static int malformed(struct reader *reader, const char *what)
{
	reader->result = kpac_fail(reader->handle, -EBADMSG,
				   "the kernel's description of %s is malformed",
				   what);
	return NL_STOP;
}

static int tell(struct reader *reader, const struct kpac_event *event)
{
	reader->result = reader->fn(event, reader->arg);
	return reader->result ? NL_STOP : NL_OK;
}

static int on_port(struct reader *reader, const struct nlmsghdr *nlh,
		   enum kpac_event_type type)
{
	struct kpac_event event = { .type = type };
	struct kpac_port port;

	if (kpac_parse_port(nlh, &port))
		return malformed(reader, "a port");
	event.port = &port;
	return tell(reader, &event);
}

static int on_table(struct reader *reader, const struct nlmsghdr *nlh)
{
	struct kpac_event event = { .type = KPAC_EVENT_TABLE };
	struct kpac_table table;

	if (kpac_parse_table(nlh, &table))
		return malformed(reader, "the table");
	event.table = &table;
	return tell(reader, &event);
}

static int on_peer(struct reader *reader, const struct nlmsghdr *nlh)
{
	struct kpac_event event = { .type = KPAC_EVENT_PEER };
	struct kpac_peer peer;

	if (kpac_parse_peer(nlh, &peer))
		return malformed(reader, "a heartbeat");
	event.peer = &peer;
	return tell(reader, &event);
}

static int on_event(struct nl_msg *msg, void *arg)
{
	const struct kpac_event gone = { .type = KPAC_EVENT_GONE };
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct reader *reader = arg;

	if (nlmsg_get_src(msg)->nl_pid || !genlmsg_valid_hdr(nlh, 0))
		return NL_SKIP;
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		return family_gone(nlh) ? tell(reader, &gone) : NL_SKIP;
	if (nlh->nlmsg_type != reader->handle->family)
		return NL_SKIP;

	switch (genlmsg_hdr(nlh)->cmd) {
	case KPAC_CMD_PORT_NEW_NTF:
		return on_port(reader, nlh, KPAC_EVENT_PORT_NEW);
	case KPAC_CMD_PORT_SET_NTF:
		return on_port(reader, nlh, KPAC_EVENT_PORT_SET);
	case KPAC_CMD_PORT_DEL_NTF:
		return on_port(reader, nlh, KPAC_EVENT_PORT_DEL);
	case KPAC_CMD_TABLE_CHANGE_NTF:
		return on_table(reader, nlh);
	case KPAC_CMD_HEARTBEAT_CHANGE_NTF:
		return on_peer(reader, nlh);
	default:	/* of a newer module */
		return NL_SKIP;
	}
}

/**
 * kpac_event_read() - read the events that have arrived
 * @handle: the handle, subscribed
 * @fn: called for each event
 * @arg: passed to @fn
 *
 * Reads what there is and does not wait; poll(2) on kpac_event_fd() does.
 *
 * Return: 0, also if there was no event, or what @fn returned, or -ENOBUFS if
 * events were lost because they were not read in time (later ones will be
 * delivered; ask for the ports anew), -ENOTCONN before kpac_event_subscribe(),
 * -EBADMSG if an event made no sense, or another negative errno.
 */
int kpac_event_read(struct kpac *handle, kpac_event_fn fn, void *arg)
{
	struct reader reader = { .handle = handle, .fn = fn, .arg = arg };
	struct nl_cb *cb;
	int err;

	if (!handle->events)
		return kpac_fail(handle, -ENOTCONN, "not subscribed to events");
	cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!cb)
		return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &reader);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence, NULL);

	do {
		err = nl_recvmsgs(handle->events, cb);
	} while (!err && !reader.result);
	nl_cb_put(cb);

	if (reader.result)
		return reader.result;
	if (err == -NLE_AGAIN || err == -NLE_INTR)
		return 0;
	if (err == -NLE_NOMEM)	/* what libnl makes of ENOBUFS */
		return kpac_fail(handle, -ENOBUFS, "events were lost");
	return kpac_fail_nl(handle, err, "cannot read events");
}
