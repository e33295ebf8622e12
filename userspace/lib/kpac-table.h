/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * libkpac - the table: which packets are given to which handlers
 *
 * Included by kpac.h, whose words about errors and threads hold here as well.
 *
 * Binary compatibility: struct kpac_match, struct kpac_entry and struct
 * kpac_entry_which start with their size and grow at their ends; the library
 * takes every size that they ever had. Structures that come in arrays (struct
 * kpac_payload, kpac_arg, kpac_figure, kpac_do, kpac_arg_spec) stay as they are.
 */
#ifndef KPAC_TABLE_H
#define KPAC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include <linux/kpac.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kpac;

/* Which members of struct kpac_match count. */
#define KPAC_MATCH_IFINDEX	(1u << 0)	/* @ifindex */
#define KPAC_MATCH_IFNAME	(1u << 1)	/* @ifname */
#define KPAC_MATCH_VLAN		(1u << 2)	/* @vlan */
#define KPAC_MATCH_ETHERTYPE	(1u << 3)	/* @ethertype */
#define KPAC_MATCH_PROTO	(1u << 4)	/* @proto */
#define KPAC_MATCH_SRC		(1u << 5)	/* @src */
#define KPAC_MATCH_DST		(1u << 6)	/* @dst */
#define KPAC_MATCH_SPORT	(1u << 7)	/* @sport */
#define KPAC_MATCH_DPORT	(1u << 8)	/* @dport */
#define KPAC_MATCH_ICMP_TYPE	(1u << 9)	/* @icmp_type */
#define KPAC_MATCH_ICMP_CODE	(1u << 10)	/* @icmp_code */
#define KPAC_MATCH_TCP_FLAGS	(1u << 11)	/* @tcp_flags, @tcp_flags_mask */
#define KPAC_MATCH_DSCP		(1u << 12)	/* @dscp */
#define KPAC_MATCH_FRAGMENT	(1u << 13)	/* @fragment */
#define KPAC_MATCH_LENGTH	(1u << 14)	/* @length */
#define KPAC_MATCH_PAYLOAD	(1u << 15)	/* @payload, @n_payload */
#define KPAC_MATCH_UNFILTERED	(1u << 16)	/* no member: it is so */

/**
 * struct kpac_prefix - addresses that begin alike
 * @address: the address, in network byte order
 * @bytes: how many bytes it has: 4 for IPv4, 16 for IPv6
 * @len: how many of its bits count
 */
struct kpac_prefix {
	uint8_t address[16];
	unsigned int bytes;
	unsigned int len;
};

/**
 * struct kpac_range - numbers from one to another
 * @first: the first
 * @last: the last, which may be the first
 */
struct kpac_range {
	uint32_t first;
	uint32_t last;
};

/**
 * struct kpac_payload - bytes that a packet must have
 * @base: what @offset is relative to, enum kpac_base
 * @offset: where they begin, up to %KPAC_MAX_OFFSET
 * @len: how many there are, 1 to %KPAC_MAX_PAYLOAD
 * @value: what they have to be
 * @mask: which of their bits count
 */
struct kpac_payload {
	unsigned int base;
	unsigned int offset;
	unsigned int len;
	uint8_t value[KPAC_MAX_PAYLOAD];
	uint8_t mask[KPAC_MAX_PAYLOAD];
};

/**
 * struct kpac_match - what a packet must be like
 * @size: sizeof(struct kpac_match)
 * @have: which of the members below count, %KPAC_MATCH_*; the others may be
 *	anything
 * @ifindex: interface index of the port by which it came in
 * @ifname: name of that device
 * @vlan: number of its VLAN
 * @ethertype: EtherType, in host byte order
 * @proto: protocol over IPv4 or IPv6, IPPROTO_*
 * @src: source address
 * @dst: destination address
 * @sport: source port
 * @dport: destination port
 * @icmp_type: type of the ICMP or ICMPv6 message
 * @icmp_code: its code
 * @tcp_flags: the TCP flags that are set
 * @tcp_flags_mask: those that count
 * @dscp: differentiated services code point
 * @fragment: which fragments, enum kpac_fragment
 * @length: bytes from the network header on
 * @payload: bytes of the packet, all of which have to match
 * @n_payload: number of elements of @payload
 *
 * What follows from something else need not be said: a destination port, for
 * instance, is found in no ICMP.
 */
struct kpac_match {
	size_t size;
	unsigned int have;
	unsigned int ifindex;
	char ifname[IF_NAMESIZE];
	uint16_t vlan;
	uint16_t ethertype;
	uint8_t proto;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t tcp_flags;
	uint8_t tcp_flags_mask;
	uint8_t dscp;
	unsigned int fragment;
	struct kpac_prefix src;
	struct kpac_prefix dst;
	struct kpac_range sport;
	struct kpac_range dport;
	struct kpac_range length;
	const struct kpac_payload *payload;
	size_t n_payload;
};

/* Which values a struct kpac_arg has. */
#define KPAC_ARG_NUMBER		(1u << 0)	/* @number */
#define KPAC_ARG_TEXT		(1u << 1)	/* @text */
#define KPAC_ARG_ADDRESS	(1u << 2)	/* @address, @address_len */
#define KPAC_ARG_PREFIX_LEN	(1u << 3)	/* @prefix_len */

/**
 * struct kpac_arg - an argument of a handler
 * @name: its name
 * @have: which values it has, %KPAC_ARG_*; none if it is a flag
 * @prefix_len: of a prefix, how many bits of @address count
 * @number: a number, a size in bytes, a rate in bytes per second, a time in
 *	milliseconds, or the interface index of a device
 * @text: text, a choice, or the name of a device
 * @address: an address of any kind, in network byte order
 * @address_len: bytes of @address: 4 for IPv4, 16 for IPv6, 6 for Ethernet
 *
 * Which of them is right depends on the type of the argument, see struct
 * kpac_arg_spec.
 */
struct kpac_arg {
	const char *name;
	unsigned int have;
	unsigned int prefix_len;
	uint64_t number;
	const char *text;
	uint8_t address[16];
	unsigned int address_len;
};

/**
 * struct kpac_figure - something that a handler has to tell
 * @name: what it is
 * @number: how many
 */
struct kpac_figure {
	const char *name;
	uint64_t number;
};

/**
 * struct kpac_do - a handler, as an entry has it
 * @handler: the name of the handler
 * @args: its arguments, in order
 * @n_args: number of elements of @args
 * @figures: what the handler did for this entry; not for a request
 * @n_figures: number of elements of @figures
 */
struct kpac_do {
	const char *handler;
	const struct kpac_arg *args;
	size_t n_args;
	const struct kpac_figure *figures;
	size_t n_figures;
};

/* Which members of struct kpac_entry and struct kpac_entry_which count. */
#define KPAC_ENTRY_ID		(1u << 0)	/* @id */
#define KPAC_ENTRY_PRIORITY	(1u << 1)	/* @priority */
#define KPAC_ENTRY_COMMENT	(1u << 2)	/* @comment */
#define KPAC_ENTRY_EXPIRES	(1u << 3)	/* @expires */
#define KPAC_ENTRY_COUNTERS	(1u << 4)	/* @packets, @bytes */

/**
 * struct kpac_entry - an entry of the table
 * @size: sizeof(struct kpac_entry)
 * @have: which of the members below count, %KPAC_ENTRY_*; of a request
 *	%KPAC_ENTRY_PRIORITY, %KPAC_ENTRY_COMMENT and %KPAC_ENTRY_EXPIRES
 * @id: the kernel's number for it
 * @priority: its priority, 0 to %KPAC_MAX_PRIORITY; lower ones come first
 * @comment: a comment, of at most %KPAC_MAX_COMMENT bytes
 * @match: which packets it is for; %NULL for all
 * @dos: the handlers, in order
 * @n_dos: number of elements of @dos, at most %KPAC_MAX_DO
 * @expires: milliseconds until it deletes itself
 * @packets: packets that it was for
 * @bytes: their bytes, from the network header on
 */
struct kpac_entry {
	size_t size;
	unsigned int have;
	uint32_t id;
	uint32_t priority;
	const char *comment;
	const struct kpac_match *match;
	const struct kpac_do *dos;
	size_t n_dos;
	uint64_t expires;
	uint64_t packets;
	uint64_t bytes;
};

/**
 * struct kpac_entry_which - the entries that a request is about
 * @size: sizeof(struct kpac_entry_which)
 * @have: which of the members below count: %KPAC_ENTRY_ID,
 *	%KPAC_ENTRY_PRIORITY, %KPAC_ENTRY_COMMENT
 * @id: the one that has this number
 * @priority: those of this priority
 * @comment: those with this comment
 */
struct kpac_entry_which {
	size_t size;
	unsigned int have;
	uint32_t id;
	uint32_t priority;
	const char *comment;
};

/**
 * struct kpac_table - how large the table is
 * @generation: how often it has changed
 * @entries: entries that it has
 * @masks: distinct masks, each of which costs a lookup per packet
 * @memory: bytes that it and its entries take, without the handlers'
 * @added: entries added by the change that this tells of
 * @deleted: entries deleted by it
 */
struct kpac_table {
	uint64_t generation;
	uint32_t entries;
	uint32_t masks;
	uint64_t memory;
	uint32_t added;
	uint32_t deleted;
};

/* Which members of struct kpac_arg_spec count. */
#define KPAC_ARG_SPEC_MIN	(1u << 0)	/* @min */
#define KPAC_ARG_SPEC_MAX	(1u << 1)	/* @max */

/**
 * struct kpac_arg_spec - an argument that a handler takes
 * @name: its name
 * @type: what kind of value it has, enum kpac_arg_type
 * @required: whether it must be given
 * @repeated: whether it may be given more than once
 * @have: which of @min and @max count, %KPAC_ARG_SPEC_*
 * @min: the least that its number may be
 * @max: the most that it may be
 * @choices: the words that a choice may be
 * @n_choices: number of elements of @choices
 * @doc: what it means, "" if the kernel does not say
 */
struct kpac_arg_spec {
	const char *name;
	unsigned int type;
	bool required;
	bool repeated;
	unsigned int have;
	uint64_t min;
	uint64_t max;
	const char *const *choices;
	size_t n_choices;
	const char *doc;
};

/**
 * struct kpac_handler - a handler that the kernel has
 * @name: its name
 * @module: the module that has it, "" if the kernel does not say
 * @doc: what it does, "" if the kernel does not say
 * @ends: whether it always ends the way of a packet through the table
 * @args: the arguments that it takes
 * @n_args: number of elements of @args
 */
struct kpac_handler {
	const char *name;
	const char *module;
	const char *doc;
	bool ends;
	const struct kpac_arg_spec *args;
	size_t n_args;
};

/* How deep the attributes of a message are nested, at most. */
#define KPAC_FAULT_DEPTH 4

/* The operation of a fault that is of none: of the batch as a whole. */
#define KPAC_FAULT_BATCH ((size_t)-1)

/**
 * struct kpac_fault - what of a request the kernel did not like
 * @operation: which operation of a batch, from 0, or %KPAC_FAULT_BATCH; 0 of a
 *	request that is no batch
 * @depth: how many elements of @path are used, 0 if the kernel named no
 *	attribute
 * @path: the way to the wrong attribute, from the outermost one
 * @path.attr: its type in the attribute set (%KPAC_A_ENTRY_DO, ...)
 * @path.index: how many of the same type come before it in the same place
 */
struct kpac_fault {
	size_t operation;
	size_t depth;
	struct {
		unsigned int attr;
		unsigned int index;
	} path[KPAC_FAULT_DEPTH];
};

typedef int (*kpac_entry_fn)(const struct kpac_entry *entry, void *arg);
typedef int (*kpac_table_fn)(const struct kpac_table *table, void *arg);
typedef int (*kpac_handler_fn)(const struct kpac_handler *handler, void *arg);

/* Entries: entry.c */
int kpac_entry_add(struct kpac *handle, const struct kpac_entry *entry,
		   uint32_t *id);
int kpac_entry_del(struct kpac *handle, const struct kpac_entry_which *which);
int kpac_entry_flush(struct kpac *handle);
int kpac_entry_reset(struct kpac *handle, const struct kpac_entry_which *which);
int kpac_entry_get(struct kpac *handle, uint32_t id, kpac_entry_fn fn,
		   void *arg);
int kpac_entry_dump(struct kpac *handle, kpac_entry_fn fn, void *arg);
int kpac_table_get(struct kpac *handle, kpac_table_fn fn, void *arg);

/* Handlers: handler.c */
int kpac_handler_dump(struct kpac *handle, kpac_handler_fn fn, void *arg);
int kpac_handler_get(struct kpac *handle, const char *name, kpac_handler_fn fn,
		     void *arg);

/* Batches: batch.c */
int kpac_batch_begin(struct kpac *handle, const uint64_t *generation);
int kpac_batch_add(struct kpac *handle, const struct kpac_entry *entry);
int kpac_batch_del(struct kpac *handle, const struct kpac_entry_which *which);
int kpac_batch_flush(struct kpac *handle);
int kpac_batch_commit(struct kpac *handle, kpac_table_fn fn, void *arg);
int kpac_batch_abort(struct kpac *handle);

/* What was wrong: refusal.c */
const struct kpac_fault *kpac_fault(const struct kpac *handle);

/* Names: names.c */
const char *kpac_arg_type_name(unsigned int type);
const char *kpac_base_name(unsigned int base);
int kpac_base_from_name(const char *name);
const char *kpac_fragment_name(unsigned int fragment);
int kpac_fragment_from_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif /* KPAC_TABLE_H */
