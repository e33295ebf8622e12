// SPDX-License-Identifier: GPL-2.0
/* do echo: answers ICMP, ICMPv6 and UDP echo requests in place */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/udp.h>
#include <net/checksum.h>

#include "handlers.h"
#include "reply.h"

/* Services that answer whoever asks have low ports. Two that answer each other
 * would never end.
 */
#define KPAC_ECHO_LOW_PORTS	512

/* Whether there is a request behind an IP header without options. */
static bool kpac_echo_asks(struct kpac_view *view)
{
	const struct kpac_l4_word *word = kpac_view_l4_word(view);
	const u8 *l4 = view->data + view->l4;

	switch (word->proto) {
	case IPPROTO_UDP:
		return view->has & KPAC_HAS_PORTS &&
		       ntohs(word->sport) >= KPAC_ECHO_LOW_PORTS &&
		       kpac_reply_hops(view) > 1;
	case IPPROTO_ICMP:
		return l4[0] == ICMP_ECHO && !l4[1];
	case IPPROTO_ICMPV6:
		return l4[0] == ICMPV6_ECHO_REQUEST && !l4[1];
	default:
		return false;
	}
}

/* How far the reply to a request may go. What answers a datagram may be answered
 * itself, but not for ever.
 */
static u8 kpac_echo_hops(struct kpac_view *view)
{
	u8 far = kpac_reply_far(view);

	return kpac_view_l4_word(view)->proto == IPPROTO_UDP ?
	       min_t(u8, kpac_reply_hops(view) - 1, far) : far;
}

/* The checksum stays right if words change places, or is brought up to date. */
static void kpac_echo_l4(struct kpac_view *view)
{
	struct icmphdr *icmp = (void *)(view->data + view->l4);
	struct udphdr *udp = (void *)icmp;
	__be16 *type = (__be16 *)icmp, old = *type;

	switch (kpac_view_l4_word(view)->proto) {
	case IPPROTO_UDP:
		swap(udp->source, udp->dest);
		return;
	case IPPROTO_ICMP:
		icmp->type = ICMP_ECHOREPLY;
		break;
	default:
		icmp->type = ICMPV6_ECHO_REPLY;
	}
	if (view->sum == KPAC_SUM_FULL)
		csum_replace2(&icmp->checksum, old, *type);
}

static enum kpac_verdict kpac_echo_run(void *priv, struct kpac_view *view)
{
	/* the header of ICMP is as long as UDP's */
	if (unlikely(!kpac_reply_fits(view)) || unlikely(!kpac_echo_asks(view)) ||
	    unlikely(!kpac_view_unshare(view, view->l4 + sizeof(struct udphdr))))
		return KPAC_VERDICT_NEXT;
	kpac_reply_turn(view, kpac_echo_hops(view));
	kpac_echo_l4(view);
	view->ops->changed(view);
	return KPAC_VERDICT_REPLY;
}

struct kpac_handler kpac_handler_echo = {
	.name = "echo",
	.doc = "Answers ICMP, ICMPv6 and UDP echo requests; other packets go on",
	.owner = THIS_MODULE,
	.run = kpac_echo_run,
};
