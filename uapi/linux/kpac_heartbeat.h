/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Heartbeats on the wire: the payload of UDP datagrams, for those who want to
 * answer kpac's probes, or to send some that kpac answers.
 *
 * Who gets a probe turns it into an answer and sends it back, from the port that
 * it was sent to. Of the header, only @type and @text_len are changed; whatever
 * has another @type than KPAC_HEARTBEAT_PROBE is not answered. What follows the
 * header is the answerer's, as far as there is room, and @text_len says how much
 * that is: an answer is exactly as long as its probe.
 */
#ifndef _UAPI_LINUX_KPAC_HEARTBEAT_H
#define _UAPI_LINUX_KPAC_HEARTBEAT_H

#include <linux/types.h>

#define KPAC_HEARTBEAT_MAGIC	0x6b506862	/* "kPhb" */
#define KPAC_HEARTBEAT_VERSION	1

#define KPAC_HEARTBEAT_PROBE	1
#define KPAC_HEARTBEAT_ANSWER	2

/**
 * struct kpac_heartbeat - what a probe or an answer begins with
 * @magic: %KPAC_HEARTBEAT_MAGIC
 * @version: %KPAC_HEARTBEAT_VERSION
 * @type: %KPAC_HEARTBEAT_PROBE or %KPAC_HEARTBEAT_ANSWER
 * @text_len: how many bytes of what follows the answerer has written; 0 in a
 *	probe
 * @peer: what the sender knows the peer by
 * @sequence: which of the probes to this peer it is
 * @time: when the sender has sent it, in ns since an instant of its choice
 * @nonce: what nobody else can know; together with the above it tells answers
 *	from what others have invented
 *
 * All numbers are in network byte order.
 */
struct kpac_heartbeat {
	__be32 magic;
	__u8 version;
	__u8 type;
	__be16 text_len;
	__be32 peer;
	__be32 sequence;
	__be64 time;
	__be64 nonce;
};

#endif /* _UAPI_LINUX_KPAC_HEARTBEAT_H */
