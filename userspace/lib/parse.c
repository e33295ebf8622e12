// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * From the kernel's messages to structures. Nothing in a message is believed:
 * lengths are checked, what is unknown is skipped, and what is needed and not
 * there makes the message malformed (-EBADMSG).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int kpac_parse_port(const struct nlmsghdr *nlh, struct kpac_port *port)
{
	struct nlattr *tb[KPAC_A_PORT_MAX + 1];
	struct nlattr *first;
	unsigned int value;
	int len;

	memset(port, 0, sizeof(*port));
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_PORT_MAX, first, len, NULL) ||
	    !kpac_get_u32(tb[KPAC_A_PORT_IFINDEX], &port->ifindex) ||
	    !kpac_get_ifname(tb[KPAC_A_PORT_IFNAME], port->ifname))
		return -EBADMSG;

	if (kpac_get_u32(tb[KPAC_A_PORT_DOOR], &port->door))
		port->have |= KPAC_PORT_DOOR;
	if (kpac_get_u32(tb[KPAC_A_PORT_DOOR_USED], &port->door_used))
		port->have |= KPAC_PORT_DOOR_USED;
	if (kpac_get_u32(tb[KPAC_A_PORT_DOOR_WHY], &port->door_why))
		port->have |= KPAC_PORT_DOOR_WHY;
	if (kpac_get_u8(tb[KPAC_A_PORT_FORWARD], &value)) {
		port->have |= KPAC_PORT_FORWARD;
		port->forward = value;
	}
	kpac_get_u32(tb[KPAC_A_PORT_MASTER], &port->master);
	if (kpac_get_u32(tb[KPAC_A_PORT_TX_BATCH], &port->tx_batch))
		port->have |= KPAC_PORT_TX_BATCH;
	if (kpac_get_u32(tb[KPAC_A_PORT_CLEAN_BATCH], &port->clean_batch))
		port->have |= KPAC_PORT_CLEAN_BATCH;
	if (kpac_get_u32(tb[KPAC_A_PORT_POOL], &port->pool))
		port->have |= KPAC_PORT_POOL;
	if (kpac_get_u32(tb[KPAC_A_PORT_COPYBREAK], &port->copybreak))
		port->have |= KPAC_PORT_COPYBREAK;
	return 0;
}

static int parse_pass(struct nlattr *nest, struct kpac_pass *pass)
{
	struct nlattr *tb[KPAC_A_PASS_MAX + 1];

	memset(pass, 0, sizeof(*pass));
	if (nla_parse(tb, KPAC_A_PASS_MAX, nla_data(nest), nla_len(nest),
		      NULL) ||
	    !kpac_get_u32(tb[KPAC_A_PASS_REASON], &pass->reason) ||
	    !kpac_get_uint(tb[KPAC_A_PASS_PACKETS], &pass->packets))
		return -EBADMSG;
	kpac_get_uint(tb[KPAC_A_PASS_BYTES], &pass->bytes);
	return 0;
}

static int by_reason(const void *a, const void *b)
{
	unsigned int x = ((const struct kpac_pass *)a)->reason;
	unsigned int y = ((const struct kpac_pass *)b)->reason;

	return (x > y) - (x < y);
}

static int parse_passes(struct nlattr *first, int len, struct kpac_stats *stats)
{
	size_t n = kpac_count_attrs(first, len, KPAC_A_STATS_PASS);
	struct kpac_pass *pass;
	struct nlattr *nla;
	int rest;

	if (!n)
		return 0;

	pass = calloc(n, sizeof(*pass));
	if (!pass)
		return -ENOMEM;
	stats->pass = pass;

	nla_for_each_attr(nla, first, len, rest) {
		if (nla_type(nla) != KPAC_A_STATS_PASS)
			continue;
		if (parse_pass(nla, pass))
			return -EBADMSG;
		stats->pass_packets += pass->packets;
		stats->pass_bytes += pass->bytes;
		stats->n_pass++;
		pass++;
	}
	qsort((void *)stats->pass, n, sizeof(*pass), by_reason);
	return 0;
}

static int parse_tx_size(struct nlattr *nest, struct kpac_tx_size *size)
{
	struct nlattr *tb[KPAC_A_TX_SIZE_MAX + 1];

	if (nla_parse(tb, KPAC_A_TX_SIZE_MAX, nla_data(nest), nla_len(nest),
		      NULL) ||
	    !kpac_get_u32(tb[KPAC_A_TX_SIZE_LEAST], &size->least) || !size->least ||
	    !kpac_get_uint(tb[KPAC_A_TX_SIZE_BATCHES], &size->batches))
		return -EBADMSG;
	return 0;
}

static int by_least(const void *a, const void *b)
{
	unsigned int x = ((const struct kpac_tx_size *)a)->least;
	unsigned int y = ((const struct kpac_tx_size *)b)->least;

	return (x > y) - (x < y);
}

static int parse_tx_sizes(struct nlattr *first, int len, struct kpac_tx *tx)
{
	size_t n = kpac_count_attrs(first, len, KPAC_A_TX_SIZE);
	struct kpac_tx_size *size;
	struct nlattr *nla;
	int rest;

	if (!n)
		return 0;

	size = calloc(n, sizeof(*size));
	if (!size)
		return -ENOMEM;
	tx->size = size;

	nla_for_each_attr(nla, first, len, rest) {
		if (nla_type(nla) != KPAC_A_TX_SIZE)
			continue;
		if (parse_tx_size(nla, size))
			return -EBADMSG;
		tx->n_size++;
		size++;
	}
	qsort((void *)tx->size, n, sizeof(*size), by_least);
	return 0;
}

static int parse_tx(struct nlattr *nest, struct kpac_stats *stats)
{
	struct nlattr *tb[KPAC_A_TX_MAX + 1];
	struct kpac_tx *tx;

	tx = calloc(1, sizeof(*tx));
	if (!tx)
		return -ENOMEM;
	stats->tx = tx;

	if (nla_parse(tb, KPAC_A_TX_MAX, nla_data(nest), nla_len(nest), NULL) ||
	    !kpac_get_uint(tb[KPAC_A_TX_PACKETS], &tx->packets) ||
	    !kpac_get_uint(tb[KPAC_A_TX_DOORBELLS], &tx->doorbells))
		return -EBADMSG;

	kpac_get_uint(tb[KPAC_A_TX_SHARED_PACKETS], &tx->shared_packets);
	kpac_get_uint(tb[KPAC_A_TX_REQUEUED_PACKETS], &tx->requeued_packets);
	kpac_get_uint(tb[KPAC_A_TX_DROP_PACKETS], &tx->drop_packets);
	kpac_get_uint(tb[KPAC_A_TX_COPIED_PACKETS], &tx->copied_packets);
	kpac_get_uint(tb[KPAC_A_TX_POOL_HITS], &tx->pool_hits);
	kpac_get_uint(tb[KPAC_A_TX_POOL_MISSES], &tx->pool_misses);
	kpac_get_uint(tb[KPAC_A_TX_POOL_RECLAIMS], &tx->pool_reclaims);
	kpac_get_uint(tb[KPAC_A_TX_POOL_SIZE], &tx->pool_size);
	kpac_get_uint(tb[KPAC_A_TX_POOL_BYTES], &tx->pool_bytes);
	kpac_get_uint(tb[KPAC_A_TX_POOL_HIGH], &tx->pool_high);
	return parse_tx_sizes(nla_data(nest), nla_len(nest), tx);
}

int kpac_parse_stats(const struct nlmsghdr *nlh, struct kpac_stats *stats)
{
	struct nlattr *tb[KPAC_A_STATS_MAX + 1];
	struct nlattr *first;
	int len;
	int err;

	memset(stats, 0, sizeof(*stats));
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_STATS_MAX, first, len, NULL) ||
	    !kpac_get_u32(tb[KPAC_A_STATS_IFINDEX], &stats->ifindex) ||
	    !kpac_get_ifname(tb[KPAC_A_STATS_IFNAME], stats->ifname) ||
	    !kpac_get_uint(tb[KPAC_A_STATS_PACKETS], &stats->packets))
		return -EBADMSG;

	kpac_get_uint(tb[KPAC_A_STATS_BYTES], &stats->bytes);
	kpac_get_uint(tb[KPAC_A_STATS_ACCELERATED_PACKETS],
		 &stats->accelerated_packets);
	kpac_get_uint(tb[KPAC_A_STATS_ACCELERATED_BYTES], &stats->accelerated_bytes);
	kpac_get_uint(tb[KPAC_A_STATS_HANDOVER_PACKETS], &stats->handover_packets);
	kpac_get_uint(tb[KPAC_A_STATS_DIRECT_PACKETS], &stats->direct_packets);
	kpac_get_uint(tb[KPAC_A_STATS_QUEUED_PACKETS], &stats->queued_packets);
	kpac_get_uint(tb[KPAC_A_STATS_DROP_PACKETS], &stats->drop_packets);
	kpac_get_uint(tb[KPAC_A_STATS_RESOLVE_PACKETS], &stats->resolve_packets);

	kpac_get_uint(tb[KPAC_A_STATS_HANDLER_DROP_PACKETS],
		      &stats->handler_drop_packets);
	kpac_get_uint(tb[KPAC_A_STATS_REPLY_PACKETS], &stats->reply_packets);
	kpac_get_uint(tb[KPAC_A_STATS_REDIRECT_PACKETS],
		      &stats->redirect_packets);
	kpac_get_uint(tb[KPAC_A_STATS_STOLEN_PACKETS], &stats->stolen_packets);

	err = parse_passes(first, len, stats);
	if (!err && tb[KPAC_A_STATS_TX])
		err = parse_tx(tb[KPAC_A_STATS_TX], stats);
	if (err)
		kpac_stats_fini(stats);
	return err;
}

void kpac_stats_fini(struct kpac_stats *stats)
{
	if (stats->tx)
		free((void *)stats->tx->size);
	free((void *)stats->tx);
	free((void *)stats->pass);
	stats->tx = NULL;
	stats->pass = NULL;
	stats->n_pass = 0;
}
