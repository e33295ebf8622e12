#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC1010,SC2034,SC2046,SC2086,SC2119,SC2317 # split words, functions called by name
#
# Heartbeats: who answers probes, and what is said of those who do not.

. "$(dirname "$0")/table.bash"

BEAT=$DIR/beat.py
WAIT=20	# seconds that until_true has

heartbeat() { kpac "$R" heartbeat "$@"; }

# beat WORDS...: R asks
beat() { heartbeat add "$@" || fail "heartbeat add $*"; }

# known KEY [NAME]: what R knows of its first peer, or that of the name
known() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" heartbeat show ${2:+"$2"} | jq -r ".[0].$1"
}
is() { [[ $(known "$1" ${3:-}) == "$2" ]]; }
at_least() { (($(known "$1" ${3:-}) >= $2)); }

# states: how many of R's peers are in which state
states() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" heartbeat show | jq -r '.[].state' | sort | uniq -c | awk '{ print $2, $1 }' | xargs
}

# asks NAMESPACE ADDRESS PORT [WORDS...]: what comes back to one probe
asks() { in_ns "$1" $PYTHON "$BEAT" ask "${@:2}"; }

# serve NAMESPACE ADDRESS PORT [WORDS...]: answer in user space
serve() {
	ip netns exec "$1" $PYTHON "$BEAT" serve "${@:2}" >"$TMP/serve" 2>&1 &
	SERVER=$!
	until_true grep -q ready "$TMP/serve" || fail "no server: $(<"$TMP/serve")"
}
end_server() { kill $SERVER; wait $SERVER 2>/dev/null; }

# answers: the kernel answers in B; silent: no more; again
answers() {
	kpac "$B" port add dev h0 || fail "port add"
	kpac "$B" handler add proto udp dport 7000 do heartbeat || fail "handler add"
}
silent() { kpac "$B" handler flush || fail "handler flush"; }
again() { kpac "$B" handler add proto udp dport 7000 do heartbeat || fail "handler add"; }

# watch: note events
watch() {
	"$KPACCTL" -j -n "$R" monitor >"$TMP/events" 2>"$TMP/monitor" &
	WATCH=$!
	# it has joined the groups when it sees something
	until_true seen || fail "no monitor"
}
seen() {
	kpac "$R" handler add prio 9 comment seen proto 250 do count
	kpac "$R" handler del comment seen
	[[ -s $TMP/events ]]
}
end_watch() { kill $WATCH; wait $WATCH 2>/dev/null; }
# events [FILTER]: what was told of peers, one a line
events() {
	local -
	set +x
	jq -r "select(.event | startswith(\"heartbeat\")) | ${1:-\"\\(.name) \\(.state)\"}" "$TMP/events"
}
told() { (($(events | wc -l) >= $1)); }

now() { date +%s%3N; }

# ---- answering ----

answering() {
	routed "$1"
	silence "$B"
	entry comment h proto udp dport 7000 do heartbeat template "I am here"
	entry comment after proto udp dport 7000 do count
	equal "IPv4" "$(asks "$A" 10.2.0.2 7000)" "answer copied as long I am here rest"
	equal "for an address of its own" "$(asks "$A" 10.1.0.1 7000)" "answer copied as long I am here rest"
	equal "IPv6" "$(asks "$A" fd02::2 7000 size=1400)" "answer copied as long I am here rest"
	equal "an odd length" "$(asks "$A" 10.2.0.2 7000 size=45)" "answer copied as long I am here rest"
	equal "no room for all" "$(asks "$A" fd02::2 7000 size=35)" "answer copied as long I a rest"
	equal "no room at all" "$(asks "$A" 10.2.0.2 7000 size=32)" "answer copied as long - rest"
	equal "replied" "$(kpac_stat "$R" r1 reply-packets) $(count after)" "6 0"
	# what is no probe goes on
	equal "an answer" "$(asks "$A" 10.2.0.2 7000 type=2 wait=300)" nothing
	equal "another type" "$(asks "$A" 10.2.0.2 7000 type=3 wait=300)" nothing
	equal "another magic" "$(asks "$A" 10.2.0.2 7000 magic=1 wait=300)" nothing
	equal "another version" "$(asks "$A" fd02::2 7000 version=2 wait=300)" nothing
	equal "too short" "$(asks "$A" fd02::2 7000 size=31 wait=300)" nothing
	equal "in two fragments" "$(asks "$A" 10.2.0.2 7000 size=1900 wait=300)" nothing
	equal "replied" "$(kpac_stat "$R" r1 reply-packets)" 6
	(($(count after) >= 5)) || fail "$(count after) went on"
	check "checksums" no_bad_checksums
}
test_answer() { answering rx-handler; }
test_answer_ingress() { answering ingress; }

no_bad_checksums() {
	! in_ns "$A" nstat -az | awk '/Csum/ && $2 > 0' | grep . >"$TMP/sums" || fail "$(<"$TMP/sums")"
}

test_answer_hex() {
	routed
	entry prio 1 proto udp dport 7000 do heartbeat hex 00ff10
	entry prio 2 proto udp dport 7001 do heartbeat
	equal "hex" "$(asks "$A" 10.2.0.2 7000 fill=3)" "answer copied as long 00ff10 rest"
	equal "nothing to say" "$(asks "$A" 10.2.0.2 7001 fill=3)" "answer copied as long - rest"
	for words in "hex 0" "hex 0g" "hex 00 template x" "template"; do
		refused add do heartbeat $words
	done
	refused add do heartbeat hex 0f0
	says "two digits"
}

test_answer_vlan() {
	routed
	batch "$A" <<-END
		link add link h0 name h0.5 type vlan id 5
		addr add 10.5.0.2/24 dev h0.5
		link set h0.5 up
		neigh add 10.5.0.1 lladdr 02:00:00:00:01:01 dev h0.5
	END
	entry vlan 5 proto udp do heartbeat template vlan
	equal "VLAN" "$(asks "$A" 10.5.0.1 7000)" "answer copied as long vlan rest"
	equal "without" "$(asks "$A" 10.1.0.1 7000 wait=300)" nothing
}

# A packet that somebody else has, too, is not changed under him.
test_answer_captured() {
	local pid
	routed
	entry do heartbeat template "something to say"
	ip netns exec "$R" tcpdump -Z root -U -nni r1 -w "$TMP/pcap" udp port 7000 2>"$TMP/err" &
	pid=$!
	until_true grep -q listening "$TMP/err" || fail "no tcpdump"
	equal "captured" "$(asks "$A" 10.2.0.77 7000)" "answer copied as long something to say rest"
	until_true captured 2 || fail "captured: $(tcpdump -nnr "$TMP/pcap" 2>/dev/null)"
	kill $pid
	wait $pid 2>/dev/null
	equal "the probe" "$(tcpdump -nnr "$TMP/pcap" -A dst port 7000 2>/dev/null | grep -c "something")" 0
	equal "the answer" "$(tcpdump -nnr "$TMP/pcap" -A src port 7000 2>/dev/null | grep -c "something")" 1
}
captured() { (($(tcpdump -nnr "$TMP/pcap" 2>/dev/null | wc -l) == $1)); }

# ---- asking ----

# A peer comes up, goes down and comes up again, and each is told once.
up_down() {
	local t0 t1
	hosts_and_router
	answers
	watch
	beat name b addr "$1" dport 7000 interval 200ms misses 3 hits 2
	until_true is state up b || fail "not up: $(heartbeat show)"
	t0=$(now)
	silent
	until_true told 2 || fail "not down: $(heartbeat show)"
	t1=$(events .changed | sed -n 2p)
	# the last answer may have come just before, then three are missed
	((t1 - t0 >= 400 && t1 - t0 <= 4 * 200 + 1000)) || fail "down after $((t1 - t0)) ms"
	again
	until_true told 3 || fail "not up again: $(heartbeat show)"
	equal "events" "$(events | xargs)" "b up b down b up"
	# at the very probe
	equal "in a row" "$(events .in_row | xargs)" "2 -3 2"
	until_true at_least in_row 6 b || fail "not asked any more"
	equal "no more events" "$(events | wc -l)" 3
	equal "missed" "$(($(known missed) >= 3)) $(known unsent)" "1 0"
	equal "times" "$("$KPACCTL" -j -n "$R" heartbeat show b | jq '.[0] | .rtt_min <= .rtt_mean and
		.rtt_mean <= .rtt_max and .rtt_last <= .rtt_max and .rtt_min > 0')" true
	equal "all of them" "$("$KPACCTL" -j -n "$R" heartbeat show | jq '.[0] |
		(.sent - .received - .missed) as $open | $open >= 0 and $open <= 1')" true
	end_watch
}
test_up_down() { up_down 10.2.0.2; }
test_up_down_ip6() { up_down fd02::2; }

# By ports answers are taken at the door, and probes leave in a shorter way.
test_ports() {
	local hits stolen addr
	hosts_and_router
	answers
	ports add r1 r2
	for addr in 10.2.0.2 fd02::2; do
		beat addr $addr dport 7000 interval 100ms sport 7001
	done
	until_true reaches "up 2" states || fail "not up: $(heartbeat show)"
	equal "by the socket" "$(kpac_stat "$R" r2 stolen-packets)" 0
	entry proto udp dport 7001 do heartbeat
	until_true stolen 20 || fail "not at the door"
	equal "still up" "$(states)" "up 2"
	# a firewall that looks at what leaves has it leave as anything else
	in_ns "$R" nft -f - <<-'END'
		table inet t { chain c { type filter hook output priority 0; udp sport 7001 counter; }; }
	END
	until_true counted 20 || fail "not seen by the firewall"
	equal "still up" "$(states)" "up 2"
}
stolen() { (($(kpac_stat "$R" r2 stolen-packets) >= $1)); }
counted() { (($(in_ns "$R" nft -j list table inet t | jq '[.. | .counter? | objects | .packets] | add') >= $1)); }

# What counts, and what does not.
test_numbers() {
	hosts_and_router
	# every other probe is answered: neither three missed in a row nor two hit
	serve "$B" 10.2.0.2 7000 every=2
	watch
	beat name m3 addr 10.2.0.2 dport 7000 interval 100ms misses 3 hits 2
	until_true at_least received 5 m3 || fail "not answered: $(heartbeat show)"
	equal "neither up nor down" "$(known state m3) $(events)" "unknown "
	heartbeat del m3
	beat name m1 addr 10.2.0.2 dport 7000 interval 100ms misses 1 hits 1
	until_true told 6 || fail "no events"
	equal "up and down" "$(events | sed -n 1,6p | sort | uniq -c | xargs)" "3 m1 down 3 m1 up"
	heartbeat del m1
	end_watch
	end_server
	equal "deleted" "$(heartbeat show)" ""
}

# Answers that come twice, late, from elsewhere, or that nobody has asked for.
test_answers() {
	local n
	hosts_and_router
	serve "$B" 10.2.0.2 7000 copies=3
	beat name twice addr 10.2.0.2 dport 7000 interval 50ms
	until_true at_least received 10 twice || fail "not answered"
	equal "answers to what was sent" "$(($(known received) <= $(known sent))) $(known late)" "1 0"
	end_server
	heartbeat del twice
	serve "$B" 10.2.0.2 7000 delay=300
	beat name late addr 10.2.0.2 dport 7000 interval 100ms misses 3
	until_true at_least late 5 || fail "not late: $(heartbeat show)"
	equal "late" "$(known state) $(known received) $(($(known rtt_last) >= 300000000))" "down 0 1"
	end_server
	heartbeat del late
	serve "$B" 10.2.0.2 7000 from=7001
	beat name port addr 10.2.0.2 dport 7000 interval 50ms
	until_true is state down || fail "another port is believed"
	equal "from another port" "$(known received) $(known late)" "0 0"
	end_server
	heartbeat del port
	# the magic, the version, the type, the peer, the sequence number, the time, the nonce
	for n in 0 4 5 11 15 20 31; do
		serve "$B" 10.2.0.2 7000 flip=$n
		beat name flip addr 10.2.0.2 dport 7000 interval 20ms
		until_true is state down || fail "byte $n is not looked at"
		equal "byte $n" "$(known received) $(known late)" "0 0"
		heartbeat del flip
		end_server
	done
	serve "$B" 10.2.0.2 7000 known=1
	beat name old addr 10.2.0.2 dport 7000 interval 50ms hits 2
	until_true is state down || fail "an old answer is believed: $(heartbeat show)"
	equal "one answer" "$(known received)" 1
	end_server
}

# A firewall decides as it does of everything else.
test_firewall() {
	local hook
	hosts_and_router
	answers
	watch
	beat name b addr 10.2.0.2 dport 7000 interval 50ms sport 7001
	until_true is state up || fail "not up"
	for hook in output input; do
		in_ns "$R" nft -f - <<-END
			table inet t { chain c { type filter hook $hook priority 0; udp dport 7000-7001 counter drop; }; }
		END
		until_true is state down || fail "not down by $hook"
		(($(in_ns "$R" nft -j list table inet t | jq '[.. | .counter? | objects | .packets] | add') >= 3)) ||
			fail "$hook has not seen them"
		[[ $hook == input ]] || at_least unsent 3 || fail "unsent $(known unsent)"
		in_ns "$R" nft delete table inet t
		until_true is state up || fail "not up again"
	done
	equal "events" "$(events | xargs)" "b up b down b up b down b up"
	# no route, and one again
	ip -n "$R" addr del 10.2.0.1/24 dev r2
	until_true is state down || fail "up without a route"
	ip -n "$R" addr add 10.2.0.1/24 dev r2
	until_true is state up || fail "not up with a route"
	end_watch
}

test_ends() {
	hosts_and_router
	ip -n "$R" addr add 10.2.0.77/24 dev r2
	answers
	batch "$B" <<-END
		neigh add 10.2.0.77 lladdr 02:00:00:00:02:01 dev h0
	END
	beat name s addr 10.2.0.2 dport 7000 interval 50ms src 10.2.0.77 sport 7005 dev r2 size 200
	until_true is state up s || fail "not up"
	equal "shown" "$(heartbeat show s | head -n 1 | sed 's/since [^ ]*/since/')" \
		"s: up since addr 10.2.0.2 dport 7000 src 10.2.0.77 sport 7005 dev r2 interval 50ms misses 3 hits 2 size 200"
	# link-local, which needs the device
	! heartbeat add addr fe80::2 dport 7000 2>"$TMP/said" || fail "without a device"
	says "device"
	kpac "$B" handler add proto udp dport 7006 do heartbeat
	beat addr fe80::2 dport 7006 dev r2 interval 50ms
	until_true is state up fe80::2 || fail "not up: $(heartbeat show)"
	# ports are shared by peers, but by nobody else
	beat name t addr 10.2.0.2 dport 7000 interval 50ms sport 7005
	until_true is state up t || fail "not up"
	in_ns "$R" socat UDP4-LISTEN:7009 EXEC:cat &
	until_true sh -c "ip netns exec $R ss -lunH | grep -q :7009" || fail "no server"
	! heartbeat add name u addr 10.2.0.2 dport 7000 sport 7009 2>"$TMP/said" || fail "a port that is taken"
	says "another socket has this port"
	heartbeat del s
	is state up t || fail "not up any more"
	heartbeat del t
	until_true free 7005 || fail "the port is kept"
}
free() { ! in_ns "$R" ss -lunH | grep -q ":$1 "; }

refuses() {
	ASSERTED=1
	! heartbeat "$@" >/dev/null 2>"$TMP/said" || fail "heartbeat $*: not refused"
}

test_bad_input() {
	hosts_and_router
	beat name x addr 10.2.0.2 dport 7000
	refuses add name x addr 10.1.0.2 dport 7000
	says "there is a heartbeat of this name"
	refuses del y
	says "there is no heartbeat of this name"
	refuses show y
	says "there is no heartbeat of this name"
	for words in "" "addr 10.2.0.2" "dport 7000" "addr 10.2.0.2 dport 0" "addr 10.2.0.2/24 dport 7000" \
		"addr 10.2.0 dport 7000" "addr 10.2.0.2 dport 70000" "addr 10.2.0.2 dport 7000 interval 100" \
		"addr 10.2.0.2 dport 7000 interval 9ms" "addr 10.2.0.2 dport 7000 interval 61m" \
		"addr 10.2.0.2 dport 7000 misses 0" "addr 10.2.0.2 dport 7000 hits 256" \
		"addr 10.2.0.2 dport 7000 size 31" "addr 10.2.0.2 dport 7000 size 1401" \
		"addr 10.2.0.2 dport 7000 src fd02::1" "addr 10.2.0.2 dport 7000 dev nowhere" \
		"addr 224.0.0.1 dport 7000" "addr 255.255.255.255 dport 7000" "addr 0.0.0.0 dport 7000" \
		"addr ff02::1 dport 7000" "addr :: dport 7000" "addr ::ffff:10.2.0.2 dport 7000" \
		"name $(printf 'n%.0s' {1..48}) addr 10.2.0.2 dport 7000" "addr 10.2.0.2 dport 7000 typo 1"; do
		refuses add $words
		[[ -s $TMP/said ]] || fail "says nothing of $words"
	done
	equal "peers" "$("$KPACCTL" -j -n "$R" heartbeat show | jq -c '[.[].name]')" '["x"]'
	# a subnet's broadcast address is not known to be one, but is not sent to
	beat name bc addr 10.2.0.255 dport 7000 interval 20ms
	until_true is state down bc || fail "not down"
	equal "sent" "$(known sent bc)" 0
	# others may look, but not change
	in_ns "$R" setpriv --bounding-set -all --inh-caps -all --reuid 65534 --clear-groups "$KPACCTL" \
		heartbeat show >"$TMP/said" 2>&1 || fail "others may not look: $(<"$TMP/said")"
	says "x: "
	! in_ns "$R" setpriv --bounding-set -all --inh-caps -all --reuid 65534 --clear-groups "$KPACCTL" \
		heartbeat del x 2>"$TMP/said" || fail "anybody may delete"
	says CAP_NET_ADMIN
}

# Users who make a namespace of their own cannot have all of the CPU.
test_users() {
	local users='for i in {1..100}; do
		kpacctl heartbeat add name n$i addr 127.0.0.1 dport 7 interval 10ms || exit
	done
	! kpacctl heartbeat add name more addr 127.0.0.1 dport 7 interval 10ms || exit
	kpacctl heartbeat del n1 && kpacctl heartbeat add name n1 addr 127.0.0.1 dport 7 interval 10ms'
	routed
	check "a hundred, and no more" unshare -Urn bash -c "$users" >"$TMP/said" 2>&1
	says "choose longer intervals"
}

# All are asked, and each change of each is told once.
test_thousand() {
	hosts_and_router
	answers
	ports add r2
	entry proto udp sport 7000 do heartbeat
	watch
	ip -n "$R" route add 10.9.0.0/16 via 10.2.0.2
	in_ns "$R" $PYTHON "$BEAT" peers 1000 7000 2000 || fail "peers"
	WAIT=60 until_true reaches "up 1000" states || fail "not up: $(states)"
	silent
	WAIT=60 until_true reaches "down 1000" states || fail "not down: $(states)"
	equal "listed once" "$("$KPACCTL" -j -n "$R" heartbeat show | jq '[.[].name] | unique | length')" 1000
	equal "told twice" "$(events | sort | uniq -d)" ""
	if grep -q lost "$TMP/monitor"; then
		# and says so: a slow listener cannot keep them all
		pass
	else
		WAIT=60 until_true told 2000 || fail "events: $(events | wc -l)"
	fi
	equal "at the third miss" "$(events 'select(.state == "down") | .in_row' | sort -u)" -3
	end_watch
}

# ---- user space that takes all there is ----

hogs() {
	local i
	HOGS=()
	for ((i = 0; i < $(nproc) * 2; i++)); do
		(while :; do :; done) &
		HOGS+=($!)
	done
}
end_hogs() { kill "${HOGS[@]}"; wait "${HOGS[@]}" 2>/dev/null; }

test_busy() {
	local i
	hosts_and_router
	answers
	watch
	for ((i = 1; i <= 20; i++)); do
		beat name p$i addr 10.2.0.2 dport 7000 interval 100ms misses 3
	done
	until_true reaches "up 20" states || fail "not up: $(states)"
	hogs
	WAIT=60 until_true at_least sent 100 p1 || fail "sent $(known sent p1)"
	equal "up" "$(states)" "up 20"
	equal "events" "$(events 'select(.state == "down")' | wc -l)" 0
	# and one that fails is seen to
	silent
	until_true reaches "down 20" states || fail "not down: $(states)"
	end_hogs
	until_true told 40 || fail "events: $(events | wc -l)"
	equal "at the third miss" "$(events 'select(.state == "down") | .in_row' | sort -u)" -3
	end_watch
}

# ---- ends ----

# Peers go with their namespace, and with the module, while answers come.
test_life() {
	local i ns
	hosts_and_router
	answers
	namespaces C
	cable "$C" 3
	ip -n "$R" route add 10.9.0.0/16 via 10.2.0.2
	for ns in "$R" "$C"; do
		in_ns "$ns" $PYTHON "$BEAT" peers 100 7000 100 || fail "peers"
	done
	WAIT=30 until_true reaches "up 100" states || fail "not up: $(states)"
	WAIT=30 until_true up_in_c || fail "not up"
	ip netns del "$C"
	equal "others stay" "$(states)" "up 100"
	for ((i = 0; i < 20; i++)); do
		heartbeat del p$i
	done
	equal "fewer" "$("$KPACCTL" -j -n "$R" heartbeat show | jq length)" 80
	watch
	check "rmmod" timeout 30 rmmod kpac
	load_kpac
	wait $WATCH
	until_true free_all || fail "sockets are left: $(in_ns "$R" ss -lunH)"
	equal "none" "$(heartbeat show)" ""
	check "kernel log" quiet_log
}
up_in_c() { [[ $("$KPACCTL" -j -n "$C" heartbeat show | jq -r '[.[].state] | unique | .[]') == up ]]; }
free_all() { [[ -z $(in_ns "$R" ss -lunH) ]]; }

run_tests answer answer_ingress answer_hex answer_vlan answer_captured up_down up_down_ip6 ports numbers \
	answers firewall ends bad_input users thousand busy life
