/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_FORWARD_H
#define _KPAC_FORWARD_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>

struct kpac_port;

/**
 * enum kpac_outcome - what becomes of a packet
 * @KPAC_STOLEN: it is gone
 * @KPAC_ANOTHER: it goes on as received by another device, skb->dev
 * @KPAC_PASS: it is left to the stack, untouched
 *
 * A receive handler can return these as they are.
 */
enum kpac_outcome {
	KPAC_STOLEN = RX_HANDLER_CONSUMED,
	KPAC_ANOTHER = RX_HANDLER_ANOTHER,
	KPAC_PASS = RX_HANDLER_PASS,
};

enum kpac_outcome kpac_forward(struct kpac_port *port, struct sk_buff **pskb,
			       bool may_handover);
rx_handler_result_t kpac_forward_rx(struct sk_buff **pskb);

#endif /* _KPAC_FORWARD_H */
