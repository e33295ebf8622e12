/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_NETLINK_H
#define _KPAC_NETLINK_H

#include <linux/types.h>

struct kpac_port;
struct kpac_table;
struct kpac_transaction;

void kpac_netlink_notify(const struct kpac_port *port, u8 cmd);
void kpac_netlink_notify_table(struct kpac_table *table,
			       const struct kpac_transaction *t);
int kpac_netlink_table_init(void);
void kpac_netlink_table_gone(void);
void kpac_netlink_table_exit(void);
int kpac_netlink_init(void);
void kpac_netlink_exit(void);

#endif /* _KPAC_NETLINK_H */
