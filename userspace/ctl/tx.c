// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* What a port sent, in which batches, and what became of its pool's buffers. */
#include <inttypes.h>
#include <string.h>

#include "kpacctl.h"

/*
 * Packets that needed no doorbell of their own. The counters are not read at
 * one moment, so there can be more doorbells than packets.
 */
static uint64_t saved(const struct kpac_tx *tx)
{
	return tx->packets > tx->doorbells ? tx->packets - tx->doorbells : 0;
}

static uint64_t wanted(const struct kpac_tx *tx)
{
	return tx->pool_hits + tx->pool_misses;
}

/* The most packets of a batch that is counted with those of @least. */
static uint64_t most(unsigned int least)
{
	return least == KPAC_MAX_BATCH ? least : (uint64_t)least * 2 - 1;
}

static json_t *json_sizes(const struct kpac_tx *tx)
{
	json_t *sizes = json_array();
	size_t i;

	for (i = 0; i < tx->n_size; i++)
		json_array_append_new(sizes, json_pack("{s:o,s:o,s:o}",
			"least", json_count(tx->size[i].least),
			"most", json_count(most(tx->size[i].least)),
			"batches", json_count(tx->size[i].batches)));
	return sizes;
}

json_t *json_tx(const struct kpac_tx *tx)
{
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{ "packets", tx->packets },
		{ "doorbells", tx->doorbells },
		{ "doorbells_saved", saved(tx) },
		{ "shared_packets", tx->shared_packets },
		{ "requeued_packets", tx->requeued_packets },
		{ "drop_packets", tx->drop_packets },
		{ "copied_packets", tx->copied_packets },
		{ "pool_hits", tx->pool_hits },
		{ "pool_misses", tx->pool_misses },
		{ "pool_reclaims", tx->pool_reclaims },
		{ "pool_size", tx->pool_size },
		{ "pool_bytes", tx->pool_bytes },
		{ "pool_high", tx->pool_high },
	};
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++)
		json_object_set_new(object, counts[i].key,
				    json_count(counts[i].value));
	json_object_set_new(object, "doorbells_saved_share",
			    json_real(share(saved(tx), tx->packets)));
	json_object_set_new(object, "pool_hit_share",
			    json_real(share(tx->pool_hits, wanted(tx))));
	json_object_set_new(object, "sizes", json_sizes(tx));
	return object;
}

/* A row of the table, with what it says for people. */
static void row(const char *label, uint64_t count, uint64_t whole,
		const char *meaning)
{
	print_count(label, count);
	print_share(count, whole);
	printf("%s%s\n", *meaning ? "  " : "", meaning);
}

static void plain_row(const char *label, uint64_t count, const char *meaning)
{
	print_count(label, count);
	printf("%8s  %s\n", "", meaning);
}

static void heading(const struct ctl *ctl, const char *what, const char *unit)
{
	char line[64];

	snprintf(line, sizeof(line), "  %-20s %14s%8s", what, unit, "share");
	print_colored(ctl, COLOR_HEAD, line);
	putchar('\n');
}

static void print_sizes(const struct ctl *ctl, const struct kpac_tx *tx)
{
	uint64_t batches = 0;
	char label[48];
	size_t i;

	if (!tx->n_size)
		return;
	for (i = 0; i < tx->n_size; i++)
		batches += tx->size[i].batches;
	heading(ctl, "packets at once", "batches");
	for (i = 0; i < tx->n_size; i++) {
		unsigned int least = tx->size[i].least;

		if (most(least) == least)
			snprintf(label, sizeof(label), "  %u", least);
		else
			snprintf(label, sizeof(label), "  %u-%" PRIu64, least,
				 most(least));
		row(label, tx->size[i].batches, batches, "");
	}
}

static void print_sent(const struct ctl *ctl, const struct kpac_tx *tx)
{
	heading(ctl, "TX queues", "packets");
	row("  sent", tx->packets, tx->packets, "given to the driver");
	row("    doorbells", tx->doorbells, tx->packets,
	    "times that the driver was told to send");
	row("    doorbells saved", saved(tx), tx->packets,
	    "packets sent along with others");
	row("  by other CPUs", tx->shared_packets, tx->packets,
	    "left to a CPU that was sending by the same hardware queue");
	plain_row("  requeued", tx->requeued_packets,
		  "no room in the device; given to its queueing discipline");
	plain_row("  dropped", tx->drop_packets,
		  "no room in the device, or it went down");
	plain_row("  copied", tx->copied_packets,
		  "forwarded as a copy in a buffer of the pool (copybreak)");
}

static void print_pool(const struct ctl *ctl, const struct kpac_tx *tx)
{
	heading(ctl, "buffer pool", "buffers");
	row("  hits", tx->pool_hits, wanted(tx), "given by the pool");
	row("  misses", tx->pool_misses, wanted(tx),
	    "allocated, because the pool had none");
	plain_row("  reclaims", tx->pool_reclaims,
		  "times that it looked for buffers that the driver has let go");
	print_count("  size", tx->pool_size);
	printf("%8s  on all CPUs now, %" PRIu64 " bytes\n", "", tx->pool_bytes);
	plain_row("  high-water mark", tx->pool_high,
		  "the most of one CPU that were in use at a time");
}

/* Only what says something: nothing for a port by which nothing is sent. */
void print_tx(const struct ctl *ctl, const struct kpac_tx *tx)
{
	if (tx->packets || tx->doorbells || tx->shared_packets ||
	    tx->requeued_packets || tx->drop_packets || tx->copied_packets) {
		print_sent(ctl, tx);
		print_sizes(ctl, tx);
	}
	if (wanted(tx) || tx->pool_reclaims || tx->pool_size || tx->pool_high)
		print_pool(ctl, tx);
}
