/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * libkpac - balancers and their back ends
 *
 * Included by kpac.h, whose words about errors, threads and binary compatibility
 * hold here as well. struct kpac_balancer and struct kpac_backend start with
 * their size and grow at their ends, whoever allocates them.
 */
#ifndef KPAC_BALANCE_H
#define KPAC_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kpac.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kpac;

/* Which members of struct kpac_balancer count. */
#define KPAC_BALANCER_MODE		(1u << 0)	/* @mode */
#define KPAC_BALANCER_CONNECTIONS	(1u << 1)	/* @connections */
#define KPAC_BALANCER_TIMEOUT		(1u << 2)	/* @timeout */

/**
 * struct kpac_balancer - a balancer
 * @size: sizeof(struct kpac_balancer)
 * @have: which of @mode, @connections and @timeout count, %KPAC_BALANCER_*
 * @name: its name, 1 to %KPAC_MAX_BALANCER bytes
 * @mode: enum kpac_balance_mode
 * @connections: connections that it remembers
 * @timeout: milliseconds for which it remembers a silent one
 *
 * What follows is only told:
 * @backends: how many back ends it has
 * @entries: how many entries of the table use it
 * @cells: ways of connections that are remembered; with NAT each has two
 * @evicted: those that had to be forgotten for others
 * @moved: connections whose back end was down or gone, and that got another
 * @unavailable: packets dropped, for no back end may have them
 * @unresolved: packets dropped, for the back end's link-layer address is not known
 * @unchangeable: packets dropped, for they could not be changed
 * @fragments: fragments, which went on unbalanced
 * @others: packets of other protocols or families, which did as well
 * @unknown: packets on the way back of which no connection is known
 * @errors: ICMP errors that followed a connection
 */
struct kpac_balancer {
	size_t size;
	unsigned int have;
	char name[KPAC_MAX_BALANCER + 1];
	unsigned int mode;
	unsigned int connections;
	uint64_t timeout;
	unsigned int backends;
	unsigned int entries;
	uint64_t cells;
	uint64_t evicted;
	uint64_t moved;
	uint64_t unavailable;
	uint64_t unresolved;
	uint64_t unchangeable;
	uint64_t fragments;
	uint64_t others;
	uint64_t unknown;
	uint64_t errors;
};

/* Which members of struct kpac_backend count. */
#define KPAC_BACKEND_WEIGHT		(1u << 0)	/* @weight */
#define KPAC_BACKEND_STATE		(1u << 1)	/* @state */
#define KPAC_BACKEND_HEARTBEAT		(1u << 2)	/* @heartbeat */

/**
 * struct kpac_backend - a back end
 * @size: sizeof(struct kpac_backend)
 * @have: which of @weight, @state and @heartbeat count, %KPAC_BACKEND_*
 * @balancer: the name of its balancer
 * @addr_len: bytes of @address: 4 for IPv4, 16 for IPv6
 * @address: its address, in network byte order
 * @port: its port, in host byte order; 0: that to which packets are sent
 * @weight: its part of new connections, 0 to %KPAC_MAX_WEIGHT
 * @state: enum kpac_backend_state
 * @heartbeat: the name of its heartbeat, "" for none
 *
 * What follows is only told:
 * @health: enum kpac_backend_health
 * @slots: its slots, of %KPAC_BALANCE_SLOTS
 * @packets: packets that it was given
 * @bytes: their bytes, from the network header on
 * @connections: connections that it was given
 */
struct kpac_backend {
	size_t size;
	unsigned int have;
	char balancer[KPAC_MAX_BALANCER + 1];
	unsigned int addr_len;
	uint8_t address[16];
	uint16_t port;
	unsigned int weight;
	unsigned int state;
	char heartbeat[KPAC_MAX_HEARTBEAT + 1];
	unsigned int health;
	unsigned int slots;
	uint64_t packets;
	uint64_t bytes;
	uint64_t connections;
};

typedef int (*kpac_balancer_fn)(const struct kpac_balancer *balancer, void *arg);
typedef int (*kpac_backend_fn)(const struct kpac_backend *backend, void *arg);

/* Balancers: balancer.c */
int kpac_balancer_add(struct kpac *handle, const struct kpac_balancer *balancer);
int kpac_balancer_set(struct kpac *handle, const struct kpac_balancer *balancer);
int kpac_balancer_del(struct kpac *handle, const char *name);
int kpac_balancer_get(struct kpac *handle, const char *name,
		      kpac_balancer_fn fn, void *arg);
int kpac_balancer_dump(struct kpac *handle, kpac_balancer_fn fn, void *arg);

/* Back ends: backend.c */
int kpac_backend_add(struct kpac *handle, const struct kpac_backend *backend);
int kpac_backend_set(struct kpac *handle, const struct kpac_backend *backend);
int kpac_backend_del(struct kpac *handle, const struct kpac_backend *backend);
int kpac_backend_dump(struct kpac *handle, const char *balancer,
		      kpac_backend_fn fn, void *arg);

/* Their names: names.c */
const char *kpac_balance_mode_name(unsigned int mode);
int kpac_balance_mode_from_name(const char *name);
const char *kpac_backend_state_name(unsigned int state);
int kpac_backend_state_from_name(const char *name);
const char *kpac_backend_health_name(unsigned int health);

#ifdef __cplusplus
}
#endif

#endif /* KPAC_BALANCE_H */
