// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Handlers: what the kernel can do with a packet. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

static int tell_handlers(struct kpac *handle, const struct kpac_replies *replies,
			 kpac_handler_fn fn, void *arg)
{
	struct kpac_arena arena = { 0 };
	struct kpac_handler handler;
	const struct nlmsghdr *nlh;
	int err = 0;

	kpac_for_each_reply(nlh, replies) {
		kpac_arena_reset(&arena);
		err = kpac_parse_handler(nlh, &arena, &handler);
		if (err) {
			kpac_fail(handle, err,
				  "the kernel's description of a handler is malformed");
			break;
		}
		err = fn(&handler, arg);
		if (err)
			break;
	}
	kpac_arena_fini(&arena);
	return err;
}

static int ask(struct kpac *handle, struct nl_msg *msg, kpac_handler_fn fn,
	       void *arg)
{
	struct kpac_replies replies = { 0 };
	int err = kpac_transact(handle, msg, &replies);

	if (!err)
		err = tell_handlers(handle, &replies, fn, arg);
	free(replies.data);
	return err;
}

/**
 * kpac_handler_dump() - ask for all handlers that the kernel has
 * @handle: the handle
 * @fn: called for each handler
 * @arg: passed to @fn
 *
 * Return: 0 or what @fn returned, -EBADMSG if the answer made no sense,
 * -EOPNOTSUPP if the module is too old to have any, or another negative errno.
 */
int kpac_handler_dump(struct kpac *handle, kpac_handler_fn fn, void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_HANDLER_GET,
					  NLM_F_DUMP);

	return msg ? ask(handle, msg, fn, arg) : -ENOMEM;
}

/**
 * kpac_handler_get() - ask for one handler
 * @handle: the handle
 * @name: its name
 * @fn: called once with the handler
 * @arg: passed to @fn
 *
 * If the kernel has none of this name, and the caller has CAP_NET_ADMIN, it loads a
 * module that brings it.
 *
 * Return: 0 or what @fn returned, -ENOENT if there is no such handler, -EOPNOTSUPP
 * if the module is too old for the question, -EBADMSG if the answer made no sense,
 * or another negative errno.
 */
int kpac_handler_get(struct kpac *handle, const char *name, kpac_handler_fn fn,
		     void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_HANDLER_GET, 0);

	if (!msg)
		return -ENOMEM;
	if (nla_put_string(msg, KPAC_A_HANDLER_NAME, name)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return ask(handle, msg, fn, arg);
}
