/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A relay: how CPUs that want to send by the same queue share it. One of them
 * holds the relay and sends; the others do not wait for it, but give it their
 * batches, and go on. So a batch costs two atomic operations if nobody else is
 * sending, one if somebody is, and a packet none.
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
 * @state: the first packet of the batch given last, its @prev being the batch's
 *	last, or 0; and %KPAC_RELAY_HELD while somebody sends
 *
 * It is one word, so that who gives a batch knows that somebody will send it.
 */
struct kpac_relay {
	unsigned long state;
};

#define KPAC_RELAY_HELD 1ul

static inline void kpac_relay_init(struct kpac_relay *relay)
{
	relay->state = 0;
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

/* Take everything out of a batch: a chain, or NULL. */
static __always_inline struct sk_buff *kpac_batch_take(struct kpac_batch *batch)
{
	struct sk_buff *chain = batch->head;

	batch->head = NULL;
	batch->len = 0;
	return chain;
}

/* The packets of all batches that wait, in the order in which they were given,
 * and then a chain.
 */
static inline struct sk_buff *kpac_relay_chain(unsigned long state,
					       struct sk_buff *chain)
{
	struct sk_buff *head = (void *)(state & ~KPAC_RELAY_HELD);
	struct sk_buff *tail, *older;

	for (; head; head = older) {
		tail = head->prev;
		older = tail->next;
		tail->next = chain;
		head->prev = NULL;
		chain = head;
	}
	return chain;
}

/**
 * kpac_relay_waiting - whether batches wait, or are being sent
 * @relay: the relay
 *
 * Context: any.
 */
static inline bool kpac_relay_waiting(const struct kpac_relay *relay)
{
	return READ_ONCE(relay->state);
}

/**
 * kpac_relay_enter - send a batch, or have it sent
 * @relay: the relay
 * @batch: the batch; empty afterwards. It may be empty before.
 * @chain: set to what the caller has to send, in order
 *
 * Context: any; a full barrier, unless the batch was empty.
 * Return: true: the caller holds the relay, has to send *@chain and then to call
 * kpac_relay_next() or kpac_relay_leave(). False: who holds it sends the batch.
 */
static inline bool kpac_relay_enter(struct kpac_relay *relay,
				    struct kpac_batch *batch,
				    struct sk_buff **chain)
{
	unsigned long state = READ_ONCE(relay->state);
	struct sk_buff *tail = batch->tail;
	struct sk_buff *head = kpac_batch_take(batch);

	for (;;) {
		if (likely(!(state & KPAC_RELAY_HELD))) {
			if (likely(try_cmpxchg(&relay->state, &state,
					       KPAC_RELAY_HELD)))
				break;
			continue;
		}
		if (!head)
			return false;
		head->prev = tail;
		tail->next = (void *)(state & ~KPAC_RELAY_HELD);
		if (try_cmpxchg(&relay->state, &state,
				(unsigned long)head | KPAC_RELAY_HELD))
			return false;
	}
	if (head) {
		head->prev = NULL;
		tail->next = NULL;
	}
	*chain = kpac_relay_chain(state, head);
	return true;
}

/**
 * kpac_relay_next - what was given meanwhile
 * @relay: the relay; the caller holds it
 *
 * Context: any; a full barrier.
 * Return: what the caller has to send next; NULL: nothing, and it does not hold
 * the relay any more.
 */
static inline struct sk_buff *kpac_relay_next(struct kpac_relay *relay)
{
	unsigned long state = KPAC_RELAY_HELD;

	if (try_cmpxchg(&relay->state, &state, 0ul))
		return NULL;
	return kpac_relay_chain(xchg(&relay->state, KPAC_RELAY_HELD), NULL);
}

/**
 * kpac_relay_leave - let somebody else go on
 * @relay: the relay; the caller holds it
 *
 * Context: any; a full barrier.
 * Return: whether batches wait, for whom the caller has to find somebody.
 */
static inline bool kpac_relay_leave(struct kpac_relay *relay)
{
	unsigned long state = READ_ONCE(relay->state);

	while (!try_cmpxchg(&relay->state, &state, state & ~KPAC_RELAY_HELD))
		;
	return state != KPAC_RELAY_HELD;
}

#endif /* _KPAC_RELAY_H */
