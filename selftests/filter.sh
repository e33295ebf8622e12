#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# Whoever looks at packets in the router, or filters or queues them, sees the
# same with kpac as without: taps, queueing disciplines, netfilter, tc.

. "$(dirname "$0")/lib.sh"

# capture DEV FILTER KIND...: what tcpdump sees there while packets flow
capture() {
	local dev=$1 filter=$2 pid
	shift 2
	ip netns exec "$R" tcpdump -nn -e -i "$dev" -l -s 256 --immediate-mode -B 16384 $filter >"$TMP/dump" 2>"$TMP/dump.err" &
	pid=$!
	until_true grep -q listening "$TMP/dump.err"
	flows "$@"
	WAIT=40 until_true settled
	kill $pid
	wait $pid 2>/dev/null
	# Without times and random labels.
	cut -d' ' -f2- "$TMP/dump" | sed 's/flowlabel 0x[0-9a-f]*//'
}

# settled: tcpdump has printed all, however slow the machine
settled() {
	local lines
	lines=$(wc -l <"$TMP/dump")
	sleep 4
	((lines && $(wc -l <"$TMP/dump") == lines))
}

test_tcpdump() {
	need tcpdump || return
	one_way
	same "r1 r2" 0 capture any "udp or icmp or icmp6" udp4-1400 ttl-1 gso-tcp4-3000
	check "something captured" grep -q "r2 *Out.*UDP" "$TMP/without"
}

test_capture_on_out_device() {
	need tcpdump || return
	one_way
	same "r1 r2" 30 capture r2 udp udp4-1400 udp6
	check "something captured" grep -q "10.2.0.2.4001: UDP" "$TMP/without"
}

# queued QDISC...: what it has sent
queued() {
	tc -n "$R" qdisc add dev r2 root handle 1: "$@"
	flows udp4 udp6-1400 gso-tcp4-3000
	tc -n "$R" -s qdisc show dev r2 | grep Sent
	tc -n "$R" qdisc del dev r2 root
}

test_qdisc() {
	one_way
	same "r1 r2" 30 queued pfifo
	same "r1 r2" 30 queued fq_codel
	same "r1 r2" 30 queued tbf rate 1gbit burst 100k limit 1m
}

test_netfilter() {
	one_way
	in_ns "$R" nft -f - <<-END
		table inet t {
			chain f { type filter hook forward priority 0; counter; udp sport 4001 drop; }
			chain p { type filter hook prerouting priority 0; counter; ip dscp set 10; }
			chain n { type nat hook postrouting priority srcnat; udp sport 4002 masquerade; }
		}
	END
	need conntrack && same "r1 r2" 0 counted_once
}

# The counters of anonymous rules cannot be compared by their totals: by what they grew.
counted_once() {
	local before after
	before=$(in_ns "$R" nft list ruleset | grep -o "packets [0-9]*" | cut -d' ' -f2)
	flows $SHORT
	after=$(in_ns "$R" nft list ruleset | grep -o "packets [0-9]*" | cut -d' ' -f2)
	paste <(echo "$before") <(echo "$after") | while read -r a b; do echo "rule counted $((b - a))"; done
	in_ns "$R" conntrack -F 2>/dev/null
}

test_nft_netdev() {
	one_way
	in_ns "$R" nft -f - <<-END
		table netdev t {
			chain i { type filter hook ingress device r1 priority 0; counter; udp sport 4001 drop; }
			chain e { type filter hook egress device r2 priority 0; counter; udp sport 4002 drop; }
		}
	END
	same "r1 r2" 0 counted_once
}

test_tc() {
	one_way
	tc -n "$R" qdisc add dev r1 clsact
	tc -n "$R" qdisc add dev r2 clsact
	tc -n "$R" filter add dev r1 ingress protocol ip prio 1 flower ip_proto udp src_port 4001 action drop
	tc -n "$R" filter add dev r2 egress protocol ip prio 1 flower ip_proto udp src_port 4002 action drop
	tc -n "$R" filter add dev r1 ingress protocol ip prio 2 flower ip_proto udp src_port 4003 action skbedit mark 7
	ip -n "$R" rule add fwmark 7 blackhole pref 50
	same "r1 r2" 0 flows $SHORT
}

probe_helper
run_tests tcpdump capture_on_out_device qdisc netfilter nft_netdev tc
