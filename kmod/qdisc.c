// SPDX-License-Identifier: GPL-2.0
/*
 * The kpac queueing discipline: TX queues (txq.h) for what the stack sends, as
 * the root of a device, or for one of its queues, under mq.
 *
 * What is sent by a process goes to the driver at once: there is nothing to wait
 * for. What is sent in a softirq, which may be about to send more, goes at the
 * end of its round. So this is a queue that nothing is ever taken out of: when
 * the stack asks for a packet, because the device has room again, what waits is
 * sent, and the answer is that there is none.
 */

#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/netlink.h>
#include <net/pkt_sched.h>
#include <net/sock.h>
#include <uapi/linux/sch_kpac.h>

#include "qdisc.h"

/* Whether this is where packets go to the driver: another qdisc above it would
 * have to be asked first.
 */
static bool kpac_qdisc_outermost(const struct Qdisc *sch,
				 const struct Qdisc *root)
{
	return sch->parent == TC_H_ROOT ||
	       (root->flags & TCQ_F_MQROOT &&
		root->handle == TC_H_MAJ(sch->parent));
}

/* Whoever puts a qdisc under mq by hand gets it with a lock, because other
 * parents need that. mq does not, and those that it makes itself have none. So
 * with the first packet, under that lock, this becomes lockless again.
 * False: there is another parent.
 */
static noinline bool kpac_qdisc_unlock(struct Qdisc *sch)
{
	struct kpac_qdisc *priv = qdisc_priv(sch);

	if (!kpac_qdisc_outermost(sch,
				  rcu_dereference_bh(qdisc_dev(sch)->qdisc)))
		return false;
	sch->cpu_bstats = priv->bstats;
	sch->cpu_qstats = priv->qstats;
	priv->bstats = NULL;
	priv->qstats = NULL;
	/* after the statistics that it needs */
	smp_store_release(&sch->flags,
			  sch->flags | TCQ_F_NOLOCK | TCQ_F_CPUSTATS);
	return true;
}

/* Under a parent that decides what is sent when, this is a simple queue. */
static int kpac_qdisc_enqueue_child(struct sk_buff *skb, struct Qdisc *sch,
				    struct sk_buff **to_free)
{
	const struct kpac_qdisc *priv = qdisc_priv(sch);

	if (sch->q.qlen >= READ_ONCE(priv->tx->limit))
		return qdisc_drop(skb, sch, to_free);
	return qdisc_enqueue_tail(skb, sch);
}

/* Whether the socket of a packet has to look at it before it is sent (TLS). */
static bool kpac_qdisc_sock_looks(const struct sk_buff *skb)
{
#ifdef CONFIG_SOCK_VALIDATE_XMIT
	const struct sock *sk = skb->sk;

	return sk && sk_fullsock(sk) && sk->sk_validate_xmit_skb;
#else
	return false;
#endif
}

/* Whether a packet may have to be made several, or completed, for the device.
 * Most are one piece, and complete.
 */
static bool kpac_qdisc_is_raw(const struct sk_buff *skb)
{
	return skb->data_len || skb->ip_summed == CHECKSUM_PARTIAL ||
	       skb_is_gso(skb) || skb_vlan_tag_present(skb) ||
	       skb_has_extensions((struct sk_buff *)skb) ||
	       kpac_qdisc_sock_looks(skb);
}

/* Whether packets go at the end of the softirq round: a process has nothing more
 * to send for now, a softirq may.
 */
static __always_inline bool kpac_qdisc_later(const struct kpac_txq *txq)
{
	return in_serving_softirq() || kpac_txq_nested(txq);
}

static __always_inline void kpac_qdisc_send(struct kpac_txq *txq,
					    struct sk_buff *skb)
{
	if (unlikely(kpac_qdisc_later(txq))) {
		kpac_txq_add(txq, skb);
	} else if (unlikely(!kpac_txq_send(txq, skb))) {
		kpac_txq_put(txq, skb);
		kpac_txq_flush(txq);
	}
}

/* What the device cannot do is done here: segments, checksums. One packet can
 * become several, or none.
 */
static noinline int kpac_qdisc_enqueue_raw(struct sk_buff *skb,
					   struct Qdisc *sch,
					   struct kpac_txq *txq)
{
	unsigned int len = qdisc_pkt_len(skb);
	bool again = false;
	struct sk_buff *next;

	skb = validate_xmit_skb_list(skb, qdisc_dev(sch), &again);
	if (unlikely(again)) {
		qdisc_qstats_cpu_drop(sch);
		kfree_skb_list(skb);
		return NET_XMIT_DROP;
	}
	if (likely(skb && !skb->next)) {
		kpac_qdisc_send(txq, skb);
		return NET_XMIT_SUCCESS;
	}
	for (; skb; skb = next) {
		next = skb->next;
		skb->prev = NULL;
		qdisc_skb_cb(skb)->pkt_len = next ? skb->len : len;
		len -= min(len, skb->len);
		if (kpac_qdisc_later(txq))
			kpac_txq_add(txq, skb);
		else
			kpac_txq_put(txq, skb);
	}
	if (!kpac_qdisc_later(txq))
		kpac_txq_flush(txq);
	return NET_XMIT_SUCCESS;
}

/**
 * kpac_qdisc_enqueue - the stack sends a packet
 * @skb: the packet; consumed
 * @sch: a kpac qdisc
 * @to_free: gets the packet if it is to be dropped
 *
 * Context: bottom halves disabled; no lock.
 * Return: %NET_XMIT_SUCCESS or %NET_XMIT_DROP.
 */
int kpac_qdisc_enqueue(struct sk_buff *skb, struct Qdisc *sch,
		       struct sk_buff **to_free)
{
	struct kpac_txq *txq = kpac_qdisc_txq(sch, skb_get_queue_mapping(skb));
	const struct kpac_hwq *hwq = txq->hwq;

	if (unlikely(!(sch->flags & TCQ_F_NOLOCK)) && !kpac_qdisc_unlock(sch))
		return kpac_qdisc_enqueue_child(skb, sch, to_free);
	if (unlikely(READ_ONCE(hwq->waiting) >= READ_ONCE(hwq->tx->limit)))
		return qdisc_drop_cpu(skb, sch, to_free);
	if (unlikely(kpac_qdisc_is_raw(skb)))
		return kpac_qdisc_enqueue_raw(skb, sch, txq);
	kpac_qdisc_send(txq, skb);
	return NET_XMIT_SUCCESS;
}

static struct sk_buff *kpac_qdisc_dequeue(struct Qdisc *sch)
{
	struct kpac_qdisc *priv = qdisc_priv(sch);

	if (unlikely(!(sch->flags & TCQ_F_NOLOCK)))
		return qdisc_dequeue_head(sch);
	/* Somebody wanted this to be done while somebody else did it. */
	if (unlikely(READ_ONCE(sch->state) & QDISC_STATE_NON_EMPTY)) {
		clear_bit(__QDISC_STATE_MISSED, &sch->state);
		clear_bit(__QDISC_STATE_DRAINING, &sch->state);
		/* before looking */
		smp_mb__after_atomic();
	}
	kpac_txq_push(priv->tx);
	return NULL;
}

static struct sk_buff *kpac_qdisc_peek(struct Qdisc *sch)
{
	return qdisc_peek_head(sch);
}

static const struct nla_policy kpac_qdisc_policy[TCA_KPAC_MAX + 1] = {
	[TCA_KPAC_LIMIT] = { .type = NLA_U32 },
	[TCA_KPAC_BATCH] = { .type = NLA_U32 },
};

static int kpac_qdisc_change(struct Qdisc *sch, struct nlattr *opt,
			     struct netlink_ext_ack *extack)
{
	struct kpac_qdisc *priv = qdisc_priv(sch);
	struct nlattr *tb[TCA_KPAC_MAX + 1];
	struct kpac_tx *tx = priv->tx;
	u32 limit = tx->limit, batch = tx->config.batch;
	int err;

	err = nla_parse_nested(tb, TCA_KPAC_MAX, opt, kpac_qdisc_policy,
			       extack);
	if (err)
		return err;
	if (tb[TCA_KPAC_LIMIT])
		limit = nla_get_u32(tb[TCA_KPAC_LIMIT]);
	if (tb[TCA_KPAC_BATCH])
		batch = nla_get_u32(tb[TCA_KPAC_BATCH]);
	if (limit < 1 || limit > TC_KPAC_MAX_LIMIT) {
		NL_SET_ERR_MSG_ATTR(extack, tb[TCA_KPAC_LIMIT],
				    "limit must be from 1 to 1000000 packets");
		return -ERANGE;
	}
	if (batch < 1 || batch > TC_KPAC_MAX_BATCH) {
		NL_SET_ERR_MSG_ATTR(extack, tb[TCA_KPAC_BATCH],
				    "batch must be from 1 to 256 packets");
		return -ERANGE;
	}
	WRITE_ONCE(tx->limit, limit);
	WRITE_ONCE(tx->config.batch, batch);
	return 0;
}

/* Whether it may be made: if its parent is not the root, it is mq that makes it
 * as one of its first, or a qdisc further down, which cannot be told from that.
 */
static bool kpac_qdisc_may_be(const struct Qdisc *sch)
{
	const struct Qdisc *root = rtnl_dereference(qdisc_dev(sch)->qdisc);

	return kpac_qdisc_outermost(sch, root) ||
	       root->handle != TC_H_MAJ(sch->parent);
}

static int kpac_qdisc_create(struct Qdisc *sch, struct nlattr *opt,
			     struct netlink_ext_ack *extack)
{
	struct kpac_qdisc *priv = qdisc_priv(sch);
	struct net_device *dev = qdisc_dev(sch);
	unsigned int queue = sch->dev_queue - dev->_tx;

	if (!kpac_qdisc_may_be(sch)) {
		NL_SET_ERR_MSG(extack, "kpac can only be the root qdisc of a device, or be under mq");
		return -EOPNOTSUPP;
	}
	if (sch->parent == TC_H_ROOT && dev->num_tx_queues > KPAC_TX_HWQS) {
		NL_SET_ERR_MSG(extack, "the device has more than 256 queues: make mq its root, and kpac that of the queues");
		return -EOPNOTSUPP;
	}
	if (sch->parent == TC_H_ROOT)
		priv->tx = kpac_tx_new(dev, sch, 0, dev->num_tx_queues);
	else
		priv->tx = kpac_tx_new(dev, sch, queue, 1);
	priv->bstats = netdev_alloc_pcpu_stats(struct gnet_stats_basic_sync);
	priv->qstats = alloc_percpu(struct gnet_stats_queue);
	if (!priv->tx || !priv->bstats || !priv->qstats)
		return -ENOMEM;
	return opt ? kpac_qdisc_change(sch, opt, extack) : 0;
}

static void kpac_qdisc_reset(struct Qdisc *sch)
{
	struct kpac_qdisc *priv = qdisc_priv(sch);

	if (!(sch->flags & TCQ_F_NOLOCK)) {
		qdisc_reset_queue(sch);
		return;
	}
	/* they are disabled anyway, if anything waits, before 7.0 */
	local_bh_disable();
	if (priv->tx)
		kpac_txq_reset(priv->tx);
	local_bh_enable();
}

static void kpac_qdisc_destroy(struct Qdisc *sch)
{
	struct kpac_qdisc *priv = qdisc_priv(sch);

	if (priv->tx)
		kpac_tx_free(priv->tx);
	free_percpu(priv->bstats);
	free_percpu(priv->qstats);
}

static int kpac_qdisc_dump(struct Qdisc *sch, struct sk_buff *msg)
{
	const struct kpac_qdisc *priv = qdisc_priv(sch);
	struct nlattr *opts = nla_nest_start_noflag(msg, TCA_OPTIONS);

	if (!opts)
		return -EMSGSIZE;
	if (nla_put_u32(msg, TCA_KPAC_LIMIT, READ_ONCE(priv->tx->limit)) ||
	    nla_put_u32(msg, TCA_KPAC_BATCH, READ_ONCE(priv->tx->config.batch))) {
		nla_nest_cancel(msg, opts);
		return -EMSGSIZE;
	}
	return nla_nest_end(msg, opts);
}

static int kpac_qdisc_dump_stats(struct Qdisc *sch, struct gnet_dump *dump)
{
	const struct kpac_qdisc *priv = qdisc_priv(sch);
	struct tc_kpac_xstats xstats = {};
	struct kpac_tx_sum sum;
	int i;

	kpac_tx_sum(priv->tx, &sum);
	for (i = 0; i < KPAC_TX_SIZES; i++)
		xstats.batches += sum.tx.size[i];
	xstats.doorbells = sum.tx.doorbells;
	xstats.shared = sum.tx.shared;
	xstats.requeued = sum.tx.requeued;
	return gnet_stats_copy_app(dump, &xstats, sizeof(xstats));
}

static struct Qdisc_ops kpac_qdisc_ops __read_mostly = {
	.id = "kpac",
	.priv_size = sizeof(struct kpac_qdisc),
	.static_flags = TCQ_F_NOLOCK | TCQ_F_CPUSTATS,
	.enqueue = kpac_qdisc_enqueue,
	.dequeue = kpac_qdisc_dequeue,
	.peek = kpac_qdisc_peek,
	.init = kpac_qdisc_create,
	.reset = kpac_qdisc_reset,
	.destroy = kpac_qdisc_destroy,
	.change = kpac_qdisc_change,
	.dump = kpac_qdisc_dump,
	.dump_stats = kpac_qdisc_dump_stats,
	.owner = THIS_MODULE,
};

MODULE_ALIAS_NET_SCH("kpac");

/**
 * kpac_qdisc_init - let kpac qdiscs be made
 *
 * Context: process, at module load.
 * Return: 0 or an error.
 */
int __init kpac_qdisc_init(void)
{
	return register_qdisc(&kpac_qdisc_ops);
}

/**
 * kpac_qdisc_exit - let none be made any more
 *
 * Context: process, when there are none.
 */
void kpac_qdisc_exit(void)
{
	unregister_qdisc(&kpac_qdisc_ops);
}
