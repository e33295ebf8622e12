// SPDX-License-Identifier: GPL-2.0
/* The netlink side of the table: entries, batches of changes, handlers. */

#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"
#include "netlink.h"
#include "port.h"
#include "rule.h"
#include "table.h"

/* The longest request for an entry: what describes it fits into one message. */
#define KPAC_NL_MAX_ENTRY	8192u
/* Room for the same with figures, as it is told. */
#define KPAC_NL_ENTRY_SIZE	(4 * KPAC_NL_MAX_ENTRY)
/* Changes that a batch may have. */
#define KPAC_NL_MAX_CHANGES	(2 * KPAC_MAX_ENTRIES)

/* A batch that a socket has begun. */
struct kpac_nl_batch {
	struct list_head list;
	struct net *net;
	u32 portid;
	bool broken;
	struct kpac_transaction t;
};

/* Protects the list of batches, and those that are in it. */
static DEFINE_MUTEX(kpac_nl_batch_lock);
static LIST_HEAD(kpac_nl_batches);

/* Protects against telling of a table when the family is not there any more. */
static DEFINE_MUTEX(kpac_nl_table_lock);
static bool kpac_nl_table_gone;

static struct kpac_table *kpac_nl_table(struct genl_info *info)
{
	return &kpac_net(genl_info_net(info))->table;
}

/* ---- what is told ---- */

static int kpac_nl_fill_table(struct sk_buff *msg, struct kpac_table *table,
			      const struct kpac_transaction *t)
{
	int err = 0;

	mutex_lock(&table->lock);
	if (nla_put_uint(msg, KPAC_A_TABLE_GENERATION, table->gen) ||
	    nla_put_u32(msg, KPAC_A_TABLE_ENTRIES, table->live) ||
	    nla_put_u32(msg, KPAC_A_TABLE_MASKS, table->n_masks) ||
	    nla_put_uint(msg, KPAC_A_TABLE_MEMORY, kpac_table_memory(table)))
		err = -EMSGSIZE;
	mutex_unlock(&table->lock);
	if (!err && t && (nla_put_u32(msg, KPAC_A_TABLE_ADDED, t->added) ||
			  nla_put_u32(msg, KPAC_A_TABLE_DELETED, t->deleted)))
		err = -EMSGSIZE;
	return err;
}

/* Answer with the table's size and, if there is one, what a transaction did. */
static int kpac_nl_reply_table(struct genl_info *info, struct kpac_table *table,
			       const struct kpac_transaction *t)
{
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_iput(msg, info);
	if (!hdr || kpac_nl_fill_table(msg, table, t)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* Send a message, or tell of an error, unless the family is gone. */
static void kpac_nl_send_table(struct kpac_table *table, struct sk_buff *msg,
			       int err)
{
	mutex_lock(&kpac_nl_table_lock);
	if (kpac_nl_table_gone)
		nlmsg_free(msg);
	else if (msg)
		genlmsg_multicast_netns(&kpac_nl_family, table->net, msg, 0,
					KPAC_NLGRP_TABLE, GFP_KERNEL);
	else
		genl_set_err(&kpac_nl_family, table->net, 0, KPAC_NLGRP_TABLE,
			     err);
	mutex_unlock(&kpac_nl_table_lock);
}

/**
 * kpac_netlink_notify_table - tell the listeners of a namespace about its table
 * @table: the table
 * @t: what has changed it
 *
 * Context: process, may sleep. If there is no memory for it, the message is lost,
 * of which listeners are told.
 */
void kpac_netlink_notify_table(struct kpac_table *table,
			       const struct kpac_transaction *t)
{
	struct sk_buff *msg;
	int err = -ENOBUFS;
	void *hdr;

	if (!genl_has_listeners(&kpac_nl_family, table->net, KPAC_NLGRP_TABLE))
		return;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		goto err;
	hdr = genlmsg_put(msg, 0, 0, &kpac_nl_family, 0,
			  KPAC_CMD_TABLE_CHANGE_NTF);
	if (!hdr)
		goto err_msg;
	err = kpac_nl_fill_table(msg, table, t);
	if (err)
		goto err_msg;
	genlmsg_end(msg, hdr);
	kpac_nl_send_table(table, msg, 0);
	return;

err_msg:
	nlmsg_free(msg);
err:
	kpac_nl_send_table(table, NULL, err);
}

/* ---- batches ---- */

static struct kpac_nl_batch *kpac_nl_find_batch(const struct net *net,
						u32 portid)
{
	struct kpac_nl_batch *batch;

	list_for_each_entry(batch, &kpac_nl_batches, list)
		if (batch->portid == portid && net_eq(batch->net, net))
			return batch;
	return NULL;
}

static void kpac_nl_free_batch(struct kpac_nl_batch *batch)
{
	kpac_transaction_free(&batch->t);
	kfree(batch);
}

/* Take a socket's batch out of the list, if it has one. */
static struct kpac_nl_batch *kpac_nl_take_batch(const struct net *net,
						u32 portid)
{
	struct kpac_nl_batch *batch;

	mutex_lock(&kpac_nl_batch_lock);
	batch = kpac_nl_find_batch(net, portid);
	if (batch)
		list_del(&batch->list);
	mutex_unlock(&kpac_nl_batch_lock);
	return batch;
}

int kpac_nl_batch_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *gen = info->attrs[KPAC_A_TABLE_GENERATION];
	struct kpac_nl_batch *batch;
	int err = 0;

	batch = kzalloc(sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	batch->net = genl_info_net(info);
	batch->portid = info->snd_portid;
	kpac_transaction_init(&batch->t);
	batch->t.has_gen = gen;
	batch->t.gen = gen ? nla_get_uint(gen) : 0;
	mutex_lock(&kpac_nl_batch_lock);
	if (kpac_nl_find_batch(batch->net, batch->portid))
		err = -EBUSY;
	else
		list_add(&batch->list, &kpac_nl_batches);
	mutex_unlock(&kpac_nl_batch_lock);
	if (err) {
		GENL_SET_ERR_MSG(info, "the socket has begun a batch already: commit or abort it");
		kfree(batch);
	}
	return err;
}

static int kpac_nl_no_batch(struct genl_info *info)
{
	GENL_SET_ERR_MSG(info, "the socket has not begun a batch");
	return -EINVAL;
}

/* Tell which message an error is about. */
static void kpac_nl_set_cookie(struct netlink_ext_ack *extack, u32 seq)
{
	if (!extack)
		return;
	memcpy(extack->cookie, &seq, sizeof(seq));
	extack->cookie_len = sizeof(seq);
}

int kpac_nl_batch_commit_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_table *table = kpac_nl_table(info);
	struct kpac_nl_batch *batch;
	int err;

	batch = kpac_nl_take_batch(genl_info_net(info), info->snd_portid);
	if (!batch)
		return kpac_nl_no_batch(info);
	if (batch->broken) {
		GENL_SET_ERR_MSG(info, "a change of the batch was refused");
		err = -ECANCELED;
	} else {
		err = kpac_table_commit(table, &batch->t, info->extack);
	}
	if (err && batch->t.failed)
		kpac_nl_set_cookie(info->extack, batch->t.failed);
	if (!err)
		err = kpac_nl_reply_table(info, table, &batch->t);
	kpac_nl_free_batch(batch);
	return err;
}

int kpac_nl_batch_abort_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_nl_batch *batch;

	batch = kpac_nl_take_batch(genl_info_net(info), info->snd_portid);
	if (!batch)
		return kpac_nl_no_batch(info);
	kpac_nl_free_batch(batch);
	return 0;
}

/* A socket was closed: nobody will commit its batch. */
static int kpac_nl_released(struct notifier_block *nb, unsigned long event,
			    void *ptr)
{
	const struct netlink_notify *notify = ptr;
	struct kpac_nl_batch *batch;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	batch = kpac_nl_take_batch(notify->net, notify->portid);
	if (batch)
		kpac_nl_free_batch(batch);
	return NOTIFY_DONE;
}

static struct notifier_block kpac_nl_release_nb = {
	.notifier_call = kpac_nl_released,
};

/* Add to the socket's batch: an entry, or which ones to delete.
 * Return: 0; 1: it has none; or an error. The entry is taken unless it is 1.
 */
static int kpac_nl_batch_add(struct genl_info *info, struct kpac_entry *entry,
			     const struct kpac_which *which)
{
	struct kpac_nl_batch *batch;
	int err;

	mutex_lock(&kpac_nl_batch_lock);
	batch = kpac_nl_find_batch(genl_info_net(info), info->snd_portid);
	if (!batch) {
		err = 1;
	} else if (batch->t.n >= KPAC_NL_MAX_CHANGES) {
		GENL_SET_ERR_MSG(info, "the batch has as many changes as it may have");
		if (entry)
			kpac_entry_free(entry);
		err = -ENOSPC;
	} else if (entry) {
		err = kpac_transaction_add(&batch->t, entry, info->snd_seq);
	} else {
		err = kpac_transaction_del(&batch->t, which, info->snd_seq);
	}
	mutex_unlock(&kpac_nl_batch_lock);
	return err;
}

/* A change was refused: the socket's batch, if it has one, cannot be done. */
static int kpac_nl_batch_break(struct genl_info *info, int err)
{
	struct kpac_nl_batch *batch;

	mutex_lock(&kpac_nl_batch_lock);
	batch = kpac_nl_find_batch(genl_info_net(info), info->snd_portid);
	if (batch && !batch->broken) {
		batch->broken = true;
		batch->t.failed = info->snd_seq;
	}
	mutex_unlock(&kpac_nl_batch_lock);
	return err;
}

/* ---- entries ---- */

/* Answer with the number of an entry that was added, if it still is there. */
static int kpac_nl_reply_id(struct genl_info *info, u32 id)
{
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_iput(msg, info);
	if (!hdr || nla_put_u32(msg, KPAC_A_ENTRY_ID, id)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* Add an entry at once. */
static int kpac_nl_add_now(struct genl_info *info, struct kpac_entry *entry)
{
	struct kpac_table *table = kpac_nl_table(info);
	struct kpac_transaction t;
	int err;

	kpac_transaction_init(&t);
	err = kpac_transaction_add(&t, entry, info->snd_seq);
	if (!err)
		err = kpac_table_commit(table, &t, info->extack);
	if (!err)
		err = kpac_nl_reply_id(info, t.last);
	kpac_transaction_free(&t);
	return err;
}

int kpac_nl_entry_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_entry *entry;
	struct kpac_rule rule;
	int err;

	if (info->nlhdr->nlmsg_len > KPAC_NL_MAX_ENTRY) {
		GENL_SET_ERR_MSG(info, "the description of an entry may have 8192 bytes at most");
		return kpac_nl_batch_break(info, -EMSGSIZE);
	}
	err = kpac_rule_parse(info, &rule);
	if (err)
		return kpac_nl_batch_break(info, err);
	entry = kpac_entry_new(genl_info_net(info), &rule, info->extack);
	if (IS_ERR(entry))
		return kpac_nl_batch_break(info, PTR_ERR(entry));
	err = kpac_nl_batch_add(info, entry, NULL);
	if (err > 0)
		return kpac_nl_add_now(info, entry);
	return err ? kpac_nl_batch_break(info, err) : 0;
}

static int kpac_nl_which(struct genl_info *info, struct kpac_which *which)
{
	struct nlattr *id = info->attrs[KPAC_A_ENTRY_ID];
	struct nlattr *priority = info->attrs[KPAC_A_ENTRY_PRIORITY];
	struct nlattr *comment = info->attrs[KPAC_A_ENTRY_COMMENT];

	*which = (struct kpac_which) {
		.id = id ? nla_get_u32(id) : 0,
		.has_priority = priority,
		.priority = priority ? nla_get_u32(priority) : 0,
		.comment = comment ? nla_data(comment) : NULL,
	};
	if (!!id + !!priority + !!comment > 1) {
		GENL_SET_ERR_MSG(info, "only one of id, priority and comment can be given");
		return -EINVAL;
	}
	if (which->priority > KPAC_MAX_PRIORITY) {
		NL_SET_ERR_MSG_ATTR(info->extack, priority,
				    "a priority is from 0 to 65535");
		return -ERANGE;
	}
	return 0;
}

static int kpac_nl_del(struct genl_info *info, const struct kpac_which *which)
{
	struct kpac_transaction t;
	int err;

	err = kpac_nl_batch_add(info, NULL, which);
	if (err <= 0)
		return err ? kpac_nl_batch_break(info, err) : 0;
	kpac_transaction_init(&t);
	err = kpac_transaction_del(&t, which, info->snd_seq);
	if (!err)
		err = kpac_table_commit(kpac_nl_table(info), &t, info->extack);
	kpac_transaction_free(&t);
	return err;
}

int kpac_nl_entry_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_which which;
	int err;

	err = kpac_nl_which(info, &which);
	if (!err && !which.id && !which.has_priority && !which.comment) {
		GENL_SET_ERR_MSG(info, "which entries? the request has neither id, priority nor comment");
		err = -EINVAL;
	}
	if (err)
		return kpac_nl_batch_break(info, err);
	return kpac_nl_del(info, &which);
}

int kpac_nl_entry_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct kpac_which all = {};

	return kpac_nl_del(info, &all);
}

int kpac_nl_entry_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_which which;
	int err;

	err = kpac_nl_which(info, &which);
	return err ?: kpac_table_reset(kpac_nl_table(info), &which,
				       info->extack);
}

static int kpac_nl_fill_entry(struct sk_buff *msg,
			      const struct kpac_entry *entry, struct net *net)
{
	struct kpac_entry_stats s;

	kpac_entry_sum(entry, &s);
	if (nla_put_u32(msg, KPAC_A_ENTRY_ID, entry->id) ||
	    kpac_rule_fill(msg, entry, net) ||
	    nla_put_uint(msg, KPAC_A_ENTRY_PACKETS, s.packets) ||
	    nla_put_uint(msg, KPAC_A_ENTRY_BYTES, s.bytes))
		return -EMSGSIZE;
	return 0;
}

int kpac_nl_entry_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_table *table = kpac_nl_table(info);
	const struct kpac_entry *entry;
	struct sk_buff *msg;
	int err = -EMSGSIZE;
	void *hdr;

	if (GENL_REQ_ATTR_CHECK(info, KPAC_A_ENTRY_ID))
		return -EINVAL;
	msg = genlmsg_new(KPAC_NL_ENTRY_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_iput(msg, info);
	if (!hdr)
		goto err;
	mutex_lock(&table->lock);
	entry = kpac_table_find(table, nla_get_u32(info->attrs[KPAC_A_ENTRY_ID]));
	err = entry ? kpac_nl_fill_entry(msg, entry, table->net) :
		      -ENOENT;
	mutex_unlock(&table->lock);
	if (err == -ENOENT)
		GENL_SET_ERR_MSG(info, "the table has no entry with this number");
	if (err)
		goto err;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

err:
	nlmsg_free(msg);
	return err;
}

static struct kpac_table *kpac_nl_dump_table(struct netlink_callback *cb)
{
	return &kpac_net(genl_info_net(genl_info_dump(cb)))->table;
}

static struct kpac_listing *kpac_nl_listing(struct netlink_callback *cb)
{
	static_assert(sizeof(struct kpac_listing) <= sizeof(cb->ctx));
	return (struct kpac_listing *)cb->ctx;
}

int kpac_nl_entry_get_start(struct netlink_callback *cb)
{
	/* the first entry may be a large one */
	cb->min_dump_alloc = KPAC_NL_ENTRY_SIZE;
	kpac_listing_begin(kpac_nl_dump_table(cb), kpac_nl_listing(cb));
	return 0;
}

int kpac_nl_entry_get_done(struct netlink_callback *cb)
{
	kpac_listing_end(kpac_nl_dump_table(cb), kpac_nl_listing(cb));
	return 0;
}

int kpac_nl_entry_get_dumpit(struct sk_buff *msg, struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct kpac_table *table = kpac_nl_dump_table(cb);
	struct kpac_listing *l = kpac_nl_listing(cb);
	const struct kpac_entry *entry;
	int err = 0;
	void *hdr;

	mutex_lock(&table->lock);
	while ((entry = kpac_listing_next(table, l))) {
		hdr = genlmsg_iput(msg, info);
		if (!hdr) {
			err = -EMSGSIZE;
			break;
		}
		err = kpac_nl_fill_entry(msg, entry, table->net);
		if (err) {
			genlmsg_cancel(msg, hdr);
			break;
		}
		genlmsg_end(msg, hdr);
		l->next = entry->order + 1;
	}
	mutex_unlock(&table->lock);
	return err == -EMSGSIZE && msg->len ? msg->len : err;
}

int kpac_nl_table_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return kpac_nl_reply_table(info, kpac_nl_table(info), NULL);
}

/* ---- handlers ---- */

struct kpac_nl_handlers {
	struct sk_buff *msg;
	const struct genl_info *info;
};

static int kpac_nl_fill_handler(const struct kpac_handler *handler, void *arg)
{
	struct kpac_nl_handlers *h = arg;
	void *hdr = genlmsg_iput(h->msg, h->info);

	if (!hdr)
		return -EMSGSIZE;
	if (kpac_handler_fill(h->msg, handler)) {
		genlmsg_cancel(h->msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(h->msg, hdr);
	return 0;
}

int kpac_nl_handler_get_dumpit(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct kpac_nl_handlers h = {
		.msg = msg,
		.info = genl_info_dump(cb),
	};

	cb->args[0] = kpac_handler_for_each(kpac_nl_fill_handler, cb->args[0],
					    &h);
	return msg->len;
}

int kpac_nl_handler_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	bool may = netlink_ns_capable(skb, genl_info_net(info)->user_ns,
				      CAP_NET_ADMIN);
	const struct kpac_handler *handler;
	struct kpac_nl_handlers h = { .info = info };
	struct nlattr *name;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, KPAC_A_HANDLER_NAME))
		return -EINVAL;
	name = info->attrs[KPAC_A_HANDLER_NAME];
	handler = kpac_handler_get(nla_data(name), may);
	if (!handler) {
		NL_SET_ERR_MSG_ATTR(info->extack, name,
				    "there is no such handler: see kpacctl handler types");
		return -ENOENT;
	}
	h.msg = genlmsg_new(KPAC_NL_ENTRY_SIZE, GFP_KERNEL);
	err = h.msg ? kpac_nl_fill_handler(handler, &h) : -ENOMEM;
	kpac_handler_put(handler);
	if (!err)
		return genlmsg_reply(h.msg, info);
	nlmsg_free(h.msg);
	return err;
}

/**
 * kpac_netlink_table_init - be ready for the table's part of the family
 *
 * Context: process, at module load.
 * Return: 0 or an error.
 */
int __init kpac_netlink_table_init(void)
{
	return netlink_register_notifier(&kpac_nl_release_nb);
}

/**
 * kpac_netlink_table_gone - tell nobody about tables any more
 *
 * Context: process, before the family goes.
 */
void kpac_netlink_table_gone(void)
{
	mutex_lock(&kpac_nl_table_lock);
	kpac_nl_table_gone = true;
	mutex_unlock(&kpac_nl_table_lock);
}

/**
 * kpac_netlink_table_exit - forget the batches that nobody can commit any more
 *
 * Context: process, when the family is gone.
 */
void kpac_netlink_table_exit(void)
{
	struct kpac_nl_batch *batch, *next;

	netlink_unregister_notifier(&kpac_nl_release_nb);
	list_for_each_entry_safe(batch, next, &kpac_nl_batches, list)
		kpac_nl_free_batch(batch);
}
