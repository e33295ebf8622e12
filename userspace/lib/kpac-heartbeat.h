/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * libkpac - heartbeats: peers that the kernel sends probes to
 *
 * Included by kpac.h, whose words about errors, threads and binary compatibility
 * hold here as well. linux/kpac_heartbeat.h has what is on the wire.
 */
#ifndef KPAC_HEARTBEAT_H
#define KPAC_HEARTBEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include <linux/kpac.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kpac;

/**
 * struct kpac_heartbeat_config - a peer that is to be sent probes
 * @size: sizeof(struct kpac_heartbeat_config)
 * @name: what it is to be called, at most %KPAC_MAX_HEARTBEAT_NAME bytes;
 *	%NULL: its address
 * @addr: its address, in network byte order
 * @addr_len: bytes of it: 4 for IPv4, 16 for IPv6
 * @dport: the UDP port at which it answers
 * @src: the address that probes are sent from, of as many bytes
 * @has_src: whether there is one; otherwise the route says
 * @sport: the UDP port that they are sent from; 0: one that is free
 * @ifindex: the device that they are sent by; 0: what the route says
 * @interval: milliseconds from probe to probe; 0: 1000
 * @misses: so many in a row without an answer, and it is down; 0: 3
 * @hits: so many with one, and it is up; 0: 2
 * @probe_size: bytes of a probe; 0: 64
 */
struct kpac_heartbeat_config {
	size_t size;
	const char *name;
	uint8_t addr[16];
	unsigned int addr_len;
	uint16_t dport;
	uint8_t src[16];
	bool has_src;
	uint16_t sport;
	unsigned int ifindex;
	unsigned int interval;
	unsigned int misses;
	unsigned int hits;
	unsigned int probe_size;
};

/* Which members of struct kpac_peer count. */
#define KPAC_PEER_SRC		(1u << 0)	/* @src */
#define KPAC_PEER_IFINDEX	(1u << 1)	/* @ifindex */
#define KPAC_PEER_IFNAME	(1u << 2)	/* @ifname */
#define KPAC_PEER_RTT_LAST	(1u << 3)	/* @rtt_last, @rtt_max */
#define KPAC_PEER_RTT_MEAN	(1u << 4)	/* @rtt_min, @rtt_mean */

/**
 * struct kpac_peer - a peer that is sent probes
 * @have: which of the members that not every peer has count, %KPAC_PEER_*
 * @name: what it is called
 * @addr_len: bytes of @addr and @src: 4 for IPv4, 16 for IPv6
 * @addr: its address, in network byte order
 * @src: the address that probes are sent from
 * @dport: the UDP port at which it answers
 * @sport: the UDP port that probes are sent from
 * @ifindex: interface index of the device that they are sent by
 * @ifname: name of that device
 * @interval: milliseconds from probe to probe
 * @misses: so many in a row without an answer, and it is down
 * @hits: so many with one, and it is up
 * @probe_size: bytes of a probe
 * @state: what is known: enum kpac_heartbeat_state
 * @in_row: the last probes in a row that it has answered, or, as a negative
 *	number, missed
 * @changed: when @state did, in milliseconds since 1970
 * @since: milliseconds since then
 * @sent: probes that were sent
 * @unsent: probes that could not be, which count as missed
 * @received: answers in time
 * @missed: probes without one
 * @late: answers that came after that
 * @rtt_last: nanoseconds that the last answer took
 * @rtt_min: those of the fastest
 * @rtt_max: those of the slowest, also if it was late
 * @rtt_mean: their average, without those that were late
 */
struct kpac_peer {
	unsigned int have;
	char name[KPAC_MAX_HEARTBEAT_NAME + 1];
	unsigned int addr_len;
	uint8_t addr[16];
	uint8_t src[16];
	uint16_t dport;
	uint16_t sport;
	unsigned int ifindex;
	char ifname[IF_NAMESIZE];
	unsigned int interval;
	unsigned int misses;
	unsigned int hits;
	unsigned int probe_size;
	unsigned int state;
	int in_row;
	uint64_t changed;
	uint64_t since;
	uint64_t sent;
	uint64_t unsent;
	uint64_t received;
	uint64_t missed;
	uint64_t late;
	uint64_t rtt_last;
	uint64_t rtt_min;
	uint64_t rtt_max;
	uint64_t rtt_mean;
};

typedef int (*kpac_peer_fn)(const struct kpac_peer *peer, void *arg);

/* Heartbeats: heartbeat.c */
int kpac_heartbeat_add(struct kpac *handle,
		       const struct kpac_heartbeat_config *config);
int kpac_heartbeat_del(struct kpac *handle, const char *name);
int kpac_heartbeat_get(struct kpac *handle, const char *name, kpac_peer_fn fn,
		       void *arg);
int kpac_heartbeat_dump(struct kpac *handle, kpac_peer_fn fn, void *arg);

/* Names: names.c */
const char *kpac_heartbeat_state_name(unsigned int state);

#ifdef __cplusplus
}
#endif

#endif /* KPAC_HEARTBEAT_H */
