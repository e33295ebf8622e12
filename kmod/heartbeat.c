// SPDX-License-Identifier: GPL-2.0
/* Heartbeats: which peers there are; see heartbeat.h. */

#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/stringhash.h>
#include <net/netns/generic.h>
#include <uapi/linux/kpac.h>

#include "heartbeat.h"
#include "listener.h"

/* Probes in a second that peers of a namespace are sent at most; and those of all
 * namespaces together that are not the system's, because whoever can make one can
 * make many. Timers that have more to do than there is time never come to an end.
 */
#define KPAC_HEARTBEAT_RATE		100000u
#define KPAC_HEARTBEAT_RATE_OTHERS	10000u

static unsigned int kpac_heartbeat_net_id __ro_after_init;

/* Protects which peers and listeners there are. */
static DEFINE_MUTEX(kpac_heartbeat_lock);
static DEFINE_HASHTABLE(kpac_heartbeat_names, 12);
static unsigned int kpac_heartbeat_rate_others;

static struct kpac_heartbeats *kpac_heartbeats(const struct net *net)
{
	return net_generic(net, kpac_heartbeat_net_id);
}

static u32 kpac_heartbeat_hash(const struct net *net, const char *name)
{
	return full_name_hash(net, name, strlen(name));
}

static struct kpac_peer *kpac_heartbeat_find(const struct net *net,
					     const char *name)
{
	struct kpac_peer *peer;

	hash_for_each_possible(kpac_heartbeat_names, peer, node,
			       kpac_heartbeat_hash(net, name))
		if (peer->net == net && !strcmp(peer->config.name, name))
			return peer;
	return NULL;
}

/* How many probes are sent in a second, those of namespaces that users have made
 * with them if @net is one.
 */
static unsigned int *kpac_heartbeat_rate(struct net *net)
{
	return net->user_ns == &init_user_ns ? &kpac_heartbeats(net)->rate :
					       &kpac_heartbeat_rate_others;
}

static unsigned int kpac_heartbeat_rate_max(const struct net *net)
{
	return net->user_ns == &init_user_ns ? KPAC_HEARTBEAT_RATE :
					       KPAC_HEARTBEAT_RATE_OTHERS;
}

static unsigned int
kpac_heartbeat_rate_of(const struct kpac_peer_config *config)
{
	return DIV_ROUND_UP(MSEC_PER_SEC, config->interval);
}

/**
 * kpac_heartbeat_answer - take what may be an answer
 * @net: the namespace that it has come in by
 * @from: where it comes from
 * @answer: what it begins with, which anybody may have written
 *
 * Context: softirq, under RCU.
 * Return: whether it is an answer to a probe that was sent.
 */
bool kpac_heartbeat_answer(struct net *net,
			   const struct kpac_heartbeat_from *from,
			   const struct kpac_heartbeat *answer)
{
	const struct kpac_peer_config *config;
	struct kpac_peer *peer;

	if (answer->magic != htonl(KPAC_HEARTBEAT_MAGIC) ||
	    answer->version != KPAC_HEARTBEAT_VERSION ||
	    answer->type != KPAC_HEARTBEAT_ANSWER)
		return false;
	peer = xa_load(&kpac_heartbeats(net)->peers, ntohl(answer->peer));
	if (!peer)
		return false;
	config = &peer->config;
	if (config->ip6 != from->ip6 || config->dport != from->port ||
	    config->sport != from->to ||
	    !nf_inet_addr_cmp(&config->addr, &from->addr))
		return false;
	return kpac_peer_answer(peer, answer);
}

static struct kpac_peer *
kpac_heartbeat_new(struct net *net, const struct kpac_peer_config *config)
{
	struct kpac_heartbeats *hearts = kpac_heartbeats(net);
	struct kpac_listener *listener;
	struct kpac_peer *peer;

	peer = kpac_peer_new(net, config);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	listener = kpac_listener_get(net, &hearts->listeners, config->ip6,
				     config->sport);
	if (IS_ERR(listener)) {
		kpac_peer_free(peer);
		return ERR_CAST(listener);
	}
	peer->listener = listener;
	peer->config.sport = listener->port;
	return peer;
}

static void kpac_heartbeat_free(struct kpac_peer *peer)
{
	kpac_listener_put(peer->listener);
	kpac_peer_free(peer);
}

static int kpac_heartbeat_insert(struct kpac_heartbeats *hearts,
				 struct kpac_peer *peer)
{
	u32 id;
	int err;

	err = xa_alloc_cyclic(&hearts->peers, &id, peer, xa_limit_32b,
			      &hearts->next, GFP_KERNEL);
	if (err < 0)
		return err;
	hash_add(kpac_heartbeat_names, &peer->node,
		 kpac_heartbeat_hash(peer->net, peer->config.name));
	hearts->count++;
	hearts->changes++;
	*kpac_heartbeat_rate(peer->net) += kpac_heartbeat_rate_of(&peer->config);
	kpac_peer_start(peer, id);
	return 0;
}

static int kpac_heartbeat_add_locked(struct net *net,
				     const struct kpac_peer_config *config)
{
	struct kpac_heartbeats *hearts = kpac_heartbeats(net);
	struct kpac_peer *peer;
	int err;

	if (kpac_heartbeat_find(net, config->name))
		return -EEXIST;
	if (hearts->count >= KPAC_MAX_HEARTBEATS)
		return -ENOSPC;
	if (*kpac_heartbeat_rate(net) + kpac_heartbeat_rate_of(config) >
	    kpac_heartbeat_rate_max(net))
		return -EDQUOT;
	peer = kpac_heartbeat_new(net, config);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	err = kpac_heartbeat_insert(hearts, peer);
	if (err)
		kpac_heartbeat_free(peer);
	return err;
}

/**
 * kpac_heartbeat_add - begin to send probes to a peer
 * @net: the namespace
 * @config: what is wanted, complete and in its limits
 *
 * Context: process, may sleep.
 * Return: 0; -EEXIST: there is a peer of this name; -ENOSPC: there are as many as
 * there may be; -EDQUOT: more probes would be sent than may be; -EADDRINUSE: somebody else has the source port; or another error.
 */
int kpac_heartbeat_add(struct net *net, const struct kpac_peer_config *config)
{
	int err;

	mutex_lock(&kpac_heartbeat_lock);
	err = kpac_heartbeat_add_locked(net, config);
	mutex_unlock(&kpac_heartbeat_lock);
	return err;
}

static void kpac_heartbeat_remove(struct kpac_heartbeats *hearts,
				  struct kpac_peer *peer)
{
	hash_del(&peer->node);
	kpac_peer_stop(peer);
	xa_erase(&hearts->peers, peer->id);
	hearts->count--;
	hearts->changes++;
	*kpac_heartbeat_rate(peer->net) -= kpac_heartbeat_rate_of(&peer->config);
	kpac_heartbeat_free(peer);
}

/**
 * kpac_heartbeat_del - send no more probes to a peer
 * @net: the namespace
 * @name: what it is called
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOENT: there is none of this name.
 */
int kpac_heartbeat_del(struct net *net, const char *name)
{
	struct kpac_peer *peer;

	mutex_lock(&kpac_heartbeat_lock);
	peer = kpac_heartbeat_find(net, name);
	if (peer)
		kpac_heartbeat_remove(kpac_heartbeats(net), peer);
	mutex_unlock(&kpac_heartbeat_lock);
	return peer ? 0 : -ENOENT;
}

/**
 * kpac_heartbeat_get - tell what is known of a peer
 * @net: the namespace
 * @name: what it is called
 * @info: the result
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOENT: there is none of this name.
 */
int kpac_heartbeat_get(struct net *net, const char *name,
		       struct kpac_peer_info *info)
{
	struct kpac_peer *peer;

	mutex_lock(&kpac_heartbeat_lock);
	peer = kpac_heartbeat_find(net, name);
	if (peer)
		kpac_peer_info(peer, info);
	mutex_unlock(&kpac_heartbeat_lock);
	return peer ? 0 : -ENOENT;
}

/**
 * kpac_heartbeat_changes - whether there are the same peers as before
 * @net: the namespace
 *
 * Context: any.
 * Return: a number that is the same as long as there are.
 */
unsigned int kpac_heartbeat_changes(struct net *net)
{
	return READ_ONCE(kpac_heartbeats(net)->changes);
}

/**
 * kpac_heartbeat_next - tell what is known of peers one by one
 * @net: the namespace
 * @at: the number from which on, first 0; set to that of the peer
 * @info: the result
 *
 * Context: process, may sleep.
 * Return: false if there are no more.
 */
bool kpac_heartbeat_next(struct net *net, unsigned long *at,
			 struct kpac_peer_info *info)
{
	struct kpac_peer *peer;

	mutex_lock(&kpac_heartbeat_lock);
	peer = xa_find(&kpac_heartbeats(net)->peers, at, ULONG_MAX, XA_PRESENT);
	if (peer)
		kpac_peer_info(peer, info);
	mutex_unlock(&kpac_heartbeat_lock);
	return peer;
}

static int __net_init kpac_heartbeat_net_init(struct net *net)
{
	struct kpac_heartbeats *hearts = kpac_heartbeats(net);

	xa_init_flags(&hearts->peers, XA_FLAGS_ALLOC | XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&hearts->listeners);
	return 0;
}

static void __net_exit kpac_heartbeat_net_exit(struct net *net)
{
	struct kpac_heartbeats *hearts = kpac_heartbeats(net);
	struct kpac_peer *peer;
	unsigned long id;

	mutex_lock(&kpac_heartbeat_lock);
	xa_for_each(&hearts->peers, id, peer)
		kpac_heartbeat_remove(hearts, peer);
	mutex_unlock(&kpac_heartbeat_lock);
	xa_destroy(&hearts->peers);
}

/* Before the namespace's devices, and what they have come to. */
static struct pernet_operations kpac_heartbeat_net_ops = {
	.init = kpac_heartbeat_net_init,
	.exit = kpac_heartbeat_net_exit,
	.id = &kpac_heartbeat_net_id,
	.size = sizeof(struct kpac_heartbeats),
};

/**
 * kpac_heartbeat_init - be ready for heartbeats
 *
 * Context: process, at module load.
 * Return: 0 or an error.
 */
int __init kpac_heartbeat_init(void)
{
	return register_pernet_device(&kpac_heartbeat_net_ops);
}

/**
 * kpac_heartbeat_stop - forget all peers
 *
 * Context: process, when nobody asks for any, and all that they use is there.
 */
void kpac_heartbeat_stop(void)
{
	struct hlist_node *next;
	struct kpac_peer *peer;
	int i;

	mutex_lock(&kpac_heartbeat_lock);
	hash_for_each_safe(kpac_heartbeat_names, i, next, peer, node)
		kpac_heartbeat_remove(kpac_heartbeats(peer->net), peer);
	mutex_unlock(&kpac_heartbeat_lock);
}

/**
 * kpac_heartbeat_exit - end what is left of heartbeats
 *
 * Context: process, when there are no peers, and no packet meets a handler.
 */
void kpac_heartbeat_exit(void)
{
	unregister_pernet_device(&kpac_heartbeat_net_ops);
}
