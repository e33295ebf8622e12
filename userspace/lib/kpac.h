/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * libkpac - control of the kpac packet accelerator
 *
 * Every function that can fail returns 0 or a negative errno value and leaves
 * a sentence for people in kpac_error(). A handle belongs to one thread at a
 * time; different handles do not share anything.
 *
 * Binary compatibility: the structures that callbacks receive are allocated by
 * the library and only ever grow at their end. Structures that a caller
 * allocates, as struct kpac_port_config, start with their size and grow at their
 * end as well; the library takes every size that they ever had. kpac-table.h,
 * which is a part of this header, says which do not grow.
 */
#ifndef KPAC_H
#define KPAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include <linux/kpac.h>

#include "kpac-balance.h"
#include "kpac-flow.h"
#include "kpac-heartbeat.h"
#include "kpac-table.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct kpac - a connection to the kpac module in one network namespace
 *
 * Made by kpac_open(), released by kpac_close().
 */
struct kpac;

/**
 * struct kpac_dev - the device that a request is about
 * @ifindex: its interface index, or 0 to go by the name
 * @ifname: its name, or %NULL to go by the index; at most 15 characters
 *
 * If both are given, the kernel wants both to mean the same device.
 * kpac_dev_name() and kpac_dev_index() make one.
 */
struct kpac_dev {
	unsigned int ifindex;
	const char *ifname;
};

/**
 * kpac_dev_name() - name a device by its name
 * @ifname: the name; borrowed, must outlive the result
 *
 * Return: the device, to be given to a request.
 */
static inline struct kpac_dev kpac_dev_name(const char *ifname)
{
	struct kpac_dev dev = { 0, ifname };

	return dev;
}

/**
 * kpac_dev_index() - name a device by its interface index
 * @ifindex: the interface index, from 1
 *
 * Return: the device, to be given to a request.
 */
static inline struct kpac_dev kpac_dev_index(unsigned int ifindex)
{
	struct kpac_dev dev = { ifindex, NULL };

	return dev;
}

/* Which members of struct kpac_port and struct kpac_port_config count. */
#define KPAC_PORT_DOOR		(1u << 0)	/* @door */
#define KPAC_PORT_FORWARD	(1u << 1)	/* @forward */
#define KPAC_PORT_DOOR_USED	(1u << 2)	/* @door_used */
#define KPAC_PORT_DOOR_WHY	(1u << 3)	/* @door_why */
#define KPAC_PORT_TX_BATCH	(1u << 4)	/* @tx_batch */
#define KPAC_PORT_CLEAN_BATCH	(1u << 5)	/* @clean_batch */
#define KPAC_PORT_POOL		(1u << 6)	/* @pool */
#define KPAC_PORT_COPYBREAK	(1u << 7)	/* @copybreak */

/**
 * struct kpac_port - a port as the kernel describes it
 * @have: which of the members below the kernel told, %KPAC_PORT_*
 * @ifindex: interface index of the device
 * @ifname: name of the device
 * @door: the door asked for, enum kpac_door
 * @door_used: the door in use, enum kpac_door, never %KPAC_DOOR_AUTO
 * @door_why: why that door is in use, enum kpac_door_why
 * @forward: whether packets are forwarded
 * @master: interface index of the bridge, bond, ... that the device belongs
 *	to, or 0
 * @tx_batch: packets that are sent by the port at once, at most
 * @clean_batch: buffers of the pool that are looked at once when it is asked
 *	which the driver has let go
 * @pool: buffers that the pool of each CPU may grow to
 * @copybreak: forwarded packets up to this size in bytes, from the network
 *	header on, are copied into a buffer of the pool; 0 for none
 *
 * A newer module may use values that are not in the enums; the name functions
 * below have an answer for those as well.
 */
struct kpac_port {
	unsigned int have;
	unsigned int ifindex;
	char ifname[IF_NAMESIZE];
	unsigned int door;
	unsigned int door_used;
	unsigned int door_why;
	bool forward;
	unsigned int master;
	unsigned int tx_batch;
	unsigned int clean_batch;
	unsigned int pool;
	unsigned int copybreak;
};

/**
 * struct kpac_port_config - what a port is to be like
 * @size: sizeof(struct kpac_port_config)
 * @set: which of the members below count: %KPAC_PORT_DOOR, %KPAC_PORT_FORWARD,
 *	%KPAC_PORT_TX_BATCH, %KPAC_PORT_CLEAN_BATCH, %KPAC_PORT_POOL,
 *	%KPAC_PORT_COPYBREAK
 * @door: the door to use
 * @forward: whether to forward packets
 * @tx_batch: packets to send at once, 1 to %KPAC_MAX_BATCH
 * @clean_batch: buffers of the pool to look at once when it is asked which the
 *	driver has let go, 1 to %KPAC_MAX_BATCH
 * @pool: buffers that the pool of each CPU may grow to, %KPAC_MIN_POOL to
 *	%KPAC_MAX_POOL
 * @copybreak: size in bytes, from the network header on, up to which forwarded
 *	packets are copied into a buffer of the pool, up to
 *	%KPAC_MAX_COPYBREAK; 0 for none
 *
 * What does not count is left to the kernel: its default when a port is made,
 * what it was when a port is changed.
 */
struct kpac_port_config {
	size_t size;
	unsigned int set;
	enum kpac_door door;
	bool forward;
	unsigned int tx_batch;
	unsigned int clean_batch;
	unsigned int pool;
	unsigned int copybreak;
};

/**
 * struct kpac_pass - packets left to the stack for one reason
 * @reason: why, enum kpac_pass_reason; see kpac_pass_reason_name()
 * @packets: how many packets
 * @bytes: their bytes, from the network header on
 */
struct kpac_pass {
	unsigned int reason;
	uint64_t packets;
	uint64_t bytes;
};

/**
 * struct kpac_tx_size - how many batches of about one size were sent
 * @least: they had at least so many packets, and less than twice as many
 * @batches: how many batches
 */
struct kpac_tx_size {
	unsigned int least;
	uint64_t batches;
};

/**
 * struct kpac_tx - what was sent by one port
 * @packets: packets given to the driver by the port's TX queues
 * @doorbells: how often the driver was told that there are packets; the other
 *	packets saved one
 * @shared_packets: packets that another CPU was given to send, because it was
 *	sending by the same hardware queue
 * @requeued_packets: packets for which the device had no room, and which its
 *	queueing discipline was given
 * @drop_packets: packets dropped because the device went down or had no room
 * @copied_packets: forwarded packets that were copied into a buffer of the pool
 * @size: batches by their size, one entry per power of two that occurred, the
 *	smallest first
 * @n_size: number of entries in @size
 * @pool_hits: buffers that the pool gave
 * @pool_misses: buffers that had to be allocated because the pool had none
 * @pool_reclaims: how often it was asked which buffers the driver has let go
 * @pool_size: buffers that the pools of all CPUs have now
 * @pool_bytes: the memory that they take
 * @pool_high: the most buffers of one CPU that were in use at a time
 */
struct kpac_tx {
	uint64_t packets;
	uint64_t doorbells;
	uint64_t shared_packets;
	uint64_t requeued_packets;
	uint64_t drop_packets;
	uint64_t copied_packets;
	const struct kpac_tx_size *size;
	size_t n_size;
	uint64_t pool_hits;
	uint64_t pool_misses;
	uint64_t pool_reclaims;
	uint64_t pool_size;
	uint64_t pool_bytes;
	uint64_t pool_high;
};

/**
 * struct kpac_stats - what happened to the packets of one port
 * @ifindex: interface index of the port's device
 * @ifname: name of the port's device
 * @packets: packets that came through the port's door
 * @bytes: their bytes, from the network header on
 * @accelerated_packets: packets that kpac forwarded
 * @accelerated_bytes: their bytes, from the network header on
 * @handover_packets: accelerated packets received by a veth's peer without
 *	being sent to it, at once or through its receive queue
 * @direct_packets: accelerated packets given straight to the driver, at once or
 *	by a kpac TX queue
 * @queued_packets: accelerated packets given to the queueing discipline
 * @drop_packets: packets dropped where the stack would have dropped them too
 * @resolve_packets: packets for which the kernel's routing was asked
 * @pass_packets: packets left to the stack, the sum over @pass
 * @pass_bytes: their bytes, from the network header on
 * @pass: one entry per reason that occurred, in the order of their numbers
 * @n_pass: number of entries in @pass
 * @tx: what was sent by the port, or %NULL if the module does not tell because
 *	it is older
 * @handler_drop_packets: packets that a handler dropped
 * @reply_packets: packets that a handler turned into a reply
 * @redirect_packets: packets that a handler sent by a device
 * @stolen_packets: packets that a handler kept or used up
 */
struct kpac_stats {
	unsigned int ifindex;
	char ifname[IF_NAMESIZE];
	uint64_t packets;
	uint64_t bytes;
	uint64_t accelerated_packets;
	uint64_t accelerated_bytes;
	uint64_t handover_packets;
	uint64_t direct_packets;
	uint64_t queued_packets;
	uint64_t drop_packets;
	uint64_t resolve_packets;
	uint64_t pass_packets;
	uint64_t pass_bytes;
	const struct kpac_pass *pass;
	size_t n_pass;
	const struct kpac_tx *tx;
	uint64_t handler_drop_packets;
	uint64_t reply_packets;
	uint64_t redirect_packets;
	uint64_t stolen_packets;
};

/**
 * enum kpac_event_type - what an event reports
 * @KPAC_EVENT_PORT_NEW: a device has become a port
 * @KPAC_EVENT_PORT_SET: a port was changed or its device renamed
 * @KPAC_EVENT_PORT_DEL: a device is no longer a port
 * @KPAC_EVENT_GONE: the module was unloaded; no events will follow
 * @KPAC_EVENT_TABLE: the table has changed
 * @KPAC_EVENT_PEER: a peer has come up or gone down
 */
enum kpac_event_type {
	KPAC_EVENT_PORT_NEW,
	KPAC_EVENT_PORT_SET,
	KPAC_EVENT_PORT_DEL,
	KPAC_EVENT_GONE,
	KPAC_EVENT_TABLE,
	KPAC_EVENT_PEER,
};

/**
 * struct kpac_event - something changed in the namespace
 * @type: what
 * @port: the port concerned, as it is now or, if deleted, was last; %NULL if
 *	the event is about none
 * @table: how large the table is now, and what was added and deleted; %NULL but
 *	for %KPAC_EVENT_TABLE
 * @peer: the peer, whose state has changed; %NULL but for %KPAC_EVENT_PEER
 */
struct kpac_event {
	enum kpac_event_type type;
	const struct kpac_port *port;
	const struct kpac_table *table;
	const struct kpac_peer *peer;
};

/*
 * Callbacks. What they are given is valid until they return. They may send
 * further requests on the same handle. A result other than 0 ends the
 * enumeration and becomes the result of the function that called back.
 */
typedef int (*kpac_port_fn)(const struct kpac_port *port, void *arg);
typedef int (*kpac_stats_fn)(const struct kpac_stats *stats, void *arg);
typedef int (*kpac_event_fn)(const struct kpac_event *event, void *arg);

/* The handle: handle.c */
int kpac_open(struct kpac **handle, const char *netns);
void kpac_close(struct kpac *handle);
const char *kpac_error(const struct kpac *handle);
int kpac_ifname(struct kpac *handle, unsigned int ifindex,
		char name[IF_NAMESIZE]);
int kpac_ifindex(struct kpac *handle, const char *name, unsigned int *ifindex);

/* Ports: port.c */
int kpac_port_add(struct kpac *handle, struct kpac_dev dev,
		  const struct kpac_port_config *config);
int kpac_port_set(struct kpac *handle, struct kpac_dev dev,
		  const struct kpac_port_config *config);
int kpac_port_del(struct kpac *handle, struct kpac_dev dev);
int kpac_port_get(struct kpac *handle, struct kpac_dev dev,
		  kpac_port_fn fn, void *arg);
int kpac_port_dump(struct kpac *handle, kpac_port_fn fn, void *arg);

/* Statistics: stats.c */
int kpac_stats_get(struct kpac *handle, struct kpac_dev dev,
		   kpac_stats_fn fn, void *arg);
int kpac_stats_dump(struct kpac *handle, kpac_stats_fn fn, void *arg);
int kpac_stats_reset(struct kpac *handle, struct kpac_dev dev);
int kpac_stats_reset_all(struct kpac *handle);

/* Events: event.c */
int kpac_event_subscribe(struct kpac *handle);
int kpac_event_fd(const struct kpac *handle);
int kpac_event_read(struct kpac *handle, kpac_event_fn fn, void *arg);

/* Names: names.c */
const char *kpac_door_name(unsigned int door);
const char *kpac_door_why_name(unsigned int why);
const char *kpac_door_why_meaning(unsigned int why);
const char *kpac_pass_reason_name(unsigned int reason);
const char *kpac_pass_reason_meaning(unsigned int reason);
int kpac_door_from_name(const char *name);
int kpac_pass_reason_from_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif /* KPAC_H */
