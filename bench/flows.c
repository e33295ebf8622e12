// SPDX-License-Identifier: GPL-2.0
/*
 * flows.c - packets of many connections, and their way back.
 *
 *	echo DEV MAC SOURCE DESTINATION PROTO FLOWS PACKETS CPUS > send
 *	cat send
 *	echo DEV > turn
 *
 * A module, because pktgen cannot do TCP; send and turn are its parameters. The first
 * command has that many CPUs, from 0 on, send so many packets of 60 bytes from SOURCE to
 * port 80 of DESTINATION, by DEV of the namespace that it is written in, to the Ethernet
 * address MAC. Each CPU has as many of the flows, which take turns. PROTO is tcp or udp;
 * segments of TCP are such as connections have that nobody opens or closes: an ACK,
 * without data. Checksums are right, and are said to have been verified, as NICs do. The
 * second command prints nanoseconds per packet of a CPU, from when the first one begins
 * until the last one ends. The third has a device of the
 * namespace that it is written in send back what it receives; an empty line ends that, for
 * all devices. See chain.sh.
 */

#include <linux/completion.h>
#include <linux/etherdevice.h>
#include <linux/hex.h>
#include <linux/inet.h>
#include <linux/ip.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/udp.h>

#define CPUS	8		/* at most */
#define TURNS	4		/* devices that turn packets around, at most */
#define SIZE	60		/* bytes of a packet */
#define PORT	80
#define FIRST	1024		/* the first flow's port */

/* What is sent. */
struct flows {
	struct net_device *dev;
	u8 mac[ETH_ALEN];
	__be32 saddr;
	__be32 daddr;
	u8 proto;
	unsigned int count;	/* flows of a CPU */
	unsigned int packets;	/* packets of a CPU */
	unsigned int cpus;
};

/* A CPU that sends. */
struct flows_sender {
	struct completion done;
	unsigned int cpu;
	u64 begin;
	u64 end;
} ____cacheline_aligned_in_smp;

static struct flows flows;
static struct flows_sender flows_senders[CPUS];
static atomic_t flows_ready;
static u64 flows_tenths;	/* of nanoseconds per packet */
static DEFINE_MUTEX(flows_lock);
static struct net_device *flows_turns[TURNS];

/* ---- sending ---- */

/* What is behind the IP packet is padding. */
static void flows_tcp(struct iphdr *iph, __be16 sport)
{
	struct tcphdr *th = (struct tcphdr *)(iph + 1);

	iph->tot_len = htons(sizeof(*iph) + sizeof(*th));
	th->source = sport;
	th->dest = htons(PORT);
	th->seq = htonl(1);
	th->ack_seq = htonl(1);
	th->doff = sizeof(*th) / 4;
	th->ack = 1;
	th->window = htons(65535);
	th->check = tcp_v4_check(sizeof(*th), iph->saddr, iph->daddr,
				 csum_partial(th, sizeof(*th), 0));
}

static void flows_udp(struct iphdr *iph, __be16 sport)
{
	unsigned int len = SIZE - ETH_HLEN - sizeof(*iph);
	struct udphdr *uh = (struct udphdr *)(iph + 1);

	iph->tot_len = htons(sizeof(*iph) + len);
	uh->source = sport;
	uh->dest = htons(PORT);
	uh->len = htons(len);
	uh->check = udp_v4_check(len, iph->saddr, iph->daddr,
				 csum_partial(uh, len, 0));
}

static struct sk_buff *flows_packet(unsigned int flow)
{
	struct sk_buff *skb = alloc_skb(LL_MAX_HEADER + SIZE, GFP_ATOMIC);
	struct ethhdr *eth;
	struct iphdr *iph;

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	eth = skb_put_zero(skb, SIZE);
	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + sizeof(*iph));
	ether_addr_copy(eth->h_dest, flows.mac);
	ether_addr_copy(eth->h_source, flows.dev->dev_addr);
	eth->h_proto = htons(ETH_P_IP);
	iph = (struct iphdr *)(eth + 1);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->ttl = 64;
	iph->protocol = flows.proto;
	iph->saddr = flows.saddr;
	iph->daddr = flows.daddr;
	if (flows.proto == IPPROTO_TCP)
		flows_tcp(iph, htons(FIRST + flow));
	else
		flows_udp(iph, htons(FIRST + flow));
	ip_send_check(iph);
	skb->protocol = htons(ETH_P_IP);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->dev = flows.dev;
	return skb;
}

static int flows_main(void *arg)
{
	struct flows_sender *me = arg;
	unsigned int i, flow = 0;
	struct sk_buff *skb;

	atomic_dec(&flows_ready);
	while (atomic_read(&flows_ready))
		cpu_relax();
	me->begin = ktime_get_ns();
	for (i = 0; i < flows.packets; i++) {
		skb = flows_packet(me->cpu * flows.count + flow);
		if (skb)
			dev_queue_xmit(skb);
		if (++flow == flows.count)
			flow = 0;
		if (i % 64 == 63)
			cond_resched();
	}
	me->end = ktime_get_ns();
	complete(&me->done);
	return 0;
}

static int flows_send(void)
{
	struct task_struct *tasks[CPUS];
	u64 begin = U64_MAX, end = 0;
	unsigned int i;

	atomic_set(&flows_ready, flows.cpus);
	for (i = 0; i < flows.cpus; i++) {
		init_completion(&flows_senders[i].done);
		flows_senders[i].cpu = i;
		tasks[i] = kthread_create_on_cpu(flows_main, &flows_senders[i],
						 i, "flows/%u");
		if (IS_ERR(tasks[i]))
			break;
	}
	if (i < flows.cpus) {
		while (i--)
			kthread_stop(tasks[i]);
		return -ENOMEM;
	}
	while (i--)
		wake_up_process(tasks[i]);
	for (i = 0; i < flows.cpus; i++) {
		wait_for_completion(&flows_senders[i].done);
		begin = min(begin, flows_senders[i].begin);
		end = max(end, flows_senders[i].end);
	}
	flows_tenths = div_u64((end - begin) * 10, flows.packets);
	return 0;
}

static int flows_parse(const char *value, char *dev)
{
	char mac[18], saddr[16], daddr[16], proto[4];

	if (sscanf(value, "%15s %17s %15s %15s %3s %u %u %u", dev, mac, saddr,
		   daddr, proto, &flows.count, &flows.packets,
		   &flows.cpus) != 8)
		return -EINVAL;
	flows.proto = strcmp(proto, "tcp") ? IPPROTO_UDP : IPPROTO_TCP;
	if (!mac_pton(mac, flows.mac) ||
	    !in4_pton(saddr, -1, (u8 *)&flows.saddr, -1, NULL) ||
	    !in4_pton(daddr, -1, (u8 *)&flows.daddr, -1, NULL))
		return -EINVAL;
	if (!flows.cpus || flows.cpus > min_t(unsigned int, CPUS, num_online_cpus()))
		return -EINVAL;
	flows.count /= flows.cpus;
	flows.packets /= flows.cpus;
	return flows.count && flows.packets &&
	       flows.count * flows.cpus <= 65536 - FIRST ? 0 : -EINVAL;
}

static int flows_set(const char *value, const struct kernel_param *kp)
{
	char dev[IFNAMSIZ];
	int err;

	mutex_lock(&flows_lock);
	err = flows_parse(value, dev);
	if (err)
		goto out;
	flows.dev = dev_get_by_name(current->nsproxy->net_ns, dev);
	err = flows.dev ? flows_send() : -ENODEV;
	dev_put(flows.dev);
out:
	mutex_unlock(&flows_lock);
	return err;
}

static int flows_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu.%llu\n", flows_tenths / 10,
			  flows_tenths % 10);
}

static const struct kernel_param_ops flows_send_ops = {
	.set = flows_set,
	.get = flows_get,
};
module_param_cb(send, &flows_send_ops, NULL, 0600);

/* ---- turning around ---- */

/* Nothing that a checksum covers changes but its place. */
static rx_handler_result_t flows_turn(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct ethhdr *eth;
	struct iphdr *iph;
	__be16 *ports;

	if (skb->protocol != htons(ETH_P_IP))
		return RX_HANDLER_PASS;
	skb = skb_unshare(skb, GFP_ATOMIC);
	if (!skb)
		return RX_HANDLER_CONSUMED;
	if (!pskb_may_pull(skb, sizeof(*iph) + sizeof(*ports) * 2)) {
		kfree_skb(skb);
		return RX_HANDLER_CONSUMED;
	}
	iph = (struct iphdr *)skb->data;
	ports = (__be16 *)(iph + 1);
	swap(iph->saddr, iph->daddr);
	swap(ports[0], ports[1]);
	skb_push(skb, ETH_HLEN);
	skb_reset_mac_header(skb);
	eth = eth_hdr(skb);
	ether_addr_copy(eth->h_dest, eth->h_source);
	ether_addr_copy(eth->h_source, skb->dev->dev_addr);
	dev_queue_xmit(skb);
	return RX_HANDLER_CONSUMED;
}

static void flows_turns_end(void)
{
	int i;

	for (i = 0; i < TURNS && flows_turns[i]; i++) {
		rtnl_lock();
		netdev_rx_handler_unregister(flows_turns[i]);
		rtnl_unlock();
		dev_put(flows_turns[i]);
		flows_turns[i] = NULL;
	}
}

static int flows_turns_add(struct net *net, const char *name)
{
	struct net_device *dev;
	int i, err;

	for (i = 0; i < TURNS && flows_turns[i]; i++)
		;
	if (i == TURNS)
		return -E2BIG;
	dev = dev_get_by_name(net, name);
	if (!dev)
		return -ENODEV;
	rtnl_lock();
	err = netdev_rx_handler_register(dev, flows_turn, NULL);
	rtnl_unlock();
	if (err)
		dev_put(dev);
	else
		flows_turns[i] = dev;
	return err;
}

static int flows_turn_set(const char *value, const struct kernel_param *kp)
{
	char name[IFNAMSIZ] = "";
	int err = 0;

	sscanf(value, "%15s", name);
	mutex_lock(&flows_lock);
	if (*name)
		err = flows_turns_add(current->nsproxy->net_ns, name);
	else
		flows_turns_end();
	mutex_unlock(&flows_lock);
	return err;
}

static const struct kernel_param_ops flows_turn_ops = {
	.set = flows_turn_set,
};
module_param_cb(turn, &flows_turn_ops, NULL, 0200);

static int __init flows_init(void)
{
	return 0;
}

static void __exit flows_exit(void)
{
	flows_turns_end();
}

module_init(flows_init);
module_exit(flows_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("packets of many connections, for kpac's benchmarks");
