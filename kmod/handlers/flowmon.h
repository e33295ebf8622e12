/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flow monitors: what entries of a namespace that do flowmon have counted. For
 * netlink.
 */
#ifndef _KPAC_FLOWMON_H
#define _KPAC_FLOWMON_H

#include <linux/in6.h>
#include <linux/types.h>
#include <uapi/linux/kpac.h>

struct kpac_flowmon;
struct net;

/* Of the name of a monitor, with the NUL. */
#define KPAC_FLOWMON_NAME_SIZE	(KPAC_MAX_MONITOR + 1)

/**
 * struct kpac_flowmon_record - a flow; in brackets what IPFIX calls it
 * @src: sender (sourceIPv4Address, sourceIPv6Address); of IPv4 the first 4 bytes
 * @dst: receiver (destinationIPv4Address, destinationIPv6Address)
 * @ip6: which version of IP it is (ipVersion)
 * @proto: the protocol over IP (protocolIdentifier)
 * @tos: TOS or traffic class of the first packet (ipClassOfService)
 * @tcp_flags: those of all packets (tcpControlBits)
 * @sport: the sender's port (sourceTransportPort)
 * @dport: the receiver's (destinationTransportPort)
 * @icmp_type: of ICMP, instead of ports (icmpTypeIPv4, icmpTypeIPv6)
 * @icmp_code: the same (icmpCodeIPv4, icmpCodeIPv6)
 * @vlan: the VLAN's number (vlanId), if @tagged
 * @tagged: it has a VLAN
 * @ifindex: the device that it comes in by (ingressInterface)
 * @packets: how many (packetDeltaCount, or packetTotalCount)
 * @bytes: their bytes, from the network header on (octetDeltaCount, or
 *	octetTotalCount)
 * @first: when the first came, in ns of CLOCK_MONOTONIC, to a tick
 * @last: when the last came
 * @first_real: @first in ns of CLOCK_REALTIME as it is now, that is since 1970
 *	(flowStartNanoseconds)
 * @last_real: @last in the same (flowEndNanoseconds)
 */
struct kpac_flowmon_record {
	struct in6_addr src;
	struct in6_addr dst;
	bool ip6;
	u8 proto;
	u8 tos;
	u8 tcp_flags;
	__be16 sport;
	__be16 dport;
	u8 icmp_type;
	u8 icmp_code;
	u16 vlan;
	bool tagged;
	u32 ifindex;
	u64 packets;
	u64 bytes;
	u64 first;
	u64 last;
	u64 first_real;
	u64 last_real;
};

/**
 * struct kpac_flowmon_sum - all of a monitor
 * @flows: that there are
 * @evicted: that had to go for others since the last reset
 * @max: that there can be
 * @packets: that were counted since the last reset, with those of flows that
 *	had to go
 * @bytes: the same
 */
struct kpac_flowmon_sum {
	u64 flows;
	u64 evicted;
	u32 max;
	u64 packets;
	u64 bytes;
};

typedef int (*kpac_flowmon_fn)(const struct kpac_flowmon_record *record,
			       void *arg);

struct kpac_flowmon *kpac_flowmon_get(const struct net *net, const char *name);
struct kpac_flowmon *kpac_flowmon_next(const struct net *net,
				       const char *after);
void kpac_flowmon_retire(struct kpac_flowmon *mon);
void kpac_flowmon_put(struct kpac_flowmon *mon);
const char *kpac_flowmon_name(const struct kpac_flowmon *mon);
int kpac_flowmon_for_each(struct kpac_flowmon *mon, u32 *at,
			  kpac_flowmon_fn fn, void *arg);
void kpac_flowmon_reset(struct kpac_flowmon *mon);
void kpac_flowmon_sum(struct kpac_flowmon *mon, struct kpac_flowmon_sum *sum);

#endif /* _KPAC_FLOWMON_H */
