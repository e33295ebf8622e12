/* SPDX-License-Identifier: GPL-2.0 */
/* Making a request a reply, in place. */
#ifndef _KPAC_REPLY_H
#define _KPAC_REPLY_H

#include "../view.h"

bool kpac_reply_fits(const struct kpac_view *view);
u8 kpac_reply_hops(const struct kpac_view *view);
u8 kpac_reply_far(const struct kpac_view *view);
void kpac_reply_turn(struct kpac_view *view, u8 hops);

#endif /* _KPAC_REPLY_H */
