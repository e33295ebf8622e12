/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_NETLINK_H
#define _KPAC_NETLINK_H

#include <linux/types.h>

struct kpac_port;

void kpac_netlink_notify(const struct kpac_port *port, u8 cmd);
int kpac_netlink_init(void);
void kpac_netlink_exit(void);

#endif /* _KPAC_NETLINK_H */
