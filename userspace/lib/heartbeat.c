// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Heartbeats: peers that the kernel sends probes to. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool get_name(const struct nlattr *nla, char *name)
{
	size_t len;

	if (!nla)
		return false;
	len = strnlen(nla_data(nla), (size_t)nla_len(nla));
	if (!len || len > KPAC_MAX_HEARTBEAT_NAME)
		return false;
	memcpy(name, nla_data(nla), len);
	return true;
}

static bool get_port(const struct nlattr *nla, uint16_t *port)
{
	unsigned int number;

	if (!kpac_get_u16(nla, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

/* If there is a source address, it is of the same kind. */
static bool get_addrs(struct nlattr **tb, struct kpac_peer *peer)
{
	const struct nlattr *addr = tb[KPAC_A_HEARTBEAT_ADDR];
	const struct nlattr *src = tb[KPAC_A_HEARTBEAT_SRC];

	if (!addr || (nla_len(addr) != 4 && nla_len(addr) != 16))
		return false;
	peer->addr_len = (unsigned int)nla_len(addr);
	memcpy(peer->addr, nla_data(addr), peer->addr_len);
	if (!src)
		return true;
	if (nla_len(src) != nla_len(addr))
		return false;
	memcpy(peer->src, nla_data(src), peer->addr_len);
	peer->have |= KPAC_PEER_SRC;
	return true;
}

static bool get_config(struct nlattr **tb, struct kpac_peer *peer)
{
	if (kpac_get_u32(tb[KPAC_A_HEARTBEAT_IFINDEX], &peer->ifindex))
		peer->have |= KPAC_PEER_IFINDEX;
	if (kpac_get_ifname(tb[KPAC_A_HEARTBEAT_IFNAME], peer->ifname))
		peer->have |= KPAC_PEER_IFNAME;
	return get_name(tb[KPAC_A_HEARTBEAT_NAME], peer->name) &&
	       get_addrs(tb, peer) &&
	       get_port(tb[KPAC_A_HEARTBEAT_DPORT], &peer->dport) &&
	       get_port(tb[KPAC_A_HEARTBEAT_SPORT], &peer->sport) &&
	       kpac_get_u32(tb[KPAC_A_HEARTBEAT_INTERVAL], &peer->interval) &&
	       kpac_get_u32(tb[KPAC_A_HEARTBEAT_MISSES], &peer->misses) &&
	       kpac_get_u32(tb[KPAC_A_HEARTBEAT_HITS], &peer->hits) &&
	       kpac_get_u32(tb[KPAC_A_HEARTBEAT_SIZE], &peer->probe_size);
}

static void get_rtt(struct nlattr **tb, struct kpac_peer *peer)
{
	if (kpac_get_uint(tb[KPAC_A_HEARTBEAT_RTT_LAST], &peer->rtt_last) &&
	    kpac_get_uint(tb[KPAC_A_HEARTBEAT_RTT_MAX], &peer->rtt_max))
		peer->have |= KPAC_PEER_RTT_LAST;
	if (kpac_get_uint(tb[KPAC_A_HEARTBEAT_RTT_MIN], &peer->rtt_min) &&
	    kpac_get_uint(tb[KPAC_A_HEARTBEAT_RTT_MEAN], &peer->rtt_mean))
		peer->have |= KPAC_PEER_RTT_MEAN;
}

static bool get_state(struct nlattr **tb, struct kpac_peer *peer)
{
	unsigned int in_row;

	get_rtt(tb, peer);
	if (!kpac_get_u32(tb[KPAC_A_HEARTBEAT_IN_ROW], &in_row))
		return false;
	peer->in_row = (int)in_row;
	return kpac_get_u32(tb[KPAC_A_HEARTBEAT_STATE], &peer->state) &&
	       kpac_get_uint(tb[KPAC_A_HEARTBEAT_CHANGED], &peer->changed) &&
	       kpac_get_uint(tb[KPAC_A_HEARTBEAT_SINCE], &peer->since) &&
	       kpac_get_uint(tb[KPAC_A_HEARTBEAT_SENT], &peer->sent) &&
	       kpac_get_uint(tb[KPAC_A_HEARTBEAT_UNSENT], &peer->unsent) &&
	       kpac_get_uint(tb[KPAC_A_HEARTBEAT_RECEIVED], &peer->received) &&
	       kpac_get_uint(tb[KPAC_A_HEARTBEAT_MISSED], &peer->missed) &&
	       kpac_get_uint(tb[KPAC_A_HEARTBEAT_LATE], &peer->late);
}

int kpac_parse_peer(const struct nlmsghdr *nlh, struct kpac_peer *peer)
{
	struct nlattr *tb[KPAC_A_HEARTBEAT_MAX + 1];
	struct nlattr *first;
	int len;

	memset(peer, 0, sizeof(*peer));
	if (!kpac_attrs(nlh, &first, &len) ||
	    nla_parse(tb, KPAC_A_HEARTBEAT_MAX, first, len, NULL) ||
	    !get_config(tb, peer) || !get_state(tb, peer))
		return -EBADMSG;
	return 0;
}

static int put_number(struct nl_msg *msg, int attr, unsigned int number)
{
	return number ? nla_put_u32(msg, attr, number) : 0;
}

static int put_config(struct nl_msg *msg,
		      const struct kpac_heartbeat_config *c)
{
	int len = (int)c->addr_len;

	return (c->name && nla_put_string(msg, KPAC_A_HEARTBEAT_NAME,
					  c->name)) ||
	       nla_put(msg, KPAC_A_HEARTBEAT_ADDR, len, c->addr) ||
	       nla_put_u16(msg, KPAC_A_HEARTBEAT_DPORT, c->dport) ||
	       (c->has_src && nla_put(msg, KPAC_A_HEARTBEAT_SRC, len,
				      c->src)) ||
	       (c->sport && nla_put_u16(msg, KPAC_A_HEARTBEAT_SPORT,
					c->sport)) ||
	       put_number(msg, KPAC_A_HEARTBEAT_IFINDEX, c->ifindex) ||
	       put_number(msg, KPAC_A_HEARTBEAT_INTERVAL, c->interval) ||
	       put_number(msg, KPAC_A_HEARTBEAT_MISSES, c->misses) ||
	       put_number(msg, KPAC_A_HEARTBEAT_HITS, c->hits) ||
	       put_number(msg, KPAC_A_HEARTBEAT_SIZE, c->probe_size);
}

static bool name_fits(const char *name)
{
	return *name && strlen(name) <= KPAC_MAX_HEARTBEAT_NAME;
}

static int bad_name(struct kpac *handle)
{
	return kpac_fail(handle, -EINVAL,
			 "the name of a heartbeat has 1 to %d bytes",
			 KPAC_MAX_HEARTBEAT_NAME);
}

static int no_memory(struct kpac *handle, struct nl_msg *msg)
{
	nlmsg_free(msg);
	return kpac_fail(handle, -ENOMEM, "%s", strerror(ENOMEM));
}

/**
 * kpac_heartbeat_add() - have the kernel send probes to a peer
 * @handle: the handle
 * @config: the peer
 *
 * Return: 0, or -EEXIST if there is one of this name, -EADDRINUSE if the source
 * port is somebody else's, -ENODEV if there is no such device, -ERANGE if a
 * number is not in its range, -ENOSPC if there are too many, -EPERM without
 * CAP_NET_ADMIN, -EINVAL, or another negative errno; kpac_error() has what the
 * kernel says.
 */
int kpac_heartbeat_add(struct kpac *handle,
		       const struct kpac_heartbeat_config *config)
{
	struct nl_msg *msg;

	if (config->size != sizeof(*config))
		return kpac_fail(handle, -EINVAL,
				 "the program wants what this libkpac does not know");
	if (config->name && !name_fits(config->name))
		return bad_name(handle);
	if (config->addr_len != 4 && config->addr_len != 16)
		return kpac_fail(handle, -EINVAL,
				 "an address has 4 or 16 bytes");
	msg = kpac_msg_new(handle, KPAC_CMD_HEARTBEAT_NEW, 0);
	if (!msg)
		return -ENOMEM;
	if (put_config(msg, config))
		return no_memory(handle, msg);
	return kpac_transact(handle, msg, NULL);
}

/* A request about a peer, or NULL and what is wrong. */
static struct nl_msg *msg_about(struct kpac *handle, uint8_t cmd,
				const char *name, int *err)
{
	struct nl_msg *msg;

	if (!name_fits(name)) {
		*err = bad_name(handle);
		return NULL;
	}
	*err = -ENOMEM;
	msg = kpac_msg_new(handle, cmd, 0);
	if (!msg || !nla_put_string(msg, KPAC_A_HEARTBEAT_NAME, name))
		return msg;
	no_memory(handle, msg);
	return NULL;
}

/**
 * kpac_heartbeat_del() - have the kernel send no more probes to a peer
 * @handle: the handle
 * @name: what it is called
 *
 * Return: 0, -ENOENT if there is no peer of this name, -EPERM without
 * CAP_NET_ADMIN, or another negative errno.
 */
int kpac_heartbeat_del(struct kpac *handle, const char *name)
{
	struct nl_msg *msg;
	int err;

	msg = msg_about(handle, KPAC_CMD_HEARTBEAT_DEL, name, &err);
	return msg ? kpac_transact(handle, msg, NULL) : err;
}

static int fetch(struct kpac *handle, struct nl_msg *msg, kpac_peer_fn fn,
		 void *arg)
{
	struct kpac_replies replies = { 0 };
	const struct nlmsghdr *nlh;
	struct kpac_peer peer;
	int err;

	err = kpac_transact(handle, msg, &replies);
	if (err)
		goto out;
	kpac_for_each_reply(nlh, &replies) {
		err = kpac_parse_peer(nlh, &peer);
		if (err) {
			kpac_fail(handle, err,
				  "the kernel's description of a heartbeat is malformed");
			break;
		}
		err = fn(&peer, arg);
		if (err)
			break;
	}
out:
	free(replies.data);
	return err;
}

/**
 * kpac_heartbeat_get() - ask what is known of a peer
 * @handle: the handle
 * @name: what it is called
 * @fn: called once with the peer
 * @arg: passed to @fn
 *
 * Return: 0 or what @fn returned, -ENOENT if there is no peer of this name,
 * -EBADMSG if the answer made no sense, or another negative errno.
 */
int kpac_heartbeat_get(struct kpac *handle, const char *name, kpac_peer_fn fn,
		       void *arg)
{
	struct nl_msg *msg;
	int err;

	msg = msg_about(handle, KPAC_CMD_HEARTBEAT_GET, name, &err);
	return msg ? fetch(handle, msg, fn, arg) : err;
}

/**
 * kpac_heartbeat_dump() - ask what is known of all peers of the namespace
 * @handle: the handle
 * @fn: called for each peer
 * @arg: passed to @fn
 *
 * The list is complete before @fn is called for the first time: if peers come or
 * go while the kernel lists them, it is asked again.
 *
 * Return: 0 or what @fn returned, -EAGAIN if the peers changed too fast,
 * -EBADMSG if the answer made no sense, -EOPNOTSUPP if the module is too old to
 * have heartbeats, or another negative errno.
 */
int kpac_heartbeat_dump(struct kpac *handle, kpac_peer_fn fn, void *arg)
{
	struct nl_msg *msg = kpac_msg_new(handle, KPAC_CMD_HEARTBEAT_GET,
					  NLM_F_DUMP);

	return msg ? fetch(handle, msg, fn, arg) : -ENOMEM;
}
