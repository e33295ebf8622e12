/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * libkpac - flows that the handler flowmon has counted
 *
 * Included by kpac.h, whose words about errors, threads and binary compatibility
 * hold here as well.
 */
#ifndef KPAC_FLOW_H
#define KPAC_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include <linux/kpac.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kpac;

/* Which members of struct kpac_flow count. */
#define KPAC_FLOW_IFNAME	(1u << 0)	/* @ifname */
#define KPAC_FLOW_VLAN		(1u << 1)	/* @vlan */
#define KPAC_FLOW_PORTS		(1u << 2)	/* @sport, @dport */
#define KPAC_FLOW_ICMP		(1u << 3)	/* @icmp_type, @icmp_code */
#define KPAC_FLOW_TCP_FLAGS	(1u << 4)	/* @tcp_flags */

/**
 * struct kpac_flow - what was counted of a flow
 * @have: which of the members that not every flow has count, %KPAC_FLOW_*
 * @monitor: the monitor that counts it
 * @ifindex: interface index of the port by which it comes in
 * @ifname: name of that device
 * @vlan: number of its VLAN
 * @proto: protocol over IPv4 or IPv6, IPPROTO_*
 * @icmp_type: type of its ICMP or ICMPv6 messages
 * @icmp_code: their code
 * @tcp_flags: the TCP flags of all packets
 * @tos: TOS or traffic class of the first packet
 * @addr_len: bytes of @src and @dst: 4 for IPv4, 16 for IPv6
 * @src: source address, in network byte order
 * @dst: destination address
 * @sport: source port, in host byte order
 * @dport: destination port
 * @packets: how many packets
 * @bytes: their bytes, from the network header on
 * @first_seen: when the first came, in milliseconds since 1970
 * @last_seen: when the last came
 * @age: milliseconds since the first
 * @idle: milliseconds since the last
 * @started: when the first came, in milliseconds of CLOCK_MONOTONIC: tells it
 *	from a later flow between the same ends
 */
struct kpac_flow {
	unsigned int have;
	char monitor[KPAC_MAX_MONITOR + 1];
	unsigned int ifindex;
	char ifname[IF_NAMESIZE];
	uint16_t vlan;
	uint8_t proto;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t tcp_flags;
	uint8_t tos;
	unsigned int addr_len;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_seen;
	uint64_t last_seen;
	uint64_t age;
	uint64_t idle;
	uint64_t started;
};

typedef int (*kpac_flow_fn)(const struct kpac_flow *flow, void *arg);

/* Flows: flow.c */
int kpac_flow_dump(struct kpac *handle, const char *monitor, kpac_flow_fn fn,
		   void *arg);
int kpac_flow_reset(struct kpac *handle, const char *monitor);

#ifdef __cplusplus
}
#endif

#endif /* KPAC_FLOW_H */
