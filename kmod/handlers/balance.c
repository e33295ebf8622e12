// SPDX-License-Identifier: GPL-2.0
/*
 * do balance: gives connections to back ends.
 *
 * The first packet of a connection meets a slot of the balancer's table by its
 * hash, and what is remembered of it keeps its connection with the back end that
 * has the slot then, whoever has it later. Where a back end may have no new
 * connections, or is down, others are looked for at once, by the same hash: no
 * table is made anew for that, and only its own connections move.
 *
 * By NAT, the back end becomes the receiver, and an entry with reply, which meets
 * what it answers, puts the address back that the client knows. By DSR, the frame
 * goes to the back end's link-layer address; as that is forwarding, the TTL goes
 * down, as with the kernel's own IPVS: two balancers that send to each other are
 * no loop. Packets of which that cannot go down go on as they are, so that the
 * stack says so.
 *
 * ICMP errors go where the packets go that they are about.
 */

#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "balancer.h"
#include "handlers.h"

/* How often another slot is looked at until all back ends are. */
#define KPAC_BALANCE_TRIES	64

/* How often a back end is looked for whose end is not taken by another connection
 * of the client's port.
 */
#define KPAC_BALANCE_CLASHES	8

/* Which way packets go. */
enum kpac_balance_way {
	KPAC_BALANCE_THERE,
	KPAC_BALANCE_BACK,
};

/* An entry. */
struct kpac_balance {
	struct kpac_balancer *balancer;
	bool reply;
};

/* A packet, for what is not done for all. */
struct kpac_balance_packet {
	struct kpac_ends ends;
	enum kpac_affinity_kind kind;
	u32 now;
};

/* The state of a cell; without NAT the word alone. */
struct kpac_balance_cell {
	u64 word;
	struct kpac_ends_addr known;	/* what the client knows; of a way back */
};

/* ---- keys ---- */

static __always_inline struct kpac_cells_key
kpac_balance_fold4(u64 l4, u64 addrs)
{
	struct kpac_flow_sum sum = {};

	kpac_flow_add(&sum, 0, addrs, l4);
	return kpac_cells_fold(&sum);
}

static __always_inline struct kpac_cells_key
kpac_balance_fold6(u64 l4, struct kpac_ends_addr src, struct kpac_ends_addr dst)
{
	struct kpac_flow_sum sum = {};

	kpac_flow_add(&sum, 0, src.a, src.b);
	kpac_flow_add(&sum, 2, dst.a, dst.b);
	kpac_flow_add(&sum, 4, l4, 6);
	return kpac_cells_fold(&sum);
}

/* Of a packet: who sends it matters, and which way it goes. */
static __always_inline struct kpac_cells_key
kpac_balance_key(const struct kpac_view *view, bool ip6,
		 enum kpac_balance_way way)
{
	const struct kpac_l4_word mask = {
		.proto = 0xff,
		.sport = htons(0xffff),
		.dport = htons(0xffff),
	};
	const u64 *word = view->word;
	struct kpac_ends_addr src, dst;
	u64 l4;

	memcpy(&l4, &mask, sizeof(l4));
	l4 = (word[KPAC_WORD_L4] & l4) | way << 8;
	if (!ip6)
		return kpac_balance_fold4(l4, word[KPAC_WORD_ADDR]);
	src.a = word[KPAC_WORD_ADDR];
	src.b = word[KPAC_WORD_ADDR1];
	dst.a = word[KPAC_WORD_ADDR2];
	dst.b = word[KPAC_WORD_ADDR3];
	return kpac_balance_fold6(l4, src, dst);
}

/* The words that the key of a packet between two ends is made of. */
static u64 kpac_balance_l4(const struct kpac_ends *ends,
			   enum kpac_balance_way way)
{
	return ends->proto | way << 8 | (u64)(__force u16)ends->sport << 32 |
	       (u64)(__force u16)ends->dport << 48;
}

static struct kpac_cells_key kpac_balance_ends_key(const struct kpac_ends *ends,
						   enum kpac_balance_way way)
{
	u64 l4 = kpac_balance_l4(ends, way);

	return ends->ip6 ? kpac_balance_fold6(l4, ends->src, ends->dst) :
			   kpac_balance_fold4(l4, ends->src.a | ends->dst.a << 32);
}

/* What decides about a new connection: no secret, see maglev.h. */
static u64 kpac_balance_hash(const struct kpac_ends *ends)
{
	u64 hash = kpac_maglev_mix(0, kpac_balance_l4(ends, KPAC_BALANCE_THERE));

	hash = kpac_maglev_mix(hash, ends->src.a);
	hash = kpac_maglev_mix(hash, ends->dst.a);
	if (ends->ip6)
		hash = kpac_maglev_mix(kpac_maglev_mix(hash, ends->src.b),
				       ends->dst.b);
	return hash;
}

/* ---- back ends ---- */

/* The back end that a connection had, if it is still there. */
static __always_inline struct kpac_backend *
kpac_balance_backend(const struct kpac_balancer *b, u64 word)
{
	struct kpac_backend *backend;

	static_assert(ARRAY_SIZE(b->backend) <= KPAC_AFFINITY_NUMBER >> 4);
	backend = rcu_dereference(b->backend[kpac_affinity_number(word) %
					     KPAC_MAX_BACKENDS]);
	if (unlikely(!backend) ||
	    unlikely((word ^ backend->who) & KPAC_AFFINITY_WHO))
		return NULL;
	return backend;
}

/* Nearly none may have new connections: find one that may. */
static struct kpac_backend *kpac_balance_any(const struct kpac_balancer *b,
					     u64 hash)
{
	unsigned int i, at = hash % KPAC_MAX_BACKENDS;
	struct kpac_backend *backend;

	for (i = 0; i < KPAC_MAX_BACKENDS; i++) {
		backend = rcu_dereference(b->backend[at]);
		if (backend && READ_ONCE(backend->slots) &&
		    kpac_backend_open(backend))
			return backend;
		at = (at + 1) % KPAC_MAX_BACKENDS;
	}
	return NULL;
}

static struct kpac_backend *kpac_balance_choose(const struct kpac_balancer *b,
						u64 hash)
{
	const struct kpac_balancer_slots *slots = rcu_dereference(b->slots);
	struct kpac_backend *backend;
	unsigned int i;
	u16 name;

	if (!slots)
		return NULL;
	for (i = 0; i < KPAC_BALANCE_TRIES; i++) {
		name = slots->slot[kpac_maglev_slot(hash)];
		if (name == KPAC_MAGLEV_NOBODY)
			return NULL;
		backend = rcu_dereference(b->backend[name]);
		if (likely(backend) && likely(kpac_backend_open(backend)))
			return backend;
		hash = kpac_maglev_mix(hash, i);
	}
	return kpac_balance_any(b, hash);
}

/* The end of a back end that a packet goes to. */
static __always_inline struct kpac_rewrite_end
kpac_balance_end(const struct kpac_backend *backend, __be16 port)
{
	struct kpac_rewrite_end end = backend->end;

	if (!end.port)
		end.port = port;
	return end;
}

/* ---- connections ---- */

/* Look at a packet of a connection, or of its other way.
 * Return: false if it is not remembered.
 */
static bool kpac_balance_note(const struct kpac_balancer *b,
			      struct kpac_cells_key key,
			      const struct kpac_balance_packet *p)
{
	struct kpac_cells_set *set = kpac_cells_set(b->cells, key);
	int way = kpac_cells_way(set, key);
	u64 *word, old, new;

	if (way < 0)
		return false;
	word = kpac_cells_state(set, way, b->cells->size);
	old = READ_ONCE(*word);
	do {
		if (!kpac_cells_is(set, way, key) ||
		    kpac_affinity_left(old, p->now) <= 0)
			return false;
		new = kpac_affinity_next(old, p->kind, READ_ONCE(b->timeout),
					 p->now);
	} while (new != old && !try_cmpxchg64(word, &old, new));
	kpac_cells_touch(set, way);
	return true;
}

/* Change a way back that is remembered, under its set's lock, unless it is another
 * connection's. Who reads the word reads the address after it.
 */
static bool kpac_balance_take_back(struct kpac_balance_cell *cell,
				   const struct kpac_balance_cell *new, u32 now)
{
	u64 word = READ_ONCE(cell->word);
	bool same = cell->known.a == new->known.a &&
		    cell->known.b == new->known.b &&
		    kpac_affinity_extra(word) == kpac_affinity_extra(new->word);

	if (!same && kpac_affinity_left(word, now) > 0 &&
	    !(word & KPAC_AFFINITY_CLOSING))
		return false;
	if (!same)
		/* nobody's until it is written, but for packets that come just now */
		smp_store_mb(cell->word, kpac_affinity_begin(0, 0, now));
	WRITE_ONCE(cell->known.a, new->known.a);
	WRITE_ONCE(cell->known.b, new->known.b);
	/* pairs with smp_load_acquire() of who reads the address */
	smp_store_release(&cell->word, new->word);
	return true;
}

/* Remember what the client knows, for what the back end will answer.
 * Return: false if the client's port has a connection with another address that
 * the back end cannot tell from this one.
 */
static bool kpac_balance_learn_back(const struct kpac_balancer *b,
				    const struct kpac_backend *backend,
				    const struct kpac_balance_packet *p)
{
	u16 port = (__force u16)p->ends.dport;
	const struct kpac_rewrite_end end = kpac_balance_end(backend,
							     p->ends.dport);
	const u32 timeout = READ_ONCE(b->timeout);
	struct kpac_balance_cell cell = {
		.word = kpac_affinity_begin(kpac_affinity_who(0, port),
					    timeout, p->now),
		.known = p->ends.dst,
	};
	struct kpac_ends ends = p->ends;
	struct kpac_cells_set *set;
	struct kpac_cells_key key;
	bool is = true;
	int way;

	cell.word = kpac_affinity_next(cell.word, p->kind, timeout, p->now);
	kpac_ends_swap(&ends);
	ends.src = end.addr;
	ends.sport = end.port;
	key = kpac_balance_ends_key(&ends, KPAC_BALANCE_BACK);
	set = kpac_cells_set(b->cells, key);
	spin_lock(&set->lock);
	way = kpac_cells_way(set, key);
	if (way < 0)
		kpac_cells_place(b->cells, set, key, &cell);
	else
		is = kpac_balance_take_back(kpac_cells_state(set, way,
							     sizeof(cell)),
					    &cell, p->now);
	spin_unlock(&set->lock);
	return is;
}

/* Find a back end for a connection. */
static struct kpac_backend *kpac_balance_new(const struct kpac_balancer *b,
					     const struct kpac_balance_packet *p)
{
	u64 hash = kpac_balance_hash(&p->ends);
	struct kpac_backend *backend;
	int i;

	for (i = 0; i < KPAC_BALANCE_CLASHES; i++) {
		backend = kpac_balance_choose(b, hash);
		if (!backend || !b->nat ||
		    kpac_balance_learn_back(b, backend, p))
			return backend;
		hash = kpac_maglev_mix(hash, ~0ull);
	}
	return NULL;
}

/* What is to be remembered of a connection that begins. */
static u64 kpac_balance_begin(const struct kpac_balancer *b,
			      const struct kpac_backend *backend,
			      const struct kpac_balance_packet *p)
{
	u32 timeout = READ_ONCE(b->timeout);

	return kpac_affinity_next(kpac_affinity_begin(backend->who, timeout,
						      p->now),
				  p->kind, timeout, p->now);
}

/* The back end that a connection may keep, or NULL. */
static struct kpac_backend *kpac_balance_keep(const struct kpac_balancer *b,
					      u64 word,
					      const struct kpac_balance_packet *p)
{
	struct kpac_backend *backend = kpac_balance_backend(b, word);
	bool left = kpac_affinity_left(word, p->now) > 0;

	if (!left || !backend)
		return NULL;
	if (unlikely(!kpac_backend_alive(backend))) {
		this_cpu_inc(b->stats->moved);
		return NULL;
	}
	/* another connection of the same port */
	if (p->kind == KPAC_AFFINITY_SYN && word & KPAC_AFFINITY_CLOSING &&
	    !kpac_backend_open(backend))
		return NULL;
	return backend;
}

/* ---- sending ---- */

static enum kpac_verdict kpac_balance_unavailable(const struct kpac_balancer *b)
{
	this_cpu_inc(b->stats->unavailable);
	return KPAC_VERDICT_DROP;
}

static enum kpac_verdict kpac_balance_unchangeable(const struct kpac_balancer *b)
{
	this_cpu_inc(b->stats->unchangeable);
	return KPAC_VERDICT_DROP;
}

static enum kpac_verdict kpac_balance_unknown(const struct kpac_balancer *b)
{
	this_cpu_inc(b->stats->unknown);
	return KPAC_VERDICT_NEXT;
}

static enum kpac_verdict kpac_balance_others(const struct kpac_balancer *b)
{
	this_cpu_inc(b->stats->others);
	return KPAC_VERDICT_NEXT;
}

static __always_inline bool kpac_balance_rewrite(struct kpac_view *view,
						 bool ip6,
						 enum kpac_rewrite_side side,
						 const struct kpac_rewrite_end *to)
{
	return ip6 ? kpac_rewrite6(view, side, to) :
		     kpac_rewrite4(view, side, to);
}

static __always_inline enum kpac_verdict
kpac_balance_nat(const struct kpac_balancer *b, struct kpac_view *view,
		 bool ip6, const struct kpac_backend *backend)
{
	struct kpac_rewrite_end to;

	to = kpac_balance_end(backend, kpac_view_l4_word(view)->dport);
	if (unlikely(!kpac_balance_rewrite(view, ip6, KPAC_REWRITE_DST, &to)))
		return kpac_balance_unchangeable(b);
	kpac_backend_count(backend, view);
	return KPAC_VERDICT_NEXT;
}

static __always_inline enum kpac_verdict
kpac_balance_dsr(const struct kpac_balancer *b, struct kpac_view *view,
		 bool ip6, struct kpac_backend *backend)
{
	const unsigned int len = ip6 ? sizeof(struct ipv6hdr) :
				       sizeof(struct iphdr);
	const struct kpac_path *path;
	void *hdr;

	path = kpac_hop_path(&backend->hop, b->net);
	if (unlikely(!path)) {
		this_cpu_inc(b->stats->unresolved);
		return KPAC_VERDICT_DROP;
	}
	/* what all hosts of a link get is not to be sent on by each of them */
	if (unlikely(view->l3 != ETH_HLEN) ||
	    unlikely(is_multicast_ether_addr(view->data)) ||
	    unlikely(!kpac_view_unshare(view, view->l3 + len)))
		return kpac_balance_unchangeable(b);
	if (unlikely(kpac_view_link_word(view)->vlan))
		view->ops->untag(view);
	hdr = view->data + view->l3;
	if (ip6) {
		((struct ipv6hdr *)hdr)->hop_limit--;
		view->ops->changed(view);
	} else {
		ip_decrease_ttl(hdr);
	}
	kpac_hop_link(path->key.neigh, (struct ethhdr *)view->data);
	kpac_backend_count(backend, view);
	view->out = path->dev;
	view->out_path = path;
	return KPAC_VERDICT_REDIRECT;
}

static __always_inline enum kpac_verdict
kpac_balance_send(const struct kpac_balancer *b, struct kpac_view *view,
		  bool ip6, struct kpac_backend *backend)
{
	return b->nat ? kpac_balance_nat(b, view, ip6, backend) :
			kpac_balance_dsr(b, view, ip6, backend);
}

/* Not inline, for those who seldom do. */
static noinline enum kpac_verdict
kpac_balance_send_slow(const struct kpac_balancer *b, struct kpac_view *view,
		       struct kpac_backend *backend)
{
	return kpac_balance_send(b, view, view->has & KPAC_HAS_IPV6, backend);
}

/* ---- there ---- */

static bool kpac_balance_proto(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_SCTP;
}

static void kpac_balance_packet(const struct kpac_view *view,
				struct kpac_balance_packet *p)
{
	kpac_ends_ports(view, view->has & KPAC_HAS_IPV6, &p->ends);
	p->kind = kpac_affinity_kind(kpac_ends_l4_word(view)->tcp_flags);
	p->now = jiffies;
}

/* Whether the balancer is for such packets; without a back end it may be. */
static bool kpac_balance_fits(const struct kpac_balancer *b,
			      const struct kpac_balance_packet *p)
{
	return kpac_balance_proto(p->ends.proto) &&
	       (READ_ONCE(b->ip6) == p->ends.ip6 ||
		!rcu_access_pointer(b->slots));
}

/* A packet of a connection that is not remembered. */
static noinline enum kpac_verdict
kpac_balance_first(const struct kpac_balancer *b, struct kpac_view *view,
		   struct kpac_cells_set *set, struct kpac_cells_key key)
{
	struct kpac_backend *backend, *other = NULL;
	struct kpac_balance_cell cell = {};
	struct kpac_balance_packet p;
	const u64 *word;

	kpac_balance_packet(view, &p);
	if (!kpac_balance_fits(b, &p))
		return kpac_balance_others(b);
	backend = kpac_balance_new(b, &p);
	if (!backend)
		return kpac_balance_unavailable(b);
	cell.word = kpac_balance_begin(b, backend, &p);
	word = kpac_cells_put(b->cells, set, key, &cell);
	/* another CPU was faster */
	if (word)
		other = kpac_balance_backend(b, READ_ONCE(*word));
	else
		this_cpu_inc(backend->stats->connections);
	return kpac_balance_send_slow(b, view, other ?: backend);
}

/* A packet that may change what is remembered, or whose back end has gone. */
static noinline enum kpac_verdict
kpac_balance_change(const struct kpac_balancer *b, struct kpac_view *view,
		    struct kpac_cells_set *set, int way,
		    struct kpac_cells_key key)
{
	u64 *word = kpac_cells_state(set, way, b->cells->size);
	u64 old = READ_ONCE(*word), new;
	struct kpac_balance_packet p;
	struct kpac_backend *backend;
	bool kept;

	kpac_balance_packet(view, &p);
	do {
		if (!kpac_cells_is(set, way, key))
			return kpac_balance_first(b, view, set, key);
		backend = kpac_balance_keep(b, old, &p);
		kept = backend;
		if (!kept && kpac_balance_fits(b, &p))
			backend = kpac_balance_new(b, &p);
		if (!backend)
			return kpac_balance_unavailable(b);
		new = kept ? kpac_affinity_next(old, p.kind,
						READ_ONCE(b->timeout), p.now) :
			     kpac_balance_begin(b, backend, &p);
	} while (new != old && !try_cmpxchg64(word, &old, new));
	kpac_cells_touch(set, way);
	if (!kept)
		this_cpu_inc(backend->stats->connections);
	else if (b->nat && new != old)
		kpac_balance_learn_back(b, backend, &p);
	return kpac_balance_send_slow(b, view, backend);
}

static __always_inline enum kpac_verdict
kpac_balance_there(const struct kpac_balancer *b, struct kpac_view *view,
		   bool ip6)
{
	u8 flags = kpac_view_l4_word(view)->tcp_flags;
	struct kpac_backend *backend;
	struct kpac_cells_set *set;
	struct kpac_cells_key key;
	u64 word;
	int way;

	key = kpac_balance_key(view, ip6, KPAC_BALANCE_THERE);
	set = kpac_cells_set(b->cells, key);
	way = kpac_cells_way(set, key);
	if (unlikely(way < 0))
		return kpac_balance_first(b, view, set, key);
	word = READ_ONCE(*(u64 *)kpac_cells_state(set, way, b->cells->size));
	if (unlikely(!kpac_affinity_same(word, flags, READ_ONCE(b->fresh),
					 jiffies)) ||
	    unlikely(!kpac_cells_is(set, way, key)))
		return kpac_balance_change(b, view, set, way, key);
	backend = kpac_balance_backend(b, word);
	if (unlikely(!backend) || unlikely(!kpac_backend_alive(backend)))
		return kpac_balance_change(b, view, set, way, key);
	kpac_cells_touch(set, way);
	return kpac_balance_send(b, view, ip6, backend);
}

/* ---- back ---- */

/* A packet that may change what is remembered of its way.
 * Return: false if nothing is.
 */
static noinline bool kpac_balance_change_back(const struct kpac_balancer *b,
					      const struct kpac_view *view,
					      struct kpac_cells_key key,
					      const struct kpac_rewrite_end *to)
{
	struct kpac_balance_packet p;

	kpac_balance_packet(view, &p);
	if (!kpac_balance_note(b, key, &p))
		return false;
	kpac_ends_swap(&p.ends);
	p.ends.dst = to->addr;
	p.ends.dport = to->port;
	kpac_balance_note(b, kpac_balance_ends_key(&p.ends, KPAC_BALANCE_THERE),
			  &p);
	return true;
}

static __always_inline enum kpac_verdict
kpac_balance_back(const struct kpac_balancer *b, struct kpac_view *view,
		  bool ip6)
{
	u8 flags = kpac_view_l4_word(view)->tcp_flags;
	const struct kpac_balance_cell *cell;
	struct kpac_rewrite_end to = {};
	struct kpac_cells_set *set;
	struct kpac_cells_key key;
	u64 word;
	int way;

	key = kpac_balance_key(view, ip6, KPAC_BALANCE_BACK);
	set = kpac_cells_set(b->cells, key);
	way = kpac_cells_way(set, key);
	if (unlikely(way < 0))
		return kpac_balance_unknown(b);
	cell = kpac_cells_state(set, way, sizeof(*cell));
	/* pairs with smp_store_release() in kpac_balance_take_back() */
	word = smp_load_acquire(&cell->word);
	to.addr.a = READ_ONCE(cell->known.a);
	if (ip6)
		to.addr.b = READ_ONCE(cell->known.b);
	to.port = (__force __be16)kpac_affinity_extra(word);
	if (unlikely(!kpac_cells_is(set, way, key)))
		return kpac_balance_unknown(b);
	if (unlikely(!kpac_affinity_same(word, flags, READ_ONCE(b->fresh),
					 jiffies)) &&
	    !kpac_balance_change_back(b, view, key, &to))
		return kpac_balance_unknown(b);
	kpac_cells_touch(set, way);
	if (unlikely(!kpac_balance_rewrite(view, ip6, KPAC_REWRITE_SRC, &to)))
		return kpac_balance_unchangeable(b);
	return KPAC_VERDICT_NEXT;
}

/* ---- ICMP errors, and what is not balanced ---- */

/* What is remembered for a packet between two ends. */
static bool kpac_balance_find(const struct kpac_balancer *b,
			      const struct kpac_ends *ends,
			      enum kpac_balance_way to,
			      struct kpac_balance_cell *cell)
{
	struct kpac_cells_key key = kpac_balance_ends_key(ends, to);
	struct kpac_cells_set *set = kpac_cells_set(b->cells, key);
	int way = kpac_cells_way(set, key);
	const struct kpac_balance_cell *found;

	if (way < 0)
		return false;
	found = kpac_cells_state(set, way, b->cells->size);
	/* pairs with smp_store_release() in kpac_balance_take_back() */
	cell->word = smp_load_acquire(&found->word);
	if (to == KPAC_BALANCE_BACK) {
		cell->known.a = READ_ONCE(found->known.a);
		cell->known.b = READ_ONCE(found->known.b);
	}
	return kpac_cells_is(set, way, key) &&
	       kpac_affinity_left(cell->word, jiffies) > 0;
}

/* An error about what a back end has sent. */
static enum kpac_verdict kpac_balance_error_there(const struct kpac_balancer *b,
						  struct kpac_view *view,
						  const struct kpac_ends *ends)
{
	struct kpac_balance_cell cell;
	struct kpac_backend *backend;
	struct kpac_rewrite_end to;

	if (!kpac_balance_find(b, ends, KPAC_BALANCE_THERE, &cell))
		return kpac_balance_unknown(b);
	backend = kpac_balance_backend(b, cell.word);
	if (!backend)
		return kpac_balance_unknown(b);
	this_cpu_inc(b->stats->errors);
	if (!b->nat)
		return kpac_balance_send_slow(b, view, backend);
	to = kpac_balance_end(backend, ends->dport);
	if (!kpac_rewrite_error(view, KPAC_REWRITE_SRC, &to))
		return kpac_balance_unchangeable(b);
	kpac_backend_count(backend, view);
	return KPAC_VERDICT_NEXT;
}

/* An error about what a client has sent. */
static enum kpac_verdict kpac_balance_error_back(const struct kpac_balancer *b,
						 struct kpac_view *view,
						 const struct kpac_ends *ends)
{
	struct kpac_balance_cell cell;
	struct kpac_rewrite_end to;

	if (!kpac_balance_find(b, ends, KPAC_BALANCE_BACK, &cell))
		return kpac_balance_unknown(b);
	this_cpu_inc(b->stats->errors);
	to.addr = cell.known;
	to.port = (__force __be16)kpac_affinity_extra(cell.word);
	if (!kpac_rewrite_error(view, KPAC_REWRITE_DST, &to))
		return kpac_balance_unchangeable(b);
	return KPAC_VERDICT_NEXT;
}

/* What is no packet of a connection, or one that does not say of which. */
static noinline enum kpac_verdict
kpac_balance_other(const struct kpac_balance *e, struct kpac_view *view)
{
	const struct kpac_balancer *b = e->balancer;
	struct kpac_ends ends;

	if (view->has & KPAC_HAS_FRAGMENT) {
		this_cpu_inc(b->stats->fragments);
		return KPAC_VERDICT_NEXT;
	}
	if (!kpac_ends_error(view) || !kpac_ends_quoted(view, &ends))
		return kpac_balance_others(b);
	kpac_ends_swap(&ends);
	return e->reply ? kpac_balance_error_back(b, view, &ends) :
			  kpac_balance_error_there(b, view, &ends);
}

/* On its own, for the registers that folding needs. */
static noinline enum kpac_verdict
kpac_balance_ports6(const struct kpac_balance *e, struct kpac_view *view)
{
	return e->reply ? kpac_balance_back(e->balancer, view, true) :
			  kpac_balance_there(e->balancer, view, true);
}

/* How many routers more a packet may meet. */
static __always_inline u8 kpac_balance_hops(const struct kpac_view *view)
{
	const void *hdr = view->data + view->l3;

	return likely(view->has & KPAC_HAS_IPV4) ?
	       ((const struct iphdr *)hdr)->ttl :
	       ((const struct ipv6hdr *)hdr)->hop_limit;
}

static enum kpac_verdict kpac_balance_run(void *priv, struct kpac_view *view)
{
	const u16 need = KPAC_HAS_PORTS | KPAC_HAS_PAYLOAD;
	const struct kpac_balance *e = priv;

	/* who answers must be able to say that, and to whom */
	if (unlikely(!(view->has & KPAC_HAS_IP)) ||
	    unlikely(kpac_balance_hops(view) <= 1))
		return kpac_balance_others(e->balancer);
	if (unlikely((view->has & (need | KPAC_HAS_FRAGMENT)) != need))
		return kpac_balance_other(e, view);
	if (unlikely(!(view->has & KPAC_HAS_IPV4)))
		return kpac_balance_ports6(e, view);
	if (e->reply)
		return kpac_balance_back(e->balancer, view, false);
	return kpac_balance_there(e->balancer, view, false);
}

static int kpac_balance_check(const struct kpac_balance *e,
			      const struct kpac_arg *reply,
			      struct netlink_ext_ack *extack)
{
	if (!reply || e->balancer->nat)
		return 0;
	KPAC_SET_ERR_ARG(extack, reply,
			 "back ends answer the client directly with mode dsr: leave reply out");
	return -EINVAL;
}

static void kpac_balance_destroy(void *priv)
{
	struct kpac_balance *e = priv;

	kpac_balancer_unuse(e->balancer);
	kfree(e);
}

static void *kpac_balance_create(struct net *net, const struct kpac_arg *args,
				 unsigned int n, struct netlink_ext_ack *extack)
{
	const struct kpac_arg *name = kpac_arg_find(args, n, "name");
	const struct kpac_arg *reply = kpac_arg_find(args, n, "reply");
	struct kpac_balance *e;
	int err;

	e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return ERR_PTR(-ENOMEM);
	e->reply = reply;
	e->balancer = kpac_balancer_use(net, name->text);
	if (!e->balancer) {
		KPAC_SET_ERR_ARG(extack, name,
				 "there is no balancer of this name: kpacctl balancer add makes one");
		kfree(e);
		return ERR_PTR(-ENOENT);
	}
	err = kpac_balance_check(e, reply, extack);
	if (!err)
		return e;
	kpac_balance_destroy(e);
	return ERR_PTR(err);
}

/* All entries of a balancer have these together. */
static void kpac_balance_figures(void *priv, kpac_figure_fn tell, void *to)
{
	const struct kpac_balance *e = priv;
	struct kpac_balancer_sum sum;

	kpac_balancer_sum(e->balancer, &sum);
	tell(to, "moved", sum.stats.moved);
	tell(to, "unavailable", sum.stats.unavailable);
	tell(to, "unresolved", sum.stats.unresolved);
	tell(to, "unchangeable", sum.stats.unchangeable);
	tell(to, "fragments", sum.stats.fragments);
	tell(to, "others", sum.stats.others);
	tell(to, "unknown", sum.stats.unknown);
	tell(to, "errors", sum.stats.errors);
	tell(to, "evicted", sum.evicted);
}

static const struct kpac_arg_spec kpac_balance_args[] = {
	{
		.name = "name",
		.doc = "the balancer: see kpacctl balancer",
		.type = KPAC_ARG_TYPE_TEXT,
		.required = true,
	},
	{
		.name = "reply",
		.doc = "the packets are what its back ends answer, with NAT",
		.type = KPAC_ARG_TYPE_FLAG,
	},
	{}
};

struct kpac_handler kpac_handler_balance = {
	.name = "balance",
	.doc = "Gives connections to back ends",
	.owner = THIS_MODULE,
	.args = kpac_balance_args,
	.run = kpac_balance_run,
	.create = kpac_balance_create,
	.destroy = kpac_balance_destroy,
	.figures = kpac_balance_figures,
};
