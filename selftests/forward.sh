#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# kpac forwards IPv4 and IPv6. The same packets are sent without and with kpac:
# what arrives (every byte), what the router sends back, the SNMP counters and
# the device counters must not differ.

. "$(dirname "$0")/lib.sh"

# ---- what forwarding is ----

test_frame() {
	local frame
	one_way
	ports add r1 r2
	ask topo "$A:h0" "$R:r1" "$B:h0" >/dev/null
	# Destination, source; version to protocol; the decremented TTL; addresses and ports.
	frame=$(ask send udp4 | grep -o "^1x .* 74 .*")
	frame=${frame##* }
	equal "MAC addresses" "${frame:0:28}" 0200000002020200000002010800
	equal "IPv4 header" "${frame:28:40}" 4500003c000100003f1167aa0a0100020a020002
	equal "payload" "${frame:84:64}" "$($PYTHON -c 'print(bytes((i * 7) & 255 for i in range(32)).hex())')"
	frame=$(ask send udp6 | grep -o "^1x .* 94 .*")
	frame=${frame##* }
	equal "MAC addresses" "${frame:0:28}" 02000000020202000000020186dd
	equal "IPv6 header" "${frame:28:16}" 600000000028113f
	[[ $KPAC_MODE != without ]] || return
	equal "accelerated" "$(kpac_stat "$R" r1 accelerated-packets)" 8
	equal "bytes" "$(kpac_stat "$R" r1 accelerated-bytes)" $((60 + 80 + 3 * (48 + 68)))
	equal "handed over" "$(kpac_stat "$R" r1 handover-packets)" 8
	equal "packets of the other port" "$(kpac_stat "$R" r2 packets)" 0
	check "stat reset" kpac "$R" stat reset dev r1
	equal "accelerated after reset" "$(kpac_stat "$R" r1 accelerated-packets)" 0
	check "forward off" kpac "$R" port set dev r1 forward off
	ask send udp4 >/dev/null
	equal "accelerated when off" "$(kpac_stat "$R" r1 accelerated-packets)" 0
	equal "pass reason when off" "$(kpac_stat "$R" r1 pass:port-off)" 3
}

test_veth() {
	one_way
	same "r1 r2" 32 flows $FULL
}

test_ingress_door() {
	one_way
	DOOR=ingress same "r1 r2" 32 flows $FULL
}

# Where received packets are steered, they go through the receive queue.
test_rps() {
	one_way
	in_ns "$B" sh -c 'echo 1 > /sys/class/net/h0/queues/rx-0/rps_cpus'
	same "r1 r2" 32 flows $FULL
}

# A veth that merges packets must get them by its own queue.
test_veth_gro() {
	need ethtool || return
	one_way
	in_ns "$R" ethtool -K r2 tso off
	in_ns "$B" ethtool -K h0 gro on
	ports add r1 r2
	ask topo "$A:h0" "$R:r1" "$B:h0" >/dev/null
	check "IPv4" grep -q "^1x B-.*:h0 " <(ask send udp4)
	check "IPv6" grep -q "^1x B-.*:h0 " <(ask send udp6)
	[[ $KPAC_MODE != without ]] || return
	equal "direct" "$(kpac_stat "$R" r1 direct-packets)" 8
	in_ns "$R" ethtool -K r2 tso on
	ask send udp4 >/dev/null
	equal "handed over" "$(kpac_stat "$R" r1 handover-packets)" 3
}

# ---- routes ----

test_ecmp() {
	one_way
	namespaces C
	cable "$C" 3
	silence "$C"
	in_ns "$R" sysctl -qw net.ipv4.fib_multipath_hash_policy="${POLICY:-1}" \
		net.ipv6.fib_multipath_hash_policy="${POLICY:-1}"
	batch "$R" <<-END
		route add 10.50.0.0/24 nexthop via 10.2.0.2 weight 2 nexthop via 10.3.0.2
		route add fd50::/64 nexthop via fd02::2 weight 2 nexthop via fd03::2
	END
	ecmp() {
		ask topo "$A:h0" "$R:r1" "$B:h0,$C:h0"
		ask send udp4 48 10.50.0.9
		ask send udp6 48 fd50::9
	}
	same "r1 r2 r3" 90 ecmp
	equal "spread" "$(grep -c "packets at" "$TMP/without")" 4
}

test_ecmp_addresses() {
	POLICY=0 ecmp_by_address
}

ecmp_by_address() {
	local i
	one_way
	namespaces C
	cable "$C" 3
	silence "$C"
	batch "$R" <<-END
		route add 10.50.0.0/24 nexthop via 10.2.0.2 nexthop via 10.3.0.2
		route add fd50::/64 nexthop via fd02::2 nexthop via fd03::2
	END
	ecmp() {
		ask topo "$A:h0" "$R:r1" "$B:h0,$C:h0"
		for i in 1 2 3 4 5 6 7 8; do
			ask send udp4 2 10.50.0.$i
			ask send udp6 2 fd50::$i
		done
	}
	same "r1 r2 r3" 30 ecmp
}

test_policy_tos_and_ports() {
	one_way
	namespaces C
	cable "$C" 3
	silence "$C"
	batch "$R" <<-END
		route add 10.2.0.0/24 via 10.3.0.2 table 100
		rule add tos 0x08 table 100 pref 50
		rule add to 10.2.0.2 sport 4003-4006 table 100 pref 51
		route add fd02::/64 via fd03::2 table 100
	END
	ip -n "$R" -6 rule add to fd02::2 sport 4003-4006 table 100 pref 51
	OUT=$B:h0,$C:h0 same "r1 r2 r3" 0 flows udp4 udp4-tos-df udp4-ce fragment-first fragment-last udp6-class-label
	equal "spread" "$(grep -c "packets at" "$TMP/without")" 4
}

# ---- real traffic ----

# transfer ADDRESS: send a file by TCP, print its sum at the other side
transfer() {
	local family=TCP4 port=7000
	[[ $1 != *:* ]] || family=TCP6
	in_ns "$B" socat -u $family-LISTEN:$port,reuseaddr - >"$TMP/received" &
	until_true sh -c "ip netns exec $B ss -ltnH | grep -q :$port" || fail "no listener"
	timeout 60 ip netns exec "$A" socat -u "FILE:$TMP/file" "$family:$1:$port"
	wait $!
	sha1sum <"$TMP/received"
}

test_tcp() {
	need socat || return
	hosts_and_router
	head -c 8M /dev/urandom >"$TMP/file"
	transfers() {
		transfer 10.2.0.2
		transfer "[fd02::2]"
	}
	same "r1 r2" 100 transfers
	equal "file" "$(head -n1 "$TMP/without")" "$(sha1sum <"$TMP/file")"
}

test_iperf3() {
	local mode options n
	need iperf3 || return
	hosts_and_router
	in_ns "$B" iperf3 -s -D -I "$TMP/iperf.pid" >/dev/null
	until_true sh -c "ip netns exec $B ss -ltnH | grep -q :5201" || fail "no server"
	for mode in without with; do
		[[ $mode == without ]] || ports add r1 r2
		for options in "-c 10.2.0.2 -n 30M" "-c fd02::2 -n 30M" "-c 10.2.0.2 -u -b 20M -l 1200 -t 1" \
			"-c 10.2.0.2 -R -n 20M"; do
			timeout 60 ip netns exec "$A" iperf3 -J $options >"$TMP/iperf.json" ||
				fail "$mode: iperf3 $options: $(jq .error "$TMP/iperf.json")"
			n=$(jq '.end | (.sum_received // .sum).bytes' "$TMP/iperf.json")
			((n > 500000)) || fail "$mode: iperf3 $options: only $n bytes"
			n=$(jq '.end.sum.lost_percent // 0 | floor' "$TMP/iperf.json")
			((n < 5)) || fail "$mode: iperf3 $options: $n % lost"
			pass
		done
	done
	[[ $KPAC_MODE == without ]] || (($(kpac_stat "$R" r1 accelerated-packets) > 500)) ||
		fail "too little accelerated: $(kpac "$R" stat show dev r1)"
}

test_ping() {
	hosts_and_router
	batch "$R" <<-END
		route add 10.2.0.99/32 via 10.2.0.2 mtu 1400
		route add fd02::99/128 via fd02::2 mtu 1400
	END
	ip -n "$B" addr add 10.2.0.99/32 dev lo
	ip -n "$B" addr add fd02::99/128 dev lo nodad
	pings() {
		local options
		for options in "10.2.0.2" "fd02::2" "-R 10.2.0.2" "-T tsonly 10.2.0.2" "-t 1 10.2.0.2" "-t 1 fd02::2" \
			"-s 1392 -M do 10.2.0.99" "-s 1392 -M do fd02::99" "-s 1392 -M dont 10.2.0.99" \
			"-s 3000 10.2.0.2" "-s 3000 fd02::2" "-b 10.2.0.255"; do
			echo "ping $options"
			in_ns "$A" ping -n -c1 -W1 $options 2>&1 |
				sed 's/time[= ].*//; s/[-0-9]* absolute//; /^rtt/d; /^$/d; s/\t[0-9-]*$//; /^\t/d'
			ip -n "$A" route flush cache
			ip -n "$A" -6 route flush cache
		done
	}
	same "r1 r2" 4 pings
	check "MTU reported" grep -q "mtu = 1400\|mtu: 1400\|mtu=1400" "$TMP/without"
}

probe_helper
run_tests frame veth ingress_door rps veth_gro ecmp ecmp_addresses policy_tos_and_ports tcp iperf3 ping
