/* SPDX-License-Identifier: GPL-2.0 */
/* What this host's sockets expect. */
#ifndef _KPAC_SOCKETS_H
#define _KPAC_SOCKETS_H

#include <linux/netdevice.h>

#include "ends.h"

bool kpac_sockets_expect(const struct net_device *dev,
			 const struct kpac_ends *ends, bool syn);

#endif /* _KPAC_SOCKETS_H */
