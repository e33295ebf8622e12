#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC1010,SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The predicate table: which packets entries are for, in which order they act, and how
# the table changes.

. "$(dirname "$0")/table.bash"

# ---- predicates ----

predicates() {
	routed "$1"
	"$PYTHON" "$DIR/table.py" "$A:h0" "$R" r1 >"$TMP/results" 2>"$TMP/err"
	[[ ! -s $TMP/err ]] || fail "$(tail -n 5 "$TMP/err")"
	pass
	(($(grep -c "^ok " "$TMP/results") > 30)) || fail "too few results: $(<"$TMP/results")"
	! grep -q "^not ok" "$TMP/results" || fail "$(grep -v "^ok" "$TMP/results")"
}
test_predicates() { predicates rx-handler; }
test_predicates_ingress() { predicates ingress; }

# Packets of many segments whose bytes are in pages.
test_gso() {
	routed
	in_ns "$B" socat -u TCP4-LISTEN:7000,reuseaddr - >"$TMP/received" &
	until_true sh -c "ip netns exec $B ss -ltnH | grep -q :7000" || fail "no listener"
	{ head -c 30000 /dev/zero; echo KPACKPAC; head -c 300000 /dev/zero; } >"$TMP/file"
	entry prio 1 comment all proto tcp dport 7000 do count
	entry prio 2 comment large proto tcp dport 7000 length 3000-100000 do count
	entry prio 3 comment deep proto tcp payload payload+2000:0000000000000000 do count
	timeout 20 ip netns exec "$A" socat -u "FILE:$TMP/file" TCP4:10.2.0.2:7000
	wait
	check "the file" cmp "$TMP/file" "$TMP/received"
	# segments are packets
	(($(count all) >= 330009 / 1448)) || fail "counted $(count all) packets"
	(($(count large) > 100)) || fail "counted $(count large) large ones"
	(($(count deep) > 100)) || fail "counted $(count deep) with zeros at 2000"
	entries flush
}

test_unfiltered() {
	routed
	entry comment u unfiltered proto icmp do drop
	equal "without hooks" "$(pings 2)" 0
	for hook in prerouting input forward postrouting; do
		in_ns "$R" nft -f - <<-END
			table ip t { chain c { type filter hook $hook priority 0; }; }
		END
		equal "with a hook at $hook" "$(pings 2)" 2
		in_ns "$R" nft flush ruleset
	done
	equal "without hooks again" "$(pings 2)" 0
	in_ns "$R" nft add table ip6 t
	in_ns "$R" nft "add chain ip6 t c { type filter hook forward priority 0; }"
	equal "with a hook for IPv6" "$(pings 2)" 0
}

# Packets whose words are the same, but for what they are not asked for, and that are not
# for the same entries.
test_same_words() {
	local i
	routed
	entry prio 1 comment short proto udp dport 9 length 0-99 do count
	entry prio 2 comment long proto udp dport 9 length 100-2000 do count
	entry prio 3 comment range proto udp sport 1000-1999 do count
	entry prio 4 comment other proto udp sport 3000 do count
	for i in 1 2 3; do
		datagram 1500 9 10; datagram 1500 9 500; datagram 2500 9 10; datagram 3000 9 10
	done
	equal "short long range other" "$(count short) $(count long) $(count range) $(count other)" "9 3 6 3"
	entry prio 5 comment deep proto udp payload payload+100:78 do count
	for i in 1 2; do
		datagram 1500 9 10; datagram 1500 9 500
	done
	equal "short long deep" "$(count short) $(count long) $(count deep)" "11 5 2"
	entries flush
	entry comment brief expires 5s proto udp dport 9 do count
	datagram 1500 9 10
	equal "brief" "$(count brief)" 1
	WAIT=20 until_true datagram_unmet || fail "no end"
}
# datagram SPORT DPORT BYTES: from A to B
datagram() {
	in_ns "$A" "$PYTHON" -c 'import socket, sys
sport, dport, n = map(int, sys.argv[1:])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", sport))
s.sendto(b"x" * n, ("10.2.0.2", dport))' "$@"
}
datagram_unmet() {
	local n
	n=$(count brief)
	datagram 1500 9 10
	[[ $(count brief) == "$n" || $(figure entries) == 0 ]]
}

# More flows than a CPU remembers: what is driven out is met again, and no packet meets
# what is another's.
test_many_words() {
	local i to
	routed
	for i in {1..16}; do
		echo "add prio $i comment p$i proto udp dport $((i * 700)) do count"
	done >"$TMP/batch"
	echo "add prio 100 comment rest proto udp do drop" >>"$TMP/batch"
	check "batch" entries batch "$TMP/batch"
	for to in 10.2.0.2 fd02::2; do
		entries reset
		datagrams $to 3
		for i in {1..16}; do
			equal "p$i, to $to" "$(count p$i)" 3
		done
		equal "rest, to $to" "$(count rest)" 36000
	done
	check "del" entries del comment p7
	check "add" entries add prio 7 comment p7 proto udp dport 701 "do" count
	entries reset
	datagrams 10.2.0.2 1
	equal "p6 p7 p8 rest" "$(count p6) $(count p7) $(count p8) $(count rest)" "1 1 1 12000"
}
# datagrams ADDRESS TIMES: to each of 12000 ports, in one order or another
datagrams() {
	in_ns "$A" "$PYTHON" -c 'import random, socket, sys
to, times = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_DGRAM)
ports = list(range(1, 12001))
for i in range(times):
    for port in ports:
        s.sendto(b"x", (to, port))
    random.Random(i).shuffle(ports)' "$@" || fail "cannot send"
}

# ---- order ----

test_order() {
	routed
	# what comes later was added earlier, and under other masks
	entry prio 30 comment third src 10.1.0.0/16 do count
	entry prio 20 comment second proto icmp do drop
	entry prio 10 comment first dst 10.2.0.2 do count
	equal "pings" "$(pings 3)" 0
	equal "first, second, third" "$(count first) $(count second) $(count third)" "3 3 0"
	# of one priority, in the order of addition
	entry prio 10 comment later do drop
	entry prio 10 comment latest do count
	equal "pings" "$(pings 2)" 0
	equal "first, later, latest" "$(count first) $(count later) $(count latest)" "5 2 0"
	entries del comment later
	entries del comment second
	equal "pings" "$(pings 1)" 1
	(($(count third) >= 1 && $(count latest) >= 1)) || fail "$(entries show)"
}

# More entries that apply than are looked for at a time, under few and many masks.
test_many_apply() {
	local i
	routed
	for ((i = 0; i < 60; i++)); do
		echo "add prio $((60 - i)) comment n$i proto icmp icmp-type echo-request do count"
		echo "add prio $((i % 7)) comment m$i src 10.1.0.0/$((i % 17 + 16)) proto icmp icmp-type 8 do count"
	done | sed 's,10.1.0.0/32,10.1.0.2/32,; s,10.1.0.0/31,10.1.0.2/31,' >"$TMP/batch"
	check "batch" entries batch "$TMP/batch"
	equal "pings" "$(pings 4)" 4
	equal "entries that counted 4" "$("$KPACCTL" -j -n "$R" handler show |
		jq '[.[] | select(.packets == 4)] | length')" 120
	entry prio 30 comment end proto icmp do drop
	entries reset
	equal "pings" "$(pings 2)" 0
	equal "entries that counted 2" "$("$KPACCTL" -j -n "$R" handler show |
		jq '[.[] | select(.packets == 2)] | length')" "$((60 + 30 + 1))"
}

test_verdicts() {
	local forwarded
	routed
	entry comment p proto icmp do count do pass
	equal "pings" "$(pings 3)" 3
	equal "passed" "$(kpac_stat "$R" r1 pass:handler)" 3
	entries flush
	kpac "$R" stat reset
	entry prio 1 comment f proto icmp do forward
	entry prio 2 do drop
	equal "pings" "$(pings 3)" 3
	equal "accelerated" "$(kpac_stat "$R" r1 accelerated-packets)" 3
	entries flush
	kpac "$R" stat reset
	entry comment d proto icmp do drop
	equal "pings" "$(pings 3)" 0
	equal "dropped" "$(kpac_stat "$R" r1 handler-drop-packets)" 3
	equal "counted" "$(count d)" 3
}

# ---- transactions ----

test_batch() {
	routed
	printf '%s\n' "# a comment" "add prio 5 comment \"with words\" proto udp \\" "  dport 7 do drop" \
		"handler add proto tcp do count" >"$TMP/batch"
	check "batch" entries batch "$TMP/batch"
	equal "entries" "$(figure entries)" 2
	# all or nothing: what the kernel refuses
	printf '%s\n' "add proto udp do drop" "flush" "add do drop" "del id 4711" "add do count" >"$TMP/batch"
	refused batch "$TMP/batch"
	says "$TMP/batch:4:"
	equal "entries" "$(figure entries)" 2
	# and what kpacctl refuses
	for ((i = 1; i <= 5000; i++)); do
		echo "add src 10.0.$((i / 256)).$((i % 256)) proto udp d$([[ $i == 4711 ]] && echo prot || echo port) $i do drop"
	done >"$TMP/batch"
	refused batch replace "$TMP/batch"
	says "$TMP/batch:4711:"
	says "^^^^^"
	equal "entries" "$(figure entries)" 2
	sed -i 's/dprot/dport/' "$TMP/batch"
	check "mended" entries batch replace "$TMP/batch"
	equal "entries" "$(figure entries)" 5000
	# what is shown can be read again
	entries show >"$TMP/shown"
	check "text" entries batch replace "$TMP/shown"
	entries show | sed 's/^[0-9]*: //' >"$TMP/again"
	check "the same" diff <(sed 's/^[0-9]*: //' "$TMP/shown") "$TMP/again"
	"$KPACCTL" -j -n "$R" handler show >"$TMP/shown"
	check "JSON" "$KPACCTL" -j -n "$R" handler batch replace "$TMP/shown"
	check "the same" diff <(jq 'map(del(.id))' "$TMP/shown") \
		<("$KPACCTL" -j -n "$R" handler show | jq 'map(del(.id))')
	entries flush
	equal "entries" "$(figure entries)" 0
	until_true reaches 0 figure memory || fail "memory $(figure memory)"
}

# Packets meet the old table or the new one: either way they are redirected, once.
test_atomic() {
	local n sent
	namespaces A R B C
	forwarding 1
	cable "$A" 1
	cable "$B" 2
	cable "$C" 3
	silence "$B"
	silence "$C"
	ports add r1 r2
	in_ns "$C" ip link set h0 promisc on
	echo "add prio 10 comment one proto udp do redirect dev r3" >"$TMP/one"
	echo "add prio 20 comment two src 10.1.0.0/16 proto udp dport 4001 do redirect dev r3" >"$TMP/two"
	entries batch replace "$TMP/one"
	in_ns "$A" $PYTHON - >"$TMP/sent" <<-END &
		import socket, time
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.connect(("10.2.0.2", 4001))
		end, n = time.monotonic() + 8, 0
		while time.monotonic() < end:
		    for _ in range(20):
		        s.send(b"x" * 64)
		        n += 1
		    time.sleep(0.001)
		print(n)
	END
	n=$(dev_rx "$C") SECONDS=0
	while ((SECONDS < 7)); do
		entries batch replace "$TMP/two" && entries batch replace "$TMP/one" || fail "batch"
	done
	wait
	sent=$(<"$TMP/sent")
	((sent > 500)) || fail "sent $sent only"
	until_true reaches $((n + sent)) dev_rx "$C" || fail "sent $sent, redirected $(($(dev_rx "$C") - n))"
	equal "by r2" "$(kpac_stat "$R" r1 accelerated-packets)" 0
	check "changed often" test "$(figure generation)" -gt 10
}
dev_rx() { in_ns "$1" cat /sys/class/net/h0/statistics/rx_packets; }

# A list of entries is of one generation, however long it takes.
test_listing() {
	local i n pid
	routed
	for v in one two; do
		for ((i = 0; i < 2000; i++)); do
			echo "add comment $v src 10.0.$((i / 256)).$((i % 256)) proto udp do drop"
		done >"$TMP/$v"
	done
	entries batch "$TMP/one"
	(
		set +x
		while [[ ! -e $TMP/stop ]]; do
			entries batch replace "$TMP/two"
			entries batch replace "$TMP/one"
		done
	) 2>/dev/null &
	pid=$!
	for ((i = 0; i < 6; i++)); do
		"$KPACCTL" -j -n "$R" handler show >"$TMP/list"
		n=$(jq -c '[length, (map(.comment) | unique | length)]' "$TMP/list")
		equal "entries, versions" "$n" "[2000,1]"
	done
	touch "$TMP/stop"
	wait $pid
	entries flush
	until_true reaches 0 figure memory || fail "memory $(figure memory)"
}

test_expiry() {
	routed
	entry comment e expires 5s proto icmp do drop
	check "shown" grep -q "expires" <(entries show)
	equal "before" "$(pings 1)" 0
	WAIT=20 until_true answered || fail "no answer after the time"
	until_true reaches 0 figure entries || fail "not deleted"
	until_true reaches 0 figure memory || fail "memory $(figure memory)"
}

answered() { [[ $(pings 1) == 1 ]]; }

# accounted N: loads a batch as one of a memory cgroup, which has more than N bytes then
accounted() {
	local group=$TMP/cgroup/kpac.$$ bytes
	mkdir -p "$TMP/cgroup"
	mount -t cgroup2 none "$TMP/cgroup" || return
	if echo +memory >"$TMP/cgroup/cgroup.subtree_control" && mkdir "$group"; then
		(echo "$BASHPID" >"$group/cgroup.procs" && entries batch replace "$TMP/batch")
		bytes=$(awk '$1 == "kernel" { print $2 }' "$group/memory.stat")
		rmdir "$group"
	fi
	umount "$TMP/cgroup"
	((bytes > $1)) || fail "accounted: ${bytes:-nothing}"
}

test_bounds() {
	local i
	routed
	for ((i = 0; i < 256; i++)); do
		echo "add src 10.0.0.0/$((i % 16 + 8)) dst 10.0.0.0/$((i / 16 + 8)) do count"
	done >"$TMP/batch"
	check "256 masks" entries batch "$TMP/batch"
	refused add src 10.0.0.0/24 dst 10.0.0.0/24 do count
	says "as many distinct masks"
	check "one more of one of them" entries add src 10.0.0.0/9 dst 10.0.0.0/9 do drop
	equal "entries" "$(figure entries)" 257
	check "another" entries add comment one src 10.0.0.0/9 dst 10.0.0.0/9 do drop
	# what is replaced takes no room
	sed 's/^add/add proto tcp/' "$TMP/batch" >"$TMP/other"
	check "one dies" entries del comment one
	check "256 others" entries batch replace "$TMP/other"
	refused add src 10.0.0.0/9 dst 10.0.0.0/9 do count
	says "as many distinct masks"
	# a change that is undone leaves it as it was
	printf '%s\n' flush "add do count" "add do drop" "del prio 9" >"$TMP/undone"
	refused batch "$TMP/undone"
	says "$TMP/undone:4:"
	refused add src 10.0.0.0/9 dst 10.0.0.0/9 do count
	equal "entries, masks" "$(figure entries) $(figure masks)" "256 256"
	check "the first again" entries batch replace "$TMP/batch"
	for ((i = 1; i <= 1024; i++)); do
		echo "add prio $i src 10.0.0.1 do count"
	done >"$TMP/batch"
	check "1024 of one key" entries batch replace "$TMP/batch"
	refused add prio 2000 src 10.0.0.1 do count
	says "1024 entries may differ"
	sed 's/count/drop/' "$TMP/batch" >"$TMP/other"
	check "1024 others" entries batch replace "$TMP/other"
	# a file that is cut short
	head -c -4 "$TMP/batch" >"$TMP/half"
	refused batch replace "$TMP/half"
	says "$TMP/half:1024:"
	equal "entries" "$(figure entries)" 1024
	# who loads it pays for it
	for ((i = 0; i < 20000; i++)); do
		echo "add src 11.$((i >> 16)).$((i >> 8 & 255)).$((i & 255)) do drop"
	done >"$TMP/batch"
	check "accounted" accounted 4000000
	equal "entries" "$(figure entries)" 20000
}

test_refused() {
	routed
	entry prio 7 comment c do count
	for words in "prio 65536 do drop" "do dorp" "do drop do count" "dport 7" "src 10.0.0.1/8 do drop" \
		"src 10.0.0.1 dst fd02::1 do drop" "proto icmp dport 7 do drop" "sport 9-7 do drop" \
		"payload l4+65535:00 do drop" "payload l4:zz do drop" "payload l4:f0/0f do drop" \
		"proto udp tcp-flags syn do drop" "fragment later dport 7 do drop" "dev nix do drop" \
		"ethertype ip6 src 10.0.0.1 do drop" "expires 0s do drop" "do mirror" "do mirror dev nix" \
		"do redirect dev r1 peers" "icmp-type 8 do drop" "vlan 4096 do drop" "dscp 64 do drop" \
		"do mirror dev r1 truncate 3" "comment $(printf %0200d 1) do drop"; do
		refused add $words
		says "Error: "
		check "one sentence for '$words'" test "$(grep -c Error: "$TMP/said")" -eq 1
	done
	for words in "id 999" "prio 8" "comment nix"; do
		refused del $words
		says "no entry with this"
	done
	refused del
	equal "what there is" "$(entries show | sed '/^#/d; s/^[0-9]*: //')" "add prio 7 comment c do count"
}

# ---- namespaces and life ----

test_namespaces() {
	namespaces A R B A2 R2
	forwarding 1
	cable "$A" 1
	cable "$B" 2
	ports add r1
	entry comment here do count
	kpac "$R2" handler add comment there do drop || fail "handler add"
	equal "here" "$(entries show | grep -c "comment there")" 0
	equal "there" "$(kpac "$R2" handler show | grep -c "comment here")" 0
	check "not affected" test "$(pings 1)" -eq 1
	kpac "$R2" handler flush
	equal "here" "$(figure entries)" 1
	refused del comment there
}

test_life() {
	routed
	entry comment a proto icmp do drop
	equal "with a port" "$(pings 1)" 0
	ports del r1 r2
	equal "without" "$(pings 1)" 1
	ports add r1
	equal "with a port again" "$(pings 1)" 0
	# while packets flow, with entries that have handlers of every kind
	entry prio 1 do mirror dev r2 do count
	in_ns "$A" ping -f -q -w 30 10.2.0.2 >/dev/null 2>&1 &
	check "rmmod" timeout 20 rmmod kpac
	load_kpac
	kill %% && wait
	equal "entries" "$(figure entries)" 0
	check "kernel log" quiet_log
}

run_tests predicates predicates_ingress gso unfiltered same_words many_words order many_apply verdicts batch atomic listing expiry \
	bounds refused namespaces life
