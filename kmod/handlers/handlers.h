/* SPDX-License-Identifier: GPL-2.0 */
/* kpac's own handlers, one file each. */
#ifndef _KPAC_HANDLERS_H
#define _KPAC_HANDLERS_H

#include "../handler.h"

extern struct kpac_handler kpac_handler_allow_established;
extern struct kpac_handler kpac_handler_balance;
extern struct kpac_handler kpac_handler_count;
extern struct kpac_handler kpac_handler_drop;
extern struct kpac_handler kpac_handler_echo;
extern struct kpac_handler kpac_handler_flowmon;
extern struct kpac_handler kpac_handler_forward;
extern struct kpac_handler kpac_handler_heartbeat;
extern struct kpac_handler kpac_handler_limit;
extern struct kpac_handler kpac_handler_mirror;
extern struct kpac_handler kpac_handler_pass;
extern struct kpac_handler kpac_handler_redirect;

#endif /* _KPAC_HANDLERS_H */
