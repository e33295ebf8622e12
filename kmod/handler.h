/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handlers: what entries of the table do with packets. This is the interface for
 * those who write one, in kmod/handlers/ or in a module of their own.
 *
 * A module says with MODULE_ALIAS_KPAC_HANDLER() which handler it has. It is loaded
 * when that is asked for, while the generic netlink family list is held: neither it
 * nor what it depends on may register one. examples/handler/ is such a module.
 *
 * A handler describes its arguments. Whoever makes an entry finds the description
 * in the kernel (kpacctl handler types), so that a new handler needs no new tools.
 */
#ifndef _KPAC_HANDLER_H
#define _KPAC_HANDLER_H

#include <linux/list.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <net/net_namespace.h>
#include <uapi/linux/kpac.h>

#include "view.h"

/* Sizes of what names a handler or an argument, with the NUL. */
#define KPAC_NAME_SIZE	32

/**
 * struct kpac_arg_spec - an argument that a handler takes
 * @name: its name, at most 31 characters
 * @doc: what it means, half a sentence
 * @type: what kind of value it has
 * @required: it must be given
 * @repeated: it may be given more than once
 * @min: the least that a number, size, rate or time may be
 * @max: the most; 0: no limit but the type's
 * @choices: the words that a choice may be, ended by NULL
 */
struct kpac_arg_spec {
	const char *name;
	const char *doc;
	enum kpac_arg_type type;
	bool required;
	bool repeated;
	u64 min;
	u64 max;
	const char *const *choices;
};

/**
 * struct kpac_arg - an argument that was given
 * @spec: which one
 * @number: the value of a number, size, rate or time; the index of a choice; a
 *	device's ifindex
 * @text: text; NUL-terminated
 * @addr: an address; of a prefix without bits beyond its length
 * @addr_len: its length in bytes, 4, 6 or 16
 * @prefix_len: the length of a prefix in bits
 * @attr: what to show the user if it is wrong; only while a handler is created
 */
struct kpac_arg {
	const struct kpac_arg_spec *spec;
	u64 number;
	char *text;
	u8 addr[16];
	u8 addr_len;
	u8 prefix_len;
	const struct nlattr *attr;
};

typedef void (*kpac_figure_fn)(void *to, const char *name, u64 number);

/**
 * struct kpac_handler - a kind of handler
 * @name: its name, at most 31 characters
 * @doc: what it does, half a sentence
 * @owner: the module that has it
 * @args: the arguments that it takes, ended by one without a name; or NULL
 * @verdict: what it decides, if it has no @run: %KPAC_VERDICT_NEXT, %KPAC_VERDICT_DROP,
 *	%KPAC_VERDICT_PASS or %KPAC_VERDICT_FORWARD
 * @ends: @run never decides %KPAC_VERDICT_NEXT
 * @run: look at a packet and decide; in softirq, under RCU
 * @create: what @run needs, made from @n arguments that fit their description,
 *	in the order in which they were given; or an error, with a message. May be
 *	NULL if @run needs nothing. May sleep.
 * @retire: the table has no entry any more that has it, or never had; once, before
 *	@destroy. Packets may meet it for a moment. May sleep; may be NULL.
 * @destroy: free that, when no packet can meet it any more. May sleep, but not wait
 *	for netlink requests, which may wait for it.
 * @figures: tell what was done, in numbers; may sleep; may be NULL
 * @list: in the list of all
 */
struct kpac_handler {
	const char *name;
	const char *doc;
	struct module *owner;
	const struct kpac_arg_spec *args;
	enum kpac_verdict verdict;
	bool ends;
	enum kpac_verdict (*run)(void *priv, struct kpac_view *view);
	void *(*create)(struct net *net, const struct kpac_arg *args,
			unsigned int n, struct netlink_ext_ack *extack);
	void (*retire)(void *priv);
	void (*destroy)(void *priv);
	void (*figures)(void *priv, kpac_figure_fn tell, void *to);
	struct list_head list;
};

/* In a module that has a handler of this name. */
#define MODULE_ALIAS_KPAC_HANDLER(name)	MODULE_ALIAS("kpac-handler-" name)

/* Refuse an argument. */
#define KPAC_SET_ERR_ARG(extack, arg, msg)				\
	NL_SET_ERR_MSG_ATTR(extack, (arg)->attr, msg)

const struct kpac_arg *kpac_arg_find(const struct kpac_arg *args,
				     unsigned int n, const char *name);
u64 kpac_arg_number(const struct kpac_arg *args, unsigned int n,
		    const char *name, u64 otherwise);
int kpac_arg_ethernet(struct net *net, const struct kpac_arg *args,
		      unsigned int n, struct netlink_ext_ack *extack);

int kpac_handler_register(struct kpac_handler *handler);
void kpac_handler_unregister(struct kpac_handler *handler);

/* For kpac itself. */
const struct kpac_handler *kpac_handler_get(const char *name, bool load);
void kpac_handler_put(const struct kpac_handler *handler);
int kpac_handler_for_each(int (*fn)(const struct kpac_handler *handler,
				    void *arg), unsigned int first, void *arg);
int kpac_handlers_init(void);
void kpac_handlers_exit(void);

#endif /* _KPAC_HANDLER_H */
