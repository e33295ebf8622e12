/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* IPFIX messages (RFC 7011) about flows. */
#ifndef IPFIX_H
#define IPFIX_H

#include <kpac.h>

/* A message fits into one packet of Ethernet's usual size. */
#define IPFIX_MOST	1452
/* What every path takes, and a message with both templates needs. */
#define IPFIX_LEAST	512

/* Where messages go: @send returns 0 or a negative errno. */
struct ipfix {
	int (*send)(const void *message, size_t len, void *arg);
	void *arg;
	uint32_t domain;	/* the observation domain */
	uint32_t sequence;	/* data records before this message */
	uint32_t time;		/* of the export, in seconds since 1970 */
	size_t most;		/* bytes of a message */
	uint8_t data[IPFIX_MOST];
	size_t len;		/* of the message so far; 0: none begun */
	size_t set;		/* where the last set begins; 0: there is none */
	uint16_t template;	/* of that set */
	uint32_t records;	/* data records of the message */
};

int ipfix_templates(struct ipfix *x);
int ipfix_flow(struct ipfix *x, const struct kpac_flow *flow);
int ipfix_flush(struct ipfix *x);

#endif /* IPFIX_H */
