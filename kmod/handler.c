// SPDX-License-Identifier: GPL-2.0
/* Handlers: which kinds there are; see handler.h. */

#include <linux/if_arp.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>

#include "handler.h"
#include "handlers/handlers.h"

static DEFINE_MUTEX(kpac_handler_lock);
static LIST_HEAD(kpac_handlers);	/* by name */

/* Those of kpac itself. */
static struct kpac_handler * const kpac_own_handlers[] = {
	&kpac_handler_allow_established,
	&kpac_handler_balance,
	&kpac_handler_count,
	&kpac_handler_drop,
	&kpac_handler_echo,
	&kpac_handler_flowmon,
	&kpac_handler_forward,
	&kpac_handler_heartbeat,
	&kpac_handler_limit,
	&kpac_handler_mirror,
	&kpac_handler_pass,
	&kpac_handler_redirect,
};

/**
 * kpac_arg_find - look for an argument
 * @args: the arguments that were given
 * @n: how many
 * @name: the name of the one that is wanted
 *
 * Context: any.
 * Return: the first of this name, or NULL.
 */
const struct kpac_arg *kpac_arg_find(const struct kpac_arg *args,
				     unsigned int n, const char *name)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(args[i].spec->name, name))
			return &args[i];
	return NULL;
}
EXPORT_SYMBOL_GPL(kpac_arg_find);

/**
 * kpac_arg_number - the value of an argument that is a number
 * @args: the arguments that were given
 * @n: how many
 * @name: the name of the one that is wanted
 * @otherwise: what it is if it was not given
 *
 * Context: any.
 * Return: the value.
 */
u64 kpac_arg_number(const struct kpac_arg *args, unsigned int n,
		    const char *name, u64 otherwise)
{
	const struct kpac_arg *arg = kpac_arg_find(args, n, name);

	return arg ? arg->number : otherwise;
}
EXPORT_SYMBOL_GPL(kpac_arg_number);

/**
 * kpac_arg_ethernet - check that the argument "dev" is an Ethernet device
 * @net: the namespace
 * @args: the arguments that were given
 * @n: how many
 * @extack: for messages
 *
 * Context: process.
 * Return: 0 or -EOPNOTSUPP, with a message.
 */
int kpac_arg_ethernet(struct net *net, const struct kpac_arg *args,
		      unsigned int n, struct netlink_ext_ack *extack)
{
	const struct kpac_arg *arg = kpac_arg_find(args, n, "dev");
	const struct net_device *dev;
	bool is;

	rcu_read_lock();
	dev = arg ? dev_get_by_index_rcu(net, arg->number) : NULL;
	is = dev && dev->type == ARPHRD_ETHER;
	rcu_read_unlock();
	if (is)
		return 0;
	if (arg)
		KPAC_SET_ERR_ARG(extack, arg, "packets can be sent as they are by Ethernet devices only");
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(kpac_arg_ethernet);

static bool kpac_handler_name_ok(const char *name)
{
	return name && *name && strlen(name) < KPAC_NAME_SIZE;
}

/* Whether a packet that nobody has looked at can be told this. */
static bool kpac_handler_verdict_ok(enum kpac_verdict verdict)
{
	return verdict == KPAC_VERDICT_NEXT || verdict == KPAC_VERDICT_DROP ||
	       verdict == KPAC_VERDICT_PASS || verdict == KPAC_VERDICT_FORWARD;
}

static bool kpac_handler_ok(const struct kpac_handler *handler)
{
	const struct kpac_arg_spec *spec;

	if (!kpac_handler_name_ok(handler->name) || !handler->doc ||
	    !handler->owner || (handler->create && !handler->destroy))
		return false;
	if (handler->args && !handler->create)
		return false;
	if (!handler->run && !kpac_handler_verdict_ok(handler->verdict))
		return false;
	for (spec = handler->args; spec && spec->name; spec++)
		if (!kpac_handler_name_ok(spec->name) || !spec->doc ||
		    spec->type > KPAC_ARG_TYPE_MAX ||
		    (spec->type == KPAC_ARG_TYPE_CHOICE && !spec->choices))
			return false;
	return true;
}

/**
 * kpac_handler_register - make a kind of handler known
 * @handler: the kind; stays until kpac_handler_unregister()
 *
 * Context: process, at module load.
 * Return: 0; -EEXIST: there is one of this name; -EINVAL: it is not complete.
 */
int kpac_handler_register(struct kpac_handler *handler)
{
	struct kpac_handler *other;
	int err = 0;

	if (WARN_ON_ONCE(!kpac_handler_ok(handler)))
		return -EINVAL;
	mutex_lock(&kpac_handler_lock);
	list_for_each_entry(other, &kpac_handlers, list) {
		int order = strcmp(other->name, handler->name);

		if (!order)
			err = -EEXIST;
		if (order >= 0)
			break;
	}
	if (!err)
		list_add_tail(&handler->list, &other->list);
	mutex_unlock(&kpac_handler_lock);
	return err;
}
EXPORT_SYMBOL_GPL(kpac_handler_register);

/**
 * kpac_handler_unregister - forget a kind of handler
 * @handler: the kind
 *
 * Entries that have it hold its module, so there are none when that is unloaded.
 *
 * Context: process, at module unload.
 */
void kpac_handler_unregister(struct kpac_handler *handler)
{
	mutex_lock(&kpac_handler_lock);
	list_del(&handler->list);
	mutex_unlock(&kpac_handler_lock);
}
EXPORT_SYMBOL_GPL(kpac_handler_unregister);

/* Entries go before kpac does, but not before other modules do. */
static bool kpac_handler_is_own(const struct kpac_handler *handler)
{
	return handler->owner == THIS_MODULE;
}

static const struct kpac_handler *kpac_handler_find(const char *name)
{
	const struct kpac_handler *handler, *found = NULL;

	mutex_lock(&kpac_handler_lock);
	list_for_each_entry(handler, &kpac_handlers, list)
		if (!strcmp(handler->name, name))
			found = handler;
	if (found && !kpac_handler_is_own(found) &&
	    !try_module_get(found->owner))
		found = NULL;
	mutex_unlock(&kpac_handler_lock);
	return found;
}

/**
 * kpac_handler_get - find a kind of handler, and hold its module
 * @name: its name
 * @load: if there is none, load a module with the alias kpac-handler-NAME
 *
 * Context: process, may sleep.
 * Return: the kind, for kpac_handler_put(), or NULL.
 */
const struct kpac_handler *kpac_handler_get(const char *name, bool load)
{
	const struct kpac_handler *handler = kpac_handler_find(name);

	if (handler || !load)
		return handler;
	request_module("kpac-handler-%s", name);
	return kpac_handler_find(name);
}

/**
 * kpac_handler_put - let a kind of handler go
 * @handler: the kind
 *
 * Context: process.
 */
void kpac_handler_put(const struct kpac_handler *handler)
{
	if (!kpac_handler_is_own(handler))
		module_put(handler->owner);
}

/**
 * kpac_handler_for_each - do something for all kinds of handlers
 * @fn: what; until it returns an error
 * @first: how many to leave out
 * @arg: for @fn
 *
 * Context: process, may sleep.
 * Return: how many have been done, with those left out; if that is less than
 * all, @fn has failed.
 */
int kpac_handler_for_each(int (*fn)(const struct kpac_handler *handler,
				    void *arg), unsigned int first, void *arg)
{
	const struct kpac_handler *handler;
	unsigned int n = 0;

	mutex_lock(&kpac_handler_lock);
	list_for_each_entry(handler, &kpac_handlers, list) {
		if (n >= first && fn(handler, arg))
			break;
		n++;
	}
	mutex_unlock(&kpac_handler_lock);
	return n;
}

/**
 * kpac_handlers_init - make kpac's own handlers known
 *
 * Context: process, at module load.
 * Return: 0 or an error.
 */
int __init kpac_handlers_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(kpac_own_handlers); i++) {
		err = kpac_handler_register(kpac_own_handlers[i]);
		if (err)
			goto err;
	}
	return 0;

err:
	while (i--)
		kpac_handler_unregister(kpac_own_handlers[i]);
	return err;
}

/**
 * kpac_handlers_exit - forget them
 *
 * Context: process.
 */
void kpac_handlers_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kpac_own_handlers); i++)
		kpac_handler_unregister(kpac_own_handlers[i]);
}
