// SPDX-License-Identifier: GPL-2.0
/* The netlink side of balancers and their back ends. */

#include <linux/string.h>
#include <net/genetlink.h>

#include "handlers/balancer.h"
#include "netlink-gen.h"

/* What a balancer is without being asked for. */
#define KPAC_NL_BALANCER_MAX		65536
#define KPAC_NL_BALANCER_TIMEOUT	(15 * 60 * MSEC_PER_SEC)

/* Where a listing of back ends is. It holds the balancer that it is in. */
struct kpac_nl_backends {
	struct kpac_balancer *balancer;
	u32 at;
	bool all;
};

/* Where a back end goes. */
struct kpac_nl_backend_fill {
	struct sk_buff *msg;
	const struct genl_info *info;
	const struct kpac_balancer *balancer;
};

/* ---- balancers ---- */

/* The balancer that a request names by an attribute. */
static struct kpac_balancer *kpac_nl_balancer(const struct genl_info *info,
					      int attr)
{
	const struct nlattr *name = info->attrs[attr];
	struct kpac_balancer *balancer;

	if (!name) {
		GENL_SET_ERR_MSG(info, "which balancer? the request has no name");
		return ERR_PTR(-EINVAL);
	}
	balancer = kpac_balancer_get(genl_info_net(info), nla_data(name));
	if (balancer)
		return balancer;
	NL_SET_ERR_MSG_ATTR(info->extack, name,
			    "there is no balancer of this name: balancer add makes one");
	return ERR_PTR(-ENOENT);
}

/* By NAT a connection takes two cells. */
static int kpac_nl_balancer_check(const struct genl_info *info,
				  const struct kpac_balancer_config *config)
{
	if (config->mode != KPAC_BALANCE_MODE_NAT ||
	    config->max <= KPAC_CELLS_MAX / 2)
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack,
				info->attrs[KPAC_A_BALANCER_CONNECTIONS],
				"with mode nat a balancer remembers %u connections at most",
				KPAC_CELLS_MAX / 2);
	return -ERANGE;
}

int kpac_nl_balancer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *timeout = info->attrs[KPAC_A_BALANCER_TIMEOUT];
	const struct nlattr *name = info->attrs[KPAC_A_BALANCER_NAME];
	const struct nlattr *mode = info->attrs[KPAC_A_BALANCER_MODE];
	const struct nlattr *max = info->attrs[KPAC_A_BALANCER_CONNECTIONS];
	struct kpac_balancer_config config = {
		.name = name ? nla_data(name) : "",
		.max = max ? nla_get_u32(max) : KPAC_NL_BALANCER_MAX,
		.timeout = timeout ? nla_get_uint(timeout) :
				     KPAC_NL_BALANCER_TIMEOUT,
	};

	if (!*config.name) {
		GENL_SET_ERR_MSG(info, "a balancer needs a name of 1 to 31 bytes");
		return -EINVAL;
	}
	if (!mode) {
		GENL_SET_ERR_MSG(info, "a balancer needs a mode: nat or dsr");
		return -EINVAL;
	}
	config.mode = nla_get_u32(mode);
	return kpac_nl_balancer_check(info, &config) ?:
	       kpac_balancer_new(genl_info_net(info), &config, info->extack);
}

int kpac_nl_balancer_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *timeout = info->attrs[KPAC_A_BALANCER_TIMEOUT];
	struct kpac_balancer *balancer;

	if (!timeout) {
		GENL_SET_ERR_MSG(info, "nothing to change: the request has no timeout");
		return -EINVAL;
	}
	balancer = kpac_nl_balancer(info, KPAC_A_BALANCER_NAME);
	if (IS_ERR(balancer))
		return PTR_ERR(balancer);
	kpac_balancer_set_timeout(balancer, nla_get_uint(timeout));
	kpac_balancer_put(balancer);
	return 0;
}

int kpac_nl_balancer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_balancer *balancer;
	int err;

	balancer = kpac_nl_balancer(info, KPAC_A_BALANCER_NAME);
	if (IS_ERR(balancer))
		return PTR_ERR(balancer);
	err = kpac_balancer_del(balancer, info->extack);
	kpac_balancer_put(balancer);
	return err;
}

static int kpac_nl_fill_balancer_stats(struct sk_buff *msg,
				       const struct kpac_balancer_stats *s)
{
	if (nla_put_uint(msg, KPAC_A_BALANCER_MOVED, s->moved) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_UNAVAILABLE, s->unavailable) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_UNRESOLVED, s->unresolved) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_UNCHANGEABLE, s->unchangeable) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_FRAGMENTS, s->fragments) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_OTHERS, s->others) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_UNKNOWN, s->unknown) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_ERRORS, s->errors))
		return -EMSGSIZE;
	return 0;
}

static int kpac_nl_fill_balancer(struct sk_buff *msg,
				 const struct genl_info *info,
				 const struct kpac_balancer *balancer)
{
	void *hdr = genlmsg_iput(msg, info);
	struct kpac_balancer_sum sum;

	if (!hdr)
		return -EMSGSIZE;
	kpac_balancer_sum(balancer, &sum);
	if (nla_put_string(msg, KPAC_A_BALANCER_NAME, balancer->name) ||
	    nla_put_u32(msg, KPAC_A_BALANCER_MODE,
			balancer->nat ? KPAC_BALANCE_MODE_NAT :
					KPAC_BALANCE_MODE_DSR) ||
	    nla_put_u32(msg, KPAC_A_BALANCER_CONNECTIONS, balancer->max) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_TIMEOUT, sum.timeout) ||
	    nla_put_u32(msg, KPAC_A_BALANCER_BACKENDS, sum.backends) ||
	    nla_put_u32(msg, KPAC_A_BALANCER_ENTRIES, sum.entries) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_CELLS, sum.cells) ||
	    nla_put_uint(msg, KPAC_A_BALANCER_EVICTED, sum.evicted) ||
	    kpac_nl_fill_balancer_stats(msg, &sum.stats)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

int kpac_nl_balancer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_balancer *balancer;
	struct sk_buff *msg;
	int err = -ENOMEM;

	balancer = kpac_nl_balancer(info, KPAC_A_BALANCER_NAME);
	if (IS_ERR(balancer))
		return PTR_ERR(balancer);
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (msg)
		err = kpac_nl_fill_balancer(msg, info, balancer);
	kpac_balancer_put(balancer);
	if (!err)
		return genlmsg_reply(msg, info);
	nlmsg_free(msg);
	return err;
}

/* The listing remembers the name of the balancer that it has told last. */
int kpac_nl_balancer_get_dumpit(struct sk_buff *msg, struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	char *last = (char *)cb->ctx;
	struct kpac_balancer *balancer;
	int err = 0;

	static_assert(sizeof(cb->ctx) >= KPAC_BALANCER_NAME_SIZE);
	while (!err) {
		balancer = kpac_balancer_next(genl_info_net(info), last);
		if (!balancer)
			break;
		err = kpac_nl_fill_balancer(msg, info, balancer);
		if (!err)
			strscpy(last, balancer->name, KPAC_BALANCER_NAME_SIZE);
		kpac_balancer_put(balancer);
	}
	return err == -EMSGSIZE && msg->len ? msg->len : err;
}

/* ---- back ends ---- */

static int kpac_nl_backend_address(const struct genl_info *info,
				   struct kpac_backend_config *config)
{
	const struct nlattr *addr = info->attrs[KPAC_A_BACKEND_ADDRESS];
	const struct nlattr *port = info->attrs[KPAC_A_BACKEND_PORT];
	const struct in6_addr *in6;
	__be32 in;

	if (!addr) {
		GENL_SET_ERR_MSG(info, "which back end? the request has no address");
		return -EINVAL;
	}
	if (nla_len(addr) != sizeof(in) && nla_len(addr) != sizeof(*in6)) {
		NL_SET_ERR_MSG_ATTR(info->extack, addr,
				    "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	config->ip6 = nla_len(addr) == sizeof(*in6);
	memcpy(&config->addr, nla_data(addr), nla_len(addr));
	config->port = port ? htons(nla_get_u16(port)) : 0;
	return 0;
}

/* Whether a host can have an address. */
static int kpac_nl_backend_unicast(const struct genl_info *info,
				   const struct kpac_backend_config *config)
{
	const struct nlattr *addr = info->attrs[KPAC_A_BACKEND_ADDRESS];
	__be32 in = (__force __be32)config->addr.a;
	struct in6_addr in6;
	bool is;

	if (config->ip6 && !ipv6_mod_enabled()) {
		NL_SET_ERR_MSG_ATTR(info->extack, addr,
				    "this host has no IPv6: it was booted without, or the kernel built");
		return -EAFNOSUPPORT;
	}
	memcpy(&in6, &config->addr, sizeof(in6));
	if (config->ip6)
		is = ipv6_addr_type(&in6) & IPV6_ADDR_UNICAST &&
		     !(ipv6_addr_type(&in6) &
		       (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_LOOPBACK |
			IPV6_ADDR_MAPPED));
	else
		is = !ipv4_is_multicast(in) && !ipv4_is_lbcast(in) &&
		     !ipv4_is_zeronet(in) && !ipv4_is_loopback(in);
	if (is)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, addr,
			    "not the address of another host: a back end needs a global or private unicast address");
	return -EINVAL;
}

static int kpac_nl_backend_config(const struct genl_info *info,
				  struct kpac_backend_config *config)
{
	const struct nlattr *heartbeat = info->attrs[KPAC_A_BACKEND_HEARTBEAT];
	const struct nlattr *weight = info->attrs[KPAC_A_BACKEND_WEIGHT];
	const struct nlattr *state = info->attrs[KPAC_A_BACKEND_STATE];

	static_assert(sizeof_field(struct kpac_health, name) ==
		      KPAC_MAX_HEARTBEAT + 1);
	*config = (struct kpac_backend_config) {
		.has_weight = weight,
		.weight = weight ? nla_get_u32(weight) : 0,
		.has_state = state,
		.state = state ? nla_get_u32(state) : 0,
		.heartbeat = heartbeat ? nla_data(heartbeat) : NULL,
	};
	return kpac_nl_backend_address(info, config);
}

/* A balancer says that it does not have a back end. */
static int kpac_nl_backend_done(const struct genl_info *info, int err)
{
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[KPAC_A_BACKEND_ADDRESS],
				    "the balancer has no back end with this address and port: see kpacctl backend show");
	else if (err == -ENOMEM)
		GENL_SET_ERR_MSG(info, "not enough memory");
	return err;
}

int kpac_nl_backend_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_backend_config config;
	struct kpac_balancer *balancer;
	int err;

	err = kpac_nl_backend_config(info, &config) ?:
	      kpac_nl_backend_unicast(info, &config);
	if (err)
		return err;
	balancer = kpac_nl_balancer(info, KPAC_A_BACKEND_BALANCER);
	if (IS_ERR(balancer))
		return PTR_ERR(balancer);
	err = kpac_balancer_add(balancer, &config, info->extack);
	kpac_balancer_put(balancer);
	return kpac_nl_backend_done(info, err);
}

int kpac_nl_backend_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_backend_config config;
	struct kpac_balancer *balancer;
	int err;

	err = kpac_nl_backend_config(info, &config);
	if (err)
		return err;
	if (!config.has_weight && !config.has_state && !config.heartbeat) {
		GENL_SET_ERR_MSG(info, "nothing to change: the request has neither weight, state nor heartbeat");
		return -EINVAL;
	}
	balancer = kpac_nl_balancer(info, KPAC_A_BACKEND_BALANCER);
	if (IS_ERR(balancer))
		return PTR_ERR(balancer);
	err = kpac_balancer_set(balancer, &config, info->extack);
	kpac_balancer_put(balancer);
	return kpac_nl_backend_done(info, err);
}

int kpac_nl_backend_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kpac_backend_config config = {};
	struct kpac_balancer *balancer;
	int err;

	err = kpac_nl_backend_address(info, &config);
	if (err)
		return err;
	balancer = kpac_nl_balancer(info, KPAC_A_BACKEND_BALANCER);
	if (IS_ERR(balancer))
		return PTR_ERR(balancer);
	err = kpac_balancer_remove(balancer, &config);
	kpac_balancer_put(balancer);
	return kpac_nl_backend_done(info, err);
}

static int kpac_nl_fill_health(struct sk_buff *msg,
			       const struct kpac_health *health)
{
	static_assert((int)KPAC_BACKEND_HEALTH_UP == (int)KPAC_HEALTH_UP);
	static_assert((int)KPAC_BACKEND_HEALTH_DOWN == (int)KPAC_HEALTH_DOWN);
	if (!health)
		return 0;
	return nla_put_string(msg, KPAC_A_BACKEND_HEARTBEAT, health->name) ?:
	       nla_put_u32(msg, KPAC_A_BACKEND_HEALTH,
			   READ_ONCE(health->state));
}

static int kpac_nl_fill_backend_attrs(struct sk_buff *msg, const char *name,
				      const struct kpac_backend *backend)
{
	int len = backend->ip6 ? sizeof(struct in6_addr) : sizeof(__be32);
	struct kpac_backend_stats sum;

	kpac_backend_sum(backend, &sum);
	if (nla_put_string(msg, KPAC_A_BACKEND_BALANCER, name) ||
	    nla_put(msg, KPAC_A_BACKEND_ADDRESS, len, &backend->end.addr) ||
	    nla_put_u16(msg, KPAC_A_BACKEND_PORT, ntohs(backend->end.port)) ||
	    nla_put_u32(msg, KPAC_A_BACKEND_WEIGHT, backend->weight) ||
	    nla_put_u32(msg, KPAC_A_BACKEND_STATE, backend->state) ||
	    kpac_nl_fill_health(msg, rcu_dereference_protected(backend->health,
							       true)) ||
	    nla_put_u32(msg, KPAC_A_BACKEND_SLOTS, backend->slots) ||
	    nla_put_uint(msg, KPAC_A_BACKEND_PACKETS, sum.packets) ||
	    nla_put_uint(msg, KPAC_A_BACKEND_BYTES, sum.bytes) ||
	    nla_put_uint(msg, KPAC_A_BACKEND_CONNECTIONS, sum.connections))
		return -EMSGSIZE;
	return 0;
}

static int kpac_nl_fill_backend(const struct kpac_backend *backend, void *arg)
{
	struct kpac_nl_backend_fill *f = arg;
	void *hdr = genlmsg_iput(f->msg, f->info);

	if (!hdr)
		return -EMSGSIZE;
	if (kpac_nl_fill_backend_attrs(f->msg, f->balancer->name, backend)) {
		genlmsg_cancel(f->msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(f->msg, hdr);
	return 0;
}

static struct kpac_nl_backends *kpac_nl_backends(struct netlink_callback *cb)
{
	static_assert(sizeof(struct kpac_nl_backends) <= sizeof(cb->ctx));
	return (struct kpac_nl_backends *)cb->ctx;
}

int kpac_nl_backend_get_start(struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct kpac_nl_backends *backends = kpac_nl_backends(cb);
	struct kpac_balancer *balancer;

	backends->all = !info->attrs[KPAC_A_BACKEND_BALANCER];
	balancer = backends->all ? kpac_balancer_next(genl_info_net(info), "") :
				   kpac_nl_balancer(info, KPAC_A_BACKEND_BALANCER);
	if (IS_ERR(balancer))
		return PTR_ERR(balancer);
	backends->balancer = balancer;
	backends->at = 0;
	return 0;
}

int kpac_nl_backend_get_done(struct netlink_callback *cb)
{
	struct kpac_nl_backends *backends = kpac_nl_backends(cb);

	if (backends->balancer)
		kpac_balancer_put(backends->balancer);
	return 0;
}

/* On to the next balancer, if that is wanted and there is one. */
static void kpac_nl_backends_next(struct kpac_nl_backends *backends,
				  struct net *net)
{
	struct kpac_balancer *balancer = backends->balancer;

	backends->balancer = NULL;
	if (backends->all)
		backends->balancer = kpac_balancer_next(net, balancer->name);
	backends->at = 0;
	kpac_balancer_put(balancer);
}

int kpac_nl_backend_get_dumpit(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct kpac_nl_backend_fill f = {
		.msg = msg,
		.info = genl_info_dump(cb),
	};
	struct kpac_nl_backends *backends = kpac_nl_backends(cb);
	int err = 0;

	while (backends->balancer) {
		f.balancer = backends->balancer;
		err = kpac_balancer_for_each(backends->balancer, &backends->at,
					     kpac_nl_fill_backend, &f);
		if (err)
			break;
		kpac_nl_backends_next(backends, genl_info_net(f.info));
	}
	return err == -EMSGSIZE && msg->len ? msg->len : err;
}
