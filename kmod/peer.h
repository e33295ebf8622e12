/* SPDX-License-Identifier: GPL-2.0 */
/* A peer: one that is sent probes, and what is known of it; see heartbeat.h. */
#ifndef _KPAC_PEER_H
#define _KPAC_PEER_H

#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <uapi/linux/kpac_heartbeat.h>

#include "health.h"

struct kpac_listener;

/**
 * struct kpac_peer_config - what the user wants of a peer
 * @name: what it is called
 * @addr: its address
 * @src: the address that probes are sent from; 0: what the route says
 * @ip6: the addresses are IPv6
 * @dport: the UDP port at which it answers
 * @sport: the one that probes are sent from; 0: one that is free
 * @ifindex: the device that they are sent by; 0: what the route says
 * @interval: milliseconds from probe to probe
 * @misses: so many in a row without an answer, and it is down
 * @hits: so many with one, and it is up
 * @size: bytes of a probe, from behind the UDP header on
 */
struct kpac_peer_config {
	char name[KPAC_HEALTH_NAME_SIZE];
	union nf_inet_addr addr;
	union nf_inet_addr src;
	bool ip6;
	__be16 dport;
	__be16 sport;
	int ifindex;
	u32 interval;
	u32 misses;
	u32 hits;
	u32 size;
};

/**
 * struct kpac_peer_stats - what has become of probes; times are in ns
 * @sent: those that were sent
 * @unsent: those that could not be, which are missed, too
 * @received: answers in time
 * @missed: probes without one
 * @late: answers that came after that
 * @rtt_last: how long the last answer took
 * @rtt_min: how long the fastest took; if there was one
 * @rtt_max: how long the slowest took, also if it was late
 * @rtt_sum: how long all of @received took
 */
struct kpac_peer_stats {
	u64 sent;
	u64 unsent;
	u64 received;
	u64 missed;
	u64 late;
	u64 rtt_last;
	u64 rtt_min;
	u64 rtt_max;
	u64 rtt_sum;
};

/**
 * struct kpac_peer_state - what is known of a peer
 * @health: whether it answers
 * @in_row: the last probes in a row that it has answered, or, negative, missed
 * @changed: when @health did, in ns of the clock that nobody sets
 * @stats: what has become of probes
 */
struct kpac_peer_state {
	enum kpac_health_state health;
	int in_row;
	u64 changed;
	struct kpac_peer_stats stats;
};

/* All of that, for those who tell it. */
struct kpac_peer_info {
	struct kpac_peer_config config;
	struct kpac_peer_state state;
};

/**
 * struct kpac_peer_route - how the last probe went, of the timer
 * @dst: the route, held; or NULL
 * @cookie: by which it is known to be good still
 * @src: the address that probes are sent from by it
 */
struct kpac_peer_route {
	struct dst_entry *dst;
	u32 cookie;
	union nf_inet_addr src;
};

/**
 * struct kpac_peer - a peer
 * @timer: the next probe
 * @due: when that is, in ticks
 * @interval: from probe to probe, in ticks
 * @config: what the user wants; never changes, with the port that was free
 * @net: the namespace, which does not go before the peer
 * @id: its number in the namespace
 * @key: for nonces
 * @epoch: the instant from which probes count time, in ns
 * @listener: where answers come in
 * @health: where others look whether it is down
 * @route: how probes go
 * @lock: protects what follows; in softirq
 * @gone: nothing is said of the peer any more
 * @waiting: an answer to the last probe may still come in time
 * @sequence: which one that is
 * @asked: the time in it
 * @nonce: the nonce in it
 * @state: what is known
 * @node: by its name, among all namespaces' peers
 * @rcu: for freeing
 */
struct kpac_peer {
	struct timer_list timer;
	unsigned long due;
	unsigned long interval;
	struct kpac_peer_config config;
	struct net *net;
	u32 id;
	siphash_key_t key;
	u64 epoch;
	struct kpac_listener *listener;
	struct kpac_health *health;
	struct kpac_peer_route route;
	spinlock_t lock;
	bool gone;
	bool waiting;
	u32 sequence;
	u64 asked;
	u64 nonce;
	struct kpac_peer_state state;
	struct hlist_node node;
	struct rcu_head rcu;
};

struct kpac_peer *kpac_peer_new(struct net *net,
				const struct kpac_peer_config *config);
void kpac_peer_start(struct kpac_peer *peer, u32 id);
void kpac_peer_stop(struct kpac_peer *peer);
void kpac_peer_free(struct kpac_peer *peer);
bool kpac_peer_answer(struct kpac_peer *peer,
		      const struct kpac_heartbeat *answer);
void kpac_peer_info(struct kpac_peer *peer, struct kpac_peer_info *info);

#endif /* _KPAC_PEER_H */
