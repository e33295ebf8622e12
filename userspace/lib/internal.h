/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
#ifndef KPAC_INTERNAL_H
#define KPAC_INTERNAL_H

#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "kpac.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct kpac {
	struct nl_sock *sock;	/* requests and their replies */
	struct nl_sock *events;	/* notifications, once subscribed */
	int family;
	int netns;		/* namespace of the sockets, -1: the caller's */
	char error[512];
};

/* The messages that answer one request, one behind the other, aligned. */
struct kpac_replies {
	char *data;
	size_t len;
	size_t size;
};

#define kpac_for_each_reply(nlh, replies)				\
	for ((nlh) = (const struct nlmsghdr *)(replies)->data;		\
	     (const char *)(nlh) < (replies)->data + (replies)->len;	\
	     (nlh) = (const struct nlmsghdr *)((const char *)(nlh) +	\
					       NLMSG_ALIGN((nlh)->nlmsg_len)))

/* handle.c */
int kpac_connect(struct kpac *handle, struct nl_sock **sock);
int kpac_fail(struct kpac *handle, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int kpac_fail_nl(struct kpac *handle, int nlerr, const char *what);

/* request.c */
struct nl_msg *kpac_msg_new(struct kpac *handle, uint8_t cmd, int flags);
int kpac_msg_put_dev(struct kpac *handle, struct nl_msg *msg,
		     struct kpac_dev dev, int attr_index, int attr_name);
int kpac_transact(struct kpac *handle, struct nl_msg *msg,
		  struct kpac_replies *replies);
void kpac_describe_ack(struct kpac *handle, int err, const void *tlvs, int len,
		       struct nl_msg *request);

/* parse.c */
int kpac_parse_port(const struct nlmsghdr *nlh, struct kpac_port *port);
int kpac_parse_stats(const struct nlmsghdr *nlh, struct kpac_stats *stats);
void kpac_stats_fini(struct kpac_stats *stats);

/* names.c */
const char *kpac_attr_name(int cmd, int attr);

#endif /* KPAC_INTERNAL_H */
