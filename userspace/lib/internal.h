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
	struct kpac_batch *batch;	/* once begun */
	struct kpac_fault fault;	/* of the last refusal */
	bool at_fault;
	uint32_t cookie;	/* that came with it, 0: none */
	char error[512];
};

/* Memory for the parts of one structure, which are all released at once. */
struct kpac_block;
struct kpac_arena {
	struct kpac_block *block;
};

/* The attributes that there are in one place of a message. */
struct kpac_attr_set {
	const char *names[24];
	const struct kpac_attr_set *nests[24];
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

void kpac_want_reasons(struct nl_sock *sock);

/* request.c */
struct nl_msg *kpac_msg_new(struct kpac *handle, uint8_t cmd, int flags);
struct nl_msg *kpac_msg_new_large(struct kpac *handle, uint8_t cmd, int flags);
int kpac_msg_put_dev(struct kpac *handle, struct nl_msg *msg,
		     struct kpac_dev dev, int attr_index, int attr_name);
int kpac_transact(struct kpac *handle, struct nl_msg *msg,
		  struct kpac_replies *replies);
int kpac_transact_by(struct kpac *handle, struct nl_sock *sock,
		     struct nl_msg *msg, struct kpac_replies *replies);

/* refusal.c */
void kpac_describe_ack(struct kpac *handle, int err, const void *tlvs, int len,
		       const struct nlmsghdr *request);
int kpac_ack_error(const struct nlmsghdr *nlh, const void **tlvs, int *len);

/* attr.c */
bool kpac_get_u8(const struct nlattr *nla, unsigned int *value);
bool kpac_get_u16(const struct nlattr *nla, unsigned int *value);
bool kpac_get_u32(const struct nlattr *nla, unsigned int *value);
bool kpac_get_uint(const struct nlattr *nla, uint64_t *value);
bool kpac_get_ifname(const struct nlattr *nla, char name[IF_NAMESIZE]);
bool kpac_get_name(const struct nlattr *nla, char *name, size_t size);
bool kpac_get_text(struct kpac_arena *arena, const struct nlattr *nla,
		   const char **text);
bool kpac_attrs(const struct nlmsghdr *nlh, struct nlattr **first, int *len);
size_t kpac_count_attrs(struct nlattr *first, int len, int type);
int kpac_put_uint(struct nl_msg *msg, int attr, uint64_t value);
struct nlattr *kpac_nest(struct nl_msg *msg, int attr);

/* arena.c */
void *kpac_arena_get(struct kpac_arena *arena, size_t size);
void kpac_arena_reset(struct kpac_arena *arena);
void kpac_arena_fini(struct kpac_arena *arena);

/* parse.c */
int kpac_parse_port(const struct nlmsghdr *nlh, struct kpac_port *port);
int kpac_parse_stats(const struct nlmsghdr *nlh, struct kpac_stats *stats);
void kpac_stats_fini(struct kpac_stats *stats);

/* parse-table.c */
int kpac_parse_entry(const struct nlmsghdr *nlh, struct kpac_arena *arena,
		     struct kpac_entry *entry);
int kpac_parse_id(const struct nlmsghdr *nlh, uint32_t *id);
int kpac_parse_table(const struct nlmsghdr *nlh, struct kpac_table *table);
int kpac_parse_handler(const struct nlmsghdr *nlh, struct kpac_arena *arena,
		       struct kpac_handler *handler);

/* flow.c */
int kpac_parse_flow(const struct nlmsghdr *nlh, struct kpac_flow *flow);

/* heartbeat.c */
int kpac_parse_peer(const struct nlmsghdr *nlh, struct kpac_peer *peer);

/* balancer.c */
int kpac_parse_balancer(const struct nlmsghdr *nlh,
			struct kpac_balancer *balancer);
int kpac_check_balancer(struct kpac *handle, const char *name);

/* backend.c */
int kpac_parse_backend(const struct nlmsghdr *nlh, struct kpac_backend *backend);

/* put.c */
int kpac_put_entry(struct kpac *handle, struct nl_msg *msg,
		   const struct kpac_entry *entry);
int kpac_put_which(struct kpac *handle, struct nl_msg *msg,
		   const struct kpac_entry_which *which);

/* entry.c */
int kpac_tell_table(struct kpac *handle, const struct kpac_replies *replies,
		    kpac_table_fn fn, void *arg);

/* batch.c */
void kpac_batch_free(struct kpac *handle);

/* sets.c */
const struct kpac_attr_set *kpac_attr_set(int cmd);
const char *kpac_attr_name(const struct kpac_attr_set *set, int attr);
const struct kpac_attr_set *kpac_attr_nest(const struct kpac_attr_set *set,
					   int attr);

#endif /* KPAC_INTERNAL_H */
