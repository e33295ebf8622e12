/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_SKB_H
#define _KPAC_SKB_H

#include "forward.h"

enum kpac_outcome kpac_skb_receive(struct kpac_port *port,
				   struct sk_buff **pskb, bool may_handover);

#endif /* _KPAC_SKB_H */
