/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KPAC_PROBE_H
#define _KPAC_PROBE_H

#include <linux/types.h>
#include <uapi/linux/kpac_heartbeat.h>

struct kpac_peer;

bool kpac_probe_send(struct kpac_peer *peer,
		     const struct kpac_heartbeat *heartbeat);
void kpac_probe_forget(struct kpac_peer *peer);

#endif /* _KPAC_PROBE_H */
