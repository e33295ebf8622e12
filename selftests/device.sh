#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# kpac forwards from and to all kinds of devices. The same packets are sent
# without and with kpac: what arrives, what the router sends back, the SNMP
# counters and the device counters must not differ.

. "$(dirname "$0")/lib.sh"

vlan() {	# vlan NAMESPACE DEV ADDRESS4 ADDRESS6 NEIGHBOUR4 NEIGHBOUR6 LLADDR
	batch "$1" <<-END
		link add link $2 name $2.10 type vlan id 10
		addr add $3/24 dev $2.10
		addr add $4/64 dev $2.10 nodad
		link set $2.10 up
		neigh add $5 lladdr $7 dev $2.10
		neigh add $6 lladdr $7 dev $2.10
	END
}

vlan_out() {
	vlan "$R" r2 10.5.0.1 fd05::1 10.5.0.2 fd05::2 02:00:00:00:02:02
	vlan "$B" h0 10.5.0.2 fd05::2 10.5.0.1 fd05::1 02:00:00:00:02:01
	ip -n "$R" route add 10.2.0.2/32 via 10.5.0.2
	ip -n "$R" route add fd02::2/128 via fd05::2
}

vlan_in() {
	vlan "$R" r1 10.6.0.1 fd06::1 10.6.0.2 fd06::2 02:00:00:00:01:02
	vlan "$A" h0 10.6.0.2 fd06::2 10.6.0.1 fd06::1 02:00:00:00:01:01
}

test_vlan_out() {
	one_way
	vlan_out
	same "r1 r2" 32 flows $SHORT
}

test_vlan_in() {
	one_way
	vlan_in
	IN=h0.10 PORT=r1.10 same "r1.10" 32 flows $SHORT
	IN=h0.10 PORT=r1.10 same "r1 r1.10" 32 flows $SHORT
}

test_vlan_both() {
	one_way
	vlan_in
	vlan_out
	IN=h0.10 PORT=r1.10 OUT=$B:h0.10 same "r1 r1.10 r2.10" 32 flows $SHORT
}

# r2 has become the lower device of up2, which takes over its addresses
move_addresses() {
	batch "$R" <<-END
		addr flush dev r2
		addr add 10.2.0.1/24 dev up2
		addr add fd02::1/64 dev up2 nodad
		link set up2 up
		neigh replace 10.2.0.2 lladdr 02:00:00:00:02:02 dev up2
		neigh replace fd02::2 lladdr 02:00:00:00:02:02 dev up2
	END
}

test_bridge_out() {
	one_way
	ip -n "$R" link add up2 address 02:00:00:00:02:01 type bridge mcast_snooping 0
	ip -n "$R" link set r2 master up2
	move_addresses
	same "r1" 32 flows $SHORT
}

test_bridge_in() {
	one_way
	batch "$R" <<-END
		link add br0 address 02:00:00:00:01:01 type bridge mcast_snooping 0
		link set r1 master br0
		addr flush dev r1
		addr add 10.1.0.1/24 dev br0
		addr add fd01::1/64 dev br0 nodad
		link set br0 up
		neigh add 10.1.0.2 lladdr 02:00:00:00:01:02 dev br0
		neigh add fd01::2 lladdr 02:00:00:00:01:02 dev br0
	END
	same "br0" 32 flows $SHORT
	same "r1 br0" 0 flows $SHORT
}

test_bond_out() {
	one_way
	ip -n "$R" link add up2 address 02:00:00:00:02:01 type bond mode active-backup miimon 100 2>/dev/null ||
		{ skip "no bonding"; return; }
	ip -n "$R" link set r2 down
	ip -n "$R" link set r2 master up2
	move_addresses
	WAIT=10 until_true sh -c "ip -n $R link show dev up2 | grep -q LOWER_UP" || fail "bond has no carrier"
	same "r1" 32 flows $SHORT
}

test_macvlan_out() {
	one_way
	ip -n "$R" link add up2 link r2 address 02:00:00:00:02:03 type macvlan mode private
	move_addresses
	same "r1 r2" 32 flows $SHORT
}

tunnel() {	# tunnel TYPE OPTIONS: between R and B, over r2; 10.5.0.0/24, fd05::/64
	batch "$R" <<-END
		link add t0 type $1 ${2//SIDE/local 10.2.0.1 remote 10.2.0.2}
		addr add 10.5.0.1/24 dev t0
		addr add fd05::1/64 dev t0 nodad
		link set t0 up
		route add 10.50.0.0/24 via 10.5.0.2
		route add fd50::/64 via fd05::2
	END
	batch "$B" <<-END
		link add t0 type $1 ${2//SIDE/local 10.2.0.2 remote 10.2.0.1}
		addr add 10.5.0.2/24 dev t0
		addr add fd05::2/64 dev t0 nodad
		link set t0 up
	END
}

# The probe's markers go by r2 itself.
through_tunnel() {
	DST4=10.50.0.9 DST6=fd50::9 OUT="$B:h0,$B:t0" flows "$@"
}

test_vxlan_out() {
	local n=1 ns
	one_way
	tunnel vxlan "id 7 dstport 4789 SIDE"
	for ns in "$R" "$B"; do
		ip -n "$ns" link set t0 address 02:00:00:00:07:0$n
		ip -n "$ns" neigh add 10.5.0.$((3 - n)) lladdr 02:00:00:00:07:0$((3 - n)) dev t0
		ip -n "$ns" neigh add fd05::$((3 - n)) lladdr 02:00:00:00:07:0$((3 - n)) dev t0
		((n++))
	done
	same "r1" 32 through_tunnel
}

# A device without link-layer header.
test_gre_out() {
	one_way
	tunnel gre "SIDE ttl 32"
	same "r1" 0 through_tunnel
}

test_ipip_out() {
	one_way
	tunnel ipip "SIDE ttl 32"
	same "r1" 0 through_tunnel
}

test_wireguard_out() {
	need wg || return
	local key4 key5
	hosts_and_router
	tunnel wireguard ""
	wg genkey >"$TMP/r"; wg genkey >"$TMP/b"
	key4=$(wg pubkey <"$TMP/r") key5=$(wg pubkey <"$TMP/b")
	in_ns "$R" wg set t0 private-key "$TMP/r" listen-port 5000 peer "$key5" \
		endpoint 10.2.0.2:5000 allowed-ips 0.0.0.0/0,::/0
	in_ns "$B" wg set t0 private-key "$TMP/b" listen-port 5000 peer "$key4" \
		endpoint 10.2.0.1:5000 allowed-ips 0.0.0.0/0,::/0
	check "ping through wireguard" in_ns "$A" ping -qc2 -W5 10.5.0.2 >&2
	ports add r1 r2
	check "ping through wireguard with kpac" in_ns "$A" ping -qc5 -i0.1 -W5 10.5.0.2 >&2
}

test_dummy_out() {
	one_way
	batch "$R" <<-END
		link add d0 type dummy
		addr add 10.50.0.1/24 dev d0
		addr add fd50::1/64 dev d0 nodad
		link set d0 up
		neigh add 10.50.0.9 lladdr 02:00:00:00:05:09 dev d0
		neigh add fd50::9 lladdr 02:00:00:00:05:09 dev d0
	END
	DST4=10.50.0.9 DST6=fd50::9 same "r1" 32 flows
}

test_vrf() {
	one_way
	batch "$R" <<-END
		link add vrf0 up type vrf table 100
		link set r1 master vrf0
		link set r2 master vrf0
		addr replace fd01::1/64 dev r1 nodad
		addr replace fd02::1/64 dev r2 nodad
		neigh replace 10.1.0.2 lladdr 02:00:00:00:01:02 dev r1
		neigh replace fd01::2 lladdr 02:00:00:00:01:02 dev r1
		neigh replace 10.2.0.2 lladdr 02:00:00:00:02:02 dev r2
		neigh replace fd02::2 lladdr 02:00:00:00:02:02 dev r2
	END
	same "r1 r2" 0 flows $SHORT
}

test_same_device() {
	one_way
	batch "$R" <<-END
		neigh add 10.1.0.9 lladdr 02:00:00:00:01:09 dev r1
		route add 10.50.0.9/32 via 10.1.0.9
		neigh add fd01::9 lladdr 02:00:00:00:01:09 dev r1
		route add fd50::9/128 via fd01::9
	END
	DST4=10.50.0.9 DST6=fd50::9 same "r1 r2" 0 flows
}

test_peer_in_same_namespace() {
	one_way
	# r5 and p5 are both in R: what is sent to r5 comes back in at p5.
	batch "$R" <<-END
		link add r5 address 02:00:00:00:05:01 type veth peer name p5 address 02:00:00:00:05:02
		addr add 10.50.0.1/24 dev r5
		addr add fd50::1/64 dev r5 nodad
		link set r5 up
		link set p5 up
		neigh add 10.50.0.9 lladdr 02:00:00:00:05:02 dev r5
		neigh add fd50::9 lladdr 02:00:00:00:05:02 dev r5
	END
	DST4=10.50.0.9 DST6=fd50::9 same "r1 p5" 0 flows
}

probe_helper
run_tests vlan_out vlan_in vlan_both bridge_out bridge_in bond_out macvlan_out vxlan_out gre_out ipip_out \
	wireguard_out dummy_out vrf same_device peer_in_same_namespace
