#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC1010,SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The handlers: what each does with IPv4 and IPv6, and what it leaves alone.

. "$(dirname "$0")/table.bash"

# helper_run NAMESPACE SCRIPT: Python with what the tests share
python_in() { in_ns "$1" env PYTHONPATH="$DIR" $PYTHON -; }

# handler_figure COMMENT NAME: a figure of the entry's handlers
handler_figure() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" handler show | jq "[.[] | select(.comment == \"$1\") | .do[].figures.$2] | add // 0"
}

# ---- echo ----

# udp_echo ADDRESS PORT [SPORT]: whether a datagram comes back as it was
udp_echo() {
	in_ns "$A" $PYTHON - "$@" <<-'END'
		import socket, sys
		host, port, sport = sys.argv[1], int(sys.argv[2]), int((sys.argv + [0])[3])
		s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(1)
		s.bind(("", sport))
		s.connect((host, port))
		for size in (1, 0, 18, 1000):
		    data = bytes(i & 255 for i in range(size))
		    s.send(data)
		    try:
		        got = s.recv(2000)
		    except OSError:
		        sys.exit("no answer")
		    if got != data:
		        sys.exit("another answer")
	END
}

echoes() {
	routed "$1"
	silence "$B"
	entry comment e do echo
	# whoever is asked: also addresses that there are not
	equal "IPv4" "$(pings 3) $(pings 2 10.2.0.99) $(pings 2 10.1.0.1)" "3 2 2"
	equal "IPv6" "$(pings 3 fd02::2) $(pings 2 fd02::99) $(pings 1 fd01::1)" "3 2 1"
	equal "replied" "$(kpac_stat "$R" r1 reply-packets)" 13
	check "UDP" udp_echo 10.2.0.2 7
	check "UDP over IPv6" udp_echo fd02::2 4711
	# another echo service would answer for ever
	check "from a low port" test "$(udp_echo 10.2.0.2 7 19 2>&1)" = "no answer"
	check "checksums" no_bad_checksums
	# what is no request, or not one packet, or was sent to many, goes on
	equal "two fragments" "$(in_ns "$A" ping -c 1 -W 1 -q -s 3000 10.2.0.99 | grep -c " 0 received")" 1
	equal "broadcast" "$(in_ns "$A" ping -b -c 1 -W 1 -q 10.1.0.255 2>/dev/null | grep -c " 0 received")" 1
	equal "all nodes" "$(kpac_stat "$R" r1 reply-packets)" 21
}
test_echo() { echoes rx-handler; }
test_echo_ingress() { echoes ingress; }

no_bad_checksums() {
	in_ns "$A" sh -c 'awk "/^(Icmp|Udp): [0-9]/ { print }" /proc/net/snmp' >"$TMP/snmp"
	in_ns "$A" $PYTHON - <<-'END'
		import re, sys
		bad = 0
		for name in ("snmp", "snmp6"):
		    text = open("/proc/net/" + name).read()
		    if name == "snmp6":
		        bad += sum(int(v) for k, v in re.findall(r"(\w+)\s+(\d+)", text) if "Csum" in k)
		        continue
		    lines = text.splitlines()
		    for keys, values in zip(lines[::2], lines[1::2]):
		        bad += sum(int(v) for k, v in zip(keys.split()[1:], values.split()[1:]) if "Csum" in k)
		sys.exit(bad != 0)
	END
}

# A packet that somebody else has, too, is not changed under him.
test_echo_captured() {
	local pid
	routed
	silence "$B"
	entry do echo
	ip netns exec "$R" tcpdump -Z root -U -nni r1 -w "$TMP/pcap" icmp 2>"$TMP/err" &
	pid=$!
	until_true grep -q listening "$TMP/err" || fail "no tcpdump"
	equal "pings" "$(pings 3 10.2.0.77)" 3
	until_true captured 6 || fail "captured: $(tcpdump -nnr "$TMP/pcap" 2>/dev/null)"
	kill $pid
	wait $pid 2>/dev/null
	equal "requests" "$(tcpdump -nnr "$TMP/pcap" 2>/dev/null | grep -c "10.1.0.2 > 10.2.0.77: ICMP echo request")" 3
	equal "replies" "$(tcpdump -nnr "$TMP/pcap" 2>/dev/null | grep -c "10.2.0.77 > 10.1.0.2: ICMP echo reply")" 3
}
captured() { (($(tcpdump -nnr "$TMP/pcap" 2>/dev/null | wc -l) == $1)); }

# ---- mirror, redirect ----

third() {
	namespaces A R B C
	forwarding 1
	cable "$A" 1
	cable "$B" 2
	cable "$C" 3
	ports add r1 r2
	in_ns "$C" ip link set h0 promisc on
}
rx() { in_ns "$1" cat /sys/class/net/h0/statistics/"${2:-rx_packets}"; }

# sink NAMESPACE FILE [LINES]: note what arrives there
sink() {
	ip netns exec "$1" tcpdump -Z root -U -nn -e -i h0 -w "$2" "icmp or icmp6[0] = 128" 2>"$TMP/sink" &
	SINK=$!
	until_true grep -q listening "$TMP/sink" || fail "no tcpdump"
}
end_sink() { kill $SINK; wait $SINK 2>/dev/null; }

test_mirror() {
	third
	sink "$C" "$TMP/pcap"
	entry comment m dev r1 do mirror dev r3
	equal "pings" "$(pings 3) $(pings 2 fd02::2)" "3 2"
	entries flush
	entry comment t dev r1 do mirror dev r3 truncate 60
	equal "pings" "$(pings 2)" 2
	until_true captured 7 || fail "copies: $(tcpdump -nnr "$TMP/pcap" 2>/dev/null)"
	end_sink
	equal "truncated" "$(tcpdump -nne -r "$TMP/pcap" 2>/dev/null | grep -c "length 60: truncated")" 2
	equal "mirrored" "$(handler_figure t mirrored) $(handler_figure t lost)" "2 0"
	ip -n "$R" link set r3 down
	equal "pings" "$(pings 2)" 2
	equal "lost" "$(handler_figure t lost)" 2
	ip -n "$R" link del r3
	equal "pings" "$(pings 1)" 1
	equal "lost" "$(handler_figure t lost)" 3
	# large packets: as many segments
	entries flush
}

test_redirect() {
	local n
	third
	n=$(rx "$C")
	entry comment r proto icmp do redirect dev r3
	equal "pings" "$(pings 3)" 0
	equal "arrived" "$(($(rx "$C") - n))" 3
	equal "redirected" "$(kpac_stat "$R" r1 redirect-packets)" 3
	entries flush
	# to C's address, C answers by way of the router
	entry comment r dst 10.2.0.77 do redirect dev r3 lladdr 02:00:00:00:03:02
	in_ns "$C" ip addr add 10.2.0.77/32 dev lo
	equal "pings" "$(pings 3 10.2.0.77)" 3
	entries flush
	# without the device's sending
	n=$(in_ns "$R" cat /sys/class/net/r3/statistics/tx_packets)
	entry comment r dst 10.2.0.77 do redirect dev r3 peer lladdr 02:00:00:00:03:02
	equal "pings" "$(pings 3 10.2.0.77)" 3
	equal "counted" "$(($(in_ns "$R" cat /sys/class/net/r3/statistics/tx_packets) - n))" 3
	refused add do redirect dev lo peer
	says "no peer"
	# nowhere to go
	ip -n "$R" link del r3
	equal "pings" "$(pings 2 10.2.0.77)" 0
}

# ---- limit ----

# burst N PORT [ADDRESS [SOURCE]]: N datagrams at once
burst() {
	in_ns "$A" $PYTHON - "$@" <<-'END'
		import socket, sys
		n, port = int(sys.argv[1]), int(sys.argv[2])
		host = (sys.argv + ["10.2.0.2"])[3] if len(sys.argv) > 3 else "10.2.0.2"
		s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
		if len(sys.argv) > 4:
		    s.bind((sys.argv[4], 0))
		s.connect((host, port))
		for _ in range(n):
		    s.send(b"x" * 72)
	END
}

test_limit() {
	one_way
	ports add r1 r2
	ip -n "$A" addr add 10.1.0.3/24 dev h0
	ip -n "$A" addr add 10.1.1.3/24 dev h0
	# one in ten minutes, after five: as if time stood still
	entry prio 1 comment l proto udp dport 1000 do limit rate 1bps burst 500
	entry prio 2 comment within proto udp dport 1000 do count
	burst 8 1000
	equal "rate" "$(handler_figure l within) $(handler_figure l over) $(count within)" "5 3 5"
	entries flush
	entry prio 1 comment l proto udp do limit pps 1 burst 5 per src prefix4 24 over pass
	entry prio 2 comment within proto udp do count
	burst 7 1001 10.2.0.2 10.1.0.2
	burst 2 1001 10.2.0.2 10.1.0.3
	burst 5 1001 10.2.0.2 10.1.1.3
	(($(handler_figure l within) >= 10 && $(handler_figure l within) <= 13)) ||
		fail "within $(handler_figure l within)"
	equal "all" "$(($(handler_figure l within) + $(handler_figure l over)))" 14
	equal "passed" "$(kpac_stat "$R" r1 pass:handler)" "$(handler_figure l over)"
	entries flush
	# marks reach the stack
	in_ns "$R" nft -f - <<-END
		table ip6 t { chain c { type filter hook prerouting priority 0; meta mark 7 counter; }; }
	END
	entry comment l proto udp dst fd02::2 do limit rate 1bps burst 240 over mark mark 7
	burst 6 1002 fd02::2
	equal "within, over" "$(handler_figure l within) $(handler_figure l over)" "2 4"
	check "marked" grep -q "packets 4 " <(in_ns "$R" nft list table ip6 t)
	for words in "" "pps 1 rate 1kbit" "pps 1 mark 5" "pps 1 over mark" "pps 1 max 2000" "pps 0" \
		"pps 1 per src prefix4 33" "pps 1 per all"; do
		refused add do limit $words
	done
}

# Both CPUs together do not get more than one.
test_limit_exact() {
	local within
	one_way
	ports add r1 r2
	entry comment l proto udp do limit pps 1000 burst 10
	SECONDS=0
	in_ns "$A" $PYTHON - >"$TMP/ms" <<-'END'
		import os, socket, time
		start = time.monotonic()
		for cpu in (0, 1):
		    if not os.fork():
		        os.sched_setaffinity(0, {cpu % os.cpu_count()})
		        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		        s.connect(("10.2.0.2", 1000 + cpu))
		        while time.monotonic() < start + 3:
		            s.send(b"x")
		        os._exit(0)
		os.wait(), os.wait()
		print(int((time.monotonic() - start) * 1000))
	END
	within=$(handler_figure l within)
	((within <= 10 + 1 + $(<"$TMP/ms"))) || fail "$within in $(<"$TMP/ms") ms"
	((within >= 2500)) || fail "only $within in 3 s"
	(($(handler_figure l over) > 0)) || fail "nothing over"
	pass
}

# ---- allow-established ----

# A may ask, B may only answer.
guarded() {
	routed
	entry prio 1 comment out dev r1 do allow-established learn "$@"
	entry prio 2 comment in dev r2 do allow-established
	entry prio 3 comment drop dev r2 do drop
}

# served NAMESPACE ADDRESS PORT: whether a TCP connection to B's or A's server works
served() {
	in_ns "$1" $PYTHON - "${@:2}" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
		s.settimeout(2)
		try:
		    s.connect((sys.argv[1], int(sys.argv[2])))
		    s.sendall(b"question\n")
		    s.shutdown(socket.SHUT_WR)
		    sys.exit(s.recv(100) != b"question\n")
		except OSError:
		    sys.exit(1)
	END
}
server() {
	in_ns "$1" socat TCP6-LISTEN:"$2",reuseaddr,fork,ipv6only=0 EXEC:cat &
	until_true sh -c "ip netns exec $1 ss -ltnH | grep -q :$2" || fail "no server"
}

test_allow_established() {
	guarded
	server "$B" 80
	server "$A" 81
	check "A asks" served "$A" 10.2.0.2 80
	check "A asks over IPv6" served "$A" fd02::2 80
	! served "$B" 10.1.0.2 81 || fail "B asks"
	! served "$B" fd01::2 81 || fail "B asks over IPv6"
	equal "pings" "$(pings 3) $(pings 2 fd02::2)" "3 2"
	equal "B pings" "$(in_ns "$B" ping -c 2 -i 0.1 -W 1 -q 10.1.0.2 | grep -c " 0 received")" 1
	# UDP: an answer, but from nobody else
	in_ns "$B" socat UDP4-LISTEN:53,fork EXEC:cat &
	until_true sh -c "ip netns exec $B ss -lunH | grep -q :53" || fail "no UDP server"
	equal "answer" "$(echo hello | in_ns "$A" socat -t 2 - UDP4:10.2.0.2:53)" hello
	# errors about what A has sent
	in_ns "$A" $PYTHON - <<-'END' || fail "no error for a closed port"
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(2)
		s.connect(("10.2.0.2", 9))
		s.send(b"x")
		try:
		    s.recv(10)
		except ConnectionRefusedError:
		    sys.exit(0)
		except OSError:
		    pass
		sys.exit(1)
	END
	(($(handler_figure out learned) >= 6)) || fail "learned $(handler_figure out learned)"
	(($(handler_figure in accepted) > 10)) || fail "accepted $(handler_figure in accepted)"
	(($(handler_figure in unknown) >= 4)) || fail "unknown $(handler_figure in unknown)"
}

test_allow_established_timeout() {
	guarded udp-timeout 1s
	in_ns "$B" $PYTHON - >"$TMP/late" <<-'END' &
		import socket, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("", 5000))
		data, sender = s.recvfrom(100)
		s.sendto(b"in time", sender)
		time.sleep(2.5)
		s.sendto(b"too late", sender)
	END
	until_true sh -c "ip netns exec $B ss -lunH | grep -q :5000" || fail "no server"
	in_ns "$A" $PYTHON - >"$TMP/got" <<-'END'
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(4)
		s.connect(("10.2.0.2", 5000))
		s.send(b"x")
		try:
		    while True:
		        print(s.recv(100).decode())
		except OSError:
		    pass
	END
	equal "got" "$(<"$TMP/got")" "in time"
}

# The host's own sockets are state enough.
test_allow_established_sockets() {
	routed
	server "$B" 80
	server "$R" 81
	entry prio 1 comment s dev r2 do allow-established sockets
	entry prio 2 comment drop dev r2 do drop
	check "the router asks" served "$R" 10.2.0.2 80
	check "the router asks over IPv6" served "$R" fd02::2 80
	! served "$B" 10.2.0.1 81 || fail "the router is asked"
	(($(handler_figure s accepted) > 6)) || fail "accepted $(handler_figure s accepted)"
}

# ---- flowmon ----

test_flowmon() {
	one_way
	ports add r1 r2
	entry comment f proto udp do flowmon max 1024
	for port in 1 2 3 4 5; do
		burst 10 $port
		burst 3 $port fd02::2
	done
	equal "flows" "$(handler_figure f flows)" 10
	equal "packets" "$(count f)" 65
}

# ---- all of them ----

busy() { (($(count all) > 100)); }

# Handlers, in every order, while their tables go.
test_life() {
	routed
	for _ in 1 2 3; do
		entries batch - <<-END || fail "batch"
			add prio 1 proto icmp do limit pps 100000 per src do flowmon do mirror dev r2 truncate 100
			add prio 2 dev r1 do allow-established learn
			add prio 3 do echo
		END
		in_ns "$A" ping -f -q -c 300 10.2.0.2 >/dev/null || fail "ping"
		entries flush
	done
	until_true reaches 0 figure memory || fail "memory $(figure memory)"
	entries batch - <<-END || fail "batch"
		add prio 1 comment all proto icmp do limit pps 100000 per src do flowmon do mirror dev r2 truncate 100
		add prio 2 dev r1 do allow-established learn
		add prio 3 do echo
	END
	in_ns "$A" ping -f -q -w 20 10.2.0.2 >/dev/null 2>&1 &
	until_true busy || fail "no packets"
	check "rmmod" timeout 20 rmmod kpac
	load_kpac
	kill %% && wait %%
	check "kernel log" quiet_log
}

run_tests echo echo_ingress echo_captured mirror redirect limit limit_exact allow_established \
	allow_established_timeout allow_established_sockets flowmon life
