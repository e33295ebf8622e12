/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_NETLINK_H
#define _KPAC_NETLINK_H

#include <linux/types.h>

struct kpac_peer_info;
struct kpac_port;
struct kpac_table;
struct kpac_transaction;
struct net;

void kpac_netlink_notify(const struct kpac_port *port, u8 cmd);
void kpac_netlink_notify_table(struct kpac_table *table,
			       const struct kpac_transaction *t);
void kpac_netlink_notify_heartbeat(struct net *net,
				   const struct kpac_peer_info *info);
void kpac_netlink_heartbeat_gone(void);
int kpac_netlink_table_init(void);
void kpac_netlink_table_gone(void);
void kpac_netlink_table_exit(void);
int kpac_netlink_init(void);
void kpac_netlink_exit(void);

#endif /* _KPAC_NETLINK_H */
