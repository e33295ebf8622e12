// SPDX-License-Identifier: GPL-2.0
/* A peer: when it is asked, and what follows from its answers; see peer.h. */

#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "netlink.h"
#include "peer.h"
#include "probe.h"

static u64 kpac_peer_now(const struct kpac_peer *peer)
{
	return ktime_get_ns() - peer->epoch;
}

/* What somebody who has not seen the probe cannot know of it. */
static u64 kpac_peer_nonce(const struct kpac_peer *peer, u32 sequence, u64 time)
{
	return siphash_2u64(sequence, time, &peer->key);
}

/* The user is told before anything else can become of the peer. */
static void kpac_peer_becomes(struct kpac_peer *peer,
			      enum kpac_health_state health)
{
	struct kpac_peer_info info;

	peer->state.health = health;
	peer->state.changed = ktime_get_ns();
	kpac_health_set(peer->health, health);
	info = (struct kpac_peer_info){
		.config = peer->config, .state = peer->state,
	};
	kpac_netlink_notify_heartbeat(peer->net, &info);
}

static void kpac_peer_hit(struct kpac_peer *peer)
{
	int *in_row = &peer->state.in_row;

	if (*in_row < INT_MAX)
		*in_row = max(*in_row, 0) + 1;
	if (peer->state.health != KPAC_HEALTH_UP && *in_row >= peer->config.hits)
		kpac_peer_becomes(peer, KPAC_HEALTH_UP);
}

static void kpac_peer_miss(struct kpac_peer *peer)
{
	int *in_row = &peer->state.in_row;

	peer->state.stats.missed++;
	if (*in_row > -INT_MAX)
		*in_row = min(*in_row, 0) - 1;
	if (peer->state.health != KPAC_HEALTH_DOWN &&
	    -*in_row >= peer->config.misses)
		kpac_peer_becomes(peer, KPAC_HEALTH_DOWN);
}

/* The time for an answer to the last probe is over, that of the next begins. */
static void kpac_peer_next(struct kpac_peer *peer, struct kpac_heartbeat *probe)
{
	u64 time = kpac_peer_now(peer);

	spin_lock(&peer->lock);
	if (peer->waiting)
		kpac_peer_miss(peer);
	peer->waiting = true;
	/* answers are looked at without the lock */
	WRITE_ONCE(peer->sequence, peer->sequence + 1);
	WRITE_ONCE(peer->asked, time);
	WRITE_ONCE(peer->nonce, kpac_peer_nonce(peer, peer->sequence, time));
	*probe = (struct kpac_heartbeat){
		.magic = htonl(KPAC_HEARTBEAT_MAGIC),
		.version = KPAC_HEARTBEAT_VERSION,
		.type = KPAC_HEARTBEAT_PROBE,
		.peer = htonl(peer->id),
		.sequence = htonl(peer->sequence),
		.time = cpu_to_be64(time),
		.nonce = cpu_to_be64(peer->nonce),
	};
	spin_unlock(&peer->lock);
}

static void kpac_peer_arm(struct kpac_peer *peer)
{
	/* timers expire in the tick after theirs */
	mod_timer(&peer->timer, peer->due - 1);
}

/* A timer that comes late must not take away from the time that an answer has: the
 * next is due in its phase, when most of an interval is over.
 */
static void kpac_peer_schedule(struct kpac_peer *peer)
{
	unsigned long late = max_t(long, jiffies - peer->due, 0);

	late -= min(late, max(peer->interval / 4, 1UL));
	peer->due += peer->interval *
		     DIV_ROUND_UP(late + peer->interval, peer->interval);
	kpac_peer_arm(peer);
}

static void kpac_peer_tick(struct timer_list *timer)
{
	struct kpac_peer *peer = container_of(timer, struct kpac_peer, timer);
	struct kpac_peer_stats *stats = &peer->state.stats;
	struct kpac_heartbeat probe;
	bool sent;

	kpac_peer_next(peer, &probe);
	sent = kpac_probe_send(peer, &probe);
	spin_lock(&peer->lock);
	stats->sent += sent;
	stats->unsent += !sent;
	spin_unlock(&peer->lock);
	kpac_peer_schedule(peer);
}

/**
 * kpac_peer_new - make a peer, which is not asked anything yet
 * @net: the namespace
 * @config: what the user wants
 *
 * Context: process, may sleep.
 * Return: the peer, for kpac_peer_free(), or NULL: there is no memory.
 */
struct kpac_peer *kpac_peer_new(struct net *net,
				const struct kpac_peer_config *config)
{
	struct kpac_peer *peer = kzalloc(sizeof(*peer), GFP_KERNEL_ACCOUNT);

	if (!peer)
		return NULL;
	peer->health = kpac_health_get(net, config->name);
	if (!peer->health) {
		kfree(peer);
		return NULL;
	}
	peer->net = net;
	peer->config = *config;
	peer->interval = max(msecs_to_jiffies(config->interval), 1UL);
	peer->epoch = ktime_get_ns();
	peer->state.changed = peer->epoch;
	get_random_bytes(&peer->key, sizeof(peer->key));
	spin_lock_init(&peer->lock);
	timer_setup(&peer->timer, kpac_peer_tick, 0);
	return peer;
}

/**
 * kpac_peer_start - begin to send probes
 * @peer: the peer, of which answers are taken already
 * @id: its number
 *
 * The first is sent within an interval, or a second, but not at once: peers that
 * are added together are not asked together.
 *
 * Context: process.
 */
void kpac_peer_start(struct kpac_peer *peer, u32 id)
{
	u32 within = min_t(unsigned long, peer->interval, HZ);

	peer->id = id;
	peer->due = jiffies + 1 + get_random_u32_below(within);
	kpac_peer_arm(peer);
}

/**
 * kpac_peer_stop - send no more probes
 * @peer: the peer; nothing is said of it any more
 *
 * Context: process, may sleep.
 */
void kpac_peer_stop(struct kpac_peer *peer)
{
	timer_shutdown_sync(&peer->timer);
	spin_lock_bh(&peer->lock);
	peer->gone = true;
	kpac_health_set(peer->health, KPAC_HEALTH_UNKNOWN);
	spin_unlock_bh(&peer->lock);
}

/**
 * kpac_peer_free - free a peer
 * @peer: the peer; it has not been started, or is stopped, and nobody finds it
 *	any more; who has found it before may look at it for a grace period
 *
 * Context: process, may sleep.
 */
void kpac_peer_free(struct kpac_peer *peer)
{
	kpac_probe_forget(peer);
	kpac_health_put(peer->health);
	kfree_rcu(peer, rcu);
}

static void kpac_peer_in_time(struct kpac_peer *peer, u64 rtt)
{
	struct kpac_peer_stats *stats = &peer->state.stats;

	peer->waiting = false;
	stats->rtt_min = stats->received ? min(stats->rtt_min, rtt) : rtt;
	stats->rtt_sum += rtt;
	stats->received++;
	kpac_peer_hit(peer);
}

/* Whether somebody who writes this has seen a probe: most often the last one. */
static bool kpac_peer_genuine(const struct kpac_peer *peer,
			      const struct kpac_heartbeat *answer)
{
	u64 time = be64_to_cpu(answer->time), nonce = be64_to_cpu(answer->nonce);
	u32 sequence = ntohl(answer->sequence);

	return likely(sequence == READ_ONCE(peer->sequence) &&
		      time == READ_ONCE(peer->asked) &&
		      nonce == READ_ONCE(peer->nonce)) ||
	       nonce == kpac_peer_nonce(peer, sequence, time);
}

/* Take an answer, which is genuine, to the probe of a time. */
static bool kpac_peer_take(struct kpac_peer *peer, u64 time, u64 now)
{
	struct kpac_peer_stats *stats = &peer->state.stats;
	bool last = time == peer->asked;

	/* once more */
	if (peer->gone || (last && !peer->waiting))
		return false;
	stats->rtt_last = now - time;
	stats->rtt_max = max(stats->rtt_max, stats->rtt_last);
	if (last)
		kpac_peer_in_time(peer, stats->rtt_last);
	else
		stats->late++;
	return true;
}

/**
 * kpac_peer_answer - take an answer
 * @peer: the peer that it says it is from
 * @answer: the answer
 *
 * It counts if it is the first to the last probe. One to an earlier probe is
 * late, and counts for nothing; what has not been asked is not looked at.
 *
 * Context: softirq, under RCU.
 * Return: whether it is an answer, in time or late.
 */
bool kpac_peer_answer(struct kpac_peer *peer,
		      const struct kpac_heartbeat *answer)
{
	u64 time = be64_to_cpu(answer->time), now = kpac_peer_now(peer);
	bool taken;

	if (!kpac_peer_genuine(peer, answer))
		return false;
	spin_lock(&peer->lock);
	taken = kpac_peer_take(peer, time, now);
	spin_unlock(&peer->lock);
	return taken;
}

/**
 * kpac_peer_info - tell what is known of a peer
 * @peer: the peer
 * @info: the result
 *
 * Context: process.
 */
void kpac_peer_info(struct kpac_peer *peer, struct kpac_peer_info *info)
{
	info->config = peer->config;
	spin_lock_bh(&peer->lock);
	info->state = peer->state;
	spin_unlock_bh(&peer->lock);
}
