// SPDX-License-Identifier: GPL-2.0
/* do heartbeat: answers probes in place, and takes answers to the host's own */

#include <linux/hex.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/checksum.h>

#include "../heartbeat.h"
#include "handlers.h"
#include "reply.h"

/**
 * struct kpac_heartbeat_text - what is said in answers
 * @len: how much that is
 * @data: that
 */
struct kpac_heartbeat_text {
	unsigned int len;
	u8 data[KPAC_MAX_TEXT];
};

/* How much a datagram carries, behind its UDP header, that fills its packet and,
 * over IPv6, has a checksum.
 */
static unsigned int kpac_heartbeat_size(const struct kpac_view *view)
{
	const struct udphdr *udp = (const void *)(view->data + view->l4);
	unsigned int len = ntohs(udp->len);

	if (view->l4 + len != view->end ||
	    (view->has & KPAC_HAS_IPV6 && !udp->check))
		return 0;
	return len - sizeof(*udp);
}

/* What a packet begins with that is a probe or an answer, or NULL. */
static struct kpac_heartbeat *kpac_heartbeat_in(struct kpac_view *view)
{
	const u16 need = KPAC_HAS_PORTS | KPAC_HAS_PAYLOAD;
	struct kpac_heartbeat *heartbeat;

	if ((view->has & need) != need || view->segs != 1 ||
	    view->has & KPAC_HAS_FRAGMENT ||
	    kpac_view_l4_word(view)->proto != IPPROTO_UDP ||
	    kpac_heartbeat_size(view) < sizeof(*heartbeat) ||
	    !kpac_view_pull(view, view->payload + sizeof(*heartbeat)))
		return NULL;
	heartbeat = (void *)(view->data + view->payload);
	return heartbeat->magic == htonl(KPAC_HEARTBEAT_MAGIC) &&
	       heartbeat->version == KPAC_HEARTBEAT_VERSION ? heartbeat : NULL;
}

/* Bring a datagram's checksum up to date: @old was the sum of what is now @new. */
static void kpac_heartbeat_sum(struct kpac_view *view, struct udphdr *udp,
			       __wsum old, __wsum new)
{
	__wsum sum = ~csum_unfold(udp->check);

	if (view->sum != KPAC_SUM_FULL || !udp->check)
		return;
	udp->check = csum_fold(csum_add(csum_sub(sum, old), new)) ?:
		     CSUM_MANGLED_0;
}

/* Make a probe, which can be written to, an answer that says something. */
static void kpac_heartbeat_say(struct kpac_view *view, const void *text,
			       unsigned int len)
{
	struct kpac_heartbeat *heartbeat = (void *)(view->data + view->payload);
	struct udphdr *udp = (void *)(view->data + view->l4);
	unsigned int changed = sizeof(*heartbeat) + len;
	__wsum old = csum_partial(heartbeat, changed, 0);

	heartbeat->type = KPAC_HEARTBEAT_ANSWER;
	heartbeat->text_len = htons(len);
	memcpy(heartbeat + 1, text, len);
	kpac_heartbeat_sum(view, udp, old, csum_partial(heartbeat, changed, 0));
	swap(udp->source, udp->dest);
}

/* An answer is as long as its probe: nobody can have somebody else be sent more
 * than he sends.
 */
static enum kpac_verdict
kpac_heartbeat_reply(const struct kpac_heartbeat_text *text,
		     struct kpac_view *view)
{
	unsigned int room, len;

	if (!kpac_reply_fits(view) || !kpac_view_l4_word(view)->sport)
		return KPAC_VERDICT_NEXT;
	room = kpac_heartbeat_size(view) - sizeof(struct kpac_heartbeat);
	len = min(room, text->len);
	if (!kpac_view_unshare(view, view->payload +
			       sizeof(struct kpac_heartbeat) + len))
		return KPAC_VERDICT_NEXT;
	kpac_reply_turn(view, kpac_reply_far(view));
	kpac_heartbeat_say(view, text->data, len);
	view->ops->changed(view);
	return KPAC_VERDICT_REPLY;
}

static void kpac_heartbeat_sender(struct kpac_view *view,
				  struct kpac_heartbeat_from *from)
{
	const struct kpac_l4_word *word = kpac_view_l4_word(view);
	const void *l3 = view->data + view->l3;

	*from = (struct kpac_heartbeat_from){
		.port = word->sport,
		.to = word->dport,
		.ip6 = view->has & KPAC_HAS_IPV6,
	};
	if (from->ip6)
		from->addr.in6 = ((const struct ipv6hdr *)l3)->saddr;
	else
		from->addr.ip = ((const struct iphdr *)l3)->saddr;
}

static enum kpac_verdict
kpac_heartbeat_take(struct kpac_view *view,
		    const struct kpac_heartbeat *heartbeat)
{
	struct kpac_heartbeat_from from;

	kpac_heartbeat_sender(view, &from);
	if (!kpac_heartbeat_answer(dev_net(view->dev), &from, heartbeat))
		return KPAC_VERDICT_NEXT;
	view->ops->consume(view);
	return KPAC_VERDICT_STOLEN;
}

static enum kpac_verdict kpac_heartbeat_run(void *priv, struct kpac_view *view)
{
	const struct kpac_heartbeat *heartbeat = kpac_heartbeat_in(view);

	if (!heartbeat)
		return KPAC_VERDICT_NEXT;
	switch (heartbeat->type) {
	case KPAC_HEARTBEAT_PROBE:
		return kpac_heartbeat_reply(priv, view);
	case KPAC_HEARTBEAT_ANSWER:
		return kpac_heartbeat_take(view, heartbeat);
	default:
		return KPAC_VERDICT_NEXT;
	}
}

/* Read what is to be said, in one way or the other. */
static int kpac_heartbeat_read(const struct kpac_arg *template,
			       const struct kpac_arg *hex,
			       struct kpac_heartbeat_text *text,
			       struct netlink_ext_ack *extack)
{
	if (template && hex) {
		KPAC_SET_ERR_ARG(extack, hex, "give the template as text or as hex, not both");
		return -EINVAL;
	}
	if (template) {
		text->len = strlen(template->text);
		memcpy(text->data, template->text, text->len);
	}
	if (!hex)
		return 0;
	text->len = strlen(hex->text) / 2;
	if (strlen(hex->text) % 2 ||
	    hex2bin(text->data, hex->text, text->len)) {
		KPAC_SET_ERR_ARG(extack, hex, "hex has two digits for each byte");
		return -EINVAL;
	}
	return 0;
}

static void *kpac_heartbeat_create(struct net *net, const struct kpac_arg *args,
				   unsigned int n,
				   struct netlink_ext_ack *extack)
{
	struct kpac_heartbeat_text *text;
	int err;

	text = kzalloc(sizeof(*text), GFP_KERNEL_ACCOUNT);
	if (!text)
		return ERR_PTR(-ENOMEM);
	err = kpac_heartbeat_read(kpac_arg_find(args, n, "template"),
				  kpac_arg_find(args, n, "hex"), text, extack);
	if (!err)
		return text;
	kfree(text);
	return ERR_PTR(err);
}

static void kpac_heartbeat_destroy(void *priv)
{
	kfree(priv);
}

static const struct kpac_arg_spec kpac_heartbeat_args[] = {
	{
		.name = "template",
		.doc = "text that answers have, as far as probes have room",
		.type = KPAC_ARG_TYPE_TEXT,
	}, {
		.name = "hex",
		.doc = "the same as hexadecimal digits",
		.type = KPAC_ARG_TYPE_TEXT,
	},
	{}
};

struct kpac_handler kpac_handler_heartbeat = {
	.name = "heartbeat",
	.doc = "Answers probes, and takes answers to the host's own; others go on",
	.owner = THIS_MODULE,
	.args = kpac_heartbeat_args,
	.run = kpac_heartbeat_run,
	.create = kpac_heartbeat_create,
	.destroy = kpac_heartbeat_destroy,
};
