/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A relay: how CPUs that want to send by the same queue share it. One of them
 * has the lock and sends; the others do not wait for it, but give it their
 * batches, and go on. So a batch costs one atomic operation if nobody else is
 * sending, three if somebody is, and a packet none.
 *
 * Batches are taken in the order in which they were given, whoever gave them:
 * a flow that moves from one CPU to another keeps its order, if the former had
 * given what it had by then.
 *
 * The waiting batches are a stack to which whole batches are pushed and which is
 * taken as a whole, as in the kernel's llist: there is no ABA problem. Compare
 * flat combining (Hendler, Incze, Shavit, Tzafrir, SPAA 2010). bench/relay.c
 * runs this file as it is in user space, beside other queues.
 */
#ifndef _KPAC_RELAY_H
#define _KPAC_RELAY_H

#include <linux/skbuff.h>
#include <linux/spinlock.h>

/**
 * struct kpac_batch - packets in order, linked by skb->next
 * @head: the first; NULL if there is none
 * @tail: the last, if there is one
 * @len: how many
 */
struct kpac_batch {
	struct sk_buff *head;
	struct sk_buff *tail;
	unsigned int len;
};

/**
 * struct kpac_relay - the place where batches wait for the one who sends
 * @lock: who has it sends
 * @top: the first packet of the batch given last; its @prev is the batch's last
 */
struct kpac_relay {
	spinlock_t lock;
	struct sk_buff *top;
};

static inline void kpac_relay_init(struct kpac_relay *relay)
{
	spin_lock_init(&relay->lock);
	relay->top = NULL;
}

/* Put a packet at the end of a batch that nobody else sees. */
static __always_inline void kpac_batch_add(struct kpac_batch *batch,
					   struct sk_buff *skb)
{
	skb->next = NULL;
	if (batch->len++)
		batch->tail->next = skb;
	else
		batch->head = skb;
	batch->tail = skb;
}

/* Put a chain of packets, NULL at its end, behind a batch. */
static inline void kpac_batch_join(struct kpac_batch *batch,
				   const struct kpac_batch *more)
{
	if (!more->len)
		return;
	if (batch->len)
		batch->tail->next = more->head;
	else
		batch->head = more->head;
	batch->tail = more->tail;
	batch->len += more->len;
}

/* Take everything out of a batch. */
static __always_inline struct kpac_batch kpac_batch_take(struct kpac_batch *batch)
{
	struct kpac_batch all = *batch;

	batch->head = NULL;
	batch->len = 0;
	return all;
}

/* Take the first packet out of a batch that has one. */
static __always_inline struct sk_buff *kpac_batch_pop(struct kpac_batch *batch)
{
	struct sk_buff *skb = batch->head;

	batch->head = skb->next;
	batch->len--;
	skb->next = NULL;
	return skb;
}

/**
 * kpac_relay_waiting - whether batches wait
 * @relay: the relay
 *
 * Context: any; ordered after whatever ended with a full barrier.
 */
static inline bool kpac_relay_waiting(const struct kpac_relay *relay)
{
	return READ_ONCE(relay->top);
}

/**
 * kpac_relay_give - let whoever has the lock send a batch
 * @relay: the relay
 * @batch: the batch; has at least one packet
 *
 * The caller must try to get the lock afterwards: who had it may not have seen
 * the batch.
 *
 * Context: any; a full barrier.
 */
static inline void kpac_relay_give(struct kpac_relay *relay,
				   const struct kpac_batch *batch)
{
	struct sk_buff *top = READ_ONCE(relay->top);

	batch->head->prev = batch->tail;
	do {
		batch->tail->next = top;
	} while (!try_cmpxchg(&relay->top, &top, batch->head));
}

/**
 * kpac_relay_take - take all batches that wait
 * @relay: the relay; the caller has its lock
 * @batch: they are put behind what is there, in the order in which they were
 *	given
 *
 * Context: any.
 */
static inline void kpac_relay_take(struct kpac_relay *relay,
				   struct kpac_batch *batch)
{
	struct kpac_batch all = {};
	struct sk_buff *head, *tail, *older;

	if (!kpac_relay_waiting(relay))
		return;
	for (head = xchg(&relay->top, NULL); head; head = older) {
		tail = head->prev;
		older = tail->next;
		tail->next = all.head;
		if (!all.head)
			all.tail = tail;
		all.head = head;
		head->prev = NULL;
	}
	for (head = all.head; head; head = head->next)
		all.len++;
	kpac_batch_join(batch, &all);
}

#endif /* _KPAC_RELAY_H */
