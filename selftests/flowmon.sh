#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC1010,SC2034,SC2046,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The handler flowmon: what is counted of flows, listed, forgotten and exported.

. "$(dirname "$0")/lib.sh"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"
[[ -z ${KPAC_CACHE:-} ]] || PATH=$PATH:$KPAC_CACHE/nfdump/usr/bin

entry() { kpac "$R" handler add "$@" || fail "handler add $*"; }
flowmon() { kpac "$R" flowmon "$@"; }

# flows [WORDS...]: each as "source port destination port VLAN packets bytes"
flows() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" flowmon show "$@" |
		jq -r '.[] | "\(.src) \(.sport) \(.dst) \(.dport) \(.vlan // "-") \(.packets) \(.bytes)"'
}

# sum KEY [WORDS...]: over all flows
sum() {
	local - key=$1
	set +x
	shift
	"$KPACCTL" -j -n "$R" flowmon show "$@" | jq "[.[].$key] | add // 0"
}

# figure NAME: of the first handler of the first entry
figure() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" handler show | jq ".[0].do[0].figures.$1"
}

# udp LINE...: send UDP, each line "source port destination port packets bytes"
udp() {
	local -
	set +x
	printf '%s\n' "$@" >"$TMP/flows"
	in_ns "$A" $PYTHON - "$TMP/flows" <<-'END'
		import socket, sys
		for line in open(sys.argv[1]):
		    src, sport, dst, dport, packets, size = line.split()
		    s = socket.socket(socket.AF_INET6 if ":" in src else socket.AF_INET, socket.SOCK_DGRAM)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		    s.bind((src, int(sport)))
		    for _ in range(int(packets)):
		        s.sendto(b"x" * int(size), (dst, int(dport)))
	END
}

KNOWN=("10.1.0.2 1001 10.2.0.2 7 5 100" "10.1.0.2 1001 10.2.0.2 9 3 0" "10.1.0.2 1002 10.2.0.2 7 40 1000"
	"fd01::2 1001 fd02::2 7 6 100" "fd01::2 1003 fd02::2 9 1 1400" "10.5.0.2 1001 10.5.0.1 7 4 10"
	"10.5.0.2 1001 10.5.0.1 7 1 20")
LISTED="10.1.0.2 1001 10.2.0.2 7 - 5 640
10.1.0.2 1001 10.2.0.2 9 - 3 84
10.1.0.2 1002 10.2.0.2 7 - 40 41120
10.5.0.2 1001 10.5.0.1 7 5 5 200
fd01::2 1001 fd02::2 7 - 6 888
fd01::2 1003 fd02::2 9 - 1 1448"

# routed: A - R - B, which does not answer; A also speaks in the VLAN 5
routed() {
	one_way
	batch "$A" <<-END
		link add link h0 name h0.5 type vlan id 5
		addr add 10.5.0.2/24 dev h0.5
		link set h0.5 up
		neigh add 10.5.0.1 lladdr 02:00:00:00:01:01 dev h0.5
	END
	ports add r1
}

test_sums() {
	routed
	entry proto udp do flowmon
	equal "before" "$(flows)" ""
	udp "${KNOWN[@]}"
	equal "flows" "$(flows | LC_ALL=C sort)" "$LISTED"
	equal "figures" "$(figure flows) $(figure evicted)" "6 0"
	# again: the same flows have twice as much
	udp "${KNOWN[@]}"
	equal "packets and bytes" "$(sum packets) $(sum bytes)" "120 88760"
	equal "flows" "$(flows | wc -l)" 6
	check "text" grep -q "^default: dev r1 vlan 5 src 10.5.0.2 dst 10.5.0.1 proto udp sport 1001 dport 7 packets 10 bytes 400 age " \
		<(flowmon show)
}

test_icmp_tcp() {
	hosts_and_router
	ports add r1 r2
	entry proto icmp do flowmon
	entry proto tcp do flowmon name tcp
	in_ns "$A" ping -c 3 -i 0.05 -s 100 -q 10.2.0.2 >/dev/null
	equal "requests and replies" "$(flowmon show name default |
		sed -n 's/.* dev \(r.\) .* \(icmp-type.*\) age.*/\1 \2/p' | sort)" \
		"r1 icmp-type echo-request icmp-code 0 packets 3 bytes 384
r2 icmp-type echo-reply icmp-code 0 packets 3 bytes 384"
	in_ns "$A" socat -u OPEN:/dev/null TCP4:10.2.0.2:7000 2>/dev/null
	equal "TCP flags" "$("$KPACCTL" -j -n "$R" flowmon show name tcp | jq -r '.[] | "\(.dev) \(.tcp_flags)"' | sort)" \
		"r1 syn
r2 rst,ack"
	equal "times" "$("$KPACCTL" -j -n "$R" flowmon show | jq "[.[] | .first_seen <= .last_seen and .age >= .idle and
		(.last_seen + .idle) / 1000 - $(date +%s) < 3 and (.last_seen + .idle) / 1000 - $(date +%s) > -3] | all")" true
}

test_reset() {
	routed
	entry proto udp do flowmon do flowmon name other
	udp "${KNOWN[@]}"
	check "reset" flowmon reset name other
	equal "one" "$(sum packets name default) $(sum packets name other)" "60 0"
	check "reset" flowmon reset
	equal "all" "$(flows)" ""
	udp "${KNOWN[0]}"
	equal "again" "$(flows name other)" "10.1.0.2 1001 10.2.0.2 7 - 5 640"
	equal "both" "$(sum packets)" 10
}

test_eviction() {
	local n
	routed
	entry proto udp do flowmon name small max 1024
	in_ns "$A" $PYTHON - <<-'END'
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for i in range(20000):
		    s.sendto(b"x", ("10.2.0.2", 10000 + i))
	END
	n=$(flows | sort -u | wc -l)
	((n <= 1024 && n > 900)) || fail "$n flows"
	equal "listed once" "$(flows | wc -l)" "$n"
	equal "flows" "$(figure flows)" "$n"
	equal "flows and evicted" "$(($(figure flows) + $(figure evicted)))" 20000
	equal "packets" "$("$KPACCTL" -j -n "$R" handler show | jq '.[0].packets')" 20000
}

test_top() {
	routed
	entry proto udp do flowmon
	udp "${KNOWN[@]}"
	equal "by bytes" "$(flows top 3 | cut -d ' ' -f 7 | xargs)" "41120 1448 888"
	equal "by packets" "$(flows top 2 by packets | cut -d ' ' -f 6 | xargs)" "40 6"
	equal "more than there are" "$(flows top 100 | wc -l)" 6
}

test_shared() {
	routed
	entry comment one proto udp sport 1001 do flowmon name both
	entry comment two proto udp sport 1002 do flowmon name both max 65536
	udp "${KNOWN[@]}"
	equal "flows" "$(flows name both | wc -l)" 5
	equal "packets" "$(sum packets name both)" 59
	kpac "$R" handler del comment one
	equal "kept" "$(sum packets name both)" 59
	! kpac "$R" handler add proto udp do flowmon name both max 2048 2>"$TMP/said" || fail "two sizes"
	kpac "$R" handler del comment two
	check "gone" gone both
	check "says why: $(<"$TMP/said")" grep -q "no flow monitor of this name" "$TMP/said"
	# of another namespace, and for those who may not
	equal "here" "$("$KPACCTL" -n "$B" flowmon show)" ""
	entry proto udp do flowmon
	! in_ns "$R" setpriv --bounding-set -all --inh-caps -all --reuid 65534 --clear-groups "$KPACCTL" \
		flowmon show 2>"$TMP/said" || fail "anybody may look"
	check "says why: $(<"$TMP/said")" grep -q CAP_NET_ADMIN "$TMP/said"
}

# The name is free as soon as the last entry has been deleted, also with another size.
test_another_size() {
	local size
	routed
	for size in 1024 2048 4096 1024; do
		entry comment sized proto udp do flowmon name both max $size
		udp "${KNOWN[2]}"
		equal "counted by the one of $size" "$(sum packets name both)" 40
		kpac "$R" handler flush
	done
	for size in 1024 4096; do
		entry do allow-established max $size
		kpac "$R" handler flush
	done
}

gone() { ! flowmon show name "$1" >/dev/null 2>"$TMP/said"; }

# Entries and flows come and go while flows are listed.
test_listing() {
	local i pid
	routed
	entry proto udp do flowmon name large
	in_ns "$A" $PYTHON - <<-'END' &
		import socket, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		end = time.monotonic() + 6
		while time.monotonic() < end:
		    for i in range(2000):
		        s.sendto(b"x", ("10.2.0.2", 10000 + i))
	END
	pid=$!
	for ((i = 0; i < 8; i++)); do
		flows >"$TMP/list"
		equal "flows that are listed twice" "$(cut -d ' ' -f 1-5 "$TMP/list" | sort | uniq -d)" ""
		entry comment short proto udp do flowmon name brief$i
		kpac "$R" handler del comment short
	done
	wait $pid
	equal "flows" "$(flows | wc -l)" "$(figure flows)"
	equal "packets" "$(sum packets)" "$("$KPACCTL" -j -n "$R" handler show | jq '.[0].packets')"
}

# ---- export ----

# collector: begin to collect in the host A, a file every two seconds
collector() {
	mkdir -p "$TMP/nf"
	rm -f "$TMP"/nf/*
	IN_FILE=()
	# not by a function, whose process would be another
	ip netns exec "$A" nfcapd ${1:+-6} -w "$TMP/nf" -p 9995 -t 2 >"$TMP/nfcapd" 2>&1 &
	COLLECTOR=$!
	until_true sh -c "ip netns exec $A ss -lunH | grep -q :9995" || fail "no collector"
}

# has_collected PACKETS: so many are in the files that the collector has finished, of which
# there is one every two seconds: each is read once
has_collected() {
	local file n=0
	for file in "$TMP"/nf/nfcapd.[0-9]*; do
		[[ -e $file ]] || continue
		[[ -n ${IN_FILE[$file]:-} ]] ||
			IN_FILE[$file]=$(nfdump -r "$file" -q -N -6 -o "fmt:%pkt" 2>/dev/null |
				awk '{ p += $1 } END { print p + 0 }')
		((n += IN_FILE[$file]))
	done
	((n == $1))
}
declare -A IN_FILE

# in_sequence: the collector has missed nothing
in_sequence() {
	grep -q "Sequence Errors: 0" "$TMP/nfcapd" && ! grep -q "Sequence Errors: [1-9]" "$TMP/nfcapd"
}

# collected PACKETS: when so many have been collected, end that, and list them as flows does
collected() {
	WAIT=30 until_true has_collected "$1"
	kill $COLLECTOR
	wait $COLLECTOR
	nfdump -R "$TMP/nf" -q -N -6 -A srcip,srcport,dstip,dstport,proto,srcvlan \
		-o "fmt:%sa %sp %da %dp %svln %pkt %byt" 2>&1 |
		awk 'NF == 7 { $5 = $5 ? $5 : "-"; print }' | LC_ALL=C sort
}

export_to() { in_ns "$R" "$KPACCTL" flowmon export collector "$@" 2>"$TMP/said" || fail "export: $(<"$TMP/said")"; }

test_export() {
	need nfcapd nfdump || return
	routed
	entry proto udp do flowmon
	udp "${KNOWN[@]}"
	collector
	export_to 10.1.0.2:9995 count 1
	equal "collected" "$(collected 60)" "$LISTED"
	equal "warnings" "$(<"$TMP/said")" ""
	collector 6
	export_to "[fd01::2]:9995" count 1
	equal "by IPv6" "$(collected 60)" "$LISTED"
}

# What comes between exports is collected once, whatever becomes of the flows.
test_export_deltas() {
	local i pid
	need nfcapd nfdump || return
	routed
	entry proto udp do flowmon
	udp "${KNOWN[@]}"
	collector
	export_to 10.1.0.2:9995 interval 500ms &
	pid=$!
	for ((i = 1; i <= 4; i++)); do
		WAIT=30 until_true has_collected $((60 * i)) || fail "$(<"$TMP/nfcapd")"
		udp "${KNOWN[@]}"
	done
	WAIT=30 until_true has_collected 300 || fail "$(<"$TMP/nfcapd")"
	flowmon reset
	udp "${KNOWN[2]}"
	WAIT=30 until_true has_collected 340 || fail "$(<"$TMP/nfcapd")"
	udp "${KNOWN[2]}"
	kill -INT $(ip netns pids "$R")
	wait $pid
	equal "packets and bytes" "$(collected 380 | awk '{ p += $6; b += $7 } END { print p, b }')" \
		"$((60 * 5 + 80)) $((44380 * 5 + 41120 * 2))"
	check "sequence numbers" in_sequence
}

# More flows than fit into one message, and none of them too large for the path.
test_export_many() {
	need nfcapd nfdump || return
	routed
	ip -n "$R" link set r1 mtu 1000
	ip -n "$A" link set h0 mtu 1000
	entry proto udp do flowmon
	in_ns "$A" $PYTHON - <<-'END'
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for i in range(1000):
		    s.sendto(b"x" * (i % 100), ("10.2.0.2", 10000 + i))
	END
	equal "flows" "$(flows | wc -l)" 1000
	collector
	export_to 10.1.0.2:9995 count 1
	equal "collected" "$(collected 1000)" "$(flows | LC_ALL=C sort)"
	check "sequence numbers" in_sequence
	equal "pieces" "$(in_ns "$R" nstat -az IpFragCreates | awk '/IpFragCreates/ { print $2 }')" 0
}

run_tests sums icmp_tcp reset eviction top shared another_size listing export export_deltas export_many
