// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Entries of the table, each changed at once; batch.c changes many together. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/**
 * kpac_entry_add() - add an entry to the table
 * @handle: the handle
 * @entry: the entry
 * @id: where to put the kernel's number for it, or %NULL
 *
 * Return: 0, or -ENOENT if there is no such handler or device, -EINVAL if the
 * entry contradicts itself or is not what its handlers take, -ENOSPC if the
 * table is full, -EMSGSIZE if the entry is too long for a message, -EPERM
 * without CAP_NET_ADMIN, -EOPNOTSUPP if the module is too old, or another
 * negative errno; kpac_error() has what the kernel says, and kpac_fault() of
 * which attribute.
 */
int kpac_entry_add(struct kpac *handle, const struct kpac_entry *entry,
		   uint32_t *id)
{
	struct nl_msg *msg = kpac_msg_new_large(handle, KPAC_CMD_ENTRY_NEW, 0);
	struct kpac_replies replies = { 0 };
	int err;

	if (!msg)
		return -ENOMEM;
	err = kpac_put_entry(handle, msg, entry);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	err = kpac_transact(handle, msg, &replies);
	if (!err && id) {
		*id = 0;
		if (!replies.len ||
		    kpac_parse_id((struct nlmsghdr *)replies.data, id))
			err = kpac_fail(handle, -EBADMSG,
				"the kernel did not say which entry it added");
	}
	free(replies.data);
	return err;
}

static int request(struct kpac *handle, uint8_t cmd,
		   const struct kpac_entry_which *which)
{
	struct nl_msg *msg = kpac_msg_new(handle, cmd, 0);
	int err;

	if (!msg)
		return -ENOMEM;
	err = which ? kpac_put_which(handle, msg, which) : 0;
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return kpac_transact(handle, msg, NULL);
}

/**
 * kpac_entry_del() - delete entries
 * @handle: the handle
 * @which: those that have this number, priority or comment
 *
 * Return: 0, -ENOENT if there is none, -EPERM without CAP_NET_ADMIN, or another
 * negative errno.
 */
int kpac_entry_del(struct kpac *handle, const struct kpac_entry_which *which)
{
	return request(handle, KPAC_CMD_ENTRY_DEL, which);
}

/**
 * kpac_entry_flush() - delete all entries
 * @handle: the handle
 *
 * Return: 0, -EPERM without CAP_NET_ADMIN, or another negative errno.
 */
int kpac_entry_flush(struct kpac *handle)
{
	return request(handle, KPAC_CMD_ENTRY_FLUSH, NULL);
}

/**
 * kpac_entry_reset() - set the counters of entries to zero
 * @handle: the handle
 * @which: of those that have this number, priority or comment, or %NULL for all
 *
 * Return: 0, -ENOENT if there is none, -EPERM without CAP_NET_ADMIN, or another
 * negative errno.
 */
int kpac_entry_reset(struct kpac *handle, const struct kpac_entry_which *which)
{
	return request(handle, KPAC_CMD_ENTRY_RESET, which);
}

static int tell_entries(struct kpac *handle, const struct kpac_replies *replies,
			kpac_entry_fn fn, void *arg)
{
	struct kpac_arena arena = { 0 };
	const struct nlmsghdr *nlh;
	struct kpac_entry entry;
	int err = 0;

	kpac_for_each_reply(nlh, replies) {
		kpac_arena_reset(&arena);
		err = kpac_parse_entry(nlh, &arena, &entry);
		if (err) {
			kpac_fail(handle, err,
				  "the kernel's description of an entry is malformed");
			break;
		}
		err = fn(&entry, arg);
		if (err)
			break;
	}
	kpac_arena_fini(&arena);
	return err;
}

static int fetch(struct kpac *handle, struct nl_msg *msg, kpac_entry_fn fn,
		 void *arg)
{
	struct kpac_replies replies = { 0 };
	int err = kpac_transact(handle, msg, &replies);

	if (!err)
		err = tell_entries(handle, &replies, fn, arg);
	free(replies.data);
	return err;
}

/**
 * kpac_entry_get() - ask for one entry
 * @handle: the handle
 * @id: the kernel's number for it
 * @fn: called once with the entry
 * @arg: passed to @fn
 *
 * Return: 0 or what @fn returned, -ENOENT if there is no such entry, -EPERM
 * without CAP_NET_ADMIN, -EBADMSG if the answer made no sense, or another
 * negative errno.
 */
int kpac_entry_get(struct kpac *handle, uint32_t id, kpac_entry_fn fn,
		   void *arg)
{
	const struct kpac_entry_which which = {
		.size = sizeof(which), .have = KPAC_ENTRY_ID, .id = id,
	};
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_ENTRY_GET, 0);
	int err;

	if (!msg)
		return -ENOMEM;
	err = kpac_put_which(handle, msg, &which);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return fetch(handle, msg, fn, arg);
}

/**
 * kpac_entry_dump() - ask for all entries of the namespace, in their order
 * @handle: the handle
 * @fn: called for each entry
 * @arg: passed to @fn
 *
 * As for kpac_port_dump(), the list is complete and consistent before @fn is
 * called.
 *
 * Return: 0 or what @fn returned, -EPERM without CAP_NET_ADMIN, -EAGAIN if the
 * table changed too fast, -EBADMSG if the answer made no sense, or another
 * negative errno.
 */
int kpac_entry_dump(struct kpac *handle, kpac_entry_fn fn, void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_ENTRY_GET,
					  NLM_F_DUMP);

	return msg ? fetch(handle, msg, fn, arg) : -ENOMEM;
}

/* There has to be one description of the table. */
int kpac_tell_table(struct kpac *handle, const struct kpac_replies *replies,
		    kpac_table_fn fn, void *arg)
{
	struct kpac_table table;

	if (!replies->len ||
	    kpac_parse_table((struct nlmsghdr *)replies->data, &table))
		return kpac_fail(handle, -EBADMSG,
			"the kernel's description of the table is malformed");
	return fn(&table, arg);
}

/**
 * kpac_table_get() - ask how large the table is
 * @handle: the handle
 * @fn: called once with the answer
 * @arg: passed to @fn
 *
 * Return: 0 or what @fn returned, -EBADMSG if the answer made no sense, or
 * another negative errno.
 */
int kpac_table_get(struct kpac *handle, kpac_table_fn fn, void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_TABLE_GET, 0);
	struct kpac_replies replies = { 0 };
	int err;

	if (!msg)
		return -ENOMEM;
	err = kpac_transact(handle, msg, &replies);
	if (!err)
		err = kpac_tell_table(handle, &replies, fn, arg);
	free(replies.data);
	return err;
}
