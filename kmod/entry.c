// SPDX-License-Identifier: GPL-2.0
/* Entries: how they are made and counted; see entry.h. */

#include <linux/mm.h>
#include <linux/slab.h>

#include "entry.h"

struct kpac_entry kpac_entry_gone;

/* A handler that always decides the same, among others. */
static enum kpac_verdict kpac_step_verdict(void *priv, struct kpac_view *view)
{
	return (unsigned long)priv;
}

static bool kpac_do_ends(const struct kpac_do *doing)
{
	return doing->handler->run ? doing->handler->ends :
	       doing->handler->verdict != KPAC_VERDICT_NEXT;
}

/* Make what a handler needs, and the step that packets meet. */
static int kpac_entry_step(struct net *net, struct kpac_entry *entry,
			   const struct kpac_do *doing,
			   struct netlink_ext_ack *extack)
{
	const struct kpac_handler *handler = doing->handler;
	void *priv = NULL;

	if (!handler->run) {
		priv = (void *)(unsigned long)handler->verdict;
	} else {
		if (handler->create)
			priv = handler->create(net, doing->args, doing->n_args,
					       extack);
		if (IS_ERR(priv))
			return PTR_ERR(priv);
		entry->flags &= ~KPAC_ENTRY_PLAIN;
	}
	entry->steps++;
	entry->step[entry->steps - 1] = (struct kpac_step) {
		.run = handler->run ?: kpac_step_verdict,
		.priv = priv,
	};
	return 0;
}

static void kpac_entry_end_steps(struct kpac_entry *entry)
{
	for (; entry->steps; entry->steps--) {
		unsigned int last = entry->steps - 1;
		const struct kpac_handler *handler =
			entry->rule.doing[last].handler;

		if (handler->run && handler->destroy)
			handler->destroy(entry->step[last].priv);
	}
}

static int kpac_entry_steps(struct net *net, struct kpac_entry *entry,
			    struct netlink_ext_ack *extack)
{
	const struct kpac_rule *rule = &entry->rule;
	unsigned int i;
	int err;

	entry->flags = KPAC_ENTRY_PLAIN;
	for (i = 0; i < rule->n_do; i++) {
		err = kpac_entry_step(net, entry, &rule->doing[i], extack);
		if (err)
			return err;
	}
	if (rule->n_do && kpac_do_ends(&rule->doing[i - 1]))
		entry->flags |= KPAC_ENTRY_ENDS;
	if (rule->n_do && !rule->doing[i - 1].handler->run)
		entry->verdict = rule->doing[i - 1].handler->verdict;
	return 0;
}

static int kpac_entry_rest(struct kpac_entry *entry)
{
	struct kpac_rest rest;

	if (!kpac_match_rest(&entry->rule.match, entry->rule.expires, &rest))
		return 0;
	entry->rest = kmemdup(&rest, sizeof(rest), GFP_KERNEL_ACCOUNT);
	return entry->rest ? 0 : -ENOMEM;
}

/**
 * kpac_entry_new - make an entry
 * @net: its namespace
 * @rule: what was asked for; of its handlers none but the last ends the way of
 *	every packet; the entry has what is in it, even if there is an error
 * @extack: for messages
 *
 * Context: process, may sleep.
 * Return: the entry, for kpac_entry_free(), or an error.
 */
struct kpac_entry *kpac_entry_new(struct net *net, struct kpac_rule *rule,
				  struct netlink_ext_ack *extack)
{
	struct kpac_pattern pattern;
	struct kpac_entry *entry;
	size_t size;
	int err;

	kpac_match_compile(&rule->match, &pattern);
	size = struct_size(entry, step, rule->n_do);
	entry = kzalloc(size + pattern.words * sizeof(*entry->key),
			GFP_KERNEL_ACCOUNT);
	if (!entry) {
		kpac_rule_free(rule);
		return ERR_PTR(-ENOMEM);
	}
	entry->rule = *rule;
	memset(rule, 0, sizeof(*rule));
	entry->key = (void *)entry + size;
	memcpy(entry->key, pattern.key, pattern.words * sizeof(*entry->key));
	INIT_LIST_HEAD(&entry->list);
	INIT_LIST_HEAD(&entry->expiring);
	err = -ENOMEM;
	entry->counts = alloc_percpu_gfp(struct kpac_entry_count,
					 GFP_KERNEL_ACCOUNT);
	if (!entry->counts)
		goto err;
	err = kpac_entry_rest(entry);
	if (err)
		goto err;
	err = kpac_entry_steps(net, entry, extack);
	if (err)
		goto err;
	return entry;

err:
	kpac_entry_free(entry);
	return ERR_PTR(err);
}

/**
 * kpac_entry_retire - tell an entry's handlers that the table has it no more
 * @entry: the entry
 *
 * Context: process, may sleep.
 */
void kpac_entry_retire(struct kpac_entry *entry)
{
	unsigned int i;

	if (entry->retired)
		return;
	entry->retired = true;
	for (i = 0; i < entry->steps; i++) {
		const struct kpac_handler *handler =
			entry->rule.doing[i].handler;

		if (handler->run && handler->retire)
			handler->retire(entry->step[i].priv);
	}
}

/**
 * kpac_entry_free - free an entry that no packet can meet
 * @entry: the entry
 *
 * Context: process, may sleep.
 */
void kpac_entry_free(struct kpac_entry *entry)
{
	kpac_entry_retire(entry);
	kpac_entry_end_steps(entry);
	kpac_rule_free(&entry->rule);
	free_percpu(entry->counts);
	kfree(entry->rest);
	kfree(entry);
}

static void kpac_do_free(struct kpac_do *doing)
{
	while (doing->n_args--)
		kfree(doing->args[doing->n_args].text);
	kfree(doing->args);
	if (doing->handler)
		kpac_handler_put(doing->handler);
}

/**
 * kpac_rule_free - free what is in a rule
 * @rule: the rule
 *
 * Context: process, may sleep.
 */
void kpac_rule_free(struct kpac_rule *rule)
{
	while (rule->n_do)
		kpac_do_free(&rule->doing[--rule->n_do]);
	kfree(rule->doing);
	kfree(rule->match.payload);
	kfree(rule->comment);
}

static void kpac_entry_total(const struct kpac_entry *entry,
			     struct kpac_entry_stats *sum)
{
	int cpu;

	*sum = (struct kpac_entry_stats) {};
	for_each_possible_cpu(cpu) {
		const struct kpac_entry_count *count =
			per_cpu_ptr(entry->counts, cpu);

		sum->packets += u64_stats_read(&count->packets);
		sum->bytes += u64_stats_read(&count->bytes);
	}
}

/**
 * kpac_entry_sum - what has been counted since the last reset
 * @entry: the entry
 * @sum: the sum over all CPUs
 *
 * Context: process, under the table's lock.
 */
void kpac_entry_sum(const struct kpac_entry *entry,
		    struct kpac_entry_stats *sum)
{
	kpac_entry_total(entry, sum);
	sum->packets -= entry->base.packets;
	sum->bytes -= entry->base.bytes;
}

/**
 * kpac_entry_reset - count from now on
 * @entry: the entry
 *
 * Context: process, under the table's lock.
 */
void kpac_entry_reset(struct kpac_entry *entry)
{
	kpac_entry_total(entry, &entry->base);
}

/**
 * kpac_entry_memory - how much memory an entry takes
 * @entry: the entry
 *
 * Context: any.
 * Return: bytes, without what its handlers have made.
 */
size_t kpac_entry_memory(const struct kpac_entry *entry)
{
	const struct kpac_rule *rule = &entry->rule;
	size_t bytes = ksize(entry) + ksize(rule->doing) +
		       num_possible_cpus() * sizeof(*entry->counts);
	unsigned int i;

	if (entry->rest)
		bytes += ksize(entry->rest);
	if (rule->comment)
		bytes += ksize(rule->comment);
	if (rule->match.payload)
		bytes += ksize(rule->match.payload);
	for (i = 0; i < rule->n_do; i++)
		if (rule->doing[i].args)
			bytes += ksize(rule->doing[i].args);
	return bytes;
}
