/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_DOOR_H
#define _KPAC_DOOR_H

#include <linux/types.h>

struct kpac_port;
struct netlink_ext_ack;

int kpac_door_open(struct kpac_port *port, struct netlink_ext_ack *extack);
void kpac_door_close(struct kpac_port *port);
bool kpac_door_review(struct kpac_port *port);

#endif /* _KPAC_DOOR_H */
