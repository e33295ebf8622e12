/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints kpac:*: what perf, ftrace and bpftrace can see of the TX side.
 * Their names and fields stay as they are.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kpac

#if !defined(_KPAC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KPAC_TRACE_H

#include <linux/netdevice.h>
#include <linux/tracepoint.h>

TRACE_EVENT(kpac_enqueue,

	TP_PROTO(const struct sk_buff *skb, const struct net_device *dev,
		 unsigned int queue, unsigned int pending),

	TP_ARGS(skb, dev, queue, pending),

	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(int, ifindex)
		__field(unsigned int, queue)
		__field(unsigned int, len)
		__field(unsigned int, pending)
	),

	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->ifindex = dev->ifindex;
		__entry->queue = queue;
		__entry->len = skb->len;
		__entry->pending = pending;
	),

	TP_printk("ifindex=%d queue=%u skbaddr=%p len=%u pending=%u",
		  __entry->ifindex, __entry->queue, __entry->skbaddr,
		  __entry->len, __entry->pending)
);

TRACE_EVENT(kpac_flush,

	TP_PROTO(const struct net_device *dev, unsigned int queue,
		 unsigned int sent, unsigned int doorbells, bool left),

	TP_ARGS(dev, queue, sent, doorbells, left),

	TP_STRUCT__entry(
		__field(int, ifindex)
		__field(unsigned int, queue)
		__field(unsigned int, sent)
		__field(unsigned int, doorbells)
		__field(bool, left)
	),

	TP_fast_assign(
		__entry->ifindex = dev->ifindex;
		__entry->queue = queue;
		__entry->sent = sent;
		__entry->doorbells = doorbells;
		__entry->left = left;
	),

	TP_printk("ifindex=%d queue=%u sent=%u doorbells=%u left=%d",
		  __entry->ifindex, __entry->queue, __entry->sent,
		  __entry->doorbells, __entry->left)
);

TRACE_EVENT(kpac_reclaim,

	TP_PROTO(int cpu, unsigned int looked, unsigned int home),

	TP_ARGS(cpu, looked, home),

	TP_STRUCT__entry(
		__field(int, cpu)
		__field(unsigned int, looked)
		__field(unsigned int, home)
	),

	TP_fast_assign(
		__entry->cpu = cpu;
		__entry->looked = looked;
		__entry->home = home;
	),

	TP_printk("cpu=%d looked=%u home=%u",
		  __entry->cpu, __entry->looked, __entry->home)
);

TRACE_EVENT(kpac_refill,

	TP_PROTO(int cpu, unsigned int added, unsigned int size),

	TP_ARGS(cpu, added, size),

	TP_STRUCT__entry(
		__field(int, cpu)
		__field(unsigned int, added)
		__field(unsigned int, size)
	),

	TP_fast_assign(
		__entry->cpu = cpu;
		__entry->added = added;
		__entry->size = size;
	),

	TP_printk("cpu=%d added=%u size=%u",
		  __entry->cpu, __entry->added, __entry->size)
);

#endif /* _KPAC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
