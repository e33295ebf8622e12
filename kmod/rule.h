/* SPDX-License-Identifier: GPL-2.0 */
/* How entries and handlers are described in netlink messages. */
#ifndef _KPAC_RULE_H
#define _KPAC_RULE_H

#include <net/netlink.h>

#include "entry.h"

struct genl_info;

int kpac_match_parse(struct net *net, struct nlattr *nest,
		     struct kpac_match *match, struct netlink_ext_ack *extack);
int kpac_match_fill(struct sk_buff *msg, const struct kpac_match *match,
		    struct net *net);
int kpac_do_parse(struct net *net, struct nlattr *nest, struct kpac_do *doing,
		  struct netlink_ext_ack *extack);
int kpac_do_fill(struct sk_buff *msg, const struct kpac_do *doing,
		 const struct kpac_step *step, struct net *net);
int kpac_handler_fill(struct sk_buff *msg, const struct kpac_handler *handler);
int kpac_rule_parse(struct genl_info *info, struct kpac_rule *rule);
int kpac_rule_fill(struct sk_buff *msg, const struct kpac_entry *entry,
		   struct net *net);

#endif /* _KPAC_RULE_H */
