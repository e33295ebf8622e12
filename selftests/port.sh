#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The life of ports: what happens to them when their devices are renamed, taken
# down, moved, enslaved or removed, and when the module goes, all under traffic.

. "$(dirname "$0")/lib.sh"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"

# field NAMESPACE DEV NAME: what `port show` says
field() { "$KPACCTL" -j -n "$1" port show dev "$2" | jq -r ".[0].$3"; }

count() { "$KPACCTL" -j -n "$1" port show | jq length; }

# flood: UDP packets from A to B as fast as one process can, until stop_flood
flood() {
	ip netns exec "$A" $PYTHON -c '
import socket
s = [socket.socket(f, socket.SOCK_DGRAM) for f in (socket.AF_INET, socket.AF_INET6)]
while True:
    for i in range(64):
        for sock, to in zip(s, ("10.2.0.2", "fd02::2")):
            try:
                sock.sendto(b"x" * 64, (to, 4000 + i))
            except OSError:
                pass' &
	FLOOD=$!
}

stop_flood() {
	kill "$FLOOD" 2>/dev/null
	wait "$FLOOD" 2>/dev/null
}

received() { in_ns "$B" cat /sys/class/net/h0/statistics/rx_packets; }

# flowing: packets arrive in B
flowing() {
	local n
	n=$(received)
	until_true more_than "$n"
}
more_than() { (($(received) > $1 + 20)); }

accelerating() { (($(kpac_stat "$R" "${1:-r1}" accelerated-packets) > ${2:-0})); }

quiet_log() { ! dmesg | tail -n +"$((LOG + 1))" | grep -E "BUG|WARNING|unregister_netdevice|refcount|kpac.*(leak|error)"; }
LOG=$(dmesg | wc -l)

# ---- one port ----

test_show() {
	hosts_and_router
	ports add r1
	equal name "$(field "$R" r1 ifname)" r1
	equal door "$(field "$R" r1 door)" auto
	equal "door used" "$(field "$R" r1 door_used)" rx-handler
	equal why "$(field "$R" r1 door_why)" free
	equal forward "$(field "$R" r1 forward)" true
	check "port set door" kpac "$R" port set dev r1 door ingress forward off
	equal door "$(field "$R" r1 door_used)" ingress
	equal why "$(field "$R" r1 door_why)" requested
	equal forward "$(field "$R" r1 forward)" false
	check "port del" kpac "$R" port del dev r1
	equal ports "$(count "$R")" 0
}

test_refusals() {
	local text
	hosts_and_router
	ip -n "$R" link add t0 type ipip local 10.1.0.1 remote 10.1.0.2
	ports add r1
	for args in "add dev nosuch" "add dev r1" "add dev lo" "add dev t0" "del dev r2" "show dev r2" \
		"set dev r2 forward on" "add dev h0" "add dev averyverylongdevicename" "add dev r2 door window" \
		"add dev r2 forward maybe" "add" "add r2 r3"; do
		text=$(kpac "$R" port $args 2>&1 >/dev/null) && fail "port $args: accepted"
		[[ -n $text ]] || fail "port $args: no message"
		[[ $text != *"rror: "*": "*"nvalid argument" ]] || [[ $text == *[a-z]*:*:* ]] || fail "port $args: only '$text'"
	done
	equal ports "$(count "$R")" 1
	equal "state of r1" "$(field "$R" r1 door)/$(field "$R" r1 forward)" auto/true
	kpac nosuchns port show 2>/dev/null && fail "a namespace that is not there was accepted"
	pass
}

test_rename() {
	hosts_and_router
	ports add r1 r2
	flood
	check "flows" flowing
	ip -n "$R" link set r1 name renamed1
	equal name "$(field "$R" renamed1 ifname)" renamed1
	kpac "$R" port show dev r1 2>/dev/null && fail "the old name is still there"
	check "flows after renaming" flowing
	check "accelerates" accelerating renamed1
	stop_flood
}

test_down_up() {
	local n
	hosts_and_router
	ports add r1 r2
	flood
	for dev in r1 r2; do
		check "flows" flowing
		ip -n "$R" link set $dev down
		ip -n "$R" link set $dev up
		batch "$R" <<-END
			addr replace fe80::1/64 dev $dev nodad
			neigh replace 10.1.0.2 lladdr 02:00:00:00:01:02 dev r1
			neigh replace fd01::2 lladdr 02:00:00:00:01:02 dev r1
			neigh replace 10.2.0.2 lladdr 02:00:00:00:02:02 dev r2
			neigh replace fd02::2 lladdr 02:00:00:00:02:02 dev r2
		END
		n=$(kpac_stat "$R" r1 accelerated-packets)
		check "flows after $dev was down" flowing
		check "accelerates after $dev was down" until_true accelerating r1 "$n"
	done
	stop_flood
	equal ports "$(count "$R")" 2
}

test_unregister() {
	local dev
	for dev in r1 r2; do
		hosts_and_router
		ports add r1 r2
		flood
		check "flows" flowing
		timeout 20 ip -n "$R" link del $dev || fail "removing $dev does not end"
		equal "ports without $dev" "$(count "$R")" 1
		stop_flood
		remove_namespaces
	done
	check "kernel log" quiet_log
}

test_move_to_other_namespace() {
	hosts_and_router
	namespaces N
	ports add r1 r2
	flood
	check "flows" flowing
	timeout 20 ip -n "$R" link set r2 netns "$N" || fail "moving does not end"
	equal "ports in R" "$(count "$R")" 1
	equal "ports in N" "$(count "$N")" 0
	check "port add there" kpac "$N" port add dev r2
	timeout 20 ip -n "$R" link set r1 netns "$N" || fail "moving does not end"
	stop_flood
	equal "ports in R" "$(count "$R")" 0
	check "kernel log" quiet_log
}

test_namespace_exit() {
	hosts_and_router
	ports add r1 r2
	flood
	check "flows" flowing
	ip netns del "$R"
	# Its end of the cable goes when the namespace is really gone.
	check "the namespace ends" until_true sh -c "! ip -n $A link show dev h0 2>/dev/null | grep -q h0"
	stop_flood
	check "kernel log" quiet_log
}

test_module_unload() {
	local i
	grep -q "^kpac .* - " /proc/modules || { skip "kpac is built in"; return; }
	hosts_and_router
	flood
	for i in 1 2 3; do
		ports add r1 r2
		check "flows" flowing
		check "accelerates" until_true accelerating
		timeout 30 rmmod kpac || fail "rmmod"
		check "flows without kpac" flowing
		load_kpac
		equal "ports after loading again" "$(count "$R")" 0
	done
	stop_flood
	check "kernel log" quiet_log
}

test_del_and_add_under_traffic() {
	hosts_and_router
	flood
	for _ in 1 2 3 4 5; do
		ports add r1 r2
		kpac "$R" port set dev r1 door ingress || fail "port set"
		kpac "$R" port set dev r1 door rx-handler forward off || fail "port set"
		kpac "$R" port set dev r1 forward on || fail "port set"
		ports del r2 r1
	done
	check "flows" flowing
	stop_flood
	check "kernel log" quiet_log
}

# ---- masters ----

test_bridge_port() {
	hosts_and_router
	batch "$R" <<-END
		link add br0 type bridge
		link set r1 master br0
	END
	ports add r1
	equal "door used" "$(field "$R" r1 door_used)" ingress
	equal why "$(field "$R" r1 door_why)" taken
	equal master "$(field "$R" r1 master)" br0
	ports del r1
	kpac "$R" port add dev r1 door rx-handler 2>"$TMP/err" && fail "rx-handler of a bridge port was accepted"
	check "a message" test -s "$TMP/err"
	equal ports "$(count "$R")" 0
}

test_macvlan_parent() {
	hosts_and_router
	ip -n "$R" link add m0 link r1 up type macvlan mode bridge
	ports add r1
	equal "door used" "$(field "$R" r1 door_used)" ingress
	equal why "$(field "$R" r1 door_why)" taken
}

# A port that is enslaved later: either the kernel refuses, or the port is still one, with
# another door. In no case does a packet stop.
test_enslaving_a_port() {
	local door
	for door in auto rx-handler ingress; do
		hosts_and_router
		DOOR=$door ports add r1
		ip -n "$R" link add br0 up type bridge
		if ip -n "$R" link set r1 master br0 2>"$TMP/err"; then
			equal "door used ($door)" "$(field "$R" r1 door_used)" ingress
			equal "master ($door)" "$(field "$R" r1 master)" br0
			ip -n "$R" link set r1 nomaster
		else
			check "a reason ($door): $(cat "$TMP/err")" grep -qi "busy\|kpac\|handler" "$TMP/err"
		fi
		equal "master ($door)" "$(field "$R" r1 master)" null
		check "ping ($door)" in_ns "$A" ping -qc1 -W3 10.2.0.2 >&2
		remove_namespaces
	done
}

# The flag that says "slave of a VRF" and the master do not change together.
test_vrf_under_traffic() {
	local n
	hosts_and_router
	ports add r1 r2
	flood
	for _ in 1 2 3; do
		batch "$R" <<-END
			link add vrf0 up type vrf table 100
			link set r1 master vrf0
			link set r1 nomaster
			link set r1 master vrf0
			link del vrf0
			addr replace fe80::1/64 dev r1 nodad
		END
		check "flows" flowing
		n=$(kpac_stat "$R" r1 accelerated-packets)
		check "accelerates" until_true accelerating r1 "$n"
	done
	stop_flood
	check "kernel log" quiet_log
}

test_monitor() {
	local monitor
	hosts_and_router
	"$KPACCTL" -j -n "$R" monitor >"$TMP/events" &
	monitor=$!
	# It listens when it has seen a first event.
	kick() { kpac "$R" port add dev r2; kpac "$R" port del dev r2; [[ -s $TMP/events ]]; }
	check "monitor starts" until_true kick
	kpac "$R" port add dev r1
	kpac "$R" port set dev r1 forward off
	ip -n "$R" link set r1 name r9
	ip -n "$R" link del r9
	until_true grep -q 'del.*r9\|r9.*del' "$TMP/events" || fail "no event for a device that was removed"
	equal events "$(grep -E '"r(1|9)"' "$TMP/events" | jq -r '"\(.event) \(.ifname) \(.forward)"' | tr '\n' ,)" \
		"port-new r1 true,port-set r1 false,port-set r9 false,port-del r9 false,"
	kill "$monitor" 2>/dev/null
	wait "$monitor" 2>/dev/null
}

run_tests show refusals rename down_up unregister move_to_other_namespace namespace_exit module_unload \
	del_and_add_under_traffic bridge_port macvlan_parent enslaving_a_port vrf_under_traffic monitor
