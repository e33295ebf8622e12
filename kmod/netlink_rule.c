// SPDX-License-Identifier: GPL-2.0
/* Entries and handlers in netlink messages. */

#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "netlink-gen.h"
#include "rule.h"

/* An entry may wait for ten years. */
#define KPAC_RULE_MAX_EXPIRES	(10ULL * 365 * 24 * 3600 * MSEC_PER_SEC)

/* ---- arguments ---- */

static int kpac_arg_wrong(struct netlink_ext_ack *extack,
			  const struct nlattr *attr, const char *msg)
{
	NL_SET_BAD_ATTR(extack, attr);
	if (extack)
		extack->_msg = msg;
	return -EINVAL;
}

static const struct kpac_arg_spec *
kpac_arg_spec(const struct kpac_handler *handler, const char *name)
{
	const struct kpac_arg_spec *spec;

	for (spec = handler->args; spec && spec->name; spec++)
		if (!strcmp(spec->name, name))
			return spec;
	return NULL;
}

static int kpac_arg_parse_number(struct nlattr **tb, struct kpac_arg *arg,
				 struct netlink_ext_ack *extack)
{
	const struct kpac_arg_spec *spec = arg->spec;
	struct nlattr *number = tb[KPAC_A_ARG_NUMBER];

	if (!number)
		return kpac_arg_wrong(extack, tb[KPAC_A_ARG_NAME],
				      "the argument needs a number");
	arg->number = nla_get_uint(number);
	if (arg->number < spec->min || (spec->max && arg->number > spec->max)) {
		NL_SET_ERR_MSG_ATTR_FMT(extack, number,
					"%s is from %llu to %llu", spec->name,
					spec->min, spec->max ?: U64_MAX);
		return -ERANGE;
	}
	return 0;
}

static int kpac_arg_parse_text(struct nlattr **tb, struct kpac_arg *arg,
			       struct netlink_ext_ack *extack)
{
	const char *const *choice = arg->spec->choices;
	struct nlattr *text = tb[KPAC_A_ARG_TEXT];

	if (!text)
		return kpac_arg_wrong(extack, tb[KPAC_A_ARG_NAME],
				      "the argument needs a word");
	if (arg->spec->type == KPAC_ARG_TYPE_TEXT) {
		arg->text = nla_strdup(text, GFP_KERNEL_ACCOUNT);
		return arg->text ? 0 : -ENOMEM;
	}
	for (; *choice; choice++)
		if (!nla_strcmp(text, *choice)) {
			arg->number = choice - arg->spec->choices;
			return 0;
		}
	return kpac_arg_wrong(extack, text,
			      "the argument has no such choice");
}

static int kpac_arg_parse_addr(struct nlattr **tb, struct kpac_arg *arg,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *addr = tb[KPAC_A_ARG_ADDRESS];
	struct nlattr *len = tb[KPAC_A_ARG_PREFIX_LEN];
	bool link = arg->spec->type == KPAC_ARG_TYPE_LLADDR;
	unsigned int i;

	if (!addr)
		return kpac_arg_wrong(extack, tb[KPAC_A_ARG_NAME],
				      "the argument needs an address");
	if (link ? nla_len(addr) != ETH_ALEN :
		   nla_len(addr) != 4 && nla_len(addr) != 16)
		return kpac_arg_wrong(extack, addr,
				      "the address has not the right length");
	arg->addr_len = nla_len(addr);
	memcpy(arg->addr, nla_data(addr), arg->addr_len);
	arg->prefix_len = len ? nla_get_u8(len) : arg->addr_len * 8;
	if (arg->spec->type != KPAC_ARG_TYPE_PREFIX)
		return 0;
	if (arg->prefix_len > arg->addr_len * 8)
		return kpac_arg_wrong(extack, len,
				      "the prefix is longer than the address");
	for (i = arg->prefix_len; i < arg->addr_len * 8u; i++)
		if (arg->addr[i / 8] & 0x80 >> i % 8)
			return kpac_arg_wrong(extack, addr,
					      "the address has bits beyond its prefix length");
	return 0;
}

static int kpac_arg_parse_dev(struct net *net, struct nlattr **tb,
			      struct kpac_arg *arg,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *index = tb[KPAC_A_ARG_NUMBER];
	struct nlattr *name = tb[KPAC_A_ARG_TEXT];
	const struct net_device *dev;

	if (!index && !name)
		return kpac_arg_wrong(extack, tb[KPAC_A_ARG_NAME],
				      "the argument needs a device");
	rcu_read_lock();
	if (index)
		dev = nla_get_uint(index) <= INT_MAX ?
		      dev_get_by_index_rcu(net, nla_get_uint(index)) : NULL;
	else
		dev = dev_get_by_name_rcu(net, nla_data(name));
	if (dev)
		arg->number = dev->ifindex;
	rcu_read_unlock();
	return dev ? 0 :
	       kpac_arg_wrong(extack, index ?: name,
			      "there is no such device in this network namespace");
}

static int kpac_arg_parse(struct net *net, const struct kpac_handler *handler,
			  struct nlattr *nest, struct kpac_arg *arg,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[KPAC_A_ARG_MAX + 1];
	int err;

	err = nla_parse_nested(tb, KPAC_A_ARG_PREFIX_LEN, nest,
			       kpac_arg_nl_policy, extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, KPAC_A_ARG_NAME))
		return -EINVAL;
	arg->attr = tb[KPAC_A_ARG_NAME];
	arg->spec = kpac_arg_spec(handler, nla_data(tb[KPAC_A_ARG_NAME]));
	if (!arg->spec)
		return kpac_arg_wrong(extack, arg->attr,
				      "the handler has no such argument: see kpacctl handler types");
	switch (arg->spec->type) {
	case KPAC_ARG_TYPE_FLAG:
		return 0;
	case KPAC_ARG_TYPE_CHOICE:
	case KPAC_ARG_TYPE_TEXT:
		return kpac_arg_parse_text(tb, arg, extack);
	case KPAC_ARG_TYPE_ADDRESS:
	case KPAC_ARG_TYPE_PREFIX:
	case KPAC_ARG_TYPE_LLADDR:
		return kpac_arg_parse_addr(tb, arg, extack);
	case KPAC_ARG_TYPE_DEV:
		return kpac_arg_parse_dev(net, tb, arg, extack);
	default:
		return kpac_arg_parse_number(tb, arg, extack);
	}
}

/* Whether what has to be given is there, and once. */
static int kpac_args_check(const struct kpac_do *doing, struct nlattr *handler,
			   struct netlink_ext_ack *extack)
{
	const struct kpac_arg_spec *spec = doing->handler->args;
	unsigned int i, n;

	for (; spec && spec->name; spec++) {
		for (i = 0, n = 0; i < doing->n_args; i++) {
			if (doing->args[i].spec != spec)
				continue;
			if (n++ && !spec->repeated)
				return kpac_arg_wrong(extack,
						      doing->args[i].attr,
						      "the argument was given already");
		}
		if (!n && spec->required) {
			NL_SET_ERR_MSG_ATTR_FMT(extack, handler,
						"%s needs the argument %s",
						doing->handler->name,
						spec->name);
			return -EINVAL;
		}
	}
	return 0;
}

static int kpac_args_parse(struct net *net, struct nlattr *nest,
			   struct kpac_do *doing,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *arg;
	unsigned int n = 0;
	int rest, err;

	nla_for_each_nested_type(arg, KPAC_A_DO_ARG, nest, rest)
		if (++n > KPAC_MAX_ARGS)
			return kpac_arg_wrong(extack, arg,
					      "a handler may have 256 arguments");
	if (!n)
		return 0;
	doing->args = kcalloc(n, sizeof(*doing->args), GFP_KERNEL_ACCOUNT);
	if (!doing->args)
		return -ENOMEM;
	nla_for_each_nested_type(arg, KPAC_A_DO_ARG, nest, rest) {
		err = kpac_arg_parse(net, doing->handler, arg,
				     &doing->args[doing->n_args], extack);
		if (err)
			return err;
		doing->n_args++;
	}
	return 0;
}

/**
 * kpac_do_parse - take a handler and its arguments out of a message
 * @net: the namespace
 * @nest: the attribute that it is in
 * @doing: the handler; on an error as well it is to be freed
 * @extack: for messages
 *
 * Context: process, may sleep.
 * Return: 0 or an error, with a message that points at what is wrong.
 */
int kpac_do_parse(struct net *net, struct nlattr *nest, struct kpac_do *doing,
		  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[KPAC_A_DO_MAX + 1], *name;
	int err;

	err = nla_parse_nested(tb, KPAC_A_DO_FIGURE, nest, kpac_do_nl_policy,
			       extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, KPAC_A_DO_HANDLER))
		return -EINVAL;
	name = tb[KPAC_A_DO_HANDLER];
	if (tb[KPAC_A_DO_FIGURE])
		return kpac_arg_wrong(extack, tb[KPAC_A_DO_FIGURE],
				      "figures are told, and cannot be given");
	doing->handler = kpac_handler_get(nla_data(name), true);
	if (!doing->handler) {
		kpac_arg_wrong(extack, name,
			       "there is no such handler: see kpacctl handler types");
		return -ENOENT;
	}
	err = kpac_args_parse(net, nest, doing, extack);
	return err ?: kpac_args_check(doing, name, extack);
}

static int kpac_arg_fill_dev(struct sk_buff *msg, const struct kpac_arg *arg,
			     struct net *net)
{
	const struct net_device *dev;
	int err;

	err = nla_put_uint(msg, KPAC_A_ARG_NUMBER, arg->number);
	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, arg->number);
	if (dev && !err)
		err = nla_put_string(msg, KPAC_A_ARG_TEXT, dev->name);
	rcu_read_unlock();
	return err;
}

static int kpac_arg_fill_value(struct sk_buff *msg, const struct kpac_arg *arg,
			       struct net *net)
{
	switch (arg->spec->type) {
	case KPAC_ARG_TYPE_FLAG:
		return 0;
	case KPAC_ARG_TYPE_CHOICE:
		return nla_put_string(msg, KPAC_A_ARG_TEXT,
				      arg->spec->choices[arg->number]);
	case KPAC_ARG_TYPE_TEXT:
		return nla_put_string(msg, KPAC_A_ARG_TEXT, arg->text);
	case KPAC_ARG_TYPE_PREFIX:
		return nla_put(msg, KPAC_A_ARG_ADDRESS, arg->addr_len,
			       arg->addr) ?:
		       nla_put_u8(msg, KPAC_A_ARG_PREFIX_LEN, arg->prefix_len);
	case KPAC_ARG_TYPE_ADDRESS:
	case KPAC_ARG_TYPE_LLADDR:
		return nla_put(msg, KPAC_A_ARG_ADDRESS, arg->addr_len,
			       arg->addr);
	case KPAC_ARG_TYPE_DEV:
		return kpac_arg_fill_dev(msg, arg, net);
	default:
		return nla_put_uint(msg, KPAC_A_ARG_NUMBER, arg->number);
	}
}

static int kpac_arg_fill(struct sk_buff *msg, const struct kpac_arg *arg,
			 struct net *net)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_DO_ARG);

	if (!nest || nla_put_string(msg, KPAC_A_ARG_NAME, arg->spec->name) ||
	    kpac_arg_fill_value(msg, arg, net))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

struct kpac_figures {
	struct sk_buff *msg;
	int err;
};

static void kpac_figure_fill(void *to, const char *name, u64 number)
{
	struct kpac_figures *f = to;
	struct nlattr *nest;

	if (f->err)
		return;
	nest = nla_nest_start(f->msg, KPAC_A_DO_FIGURE);
	if (!nest || nla_put_string(f->msg, KPAC_A_FIGURE_NAME, name) ||
	    nla_put_uint(f->msg, KPAC_A_FIGURE_NUMBER, number))
		f->err = -EMSGSIZE;
	else
		nla_nest_end(f->msg, nest);
}

/**
 * kpac_do_fill - put a handler of an entry into a message
 * @msg: the message; on an error it has a part of it
 * @doing: the handler
 * @step: what packets meet of it
 * @net: the namespace
 *
 * Context: process, may sleep.
 * Return: 0 or -EMSGSIZE.
 */
int kpac_do_fill(struct sk_buff *msg, const struct kpac_do *doing,
		 const struct kpac_step *step, struct net *net)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_ENTRY_DO);
	struct kpac_figures f = { .msg = msg };
	unsigned int i;

	if (!nest ||
	    nla_put_string(msg, KPAC_A_DO_HANDLER, doing->handler->name))
		return -EMSGSIZE;
	for (i = 0; i < doing->n_args; i++)
		if (kpac_arg_fill(msg, &doing->args[i], net))
			return -EMSGSIZE;
	if (doing->handler->figures)
		doing->handler->figures(step->priv, kpac_figure_fill, &f);
	if (f.err)
		return f.err;
	nla_nest_end(msg, nest);
	return 0;
}

/* ---- kinds of handlers ---- */

static int kpac_arg_spec_fill(struct sk_buff *msg,
			      const struct kpac_arg_spec *spec)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_HANDLER_ARG_SPEC);
	const char *const *choice;

	if (!nest || nla_put_string(msg, KPAC_A_ARG_SPEC_NAME, spec->name) ||
	    nla_put_u32(msg, KPAC_A_ARG_SPEC_TYPE, spec->type) ||
	    (spec->required && nla_put_flag(msg, KPAC_A_ARG_SPEC_REQUIRED)) ||
	    (spec->repeated && nla_put_flag(msg, KPAC_A_ARG_SPEC_REPEATED)) ||
	    (spec->min && nla_put_uint(msg, KPAC_A_ARG_SPEC_LEAST, spec->min)) ||
	    (spec->max && nla_put_uint(msg, KPAC_A_ARG_SPEC_MOST, spec->max)) ||
	    nla_put_string(msg, KPAC_A_ARG_SPEC_DOC, spec->doc))
		return -EMSGSIZE;
	for (choice = spec->choices; choice && *choice; choice++)
		if (nla_put_string(msg, KPAC_A_ARG_SPEC_CHOICE, *choice))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/**
 * kpac_handler_fill - put a kind of handler into a message
 * @msg: the message; on an error it has a part of it
 * @handler: the kind
 *
 * Context: process.
 * Return: 0 or -EMSGSIZE.
 */
int kpac_handler_fill(struct sk_buff *msg, const struct kpac_handler *handler)
{
	bool ends = handler->run ? handler->ends :
		    handler->verdict != KPAC_VERDICT_NEXT;
	const struct kpac_arg_spec *spec;

	if (nla_put_string(msg, KPAC_A_HANDLER_NAME, handler->name) ||
	    nla_put_string(msg, KPAC_A_HANDLER_MODULE,
			   module_name(handler->owner)) ||
	    nla_put_string(msg, KPAC_A_HANDLER_DOC, handler->doc) ||
	    (ends && nla_put_flag(msg, KPAC_A_HANDLER_ENDS)))
		return -EMSGSIZE;
	for (spec = handler->args; spec && spec->name; spec++)
		if (kpac_arg_spec_fill(msg, spec))
			return -EMSGSIZE;
	return 0;
}

/* ---- entries ---- */

static bool kpac_do_never_next(const struct kpac_do *doing)
{
	const struct kpac_handler *handler = doing->handler;

	return handler->run ? handler->ends :
	       handler->verdict != KPAC_VERDICT_NEXT;
}

static int kpac_rule_parse_do(struct genl_info *info, struct kpac_rule *rule)
{
	struct netlink_ext_ack *extack = info->extack;
	unsigned int n = 0;
	struct nlattr *nest;
	int rest, err;

	nlmsg_for_each_attr_type(nest, KPAC_A_ENTRY_DO, info->nlhdr, GENL_HDRLEN,
				 rest)
		if (++n > KPAC_MAX_DO)
			return kpac_arg_wrong(extack, nest,
					      "an entry may have 16 handlers");
	if (!n) {
		NL_SET_ERR_MSG(extack, "what is to be done with the packets? the entry has no handler");
		return -EINVAL;
	}
	rule->doing = kcalloc(n, sizeof(*rule->doing), GFP_KERNEL_ACCOUNT);
	if (!rule->doing)
		return -ENOMEM;
	nlmsg_for_each_attr_type(nest, KPAC_A_ENTRY_DO, info->nlhdr, GENL_HDRLEN,
				 rest) {
		if (rule->n_do &&
		    kpac_do_never_next(&rule->doing[rule->n_do - 1]))
			return kpac_arg_wrong(extack, nest,
					      "the handler before ends the way of every packet: this one would never see any");
		err = kpac_do_parse(genl_info_net(info), nest,
				    &rule->doing[rule->n_do++], extack);
		if (err)
			return err;
	}
	return 0;
}

static int kpac_rule_parse_plain(struct genl_info *info, struct kpac_rule *rule)
{
	struct nlattr *priority = info->attrs[KPAC_A_ENTRY_PRIORITY];
	struct nlattr *comment = info->attrs[KPAC_A_ENTRY_COMMENT];
	struct nlattr *expires = info->attrs[KPAC_A_ENTRY_EXPIRES];
	u64 ms;

	rule->priority = priority ? nla_get_u32(priority) :
				    KPAC_DEFAULT_PRIORITY;
	if (rule->priority > KPAC_MAX_PRIORITY) {
		NL_SET_ERR_MSG_ATTR(info->extack, priority,
				    "a priority is from 0 to 65535");
		return -ERANGE;
	}
	if (expires) {
		ms = nla_get_uint(expires);
		if (!ms || ms > KPAC_RULE_MAX_EXPIRES) {
			NL_SET_ERR_MSG_ATTR(info->extack, expires,
					    "an entry expires after 1 ms to 10 years");
			return -ERANGE;
		}
		/* at least 1: there is a time at which it does not expire */
		rule->expires = get_jiffies_64() +
				nsecs_to_jiffies64(ms * NSEC_PER_MSEC) + 1;
	}
	if (comment) {
		rule->comment = nla_strdup(comment, GFP_KERNEL_ACCOUNT);
		if (!rule->comment)
			return -ENOMEM;
	}
	return 0;
}

/**
 * kpac_rule_parse - take an entry out of a message
 * @info: the message
 * @rule: the entry; empty on an error
 *
 * Context: process, may sleep.
 * Return: 0 or an error, with a message that points at what is wrong.
 */
int kpac_rule_parse(struct genl_info *info, struct kpac_rule *rule)
{
	int err;

	*rule = (struct kpac_rule) {};
	err = kpac_rule_parse_plain(info, rule);
	err = err ?: kpac_match_parse(genl_info_net(info),
				      info->attrs[KPAC_A_ENTRY_MATCH],
				      &rule->match, info->extack);
	err = err ?: kpac_rule_parse_do(info, rule);
	if (err)
		kpac_rule_free(rule);
	return err;
}

/* Milliseconds until an entry expires, rounded up. */
static u64 kpac_rule_left(const struct kpac_rule *rule)
{
	u64 now = get_jiffies_64();

	return time_before64(now, rule->expires) ?
	       div_u64(jiffies64_to_nsecs(rule->expires - now) +
		       NSEC_PER_MSEC - 1, NSEC_PER_MSEC) : 0;
}

/**
 * kpac_rule_fill - put what was asked for of an entry into a message
 * @msg: the message; on an error it has a part of it
 * @entry: the entry
 * @net: the namespace
 *
 * Context: process, under the table's lock.
 * Return: 0 or -EMSGSIZE.
 */
int kpac_rule_fill(struct sk_buff *msg, const struct kpac_entry *entry,
		   struct net *net)
{
	const struct kpac_rule *rule = &entry->rule;
	unsigned int i;

	if (nla_put_u32(msg, KPAC_A_ENTRY_PRIORITY, rule->priority) ||
	    (rule->comment &&
	     nla_put_string(msg, KPAC_A_ENTRY_COMMENT, rule->comment)) ||
	    (rule->expires &&
	     nla_put_uint(msg, KPAC_A_ENTRY_EXPIRES, kpac_rule_left(rule))) ||
	    kpac_match_fill(msg, &rule->match, net))
		return -EMSGSIZE;
	for (i = 0; i < rule->n_do; i++)
		if (kpac_do_fill(msg, &rule->doing[i], &entry->step[i], net))
			return -EMSGSIZE;
	return 0;
}
