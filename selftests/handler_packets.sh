#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC1010,SC2086,SC2119,SC2317 # split words, functions called by name
#
# Every handler with every kind of packet: IPv4 and IPv6, VLANs, fragments, GSO, in pages,
# cloned and shared ones; see handler_packets.py.

. "$(dirname "$0")/table.bash"

# star: A, B and C around the router, none of which answers to anything. The router's tc sends
# a marker that comes from A or B to all of them, whatever kpac does.
star() {
	local host n=0 dev
	namespaces A R B C
	forwarding 1
	for host in "$A" "$B" "$C"; do
		cable "$host" $((++n)) 9000
		silence "$host"
		vlan "$host" h0
	done
	for dev in r1 r2; do
		tc -n "$R" qdisc add dev $dev clsact
		tc -n "$R" filter add dev $dev ingress prio 1 protocol 0x88b6 matchall \
			action mirred egress mirror dev r1 action mirred egress mirror dev r3 \
			action mirred egress redirect dev r2
	done
	# what is marked goes to C
	ip -n "$R" rule add fwmark 7 table 7
	ip -n "$R" -6 rule add fwmark 7 table 7
	ip -n "$R" route add default via 10.3.0.2 table 7
	ip -n "$R" -6 route add default via fd03::2 table 7
}

# vlan NAMESPACE DEV [OPTIONS]: the VLAN 42
vlan() {
	batch "$1" <<-END
		link add link $2 name $2.42 mtu 9000 type vlan id 42 ${@:3}
		link set $2.42 up
	END
}

# packets DOOR PORTS HANDLERS WAYS
packets() {
	$PYTHON "$DIR/handler_packets.py" "$R" "$A" "$B" "$C" "$@" >"$TMP/results" 2>"$TMP/err"
	[[ ! -s $TMP/err ]] || fail "$(tail -n 5 "$TMP/err")"
	(($(grep -c "^ok " "$TMP/results") > 6)) || fail "too few results: $(<"$TMP/results")"
	! grep -q "^not ok" "$TMP/results" || fail "$(grep -v "^ok" "$TMP/results")"
	pass
}

SENT=echo,mirror,mirror-truncate,redirect,redirect-peer,redirect-lladdr

# A VLAN that has no device is the port's.
test_rx_handler() {
	star
	packets rx-handler r1,r2 all linear,pages,cloned,cloned-pages,tag,vlan-pages
}

# Packets come here before a VLAN's device gets them.
test_ingress() {
	star
	vlan "$R" r1
	vlan "$R" r2
	packets ingress r1,r2,r3 all linear,cloned-pages,tag,vlan,vlan-cloned
}

# The devices that send replies, copies and redirected packets leave all work to the kernel:
# checksums, segments, tags, and what is in pages.
test_no_offloads() {
	local dev
	need ethtool || return
	star
	vlan "$R" r1
	for dev in r1 r3; do
		in_ns "$R" ethtool -K $dev tx off sg off tso off gso off txvlan off >/dev/null ||
			fail "ethtool -K $dev"
	done
	OFFLOADS=no packets ingress r1,r3 $SENT linear,cloned-pages,vlan-pages
}

# The port is a VLAN's device, which hides the tag; the device below, a port as well, gets none
# of its packets.
test_vlan_port() {
	star
	vlan "$R" r1
	packets rx-handler r1.42,r1 all tag,vlan-cloned
}

# Or which leaves it in the frame.
test_vlan_port_tags() {
	star
	vlan "$R" r1 reorder_hdr off
	REORDER=no packets rx-handler r1.42,r1 all tag,vlan-cloned
}

# Packets that somebody else has, too: not only their bytes, but all of them.
shared() {
	modprobe -q pktgen
	[[ -d /proc/net/pktgen ]] || { skip "no pktgen"; return; }
	star
	packets "$1" r1 count,drop,pass,forward,limit-within,flowmon,$SENT shared
}
test_shared() { shared rx-handler; }
test_shared_ingress() { shared ingress; }

# stream HOST: 2 MB by TCP to B, whose segments are on the wire only if somebody divides them
stream() {
	in_ns "$B" timeout 90 socat -u TCP6-LISTEN:80,reuseaddr,ipv6only=0 "CREATE:$TMP/got" &
	WAIT=30 until_true listening 80 || fail "no server"
	in_ns "$A" socat -u "OPEN:$TMP/sent" "TCP:$1:80" || fail "no connection to $1"
	wait $!
	cmp "$TMP/sent" "$TMP/got" || fail "what B got from $1 differs"
}
listening() { in_ns "$B" ss -lntuH | grep -q ":$1 "; }

# datagrams ADDRESS PORT: 140 datagrams of 1000 bytes, 14 at once, and whether B gets them
datagrams() {
	in_ns "$B" $PYTHON - "$2" >"$TMP/datagrams" <<-'END' &
		import socket, sys
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
		s.bind(("", int(sys.argv[1])))
		s.settimeout(60)
		print(all(s.recv(2000) == bytes([i]) * 1000 for i in range(140)))
	END
	WAIT=30 until_true listening "$2" || fail "no server"
	in_ns "$A" $PYTHON - "$@" <<-'END' || fail "cannot send"
		import socket, sys
		SOL_UDP, UDP_SEGMENT = 17, 103
		s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(SOL_UDP, UDP_SEGMENT, 1000)
		s.connect((sys.argv[1], int(sys.argv[2])))
		for i in range(0, 140, 14):
		    s.send(b"".join(bytes([j]) * 1000 for j in range(i, i + 14)))
	END
	wait $!
	equal "datagrams to $1" "$(<"$TMP/datagrams")" True
}

# flow WORDS: a flow's packets and bytes, of those from A
flow() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" flowmon show | jq -r "[.[] | select(.dev == \"r1\" and $1)] |
		[map(.packets), map(.bytes) | add] | @text"
}

# What sockets send: large packets that the sender keeps until they are acknowledged. All
# handlers that let packets go on, one after the other.
test_sockets() {
	local to skbs packets
	namespaces A R B C
	forwarding 1
	cable "$A" 1
	cable "$B" 2
	cable "$C" 3
	silence "$C"
	ports add r1 r2
	entry prio 1 comment out dev r1 do limit pps 1000000 burst 1000000 do flowmon do mirror dev r3 \
		do allow-established learn
	entry prio 2 comment in dev r2 do flowmon do mirror dev r3 truncate 60 do echo do allow-established
	entry prio 3 comment drop dev r2 do drop
	head -c 2000000 /dev/urandom >"$TMP/sent"
	stream 10.2.0.2
	stream "[fd02::2]"
	for to in 10.2.0.2 fd02::2; do
		datagrams $to 5000
		# a header of 28 or 48 bytes for each of the ten, and 14 times 1000
		equal "UDP to $to" "$(flow ".dst == \"$to\" and .dport == 5000")" \
			"[140,$((10 * (14000 + $([[ $to == *:* ]] && echo 48 || echo 28))))]"
	done
	skbs=$(in_ns "$R" cat /sys/class/net/r1/statistics/rx_packets)
	packets=$(count out)
	((skbs < packets / 2)) || fail "$skbs packets were received, of $packets on the wire"
	((packets >= 2 * (2000000 / 1440 + 140))) || fail "only $packets packets"
	equal "dropped" "$(count drop)" 0
	equal "not mirrored" "$("$KPACCTL" -j -n "$R" handler show |
		jq '[.[].do[].figures.lost // 0] | add')" 0
}

run_tests rx_handler ingress no_offloads vlan_port vlan_port_tags shared shared_ingress sockets
