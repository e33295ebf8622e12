/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_IPV4_H
#define _KPAC_IPV4_H

#include "forward.h"

enum kpac_outcome kpac_express4(struct kpac_port *port, struct sk_buff **pskb,
				u32 ref, bool may_handover);
enum kpac_outcome kpac_forward4(struct kpac_port *port, struct sk_buff **pskb,
				u32 ref, bool may_handover);

#endif /* _KPAC_IPV4_H */
