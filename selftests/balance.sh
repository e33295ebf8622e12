#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC1010,SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The handler balance, its balancers and back ends. A is the client, R balances,
# B, C and D are back ends; what is balanced is sent to 10.9.0.1 and fd09::1.

. "$(dirname "$0")/table.bash"

VIP4=10.9.0.1 VIP6=fd09::1

balancer() { kpac "$R" balancer "$@" || fail "balancer $*"; }
backend() { kpac "$R" backend "$@" || fail "backend $*"; }

# told WORD...: kpacctl says no, and with which words
told() {
	ASSERTED=1
	! kpac "$R" "$@" >/dev/null 2>"$TMP/said" || fail "$*: not refused"
}

# of BALANCER KEY: what is told of it
of() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" balancer show "$1" | jq ".[0].$2"
}

# of_backend BALANCER ADDR KEY
of_backend() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" backend show "$1" | jq -r ".[] | select(.addr == \"$2\") | .$3"
}

# asked COMMAND...: what the helper tells, in one line
asked() { ask "$@" | tr '\n' ' ' | sed 's/ $//'; }

third_cable() {
	namespaces A R B C D
	forwarding 1
	cable "$A" 1
	cable "$B" 2
	cable "$C" 3
	cable "$D" 4
	ports add r1 r2 r3 r4
	ask forget
}

# nat [WORDS...]: balancers n4 and n6 with the back ends B and C, which serve port 8080
nat() {
	local v
	third_cable
	balancer add n4 mode nat "$@"
	balancer add n6 mode nat "$@"
	for v in 2:B 3:C; do
		backend add n4 addr 10.${v%:*}.0.2 port 8080
		backend add n6 addr fd0${v%:*}::2 port 8080
	done
	entry prio 1 comment there4 dev r1 dst $VIP4 do balance name n4
	entry prio 1 comment there6 dev r1 dst $VIP6 do balance name n6
	for v in 2 3 4; do
		entry prio 2 comment back4 dev r$v do balance name n4 reply do balance name n6 reply
	done
	serving b "$B" 10.2.0.2 fd02::2 8080
	serving c "$C" 10.3.0.2 fd03::2 8080
}

# serving NAME NAMESPACE ADDR4 ADDR6 PORT
serving() {
	ask serve $1 $2 $3 $5
	ask serve $1 $2 $4 $5
}

# dsr: balancers d4 and d6; B and C have the address that is balanced
dsr() {
	local v
	third_cable
	balancer add d4 mode dsr
	balancer add d6 mode dsr
	for v in 2:B 3:C; do
		has_vip "${v#*:}"
		backend add d4 addr 10.${v%:*}.0.2
		backend add d6 addr fd0${v%:*}::2
	done
	entry prio 1 comment there4 dst $VIP4 do balance name d4
	entry prio 1 comment there6 dst $VIP6 do balance name d6
	serving b "$B" $VIP4 $VIP6 80
	serving c "$C" $VIP4 $VIP6 80
}

has_vip() {
	batch "${!1}" <<-END
		addr add $VIP4/32 dev lo
		addr add $VIP6/128 dev lo nodad
	END
}

# both N COMMAND...: what the helper tells is that B and C have some, together N
both() {
	local n=$1 counts
	shift
	read -ra counts <<<"$(asked "$@")"
	[[ ${counts[0]:-} == b && ${counts[2]:-} == c ]] &&
		((counts[1] > 0 && counts[3] > 0 && counts[1] + counts[3] == n)) ||
		fail "$*: ${counts[*]}"
}

bad_sums() {
	local ns
	for ns in "$A" "$B" "$C"; do
		in_ns "$ns" nstat -asz TcpInCsumErrors UdpInCsumErrors Udp6InCsumErrors Icmp6InCsumErrors IcmpInCsumErrors
	done | awk '/Csum/ { n += $2 } END { print n + 0 }'
}

# ---- the two ways ----

test_nat() {
	local ip
	nat
	for ip in $VIP4 $VIP6; do
		check "TCP to $ip" both 24 open t "$A" $ip 80 24
		check "TCP goes on" both 24 talk t
		ask close t
		check "UDP to $ip" both 24 udp "$A" $ip 80 24 20000
	done
	equal "connections" "$(($(of_backend n4 10.2.0.2 connections) + $(of_backend n4 10.3.0.2 connections)))" 48
	(($(of_backend n6 fd02::2 packets) > 20)) || fail "packets: $(kpac "$R" backend show)"
	equal "bad checksums" "$(bad_sums)" 0
	equal "dropped" "$(of n4 unavailable) $(of n4 unchangeable) $(of n6 unchangeable)" "0 0 0"
	# nobody but who is balanced sees the back ends
	(($(kpac_stat "$R" r1 accelerated-packets) > 50)) || fail "not accelerated: $(kpac "$R" stat show)"
}

# The balancer has the address itself, as it must if nobody routes it there.
test_nat_own() {
	nat
	has_vip R
	in_ns "$R" sysctl -qw net.ipv4.conf.r2.accept_local=1 net.ipv4.conf.r3.accept_local=1
	check "TCP" both 24 open t "$A" $VIP4 80 24
	check "TCP goes on" both 24 talk t
	check "IPv6" both 24 open u "$A" $VIP6 80 24
	(($(kpac_stat "$R" r2 accelerated-packets) > 20)) || fail "not accelerated: $(kpac "$R" stat show)"
	# what is not balanced is for this host
	check "ping" in_ns "$A" ping -c 1 -W 2 -q $VIP4
	check "ping" in_ns "$A" ping -c 1 -W 2 -q $VIP6
}

test_nat_bulk() {
	local ip
	nat
	for ip in $VIP4 $VIP6; do
		ask open t "$A" $ip 80 2 >/dev/null
		equal "to $ip" "$(asked bulk t 8000000)" "8000000 right"
		ask close t
	done
	equal "bad checksums" "$(bad_sums)" 0
	# large packets are one for the balancer
	(($(of_backend n4 10.2.0.2 packets) + $(of_backend n4 10.3.0.2 packets) > 8000)) ||
		fail "segments: $(kpac "$R" backend show)"
}

# Without segmentation nor checksums by the device.
test_nat_plain() {
	local dev ip
	need ethtool || return
	nat
	in_ns "$A" ethtool -K h0 tx off tso off gso off >/dev/null 2>&1
	in_ns "$B" ethtool -K h0 tx off tso off gso off >/dev/null 2>&1
	in_ns "$C" ethtool -K h0 tx off tso off gso off >/dev/null 2>&1
	for ip in $VIP4 $VIP6; do
		ask open t "$A" $ip 80 4 >/dev/null
		equal "to $ip" "$(asked bulk t 300000)" "300000 right"
		ask close t
		check "UDP to $ip" both 16 udp "$A" $ip 80 16 20000
	done
	equal "bad checksums" "$(bad_sums)" 0
}

# Who captures a packet sees it as it was.
test_nat_captured() {
	local pid
	nat
	ip netns exec "$R" tcpdump -Z root -U -nni r1 -w "$TMP/pcap" udp port 80 2>"$TMP/err" &
	pid=$!
	until_true grep -q listening "$TMP/err" || fail "no tcpdump"
	check "UDP" both 16 udp "$A" $VIP4 80 16 20000
	until_true captured 32 || fail "captured: $(tcpdump -nnr "$TMP/pcap" 2>/dev/null | wc -l)"
	kill $pid
	wait $pid 2>/dev/null
	equal "requests" "$(tcpdump -nnr "$TMP/pcap" 2>/dev/null | grep -c "> $VIP4.80: UDP")" 16
	equal "answers" "$(tcpdump -nnr "$TMP/pcap" 2>/dev/null | grep -c "IP $VIP4.80 > 10.1.0.2")" 16
}
captured() { (($(tcpdump -nnr "$TMP/pcap" 2>/dev/null | wc -l) == $1)); }

# Entries behind meet the packet as it is then.
test_nat_chain() {
	nat
	entry prio 5 comment new dst 10.2.0.0/15 proto udp dport 8080 do count
	entry prio 5 comment old dst $VIP4 do count
	entry prio 5 comment answer src $VIP4 proto udp sport 80 do count
	check "UDP" both 20 udp "$A" $VIP4 80 20 20000
	equal "to back ends" "$(count new)" 20
	equal "as before" "$(count old)" 0
	equal "answers" "$(count answer)" 20
}

# The entries that are left for what was changed are those that come later.
test_nat_rest() {
	local i
	nat
	entries flush
	entry prio 1 proto udp dport 7 do count
	entry prio 10 dst 10.2.0.2 do redirect dev r4
	entry prio 10 dst 10.3.0.2 do redirect dev r4
	entry prio 22 dst $VIP4 do balance name n4
	entry prio 30 comment end dst 10.0.0.0/14 do drop
	entry prio 50 comment behind proto udp dport 8080 do count
	for i in 1 2; do
		equal "answers" "$(asked udp "$A" $VIP4 80 16 20000)" "none 16"
		equal "end, behind" "$(count end) $(count behind)" "$((i * 16)) 0"
	done
}

test_dsr() {
	local ip
	dsr
	for ip in $VIP4 $VIP6; do
		check "TCP to $ip" both 24 open t "$A" $ip 80 24
		check "TCP goes on" both 24 talk t
		equal "much" "$(asked bulk t 1000000)" "1000000 right"
		ask close t
		check "UDP to $ip" both 24 udp "$A" $ip 80 24 20000
	done
	equal "bad checksums" "$(bad_sums)" 0
	equal "connections" "$(($(of_backend d4 10.2.0.2 connections) + $(of_backend d4 10.3.0.2 connections)))" 48
	(($(kpac_stat "$R" r1 redirect-packets) > 200)) || fail "redirected: $(kpac "$R" stat show dev r1)"
	equal "dropped" "$(of d4 unresolved) $(of d6 unresolved) $(of d4 unavailable)" "0 0 0"
	# what all hosts of a link get is not for each of them to send on
	ip -n "$A" neigh replace 10.1.0.1 lladdr ff:ff:ff:ff:ff:ff dev h0
	equal "broadcast" "$(asked udp "$A" $VIP4 80 4 29000)" "none 4"
	equal "dropped" "$(of d4 unchangeable)" 4
}

# A tag is the link's, not the packet's.
test_dsr_vlan() {
	dsr
	# there is no device for it: the port itself meets the tag
	batch "$A" <<-END
		link add link h0 name h0.10 type vlan id 10
		link set h0.10 up
		route replace $VIP4 dev h0.10 src 10.1.0.2
		neigh add $VIP4 lladdr 02:00:00:00:01:01 dev h0.10
	END
	entry prio 0 comment tagged vlan 10 dst $VIP4 do count
	check "from a VLAN" both 24 udp "$A" $VIP4 80 24 20000
	equal "tagged" "$(count tagged)" 24
	# and to one
	ip -n "$R" link add link r4 name r4.20 type vlan id 20
	ip -n "$R" addr add 10.7.0.1/24 dev r4.20
	ip -n "$R" link set r4.20 up
	ip -n "$D" link add link h0 name h0.20 type vlan id 20
	ip -n "$D" addr add 10.7.0.2/24 dev h0.20
	ip -n "$D" link set h0.20 up
	has_vip D
	ask serve d "$D" $VIP4 80
	backend add d4 addr 10.7.0.2
	backend set d4 addr 10.2.0.2 state drain
	backend set d4 addr 10.3.0.2 state drain
	until_true answered_by_d || fail "to a VLAN: $(kpac "$R" balancer show)"
}
answered_by_d() { [[ $(asked udp "$A" $VIP4 80 4 $((21000 + RANDOM % 10000))) == "d 4" ]]; }

# The kernel finds link-layer addresses; routes, neighbours and devices go.
test_dsr_links() {
	dsr
	backend del d4 addr 10.3.0.2
	ip -n "$R" neigh del 10.2.0.2 dev r2
	ip -n "$B" neigh del 10.2.0.1 dev h0
	until_true answered_by_b || fail "not resolved: $(kpac "$R" balancer show d4)"
	(($(of d4 unresolved) > 0)) || fail "nothing was unresolved"
	# the neighbour gets another address
	ip -n "$B" link set h0 address 02:00:00:00:02:99
	ip -n "$R" neigh replace 10.2.0.2 lladdr 02:00:00:00:02:99 dev r2
	equal "moved" "$(asked udp "$A" $VIP4 80 4 23000)" "b 4"
	# behind a router it cannot be
	ip -n "$R" route add 10.2.0.2/32 via 10.3.0.2
	equal "behind a router" "$(asked udp "$A" $VIP4 80 4 23100)" "none 4"
	ip -n "$R" route del 10.2.0.2/32
	until_true answered_by_b || fail "not on its link again"
	# nobody holds the device
	check "device" timeout 10 ip -n "$R" link del r2
	equal "no device" "$(asked udp "$A" $VIP4 80 4 23200)" "none 4"
	check "kernel log" quiet_log
	! dmesg | tail -n +"$((LOG + 1))" | grep "waiting for" || fail "somebody waited"
}
answered_by_b() { [[ $(asked udp "$A" $VIP4 80 4 $((24000 + RANDOM % 8000))) == "b 4" ]]; }

# A bridge's port gets frames that are for the bridge; hosts get them as their own.
test_dsr_bridge() {
	dsr
	ports del r1
	batch "$R" <<-END
		link add br0 address 02:00:00:00:01:aa type bridge
		link set br0 up
		link set r1 master br0
		addr del 10.1.0.1/24 dev r1
		addr add 10.1.0.1/24 dev br0
	END
	ip -n "$A" neigh replace 10.1.0.1 lladdr 02:00:00:00:01:aa dev h0
	ports add r1
	check "UDP" both 24 udp "$A" $VIP4 80 24 20000
	check "TCP" both 24 open t "$A" $VIP4 80 24
	ask close t
	(($(kpac_stat "$R" r1 redirect-packets) > 48)) || fail "redirected: $(kpac "$R" stat show dev r1)"
}

# change N: routes, a neighbour and a device that are none of theirs
change() {
	batch "$R" <<-END
		route replace 10.99.$1.0/24 via 10.4.0.2
		route replace fd99:$1::/64 via fd04::2
		link set r4 mtu $((1400 + $1 % 2 * 100))
		neigh replace 10.4.0.$(($1 + 3)) lladdr 02:00:00:00:09:09 dev r4
	END
}
changes() {
	local i
	for ((i = 0; i < 250; i++)); do
		[[ ! -e $TMP/enough ]] || break
		change $i
	done
	echo $i >"$TMP/changes"
}

# What changes beside them costs no packet.
test_dsr_changes() {
	local i
	dsr
	changes &
	for ((i = 0; i < 8; i++)); do
		check "IPv4" both 24 udp "$A" $VIP4 80 24 $((20000 + i * 100))
		check "IPv6" both 24 udp "$A" $VIP6 80 24 $((20000 + i * 100))
	done
	touch "$TMP/enough"
	wait $! || fail "changes"
	(($(<"$TMP/changes") > 5)) || fail "changed $(<"$TMP/changes") times"
	equal "dropped" "$(of d4 unresolved) $(of d6 unresolved)" "0 0"
}

# ---- which back end ----

# many: balancer m with ten back ends that nobody is, all behind r2
many() {
	local i
	balancer add m mode nat
	for i in {1..10}; do
		backend add m addr 10.20.0.$i
	done
	entry prio 1 comment m dst $VIP4 do balance name m
}

hosts_behind_b() {
	third_cable
	silence "$B"
	ip -n "$R" route add 10.20.0.0/16 via 10.2.0.2
}

# flows_of N: where N flows go, that are always the same
flows_of() { ask flows "$A" "$B" h0 $VIP4 80 "$1" 30000; }

test_weights() {
	local n
	hosts_behind_b
	balancer add m mode nat
	backend add m addr 10.20.0.1 weight 1
	backend add m addr 10.20.0.2 weight 3
	backend add m addr 10.20.0.3 weight 6
	backend add m addr 10.20.0.4 weight 0
	entry prio 1 comment m dst $VIP4 do balance name m
	flows_of 2000 >"$TMP/map"
	equal "arrived" "$(wc -l <"$TMP/map")" 2000
	n=$(grep -c "10.20.0.1$" "$TMP/map")
	((n > 140 && n < 260)) || fail "weight 1 of 10: $n of 2000"
	n=$(grep -c "10.20.0.2$" "$TMP/map")
	((n > 500 && n < 700)) || fail "weight 3 of 10: $n of 2000"
	equal "weight 0" "$(grep -c "10.20.0.4$" "$TMP/map")" 0
	equal "slots" "$(of_backend m 10.20.0.1 slots) $(of_backend m 10.20.0.2 slots) $(of_backend m 10.20.0.4 slots)" \
		"6553 19661 0"
	equal "made" "$(of_backend m 10.20.0.3 connections)" "$(grep -c "10.20.0.3$" "$TMP/map")"
	backend set m addr 10.20.0.1 weight 0
	equal "slots" "$(of_backend m 10.20.0.1 slots)" 0
}

# Balancers agree, and few flows change hands if one has a back end less.
test_disruption() {
	local n changed
	hosts_behind_b
	many
	flows_of 2000 >"$TMP/ten"
	entries flush
	balancer del m
	many
	flows_of 2000 >"$TMP/same"
	equal "arrived" "$(wc -l <"$TMP/ten")" 2000
	check "agreement" cmp -s "$TMP/ten" "$TMP/same"
	entries flush
	balancer del m
	many
	backend del m addr 10.20.0.7
	flows_of 2000 >"$TMP/nine"
	equal "gone" "$(grep -c "10.20.0.7$" "$TMP/nine")" 0
	changed=$(join "$TMP/ten" "$TMP/nine" | awk '$2 != $3 && $2 != "10.20.0.7" { n++ } END { print n + 0 }')
	n=$(grep -c "10.20.0.7$" "$TMP/ten")
	((n > 140 && n < 260)) || fail "one of ten had $n of 2000"
	((changed < 60)) || fail "$changed of 2000 flows changed hands besides"
}

# ---- affinity ----

test_affinity() {
	local before
	nat
	ask open old "$A" $VIP4 80 30 >"$TMP/old"
	backend add n4 addr 10.4.0.2 port 8080
	serving d "$D" 10.4.0.2 fd04::2 8080
	before=$(tr '\n' ' ' <"$TMP/old" | sed 's/ $//')
	equal "after a change" "$(asked talk old)" "$before"
	equal "has slots" "$(($(of_backend n4 10.4.0.2 slots) > 20000))" 1
	grep -q d <(ask open new "$A" $VIP4 80 30) || fail "nothing new for D"
	backend set n4 addr 10.2.0.2 port 8080 weight 1000
	equal "after another weight" "$(asked talk old)" "$before"
	# only its own connections end with a back end
	backend del n4 addr 10.3.0.2 port 8080
	equal "without C" "$(asked talk old)" "$(grep b "$TMP/old") none $(sed -n 's/c //p' "$TMP/old")"
	! grep -q c <(ask open newer "$A" $VIP4 80 20) || fail "C has new ones"
}

test_drain() {
	local before
	nat
	before=$(asked open old "$A" $VIP4 80 20)
	backend set n4 addr 10.2.0.2 port 8080 state drain
	equal "those that it has" "$(asked talk old)" "$before"
	equal "new ones" "$(asked open new "$A" $VIP4 80 20)" "c 20"
	backend set n4 addr 10.2.0.2 port 8080 state up
	check "up again" both 20 open again "$A" $VIP4 80 20
	equal "moved" "$(of n4 moved)" 0
}

test_down() {
	dsr
	ask open old "$A" $VIP4 80 20 >"$TMP/old"
	backend set d4 addr 10.2.0.2 state down
	# C does not know them, and says so
	equal "B's" "$(asked talk old)" "$(grep c "$TMP/old") none $(sed -n 's/b //p' "$TMP/old")"
	(($(of d4 moved) > 0)) || fail "nothing has moved"
	equal "new ones" "$(asked open new "$A" $VIP4 80 20)" "c 20"
	equal "slots" "$(of_backend d4 10.2.0.2 slots)" 32769
	backend set d4 addr 10.3.0.2 state down
	equal "nobody" "$(asked udp "$A" $VIP4 80 5 20000)" "none 5"
	(($(of d4 unavailable) >= 5)) || fail "unavailable $(of d4 unavailable)"
	backend set d4 addr 10.2.0.2 state up
	equal "B" "$(asked udp "$A" $VIP4 80 5 20000)" "b 5"
}

# A back end whose heartbeat says that it is down gets nothing, until it answers again.
test_health() {
	dsr
	kpac "$B" port add dev h0
	beats on
	kpac "$R" heartbeat add name b addr 10.2.0.2 dport 7000 interval 100ms || fail "heartbeat add"
	backend set d4 addr 10.2.0.2 heartbeat b
	WAIT=20 until_true health up || fail "not up"
	both 40 udp "$A" $VIP4 80 40 20000
	beats off
	WAIT=20 until_true health down || fail "not down"
	equal "C alone" "$(asked udp "$A" $VIP4 80 40 20000)" "c 40"
	beats on
	WAIT=20 until_true health up || fail "not up again"
	both 40 udp "$A" $VIP4 80 40 21000
}
# beats on|off: B answers probes, or not
beats() {
	case $1 in
	on) kpac "$B" handler add proto udp dport 7000 do heartbeat ;;
	off) kpac "$B" handler flush ;;
	esac || fail "beats $1"
}
health() { [[ $(of_backend d4 10.2.0.2 health) == "$1" ]]; }

# ---- what is no packet of a connection ----

# In the language of the stack: what B knows of the way to A, and A of the server.
test_errors() {
	local ip
	nat
	# a back end says that nobody listens, to whom it does not know
	ask end b
	ask end c
	for ip in $VIP4 $VIP6; do
		equal "refused by $ip" "$(asked refused "$A" $ip 80)" refused
	done
	equal "errors" "$(of n4 errors) $(of n6 errors)" "1 1"
	equal "bad checksums" "$(bad_sums)" 0
}

# too_big NAMESPACE SPORT: a router says to 10.9.0.1 that what it has sent to A's
# port is too big
too_big() {
	ask frame "$A" h0 "$(PYTHONPATH="$DIR" $PYTHON - "$1" <<-'END'
		import struct, sys
		from nettest import a4, checksum, ip4
		quoted = ip4(struct.pack("!HHHH", 80, int(sys.argv[1]), 1480, 0xffff) + bytes(20),
		             src="10.9.0.1", dst="10.1.0.2", proto=17)
		body = struct.pack("!BBHHH", 3, 4, 0, 0, 1200) + quoted
		body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
		eth = bytes.fromhex("020000000101020000000102" "0800")
		print((eth + ip4(body, src="10.1.0.2", dst="10.9.0.1", proto=1)).hex())
	END
	)"
}

# knows_mtu: B or C has learned it
knows_mtu() {
	local ns
	for ns in "$B" "$C"; do
		! ip -n "$ns" route get 10.1.0.2 $1 | grep -q "mtu 1200" || return 0
	done
	return 1
}

test_too_big_nat() {
	nat
	check "UDP" both 16 udp "$A" $VIP4 80 16 20000
	! knows_mtu || fail "known before"
	too_big 20003
	until_true knows_mtu || fail "not known: $(kpac "$R" balancer show n4)"
	equal "errors" "$(of n4 errors)" 1
	equal "bad checksums" "$(bad_sums)" 0
	# about what is not remembered
	too_big 3333
	until_true reaches 1 of n4 unknown
	equal "unknown" "$(of n4 unknown)" 1
}

test_too_big_dsr() {
	dsr
	check "UDP" both 16 udp "$A" $VIP4 80 16 20000
	! knows_mtu "from $VIP4" || fail "known before"
	too_big 20003
	until_true knows_mtu "from $VIP4" || fail "not known: $(kpac "$R" balancer show d4)"
	equal "errors" "$(of d4 errors)" 1
}

test_others() {
	nat
	equal "echo" "$(in_ns "$A" ping -c 2 -i 0.1 -W 1 -q $VIP4 | grep -c " 0 received")" 1
	equal "others" "$(of n4 others)" 2
	# fragments have no ports
	equal "fragments" "$(in_ns "$A" $PYTHON -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(s.sendto(bytes(4000), ('$VIP4', 80)))")" 4000
	until_true reaches 3 of n4 fragments
	equal "fragments" "$(of n4 fragments)" 3
	# who has no way left to go says so himself
	equal "TTL 1" "$(in_ns "$A" $PYTHON -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
print(s.sendto(b'x', ('$VIP4', 80)))")" 1
	until_true reaches 3 of n4 others
	equal "others" "$(of n4 others)" 3
	equal "made" "$(of_backend n4 10.2.0.2 connections) $(of_backend n4 10.3.0.2 connections)" "0 0"
}

# ---- memory ----

test_eviction() {
	hosts_behind_b
	balancer add m mode nat max 1024
	backend add m addr 10.20.0.1
	entry prio 1 comment m dst $VIP4 do balance name m
	flows_of 3000 >"$TMP/map"
	equal "arrived" "$(wc -l <"$TMP/map")" 3000
	(($(of m cells) <= 2048)) || fail "cells $(of m cells)"
	(($(of m evicted) >= 3000 * 2 - 2048)) || fail "evicted $(of m evicted)"
}

# idle NAME: nothing has been balanced for longer than connections are remembered
test_timeout() {
	nat timeout 1s
	ask open old "$A" $VIP4 80 20 >"$TMP/old"
	backend set n4 addr 10.2.0.2 port 8080 weight 0
	equal "in time" "$(asked talk old)" "$(tr '\n' ' ' <"$TMP/old" | sed 's/ $//')"
	balancer set n4 timeout 2s
	equal "timeout" "$(of n4 timeout)" 2000
	WAIT=15 until_true forgotten || fail "not forgotten: $(asked talk old)"
}
# what is asked for the first time after a while goes to who has the slot now
forgotten() {
	ask open more "$A" $VIP4 80 1 >/dev/null
	ask close more
	in_ns "$A" $PYTHON -c "import time; time.sleep(2.5)"
	[[ $(asked talk old) == "$(sed -n 's/c /c /p' "$TMP/old") none $(sed -n 's/b //p' "$TMP/old")" ]]
}

# ---- objects ----

test_objects() {
	third_cable
	told handler add do balance name web
	says "balancer add makes one"
	says "web"
	told handler add do balance
	says '"name" of "balance" is required'
	balancer add web mode nat max 2000 timeout 90s
	balancer add dsr mode dsr
	told balancer add web mode dsr
	says "there is a balancer of this name"
	told handler add do balance name dsr reply
	says "leave reply out"
	equal "told" "$(of web mode) $(of web max) $(of web timeout) $(of web backends) $(of web entries)" \
		'"nat" 2000 90000 0 0'
	told balancer add large mode nat max 2097153
	says "2097152 connections at most"
	told backend add nobody addr 10.2.0.2
	says "no balancer of this name"
	backend add web addr 10.2.0.2 port 80 weight 7 state drain heartbeat b
	backend add web addr 10.2.0.2 port 81
	told backend add web addr 10.2.0.2 port 80
	says "has this back end"
	told backend add web addr fd02::2
	says "IPv4 addresses"
	told backend add dsr addr 10.2.0.2 port 80
	says "leave port out"
	for address in 127.0.0.1 224.0.0.1 0.0.0.0 255.255.255.255 ::1 fe80::1 ff02::1 ::; do
		told backend add dsr addr $address
		says "not the address of another host"
	done
	told backend set web addr 10.2.0.2 weight 3
	says "no back end with this address and port"
	told backend del web addr 10.2.0.3
	says "no back end with this address and port"
	equal "shown" "$(kpac "$R" backend show web | head -n 1)" \
		"web: addr 10.2.0.2 port 80 weight 7 state drain heartbeat b health unknown share 87.5% connections 0 packets 0 bytes 0"
	backend set web addr 10.2.0.2 port 80 heartbeat none state up
	equal "heartbeat" "$(of_backend web 10.2.0.2 heartbeat)" $'null\nnull'
	# entries hold it
	entry comment e do balance name web
	told balancer del web
	says "1 entries use the balancer"
	equal "entries" "$(of web entries)" 1
	entries flush
	until_true reaches 0 of web entries || fail "entries $(of web entries)"
	balancer del web
	told balancer show web
	says "no balancer of this name"
	told balancer del web
	equal "left" "$(kpac "$R" balancer show | grep -c mode)" 1
	equal "nobody's" "$(kpac "$R" backend show | wc -l)" 0
}

test_isolated() {
	nat
	namespaces X
	kpac "$X" balancer add n4 mode dsr || fail "balancer add"
	equal "others" "$(kpac "$X" backend show | wc -l)" 0
	equal "mode" "$("$KPACCTL" -j -n "$X" balancer show n4 | jq -r '.[0].mode')" dsr
	equal "here" "$(of n4 mode) $(of n4 backends)" '"nat" 2'
	ip netns del "$X"
	check "UDP" both 16 udp "$A" $VIP4 80 16 20000
	! in_ns "$R" setpriv --bounding-set -all --inh-caps -all --reuid 65534 --clear-groups "$KPACCTL" \
		balancer show 2>"$TMP/said" || fail "anybody may look"
	says CAP_NET_ADMIN
}

# Whoever lists the back ends of a balancer holds it, deleted or not, but no device.
test_listed() {
	local i first
	dsr
	check "UDP" both 24 udp "$A" $VIP4 80 24 20000
	for i in {3..150}; do
		backend add d4 addr 10.3.0.$i
	done
	entries flush
	balancer del d6
	first=$(ask begin "$R")
	[[ $first =~ ^[1-9][0-9]*$ ]] || fail "listed: $first"
	balancer del d4
	check "the device goes" timeout 20 ip -n "$R" link del r2
	equal "the rest" "$(ask finish)" $((150 - first))
	check "rmmod" timeout 20 rmmod kpac
	load_kpac
	check "kernel log" quiet_log
}

# Everything changes, and goes, under traffic.
test_life() {
	local i
	dsr
	in_ns "$A" $PYTHON - <<-'END' &
		import socket, time
		end = time.monotonic() + 25
		sockets = [socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
		while time.monotonic() < end:
		    for s, host in zip(sockets, ("10.9.0.1", "fd09::1")):
		        for port in range(2000):
		            s.sendto(b"x", (host, 1000 + port))
	END
	for i in 1 2 3; do
		backend add d4 addr 10.4.0.2 weight $i
		backend set d4 addr 10.3.0.2 heartbeat h$i state down
		backend del d4 addr 10.2.0.2
		backend add d4 addr 10.2.0.2 heartbeat h$i
		backend set d4 addr 10.3.0.2 heartbeat none state up
		backend del d4 addr 10.4.0.2
	done
	entries flush
	balancer del d6
	entry prio 1 dst $VIP4 do balance name d4
	until_true redirected || fail "nothing is redirected"
	check "rmmod" timeout 20 rmmod kpac
	load_kpac
	kill %% && wait %%
	check "kernel log" quiet_log
}
redirected() { (($(kpac_stat "$R" r1 redirect-packets) > 100)); }

helper balance.py
run_tests nat nat_own nat_bulk nat_plain nat_captured nat_chain nat_rest dsr dsr_vlan dsr_bridge dsr_links \
	dsr_changes weights disruption affinity \
	drain down health errors too_big_nat too_big_dsr others eviction timeout objects isolated listed life
