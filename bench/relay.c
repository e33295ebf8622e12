// SPDX-License-Identifier: GPL-2.0
/*
 * relay.c - kmod/relay.h beside other queues, with real threads.
 *
 *	relay [-r ROUNDS] [-t MS] [-w PRIVATE] [-d DRIVER] [-k DOORBELL] [QUEUE]...
 *
 * Senders, each on its own CPU, prepare packets (PRIVATE ns each, on average)
 * and send them by one transmit ring, which one of them at a time can use
 * (DRIVER ns per packet, DOORBELL ns per batch). Prints, separated by tabs,
 *
 *	queue senders batch ns_per_packet scaling [instructions_per_packet]
 *
 * the median of interleaved rounds, and, in lines with a "#", whether the order
 * of a flow that moves between senders was kept. Exits with 1 if a packet was
 * lost, left behind, sent twice or overtaken where the queue keeps the order.
 *
 * Rounds are short (MS ms), and many: one in which somebody else used the
 * senders' CPUs is repeated, and where others work as well, the CPUs are free
 * for some milliseconds at a time only.
 *
 *	gcc -std=gnu11 -O2 -Wall -Wextra -pthread -Ibench/shim -o relay bench/relay.c
 *
 * -DSTRESS, -fsanitize=thread and -fsanitize=address look for races rather than
 * for time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../kmod/relay.h"

#include <linux/spinlock.h>

#define SENDERS 4		/* at most */
#define POOL 512		/* packets that a sender has */
#define SLOTS (SENDERS * POOL)	/* so no queue is ever full */
#define BULK 64			/* packets that a runner sends at once, as a qdisc */
#define TURNS 8			/* how often, before it leaves the rest to others */
#define MOVING SENDERS		/* the flow that moves between senders */
#define ROUNDS 999		/* at most */
#define TRIES 10		/* until a round has the CPUs for itself */

struct sender {
	pthread_t thread;
	unsigned int id, batch;
	struct kpac_batch own;
	struct sk_buff *pool;
	unsigned long sent;
	long preempted;
	uint64_t begin, end;
	uint32_t random, looks;
	int perf;
	uint64_t instructions;
} ____cacheline_aligned;

/* The driver: a ring of descriptors, and what it has seen of each flow. */
struct ring {
	unsigned long expected[SENDERS + 1], total, wrong, moved_wrong, left;
	unsigned int users;
	struct {
		void *skb;
		unsigned long len;
	} desc[256];
} ____cacheline_aligned;

struct queue {
	const char *name;
	bool keeps_order;	/* of a flow that moves */
	void (*flush)(struct sender *me);
};

static long rounds = 101, ms = 2, private_ns = 200, driver_ns = 100, doorbell_ns = 50;
static struct sender senders[SENDERS];
static struct ring rings[SENDERS];
static const struct queue *queue;
static bool stop, have_perf = true;
static unsigned int waited_for;
static pthread_barrier_t ready;
static double loops_per_ns;

/* For the flow that moves: whose turn it is, and its next number. For senders
 * that meet: how often each has been there.
 */
static struct {
	unsigned int turn;
	unsigned long seq;
	unsigned long met[2];
} moving ____cacheline_aligned;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Work that touches no memory and takes its time on any CPU. */
static void spin(unsigned long loops)
{
	while (loops--)
		asm volatile("");
}

static void work(unsigned long ns)
{
	spin(ns * loops_per_ns);
}

static void calibrate(void)
{
	uint64_t best = -1, t;
	int i;

	for (i = 0; i < 50; i++) {
		t = now();
		spin(1000000);
		t = now() - t;
		best = t < best ? t : best;
	}
	loops_per_ns = 1000000.0 / best;
}

static uint32_t any(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#ifdef STRESS
void shim_pause(void)
{
	static __thread uint32_t state;

	if (!state)
		state = (uintptr_t)&state >> 4 | 1;
	switch (any(&state) % 128) {
	case 0:
		sched_yield();
		break;
	case 1 ... 8:
		spin(any(&state) % 1024);
	}
}
#endif

/* One packet to the driver; the caller is the only user of the ring. */
static void ring_send(struct ring *ring, struct sk_buff *skb, bool more)
{
	unsigned int i = ring->total++ % 256;

	if (READ_ONCE(ring->users))
		ring->wrong++;
	WRITE_ONCE(ring->users, 1);
	if (skb->seq != ring->expected[skb->flow]) {
		if (skb->flow == MOVING)
			ring->moved_wrong++;
		else
			ring->wrong++;
	}
	ring->expected[skb->flow] = skb->seq + 1;
	ring->desc[i].skb = skb;
	ring->desc[i].len = skb->seq;
	work(more ? driver_ns : driver_ns + doorbell_ns);
	WRITE_ONCE(ring->users, 0);
	/* sent and freed: the sender uses it again */
	smp_store_release(&skb->busy, false);
}

static void ring_send_chain(struct ring *ring, struct sk_buff *chain)
{
	struct sk_buff *skb = chain, *next;

	for (; skb; skb = next) {
		next = skb->next;
		skb->next = NULL;
		ring_send(ring, skb, next);
	}
}

static void ring_send_all(struct kpac_batch *batch)
{
	ring_send_chain(rings, kpac_batch_take(batch));
}

/* Take the first packet out of a batch that has one. */
static struct sk_buff *batch_pop(struct kpac_batch *batch)
{
	struct sk_buff *skb = batch->head;

	batch->head = skb->next;
	batch->len--;
	skb->next = NULL;
	return skb;
}

/* No queue, and no sharing: what the CPUs and their memory would allow. */
static void ideal_flush(struct sender *me)
{
	ring_send_chain(&rings[me->id], kpac_batch_take(&me->own));
}

/* The queue that all this is about. */
static struct kpac_relay relay ____cacheline_aligned;

static void relay_flush(struct sender *me)
{
	unsigned int turns = TURNS;
	struct sk_buff *chain;

	if (!me->own.len && !kpac_relay_waiting(&relay))
		return;
	if (!kpac_relay_enter(&relay, &me->own, &chain))
		return;
	do {
		ring_send_chain(rings, chain);
		if (!--turns) {
			kpac_relay_leave(&relay);
			return;
		}
		chain = kpac_relay_next(&relay);
	} while (chain);
}

/* A lock for each packet, without any queue. */
static spinlock_t lock ____cacheline_aligned;

static void lock_flush(struct sender *me)
{
	while (me->own.len) {
		struct sk_buff *skb = batch_pop(&me->own);

		spin_lock(&lock);
		ring_send(rings, skb, false);
		spin_unlock(&lock);
	}
}

/* A lock for each batch. */
static void lock_batch_flush(struct sender *me)
{
	if (!me->own.len)
		return;
	spin_lock(&lock);
	ring_send_all(&me->own);
	spin_unlock(&lock);
}

/* The same with a lock whose waiters stand in line, each at its own cache line
 * (Mellor-Crummey, Scott, 1991).
 */
struct mcs {
	struct mcs *next;
	bool locked;
} ____cacheline_aligned;

static struct mcs *mcs ____cacheline_aligned;

static void mcs_flush(struct sender *me)
{
	struct mcs node = { .locked = true }, *before, *self = &node;

	if (!me->own.len)
		return;
	before = xchg(&mcs, &node);
	if (before) {
		smp_store_release(&before->next, &node);
		while (smp_load_acquire(&node.locked))
			cpu_relax();
	}
	ring_send_all(&me->own);
	if (try_cmpxchg(&mcs, &self, NULL))
		return;
	while (!smp_load_acquire(&node.next))
		cpu_relax();
	smp_store_release(&node.next->locked, false);
}

/*
 * The queues below differ in how packets get into them and out; who takes them
 * out is found as for the kernel's queueing disciplines without a lock:
 * qdisc_run_begin() and qdisc_run_end().
 */
static struct {
	spinlock_t lock;
	bool missed;
} runner ____cacheline_aligned;

static bool run_begin(void)
{
	return spin_trylock(&runner.lock) ||
	       (!xchg(&runner.missed, true) && spin_trylock(&runner.lock));
}

static bool run_again(void)
{
	spin_unlock(&runner.lock);
	smp_mb();
	return READ_ONCE(runner.missed) && spin_trylock(&runner.lock);
}

/* Send what is there, one bulk after the other; where the kernel would schedule
 * itself after some of them, the next flush goes on.
 */
static __always_inline void run_locked(struct sk_buff *(*pop)(void))
{
	unsigned int turns = TURNS;

	do {
		struct kpac_batch bulk = {};
		struct sk_buff *skb;

		while (bulk.len < BULK && (skb = pop()))
			kpac_batch_add(&bulk, skb);
		if (bulk.len < BULK && READ_ONCE(runner.missed)) {
			WRITE_ONCE(runner.missed, false);
			smp_mb();
			while (bulk.len < BULK && (skb = pop()))
				kpac_batch_add(&bulk, skb);
		}
		if (bulk.len == BULK)
			WRITE_ONCE(runner.missed, true);
		ring_send_all(&bulk);
	} while (run_again() && (--turns || (spin_unlock(&runner.lock), false)));
}

static __always_inline void run(struct sk_buff *(*pop)(void))
{
	if (run_begin())
		run_locked(pop);
}

/* As pfifo_fast: a ptr_ring with a lock for its producers; past it if it is
 * empty and nobody sends.
 */
static struct {
	spinlock_t lock;
	unsigned int in;
	unsigned int out ____cacheline_aligned;
	struct sk_buff *slot[SLOTS];
} fifo ____cacheline_aligned;

static struct sk_buff *fifo_pop(void)
{
	struct sk_buff *skb = smp_load_acquire(&fifo.slot[fifo.out % SLOTS]);

	if (skb) {
		WRITE_ONCE(fifo.slot[fifo.out % SLOTS], NULL);
		WRITE_ONCE(fifo.out, fifo.out + 1);
	}
	return skb;
}

static bool fifo_empty(void)
{
	return !READ_ONCE(fifo.slot[READ_ONCE(fifo.out) % SLOTS]);
}

static void fifo_flush(struct sender *me)
{
	if (me->own.len && fifo_empty() && run_begin()) {
		if (fifo_empty())
			ring_send_all(&me->own);
		spin_unlock(&runner.lock);
		smp_mb();
		if (!me->own.len && !READ_ONCE(runner.missed))
			return;
	}
	while (me->own.len) {
		struct sk_buff *skb = batch_pop(&me->own);

		spin_lock(&fifo.lock);
		smp_store_release(&fifo.slot[fifo.in++ % SLOTS], skb);
		spin_unlock(&fifo.lock);
	}
	run(fifo_pop);
}

/* Vyukov's intrusive queue for one consumer, as wireguard has it: one exchange
 * per packet; or per batch, which it allows as well.
 */
static struct {
	struct sk_buff *in;
	struct sk_buff *out ____cacheline_aligned;
	struct sk_buff stub;
} mpsc;

static void mpsc_push(struct sk_buff *head, struct sk_buff *tail)
{
	struct sk_buff *before;

	WRITE_ONCE(tail->next, NULL);
	before = xchg(&mpsc.in, tail);
	smp_store_release(&before->next, head);
}

static struct sk_buff *mpsc_pop(void)
{
	struct sk_buff *skb = mpsc.out, *next = smp_load_acquire(&skb->next);

	if (skb == &mpsc.stub) {
		if (!next)
			return NULL;
		mpsc.out = skb = next;
		next = smp_load_acquire(&skb->next);
	}
	if (!next) {
		/* the last, or one whose successor is not linked yet */
		if (skb != READ_ONCE(mpsc.in))
			return NULL;
		mpsc_push(&mpsc.stub, &mpsc.stub);
		next = smp_load_acquire(&skb->next);
		if (!next)
			return NULL;
	}
	mpsc.out = next;
	return skb;
}

static void mpsc_flush(struct sender *me)
{
	while (me->own.len) {
		struct sk_buff *skb = batch_pop(&me->own);

		mpsc_push(skb, skb);
	}
	run(mpsc_pop);
}

static void mpsc_batch_flush(struct sender *me)
{
	if (me->own.len) {
		struct sk_buff *tail = me->own.tail;

		mpsc_push(kpac_batch_take(&me->own), tail);
	}
	run(mpsc_pop);
}

/* Vyukov's bounded queue: a slot has the number of the turn it is ready for. */
static struct {
	unsigned int in;
	unsigned int out ____cacheline_aligned;
	struct {
		unsigned int turn;
		struct sk_buff *skb;
	} slot[SLOTS];
} mpmc ____cacheline_aligned;

static struct sk_buff *mpmc_pop(void)
{
	unsigned int i = mpmc.out % SLOTS;
	struct sk_buff *skb;

	if (smp_load_acquire(&mpmc.slot[i].turn) != mpmc.out + 1)
		return NULL;
	skb = mpmc.slot[i].skb;
	smp_store_release(&mpmc.slot[i].turn, mpmc.out++ + SLOTS);
	return skb;
}

static void mpmc_flush(struct sender *me)
{
	while (me->own.len) {
		struct sk_buff *skb = batch_pop(&me->own);
		unsigned int in = READ_ONCE(mpmc.in);

		/* as many slots as packets: the slot is ready for who gets in */
		do {
			while (smp_load_acquire(&mpmc.slot[in % SLOTS].turn) != in)
				in = READ_ONCE(mpmc.in);
		} while (!try_cmpxchg(&mpmc.in, &in, in + 1));
		mpmc.slot[in % SLOTS].skb = skb;
		smp_store_release(&mpmc.slot[in % SLOTS].turn, in + 1);
	}
	run(mpmc_pop);
}

/* A ring for each CPU, from which whoever sends takes in turn. */
static struct {
	unsigned int in;
	unsigned int out ____cacheline_aligned;
	struct sk_buff *slot[POOL];
} percpu[SENDERS] ____cacheline_aligned;

static struct sk_buff *percpu_pop(void)
{
	unsigned int i, out;

	for (i = 0; i < SENDERS; i++) {
		out = percpu[i].out;
		if (smp_load_acquire(&percpu[i].in) == out)
			continue;
		percpu[i].out = out + 1;
		return percpu[i].slot[out % POOL];
	}
	return NULL;
}

static void percpu_flush(struct sender *me)
{
	typeof(&percpu[0]) mine = &percpu[me->id];
	unsigned int in = mine->in;

	while (me->own.len)
		mine->slot[in++ % POOL] = batch_pop(&me->own);
	smp_store_release(&mine->in, in);
	run(percpu_pop);
}

static const struct queue queues[] = {
	{ "ideal", true, ideal_flush },
	{ "relay", true, relay_flush },
	{ "lock", true, lock_flush },
	{ "lock-batch", true, lock_batch_flush },
	{ "mcs-batch", true, mcs_flush },
	{ "pfifo", true, fifo_flush },
	{ "mpsc", true, mpsc_flush },
	{ "mpsc-batch", true, mpsc_batch_flush },
	{ "mpmc", true, mpmc_flush },
	{ "percpu", false, percpu_flush },
};

#define QUEUES (sizeof(queues) / sizeof(*queues))

/* What a sender needs of the whole: its next packet, once that was sent. */
static struct sk_buff *sender_packet(struct sender *me)
{
	struct sk_buff *skb = &me->pool[me->sent % POOL];

	while (smp_load_acquire(&skb->busy)) {
		cpu_relax();
		queue->flush(me);
	}
	me->sent++;
	skb->busy = true;
	return skb;
}

static void sender_send(struct sender *me, unsigned int flow, unsigned long seq)
{
	struct sk_buff *skb = sender_packet(me);

	skb->flow = flow;
	skb->seq = seq;
	/* not always the same, or else all senders fall in step */
	work(((uint64_t)any(&me->random) * 2 * private_ns) >> 32);
	kpac_batch_add(&me->own, skb);
	if (me->own.len == me->batch)
		queue->flush(me);
}

/* How often a sender lost its CPU to somebody else. */
static long preempted(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static void sender_start(struct sender *me)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
	};
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(me->id % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	me->perf = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	pthread_barrier_wait(&ready);
	__atomic_fetch_sub(&waited_for, 1, __ATOMIC_RELAXED);
	while (READ_ONCE(waited_for))
		cpu_relax();
	me->preempted = preempted();
	me->begin = now();
}

/* Looks at the clock now and then; a thread to wake us up would need our CPU. */
static bool sender_goes_on(struct sender *me)
{
	if (!me->id && !(++me->looks % 64) && now() - me->begin > ms * 1000000ull)
		WRITE_ONCE(stop, true);
	return !READ_ONCE(stop);
}

static void sender_end(struct sender *me)
{
	queue->flush(me);
	me->end = now();
	me->preempted = preempted() - me->preempted;
	if (read(me->perf, &me->instructions, sizeof(uint64_t)) < 0)
		WRITE_ONCE(have_perf, false);
	close(me->perf);
}

static void *sender_main(void *arg)
{
	struct sender *me = arg;

	sender_start(me);
	while (sender_goes_on(me))
		sender_send(me, me->id, me->sent);
	sender_end(me);
	return NULL;
}

/* The first two senders take turns with a flow: at most a batch, then the other
 * may go on, as soon as flush() is back. The others keep the ring busy.
 */
static void *moving_main(void *arg)
{
	struct sender *me = arg;
	unsigned int n;

	if (me->id > 1)
		return sender_main(arg);
	sender_start(me);
	while (sender_goes_on(me)) {
		if (smp_load_acquire(&moving.turn) != me->id) {
			cpu_relax();
			continue;
		}
		for (n = any(&me->random) % me->batch + 1; n; n--)
			sender_send(me, MOVING, moving.seq++);
		queue->flush(me);
		smp_store_release(&moving.turn, !me->id);
	}
	sender_end(me);
	return NULL;
}

static unsigned long arrived(void)
{
	unsigned long n = 0;
	int i;

	for (i = 0; i < SENDERS; i++)
		n += rings[i].total;
	return n;
}

static void meet(struct sender *me)
{
	unsigned long n = moving.met[me->id] + 1;

	smp_store_release(&moving.met[me->id], n);
	while (smp_load_acquire(&moving.met[!me->id]) < n)
		cpu_relax();
}

/* Two senders flush a packet at about the same time, and wait for each other.
 * Now nobody sends, so nothing may wait to be sent.
 */
static void *meeting_main(void *arg)
{
	struct sender *me = arg;

	sender_start(me);
	for (;;) {
		if (!me->id)
			sender_goes_on(me);
		meet(me);
		if (READ_ONCE(stop))
			break;
		sender_send(me, me->id, me->sent);
		queue->flush(me);
		meet(me);
		if (!me->id && arrived() != me->sent * 2)
			rings->left++;
	}
	sender_end(me);
	return NULL;
}

struct result {
	double ns, instructions;
	unsigned long sent, wrong, moved_wrong, left;
	long preempted;
};

static void reset(unsigned int batch)
{
	unsigned int i;

	memset(rings, 0, sizeof(rings));
	memset(&moving, 0, sizeof(moving));
	memset(&runner, 0, sizeof(runner));
	memset(&fifo, 0, sizeof(fifo));
	memset(&mpsc, 0, sizeof(mpsc));
	memset(&mpmc, 0, sizeof(mpmc));
	memset(percpu, 0, sizeof(percpu));
	kpac_relay_init(&relay);
	spin_lock_init(&lock);
	mpsc.in = mpsc.out = &mpsc.stub;
	for (i = 0; i < SLOTS; i++)
		mpmc.slot[i].turn = i;
	for (i = 0; i < SENDERS; i++) {
		struct sk_buff *pool = senders[i].pool;

		memset(pool, 0, POOL * sizeof(*pool));
		senders[i] = (struct sender) {
			.id = i, .batch = batch, .pool = pool,
			.random = 88172645 + i,
		};
	}
}

/* One run. Who had done its turns may have left something for the next flush. */
static struct result measure(const struct queue *q, void *(*fn)(void *),
			     unsigned int n, unsigned int batch)
{
	struct result r = {};
	unsigned long before;
	uint64_t begin = -1, end = 0;
	unsigned int i;

	reset(batch);
	queue = q;
	stop = false;
	waited_for = n;
	pthread_barrier_init(&ready, NULL, n);
	for (i = 0; i < n; i++)
		if (pthread_create(&senders[i].thread, NULL, fn, &senders[i]))
			error(1, errno, "pthread_create");
	for (i = 0; i < n; i++)
		pthread_join(senders[i].thread, NULL);
	do {
		before = arrived();
		q->flush(&senders[0]);
	} while (arrived() != before);
	for (i = 0; i < n; i++) {
		r.sent += senders[i].sent;
		r.preempted += senders[i].preempted;
		begin = senders[i].begin < begin ? senders[i].begin : begin;
		end = senders[i].end > end ? senders[i].end : end;
		r.instructions += senders[i].instructions;
		r.wrong += rings[i].wrong;
		r.moved_wrong += rings[i].moved_wrong;
		r.left += rings[i].left;
	}
	if (arrived() != r.sent) {
		fprintf(stderr, "%s: %lu sent, %lu arrived\n", q->name, r.sent,
			arrived());
		r.wrong++;
	}
	r.ns = (double)(end - begin) / r.sent;
	r.instructions /= r.sent;
	pthread_barrier_destroy(&ready);
	return r;
}

static int by_value(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

static double median(double *values)
{
	qsort(values, rounds, sizeof(*values), by_value);
	return values[rounds / 2];
}

static bool wanted(const struct queue *q, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, q->name))
		names++;
	return *names;
}

/* What is not about time. */
static bool check(const struct queue *q, unsigned int batch)
{
	unsigned long moved;
	struct result r, l;

	ms *= 50;
	r = measure(q, moving_main, SENDERS, batch);
	moved = moving.seq;
	l = measure(q, meeting_main, 2, batch);
	ms /= 50;
	printf("# %s\t%u\tflow that moves: %lu of %lu overtaken; left behind: %lu of %lu\n",
	       q->name, batch, r.moved_wrong, moved, l.left, l.sent);
	return !r.wrong && !l.wrong && !l.left &&
	       (!r.moved_wrong || !q->keeps_order);
}

int main(int argc, char **argv)
{
	static double ns[QUEUES][2][2][ROUNDS], insns[QUEUES][2][2][ROUNDS];
	static const unsigned int batches[] = { 1, 16 };
	int opt, tries, bad = 0, disturbed = 0, all = 0;
	struct result r;
	size_t i, b, n;
	long round;

	while ((opt = getopt(argc, argv, "r:t:w:d:k:")) != -1) {
		long *value = opt == 'r' ? &rounds : opt == 't' ? &ms :
			      opt == 'w' ? &private_ns : opt == 'd' ? &driver_ns :
			      opt == 'k' ? &doorbell_ns : NULL;

		if (!value || (*value = atol(optarg)) < 0 || rounds > ROUNDS)
			error(2, 0, "usage: relay [-r ROUNDS] [-t MS] [-w PRIVATE] [-d DRIVER] [-k DOORBELL] [QUEUE]...");
	}
	argv += optind;
	calibrate();
	for (i = 0; i < SENDERS; i++) {
		senders[i].pool = aligned_alloc(256, POOL * sizeof(struct sk_buff));
		if (!senders[i].pool)
			error(1, errno, "aligned_alloc");
	}

	for (i = 1; i < QUEUES; i++) {
		for (b = 0; b < 2 && wanted(&queues[i], argv); b++)
			bad |= !check(&queues[i], batches[b]);
	}
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < QUEUES * 4; i++) {
			n = i / 2 % 2;
			b = i % 2;
			if (!wanted(&queues[i / 4], argv))
				continue;
			tries = TRIES;
			do {
				r = measure(&queues[i / 4], sender_main, n + 1,
					    batches[b]);
				bad |= !!r.wrong;
			} while (r.preempted && --tries);
			disturbed += !!r.preempted;
			all++;
			ns[i / 4][n][b][round] = r.ns;
			insns[i / 4][n][b][round] = r.instructions;
		}
	}
	for (i = 0; i < QUEUES * 4 && rounds; i++) {
		double *of = ns[i / 4][n = i / 2 % 2][b = i % 2];

		if (!wanted(&queues[i / 4], argv))
			continue;
		printf("%s\t%zu\t%u\t%.1f\t%.2f", queues[i / 4].name, n + 1,
		       batches[b], median(of),
		       median(ns[i / 4][0][b]) / median(of));
		if (have_perf)
			printf("\t%.0f", median(insns[i / 4][n][b]));
		putchar('\n');
	}
	if (disturbed)
		fprintf(stderr, "relay: others used the CPUs in %d of %d rounds\n",
			disturbed, all);
	if (bad)
		fputs("relay: packets were lost, left behind, sent twice or overtaken\n",
		      stderr);
	return !!bad;
}
